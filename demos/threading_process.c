/* SPDX-License-Identifier: MIT */
/*
 * Processes as the way round the lock: each has a runtime, and a lock, of its own. Also what happens to an error in one
 * of them: it travels to the parent as an error value.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demos/threading.h"

/* Starts `n` processes, collects their ints and compares each with `expected`. */
static bool run_processes(struct process *p, size_t n, worker_body body, int64_t expected) {
  bool good = true;
  for (size_t i = 0; i < n; i++) good = process_start(&p[i], body, i, NULL) && good;
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *result = process_result(&p[i]);
    if (!result) say_error("a worker process");
    good = good && result && weft_int_value(result) == expected;
  }
  return good;
}

/* Several times, so that what it takes to start them does not hide the gain. */
enum { ROUNDS = 6 };
static weft_object *count_rounds(size_t index, void *arg) {
  weft_object *count = count_worker(index, arg);
  for (int i = 1; i < ROUNDS && count; i++) {
    weft_decref(count);
    count = count_worker(index, arg);
  }
  return count;
}
static bool count_in_turn(void *arg) {
  bool good = true;
  for (int i = 0; i < ROUNDS; i++) good = count_twice(arg) && good;
  return good;
}
static bool count_in_processes(void *arg) { return run_processes(arg, 2, count_rounds, COUNT_TO); }
static bool download_in_processes(void *arg) { return run_processes(arg, DOWNLOADS, download_worker, 200); }

/* --- GIL-05 --- */

/* The document's function: it takes no argument. */
static weft_object *cpu_bound(weft_object *function, weft_object *const *args, size_t n) {
  (void)args;
  if (n == 0) return count_to(COUNT_TO);
  return weft_raise(&weft_TypeError, "%s() takes 0 positional arguments but %zu was given",
                    weft_function_name(function), n);
}

/* What Pool.map(cpu_bound, range(2)) does in a worker: passes it an item. */
static weft_object *map_item(size_t index, void *arg) {
  (void)arg;
  weft_auto weft_object *function = weft_function_new("cpu_bound", cpu_bound, 0, NULL);
  weft_auto weft_object *item = weft_int_new((int64_t)index);
  return function && item ? weft_call(function, &item, 1) : NULL;
}

void show_worker_failure(void) {
  static const char expected[] = "cpu_bound() takes 0 positional arguments but 1 was given";
  struct process p;
  tap_title("Processes: the document's example as printed");
  tap_say("document: with Pool(2) as p: p.map(cpu_bound, range(2))      # ~0.75 s");
  weft_object *result = process_start(&p, map_item, 0, NULL) ? process_result(&p) : NULL;
  bool type_error = !result && weft_error_is(&weft_TypeError);
  weft_auto weft_object *error = weft_error_take();
  weft_xdecref(result);
  const char *message = error ? weft_error_message(error) : "none";
  tap_say("here:     %s: %s", error ? weft_type_of(error)->spec.name : "no error", message);
  tap_check(type_error && strcmp(message, expected) == 0, "GIL-05",
            "the function takes no argument: the worker's error arrives in the parent, type and message");
}

/* --- GIL-04, GIL-13 --- */

static void show_locks_apart(const struct process p[2]) {
  struct span hold[2];
  for (int i = 0; i < 2; i++) {
    hold[i] = (struct span){.begin_ns = p[i].hold_begin_ns, .end_ns = p[i].hold_end_ns};
    tap_say("worker pid %d %s for %.1f ms", (int)p[i].pid, weft_gil_enabled() ? "held its lock" : "was attached",
            (double)(hold[i].end_ns - hold[i].begin_ns) / 1e6);
  }
  uint64_t both = span_overlap(&hold[0], &hold[1]);
  tap_check(p[0].pid != p[1].pid && both > 0, "GIL-13", "two processes, each %s, for %.1f ms at the same time",
            weft_gil_enabled() ? "with its own lock, held" : "attached to its own runtime", (double)both / 1e6);
}

void show_processes(void) {
  struct process p[DOWNLOADS];
  struct comparison cpu = {count_in_turn, count_in_processes, p, .high = 0.65, .needs_two_cores = true};
  tap_title("Processes: the example mended");
  struct outcome o = timing_compare(&cpu);
  tap_say("document: Multiprocessing: ~0.75 s against ~1.5 s");
  tap_say("here:     Multiprocessing: %.3f s against %.3f s, %d times each, starting the processes included", o.other_s,
          o.base_s, ROUNDS);
  timing_report("GIL-04", "sequential against two processes, results through pipes exact", &cpu, &o);
  figure_put("cpu-processes", &o);
  show_locks_apart(p);

  struct comparison io = {download_in_turn, download_in_processes, p, .high = 0.35};
  o = timing_compare(&io);
  timing_report(NULL, "five downloads in turn against five processes", &io, &o);
  figure_put("io-processes", &o);
}
