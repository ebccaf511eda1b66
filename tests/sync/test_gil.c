/* SPDX-License-Identifier: MIT */
/*
 * The GIL: never two holders, forced switches, and who goes first. Tests of what a lock does count holders in mode gil
 * and expect the same results, by other means, in the other modes.
 */
#include "support.h"

static uint64_t interval_at_start;

static void start(void) {
  start_runtime();
  interval_at_start = weft_switch_interval_us();
}

TestSuite(gil, .init = start, .fini = end_runtime, .timeout = TIMEOUT);

Test(gil, SYS_052_enabled_says_what_the_mode_is) { cr_assert_eq(weft_gil_enabled(), strcmp(weft_mode(), "gil") == 0); }

/* --- The switch interval --- */

Test(gil, switch_interval_is_5_ms_and_settable) {
  cr_assert_eq(interval_at_start, 5000);
  cr_assert_eq(weft_set_switch_interval_us(1), 0);
  cr_assert_eq(weft_switch_interval_us(), 1);
  cr_assert_eq(weft_set_switch_interval_us(60000000), 0);
  cr_assert_eq(weft_switch_interval_us(), 60000000);
}

Test(gil, switch_interval_refuses_nonsense_and_stays) {
  cr_assert_eq(weft_set_switch_interval_us(0), -1);
  cr_assert(raised(&weft_ValueError));
  cr_assert_eq(weft_set_switch_interval_us(60000001), -1);
  cr_assert(raised(&weft_ValueError));
  cr_assert_eq(weft_set_switch_interval_us(UINT64_MAX), -1);
  cr_assert(raised(&weft_ValueError));
  cr_assert_eq(weft_switch_interval_us(), 5000);
}

/* --- Mutual exclusion --- */

enum { HOLDERS = 4, HOLDS = 25000 };
static uint32_t inside, most_inside, progress[HOLDERS];

static void hold_once(void) {
  uint32_t now = weft__add_acq_rel(&inside, 1u) + 1;
  if (now > weft__load_relaxed(&most_inside)) weft__store_relaxed(&most_inside, now);
  for (volatile int work = 0; work < 20; work++) continue;
  weft__sub_acq_rel(&inside, 1u);
}

static void *hold_often(void *arg) {
  uint32_t *mine = arg;
  attach_or_abort();
  for (int i = 0; i < HOLDS; i++) {
    hold_once();
    if (i % 3 == 0)
      weft_poll();
    else {
      weft_detach();
      weft_reattach();
    }
    count_up(mine);
  }
  weft_detach();
  return NULL;
}

/* LEDGER: GIL-08 */
Test(gil, never_two_holders_in_100000_holds) {
  cr_assert_eq(weft_set_switch_interval_us(50), 0);
  pthread_t threads[HOLDERS];
  for (int i = 0; i < HOLDERS; i++) threads[i] = run(hold_often, &progress[i]);
  weft_detach();
  for (int i = 0; i < HOLDERS; i++) finish(threads[i]);
  weft_reattach();
  for (int i = 0; i < HOLDERS; i++) cr_assert_eq(count_of(&progress[i]), HOLDS);
  cr_assert_eq(inside, 0);
  cr_assert_geq(most_inside, 1);
  if (weft_gil_enabled()) cr_assert_eq(most_inside, 1);
}

/* --- Forced switches --- */

static uint32_t stop;
static uint64_t laps[3]; /* each written by one thread */

static void *run_laps(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static bool all_moved_on(uint64_t *seen) {
  for (int i = 0; i < 3; i++)
    if (weft__load_relaxed(&laps[i]) == seen[i]) return false;
  for (int i = 0; i < 3; i++) seen[i] = weft__load_relaxed(&laps[i]);
  return true;
}

Test(gil, cpu_bound_threads_are_switched_by_force) {
  pthread_t threads[3];
  uint64_t seen[3] = {0};
  for (int i = 0; i < 3; i++) threads[i] = run(run_laps, &laps[i]);
  weft_detach();
  for (int round = 0; round < 10; round++) WAIT_UNTIL(all_moved_on(seen));
  raise_flag(&stop);
  for (int i = 0; i < 3; i++) finish(threads[i]);
  weft_reattach();
  if (weft_gil_enabled()) {
    cr_assert_geq(weft_gil_forced_switches(), 10);
    cr_assert_geq(weft_gil_switches(), weft_gil_forced_switches());
  } else {
    cr_assert_eq(weft_gil_switches(), 0);
    cr_assert_eq(weft_gil_forced_switches(), 0);
  }
}

/* The longest of ten waits for the lock. */
static uint64_t longest_wait(void) {
  uint64_t longest = 0, before = weft__now_ns();
  for (int i = 0; i < 10; before = weft__now_ns()) {
    weft_poll();
    uint64_t gap = weft__now_ns() - before;
    if (gap > longest) longest = gap;
    i += gap > 1000000; /* another thread had the lock */
    if (!weft_gil_enabled() && weft__load_relaxed(&laps[0]) > 1000000) break;
  }
  return longest;
}

/* LEDGER: GIL-17, generously: the bound is 20 intervals, of a length that a busy machine's scheduler does not drown;
 * and what other processes delay counts only if they do it three times. */
Test(gil, a_runnable_thread_waits_a_bounded_number_of_intervals) {
  const uint64_t bound = 20 * UINT64_C(20000000);
  cr_assert_eq(weft_set_switch_interval_us(20000), 0);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) threads[i] = run(run_laps, &laps[i]);
  YIELD_UNTIL(weft__load_relaxed(&laps[0]) && weft__load_relaxed(&laps[1]));
  uint64_t longest = longest_wait();
  for (int i = 0; i < 2 && longest > bound; i++) longest = longest_wait();
  raise_flag(&stop);
  weft_detach();
  for (int i = 0; i < 2; i++) finish(threads[i]);
  weft_reattach();
  cr_assert_leq(longest, bound, "waited %lu ns", (unsigned long)longest);
}

Test(gil, a_thread_that_returns_from_io_need_not_wait_an_interval) {
  enum { ROUNDS = 50 };
  cr_assert_eq(weft_set_switch_interval_us(1000000), 0);
  pthread_t hog = run(run_laps, &laps[0]);
  YIELD_UNTIL(weft__load_relaxed(&laps[0]) > 0);
  uint64_t start_ns = weft__now_ns();
  for (int i = 0; i < ROUNDS; i++) {
    weft_detach();
    breathe();
    weft_reattach();
  }
  uint64_t took = weft__now_ns() - start_ns;
  raise_flag(&stop);
  finish_detached(hog);
  cr_assert_lt(took, ROUNDS * UINT64_C(1000000000) / 5, "%d rounds took %lu ns", ROUNDS, (unsigned long)took);
}

static void *pretend_io(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft_detach();
    weft_reattach();
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
  }
  weft_detach();
  return NULL;
}

Test(gil, io_threads_do_not_starve_a_cpu_bound_one) {
  pthread_t threads[3];
  uint64_t seen[3] = {0};
  threads[0] = run(run_laps, &laps[0]);
  threads[1] = run(pretend_io, &laps[1]);
  threads[2] = run(pretend_io, &laps[2]);
  weft_detach();
  for (int round = 0; round < 20; round++) WAIT_UNTIL(all_moved_on(seen));
  raise_flag(&stop);
  for (int i = 0; i < 3; i++) finish(threads[i]);
  weft_reattach();
}

/* --- A thread that is forced off and finds the lock free again at once --- */

static void *one_forced_switch(void *arg) {
  (void)arg;
  attach_or_abort();
  /* It has never waited for the lock, so whatever its place in the queue remembers is what a new state has. */
  uint64_t before = weft_gil_forced_switches();
  POLL_UNTIL(weft_gil_forced_switches() != before || is_raised(&stop));
  weft_detach();
  return NULL;
}

static void *hold_briefly(void *arg) {
  (void)arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft_detach();
    weft_reattach();
  }
  weft_detach();
  return NULL;
}

Test(gil, regress_forced_off_holder_finds_the_lock_free) {
  if (!weft_gil_enabled()) cr_skip_test("there is no lock to be forced off");
  pthread_t brief = run(hold_briefly, NULL);
  weft_detach();
  for (int i = 0; i < 2000; i++) finish(run(one_forced_switch, NULL));
  raise_flag(&stop);
  finish(brief);
  weft_reattach();
}
