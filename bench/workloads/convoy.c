/* SPDX-License-Identifier: MIT */
/*
 * The convoy effect: a thread that does short I/O beside threads that compute. Under a global lock it gives the lock up
 * for each call and may have to wait for a whole switch interval to get it back.
 *
 * A repetition first lets the counting threads run alone, then beside the pings, to see what the pings cost them.
 */
#include "workloads.h"

#include "../../sync/atomic.h"

#include <stdlib.h>
#include <unistd.h>

enum { ALONE_MS = 150, PINGS_MS = 400, MAX_PINGS = 1 << 18, HOG_PORTION = 2048 };

struct convoy {
  int socket;
  bool pinging;
  bool stop; /* atomic */
  size_t pings;
  double *latencies;
};

uint64_t bench_hog(bench_worker *w, bool *stop) {
  const bench_runtime *runtime = bench_runtime_of(w->run);
  uint64_t counted = 0;
  /* order: relaxed: nothing else is read after it */
  for (; !weft__load_relaxed(stop); counted += HOG_PORTION) runtime->count(HOG_PORTION);
  return counted;
}

static void leave_alone(bench_run *run) {
  void *token = bench_release(run);
  bench_sleep_us(ALONE_MS * 1000);
  bench_acquire(run, token);
}

static void ping_for_a_while(bench_run *run, struct convoy *convoy) {
  uint64_t start = bench_now(), now = start;
  convoy->pings = 0;
  while (now - start < PINGS_MS * UINT64_C(1000000) && convoy->pings < MAX_PINGS) {
    uint64_t before = now;
    bench_ping(run, convoy->socket);
    now = bench_now();
    convoy->latencies[convoy->pings++] = (double)(now - before);
  }
}

static uint64_t convoy_body(bench_worker *w, uint64_t iterations) {
  struct convoy *convoy = w->shared;
  (void)iterations;
  if (w->index > 0) return bench_hog(w, &convoy->stop);
  if (convoy->pinging)
    ping_for_a_while(w->run, convoy);
  else
    leave_alone(w->run);
  weft__store_relaxed(&convoy->stop, true); /* order: relaxed: only says when */
  return 0;
}

struct convoy_run {
  struct convoy convoy;
  bench_team *team;
};

static bench_outcome convoy_part(struct convoy_run *all, unsigned threads, bool pinging) {
  all->convoy.pinging = pinging;
  weft__store_relaxed(&all->convoy.stop, false); /* order: relaxed: the team's start orders it */
  return bench_team_run(all->team, threads, 1);
}

static void convoy_once(bench_run *run, void *context) {
  struct convoy_run *all = context;
  unsigned threads = bench_threads_of(run);
  bench_outcome alone = {0, 0};
  if (threads > 1) alone = convoy_part(all, threads, false);
  bench_outcome beside = convoy_part(all, threads, true);
  bench_sample(run, "rate", (double)all->convoy.pings / (beside.ns * 1e-9));
  bench_sample_latencies(run, all->convoy.latencies, all->convoy.pings);
  if (threads > 1) {
    bench_sample(run, "hog_share", (double)beside.ops / beside.ns / ((double)alone.ops / alone.ns));
    bench_sample(run, "hog_mops", (double)beside.ops / beside.ns * 1e3);
  }
}

void bench_convoy(bench_run *run) {
  struct convoy_run all = {.convoy = {.socket = bench_far_end(0)}};
  all.convoy.latencies = malloc(MAX_PINGS * sizeof *all.convoy.latencies);
  if (!all.convoy.latencies) bench_fail("out of memory");
  all.team = bench_team_start(run, bench_threads_of(run), (bench_work){.body = convoy_body, .shared = &all.convoy});
  bench_repeat(run, 0, convoy_once, &all);
  bench_team_stop(all.team);
  close(all.convoy.socket);
  free(all.convoy.latencies);
}
