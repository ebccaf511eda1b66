/* SPDX-License-Identifier: MIT */
/* Snapshots that are filtered, written, and read again; the catalogue's traces are read from text. */
#include "support.h"

RuntimeSuite(snapshot_files);

/* The catalogue's frames are most recent first; in a file they are oldest first. */
#define A_2       "2\n4\t\tb.py\n2\t\ta.py\n"
#define A_5       "2\n4\t\tb.py\n5\t\ta.py\n"
#define B_1       "1\n1\t\tb.py\n"
#define UNKNOWN_0 "1\n0\t\t<unknown>\n"
#define C_578     "1\n578\t\tc.py\n"
#define HEAD      "weft-snapshot 1\nframes 2\n"

static const char data_a[] =
    HEAD "tracebacks 4\n" A_2 A_5 B_1 UNKNOWN_0 "traces 6\n0 0 10\n0 0 10\n0 0 10\n1 1 2\n2 2 66\n3 3 7\n";
static const char data_b[] =
    HEAD "tracebacks 3\n" A_2 A_5 C_578 "traces 6\n0 0 10\n0 0 10\n0 0 10\n2 1 2\n2 1 5000\n4 2 400\n";

static weft_snapshot *load(const char *text) {
  FILE *from = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
  weft_snapshot *s = weft_snapshot_load(from);
  fclose(from);
  return s;
}
static weft_snapshot *loaded(const char *text) {
  weft_snapshot *s = load(text);
  cr_assert_not_null(s);
  return s;
}

static bool is_entry(const weft_statistic *s, const char *file, int line, size_t size, ptrdiff_t size_diff,
                     size_t count, ptrdiff_t count_diff) {
  const weft_frame *frame = &s->traceback->frames[0];
  return !strcmp(frame->file, file) && frame->line == line && s->size == size && s->size_diff == size_diff &&
         s->count == count && s->count_diff == count_diff;
}

/* --- Groups --- */

RuntimeTest(snapshot_files, TM_020_groups_by_line) {
  weft_snapshot *a = loaded(data_a), *b = loaded(data_b);
  weft_statistics *s = weft_snapshot_statistics(a, WEFT_SNAPSHOT_BY_LINE, false);
  cr_assert_eq(s->count, 4);
  cr_assert(is_entry(&s->entries[0], "b.py", 1, 66, 0, 1, 0));
  cr_assert(is_entry(&s->entries[1], "a.py", 2, 30, 0, 3, 0));
  cr_assert(is_entry(&s->entries[2], "<unknown>", 0, 7, 0, 1, 0));
  cr_assert(is_entry(&s->entries[3], "a.py", 5, 2, 0, 1, 0));
  weft_statistics_free(s);
  s = weft_snapshot_compare(b, a, WEFT_SNAPSHOT_BY_LINE, false);
  cr_assert_eq(s->count, 5);
  cr_assert(is_entry(&s->entries[0], "a.py", 5, 5002, 5000, 2, 1));
  cr_assert(is_entry(&s->entries[1], "c.py", 578, 400, 400, 1, 1));
  cr_assert(is_entry(&s->entries[2], "b.py", 1, 0, -66, 0, -1));
  cr_assert(is_entry(&s->entries[3], "<unknown>", 0, 0, -7, 0, -1));
  cr_assert(is_entry(&s->entries[4], "a.py", 2, 30, 0, 3, 0));
  weft_statistics_free(s);
  weft_snapshot_free(a);
  weft_snapshot_free(b);
}

RuntimeTest(snapshot_files, TM_021_groups_by_file) {
  weft_snapshot *a = loaded(data_a), *b = loaded(data_b);
  weft_statistics *s = weft_snapshot_statistics(a, WEFT_SNAPSHOT_BY_FILE, false);
  cr_assert_eq(s->count, 3);
  cr_assert(is_entry(&s->entries[0], "b.py", 0, 66, 0, 1, 0));
  cr_assert(is_entry(&s->entries[1], "a.py", 0, 32, 0, 4, 0));
  cr_assert(is_entry(&s->entries[2], "<unknown>", 0, 7, 0, 1, 0));
  weft_statistics_free(s);
  s = weft_snapshot_statistics(b, WEFT_SNAPSHOT_BY_FILE, false);
  cr_assert_eq(s->count, 2);
  cr_assert(is_entry(&s->entries[0], "a.py", 0, 5032, 0, 5, 0));
  cr_assert(is_entry(&s->entries[1], "c.py", 0, 400, 0, 1, 0));
  weft_statistics_free(s);
  s = weft_snapshot_compare(b, a, WEFT_SNAPSHOT_BY_FILE, false);
  cr_assert_eq(s->count, 4);
  cr_assert(is_entry(&s->entries[0], "a.py", 0, 5032, 5000, 5, 1));
  cr_assert(is_entry(&s->entries[1], "c.py", 0, 400, 400, 1, 1));
  cr_assert(is_entry(&s->entries[2], "b.py", 0, 0, -66, 0, -1));
  cr_assert(is_entry(&s->entries[3], "<unknown>", 0, 0, -7, 0, -1));
  weft_statistics_free(s);
  weft_snapshot_free(a);
  weft_snapshot_free(b);
}

/* --- Filters --- */

enum { ANY_LINE = WEFT_ANY_LINE, ANY_DOMAIN = WEFT_ANY_DOMAIN };
#define FILTER(inclusive, pattern, line, all_frames, domain) \
  (&(weft_snapshot_filter){inclusive, pattern, line, all_frames, domain})

/* How many traces are left, and, with a domain's bit in `domains`, in which domains. */
static size_t left_by(weft_snapshot *s, size_t n, const weft_snapshot_filter *filters, unsigned *domains) {
  weft_snapshot *left = weft_snapshot_filter_traces(s, n, filters);
  cr_assert_not_null(left);
  size_t count = weft_snapshot_count(left);
  if (domains) *domains = 0;
  for (size_t i = 0; domains && i < count; i++) *domains |= 1u << weft_snapshot_trace(left, i).domain;
  weft_snapshot_free(left);
  return count;
}

RuntimeTest(snapshot_files, TM_018_a_filter_may_be_for_one_domain) {
  weft_snapshot *a = loaded(data_a);
  unsigned domains;
  cr_assert_eq(left_by(a, 1, FILTER(false, "a.py", ANY_LINE, false, 1), &domains), 5);
  cr_assert_eq(domains, 1u << 0 | 1u << 2 | 1u << 3);
  weft_snapshot_free(a);
}

RuntimeTest(snapshot_files, TM_019_a_filter_may_only_ask_for_the_domain) {
  weft_snapshot *a = loaded(data_a);
  unsigned domains;
  cr_assert_eq(left_by(a, 1, FILTER(false, NULL, ANY_LINE, false, 3), &domains), 5);
  cr_assert_eq(domains, 1u << 0 | 1u << 1 | 1u << 2);
  cr_assert_eq(left_by(a, 1, FILTER(true, NULL, ANY_LINE, false, 3), &domains), 1);
  cr_assert_eq(domains, 1u << 3);
  weft_snapshot_free(a);
}

RuntimeTest(snapshot_files, filters_are_combined) {
  weft_snapshot *a = loaded(data_a);
  weft_snapshot_filter in_a = weft_snapshot_keep("a.py"), not_a = weft_snapshot_drop("a.py");
  weft_snapshot_filter in_b = weft_snapshot_keep("b.py");
  weft_snapshot_filter line_2 = *FILTER(false, "a.py", 2, false, ANY_DOMAIN);
  cr_assert_eq(left_by(a, 0, NULL, NULL), 6, "no filter: all");
  cr_assert_eq(left_by(a, 1, &in_a, NULL), 4);
  cr_assert_eq(left_by(a, 1, &not_a, NULL), 2);
  cr_assert_eq(left_by(a, 2, (weft_snapshot_filter[]){in_a, in_b}, NULL), 5, "any of those that keep");
  cr_assert_eq(left_by(a, 2, (weft_snapshot_filter[]){in_a, not_a}, NULL), 0, "and none of those that drop");
  cr_assert_eq(left_by(a, 2, (weft_snapshot_filter[]){in_a, line_2}, NULL), 1);
  weft_snapshot *left = weft_snapshot_filter_traces(a, 1, &in_b);
  weft_statistics *s = weft_snapshot_statistics(left, WEFT_SNAPSHOT_BY_LINE, false);
  cr_assert_eq(s->count, 1, "no line without traces");
  weft_statistics_free(s);
  weft_snapshot_free(left);
  weft_snapshot_free(a);
}

/* Does a trace whose most recent frame is that pass? */
static bool passes(const char *file, int line, const weft_snapshot_filter *filter) {
  char text[200];
  snprintf(text, sizeof text, HEAD "tracebacks 1\n1\n%d\t\t%s\ntraces 1\n0 0 1\n", line, file);
  weft_snapshot *s = loaded(text);
  size_t left = left_by(s, 1, filter, NULL);
  weft_snapshot_free(s);
  return left == 1;
}

/* The catalogue's TM_029 and TM_030. */
RuntimeTest(snapshot_files, TM_029_TM_030_a_filter_matches_a_file_and_perhaps_a_line) {
  const weft_snapshot_filter *keep = FILTER(true, "abc", ANY_LINE, false, ANY_DOMAIN);
  cr_assert(passes("abc", 0, keep) && passes("abc", 5, keep) && passes("abc", 10, keep));
  cr_assert_not(passes("12356", 5, keep));
  const weft_snapshot_filter *drop = FILTER(false, "abc", ANY_LINE, false, ANY_DOMAIN);
  cr_assert_not(passes("abc", 0, drop) || passes("abc", 5, drop));
  cr_assert(passes("12356", 5, drop));
  keep = FILTER(true, "abc", 5, false, ANY_DOMAIN);
  cr_assert(passes("abc", 5, keep));
  cr_assert_not(passes("abc", 0, keep) || passes("abc", 10, keep) || passes("12356", 5, keep));
  drop = FILTER(false, "abc", 5, false, ANY_DOMAIN);
  cr_assert_not(passes("abc", 5, drop));
  cr_assert(passes("abc", 0, drop) && passes("abc", 10, drop) && passes("12356", 5, drop));
  keep = FILTER(true, "abc", 0, false, ANY_DOMAIN);
  cr_assert(passes("abc", 0, keep));
  cr_assert_not(passes("abc", 5, keep), "0 is a line like any other");
}

RuntimeTest(snapshot_files, TM_031_an_unknown_file_has_a_name_like_any_other) {
  cr_assert(passes("<unknown>", 0, FILTER(true, "<unknown>", ANY_LINE, false, ANY_DOMAIN)));
  cr_assert_not(passes("<unknown>", 0, FILTER(false, "<unknown>", ANY_LINE, false, ANY_DOMAIN)));
  cr_assert_not(passes("abc", 0, FILTER(true, "<unknown>", ANY_LINE, false, ANY_DOMAIN)));
}

static bool matches(const char *pattern, const char *file) {
  return passes(file, 0, FILTER(true, pattern, ANY_LINE, false, ANY_DOMAIN));
}
RuntimeTest(snapshot_files, TM_032_patterns_have_jokers) {
  cr_assert(matches("*", "") && matches("", "") && !matches("", "abc") && matches("abc", "abc"));
  cr_assert(matches("a*", "abc") && matches("abc*", "abc") && matches("a*c", "abc") && !matches("a*cx", "abc"));
  cr_assert(matches("a*c*e", "abcde") && matches("a*bd*eg", "abcbdefeg") && !matches("a*bd*eg", "abcbdefegh"));
  cr_assert(matches("a*/c", "a/b/c"), "* matches / as well");
  cr_assert(!matches("aBC", "ABc") && !matches("a/b", "a\\b"));
}

static bool passes_all_frames(const char *pattern, bool inclusive, bool all_frames) {
  weft_snapshot *s = loaded(HEAD "tracebacks 1\n2\n4\t\tb.py\n2\t\ta.py\ntraces 1\n0 0 1\n");
  size_t left = left_by(s, 1, FILTER(inclusive, pattern, ANY_LINE, all_frames, ANY_DOMAIN), NULL);
  weft_snapshot_free(s);
  return left == 1;
}
RuntimeTest(snapshot_files, TM_033_all_frames_or_the_most_recent_one) {
  cr_assert(passes_all_frames("b.py", true, true) && passes_all_frames("a.py", true, true));
  cr_assert_not(passes_all_frames("b.py", false, true) || passes_all_frames("a.py", false, true));
  cr_assert(passes_all_frames("a.py", true, false) && !passes_all_frames("b.py", true, false));
  cr_assert(passes_all_frames("b.py", false, false) && !passes_all_frames("a.py", false, false));
  cr_assert(!passes_all_frames("<unknown>", true, true) && passes_all_frames("<unknown>", false, true));
}

RuntimeTest(snapshot_files, nothing_can_be_filtered_from_nothing) {
  cr_assert_null(weft_snapshot_filter_traces(NULL, 0, NULL));
  cr_assert(raised(&weft_ValueError));
  weft_snapshot *a = loaded(data_a);
  cr_assert_null(weft_snapshot_filter_traces(a, 1, NULL));
  cr_assert(raised(&weft_ValueError));
  weft_snapshot_free(a);
}

/* --- Files --- */

static char *dumped(const weft_snapshot *s, int (*write)(const weft_snapshot *, FILE *)) {
  char *text = NULL;
  size_t length;
  FILE *to = open_memstream(&text, &length);
  cr_assert_eq(write(s, to), 0);
  fclose(to);
  return text;
}

RuntimeTest(snapshot_files, what_is_written_is_read_again) {
  weft_snapshot *a = loaded(data_a);
  char *text = dumped(a, weft_snapshot_dump);
  cr_assert_str_eq(text, data_a);
  free(text);
  weft_snapshot_free(a);

  weft_tracemalloc_stop(); /* the environment may have started it */
  cr_assert_eq(weft_tracemalloc_start(5), 0);
  weft_object *o = LIST(FLOAT(1), INT(1 << 20));
  weft_snapshot *taken = weft_snapshot_take();
  weft_tracemalloc_stop();
  weft_decref(o);
  text = dumped(taken, weft_snapshot_dump);
  weft_snapshot *again = loaded(text);
  cr_assert_eq(weft_snapshot_frame_limit(again), 5);
  weft_statistics *d = weft_snapshot_compare(taken, again, WEFT_SNAPSHOT_BY_TRACEBACK, false);
  cr_assert_geq(d->count, 1);
  for (size_t i = 0; i < d->count; i++) cr_assert(d->entries[i].size_diff == 0 && d->entries[i].count_diff == 0);
  weft_statistics_free(d);
  free(text);
  weft_snapshot_free(again);
  weft_snapshot_free(taken);
}

RuntimeTest(snapshot_files, what_is_no_snapshot_is_refused) {
  static const char *const texts[][2] = {
      {"", "too soon"},
      {"weft-snapshot 2\n", "no snapshot"},
      {HEAD, "too soon"},
      {HEAD "tracebacks x\n", "number"},
      {HEAD "tracebacks -1\n", "number"},
      {HEAD "tracebacks 99999999999999999999999\n", "number"},
      {HEAD "traces 0\n", "word"},
      {HEAD "tracebacks 1\n0\ntraces 0\n", "empty"},
      {HEAD "tracebacks 1\n257\n", "number"},
      {HEAD "tracebacks 1\n2\n1\tf\ta.c\n", "too soon"},
      {HEAD "tracebacks 1\n1\nnonsense\n", "number"},
      {HEAD "tracebacks 1\n1\n1\tno file\n", "frame"},
      {HEAD "tracebacks 4000000000\n1\n1\tf\ta.c\n", "too soon"},
      {HEAD "tracebacks 0\ntraces 1\n0 0 1\n", "no such traceback"},
      {HEAD "tracebacks 1\n" B_1 "traces 1\n0 0\n", "number"},
      {HEAD "tracebacks 1\n" B_1 "traces 2\n0 0 1\n", "too soon"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    FILE *from =
        *texts[i][0] ? fmemopen((void *)(uintptr_t)texts[i][0], strlen(texts[i][0]), "r") : fopen("/dev/null", "r");
    cr_assert_null(weft_snapshot_load(from), "%zu", i);
    cr_assert(raised_with(&weft_ValueError, texts[i][1]), "%zu", i);
    fclose(from);
  }
  cr_assert_null(weft_snapshot_load(NULL));
  cr_assert(raised(&weft_ValueError));
}

RuntimeTest(snapshot_files, streams_that_fail_are_errors) {
  weft_snapshot *a = loaded(data_a);
  FILE *full = fopen("/dev/full", "w");
  cr_assert_eq(weft_snapshot_dump(a, full), -1);
  cr_assert(raised_with(&weft_OSError, "weft_snapshot_dump: No space left"));
  fclose(full);
  full = fopen("/dev/full", "w");
  cr_assert_eq(weft_snapshot_print_collapsed(a, full), -1);
  cr_assert(raised(&weft_OSError));
  fclose(full);
  cr_assert_eq(weft_snapshot_dump(NULL, stderr), -1);
  cr_assert(raised(&weft_ValueError));
  cr_assert_eq(weft_snapshot_dump(a, NULL), -1);
  cr_assert(raised(&weft_ValueError));
  FILE *directory = fopen("/", "r");
  cr_assert_null(weft_snapshot_load(directory));
  cr_assert(raised_with(&weft_OSError, "directory"));
  fclose(directory);
  weft_snapshot_free(a);
}

RuntimeTest(snapshot_files, stacks_are_collapsed_for_flame_graphs) {
  weft_snapshot *s = loaded(HEAD
                            "tracebacks 3\n2\n1\tmain\tp.c\n7\tread;it\tp.c\n1\n9\t\tlib.so\n1\n1\tunused\tp.c\n"
                            "traces 3\n0 0 10\n0 0 20\n0 1 5\n");
  char *text = dumped(s, weft_snapshot_print_collapsed);
  cr_assert_str_eq(text, "main;read it 30\nlib.so 5\n");
  free(text);
  weft_snapshot_free(s);
}

RuntimeTest(snapshot_files, a_detached_thread_reads_and_asks) {
  weft_detach();
  weft_snapshot *a = load(data_a), *none = load("nonsense");
  weft_statistics *s = a ? weft_snapshot_statistics(a, WEFT_SNAPSHOT_BY_LINE, false) : NULL;
  weft_statistics *refused = weft_snapshot_statistics(a, WEFT_SNAPSHOT_BY_TRACEBACK, true);
  size_t count = s ? s->count : 0;
  weft_statistics_free(s);
  weft_snapshot_free(a);
  weft_reattach();
  cr_assert_eq(count, 4);
  cr_assert(!none && !refused);
}

/* --- Tracebacks as text --- */

static weft_traceback *three_frames(const char *file) {
  weft_traceback *t = malloc(sizeof *t + 3 * sizeof *t->frames);
  t->count = 3;
  t->frames[0] = (weft_frame){file, "main", 1};
  t->frames[1] = (weft_frame){"/nowhere/b.c", "middle", 4};
  t->frames[2] = (weft_frame){file, "", 3};
  return t;
}
static char *printed(const weft_traceback *t, int limit, bool most_recent_first) {
  char *text = NULL;
  size_t length;
  FILE *to = open_memstream(&text, &length);
  cr_assert_eq(weft_traceback_print(to, t, limit, most_recent_first), 0);
  fclose(to);
  return text;
}
#define assert_printed(t, limit, most_recent_first, expected) \
  do {                                                        \
    char *text_ = printed(t, limit, most_recent_first);       \
    cr_assert_str_eq(text_, expected);                        \
    free(text_);                                              \
  } while (0)

RuntimeTest(snapshot_files, TM_028_tracebacks_as_text) {
  char file[] = "/tmp/weft_traceback_XXXXXX", oldest[200], middle[200], recent[200], all[700];
  int fd = mkstemp(file);
  cr_assert(fd >= 0 && write(fd, "first\n\n   third();  \n", 21) == 21);
  close(fd);
  weft_traceback *t = three_frames(file);
  snprintf(oldest, sizeof oldest, "  File \"%s\", line 1, in main\n    first\n", file);
  snprintf(middle, sizeof middle, "  File \"/nowhere/b.c\", line 4, in middle\n");
  snprintf(recent, sizeof recent, "  File \"%s\", line 3\n    third();  \n", file);
  snprintf(all, sizeof all, "%s%s%s", oldest, middle, recent);
  assert_printed(t, 0, false, all);
  assert_printed(t, 7, false, all);
  assert_printed(t, 1, false, recent);
  assert_printed(t, -1, false, oldest);
  snprintf(all, sizeof all, "%s%s%s", recent, middle, oldest);
  assert_printed(t, 0, true, all);
  snprintf(all, sizeof all, "%s%s", recent, middle);
  assert_printed(t, 2, true, all);
  snprintf(all, sizeof all, "%s%s", middle, oldest);
  assert_printed(t, -2, true, all);
  unlink(file);
  weft_traceback_free(t);
}
