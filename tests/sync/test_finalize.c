/* SPDX-License-Identifier: MIT */
/* The end of the runtime with threads still there, and what comes after it. */
#include "support.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

TestSuite(finalize, .init = start_runtime, .timeout = TIMEOUT);

static uint32_t ran, may_go, finished;

/* --- Waiting for threads --- */

static weft_object *sleep_then_use_objects(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  count_up(&ran);
  WEFT_BEGIN_ALLOW_THREADS
  struct timespec while_main_finalizes = {.tv_nsec = 50000000};
  nanosleep(&while_main_finalizes, NULL);
  WEFT_END_ALLOW_THREADS
  WRONG_IF(!weft_is_initialized());
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 1000; i++) weft_list_append(list, args[0]);
  weft_auto weft_object *copy = weft_add(list, list);
  WRONG_IF(weft_length(copy) != 2000);
  count_up(&finished);
  return WEFT_NONE;
}

Test(finalize, THR_016_waits_for_a_thread_that_still_sleeps) {
  weft_object *argument = weft_int_new(1000);
  weft_object *function = weft_function_new("body", sleep_then_use_objects, 0, NULL);
  weft_object *thread = weft_thread_spawn(function, 1, &argument);
  weft_decref(argument);
  weft_decref(function);
  weft_decref(thread);
  weft_finalize();
  cr_assert_eq(count_of(&finished), 1);
  cr_assert_eq(wrongs(), 0);
}

static weft_object *finish_late(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  WEFT_BEGIN_ALLOW_THREADS
  struct timespec while_main_finalizes = {.tv_nsec = 20000000};
  nanosleep(&while_main_finalizes, NULL);
  WEFT_END_ALLOW_THREADS
  count_up(&finished);
  return WEFT_NONE;
}
static weft_object *start_one_and_end(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  weft_decref(spawn(finish_late));
  return WEFT_NONE;
}

Test(finalize, THR_055_waits_for_a_thread_started_by_a_thread_just_before) {
  for (int i = 0; i < 5; i++) weft_decref(spawn(start_one_and_end));
  weft_finalize();
  cr_assert_eq(count_of(&finished), 5);
}

Test(finalize, waits_for_a_chain_of_a_hundred_short_threads) {
  for (int i = 0; i < 100; i++) weft_decref(spawn(start_one_and_end));
  weft_finalize();
  cr_assert_eq(count_of(&finished), 100);
}

/* --- Daemons --- */

static void start_daemon(weft_c_function body) {
  weft_object *thread = thread_of(body);
  if (weft_thread_set_daemon(thread, true) != 0 || weft_thread_start(thread) != 0) abort();
  weft_decref(thread);
}

static weft_object *block_then_return_to_user_code(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  WEFT_BEGIN_ALLOW_THREADS
  WAIT_UNTIL(is_raised(&may_go));
  count_up(&finished);
  WEFT_END_ALLOW_THREADS
  WRONG_IF(true); /* back in the runtime after its end */
  return WEFT_NONE;
}

Test(finalize, THR_048_a_daemon_that_wakes_after_the_end_stays_in_reattach) {
  start_daemon(block_then_return_to_user_code);
  YIELD_UNTIL(count_of(&ran) == 1);
  weft_finalize();
  raise_flag(&may_go);
  WAIT_UNTIL(count_of(&finished) == 1);
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

static weft_object *poll_for_ever(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  for (;;) {
    WRONG_IF(is_raised(&may_go)); /* raised after the end */
    weft_poll();
  }
  return NULL;
}

Test(finalize, daemons_that_poll_stop_at_a_safepoint) {
  for (int i = 0; i < 3; i++) start_daemon(poll_for_ever);
  YIELD_UNTIL(count_of(&ran) == 3);
  weft_finalize();
  raise_flag(&may_go);
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

static weft_object *come_and_go_for_ever(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  for (;;) {
    WEFT_BEGIN_ALLOW_THREADS
    WEFT_END_ALLOW_THREADS
    WRONG_IF(is_raised(&may_go));
  }
  return NULL;
}

Test(finalize, daemons_that_come_and_go_stay_outside) {
  for (int i = 0; i < 3; i++) start_daemon(come_and_go_for_ever);
  YIELD_UNTIL(count_of(&ran) == 3);
  weft_finalize();
  raise_flag(&may_go);
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

static weft_object *io_and_objects(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  int null = open("/dev/null", O_WRONLY);
  count_up(&ran);
  for (;;) {
    weft_auto weft_object *text = weft_str_format("daemon %d of %s", null, weft_mode());
    WEFT_BEGIN_ALLOW_THREADS(void) !write(null, "x", 1);
    WEFT_END_ALLOW_THREADS
    weft_auto weft_object *list = weft_list_of(1, &text);
    WRONG_IF(weft_list_length(list) != 1);
  }
  return NULL;
}

Test(finalize, THR_054_forty_daemons_with_io_and_objects_do_no_harm) {
  for (int i = 0; i < 40; i++) start_daemon(io_and_objects);
  YIELD_UNTIL(count_of(&ran) >= 20);
  weft_finalize();
  cr_assert_eq(wrongs(), 0);
}

static weft_mutex held;

static weft_object *wait_for_mutex(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  weft_mutex_lock(&held);
  WRONG_IF(is_raised(&may_go));
  weft_mutex_unlock(&held);
  return WEFT_NONE;
}

Test(finalize, a_daemon_that_gets_a_mutex_after_the_end_stays_in_the_lock_call) {
  weft_mutex_lock(&held);
  start_daemon(wait_for_mutex);
  YIELD_UNTIL(weft__load_relaxed(&held.word) == 3);
  weft_finalize();
  raise_flag(&may_go);
  weft_mutex_unlock(&held);
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

static weft_object *wait_for_another(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  count_up(&ran);
  weft_object *result = weft_thread_join(args[0]);
  WRONG_IF(true);
  return result;
}

Test(finalize, daemons_that_join_daemons_stay_in_join) {
  weft_object *inner = thread_of(block_then_return_to_user_code);
  weft_thread_set_daemon(inner, true);
  weft_thread_start(inner);
  weft_object *function = weft_function_new("join", wait_for_another, 0, NULL);
  weft_object *outer = weft_thread_new(function, 1, &inner);
  weft_thread_set_daemon(outer, true);
  weft_thread_start(outer);
  weft_decref(function);
  weft_decref(inner);
  weft_decref(outer);
  YIELD_UNTIL(count_of(&ran) == 2);
  weft_finalize();
  raise_flag(&may_go);
  WAIT_UNTIL(count_of(&finished) == 1);
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

/* The native thread may not even have begun to run. */
Test(finalize, regress_a_daemon_started_just_before_the_end) {
  weft_finalize();
  for (int i = 0; i < 100; i++) {
    start_runtime();
    for (int k = 0; k < 3; k++) start_daemon(come_and_go_for_ever);
    weft_finalize();
  }
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

static weft_object *stop_the_world_for_ever(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  for (;;) {
    weft_stop_the_world();
    WRONG_IF(is_raised(&may_go));
    weft_start_the_world();
    weft_poll();
  }
  return NULL;
}

/* Some of them wait for their turn to stop the world when it ends. */
Test(finalize, regress_daemons_that_stop_the_world_do_not_keep_it_stopped) {
  for (int i = 0; i < 10; i++) {
    if (i) start_runtime();
    uint32_t before = count_of(&ran);
    for (int k = 0; k < 3; k++) start_daemon(stop_the_world_for_ever);
    YIELD_UNTIL(count_of(&ran) == before + 3);
    weft_finalize();
  }
  start_runtime();
  weft_stop_the_world();
  weft_start_the_world();
  weft_finalize();
  raise_flag(&may_go);
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

static weft_object *fight_for_an_object(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  count_up(&ran);
  for (;;) {
    weft_object *x = weft_list_new();
    weft_cell_set(args[0], x);
    weft_list_append(args[1], x);
    weft_decref(x);
    x = weft_list_pop(args[1], 0);
    WRONG_IF(is_raised(&may_go));
    weft_xdecref(x);
    weft_poll();
  }
  return NULL;
}

/* Some of them wait for the lock of an object, or have just got it, when the world stops for the last time. */
Test(finalize, regress_daemons_that_wait_for_an_object_touch_nothing_after_the_end) {
  for (int i = 0; i < 10; i++) {
    if (i) start_runtime();
    uint32_t before = count_of(&ran);
    weft_object *things[2] = {weft_cell_new(NULL), weft_list_new()};
    weft_object *function = weft_function_new("fight", fight_for_an_object, 0, NULL);
    for (int k = 0; k < 4; k++) {
      weft_object *thread = weft_thread_new(function, 2, things);
      weft_thread_set_daemon(thread, true);
      weft_thread_start(thread);
      weft_decref(thread);
    }
    YIELD_UNTIL(count_of(&ran) == before + 4);
    weft_finalize();
  }
  spin_for(QUIET_NS);
  start_runtime();
  for (int i = 0; i < 1000; i++) { /* whatever lock a cell uses, it is free */
    weft_object *cell = weft_cell_new(WEFT_NONE);
    weft_decref(weft_cell_get(cell));
    weft_decref(cell);
  }
  weft_finalize();
  raise_flag(&may_go);
  spin_for(QUIET_NS);
  cr_assert_eq(wrongs(), 0);
}

/* --- Threads that Weft did not start --- */

static void *end_after_the_runtime(void *arg) {
  (void)arg;
  attach_or_abort();
  weft_detach();
  raise_flag(&ran);
  WAIT_UNTIL(is_raised(&may_go));
  return NULL;
}

Test(finalize, a_detached_foreign_thread_may_end_after_it) {
  pthread_t thread = run(end_after_the_runtime, NULL);
  YIELD_UNTIL(is_raised(&ran));
  weft_finalize();
  raise_flag(&may_go);
  finish(thread);
}

static void *end_at_once(void *arg) {
  attach_or_abort();
  weft_detach();
  count_up(arg);
  return NULL;
}

/* Whether they end before, during or after weft_finalize, their own program can join them. */
Test(finalize, foreign_threads_that_end_meanwhile_can_be_joined) {
  enum { THREADS = 8 };
  weft_finalize();
  for (int i = 0; i < 100; i++) {
    pthread_t threads[THREADS];
    uint32_t ended = 0;
    start_runtime();
    for (int k = 0; k < THREADS; k++) threads[k] = run(end_at_once, &ended);
    YIELD_UNTIL(count_of(&ended) == THREADS);
    weft_finalize();
    for (int k = 0; k < THREADS; k++) finish(threads[k]);
  }
}

static void *attach_too_late(void *arg) {
  WAIT_UNTIL(is_raised(&may_go));
  *(bool *)arg = weft_attach();
  return NULL;
}

Test(finalize, a_new_thread_is_refused_after_it) {
  bool attached = true;
  pthread_t thread = run(attach_too_late, &attached);
  weft_finalize();
  raise_flag(&may_go);
  finish(thread);
  cr_assert_not(attached);
  cr_assert_not(weft_is_initialized());
  cr_assert_not(weft_is_attached());
}

static void *attach_and_detach_for_ever(void *arg) {
  for (;;) {
    if (!weft_attach()) break; /* after the end; or it never returns */
    WRONG_IF(!weft_is_initialized());
    weft_decref(weft_int_new(1000));
    weft_detach();
    count_up(arg);
  }
  return NULL;
}

Test(finalize, foreign_threads_that_attach_meanwhile_stay_outside) {
  static uint32_t visits; /* they count once more, perhaps after the test */
  for (int i = 0; i < 3; i++) pthread_detach(run(attach_and_detach_for_ever, &visits));
  YIELD_UNTIL(count_of(&visits) > 100);
  weft_finalize();
  uint32_t at_end = count_of(&visits);
  spin_for(QUIET_NS);
  cr_assert_leq(count_of(&visits), at_end + 3); /* each may have been about to count */
  cr_assert_eq(wrongs(), 0);
}

/* --- Objects --- */

Test(finalize, objects_that_are_still_referenced_stay_valid_memory) {
  weft_object *number = weft_int_new(123456), *text = weft_str_new("still here");
  weft_finalize();
  cr_assert_eq(((weft_int *)number)->value, 123456);
  cr_assert_eq(weft_type_of(text), &weft_str_type);
}

/* --- And again --- */

static weft_object *make_things(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  weft_object *list = weft_list_new();
  for (int i = 0; i < 100; i++) {
    weft_object *x = weft_int_new(1000 + i);
    weft_list_append(list, x);
    weft_decref(x);
  }
  return list;
}

Test(finalize, the_runtime_can_be_started_again_several_times) {
  weft_finalize();
  for (int i = 0; i < 20; i++) {
    cr_assert_eq(weft_init(), 0);
    cr_assert(weft_is_attached());
    weft_object *threads[4];
    for (int k = 0; k < 4; k++) threads[k] = spawn(make_things);
    for (int k = 0; k < 4; k++) {
      weft_object *list = weft_thread_join(threads[k]);
      cr_assert_eq(weft_length(list), 100);
      weft_decref(list);
      weft_decref(threads[k]);
    }
    weft_stop_the_world();
    weft_start_the_world();
    weft_finalize();
    cr_assert_not(weft_is_initialized());
  }
}

Test(finalize, the_next_runtime_does_not_notice_stuck_daemons_of_the_last) {
  for (int i = 0; i < 10; i++) {
    if (i) start_runtime();
    start_daemon(block_then_return_to_user_code);
    start_daemon(come_and_go_for_ever);
    start_daemon(poll_for_ever);
    YIELD_UNTIL(count_of(&ran) == 3 * (uint32_t)(i + 1));
    join_and_drop(spawn(make_things));
    weft_stop_the_world();
    weft_start_the_world();
    weft_finalize();
  }
  start_runtime();
  raise_flag(&may_go);
  YIELD_UNTIL(count_of(&finished) == 10);
  join_and_drop(spawn(make_things));
  weft_stop_the_world();
  weft_start_the_world();
  give_it_time();
  weft_finalize();
  cr_assert_eq(wrongs(), 0);
}

Test(finalize, initialising_twice_is_misuse) {
  EXPECT_MISUSE((void)weft_init(), "weft_init: the runtime is initialised already");
  weft_finalize();
  EXPECT_MISUSE(weft_finalize(), "weft_finalize: the calling thread is not attached");
}

Test(finalize, in_a_stopped_world_is_misuse, .timeout = TIMEOUT / 4) {
  weft_stop_the_world();
  EXPECT_MISUSE(weft_finalize(), "weft_finalize: the world is stopped");
  weft_start_the_world();
  weft_finalize();
}

Test(finalize, threads_of_the_last_runtime_are_not_counted_in_the_next) {
  for (int i = 0; i < 3; i++) start_daemon(come_and_go_for_ever);
  YIELD_UNTIL(count_of(&ran) == 3);
  cr_assert_eq(weft_thread_count(), 3);
  weft_finalize();
  start_runtime();
  cr_assert_eq(weft_thread_count(), 0);
  join_and_drop(spawn(make_things));
  weft_finalize();
}

/* A ring that a stuck daemon still writes to, or that is given back while it does. */
Test(finalize, while_a_timeline_is_recorded) {
  for (int i = 0; i < 20; i++) {
    if (i) start_runtime();
    uint32_t before = count_of(&ran);
    start_daemon(come_and_go_for_ever);
    start_daemon(poll_for_ever);
    YIELD_UNTIL(count_of(&ran) == before + 2);
    cr_assert(weft_timeline_start(100));
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    WEFT_END_ALLOW_THREADS
    weft_finalize();
  }
  start_runtime();
  weft_timeline_event events[4];
  cr_assert_eq(weft_timeline_read(events, 4), 0);
  cr_assert(weft_timeline_start(4));
  weft_timeline_stop();
  cr_assert_eq(weft_timeline_read(events, 4), 1);
  weft_finalize();
}

/* --- Memory --- */

static weft_object *drop_the_list(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  weft_list_clear(args[0]);
  return WEFT_NONE;
}

static size_t address_space_pages(void) {
  unsigned long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  if (!statm || fscanf(statm, "%lu", &pages) != 1) abort();
  fclose(statm);
  return pages;
}

/* One life in which a thread frees what another one made. */
static void live(void) {
  weft_object *function = weft_function_new("drop", drop_the_list, 0, NULL);
  weft_object *list = weft_list_new();
  for (int i = 0; i < 1000; i++) {
    weft_object *x = weft_int_new(1000 + i);
    weft_list_append(list, x);
    weft_decref(x);
  }
  join_and_drop(weft_thread_spawn(function, 1, &list));
  weft_decref(list);
  weft_decref(function);
  weft_finalize();
}

static void live_again(void) {
  start_runtime();
  live();
}

/* The same without a runtime: a thread counts down what another one has counted up, in memory from the system. */
enum { ARENA_BYTES = 4 << 20, WORDS = ARENA_BYTES / sizeof(uint64_t), COUNTS = 1000 };

static void *count_down(void *counts) {
  for (int i = 0; i < COUNTS; i++) weft__sub_release((uint64_t *)counts + 4 * i, 1u);
  return NULL;
}
static void live_without(void) {
  uint64_t *arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (arena == MAP_FAILED) abort();
  uint64_t *counts = arena + WORDS / 2;
  for (int i = 0; i < COUNTS; i++) weft__store_release(counts + 4 * i, 1u);
  finish(run(count_down, counts));
  munmap(arena, ARENA_BYTES);
}

enum { LIVES = 200, LIVES_COUNTED = 150, PAGES_PER_MIB = 256, LEEWAY_MIB = 20 };

static size_t mib_grown_in(void (*life)(void)) {
  size_t before = 0;
  for (int i = 0; i < LIVES; i++) {
    if (i == LIVES - LIVES_COUNTED) before = address_space_pages();
    life();
  }
  size_t after = address_space_pages();
  return after > before ? (after - before) / PAGES_PER_MIB : 0;
}

/* A lost arena in each life would be 600 MiB. ThreadSanitizer keeps books on the counts in memory that is gone, almost
 * 100: so a life is compared with one without a runtime. */
Test(finalize, gives_its_memory_back) {
  mallopt(M_ARENA_MAX, 1); /* the C library would reserve 64 MiB whenever two threads meet in it */
  live();
  size_t bare = mib_grown_in(live_without), grown = mib_grown_in(live_again);
  cr_assert_lt(grown, bare + LEEWAY_MIB, "%zu MiB in %d lives, %zu without a runtime", grown, LIVES_COUNTED, bare);
}

static void *finalize_elsewhere(void *arg) {
  attach_or_abort();
  weft_finalize();
  raise_flag(arg);
  return NULL;
}

Test(finalize, another_thread_may_do_it) {
  uint32_t done = 0;
  weft_detach();
  finish(run(finalize_elsewhere, &done));
  cr_assert(is_raised(&done));
  cr_assert_not(weft_is_initialized());
}
