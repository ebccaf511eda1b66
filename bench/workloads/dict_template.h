/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the dict family, for a program that has defined what counts_template.h and
 * value_template.h want, and
 *
 *     dict                                            a type
 *     object *text_new(const char *text)              a str whose hash has been asked for
 *     dict *dict_new(void)                            empty
 *     void dict_set(dict *d, object *k, object *v)    adds references
 *     object *dict_get(dict *d, object *k)            a reference of the caller's own
 *     void dict_drop(dict *d)                         the dict with all that is in it
 *
 * all of which end the program when they fail. Gives dict_workloads[], and build_dicts for bench_runtime.build. Keys
 * are found by the very object that was stored, or, `eqkey`, by an equal one.
 */
#include <stdlib.h>

#include "../harness.h"

enum { DICT_MANY = 100000, DICT_FEW = 1000, DICT_ROUNDS = 10 };

static void build_dicts(uint64_t n) {
  dict *d = dict_new();
  for (uint64_t i = 0; i < n; i++) {
    if (i % DICT_MANY == DICT_MANY - 1) {
      dict_drop(d);
      d = dict_new();
    }
    object *key = int_new((int64_t)i), *value = int_new(-(int64_t)i);
    dict_set(d, key, value);
    object_decref(key);
    object_decref(value);
  }
  dict_drop(d);
}

struct dict_keys {
  object *keys[DICT_MANY];
  object *equals[DICT_FEW];
  dict *few;
};

static object *dict_key(bool text, int i) {
  char name[24];
  snprintf(name, sizeof name, "key%d", i);
  return text ? text_new(name) : int_new(1000 + i);
}

static struct dict_keys *dict_keys_new(bool text) {
  struct dict_keys *k = calloc(1, sizeof *k);
  if (!k) bench_fail("no memory");
  for (int i = 0; i < DICT_MANY; i++) k->keys[i] = dict_key(text, i);
  k->few = dict_new();
  for (int i = 0; i < DICT_FEW; i++) {
    k->equals[i] = dict_key(text, i);
    dict_set(k->few, k->keys[i], k->keys[i]);
  }
  return k;
}

static void dict_keys_drop(struct dict_keys *k) {
  for (int i = 0; i < DICT_MANY; i++) object_decref(k->keys[i]);
  for (int i = 0; i < DICT_FEW; i++) object_decref(k->equals[i]);
  dict_drop(k->few);
  free(k);
}

/* A new dict each time, so that its growing is in the figure; the getting is one of its own. */
static void dict_set_once(bench_run *run, void *context) {
  struct dict_keys *k = context;
  uint64_t setting = 0, getting = 0;
  for (int round = 0; round < DICT_ROUNDS; round++) {
    dict *d = dict_new();
    uint64_t start = bench_now();
    for (int i = 0; i < DICT_MANY; i++) dict_set(d, k->keys[i], k->keys[i]);
    uint64_t full = bench_now();
    for (int i = 0; i < DICT_MANY; i++) {
      object *o = dict_get(d, k->keys[i]);
      bench_opaque(o);
      object_decref(o);
    }
    getting += bench_now() - full;
    setting += full - start;
    dict_drop(d);
  }
  bench_sample(run, "ns_per_op", (double)setting / (DICT_ROUNDS * (double)DICT_MANY));
  bench_sample(run, "get_ns", (double)getting / (DICT_ROUNDS * (double)DICT_MANY));
}

static void dict_set_100k(bench_run *run, bool text) {
  struct dict_keys *k = dict_keys_new(text);
  bench_repeat(run, 0, dict_set_once, k);
  dict_keys_drop(k);
}
static void dict_set_100k_str(bench_run *run) { dict_set_100k(run, true); }
static void dict_set_100k_int(bench_run *run) { dict_set_100k(run, false); }

static void dict_hit_setup_str(bench_worker *w) { w->local = dict_keys_new(true); }
static void dict_hit_setup_int(bench_worker *w) { w->local = dict_keys_new(false); }
static void dict_hit_teardown(bench_worker *w) { dict_keys_drop(w->local); }

static inline uint64_t dict_hit(dict *d, object *const *keys, uint64_t iterations) {
  for (uint64_t n = 0; n < iterations; n++)
    for (int i = 0; i < DICT_FEW; i++) {
      object *o = dict_get(d, keys[i]);
      bench_opaque(o);
      object_decref(o);
    }
  return iterations * DICT_FEW;
}
static uint64_t dict_hit_body(bench_worker *w, uint64_t iterations) {
  struct dict_keys *k = w->local;
  return dict_hit(k->few, k->keys, iterations);
}
static uint64_t dict_hit_eqkey_body(bench_worker *w, uint64_t iterations) {
  struct dict_keys *k = w->local;
  return dict_hit(k->few, k->equals, iterations);
}

static const bench_workload dict_workloads[] = {
    {.name = "dict_set_100k_str", .threads = BENCH_T(1), .run = dict_set_100k_str},
    {.name = "dict_set_100k_int", .threads = BENCH_T(1), .run = dict_set_100k_int},
    {.name = "dict_hit_1000_str",
     .threads = BENCH_T(1),
     .work = {.setup = dict_hit_setup_str, .body = dict_hit_body, .teardown = dict_hit_teardown}},
    {.name = "dict_hit_1000_str_eqkey",
     .threads = BENCH_T(1),
     .work = {.setup = dict_hit_setup_str, .body = dict_hit_eqkey_body, .teardown = dict_hit_teardown}},
    {.name = "dict_hit_1000_int",
     .threads = BENCH_T(1),
     .work = {.setup = dict_hit_setup_int, .body = dict_hit_body, .teardown = dict_hit_teardown}},
    {.name = "dict_hit_1000_int_eqkey",
     .threads = BENCH_T(1),
     .work = {.setup = dict_hit_setup_int, .body = dict_hit_eqkey_body, .teardown = dict_hit_teardown}},
    {.name = NULL},
};
