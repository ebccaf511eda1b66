/* SPDX-License-Identifier: MIT */
/*
 * The table of a dict, seen from inside: how far keys lie from where their search begins, whatever the keys are, and
 * what a look-up must not take for its key. What is counted is work, cells that a search passes, not time.
 */
#include "dict_support.h"

#include "runtime/dict_table_internal.h"

RuntimeSuite(dict_tables);

/* A dict's table stands right behind its header. */
static const struct weft__table *table_of(weft_object *dict) {
  return *(const struct weft__table **)(void *)(dict + 1);
}

/* Cells that the search for the key of entry `i` passes, its own included. */
static size_t cells_passed(const struct weft__table *t, size_t i) {
  const uintptr_t *entry = weft__table_entry(t, i);
  int64_t hash = hash_of((weft_object *)entry[0]);
  struct weft__probe p = weft__probe_start(t, (uint64_t)hash);
  const uint64_t number = ((uint64_t)1 << weft__cell_shift(t->width)) - 1;
  size_t cells = 1;
  for (; (weft__cell_load(t, p.i, t->width) & number) != i + 1; weft__probe_next(&p)) {
    cells++;
    cr_assert_leq(cells, t->mask + 1, "the search never finds it");
  }
  return cells;
}

/* The mean for all keys. */
static double work(weft_object *dict) {
  const struct weft__table *t = table_of(dict);
  size_t cells = 0;
  for (size_t i = 0; i < t->used; i++) cells += cells_passed(t, i);
  return (double)cells / (double)t->used;
}

/* --- Flooding --- */

enum { KEYS = 20000 };

static uint64_t random_state;
static uint64_t random_bits(void) { /* splitmix64 (Steele, Lea, Flood 2014) */
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

typedef weft_object *(*pattern)(uint64_t i, uint64_t parameter);

static weft_object *random_int(uint64_t i, uint64_t unused) {
  (void)i, (void)unused;
  return INT((int64_t)(random_bits() >> 3));
}

static void make_keys(weft_object *keys[KEYS], pattern key, uint64_t parameter) {
  for (uint64_t i = 0; i < KEYS; i++) keys[i] = key(i, parameter);
}
static void drop_keys(weft_object *keys[KEYS]) {
  for (int i = 0; i < KEYS; i++) weft_decref(keys[i]);
}

static double work_of(weft_object *keys[KEYS]) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int i = 0; i < KEYS; i++) weft_dict_set(dict, keys[i], WEFT_NONE);
  cr_assert_eq(weft_dict_length(dict), KEYS, "the pattern's keys are different");
  return work(dict);
}

/* Compares the work that the pattern's keys make with that of random ones: on the average over the keys that a process
 * may choose for its tables it is at most twice as much, and with none of them four times. These keys are chosen by
 * chance, but the same in every run. */
static void check_pattern(pattern key, uint64_t parameter, const char *what) {
  enum { TABLE_KEYS = SANITIZED ? 2 : 12 }; /* what is counted is the same with a sanitizer, and takes it minutes */
  static weft_object *keys[KEYS], *random_keys[KEYS];
  double ordinary = 0, sum = 0;
  make_keys(keys, key, parameter);
  for (int n = 0; n < TABLE_KEYS; n++) {
    random_state = (uint64_t)n;
    weft__table_key = random_bits() | 1; /* no dict is there that would be searched by the old one */
    if (n == 0) {
      make_keys(random_keys, random_int, 0);
      ordinary = work_of(random_keys);
      drop_keys(random_keys);
    }
    double got = work_of(keys);
    cr_assert_leq(got, 4 * ordinary, "%s %d, table key %d: %.2f cells, random keys %.2f", what, (int)parameter, n, got,
                  ordinary);
    sum += got;
  }
  cr_assert_leq(sum, TABLE_KEYS * 2 * ordinary, "%s %d: %.2f cells, random keys %.2f", what, (int)parameter,
                sum / TABLE_KEYS, ordinary);
  drop_keys(keys);
}

static weft_object *shifted(uint64_t i, uint64_t by) { return INT((int64_t)(i << by)); }
static weft_object *negative_shifted(uint64_t i, uint64_t by) { return INT(-1 - (int64_t)(i << by)); }
static weft_object *multiple(uint64_t i, uint64_t of) { return INT((int64_t)(i * of)); }
static weft_object *same_low_bits(uint64_t i, uint64_t bits) { return INT((int64_t)(i << bits | 0x2b7)); }
static weft_object *same_high_bits(uint64_t i, uint64_t high) { return INT((int64_t)(high << 32 | i)); }
static weft_object *square(uint64_t i, uint64_t by) { return INT((int64_t)(i * i << by)); }
static weft_object *grid(uint64_t i, uint64_t by) { return INT((int64_t)((i % 128) << by | (i / 128) << 20)); }
static weft_object *half(uint64_t i, uint64_t unused) {
  (void)unused;
  return FLOAT((double)i + 0.5);
}
static weft_object *reciprocal(uint64_t i, uint64_t unused) {
  (void)unused;
  return FLOAT(1 / (double)(i + 1));
}
static weft_object *text(uint64_t i, uint64_t unused) {
  (void)unused;
  return weft_str_format("key%llu", (unsigned long long)i);
}
static weft_object *pair(uint64_t i, uint64_t unused) {
  (void)unused;
  weft_auto weft_object *x = INT((int64_t)(i % 100)), *y = INT((int64_t)(i / 100));
  return weft_tuple_pack(2, x, y);
}
static weft_object *address(uint64_t i, uint64_t bytes) {
  return hooked_new((int64_t)((0x7f3210000000 + i * bytes) >> 4), (int64_t)i);
}

RuntimeTest(dict_tables, multiples_of_powers_of_two_do_not_crowd) {
  for (uint64_t by = 0; by < 46; by += by < 16 ? 4 : 1) check_pattern(shifted, by, "shifted by");
}
RuntimeTest(dict_tables, negative_multiples_of_powers_of_two_do_not_crowd) {
  for (uint64_t by = 0; by < 46; by += 7) check_pattern(negative_shifted, by, "negative, shifted by");
}
RuntimeTest(dict_tables, multiples_of_other_numbers_do_not_crowd) {
  const uint64_t numbers[] = {3, 10, 1000, 65537, 1000003, 600000000, UINT64_C(0x9e3779b97f4a)};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) check_pattern(multiple, numbers[i], "multiples of");
}
RuntimeTest(dict_tables, keys_that_agree_in_their_low_bits_do_not_crowd) {
  for (uint64_t bits = 10; bits < 46; bits += 5) check_pattern(same_low_bits, bits, "low bits");
}
RuntimeTest(dict_tables, keys_that_agree_in_their_high_bits_do_not_crowd) {
  for (uint64_t high = 1; high < 100000000; high *= 97) check_pattern(same_high_bits, high, "high bits");
}
RuntimeTest(dict_tables, squares_and_grids_do_not_crowd) {
  for (uint64_t by = 0; by < 30; by += 6) check_pattern(square, by, "squares shifted by");
  for (uint64_t by = 30; by < 50; by += 6) check_pattern(grid, by, "a grid shifted by");
}
RuntimeTest(dict_tables, floats_texts_and_tuples_do_not_crowd) {
  check_pattern(half, 0, "halves");
  check_pattern(reciprocal, 0, "reciprocals");
  check_pattern(text, 0, "texts");
  check_pattern(pair, 0, "pairs");
}
RuntimeTest(dict_tables, addresses_do_not_crowd) {
  const uint64_t sizes[] = {16, 32, 48, 64, 112, 512, 4096, 65536};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_pattern(address, sizes[i], "addresses, bytes apart:");
}

RuntimeTest(dict_tables, a_run_of_ints_lies_in_a_run_of_cells) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < KEYS; i++) set_new(dict, INT(1000 + i), WEFT_NONE);
  cr_assert(work(dict) == 1.0);
}

/* As many cells are passed as there are equal hashes before it, and a few others. */
RuntimeTest(dict_tables, keys_with_equal_hashes_are_found_in_the_order_in_which_they_came) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < 100; i++) set_new(dict, hooked_new(12345, i), WEFT_NONE);
  for (size_t i = 0; i < 100; i++) cr_assert_eq(cells_passed(table_of(dict), i), i + 1);
}

/* Without the use of deleted cells again the search for it would get longer each time. */
RuntimeTest(dict_tables, a_key_that_comes_and_goes_stays_near) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < KEYS; i++) set_new(dict, INT(i), WEFT_NONE);
  weft_auto weft_object *number = INT(-7), *mixed = FLOAT(-7.5);
  int64_t room = weft_dict_capacity(dict);
  for (int round = 0; round < 1000; round++) {
    cr_assert_eq(weft_dict_set(dict, number, WEFT_NONE), 0);
    size_t used = table_of(dict)->used;
    cr_assert_leq(cells_passed(table_of(dict), used - 1), 200, "round %d", round);
    cr_assert_eq(weft_dict_delete(dict, number), 0);
  }
  cr_assert_eq(weft_dict_capacity(dict), room, "it is one table all the time");
  weft_dict_set(dict, mixed, WEFT_NONE);
  for (int round = 0; round < 1000; round++) {
    cr_assert_eq(weft_dict_set(dict, mixed, WEFT_NONE), 0);
    size_t used = table_of(dict)->used;
    cr_assert_leq(cells_passed(table_of(dict), used - 1), 200, "round %d", round);
    cr_assert_eq(weft_dict_delete(dict, mixed), 0);
  }
}

/* --- The first look --- */

/* In a table of more than 2^24 cells, each of 8 bytes, half of one may seem to lead anywhere, also to the entry that
 * the very key had before it was deleted. */
RuntimeTest(dict_tables, regress_the_first_look_is_not_misled_by_half_a_cell) {
  struct {
    struct weft__table head;
    uint64_t cells[8];
    uintptr_t entries[10];
  } t = {.head = {.entries = t.entries, .mask = 7, .capacity = 5, .used = 1, .bits = 3, .width = 3}};
  weft_auto weft_object *key = INT(1 << 20);
  uint64_t hash = (uint64_t)hash_of(key);
  memcpy((char *)t.cells + weft__table_first(&t.head, hash) * 4, &(uint32_t){1}, 4);
  t.entries[0] = (uintptr_t)key;
  cr_assert_null(weft__table_guess(&t.head, hash));
}
