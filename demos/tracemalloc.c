/* SPDX-License-Identifier: MIT */
/*
 * tracemalloc: how much memory the program's lines have allocated, and which ones.
 *
 * The documents (000 §5, 001, 002, 004) do this in Python. Here the lines are those of this C program: they come from
 * the native stack and the debug information.
 */
#include "demos/tracemalloc.h"

#include <string.h>

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 240 };

size_t traced(void) {
  size_t bytes;
  weft_tracemalloc_get_traced_memory(&bytes, NULL);
  return bytes;
}
size_t traced_peak(void) {
  size_t bytes;
  weft_tracemalloc_get_traced_memory(NULL, &bytes);
  return bytes;
}
void trace(int frames) {
  if (weft_tracemalloc_start(frames) < 0) weft_error_clear();
}

weft_object *multiples(int64_t n, int64_t factor) {
  weft_auto weft_object *range = weft_range_new(0, n * factor, factor);
  return weft_list_from(range);
}

size_t bytes_of_int(void) {
  weft_auto weft_object *number = weft_int_new(1000);
  return (size_t)weft_sizeof(number);
}

bool about(double value, double expected) { return value >= 0.99 * expected && value <= 1.01 * expected; }

bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && !strcmp(text + length - tail, end);
}

static bool is_line(const weft_statistic *entry, const char *file, int line) {
  const weft_frame *frame = &entry->traceback->frames[entry->traceback->count - 1];
  return frame->line == line && ends_with(frame->file, file);
}

const weft_statistic *entry_at(const weft_statistics *s, const char *file, int line) {
  for (size_t i = 0; s && i < s->count; i++)
    if (is_line(&s->entries[i], file, line)) return &s->entries[i];
  return NULL;
}

bool is_first(const weft_statistics *s, const char *file, int line) {
  return s && s->count && is_line(&s->entries[0], file, line);
}

weft_statistics *grown_since(weft_snapshot *before_steal) {
  weft_snapshot *after = weft_snapshot_take();
  weft_statistics *grown = weft_snapshot_compare(after, before_steal, WEFT_SNAPSHOT_BY_LINE, false);
  weft_snapshot_free(before_steal);
  weft_snapshot_free(after);
  return grown;
}

weft_statistics *top_lines(void) {
  weft_snapshot *now = weft_snapshot_take();
  weft_statistics *top = weft_snapshot_statistics(now, WEFT_SNAPSHOT_BY_LINE, false);
  weft_snapshot_free(now);
  return top;
}

void say_top(const weft_statistics *s, size_t limit) {
  for (size_t i = 0; s && i < s->count && i < limit; i++) {
    char text[300];
    weft_statistic_format(text, sizeof text, &s->entries[i], s->is_difference);
    tap_say("%zu. %s", i + 1, text);
  }
}

int main(void) {
  if (!demo_begin("tracemalloc", TIME_LIMIT_S)) return 1;
  show_memory();
  show_snapshots();
  show_origins();
  show_profiles();
  show_leak_hunt();
  return demo_end();
}
