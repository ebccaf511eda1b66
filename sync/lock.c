/* SPDX-License-Identifier: MIT */
#include "sync/lock.h"

enum { SPINS = 100 }; /* a section is shorter than a sleep and a wake-up */

void weft__lock_slow(weft__lock *lock) {
  for (int i = 0; i < SPINS; i++) {
    weft__cpu_relax();
    if (weft__load_relaxed(&lock->word) == 0 && weft__lock_try(lock)) return;
  }
  /* order: acquire [lock]: as weft__lock_try; a 0 says that the lock was free and is ours now, marked as contended. */
  while (weft__exchange_acquire(&lock->word, 2u) != 0) weft__futex_wait(&lock->word, 2, -1);
}
