/* SPDX-License-Identifier: MIT */
/* Caches: entries that follow their objects. */
#include <pthread.h>
#include <stdlib.h>

#include "demos/weak.h"

static int64_t length(weft_object *dict) { return weft_weak_dict_length(dict); }
static bool holds(weft_object *dict, weft_object *key, weft_object *value) {
  weft_object *found = NULL;
  bool is = weft_weak_dict_find(dict, key, &found) == 1 && found == value;
  weft_xdecref(found);
  return is;
}

/* --- WR-09, WR-10 --- */

static void show_plain_list(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new(), *key = weft_str_new("key");
  weft_object *data = list_of_ints(3, 1, 2, 3);
  weft_weak_dict_set(cache, key, data);
  weft_auto weft_object *found = weft_weak_dict_get(cache, key);
  bool first = prints("cache['key']", found, "[1, 2, 3]");
  weft_clear(&found);
  weft_clear(&data);
  weft_object *none = weft_weak_dict_pop(cache, key, WEFT_NONE);
  bool second = prints("del data; cache.get('key')", none, "None");
  tap_say("(Python says TypeError: cannot create weak reference to 'list' object; the document prints the above)");
  tap_check(first && second, "WR-09", "002: a weak cache that holds a plain list");
}

static void show_follows(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new(), *key = weft_str_new("key");
  weft_object *o = thing_new();
  weft_weak_dict_set(cache, key, o);
  bool there = holds(cache, key, o) && length(cache) == 1;
  weft_clear(&o);
  tap_say("length 1, then, after del, %lld", (long long)length(cache));
  tap_check(there && length(cache) == 0 && weft_weak_dict_contains(cache, key) == 0, "WR-10",
            "004: an entry of a weak value dict follows its object");
}

/* --- WR-11, WR-28 --- */

static weft_object *big_object(void) {
  enum { ITEMS = 100000 };
  weft_object *none = WEFT_NONE, *o = thing_new();
  weft_auto weft_object *one = weft_list_of(1, &none), *number = weft_int_new(ITEMS),
                        *data = weft_multiply(one, number);
  set_attribute(o, "data", data);
  return o;
}

static void show_sizes(void) {
  weft_auto weft_object *normal = weft_dict_new(), *weak = weft_weak_value_dict_new(), *key = weft_str_new("big");
  weft_object *a = big_object(), *b = big_object();
  weft_dict_set(normal, key, a);
  weft_weak_dict_set(weak, key, b);
  int64_t before[2] = {weft_dict_length(normal), length(weak)};
  weft_auto weft_object *data = weft_getattr_text(b, "data");
  int64_t payload = weft_sizeof(data);
  weft_clear(&data);
  for (int i = 0; i < 3; i++) weft_synchronize(); /* what the threads before have left goes first */
  size_t bytes = bytes_in_use();
  weft_clear(&a);
  weft_clear(&b);
  weft_synchronize();
  size_t freed = bytes - bytes_in_use();
  int64_t after[2] = {weft_dict_length(normal), length(weak)};
  tap_say("normal: %lld, then %lld; weak: %lld, then %lld; %zu bytes freed, the payload is %lld (Python: 800,056)",
          (long long)before[0], (long long)after[0], (long long)before[1], (long long)after[1], freed,
          (long long)payload);
  bool good = before[0] == 1 && before[1] == 1 && after[0] == 1 && after[1] == 0;
  bool one = freed >= (size_t)payload && freed < 2 * (size_t)payload && payload >= 800000;
  tap_check(good && one, "WR-11", "001: a normal cache keeps its big object, a weak one lets it go");
  tap_check(good, "WR-28", "001, 003: weak references for caches");
}

/* --- WR-12 --- */

static void show_details(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new(), *a = weft_str_new("a"), *b = weft_str_new("b"),
                        *o = thing_new();
  weft_weak_dict_set(cache, a, o);
  weft_object *missing = NULL;
  bool good = answers("cache.get('b', None) is None", weft_weak_dict_find(cache, b, &missing) == 0 && !missing, true);
  good = answers("'a' in cache", weft_weak_dict_contains(cache, a) == 1, true) && good;
  tap_say("cache['b']");
  good = raises_object(weft_weak_dict_get(cache, b), &weft_KeyError) && good;
  weft_auto weft_object *other = thing_new(), *kept = weft_weak_dict_set_default(cache, a, other);
  good = answers("cache.setdefault('a', other) is obj", kept == o, true) && good;
  weft_auto weft_object *refs = weft_weak_dict_refs(cache), *ref = weft_list_get(refs, 0);
  good = answers("cache.valuerefs()[0]() is obj", weft_list_length(refs) == 1 && leads_to(ref, o), true) && good;
  weft_auto weft_object *popped = weft_weak_dict_pop(cache, a, NULL);
  good = answers("cache.pop('a') is obj", popped == o && length(cache) == 0, true) && good;
  weft_object *temporary = thing_new();
  weft_weak_dict_set(cache, b, temporary);
  weft_decref(temporary);
  good = answers("cache['b'] = Thing(); len(cache) == 0", length(cache) == 0, true) && good;
  tap_check(good, "WR-12", "001, 004: get, in, KeyError, setdefault, valuerefs, pop; what nobody else holds vanishes");
}

/* --- WR-13, WR-14 --- */

static void show_replaced(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new(), *key = weft_str_new("key"), *now = thing_new();
  weft_object *old = thing_new();
  weft_weak_dict_set(cache, key, old);
  weft_weak_dict_set(cache, key, now);
  weft_clear(&old);
  tap_check(answers("the new value is still there", holds(cache, key, now), true), "WR-13",
            "the death of a value that was replaced does not remove the new one");
}

enum { ENTRIES = 1000 };
static weft_object *objects[ENTRIES], *shared_cache;

static void *drop_all(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  for (int i = 0; i < ENTRIES; i++) {
    weft_clear(&objects[i]);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

/* Items that are alive when they are seen; -1: an error. */
static int64_t walk(void) {
  weft_auto weft_object *iterator = weft_weak_dict_iter_values(shared_cache);
  int64_t n = 0;
  for (weft_object *o; (o = weft_next(iterator)); n++) {
    if (o->type != thing_type || weft_refcount(o) < 1) n = -ENTRIES;
    weft_decref(o);
  }
  return weft_error_borrow() ? -1 : n;
}

static void show_iterating(void) {
  shared_cache = weft_weak_value_dict_new();
  for (int i = 0; i < ENTRIES; i++) {
    weft_auto weft_object *key = weft_int_new(i);
    weft_weak_dict_set(shared_cache, key, objects[i] = thing_new());
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, drop_all, NULL) != 0) abort();
  int64_t least = ENTRIES;
  bool good = true;
  for (int round = 0; round < 20; round++) {
    int64_t seen = walk();
    good = good && seen >= 0 && seen <= ENTRIES;
    least = seen < least ? seen : least;
    weft_poll();
  }
  WEFT_BEGIN_ALLOW_THREADS
  pthread_join(thread, NULL);
  WEFT_END_ALLOW_THREADS
  weft_synchronize();
  tap_say("20 rounds while another thread drops %d objects: at least %lld seen in a round; afterwards %lld", ENTRIES,
          (long long)least, (long long)length(shared_cache));
  tap_check(good && length(shared_cache) == 0, "WR-14",
            "iterating while entries die: no error, only live ones are seen");
  weft_clear(&shared_cache);
}

/* --- WR-15, FU-10, FU-12 --- */

static void show_keys(void) {
  weft_auto weft_object *data = weft_weak_key_dict_new(), *text = weft_str_new("attached");
  weft_object *o = thing_new();
  weft_weak_dict_set(data, o, text);
  bool there = holds(data, o, text);
  weft_clear(&o);
  bool gone = answers("the entry goes with its key", length(data) == 0, true);
  tap_say("data['str'] = 1");
  bool error = raises(weft_weak_dict_set(data, text, text), &weft_TypeError);
  weft_object *key = thing_new(), *value = thing_new();
  set_attribute(value, "key", key);
  weft_weak_dict_set(data, key, value);
  weft_clear(&key);
  weft_clear(&value);
  weft_gc_collect(2);
  bool kept = answers("a value that leads to its key keeps both", length(data) == 1, true);
  weft_weak_dict_clear(data);
  tap_check(there && gone && error && kept, "WR-15", "004: weak keys; a str is none; a value that leads to its key");
  tap_check(there && gone && kept, "FU-10", "004: weak keys attach data to objects, weak values make caches");
  weft_auto weft_object *number = weft_int_new(1000);
  bool refused = raises_object(weft_weakref_new(number, NULL), &weft_TypeError);
  refused = raises_object(weft_weakref_new(text, NULL), &weft_TypeError) && refused;
  tap_check(refused, "FU-12", "004: no weak references to ints and strs");
}

/* --- WR-16 --- */

static void show_sets(void) {
  weft_auto weft_object *s = weft_weak_set_new(), *a = thing_new(), *number = weft_int_new(5);
  weft_object *b = thing_new();
  weft_weak_set_add(s, a);
  weft_weak_set_add(s, b);
  weft_weak_set_add(s, b);
  int64_t two = weft_weak_set_length(s);
  weft_clear(&b);
  int64_t one = weft_weak_set_length(s);
  bool discarded = weft_weak_set_discard(s, a) == 1 && weft_weak_set_length(s) == 0;
  tap_say("members: %lld, after one has died %lld; s.add(5)", (long long)two, (long long)one);
  tap_check(two == 2 && one == 1 && discarded && raises(weft_weak_set_add(s, number), &weft_TypeError), "WR-16",
            "001, 004: a weak set: members once, gone with their death, discard, no ints");
}

/* --- WR-19 --- */

static void show_by_hand(void) {
  weft_auto weft_object *dict = weft_dict_new(), *key = weft_str_new("key");
  weft_object *o = thing_new();
  weft_auto weft_object *ref = weak_to(o, NULL);
  weft_dict_set(dict, key, ref);
  bool hit = leads_to(ref, o);
  weft_clear(&o);
  bool miss = leads_to(ref, NULL);
  int64_t stale = weft_dict_length(dict);
  if (leads_to(ref, NULL)) weft_dict_delete(dict, key);
  tap_say("hit while held, None afterwards; %lld stale entry stays, until it is swept: %lld", (long long)stale,
          (long long)weft_dict_length(dict));
  tap_check(hit && miss && stale == 1 && weft_dict_length(dict) == 0, "WR-19", "004: a dict of references by hand");
}

void show_caches(void) {
  tap_title("Caches");
  show_plain_list();
  show_follows();
  show_sizes();
  show_details();
  show_replaced();
  show_iterating();
  tap_title("Weak keys, weak sets");
  show_keys();
  show_sets();
  show_by_hand();
}
