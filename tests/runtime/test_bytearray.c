/* SPDX-License-Identifier: MIT */
/* bytearray, and views. What it has in common with bytes: test_bytes.c. */
#include "generator_support.h"
#include "raw_support.h"

RuntimeSuite(bytearrays);

static weft_object *counting(int n) {
  weft_object *b = weft_bytearray_new(NULL, 0);
  for (int i = 0; i < n; i++) cr_assert_eq(weft_bytearray_append(b, INT(i & 255)), 0);
  return b;
}
static bool reads(weft_object *b, const char *bytes, size_t size) {
  weft_view view;
  cr_assert_eq(weft_view_open(&view, b), 0);
  bool same = view.size == size && memcmp(view.data, bytes, size) == 0 && ((char *)view.data)[size] == '\0';
  if (!same) fprintf(stderr, "it is %.*s\n", (int)view.size, (char *)view.data);
  weft_view_close(&view);
  return same;
}
#define READS(b, literal) reads(b, literal, sizeof literal - 1)

/* --- Making --- */

RuntimeTest(bytearrays, CPA_003_from_memory_and_a_size) {
  cr_assert(makes(weft_bytearray_new("abc", 3), "bytearray(b'abc')"));
  cr_assert(makes(weft_bytearray_new("abc\0def", 7), "bytearray(b'abc\\x00def')"));
  cr_assert(makes(weft_bytearray_new("abc", 0), "bytearray(b'')"));
  cr_assert(makes(weft_bytearray_new(NULL, 0), "bytearray(b'')"));
  weft_auto weft_object *three = weft_bytearray_new(NULL, 3);
  cr_assert_eq(weft_bytearray_length(three), 3);
  cr_assert(!weft_bytearray_new("abc", SIZE_MAX) && raised(&weft_MemoryError)); /* a negative size */
  cr_assert(!weft_bytearray_new(NULL, PTRDIFF_MAX) && raised(&weft_MemoryError));
}

RuntimeTest(bytearrays, CPA_006_a_nul_follows_the_data) {
  weft_auto weft_object *b = BYTEARRAY("abc");
  weft_auto weft_object *with_nul = BYTEARRAY("abc\0def");
  weft_auto weft_object *empty = BYTEARRAY("");
  cr_assert(READS(b, "abc") && READS(with_nul, "abc\0def") && READS(empty, ""));
}

RuntimeTest(bytearrays, CPA_007_concatenation_leaves_its_operands_alone) {
  weft_auto weft_object *a = BYTEARRAY("abc");
  weft_auto weft_object *b = BYTES("def");
  weft_auto weft_object *sum = weft_add(a, b);
  cr_assert(sum != a && weft_bytearray_check(sum) && READS(sum, "abcdef"));
  cr_assert(READS(a, "abc") && is_shown(b, "b'def'"));
  weft_auto weft_object *twice = weft_add(a, a);
  cr_assert(READS(twice, "abcabc"));
}

RuntimeTest(bytearrays, BYT_087_a_copy_is_another_object) {
  weft_auto weft_object *a = BYTEARRAY("abc");
  weft_object *const copies[] = {weft_bytearray_from(a), weft_bytearray_slice(a, 0, INT64_MAX, 1)};
  EACH(i, copies) {
    cr_assert(copies[i] != a && equal(copies[i], a));
    cr_assert_eq(weft_bytearray_append(copies[i], INT('!')), 0);
    cr_assert(READS(a, "abc") && READS(copies[i], "abc!"));
    weft_decref(copies[i]);
  }
}

RuntimeTest(bytearrays, BYT_082_there_is_no_hash) {
  int64_t hash;
  weft_auto weft_object *b = BYTEARRAY("");
  cr_assert(weft_hash(b, &hash) == -1 && raised(&weft_TypeError));
  weft_auto weft_object *dict = weft_dict_new();
  cr_assert(weft_dict_set(dict, b, WEFT_NONE) == -1 && raised(&weft_TypeError));
}

/* --- Items --- */

RuntimeTest(bytearrays, BYT_080_an_index_that_is_no_int_is_a_type_error) {
  weft_auto weft_object *b = BYTEARRAY("abc");
  weft_auto weft_object *text = STR("a");
  cr_assert(!weft_get_item(b, text) && raised_with(&weft_TypeError, "integers"));
  cr_assert(weft_set_item(b, text, INT(1)) == -1 && raised_with(&weft_TypeError, "integers"));
  cr_assert(weft_get_item(b, INT(1)) == INT('b') && weft_bytearray_get(b, -1) == INT('c'));
  const int64_t wrong[] = {3, -4, INT64_MAX, INT64_MIN};
  EACH(i, wrong) {
    cr_assert(!weft_bytearray_get(b, wrong[i]) && raised(&weft_IndexError));
    cr_assert(!weft_bytearray_pop(b, wrong[i]) && raised(&weft_IndexError));
    cr_assert(weft_bytearray_delete(b, wrong[i]) == -1 && raised(&weft_IndexError));
  }
}

RuntimeTest(bytearrays, BYT_090_assigning_by_index) {
  weft_auto weft_object *b = BYTEARRAY("\1\2\3");
  cr_assert(weft_bytearray_set(b, 1, INT(100)) == 0 && READS(b, "\1d\3"));
  cr_assert(weft_bytearray_set(b, -1, INT(200)) == 0 && READS(b, "\1d\xc8"));
  cr_assert(weft_set_item(b, INT(0), WEFT_TRUE) == 0 && READS(b, "\1d\xc8"));
  cr_assert(weft_bytearray_set(b, 3, INT(0)) == -1 && raised(&weft_IndexError));
  cr_assert(weft_bytearray_set(b, -10, INT(0)) == -1 && raised(&weft_IndexError));
  cr_assert(weft_bytearray_set(b, 0, INT(256)) == -1 && raised(&weft_ValueError));
  cr_assert(weft_bytearray_set(b, 0, INT(-1)) == -1 && raised(&weft_ValueError));
  cr_assert(weft_bytearray_set(b, 0, WEFT_NONE) == -1 && raised(&weft_TypeError));
  cr_assert(weft_bytearray_set(b, 0, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(READS(b, "\1d\xc8"));
}

RuntimeTest(bytearrays, append_and_its_errors) {
  weft_auto weft_object *b = BYTEARRAY("hell");
  weft_auto weft_object *bytes = BYTES("o");
  cr_assert(weft_bytearray_append(b, INT('o')) == 0 && READS(b, "hello"));
  cr_assert(weft_bytearray_append(b, bytes) == -1 && raised(&weft_TypeError));
  cr_assert(weft_bytearray_append(b, INT(256)) == -1 && raised(&weft_ValueError));
  cr_assert(weft_bytearray_append(b, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(READS(b, "hello"));
}

RuntimeTest(bytearrays, BYT_108_insert) {
  weft_auto weft_object *b = BYTEARRAY("msssspp");
  weft_auto weft_object *bytes = BYTES("t");
  const int64_t places[] = {1, 4, -2, 1000};
  EACH(i, places) cr_assert_eq(weft_bytearray_insert(b, places[i], INT('i')), 0);
  cr_assert(READS(b, "mississippi"));
  cr_assert(weft_bytearray_insert(b, 0, bytes) == -1 && raised(&weft_TypeError));
  cr_assert(weft_bytearray_insert(b, INT64_MIN, INT('<')) == 0 && READS(b, "<mississippi"));
}

RuntimeTest(bytearrays, BYT_104_remove) {
  weft_auto weft_object *b = BYTEARRAY("hello");
  weft_auto weft_object *bytes = BYTES("e");
  cr_assert(weft_bytearray_remove(b, INT('l')) == 0 && READS(b, "helo"));
  cr_assert(weft_bytearray_remove(b, INT('l')) == 0 && READS(b, "heo"));
  cr_assert(weft_bytearray_remove(b, INT('l')) == -1 && raised(&weft_ValueError));
  weft_auto weft_object *large = INT(400);
  cr_assert(weft_bytearray_remove(b, large) == -1 && raised(&weft_ValueError));
  cr_assert(weft_bytearray_remove(b, bytes) == -1 && raised(&weft_TypeError));
  cr_assert(weft_bytearray_remove(b, INT('o')) == 0 && weft_bytearray_remove(b, INT('h')) == 0 && READS(b, "e"));
}

RuntimeTest(bytearrays, BYT_105_pop) {
  weft_auto weft_object *b = BYTEARRAY("world");
  cr_assert(weft_bytearray_pop(b, -1) == INT('d') && weft_bytearray_pop(b, 0) == INT('w'));
  cr_assert(weft_bytearray_pop(b, -2) == INT('r') && READS(b, "ol"));
  cr_assert(!weft_bytearray_pop(b, 10) && raised(&weft_IndexError));
  weft_auto weft_object *empty = BYTEARRAY("");
  cr_assert(!weft_bytearray_pop(empty, -1) && raised(&weft_IndexError));
}

RuntimeTest(bytearrays, BYT_085_reverse) {
  const char *const pairs[][2] = {{"hello", "olleh"}, {"hello1", "1olleh"}, {"", ""}, {"a", "a"}};
  EACH(i, pairs) {
    weft_auto weft_object *b = weft_bytearray_new(pairs[i][0], strlen(pairs[i][0]));
    cr_assert(weft_bytearray_reverse(b) == 0 && reads(b, pairs[i][1], strlen(pairs[i][1])));
  }
}

RuntimeTest(bytearrays, BYT_086_clear) {
  weft_auto weft_object *b = BYTEARRAY("python");
  cr_assert(weft_bytearray_clear(b) == 0 && READS(b, ""));
  cr_assert(weft_bytearray_append(b, INT('r')) == 0 && weft_bytearray_clear(b) == 0);
  cr_assert(weft_bytearray_append(b, INT('p')) == 0 && READS(b, "p"));
}

RuntimeTest(bytearrays, resizing_cuts_off_or_adds_zeros) {
  weft_auto weft_object *b = BYTEARRAY("abcdef");
  cr_assert(weft_bytearray_resize(b, 3) == 0 && READS(b, "abc"));
  cr_assert(weft_bytearray_resize(b, 5) == 0 && READS(b, "abc\0\0"));
  cr_assert(weft_bytearray_resize(b, 0) == 0 && READS(b, ""));
  cr_assert(weft_bytearray_resize(b, 2) == 0 && READS(b, "\0\0"));
  cr_assert(weft_bytearray_resize(b, SIZE_MAX) == -1 && raised(&weft_MemoryError));
  cr_assert(weft_bytearray_resize(b, PTRDIFF_MAX) == -1 && raised(&weft_MemoryError));
  cr_assert(READS(b, "\0\0"));
}

/* --- Parts --- */

RuntimeTest(bytearrays, setting_slices) {
  weft_auto weft_object *b = counting(10);
  weft_auto weft_object *five = LIST(INT(1), INT(1), INT(1), INT(1), INT(1));
  weft_auto weft_object *two = TUPLE(INT(100), INT(101));
  weft_auto weft_object *hello = BYTES("hello");
  cr_assert(weft_bytearray_set_slice(b, 0, 5, 1, five) == 0 && READS(b, "\1\1\1\1\1\5\6\7\x8\x9"));
  cr_assert(weft_bytearray_set_slice(b, 0, -5, 1, NULL) == 0 && READS(b, "\5\6\7\x8\x9"));
  cr_assert(weft_bytearray_set_slice(b, 0, 0, 1, hello) == 0 && READS(b, "hello\5\6\7\x8\x9"));
  cr_assert(weft_bytearray_set_slice(b, 1, 4, 1, two) == 0 && READS(b, "hdeo\5\6\7\x8\x9"));
  weft_auto weft_object *iterator = weft_iter(two);
  cr_assert(weft_bytearray_set_slice(b, 3, 5, 1, iterator) == 0 && READS(b, "hdede\6\7\x8\x9"));
  cr_assert(weft_bytearray_set_slice(b, 0, INT64_MAX, 1, NULL) == 0 && READS(b, ""));
}

RuntimeTest(bytearrays, BYT_092_slices_are_replaced_by_bytes_lists_and_what_a_generator_gives) {
  weft_auto weft_object *b = counting(10), *ones = BYTES("\1\1\1\1\1"), *first = BYTES("\0\1\2\3\4");
  cr_assert(weft_bytearray_set_slice(b, 0, 5, 1, ones) == 0 && READS(b, "\1\1\1\1\1\5\6\7\x8\x9"));
  cr_assert(weft_bytearray_set_slice(b, 0, -5, 1, NULL) == 0 && READS(b, "\5\6\7\x8\x9"));
  cr_assert(weft_bytearray_set_slice(b, 0, 0, 1, first) == 0 && READS(b, "\0\1\2\3\4\5\6\7\x8\x9"));
  weft_auto weft_object *two = BYTES("de"), *four = LIST(INT(3), INT(4), INT(5), INT(6));
  cr_assert(weft_bytearray_set_slice(b, -7, -3, 1, two) == 0 && READS(b, "\0\1\2de\7\x8\x9"));
  cr_assert(weft_bytearray_set_slice(b, 3, 5, 1, four) == 0 && READS(b, "\0\1\2\3\4\5\6\7\x8\x9"));
  weft_auto weft_object *generator = count_from('p', 's');
  cr_assert(weft_bytearray_set_slice(b, 3, 0, 1, generator) == 0 && READS(b, "\0\1\2pqr\3\4\5\6\7\x8\x9"));
  weft_auto weft_object *none = BYTES("");
  cr_assert(weft_bytearray_set_slice(b, 0, INT64_MAX, 1, none) == 0 && READS(b, ""));
}

RuntimeTest(bytearrays, BYT_093_a_slice_deleted_and_the_rest_extended) {
  weft_auto weft_object *b = counting(100);
  cr_assert_eq(weft_bytearray_set_slice(b, INT64_MIN, 10, 1, NULL), 0);
  weft_auto weft_object *list = weft_list_new();
  for (int i = 100; i < 110; i++) weft_list_append(list, INT(i));
  cr_assert_eq(weft_bytearray_extend(b, list), 0);
  cr_assert_eq(weft_bytearray_length(b), 100);
  for (int i = 0; i < 100; i++) cr_assert_eq(weft_bytearray_get(b, i), INT(i + 10));
}

RuntimeTest(bytearrays, BYT_094_a_queue_of_bytes_overruns_nothing) {
  weft_auto weft_object *b = counting(10);
  for (int i = 0; i < 5; i++) cr_assert_eq(weft_bytearray_pop(b, 0), INT(i));
  cr_assert_eq(weft_bytearray_set_slice(b, 0, 3, 1, NULL), 0);
  for (int i = 0; i < 1000; i++) {
    cr_assert_eq(weft_bytearray_append(b, INT(i & 255)), 0);
    cr_assert_not_null(weft_bytearray_pop(b, 0));
  }
  cr_assert(weft_bytearray_length(b) == 2 && weft_bytearray_get(b, 0) == INT(998 & 255));
  cr_assert_lt(weft_bytearray_capacity(b), 64);
}

RuntimeTest(bytearrays, BYT_095_deleting_at_the_front_does_not_grow_it) {
  weft_auto weft_object *b = weft_bytearray_new(NULL, 10);
  int64_t size = weft_bytearray_capacity(b);
  cr_assert_eq(weft_bytearray_set_slice(b, 0, 1, 1, NULL), 0);
  cr_assert_leq(weft_bytearray_capacity(b), size);
}

RuntimeTest(bytearrays, BYT_096_extended_slices_set_and_deleted) {
  EACH(i, slice_bounds) EACH(j, slice_bounds) EACH(k, slice_steps) {
    int64_t indices[8], start = slice_bounds[i], stop = slice_bounds[j], by = slice_steps[k];
    size_t n = slice_indices(start, stop, by, 5, indices), left = 0;
    char expected[8] = "01234", values[8] = "abcdefg", rest[8] = "";
    if (by != 1)
      for (size_t m = 0; m < n; m++) expected[indices[m]] = values[m];
    for (int64_t at = 0; at < 5; at++) {
      bool gone = false;
      for (size_t m = 0; m < n; m++) gone = gone || indices[m] == at;
      if (!gone) rest[left++] = (char)('0' + at);
    }
    weft_auto weft_object *b = BYTEARRAY("01234");
    weft_auto weft_object *added = weft_bytearray_new(values, n);
    weft_auto weft_object *one_more = weft_bytearray_new(values, n + 1);
    if (by != 1) {
      cr_assert(weft_bytearray_set_slice(b, start, stop, by, one_more) == -1 && raised(&weft_ValueError));
      cr_assert(weft_bytearray_set_slice(b, start, stop, by, added) == 0 && reads(b, expected, 5));
    }
    weft_auto weft_object *c = BYTEARRAY("01234");
    cr_assert(weft_bytearray_set_slice(c, start, stop, by, NULL) == 0 && reads(c, rest, left));
  }
}

RuntimeTest(bytearrays, BYT_097_a_slice_replaced_by_the_whole) {
  weft_auto weft_object *b = counting(256);
  cr_assert_eq(weft_bytearray_set_slice(b, 8, INT64_MAX, 1, b), 0);
  cr_assert_eq(weft_bytearray_length(b), 264);
  for (int i = 0; i < 264; i++) cr_assert_eq(weft_bytearray_get(b, i), INT(i < 8 ? i : i - 8));
}

RuntimeTest(bytearrays, BYT_098_extending_in_place) {
  weft_auto weft_object *b = BYTEARRAY("abc");
  weft_auto weft_object *bytes = BYTES("def");
  weft_auto weft_object *text = STR("");
  cr_assert(weft_bytearray_extend(b, bytes) == 0 && READS(b, "abcdef"));
  cr_assert(weft_bytearray_extend(b, text) == -1 && raised(&weft_TypeError));
  cr_assert(READS(b, "abcdef"));
  weft_auto weft_object *same = weft_in_place_add(b, bytes);
  cr_assert(same == b && READS(b, "abcdefdef"));
  weft_auto weft_object *doubled = weft_in_place_add(b, b);
  cr_assert(doubled == b && READS(b, "abcdefdefabcdefdef"));
  weft_auto weft_object *numbers = LIST(INT(1));
  cr_assert(!weft_in_place_add(b, text) && raised(&weft_TypeError));
  cr_assert(!weft_in_place_add(b, numbers) && raised(&weft_TypeError));
  cr_assert(READS(b, "abcdefdefabcdefdef"));
}

RuntimeTest(bytearrays, BYT_099_repeating_in_place) {
  weft_auto weft_object *b = BYTEARRAY("abc");
  cr_assert(weft_bytearray_repeat_in_place(b, 3) == 0 && READS(b, "abcabcabc"));
  cr_assert(weft_bytearray_repeat_in_place(b, INT64_MAX) == -1 && raised(&weft_MemoryError) && READS(b, "abcabcabc"));
  cr_assert(!weft_bytearray_repeat(b, INT64_MAX / 9) && raised(&weft_MemoryError));
  cr_assert(weft_bytearray_repeat_in_place(b, -1) == 0 && READS(b, ""));
  cr_assert(weft_bytearray_repeat_in_place(b, INT64_MAX) == 0 && READS(b, ""));
  weft_auto weft_object *c = BYTEARRAY("ab"), *same = weft_in_place_multiply(c, INT(2));
  cr_assert(same == c && READS(c, "abab"));
  cr_assert(!weft_in_place_multiply(c, c) && raised(&weft_TypeError) && READS(c, "abab"));
}

RuntimeTest(bytearrays, BYT_103_extend) {
  weft_auto weft_object *b = BYTEARRAY("hello");
  cr_assert(weft_bytearray_extend(b, b) == 0 && READS(b, "hellohello"));
  weft_auto weft_object *list = LIST(INT(1), INT(2));
  weft_auto weft_object *iterator = weft_iter(list);
  cr_assert(weft_bytearray_extend(b, list) == 0 && weft_bytearray_extend(b, iterator) == 0);
  cr_assert(READS(b, "hellohello\1\2\1\2"));
  weft_auto weft_object *large = LIST(INT(0), INT(1), INT(256));
  weft_auto weft_object *negative = LIST(INT(0), INT(-1));
  weft_auto weft_object *texts = LIST(INT(0), STR("a"));
  weft_auto weft_object *failing = failing_iterator();
  cr_assert(weft_bytearray_extend(b, large) == -1 && raised(&weft_ValueError));
  cr_assert(weft_bytearray_extend(b, negative) == -1 && raised(&weft_ValueError));
  cr_assert(weft_bytearray_extend(b, texts) == -1 && raised(&weft_TypeError));
  cr_assert(weft_bytearray_extend(b, failing) == -1 && raised(&weft_ValueError));
  cr_assert(weft_bytearray_extend(b, INT(3)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_bytearray_extend(b, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(READS(b, "hellohello\1\2\1\2"));
}

RuntimeTest(bytearrays, BYT_114_an_iterator_after_clear_is_at_its_end) {
  weft_auto weft_object *b = BYTEARRAY("abc");
  weft_auto weft_object *iterator = weft_iter(b);
  cr_assert_eq(weft_next(iterator), INT('a'));
  weft_bytearray_clear(b);
  cr_assert_null(weft_next(iterator));
  weft_bytearray_extend(b, b);
  cr_assert(weft_bytearray_append(b, INT(1)) == 0 && !weft_next(iterator), "and stays there");
}

/* --- Room --- */

RuntimeTest(bytearrays, BYT_101_more_is_allocated_than_it_is_long) {
  weft_auto weft_object *b = weft_bytearray_new(NULL, 0);
  cr_assert_geq(weft_bytearray_capacity(b), 0);
  for (int i = 0; i < 100; i++) {
    cr_assert_eq(weft_bytearray_append(b, INT('x')), 0);
    cr_assert_gt(weft_bytearray_capacity(b), weft_bytearray_length(b));
  }
}

RuntimeTest(bytearrays, it_grows_by_an_eighth_and_shrinks) {
  weft_auto weft_object *b = weft_bytearray_new(NULL, 0);
  const int64_t steps[] = {2, 5, 8, 12, 19, 27, 36, 46, 57, 70, 84, 100, 118, 138}; /* CPython's */
  int64_t room = 0, moves = 0;
  for (int i = 1; i <= 100000; i++) {
    cr_assert_eq(weft_bytearray_append(b, INT(0)), 0);
    int64_t now = weft_bytearray_capacity(b);
    if (now != room && moves < 14) cr_assert_eq(now, steps[moves], "at %d", i);
    moves += now != room;
    room = now;
  }
  cr_assert_lt(moves, 100);
  for (int i = 0; i < 99990; i++) cr_assert_not_null(weft_bytearray_pop(b, -1));
  cr_assert_lt(weft_bytearray_capacity(b), 32);
}

/* --- Views --- */

RuntimeTest(bytearrays, BYT_111_an_open_view_forbids_resizing) {
  weft_auto weft_object *b = counting(10);
  weft_view view;
  cr_assert_eq(weft_view_open(&view, b), 0);
  weft_auto weft_object *more = BYTES("more");
#define REFUSED(call) cr_assert((call) == -1 && raised(&weft_BufferError) && weft_bytearray_length(b) == 10)
  REFUSED(weft_bytearray_append(b, INT(1)));
  REFUSED(weft_bytearray_insert(b, 1, INT(1)));
  REFUSED(weft_bytearray_delete(b, 1));
  REFUSED(weft_bytearray_remove(b, INT(1)));
  REFUSED(weft_bytearray_clear(b));
  REFUSED(weft_bytearray_resize(b, 11));
  REFUSED(weft_bytearray_extend(b, more));
  REFUSED(weft_bytearray_repeat_in_place(b, 2));
  REFUSED(weft_bytearray_repeat_in_place(b, 0));
  REFUSED(weft_bytearray_set_slice(b, 0, 1, 1, more));
  REFUSED(weft_bytearray_set_slice(b, 0, 5, 1, NULL));
  REFUSED(weft_bytearray_set_slice(b, 0, 10, 2, NULL));
#undef REFUSED
  cr_assert(!weft_bytearray_pop(b, -1) && raised(&weft_BufferError) && weft_bytearray_length(b) == 10);
  cr_assert(memcmp(view.data, "\0\1\2\3\4\5\6\7\x8\x9", 10) == 0);
  /* What keeps the size is allowed, and is seen in the view. */
  cr_assert(weft_bytearray_set(b, 0, INT(9)) == 0 && weft_bytearray_resize(b, 10) == 0);
  cr_assert(weft_bytearray_set_slice(b, 1, 5, 1, more) == 0 && weft_bytearray_reverse(b) == 0);
  cr_assert(memcmp(view.data, "\x9\x8\7\6\5erom\x9", 10) == 0);
  weft_view_close(&view);
  cr_assert_eq(weft_bytearray_clear(b), 0);
}

RuntimeTest(bytearrays, a_view_shows_the_memory_and_writes_to_it) {
  weft_auto weft_object *array = ARRAY('h', 1, 2, 3);
  weft_auto weft_object *b = BYTES("xyz");
  weft_view of_array, of_bytes;
  cr_assert(weft_view_open(&of_array, array) == 0 && weft_view_open(&of_bytes, b) == 0);
  cr_assert(of_array.size == 6 && of_array.item_size == 2 && of_array.typecode == 'h' && !of_array.read_only);
  cr_assert(of_bytes.size == 3 && of_bytes.item_size == 1 && of_bytes.typecode == 'B' && of_bytes.read_only);
  ((short *)of_array.data)[1] = -7;
  cr_assert(is_shown(array, "array('h', [1, -7, 3])"));
  weft_view_close(&of_array);
  weft_view_close(&of_bytes);
  weft_view_close(&of_bytes); /* nothing */
  weft_view_close(NULL);
}

RuntimeTest(bytearrays, a_view_keeps_its_object_alive_and_several_may_be_open) {
  weft_object *b = BYTEARRAY("abc");
  weft_view one, two;
  cr_assert(weft_view_open(&one, b) == 0 && weft_view_open(&two, b) == 0 && weft_refcount(b) == 3);
  weft_view_close(&one);
  cr_assert(weft_bytearray_append(b, INT(1)) == -1 && raised(&weft_BufferError));
  weft_decref(b);
  cr_assert(memcmp(two.data, "abc", 4) == 0);
  weft_view_close(&two);
}

RuntimeTest(bytearrays, what_has_no_memory_to_view_is_a_type_error) {
  weft_view view = {.size = 77};
  weft_auto weft_object *text = STR("abc");
  weft_object *const others[] = {text, WEFT_NONE, INT(1), NULL};
  EACH(i, others) cr_assert(weft_view_open(&view, others[i]) == -1 && raised(&weft_TypeError) && !view.owner);
  weft_auto weft_object *b = BYTEARRAY("");
  cr_assert(weft_view_open(NULL, b) == -1 && raised(&weft_TypeError));
}

RuntimeTest(bytearrays, another_type_is_a_type_error) {
  weft_auto weft_object *b = BYTES("a");
  weft_auto weft_object *array = ARRAY('B', 1);
  weft_object *const others[] = {b, array, WEFT_NONE, NULL};
  EACH(i, others) {
    weft_object *o = others[i];
    cr_assert(weft_bytearray_length(o) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_capacity(o) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_bytearray_get(o, 0) && raised(&weft_TypeError));
    cr_assert(weft_bytearray_set(o, 0, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_append(o, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_insert(o, 0, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_bytearray_pop(o, 0) && raised(&weft_TypeError));
    cr_assert(weft_bytearray_delete(o, 0) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_remove(o, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_clear(o) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_resize(o, 1) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_reverse(o) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_bytearray_slice(o, 0, 1, 1) && raised(&weft_TypeError));
    cr_assert(weft_bytearray_set_slice(o, 0, 1, 1, b) == -1 && raised(&weft_TypeError));
    cr_assert(weft_bytearray_extend(o, b) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_bytearray_repeat(o, 1) && raised(&weft_TypeError));
    cr_assert(weft_bytearray_repeat_in_place(o, 1) == -1 && raised(&weft_TypeError));
  }
}

RuntimeTest(bytearrays, no_operation_with_a_byte_array_without_a_runtime_thread, .signal = SIGABRT) {
  weft_object *b = BYTEARRAY("abc");
  weft_detach();
  weft_bytearray_append(b, WEFT_TRUE);
}

/* --- Anything in any order --- */

struct model {
  size_t size;
  uint8_t bytes[4096];
};

static void model_splice(struct model *m, size_t start, size_t stop, const uint8_t *added, size_t n) {
  memmove(m->bytes + start + n, m->bytes + stop, m->size - stop);
  if (n) memcpy(m->bytes + start, added, n);
  m->size = m->size - (stop - start) + n;
}

RuntimeTest(bytearrays, any_sequence_of_operations_agrees_with_plain_memory) {
  static struct model m;
  weft_auto weft_object *b = BYTEARRAY("");
  uint64_t seed = 12345;
  for (int turn = 0; turn < 20000; turn++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    uint32_t chance = (uint32_t)(seed >> 33);
    uint8_t value = (uint8_t)(chance >> 3);
    size_t at = m.size ? (chance >> 8) % m.size : 0, until = at + (m.size > at ? (chance >> 5) % (m.size - at + 1) : 0);
    uint8_t added[40];
    size_t n = chance % sizeof added;
    for (size_t i = 0; i < n; i++) added[i] = (uint8_t)(value + i);
    weft_auto weft_object *bytes = weft_bytes_new(added, n);
    switch ((chance >> 20) % 8) {
      case 0:
      case 1:
        weft_bytearray_append(b, INT(value));
        model_splice(&m, m.size, m.size, &value, 1);
        break;
      case 2:
        weft_bytearray_insert(b, (int64_t)at, INT(value));
        model_splice(&m, at, at, &value, 1);
        break;
      case 3:
        if (!m.size) break;
        cr_assert_eq(weft_bytearray_pop(b, 0), INT(m.bytes[0]));
        model_splice(&m, 0, 1, NULL, 0);
        break;
      case 4:
        if (!m.size) break;
        cr_assert_eq(weft_bytearray_pop(b, (int64_t)at), INT(m.bytes[at]));
        model_splice(&m, at, at + 1, NULL, 0);
        break;
      case 5:
        weft_bytearray_set_slice(b, (int64_t)at, (int64_t)until, 1, bytes);
        model_splice(&m, at, until, added, n);
        break;
      case 6:
        weft_bytearray_set_slice(b, 0, (int64_t)at, 1, NULL);
        model_splice(&m, 0, at, NULL, 0);
        break;
      default: weft_bytearray_extend(b, bytes); model_splice(&m, m.size, m.size, added, n);
    }
    if (m.size > 2000) {
      weft_bytearray_resize(b, 10);
      m.size = 10;
    }
    cr_assert(reads(b, (const char *)m.bytes, m.size), "turn %d", turn);
    cr_assert_gt(weft_bytearray_capacity(b), weft_bytearray_length(b) - !m.size);
  }
}
