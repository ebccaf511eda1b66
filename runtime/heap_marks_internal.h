/* SPDX-License-Identifier: MIT */
/*
 * Generations: which containers of a page have survived collections.
 *
 *   Behind the header of a page of containers stand two bitmaps, with a bit for each block: `aged`, survived one, and
 * `old`, survived another one since. Generation 0: neither; 1: aged; 2: both; frozen: old only. Bits are set in a
 * stopped world; they are cleared when the block is freed, by the page's thread, so that a new object begins young.
 * Only in a page with `has_aged` can there be any; frees into the others need not look (`local`).
 *
 *   So there is no list of objects, no word before them, and making one does nothing for the collector but count.
 * Objects of generations 0 and 1 are found in their heaps' lists of *recent* pages: those that have been current since
 * the last collection, and those in which something survived one.
 *
 * All of this is changed by the page's thread, or in a stopped world; the orphans' under their lock.
 */
#ifndef WEFT_HEAP_MARKS_INTERNAL_H
#define WEFT_HEAP_MARKS_INTERNAL_H

#include "heap_pages_internal.h"

enum { WEFT__RECENT_YOUNG = 1, WEFT__RECENT_AGED = 2 }; /* there may be containers of generation 0, of generation 1 */

/* Why the page of containers is in its heap's list from now on; 0: it is not. */
static inline void weft__page_set_recent(struct weft__heap *heap, struct weft__page *page, uint8_t recent) {
  if (!page->recent && recent) {
    page->previous_recent = NULL;
    page->next_recent = heap->recent;
    if (heap->recent) heap->recent->previous_recent = page;
    heap->recent = page;
  } else if (page->recent && !recent) {
    *(page->previous_recent ? &page->previous_recent->next_recent : &heap->recent) = page->next_recent;
    if (page->next_recent) page->next_recent->previous_recent = page->previous_recent;
  }
  page->recent = recent;
}

static inline size_t weft__page_number(const struct weft__page *page, const void *block) {
  return ((uintptr_t)block & (WEFT__PAGE_SIZE - 1)) >> page->shift;
}
static inline uint64_t *weft__page_aged(struct weft__page *page) {
  return (uint64_t *)(void *)((char *)page + WEFT__PAGE_HEADER);
}
static inline uint64_t *weft__page_old(struct weft__page *page) {
  return weft__page_aged(page) + WEFT__MARK_WORDS(page->shift);
}

enum { WEFT__FROZEN_GENERATION = 3 };

static inline unsigned weft__page_generation(struct weft__page *page, size_t number) {
  bool aged = weft__page_aged(page)[number / 64] >> number % 64 & 1;
  bool old = weft__page_old(page)[number / 64] >> number % 64 & 1;
  return aged ? old ? 2 : 1 : old ? WEFT__FROZEN_GENERATION : 0;
}

/* Some block of the page has a mark: frees have to look. */
static inline void weft__page_has_older(struct weft__page *page) {
  page->has_aged = true;
  weft__store_relaxed(&page->local, NULL);
}

static inline void weft__page_set_generation(struct weft__page *page, size_t number, unsigned generation) {
  uint64_t bit = UINT64_C(1) << number % 64, *aged = &weft__page_aged(page)[number / 64];
  uint64_t *old = &weft__page_old(page)[number / 64];
  *aged = generation == 1 || generation == 2 ? *aged | bit : *aged & ~bit;
  *old = generation >= 2 ? *old | bit : *old & ~bit;
  if (generation > 0) weft__page_has_older(page);
}

static inline void weft__set_generation(weft_object *o, unsigned generation) {
  if (weft__is_in_arena(o)) {
    struct weft__page *page = weft__page_of(o);
    weft__page_set_generation(page, weft__page_number(page, o), generation);
  } else {
    weft__large_of(o)->generation = (uint8_t)generation;
  }
}

/* Bit i: block 64 * word + i is older than `generation`, 3: frozen. */
static inline uint64_t weft__page_older(struct weft__page *page, size_t word, unsigned generation) {
  uint64_t aged = weft__page_aged(page)[word], old = weft__page_old(page)[word];
  return generation == 0 ? aged | old : generation == 1 ? old : generation == 2 ? old & ~aged : 0;
}

/* Calls `visit`, which does not change the list, for every page of the heap, or of all (NULL; in a stopped world), that
 * is recent for one of the reasons. */
void weft__recent_pages_walk(const struct weft__heap *heap, uint8_t reasons, void (*visit)(struct weft__page *, void *),
                             void *arg);

/* A block is free: it will be young again. */
static inline void weft__page_rejuvenate(struct weft__page *page, const void *block) {
  size_t number = weft__page_number(page, block);
  uint64_t others = ~(UINT64_C(1) << number % 64);
  weft__page_aged(page)[number / 64] &= others;
  weft__page_old(page)[number / 64] &= others;
}

#endif
