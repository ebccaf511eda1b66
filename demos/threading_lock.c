/* SPDX-License-Identifier: MIT */
/*
 * What the lock is for, and what it is not for: at most one thread holds it; native code without locks of its own
 * relies on that; but a read and a write with a switch in between are two operations, lock or not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <weft/sync/mutex.h>

#include "demos/threading.h"

enum { THREADS = 4 };

/* --- GIL-08 --- */

enum { ACQUISITIONS = 30000, LOOKS = 20 /* while it is held */ };

struct exclusion {
  atomic_int inside;
  int most[THREADS]; /* threads seen inside, oneself included; each element written by one thread */
};

static weft_object *acquire_often(size_t index, void *arg) {
  struct exclusion *e = arg;
  for (int i = 0; i < ACQUISITIONS; i++) {
    WEFT_BEGIN_ALLOW_THREADS
    WEFT_END_ALLOW_THREADS
    atomic_fetch_add(&e->inside, 1);
    for (int look = 0; look < LOOKS; look++) {
      int now = e->inside;
      if (now > e->most[index]) e->most[index] = now;
    }
    atomic_fetch_sub(&e->inside, 1);
  }
  return WEFT_NONE;
}

void show_exclusion(void) {
  struct exclusion e = {0};
  int most = 0;
  tap_title("Mutual exclusion: %d threads acquire %d times each", THREADS, ACQUISITIONS);
  bool done = run_threads(THREADS, acquire_often, &e, NULL);
  for (int i = 0; i < THREADS; i++) most = e.most[i] > most ? e.most[i] : most;
  if (weft_gil_enabled()) {
    tap_check(done && most == 1, "GIL-08", "%d acquisitions, never more than %d holder", THREADS * ACQUISITIONS, most);
    return;
  }
  tap_check(done, NULL, "%d attachments", THREADS * ACQUISITIONS);
  tap_say(
      "GIL-08 is about the lock. Without one nothing keeps threads apart: up to %d were attached in the same moment",
      most);
}

/* --- GIL-10 --- */

enum { CALLS = 100000 };

/* An object of a user type, without a lock of its own unless it uses the one it has. */
struct tally {
  weft_object header;
  int64_t sum;
  weft_mutex lock;
};

static void add_one(struct tally *t) {
  /* order: relaxed, both: nothing but the number is shared; separate, so that an update can get lost. */
  weft__store_relaxed(&t->sum, weft__load_relaxed(&t->sum) + 1);
}

static weft_object *native_plain(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  add_one((struct tally *)weft_function_captured_borrow(function, 0));
  return WEFT_NONE;
}

static weft_object *native_locked(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  struct tally *t = (struct tally *)weft_function_captured_borrow(function, 0);
  weft_mutex_lock(&t->lock);
  add_one(t);
  weft_mutex_unlock(&t->lock);
  return WEFT_NONE;
}

static weft_object *call_often(size_t index, void *callback) {
  (void)index;
  for (int i = 0; i < CALLS; i++) {
    if (!weft_call(callback, NULL, 0)) return NULL;
    weft_poll();
  }
  return WEFT_NONE;
}

/* What a tally has come to after four threads have called `body` on it; -1: failed. */
static int64_t tally_after(const weft_type *type, weft_c_function body) {
  weft_auto weft_object *tally = type ? weft_object_new(type, 0) : NULL;
  weft_auto weft_object *callback = tally ? weft_function_new("callback", body, 1, &tally) : NULL;
  if (!callback || !run_threads(THREADS, call_often, callback, NULL)) return -1;
  return ((struct tally *)tally)->sum;
}

void show_native_callback(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "tally", .basic_size = sizeof(struct tally)});
  long long all = (long long)THREADS * CALLS;
  tap_title("Simpler native extensions: a C callback adds to an object, %d times from each of %d threads", CALLS,
            THREADS);
  long long plain = tally_after(type, native_plain);
  tap_say("without a lock of its own: %lld of %lld", plain, all);
  if (weft_gil_enabled()) {
    tap_check(plain == all, "GIL-10", "exact without a lock of its own: the GIL is enough");
    return;
  }
  long long locked = tally_after(type, native_locked);
  tap_check(locked == all && plain >= 0, "GIL-10",
            "with a lock in the object: %lld of %lld; without one %lld were lost", locked, all, all - plain);
}

/* --- GIL-15 --- */

enum { INCREMENTS = 1000 };

struct counter {
  weft_object *cell;
  weft_mutex lock;
  bool use_lock;
  pthread_barrier_t start;
};

/* counter = counter + 1, as an unlucky scheduler would run it: another thread's turn between reading and writing. */
static bool read_yield_write(weft_object *cell) {
  weft_auto weft_object *value = weft_cell_get(cell);
  WEFT_BEGIN_ALLOW_THREADS
  nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
  WEFT_END_ALLOW_THREADS
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *sum = value ? weft_add(value, one) : NULL;
  return sum && weft_cell_set(cell, sum) == 0;
}

static weft_object *increment_often(size_t index, void *arg) {
  struct counter *c = arg;
  bool good = true;
  (void)index;
  WEFT_BEGIN_ALLOW_THREADS
  pthread_barrier_wait(&c->start);
  WEFT_END_ALLOW_THREADS
  for (int i = 0; i < INCREMENTS && good; i++) {
    if (c->use_lock) weft_mutex_lock(&c->lock);
    good = read_yield_write(c->cell);
    if (c->use_lock) weft_mutex_unlock(&c->lock);
  }
  return good ? WEFT_NONE : NULL;
}

/* The counter's value after 4 x 1000 increments; -1: failed. */
static int64_t count_after(bool use_lock) {
  weft_auto weft_object *zero = weft_int_new(0);
  weft_auto weft_object *cell = weft_cell_new(zero);
  struct counter c = {.cell = cell, .use_lock = use_lock};
  pthread_barrier_init(&c.start, NULL, THREADS);
  bool done = cell && run_threads(THREADS, increment_often, &c, NULL);
  pthread_barrier_destroy(&c.start);
  weft_auto weft_object *value = done ? weft_cell_get(cell) : NULL;
  return value ? weft_int_value(value) : -1;
}

void show_lost_updates(void) {
  const int all = THREADS * INCREMENTS;
  tap_title("A GIL is not thread safety: read, let others run, write; %d times in each of %d threads", INCREMENTS,
            THREADS);
  tap_say("document: one of the typical errors is to take the GIL for thread safety");
  int bare = (int)count_after(false), locked = (int)count_after(true);
  tap_say("here:     without a mutex %d instead of %d; with a mutex %d", bare, all, locked);
  tap_check(bare >= 0 && bare < all && locked == all, "GIL-15", "%d updates lost without a mutex, none with one",
            all - bare);
}

/* --- GIL-16 --- */

enum { APPENDS = 50000 };

static weft_object *append_often(size_t index, void *list) {
  for (int64_t i = 0; i < APPENDS; i++) {
    weft_auto weft_object *item = weft_int_new((int64_t)index * APPENDS + i);
    if (!item || weft_list_append(list, item) < 0) return NULL;
    weft_poll();
  }
  return WEFT_NONE;
}

static int64_t sum_of(weft_object *list) {
  int64_t sum = 0;
  for (int64_t i = 0; i < weft_list_length(list); i++) {
    weft_auto weft_object *item = weft_list_get(list, i);
    sum += weft_int_value(item);
  }
  return sum;
}

static weft_object *insert_often(size_t index, void *dict) {
  for (int64_t i = 0; i < APPENDS; i++) {
    weft_auto weft_object *key = weft_int_new((int64_t)index * APPENDS + i);
    if (!key || weft_dict_set(dict, key, key) < 0) return NULL;
    weft_poll();
  }
  return WEFT_NONE;
}

/* How many of the keys 0 to n - 1 are there, with themselves as values. */
static int64_t right_items(weft_object *dict, int64_t n) {
  int64_t right = 0;
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *key = weft_int_new(i), *value = NULL;
    right += weft_dict_find(dict, key, &value) == 1 && weft_int_value(value) == i;
  }
  return right;
}

void show_containers(void) {
  const int64_t all = THREADS * APPENDS;
  weft_auto weft_object *list = weft_list_new(), *dict = weft_dict_new();
  tap_title("Single container operations: %d threads append %d ints each to one list, and insert them into one dict",
            THREADS, APPENDS);
  bool done =
      list && dict && run_threads(THREADS, append_often, list, NULL) && run_threads(THREADS, insert_often, dict, NULL);
  int64_t length = weft_list_length(list), sum = sum_of(list);
  int64_t keys = weft_dict_length(dict), right = right_items(dict, all);
  tap_say("list: length %lld, sum %lld; dict: length %lld, %lld items as inserted", (long long)length, (long long)sum,
          (long long)keys, (long long)right);
  tap_check(done && length == all && sum == all * (all - 1) / 2 && keys == all && right == all, "GIL-16",
            "of %lld appends and as many insertions none is lost", (long long)all);
}
