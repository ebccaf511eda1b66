/* SPDX-License-Identifier: MIT */
/* tracemalloc: what is recorded of a block, from its allocation to its end, and by which line. */
#include "support.h"

#include <alloca.h>
#include <sys/wait.h>

#include "runtime/trace_internal.h"

static void untraced_start(void) {
  unsetenv("WEFT_TRACEMALLOC");
  start();
}
TestSuite(tracemalloc, .init = untraced_start, .timeout = SANITIZED ? 240 : 60);

enum { DOMAIN = 5 };

static size_t current(void) {
  size_t bytes;
  weft_tracemalloc_get_traced_memory(&bytes, NULL);
  return bytes;
}
static size_t peak(void) {
  size_t bytes;
  weft_tracemalloc_get_traced_memory(NULL, &bytes);
  return bytes;
}

static void trace(int frames) { cr_assert_eq(weft_tracemalloc_start(frames), 0); }

static weft_object *bytes_of(size_t size) {
  static char zeros[2 << 20];
  cr_assert_leq(size, sizeof zeros);
  return weft_bytes_new(zeros, size);
}

static bool is_here(const weft_frame *frame, int line) {
  size_t length = strlen(frame->file), name = strlen("tests/runtime/test_tracemalloc.c");
  return length >= name && !strcmp(frame->file + length - name, "tests/runtime/test_tracemalloc.c") &&
         frame->line == line;
}

#define at_line(line, made) (*(line) = __LINE__, (made))

/* The most recent frame of the object's traceback is that line of this file. */
static bool made_at(weft_object *o, int line) {
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
  bool is = t && is_here(&t->frames[t->count - 1], line);
  if (t && !is) fprintf(stderr, "%s:%d, not %d\n", t->frames[t->count - 1].file, t->frames[t->count - 1].line, line);
  weft_traceback_free(t);
  return is;
}

static bool is_traced(weft_object *o) {
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
  weft_traceback_free(t);
  return t != NULL;
}

/* --- Start and stop --- */

RuntimeTest(tracemalloc, before_the_start_nothing_is_traced) {
  cr_assert_not(weft_tracemalloc_is_tracing());
  cr_assert_eq(current(), 0);
  cr_assert_eq(peak(), 0);
  cr_assert_eq(weft_tracemalloc_frame_limit(), 1);
  cr_assert_eq(weft_tracemalloc_get_memory(), 0);
  weft_auto weft_object *o = FLOAT(1.5);
  cr_assert_not(is_traced(o));
}

RuntimeTest(tracemalloc, starting_and_stopping_twice_is_harmless) {
  trace(3);
  trace(7);
  cr_assert(weft_tracemalloc_is_tracing());
  cr_assert_eq(weft_tracemalloc_frame_limit(), 3, "the second start changes nothing");
  weft_auto weft_object *o = FLOAT(1.5);
  weft_tracemalloc_stop();
  weft_tracemalloc_stop();
  cr_assert_not(weft_tracemalloc_is_tracing());
  cr_assert_not(is_traced(o));
  cr_assert_eq(current(), 0);
  cr_assert_eq(peak(), 0);
  cr_assert_eq(weft_tracemalloc_get_memory(), 0);
}

RuntimeTest(tracemalloc, only_what_is_allocated_after_the_start_counts) {
  weft_object *older = bytes_of(1 << 20), *small = FLOAT(1.5);
  trace(1);
  cr_assert_eq(current(), 0);
  weft_decref(older);
  weft_decref(small);
  cr_assert_eq(current(), 0, "the end of what was there before changes nothing");
}

RuntimeTest(tracemalloc, what_outlives_tracing_dies_as_usual) {
  trace(1);
  weft_object *small = LIST(INT(1000), FLOAT(1.5)), *large = bytes_of(1 << 20);
  weft_tracemalloc_stop();
  trace(1);
  cr_assert_not(is_traced(small));
  cr_assert_not(is_traced(large));
  weft_decref(small);
  weft_decref(large);
  cr_assert_eq(current(), 0);
}

RuntimeTest(tracemalloc, TM_005_the_number_of_frames_is_limited) {
  cr_assert_eq(weft_tracemalloc_start(-1), -1);
  cr_assert(raised_with(&weft_ValueError, "-1 frames"));
  cr_assert_eq(weft_tracemalloc_start(0), -1);
  cr_assert(raised(&weft_ValueError));
  cr_assert_eq(weft_tracemalloc_start(WEFT_TRACEMALLOC_FRAMES_MAX + 1), -1);
  cr_assert(raised(&weft_ValueError));
  cr_assert_not(weft_tracemalloc_is_tracing());
}

static WEFT_NOINLINE weft_object *made_deep(int depth) {
  weft_object *o = depth ? made_deep(depth - 1) : FLOAT(1.5);
  __asm__ volatile("" : : "r"(o) : "memory"); /* no tail call */
  return o;
}

static size_t frames_of(weft_object *o_steal) {
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o_steal);
  size_t count = t ? t->count : 0;
  weft_traceback_free(t);
  weft_decref(o_steal);
  return count;
}

RuntimeTest(tracemalloc, TM_005_as_many_frames_are_recorded_as_asked_for) {
  trace(10);
  cr_assert_eq(frames_of(made_deep(12)), 10);
  weft_tracemalloc_stop();
  trace(1);
  cr_assert_eq(frames_of(made_deep(12)), 1);
  weft_tracemalloc_stop();
  trace(WEFT_TRACEMALLOC_FRAMES_MAX);
  cr_assert_eq(frames_of(made_deep(400)), WEFT_TRACEMALLOC_FRAMES_MAX);
  cr_assert_gt(frames_of(made_deep(20)), 20);
}

/* --- Where --- */

RuntimeTest(tracemalloc, TM_003_an_object_was_made_where_it_was_asked_for) {
  trace(1);
  int line;
  weft_auto weft_object *o = at_line(&line, FLOAT(1.5));
  cr_assert(made_at(o, line));
  weft_auto weft_object *list = at_line(&line, weft_list_new());
  cr_assert(made_at(list, line));
}

RuntimeTest(tracemalloc, TM_003_a_large_object_too) {
  trace(1);
  static char bytes[12345];
  int line;
  weft_auto weft_object *o = at_line(&line, weft_bytes_new(bytes, sizeof bytes));
  cr_assert(made_at(o, line));
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
  cr_assert_eq(t->count, 1);
  cr_assert(strstr(t->frames[0].function, "TM_003_a_large_object_too"));
  weft_traceback_free(t);
}

RuntimeTest(tracemalloc, frames_are_oldest_first) {
  trace(5);
  weft_auto weft_object *o = made_deep(2);
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
  cr_assert_eq(t->count, 5);
  cr_assert_str_eq(t->frames[4].function, "made_deep");
  cr_assert_str_eq(t->frames[2].function, "made_deep");
  cr_assert(strstr(t->frames[1].function, "frames_are_oldest_first"));
  weft_traceback_free(t);
}

/* The same place on the stack, reached by other calls. */
static WEFT_NOINLINE weft_object *made(void) {
  weft_object *o = FLOAT(1.5);
  __asm__ volatile("" : : "r"(o) : "memory");
  return o;
}
static WEFT_NOINLINE weft_object *by_one_caller(void) {
  weft_object *o = made();
  __asm__ volatile("" : : "r"(o) : "memory");
  return o;
}
static WEFT_NOINLINE weft_object *by_another_caller(void) {
  weft_object *o = made();
  __asm__ volatile("" : : "r"(o) : "memory");
  return o;
}
RuntimeTest(tracemalloc, callers_are_told_apart_at_the_same_depth) {
  trace(2);
  for (int i = 0; i < 100; i++) {
    weft_auto weft_object *o = i % 3 ? by_one_caller() : by_another_caller();
    weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
    cr_assert_eq(t->count, 2);
    cr_assert_str_eq(t->frames[0].function, i % 3 ? "by_one_caller" : "by_another_caller");
    weft_traceback_free(t);
  }
}

/* Frames whose size is only known when they are there: found by their frame pointer. */
static WEFT_NOINLINE weft_object *above_a_block_of(size_t size, bool one) {
  volatile char *block = alloca(size);
  block[0] = 1;
  weft_object *o = one ? by_one_caller() : by_another_caller();
  block[size - 1] = 1;
  return o;
}
RuntimeTest(tracemalloc, frames_of_any_size_are_walked) {
  trace(4);
  for (size_t i = 0; i < 200; i++) {
    weft_auto weft_object *o = above_a_block_of(16 + i % 7 * 64, i % 2);
    weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
    cr_assert_eq(t->count, 4);
    cr_assert(strstr(t->frames[0].function, "frames_of_any_size_are_walked"));
    cr_assert_str_eq(t->frames[1].function, "above_a_block_of");
    cr_assert_str_eq(t->frames[2].function, i % 2 ? "by_one_caller" : "by_another_caller");
    weft_traceback_free(t);
  }
}

/* What a header has inlined is where the program calls it. */
RuntimeTest(tracemalloc, inlined_functions_of_the_runtime_are_where_they_are_called) {
  enum { LISTS = 20 };
  weft_object *lists[LISTS];
  for (int i = 0; i < LISTS; i++) lists[i] = weft_list_new();
  trace(1);
  int line;
  for (int i = 0; i < LISTS; i++) cr_assert_eq(at_line(&line, weft_list_append(lists[i], WEFT_NONE)), 0);
  weft_snapshot *s = weft_snapshot_take();
  weft_statistics *sums = weft_snapshot_statistics(s, WEFT_SNAPSHOT_BY_LINE, false);
  size_t count = 0;
  for (size_t i = 0; i < sums->count; i++)
    if (is_here(&sums->entries[i].traceback->frames[0], line)) count = sums->entries[i].count;
  cr_assert_eq(count, LISTS, "their buffers");
  weft_statistics_free(sums);
  weft_snapshot_free(s);
  weft_tracemalloc_stop();
  for (int i = 0; i < LISTS; i++) weft_decref(lists[i]);
}

/* The runtime's frames between the program's are left out. */
static int hash_line;
static int hash_with_memory(weft_object *self, int64_t *hash) {
  (void)self;
  weft_object *o = at_line(&hash_line, FLOAT(1.5));
  cr_assert(made_at(o, hash_line));
  weft_traceback *t = weft_tracemalloc_get_object_traceback(o);
  cr_assert_str_eq(t->frames[t->count - 1].function, "hash_with_memory");
  cr_assert(strstr(t->frames[t->count - 2].function, "what_a_hook_allocates"));
  weft_traceback_free(t);
  weft_decref(o);
  *hash = 1;
  return 0;
}
RuntimeTest(tracemalloc, what_a_hook_allocates_is_the_hooks) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "key", .basic_size = sizeof(weft_object), .hash = hash_with_memory});
  weft_auto weft_object *dict = weft_dict_new(), *key = weft_object_new(type, 0);
  trace(3);
  cr_assert_eq(weft_dict_set(dict, key, WEFT_NONE), 0);
  cr_assert_neq(hash_line, 0);
}

/* --- How much --- */

RuntimeTest(tracemalloc, TM_008_memory_and_its_peak_are_counted) {
  enum { SIZE = 1 << 20, TOLERANCE = 2048 };
  trace(1);
  size_t before = current();
  weft_object *o = bytes_of(SIZE);
  cr_assert_geq(current() - before, SIZE);
  cr_assert_leq(current() - before, SIZE + TOLERANCE);
  cr_assert_geq(peak(), current());
  cr_assert_leq(peak() - before, SIZE + TOLERANCE);
  weft_decref(o);
  cr_assert_leq(current() - before, TOLERANCE);
  cr_assert_geq(peak() - before, SIZE);
  o = bytes_of(SIZE);
  weft_tracemalloc_clear_traces();
  cr_assert_eq(current(), 0);
  cr_assert_eq(peak(), 0);
  weft_decref(o);
  cr_assert_eq(current(), 0);
  o = bytes_of(SIZE);
  weft_tracemalloc_stop();
  cr_assert_eq(current(), 0);
  cr_assert_eq(peak(), 0);
  weft_decref(o);
}

RuntimeTest(tracemalloc, TM_009_cleared_traces_are_gone) {
  trace(1);
  weft_auto weft_object *small = FLOAT(1.5), *large = bytes_of(12345);
  cr_assert(is_traced(small));
  cr_assert(is_traced(large));
  weft_tracemalloc_clear_traces();
  cr_assert_not(is_traced(small));
  cr_assert_not(is_traced(large));
  weft_auto weft_object *later = FLOAT(2.5);
  cr_assert(is_traced(later), "tracing goes on");
}

RuntimeTest(tracemalloc, TM_010_the_peak_can_be_reset) {
  trace(1);
  weft_decref(bytes_of(2 << 20));
  size_t before = peak();
  weft_tracemalloc_reset_peak();
  cr_assert_lt(peak(), before);
  cr_assert_eq(peak(), current());
  size_t low = peak();
  weft_decref(bytes_of(1 << 20));
  cr_assert_geq(peak(), low + (1 << 20));
}

RuntimeTest(tracemalloc, a_buffer_that_grows_is_counted_once) {
  trace(1);
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 100000; i++) cr_assert_eq(weft_list_append(list, WEFT_NONE), 0);
  cr_assert_geq(current(), 100000 * sizeof(weft_object *));
  cr_assert_leq(current(), 100000 * sizeof(weft_object *) * 5 / 4);
  cr_assert_eq(weft_list_clear(list), 0);
  cr_assert_leq(current(), 256);
}

/* Everything the heap gives out is traced, and nothing twice: beside the heap's own figures. */
static size_t in_the_heap(void) {
  weft_heap_stats s = heap_now();
  return s.block_bytes + s.large_bytes;
}

static weft_object *list_of_none(size_t n) {
  weft_object *o = weft_list_new();
  while (n-- > 0) weft_list_append(o, WEFT_NONE);
  return o;
}
static weft_object *some_object(uint32_t n, weft_object *part_steal) {
  weft_object *o = NULL;
  switch (n % 6) {
    case 0: return LIST(part_steal, INT((int64_t)n << 20));
    case 1: return TUPLE(part_steal, FLOAT(n));
    case 2: o = weft_dict_new(); break;
    case 3: o = bytes_of(n % 3000); break;
    case 4: o = list_of_none(n % 900); break;
    case 5: o = weft_set_new(); break;
  }
  if (n % 6 == 2) weft_dict_set(o, part_steal, WEFT_NONE);
  weft_error_clear();
  weft_decref(part_steal);
  return o;
}

enum { KEPT = 500 };
static void churn(void *seed) {
  static weft_object *shared[KEPT]; /* atomic */
  uint32_t state = *(uint32_t *)seed + (uint32_t)(uintptr_t)pthread_self();
  for (int i = 0; i < (SANITIZED ? 5000 : 30000); i++) {
    state = state * 1664525 + 1013904223;
    weft_object *o = some_object(state >> 8, FLOAT(i));
    weft_xdecref(weft__exchange_acq_rel(&shared[state >> 16 & 255], o));
  }
  for (int i = 0; i < KEPT; i++) weft_xdecref(weft__exchange_acq_rel(&shared[i], NULL));
}

RuntimeTest(tracemalloc, threads_trace_exactly_what_the_heap_gives_out) {
  uint32_t seed = 1;
  weft_poll();
  size_t before = in_the_heap();
  trace(2);
  weft_object *kept = LIST(INT(1), FLOAT(2), bytes_of(1000), weft_dict_new());
  in_new_threads(4, churn, &seed);
  churn(&seed);
  weft_gc_collect(2);
  weft_heap_stats now = settled_heap(0, 0);
  cr_assert_eq(now.block_bytes + now.large_bytes - before, current());
  weft_decref(kept);
}

static weft_object *of_four[4][1000];
static void make_a_thousand(void *next) {
  size_t mine = weft__add_relaxed((size_t *)next, 1);
  for (int i = 0; i < 1000; i++) of_four[mine][i] = FLOAT(i);
}
RuntimeTest(tracemalloc, blocks_of_all_threads_are_counted_and_freed_by_any) {
  trace(1);
  size_t next = 0, before = current();
  in_new_threads(4, make_a_thousand, &next);
  cr_assert_geq(current() - before, 4000 * 24);
  cr_assert_leq(current() - before, 4000 * 24 + 4 * 1000, "and the threads' own objects");
  for (int t = 0; t < 4; t++)
    for (int i = 0; i < 1000; i++) {
      cr_assert(i % 100 || is_traced(of_four[t][i]));
      weft_decref(of_four[t][i]);
    }
  weft_poll();
  cr_assert_leq(current(), before + 4 * 1000);
}

/* Survivors of collections have marks in their pages, which frees then clear: in pages of containers. */
RuntimeTest(tracemalloc, regress_what_survived_a_collection_dies_while_traced) {
  trace(1);
  weft_object *lists[100], *floats[100];
  for (int i = 0; i < 100; i++) lists[i] = LIST(weft_new_ref(floats[i] = FLOAT(i)));
  weft_gc_collect(2);
  for (int i = 0; i < 100; i += 2) weft_decref(lists[i]), weft_decref(floats[i]);
  for (int i = 1; i < 100; i += 2) {
    cr_assert_eq(weft_float_value(floats[i]), i);
    weft_decref(lists[i]), weft_decref(floats[i]);
  }
}

/* --- Without memory --- */

RuntimeTest(tracemalloc, without_memory_for_a_trace_the_block_is_not_traced) {
  trace(1);
  weft_tracemalloc_clear_traces();
  weft__store_relaxed(&weft__trace_starves, 1u);
  weft_object *small = FLOAT(1.5), *large = bytes_of(5000), *list = list_of_none(1000);
  cr_assert(small && large && list);
  cr_assert_eq(weft_list_length(list), 1000);
  cr_assert_not(is_traced(small));
  cr_assert_not(is_traced(large));
  cr_assert_eq(current(), 0);
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 0x1234, 123), -1);
  cr_assert(raised(&weft_MemoryError));
  weft__store_relaxed(&weft__trace_starves, 0u);
  weft_decref(large);
  weft_decref(small);
  weft_decref(list);
  cr_assert_eq(current(), 0);
}

/* --- Fork, the end --- */

RuntimeTest(tracemalloc, TM_014_a_child_of_fork_goes_on_tracing) {
  trace(1);
  int line_before;
  weft_auto weft_object *before = at_line(&line_before, FLOAT(1.5));
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    int line;
    weft_object *o = at_line(&line, FLOAT(2.5));
    _exit(weft_tracemalloc_is_tracing() && made_at(o, line) && made_at(before, line_before) ? 0 : 1);
  }
  int status;
  cr_assert_eq(waitpid(pid, &status, 0), pid);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  cr_assert(is_traced(before));
}

RuntimeTest(tracemalloc, the_environment_starts_it) {
  weft_finalize();
  setenv("WEFT_TRACEMALLOC", "7", 1);
  start();
  cr_assert(weft_tracemalloc_is_tracing());
  cr_assert_eq(weft_tracemalloc_frame_limit(), 7);
  unsetenv("WEFT_TRACEMALLOC");
}

static char warning[200];
static void keep_warning(const char *message) { snprintf(warning, sizeof warning, "%s", message); }
RuntimeTest(tracemalloc, nonsense_in_the_environment_is_reported) {
  weft_finalize();
  setenv("WEFT_TRACEMALLOC", "many", 1);
  weft_set_warning_hook(keep_warning);
  start();
  cr_assert_not(weft_tracemalloc_is_tracing());
  cr_assert(strstr(warning, "WEFT_TRACEMALLOC is 'many'"));
  unsetenv("WEFT_TRACEMALLOC");
}

/* --- What users track --- */

static size_t tracked_frames(uintptr_t address) {
  weft_traceback *t = weft_tracemalloc_get_traceback(DOMAIN, address);
  size_t count = t ? t->count : 0;
  weft_traceback_free(t);
  return count;
}

RuntimeTest(tracemalloc, TM_043_memory_from_elsewhere_can_be_tracked) {
  trace(5);
  size_t before = current();
  int line;
  cr_assert_eq(at_line(&line, weft_tracemalloc_track(DOMAIN, 0x1234, 123)), 0);
  cr_assert_eq(current() - before, 123);
  weft_traceback *t = weft_tracemalloc_get_traceback(DOMAIN, 0x1234);
  cr_assert(is_here(&t->frames[t->count - 1], line));
  weft_traceback_free(t);
  cr_assert_eq(tracked_frames(0x1235), 0);
  cr_assert_null(weft_tracemalloc_get_traceback(DOMAIN + 1, 0x1234), "another domain's address");
}

RuntimeTest(tracemalloc, TM_044_a_detached_thread_tracks) {
  trace(1);
  size_t before = current();
  weft_detach();
  int tracked = weft_tracemalloc_track(DOMAIN, 0x1234, 123);
  weft_reattach();
  cr_assert_eq(tracked, 0);
  cr_assert_eq(current() - before, 123);
  cr_assert_eq(tracked_frames(0x1234), 1);
}

static WEFT_NOINLINE int track_there(size_t size) {
  int done = weft_tracemalloc_track(DOMAIN, 0x1234, size);
  __asm__ volatile("" : : "r"(done) : "memory");
  return done;
}
RuntimeTest(tracemalloc, TM_045_tracking_again_replaces_the_trace) {
  trace(1);
  size_t before = current();
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 0x1234, 123), 0);
  cr_assert_eq(track_there(50), 0);
  cr_assert_eq(current() - before, 50);
  weft_traceback *t = weft_tracemalloc_get_traceback(DOMAIN, 0x1234);
  cr_assert_str_eq(t->frames[0].function, "track_there");
  weft_traceback_free(t);
}

RuntimeTest(tracemalloc, TM_046_untracking_removes_the_trace) {
  trace(1);
  size_t before = current();
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 0x1234, 123), 0);
  cr_assert_eq(weft_tracemalloc_untrack(DOMAIN, 0x1234), 0);
  cr_assert_eq(current(), before);
  cr_assert_eq(tracked_frames(0x1234), 0);
  cr_assert_eq(weft_tracemalloc_untrack(DOMAIN, 0x1234), 0, "again");
  cr_assert_eq(current(), before);
}

RuntimeTest(tracemalloc, TM_047_a_detached_thread_untracks) {
  trace(1);
  size_t before = current();
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 0x1234, 123), 0);
  weft_detach();
  int untracked = weft_tracemalloc_untrack(DOMAIN, 0x1234);
  weft_reattach();
  cr_assert_eq(untracked, 0);
  cr_assert_eq(current(), before);
}

/* The catalogue's TM_048 and TM_049. */
RuntimeTest(tracemalloc, TM_048_TM_049_without_tracing_nothing_is_tracked) {
  trace(1);
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 0x1234, 123), 0);
  weft_tracemalloc_stop();
  cr_assert_eq(tracked_frames(0x1234), 0);
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 0x1234, 123), -1);
  cr_assert(raised_with(&weft_RuntimeError, "tracing is off"));
  cr_assert_eq(weft_tracemalloc_untrack(DOMAIN, 0x1234), -1);
  cr_assert(raised_with(&weft_RuntimeError, "tracing is off"));
}

RuntimeTest(tracemalloc, the_heaps_own_domain_is_not_the_users) {
  trace(1);
  cr_assert_eq(weft_tracemalloc_track(WEFT_TRACEMALLOC_HEAP, 0x1234, 123), -1);
  cr_assert(raised(&weft_ValueError));
  cr_assert_eq(weft_tracemalloc_untrack(WEFT_TRACEMALLOC_HEAP, 0x1234), -1);
  cr_assert(raised(&weft_ValueError));
}

enum { TRACKERS = 50 };
static uint32_t stopped; /* atomic */
static void *track_and_untrack(void *unused) {
  (void)unused;
  while (!weft__load_acquire(&stopped)) {
    weft_tracemalloc_track(DOMAIN, 0x1234, 123);
    weft_tracemalloc_untrack(DOMAIN, 0x1234);
  }
  return NULL;
}
RuntimeTest(tracemalloc, TM_050_threads_track_while_another_one_stops) {
  pthread_t trackers[TRACKERS];
  for (int i = 0; i < TRACKERS; i++) cr_assert_eq(pthread_create(&trackers[i], NULL, track_and_untrack, NULL), 0);
  for (int i = 0; i < (SANITIZED ? 20 : 100); i++) {
    trace(2);
    weft_decref(FLOAT(i));
    weft_tracemalloc_stop();
    cr_assert_eq(current(), 0);
  }
  weft__store_release(&stopped, 1u);
  for (int i = 0; i < TRACKERS; i++) pthread_join(trackers[i], NULL);
}

static int late_result;
static void untrack_late(weft_object *self) {
  (void)self;
  late_result = weft_tracemalloc_untrack(DOMAIN, 0x1234);
  weft_error_clear();
}
RuntimeTest(tracemalloc, TM_051_a_finalizer_untracks_at_the_end) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "late", .basic_size = sizeof(weft_object), .finalize = untrack_late});
  cr_assert_not_null(type);
  weft_auto weft_object *name = STR("late");
  weft_object *late = weft_object_new(type, 0);
  trace(1);
  cr_assert_eq(weft_tracemalloc_track(DOMAIN, 0x1234, 123), 0);
  late_result = 1;
  cr_assert_eq(weft_type_set(probe_type, name, late), 0);
  weft_decref(late);
  weft_clear(&name);
  weft_finalize();
  cr_assert_eq(late_result, 0);
  start();
}

/* --- Threads that come and go --- */

static void in_and_out(void *unused) {
  (void)unused;
  for (int i = 0; i < 300; i++) {
    weft_object *list = LIST(FLOAT(i), INT(i), bytes_of((size_t)i * 4));
    weft_poll();
    weft_decref(list);
  }
}
static void switch_often(void *unused) {
  (void)unused;
  for (int i = 0; i < 50; i++) {
    if (weft_tracemalloc_start(1 + i % 5) < 0) abort();
    in_and_out(NULL);
    if (i % 3) weft_tracemalloc_clear_traces();
    weft_tracemalloc_stop();
  }
}
static void switch_or_allocate(void *next) {
  if (weft__add_relaxed((size_t *)next, 1) % 2)
    switch_often(NULL);
  else
    for (int i = 0; i < 20; i++) in_and_out(NULL);
}
RuntimeTest(tracemalloc, tracing_starts_and_stops_while_others_allocate) {
  size_t next = 0;
  in_new_threads(6, switch_or_allocate, &next);
  weft_tracemalloc_stop();
  cr_assert_eq(current(), 0);
}
