/* SPDX-License-Identifier: MIT */
/*
 * Mode atomic: threads run in parallel and every change of a count is one atomic read-modify-write.
 *
 *     bit 63   62     61      60        45 44                 0
 *     +--------+----+-------+--------------+--------------------+
 *     |immortal|WEAK| DYING |  owner slot  |       count        |
 *     +--------+----+-------+--------------+--------------------+
 *
 * The count is all references. The owner slot says to whom the object's body is private (runtime/share.c); nobody
 * counts by it. Adding and subtracting never reaches beyond the count, which a program cannot overflow. DYING  a
 * finalizer runs; a decref to zero does nothing, try_incref refuses. WEAK  weak references were made. dead: no count,
 * not DYING. The initial load of a count operation finds immortals without writing to them, so that a hot shared
 * constant does not bounce between caches; its value is not otherwise used.
 *
 * immortal: its count is half of the greatest. A thread that found the object mortal may still add or subtract once, so
 * the count of an immortal object moves by as many as there are threads: never to 1, which would be a last reference,
 * nor into the bits above (tests/models/late_count.pml). DYING  the collector has condemned it.
 */
#ifndef WEFT_MODE_ATOMIC_H
#define WEFT_MODE_ATOMIC_H

#define WEFT_MODE_NAME   "atomic"
#define WEFT__MODE_TOKEN atomic
#define WEFT__HAS_GIL    0
#define WEFT__HAS_OWNERS 0

typedef struct weft_count {
  int64_t word;
} weft_count;

#define WEFT__ATOMIC_COUNT       (((int64_t)1 << 45) - 1)
#define WEFT__ATOMIC_OWNER_SHIFT 45
#define WEFT__ATOMIC_OWNER       ((int64_t)0xFFFF << WEFT__ATOMIC_OWNER_SHIFT)
#define WEFT__ATOMIC_DYING       ((int64_t)1 << 61)
#define WEFT__ATOMIC_IMMORTAL    (INT64_MIN | (int64_t)1 << 44)
#define WEFT__ATOMIC_WEAK        ((int64_t)1 << 62)

#define WEFT__COUNT_FRESH(slot) ((uint64_t)(slot) << WEFT__ATOMIC_OWNER_SHIFT | 1)
#define WEFT__COUNT_IMMORTAL \
  { WEFT__ATOMIC_IMMORTAL }

WEFT_BEGIN_DECLS

/* order: relaxed: the thread that makes an object publishes it by other means. */
static inline void weft__count_init(weft_count *c) { weft__store_relaxed(&c->word, (int64_t)weft__tls.fresh); }

static inline void weft__count_incref_as(weft_count *c, uint32_t slot) {
  (void)slot;
  /* order: relaxed: whoever adds a reference holds one, so the object cannot die meanwhile. */
  if (WEFT_UNLIKELY(weft__load_relaxed(&c->word) < 0)) return;
  weft__add_relaxed(&c->word, 1);
}

static inline bool weft__count_incref_inline_as(weft_count *c, uint32_t slot) {
  weft__count_incref_as(c, slot);
  return true;
}
static inline bool weft__count_incref_inline_beside(weft_count *c) {
  return weft__count_incref_inline_as(c, WEFT__SLOT_NONE);
}

static inline bool weft__count_decref_as(weft_count *c, uint32_t slot) {
  (void)slot;
  if (WEFT_UNLIKELY(weft__load_relaxed(&c->word) < 0)) return false;
  /* order: release [count-drop]: publishes this thread's use of the object; pairs with the acquire load below, made by
   * the thread that drops the last reference. */
  if ((weft__sub_release(&c->word, 1) & (WEFT__ATOMIC_COUNT | WEFT__ATOMIC_DYING)) != 1) return false;
  /* order: acquire [count-drop]: sees every other thread's use before the object is torn down. */
  (void)weft__load_acquire(&c->word);
  return true;
}

static inline bool weft__count_decref_inline_as(weft_count *c, uint32_t slot) {
  (void)slot;
  return WEFT_UNLIKELY(weft__load_relaxed(&c->word) < 0); /* a last one is not known before it is dropped */
}

static inline bool weft__count_try_incref(weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word);
  do {
    if (word < 0) return true;
    if ((word & WEFT__ATOMIC_COUNT) == 0 || (word & WEFT__ATOMIC_DYING)) return false;
    /* order: acquire [count-drop]: sees the object as whoever last published it left it. */
  } while (!weft__cas_weak_acquire(&c->word, &word, word + 1));
  return true;
}

/* order: relaxed: a snapshot. */
static inline int64_t weft__count_refs(const weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word);
  return word < 0 ? WEFT__IMMORTAL_REFS : word & WEFT__ATOMIC_COUNT;
}
static inline int64_t weft__count_for_collector(const weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word);
  if (word < 0) return word & WEFT__ATOMIC_DYING ? 0 : WEFT__IMMORTAL_REFS;
  return word & WEFT__ATOMIC_DYING ? 0 : word & WEFT__ATOMIC_COUNT;
}
static inline int64_t weft__count_of_own(const weft_count *c) { return (void)c, 0; }
static inline bool weft__count_is_unique(const weft_count *c) {
  /* order: acquire [count-drop]: the only reference is ours; sees what those who dropped theirs did before. */
  return (weft__load_acquire(&c->word) & ~WEFT__ATOMIC_OWNER) == 1;
}
static inline bool weft__count_is_immortal(const weft_count *c) { return weft__load_relaxed(&c->word) < 0; }
static inline bool weft__count_is_dead(const weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word);
  return word >= 0 && !(word & (WEFT__ATOMIC_COUNT | WEFT__ATOMIC_DYING));
}
/* order: relaxed: others who hold references may change it once more, harmlessly: see above. */
static inline bool weft__count_immortalize(weft_count *c) {
  weft__store_relaxed(&c->word, WEFT__ATOMIC_IMMORTAL);
  return true;
}
static inline void weft__count_condemn(weft_count *c) {
  weft__store_relaxed(&c->word, WEFT__ATOMIC_IMMORTAL | WEFT__ATOMIC_DYING);
}
static inline void weft__count_bury(weft_count *c) { weft__store_relaxed(&c->word, INT64_C(0)); }
/* order: relaxed: only the flag's presence counts; the weak reference itself is published by other means. */
static inline void weft__count_publish_weak(weft_count *c) {
  if (weft__load_relaxed(&c->word) >= 0) weft__or_relaxed(&c->word, WEFT__ATOMIC_WEAK);
}
static inline bool weft__count_drop_locked(weft_count *c) { return (void)c, false; }
static inline void weft__count_publish_fresh(weft_count *c) { (void)c; }
static inline bool weft__count_has_weak(const weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word);
  return word >= 0 && word & WEFT__ATOMIC_WEAK;
}
static inline bool weft__count_is_alive(const weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word);
  return word < 0 || (word & WEFT__ATOMIC_COUNT && !(word & WEFT__ATOMIC_DYING));
}

/* order: relaxed: the count is zero, nobody else changes the word but to say that there are weak references. */
static inline void weft__count_begin_dying(weft_count *c) {
  weft__store_relaxed(&c->word, WEFT__ATOMIC_DYING | (weft__load_relaxed(&c->word) & WEFT__ATOMIC_WEAK));
}
static inline bool weft__count_end_dying(weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word), next;
  do {
    if (word < 0) return false;
    next = word & (WEFT__ATOMIC_COUNT | WEFT__ATOMIC_WEAK);
    /* order: acq_rel [count-drop]: as the last decref; a reference made by the finalizer may live in another thread. */
  } while (!weft__cas_weak_acq_rel(&c->word, &word, next));
  return !(next & WEFT__ATOMIC_COUNT);
}

/* DYING makes a reader that still tries to revive the object refuse; the aligned pointer takes the place of the count.
 */
static inline void weft__count_set_link(weft_count *c, void *next) {
  int64_t weak = weft__load_relaxed(&c->word) & WEFT__ATOMIC_WEAK;
  weft__store_relaxed(&c->word, (int64_t)((uintptr_t)next >> 3) | WEFT__ATOMIC_DYING | weak);
}
static inline void *weft__count_take_link(weft_count *c) {
  int64_t word = weft__load_relaxed(&c->word);
  weft__store_relaxed(&c->word, word & WEFT__ATOMIC_WEAK);
  return (void *)(uintptr_t)((word & WEFT__ATOMIC_COUNT) << 3);
}

static inline bool weft__count_is_private(const weft_count *c) {
  /* order: relaxed: only the calling thread takes its slot out of the word, or somebody who holds it off. */
  return ((weft__load_relaxed(&c->word) ^ (int64_t)weft__tls.fresh) & WEFT__ATOMIC_OWNER) == 0;
}
static inline bool weft__count_is_free_to(const weft_count *c, uint32_t status) {
  return (uint16_t)(weft__load_relaxed(&c->word) >> WEFT__ATOMIC_OWNER_SHIFT) == status;
}
static inline uint32_t weft__count_owner(const weft_count *c) {
  /* order: acquire [share]: who finds that there is no owner sees the body as the owner left it. */
  int64_t word = weft__load_acquire(&c->word);
  return word < 0 ? WEFT__SLOT_IMMORTAL : (uint32_t)((word & WEFT__ATOMIC_OWNER) >> WEFT__ATOMIC_OWNER_SHIFT);
}
static inline void weft__count_share(weft_count *c) {
  /* order: acq_rel [share]: publishes the owner's use of the body to those who find that there is no owner. */
  if (weft__load_relaxed(&c->word) >= 0) weft__and_acq_rel(&c->word, ~WEFT__ATOMIC_OWNER);
}

static inline void weft__count_disown(weft_count *c) {
  int64_t fresh = (int64_t)weft__tls.fresh;
  /* order: release [hand-over]: publishes our use of the body to the taker. */
  if (weft__load_relaxed(&c->word) == fresh) (void)weft__cas_release(&c->word, &fresh, (int64_t)1);
}
static inline void weft__count_own(weft_count *c) {
  int64_t unowned = 1;
  /* order: acquire [hand-over]: sees the body as others left it. On failure the object just stays shared. */
  if (weft__load_relaxed(&c->word) == unowned && weft__tls.slot != WEFT__SLOT_NOBODY)
    (void)weft__cas_acquire(&c->word, &unowned, (int64_t)weft__tls.fresh);
}

WEFT_END_DECLS
#endif
