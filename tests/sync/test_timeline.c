/* SPDX-License-Identifier: MIT */
/* Timelines: what is recorded, in which order, how much of it is kept, and recording while threads run. */
#include "support.h"

TestSuite(timeline, .init = start_runtime, .fini = end_runtime, .timeout = TIMEOUT);

enum { MAX = 20000 };
static weft_timeline_event events[MAX];

static size_t events_of(uint32_t thread, size_t n, weft_timeline_event *out) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++)
    if (events[i].thread == thread) out[found++] = events[i];
  return found;
}

Test(timeline, nothing_is_recorded_before_it_is_started) {
  weft_detach();
  weft_reattach();
  cr_assert_eq(weft_timeline_read(events, MAX), 0);
}

Test(timeline, records_what_the_thread_did_in_order) {
  cr_assert(weft_timeline_start(100));
  for (int i = 0; i < 5; i++) {
    weft_detach();
    weft_reattach();
  }
  weft_timeline_stop();
  size_t n = weft_timeline_read(events, MAX);
  cr_assert_eq(n, 11);
  for (size_t i = 0; i < n; i++) {
    cr_assert_eq(events[i].thread, weft_timeline_thread());
    cr_assert_eq(events[i].kind, (i % 2 ? WEFT_TIMELINE_DETACHED : WEFT_TIMELINE_ATTACHED));
    if (i) cr_assert_geq(events[i].time_ns, events[i - 1].time_ns);
  }
  cr_assert_leq(events[n - 1].time_ns, weft__now_ns());
}

Test(timeline, nothing_is_recorded_after_it_is_stopped) {
  cr_assert(weft_timeline_start(100));
  weft_timeline_stop();
  size_t n = weft_timeline_read(events, MAX);
  weft_detach();
  weft_reattach();
  cr_assert_eq(weft_timeline_read(events, MAX), n);
}

Test(timeline, the_ring_keeps_the_last_events) {
  cr_assert(weft_timeline_start(7));
  for (int i = 0; i < 100; i++) {
    weft_detach();
    weft_reattach();
  }
  uint64_t before_last = weft__now_ns();
  weft_detach();
  weft_reattach();
  weft_timeline_stop();
  cr_assert_eq(weft_timeline_read(events, MAX), 7);
  cr_assert_eq(events[6].kind, WEFT_TIMELINE_ATTACHED);
  cr_assert_geq(events[5].time_ns, before_last);
  cr_assert_lt(events[4].time_ns, before_last);
  for (int i = 1; i < 7; i++) cr_assert_geq(events[i].time_ns, events[i - 1].time_ns);
}

Test(timeline, a_ring_of_one_keeps_the_last_event) {
  cr_assert(weft_timeline_start(1));
  weft_detach();
  weft_reattach();
  weft_timeline_stop();
  cr_assert_eq(weft_timeline_read(events, MAX), 1);
  cr_assert_eq(events[0].kind, WEFT_TIMELINE_ATTACHED);
}

Test(timeline, reading_tells_how_many_there_are_and_fills_what_fits) {
  cr_assert(weft_timeline_start(100));
  weft_detach();
  weft_reattach();
  weft_timeline_stop();
  cr_assert_eq(weft_timeline_read(NULL, 0), 3);
  events[2].thread = 0;
  cr_assert_eq(weft_timeline_read(events, 2), 3);
  cr_assert_eq(events[2].thread, 0);
  cr_assert_neq(events[1].thread, 0);
}

Test(timeline, starting_again_forgets_the_last_recording) {
  cr_assert(weft_timeline_start(100));
  weft_detach();
  weft_reattach();
  cr_assert(weft_timeline_start(50));
  weft_timeline_stop();
  cr_assert_eq(weft_timeline_read(events, MAX), 1);
}

Test(timeline, absurd_sizes_are_refused) {
  cr_assert_not(weft_timeline_start(0));
  cr_assert_not(weft_timeline_start(SIZE_MAX));
  cr_assert_not(weft_timeline_start(SIZE_MAX / 3 / sizeof(weft_timeline_event)));
  weft_detach();
  weft_reattach();
}

static uint32_t number_of_thread;

static void *note_number(void *arg) {
  attach_or_abort();
  weft__store_relaxed((uint32_t *)arg, weft_timeline_thread());
  weft_detach();
  return NULL;
}

Test(timeline, every_thread_has_a_number_of_its_own) {
  uint32_t last = weft_timeline_thread();
  cr_assert_geq(last, 1);
  for (int i = 0; i < 10; i++) {
    finish_detached(run(note_number, &number_of_thread));
    cr_assert_gt(number_of_thread, last);
    last = number_of_thread;
  }
}

/* --- With threads --- */

static uint32_t stop, ready;
static uint32_t numbers[4];

static void *run_and_poll(void *arg) {
  attach_or_abort();
  weft__store_relaxed((uint32_t *)arg, weft_timeline_thread());
  count_up(&ready);
  while (!is_raised(&stop)) {
    for (volatile int i = 0; i < 1000; i++) continue;
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static uint32_t rounds; /* of all who come and go */

static void *come_and_go(void *arg) {
  attach_or_abort();
  weft__store_relaxed((uint32_t *)arg, weft_timeline_thread());
  count_up(&ready);
  while (!is_raised(&stop)) {
    for (volatile int i = 0; i < 1000; i++) continue;
    weft_detach();
    breathe();
    weft_reattach();
    count_up(&rounds);
  }
  weft_detach();
  return NULL;
}

/* For some time, and until threads have come and gone a few times. */
static size_t record(size_t ring, uint64_t ns) {
  pthread_t threads[4];
  cr_assert_eq(weft_set_switch_interval_us(1000), 0);
  for (int i = 0; i < 4; i++) threads[i] = run(i < 2 ? run_and_poll : come_and_go, &numbers[i]);
  YIELD_UNTIL(count_of(&ready) == 4);
  cr_assert(weft_timeline_start(ring));
  uint32_t before = count_of(&rounds);
  WEFT_BEGIN_ALLOW_THREADS
  spin_for(ns);
  while (count_of(&rounds) - before < 20) breathe();
  WEFT_END_ALLOW_THREADS
  weft_timeline_stop();
  size_t n = weft_timeline_read(events, MAX);
  raise_flag(&stop);
  weft_detach();
  for (int i = 0; i < 4; i++) finish(threads[i]);
  weft_reattach();
  return n;
}

Test(timeline, events_of_many_threads_are_in_order_of_time) {
  size_t n = record(4000, 50000000);
  cr_assert_leq(n, MAX);
  cr_assert_geq(n, 20);
  for (size_t i = 0; i < n; i++) {
    cr_assert_lt(events[i].kind, WEFT_TIMELINE_KINDS);
    cr_assert_geq(events[i].thread, 1);
    if (i) cr_assert_geq(events[i].time_ns, events[i - 1].time_ns);
  }
}

/* LEDGER: GIL-06 on short intervals: from ATTACHED to whatever the thread does next it has the lock to itself. */
Test(timeline, intervals_of_holding_the_lock_do_not_overlap) {
  if (!weft_gil_enabled()) cr_skip_test("threads hold nothing");
  size_t n = record(4000, 100000000);
  cr_assert_leq(n, MAX);
  uint32_t holder = 0, switches = 0, last = 0;
  for (size_t i = 0; i < n; i++) {
    if (events[i].kind == WEFT_TIMELINE_ATTACHED) {
      cr_assert(holder == 0 || holder == events[i].thread, "event %zu: %u gets the lock while %u has it", i,
                events[i].thread, holder);
      holder = events[i].thread;
      switches += holder != last;
      last = holder;
    } else if (holder == events[i].thread) {
      holder = 0;
    }
  }
  cr_assert_geq(switches, 3);
}

Test(timeline, a_thread_that_waits_for_the_lock_is_seen_waiting_then_attached) {
  if (!weft_gil_enabled()) cr_skip_test("threads do not wait for each other");
  size_t n = record(4000, 300000000), waits = 0;
  static weft_timeline_event own[MAX];
  for (int k = 0; k < 4; k++) {
    size_t of_thread = events_of(numbers[k], n, own);
    for (size_t i = 1; i < of_thread; i++) {
      if (own[i - 1].kind != WEFT_TIMELINE_WAITING) continue;
      cr_assert_eq(own[i].kind, WEFT_TIMELINE_ATTACHED);
      waits++;
    }
  }
  cr_assert_geq(waits, 1);
}

Test(timeline, a_stopped_world_shows_as_parked_threads) {
  if (weft_gil_enabled()) cr_skip_test("whoever holds the lock has stopped the world");
  pthread_t thread = run(run_and_poll, &numbers[0]);
  YIELD_UNTIL(count_of(&ready) == 1);
  cr_assert(weft_timeline_start(1000));
  for (int i = 0; i < 20; i++) {
    weft_stop_the_world();
    weft_start_the_world();
    weft_detach();
    breathe();
    weft_reattach();
  }
  weft_timeline_stop();
  size_t n = weft_timeline_read(events, MAX), parks = 0;
  raise_flag(&stop);
  finish_detached(thread);
  for (size_t i = 0; i < n; i++) parks += events[i].thread == numbers[0] && events[i].kind == WEFT_TIMELINE_PARKED;
  cr_assert_geq(parks, 1);
}

Test(timeline, starting_stopping_and_reading_while_threads_run) {
  pthread_t threads[4];
  cr_assert_eq(weft_set_switch_interval_us(100), 0);
  for (int i = 0; i < 4; i++) threads[i] = run(i < 1 ? run_and_poll : come_and_go, &numbers[i]);
  YIELD_UNTIL(count_of(&ready) == 4);
  for (int i = 0; i < 500; i++) {
    cr_assert(weft_timeline_start(1 + (size_t)i % 50));
    weft_poll();
    if (i % 10 == 0) {
      WEFT_BEGIN_ALLOW_THREADS
      breathe();
      WEFT_END_ALLOW_THREADS
    }
    weft_timeline_stop();
    size_t n = weft_timeline_read(events, MAX);
    for (size_t k = 1; k < n; k++) cr_assert_geq(events[k].time_ns, events[k - 1].time_ns);
  }
  raise_flag(&stop);
  weft_detach();
  for (int i = 0; i < 4; i++) finish(threads[i]);
  weft_reattach();
}

static void *brief(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_detach();
  return NULL;
}

Test(timeline, threads_that_end_leave_their_events) {
  cr_assert(weft_timeline_start(100));
  weft_detach();
  for (int i = 0; i < 5; i++) finish(run(brief, NULL));
  weft_reattach();
  weft_timeline_stop();
  size_t n = weft_timeline_read(events, MAX), others = 0;
  for (size_t i = 0; i < n; i++) others += events[i].thread != weft_timeline_thread();
  cr_assert_geq(others, 10); /* each was attached and detached, in the same slot or in another */
}
