/* SPDX-License-Identifier: MIT */
#include "sync/mutex.h"

#include "runtime/runtime_internal.h"
#include "sync/critical_section_internal.h"
#include "sync/parking.h"
#include "sync/tstate.h"

enum { LOCKED = WEFT__MUTEX_LOCKED, PARKED = WEFT__MUTEX_PARKED };
enum { SPINS = 40 };
enum { FAIR_AFTER_NS = 1000000 };

/* Waits until the lock is ours; the caller is not attached. */
static void lock_detached(weft_mutex *m) {
  uint8_t word = weft__load_relaxed(&m->word);
  for (int spins = 0;;) {
    if (!(word & LOCKED)) {
      /* order: acquire [mutex]: as weft_mutex_lock. */
      if (weft__cas_weak_acquire(&m->word, &word, (uint8_t)(word | LOCKED))) return;
      continue;
    }
    if (!(word & PARKED)) {
      if (spins++ < SPINS) {
        weft__cpu_relax();
        word = weft__load_relaxed(&m->word);
        continue;
      }
      /* order: relaxed: the bit is looked at again under the parking lot's lock. */
      if (!weft__cas_relaxed(&m->word, &word, (uint8_t)(word | PARKED))) continue;
    }
    if (weft__park(&m->word, LOCKED | PARKED, true) == WEFT__PARKED_HANDED) return;
    word = weft__load_relaxed(&m->word);
  }
}

void weft__mutex_lock_slow(weft_mutex *m) {
  bool attached = weft__self() != &weft__nobody;
  for (int i = 0; i < SPINS; i++) {
    if (weft_mutex_try_lock(m)) return;
    weft__cpu_relax();
  }
  if (attached) weft__detach_for_wait();
  lock_detached(m);
  if (attached) weft__reattach_after_wait();
}

void weft__object_lock_wait(weft_mutex *m) {
  weft__detach_for_wait();
  uint8_t word = weft__load_relaxed(&m->word);
  /* order: relaxed: the bit is looked at again under the parking lot's lock. */
  if ((word & LOCKED) && ((word & PARKED) || weft__cas_relaxed(&m->word, &word, (uint8_t)(word | PARKED))))
    (void)weft__park(&m->word, word | PARKED, false);
  weft__reattach_after_wait();
}

void weft__object_lock_slow(weft_mutex *m) {
  for (; !weft__section_covers(m); weft__object_lock_wait(m))
    for (int i = 0; i < SPINS; i++) {
      if (weft_mutex_try_lock(m)) return;
      weft__cpu_relax();
    }
}

static bool hand_or_open(uint8_t *word, int64_t waited_ns, bool more) {
  bool hand = waited_ns > FAIR_AFTER_NS;
  /* order: release [mutex]: publishes what was done under the lock to whoever takes it next. */
  weft__store_release(word, (uint8_t)((hand ? LOCKED : 0) | (more ? PARKED : 0)));
  return hand;
}

void weft__mutex_unlock_slow(weft_mutex *m) {
  uint8_t word = weft__load_relaxed(&m->word);
  if (!(word & LOCKED)) weft__misuse("weft_mutex_unlock", "the mutex is not locked");
  if (word & WEFT__MUTEX_SECTION) return; /* an operation within the section: it stays locked to its end */
  weft__unpark_one(&m->word, hand_or_open);
}
