/* SPDX-License-Identifier: MIT */
/* What list and tuple have in common, by the operations of any object; and slices. */
#include "sequence_support.h"

RuntimeSuite(sequences);

typedef weft_object *(*maker)(weft_object *iterable);
static const maker makers[] = {weft_list_from, weft_tuple_from};
enum { MAKERS = sizeof makers / sizeof *makers };

/* The sequence 0, 1, … n - 1. */
static weft_object *counted(maker make, int64_t n) {
  weft_auto weft_object *numbers = count_to(n);
  return make(numbers);
}

/* --- Slices --- */

/* The places that a slice means, by walking: bounds beyond either end are cut off. */
static size_t walk(int64_t start, int64_t stop, int64_t by, int64_t size, int64_t *places) {
  size_t n = 0;
  int64_t least = by > 0 ? 0 : -1, most = by > 0 ? size : size - 1;
  if (start < 0) start = start < -size ? least : start + size;
  if (stop < 0) stop = stop < -size ? least : stop + size;
  if (start > most) start = most;
  if (stop > most) stop = most;
  for (int64_t i = start; by > 0 ? i < stop : i > stop;) {
    places[n++] = i;
    if (by > 0 ? by >= stop - i : by <= stop - i) break;
    i += by;
  }
  return n;
}

RuntimeTest(sequences, SEQ_004_slices_of_all_bounds_and_steps_are_clamped) {
  const int64_t bounds[] = {0, 1, 2, 3, 4, 5, 7, -1, -2, -3, -4, -6, -7, 100, -100, INT64_MAX, INT64_MIN};
  const int64_t steps[] = {1, 2, 3, 31, INT64_MAX, -1, -2, -3, -31, -INT64_MAX, INT64_MIN};
  enum { SIZE = 5, BOUNDS = sizeof bounds / sizeof *bounds, STEPS = sizeof steps / sizeof *steps };
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *all = counted(makers[m], SIZE);
    for (int i = 0; i < BOUNDS * BOUNDS * STEPS; i++) {
      int64_t start = bounds[i % BOUNDS], stop = bounds[i / BOUNDS % BOUNDS], by = steps[i / BOUNDS / BOUNDS];
      int64_t places[SIZE];
      size_t n = walk(start, stop, by, SIZE, places);
      weft_auto weft_object *slice = weft_slice_new(start, stop, by);
      weft_auto weft_object *part = weft_get_item(all, slice);
      cr_assert(part && part->type == all->type);
      cr_assert_eq(weft_length(part), (int64_t)n, "%d: %lld", i, (long long)weft_length(part));
      for (size_t k = 0; k < n; k++) {
        weft_auto weft_object *item = weft_get_item(part, INT((int64_t)k));
        cr_assert_eq(weft_int_value(item), places[k]);
      }
    }
  }
}

RuntimeTest(sequences, SEQ_017_a_key_that_is_an_int_or_a_slice_does_what_the_functions_do) {
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *text = STR("abc"), *abc = makers[m](text);
    weft_auto weft_object *a = weft_get_item(abc, INT(0)), *c = weft_get_item(abc, INT(-1));
    assert_text(weft_str(a), "a");
    assert_text(weft_str(c), "c");
    cr_assert(!weft_get_item(abc, INT(3)) && raised(&weft_IndexError));
    cr_assert(!weft_get_item(abc, INT(-4)) && raised(&weft_IndexError));
    weft_auto weft_object *tail = sliced(abc, 1, INT64_MAX, 1);
    weft_auto weft_object *by_call = m ? weft_tuple_slice(abc, 1, INT64_MAX, 1) : weft_list_slice(abc, 1, INT64_MAX);
    cr_assert(equal(tail, by_call) && weft_length(tail) == 2);
    weft_auto weft_object *odd = sliced(abc, 0, 3, 2), *none = sliced(abc, 2, 1, 1);
    cr_assert(weft_length(odd) == 2 && weft_length(none) == 0);
    cr_assert(!weft_get_item(abc, a) && raised_with(&weft_TypeError, "must be integers or slices, not str"));
  }
  cr_assert(!weft_slice_new(0, 10, 0) && raised_with(&weft_ValueError, "slice step cannot be zero"));
}

RuntimeTest(sequences, TUP_001_a_str_is_no_index_of_a_tuple) {
  weft_auto weft_object *a = STR("a"), *tuple = weft_tuple_pack(1, a);
  cr_assert(!weft_get_item(tuple, a) && raised_with(&weft_TypeError, "tuple indices must be integers or slices"));
}

RuntimeTest(sequences, LST_002_a_str_is_no_index_of_a_list) {
  weft_auto weft_object *a = STR("a"), *list = weft_list_new();
  cr_assert(!weft_get_item(list, a) && raised_with(&weft_TypeError, "list indices must be integers or slices"));
  cr_assert(weft_set_item(list, a, a) == -1 && raised_with(&weft_TypeError, "list indices must be integers or slices"));
}

RuntimeTest(sequences, slices_are_equal_by_what_they_mean_and_keys_of_bytes_too) {
  weft_auto weft_object *a = weft_slice_new(1, 4, 2), *b = weft_slice_new(1, 4, 2), *c = weft_slice_new(1, 5, 2);
  cr_assert(equal(a, b) && !equal(a, c) && weft_compare(a, c, WEFT_NE) == 1);
  cr_assert(weft_compare(a, b, WEFT_LT) == -1 && raised(&weft_TypeError));
  int64_t hash;
  cr_assert(weft_hash(a, &hash) == -1 && raised(&weft_TypeError));
  assert_text(weft_repr(a), "slice(1, 4, 2)");
  weft_auto weft_object *bytes = weft_bytes_new("abcdef", 6), *bytearray = weft_bytearray_from(bytes);
  weft_auto weft_object *bd = weft_get_item(bytes, a), *also = weft_get_item(bytearray, a);
  assert_text(weft_repr(bd), "b'bd'");
  assert_text(weft_repr(also), "bytearray(b'bd')");
  cr_assert_eq(weft_set_item(bytearray, a, NULL), 0);
  assert_text(weft_repr(bytearray), "bytearray(b'acef')");
  cr_assert_eq(weft_set_item(bytearray, a, bytes), -1);
  cr_assert(raised(&weft_ValueError));
}

/* --- Searching --- */

/* An object that compares as told: equal to all, to none, or not at all. */
static weft_object *comparing(int answer) {
  static int (*const compares[])(weft_object *, weft_object *, enum weft_compare_op) = {compare_never, compare_always,
                                                                                        compare_raises};
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "comparing", .compare = compares[answer]});
  return weft_object_new(type, 0);
}
enum { NEVER, ALWAYS, RAISES };

static int64_t count(weft_object *o, weft_object *value) {
  return weft_list_check(o) ? weft_list_count(o, value) : weft_tuple_count(o, value);
}
static int64_t index_of(weft_object *o, weft_object *value, int64_t start, int64_t stop) {
  return weft_list_check(o) ? weft_list_index(o, value, start, stop) : weft_tuple_index(o, value, start, stop);
}

RuntimeTest(sequences, SEQ_007_the_search_stops_at_the_first_match_and_an_error_before_it_is_passed_on) {
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *stop = comparing(RAISES);
    weft_auto weft_object *before = LIST(INT(1), weft_new_ref(stop)), *after = LIST(weft_new_ref(stop), INT(1));
    weft_auto weft_object *found = makers[m](before), *failing = makers[m](after);
    cr_assert_eq(weft_contains(found, INT(1)), 1);
    cr_assert(weft_contains(failing, INT(1)) == -1 && raised(&weft_RuntimeError));
  }
}

RuntimeTest(sequences, SEQ_019_count_counts_equal_items_and_passes_errors_on) {
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *numbers = LIST(INT(0), INT(1), INT(2), INT(0), INT(1), INT(2), INT(0), INT(1), INT(2));
    weft_auto weft_object *all = makers[m](numbers);
    for (int i = 0; i < 3; i++) cr_assert_eq(count(all, INT(i)), 3);
    cr_assert_eq(count(all, INT(3)), 0);
    weft_auto weft_object *always = comparing(ALWAYS), *never = comparing(NEVER), *raises = comparing(RAISES);
    cr_assert(count(all, always) == 9 && count(all, never) == 0);
    weft_auto weft_object *mixed_list = LIST(weft_new_ref(always), weft_new_ref(always), weft_new_ref(never));
    weft_auto weft_object *mixed = makers[m](mixed_list);
    cr_assert(count(mixed, INT(5)) == 2 && count(mixed, never) == 3);
    cr_assert(count(all, raises) == -1 && raised(&weft_RuntimeError));
  }
}

RuntimeTest(sequences, SEQ_020_index_gives_the_first_place_within_bounds) {
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *list = LIST(INT(-2), INT(-1), INT(0), INT(0), INT(1), INT(2));
    weft_auto weft_object *all = makers[m](list);
    cr_assert(index_of(all, INT(0), 0, INT64_MAX) == 2 && index_of(all, INT(0), 2, INT64_MAX) == 2);
    cr_assert(index_of(all, INT(0), 3, 4) == 3 && index_of(all, INT(-2), -10, INT64_MAX) == 0);
    cr_assert(index_of(all, INT(0), -3, -2) == 3 && index_of(all, INT(0), INT64_MIN, INT64_MAX) == 2);
    const int64_t nowhere[][2] = {{4, INT64_MAX}, {2, 2}, {0, 2}, {3, 3}, {-2, -10}, {INT64_MAX, INT64_MAX}, {-10, -4}};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
      cr_assert(index_of(all, INT(0), nowhere[i][0], nowhere[i][1]) == -1 && raised(&weft_ValueError), "%zu", i);
    cr_assert(index_of(all, INT(42), 0, INT64_MAX) == -1 && raised_with(&weft_ValueError, "x not in"));
    weft_auto weft_object *always = comparing(ALWAYS), *never = comparing(NEVER), *raises = comparing(RAISES);
    cr_assert_eq(index_of(all, always, 1, INT64_MAX), 1);
    cr_assert(index_of(all, never, 0, INT64_MAX) == -1 && raised(&weft_ValueError));
    cr_assert(index_of(all, raises, 0, INT64_MAX) == -1 && raised(&weft_RuntimeError));
  }
}

RuntimeTest(sequences, SEQ_009_the_smallest_and_the_largest) {
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *all = counted(makers[m], 3);
    weft_auto weft_object *least = weft_min(all), *most = weft_max(all);
    cr_assert(least == INT(0) && most == INT(2));
  }
  weft_auto weft_object *empty = weft_list_new(), *mixed = LIST(INT(1), STR("a"));
  cr_assert(!weft_min(empty) && raised(&weft_ValueError));
  cr_assert(!weft_max(mixed) && raised(&weft_TypeError));
  cr_assert(!weft_min(INT(1)) && raised(&weft_TypeError));
  weft_auto weft_object *x = FLOAT(1.0), *equal_ones = LIST(weft_new_ref(x), INT(1));
  weft_auto weft_object *least = weft_min(equal_ones), *most = weft_max(equal_ones);
  cr_assert(least == x && most == x);
}

/* --- Repeating, in place --- */

RuntimeTest(sequences, SEQ_015_repeating_from_minus_four_to_four_times) {
  for (int m = 0; m < MAKERS; m++) {
    for (int64_t size = 0; size < 4; size++) {
      weft_auto weft_object *once = counted(makers[m], size);
      for (int64_t n = -4; n <= 4; n++) {
        weft_auto weft_object *right = weft_multiply(once, INT(n)), *left = weft_multiply(INT(n), once);
        cr_assert(equal(left, right) && weft_length(right) == (n > 0 ? n * size : 0) && right->type == once->type);
        for (int64_t i = 0; n > 0 && i < n * size; i++) {
          weft_auto weft_object *item = weft_get_item(right, INT(i));
          cr_assert_eq(weft_int_value(item), i % size);
        }
        if (n == 1) cr_assert_eq(right == once, m == 1);
      }
    }
  }
}

RuntimeTest(sequences, SEQ_012_concatenation_in_place_accumulates) {
  weft_auto weft_object *list = LIST(INT(0)), *one = LIST(INT(1)), *sum = weft_in_place_add(list, one);
  cr_assert(sum == list && reads(list, "[0, 1]"));
  weft_auto weft_object *again = weft_in_place_add(list, list);
  cr_assert(again == list && reads(list, "[0, 1, 0, 1]"));
  weft_auto weft_object *tuple = weft_tuple_pack(1, INT(0)), *more = weft_tuple_pack(1, INT(1));
  weft_auto weft_object *longer = weft_in_place_add(tuple, more), *longest = weft_in_place_add(longer, more);
  cr_assert(reads(tuple, "(0,)") && reads(longer, "(0, 1)") && reads(longest, "(0, 1, 1)"));
}

RuntimeTest(sequences, SEQ_013_repeating_in_place) {
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *once = counted(makers[m], 2), *thrice = weft_in_place_multiply(once, INT(3));
    cr_assert(reads(thrice, m ? "(0, 1, 0, 1, 0, 1)" : "[0, 1, 0, 1, 0, 1]"));
    weft_auto weft_object *nothing = weft_in_place_multiply(thrice, INT(0));
    cr_assert(reads(nothing, m ? "()" : "[]") && (nothing == once) == (m == 0));
  }
}

RuntimeTest(sequences, TUP_008_repeating_a_tuple_in_place_makes_a_new_one) {
  weft_auto weft_object *once = counted(weft_tuple_from, 2), *thrice = weft_in_place_multiply(once, INT(3));
  cr_assert(thrice != once && reads(once, "(0, 1)") && reads(thrice, "(0, 1, 0, 1, 0, 1)"));
  weft_auto weft_object *empty = weft_tuple_pack(0), *still = weft_in_place_multiply(empty, INT(3));
  cr_assert(reads(still, "()"));
}

/* --- Making --- */

RuntimeTest(sequences, TUP_002_a_tuple_of_a_tuple_is_that_tuple) {
  weft_auto weft_object *numbers = counted(weft_tuple_from, 4), *again = weft_tuple_from(numbers);
  cr_assert_eq(again, numbers);
  weft_auto weft_object *empty = weft_tuple_pack(0), *list = weft_list_new(), *of_empty_list = weft_tuple_from(list);
  cr_assert_eq(of_empty_list, empty);
  weft_auto weft_object *text = STR("spam"), *letters = weft_tuple_from(text), *called = CALL(weft_tuple_type, text);
  assert_text(weft_repr(letters), "('s', 'p', 'a', 'm')");
  cr_assert(equal(letters, called));
  cr_assert(!weft_tuple_from(INT(3)) && raised(&weft_TypeError));
  cr_assert(!weft_call((weft_object *)&weft_tuple_type, (weft_object *[]){list, list}, 2) && raised(&weft_TypeError));
}

RuntimeTest(sequences, TUP_009_a_tuple_of_a_thousand_items_that_come_one_by_one) {
  weft_auto weft_object *numbers = counted(weft_tuple_from, 1000);
  cr_assert_eq(weft_length(numbers), 1000);
  for (int i = 0; i < 1000; i++) {
    weft_auto weft_object *item = weft_tuple_get(numbers, i);
    cr_assert_eq(weft_int_value(item), i);
  }
}

RuntimeTest(sequences, an_iterable_that_fails_leaves_nothing_behind) {
  for (int m = 0; m < MAKERS; m++) {
    weft_auto weft_object *failing = count_to_error(20);
    cr_assert(!makers[m](failing) && raised(&weft_RuntimeError));
  }
}
