/* SPDX-License-Identifier: MIT */
/*
 * The harness's front: choosing a workload, repeating it, printing its result. See harness.h; team.c has the threads.
 *
 * A run holds a list of figures, each a list of samples. A repetition appends to them; one that turns out spoilt is
 * undone by cutting every list back to the length it had.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIGURES = 16, MAX_SAMPLES = 64, MAX_THREADS = 30, MAX_THREADS_UP = 16 };

struct figure {
  const char *name;
  unsigned count;
  double samples[MAX_SAMPLES];
};

struct bench_run {
  const bench_runtime *runtime;
  const bench_workload *workload;
  unsigned threads;
  double distance; /* of the CPUs in a contended workload's first repetition; 0: not measured yet */
  unsigned figure_count;
  struct figure figures[MAX_FIGURES];
};

_Noreturn void bench_fail(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

void *bench_alloc(size_t size) {
  void *p = malloc(size);
  if (!p) bench_fail("out of memory");
  return p;
}

const bench_runtime *bench_runtime_of(bench_run *run) { return run->runtime; }

unsigned bench_threads_of(bench_run *run) { return run->threads; }

void bench_attach(bench_run *run) {
  if (run->runtime->attach) run->runtime->attach();
}

void bench_detach(bench_run *run) {
  if (run->runtime->detach) run->runtime->detach();
}

void *bench_release(bench_run *run) { return run->runtime->release ? run->runtime->release() : NULL; }

void bench_acquire(bench_run *run, void *token) {
  if (run->runtime->acquire) run->runtime->acquire(token);
}

/* --- samples ------------------------------------------------------------------------------------------------- */

void bench_sample(bench_run *run, const char *name, double value) {
  unsigned i = 0;
  while (i < run->figure_count && strcmp(run->figures[i].name, name) != 0) i++;
  if (i == run->figure_count) {
    if (i == MAX_FIGURES) bench_fail("too many figures");
    run->figures[run->figure_count++] = (struct figure){.name = name};
  }
  struct figure *figure = &run->figures[i];
  if (figure->count == MAX_SAMPLES) bench_fail("too many samples");
  figure->samples[figure->count++] = value;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double percentile_of_sorted(const double *values, size_t n, double share) {
  size_t i = (size_t)(share * (double)n);
  return values[i < n ? i : n - 1];
}

void bench_sample_latencies(bench_run *run, double *ns, size_t n) {
  if (n == 0) bench_fail("no latencies");
  qsort(ns, n, sizeof *ns, compare_doubles);
  bench_sample(run, "ns_per_op", percentile_of_sorted(ns, n, 0.5));
  bench_sample(run, "p50_us", percentile_of_sorted(ns, n, 0.5) / 1e3);
  bench_sample(run, "p99_us", percentile_of_sorted(ns, n, 0.99) / 1e3);
  bench_sample(run, "max_us", ns[n - 1] / 1e3);
}

static double sorted_median(struct figure *figure) {
  unsigned n = figure->count;
  qsort(figure->samples, n, sizeof *figure->samples, compare_doubles);
  return n % 2 ? figure->samples[n / 2] : (figure->samples[n / 2 - 1] + figure->samples[n / 2]) / 2;
}

/* --- repetitions --------------------------------------------------------------------------------------------- */

static unsigned setting(const char *name, unsigned otherwise) {
  const char *text = getenv(name);
  int value = text ? atoi(text) : 0;
  return value > 0 ? (unsigned)value : otherwise;
}

static void save_counts(const bench_run *run, unsigned counts[MAX_FIGURES]) {
  for (unsigned i = 0; i < MAX_FIGURES; i++) counts[i] = i < run->figure_count ? run->figures[i].count : 0;
}

static void restore_counts(bench_run *run, const unsigned counts[MAX_FIGURES]) {
  for (unsigned i = 0; i < run->figure_count; i++) run->figures[i].count = counts[i];
}

/* How many CPUs' worth of time others took between two readings. */
static double others_load(struct bench_cpu_time before, struct bench_cpu_time after, double wall_s) {
  double others = (after.machine - before.machine) - (after.own - before.own);
  return others > 0 && wall_s > 0 ? others / wall_s : 0;
}

/* Others took more than the CPUs that the workload leaves free, and a tick or two of the clock. */
static bool crowded(const bench_run *run, double others, double wall_s) {
  double spare = (double)bench_cpus() - (double)run->threads;
  return (others - (spare > 0 ? spare : 0)) * wall_s > 0.025 + 0.1 * wall_s;
}

/* Whether two distances of the CPUs, in ns, are too different to compare what was measured at them. */
static bool moved(double a, double b) { return a > 2 * b || b > 2 * a; }

/* One repetition with its surroundings; whether it counts. */
static bool repeat_once(bench_run *run, void (*repetition)(bench_run *, void *), void *context) {
  bool contended = (run->workload->flags & BENCH_CONTENDED) && bench_cpus() > 1;
  double distance = contended ? bench_round_trip_ns() : 0;
  if (run->distance == 0) run->distance = distance;
  struct bench_cpu_time cpu_before = bench_cpu_time();
  uint64_t start = bench_now();
  repetition(run, context);
  double wall_s = (double)(bench_now() - start) * 1e-9;
  double others = others_load(cpu_before, bench_cpu_time(), wall_s);
  double distance_after = contended ? bench_round_trip_ns() : 0;
  bench_sample(run, "others", others);
  if (contended) bench_sample(run, "pp_ns", (distance + distance_after) / 2);
  return !crowded(run, others, wall_s) && !moved(run->distance, distance) && !moved(distance, distance_after);
}

void bench_repeat(bench_run *run, unsigned reps, void (*repetition)(bench_run *, void *), void *context) {
  if (reps == 0) reps = setting("BENCH_REPS", 5);
  unsigned retries = reps;
  for (unsigned done = 0; done < reps;) {
    unsigned counts[MAX_FIGURES];
    save_counts(run, counts);
    if (repeat_once(run, repetition, context) || retries == 0) {
      done++;
    } else {
      retries--;
      restore_counts(run, counts);
    }
  }
}

/* --- measuring a body ---------------------------------------------------------------------------------------- */

struct measurement {
  bench_team *team;
  uint64_t iterations;
};

static void measure_once(bench_run *run, void *context) {
  struct measurement *m = context;
  bench_outcome outcome = bench_team_run(m->team, run->threads, m->iterations);
  if (outcome.ops == 0) bench_fail("the workload did nothing");
  bench_sample(run, "ns_per_op", outcome.ns / (double)outcome.ops);
}

/* Iterations that take about target_ns, found by growing runs, which warm everything up as well. */
static uint64_t calibrate(bench_team *team, unsigned threads, double target_ns) {
  uint64_t iterations = 1;
  for (;;) {
    double ns = bench_team_run(team, threads, iterations).ns;
    double scale = target_ns / (ns > 100 ? ns : 100);
    if (scale <= 1.25) return iterations;
    bool last = scale < 10;
    iterations = (uint64_t)((double)iterations * (last ? scale : 8)) + 1;
    if (last) return iterations;
  }
}

void bench_measure_floating(bench_run *run, bench_work work) {
  struct measurement m = {.team = bench_team_start(run, run->threads, work)};
  m.iterations = calibrate(m.team, run->threads, setting("BENCH_REP_MS", 100) * 1e6);
  bench_repeat(run, 0, measure_once, &m);
  bench_team_stop(m.team);
}

void bench_measure(bench_run *run, bench_work work) {
  work.pinned = run->threads > 1 && run->threads <= bench_cpus();
  bench_measure_floating(run, work);
}

/* --- the program --------------------------------------------------------------------------------------------- */

static void print_result(bench_run *run) {
  struct figure *time = NULL;
  for (unsigned i = 0; i < run->figure_count; i++)
    if (strcmp(run->figures[i].name, "ns_per_op") == 0) time = &run->figures[i];
  if (!time || time->count == 0) bench_fail("the workload has no result");
  printf("{\"workload\":\"%s\",\"mode\":\"%s\",\"threads\":%u", run->workload->name, run->runtime->mode, run->threads);
  double median = sorted_median(time);
  printf(",\"ns_per_op\":%.6g,\"min\":%.6g,\"max\":%.6g", median, time->samples[0], time->samples[time->count - 1]);
  for (unsigned i = 0; i < run->figure_count; i++)
    if (&run->figures[i] != time && run->figures[i].count > 0)
      printf(",\"%s\":%.6g", run->figures[i].name, sorted_median(&run->figures[i]));
  puts("}");
}

static int run_workload(const bench_runtime *runtime, const bench_workload *workload, unsigned threads) {
  static bench_run run;
  run.runtime = runtime;
  run.workload = workload;
  run.threads = threads;
  bool bare = workload->flags & BENCH_BARE;
  if (!bare && runtime->start && !runtime->start()) bench_fail("the runtime does not start");
  if (workload->run)
    workload->run(&run);
  else
    bench_measure(&run, workload->work);
  if (!bare && runtime->stop) runtime->stop();
  print_result(&run);
  return fflush(stdout) == 0 ? 0 : 1;
}

static bool runs_with(const bench_workload *workload, unsigned threads) {
  if (threads == 0 || threads > MAX_THREADS) return false;
  bool power_of_two = (threads & (threads - 1)) == 0;
  if ((workload->threads & BENCH_T_UP) && power_of_two && (threads == 1 || threads <= bench_cpus()))
    return threads <= MAX_THREADS_UP;
  return workload->threads & BENCH_T(threads);
}

static void list(const bench_workload *const *tables) {
  for (; *tables; tables++)
    for (const bench_workload *workload = *tables; workload->name; workload++)
      for (unsigned threads = 1; threads <= MAX_THREADS; threads++)
        if (runs_with(workload, threads)) printf("%s %u\n", workload->name, threads);
}

static const bench_workload *find(const bench_workload *const *tables, const char *name, unsigned threads) {
  for (; *tables; tables++)
    for (const bench_workload *workload = *tables; workload->name; workload++)
      if (strcmp(workload->name, name) == 0 && runs_with(workload, threads)) return workload;
  return NULL;
}

int bench_main(int argc, char **argv, const bench_runtime *runtime, const bench_workload *const *tables) {
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    list(tables);
    return 0;
  }
  if (argc != 3) {
    fprintf(stderr, "usage: %s --list | WORKLOAD THREADS\n", argv[0]);
    return 2;
  }
  unsigned threads = (unsigned)atoi(argv[2]);
  const bench_workload *workload = find(tables, argv[1], threads);
  if (!workload) {
    fprintf(stderr, "%s: no workload %s with %s threads (see --list)\n", argv[0], argv[1], argv[2]);
    return 2;
  }
  return run_workload(runtime, workload, threads);
}
