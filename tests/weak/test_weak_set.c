/* SPDX-License-Identifier: MIT */
/* Weak sets. As in CPython's tests, members are things with texts: a b c in the set, x y z in another. */
#include "weak_support.h"

WeakSuite(weak_set);

static const weft_type *text_type;
static weft_object *named[128]; /* held, by their letter */

static int letter_of(weft_object *o) { return (int)weft_int_value(get(o, "letter")); }
static int by_letter(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != b->type || (op != WEFT_EQ && op != WEFT_NE)) return WEFT_NOT_IMPLEMENTED;
  return (letter_of(a) == letter_of(b)) == (op == WEFT_EQ);
}
static int hash_letter(weft_object *o, int64_t *hash) {
  *hash = letter_of(o);
  return 0;
}
static weft_object *letter(char c) {
  if (!text_type)
    text_type = weft_type_new(
        &(weft_type_spec){.name = "letter", .flags = WEFT_TYPE_DICT, .compare = by_letter, .hash = hash_letter});
  weft_object *o = weft_instance_new(text_type);
  set(o, "letter", INT(c));
  return o;
}
static weft_object *hold(char c) {
  if (!named[(int)c]) named[(int)c] = letter(c);
  return named[(int)c];
}
static void release(const char *letters) {
  for (; *letters; letters++) weft_clear(&named[(int)*letters]);
}
static void release_all(void) {
  for (int i = 0; i < 128; i++)
    if (named[i]) weft_clear(&named[i]);
}
/* A list of the letters' objects, which are held. */
static weft_object *list_of(const char *letters) {
  weft_object *list = weft_list_new();
  for (; *letters; letters++) weft_list_append(list, hold(*letters));
  return list;
}
static weft_object *of(const char *letters) {
  weft_auto weft_object *list = list_of(letters);
  weft_object *set_ = weft_weak_set_from(list);
  if (!set_) abort();
  return set_;
}
/* What stands for the letters in other kinds of iterables; number 0 to 4. */
static weft_object *iterable(int kind, const char *letters) {
  weft_auto weft_object *list = list_of(letters);
  switch (kind) {
    case 0: return weft_set_from(list);
    case 1: return weft_frozenset_from(list);
    case 2: return weft_dict_from_keys(list, WEFT_NONE);
    case 3: return weft_new_ref(list);
    default: return weft_tuple_from(list);
  }
}
enum { ITERABLES = 5 };

static int64_t length(weft_object *set_) { return weft_weak_set_length(set_); }
static bool is(weft_object *set_, const char *letters) {
  if (!set_ || set_->type != &weft_weak_set_type || length(set_) != (int64_t)strlen(letters)) return false;
  for (; *letters; letters++)
    if (weft_weak_set_contains(set_, hold(*letters)) != 1) return false;
  return true;
}
/* The same; drops it. */
static bool was(weft_object *set_steal, const char *letters) {
  bool same = is(set_steal, letters);
  weft_xdecref(set_steal);
  return same;
}
static weft_object *unhashable(void) {
  weft_auto weft_object *list = weft_list_new();
  return weft_list_of(1, &list);
}

/* The catalogue's WS_002 and WS_019. */
WeakTest(weak_set, WS_002_WS_019_making_and_initialising) {
  weft_auto weft_object *abc = list_of("abc"), *type = (weft_object *)&weft_weak_set_type;
  weft_object *two[] = {abc, abc};
  cr_assert(!weft_call(type, two, 2) && raised_with(&weft_TypeError, "at most 1"));
  weft_auto weft_object *s = weft_call(type, &abc, 1), *none = weft_call(type, NULL, 0), *xyz = list_of("xyz");
  cr_assert(is(s, "abc") && is(none, ""));
  cr_assert(weft_weak_set_type.spec.init(s, &xyz, 1) == 0 && is(s, "xyz"));
  cr_assert(weft_weak_set_type.spec.init(s, (weft_object *[]){INT(10)}, 1) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weak_set_type.spec.init(s, two, 2) == -1 && raised(&weft_TypeError) && is(s, "xyz"));
  weft_incref(type);
  release_all();
}

/* The catalogue's WS_005, WS_006, WS_007, WS_010, WS_011 and WS_013. */
WeakTest(weak_set, WS_005_WS_006_WS_007_WS_010_WS_011_WS_013_combining) {
  weft_auto weft_object *s = of("abcd"), *bad = unhashable(), *ints = LIST(INT(1));
  for (int i = 0; i < ITERABLES; i++) {
    weft_auto weft_object *other = iterable(i, "cdef");
    cr_assert(was(weft_weak_set_union(s, other), "abcdef"), "%d", i);
    cr_assert(was(weft_weak_set_intersection(s, other), "cd"), "%d", i);
    cr_assert(was(weft_weak_set_difference(s, other), "ab"), "%d", i);
    cr_assert(was(weft_weak_set_symmetric_difference(s, other), "abef"), "%d", i);
    cr_assert(is(s, "abcd"), "%d", i);
    cr_assert(was(weft_or(s, other), "abcdef") && was(weft_and(s, other), "cd"), "%d", i);
    cr_assert(was(weft_subtract(s, other), "ab") && was(weft_xor(s, other), "abef"), "%d", i);
  }
  cr_assert(was(weft_or(s, s), "abcd") && was(weft_and(s, s), "abcd") && was(weft_subtract(s, s), "") &&
            was(weft_xor(s, s), ""));
  cr_assert(!weft_weak_set_union(s, bad) && raised(&weft_TypeError));
  cr_assert(!weft_weak_set_union(s, ints) && raised(&weft_TypeError));
  cr_assert(!weft_weak_set_difference(s, bad) && raised(&weft_TypeError));
  cr_assert(!weft_weak_set_symmetric_difference(s, bad) && raised(&weft_TypeError));
  cr_assert(!weft_weak_set_union(s, INT(1)) && raised(&weft_TypeError));
  cr_assert(was(weft_weak_set_intersection(s, ints), ""));
  weft_auto weft_object *both = weft_weak_set_union(s, s);
  release("ab");
  cr_assert(length(both) == 2 && length(s) == 2, "they keep nobody alive");
  release_all();
}

/* The catalogue's WS_014 and WS_015. */
WeakTest(weak_set, WS_014_WS_015_subsets_and_supersets) {
  weft_auto weft_object *ab = of("ab"), *abcde = of("abcde"), *def = of("def"), *empty = of(""), *again = of("ab");
  cr_assert(weft_compare(ab, abcde, WEFT_LE) == 1 && weft_compare(abcde, abcde, WEFT_LE) == 1);
  cr_assert(weft_compare(abcde, ab, WEFT_GE) == 1 && weft_compare(abcde, def, WEFT_LE) == 0);
  cr_assert(weft_compare(abcde, def, WEFT_GE) == 0);
  cr_assert(weft_compare(ab, abcde, WEFT_LT) == 1 && weft_compare(abcde, ab, WEFT_GT) == 1);
  cr_assert(weft_compare(ab, again, WEFT_LT) == 0 && weft_compare(abcde, def, WEFT_LT) == 0);
  weft_auto weft_object *nothing = of("");
  cr_assert(weft_compare(empty, nothing, WEFT_LT) == 0 && weft_compare(empty, ab, WEFT_LT) == 1);
  for (int i = 0; i < ITERABLES; i++) {
    weft_auto weft_object *other = iterable(i, "abc"), *apart = iterable(i, "xyz");
    cr_assert(weft_weak_set_is_subset(ab, other) == 1 && weft_weak_set_is_superset(abcde, other) == 1);
    cr_assert(weft_weak_set_is_subset(abcde, other) == 0 && weft_weak_set_is_superset(ab, other) == 0);
    cr_assert(weft_weak_set_is_disjoint(ab, apart) == 1 && weft_weak_set_is_disjoint(ab, other) == 0);
  }
  release_all();
}

static int hash_by_identity(weft_object *o, int64_t *hash) {
  *hash = (int64_t)(uintptr_t)o >> 4;
  return 0;
}
static int same_object(weft_object *a, weft_object *b, enum weft_compare_op op) {
  return op == WEFT_EQ ? a == b : op == WEFT_NE ? a != b : WEFT_NOT_IMPLEMENTED;
}
/* The catalogue's WS_018 and WS_021. */
WeakTest(weak_set, WS_018_WS_021_a_derived_one_can_be_hashed) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "hashed", .base = &weft_weak_set_type, .hash = hash_by_identity, .compare = same_object});
  weft_auto weft_object *s = weft_call((weft_object *)type, NULL, 0), *in = weft_set_new(), *plain = of("");
  cr_assert(weft_set_add(in, s) == 0 && weft_set_contains(in, s) == 1 && weft_set_remove(in, s) == 0);
  int64_t hash;
  cr_assert(weft_hash(plain, &hash) == -1 && raised(&weft_TypeError));
}

WeakTest(weak_set, WS_023_a_copy_is_equal_and_another) {
  weft_auto weft_object *s = of("abc"), *copy = weft_weak_set_copy(s);
  cr_assert(copy != s && equal(copy, s));
  weft_weak_set_discard(copy, hold('a'));
  cr_assert(is(s, "abc") && is(copy, "bc"));
  release_all();
}

static bool has_no(weft_object *o, const char *name) {
  weft_auto weft_object *value = weft_getattr_text(o, name);
  return !value && raised(&weft_AttributeError);
}

WeakTest(weak_set, WS_046_copies_of_derived_ones_with_attributes) {
  static const char *const slots[] = {"x", "y", NULL};
  for (int fixed = 0; fixed < 2; fixed++) {
    const weft_type *type = weft_type_new(&(weft_type_spec){
        .name = "derived", .base = &weft_weak_set_type, .flags = WEFT_TYPE_DICT, .slot_names = fixed ? slots : NULL});
    weft_auto weft_object *members = list_of("abc"), *s = weft_call((weft_object *)type, &members, 1);
    weft_auto weft_object *x = LIST(STR("x")), *z = LIST(STR("z"));
    set(s, "x", x);
    set(s, "z", z);
    weft_auto weft_object *copy = weft_copy(s);
    cr_assert(copy != s && copy->type == type && equal(copy, s));
    cr_assert(get(copy, "x") == x && get(copy, "z") == z && has_no(copy, "y"));
    /* Copies of members die, but for those that somebody holds. */
    weft_auto weft_object *both = LIST(weft_new_ref(members), weft_new_ref(s)), *deep = weft_deepcopy(both, NULL);
    weft_auto weft_object *other = weft_list_get(deep, 1);
    cr_assert(other != s && other->type == type && equal(other, s));
    cr_assert(get(other, "x") != x && equal(get(other, "x"), x) && has_no(other, "y"));
    cr_assert(get(other, "z") != z && equal(get(other, "z"), z));
  }
  release_all();
}

/* The catalogue's WS_024, WS_025, WS_026 and WS_027. */
WeakTest(weak_set, WS_024_WS_025_WS_026_WS_027_single_members) {
  weft_auto weft_object *s = of("abc"), *list = weft_list_new();
  cr_assert(weft_weak_set_add(s, hold('Q')) == 0 && is(s, "abcQ") && weft_weak_set_add(s, hold('Q')) == 0 &&
            length(s) == 4);
  cr_assert(weft_weak_set_add(s, list) == -1 && raised_with(&weft_TypeError, "unhashable"));
  cr_assert(weft_weak_set_add(s, INT(1)) == -1 && raised(&weft_TypeError));
  weft_object *temporary = letter('T');
  weft_weak_set_add(s, temporary);
  cr_assert_eq(length(s), 5);
  weft_decref(temporary);
  cr_assert(is(s, "abcQ"));
  cr_assert(weft_weak_set_remove(s, hold('a')) == 0 && weft_weak_set_contains(s, hold('a')) == 0);
  cr_assert(weft_weak_set_remove(s, hold('R')) == -1 && raised(&weft_KeyError));
  cr_assert(weft_weak_set_remove(s, list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weak_set_discard(s, hold('b')) == 1 && weft_weak_set_discard(s, hold('b')) == 0 && is(s, "cQ"));
  cr_assert(weft_weak_set_discard(s, list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weak_set_contains(s, INT(1)) == 0 && weft_contains(s, hold('c')) == 1);
  cr_assert(weft_weak_set_contains(s, list) == -1 && raised(&weft_TypeError));
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *member = weft_weak_set_pop(s);
    cr_assert(member && weft_weak_set_contains(s, member) == 0);
  }
  cr_assert(!weft_weak_set_pop(s) && raised(&weft_KeyError));
  weft_auto weft_object *set_ = weft_set_new();
  cr_assert(weft_weak_set_add(set_, hold('a')) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weak_set_add(NULL, hold('a')) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weak_set_add(s, NULL) == -1 && raised(&weft_TypeError));
  release_all();
}

typedef int (*changer)(weft_object *, weft_object *);
typedef weft_object *(*in_place)(weft_object *, weft_object *);

/* The catalogue's WS_028, WS_029, WS_030, WS_031, WS_032, WS_033, WS_034, WS_035 and WS_036. */
WeakTest(weak_set, WS_028_WS_029_WS_030_WS_031_WS_032_WS_033_WS_034_WS_035_WS_036_changing) {
  static const changer changers[] = {weft_weak_set_update, weft_weak_set_intersection_update,
                                     weft_weak_set_difference_update, weft_weak_set_symmetric_difference_update};
  static const in_place operators[] = {weft_in_place_or, weft_in_place_and, weft_in_place_subtract, weft_in_place_xor};
  static const char *const results[] = {"abcdef", "cd", "ab", "abef"};
  for (int what = 0; what < 4; what++) {
    for (int i = 0; i < ITERABLES; i++) {
      weft_auto weft_object *s = of("abcd"), *other = iterable(i, "cdefcd");
      cr_assert(changers[what](s, other) == 0 && is(s, results[what]), "%d %d", what, i);
      weft_auto weft_object *t = of("abcd"), *same = operators[what](t, other);
      cr_assert(same == t && is(t, results[what]), "%d %d", what, i);
    }
    weft_auto weft_object *s = of("abcd"), *bad = unhashable();
    cr_assert(changers[what](s, bad) == -1 && raised(&weft_TypeError) && is(s, "abcd"), "%d", what);
    cr_assert(changers[what](s, INT(1)) == -1 && raised(&weft_TypeError) && is(s, "abcd"), "%d", what);
  }
  release_all();
}

WeakTest(weak_set, WS_037_changing_by_itself) {
  static const in_place operators[] = {weft_in_place_or, weft_in_place_and, weft_in_place_subtract, weft_in_place_xor};
  for (int what = 0; what < 4; what++) {
    weft_auto weft_object *s = of("abc"), *same = operators[what](s, s);
    cr_assert(same == s && is(s, what < 2 ? "abc" : ""), "%d", what);
  }
  release_all();
}

/* The catalogue's WS_038 and WS_039. */
WeakTest(weak_set, WS_038_WS_039_equality) {
  weft_auto weft_object *s = of("abc"), *same = of("cba"), *other = of("abd"), *e1 = of(""), *e2 = of("");
  weft_auto weft_object *strong = iterable(0, "abc"), *list = list_of("abc"), *tuple = iterable(4, "abc");
  cr_assert(equal(s, s) && equal(s, same) && !equal(s, other) && equal(e1, e2) && weft_compare(e1, e2, WEFT_NE) == 0);
  cr_assert(!equal(s, strong) && !equal(strong, s) && !equal(s, list) && !equal(s, tuple) && !equal(s, INT(1)));
  cr_assert(weft_compare(s, strong, WEFT_NE) == 1);
  weft_auto weft_object *text = weft_repr(e1);
  cr_assert(text);
  release_all();
}

WeakTest(weak_set, WS_040_a_member_dies_while_iterating) {
  weft_auto weft_object *s = of("abcdefg");
  weft_object *iterator = weft_iter(s);
  weft_decref(weft_next(iterator));
  int64_t before = length(s);
  release("g");
  int64_t left = 0;
  for (weft_object *o; (o = weft_next(iterator)); left++) weft_decref(o);
  cr_assert(!weft_error_borrow() && (left == before - 1 || left == before - 2));
  weft_decref(iterator);
  cr_assert_eq(length(s), before - 1);
  release_all();
}

WeakTest(weak_set, WS_041_changes_while_an_iterator_is_open) {
  weft_auto weft_object *s = of("abcdefg"), *iterator = weft_iter(s);
  weft_decref(weft_next(iterator));
  release("d");
  weft_auto weft_object *d = letter('d');
  cr_assert(weft_weak_set_contains(s, d) == 0 && weft_weak_set_remove(s, d) == -1 && raised(&weft_KeyError));
  cr_assert(weft_weak_set_add(s, d) == 0 && weft_weak_set_contains(s, d) == 1);
  weft_auto weft_object *xyz = list_of("xyz");
  cr_assert(weft_weak_set_update(s, xyz) == 0 && length(s) == 10);
  cr_assert(!weft_next(iterator) && raised_with(&weft_RuntimeError, "changed size"));
  weft_clear(&iterator);
  cr_assert(length(s) == 10 && weft_weak_set_contains(s, d) == 1);
  iterator = weft_iter(s);
  weft_decref(weft_next(iterator));
  cr_assert(weft_weak_set_clear(s) == 0 && length(s) == 0);
  weft_clear(&iterator);
  cr_assert_eq(length(s), 0);
  release_all();
}

WeakTest(weak_set, WS_042_cycles_die_while_an_iterator_is_open) {
  weft_auto weft_object *s = weft_weak_set_new();
  weft_object *all[20];
  for (int i = 0; i < 20; i++) {
    all[i] = thing();
    set(all[i], "me", all[i]);
    weft_weak_set_add(s, all[i]);
  }
  weft_object *iterator = weft_iter(s);
  weft_decref(weft_next(iterator));
  for (int i = 0; i < 20; i++) weft_decref(all[i]);
  weft_gc_collect(2);
  cr_assert_leq(length(s), 1);
  weft_decref(iterator);
  weft_gc_collect(2);
  cr_assert_eq(length(s), 0);
}

WeakTest(weak_set, a_registry_lists_who_lives) {
  weft_auto weft_object *s = weft_weak_set_new();
  for (int i = 0; i < 100; i++) {
    weft_auto weft_object *o = thing();
    weft_weak_set_add(s, o);
    cr_assert_eq(length(s), 1);
  }
  cr_assert_eq(length(s), 0);
  weft_auto weft_object *kept = thing(), *members = NULL;
  weft_weak_set_add(s, kept);
  members = weft_weak_set_members(s);
  cr_assert_eq(weft_list_length(members), 1);
}
