/* SPDX-License-Identifier: MIT */
/*
 * Comparing two ways of doing the same work by the clock.
 *
 * The two ways run in turn, as pairs, and the best time of each counts: what disturbs a run only makes it slower. An
 * attempt that misses its bounds is repeated a few times. A comparison that needs two cores is made only while two are
 * idle, and counts, whatever its result, only if nobody else used them meanwhile.
 */
#ifndef DEMOS_SUPPORT_TIMING_H
#define DEMOS_SUPPORT_TIMING_H

#include <stdbool.h>
#include <stdint.h>

enum verdict {
  NOT_MEASURED,
  HOLDS,       /* the ratio is within its bounds */
  MISSED,      /* it is not, on a machine that was ours */
  NOT_CHECKED, /* fewer than two idle cores */
  BROKEN       /* the work itself failed */
};

struct comparison {
  bool (*base)(void *arg);  /* does the work one way; false: it failed, or its result is wrong */
  bool (*other)(void *arg); /* the other way */
  void *arg;
  double low, high; /* bounds of other's time divided by base's */
  bool needs_two_cores;
};

struct outcome {
  double base_s, other_s; /* best times */
  double ratio;           /* other_s / base_s */
  enum verdict verdict;
};

enum { TIMING_PAIRS = 5 };

struct outcome timing_compare(const struct comparison *c);
/* Prints a TAP line for `row`: what was compared, both times, the bounds. True: the row holds. */
bool timing_report(const char *row, const char *what, const struct comparison *c, const struct outcome *o);

uint64_t now_ns(void);
double seconds_since(uint64_t start_ns);
/* Sleeps; the caller is detached. */
void sleep_ms(unsigned ms);
/* CPUs that this process may run on. */
unsigned cpu_count(void);
/* True when two threads of pure C run at full speed side by side now; waits for that, but not
 * for more than a few seconds in all. */
bool two_cores_idle(void);

#endif
