/* SPDX-License-Identifier: MIT */
/* What a str looks like, for the tables that have strs as keys; see str.c. */
#ifndef WEFT_STR_INTERNAL_H
#define WEFT_STR_INTERNAL_H

#include <string.h>

#include "../sync/atomic.h"
#include "str.h"

struct weft__str {
  weft_object header;
  int64_t hash;       /* atomic: -1 until it is asked for; every thread computes the same */
  uint64_t size : 63; /* bytes */
  uint64_t wide : 1;  /* not all ASCII */
  char bytes[];
};

/* The hash if it has been asked for before, else -1. order: relaxed: every thread computes the same. */
static inline int64_t weft__str_cached_hash(const weft_object *o) {
  return weft__load_relaxed(&((const struct weft__str *)o)->hash);
}

enum { WEFT__SHORT_STR = 64 };

/* Short texts by words: a str's memory reaches up to the next multiple of 8 bytes. */
static inline bool weft__short_bytes_equal(const char *a, const char *b, size_t size) {
  uint64_t x, y;
  for (; size > 8; a += 8, b += 8, size -= 8) {
    memcpy(&x, a, 8), memcpy(&y, b, 8);
    if (x != y) return false;
  }
  if (size == 0) return true;
  memcpy(&x, a, 8), memcpy(&y, b, 8);
  return (x ^ y) << (64 - 8 * size) == 0;
}

/* Are the hashes, which have been asked for, and the sizes equal? */
static inline bool weft__str_alike(const struct weft__str *x, const struct weft__str *y) {
  return weft__str_cached_hash(&x->header) == weft__str_cached_hash(&y->header) && x->size == y->size;
}

/* Equal, and not long? */
static inline bool weft__str_equal_short(const weft_object *a, const weft_object *b) {
  const struct weft__str *x = (const struct weft__str *)a, *y = (const struct weft__str *)b;
  return weft__str_alike(x, y) && x->size <= WEFT__SHORT_STR && weft__short_bytes_equal(x->bytes, y->bytes, x->size);
}

/* Equal? Both hashes have been asked for. */
static inline bool weft__str_equal(const weft_object *a, const weft_object *b) {
  const struct weft__str *x = (const struct weft__str *)a, *y = (const struct weft__str *)b;
  if (!weft__str_alike(x, y)) return false;
  return WEFT_LIKELY(x->size <= WEFT__SHORT_STR) ? weft__short_bytes_equal(x->bytes, y->bytes, x->size)
                                                 : memcmp(x->bytes, y->bytes, x->size) == 0;
}

/* The slot: an iterator over the characters, each a str. */
weft_object *weft__str_iter(weft_object *o);

/* An immortal copy outside the heap, for `free`; NULL: out of memory. Its hash has been asked for. */
weft_object *weft__str_immortal_copy(const weft_object *o);

#endif
