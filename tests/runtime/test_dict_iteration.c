/* SPDX-License-Identifier: MIT */
/* Iterators over dicts, and what becomes of them when the dict changes. */
#include "dict_support.h"

RuntimeSuite(dict_iteration);

RuntimeTest(dict_iteration, ITR_027_a_dict_gives_its_keys_in_the_order_in_which_they_came) {
  weft_auto weft_object *dict = DICT(STR("b"), INT(1), INT(3), INT(2), STR("a"), INT(3));
  weft_auto weft_object *iterator = weft_iter(dict), *list = weft_list_from(dict);
  cr_assert(reads_new(weft_next(iterator), "'b'") && reads_new(weft_next(iterator), "3"));
  cr_assert(reads_new(weft_next(iterator), "'a'") && !weft_next(iterator) && !weft_error_borrow());
  cr_assert(reads(list, "['b', 3, 'a']"));
}

RuntimeTest(dict_iteration, values_and_items_come_in_the_same_order) {
  weft_auto weft_object *dict = DICT(STR("b"), INT(1), INT(3), INT(2));
  weft_auto weft_object *values = weft_dict_iter_values(dict), *items = weft_dict_iter_items(dict);
  cr_assert(reads_new(weft_next(values), "1") && reads_new(weft_next(values), "2") && !weft_next(values));
  cr_assert(reads_new(weft_next(items), "('b', 1)") && reads_new(weft_next(items), "(3, 2)") && !weft_next(items));
}

RuntimeTest(dict_iteration, an_iterator_is_its_own_iterator) {
  weft_auto weft_object *dict = tens(2), *iterator = weft_dict_iter_values(dict), *same = weft_iter(iterator);
  cr_assert_eq(iterator, same);
}

RuntimeTest(dict_iteration, an_iterator_over_nothing_is_at_its_end) {
  weft_auto weft_object *dict = weft_dict_new(), *iterator = weft_iter(dict);
  for (int i = 0; i < 3; i++) cr_assert(!weft_next(iterator) && !weft_error_borrow());
}

RuntimeTest(dict_iteration, deleted_keys_are_passed_over) {
  weft_auto weft_object *dict = tens(6);
  delete_new(dict, INT(0));
  delete_new(dict, INT(3));
  delete_new(dict, INT(5));
  weft_auto weft_object *list = weft_list_from(dict);
  cr_assert(reads(list, "[1, 2, 4]"));
  check_dict(dict);
}

RuntimeTest(dict_iteration, DIC_066_an_iterator_at_its_end_lets_go_of_the_dict) {
  weft_object *(*const begin[])(weft_object *) = {weft_dict_iter_keys, weft_dict_iter_values, weft_dict_iter_items};
  for (int i = 0; i < 3; i++) {
    weft_object *dict = DICT(INT(1), probe_new());
    weft_auto weft_object *iterator = begin[i](dict);
    weft_decref(weft_next(iterator));
    weft_decref(dict);
    cr_assert_eq(freed(), (uint32_t)i, "the iterator holds it");
    cr_assert_null(weft_next(iterator));
    cr_assert_eq(freed(), (uint32_t)i + 1);
    cr_assert(!weft_next(iterator) && !weft_error_borrow());
  }
}

RuntimeTest(dict_iteration, once_at_the_end_it_stays_there_whatever_comes) {
  weft_auto weft_object *dict = tens(2), *iterator = weft_iter(dict);
  while (weft_next(iterator)) continue; /* small ints */
  set_new(dict, INT(7), INT(7));
  cr_assert(!weft_next(iterator) && !weft_error_borrow());
}

RuntimeTest(dict_iteration, DIC_028_a_dict_that_grows_while_it_is_iterated_over_is_a_runtime_error) {
  weft_auto weft_object *dict = DICT(INT(1), INT(1)), *iterator = weft_iter(dict);
  cr_assert_eq(weft_next(iterator), INT(1));
  set_new(dict, INT(2), INT(1));
  cr_assert(!weft_next(iterator) && raised_with(&weft_RuntimeError, "changed size"));
}

RuntimeTest(dict_iteration, MAP_034_a_mapping_that_grows_while_it_is_iterated_over_is_a_runtime_error) {
  weft_auto weft_object *dict = tens(100), *iterator = weft_dict_iter_items(dict);
  for (int i = 0; i < 50; i++) weft_decref(weft_next(iterator));
  set_new(dict, STR("new"), INT(1));
  cr_assert(!weft_next(iterator) && raised(&weft_RuntimeError));
  cr_assert(!weft_next(iterator) && raised(&weft_RuntimeError), "and stays one");
}

RuntimeTest(dict_iteration, a_dict_that_shrinks_while_it_is_iterated_over_is_a_runtime_error) {
  weft_auto weft_object *dict = tens(5), *iterator = weft_iter(dict), *cleared = weft_dict_iter_values(dict);
  weft_next(iterator);
  delete_new(dict, INT(3));
  cr_assert(!weft_next(iterator) && raised(&weft_RuntimeError));
  weft_dict_clear(dict);
  cr_assert(!weft_next(cleared) && raised(&weft_RuntimeError));
}

/* As in CPython: the first key that goes and comes back is noticed at the next step. */
static void check_replaced_key(weft_object *(*begin)(weft_object *)) {
  weft_auto weft_object *dict = tens(1), *iterator = begin(dict);
  weft_decref(weft_next(iterator));
  delete_new(dict, INT(0));
  set_new(dict, INT(0), INT(0));
  cr_assert(!weft_next(iterator) && raised_with(&weft_RuntimeError, "keys changed"));
}

RuntimeTest(dict_iteration, DIC_029_a_key_that_goes_and_comes_back_is_a_runtime_error) {
  check_replaced_key(weft_dict_iter_keys);
}
RuntimeTest(dict_iteration, DIC_030_a_key_that_goes_and_comes_back_among_values_is_a_runtime_error) {
  check_replaced_key(weft_dict_iter_values);
}
RuntimeTest(dict_iteration, DIC_031_a_key_that_goes_and_comes_back_among_items_is_a_runtime_error) {
  check_replaced_key(weft_dict_iter_items);
}

RuntimeTest(dict_iteration, no_key_is_given_twice_when_keys_go_and_come_back) {
  for (int64_t n = 1; n < 40; n++) {
    weft_auto weft_object *dict = tens(n), *iterator = weft_iter(dict);
    weft_auto weft_object *first = weft_next(iterator);
    weft_dict_delete(dict, first);
    weft_dict_set(dict, first, WEFT_NONE);
    for (weft_object *key; (key = weft_next(iterator)); weft_decref(key)) cr_assert_neq(key, first);
    cr_assert(raised(&weft_RuntimeError));
  }
}

RuntimeTest(dict_iteration, a_new_value_does_not_disturb) {
  weft_auto weft_object *dict = tens(20), *iterator = weft_dict_iter_items(dict);
  for (int64_t i = 0; i < 20; i++) {
    weft_auto weft_object *item = weft_next(iterator);
    cr_assert_eq(weft_int_value(weft_tuple_get_borrow(item, 0)), i);
    cr_assert_eq(weft_int_value(weft_tuple_get_borrow(item, 1)), i < 1 ? 0 : -i);
    for (int64_t k = i; k < 20; k++) set_new(dict, INT(k), INT(-k));
  }
  cr_assert(!weft_next(iterator) && !weft_error_borrow());
}

RuntimeTest(dict_iteration, what_is_refused_does_not_disturb_either) {
  weft_auto weft_object *dict = tens(3), *empty = weft_dict_new(), *list = weft_list_new();
  weft_auto weft_object *iterator = weft_iter(dict), *of_empty = weft_iter(empty);
  cr_assert(delete_new(dict, INT(7)) == -1 && raised(&weft_KeyError));
  cr_assert(weft_dict_set(dict, list, INT(1)) == -1 && raised(&weft_TypeError));
  weft_decref(weft_dict_pop(dict, INT(7), WEFT_NONE));
  weft_decref(weft_dict_set_default(dict, INT(1), WEFT_NONE));
  for (int64_t i = 0; i < 3; i++) cr_assert_eq(weft_next(iterator), INT(i));
  cr_assert(!weft_next(iterator) && !weft_error_borrow());
  cr_assert_eq(weft_dict_clear(empty), 0);
  cr_assert(!weft_next(of_empty) && !weft_error_borrow(), "nothing has gone");
}

static weft_object *d;
static void clear_d(hooked *self) {
  (void)self;
  weft_dict_clear(d);
}

RuntimeTest(dict_iteration, DIC_073_a_value_that_clears_the_dict_while_it_is_iterated_over_is_a_runtime_error) {
  weft_auto weft_object *dict = d = weft_dict_new();
  for (int64_t i = 0; i < 8; i++) set_new(dict, INT(i), hooked_new(0, i));
  weft_auto weft_object *iterator = weft_dict_iter_items(dict);
  for (int i = 0; i < 3; i++) weft_decref(weft_next(iterator));
  at_finalization = clear_d;
  set_new(dict, INT(2), WEFT_NONE);
  cr_assert_eq(weft_dict_length(dict), 0);
  cr_assert(!weft_next(iterator) && raised(&weft_RuntimeError));
}

RuntimeTest(dict_iteration, an_item_outlives_its_dict_and_iterator) {
  weft_object *dict = DICT(probe_new(), probe_new()), *iterator = weft_dict_iter_items(dict),
              *item = weft_next(iterator);
  weft_decref(dict);
  weft_decref(iterator);
  cr_assert_eq(freed(), 0);
  weft_decref(item);
  cr_assert_eq(freed(), 2);
}

RuntimeTest(dict_iteration, several_iterators_are_independent) {
  weft_auto weft_object *dict = tens(3), *a = weft_iter(dict), *b = weft_iter(dict);
  cr_assert(weft_next(a) == INT(0) && weft_next(a) == INT(1) && weft_next(b) == INT(0) && weft_next(a) == INT(2));
  cr_assert(weft_next(b) == INT(1) && !weft_next(a) && weft_next(b) == INT(2) && !weft_next(b));
}
