/* SPDX-License-Identifier: MIT */
/*
 * An object pool, as document 002 has it, and what is left for one to gain over a heap that keeps freed blocks at hand.
 *
 * The pool is a list of pooled objects; each of those is a list with a mark that says whether it is in the pool, so
 * that a second release is refused. Acquire and release each are one operation on the pool's list, so threads may share
 * it.
 */
#include <weft/sync/atomic.h>

#include "demos/heap.h"
#include "demos/support/timing.h"
#include "demos/support/workers.h"

enum { POOL_SIZE = 10 };

/* --- The pool --- */

struct pooled {
  weft_object header;
  uint32_t in_pool; /* atomic */
  uint32_t users;   /* atomic */
  weft_object *list;
};

static void pooled_dealloc(weft_object *self) {
  weft_decref(((struct pooled *)self)->list);
  weft_object_free(self, 0);
}

static const weft_type *pooled_type;

static weft_object *list_of(weft_object *o) { return ((struct pooled *)o)->list; }

/* Not in a pool. Returns new. */
static weft_object *pooled_new(void) {
  weft_object *list = weft_list_new();
  weft_object *o = list ? weft_object_new(pooled_type, 0) : NULL;
  if (o)
    ((struct pooled *)o)->list = list;
  else
    weft_xdecref(list);
  return o;
}

/* False, and an error: it is in the pool already. */
static bool release(weft_object *pool, weft_object *o) {
  struct pooled *p = (struct pooled *)o;
  /* order: acq_rel: of two releases one is first. */
  if (weft__exchange_acq_rel(&p->in_pool, 1u)) {
    weft_raise(&weft_ValueError, "the object has been released already");
    return false;
  }
  return weft_list_clear(p->list) == 0 && weft_list_append(pool, o) == 0;
}

/* Returns new. */
static weft_object *acquire(weft_object *pool) {
  weft_object *o = weft_list_pop(pool, -1);
  if (!o) {
    weft_error_clear();
    return pooled_new();
  }
  weft__exchange_acq_rel(&((struct pooled *)o)->in_pool, 0u); /* order: acq_rel: as in release */
  return o;
}

/* Returns new. */
static weft_object *pool_new(void) {
  weft_object *pool = weft_list_new();
  for (int i = 0; i < POOL_SIZE; i++) {
    weft_auto weft_object *o = pooled_new();
    release(pool, o);
  }
  return pool;
}

/* --- POOL-01 to 03 --- */

static void show_cycle(weft_object *pool) {
  int64_t full = weft_list_length(pool);
  weft_auto weft_object *o = acquire(pool);
  int64_t less = weft_list_length(pool);
  weft_list_append(list_of(o), WEFT_TRUE);
  uintptr_t id = weft_id(o);
  release(pool, o);
  int64_t again = weft_list_length(pool);
  weft_auto weft_object *same = acquire(pool);
  bool emptied = weft_list_length(list_of(same)) == 0;
  tap_say("in the pool: %d, acquired %d, released %d", (int)full, (int)less, (int)again);
  tap_check(full == POOL_SIZE && less == POOL_SIZE - 1 && again == POOL_SIZE && weft_id(same) == id && emptied,
            "POOL-01", "what was released comes back, emptied");
  release(pool, same);
}

static bool all_different(weft_object *const *objects, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      if (objects[i] == objects[j]) return false;
  return true;
}

static void show_exhaustion(weft_object *pool) {
  weft_object *objects[POOL_SIZE + 1];
  for (int i = 0; i <= POOL_SIZE; i++) objects[i] = acquire(pool);
  bool different = all_different(objects, POOL_SIZE + 1);
  for (int i = 0; i <= POOL_SIZE; i++) {
    release(pool, objects[i]);
    weft_decref(objects[i]);
  }
  int64_t size = weft_list_length(pool);
  tap_check(different && size == POOL_SIZE + 1, "POOL-02",
            "an empty pool makes a new object: 11 are different; released, the pool has grown to %d", (int)size);
}

static void show_double_release(weft_object *pool) {
  weft_auto weft_object *o = acquire(pool);
  bool first = release(pool, o), second = release(pool, o);
  weft_auto weft_object *error = weft_error_take();
  weft_auto weft_object *a = acquire(pool);
  weft_auto weft_object *b = acquire(pool);
  tap_say("the document's pool would now hand out one object twice");
  tap_check(first && !second && error && a != b, "POOL-03", "a second release is refused: %s",
            error ? weft_error_message(error) : "");
  release(pool, a);
  release(pool, b);
}

/* --- POOL-04 --- */

static void show_runtimes_own(void) {
  enum { N = 1000 };
  weft_auto weft_object *x = weft_int_new(42);
  weft_auto weft_object *y = weft_int_new(42);
  uintptr_t last = 0;
  int hits = 0;
  for (int i = 0; i <= N; i++) {
    weft_object *list = weft_list_new();
    hits += weft_id(list) == last;
    last = weft_id(list);
    weft_decref(list);
  }
  tap_say("document: Python pools small ints and strings by itself");
  tap_check(x == y && hits == N, "POOL-04",
            "42 is one object; %d of %d lists got the block that the one before had left", hits, N);
}

/* --- POOL-05 --- */

enum { ROUNDS = 200000, SERIES = 5, TURNS = 20000 };

static double ns_per_pooled(weft_object *pool) {
  uint64_t start = now_ns();
  for (int i = 0; i < ROUNDS; i++) {
    weft_object *o = acquire(pool);
    release(pool, o);
    weft_decref(o);
  }
  return (double)(now_ns() - start) / ROUNDS;
}

static double ns_per_made(void) {
  uint64_t start = now_ns();
  for (int i = 0; i < ROUNDS; i++) weft_decref(weft_list_new());
  return (double)(now_ns() - start) / ROUNDS;
}

/* An object that two have at once shows in its count of users. */
static weft_object *take_turns(size_t index, void *pool) {
  (void)index;
  bool alone = true;
  for (int i = 0; i < TURNS; i++) {
    weft_object *o = acquire(pool);
    struct pooled *p = (struct pooled *)o;
    /* order: acq_rel: the one who comes second sees the first. */
    alone = weft__add_acq_rel(&p->users, 1u) == 0 && alone;
    weft_poll();
    weft__sub_acq_rel(&p->users, 1u);
    alone = release(pool, o) && alone;
    weft_decref(o);
  }
  return weft_bool_new(alone);
}

static void show_benefit(weft_object *pool) {
  double pooled = 0, made = 0;
  for (int i = 0; i < SERIES; i++) {
    double p = ns_per_pooled(pool), m = ns_per_made();
    pooled = pooled == 0 || p < pooled ? p : pooled;
    made = made == 0 || m < made ? m : made;
  }
  weft_object *results[2] = {NULL, NULL};
  bool alone = run_threads(2, take_turns, pool, results);
  for (int i = 0; i < 2; i++) {
    alone = alone && results[i] == WEFT_TRUE;
    weft_xdecref(results[i]);
  }
  tap_say("a list acquired and released: %.1f ns; made and dropped: %.1f ns", pooled, made);
  tap_say("(the heap is a pool already; what a pool of one's own saves is what it takes to fill the object again)");
  tap_check(alone && pooled > 0 && made > 0, "POOL-05",
            "two threads share the pool, %d turns each: nobody shares an object", TURNS);
}

void show_pools(void) {
  tap_title("Object pools");
  pooled_type = weft_type_new(
      &(weft_type_spec){.name = "pooled", .basic_size = sizeof(struct pooled), .dealloc = pooled_dealloc});
  weft_auto weft_object *pool = pooled_type ? pool_new() : NULL;
  if (!pool) {
    tap_check(false, "POOL-01", "out of memory");
    return;
  }
  show_cycle(pool);
  show_exhaustion(pool);
  show_double_release(pool);
  show_runtimes_own();
  show_benefit(pool);
}
