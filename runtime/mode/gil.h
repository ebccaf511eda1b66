/* SPDX-License-Identifier: MIT */
/*
 * Mode gil: at most one thread is attached, so a count is a plain integer.
 *
 * refs > 0: that many references. refs == 0: dead. refs < 0: immortal, and no operation changes it: the sign decides
 * with the flags that the addition sets anyway.
 */
#ifndef WEFT_MODE_GIL_H
#define WEFT_MODE_GIL_H

#define WEFT_MODE_NAME   "gil"
#define WEFT__MODE_TOKEN gil
#define WEFT__HAS_GIL    1
#define WEFT__HAS_OWNERS 0

typedef struct weft_count {
  int64_t refs;
} weft_count;

#define WEFT__COUNT_FRESH(slot) ((uint64_t)1)
#define WEFT__COUNT_IMMORTAL \
  { INT64_MIN / 2 }

/* While a finalizer runs, its bit stands in for a reference: a decref below it cannot reach zero. */
#define WEFT__GIL_DYING     ((int64_t)1 << 61)
/* An immortal one's, nearly. */
#define WEFT__GIL_CONDEMNED (INT64_MIN / 2 + 1)

static inline void weft__count_init(weft_count *c) { c->refs = 1; }

static inline void weft__count_incref(weft_count *c) {
  int64_t refs = c->refs + 1;
  if (WEFT_UNLIKELY(refs < 0)) return;
  c->refs = refs;
}

static inline bool weft__count_incref_inline(weft_count *c) {
  weft__count_incref(c);
  return true;
}

static inline bool weft__count_decref(weft_count *c) {
  int64_t refs = c->refs - 1;
  if (WEFT_UNLIKELY(refs < 0)) return false;
  c->refs = refs;
  return refs == 0;
}

static inline bool weft__count_decref_inline(weft_count *c) {
  int64_t refs = c->refs - 1;
  if (WEFT_UNLIKELY(refs <= 0)) return refs < 0;
  c->refs = refs;
  return true;
}

static inline bool weft__count_try_incref(weft_count *c) {
  if (c->refs == 0 || (c->refs > 0 && (c->refs & WEFT__GIL_DYING))) return false;
  weft__count_incref(c);
  return true;
}

static inline int64_t weft__count_refs(const weft_count *c) {
  return c->refs < 0 ? WEFT__IMMORTAL_REFS : c->refs & ~WEFT__GIL_DYING;
}
static inline int64_t weft__count_for_collector(const weft_count *c) {
  if (c->refs < 0) return c->refs == WEFT__GIL_CONDEMNED ? 0 : WEFT__IMMORTAL_REFS;
  return c->refs & WEFT__GIL_DYING ? 0 : c->refs;
}
static inline int64_t weft__count_of_own(const weft_count *c) { return (void)c, 0; }
static inline bool weft__count_is_unique(const weft_count *c) { return c->refs == 1; }
static inline bool weft__count_is_immortal(const weft_count *c) { return c->refs < 0; }
static inline bool weft__count_is_dead(const weft_count *c) { return c->refs == 0; }
static inline bool weft__count_immortalize(weft_count *c) {
  c->refs = INT64_MIN / 2;
  return true;
}
static inline void weft__count_condemn(weft_count *c) { c->refs = WEFT__GIL_CONDEMNED; }
static inline void weft__count_bury(weft_count *c) { c->refs = 0; }
static inline void weft__count_publish_weak(weft_count *c) { (void)c; }

static inline void weft__count_begin_dying(weft_count *c) { c->refs = WEFT__GIL_DYING; }
static inline bool weft__count_end_dying(weft_count *c) {
  if (c->refs < 0) return false;
  c->refs -= WEFT__GIL_DYING;
  return c->refs == 0;
}

/* The bit keeps the word from looking like a count. */
static inline void weft__count_set_link(weft_count *c, void *next) {
  c->refs = (int64_t)(uintptr_t)next | WEFT__GIL_DYING;
}
static inline void *weft__count_take_link(weft_count *c) {
  void *next = (void *)(uintptr_t)(c->refs & ~WEFT__GIL_DYING);
  c->refs = 0;
  return next;
}

static inline bool weft__count_is_private(const weft_count *c) { return (void)c, true; }
static inline bool weft__count_is_free_to(const weft_count *c, uint32_t status) {
  return (void)c, !(status & WEFT__STATUS_BUSY);
}
static inline uint32_t weft__count_owner(const weft_count *c) { return (void)c, WEFT__SLOT_NONE; }
static inline void weft__count_share(weft_count *c) { (void)c; }

static inline void weft__count_disown(weft_count *c) { (void)c; }
static inline void weft__count_own(weft_count *c) { (void)c; }

#endif
