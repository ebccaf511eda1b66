/* SPDX-License-Identifier: MIT */
/* float: values, arithmetic, exact comparison with ints, hash, shortest text. Expected values are CPython 3.11's. */
#include "support.h"

#include <float.h>
#include <math.h>

RuntimeSuite(floats);

static bool is_float(weft_object *o_steal, double value) {
  bool is = o_steal && weft_float_check(o_steal);
  double got = is ? weft_float_value(o_steal) : 0;
  weft_xdecref(o_steal);
  return is && memcmp(&got, &value, sizeof got) == 0;
}

static bool repr_is(double value, const char *text) {
  char got[128];
  weft_auto weft_object *o = FLOAT(value);
  text_of(weft_repr(o), got, sizeof got);
  if (strcmp(got, text) != 0) fprintf(stderr, "repr is %s, not %s\n", got, text);
  return strcmp(got, text) == 0;
}

/* --- Values --- */

RuntimeTest(floats, CPF_004_a_float_made_from_a_double_has_its_value) { cr_assert(is_float(FLOAT(4.25), 4.25)); }

RuntimeTest(floats, every_kind_of_double_reads_back) {
  const double values[] = {0.0, -0.0, 1.5, -1.5, DBL_MAX, -DBL_MAX, DBL_MIN, 5e-324, INFINITY, -INFINITY};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    cr_assert(is_float(FLOAT(values[i]), values[i]), "%zu", i);
  weft_auto weft_object *nan_object = FLOAT(NAN);
  cr_assert(isnan(weft_float_value(nan_object)));
}

RuntimeTest(floats, a_float_takes_24_bytes) { cr_assert_eq(sizeof(weft_float), 24); }

RuntimeTest(floats, the_value_of_an_int_or_bool_is_converted) {
  weft_auto weft_object *big = INT((int64_t)1 << 53);
  cr_assert_eq(weft_float_value(INT(3)), 3.0);
  cr_assert_eq(weft_float_value(WEFT_TRUE), 1.0);
  cr_assert_eq(weft_float_value(big), 9007199254740992.0);
}

RuntimeTest(floats, conversion_from_int_rounds_half_to_even) {
  static const struct {
    int64_t from;
    double to;
  } cases[] = {
      {((int64_t)1 << 53) + 1, 0x1p53},
      {((int64_t)1 << 53) + 2, 0x1p53 + 2},
      {((int64_t)1 << 53) + 3, 0x1p53 + 4},
      {-((int64_t)1 << 53) - 1, -0x1p53},
      {INT64_MAX, 0x1p63},
      {INT64_MIN, -0x1p63},
      {((int64_t)1 << 54) - 1, 0x1p54},
      {((int64_t)1 << 54) + 2, 0x1p54},
      {((int64_t)1 << 54) + 6, 0x1p54 + 8},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *o = INT(cases[i].from);
    cr_assert_eq(weft_float_value(o), cases[i].to, "%zu", i);
  }
}

RuntimeTest(floats, the_value_of_anything_else_is_a_type_error) {
  weft_auto weft_object *s = STR("4.5");
  weft_object *const others[] = {s, WEFT_NONE, NULL, (weft_object *)&weft_float_type};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    cr_assert_eq(weft_float_value(others[i]), -1.0);
    cr_assert(raised(&weft_TypeError), "%zu", i);
  }
}

RuntimeTest(floats, the_check_is_false_for_ints) {
  weft_auto weft_object *x = FLOAT(1.0);
  cr_assert(weft_float_check(x) && !weft_float_check(INT(1)) && !weft_float_check(WEFT_TRUE));
}

/* --- Arithmetic --- */

RuntimeTest(floats, arithmetic_is_that_of_doubles) {
  weft_auto weft_object *a = FLOAT(0.1);
  weft_auto weft_object *b = FLOAT(0.2);
  cr_assert(is_float(weft_add(a, b), 0.1 + 0.2));
  cr_assert(is_float(weft_subtract(a, b), 0.1 - 0.2));
  cr_assert(is_float(weft_multiply(a, b), 0.1 * 0.2));
}

RuntimeTest(floats, an_int_operand_on_either_side_is_converted) {
  weft_auto weft_object *x = FLOAT(0.5);
  cr_assert(is_float(weft_add(x, INT(1)), 1.5));
  cr_assert(is_float(weft_add(INT(1), x), 1.5));
  cr_assert(is_float(weft_subtract(INT(1), x), 0.5));
  cr_assert(is_float(weft_subtract(x, INT(1)), -0.5));
  cr_assert(is_float(weft_multiply(INT(3), x), 1.5));
  cr_assert(is_float(weft_add(WEFT_TRUE, x), 1.5));
}

RuntimeTest(floats, overflow_gives_an_infinity) {
  weft_auto weft_object *max = FLOAT(DBL_MAX);
  cr_assert(is_float(weft_add(max, max), INFINITY));
  cr_assert(is_float(weft_multiply(max, INT(-2)), -INFINITY));
}

RuntimeTest(floats, arithmetic_works_while_an_error_is_pending) {
  weft_auto weft_object *x = FLOAT(0.5);
  weft_raise(&weft_ValueError, "pending");
  weft_auto weft_object *sum = weft_add(INT(1), x);
  weft_error_clear();
  cr_assert_not_null(sum);
}

RuntimeTest(floats, arithmetic_with_other_types_is_a_type_error) {
  weft_auto weft_object *x = FLOAT(0.5);
  weft_auto weft_object *s = STR("1");
  cr_assert(!weft_add(x, s) && raised(&weft_TypeError));
  cr_assert(!weft_add(s, x) && raised(&weft_TypeError));
  cr_assert(!weft_multiply(x, WEFT_NONE) && raised(&weft_TypeError));
}

/* --- Comparison --- */

RuntimeTest(floats, all_six_comparisons_follow_the_values) {
  const double values[] = {-INFINITY, -DBL_MAX, -1.0, 0.0, 5e-324, 1.0, DBL_MAX, INFINITY};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
      weft_auto weft_object *a = FLOAT(values[i]);
      weft_auto weft_object *b = FLOAT(values[j]);
      cr_assert_eq(weft_compare(a, b, WEFT_LT), i < j);
      cr_assert_eq(weft_compare(a, b, WEFT_LE), i <= j);
      cr_assert_eq(weft_compare(a, b, WEFT_EQ), i == j);
      cr_assert_eq(weft_compare(a, b, WEFT_NE), i != j);
      cr_assert_eq(weft_compare(a, b, WEFT_GT), i > j);
      cr_assert_eq(weft_compare(a, b, WEFT_GE), i >= j);
    }
  }
}

RuntimeTest(floats, zeros_of_both_signs_are_equal) {
  weft_auto weft_object *plus = FLOAT(0.0);
  weft_auto weft_object *minus = FLOAT(-0.0);
  cr_assert(equal(plus, minus) && equal(minus, INT(0)));
  cr_assert_eq(hash_of(plus), hash_of(minus));
}

RuntimeTest(floats, nan_is_unordered) {
  weft_auto weft_object *a = FLOAT(NAN);
  weft_auto weft_object *b = FLOAT(NAN);
  weft_object *const others[] = {b, INT(0), WEFT_TRUE};
  for (size_t i = 0; i < 3; i++) {
    for (int op = WEFT_LT; op <= WEFT_GE; op++) {
      cr_assert_eq(weft_compare(a, others[i], (enum weft_compare_op)op), op == WEFT_NE);
      cr_assert_eq(weft_compare(others[i], a, (enum weft_compare_op)op), op == WEFT_NE);
    }
  }
}

RuntimeTest(floats, containers_with_the_same_nan_are_equal_and_with_another_are_not) {
  weft_auto weft_object *a = FLOAT(NAN);
  weft_auto weft_object *b = FLOAT(NAN);
  weft_auto weft_object *list = weft_list_of(1, &a);
  weft_auto weft_object *same = weft_list_of(1, &a);
  weft_auto weft_object *other = weft_list_of(1, &b);
  weft_auto weft_object *tuple = weft_tuple_new(1, &a);
  weft_auto weft_object *same_tuple = weft_tuple_new(1, &a);
  cr_assert(equal(list, same) && !equal(list, other) && equal(tuple, same_tuple));
}

/* What orders an int and a float: exact, not after rounding the int. */
RuntimeTest(floats, LNG_011_comparisons_of_ints_and_floats_are_exact) {
  static const struct {
    int64_t i;
    double x;
    int order;
  } cases[] = {
      {0, 0.0, 0},
      {1, 1.0, 0},
      {1, 1.5, -1},
      {2, 1.5, 1},
      {-1, -1.5, 1},
      {-2, -1.5, -1},
      {0, 5e-324, -1},
      {0, -5e-324, 1},
      {((int64_t)1 << 53) + 1, 0x1p53, 1},
      {(int64_t)1 << 53, 0x1p53, 0},
      {((int64_t)1 << 53) - 1, 0x1p53, -1},
      {((int64_t)1 << 54) + 1, 0x1p54, 1},
      {((int64_t)1 << 54) - 1, 0x1p54, -1},
      {-((int64_t)1 << 53) - 1, -0x1p53, -1},
      {INT64_MAX, 0x1p63, -1},
      {INT64_MAX, 0x1.fffffffffffffp62, 1},
      {INT64_MIN, -0x1p63, 0},
      {INT64_MIN + 1, -0x1p63, 1},
      {INT64_MIN, -0x1.0000000000001p63, 1},
      {INT64_MAX, 1e300, -1},
      {INT64_MIN, -1e300, 1},
      {INT64_MAX, INFINITY, -1},
      {INT64_MIN, -INFINITY, 1},
      {INT64_MAX, -INFINITY, 1},
      {((int64_t)1 << 62) + 1, 0x1p62, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *n = INT(cases[i].i);
    weft_auto weft_object *x = FLOAT(cases[i].x);
    int order = cases[i].order;
    cr_assert_eq(weft_compare(n, x, WEFT_LT), order < 0, "%zu", i);
    cr_assert_eq(weft_compare(n, x, WEFT_LE), order <= 0, "%zu", i);
    cr_assert_eq(weft_compare(n, x, WEFT_EQ), order == 0, "%zu", i);
    cr_assert_eq(weft_compare(n, x, WEFT_NE), order != 0, "%zu", i);
    cr_assert_eq(weft_compare(x, n, WEFT_GT), order < 0, "%zu", i);
    cr_assert_eq(weft_compare(x, n, WEFT_GE), order <= 0, "%zu", i);
    cr_assert_eq(weft_compare(x, n, WEFT_LT), order > 0, "%zu", i);
    cr_assert_eq(weft_compare(x, n, WEFT_EQ), order == 0, "%zu", i);
  }
}

RuntimeTest(floats, a_float_is_not_ordered_with_other_types) {
  weft_auto weft_object *x = FLOAT(1.0);
  weft_auto weft_object *s = STR("1.0");
  cr_assert_not(equal(x, s));
  cr_assert(weft_compare(x, s, WEFT_LT) == -1 && raised(&weft_TypeError));
  cr_assert(weft_compare(WEFT_NONE, x, WEFT_GE) == -1 && raised(&weft_TypeError));
}

/* --- Hash and truth --- */

RuntimeTest(floats, FLO_020_equal_numbers_hash_equal_and_infinities_hash_fixed) {
  for (int64_t n = -1000; n <= 1000; n++) {
    weft_auto weft_object *i = INT(n);
    weft_auto weft_object *x = FLOAT((double)n);
    cr_assert_eq(hash_of(i), hash_of(x));
  }
  for (int shift = 0; shift < 63; shift++) {
    weft_auto weft_object *i = INT((int64_t)1 << shift);
    weft_auto weft_object *x = FLOAT(ldexp(1, shift));
    cr_assert_eq(hash_of(i), hash_of(x), "2**%d", shift);
    weft_auto weft_object *j = INT(-((int64_t)1 << shift));
    weft_auto weft_object *y = FLOAT(-ldexp(1, shift));
    cr_assert_eq(hash_of(j), hash_of(y), "-2**%d", shift);
  }
  weft_auto weft_object *inf = FLOAT(INFINITY);
  weft_auto weft_object *minus_inf = FLOAT(-INFINITY);
  cr_assert_eq(hash_of(inf), 314159);
  cr_assert_eq(hash_of(minus_inf), -314159);
}

RuntimeTest(floats, hashes_are_those_that_python_documents) {
  static const struct {
    double value;
    int64_t hash;
  } cases[] = {
      {0.5, 1152921504606846976},
      {-0.5, -1152921504606846976},
      {0.1, 230584300921369408},
      {0.25, 576460752303423488},
      {1.5, 1152921504606846977},
      {-1.0, -2},
      {1e16, 10000000000000000},
      {3.14, 322818021289917443},
      {1e300, 1224995262755759164},
      {1e-300, 482449582752280463},
      {5e-324, 16777216},
      {0x1p-61, 1},
      {0x1p60, 1152921504606846976},
      {DBL_MAX, 2234066890152476671},
      {-0.0, 0},
      {0x1p61, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *o = FLOAT(cases[i].value);
    cr_assert_eq(hash_of(o), cases[i].hash, "%g: %lld", cases[i].value, (long long)hash_of(o));
  }
}

RuntimeTest(floats, nans_hash_by_identity) {
  weft_auto weft_object *a = FLOAT(NAN);
  weft_auto weft_object *b = FLOAT(NAN);
  cr_assert_eq(hash_of(a), hash_of(a));
  cr_assert_neq(hash_of(a), hash_of(b));
}

RuntimeTest(floats, only_zero_is_false) {
  const struct {
    double value;
    int truth;
  } cases[] = {{0.0, 0}, {-0.0, 0}, {5e-324, 1}, {NAN, 1}, {-INFINITY, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *o = FLOAT(cases[i].value);
    cr_assert_eq(weft_is_true(o), cases[i].truth, "%zu", i);
  }
}

/* --- Text --- */

RuntimeTest(floats, FLO_044_the_text_of_infinities_is_inf) {
  weft_auto weft_object *inf = FLOAT(INFINITY);
  weft_auto weft_object *minus = FLOAT(-INFINITY);
  assert_text(weft_repr(inf), "inf");
  assert_text(weft_str(inf), "inf");
  assert_text(weft_repr(minus), "-inf");
  assert_text(weft_str(minus), "-inf");
}

RuntimeTest(floats, FLO_046_the_text_of_a_computed_nan_is_nan) {
  weft_auto weft_object *inf = FLOAT(INFINITY);
  weft_auto weft_object *computed = weft_multiply(inf, INT(0));
  assert_text(weft_repr(computed), "nan");
  assert_text(weft_str(computed), "nan");
  cr_assert(repr_is(-NAN, "nan"));
}

RuntimeTest(floats, small_exponents_are_written_plainly) {
  cr_assert(repr_is(0.0, "0.0") && repr_is(-0.0, "-0.0") && repr_is(1.0, "1.0") && repr_is(-1.5, "-1.5"));
  cr_assert(repr_is(0.1, "0.1") && repr_is(123456789.0, "123456789.0") && repr_is(0.0001, "0.0001"));
  cr_assert(repr_is(1e15, "1000000000000000.0") && repr_is(1234567890123456.0, "1234567890123456.0"));
  cr_assert(repr_is(9999999999999998.0, "9999999999999998.0") && repr_is(100.0, "100.0"));
  cr_assert(repr_is(1.0 / 3, "0.3333333333333333") && repr_is(0.1 + 0.2, "0.30000000000000004"));
}

RuntimeTest(floats, large_exponents_are_written_with_e) {
  cr_assert(repr_is(1e16, "1e+16") && repr_is(1e22, "1e+22") && repr_is(0.00001, "1e-05"));
  cr_assert(repr_is(1.5e-7, "1.5e-07") && repr_is(1e100, "1e+100") && repr_is(-1e-100, "-1e-100"));
  cr_assert(repr_is(123456789012345680.0, "1.2345678901234568e+17") &&
            repr_is(12345678901234567.0, "1.2345678901234568e+16"));
  cr_assert(repr_is(DBL_MAX, "1.7976931348623157e+308") && repr_is(DBL_MIN, "2.2250738585072014e-308"));
  cr_assert(repr_is(5e-324, "5e-324"));
}

RuntimeTest(floats, FLO_032_the_shortest_text_of_many_values_reads_back) {
  static const char *const shortest[] = {
      "0.0",
      "1.0",
      "0.01",
      "0.02",
      "0.03",
      "0.04",
      "0.05",
      "1.23456789",
      "10.0",
      "100.0",
      "1000000000000000.0",
      "9999999999999990.0",
      "1e+16",
      "1e+17",
      "0.001",
      "0.001001",
      "0.00010000000000001",
      "0.0001",
      "9.999999999999e-05",
      "1e-05",
      "8.72293771110361e+25",
      "7.47005307342313e+26",
      "2.86438000439698e+28",
      "8.89142905246179e+28",
      "3.08578087079232e+35",
  };
  for (size_t i = 0; i < sizeof shortest / sizeof *shortest; i++) {
    cr_assert(repr_is(strtod(shortest[i], NULL), shortest[i]));
    char negative[64];
    snprintf(negative, sizeof negative, "-%s", shortest[i]);
    cr_assert(repr_is(strtod(negative, NULL), negative));
  }
  uint64_t random = 88172645463325252;
  for (int i = 0; i < 20000; i++) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    double value;
    memcpy(&value, &random, sizeof value);
    if (!isfinite(value)) continue;
    weft_auto weft_object *o = FLOAT(value);
    weft_auto weft_object *text = weft_repr(o);
    cr_assert_eq(strtod(weft_str_utf8(text, NULL), NULL), value, "%a", value);
    cr_assert_leq(weft_str_length(text), 24);
  }
}

/* At a power of two the nearest decimal of n digits may lie outside the interval that rounds to it, while another one
 * of n digits lies inside. */
RuntimeTest(floats, powers_of_two_have_the_shortest_text_too) {
  static const struct {
    int exponent;
    const char *text;
  } cases[] = {
      {-1017, "7.120236347223045e-307"},
      {-957, "8.209073602596753e-289"},
      {-549, "5.426657103235053e-166"},
      {-140, "7.174648137343064e-43"},
      {-44, "5.684341886080802e-14"},
      {-1, "0.5"},
      {10, "1024.0"},
      {1023, "8.98846567431158e+307"},
      {-24, "5.960464477539063e-08"},
      {-1022, "2.2250738585072014e-308"},
      {-1074, "5e-324"},
      {89, "6.189700196426902e+26"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    cr_assert(repr_is(ldexp(1, cases[i].exponent), cases[i].text), "2**%d", cases[i].exponent);
}
