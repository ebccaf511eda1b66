/* SPDX-License-Identifier: MIT */
/* 000 §5.13: a leak that snapshots find, what it really is, and the solution that the document has for it. */
#include "demos/tracemalloc.h"

static const char *const here = "tracemalloc_leak.c";

enum { ROUNDS = 5, PER_ROUND = 100, SHOWN = 3 };
static int of_key, of_result;

static int64_t length_of_round(int round) { return 1000 + round * 100; }

/* [d * 2 for d in data] */
static weft_object *doubled(weft_object *data) {
  weft_auto weft_object *two = weft_int_new(2), *iterator = weft_iter(data);
  weft_object *result = weft_list_new();
  for (weft_object *d; (d = weft_next(iterator)); weft_decref(d)) {
    weft_auto weft_object *twice = AT_LINE(&of_result, weft_multiply(d, two));
    weft_list_append(result, twice);
  }
  return result;
}

/* def process(self, data) of the leaking class. */
static void process(weft_object *cache, weft_object *data_steal) {
  weft_auto weft_object *data = data_steal, *key = AT_LINE(&of_key, weft_str(data)), *found = NULL;
  if (weft_dict_find(cache, key, &found) == 1) return;
  weft_auto weft_object *result = doubled(data);
  weft_dict_set(cache, key, result);
}

static weft_object *range_list(int64_t from, int64_t n) {
  weft_auto weft_object *range = weft_range_new(from, from + n, 1);
  return weft_list_from(range);
}

/* --- TM-39 --- */

/* Are the results, oldest first, as long as the rounds' data? */
static bool has_results_of_rounds(weft_object *cache) {
  weft_auto weft_object *values = weft_dict_values(cache), *iterator = weft_iter(values);
  int round = 0;
  for (weft_object *result; (result = weft_next(iterator)); weft_decref(result), round++)
    if (round >= ROUNDS || weft_list_length(result) != length_of_round(round)) return false;
  return round == ROUNDS;
}

static void show_cache(void) {
  weft_auto weft_object *cache = weft_dict_new();
  bool named = true;
  trace(1);
  weft_snapshot *before = weft_snapshot_take();
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < PER_ROUND; i++) process(cache, range_list(0, length_of_round(round)));
    weft_snapshot *after = weft_snapshot_take();
    weft_statistics *grown = weft_snapshot_compare(after, before, WEFT_SNAPSHOT_BY_LINE, false);
    tap_say("=== Iteration %d ===", round);
    say_top(grown, SHOWN);
    const weft_statistic *key = entry_at(grown, here, of_key);
    named = named && is_first(grown, here, of_result) && key && key->count_diff == 1 && key->size_diff > 0;
    weft_statistics_free(grown);
    weft_snapshot_free(before);
    before = after;
  }
  weft_snapshot_free(before);
  weft_tracemalloc_stop();
  int64_t entries = weft_dict_length(cache);
  bool five = has_results_of_rounds(cache);
  weft_dict_clear(cache);
  for (int i = 0; i < ROUNDS * PER_ROUND; i++) process(cache, range_list(i, 100));
  tap_say("entries: %d of %d calls with equal data in each round, %d of as many with different data", (int)entries,
          ROUNDS * PER_ROUND, (int)weft_dict_length(cache));
  tap_check(named && five && weft_dict_length(cache) == ROUNDS * PER_ROUND, "TM-39",
            "000 §5.13: the growing lines are those of the results and of the key; not unbounded as it stands: one "
            "entry for equal data");
}

/* --- TM-40 --- */

static weft_object *process_method(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  if (n != 2) return weft_raise(&weft_TypeError, "process() takes data");
  return doubled(args[1]);
}

static void show_solution(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "DataProcessor", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *function = weft_function_new("process", process_method, 0, NULL);
  weft_auto weft_object *cache = weft_lru_cache_new(function, 100, false), *name = weft_str_new("process");
  weft_type_set(type, name, cache);
  weft_object *processor = weft_instance_new(type);
  weft_auto weft_object *weak = weft_weakref_new(processor, NULL);
  weft_auto weft_object *list = range_list(0, 10), *tuple = weft_tuple_from(list);
  bool refused = raises_object(weft_call_method(processor, name, &list, 1), &weft_TypeError);
  weft_auto weft_object *first = weft_call_method(processor, name, &tuple, 1);
  weft_auto weft_object *second = weft_call_method(processor, name, &tuple, 1);
  bool works = first && first == second && weft_list_length(first) == 10;
  weft_decref(processor);
  weft_object *kept = weft_weakref_get(weak);
  bool lives = kept != WEFT_NONE;
  weft_decref(kept);
  weft_lru_cache_clear(cache);
  weft_auto weft_object *gone = weft_weakref_get(weak);
  tap_say("the processor is given up: %s; the cache is cleared: %s", lives ? "alive" : "dead",
          gone == WEFT_NONE ? "dead" : "alive");
  tap_check(refused && works && lives && gone == WEFT_NONE, "TM-40",
            "000 §5.13, its solution: refuses the list that the program passes; with a tuple it works, and keeps the "
            "processor alive");
}

void show_leak_hunt(void) {
  tap_title("A leak is found");
  show_cache();
  show_solution();
}
