/* SPDX-License-Identifier: MIT */
/* weft_mutex: exclusion, fairness, waiting without being in anybody's way. LCK: what applies to a plain lock. */
#include "support.h"

TestSuite(mutex, .init = start_runtime, .fini = end_runtime, .timeout = TIMEOUT);

enum { UNLOCKED = 0, LOCKED = 1, LOCKED_AND_SLEPT_ON = 3 };

static weft_mutex m;
static uint64_t counter; /* under m; no atomics, so that ThreadSanitizer looks at the lock */

static uint8_t word_of(weft_mutex *mutex) { return weft__load_relaxed(&mutex->word); }

Test(mutex, is_one_byte_and_zero_is_unlocked) {
  cr_assert_eq(sizeof(weft_mutex), 1);
  weft_mutex zero = {0};
  cr_assert(weft_mutex_try_lock(&zero));
  weft_mutex_unlock(&zero);
  cr_assert_eq(word_of(&zero), UNLOCKED);
}

Test(mutex, LCK_005_acquire_then_release_works) {
  weft_mutex_lock(&m);
  cr_assert_eq(word_of(&m), LOCKED);
  weft_mutex_unlock(&m);
  cr_assert_eq(word_of(&m), UNLOCKED);
}

Test(mutex, LCK_006_try_lock_of_a_free_one_succeeds) {
  cr_assert(weft_mutex_try_lock(&m));
  cr_assert_not(weft_mutex_try_lock(&m));
  weft_mutex_unlock(&m);
}

static void *try_it(void *result) {
  attach_or_abort();
  *(bool *)result = weft_mutex_try_lock(&m);
  weft_detach();
  return NULL;
}

Test(mutex, LCK_007_try_lock_from_another_thread_of_a_held_one_fails) {
  bool got = true;
  weft_mutex_lock(&m);
  finish_detached(run(try_it, &got));
  cr_assert_not(got);
  weft_mutex_unlock(&m);
}

static uint32_t finished;

static void *lock_and_finish(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_mutex_lock(&m);
  count_up(&finished);
  weft_mutex_unlock(&m);
  weft_detach();
  return NULL;
}

Test(mutex, LCK_008_five_threads_block_on_a_held_one_and_finish_after_release) {
  pthread_t threads[5];
  weft_mutex_lock(&m);
  for (int i = 0; i < 5; i++) threads[i] = run(lock_and_finish, NULL);
  YIELD_UNTIL(word_of(&m) == LOCKED_AND_SLEPT_ON);
  give_it_time();
  cr_assert_eq(count_of(&finished), 0);
  weft_mutex_unlock(&m);
  weft_detach();
  for (int i = 0; i < 5; i++) finish(threads[i]);
  weft_reattach();
  cr_assert_eq(count_of(&finished), 5);
  cr_assert_eq(word_of(&m), UNLOCKED);
}

Test(mutex, LCK_010_use_by_15_foreign_threads_leaves_no_thread_behind) {
  pthread_t threads[15];
  size_t before = weft_thread_count();
  for (int i = 0; i < 15; i++) threads[i] = run(lock_and_finish, NULL);
  weft_detach();
  for (int i = 0; i < 15; i++) finish(threads[i]);
  weft_reattach();
  cr_assert_eq(count_of(&finished), 15);
  cr_assert_eq(weft_thread_count(), before);
}

static void *lock_twice(void *arg) {
  attach_or_abort();
  weft_mutex_lock(&m);
  raise_flag(arg);
  weft_mutex_lock(&m);
  count_up(&finished);
  weft_mutex_unlock(&m);
  weft_detach();
  return NULL;
}

Test(mutex, LCK_014_second_lock_in_a_thread_blocks_until_another_unlocks) {
  uint32_t once = 0;
  pthread_t thread = run(lock_twice, &once);
  YIELD_UNTIL(is_raised(&once) && word_of(&m) == LOCKED_AND_SLEPT_ON);
  give_it_time();
  cr_assert_eq(count_of(&finished), 0);
  weft_mutex_unlock(&m);
  finish_detached(thread);
  cr_assert_eq(count_of(&finished), 1);
}

static void *unlock_it(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_mutex_unlock(&m);
  weft_detach();
  return NULL;
}

Test(mutex, LCK_015_may_be_unlocked_by_another_thread) {
  weft_mutex_lock(&m);
  finish_detached(run(unlock_it, NULL));
  cr_assert(weft_mutex_try_lock(&m));
  weft_mutex_unlock(&m);
}

/* --- Exclusion --- */

enum { COUNTERS = 5 };
static int counts_each, slow_every;

static void *count_under_lock(void *arg) {
  (void)arg;
  attach_or_abort();
  for (int i = 0; i < counts_each; i++) {
    weft_mutex_lock(&m);
    uint64_t read = counter;
    if (slow_every && i % slow_every == 0) {
      WEFT_BEGIN_ALLOW_THREADS
      struct timespec two_ms = {.tv_nsec = 2000000};
      nanosleep(&two_ms, NULL);
      WEFT_END_ALLOW_THREADS
    }
    counter = read + 1;
    weft_mutex_unlock(&m);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static void count_in_threads(int each, int slow) {
  pthread_t threads[COUNTERS];
  counts_each = each;
  slow_every = slow;
  for (int i = 0; i < COUNTERS; i++) threads[i] = run(count_under_lock, NULL);
  weft_detach();
  for (int i = 0; i < COUNTERS; i++) finish(threads[i]);
  weft_reattach();
}

Test(mutex, CLK_003_5_threads_count_to_50000) {
  count_in_threads(10000, 0);
  cr_assert_eq(counter, 50000);
  cr_assert_eq(word_of(&m), UNLOCKED);
}

Test(mutex, CLK_004_5_threads_count_to_500_with_slow_sections) {
  count_in_threads(100, 10);
  cr_assert_eq(counter, 500);
  cr_assert_eq(word_of(&m), UNLOCKED);
}

static void *count_unattached(void *arg) {
  (void)arg;
  for (int i = 0; i < 10000; i++) {
    weft_mutex_lock(&m);
    counter++;
    weft_mutex_unlock(&m);
  }
  return NULL;
}

Test(mutex, threads_that_are_not_attached_may_use_it) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) threads[i] = run(count_unattached, NULL);
  counts_each = 1000;
  weft_detach();
  count_under_lock(NULL);
  for (int i = 0; i < 3; i++) finish(threads[i]);
  weft_reattach();
  cr_assert_eq(counter, 31000);
}

/* --- Waiting --- */

static weft_mutex row[512];
static uint64_t row_counts[512];

static void *count_in_row(void *arg) {
  size_t i = (size_t)(uintptr_t)arg;
  attach_or_abort();
  for (int k = 0; k < 5000; k++) {
    weft_mutex_lock(&row[i]);
    row_counts[i]++;
    weft_mutex_unlock(&row[i]);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

Test(mutex, neighbouring_bytes_are_separate_locks) {
  pthread_t threads[8];
  for (size_t i = 0; i < 8; i++) threads[i] = run(count_in_row, (void *)(i / 2));
  weft_detach();
  for (int i = 0; i < 8; i++) finish(threads[i]);
  weft_reattach();
  for (int i = 0; i < 4; i++) cr_assert_eq(row_counts[i], 10000);
}

static void *wait_in_row(void *arg) {
  size_t i = (size_t)(uintptr_t)arg;
  attach_or_abort();
  weft_mutex_lock(&row[i]);
  row_counts[i]++;
  weft_mutex_unlock(&row[i]);
  weft_detach();
  return NULL;
}

/* Addresses that meet in one queue of the parking lot, whatever its size up to 511: an unlock wakes its own sleeper. */
Test(mutex, sleepers_on_other_addresses_are_left_alone) {
  enum { SLEEPERS = 12 };
  pthread_t threads[SLEEPERS];
  size_t const where[SLEEPERS] = {0, 251, 502, 1, 252, 503, 0, 251, 502, 1, 252, 503};
  for (int i = 0; i < 6; i++) weft_mutex_lock(&row[where[i]]);
  for (int i = 0; i < SLEEPERS; i++) threads[i] = run(wait_in_row, (void *)where[i]);
  for (int i = 0; i < 6; i++) YIELD_UNTIL(word_of(&row[where[i]]) == LOCKED_AND_SLEPT_ON);
  for (int i = 5; i >= 0; i--) {
    weft_mutex_unlock(&row[where[i]]);
    finish_detached(threads[i]);
    finish_detached(threads[i + 6]);
    cr_assert_eq(row_counts[where[i]], 2);
    for (int k = 0; k < i; k++) cr_assert_eq(row_counts[where[k]], 0);
  }
}

static void *take_and_keep(void *arg) {
  attach_or_abort();
  weft_mutex_lock(&m);
  count_up(&finished);
  weft_detach();
  WAIT_UNTIL(is_raised(arg));
  weft_reattach();
  weft_mutex_unlock(&m);
  weft_detach();
  return NULL;
}

/* The waiter announces itself before it goes to sleep; on a busy machine it may not have slept long when the lock is
 * given back, so once in many attempts is enough. */
Test(mutex, hands_off_to_a_starved_waiter) {
  bool handed = false;
  for (uint32_t i = 1; i <= 50 && !handed; i++) {
    uint32_t may_end = 0;
    weft_mutex_lock(&m);
    pthread_t waiter = run(take_and_keep, &may_end);
    YIELD_UNTIL(word_of(&m) == LOCKED_AND_SLEPT_ON);
    spin_for(3000000); /* more than the millisecond that lets others barge in */
    weft_mutex_unlock(&m);
    /* Handed over, not opened: the waiter holds it already, whether it is awake or not. */
    handed = !weft_mutex_try_lock(&m);
    if (!handed) weft_mutex_unlock(&m);
    YIELD_UNTIL(count_of(&finished) == i);
    raise_flag(&may_end);
    finish_detached(waiter);
    cr_assert_eq(word_of(&m), UNLOCKED);
  }
  cr_assert(handed);
}

/* A waiter that has just gone to sleep does not get the lock handed: whoever is awake may take it first. Whether the
 * waiter has slept for less than a millisecond is up to the machine, so once in many attempts is enough. */
Test(mutex, barging_is_allowed_while_the_waiter_has_not_waited_long) {
  bool barged = false;
  for (int i = 0; i < 1000 && !barged; i++) {
    weft_mutex_lock(&m);
    pthread_t waiter = run(lock_and_finish, NULL);
    weft_detach();
    while (word_of(&m) != LOCKED_AND_SLEPT_ON) sched_yield();
    weft_mutex_unlock(&m);
    barged = weft_mutex_try_lock(&m);
    if (barged) weft_mutex_unlock(&m);
    finish(waiter);
    weft_reattach();
  }
  cr_assert(barged);
}

static uint32_t stop;

static void *hog_the_mutex(void *arg) {
  (void)arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft_mutex_lock(&m);
    spin_for(20000);
    weft_mutex_unlock(&m);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

Test(mutex, a_thread_that_takes_it_over_and_over_does_not_starve_others) {
  pthread_t hog = run(hog_the_mutex, NULL);
  for (int i = 0; i < 100; i++) {
    weft_mutex_lock(&m);
    weft_mutex_unlock(&m);
    weft_poll();
  }
  raise_flag(&stop);
  finish_detached(hog);
}

static void *count_once(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_mutex_lock(&m);
  counter++;
  weft_mutex_unlock(&m);
  weft_detach();
  return NULL;
}

/* pitfalls: a thousand threads adding to one counter. */
Test(mutex, a_thousand_threads_add_to_one_counter) {
  enum { ROUNDS = 10, THREADS = 100 };
  pthread_t threads[THREADS];
  weft_detach();
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < THREADS; i++) threads[i] = run(count_once, NULL);
    for (int i = 0; i < THREADS; i++) finish(threads[i]);
  }
  weft_reattach();
  cr_assert_eq(counter, ROUNDS * THREADS);
}

Test(mutex, unlocking_an_unlocked_one_is_misuse) {
  EXPECT_MISUSE(weft_mutex_unlock(&m), "weft_mutex_unlock: the mutex is not locked");
}
