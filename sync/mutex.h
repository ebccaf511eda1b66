/* SPDX-License-Identifier: MIT */
/*
 * weft_mutex: a lock of one byte, for objects. All zero is unlocked.
 *
 * A thread that has to wait detaches meanwhile, so a world stop never waits for it. Uncontended it is one
 * compare-and-swap each way; waiters sleep in the parking lot (parking.h). Fair in the long run: a waiter that has
 * slept for more than a millisecond is handed the lock directly, others may barge in. Not recursive. After WebKit's
 * WTF::Lock and CPython's PyMutex.
 */
#ifndef WEFT_SYNC_MUTEX_H
#define WEFT_SYNC_MUTEX_H

#include "../runtime/config.h"
#include "atomic.h"

WEFT_BEGIN_DECLS

/* Bits of a mutex. SECTION: an object's, held by a critical section (critical_section.c). */
enum { WEFT__MUTEX_LOCKED = 1, WEFT__MUTEX_PARKED = 2, WEFT__MUTEX_SECTION = 4 };

typedef struct weft_mutex {
  uint8_t word;
} weft_mutex;

WEFT_API void weft__mutex_lock_slow(weft_mutex *m);
WEFT_API void weft__mutex_unlock_slow(weft_mutex *m);

/* May: block, let other threads run. */
static inline void weft_mutex_lock(weft_mutex *m) {
  uint8_t unlocked = 0;
  /* order: acquire [mutex]: sees what the previous holder did; pairs with the release in weft_mutex_unlock. */
  if (WEFT_UNLIKELY(!weft__cas_acquire(&m->word, &unlocked, (uint8_t)WEFT__MUTEX_LOCKED))) weft__mutex_lock_slow(m);
}

/* True: locked now. */
static inline bool weft_mutex_try_lock(weft_mutex *m) {
  uint8_t word = weft__load_relaxed(&m->word);
  /* order: acquire [mutex]: as weft_mutex_lock. */
  while (!(word & WEFT__MUTEX_LOCKED))
    if (weft__cas_weak_acquire(&m->word, &word, (uint8_t)(word | WEFT__MUTEX_LOCKED))) return true;
  return false;
}

/* Misuse: not locked. */
static inline void weft_mutex_unlock(weft_mutex *m) {
  uint8_t locked = WEFT__MUTEX_LOCKED;
  /* order: release [mutex]: publishes what was done under the lock. */
  if (WEFT_UNLIKELY(!weft__cas_release(&m->word, &locked, (uint8_t)0))) weft__mutex_unlock_slow(m);
}

WEFT_END_DECLS
#endif
