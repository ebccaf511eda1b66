/* SPDX-License-Identifier: MIT */
/* array. An argument too many, for which CPython has TypeError, is what C's compiler refuses. */
#include "raw_support.h"

#include <math.h>

RuntimeSuite(arrays);

static const char codes[] = {'b', 'B', 'h', 'H', 'i', 'I', 'l', 'L', 'q', 'Q', 'f', 'd'};
static const int widths[] = {1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 4, 8};
static bool is_real(char code) { return code == 'f' || code == 'd'; }

/* The numbers 0 to 4, which CPython's tests have as an example, too. */
static weft_object *five(char code) { return ARRAY(code, 0, 1, 2, 3, 4); }

/* It holds these numbers. */
static bool holds_all(weft_object *array, size_t n, const int64_t *values) {
  if (weft_array_length(array) != (int64_t)n) return false;
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *item = weft_array_get(array, (int64_t)i);
    weft_auto weft_object *value = INT(values[i]);
    if (!equal(item, value)) return false;
  }
  return true;
}
#define HOLDS(array, ...) holds_all(array, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})
static bool holds_steal(weft_object *array, size_t n, const int64_t *values) {
  bool holds = array && holds_all(array, n, values);
  weft_xdecref(array);
  return holds;
}
#define GIVES(array, ...) \
  holds_steal(array, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

/* --- Making --- */

RuntimeTest(arrays, ARR_003_a_bad_typecode_is_a_value_error) {
  const char wrong[] = {'\0', 'x', 'c', 'u', 'w', '\xff', ' '};
  weft_auto weft_object *list = LIST(INT(1));
  EACH(i, wrong) {
    cr_assert(!weft_array_new(wrong[i]) && raised(&weft_ValueError));
    cr_assert(!weft_array_from(wrong[i], list) && raised(&weft_ValueError));
  }
}

RuntimeTest(arrays, ARR_007_an_empty_array_stays_empty) {
  EACH(c, codes) {
    weft_auto weft_object *a = weft_array_new(codes[c]);
    cr_assert(weft_array_set_slice(a, 0, INT64_MAX, 1, a) == 0 && weft_array_length(a) == 0);
    weft_auto weft_object *sum = weft_add(a, a);
    weft_auto weft_object *thrice = weft_multiply(a, INT(3));
    cr_assert(weft_array_length(sum) == 0 && weft_array_length(thrice) == 0);
    cr_assert(weft_array_extend(a, a) == 0 && weft_array_repeat_in_place(a, 3) == 0 && weft_array_length(a) == 0);
    cr_assert_eq(weft_is_true(a), 0);
  }
}

RuntimeTest(arrays, ARR_011_an_array_reports_its_code_and_its_items_size) {
  EACH(c, codes) {
    weft_auto weft_object *a = weft_array_new(codes[c]);
    cr_assert(weft_array_typecode(a) == codes[c] && weft_array_item_size(a) == widths[c]);
    cr_assert(!weft_array_from(codes[c], WEFT_NONE) && raised(&weft_TypeError));
  }
}

RuntimeTest(arrays, ARR_053_from_an_iterator) {
  EACH(c, codes) {
    weft_auto weft_object *list = LIST(INT(0), INT(1), INT(2), INT(3), INT(4));
    weft_auto weft_object *sample = weft_array_from(codes[c], list);
    weft_auto weft_object *iterator = weft_iter(list);
    weft_auto weft_object *a = weft_array_from(codes[c], iterator);
    cr_assert(equal(a, sample) && HOLDS(a, 0, 1, 2, 3, 4));
    cr_assert(!weft_array_from(codes[c], INT(42)) && raised(&weft_TypeError));
    weft_auto weft_object *failing = failing_iterator();
    cr_assert(!weft_array_from(codes[c], failing) && raised_with(&weft_ValueError, "no more"));
  }
}

RuntimeTest(arrays, ARR_031_from_an_array_of_the_same_code) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_auto weft_object *b = weft_array_from(codes[c], a);
    cr_assert(a != b && equal(a, b) && weft_array_typecode(b) == codes[c]);
  }
}

RuntimeTest(arrays, ARR_075_from_an_array_of_another_code_by_value) {
  EACH(c, codes) EACH(d, codes) {
    weft_auto weft_object *from = five(codes[d]);
    weft_object *a = weft_array_from(codes[c], from);
    if (is_real(codes[d]) && !is_real(codes[c]))
      cr_assert(!a && raised(&weft_TypeError));
    else
      cr_assert(GIVES(a, 0, 1, 2, 3, 4));
  }
}

RuntimeTest(arrays, ARR_059_from_bytes) {
  weft_auto weft_object *b = BYTES("1234");
  weft_auto weft_object *a = weft_array_from('H', b);
  cr_assert(weft_array_length(a) * weft_array_item_size(a) == 4 && makes(weft_bytes_from(a), "b'1234'"));
  weft_auto weft_object *odd = BYTEARRAY("123");
  cr_assert(!weft_array_from('H', odd) && raised(&weft_ValueError));
}

RuntimeTest(arrays, ARR_062_text_is_a_type_error) {
  weft_auto weft_object *text = STR("foo");
  EACH(c, codes) {
    cr_assert(!weft_array_from(codes[c], text) && raised(&weft_TypeError));
    weft_auto weft_object *a = five(codes[c]);
    cr_assert(weft_array_extend(a, text) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_append(a, text) == -1 && raised(&weft_TypeError) && HOLDS(a, 0, 1, 2, 3, 4));
  }
}

/* --- Values --- */

RuntimeTest(arrays, ARR_076_a_float_in_an_array_of_ints_is_a_type_error) {
  weft_auto weft_object *x = FLOAT(42.0);
  weft_auto weft_object *list = LIST(FLOAT(42.0));
  EACH(c, codes) {
    if (is_real(codes[c])) continue;
    weft_auto weft_object *a = ARRAY(codes[c], 1);
    cr_assert(!weft_array_from(codes[c], list) && raised(&weft_TypeError));
    cr_assert(weft_array_set(a, 0, x) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_append(a, x) == -1 && raised(&weft_TypeError) && HOLDS(a, 1));
  }
}

RuntimeTest(arrays, values_beyond_the_range_of_ints_are_overflow_errors) {
  const struct {
    char code;
    int64_t least, most;
  } ranges[] = {{'b', -128, 127},
                {'B', 0, 255},
                {'h', -32768, 32767},
                {'H', 0, 65535},
                {'i', INT32_MIN, INT32_MAX},
                {'I', 0, UINT32_MAX},
                {'l', INT64_MIN, INT64_MAX},
                {'q', INT64_MIN, INT64_MAX}};
  EACH(k, ranges) {
    weft_auto weft_object *a = ARRAY(ranges[k].code, ranges[k].least, ranges[k].most);
    cr_assert(HOLDS(a, ranges[k].least, ranges[k].most));
    weft_auto weft_object *below = INT(ranges[k].least == INT64_MIN ? INT64_MIN : ranges[k].least - 1);
    weft_auto weft_object *above = INT(ranges[k].most == INT64_MAX ? INT64_MAX : ranges[k].most + 1);
    weft_object *const wrong[] = {below, above};
    EACH(i, wrong) {
      if (i == 0 ? ranges[k].least == INT64_MIN : ranges[k].most == INT64_MAX) continue;
      weft_auto weft_object *list = LIST(weft_new_ref(wrong[i]));
      cr_assert(!weft_array_from(ranges[k].code, list) && raised(&weft_OverflowError));
      cr_assert(weft_array_append(a, wrong[i]) == -1 && raised(&weft_OverflowError));
      cr_assert(weft_array_set(a, 0, wrong[i]) == -1 && raised(&weft_OverflowError));
      cr_assert(weft_array_insert(a, 0, wrong[i]) == -1 && raised(&weft_OverflowError));
    }
    cr_assert(HOLDS(a, ranges[k].least, ranges[k].most));
  }
}

RuntimeTest(arrays, an_item_beyond_64_bits_with_a_sign_is_as_good_as_others) {
  weft_auto weft_object *b = BYTES("\xff\xff\xff\xff\xff\xff\xff\xff");
  weft_auto weft_object *a = weft_array_from('Q', b);
  cr_assert(is_shown(a, "array('Q', [18446744073709551615])"));
  weft_auto weft_object *item = weft_array_get(a, 0), *list = weft_array_to_list(a);
  cr_assert(is_shown(item, "18446744073709551615") && is_shown(list, "[18446744073709551615]"));
  weft_auto weft_object *x = FLOAT(18446744073709551616.0);
  weft_auto weft_object *y = FLOAT(9223372036854775808.0);
  cr_assert(weft_array_contains(a, x) == 0 && weft_array_contains(a, y) == 0 && weft_array_contains(a, INT(-1)) == 0);
  weft_auto weft_object *minus = ARRAY('q', -1);
  weft_auto weft_object *reals = ARRAY('d', 3);
  cr_assert(weft_compare(a, minus, WEFT_GT) == 1 && weft_compare(minus, a, WEFT_LT) == 1 && !equal(a, minus));
  cr_assert(weft_compare(a, reals, WEFT_GT) == 1 && weft_compare(reals, a, WEFT_GT) == 0);
}

RuntimeTest(arrays, floats_are_rounded_to_their_width) {
  weft_auto weft_object *list = LIST(FLOAT(1.5), FLOAT(0.1), FLOAT(1e300), INT(7));
  cr_assert(makes(weft_array_from('d', list), "array('d', [1.5, 0.1, 1e+300, 7.0])"));
  cr_assert(makes(weft_array_from('f', list), "array('f', [1.5, 0.10000000149011612, inf, 7.0])"));
}

/* --- Items --- */

RuntimeTest(arrays, ARR_039_items_are_found_from_both_ends) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    for (int i = 0; i < 5; i++) {
      weft_auto weft_object *item = weft_array_get(a, i);
      weft_auto weft_object *same = weft_array_get(a, i - 5);
      cr_assert(equal(item, INT(i)) && equal(same, INT(i)) && (item->type == &weft_float_type) == is_real(codes[c]));
    }
    const int64_t wrong[] = {5, -6, INT64_MAX, INT64_MIN};
    EACH(i, wrong) {
      cr_assert(!weft_array_get(a, wrong[i]) && raised(&weft_IndexError));
      cr_assert(weft_array_set(a, wrong[i], INT(1)) == -1 && raised(&weft_IndexError));
      cr_assert(!weft_array_pop(a, wrong[i]) && raised(&weft_IndexError));
    }
    weft_auto weft_object *text = STR("1");
    cr_assert(!weft_get_item(a, text) && raised(&weft_TypeError));
  }
}

RuntimeTest(arrays, ARR_041_deleting_items) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_auto weft_object *b = five(codes[c]);
    cr_assert(weft_array_delete(a, 0) == 0 && HOLDS(a, 1, 2, 3, 4) && weft_array_delete(a, -1) == 0 &&
              HOLDS(a, 1, 2, 3));
    cr_assert(weft_set_item(b, INT(4), NULL) == 0 && HOLDS(b, 0, 1, 2, 3) && weft_array_delete(b, -4) == 0);
    cr_assert(HOLDS(b, 1, 2, 3));
    const int64_t wrong[] = {3, -4, INT64_MAX, INT64_MIN};
    EACH(i, wrong) cr_assert(weft_array_delete(a, wrong[i]) == -1 && raised(&weft_IndexError) && HOLDS(a, 1, 2, 3));
  }
}

RuntimeTest(arrays, ARR_025_inserting) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2, 3);
    const int64_t places[] = {0, -1, -1000, 1000};
    EACH(i, places) cr_assert_eq(weft_array_insert(a, places[i], INT(9)), 0);
    cr_assert(HOLDS(a, 9, 9, 1, 2, 9, 3, 9));
    weft_auto weft_object *text = STR("x");
    cr_assert(weft_array_insert(a, 0, text) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_insert(a, 0, WEFT_NONE) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_insert(a, 0, NULL) == -1 && raised(&weft_TypeError));
    cr_assert(HOLDS(a, 9, 9, 1, 2, 9, 3, 9));
  }
}

RuntimeTest(arrays, pop_gives_what_it_removes) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_auto weft_object *last = weft_array_pop(a, -1);
    weft_auto weft_object *first = weft_array_pop(a, 0);
    weft_auto weft_object *middle = weft_array_pop(a, 1);
    cr_assert(equal(last, INT(4)) && equal(first, INT(0)) && equal(middle, INT(2)) && HOLDS(a, 1, 3));
    cr_assert(weft_array_clear(a) == 0 && weft_array_length(a) == 0 && weft_array_capacity(a) == 0);
    cr_assert(!weft_array_pop(a, -1) && raised(&weft_IndexError));
  }
}

RuntimeTest(arrays, ARR_051_reverse) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    cr_assert(weft_array_reverse(a) == 0 && HOLDS(a, 4, 3, 2, 1, 0));
  }
}

RuntimeTest(arrays, ARR_073_iterating_and_membership) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    weft_auto weft_object *iterator = weft_iter(a);
    for (int i = 0; i < 10; i++) {
      weft_auto weft_object *item = weft_next(iterator);
      cr_assert(equal(item, INT(i)));
    }
    cr_assert(!weft_next(iterator) && !weft_next(iterator));
    cr_assert(weft_contains(a, INT(9)) == 1 && weft_contains(a, INT(20)) == 0);
  }
}

/* --- Memory --- */

RuntimeTest(arrays, ARR_013_address_and_length) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_view view;
    cr_assert_eq(weft_view_open(&view, a), 0);
    cr_assert(view.data && view.size / view.item_size == (size_t)weft_array_length(a) && view.typecode == codes[c]);
    cr_assert_eq(view.item_size, (size_t)widths[c]);
    weft_view_close(&view);
  }
}

static void swap_twice(char code) {
  weft_auto weft_object *a = is_real(code) ? weft_array_new(code) : five(code);
  weft_auto weft_object *real = LIST(FLOAT(-42.0), FLOAT(0.0), FLOAT(42.0), FLOAT(1e5), FLOAT(-1e10));
  if (is_real(code)) cr_assert_eq(weft_array_extend(a, real), 0);
  weft_auto weft_object *b = weft_array_from(code, a);
  weft_auto weft_object *before = weft_bytes_from(a);
  cr_assert_eq(weft_array_byteswap(a), 0);
  weft_auto weft_object *swapped = weft_bytes_from(a);
  cr_assert_eq(equal(before, swapped), weft_array_item_size(a) == 1);
  cr_assert_eq(weft_array_byteswap(a), 0);
  cr_assert(equal(a, b));
}
RuntimeTest(arrays, ARR_014_swapping_bytes_twice_restores_ints) {
  EACH(c, codes) if (!is_real(codes[c])) swap_twice(codes[c]);
  weft_auto weft_object *a = ARRAY('i', 0x01020304);
  cr_assert(weft_array_byteswap(a) == 0 && HOLDS(a, 0x04030201));
}
RuntimeTest(arrays, ARR_081_swapping_bytes_twice_restores_floats) {
  EACH(c, codes) if (is_real(codes[c])) swap_twice(codes[c]);
}

RuntimeTest(arrays, ARR_029_to_and_from_lists) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_auto weft_object *b = weft_array_new(codes[c]);
    weft_auto weft_object *list = weft_array_to_list(a);
    cr_assert(weft_list_length(list) == 5 && weft_array_extend_list(b, list) == 0 && equal(a, b));
    weft_auto weft_object *tuple = TUPLE(INT(1));
    weft_auto weft_object *bad = LIST(INT(1), weft_new_ref(WEFT_NONE));
    weft_object *const wrong[] = {WEFT_NONE, tuple, bad, a, NULL};
    EACH(i, wrong) cr_assert(weft_array_extend_list(b, wrong[i]) == -1 && raised(&weft_TypeError));
    cr_assert(equal(a, b));
  }
}

RuntimeTest(arrays, bytes_are_added_as_whole_items) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_auto weft_object *memory = weft_bytes_from(a);
    weft_auto weft_object *copy = weft_bytearray_from(a);
    weft_auto weft_object *b = weft_array_new(codes[c]);
    cr_assert(weft_array_extend_bytes(b, memory) == 0 && equal(a, b));
    cr_assert(weft_array_extend_bytes(b, copy) == 0 && HOLDS(b, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4));
    weft_auto weft_object *odd = weft_bytes_slice(memory, 1, INT64_MAX, 1);
    if (widths[c] > 1) cr_assert(weft_array_extend_bytes(b, odd) == -1 && raised(&weft_ValueError));
    weft_auto weft_object *text = STR("");
    cr_assert(weft_array_extend_bytes(b, text) == -1 && raised(&weft_TypeError) && weft_array_length(b) == 10);
  }
}

RuntimeTest(arrays, ARR_079_an_unsigned_array_is_extended_by_the_values_of_bytes) {
  const char unsigned_codes[] = {'B', 'H', 'I', 'L', 'Q'};
  weft_auto weft_object *b = BYTES("\x0a\xff");
  EACH(c, unsigned_codes) {
    weft_auto weft_object *a = ARRAY(unsigned_codes[c], 1);
    cr_assert(weft_array_extend(a, b) == 0 && HOLDS(a, 1, 10, 255));
  }
}

/* --- Concatenating, repeating, comparing --- */

RuntimeTest(arrays, ARR_035_concatenation) {
  weft_auto weft_object *list = LIST(INT(1));
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2);
    weft_auto weft_object *b = ARRAY(codes[c], 3);
    weft_auto weft_object *other = ARRAY(codes[c] == 'b' ? 'h' : 'b', 3);
    cr_assert(GIVES(weft_add(a, b), 1, 2, 3) && GIVES(weft_add(a, a), 1, 2, 1, 2) && HOLDS(a, 1, 2));
    cr_assert(!weft_add(a, other) && raised(&weft_TypeError));
    cr_assert(!weft_add(a, list) && raised(&weft_TypeError));
    cr_assert(!weft_add(list, a) && raised(&weft_TypeError));
    cr_assert(!weft_add(a, INT(1)) && raised(&weft_TypeError));
  }
}

RuntimeTest(arrays, concatenation_in_place) {
  weft_auto weft_object *list = LIST(INT(1));
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2);
    weft_auto weft_object *b = ARRAY(codes[c], 3);
    weft_auto weft_object *other = ARRAY(codes[c] == 'b' ? 'h' : 'b', 3);
    weft_auto weft_object *same = weft_in_place_add(a, b);
    cr_assert(same == a && HOLDS(a, 1, 2, 3) && HOLDS(b, 3));
    weft_auto weft_object *twice = weft_in_place_add(a, a);
    cr_assert(twice == a && HOLDS(a, 1, 2, 3, 1, 2, 3));
    cr_assert(!weft_in_place_add(a, other) && raised(&weft_TypeError));
    cr_assert(!weft_in_place_add(a, list) && raised(&weft_TypeError));
    cr_assert(HOLDS(a, 1, 2, 3, 1, 2, 3));
  }
}

RuntimeTest(arrays, ARR_037_repeating) {
  weft_auto weft_object *text = STR("2");
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2);
    cr_assert(GIVES(weft_multiply(a, INT(5)), 1, 2, 1, 2, 1, 2, 1, 2, 1, 2));
    cr_assert(GIVES(weft_multiply(INT(2), a), 1, 2, 1, 2) && HOLDS(a, 1, 2));
    weft_auto weft_object *none = weft_multiply(a, INT(0));
    weft_auto weft_object *fewer = weft_multiply(a, INT(-1));
    cr_assert(weft_array_length(none) == 0 && weft_array_length(fewer) == 0);
    cr_assert(!weft_multiply(a, text) && raised(&weft_TypeError));
    cr_assert(!weft_multiply(a, a) && raised(&weft_TypeError));
  }
}

RuntimeTest(arrays, ARR_038_repeating_in_place) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2);
    cr_assert(weft_array_repeat_in_place(a, 5) == 0 && HOLDS(a, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2));
    weft_auto weft_object *many = ARRAY(codes[c], 7, 8);
    cr_assert(weft_array_repeat_in_place(many, 1000) == 0 && weft_array_length(many) == 2000);
    cr_assert(weft_array_count(many, INT(7)) == 1000 && weft_array_count(many, INT(8)) == 1000);
    cr_assert(weft_array_index(many, INT(8), 1998, INT64_MAX) == 1999);
    cr_assert(weft_array_repeat_in_place(a, 0) == 0 && weft_array_length(a) == 0);
    cr_assert(weft_array_repeat_in_place(many, -1) == 0 && weft_array_length(many) == 0);
    weft_auto weft_object *text = STR("2");
    cr_assert(weft_array_repeat_in_place(text, 2) == -1 && raised(&weft_TypeError));
    weft_auto weft_object *same = weft_in_place_multiply(many, INT(3));
    cr_assert(same == many && weft_array_length(many) == 0);
    weft_auto weft_object *b = ARRAY(codes[c], 1, 2), *twice = weft_in_place_multiply(b, INT(2));
    cr_assert(twice == b && HOLDS(b, 1, 2, 1, 2));
    cr_assert(!weft_in_place_multiply(b, text) && raised(&weft_TypeError) && HOLDS(b, 1, 2, 1, 2));
  }
}

RuntimeTest(arrays, ARR_082_too_many_times_is_a_memory_error) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2);
    cr_assert(!weft_array_repeat(a, INT64_MAX) && raised(&weft_MemoryError));
    cr_assert(!weft_array_repeat(a, INT64_MAX / 2) && raised(&weft_MemoryError));
    cr_assert(weft_array_repeat_in_place(a, INT64_MAX / 2 + 1) == -1 && raised(&weft_MemoryError) && HOLDS(a, 1, 2));
  }
}

RuntimeTest(arrays, ARR_034_comparing) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2, 3);
    weft_object *const others[] = {ARRAY(codes[c], 1, 2, 3), ARRAY(codes[c], 1, 2, 2), ARRAY(codes[c], 1, 2, 4),
                                   ARRAY(codes[c], 1, 2, 3, 1, 2, 3), ARRAY(codes[c], 1, 2)};
    const int order[] = {0, 1, -1, -1, 1}; /* of `a` to the other */
    EACH(i, others) {
      const int expected[] = {order[i]<0, order[i] <= 0, order[i] == 0, order[i] != 0, order[i]> 0, order[i] >= 0};
      for (int op = WEFT_LT; op <= WEFT_GE; op++)
        cr_assert_eq(weft_compare(a, others[i], (enum weft_compare_op)op), expected[op]);
      weft_decref(others[i]);
    }
    cr_assert(weft_compare(a, INT(42), WEFT_EQ) == 0 && weft_compare(a, INT(42), WEFT_NE) == 1);
    cr_assert(weft_compare(a, INT(42), WEFT_LT) == -1 && raised(&weft_TypeError));
  }
}

RuntimeTest(arrays, arrays_of_different_codes_compare_by_value) {
  EACH(c, codes) EACH(d, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_auto weft_object *b = five(codes[d]);
    weft_auto weft_object *larger = ARRAY(codes[d], 0, 1, 2, 3, 5);
    cr_assert(equal(a, b) && weft_compare(a, larger, WEFT_LT) == 1 && weft_compare(larger, a, WEFT_LE) == 0);
  }
}

RuntimeTest(arrays, ARR_080_nan_is_equal_to_nothing) {
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *list = LIST(FLOAT(NAN));
    weft_auto weft_object *a = weft_array_from(i ? 'f' : 'd', list);
    weft_auto weft_object *b = weft_array_from(i ? 'f' : 'd', list);
    for (int op = WEFT_LT; op <= WEFT_GE; op++)
      cr_assert_eq(weft_compare(a, b, (enum weft_compare_op)op), op == WEFT_NE);
    weft_auto weft_object *nan = FLOAT(NAN);
    cr_assert(weft_array_contains(a, nan) == 0 && weft_array_contains(a, INT(0)) == 0);
  }
}

/* --- Searching --- */

RuntimeTest(arrays, ARR_046_index) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 2, 0, 1, 0, 0, 1, 0);
    cr_assert(weft_array_index(a, INT(0), 0, INT64_MAX) == 1 && weft_array_index(a, INT(0), 2, INT64_MAX) == 3);
    cr_assert(weft_array_index(a, INT(0), 2, 4) == 3 && weft_array_index(a, INT(1), -3, INT64_MAX) == 5);
    cr_assert(weft_array_index(a, INT(0), INT64_MIN, INT64_MAX) == 1);
    cr_assert(weft_array_index(a, INT(2), 1, INT64_MAX) == -1 && raised(&weft_ValueError));
    cr_assert(weft_array_index(a, INT(1), 3, -2) == -1 && raised(&weft_ValueError));
    cr_assert(weft_array_index(a, WEFT_NONE, 0, INT64_MAX) == -1 && raised(&weft_ValueError));
    cr_assert(weft_array_index(a, INT(9), 0, INT64_MAX) == -1 && raised(&weft_ValueError));
  }
}

RuntimeTest(arrays, ARR_047_count) {
  weft_auto weft_object *text = STR("1");
  EACH(c, codes) {
    weft_auto weft_object *once = five(codes[c]);
    weft_auto weft_object *a = weft_array_repeat(once, 2);
    for (int i = 0; i < 5; i++) cr_assert_eq(weft_array_count(a, INT(i)), 2);
    weft_auto weft_object *real = FLOAT(3.0);
    cr_assert(weft_array_count(a, INT(99)) == 0 && weft_array_count(a, WEFT_NONE) == 0);
    cr_assert(weft_array_count(a, text) == 0 && weft_array_count(a, real) == 2 && weft_array_count(a, WEFT_TRUE) == 2);
    cr_assert(weft_array_count(a, NULL) == -1 && raised(&weft_TypeError));
  }
}

RuntimeTest(arrays, ARR_048_remove) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2, 1, 3);
    cr_assert(weft_array_remove(a, INT(1)) == 0 && HOLDS(a, 2, 1, 3));
    cr_assert(weft_array_remove(a, INT(1)) == 0 && HOLDS(a, 2, 3));
    cr_assert(weft_array_remove(a, INT(1)) == -1 && raised(&weft_ValueError));
    cr_assert(weft_array_remove(a, WEFT_NONE) == -1 && raised(&weft_ValueError));
    cr_assert(HOLDS(a, 2, 3));
  }
}

/* Equal to 2, and counts how often it was asked; the array that it clears, if any, is the one that it is looked for in.
 */
static weft_object *to_clear;
static int equal_to_two(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a;
  weft_auto weft_object *two = INT(2);
  if (to_clear) weft_array_clear(to_clear);
  return weft_compare(b, two, op);
}

RuntimeTest(arrays, a_value_with_a_comparison_of_its_own_is_asked) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "two", .compare = equal_to_two});
  weft_auto weft_object *two = weft_object_new(type, 0);
  weft_auto weft_object *a = ARRAY('i', 1, 2, 3, 2);
  cr_assert(weft_array_index(a, two, 0, INT64_MAX) == 1 && weft_array_count(a, two) == 2);
  cr_assert(weft_array_contains(a, two) == 1 && weft_array_remove(a, two) == 0 && HOLDS(a, 1, 3, 2));
  to_clear = a;
  cr_assert(weft_array_remove(a, two) == -1 && raised(&weft_ValueError) && weft_array_length(a) == 0);
  to_clear = NULL;
}

/* --- Slices --- */

RuntimeTest(arrays, ARR_043_all_slices_are_the_items_that_python_says) {
  const char some[] = {'b', 'H', 'i', 'd'};
  EACH(c, some) {
    weft_auto weft_object *a = five(some[c]);
    EACH(i, slice_bounds) EACH(j, slice_bounds) EACH(k, slice_steps) {
      int64_t indices[8];
      size_t n = slice_indices(slice_bounds[i], slice_bounds[j], slice_steps[k], 5, indices);
      cr_assert(holds_steal(weft_array_slice(a, slice_bounds[i], slice_bounds[j], slice_steps[k]), n, indices));
    }
    cr_assert(!weft_array_slice(a, 0, 5, 0) && raised(&weft_ValueError));
  }
}

RuntimeTest(arrays, ARR_045_all_extended_assignments_and_deletions) {
  const char some[] = {'h', 'd'};
  EACH(c, some) EACH(i, slice_bounds) EACH(j, slice_bounds) EACH(k, slice_steps) {
    int64_t indices[8], start = slice_bounds[i], stop = slice_bounds[j], by = slice_steps[k];
    size_t n = slice_indices(start, stop, by, 5, indices), left = 0;
    int64_t set[5] = {0, 1, 2, 3, 4}, rest[5];
    weft_auto weft_object *a = five(some[c]);
    weft_auto weft_object *b = five(some[c]);
    weft_auto weft_object *data = weft_array_slice(a, start, stop, by);
    weft_array_reverse(data);
    for (size_t m = 0; m < n; m++) set[indices[m]] = indices[n - 1 - m];
    for (int64_t at = 0; at < 5; at++) {
      bool gone = false;
      for (size_t m = 0; m < n; m++) gone = gone || indices[m] == at;
      if (!gone) rest[left++] = at;
    }
    cr_assert(weft_array_set_slice(a, start, stop, by, data) == 0 && holds_all(a, 5, set));
    cr_assert(weft_array_set_slice(b, start, stop, by, NULL) == 0 && holds_all(b, left, rest));
  }
}

RuntimeTest(arrays, ARR_070_extended_slices) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    cr_assert(GIVES(weft_array_slice(a, INT64_MIN, INT64_MAX, 2), 0, 2, 4));
    cr_assert(GIVES(weft_array_slice(a, 1, INT64_MAX, 2), 1, 3));
    cr_assert(GIVES(weft_array_slice(a, INT64_MAX, INT64_MIN, -1), 4, 3, 2, 1, 0));
    cr_assert(GIVES(weft_array_slice(a, INT64_MAX, INT64_MIN, -2), 4, 2, 0));
    cr_assert(GIVES(weft_array_slice(a, 3, INT64_MIN, -2), 3, 1));
    cr_assert(GIVES(weft_array_slice(a, -100, 100, 1), 0, 1, 2, 3, 4));
    cr_assert(GIVES(weft_array_slice(a, 100, -100, -1), 4, 3, 2, 1, 0));
    cr_assert(GIVES(weft_array_slice(a, -100, 100, 2), 0, 2, 4));
  }
}

RuntimeTest(arrays, ARR_071_deleting_extended_slices) {
  EACH(c, codes) {
    weft_object *a[] = {five(codes[c]), five(codes[c]), five(codes[c]), ARRAY(codes[c], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)};
    cr_assert(weft_array_set_slice(a[0], INT64_MIN, INT64_MAX, 2, NULL) == 0 && HOLDS(a[0], 1, 3));
    cr_assert(weft_array_set_slice(a[1], 1, INT64_MAX, 2, NULL) == 0 && HOLDS(a[1], 0, 2, 4));
    cr_assert(weft_array_set_slice(a[2], 1, INT64_MIN, -2, NULL) == 0 && HOLDS(a[2], 0, 2, 3, 4));
    cr_assert(weft_array_set_slice(a[3], INT64_MIN, INT64_MAX, 1000, NULL) == 0 &&
              HOLDS(a[3], 1, 2, 3, 4, 5, 6, 7, 8, 9));
    EACH(i, a) weft_decref(a[i]);
  }
}

RuntimeTest(arrays, ARR_072_assigning_extended_slices) {
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    weft_auto weft_object *five_of = ARRAY(codes[c], 42, 42, 42, 42, 42);
    weft_auto weft_object *four = ARRAY(codes[c], 42, 42, 42, 42);
    weft_auto weft_object *two = ARRAY(codes[c], 10, 11);
    cr_assert(weft_array_set_slice(a, INT64_MIN, INT64_MAX, 2, five_of) == 0 &&
              HOLDS(a, 42, 1, 42, 3, 42, 5, 42, 7, 42, 9));
    cr_assert(weft_array_set_slice(a, 2, INT64_MIN, -2, two) == 0 && HOLDS(a, 11, 1, 10, 3, 42, 5, 42, 7, 42, 9));
    cr_assert(weft_array_set_slice(a, INT64_MIN, INT64_MAX, 2, four) == -1 && raised(&weft_ValueError));
    cr_assert(weft_array_set_slice(a, INT64_MIN, INT64_MAX, -1, four) == -1 && raised(&weft_ValueError));
    cr_assert(HOLDS(a, 11, 1, 10, 3, 42, 5, 42, 7, 42, 9));
  }
}

RuntimeTest(arrays, slices_take_arrays_of_the_same_code_only) {
  weft_auto weft_object *a = five('i');
  weft_auto weft_object *other = five('h');
  weft_auto weft_object *list = LIST(INT(1));
  weft_auto weft_object *b = BYTES("1234");
  weft_object *const wrong[] = {other, list, b, WEFT_NONE};
  EACH(i, wrong) cr_assert(weft_array_set_slice(a, 0, 1, 1, wrong[i]) == -1 && raised(&weft_TypeError));
  cr_assert(HOLDS(a, 0, 1, 2, 3, 4));
  cr_assert(weft_array_set_slice(a, 1, 2, 1, a) == 0 && HOLDS(a, 0, 0, 1, 2, 3, 4, 2, 3, 4));
}

RuntimeTest(arrays, ARR_052_extend) {
  weft_auto weft_object *list = LIST(INT(6), INT(7));
  EACH(c, codes) {
    weft_auto weft_object *a = ARRAY(codes[c], 1, 2);
    weft_auto weft_object *b = ARRAY(codes[c], 3);
    weft_auto weft_object *other = ARRAY(codes[c] == 'b' ? 'h' : 'b', 3);
    cr_assert(weft_array_extend(a, b) == 0 && HOLDS(a, 1, 2, 3));
    cr_assert(weft_array_extend(a, a) == 0 && HOLDS(a, 1, 2, 3, 1, 2, 3));
    weft_auto weft_object *iterator = weft_iter(list);
    cr_assert(weft_array_extend(b, iterator) == 0 && weft_array_extend(b, list) == 0 && HOLDS(b, 3, 6, 7, 6, 7));
    weft_auto weft_object *bad = LIST(INT(1), weft_new_ref(WEFT_NONE));
    cr_assert(weft_array_extend(a, other) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_extend(a, bad) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_extend(a, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_extend(a, NULL) == -1 && raised(&weft_TypeError));
    cr_assert(HOLDS(a, 1, 2, 3, 1, 2, 3));
  }
}

RuntimeTest(arrays, ARR_055_an_open_view_forbids_resizing) {
  EACH(c, codes) {
    weft_auto weft_object *a = five(codes[c]);
    weft_auto weft_object *old = weft_bytes_from(a);
    weft_auto weft_object *item = ARRAY(codes[c], 9);
    weft_auto weft_object *memory = weft_bytes_from(item);
    weft_auto weft_object *list = LIST(INT(9));
    weft_view view;
    cr_assert_eq(weft_view_open(&view, a), 0);
#define REFUSED(call)                             \
  cr_assert((call) && raised(&weft_BufferError)); \
  cr_assert(memcmp(view.data, weft_bytes_data(old, NULL), view.size) == 0 && HOLDS(a, 0, 1, 2, 3, 4))
    REFUSED(weft_array_append(a, INT(9)) == -1);
    REFUSED(weft_array_extend(a, item) == -1);
    REFUSED(weft_array_remove(a, INT(1)) == -1);
    REFUSED(!weft_array_pop(a, -1));
    REFUSED(weft_array_extend_list(a, list) == -1);
    REFUSED(weft_array_extend_bytes(a, memory) == -1);
    REFUSED(weft_array_repeat_in_place(a, 2) == -1);
    REFUSED(weft_array_repeat_in_place(a, 0) == -1);
    REFUSED(weft_array_set_slice(a, 0, 0, 1, item) == -1);
    REFUSED(weft_array_delete(a, 0) == -1);
    REFUSED(weft_array_set_slice(a, 1, 2, 1, NULL) == -1);
    REFUSED(weft_array_set_slice(a, 0, 5, 2, NULL) == -1);
    REFUSED(weft_array_insert(a, 0, INT(9)) == -1);
    REFUSED(weft_array_clear(a) == -1);
#undef REFUSED
    weft_view_close(&view);
    cr_assert(weft_array_append(a, INT(9)) == 0 && HOLDS(a, 0, 1, 2, 3, 4, 9));
  }
}

/* --- Room, repr, misuse --- */

RuntimeTest(arrays, it_grows_by_a_sixteenth) {
  const int64_t steps[] = {4, 8, 16, 25, 34, 44, 54, 65, 77, 89, 102, 116, 131}; /* CPython's */
  weft_auto weft_object *a = weft_array_new('i');
  size_t at = 0;
  for (int64_t i = 0, room = 0; at < sizeof steps / sizeof *steps; i++) {
    cr_assert_eq(weft_array_append(a, INT(0)), 0);
    int64_t now = weft_array_capacity(a);
    if (now != room) cr_assert_eq(now, steps[at++], "after %d items", (int)i + 1);
    room = now;
  }
  weft_auto weft_object *list = LIST(INT(1), INT(2), INT(3));
  weft_auto weft_object *exact = weft_array_from('i', list);
  cr_assert_eq(weft_array_capacity(exact), 3, "from a list: no room to spare");
}

/* Sizes that are size classes of the heap. */
RuntimeTest(arrays, ARR_060_its_size_is_a_header_and_the_items) {
  const int64_t lengths[] = {4, 16, 100};
  weft_heap_stats before, after;
  EACH(k, lengths) {
    weft_auto weft_object *list = weft_list_new();
    for (int64_t i = 0; i < lengths[k]; i++) weft_list_append(list, WEFT_TRUE);
    weft_heap_get_stats(&before);
    weft_auto weft_object *a = weft_array_from('i', list);
    weft_heap_get_stats(&after);
    cr_assert_eq(weft_array_length(a), lengths[k]);
    cr_assert_eq(after.block_bytes - before.block_bytes, 56 + (size_t)lengths[k] * sizeof(int));
  }
}

RuntimeTest(arrays, reprs_are_those_of_python) {
  weft_auto weft_object *ints = ARRAY('q', INT64_MIN, -1, INT64_MAX);
  weft_auto weft_object *empty = weft_array_new('I');
  cr_assert(is_shown(ints, "array('q', [-9223372036854775808, -1, 9223372036854775807])"));
  cr_assert(is_shown(empty, "array('I')"));
}

RuntimeTest(arrays, another_type_is_a_type_error) {
  weft_auto weft_object *b = BYTEARRAY("a");
  weft_auto weft_object *list = weft_list_new();
  weft_object *const others[] = {b, list, WEFT_NONE, NULL};
  EACH(i, others) {
    weft_object *o = others[i];
    cr_assert(weft_array_typecode(o) == 0 && raised(&weft_TypeError));
    cr_assert(weft_array_item_size(o) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_length(o) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_capacity(o) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_array_get(o, 0) && raised(&weft_TypeError));
    cr_assert(weft_array_set(o, 0, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_append(o, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_array_pop(o, 0) && raised(&weft_TypeError));
    cr_assert(weft_array_delete(o, 0) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_clear(o) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_byteswap(o) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_array_slice(o, 0, 1, 1) && raised(&weft_TypeError));
    cr_assert(weft_array_set_slice(o, 0, 1, 1, NULL) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_extend(o, list) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_extend_bytes(o, b) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_array_to_list(o) && raised(&weft_TypeError));
    cr_assert(weft_array_contains(o, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_index(o, INT(1), 0, 1) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_count(o, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_array_remove(o, INT(1)) == -1 && raised(&weft_TypeError));
  }
}

RuntimeTest(arrays, ARR_077_values_beyond_a_signed_type_are_refused) {
  const char signed_codes[] = "bhilq";
  const int64_t least[] = {INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN, INT64_MIN},
                most[] = {INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX, INT64_MAX};
  for (int i = 0; i < 5; i++) {
    weft_auto weft_object *low = INT(least[i]), *high = INT(most[i]),
                          *both = LIST(weft_new_ref(low), weft_new_ref(high));
    weft_auto weft_object *array = weft_array_from(signed_codes[i], both);
    weft_auto weft_object *first = weft_array_get(array, 0), *last = weft_array_get(array, 1);
    cr_assert(equal(first, low) && equal(last, high));
    cr_assert(weft_array_set(array, 0, high) == 0 && weft_array_append(array, WEFT_TRUE) == 0);
    weft_auto weft_object *below = weft_subtract(low, INT(1)), *above = weft_add(high, INT(1)),
                          *list = LIST(weft_new_ref(above));
    weft_object *const wrong[] = {below, above};
    for (int w = 0; w < 2; w++) {
      cr_assert(weft_array_append(array, wrong[w]) == -1 && raised(&weft_OverflowError));
      cr_assert(weft_array_set(array, 0, wrong[w]) == -1 && raised(&weft_OverflowError));
    }
    cr_assert(!weft_array_from(signed_codes[i], list) && raised(&weft_OverflowError) && weft_array_length(array) == 3);
  }
}

RuntimeTest(arrays, ARR_078_values_beyond_an_unsigned_type_are_refused) {
  const char unsigned_codes[] = "BHILQ";
  const uint64_t most[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX};
  for (int i = 0; i < 5; i++) {
    weft_auto weft_object *low = INT(0), *high = weft_int_new_unsigned(most[i]),
                          *both = LIST(INT(0), weft_new_ref(high)), *below = INT(-1), *lowest = INT(INT64_MIN);
    weft_auto weft_object *above = weft_add(high, INT(1));
    weft_auto weft_object *array = weft_array_from(unsigned_codes[i], both);
    weft_auto weft_object *first = weft_array_get(array, 0), *last = weft_array_get(array, 1);
    cr_assert(equal(first, low) && equal(last, high));
    cr_assert(weft_array_set(array, 0, high) == 0 && weft_array_append(array, WEFT_TRUE) == 0);
    weft_object *const wrong[] = {below, lowest, above};
    for (int w = 0; w < 3; w++) {
      weft_auto weft_object *list = LIST(weft_new_ref(wrong[w]));
      cr_assert(weft_array_append(array, wrong[w]) == -1 && raised(&weft_OverflowError));
      cr_assert(weft_array_set(array, 0, wrong[w]) == -1 && raised(&weft_OverflowError));
      cr_assert(!weft_array_from(unsigned_codes[i], list) && raised(&weft_OverflowError));
    }
    weft_auto weft_object *unchanged = weft_array_get(array, 0);
    cr_assert(weft_array_length(array) == 3 && equal(unchanged, high));
  }
}
