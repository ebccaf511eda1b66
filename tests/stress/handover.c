/* SPDX-License-Identifier: MIT */
/*
 * Hand-over: objects travel around a ring of threads. Each thread disowns what it sends and owns what it receives; some
 * drop the object on the way, so that the last reference is gone in a thread that did not make it; some keep another
 * reference meanwhile, so that disown finds the object shared and has to leave it alone. Every object is freed once.
 *
 * Stands for: gh-119999, gh-121794; and for the pitfall that a receiver takes over the owner's live word.
 */
#include "stress.h"

enum { THREADS = 4, LANE = 64, KEPT = 8 };

/* Lane i carries objects from thread i to the next: a slot is NULL when empty. */
static struct { __attribute__((aligned(WEFT_CACHE_LINE))) weft_object *slots[LANE]; } lanes[THREADS];

static bool send(size_t lane, size_t at, weft_object *o) {
  weft_object *empty = NULL;
  /* order: release: publishes the object; pairs with receive. */
  return weft__cas_acq_rel(&lanes[lane].slots[at], &empty, o);
}
static weft_object *receive(size_t lane, size_t at) {
  if (!weft__load_relaxed(&lanes[lane].slots[at])) return NULL;
  return weft__exchange_acq_rel(&lanes[lane].slots[at], NULL);
}

static void *work(void *arg) {
  size_t self = (size_t)(uintptr_t)arg, from = (self + THREADS - 1) % THREADS, in = 0, out = 0;
  chance c = chance_of(self);
  weft_object *kept[KEPT] = {0};
  uint64_t steps = 0;
  REQUIRE(weft_attach());
  for (; !is_over(); steps++) {
    weft_object *o = receive(from, in);
    if (o) {
      in = (in + 1) % LANE;
      weft_own(o);
      token_check(o);
    } else {
      o = token_new();
    }
    size_t fate = pick(&c, 16);
    if (fate < 4) { /* the end of its journey, here */
      weft_decref(o);
      continue;
    }
    if (fate == 4) { /* a reference stays behind */
      weft_clear(&kept[pick(&c, KEPT)]);
      size_t at = pick(&c, KEPT);
      weft_clear(&kept[at]);
      kept[at] = weft_new_ref(o);
    }
    weft_disown(o);
    if (send(self, out, o)) {
      out = (out + 1) % LANE;
    } else {
      weft_own(o);
      weft_decref(o);
    }
    if (steps % 16 == 0) weft_poll();
  }
  for (size_t i = 0; i < KEPT; i++) weft_xdecref(kept[i]);
  weft_detach();
  add_work(steps);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  run_to_the_end(THREADS, work);
  for (size_t lane = 0; lane < THREADS; lane++)
    for (size_t at = 0; at < LANE; at++) weft_xdecref(lanes[lane].slots[at]);
  tokens_require_all_dead();
  return stress_end("handover", "hand-overs");
}
