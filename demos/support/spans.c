/* SPDX-License-Identifier: MIT */
#include "demos/support/spans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/support/tap.h"
#include "demos/support/timing.h"

enum { COLUMNS = 64, MAX_THREADS = 64 };

/* --- From events to spans --- */

/* The spans that threads are in while their events are read. */
struct reading {
  struct spans *to;
  struct span open[MAX_THREADS];
  size_t n;
};

static struct span *open_span(struct reading *r, uint32_t thread) {
  for (size_t i = 0; i < r->n; i++)
    if (r->open[i].thread == thread) return &r->open[i];
  if (r->n == MAX_THREADS) return NULL;
  r->open[r->n] = (struct span){.thread = thread, .kind = WEFT_TIMELINE_KINDS};
  return &r->open[r->n++];
}

static void close_span(struct reading *r, struct span *open, uint64_t end_ns) {
  open->end_ns = end_ns;
  if (open->kind != WEFT_TIMELINE_KINDS && open->end_ns > open->begin_ns) r->to->span[r->to->n++] = *open;
}

static void take_event(struct reading *r, const weft_timeline_event *e) {
  struct span *open = open_span(r, e->thread);
  if (!open || open->kind == (enum weft_timeline_kind)e->kind) return;
  close_span(r, open, e->time_ns);
  open->begin_ns = e->time_ns;
  open->kind = (enum weft_timeline_kind)e->kind;
}

static int by_begin(const void *a, const void *b) {
  const struct span *x = a, *y = b;
  return (x->begin_ns > y->begin_ns) - (x->begin_ns < y->begin_ns);
}

bool spans_read(struct spans *s) {
  weft_timeline_event none;
  size_t n = weft_timeline_read(&none, 0);
  weft_timeline_event *events = calloc(n + 1, sizeof *events);
  *s = (struct spans){.span = calloc(n + MAX_THREADS, sizeof *s->span)};
  struct reading r = {.to = s};
  if (events && s->span) {
    n = weft_timeline_read(events, n);
    for (size_t i = 0; i < n; i++) take_event(&r, &events[i]);
    for (size_t i = 0; i < r.n; i++)
      if (r.open[i].kind == WEFT_TIMELINE_ATTACHED) close_span(&r, &r.open[i], now_ns());
    qsort(s->span, s->n, sizeof *s->span, by_begin);
  }
  free(events);
  return events && s->span;
}

void spans_free(struct spans *s) { free(s->span); }

uint64_t span_overlap(const struct span *a, const struct span *b) {
  uint64_t begin = a->begin_ns > b->begin_ns ? a->begin_ns : b->begin_ns;
  uint64_t end = a->end_ns < b->end_ns ? a->end_ns : b->end_ns;
  return end > begin ? end - begin : 0;
}

/* --- Drawing --- */

static bool is_drawn(uint32_t thread, const uint32_t *threads, size_t rows) {
  for (size_t i = 0; i < rows; i++)
    if (threads[i] == thread) return true;
  return false;
}

/* The time from the first to the last span of the threads drawn. */
static struct span whole_time(const struct spans *s, const uint32_t *threads, size_t rows) {
  struct span whole = {.begin_ns = UINT64_MAX};
  for (size_t i = 0; i < s->n; i++) {
    if (!is_drawn(s->span[i].thread, threads, rows)) continue;
    if (s->span[i].begin_ns < whole.begin_ns) whole.begin_ns = s->span[i].begin_ns;
    if (s->span[i].end_ns > whole.end_ns) whole.end_ns = s->span[i].end_ns;
  }
  return whole;
}

/* What a thread did in a column: ▓, ░, or a blank when it did not exist. */
static const char *cell(const struct spans *s, uint32_t thread, const struct span *column, bool brief) {
  uint64_t attached = 0, present = 0;
  for (size_t i = 0; i < s->n; i++) {
    if (s->span[i].thread != thread) continue;
    uint64_t common = span_overlap(&s->span[i], column);
    present += common;
    if (s->span[i].kind == WEFT_TIMELINE_ATTACHED) attached += common;
  }
  if (brief ? attached > 0 : 2 * attached >= column->end_ns - column->begin_ns) return "▓";
  return present ? "░" : " ";
}

static void draw_row(const struct spans *s, size_t row, uint32_t thread, const struct span *whole, bool brief) {
  char line[COLUMNS * 4] = "";
  uint64_t width = whole->end_ns - whole->begin_ns;
  for (uint64_t i = 0; i < COLUMNS; i++) {
    struct span column = {whole->begin_ns + width * i / COLUMNS, whole->begin_ns + width * (i + 1) / COLUMNS, 0, 0};
    strcat(line, cell(s, thread, &column, brief));
  }
  tap_say("Thread %zu %s", row + 1, line);
}

void spans_draw(const struct spans *s, const uint32_t *threads, size_t rows, bool brief) {
  struct span whole = whole_time(s, threads, rows);
  char end[24];
  if (whole.begin_ns >= whole.end_ns) return;
  snprintf(end, sizeof end, "%.0f ms", (double)(whole.end_ns - whole.begin_ns) / 1e6);
  for (size_t i = 0; i < rows; i++) draw_row(s, i, threads[i], &whole, brief);
  tap_say("         └%-*s%s┘", COLUMNS - 2 - (int)strlen(end), "0", end);
}
