/* SPDX-License-Identifier: MIT */
/* Brackets and deferred releases inside the runtime; see grace.c. */
#ifndef WEFT_SYNC_GRACE_INTERNAL_H
#define WEFT_SYNC_GRACE_INTERNAL_H

#include "../runtime/heap_internal.h"
#include "../runtime/object.h"
#include "../runtime/sanitize_internal.h"
#if !defined(WEFT__TSAN) && !defined(WEFT__ASAN)
#define _LGPL_SOURCE /* inlines the brackets; sanitizers complain of what is in there */
#endif
#include <urcu/urcu-bp.h>

#include "grace.h"
#include "tstate.h"

extern char weft__grace_tag; /* for ThreadSanitizer: the ends of brackets happen before what a grace period allows */

/* A bracket of the runtime's own, around a few loads and perhaps an incref: no safepoint. Nests. Nothing under a GIL.
 */
static inline void weft__bracket_begin(void) {
  if (!WEFT__HAS_GIL) urcu_bp_read_lock();
}
static inline void weft__bracket_end(void) {
  if (WEFT__HAS_GIL) return;
  weft__tsan_release(&weft__grace_tag);
  urcu_bp_read_unlock();
}

/* Is a bracket of weft_read_begin open in the calling, attached thread (under a GIL: in any thread)? */
static inline bool weft__in_bracket(void) { return weft__tls.status != &weft__self()->status; }

/* Each takes over what it is given and does it after a grace period. May: block, run finalizers. */
void weft__release_later(weft_object *o);                /* drops the reference */
void weft__tear_down_later(weft_object *o);              /* of a dead object: weft__tear_down, in object.c */
void weft__buffer_free_later(void *buffer, size_t size); /* NULL allowed */
/* Calls `visit` for each dead object that waits, unless a thread is letting its batch die; in a stopped world. */
void weft__grace_walk_dead(void (*visit)(weft_object *, void *), void *arg);

/* What a container lets go of. */
static inline void weft__drop_item(weft_object *o, bool private) {
  if (WEFT_LIKELY(private && !weft__in_bracket()))
    weft_decref(o);
  else
    weft__release_later(o);
}
static inline void weft__drop_outgrown(void *buffer, size_t size, bool private) {
  if (WEFT_LIKELY(private))
    weft__buffer_free_outgrown(buffer, size);
  else
    weft__buffer_free_later(buffer, size);
}
static inline void weft__drop_buffer(void *buffer, size_t size, bool private) {
  if (WEFT_LIKELY(private))
    weft__buffer_free(buffer, size);
  else
    weft__buffer_free_later(buffer, size);
}

/* --- Life --- */

uint32_t *weft__grace_status(struct weft__tstate *ts); /* what weft__tls.status leads to */
void weft__grace_enter(void);                          /* the calling thread, not yet attached, gets to know brackets */
void weft__grace_attached(struct weft__tstate *ts); /* asks for a safepoint if something has become ready meanwhile */
void weft__grace_detaches(struct weft__tstate *ts); /* nothing waits for a thread that sleeps */
void weft__grace_release(struct weft__tstate *ts);  /* at a safepoint with RELEASE set. May: run finalizers */
void weft__grace_leave(struct weft__tstate *ts);    /* the thread has ended: hands over what waits */
/* Before the runtime ends: in a stopped world without an open bracket a grace period has passed. Releases all that
 * waits, in all threads. May: run finalizers. */
void weft__grace_settle(struct weft__tstate *self);
void weft__grace_fini(void); /* the runtime ends, its threads' states are still there: gives up what waits */
void weft__grace_close_brackets(struct weft__tstate *ts); /* of the calling thread, which ends. May: run finalizers */
void weft__grace_drop_brackets(struct weft__tstate *ts);  /* of a thread that fork has not copied */
void weft__grace_close_bracket(void);                     /* of a thread that outlives its runtime */
void weft__grace_hold_off(void);                          /* a fork begins */
void weft__grace_before_fork(void);                       /* not attached */
void weft__grace_lock_for_fork(void);                     /* in the stopped world */
void weft__grace_after_fork(bool in_child);
void weft__grace_begin_in_child(void); /* when all is done */

#endif
