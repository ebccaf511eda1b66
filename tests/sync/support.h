/* SPDX-License-Identifier: MIT */
/*
 * What the tests of sync/ share: threads, waiting for conditions, and misuse that is caught.
 *
 * Criterion's assertions work on a test's main thread only. Other threads count what they find wrong with WRONG_IF, and
 * the test ends with cr_assert_eq(wrongs(), 0).
 *
 * Nothing here sleeps in the hope that something has happened meanwhile: tests wait for conditions, for as long as
 * their .timeout allows. A test that claims that something does *not* happen gives it QUIET_NS to happen.
 */
#ifndef WEFT_TESTS_SYNC_SUPPORT_H
#define WEFT_TESTS_SYNC_SUPPORT_H

#define _GNU_SOURCE /* include this first */

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <weft/weft.h>

#include "sync/atomic.h"
#include "sync/futex.h"
#include "sync/mutex.h"

#define UNUSED  __attribute__((unused))
#define TIMEOUT 60 /* of a test, in seconds: sanitizers on a busy machine are slow */

enum { QUIET_NS = 20000000 };

/* --- A runtime for each test --- */

UNUSED static void start_runtime(void) {
  if (weft_init() != 0) abort();
}
UNUSED static void end_runtime(void) {
  if (weft_is_initialized() && weft_is_attached()) weft_finalize();
}

/* --- Conditions; the words are shared between threads --- */

/* order: acquire and release: a test that sees a flag sees what was done before it was raised. */
UNUSED static void raise_flag(uint32_t *flag) { weft__store_release(flag, 1u); }
UNUSED static bool is_raised(uint32_t *flag) { return weft__load_acquire(flag) != 0; }
UNUSED static void count_up(uint32_t *counter) { weft__add_acq_rel(counter, 1u); }
UNUSED static uint32_t count_of(uint32_t *counter) { return weft__load_acquire(counter); }

UNUSED static void breathe(void) {
  struct timespec little = {.tv_nsec = 50000};
  nanosleep(&little, NULL);
}

/* For a thread that is not attached. */
#define WAIT_UNTIL(condition)       \
  do {                              \
    while (!(condition)) breathe(); \
  } while (0)
/* For an attached thread that stays attached, except at safepoints. */
#define POLL_UNTIL(condition)                        \
  do {                                               \
    while (!(condition)) weft_poll(), sched_yield(); \
  } while (0)
/* For an attached thread that lets others run meanwhile. */
#define YIELD_UNTIL(condition) \
  do {                         \
    WEFT_BEGIN_ALLOW_THREADS   \
    WAIT_UNTIL(condition);     \
    WEFT_END_ALLOW_THREADS     \
  } while (0)

/* Keeps the thread busy for that long. */
UNUSED static void spin_for(uint64_t ns) {
  uint64_t end = weft__now_ns() + ns;
  while (weft__now_ns() < end) weft__cpu_relax();
}

/* For an attached thread: lets others do for QUIET_NS what they should not do. */
UNUSED static void give_it_time(void) {
  WEFT_BEGIN_ALLOW_THREADS
  spin_for(QUIET_NS);
  WEFT_END_ALLOW_THREADS
}

/* --- What goes wrong in other threads --- */

static uint32_t wrong_count;
UNUSED static void note_wrong(const char *file, int line, const char *what) {
  if (weft__add_acq_rel(&wrong_count, 1u) < 5) fprintf(stderr, "%s:%d: in a thread: %s\n", file, line, what);
}
#define WRONG_IF(condition) ((condition) ? note_wrong(__FILE__, __LINE__, #condition) : (void)0)
UNUSED static uint32_t wrongs(void) { return count_of(&wrong_count); }

/* --- Threads that Weft did not start --- */

UNUSED static pthread_t run(void *(*body)(void *), void *arg) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, arg) != 0) abort();
  return thread;
}
/* Joins; for a caller that is not attached, or when the thread needs nothing that the caller holds. */
UNUSED static void *finish(pthread_t thread) {
  void *result;
  if (pthread_join(thread, &result) != 0) abort();
  return result;
}
/* Joins while others may run. */
UNUSED static void *finish_detached(pthread_t thread) {
  weft_detach();
  void *result = finish(thread);
  weft_reattach();
  return result;
}
UNUSED static void attach_or_abort(void) {
  if (!weft_attach()) abort();
}

/* --- Threads that Weft starts --- */

UNUSED static weft_object *thread_of(weft_c_function body) {
  weft_auto weft_object *function = weft_function_new("body", body, 0, NULL);
  if (!function) abort();
  weft_object *thread = weft_thread_new(function, 0, NULL);
  if (!thread) abort();
  return thread;
}
UNUSED static weft_object *spawn(weft_c_function body) {
  weft_object *thread = thread_of(body);
  if (weft_thread_start(thread) != 0) abort();
  return thread;
}
/* Joins, drops the thread, and expects it to have returned something. */
UNUSED static void join_and_drop(weft_object *thread) {
  weft_object *result = weft_thread_join(thread);
  if (!result) abort();
  weft_decref(result);
  weft_decref(thread);
}

/* True when an error of that type is set, which it then clears. */
UNUSED static bool raised(const weft_type *type) {
  bool is = weft_error_is(type);
  weft_error_clear();
  return is;
}

/* --- Misuse --- */

static jmp_buf misuse_caught;
static char misuse_message[512];

UNUSED static void catch_misuse(const char *message) {
  snprintf(misuse_message, sizeof misuse_message, "%s", message);
  longjmp(misuse_caught, 1);
}
/* Runs a statement that must end in a report of misuse which contains `text`. */
#define EXPECT_MISUSE(statement, text)                                                      \
  do {                                                                                      \
    misuse_message[0] = 0;                                                                  \
    weft_set_fatal_hook(catch_misuse);                                                      \
    if (setjmp(misuse_caught) == 0) {                                                       \
      statement;                                                                            \
      cr_assert(false, "%s: not found out", #statement);                                    \
    }                                                                                       \
    weft_set_fatal_hook(NULL);                                                              \
    cr_assert(strstr(misuse_message, text), "%s: says \"%s\"", #statement, misuse_message); \
  } while (0)

/* --- Objects whose death is counted --- */

static uint32_t tokens_born, tokens_dead;

UNUSED static void token_dealloc(weft_object *self) {
  count_up(&tokens_dead);
  weft_object_free(self, 0);
}
UNUSED static const weft_type *token_type(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "token", .dealloc = token_dealloc});
  if (!type) abort();
  return type;
}
UNUSED static weft_object *token_new(const weft_type *type) {
  weft_object *token = weft_object_new(type, 0);
  if (!token) abort();
  count_up(&tokens_born);
  return token;
}

#endif
