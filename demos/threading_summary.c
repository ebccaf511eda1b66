/* SPDX-License-Identifier: MIT */
/*
 * The answer in one table: which kind of work gains from which way of doing it. The figures were measured by the parts
 * before; those of the other kind of mode come from its latest run, if there was one.
 */
#include <stdio.h>
#include <string.h>

#include "demos/threading.h"

/* --- GIL-18 --- */

struct cell {
  struct outcome o;
  double limit;  /* ✓ up to this ratio */
  bool expected; /* whether it should be ✓ */
};

static struct outcome with_lock(const char *name) { return figure_of_mode("gil", name); }

static struct outcome without_lock(const char *name) {
  struct outcome o = figure_of_mode(weft_gil_enabled() ? "biased" : weft_mode(), name);
  return o.verdict == NOT_MEASURED ? figure_of_mode("atomic", name) : o;
}

static bool is_measured(const struct cell *c) { return c->o.verdict == HOLDS || c->o.verdict == MISSED; }
static bool gains(const struct cell *c) { return c->o.ratio <= c->limit; }

/* Pads by columns on the screen, which printf cannot: the signs take several bytes. */
static void add_cell(char *line, size_t size, const struct cell *c) {
  size_t used = strlen(line);
  if (is_measured(c))
    snprintf(line + used, size - used, "%9.1f x %s ", 1 / c->o.ratio, gains(c) ? "✓" : "✗");
  else
    snprintf(line + used, size - used, "%s", c->o.verdict == NOT_CHECKED ? "  unchecked  " : "          –  ");
}

struct judgement {
  unsigned wrong;     /* cells that are not what theory says */
  unsigned unchecked; /* cells that needed two idle cores and had not got them */
};

static void print_row(const char *work, const struct cell cells[4], struct judgement *j) {
  char line[160];
  snprintf(line, sizeof line, "%-12s", work);
  for (int i = 0; i < 4; i++) {
    add_cell(line, sizeof line, &cells[i]);
    j->wrong += is_measured(&cells[i]) && gains(&cells[i]) != cells[i].expected;
    j->unchecked += cells[i].o.verdict == NOT_CHECKED;
  }
  tap_say("%s", line);
}

static struct judgement print_table(void) {
  struct judgement j = {0};
  const struct cell none = {.expected = false};
  const struct cell cpu[] = {{with_lock("cpu-threads"), 0.65, false},
                             {without_lock("cpu-threads"), 0.6, true},
                             {figure_own("cpu-processes"), 0.65, true},
                             {figure_own("cpu-async"), 0.65, false}};
  const struct cell native[] = {
      {with_lock("native-threads"), 0.65, true}, {without_lock("native-threads"), 0.65, true}, none, none};
  const struct cell io[] = {{with_lock("io-threads"), 0.35, true},
                            {without_lock("io-threads"), 0.35, true},
                            {figure_own("io-processes"), 0.35, true},
                            {figure_own("io-async"), 0.4, true}};
  tap_say("speed-up        threads,     threads,    processes       async,");
  tap_say("over in turn        lock      no lock                 one thread");
  print_row("CPU-bound", cpu, &j);
  print_row("native call", native, &j);
  print_row("I/O-bound", io, &j);
  return j;
}

/* --- FU-01 --- */

struct way {
  const char *row, *name;
  struct outcome o;
};

static void print_ways(const struct way *ways, size_t n, size_t *faster, size_t *unchecked) {
  for (size_t i = 0; i < n; i++) {
    bool measured = ways[i].o.verdict == HOLDS || ways[i].o.verdict == MISSED;
    if (measured)
      tap_say("%-7s %-36s ratio %.2f", ways[i].row, ways[i].name, ways[i].o.ratio);
    else
      tap_say("%-7s %-36s %s", ways[i].row, ways[i].name,
              ways[i].o.verdict == NOT_CHECKED ? "not checked: fewer than 2 idle cores" : "not run yet");
    *faster += measured && ways[i].o.ratio <= 0.65;
    *unchecked += !measured;
  }
}

static void show_ways_round(bool complete) {
  const struct way ways[] = {{"GIL-04", "two processes", figure_own("cpu-processes")},
                             {"GIL-11", "native code that releases the lock", figure_own("native-threads")},
                             {"GIL-02", "a build without the lock", without_lock("cpu-threads")},
                             {"GIL-14", "async, for waiting", figure_own("io-async")}};
  size_t faster = 0, unchecked = 0;
  tap_title("How to get round the GIL");
  print_ways(ways, sizeof ways / sizeof *ways, &faster, &unchecked);
  if (!complete)
    tap_say("The table is complete, and checked as FU-01, in a mode without the lock.");
  else if (faster < 3 && unchecked > 0)
    tap_skip("FU-01", "fewer than 2 idle cores");
  else
    tap_check(faster >= 3, "FU-01", "%zu ways are faster than 0.65 of the time (at least 3)", faster);
}

void show_summary(void) {
  tap_title("Summary: ✓ gains, ✗ does not");
  struct judgement j = print_table();
  bool lock = with_lock("cpu-threads").verdict != NOT_MEASURED;
  bool no_lock = without_lock("cpu-threads").verdict != NOT_MEASURED;
  if (!lock || !no_lock)
    tap_check(j.wrong == 0, NULL,
              "every cell is as the theory says; GIL-18 is checked when both kinds of mode have run");
  else if (j.wrong == 0 && j.unchecked > 0)
    tap_skip("GIL-18", "fewer than 2 idle cores for %u cells", j.unchecked);
  else
    tap_check(j.wrong == 0, "GIL-18", "every cell is as the theory says");
  show_ways_round(no_lock);
}
