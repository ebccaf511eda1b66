/* SPDX-License-Identifier: MIT */
/* The operators of sets, single methods with the results that CPython has for them, graphs of frozensets. */
#include "set_support.h"

RuntimeSuite(set_operators);

typedef weft_object *(*operation)(weft_object *, weft_object *);

/* Both kinds on the left, both on the right: the operator is the function, and the kind is that of the left one. */
static void is_the_function(operation operator, operation function) {
  weft_auto weft_object *text = STR("madagascar");
  for (int i = 0; i < 4; i++) {
    weft_auto weft_object *a = i % 2 ? frozen(word("simsalabim")) : word("simsalabim");
    weft_auto weft_object *b = i / 2 ? frozen(word("madagascar")) : word("madagascar");
    weft_auto weft_object *by_operator = operator(a, b), *by_function = function(a, text);
    cr_assert(by_operator && by_operator->type == a->type && equal(by_operator, by_function));
    cr_assert(!operator(a, text) && raised(&weft_TypeError));
    cr_assert(!operator(text, a) && raised(&weft_TypeError));
  }
}

RuntimeTest(set_operators, SET_006_or_is_the_union) { is_the_function(weft_or, weft_set_union); }
RuntimeTest(set_operators, SET_009_and_is_the_intersection) { is_the_function(weft_and, weft_set_intersection); }
RuntimeTest(set_operators, SET_013_xor_is_the_symmetric_difference) {
  is_the_function(weft_xor, weft_set_symmetric_difference);
}
RuntimeTest(set_operators, minus_is_the_difference) { is_the_function(weft_subtract, weft_set_difference); }

/* The letters of a text as each kind of iterable. */
enum { KINDS = 6 };
static weft_object *letters_as(int kind, const char *text) {
  weft_auto weft_object *str = STR(text);
  switch (kind) {
    case 0: return weft_new_ref(str);
    case 1: return weft_set_from(str);
    case 2: return weft_frozenset_from(str);
    case 3: return weft_dict_from_keys(str, WEFT_NONE);
    case 4: return weft_tuple_from(str);
    default: return weft_list_from(str);
  }
}

RuntimeTest(set_operators, SET_012_the_symmetric_difference_with_any_iterable) {
  static const char *const others[] = {"cdc", "efgfe", "ccb", "ef"};
  static const char *const results[] = {"abd", "abcefg", "a", "abcef"};
  for (int frozen_one = 0; frozen_one < 2; frozen_one++) {
    for (int kind = 0; kind < KINDS; kind++) {
      for (int i = 0; i < 4; i++) {
        weft_auto weft_object *set = frozen_one ? frozen(word("abcba")) : word("abcba");
        weft_auto weft_object *other = letters_as(kind, others[i]), *expected = word(results[i]);
        weft_auto weft_object *result = weft_set_symmetric_difference(set, other);
        cr_assert(result != set && equal(result, expected) && result->type == set->type, "%d %d", kind, i);
      }
    }
    weft_auto weft_object *set = frozen_one ? frozen(word("abc")) : word("abc");
    cr_assert(!weft_set_symmetric_difference(set, INT(1)) && raised(&weft_TypeError));
    weft_auto weft_object *itself = weft_set_symmetric_difference(set, set);
    cr_assert_eq(weft_set_length(itself), 0);
  }
}

/* --- Single methods --- */

RuntimeTest(set_operators, SET_040_pop_takes_every_element_once) {
  weft_auto weft_object *set = word("simsalabim");
  int64_t n = weft_set_length(set);
  for (; n > 0; n--) {
    weft_auto weft_object *element = weft_set_pop(set);
    cr_assert(element && weft_set_contains(set, element) == 0 && weft_set_length(set) == n - 1);
  }
  cr_assert(!weft_set_pop(set) && raised(&weft_KeyError));
}

RuntimeTest(set_operators, SET_041_update_adds_what_any_iterable_gives) {
  static const char *const others[] = {"cdc", "efgfe", "ccb", "ef"};
  static const char *const results[] = {"abcd", "abcefg", "abc", "abcef"};
  for (int kind = 0; kind < KINDS; kind++) {
    for (int i = 0; i < 4; i++) {
      weft_auto weft_object *set = word("abcba"), *other = letters_as(kind, others[i]), *expected = word(results[i]);
      cr_assert(weft_set_update(set, other) == 0 && equal(set, expected), "%d %d", kind, i);
    }
  }
  weft_auto weft_object *set = word("abc"), *list = weft_list_new(), *with_list = LIST(weft_new_ref(list));
  cr_assert(weft_set_update(set, INT(67)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_set_update(set, with_list) == -1 && raised(&weft_TypeError) && weft_set_length(set) == 3);
}

RuntimeTest(set_operators, SET_045_difference_update_removes_what_any_iterable_gives) {
  static const char *const others[] = {"cdc", "efgfe", "ccb", "ef"};
  static const char *const results[] = {"ab", "abc", "a", "abc"};
  for (int kind = 0; kind < KINDS; kind++) {
    for (int i = 0; i < 4; i++) {
      weft_auto weft_object *set = word("abcba"), *other = letters_as(kind, others[i]), *expected = word(results[i]);
      cr_assert(weft_set_difference_update(set, other) == 0 && equal(set, expected), "%d %d", kind, i);
    }
  }
  weft_auto weft_object *set = word("abcdefghih"), *b = STR("aba"), *c = STR("ah");
  cr_assert(weft_set_difference_update(set, b) == 0 && weft_set_difference_update(set, c) == 0);
  cr_assert(same(weft_new_ref(set), word("cdefgi")));
  cr_assert(weft_set_difference_update(set, INT(1)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(set_operators, SET_127_intersection_update_with_another_set) {
  weft_auto weft_object *set = INTS(2, 4, 6), *other = INTS(3, 4, 5);
  cr_assert(weft_set_intersection_update(set, other) == 0 && same(weft_new_ref(set), INTS(4)));
}
RuntimeTest(set_operators, SET_132_symmetric_difference_update_with_another_set) {
  weft_auto weft_object *set = INTS(2, 4, 6), *other = INTS(3, 4, 5);
  cr_assert(weft_set_symmetric_difference_update(set, other) == 0 && same(weft_new_ref(set), INTS(2, 3, 5, 6)));
}
RuntimeTest(set_operators, SET_144_discard_of_what_is_there) {
  weft_auto weft_object *set = word("abc"), *c = STR("c");
  cr_assert(weft_set_discard(set, c) == 1 && same(weft_new_ref(set), word("ab")));
}
RuntimeTest(set_operators, SET_146_clear_leaves_nothing) {
  weft_auto weft_object *set = word("abc");
  cr_assert(weft_set_clear(set) == 0 && weft_set_length(set) == 0);
}

/* --- In place, only with sets --- */

static weft_object *nothing(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return weft_new_ref(WEFT_NONE);
}

static void takes_sets_only(operation in_place) {
  weft_auto weft_object *set = INTS(2, 4, 6), *dict = weft_dict_new(), *tuple = weft_tuple_pack(2, INT(2), INT(4));
  weft_auto weft_object *text = STR("abc"), *function = weft_function_new("f", nothing, 0, NULL),
                        *it = weft_iter(tuple);
  weft_object *const others[] = {INT(19), dict, function, tuple, text, it};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    cr_assert(!in_place(set, others[i]) && raised(&weft_TypeError), "%zu", i);
  cr_assert(same(weft_new_ref(set), INTS(2, 4, 6)));
}

RuntimeTest(set_operators, SET_154_or_in_place_takes_sets_only) { takes_sets_only(weft_in_place_or); }
RuntimeTest(set_operators, SET_157_and_in_place_takes_sets_only) { takes_sets_only(weft_in_place_and); }
RuntimeTest(set_operators, SET_160_xor_in_place_takes_sets_only) { takes_sets_only(weft_in_place_xor); }
RuntimeTest(set_operators, minus_in_place_takes_sets_only) { takes_sets_only(weft_in_place_subtract); }

/* --- Comparisons that clear or fail --- */

static weft_object *cleared;
static bool clear_it(void) {
  weft_set_clear(cleared);
  return true;
}
static bool fail(void) {
  weft_raise(&weft_ValueError, "from the hook");
  return false;
}

RuntimeTest(set_operators, SET_175_comparisons_that_fail_or_clear_the_set_while_it_is_updated) {
  keys_start();
  for (int64_t n = 1; n < 50; n += 7) {
    for (int clears_other = 0; clears_other < 2; clears_other++) {
      weft_auto weft_object *set = keys_from(0, (int)n), *other = keys_from(0, (int)n + 3);
      before_compare = fail;
      cr_assert(weft_set_update(set, other) == -1 && raised(&weft_ValueError));
      cleared = clears_other ? other : set;
      before_compare = clear_it;
      cr_assert_eq(weft_set_update(set, other), 0);
      before_compare = NULL;
      cr_assert(weft_set_length(other) == (clears_other ? 0 : n + 3));
      cr_assert(weft_set_update(set, other) == 0 && weft_set_is_superset(set, other) == 1);
    }
  }
}

/* --- Graphs: a vertex is a frozenset, an edge or a face is a set of vertices --- */

static weft_object *powerset(int64_t n) {
  weft_object *all = weft_set_new();
  for (int64_t bits = 0; bits < 1 << n; bits++) {
    weft_auto weft_object *some = weft_set_new();
    for (int64_t i = 0; i < n; i++)
      if (bits >> i & 1) cr_assert_eq(weft_set_add(some, INT(i)), 0);
    weft_auto weft_object *vertex = weft_frozenset_from(some);
    cr_assert_eq(weft_set_add(all, vertex), 0);
  }
  return all;
}

/* The vertices that differ from `vertex` in one element. */
static weft_object *neighbours(weft_object *vertex, int64_t n) {
  weft_object *all = weft_set_new();
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *one = INTS(i), *other = weft_xor(vertex, one);
    cr_assert_eq(weft_set_add(all, other), 0);
  }
  return all;
}

RuntimeTest(set_operators, SET_205_a_cube_of_frozensets) {
  weft_auto weft_object *cube = powerset(3), *faces = weft_set_new();
  cr_assert_eq(weft_set_length(cube), 8);
  weft_auto weft_object *vertices = weft_list_from(cube);
  for (int64_t v = 0; v < 8; v++) {
    weft_auto weft_object *vertex = weft_list_get(vertices, v), *around = neighbours(vertex, 3);
    cr_assert(weft_set_length(around) == 3 && weft_set_is_subset(around, cube) == 1);
    /* Two neighbours of a vertex have another neighbour in common: the four are a face. */
    weft_auto weft_object *ends = weft_list_from(around);
    for (int64_t i = 0; i < 3; i++) {
      weft_auto weft_object *a = weft_list_get(ends, i), *b = weft_list_get(ends, (i + 1) % 3);
      weft_auto weft_object *of_a = neighbours(a, 3), *of_b = neighbours(b, 3), *common = weft_and(of_a, of_b);
      cr_assert_eq(weft_set_length(common), 2);
      cr_assert(weft_set_add(common, a) == 0 && weft_set_add(common, b) == 0 && weft_set_length(common) == 4);
      weft_auto weft_object *face = weft_frozenset_from(common);
      cr_assert_eq(weft_set_add(faces, face), 0);
    }
  }
  cr_assert_eq(weft_set_length(faces), 6);
  weft_auto weft_object *all_faces = weft_list_from(faces);
  for (int64_t i = 0; i < 6; i++) {
    weft_auto weft_object *face = weft_list_get(all_faces, i);
    cr_assert(weft_set_length(face) == 4 && weft_set_is_subset(face, cube) == 1);
  }
}
