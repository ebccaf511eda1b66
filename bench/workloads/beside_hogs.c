/* SPDX-License-Identifier: MIT */
/*
 * What a thread that comes back from a short sleep has to wait for while other threads compute: to be attached again
 * (switch_latency_hog), or to have the world stopped and started (stw).
 *
 * Each latency is taken by the thread itself, after it has woken: the sleep and the CPU's waking are not in it.
 */
#include "workloads.h"

#include "../../sync/atomic.h"

enum { LATENCIES = 1000, AT_MOST_MS = 250, PAUSE_US = 100 };

struct beside_hogs {
  uint64_t (*probe)(bench_run *run, void *token); /* called released, returns attached, with the latency */
  bench_team *team;
  bool stop; /* atomic */
  size_t count;
  double latencies[LATENCIES];
};

static void probe_repeatedly(bench_run *run, struct beside_hogs *all) {
  uint64_t deadline = bench_now() + AT_MOST_MS * UINT64_C(1000000);
  for (all->count = 0; all->count < LATENCIES && bench_now() < deadline;) {
    void *token = bench_release(run);
    bench_sleep_us(PAUSE_US);
    all->latencies[all->count++] = (double)all->probe(run, token);
  }
}

static uint64_t body(bench_worker *w, uint64_t iterations) {
  struct beside_hogs *all = w->shared;
  (void)iterations;
  if (w->index > 0) return bench_hog(w, &all->stop);
  probe_repeatedly(w->run, all);
  weft__store_relaxed(&all->stop, true); /* order: relaxed: only says when */
  return 0;
}

static void repetition(bench_run *run, void *context) {
  struct beside_hogs *all = context;
  weft__store_relaxed(&all->stop, false); /* order: relaxed: the team's start orders it */
  bench_team_run(all->team, bench_threads_of(run), 1);
  bench_sample_latencies(run, all->latencies, all->count);
}

static void measure(bench_run *run, uint64_t (*probe)(bench_run *run, void *token)) {
  static struct beside_hogs all;
  all.probe = probe;
  all.team = bench_team_start(run, bench_threads_of(run), (bench_work){.body = body, .shared = &all});
  bench_repeat(run, 0, repetition, &all);
  bench_team_stop(all.team);
}

static uint64_t enter(bench_run *run, void *token) {
  uint64_t asked = bench_now();
  bench_acquire(run, token);
  return bench_now() - asked;
}

void bench_switch_latency_hog(bench_run *run) { measure(run, enter); }

static uint64_t stop_world(bench_run *run, void *token) { return bench_runtime_of(run)->stop_world(token); }

void bench_stw(bench_run *run) {
  if (!bench_runtime_of(run)->stop_world) bench_fail("this runtime has no world stop");
  measure(run, stop_world);
}
