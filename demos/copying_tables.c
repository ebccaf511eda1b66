/* SPDX-License-Identifier: MIT */
/* What a name, a shallow copy and a deep copy have in common with a container. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demos/copying.h"

static bool same(weft_object *a, weft_object *b) { return a && weft_is(a, b); }
static bool equal(weft_object *a, weft_object *b) { return a && b && weft_compare(a, b, WEFT_EQ) == 1; }

/* --- CP-01 to 03, 06 to 10, 32, 33: nested lists --- */

static bool show_assignment(void) {
  weft_auto weft_object *original = pair_of_pairs(1, 2, 3, 4);
  weft_object *assigned = original;
  set_inner(assigned, 0, 0, 999);
  bool good = prints("assigned[0][0] = 999; print(original)", original, "[[999, 2], [3, 4]]");
  good = tap_check(good && same(assigned, original), "CP-01", "004: assignment is no copy: the same id");
  return tap_check(same(assigned, original), "CP-33", "004, error 2: = is not a copy") && good;
}

static bool show_shallow(void) {
  weft_auto weft_object *original = pair_of_pairs(1, 2, 3, 4);
  weft_auto weft_object *shallow = weft_copy(original);
  set_inner(shallow, 0, 0, 99);
  bool good = prints("shallow[0][0] = 99; print(original)", original, "[[99, 2], [3, 4]]");
  bool inner = same(part(shallow, 0), part(original, 0)) && same(part(shallow, 1), part(original, 1));
  good =
      tap_check(good && inner && !same(shallow, original), "CP-02", "000: the inner lists are shared, the outer not");
  return tap_check(inner, "CP-32", "004, error 1: .copy() is not deep") && good;
}

static bool show_deep(void) {
  weft_auto weft_object *original = pair_of_pairs(1, 2, 3, 4);
  weft_auto weft_object *deep = weft_deepcopy(original, NULL);
  set_inner(deep, 0, 0, 99);
  bool good = prints("deep[0][0] = 99; print(original)", original, "[[1, 2], [3, 4]]");
  bool apart =
      !same(deep, original) && !same(part(deep, 0), part(original, 0)) && !same(part(deep, 1), part(original, 1));
  good = tap_check(good && apart, "CP-03", "000: no list is shared");
  set_inner(deep, 0, 0, 999);
  return tap_check(prints("deep[0][0] = 999; print(original)", original, "[[1, 2], [3, 4]]"), "CP-10",
                   "004: the original stays as it was") &&
         good;
}

static bool show_shallow_outer(void) {
  weft_auto weft_object *original = pair_of_pairs(1, 2, 3, 4);
  weft_auto weft_object *shallow = weft_copy(original);
  weft_auto weft_object *more = list_of_ints(2, 5, 6);
  weft_list_append(shallow, more);
  bool good = prints("shallow.append([5, 6]); print(original)", original, "[[1, 2], [3, 4]]");
  set_inner(shallow, 0, 0, 999);
  good = prints("shallow[0][0] = 999; print(original)", original, "[[999, 2], [3, 4]]") && good;
  return tap_check(good, "CP-09", "004: the outer list is the copy's own, the inner ones are not");
}

/* original ──> [ 0x… ][ 0x… ], and so on. */
static void draw(const char *name, weft_object *list) {
  tap_say("  %-9s 0x%012" PRIxPTR " ──> [ 0x%012" PRIxPTR " ][ 0x%012" PRIxPTR " ]", name, weft_id(list),
          weft_id(part(list, 0)), weft_id(part(list, 1)));
}

static bool show_both(void) {
  weft_auto weft_object *original = pair_of_pairs(1, 2, 3, 4);
  weft_auto weft_object *shallow = weft_copy(original);
  weft_auto weft_object *deep = weft_deepcopy(original, NULL);
  weft_auto weft_object *number = weft_int_new(99);
  weft_list_append(part(original, 0), number);
  bool good = prints("original[0].append(99); print(original)", original, "[[1, 2, 99], [3, 4]]");
  good = prints("  print(shallow)", shallow, "[[1, 2, 99], [3, 4]]") && good;
  good = prints("  print(deep)", deep, "[[1, 2], [3, 4]]") && good;
  good = tap_check(good, "CP-06", "002: a change in an inner list shows in the shallow copy only");
  tap_say("The arrows, by addresses:");
  draw("original", original);
  draw("shallow", shallow);
  draw("deep", deep);
  bool arrows = true;
  for (int i = 0; i < 2; i++)
    arrows = arrows && same(part(shallow, i), part(original, i)) && !same(part(deep, i), part(original, i));
  return tap_check(arrows, "CP-07", "002, diagram: original and shallow lead to the same inner lists") && good;
}

static bool show_mixed(void) {
  weft_auto weft_object *number = weft_int_new(1);
  weft_auto weft_object *inner = list_of_ints(2, 2, 3);
  weft_auto weft_object *original = weft_list_of(2, (weft_object *[]){number, inner});
  weft_auto weft_object *shallow = weft_copy(original);
  weft_auto weft_object *deep = weft_deepcopy(original, NULL);
  tap_say("[1, [2, 3]]:");
  draw("original", original);
  draw("shallow", shallow);
  draw("deep", deep);
  bool ints = same(part(shallow, 0), number) && same(part(deep, 0), number);
  return tap_check(ints && same(part(shallow, 1), inner) && !same(part(deep, 1), inner), "CP-08",
                   "004, diagram: all three share the int; only the shallow copy shares the list");
}

/* --- CP-04, 05, 14 --- */

static bool show_dicts(void) {
  weft_auto weft_object *a = dict_of("a", weft_int_new(1));
  weft_auto weft_object *b = dict_of("b", weft_int_new(2));
  weft_auto weft_object *original = weft_list_of(2, (weft_object *[]){a, b});
  weft_auto weft_object *shallow = weft_copy(original);
  weft_auto weft_object *deep = weft_deepcopy(original, NULL);
  weft_auto weft_object *number = weft_int_new(99);
  weft_dict_set_text(part(shallow, 0), "a", number);
  bool good = prints("shallow[0]['a'] = 99; print(original)", original, "[{'a': 99}, {'b': 2}]");
  good = prints("  print(deep)", deep, "[{'a': 1}, {'b': 2}]") && good;
  return tap_check(good, "CP-04", "000: a list of dicts");
}

static bool show_slices(void) {
  weft_auto weft_object *original = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *slice = weft_list_slice(original, 0, INT64_MAX);
  weft_auto weft_object *made = weft_list_from(original);
  weft_auto weft_object *four = weft_int_new(4);
  weft_list_append(slice, four);
  weft_list_append(made, four);
  bool good = prints("slice = original[:]; slice.append(4); print(original)", original, "[1, 2, 3]");
  good = prints("  print(slice)", slice, "[1, 2, 3, 4]") && good;
  good = tap_check(good && equal(made, slice), "CP-05", "000, warning: slice and constructor make another outer list");
  weft_auto weft_object *copy = weft_copy(original);
  weft_auto weft_object *five = weft_int_new(5);
  weft_list_append(copy, five);
  bool pitfall = prints("b = a.copy(); b.append(5); print(a)", original, "[1, 2, 3]");
  pitfall = prints("  print(b)", copy, "[1, 2, 3, 5]") && pitfall;
  return tap_check(pitfall, "CP-14", "002, pitfall 1: .copy() instead of =") && good;
}

/* --- CP-11 to 13: forms --- */

static weft_object *slice_of(weft_object *o) { return weft_list_slice(o, 0, INT64_MAX); }
static weft_object *once(weft_object *o) { return weft_list_repeat(o, 1); }
static weft_object *one_by_one(weft_object *o) {
  weft_object *copy = weft_list_new();
  weft_auto weft_object *iterator = weft_iter(o);
  for (weft_object *item; (item = weft_next(iterator)); weft_decref(item)) weft_list_append(copy, item);
  return copy;
}
static weft_object *updated(weft_object *o) {
  weft_object *copy = weft_dict_new();
  weft_dict_update(copy, o);
  return copy;
}
static weft_object *merged(weft_object *o) {
  weft_auto weft_object *nothing = weft_dict_new();
  return weft_or(o, nothing);
}

struct form {
  const char *name;
  weft_object *(*copy)(weft_object *o);
};

/* Each form gives an equal object, which is another one, with the very same part. */
static bool show_forms(const struct form *forms, size_t n, weft_object *original,
                       weft_object *(*part_of)(weft_object *)) {
  bool good = true;
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *copy = forms[i].copy(original);
    bool holds = equal(copy, original) && !same(copy, original) && same(part_of(copy), part_of(original));
    tap_say("  %-16s equal, new, same inner object: %s; %d bytes", forms[i].name, holds ? "yes" : "no",
            (int)weft_sizeof(copy));
    good = good && holds;
  }
  return good;
}

static weft_object *first_part(weft_object *o) { return part(o, 0); }
static weft_object *value_of_a(weft_object *o) {
  weft_object *value = weft_dict_get_text(o, "a");
  weft_xdecref(value);
  return value;
}

static bool show_all_forms(void) {
  static const struct form of_lists[] = {{"copy.copy, .copy()", weft_copy},
                                         {"[:]", slice_of},
                                         {"list()", weft_list_from},
                                         {"[*l]", one_by_one},
                                         {"l * 1", once}};
  static const struct form of_dicts[] = {{"copy.copy", weft_copy},
                                         {".copy()", weft_dict_copy},
                                         {"dict()", updated},
                                         {"{**d}", updated},
                                         {"d | {}", merged}};
  weft_auto weft_object *list = pair_of_pairs(1, 2, 3, 4);
  weft_auto weft_object *dict = dict_of("a", list_of_ints(1, 1));
  bool good = tap_check(show_forms(of_lists, sizeof of_lists / sizeof *of_lists, list, first_part), "CP-11",
                        "all forms of copying a list are shallow");
  return tap_check(show_forms(of_dicts, sizeof of_dicts / sizeof *of_dicts, dict, value_of_a), "CP-12",
                   "all forms of copying a dict are shallow") &&
         good;
}

static bool show_sets_and_bytes(void) {
  weft_auto weft_object *items = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *set = weft_set_from(items);
  weft_auto weft_object *bytes = weft_bytearray_new("abc", 3);
  weft_auto weft_object *a = weft_copy(set);
  weft_auto weft_object *b = weft_copy(bytes);
  return tap_check(equal(a, set) && !same(a, set) && equal(b, bytes) && !same(b, bytes), "CP-13",
                   "copies of a set and a bytearray are equal and new");
}

/* --- CP-15 to 17: immutables --- */

static weft_object *return_none(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

static weft_object *tuple_with_list(void) {
  weft_auto weft_object *list = list_of_ints(1, 1);
  weft_auto weft_object *one = weft_int_new(1);
  return weft_tuple_pack(2, list, one);
}
static weft_object *nested_tuple(void) {
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *inner = weft_tuple_pack(2, one, one);
  return weft_tuple_pack(2, inner, one);
}

static bool show_by_type(void) {
  weft_auto weft_object *items = list_of_ints(2, 1, 2);
  struct {
    const char *name;
    weft_object *o;
    bool deep_is_same; /* here */
    const char *python;
  } rows[] = {
      {"int", weft_int_new(1000), true, "same"},
      {"float", weft_float_new(1.5), true, "same"},
      {"str", weft_str_new("text"), true, "same"},
      {"bytes", weft_bytes_new("ab", 2), true, "same"},
      {"None", WEFT_NONE, true, "same"},
      {"bool", WEFT_TRUE, true, "same"},
      {"range", weft_range_new(0, 3, 1), true, "same"},
      {"function", weft_function_new("f", return_none, 0, NULL), true, "same"},
      {"class", (weft_object *)(uintptr_t)&weft_list_type, true, "same"},
      {"((1, 1), 1)", nested_tuple(), true, "same"},
      {"frozenset({1, 2})", weft_frozenset_from(items), true, "new"},
      {"([1], 1)", tuple_with_list(), false, "new"},
  };
  bool good = true;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weft_auto weft_object *o = rows[i].o;
    weft_auto weft_object *shallow = weft_copy(o);
    weft_auto weft_object *deep = weft_deepcopy(o, NULL);
    bool holds = same(shallow, o) && same(deep, o) == rows[i].deep_is_same && equal(deep, o);
    tap_say("  %-18s copy: same  deepcopy: %-5s (Python: %s)%s", rows[i].name, same(deep, o) ? "same" : "new",
            rows[i].python, holds ? "" : "  ✗");
    good = good && holds;
  }
  return tap_check(
      good, "CP-16",
      "immutables are their own copies, frozensets of such too (Python makes a new one); a tuple with a list "
      "is not its own deep copy");
}

static bool show_immutables(void) {
  weft_auto weft_object *items = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *tuple = weft_tuple_from(items);
  weft_auto weft_object *shallow = weft_copy(tuple);
  weft_auto weft_object *deep = weft_deepcopy(tuple, NULL);
  bool good = answers("copy.copy((1, 2, 3)) is the tuple", same(shallow, tuple), true);
  good = answers("copy.deepcopy((1, 2, 3)) is the tuple", same(deep, tuple), true) && good;
  good = tap_check(good, "CP-15", "004: a tuple of ints is its own copy of either kind");
  good = show_by_type() && good;
  weft_auto weft_object *frozen = weft_frozenset_from(items);
  weft_auto weft_object *text = weft_str_new("text");
  weft_auto weft_object *whole = weft_tuple_slice(tuple, 0, INT64_MAX, 1);
  weft_auto weft_object *made = weft_tuple_from(tuple);
  weft_auto weft_object *again = weft_frozenset_from(frozen);
  weft_auto weft_object *as_str = weft_str(text);
  return tap_check(same(whole, tuple) && same(made, tuple) && same(again, frozen) && same(as_str, text), "CP-17",
                   "whole slices and constructors of tuple, frozenset and str return the object itself") &&
         good;
}

bool show_tables(void) {
  tap_title("Shallow and deep copies");
  bool good = show_assignment();
  good = show_shallow() && good;
  good = show_deep() && good;
  good = show_shallow_outer() && good;
  good = show_both() && good;
  good = show_mixed() && good;
  good = show_dicts() && good;
  good = show_slices() && good;
  good = show_all_forms() && good;
  good = show_sets_and_bytes() && good;
  return show_immutables() && good;
}
