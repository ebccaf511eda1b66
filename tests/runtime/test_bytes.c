/* SPDX-License-Identifier: MIT */
/* bytes, and what bytes and bytearray can both do. Where CPython has SystemError for misuse from C, Weft has TypeError.
 */
#include "raw_support.h"

RuntimeSuite(bytes);

/* --- Making --- */

RuntimeTest(bytes, the_data_ends_in_a_nul_and_may_contain_some) {
  weft_auto weft_object *b = BYTES("a\0b");
  size_t size;
  const char *data = weft_bytes_data(b, &size);
  cr_assert(size == 3 && memcmp(data, "a\0b", 4) == 0);
  cr_assert(weft_bytes_length(b) == 3 && weft_length(b) == 3 && weft_is_true(b) == 1);
}

RuntimeTest(bytes, BYT_001_nothing_has_the_type_too) {
  weft_auto weft_object *b = weft_bytes_new(NULL, 0);
  weft_auto weft_object *bytearray = weft_bytearray_new(NULL, 0);
  cr_assert(weft_type_of(b) == &weft_bytes_type && weft_type_of(bytearray) == &weft_bytearray_type);
  cr_assert(weft_is_true(b) == 0 && weft_is_true(bytearray) == 0 && equal(b, bytearray));
}

RuntimeTest(bytes, CPB_003_from_memory_and_a_size) {
  cr_assert(makes(weft_bytes_new("abc", 3), "b'abc'"));
  cr_assert(makes(weft_bytes_new("abc", 2), "b'ab'"));
  cr_assert(makes(weft_bytes_new("abc\0def", 7), "b'abc\\x00def'"));
  cr_assert(makes(weft_bytes_new(NULL, 0), "b''"));
  weft_auto weft_object *three = weft_bytes_new(NULL, 3);
  cr_assert_eq(weft_bytes_length(three), 3);
  cr_assert(!weft_bytes_new("abc", SIZE_MAX) && raised(&weft_MemoryError)); /* a negative size */
  cr_assert(!weft_bytes_new(NULL, (size_t)INT64_MAX) && raised(&weft_MemoryError));
}

RuntimeTest(bytes, CPB_007_the_data_of_what_is_no_bytes_is_a_type_error) {
  weft_auto weft_object *b = BYTES("abc");
  weft_auto weft_object *bytearray = BYTEARRAY("abc");
  weft_auto weft_object *text = STR("abc");
  cr_assert(memcmp(weft_bytes_data(b, NULL), "abc", 4) == 0);
  weft_object *const others[] = {bytearray, text, WEFT_NONE, NULL};
  EACH(i, others) {
    cr_assert(!weft_bytes_data(others[i], NULL) && raised(&weft_TypeError));
    cr_assert(weft_bytes_length(others[i]) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_bytes_get(others[i], 0) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_slice(others[i], 0, 1, 1) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_repeat(others[i], 2) && raised(&weft_TypeError));
  }
}

RuntimeTest(bytes, BYT_005_from_a_tuple_of_all_values) {
  weft_object *values[256];
  for (int i = 0; i < 256; i++) values[i] = INT(i);
  weft_auto weft_object *tuple = weft_tuple_new(256, values);
  weft_auto weft_object *b = weft_bytes_from(tuple);
  weft_auto weft_object *bytearray = weft_bytearray_from(tuple);
  size_t size;
  const char *data = weft_bytes_data(b, &size);
  cr_assert_eq(size, 256);
  for (int i = 0; i < 256; i++) cr_assert_eq((unsigned char)data[i], i);
  cr_assert(equal(b, bytearray));
  weft_auto weft_object *short_tuple = TUPLE(INT(1), INT(2), INT(3));
  cr_assert(makes(weft_bytes_from(short_tuple), "b'\\x01\\x02\\x03'"));
  cr_assert(makes(weft_bytearray_from(short_tuple), "bytearray(b'\\x01\\x02\\x03')"));
}

RuntimeTest(bytes, BYT_006_from_a_list_of_all_values) {
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 256; i++) weft_list_append(list, INT(i));
  weft_auto weft_object *b = weft_bytes_from(list);
  weft_auto weft_object *bytearray = weft_bytearray_from(list);
  for (int i = 0; i < 256; i++) cr_assert(weft_bytes_get(b, i) == INT(i) && weft_bytearray_get(bytearray, i) == INT(i));
  cr_assert(weft_bytes_length(b) == 256 && weft_bytearray_length(bytearray) == 256);
  weft_auto weft_object *short_list = LIST(INT(1), INT(2), INT(3));
  cr_assert(makes(weft_bytes_from(short_list), "b'\\x01\\x02\\x03'"));
  cr_assert(makes(weft_bytearray_from(short_list), "bytearray(b'\\x01\\x02\\x03')"));
}

RuntimeTest(bytes, from_sets_and_iterators_and_bytes_like_objects) {
  weft_auto weft_object *list = LIST(INT(7), INT(0));
  weft_auto weft_object *iterator = weft_iter(list);
  cr_assert(makes(weft_bytes_from(iterator), "b'\\x07\\x00'"));
  weft_auto weft_object *array = ARRAY('h', 1, 256);
  cr_assert(makes(weft_bytes_from(array), "b'\\x01\\x00\\x00\\x01'"), "the memory of an array");
  weft_auto weft_object *bytearray = BYTEARRAY("xy");
  cr_assert(makes(weft_bytes_from(bytearray), "b'xy'"));
  weft_auto weft_object *b = BYTES("xy");
  weft_auto weft_object *same = weft_bytes_from(b);
  cr_assert_eq(same, b);
}

RuntimeTest(bytes, BYT_023_from_an_int_that_many_zeros) {
  const int64_t sizes[] = {0, 1, 10, 10000};
  EACH(k, sizes) {
    weft_auto weft_object *n = INT(sizes[k]);
    weft_auto weft_object *b = weft_bytes_from(n);
    weft_auto weft_object *bytearray = weft_bytearray_from(n);
    cr_assert(weft_bytes_length(b) == sizes[k] && weft_bytearray_length(bytearray) == sizes[k] && equal(b, bytearray));
    cr_assert_eq(of(weft_bytes_count, b, INT(0), 0, INT64_MAX), sizes[k]);
  }
}

RuntimeTest(bytes, absurd_numbers_are_errors) {
  weft_auto weft_object *huge = INT(INT64_MAX);
  cr_assert(!weft_bytes_from(INT(-1)) && raised(&weft_ValueError));
  cr_assert(!weft_bytearray_from(INT(-1)) && raised(&weft_ValueError));
  cr_assert(!weft_bytes_from(huge) && raised(&weft_MemoryError));
  cr_assert(!weft_bytearray_from(huge) && raised(&weft_MemoryError));
}

RuntimeTest(bytes, BYT_012_items_outside_a_byte_are_value_errors) {
  const int64_t wrong[] = {-1, 256, 257, INT64_MIN, INT64_MAX};
  EACH(i, wrong) {
    weft_auto weft_object *list = LIST(INT(5), INT(wrong[i]));
    cr_assert(!weft_bytes_from(list) && raised(&weft_ValueError));
    cr_assert(!weft_bytearray_from(list) && raised(&weft_ValueError));
  }
}

RuntimeTest(bytes, BYT_011_what_is_no_sequence_of_bytes_is_a_type_error) {
  weft_auto weft_object *text = STR("text");
  weft_auto weft_object *x = FLOAT(1.0);
  weft_auto weft_object *list = LIST(FLOAT(1.0));
  weft_auto weft_object *texts = LIST(STR("a"));
  weft_auto weft_object *nones = LIST(weft_new_ref(WEFT_NONE));
  weft_auto weft_object *objects = LIST(probe_new());
  weft_object *const others[] = {
      text, x, list, texts, nones, objects, WEFT_NONE, (weft_object *)(uintptr_t)&weft_int_type, NULL};
  EACH(i, others) {
    cr_assert(!weft_bytes_from(others[i]) && raised(&weft_TypeError));
    cr_assert(!weft_bytearray_from(others[i]) && raised(&weft_TypeError));
  }
}

RuntimeTest(bytes, an_iterators_error_is_passed_on) {
  weft_auto weft_object *iterator = failing_iterator();
  cr_assert(!weft_bytes_from(iterator) && raised_with(&weft_ValueError, "no more"));
  weft_auto weft_object *again = failing_iterator();
  cr_assert(!weft_bytearray_from(again) && raised_with(&weft_ValueError, "no more"));
}

RuntimeTest(bytes, from_hex) {
  cr_assert(makes(weft_bytes_from_hex(" 1a2B 30\t"), "b'\\x1a+0'"));
  cr_assert(makes(weft_bytearray_from_hex("00ff"), "bytearray(b'\\x00\\xff')"));
  cr_assert(makes(weft_bytes_from_hex(""), "b''"));
  const char *const wrong[] = {"a", "rt", "1a b cd", "12 \x01 34", "1", "0x10"};
  EACH(i, wrong) {
    cr_assert(!weft_bytes_from_hex(wrong[i]) && raised(&weft_ValueError));
    cr_assert(!weft_bytearray_from_hex(wrong[i]) && raised(&weft_ValueError));
  }
  cr_assert(!weft_bytes_from_hex(NULL) && raised(&weft_TypeError));
}

/* --- Items and parts --- */

RuntimeTest(bytes, BYT_018_slices_of_hello_world) {
  weft_auto weft_object *b = BYTES("Hello, world");
  weft_auto weft_object *bytearray = BYTEARRAY("Hello, world");
  const struct {
    int64_t start, stop;
    const char *text;
  } slices[] = {{INT64_MIN, 5, "Hello"},  {1, 5, "ello"},    {5, 7, ", "},
                {7, INT64_MAX, "world"},  {7, 12, "world"},  {7, 100, "world"},
                {INT64_MIN, -7, "Hello"}, {-11, -7, "ello"}, {-7, -5, ", "},
                {-5, INT64_MAX, "world"}, {-5, 12, "world"}, {-5, 100, "world"},
                {-100, 5, "Hello"},       {5, 5, ""},        {7, 5, ""}};
  EACH(i, slices) {
    weft_auto weft_object *part = weft_bytes_slice(b, slices[i].start, slices[i].stop, 1);
    weft_auto weft_object *of_bytearray = weft_bytearray_slice(bytearray, slices[i].start, slices[i].stop, 1);
    cr_assert(strcmp(weft_bytes_data(part, NULL), slices[i].text) == 0 && equal(part, of_bytearray));
  }
}

RuntimeTest(bytes, all_slices_are_the_items_that_python_says) {
  weft_auto weft_object *b = BYTES("01234");
  weft_auto weft_object *bytearray = BYTEARRAY("01234");
  EACH(i, slice_bounds) EACH(j, slice_bounds) EACH(k, slice_steps) {
    int64_t indices[5], start = slice_bounds[i], stop = slice_bounds[j], by = slice_steps[k];
    char expected[6] = "";
    size_t n = slice_indices(start, stop, by, 5, indices);
    for (size_t m = 0; m < n; m++) expected[m] = (char)('0' + indices[m]);
    weft_auto weft_object *part = weft_bytes_slice(b, start, stop, by);
    weft_auto weft_object *same = weft_bytearray_slice(bytearray, start, stop, by);
    cr_assert_str_eq(weft_bytes_data(part, NULL), expected);
    cr_assert(equal(part, same) && weft_bytearray_check(same));
  }
  cr_assert(!weft_bytes_slice(b, 0, 5, 0) && raised(&weft_ValueError));
  cr_assert(!weft_bytearray_slice(bytearray, 0, 5, 0) && raised(&weft_ValueError));
}

RuntimeTest(bytes, BYT_074_an_index_that_is_no_int_is_a_type_error) {
  weft_auto weft_object *b = BYTES("abc");
  weft_auto weft_object *text = STR("a");
  cr_assert(!weft_get_item(b, text) && raised_with(&weft_TypeError, "integers"));
  cr_assert_eq(weft_get_item(b, INT(-1)), INT('c'));
  cr_assert(!weft_get_item(b, INT(3)) && raised(&weft_IndexError));
  cr_assert(!weft_bytes_get(b, -4) && raised(&weft_IndexError));
  cr_assert(!weft_bytes_get(b, INT64_MIN) && raised(&weft_IndexError));
  cr_assert(weft_set_item(b, INT(0), INT(1)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(bytes, iteration_gives_ints_and_stays_at_its_end) {
  weft_auto weft_object *b = BYTES("\x00z\xff");
  weft_auto weft_object *iterator = weft_iter(b);
  cr_assert(weft_next(iterator) == INT(0) && weft_next(iterator) == INT('z') && weft_next(iterator) == INT(255));
  cr_assert(!weft_next(iterator) && !weft_next(iterator));
}

RuntimeTest(bytes, BYT_024_concatenation) {
  weft_auto weft_object *b1 = BYTES("abc");
  weft_auto weft_object *b2 = BYTES("def");
  weft_auto weft_object *a1 = BYTEARRAY("abc");
  weft_auto weft_object *a2 = BYTEARRAY("def");
  weft_auto weft_object *text = STR("def");
  cr_assert(makes(weft_add(b1, b2), "b'abcdef'") && makes(weft_add(b1, a2), "b'abcdef'"));
  cr_assert(makes(weft_add(a1, b2), "bytearray(b'abcdef')") && makes(weft_add(a1, a2), "bytearray(b'abcdef')"));
  cr_assert(!weft_add(b1, text) && raised(&weft_TypeError));
  cr_assert(!weft_add(text, b1) && raised(&weft_TypeError));
  cr_assert(!weft_add(a1, text) && raised(&weft_TypeError));
  cr_assert(!weft_add(text, a1) && raised(&weft_TypeError));
  cr_assert(!weft_add(a1, INT(1)) && raised(&weft_TypeError));
}

RuntimeTest(bytes, CPB_010_concatenation_never_changes_the_shared_empty_object) {
  weft_auto weft_object *empty = BYTES("");
  weft_auto weft_object *b = BYTES("abc");
  weft_auto weft_object *a = BYTEARRAY("def");
  weft_auto weft_object *array = ARRAY('B', 'x');
  cr_assert(makes(weft_add(empty, b), "b'abc'") && makes(weft_add(b, empty), "b'abc'"));
  cr_assert(makes(weft_add(empty, a), "b'def'") && makes(weft_add(b, array), "b'abcx'"));
  cr_assert(is_shown(empty, "b''") && weft_bytes_length(empty) == 0);
  cr_assert(!weft_add(b, WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(!weft_add(b, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_add(NULL, b) && raised(&weft_TypeError));
}

RuntimeTest(bytes, BYT_026_one_byte_a_hundred_times) {
  weft_auto weft_object *b = BYTES("x");
  weft_auto weft_object *bytearray = BYTEARRAY("x");
  weft_auto weft_object *many = weft_multiply(b, INT(100));
  weft_auto weft_object *more = weft_multiply(INT(100), bytearray);
  cr_assert(weft_bytes_length(many) == 100 && of(weft_bytes_count, many, INT('x'), 0, 100) == 100);
  cr_assert(equal(many, more) && weft_bytearray_check(more));
}

RuntimeTest(bytes, repeating_none_and_too_many_times) {
  weft_auto weft_object *b = BYTES("abc");
  cr_assert(makes(weft_bytes_repeat(b, 0), "b''") && makes(weft_bytes_repeat(b, -1), "b''"));
  cr_assert(makes(weft_bytes_repeat(b, 2), "b'abcabc'"));
  weft_auto weft_object *same = weft_bytes_repeat(b, 1);
  cr_assert_eq(same, b);
  cr_assert(!weft_bytes_repeat(b, INT64_MAX) && raised(&weft_MemoryError));
  weft_auto weft_object *text = STR("2");
  cr_assert(!weft_multiply(b, text) && raised(&weft_TypeError));
  cr_assert(!weft_multiply(b, b) && raised(&weft_TypeError));
}

/* --- Hash, comparing, repr --- */

RuntimeTest(bytes, equal_bytes_are_the_same_key) {
  weft_auto weft_object *a = BYTES("key\0one");
  weft_auto weft_object *b = BYTES("key\0one");
  weft_auto weft_object *c = BYTES("key\0two");
  cr_assert(a != b && hash_of(a) == hash_of(b) && hash_of(a) == hash_of(a) && hash_of(a) != hash_of(c));
  weft_auto weft_object *dict = weft_dict_new();
  cr_assert(weft_dict_set(dict, a, INT(1)) == 0 && weft_dict_set(dict, c, INT(2)) == 0);
  cr_assert(weft_dict_get(dict, b) == INT(1));
  weft_auto weft_object *set = weft_set_new();
  cr_assert(weft_set_add(set, a) >= 0 && weft_set_add(set, b) >= 0 && weft_length(set) == 1);
}

RuntimeTest(bytes, BYT_015_comparing) {
  weft_object *const smaller[] = {BYTES("\1\2\3"), BYTEARRAY("\1\2\3")};
  weft_object *const same[] = {BYTES("\1\2\3"), BYTEARRAY("\1\2\3")};
  weft_object *const larger[] = {BYTES("\1\3"), BYTEARRAY("\1\3")};
  for (int i = 0; i < 2; i++) {
    const int of_equal[] = {0, 1, 1, 0, 0, 1}, of_smaller[] = {1, 1, 0, 1, 0, 0}, of_larger[] = {0, 0, 0, 1, 1, 1};
    for (int op = WEFT_LT; op <= WEFT_GE; op++) {
      cr_assert_eq(weft_compare(smaller[i], same[i], (enum weft_compare_op)op), of_equal[op]);
      cr_assert_eq(weft_compare(smaller[i], larger[i], (enum weft_compare_op)op), of_smaller[op]);
      cr_assert_eq(weft_compare(larger[i], smaller[i], (enum weft_compare_op)op), of_larger[op]);
    }
  }
  for (int i = 0; i < 2; i++) weft_decref(smaller[i]), weft_decref(same[i]), weft_decref(larger[i]);
}

RuntimeTest(bytes, BYT_016_no_str_is_equal) {
  weft_object *const all[] = {BYTES("\0a\0b\0c"), BYTES("a\0b\0c\0"),     BYTES("\0\0\0a"), BYTES("a\0\0\0"),
                              BYTES(""),          BYTEARRAY("\0a\0b\0c"), BYTEARRAY("abc"), BYTEARRAY("")};
  weft_object *const texts[] = {STR("abc"), STR(""), STR("a")};
  EACH(i, all) EACH(k, texts) {
    cr_assert(weft_compare(all[i], texts[k], WEFT_EQ) == 0 && weft_compare(texts[k], all[i], WEFT_EQ) == 0);
    cr_assert(weft_compare(all[i], texts[k], WEFT_NE) == 1);
    cr_assert(weft_compare(all[i], texts[k], WEFT_LT) == -1 && raised(&weft_TypeError));
  }
  EACH(i, all) weft_decref(all[i]);
  EACH(k, texts) weft_decref(texts[k]);
}

RuntimeTest(bytes, BYT_126_bytes_and_bytearrays_compare_in_both_orders) {
  weft_auto weft_object *b = BYTES("\0abc\xff");
  weft_auto weft_object *same = BYTEARRAY("\0abc\xff");
  weft_auto weft_object *shorter = BYTEARRAY("\0abc");
  const int of_equal[] = {0, 1, 1, 0, 0, 1}, of_larger[] = {0, 0, 0, 1, 1, 1}, of_smaller[] = {1, 1, 0, 1, 0, 0};
  for (int op = WEFT_LT; op <= WEFT_GE; op++) {
    cr_assert_eq(weft_compare(b, same, (enum weft_compare_op)op), of_equal[op]);
    cr_assert_eq(weft_compare(same, b, (enum weft_compare_op)op), of_equal[op]);
    cr_assert_eq(weft_compare(b, shorter, (enum weft_compare_op)op), of_larger[op]);
    cr_assert_eq(weft_compare(shorter, b, (enum weft_compare_op)op), of_smaller[op]);
  }
}

RuntimeTest(bytes, reprs_are_those_of_python) {
  cr_assert(makes(BYTES("\0\t\n\r\x1f ~\x7f\x80\xff\\"), "b'\\x00\\t\\n\\r\\x1f ~\\x7f\\x80\\xff\\\\'"));
  cr_assert(makes(BYTES("a'b"), "b\"a'b\"") && makes(BYTES("a'b\"c"), "b'a\\'b\"c'") && makes(BYTES("\""), "b'\"'"));
  cr_assert(makes(BYTEARRAY("a'b"), "bytearray(b\"a'b\")") && makes(BYTEARRAY(""), "bytearray(b'')"));
  weft_auto weft_object *b = BYTES("x");
  assert_text(weft_str(b), "b'x'");
}

/* --- Searching. `both` is a bytes and a bytearray with the same content. --- */

static weft_object *both[2];
static void make_both(const char *text) {
  for (int i = 0; i < 2; i++) weft_xdecref(both[i]);
  both[0] = weft_bytes_new(text, strlen(text));
  both[1] = weft_bytearray_new(text, strlen(text));
}
static void drop_both(void) {
  for (int i = 0; i < 2; i++) weft_clear(&both[i]);
}

RuntimeTest(bytes, BYT_027_membership_of_bytes_and_sequences) {
  make_both("abc");
  for (int i = 0; i < 2; i++) {
    weft_object *b = both[i];
    cr_assert(with(weft_contains, b, INT('a')) == 1 && with(weft_contains, b, INT(200)) == 0);
    cr_assert(with(weft_contains, b, BYTES("bc")) == 1 && with(weft_contains, b, BYTEARRAY("bc")) == 1);
    cr_assert(with(weft_contains, b, BYTES("")) == 1 && with(weft_contains, b, BYTES("d")) == 0);
    cr_assert(with(weft_contains, b, BYTES("abcd")) == 0 && with(weft_contains, b, BYTES("ac")) == 0);
    cr_assert(with(weft_contains, b, INT(-1)) == -1 && raised(&weft_ValueError));
    cr_assert(with(weft_contains, b, INT(256)) == -1 && raised(&weft_ValueError));
    cr_assert(with(weft_contains, b, STR("a")) == -1 && raised(&weft_TypeError));
    cr_assert(with(weft_contains, b, FLOAT(97.0)) == -1 && raised(&weft_TypeError));
    cr_assert(with(weft_contains, b, weft_new_ref(WEFT_NONE)) == -1 && raised(&weft_TypeError));
  }
  drop_both();
}

RuntimeTest(bytes, BYT_038_find) {
  make_both("mississippi");
  for (int i = 0; i < 2; i++) {
    weft_object *b = both[i];
    cr_assert(of(weft_bytes_find, b, BYTES("ss"), 0, INT64_MAX) == 2);
    cr_assert(of(weft_bytes_find, b, BYTES("w"), 0, INT64_MAX) == -1);
    cr_assert(of(weft_bytes_find, b, BYTES("mississippian"), 0, INT64_MAX) == -1);
    cr_assert(of(weft_bytes_find, b, INT('i'), 0, INT64_MAX) == 1);
    cr_assert(of(weft_bytes_find, b, INT('w'), 0, INT64_MAX) == -1);
    cr_assert(of(weft_bytes_find, b, BYTES("ss"), 3, INT64_MAX) == 5);
    cr_assert(of(weft_bytes_find, b, BYTES("ss"), 1, 7) == 2);
    cr_assert(of(weft_bytes_find, b, BYTES("ss"), 1, 3) == -1);
    cr_assert(of(weft_bytes_find, b, INT('i'), 6, INT64_MAX) == 7);
    cr_assert(of(weft_bytes_find, b, INT('w'), 1, 3) == -1);
    cr_assert(of(weft_bytes_find, b, BYTES("pi"), -3, -1) == -1);
    cr_assert(of(weft_bytes_find, b, BYTES("pp"), -3, -1) == 8);
    cr_assert(of(weft_bytes_find, b, BYTES(""), 11, INT64_MAX) == 11);
    cr_assert(of(weft_bytes_find, b, BYTES(""), 12, INT64_MAX) == -1);
    cr_assert(of(weft_bytes_find, b, BYTES(""), INT64_MIN, 0) == 0);
    cr_assert(of(weft_bytes_find, b, INT(-1), 0, INT64_MAX) == -2 && raised(&weft_ValueError));
    cr_assert(of(weft_bytes_find, b, INT(256), 0, INT64_MAX) == -2 && raised(&weft_ValueError));
    cr_assert(of(weft_bytes_find, b, INT(9999), 0, INT64_MAX) == -2 && raised(&weft_ValueError));
    cr_assert(of(weft_bytes_find, b, STR("i"), 0, INT64_MAX) == -2 && raised(&weft_TypeError));
    cr_assert(of(weft_bytes_find, b, NULL, 0, INT64_MAX) == -2 && raised(&weft_TypeError));
  }
  drop_both();
}

RuntimeTest(bytes, BYT_039_find_from_the_right) {
  make_both("mississippi");
  for (int i = 0; i < 2; i++) {
    weft_object *b = both[i];
    cr_assert(of(weft_bytes_rfind, b, BYTES("ss"), 0, INT64_MAX) == 5);
    cr_assert(of(weft_bytes_rfind, b, BYTES("w"), 0, INT64_MAX) == -1);
    cr_assert(of(weft_bytes_rfind, b, BYTES("mississippian"), 0, INT64_MAX) == -1);
    cr_assert(of(weft_bytes_rfind, b, INT('i'), 0, INT64_MAX) == 10);
    cr_assert(of(weft_bytes_rfind, b, INT('w'), 0, INT64_MAX) == -1);
    cr_assert(of(weft_bytes_rfind, b, BYTES("ss"), 3, INT64_MAX) == 5);
    cr_assert(of(weft_bytes_rfind, b, BYTES("ss"), 0, 6) == 2);
    cr_assert(of(weft_bytes_rfind, b, INT('i'), 1, 3) == 1);
    cr_assert(of(weft_bytes_rfind, b, INT('i'), 3, 9) == 7);
    cr_assert(of(weft_bytes_rfind, b, INT('w'), 3, 9) == -1);
    cr_assert(of(weft_bytes_rfind, b, BYTES(""), 0, INT64_MAX) == 11);
    cr_assert(of(weft_bytes_rfind, b, BYTES("mississippi"), 0, INT64_MAX) == 0);
  }
  drop_both();
}

RuntimeTest(bytes, BYT_040_index) {
  make_both("mississippi");
  for (int i = 0; i < 2; i++) {
    weft_object *b = both[i];
    cr_assert(of(weft_bytes_index, b, BYTES("ss"), 0, INT64_MAX) == 2);
    cr_assert(of(weft_bytes_index, b, BYTES("ss"), 3, INT64_MAX) == 5);
    cr_assert(of(weft_bytes_index, b, INT(105), 0, INT64_MAX) == 1);
    cr_assert(of(weft_bytes_index, b, BYTES("w"), 0, INT64_MAX) == -1 && raised(&weft_ValueError));
    cr_assert(of(weft_bytes_index, b, INT('w'), 0, INT64_MAX) == -1 && raised(&weft_ValueError));
  }
  drop_both();
}

RuntimeTest(bytes, BYT_041_index_from_the_right) {
  make_both("mississippi");
  for (int i = 0; i < 2; i++) {
    weft_object *b = both[i];
    cr_assert(of(weft_bytes_rindex, b, BYTES("ss"), 0, INT64_MAX) == 5);
    cr_assert(of(weft_bytes_rindex, b, BYTES("ss"), 0, 6) == 2);
    cr_assert(of(weft_bytes_rindex, b, INT('i'), 0, INT64_MAX) == 10);
    cr_assert(of(weft_bytes_rindex, b, BYTES("w"), 0, INT64_MAX) == -1 && raised(&weft_ValueError));
  }
  drop_both();
}

RuntimeTest(bytes, counts_do_not_overlap) {
  make_both("mississippi");
  for (int i = 0; i < 2; i++) {
    weft_object *b = both[i];
    cr_assert(of(weft_bytes_count, b, BYTES("i"), 0, INT64_MAX) == 4);
    cr_assert(of(weft_bytes_count, b, BYTES("issi"), 0, INT64_MAX) == 1);
    cr_assert(of(weft_bytes_count, b, INT('s'), 0, INT64_MAX) == 4);
    cr_assert(of(weft_bytes_count, b, BYTES("i"), 6, INT64_MAX) == 2);
    cr_assert(of(weft_bytes_count, b, INT('p'), 7, 9) == 1);
    cr_assert(of(weft_bytes_count, b, BYTES(""), 0, INT64_MAX) == 12);
    cr_assert(of(weft_bytes_count, b, BYTES(""), 12, INT64_MAX) == 0);
  }
  drop_both();
}

RuntimeTest(bytes, BYT_068_ints_that_are_no_bytes_are_value_errors_in_all_searches) {
  typedef int64_t search(weft_object *, weft_object *, int64_t, int64_t);
  search *const searches[] = {weft_bytes_find, weft_bytes_rfind, weft_bytes_index, weft_bytes_rindex, weft_bytes_count};
  make_both("abc");
  EACH(s, searches) {
    for (int i = 0; i < 2; i++) {
      cr_assert(of(searches[s], both[i], INT(256), 0, INT64_MAX) < 0 && raised(&weft_ValueError));
      cr_assert(of(searches[s], both[i], INT(-1), 0, INT64_MAX) < 0 && raised(&weft_ValueError));
      cr_assert(of(searches[s], both[i], INT(9999), 0, INT64_MAX) < 0 && raised(&weft_ValueError));
    }
  }
  drop_both();
}

RuntimeTest(bytes, beginnings_and_ends) {
  make_both("hello");
  for (int i = 0; i < 2; i++) {
    weft_object *b = both[i];
    cr_assert(with(weft_bytes_starts_with, b, BYTES("he")) == 1 && with(weft_bytes_ends_with, b, BYTEARRAY("lo")) == 1);
    cr_assert(with(weft_bytes_starts_with, b, BYTES("lo")) == 0 && with(weft_bytes_ends_with, b, BYTES("he")) == 0);
    cr_assert(with(weft_bytes_starts_with, b, BYTES("")) == 1 && with(weft_bytes_ends_with, b, BYTES("")) == 1);
    cr_assert(with(weft_bytes_starts_with, b, BYTES("hello!")) == 0);
    cr_assert(with(weft_bytes_ends_with, b, BYTES("!hello")) == 0);
    cr_assert(with(weft_bytes_starts_with, b, STR("he")) == -1 && raised(&weft_TypeError));
    cr_assert(with(weft_bytes_ends_with, b, INT(5)) == -1 && raised(&weft_TypeError));
  }
  drop_both();
}

/* --- Replacing, stripping, splitting, joining --- */

static weft_object *replaced(weft_object *o, const char *old_text, const char *by_text, int64_t most) {
  weft_auto weft_object *old = weft_bytes_new(old_text, strlen(old_text));
  weft_auto weft_object *by = weft_bytearray_new(by_text, strlen(by_text));
  return weft_bytes_replace(o, old, by, most);
}

RuntimeTest(bytes, BYT_046_replace) {
  make_both("mississippi");
  cr_assert(makes(replaced(both[0], "i", "a", -1), "b'massassappa'"));
  cr_assert(makes(replaced(both[0], "ss", "x", -1), "b'mixixippi'"));
  cr_assert(makes(replaced(both[1], "i", "a", -1), "bytearray(b'massassappa')"));
  cr_assert(makes(replaced(both[1], "ss", "x", -1), "bytearray(b'mixixippi')"));
  drop_both();
}

RuntimeTest(bytes, replacing_some_of_them_and_nothing) {
  make_both("aab");
  cr_assert(makes(replaced(both[0], "a", "xy", 1), "b'xyab'") && makes(replaced(both[0], "a", "xy", 0), "b'aab'"));
  cr_assert(makes(replaced(both[0], "", "-", -1), "b'-a-a-b-'") && makes(replaced(both[0], "", "-", 2), "b'-a-ab'"));
  cr_assert(makes(replaced(both[0], "q", "", -1), "b'aab'") && makes(replaced(both[0], "aab", "", -1), "b''"));
  drop_both();
}

RuntimeTest(bytes, BYT_047_replacing_an_int_is_a_type_error) {
  make_both("a b");
  weft_auto weft_object *empty = BYTES("");
  for (int i = 0; i < 2; i++) {
    cr_assert(!weft_bytes_replace(both[i], INT(32), empty, -1) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_replace(both[i], empty, INT(32), -1) && raised(&weft_TypeError));
  }
  drop_both();
}

RuntimeTest(bytes, stripping) {
  make_both(" \t\n\r\v\fabc ");
  cr_assert(makes(weft_bytes_strip(both[0], NULL, WEFT_BOTH), "b'abc'"));
  cr_assert(makes(weft_bytes_strip(both[0], NULL, WEFT_LEFT), "b'abc '"));
  cr_assert(makes(weft_bytes_strip(both[1], NULL, WEFT_RIGHT), "bytearray(b' \\t\\n\\r\\x0b\\x0cabc')"));
  make_both("abc");
  weft_auto weft_object *set = BYTEARRAY("ca");
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *mid = weft_bytes_strip(both[i], set, WEFT_BOTH);
    weft_auto weft_object *left = weft_bytes_strip(both[i], set, WEFT_LEFT);
    weft_auto weft_object *right = weft_bytes_strip(both[i], set, WEFT_RIGHT);
    cr_assert(makes(weft_bytes_from(mid), "b'b'") && makes(weft_bytes_from(left), "b'bc'") &&
              makes(weft_bytes_from(right), "b'ab'"));
  }
  drop_both();
}

RuntimeTest(bytes, BYT_059_stripping_a_str_is_a_type_error) {
  make_both("abc");
  weft_auto weft_object *text = STR("ac");
  for (int i = 0; i < 2; i++)
    for (int side = WEFT_LEFT; side <= WEFT_BOTH; side++)
      cr_assert(!weft_bytes_strip(both[i], text, (enum weft_side)side) && raised(&weft_TypeError));
  drop_both();
}

RuntimeTest(bytes, BYT_060_stripping_an_int_is_a_type_error) {
  make_both(" abc ");
  for (int i = 0; i < 2; i++)
    for (int side = WEFT_LEFT; side <= WEFT_BOTH; side++)
      cr_assert(!weft_bytes_strip(both[i], INT(32), (enum weft_side)side) && raised(&weft_TypeError));
  drop_both();
}

static weft_object *split(weft_object *o, const char *by_text, int64_t most) {
  weft_auto weft_object *by = weft_bytes_new(by_text, strlen(by_text));
  return weft_bytes_split(o, by, most);
}

RuntimeTest(bytes, splitting) {
  make_both("a,b,,c");
  cr_assert(makes(split(both[0], ",", -1), "[b'a', b'b', b'', b'c']"));
  cr_assert(makes(split(both[0], ",", 1), "[b'a', b'b,,c']") && makes(split(both[0], ",", 0), "[b'a,b,,c']"));
  cr_assert(makes(split(both[1], ",,", -1), "[bytearray(b'a,b'), bytearray(b'c')]"));
  cr_assert(!split(both[0], "", -1) && raised(&weft_ValueError));
  make_both("  a b  c ");
  cr_assert(makes(weft_bytes_split(both[0], NULL, -1), "[b'a', b'b', b'c']"));
  cr_assert(makes(weft_bytes_split(both[0], NULL, 1), "[b'a', b'b  c ']"));
  make_both("");
  cr_assert(makes(weft_bytes_split(both[0], NULL, -1), "[]") && makes(split(both[0], ",", -1), "[b'']"));
  drop_both();
}

RuntimeTest(bytes, BYT_050_only_ascii_blanks_split) {
  weft_auto weft_object *b = BYTES("\x09\x0A\x0B\x0C\x0D\x1C\x1D\x1E\x1F");
  weft_auto weft_object *a = BYTEARRAY("\x09\x0A\x0B\x0C\x0D\x1C\x1D\x1E\x1F");
  cr_assert(makes(weft_bytes_split(b, NULL, -1), "[b'\\x1c\\x1d\\x1e\\x1f']"));
  cr_assert(makes(weft_bytes_split(a, NULL, -1), "[bytearray(b'\\x1c\\x1d\\x1e\\x1f')]"));
}

RuntimeTest(bytes, joining) {
  weft_auto weft_object *list = LIST(BYTES("abc"), BYTEARRAY("def"), BYTES(""), BYTES("g"));
  weft_auto weft_object *tuple = TUPLE(BYTES("ab"), BYTES("cd"));
  weft_auto weft_object *none = weft_list_new();
  for (int i = 0; i < 2; i++) {
    make_both("");
    cr_assert(makes(weft_bytes_join(both[0], list), "b'abcdefg'") && makes(weft_bytes_join(both[0], none), "b''"));
    make_both(".:");
    weft_auto weft_object *iterator = weft_iter(list);
    cr_assert(makes(weft_bytes_join(both[1], iterator), "bytearray(b'abc.:def.:.:g')"));
    cr_assert(makes(weft_bytes_join(both[0], tuple), "b'ab.:cd'"));
  }
  drop_both();
}

RuntimeTest(bytes, BYT_033_joining_lists_tuples_and_iterators) {
  const size_t many = 1000;
  weft_auto weft_object *list = weft_list_new();
  weft_auto weft_object *abc = BYTES("abc");
  for (size_t i = 0; i < many; i++) weft_list_append(list, abc);
  weft_auto weft_object *iterator = weft_iter(list);
  weft_auto weft_object *tuple = TUPLE(weft_new_ref(abc), BYTEARRAY("x"));
  make_both("--");
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *long_one = weft_bytes_join(both[i], i ? iterator : list);
    cr_assert(weft_length(long_one) == (int64_t)(3 * many + 2 * (many - 1)) && long_one->type == both[i]->type);
    cr_assert(of(weft_bytes_count, long_one, BYTES("abc--"), 0, INT64_MAX) == (int64_t)many - 1);
    weft_auto weft_object *short_one = weft_bytes_join(both[i], tuple);
    cr_assert(of(weft_bytes_find, short_one, BYTES("abc--x"), 0, INT64_MAX) == 0 && weft_length(short_one) == 6);
    weft_object *const wrong[] = {WEFT_NONE, INT(1), NULL};
    EACH(k, wrong) cr_assert(!weft_bytes_join(both[i], wrong[k]) && raised(&weft_TypeError));
    weft_object *const items[] = {STR("a"), INT(5), weft_list_new()};
    EACH(k, items) {
      weft_auto weft_object *bad = LIST(weft_new_ref(abc), items[k]);
      cr_assert(!weft_bytes_join(both[i], bad) && raised(&weft_TypeError));
    }
  }
  drop_both();
}

RuntimeTest(bytes, BYT_048_splitting_at_a_str_is_a_type_error) {
  make_both("a b");
  weft_auto weft_object *text = STR(" ");
  for (int i = 0; i < 2; i++) {
    cr_assert(!weft_bytes_split(both[i], text, -1) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_split(both[i], INT(32), -1) && raised(&weft_TypeError));
  }
  drop_both();
}

RuntimeTest(bytes, BYT_029_hex) {
  weft_auto weft_object *array = ARRAY('B', 0x1a, 0xff);
  make_both("\x1a\x2b\x30");
  for (int i = 0; i < 2; i++) assert_text(weft_bytes_hex(both[i]), "1a2b30");
  make_both("");
  for (int i = 0; i < 2; i++) assert_text(weft_bytes_hex(both[i]), "");
  assert_text(weft_bytes_hex(array), "1aff");
  cr_assert(!weft_bytes_hex(INT(1)) && raised(&weft_TypeError));
  drop_both();
}

RuntimeTest(bytes, BYT_031_hex_of_five_bytes) {
  make_both("\x5a\x5b\x5c\x5d\x5e");
  for (int i = 0; i < 2; i++) assert_text(weft_bytes_hex(both[i]), "5a5b5c5d5e");
  drop_both();
}

RuntimeTest(bytes, decoding) {
  make_both("\xe2\x82\xac");
  for (int i = 0; i < 2; i++) assert_text(weft_bytes_decode(both[i]), "\xe2\x82\xac");
  make_both("\xff");
  for (int i = 0; i < 2; i++) cr_assert(!weft_bytes_decode(both[i]) && raised(&weft_ValueError));
  drop_both();
}

RuntimeTest(bytes, what_is_no_byte_string_is_a_type_error) {
  weft_auto weft_object *array = ARRAY('B', 1);
  weft_auto weft_object *list = weft_list_new();
  weft_auto weft_object *b = BYTES("a");
  weft_object *const others[] = {array, list, WEFT_NONE, NULL};
  EACH(i, others) {
    cr_assert(weft_bytes_find(others[i], b, 0, 9) == -2 && raised(&weft_TypeError));
    cr_assert(weft_bytes_count(others[i], b, 0, 9) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytes_starts_with(others[i], b) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_bytes_replace(others[i], b, b, -1) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_strip(others[i], NULL, WEFT_BOTH) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_split(others[i], NULL, -1) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_join(others[i], list) && raised(&weft_TypeError));
    cr_assert(!weft_bytes_decode(others[i]) && raised(&weft_TypeError));
  }
}
