/* SPDX-License-Identifier: MIT */
/* Three generations: when each is collected, and what that saves. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "demos/gc.h"
#include "demos/support/timing.h"

/* --- Live lists --- */

/* Room for `n` objects. */
static weft_object **array_of(size_t n) {
  weft_object **lists = calloc(n, sizeof(weft_object *));
  if (!lists) abort();
  return lists;
}
static void make_lists(weft_object **lists, size_t n) {
  for (size_t i = 0; i < n; i++) lists[i] = weft_list_new();
}
static void drop_lists(weft_object **lists, size_t n) {
  for (size_t i = 0; i < n; i++) weft_decref(lists[i]);
  free(lists);
}

/* Makes so many live lists with the collector on, and watches it. */
static void run_for(size_t n) {
  weft_object **lists = array_of(n);
  collect();
  runs_watch();
  weft_gc_enable();
  make_lists(lists, n);
  weft_gc_disable();
  runs_stop();
  drop_lists(lists, n);
}

/* --- GC-06 to 11 --- */

static void show_ages(void) {
  weft_auto weft_object *o = weft_list_new();
  int age[4] = {weft_gc_generation(o)};
  for (int i = 0; i < 3; i++) {
    weft_gc_collect(i);
    age[i + 1] = weft_gc_generation(o);
  }
  tap_say("generation of a list: %d; after collect(0) %d, collect(1) %d, collect(2) %d", age[0], age[1], age[2],
          age[3]);
  tap_check(age[0] == 0 && age[1] == 1 && age[2] == 2 && age[3] == 2, "GC-06",
            "002, 004: three generations, new objects in 0");
}

static void show_thresholds(void) {
  uint32_t t[WEFT_GC_GENERATIONS];
  weft_gc_get_threshold(t);
  tap_say("gc.get_threshold() -> (%u, %u, %u)", t[0], t[1], t[2]);
  tap_say("002 and 004: (700, 10, 10); so was CPython through 3.12, and is this; since 3.13 it is (2000, 10, 10)");
  tap_check(t[0] == 700 && t[1] == 10 && t[2] == 10, "GC-08", "002, 004: the default thresholds");
}

static void show_701st(void) {
  enum { N = 20000 };
  weft_object **lists = array_of(N);
  size_t made = 0;
  collect();
  runs_watch();
  weft_gc_enable();
  while (made < N && runs_in_all() == 0) lists[made++] = weft_list_new();
  size_t first = made;
  make_lists(lists + made, N - made);
  weft_gc_disable();
  runs_stop();
  drop_lists(lists, N);
  tap_say("%d live lists: the first run at number %zu, %" PRIu64 " runs = floor(%d / 701)", N, first, runs_in_all(), N);
  tap_check(first == 701 && runs_in_all() == N / 701, "GC-09",
            "002, 004: generation 0 \"after 700 allocations\": when the count exceeds 700");
}

static void show_order(void) {
  run_for(300000);
  tap_say("300000 live lists, the generation of each run: %.50s...", runs_order);
  bool periodic = true;
  for (int i = 0; i < 10 * 12; i++) periodic = periodic && runs_order[i] == (i % 12 == 11 ? '1' : '0');
  tap_check(periodic, "GC-10", "002, 004: 1 \"after 10 of generation 0\": after 11, a period of 12 runs");
  const char *first = strchr(runs_order, '2');
  ptrdiff_t number = first ? first - runs_order + 1 : -1;
  tap_say("and only if there is more than a quarter (25 %%) as much that has become old since as was old then");
  tap_check(number == 133, "GC-11", "002, 004: 2 \"after 10 of generation 1\": the first full run is number %td",
            number);
  tap_say("age            runs here   CPython   looked at");
  tap_say("0: new          %8" PRIu64 "       389   ▓▓▓▓▓▓▓▓▓▓▓▓ often", runs[0]);
  tap_say("1: survived 1   %8" PRIu64 "        35   ▓▓▓▓▓ less often", runs[1]);
  tap_say("2: survived 2   %8" PRIu64 "         3   ▓ rarely", runs[2]);
  tap_check(runs[0] > runs[1] && runs[1] > runs[2] && runs[2] > 0 && runs_in_all() == 300000 / 701, "GC-07",
            "004: the older, the rarer");
}

/* The same without anybody who looks on: in mode biased a thread then collects what is its own without the others. */
static void show_unwatched(void) {
  enum { N = 20000 };
  weft_object **lists = array_of(N);
  collect();
  uint64_t before = collections();
  weft_gc_enable();
  make_lists(lists, N);
  weft_gc_disable();
  uint64_t ran = collections() - before;
  drop_lists(lists, N);
  tap_check(ran == N / 701, NULL, "get_stats() counts the same, %" PRIu64 " runs, if no callback looks on", ran);
}

/* --- GC-12, GC-13 --- */

static void show_net_growth(void) {
  runs_watch();
  weft_gc_enable();
  for (int i = 0; i < 100000; i++) weft_decref(weft_list_new());
  weft_gc_disable();
  runs_stop();
  tap_check(runs_in_all() == 0, "GC-12", "004: only net growth counts: 100000 lists made and dropped, %" PRIu64 " runs",
            runs_in_all());
}

static void show_by_itself(void) {
  enum { CYCLES = 10000 };
  collect();
  uint64_t before = collected_so_far();
  runs_watch();
  weft_gc_enable();
  drop_cycles(CYCLES);
  weft_gc_disable();
  runs_stop();
  uint64_t collected = collected_so_far() - before;
  int64_t left = nodes_alive();
  tap_say("%d cycles of two: %" PRIu64 " runs, %" PRIu64 " objects collected, %" PRId64
          " left (CPython: 28, 19590, 410)",
          CYCLES, runs_in_all(), collected, left);
  tap_check(runs_in_all() >= 27 && collected + (uint64_t)left == 2 * CYCLES && collect() == left, "GC-13",
            "004: cycles that nobody refers to start collections by themselves");
}

/* --- GC-14 --- */

static bool counts_are(const char *when, const char *python, uint64_t young, uint64_t since_1, uint64_t since_2) {
  uint64_t c[WEFT_GC_GENERATIONS];
  weft_gc_get_count(c);
  tap_say("%-30s Python %-12s here (%" PRIu64 ", %" PRIu64 ", %" PRIu64 ")", when, python, c[0], c[1], c[2]);
  return c[0] == young && c[1] == since_1 && c[2] == since_2;
}

static void show_counts(void) {
  weft_object *lists[51];
  collect();
  bool good = counts_are("gc.collect(); gc.get_count()", "(0, 0, 0)", 0, 0, 0);
  make_lists(lists, 51);
  good = counts_are("50 objects and a list of them", "(52, 0, 0)", 51, 0, 0) && good;
  weft_gc_collect(0);
  good = counts_are("gc.collect(0)", "(0, 1, 0)", 0, 1, 0) && good;
  weft_gc_collect(0);
  good = counts_are("gc.collect(0)", "(0, 2, 0)", 0, 2, 0) && good;
  weft_gc_collect(1);
  good = counts_are("gc.collect(1)", "(0, 0, 1)", 0, 0, 1) && good;
  weft_gc_collect(2);
  good = counts_are("gc.collect(2)", "(0, 0, 0)", 0, 0, 0) && good;
  for (int i = 0; i < 51; i++) weft_decref(lists[i]);
  tap_say("Neither thresholds (002) nor objects per generation (004): the net growth since the last run, runs of 0");
  tap_say("since the last of 1, of 1 since the last of 2. CPython's 52nd is the interpreter's own.");
  tap_check(good, "GC-14", "002, 004: what the three counts mean");
}

/* --- GC-16, GC-17 --- */

static void show_manual(void) {
  int64_t fresh[1], in_1[2], in_2[3];
  drop_cycles(1);
  fresh[0] = weft_gc_collect(0);
  weft_object *list = weft_list_new();
  weft_list_append(list, list);
  weft_gc_collect(0);
  weft_clear(&list);
  for (int i = 0; i < 2; i++) in_1[i] = weft_gc_collect(i);
  list = weft_list_new();
  weft_list_append(list, list);
  weft_gc_collect(0);
  weft_gc_collect(1);
  weft_clear(&list);
  for (int i = 0; i < 3; i++) in_2[i] = weft_gc_collect(i);
  tap_say("collect(0) finds %" PRId64 " of a fresh cycle. A list that survived one collection, then dropped:",
          fresh[0]);
  tap_say("collect(0), (1): %" PRId64 ", %" PRId64 ". One that survived two: %" PRId64 ", %" PRId64 ", %" PRId64,
          in_1[0], in_1[1], in_2[0], in_2[1], in_2[2]);
  tap_check(fresh[0] == 2 && in_1[0] == 0 && in_1[1] == 1 && in_2[0] == 0 && in_2[1] == 0 && in_2[2] == 1, "GC-16",
            "004: collect(0) looks at the youngest only, collect() at all");
  tap_say("gc.collect(3), gc.collect(-1):");
  bool good = raises(weft_gc_collect(3), &weft_ValueError);
  tap_check(raises(weft_gc_collect(-1), &weft_ValueError) && good, "GC-17", "004: there is no such generation");
}

/* --- GC-29, GC-30 --- */

static bool collect_young(void *unused) {
  (void)unused;
  return weft_gc_collect(0) == 0;
}
static bool collect_all(void *unused) {
  (void)unused;
  return weft_gc_collect(2) == 0;
}

static int64_t tracked(int generation) {
  weft_auto weft_object *objects = weft_gc_get_objects(generation);
  return objects ? weft_list_length(objects) : -1;
}

static void show_long_lived(void) {
  enum { N = 1000000 };
  weft_object **lists = array_of(N);
  make_lists(lists, N);
  collect();
  struct comparison c = {.base = collect_all, .other = collect_young, .high = 0.1};
  struct outcome o = timing_compare(&c);
  timing_report("GC-29", "002, 004: a million old lists: looking at all of them against the young ones", &c, &o);
  drop_lists(lists, N);
}

static void show_number(void) {
  enum { N = 1000 };
  weft_object **lists = array_of(N);
  collect();
  int64_t before[4], after[4], moved;
  for (int g = -1; g < 3; g++) before[g + 1] = tracked(g);
  make_lists(lists, N);
  for (int g = -1; g < 3; g++) after[g + 1] = tracked(g);
  weft_gc_collect(0);
  moved = tracked(1) - before[2];
  drop_lists(lists, N);
  tap_say("len(gc.get_objects()): %" PRId64 ", with %d lists more %" PRId64 "; in generation 0 %" PRId64
          " more, in 1 after"
          " a collection %" PRId64 " more",
          before[0], N, after[0], after[1] - before[1], moved);
  tap_check(after[0] - before[0] == N && after[1] - before[1] == N && after[2] == before[2] && after[3] == before[3] &&
                moved == N,
            "GC-30", "004: the number of tracked objects grows by what was made, in its generation");
}

void show_generations(void) {
  tap_title("Generations");
  show_thresholds();
  show_ages();
  show_701st();
  show_order();
  show_unwatched();
  show_net_growth();
  show_by_itself();
  show_counts();
  show_manual();
  show_number();
  show_long_lived();
}
