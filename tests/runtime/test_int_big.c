/* SPDX-License-Identifier: MIT */
/* Ints beyond 64 bits: what they are, text, arithmetic, logic, comparison, hash, floats. Literals: CPython's. */
#include "support.h"

#include <math.h>

RuntimeSuite(big_ints);

static weft_object *big(const char *digits) { return weft_int_parse(digits); }

/* Drops both. */
static bool are_equal(weft_object *a_steal, weft_object *b_steal) {
  weft_auto weft_object *a = a_steal, *b = b_steal;
  return a && b && equal(a, b);
}
static bool reads(weft_object *o_steal, const char *digits) {
  weft_auto weft_object *o = o_steal, *text = o ? weft_repr(o) : NULL;
  bool reads = text && strcmp(weft_str_utf8(text, NULL), digits) == 0;
  if (!reads) fprintf(stderr, "%s, not %s\n", text ? weft_str_utf8(text, NULL) : "(NULL)", digits);
  return reads;
}

/* 2 to the power of n. */
static weft_object *power(unsigned n) {
  weft_object *p = INT(1);
  for (unsigned bit = 1u << 31; bit; bit >>= 1) {
    weft_auto weft_object *root = p, *square = weft_multiply(root, root);
    p = weft_multiply(square, INT(n & bit ? 2 : 1));
  }
  return p;
}
/* 2**n + by. */
static weft_object *near_power(unsigned n, int64_t by) {
  weft_auto weft_object *p = power(n), *i = INT(by);
  return weft_add(p, i);
}
static weft_object *negative(weft_object *o_steal) {
  weft_auto weft_object *o = o_steal;
  return weft_subtract(INT(0), o);
}

static uint64_t state = 20261120;
static uint64_t some_bits(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state;
}
/* Of up to `words` * 60 bits, of either sign; often with long runs of equal bits. */
static weft_object *some_int(unsigned words) {
  weft_object *o = INT(0);
  weft_auto weft_object *shift = INT(1LL << 60);
  for (unsigned n = (unsigned)(some_bits() % words) + 1; n; n--) {
    uint64_t bits = some_bits();
    int64_t word = bits & 1 ? (int64_t)(bits >> 4) : bits & 2 ? (1LL << 60) - 1 : 0;
    weft_auto weft_object *old = o, *shifted = weft_multiply(old, shift), *low = INT(word);
    o = weft_add(shifted, low);
  }
  return some_bits() & 1 ? negative(o) : o;
}

/* --- What they are --- */

RuntimeTest(big_ints, what_fits_64_bits_is_of_the_one_kind_and_all_else_of_the_other) {
  static const char *const small[] = {"9223372036854775807", "-9223372036854775808", "0", "-1"};
  static const char *const large[] = {"9223372036854775808", "-9223372036854775809", "18446744073709551615",
                                      "18446744073709551616", "-18446744073709551616"};
  for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
    weft_auto weft_object *o = big(small[i]);
    cr_assert(weft_type_of(o) == &weft_int_type && weft_int_check(o));
  }
  for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
    weft_auto weft_object *o = big(large[i]), *type = weft_repr((weft_object *)(uintptr_t)weft_type_of(o));
    cr_assert(weft_type_of(o) == &weft_big_int_type && weft_is_instance(o, &weft_int_type));
    cr_assert(weft_int_check(o) && !weft_is_instance(o, &weft_bool_type) && !weft_float_check(o));
    cr_assert_str_eq(weft_str_utf8(type, NULL), "<type 'int'>");
  }
}

/* Of Weft, compact is what has the exact type weft_int_type. */
/* The catalogue's CPI_001 and CPI_002. */
RuntimeTest(big_ints, CPI_001_CPI_002_an_int_of_the_exact_type_has_its_value) {
  const int64_t bases[] = {2, 37};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *base = INT(bases[i]);
    weft_object *p = INT(1);
    for (uint64_t expected = 1; weft_int_bit_length(p) <= 67; expected *= (uint64_t)bases[i]) {
      for (int64_t by = -1; by <= 1; by++) {
        weft_auto weft_object *near = weft_add(p, INT(by)), *minus = weft_subtract(INT(0), near);
        bool fits = weft_int_bit_length(near) < 64;
        cr_assert(fits == (weft_type_of(near) == &weft_int_type));
        int64_t value = (int64_t)(expected + (uint64_t)by);
        cr_assert(!fits || (((weft_int *)near)->value == value && ((weft_int *)minus)->value == -value));
      }
      weft_auto weft_object *old = p;
      p = weft_multiply(old, base);
    }
    weft_decref(p);
  }
  weft_auto weft_object *word = weft_int_new_unsigned(SIZE_MAX);
  cr_assert(weft_type_of(INT(-1)) == &weft_int_type && weft_type_of(INT(0)) == &weft_int_type);
  cr_assert(weft_type_of(INT(256)) == &weft_int_type && weft_type_of(word) != &weft_int_type);
}

RuntimeTest(big_ints, CPI_004_the_check_is_true_of_all_ints_and_of_nothing_else) {
  weft_auto weft_object *huge = power(1000), *less = negative(power(1000)), *x = FLOAT(1e30), *o = probe_new();
  cr_assert(weft_int_check(INT(0)) && weft_int_check(huge) && weft_int_check(less));
  cr_assert(!weft_int_check(WEFT_TRUE) && !weft_int_check(x) && !weft_int_check(o));
}

RuntimeTest(big_ints, they_grow_by_a_word_for_each_64_bits) {
  const int64_t sizes[][2] = {{62, 24}, {63, 32}, {64, 40}, {127, 40}, {128, 48}, {6400, 24 + 101 * 8}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    weft_auto weft_object *o = power((unsigned)sizes[i][0]), *minus = weft_subtract(INT(0), o);
    cr_assert_eq(weft_sizeof(o), sizes[i][1], "%d", (int)sizes[i][0]);
    if (sizes[i][0] != 63) cr_assert_eq(weft_sizeof(minus), sizes[i][1]);
  }
}

RuntimeTest(big_ints, each_is_a_fresh_object_and_never_changes) {
  weft_auto weft_object *a = power(70), *b = power(70), *c = weft_copy(a), *d = weft_deepcopy(a, NULL);
  cr_assert(a != b && equal(a, b) && c == a && d == a && weft_refcount(a) == 3);
  weft_decref(weft_add(a, b));
  weft_decref(weft_xor(a, b));
  weft_auto weft_object *sum = weft_in_place_add(a, INT(1));
  cr_assert(sum != a && reads(weft_new_ref(a), "1180591620717411303424"));
}

/* --- Numbers of C --- */

/* The catalogue's CPI_012 and CPI_019. */
RuntimeTest(big_ints, CPI_012_CPI_019_as_unsigned_numbers) {
  const uint64_t values[] = {0, 1, 1234, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    weft_auto weft_object *o = weft_int_new_unsigned(values[i]);
    cr_assert_eq(weft_int_value_unsigned(o), values[i]);
    cr_assert_null(weft_error_borrow());
    cr_assert_eq(weft_type_of(o) == &weft_int_type, values[i] <= INT64_MAX);
  }
  cr_assert(weft_int_value_unsigned(WEFT_TRUE) == 1 && weft_int_new_unsigned(7) == INT(7));
  weft_auto weft_object *lowest = INT(INT64_MIN), *above = power(64), *below = negative(power(64)), *far = power(200);
  weft_auto weft_object *minus_max = big("-18446744073709551615");
  weft_object *const beyond[] = {INT(-1), lowest, above, below, far, minus_max};
  for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
    cr_assert(weft_int_value_unsigned(beyond[i]) == UINT64_MAX && raised(&weft_OverflowError), "%zu", i);
  weft_auto weft_object *x = FLOAT(1.0), *index = probe_new();
  cr_assert(weft_int_value_unsigned(x) == UINT64_MAX && raised(&weft_TypeError));
  cr_assert(weft_int_value_unsigned(index) == UINT64_MAX && raised(&weft_TypeError));
  cr_assert(weft_int_value_unsigned(NULL) == UINT64_MAX && raised(&weft_TypeError));
}

RuntimeTest(big_ints, CPI_018_as_signed_numbers) {
  const int64_t values[] = {INT64_MIN, -1234, -1, 0, 1, 1234, INT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    weft_auto weft_object *o = INT(values[i]);
    cr_assert(weft_int_value(o) == values[i] && weft_int_clamp(o) == values[i] && !weft_error_borrow());
  }
  weft_auto weft_object *above = near_power(63, 0), *below = negative(near_power(63, 1)), *x = FLOAT(1.0);
  weft_auto weft_object *index = probe_new();
  cr_assert(weft_int_value(above) == -1 && raised(&weft_OverflowError));
  cr_assert(weft_int_value(below) == -1 && raised(&weft_OverflowError));
  cr_assert(weft_int_clamp(above) == INT64_MAX && weft_int_clamp(below) == INT64_MIN && !weft_error_borrow());
  weft_object *const others[] = {x, index, NULL};
  for (int i = 0; i < 3; i++) {
    cr_assert(weft_int_value(others[i]) == -1 && raised(&weft_TypeError));
    cr_assert(weft_int_clamp(others[i]) == -1 && raised(&weft_TypeError));
    cr_assert(weft_int_bit_length(others[i]) == -1 && raised(&weft_TypeError));
  }
}

RuntimeTest(big_ints, LNG_035_bit_length) {
  for (int64_t n = 0, bits = 0; n <= 65000; n++) {
    bits += n >> bits != 0;
    weft_auto weft_object *o = INT(n), *minus = INT(-n);
    cr_assert(weft_int_bit_length(o) == bits && weft_int_bit_length(minus) == bits, "%d", (int)n);
  }
  for (unsigned n = 2; n < 300; n++) {
    const int64_t bits[] = {n, n + 1, n + 1};
    for (int64_t by = -1; by <= 1; by++) {
      weft_auto weft_object *o = near_power(n, by), *minus = weft_subtract(INT(0), o);
      cr_assert(weft_int_bit_length(o) == bits[by + 1] && weft_int_bit_length(minus) == bits[by + 1], "%u", n);
    }
  }
  cr_assert(weft_int_bit_length(WEFT_TRUE) == 1 && weft_int_bit_length(WEFT_FALSE) == 0);
}

/* --- Text --- */

RuntimeTest(big_ints, text_of_any_length_parses_and_reads_back) {
  enum { MOST = 3000 };
  static char text[MOST + 2] = "-";
  for (int n = 1; n <= MOST; n += n < 200 ? 1 : 397) {
    for (int i = 1; i <= n; i++) text[i] = (char)('0' + some_bits() % 10);
    if (text[1] == '0') text[1] = '7';
    text[n + 1] = '\0';
    cr_assert(reads(big(text), text), "%d", n);
    cr_assert(reads(big(text + 1), text + 1), "%d", n);
  }
}

RuntimeTest(big_ints, powers_of_ten_and_what_is_next_to_them_read_back) {
  char text[102] = "1";
  for (int n = 1; n <= 100; n++) {
    text[n] = '0', text[n + 1] = '\0';
    weft_auto weft_object *o = big(text), *less = weft_subtract(o, INT(1));
    cr_assert(reads(weft_new_ref(o), text));
    char nines[102];
    memset(nines, '9', (size_t)n);
    nines[n] = '\0';
    cr_assert(reads(weft_new_ref(less), nines) && are_equal(weft_add(less, INT(1)), weft_new_ref(o)));
  }
}

RuntimeTest(big_ints, signs_blanks_zeros_and_underscores) {
  static const char *const texts[][2] = {
      {" \t\n\r\f\v+18446744073709551616 \n", "18446744073709551616"},
      {"-000000000000000000000000018446744073709551616", "-18446744073709551616"},
      {"1_000_000", "1000000"},
      {"18_446_744_073_709_551_616", "18446744073709551616"},
      {"0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_7", "7"},
      {"-0_000_000_000_000_000_000_000_000", "0"},
      {"999999999999999999", "999999999999999999"},
      {"-1000000000000000000", "-1000000000000000000"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) cr_assert(reads(big(texts[i][0]), texts[i][1]));
  cr_assert_eq(big("00000000000000000000000000000000000000000000256"), INT(256), "the shared one");
  static const char *const wrong[] = {"18446744073709551616x",
                                      "18446744073709551616 1",
                                      "--18446744073709551616",
                                      "18446744073709551616_",
                                      "_18446744073709551616",
                                      "18446744073__709551616",
                                      "18446744073709551616.0",
                                      "1_",
                                      "+_1",
                                      "18446744073709551616e1",
                                      "0x10000000000000000",
                                      "- 18446744073709551616",
                                      "18446744073709551616\xc2\xa0"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_assert(!big(wrong[i]) && raised(&weft_ValueError), "%s", wrong[i]);
}

/* --- Arithmetic and logic --- */

RuntimeTest(big_ints, sums_differences_products_and_logic_are_exact) {
  static const struct {
    const char *a, *b, *sum, *difference, *product, *both, *either, *one;
  } cases[] = {
      {"9223372036854775807", "1", "9223372036854775808", "9223372036854775806", "9223372036854775807", "1",
       "9223372036854775807", "9223372036854775806"},
      {"9223372036854775807", "9223372036854775807", "18446744073709551614", "0",
       "85070591730234615847396907784232501249", "9223372036854775807", "9223372036854775807", "0"},
      {"-9223372036854775808", "-1", "-9223372036854775809", "-9223372036854775807", "9223372036854775808",
       "-9223372036854775808", "-1", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808", "-18446744073709551616", "0",
       "85070591730234615865843651857942052864", "-9223372036854775808", "-9223372036854775808", "0"},
      {"9223372036854775808", "9223372036854775807", "18446744073709551615", "1",
       "85070591730234615856620279821087277056", "0", "18446744073709551615", "18446744073709551615"},
      {"9223372036854775808", "-1", "9223372036854775807", "9223372036854775809", "-9223372036854775808",
       "9223372036854775808", "-1", "-9223372036854775809"},
      {"9223372036854775808", "-9223372036854775808", "0", "18446744073709551616",
       "-85070591730234615865843651857942052864", "9223372036854775808", "-9223372036854775808",
       "-18446744073709551616"},
      {"-9223372036854775809", "1", "-9223372036854775808", "-9223372036854775810", "-9223372036854775809", "1",
       "-9223372036854775809", "-9223372036854775810"},
      {"-9223372036854775809", "-9223372036854775809", "-18446744073709551618", "0",
       "85070591730234615884290395931651604481", "-9223372036854775809", "-9223372036854775809", "0"},
      {"18446744073709551615", "1", "18446744073709551616", "18446744073709551614", "18446744073709551615", "1",
       "18446744073709551615", "18446744073709551614"},
      {"18446744073709551616", "-1", "18446744073709551615", "18446744073709551617", "-18446744073709551616",
       "18446744073709551616", "-1", "-18446744073709551617"},
      {"18446744073709551616", "-18446744073709551616", "0", "36893488147419103232",
       "-340282366920938463463374607431768211456", "18446744073709551616", "-18446744073709551616",
       "-36893488147419103232"},
      {"18446744073709551615", "18446744073709551615", "36893488147419103230", "0",
       "340282366920938463426481119284349108225", "18446744073709551615", "18446744073709551615", "0"},
      {"340282366920938463463374607431768211455", "1", "340282366920938463463374607431768211456",
       "340282366920938463463374607431768211454", "340282366920938463463374607431768211455", "1",
       "340282366920938463463374607431768211455", "340282366920938463463374607431768211454"},
      {"340282366920938463463374607431768211456", "-1", "340282366920938463463374607431768211455",
       "340282366920938463463374607431768211457", "-340282366920938463463374607431768211456",
       "340282366920938463463374607431768211456", "-1", "-340282366920938463463374607431768211457"},
      {"-340282366920938463463374607431768211456", "1", "-340282366920938463463374607431768211455",
       "-340282366920938463463374607431768211457", "-340282366920938463463374607431768211456", "0",
       "-340282366920938463463374607431768211455", "-340282366920938463463374607431768211455"},
      {"170141183460469231731687303715884105728", "-170141183460469231731687303715884105729", "-1",
       "340282366920938463463374607431768211457",
       "-28948022309329048855892746252171976963487637349870610241596083305694166515712", "0", "-1", "-1"},
      {"340282366920938463463374607431768211455", "-340282366920938463463374607431768211455", "0",
       "680564733841876926926749214863536422910",
       "-115792089237316195423570985008687907852589419931798687112530834793049593217025", "1", "-1", "-2"},
      {"100000000000000000000", "-3", "99999999999999999997", "100000000000000000003", "-300000000000000000000",
       "100000000000000000000", "-3", "-100000000000000000003"},
      {"-1000000000000000000000000000000", "10000000000", "-999999999999999999990000000000",
       "-1000000000000000000010000000000", "-10000000000000000000000000000000000000000", "1073741824",
       "-999999999999999999991073741824", "-999999999999999999992147483648"},
      {"6277101735386680763835789423207666416102355444464034512895", "18446744073709551617",
       "6277101735386680763835789423207666416120802188537744064512",
       "6277101735386680763835789423207666416083908700390324961278",
       "115792089237316195429848086744074588617105774088848230455541492708303454601215", "18446744073709551617",
       "6277101735386680763835789423207666416102355444464034512895",
       "6277101735386680763835789423207666416083908700390324961278"},
      {"-6277101735386680763835789423207666416102355444464034512896", "340282366920938463463374607431768211455",
       "-6277101735386680763495507056286727952638980837032266301441",
       "-6277101735386680764176071790128604879565730051895802724351",
       "-21359870359209100823950217061695521145964274206212660891832"
       "05818399012059364538194578498052423680",
       "0", "-6277101735386680763495507056286727952638980837032266301441",
       "-6277101735386680763495507056286727952638980837032266301441"},
      {"0", "1180591620717411303424", "1180591620717411303424", "-1180591620717411303424", "0", "0",
       "1180591620717411303424", "1180591620717411303424"},
      {"1", "-1180591620717411303424", "-1180591620717411303423", "1180591620717411303425", "-1180591620717411303424",
       "0", "-1180591620717411303423", "-1180591620717411303423"},
      {"-1", "1180591620717411303424", "1180591620717411303423", "-1180591620717411303425", "-1180591620717411303424",
       "1180591620717411303424", "-1", "-1180591620717411303425"},
      {"1361129467683753853853498429727072845829", "1361129467683753853853498429727072845829",
       "2722258935367507707706996859454145691658", "0",
       "1852673427797059126777135760139006525665931049327086563169856328423880802697241",
       "1361129467683753853853498429727072845829", "1361129467683753853853498429727072845829", "0"},
      {"419124902037694124484025074145601302812742740", "595873604272432230476880897708792955848124856",
       "1014998506310126354960905971854394258660867596", "-176748702234738105992855823563191653035382116",
       "249745466017530873716453875284432699459950387819765013462034268864058946320866531327545440",
       "413282848762105777927607306495955880309440528", "601715657548020577033298665358438378351427068",
       "188432808785914799105691358862482498041986540"},
      {"191141854146434112119168536009348995735068779", "-382309511126569339468577936",
       "191141854146434111736859024882779656266490843", "191141854146434112501478047135918335203646715",
       "-73075348814549246022111927005444294836908809300760972602778412281860144",
       "191141854146434111751517250445647728819634272", "-14658225562868072553143429",
       "-191141854146434111766175476008515801372777701"},
      {"-1245602549023495969126590875031783232952794612487", "2891213058412447052",
       "-1245602549023495969126590875028892019894382165435", "-1245602549023495969126590875034674446011207059539",
       "-3601302355328561794057590784115683269355535081948873648327745538324", "585188814117733448",
       "-1245602549023495969126590875029477208708499898883", "-1245602549023495969126590875030062397522617632331"},
      {"-101705721744711735628362516216931832148", "-482083240423844018522777769872511357345699",
       "-482184946145588730258406132388728289177847", "481981534702099306787149407356294425513551",
       "49030623908336448188782520389864550164234126569176762906772910549624822277731452",
       "-482179614812016366801480618995672109998068", "-5331333572363456925513393056179179779",
       "482174283478444003344555105602615930818289"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *a = big(cases[i].a), *b = big(cases[i].b);
    cr_assert(reads(weft_add(a, b), cases[i].sum) && reads(weft_add(b, a), cases[i].sum), "%zu", i);
    cr_assert(reads(weft_subtract(a, b), cases[i].difference), "%zu", i);
    cr_assert(are_equal(weft_subtract(b, a), negative(big(cases[i].difference))), "%zu", i);
    cr_assert(reads(weft_multiply(a, b), cases[i].product) && reads(weft_multiply(b, a), cases[i].product), "%zu", i);
    cr_assert(reads(weft_and(a, b), cases[i].both) && reads(weft_and(b, a), cases[i].both), "%zu", i);
    cr_assert(reads(weft_or(a, b), cases[i].either) && reads(weft_or(b, a), cases[i].either), "%zu", i);
    cr_assert(reads(weft_xor(a, b), cases[i].one) && reads(weft_xor(b, a), cases[i].one), "%zu", i);
  }
}

RuntimeTest(big_ints, results_come_back_to_the_other_kind_and_to_the_shared_ints) {
  weft_auto weft_object *p = power(100), *q = near_power(100, 7), *two = power(1), *half = power(63);
  cr_assert(weft_subtract(q, p) == INT(7));
  cr_assert(weft_subtract(p, p) == INT(0) && weft_xor(q, q) == INT(0) && weft_multiply(q, INT(0)) == INT(0));
  cr_assert(weft_and(q, INT(255)) == INT(7) && weft_xor(p, q) == INT(7));
  weft_auto weft_object *minus = weft_subtract(INT(0), half), *most = weft_subtract(half, INT(1));
  cr_assert(weft_type_of(minus) == &weft_int_type && weft_int_value(minus) == INT64_MIN);
  cr_assert(weft_type_of(most) == &weft_int_type && weft_int_value(most) == INT64_MAX);
  weft_auto weft_object *less = weft_subtract(minus, INT(1)), *back = weft_add(less, INT(1));
  cr_assert(weft_type_of(less) == &weft_big_int_type && weft_type_of(back) == &weft_int_type && equal(back, minus));
  cr_assert(reads(weft_multiply(minus, INT(-1)), "9223372036854775808") && two == INT(2));
}

RuntimeTest(big_ints, with_booleans_they_are_numbers) {
  weft_auto weft_object *p = power(64), *most = INT(INT64_MAX);
  cr_assert(reads(weft_add(p, WEFT_TRUE), "18446744073709551617"));
  cr_assert(reads(weft_subtract(WEFT_FALSE, p), "-18446744073709551616"));
  cr_assert(reads(weft_multiply(WEFT_TRUE, p), "18446744073709551616") && weft_and(p, WEFT_TRUE) == INT(0));
  cr_assert(reads(weft_or(p, WEFT_TRUE), "18446744073709551617") && weft_multiply(p, WEFT_FALSE) == INT(0));
  cr_assert(reads(weft_add(most, WEFT_TRUE), "9223372036854775808"));
  cr_assert(weft_compare(p, WEFT_TRUE, WEFT_GT) == 1 && !equal(p, WEFT_TRUE) && weft_is_true(p) == 1);
}

RuntimeTest(big_ints, with_anything_else_they_are_a_type_error) {
  weft_auto weft_object *p = power(64), *s = STR("1"), *dict = weft_dict_new();
  weft_object *const others[] = {s, dict, WEFT_NONE};
  weft_object *(*const operations[])(weft_object *, weft_object *) = {weft_add, weft_subtract, weft_multiply,
                                                                      weft_and, weft_or,       weft_xor};
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < 6; k++) {
      cr_assert(!operations[k](p, others[i]) && raised(&weft_TypeError));
      cr_assert(!operations[k](others[i], p) && raised(&weft_TypeError));
    }
    cr_assert(!equal(p, others[i]) && weft_compare(p, others[i], WEFT_LT) == -1 && raised(&weft_TypeError));
  }
  weft_auto weft_object *x = FLOAT(1.0);
  cr_assert(!weft_and(p, x) && raised(&weft_TypeError));
  cr_assert(weft_length(p) == -1 && raised(&weft_TypeError));
}

RuntimeTest(big_ints, random_numbers_obey_the_laws) {
  for (int i = 0; i < 600; i++) {
    unsigned words = i % 10 ? 6 : 90;
    weft_auto weft_object *a = some_int(words), *b = some_int(words), *c = some_int(words);
    weft_auto weft_object *sum = weft_add(a, b), *difference = weft_subtract(a, b), *product = weft_multiply(a, b);
    cr_assert(are_equal(weft_subtract(sum, b), weft_new_ref(a)) && are_equal(weft_add(difference, b), weft_new_ref(a)));
    weft_auto weft_object *ac = weft_multiply(a, c), *bc = weft_multiply(b, c);
    cr_assert(are_equal(weft_multiply(sum, c), weft_add(ac, bc)), "(a + b) c == a c + b c");
    weft_auto weft_object *aa = weft_multiply(a, a), *bb = weft_multiply(b, b);
    cr_assert(are_equal(weft_multiply(sum, difference), weft_subtract(aa, bb)), "(a + b)(a - b) == a a - b b");
    weft_auto weft_object *both = weft_and(a, b), *either = weft_or(a, b), *one = weft_xor(a, b);
    cr_assert(are_equal(weft_add(both, either), weft_new_ref(sum)), "(a & b) + (a | b) == a + b");
    cr_assert(are_equal(weft_xor(one, b), weft_new_ref(a)) &&
              are_equal(weft_subtract(either, both), weft_new_ref(one)));
    cr_assert(are_equal(weft_xor(a, INT(-1)), weft_subtract(INT(-1), a)), "~a == -1 - a");
    weft_auto weft_object *ca = weft_and(a, c), *cb = weft_and(b, c);
    cr_assert(are_equal(weft_and(either, c), weft_or(ca, cb)), "(a | b) & c == (a & c) | (b & c)");
    weft_auto weft_object *text = weft_repr(product);
    cr_assert(are_equal(big(weft_str_utf8(text, NULL)), weft_new_ref(product)));
    bool below = weft_compare(difference, INT(0), WEFT_LT) == 1;
    cr_assert(weft_compare(a, b, WEFT_LT) == below && weft_compare(a, b, WEFT_GE) == !below);
  }
}

/* CPython's cutoff is 70 digits of 30 bits. */
RuntimeTest(big_ints, LNG_002_products_of_long_numbers_are_exact) {
  const unsigned bits[] = {64, 2070, 2100, 2130, 4200, 21000, 63000, 210000};
  enum { N = sizeof bits / sizeof *bits };
  for (int i = 0; i < N; i++) {
    for (int j = i; j < N; j++) {
      weft_auto weft_object *a = near_power(bits[i], -1), *b = near_power(bits[j], -1), *product = weft_multiply(a, b);
      weft_auto weft_object *p = near_power(bits[i] + bits[j], 1), *less = weft_subtract(p, a);
      weft_auto weft_object *much_less = weft_subtract(less, b);
      cr_assert(are_equal(weft_subtract(much_less, INT(2)), weft_new_ref(product)), "%u %u", bits[i], bits[j]);
    }
  }
}

/* --- Comparison and hash --- */

/* From the least to the greatest. */
RuntimeTest(big_ints, all_six_comparisons_follow_the_values) {
  weft_object *const all[] = {negative(power(300)),
                              negative(near_power(128, 1)),
                              negative(power(128)),
                              negative(near_power(64, 1)),
                              negative(power(64)),
                              negative(near_power(63, 1)),
                              INT(INT64_MIN),
                              INT(-1000),
                              INT(0),
                              INT(INT64_MAX),
                              power(63),
                              near_power(63, 1),
                              power(64),
                              near_power(128, -1),
                              power(128),
                              near_power(128, 1),
                              power(300)};
  enum { N = sizeof all / sizeof *all };
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      weft_auto weft_object *other = j == i ? weft_add(all[j], INT(0)) : weft_new_ref(all[j]);
      const int expected[] = {i<j, i <= j, i == j, i != j, i> j, i >= j};
      for (int op = WEFT_LT; op <= WEFT_GE; op++)
        cr_assert_eq(weft_compare(all[i], other, (enum weft_compare_op)op), expected[op], "%d %d", i, j);
    }
  }
  for (int i = 0; i < N; i++) weft_decref(all[i]);
}

RuntimeTest(big_ints, hashes_are_those_of_python) {
  static const struct {
    const char *digits;
    int64_t hash;
  } cases[] = {
      {"9223372036854775808", 4},
      {"-9223372036854775809", -5},
      {"18446744073709551616", 8},
      {"18446744073709551615", 7},
      {"-18446744073709551616", -8},
      {"1180591620717411303424", 512},
      {"-1180591620717411303424", -512},
      {"100000000000000000000", 848750603811160107},
      {"-100000000000000000000", -848750603811160107},
      {"10000000000000000000000000000000000000000", 1388497483929617590},
      {"42535295865117307914475081855261474816", 0},
      {"-2305843009213693951000000000000000000000000000000", 0},
      {"23058430092136939509999999999999999999999999", 2305843009213693950},
      {"265613988875874769338781322035779626829233452653394495974574961739092490901302182994384699044001",
       424410663027747676},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *o = big(cases[i].digits);
    cr_assert_eq(hash_of(o), cases[i].hash, "%s", cases[i].digits);
  }
}

/* --- Floats --- */

RuntimeTest(big_ints, FLO_020_a_float_hashes_as_the_int_that_is_equal) {
  for (unsigned n = 63; n < 1024; n++) {
    weft_auto weft_object *i = power(n), *x = FLOAT(ldexp(1, (int)n)), *j = negative(power(n));
    weft_auto weft_object *y = FLOAT(ldexp(-1, (int)n));
    cr_assert(equal(i, x) && equal(y, j) && !equal(i, y), "%u", n);
    cr_assert(hash_of(i) == hash_of(x) && hash_of(j) == hash_of(y), "%u", n);
  }
  weft_auto weft_object *i = big("1000000000000000019884624838656"), *x = FLOAT(1e30); /* int(1e30) */
  cr_assert(equal(i, x) && hash_of(i) == hash_of(x));
}

static double value_and_drop(weft_object *o_steal) {
  double value = weft_float_value(o_steal);
  weft_xdecref(o_steal);
  return value;
}

/* 2**p * (2**n + by). */
static weft_object *scaled(unsigned p, unsigned n, int64_t by) {
  weft_auto weft_object *a = power(p), *b = near_power(n, by);
  return weft_multiply(a, b);
}

RuntimeTest(big_ints, LNG_007_the_nearest_float_is_the_even_one_of_two) {
  static const struct {
    const char *digits;
    double value;
  } cases[] = {
      {"9223372036854775808", 0x1.0000000000000p+63},
      {"9223372036854775809", 0x1.0000000000000p+63},
      {"-9223372036854775809", -0x1.0000000000000p+63},
      {"9223372036854776320", 0x1.0000000000000p+63},
      {"9223372036854776832", 0x1.0000000000000p+63},
      {"9223372036854776833", 0x1.0000000000001p+63},
      {"9223372036854777344", 0x1.0000000000001p+63},
      {"9223372036854778880", 0x1.0000000000002p+63},
      {"18446744073709551615", 0x1.0000000000000p+64},
      {"18446744073709550592", 0x1.0000000000000p+64},
      {"18446744073709550591", 0x1.fffffffffffffp+63},
      {"18446744073709551616", 0x1.0000000000000p+64},
      {"18446744073709553664", 0x1.0000000000000p+64},
      {"18446744073709553665", 0x1.0000000000001p+64},
      {"18446744073709555712", 0x1.0000000000001p+64},
      {"18446744073709557760", 0x1.0000000000002p+64},
      {"36893488147419107328", 0x1.0000000000000p+65},
      {"36893488147419107329", 0x1.0000000000001p+65},
      {"110680464442257317888", 0x1.8000000000000p+66},
      {"340282366920938501242306470388929921024", 0x1.0000000000000p+128},
      {"340282366920938501242306470388929921025", 0x1.0000000000001p+128},
      {"340282366920938576800170196303253340160", 0x1.0000000000002p+128},
      {"340282366920938463463374607431768211455", 0x1.0000000000000p+128},
      {"-340282366920938501242306470388929921025", -0x1.0000000000001p+128},
      {"100000000000000000000", 0x1.5af1d78b58c40p+66},
      {"10000000000000000000000", 0x1.0f0cf064dd592p+73},
      {"100000000000000000000000", 0x1.52d02c7e14af6p+76},
      {"-10000000000000000000000000", -0x1.08b2a2c280291p+83},
      {"123456789012345678901234567890", 0x1.8ee90ff6c373ep+96},
      {"1606938044258990453947923680586147734807949174969684883144705", 0x1.0000000000001p+200},
      {"1606938044258990453947923680586147734807949174969684883144704", 0x1.0000000000000p+200},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    cr_assert_eq(value_and_drop(big(cases[i].digits)), cases[i].value, "%s", cases[i].digits);
  const int to_even[] = {0, 0, 2, 4, 4, 4, 6, 8}, by_four[] = {0, 0, 0, 4, 4, 4, 8, 8, 8, 8, 8, 12, 12, 12, 16, 16};
  for (unsigned p = 0; p < 100; p++) {
    for (int x = 0; x < 8; x++)
      cr_assert_eq(value_and_drop(scaled(p, 53, x)), ldexp(0x1p53 + to_even[x], (int)p), "%u %d", p, x);
    for (int x = 0; x < 16; x++)
      cr_assert_eq(value_and_drop(scaled(p, 54, x)), ldexp(0x1p54 + by_four[x], (int)p), "%u %d", p, x);
    weft_auto weft_object *half = scaled(p, 53, 1), *more = weft_add(half, INT(1)), *less = weft_subtract(half, INT(1));
    cr_assert_eq(weft_float_value(more), ldexp(0x1p53 + 2, (int)p));
    cr_assert_eq(weft_float_value(less), ldexp(0x1p53, (int)p));
  }
}

RuntimeTest(big_ints, LNG_007_beyond_the_largest_float_there_is_none) {
  const double most = 0x1.fffffffffffffp1023;
  weft_auto weft_object *top = power(1024), *last = power(971), *half = power(970), *edge = weft_subtract(top, half);
  weft_auto weft_object *largest = weft_subtract(top, last), *more = weft_add(largest, INT(1));
  weft_auto weft_object *inside = weft_subtract(edge, INT(1));
  cr_assert(weft_float_value(largest) == most && weft_float_value(more) == most && weft_float_value(inside) == most);
  cr_assert(value_and_drop(negative(weft_new_ref(inside))) == -most && !weft_error_borrow());
  weft_object *const beyond[] = {weft_new_ref(edge), near_power(1024, -1), power(1024), near_power(1024, 1),
                                 power(1025),        power(2048),          power(20000)};
  for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
    weft_auto weft_object *o = beyond[i], *minus = weft_subtract(INT(0), o), *x = FLOAT(1.0);
    weft_object *const both[] = {o, minus};
    for (int k = 0; k < 2; k++) {
      cr_assert(weft_float_value(both[k]) == -1.0 && raised(&weft_OverflowError), "%zu", i);
      cr_assert(!weft_add(both[k], x) && raised_with(&weft_OverflowError, "int too large to convert to float"));
      cr_assert(!weft_add(x, both[k]) && raised(&weft_OverflowError));
      cr_assert(!weft_subtract(x, both[k]) && raised(&weft_OverflowError));
      cr_assert(!weft_multiply(both[k], x) && raised(&weft_OverflowError));
    }
  }
}

RuntimeTest(big_ints, arithmetic_with_floats_gives_floats) {
  weft_auto weft_object *p = power(70), *x = FLOAT(0.5), *sum = weft_add(p, x), *difference = weft_subtract(x, p);
  weft_auto weft_object *product = weft_multiply(p, x);
  cr_assert(weft_float_check(sum) && weft_float_value(sum) == 0x1p70);
  cr_assert(weft_float_check(difference) && weft_float_value(difference) == -0x1p70);
  cr_assert(weft_float_check(product) && weft_float_value(product) == 0x1p69);
}

/* CPython's list of cases; those of one rank are equal. */
RuntimeTest(big_ints, LNG_011_comparisons_of_large_ints_and_floats_are_exact) {
  enum { MOST = 200 };
  static struct {
    weft_object *o;
    int rank;
  } all[MOST];
  int n = 0, rank = 0;
#define NEXT(...)                                                                                                  \
  do {                                                                                                             \
    weft_object *const equals_[] = {__VA_ARGS__};                                                                  \
    for (size_t e_ = 0; e_ < sizeof equals_ / sizeof *equals_; e_++) all[n].o = equals_[e_], all[n++].rank = rank; \
    rank++;                                                                                                        \
  } while (0)
  weft_auto weft_object *huge =
      big("99999999999999996973312221251036165947450327545502362648241750950346848435554075"
          "534196338404706251868027512415973882408182135734368278484639385041047239877871023"
          "591066789981811181813306167128854888448"); /* int(1e200) */
  NEXT(FLOAT(-INFINITY));
  NEXT(negative(power(20000)));
  NEXT(FLOAT(-1e308));
  NEXT(weft_subtract(INT(-1), huge));
  NEXT(negative(weft_new_ref(huge)), FLOAT(-1e200));
  NEXT(weft_subtract(INT(1), huge));
  NEXT(negative(near_power(64, 1)));
  NEXT(negative(power(64)), FLOAT(-0x1p64));
  NEXT(negative(near_power(64, -1)));
  NEXT(FLOAT(-0x1.0000000000001p63));
  NEXT(negative(near_power(63, 1)));
  NEXT(INT(INT64_MIN), FLOAT(-0x1p63));
  NEXT(INT(-INT64_MAX));
  NEXT(FLOAT(-1.5));
  NEXT(INT(0), FLOAT(0.0), FLOAT(-0.0));
  NEXT(FLOAT(5e-324));
  NEXT(FLOAT(0.001));
  NEXT(FLOAT(1.0), INT(1), WEFT_TRUE);
  NEXT(INT(2));
  const int exponents[] = {48, 50, 53};
  for (int i = 0; i < 3; i++) {
    double t = ldexp(1, exponents[i]);
    NEXT(FLOAT(t - 1.0), INT((int64_t)t - 1));
    if (i < 2) NEXT(FLOAT(t - 0.3));
    NEXT(FLOAT(t), INT((int64_t)t));
    if (i < 2) NEXT(FLOAT(t + 0.3));
    NEXT(INT((int64_t)t + 1));
  }
  NEXT(INT(INT64_MAX));
  NEXT(power(63), FLOAT(0x1p63));
  NEXT(near_power(63, 1));
  NEXT(FLOAT(0x1.0000000000001p63));
  NEXT(near_power(64, -1));
  NEXT(power(64), FLOAT(0x1p64));
  NEXT(near_power(64, 1));
  NEXT(big("99999999999999999999"));
  NEXT(FLOAT(1e20), big("100000000000000000000"));
  NEXT(big("100000000000000000001"));
  NEXT(power(200), FLOAT(0x1p200));
  NEXT(near_power(200, 1));
  NEXT(FLOAT(0x1.0000000000001p200));
  NEXT(weft_subtract(huge, INT(1)));
  NEXT(weft_new_ref(huge), FLOAT(1e200));
  NEXT(weft_add(huge, INT(1)));
  NEXT(FLOAT(1e308));
  NEXT(FLOAT(0x1.fffffffffffffp1023));
  NEXT(near_power(1024, -1));
  NEXT(power(1024));
  NEXT(power(20000));
  NEXT(FLOAT(INFINITY));
#undef NEXT
  weft_auto weft_object *nan = FLOAT(NAN);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      int order = (all[i].rank > all[j].rank) - (all[i].rank < all[j].rank);
      const int expected[] = {order<0, order <= 0, order == 0, order != 0, order> 0, order >= 0};
      for (int op = WEFT_LT; op <= WEFT_GE; op++)
        cr_assert_eq(weft_compare(all[i].o, all[j].o, (enum weft_compare_op)op), expected[op], "%d %d", i, j);
    }
    for (int op = WEFT_LT; op <= WEFT_GE; op++)
      cr_assert(weft_compare(all[i].o, nan, (enum weft_compare_op)op) == (op == WEFT_NE) &&
                weft_compare(nan, all[i].o, (enum weft_compare_op)op) == (op == WEFT_NE));
  }
  while (n) weft_decref(all[--n].o);
}
