/* SPDX-License-Identifier: MIT */
/* dict: each operation by itself, with keys that need no hooks. */
#include "dict_support.h"

RuntimeSuite(dicts);

/* --- Making --- */

RuntimeTest(dicts, DIC_002_two_empty_dicts_are_equal_and_distinct) {
  weft_auto weft_object *a = weft_dict_new(), *b = weft_dict_new(), *c = weft_dict_new_sized(0);
  cr_assert(a != b && a != c && b != c);
  cr_assert(equal(a, b) && equal(a, c) && weft_compare(a, b, WEFT_NE) == 0);
}

RuntimeTest(dicts, CPD_003_new_gives_distinct_empty_dicts) {
  weft_auto weft_object *a = weft_dict_new(), *b = weft_dict_new();
  cr_assert(weft_type_of(a) == &weft_dict_type && weft_dict_length(a) == 0 && reads(a, "{}"));
  cr_assert_eq(set_new(a, INT(1), INT(2)), 0);
  cr_assert(reads(a, "{1: 2}") && reads(b, "{}"));
}

RuntimeTest(dicts, CPD_001_only_a_dict_is_one) {
  weft_auto weft_object *dict = weft_dict_new(), *list = weft_list_new(), *text = STR("dict");
  cr_assert(weft_dict_check(dict) && !weft_dict_check(list) && !weft_dict_check(text) && !weft_dict_check(WEFT_NONE));
}

RuntimeTest(dicts, a_dict_with_room_does_not_grow_before_it_is_full) {
  for (size_t n = 0; n < 3000; n = n * 3 / 2 + 1) {
    weft_auto weft_object *dict = weft_dict_new_sized(n);
    int64_t room = weft_dict_capacity(dict);
    cr_assert_geq(room, (int64_t)n);
    cr_assert_eq(weft_dict_length(dict), 0);
    for (size_t i = 0; i < n; i++) cr_assert_eq(set_new(dict, INT((int64_t)i * 7), WEFT_NONE), 0);
    cr_assert_eq(weft_dict_capacity(dict), room);
    check_dict(dict);
  }
}

RuntimeTest(dicts, absurd_room_is_a_memory_error) {
  const size_t absurd[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 16, (size_t)1 << 50};
  for (size_t i = 0; i < 4; i++) cr_assert(!weft_dict_new_sized(absurd[i]) && raised(&weft_MemoryError));
}

/* --- Setting and getting --- */

RuntimeTest(dicts, DIC_010_contains_tells_keys_from_others) {
  weft_auto weft_object *empty = weft_dict_new(), *two = DICT(STR("a"), INT(1), STR("b"), INT(2));
  cr_assert_eq(contains_new(empty, STR("a")), 0);
  cr_assert(contains_new(two, STR("a")) == 1 && contains_new(two, STR("b")) == 1 && contains_new(two, STR("c")) == 0);
  cr_assert_eq(contains_new(two, INT(1)), 0, "values are no keys");
}

RuntimeTest(dicts, DIC_011_the_length_is_the_number_of_keys) {
  weft_auto weft_object *empty = weft_dict_new(), *two = DICT(STR("a"), INT(1), STR("b"), INT(2));
  cr_assert(weft_dict_length(empty) == 0 && weft_dict_length(two) == 2);
}

RuntimeTest(dicts, CPD_007_what_has_no_size_is_a_type_error) {
  weft_auto weft_object *list = LIST(INT(1));
  weft_auto weft_object *three = tens(3);
  cr_assert(weft_dict_length(three) == 3 && weft_length(three) == 3);
  cr_assert(weft_dict_length(list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_length(NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(dicts, DIC_022_find_and_get_tell_what_is_missing) {
  weft_auto weft_object *empty = weft_dict_new(), *dict = DICT(STR("a"), INT(1), STR("b"), INT(2));
  weft_auto weft_object *a = STR("a"), *c = STR("c");
  weft_object *value = WEFT_NONE;
  cr_assert(weft_dict_find(empty, c, &value) == 0 && !value);
  value = WEFT_NONE;
  cr_assert(weft_dict_find(dict, c, &value) == 0 && !value);
  cr_assert(weft_dict_find(dict, a, &value) == 1 && value == INT(1));
  cr_assert(!weft_dict_get(empty, c) && raised_with(&weft_KeyError, "'c'"));
}

RuntimeTest(dicts, CPD_010_find_counts_what_it_finds) {
  weft_object *probe = probe_new(), *value;
  weft_auto weft_object *dict = DICT(STR("a"), weft_new_ref(probe)), *a = STR("a"), *b = STR("b");
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_dict_find(dict, a, &value) == 1 && value == probe && weft_refcount(probe) == 3);
  weft_decref(value);
  cr_assert(weft_dict_find(dict, b, &value) == 0 && !value);
  cr_assert(weft_dict_find(dict, list, &value) == -1 && !value && raised(&weft_TypeError));
  cr_assert(weft_dict_find(list, a, &value) == -1 && !value && raised(&weft_TypeError));
  cr_assert(weft_dict_find(dict, a, NULL) == 1 && weft_refcount(probe) == 2, "nothing is kept when nobody wants it");
  weft_decref(probe);
}

RuntimeTest(dicts, MAP_022_get_set_overwrite_and_delete) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1), STR("b"), INT(2));
  cr_assert(reads_new(get_new(dict, STR("a")), "1"));
  cr_assert_eq(set_new(dict, STR("c"), INT(3)), 0);
  cr_assert_eq(set_new(dict, STR("a"), INT(4)), 0);
  cr_assert(reads_new(get_new(dict, STR("c")), "3") && reads_new(get_new(dict, STR("a")), "4"));
  cr_assert_eq(delete_new(dict, STR("b")), 0);
  cr_assert(reads(dict, "{'a': 4, 'c': 3}"));
}

RuntimeTest(dicts, a_set_counts_key_and_value_and_a_delete_drops_both) {
  weft_object *key = probe_new(), *value = probe_new();
  weft_auto weft_object *dict = weft_dict_new();
  cr_assert_eq(weft_dict_set(dict, key, value), 0);
  cr_assert(weft_refcount(key) == 2 && weft_refcount(value) == 2);
  weft_object *got = weft_dict_get(dict, key);
  cr_assert(got == value && weft_refcount(value) == 3);
  weft_decref(got);
  cr_assert_eq(weft_dict_delete(dict, key), 0);
  cr_assert(weft_refcount(key) == 1 && weft_refcount(value) == 1);
  weft_decref(key);
  weft_decref(value);
  cr_assert_eq(freed(), 2);
}

RuntimeTest(dicts, the_first_of_equal_keys_stays_and_the_last_value) {
  weft_object *first = STR("key"), *second = STR("key"), *old = probe_new(), *new = probe_new();
  weft_auto weft_object *dict = weft_dict_new();
  weft_dict_set(dict, first, old);
  weft_decref(old);
  cr_assert_eq(weft_dict_set(dict, second, new), 0);
  cr_assert(freed() == 1 && weft_refcount(first) == 2 && weft_refcount(second) == 1 && weft_refcount(new) == 2);
  weft_auto weft_object *keys = weft_dict_keys(dict), *key = weft_list_get(keys, 0);
  cr_assert_eq(key, first);
  weft_decref(first);
  weft_decref(second);
  weft_decref(new);
}

RuntimeTest(dicts, numbers_that_are_equal_are_one_key_whatever_their_type) {
  weft_object *const ones[] = {INT(1), FLOAT(1.0), WEFT_TRUE};
  const char *const reprs[] = {"{1: 'second'}", "{1.0: 'second'}", "{True: 'second'}"};
  for (size_t i = 0; i < 3; i++) {
    for (size_t j = 0; j < 3; j++) {
      weft_auto weft_object *dict = DICT(weft_new_ref(ones[i]), STR("first"));
      cr_assert_eq(set_new(dict, weft_new_ref(ones[j]), STR("second")), 0);
      cr_assert(weft_dict_length(dict) == 1 && reads(dict, reprs[i]));
      for (size_t k = 0; k < 3; k++) cr_assert_eq(weft_dict_contains(dict, ones[k]), 1);
      cr_assert(contains_new(dict, STR("1")) == 0 && contains_new(dict, FLOAT(1.5)) == 0);
      cr_assert_eq(weft_dict_delete(dict, ones[(i + j) % 3]), 0);
      cr_assert_eq(weft_dict_length(dict), 0);
    }
  }
  weft_decref(ones[1]);
}

RuntimeTest(dicts, a_float_key_between_ints_and_strs_turns_the_table_over_and_loses_nothing) {
  weft_auto weft_object *dict = tens(20);
  for (int i = 0; i < 20; i++) set_new(dict, weft_str_format("%d", i), INT(i));
  for (int i = 0; i < 20; i++) cr_assert_eq(set_new(dict, FLOAT(i), INT(-i)), 0);
  cr_assert_eq(weft_dict_length(dict), 40);
  cr_assert_eq(set_new(dict, FLOAT(0.5), INT(7)), 0);
  cr_assert_eq(set_new(dict, weft_tuple_pack(1, INT(3)), INT(8)), 0);
  cr_assert_eq(weft_dict_length(dict), 42);
  for (int i = 0; i < 20; i++) {
    weft_auto weft_object *by_int = get_new(dict, INT(i)), *by_text = get_new(dict, weft_str_format("%d", i));
    cr_assert(weft_int_value(by_int) == -i && weft_int_value(by_text) == i);
  }
  check_dict(dict);
}

RuntimeTest(dicts, extreme_ints_are_different_keys) {
  const int64_t extremes[] = {INT64_MIN,
                              INT64_MIN + 1,
                              INT64_MAX,
                              INT64_MAX - 1,
                              0,
                              -1,
                              -2,
                              (1LL << 61) - 1,
                              1 - (1LL << 61),
                              1LL << 61,
                              -(1LL << 61),
                              1,
                              2,
                              3,
                              2 * ((1LL << 61) - 1),
                              -2 * ((1LL << 61) - 1)};
  enum { N = sizeof extremes / sizeof *extremes };
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < N; i++) set_new(dict, INT(extremes[i]), INT(i));
  cr_assert_eq(weft_dict_length(dict), N);
  for (int64_t i = 0; i < N; i++) {
    weft_auto weft_object *value = get_new(dict, INT(extremes[i]));
    cr_assert_eq(weft_int_value(value), i);
  }
}

RuntimeTest(dicts, a_nan_is_found_by_identity_only) {
  weft_auto weft_object *nan = FLOAT(__builtin_nan("")), *other = FLOAT(__builtin_nan(""));
  weft_auto weft_object *dict = weft_dict_new();
  weft_dict_set(dict, nan, INT(1));
  weft_dict_set(dict, other, INT(2));
  weft_dict_set(dict, nan, INT(3));
  cr_assert(reads(dict, "{nan: 3, nan: 2}"));
  cr_assert_eq(contains_new(dict, FLOAT(__builtin_nan(""))), 0);
}

RuntimeTest(dicts, texts_are_keys_by_what_they_say) {
  weft_auto weft_object *dict = weft_dict_new();
  const char *const texts[] = {"", "a", "aa", "\xc3\xa4", "a\xcc\x88", "\xf0\x9f\x98\x80"};
  for (int i = 0; i < 6; i++) set_new(dict, STR(texts[i]), INT(i));
  set_new(dict, weft_str_new_size("a\0b", 3), INT(6));
  set_new(dict, weft_str_new_size("a\0c", 3), INT(7));
  cr_assert_eq(weft_dict_length(dict), 8);
  for (int i = 0; i < 6; i++) cr_assert_eq(get_new(dict, STR(texts[i])), INT(i));
  cr_assert_eq(get_new(dict, weft_str_new_size("a\0c", 3)), INT(7));
}

RuntimeTest(dicts, DIC_043_the_missing_key_error_carries_a_tuple_unbroken) {
  weft_auto weft_object *dict = weft_dict_new(), *tuple = TUPLE(INT(1));
  cr_assert(!weft_dict_get(dict, tuple) && raised_with(&weft_KeyError, "(1,)"));
  cr_assert(weft_dict_delete(dict, tuple) == -1 && raised_with(&weft_KeyError, "(1,)"));
  cr_assert(!weft_dict_pop(dict, tuple, NULL) && raised_with(&weft_KeyError, "(1,)"));
}

RuntimeTest(dicts, CPD_019_set_default_keeps_what_there_is) {
  weft_object *first = probe_new(), *second = probe_new();
  weft_auto weft_object *dict = weft_dict_new(), *key = STR("a"), *list = weft_list_new();
  weft_object *got = weft_dict_set_default(dict, key, first), *again = weft_dict_set_default(dict, key, second);
  cr_assert(got == first && again == first);
  cr_assert(weft_refcount(first) == 4 && weft_refcount(second) == 1 && weft_dict_length(dict) == 1);
  cr_assert(!weft_dict_set_default(dict, list, first) && raised(&weft_TypeError));
  cr_assert(!weft_dict_set_default(list, key, first) && raised(&weft_TypeError));
  weft_object *const all[] = {first, second, got, again};
  for (int i = 0; i < 4; i++) weft_decref(all[i]);
}

RuntimeTest(dicts, MAP_028_appending_through_set_default_accumulates) {
  weft_auto weft_object *dict = weft_dict_new(), *key = STR("key");
  for (int i = 3; i < 5; i++) {
    weft_auto weft_object *fresh = weft_list_new(), *list = weft_dict_set_default(dict, key, fresh);
    weft_list_append(list, INT(i));
  }
  cr_assert(reads(dict, "{'key': [3, 4]}"));
}

/* --- Removing --- */

RuntimeTest(dicts, CPD_017_what_is_not_there_cannot_be_deleted) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1)), *list = weft_list_new(), *a = STR("a");
  cr_assert(weft_dict_delete(dict, a) == 0 && reads(dict, "{}"));
  cr_assert(weft_dict_delete(dict, a) == -1 && raised_with(&weft_KeyError, "'a'"));
  cr_assert(weft_dict_delete(dict, list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_delete(list, a) == -1 && raised(&weft_TypeError));
}

RuntimeTest(dicts, MAP_014_pop_removes_and_returns) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1)), *empty = weft_dict_new();
  cr_assert(pop_new(dict, STR("a"), NULL) == INT(1) && weft_dict_length(dict) == 0);
  cr_assert(!pop_new(dict, STR("a"), NULL) && raised(&weft_KeyError));
  cr_assert(!pop_new(empty, STR("a"), NULL) && raised(&weft_KeyError));
  cr_assert_eq(pop_new(empty, STR("a"), INT(7)), INT(7));
}

RuntimeTest(dicts, pop_gives_the_dicts_reference_to_the_caller) {
  weft_object *value = probe_new(), *otherwise = probe_new();
  weft_auto weft_object *dict = DICT(INT(1), weft_new_ref(value));
  weft_object *popped = weft_dict_pop(dict, INT(1), otherwise);
  cr_assert(popped == value && weft_refcount(value) == 2 && weft_refcount(otherwise) == 1);
  weft_decref(popped);
  popped = weft_dict_pop(dict, INT(1), otherwise);
  cr_assert(popped == otherwise && weft_refcount(otherwise) == 2);
  weft_object *const all[] = {value, otherwise, popped};
  for (int i = 0; i < 3; i++) weft_decref(all[i]);
}

RuntimeTest(dicts, DIC_026_pop_item_takes_the_last_one_first) {
  for (int64_t n = 1; n <= 2048; n *= 2) {
    weft_auto weft_object *dict = tens(n), *copy = weft_dict_copy(dict);
    for (int64_t i = n; i-- > 0;) {
      weft_auto weft_object *pair = weft_dict_pop_item(dict), *of_copy = weft_dict_pop_item(copy);
      cr_assert(weft_int_value(weft_tuple_get_borrow(pair, 0)) == i && equal(pair, of_copy));
      cr_assert_eq(weft_int_value(weft_tuple_get_borrow(pair, 1)), 10 * i);
      cr_assert(weft_dict_length(dict) == i && weft_dict_length(copy) == i);
    }
    cr_assert(!weft_dict_pop_item(dict) && raised(&weft_KeyError));
  }
}

RuntimeTest(dicts, MAP_013_pop_item_of_nothing_is_a_key_error) {
  weft_auto weft_object *dict = weft_dict_new();
  cr_assert(!weft_dict_pop_item(dict) && raised(&weft_KeyError));
  set_new(dict, INT(1), INT(1));
  delete_new(dict, INT(1));
  cr_assert(!weft_dict_pop_item(dict) && raised(&weft_KeyError));
}

RuntimeTest(dicts, pop_item_passes_over_what_has_been_deleted_and_takes_what_came_after) {
  weft_auto weft_object *dict = tens(6);
  for (int i = 3; i < 6; i++) delete_new(dict, INT(i));
  cr_assert(reads_new(weft_dict_pop_item(dict), "(2, 20)"));
  set_new(dict, INT(4), INT(44));
  cr_assert(reads(dict, "{0: 0, 1: 10, 4: 44}") && reads_new(weft_dict_pop_item(dict), "(4, 44)"));
  cr_assert(reads_new(weft_dict_pop_item(dict), "(1, 10)") && reads_new(weft_dict_pop_item(dict), "(0, 0)"));
}

/* A loop that looked at every entry for each pop would take minutes. */
RuntimeTest(dicts, popping_half_a_million_items_is_no_square) {
  weft_auto weft_object *dict = tens(500000);
  for (int64_t i = 500000; i-- > 1;) {
    weft_auto weft_object *pair = weft_dict_pop_item(dict);
    cr_assert_eq(weft_int_value(weft_tuple_get_borrow(pair, 0)), i);
    if (i % 2 == 0) { /* one comes and goes above what has been popped */
      cr_assert_eq(set_new(dict, INT(-1), WEFT_NONE), 0);
      weft_auto weft_object *gone = weft_dict_pop_item(dict); /* (-1, None); a repr takes long */
      cr_assert(weft_tuple_length(gone) == 2 && weft_int_value(weft_tuple_get_borrow(gone, 0)) == -1);
      cr_assert_eq(weft_tuple_get_borrow(gone, 1), WEFT_NONE);
    }
  }
  cr_assert(reads(dict, "{0: 0}"));
}

RuntimeTest(dicts, CPD_006_clear_empties_a_dict_which_can_be_filled_again) {
  weft_auto weft_object *dict = DICT(INT(1), probe_new(), probe_new(), INT(2)), *list = LIST(INT(1));
  cr_assert(weft_dict_clear(dict) == 0 && freed() == 2 && reads(dict, "{}"));
  cr_assert(weft_dict_clear(dict) == 0 && set_new(dict, INT(1), INT(2)) == 0 && reads(dict, "{1: 2}"));
  cr_assert(weft_dict_clear(list) == -1 && raised(&weft_TypeError) && weft_list_length(list) == 1);
}

RuntimeTest(dicts, DIC_045_filling_emptying_and_filling_again_finds_its_way) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int i = 0; i < 5; i++) set_new(dict, INT(i), INT(i));
  for (int i = 0; i < 5; i++) cr_assert_eq(delete_new(dict, INT(i)), 0);
  cr_assert(contains_new(dict, INT(7)) == 0 && contains_new(dict, INT(0)) == 0);
  for (int i = 5; i < 9; i++) set_new(dict, INT(i), INT(i));
  cr_assert(reads(dict, "{5: 5, 6: 6, 7: 7, 8: 8}"));
}

RuntimeTest(dicts, one_key_that_comes_and_goes_needs_no_more_room) {
  weft_auto weft_object *dict = tens(3);
  for (int i = 0; i < 100000; i++) {
    weft_auto weft_object *key = INT(1000 + i);
    cr_assert(weft_dict_set(dict, key, WEFT_NONE) == 0 && weft_dict_delete(dict, key) == 0);
  }
  cr_assert_leq(weft_dict_capacity(dict), 10);
  cr_assert(reads(dict, "{0: 0, 1: 10, 2: 20}"));
}

/* --- Order --- */

RuntimeTest(dicts, keys_stand_in_the_order_in_which_they_came) {
  weft_auto weft_object *dict = DICT(INT(3), INT(0), STR("x"), INT(1), FLOAT(2.5), INT(2), INT(1), INT(3));
  cr_assert(reads(dict, "{3: 0, 'x': 1, 2.5: 2, 1: 3}"));
  set_new(dict, INT(3), INT(9));
  cr_assert(reads(dict, "{3: 9, 'x': 1, 2.5: 2, 1: 3}"), "a new value leaves the key where it is");
  delete_new(dict, INT(3));
  set_new(dict, INT(3), INT(10));
  cr_assert(reads(dict, "{'x': 1, 2.5: 2, 1: 3, 3: 10}"), "one that went and came back is the last");
}

RuntimeTest(dicts, the_order_outlives_growth_and_deletions) {
  enum { N = 3000 };
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < N; i++) {
    set_new(dict, INT(i * 7919 % N), INT(i));
    if (i % 3 == 2) cr_assert_eq(delete_new(dict, INT((i - 1) * 7919 % N)), 0);
  }
  weft_auto weft_object *values = weft_dict_values(dict), *keys = weft_dict_keys(dict);
  int64_t n = 0;
  for (int64_t i = 0; i < N; i++) {
    if (i % 3 == 1) continue;
    weft_auto weft_object *key = weft_list_get(keys, n), *value = weft_list_get(values, n);
    cr_assert(weft_int_value(key) == i * 7919 % N && weft_int_value(value) == i);
    n++;
  }
  cr_assert_eq(weft_dict_length(dict), n);
  check_dict(dict);
}

/* --- Growth: rows GROW-04 and GROW-05 of the ledger --- */

RuntimeTest(dicts, growth_comes_with_the_key_after_two_thirds) {
  static const int64_t grows_at[] = {1, 6, 11, 22, 43, 86};
  enum { GROWTHS = sizeof grows_at / sizeof *grows_at };
  weft_auto weft_object *dict = weft_dict_new();
  int64_t room = weft_dict_capacity(dict);
  cr_assert_eq(room, 0);
  size_t growths = 0;
  for (int64_t n = 1; n <= 100; n++) {
    set_new(dict, INT(n), WEFT_NONE);
    int64_t now = weft_dict_capacity(dict);
    if (now == room) continue;
    cr_assert(growths < GROWTHS && n == grows_at[growths], "grows at key %d", (int)n);
    growths++;
    room = now;
  }
  cr_assert_eq(growths, GROWTHS);
}

RuntimeTest(dicts, the_number_of_cells_doubles) {
  weft_auto weft_object *dict = weft_dict_new();
  int64_t n = 0;
  for (int64_t cells = 8; cells <= 1 << 17; cells *= 2) {
    set_new(dict, INT(n++), WEFT_NONE);
    cr_assert_eq(weft_dict_capacity(dict), cells * 2 / 3);
    while (n < cells * 2 / 3) set_new(dict, INT(n++), WEFT_NONE);
    cr_assert_eq(weft_dict_capacity(dict), cells * 2 / 3);
  }
}

RuntimeTest(dicts, deleting_does_not_shrink_and_clear_does) {
  weft_auto weft_object *dict = tens(100);
  int64_t room = weft_dict_capacity(dict);
  for (int i = 0; i < 100; i++) {
    delete_new(dict, INT(i));
    cr_assert_eq(weft_dict_capacity(dict), room);
  }
  cr_assert_eq(weft_dict_length(dict), 0);
  weft_dict_clear(dict);
  cr_assert_eq(weft_dict_capacity(dict), 0);
}

RuntimeTest(dicts, popping_from_the_end_does_not_shrink_either) {
  weft_auto weft_object *dict = tens(100);
  int64_t room = weft_dict_capacity(dict);
  for (int i = 0; i < 100; i++) weft_decref(weft_dict_pop_item(dict));
  cr_assert(weft_dict_length(dict) == 0 && weft_dict_capacity(dict) == room);
}

/* --- Bad input --- */

RuntimeTest(dicts, what_is_no_dict_is_a_type_error) {
  weft_auto weft_object *tuple = TUPLE(INT(1)), *list = weft_list_new();
  weft_object *const others[] = {tuple, list, INT(1), WEFT_NONE, NULL};
  weft_object *value;
  weft_read_begin();
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    weft_object *o = others[i];
    cr_assert(weft_dict_length(o) == -1 && raised(&weft_TypeError));
    cr_assert(weft_dict_capacity(o) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_dict_get(o, INT(1)) && raised(&weft_TypeError));
    cr_assert(weft_dict_find(o, INT(1), &value) == -1 && !value && raised(&weft_TypeError));
    cr_assert(!weft_dict_peek(o, INT(1)) && raised(&weft_TypeError));
    cr_assert(weft_dict_contains(o, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_dict_set(o, INT(1), INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_dict_set_default(o, INT(1), INT(1)) && raised(&weft_TypeError));
    cr_assert(weft_dict_delete(o, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_dict_pop(o, INT(1), NULL) && raised(&weft_TypeError));
    cr_assert(!weft_dict_pop(o, INT(1), INT(2)) && raised(&weft_TypeError));
    cr_assert(!weft_dict_pop_item(o) && raised(&weft_TypeError));
    cr_assert(weft_dict_clear(o) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_dict_copy(o) && raised(&weft_TypeError));
    cr_assert(!weft_dict_iter_keys(o) && raised(&weft_TypeError));
    cr_assert(!weft_dict_iter_values(o) && raised(&weft_TypeError));
    cr_assert(!weft_dict_iter_items(o) && raised(&weft_TypeError));
  }
  weft_read_end();
}

RuntimeTest(dicts, CPD_022_lists_of_what_is_no_dict_are_type_errors) {
  weft_auto weft_object *list = LIST(INT(1)), *bare = weft_object_new(&weft_object_type, 0);
  weft_object *const others[] = {list, bare, WEFT_NONE, NULL};
  for (size_t i = 0; i < 4; i++) {
    cr_assert(!weft_dict_keys(others[i]) && raised(&weft_TypeError));
    cr_assert(!weft_dict_values(others[i]) && raised(&weft_TypeError));
    cr_assert(!weft_dict_items(others[i]) && raised(&weft_TypeError));
  }
}

RuntimeTest(dicts, a_null_key_or_value_is_a_type_error_and_changes_nothing) {
  weft_auto weft_object *dict = tens(2);
  weft_object *value;
  weft_read_begin();
  cr_assert(!weft_dict_get(dict, NULL) && raised(&weft_TypeError));
  cr_assert(weft_dict_find(dict, NULL, &value) == -1 && !value && raised(&weft_TypeError));
  cr_assert(weft_dict_find(dict, NULL, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_dict_peek(dict, NULL) && raised(&weft_TypeError));
  cr_assert(weft_dict_contains(dict, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_set(dict, NULL, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_set(dict, INT(7), NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_dict_set(dict, INT(0), NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_dict_set_default(dict, NULL, INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_dict_set_default(dict, INT(7), NULL) && raised(&weft_TypeError));
  cr_assert(weft_dict_delete(dict, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_dict_pop(dict, NULL, INT(1)) && raised(&weft_TypeError));
  cr_assert(weft_dict_update(dict, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_dict_from_keys(NULL, INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_dict_from_keys(dict, NULL) && raised(&weft_TypeError));
  cr_assert(weft_dict_set(NULL, NULL, NULL) == -1 && raised(&weft_TypeError));
  weft_read_end();
  cr_assert(reads(dict, "{0: 0, 1: 10}"));
}

RuntimeTest(dicts, CPD_013_an_unhashable_key_is_a_type_error_everywhere) {
  weft_auto weft_object *dict = tens(2), *list = LIST(INT(1)), *within = TUPLE(weft_list_new());
  weft_object *const unhashable[] = {list, dict, within};
  weft_object *value;
  weft_read_begin();
  for (size_t i = 0; i < 3; i++) {
    weft_object *key = unhashable[i];
    cr_assert(!weft_dict_get(dict, key) && raised_with(&weft_TypeError, "unhashable"));
    cr_assert(weft_dict_find(dict, key, &value) == -1 && !value && raised_with(&weft_TypeError, "unhashable"));
    cr_assert(!weft_dict_peek(dict, key) && raised_with(&weft_TypeError, "unhashable"));
    cr_assert(weft_dict_contains(dict, key) == -1 && raised_with(&weft_TypeError, "unhashable"));
    cr_assert(!weft_dict_set_default(dict, key, INT(1)) && raised_with(&weft_TypeError, "unhashable"));
    cr_assert(weft_dict_delete(dict, key) == -1 && raised_with(&weft_TypeError, "unhashable"));
    cr_assert(!weft_dict_pop(dict, key, INT(1)) && raised_with(&weft_TypeError, "unhashable"));
  }
  weft_read_end();
  cr_assert(reads(dict, "{0: 0, 1: 10}"));
}

RuntimeTest(dicts, CPD_015_set_refuses_what_cannot_be_a_key) {
  weft_auto weft_object *dict = weft_dict_new(), *list = weft_list_new();
  cr_assert(weft_dict_set(dict, INT(1), list) == 0 && reads(dict, "{1: []}"));
  cr_assert(weft_dict_set(dict, list, INT(1)) == -1 && raised_with(&weft_TypeError, "unhashable"));
  cr_assert(weft_dict_set(list, INT(1), INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(reads(dict, "{1: []}") && weft_refcount(list) == 2);
}

RuntimeTest(dicts, a_dict_is_unhashable) {
  weft_auto weft_object *dict = weft_dict_new();
  int64_t hash;
  cr_assert(weft_hash(dict, &hash) == -1 && raised_with(&weft_TypeError, "unhashable type: 'dict'"));
}

/* --- Peeking --- */

RuntimeTest(dicts, CPD_012_peek_borrows_and_an_unhashable_key_is_a_type_error) {
  weft_object *probe = probe_new();
  weft_auto weft_object *dict = DICT(INT(1), probe), *list = weft_list_new();
  weft_read_begin();
  cr_assert(weft_dict_peek(dict, INT(1)) == probe && weft_refcount(probe) == 1);
  cr_assert(!weft_dict_peek(dict, INT(2)) && !weft_error_borrow());
  cr_assert(!weft_dict_peek(dict, list) && raised(&weft_TypeError));
  cr_assert(!weft_dict_peek(list, INT(1)) && raised(&weft_TypeError));
  cr_assert_eq(weft_dict_delete(dict, INT(1)), 0);
  cr_assert_eq(freed(), 0, "what a bracket has seen stays until its end");
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(freed(), 1);
}

RuntimeTest(dicts, what_a_bracket_has_seen_outlives_every_way_to_let_go_of_it) {
  for (int way = 0; way < 6; way++) {
    weft_object *dict = DICT(INT(1), probe_new()), *value;
    weft_read_begin();
    cr_assert_not_null(value = weft_dict_peek(dict, INT(1)));
    switch (way) {
      case 0: set_new(dict, INT(1), INT(2)); break;
      case 1: weft_decref(weft_dict_pop(dict, INT(1), NULL)); break;
      case 2: weft_decref(weft_dict_pop_item(dict)); break;
      case 3: weft_dict_clear(dict); break;
      case 4: {
        weft_auto weft_object *other = DICT(INT(1), INT(2));
        weft_dict_update(dict, other);
        break;
      }
      default: weft_clear(&dict);
    }
    cr_assert(freed() == (uint32_t)way && weft_refcount(value) == 1);
    weft_read_end();
    weft_xdecref(dict);
    weft_synchronize();
    cr_assert_eq(freed(), (uint32_t)way + 1);
  }
}
