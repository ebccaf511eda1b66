/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: traces as they were, with names, and sums over them.
 *
 *   Taking one copies numbers while the world is stopped: of each trace, and of all tracebacks at once. What they are
 * called in the source is looked up when the world goes on.
 *
 *   Statistics are made in four steps: sums for each traceback; an *item* for each group that a traceback counts for;
 * the items sorted, so that those of one group stand together; one entry for each such run.
 */
#include "runtime/snapshot_internal.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime_internal.h"
#include "runtime/trace_internal.h"
#include "sync/attach.h"

void *weft__snapshot_no_memory(void) { return weft_is_attached() ? weft_raise_memory() : NULL; }

void *weft__snapshot_refuse(const char *call, const char *why) {
  return weft_is_attached() ? weft_raise(&weft_ValueError, "%s: %s", call, why) : NULL;
}

/* --- Taking one --- */

bool weft__snapshot_add(weft_snapshot *s, const struct weft__trace *trace) {
  if (s->count == s->room) {
    size_t room = s->room ? 2 * s->room : 1024;
    struct weft__trace *traces = realloc(s->traces, room * sizeof *traces);
    if (!traces) return false;
    s->traces = traces;
    s->room = room;
  }
  s->traces[s->count++] = *trace;
  return true;
}

struct taking {
  weft_snapshot *snapshot;
  bool failed;
};

static void copy_trace(const struct weft__trace *trace, void *taking) {
  struct taking *t = taking;
  t->failed = t->failed || !weft__snapshot_add(t->snapshot, trace);
}

/* The place of a traceback among the snapshot's, where it is put if it is new. False: out of memory. */
static bool place_traceback(weft_snapshot *s, const char *recorded, uint32_t *places, uint32_t *traceback) {
  uint32_t *place = &places[*traceback];
  if (!*place) {
    const void *addresses = recorded + (size_t)*traceback * WEFT__TRACEBACK_UNIT;
    weft_traceback *named = weft__traceback_name(addresses);
    if (!named) return false;
    s->tracebacks[s->tracebacks_count] = named;
    *place = (uint32_t)++s->tracebacks_count;
  }
  *traceback = *place - 1;
  return true;
}

/* Gives the traces tracebacks with names. False: out of memory. */
static bool name_all(weft_snapshot *s, const char *recorded, size_t size) {
  size_t numbers = size / WEFT__TRACEBACK_UNIT, most = s->count < numbers ? s->count : numbers;
  uint32_t *places = calloc(numbers, sizeof *places);
  s->tracebacks = malloc((most ? most : 1) * sizeof *s->tracebacks);
  bool done = places && s->tracebacks;
  for (size_t i = 0; done && i < s->count; i++) done = place_traceback(s, recorded, places, &s->traces[i].traceback);
  free(places);
  return done;
}

weft_snapshot *weft_snapshot_take(void) {
  weft__check_attached("weft_snapshot_take");
  weft_snapshot *s = calloc(1, sizeof *s);
  if (!s) return weft_raise_memory();
  struct taking taking = {.snapshot = s};
  void *recorded = NULL;
  size_t size = 0;
  bool paused = weft__heap_pause(), tracing = weft__is_tracing();
  if (tracing) {
    s->frame_limit = weft_tracemalloc_frame_limit();
    weft__traces_walk(copy_trace, &taking);
    recorded = weft__tracebacks_copy(&size);
  }
  weft__heap_resume(paused);
  bool done = recorded && !taking.failed;
  if (done) {
    WEFT_BEGIN_ALLOW_THREADS
    done = name_all(s, recorded, size);
    WEFT_END_ALLOW_THREADS
  }
  free(recorded);
  if (done) return s;
  weft_snapshot_free(s);
  return tracing ? weft_raise_memory() : weft_raise(&weft_RuntimeError, "weft_snapshot_take: tracing is off");
}

void weft_snapshot_free(weft_snapshot *s) {
  if (!s) return;
  for (size_t i = 0; i < s->tracebacks_count; i++) weft_traceback_free(s->tracebacks[i]);
  free(s->tracebacks);
  free(s->traces);
  free(s);
}

/* --- Reading one --- */

int weft_snapshot_frame_limit(const weft_snapshot *s) { return s ? s->frame_limit : 0; }
size_t weft_snapshot_count(const weft_snapshot *s) { return s ? s->count : 0; }

weft_trace weft_snapshot_trace(const weft_snapshot *s, size_t i) {
  if (!s || i >= s->count) return (weft_trace){0, 0, NULL};
  const struct weft__trace *trace = &s->traces[i];
  return (weft_trace){trace->domain, trace->size, s->tracebacks[trace->traceback]};
}

/* --- Filters --- */

static bool matches_frame(const weft_snapshot_filter *f, const weft_frame *frame) {
  if (f->pattern && fnmatch(f->pattern, frame->file, FNM_NOESCAPE) != 0) return false;
  return f->line == WEFT_ANY_LINE || f->line == frame->line;
}

static bool matches(const weft_snapshot_filter *f, const weft_trace *trace) {
  if (f->domain != WEFT_ANY_DOMAIN && (unsigned)f->domain != trace->domain) return false;
  const weft_traceback *t = trace->traceback;
  for (size_t i = f->all_frames ? 0 : t->count - 1; i < t->count; i++)
    if (matches_frame(f, &t->frames[i])) return true;
  return false;
}

static bool passes(const weft_trace *trace, size_t n, const weft_snapshot_filter *filters) {
  bool wanted = false, some = false;
  for (size_t i = 0; i < n; i++) {
    bool is = matches(&filters[i], trace);
    if (!filters[i].inclusive && is) return false;
    some = some || filters[i].inclusive;
    wanted = wanted || (filters[i].inclusive && is);
  }
  return wanted || !some;
}

weft_snapshot *weft_snapshot_filter_traces(const weft_snapshot *s, size_t n, const weft_snapshot_filter *filters) {
  if (!s || (n && !filters)) return weft__snapshot_refuse("weft_snapshot_filter_traces", "no snapshot, or no filters");
  weft_snapshot *passed = calloc(1, sizeof *passed);
  bool done = passed && (passed->tracebacks = calloc(s->tracebacks_count + 1, sizeof *passed->tracebacks));
  if (done) passed->frame_limit = s->frame_limit;
  for (size_t i = 0; done && i < s->tracebacks_count; i++) {
    done = (passed->tracebacks[i] = weft__traceback_copy(s->tracebacks[i]));
    passed->tracebacks_count += done;
  }
  for (size_t i = 0; done && i < s->count; i++) {
    weft_trace trace = weft_snapshot_trace(s, i);
    if (passes(&trace, n, filters)) done = weft__snapshot_add(passed, &s->traces[i]);
  }
  if (done) return passed;
  weft_snapshot_free(passed);
  return weft__snapshot_no_memory();
}

/* --- Order --- */

static int compare_sizes(size_t a, size_t b) { return (a > b) - (a < b); }

static int compare_frames(const weft_frame *a, const weft_frame *b) {
  int files = a->file == b->file ? 0 : strcmp(a->file, b->file);
  return files ? files : (a->line > b->line) - (a->line < b->line);
}

static int compare_tracebacks(const weft_traceback *a, const weft_traceback *b) {
  for (size_t i = 0; i < a->count && i < b->count; i++) {
    int frames = compare_frames(&a->frames[i], &b->frames[i]);
    if (frames) return frames;
  }
  return compare_sizes(a->count, b->count);
}

static size_t magnitude(ptrdiff_t n) { return n < 0 ? (size_t)-n : (size_t)n; }

/* Largest first. */
static int compare_statistics(const void *a_, const void *b_) {
  const weft_statistic *a = a_, *b = b_;
  const size_t order[][2] = {
      {magnitude(a->size_diff), magnitude(b->size_diff)},
      {a->size, b->size},
      {magnitude(a->count_diff), magnitude(b->count_diff)},
      {a->count, b->count},
  };
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    if (order[i][0] != order[i][1]) return compare_sizes(order[i][1], order[i][0]);
  return compare_tracebacks(a->traceback, b->traceback);
}

/* --- Sums --- */

struct item {
  const weft_traceback *traceback; /* by traceback: the group; else one that has the frame */
  weft_frame frame;
  size_t size, count;
  bool is_older;
};
struct items {
  struct item *all;
  size_t count;
  enum weft_snapshot_grouping grouping;
  bool cumulative;
};

static weft_frame group_of(const weft_frame *frame, enum weft_snapshot_grouping grouping) {
  return (weft_frame){frame->file, "", grouping == WEFT_SNAPSHOT_BY_FILE ? 0 : frame->line};
}

/* Does an older frame of the same traceback count for the same group? */
static bool is_repeated(const struct items *items, const weft_traceback *t, size_t i, const weft_frame *group) {
  for (size_t j = 0; j < i; j++) {
    weft_frame other = group_of(&t->frames[j], items->grouping);
    if (!compare_frames(&other, group)) return true;
  }
  return false;
}

static void add_items(struct items *items, const struct item *sum) {
  const weft_traceback *t = sum->traceback;
  for (size_t i = items->cumulative ? 0 : t->count - 1; i < t->count; i++) {
    weft_frame group = group_of(&t->frames[i], items->grouping);
    if (items->cumulative && is_repeated(items, t, i, &group)) continue;
    items->all[items->count] = *sum;
    items->all[items->count++].frame = group;
  }
}

static size_t items_at_most(const weft_snapshot *s, bool cumulative) {
  size_t n = 0;
  for (size_t i = 0; s && i < s->tracebacks_count; i++) n += cumulative ? s->tracebacks[i]->count : 1;
  return n;
}

/* False: out of memory. */
static bool add_snapshot(struct items *items, const weft_snapshot *s, bool is_older) {
  struct item *sums = calloc(s->tracebacks_count + 1, sizeof *sums);
  if (!sums) return false;
  for (size_t i = 0; i < s->count; i++) {
    sums[s->traces[i].traceback].size += s->traces[i].size;
    sums[s->traces[i].traceback].count++;
  }
  for (size_t i = 0; i < s->tracebacks_count; i++) {
    sums[i].traceback = s->tracebacks[i];
    sums[i].is_older = is_older;
    if (sums[i].count) add_items(items, &sums[i]); /* a filter may have left none */
  }
  free(sums);
  return true;
}

static int compare_by_frame(const void *a, const void *b) {
  return compare_frames(&((const struct item *)a)->frame, &((const struct item *)b)->frame);
}
static int compare_by_traceback(const void *a, const void *b) {
  return compare_tracebacks(((const struct item *)a)->traceback, ((const struct item *)b)->traceback);
}

/* What the entry of a group is called. NULL: out of memory. */
static weft_traceback *name_of_group(const struct item *item, enum weft_snapshot_grouping grouping) {
  if (grouping == WEFT_SNAPSHOT_BY_TRACEBACK) return weft__traceback_copy(item->traceback);
  weft_traceback *t = weft__traceback_alloc(1);
  if (t) t->frames[0] = item->frame;
  return t;
}

static void add_to(weft_statistic *entry, const struct item *item, bool is_difference) {
  if (!item->is_older) {
    entry->size += item->size;
    entry->count += item->count;
  }
  if (is_difference) {
    entry->size_diff += item->is_older ? -(ptrdiff_t)item->size : (ptrdiff_t)item->size;
    entry->count_diff += item->is_older ? -(ptrdiff_t)item->count : (ptrdiff_t)item->count;
  }
}

/* NULL: out of memory. */
static weft_statistics *sum_up(struct items *items, bool is_difference) {
  int (*compare)(const void *, const void *) =
      items->grouping == WEFT_SNAPSHOT_BY_TRACEBACK ? compare_by_traceback : compare_by_frame;
  qsort(items->all, items->count, sizeof *items->all, compare);
  weft_statistics *sums = calloc(1, sizeof *sums + items->count * sizeof *sums->entries);
  if (!sums) return NULL;
  sums->is_difference = is_difference;
  for (size_t i = 0; i < items->count; i++) {
    if (!i || compare(&items->all[i - 1], &items->all[i]) != 0) {
      weft_traceback *name = name_of_group(&items->all[i], items->grouping);
      if (!name) {
        weft_statistics_free(sums);
        return NULL;
      }
      sums->entries[sums->count++].traceback = name;
    }
    add_to(&sums->entries[sums->count - 1], &items->all[i], is_difference);
  }
  qsort(sums->entries, sums->count, sizeof *sums->entries, compare_statistics);
  return sums;
}

static weft_statistics *statistics(const char *call, const weft_snapshot *s, const weft_snapshot *older,
                                   bool is_difference, enum weft_snapshot_grouping grouping, bool cumulative) {
  const char *wrong = !s || (is_difference && !older)                        ? "no snapshot"
                      : (unsigned)grouping > WEFT_SNAPSHOT_BY_FILE           ? "no such grouping"
                      : cumulative && grouping == WEFT_SNAPSHOT_BY_TRACEBACK ? "cumulative by traceback"
                                                                             : NULL;
  if (wrong) return weft__snapshot_refuse(call, wrong);
  size_t most = items_at_most(s, cumulative) + items_at_most(older, cumulative);
  struct items items = {malloc((most + 1) * sizeof *items.all), 0, grouping, cumulative};
  bool done = items.all && add_snapshot(&items, s, false) && (!older || add_snapshot(&items, older, true));
  weft_statistics *sums = done ? sum_up(&items, is_difference) : NULL;
  free(items.all);
  return sums ? sums : weft__snapshot_no_memory();
}

weft_statistics *weft_snapshot_statistics(const weft_snapshot *snapshot, enum weft_snapshot_grouping grouping,
                                          bool cumulative) {
  return statistics("weft_snapshot_statistics", snapshot, NULL, false, grouping, cumulative);
}

weft_statistics *weft_snapshot_compare(const weft_snapshot *snapshot, const weft_snapshot *older,
                                       enum weft_snapshot_grouping grouping, bool cumulative) {
  return statistics("weft_snapshot_compare", snapshot, older, true, grouping, cumulative);
}

void weft_statistics_free(weft_statistics *statistics) {
  for (size_t i = 0; statistics && i < statistics->count; i++) free((void *)statistics->entries[i].traceback);
  free(statistics);
}

/* --- As text --- */

struct size_text {
  char text[40];
};

/* In the smallest unit that makes it less than 10 * 1024. */
static struct size_text size_text(double size, bool with_sign) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double rest = size < 0 ? -size : size;
  size_t unit = 0;
  for (; rest >= 10 * 1024 && unit < sizeof units / sizeof *units - 1; rest /= 1024) unit++;
  struct size_text t;
  snprintf(t.text, sizeof t.text, "%s%.*f %s",
           size < 0    ? "-"
           : with_sign ? "+"
                       : "",
           unit && rest < 100 ? 1 : 0, rest, units[unit]);
  return t;
}

static int invalid(void) {
  errno = EINVAL;
  return -1;
}

int weft_statistic_format(char *to, size_t room, const weft_statistic *s, bool is_difference) {
  if (!s || !s->traceback || !s->traceback->count) return invalid();
  const weft_frame *frame = &s->traceback->frames[s->traceback->count - 1];
  char size_diff[64] = "", count_diff[32] = "", average[64] = "";
  if (is_difference) {
    snprintf(size_diff, sizeof size_diff, " (%s)", size_text((double)s->size_diff, true).text);
    snprintf(count_diff, sizeof count_diff, " (%+td)", s->count_diff);
  }
  if (s->count)
    snprintf(average, sizeof average, ", average=%s", size_text((double)s->size / (double)s->count, false).text);
  return snprintf(to, room, "%s:%d: size=%s%s, count=%zu%s%s", frame->file, frame->line,
                  size_text((double)s->size, false).text, size_diff, s->count, count_diff, average);
}

int weft_statistics_print(FILE *to, const weft_statistics *statistics, size_t limit) {
  if (!to || !statistics) return invalid();
  for (size_t i = 0; i < statistics->count && i < limit; i++) {
    char line[4096];
    weft_statistic_format(line, sizeof line, &statistics->entries[i], statistics->is_difference);
    if (fprintf(to, "#%zu: %s\n", i + 1, line) < 0) return -1;
  }
  return 0;
}
