/* SPDX-License-Identifier: MIT */
/* Views of dicts, reverse iterators of changed ones. */
#include "dict_support.h"

RuntimeSuite(dict_views);

static weft_object *abc(int64_t a, int64_t b, int64_t c) {
  return DICT(STR("a"), INT(a), STR("b"), INT(b), STR("c"), INT(c));
}

RuntimeTest(dict_views, views_follow_the_dict) {
  weft_auto weft_object *dict = tens(2), *keys = weft_dict_view_keys(dict), *values = weft_dict_view_values(dict);
  weft_auto weft_object *items = weft_dict_view_items(dict);
  cr_assert(reads(keys, "dict_keys([0, 1])") && reads(values, "dict_values([0, 10])"));
  cr_assert(reads(items, "dict_items([(0, 0), (1, 10)])"));
  cr_assert_eq(set_new(dict, INT(7), INT(70)), 0);
  weft_object *const all[] = {keys, values, items};
  for (int i = 0; i < 3; i++) cr_assert(weft_length(all[i]) == 3 && weft_is_true(all[i]) == 1);
  cr_assert(weft_contains(keys, INT(7)) == 1 && weft_contains(keys, INT(70)) == 0);
  cr_assert(weft_contains(values, INT(70)) == 1 && weft_contains(values, INT(7)) == 0);
  weft_auto weft_object *there = weft_tuple_pack(2, INT(7), INT(70)), *not_there = weft_tuple_pack(2, INT(7), INT(7));
  cr_assert(weft_contains(items, there) == 1 && weft_contains(items, not_there) == 0);
  cr_assert(weft_contains(items, INT(7)) == 0);
  weft_auto weft_object *a = weft_reversed(keys), *b = weft_reversed(values), *c = weft_reversed(items);
  cr_assert(reads_new(weft_list_from(a), "[7, 1, 0]") && reads_new(weft_list_from(b), "[70, 10, 0]"));
  cr_assert(reads_new(weft_list_from(c), "[(7, 70), (1, 10), (0, 0)]"));
  cr_assert(!weft_dict_view_keys(INT(1)) && raised(&weft_TypeError));
  weft_auto weft_object *same_values = weft_dict_view_values(dict);
  cr_assert(!equal(values, same_values));
}

/* Views of {a b}, {a b c}, {b a d}, in this order; 1: keys, 0: items. */
static void compare_views(weft_object *(*view)(weft_object *)) {
  weft_auto weft_object *small = DICT(STR("a"), INT(1), STR("b"), INT(2)), *large = abc(1, 2, 3);
  weft_auto weft_object *other = DICT(STR("b"), INT(2), STR("a"), INT(1), STR("d"), INT(4));
  weft_auto weft_object *a = view(small), *b = view(large), *c = view(other), *again = view(small);
  cr_assert(equal(a, again) && !equal(a, b) && weft_compare(a, b, WEFT_NE) == 1 && !equal(b, c));
  cr_assert(weft_compare(a, b, WEFT_LT) == 1 && weft_compare(a, b, WEFT_LE) == 1 && weft_compare(b, a, WEFT_GT) == 1);
  cr_assert(weft_compare(b, a, WEFT_GE) == 1 && weft_compare(a, b, WEFT_GT) == 0 && weft_compare(b, c, WEFT_LE) == 0);
  cr_assert(weft_compare(a, again, WEFT_LE) == 1 && weft_compare(a, again, WEFT_LT) == 0);
  cr_assert(weft_compare(a, again, WEFT_GE) == 1 && weft_compare(c, a, WEFT_GE) == 1);
  weft_auto weft_object *set = weft_set_from(a);
  cr_assert(equal(a, set) && equal(set, a) && weft_compare(set, b, WEFT_LT) == 1 && weft_compare(b, set, WEFT_GE) == 1);
  cr_assert(!equal(a, INT(1)) && weft_compare(a, INT(1), WEFT_LT) == -1 && raised(&weft_TypeError));
}

RuntimeTest(dict_views, DIC_036_views_of_keys_and_of_items_are_compared_as_sets) {
  compare_views(weft_dict_view_keys);
  compare_views(weft_dict_view_items);
}

RuntimeTest(dict_views, DIC_037_errors_of_comparing_values_are_passed_on) {
  weft_auto weft_object *a = DICT(INT(1), hooked_new(1, 1)), *b = DICT(INT(1), hooked_new(1, 2));
  weft_auto weft_object *x = weft_dict_view_items(a), *y = weft_dict_view_items(b);
  weft_auto weft_object *value = hooked_new(1, 3), *item = weft_tuple_pack(2, INT(1), value);
  comparison_fails = true;
  static const enum weft_compare_op all[] = {WEFT_EQ, WEFT_NE, WEFT_LE, WEFT_GE};
  for (int i = 0; i < 4; i++) cr_assert(weft_compare(x, y, all[i]) == -1 && raised(&weft_ValueError));
  cr_assert(weft_contains(x, item) == -1 && raised(&weft_ValueError));
  comparison_fails = false;
}

static weft_object *dict_to_clear;
static void clear_dict(hooked *a, hooked *b) {
  (void)a, (void)b;
  weft_dict_clear(dict_to_clear);
}

RuntimeTest(dict_views, DIC_070_a_value_that_clears_the_dict_when_it_is_compared) {
  weft_auto weft_object *dict = dict_to_clear = DICT(INT(1), hooked_new(1, 1)), *items = weft_dict_view_items(dict);
  weft_auto weft_object *value = hooked_new(1, 2), *item = weft_tuple_pack(2, INT(1), value);
  at_comparison = clear_dict;
  cr_assert_eq(weft_contains(items, item), 0);
  at_comparison = NULL;
  cr_assert_eq(weft_dict_length(dict), 0);
}

/* The letters of a set or of the keys in a set of items, sorted. */
static bool gives(weft_object *set_steal, const char *text) {
  weft_auto weft_object *set = set_steal, *list = set ? weft_list_from(set) : NULL;
  cr_assert(list && weft_set_check(set) && weft_list_sort(list, NULL, false) == 0);
  return reads(list, text);
}

RuntimeTest(dict_views, DIC_038_set_operations_on_views_of_keys) {
  weft_auto weft_object *ab = DICT(STR("a"), INT(1), STR("b"), INT(2)), *bc = DICT(STR("b"), INT(3), STR("c"), INT(2));
  weft_auto weft_object *de = DICT(STR("d"), INT(4), STR("e"), INT(5)), *k1 = weft_dict_view_keys(ab);
  weft_auto weft_object *k2 = weft_dict_view_keys(bc), *k3 = weft_dict_view_keys(de);
  cr_assert(gives(weft_and(k1, k1), "['a', 'b']") && gives(weft_and(k1, k2), "['b']") && gives(weft_and(k1, k3), "[]"));
  cr_assert(gives(weft_or(k1, k2), "['a', 'b', 'c']") && gives(weft_or(k1, k3), "['a', 'b', 'd', 'e']"));
  cr_assert(gives(weft_xor(k1, k1), "[]") && gives(weft_xor(k1, k2), "['a', 'c']"));
  cr_assert(gives(weft_subtract(k1, k1), "[]") && gives(weft_subtract(k1, k2), "['a']"));
  cr_assert(gives(weft_subtract(k1, k3), "['a', 'b']"));
  cr_assert(!weft_and(k1, INT(1)) && raised(&weft_TypeError));
}

RuntimeTest(dict_views, DIC_039_set_operations_on_views_of_items) {
  weft_auto weft_object *ab = DICT(STR("a"), INT(1), STR("b"), INT(2)), *bc = DICT(STR("b"), INT(2), STR("c"), INT(2));
  weft_auto weft_object *k1 = weft_dict_view_items(ab), *k2 = weft_dict_view_items(bc);
  cr_assert(gives(weft_and(k1, k2), "[('b', 2)]") && gives(weft_or(k1, k2), "[('a', 1), ('b', 2), ('c', 2)]"));
  cr_assert(gives(weft_xor(k1, k2), "[('a', 1), ('c', 2)]") && gives(weft_subtract(k1, k2), "[('a', 1)]"));
  weft_auto weft_object *with_list = DICT(INT(1), LIST(INT(1))), *unhashable = weft_dict_view_items(with_list);
  cr_assert(!weft_or(unhashable, k1) && raised(&weft_TypeError));
  cr_assert(equal(unhashable, unhashable));
}

RuntimeTest(dict_views, DIC_041_views_against_sets_and_lists_in_both_orders) {
  weft_auto weft_object *ab = DICT(STR("a"), INT(1), STR("b"), INT(2)), *keys = weft_dict_view_keys(ab);
  weft_auto weft_object *text = STR("bc"), *set = weft_set_from(text), *frozen = weft_frozenset_from(text);
  weft_object *const others[] = {set, frozen};
  for (int i = 0; i < 2; i++) {
    cr_assert(gives(weft_and(keys, others[i]), "['b']") && gives(weft_and(others[i], keys), "['b']"));
    cr_assert(gives(weft_or(keys, others[i]), "['a', 'b', 'c']") && gives(weft_or(others[i], keys), "['a', 'b', 'c']"));
    cr_assert(gives(weft_subtract(keys, others[i]), "['a']") && gives(weft_subtract(others[i], keys), "['c']"));
    cr_assert(gives(weft_xor(keys, others[i]), "['a', 'c']") && gives(weft_xor(others[i], keys), "['a', 'c']"));
  }
  cr_assert(gives(weft_and(keys, text), "['b']"));
}

RuntimeTest(dict_views, DIC_077_reverse_iterators_end_when_the_dict_was_cleared_and_filled_again) {
  weft_auto weft_object *dict = tens(4), *keys = weft_dict_reverse_keys(dict), *values = weft_dict_reverse_values(dict);
  weft_auto weft_object *items = weft_dict_reverse_items(dict), *copy = weft_dict_copy(dict);
  cr_assert(weft_dict_clear(dict) == 0 && weft_dict_update(dict, copy) == 0);
  weft_object *const all[] = {keys, values, items};
  for (int i = 0; i < 3; i++)
    cr_assert(!weft_next(all[i]) && !weft_error_borrow() && !weft_next(all[i]) && weft_length_hint(all[i]) == 0);
}
