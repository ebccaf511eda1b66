/* SPDX-License-Identifier: MIT */
/* How the tables of dicts and sets grow: when two thirds, or three fifths, of them are full. */
#include "demos/containers.h"

#include <stdio.h>

enum { MOST_STEPS = 6, MOST_KEYS = 400 };

/* A moment at which a table is made anew. */
struct step {
  int64_t length; /* keys, with the one that came */
  int64_t capacity, bytes;
};

/* A dict or set that keys are added to. */
struct table {
  weft_object *container;
  int (*add)(weft_object *container, weft_object *key);
  int64_t (*capacity)(weft_object *container);
  weft_object *(*key)(int i);
};

static weft_object *int_key(int i) { return weft_int_new(1000 + i); }
static weft_object *str_key(int i) { return weft_str_format("key%d", i); }
static weft_object *float_key(int i) { return weft_float_new(i + 0.5); }
static int dict_add(weft_object *dict, weft_object *key) { return weft_dict_set(dict, key, WEFT_NONE); }

/* Adds keys until the table has been made anew for the sixth time, or there are many. Returns how often it was. */
static int grow_table(const struct table *t, struct step steps[MOST_STEPS]) {
  int n = 0;
  int64_t bytes = weft_sizeof(t->container);
  for (int i = 0; i < MOST_KEYS && n < MOST_STEPS; i++) {
    weft_auto weft_object *key = t->key(i);
    if (!key || t->add(t->container, key) < 0) return -1;
    int64_t now = weft_sizeof(t->container);
    if (now != bytes) steps[n++] = (struct step){i + 1, t->capacity(t->container), now};
    bytes = now;
  }
  return n;
}

/* --- GROW-04 --- */

static int dict_steps(weft_object *(*key)(int), struct step steps[MOST_STEPS]) {
  weft_auto weft_object *dict = weft_dict_new();
  return grow_table(&(struct table){dict, dict_add, weft_dict_capacity, key}, steps);
}

/* Each time at the key after the last one that two thirds of the places hold, to twice as many places. */
static bool at_two_thirds(const struct step steps[MOST_STEPS]) {
  bool good = steps[0].length == 1;
  for (int i = 0, places = 8; i < MOST_STEPS; i++, places *= 2) {
    good = good && steps[i].capacity == 2 * places / 3;
    good = good && (i == 0 || steps[i].length == 2 * (places / 2) / 3 + 1);
  }
  return good;
}

static void show_dicts(void) {
  static const int cpython[] = {224, 352, 632, 1168, 2264, 4688}, cpython_strs[] = {184, 272, 464, 832, 1584, 3328};
  struct step ints[MOST_STEPS], strs[MOST_STEPS], others[MOST_STEPS];
  bool all = dict_steps(int_key, ints) == MOST_STEPS && dict_steps(str_key, strs) == MOST_STEPS &&
             dict_steps(float_key, others) == MOST_STEPS;
  if (!all) {
    tap_check(false, "GROW-04", "a dict did not grow as often as it should");
    return;
  }
  tap_say("document: \"resize when about 2/3 full\". A dict's bytes when the n-th key comes; str keys, other keys:");
  tap_say("  n-th key  places  room      CPython 3.14        here: str,   int, float");
  for (int i = 0; i < MOST_STEPS; i++)
    tap_say("  %8d  %6d  %4d     %5d   %5d         %5d  %5d  %5d", (int)strs[i].length, 8 << i, (int)strs[i].capacity,
            cpython_strs[i], cpython[i], (int)strs[i].bytes, (int)ints[i].bytes, (int)others[i].bytes);
  tap_say(
      "(CPython leaves hashes out where all keys are strs; Weft, where all are strs or ints. An index cell is wider");
  tap_say("here, for 8 bits of the hash: so a dict of strs is at times a few %% larger than CPython's.)");
  tap_check(at_two_thirds(ints) && at_two_thirds(strs) && at_two_thirds(others), "GROW-04",
            "a dict grows at key floor(2 * places / 3) + 1, to twice the places");
}

/* --- GROW-05 --- */

static void show_deletion(void) {
  weft_auto weft_object *dict = weft_dict_new();
  int64_t empty = weft_sizeof(dict), largest = 0;
  bool good = true;
  for (int i = 0; i < 200; i++) {
    weft_auto weft_object *key = int_key(i % 100);
    good = (i < 100 ? dict_add(dict, key) : weft_dict_delete(dict, key)) == 0 && good;
    if (i == 99) largest = weft_sizeof(dict);
  }
  int64_t emptied = weft_sizeof(dict), left = weft_dict_length(dict);
  good = weft_dict_clear(dict) == 0 && good;
  int64_t cleared = weft_sizeof(dict);
  tap_say("100 keys: %d bytes (CPython 4688); all deleted: %d (4688); cleared: %d (64)", (int)largest, (int)emptied,
          (int)cleared);
  tap_check(good && left == 0 && emptied == largest && cleared == empty && empty < largest, "GROW-05",
            "deleting keys does not shrink a dict, clearing it does");
}

/* --- GROW-06 --- */

static void show_sets(void) {
  static const int cpython[] = {728, 2264, 8408, 32984};
  enum { STEPS = sizeof cpython / sizeof *cpython };
  struct step steps[MOST_STEPS];
  weft_auto weft_object *set = weft_set_new();
  int64_t empty = weft_sizeof(set);
  size_t blocks = live_blocks();
  bool good = weft_set_add(set, WEFT_NONE) == 0 && live_blocks() == blocks && weft_set_clear(set) == 0;
  tap_say("document: an empty set is large. 8 places are inside it: %d bytes (CPython 216)", (int)empty);
  good = good && grow_table(&(struct table){set, weft_set_add, weft_set_capacity, int_key}, steps) == STEPS;
  for (int i = 0, places = 32; good && i < STEPS; i++, places *= 4) {
    tap_say("  key %3d: %4d places, room for %4d keys, %5d bytes (CPython %5d)", (int)steps[i].length, places,
            (int)steps[i].capacity, (int)steps[i].bytes, cpython[i]);
    int before = i == 0 ? 8 : places / 4;
    good = steps[i].length == ((before - 1) * 3 + 4) / 5 && steps[i].capacity == ((places - 1) * 3 - 1) / 5 &&
           steps[i].bytes <= cpython[i];
  }
  tap_check(good, "GROW-06", "a set has room for 4 keys in itself; then it grows fourfold when three fifths are full");
}

void show_tables(void) {
  show_dicts();
  show_deletion();
  show_sets();
}
