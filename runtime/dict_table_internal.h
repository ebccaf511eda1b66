/* SPDX-License-Identifier: MIT */
/*
 * The table of a dict: an index, and the entries in the order in which they came. After Hettinger, "More compact
 * dictionaries with faster iteration" (python-dev, 2012).
 *
 *   index    2^bits cells; a cell is EMPTY, DELETED or leads to an entry, and holds some bits of its key's hash, so
 * that few probes touch an entry that does not match entries  [0 .. used), each a key and a value; a value of NULL:
 * deleted, the key means nothing. With `hashed`, also the hash; without, all keys are exact strs and ints, which know
 * theirs.
 *
 * Where a key's search begins: low bits of the hash, so that runs of ints lie in runs of cells, displaced by a keyed
 * mix of the bits above, so that keys which agree in their low bits part; and on from there by steps of a keyed mix of
 * all. No one who does not know the key can choose keys that collide, unless their hashes are equal.
 *
 * A reader in a bracket may be in the table while it is written to, under the dict's lock. So: an entry is written
 * before the cell that leads to it (release); an entry is never used again for another key, a deleted cell is; a
 * deletion empties the value before the cell. What is taken out is released after a grace period.
 *
 * An entry that moves to another place in the order is written there; then the cell is made to lead there; then the old
 * value is emptied. So a reader who finds an entry without a value looks whether the cell still leads to it.
 *
 * In a shared dict the value of a key that is there is replaced without the lock, by a compare-and-swap. Whoever, under
 * the lock, has to keep values as they are (to move them to another table, to copy them at one moment) marks them
 * FROZEN first; then a replacement finds another word than it expects, and takes the lock. So every value is in one
 * place.
 */
#ifndef WEFT_DICT_TABLE_INTERNAL_H
#define WEFT_DICT_TABLE_INTERNAL_H

#include "heap_internal.h"
#include "int.h"
#include "number_internal.h"
#include "object.h"
#include "str_internal.h"

struct weft__table {
  uintptr_t *entries;      /* behind the cells, which stand behind this */
  size_t mask;             /* of a cell's number: their number is 2^bits */
  size_t capacity, used;   /* entries */
  uint32_t hole, hole_end; /* a run of deleted entries, for who looks for the last one; writers only */
  uint8_t bits;
  uint8_t width; /* a cell has 2^width bytes */
  bool hashed;
  uint32_t first; /* there is nothing in the entries before this one; writers only */
};

enum { WEFT__TABLE_MIN_BITS = 3, WEFT__TABLE_MAX_BITS = 40 };
enum { WEFT__FROZEN = 1 };                   /* in a value */
enum { WEFT__MISSING = -1, WEFT__ASK = -2 }; /* what a probe finds instead of an entry */

extern uint64_t weft__table_key; /* odd, random */

static inline void *weft__table_cells(const struct weft__table *t) { return (void *)(t + 1); }
static inline size_t weft__table_stride(const struct weft__table *t) { return t->hashed ? 3 : 2; }
/* Entry `i`: key, value and perhaps hash. */
static inline uintptr_t *weft__table_entry(const struct weft__table *t, size_t i) {
  return t->entries + i * weft__table_stride(t);
}
/* order, for the three: acquire [table]: sees the key and the value as they were made. */
static inline weft_object *weft__table_key_at(const struct weft__table *t, size_t i) {
  return (weft_object *)weft__load_acquire(&weft__table_entry(t, i)[0]);
}
static inline weft_object *weft__table_value_at(const struct weft__table *t, size_t i) {
  return (weft_object *)(weft__load_acquire(&weft__table_entry(t, i)[1]) & ~(uintptr_t)WEFT__FROZEN);
}
static inline size_t weft__table_used(const struct weft__table *t) { return weft__load_acquire(&t->used); }

/* --- Hashes --- */

/* What weft_hash says of an int: of most, the value. */
static inline bool weft__is_own_hash(int64_t value) {
  const int64_t modulus = (int64_t)WEFT__HASH_MODULUS;
  return WEFT_LIKELY(-modulus < value && value < modulus && value != -1);
}
static inline int64_t weft__int_key_hash(int64_t value) {
  if (weft__is_own_hash(value)) return value;
  int64_t hash = weft__hash_int(value);
  return hash == -1 ? -2 : hash;
}

/* The hash of a key that may stand in a table without hashes. */
static inline uint64_t weft__simple_hash(const weft_object *key) {
  return (uint64_t)(key->type == &weft_str_type ? weft__str_cached_hash(key)
                                                : weft__int_key_hash(((const weft_int *)key)->value));
}
static inline bool weft__is_simple(const weft_object *key) {
  return key->type == &weft_str_type || key->type == &weft_int_type;
}

/* False: an error is set. May run a hook. */
static inline bool weft__key_hash(weft_object *key, uint64_t *hash) {
  if (WEFT_LIKELY(key->type == &weft_str_type)) {
    int64_t cached = weft__str_cached_hash(key);
    *hash = (uint64_t)cached;
    if (WEFT_LIKELY(cached != -1)) return true;
  } else if (key->type == &weft_int_type) {
    *hash = (uint64_t)weft__int_key_hash(((weft_int *)key)->value);
    return true;
  }
  return weft_hash(key, (int64_t *)hash) == 0;
}

/* --- Probing --- */

struct weft__probe {
  size_t i, mask; /* the cell */
  uint64_t tag, step;
  size_t asked; /* an entry that only weft_compare can tell about */
};

/* The cell where the search for a key begins. The product alone would not do: it takes the multiples of a number to
 * evenly spaced values, and with some keys to few; nor, below, would its lower half alone. */
static inline size_t weft__table_first(const struct weft__table *t, uint64_t hash) {
  uint64_t mixed = hash >> t->bits;
  if (!mixed) return hash; /* a small int */
  mixed *= weft__table_key;
  mixed ^= mixed >> 32;
  return (hash + (mixed >> (64 - t->bits) ^ mixed)) & t->mask;
}

static inline struct weft__probe weft__probe_start(const struct weft__table *t, uint64_t hash) {
  uint64_t mixed = hash * weft__table_key;
  return (struct weft__probe){
      .i = weft__table_first(t, hash), .mask = t->mask, .tag = mixed >> 56, .step = mixed >> (63 - t->bits) | 1};
}

/* Passes every cell. `odd` is made of the mix's upper bits: the lower ones of a key that is a
 * multiple of a power of two are all zero. Steps of one length would have some keys walk along a run of ints. */
static inline size_t weft__table_next(size_t i, uint64_t odd) { return i * 5 + odd; }
static inline void weft__probe_next(struct weft__probe *p) { p->i = weft__table_next(p->i, p->step) & p->mask; }

/* --- Cells: the tag in the top 8 bits, below it 1 + the entry's number; all ones there: DELETED --- */

WEFT_ALWAYS_INLINE uint64_t weft__cell_load(const struct weft__table *t, size_t i, unsigned width) {
  const void *cells = weft__table_cells(t);
  /* order: acquire [table]: see the top. */
  return width == 1   ? weft__load_acquire((const uint16_t *)cells + i)
         : width == 2 ? weft__load_acquire((const uint32_t *)cells + i)
                      : weft__load_acquire((const uint64_t *)cells + i);
}
WEFT_ALWAYS_INLINE void weft__cell_store(struct weft__table *t, size_t i, uint64_t cell, unsigned width) {
  void *cells = weft__table_cells(t);
  /* order: release [table]: see the top. */
  if (width == 1)
    weft__store_release((uint16_t *)cells + i, (uint16_t)cell);
  else if (width == 2)
    weft__store_release((uint32_t *)cells + i, (uint32_t)cell);
  else
    weft__store_release((uint64_t *)cells + i, cell);
}

/* DELETED. */
static inline uint64_t weft__deleted_cell(unsigned width) { return ~(uint64_t)0 >> (64 - (8u << width)); }
/* Where the tag begins. */
static inline unsigned weft__cell_shift(unsigned width) { return (8u << width) - 8; }

/* Are two keys equal, if that is seen at a glance: strs that are not long and whose hashes have been asked for, ints?
 */
WEFT_ALWAYS_INLINE bool weft__keys_equal_short(const weft_object *a, const weft_object *b) {
  if (a->type != b->type) return false;
  if (a->type == &weft_str_type) return weft__str_equal_short(a, b);
  return a->type == &weft_int_type && ((const weft_int *)a)->value == ((const weft_int *)b)->value;
}

/* Is the entry's key, which is another object, equal to `key`? 0 no, 1 yes, -1: only weft_compare can tell. */
static inline int weft__table_match(const uintptr_t *entry, bool hashed, const weft_object *other,
                                    const weft_object *key, uint64_t hash) {
  if (other->type == &weft_str_type && key->type == &weft_str_type) return weft__str_equal(other, key);
  if (other->type == &weft_int_type && key->type == &weft_int_type)
    return ((const weft_int *)other)->value == ((const weft_int *)key)->value;
  if ((hashed ? (uint64_t)weft__load_relaxed(&entry[2]) : weft__simple_hash(other)) != hash) return 0;
  return weft__is_simple(other) && weft__is_simple(key) ? 0 : -1;
}

/* Goes on from p->i, inclusive, to the next entry that matches or may match. In a bracket, or with the table to
 * oneself. */
WEFT_ALWAYS_INLINE int64_t weft__table_probe_width(const struct weft__table *t, struct weft__probe *p,
                                                   const weft_object *key, uint64_t hash, unsigned width) {
  const unsigned shift = weft__cell_shift(width);
  const uint64_t number_mask = ((uint64_t)1 << shift) - 1;
  const uintptr_t *entries = weft__table_entry(t, 0);
  const bool hashed = t->hashed;
  for (;; weft__probe_next(p)) {
    uint64_t cell = weft__cell_load(t, p->i, width);
    uint64_t number = (cell & number_mask) - 1;
    if (WEFT_LIKELY(cell >> shift == p->tag && number < number_mask - 1)) {
      const uintptr_t *entry = entries + number * (hashed ? 3 : 2);
      /* order: acquire [table]: see the top. */
      const weft_object *other = (const weft_object *)weft__load_acquire(&entry[0]);
      if (WEFT_LIKELY(other == key)) return (int64_t)number;
      int match = weft__table_match(entry, hashed, other, key, hash);
      if (WEFT_LIKELY(match > 0)) return (int64_t)number;
      if (WEFT_UNLIKELY(match < 0)) {
        p->asked = number;
        return WEFT__ASK;
      }
    }
    if (cell == 0) return WEFT__MISSING;
  }
}

/* The number of the entry whose key is `key`; MISSING: p->i is an empty cell; or ASK about entry p->asked. */
WEFT_ALWAYS_INLINE int64_t weft__table_probe(const struct weft__table *t, struct weft__probe *p, const weft_object *key,
                                             uint64_t hash) {
  if (t->width == 1) return weft__table_probe_width(t, p, key, hash, 1);
  if (WEFT_LIKELY(t->width == 2)) return weft__table_probe_width(t, p, key, hash, 2);
  return weft__table_probe_width(t, p, key, hash, 3);
}

/* The entry to which the first cell leads, most often that of the key; NULL: none. In a table without hashes that
 * nobody else writes to. */
WEFT_ALWAYS_INLINE uintptr_t *weft__table_guess(const struct weft__table *t, uint64_t hash) {
  size_t i = weft__table_first(t, hash);
  uint64_t number = t->width == 1   ? (uint8_t)weft__cell_load(t, i, 1) - UINT64_C(1)
                    : t->width == 2 ? (weft__cell_load(t, i, 2) & 0xFFFFFF) - UINT64_C(1)
                                    : UINT64_MAX;
  return WEFT_LIKELY(number < t->capacity) ? &t->entries[number * 2] : NULL; /* else EMPTY, or DELETED */
}

#endif
