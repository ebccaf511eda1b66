/* SPDX-License-Identifier: MIT */
/* str: UTF-8 that is checked, length in code points, comparison by code point, hash, concatenation, repr. */
#include "support.h"

RuntimeSuite(strs);

#define CYRILLIC "\xd0\x9f\xd1\x80\xd0\xb8" /* three letters of two bytes */
#define EURO     "\xe2\x82\xac"             /* one of three */
#define SNAKE    "\xf0\x9f\x90\x8d"         /* one of four */

static bool reads(weft_object *o_steal, const char *bytes, size_t size) {
  size_t got_size = SIZE_MAX;
  const char *got = o_steal ? weft_str_utf8(o_steal, &got_size) : NULL;
  bool does = got && got_size == size && memcmp(got, bytes, size) == 0 && got[size] == '\0';
  weft_xdecref(o_steal);
  return does;
}

/* --- Making --- */

RuntimeTest(strs, CPU_007_bytes_of_a_given_size_make_a_str_and_invalid_ones_do_not) {
  cr_assert(reads(weft_str_new_size("abc", 3), "abc", 3));
  cr_assert(reads(weft_str_new_size("abc", 2), "ab", 2));
  cr_assert(reads(weft_str_new_size(SNAKE, 4), SNAKE, 4));
  cr_assert(reads(weft_str_new_size(NULL, 0), "", 0));
  cr_assert(!weft_str_new_size("\xff", 1) && raised(&weft_ValueError));
  cr_assert(!weft_str_new_size(SNAKE, 3) && raised(&weft_ValueError));
}

RuntimeTest(strs, null_with_a_size_is_a_type_error) {
  cr_assert(!weft_str_new_size(NULL, 3) && raised(&weft_TypeError));
}

RuntimeTest(strs, CPU_008_a_c_string_makes_a_str_and_an_invalid_one_does_not) {
  cr_assert(reads(weft_str_new("abc"), "abc", 3));
  cr_assert(reads(weft_str_new(""), "", 0));
  cr_assert(reads(weft_str_new(CYRILLIC), CYRILLIC, 6));
  cr_assert(!weft_str_new("a\xc3") && raised(&weft_ValueError));
}

RuntimeTest(strs, null_is_a_type_error) { cr_assert(!weft_str_new(NULL) && raised(&weft_TypeError)); }

RuntimeTest(strs, STR_071_the_first_and_last_sequences_of_each_length_decode) {
  static const char *const sequences[] = {
      "\x01",         "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",
      "\xef\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
    weft_auto weft_object *s = weft_str_new(sequences[i]);
    cr_assert_not_null(s, "%zu", i);
    cr_assert_eq(weft_str_length(s), 1, "%zu", i);
  }
  weft_auto weft_object *nul = weft_str_new_size("\0", 1);
  cr_assert_eq(weft_str_length(nul), 1);
}

static void assert_refused(const char *const *texts, size_t n) {
  for (size_t i = 0; i < n; i++) cr_assert(!weft_str_new(texts[i]) && raised(&weft_ValueError), "%zu", i);
}
#define ASSERT_REFUSED(texts) assert_refused(texts, sizeof texts / sizeof *texts)

RuntimeTest(strs, bytes_that_start_no_sequence_are_refused) {
  static const char *const texts[] = {
      "\x80", "\xa0",  "\x9f", "\xbf", "\xc0", "\xc1", "\xf5", "\xff", "\xc0\x80", "\xc1\xbf", "\xf5\x80\x80\x80",
      "\xfe", "a\200b"};
  ASSERT_REFUSED(texts);
}

RuntimeTest(strs, truncated_sequences_are_refused) {
  static const char *const texts[] = {"\xc2", "\xdf",     "\xe0",         "\xe0\xa0",     "\xe1\x80",   "\xef\xbf",
                                      "\xf0", "\xf0\x90", "\xf0\x90\x80", "\xf4\x8f\xbf", "abc\xe2\x82"};
  ASSERT_REFUSED(texts);
}

RuntimeTest(strs, sequences_with_wrong_continuations_are_refused) {
  static const char *const texts[] = {"\xc2\x41",     "\xc2\xc0",         "\xe1\x41\x80",     "\xe1\x80\x41",
                                      "\xe1\x80\xc0", "\xf1\x41\x80\x80", "\xf1\x80\x41\x80", "\xf1\x80\x80\x41"};
  ASSERT_REFUSED(texts);
}

RuntimeTest(strs, overlong_forms_surrogates_and_too_large_numbers_are_refused) {
  static const char *const texts[] = {"\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
                                      "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf7\xbf\xbf\xbf"};
  ASSERT_REFUSED(texts);
}

RuntimeTest(strs, STR_091_a_text_too_big_for_memory_is_a_memory_error) {
  cr_assert(!weft_str_new_size("x", PTRDIFF_MAX) && raised(&weft_MemoryError));
  cr_assert(!weft_str_new_size("x", SIZE_MAX) && raised(&weft_MemoryError));
}

RuntimeTest(strs, the_bytes_are_copied) {
  char text[] = "abc";
  weft_auto weft_object *s = weft_str_new(text);
  text[0] = 'x';
  cr_assert_str_eq(weft_str_utf8(s, NULL), "abc");
}

RuntimeTest(strs, every_size_around_the_largest_block_reads_back) {
  static char text[2000];
  for (size_t size = 0; size < 1200; size++) {
    memset(text, 'a', sizeof text);
    cr_assert(reads(weft_str_new_size(text, size), text, size), "%zu", size);
    if (size < 2) continue;
    memcpy(text + size - 2, "\xc3\xa4", 2);
    weft_auto weft_object *s = weft_str_new_size(text, size);
    cr_assert_eq(weft_str_length(s), (int64_t)size - 1, "%zu", size);
    cr_assert_eq(memcmp(weft_str_utf8(s, NULL), text, size), 0, "%zu", size);
  }
}

RuntimeTest(strs, format_is_printf) {
  cr_assert(reads(weft_str_format("%s-%03d-%c", "a", 7, 'z'), "a-007-z", 7));
  cr_assert(reads(weft_str_format("plain"), "plain", 5));
}

RuntimeTest(strs, format_makes_texts_of_any_length) {
  static char text[3001];
  memset(text, 'x', 3000);
  for (size_t size = 250; size < 262; size++) cr_assert(reads(weft_str_format("%.*s", (int)size, text), text, size));
  cr_assert(reads(weft_str_format("%s", text), text, 3000));
}

RuntimeTest(strs, format_refuses_what_is_not_utf8) {
  cr_assert(!weft_str_format("%s", "\xff") && raised(&weft_ValueError));
}

/* In the C locale this wide character has no multibyte form, and printf fails. */
RuntimeTest(strs, format_that_printf_refuses_is_an_error) {
  cr_assert_null(weft_str_format("%ls", L"\x20ac"));
  cr_assert_not_null(weft_error_borrow());
  weft_error_clear();
}

/* --- Reading --- */

RuntimeTest(strs, CPU_011_the_length_counts_code_points) {
  static const struct {
    const char *text;
    int64_t length;
  } cases[] = {{"", 0}, {"abc", 3}, {CYRILLIC, 3}, {EURO, 1}, {SNAKE, 1}, {"a" EURO "b" SNAKE, 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *s = STR(cases[i].text);
    cr_assert_eq(weft_str_length(s), cases[i].length, "%zu", i);
    cr_assert_eq(weft_length(s), cases[i].length, "%zu", i);
  }
  cr_assert(weft_str_length(INT(3)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_str_length(NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(strs, CPU_025_the_utf8_form_has_its_size_and_counts_embedded_nuls) {
  static const struct {
    const char *text;
    size_t size;
  } cases[] = {{"abc", 3}, {CYRILLIC, 6}, {SNAKE, 4}, {"a\0b", 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *s = weft_str_new_size(cases[i].text, cases[i].size);
    size_t size;
    const char *bytes = weft_str_utf8(s, &size);
    cr_assert_eq(size, cases[i].size);
    cr_assert_eq(memcmp(bytes, cases[i].text, size + 1), 0, "with a NUL behind");
  }
  cr_assert(!weft_str_new("\xed\xa0\x80") && raised(&weft_ValueError), "there are no lone surrogates");
}

RuntimeTest(strs, the_utf8_form_of_anything_else_is_a_type_error) {
  size_t size = 7;
  cr_assert(!weft_str_utf8(INT(1), &size) && raised(&weft_TypeError));
  cr_assert(!weft_str_utf8(NULL, NULL) && raised(&weft_TypeError));
}

/* --- Comparison --- */

RuntimeTest(strs, STS_004_equal_texts_are_equal_longer_ones_greater) {
  weft_auto weft_object *a = STR("ab");
  weft_auto weft_object *b = STR("ab");
  weft_auto weft_object *c = STR("abc");
  weft_auto weft_object *d = STR("b");
  cr_assert_neq(a, b);
  cr_assert(equal(a, b) && !equal(a, c));
  cr_assert(weft_compare(a, c, WEFT_LT) == 1 && weft_compare(c, a, WEFT_GT) == 1 && weft_compare(c, d, WEFT_LT) == 1);
}

RuntimeTest(strs, STR_095_texts_of_all_widths_compare_by_code_point) {
  /* In ascending order: ASCII, Latin-1, BMP, beyond; U+FFFF before U+10000, which UTF-16 would sort the other way. */
  static const char *const sorted[] = {
      "", "a", "ab", "b", "\xc3\xa4", "\xc3\244a", EURO, "\xef\xbf\xbf", "\xf0\x90\x80\x80", SNAKE, "\xf4\x8f\xbf\xbf"};
  size_t n = sizeof sorted / sizeof *sorted;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      weft_auto weft_object *a = STR(sorted[i]);
      weft_auto weft_object *b = STR(sorted[j]);
      cr_assert_eq(weft_compare(a, b, WEFT_LT), i < j);
      cr_assert_eq(weft_compare(a, b, WEFT_LE), i <= j);
      cr_assert_eq(weft_compare(a, b, WEFT_EQ), i == j);
      cr_assert_eq(weft_compare(a, b, WEFT_NE), i != j);
      cr_assert_eq(weft_compare(a, b, WEFT_GT), i > j);
      cr_assert_eq(weft_compare(a, b, WEFT_GE), i >= j);
    }
  }
}

RuntimeTest(strs, CPU_045_a_str_and_another_type_are_not_comparable) {
  weft_auto weft_object *a = STR("abc");
  weft_auto weft_object *b = STR("abd");
  cr_assert(weft_compare(a, b, WEFT_LT) == 1 && weft_compare(a, b, WEFT_NE) == 1 && weft_compare(a, b, WEFT_GE) == 0);
  for (int op = WEFT_LT; op <= WEFT_GE; op++)
    cr_assert_eq(weft_str_type.spec.compare(a, INT(1), (enum weft_compare_op)op), WEFT_NOT_IMPLEMENTED);
  cr_assert(!equal(a, INT(1)) && weft_compare(a, WEFT_NONE, WEFT_NE) == 1);
  cr_assert(weft_compare(a, INT(1), WEFT_LT) == -1 && raised(&weft_TypeError));
}

RuntimeTest(strs, embedded_nuls_take_part_in_comparisons) {
  weft_auto weft_object *a = weft_str_new_size("a\0b", 3);
  weft_auto weft_object *b = weft_str_new_size("a\0c", 3);
  weft_auto weft_object *c = weft_str_new_size("a", 1);
  cr_assert(!equal(a, b) && !equal(a, c) && weft_compare(a, b, WEFT_LT) == 1 && weft_compare(c, a, WEFT_LT) == 1);
}

/* --- Hash --- */

RuntimeTest(strs, STS_047_the_hash_does_not_depend_on_how_the_text_was_made) {
  weft_auto weft_object *a = STR("hello, " CYRILLIC);
  weft_auto weft_object *left = STR("hello");
  weft_auto weft_object *right = STR(", " CYRILLIC);
  weft_auto weft_object *b = weft_add(left, right);
  weft_auto weft_object *c = weft_str_format("%s, %s", "hello", CYRILLIC);
  cr_assert_eq(hash_of(a), hash_of(b));
  cr_assert_eq(hash_of(a), hash_of(c));
  cr_assert_eq(hash_of(a), hash_of(a), "cached");
}

RuntimeTest(strs, different_texts_hash_differently) {
  static int64_t hashes[1000];
  for (int i = 0; i < 1000; i++) {
    weft_auto weft_object *s = weft_str_format("key%d", i);
    hashes[i] = hash_of(s);
    for (int j = 0; j < i; j++) cr_assert_neq(hashes[i], hashes[j]);
  }
}

RuntimeTest(strs, lengths_from_0_to_64_hash_differently) {
  int64_t hashes[65];
  char zeros[64] = {0};
  for (size_t n = 0; n <= 64; n++) {
    weft_auto weft_object *s = weft_str_new_size(zeros, n);
    hashes[n] = hash_of(s);
    for (size_t m = 0; m < n; m++) cr_assert_neq(hashes[m], hashes[n], "%zu %zu", m, n);
  }
}

RuntimeTest(strs, a_seed_in_the_environment_makes_hashes_repeatable) {
  weft_finalize();
  int64_t hashes[3];
  static const char *const seeds[] = {"12345", "12345", "54321"};
  for (int i = 0; i < 3; i++) {
    setenv("WEFT_HASH_SEED", seeds[i], 1);
    cr_assert_eq(weft_init(), 0);
    weft_object *s = STR("text");
    hashes[i] = hash_of(s);
    weft_decref(s);
    weft_finalize();
  }
  cr_assert_eq(hashes[0], hashes[1]);
  cr_assert_neq(hashes[0], hashes[2]);
  cr_assert_eq(weft_init(), 0);
}

RuntimeTest(strs, without_a_seed_each_start_hashes_differently) {
  weft_finalize();
  unsetenv("WEFT_HASH_SEED");
  int64_t hashes[2];
  for (int i = 0; i < 2; i++) {
    cr_assert_eq(weft_init(), 0);
    weft_object *s = STR("text");
    hashes[i] = hash_of(s);
    weft_decref(s);
    weft_finalize();
  }
  cr_assert_neq(hashes[0], hashes[1]);
  cr_assert_eq(weft_init(), 0);
}

/* --- Concatenation --- */

RuntimeTest(strs, CPU_028_texts_of_all_widths_concatenate) {
  static const char *const texts[] = {"", "abc", "\xc3\xa4", CYRILLIC, EURO, SNAKE};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) {
      weft_auto weft_object *a = STR(texts[i]);
      weft_auto weft_object *b = STR(texts[j]);
      char expected[64];
      snprintf(expected, sizeof expected, "%s%s", texts[i], texts[j]);
      weft_auto weft_object *sum = weft_add(a, b);
      cr_assert_str_eq(weft_str_utf8(sum, NULL), expected);
      cr_assert_eq(weft_str_length(sum), weft_str_length(a) + weft_str_length(b));
    }
  }
  weft_auto weft_object *a = STR("a");
  cr_assert(!weft_add(a, INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_add(INT(1), a) && raised(&weft_TypeError));
  cr_assert(!weft_add(a, NULL) && raised(&weft_TypeError));
}

RuntimeTest(strs, concatenation_keeps_embedded_nuls) {
  weft_auto weft_object *a = weft_str_new_size("a\0", 2);
  weft_auto weft_object *b = weft_str_new_size("\0b", 2);
  cr_assert(reads(weft_add(a, b), "a\0\0b", 4));
}

RuntimeTest(strs, long_texts_concatenate) {
  weft_object *s = STR("0123456789");
  for (int i = 0; i < 12; i++) {
    weft_object *twice = weft_add(s, s);
    weft_decref(s);
    s = twice;
  }
  cr_assert_eq(weft_str_length(s), 40960);
  weft_decref(s);
}

/* --- Text and truth --- */

RuntimeTest(strs, only_the_empty_text_is_false) {
  weft_auto weft_object *empty = STR("");
  weft_auto weft_object *blank = STR(" ");
  weft_auto weft_object *nul = weft_str_new_size("\0", 1);
  cr_assert(weft_is_true(empty) == 0 && weft_is_true(blank) == 1 && weft_is_true(nul) == 1);
}

RuntimeTest(strs, the_str_of_a_str_is_itself) {
  weft_auto weft_object *s = STR("abc");
  weft_auto weft_object *t = weft_str(s);
  cr_assert_eq(s, t);
  cr_assert_eq(weft_refcount(s), 2);
}

/* From CPython 3.11. */
RuntimeTest(strs, the_repr_quotes_and_escapes) {
  static const struct {
    const char *text;
    size_t size;
    const char *repr;
  } cases[] = {
      {"", 0, "''"},
      {"abc", 3, "'abc'"},
      {"it's", 4, "\"it's\""},
      {"\"", 1, "'\"'"},
      {"'\"", 2, "'\\'\"'"},
      {"\\", 1, "'\\\\'"},
      {"\n\r\t", 3, "'\\n\\r\\t'"},
      {"\0", 1, "'\\x00'"},
      {"\x1b", 1, "'\\x1b'"},
      {"\x7f", 1, "'\\x7f'"},
      {"\0012", 2, "'\\x012'"},
      {"\b\f\v\a", 4, "'\\x08\\x0c\\x0b\\x07'"},
      {CYRILLIC, 6, "'" CYRILLIC "'"},
      {SNAKE, 4, "'" SNAKE "'"},
      {"\xc3\xa4'", 3, "\"\xc3\xa4'\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *s = weft_str_new_size(cases[i].text, cases[i].size);
    assert_text(weft_repr(s), cases[i].repr);
  }
}

/* From CPython 3.11: control characters beyond ASCII, separators and noncharacters are not printable. */
RuntimeTest(strs, the_repr_escapes_what_is_not_printable) {
  static const struct {
    const char *text, *repr;
  } cases[] = {
      {"\xc2\x80", "'\\x80'"},       {"\xc2\x9f", "'\\x9f'"},
      {"\xc2\xa0", "'\\xa0'"},       {"\xc2\xad", "'\\xad'"},
      {"\xe2\x80\xa8", "'\\u2028'"}, {"\xe2\x80\x8b", "'\\u200b'"},
      {"\xef\xbf\xbf", "'\\uffff'"}, {"\xf4\x8f\xbf\xbf", "'\\U0010ffff'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_auto weft_object *s = STR(cases[i].text);
    assert_text(weft_repr(s), cases[i].repr);
  }
}

RuntimeTest(strs, a_str_has_no_subtraction) {
  weft_auto weft_object *s = STR("a");
  cr_assert(!weft_subtract(s, s) && raised(&weft_TypeError));
}

RuntimeTest(strs, interned_ones_are_one_immortal_object) {
  weft_object *a = weft_str_intern("interned"), *b = weft_str_intern("interned"), *c = weft_str_intern("another");
  weft_auto weft_object *plain = STR("interned");
  cr_assert(a && a == b && a != c && a != plain);
  cr_assert(weft_is_immortal(a));
  cr_assert_eq(weft_compare(a, plain, WEFT_EQ), 1);
  cr_assert(!weft_str_intern("\xff") && raised(&weft_ValueError));
  cr_assert(!weft_str_intern(NULL) && raised(&weft_TypeError));
}

RuntimeTest(strs, interning_a_str_gives_the_one_with_its_text) {
  weft_auto weft_object *first = STR("made at run time"), *second = STR("made at run time");
  weft_auto weft_object *nul = weft_str_new_size("a\0b", 3), *shorter = STR("a");
  weft_object *one = weft_str_intern_object(first);
  cr_assert(one && one == weft_str_intern_object(second) && one == weft_str_intern_object(one));
  cr_assert(one == weft_str_intern("made at run time"));
  cr_assert_eq(weft_compare(one, first, WEFT_EQ), 1);
  cr_assert(weft_str_intern_object(nul) != weft_str_intern_object(shorter), "all of the text counts");
  weft_auto weft_object *list = LIST(INT(1));
  cr_assert(!weft_str_intern_object(INT(1)) && raised_with(&weft_TypeError, "'int'"));
  cr_assert(!weft_str_intern_object(list) && raised_with(&weft_TypeError, "'list'"));
  cr_assert(!weft_str_intern_object(NULL) && raised(&weft_TypeError));
}
