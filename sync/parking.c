/* SPDX-License-Identifier: MIT */
#include "sync/parking.h"

#include <string.h>

#include "runtime/config.h"
#include "sync/lock.h"

enum { BUCKETS = 251 }; /* prime: addresses that differ by a power of two spread */

struct sleeper {
  struct sleeper *next;
  const uint8_t *address;
  uint64_t since_ns;
  bool may_hand;
  uint32_t state; /* futex: 0 asleep, 1 woken, 2 handed */
};

static struct bucket {
  __attribute__((aligned(WEFT_CACHE_LINE))) weft__lock lock;
  struct sleeper *first, **end;
} buckets[BUCKETS];

static struct bucket *bucket_of(const uint8_t *address) { return &buckets[(uintptr_t)address % BUCKETS]; }

enum weft__parked weft__park(const uint8_t *address, uint8_t expected, bool may_hand) {
  struct bucket *b = bucket_of(address);
  struct sleeper me = {.address = address, .may_hand = may_hand};
  weft__lock_acquire(&b->lock);
  if (weft__load_relaxed(address) != expected) {
    weft__lock_release(&b->lock);
    return WEFT__PARKED_NOT;
  }
  me.since_ns = weft__now_ns();
  if (!b->first) b->end = &b->first;
  *b->end = &me;
  b->end = &me.next;
  weft__lock_release(&b->lock);
  uint32_t state;
  /* order: acquire [unpark]: sees what the unparking thread did; pairs with the release in weft__unpark_one. */
  while ((state = weft__load_acquire(&me.state)) == 0) weft__futex_wait(&me.state, 0, -1);
  return state == 1 ? WEFT__PARKED_WOKEN : WEFT__PARKED_HANDED;
}

void weft__unpark_one(uint8_t *address, bool (*decide)(uint8_t *, int64_t, bool)) {
  struct bucket *b = bucket_of(address);
  weft__lock_acquire(&b->lock);
  struct sleeper **link = &b->first;
  while (*link && (*link)->address != address) link = &(*link)->next;
  struct sleeper *found = *link;
  bool more = false;
  if (found) {
    *link = found->next;
    if (!found->next) b->end = link;
    for (struct sleeper *s = found->next; s && !more; s = s->next) more = s->address == address;
  }
  int64_t waited_ns = !found ? -1 : found->may_hand ? (int64_t)(weft__now_ns() - found->since_ns) : 0;
  bool handed = decide(address, waited_ns, more);
  weft__lock_release(&b->lock);
  if (!found) return;
  /* order: release [unpark]: after it the sleeper may return and its stack frame be gone; the wake-up then goes to an
   * address that nobody sleeps on, or to a later sleeper, which looks again. */
  weft__store_release(&found->state, handed ? 2u : 1u);
  weft__futex_wake(&found->state, 1);
}

void weft__parking_after_fork(void) { memset(buckets, 0, sizeof buckets); }
