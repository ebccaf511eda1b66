/* SPDX-License-Identifier: MIT */
/* Generators without memory: see faults_support.h. */
#include "faults_support.h"
#include "generator_support.h"

RuntimeSuite(generator_faults);

/* Yields strs, and returns one in the end, whatever ends it. */
static weft_object *yields_texts(weft_object *generator, weft_object *sent) {
  struct count *c = weft_generator_state(generator);
  if (!sent) weft_error_clear();
  if (sent && c->next < c->end) {
    weft_object *text = weft_str_format("number %d", (int)c->next++);
    return text && weft_generator_set_cell(generator, 0, text) == 0 ? text : NULL;
  }
  weft_auto weft_object *text = weft_str_format("after %d", (int)c->next);
  return text ? weft_generator_return(generator, text) : NULL;
}
static weft_object *texts(int64_t n) {
  return weft_generator_new("texts", yields_texts, 1, (weft_object *[]){WEFT_NONE}, sizeof(struct count),
                            &(struct count){0, n});
}

static bool run_to_the_end(void) {
  weft_auto weft_object *generator = texts(3), *list = generator ? weft_list_from(generator) : NULL;
  weft_auto weft_object *result = list ? weft_generator_result(generator) : NULL;
  weft_auto weft_object *text = result ? weft_repr(generator) : NULL;
  if (text) cr_assert_eq(weft_list_length(list), 3);
  return text;
}
RuntimeTest(generator_faults, from_the_beginning_to_the_end) { cr_assert_geq(fail_everywhere(run_to_the_end), 7); }

static bool throw_a_type(void) {
  weft_auto weft_object *generator = texts(3);
  if (!generator || !fallible(weft_next(generator))) return false;
  weft_auto weft_object *none = weft_generator_throw(generator, (weft_object *)&weft_KeyError);
  return !none && !weft_error_borrow();
}
RuntimeTest(generator_faults, an_error_thrown_in) { cr_assert_geq(fail_everywhere(throw_a_type), 5); }

static bool close_it(void) {
  weft_auto weft_object *generator = texts(3);
  return generator && fallible(weft_next(generator)) && fallible(weft_generator_close(generator));
}
RuntimeTest(generator_faults, closing) { cr_assert_geq(fail_everywhere(close_it), 4); }

static bool delegate_it(void) {
  weft_auto weft_object *generator = texts(1);
  weft_auto weft_object *item = generator ? weft_generator_delegate(generator, WEFT_NONE) : NULL;
  if (!item) return false;
  weft_raise(&weft_KeyError, "passed on");
  weft_auto weft_object *none = weft_generator_delegate(generator, NULL);
  return !none && !weft_error_borrow();
}
RuntimeTest(generator_faults, delegating) { cr_assert_geq(fail_everywhere(delegate_it), 4); }

/* Says that it could not clean up. */
static bool drop_one_that_needs_memory(void) {
  weft_object *generator = texts(3);
  if (!generator || !fallible(weft_next(generator))) {
    weft_xdecref(generator);
    return false;
  }
  unraisable_count = 0;
  weft_decref(generator);
  if (unraisable_count) cr_assert_eq(unraisable_type, &weft_MemoryError);
  return unraisable_count == 0 || weft_raise_memory();
}
RuntimeTest(generator_faults, a_cleanup_that_needs_memory) {
  weft_set_unraisable_hook(note_unraisable);
  cr_assert_geq(fail_everywhere(drop_one_that_needs_memory), 4);
  weft_set_unraisable_hook(NULL);
}

RuntimeTest(generator_faults, closing_itself_needs_no_memory) {
  weft_auto weft_object *generator = begun_with(probe_new());
  weft_heap_fail_nth(1);
  weft_object *closed = weft_generator_close(generator);
  uint64_t requests = weft_heap_fail_nth(0);
  cr_assert(closed == WEFT_NONE && requests == 0 && cleanups == 1 && freed() == 1);
}

static const weft_type *thrown; /* the type of what was thrown in */
static weft_object *notes_error(weft_object *generator, weft_object *sent) {
  (void)generator;
  if (!sent) thrown = weft_error_borrow()->type;
  return sent ? WEFT_NONE : NULL;
}

RuntimeTest(generator_faults, when_no_memory_is_there_the_exit_is_still_the_exit) {
  weft_object *generator = plain_generator(notes_error);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  weft_heap_fail_nth(1);
  weft_decref(generator);
  cr_assert_eq(weft_heap_fail_nth(0), 0);
  cr_assert_eq(thrown, &weft_GeneratorExit);
}
