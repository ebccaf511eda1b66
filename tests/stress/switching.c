/* SPDX-License-Identifier: MIT */
/*
 * Switching: threads that compute and threads that do short I/O compete, as in the convoy, while the switch interval
 * changes, timelines are off and threads come and go. In mode gil there is never more than one inside; in every mode
 * every thread gets on.
 *
 * Stands for: gh-52194, bpo-7946 (the convoy effect), and for a holder that is forced off and finds the lock free
 * again.
 */
#include "stress.h"

enum { CPU = 2, IO = 3, BRIEF = 1, THREADS = CPU + IO + BRIEF };

static uint64_t progress[THREADS]; /* atomic */
static uint32_t inside;            /* atomic */

static void be_inside(size_t self) {
  uint32_t others = weft__add_acq_rel(&inside, 1u);
  if (weft_gil_enabled()) REQUIRE(others == 0);
  for (int i = 0; i < 10; i++) weft__cpu_relax();
  weft__sub_acq_rel(&inside, 1u);
  weft__add_relaxed(&progress[self], 1);
}

static void *compute(void *arg) {
  REQUIRE(weft_attach());
  while (!is_over()) {
    be_inside((size_t)(uintptr_t)arg);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static void *do_io(void *arg) {
  chance c = chance_of((size_t)(uintptr_t)arg);
  REQUIRE(weft_attach());
  while (!is_over()) {
    be_inside((size_t)(uintptr_t)arg);
    weft_detach();
    if (pick(&c, 16) == 0) breathe();
    weft_reattach();
  }
  weft_detach();
  return NULL;
}

/* Its state is often new, or used again; it computes until it has been forced off once, or long enough. */
static void *compute_briefly(void *arg) {
  REQUIRE(weft_attach());
  uint64_t forced = weft_gil_forced_switches();
  for (int i = 0; i < 2000 && weft_gil_forced_switches() == forced; i++) {
    be_inside((size_t)(uintptr_t)arg);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static void *churn(void *arg) {
  while (!is_over()) REQUIRE(pthread_join(start_thread(compute_briefly, arg), NULL) == 0);
  return NULL;
}

/* Between two looks a second apart (two in a build that is slow), every thread has got on. */
static void require_progress(uint64_t *seen) {
  for (int i = 0; i < THREADS; i++) {
    uint64_t now = weft__load_relaxed(&progress[i]);
    REQUIRE(now > seen[i]);
    seen[i] = now;
  }
}

int main(int argc, char **argv) {
  static const uint64_t intervals_us[] = {5000, 100, 20000, 1, 1000};
  uint64_t seen[THREADS] = {0};
  stress_begin(argc, argv);
  team threads = {.size = 0};
  for (int i = 0; i < CPU; i++) team_add(&threads, compute);
  for (int i = 0; i < IO; i++) team_add(&threads, do_io);
  for (int i = 0; i < BRIEF; i++) team_add(&threads, churn);
  for (unsigned i = 0; weft__now_ns() < stress_end_ns; i++) {
    REQUIRE(weft_set_switch_interval_us(intervals_us[i % 5]) == 0);
    uint64_t next_look = weft__now_ns() + 1000000000;
    WEFT_BEGIN_ALLOW_THREADS
    while (weft__now_ns() < next_look) breathe();
    WEFT_END_ALLOW_THREADS
    if (i > 0) require_progress(seen);
  }
  weft__store_release(&time_is_up, 1u);
  team_join(&threads);
  require_progress((uint64_t[THREADS]){0});
  for (int i = 0; i < THREADS; i++) add_work(progress[i]);
  return stress_end("switching", "rounds");
}
