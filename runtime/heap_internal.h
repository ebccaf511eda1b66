/* SPDX-License-Identifier: MIT */
/*
 * The fast paths of the private heap, for the constructors and destructors of objects. The layout, the invariants and
 * everything slow: heap.c.
 */
#ifndef WEFT_HEAP_INTERNAL_H
#define WEFT_HEAP_INTERNAL_H

#include <string.h>

#include "../sync/tls.h"
#include "heap.h"
#include "object.h"
#include "sanitize_internal.h"

enum {
  WEFT__PAGE_SIZE = 64 << 10,
  WEFT__SMALL_MAX = 512, /* larger blocks come from malloc */
  WEFT__FINE_MAX = 64,   /* classes of 8 bytes up to here, of 16 beyond */
  WEFT__CLASSES = WEFT__FINE_MAX / 8 - 1 + (WEFT__SMALL_MAX - WEFT__FINE_MAX) / 16,
};

/* A bin is a size class of one kind of blocks. A buffer has no header, so no count word. */
enum { WEFT__BINS = WEFT_HEAP_KINDS * WEFT__CLASSES };
#define WEFT__IS_CONTAINER_BIN(bin) ((bin) / WEFT__CLASSES == WEFT_HEAP_CONTAINER)

struct weft__block {
  uint64_t dead; /* the count word of the object that was here; in a buffer, whatever was */
  struct weft__block *next;
};

struct weft__page {
  struct weft__block *free;
  uint32_t used;
  uint32_t block_size;
  struct weft__page *next, *previous; /* in the heap's list of available pages of its bin, or of full ones */
  uint8_t *carved, *end;              /* blocks from `carved` on have never been used */
  struct weft__arena *arena;
  uint8_t bin;
  uint8_t state;
  uint8_t shift; /* a block's number is its distance from the page's beginning in units of 2^shift */
  bool has_aged; /* of containers: some may have survived a collection; see heap_marks_internal.h */
  __attribute__((aligned(WEFT_CACHE_LINE)))
  uint32_t remote;  /* atomic: what other threads freed; heap_pages_internal.h */
  uint32_t at_rest; /* atomic: `used` when that was last told to others */
  struct weft__page *next_returned;
  struct weft__heap *heap;  /* atomic: read by remote frees */
  struct weft__heap *local; /* atomic: `heap`, whose thread just frees here; NULL: it has more to do */
  uint32_t *scratch;        /* of the collector, while it works; else NULL */
  uint32_t *traces;         /* atomic: of tracemalloc, see trace.c; NULL: no block is traced */
  struct weft__page *next_recent, *previous_recent; /* in its heap's list of pages with young containers */
  uint8_t recent;                                   /* why it is there; heap_marks_internal.h */
};

struct weft__heap {
  __attribute__((aligned(WEFT_CACHE_LINE)))
  uint32_t young;                           /* containers made since the last collection, less those that died */
  uint32_t young_limit;                     /* atomic: at so many a collection is due */
  struct weft__page *ready[WEFT__BINS];     /* what fast paths take from: `current`, or a page without blocks */
  struct weft__page *current[WEFT__BINS];   /* never NULL: a page without blocks when there is none */
  struct weft__page *available[WEFT__BINS]; /* doubly linked */
  struct weft__page *full;                  /* doubly linked, all bins */
  struct weft__page *returned;              /* atomic stack of pages that remote frees have listed */
  struct weft__page *recent;                /* doubly linked: pages with containers of generation 0 or 1 */
  struct weft__nursery *nursery;            /* what its thread needs to collect them by itself; gc/collect.c */
  uint32_t own_collections;                 /* of generation 0, which it has made by itself since one of generation 1 */
  uint32_t unseen;                          /* containers that these have passed over, nearly */
  size_t pages;                             /* that it holds */
  struct weft__arena *arena;                /* where it looks for empty pages first; see heap_arena.c */
  struct weft__tstate *owner;               /* whose heap it is; NULL: no slot's */
};

/* order: relaxed: a limit that has just been changed may come into force a little later. */
static inline bool weft__heap_is_due(const struct weft__heap *heap) {
  return heap->young >= weft__load_relaxed(&heap->young_limit);
}

void *weft__heap_alloc_slow(unsigned bin, const char *call);
void *weft__heap_alloc_large(size_t size, enum weft_heap_kind kind, const char *call);
void weft__heap_free_other(struct weft__page *page, struct weft__block *block);
void weft__heap_free_slow(struct weft__page *page);
void weft__heap_free_large(void *block, size_t size);

WEFT_ALWAYS_INLINE unsigned weft__class_of(size_t size) {
  if (size <= 16) return 0;
  return (unsigned)(size <= WEFT__FINE_MAX ? (size + 7) / 8 - 2
                                           : (size - WEFT__FINE_MAX + 15) / 16 + WEFT__FINE_MAX / 8 - 2);
}

static inline uint32_t weft__class_size(unsigned class) {
  const unsigned finest = WEFT__FINE_MAX / 8 - 2;
  return class <= finest ? (class + 2) * 8 : WEFT__FINE_MAX + (class - finest) * 16;
}

static inline unsigned weft__bin_of(size_t size, enum weft_heap_kind kind) {
  return kind * WEFT__CLASSES + weft__class_of(size);
}

/* A block of a size class, not initialised; NULL: only the slow path may have one. */
WEFT_ALWAYS_INLINE void *weft__heap_pop(size_t size, enum weft_heap_kind kind) {
  struct weft__heap *heap = weft__tls.heap;
  struct weft__page *page = heap->ready[weft__bin_of(size, kind)];
  struct weft__block *block = page->free;
  if (WEFT_UNLIKELY(!block)) return NULL;
  if (kind == WEFT_HEAP_CONTAINER) {
    if (WEFT_UNLIKELY(weft__heap_is_due(heap))) return NULL;
    heap->young++;
  }
  page->free = block->next;
  page->used++;
  weft__block_unpoison(block, page->block_size);
  return block;
}

WEFT_ALWAYS_INLINE void *weft__heap_alloc_small(size_t size, enum weft_heap_kind kind, const char *call) {
  void *block = weft__heap_pop(size, kind);
  return WEFT_LIKELY(block != NULL) ? block : weft__heap_alloc_slow(weft__bin_of(size, kind), call);
}

/* A block for an object of `size` bytes, not initialised. NULL: out of memory; no error is set. Aborts, naming `call`,
 * when the thread is not attached. May: poll. */
WEFT_ALWAYS_INLINE void *weft__heap_alloc(size_t size, enum weft_heap_kind kind, const char *call) {
  return WEFT_LIKELY(size <= WEFT__SMALL_MAX) ? weft__heap_alloc_small(size, kind, call)
                                              : weft__heap_alloc_large(size, kind, call);
}

/* The page of a block of a size class. */
WEFT_ALWAYS_INLINE struct weft__page *weft__page_of(const void *block) {
  return (struct weft__page *)((uintptr_t)block & ~(uintptr_t)(WEFT__PAGE_SIZE - 1));
}

/* By the thread of the page's heap. */
WEFT_ALWAYS_INLINE void weft__heap_free_local(struct weft__page *page, struct weft__block *block) {
  struct weft__block *was = page->free;
  block->next = was;
  page->free = block;
  uint32_t used = --page->used;
  if (WEFT_UNLIKELY(!was || !used)) weft__heap_free_slow(page);
}

/* Gives back a block of a size class; any attached thread may. In debug builds what was in it becomes 0xDD. */
WEFT_ALWAYS_INLINE void weft__heap_free_small(void *p) {
  struct weft__block *block = p;
  struct weft__page *page = weft__page_of(p);
  if (WEFT_DEBUG && page->block_size > sizeof *block) memset(block + 1, 0xDD, page->block_size - sizeof *block);
  weft__block_poison(block, page->block_size);
  /* order: relaxed: only the page's own thread, one that adopts it while it has none, or one that has stopped the world
   * changes `local`. */
  if (WEFT_LIKELY(weft__load_relaxed(&page->local) == weft__tls.heap))
    weft__heap_free_local(page, block);
  else
    weft__heap_free_other(page, block);
}

/* Gives back an object's block of any size. */
WEFT_ALWAYS_INLINE void weft__heap_free(void *block, size_t size) {
  if (WEFT_LIKELY(size <= WEFT__SMALL_MAX))
    weft__heap_free_small(block);
  else
    weft__heap_free_large(block, size);
}

/* --- Buffers: memory of objects, outside them --- */

/*
 * A buffer of `size` bytes, which may be 0, aligned for pointers and not initialised. NULL: out of memory; no error is
 * set. Aborts, naming `call`, when the thread is not attached. No safepoint: containers ask while they are locked.
 */
void *weft__buffer_new(size_t size, const char *call);
/*
 * Makes a buffer larger or smaller; `buffer` may be NULL with an old size of 0. Its contents move along. A buffer's
 * size is the one asked for last, or any other with the same weft__buffer_size. NULL: out of memory; the buffer is
 * unaltered; no error is set. No safepoint.
 */
void *weft__buffer_resize(void *buffer, size_t old_size, size_t new_size);
/* Gives back a buffer, or NULL. Any attached thread may. */
void weft__buffer_free(void *buffer, size_t size);
/* The same, of a buffer whose place a larger one has taken: its container will not want one like it again. */
void weft__buffer_free_outgrown(void *buffer, size_t size);

/* The bytes that a request for `size` really gets, so that a container can use all of them. */
static inline size_t weft__buffer_size(size_t size) {
  return size <= WEFT__SMALL_MAX ? weft__class_size(weft__class_of(size)) : (size + 15) & ~(size_t)15;
}

/* --- Walking --- */

/*
 * Calls `visit` for every live object of a page of objects. The caller is the page's thread at a safepoint, or holds it
 * off: the thread whose heap is page->heap, which is not always the owner of the objects in it. In the latter case
 * other threads go on, and may free objects, so that of an object that the caller has no reference to `visit` may only
 * use the count word (a free block's link is where the type was).
 */
void weft__page_walk(struct weft__page *page, void (*visit)(weft_object *, void *), void *arg);
/* Calls `visit` for every live object of a container type, large ones included; in a stopped world. Such objects may be
 * new and their bodies not complete. `visit` neither allocates nor frees. */
void weft__heap_walk(void (*visit)(weft_object *, void *), void *arg);

#endif
