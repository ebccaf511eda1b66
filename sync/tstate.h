/* SPDX-License-Identifier: MIT */
/*
 * Thread states: one per attached or once attached thread, found by owner slot; internal.
 *
 * The status word
 *
 *     slot (16 bits)
 *     state (3 bits): VACANT  no thread occupies the slot          DETACHED  its thread may not touch objects
 *                     ATTACHED  may touch objects                  PARKED    stopped at a safepoint
 *                     WAITING  wants to be ATTACHED, someone must make it so
 *     bits:           STOP      the world is stopping or stopped   HELD      another thread merges counts on its behalf
 *                     MERGE     its merge queue is not empty       DROP      someone wants the GIL
 *                     SLEEPS    whoever makes it ATTACHED has to wake it by futex
 *                     REVOKE    someone asks for a private object to be shared
 *                     RELEASE   a grace period has passed, deferred releases are due
 *
 *   ATTACHED is left only by the thread itself. DETACHED -> ATTACHED is a compare-and-swap by the thread itself, which
 * any bit makes fail; it then becomes WAITING, and whoever clears the last of STOP and HELD makes it ATTACHED. So: a
 * thread found DETACHED and marked STOP or HELD in one atomic step stays away until the mark is cleared.
 *
 *   ATTACHED is 0, and the low 16 bits are the slot's number. So "only a slot number" says that the thread is attached
 * and no request is pending: the fast path of every poll and detach; and one comparison of the whole word with the
 * owner slot in an object's count word says that too, and that the object is private to the thread (runtime/share.h).
 *
 * The slot is what owns objects (mode biased) and blocks; threads come and go. A thread that ends leaves its state
 * behind, VACANT; the next thread takes it over, under the slot's lock, and owns from then on what that slot owns.
 * States are never freed while the runtime lives, so a slot number found in an object always leads to one.
 *
 * What protects what: status: atomics. queue, revocations: `lock`. All else: the thread itself, while attached; `lock`
 * when vacant.
 */
#ifndef WEFT_SYNC_TSTATE_H
#define WEFT_SYNC_TSTATE_H

#include <pthread.h>

#include "../runtime/config.h"
#include "../runtime/object.h"
#include "lock.h"
#include "tls.h"

enum {
  WEFT__STATUS_SLOT = 0xFFFF,
  WEFT__STATUS_ATTACHED = 0,
  WEFT__STATUS_VACANT = 1 << 16,
  WEFT__STATUS_PARKED = 2 << 16,
  WEFT__STATUS_DETACHED = 3 << 16, /* the bit of VACANT and another, so that it is added and taken away */
  WEFT__STATUS_WAITING = 4 << 16,
  WEFT__STATUS_STATE = 7 << 16,
  WEFT__STATUS_STOP = 8 << 16,
  WEFT__STATUS_HELD = 16 << 16,
  WEFT__STATUS_MERGE = 32 << 16,
  WEFT__STATUS_DROP = 64 << 16,
  WEFT__STATUS_SLEEPS = 128 << 16,
  WEFT__STATUS_REVOKE = 256 << 16,
  WEFT__STATUS_RELEASE = 512 << 16,
};

struct weft__merge_chunk; /* runtime/mode/biased.c */
struct weft__revocation;  /* runtime/share.c */
struct weft__batch;       /* grace.c */
struct weft__page;
struct weft__block;
struct weft__timeline_ring;
struct weft__repr_frame;
struct weft__walks; /* runtime/traceback.c */

/* A place in the GIL's queue, see gil.c; protected by the GIL's lock, except `granted`. */
struct weft__gil_waiter {
  struct weft__tstate *next;
  uint64_t since_ns; /* when it began to wait */
  uint32_t granted;  /* futex word: 0 waiting, 1 sleeping, 2 the GIL is ours */
  uint32_t leads;    /* it is the first of its class: it keeps the time */
  bool from_io;      /* it released the GIL of its own will */
};

/* What waits for a grace period, see grace.c. */
struct weft__deferred {
  struct weft__batch *filling;
  struct weft__batch *first, *last; /* sent, oldest first; `last` is meaningless when there is no first */
  size_t bytes;                     /* of the sent ones */
  bool releasing;
};

struct weft__tstate {
  uint32_t status;
  uint32_t slot;
  struct weft__heap *heap;
  uint64_t fresh;  /* for weft__tls */
  uint32_t number; /* of the thread, for timelines; a new one for each thread that takes the slot */
  uint32_t lost;   /* atomic: the runtime has ended, the thread must never touch an object again */
  bool exiting;    /* its thread is ending: it must not wait for good, somebody may join it */

  /* The thread's own business. */
  weft_object *error;
  weft_object *thread_object;    /* owned; NULL for foreign threads */
  struct weft__repr_frame *repr; /* containers whose repr is under way; see text.c */
  weft_object *trash;            /* dying objects put off, linked through their count words; see object.c */
  unsigned dealloc_depth, recursion_depth;
  struct {
    struct weft__page *page; /* remote frees collected for this page, not yet handed over; see heap.c */
    struct weft__block *first, *last;
    uint32_t count;
  } outbox;
  int64_t traced;            /* atomic: bytes that tracemalloc has not been told of; see trace.c */
  struct weft__walks *walks; /* of the stack, which it remembers; see traceback.c */
  uint64_t requests;         /* memory requests counted since the last weft_heap_fail_nth, when armed */
  uint64_t fail_at;          /* the request that fails; 0: not armed */
  struct weft__timeline_ring *timeline;

  struct weft__gil_waiter gil;

  struct weft__section *sections; /* critical ones, see critical_section.c */
  size_t sections_open, sections_room;
  size_t brackets; /* open ones of weft_read_begin */
  struct weft__deferred deferred;
  struct weft__page *asked_page; /* whose objects it last asked to be shared, and how often in a row */
  unsigned asked_in_a_row;

  /* What foreign threads want settled and shared; they write here. */
  __attribute__((aligned(WEFT_CACHE_LINE))) weft__lock lock;
  struct weft__merge_chunk *queue;
  struct weft__revocation *revocations;

  struct weft__tstate *next_vacant; /* registry lock */
};

enum { WEFT__DEPTH_OF_NOBODY = 1 << 30 };
extern struct weft__tstate weft__nobody;

/* The calling thread's state while attached. */
static inline struct weft__tstate *weft__self(void) { return weft__tls.self; }

/* Aborts with a message that names `call` unless the calling thread is attached. */
void weft__check_attached_slow(const char *call);
static inline void weft__check_attached(const char *call) {
  if (WEFT_UNLIKELY(weft__tls.self == &weft__nobody)) weft__check_attached_slow(call);
}

/* --- Registry --- */

/* The state in `slot`. order: acquire [slot-publish]: a slot number read from an object leads to an initialised state.
 */
struct weft__tstate *weft__tstate_of_slot(uint32_t slot);
/* Calls `visit` for every state that was ever made, under the registry lock. */
void weft__tstate_for_each(void (*visit)(struct weft__tstate *, void *), void *arg);
extern weft__lock weft__registry_lock;
/* Number of states ever made; registry lock. */
extern uint32_t weft__slots_used;

/* Makes the main thread's state; the first weft_attach. False: out of memory. */
bool weft__tstate_init(void);
/* Last step of weft_finalize, in a stopped world: the calling thread leaves, all other states are freed or lost. */
void weft__tstates_fini(void);
/* A state for a thread that is about to start, DETACHED; NULL: out of memory or slots. */
struct weft__tstate *weft__tstate_reserve(void);
/* Gives it back unused. */
void weft__tstate_unreserve(struct weft__tstate *ts);
/* The calling thread takes it as its own and attaches. */
void weft__tstate_enter(struct weft__tstate *ts);
/* In the child, in a stopped world: vacates all states but the survivor's. */
void weft__tstates_after_fork(struct weft__tstate *survivor);
/* The runtime has ended: sleeps for ever. */
void weft__stay_for_good(void) __attribute__((noreturn));
/* Gives the calling (attached) thread's slot back; it is then unattached. */
void weft__tstate_leave(void);

/* Detaches and attaches without counting as misuse; for waits inside the runtime. */
void weft__detach_for_wait(void);
void weft__reattach_after_wait(void);

/* --- Merging on behalf of (mode biased; the caller holds ts->lock) --- */

/* What weft__hold_off found. */
enum weft__holding { WEFT__HOLD_VACANT, WEFT__HOLD_HELD, WEFT__HOLD_REQUESTED };
/* Keeps the thread of `ts` from attaching (HELD, or VACANT: the lock does it), or, when it is attached or about to be,
 * sets `request` in its status word. */
enum weft__holding weft__hold_off(struct weft__tstate *ts, uint32_t request);
/* Ends a HELD. */
void weft__let_go(struct weft__tstate *ts);

/* --- World --- */

/* As weft_stop_the_world, also for a thread that is not attached (self == NULL). */
void weft__world_stop(struct weft__tstate *self);
void weft__world_start(struct weft__tstate *self);
/* True between the two, for assertions. */
bool weft__world_is_stopped(void);
/* STOP when a state that is made now has to start with it; registry lock held. */
uint32_t weft__world_stop_bit(void);
/* An attached thread has just left ATTACHED with STOP set. */
void weft__world_arrived(void);
void weft__world_reset(void);
/* Clears `mark` in the status word; a thread that is WAITING or PARKED, and not otherwise held, becomes ATTACHED. */
void weft__clear_mark(struct weft__tstate *ts, uint32_t mark);

/* --- GIL (mode gil) --- */

/* False: the runtime has ended, the lock is not held. */
bool weft__gil_acquire(struct weft__tstate *self);
/* The runtime has ended: a thread that waits for the lock has to look up. */
void weft__gil_rouse(struct weft__tstate *ts);
void weft__gil_release(struct weft__tstate *self);
/* At a safepoint with DROP set: lets the first waiter have the GIL and takes it back later. */
void weft__gil_yield(struct weft__tstate *self);
void weft__gil_reset(void);
void weft__gil_after_fork(struct weft__tstate *self); /* in the child: nobody waits any more */
void weft__gil_lock_for_fork(void);
void weft__gil_unlock_after_fork(void);

#endif
