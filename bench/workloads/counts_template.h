/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the refcount family, for a program that has defined
 *
 *     object                                  a type
 *     object *object_new(void)                one reference, held by the caller; ends the program when it fails
 *     void object_incref(object *o)
 *     void object_decref(object *o)
 *
 * as static inline functions or macros before it includes this. Gives count_workloads[]. One operation is an incref
 * and a decref.
 */
#include <stdlib.h>

#include "../harness.h"

enum { COUNT_OBJECTS = 1000 };

static void count_setup(bench_worker *w) {
  object **objects = w->local = bench_alloc(COUNT_OBJECTS * sizeof *objects);
  for (int i = 0; i < COUNT_OBJECTS; i++) objects[i] = object_new();
}

static void count_teardown(bench_worker *w) {
  object **objects = w->local;
  for (int i = 0; i < COUNT_OBJECTS; i++) object_decref(objects[i]);
  free(objects);
}

static uint64_t count_pairs(object *o, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) {
    object_incref(o);
    bench_opaque(o);
    object_decref(o);
    bench_opaque(o);
  }
  return iterations;
}

static uint64_t refcount_local(bench_worker *w, uint64_t iterations) {
  return count_pairs(((object **)w->local)[0], iterations);
}

/* All of them up, then all of them down: the CPU cannot forward one store to the next load of the same count. */
static uint64_t refcount_local_1k(bench_worker *w, uint64_t iterations) {
  object **objects = w->local;
  for (uint64_t i = 0; i < iterations; i++) {
    for (int j = 0; j < COUNT_OBJECTS; j++) object_incref(objects[j]);
    bench_opaque(objects);
    for (int j = 0; j < COUNT_OBJECTS; j++) object_decref(objects[j]);
    bench_opaque(objects);
  }
  return iterations * COUNT_OBJECTS;
}

static uint64_t refcount_shared_body(bench_worker *w, uint64_t iterations) {
  return count_pairs(*(object **)w->shared, iterations);
}

/* The main thread makes the object; no worker owns it. */
static void refcount_shared(bench_run *run) {
  object *o = object_new();
  bench_measure(run, (bench_work){.body = refcount_shared_body, .shared = &o});
  object_decref(o);
}

static void owner_setup(bench_worker *w) {
  if (w->index == 0) *(object **)w->shared = object_new();
}

static void owner_teardown(bench_worker *w) {
  if (w->index == 0) object_decref(*(object **)w->shared);
}

static void refcount_shared_owner_plus_1(bench_run *run) {
  object *o = NULL;
  bench_measure(run, (bench_work){
                         .setup = owner_setup,
                         .body = refcount_shared_body,
                         .teardown = owner_teardown,
                         .shared = &o,
                     });
}

static const bench_workload count_workloads[] = {
    {.name = "refcount_local",
     .threads = BENCH_T(1),
     .work = {.setup = count_setup, .body = refcount_local, .teardown = count_teardown}},
    {.name = "refcount_local_1k",
     .threads = BENCH_T(1),
     .work = {.setup = count_setup, .body = refcount_local_1k, .teardown = count_teardown}},
    {.name = "refcount_shared", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = refcount_shared},
    {.name = "refcount_shared_owner_plus_1",
     .threads = BENCH_T(2),
     .flags = BENCH_CONTENDED,
     .run = refcount_shared_owner_plus_1},
    {.name = NULL},
};
