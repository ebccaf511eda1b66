/* SPDX-License-Identifier: MIT */
/* I/O-bound work: every thread waits, released, for an answer that takes 100 ms. */
#include "workloads.h"

#include <stdlib.h>
#include <unistd.h>

enum { ANSWER_US = 100000, REPS = 3 };

static void io_setup(bench_worker *w) {
  int *socket = malloc(sizeof *socket);
  if (!socket) bench_fail("out of memory");
  *socket = bench_far_end(ANSWER_US);
  w->local = socket;
}

static uint64_t io_body(bench_worker *w, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) bench_ping(w->run, *(int *)w->local);
  return iterations;
}

static void io_teardown(bench_worker *w) {
  close(*(int *)w->local);
  free(w->local);
}

static void io_once(bench_run *run, void *context) {
  bench_team *team = context;
  unsigned n = bench_threads_of(run);
  double alone = bench_team_run(team, 1, n).ns;
  double together = bench_team_run(team, n, 1).ns;
  bench_sample(run, "ns_per_op", together / n);
  bench_sample(run, "speedup", alone / together);
  bench_sample(run, "wall_ms", together / 1e6);
}

void bench_io_overlap(bench_run *run) {
  bench_work work = {.setup = io_setup, .body = io_body, .teardown = io_teardown};
  bench_team *team = bench_team_start(run, bench_threads_of(run), work);
  bench_repeat(run, REPS, io_once, team);
  bench_team_stop(team);
}
