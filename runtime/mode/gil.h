/* SPDX-License-Identifier: MIT */
/*
 * Mode gil: at most one thread is attached, so a count is a plain integer.
 *
 *     bit 63     61                     1     0
 *     +--------+-----+-------------------+------+
 *     |immortal|DYING|       count       | WEAK |
 *     +--------+-----+-------------------+------+
 *
 * Counting is by steps of two. WEAK  weak references were made. dead: no count, not DYING. One comparison tells the
 * common decref from the last one and from that of an immortal object, which no operation changes: the sign decides.
 */
#ifndef WEFT_MODE_GIL_H
#define WEFT_MODE_GIL_H

#define WEFT_MODE_NAME   "gil"
#define WEFT__MODE_TOKEN gil
#define WEFT__HAS_GIL    1
#define WEFT__HAS_OWNERS 0

typedef struct weft_count {
  int64_t word;
} weft_count;

#define WEFT__GIL_WEAK      ((int64_t)1)
#define WEFT__GIL_ONE       ((int64_t)2)
/* While a finalizer runs, its bit stands in for a reference: a decref below it cannot reach zero. */
#define WEFT__GIL_DYING     ((int64_t)1 << 61)
/* An immortal one's, nearly. */
#define WEFT__GIL_CONDEMNED (INT64_MIN / 2 + WEFT__GIL_ONE)

#define WEFT__COUNT_FRESH(slot) ((uint64_t)WEFT__GIL_ONE)
#define WEFT__COUNT_IMMORTAL \
  { INT64_MIN / 2 }

static inline void weft__count_init(weft_count *c) { c->word = WEFT__GIL_ONE; }

static inline void weft__count_incref_as(weft_count *c, uint32_t slot) {
  (void)slot;
  int64_t word = c->word + WEFT__GIL_ONE;
  if (WEFT_UNLIKELY(word < 0)) return;
  c->word = word;
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
  int64_t word = c->word;
  if (word >= 2 * WEFT__GIL_ONE) {
    c->word = word - WEFT__GIL_ONE;
    return false;
  }
  if (WEFT_UNLIKELY(word < 0)) return false;
  c->word = word - WEFT__GIL_ONE;
  return true;
}

static inline bool weft__count_decref_inline_as(weft_count *c, uint32_t slot) {
  (void)slot;
  int64_t word = c->word;
  if (WEFT_UNLIKELY(word < 2 * WEFT__GIL_ONE)) return word < 0;
  c->word = word - WEFT__GIL_ONE;
  return true;
}

static inline bool weft__count_is_immortal(const weft_count *c) { return c->word < 0; }
static inline bool weft__count_is_dead(const weft_count *c) { return (uint64_t)c->word < (uint64_t)WEFT__GIL_ONE; }
static inline bool weft__count_is_alive(const weft_count *c) {
  return c->word < 0 || (c->word >= WEFT__GIL_ONE && c->word < WEFT__GIL_DYING);
}

static inline bool weft__count_try_incref(weft_count *c) {
  if (WEFT_UNLIKELY(!weft__count_is_alive(c))) return false;
  weft__count_incref_as(c, WEFT__SLOT_NONE);
  return true;
}

static inline int64_t weft__count_refs(const weft_count *c) {
  return c->word < 0 ? WEFT__IMMORTAL_REFS : (c->word & ~WEFT__GIL_DYING) / WEFT__GIL_ONE;
}
static inline int64_t weft__count_for_collector(const weft_count *c) {
  if (c->word < 0) return c->word == WEFT__GIL_CONDEMNED ? 0 : WEFT__IMMORTAL_REFS;
  return c->word & WEFT__GIL_DYING ? 0 : c->word / WEFT__GIL_ONE;
}
static inline int64_t weft__count_of_own(const weft_count *c) { return (void)c, 0; }
static inline bool weft__count_is_unique(const weft_count *c) { return c->word == WEFT__GIL_ONE; }
static inline bool weft__count_immortalize(weft_count *c) {
  c->word = INT64_MIN / 2;
  return true;
}
static inline void weft__count_condemn(weft_count *c) { c->word = WEFT__GIL_CONDEMNED; }
static inline void weft__count_bury(weft_count *c) { c->word = 0; }
static inline void weft__count_publish_weak(weft_count *c) {
  if (c->word >= 0) c->word |= WEFT__GIL_WEAK;
}
static inline bool weft__count_drop_locked(weft_count *c) { return (void)c, false; }
static inline void weft__count_publish_fresh(weft_count *c) { (void)c; }
static inline bool weft__count_has_weak(const weft_count *c) { return c->word & WEFT__GIL_WEAK; }

static inline void weft__count_begin_dying(weft_count *c) { c->word |= WEFT__GIL_DYING; }
static inline bool weft__count_end_dying(weft_count *c) {
  if (c->word < 0) return false;
  c->word -= WEFT__GIL_DYING;
  return weft__count_is_dead(c);
}

/* The bit keeps the word from looking like a count. */
static inline void weft__count_set_link(weft_count *c, void *next) {
  c->word = (int64_t)(uintptr_t)next | WEFT__GIL_DYING | (c->word & WEFT__GIL_WEAK);
}
static inline void *weft__count_take_link(weft_count *c) {
  void *next = (void *)(uintptr_t)(c->word & ~(WEFT__GIL_DYING | WEFT__GIL_WEAK));
  c->word &= WEFT__GIL_WEAK;
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
