/* SPDX-License-Identifier: MIT */
/*
 * CPU-bound work on several threads, and on several processes as the other way round a global lock. Each thread or
 * process counts to 10^7, or builds dicts; the comparison is one of them doing all of it, measured in turn with it.
 */
#include "workloads.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT_TO = 10000000, BUILD_ENTRIES = 2000000 };

struct work {
  void (*body)(uint64_t steps);
  uint64_t steps;
};

static struct work counting(bench_run *run) { return (struct work){bench_runtime_of(run)->count, COUNT_TO}; }
static struct work building(bench_run *run) { return (struct work){bench_runtime_of(run)->build, BUILD_ENTRIES}; }

static void warm_up(struct work work) { work.body(work.steps / 20); }

static void sample_speedup(bench_run *run, struct work work, double alone_ns, double together_ns) {
  double n = bench_threads_of(run);
  bench_sample(run, "ns_per_op", together_ns / (n * (double)work.steps));
  bench_sample(run, "speedup", n * alone_ns / together_ns);
  bench_sample(run, "wall_ms", together_ns / 1e6);
}

/* --- threads --------------------------------------------------------------------------------------------------- */

struct threads {
  bench_team *team;
  struct work work;
};

static uint64_t thread_body(bench_worker *w, uint64_t iterations) {
  struct work *work = w->shared;
  work->body(iterations);
  return iterations;
}

static void threads_once(bench_run *run, void *context) {
  struct threads *t = context;
  double alone = bench_team_run(t->team, 1, t->work.steps).ns, together = alone;
  if (bench_threads_of(run) > 1) together = bench_team_run(t->team, bench_threads_of(run), t->work.steps).ns;
  sample_speedup(run, t->work, alone, together);
}

static void on_threads(bench_run *run, struct work work) {
  struct threads t = {.work = work};
  t.team = bench_team_start(run, bench_threads_of(run), (bench_work){.body = thread_body, .shared = &t.work});
  bench_team_run(t.team, bench_threads_of(run), work.steps / 20);
  bench_repeat(run, 0, threads_once, &t);
  bench_team_stop(t.team);
}

void bench_scaling(bench_run *run) { on_threads(run, counting(run)); }
void bench_scaling_dict(bench_run *run) { on_threads(run, building(run)); }

/* --- processes ------------------------------------------------------------------------------------------------- */

enum { MAX_PROCESSES = 30 };

/* A child works once for every byte it gets and answers with the span it took on the common clock. That it computes
 * all of the time is close enough for telling its CPU time from that of other programs. */
struct span {
  uint64_t start, end;
};

struct process {
  pid_t pid;
  int orders, answers;
};

static _Noreturn void child_main(const bench_runtime *runtime, struct work work, int orders, int answers) {
  char order;
  if (runtime->start && !runtime->start()) _exit(1);
  warm_up(work);
  while (read(orders, &order, 1) == 1) {
    struct span span = {.start = bench_now()};
    work.body(work.steps);
    span.end = bench_now();
    if (write(answers, &span, sizeof span) != sizeof span) _exit(1);
  }
  _exit(0);
}

static void start_process(bench_run *run, struct work work, struct process *process) {
  int orders[2], answers[2];
  if (pipe(orders) != 0 || pipe(answers) != 0 || (process->pid = fork()) < 0) bench_fail("cannot start a process");
  if (process->pid == 0) {
    close(orders[1]);
    close(answers[0]);
    child_main(bench_runtime_of(run), work, orders[0], answers[1]);
  }
  close(orders[0]);
  close(answers[1]);
  process->orders = orders[1];
  process->answers = answers[0];
}

static double run_processes(struct process *processes, unsigned n) {
  uint64_t first = UINT64_MAX, last = 0;
  for (unsigned i = 0; i < n; i++)
    if (write(processes[i].orders, "", 1) != 1) bench_fail("a process is gone");
  for (unsigned i = 0; i < n; i++) {
    struct span span;
    if (read(processes[i].answers, &span, sizeof span) != sizeof span) bench_fail("a process is gone");
    first = span.start < first ? span.start : first;
    last = span.end > last ? span.end : last;
    bench_add_own_cpu_time((double)(span.end - span.start) * 1e-9);
  }
  return (double)(last - first);
}

struct processes {
  struct process all[MAX_PROCESSES];
  struct work work;
};

static void processes_once(bench_run *run, void *context) {
  struct processes *p = context;
  double alone = run_processes(p->all, 1);
  sample_speedup(run, p->work, alone, run_processes(p->all, bench_threads_of(run)));
}

static void in_processes(bench_run *run, struct work work) {
  struct processes p = {.work = work};
  unsigned n = bench_threads_of(run);
  for (unsigned i = 0; i < n; i++) start_process(run, work, &p.all[i]);
  bench_repeat(run, 0, processes_once, &p);
  for (unsigned i = 0; i < n; i++) {
    close(p.all[i].orders);
    close(p.all[i].answers);
  }
  for (unsigned i = 0; i < n; i++) waitpid(p.all[i].pid, NULL, 0);
}

void bench_scaling_processes(bench_run *run) { in_processes(run, counting(run)); }
void bench_scaling_dict_processes(bench_run *run) { in_processes(run, building(run)); }
