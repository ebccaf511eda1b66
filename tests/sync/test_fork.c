/* SPDX-License-Identifier: MIT */
/*
 * fork: the child has one thread and a runtime that works; the parent goes on as if nothing had happened.
 * A child reports by its exit status only; an alarm ends one that hangs.
 *
 * The sanitizers' allocators do not survive a fork while another thread is in them, and threads that begin or end are:
 * in the child an allocation hangs, or a new thread finds what is left of the lost one. So here no native thread begins
 * or ends while another one forks.
 */
#include "support.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(fork, .init = start_runtime, .fini = end_runtime, .timeout = TIMEOUT);

enum { CHILD_SECONDS = 20 };

/* Forks; the child runs `body`. Returns its exit status, or -1 when a signal ended it. */
static int fork_and(int (*body)(void)) {
  pid_t pid = fork();
  if (pid < 0) abort();
  if (pid == 0) {
    alarm(CHILD_SECONDS);
    _exit(body());
  }
  bool attached = weft_is_attached();
  if (attached) weft_detach();
  int status;
  while (waitpid(pid, &status, 0) != pid) continue;
  if (attached) weft_reattach();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum { GOOD = 42 };
#define CHILD_CHECK(condition)                                                    \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: in a child: %s\n", __FILE__, __LINE__, #condition); \
      return 1;                                                                   \
    }                                                                             \
  } while (0)

/* --- What a child can do --- */

static weft_object *make_things(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  weft_object *list = weft_list_new();
  for (int i = 0; i < 1000; i++) {
    weft_object *x = weft_int_new(1000 + i);
    weft_list_append(list, x);
    weft_decref(x);
  }
  return list;
}

static int use_everything(void) {
  CHILD_CHECK(weft_is_attached());
  weft_object *threads[3];
  for (int i = 0; i < 3; i++) threads[i] = spawn(make_things);
  for (int i = 0; i < 3; i++) {
    weft_object *list = weft_thread_join(threads[i]);
    CHILD_CHECK(list && weft_length(list) == 1000);
    weft_decref(list);
    weft_decref(threads[i]);
  }
  weft_stop_the_world();
  weft_start_the_world();
  weft_detach();
  weft_reattach();
  weft_poll();
  weft_heap_stats stats;
  weft_heap_get_stats(&stats);
  return GOOD;
}

static int use_everything_and_finalize(void) {
  if (use_everything() != GOOD) return 1;
  weft_finalize();
  CHILD_CHECK(!weft_is_initialized());
  CHILD_CHECK(weft_init() == 0);
  if (use_everything() != GOOD) return 1;
  weft_finalize();
  return GOOD;
}

static int use_everything_after_reattach(void) {
  CHILD_CHECK(!weft_is_attached());
  weft_reattach();
  return use_everything();
}

static int use_everything_after_attach(void) {
  CHILD_CHECK(!weft_is_attached());
  CHILD_CHECK(weft_attach());
  return use_everything();
}

/* --- Who forks --- */

Test(fork, from_the_main_thread) {
  cr_assert_eq(fork_and(use_everything), GOOD);
  cr_assert_eq(use_everything(), GOOD);
}

Test(fork, the_child_of_the_main_thread_can_finalize) {
  cr_assert_eq(fork_and(use_everything_and_finalize), GOOD);
  cr_assert_eq(use_everything(), GOOD);
}

Test(fork, from_a_detached_thread) {
  weft_detach();
  int status = fork_and(use_everything_after_reattach);
  weft_reattach();
  cr_assert_eq(status, GOOD);
  cr_assert_eq(use_everything(), GOOD);
}

static void *fork_unattached(void *arg) {
  *(int *)arg = fork_and(use_everything_after_attach);
  WRONG_IF(weft_is_attached());
  return NULL;
}

Test(fork, from_a_thread_that_was_never_attached) {
  int status;
  finish_detached(run(fork_unattached, &status));
  cr_assert_eq(status, GOOD);
  cr_assert_eq(use_everything(), GOOD);
  cr_assert_eq(wrongs(), 0);
}

static int (*worker_child)(void);

static weft_object *fork_in_worker(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_int_new(fork_and(worker_child));
}

static int64_t status_of_worker_child(int (*body)(void)) {
  worker_child = body;
  weft_auto weft_object *thread = spawn(fork_in_worker);
  weft_auto weft_object *status = weft_thread_join(thread);
  return status ? weft_int_value(status) : -1;
}

Test(fork, THD_018_from_a_worker_thread) {
  cr_assert_eq(status_of_worker_child(use_everything), GOOD);
  cr_assert_eq(use_everything(), GOOD);
}

static int finalize_once(void) {
  if (use_everything() != GOOD) return 1;
  weft_finalize();
  CHILD_CHECK(!weft_is_initialized());
  return GOOD;
}

/* It is the only thread there is: it does not wait for itself. */
Test(fork, regress_the_child_of_a_worker_can_finalize) {
  cr_assert_eq(status_of_worker_child(finalize_once), GOOD);
  cr_assert_eq(use_everything(), GOOD);
}

/* The second runtime knows nothing of the thread that the first one thought it was. */
Test(fork, the_child_of_a_worker_can_finalize_and_start_again) {
  cr_assert_eq(status_of_worker_child(use_everything_and_finalize), GOOD);
  cr_assert_eq(use_everything(), GOOD);
}

static int know_myself(void) {
  weft_object *self = weft_thread_current();
  CHILD_CHECK(self);
  CHILD_CHECK(weft_thread_native_id(self) == (int64_t)syscall(SYS_gettid));
  CHILD_CHECK(weft_thread_native_id(self) == (int64_t)getpid());
  CHILD_CHECK(weft_thread_is_alive(self) == 1);
  CHILD_CHECK(weft_thread_count() == 1);
  return GOOD;
}

Test(fork, THR_049_the_surviving_threads_native_id_is_the_childs) {
  cr_assert_eq(status_of_worker_child(know_myself), GOOD);
}

static int fork_again(void) {
  CHILD_CHECK(fork_and(use_everything) == GOOD);
  return use_everything();
}

Test(fork, a_child_may_fork) {
  cr_assert_eq(fork_and(fork_again), GOOD);
  cr_assert_eq(use_everything(), GOOD);
}

/* --- With other threads about --- */

static uint32_t ready, may_go;
static weft_object *other;

static weft_object *wait_detached(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ready);
  YIELD_UNTIL(is_raised(&may_go));
  return weft_int_new(1234);
}

static int other_has_ended(void) {
  CHILD_CHECK(weft_thread_is_alive(other) == 0);
  CHILD_CHECK(weft_thread_wait(other, -1) == 1);
  CHILD_CHECK(weft_thread_join(other) == WEFT_NONE);
  CHILD_CHECK(weft_thread_count() == 0);
  weft_decref(other);
  return use_everything_and_finalize();
}

Test(fork, in_the_child_other_threads_have_ended) {
  other = spawn(wait_detached);
  YIELD_UNTIL(count_of(&ready) == 1);
  cr_assert_eq(fork_and(other_has_ended), GOOD);
  cr_assert_eq(weft_thread_is_alive(other), 1);
  raise_flag(&may_go);
  weft_auto weft_object *result = weft_thread_join(other);
  cr_assert_eq(weft_int_value(result), 1234);
  weft_decref(other);
}

/* Waits until the native thread with that id has ended entirely. */
static void wait_until_gone(int64_t native_id) { YIELD_UNTIL(syscall(SYS_tgkill, getpid(), (pid_t)native_id, 0) != 0); }

static weft_object *return_5678(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_int_new(5678);
}

static int result_is_still_there(void) {
  weft_object *result = weft_thread_join(other);
  CHILD_CHECK(result && weft_int_value(result) == 5678);
  return GOOD;
}

Test(fork, in_the_child_ended_threads_keep_their_results) {
  other = spawn(return_5678);
  cr_assert_eq(weft_thread_wait(other, -1), 1);
  wait_until_gone(weft_thread_native_id(other));
  cr_assert_eq(fork_and(result_is_still_there), GOOD);
  weft_decref(other);
}

static weft_object *busy(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ready);
  while (!is_raised(&may_go)) {
    weft_object *list = weft_list_new();
    for (int i = 0; i < 50; i++) {
      weft_object *x = weft_int_new(1000 + i);
      weft_list_append(list, x);
      weft_decref(x);
    }
    weft_decref(list);
    weft_poll();
  }
  return WEFT_NONE;
}

Test(fork, amid_threads_that_make_objects) {
  weft_object *threads[3];
  for (int i = 0; i < 3; i++) threads[i] = spawn(busy);
  YIELD_UNTIL(count_of(&ready) == 3);
  for (int i = 0; i < 10; i++) cr_assert_eq(fork_and(use_everything_and_finalize), GOOD);
  raise_flag(&may_go);
  for (int i = 0; i < 3; i++) join_and_drop(threads[i]);
}

static weft_object *tokens; /* a list of objects that another thread owns */

static weft_object *own_tokens(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  const weft_type *type = token_type();
  for (int i = 0; i < 1000; i++) {
    weft_object *token = token_new(type);
    weft_list_append(tokens, token);
    weft_decref(token);
  }
  count_up(&ready);
  YIELD_UNTIL(is_raised(&may_go));
  return WEFT_NONE;
}

static int drop_tokens(void) {
  weft_list_clear(tokens);
  weft_synchronize();
  CHILD_CHECK(count_of(&tokens_dead) == 1000);
  return use_everything();
}

Test(fork, the_child_may_drop_what_lost_threads_owned) {
  tokens = weft_list_new();
  weft_object *thread = spawn(own_tokens);
  YIELD_UNTIL(count_of(&ready) == 1);
  cr_assert_eq(fork_and(drop_tokens), GOOD);
  cr_assert_eq(count_of(&tokens_dead), 0);
  weft_list_clear(tokens);
  weft_synchronize();
  cr_assert_eq(count_of(&tokens_dead), 1000);
  raise_flag(&may_go);
  join_and_drop(thread);
  weft_decref(tokens);
}

static uint32_t has_forked;

static weft_object *own_and_be_deaf(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  const weft_type *type = token_type();
  for (int i = 0; i < 1000; i++) {
    weft_object *token = token_new(type);
    weft_list_append(tokens, token);
    weft_decref(token);
  }
  count_up(&ready);
  WAIT_UNTIL(is_raised(&may_go)); /* attached: what is queued for it meanwhile stays queued */
  POLL_UNTIL(count_of(&tokens_dead) == 1000);
  YIELD_UNTIL(is_raised(&has_forked));
  return WEFT_NONE;
}

static int find_queued_tokens_settled(void) {
  weft_poll();
  CHILD_CHECK(count_of(&tokens_dead) == 1000);
  return use_everything();
}

static void *let_go_soon(void *arg) {
  (void)arg;
  spin_for(QUIET_NS);
  raise_flag(&may_go);
  WAIT_UNTIL(is_raised(&has_forked));
  return NULL;
}

/* fork finds the owner either before it settles its queue, which then moves to the child's thread, or after. */
Test(fork, what_was_queued_for_a_lost_thread_is_settled_in_the_child) {
  if (weft_gil_enabled()) cr_skip_test("the deaf thread would keep the lock");
  tokens = weft_list_new();
  weft_object *thread = spawn(own_and_be_deaf);
  YIELD_UNTIL(count_of(&ready) == 1);
  weft_list_clear(tokens);
  weft_synchronize();
  pthread_t helper = run(let_go_soon, NULL);
  cr_assert_eq(fork_and(find_queued_tokens_settled), GOOD);
  raise_flag(&has_forked);
  finish_detached(helper);
  join_and_drop(thread);
  weft_decref(tokens);
}

static int exit_well(void) { return GOOD; }

static pthread_barrier_t all_have_begun, all_have_done;

static void *fork_attached_often(void *arg) {
  (void)arg;
  pthread_barrier_wait(&all_have_begun);
  attach_or_abort();
  for (int i = 0; i < 50; i++) {
    WRONG_IF(fork_and(exit_well) != GOOD);
    WRONG_IF(!weft_is_attached());
  }
  if (weft_is_attached()) weft_detach();
  pthread_barrier_wait(&all_have_done);
  return NULL;
}

static void *fork_unattached_often(void *arg) {
  (void)arg;
  pthread_barrier_wait(&all_have_begun);
  for (int i = 0; i < 50; i++) {
    WRONG_IF(fork_and(exit_well) != GOOD);
    WRONG_IF(weft_is_attached());
  }
  pthread_barrier_wait(&all_have_done);
  return NULL;
}

/* Each comes out of fork as it went in: attached, or not. */
Test(fork, regress_attached_and_unattached_threads_fork_at_the_same_time) {
  pthread_t threads[4];
  cr_assert_eq(pthread_barrier_init(&all_have_begun, NULL, 4), 0);
  cr_assert_eq(pthread_barrier_init(&all_have_done, NULL, 4), 0);
  for (int i = 0; i < 4; i++) threads[i] = run(i % 2 ? fork_attached_often : fork_unattached_often, NULL);
  weft_detach();
  for (int i = 0; i < 4; i++) finish(threads[i]);
  weft_reattach();
  cr_assert_eq(wrongs(), 0);
}

static int init_here(void) {
  CHILD_CHECK(!weft_is_initialized());
  CHILD_CHECK(weft_init() == 0);
  return use_everything_and_finalize();
}

Test(fork, without_a_runtime_the_child_can_start_one) {
  weft_finalize();
  cr_assert_eq(fork_and(init_here), GOOD);
}

/* A mutex with sleepers that are gone in the child opens for the child. */
static weft_mutex held;

static void *wait_for_held(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_mutex_lock(&held);
  weft_mutex_unlock(&held);
  weft_detach();
  return NULL;
}

static int unlock_and_lock(void) {
  weft_mutex_unlock(&held);
  weft_mutex_lock(&held);
  weft_mutex_unlock(&held);
  return GOOD;
}

Test(fork, a_mutex_that_lost_threads_slept_on_still_works) {
  weft_mutex_lock(&held);
  pthread_t sleeper = run(wait_for_held, NULL);
  YIELD_UNTIL(weft__load_relaxed(&held.word) == 3);
  cr_assert_eq(fork_and(unlock_and_lock), GOOD);
  weft_mutex_unlock(&held);
  finish_detached(sleeper);
}

/* In the child the recorder works too. */
static int record(void) {
  weft_timeline_event events[16];
  CHILD_CHECK(weft_timeline_start(16));
  weft_detach();
  weft_reattach();
  weft_timeline_stop();
  CHILD_CHECK(weft_timeline_read(events, 16) >= 3);
  return use_everything();
}

Test(fork, while_a_timeline_is_recorded) {
  weft_object *thread = spawn(busy);
  cr_assert(weft_timeline_start(100));
  YIELD_UNTIL(count_of(&ready) == 1);
  for (int i = 0; i < 5; i++) cr_assert_eq(fork_and(record), GOOD);
  weft_timeline_stop();
  raise_flag(&may_go);
  join_and_drop(thread);
}

/* Whoever stopped the world cannot stop it again for the fork: told, not a deadlock. */
Test(fork, in_a_stopped_world_is_misuse, .signal = SIGABRT, .timeout = TIMEOUT / 4) {
  weft_stop_the_world();
  if (fork() == 0) _exit(0);
}
