/* SPDX-License-Identifier: MIT */
/* Caches and registries that do not keep what is in them alive; exercise 5. */
#include "demos/caches.h"

/* --- LK-05, 06: solution 3 of document 003 --- */

/* def process(self, data) with a WeakValueDictionary. Returns new. */
static weft_object *process_weakly(weft_object *cache, int id) {
  weft_auto weft_object *key = weft_int_new(id);
  weft_object *result;
  if (weft_weak_dict_find(cache, key, &result) == 1) return result;
  result = process_function(id);
  if (weft_weak_dict_set(cache, key, result) < 0) weft_clear(&result);
  return result;
}

static void show_weak_cache(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new();
  processed = 0;
  weft_object *first = process_weakly(cache, 1), *second = process_weakly(cache, 1);
  bool same = answers("a second call while the result is held gives the same", weft_is(first, second), true);
  int computed = processed;
  weft_decref(first);
  weft_decref(second);
  int64_t released = weft_weak_dict_length(cache);
  for (int id = 0; id < 1000; id++) weft_decref(process_weakly(cache, id));
  int64_t unheld = weft_weak_dict_length(cache);
  weft_auto weft_object *held = weft_list_new();
  for (int id = 0; id < 10; id++) {
    weft_auto weft_object *result = process_weakly(cache, id);
    weft_list_append(held, result);
  }
  int64_t of_held = weft_weak_dict_length(cache);
  tap_say("%d computation; released: %d entries; 1000 unheld: %d; 10 held: %d", computed, (int)released, (int)unheld,
          (int)of_held);
  tap_check(same && computed == 1 && released == 0 && unheld == 0 && of_held == 10, "LK-05",
            "003, solution 3: a weak cache has what somebody else holds");
}

static void show_limits(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new();
  weft_auto weft_object *key = weft_int_new(1);
  weft_auto weft_object *number = weft_int_new(1000);
  bool refused = raises(weft_weak_dict_set(cache, key, number), &weft_TypeError);
  processed = 0;
  for (int i = 0; i < 100; i++) weft_decref(process_weakly(cache, 7));
  tap_say("100 calls for one id, with nobody to hold the result: %d computations", processed);
  tap_check(refused && processed == 100, "LK-06",
            "003, limits: a result that cannot be weakly referenced is refused; an unheld one is never found");
}

/* --- LK-10, 22: parents and children --- */

/* A parent with a child that leads back to it, dropped: how many objects the collector finds, and bytes that were left
 * until then. */
static int64_t found_after(bool weak, size_t *bytes) {
  weft_gc_collect(2);
  size_t before = bytes_in_use();
  weft_object *parent = weft_list_new(), *child = weft_list_new();
  weft_object *link = weak ? weft_weakref_new(parent, NULL) : weft_new_ref(parent);
  weft_list_append(parent, child);
  weft_list_append(child, link);
  weft_decref(link);
  weft_decref(child);
  weft_decref(parent);
  *bytes = bytes_in_use() - before;
  return weft_gc_collect(2);
}

static void show_parents(void) {
  size_t strong_bytes, weak_bytes;
  int64_t strong = found_after(false, &strong_bytes), weak = found_after(true, &weak_bytes);
  tap_say("child -> parent strong: %d left for the collector (%zu bytes); weak: %d (%zu)", (int)strong, strong_bytes,
          (int)weak, weak_bytes);
  tap_check(strong == 2 && weak == 0, "LK-10",
            "003, pattern 3: a circular parent waits for the collector, a weak one dies at once");
  tap_check(strong_bytes > 0 && weak_bytes == 0, "LK-22", "002, problem 2: with weak links no memory is left behind");
}

/* --- LK-17: a registry --- */

static void show_registry(void) {
  enum { PROCESSORS = 100 };
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Processor", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *registry = weft_weak_set_new();
  weft_object *held[PROCESSORS];
  for (int i = 0; i < PROCESSORS; i++) {
    held[i] = weft_instance_new(type);
    weft_weak_set_add(registry, held[i]);
  }
  int64_t alive = weft_weak_set_length(registry);
  for (int i = 0; i < PROCESSORS; i++) weft_decref(held[i]);
  int64_t after = weft_weak_set_length(registry);
  tap_say("%d processors: %d registered; dropped: %d", PROCESSORS, (int)alive, (int)after);
  tap_check(alive == PROCESSORS && after == 0, "LK-17", "001, fix: a WeakSet as registry keeps nothing alive");
}

/* --- EX-05 --- */

/* cache.get(key): None when it is not there, or not any more. Returns new. */
static weft_object *cache_get(weft_object *cache, const char *key) {
  weft_auto weft_object *name = weft_str_new(key);
  weft_object *value;
  return weft_weak_dict_find(cache, name, &value) == 1 ? value : WEFT_NONE;
}

static void show_exercise(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new();
  weft_object *data = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *key = weft_str_new("data");
  weft_weak_dict_set(cache, key, data);
  weft_object *got = cache_get(cache, "data");
  bool good = prints("cache.set('data', data); print(cache.get('data'))", got, "[1, 2, 3]");
  weft_decref(got);
  weft_decref(data);
  good = prints("del data; print(cache.get('data'))", cache_get(cache, "data"), "None") && good;
  good = prints("print(cache.get('unknown'))", cache_get(cache, "unknown"), "None") && good;
  tap_check(good, "EX-05", "002, exercise 5: as the document expects; CPython refuses a plain list");
}

/* --- LK-28 --- */

static void show_principles(void) {
  size_t before = bytes_in_use();
  weft_object *list = list_of_ints(1, 1000);
  bool monitored = bytes_in_use() > before;
  weft_decref(list);
  monitored = monitored && bytes_in_use() == before;
  tap_say("1. Bound your data structures (LK-02)");
  tap_say("2. Do not store what is not needed (LK-09)");
  tap_say("3. Use the structure that fits: LRU, weak references (LK-05)");
  tap_say("4. Provide a method that cleans up (LK-04)");
  tap_say("5. Monitor: the heap's figures show each list that comes and goes");
  tap_check(monitored, "LK-28", "003: the principles, each of which a check above shows");
}

void show_weak(void) {
  tap_title("Caches that hold weakly");
  weft_synchronize();
  show_weak_cache();
  show_limits();
  show_parents();
  show_registry();
  show_exercise();
  show_principles();
}
