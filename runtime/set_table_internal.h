/* SPDX-License-Identifier: MIT */
/*
 * The table of a set: 2^bits entries, each a key and its hash, with open addressing.
 *
 *   An entry is EMPTY (the key is NULL), holds a key, or is DELETED; it goes through these in this order and never
 * back. `filled` counts the entries that are not EMPTY: filled * 5 < (2^bits - 1) * 3, so that every search ends.
 *
 * Where a key's search begins is keyed as in dict_table_internal.h, and so are its steps from there: by the top bits of
 * the product, which all bits of the hash have part in.
 *
 * A reader in a bracket may search while the table is written to, under the set's lock. An entry is written hash first,
 * then key (release), and never used again for another key: so a reader that sees the key (acquire) sees its hash. And
 * what a reader has gone past, it need not look at again: a key that comes meanwhile comes to the first EMPTY entry of
 * its search. So a search that ends at an EMPTY entry has found its key missing at some moment since it began: there
 * was no entry of it when the table was the set's; or there was, and it was DELETED when the search came by. A search
 * that finds the key found it there.
 */
#ifndef WEFT_SET_TABLE_INTERNAL_H
#define WEFT_SET_TABLE_INTERNAL_H

#include "dict_table_internal.h"

struct weft__set_entry {
  weft_object *key;
  uint64_t hash;
};

struct weft__set_table {
  size_t filled; /* protected as the set is */
  unsigned bits;
};

enum { WEFT__SET_MIN_BITS = 3, WEFT__SET_MAX_BITS = 40 };

/* The key of a DELETED entry. */
extern weft_object weft__set_deleted;

/* They stand behind the table. */
static inline struct weft__set_entry *weft__set_entries(const struct weft__set_table *t) {
  return (struct weft__set_entry *)(void *)(t + 1);
}
static inline size_t weft__set_mask(const struct weft__set_table *t) { return ((size_t)1 << t->bits) - 1; }

/* The key of an entry; NULL: EMPTY or DELETED. order: acquire [set]: see the top. */
static inline weft_object *weft__set_key(const struct weft__set_entry *e) {
  weft_object *key = weft__load_acquire(&e->key);
  return key == &weft__set_deleted ? NULL : key;
}

struct weft__set_probe {
  size_t i;
  uint64_t step;
  weft_object *other; /* a key that only weft_compare can tell about */
};

static inline struct weft__set_probe weft__set_probe_start(const struct weft__set_table *t, uint64_t hash) {
  uint64_t displaced = hash + ((hash >> t->bits) * weft__table_key >> (64 - t->bits));
  return (struct weft__set_probe){.i = displaced & weft__set_mask(t),
                                  .step = hash * weft__table_key >> (63 - t->bits) | 1};
}

static inline void weft__set_probe_next(struct weft__set_probe *p, const struct weft__set_table *t) {
  p->i = weft__table_next(p->i, p->step) & weft__set_mask(t);
}

/* Is `key` equal to another object with the same hash? 0 no, 1 yes, -1: only weft_compare can tell. */
static inline int weft__set_match(const weft_object *other, const weft_object *key) {
  if (!weft__is_simple(other) || !weft__is_simple(key)) return -1;
  if (other->type != key->type) return 0;
  if (key->type == &weft_str_type) return weft__str_equal(other, key);
  return ((const weft_int *)other)->value == ((const weft_int *)key)->value;
}

enum weft__set_outcome { WEFT__SET_MISSING, WEFT__SET_FOUND, WEFT__SET_ASK };

/* Goes on from p->i, inclusive, to the key, to an EMPTY entry, or to a key that may be equal: p->other. In a bracket,
 * or with the table to oneself. */
WEFT_ALWAYS_INLINE enum weft__set_outcome weft__set_probe(const struct weft__set_table *t, struct weft__set_probe *p,
                                                          const weft_object *key, uint64_t hash) {
  const struct weft__set_entry *entries = weft__set_entries(t);
  for (;; weft__set_probe_next(p, t)) {
    /* order: acquire [set]: see the top. */
    weft_object *other = weft__load_acquire(&entries[p->i].key);
    if (!other) return WEFT__SET_MISSING;
    if (WEFT_LIKELY(other == key)) return WEFT__SET_FOUND;
    /* order: relaxed: behind the key. */
    if (weft__load_relaxed(&entries[p->i].hash) != hash || other == &weft__set_deleted) continue;
    int match = weft__set_match(other, key);
    if (WEFT_LIKELY(match > 0)) return WEFT__SET_FOUND;
    if (WEFT_UNLIKELY(match < 0)) {
      p->other = other;
      return WEFT__SET_ASK;
    }
  }
}

#endif
