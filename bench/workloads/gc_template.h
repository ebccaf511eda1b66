/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the collector, for a program that has defined what footprint_template.h and
 * list_template.h want, and
 *
 *     object *nothing                                a value that is no container
 *     object *tuple2_item(object *o, size_t i)       borrowed
 *     void gc_collect(void)                          all generations
 *     void gc_switch(bool on)                        does it run by itself?
 *     void gc_watch(void (*start)(void), void (*stop)(void))   called before and after each collection; NULL: no more
 *
 * Gives gc_workloads[]. Figures are nanoseconds per object: times a million is a pause of a million objects.
 */
#include <stdlib.h>

#include "../harness.h"

enum { GC_OBJECTS = 1000000, TREE_DEPTH = 16, TREE_NODES = (1 << (TREE_DEPTH + 1)) - 1, PAUSES_MAX = 1 << 16 };

/* --- Dead cycles --- */

static void gc_cycles_once(bench_run *run, void *unused) {
  (void)unused;
  uint64_t start = bench_now();
  for (int i = 0; i < GC_OBJECTS / 2; i++) {
    list *a = list_new(), *b = list_new();
    list_append(a, b);
    list_append(b, a);
    list_drop(a);
    list_drop(b);
  }
  uint64_t built = bench_now();
  gc_collect();
  bench_sample(run, "ns_per_op", (double)(bench_now() - built) / GC_OBJECTS);
  bench_sample(run, "build_ns", (double)(built - start) / GC_OBJECTS);
}
static void gc_cycles_collect(bench_run *run) {
  gc_switch(false);
  gc_collect();
  bench_repeat(run, 0, gc_cycles_once, NULL);
  gc_switch(true);
}

/* --- A million live lists --- */

enum gc_shape { GC_CHAIN, GC_RANDOM, GC_LEAF };

static list **gc_build(enum gc_shape shape, object *leaf) {
  list **all = bench_alloc(GC_OBJECTS * sizeof *all);
  uint64_t random = 88172645463325252u;
  for (size_t i = 0; i < GC_OBJECTS; i++) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    all[i] = list_new();
    if (i) list_append(all[i], shape == GC_LEAF ? leaf : all[shape == GC_CHAIN ? i - 1 : random % i]);
  }
  return all;
}
static void gc_drop(list **all) {
  for (size_t i = 0; i < GC_OBJECTS; i++) list_drop(all[i]);
  free(all);
}

static void gc_live_once(bench_run *run, void *unused) {
  (void)unused;
  uint64_t start = bench_now();
  gc_collect();
  bench_sample(run, "ns_per_op", (double)(bench_now() - start) / GC_OBJECTS);
}
static void gc_live(bench_run *run, enum gc_shape shape) {
  gc_switch(false);
  object *leaf = object_new();
  list **all = gc_build(shape, leaf);
  bench_repeat(run, 0, gc_live_once, NULL);
  gc_drop(all);
  object_decref(leaf);
  gc_switch(true);
}
static void gc_full_live(bench_run *run) { gc_live(run, GC_CHAIN); }
static void gc_full_live_random(bench_run *run) { gc_live(run, GC_RANDOM); }
static void gc_full_live_leaf(bench_run *run) { gc_live(run, GC_LEAF); }

/* --- Pauses --- */

static uint64_t pause_start;
static double *pauses;
static size_t pauses_seen;
static void pause_begins(void) { pause_start = bench_now(); }
static void pause_ends(void) {
  if (pauses_seen < PAUSES_MAX) pauses[pauses_seen++] = (double)(bench_now() - pause_start);
}

static void watch_pauses(void) {
  pauses = bench_alloc(PAUSES_MAX * sizeof *pauses);
  pauses_seen = 0;
  gc_collect();
  gc_switch(true);
  gc_watch(pause_begins, pause_ends);
}
static void sample_pauses(bench_run *run) {
  gc_watch(NULL, NULL);
  if (pauses_seen == 0) bench_fail("no collection");
  bench_sample_latencies(run, pauses, pauses_seen);
  bench_sample(run, "collections", (double)pauses_seen);
  free(pauses);
}

/* With `live` lists, two million that die in cycles. */
static void gc_pause_with(bench_run *run, size_t live) {
  list **all = bench_alloc(live * sizeof *all);
  for (size_t i = 0; i < live; i++) all[i] = list_new();
  watch_pauses();
  for (int i = 0; i < 2 * GC_OBJECTS; i++) {
    list *a = list_new();
    list_append(a, a);
    list_drop(a);
  }
  sample_pauses(run);
  for (size_t i = 0; i < live; i++) list_drop(all[i]);
  free(all);
}
static void gc_pause(bench_run *run) { gc_pause_with(run, GC_OBJECTS); }
static void gc_pause_10k(bench_run *run) { gc_pause_with(run, GC_OBJECTS / 100); }

/* With a million live lists, two million more that stay. */
static void gc_pause_growth(bench_run *run) {
  bench_fetch_memory(512 << 20);
  list **all = bench_alloc(3 * GC_OBJECTS * sizeof *all);
  size_t n = 0;
  while (n < GC_OBJECTS) all[n++] = list_new();
  watch_pauses();
  while (n < 3 * GC_OBJECTS) all[n++] = list_new();
  sample_pauses(run);
  while (n > 0) list_drop(all[--n]);
  free(all);
}

/* --- Binary trees --- */

static object *tree_new(int depth) {
  if (depth == 0) return tuple2_new(nothing, nothing);
  object *left = tree_new(depth - 1), *right = tree_new(depth - 1);
  object *tree = tuple2_new(left, right);
  object_decref(left);
  object_decref(right);
  return tree;
}
static uint64_t tree_count(object *tree) {
  object *left = tuple2_item(tree, 0);
  return left == nothing ? 1 : 1 + tree_count(left) + tree_count(tuple2_item(tree, 1));
}
static uint64_t binary_trees_body(bench_worker *w, uint64_t iterations) {
  (void)w;
  for (uint64_t i = 0; i < iterations; i++) {
    object *tree = tree_new(TREE_DEPTH);
    if (tree_count(tree) != TREE_NODES) bench_fail("nodes are lost");
    object_decref(tree);
  }
  return iterations * TREE_NODES;
}
static void binary_trees(bench_run *run) {
  gc_switch(true);
  bench_measure(run, (bench_work){.body = binary_trees_body});
}
static void binary_trees_nogc(bench_run *run) {
  gc_switch(false);
  bench_measure(run, (bench_work){.body = binary_trees_body});
  gc_switch(true);
}

/* --- Many live tuples; cycles on several threads --- */

static void tuples_15m_with(bench_run *run, bool on) {
  enum { TUPLES = 15000000, BYTES = 72 }; /* of a tuple, at most, and its reference */
  bench_fetch_memory((size_t)TUPLES * BYTES);
  object **all = bench_alloc(TUPLES * sizeof *all);
  gc_switch(on);
  uint64_t start = bench_now();
  for (size_t i = 0; i < TUPLES; i++) all[i] = tuple2_new(nothing, nothing);
  bench_sample(run, "ns_per_op", (double)(bench_now() - start) / TUPLES);
  gc_switch(true);
  for (size_t i = 0; i < TUPLES; i++) object_decref(all[i]);
  free(all);
}
static void tuples_15m(bench_run *run) { tuples_15m_with(run, true); }
static void tuples_15m_nogc(bench_run *run) { tuples_15m_with(run, false); }

/* Ten million objects in cycles, dropped as soon as they are made: how much memory do they take at most? */
static void gc_garbage_peak(bench_run *run) {
  enum { CYCLES = 5000000 };
  gc_switch(true);
  gc_collect();
  double before = bench_peak_bytes();
  uint64_t start = bench_now();
  for (int i = 0; i < CYCLES; i++) {
    list *a = list_new(), *b = list_new();
    list_append(a, b);
    list_append(b, a);
    list_drop(a);
    list_drop(b);
  }
  bench_sample(run, "ns_per_op", (double)(bench_now() - start) / (2 * CYCLES));
  bench_sample(run, "peak_mb", (bench_peak_bytes() - before) / 1e6);
}

static uint64_t gc_churn_body(bench_worker *w, uint64_t iterations) {
  (void)w;
  for (uint64_t i = 0; i < iterations; i++) {
    list *a = list_new(), *b = list_new();
    list_append(a, b);
    list_append(b, a);
    list_drop(a);
    list_drop(b);
  }
  return iterations * 2;
}
static void gc_churn(bench_run *run) {
  gc_switch(true);
  bench_measure(run, (bench_work){.body = gc_churn_body});
}

static const bench_workload gc_workloads[] = {
    {.name = "gc_cycles_collect", .threads = BENCH_T(1), .run = gc_cycles_collect},
    {.name = "gc_full_live", .threads = BENCH_T(1), .run = gc_full_live},
    {.name = "gc_full_live_random", .threads = BENCH_T(1), .run = gc_full_live_random},
    {.name = "gc_full_live_leaf", .threads = BENCH_T(1), .run = gc_full_live_leaf},
    {.name = "gc_pause", .threads = BENCH_T(1), .run = gc_pause},
    {.name = "gc_pause_10k", .threads = BENCH_T(1), .run = gc_pause_10k},
    {.name = "gc_pause_growth", .threads = BENCH_T(1), .run = gc_pause_growth},
    {.name = "gc_churn", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = gc_churn},
    {.name = "binary_trees", .threads = BENCH_T_UP, .run = binary_trees},
    {.name = "binary_trees_nogc", .threads = BENCH_T_UP, .run = binary_trees_nogc},
    {.name = "tuples_15M", .threads = BENCH_T(1), .run = tuples_15m},
    {.name = "tuples_15M_nogc", .threads = BENCH_T(1), .run = tuples_15m_nogc},
    {.name = "gc_garbage_peak", .threads = BENCH_T(1), .run = gc_garbage_peak},
    {.name = NULL},
};
