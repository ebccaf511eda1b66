/* SPDX-License-Identifier: MIT */
/* set and frozenset: the catalogue's small cases of changes in place and of relations, and laws of combinations. */
#include "set_support.h"

RuntimeSuite(set_updates);

typedef int (*change)(weft_object *, weft_object *);
typedef weft_object *(*combination)(weft_object *, weft_object *);

/* Does the change leave what is expected, with the operand as a set and as a list? */
static bool leaves(change run, weft_object *set_steal, weft_object *other_steal, weft_object *expected_steal) {
  weft_auto weft_object *other = other_steal;
  weft_auto weft_object *list = weft_list_from(other);
  weft_auto weft_object *copy = weft_set_copy(set_steal);
  int64_t before = weft_set_length(other);
  bool good = run(set_steal, other) == 0 && run(copy, list) == 0 && equal(set_steal, copy);
  return same(set_steal, expected_steal) && good && weft_set_length(other) == before;
}
static bool related(change run, weft_object *a_steal, weft_object *b_steal) {
  int result = run(a_steal, b_steal);
  weft_decref(a_steal);
  weft_decref(b_steal);
  cr_assert_geq(result, 0);
  return result;
}

#define X     INTS(2, 4, 6)
#define EMPTY weft_set_new()

RuntimeTest(set_updates, SET_118_update_by_a_subset) { cr_assert(leaves(weft_set_update, X, INTS(2), X)); }
RuntimeTest(set_updates, SET_119_update_by_a_superset) {
  cr_assert(leaves(weft_set_update, X, INTS(2, 4, 6, 8), INTS(2, 4, 6, 8)));
}
RuntimeTest(set_updates, SET_122_update_by_an_overlap) {
  cr_assert(leaves(weft_set_update, X, INTS(3, 4, 5), INTS(2, 3, 4, 5, 6)));
}
RuntimeTest(set_updates, SET_124_intersection_update_by_a_superset) {
  cr_assert(leaves(weft_set_intersection_update, X, INTS(2, 4, 6, 8), X));
}
RuntimeTest(set_updates, SET_125_intersection_update_by_an_overlap) {
  cr_assert(leaves(weft_set_intersection_update, X, INTS(3, 4, 5), INTS(4)));
}
RuntimeTest(set_updates, SET_128_symmetric_difference_update_by_a_subset) {
  cr_assert(leaves(weft_set_symmetric_difference_update, X, INTS(2, 4), INTS(6)));
}
RuntimeTest(set_updates, SET_129_symmetric_difference_update_by_a_superset) {
  cr_assert(leaves(weft_set_symmetric_difference_update, X, INTS(2, 4, 6, 8), INTS(8)));
}
RuntimeTest(set_updates, SET_130_symmetric_difference_update_by_an_overlap) {
  cr_assert(leaves(weft_set_symmetric_difference_update, X, INTS(3, 4, 5), INTS(2, 3, 5, 6)));
}
RuntimeTest(set_updates, SET_131_symmetric_difference_update_without_overlap) {
  cr_assert(leaves(weft_set_symmetric_difference_update, X, INTS(8), INTS(2, 4, 6, 8)));
}
RuntimeTest(set_updates, SET_137_difference_update_by_an_overlap) {
  cr_assert(leaves(weft_set_difference_update, X, INTS(3, 4, 5), INTS(2, 6)));
}
RuntimeTest(set_updates, SET_042_update_adds_all_keys_of_the_other) {
  cr_assert(leaves(weft_set_update, word("simsalabim"), word("madagascar"), word("simsalabimmadagascar")));
}
RuntimeTest(set_updates, SET_044_intersection_update_keeps_the_common_keys) {
  cr_assert(leaves(weft_set_intersection_update, word("simsalabim"), word("madagascar"), word("sam")));
}
RuntimeTest(set_updates, SET_048_symmetric_difference_update_leaves_keys_in_exactly_one) {
  cr_assert(leaves(weft_set_symmetric_difference_update, word("simsalabim"), word("madagascar"), word("ilbdgcr")));
}
RuntimeTest(set_updates, SET_148_update_by_an_empty_tuple) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *tuple = weft_tuple_new(0, NULL);
  cr_assert(weft_set_update(set, tuple) == 0 && same(weft_new_ref(set), word("abc")));
}
RuntimeTest(set_updates, SET_149_update_by_what_is_there) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *tuple = TUPLE(STR("a"));
  cr_assert(weft_set_update(set, tuple) == 0 && same(weft_new_ref(set), word("abc")));
}
RuntimeTest(set_updates, SET_150_update_by_something_else) {
  weft_auto weft_object *set = word("abc");
  weft_auto weft_object *tuple = TUPLE(STR("a"), STR("z"));
  cr_assert(weft_set_update(set, tuple) == 0 && same(weft_new_ref(set), word("abcz")));
}

RuntimeTest(set_updates, SET_080_a_set_is_disjoint_from_the_empty_one) {
  cr_assert(related(weft_set_is_disjoint, X, EMPTY));
}
RuntimeTest(set_updates, SET_081_the_empty_set_is_disjoint_from_any) {
  cr_assert(related(weft_set_is_disjoint, EMPTY, X));
}
RuntimeTest(set_updates, SET_110_disjoint_from_a_subset) { cr_assert(!related(weft_set_is_disjoint, X, INTS(2, 4))); }
RuntimeTest(set_updates, SET_111_disjoint_from_a_superset) {
  cr_assert(!related(weft_set_is_disjoint, X, INTS(2, 4, 6, 8)));
}
RuntimeTest(set_updates, SET_112_disjoint_from_an_overlap) {
  cr_assert(!related(weft_set_is_disjoint, X, INTS(3, 4, 5)));
}
RuntimeTest(set_updates, SET_113_disjoint_from_another) { cr_assert(related(weft_set_is_disjoint, X, INTS(8))); }

RuntimeTest(set_updates, SET_151_all_comparisons_of_equal_empty_partial_and_disjoint_pairs) {
  weft_object *const pairs[][2] = {{INTS(1, 2), INTS(1, 2)}, {EMPTY, INTS(1, 2)}, {INTS(1), INTS(1, 2)}, {X, INTS(1)}};
  /* <, <=, ==, !=, >, >=, in both directions */
  static const int results[][2][6] = {{{0, 1, 1, 0, 0, 1}, {0, 1, 1, 0, 0, 1}},
                                      {{1, 1, 0, 1, 0, 0}, {0, 0, 0, 1, 1, 1}},
                                      {{1, 1, 0, 1, 0, 0}, {0, 0, 0, 1, 1, 1}},
                                      {{0, 0, 0, 1, 0, 0}, {0, 0, 0, 1, 0, 0}}};
  for (size_t i = 0; i < 4; i++) {
    for (size_t k = 0; k < 2; k++) {
      weft_object *a = pairs[i][k], *b = pairs[i][!k];
      for (enum weft_compare_op op = WEFT_LT; op <= WEFT_GE; op++)
        cr_assert_eq(weft_compare(a, b, op), results[i][k][op], "%zu %zu %d", i, k, (int)op);
      cr_assert_eq(weft_set_is_subset(a, b), results[i][k][WEFT_LE]);
      cr_assert_eq(weft_set_is_superset(a, b), results[i][k][WEFT_GE]);
    }
    weft_decref(pairs[i][0]);
    weft_decref(pairs[i][1]);
  }
}

/* set.update and its like, of a dict, a tuple and a str's letters; an int is a type error. */
static void takes_iterables(change run) {
  weft_auto weft_object *set = INTS(1, 2);
  weft_auto weft_object *list = LIST(INT(1));
  weft_object *const others[] = {weft_dict_from_keys(list, WEFT_NONE), TUPLE(INT(1)), weft_iter(list)};
  for (size_t i = 0; i < 3; i++) {
    cr_assert_eq(run(set, others[i]), 0);
    weft_decref(others[i]);
  }
  cr_assert(run(set, INT(3)) == -1 && raised(&weft_TypeError));
}
RuntimeTest(set_updates, SET_155_update_takes_iterables) { takes_iterables(weft_set_update); }
RuntimeTest(set_updates, SET_158_intersection_update_takes_iterables) { takes_iterables(weft_set_intersection_update); }
RuntimeTest(set_updates, SET_161_symmetric_difference_update_takes_iterables) {
  takes_iterables(weft_set_symmetric_difference_update);
}

/* --- Laws --- */

RuntimeTest(set_updates, SET_169_combinations_commute_but_for_the_difference) {
  weft_auto weft_object *a = word("gnu");
  weft_auto weft_object *b = word("monty");
  static const combination all[] = {weft_set_union, weft_set_intersection, weft_set_symmetric_difference,
                                    weft_set_difference};
  for (size_t i = 0; i < 4; i++) cr_assert_eq(same(all[i](a, b), all[i](b, a)), i < 3);
}
RuntimeTest(set_updates, SET_171_the_parts_of_two_sets_are_disjoint) {
  weft_auto weft_object *a = word("gnu");
  weft_auto weft_object *b = word("monty");
  weft_auto weft_object *left = weft_set_difference(a, b);
  weft_auto weft_object *both = weft_set_intersection(a, b);
  weft_auto weft_object *right = weft_set_difference(b, a);
  cr_assert(weft_set_is_disjoint(left, both) && weft_set_is_disjoint(both, right) && weft_set_is_disjoint(left, right));
}

/* --- A set with itself, while another thread changes it: it is looked at once --- */

static uint32_t stop; /* atomic */
static void step_swap(void *set) {
  for (int64_t i = 0; !weft__load_acquire(&stop); i++) {
    weft_auto weft_object *out = INT(i % 2);
    cr_assert(add_int(set, (i + 1) % 2) == 0 && weft_set_discard(set, out) == 1);
  }
}

RuntimeTest(set_updates, a_set_is_never_disjoint_from_itself_nor_smaller) {
  weft_auto weft_object *set = INTS(0);
  struct actor other;
  actor_start(&other);
  actor_begin(&other, step_swap, set);
  for (int i = 0; i < 20000; i++) {
    cr_assert(weft_set_is_disjoint(set, set) == 0 && weft_set_is_subset(set, set) == 1);
    cr_assert(weft_compare(set, set, WEFT_LT) == 0 && weft_compare(set, set, WEFT_GE) == 1);
    cr_assert(weft_set_update(set, set) == 0 && weft_set_intersection_update(set, set) == 0);
  }
  weft__store_release(&stop, 1u);
  actor_wait(&other);
  actor_quit(&other);
  cr_assert_eq(weft_set_length(set), 1);
}
