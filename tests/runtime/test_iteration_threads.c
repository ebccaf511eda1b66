/* SPDX-License-Identifier: MIT */
/* Iterators between threads: over containers that others change, and shared by those who iterate. */
#include "races_support.h"

RuntimeSuite(iteration_threads);

static int64_t value_and_drop(weft_object *number) {
  int64_t value = weft_int_value(number);
  weft_decref(number);
  return value;
}

static void append_number(weft_object *list, int64_t n) {
  weft_auto weft_object *number = INT(n);
  weft_list_append(list, number);
}

/* --- Each thread with an iterator of its own --- */

static void write_appends(uint32_t number, void *list) {
  (void)number;
  for (int64_t i = 0, n = times(5000); i < n; i++) append_number(list, i);
}
static void write_extends(uint32_t number, void *list) {
  (void)number;
  for (int64_t i = 0, n = times(5000); i < n; i++) {
    weft_auto weft_object *one = LIST(INT(i));
    weft_list_extend(list, one);
  }
}
static void read_counted(void *list) {
  weft_auto weft_object *it = weft_iter(list);
  int64_t i = 0;
  for (weft_object *item; (item = weft_next(it)); i++)
    if (value_and_drop(item) != i) cr_expect(false, "item %lld is another one", (long long)i);
}

static void iterate_while(void (*write)(uint32_t number, void *list)) {
  weft_auto weft_object *list = weft_list_new();
  race(1, write, 10, read_counted, list);
  cr_assert_eq(weft_list_length(list), times(5000));
}

RuntimeTest(iteration_threads, FTL_001_a_list_that_is_appended_to_shows_item_i_at_index_i) {
  iterate_while(write_appends);
}
RuntimeTest(iteration_threads, FTL_002_a_list_that_is_extended_shows_item_i_at_index_i) {
  iterate_while(write_extends);
}

static void write_grows_and_shrinks(uint32_t number, void *list) {
  (void)number;
  for (int64_t i = 0, n = times(2000); i < n; i++) {
    append_number(list, i);
    if (i % 3 == 2) weft_xdecref(weft_list_pop(list, -1));
  }
  weft_error_clear();
}
static void read_size(void *list) {
  int64_t size = weft_sizeof(list);
  cr_expect(size >= 32 && size < 1000000);
}

RuntimeTest(iteration_threads, FTL_004_the_size_in_bytes_is_read_while_others_append_and_pop) {
  weft_auto weft_object *list = weft_list_new();
  race(3, write_grows_and_shrinks, 3, read_size, list);
}

static uint32_t complete; /* atomic */
static void step_counts_items(void *sequence) {
  weft_auto weft_object *it = weft_iter(sequence);
  int64_t n = 0;
  for (weft_object *item; (item = weft_next(it)); n++)
    if (value_and_drop(item) != n) return;
  weft__add_acq_rel(&complete, n == times(5000));
}

RuntimeTest(iteration_threads, FTI_001_five_threads_iterate_over_one_sequence) {
  weft_auto weft_object *range = weft_range_new(0, times(5000), 1), *list = weft_list_from(range);
  weft_auto weft_object *tuple = weft_tuple_from(range);
  weft_object *const all[] = {tuple, list, range};
  for (uint32_t i = 0; i < 3; i++) {
    in_new_threads(5, step_counts_items, all[i]);
    cr_assert_eq(weft__load_acquire(&complete), 5 * (i + 1));
  }
}

/* Numbers below 100 have ever been in the list. */
static void write_every_way(uint32_t number, void *list) {
  weft_auto weft_object *few = weft_range_new(0, 10, 1), *more = weft_range_new(50, 100, 1);
  weft_auto weft_object *few_list = weft_list_from(few), *five = weft_range_new(0, 5, 1);
  for (int64_t i = 0, n = times(1000); i < n; i++) {
    weft_list_extend(list, more);
    weft_list_set_slice(list, 3, 13, few_list);
    weft_list_set_slice_step(list, 0, 10, 2, five);
    weft_xdecref(weft_in_place_multiply(list, INT(2)));
    weft_list_set_slice_step(list, INT64_MAX, INT64_MIN, -3, NULL);
    if (i % 4 == number) weft_list_clear(list);
    weft_list_set_slice(list, 0, INT64_MAX, few);
    weft_error_clear(); /* another one may have emptied it meanwhile */
  }
}
static void read_below_100(void *list) {
  weft_auto weft_object *forwards = weft_iter(list), *backwards = weft_reversed(list);
  weft_object *const both[] = {forwards, backwards};
  for (int b = 0; b < 2; b++) {
    int64_t left = 100000;
    for (weft_object *item; left > 0 && (item = weft_next(both[b])); left--) {
      cr_expect_geq(weft_length_hint(both[b]), 0);
      if ((uint64_t)value_and_drop(item) >= 100) cr_expect(false, "an item that was never stored");
    }
  }
}

RuntimeTest(iteration_threads, FTI_003_only_items_that_were_in_the_list_are_seen) {
  weft_auto weft_object *list = weft_list_new();
  race(2, write_every_way, 5, read_below_100, list);
}

static void write_keys(uint32_t number, void *container) {
  bool set = weft_set_check(container);
  for (int64_t i = 0, n = times(3000); i < n; i++) {
    weft_auto weft_object *key = INT((int64_t)number * 100000 + i % 300);
    if (set)
      i % 600 < 300 ? weft_set_add(container, key) : weft_set_discard(container, key);
    else
      i % 600 < 300 ? weft_dict_set(container, key, key) : weft_dict_delete(container, key);
    weft_error_clear();
  }
}
static void read_keys(void *container) {
  bool set = weft_set_check(container);
  weft_auto weft_object *forwards = weft_iter(container), *backwards = set ? NULL : weft_dict_reverse_items(container);
  for (weft_object *key; (key = weft_next(forwards));) {
    cr_expect_geq(weft_length_hint(forwards), 0);
    cr_expect_lt(value_and_drop(key) % 100000, 300);
  }
  weft_error_clear(); /* it may have changed its size */
  for (weft_object *pair; backwards && (pair = weft_next(backwards)); weft_decref(pair)) {
    weft_auto weft_object *key = weft_tuple_get(pair, 0), *value = weft_tuple_get(pair, 1);
    cr_expect(equal(key, value));
  }
  weft_error_clear();
}

RuntimeTest(iteration_threads, only_keys_that_were_there_are_seen) {
  weft_auto weft_object *set = weft_set_new(), *dict = weft_dict_new();
  race(2, write_keys, 3, read_keys, set);
  race(2, write_keys, 3, read_keys, dict);
}

/* --- One iterator for all --- */

enum { TAKEN_MOST = 2000 };
static uint32_t taken[TAKEN_MOST]; /* atomic: how many threads have got the item */
static uint32_t beyond_64_bits;    /* atomic: numbers that were */

static void take(int64_t item) {
  if (item < 0 || item >= TAKEN_MOST)
    cr_expect(false, "an item that was never there");
  else
    weft__add_acq_rel(&taken[item], 1u);
}

static void step_drains(void *iterator) {
  for (weft_object *item; (item = weft_next(iterator));) {
    int64_t hint = weft_length_hint(iterator);
    if (hint < 0 || hint > TAKEN_MOST) cr_expect(false, "a hint of %lld", (long long)hint);
    take(value_and_drop(item));
  }
  cr_expect(!weft_error_borrow() && weft_length_hint(iterator) == 0 && !weft_next(iterator));
}

/* Everything has been taken once. */
static bool all_taken(void) {
  for (int i = 0; i < TAKEN_MOST; i++)
    if (weft__exchange_acq_rel(&taken[i], 0u) != 1) return false;
  return true;
}

RuntimeTest(iteration_threads, FTV_001_ten_threads_drain_one_reverse_iterator) {
  weft_auto weft_object *range = weft_range_new(0, TAKEN_MOST, 1), *list = weft_list_from(range);
  weft_auto weft_object *tuple = weft_tuple_from(range), *dict = weft_dict_from_keys(range, WEFT_NONE);
  weft_object *const all[] = {list, tuple, range, dict};
  for (int i = 0; i < 4; i++) {
    weft_auto weft_object *backwards = weft_reversed(all[i]);
    in_new_threads(10, step_drains, backwards);
    cr_assert(all_taken(), "%d", i);
  }
}

static uint32_t characters; /* atomic */
static void step_drains_text(void *iterator) {
  for (weft_object *c; (c = weft_next(iterator)); weft_decref(c))
    weft__add_acq_rel(&characters, strcmp(weft_str_utf8(c, NULL), "\xc3\xa4") == 0);
  cr_expect(!weft_error_borrow() && !weft_next(iterator));
}

RuntimeTest(iteration_threads, ten_threads_drain_one_iterator_over_a_str) {
  weft_auto weft_object *list = LIST(STR("\xc3\xa4")), *all = weft_list_repeat(list, TAKEN_MOST), *none = STR("");
  weft_auto weft_object *text = weft_str_join(none, all), *it = weft_iter(text);
  in_new_threads(10, step_drains_text, it);
  cr_assert_eq(characters, TAKEN_MOST);
}

static void step_drains_pairs(void *iterator) {
  for (weft_object *pair; (pair = weft_next(iterator)); weft_decref(pair)) {
    weft_auto weft_object *number = weft_tuple_get(pair, 0), *item = weft_tuple_get(pair, 1);
    take(weft_int_value(item));
    weft__add_acq_rel(&beyond_64_bits, weft_type_of(number) == &weft_big_int_type);
  }
  cr_expect(!weft_error_borrow());
}

RuntimeTest(iteration_threads, FTE_001_ten_threads_drain_one_enumeration_that_passes_the_largest_int) {
  weft_auto weft_object *range = weft_range_new(0, TAKEN_MOST, 1), *e = weft_enumerate(range, -5);
  in_new_threads(10, step_drains_pairs, e);
  cr_assert(all_taken() && beyond_64_bits == 0);
  weft_auto weft_object *beyond = weft_enumerate(range, INT64_MAX - TAKEN_MOST / 2 + 1);
  in_new_threads(10, step_drains_pairs, beyond);
  cr_assert(all_taken() && beyond_64_bits == TAKEN_MOST / 2);
}

static void step_drains_zip(void *zip) {
  for (weft_object *pair; (pair = weft_next(zip)); weft_decref(pair)) {
    weft_auto weft_object *a = weft_tuple_get(pair, 0), *b = weft_tuple_get(pair, 1);
    take(weft_int_value(a));
    cr_expect(weft_int_value(b) < 2 * TAKEN_MOST);
  }
  for (int i = 0; i < 3; i++) cr_expect(!weft_next(zip) && !weft_error_borrow() && weft_length_hint(zip) == 0);
}

RuntimeTest(iteration_threads, FTZ_001_eight_threads_drain_one_zip) {
  weft_auto weft_object *range = weft_range_new(0, TAKEN_MOST, 1), *longer = weft_range_new(0, 2 * TAKEN_MOST, 1);
  weft_auto weft_object *zip = weft_zip(2, (weft_object *[]){range, longer});
  in_new_threads(8, step_drains_zip, zip);
  cr_assert(all_taken());
}
