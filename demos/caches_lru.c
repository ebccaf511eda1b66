/* SPDX-License-Identifier: MIT */
/* OrderedDict's operations, lru_cache, and a bounded cache between threads. */
#include <stdio.h>

#include "demos/caches.h"
#include "demos/support/workers.h"

/* --- LK-14 --- */

static weft_object *letters(const char *text) {
  weft_object *o = weft_ordered_dict_new();
  for (; *text; text++) weft_dict_set_text(o, (char[]){*text, 0}, WEFT_NONE);
  return o;
}

static bool keys_are(const char *code, weft_object *o, const char *python) {
  weft_auto weft_object *keys = weft_dict_keys(o);
  return prints(code, keys, python);
}

static bool popped_is(const char *code, weft_object *pair_steal, const char *python) {
  weft_auto weft_object *pair = pair_steal;
  return pair && prints(code, weft_tuple_get_borrow(pair, 0), python);
}

static void show_order(void) {
  weft_auto weft_object *d = letters("abcd");
  weft_auto weft_object *b = weft_str_new("b");
  weft_auto weft_object *d_key = weft_str_new("d");
  weft_auto weft_object *x = weft_str_new("x");
  weft_dict_move_to_end(d, b, true);
  bool good = keys_are("d.move_to_end('b'); keys", d, "['a', 'c', 'd', 'b']");
  weft_dict_move_to_end(d, d_key, false);
  good = keys_are("d.move_to_end('d', last=False); keys", d, "['d', 'a', 'c', 'b']") && good;
  good = popped_is("d.popitem(last=False)[0]", weft_dict_pop_first(d), "d") && good;
  good = popped_is("d.popitem()[0]", weft_dict_pop_item(d), "b") && good;
  weft_dict_clear(d);
  good = raises_object(weft_dict_pop_item(d), &weft_KeyError) && good;
  good = raises_object(weft_dict_pop_first(d), &weft_KeyError) && good;
  good = raises(weft_dict_move_to_end(d, x, true), &weft_KeyError) && good;
  weft_auto weft_object *ab = letters("ab");
  weft_auto weft_object *ba = letters("ba");
  weft_auto weft_object *plain_ab = weft_dict_copy(ab);
  weft_auto weft_object *plain_ba = weft_dict_copy(ba);
  good = answers("OrderedDict a, b == OrderedDict b, a", weft_compare(ab, ba, WEFT_EQ) == 1, false) && good;
  good = answers("dict a, b == dict b, a", weft_compare(plain_ab, plain_ba, WEFT_EQ) == 1, true) && good;
  tap_check(good, "LK-14", "an OrderedDict: keys move to either end and are popped from it; order counts in equality");
}

/* --- LK-11, 15 --- */

static weft_object *process_body(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  return weft_is_instance(args[0], &weft_int_type) ? process_function((int)weft_int_value(args[0])) : WEFT_NONE;
}

static weft_object *cache_new(int64_t maxsize) {
  weft_auto weft_object *function = weft_function_new("process", process_body, 0, NULL);
  return weft_lru_cache_new(function, maxsize, false);
}

/* Returns new. */
static weft_object *ask(weft_object *cache, int id) {
  weft_auto weft_object *key = weft_int_new(id);
  return weft_call(cache, &key, 1);
}

static weft_lru_cache_info info_of(weft_object *cache) {
  weft_lru_cache_info info = {0};
  weft_lru_cache_get_info(cache, &info);
  tap_say("CacheInfo(hits=%d, misses=%d, maxsize=%d, currsize=%d)", (int)info.hits, (int)info.misses, (int)info.maxsize,
          (int)info.currsize);
  return info;
}

static void show_memoised(void) {
  weft_auto weft_object *global = weft_dict_new();
  weft_auto weft_object *cache = cache_new(100);
  for (int id = 0; id < 250; id++) {
    weft_auto weft_object *key = weft_int_new(id);
    weft_auto weft_object *result = process_function(id);
    weft_dict_set(global, key, result);
    weft_decref(ask(cache, id));
  }
  tap_say("250 calls: the global dict has %d entries", (int)weft_dict_length(global));
  weft_lru_cache_info info = info_of(cache);
  weft_auto weft_object *first = ask(cache, 249);
  weft_auto weft_object *again = ask(cache, 249);
  weft_lru_cache_info later = info_of(cache);
  tap_check(weft_dict_length(global) == 250 && info.hits == 0 && info.misses == 250 && info.currsize == 100 &&
                later.hits == 2 && weft_is(first, again),
            "LK-11",
            "003, pattern 4: a memoised function keeps 100; a repeat of the last is a hit, and the same object");
}

static void show_cache(void) {
  static const int ids[] = {1, 2, 3, 1, 4, 2};
  weft_auto weft_object *cache = cache_new(3);
  for (int i = 0; i < 6; i++) weft_decref(ask(cache, ids[i]));
  weft_lru_cache_info info = info_of(cache);
  bool good = info.hits == 1 && info.misses == 5 && info.currsize == 3;
  weft_lru_cache_clear(cache);
  info = info_of(cache);
  good = good && info.hits == 0 && info.misses == 0 && info.currsize == 0;
  weft_auto weft_object *list = weft_list_new();
  good = raises_object(weft_call(cache, &list, 1), &weft_TypeError) && good;
  for (int id = 0; id < 1000; id++) weft_decref(ask(cache, id));
  info = info_of(cache);
  tap_check(good && info.currsize == 3, "LK-15",
            "000 and 003: maxsize 3, calls 1, 2, 3, 1, 4, 2; cleared; a list is no key; 1000 values leave 3");
}

/* --- LK-30 --- */

enum { THREADS = 8, CALLS = 100000, CHECKED = 1000 };

static weft_object *call_often(size_t index, void *cache) {
  uint32_t chance = (uint32_t)index * 7919 + 1;
  for (int i = 0; i < CALLS; i++) {
    chance = chance * 1664525 + 1013904223;
    weft_auto weft_object *result = ask(cache, (int)(chance >> 24));
    if (!result) return NULL;
    weft_lru_cache_info info;
    if (i % CHECKED == 0 && (weft_lru_cache_get_info(cache, &info) < 0 || info.currsize > info.maxsize))
      return WEFT_FALSE;
  }
  return WEFT_TRUE;
}

static weft_object *return_itself(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  return weft_new_ref(args[0]);
}

static void show_threads(void) {
  weft_auto weft_object *function = weft_function_new("itself", return_itself, 0, NULL);
  weft_auto weft_object *cache = weft_lru_cache_new(function, 100, false);
  weft_object *results[THREADS] = {NULL};
  bool good = run_threads(THREADS, call_often, cache, results);
  for (int i = 0; i < THREADS; i++) {
    good = good && results[i] == WEFT_TRUE;
    weft_xdecref(results[i]);
  }
  weft_lru_cache_info info = info_of(cache);
  tap_check(good && info.hits + info.misses == (uint64_t)THREADS * CALLS && info.currsize == 100, "LK-30",
            "%d threads, %d calls each of 256 keys: never more than 100 results, and hits + misses = calls", THREADS,
            CALLS);
}

void show_lru(void) {
  tap_title("Order and lru_cache");
  show_order();
  show_memoised();
  show_cache();
  show_threads();
}
