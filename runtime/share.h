/* SPDX-License-Identifier: MIT */
/*
 * Private until shared: how a thread comes to touch a container's body.
 *
 * A container is private to the thread that made it (the owner slot in its count word), which reads and writes it
 * without locks or atomics, until another thread touches it, even if only to read. From then on it is shared, for good:
 * writers take its lock, readers are in a bracket (sync/grace.h), and what it lets go of is released after a grace
 * period. Under a GIL everything is private to whoever holds the GIL.
 */
#ifndef WEFT_SHARE_H
#define WEFT_SHARE_H

#include "object.h"

WEFT_BEGIN_DECLS

/* The calling thread's status word, read once for all questions of an operation: after weft__may_touch_as has said yes
 * it is the thread's slot, for the counts of what it takes and lets go of (weft__count_incref_as). */
static inline uint32_t weft__my_status(void) {
  /* order: relaxed: as weft_poll. */
  return weft__load_relaxed(weft__tls.status);
}

/*
 * The fast path of an operation on a container: true when the calling thread is attached, has nothing to answer and no
 * bracket open, and `o` is private to it. Its body may then be used like any C structure, up to the next safepoint. The
 * slow path behind it does everything else: misuse, safepoint, sharing, brackets.
 */
static inline bool weft__may_touch_as(const weft_object *o, uint32_t status) {
  return WEFT_LIKELY(weft__count_is_free_to(&o->count, status));
}
static inline bool weft__may_touch(const weft_object *o) { return weft__may_touch_as(o, weft__my_status()); }

/*
 * The same for a slow path: a safepoint; then true when `o` is private to the calling thread, false when it is shared,
 * which it now is if it was private to another thread. The caller has a reference. May: block, run finalizers.
 */
WEFT_API bool weft__touch(weft_object *o);

/* The same for who only reads, with less ado when `o` is shared; under a GIL it is then said to be so. */
static inline bool weft__touch_to_read(weft_object *o) {
  weft_poll();
  return weft__count_owner(&o->count) != WEFT__SLOT_NONE && weft__touch(o);
}

WEFT_END_DECLS
#endif
