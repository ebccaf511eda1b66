/* SPDX-License-Identifier: MIT */
/*
 * Stopping the world (modes without a GIL).
 *
 * The stopper marks every other thread's status word with STOP in one atomic step each, which also tells it what the
 * thread was doing: if ATTACHED, it will arrive (park, or detach) and is counted in `pending`; if not, it is
 * away and stays away. The stopper waits until `pending` is zero.
 *
 *   Exactly one decrement per counted thread: a thread leaves ATTACHED once and cannot come back while STOP is set.
 *   `pending` starts at 1, the stopper's own, dropped last. It may touch zero before, when a marked thread arrives
 *   before it is counted; only the stopper's look after that drop counts.
 *   No fair hand-over: at the start, every thread that waits is made ATTACHED before the next stop can mark it, so
 *   threads make progress however often the world is stopped (cf. gh-118332, gh-151518 in docs/DESIGN.md).
 */
#include "runtime/runtime_internal.h"
#include "sync/attach.h"
#include "sync/tstate.h"

/* Spinning that is worth it: another CPU's running thread answers within a microsecond or so, waking a sleeping CPU
 * takes tens. With more runnable threads than CPUs the one we wait for may need ours, so not for long. */
enum { SPINS = 1000 };

static struct {
  weft__lock lock;   /* held by the stopper from stop to start */
  int32_t pending;   /* futex: counted threads that have not arrived, plus the stopper's own 1 */
  uint32_t sleeping; /* the stopper sleeps on `pending` */
  bool stopping;     /* registry lock: states made now start with STOP */
  bool stopped;      /* written by the stopper */
} world;

bool weft__world_is_stopped(void) { return world.stopped; }
uint32_t weft__world_stop_bit(void) { return world.stopping ? WEFT__STATUS_STOP : 0; }

void weft__world_arrived(void) {
  /* order: seq_cst [world]: publishes the thread's use of objects to the stopper, which acquires `pending` at zero; and
   * stands before the load below in the single order of [world-sleep]. */
  if (weft__sub_seq_cst(&world.pending, 1) != 1) return;
  /* order: seq_cst [world-sleep]: either we see that the stopper sleeps, or it sees our decrement before it does. */
  if (weft__load_seq_cst(&world.sleeping)) weft__futex_wake((uint32_t *)&world.pending, 1);
}

static void mark_all(struct weft__tstate *self) {
  weft__lock_acquire(&weft__registry_lock);
  world.stopping = true;
  for (uint32_t i = 1; i <= weft__slots_used; i++) {
    struct weft__tstate *ts = weft__tstate_of_slot(i);
    if (ts == self) continue;
    /* order: acq_rel [status]: a thread that is away published its use of objects when it left. */
    uint32_t status = weft__or_acq_rel(&ts->status, WEFT__STATUS_STOP);
    /* order: relaxed: only the stopper waits for it, and the thread's own decrement orders its work. */
    if ((status & WEFT__STATUS_STATE) == WEFT__STATUS_ATTACHED) weft__add_relaxed(&world.pending, 1);
  }
  weft__lock_release(&weft__registry_lock);
}

static void wait_for_arrivals(void) {
  /* order: acquire [world]: at zero, sees everything that the threads that arrived did. */
  for (int i = 0; i < SPINS; i++) {
    if (weft__load_acquire(&world.pending) == 0) return;
    weft__cpu_relax();
  }
  /* order: seq_cst [world-sleep]: pairs with weft__world_arrived. */
  weft__store_seq_cst(&world.sleeping, 1u);
  for (int32_t left; (left = weft__load_seq_cst(&world.pending)) != 0;)
    weft__futex_wait((uint32_t *)&world.pending, (uint32_t)left, -1);
  weft__store_relaxed(&world.sleeping, 0u);
}

void weft__world_stop(struct weft__tstate *self) {
  if (!weft__lock_try(&world.lock)) {
    if (self) weft__detach_for_wait();
    weft__lock_acquire(&world.lock);
    /* order: relaxed: the lock was released by the thread that marked us. */
    if (self && WEFT_UNLIKELY(weft__load_relaxed(&self->lost))) {
      weft__lock_release(&world.lock);
      weft__stay_for_good();
    }
    if (self) weft__reattach_after_wait();
  }
  if (!WEFT__HAS_GIL) {
    weft__store_relaxed(&world.pending, 1);
    mark_all(self);
    weft__world_arrived();
    wait_for_arrivals();
  }
  world.stopped = true;
}

void weft__world_start(struct weft__tstate *self) {
  world.stopped = false;
  if (!WEFT__HAS_GIL) {
    weft__lock_acquire(&weft__registry_lock);
    world.stopping = false;
    for (uint32_t i = 1; i <= weft__slots_used; i++) {
      struct weft__tstate *ts = weft__tstate_of_slot(i);
      if (ts != self) weft__clear_mark(ts, WEFT__STATUS_STOP);
    }
    weft__lock_release(&weft__registry_lock);
  }
  weft__lock_release(&world.lock);
}

void weft_stop_the_world(void) {
  weft__check_attached("weft_stop_the_world");
  /* `stopped` can only be true here if the caller itself stopped the world: anybody else would not be running. */
  if (world.stopped) weft__misuse("weft_stop_the_world", "the world is stopped already");
  weft__world_stop(weft__self());
}

void weft_start_the_world(void) {
  weft__check_attached("weft_start_the_world");
  if (!world.stopped) weft__misuse("weft_start_the_world", "the world is not stopped");
  weft__world_start(weft__self());
}

void weft__world_reset(void) {
  weft__store_relaxed(&world.pending, 0);
  weft__store_relaxed(&world.sleeping, 0u);
  world.stopping = false;
  world.stopped = false;
  weft__lock_release(&world.lock);
}
