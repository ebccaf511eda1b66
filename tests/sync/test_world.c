/* SPDX-License-Identifier: MIT */
/* The stopped world: nobody else runs in it, nobody gets into it, and everybody goes on after it. */
#include "support.h"

TestSuite(world, .init = start_runtime, .fini = end_runtime, .timeout = TIMEOUT);

static uint32_t stop;
enum { WORKERS = 3 };
static uint64_t moves[WORKERS];
static pthread_t workers[WORKERS];

static void *move(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static void start_workers(void *(*body)(void *)) {
  for (int i = 0; i < WORKERS; i++) workers[i] = run(body, &moves[i]);
}
static void finish_workers(void) {
  raise_flag(&stop);
  weft_detach();
  for (int i = 0; i < WORKERS; i++) finish(workers[i]);
  weft_reattach();
}
static uint64_t all_moves(void) {
  uint64_t sum = 0;
  for (int i = 0; i < WORKERS; i++) sum += weft__load_relaxed(&moves[i]);
  return sum;
}
static bool each_has_moved(const uint64_t *since) {
  for (int i = 0; i < WORKERS; i++)
    if (weft__load_relaxed(&moves[i]) == since[i]) return false;
  return true;
}

/* --- Nobody runs --- */

static void expect_standstill(void *(*body)(void *), int rounds) {
  uint64_t before[WORKERS] = {0};
  start_workers(body);
  YIELD_UNTIL(each_has_moved(before));
  for (int i = 0; i < rounds; i++) {
    weft_stop_the_world();
    uint64_t at_stop = all_moves();
    spin_for(100000);
    uint64_t later = all_moves();
    memcpy(before, moves, sizeof before);
    weft_start_the_world();
    cr_assert_eq(at_stop, later);
    if (i % 20 == 0) YIELD_UNTIL(each_has_moved(before));
  }
  finish_workers();
}

Test(world, no_polling_thread_runs_while_it_is_stopped) { expect_standstill(move, 200); }

static void *move_in_and_out(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
    weft_detach();
    weft_reattach();
  }
  weft_detach();
  return NULL;
}

Test(world, no_detaching_thread_runs_while_it_is_stopped) { expect_standstill(move_in_and_out, 200); }

static void *move_and_allocate(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
    weft_auto weft_object *list = weft_list_new();
    for (int i = 0; i < 10; i++) {
      weft_object *x = weft_int_new(1000 + i);
      weft_list_append(list, x);
      weft_decref(x);
    }
    weft_poll();
  }
  weft_detach();
  return NULL;
}

Test(world, no_allocating_thread_runs_while_it_is_stopped) { expect_standstill(move_and_allocate, 200); }

/* --- Nobody gets in --- */

static uint32_t asked, go, back;

static void *come_back(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_detach();
  raise_flag(&asked);
  WAIT_UNTIL(is_raised(&go));
  weft_reattach();
  raise_flag(&back);
  weft_detach();
  return NULL;
}

static void *attach_for_the_first_time(void *arg) {
  (void)arg;
  raise_flag(&asked);
  WAIT_UNTIL(is_raised(&go));
  attach_or_abort();
  raise_flag(&back);
  weft_detach();
  return NULL;
}

static void expect_to_be_kept_out(void *(*body)(void *)) {
  pthread_t thread = run(body, NULL);
  YIELD_UNTIL(is_raised(&asked));
  weft_stop_the_world();
  raise_flag(&go);
  spin_for(QUIET_NS);
  bool came = is_raised(&back);
  weft_start_the_world();
  cr_assert_not(came);
  YIELD_UNTIL(is_raised(&back));
  finish_detached(thread);
}

Test(world, a_detached_thread_does_not_come_back_while_it_is_stopped) { expect_to_be_kept_out(come_back); }
Test(world, a_new_thread_does_not_get_in_while_it_is_stopped) { expect_to_be_kept_out(attach_for_the_first_time); }

static weft_object *raise_back(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  raise_flag(&back);
  return WEFT_NONE;
}

Test(world, a_thread_started_while_it_is_stopped_waits) {
  weft_stop_the_world();
  weft_object *thread = spawn(raise_back);
  spin_for(QUIET_NS);
  bool came = is_raised(&back);
  weft_start_the_world();
  cr_assert_not(came);
  join_and_drop(thread);
  cr_assert(is_raised(&back));
}

static void *end_when_told(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_detach();
  raise_flag(&asked);
  WAIT_UNTIL(is_raised(&go));
  return NULL;
}

Test(world, a_detached_thread_that_ends_while_it_is_stopped_ends_after_it) {
  pthread_t thread = run(end_when_told, NULL);
  YIELD_UNTIL(is_raised(&asked));
  weft_stop_the_world();
  raise_flag(&go);
  spin_for(QUIET_NS / 10);
  weft_start_the_world();
  finish_detached(thread);
}

/* --- Stopping --- */

Test(world, stops_alone_and_with_detached_threads_only) {
  for (int i = 0; i < 1000; i++) {
    weft_stop_the_world();
    weft_start_the_world();
  }
  pthread_t thread = run(come_back, NULL);
  YIELD_UNTIL(is_raised(&asked));
  weft_stop_the_world();
  weft_start_the_world();
  raise_flag(&go);
  finish_detached(thread);
}

Test(world, detached_and_attached_again_the_stopper_still_has_it_stopped) {
  if (weft_gil_enabled()) cr_skip_test("letting go of the lock lets others run");
  uint64_t none[WORKERS] = {0};
  start_workers(move);
  YIELD_UNTIL(each_has_moved(none));
  weft_stop_the_world();
  uint64_t at_stop = all_moves();
  weft_detach();
  spin_for(1000000);
  weft_reattach();
  cr_assert_eq(at_stop, all_moves());
  weft_start_the_world();
  finish_workers();
}

Test(world, misuse_names_the_call) {
  EXPECT_MISUSE(weft_start_the_world(), "weft_start_the_world: the world is not stopped");
  weft_stop_the_world();
  EXPECT_MISUSE(weft_stop_the_world(), "weft_stop_the_world: the world is stopped already");
  weft_start_the_world();
}

static uint64_t plain; /* written in a stopped world only, without atomics: ThreadSanitizer looks at it too */

static void *stop_often(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  for (int i = 0; i < 500; i++) {
    weft_stop_the_world();
    plain++;
    ++*mine;
    weft_start_the_world();
  }
  weft_detach();
  return NULL;
}

Test(world, stoppers_take_turns) {
  start_workers(stop_often);
  for (int i = 0; i < 500; i++) {
    weft_stop_the_world();
    plain++;
    weft_start_the_world();
    weft_poll();
  }
  finish_workers();
  cr_assert_eq(plain, 500 * (WORKERS + 1));
}

/* The threads that park get on between two stops, however close together they are (gh-151518, gh-118332). */
Test(world, threads_get_on_however_often_it_is_stopped) {
  start_workers(move);
  uint64_t seen[WORKERS] = {0};
  for (int rounds = 0; rounds < 50;) {
    weft_stop_the_world();
    if (each_has_moved(seen)) {
      memcpy(seen, moves, sizeof seen);
      rounds++;
    }
    weft_start_the_world();
    weft_poll(); /* mode gil: holding the lock is all it takes to stop the world */
  }
  finish_workers();
}

/* What was written without atomics before a thread stopped is seen by the stopper, and the other way round. */
static uint64_t notes[WORKERS], reply;

static void *write_notes(void *arg) {
  uint64_t *mine = arg, *note = &notes[mine - moves];
  attach_or_abort();
  while (!is_raised(&stop)) {
    ++*note;
    WRONG_IF(*note < reply);
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

Test(world, stopping_orders_plain_memory_accesses) {
  start_workers(write_notes);
  for (int i = 0; i < 500; i++) {
    weft_stop_the_world();
    uint64_t least = UINT64_MAX;
    for (int k = 0; k < WORKERS; k++)
      if (notes[k] < least) least = notes[k];
    reply = least;
    weft_start_the_world();
    weft_poll();
  }
  finish_workers();
  cr_assert_eq(wrongs(), 0);
}

/* --- Operations on containers are safepoints, at their start --- */

static void (*operation_under_test)(weft_object *list);

static void *operate_without_polling(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  weft_object *list = weft_list_of(1, &(weft_object *){WEFT_NONE});
  while (!is_raised(&stop)) {
    operation_under_test(list);
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
  }
  weft_decref(list);
  weft_detach();
  return NULL;
}

static void expect_safepoints(void (*operation)(weft_object *list)) {
  operation_under_test = operation;
  workers[0] = run(operate_without_polling, &moves[0]);
  YIELD_UNTIL(weft__load_relaxed(&moves[0]) > 0);
  weft_stop_the_world();
  weft_start_the_world();
  raise_flag(&stop);
  finish_detached(workers[0]);
}

static void get_first(weft_object *list) { weft_decref(weft_list_get(list, 0)); }
static void ask_length(weft_object *list) { weft_list_length(list); }
static void append_and_pop(weft_object *list) {
  weft_list_append(list, WEFT_TRUE);
  weft_decref(weft_list_pop(list, 0));
}

Test(world, list_get_is_a_safepoint, .timeout = TIMEOUT / 4) { expect_safepoints(get_first); }
Test(world, list_length_is_a_safepoint, .timeout = TIMEOUT / 4) { expect_safepoints(ask_length); }
Test(world, list_append_and_pop_are_safepoints, .timeout = TIMEOUT / 4) { expect_safepoints(append_and_pop); }

/* --- Stopping beside locks --- */

static weft_mutex mutex;

static void *wait_for_mutex(void *arg) {
  (void)arg;
  attach_or_abort();
  raise_flag(&asked);
  weft_mutex_lock(&mutex);
  raise_flag(&back);
  weft_mutex_unlock(&mutex);
  weft_detach();
  return NULL;
}

Test(world, stops_while_a_thread_waits_for_a_mutex) {
  weft_mutex_lock(&mutex);
  pthread_t thread = run(wait_for_mutex, NULL);
  YIELD_UNTIL(is_raised(&asked));
  weft_stop_the_world();
  weft_start_the_world();
  YIELD_UNTIL(weft__load_relaxed(&mutex.word) == 3); /* it sleeps */
  weft_stop_the_world();
  cr_assert_not(is_raised(&back));
  weft_start_the_world();
  weft_mutex_unlock(&mutex);
  finish_detached(thread);
  cr_assert(is_raised(&back));
}

Test(world, stops_when_it_was_the_stopper_that_woke_a_waiter) {
  weft_mutex_lock(&mutex);
  pthread_t thread = run(wait_for_mutex, NULL);
  YIELD_UNTIL(weft__load_relaxed(&mutex.word) == 3);
  weft_stop_the_world();
  weft_mutex_unlock(&mutex);
  spin_for(QUIET_NS);
  bool came = is_raised(&back);
  weft_start_the_world();
  cr_assert_not(came);
  finish_detached(thread);
}

static weft_object *shared_list;

static void *fight_for_the_list(void *arg) {
  uint64_t *mine = arg;
  attach_or_abort();
  while (!is_raised(&stop)) {
    weft_list_append(shared_list, WEFT_NONE);
    weft_object *popped = weft_list_pop(shared_list, 0);
    weft_xdecref(popped);
    weft_error_clear();
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

/* A thread that waited for the list's lock, got it, and now waits for the world to start must not keep the stopper from
 * looking at the list: "in between, the caller may look at objects". */
Test(world, regress_the_stopper_may_look_at_a_contended_object) {
  shared_list = weft_list_new();
  for (int i = 0; i < 1000; i++) weft_list_append(shared_list, WEFT_NONE);
  start_workers(fight_for_the_list);
  uint64_t seen[WORKERS] = {0};
  for (int i = 0; i < 100; i++) {
    YIELD_UNTIL(each_has_moved(seen));
    weft_stop_the_world();
    memcpy(seen, moves, sizeof seen);
    int64_t length = weft_list_length(shared_list);
    weft_start_the_world();
    cr_assert_geq(length, 1000);
  }
  finish_workers();
  weft_decref(shared_list);
}

/* --- Everything at once, shortly; tests/stress/world_stop.c goes on longer --- */

static void *brief(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_object *x = weft_int_new(1000);
  weft_decref(x);
  weft_detach();
  return NULL;
}

static void *churn(void *arg) {
  uint64_t *mine = arg;
  while (!is_raised(&stop)) {
    finish(run(brief, NULL));
    weft__store_relaxed(mine, weft__load_relaxed(mine) + 1);
  }
  return NULL;
}

Test(world, stops_amid_threads_that_begin_attach_and_end) {
  workers[0] = run(churn, &moves[0]);
  workers[1] = run(move_in_and_out, &moves[1]);
  workers[2] = run(move_and_allocate, &moves[2]);
  uint64_t seen[WORKERS] = {0};
  for (int i = 0; i < 300; i++) {
    weft_stop_the_world();
    plain++;
    weft_start_the_world();
    weft_poll();
    if (i % 30 == 0) {
      YIELD_UNTIL(each_has_moved(seen));
      for (int k = 0; k < WORKERS; k++) seen[k] = weft__load_relaxed(&moves[k]);
    }
  }
  finish_workers();
}
