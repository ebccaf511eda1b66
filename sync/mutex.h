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

typedef struct weft_mutex {
  uint8_t word; /* bit 0: locked; bit 1: threads are parked on it */
} weft_mutex;

WEFT_API void weft__mutex_lock_slow(weft_mutex *m);
WEFT_API void weft__mutex_unlock_slow(weft_mutex *m);

/* May: block, let other threads run. */
static inline void weft_mutex_lock(weft_mutex *m) {
  uint8_t unlocked = 0;
  /* order: acquire [mutex]: sees what the previous holder did; pairs with the release in weft_mutex_unlock. */
  if (WEFT_UNLIKELY(!weft__cas_acquire(&m->word, &unlocked, (uint8_t)1))) weft__mutex_lock_slow(m);
}

/* True: locked now. */
static inline bool weft_mutex_try_lock(weft_mutex *m) {
  uint8_t word = weft__load_relaxed(&m->word);
  /* order: acquire [mutex]: as weft_mutex_lock. */
  while (!(word & 1))
    if (weft__cas_weak_acquire(&m->word, &word, (uint8_t)(word | 1))) return true;
  return false;
}

/* Misuse: not locked. */
static inline void weft_mutex_unlock(weft_mutex *m) {
  uint8_t locked = 1;
  /* order: release [mutex]: publishes what was done under the lock. */
  if (WEFT_UNLIKELY(!weft__cas_release(&m->word, &locked, (uint8_t)0))) weft__mutex_unlock_slow(m);
}

WEFT_END_DECLS
#endif
