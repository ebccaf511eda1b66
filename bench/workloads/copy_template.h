/* SPDX-License-Identifier: MIT */
/*
 * A template: deep copies and lru_cache, for a program that has defined what dict_template.h and list_template.h want,
 * int_new, and
 *
 *     object *copy_deep(object *o)                      a deep copy
 *     object *cache_new(void)                           an lru_cache of LRU_SIZE around a function that returns its
 *                                                       argument, an int, modulo LRU_VALUES
 *     object *cache_call(object *cache, object *key)
 *
 * Gives copy_workloads[]. The structure: a list of records, dicts with an int, a str, a list of strs and a list of two
 * lists of ints; 2501 containers, which CPython 3.14 takes some 1.4 ms to copy.
 */
#include "../harness.h"

enum { COPY_RECORDS = 500, LRU_SIZE = 1024, LRU_KEYS = 100, LRU_VALUES = 200 };

/* --- Deep copies --- */

static void copy_append_steal(list *l, object *o) {
  list_append(l, o);
  object_decref(o);
}

static void copy_set_steal(dict *d, const char *key, object *value) {
  object *name = text_new(key);
  dict_set(d, name, value);
  object_decref(name);
  object_decref(value);
}

static object *copy_record(int i) {
  dict *record = dict_new();
  copy_set_steal(record, "id", int_new(1000 + i));
  copy_set_steal(record, "name", text_new("the name of a record"));
  list *tags = list_new(), *matrix = list_new();
  for (int k = 0; k < 3; k++) copy_append_steal(tags, text_new("tag"));
  for (int k = 0; k < 2; k++) {
    list *row = list_new();
    for (int j = 0; j < 2; j++) copy_append_steal(row, int_new(1000 + k + j));
    copy_append_steal(matrix, (object *)row);
  }
  copy_set_steal(record, "tags", (object *)tags);
  copy_set_steal(record, "matrix", (object *)matrix);
  return (object *)record;
}

static void copy_setup(bench_worker *w) {
  list *records = list_new();
  for (int i = 0; i < COPY_RECORDS; i++) copy_append_steal(records, copy_record(i));
  w->local = records;
}

/* A list of so many empty lists. */
static object *copy_lists(int64_t n) {
  list *lists = list_new();
  for (int64_t i = 0; i < n; i++) copy_append_steal(lists, (object *)list_new());
  return (object *)lists;
}
static void copy_setup_1k(bench_worker *w) { w->local = copy_lists(1000); }
static void copy_setup_1m(bench_worker *w) { w->local = copy_lists(1000000); }

static void copy_teardown(bench_worker *w) { object_decref((object *)w->local); }

/* One operation copies the whole, and drops the copy. */
static uint64_t copy_body(bench_worker *w, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) object_decref(copy_deep((object *)w->local));
  return iterations;
}
/* One operation copies a list. */
static uint64_t copy_body_1k(bench_worker *w, uint64_t iterations) { return 1000 * copy_body(w, iterations); }
static uint64_t copy_body_1m(bench_worker *w, uint64_t iterations) { return 1000000 * copy_body(w, iterations); }

/* --- Hits of one cache by all threads. Results are small ints, which nobody counts. --- */

struct lru_bench {
  object *cache, *keys[4 * LRU_KEYS];
};

static uint64_t lru_hits(struct lru_bench *l, size_t first, uint64_t iterations) {
  for (uint64_t n = 0; n < iterations; n++)
    for (size_t i = first; i < first + LRU_KEYS; i++) {
      object *o = cache_call(l->cache, l->keys[i]);
      bench_opaque(o);
      object_decref(o);
    }
  return iterations * LRU_KEYS;
}
static uint64_t lru_body(bench_worker *w, uint64_t iterations) { return lru_hits(w->shared, 0, iterations); }
/* Each with keys of its own. */
static uint64_t lru_body_own(bench_worker *w, uint64_t iterations) {
  return lru_hits(w->shared, w->index % 4 * LRU_KEYS, iterations);
}

static void lru_measure(bench_run *run, uint64_t (*body)(bench_worker *, uint64_t)) {
  struct lru_bench *l = bench_alloc(sizeof *l);
  l->cache = cache_new();
  for (int i = 0; i < 4 * LRU_KEYS; i++) {
    l->keys[i] = int_new(1000 + i);
    object_decref(cache_call(l->cache, l->keys[i]));
  }
  bench_measure(run, (bench_work){.body = body, .shared = l});
  for (int i = 0; i < 4 * LRU_KEYS; i++) object_decref(l->keys[i]);
  object_decref(l->cache);
  free(l);
}
static void lru_hit(bench_run *run) { lru_measure(run, lru_body); }
static void lru_hit_own(bench_run *run) { lru_measure(run, lru_body_own); }

static const bench_workload copy_workloads[] = {
    {.name = "deepcopy",
     .threads = BENCH_T(1),
     .work = {.setup = copy_setup, .body = copy_body, .teardown = copy_teardown}},
    {.name = "deepcopy_1k",
     .threads = BENCH_T(1),
     .work = {.setup = copy_setup_1k, .body = copy_body_1k, .teardown = copy_teardown}},
    {.name = "deepcopy_1M",
     .threads = BENCH_T(1),
     .work = {.setup = copy_setup_1m, .body = copy_body_1m, .teardown = copy_teardown}},
    {.name = "lru_hit", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = lru_hit},
    {.name = "lru_hit_own", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = lru_hit_own},
    {.name = NULL},
};
