/* SPDX-License-Identifier: MIT */
/*
 * CPU-bound work on several threads, and on several processes as the other way round a global lock. Each thread or
 * process counts to 10^7; the comparison is one of them doing all of it, measured in turn with it.
 */
#include "workloads.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT_TO = 10000000, WARM_UP = COUNT_TO / 20 };

static void sample_speedup(bench_run *run, double alone_ns, double together_ns) {
  double n = bench_threads_of(run);
  bench_sample(run, "ns_per_op", together_ns / (n * COUNT_TO));
  bench_sample(run, "speedup", n * alone_ns / together_ns);
  bench_sample(run, "wall_ms", together_ns / 1e6);
}

/* --- threads --------------------------------------------------------------------------------------------------- */

static uint64_t count_body(bench_worker *w, uint64_t iterations) {
  bench_runtime_of(w->run)->count(iterations);
  return iterations;
}

static void scaling_once(bench_run *run, void *context) {
  bench_team *team = context;
  double alone = bench_team_run(team, 1, COUNT_TO).ns;
  double together = bench_threads_of(run) == 1 ? alone : bench_team_run(team, bench_threads_of(run), COUNT_TO).ns;
  sample_speedup(run, alone, together);
}

void bench_scaling(bench_run *run) {
  bench_team *team = bench_team_start(run, bench_threads_of(run), (bench_work){.body = count_body});
  bench_team_run(team, bench_threads_of(run), WARM_UP);
  bench_repeat(run, 0, scaling_once, team);
  bench_team_stop(team);
}

/* --- processes ------------------------------------------------------------------------------------------------- */

enum { MAX_PROCESSES = 30 };

/* A child counts once for every byte it gets and answers with the span it took on the common clock. That it computes
 * all of the time is close enough for telling its CPU time from that of other programs. */
struct span {
  uint64_t start, end;
};

struct process {
  pid_t pid;
  int orders, answers;
};

static _Noreturn void child_main(const bench_runtime *runtime, int orders, int answers) {
  char order;
  if (runtime->start && !runtime->start()) _exit(1);
  runtime->count(WARM_UP);
  while (read(orders, &order, 1) == 1) {
    struct span span = {.start = bench_now()};
    runtime->count(COUNT_TO);
    span.end = bench_now();
    if (write(answers, &span, sizeof span) != sizeof span) _exit(1);
  }
  _exit(0);
}

static void start_process(bench_run *run, struct process *process) {
  int orders[2], answers[2];
  if (pipe(orders) != 0 || pipe(answers) != 0 || (process->pid = fork()) < 0) bench_fail("cannot start a process");
  if (process->pid == 0) {
    close(orders[1]);
    close(answers[0]);
    child_main(bench_runtime_of(run), orders[0], answers[1]);
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

static void processes_once(bench_run *run, void *context) {
  struct process *processes = context;
  double alone = run_processes(processes, 1);
  sample_speedup(run, alone, run_processes(processes, bench_threads_of(run)));
}

void bench_scaling_processes(bench_run *run) {
  struct process processes[MAX_PROCESSES];
  unsigned n = bench_threads_of(run);
  for (unsigned i = 0; i < n; i++) start_process(run, &processes[i]);
  bench_repeat(run, 0, processes_once, processes);
  for (unsigned i = 0; i < n; i++) {
    close(processes[i].orders);
    close(processes[i].answers);
  }
  for (unsigned i = 0; i < n; i++) waitpid(processes[i].pid, NULL, 0);
}
