/* SPDX-License-Identifier: MIT */
/*
 * The lock inside the runtime: four bytes, on a futex, for sections of a few instructions.
 *
 * A section under such a lock contains no safepoint, no allocation of objects and no call of anything a user wrote, so
 * its holder never parks or detaches and the lock may be taken by attached and detached threads alike. What users lock
 * is weft_mutex (mutex.h).
 *
 * Order in which they nest, outermost first (a thread that holds one may take only those to its right):
 *
 *     world < registry < slot < gil < orphaned pages < arenas, large blocks, timeline, reclaimer < parking bucket
 *     traces < tracebacks < walked stacks
 *
 * After Drepper, "Futexes are tricky", mutex 2: 0 free, 1 held, 2 held and someone may sleep.
 */
#ifndef WEFT_SYNC_LOCK_H
#define WEFT_SYNC_LOCK_H

#include <stdbool.h>

#include "atomic.h"
#include "futex.h"

typedef struct weft__lock {
  uint32_t word;
} weft__lock;

void weft__lock_slow(weft__lock *lock);

static inline bool weft__lock_try(weft__lock *lock) {
  uint32_t free = 0;
  /* order: acquire [lock]: sees what the previous holder did; pairs with the release in weft__lock_release. */
  return weft__cas_acquire(&lock->word, &free, 1u);
}

static inline void weft__lock_acquire(weft__lock *lock) {
  if (!weft__lock_try(lock)) weft__lock_slow(lock);
}

static inline void weft__lock_release(weft__lock *lock) {
  /* order: release [lock]: publishes what was done under the lock. */
  if (weft__exchange_release(&lock->word, 0u) == 2) weft__futex_wake(&lock->word, 1);
}

#endif
