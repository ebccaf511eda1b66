/* SPDX-License-Identifier: MIT */
/*
 * Two threads in turn: each sleeps, released, until the other wakes it, attaches, and wakes the other. On idle CPUs
 * most of the time is that of waking one.
 */
#include "workloads.h"

#include <errno.h>
#include <semaphore.h>

struct turns {
  sem_t turn[2];
};

static uint64_t take_turns(bench_worker *w, uint64_t iterations) {
  struct turns *turns = w->shared;
  for (uint64_t i = 0; i < iterations; i++) {
    void *token = bench_release(w->run);
    while (sem_wait(&turns->turn[w->index]) != 0 && errno == EINTR)
      ;
    bench_acquire(w->run, token);
    sem_post(&turns->turn[1 - w->index]);
  }
  return iterations;
}

void bench_switch_latency(bench_run *run) {
  struct turns turns;
  sem_init(&turns.turn[0], 0, 1); /* the last post of a repetition is the first turn of the next */
  sem_init(&turns.turn[1], 0, 0);
  bench_measure_floating(run, (bench_work){.body = take_turns, .shared = &turns});
  sem_destroy(&turns.turn[0]);
  sem_destroy(&turns.turn[1]);
}
