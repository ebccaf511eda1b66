/* SPDX-License-Identifier: MIT */
/* set and frozenset: what is made of two, how they compare, and changes by many keys. */
#include "set_support.h"

RuntimeSuite(set_algebra);

typedef weft_object *(*combination)(weft_object *, weft_object *);
typedef int (*change)(weft_object *, weft_object *);

static weft_object *ints_below_10(unsigned bits) {
  weft_object *set = weft_set_new();
  for (int64_t i = 0; i < 10; i++)
    if (bits >> i & 1) add_int(set, i);
  return set;
}

/* Do set and frozenset give what is expected, with the type of the left operand? And the change in place the same? */
static bool gives(combination combine, change in_place, weft_object *a_steal, weft_object *b_steal,
                  weft_object *expected_steal) {
  weft_auto weft_object *a = a_steal;
  weft_auto weft_object *b = b_steal;
  weft_auto weft_object *expected = expected_steal;
  weft_auto weft_object *frozen_a = weft_frozenset_from(a);
  weft_auto weft_object *frozen_b = weft_frozenset_from(b);
  weft_object *const lefts[] = {a, frozen_a}, *const rights[] = {b, frozen_b};
  for (size_t i = 0; i < 4; i++) {
    weft_auto weft_object *before = weft_set_from(lefts[i / 2]);
    weft_auto weft_object *made = combine(lefts[i / 2], rights[i % 2]);
    if (!made || made->type != lefts[i / 2]->type || !equal(made, expected) || !equal(before, lefts[i / 2]))
      return false;
    if (i >= 2) continue;
    weft_auto weft_object *copy = weft_set_copy(a);
    if (in_place(copy, rights[i % 2]) != 0 || !equal(copy, expected)) return false;
  }
  return true;
}

#define UNION(a, b, expected)     gives(weft_set_union, weft_set_update, a, b, expected)
#define INTERSECT(a, b, expected) gives(weft_set_intersection, weft_set_intersection_update, a, b, expected)
#define SUBTRACT(a, b, expected)  gives(weft_set_difference, weft_set_difference_update, a, b, expected)
#define TOGGLE(a, b, expected) \
  gives(weft_set_symmetric_difference, weft_set_symmetric_difference_update, a, b, expected)
#define EMPTY weft_set_new()
#define X     INTS(2, 4, 6)

RuntimeTest(set_algebra, SET_102_union_with_a_subset) { cr_assert(UNION(X, INTS(2), INTS(2, 4, 6))); }
RuntimeTest(set_algebra, SET_103_union_with_a_superset) { cr_assert(UNION(X, INTS(2, 4, 6, 8), INTS(2, 4, 6, 8))); }
RuntimeTest(set_algebra, SET_104_union_with_an_overlap) { cr_assert(UNION(X, INTS(3, 4, 5), INTS(2, 3, 4, 5, 6))); }
RuntimeTest(set_algebra, SET_105_union_without_overlap) { cr_assert(UNION(X, INTS(8), INTS(2, 4, 6, 8))); }
RuntimeTest(set_algebra, SET_106_intersection_with_a_subset) { cr_assert(INTERSECT(X, INTS(2, 4), INTS(2, 4))); }
RuntimeTest(set_algebra, SET_107_intersection_with_a_superset) { cr_assert(INTERSECT(X, INTS(2, 4, 6, 8), X)); }
RuntimeTest(set_algebra, SET_108_intersection_with_an_overlap) { cr_assert(INTERSECT(X, INTS(3, 4, 5), INTS(4))); }
RuntimeTest(set_algebra, SET_109_intersection_without_overlap) { cr_assert(INTERSECT(X, INTS(8), EMPTY)); }
RuntimeTest(set_algebra, SET_114_symmetric_difference_with_a_subset) { cr_assert(TOGGLE(X, INTS(2, 4), INTS(6))); }
RuntimeTest(set_algebra, SET_115_symmetric_difference_with_a_superset) {
  cr_assert(TOGGLE(X, INTS(2, 4, 6, 8), INTS(8)));
}
RuntimeTest(set_algebra, SET_116_symmetric_difference_with_an_overlap) {
  cr_assert(TOGGLE(X, INTS(3, 4, 5), INTS(2, 3, 5, 6)));
}
RuntimeTest(set_algebra, SET_117_symmetric_difference_without_overlap) {
  cr_assert(TOGGLE(X, INTS(8), INTS(2, 4, 6, 8)));
}
RuntimeTest(set_algebra, SET_133_difference_with_a_subset) { cr_assert(SUBTRACT(X, INTS(2, 4), INTS(6))); }
RuntimeTest(set_algebra, SET_135_difference_with_an_overlap) { cr_assert(SUBTRACT(X, INTS(3, 4, 5), INTS(2, 6))); }
RuntimeTest(set_algebra, SET_136_difference_without_overlap) { cr_assert(SUBTRACT(X, INTS(8), X)); }

RuntimeTest(set_algebra, SET_073_union_with_itself) { cr_assert(UNION(X, X, X)); }
RuntimeTest(set_algebra, SET_075_union_with_the_empty_set) { cr_assert(UNION(X, EMPTY, X) && UNION(EMPTY, X, X)); }
RuntimeTest(set_algebra, SET_076_intersection_with_itself) { cr_assert(INTERSECT(X, X, X)); }
RuntimeTest(set_algebra, SET_077_intersection_with_the_empty_set) { cr_assert(INTERSECT(X, EMPTY, EMPTY)); }
RuntimeTest(set_algebra, SET_078_intersection_of_the_empty_set) { cr_assert(INTERSECT(EMPTY, X, EMPTY)); }
RuntimeTest(set_algebra, SET_082_symmetric_difference_with_itself) { cr_assert(TOGGLE(X, X, EMPTY)); }
RuntimeTest(set_algebra, SET_083_symmetric_difference_with_the_empty_set) {
  cr_assert(TOGGLE(X, EMPTY, X) && TOGGLE(EMPTY, X, X));
}
RuntimeTest(set_algebra, SET_085_difference_with_the_empty_set) { cr_assert(SUBTRACT(X, EMPTY, X)); }
RuntimeTest(set_algebra, SET_086_difference_of_the_empty_set) { cr_assert(SUBTRACT(EMPTY, X, EMPTY)); }

/* All pairs of subsets of ten ints that step over one another: what bits would give. */
RuntimeTest(set_algebra, SET_170_combinations_are_what_bits_would_give) {
  for (unsigned a = 0; a < 1 << 10; a += 37) {
    for (unsigned b = 0; b < 1 << 10; b += 41) {
      cr_assert(UNION(ints_below_10(a), ints_below_10(b), ints_below_10(a | b)));
      cr_assert(INTERSECT(ints_below_10(a), ints_below_10(b), ints_below_10(a & b)));
      cr_assert(SUBTRACT(ints_below_10(a), ints_below_10(b), ints_below_10(a & ~b)));
      cr_assert(TOGGLE(ints_below_10(a), ints_below_10(b), ints_below_10(a ^ b)));
    }
  }
}
RuntimeTest(set_algebra, SET_168_comparison_is_inclusion) {
  for (unsigned a = 0; a < 1 << 10; a += 37) {
    for (unsigned b = 0; b < 1 << 10; b += 41) {
      weft_auto weft_object *x = ints_below_10(a);
      weft_auto weft_object *y = frozen(ints_below_10(b));
      cr_assert_eq(weft_compare(x, y, WEFT_LE), (a & ~b) == 0);
      cr_assert_eq(weft_compare(x, y, WEFT_LT), (a & ~b) == 0 && a != b);
      cr_assert_eq(weft_compare(x, y, WEFT_GE), (b & ~a) == 0);
      cr_assert_eq(weft_compare(x, y, WEFT_GT), (b & ~a) == 0 && a != b);
      cr_assert_eq(weft_compare(x, y, WEFT_EQ), a == b);
      cr_assert_eq(weft_compare(x, y, WEFT_NE), a != b);
      cr_assert_eq(weft_set_is_subset(x, y), (a & ~b) == 0);
      cr_assert_eq(weft_set_is_superset(x, y), (b & ~a) == 0);
      cr_assert_eq(weft_set_is_disjoint(x, y), (a & b) == 0);
    }
  }
}

/* 'abcba' with other words, as any kind of iterable: the results as words. */
static void try_words(combination combine, change in_place, const char *const results[4]) {
  static const char *const others[] = {"cdc", "efgfe", "ccb", "ef"};
  for (size_t i = 0; i < 4; i++) {
    weft_auto weft_object *list = letters(others[i]);
    weft_auto weft_object *set = weft_set_from(list);
    weft_auto weft_object *frozenset = weft_frozenset_from(list);
    weft_auto weft_object *dict = weft_dict_from_keys(list, WEFT_NONE);
    weft_object *const kinds[] = {list, set, frozenset, dict};
    for (size_t k = 0; k < 4; k++) {
      weft_auto weft_object *a = word("abcba");
      cr_assert(same(combine(a, kinds[k]), word(results[i])), "%zu %zu", i, k);
      weft_auto weft_object *iterator = weft_iter(kinds[k]);
      cr_assert(same(combine(a, iterator), word(results[i])), "%zu %zu", i, k);
      cr_assert_eq(in_place(a, kinds[k]), 0);
      cr_assert(same(weft_new_ref(a), word(results[i])), "%zu %zu", i, k);
    }
  }
}

RuntimeTest(set_algebra, SET_005_union_takes_any_iterable) {
  try_words(weft_set_union, weft_set_update, (const char *const[]){"abcd", "abcefg", "abc", "abcef"});
}
RuntimeTest(set_algebra, SET_043_intersection_takes_any_iterable) {
  try_words(weft_set_intersection, weft_set_intersection_update, (const char *const[]){"c", "", "bc", ""});
}
RuntimeTest(set_algebra, SET_010_difference_takes_any_iterable) {
  try_words(weft_set_difference, weft_set_difference_update, (const char *const[]){"ab", "abc", "a", "abc"});
}
RuntimeTest(set_algebra, SET_047_symmetric_difference_takes_any_iterable) {
  try_words(weft_set_symmetric_difference, weft_set_symmetric_difference_update,
            (const char *const[]){"abd", "abcefg", "a", "abcef"});
}

RuntimeTest(set_algebra, SET_011_subtraction_is_the_difference_of_two_sets) {
  weft_auto weft_object *a = word("simsalabim");
  weft_auto weft_object *b = frozen(word("madagascar"));
  weft_auto weft_object *text = STR("madagascar");
  weft_auto weft_object *difference = weft_subtract(b, a);
  cr_assert(weft_frozenset_check(difference) && same(weft_new_ref(difference), weft_set_difference(b, a)));
  cr_assert(same(weft_subtract(a, b), word("ilb")));
  cr_assert(!weft_subtract(a, text) && raised(&weft_TypeError));
  cr_assert(!weft_subtract(text, a) && raised(&weft_TypeError));
}
RuntimeTest(set_algebra, SET_165_only_sets_are_subtracted) {
  weft_auto weft_object *set = INTS(1, 2);
  weft_auto weft_object *dict = weft_dict_new();
  weft_auto weft_object *tuple = TUPLE(INT(1));
  weft_object *const others[] = {INT(1), dict, tuple};
  for (size_t i = 0; i < 3; i++) {
    cr_assert(!weft_subtract(set, others[i]) && raised(&weft_TypeError));
    cr_assert(!weft_subtract(others[i], set) && raised(&weft_TypeError));
  }
  cr_assert(same(weft_set_difference(set, tuple), INTS(2)) && same(weft_set_difference(set, dict), INTS(1, 2)));
}

/* --- Bad input --- */

RuntimeTest(set_algebra, SET_089_what_is_no_iterable_is_a_type_error_even_for_an_empty_set) {
  static const combination combinations[] = {weft_set_union, weft_set_intersection, weft_set_difference,
                                             weft_set_symmetric_difference};
  static const change changes[] = {weft_set_update, weft_set_intersection_update, weft_set_difference_update,
                                   weft_set_symmetric_difference_update};
  static const change relations[] = {weft_set_is_subset, weft_set_is_superset, weft_set_is_disjoint};
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *frozenset = weft_frozenset_new();
  weft_auto weft_object *full = INTS(1);
  weft_auto weft_object *unhashable = LIST(INT(1), weft_list_new());
  weft_object *const bad[] = {NULL, INT(1), unhashable};
  for (size_t i = 0; i < 4; i++) {
    for (size_t k = 0; k < 3; k++) {
      cr_assert(!combinations[i](set, bad[k]) && raised(&weft_TypeError), "%zu %zu", i, k);
      cr_assert(!combinations[i](frozenset, bad[k]) && raised(&weft_TypeError), "%zu %zu", i, k);
      cr_assert(changes[i](full, bad[k]) == -1 && raised(&weft_TypeError), "%zu %zu", i, k);
      cr_assert(i == 3 || (relations[i](set, bad[k]) == -1 && raised(&weft_TypeError)), "%zu %zu", i, k);
    }
    cr_assert(!combinations[i](NULL, set) && raised(&weft_TypeError));
    cr_assert(!combinations[i](unhashable, set) && raised(&weft_TypeError));
    cr_assert(changes[i](NULL, set) == -1 && raised(&weft_TypeError));
    cr_assert(changes[i](frozenset, set) == -1 && raised_with(&weft_TypeError, "expected set, got frozenset"));
    cr_assert(i == 3 || (relations[i](NULL, set) == -1 && raised(&weft_TypeError)));
    cr_assert(i == 3 || (relations[i](unhashable, set) == -1 && raised(&weft_TypeError)));
  }
  cr_assert(same(weft_new_ref(full), INTS(1)), "it is unaltered");
}

static weft_object *next_fails(weft_object *self) {
  int64_t *left = (int64_t *)(void *)(self + 1);
  return ++*left < 5 ? INT(*left) : weft_raise(&weft_ValueError, "no more");
}

RuntimeTest(set_algebra, SET_172_errors_of_an_iterator_are_passed_on_and_nothing_is_altered) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "fails", .basic_size = 24, .next = next_fails});
  weft_object *(*const makers[])(weft_object *) = {weft_set_from, weft_frozenset_from};
  for (size_t i = 0; i < 2; i++) {
    weft_auto weft_object *iterator = weft_object_new(type, 0);
    cr_assert(!makers[i](iterator) && raised(&weft_ValueError));
  }
  weft_auto weft_object *set = INTS(7);
  weft_auto weft_object *iterator = weft_object_new(type, 0);
  cr_assert(weft_set_update(set, iterator) == -1 && raised(&weft_ValueError));
  cr_assert(same(weft_new_ref(set), INTS(7)));
}

/* --- Sets with themselves, keys --- */

RuntimeTest(set_algebra, a_set_may_be_its_own_operand) {
  weft_auto weft_object *set = INTS(1, 2, 3, 4, 5, 6, 7);
  weft_auto weft_object *copy = weft_set_copy(set);
  cr_assert(weft_set_update(set, set) == 0 && equal(set, copy));
  cr_assert(weft_set_intersection_update(set, set) == 0 && equal(set, copy));
  cr_assert(weft_set_is_subset(set, set) == 1 && weft_set_is_superset(set, set) == 1);
  cr_assert(weft_set_is_disjoint(set, set) == 0 && weft_compare(set, set, WEFT_LT) == 0);
  cr_assert(weft_set_symmetric_difference_update(set, set) == 0 && weft_set_length(set) == 0);
  cr_assert(weft_set_update(set, copy) == 0 && weft_set_difference_update(set, set) == 0);
  cr_assert(weft_set_length(set) == 0 && weft_set_is_disjoint(set, set) == 1);
}

RuntimeTest(set_algebra, updating_a_set_again_and_again_does_not_let_it_grow) {
  weft_auto weft_object *set = weft_set_new();
  for (int64_t i = 0; i < 1000; i++) add_int(set, i);
  weft_auto weft_object *same_keys = weft_set_copy(set);
  cr_assert_eq(weft_set_update(set, same_keys), 0);
  int64_t capacity = weft_set_capacity(set);
  for (int i = 0; i < 100; i++) cr_assert_eq(weft_set_update(set, same_keys), 0);
  cr_assert_eq(weft_set_capacity(set), capacity);
}

RuntimeTest(set_algebra, large_sets_are_combined) {
  weft_auto weft_object *even = weft_set_new();
  weft_auto weft_object *threes = weft_set_new();
  for (int64_t i = 0; i < 30000; i++) cr_assert(add_int(even, 2 * i) == 0 && add_int(threes, 3 * i) == 0);
  weft_auto weft_object *both = weft_set_intersection(even, threes);
  weft_auto weft_object *either = weft_set_union(even, threes);
  weft_auto weft_object *one = weft_set_symmetric_difference(even, threes);
  cr_assert(weft_set_length(both) == 10000 && weft_set_length(either) == 50000 && weft_set_length(one) == 40000);
  cr_assert(weft_compare(both, even, WEFT_LT) == 1 && weft_compare(either, threes, WEFT_GT) == 1);
  cr_assert_eq(weft_set_is_disjoint(both, one), 1);
  cr_assert(weft_set_intersection_update(even, threes) == 0 && equal(even, both));
  cr_assert(weft_set_symmetric_difference_update(even, both) == 0 && weft_set_length(even) == 0);
}

/* --- Comparison --- */

RuntimeTest(set_algebra, SET_014_a_set_equals_a_frozenset_with_the_same_keys) {
  weft_auto weft_object *set = word("simsalabim");
  weft_auto weft_object *frozenset = frozen(word("mbalsi"));
  weft_auto weft_object *text = STR("simsalabim");
  cr_assert(equal(set, frozenset) && equal(frozenset, set) && !equal(set, text));
}
RuntimeTest(set_algebra, SET_070_a_set_equals_itself) {
  weft_auto weft_object *set = X;
  cr_assert(equal(set, set));
}
RuntimeTest(set_algebra, SET_071_a_set_equals_another_with_the_same_keys) { cr_assert(same(X, INTS(6, 4, 2))); }
RuntimeTest(set_algebra, SET_072_a_copy_equals_its_set) {
  weft_auto weft_object *set = X;
  cr_assert(same(weft_set_copy(set), X));
}
RuntimeTest(set_algebra, SET_152_a_set_equals_nothing_else) {
  weft_auto weft_object *set = INTS(1);
  weft_auto weft_object *dict = weft_dict_new();
  weft_auto weft_object *tuple = TUPLE(INT(1));
  weft_object *const others[] = {INT(1), dict, tuple, WEFT_NONE};
  for (size_t i = 0; i < 4; i++) {
    cr_assert(weft_compare(set, others[i], WEFT_EQ) == 0 && weft_compare(set, others[i], WEFT_NE) == 1);
    cr_assert(weft_compare(set, others[i], WEFT_LT) == -1 && raised(&weft_TypeError));
    cr_assert(weft_compare(others[i], set, WEFT_GE) == -1 && raised(&weft_TypeError));
  }
}
RuntimeTest(set_algebra, SET_016_relations_take_any_iterable) {
  weft_auto weft_object *set = word("ab");
  weft_auto weft_object *more = letters("cbaa");
  weft_auto weft_object *less = letters("aaa");
  weft_auto weft_object *other = letters("xyz");
  cr_assert(weft_set_is_subset(set, more) == 1 && weft_set_is_subset(set, less) == 0);
  cr_assert(weft_set_is_superset(set, more) == 0 && weft_set_is_superset(set, less) == 1);
  cr_assert(weft_set_is_disjoint(set, more) == 0 && weft_set_is_disjoint(set, other) == 1);
}
RuntimeTest(set_algebra, SET_008_disjoint_means_an_empty_intersection) {
  weft_auto weft_object *empty = weft_set_new();
  weft_auto weft_object *x = X;
  weft_auto weft_object *odd = INTS(1, 3);
  cr_assert(weft_set_is_disjoint(x, odd) == 1 && weft_set_is_disjoint(x, x) == 0);
  cr_assert(weft_set_is_disjoint(x, empty) == 1 && weft_set_is_disjoint(empty, x) == 1);
}
RuntimeTest(set_algebra, SET_015_order_of_frozensets_inside_sets_is_no_matter) {
  cr_assert(same(SET(frozen(INTS(1, 2)), frozen(INTS(3))), SET(frozen(INTS(3)), frozen(INTS(2, 1)))));
}
