/* SPDX-License-Identifier: MIT */
/*
 * What the runtime adds to a thread's life. Most of the time is the kernel's, and waking an idle CPU, which drifts; so
 * small blocks of bare and of attached threads take turns, and the figure to look at is their ratio.
 */
#include "workloads.h"

#include <pthread.h>

enum { BLOCKS = 25, PER_BLOCK = 20 };

static void *bare_main(void *arg) { return arg; }

static void *attached_main(void *arg) {
  bench_attach(arg);
  bench_detach(arg);
  return NULL;
}

static void create_and_join(void *(*main)(void *), bench_run *run) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, main, run) != 0) bench_fail("cannot start a thread");
  pthread_join(thread, NULL);
}

static double block_of(void *(*main)(void *), bench_run *run) {
  void *token = bench_release(run);
  uint64_t start = bench_now();
  for (int i = 0; i < PER_BLOCK; i++) create_and_join(main, run);
  double ns = (double)(bench_now() - start);
  bench_acquire(run, token);
  return ns;
}

static double block_of_spawned(bench_run *run) {
  uint64_t start = bench_now();
  for (int i = 0; i < PER_BLOCK; i++) bench_runtime_of(run)->spawn();
  return (double)(bench_now() - start);
}

static double block_of_attached(bench_run *run) { return block_of(attached_main, run); }

static void create_once(bench_run *run, void *context) {
  double (*const *attached_block)(bench_run *) = context;
  double bare = 0, attached = 0;
  for (int block = 0; block < BLOCKS; block++) {
    bare += block_of(bare_main, run);
    attached += (*attached_block)(run);
  }
  bench_sample(run, "ns_per_op", attached / (BLOCKS * PER_BLOCK));
  bench_sample(run, "bare_ns", bare / (BLOCKS * PER_BLOCK));
  bench_sample(run, "vs_bare", attached / bare);
}

static void measure(bench_run *run, double (*attached_block)(bench_run *)) {
  block_of(bare_main, run);
  attached_block(run);
  bench_repeat(run, 0, create_once, &attached_block);
}

void bench_thread_create(bench_run *run) {
  measure(run, bench_runtime_of(run)->spawn ? block_of_spawned : block_of_attached);
}

void bench_thread_create_foreign(bench_run *run) { measure(run, block_of_attached); }
