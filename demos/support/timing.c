/* SPDX-License-Identifier: MIT */
/*
 * Two questions about idle cores, because neither answer is enough. Before an attempt and after it two threads compute
 * in plain C and have to get nearly twice as far as one: that knows about quotas, affinity, and CPUs that are two
 * threads of one core, since what they compute keeps a core busy. And /proc/stat tells how much of the machine others
 * used meanwhile.
 */
#define _GNU_SOURCE
#include "demos/support/timing.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "demos/support/tap.h"

enum {
  ATTEMPTS = 6,
  RETRY_BUDGET_S = 8,
  PROBE_NS = 4000000,
  WAIT_MS = 40,
  MAX_WAITS = 50 /* in all: a busy machine must not stop us */
};
static const double idle_speed_up = 1.85;

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double seconds_since(uint64_t start_ns) { return (double)(now_ns() - start_ns) / 1e9; }

void sleep_ms(unsigned ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

unsigned cpu_count(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* --- Idle cores before an attempt --- */

/* Four sums that do not wait for each other: as much as a core can do at a time. */
static uint64_t compute(uint64_t seed) {
  uint64_t a = seed, b = seed + 1, c = seed + 2, d = seed + 3;
  for (int i = 0; i < 500; i++) {
    a = (a ^ a >> 7) + 5;
    b = (b ^ b >> 9) + 7;
    c = (c ^ c >> 11) + 9;
    d = (d ^ d >> 13) + 11;
  }
  return a ^ b ^ c ^ d;
}

static uint64_t spin(void) {
  static _Thread_local volatile uint64_t sum;
  uint64_t end = now_ns() + PROBE_NS, rounds = 0;
  for (; now_ns() < end; rounds++) sum = compute(sum);
  return rounds;
}

static void *spin_in_thread(void *rounds) {
  *(uint64_t *)rounds = spin();
  return NULL;
}

/* How much further two threads get than one. */
static double speed_up_of_two(void) {
  static uint64_t best_alone;
  uint64_t alone = spin(), beside = 0;
  pthread_t thread;
  if (alone > best_alone) best_alone = alone;
  if (pthread_create(&thread, NULL, spin_in_thread, &beside) != 0) return 0;
  uint64_t here = spin();
  pthread_join(thread, NULL);
  return (double)(here + beside) / (double)best_alone;
}

bool two_cores_idle(void) {
  static unsigned waits;
  if (cpu_count() < 2) return false;
  while (speed_up_of_two() < idle_speed_up) {
    if (waits == MAX_WAITS) return false;
    waits++;
    sleep_ms(WAIT_MS);
  }
  return true;
}

/* --- Idle cores during an attempt --- */

struct usage {
  uint64_t time_ns;
  double machine_s, ours_s; /* CPU time spent by everybody, and by this process and the children it waited for */
};

static double busy_time_of_machine(void) {
  double user, nice, system, idle, wait, irq, soft, steal;
  FILE *f = fopen("/proc/stat", "r");
  if (!f) return 0;
  int n = fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait, &irq, &soft, &steal);
  fclose(f);
  return n == 8 ? (user + nice + system + irq + soft + steal) / (double)sysconf(_SC_CLK_TCK) : 0;
}

static double time_of(int who) {
  struct rusage r;
  getrusage(who, &r);
  return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static struct usage usage_now(void) {
  return (struct usage){now_ns(), busy_time_of_machine(), time_of(RUSAGE_SELF) + time_of(RUSAGE_CHILDREN)};
}

static bool machine_was_ours(const struct usage *before) {
  struct usage after = usage_now();
  double elapsed = (double)(after.time_ns - before->time_ns) / 1e9;
  double others = (after.machine_s - before->machine_s) - (after.ours_s - before->ours_s);
  return (double)sysconf(_SC_NPROCESSORS_ONLN) - others / elapsed >= idle_speed_up;
}

/* --- Attempts --- */

static bool time_best(bool (*work)(void *), void *arg, double *best) {
  uint64_t start = now_ns();
  bool done = work(arg);
  double s = seconds_since(start);
  if (*best == 0 || s < *best) *best = s;
  return done;
}

static struct outcome measure(const struct comparison *c) {
  struct outcome o = {.verdict = BROKEN};
  for (int i = 0; i < TIMING_PAIRS; i++)
    if (!time_best(c->base, c->arg, &o.base_s) || !time_best(c->other, c->arg, &o.other_s)) return o;
  o.ratio = o.other_s / o.base_s;
  o.verdict = o.ratio >= c->low && o.ratio <= c->high ? HOLDS : MISSED;
  return o;
}

/* The first attempt is free; further ones share a budget, so that a busy machine cannot make a demo endless. */
static bool may_attempt(int attempt, double *retry_start_s) {
  static double retries_s;
  if (*retry_start_s > 0) retries_s += (double)now_ns() / 1e9 - *retry_start_s;
  if (attempt == ATTEMPTS || (attempt > 0 && retries_s > RETRY_BUDGET_S)) return false;
  *retry_start_s = attempt > 0 ? (double)now_ns() / 1e9 : 0;
  return true;
}

struct outcome timing_compare(const struct comparison *c) {
  struct outcome o = {0}, counted = {.verdict = NOT_CHECKED};
  double retry_start_s = 0;
  for (int i = 0; may_attempt(i, &retry_start_s); i++) {
    if (c->needs_two_cores && !two_cores_idle()) continue;
    struct usage before = usage_now();
    o = measure(c);
    bool counts = !c->needs_two_cores || (machine_was_ours(&before) && speed_up_of_two() >= idle_speed_up);
    if (o.verdict == BROKEN || (o.verdict == HOLDS && counts)) return o;
    if (counts) counted = o;
  }
  if (counted.verdict == MISSED) return counted;
  if (o.verdict == NOT_MEASURED) o = measure(c); /* to show, not to judge */
  if (o.verdict != BROKEN) o.verdict = NOT_CHECKED;
  return o;
}

static void describe_bounds(const struct comparison *c, char *text, size_t size) {
  if (c->low > 0 && c->high < 1e9)
    snprintf(text, size, "must be %.2f to %.2f", c->low, c->high);
  else if (c->low > 0)
    snprintf(text, size, "must be at least %.2f", c->low);
  else
    snprintf(text, size, "must be at most %.2f", c->high);
}

bool timing_report(const char *row, const char *what, const struct comparison *c, const struct outcome *o) {
  char bounds[48];
  describe_bounds(c, bounds, sizeof bounds);
  if (o->verdict == BROKEN) return tap_check(false, row, "%s: the work failed or its result is wrong", what);
  if (o->verdict == NOT_CHECKED) {
    tap_say("%s: %.3f s against %.3f s, ratio %.2f", what, o->base_s, o->other_s, o->ratio);
    if (row) tap_skip(row, "fewer than 2 idle cores");
    return false;
  }
  return tap_check(o->verdict == HOLDS, row, "%s: %.3f s against %.3f s, ratio %.2f (%s)", what, o->base_s, o->other_s,
                   o->ratio, bounds);
}
