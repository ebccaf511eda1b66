/* SPDX-License-Identifier: MIT */
/*
 * Teams of threads that run a body at the same time: see harness.h.
 *
 * The threads live as long as the team, so that a repetition finds their caches and heaps as the last one left them.
 * Between runs each sleeps on its own semaphore; woken, they meet in a spinning barrier, because a sleeping CPU takes
 * tens of microseconds to wake and the clock should not start before all of them are there.
 *
 * A member's plain fields are written by the caller before it posts `go` and by the member before it posts `done`.
 */
#include "harness.h"

#include "../sync/atomic.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

struct member {
  bench_worker worker;
  bench_team *team;
  pthread_t thread;
  sem_t go, done;
  uint64_t start, end, ops;
};

struct bench_team {
  bench_run *run;
  bench_work work;
  unsigned size;
  unsigned active;
  uint64_t iterations;
  bool quit;
  unsigned arrived; /* atomic */
  struct member *members;
};

static void sleep_on(sem_t *semaphore) {
  while (sem_wait(semaphore) != 0 && errno == EINTR)
    ;
}

static void meet(bench_team *team) {
  /* order: acq_rel [bench-meet]: what was set up happens before any member measures. */
  weft__add_acq_rel(&team->arrived, 1u);
  /* order: acquire [bench-meet]: as above. */
  for (unsigned spins = 1; weft__load_acquire(&team->arrived) < team->active; spins++) {
    if (spins % 256 == 0)
      sched_yield();
    else
      weft__cpu_relax();
  }
}

static void *member_main(void *arg) {
  struct member *m = arg;
  bench_team *team = m->team;
  if (team->work.pinned) bench_pin(m->worker.index);
  bench_attach(team->run);
  if (team->work.setup) team->work.setup(&m->worker);
  void *token = bench_release(team->run);
  sem_post(&m->done);
  for (;;) {
    sleep_on(&m->go);
    if (team->quit) break;
    meet(team);
    m->start = bench_now();
    bench_acquire(team->run, token);
    m->ops = team->work.body(&m->worker, team->iterations);
    token = bench_release(team->run);
    m->end = bench_now();
    sem_post(&m->done);
  }
  bench_acquire(team->run, token);
  if (team->work.teardown) team->work.teardown(&m->worker);
  bench_detach(team->run);
  return NULL;
}

static void start_member(bench_team *team, unsigned index) {
  struct member *m = &team->members[index];
  m->team = team;
  m->worker = (bench_worker){
      .run = team->run, .index = index, .threads = team->size, .shared = team->work.shared, .local = NULL};
  sem_init(&m->go, 0, 0);
  sem_init(&m->done, 0, 0);
  if (pthread_create(&m->thread, NULL, member_main, m) != 0) bench_fail("cannot start a thread");
  sleep_on(&m->done);
}

bench_team *bench_team_start(bench_run *run, unsigned size, bench_work work) {
  bench_team *team = calloc(1, sizeof *team);
  struct member *members = calloc(size, sizeof *members);
  if (!team || !members) bench_fail("out of memory");
  team->run = run;
  team->work = work;
  team->size = size;
  team->members = members;
  void *token = bench_release(run);
  for (unsigned i = 0; i < size; i++) start_member(team, i);
  bench_acquire(run, token);
  return team;
}

bench_outcome bench_team_run(bench_team *team, unsigned active, uint64_t iterations) {
  uint64_t first = UINT64_MAX, last = 0;
  bench_outcome outcome = {0, 0};
  team->active = active;
  team->iterations = iterations;
  weft__store_relaxed(&team->arrived, 0u); /* order: relaxed: the semaphores order it before every arrival */
  void *token = bench_release(team->run);
  for (unsigned i = 0; i < active; i++) sem_post(&team->members[i].go);
  for (unsigned i = 0; i < active; i++) sleep_on(&team->members[i].done);
  bench_acquire(team->run, token);
  for (unsigned i = 0; i < active; i++) {
    struct member *m = &team->members[i];
    first = m->start < first ? m->start : first;
    last = m->end > last ? m->end : last;
    outcome.ops += m->ops;
  }
  outcome.ns = (double)(last - first);
  return outcome;
}

void bench_team_stop(bench_team *team) {
  team->quit = true;
  void *token = bench_release(team->run);
  for (unsigned i = 0; i < team->size; i++) {
    sem_post(&team->members[i].go);
    pthread_join(team->members[i].thread, NULL);
    sem_destroy(&team->members[i].go);
    sem_destroy(&team->members[i].done);
  }
  bench_acquire(team->run, token);
  free(team->members);
  free(team);
}
