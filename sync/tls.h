/* SPDX-License-Identifier: MIT */
/*
 * What the inline fast paths need to know about the calling thread, in one TLS structure.
 *
 * While a thread is attached, the fields describe it. While it is detached, or was never attached, they describe
 * *nobody*: a slot that owns no object, a heap without a free block, a status word that is never only a slot. So a fast
 * path needs no test for a detached caller: it fails, and the slow path behind it names the misuse.
 */
#ifndef WEFT_SYNC_TLS_H
#define WEFT_SYNC_TLS_H

#include "../runtime/config.h"
#include "atomic.h"

WEFT_BEGIN_DECLS

struct weft__tstate;
struct weft__heap;

/* Owner slots: 0 means no owner, WEFT__SLOT_IMMORTAL an immortal object, WEFT__SLOT_NOBODY a thread that is not
 * attached. */
enum { WEFT__SLOT_NONE = 0, WEFT__SLOT_MAX = 0xFFFD, WEFT__SLOT_NOBODY = 0xFFFE, WEFT__SLOT_IMMORTAL = 0xFFFF };

struct weft__tls {
  struct weft__tstate *self; /* the attached thread's state, or nobody's */
  struct weft__heap *heap;   /* where it allocates from */
  uint32_t *status;          /* its status word: state and requests, see sync/tstate.h */
  uint64_t fresh;            /* the count word of an object that it has just made (biased) */
  uint32_t slot;             /* its owner slot (biased) */
};

extern WEFT_API WEFT_TLS struct weft__tls weft__tls;

/* A status word with nothing but a slot in it: the slot's thread is attached, no request is pending. These bits are all
 * that can be else. */
#define WEFT__STATUS_BUSY 0xFFFF0000u

WEFT_API void weft__poll_slow(void);

/*
 * A safepoint: answers what other threads asked of this one (give up the GIL, stop for the collector, settle counts).
 * Call it in long loops that neither allocate nor touch containers. Costs a load and a predicted branch.
 * Errors: none. May: block, run finalizers, let other threads run.
 */
static inline void weft_poll(void) {
  /* order: relaxed: a request is only a hint to take the slow path, which synchronises on the word itself. */
  if (WEFT_UNLIKELY(weft__load_relaxed(weft__tls.status) & WEFT__STATUS_BUSY)) weft__poll_slow();
}

WEFT_END_DECLS
#endif
