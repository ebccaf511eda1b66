/* SPDX-License-Identifier: MIT */
/*
 * Async: one thread, many tasks that take turns of their own will. Waiting overlaps, computing does not.
 *
 * A task is a closure. Called, it does its next step and returns for how many milliseconds it wants to sleep, or None
 * when it is done. The loop calls the task that is due first; tasks that are due at the same time go in their order.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demos/support/http.h"
#include "demos/threading.h"

enum { MAX_TASKS = 8 };

struct task {
  weft_object *step; /* NULL: done */
  uint64_t due_ns;   /* 0: at once */
};

/* --- The loop --- */

static struct task *first_due(struct task *tasks, size_t n) {
  struct task *first = NULL;
  for (size_t i = 0; i < n; i++)
    if (tasks[i].step && (!first || tasks[i].due_ns < first->due_ns)) first = &tasks[i];
  return first;
}

static void sleep_until(uint64_t due_ns) {
  if (now_ns() >= due_ns) return;
  WEFT_BEGIN_ALLOW_THREADS
  for (uint64_t now = now_ns(); now < due_ns; now = now_ns()) {
    struct timespec left = {.tv_nsec = (long)((due_ns - now) % 1000000000u),
                            .tv_sec = (time_t)((due_ns - now) / 1000000000u)};
    ppoll(NULL, 0, &left, NULL);
  }
  WEFT_END_ALLOW_THREADS
}

/* Runs the tasks to their end; takes over their references. False: one failed. */
static bool run_tasks(struct task *tasks, size_t n) {
  bool good = true;
  for (struct task *t; (t = first_due(tasks, n));) {
    sleep_until(t->due_ns);
    weft_auto weft_object *sleep = weft_call(t->step, NULL, 0);
    if (!sleep) say_error("a task");
    good = good && sleep;
    if (!sleep || sleep == WEFT_NONE)
      weft_clear(&t->step);
    else
      t->due_ns = now_ns() + (uint64_t)weft_int_value(sleep) * 1000000;
  }
  return good;
}

/* --- Tasks --- */

/* What a step captured: the task's number, and a cell with the number of the step. */
static int64_t task_number(weft_object *function) { return weft_int_value(weft_function_captured_borrow(function, 0)); }

/* The number of this step; the cell goes on to the next. */
static int64_t next_step(weft_object *function) {
  weft_object *cell = weft_function_captured_borrow(function, 1);
  weft_auto weft_object *now = weft_cell_get(cell);
  weft_auto weft_object *next = weft_int_new(weft_int_value(now) + 1);
  weft_cell_set(cell, next);
  return weft_int_value(now);
}

static struct task make_task(size_t number, weft_c_function body) {
  weft_auto weft_object *index = weft_int_new((int64_t)number);
  weft_auto weft_object *step = weft_int_new(0);
  weft_auto weft_object *cell = weft_cell_new(step);
  weft_object *const captured[] = {index, cell};
  return (struct task){.step = weft_function_new("task", body, 2, captured)};
}

static bool gather(size_t n, weft_c_function body) {
  struct task tasks[MAX_TASKS];
  for (size_t i = 0; i < n; i++) tasks[i] = make_task(i + 1, body);
  return run_tasks(tasks, n);
}

/* --- Five tasks that sleep --- */

static struct {
  char steps[128];
  pid_t thread;
  bool one_thread;
} trace;

/* Three steps with two sleeps between them, 100 ms in all. */
static weft_object *sleeper(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  char name[32];
  int64_t step = next_step(function);
  snprintf(name, sizeof name, "%s%d%c", *trace.steps ? " " : "", (int)task_number(function), (char)('a' + step));
  if (strlen(trace.steps) + strlen(name) < sizeof trace.steps) strcat(trace.steps, name);
  if (trace.thread == 0) trace.thread = gettid();
  trace.one_thread = trace.one_thread && trace.thread == gettid();
  return step < 2 ? weft_int_new(HTTP_DELAY_MS / 2) : WEFT_NONE;
}

static bool sleep_in_turn(void *arg) {
  (void)arg;
  WEFT_BEGIN_ALLOW_THREADS
  for (int i = 0; i < DOWNLOADS; i++) sleep_ms(HTTP_DELAY_MS);
  WEFT_END_ALLOW_THREADS
  return true;
}

static bool sleep_gathered(void *arg) {
  (void)arg;
  trace.steps[0] = 0;
  trace.thread = 0;
  trace.one_thread = true;
  return gather(DOWNLOADS, sleeper);
}

static void show_sleepers(void) {
  static const char order[] = "1a 2a 3a 4a 5a 1b 2b 3b 4b 5b 1c 2c 3c 4c 5c";
  struct comparison c = {sleep_in_turn, sleep_gathered, .high = 0.35};
  struct outcome o = timing_compare(&c);
  tap_say("steps: %s", trace.steps);
  tap_check(o.verdict == HOLDS && o.other_s <= 0.2 && trace.one_thread && strcmp(trace.steps, order) == 0, "GIL-14",
            "five sleeps of %d ms in %.3f s (at most 0.2) instead of %.3f s, all in thread %d, steps in turn",
            HTTP_DELAY_MS, o.other_s, o.base_s, (int)trace.thread);
  figure_put("io-async", &o);
}

/* --- Two tasks that count --- */

enum { SLICES = 100 };

static weft_object *counter(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  weft_auto weft_object *count = count_to(COUNT_TO / SLICES);
  if (!count) return NULL;
  return next_step(function) < SLICES - 1 ? weft_int_new(0) : WEFT_NONE;
}

static bool count_gathered(void *arg) {
  (void)arg;
  return gather(2, counter);
}

static void show_counters(void) {
  /* One core does, but on a machine that others use as well the ratio of two short times says nothing. */
  struct comparison c = {count_twice, count_gathered, .low = 0.65, .high = 1.5, .needs_two_cores = true};
  struct outcome o = timing_compare(&c);
  timing_report(NULL, "two counting tasks in the same loop gain nothing", &c, &o);
  figure_put("cpu-async", &o);
}

void show_event_loop(void) {
  tap_title("Async: an event loop in one thread");
  show_sleepers();
  show_counters();
}
