/* SPDX-License-Identifier: MIT */
/*
 * Reference counts between threads: the thing that the lock protects in CPython. Each mode has its own way of keeping
 * them exact; all three give the same result.
 */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "demos/threading.h"

/* --- GIL-09 --- */

enum { THREADS = 4, PAIRS = 1000000 };

static weft_object *count_pairs(size_t index, void *shared) {
  (void)index;
  for (int i = 0; i < PAIRS; i++) {
    weft_incref(shared);
    weft_poll();
    weft_decref(shared);
  }
  return WEFT_NONE;
}

/* The same on a bare number and without the lock: each step a separate load and store. */
static weft_object *count_pairs_unprotected(size_t index, void *arg) {
  int64_t *count = arg;
  (void)index;
  WEFT_BEGIN_ALLOW_THREADS
  for (int i = 0; i < PAIRS; i++) {
    /* order: relaxed, all four: it is the lost updates that are to be seen. */
    weft__store_relaxed(count, weft__load_relaxed(count) + 1);
    weft__store_relaxed(count, weft__load_relaxed(count) - 1);
  }
  WEFT_END_ALLOW_THREADS
  return WEFT_NONE;
}

static void show_shared_count(void) {
  static const char *const why[] = {"the lock", "owner and shared halves", "atomic instructions"};
  int64_t unprotected = 1;
  weft_auto weft_object *shared = weft_list_new();
  bool done = shared && run_threads(THREADS, count_pairs, shared, NULL) &&
              run_threads(THREADS, count_pairs_unprotected, &unprotected, NULL);
  weft_poll(); /* settles what other threads left for the owner to count */
  tap_check(done && weft_refcount(shared) == 1, "GIL-09",
            "%d threads x %d references made and dropped: from 1 to %lld, kept exact by %s", THREADS, PAIRS,
            (long long)weft_refcount(shared),
            why[weft_gil_enabled() ? 0
                : WEFT__HAS_OWNERS ? 1
                                   : 2]);
  tap_say("the same with unprotected loads and stores ended at %lld instead of 1: updates got lost",
          (long long)unprotected);
}

/* --- REF-17 --- */

enum { HANDOVERS = 1000000, RING = 1024 };

/* One thread puts references in, the other takes them out. */
struct ring {
  weft_object *slot[RING];
  atomic_size_t in, out;
  weft_object *object;
  int64_t left; /* references after all hand-overs */
};

/* The consumer's number, and where the object was destroyed, to compare. */
static uint32_t consumer, destroyed_in;
static int destroyed;

static void note_destruction(weft_object *self) {
  (void)self;
  destroyed++;
  destroyed_in = weft_timeline_thread();
}

static void let_others_run(void) {
  WEFT_BEGIN_ALLOW_THREADS
  sched_yield();
  WEFT_END_ALLOW_THREADS
}

static void put_steal(struct ring *r, weft_object *o) {
  while (r->in - r->out == RING) let_others_run();
  r->slot[r->in % RING] = o;
  r->in++;
}

static weft_object *take(struct ring *r) {
  while (r->in == r->out) let_others_run();
  weft_object *o = r->slot[r->out % RING];
  r->out++;
  return o;
}

/* Makes the object, hands over a million references to it, and at last its own. */
static weft_object *produce(struct ring *r) {
  weft_object *o = weft_object_new(weft_type_of(r->object), 0);
  if (!o) return NULL;
  for (int i = 0; i < HANDOVERS; i++) {
    put_steal(r, weft_new_ref(o));
    weft_poll();
  }
  while (r->in != r->out) let_others_run();
  let_others_run(); /* the consumer drops the last one after taking it */
  for (int i = 0; i < 1000 && weft_refcount(o) != 1; i++) let_others_run();
  r->left = weft_refcount(o);
  weft_disown(o);
  put_steal(r, o);
  return WEFT_NONE;
}

static weft_object *consume(struct ring *r) {
  consumer = weft_timeline_thread();
  for (int i = 0; i < HANDOVERS; i++) {
    weft_decref(take(r));
    weft_poll();
  }
  weft_object *last = take(r);
  weft_own(last);
  weft_decref(last);
  return destroyed == 1 ? WEFT_NONE : weft_raise(&weft_RuntimeError, "the last drop did not destroy the object");
}

static weft_object *hand_over(size_t index, void *ring) { return index == 0 ? produce(ring) : consume(ring); }

static void show_handover(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "parcel", .finalize = note_destruction});
  struct ring r = {.object = type ? weft_object_new(type, 0) : NULL};
  bool done = r.object && run_threads(2, hand_over, &r, NULL);
  tap_check(done && r.left == 1 && destroyed == 1 && destroyed_in == consumer, "REF-17",
            "%d references handed from one thread to another: maker left with %lld; the other's last drop frees it",
            HANDOVERS, (long long)r.left);
  weft_xdecref(r.object);
}

/* --- FU-03 --- */

enum { REFERENCES = 3 };

struct halves {
  int64_t owner, shared;
};

/* The two counts in an object's count word, as runtime/mode/biased.h draws it. */
static struct halves halves_of(const weft_object *o) {
  uint64_t word;
  memcpy(&word, &o->count, sizeof word);
  return (struct halves){.owner = (int64_t)(word >> 48), .shared = (int32_t)(uint32_t)word >> 4};
}

static weft_object *make_references(size_t index, void *list) {
  (void)index;
  for (int i = 0; i < REFERENCES; i++) weft_incref(list);
  return WEFT_NONE;
}

static weft_object *drop_references(size_t index, void *list) {
  (void)index;
  for (int i = 0; i < REFERENCES; i++) weft_decref(list);
  return WEFT_NONE;
}

static bool is(struct halves h, int64_t owner, int64_t shared) { return h.owner == owner && h.shared == shared; }

static void show_halves(void) {
  weft_auto weft_object *list = weft_list_new();
  weft_auto weft_object *alias = weft_new_ref(list);
  struct halves before = halves_of(list);
  bool done = run_threads(1, make_references, list, NULL);
  struct halves between = halves_of(list);
  done = run_threads(1, drop_references, list, NULL) && done;
  weft_poll();
  int64_t after = weft_refcount(list);
  tap_say("owner + shared: two names here %lld + %lld; three more by another thread %lld + %lld; dropped: %lld in all",
          (long long)before.owner, (long long)before.shared, (long long)between.owner, (long long)between.shared,
          (long long)after);
  tap_check(done && !weft_gil_enabled() && is(before, 2, 0) && is(between, 2, 3) && after == 2 && alias == list,
            "FU-03",
            "free threading: the query says lock off; the owner counts 2 + 0, with others 2 + 3, at the end 2");
  struct outcome cpu = figure_own("cpu-threads");
  tap_say("and the CPU-bound threads of GIL-02 ran at a ratio of %.2f", cpu.ratio);
}

void show_counts(void) {
  tap_title("Reference counts between threads");
  show_shared_count();
  show_handover();
  tap_say("is the lock on? %s", weft_gil_enabled() ? "yes" : "no");
  if (WEFT__HAS_OWNERS)
    show_halves();
  else
    tap_say("FU-03 shows the owner's and the shared count: run MODE=biased, this mode has one count");
}
