/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads on tracemalloc, for a program that has defined what counts_template.h wants, with objects
 * that are floats, and
 *
 *     void trace_start(int frames)
 *     void trace_stop(void)
 *
 * One operation makes a float; free_ns is what dropping one takes. They are made under 30 nested functions of C (which
 * CPython, that knows only Python's, does not record): with one frame asked for, with 25, and with tracing off.
 */
#include <stdlib.h>

#include "../harness.h"

enum { TRACED = 1000000, TRACE_DEPTH = 30 };

static void trace_once(bench_run *run, object **made) {
  uint64_t start = bench_now();
  for (int i = 0; i < TRACED; i++) made[i] = object_new();
  uint64_t full = bench_now();
  for (int i = 0; i < TRACED; i++) object_decref(made[i]);
  bench_sample(run, "ns_per_op", (double)(full - start) / TRACED);
  bench_sample(run, "free_ns", (double)(bench_now() - full) / TRACED);
}

static __attribute__((noinline)) void trace_nested(bench_run *run, object **made, int depth) {
  if (depth > 0)
    trace_nested(run, made, depth - 1);
  else
    trace_once(run, made);
  __asm__ volatile(""); /* no tail call */
}

static void trace_repetition(bench_run *run, void *made) { trace_nested(run, made, TRACE_DEPTH); }

static void trace_with(bench_run *run, int frames) {
  object **made = bench_alloc(TRACED * sizeof *made);
  if (frames) trace_start(frames);
  bench_repeat(run, 0, trace_repetition, made);
  if (frames) trace_stop();
  free(made);
}

static void tracemalloc_off(bench_run *run) { trace_with(run, 0); }
static void tracemalloc_nframe1(bench_run *run) { trace_with(run, 1); }
static void tracemalloc_nframe25(bench_run *run) { trace_with(run, 25); }

static const bench_workload trace_workloads[] = {
    {.name = "tracemalloc_off", .threads = BENCH_T(1), .run = tracemalloc_off},
    {.name = "tracemalloc_nframe1", .threads = BENCH_T(1), .run = tracemalloc_nframe1},
    {.name = "tracemalloc_nframe25", .threads = BENCH_T(1), .run = tracemalloc_nframe25},
    {.name = NULL},
};
