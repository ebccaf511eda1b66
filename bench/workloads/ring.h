/* SPDX-License-Identifier: MIT */
/*
 * The ring of the handoff workloads: one producer, one consumer, 1024 pointers.
 *
 * Each side counts for itself and publishes its count every `batch` pointers, so that the line which holds it travels
 * that rarely. A side that cannot go on publishes what it has done, is released, and spins until the other has moved.
 *
 * Invariant: head <= tail <= head + BENCH_RING_SIZE for the published counts and for each side's own view.
 */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include "../../sync/atomic.h"
#include "../harness.h"

enum { BENCH_RING_SIZE = 1024, BENCH_RING_BATCH = 64 };

struct bench_ring {
  _Alignas(128) uint64_t tail;           /* atomic: published by the producer */
  _Alignas(128) uint64_t head;           /* atomic: published by the consumer */
  _Alignas(128) uint64_t put, seen_head; /* the producer's own */
  _Alignas(128) uint64_t got, seen_tail; /* the consumer's own */
  _Alignas(128) uint64_t batch;
  void *slots[BENCH_RING_SIZE];
};

/* Measures a body that produces as worker 0 and consumes as worker 1; its w->shared is the ring. */
void bench_measure_ring(bench_run *run, uint64_t (*body)(bench_worker *, uint64_t), uint64_t batch);

void bench_ring_await_space(bench_run *run, struct bench_ring *ring);
void bench_ring_await_item(bench_run *run, struct bench_ring *ring);

/* The producer: publishes what it has put, at the latest when it stops. */
static inline void bench_ring_flush(struct bench_ring *ring) {
  /* order: release [bench-ring-tail]: publishes the slots and what they point to; pairs with await_item */
  weft__store_release(&ring->tail, ring->put);
}

static inline void bench_ring_put(bench_run *run, struct bench_ring *ring, void *item) {
  if (ring->put - ring->seen_head == BENCH_RING_SIZE) bench_ring_await_space(run, ring);
  ring->slots[ring->put % BENCH_RING_SIZE] = item;
  if (++ring->put % ring->batch == 0) bench_ring_flush(ring);
}

static inline void *bench_ring_get(bench_run *run, struct bench_ring *ring) {
  if (ring->got == ring->seen_tail) bench_ring_await_item(run, ring);
  void *item = ring->slots[ring->got % BENCH_RING_SIZE];
  if (++ring->got % ring->batch == 0)
    /* order: release [bench-ring-head]: the slots have been read; pairs with await_space */
    weft__store_release(&ring->head, ring->got);
  return item;
}

#endif
