/* SPDX-License-Identifier: MIT */
/* Snapshots of traces: what is in them, sums by group, differences, and how these are printed. */
#include "support.h"

#include <errno.h>

static void untraced_start(void) {
  unsetenv("WEFT_TRACEMALLOC");
  start();
}
TestSuite(snapshot, .init = untraced_start, .timeout = SANITIZED ? 240 : 60);

enum { DOMAIN = 7 };

static void trace(int frames) { cr_assert_eq(weft_tracemalloc_start(frames), 0); }

static weft_snapshot *taken(void) {
  weft_snapshot *s = weft_snapshot_take();
  cr_assert_not_null(s);
  return s;
}

/* The place in this file at which the most recent frame stands; 0: it is in another file. */
static int line_here(const weft_traceback *t) {
  const weft_frame *frame = &t->frames[t->count - 1];
  const char *name = strrchr(frame->file, '/');
  return !strcmp(name ? name + 1 : frame->file, "test_snapshot.c") ? frame->line : 0;
}

/* Of the entry for a line of this file; zeros when there is none. */
static weft_statistic entry_at(const weft_statistics *s, int line) {
  for (size_t i = 0; i < s->count; i++)
    if (line_here(s->entries[i].traceback) == line) return s->entries[i];
  return (weft_statistic){NULL, 0, 0, 0, 0};
}

#define at_line(line, made) (*(line) = __LINE__, (made))

/* --- What is in one --- */

RuntimeTest(snapshot, TM_006_a_snapshot_has_each_trace) {
  static char bytes[12345];
  int line;
  trace(1);
  weft_auto weft_object *o = at_line(&line, weft_bytes_new(bytes, sizeof bytes));
  cr_assert_not_null(o);
  weft_snapshot *s = taken();
  size_t found = 0;
  for (size_t i = 0; i < weft_snapshot_count(s); i++) {
    weft_trace t = weft_snapshot_trace(s, i);
    if (line_here(t.traceback) != line) continue;
    found++;
    cr_assert_eq(t.domain, WEFT_TRACEMALLOC_HEAP);
    cr_assert_geq(t.size, sizeof bytes);
    cr_assert_leq(t.size, sizeof bytes + 64);
  }
  cr_assert_eq(found, 1);
  weft_trace none = weft_snapshot_trace(s, weft_snapshot_count(s));
  cr_assert_null(none.traceback);
  weft_snapshot_free(s);
}

RuntimeTest(snapshot, without_tracing_there_is_none) {
  cr_assert_null(weft_snapshot_take());
  cr_assert(raised_with(&weft_RuntimeError, "tracing is off"));
  trace(1);
  weft_tracemalloc_stop();
  cr_assert_null(weft_snapshot_take());
  cr_assert(raised(&weft_RuntimeError));
}

static WEFT_NOINLINE weft_object *made_deep(int depth) {
  weft_object *o = depth ? made_deep(depth - 1) : FLOAT(1.5);
  __asm__ volatile("" : : "r"(o) : "memory"); /* no tail call */
  return o;
}

RuntimeTest(snapshot, TM_007_equal_tracebacks_are_identical) {
  weft_object *made[2];
  volatile int n = 2; /* one call, not two */
  trace(4);
  for (int i = 0; i < n; i++) made[i] = made_deep(2);
  weft_snapshot *s = taken();
  const weft_traceback *seen = NULL;
  size_t found = 0;
  for (size_t i = 0; i < weft_snapshot_count(s); i++) {
    weft_trace t = weft_snapshot_trace(s, i);
    if (strcmp(t.traceback->frames[t.traceback->count - 1].function, "made_deep") != 0) continue;
    cr_assert_eq(t.traceback->count, 4);
    cr_assert(!seen || seen == t.traceback);
    seen = t.traceback;
    found++;
  }
  cr_assert_eq(found, 2);
  cr_assert_eq(weft_snapshot_frame_limit(s), 4);
  weft_snapshot_free(s);
  for (int i = 0; i < 2; i++) weft_decref(made[i]);
}

RuntimeTest(snapshot, TM_016_what_users_track_is_in_it) {
  trace(5);
  int line;
  cr_assert_eq(at_line(&line, weft_tracemalloc_track(DOMAIN, 0x1234, 5)), 0);
  weft_snapshot *s = taken();
  cr_assert_eq(weft_snapshot_frame_limit(s), 5);
  size_t found = 0;
  for (size_t i = 0; i < weft_snapshot_count(s); i++) {
    weft_trace t = weft_snapshot_trace(s, i);
    if (t.domain != DOMAIN) continue;
    found++;
    cr_assert_eq(t.size, 5);
    cr_assert_eq(line_here(t.traceback), line);
  }
  cr_assert_eq(found, 1);
  weft_snapshot_free(s);
}

RuntimeTest(snapshot, it_outlives_tracing) {
  int line;
  trace(1);
  weft_object *o = at_line(&line, FLOAT(1.5));
  weft_snapshot *s = taken();
  weft_tracemalloc_stop();
  weft_decref(o);
  weft_statistics *sums = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, false);
  cr_assert_eq(entry_at(sums, line).count, 1);
  weft_statistics_free(sums);
  weft_snapshot_free(s);
}

RuntimeTest(snapshot, an_empty_one_has_empty_statistics) {
  trace(1);
  weft_tracemalloc_clear_traces();
  weft_snapshot *s = taken();
  cr_assert_eq(weft_snapshot_count(s), 0);
  for (int grouping = WEFT_SNAPSHOT_BY_TRACEBACK; grouping <= WEFT_SNAPSHOT_BY_FILE; grouping++) {
    weft_statistics *sums = weft_snapshot_statistics(s, (enum weft_snapshot_grouping)grouping, false);
    cr_assert_eq(sums->count, 0);
    weft_statistics_free(sums);
    sums = weft_snapshot_compare(s, s, (enum weft_snapshot_grouping)grouping, false);
    cr_assert_eq(sums->count, 0);
    weft_statistics_free(sums);
  }
  weft_snapshot_free(s);
}

/* A detached thread that goes on tracking, with tracebacks that have not been there before. */
static uint32_t enough; /* atomic */
static WEFT_NOINLINE void track_deep(int depth) {
  if (depth)
    track_deep(depth - 1);
  else
    weft_tracemalloc_track(DOMAIN, 0x1234, 5);
  __asm__ volatile("" : : : "memory"); /* no tail call */
}
static void *track_ever_deeper(void *unused) {
  (void)unused;
  for (int depth = 0; !weft__load_acquire(&enough); depth = (depth + 1) % 200) track_deep(depth);
  return NULL;
}

RuntimeTest(snapshot, regress_tracebacks_are_added_while_they_are_copied) {
  pthread_t tracker;
  trace(WEFT_TRACEMALLOC_FRAMES_MAX);
  cr_assert_eq(pthread_create(&tracker, NULL, track_ever_deeper, NULL), 0);
  for (int i = 0; i < 50; i++) {
    weft_snapshot *s = taken();
    for (size_t j = 0; j < weft_snapshot_count(s); j++) cr_assert_geq(weft_snapshot_trace(s, j).traceback->count, 1);
    weft_snapshot_free(s);
  }
  weft__store_release(&enough, 1u);
  pthread_join(tracker, NULL);
}

/* --- Sums --- */

RuntimeTest(snapshot, lines_are_added_up_and_sorted_by_size) {
  weft_object *few[10], *many[100];
  int line_of_few, line_of_many;
  trace(1);
  for (int i = 0; i < 10; i++) few[i] = at_line(&line_of_few, FLOAT(i));
  for (int i = 0; i < 100; i++) many[i] = at_line(&line_of_many, FLOAT(i));
  weft_snapshot *s = taken();
  weft_statistics *sums = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, false);
  cr_assert_not(sums->is_difference);
  weft_statistic a = entry_at(sums, line_of_few), b = entry_at(sums, line_of_many);
  cr_assert_eq(a.count, 10);
  cr_assert_eq(a.size, 240);
  cr_assert_eq(b.count, 100);
  cr_assert_eq(b.size, 2400);
  cr_assert_eq(a.size_diff, 0);
  cr_assert_eq(line_here(sums->entries[0].traceback), line_of_many);
  for (size_t i = 1; i < sums->count; i++) cr_assert_geq(sums->entries[i - 1].size, sums->entries[i].size);
  weft_statistics_free(sums);

  /* By file, and by traceback, the sum is the same: that of all traces. */
  size_t all = 0;
  for (size_t i = 0; i < weft_snapshot_count(s); i++) all += weft_snapshot_trace(s, i).size;
  for (int grouping = WEFT_SNAPSHOT_BY_TRACEBACK; grouping <= WEFT_SNAPSHOT_BY_FILE; grouping++) {
    sums = weft_snapshot_statistics(s, (enum weft_snapshot_grouping)grouping, false);
    size_t sum = 0;
    for (size_t i = 0; i < sums->count; i++) sum += sums->entries[i].size;
    cr_assert_eq(sum, all);
    if (grouping == WEFT_SNAPSHOT_BY_FILE)
      for (size_t i = 0; i < sums->count; i++) cr_assert_eq(sums->entries[i].traceback->frames[0].line, 0);
    weft_statistics_free(sums);
  }
  weft_snapshot_free(s);
  for (int i = 0; i < 10; i++) weft_decref(few[i]);
  for (int i = 0; i < 100; i++) weft_decref(many[i]);
}

static WEFT_NOINLINE weft_object *by_one_caller(void) { return made_deep(0); }
static WEFT_NOINLINE weft_object *by_another_caller(void) { return made_deep(0); }

RuntimeTest(snapshot, one_line_by_two_ways_is_two_tracebacks) {
  trace(3);
  weft_object *made[2] = {by_one_caller(), by_another_caller()};
  weft_snapshot *s = taken();
  weft_statistics *by_traceback = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_TRACEBACK, false);
  weft_statistics *by_line = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, false);
  int line = line_here(by_line->entries[0].traceback);
  size_t ways = 0;
  for (size_t i = 0; i < by_traceback->count; i++) ways += line_here(by_traceback->entries[i].traceback) == line;
  cr_assert_eq(entry_at(by_line, line).count, 2);
  cr_assert_eq(ways, 2);
  weft_statistics_free(by_traceback);
  weft_statistics_free(by_line);
  weft_snapshot_free(s);
  for (int i = 0; i < 2; i++) weft_decref(made[i]);
}

RuntimeTest(snapshot, cumulative_sums_count_a_trace_once_for_each_line_that_led_to_it) {
  trace(6);
  int line;
  weft_object *o = at_line(&line, made_deep(2));
  weft_snapshot *s = taken();
  weft_statistics *own = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, false);
  weft_statistics *all = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, true);
  cr_assert_eq(entry_at(own, line).count, 0);
  cr_assert_eq(entry_at(all, line).count, 1);
  cr_assert_eq(entry_at(all, line_here(own->entries[0].traceback)).count, 1, "though the line is there three times");
  weft_statistics_free(own);
  weft_statistics_free(all);
  cr_assert_null(weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_TRACEBACK, true));
  cr_assert(raised_with(&weft_ValueError, "cumulative by traceback"));
  weft_snapshot_free(s);
  weft_decref(o);
}

RuntimeTest(snapshot, bad_questions_are_errors) {
  trace(1);
  weft_snapshot *s = taken();
  cr_assert_null(weft_snapshot_statistics(NULL, WEFT_SNAPSHOT_BY_LINE, false));
  cr_assert(raised(&weft_ValueError));
  cr_assert_null(weft_snapshot_compare(s, NULL, WEFT_SNAPSHOT_BY_LINE, false));
  cr_assert(raised(&weft_ValueError));
  cr_assert_null(weft_snapshot_statistics(s, (enum weft_snapshot_grouping)17, false));
  cr_assert(raised(&weft_ValueError));
  weft_snapshot_free(s);
  weft_snapshot_free(NULL);
  weft_statistics_free(NULL);
}

/* --- Differences --- */

RuntimeTest(snapshot, growth_and_its_opposite) {
  weft_object *kept[50], *dropped[70];
  int line_kept, line_dropped, line_same;
  trace(1);
  weft_auto weft_object *same = at_line(&line_same, FLOAT(0.5));
  cr_assert_not_null(same);
  for (int i = 0; i < 70; i++) dropped[i] = at_line(&line_dropped, FLOAT(i));
  weft_snapshot *before = taken();
  for (int i = 0; i < 70; i++) weft_decref(dropped[i]);
  for (int i = 0; i < 50; i++) kept[i] = at_line(&line_kept, FLOAT(i));
  weft_snapshot *after = taken();
  weft_statistics *d = weft_snapshot_compare(after, before, WEFT_SNAPSHOT_BY_LINE, false);
  cr_assert(d->is_difference);
  weft_statistic gone = entry_at(d, line_dropped), come = entry_at(d, line_kept), there = entry_at(d, line_same);
  cr_assert_eq(gone.size, 0);
  cr_assert_eq(gone.size_diff, -70 * 24);
  cr_assert_eq(gone.count_diff, -70);
  cr_assert_eq(come.size, 50 * 24);
  cr_assert_eq(come.size_diff, 50 * 24);
  cr_assert_eq(come.count_diff, 50);
  cr_assert_eq(there.size_diff, 0);
  cr_assert_eq(there.count, 1);
  cr_assert_eq(line_here(d->entries[0].traceback), line_dropped, "the greatest change first");
  weft_statistics_free(d);
  weft_snapshot_free(before);
  weft_snapshot_free(after);
  for (int i = 0; i < 50; i++) weft_decref(kept[i]);
}

/* --- Text --- */

static const char *text(size_t size, size_t count, ptrdiff_t size_diff, ptrdiff_t count_diff, bool is_difference) {
  static char line[200];
  weft_traceback *where = malloc(sizeof *where + sizeof *where->frames);
  where->count = 1;
  where->frames[0] = (weft_frame){"a.c", "f", 5};
  weft_statistic_format(line, sizeof line, &(weft_statistic){where, size, count, size_diff, count_diff}, is_difference);
  weft_traceback_free(where);
  return line;
}

RuntimeTest(snapshot, TM_025_statistics_as_text) {
  cr_assert_str_eq(text(66, 1, 0, 0, false), "a.c:5: size=66 B, count=1, average=66 B");
  cr_assert_str_eq(text(10239, 3, 0, 0, false), "a.c:5: size=10239 B, count=3, average=3413 B");
  cr_assert_str_eq(text(10240, 1, 0, 0, false), "a.c:5: size=10.0 KiB, count=1, average=10.0 KiB");
  cr_assert_str_eq(text(200 << 10, 2, 0, 0, false), "a.c:5: size=200 KiB, count=2, average=100 KiB");
  cr_assert_str_eq(text((size_t)3 << 40, 1, 0, 0, false), "a.c:5: size=3072 GiB, count=1, average=3072 GiB");
  cr_assert_str_eq(text((size_t)30000 << 40, 1, 0, 0, false), "a.c:5: size=30000 TiB, count=1, average=30000 TiB");
  cr_assert_str_eq(text(0, 0, -1024, -7, true), "a.c:5: size=0 B (-1024 B), count=0 (-7)");
  cr_assert_str_eq(text(5002, 2, 5000, 1, true), "a.c:5: size=5002 B (+5000 B), count=2 (+1), average=2501 B");
  cr_assert_str_eq(text(30, 3, 0, 0, true), "a.c:5: size=30 B (+0 B), count=3 (+0), average=10 B");
}

RuntimeTest(snapshot, nothing_has_no_text) {
  char line[10];
  errno = 0;
  cr_assert(weft_statistic_format(line, sizeof line, NULL, false) == -1 && errno == EINVAL);
  errno = 0;
  cr_assert(weft_statistics_print(stdout, NULL, 1) == -1 && errno == EINVAL);
  errno = 0;
  cr_assert(weft_traceback_print(stdout, NULL, 0, false) == -1 && errno == EINVAL);
}

RuntimeTest(snapshot, the_first_few_are_printed_with_numbers) {
  weft_object *made[2];
  trace(1);
  for (int i = 0; i < 2; i++) made[i] = FLOAT(i);
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 1, 100000), 0);
  weft_snapshot *s = taken();
  weft_statistics *sums = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, false);
  char *printed = NULL;
  size_t length;
  FILE *to = open_memstream(&printed, &length);
  cr_assert_eq(weft_statistics_print(to, sums, 1), 0);
  fclose(to);
  cr_assert(!strncmp(printed, "#1: ", 4) && strstr(printed, "test_snapshot.c:"), "%s", printed);
  cr_assert(strstr(printed, ": size=97.7 KiB, count=1, average=97.7 KiB\n"), "%s", printed);
  cr_assert_eq(strchr(printed, '\n'), printed + length - 1, "one line");
  free(printed);
  FILE *full = fopen("/dev/full", "w");
  setvbuf(full, NULL, _IONBF, 0);
  cr_assert_eq(weft_statistics_print(full, sums, 1), -1);
  fclose(full);
  weft_statistics_free(sums);
  weft_snapshot_free(s);
  for (int i = 0; i < 2; i++) weft_decref(made[i]);
}
