/* SPDX-License-Identifier: MIT */
/*
 * Reference counts: four threads, each the owner of some objects, count references to all of them up and down, take
 * references from shared places and put others there. In the end every count is exact and every object that was made is
 * freed, once. Bursts of references make counts spill from one half of the word into the other and back.
 *
 * Stands for: gh-119999 (object used after another thread could have freed it), gh-121794 (no owner, but not merged),
 * gh-118111 (no acquire before the end), gh-117271 (queued for the wrong thread).
 */
#include "stress.h"

enum { THREADS = 4, FIXED = 8, PLACES = 16, POCKETS = 24, BURST = 70000 };

static weft_object *fixed[THREADS * FIXED]; /* set before `ready` counts all threads; dropped by the main thread */
static weft_object *places[PLACES];         /* cells */
static uint32_t ready, done;

static void make_fixed(size_t self) {
  for (size_t i = 0; i < FIXED; i++) fixed[self * FIXED + i] = token_new();
}

static void burst(weft_object *o, size_t n) {
  for (size_t i = 0; i < n; i++) weft_incref(o);
  for (size_t i = 0; i < n; i++) weft_decref(o);
}

static void step(chance *c, weft_object **pockets) {
  weft_object **pocket = &pockets[pick(c, POCKETS)], *place = places[pick(c, PLACES)];
  switch (pick(c, 8)) {
    case 0: /* something new for everybody */
      weft_clear(pocket);
      *pocket = token_new();
      weft_cell_set(place, *pocket);
      break;
    case 1: /* take what is there */
      weft_clear(pocket);
      *pocket = weft_cell_get(place);
      weft_error_clear();
      break;
    case 2: /* put what we have */ weft_cell_set(place, *pocket); break;
    case 3: weft_clear(pocket); break;
    case 4: /* a second reference to something in a pocket */
      if (*pocket) {
        weft_object *o = weft_new_ref(*pocket);
        weft_clear(&pockets[0]);
        pockets[0] = o;
      }
      break;
    default: {
      weft_object *o = fixed[pick(c, THREADS * FIXED)];
      weft_incref(o);
      token_check(o);
      weft_decref(o);
    }
  }
  if (*pocket) token_check(*pocket);
}

static void *work(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  chance c = chance_of(self);
  weft_object *pockets[POCKETS] = {0};
  REQUIRE(weft_attach());
  make_fixed(self);
  weft__add_acq_rel(&ready, 1u);
  while (weft__load_acquire(&ready) != THREADS) weft_poll();
  uint64_t steps = 0;
  for (; !is_over(); steps++) {
    step(&c, pockets);
    if (steps % 64 == 0) weft_poll();
    if (steps % 50000 == 49999) burst(fixed[pick(&c, THREADS * FIXED)], BURST);
  }
  for (size_t i = 0; i < POCKETS; i++) weft_xdecref(pockets[i]);
  /* Owners stay until nobody drops references any more, so that some of what they own is settled by them. */
  weft__add_acq_rel(&done, 1u);
  while (weft__load_acquire(&done) != THREADS) weft_poll();
  weft_detach();
  add_work(steps);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  for (size_t i = 0; i < PLACES; i++) places[i] = weft_cell_new(NULL);
  run_to_the_end(THREADS, work);
  for (size_t i = 0; i < THREADS * FIXED; i++) {
    REQUIRE(weft_refcount(fixed[i]) == 1);
    weft_decref(fixed[i]);
  }
  for (size_t i = 0; i < PLACES; i++) weft_decref(places[i]);
  tokens_require_all_dead();
  return stress_end("refcount", "operations");
}
