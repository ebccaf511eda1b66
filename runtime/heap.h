/* SPDX-License-Identifier: MIT */
/* The private heap as a user sees it: figures, and faults on purpose. How it works: heap.c. */
#ifndef WEFT_HEAP_H
#define WEFT_HEAP_H

#include "config.h"

WEFT_BEGIN_DECLS

typedef struct weft_heap_stats {
  size_t arenas;       /* mapped now */
  size_t arena_bytes;  /* mapped now */
  size_t pages;        /* in use by a size class */
  size_t blocks;       /* live blocks in those pages (what other threads freed counts until its owner collects it) */
  size_t block_bytes;  /* bytes in those blocks */
  size_t large_blocks; /* live blocks beyond the largest size class */
  size_t large_bytes;
} weft_heap_stats;

/* Fills `stats`. Exact for the calling thread; stops the world to be exact for all. May: block. */
WEFT_API void weft_heap_get_stats(weft_heap_stats *stats);

/*
 * Fault injection: the `nth` memory request (from 1) that the calling thread makes from now on fails, once; 0 switches
 * it off. Counts every request: small blocks, large blocks, buffers, queue chunks. Returns the number of requests made
 * since the previous call, so that a test can run a scenario for every n until nothing fails.
 */
WEFT_API uint64_t weft_heap_fail_nth(uint64_t nth);

WEFT_END_DECLS
#endif
