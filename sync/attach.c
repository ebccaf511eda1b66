/* SPDX-License-Identifier: MIT */
/*
 * Attaching, detaching, safepoints, and the registry of thread states. The protocol of the status word: tstate.h.
 */
#define _GNU_SOURCE
#include "sync/attach.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/runtime_internal.h"
#include "sync/critical_section_internal.h"
#include "sync/grace_internal.h"
#include "sync/timeline_internal.h"
#include "sync/tstate.h"

enum { SPINS_BEFORE_SLEEP = 400 }; /* about 10 µs here: a stopped world or a hold-off is usually over by then */

/* Nobody: what weft__tls describes while the thread is not attached. Its status is never ATTACHED, its heap is empty.
 */
struct weft__tstate weft__nobody = {.status = WEFT__STATUS_VACANT | WEFT__SLOT_NOBODY,
                                    .slot = WEFT__SLOT_NOBODY,
                                    .dealloc_depth = WEFT__DEPTH_OF_NOBODY};

#define TLS_NOBODY                                                                        \
  {                                                                                       \
    .self = &weft__nobody, .heap = &weft__heap_of_nobody, .status = &weft__nobody.status, \
    .fresh = WEFT__COUNT_FRESH(WEFT__SLOT_NOBODY), .slot = WEFT__SLOT_NOBODY              \
  }

WEFT_TLS struct weft__tls weft__tls = TLS_NOBODY;
/* The calling thread's state, attached or not; NULL before its first attach. */
static WEFT_TLS struct weft__tstate *mine;

/* --- Registry --- */

weft__lock weft__registry_lock;
uint32_t weft__slots_used;
static struct weft__tstate *slots[WEFT__SLOT_MAX + 1]; /* slot -> state; written once, under the registry lock */
static struct weft__tstate *vacant;                    /* last vacated first: its pages are warm */
static uint32_t threads_seen;
static pthread_key_t exit_key;
static bool exit_key_made;

static void thread_exits(void *state);

struct weft__tstate *weft__tstate_of_slot(uint32_t slot) {
  /* order: acquire [slot-publish]: pairs with the release in tstate_make. */
  return weft__load_acquire(&slots[slot]);
}

void weft__tstate_for_each(void (*visit)(struct weft__tstate *, void *), void *arg) {
  weft__lock_acquire(&weft__registry_lock);
  for (uint32_t i = 1; i <= weft__slots_used; i++) visit(slots[i], arg);
  weft__lock_release(&weft__registry_lock);
}

/* A new state in the next unused slot, VACANT; NULL: out of memory or slots. Registry lock held. */
static struct weft__tstate *tstate_make(void) {
  if (weft__slots_used == WEFT__SLOT_MAX) return NULL;
  struct weft__tstate *ts = aligned_alloc(WEFT_CACHE_LINE, sizeof *ts);
  if (!ts) return NULL;
  memset(ts, 0, sizeof *ts);
  ts->heap = weft__heap_create(ts);
  if (!ts->heap) {
    free(ts);
    return NULL;
  }
  ts->slot = weft__slots_used + 1;
  ts->status = ts->slot | WEFT__STATUS_VACANT | weft__world_stop_bit();
  ts->fresh = WEFT__COUNT_FRESH(ts->slot);
  /* order: release [slot-publish]: whoever finds the slot number in an object finds the state initialised. */
  weft__store_release(&slots[ts->slot], ts);
  weft__slots_used++;
  return ts;
}

/* A state for a new thread, DETACHED; NULL: out of memory or slots, or the runtime has ended. */
static struct weft__tstate *tstate_take(bool starting) {
  weft__lock_acquire(&weft__registry_lock);
  if (!starting && !weft__runtime_running()) {
    weft__lock_release(&weft__registry_lock);
    return NULL;
  }
  struct weft__tstate *ts = vacant;
  if (ts)
    vacant = ts->next_vacant;
  else
    ts = tstate_make();
  if (ts) {
    ts->number = ++threads_seen;
    ts->gil.from_io = true; /* it has not used any time yet */
    /* The slot's lock: nobody is merging on behalf of the slot's former thread while we become its thread. */
    weft__lock_acquire(&ts->lock);
    /* order: acq_rel [status]: VACANT -> DETACHED; a STOP that is set stays. */
    weft__or_acq_rel(&ts->status, WEFT__STATUS_DETACHED);
    weft__lock_release(&ts->lock);
  }
  weft__lock_release(&weft__registry_lock);
  return ts;
}

struct weft__tstate *weft__tstate_reserve(void) {
  return tstate_take(false);
}

/* Makes a DETACHED state VACANT and available. */
void weft__tstate_unreserve(struct weft__tstate *ts) {
  weft__lock_acquire(&weft__registry_lock);
  if (weft__load_relaxed(&ts->lost)) {
    weft__lock_release(&weft__registry_lock);
    return;
  }
  weft__lock_acquire(&ts->lock);
  /* order: acq_rel [status]: DETACHED -> VACANT, marks stay. HELD cannot be set: it is set and cleared under ts->lock.
   */
  weft__and_acq_rel(&ts->status, ~(uint32_t)WEFT__STATUS_DETACHED | WEFT__STATUS_VACANT);
  weft__lock_release(&ts->lock);
  weft__grace_leave(ts);
  ts->next_vacant = vacant;
  vacant = ts;
  weft__lock_release(&weft__registry_lock);
}

/* --- Attach and detach --- */

static void tls_set(struct weft__tstate *ts) {
  weft__tls.self = ts;
  weft__tls.heap = ts->heap;
  weft__tls.status = weft__grace_status(ts);
  weft__tls.fresh = ts->fresh;
  weft__tls.slot = ts->slot;
}

static void tls_clear(void) {
  static const struct weft__tls nobody = TLS_NOBODY;
  weft__tls = nobody;
}

/* Waits, WAITING or PARKED, until somebody makes the state ATTACHED. False: the runtime has ended. */
static bool wait_until_attached(struct weft__tstate *ts, uint32_t status) {
  for (int i = 0; (status & WEFT__STATUS_STATE) != WEFT__STATUS_ATTACHED; i++) {
    /* order: acquire [lost]: pairs with the release in weft__tstates_fini. */
    if (WEFT_UNLIKELY(weft__load_acquire(&ts->lost))) return false;
    if (i < SPINS_BEFORE_SLEEP) {
      weft__cpu_relax();
    } else if (status & WEFT__STATUS_SLEEPS) {
      weft__futex_wait(&ts->status, status, -1);
    } else {
      /* order: relaxed: the mark only asks for a wake-up. */
      (void)weft__cas_relaxed(&ts->status, &status, status | WEFT__STATUS_SLEEPS);
    }
    /* order: acquire [status]: sees what whoever made us ATTACHED did while we were away. */
    status = weft__load_acquire(&ts->status);
  }
  return true;
}

void weft__clear_mark(struct weft__tstate *ts, uint32_t mark) {
  uint32_t status = weft__load_relaxed(&ts->status), next;
  do {
    next = status & ~mark;
    uint32_t state = status & WEFT__STATUS_STATE;
    bool waits = state == WEFT__STATUS_PARKED || state == WEFT__STATUS_WAITING;
    if (waits && !(next & (WEFT__STATUS_STOP | WEFT__STATUS_HELD)))
      next = (next & ~(uint32_t)(WEFT__STATUS_STATE | WEFT__STATUS_SLEEPS)) | WEFT__STATUS_ATTACHED;
    /* order: acq_rel [status]: publishes what we did to the thread's objects; pairs with its acquire when it attaches.
     */
  } while (!weft__cas_weak_acq_rel(&ts->status, &status, next));
  if ((status & WEFT__STATUS_SLEEPS) && !(next & WEFT__STATUS_SLEEPS)) weft__futex_wake(&ts->status, 1);
}

/* False: the runtime has ended. */
static bool attach_free(struct weft__tstate *ts) {
  uint32_t status = ts->slot | WEFT__STATUS_DETACHED;
  /* order: acquire [status]: sees what those who held us off, or stopped the world, did meanwhile. */
  if (WEFT_LIKELY(weft__cas_acquire(&ts->status, &status, ts->slot | WEFT__STATUS_ATTACHED))) return true;
  weft__timeline_record(ts, WEFT_TIMELINE_WAITING);
  for (;;) {
    bool held = status & (WEFT__STATUS_STOP | WEFT__STATUS_HELD);
    uint32_t next = (status & ~(uint32_t)WEFT__STATUS_STATE) | (held ? WEFT__STATUS_WAITING : WEFT__STATUS_ATTACHED);
    /* order: acq_rel [status]: as above. */
    if (weft__cas_acq_rel(&ts->status, &status, next)) return !held || wait_until_attached(ts, next);
  }
}

void weft__stay_for_good(void) {
  weft__grace_close_bracket();
  for (;;) pause();
}

/* False: the runtime has ended. */
static bool try_attach(struct weft__tstate *ts) {
  if (WEFT__HAS_GIL) {
    /* order: relaxed: with a GIL the word carries only hints. Before the lock, so that no request is overwritten. */
    weft__store_relaxed(&ts->status, ts->slot | WEFT__STATUS_ATTACHED);
    if (!weft__gil_acquire(ts)) return false;
  } else if (!attach_free(ts)) {
    return false;
  }
  tls_set(ts);
  if (!WEFT__HAS_GIL) weft__grace_attached(ts);
  weft__timeline_record(ts, WEFT_TIMELINE_ATTACHED);
  return true;
}

static void attach(struct weft__tstate *ts) {
  if (!try_attach(ts)) weft__stay_for_good();
  if (WEFT_UNLIKELY(ts->sections_open)) weft__sections_resume(ts);
}

/* Does what other threads want done with this one's objects. True: there was something. May: run finalizers. */
static bool answer(struct weft__tstate *ts, uint32_t status) {
  if (status & WEFT__STATUS_REVOKE) weft__revocations_answer(ts);
  if (status & WEFT__STATUS_MERGE) weft__merge_queue_drain(ts);
  if (status & WEFT__STATUS_RELEASE) weft__grace_release(ts);
  return status & (WEFT__STATUS_REVOKE | WEFT__STATUS_MERGE | WEFT__STATUS_RELEASE);
}

/* Leaves ATTACHED while requests are pending: answers them first, as at a safepoint, except that a stopping world need
 * not wait for us to come back. */
static void detach_free_slow(struct weft__tstate *ts, uint32_t status) {
  for (;;) {
    if (answer(ts, status)) {
      weft__grace_detaches(ts);
      weft__heap_flush(ts);
      weft__sections_suspend(ts);
      status = weft__load_relaxed(&ts->status);
      continue;
    }
    uint32_t next = (status & ~(uint32_t)WEFT__STATUS_STATE) | WEFT__STATUS_DETACHED;
    /* order: acq_rel [status]: publishes our use of objects to whoever holds us off or stops the world. */
    if (weft__cas_acq_rel(&ts->status, &status, next)) {
      if (next & WEFT__STATUS_STOP) weft__world_arrived();
      return;
    }
  }
}

static void detach(struct weft__tstate *ts) {
  weft__heap_flush(ts);
  if (!WEFT__HAS_GIL) weft__grace_detaches(ts);
  if (WEFT_UNLIKELY(ts->sections_open)) weft__sections_suspend(ts);
  weft__timeline_record(ts, WEFT_TIMELINE_DETACHED);
  if (WEFT__HAS_GIL) {
    tls_clear();
    weft__store_relaxed(&ts->status, ts->slot | WEFT__STATUS_DETACHED);
    weft__gil_release(ts);
    return;
  }
  uint32_t status = ts->slot | WEFT__STATUS_ATTACHED;
  /* order: release [status]: publishes our use of objects; pairs with the acquire of whoever holds us off. */
  if (WEFT_UNLIKELY(!weft__cas_release(&ts->status, &status, ts->slot | WEFT__STATUS_DETACHED)))
    detach_free_slow(ts, status);
  tls_clear();
}

bool weft_attach(void) {
  if (weft__self() != &weft__nobody) weft__misuse("weft_attach", "the calling thread is attached already");
  if (!mine) {
    struct weft__tstate *ts = tstate_take(false);
    if (!ts) return false;
    weft__tstate_enter(ts);
    return true;
  }
  attach(mine);
  return true;
}

void weft_detach(void) {
  weft__check_attached("weft_detach");
  detach(weft__self());
}

void weft_reattach(void) {
  if (weft__self() != &weft__nobody) weft__misuse("weft_reattach", "the calling thread is attached already");
  if (!mine) weft__misuse("weft_reattach", "the calling thread was never attached");
  attach(mine);
}

bool weft_is_attached(void) { return weft__self() != &weft__nobody; }

void weft__detach_for_wait(void) { detach(weft__self()); }
void weft__reattach_after_wait(void) { attach(mine); }

void weft__check_attached_slow(const char *call) {
  weft__misuse(call, mine ? "the calling thread is detached" : "the calling thread is not attached");
}

/* --- Safepoints --- */

static void park(struct weft__tstate *ts) {
  uint32_t status = weft__load_relaxed(&ts->status), next;
  do {
    if (!(status & WEFT__STATUS_STOP)) return;
    next = (status & ~(uint32_t)WEFT__STATUS_STATE) | WEFT__STATUS_PARKED;
    /* order: acq_rel [status]: publishes our use of objects to whoever stops the world. */
  } while (!weft__cas_weak_acq_rel(&ts->status, &status, next));
  weft__timeline_record(ts, WEFT_TIMELINE_PARKED);
  weft__world_arrived();
  if (!wait_until_attached(ts, next)) weft__stay_for_good();
  weft__timeline_record(ts, WEFT_TIMELINE_ATTACHED);
}

void weft__poll_slow(void) {
  struct weft__tstate *ts = weft__self();
  weft__check_attached("weft_poll");
  uint32_t status = weft__load_relaxed(&ts->status);
  if ((status & WEFT__STATUS_DROP) && !ts->sections_open) {
    weft__gil_yield(ts);
    weft__tls.status = weft__grace_status(ts); /* others may have opened brackets, and closed them */
  }
  if (status & WEFT__STATUS_STOP) {
    weft__heap_flush(ts);
    weft__sections_lock(ts);
    park(ts);
  }
  answer(ts, status);
}

/* --- Held off by others --- */

enum weft__holding weft__hold_off(struct weft__tstate *ts, uint32_t request) {
  /* order: relaxed: a guess, the compare-and-swap decides. */
  uint32_t status = weft__load_relaxed(&ts->status);
  for (;;) {
    uint32_t state = status & WEFT__STATUS_STATE;
    if (state == WEFT__STATUS_VACANT) return WEFT__HOLD_VACANT;
    bool away = state == WEFT__STATUS_DETACHED;
    /* order: acq_rel [status]: sees the thread's last use of its objects before it detached. */
    if (weft__cas_acq_rel(&ts->status, &status, status | (away ? (uint32_t)WEFT__STATUS_HELD : request)))
      return away ? WEFT__HOLD_HELD : WEFT__HOLD_REQUESTED;
  }
}

void weft__let_go(struct weft__tstate *ts) { weft__clear_mark(ts, WEFT__STATUS_HELD); }

/* --- Beginning and end of threads --- */

bool weft__tstate_init(void) {
  if (!exit_key_made) {
    if (pthread_key_create(&exit_key, thread_exits) != 0) return false;
    exit_key_made = true;
  }
  struct weft__tstate *ts = tstate_take(true);
  if (ts) weft__tstate_enter(ts);
  return ts;
}

void weft__tstate_enter(struct weft__tstate *ts) {
  mine = ts;
  pthread_setspecific(exit_key, ts);
  weft__grace_enter();
  attach(ts);
}

void weft__tstate_leave(void) {
  struct weft__tstate *ts = weft__self();
  if (ts->sections_open) weft__warn("a thread ended in a critical section; it has left it");
  weft__sections_leave(ts);
  weft__grace_close_brackets(ts);
  weft_error_clear();
  weft_clear(&ts->thread_object);
  /* Whatever finalizers do here, they do with a heap. What comes in later, detach settles, and its blocks go where the
   * pages have gone. */
  while (answer(ts, weft__load_relaxed(&ts->status))) {
  }
  weft_error_clear();
  weft__sections_leave(ts);
  weft__grace_close_brackets(ts);
  weft__heap_abandon(ts);
  detach(ts);
  mine = NULL;
  pthread_setspecific(exit_key, NULL);
  weft__tstate_unreserve(ts);
}

/* States of threads that outlived their runtime, linked by next_vacant; registry lock. */
static struct weft__tstate *lost_states;

/* A thread that outlived its runtime ends after all: nobody looks at its state any more. */
static void free_lost(struct weft__tstate *ts) {
  weft__lock_acquire(&weft__registry_lock);
  struct weft__tstate **link = &lost_states;
  while (*link != ts) link = &(*link)->next_vacant;
  *link = ts->next_vacant;
  weft__lock_release(&weft__registry_lock);
  free(ts->sections);
  free(ts);
}

/* Runs when a thread that has a state ends without having left. */
static void thread_exits(void *state) {
  struct weft__tstate *ts = state;
  if (weft__load_acquire(&ts->lost)) {
    free_lost(ts);
    return;
  }
  mine = ts; /* TLS may be torn down in any order; the key's value is what counts */
  if (!weft__runtime_running()) return;
  ts->exiting = true;
  if (weft__self() == ts)
    weft__warn("a thread ended while it was attached; it has been detached");
  else if (!try_attach(ts)) {
    free_lost(ts);
    return;
  }
  ts->exiting = false;
  weft__tstate_leave();
}

/* Makes a lost thread that sleeps look up; it then sleeps for good elsewhere, or ends if it was about to. */
static void rouse(struct weft__tstate *ts) {
  if (WEFT__HAS_GIL) {
    weft__gil_rouse(ts);
  } else {
    /* order: relaxed: the bit means nothing here; a changed word keeps the thread from going to sleep on it. */
    weft__or_relaxed(&ts->status, WEFT__STATUS_DROP);
    weft__futex_wake(&ts->status, 1);
  }
}

void weft__tstates_fini(void) {
  struct weft__tstate *self = weft__self();
  /* Those who asked look up, and stay for good. */
  for (uint32_t i = 1; i <= weft__slots_used; i++) weft__revocations_answer(slots[i]);
  tls_clear();
  mine = NULL;
  pthread_setspecific(exit_key, NULL);
  weft__lock_acquire(&weft__registry_lock);
  /* Threads that still exist may look at their state for ever: such states are given up, not freed. All are marked
   * before the GIL or the world is open to the next runtime. */
  for (uint32_t i = 1; i <= weft__slots_used; i++) {
    struct weft__tstate *ts = slots[i];
    bool vacated = (weft__load_acquire(&ts->status) & WEFT__STATUS_STATE) == WEFT__STATUS_VACANT;
    /* order: release [lost]: what the thread waits for will never come; it sees that when it looks up. */
    if (ts != self && !vacated) weft__store_release(&ts->lost, 1u);
  }
  weft__gil_reset();
  for (uint32_t i = 1; i <= weft__slots_used; i++) {
    struct weft__tstate *ts = slots[i];
    weft__heap_destroy(ts->heap);
    weft__timeline_free(ts);
    weft__merge_queue_free(ts);
    weft__store_relaxed(&slots[i], NULL);
    if (weft__load_relaxed(&ts->lost)) {
      ts->next_vacant = lost_states;
      lost_states = ts;
      rouse(ts);
    } else {
      free(ts->sections);
      free(ts);
    }
  }
  weft__slots_used = 0;
  vacant = NULL;
  weft__sections_fini();
  weft__world_reset();
  weft__lock_release(&weft__registry_lock);
}

/* --- Fork --- */

void weft__tstates_after_fork(struct weft__tstate *survivor) {
  survivor->revocations = NULL; /* nobody who asked is here */
  weft__and_relaxed(&survivor->status, ~(uint32_t)WEFT__STATUS_REVOKE);
  for (uint32_t i = 1; i <= weft__slots_used; i++) {
    struct weft__tstate *ts = slots[i];
    if (ts == survivor || (ts->status & WEFT__STATUS_STATE) == WEFT__STATUS_VACANT) continue;
    weft__heap_abandon(ts);
    weft__merge_queue_move(ts, survivor);
    if (ts->thread_object) weft__thread_lost_in_fork(ts->thread_object);
    weft_clear(&ts->thread_object);
    weft_clear(&ts->error);
    ts->trash = NULL;
    ts->repr = NULL;
    ts->revocations = NULL;
    weft__sections_leave(ts);
    weft__grace_drop_brackets(ts);
    weft__grace_leave(ts);
    ts->dealloc_depth = ts->recursion_depth = 0;
    ts->fail_at = 0;
    /* The world is stopped: the mark stays until it starts. */
    ts->status = ts->slot | WEFT__STATUS_VACANT | (ts->status & WEFT__STATUS_STOP);
    ts->next_vacant = vacant;
    vacant = ts;
  }
  if (weft__self() == survivor) weft__tls.status = weft__grace_status(survivor); /* others' brackets are gone */
}
