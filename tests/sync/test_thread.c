/* SPDX-License-Identifier: MIT */
/* Thread objects: starting, joining, results and errors, daemons, and what is told about them. */
#include "support.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "sync/tstate.h"

static uint32_t unraisable_count;
static const weft_type *unraisable_type;
static weft_object *unraisable_where;
static char unraisable_message[128];

static void note_unraisable(weft_object *error, weft_object *where) {
  unraisable_type = weft_type_of(error);
  unraisable_where = where;
  snprintf(unraisable_message, sizeof unraisable_message, "%s", weft_error_message(error));
  count_up(&unraisable_count);
}

static void start(void) {
  start_runtime();
  weft_set_unraisable_hook(note_unraisable);
}

TestSuite(thread, .init = start, .fini = end_runtime, .timeout = TIMEOUT);

/* --- Bodies --- */

static uint32_t ran, may_go;

static weft_object *count_run(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  return WEFT_NONE;
}

static weft_object *wait_detached(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  YIELD_UNTIL(is_raised(&may_go));
  return WEFT_NONE;
}

static weft_object *sum_of_args(weft_object *function, weft_object *const *args, size_t n) {
  (void)function;
  weft_object *sum = weft_int_new(0);
  for (size_t i = 0; i < n; i++) {
    weft_object *more = weft_add(sum, args[i]);
    weft_decref(sum);
    if (!(sum = more)) return NULL;
  }
  return sum;
}

static weft_object *fail(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_raise(&weft_ValueError, "failed on purpose");
}

static weft_object *exit_request(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_raise(&weft_SystemExit, "enough");
}

static weft_object *own_native_id(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_int_new((int64_t)syscall(SYS_gettid));
}

static weft_object *own_object(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_thread_current();
}

static void let_go_and_join(weft_object *thread) {
  raise_flag(&may_go);
  join_and_drop(thread);
}

/* --- Running and joining --- */

Test(thread, THD_001_ten_threads_run) {
  weft_object *threads[10];
  for (int i = 0; i < 10; i++) threads[i] = spawn(count_run);
  for (int i = 0; i < 10; i++) join_and_drop(threads[i]);
  cr_assert_eq(count_of(&ran), 10);
}

Test(thread, join_returns_the_result_of_the_arguments) {
  weft_auto weft_object *function = weft_function_new("sum", sum_of_args, 0, NULL);
  weft_auto weft_object *a = weft_int_new(1000), *b = weft_int_new(234);
  weft_auto weft_object *thread = weft_thread_spawn(function, 2, (weft_object *[]){a, b});
  weft_auto weft_object *first = weft_thread_join(thread), *second = weft_thread_join(thread);
  cr_assert_eq(weft_int_value(first), 1234);
  cr_assert_eq(first, second);
}

Test(thread, THD_006_join_waits_for_the_body_and_the_id_is_the_one_seen_inside) {
  weft_auto weft_object *thread = spawn(own_native_id);
  weft_auto weft_object *id = weft_thread_join(thread);
  cr_assert_eq(weft_int_value(id), weft_thread_native_id(thread));
  cr_assert_neq(weft_int_value(id), (int64_t)getpid());
}

Test(thread, THR_008_current_is_the_object_that_start_gave) {
  weft_auto weft_object *thread = spawn(own_object);
  weft_auto weft_object *current = weft_thread_join(thread);
  cr_assert_eq(current, thread);
}

Test(thread, current_is_nothing_in_threads_that_weft_did_not_start) {
  cr_assert_null(weft_thread_current());
  cr_assert_null(weft_error_borrow());
}

Test(thread, THD_007_join_of_an_ended_thread_returns_at_once) {
  weft_object *thread = spawn(count_run);
  while (weft_thread_is_alive(thread)) {
    weft_detach();
    breathe();
    weft_reattach();
  }
  join_and_drop(thread);
}

Test(thread, THD_008_join_several_times) {
  weft_auto weft_object *thread = spawn(count_run);
  for (int i = 0; i < 3; i++) cr_assert_eq(weft_thread_join(thread), WEFT_NONE);
}

static weft_object *to_join;
static uint32_t joined;

static weft_object *join_it(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  count_up(&ran);
  weft_object *result = weft_thread_join(to_join);
  count_up(&joined);
  return result;
}

Test(thread, several_threads_join_one) {
  weft_object *joiners[5];
  to_join = spawn(wait_detached);
  for (int i = 0; i < 5; i++) joiners[i] = spawn(join_it);
  YIELD_UNTIL(count_of(&ran) == 6);
  give_it_time();
  cr_assert_eq(count_of(&joined), 0);
  raise_flag(&may_go);
  for (int i = 0; i < 5; i++) join_and_drop(joiners[i]);
  join_and_drop(to_join);
}

Test(thread, THD_009_dropping_the_handle_of_a_running_thread_is_harmless) {
  weft_object *thread = spawn(wait_detached);
  YIELD_UNTIL(count_of(&ran) == 1);
  weft_decref(thread);
  cr_assert_eq(weft_thread_count(), 1);
  raise_flag(&may_go);
  YIELD_UNTIL(weft_thread_count() == 0);
}

static weft_object *join_myself(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  weft_auto weft_object *self = weft_thread_current();
  weft_object *result = weft_thread_join(self);
  WRONG_IF(result);
  WRONG_IF(!weft_error_is(&weft_RuntimeError));
  WRONG_IF(!weft_error_borrow() || !strstr(weft_error_message(weft_error_borrow()), "current thread"));
  weft_error_clear();
  WRONG_IF(weft_thread_wait(self, 0) != -1);
  WRONG_IF(!raised(&weft_RuntimeError));
  return WEFT_NONE;
}

Test(thread, THD_010_join_of_oneself_is_refused_and_others_still_can) {
  join_and_drop(spawn(join_myself));
  cr_assert_eq(wrongs(), 0);
}

Test(thread, THR_065_joining_the_current_thread_is_a_RuntimeError) {
  join_and_drop(spawn(join_myself));
  cr_assert_eq(wrongs(), 0);
}

static weft_object *wait_and_join_myself(weft_object *function, weft_object *const *args, size_t n) {
  count_up(&ran);
  YIELD_UNTIL(is_raised(&may_go));
  return join_myself(function, args, n);
}

Test(thread, THD_011_join_of_oneself_while_another_thread_is_joining_it) {
  to_join = spawn(wait_and_join_myself);
  weft_object *joiner = spawn(join_it);
  YIELD_UNTIL(count_of(&ran) == 2);
  give_it_time();
  raise_flag(&may_go);
  join_and_drop(joiner);
  join_and_drop(to_join);
  cr_assert_eq(wrongs(), 0);
}

Test(thread, THD_012_wait_with_a_timeout_then_join) {
  weft_object *thread = spawn(wait_detached);
  cr_assert_eq(weft_thread_wait(thread, 100000000), 0);
  cr_assert_eq(weft_thread_is_alive(thread), 1);
  raise_flag(&may_go);
  cr_assert_eq(weft_thread_wait(thread, -1), 1);
  cr_assert_eq(weft_thread_is_alive(thread), 0);
  join_and_drop(thread);
}

Test(thread, THR_019_wait_with_a_timeout_leaves_a_blocked_thread_alive) {
  weft_object *thread = spawn(wait_detached);
  uint64_t before = weft__now_ns();
  cr_assert_eq(weft_thread_wait(thread, 10000000), 0);
  cr_assert_geq(weft__now_ns() - before, 10000000);
  cr_assert_eq(weft_thread_wait(thread, 0), 0);
  cr_assert_eq(weft_thread_is_alive(thread), 1);
  let_go_and_join(thread);
}

Test(thread, wait_with_the_longest_timeout_returns_at_the_end) {
  weft_object *thread = spawn(count_run);
  cr_assert_eq(weft_thread_wait(thread, INT64_MAX), 1);
  join_and_drop(thread);
}

Test(thread, THD_013_join_of_an_unstarted_thread_is_a_RuntimeError) {
  weft_auto weft_object *thread = thread_of(count_run);
  cr_assert_null(weft_thread_join(thread));
  cr_assert(raised(&weft_RuntimeError));
  cr_assert_eq(weft_thread_wait(thread, 0), -1);
  cr_assert(raised(&weft_RuntimeError));
  cr_assert_eq(weft_thread_is_alive(thread), 0);
}

Test(thread, an_unstarted_thread_can_be_dropped) {
  weft_decref(thread_of(count_run));
  cr_assert_eq(count_of(&ran), 0);
  cr_assert_eq(count_of(&unraisable_count), 0);
}

Test(thread, can_be_started_only_once) {
  weft_object *thread = spawn(count_run);
  cr_assert_eq(weft_thread_start(thread), -1);
  cr_assert(raised(&weft_RuntimeError));
  weft_object *result = weft_thread_join(thread);
  cr_assert_eq(result, WEFT_NONE);
  cr_assert_eq(weft_thread_start(thread), -1);
  cr_assert(raised(&weft_RuntimeError));
  weft_decref(thread);
  cr_assert_eq(count_of(&ran), 1);
}

static weft_object *to_start;

static weft_object *start_it(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  if (weft_thread_start(to_start) < 0) {
    WRONG_IF(!raised(&weft_RuntimeError));
    return WEFT_FALSE;
  }
  return WEFT_TRUE;
}

Test(thread, one_of_several_starters_wins) {
  for (int round = 0; round < 50; round++) {
    weft_object *starters[4];
    int won = 0;
    to_start = thread_of(count_run);
    for (int i = 0; i < 4; i++) starters[i] = spawn(start_it);
    for (int i = 0; i < 4; i++) {
      won += weft_thread_join(starters[i]) == WEFT_TRUE;
      weft_decref(starters[i]);
    }
    cr_assert_eq(won, 1);
    join_and_drop(to_start);
    cr_assert_eq(count_of(&ran), (uint32_t)round + 1);
  }
  cr_assert_eq(wrongs(), 0);
}

Test(thread, wrong_types_are_a_TypeError) {
  cr_assert_null(weft_thread_new(WEFT_NONE, 0, NULL));
  cr_assert(raised(&weft_TypeError));
  cr_assert_null(weft_thread_new(NULL, 0, NULL));
  cr_assert(raised(&weft_TypeError));
  cr_assert_null(weft_thread_spawn(WEFT_NONE, 0, NULL));
  cr_assert(raised(&weft_TypeError));
  cr_assert_eq(weft_thread_start(WEFT_NONE), -1);
  cr_assert(raised(&weft_TypeError));
  cr_assert_null(weft_thread_join(WEFT_NONE));
  cr_assert(raised(&weft_TypeError));
  cr_assert_eq(weft_thread_wait(NULL, 0), -1);
  cr_assert(raised(&weft_TypeError));
  cr_assert_eq(weft_thread_is_alive(WEFT_NONE), -1);
  cr_assert(raised(&weft_TypeError));
  cr_assert_eq(weft_thread_set_daemon(WEFT_NONE, true), -1);
  cr_assert(raised(&weft_TypeError));
  cr_assert_eq(weft_thread_native_id(WEFT_NONE), -1);
  cr_assert(raised(&weft_TypeError));
  weft_object *missing = NULL;
  weft_auto weft_object *function = weft_function_new("f", count_run, 0, NULL);
  cr_assert_null(weft_thread_new(function, 1, &missing));
  cr_assert(raised(&weft_TypeError));
}

/* --- Life --- */

Test(thread, THD_004_count_rises_while_a_thread_blocks_and_falls_after_it) {
  size_t before = weft_thread_count();
  weft_object *thread = spawn(wait_detached);
  YIELD_UNTIL(count_of(&ran) == 1);
  cr_assert_eq(weft_thread_count(), before + 1);
  raise_flag(&may_go);
  weft_object *result = weft_thread_join(thread);
  cr_assert_eq(result, WEFT_NONE);
  cr_assert_eq(weft_thread_count(), before);
  weft_decref(thread);
}

Test(thread, THR_017_a_joined_thread_is_never_counted_as_alive) {
  for (int i = 1; i < 100; i++) {
    weft_auto weft_object *thread = spawn(count_run);
    cr_assert_eq(weft_thread_join(thread), WEFT_NONE);
    cr_assert_eq(weft_thread_is_alive(thread), 0);
    cr_assert_eq(weft_thread_count(), 0);
  }
}

static bool repr_has(weft_object *o, const char *part) {
  weft_auto weft_object *repr = weft_repr(o);
  return repr && strstr(weft_str_utf8(repr, NULL), part);
}

Test(thread, repr_goes_from_initial_to_started_to_stopped) {
  weft_auto weft_object *thread = thread_of(wait_detached);
  cr_assert(repr_has(thread, "initial"));
  cr_assert_eq(weft_thread_native_id(thread), 0);
  cr_assert_eq(weft_thread_start(thread), 0);
  cr_assert(repr_has(thread, "started"));
  YIELD_UNTIL(count_of(&ran) == 1);
  cr_assert_gt(weft_thread_native_id(thread), 0);
  cr_assert_neq(weft_thread_native_id(thread), (int64_t)syscall(SYS_gettid));
  raise_flag(&may_go);
  cr_assert_eq(weft_thread_wait(thread, -1), 1);
  cr_assert(repr_has(thread, "stopped"));
}

Test(thread, THR_022_repr_mentions_daemon_only_when_it_is_one) {
  weft_auto weft_object *thread = thread_of(count_run);
  cr_assert_not(repr_has(thread, "daemon"));
  cr_assert_eq(weft_thread_set_daemon(thread, true), 0);
  cr_assert(repr_has(thread, "daemon"));
  cr_assert_eq(weft_thread_set_daemon(thread, false), 0);
  cr_assert_not(repr_has(thread, "daemon"));
}

Test(thread, daemon_cannot_be_set_once_it_is_started) {
  weft_object *thread = spawn(wait_detached);
  cr_assert_eq(weft_thread_set_daemon(thread, true), -1);
  cr_assert(raised(&weft_RuntimeError));
  let_go_and_join(thread);
}

static const weft_type *falsy_type;

static int falsy(weft_object *self) {
  (void)self;
  return 0;
}
static weft_object *falsy_call(weft_object *self, weft_object *const *args, size_t n) {
  return count_run(self, args, n);
}

Test(thread, THR_041_a_callable_whose_truth_is_false_is_called) {
  falsy_type = weft_type_new(&(weft_type_spec){.name = "falsy", .is_true = falsy, .call = falsy_call});
  weft_auto weft_object *target = weft_object_new(falsy_type, 0);
  cr_assert_eq(weft_is_true(target), 0);
  join_and_drop(weft_thread_spawn(target, 0, NULL));
  cr_assert_eq(count_of(&ran), 1);
}

static weft_object *spin_on_cell(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  count_up(&ran);
  for (;;) {
    weft_auto weft_object *value = weft_cell_get(args[0]);
    if (value == WEFT_FALSE) return WEFT_NONE;
    weft_poll();
  }
}

Test(thread, THR_094_a_thread_that_spins_on_a_shared_flag_sees_it_change) {
  weft_auto weft_object *flag = weft_cell_new(WEFT_TRUE);
  weft_auto weft_object *function = weft_function_new("spin", spin_on_cell, 0, NULL);
  weft_object *thread = weft_thread_spawn(function, 1, &flag);
  YIELD_UNTIL(count_of(&ran) == 1);
  cr_assert_eq(weft_cell_set(flag, WEFT_FALSE), 0);
  join_and_drop(thread);
}

static weft_object *recurse(weft_object *function, weft_object *const *args, size_t n) {
  return weft_call(function, args, n);
}

Test(thread, THR_069_runaway_recursion_in_a_thread_is_an_error) {
  weft_auto weft_object *thread = spawn(recurse);
  cr_assert_null(weft_thread_join(thread));
  cr_assert(raised(&weft_RecursionError));
}

static weft_object *start_another(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return spawn(own_native_id);
}

Test(thread, a_thread_may_start_threads) {
  weft_auto weft_object *thread = spawn(start_another);
  weft_object *inner = weft_thread_join(thread);
  weft_auto weft_object *id = weft_thread_join(inner);
  cr_assert_neq(weft_int_value(id), weft_thread_native_id(thread));
  weft_decref(inner);
}

/* --- Errors --- */

Test(thread, every_join_raises_the_error_of_the_callable) {
  weft_auto weft_object *thread = spawn(fail);
  for (int i = 0; i < 3; i++) {
    cr_assert_null(weft_thread_join(thread));
    cr_assert(weft_error_is(&weft_ValueError));
    cr_assert_str_eq(weft_error_message(weft_error_borrow()), "failed on purpose");
    weft_error_clear();
  }
}

Test(thread, an_error_that_was_joined_is_not_reported) {
  weft_object *thread = spawn(fail);
  cr_assert_null(weft_thread_join(thread));
  weft_error_clear();
  weft_decref(thread);
  cr_assert_eq(count_of(&unraisable_count), 0);
}

Test(thread, THR_080_the_hook_gets_the_error_and_the_thread_when_nobody_joins) {
  weft_object *thread = spawn(fail);
  cr_assert_eq(weft_thread_wait(thread, -1), 1);
  cr_assert_eq(count_of(&unraisable_count), 0);
  weft_decref(thread);
  YIELD_UNTIL(count_of(&unraisable_count) == 1); /* by whoever drops the last reference */
  cr_assert_eq(unraisable_type, &weft_ValueError);
  cr_assert_str_eq(unraisable_message, "failed on purpose");
  cr_assert_eq(unraisable_where, thread);
}

Test(thread, an_error_of_a_thread_without_handle_is_reported) {
  weft_decref(spawn(fail));
  YIELD_UNTIL(count_of(&unraisable_count) == 1);
  cr_assert_eq(unraisable_type, &weft_ValueError);
}

Test(thread, THR_079_an_exit_request_is_not_reported) {
  weft_object *thread = spawn(exit_request);
  cr_assert_eq(weft_thread_wait(thread, -1), 1);
  weft_decref(thread);
  weft_decref(spawn(exit_request));
  YIELD_UNTIL(weft_thread_count() == 0);
  weft_finalize();
  cr_assert_eq(count_of(&unraisable_count), 0);
}

/* Runs `body` with stderr sent to a file, and says whether that got `text`. */
static bool prints(void (*body)(void), const char *text) {
  char printed[512] = {0};
  FILE *file = tmpfile();
  fflush(stderr);
  int saved = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  body();
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  rewind(file);
  (void)!fread(printed, 1, sizeof printed - 1, file);
  fclose(file);
  return strstr(printed, text);
}

static void drop_failed_thread(void) {
  weft_object *thread = spawn(fail);
  cr_assert_eq(weft_thread_wait(thread, -1), 1);
  weft_decref(thread);
  weft_finalize(); /* by now the thread has dropped its own reference */
}

Test(thread, THR_082_the_default_hook_can_be_restored) {
  cr_assert_eq(weft_set_unraisable_hook(NULL), note_unraisable);
  cr_assert(prints(drop_failed_thread, "ValueError: failed on purpose"));
  cr_assert_eq(count_of(&unraisable_count), 0);
}

/* --- References --- */

static const weft_type *owner_type; /* slot 0: a thread */

static uint32_t owners_dead;
static void owner_finalize(weft_object *self) {
  (void)self;
  count_up(&owners_dead);
}

static weft_object *bound_body(weft_object *function, weft_object *const *args, size_t n) {
  WRONG_IF(n != 1 || args[0] != weft_function_captured_borrow(function, 0));
  return WEFT_NONE;
}
static weft_object *bound_exit(weft_object *function, weft_object *const *args, size_t n) {
  bound_body(function, args, n);
  return weft_raise(&weft_SystemExit, "enough");
}

static void run_bound(weft_c_function body, uint32_t deaths) {
  weft_object *owner = weft_instance_new(owner_type);
  weft_object *target = weft_function_new("bound", body, 1, &owner);
  weft_object *thread = weft_thread_new(target, 1, &owner);
  weft_decref(target);
  cr_assert_eq(weft_slot_set(owner, 0, thread), 0);
  cr_assert_eq(weft_thread_start(thread), 0);
  cr_assert_eq(weft_thread_wait(thread, -1), 1);
  weft_decref(thread);
  weft_decref(owner);
  YIELD_UNTIL(count_of(&owners_dead) == deaths); /* the thread itself may drop the last reference */
}

Test(thread, THR_020_no_cycle_through_target_and_arguments) {
  static const char *const slots[] = {"thread", NULL};
  owner_type = weft_type_new(&(weft_type_spec){.name = "owner", .slot_names = slots, .finalize = owner_finalize});
  run_bound(bound_body, 1);
  run_bound(bound_exit, 2);
  cr_assert_eq(wrongs(), 0);
  cr_assert_eq(count_of(&unraisable_count), 0);
}

Test(thread, results_and_arguments_die_with_the_thread_object) {
  const weft_type *type = token_type();
  weft_object *token = token_new(type);
  weft_auto weft_object *function = weft_function_new("body", count_run, 0, NULL);
  weft_object *thread = weft_thread_spawn(function, 1, &token);
  weft_decref(token);
  cr_assert_eq(weft_thread_wait(thread, -1), 1);
  YIELD_UNTIL(count_of(&tokens_dead) == 1); /* arguments are dropped when the callable has returned */
  weft_decref(thread);
}

/* --- Refusal by the system --- */

Test(thread, THR_013_a_refused_start_raises_and_leaves_nothing) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  size_t usual, absurd = (size_t)0x7ff000000000;
  pthread_attr_getstacksize(&attributes, &usual);
  cr_assert_eq(pthread_attr_setstacksize(&attributes, absurd), 0);
  cr_assert_eq(pthread_setattr_default_np(&attributes), 0);
  weft_auto weft_object *thread = thread_of(count_run);
  cr_assert_eq(weft_thread_start(thread), -1);
  cr_assert(raised(&weft_RuntimeError));
  cr_assert_eq(weft_thread_count(), 0);
  cr_assert_eq(weft_thread_is_alive(thread), 0);
  cr_assert_null(weft_thread_join(thread));
  cr_assert(raised(&weft_RuntimeError));
  pthread_attr_setstacksize(&attributes, usual);
  cr_assert_eq(pthread_setattr_default_np(&attributes), 0);
  cr_assert_eq(weft_thread_start(thread), 0);
  cr_assert_eq(weft_thread_join(thread), WEFT_NONE);
}

Test(thread, THR_047_refused_starts_use_nothing_up) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  cr_assert_eq(pthread_attr_setstacksize(&attributes, (size_t)0x7ff000000000), 0);
  cr_assert_eq(pthread_setattr_default_np(&attributes), 0);
  weft_object *thread = thread_of(count_run);
  int64_t references = weft_refcount(thread);
  for (int i = 0; i < 1000; i++) {
    cr_assert_eq(weft_thread_start(thread), -1);
    cr_assert(raised(&weft_RuntimeError));
  }
  cr_assert_eq(weft_refcount(thread), references);
  cr_assert_leq(weft__slots_used, 2);
  weft_decref(thread);
  weft_finalize(); /* waits for no thread */
}

/* Joins, and waits until the thread has also dropped its own reference, the last thing that it does with objects. */
static void drop_when_left(weft_object *thread) {
  weft_decref(weft_thread_join(thread));
  while (weft_refcount(thread) != 1) {
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    WEFT_END_ALLOW_THREADS
  }
  weft_decref(thread);
}

Test(thread, out_of_memory_at_every_request_is_an_error_and_leaks_nothing) {
  weft_auto weft_object *function = weft_function_new("body", count_run, 0, NULL);
  weft_auto weft_object *argument = weft_int_new(1000);
  drop_when_left(weft_thread_spawn(function, 1, &argument)); /* what is made once is made now */
  weft_heap_stats before, after;
  weft_heap_get_stats(&before);
  bool failed = true;
  for (uint64_t nth = 1; failed; nth++) {
    weft_heap_fail_nth(nth);
    weft_object *thread = weft_thread_spawn(function, 1, &argument);
    weft_heap_fail_nth(0);
    failed = !thread;
    if (thread)
      drop_when_left(thread);
    else
      cr_assert(weft_error_borrow() != NULL);
    weft_error_clear();
    cr_assert_lt(nth, 100);
  }
  weft_heap_get_stats(&after);
  cr_assert_eq(after.blocks, before.blocks);
}
