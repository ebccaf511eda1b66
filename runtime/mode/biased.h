/* SPDX-License-Identifier: MIT */
/*
 * Mode biased: threads run in parallel; the owner of an object counts without atomics, everybody else beside it.
 * After Choi, Shull, Torrellas: Biased Reference Counting, PACT 2018.
 *
 *     bit 63        48 47        32 31                       4 3      0
 *         +-----------+------------+--------------------------+--------+
 *         |local count| owner slot |   shared count, signed   | flags  |
 *         +-----------+------------+--------------------------+--------+
 *         `------- local half ----´ `---------- shared half -----------´
 *
 * Invariants
 *   refs = local count + shared count. An entry in a merge queue is a reference and is counted.
 *   The local half is written by the thread that occupies the owner slot, with plain (relaxed) stores, or by whoever
 *   holds that thread off (a detached thread, a vacant slot, a stopped world), or by a compare-and-swap of the word.
 *   The shared half is only changed by read-modify-writes; except that the owner writes the whole word, by a plain
 *   store, where no one else can hold a reference: shared half all zero and local count 1.
 *   MERGED    there is no owner (slot 0), the shared count is all of it. Only the taker of a hand-over un-merges.
 *   QUEUED    exactly one reference belongs to a merge queue, until it is settled. While the word is neither QUEUED nor
 *             MERGED, the shared count is not negative.
 *   PUB       weak references exist: other threads may try_incref, so the owner may not free by a store, unless it has
 *             locked out all who might (weft__weak_drop_last).
 *   DYING     a finalizer runs; a decref to zero does nothing, try_incref refuses.
 *   slot 0xFFFF: immortal; the rest of the word means nothing.
 *   dead: nothing but MERGED and perhaps PUB; or all zero, in memory that never held an object.
 *
 * An object's body is private to its owner (runtime/share.c). It is no more when the word is MERGED, which only the
 * owner does, at a safepoint or where it drops its last reference, or somebody who holds the owner off.
 *
 * The slow paths, the merge queue and the proof obligations are in biased.c; tests/models/ checks the protocol.
 */
#ifndef WEFT_MODE_BIASED_H
#define WEFT_MODE_BIASED_H

#define WEFT_MODE_NAME   "biased"
#define WEFT__MODE_TOKEN biased
#define WEFT__HAS_GIL    0
#define WEFT__HAS_OWNERS 1

typedef union weft_count {
  uint64_t word;
  struct {
    uint32_t shared;
    uint32_t local;
  } half;
  struct {
    uint32_t shared;
    uint16_t owner, local;
  } part;
} weft_count;

enum {
  WEFT__BRC_MERGED = 1,
  WEFT__BRC_QUEUED = 2,
  WEFT__BRC_PUB = 4,
  WEFT__BRC_DYING = 8,
  WEFT__BRC_SHARED_ONE = 16,
  WEFT__BRC_LOCAL_ONE = 0x10000,
  WEFT__BRC_FEW = 1 << 24,
  WEFT__BRC_CONDEMNED = 2, /* what an immortal object has for a local count if the collector has condemned it; else 1 */
};

#define WEFT__BRC_WORD(slot, local, shared) \
  ((uint64_t)(uint32_t)(shared) | (uint64_t)(slot) << 32 | (uint64_t)(local) << 48)
#define WEFT__COUNT_FRESH(slot) WEFT__BRC_WORD(slot, 1, 0)
#define WEFT__COUNT_IMMORTAL \
  { WEFT__BRC_WORD(WEFT__SLOT_IMMORTAL, 1, 0) }

WEFT_BEGIN_DECLS

WEFT_API void weft__brc_incref(weft_count *c);
WEFT_API bool weft__brc_decref_last(weft_count *c);
WEFT_API bool weft__brc_decref_shared(weft_count *c);
WEFT_API bool weft__brc_try_incref_shared(weft_count *c);
WEFT_API bool weft__brc_immortalize(weft_count *c);
WEFT_API bool weft__brc_end_dying(weft_count *c);
WEFT_API void weft__brc_share(weft_count *c);

/* order: relaxed: the thread that makes an object publishes it by other means. */
static inline void weft__count_init(weft_count *c) { weft__store_relaxed(&c->word, weft__tls.fresh); }

/* order: relaxed, for every access to the local half below: only the calling thread writes it while it matches. */
static inline bool weft__count_incref_inline_as(weft_count *c, uint32_t slot) {
  uint32_t local = weft__load_relaxed(&c->half.local), more;
  if (WEFT_UNLIKELY((uint16_t)local != (uint16_t)slot)) return (uint16_t)local == WEFT__SLOT_IMMORTAL;
  if (WEFT_UNLIKELY(__builtin_add_overflow(local, (uint32_t)WEFT__BRC_LOCAL_ONE, &more))) return false;
  weft__store_relaxed(&c->half.local, more);
  return true;
}
static inline bool weft__count_decref_inline_as(weft_count *c, uint32_t slot) {
  uint32_t local = weft__load_relaxed(&c->half.local);
  if (WEFT_UNLIKELY((uint16_t)local != (uint16_t)slot)) return (uint16_t)local == WEFT__SLOT_IMMORTAL;
  if (WEFT_UNLIKELY(local < 2 * WEFT__BRC_LOCAL_ONE)) return false;
  weft__store_relaxed(&c->half.local, local - WEFT__BRC_LOCAL_ONE);
  return true;
}
/* For what is probably another thread's, or nobody's. */
static inline bool weft__count_incref_inline_beside(weft_count *c) {
  uint16_t owner = weft__load_relaxed(&c->part.owner);
  if (owner == (uint16_t)weft__tls.slot || owner == WEFT__SLOT_IMMORTAL)
    return weft__count_incref_inline_as(c, weft__tls.slot);
  /* A quarter of what shared counts can keep track of: it takes far more than all threads to go beyond that at once. */
  if ((int32_t)weft__load_relaxed(&c->half.shared) >= WEFT__BRC_FEW * WEFT__BRC_SHARED_ONE) return false;
  /* order: relaxed: as weft__brc_incref. */
  weft__add_relaxed(&c->half.shared, (uint32_t)WEFT__BRC_SHARED_ONE);
  return true;
}
static inline void weft__count_incref_as(weft_count *c, uint32_t slot) {
  if (WEFT_UNLIKELY(!weft__count_incref_inline_as(c, slot))) weft__brc_incref(c);
}
static inline bool weft__count_decref_as(weft_count *c, uint32_t slot) {
  uint32_t local = weft__load_relaxed(&c->half.local);
  if (WEFT_UNLIKELY((uint16_t)local != (uint16_t)slot))
    return (uint16_t)local != WEFT__SLOT_IMMORTAL && weft__brc_decref_shared(c);
  if (local >= 2 * WEFT__BRC_LOCAL_ONE) {
    weft__store_relaxed(&c->half.local, local - WEFT__BRC_LOCAL_ONE);
    return false;
  }
  /* order: acquire [brc-shared]: others may have come and gone; sees their use of the object before it is torn down.
   * Pairs with the release of weft__brc_decref_shared. An untouched half means that ours is the only reference. */
  if (WEFT_UNLIKELY(weft__load_acquire(&c->half.shared) != 0)) return weft__brc_decref_last(c);
  weft__store_relaxed(&c->word, (uint64_t)WEFT__BRC_MERGED);
  return true;
}

static inline bool weft__count_drop_locked(weft_count *c) {
  /* order: acquire [brc-shared]: as in weft__count_decref_as. */
  if (weft__load_acquire(&c->word) != (weft__tls.fresh | WEFT__BRC_PUB)) return false;
  weft__store_relaxed(&c->word, (uint64_t)WEFT__BRC_MERGED);
  return true;
}

static inline bool weft__count_try_incref(weft_count *c) {
  uint32_t local = weft__load_relaxed(&c->half.local);
  if (WEFT_LIKELY((uint16_t)local == (uint16_t)weft__tls.slot && local - WEFT__BRC_LOCAL_ONE < 0xFFFE0000u)) {
    weft__store_relaxed(&c->half.local, local + WEFT__BRC_LOCAL_ONE);
    return true;
  }
  return weft__brc_try_incref_shared(c);
}

static inline int32_t weft__brc_shared_count(uint32_t shared) { return (int32_t)shared >> 4; }

/* order: relaxed: a snapshot of one word. */
static inline int64_t weft__count_refs(const weft_count *c) {
  uint64_t w = weft__load_relaxed(&c->word);
  if ((uint16_t)(w >> 32) == WEFT__SLOT_IMMORTAL) return WEFT__IMMORTAL_REFS;
  return (int64_t)(w >> 48) + weft__brc_shared_count((uint32_t)w);
}

static inline bool weft__count_is_immortal(const weft_count *c) {
  return (uint16_t)weft__load_relaxed(&c->half.local) == WEFT__SLOT_IMMORTAL;
}
static inline int64_t weft__count_for_collector(const weft_count *c) {
  uint64_t w = weft__load_relaxed(&c->word);
  if ((uint16_t)(w >> 32) == WEFT__SLOT_IMMORTAL) return w >> 48 == WEFT__BRC_CONDEMNED ? 0 : WEFT__IMMORTAL_REFS;
  return w & WEFT__BRC_DYING ? 0 : weft__count_refs(c);
}
/* order: acquire [brc-shared]: others may have come and gone, a collector that cleared the object among them. */
static inline int64_t weft__count_of_own(const weft_count *c) {
  uint64_t w = weft__load_acquire(&c->word);
  return (uint16_t)(w >> 32) == (uint16_t)weft__tls.slot && !(uint32_t)w ? (int64_t)(w >> 48) : 0;
}
static inline bool weft__count_is_unique(const weft_count *c) {
  /* order: acquire [brc-shared]: as the last decref: sees what those who dropped their references did before. */
  uint64_t w = weft__load_acquire(&c->word);
  return w == weft__tls.fresh || w == (WEFT__BRC_MERGED | WEFT__BRC_SHARED_ONE);
}

static inline bool weft__count_is_dead(const weft_count *c) {
  return (weft__load_relaxed(&c->word) & ~(uint64_t)WEFT__BRC_PUB) <= WEFT__BRC_MERGED;
}
static inline bool weft__count_immortalize(weft_count *c) { return weft__brc_immortalize(c); }
/* Weak references may still be looked at: PUB stays. */
static inline void weft__count_condemn(weft_count *c) {
  uint64_t pub = weft__load_relaxed(&c->word) & WEFT__BRC_PUB;
  weft__store_relaxed(&c->word, WEFT__BRC_WORD(WEFT__SLOT_IMMORTAL, WEFT__BRC_CONDEMNED, pub));
}
static inline void weft__count_bury(weft_count *c) {
  weft__store_relaxed(&c->word, (weft__load_relaxed(&c->word) & WEFT__BRC_PUB) | WEFT__BRC_MERGED);
}
/* order: relaxed: only the flag's presence counts; the weak reference itself is published by other means. */
static inline void weft__count_publish_weak(weft_count *c) {
  if (!weft__count_is_immortal(c)) weft__or_relaxed(&c->half.shared, (uint32_t)WEFT__BRC_PUB);
}
/* order: relaxed: nobody else knows the object yet. */
static inline void weft__count_publish_fresh(weft_count *c) {
  weft__store_relaxed(&c->word, weft__load_relaxed(&c->word) | WEFT__BRC_PUB);
}
static inline bool weft__count_has_weak(const weft_count *c) {
  return weft__load_relaxed(&c->half.shared) & WEFT__BRC_PUB && !weft__count_is_immortal(c);
}
static inline bool weft__count_is_alive(const weft_count *c) {
  uint64_t w = weft__load_relaxed(&c->word);
  uint32_t flags = (uint32_t)w & (WEFT__BRC_MERGED | WEFT__BRC_DYING);
  return (uint16_t)(w >> 32) == WEFT__SLOT_IMMORTAL || !flags ||
         (flags == WEFT__BRC_MERGED && weft__brc_shared_count((uint32_t)w) != 0);
}

static inline void weft__count_begin_dying(weft_count *c) {
  /* order: relaxed: the count is zero: nobody else changes the word, and try_incref refuses both before and after. */
  uint32_t pub = weft__load_relaxed(&c->half.shared) & WEFT__BRC_PUB;
  weft__store_relaxed(&c->word, (uint64_t)(WEFT__BRC_MERGED | WEFT__BRC_DYING | pub));
}
static inline bool weft__count_end_dying(weft_count *c) { return weft__brc_end_dying(c); }

/* A reader that still tries to revive the object sees no owner and DYING; PUB stays readable. So the 45 bits of an
 * aligned pointer go around those: into bits 0-1, 4-31 and 48-62. */
static inline void weft__count_set_link(weft_count *c, void *next) {
  uint64_t bits = (uint64_t)(uintptr_t)next >> 3;
  uint64_t word = (bits & 3) | (bits >> 2 & 0xFFFFFFF) << 4 | bits >> 30 << 48;
  word |= WEFT__BRC_DYING | (weft__load_relaxed(&c->word) & WEFT__BRC_PUB);
  weft__store_relaxed(&c->word, word);
}
static inline void *weft__count_take_link(weft_count *c) {
  uint64_t word = weft__load_relaxed(&c->word);
  weft__store_relaxed(&c->word, (word & WEFT__BRC_PUB) | WEFT__BRC_MERGED);
  return (void *)(uintptr_t)(((word & 3) | (word >> 4 & 0xFFFFFFF) << 2 | word >> 48 << 30) << 3);
}

/* order: relaxed: only the calling thread writes the local half while it matches. */
static inline bool weft__count_is_private(const weft_count *c) {
  return (uint16_t)weft__load_relaxed(&c->half.local) == (uint16_t)weft__tls.slot;
}
static inline bool weft__count_is_free_to(const weft_count *c, uint32_t status) {
  return weft__load_relaxed(&c->part.owner) == status;
}
/* order: acquire [share]: who finds that there is no owner sees the body as the owner left it. */
static inline uint32_t weft__count_owner(const weft_count *c) { return (uint16_t)(weft__load_acquire(&c->word) >> 32); }
static inline void weft__count_share(weft_count *c) { weft__brc_share(c); }

static inline void weft__count_disown(weft_count *c) {
  /* order: acquire [brc-shared]: the store ends the release sequence of those who dropped references before, so their
   * use of the object has to be seen here; the channel that carries the reference publishes it further.
   * The store, relaxed: an untouched word with local count 1 is seen by nobody else. */
  if (weft__load_acquire(&c->word) == weft__tls.fresh)
    weft__store_relaxed(&c->word, (uint64_t)(WEFT__BRC_MERGED | WEFT__BRC_SHARED_ONE));
}
static inline void weft__count_own(weft_count *c) {
  uint64_t w = WEFT__BRC_MERGED | WEFT__BRC_SHARED_ONE;
  /* order: acquire [brc-shared]: from here on the owner's last decref may find an untouched half, so what others did
   * before they dropped their references has to be seen now. On failure the object just stays merged. */
  if (weft__load_relaxed(&c->word) == w && WEFT_LIKELY(weft__tls.slot != WEFT__SLOT_NOBODY))
    (void)weft__cas_acquire(&c->word, &w, weft__tls.fresh);
}

WEFT_END_DECLS
#endif
