/* SPDX-License-Identifier: MIT */
/* Files, tracebacks and source lines; what snapshots cost. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "demos/tracemalloc.h"

enum { BLOCKS = 1001 };
static const char *const here = "*/tracemalloc_origins.c", *const there = "*/tracemalloc_elsewhere.c";

/* --- TM-19: filters --- */

static weft_snapshot_filter filter(bool inclusive, const char *pattern, int line) {
  return (weft_snapshot_filter){inclusive, pattern, line, false, WEFT_ANY_DOMAIN};
}

static size_t left_by(const weft_snapshot *s, size_t n, const weft_snapshot_filter *filters) {
  weft_snapshot *left = weft_snapshot_filter_traces(s, n, filters);
  size_t count = weft_snapshot_count(left);
  weft_snapshot_free(left);
  return count;
}

static void show_filters(void) {
  int mine, other;
  static weft_object *blocks[BLOCKS];
  trace(1);
  weft_object *elsewhere = made_elsewhere(&other);
  for (int i = 0; i < BLOCKS; i++) blocks[i] = AT_LINE(&mine, weft_float_new(i));
  weft_snapshot *all = weft_snapshot_take();
  weft_tracemalloc_stop();
  const weft_snapshot_filter in_here = filter(true, here, WEFT_ANY_LINE), in_there = filter(true, there, WEFT_ANY_LINE),
                             not_here = filter(false, here, WEFT_ANY_LINE),
                             not_there = filter(false, there, WEFT_ANY_LINE), on_line = filter(true, here, mine),
                             on_other = filter(true, there, other), off_line = filter(true, here, mine + 1),
                             without = filter(false, here, mine);
  const struct {
    const char *what;
    size_t n;
    weft_snapshot_filter filters[2];
    size_t mine, others;
  } rows[] = {
      {"none", 0, {in_here}, BLOCKS, BLOCKS},
      {"this file", 1, {in_here}, BLOCKS, 0},
      {"the other one", 1, {in_there}, 0, BLOCKS},
      {"not this file", 1, {not_here}, 0, BLOCKS},
      {"not the other one", 1, {not_there}, BLOCKS, 0},
      {"this file, and not it", 2, {in_here, not_here}, 0, 0},
      {"both", 2, {in_here, in_there}, BLOCKS, BLOCKS},
      {"this file, not the other one", 2, {in_here, not_there}, BLOCKS, 0},
      {"neither", 2, {not_here, not_there}, 0, 0},
      {"a line of it", 1, {on_line}, BLOCKS, 0},
      {"a line of the other one", 1, {on_other}, 0, BLOCKS},
      {"another line of it", 1, {off_line}, 0, 0},
      {"not that line", 1, {without}, 0, BLOCKS},
  };
  bool good = true;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    /* What else is in the snapshot, the tuple and what the demo itself has made, is a handful. */
    size_t expected = rows[i].mine + rows[i].others, left = left_by(all, rows[i].n, rows[i].filters);
    bool right = left >= expected && left < expected + 100;
    tap_say("%-30s %5zu%s", rows[i].what, left, right ? "" : "  not as expected");
    good = good && right;
  }
  weft_snapshot_free(all);
  weft_decref(elsewhere);
  for (int i = 0; i < BLOCKS; i++) weft_decref(blocks[i]);
  tap_check(good, "TM-19", "filters of 1001 blocks in each of two files: thirteen ways");
}

/* --- TM-18, 20: the document's filters --- */

static weft_statistics *files_in_my_module(void) {
  const weft_snapshot_filter filters[] = {weft_snapshot_keep("*/my_module/*"), weft_snapshot_drop("<frozen*"),
                                          weft_snapshot_drop("<unknown>")};
  weft_snapshot *all = weft_snapshot_take(), *left = weft_snapshot_filter_traces(all, 3, filters);
  weft_statistics *files = weft_snapshot_statistics(left, WEFT_SNAPSHOT_BY_FILE, false);
  weft_snapshot_free(left);
  weft_snapshot_free(all);
  return files;
}

static void show_my_module(void) {
  int line;
  trace(1);
  weft_object *data = multiples(BLOCKS, 1000);
  weft_statistics *none = files_in_my_module();
  weft_object *elsewhere = made_elsewhere(&line);
  weft_statistics *one = files_in_my_module();
  weft_tracemalloc_stop();
  tap_say("a list of this demo's: %zu files; then one in demos/my_module:", none ? none->count : 1);
  say_top(one, 10);
  tap_check(none && none->count == 0 && one && one->count == 1 && one->entries[0].count >= BLOCKS &&
                ends_with(one->entries[0].traceback->frames[0].file, "my_module/tracemalloc_elsewhere.c"),
            "TM-18", "000 §5.5: only what files in my_module allocate; what others do is filtered out");
  weft_statistics_free(none);
  weft_statistics_free(one);
  weft_decref(elsewhere);
  weft_decref(data);
}

/* Machine code that nobody has debug information for, as a compiler at run time makes it: returns make(). */
typedef weft_object *(*maker)(void);
static weft_object *made_by_code(maker make) {
#if defined(__x86_64__)
  static const unsigned char bytes[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3}; /* push, mov, call, pop, ret */
  void *code = mmap(NULL, sizeof bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return NULL;
  memcpy(code, bytes, sizeof bytes);
  weft_object *made = NULL;
  if (mprotect(code, sizeof bytes, PROT_READ | PROT_EXEC) == 0) {
    weft_object *(*run)(maker);
    memcpy(&run, &code, sizeof run);
    made = run(make);
  }
  munmap(code, sizeof bytes);
  return made;
#else
  (void)make;
  return NULL;
#endif
}

static void show_unknown(void) {
  trace(1);
  weft_object *o = made_by_code(weft_list_new), *known = weft_list_new();
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
  weft_snapshot *all = weft_snapshot_take();
  weft_tracemalloc_stop();
  if (o) {
    const weft_snapshot_filter unknown = weft_snapshot_keep("<unknown>"), frozen = weft_snapshot_drop("<frozen*"),
                               not_unknown = weft_snapshot_drop("<unknown>");
    size_t every = weft_snapshot_count(all), of_it = left_by(all, 1, &unknown);
    tap_say("%s:%d; traces %zu, <unknown> %zu, without frozen ones %zu, without <unknown> %zu", t->frames[0].file,
            t->frames[0].line, every, of_it, left_by(all, 1, &frozen), left_by(all, 1, &not_unknown));
    tap_check(!strcmp(t->frames[0].file, "<unknown>") && of_it == 1 && left_by(all, 1, &frozen) == every &&
                  left_by(all, 1, &not_unknown) == every - 1,
              "TM-20",
              "000 §5.5: what code of unknown origin allocates, and ordinary files, which these filters leave");
  } else {
    tap_skip("TM-20", "no code can be made at run time here");
  }
  weft_snapshot_free(all);
  weft_traceback_free(t);
  weft_xdecref(o);
  weft_decref(known);
}

/* --- TM-21, 22: files and tracebacks --- */

static __attribute__((noinline)) weft_object *make(void) {
  weft_object *o = weft_float_new(1.5);
  __asm__ volatile("" : : "r"(o) : "memory"); /* a frame of its own: no tail call */
  return o;
}
/* Told apart by their comments, or the compiler makes them one. */
static __attribute__((noinline)) weft_object *one_caller(void) {
  weft_object *o = make();
  __asm__ volatile("# one" : : "r"(o) : "memory");
  return o;
}
static __attribute__((noinline)) weft_object *another_caller(void) {
  weft_object *o = make();
  __asm__ volatile("# another" : : "r"(o) : "memory");
  return o;
}

static size_t sum_of(const weft_statistics *s) {
  size_t sum = 0;
  for (size_t i = 0; s && i < s->count; i++) sum += s->entries[i].size;
  return sum;
}

static void show_groups(void) {
  int line;
  trace(10);
  weft_object *elsewhere = made_elsewhere(&line), *one = one_caller(), *other = another_caller();
  weft_snapshot *all = weft_snapshot_take();
  weft_tracemalloc_stop();
  size_t sum = 0;
  for (size_t i = 0; i < weft_snapshot_count(all); i++) sum += weft_snapshot_trace(all, i).size;
  weft_statistics *files = weft_snapshot_statistics(all, WEFT_SNAPSHOT_BY_FILE, false);
  weft_statistics *lines = weft_snapshot_statistics(all, WEFT_SNAPSHOT_BY_LINE, false);
  bool zero = files != NULL;
  for (size_t i = 0; files && i < files->count; i++) zero = zero && files->entries[i].traceback->frames[0].line == 0;
  say_top(files, 2);
  tap_check(zero && sum_of(files) == sum && sum_of(lines) == sum, "TM-21",
            "by file: line 0, and the sum is that of the lines and of all traces: %zu B", sum);

  weft_statistics *tracebacks = weft_snapshot_statistics(all, WEFT_SNAPSHOT_BY_TRACEBACK, false);
  size_t ways = 0;
  bool oldest_first = true;
  for (size_t i = 0; tracebacks && i < tracebacks->count; i++) {
    const weft_traceback *t = tracebacks->entries[i].traceback;
    if (strcmp(t->frames[t->count - 1].function, "make") != 0 || t->count < 2) continue;
    ways++;
    tap_say("%s:%d <- %s:%d", t->frames[t->count - 1].file, t->frames[t->count - 1].line, t->frames[t->count - 2].file,
            t->frames[t->count - 2].line);
    oldest_first = oldest_first && ends_with(t->frames[t->count - 2].function, "_caller");
  }
  tap_check(ways == 2 && oldest_first, "TM-22",
            "by traceback: one line by two callers is two entries; the oldest frame comes first");
  weft_statistics_free(tracebacks);
  weft_statistics_free(files);
  weft_statistics_free(lines);
  weft_snapshot_free(all);
  weft_decref(elsewhere);
  weft_decref(one);
  weft_decref(other);
}

/* --- TM-26, 27, 44: source lines --- */

/* The traceback as text, until the next call. */
static const char *text_of(const weft_traceback *t) {
  static char text[1000];
  FILE *to = fmemopen(text, sizeof text, "w");
  if (!to) return "";
  weft_traceback_print(to, t, 1, false);
  fclose(to);
  return text;
}

static void show_sources(void) {
  trace(1);
  weft_object *o = weft_float_new(26.5); /* the line that is printed */
  weft_auto weft_object *small = weft_int_new(7);
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o), *none = weft_tracemalloc_get_object_traceback(small);
  weft_tracemalloc_stop();
  const char *text = text_of(t);
  tap_say("%.*s", (int)strcspn(text, "\n"), text);
  const char *source = strchr(text, '\n');
  tap_say("%.*s", source ? (int)strcspn(source + 1, "\n") : 0, source ? source + 1 : "");
  tap_check(
      source && !strcmp(source + 1, "    weft_object *o = weft_float_new(26.5); /* the line that is printed */\n"),
      "TM-26", "000 §5.7: the source line, read from this very file");
  tap_check(t && ends_with(t->frames[0].file, "tracemalloc_origins.c") && t->frames[0].line > 0 && !none, "TM-44",
            "an object's own origin; a small int has none");
  t->frames[0].file = "nowhere/missing.c";
  text = text_of(t);
  source = strchr(text, '\n');
  tap_check(source && !source[1], "TM-27", "a source that is not there: its frame, without text");
  weft_traceback_free(t);
  weft_decref(o);
}

/* --- TM-35: the cost of snapshots --- */

static void show_costs(void) {
  enum { SNAPSHOTS = 5, TRACES = 300000 };
  trace(1);
  weft_object *data = multiples(TRACES, 1000);
  weft_snapshot *snapshots[SNAPSHOTS];
  size_t before = mallinfo2().uordblks + mallinfo2().hblkhd, last = before;
  bool grows = true;
  for (int i = 0; i < SNAPSHOTS; i++) {
    snapshots[i] = weft_snapshot_take();
    size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;
    grows = grows && now >= last + TRACES * sizeof(void *);
    last = now;
  }
  for (int i = 0; i < SNAPSHOTS; i++) weft_snapshot_free(snapshots[i]);
  size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  weft_tracemalloc_stop();
  weft_decref(data);
  tap_say("five snapshots of 300,000 traces: +%.1f MB (Python: +115 MB); dropped: +%.1f MB",
          (double)(last - before) / (1 << 20), ((double)after - (double)before) / (1 << 20));
  tap_check(grows && after < before + (1 << 20), "TM-35", "000 §5.11: snapshots cost memory until they are dropped");
}

void show_origins(void) {
  tap_title("Where from");
  show_filters();
  show_my_module();
  show_unknown();
  show_groups();
  show_sources();
  show_costs();
}
