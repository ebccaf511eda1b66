/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads on ints and small tuples, for a program that has defined what counts_template.h wants,
 * pass_safepoint, and
 *
 *     object *int_new(int64_t value)
 *     object *int_add(object *a, object *b)             the runtime's generic addition
 *     object *tuple3_new(object *const items[3])        adds references to the items
 *
 * all of which end the program when they fail. Gives value_workloads[], and count_with_ints for bench_runtime.count.
 */
#include <stdlib.h>

#include "../harness.h"

enum { COUNTS_BETWEEN_SAFEPOINTS = 256, SUMMANDS = 1 << 20 };

static void count_with_ints(uint64_t n) {
  object *one = int_new(1), *at = int_new(0);
  for (uint64_t i = 0; i < n; i++) {
    object *next = int_add(at, one);
    object_decref(at);
    at = next;
    if (i % COUNTS_BETWEEN_SAFEPOINTS == COUNTS_BETWEEN_SAFEPOINTS - 1) pass_safepoint();
  }
  object_decref(at);
  object_decref(one);
}

/* One operation makes an int and adds it up. */
static uint64_t int_sum(bench_worker *w, uint64_t iterations) {
  object *sum = int_new(0);
  (void)w;
  for (uint64_t i = 0; i < iterations; i++) {
    object *summand = int_new((int64_t)(i % SUMMANDS));
    object *next = int_add(sum, summand);
    object_decref(summand);
    object_decref(sum);
    sum = next;
  }
  object_decref(sum);
  return iterations;
}

static void tuple3_setup(bench_worker *w) {
  object **items = w->local = bench_alloc(3 * sizeof *items);
  for (int i = 0; i < 3; i++) items[i] = object_new();
}

static void tuple3_teardown(bench_worker *w) {
  object **items = w->local;
  for (int i = 0; i < 3; i++) object_decref(items[i]);
  free(items);
}

static uint64_t tuple3_lifo(bench_worker *w, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) object_decref(tuple3_new(w->local));
  return iterations;
}

static uint64_t tuple3_batch(bench_worker *w, uint64_t iterations) {
  size_t size = *(size_t *)w->shared;
  object **batch = bench_alloc(size * sizeof *batch);
  for (uint64_t i = 0; i < iterations; i++) {
    for (size_t j = 0; j < size; j++) batch[j] = tuple3_new(w->local);
    for (size_t j = 0; j < size; j++) object_decref(batch[j]);
  }
  free(batch);
  return iterations * size;
}

static size_t batch_of_10000 = 10000;

static const bench_workload value_workloads[] = {
    {.name = "int_sum", .threads = BENCH_T(1), .work = {.body = int_sum}},
    {.name = "tuple3_lifo",
     .threads = BENCH_T(1),
     .work = {.setup = tuple3_setup, .body = tuple3_lifo, .teardown = tuple3_teardown}},
    {.name = "tuple3_batch10000",
     .threads = BENCH_T(1),
     .work = {.setup = tuple3_setup, .body = tuple3_batch, .teardown = tuple3_teardown, .shared = &batch_of_10000}},
    {.name = NULL},
};
