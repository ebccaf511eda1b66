/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the alloc_free and handoff families, for a program that has defined
 *
 *     void *block_new(void)                   an object of 24 bytes; ends the program when it fails
 *     void block_drop(void *block)            its last reference
 *     void block_give(void *block)            the caller is about to hand it to another thread,
 *     void block_take(void *block)            and has been handed it
 *     void pass_safepoint(void)
 *
 * as static inline functions or macros before it includes this. Gives heap_workloads[]. One operation is one object.
 */
#include <stdlib.h>

#include "ring.h"

enum { HANDOFFS_BETWEEN_SAFEPOINTS = 256 };

static uint64_t alloc_free_lifo(bench_worker *w, uint64_t iterations) {
  (void)w;
  for (uint64_t i = 0; i < iterations; i++) {
    void *block = block_new();
    bench_opaque(block);
    block_drop(block);
  }
  return iterations;
}

static uint64_t alloc_free_batch(bench_worker *w, uint64_t iterations) {
  size_t size = *(size_t *)w->shared;
  void **batch = bench_alloc(size * sizeof *batch);
  for (uint64_t i = 0; i < iterations; i++) {
    for (size_t j = 0; j < size; j++) batch[j] = block_new();
    for (size_t j = 0; j < size; j++) block_drop(batch[j]);
  }
  free(batch);
  return iterations * size;
}

static void hand_over(bench_run *run, struct bench_ring *ring) {
  void *block = block_new();
  block_give(block);
  bench_ring_put(run, ring, block);
}

static void receive(bench_run *run, struct bench_ring *ring) {
  void *block = bench_ring_get(run, ring);
  block_take(block);
  block_drop(block);
}

static uint64_t handoff_body(bench_worker *w, uint64_t iterations) {
  struct bench_ring *ring = w->shared;
  bool producer = w->index == 0;
  for (uint64_t i = 0; i < iterations; i++) {
    if (producer)
      hand_over(w->run, ring);
    else
      receive(w->run, ring);
    if (i % HANDOFFS_BETWEEN_SAFEPOINTS == HANDOFFS_BETWEEN_SAFEPOINTS - 1) pass_safepoint();
  }
  if (producer) bench_ring_flush(ring);
  return producer ? iterations : 0;
}

static void handoff(bench_run *run) { bench_measure_ring(run, handoff_body, BENCH_RING_BATCH); }

static void handoff_unbatched(bench_run *run) { bench_measure_ring(run, handoff_body, 1); }

static size_t batch_of_1000 = 1000, batch_of_100000 = 100000;

static const bench_workload heap_workloads[] = {
    {.name = "handoff", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = handoff},
    {.name = "handoff_unbatched", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = handoff_unbatched},
    {.name = "alloc_free_lifo", .threads = BENCH_T_UP, .work = {.body = alloc_free_lifo}},
    {.name = "alloc_free_batch1000",
     .threads = BENCH_T_UP,
     .work = {.body = alloc_free_batch, .shared = &batch_of_1000}},
    {.name = "alloc_free_batch100000",
     .threads = BENCH_T_UP,
     .work = {.body = alloc_free_batch, .shared = &batch_of_100000}},
    {.name = NULL},
};
