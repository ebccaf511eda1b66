/* SPDX-License-Identifier: MIT */
/* Workloads of Weft's own: reads that count nothing, deferred releases, and the price of sharing what was private. */
#include <pthread.h>

#include "../workloads/shared_template.h"

/* --- Bracket reads --- */

static uint64_t bracket_dict_body(bench_worker *w, uint64_t iterations) {
  struct shared_bench *s = w->shared;
  for (uint64_t n = 0; n < iterations; n++) {
    weft_read_begin();
    for (int i = 0; i < SHARED_ENTRIES; i++) {
      object *o = weft_dict_peek(s->d, s->keys[i]);
      bench_opaque(o);
    }
    weft_read_end();
  }
  return iterations * SHARED_ENTRIES;
}

static uint64_t bracket_list_body(bench_worker *w, uint64_t iterations) {
  struct shared_bench *s = w->shared;
  for (uint64_t n = 0; n < iterations; n++) {
    weft_read_begin();
    for (int i = 0; i < SHARED_ENTRIES; i++) {
      object *o = weft_list_peek(s->l, i);
      bench_opaque(o);
    }
    weft_read_end();
  }
  return iterations * SHARED_ENTRIES;
}

static uint64_t bracket_attr_body(bench_worker *w, uint64_t iterations) {
  struct shared_bench *s = w->shared;
  for (uint64_t n = 0; n < iterations; n++) {
    weft_read_begin();
    for (int i = 0; i < SHARED_ENTRIES; i++) {
      object *o = weft_getattr_peek(s->instance, s->name);
      bench_opaque(o);
    }
    weft_read_end();
  }
  return iterations * SHARED_ENTRIES;
}

/* A bracket for each. */
static uint64_t bracket_weak_body(bench_worker *w, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) {
    weft_read_begin();
    object *o = weft_weakref_peek(w->shared);
    bench_opaque(o);
    weft_read_end();
    if (i % 256 == 0) weft_poll();
  }
  return iterations;
}
static void bracket_weak(bench_run *run) { weak_measure_shared(run, bracket_weak_body); }

static void bracket_dict(bench_run *run) { shared_measure(run, (bench_work){.body = bracket_dict_body}); }
static void bracket_attr(bench_run *run) { shared_measure(run, (bench_work){.body = bracket_attr_body}); }
static void bracket_list(bench_run *run) { shared_measure(run, (bench_work){.body = bracket_list_body}); }

static void *touch_list(void *l) {
  if (!weft_attach() || weft_list_length(l) < 0) bench_fail("cannot touch");
  weft_detach();
  return NULL;
}

/* --- Deferred releases: a thread replaces one slot of a list that another one made --- */

static uint64_t release_body(bench_worker *w, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) {
    object *o = object_new();
    if (weft_list_set(w->shared, 0, o) != 0) must(NULL);
    weft_decref(o);
  }
  return iterations;
}

/* The same without what is let go of: the slot keeps an immortal. */
static uint64_t no_release_body(bench_worker *w, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) {
    object *o = object_new();
    if (weft_list_set(w->shared, 0, WEFT_NONE) != 0) must(NULL);
    weft_decref(o);
  }
  return iterations;
}

static void measure_release(bench_run *run, uint64_t (*body)(bench_worker *, uint64_t)) {
  object *none = WEFT_NONE;
  weft_object *l = must(weft_list_of(1, &none));
  bench_measure(run, (bench_work){.body = body, .shared = l});
  weft_decref(l);
}
static void deferred_release(bench_run *run) { measure_release(run, release_body); }
static void deferred_release_none(bench_run *run) { measure_release(run, no_release_body); }

/* What piles up meanwhile: the process's peak over what it had at the start. */
static void replace_10m(bench_run *run) {
  enum { REPLACED = 10000000 };
  object *none = WEFT_NONE;
  weft_object *l = must(weft_list_of(1, &none));
  pthread_t other;
  void *token = bench_release(run);
  if (pthread_create(&other, NULL, touch_list, l) != 0 || pthread_join(other, NULL) != 0) bench_fail("no thread");
  bench_acquire(run, token);
  double before = bench_peak_bytes();
  uint64_t start = bench_now();
  release_body(&(bench_worker){.shared = l}, REPLACED);
  bench_sample(run, "ns_per_op", (double)(bench_now() - start) / REPLACED);
  bench_sample(run, "peak_mb", (bench_peak_bytes() - before) / 1e6);
  weft_decref(l);
}

/* --- Sharing a million small lists --- */

enum { SMALL_LISTS = 1000000 };

static void *touch_all(void *list_of_lists) {
  weft_object *lists = list_of_lists;
  if (!weft_attach()) bench_fail("cannot attach");
  static double ns;
  uint64_t start = bench_now();
  for (int64_t i = 0; i < SMALL_LISTS; i++) {
    weft_object *l = must(weft_list_get(lists, i));
    if (weft_list_length(l) != 0) must(NULL);
    weft_decref(l);
  }
  ns = (double)(bench_now() - start) / SMALL_LISTS;
  weft_detach();
  return &ns;
}

static void share_once(bench_run *run, bool blocked) {
  weft_object *lists = must(weft_list_new());
  for (int i = 0; i < SMALL_LISTS; i++) {
    weft_object *l = must(weft_list_new());
    if (weft_list_append(lists, l) != 0) must(NULL);
    weft_decref(l);
  }
  pthread_t other;
  void *ns = NULL;
  if (pthread_create(&other, NULL, touch_all, lists) != 0) bench_fail("cannot start a thread");
  if (blocked) {
    void *token = bench_release(run);
    pthread_join(other, &ns);
    bench_acquire(run, token);
  } else {
    while (pthread_tryjoin_np(other, &ns) != 0) weft_poll();
  }
  bench_sample(run, "ns_per_op", *(double *)ns);
  weft_decref(lists);
}

static void share_blocked(bench_run *run, void *unused) {
  (void)unused;
  share_once(run, true);
}
static void share_running(bench_run *run, void *unused) {
  (void)unused;
  share_once(run, false);
}
static void share_lists_blocked(bench_run *run) { bench_repeat(run, 0, share_blocked, NULL); }
static void share_lists_running(bench_run *run) { bench_repeat(run, 0, share_running, NULL); }

static const bench_workload sharing_workloads[] = {
    {.name = "shared_read_dict_bracket", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = bracket_dict},
    {.name = "shared_read_list_bracket", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = bracket_list},
    {.name = "shared_read_attr_bracket", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = bracket_attr},
    {.name = "weakref_deref_bracket", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = bracket_weak},
    {.name = "deferred_release", .threads = BENCH_T(1), .run = deferred_release},
    {.name = "deferred_release_none", .threads = BENCH_T(1), .run = deferred_release_none},
    {.name = "deferred_replace_10M", .threads = BENCH_T(1), .run = replace_10m},
    {.name = "share_lists_blocked", .threads = BENCH_T(2), .run = share_lists_blocked},
    {.name = "share_lists_running", .threads = BENCH_T(2), .run = share_lists_running},
    {.name = NULL},
};
