/* SPDX-License-Identifier: MIT */
/* What the heap's own files share: arenas, the states of pages, and the word through which others free into a page. */
#ifndef WEFT_HEAP_PAGES_INTERNAL_H
#define WEFT_HEAP_PAGES_INTERNAL_H

#include "heap_internal.h"

enum {
  WEFT__ARENA_SIZE = 4 << 20,
  WEFT__ARENA_PAGES = WEFT__ARENA_SIZE / WEFT__PAGE_SIZE,
};
_Static_assert(WEFT__ARENA_PAGES == 64, "an arena's free pages are bits of one word");

enum weft__page_state { WEFT__PAGE_CURRENT, WEFT__PAGE_AVAILABLE, WEFT__PAGE_FULL };

enum { WEFT__PAGE_HEADER = (sizeof(struct weft__page) + 15) & ~15 };

/* Blocks of less than 32 bytes are told apart by every 16 bytes. */
static inline unsigned weft__page_shift(size_t block_size) { return block_size < 32 ? 4 : 5; }
#define WEFT__MARK_WORDS(shift) ((size_t)(WEFT__PAGE_SIZE / 64) >> (shift))

/* The first block: behind the header and, of containers, the two bitmaps in heap_marks_internal.h. */
static inline uint8_t *weft__page_first(const struct weft__page *page) {
  size_t marks = WEFT__IS_CONTAINER_BIN(page->bin) ? 2 * sizeof(uint64_t) * WEFT__MARK_WORDS(page->shift) : 0;
  return (uint8_t *)(uintptr_t)page + WEFT__PAGE_HEADER + marks;
}

/*
 * A page's `remote`: the blocks that other threads have freed, a list, and whom that concerns.
 *
 *     bit 31     30     29  28     16 15           0
 *     +-----+------+------+---------+--------------+
 *     |STALE|LISTED|WANTED|  count  | first, where |
 *     |     |      |      |         |  in the page |
 *     +-----+------+------+---------+--------------+
 */
#define WEFT__REMOTE_FIRST  0xFFFFu
#define WEFT__REMOTE_ONE    0x10000u /* in the count */
#define WEFT__REMOTE_COUNT  0x1FFF0000u
#define WEFT__REMOTE_WANTED (1u << 29) /* the next free by another thread lists the page, and takes this mark off */
#define WEFT__REMOTE_LISTED (1u << 30) /* it is in its heap's `returned`, or on the way there */
#define WEFT__REMOTE_STALE  (1u << 31) /* its own thread may have freed blocks since it wrote `at_rest` */
#define WEFT__REMOTE_FLAGS  (WEFT__REMOTE_WANTED | WEFT__REMOTE_LISTED | WEFT__REMOTE_STALE)
_Static_assert(WEFT__PAGE_SIZE / 16 < WEFT__REMOTE_COUNT / WEFT__REMOTE_ONE, "the count has room for every block");

static inline uint32_t weft__remote_count(uint32_t remote) { return (remote & WEFT__REMOTE_COUNT) / WEFT__REMOTE_ONE; }

/* Live blocks; exact for the page's thread, or in a stopped world. */
static inline uint32_t weft__page_live(const struct weft__page *page) {
  /* order: relaxed: as above. */
  return page->used - weft__remote_count(weft__load_relaxed(&page->remote)) - (page->state == WEFT__PAGE_CURRENT);
}
static inline uint32_t weft__page_capacity(const struct weft__page *page) {
  return (uint32_t)((uint8_t *)(uintptr_t)page + WEFT__PAGE_SIZE - weft__page_first(page)) / page->block_size;
}
static inline enum weft_heap_kind weft__page_kind(const struct weft__page *page) {
  return (enum weft_heap_kind)(page->bin / WEFT__CLASSES);
}

/* --- Arenas: heap_arena.c --- */

struct weft__arena {
  struct weft__arena *next, *previous; /* in one of the lists in heap_arena.c */
  uint8_t *base;
  uint64_t free_pages;     /* bit i: page i is empty, in no heap */
  struct weft__heap *user; /* its `arena` is this one; NULL: none */
};

/* An empty page for the heap, its header zeroed; NULL: out of memory. */
struct weft__page *weft__arena_take_page(struct weft__heap *heap);
/* Gives it back. The heap does not know it any more. */
void weft__arena_give_page(struct weft__heap *heap, struct weft__page *page);
/* The heap's thread ends: it has no arena of its own any more. */
void weft__arena_unclaim(struct weft__heap *heap);

/* Calls `visit` for every arena; in a stopped world. */
void weft__arenas_walk(void (*visit)(const struct weft__arena *, void *), void *arg);
/* Is there an arena at this address? For any address; in a stopped world, or of an object that lives. */
bool weft__is_in_arena(const void *p);

/* Calls `visit` for every page that is not empty; in a stopped world. */
void weft__pages_walk(void (*visit)(struct weft__page *, void *), void *arg);
size_t weft__arenas_peak(void);

/* Counts memory that is about to be asked of the system against the limit. False: it would be exceeded. */
bool weft__heap_reserve(size_t bytes);
void weft__heap_unreserve(size_t bytes);

void weft__arenas_fini(void);
void weft__arenas_lock_for_fork(void);
void weft__arenas_unlock_after_fork(void);

/* --- Large blocks: heap_large.c --- */

/* Before every large object. */
struct weft__large {
  __attribute__((aligned(16))) struct weft__large *next; /* atomic */
  struct weft__large *previous;
  uint32_t scratch; /* as in a page's array */
  uint8_t generation;
};
static inline struct weft__large *weft__large_of(const weft_object *o) {
  return (struct weft__large *)(uintptr_t)o - 1;
}

void weft__large_stats(size_t *blocks, size_t *bytes);
/* Calls `visit` for every large object of a container type, without types; in a stopped world. */
void weft__large_walk(void (*visit)(weft_object *, void *), void *arg);
/* For those of no container type that has been made; a new one, which is complete, has to be listed for that. */
void weft__large_walk_others(void (*visit)(weft_object *, void *), void *arg);
void weft__large_list(weft_object *o);
/* For every type that has been made. */
void weft__types_walk(void (*visit)(weft_object *, void *), void *arg);
void weft__large_fini(void);
void weft__large_lock_for_fork(void);
void weft__large_unlock_after_fork(void);

/* Zeroed memory for a type; NULL: out of memory. No safepoint. To be listed when it is complete. */
void *weft__type_alloc(size_t size);
void weft__type_list(weft_object *type);
void weft__type_dealloc(void *block);
enum { WEFT__TYPE_GENERATION = 2 }; /* the oldest, see gc/gc.h */

/* --- Statistics: heap_stats.c --- */

/* Stops the world for a look at all pages, unless the caller has stopped it. To be ended by weft__heap_resume, which is
 * given what this returned. */
bool weft__heap_pause(void);
void weft__heap_resume(bool paused);

/* The heap of pages that dead threads left behind. */
extern struct weft__heap weft__heap_of_orphans;

#endif
