/* SPDX-License-Identifier: MIT */
/* The machine as the harness sees it: see machine.h. Linux only: CPU affinity and /proc/stat. */
#define _GNU_SOURCE
#include "machine.h"

#include "../sync/atomic.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { ROUND_TRIPS = 400, BATCHES = 16 };

uint64_t bench_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_sleep_us(unsigned us) {
  nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L}, NULL);
}

unsigned bench_cpus(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return (unsigned)CPU_COUNT(&allowed);
}

void bench_pin(unsigned index) {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  unsigned left = index % (unsigned)CPU_COUNT(&allowed);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &allowed) || left-- > 0) cpu++;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

/* The line that travels: even values are the caller's turn, odd ones the helper's. */
struct ball {
  _Alignas(128) unsigned turn; /* atomic */
  _Alignas(128) double best_ns;
};

static void await_turn(struct ball *ball, unsigned turn) {
  /* order: acquire [bench-ball]: nothing is read through it, but the round trip should be that of a hand-over;
   * pairs with the release in pass */
  while (weft__load_acquire(&ball->turn) != turn) weft__cpu_relax();
}

static void pass(struct ball *ball, unsigned turn) {
  weft__store_release(&ball->turn, turn); /* order: release [bench-ball]: pairs with await_turn */
}

static void *return_balls(void *arg) {
  struct ball *ball = arg;
  bench_pin(1);
  for (unsigned turn = 1; turn < 2 * ROUND_TRIPS * BATCHES; turn += 2) {
    await_turn(ball, turn);
    pass(ball, turn + 1);
  }
  return NULL;
}

static void *serve_balls(void *arg) {
  struct ball *ball = arg;
  unsigned turn = 0;
  bench_pin(0);
  for (int batch = 0; batch < BATCHES; batch++) {
    uint64_t start = bench_now();
    for (int i = 0; i < ROUND_TRIPS; i++, turn += 2) {
      await_turn(ball, turn);
      pass(ball, turn + 1);
    }
    double ns = (double)(bench_now() - start) / ROUND_TRIPS;
    if (batch == 0 || ns < ball->best_ns) ball->best_ns = ns;
  }
  return NULL;
}

double bench_round_trip_ns(void) {
  struct ball ball = {.best_ns = -1};
  pthread_t server, returner;
  if (bench_cpus() < 2) return -1;
  if (pthread_create(&returner, NULL, return_balls, &ball) != 0) return -1;
  if (pthread_create(&server, NULL, serve_balls, &ball) != 0) {
    for (unsigned turn = 0; turn < 2 * ROUND_TRIPS * BATCHES; turn += 2) {
      pass(&ball, turn + 1);
      await_turn(&ball, turn + 2);
    }
  } else {
    pthread_join(server, NULL);
  }
  pthread_join(returner, NULL);
  return ball.best_ns;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec * 1e-6; }

static double added_s;

void bench_add_own_cpu_time(double seconds) { added_s += seconds; }

static double own_cpu_time(void) {
  struct rusage use;
  if (getrusage(RUSAGE_SELF, &use) != 0) return 0;
  return seconds(use.ru_utime) + seconds(use.ru_stime) + added_s;
}

/* Everything but idle and I/O wait; steal counts, because it is time a CPU was not ours. */
static double machine_cpu_time(void) {
  unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
  FILE *stat = fopen("/proc/stat", "re");
  if (!stat) return 0;
  int got = fscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait, &irq,
                   &softirq, &steal);
  fclose(stat);
  if (got != 8) return 0;
  return (double)(user + nice + system + irq + softirq + steal) / (double)sysconf(_SC_CLK_TCK);
}

struct bench_cpu_time bench_cpu_time(void) {
  return (struct bench_cpu_time){
      .machine = machine_cpu_time(),
      .own = own_cpu_time(),
  };
}

void bench_fetch_memory(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  (void)madvise(memory, bytes, MADV_HUGEPAGE);
  (void)madvise(memory, bytes, MADV_POPULATE_WRITE);
  munmap(memory, bytes);
}

double bench_peak_bytes(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss * 1024 : 0;
}
