/* SPDX-License-Identifier: MIT */
/*
 * The private heap as a user sees it: figures, a map, a limit, and faults on purpose. How it works: heap.c.
 *
 *   arena   what is asked of the system at a time          page   64 KiB of an arena, for blocks of one size and kind
 *   block   up to 512 bytes in a page                      large block   beyond that; from malloc
 *
 * Sizes are in bytes. Figures are those of one moment: the world is stopped while they are taken, unless the caller has
 * stopped it.
 */
#ifndef WEFT_HEAP_H
#define WEFT_HEAP_H

#include <stdio.h>

#include "config.h"

WEFT_BEGIN_DECLS

/* What blocks are. */
enum weft_heap_kind {
  WEFT_HEAP_PLAIN,     /* objects that hold no references */
  WEFT_HEAP_CONTAINER, /* objects that the collector follows: of types with WEFT_TYPE_CONTAINER */
  WEFT_HEAP_BUFFER,    /* memory of objects outside them, the items of a list say */
  WEFT_HEAP_KINDS
};

typedef struct weft_heap_stats {
  size_t arenas;          /* mapped now */
  size_t arenas_peak;     /* most that were mapped at a time since weft_init */
  size_t arena_bytes;     /* mapped now */
  size_t pages;           /* with a size and a kind; the next three add up to it */
  size_t pages_current;   /* that a thread allocates from */
  size_t pages_available; /* with free blocks, for when a current one is full */
  size_t pages_full;      /* without, as far as their thread knows */
  size_t pages_orphaned;  /* those of `pages` that threads left behind when they ended */
  size_t pages_empty;     /* in mapped arenas, for any size and kind */
  size_t page_bytes;      /* in `pages` */
  size_t blocks;          /* live ones in `pages` */
  size_t block_bytes;     /* in those blocks, which may be a few more than were asked for */
  size_t large_blocks;    /* live ones */
  size_t large_bytes;
  struct {
    size_t pages, blocks, block_bytes; /* as above */
  } kinds[WEFT_HEAP_KINDS];
  double fragmentation; /* the share of page_bytes that is not in live blocks, 0 to 1; 0 without pages */
} weft_heap_stats;

/* Fills in `stats`. Returns 0. Errors (-1): TypeError. May: block. */
WEFT_API int weft_heap_get_stats(weft_heap_stats *stats);

typedef struct weft_heap_class {
  size_t block_size;
  size_t pages;       /* of this size, all kinds */
  size_t blocks;      /* live ones */
  size_t free_blocks; /* in those pages */
} weft_heap_class;

/* Fills in the first `n` size classes, smallest first. Returns how many there are, also for n = 0. Errors (-1):
 * TypeError. May: block. */
WEFT_API int weft_heap_get_classes(weft_heap_class *classes, size_t n);

enum weft_heap_map_format {
  WEFT_HEAP_MAP_TEXT, /* a line per arena, a character per page, and a legend */
  WEFT_HEAP_MAP_SVG,  /* a row per arena, a rectangle per page that says what is in it when pointed at */
};

/* Draws all arenas, by address. The thread is detached while it writes. Returns 0. Errors (-1): TypeError, ValueError
 * (no such format), OSError, memory. May: block. */
WEFT_API int weft_heap_map(FILE *to, enum weft_heap_map_format format);

/*
 * From now on arenas and large blocks together take at most `bytes`; what would exceed that is a MemoryError. 0: no
 * limit, as at the start. What is there already stays. Returns the limit before.
 */
WEFT_API size_t weft_heap_set_limit(size_t bytes);

/*
 * Fault injection: the `nth` memory request (from 1) that the calling thread makes from now on fails, once; 0 switches
 * it off. Counts every request: small blocks, large blocks, buffers, queue chunks. Returns the number of requests made
 * since the previous call, so that a test can run a scenario for every n until nothing fails.
 */
WEFT_API uint64_t weft_heap_fail_nth(uint64_t nth);

WEFT_END_DECLS
#endif
