/* SPDX-License-Identifier: MIT */
/*
 * Attach storms: many foreign threads that attach, use objects, detach, attach again and end, some of them attached.
 * Each one that ends attached is reported, once; states are used again instead of piling up; in mode gil there is never
 * more than one inside.
 *
 * Stands for: gh-130794 (what short-lived threads leave behind), and threads that exit with the GIL held.
 */
#include "stress.h"

#include "sync/tstate.h"

enum { SPAWNERS = 4, AT_ONCE = 6 };

static uint64_t ended_attached, reported; /* atomic */
static uint32_t inside;                   /* atomic */

static void count_report(const char *message) {
  (void)message;
  weft__add_relaxed(&reported, 1);
}

static void be_inside(void) {
  weft_object *x = weft_int_new(1000), *y = weft_add(x, x);
  /* No safepoint from here on: whoever has the lock keeps it. */
  uint32_t others = weft__add_acq_rel(&inside, 1u);
  if (weft_gil_enabled()) REQUIRE(others == 0);
  REQUIRE(weft_int_value(y) == 2000);
  weft__sub_acq_rel(&inside, 1u);
  weft_decref(x);
  weft_decref(y);
}

static void *visitor(void *arg) {
  chance c = {(uint64_t)(uintptr_t)arg | 1};
  for (size_t visits = pick(&c, 5); visits > 0; visits--) {
    REQUIRE(weft_attach());
    be_inside();
    if (pick(&c, 2)) weft_poll();
    be_inside();
    weft_detach();
  }
  if (pick(&c, 3) == 0) {
    REQUIRE(weft_attach());
    if (pick(&c, 2)) weft_raise(&weft_ValueError, "left behind");
    weft__add_relaxed(&ended_attached, 1);
    if (pick(&c, 2)) pthread_exit(NULL);
  }
  return NULL;
}

static void *spawner(void *arg) {
  chance c = chance_of((size_t)(uintptr_t)arg);
  while (!is_over()) {
    pthread_t visitors[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) visitors[i] = start_thread(visitor, (void *)(uintptr_t)draw(&c));
    for (int i = 0; i < AT_ONCE; i++) REQUIRE(pthread_join(visitors[i], NULL) == 0);
    add_work(AT_ONCE);
  }
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  weft_set_warning_hook(count_report);
  run_to_the_end(SPAWNERS, spawner);
  REQUIRE(weft__load_relaxed(&reported) == weft__load_relaxed(&ended_attached));
  REQUIRE(weft__slots_used <= SPAWNERS * AT_ONCE + 1);
  REQUIRE(!weft_error_borrow());
  return stress_end("attach_storm", "threads");
}
