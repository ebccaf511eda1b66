/* SPDX-License-Identifier: MIT */
/* The waiting sides of the ring: see ring.h. */
#include "ring.h"

#include <sched.h>
#include <stdlib.h>

enum { SPINS_BEFORE_YIELD = 256 };

/* Waits, released, until *count is no longer what was seen; what it is then. */
static uint64_t await_change(bench_run *run, uint64_t *count, uint64_t seen) {
  uint64_t now;
  void *token = bench_release(run);
  /* order: acquire [bench-ring-tail]: of the consumer: sees the slots.
   * order: acquire [bench-ring-head]: of the producer: the slots may be written again. */
  for (unsigned spins = 1; (now = weft__load_acquire(count)) == seen; spins++) {
    if (spins % SPINS_BEFORE_YIELD == 0)
      sched_yield();
    else
      weft__cpu_relax();
  }
  bench_acquire(run, token);
  return now;
}

void bench_ring_await_space(bench_run *run, struct bench_ring *ring) {
  bench_ring_flush(ring);
  ring->seen_head = await_change(run, &ring->head, ring->seen_head);
}

void bench_ring_await_item(bench_run *run, struct bench_ring *ring) {
  weft__store_release(&ring->head, ring->got); /* order: release [bench-ring-head]: as in bench_ring_get */
  ring->seen_tail = await_change(run, &ring->tail, ring->seen_tail);
}

void bench_measure_ring(bench_run *run, uint64_t (*body)(bench_worker *, uint64_t), uint64_t batch) {
  struct bench_ring *ring = aligned_alloc(128, sizeof *ring);
  if (!ring) bench_fail("out of memory");
  *ring = (struct bench_ring){.batch = batch};
  bench_measure(run, (bench_work){.body = body, .shared = ring});
  free(ring);
}
