/* SPDX-License-Identifier: MIT */
/* dict: union, merging, keys in UTF-8, and what else CPython's tests of dicts and of its C functions ask for. */
#include "dict_support.h"
#include "faults_support.h"

RuntimeSuite(dict_more);

RuntimeTest(dict_more, DIC_004_a_union_has_the_values_of_the_right_one) {
  weft_auto weft_object *a = DICT(INT(0), INT(0), INT(1), INT(1), INT(2), INT(1)),
                        *b = DICT(INT(1), INT(1), INT(2), INT(2), INT(3), INT(3));
  weft_auto weft_object *ab = weft_or(a, b), *ba = weft_or(b, a);
  cr_assert(reads(ab, "{0: 0, 1: 1, 2: 2, 3: 3}") && reads(ba, "{1: 1, 2: 1, 3: 3, 0: 0}"));
  weft_auto weft_object *pairs = weft_dict_items(b), *text = STR("abc"), *none = WEFT_NONE;
  cr_assert(!weft_or(a, pairs) && raised(&weft_TypeError));
  cr_assert(!weft_or(none, a) && raised(&weft_TypeError));
  weft_auto weft_object *copy = weft_dict_copy(a), *with_dict = weft_in_place_or(copy, b);
  cr_assert(with_dict == copy && equal(copy, ab));
  weft_auto weft_object *other = weft_dict_copy(a), *with_pairs = weft_in_place_or(other, pairs);
  cr_assert(with_pairs == other && equal(other, ab));
  cr_assert(!weft_in_place_or(a, none) && raised(&weft_TypeError));
  cr_assert(!weft_in_place_or(a, text) && raised(&weft_ValueError));
  cr_assert(reads(a, "{0: 0, 1: 1, 2: 1}"));
}

RuntimeTest(dict_more, DIC_013_a_cleared_dict_is_empty) {
  weft_auto weft_object *dict = tens(3);
  cr_assert(weft_dict_clear(dict) == 0 && reads(dict, "{}"));
  cr_assert(weft_dict_clear(INT(1)) == -1 && raised(&weft_TypeError));
}

static weft_object *set_to_clear;
static void clear_set(hooked *a, hooked *b) {
  (void)a, (void)b;
  weft_set_clear(set_to_clear);
}

RuntimeTest(dict_more, DIC_069_a_comparison_that_clears_the_set_of_keys) {
  weft_auto weft_object *set = set_to_clear = weft_set_new();
  for (int i = 0; i < 10; i++) {
    weft_auto weft_object *key = hooked_new(1, i);
    cr_assert_eq(weft_set_add(set, key), 0);
  }
  at_comparison = clear_set;
  weft_auto weft_object *dict = weft_dict_from_keys(set, WEFT_NONE);
  at_comparison = NULL;
  cr_assert(dict || raised(&weft_RuntimeError));
  cr_assert_eq(weft_set_length(set), 0);
}

/* --- Mappings --- */

RuntimeTest(dict_more, MAP_012_a_default_is_set_only_where_there_is_none) {
  weft_auto weft_object *dict = weft_dict_new(), *key = STR("key"), *list = LIST(INT(3));
  cr_assert_eq(weft_dict_set_default(dict, key, WEFT_NONE), WEFT_NONE);
  cr_assert_eq(weft_dict_set_default(dict, key, list), WEFT_NONE);
  cr_assert(!weft_dict_set_default(dict, NULL, list) && raised(&weft_TypeError));
  cr_assert(!weft_dict_set_default(dict, key, NULL) && raised(&weft_TypeError));
}

RuntimeTest(dict_more, MAP_016_only_the_empty_mapping_is_false) {
  weft_auto weft_object *one = tens(1), *empty = weft_dict_new();
  cr_assert(weft_is_true(one) == 1 && weft_is_true(empty) == 0);
}

RuntimeTest(dict_more, MAP_021_the_length_counts_the_keys) {
  weft_auto weft_object *empty = weft_dict_new(), *two = DICT(STR("a"), INT(1), STR("b"), INT(2));
  cr_assert(weft_length(empty) == 0 && weft_length(two) == 2);
}

/* --- C functions. Where CPython has SystemError for misuse from C, Weft has TypeError. --- */

static const char wrong[] = "\xff";

RuntimeTest(dict_more, CPD_014_is_a_text_a_key) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1), STR("\xf0\x90\x80\x80"), INT(2));
  cr_assert(weft_dict_contains_text(dict, "a") == 1 && weft_dict_contains_text(dict, "\xf0\x90\x80\x80") == 1);
  cr_assert_eq(weft_dict_contains_text(dict, "c"), 0);
  cr_assert(weft_dict_contains_text(dict, wrong) == -1 && raised(&weft_ValueError));
  cr_assert(weft_dict_contains_text(INT(1), "a") == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_contains_text(dict, NULL) == -1 && raised(&weft_TypeError));
}

static weft_object *get_item_lies(weft_object *self, weft_object *key) {
  (void)self, (void)key;
  return weft_new_ref(WEFT_NONE);
}
static int set_item_lies(weft_object *self, weft_object *key, weft_object *value) {
  (void)self, (void)key, (void)value;
  return 0;
}
static weft_object *lying(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "lying", .base = &weft_dict_type, .get_item = get_item_lies, .set_item = set_item_lies});
  return weft_call((weft_object *)(uintptr_t)type, NULL, 0);
}

RuntimeTest(dict_more, CPD_016_a_value_is_set_by_a_text) {
  weft_auto weft_object *dict = weft_dict_new(), *derived = lying();
  cr_assert(weft_dict_set_text(dict, "a", INT(5)) == 0 && weft_dict_set_text(dict, "\xf0\x90\x80\x80", INT(6)) == 0);
  cr_assert(reads(dict, "{'a': 5, '\xf0\x90\x80\x80': 6}"));
  cr_assert(weft_dict_set_text(derived, "a", INT(7)) == 0 && weft_dict_get_text(derived, "a") == INT(7));
  cr_assert(weft_dict_set_text(dict, wrong, INT(5)) == -1 && raised(&weft_ValueError));
  cr_assert(weft_dict_set_text(INT(1), "a", INT(5)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_set_text(dict, "a", NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(dict_more, CPD_018_a_key_is_deleted_by_a_text) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1), STR("\xf0\x90\x80\x80"), INT(2));
  cr_assert(weft_dict_delete_text(dict, "a") == 0 && weft_dict_delete_text(dict, "\xf0\x90\x80\x80") == 0);
  cr_assert(reads(dict, "{}") && weft_dict_delete_text(dict, "a") == -1 && raised(&weft_KeyError));
  cr_assert(weft_dict_delete_text(dict, wrong) == -1 && raised(&weft_ValueError));
  cr_assert(weft_dict_delete_text(INT(1), "a") == -1 && raised(&weft_TypeError));
}

RuntimeTest(dict_more, CPD_028_a_key_is_popped_by_a_text) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1), STR("\xf0\x90\x80\x80"), INT(2));
  cr_assert_eq(weft_dict_pop_text(dict, "\xf0\x90\x80\x80", NULL), INT(2));
  cr_assert_eq(weft_dict_pop_text(dict, "a", NULL), INT(1));
  cr_assert_eq(weft_dict_pop_text(dict, "a", INT(9)), INT(9));
  cr_assert(!weft_dict_pop_text(dict, "a", NULL) && raised(&weft_KeyError));
  cr_assert(!weft_dict_pop_text(dict, wrong, NULL) && raised(&weft_ValueError));
  cr_assert(!weft_dict_pop_text(INT(1), "a", NULL) && raised(&weft_TypeError));
}

RuntimeTest(dict_more, a_value_is_found_by_a_text) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1));
  weft_object *value;
  cr_assert(weft_dict_find_text(dict, "a", &value) == 1 && value == INT(1));
  cr_assert(weft_dict_find_text(dict, "b", &value) == 0 && !value && weft_dict_find_text(dict, "a", NULL) == 1);
  cr_assert(weft_dict_find_text(dict, wrong, &value) == -1 && raised(&weft_ValueError));
  cr_assert(!weft_dict_get_text(dict, "b") && raised(&weft_KeyError));
  cr_assert(!weft_dict_get_text(INT(1), "b") && raised(&weft_TypeError));
}

RuntimeTest(dict_more, CPD_020_a_default_that_is_set_is_reported) {
  weft_auto weft_object *dict = weft_dict_new(), *key = STR("key"), *a = FLOAT(1), *b = FLOAT(2),
                        *list = weft_list_new();
  weft_auto weft_object *first = weft_dict_set_default(dict, key, a), *second = weft_dict_set_default(dict, key, b);
  cr_assert(first == a && second == a && weft_dict_length(dict) == 1);
  cr_assert(!weft_dict_set_default(dict, list, a) && raised(&weft_TypeError));
  cr_assert(!weft_dict_set_default(INT(1), key, a) && raised(&weft_TypeError));
}

RuntimeTest(dict_more, CPD_025_a_merge_keeps_or_replaces_what_is_there) {
  weft_auto weft_object *a = DICT(INT(1), INT(2)), *b = DICT(INT(1), INT(3), INT(4), INT(5)),
                        *pairs = weft_dict_items(b);
  weft_auto weft_object *keeps = weft_dict_copy(a), *replaces = weft_dict_copy(a);
  cr_assert(weft_dict_merge(keeps, b, false) == 0 && reads(keeps, "{1: 2, 4: 5}"));
  cr_assert(weft_dict_merge(replaces, b, true) == 0 && reads(replaces, "{1: 3, 4: 5}"));
  cr_assert(weft_dict_merge(keeps, keeps, true) == 0 && reads(keeps, "{1: 2, 4: 5}"));
  cr_assert(weft_dict_merge(a, pairs, false) == -1 && raised(&weft_AttributeError));
  cr_assert(weft_dict_merge(a, INT(42), true) == -1 && raised(&weft_AttributeError));
  cr_assert(weft_dict_merge(a, NULL, true) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_merge(INT(1), b, true) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_merge(NULL, b, true) == -1 && raised(&weft_TypeError));
  cr_assert(reads(a, "{1: 2}"));
}

static bool scenario_texts_and_views(void) {
  weft_auto weft_object *dict = weft_dict_new(), *other = dict ? weft_dict_new() : NULL;
  if (!other || weft_dict_set_text(dict, "a", INT(1)) < 0 || weft_dict_set_text(other, "b", INT(2)) < 0) return false;
  if (weft_dict_merge(dict, other, false) < 0 || weft_dict_contains_text(dict, "b") < 0) return false;
  weft_auto weft_object *keys = weft_dict_view_keys(dict), *others = keys ? weft_dict_view_keys(other) : NULL;
  weft_auto weft_object *both = others ? weft_and(keys, others) : NULL, *text = both ? weft_repr(keys) : NULL;
  return text && weft_compare(keys, both, WEFT_GE) >= 0;
}

RuntimeTest(dict_more, without_memory_nothing_is_lost) { fail_everywhere(scenario_texts_and_views); }
