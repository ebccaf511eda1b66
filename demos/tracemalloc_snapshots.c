/* SPDX-License-Identifier: MIT */
/* Which lines: snapshots, what they add up to, and what has grown between two of them. */
#include <stdio.h>
#include <string.h>

#include "demos/tracemalloc.h"

static const char *const here = "tracemalloc_snapshots.c";

/* Does the text read "file:line: size=… (+…), count=… (+…), average=…", or the same without what is in parentheses? */
static bool is_formatted(const weft_statistic *entry, bool is_difference) {
  char text[300], expected[300];
  weft_statistic_format(text, sizeof text, entry, is_difference);
  const weft_frame *frame = &entry->traceback->frames[0];
  snprintf(expected, sizeof expected, "%s:%d: size=", frame->file, frame->line);
  const char *rest = strstr(text, ", count="), *average = strstr(text, ", average=");
  bool differences = strstr(text, " (+") && rest && strstr(rest, " (+");
  return !strncmp(text, expected, strlen(expected)) && rest && average && rest < average &&
         differences == is_difference;
}

static bool is_sorted(const weft_statistics *s) {
  for (size_t i = 1; i < s->count; i++) {
    ptrdiff_t a = s->entries[i - 1].size_diff, b = s->entries[i].size_diff;
    if (s->is_difference ? (a < 0 ? -a : a) < (b < 0 ? -b : b) : s->entries[i - 1].size < s->entries[i].size)
      return false;
  }
  return true;
}

/* --- TM-08, 09, 42, 43: growth --- */

static void show_growth(void) {
  int line;
  trace(1);
  weft_snapshot *before = weft_snapshot_take();
  weft_object *data = AT_LINE(&line, weft_list_new());
  weft_decref(data);
  weft_auto weft_object *range = weft_range_new(0, 2 * MILLION, 2);
  data = AT_LINE(&line, weft_list_from(range));
  double expected = (double)((size_t)weft_sizeof(data) + (MILLION - SMALL_INTS / 2) * bytes_of_int());
  weft_statistics *grown = grown_since(before);
  say_top(grown, 3);
  bool first = is_first(grown, here, line) && about((double)grown->entries[0].size_diff, expected);
  tap_check(first, "TM-08", "000 §5.2: [i * 2 for i in range(1000000)] is on top (Python: +38.6 MiB)");
  tap_check(first && is_formatted(&grown->entries[0], true), "TM-09",
            "as text: file:line: size=… (+…), count=… (+…), average=…");
  bool sorted = is_sorted(grown);
  weft_statistics_free(grown);
  before = weft_snapshot_take();
  weft_statistics *top = weft_snapshot_statistics(before, WEFT_SNAPSHOT_BY_LINE, false);
  sorted = is_sorted(top) && sorted;
  weft_statistics_free(top);
  weft_decref(data);
  grown = grown_since(before);
  const weft_statistic *gone = entry_at(grown, here, line);
  tap_check(gone && gone->size == 0 && gone->size_diff < 0 && gone->count_diff < -MILLION / 2, "TM-42",
            "released: size 0 (%td B), count 0 (%td)", gone ? gone->size_diff : 0, gone ? gone->count_diff : 0);
  tap_check(sorted && is_sorted(grown), "TM-43", "statistics by size, differences by how much, largest first");
  weft_statistics_free(grown);
  weft_tracemalloc_stop();
}

/* --- TM-10 to 12, 15: the top lines --- */

static void show_top(void) {
  int of_list, of_texts;
  trace(1);
  weft_auto weft_object *range = weft_range_new(0, 5 * MILLION, 1);
  weft_object *list = AT_LINE(&of_list, weft_list_from(range)), *dict = weft_dict_new();
  for (int i = 0; i < 100000; i++) {
    weft_auto weft_object *key = weft_list_get(list, i), *text = AT_LINE(&of_texts, weft_str(key));
    weft_dict_set(dict, key, text);
  }
  weft_statistics *top = top_lines();
  weft_tracemalloc_stop();
  say_top(top, 3);
  const weft_statistic *texts = entry_at(top, here, of_texts);
  tap_check(is_first(top, here, of_list) && top->entries[0].count >= 5 * MILLION - SMALL_INTS &&
                top->entries[0].count <= 5 * MILLION && texts && texts->count >= 100000 - 10,
            "TM-10", "000 §5.3: 5,000,000 ints, then a dict; its sample counts one block, the ints are forgotten");
  tap_check(top && top->count && is_formatted(&top->entries[0], false), "TM-11",
            "000 §5.3: numbered, with size, count and average");
  weft_statistics_free(top);
  weft_decref(dict);
  weft_decref(list);
}

static size_t size_at(const weft_statistics *s, int line) {
  const weft_statistic *entry = entry_at(s, here, line);
  return entry ? entry->size : 0;
}

static void show_three(void) {
  int of_list, of_keys, of_values, of_dict, of_text;
  static char digits[MILLION];
  memset(digits, 'x', sizeof digits);
  trace(1);
  weft_auto weft_object *range = weft_range_new(0, 100000, 1);
  weft_auto weft_object *list = AT_LINE(&of_list, weft_list_from(range));
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < 50000; i++) {
    weft_auto weft_object *key = AT_LINE(&of_keys, weft_int_new(i));
    weft_auto weft_object *value = AT_LINE(&of_values, weft_int_new(i * i));
    AT_LINE(&of_dict, weft_dict_set(dict, key, value));
  }
  weft_auto weft_object *text = AT_LINE(&of_text, weft_str_new_size(digits, sizeof digits));
  weft_statistics *top = top_lines();
  weft_tracemalloc_stop();
  say_top(top, 5);
  size_t of_all = size_at(top, of_keys) + size_at(top, of_values) + size_at(top, of_dict);
  size_t b = size_at(top, of_list), c = size_at(top, of_text);
  tap_say("the dict, its keys and values, which are three lines in C: %zu KiB", of_all / 1024);
  tap_check(list && text && of_all > b && b > c && c >= MILLION && c <= MILLION + 64, "TM-12",
            "001: dict before list before string (Python: 5677, 3899, 977 KB)");
  weft_statistics_free(top);
}

static void show_nothing(void) {
  trace(1);
  weft_tracemalloc_clear_traces();
  weft_statistics *top = top_lines();
  say_top(top, 10);
  tap_check(top && top->count == 0, "TM-15", "004: the top ten of nothing");
  weft_statistics_free(top);
  weft_tracemalloc_stop();
}

/* --- TM-13, 14: many small ones --- */

static void show_many(void) {
  int line;
  trace(1);
  weft_auto weft_object *range = weft_range_new(0, 1000, 1);
  weft_object *lists = weft_list_new();
  for (int i = 0; i < 1000; i++) {
    weft_auto weft_object *list = AT_LINE(&line, weft_list_from(range));
    weft_list_append(lists, list);
  }
  weft_statistics *top = top_lines();
  say_top(top, 2);
  size_t ints = 1000 * (1000 - SMALL_INTS);
  tap_check(is_first(top, here, line) && top->entries[0].count >= ints && top->entries[0].count <= ints + 2100, "TM-13",
            "004, question 8: a thousand lists of a thousand numbers are one line (Python: 30.4 MiB)");
  weft_statistics_free(top);

  weft_snapshot *before = weft_snapshot_take();
  weft_object *texts = weft_list_new();
  int of_texts;
  for (int i = 0; i < 10000; i++) {
    weft_auto weft_object *text = AT_LINE(&of_texts, weft_str_format("%0100d", i));
    weft_list_append(texts, text);
  }
  weft_statistics *grown = grown_since(before);
  say_top(grown, 2);
  const weft_statistic *old = entry_at(grown, here, line);
  tap_check(is_first(grown, here, of_texts) && grown->entries[0].count_diff == 10000 && old && old->size_diff == 0,
            "TM-14", "004: 10,000 strings of 100 have come, what was there before shows +0");
  weft_statistics_free(grown);
  weft_decref(texts);
  weft_decref(lists);
  weft_tracemalloc_stop();
}

/* --- TM-16, 17: leaks --- */

static weft_object *leaked; /* leaked_data */
static int of_data, of_store;

static void leak_memory(void) {
  weft_auto weft_object *range = weft_range_new(0, 100000, 1);
  weft_auto weft_object *data = AT_LINE(&of_data, weft_list_from(range));
  AT_LINE(&of_store, weft_list_append(leaked, data));
}

static void show_leak(void) {
  leaked = weft_list_new();
  trace(1);
  weft_snapshot *before = weft_snapshot_take();
  for (int i = 0; i < 10; i++) leak_memory();
  weft_statistics *grown = grown_since(before);
  say_top(grown, 2);
  const weft_statistic *store = entry_at(grown, here, of_store);
  ptrdiff_t expected = 10 * (100000 - SMALL_INTS + 1), count = grown && grown->count ? grown->entries[0].count_diff : 0;
  tap_check(is_first(grown, here, of_data) && count >= expected - 100 && count <= expected + 100 && store &&
                store->size_diff < grown->entries[0].size_diff / 1000,
            "TM-16", "000 §5.4: the line that makes what is kept (Python: +38.1 MiB), not the one that stores it");
  weft_statistics_free(grown);
  weft_tracemalloc_stop();
  weft_list_clear(leaked);

  int of_lists, of_ints;
  trace(1);
  before = weft_snapshot_take();
  for (int i = 0; i < 10000; i++) {
    weft_auto weft_object *number = AT_LINE(&of_ints, weft_int_new(i));
    weft_auto weft_object *one = weft_list_of(1, &number), *list = AT_LINE(&of_lists, weft_list_repeat(one, 100));
    weft_list_append(leaked, list);
  }
  grown = grown_since(before);
  say_top(grown, 3);
  const weft_statistic *lists = entry_at(grown, here, of_lists), *ints = entry_at(grown, here, of_ints);
  tap_check(lists && ints && ints->size_diff > 0 && lists->size_diff > 20 * ints->size_diff, "TM-17",
            "001: 10,000 lists of 100 and their ints are two lines (Python: +8442 KB and +304 KB)");
  weft_statistics_free(grown);
  weft_tracemalloc_stop();
  weft_clear(&leaked);
}

/* --- TM-47: other threads --- */

enum { THREADS = 4, BLOCKS = 1000 };
static weft_object *made[THREADS][BLOCKS];
static int of_worker;

static weft_object *work(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  weft_object **mine = made[weft_int_value(args[0])];
  for (int i = 0; i < BLOCKS; i++) mine[i] = AT_LINE(&of_worker, weft_float_new(i));
  return WEFT_NONE;
}

static void show_threads(void) {
  trace(1);
  weft_auto weft_object *function = weft_function_new("work", work, 0, NULL);
  weft_object *threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    weft_auto weft_object *number = weft_int_new(i);
    threads[i] = weft_thread_spawn(function, 1, &number);
  }
  for (int i = 0; i < THREADS; i++) {
    weft_xdecref(weft_thread_join(threads[i]));
    weft_decref(threads[i]);
  }
  weft_statistics *top = top_lines();
  const weft_statistic *line = entry_at(top, here, of_worker);
  tap_say("4 threads, 1000 blocks each: %zu on the line", line ? line->count : 0);
  tap_check(line && line->count == THREADS * BLOCKS, "TM-47",
            "what other threads allocate is on its line, to the block");
  weft_statistics_free(top);
  weft_tracemalloc_stop();
  for (int i = 0; i < THREADS; i++)
    for (int j = 0; j < BLOCKS; j++) weft_clear(&made[i][j]);
}

void show_snapshots(void) {
  tap_title("Which lines");
  show_growth();
  show_top();
  show_three();
  show_many();
  show_leak();
  show_nothing();
  show_threads();
}
