/* SPDX-License-Identifier: MIT */
/* What a program can tell the collector, and ask it. */
#define _GNU_SOURCE /* fileno, strsep */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demos/gc.h"
#include "demos/support/log.h"
#include "demos/support/timing.h"

/* --- GC-15, TOOL-13 --- */

static void show_statistics(void) {
  weft_gc_generation_stats a[WEFT_GC_GENERATIONS], b[WEFT_GC_GENERATIONS], c[WEFT_GC_GENERATIONS];
  collect();
  weft_gc_get_stats(a);
  drop_cycles(1);
  collect();
  weft_gc_get_stats(b);
  drop_cycles(1);
  weft_gc_collect(0);
  weft_gc_get_stats(c);
  for (int g = 0; g < WEFT_GC_GENERATIONS; g++)
    tap_say("{'collections': %" PRIu64 ", 'collected': %" PRIu64 ", 'uncollectable': %" PRIu64 "}", c[g].collections,
            c[g].collected, c[g].uncollectable);
  bool full = b[2].collections == a[2].collections + 1 && b[2].collected == a[2].collected + 2 &&
              b[2].uncollectable == a[2].uncollectable && b[0].collections == a[0].collections;
  bool young = c[0].collections == b[0].collections + 1 && c[0].collected == b[0].collected + 2 &&
               c[2].collections == b[2].collections;
  tap_check(full && young, "GC-15",
            "002, 004: a record for each generation: collect() adds to the last, collect(0) to the first");
  weft_auto weft_object *objects = weft_gc_get_objects(-1);
  tap_say("Objects tracked: %" PRId64, weft_list_length(objects));
  weft_auto weft_object *list = weft_list_new();
  weft_auto weft_object *more = weft_gc_get_objects(-1);
  tap_check(full && young && list && weft_list_length(more) == weft_list_length(objects) + 2, "TOOL-13",
            "004: objects tracked, a list and the first answer more, and statistics");
}

/* Where the time of a collection goes. */
static void show_times(void) {
  weft_gc_times t;
  drop_cycles(100000);
  collect();
  weft_gc_get_times(&t);
  tap_say("collecting 200000 objects in cycles: %.1f ms; the other threads stopped within %.3f ms, for %.1f ms",
          (double)t.total_ns / 1e6, (double)t.to_stop_ns / 1e6, (double)t.stopped_ns / 1e6);
  tap_say("  counting %.1f, following what is kept %.1f, sorting %.1f; then finalizers %.1f, clearing %.1f ms",
          (double)t.count_ns / 1e6, (double)t.keep_ns / 1e6, (double)t.sort_ns / 1e6, (double)t.finalize_ns / 1e6,
          (double)t.clear_ns / 1e6);
  tap_check(t.total_ns >= t.stopped_ns + t.finalize_ns + t.clear_ns, NULL, "each step of a collection is timed");
}

/* --- GC-18 --- */

static bool thresholds_are(uint32_t first, uint32_t second, uint32_t third) {
  uint32_t t[WEFT_GC_GENERATIONS];
  weft_gc_get_threshold(t);
  tap_say("gc.get_threshold() -> (%u, %u, %u)", t[0], t[1], t[2]);
  return t[0] == first && t[1] == second && t[2] == third;
}

/* Sets the first `n` and leaves the others. */
static void set_thresholds(int n, const uint32_t *values) {
  uint32_t t[WEFT_GC_GENERATIONS];
  weft_gc_get_threshold(t);
  memcpy(t, values, (size_t)n * sizeof *values);
  weft_gc_set_threshold(t);
}

static void show_thresholds(void) {
  uint32_t usual[WEFT_GC_GENERATIONS];
  weft_gc_get_threshold(usual);
  set_thresholds(1, (const uint32_t[]){500});
  bool good = thresholds_are(500, usual[1], usual[2]);
  set_thresholds(2, (const uint32_t[]){600, 5});
  good = thresholds_are(600, 5, usual[2]) && good;
  set_thresholds(3, (const uint32_t[]){800, 6, 7});
  good = thresholds_are(800, 6, 7) && good;
  set_thresholds(1, (const uint32_t[]){0});
  weft_object *lists[1000];
  uint64_t before = collections();
  weft_gc_enable();
  for (int round = 0; round < 100; round++) {
    for (int i = 0; i < 1000; i++) lists[i] = weft_list_new();
    for (int i = 0; i < 1000; i++) weft_decref(lists[i]);
  }
  weft_gc_disable();
  uint64_t ran = collections() - before;
  weft_gc_set_threshold(usual);
  tap_check(good && ran == 0 && thresholds_are(usual[0], usual[1], usual[2]), "GC-18",
            "002, 004: one, two or three thresholds can be changed; the first of 0 switches it off");
}

/* --- GC-19 to 21, FU-07 --- */

static bool show_disabled(void) {
  enum { CYCLES = 5000 };
  collect();
  size_t before = bytes_in_use();
  uint64_t ran = collections();
  bool off = !weft_gc_is_enabled();
  drop_cycles(CYCLES / 2);
  size_t half = bytes_in_use();
  drop_cycles(CYCLES / 2);
  int64_t alive = nodes_alive();
  size_t full = bytes_in_use();
  weft_decref(node_new("acyclic"));
  bool at_once = nodes_alive() == alive && collections() == ran;
  tap_say("gc.isenabled() %s: %" PRId64 " of %d objects in cycles are alive, and no other", off ? "False" : "True",
          alive, 2 * CYCLES);
  tap_say("each cycle takes %zu bytes: %zu after half of them, %zu after all", (full - before) / CYCLES, half - before,
          full - before);
  bool enabled = !weft_gc_enable() && weft_gc_is_enabled();
  collect();
  int64_t left = nodes_alive();
  size_t after = bytes_in_use();
  weft_gc_disable();
  drop_cycles(1);
  bool manual = collect() == 2;
  bool good = tap_check(off && alive == 2 * CYCLES && at_once && enabled && left == 0 && manual, "GC-19",
                        "004: while it is off cycles pile up, others die at once; gc.collect() works");
  tap_check(full - half == half - before && half > before && after == before, "GC-21",
            "004: memory grows by as much for each cycle, and falls when they are collected");
  return good;
}

enum { BULK = 1000000 };
static bool build_in_bulk(bool on) {
  static weft_object *lists[BULK];
  if (on) weft_gc_enable();
  bool made = true;
  for (int i = 0; i < BULK; i++) made = (lists[i] = weft_list_new()) && made;
  weft_gc_disable();
  for (int i = 0; i < BULK; i++) weft_xdecref(lists[i]);
  return made;
}
static bool build_with(void *unused) {
  (void)unused;
  return build_in_bulk(true);
}
static bool build_without(void *unused) {
  (void)unused;
  return build_in_bulk(false);
}

static bool show_bulk(void) {
  struct comparison c = {.base = build_with, .other = build_without, .high = 1.0};
  struct outcome o = timing_compare(&c);
  drop_cycles(10);
  weft_gc_enable();
  bool cleaned = collect() == 20;
  weft_gc_disable();
  tap_say("(CPython: 0.174 s on, 0.057 s off; cycles left over are collected later: %s)", cleaned ? "yes" : "no");
  return timing_report(cleaned ? "GC-20" : NULL, "004: a million lists, the collector on against off", &c, &o) &&
         cleaned;
}

static void show_when_off(bool disabled, bool bulk) {
  weft_auto weft_object *kept = weft_list_new();
  weft_gc_freeze();
  uint64_t frozen = weft_gc_freeze_count();
  int generation = weft_gc_generation(kept);
  weft_gc_unfreeze();
  uint64_t thawed = weft_gc_freeze_count();
  tap_say("before a fork: gc.freeze() puts %" PRIu64 " objects out of its sight, gc.unfreeze() leaves %" PRIu64, frozen,
          thawed);
  tap_check(disabled && bulk && frozen > 0 && generation == 3 && thawed == 0, "FU-07",
            "004: off for building in bulk; frozen before a fork; the price is that cycles pile up");
}

/* --- GC-22 --- */

static weft_gc_info events[8];
static enum weft_gc_phase phases[8];
static size_t n_events;

static void document_callback(enum weft_gc_phase phase, const weft_gc_info *info, void *unused) {
  (void)unused;
  if (phase == WEFT_GC_START)
    tap_say("GC starting: gen %d", info->generation);
  else
    tap_say("GC done: collected %" PRIu64, info->collected);
  if (n_events == 8) return;
  phases[n_events] = phase;
  events[n_events++] = *info;
}
static void log_callback(enum weft_gc_phase phase, const weft_gc_info *info, void *unused) {
  (void)unused, (void)info;
  log_event(phase == WEFT_GC_START ? "start" : "stop");
}
static bool event_is(size_t i, enum weft_gc_phase phase, int generation, uint64_t collected) {
  return i < n_events && phases[i] == phase && events[i].generation == generation && events[i].collected == collected &&
         events[i].uncollectable == 0;
}
static void live_with_callback(void) { weft_gc_add_callback(log_callback, NULL); }

static void show_callbacks(void) {
  n_events = 0;
  drop_cycles(1);
  weft_gc_add_callback(document_callback, NULL);
  int64_t returned = collect();
  bool good = n_events == 2 && event_is(0, WEFT_GC_START, 2, 0) && event_is(1, WEFT_GC_STOP, 2, 2) && returned == 2;
  weft_gc_collect(0); /* so that the next one by itself is of generation 0 */
  n_events = 0;
  weft_gc_enable();
  weft_object *lists[701];
  for (int i = 0; i < 701; i++) lists[i] = weft_list_new();
  weft_gc_disable();
  for (int i = 0; i < 701; i++) weft_decref(lists[i]);
  good = n_events == 2 && event_is(0, WEFT_GC_START, 0, 0) && event_is(1, WEFT_GC_STOP, 0, 0) && good;
  weft_gc_remove_callback(document_callback, NULL);
  collect();
  good = n_events == 2 && good;
  bool lived = log_of_a_life(live_with_callback);
  tap_say("at the end of a process: %s", log_text());
  tap_check(good && lived && log_is("start stop"), "GC-22",
            "004: callbacks before and after each collection, those by itself and at the end included, until removed");
}

/* --- GC-23, 26, 34, FU-08 --- */

/* A type that will not give up what it refers to. */
struct stubborn {
  weft_object header;
  weft_object *itself;
};
static int stubborn_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct stubborn *s = (struct stubborn *)self;
  return s->itself ? visit(s->itself, arg) : 0;
}
static bool gives_in;
static int stubborn_clear(weft_object *self) {
  if (!gives_in) return -1;
  weft_clear(&((struct stubborn *)self)->itself);
  return 0;
}
static void stubborn_dealloc(weft_object *self) {
  weft_clear(&((struct stubborn *)self)->itself);
  weft_object_free(self, 0);
}

static bool show_uncollectable(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Stubborn",
                                                          .basic_size = sizeof(struct stubborn),
                                                          .flags = WEFT_TYPE_CONTAINER,
                                                          .traverse = stubborn_traverse,
                                                          .clear = stubborn_clear,
                                                          .dealloc = stubborn_dealloc});
  weft_gc_generation_stats before[WEFT_GC_GENERATIONS], after[WEFT_GC_GENERATIONS];
  weft_auto weft_object *garbage = weft_gc_garbage();
  weft_object *o = weft_object_new(type, 0);
  ((struct stubborn *)o)->itself = o; /* the only reference: nobody else has one */
  weft_gc_get_stats(before);
  int64_t returned = collect();
  weft_gc_get_stats(after);
  int64_t kept = weft_list_length(garbage);
  uint64_t uncollectable = after[2].uncollectable - before[2].uncollectable;
  gives_in = true;
  weft_list_clear(garbage);
  int64_t later = collect();
  tap_say("an object that refuses to be cleared: collect() %" PRId64 ", uncollectable %" PRIu64 ", %" PRId64
          " in the garbage list; when it gives in, collect() %" PRId64,
          returned, uncollectable, kept, later);
  return returned == 1 && uncollectable == 1 && kept == 1 && after[2].collected == before[2].collected && later == 1;
}

/* The names along `ref` from `node` until it is met again, as a -> b -> a. */
static void cycle_path(weft_object *node, char *text, size_t size) {
  weft_object *at = node;
  size_t used = 0;
  for (int i = 0; i < 8; i++) {
    weft_auto weft_object *name = weft_getattr_text(at, "name");
    int n = snprintf(text + used, size - used, "%s%s", i ? " -> " : "", shown(name));
    used += n > 0 && (size_t)n < size - used ? (size_t)n : 0;
    if (i > 0 && at == node) return;
    weft_auto weft_object *referents = weft_gc_get_referents(1, &at);
    for (int64_t j = 0; j < weft_list_length(referents); j++) {
      weft_auto weft_object *referent = weft_list_get(referents, j);
      if (weft_type_of(referent) == node_type) at = referent; /* it is kept by the garbage list */
    }
  }
}

static void show_save_all(void) {
  weft_auto weft_object *garbage = weft_gc_garbage();
  int64_t without = weft_list_length(garbage);
  drop_cycles(1);
  collect();
  bool empty =
      tap_check(without == 0 && weft_list_length(garbage) == 0, "GC-26", "004: gc.garbage is [] without the flag");

  weft_object *a = node_new("a"), *b = node_new("b");
  refer(a, b);
  refer(b, a);
  weft_gc_set_debug(WEFT_GC_SAVE_ALL);
  weft_clear(&a);
  weft_clear(&b);
  int64_t found = collect(), kept = weft_list_length(garbage);
  bool nodes = kept == 2;
  for (int64_t i = 0; i < kept; i++) {
    weft_auto weft_object *o = weft_list_get(garbage, i);
    nodes = nodes && weft_type_of(o) == node_type;
  }
  char path[64] = "";
  weft_auto weft_object *first = weft_list_get(garbage, 0);
  if (first) cycle_path(first, path, sizeof path);
  weft_clear(&first);
  tap_say("gc.set_debug(gc.DEBUG_SAVEALL): collect() %" PRId64 ", len(gc.garbage) %" PRId64 ": %s", found, kept, path);
  tap_say("the document: \"objects that could not be cleaned\". It is all that was found.");
  weft_gc_set_debug(0);
  weft_list_clear(garbage);
  int64_t later = collect();
  bool saved = tap_check(found == 2 && nodes && later == 2, "GC-23",
                         "004: the flag keeps what is found; without flag and list it is collected: %" PRId64, later);
  tap_check(saved && (strcmp(path, "a -> b -> a") == 0 || strcmp(path, "b -> a -> b") == 0), "GC-34",
            "004: so a cycle can be seen: %s", path);
  tap_check(show_uncollectable() && empty && saved, "FU-08",
            "004: gc.garbage is empty but for the flag, and objects that refuse to be cleared");
}

/* --- GC-24, GC-25 --- */

static void show_flags(void) {
  tap_say("gc.DEBUG_STATS %d, COLLECTABLE %d, UNCOLLECTABLE %d, SAVEALL %d, LEAK %d", WEFT_GC_STATS,
          WEFT_GC_COLLECTABLE, WEFT_GC_UNCOLLECTABLE, WEFT_GC_SAVE_ALL, WEFT_GC_LEAK);
  tap_check(WEFT_GC_STATS == 1 && WEFT_GC_COLLECTABLE == 2 && WEFT_GC_UNCOLLECTABLE == 4 && WEFT_GC_SAVE_ALL == 32 &&
                WEFT_GC_LEAK == 2 + 4 + 32,
            "GC-24", "004: the debug flags");
}

/* What a collection with DEBUG_STATS prints to stderr. False: there is no file for it. */
static bool printed_by_collection(char *text, size_t size) {
  FILE *f = tmpfile();
  int keep = f ? dup(STDERR_FILENO) : -1;
  if (keep < 0) return false;
  fflush(stderr);
  dup2(fileno(f), STDERR_FILENO);
  weft_gc_set_debug(WEFT_GC_STATS);
  collect();
  weft_gc_set_debug(0);
  fflush(stderr);
  dup2(keep, STDERR_FILENO);
  close(keep);
  rewind(f);
  text[fread(text, 1, size - 1, f)] = 0;
  fclose(f);
  return true;
}

static void show_printed(void) {
  char text[1024] = "";
  weft_object *list = weft_list_new();
  weft_list_append(list, list);
  weft_clear(&list);
  bool printed = printed_by_collection(text, sizeof text);
  bool generation = strstr(text, "generation 2"), objects = strstr(text, "objects in each generation: ");
  bool done = strstr(text, "done, 1 unreachable, 0 uncollectable, ");
  for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest;) tap_say("%s", line);
  tap_check(printed && generation && objects && done, "GC-25",
            "004: DEBUG_STATS prints the generation, objects in each, and what was found");
}

/* --- GC-35 --- */

static bool control(bool works, const char *python, const char *here) {
  tap_say("%-26s %-26s %s", python, here, works ? "works" : "FAILS");
  return works;
}

static void show_all_controls(void) {
  uint32_t thresholds[WEFT_GC_GENERATIONS];
  uint64_t counts[WEFT_GC_GENERATIONS];
  weft_gc_generation_stats stats[WEFT_GC_GENERATIONS];
  weft_auto weft_object *list = weft_list_new(), *node = node_new("n");
  weft_list_append(list, node);
  drop_cycles(1);
  bool good = control(collect() == 2, "gc.collect()", "weft_gc_collect");
  good = control(!weft_gc_enable(), "gc.enable()", "weft_gc_enable") && good;
  good = control(weft_gc_is_enabled(), "gc.isenabled()", "weft_gc_is_enabled") && good;
  good = control(weft_gc_disable() && !weft_gc_is_enabled(), "gc.disable()", "weft_gc_disable") && good;
  weft_gc_set_threshold((const uint32_t[]){700, 10, 10});
  weft_gc_get_threshold(thresholds);
  good = control(thresholds[0] == 700, "gc.get_threshold()", "weft_gc_get_threshold") && good;
  weft_gc_get_count(counts);
  good = control(counts[1] == 0 && counts[2] == 0, "gc.get_count()", "weft_gc_get_count") && good;
  weft_gc_get_stats(stats);
  good = control(stats[2].collections > 0, "gc.get_stats()", "weft_gc_get_stats") && good;
  weft_auto weft_object *objects = weft_gc_get_objects(-1);
  good = control(weft_list_contains(objects, list) == 1, "gc.get_objects()", "weft_gc_get_objects") && good;
  weft_clear(&objects);
  weft_auto weft_object *referrers = weft_gc_get_referrers(1, &node), *referents = weft_gc_get_referents(1, &list);
  good = control(weft_list_length(referrers) == 1, "gc.get_referrers(node)", "weft_gc_get_referrers") && good;
  good = control(weft_list_length(referents) == 1, "gc.get_referents(list)", "weft_gc_get_referents") && good;
  good = control(weft_gc_is_tracked(list) == 1, "gc.is_tracked(list)", "weft_gc_is_tracked") && good;
  good = control(weft_gc_is_finalized(list) == 0, "gc.is_finalized(list)", "weft_gc_is_finalized") && good;
  bool added = weft_gc_add_callback(log_callback, NULL) == 0 && weft_gc_remove_callback(log_callback, NULL) == 0;
  good = control(added, "gc.callbacks", "weft_gc_add_callback") && good;
  weft_auto weft_object *garbage = weft_gc_garbage();
  good = control(weft_list_length(garbage) == 0, "gc.garbage", "weft_gc_garbage") && good;
  weft_gc_set_debug(WEFT_GC_LEAK);
  good = control(weft_gc_get_debug() == WEFT_GC_LEAK, "gc.set_debug(DEBUG_LEAK)", "weft_gc_set_debug") && good;
  weft_gc_set_debug(0);
  weft_gc_freeze();
  good = control(weft_gc_freeze_count() > 0, "gc.freeze()", "weft_gc_freeze") && good;
  weft_gc_unfreeze();
  good = control(weft_gc_freeze_count() == 0, "gc.unfreeze()", "weft_gc_unfreeze") && good;
  tap_check(good, "GC-35", "000: the controls of Python's module gc");
}

void show_controls(void) {
  tap_title("Controls");
  show_statistics();
  show_times();
  show_thresholds();
  bool disabled = show_disabled(), bulk = show_bulk();
  show_when_off(disabled, bulk);
  show_callbacks();
  tap_title("Debugging");
  show_flags();
  show_printed();
  show_save_all();
  show_all_controls();
}
