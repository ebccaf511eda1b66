/* SPDX-License-Identifier: MIT */
/* Errors: one per thread, raised, taken, chained, reported when nobody can receive them; and the hooks. */
#include "support.h"

RuntimeSuite(errors);

RuntimeTest(errors, SYS_006_at_first_no_error_is_set) {
  cr_assert_null(weft_error_borrow());
  cr_assert_null(weft_error_take());
  cr_assert_not(weft_error_is(&weft_Exception));
}

RuntimeTest(errors, raise_sets_type_and_message_and_returns_null) {
  cr_assert_null(weft_raise(&weft_ValueError, "%s is %d", "it", 7));
  weft_object *error = weft_error_borrow();
  cr_assert_eq(weft_type_of(error), &weft_ValueError);
  cr_assert_str_eq(weft_error_message(error), "it is 7");
  cr_assert_null(weft_error_cause_borrow(error));
  weft_error_clear();
  cr_assert_null(weft_error_borrow());
}

RuntimeTest(errors, take_moves_the_error_to_the_caller) {
  weft_raise(&weft_ValueError, "x");
  weft_object *error = weft_error_take();
  cr_assert_null(weft_error_borrow());
  cr_assert_eq(weft_refcount(error), 1);
  weft_decref(error);
}

RuntimeTest(errors, a_new_error_replaces_the_old_one_without_a_cause) {
  weft_raise(&weft_ValueError, "first");
  weft_raise(&weft_TypeError, "second");
  cr_assert_null(weft_error_cause_borrow(weft_error_borrow()));
  cr_assert(raised_with(&weft_TypeError, "second"));
}

RuntimeTest(errors, raise_from_current_keeps_the_old_one_as_the_cause) {
  weft_raise(&weft_ValueError, "first");
  weft_object *first = weft_error_borrow();
  weft_raise_from_current(&weft_TypeError, "second");
  cr_assert_eq(weft_error_cause_borrow(weft_error_borrow()), first);
  cr_assert_str_eq(weft_error_message(weft_error_cause_borrow(weft_error_borrow())), "first");
  cr_assert(raised_with(&weft_TypeError, "second"));
}

RuntimeTest(errors, raise_from_current_without_an_error_has_no_cause) {
  weft_raise_from_current(&weft_TypeError, "alone");
  cr_assert_null(weft_error_cause_borrow(weft_error_borrow()));
  cr_assert(raised(&weft_TypeError));
}

RuntimeTest(errors, SYS_009_the_current_error_is_the_object_that_was_raised) {
  weft_raise(&weft_KeyError, "k");
  weft_auto weft_object *error = weft_error_take();
  cr_assert_null(weft_raise_object(error));
  cr_assert_eq(weft_error_borrow(), error);
  cr_assert_eq(weft_refcount(error), 2);
  weft_error_clear();
  cr_assert_eq(weft_refcount(error), 1);
}

RuntimeTest(errors, an_object_that_is_set_already_may_be_raised_again) {
  weft_raise(&weft_KeyError, "k");
  weft_raise_object(weft_error_borrow());
  cr_assert(raised_with(&weft_KeyError, "k"));
}

RuntimeTest(errors, only_errors_can_be_raised) {
  weft_raise_object(INT(1));
  cr_assert(raised(&weft_TypeError));
  weft_raise_object((weft_object *)&weft_ValueError);
  cr_assert(raised(&weft_TypeError));
  weft_raise(&weft_int_type, "x");
  cr_assert(raised(&weft_TypeError));
  weft_raise(NULL, "x");
  cr_assert(raised(&weft_TypeError));
}

RuntimeTest(errors, raising_null_is_a_type_error) {
  cr_assert_null(weft_raise_object(NULL));
  cr_assert(raised(&weft_TypeError));
}

RuntimeTest(errors, the_types_derive_as_in_python) {
  static const struct {
    const weft_type *type, *base;
  } cases[] = {
      {&weft_TypeError, &weft_Exception},       {&weft_ValueError, &weft_Exception},
      {&weft_ArithmeticError, &weft_Exception}, {&weft_OverflowError, &weft_ArithmeticError},
      {&weft_LookupError, &weft_Exception},     {&weft_IndexError, &weft_LookupError},
      {&weft_KeyError, &weft_LookupError},      {&weft_AttributeError, &weft_Exception},
      {&weft_RuntimeError, &weft_Exception},    {&weft_RecursionError, &weft_RuntimeError},
      {&weft_MemoryError, &weft_Exception},     {&weft_OSError, &weft_Exception},
      {&weft_TimeoutError, &weft_OSError},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cr_assert_eq(cases[i].type->spec.base, cases[i].base, "%s", cases[i].type->spec.name);
    weft_raise(cases[i].type, "x");
    cr_assert(weft_error_is(cases[i].type) && weft_error_is(cases[i].base) && weft_error_is(&weft_Exception));
    cr_assert_not(weft_error_is(&weft_SystemExit));
    weft_error_clear();
  }
}

RuntimeTest(errors, system_exit_is_no_exception) {
  weft_raise(&weft_SystemExit, "bye");
  cr_assert(weft_error_is(&weft_SystemExit) && !weft_error_is(&weft_Exception));
  weft_error_clear();
}

RuntimeTest(errors, the_text_of_an_error_is_its_message) {
  weft_raise(&weft_ValueError, "it's \"%s\"", "so");
  weft_auto weft_object *error = weft_error_take();
  assert_text(weft_str(error), "it's \"so\"");
  assert_text(weft_repr(error), "ValueError('it\\'s \"so\"')");
}

RuntimeTest(errors, the_text_of_an_error_without_a_message_is_empty) {
  weft_raise_memory();
  weft_auto weft_object *error = weft_error_take();
  cr_assert_str_eq(weft_error_message(error), "");
  assert_text(weft_str(error), "");
  assert_text(weft_repr(error), "MemoryError()");
}

RuntimeTest(errors, memory_errors_need_no_memory) {
  weft_heap_fail_nth(1);
  weft_raise_memory();
  cr_assert_eq(weft_heap_fail_nth(0), 0);
  cr_assert(raised(&weft_MemoryError));
}

RuntimeTest(errors, an_error_that_finds_no_memory_is_a_memory_error) {
  uint64_t n = 1;
  for (;; n++) {
    weft_heap_fail_nth(n);
    weft_raise(&weft_ValueError, "text %d", 7);
    if (weft_heap_fail_nth(0) < n) break;
    cr_assert(raised(&weft_MemoryError), "%d", (int)n);
  }
  cr_assert_gt(n, 1);
  cr_assert(raised(&weft_ValueError));
}

RuntimeTest(errors, a_message_that_is_not_utf8_does_not_change_the_type_of_the_error) {
  weft_raise(&weft_ValueError, "bad byte: %s", "\xff");
  cr_assert(raised(&weft_ValueError));
}

RuntimeTest(errors, a_message_of_any_length_is_kept) {
  static char text[5001];
  memset(text, 'x', 5000);
  weft_raise(&weft_ValueError, "%s", text);
  cr_assert_str_eq(weft_error_message(weft_error_borrow()), text);
  weft_error_clear();
}

RuntimeTest(errors, message_and_cause_of_what_is_no_error_are_empty) {
  cr_assert_str_eq(weft_error_message(NULL), "");
  cr_assert_str_eq(weft_error_message(INT(1)), "");
  cr_assert_null(weft_error_cause_borrow(NULL));
  cr_assert_null(weft_error_cause_borrow(INT(1)));
}

RuntimeTest(errors, a_long_chain_of_causes_is_freed_without_recursion) {
  weft_raise(&weft_ValueError, "first");
  for (int i = 0; i < 100000; i++) weft_raise_from_current(&weft_ValueError, "x");
  weft_error_clear();
}

static void step_raise(void *unused) {
  (void)unused;
  cr_expect_null(weft_error_borrow());
  weft_raise(&weft_KeyError, "theirs");
  cr_expect(weft_error_is(&weft_KeyError));
}

RuntimeTest(errors, each_thread_has_its_own_error) {
  weft_raise(&weft_ValueError, "mine");
  in_new_thread(step_raise, NULL);
  cr_assert(raised_with(&weft_ValueError, "mine"));
}

RuntimeTest(errors, a_pending_error_survives_detaching) {
  weft_raise(&weft_ValueError, "mine");
  weft_detach();
  weft_reattach();
  cr_assert(raised_with(&weft_ValueError, "mine"));
}

RuntimeTest(errors, an_error_that_holds_the_last_reference_drops_it_when_cleared) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "RichError", .base = &weft_ValueError, .slot_names = (const char *const[]){"detail", NULL}});
  weft_raise(type, "with a slot");
  weft_object *probe = probe_new();
  cr_assert_eq(weft_setattr_text(weft_error_borrow(), "detail", probe), 0);
  weft_decref(probe);
  cr_assert(weft_error_is(&weft_ValueError));
  cr_assert_str_eq(weft_error_message(weft_error_borrow()), "with a slot");
  weft_auto weft_object *got = weft_getattr_text(weft_error_borrow(), "detail");
  cr_assert_eq(got, probe);
  weft_error_clear();
  cr_assert_eq(weft_refcount(got), 1);
}

static void step_end_with_error(void *probe) {
  static const char *const names[] = {"held", NULL};
  weft_raise(weft_type_new(&(weft_type_spec){.name = "Rich", .base = &weft_ValueError, .slot_names = names}), "x");
  weft_setattr_text(weft_error_borrow(), "held", probe);
}

RuntimeTest(errors, an_error_that_is_pending_when_its_thread_ends_is_dropped) {
  weft_object *probe = probe_new();
  in_new_thread(step_end_with_error, probe);
  weft_poll();
  cr_assert_eq(weft_refcount(probe), 1);
  weft_decref(probe);
}

RuntimeTest(errors, an_error_that_is_pending_at_the_end_is_dropped) {
  weft_raise(&weft_ValueError, "left behind %0600d", 7);
  weft_finalize();
  cr_assert_eq(weft_init(), 0);
  cr_assert_null(weft_error_borrow());
}

/* --- Errors that nobody can receive --- */

static uint32_t reports;
static weft_object *reported_where;
static const weft_type *reported_type;
static char reported_message[256];

static void note_unraisable(weft_object *error, weft_object *where) {
  reports++;
  reported_where = where;
  reported_type = weft_type_of(error);
  snprintf(reported_message, sizeof reported_message, "%s", weft_error_message(error));
}

RuntimeTest(errors, an_unraisable_error_goes_to_the_hook_and_is_cleared) {
  weft_set_unraisable_hook(note_unraisable);
  weft_raise(&weft_ValueError, "lost");
  weft_error_unraisable(WEFT_NONE);
  cr_assert_null(weft_error_borrow());
  cr_assert(reports == 1 && reported_where == WEFT_NONE && reported_type == &weft_ValueError);
  cr_assert_str_eq(reported_message, "lost");
}

RuntimeTest(errors, without_an_error_nothing_is_reported) {
  weft_set_unraisable_hook(note_unraisable);
  weft_error_unraisable(NULL);
  cr_assert_eq(reports, 0);
}

static void hook_raises(weft_object *error, weft_object *where) {
  (void)error, (void)where;
  weft_raise(&weft_RuntimeError, "from the hook");
}

RuntimeTest(errors, an_error_of_the_hook_does_not_propagate) {
  weft_set_unraisable_hook(hook_raises);
  weft_raise(&weft_ValueError, "lost");
  weft_error_unraisable(NULL);
  cr_assert_null(weft_error_borrow());
}

/* Runs `body` with stderr going to `text`. */
static void with_stderr(void (*body)(void), char *text, size_t size) {
  FILE *log = tmpfile();
  int saved = dup(2);
  fflush(stderr);
  dup2(fileno(log), 2);
  body();
  fflush(stderr);
  dup2(saved, 2);
  close(saved);
  rewind(log);
  text[fread(text, 1, size - 1, log)] = '\0';
  fclose(log);
}

static void lose_an_error(void) {
  weft_set_unraisable_hook(hook_raises);
  weft_raise(&weft_ValueError, "lost");
  weft_error_unraisable(NULL);
}

RuntimeTest(errors, SYS_072_when_the_hook_fails_both_failures_are_printed) {
  char text[512];
  with_stderr(lose_an_error, text, sizeof text);
  cr_assert_null(weft_error_borrow());
  cr_assert(strstr(text, "from the hook") && strstr(text, "lost"), "%s", text);
}

static weft_object *str_fails(weft_object *self) {
  (void)self;
  return weft_raise(&weft_RuntimeError, "no text");
}
static const weft_type *mute_error;
static void finalize_raises_mute(weft_object *self) {
  (void)self;
  weft_raise(mute_error, "the message");
}
static void drop_broken(void) {
  mute_error = weft_type_new(
      &(weft_type_spec){.name = "MuteError", .base = &weft_ValueError, .str = str_fails, .repr = str_fails});
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "broken", .basic_size = 24, .finalize = finalize_raises_mute});
  weft_decref(weft_object_new(type, 0));
}

RuntimeTest(errors, SYS_068_an_error_of_a_finalizer_is_reported_even_if_its_text_fails) {
  char text[512];
  with_stderr(drop_broken, text, sizeof text);
  cr_assert(strstr(text, "broken") && strstr(text, "MuteError"), "%s", text);
  cr_assert_null(weft_error_borrow());
}

/* --- Hooks --- */

static void other_unraisable(weft_object *error, weft_object *where) { (void)error, (void)where; }
static void message_hook(const char *message) { (void)message; }

RuntimeTest(errors, setting_a_hook_returns_the_previous_one) {
  weft_unraisable_hook first = weft_set_unraisable_hook(note_unraisable);
  cr_assert_eq(weft_set_unraisable_hook(other_unraisable), note_unraisable);
  cr_assert_eq(weft_set_unraisable_hook(NULL), other_unraisable);
  cr_assert_eq(weft_set_unraisable_hook(NULL), first);
  weft_warning_hook first_warning = weft_set_warning_hook(message_hook);
  cr_assert_eq(weft_set_warning_hook(NULL), message_hook);
  cr_assert_eq(weft_set_warning_hook(NULL), first_warning);
  weft_fatal_hook first_fatal = weft_set_fatal_hook(message_hook);
  cr_assert_eq(weft_set_fatal_hook(NULL), message_hook);
  cr_assert_eq(weft_set_fatal_hook(NULL), first_fatal);
}
