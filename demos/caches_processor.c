/* SPDX-License-Identifier: MIT */
/* Document 003: a DataProcessor that leaks, and ways to mend it. */
#include <stdio.h>
#include <string.h>

#include "demos/caches.h"

enum { IDS = 1000, CAPACITY = 100, CALLS = 200000, SAMPLES = 10 };

/* A processor: what it keeps, and by which rule. */
enum rule { KEEPS_ALL, LEAST_RECENTLY_USED, FIRST_IN_FIRST_OUT };

struct processor {
  enum rule rule;
  int64_t capacity;
  weft_object *cache; /* an OrderedDict, or of first in, first out a dict */
  weft_object *data;  /* a list; only of who keeps all */
};

static struct processor processor_new(enum rule rule, int64_t capacity) {
  return (struct processor){.rule = rule,
                            .capacity = capacity,
                            .cache = rule == LEAST_RECENTLY_USED ? weft_ordered_dict_new() : weft_dict_new(),
                            .data = rule == KEEPS_ALL ? weft_list_new() : NULL};
}

static void processor_drop(struct processor *p) {
  weft_clear(&p->cache);
  weft_clear(&p->data);
}

/* def process(self, data) of the original: it never looks in the cache. Returns new. */
static weft_object *process_and_keep(struct processor *p, weft_object *key, int id) {
  weft_object *result = process_function(id);
  weft_dict_set(p->cache, key, result);
  weft_list_append(p->data, result);
  return result;
}

/* … of the solutions. */
static weft_object *process_bounded(struct processor *p, weft_object *key, int id) {
  bool lru = p->rule == LEAST_RECENTLY_USED;
  weft_object *result;
  if (weft_dict_find(p->cache, key, &result) == 1) {
    if (lru) weft_dict_move_to_end(p->cache, key, true);
    return result;
  }
  result = process_function(id);
  if (!lru && weft_dict_length(p->cache) >= p->capacity) weft_decref(weft_dict_pop_first(p->cache));
  weft_dict_set(p->cache, key, result);
  if (lru && weft_dict_length(p->cache) > p->capacity) weft_decref(weft_dict_pop_first(p->cache));
  return result;
}

static weft_object *process(struct processor *p, int id) {
  weft_auto weft_object *key = weft_int_new(id);
  return p->rule == KEEPS_ALL ? process_and_keep(p, key, id) : process_bounded(p, key, id);
}

static void process_all(struct processor *p, int from, int to) {
  for (int id = from; id < to; id++) weft_decref(process(p, id));
}
static void process_these(struct processor *p, size_t n, const int *ids) {
  for (size_t i = 0; i < n; i++) weft_decref(process(p, ids[i]));
}

/* The key at an end of the cache. */
static int64_t end_key(weft_object *cache, bool last) {
  weft_auto weft_object *iterator = last ? weft_reversed(cache) : weft_iter(cache);
  weft_auto weft_object *key = weft_next(iterator);
  return key ? weft_int_value(key) : -1;
}

static bool has_keys(struct processor *p, const char *code, const char *python) {
  weft_auto weft_object *keys = weft_dict_keys(p->cache);
  return prints(code, keys, python);
}

/* --- LK-01 to 04, 07 to 09 --- */

static void show_original(void) {
  struct processor p = processor_new(KEEPS_ALL, 0);
  processed = 0;
  process_all(&p, 0, IDS);
  int64_t cache = weft_dict_length(p.cache), data = weft_list_length(p.data);
  tap_say("1000 ids: cache %d, processed_data %d", (int)cache, (int)data);
  for (int i = 0; i < IDS; i++) weft_decref(process(&p, 7));
  int64_t cache2 = weft_dict_length(p.cache), data2 = weft_list_length(p.data);
  tap_say("and 1000 times one id: cache %d, processed_data %d, %d calls", (int)cache2, (int)data2, processed);
  tap_check(cache == IDS && data == IDS && cache2 == IDS && data2 == 2 * IDS && processed == 2 * IDS, "LK-01",
            "003, original: both grow for ever, and the cache is never looked at");
  processor_drop(&p);
}

static const int five[] = {1, 2, 3, 1, 4};

static void show_least_recent(void) {
  struct processor p = processor_new(LEAST_RECENTLY_USED, CAPACITY);
  process_all(&p, 0, IDS);
  int64_t size = weft_dict_length(p.cache), oldest = end_key(p.cache, false), newest = end_key(p.cache, true);
  tap_say("1000 ids, capacity 100: %d are left, oldest %d, newest %d", (int)size, (int)oldest, (int)newest);
  processor_drop(&p);
  p = processor_new(LEAST_RECENTLY_USED, 3);
  processed = 0;
  process_these(&p, 5, five);
  bool keys = has_keys(&p, "capacity 3, ids 1, 2, 3, 1, 4; keys", "[3, 1, 4]");
  tap_check(size == CAPACITY && oldest == 900 && newest == 999 && keys && processed == 4, "LK-02",
            "003, solution 1: what was used least recently goes; %d calls", processed);
  processor_drop(&p);
}

static void show_first_in(void) {
  struct processor p = processor_new(FIRST_IN_FIRST_OUT, CAPACITY);
  process_all(&p, 0, IDS);
  int64_t size = weft_dict_length(p.cache);
  processor_drop(&p);
  p = processor_new(FIRST_IN_FIRST_OUT, 3);
  process_these(&p, 5, five);
  bool keys = has_keys(&p, "capacity 3, ids 1, 2, 3, 1, 4; keys", "[2, 3, 4]");
  tap_check(size == CAPACITY && keys, "LK-03",
            "003, solution 2: first in, first out; not random, as its comment says, and one key other than solution 1");
  processor_drop(&p);
  size_t before = bytes_in_use();
  p = processor_new(FIRST_IN_FIRST_OUT, CAPACITY);
  size_t empty = bytes_in_use();
  process_all(&p, 0, IDS);
  size_t full = bytes_in_use();
  weft_dict_clear(p.cache);
  size_t cleared = bytes_in_use();
  int64_t left = weft_dict_length(p.cache);
  tap_say("bytes: new %zu, full %zu, cleared %zu", empty - before, full - before, cleared - before);
  tap_check(left == 0 && full > empty && cleared <= empty, "LK-04",
            "003, solution 2: cleared by hand, its memory is back");
  processor_drop(&p);
}

static void show_whole_class(void) {
  struct processor p = processor_new(LEAST_RECENTLY_USED, 3);
  process_all(&p, 1, 4);
  bool good = weft_dict_length(p.cache) == 3 && has_keys(&p, "info: size 3, max_size 3, keys", "[1, 2, 3]");
  process_all(&p, 2, 3);
  good = has_keys(&p, "process(2); keys", "[1, 3, 2]") && good;
  weft_dict_clear(p.cache);
  tap_check(good && weft_dict_length(p.cache) == 0, "LK-07",
            "003, solution 4: process, clear, size and info; its comment says FIFO, but it is LRU");
  processor_drop(&p);
}

static void show_patterns(void) {
  struct processor all = processor_new(KEEPS_ALL, 0), bounded = processor_new(LEAST_RECENTLY_USED, CAPACITY);
  bool good = true;
  tap_say("steps   unbounded   bounded");
  for (int from = 0; from < 5 * IDS; from += IDS) {
    process_all(&all, from, from + IDS);
    process_all(&bounded, from, from + IDS);
    int64_t a = weft_dict_length(all.cache), b = weft_dict_length(bounded.cache);
    tap_say("%5d   %9d   %7d", from + IDS, (int)a, (int)b);
    good = good && a == from + IDS && b == CAPACITY;
  }
  tap_check(good, "LK-08", "003, pattern 1: an unbounded cache beside a bounded one");
  tap_check(weft_list_length(all.data) == 5 * IDS && !bounded.data, "LK-09",
            "003, pattern 2: results that are stored, %d of them; results that are only returned, 0",
            (int)weft_list_length(all.data));
  processor_drop(&all);
  processor_drop(&bounded);
}

/* --- LK-12, 13, 27: memory over many calls --- */

/* Bytes that the processor takes, ten times. */
static void sample(struct processor *p, size_t bytes[SAMPLES]) {
  size_t before = bytes_in_use();
  for (int i = 0; i < SAMPLES; i++) {
    process_all(p, i * (CALLS / SAMPLES), (i + 1) * (CALLS / SAMPLES));
    bytes[i] = bytes_in_use() - before;
  }
}

static void show_growth(void) {
  size_t bytes[SAMPLES];
  struct processor p = processor_new(KEEPS_ALL, 0);
  sample(&p, bytes);
  processor_drop(&p);
  for (int i = 0; i < SAMPLES; i++) tap_say("%7d calls: %5.1f MB", (i + 1) * (CALLS / SAMPLES), megabytes(bytes[i]));
  tap_check(bytes[SAMPLES - 1] >= 8 * bytes[0], "LK-12",
            "003, original: memory grows with the calls (Python: 3.5 to 39.0 MB)");
  double slope = (double)(bytes[SAMPLES - 1] - bytes[0]) / (CALLS - CALLS / SAMPLES);
  bool rises = true;
  for (int i = 1; i < SAMPLES; i++) rises = rises && bytes[i] > bytes[i - 1];
  tap_check(rises && slope > 0, "LK-27", "003: a leak is growth without release: %.0f bytes a call, at every sample",
            slope);
}

static void show_constancy(void) {
  static const char *const names[] = {"", "OrderedDict", "plain dict"};
  bool good = true;
  for (int rule = LEAST_RECENTLY_USED; rule <= FIRST_IN_FIRST_OUT; rule++) {
    size_t bytes[SAMPLES], low = SIZE_MAX, high = 0;
    struct processor p = processor_new((enum rule)rule, CAPACITY);
    process_all(&p, 0, 5 * CAPACITY); /* full, and its table as large as it will be */
    size_t full = bytes_in_use();
    weft_dict_clear(p.cache);
    size_t base = bytes_in_use();
    process_all(&p, 0, 5 * CAPACITY);
    sample(&p, bytes);
    for (int i = 0; i < SAMPLES; i++) {
      size_t now = bytes[i] + (full - base);
      low = now < low ? now : low;
      high = now > high ? now : high;
    }
    tap_say("%-12s %zu to %zu bytes over %d calls", names[rule], low, high, CALLS);
    good = good && (double)(high - low) <= 0.1 * (double)high;
    processor_drop(&p);
  }
  tap_check(good, "LK-13", "003, optimised: memory is constant within a tenth (Python: 27 and 20 KB)");
}

void show_processors(void) {
  tap_title("The DataProcessor of document 003");
  show_original();
  show_least_recent();
  show_first_in();
  show_whole_class();
  show_patterns();
  show_growth();
  show_constancy();
}
