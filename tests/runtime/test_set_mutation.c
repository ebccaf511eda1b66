/* SPDX-License-Identifier: MIT */
/*
 * Sets whose keys' hooks add to them, take from them, and clear them, while they are compared and combined: each
 * operation ends, with a result or with the error that the size has changed, and leaves whole sets behind.
 */
#include "set_support.h"

RuntimeSuite(set_mutation);

static weft_object *changed_sets[2];
static uint64_t luck;
static size_t draw(size_t n) {
  luck = luck * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (size_t)(luck >> 33) % n;
}
/* Sometimes adds to one of the sets, takes something out, or clears it. */
static bool change_something(void) {
  weft_object *set = changed_sets[draw(2)];
  bool (*was_compare)(void) = before_compare, (*was_hash)(void) = before_hash;
  before_compare = before_hash = NULL;
  weft_auto weft_object *k = KEY((int64_t)draw(40));
  switch (draw(12)) {
    case 0: weft_set_clear(set); break;
    case 1: weft_set_discard(set, k); break;
    case 2:
      if (weft_set_length(set)) weft_decref(weft_set_pop(set));
      break;
    case 3:
    case 4: weft_set_add(set, k); break;
    default: break;
  }
  before_compare = was_compare;
  before_hash = was_hash;
  return true;
}

typedef int (*relation)(weft_object *, weft_object *);

static void with_mutation(relation run) {
  keys_start();
  for (uint64_t seed = 1; seed < (SANITIZED ? 100 : 800); seed++) {
    luck = seed;
    changed_sets[0] = keys_from(0, 12);
    changed_sets[1] = keys_from(5, (int)draw(20));
    before_compare = before_hash = change_something;
    int result = run(changed_sets[0], changed_sets[1]);
    before_compare = before_hash = NULL;
    cr_assert(result >= 0 || raised_with(&weft_RuntimeError, "changed size during iteration"), "run %d", (int)seed);
    for (int i = 0; i < 2; i++) {
      weft_auto weft_object *copy = weft_set_copy(changed_sets[i]);
      cr_assert(equal(copy, changed_sets[i]));
      weft_decref(changed_sets[i]);
    }
  }
}

static int made(weft_object *o) {
  weft_xdecref(o);
  return o ? 1 : -1;
}
static int run_eq(weft_object *a, weft_object *b) { return weft_compare(a, b, WEFT_EQ); }
static int run_lt(weft_object *a, weft_object *b) { return weft_compare(a, b, WEFT_LT); }
static int run_le(weft_object *a, weft_object *b) { return weft_compare(a, b, WEFT_LE); }
static int run_ge(weft_object *a, weft_object *b) { return weft_compare(a, b, WEFT_GE); }
static int run_and(weft_object *a, weft_object *b) { return made(weft_and(a, b)); }
static int run_or(weft_object *a, weft_object *b) { return made(weft_or(a, b)); }
static int run_subtract(weft_object *a, weft_object *b) { return made(weft_subtract(a, b)); }
static int run_xor(weft_object *a, weft_object *b) { return made(weft_xor(a, b)); }
static int run_in_place_and(weft_object *a, weft_object *b) { return made(weft_in_place_and(a, b)); }
static int run_in_place_or(weft_object *a, weft_object *b) { return made(weft_in_place_or(a, b)); }
static int run_in_place_xor(weft_object *a, weft_object *b) { return made(weft_in_place_xor(a, b)); }
static int run_in_place_subtract(weft_object *a, weft_object *b) { return made(weft_in_place_subtract(a, b)); }
static int run_union(weft_object *a, weft_object *b) { return made(weft_set_union(a, b)); }
static int run_intersection(weft_object *a, weft_object *b) { return made(weft_set_intersection(a, b)); }
static int run_difference(weft_object *a, weft_object *b) { return made(weft_set_difference(a, b)); }
static int run_symmetric_difference(weft_object *a, weft_object *b) {
  return made(weft_set_symmetric_difference(a, b));
}
static int run_adds(weft_object *a, weft_object *b) {
  (void)b;
  for (int i = 0; i < 20; i++) {
    weft_auto weft_object *k = KEY(i);
    if (weft_set_add(a, k) < 0 || weft_set_contains(b, k) < 0 || weft_set_discard(b, k) < 0) return -1;
  }
  return 0;
}

RuntimeTest(set_mutation, SET_179_equality) { with_mutation(run_eq); }
RuntimeTest(set_mutation, SET_181_less) { with_mutation(run_lt); }
RuntimeTest(set_mutation, SET_182_less_or_equal) { with_mutation(run_le); }
RuntimeTest(set_mutation, SET_184_greater_or_equal) { with_mutation(run_ge); }
RuntimeTest(set_mutation, SET_185_the_operator_and) { with_mutation(run_and); }
RuntimeTest(set_mutation, SET_186_the_operator_or) { with_mutation(run_or); }
RuntimeTest(set_mutation, SET_187_the_operator_minus) { with_mutation(run_subtract); }
RuntimeTest(set_mutation, SET_188_the_operator_xor) { with_mutation(run_xor); }
RuntimeTest(set_mutation, SET_189_and_in_place) { with_mutation(run_in_place_and); }
RuntimeTest(set_mutation, SET_190_or_in_place) { with_mutation(run_in_place_or); }
RuntimeTest(set_mutation, minus_in_place) { with_mutation(run_in_place_subtract); }
RuntimeTest(set_mutation, SET_192_xor_in_place) { with_mutation(run_in_place_xor); }
RuntimeTest(set_mutation, SET_194_is_subset) { with_mutation(weft_set_is_subset); }
RuntimeTest(set_mutation, SET_195_is_superset) { with_mutation(weft_set_is_superset); }
RuntimeTest(set_mutation, union_of_both) { with_mutation(run_union); }
RuntimeTest(set_mutation, intersection_of_both) { with_mutation(run_intersection); }
RuntimeTest(set_mutation, SET_198_difference) { with_mutation(run_difference); }
RuntimeTest(set_mutation, SET_199_symmetric_difference) { with_mutation(run_symmetric_difference); }
RuntimeTest(set_mutation, SET_200_is_disjoint) { with_mutation(weft_set_is_disjoint); }
RuntimeTest(set_mutation, SET_201_difference_update) { with_mutation(weft_set_difference_update); }
RuntimeTest(set_mutation, intersection_update) { with_mutation(weft_set_intersection_update); }
RuntimeTest(set_mutation, SET_203_symmetric_difference_update) { with_mutation(weft_set_symmetric_difference_update); }
RuntimeTest(set_mutation, SET_204_update) { with_mutation(weft_set_update); }
RuntimeTest(set_mutation, single_keys) { with_mutation(run_adds); }
