/* SPDX-License-Identifier: MIT */
/* Generators: items, values that are sent, errors that are thrown in, their state and their ends. */
#include "generator_support.h"

RuntimeSuite(generators);

/* --- Items --- */

RuntimeTest(generators, a_generator_gives_what_its_body_returns_until_it_ends) {
  weft_auto weft_object *generator = count_from(0, 1000), *list = weft_list_from(generator);
  cr_assert_eq(weft_list_length(list), 1000);
  for (int64_t i = 0; i < 1000; i++) cr_assert_eq(value_of(weft_list_get(list, i)), i);
}

RuntimeTest(generators, a_generator_is_its_own_iterator) {
  weft_auto weft_object *generator = count_from(0, 3), *iterator = weft_iter(generator);
  cr_assert(weft_is(generator, iterator));
  cr_assert_eq(value_of(weft_next(generator)), 0);
  cr_assert_eq(value_of(weft_next(iterator)), 1);
}

RuntimeTest(generators, a_generator_is_known_by_its_type) {
  weft_auto weft_object *generator = count_from(0, 3);
  cr_assert(weft_generator_check(generator) && !weft_generator_check(INT(1)));
  cr_assert(weft_is_instance(generator, &weft_generator_type));
}

RuntimeTest(generators, the_body_runs_only_when_an_item_is_asked_for) {
  weft_auto weft_object *generator = count_from(0, 10);
  cr_assert_eq(bodies, 0);
  for (uint32_t i = 1; i <= 3; i++) {
    weft_decref(weft_next(generator));
    cr_assert_eq(bodies, i);
  }
}

RuntimeTest(generators, ITR_048_a_finished_generator_gives_nothing_when_asked_again) {
  weft_auto weft_object *generator = count_from(0, 5), *list = weft_list_from(generator);
  cr_assert_eq(weft_list_length(list), 5);
  weft_auto weft_object *again = weft_list_from(generator);
  cr_assert(weft_list_length(again) == 0 && is_at_end(generator));
  cr_assert_eq(bodies, 6);
}

RuntimeTest(generators, ENU_005_an_enumeration_of_a_generator) {
  weft_auto weft_object *generator = count_from(7, 9), *pairs = weft_enumerate(generator, 0);
  weft_auto weft_object *list = weft_list_from(pairs);
  weft_auto weft_object *expected = LIST(TUPLE(INT(0), INT(7)), TUPLE(INT(1), INT(8)));
  cr_assert(equal(list, expected));
  weft_auto weft_object *empty = count_from(0, 0), *none = weft_enumerate(empty, 0);
  cr_assert(is_at_end(none));
}

RuntimeTest(generators, CPO_048_a_tuple_of_a_list_a_tuple_an_iterator_and_a_generator) {
  weft_auto weft_object *list = LIST(INT(0), INT(1)), *tuple = TUPLE(INT(0), INT(1)), *iterator = weft_iter(list);
  weft_auto weft_object *generator = count_from(0, 2);
  weft_object *const sources[] = {list, tuple, iterator, generator};
  for (size_t i = 0; i < 4; i++) {
    weft_auto weft_object *made = weft_tuple_from(sources[i]);
    cr_assert(made && equal(made, tuple), "%zu", i);
  }
  cr_assert(!weft_tuple_from(INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_tuple_from(NULL) && raised(&weft_TypeError));
}

RuntimeTest(generators, GEN_052_one_that_was_begun_in_one_function_goes_on_in_another) {
  weft_auto weft_object *generator = count_from(0, 5), *first = weft_next(generator), *rest = weft_list_from(generator);
  weft_auto weft_object *expected = LIST(INT(1), INT(2), INT(3), INT(4));
  cr_assert(first == INT(0) && equal(rest, expected));
}

/* Delegates to its cell, from the first resumption on. */
static weft_object *delegating(weft_object *generator, weft_object *sent) {
  weft_object *inner = weft_generator_cell_borrow(generator, 0), *value = weft_generator_delegate(inner, sent);
  if (value || weft_error_borrow() || !weft_generator_check(inner)) return value;
  weft_auto weft_object *result = weft_generator_result(inner);
  return result == WEFT_NONE ? NULL : weft_generator_return(generator, result);
}
static weft_object *delegating_to(weft_object *inner) {
  return weft_generator_new("delegating", delegating, 1, &inner, 0, NULL);
}

RuntimeTest(generators, GEN_052_nested_ones_compose) {
  weft_auto weft_object *innermost = count_from(0, 5), *inner = delegating_to(innermost);
  weft_auto weft_object *outer = delegating_to(inner), *list = weft_list_from(outer);
  weft_auto weft_object *expected = LIST(INT(0), INT(1), INT(2), INT(3), INT(4));
  cr_assert(equal(list, expected));
}

/* --- What is sent --- */

static weft_object *echo(weft_object *generator, weft_object *sent) {
  (void)generator;
  return sent ? weft_new_ref(sent) : NULL;
}

RuntimeTest(generators, GEN_010_to_begin_with_only_none_can_be_sent) {
  weft_auto weft_object *generator = count_from(0, 2);
  cr_assert(!weft_generator_send(generator, INT(1)) && raised_with(&weft_TypeError, "just-started generator"));
  cr_assert_eq(bodies, 0);
  cr_assert_eq(value_of(weft_generator_send(generator, WEFT_NONE)), 0);
  cr_assert_eq(value_of(weft_generator_send(generator, INT(1))), 1);
}

/* A running sum of what is sent, in its cell. */
static weft_object *accumulating(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  if (sent == WEFT_NONE) return WEFT_NONE;
  weft_object *list = weft_generator_cell_borrow(generator, 0);
  return weft_list_append(list, sent) < 0 ? NULL : weft_new_ref(sent);
}

RuntimeTest(generators, GEN_058_values_that_are_sent_arrive_in_the_body) {
  weft_auto weft_object *list = weft_list_new();
  weft_auto weft_object *generator = weft_generator_new("accumulating", accumulating, 1, &list, 0, NULL);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  for (int64_t i = 10; i <= 30; i += 10) cr_assert_eq(value_of(weft_generator_send(generator, INT(i))), i);
  weft_auto weft_object *expected = LIST(INT(10), INT(20), INT(30));
  cr_assert(equal(list, expected));
}

RuntimeTest(generators, what_is_sent_is_borrowed_and_what_is_yielded_is_new) {
  weft_auto weft_object *generator = plain_generator(echo), *probe = probe_new();
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  weft_object *back = weft_generator_send(generator, probe);
  cr_assert(back == probe && weft_refcount(probe) == 2);
  weft_decref(back);
}

RuntimeTest(generators, sending_to_a_finished_one_gives_the_end) {
  weft_auto weft_object *generator = count_from(0, 0);
  cr_assert(is_at_end(generator));
  cr_assert(!weft_generator_send(generator, INT(1)) && !weft_error_borrow());
}

RuntimeTest(generators, an_error_that_was_set_before_stays_set_and_is_not_seen_by_the_body) {
  weft_auto weft_object *generator = count_from(0, 1);
  weft_raise(&weft_KeyError, "earlier");
  weft_object *item = weft_next(generator);
  cr_assert(item == INT(0) && weft_error_is(&weft_KeyError));
  weft_auto weft_object *none = weft_generator_close(generator);
  cr_assert(none == WEFT_NONE && raised_with(&weft_KeyError, "earlier"));
}

/* --- Errors of the body --- */

static weft_object *fails_after_one(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  return turn_of(generator) == 0 ? INT(1) : weft_raise(&weft_ValueError, "from the body");
}

RuntimeTest(generators, GEN_015_an_error_after_the_first_item_comes_through_the_loop_once) {
  weft_auto weft_object *generator = with_cell(fails_after_one);
  int items = 0;
  for (weft_object *item; (item = weft_next(generator)); weft_decref(item)) items++;
  cr_assert(items == 1 && raised_with(&weft_ValueError, "from the body"));
  cr_assert(is_at_end(generator));
}

RuntimeTest(generators, GEN_054_an_error_that_leaves_the_body_finishes_the_generator) {
  weft_auto weft_object *generator = with_cell(fails_after_one), *list = weft_list_from(generator);
  cr_assert(!list && raised(&weft_ValueError));
  for (int i = 0; i < 3; i++) cr_assert(is_at_end(generator));
}

static weft_object *returns_with_an_error(weft_object *generator, weft_object *sent) {
  (void)generator, (void)sent;
  weft_raise(&weft_KeyError, "left");
  return probe_new();
}

RuntimeTest(generators, a_body_that_returns_an_object_with_an_error_set_has_failed) {
  weft_auto weft_object *generator = plain_generator(returns_with_an_error);
  cr_assert(!weft_next(generator) && raised_with(&weft_KeyError, "left"));
  cr_assert(freed() == 1 && is_at_end(generator));
}

/* --- Errors that are thrown in --- */

/* Yields 0, and then the text of what is thrown in. */
static weft_object *tells_errors(weft_object *generator, weft_object *sent) {
  (void)generator;
  if (sent || weft_error_is(&weft_GeneratorExit)) return sent ? INT(0) : NULL;
  weft_auto weft_object *error = weft_error_take();
  return weft_str_format("%s: %s", error->type->spec.name, weft_error_message(error));
}
static weft_object *told(void) {
  weft_object *generator = plain_generator(tells_errors);
  cr_assert_eq(weft_next(generator), INT(0));
  return generator;
}
static weft_object *error_of(const weft_type *type, const char *message) {
  weft_raise(type, "%s", message);
  return weft_error_take();
}

RuntimeTest(generators, an_error_that_is_thrown_in_arrives_in_the_body) {
  weft_auto weft_object *generator = told(), *error = error_of(&weft_KeyError, "thrown");
  assert_text(weft_generator_throw(generator, error), "KeyError: thrown");
  cr_assert_null(weft_error_borrow());
  cr_assert_eq(weft_next(generator), INT(0));
}

RuntimeTest(generators, GEN_059_errors_and_types_of_errors_can_be_thrown_and_nothing_else) {
  weft_auto weft_object *generator = told(), *error = error_of(&weft_ValueError, "an instance");
  assert_text(weft_generator_throw(generator, error), "ValueError: an instance");
  assert_text(weft_generator_throw(generator, (weft_object *)&weft_ValueError), "ValueError: ");
  const weft_type *own = weft_type_new(&(weft_type_spec){.name = "Own", .base = &weft_LookupError});
  assert_text(weft_generator_throw(generator, (weft_object *)own), "Own: ");
  weft_auto weft_object *text = STR("abc");
  weft_object *const others[] = {text, INT(1), WEFT_NONE, (weft_object *)&weft_list_type, NULL};
  for (size_t i = 0; i < 5; i++) cr_assert(!weft_generator_throw(generator, others[i]) && raised(&weft_TypeError));
  cr_assert_eq(weft_next(generator), INT(0));
}

RuntimeTest(generators, GEN_060_thrown_into_a_new_or_finished_one_the_error_is_raised_at_once) {
  weft_auto weft_object *fresh = cleaning_with(probe_new());
  cr_assert(!weft_generator_throw(fresh, (weft_object *)&weft_KeyError) && raised(&weft_KeyError));
  cr_assert(bodies == 0 && freed() == 1 && is_at_end(fresh));
  cr_assert(!weft_generator_throw(fresh, (weft_object *)&weft_ValueError) && raised(&weft_ValueError));
  cr_assert(is_at_end(fresh) && bodies == 0);
}

RuntimeTest(generators, GEN_061_an_error_that_is_not_handled_finishes_the_generator) {
  weft_auto weft_object *generator = begun_with(probe_new()), *error = error_of(&weft_KeyError, "not handled");
  cr_assert(!weft_generator_throw(generator, error) && weft_error_borrow() == error);
  weft_error_clear();
  cr_assert(cleanups == 1 && freed() == 1);
  cr_assert(!weft_generator_send(generator, INT(1)) && !weft_error_borrow());
}

/* 0; on an error: keeps it, and goes on; the fourth time raises what it has kept. */
static weft_object *keeps_error(weft_object *generator, weft_object *sent) {
  int turn = turn_of(generator);
  if (!sent) {
    weft_auto weft_object *error = weft_error_take();
    weft_generator_set_cell(generator, 0, error);
  }
  return turn < 3 ? INT(turn) : weft_raise_object(weft_generator_cell_borrow(generator, 0));
}

RuntimeTest(generators, GEN_020_an_error_that_a_body_keeps_is_its_own_and_can_be_raised_later) {
  weft_auto weft_object *generator = with_cell(keeps_error), *error = error_of(&weft_ValueError, "kept");
  cr_assert_eq(value_of(weft_next(generator)), 0);
  cr_assert_eq(value_of(weft_generator_throw(generator, error)), 1);
  cr_assert_null(weft_error_borrow());
  cr_assert_eq(value_of(weft_next(generator)), 2);
  cr_assert_null(weft_error_borrow());
  cr_assert(!weft_next(generator) && weft_error_borrow() == error);
  cr_assert_null(weft_error_cause_borrow(error));
  weft_error_clear();
}

RuntimeTest(generators, GEN_045_the_very_error_that_is_handled_thrown_in_again_is_not_its_own_cause) {
  weft_auto weft_object *generator = told(), *error = error_of(&weft_KeyError, "again");
  for (int i = 0; i < 2; i++) assert_text(weft_generator_throw(generator, error), "KeyError: again");
  weft_auto weft_object *passes = begun_with(probe_new());
  weft_raise_object(error);
  cr_assert(!weft_generator_throw(passes, error) && weft_error_borrow() == error);
  cr_assert(!weft_error_cause_borrow(error) && weft_refcount(error) == 2);
  weft_error_clear();
}

static weft_object *replaces_errors(weft_object *generator, weft_object *sent) {
  if (sent) return INT(0);
  return turn_of(generator) == 0 ? (weft_error_clear(), INT(1)) : weft_raise(&weft_ValueError, "instead");
}

RuntimeTest(generators, GEN_046_after_an_error_that_was_handled_another_one_is_replaced) {
  weft_auto weft_object *generator = with_cell(replaces_errors);
  cr_assert_eq(value_of(weft_next(generator)), 0);
  cr_assert_eq(value_of(weft_generator_throw(generator, (weft_object *)&weft_KeyError)), 1);
  cr_assert(!weft_generator_throw(generator, (weft_object *)&weft_KeyError) &&
            raised_with(&weft_ValueError, "instead"));
  cr_assert(is_at_end(generator));
}

/* --- Delegation --- */

/* Ignores the exit, once. */
static weft_object *yields_at_the_exit(weft_object *generator, weft_object *sent) {
  if (sent) return INT(0);
  if (turn_of(generator) > 0) return NULL;
  weft_error_clear();
  return INT(0);
}
static weft_object *begun_that_ignores(void) {
  weft_object *generator = with_cell(yields_at_the_exit);
  cr_assert_eq(weft_next(generator), INT(0));
  return generator;
}

/* Yields 0, and returns the type's name of what is thrown in. */
static weft_object *returns_on_error(weft_object *generator, weft_object *sent) {
  if (sent) return weft_new_ref(sent);
  weft_auto weft_object *error = weft_error_take(), *name = STR(error->type->spec.name);
  return weft_generator_return(generator, name);
}

RuntimeTest(generators, GEN_001_an_error_goes_to_the_innermost_one_whose_value_is_the_outers) {
  weft_auto weft_object *innermost = plain_generator(returns_on_error), *inner = delegating_to(innermost);
  weft_auto weft_object *outer = delegating_to(inner);
  cr_assert_eq(weft_next(outer), WEFT_NONE);
  cr_assert_eq(weft_generator_send(outer, INT(5)), INT(5));
  cr_assert(!weft_generator_throw(outer, (weft_object *)&weft_KeyError) && !weft_error_borrow());
  assert_text(weft_generator_result(outer), "KeyError");
}

RuntimeTest(generators, closing_closes_what_is_delegated_to) {
  weft_auto weft_object *inner = begun_with(probe_new()), *outer = delegating_to(inner);
  cr_assert_eq(weft_next(outer), WEFT_NONE);
  weft_auto weft_object *closed = weft_generator_close(outer);
  cr_assert(closed == WEFT_NONE && cleanups == 1 && freed() == 1 && is_at_end(inner));
}

RuntimeTest(generators, what_the_inner_one_does_at_the_exit_does_not_keep_the_outer_from_it) {
  weft_auto weft_object *returns = plain_generator(returns_on_error), *outer = delegating_to(returns);
  cr_assert_eq(weft_next(outer), WEFT_NONE);
  cr_assert_eq(weft_generator_close(outer), WEFT_NONE);
  assert_text(weft_generator_result(returns), "GeneratorExit");
  weft_auto weft_object *yields = begun_that_ignores(), *around = delegating_to(yields);
  cr_assert_eq(weft_next(around), INT(0));
  cr_assert(!weft_generator_close(around) && raised_with(&weft_RuntimeError, "generator ignored GeneratorExit"));
  cr_assert(is_at_end(around));
  cr_assert_eq(weft_generator_close(yields), WEFT_NONE);
}

RuntimeTest(generators, any_iterator_can_be_delegated_to_but_takes_no_values) {
  weft_auto weft_object *range = weft_range_new(0, 3, 1), *iterator = weft_iter(range);
  weft_auto weft_object *outer = delegating_to(iterator);
  cr_assert_eq(value_of(weft_next(outer)), 0);
  cr_assert_eq(value_of(weft_next(outer)), 1);
  cr_assert(!weft_generator_send(outer, INT(1)) && raised_with(&weft_TypeError, "cannot send"));
  weft_auto weft_object *another = delegating_to(iterator);
  cr_assert_eq(value_of(weft_next(another)), 2);
  cr_assert(!weft_generator_throw(another, (weft_object *)&weft_KeyError) && raised(&weft_KeyError));
  cr_assert(!weft_generator_delegate(INT(1), WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(!weft_generator_delegate(NULL, WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(!weft_generator_delegate(iterator, NULL) && raised(&weft_TypeError));
}

/* --- Closing --- */

RuntimeTest(generators, GEN_031_closing_one_that_lets_the_exit_pass_gives_none) {
  weft_auto weft_object *generator = begun_with(probe_new()), *closed = weft_generator_close(generator);
  cr_assert(closed == WEFT_NONE && cleanups == 1 && is_at_end(generator));
}

RuntimeTest(generators, GEN_032_closing_one_that_returns_a_value_gives_that) {
  weft_auto weft_object *generator = plain_generator(returns_on_error);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  assert_text(weft_generator_close(generator), "GeneratorExit");
  assert_text(weft_generator_result(generator), "GeneratorExit");
}

/* Would return 0, but does not catch what is thrown in. */
static weft_object *returns_but_does_not_catch(weft_object *generator, weft_object *sent) {
  return turn_of(generator) == 0 ? weft_new_ref(sent) : weft_generator_return(generator, INT(0));
}

RuntimeTest(generators, GEN_033_a_value_is_not_returned_while_the_exit_is_not_caught) {
  weft_auto weft_object *generator = with_cell(returns_but_does_not_catch);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  weft_auto weft_object *closed = weft_generator_close(generator), *result = weft_generator_result(generator);
  cr_assert(closed == WEFT_NONE && result == WEFT_NONE);
}

RuntimeTest(generators, GEN_035_closing_a_finished_one_gives_none) {
  weft_auto weft_object *generator = count_from(0, 0);
  cr_assert(is_at_end(generator));
  for (int i = 0; i < 2; i++) cr_assert_eq(weft_generator_close(generator), WEFT_NONE);
  cr_assert_eq(bodies, 1);
}

RuntimeTest(generators, closing_a_new_one_finishes_it_without_its_body) {
  weft_auto weft_object *generator = cleaning_with(probe_new());
  cr_assert_eq(weft_generator_close(generator), WEFT_NONE);
  cr_assert(bodies == 0 && freed() == 1 && is_at_end(generator));
}

static weft_object *fails_at_the_exit(weft_object *generator, weft_object *sent) {
  (void)generator;
  return sent ? WEFT_NONE : weft_raise(&weft_KeyError, "while closing");
}

/* The catalogue's GEN_037 and GEN_065. */
RuntimeTest(generators, GEN_037_GEN_065_another_error_comes_out_of_closing) {
  weft_auto weft_object *generator = plain_generator(fails_at_the_exit);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  cr_assert(!weft_generator_close(generator) && raised_with(&weft_KeyError, "while closing"));
  cr_assert(is_at_end(generator));
}

RuntimeTest(generators, GEN_038_closing_lets_go_of_the_state) {
  weft_auto weft_object *generator = begun_with(probe_new());
  cr_assert_eq(freed(), 0);
  cr_assert_eq(weft_generator_close(generator), WEFT_NONE);
  cr_assert_eq(freed(), 1);
}

/* Ignores the first exit. */
static weft_object *ignores_exit(weft_object *generator, weft_object *sent) {
  int turn = turn_of(generator);
  if (sent || turn > 2) return sent ? INT(turn) : NULL;
  weft_error_clear();
  return probe_new();
}

RuntimeTest(generators, one_that_yields_instead_is_a_runtime_error_and_goes_on) {
  weft_auto weft_object *generator = with_cell(ignores_exit);
  cr_assert_eq(value_of(weft_next(generator)), 0);
  cr_assert(!weft_generator_close(generator) && raised_with(&weft_RuntimeError, "generator ignored GeneratorExit"));
  cr_assert_eq(freed(), 1);
  cr_assert_eq(value_of(weft_next(generator)), 2);
  cr_assert_eq(weft_generator_close(generator), WEFT_NONE);
}

RuntimeTest(generators, the_exit_is_no_exception) {
  cr_assert(!weft_type_derives(&weft_GeneratorExit, &weft_Exception));
  weft_raise(&weft_GeneratorExit, "by hand");
  cr_assert(weft_error_is(&weft_GeneratorExit) && !weft_error_is(&weft_Exception));
  cr_assert(raised_with(&weft_GeneratorExit, "by hand"));
}

/* --- What it returns --- */

static weft_object *returns_pair(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  if (turn_of(generator) == 0) return INT(0);
  weft_auto weft_object *pair = TUPLE(INT(1), INT(2));
  return weft_generator_return(generator, pair);
}

RuntimeTest(generators, GEN_029_a_tuple_is_returned_as_it_is) {
  weft_auto weft_object *generator = with_cell(returns_pair), *expected = TUPLE(INT(1), INT(2));
  cr_assert(!weft_generator_result(generator) && raised_with(&weft_ValueError, "not finished"));
  cr_assert_eq(value_of(weft_next(generator)), 0);
  cr_assert(!weft_generator_result(generator) && raised(&weft_ValueError));
  cr_assert(is_at_end(generator));
  weft_auto weft_object *result = weft_generator_result(generator);
  cr_assert(equal(result, expected));
}

RuntimeTest(generators, one_that_returns_nothing_or_fails_has_none_as_its_result) {
  weft_auto weft_object *ended = count_from(0, 0), *failed = plain_generator(returns_with_an_error);
  cr_assert(is_at_end(ended) && !weft_next(failed) && raised(&weft_KeyError));
  cr_assert_eq(weft_generator_result(ended), WEFT_NONE);
  cr_assert_eq(weft_generator_result(failed), WEFT_NONE);
}

/* Says that it returns, but yields once more before it does. */
static weft_object *returns_and_yields(weft_object *generator, weft_object *sent) {
  (void)sent;
  if (turn_of(generator) > 0) return NULL;
  weft_auto weft_object *probe = probe_new();
  weft_generator_return(generator, probe);
  return INT(1);
}

RuntimeTest(generators, GEN_051_the_end_is_for_good_however_it_came_and_a_body_may_yield_before_it) {
  weft_auto weft_object *exhausted = count_from(0, 1), *early = with_cell(returns_pair);
  weft_object *const both[] = {exhausted, early};
  for (size_t i = 0; i < 2; i++) {
    cr_assert_eq(value_of(weft_next(both[i])), 0);
    for (int n = 0; n < 3; n++) cr_assert(is_at_end(both[i]));
  }
  weft_auto weft_object *late = with_cell(returns_and_yields);
  cr_assert_eq(value_of(weft_next(late)), 1);
  cr_assert_eq(freed(), 1);
  cr_assert(is_at_end(late));
  cr_assert_eq(weft_generator_result(late), WEFT_NONE);
}

/* --- Executing --- */

static weft_object *resumes_itself(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  bool refused = !weft_next(generator) && raised_with(&weft_ValueError, "generator already executing");
  refused = !weft_generator_send(generator, INT(1)) && raised_with(&weft_ValueError, "already executing") && refused;
  refused = !weft_generator_throw(generator, (weft_object *)&weft_KeyError) &&
            raised_with(&weft_ValueError, "already executing") && refused;
  refused = !weft_generator_close(generator) && raised_with(&weft_ValueError, "already executing") && refused;
  refused = !weft_generator_result(generator) && raised_with(&weft_ValueError, "not finished") && refused;
  return INT(refused);
}

RuntimeTest(generators, GEN_053_one_that_is_executing_cannot_be_resumed) {
  weft_auto weft_object *generator = plain_generator(resumes_itself);
  cr_assert_eq(value_of(weft_next(generator)), 1);
  cr_assert_eq(value_of(weft_next(generator)), 1);
}

/* Resumes one like it, which does the same. */
static weft_object *recurses(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  weft_auto weft_object *inner = plain_generator(recurses), *item = weft_next(inner);
  (void)generator;
  return item ? weft_new_ref(item) : NULL;
}

RuntimeTest(generators, unbounded_recursion_is_a_recursion_error_every_time) {
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *generator = plain_generator(recurses);
    cr_assert(!weft_next(generator) && raised(&weft_RecursionError));
  }
}

static weft_object *too_deep;
static weft_object *resumes_at_the_bottom(weft_object *function, weft_object *const *args, size_t n) {
  weft_object *result = weft_call(function, args, n);
  if (result || !weft_error_is(&weft_RecursionError)) return result;
  weft_error_clear();
  weft_object *item = weft_next(too_deep);
  if (item) return weft_raise(&weft_ValueError, "there was room");
  return weft_error_is(&weft_RecursionError) ? (weft_error_clear(), WEFT_NONE) : NULL;
}

RuntimeTest(generators, one_that_could_not_be_resumed_for_depth_is_as_it_was) {
  too_deep = count_from(0, 3);
  weft_auto weft_object *f = weft_function_new("f", resumes_at_the_bottom, 0, NULL);
  cr_assert_eq(weft_call(f, NULL, 0), WEFT_NONE);
  cr_assert_eq(bodies, 0);
  cr_assert_eq(value_of(weft_next(too_deep)), 0);
  weft_decref(too_deep);
}

RuntimeTest(generators, whatever_is_done_to_one_the_depth_is_afterwards_as_before) {
  uint32_t depth = weft__self()->recursion_depth;
  weft_auto weft_object *closed = begun_with(probe_new()), *failed = begun_with(probe_new()), *fresh = count_from(0, 1);
  cr_assert(!weft_generator_send(fresh, INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_generator_throw(failed, (weft_object *)&weft_KeyError) && raised(&weft_KeyError));
  cr_assert_eq(weft_generator_close(closed), WEFT_NONE);
  weft_decref(begun_with(probe_new()));
  cr_assert(cleanups == 3 && freed() == 3);
  cr_assert_eq(weft__self()->recursion_depth, depth);
}

/* --- State --- */

struct mixed {
  char letter;
  double number;
  int64_t left;
};
static weft_object *uses_all_state(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  struct mixed *m = weft_generator_state(generator);
  cr_assert(((uintptr_t)m & 7) == 0 && m->letter == 'x' && m->number == 1.5);
  if (m->left-- == 0) return NULL;
  weft_auto weft_object *sum =
      weft_add(weft_generator_cell_borrow(generator, 0), weft_generator_cell_borrow(generator, 1));
  cr_assert_eq(weft_generator_set_cell(generator, 0, weft_generator_cell_borrow(generator, 1)), 0);
  cr_assert_eq(weft_generator_set_cell(generator, 1, sum), 0);
  return weft_new_ref(sum);
}

RuntimeTest(generators, cells_and_bytes_are_kept_from_one_resumption_to_the_next) {
  struct mixed state = {'x', 1.5, 30};
  weft_auto weft_object *generator =
      weft_generator_new("fibonacci", uses_all_state, 2, (weft_object *[]){INT(0), INT(1)}, sizeof state, &state);
  state = (struct mixed){'y', 0, 0};
  weft_auto weft_object *list = weft_list_from(generator);
  cr_assert_eq(weft_list_length(list), 30);
  cr_assert_eq(value_of(weft_list_get(list, 29)), 1346269); /* the 31st Fibonacci number */
}

static weft_object *checks_cells(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  cr_assert_eq(*(int *)weft_generator_state(generator), 0);
  cr_assert(!weft_generator_cell_borrow(generator, 1) && raised(&weft_IndexError));
  cr_assert(!weft_generator_cell_borrow(generator, SIZE_MAX) && raised(&weft_IndexError));
  cr_assert(weft_generator_set_cell(generator, 1, INT(0)) == -1 && raised(&weft_IndexError));
  cr_assert(weft_generator_set_cell(generator, 0, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_generator_return(generator, NULL) && raised(&weft_TypeError));
  return WEFT_NONE;
}

RuntimeTest(generators, bytes_are_zero_if_none_are_given_and_cells_have_bounds) {
  weft_auto weft_object *generator = with_cell(checks_cells);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
}

RuntimeTest(generators, the_state_is_the_bodys_alone) {
  weft_auto weft_object *generator = with_cell(checks_cells);
  for (int i = 0; i < 3; i++) { /* new, suspended, finished */
    cr_assert(!weft_generator_state(generator) && raised_with(&weft_RuntimeError, "not executing in this thread"));
    cr_assert(!weft_generator_cell_borrow(generator, 0) && raised(&weft_RuntimeError));
    cr_assert(weft_generator_set_cell(generator, 0, INT(0)) == -1 && raised(&weft_RuntimeError));
    cr_assert(!weft_generator_return(generator, INT(0)) && raised(&weft_RuntimeError));
    if (i == 0) cr_assert_eq(weft_next(generator), WEFT_NONE);
    if (i == 1) cr_assert_eq(weft_generator_close(generator), WEFT_NONE);
  }
}

RuntimeTest(generators, what_a_cell_held_dies_when_it_is_replaced_or_the_generator_ends) {
  weft_auto weft_object *generator = with_cell(keeps_error);
  cr_assert_eq(value_of(weft_next(generator)), 0);
  weft_auto weft_object *error = error_of(&weft_KeyError, "first"), *other = error_of(&weft_KeyError, "second");
  cr_assert_eq(value_of(weft_generator_throw(generator, error)), 1);
  cr_assert_eq(weft_refcount(error), 2);
  cr_assert_eq(value_of(weft_generator_throw(generator, other)), 2);
  cr_assert(weft_refcount(error) == 1 && weft_refcount(other) == 2);
  cr_assert(!weft_next(generator) && raised(&weft_KeyError));
  cr_assert_eq(weft_refcount(other), 1);
}

static weft_object *looked_at;
static uint32_t looks;
static void look_at_generator(weft_object *self) {
  (void)self;
  looks++;
  cr_expect(is_at_end(looked_at));
  cr_expect(!weft_generator_cell_borrow(looked_at, 0) && raised(&weft_RuntimeError));
}

RuntimeTest(generators, what_dies_with_the_state_finds_the_generator_finished) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "looks", .finalize = look_at_generator});
  looked_at = begun_with(weft_object_new(type, 0));
  cr_assert_eq(weft_generator_close(looked_at), WEFT_NONE);
  cr_assert_eq(looks, 1);
  weft_decref(looked_at);
}

RuntimeTest(generators, a_generator_may_have_a_thousand_cells) {
  static weft_object *probes[1000];
  for (int i = 0; i < 1000; i++) probes[i] = probe_new();
  weft_object *generator = weft_generator_new("wide", cleaning, 1000, probes, 0, NULL);
  for (int i = 0; i < 1000; i++) weft_decref(probes[i]);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  cr_assert_eq(freed(), 0);
  weft_decref(generator);
  cr_assert(freed() == 1000 && cleanups == 1);
}

/* --- Any object's operations --- */

RuntimeTest(generators, the_repr_shows_the_name) {
  char name[] = "squares", expected[64];
  weft_auto weft_object *generator = weft_generator_new(name, cleaning, 0, NULL, 0, NULL);
  name[0] = 'X';
  snprintf(expected, sizeof expected, "<generator object squares at %p>", (void *)generator);
  assert_text(weft_repr(generator), expected);
}

RuntimeTest(generators, its_size_is_small_and_does_not_depend_on_what_it_yields) {
  weft_auto weft_object *few = count_from(0, 1), *many = count_from(0, 1000000);
  cr_assert_leq(weft_sizeof(few), 512);
  cr_assert_eq(weft_sizeof(few), weft_sizeof(many));
  for (int i = 0; i < 1000; i++) weft_decref(weft_next(many));
  cr_assert_eq(weft_sizeof(few), weft_sizeof(many));
}

RuntimeTest(generators, a_generator_hashes_and_compares_by_identity) {
  weft_auto weft_object *a = count_from(0, 1), *b = count_from(0, 1);
  cr_assert(equal(a, a) && !equal(a, b) && hash_of(a) == hash_of(a));
  cr_assert(weft_compare(a, b, WEFT_LT) == -1 && raised(&weft_TypeError));
  cr_assert(weft_is_true(a) == 1 && weft_length(a) == -1 && raised(&weft_TypeError));
}

RuntimeTest(generators, GEN_008_a_generator_cannot_be_copied) {
  weft_auto weft_object *generator = count_from(0, 3), *list = weft_list_of(1, &generator);
  cr_assert(!weft_copy(generator) && raised_with(&weft_TypeError, "cannot copy 'generator' object"));
  cr_assert(!weft_deepcopy(generator, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_deepcopy(list, NULL) && raised(&weft_TypeError));
  cr_assert_eq(value_of(weft_next(generator)), 0);
}

static weft_object *returns_none(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

RuntimeTest(generators, GEN_057_weak_references_to_functions_and_generators) {
  weft_object *function = weft_function_new("f", returns_none, 0, NULL), *generator = count_from(0, 3);
  weft_auto weft_object *to_function = weft_weakref_new(function, NULL);
  weft_auto weft_object *to_generator = weft_weakref_new(generator, NULL), *proxy = weft_proxy_new(generator, NULL);
  cr_assert(weft_length_hint(generator) == 0 && weft_length_hint(proxy) == 0 && !weft_error_borrow());
  weft_auto weft_object *items = weft_list_from(proxy), *expected = LIST(INT(0), INT(1), INT(2));
  cr_assert(equal(items, expected));
  weft_decref(function);
  weft_decref(generator);
  cr_assert(weft_weakref_is_dead(to_function) == 1 && weft_weakref_is_dead(to_generator) == 1);
  cr_assert(!weft_next(proxy) && raised(&weft_ReferenceError));
}

RuntimeTest(generators, bad_arguments_are_errors) {
  weft_auto weft_object *probe = probe_new();
  weft_object *const with_null[] = {probe, NULL};
  cr_assert(!weft_generator_new("g", NULL, 0, NULL, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_generator_new(NULL, cleaning, 0, NULL, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_generator_new("g", cleaning, 2, with_null, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_generator_new("g", cleaning, 2, NULL, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_generator_new("g", cleaning, 0, NULL, SIZE_MAX, NULL) && raised(&weft_ValueError));
  cr_assert(!weft_generator_new("\xff", cleaning, 1, &probe, 0, NULL) && raised(&weft_ValueError));
  weft_object *const others[] = {INT(1), probe, WEFT_NONE, NULL};
  for (size_t i = 0; i < 4; i++) {
    weft_object *o = others[i];
    cr_assert(!weft_generator_send(o, WEFT_NONE) && raised(&weft_TypeError));
    cr_assert(!weft_generator_throw(o, (weft_object *)&weft_KeyError) && raised(&weft_TypeError));
    cr_assert(!weft_generator_close(o) && raised(&weft_TypeError));
    cr_assert(!weft_generator_result(o) && raised(&weft_TypeError));
    cr_assert(!weft_generator_state(o) && raised(&weft_TypeError));
    cr_assert(!weft_generator_cell_borrow(o, 0) && raised(&weft_TypeError));
    cr_assert(weft_generator_set_cell(o, 0, WEFT_NONE) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_generator_return(o, WEFT_NONE) && raised(&weft_TypeError));
  }
  weft_auto weft_object *generator = count_from(0, 1);
  cr_assert(!weft_generator_send(generator, NULL) && raised(&weft_TypeError));
  cr_assert_eq(weft_refcount(probe), 1);
}
