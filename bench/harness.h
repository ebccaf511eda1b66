/* SPDX-License-Identifier: MIT */
/*
 * The benchmark harness: one program per runtime, the same measuring code in all of them.
 *
 * A program is a table of workloads and a `bench_runtime`, the few things the harness asks of a runtime; the harness
 * knows nothing else about it. `PROGRAM --list` prints "NAME THREADS" lines, `PROGRAM NAME THREADS` runs one and prints
 * one line of JSON: the median over the repetitions of each figure the workload sampled.
 *
 * A workload is either a body, which a team of threads runs for a calibrated number of iterations (see bench_work),
 * or a function that measures for itself with bench_repeat and bench_sample. To add one is to add a line to a table:
 *
 *     {.name = "int_sum", .threads = BENCH_T(1), .work = {.body = int_sum}},
 *
 * bench/workloads/ has those that several programs share: functions where the hooks of the runtime are enough, template
 * headers where the operation itself is measured and must be inlined.
 *
 * Threads. A thread is attached (may use the runtime) or released (about to block, lets others run); the team's threads
 * are attached for life, released while they wait. The main thread is attached while a workload's function runs.
 *
 * A repetition that the machine spoilt is repeated, a few times at most: other processes had taken the CPUs that the
 * workload needed, or, in a contended workload, the host had moved a CPU since the first one. See also machine.h.
 *
 * Environment: BENCH_REPS (5), BENCH_REP_MS (100), the time one repetition aims at.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

/* What the harness needs of a runtime. Any hook may be NULL: nothing to do, or no such thing. */
typedef struct bench_runtime {
  const char *mode;                    /* the column: "gil", "cpython311", "mimalloc" */
  bool (*start)(void);                 /* once, before anything else; leaves the main thread attached */
  void (*stop)(void);                  /* once, by the main thread, attached */
  void (*attach)(void);                /* a new thread comes */
  void (*detach)(void);                /* and goes for good */
  void *(*release)(void);              /* before blocking; gives a token for */
  void (*acquire)(void *token);        /* after it */
  void (*count)(uint64_t n);           /* counts from 0 to n with the runtime's integers, as its own loop would,
                                          passing its safepoint every 256 steps */
  void (*build)(uint64_t n);           /* puts n entries in all into new dicts, keys and values new ints */
  uint64_t (*stop_world)(void *token); /* called released, returns attached: nanoseconds from asking to have all
                                          other threads stopped and started again (under a lock: to hold it) */
  void (*spawn)(void);                 /* starts a thread of the runtime's own that does nothing, and joins it */
} bench_runtime;

typedef struct bench_run bench_run;

typedef struct bench_worker {
  bench_run *run;
  unsigned index, threads; /* index 0..threads-1 */
  void *shared;            /* bench_work.shared */
  void *local;             /* the worker's own, for setup to fill in */
} bench_worker;

/* What a team of threads does. The set-ups run one after another in order of index; the bodies together. */
typedef struct bench_work {
  void (*setup)(bench_worker *w);
  uint64_t (*body)(bench_worker *w, uint64_t iterations); /* returns how many operations it has done */
  void (*teardown)(bench_worker *w);
  void *shared;
  bool pinned; /* worker i stays on CPU i; for bench_team_start, as bench_measure decides for itself */
} bench_work;

typedef struct bench_workload {
  const char *name;
  uint32_t threads; /* BENCH_T(n) | ..., or BENCH_T_UP: 1, 2, 4 .. up to the number of CPUs */
  unsigned flags;
  void (*run)(bench_run *run); /* NULL: bench_measure(run, work) */
  bench_work work;
} bench_workload;

#define BENCH_T(n) (UINT32_C(1) << (n))
#define BENCH_T_UP (UINT32_C(1) << 31)

enum {
  BENCH_CONTENDED = 1, /* CPUs write to the same lines: measure their distance beside it */
  BENCH_BARE = 2,      /* run before the runtime starts: the workload forks */
};

/* A program's whole main(). A table ends with a workload without a name, the list of tables with NULL. */
int bench_main(int argc, char **argv, const bench_runtime *runtime, const bench_workload *const *tables);

/* --- within a workload --------------------------------------------------------------------------------------- */

const bench_runtime *bench_runtime_of(bench_run *run);
unsigned bench_threads_of(bench_run *run);

/* Hooks of the runtime, for workloads shared between runtimes. */
void bench_attach(bench_run *run);
void bench_detach(bench_run *run);
void *bench_release(bench_run *run);
void bench_acquire(bench_run *run, void *token);

/* Calibrates, warms up, and samples "ns_per_op" (wall time / all operations) of a team of bench_threads_of(run).
 * Several threads get a CPU each if there are enough: a kernel that stacks them on one would hide their contention. */
void bench_measure(bench_run *run, bench_work work);

/* As bench_measure, but leaves it to the kernel where the threads run. */
void bench_measure_floating(bench_run *run, bench_work work);

/* Calls repetition(run, context) until it has counted reps times (0: as configured), retrying spoilt ones. */
void bench_repeat(bench_run *run, unsigned reps, void (*repetition)(bench_run *, void *), void *context);

/* Adds one sample of a figure; the result shows the median of its samples. `name` must outlive the run. Every workload
 * samples "ns_per_op". */
void bench_sample(bench_run *run, const char *name, double value);

/* Sorts the n latencies (nanoseconds) and samples ns_per_op (their median), p50_us, p99_us and max_us. */
void bench_sample_latencies(bench_run *run, double *ns, size_t n);

/* Ends the program with a message: for what a benchmark cannot do without. */
_Noreturn void bench_fail(const char *what);

/* malloc that ends the program when it fails. */
void *bench_alloc(size_t size);

/* --- teams --------------------------------------------------------------------------------------------------- */

typedef struct bench_team bench_team;

typedef struct bench_outcome {
  double ns;    /* from the first thread's start to the last one's end */
  uint64_t ops; /* the sum of what the bodies returned */
} bench_outcome;

/* Starts size threads, attached, and waits until each has run its set-up. */
bench_team *bench_team_start(bench_run *run, unsigned size, bench_work work);
/* Runs the body once on the first `active` of them, at once. The caller is released meanwhile. */
bench_outcome bench_team_run(bench_team *team, unsigned active, uint64_t iterations);
/* Runs the teardowns and joins. */
void bench_team_stop(bench_team *team);

/* --- the compiler -------------------------------------------------------------------------------------------- */

/* The compiler must assume that memory reachable from p was read and changed here: keeps a pair of operations that
 * cancel out from being removed. */
#define bench_opaque(p) __asm__ volatile("" : "+r"(p) : : "memory")

#endif
