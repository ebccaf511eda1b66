/* SPDX-License-Identifier: MIT */
/*
 * Mode atomic: threads run in parallel and every change of a count is one atomic read-modify-write.
 *
 * refs > 0: that many references, plus DYING while a finalizer runs. refs == 0: dead. refs < 0: immortal.
 * The initial load of a count operation finds immortals without writing to them, so that a hot shared constant does not
 * bounce between caches; its value is not otherwise used.
 */
#ifndef WEFT_MODE_ATOMIC_H
#define WEFT_MODE_ATOMIC_H

#define WEFT_MODE_NAME   "atomic"
#define WEFT__MODE_TOKEN atomic
#define WEFT__HAS_GIL    0
#define WEFT__HAS_OWNERS 0

typedef struct weft_count {
  int64_t refs;
} weft_count;

#define WEFT__COUNT_IMMORTAL \
  { INT64_MIN / 2 }

/* While a finalizer runs, its bit stands in for a reference: a decref below it cannot reach zero. */
#define WEFT__ATOMIC_DYING ((int64_t)1 << 61)

/* order: relaxed: the thread that makes an object publishes it by other means. */
static inline void weft__count_init(weft_count *c) { weft__store_relaxed(&c->refs, (int64_t)1); }

static inline void weft__count_incref(weft_count *c) {
  /* order: relaxed: whoever adds a reference holds one, so the object cannot die meanwhile. */
  if (WEFT_UNLIKELY(weft__load_relaxed(&c->refs) < 0)) return;
  weft__add_relaxed(&c->refs, 1);
}

static inline bool weft__count_decref(weft_count *c) {
  if (WEFT_UNLIKELY(weft__load_relaxed(&c->refs) < 0)) return false;
  /* order: release [count-drop]: publishes this thread's use of the object; pairs with the acquire load below, made by
   * the thread that drops the last reference. */
  if (weft__sub_release(&c->refs, 1) != 1) return false;
  /* order: acquire [count-drop]: sees every other thread's use before the object is torn down. */
  (void)weft__load_acquire(&c->refs);
  return true;
}

static inline bool weft__count_try_incref(weft_count *c) {
  int64_t refs = weft__load_relaxed(&c->refs);
  do {
    if (refs < 0) return true;
    if (refs == 0 || (refs & WEFT__ATOMIC_DYING)) return false;
    /* order: acquire [count-drop]: sees the object as whoever last published it left it. */
  } while (!weft__cas_weak_acquire(&c->refs, &refs, refs + 1));
  return true;
}

/* order: relaxed: a snapshot. */
static inline int64_t weft__count_refs(const weft_count *c) {
  int64_t refs = weft__load_relaxed(&c->refs);
  return refs < 0 ? WEFT__IMMORTAL_REFS : refs & ~WEFT__ATOMIC_DYING;
}
/* order: acquire [count-drop]: the only reference is ours; sees what those who dropped theirs did before. */
static inline bool weft__count_is_unique(const weft_count *c) { return weft__load_acquire(&c->refs) == 1; }
static inline bool weft__count_is_immortal(const weft_count *c) { return weft__load_relaxed(&c->refs) < 0; }
static inline bool weft__count_is_dead(const weft_count *c) { return weft__load_relaxed(&c->refs) == 0; }
/* order: relaxed: others who hold references keep changing it harmlessly: it stays far below zero. */
static inline bool weft__count_immortalize(weft_count *c) {
  weft__store_relaxed(&c->refs, INT64_MIN / 2);
  return true;
}
static inline void weft__count_publish_weak(weft_count *c) { (void)c; }

/* order: relaxed: the count is zero, nobody else may touch the object. */
static inline void weft__count_begin_dying(weft_count *c) { weft__store_relaxed(&c->refs, WEFT__ATOMIC_DYING); }
static inline bool weft__count_end_dying(weft_count *c) {
  int64_t refs = WEFT__ATOMIC_DYING;
  /* order: acq_rel [count-drop]: as the last decref; a reference made by the finalizer may live in another thread. */
  if (weft__cas_acq_rel(&c->refs, &refs, (int64_t)0)) return true;
  if (refs < 0) return false;
  return weft__sub_acq_rel(&c->refs, WEFT__ATOMIC_DYING) == WEFT__ATOMIC_DYING;
}

/* The bit makes a reader that still tries to revive the object refuse. */
static inline void weft__count_set_link(weft_count *c, void *next) {
  weft__store_relaxed(&c->refs, (int64_t)(uintptr_t)next | WEFT__ATOMIC_DYING);
}
static inline void *weft__count_take_link(weft_count *c) {
  int64_t refs = weft__load_relaxed(&c->refs);
  weft__store_relaxed(&c->refs, (int64_t)0);
  return (void *)(uintptr_t)(refs & ~WEFT__ATOMIC_DYING);
}

static inline void weft__count_disown(weft_count *c) { (void)c; }
static inline void weft__count_own(weft_count *c) { (void)c; }

#endif
