/* SPDX-License-Identifier: MIT */
/* Ints beyond 64 bits in use: as keys, indices, numbers of times, items; without memory; between threads. */
#include "faults_support.h"

RuntimeSuite(big_ints_in_use);

static weft_object *big(const char *digits) { return weft_int_parse(digits); }
#define TWO_70       "1180591620717411303424"
#define MINUS_TWO_70 "-1180591620717411303424"
#define TWO_64       "18446744073709551616"
#define BELOW_TWO_64 "18446744073709551615"

static bool shows(weft_object *o, const char *expected) {
  weft_auto weft_object *text = weft_repr(o);
  bool shows = text && strcmp(weft_str_utf8(text, NULL), expected) == 0;
  if (!shows) fprintf(stderr, "%s, not %s\n", text ? weft_str_utf8(text, NULL) : "(NULL)", expected);
  return shows;
}
static bool makes(weft_object *o_steal, const char *expected) {
  weft_auto weft_object *o = o_steal;
  return o && shows(o, expected);
}

/* --- Keys --- */

static void step_length(void *container) { weft_length(container); }

enum { KEYS = 200 };
/* Distinct numbers: ints of both kinds and signs, and floats that no int of them is equal to. */
static weft_object *key(int i) {
  weft_auto weft_object *n = INT(i / 4), *apart = big("4611686018427387905"), *many = weft_multiply(n, apart);
  weft_auto weft_object *offset = big(TWO_70), *x = FLOAT(i + 0.5);
  return i % 4 == 0   ? weft_add(many, INT(3))
         : i % 4 == 1 ? weft_add(many, offset)
         : i % 4 == 2 ? weft_subtract(INT(-5), many)
                      : weft_new_ref(x);
}

static void dict_answers(weft_object *dict) {
  for (int i = 0; i < KEYS; i++) {
    weft_auto weft_object *k = key(i), *value = INT(i);
    cr_assert_eq(weft_dict_set(dict, k, value), 0);
  }
  cr_assert_eq(weft_dict_length(dict), KEYS);
  for (int i = 0; i < KEYS; i++) {
    weft_auto weft_object *k = key(i), *value = weft_dict_get(dict, k), *other = weft_add(k, INT(1));
    cr_assert(value && weft_int_value(value) == i, "%d", i);
    cr_assert_eq(weft_dict_contains(dict, other), 0, "%d", i);
  }
  for (int i = 0; i < KEYS; i += 2) {
    weft_auto weft_object *k = key(i);
    cr_assert_eq(weft_dict_delete(dict, k), 0);
  }
  for (int i = 0; i < KEYS; i++) {
    weft_auto weft_object *k = key(i);
    cr_assert_eq(weft_dict_contains(dict, k), i % 2);
  }
}

RuntimeTest(big_ints_in_use, keys_of_dicts_beside_ints_and_floats) {
  weft_auto weft_object *dict = weft_dict_new(), *shared = weft_dict_new();
  in_new_thread(step_length, shared);
  dict_answers(dict);
  dict_answers(shared);
}

/* The key that came first stays, whatever equal one is asked for. */
RuntimeTest(big_ints_in_use, numbers_that_are_equal_are_one_key) {
  weft_auto weft_object *i = big(TWO_70), *again = big(TWO_70), *x = FLOAT(0x1p70), *minus = big(MINUS_TWO_70);
  weft_auto weft_object *dict = weft_dict_new(), *other = weft_dict_new(), *set = weft_set_new();
  for (int shared = 0; shared < 2; shared++) {
    weft_dict_set(dict, i, INT(1));
    weft_dict_set(dict, x, INT(2));
    weft_dict_set(dict, WEFT_TRUE, INT(3));
    weft_dict_set(dict, minus, INT(4));
    weft_dict_set(dict, again, INT(5));
    weft_dict_set(dict, INT(1), INT(6));
    cr_assert(shows(dict, "{" TWO_70 ": 5, True: 6, " MINUS_TWO_70 ": 4}"));
    weft_dict_set(other, x, INT(1));
    weft_dict_set(other, i, INT(2));
    cr_assert(shows(other, "{1.1805916207174113e+21: 2}"));
    cr_assert(weft_set_add(set, i) == 0 && weft_set_add(set, x) == 0 && weft_set_add(set, again) == 0);
    cr_assert(weft_set_length(set) == 1 && weft_set_contains(set, x) == 1 && weft_set_contains(set, minus) == 0);
    weft_dict_clear(dict);
    weft_dict_clear(other);
    weft_set_clear(set);
    in_new_thread(step_length, dict);
    in_new_thread(step_length, other);
    in_new_thread(step_length, set);
  }
}

static void set_answers(weft_object *set) {
  for (int i = 0; i < KEYS; i++) {
    weft_auto weft_object *k = key(i), *again = key(i);
    cr_assert(weft_set_add(set, k) == 0 && weft_set_add(set, again) == 0);
  }
  cr_assert_eq(weft_set_length(set), KEYS);
  weft_auto weft_object *frozen = weft_frozenset_from(set);
  for (int i = 0; i < KEYS; i++) {
    weft_auto weft_object *k = key(i), *other = weft_subtract(k, INT(2));
    cr_assert(weft_set_contains(set, k) == 1 && weft_set_contains(frozen, k) == 1, "%d", i);
    cr_assert_eq(weft_set_contains(set, other), 0, "%d", i);
    cr_assert_eq(weft_set_discard(set, k), 1);
    cr_assert_eq(weft_set_discard(set, k), 0);
  }
  cr_assert(weft_set_length(set) == 0 && weft_set_length(frozen) == KEYS);
}

RuntimeTest(big_ints_in_use, keys_of_sets_beside_ints_and_floats) {
  weft_auto weft_object *set = weft_set_new(), *shared = weft_set_new();
  in_new_thread(step_length, shared);
  set_answers(set);
  set_answers(shared);
}

RuntimeTest(big_ints_in_use, sorted_among_others) {
  weft_auto weft_object *list = LIST(big(TWO_70), FLOAT(0x1p65), INT(7), big(MINUS_TWO_70), big(TWO_64), WEFT_TRUE,
                                     FLOAT(-1e300), big(BELOW_TWO_64));
  cr_assert_eq(weft_list_sort(list, NULL, false), 0);
  cr_assert(shows(
      list, "[-1e+300, " MINUS_TWO_70 ", True, 7, " BELOW_TWO_64 ", " TWO_64 ", 3.6893488147419103e+19, " TWO_70 "]"));
  weft_auto weft_object *x = FLOAT(0x1p70);
  cr_assert(weft_list_index(list, x, 0, INT64_MAX) == 7 && weft_list_count(list, x) == 1);
  weft_auto weft_object *tuple = weft_tuple_from(list);
  cr_assert(weft_tuple_contains(tuple, x) == 1 && weft_gc_is_tracked(tuple) == 0);
}

/* --- Indices, bounds, numbers of times --- */

static weft_object *sequence(int which) {
  weft_auto weft_object *list = LIST(INT(7), INT(8)), *ints = weft_array_from('i', list);
  return which == 0   ? weft_new_ref(list)
         : which == 1 ? TUPLE(INT(7), INT(8))
         : which == 2 ? weft_bytes_new("ab", 2)
         : which == 3 ? weft_bytearray_new("ab", 2)
                      : weft_new_ref(ints);
}
enum { SEQUENCES = 5, MUTABLE = 1 | 8 | 16 };

RuntimeTest(big_ints_in_use, an_index_beyond_64_bits_is_an_index_error) {
  static const char text[] = "cannot fit 'int' into an index-sized integer";
  const char *const indices[] = {TWO_70, MINUS_TWO_70, "9223372036854775808", "-9223372036854775809"};
  for (int i = 0; i < 4; i++) {
    weft_auto weft_object *index = big(indices[i]), *range = weft_range_new(0, 3, 1);
    for (int which = 0; which < SEQUENCES; which++) {
      weft_auto weft_object *o = sequence(which);
      cr_assert(!weft_get_item(o, index) && raised_with(&weft_IndexError, text));
      if (!(MUTABLE >> which & 1)) continue;
      cr_assert(weft_set_item(o, index, INT(1)) == -1 && raised_with(&weft_IndexError, text));
      cr_assert(weft_set_item(o, index, NULL) == -1 && raised_with(&weft_IndexError, text));
      cr_assert_eq(weft_length(o), 2);
    }
    cr_assert(!weft_get_item(range, index) && raised(&weft_IndexError));
  }
}

RuntimeTest(big_ints_in_use, SEQ_004_bounds_of_slices_are_clamped) {
  weft_auto weft_object *high = big("340282366920938463463374607431768211456"), *low = weft_subtract(INT(0), high);
  int64_t most = weft_int_clamp(high), least = weft_int_clamp(low);
  for (int which = 0; which < SEQUENCES; which++) {
    weft_auto weft_object *o = sequence(which);
    const struct {
      int64_t start, stop, step, length;
    } cases[] = {{0, most, 1, 2},    {least, most, 1, 2}, {most, least, -1, 2},   {1, most, most, 1},
                 {most, most, 1, 0}, {least, 1, 1, 1},    {most, least, least, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      weft_auto weft_object *slice = weft_slice_new(cases[i].start, cases[i].stop, cases[i].step);
      weft_auto weft_object *part = weft_get_item(o, slice);
      cr_assert_eq(weft_length(part), cases[i].length, "%d %zu", which, i);
    }
  }
}

RuntimeTest(big_ints_in_use, nothing_is_repeated_so_often) {
  const char *const times[] = {TWO_70, MINUS_TWO_70};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *n = big(times[i]);
    for (int which = 0; which < SEQUENCES; which++) {
      weft_auto weft_object *o = sequence(which), *before = sequence(which);
      cr_assert(!weft_multiply(o, n) && raised_with(&weft_OverflowError, "cannot fit 'int'"));
      cr_assert(!weft_multiply(n, o) && raised(&weft_OverflowError));
      cr_assert(!weft_in_place_multiply(o, n) && raised(&weft_OverflowError) && equal(o, before));
    }
  }
}

RuntimeTest(big_ints_in_use, ranges_contain_none_of_them) {
  weft_auto weft_object *range = weft_range_new(INT64_MIN, 0, 2), *o = big("9223372036854775808");
  weft_auto weft_object *below = big("-9223372036854775810");
  cr_assert(weft_contains(range, o) == 0 && weft_contains(range, below) == 0);
}

RuntimeTest(big_ints_in_use, enumerations_go_on_beyond_64_bits) {
  weft_auto weft_object *list = LIST(STR("a"), STR("b"), STR("c")), *e = weft_enumerate(list, INT64_MAX);
  weft_auto weft_object *pairs = weft_list_from(e);
  cr_assert(shows(pairs, "[(9223372036854775807, 'a'), (9223372036854775808, 'b'), (9223372036854775809, 'c')]"));
}

/* --- Bytes and arrays --- */

RuntimeTest(big_ints_in_use, BYT_010_bytes_of_a_size) {
  weft_object *(*const make[])(weft_object *) = {weft_bytes_from, weft_bytearray_from};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *none = make[i](INT(0)), *one = make[i](INT(1)), *five = make[i](INT(5));
    weft_auto weft_object *zeros = weft_bytes_new("\0\0\0\0\0", 5), *above = big("9223372036854775808");
    weft_auto weft_object *zero = weft_bytes_new("\0", 1), *empty = weft_bytes_new("", 0), *far = big(MINUS_TWO_70);
    cr_assert(equal(none, empty) && equal(one, zero) && equal(five, zeros));
    cr_assert(!make[i](INT(-1)) && raised(&weft_ValueError));
    cr_assert(!make[i](above) && raised(&weft_OverflowError));
    cr_assert(!make[i](far) && raised(&weft_OverflowError));
  }
}

RuntimeTest(big_ints_in_use, none_of_them_is_a_byte) {
  const char *const values[] = {TWO_70, MINUS_TWO_70, "9223372036854775808", "18446744073709551617"};
  for (int i = 0; i < 4; i++) {
    weft_auto weft_object *o = big(values[i]), *list = LIST(INT(1), weft_new_ref(o));
    weft_auto weft_object *bytes = weft_bytes_new("ab", 2), *array = weft_bytearray_new("ab", 2);
    cr_assert(!weft_bytes_from(list) && raised(&weft_ValueError));
    cr_assert(!weft_bytearray_from(list) && raised(&weft_ValueError));
    cr_assert(weft_bytearray_append(array, o) == -1 && raised(&weft_ValueError));
    cr_assert(weft_bytearray_set(array, 0, o) == -1 && raised(&weft_ValueError) && equal(bytes, array));
    cr_assert(weft_contains(bytes, o) == -1 && raised(&weft_ValueError));
    cr_assert(weft_contains(array, o) == -1 && raised(&weft_ValueError));
  }
}

RuntimeTest(big_ints_in_use, arrays_of_unsigned_words_give_and_take_them) {
  const char codes[] = {'L', 'Q'};
  for (int c = 0; c < 2; c++) {
    weft_auto weft_object *list = LIST(big(BELOW_TWO_64), INT(0), big("9223372036854775808"));
    weft_auto weft_object *array = weft_array_from(codes[c], list), *back = weft_array_to_list(array);
    weft_auto weft_object *value = big(BELOW_TWO_64), *x = FLOAT(0x1p63), *minus = INT(-1);
    cr_assert(equal(back, list));
    cr_assert(weft_array_contains(array, value) == 1 && weft_array_count(array, x) == 1);
    cr_assert(weft_array_index(array, value, 0, INT64_MAX) == 0 && weft_array_contains(array, minus) == 0);
    cr_assert(weft_array_append(array, value) == 0 && weft_array_insert(array, 0, value) == 0);
    cr_assert(makes(weft_array_pop(array, 0), BELOW_TWO_64) && weft_array_remove(array, value) == 0);
    cr_assert(weft_array_set(array, 0, value) == 0 && makes(weft_array_get(array, 0), BELOW_TWO_64));
    weft_auto weft_object *it = weft_iter(array), *first = weft_next(it);
    cr_assert(shows(first, BELOW_TWO_64));
  }
}

RuntimeTest(big_ints_in_use, other_arrays_refuse_them_and_look_for_them) {
  const char codes[] = "bBhHiIlqLQ";
  weft_auto weft_object *value = big(TWO_70), *word = big(BELOW_TWO_64), *below = big(MINUS_TWO_70);
  for (int c = 0; codes[c]; c++) {
    weft_auto weft_object *one = LIST(INT(1)), *array = weft_array_from(codes[c], one);
    weft_object *const wrong[] = {value, below, word};
    for (int i = 0; i < (c < 8 ? 3 : 2); i++) {
      const char *why = i == 1 ? "less than minimum" : "greater than maximum";
      weft_auto weft_object *list = LIST(weft_new_ref(wrong[i]));
      cr_assert(weft_array_append(array, wrong[i]) == -1 && raised_with(&weft_OverflowError, why));
      cr_assert(weft_array_set(array, 0, wrong[i]) == -1 && raised(&weft_OverflowError));
      cr_assert(!weft_array_from(codes[c], list) && raised(&weft_OverflowError));
      cr_assert(weft_array_contains(array, wrong[i]) == 0 && weft_array_count(array, wrong[i]) == 0);
      cr_assert(weft_array_index(array, wrong[i], 0, INT64_MAX) == -1 && raised(&weft_ValueError));
      cr_assert(weft_array_remove(array, wrong[i]) == -1 && raised(&weft_ValueError) && weft_array_length(array) == 1);
    }
  }
  weft_auto weft_object *list = LIST(INT(1), weft_new_ref(value), weft_new_ref(word));
  weft_auto weft_object *reals = weft_array_from('d', list), *next = weft_add(value, INT(1));
  cr_assert(shows(reals, "array('d', [1.0, 1.1805916207174113e+21, 1.8446744073709552e+19])"));
  cr_assert(weft_array_contains(reals, value) == 1 && weft_array_contains(reals, next) == 0);
  cr_assert(weft_array_contains(reals, word) == 0 && weft_array_index(reals, value, 0, INT64_MAX) == 1);
  cr_assert(weft_array_remove(reals, value) == 0 && weft_array_length(reals) == 2);
  weft_object *huge = weft_new_ref(value);
  for (int i = 0; i < 4; i++) {
    weft_auto weft_object *root = huge;
    huge = weft_multiply(root, root);
  }
  cr_assert(weft_array_append(reals, huge) == -1 && raised_with(&weft_OverflowError, "too large to convert to float"));
  weft_decref(huge);
}

/* --- Without memory --- */

static weft_object *two_pow_4480(void) {
  weft_object *o = big(TWO_70);
  for (int i = 0; o && i < 6; i++) {
    weft_auto weft_object *root = o;
    o = weft_multiply(root, root);
  }
  return o;
}

static bool small_ones(void) {
  weft_auto weft_object *a = big(TWO_70), *b = big(MINUS_TWO_70), *c = weft_int_new_unsigned(UINT64_MAX);
  if (!a || !b || !c) return false;
  weft_auto weft_object *sum = weft_add(a, c), *product = sum ? weft_multiply(a, b) : NULL;
  weft_auto weft_object *logic = product ? weft_xor(a, b) : NULL, *text = logic ? weft_repr(product) : NULL;
  weft_auto weft_object *x = text ? weft_float_new(weft_float_value(product)) : NULL;
  return x && weft_int_value_unsigned(c) == UINT64_MAX;
}

static bool large_ones(void) {
  weft_auto weft_object *a = two_pow_4480(), *text = a ? weft_repr(a) : NULL;
  weft_auto weft_object *b = text ? weft_int_parse(weft_str_utf8(text, NULL)) : NULL;
  weft_auto weft_object *sum = b ? weft_add(a, b) : NULL, *less = sum ? weft_subtract(sum, b) : NULL;
  weft_auto weft_object *product = less ? weft_multiply(sum, b) : NULL, *both = product ? weft_and(product, b) : NULL;
  weft_auto weft_object *either = both ? weft_or(product, b) : NULL, *one = either ? weft_xor(either, b) : NULL;
  if (!one) return false;
  cr_assert(equal(one, product) && equal(less, a) && equal(a, b));
  return true;
}

static bool as_keys(void) {
  weft_auto weft_object *dict = weft_dict_new(), *k = two_pow_4480();
  if (!dict || !k || weft_dict_set(dict, k, WEFT_TRUE) < 0) return false;
  return weft_dict_contains(dict, k) == 1 && fallible(weft_repr(dict));
}

RuntimeTest(big_ints_in_use, every_failing_allocation_is_a_memory_error) {
  cr_assert_gt(fail_everywhere(small_ones), 5);
  cr_assert_gt(fail_everywhere(large_ones), 20);
  cr_assert_gt(fail_everywhere(as_keys), 5);
}

RuntimeTest(big_ints_in_use, what_outgrows_the_heap_is_a_memory_error) {
  weft_auto weft_object *start = two_pow_4480();
  weft_object *o = weft_new_ref(start);
  size_t before = weft_heap_set_limit((size_t)16 << 20);
  for (int i = 0;; i++) {
    cr_assert_lt(i, 40);
    weft_auto weft_object *root = o;
    o = weft_multiply(root, root);
    if (!o) break;
  }
  cr_assert(raised(&weft_MemoryError));
  weft_heap_set_limit(before);
  weft_auto weft_object *again = two_pow_4480();
  cr_assert(equal(start, again));
}

/* --- Between threads --- */

struct work {
  weft_object *a, *b, *product, *text; /* made by the main thread */
  weft_object *dict, *list;            /* shared */
};

static void step_computes(void *work_) {
  struct work *w = work_;
  for (int i = 0; i < 50; i++) {
    weft_auto weft_object *product = weft_multiply(w->a, w->b), *sum = weft_add(w->a, w->b);
    weft_auto weft_object *back = weft_subtract(sum, w->b), *text = weft_repr(product);
    cr_expect(equal(product, w->product) && equal(back, w->a) && equal(text, w->text));
    weft_auto weft_object *k = weft_add(w->a, INT(i)), *value = weft_dict_get(w->dict, k);
    cr_expect(value && equal(value, k));
    /* Others look at the values meanwhile: they are replaced by equal ones. */
    weft_auto weft_object *same = weft_add(k, INT(0));
    cr_expect(weft_dict_set(w->dict, k, same) == 0 && weft_dict_set(w->dict, k, k) == 0);
    cr_expect_eq(weft_list_append(w->list, product), 0);
  }
}

RuntimeTest(big_ints_in_use, threads_share_them) {
  struct work w = {.a = two_pow_4480(), .b = big(MINUS_TWO_70), .dict = weft_dict_new(), .list = weft_list_new()};
  w.product = weft_multiply(w.a, w.b);
  w.text = weft_repr(w.product);
  for (int i = 0; i < 50; i++) {
    weft_auto weft_object *k = weft_add(w.a, INT(i));
    weft_dict_set(w.dict, k, k);
  }
  in_new_threads(4, step_computes, &w);
  cr_assert_eq(weft_list_length(w.list), 200);
  for (int i = 0; i < 200; i++) {
    weft_auto weft_object *item = weft_list_get(w.list, i);
    cr_assert(equal(item, w.product));
  }
  weft_object *const all[] = {w.a, w.b, w.product, w.text, w.dict, w.list};
  for (int i = 0; i < 6; i++) weft_decref(all[i]);
}
