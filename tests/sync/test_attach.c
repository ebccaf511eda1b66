/* SPDX-License-Identifier: MIT */
/* Attaching and detaching: who may, how often, what misuse is told, and what becomes of threads that end. */
#include "support.h"

#include "sync/tstate.h"

TestSuite(attach, .init = start_runtime, .fini = end_runtime, .timeout = TIMEOUT);

Test(attach, the_thread_that_initialises_is_attached) { cr_assert(weft_is_attached()); }

Test(attach, detach_and_reattach_alternate) {
  for (int i = 0; i < 1000; i++) {
    weft_detach();
    cr_assert_not(weft_is_attached());
    weft_reattach();
    cr_assert(weft_is_attached());
  }
}

Test(attach, allow_threads_brackets_detach_inside) {
  bool inside;
  WEFT_BEGIN_ALLOW_THREADS
  inside = weft_is_attached();
  WEFT_END_ALLOW_THREADS
  cr_assert_not(inside);
  cr_assert(weft_is_attached());
}

Test(attach, a_detached_thread_may_use_weft_attach_again) {
  weft_detach();
  cr_assert(weft_attach());
  cr_assert(weft_is_attached());
}

/* --- Threads that Weft did not start --- */

static void *use_objects(void *arg) {
  uint32_t *done = arg;
  WRONG_IF(weft_is_attached());
  attach_or_abort();
  WRONG_IF(!weft_is_attached());
  weft_object *x = weft_int_new(1000), *y = weft_int_new(234), *sum = weft_add(x, y);
  WRONG_IF(weft_int_value(sum) != 1234);
  weft_decref(x);
  weft_decref(y);
  weft_decref(sum);
  weft_detach();
  WRONG_IF(weft_is_attached());
  count_up(done);
  return NULL;
}

Test(attach, a_foreign_thread_attaches_and_uses_objects) {
  uint32_t done = 0;
  finish_detached(run(use_objects, &done));
  cr_assert_eq(done, 1);
  cr_assert_eq(wrongs(), 0);
}

Test(attach, a_hundred_foreign_threads_at_once) {
  enum { THREADS = 100 };
  pthread_t threads[THREADS];
  uint32_t done = 0;
  for (int i = 0; i < THREADS; i++) threads[i] = run(use_objects, &done);
  weft_detach();
  for (int i = 0; i < THREADS; i++) finish(threads[i]);
  weft_reattach();
  cr_assert_eq(done, THREADS);
  cr_assert_eq(wrongs(), 0);
}

static void *come_and_go(void *arg) {
  (void)arg;
  for (int i = 0; i < 100; i++) {
    attach_or_abort();
    weft_object *x = weft_int_new(1000 + i);
    WRONG_IF(weft_int_value(x) != 1000 + i);
    weft_decref(x);
    weft_detach();
  }
  return NULL;
}

Test(attach, a_foreign_thread_attaches_again_and_again) {
  finish_detached(run(come_and_go, NULL));
  cr_assert_eq(wrongs(), 0);
}

static void *make_list(void *arg) {
  attach_or_abort();
  weft_object *list = weft_list_new();
  for (int i = 0; i < 1000; i++) {
    weft_object *x = weft_int_new(1000 + i);
    weft_list_append(list, x);
    weft_decref(x);
  }
  *(weft_object **)arg = list;
  return NULL; /* detached by the end of the thread, reported */
}

static uint32_t warnings;
static void count_warning(const char *message) {
  WRONG_IF(!strstr(message, "attached"));
  count_up(&warnings);
}

Test(attach, objects_outlive_the_thread_that_made_them) {
  weft_set_warning_hook(count_warning);
  weft_object *list = NULL;
  finish_detached(run(make_list, &list));
  int64_t sum = 0;
  for (int i = 0; i < 1000; i++) {
    weft_object *x = weft_list_get(list, i);
    sum += weft_int_value(x);
    weft_decref(x);
  }
  cr_assert_eq(sum, 1000 * 1000 + 999 * 1000 / 2);
  weft_decref(list);
}

/* --- Threads that end --- */

static void *end_attached(void *arg) {
  (void)arg;
  attach_or_abort();
  return NULL;
}

Test(attach, a_thread_that_ends_attached_is_detached_and_reported) {
  weft_set_warning_hook(count_warning);
  finish_detached(run(end_attached, NULL));
  cr_assert_eq(count_of(&warnings), 1);
  /* The lock is free and the world can stop: nobody waits for the thread that is gone. */
  weft_stop_the_world();
  weft_start_the_world();
  finish_detached(run(come_and_go, NULL));
  cr_assert_eq(wrongs(), 0);
}

static void *end_in_pthread_exit(void *arg) {
  (void)arg;
  attach_or_abort();
  pthread_exit(NULL);
}

Test(attach, pthread_exit_while_attached_is_reported_too) {
  weft_set_warning_hook(count_warning);
  finish_detached(run(end_in_pthread_exit, NULL));
  cr_assert_eq(count_of(&warnings), 1);
}

static void *be_cancelled(void *arg) {
  attach_or_abort();
  weft_detach();
  raise_flag(arg);
  for (;;) usleep(50); /* no variable of ours on the stack: AddressSanitizer does not see it being unwound */
  return NULL;
}

Test(attach, a_detached_thread_may_be_cancelled) {
  uint32_t ready = 0;
  pthread_t thread = run(be_cancelled, &ready);
  YIELD_UNTIL(is_raised(&ready));
  pthread_cancel(thread);
  finish_detached(thread);
  weft_stop_the_world();
  weft_start_the_world();
}

static void *attach_and_end(void *arg) {
  attach_or_abort();
  *(uint32_t *)arg = weft__self()->slot;
  weft_detach();
  return NULL;
}

Test(attach, slots_of_ended_threads_are_used_again) {
  uint32_t first, slot;
  finish_detached(run(attach_and_end, &first));
  for (int i = 0; i < 300; i++) {
    finish_detached(run(attach_and_end, &slot));
    cr_assert_eq(slot, first);
  }
  cr_assert_leq(weft__slots_used, 2);
}

static void *leave_an_error(void *arg) {
  attach_or_abort();
  WRONG_IF(weft_error_borrow());
  weft_raise(&weft_ValueError, "left behind");
  if (arg) weft_detach();
  return NULL;
}

Test(attach, an_error_left_behind_is_not_the_next_threads) {
  weft_set_warning_hook(count_warning);
  weft_raise(&weft_TypeError, "of the main thread");
  finish_detached(run(leave_an_error, NULL));
  finish_detached(run(leave_an_error, &warnings));
  finish_detached(run(leave_an_error, NULL));
  cr_assert_eq(wrongs(), 0);
  cr_assert(raised(&weft_TypeError));
}

/* A destructor of another key, which attaches the thread once more after Weft's own has run. */
static pthread_key_t late_key;
static uint32_t late_calls;

static void attach_late(void *value) {
  (void)value;
  attach_or_abort();
  weft_object *x = weft_int_new(1000);
  WRONG_IF(!x);
  weft_decref(x);
  count_up(&late_calls);
  weft_detach();
}

static void *end_with_a_late_destructor(void *arg) {
  (void)arg;
  attach_or_abort();
  pthread_setspecific(late_key, &late_key);
  weft_detach();
  return NULL;
}

Test(attach, a_destructor_of_thread_data_may_attach) {
  pthread_key_create(&late_key, attach_late);
  for (int i = 0; i < 10; i++) finish_detached(run(end_with_a_late_destructor, NULL));
  cr_assert_eq(count_of(&late_calls), 10);
  cr_assert_eq(wrongs(), 0);
  cr_assert_leq(weft__slots_used, 3);
  weft_stop_the_world();
  weft_start_the_world();
}

/* --- Objects of threads that are elsewhere --- */

static weft_object *token;
static uint32_t made, may_end;

static void *own_a_token_while_detached(void *arg) {
  const weft_type *type = arg;
  attach_or_abort();
  token = token_new(type);
  weft_detach();
  raise_flag(&made);
  WAIT_UNTIL(is_raised(&may_end));
  return NULL;
}

Test(attach, the_last_reference_may_be_dropped_while_the_owner_is_detached) {
  pthread_t owner = run(own_a_token_while_detached, (void *)token_type());
  YIELD_UNTIL(is_raised(&made));
  weft_decref(token);
  cr_assert_eq(count_of(&tokens_dead), 1);
  raise_flag(&may_end);
  finish_detached(owner);
}

static void *own_a_token_and_poll(void *arg) {
  const weft_type *type = arg;
  attach_or_abort();
  token = token_new(type);
  raise_flag(&made);
  POLL_UNTIL(is_raised(&may_end));
  weft_detach();
  return NULL;
}

Test(attach, the_last_reference_may_be_dropped_while_the_owner_runs) {
  pthread_t owner = run(own_a_token_and_poll, (void *)token_type());
  YIELD_UNTIL(is_raised(&made));
  weft_decref(token);
  YIELD_UNTIL(count_of(&tokens_dead) == 1); /* mode biased: the owner frees it at a safepoint */
  raise_flag(&may_end);
  finish_detached(owner);
}

static void *own_a_token_and_detach(void *arg) {
  const weft_type *type = arg;
  attach_or_abort();
  token = token_new(type);
  raise_flag(&made);
  WAIT_UNTIL(is_raised(&may_end)); /* attached, and deaf */
  weft_detach();
  return NULL;
}

Test(attach, what_was_queued_for_a_thread_is_settled_when_it_detaches) {
  if (weft_gil_enabled()) cr_skip_test("the deaf thread would keep the lock");
  pthread_t owner = run(own_a_token_and_detach, (void *)token_type());
  YIELD_UNTIL(is_raised(&made));
  weft_decref(token);
  raise_flag(&may_end);
  finish_detached(owner);
  cr_assert_eq(count_of(&tokens_dead), 1);
}

/* --- Misuse --- */

static void *reattach_unknown(void *arg) {
  (void)arg;
  if (setjmp(misuse_caught) == 0) {
    weft_reattach();
    WRONG_IF(true);
  }
  WRONG_IF(!strstr(misuse_message, "weft_reattach"));
  return NULL;
}

Test(attach, misuse_names_the_call) {
  EXPECT_MISUSE((void)!weft_attach(), "weft_attach: the calling thread is attached already");
  EXPECT_MISUSE(weft_reattach(), "weft_reattach: the calling thread is attached already");
  weft_detach();
  EXPECT_MISUSE(weft_detach(), "weft_detach: the calling thread is detached");
  EXPECT_MISUSE(weft_poll(), "weft_poll: the calling thread is detached");
  EXPECT_MISUSE(weft_stop_the_world(), "weft_stop_the_world: the calling thread is detached");
  EXPECT_MISUSE(weft_finalize(), "weft_finalize: the calling thread is detached");
  EXPECT_MISUSE(weft_timeline_thread(), "weft_timeline_thread: the calling thread is detached");
  EXPECT_MISUSE((void)weft_thread_current(), "weft_thread_current: the calling thread is detached");
  weft_set_fatal_hook(catch_misuse);
  finish(run(reattach_unknown, NULL));
  weft_set_fatal_hook(NULL);
  weft_reattach();
  cr_assert_eq(wrongs(), 0);
}

Test(attach, misuse_aborts_by_default, .signal = SIGABRT) {
  weft_detach();
  weft_detach();
}

Test(attach_without_a_runtime, attaching_fails, .timeout = TIMEOUT) {
  cr_assert_not(weft_attach());
  start_runtime();
  weft_finalize();
  cr_assert_not(weft_attach());
  cr_assert_not(weft_is_attached());
}
