/* SPDX-License-Identifier: MIT */
/* dict as a whole: copies, updates, lists of it, comparison, truth, text, and as one of the types that have items. */
#include "dict_support.h"

RuntimeSuite(whole_dicts);

/* --- Copies --- */

RuntimeTest(whole_dicts, CPD_005_a_copy_is_another_dict_with_the_same_items) {
  weft_object *value = probe_new();
  weft_auto weft_object *dict = DICT(INT(1), weft_new_ref(value)), *copy = weft_dict_copy(dict);
  weft_auto weft_object *list = weft_list_new();
  cr_assert(copy != dict && equal(copy, dict) && weft_type_of(copy) == &weft_dict_type && weft_refcount(value) == 3);
  weft_dict_clear(dict);
  cr_assert(weft_dict_length(copy) == 1 && weft_refcount(value) == 2);
  cr_assert(!weft_dict_copy(list) && raised(&weft_TypeError));
  cr_assert(!weft_dict_copy(NULL) && raised(&weft_TypeError));
  weft_decref(value);
}

RuntimeTest(whole_dicts, MAP_026_copies_of_small_dicts_are_equal) {
  weft_auto weft_object *empty = weft_dict_new(), *three = tens(3);
  weft_auto weft_object *of_empty = weft_dict_copy(empty), *of_three = weft_dict_copy(three);
  cr_assert(equal(empty, of_empty) && equal(three, of_three) && reads(of_three, "{0: 0, 1: 10, 2: 20}"));
  set_new(of_empty, INT(1), INT(1));
  set_new(of_three, INT(7), INT(7));
  cr_assert(reads(empty, "{}") && reads(three, "{0: 0, 1: 10, 2: 20}"));
}

RuntimeTest(whole_dicts, DIC_019_copies_of_any_size_are_equal_and_independent) {
  for (int64_t n = 10; n <= 150000; n *= 5) {
    weft_auto weft_object *dict = tens(n), *copy = weft_dict_copy(dict);
    cr_assert(copy != dict && equal(copy, dict));
    set_new(copy, STR("key"), STR("value"));
    cr_assert(!equal(copy, dict) && weft_dict_length(dict) == n && weft_dict_length(copy) == n + 1);
    delete_new(dict, INT(n / 2));
    cr_assert(contains_new(copy, INT(n / 2)) == 1 && contains_new(dict, STR("key")) == 0);
    if (n < 5000) check_dict(copy);
  }
}

RuntimeTest(whole_dicts, DIC_021_a_copy_of_a_dict_that_is_mostly_holes_is_equal_and_dense) {
  enum { N = 10000 };
  weft_auto weft_object *dict = tens(N);
  for (int64_t i = 0; i < N; i++)
    if (i % 100) delete_new(dict, INT(i));
  weft_auto weft_object *copy = weft_dict_copy(dict);
  cr_assert(equal(copy, dict) && weft_dict_length(copy) == N / 100);
  cr_assert_lt(weft_dict_capacity(copy), weft_dict_capacity(dict) / 10);
  check_dict(copy);
}

/* --- Updates --- */

RuntimeTest(whole_dicts, DIC_014_an_update_takes_a_dict_or_pairs_and_keeps_what_came_before_an_error) {
  weft_auto weft_object *dict = DICT(INT(1), INT(1), INT(2), INT(2)), *more = DICT(INT(2), INT(20), INT(3), INT(30));
  cr_assert(weft_dict_update(dict, more) == 0 && reads(dict, "{1: 1, 2: 20, 3: 30}"));
  weft_auto weft_object *pairs = LIST(TUPLE(INT(4), INT(40)), LIST(INT(1), INT(10)));
  cr_assert(weft_dict_update(dict, pairs) == 0 && reads(dict, "{1: 10, 2: 20, 3: 30, 4: 40}"));
  weft_auto weft_object *too_long = LIST(TUPLE(INT(5), INT(50)), TUPLE(INT(6), INT(60), INT(0)));
  cr_assert(weft_dict_update(dict, too_long) == -1 && raised_with(&weft_ValueError, "#1 has length 3; 2 is required"));
  cr_assert(reads(dict, "{1: 10, 2: 20, 3: 30, 4: 40, 5: 50}"));
  weft_auto weft_object *too_short = LIST(TUPLE(INT(5)));
  cr_assert(weft_dict_update(dict, too_short) == -1 && raised_with(&weft_ValueError, "#0 has length 1; 2 is required"));
  weft_auto weft_object *unhashable = LIST(TUPLE(INT(6), INT(60)), TUPLE(weft_list_new(), INT(0)));
  cr_assert(weft_dict_update(dict, unhashable) == -1 && raised(&weft_TypeError));
  cr_assert(reads(dict, "{1: 10, 2: 20, 3: 30, 4: 40, 5: 50, 6: 60}"));
}

RuntimeTest(whole_dicts, MAP_010_an_update_from_what_has_no_pairs_is_a_type_error) {
  weft_auto weft_object *dict = DICT(INT(1), INT(1)), *numbers = LIST(INT(1), INT(2)), *empty = weft_list_new();
  cr_assert(weft_dict_update(dict, INT(42)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_update(dict, WEFT_NONE) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_update(dict, numbers) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_update(empty, dict) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_update(dict, empty) == 0 && reads(dict, "{1: 1}"));
}

RuntimeTest(whole_dicts, an_update_takes_pairs_from_an_iterator_and_passes_its_error_on) {
  weft_auto weft_object *source = tens(3), *target = weft_dict_new(), *iterator = weft_dict_iter_items(source);
  weft_auto weft_object *first = weft_next(iterator);
  cr_assert(reads(first, "(0, 0)"));
  cr_assert(weft_dict_update(target, iterator) == 0 && reads(target, "{1: 10, 2: 20}"));
  weft_auto weft_object *again = weft_dict_iter_items(source);
  set_new(source, INT(9), INT(9));
  cr_assert(weft_dict_update(target, again) == -1 && raised(&weft_RuntimeError));
  cr_assert(reads(target, "{1: 10, 2: 20}"));
}

RuntimeTest(whole_dicts, an_update_from_itself_changes_nothing) {
  weft_auto weft_object *dict = tens(50);
  cr_assert(weft_dict_update(dict, dict) == 0 && weft_dict_length(dict) == 50);
  check_dict(dict);
}

RuntimeTest(whole_dicts, from_keys_gives_all_keys_the_same_value) {
  weft_object *value = probe_new();
  weft_auto weft_object *keys = LIST(STR("b"), STR("a"), STR("b"), INT(1)), *source = DICT(INT(5), INT(6));
  weft_object *dict = weft_dict_from_keys(keys, value), *of_dict = weft_dict_from_keys(source, WEFT_NONE);
  cr_assert(weft_dict_length(dict) == 3 && weft_refcount(value) == 4 && reads(of_dict, "{5: None}"));
  weft_auto weft_object *order = weft_dict_keys(dict);
  cr_assert(reads(order, "['b', 'a', 1]"));
  weft_decref(dict);
  weft_decref(of_dict);
  weft_decref(value);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(whole_dicts, from_keys_passes_errors_on_and_leaves_nothing) {
  weft_auto weft_object *with_list = LIST(INT(1), weft_list_new());
  cr_assert(!weft_dict_from_keys(with_list, WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(!weft_dict_from_keys(INT(5), WEFT_NONE) && raised(&weft_TypeError));
  weft_auto weft_object *source = tens(3), *iterator = weft_iter(source);
  set_new(source, INT(9), INT(9));
  cr_assert(!weft_dict_from_keys(iterator, WEFT_NONE) && raised(&weft_RuntimeError));
}

/* --- Lists of what is there --- */

RuntimeTest(whole_dicts, DIC_007_values_of_nothing_are_none_and_of_one_item_one) {
  weft_auto weft_object *empty = weft_dict_new(), *one = DICT(INT(1), INT(2));
  cr_assert(reads_new(weft_dict_values(empty), "[]") && reads_new(weft_dict_values(one), "[2]"));
}

RuntimeTest(whole_dicts, DIC_008_items_are_pairs) {
  weft_auto weft_object *empty = weft_dict_new(), *one = DICT(INT(1), INT(2)), *text = DICT(STR("a"), INT(1));
  cr_assert(reads_new(weft_dict_items(empty), "[]") && reads_new(weft_dict_items(one), "[(1, 2)]"));
  cr_assert(reads_new(weft_dict_items(text), "[('a', 1)]"));
}

RuntimeTest(whole_dicts, CPD_021_keys_values_and_items_are_lists_in_order) {
  weft_auto weft_object *dict = DICT(INT(1), STR("a"), STR("b"), INT(2), FLOAT(0.5), WEFT_NONE);
  weft_auto weft_object *keys = weft_dict_keys(dict), *values = weft_dict_values(dict), *items = weft_dict_items(dict);
  cr_assert(weft_list_check(keys) && weft_list_check(values) && weft_list_check(items));
  cr_assert(reads(keys, "[1, 'b', 0.5]") && reads(values, "['a', 2, None]"));
  cr_assert(reads(items, "[(1, 'a'), ('b', 2), (0.5, None)]"));
  weft_list_clear(keys);
  cr_assert_eq(weft_dict_length(dict), 3, "they are lists of their own");
}

RuntimeTest(whole_dicts, MAP_005_keys_contain_what_is_there) {
  weft_auto weft_object *empty = weft_dict_new(), *dict = DICT(STR("a"), INT(1), STR("b"), INT(2));
  weft_auto weft_object *keys = weft_dict_keys(dict), *a = STR("a"), *c = STR("c");
  cr_assert(reads_new(weft_dict_keys(empty), "[]"));
  cr_assert(weft_list_contains(keys, a) == 1 && weft_list_contains(keys, c) == 0 && weft_list_length(keys) == 2);
}

/* --- Comparison and truth --- */

RuntimeTest(whole_dicts, DIC_005_only_the_empty_dict_is_false) {
  weft_auto weft_object *empty = weft_dict_new(), *one = DICT(INT(1), INT(2));
  cr_assert(weft_is_true(empty) == 0 && weft_is_true(one) == 1);
  weft_dict_clear(one);
  cr_assert_eq(weft_is_true(one), 0);
}

RuntimeTest(whole_dicts, DIC_035_dicts_are_equal_by_their_items_in_any_order) {
  weft_auto weft_object *empty = weft_dict_new(), *a = DICT(INT(1), INT(2), STR("x"), FLOAT(3));
  weft_auto weft_object *b = DICT(STR("x"), INT(3), FLOAT(1), WEFT_NONE), *longer = tens(3);
  cr_assert(!equal(a, b) && weft_compare(a, b, WEFT_NE) == 1, "a value differs");
  set_new(b, INT(1), INT(2));
  cr_assert(equal(a, b) && equal(b, a) && weft_compare(a, b, WEFT_NE) == 0);
  cr_assert(!equal(a, empty) && !equal(a, longer) && !equal(empty, longer));
  delete_new(b, INT(1));
  set_new(b, INT(4), INT(2));
  cr_assert(!equal(a, b) && !equal(b, a), "a key differs");
}

RuntimeTest(whole_dicts, dicts_have_no_order_and_equal_nothing_else) {
  weft_auto weft_object *a = tens(1), *b = tens(2), *list = weft_list_new(), *empty = weft_dict_new();
  for (enum weft_compare_op op = WEFT_LT; op <= WEFT_GE; op++) {
    if (op == WEFT_EQ || op == WEFT_NE) continue;
    cr_assert(weft_compare(a, b, op) == -1 && raised(&weft_TypeError));
    cr_assert(weft_compare(a, list, op) == -1 && raised(&weft_TypeError));
  }
  cr_assert(!equal(empty, list) && !equal(empty, WEFT_NONE) && !equal(a, INT(1)));
}

RuntimeTest(whole_dicts, a_nan_equals_itself_in_a_dict) {
  weft_auto weft_object *nan = FLOAT(__builtin_nan("")), *other = FLOAT(__builtin_nan(""));
  weft_auto weft_object *a = DICT(INT(1), weft_new_ref(nan)), *b = DICT(INT(1), weft_new_ref(nan));
  weft_auto weft_object *c = DICT(INT(1), weft_new_ref(other));
  cr_assert(equal(a, b) && !equal(a, c));
}

/* --- Text --- */

RuntimeTest(whole_dicts, DIC_033_the_repr_is_in_braces_and_marks_a_dict_inside_itself) {
  weft_auto weft_object *empty = weft_dict_new(), *one = DICT(INT(1), INT(2)), *self = weft_dict_new();
  weft_auto weft_object *mixed = DICT(STR("it's"), weft_list_new(), TUPLE(INT(1)), DICT(WEFT_NONE, WEFT_TRUE));
  cr_assert(reads(empty, "{}") && reads(one, "{1: 2}"));
  cr_assert(reads(mixed, "{\"it's\": [], (1,): {None: True}}"));
  assert_text(weft_str(one), "{1: 2}");
  weft_dict_set(self, INT(1), self);
  weft_dict_set(self, INT(2), INT(3));
  cr_assert(reads(self, "{1: {...}, 2: 3}"));
  weft_auto weft_object *around = LIST(weft_new_ref(self), weft_new_ref(self));
  cr_assert(reads(around, "[{1: {...}, 2: 3}, {1: {...}, 2: 3}]"));
  weft_dict_clear(self);
}

static weft_object *nested_dict(int depth) {
  weft_object *o = weft_dict_new();
  for (int i = 1; i < depth; i++) o = DICT(INT(0), o);
  return o;
}

RuntimeTest(whole_dicts, a_deep_nest_is_a_recursion_error_and_dies_quietly) {
  weft_auto weft_object *deep = nested_dict(200000), *as_deep = nested_dict(200000);
  cr_assert(!weft_repr(deep) && raised(&weft_RecursionError));
  cr_assert(weft_compare(deep, as_deep, WEFT_EQ) == -1 && raised(&weft_RecursionError));
  cr_assert(weft_compare(deep, deep, WEFT_EQ) == 1, "identical objects are equal without asking");
}

RuntimeTest(whole_dicts, dicts_in_lists_in_dicts_nest_as_deeply) {
  weft_object *deep = weft_list_new();
  for (int i = 0; i < 100000; i++) deep = i % 2 ? LIST(deep) : DICT(TUPLE(INT(i)), deep);
  cr_assert(!weft_repr(deep) && raised(&weft_RecursionError));
  weft_decref(deep);
}

RuntimeTest(whole_dicts, a_deep_key_is_a_recursion_error_and_changes_nothing) {
  weft_auto weft_object *dict = tens(1), *deep = nested_tuple(100000);
  cr_assert(weft_dict_set(dict, deep, INT(1)) == -1 && raised(&weft_RecursionError));
  cr_assert(weft_dict_contains(dict, deep) == -1 && raised(&weft_RecursionError));
  cr_assert(reads(dict, "{0: 0}"));
}

RuntimeTest(whole_dicts, two_dicts_that_contain_each_other_compare_with_a_recursion_error) {
  weft_auto weft_object *a = weft_dict_new(), *b = weft_dict_new();
  weft_dict_set(a, INT(1), b);
  weft_dict_set(b, INT(1), a);
  cr_assert(weft_compare(a, b, WEFT_EQ) == -1 && raised(&weft_RecursionError));
  weft_dict_clear(a);
  weft_dict_clear(b);
}

/* --- As a mapping: the operations of every object --- */

RuntimeTest(whole_dicts, MAP_001_a_mapping_reads_alike_by_all_its_operations) {
  weft_auto weft_object *empty = weft_dict_new(), *full = DICT(STR("k1"), STR("v1"), STR("k2"), STR("v2"));
  weft_auto weft_object *k1 = STR("k1"), *k3 = STR("k3"), *list = weft_list_from(full);
  cr_assert(reads_new(weft_get_item(full, k1), "'v1'"));
  cr_assert(!weft_get_item(full, k3) && raised(&weft_KeyError) && !weft_get_item(empty, k1) && raised(&weft_KeyError));
  cr_assert(weft_length(empty) == 0 && weft_length(full) == 2);
  cr_assert(weft_contains(full, k1) == 1 && weft_contains(full, k3) == 0 && weft_contains(empty, k1) == 0);
  cr_assert(!equal(empty, full) && equal(full, full) && reads(list, "['k1', 'k2']"));
  check_dict(full);
  check_dict(empty);
}

RuntimeTest(whole_dicts, MAP_002_a_mapping_is_written_by_all_its_operations) {
  weft_auto weft_object *dict = weft_dict_new(), *a = STR("a"), *b = STR("b");
  cr_assert(weft_set_item(dict, a, INT(1)) == 0 && weft_set_item(dict, b, INT(2)) == 0);
  cr_assert(weft_set_item(dict, a, INT(3)) == 0 && reads(dict, "{'a': 3, 'b': 2}"));
  cr_assert(weft_set_item(dict, a, NULL) == 0 && reads(dict, "{'b': 2}"));
  cr_assert(weft_set_item(dict, a, NULL) == -1 && raised(&weft_KeyError));
  weft_auto weft_object *items = LIST(TUPLE(STR("c"), INT(4))), *kept = weft_dict_set_default(dict, b, INT(5));
  cr_assert(weft_dict_update(dict, items) == 0 && kept == INT(2) && reads(dict, "{'b': 2, 'c': 4}"));
  cr_assert(pop_new(dict, STR("b"), NULL) == INT(2) && pop_new(dict, STR("b"), INT(6)) == INT(6));
  cr_assert(!pop_new(dict, STR("b"), NULL) && raised(&weft_KeyError));
  cr_assert(reads_new(weft_dict_pop_item(dict), "('c', 4)") && reads(dict, "{}"));
}

RuntimeTest(whole_dicts, MAP_003_two_empty_mappings_are_equal) {
  weft_auto weft_object *a = weft_dict_new(), *b = weft_dict_new();
  set_new(b, INT(1), INT(1));
  delete_new(b, INT(1));
  cr_assert(equal(a, b) && equal(b, a));
}

RuntimeTest(whole_dicts, MAP_029_pop_item_empties_mappings_of_any_size) {
  for (int64_t n = 1; n <= 2048; n *= 2) {
    weft_auto weft_object *a = tens(n), *b = weft_dict_copy(a);
    for (int64_t left = n; left-- > 0;) {
      weft_auto weft_object *pair = weft_dict_pop_item(a), *of_b = weft_dict_pop_item(b);
      int64_t key = weft_int_value(weft_tuple_get_borrow(pair, 0));
      cr_assert(weft_int_value(weft_tuple_get_borrow(pair, 1)) == 10 * key && equal(pair, of_b));
      cr_assert_eq(contains_new(a, INT(key)), 0);
    }
    cr_assert(weft_dict_length(a) == 0 && weft_dict_length(b) == 0);
  }
}

RuntimeTest(whole_dicts, MAP_037_mappings_are_equal_by_content) {
  weft_auto weft_object *empty = weft_dict_new(), *one = DICT(INT(1), INT(2)), *same = DICT(INT(1), INT(2));
  cr_assert(equal(empty, empty) && equal(one, same) && !equal(empty, one) && !equal(one, empty));
}

RuntimeTest(whole_dicts, MAP_004_an_empty_mapping_is_false_and_a_full_one_true) {
  weft_auto weft_object *empty = weft_dict_new_sized(100), *full = DICT(WEFT_NONE, WEFT_NONE);
  cr_assert(weft_is_true(empty) == 0 && weft_is_true(full) == 1);
}

RuntimeTest(whole_dicts, MAP_006_the_values_of_an_empty_mapping_are_an_empty_list) {
  weft_auto weft_object *dict = weft_dict_new_sized(100);
  cr_assert(reads_new(weft_dict_values(dict), "[]"));
}

RuntimeTest(whole_dicts, MAP_007_the_items_of_an_emptied_mapping_are_an_empty_list) {
  weft_auto weft_object *dict = tens(20);
  weft_dict_clear(dict);
  cr_assert(reads_new(weft_dict_items(dict), "[]"));
}

RuntimeTest(whole_dicts, MAP_008_the_length_of_an_empty_mapping_is_zero) {
  weft_auto weft_object *dict = weft_dict_new_sized(100);
  cr_assert_eq(weft_length(dict), 0);
}

RuntimeTest(whole_dicts, MAP_009_a_key_gives_its_value_and_null_a_type_error) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1), STR("b"), INT(2)), *b = STR("b");
  cr_assert(weft_get_item(dict, b) == INT(2));
  cr_assert(!weft_get_item(dict, NULL) && raised(&weft_TypeError));
}

RuntimeTest(whole_dicts, MAP_015_two_mappings_are_distinct_objects) {
  weft_auto weft_object *a = weft_dict_new(), *b = weft_dict_new(), *xy = DICT(STR("x"), INT(1), STR("y"), INT(2));
  cr_assert(!weft_is(a, b) && reads(xy, "{'x': 1, 'y': 2}"));
}

RuntimeTest(whole_dicts, MAP_019_the_items_of_one_entry_are_one_pair) {
  weft_auto weft_object *dict = DICT(INT(1), INT(2));
  cr_assert(reads_new(weft_dict_items(dict), "[(1, 2)]"));
}

RuntimeTest(whole_dicts, MAP_020_a_mapping_contains_its_keys) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1), STR("b"), INT(2)), *a = STR("a"), *c = STR("c");
  cr_assert(weft_contains(dict, a) == 1 && weft_contains(dict, c) == 0);
  cr_assert(weft_contains(dict, NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(whole_dicts, MAP_023_a_cleared_mapping_equals_an_empty_one) {
  weft_auto weft_object *dict = DICT(INT(1), INT(1), INT(2), INT(2), INT(3), INT(3)), *empty = weft_dict_new();
  cr_assert(weft_dict_clear(dict) == 0 && equal(dict, empty));
}
