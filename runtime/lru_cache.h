/* SPDX-License-Identifier: MIT */
/*
 * lru_cache: a callable that remembers what another callable has returned for the same arguments, and forgets what was
 * used least recently when it has more than `maxsize` results.
 *
 * Arguments must be hashable. Equal arguments are the same, except that an int or str alone is only ever the same as
 * another int or str; a `typed` cache tells arguments of different types apart (3 and 3.0). Errors are not remembered.
 * As an attribute of a type the cache becomes a method, and caches by the instance, too.
 *
 * Threads may call it at the same time, and a call may call it again. The callable runs without any lock: threads that
 * want what nobody knows yet each compute it, each returns what it has computed, and the first to finish is remembered.
 * A hit takes no lock and writes to nothing that other threads write to, except the count of what it returns.
 *
 * Which result was used least recently: on one thread, exactly that. Between threads, uses are in order as far as
 * results that one thread has stored and another has used tell what came before what.
 */
#ifndef WEFT_LRU_CACHE_H
#define WEFT_LRU_CACHE_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_lru_cache_type;

#define WEFT_LRU_UNBOUNDED INT64_MAX /* forgets nothing */
#define WEFT_LRU_DEFAULT   128

/* A cache for what `callable` returns. With a `maxsize` of 0, or a negative one, it only counts.
 * Returns new. Errors: TypeError (not callable), memory. Calling it: those of hashing and comparing arguments, what the
 * callable raises. */
WEFT_API weft_object *weft_lru_cache_new(weft_object *callable, int64_t maxsize, bool typed);

typedef struct weft_lru_cache_info {
  uint64_t hits, misses;
  int64_t maxsize, currsize; /* of results that it remembers */
} weft_lru_cache_info;

/* Stores the figures since the last clear. Errors (-1): TypeError. */
WEFT_API int weft_lru_cache_get_info(weft_object *cache, weft_lru_cache_info *info);
/* What it was made with; a negative maxsize has become 0. Errors (-1): TypeError. */
WEFT_API int weft_lru_cache_parameters(weft_object *cache, int64_t *maxsize, bool *typed);
/* What it calls. Returns new. Errors: TypeError. */
WEFT_API weft_object *weft_lru_cache_wrapped(weft_object *cache);
/* Forgets all results, and sets the figures to 0. Errors (-1): TypeError. May: run finalizers. */
WEFT_API int weft_lru_cache_clear(weft_object *cache);

WEFT_END_DECLS
#endif
