/* SPDX-License-Identifier: MIT */
/* set and frozenset: making, single keys, size, hash, text. */
#include "set_support.h"

#include "runtime/set_table_internal.h"

RuntimeSuite(sets);

static bool reads(weft_object *o, const char *text) {
  char got[4096];
  text_of(weft_repr(o), got, sizeof got);
  if (strcmp(got, text) != 0) fprintf(stderr, "the repr is %s, not %s\n", got, text);
  return strcmp(got, text) == 0;
}

/* --- Making --- */

RuntimeTest(sets, CPS_007_a_set_is_made_of_nothing_a_tuple_or_a_list_with_duplicates) {
  weft_auto weft_object *empty = weft_set_new();
  weft_auto weft_object *tuple = TUPLE(INT(1), INT(2), INT(3), INT(2));
  weft_auto weft_object *list = LIST(INT(1), INT(2), INT(3), INT(1));
  weft_auto weft_object *bad = LIST(INT(1), weft_list_new());
  cr_assert(weft_set_length(empty) == 0 && weft_set_check(empty));
  cr_assert(same(weft_set_from(tuple), INTS(1, 2, 3)) && same(weft_set_from(list), INTS(1, 2, 3)));
  cr_assert(!weft_set_from(INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_set_from(NULL) && raised(&weft_TypeError));
  cr_assert(!weft_set_from(bad) && raised_with(&weft_TypeError, "unhashable type: 'list'"));
}

RuntimeTest(sets, CPS_008_so_is_a_frozenset) {
  weft_auto weft_object *empty = weft_frozenset_new();
  weft_auto weft_object *tuple = TUPLE(INT(1), INT(2), INT(3), INT(2));
  weft_auto weft_object *bad = LIST(INT(1), weft_list_new());
  weft_auto weft_object *made = weft_frozenset_from(tuple);
  cr_assert(weft_set_length(empty) == 0 && weft_frozenset_check(empty) && weft_frozenset_check(made));
  cr_assert(same(weft_new_ref(made), INTS(1, 2, 3)));
  cr_assert(!weft_frozenset_from(INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_frozenset_from(NULL) && raised(&weft_TypeError));
  cr_assert(!weft_frozenset_from(bad) && raised(&weft_TypeError));
}

RuntimeTest(sets, CPS_001_a_check_tells_sets_from_frozensets) {
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *frozenset = weft_frozenset_new();
  cr_assert(weft_set_check(set) && !weft_set_check(frozenset) && !weft_set_check(WEFT_NONE));
}
RuntimeTest(sets, CPS_004_a_check_tells_frozensets_from_sets) {
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *frozenset = weft_frozenset_new();
  cr_assert(!weft_frozenset_check(set) && weft_frozenset_check(frozenset) && !weft_frozenset_check(WEFT_NONE));
}
RuntimeTest(sets, CPS_006_a_check_tells_both_from_anything_else) {
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *frozenset = weft_frozenset_new();
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_any_set_check(set) && weft_any_set_check(frozenset) && !weft_any_set_check(list));
}

RuntimeTest(sets, SET_028_a_set_of_a_set_is_another_one) {
  weft_auto weft_object *set = INTS(1, 2);
  weft_auto weft_object *other = weft_set_from(set);
  cr_assert(other != set && equal(other, set));
}
RuntimeTest(sets, SET_057_a_frozenset_of_a_frozenset_is_itself) {
  weft_auto weft_object *set = frozen(INTS(1, 2));
  weft_auto weft_object *other = weft_frozenset_from(set);
  cr_assert_eq(other, set);
}
RuntimeTest(sets, SET_059_the_copy_of_a_frozenset_is_itself) {
  weft_auto weft_object *set = frozen(INTS(1, 2));
  weft_auto weft_object *copy = weft_set_copy(set);
  cr_assert_eq(copy, set);
}
RuntimeTest(sets, SET_166_a_copy_holds_the_identical_keys) {
  weft_auto weft_object *key = TUPLE(STR("one"), INT(100000));
  weft_auto weft_object *nested = frozen(INTS(1));
  for (size_t n = 0; n <= 2; n++) {
    weft_auto weft_object *set = set_of(n, (weft_object *[]){key, nested});
    weft_auto weft_object *copy = weft_set_copy(set);
    cr_assert(copy != set && equal(copy, set));
    weft_auto weft_object *iterator = weft_iter(copy);
    for (weft_object *o; (o = weft_next(iterator)); weft_decref(o)) cr_assert(o == key || o == nested);
  }
  cr_assert(!weft_set_copy(WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(!weft_set_copy(NULL) && raised(&weft_TypeError));
}
RuntimeTest(sets, SET_029_sets_built_in_different_ways_are_equal) {
  weft_auto weft_object *list = LIST(INT(1), INT(2), INT(3));
  cr_assert(same(weft_set_from(list), INTS(3, 2, 1)));
}
RuntimeTest(sets, SET_098_a_set_is_made_of_list_dict_tuple_set_and_iterator) {
  weft_auto weft_object *list = LIST(STR("a"), STR("b"));
  weft_auto weft_object *tuple = TUPLE(STR("b"), STR("a"), STR("a"));
  weft_auto weft_object *dict = weft_dict_from_keys(list, WEFT_NONE);
  weft_auto weft_object *iterator = weft_iter(list);
  weft_object *const all[] = {list, tuple, dict, iterator};
  for (size_t i = 0; i < 4; i++) cr_assert(same(weft_set_from(all[i]), word("ab")), "%zu", i);
}

RuntimeTest(sets, a_set_counts_its_keys_once) {
  weft_object *probe = probe_new();
  weft_object *set = set_of(1, &probe);
  weft_object *copy = weft_set_copy(set);
  cr_assert_eq(weft_set_add(set, probe), 0);
  cr_assert_eq(weft_refcount(probe), 3);
  weft_decref(probe);
  weft_decref(copy);
  weft_decref(set);
  cr_assert_eq(freed(), 1);
}

/* --- Single keys --- */

RuntimeTest(sets, CPS_010_the_length_is_the_number_of_different_keys) {
  weft_auto weft_object *empty = weft_set_new();
  weft_auto weft_object *two = INTS(1, 1, 2);
  cr_assert(weft_set_length(empty) == 0 && weft_set_length(two) == 2 && weft_length(two) == 2);
  cr_assert(weft_is_true(empty) == 0 && weft_is_true(two) == 1);
  cr_assert(weft_set_length(INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_length(NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(sets, CPS_011_contains_finds_members_of_both_kinds) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *frozenset = weft_frozenset_from(set);
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 2; i++) {
    weft_object *o = i ? frozenset : set;
    cr_assert(has(o, STR("a")) && has(o, STR("c")) && !has(o, STR("d")) && !has(o, INT(1)) && !has(o, FLOAT(1)));
    cr_assert(weft_set_contains(o, list) == -1 && raised(&weft_TypeError));
    cr_assert(weft_set_contains(o, NULL) == -1 && raised(&weft_TypeError));
  }
  cr_assert(weft_set_contains(list, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_contains(NULL, INT(1)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(sets, CSL_002_weft_set_contains_does_not_take_a_set_for_a_frozenset) {
  weft_auto weft_object *inner = INTS(1);
  weft_auto weft_object *set = SET(frozen(INTS(1)));
  cr_assert(weft_set_contains(set, inner) == -1 && raised_with(&weft_TypeError, "unhashable type: 'set'"));
}

RuntimeTest(sets, SET_004_weft_contains_looks_a_set_up_as_the_equal_frozenset) {
  weft_auto weft_object *inner = INTS(1, 2, 3);
  weft_auto weft_object *other = INTS(1, 2);
  weft_auto weft_object *list = weft_list_new();
  weft_auto weft_object *set = SET(frozen(INTS(3, 2, 1)), INT(7));
  cr_assert(weft_contains(set, inner) == 1 && weft_contains(set, other) == 0 && weft_contains(set, INT(7)) == 1);
  cr_assert(weft_contains(set, list) == -1 && raised(&weft_TypeError));
}

RuntimeTest(sets, CPS_012_add_gives_0_also_for_what_is_there) {
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *frozenset = weft_frozenset_new();
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_set_add(set, INT(1)) == 0 && weft_set_add(set, INT(1)) == 0 && weft_set_length(set) == 1);
  cr_assert(weft_set_add(set, list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_add(set, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_add(frozenset, INT(1)) == -1 && raised_with(&weft_TypeError, "expected set, got frozenset"));
  cr_assert(weft_set_add(list, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_add(NULL, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert_eq(weft_set_length(frozenset), 0);
}

RuntimeTest(sets, SET_035_add_twice_adds_once_and_the_first_of_equal_keys_stays) {
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *first = FLOAT(1);
  cr_assert(weft_set_add(set, first) == 0 && weft_set_add(set, INT(1)) == 0);
  cr_assert(weft_set_length(set) == 1 && has(set, INT(1)));
  weft_auto weft_object *only = weft_set_pop(set);
  cr_assert_eq(only, first);
}

RuntimeTest(sets, CPS_013_discard_gives_1_for_a_key_and_0_for_none) {
  weft_auto weft_object *set = INTS(1, 2);
  weft_auto weft_object *frozenset = frozen(INTS(1));
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_set_discard(set, INT(1)) == 1 && weft_set_discard(set, INT(1)) == 0 && weft_set_length(set) == 1);
  cr_assert(weft_set_discard(set, list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_discard(set, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_discard(frozenset, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_discard(list, INT(1)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(sets, SET_036_remove_of_what_is_not_there_is_a_key_error) {
  weft_auto weft_object *set = SET(STR("a"), frozen(INTS(1, 2)));
  weft_auto weft_object *inner = INTS(2, 1);
  weft_auto weft_object *list = weft_list_new();
  weft_auto weft_object *frozenset = frozen(INTS(1));
  weft_auto weft_object *a = STR("a");
  cr_assert(weft_set_remove(set, inner) == 0 && weft_set_remove(set, a) == 0 && weft_set_length(set) == 0);
  cr_assert(weft_set_remove(set, a) == -1 && raised_with(&weft_KeyError, "'a'"));
  cr_assert(weft_set_remove(set, list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_remove(frozenset, INT(1)) == -1 && raised(&weft_TypeError));
}
RuntimeTest(sets, SET_037_the_key_error_carries_a_tuple_unbroken) {
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *tuple = TUPLE(INT(1), INT(2));
  cr_assert(weft_set_remove(set, tuple) == -1 && raised_with(&weft_KeyError, "(1, 2)"));
}
RuntimeTest(sets, SET_038_the_key_error_carries_the_set) {
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *inner = INTS(3);
  cr_assert(weft_set_remove(set, inner) == -1 && raised_with(&weft_KeyError, "{3}"));
}
RuntimeTest(sets, SET_039_discard_takes_a_set_for_the_frozenset) {
  weft_auto weft_object *set = SET(frozen(INTS(1, 2)));
  weft_auto weft_object *inner = INTS(2, 1);
  cr_assert(weft_set_discard(set, inner) == 1 && weft_set_discard(set, inner) == 0);
  cr_assert(weft_set_discard(set, set) == 0);
}
RuntimeTest(sets, SET_052_a_set_stands_for_its_frozenset) {
  weft_auto weft_object *inner = weft_set_new();
  weft_auto weft_object *set = SET(frozen(weft_set_new()));
  cr_assert_eq(weft_contains(set, inner), 1);
  cr_assert_eq(weft_set_add(inner, INT(1)), 0);
  cr_assert_eq(weft_contains(set, inner), 0);
  cr_assert(weft_set_discard(set, inner) == 0 && weft_set_remove(set, inner) == -1 && raised(&weft_KeyError));
}

RuntimeTest(sets, CPS_014_pop_gives_each_key_and_then_a_key_error) {
  weft_auto weft_object *set = word("ab");
  weft_auto weft_object *frozenset = frozen(INTS(1));
  weft_auto weft_object *a = weft_set_pop(set);
  weft_auto weft_object *b = weft_set_pop(set);
  cr_assert(a && b && !equal(a, b));
  cr_assert(!weft_set_pop(set) && raised_with(&weft_KeyError, "pop from an empty set"));
  cr_assert(!weft_set_pop(frozenset) && raised(&weft_TypeError));
  cr_assert(!weft_set_pop(WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(!weft_set_pop(NULL) && raised(&weft_TypeError));
}
RuntimeTest(sets, SET_147_popping_a_large_set_gives_every_key_once_in_linear_time) {
  enum { N = 200000 };
  weft_auto weft_object *set = weft_set_new();
  for (int64_t i = 0; i < N; i++) cr_assert_eq(add_int(set, i), 0);
  int64_t sum = 0;
  for (int64_t i = 0; i < N; i++) {
    weft_auto weft_object *key = weft_set_pop(set);
    sum += weft_int_value(key);
  }
  cr_assert(weft_set_length(set) == 0 && sum == (int64_t)N * (N - 1) / 2);
}

RuntimeTest(sets, CPS_015_clear_may_be_repeated) {
  weft_auto weft_object *set = INTS(1, 2);
  weft_auto weft_object *frozenset = frozen(INTS(1));
  cr_assert(weft_set_clear(set) == 0 && weft_set_length(set) == 0 && weft_set_clear(set) == 0);
  cr_assert(weft_set_clear(frozenset) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_clear(WEFT_NONE) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_clear(NULL) == -1 && raised(&weft_TypeError));
}
RuntimeTest(sets, SET_033_clear_empties_small_and_large_sets) {
  for (int64_t n = 1; n < 2000; n *= 3) {
    weft_auto weft_object *set = weft_set_new();
    for (int64_t i = 0; i < n; i++) cr_assert_eq(add_int(set, i), 0);
    cr_assert(weft_set_clear(set) == 0 && weft_set_length(set) == 0 && !has(set, INT(0)));
    cr_assert(weft_set_add(set, INT(5)) == 0 && has(set, INT(5)) && weft_set_length(set) == 1);
    cr_assert_eq(weft_set_capacity(set), 4);
  }
}

RuntimeTest(sets, SET_054_colliding_keys_are_removed_and_added) {
  keys_start();
  weft_auto weft_object *set = keys_from(50, 5);
  weft_auto weft_object *one = KEY(51);
  weft_auto weft_object *last = KEY(54);
  cr_assert(weft_set_discard(set, one) == 1 && weft_set_contains(set, one) == 0 && weft_set_contains(set, last) == 1);
  cr_assert(weft_set_add(set, one) == 0 && weft_set_length(set) == 5 && weft_set_contains(set, one) == 1);
  cr_assert(weft_set_add(set, last) == 0 && weft_set_length(set) == 5);
}

RuntimeTest(sets, SET_139_keys_come_and_go) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *d = STR("d");
  cr_assert(weft_set_add(set, d) == 0 && same(weft_new_ref(set), word("abcd")));
}
RuntimeTest(sets, SET_141_remove_takes_one_key_out) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *b = STR("b");
  cr_assert(weft_set_remove(set, b) == 0 && same(weft_new_ref(set), word("ac")));
}
RuntimeTest(sets, SET_143_removing_all_keys_lowers_the_length_to_0) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *list = letters("abc");
  for (int64_t i = 0; i < 3; i++) {
    weft_auto weft_object *letter = weft_list_get(list, i);
    cr_assert(weft_set_remove(set, letter) == 0 && weft_set_length(set) == 2 - i);
  }
}
RuntimeTest(sets, SET_145_discard_of_nothing_changes_nothing) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *d = STR("d");
  cr_assert(weft_set_discard(set, d) == 0 && same(weft_new_ref(set), word("abc")));
}

/* Against a table of what should be there. */
RuntimeTest(sets, many_operations_on_few_keys_agree_with_a_model) {
  enum { KEYS = 60 };
  bool model[KEYS] = {false};
  int64_t size = 0;
  uint64_t chance = 1;
  weft_auto weft_object *set = weft_set_new();
  for (int i = 0; i < 200000; i++) {
    chance = chance * UINT64_C(6364136223846793005) + 1;
    size_t k = chance >> 33 & 0xFFFF, what = chance >> 60;
    weft_auto weft_object *key = INT((int64_t)(k %= KEYS) * 1000003);
    if (what == 0 && i % 97 == 0) {
      cr_assert_eq(weft_set_clear(set), 0);
      memset(model, 0, sizeof model);
      size = 0;
    } else if (what < 7) {
      cr_assert_eq(weft_set_add(set, key), 0);
      size += !model[k];
      model[k] = true;
    } else if (what < 13) {
      cr_assert_eq(weft_set_discard(set, key), model[k]);
      size -= model[k];
      model[k] = false;
    } else {
      cr_assert_eq(weft_set_contains(set, key), model[k]);
    }
    cr_assert_eq(weft_set_length(set), size);
  }
  cr_assert_lt(weft_set_capacity(set), 1000, "deleted keys make no table grow for good");
}

/* --- Size --- */

RuntimeTest(sets, a_set_grows_at_5_19_77_and_307_keys) {
  static const int64_t grows_at[] = {5, 19, 77, 307};
  weft_auto weft_object *set = weft_set_new();
  size_t grown = 0;
  for (int64_t i = 1; i <= 400; i++) {
    int64_t before = weft_set_capacity(set);
    cr_assert_eq(add_int(set, i), 0);
    if (weft_set_capacity(set) == before) continue;
    cr_assert(grown < 4 && i == grows_at[grown++], "at %d", (int)i);
    cr_assert_eq(before, i - 1);
  }
  cr_assert_eq(grown, 4);
  cr_assert(weft_set_capacity(INT(1)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(sets, a_set_of_up_to_4_keys_has_no_memory_of_its_own) {
  weft_heap_stats before, after;
  weft_heap_get_stats(&before);
  weft_auto weft_object *set = INTS(1, 2, 3, 4);
  weft_heap_get_stats(&after);
  cr_assert_eq(after.blocks, before.blocks + 1);
  cr_assert_leq(weft_set_type.spec.basic_size, 232);
  cr_assert_gt(weft_set_type.spec.basic_size, weft_dict_type.spec.basic_size);
  for (int64_t i = 0; i < 100000; i++) {
    weft_auto weft_object *key = INT(i);
    cr_assert(weft_set_clear(set) == 0 || weft_set_discard(set, key) >= 0);
    cr_assert_eq(weft_set_add(set, key), 0);
  }
  weft_heap_get_stats(&after);
  cr_assert_leq(after.blocks, before.blocks + 2);
}

/* The entries that are looked at while 600 keys come into a table of 2^10, with 100 different secrets. */
static size_t looks_of(uint64_t (*hash_of_number)(uint64_t)) {
  static struct {
    struct weft__set_table head;
    struct weft__set_entry entries[1 << 10];
  } t;
  const uint64_t secret = weft__table_key;
  size_t looks = 0;
  for (uint64_t round = 1; round <= 100; round++) {
    memset(&t, 0, sizeof t);
    t.head.bits = 10;
    weft__table_key = (round * UINT64_C(0xbf58476d1ce4e5b9) ^ round << 40) | 1;
    for (uint64_t i = 0; i < 600; i++) {
      struct weft__set_probe p = weft__set_probe_start(&t.head, hash_of_number(i));
      for (looks++; t.entries[p.i].key; looks++) weft__set_probe_next(&p, &t.head);
      t.entries[p.i].key = WEFT_NONE;
    }
  }
  weft__table_key = secret;
  return looks;
}
static uint64_t in_a_row(uint64_t i) { return i; }
static uint64_t same_low_bits(uint64_t i) { return i << 10; }
static uint64_t same_half(uint64_t i) { return i << 32; }
static uint64_t same_but_the_top(uint64_t i) { return i << 50; }
static uint64_t same_when_folded(uint64_t i) { return i << 32 | (0xFFFFFFFF - i); }
static uint64_t random_bits(uint64_t i) { return (i + 1) * UINT64_C(0x9e3779b97f4a7c15); }

RuntimeTest(sets, keys_that_agree_in_any_bits_do_not_flood_a_table) {
  cr_assert_eq(looks_of(in_a_row), 100 * 600);
  size_t usual = looks_of(random_bits);
  cr_assert_leq(usual, 100 * 600 * 2);
  uint64_t (*const hashes[])(uint64_t) = {same_low_bits, same_half, same_but_the_top, same_when_folded};
  for (size_t i = 0; i < 4; i++) cr_assert_leq(looks_of(hashes[i]), 2 * usual, "%zu", i);
}

/* --- Hash --- */

RuntimeTest(sets, SET_032_a_set_is_unhashable) {
  weft_auto weft_object *set = weft_set_new();
  int64_t hash;
  cr_assert(weft_hash(set, &hash) == -1 && raised_with(&weft_TypeError, "unhashable type: 'set'"));
}
RuntimeTest(sets, SET_058_the_hash_of_a_frozenset_knows_no_order) {
  weft_auto weft_object *a = frozen(word("abcdeb"));
  weft_auto weft_object *b = frozen(word("ebecda"));
  cr_assert(hash_of(a) == hash_of(b) && hash_of(a) == hash_of(a));
  int64_t numbers[100], expected = 0;
  for (int i = 0; i < 100; i++) numbers[i] = (int64_t)i * i * 7919;
  for (int round = 0; round < 200; round++) {
    for (int i = 99; i > 0; i--) {
      int j = (int)((unsigned)(i * 31 + round * 17) % (unsigned)(i + 1));
      int64_t swapped = numbers[i];
      numbers[i] = numbers[j];
      numbers[j] = swapped;
    }
    weft_auto weft_object *set = frozen(ints_of(100, numbers));
    if (!round) expected = hash_of(set);
    cr_assert_eq(hash_of(set), expected);
  }
}
static int compare_hashes(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}
RuntimeTest(sets, SET_062_all_subsets_of_13_keys_hash_differently) {
  static int64_t hashes[1 << 13];
  for (size_t subset = 0; subset < 1 << 13; subset++) {
    weft_auto weft_object *set = weft_set_new();
    for (int i = 0; i < 13; i++)
      if (subset >> i & 1) add_int(set, i);
    weft_auto weft_object *of = weft_frozenset_from(set);
    hashes[subset] = hash_of(of);
  }
  qsort(hashes, 1 << 13, sizeof *hashes, compare_hashes);
  for (size_t i = 1; i < 1 << 13; i++) cr_assert_neq(hashes[i], hashes[i - 1]);
}
RuntimeTest(sets, SET_015_equal_frozensets_are_one_key) {
  weft_auto weft_object *set =
      SET(frozen(word("abc")), frozen(word("bca")), frozen(word("abcd")), frozen(word("abcc")), frozen(word("")));
  cr_assert_eq(weft_set_length(set), 3);
}
RuntimeTest(sets, SET_100_frozensets_are_popped_added_removed_and_discarded) {
  weft_auto weft_object *set = SET(frozen(INTS(0)), frozen(INTS(1)), frozen(INTS(2)));
  weft_auto weft_object *popped = weft_set_pop(set);
  cr_assert(weft_frozenset_check(popped) && weft_set_contains(set, popped) == 0);
  cr_assert(weft_set_add(set, popped) == 0 && weft_set_remove(set, popped) == 0 && weft_set_length(set) == 2);
  cr_assert(weft_set_discard(set, popped) == 0);
}
RuntimeTest(sets, the_key_of_a_dict_may_be_a_frozenset) {
  weft_auto weft_object *dict = weft_dict_new();
  weft_auto weft_object *one = frozen(INTS(1, 2));
  weft_auto weft_object *two = frozen(INTS(2, 1));
  cr_assert(weft_dict_set(dict, one, WEFT_TRUE) == 0 && weft_dict_contains(dict, two) == 1);
}

/* --- Text --- */

RuntimeTest(sets, a_repr_shows_the_keys_in_braces) {
  weft_auto weft_object *empty = weft_set_new();
  weft_auto weft_object *one = INTS(1);
  weft_auto weft_object *two = INTS(1, 2);
  weft_auto weft_object *frozen_empty = weft_frozenset_new();
  weft_auto weft_object *frozen_two = weft_frozenset_from(two);
  cr_assert(reads(empty, "set()") && reads(one, "{1}") && reads(two, "{1, 2}"));
  cr_assert(reads(frozen_empty, "frozenset()") && reads(frozen_two, "frozenset({1, 2})"));
}

static weft_object *outer_set;
static weft_object *repr_of_outer(weft_object *self) {
  (void)self;
  return weft_repr(outer_set);
}
static int hash_of_nothing(weft_object *self, int64_t *hash) {
  (void)self;
  *hash = 1;
  return 0;
}
RuntimeTest(sets, SET_023_a_set_inside_itself_is_dots) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "knows its set", .basic_size = sizeof(weft_object), .repr = repr_of_outer, .hash = hash_of_nothing});
  outer_set = SET(weft_object_new(type, 0));
  cr_assert(reads(outer_set, "{set(...)}"));
  outer_set = frozen(outer_set);
  cr_assert(reads(outer_set, "frozenset({frozenset(...)})"));
  weft_decref(outer_set);
}

RuntimeTest(sets, the_repr_and_the_hash_of_a_deep_nest_are_errors_or_good) {
  weft_object *nest = weft_frozenset_new();
  for (int i = 0; i < 100000; i++) nest = frozen(SET(nest));
  cr_assert(!weft_repr(nest) && raised(&weft_RecursionError));
  hash_of(nest); /* each knows the hash of its key */
  weft_decref(nest);
}
