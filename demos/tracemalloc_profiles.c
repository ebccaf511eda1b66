/* SPDX-License-Identifier: MIT */
/* What the documents build on tracemalloc: reports of a block, of functions, of tests; and what they find with it. */
#include <stdio.h>
#include <string.h>

#include "demos/support/squares.h"
#include "demos/support/timing.h"
#include "demos/tracemalloc.h"

static const char *const here = "tracemalloc_profiles.c";

/* --- TM-23, 25: a report of a block --- */

/* with memory_profiler("…"): the end comes in any case, as `finally` does. */
struct profile {
  const char *what;
  weft_snapshot *before;
};
static int reports;

static struct profile profile_begin(const char *what) {
  trace(1);
  return (struct profile){what, weft_snapshot_take()};
}
static void profile_end(struct profile *p) {
  weft_statistics *grown = grown_since(p->before);
  tap_say("=== Memory Profile: %s ===", p->what);
  tap_say("Current: %.2f MB, peak: %.2f MB; top 5 allocations:", megabytes(traced()), megabytes(traced_peak()));
  say_top(grown, 5);
  reports += grown != NULL;
  weft_statistics_free(grown);
  weft_tracemalloc_stop();
}
#define PROFILED __attribute__((cleanup(profile_end))) struct profile

static int block_that_fails(bool safely) {
  if (safely) {
    PROFILED p = profile_begin("a block that fails");
    weft_raise(&weft_ValueError, "in the block");
    return p.before ? -1 : -2;
  }
  struct profile p = profile_begin("the same");
  weft_raise(&weft_ValueError, "in the block");
  if (weft_error_borrow()) { /* the error leaves; nobody comes to the end of the block */
    weft_snapshot_free(p.before);
    return -1;
  }
  profile_end(&p);
  return 0;
}

static void show_profiler(void) {
  reports = 0;
  {
    PROFILED p = profile_begin("List Creation");
    weft_decref(squares_list(MILLION));
    (void)p;
  }
  bool off = !weft_tracemalloc_is_tracing();
  bool failed = raises(block_that_fails(true), &weft_ValueError);
  bool off_too = !weft_tracemalloc_is_tracing();
  tap_check(reports == 2 && off && failed && off_too, "TM-23",
            "000 §5.6: the report is printed and tracing is off afterwards, after an error as well");
  failed = raises(block_that_fails(false), &weft_ValueError);
  bool left_on = weft_tracemalloc_is_tracing();
  weft_tracemalloc_stop();
  tap_check(failed && left_on && reports == 2 && off_too, "TM-25",
            "001, as printed: without `finally` an error leaves tracing on, and there is no report");
}

/* --- TM-24, 28, 29: peaks of builders --- */

/* {i: i**2 for i in range(n)} */
static weft_object *squares_dict(int64_t n) {
  weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *key = weft_int_new(i), *value = weft_int_new(i * i);
    weft_dict_set(dict, key, value);
  }
  return dict;
}
static weft_object *squares_collected(int64_t n) {
  weft_auto weft_object *generator = squares_generator(n);
  return weft_list_from(generator);
}
static weft_object *squares_stored(int64_t n) {
  weft_auto weft_object *zero = list_of_ints(1, 0);
  weft_object *list = weft_list_repeat(zero, n);
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *square = weft_int_new(i * i);
    weft_list_set(list, i, square);
  }
  return list;
}

/* @memory_profile: measures the function, and passes on what it returns. */
struct measured {
  const char *name;
  size_t current, peak;
  double seconds;
};
static weft_object *measure(const char *name, weft_object *(*function)(int64_t), int64_t n, struct measured *m) {
  trace(1);
  uint64_t start = now_ns();
  weft_object *result = function(n);
  *m = (struct measured){.name = name, .seconds = seconds_since(start)};
  weft_tracemalloc_get_traced_memory(&m->current, &m->peak);
  weft_tracemalloc_stop();
  tap_say("%-18s current %7.2f MB, peak %7.2f MB, %.2f s", m->name, megabytes(m->current), megabytes(m->peak),
          m->seconds);
  return result;
}
#define MEASURE(function, n, m) measure(#function, function, n, m)

static void show_builders(void) {
  struct measured m[3], list, dict;
  weft_object *results[3] = {MEASURE(squares_list, MILLION, &m[0]), MEASURE(squares_collected, MILLION, &m[1]),
                             MEASURE(squares_stored, MILLION, &m[2])};
  bool equal = weft_compare(results[0], results[1], WEFT_EQ) == 1 && weft_compare(results[1], results[2], WEFT_EQ) == 1;
  for (int i = 0; i < 3; i++) weft_decref(results[i]);
  bool close = true;
  for (int i = 1; i < 3; i++)
    close = close && (double)m[i].peak <= 1.02 * (double)m[0].peak && (double)m[i].peak >= 0.98 * (double)m[0].peak;
  tap_check(equal && close, "TM-28", "000 §5.8: three ways to build 1,000,000 squares: equal, with equal peaks");

  weft_object *a = MEASURE(squares_list, MILLION, &list), *b = MEASURE(squares_dict, MILLION, &dict);
  bool passed = weft_list_length(a) == MILLION && weft_dict_length(b) == MILLION;
  weft_decref(a);
  weft_decref(b);
  tap_check(passed && dict.current >= 2 * list.current && !strcmp(list.name, "squares_list") &&
                !strcmp(dict.name, "squares_dict"),
            "TM-29", "001: a wrapper keeps the name and passes the result on; the dict takes %.1f times the list",
            (double)dict.current / (double)list.current);

  a = MEASURE(squares_list, 100000, &list), b = MEASURE(squares_dict, 100000, &dict);
  weft_decref(a);
  weft_decref(b);
  tap_check(dict.current > list.current && dict.peak > dict.current, "TM-24",
            "001: the dict block takes more than the list block, and more for a moment, when its table is copied");
}

/* --- TM-30, 31: lists of instances --- */

enum { INSTANCES = 1000, DATA = 1000 };
static int of_data, of_references;

static weft_object *make_instance(const weft_type *type, weft_object *range) {
  weft_auto weft_object *data = AT_LINE(&of_data, weft_list_from(range));
  weft_object *o = weft_instance_new(type);
  weft_setattr_text(o, "data", data);
  return o;
}

/* The bytes that have come, of the lines of this file; what is alive is counted. */
static size_t growth_of_instances(bool strong, weft_object *kept, const weft_type *type) {
  weft_auto weft_object *range = weft_range_new(0, DATA, 1);
  weft_auto weft_object *o = NULL;
  trace(1);
  weft_snapshot *before = weft_snapshot_take();
  for (int i = 0; i < INSTANCES; i++) {
    weft_clear(&o); /* obj is bound anew */
    o = make_instance(type, range);
    weft_auto weft_object *reference = strong ? weft_new_ref(o) : AT_LINE(&of_references, weft_weakref_new(o, NULL));
    weft_list_append(kept, reference);
  }
  weft_statistics *grown = grown_since(before);
  say_top(grown, 3);
  size_t bytes = 0;
  for (size_t i = 0; grown && i < grown->count; i++)
    if (grown->entries[i].size_diff > 0) bytes += (size_t)grown->entries[i].size_diff;
  weft_statistics_free(grown);
  weft_tracemalloc_stop();
  return bytes;
}

static int alive_in(weft_object *references) {
  int alive = 0;
  for (int64_t i = 0; i < weft_list_length(references); i++) {
    weft_auto weft_object *reference = weft_list_get(references, i), *target = weft_weakref_get(reference);
    alive += target && target != WEFT_NONE;
    weft_error_clear();
  }
  return alive;
}

static void show_instances(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Instance", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *strong = weft_list_new(), *weak = weft_list_new(), *set = weft_weak_set_new();
  size_t leaky = growth_of_instances(true, strong, type), clean = growth_of_instances(false, weak, type);
  int64_t live = weft_list_length(strong);
  tap_say("leaky %.1f MB, clean %.1f KB", megabytes(leaky), (double)clean / 1024);
  tap_check(clean > 0 && leaky >= 100 * clean && live == INSTANCES, "TM-30",
            "000 §5.9: 1000 instances in a list stay, in a list of weak references one is left");
  weft_auto weft_object *range = weft_range_new(0, DATA, 1), *o = NULL;
  for (int i = 0; i < INSTANCES; i++) {
    weft_clear(&o);
    o = make_instance(type, range);
    weft_weak_set_add(set, o);
  }
  int64_t in_set = weft_weak_set_length(set);
  tap_say("the \"clean\" list has %d references, %d of them to something; a WeakSet has %d",
          (int)weft_list_length(weak), alive_in(weak), (int)in_set);
  tap_check(weft_list_length(weak) == INSTANCES && alive_in(weak) == 0 && in_set == 1, "TM-31",
            "000 §5.9: the list of weak references still grows; a WeakSet does not");
}

/* --- TM-32, 33: in a test --- */

/* Runs a test's body, compares what was there before and after, and warns above 10 MB. Returns the warnings. */
static int warnings_of(const char *test, weft_object *(*body)(void)) {
  trace(1);
  weft_snapshot *before = weft_snapshot_take();
  weft_auto weft_object *kept = body();
  weft_statistics *grown = grown_since(before);
  int warnings = 0;
  for (size_t i = 0; grown && i < grown->count; i++) {
    if (grown->entries[i].size_diff <= 10 << 20) continue;
    warnings++;
    tap_say("%s: warning: high memory use: %.2f MB", test, megabytes((size_t)grown->entries[i].size_diff));
  }
  weft_statistics_free(grown);
  weft_tracemalloc_stop();
  tap_say("%s: ok, %d warnings", test, warnings);
  return warnings;
}
static weft_object *keeps_a_list(void) { return multiples(MILLION, 1); }
static weft_object *frees_a_list(void) {
  weft_decref(multiples(MILLION, 1));
  return NULL;
}

static void show_tests(void) {
  int freed = warnings_of("test_memory_usage", frees_a_list), kept = warnings_of("test_kept", keeps_a_list);
  tap_check(freed == 0, "TM-32", "000 §5.10, as printed: the test passes without a warning, for its list is gone");
  tap_check(kept == 1 && freed == 0, "TM-33", "a list that is kept is one warning (Python: 38.56 MB > 10 MB)");
}

/* --- TM-36, 41, 45 --- */

static void show_workflow(void) {
  trace(1);
  weft_object *list = squares_list(MILLION);
  size_t before = traced();
  weft_statistics *top = top_lines();
  tap_say("1. baseline: %.1f MB", megabytes(before));
  tap_say("2. hot spot:");
  say_top(top, 1);
  bool named = top && top->count && strstr(top->entries[0].traceback->frames[0].file, "squares.c");
  weft_statistics_free(top);
  weft_decref(list);
  weft_tracemalloc_clear_traces();
  weft_object *generator = squares_generator(MILLION);
  size_t after = traced();
  tap_say("3. optimised: a generator");
  tap_say("4. compared: %zu B instead of %zu B", after, before);
  weft_tracemalloc_stop();
  weft_decref(generator);
  tap_check(named && after > 0 && after < before / 1000, "TM-45",
            "001: baseline, hot spot, optimisation, comparison (Python: 40.4 MB, then 0.4 KB)");
}

static void show_noise(void) {
  trace(1);
  weft_object *data = multiples(1000, 1000);
  weft_snapshot *first = weft_snapshot_take();
  weft_auto weft_object *note = weft_str_new("a note of the profiler's own");
  weft_snapshot *all = weft_snapshot_take();
  weft_snapshot_filter only = weft_snapshot_keep("*/tracemalloc.c");
  weft_snapshot *filtered = weft_snapshot_filter_traces(all, 1, &only);
  weft_statistics *a = weft_snapshot_statistics(all, WEFT_SNAPSHOT_BY_LINE, false);
  weft_statistics *b = weft_snapshot_statistics(filtered, WEFT_SNAPSHOT_BY_LINE, false);
  weft_tracemalloc_stop();
  tap_say("lines without a filter %zu, with one %zu", a ? a->count : 0, b ? b->count : 0);
  tap_check(note && a && b && b->count > 0 && b->count <= a->count, "TM-36",
            "000 §5.11: without a filter the lists are longer");
  weft_statistics_free(a);
  weft_statistics_free(b);
  weft_snapshot_free(first);
  weft_snapshot_free(all);
  weft_snapshot_free(filtered);
  weft_decref(data);
}

static void show_functions(void) {
  bool good = weft_tracemalloc_start(1) == 0 && weft_tracemalloc_is_tracing();
  tap_say("start()                 weft_tracemalloc_start: %s", good ? "tracing" : "failed");
  int line;
  weft_object *o = AT_LINE(&line, weft_float_new(1.5));
  size_t now, most;
  weft_tracemalloc_get_traced_memory(&now, &most);
  tap_say("get_traced_memory()     weft_tracemalloc_get_traced_memory: %zu, %zu", now, most);
  good = now > 0 && most >= now && good;
  weft_snapshot *s = weft_snapshot_take();
  tap_say("take_snapshot()         weft_snapshot_take: %zu traces", weft_snapshot_count(s));
  weft_statistics *sums = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, false);
  good = entry_at(sums, here, line) && good;
  tap_say("snapshot.statistics()   weft_snapshot_statistics: %zu lines", sums ? sums->count : 0);
  weft_statistics *same = weft_snapshot_compare(s, s, WEFT_SNAPSHOT_BY_LINE, false);
  good = same && same->count == sums->count && same->entries[0].size_diff == 0 && good;
  tap_say("snapshot.compare_to()   weft_snapshot_compare: with itself, %td B", same ? same->entries[0].size_diff : 1);
  weft_snapshot_filter none = weft_snapshot_drop("*");
  weft_snapshot *empty = weft_snapshot_filter_traces(s, 1, &none);
  good = empty && weft_snapshot_count(empty) == 0 && good;
  tap_say("snapshot.filter_traces()  weft_snapshot_filter_traces: %zu left", weft_snapshot_count(empty));
  weft_tracemalloc_stop();
  good = !weft_tracemalloc_is_tracing() && good;
  tap_say("stop()                  weft_tracemalloc_stop: off");
  tap_check(good, "TM-41", "000 §5.14: its seven functions, each called once");
  weft_statistics_free(same);
  weft_statistics_free(sums);
  weft_snapshot_free(empty);
  weft_snapshot_free(s);
  weft_decref(o);
}

/* --- TM-38: what the document recommends --- */

enum { CRITICAL = 10000 };

/* What its lines have allocated more than before; and the peak. */
static weft_statistics *critical_operation(size_t *peak) {
  weft_tracemalloc_reset_peak();
  weft_snapshot *before = weft_snapshot_take();
  weft_object *data = squares_list(CRITICAL);
  weft_snapshot *after = weft_snapshot_take();
  weft_decref(data);
  *peak = traced_peak();
  const weft_snapshot_filter only = weft_snapshot_keep("*/squares.c");
  weft_snapshot *then = weft_snapshot_filter_traces(before, 1, &only);
  weft_snapshot *now = weft_snapshot_filter_traces(after, 1, &only);
  weft_statistics *grown = weft_snapshot_compare(now, then, WEFT_SNAPSHOT_BY_LINE, false);
  weft_snapshot_free(then);
  weft_snapshot_free(now);
  weft_snapshot_free(after);
  weft_snapshot_free(before);
  return grown;
}

static void show_recommendations(void) {
  bool off = !weft_tracemalloc_is_tracing();
  size_t peak;
  int before_block = reports;
  trace(1);
  weft_statistics *grown = critical_operation(&peak);
  size_t current = traced();
  bool around = grown && grown->count && grown->entries[0].count_diff > CRITICAL / 2;
  bool filtered = grown && grown->count;
  for (size_t i = 0; grown && i < grown->count; i++)
    filtered = filtered && ends_with(grown->entries[i].traceback->frames[0].file, "squares.c");
  weft_statistics_free(grown);
  weft_tracemalloc_stop();
  {
    PROFILED p = profile_begin("a block");
    (void)p;
  }
  bool block = reports == before_block + 1 && !weft_tracemalloc_is_tracing();
  const struct {
    const char *what;
    bool good;
  } list[] = {{"for development: off unless somebody starts it (TM-04)", off},
              {"snapshots before and after what matters: it is the first line (TM-08)", around},
              {"filters against noise: no line but those of one file (TM-18)", filtered},
              {"a block that ends by itself (TM-23)", block},
              {"the peak, not only what is left (TM-06)", peak > current + CRITICAL * sizeof(void *)}};
  bool good = true;
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    tap_say("%zu. %s: %s", i + 1, list[i].what, list[i].good ? "seen" : "not seen");
    good = good && list[i].good;
  }
  tap_check(good, "TM-38", "000 §5.11: its five recommendations");
}

/* --- TM-46: the usual problems --- */

static size_t growth_by(weft_object *(*make)(weft_object *), weft_object *from) {
  trace(1);
  weft_auto weft_object *made = make(from);
  size_t bytes = traced();
  weft_tracemalloc_stop();
  return made ? bytes : SIZE_MAX;
}
static weft_object *deep_copy(weft_object *from) { return weft_deepcopy(from, NULL); }
static weft_object *keep_ten(weft_object *from) {
  weft_object *kept = weft_list_new();
  for (int i = 0; i < 10; i++) {
    weft_auto weft_object *copy = deep_copy(from);
    weft_list_append(kept, copy);
  }
  return kept;
}
static weft_object *release_ten(weft_object *from) {
  weft_object *kept = keep_ten(from);
  weft_list_clear(kept);
  return kept;
}
static weft_object *as_list(weft_object *from) { return multiples(weft_list_length(from), 1000); }
static weft_object *as_array(weft_object *from) { return weft_array_from('i', from); }
static weft_object *at_once(weft_object *from) {
  weft_object *all = weft_list_new();
  for (int64_t i = 0; i < weft_list_length(from); i++) {
    weft_auto weft_object *one = weft_list_of(1, &from);
    weft_list_append(all, one);
  }
  return all;
}
static weft_object *one_by_one(weft_object *from) {
  for (int64_t i = 0; i < weft_list_length(from); i++) weft_decref(weft_list_of(1, &from));
  return weft_list_new();
}

static void show_problems(void) {
  enum { NUMBERS = 10000 };
  weft_auto weft_object *numbers = multiples(NUMBERS, 1000), *rows = at_once(numbers);
  const struct {
    const char *problem, *instead;
    size_t bytes, less, times;
  } list[] = {{"ten results that are kept", "released", growth_by(keep_ten, rows), growth_by(release_ten, rows), 100},
              {"a deep copy (CP-36)", "a shallow one", growth_by(deep_copy, rows), growth_by(weft_copy, rows), 4},
              {"ints in a list (ARR-01)", "in an array", growth_by(as_list, numbers), growth_by(as_array, numbers), 3},
              {"10,000 objects at once (POOL-01)", "one after the other", growth_by(at_once, numbers),
               growth_by(one_by_one, numbers), 100}};
  bool good = true;
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    tap_say("%-33s %9zu B; %-19s %7zu B", list[i].problem, list[i].bytes, list[i].instead, list[i].less);
    good = good && list[i].bytes < SIZE_MAX && list[i].bytes >= list[i].times * list[i].less;
  }
  tap_check(good, "TM-46", "001: a leak, needless copies, a container that is too large, too many objects");
}

void show_profiles(void) {
  tap_title("With it");
  show_profiler();
  show_builders();
  show_instances();
  show_tests();
  show_workflow();
  show_noise();
  show_functions();
  show_recommendations();
  show_problems();
}
