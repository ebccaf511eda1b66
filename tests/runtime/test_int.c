/* SPDX-License-Identifier: MIT */
/* int and bool: making, parsing, arithmetic, comparison, hash, text. Beyond 64 bits: test_int_big.c. */
#include "support.h"

RuntimeSuite(ints);

static bool is_int(weft_object *o_steal, int64_t value) {
  bool is = o_steal && weft_type_of(o_steal) == &weft_int_type && weft_int_value(o_steal) == value;
  weft_xdecref(o_steal);
  return is;
}

/* --- Making and reading --- */

RuntimeTest(ints, every_value_reads_back) {
  const int64_t values[] = {0, 1, -1, -5, -6, 256, 257, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, INT64_MIN + 1};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) cr_assert(is_int(INT(values[i]), values[i]), "%zu", i);
  cr_assert_null(weft_error_borrow(), "-1 is a value, not an error");
}

RuntimeTest(ints, small_ints_are_shared_and_others_are_fresh) {
  for (int64_t n = -5; n <= 256; n++) cr_assert_eq(INT(n), INT(n));
  for (int64_t n = 257; n < 260; n++) {
    weft_auto weft_object *a = INT(n);
    weft_auto weft_object *b = INT(n);
    cr_assert_neq(a, b);
  }
  weft_auto weft_object *a = INT(-6);
  weft_auto weft_object *b = INT(-6);
  cr_assert_neq(a, b);
}

static void step_make_42(void *slot) { *(weft_object **)slot = INT(42); }

RuntimeTest(ints, small_ints_are_the_same_in_all_threads) {
  weft_object *theirs;
  in_new_thread(step_make_42, &theirs);
  cr_assert_eq(theirs, INT(42));
}

RuntimeTest(ints, the_check_is_exact) {
  weft_auto weft_object *x = FLOAT(1.0);
  cr_assert(weft_int_check(INT(1)) && !weft_int_check(WEFT_TRUE) && !weft_int_check(x) && !weft_int_check(WEFT_NONE));
}

RuntimeTest(ints, the_value_of_anything_else_is_a_type_error) {
  weft_auto weft_object *x = FLOAT(4.5);
  weft_auto weft_object *s = STR("4");
  weft_object *const others[] = {x, s, WEFT_NONE, NULL, (weft_object *)&weft_int_type};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    cr_assert_eq(weft_int_value(others[i]), -1);
    cr_assert(raised(&weft_TypeError), "%zu", i);
  }
}

RuntimeTest(ints, BOO_013_booleans_are_ints_and_ints_are_not_booleans) {
  cr_assert(weft_is_instance(WEFT_TRUE, &weft_int_type) && weft_is_instance(WEFT_FALSE, &weft_int_type));
  cr_assert(weft_is_instance(WEFT_TRUE, &weft_bool_type) && weft_is_instance(WEFT_FALSE, &weft_bool_type));
  cr_assert(!weft_is_instance(INT(1), &weft_bool_type) && !weft_is_instance(INT(0), &weft_bool_type));
}

RuntimeTest(ints, the_value_of_a_boolean_is_zero_or_one) {
  cr_assert_eq(weft_int_value(WEFT_TRUE), 1);
  cr_assert_eq(weft_int_value(WEFT_FALSE), 0);
}

RuntimeTest(ints, BOO_031_booleans_made_from_values_are_the_singletons) {
  cr_assert_eq(weft_bool_new(3 > 2), WEFT_TRUE);
  cr_assert_eq(weft_bool_new(3 < 2), WEFT_FALSE);
  cr_assert_eq(weft_bool_new(7), WEFT_TRUE);
  cr_assert_eq(weft_bool_new(0), WEFT_FALSE);
}

/* --- Parsing --- */

RuntimeTest(ints, decimal_digits_with_sign_and_blanks_parse) {
  static const struct {
    const char *text;
    int64_t value;
  } cases[] = {
      {"0", 0},
      {"1", 1},
      {"-1", -1},
      {"+1", 1},
      {"007", 7},
      {"  42", 42},
      {"42  ", 42},
      {" \t\n\r\f\v-42 \t\n\r\f\v", -42},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"+9223372036854775807", INT64_MAX},
      {"00000000000000000000000000000000000001", 1},
      {"-0", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    cr_assert(is_int(weft_int_parse(cases[i].text), cases[i].value), "%s", cases[i].text);
}

static void assert_unparsable(const char *text) {
  cr_assert_null(weft_int_parse(text), "%s", text);
  cr_assert(raised(&weft_ValueError), "%s", text);
}

RuntimeTest(ints, INT_002_lone_and_spaced_signs_are_value_errors) {
  static const char *const texts[] = {"+", "-", "- 1", "+ 1", " + 1 ", " - ", "--1", "++1", "+-1", "-+1"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) assert_unparsable(texts[i]);
}

RuntimeTest(ints, INT_005_parsed_small_ints_are_the_shared_objects) {
  char text[32];
  for (int64_t n = -5; n <= 256; n++) {
    snprintf(text, sizeof text, "%lld", (long long)n);
    cr_assert_eq(weft_int_parse(text), INT(n));
    snprintf(text, sizeof text, "  %+lld ", (long long)n);
    cr_assert_eq(weft_int_parse(text), INT(n));
  }
}

RuntimeTest(ints, INT_013_a_text_with_a_fraction_is_a_value_error) { assert_unparsable("1.2"); }

RuntimeTest(ints, what_is_not_a_number_is_a_value_error) {
  static const char *const texts[] = {"",   " ",  "\t\n", "x",    "1x",         "x1",    "1 2", "0x10", "1e3",
                                      "1L", "1_", "_1",   "1__0", "\xc2\xa0 1", "1,000", "0b1", "None", "\xd9\xa3 x"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) assert_unparsable(texts[i]);
}

RuntimeTest(ints, parsing_null_is_an_error) {
  cr_assert_null(weft_int_parse(NULL));
  cr_assert_not_null(weft_error_borrow());
  weft_error_clear();
}

/* The message quotes the text, which need not be text. */
RuntimeTest(ints, parsing_what_is_not_utf8_is_a_value_error) { assert_unparsable("12\xff"); }

RuntimeTest(ints, a_very_long_text_that_is_not_a_number_is_a_value_error) {
  char *text = malloc(100001);
  memset(text, 'x', 100000);
  text[100000] = '\0';
  assert_unparsable(text);
  free(text);
}

RuntimeTest(ints, a_long_number_with_rubbish_behind_it_is_a_value_error) { assert_unparsable("99999999999999999999x"); }

RuntimeTest(ints, CPI_039_parsing_minus_and_many_zeros_leaves_the_small_ints_alone) {
  char text[7002];
  memset(text, '0', sizeof text);
  text[0] = '-';
  text[sizeof text - 1] = '\0';
  cr_assert_eq(weft_int_parse(text), INT(0));
  for (int64_t n = -5; n <= 256; n++) cr_assert_eq(weft_int_value(INT(n)), n);
}

/* --- Arithmetic --- */

RuntimeTest(ints, sums_differences_and_products_are_exact) {
  const int64_t values[] = {0, 1, -1, 2, -2, 5, 37, 256, 257, -1000, 4095, 65536, INT32_MAX, INT32_MIN, 3037000499};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
      int64_t x = values[i], y = values[j];
      weft_auto weft_object *a = INT(x);
      weft_auto weft_object *b = INT(y);
      cr_assert(is_int(weft_add(a, b), x + y));
      cr_assert(is_int(weft_subtract(a, b), x - y));
      cr_assert(is_int(weft_multiply(a, b), x * y));
    }
  }
}

RuntimeTest(ints, LNG_034_results_in_the_small_range_are_the_shared_objects) {
  weft_auto weft_object *thousand = INT(1000);
  for (int64_t n = -5; n <= 256; n++) {
    weft_auto weft_object *less = INT(n - 1000);
    weft_auto weft_object *more = INT(n + 1000);
    cr_assert_eq(weft_add(less, thousand), INT(n));
    cr_assert_eq(weft_subtract(more, thousand), INT(n));
    cr_assert_eq(weft_multiply(INT(n), INT(1)), INT(n));
    cr_assert_eq(weft_multiply(thousand, INT(0)), INT(0));
  }
}

RuntimeTest(ints, results_at_the_limits_are_exact) {
  weft_auto weft_object *max = INT(INT64_MAX);
  weft_auto weft_object *min = INT(INT64_MIN);
  cr_assert(is_int(weft_add(max, INT(0)), INT64_MAX));
  cr_assert(is_int(weft_add(max, min), -1));
  cr_assert(is_int(weft_subtract(INT(-1), max), INT64_MIN));
  cr_assert(is_int(weft_subtract(INT(-1), min), INT64_MAX));
  cr_assert(is_int(weft_multiply(min, INT(1)), INT64_MIN));
  cr_assert(is_int(weft_multiply(max, INT(-1)), -INT64_MAX));
}

RuntimeTest(ints, arithmetic_with_booleans_gives_ints) {
  cr_assert(is_int(weft_add(WEFT_TRUE, WEFT_TRUE), 2));
  cr_assert(is_int(weft_add(WEFT_FALSE, WEFT_FALSE), 0));
  cr_assert(is_int(weft_add(INT(41), WEFT_TRUE), 42));
  cr_assert(is_int(weft_subtract(WEFT_FALSE, WEFT_TRUE), -1));
  cr_assert(is_int(weft_multiply(WEFT_TRUE, INT(7)), 7));
  cr_assert(is_int(weft_multiply(WEFT_TRUE, WEFT_FALSE), 0));
}

RuntimeTest(ints, arithmetic_with_other_types_is_a_type_error) {
  weft_auto weft_object *s = STR("1");
  weft_auto weft_object *l = weft_list_new();
  weft_object *const others[] = {s, l, WEFT_NONE};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    cr_assert(!weft_add(INT(1), others[i]) && raised(&weft_TypeError));
    cr_assert(!weft_add(others[i], INT(1)) && raised(&weft_TypeError));
    cr_assert(!weft_subtract(INT(1), others[i]) && raised(&weft_TypeError));
    if (others[i] != l && others[i] != s) cr_assert(!weft_multiply(others[i], INT(1)) && raised(&weft_TypeError));
  }
}

RuntimeTest(ints, arithmetic_does_not_change_its_operands) {
  weft_auto weft_object *a = INT(1000);
  weft_auto weft_object *b = INT(2000);
  weft_decref(weft_add(a, b));
  cr_assert_eq(weft_int_value(a), 1000);
  cr_assert_eq(weft_int_value(b), 2000);
  cr_assert(weft_refcount(a) == 1 && weft_refcount(b) == 1);
}

/* --- Comparison, hash, truth --- */

RuntimeTest(ints, all_six_comparisons_follow_the_values) {
  const int64_t values[] = {INT64_MIN, -1000, -1, 0, 1, 256, 257, INT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
      weft_auto weft_object *a = INT(values[i]);
      weft_auto weft_object *b = INT(values[j]);
      cr_assert_eq(weft_compare(a, b, WEFT_LT), i < j);
      cr_assert_eq(weft_compare(a, b, WEFT_LE), i <= j);
      cr_assert_eq(weft_compare(a, b, WEFT_EQ), i == j);
      cr_assert_eq(weft_compare(a, b, WEFT_NE), i != j);
      cr_assert_eq(weft_compare(a, b, WEFT_GT), i > j);
      cr_assert_eq(weft_compare(a, b, WEFT_GE), i >= j);
    }
  }
}

RuntimeTest(ints, booleans_compare_as_zero_and_one) {
  cr_assert(equal(WEFT_TRUE, INT(1)) && equal(INT(0), WEFT_FALSE) && !equal(WEFT_TRUE, INT(2)));
  cr_assert_eq(weft_compare(WEFT_FALSE, WEFT_TRUE, WEFT_LT), 1);
  cr_assert_eq(weft_compare(WEFT_TRUE, INT(5), WEFT_GE), 0);
}

RuntimeTest(ints, an_int_equals_nothing_but_numbers) {
  weft_auto weft_object *s = STR("1");
  cr_assert(!equal(INT(1), s) && !equal(INT(0), WEFT_NONE));
  cr_assert_eq(weft_compare(INT(1), s, WEFT_NE), 1);
  cr_assert_eq(weft_compare(INT(1), s, WEFT_LT), -1);
  cr_assert(raised(&weft_TypeError));
}

/* From CPython 3.11: hash() of these. */
RuntimeTest(ints, hashes_are_those_that_python_documents) {
  static const struct {
    int64_t value, hash;
  } cases[] = {
      {0, 0},
      {1, 1},
      {-1, -2},
      {-2, -2},
      {42, 42},
      {((int64_t)1 << 61) - 1, 0},
      {(int64_t)1 << 61, 1},
      {-(((int64_t)1 << 61) - 1), 0},
      {INT64_MAX, 3},
      {INT64_MIN, -4},
      {(int64_t)1 << 62, 2},
      {123456789012345678, 123456789012345678},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *o = INT(cases[i].value);
    cr_assert_eq(hash_of(o), cases[i].hash, "%lld", (long long)cases[i].value);
  }
}

RuntimeTest(ints, a_boolean_hashes_like_its_number) {
  cr_assert_eq(hash_of(WEFT_TRUE), 1);
  cr_assert_eq(hash_of(WEFT_FALSE), 0);
}

RuntimeTest(ints, only_zero_is_false) {
  weft_auto weft_object *min = INT(INT64_MIN);
  cr_assert_eq(weft_is_true(INT(0)), 0);
  cr_assert_eq(weft_is_true(INT(1)), 1);
  cr_assert_eq(weft_is_true(INT(-1)), 1);
  cr_assert_eq(weft_is_true(min), 1);
  cr_assert_eq(weft_is_true(WEFT_TRUE), 1);
  cr_assert_eq(weft_is_true(WEFT_FALSE), 0);
}

/* --- Text --- */

RuntimeTest(ints, the_repr_is_in_decimal) {
  weft_auto weft_object *max = INT(INT64_MAX);
  weft_auto weft_object *min = INT(INT64_MIN);
  assert_text(weft_repr(INT(0)), "0");
  assert_text(weft_repr(INT(-5)), "-5");
  assert_text(weft_repr(max), "9223372036854775807");
  assert_text(weft_repr(min), "-9223372036854775808");
  assert_text(weft_str(INT(7)), "7");
}

RuntimeTest(ints, the_repr_parses_back) {
  const int64_t values[] = {0, -1, 1000, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    weft_auto weft_object *o = INT(values[i]);
    weft_auto weft_object *text = weft_repr(o);
    cr_assert(is_int(weft_int_parse(weft_str_utf8(text, NULL)), values[i]));
  }
}

RuntimeTest(ints, BOO_002_the_repr_of_booleans_is_their_name) {
  assert_text(weft_repr(WEFT_FALSE), "False");
  assert_text(weft_repr(WEFT_TRUE), "True");
}

RuntimeTest(ints, BOO_003_the_str_of_booleans_is_their_name) {
  assert_text(weft_str(WEFT_FALSE), "False");
  assert_text(weft_str(WEFT_TRUE), "True");
}

RuntimeTest(ints, an_int_has_no_length_and_cannot_be_called) {
  cr_assert(weft_length(INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_call(INT(1), NULL, 0) && raised_with(&weft_TypeError, "'int' object is not callable"));
}
