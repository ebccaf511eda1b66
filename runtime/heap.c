/* SPDX-License-Identifier: MIT */
/*
 * The private heap: blocks of up to 512 bytes for objects.
 *
 *     arena (4 MiB, aligned mmap)
 *       +- page (64 KiB, aligned; of one size class and one kind: its bin; belongs to one heap)
 *            +- header | block | block | ...
 *
 *   A heap belongs to an owner slot, so to the thread that occupies it. Each page has a list of free blocks that only
 * its heap's thread touches, without atomics, and one atomic list, `remote`, for blocks that other threads free. In
 * mode gil all threads share one heap, and nothing is remote.
 *
 *   Page states: CURRENT  its heap allocates its bin from it        AVAILABLE  has free blocks, in the heap's list
 *                FULL     no free block; in no list of available ones, found again through its next free
 *                EMPTY    in no heap; its arena's
 *
 *   Equation: used + |free| == blocks before `carved`, as the owner sees it: blocks in `remote` count as used; and a
 * CURRENT page counts one more as used, so that it never looks empty and the last free of a loop stays on the fast
 * path. A block of an object that is free has a dead count word (its first 8 bytes), so whoever walks a page can tell;
 * its link is in the second 8 bytes. Pages of kind BUFFER are not walked: a buffer has no header. Blocks from `carved`
 * on have not been used since the page was taken from its arena.
 *
 *   A FULL page's `remote` holds the tag NOTIFY instead of NULL. The remote free that replaces the tag, and only that
 *   one, puts the page on its heap's `returned` stack, where the owner finds it when it needs a page. So an owner never
 *   searches full pages.
 *
 *   Remote frees are collected in the freeing thread's outbox while they go to the same page, and handed over by one
 *   compare-and-swap: at another page, at OUTBOX_MAX blocks, at a safepoint that stops, and at detach.
 *
 *   A thread that ends gives its pages to the orphan heap, from which any thread that needs a page adopts them.
 *
 * What protects what: a page's fields its heap's thread, except `remote` and `heap` (atomic) and `next_returned` (the
 * thread that replaced the tag). Arenas and the orphan heap: arena_lock.
 */
#define _GNU_SOURCE
#include "runtime/heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/heap_internal.h"
#include "runtime/runtime_internal.h"
#include "sync/attach.h"

enum {
  PAGE_SIZE = WEFT__PAGE_SIZE,
  ARENA_SIZE = 4 << 20,
  ARENA_PAGES = ARENA_SIZE / PAGE_SIZE,
  CARVE_BYTES = 4096, /* how much of a fresh page is made into free blocks at a time */
  OUTBOX_MAX = 32,
  SPARE_ARENAS = 2, /* empty arenas that are kept: what a burst of objects needs again soon */
  CLASSES = WEFT__CLASSES,
  BINS = WEFT__BINS,
};
_Static_assert(ARENA_PAGES == 64, "an arena's free pages are bits of one word");

enum page_state { CURRENT, AVAILABLE, FULL, EMPTY };

enum { NOTIFY = 1 };
enum { PAGE_HEADER = (sizeof(struct weft__page) + 15) & ~15 };

struct weft__arena {
  struct weft__arena *next, *previous; /* in open_arenas or full_arenas */
  uint8_t *base;
  uint64_t free_pages; /* bit i: page i is EMPTY */
};

/* A page without free blocks, so that allocation need not test for NULL. */
static struct weft__page no_page = {.state = FULL};

#define NO_PAGES .current = {[0 ... BINS - 1] = &no_page}
struct weft__heap weft__heap_of_nobody = {NO_PAGES};
static struct weft__heap heap_of_all = {NO_PAGES}; /* mode gil */
static struct weft__heap orphans = {NO_PAGES};

static weft__lock arena_lock;
static struct weft__arena *open_arenas, *full_arenas;               /* with and without EMPTY pages */
static size_t arena_count, spare_arenas, large_blocks, large_bytes; /* the last two atomic */

/* --- Fault injection --- */

bool weft__fault(void) {
  struct weft__tstate *ts = weft__self();
  if (WEFT_LIKELY(!ts->fail_at)) return false;
  return ++ts->requests == ts->fail_at;
}

/* --- Lists of pages --- */

static void list_push(struct weft__page **list, struct weft__page *page) {
  page->previous = NULL;
  page->next = *list;
  if (*list) (*list)->previous = page;
  /* order: relaxed: adopt() looks at the orphans' lists without their lock, to see whether they are empty. */
  weft__store_relaxed(list, page);
}

static void list_remove(struct weft__page **list, struct weft__page *page) {
  weft__store_relaxed(page->previous ? &page->previous->next : list, page->next);
  if (page->next) page->next->previous = page->previous;
}

/* --- Arenas, under arena_lock --- */

static void arena_list_push(struct weft__arena **list, struct weft__arena *arena) {
  arena->previous = NULL;
  arena->next = *list;
  if (*list) (*list)->previous = arena;
  *list = arena;
}

static void arena_list_remove(struct weft__arena **list, struct weft__arena *arena) {
  *(arena->previous ? &arena->previous->next : list) = arena->next;
  if (arena->next) arena->next->previous = arena->previous;
}

static struct weft__arena *arena_map(void) {
  struct weft__arena *arena = calloc(1, sizeof *arena);
  if (!arena) return NULL;
  uint8_t *raw = mmap(NULL, 2 * ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) {
    free(arena);
    return NULL;
  }
  uint8_t *base = (uint8_t *)(((uintptr_t)raw + ARENA_SIZE - 1) & ~(uintptr_t)(ARENA_SIZE - 1));
  if (base > raw) munmap(raw, (size_t)(base - raw));
  munmap(base + ARENA_SIZE, (size_t)(raw + ARENA_SIZE - base));
  weft__root_add(base, ARENA_SIZE);
  arena->base = base;
  arena->free_pages = UINT64_MAX;
  arena_list_push(&open_arenas, arena);
  arena_count++;
  spare_arenas++;
  return arena;
}

static struct weft__page *arena_page(const struct weft__arena *arena, unsigned i) {
  return (struct weft__page *)(arena->base + (size_t)i * PAGE_SIZE);
}

static void munmap_arena(struct weft__arena *arena) {
  weft__root_remove(arena->base, ARENA_SIZE);
  munmap(arena->base, ARENA_SIZE);
}

static void arena_unmap(struct weft__arena *arena) {
  arena_list_remove(&open_arenas, arena);
  munmap_arena(arena);
  free(arena);
  arena_count--;
}

/* An EMPTY page, its header zeroed; NULL: out of memory. */
static struct weft__page *arena_take_page(void) {
  struct weft__arena *arena = open_arenas;
  if (!arena && !(arena = arena_map())) return NULL;
  if (arena->free_pages == UINT64_MAX) spare_arenas--;
  unsigned i = (unsigned)__builtin_ctzll(arena->free_pages);
  arena->free_pages &= arena->free_pages - 1;
  if (!arena->free_pages) {
    arena_list_remove(&open_arenas, arena);
    arena_list_push(&full_arenas, arena);
  }
  struct weft__page *page = arena_page(arena, i);
  weft__block_unpoison(page, PAGE_SIZE);
  memset(page, 0, sizeof *page);
  page->arena = arena;
  return page;
}

static void arena_give_page(struct weft__page *page) {
  struct weft__arena *arena = page->arena;
  page->state = EMPTY;
  if (!arena->free_pages) {
    arena_list_remove(&full_arenas, arena);
    arena_list_push(&open_arenas, arena);
  }
  arena->free_pages |= UINT64_C(1) << (((uint8_t *)page - arena->base) / PAGE_SIZE);
  if (arena->free_pages != UINT64_MAX) return;
  if (spare_arenas < SPARE_ARENAS)
    spare_arenas++;
  else
    arena_unmap(arena);
}

/* --- A page's blocks --- */

static void page_start(struct weft__page *page, struct weft__heap *heap, unsigned bin) {
  page->bin = (uint8_t)bin;
  page->block_size = weft__class_size(bin % CLASSES);
  page->carved = (uint8_t *)page + PAGE_HEADER;
  page->end = page->carved + (PAGE_SIZE - PAGE_HEADER) / page->block_size * page->block_size;
  /* order: relaxed: other threads learn of the page from an object in it, which is published to them later. */
  weft__store_relaxed(&page->heap, heap);
}

/* Makes the next few never-used blocks into free ones. False: there are none left. */
static bool page_carve(struct weft__page *page) {
  if (page->carved == page->end) return false;
  uint8_t *stop = page->carved + (CARVE_BYTES / page->block_size) * page->block_size;
  if (stop > page->end) stop = page->end;
  struct weft__block *list = page->free;
  for (uint8_t *p = stop; p > page->carved;) {
    struct weft__block *block = (struct weft__block *)(p -= page->block_size);
    block->dead = 0;
    block->next = list;
    list = block;
  }
  page->carved = stop;
  page->free = list;
  return true;
}

/* Takes the blocks that other threads freed. False: there are none. */
static bool page_collect(struct weft__page *page) {
  /* order: relaxed: a look; the exchange below synchronises. */
  if (weft__load_relaxed(&page->remote) <= NOTIFY) return false;
  /* order: acquire [remote-free]: sees the links, and the other threads' last use of the blocks. */
  struct weft__block *first = (struct weft__block *)weft__exchange_acquire(&page->remote, (uintptr_t)0), *last = first;
  uint32_t n = 1;
  for (; last->next; last = last->next) n++;
  last->next = page->free;
  page->free = first;
  page->used -= n;
  return true;
}

static bool page_refill(struct weft__page *page) { return page->free || page_collect(page) || page_carve(page); }

/* --- A heap's pages --- */

static void page_make_current(struct weft__heap *heap, struct weft__page *page) {
  page->state = CURRENT;
  page->used++;
  heap->current[page->bin] = page;
}

/* Afterwards the page is in no list and its state is the caller's to set. */
static void page_stop_current(struct weft__heap *heap, struct weft__page *page) {
  page->used--;
  heap->current[page->bin] = &no_page;
}

static void page_make_available(struct weft__heap *heap, struct weft__page *page) {
  page->state = AVAILABLE;
  list_push(&heap->available[page->bin], page);
}

/* The page has no free block left. Files it as FULL, unless other threads free into it just now. */
static bool page_to_full(struct weft__heap *heap, struct weft__page *page) {
  uintptr_t none = 0;
  /* order: relaxed: the tag carries no data; a remote free that is already there keeps us from setting it. */
  if (!weft__cas_relaxed(&page->remote, &none, (uintptr_t)NOTIFY)) return false;
  page->state = FULL;
  list_push(&heap->full, page);
  return true;
}

/* A FULL page has a free block again. */
static void page_from_full(struct weft__heap *heap, struct weft__page *page) {
  list_remove(&heap->full, page);
  page_make_available(heap, page);
}

/* Takes the tag off a FULL page that its own thread has freed into. False: a remote free was faster, and the page is on
 * its way to `returned`; it stays FULL until it is found there. */
static bool page_untag(struct weft__page *page) {
  uintptr_t tag = NOTIFY;
  return weft__cas_relaxed(&page->remote, &tag, (uintptr_t)0);
}

/* An AVAILABLE page has no block in use any more. */
static void page_give_back(struct weft__heap *heap, struct weft__page *page) {
  list_remove(&heap->available[page->bin], page);
  weft__lock_acquire(&arena_lock);
  arena_give_page(page);
  weft__lock_release(&arena_lock);
}

static void take_returned(struct weft__heap *heap) {
  /* order: relaxed: a look. */
  if (!weft__load_relaxed(&heap->returned)) return;
  /* order: acquire [returned]: sees the links; pairs with the release in page_return. */
  struct weft__page *page = weft__exchange_acquire(&heap->returned, NULL);
  while (page) {
    struct weft__page *next = page->next_returned;
    struct weft__heap *owner = weft__load_relaxed(&page->heap);
    /* A page that was orphaned while it was on its way here: orphans are under the lock. */
    bool orphan = owner != heap;
    if (orphan) weft__lock_acquire(&arena_lock);
    page_from_full(owner, page);
    page_collect(page);
    if (orphan) weft__lock_release(&arena_lock);
    if (!orphan && !page->used) page_give_back(heap, page);
    page = next;
  }
}

/* A page of the bin that a dead thread left behind; NULL: none. */
static struct weft__page *adopt(struct weft__heap *heap, unsigned bin) {
  /* order: relaxed: a look, to stay off the lock while there are no orphans. */
  if (!weft__load_relaxed(&orphans.available[bin]) && !weft__load_relaxed(&orphans.returned)) return NULL;
  weft__lock_acquire(&arena_lock);
  struct weft__page *returned = weft__exchange_acquire(&orphans.returned, NULL);
  for (; returned; returned = returned->next_returned) page_from_full(&orphans, returned);
  struct weft__page *page = orphans.available[bin];
  if (page) {
    list_remove(&orphans.available[bin], page);
    weft__store_relaxed(&page->heap, heap);
  }
  weft__lock_release(&arena_lock);
  return page;
}

static struct weft__page *fresh_page(struct weft__heap *heap, unsigned bin) {
  weft__lock_acquire(&arena_lock);
  struct weft__page *page = arena_take_page();
  weft__lock_release(&arena_lock);
  if (page) page_start(page, heap, bin);
  return page;
}

/* A page that may have a free block, in no list; NULL: out of memory. */
static struct weft__page *candidate(struct weft__heap *heap, unsigned bin) {
  struct weft__page *page = heap->available[bin];
  if (page) {
    list_remove(&heap->available[bin], page);
    return page;
  }
  page = adopt(heap, bin);
  return page ? page : fresh_page(heap, bin);
}

/* Makes a page with a free block the current one of its bin. NULL: out of memory; there is no current one then. */
static struct weft__page *next_page(struct weft__heap *heap, unsigned bin) {
  struct weft__page *page = heap->current[bin];
  if (page != &no_page) {
    if (page_refill(page)) return page;
    page_stop_current(heap, page);
    take_returned(heap);
  } else {
    take_returned(heap);
    if (!(page = candidate(heap, bin))) return NULL;
  }
  while (!page_refill(page)) {
    /* Fails when a remote free has come in just now: the next refill finds it. */
    if (page_to_full(heap, page) && !(page = candidate(heap, bin))) return NULL;
  }
  page_make_current(heap, page);
  return page;
}

/* --- Large blocks, from malloc --- */

static void large_count(ptrdiff_t blocks, ptrdiff_t bytes) {
  /* order: relaxed: statistics. */
  weft__add_relaxed(&large_blocks, (size_t)blocks);
  weft__add_relaxed(&large_bytes, (size_t)bytes);
}

/* Makes a block larger or smaller; from NULL and 0, a new one. NULL: out of memory. */
static void *large_resize(void *block, size_t old_size, size_t size) {
  ptrdiff_t more = block ? 0 : 1;
  void *resized = realloc(block, size);
  if (resized) large_count(more, (ptrdiff_t)(size - old_size));
  return resized;
}

static void large_free(void *block, size_t size) {
  large_count(-1, -(ptrdiff_t)size);
  free(block);
}

/* --- Allocation --- */

void *weft__heap_alloc_slow(unsigned bin, const char *call) {
  weft__check_attached(call);
  /* Buffers are asked for while a container is locked. */
  if (bin / CLASSES != WEFT__KIND_BUFFER) weft_poll();
  if (weft__fault()) return NULL;
  struct weft__heap *heap = weft__tls.heap;
  struct weft__page *page = next_page(heap, bin);
  if (!page) return NULL;
  struct weft__block *block = page->free;
  page->free = block->next;
  page->used++;
  weft__block_unpoison(block, page->block_size);
  if (WEFT_UNLIKELY(weft__self()->fail_at)) {
    /* Armed: no page stays current, so that every request comes here and is counted. */
    page_stop_current(heap, page);
    page_make_available(heap, page);
  }
  return block;
}

void *weft__heap_alloc_large(size_t size, const char *call) {
  weft__check_attached(call);
  weft_poll();
  if (size > PTRDIFF_MAX || weft__fault()) return NULL;
  return large_resize(NULL, 0, size);
}

/* --- Free --- */

/* `first` to `last`, linked, go to another thread's page. */
static void page_return(struct weft__page *page, struct weft__block *first, struct weft__block *last) {
  uintptr_t old = weft__load_relaxed(&page->remote);
  do {
    last->next = old == NOTIFY ? NULL : (struct weft__block *)old;
    /* order: release [remote-free]: publishes the links and our last use of the blocks; pairs with page_collect. */
  } while (!weft__cas_weak_release(&page->remote, &old, (uintptr_t)first));
  if (old != NOTIFY) return;
  struct weft__heap *heap = weft__load_relaxed(&page->heap);
  struct weft__page *head = weft__load_relaxed(&heap->returned);
  do {
    page->next_returned = head;
    /* order: release [returned]: publishes the link; pairs with take_returned. */
  } while (!weft__cas_weak_release(&heap->returned, &head, page));
}

void weft__heap_flush_outbox(struct weft__tstate *ts) {
  if (!ts->outbox.page) return;
  page_return(ts->outbox.page, ts->outbox.first, ts->outbox.last);
  ts->outbox.page = NULL;
  ts->outbox.count = 0;
}

void weft__heap_free_remote(struct weft__page *page, struct weft__block *block) {
  struct weft__tstate *ts = weft__self();
  weft__check_attached("weft_decref");
  if (ts->outbox.page != page || ts->outbox.count == OUTBOX_MAX) {
    weft__heap_flush_outbox(ts);
    ts->outbox.page = page;
    ts->outbox.first = ts->outbox.last = block;
    ts->outbox.count = 1;
    block->next = NULL;
    return;
  }
  block->next = ts->outbox.first;
  ts->outbox.first = block;
  ts->outbox.count++;
}

/* The page's last block is free, or its first after it was full. `block` is in its list already. */
void weft__heap_free_slow(struct weft__page *page) {
  struct weft__heap *heap = weft__tls.heap;
  if (page->state == FULL) {
    if (!page_untag(page)) return;
    page_from_full(heap, page);
  }
  if (!page->used) page_give_back(heap, page);
}

void weft__heap_free_large(void *block, size_t size) { large_free(block, size); }

/* --- Buffers --- */

void *weft__buffer_new(size_t size, const char *call) {
  if (size <= WEFT__SMALL_MAX) return weft__heap_alloc_small(size, WEFT__KIND_BUFFER, call);
  weft__check_attached(call);
  if (size > PTRDIFF_MAX || weft__fault()) return NULL;
  return large_resize(NULL, 0, weft__buffer_size(size));
}

void *weft__buffer_resize(void *buffer, size_t old_size, size_t new_size) {
  size_t old_block = weft__buffer_size(old_size), new_block = weft__buffer_size(new_size);
  if (buffer && old_block == new_block) return weft__fault() ? NULL : buffer;
  if (buffer && old_block > WEFT__SMALL_MAX && new_block > WEFT__SMALL_MAX) {
    if (new_size > PTRDIFF_MAX || weft__fault()) return NULL;
    return large_resize(buffer, old_block, new_block);
  }
  void *resized = weft__buffer_new(new_size, "weft__buffer_resize");
  if (!resized || !buffer) return resized;
  memcpy(resized, buffer, old_size < new_size ? old_size : new_size);
  weft__buffer_free(buffer, old_size);
  return resized;
}

void weft__buffer_free(void *buffer, size_t size) {
  if (!buffer) return;
  if (size <= WEFT__SMALL_MAX)
    weft__heap_free_small(buffer);
  else
    large_free(buffer, weft__buffer_size(size));
}

/* --- Life of a heap --- */

struct weft__heap *weft__heap_create(void) {
  if (WEFT__HAS_GIL) return &heap_of_all;
  struct weft__heap *heap = malloc(sizeof *heap);
  if (heap) *heap = weft__heap_of_nobody;
  return heap;
}

void weft__heap_destroy(struct weft__heap *heap) {
  if (heap != &heap_of_all) free(heap);
}

static void orphan(struct weft__page *page, struct weft__page **list, enum page_state state) {
  weft__store_relaxed(&page->heap, &orphans);
  page->state = (uint8_t)state;
  list_push(list, page);
}

void weft__heap_abandon(struct weft__tstate *ts) {
  struct weft__heap *heap = ts->heap;
  weft__heap_flush_outbox(ts);
  if (heap == &heap_of_all) return;
  take_returned(heap);
  weft__lock_acquire(&arena_lock);
  for (unsigned bin = 0; bin < BINS; bin++) {
    struct weft__page *page = heap->current[bin];
    if (page != &no_page) {
      page_stop_current(heap, page);
      page_make_available(heap, page);
    }
    while ((page = heap->available[bin])) {
      list_remove(&heap->available[bin], page);
      page_collect(page);
      if (page->used)
        orphan(page, &orphans.available[bin], AVAILABLE);
      else
        arena_give_page(page);
    }
  }
  for (struct weft__page *page; (page = heap->full);) {
    list_remove(&heap->full, page);
    orphan(page, &orphans.full, FULL);
  }
  weft__lock_release(&arena_lock);
}

static bool arena_is_used(const struct weft__arena *arena) {
  for (uint64_t in_use = ~arena->free_pages; in_use; in_use &= in_use - 1) {
    const struct weft__page *page = arena_page(arena, (unsigned)__builtin_ctzll(in_use));
    if (page->used - (page->state == CURRENT)) return true;
  }
  return false;
}

/* Arenas in which objects are still referenced stay mapped for good; nobody allocates from them again. */
static void arenas_give_up(struct weft__arena **list) {
  while (*list) {
    struct weft__arena *arena = *list;
    if (!arena_is_used(arena)) munmap_arena(arena);
    arena_list_remove(list, arena);
    free(arena);
    arena_count--;
  }
}

void weft__heap_fini(void) {
  arenas_give_up(&open_arenas);
  arenas_give_up(&full_arenas);
  spare_arenas = 0;
  orphans = weft__heap_of_nobody;
  heap_of_all = weft__heap_of_nobody;
}

void weft__heap_lock_for_fork(void) { weft__lock_acquire(&arena_lock); }
void weft__heap_unlock_after_fork(void) { weft__lock_release(&arena_lock); }

/* --- Statistics and faults --- */

static void collect_heap(struct weft__heap *heap) {
  take_returned(heap);
  for (unsigned bin = 0; bin < BINS; bin++) {
    if (heap->current[bin] != &no_page) page_collect(heap->current[bin]);
    for (struct weft__page *page = heap->available[bin]; page; page = page->next) page_collect(page);
  }
}

static void collect_of(struct weft__tstate *ts, void *arg) {
  (void)arg;
  weft__heap_flush_outbox(ts);
  collect_heap(ts->heap);
}

void weft__heap_collect_all(void) {
  weft__tstate_for_each(collect_of, NULL);
  collect_heap(&orphans);
}

static void count_blocks(const struct weft__arena *arena, weft_heap_stats *stats) {
  for (; arena; arena = arena->next) {
    for (uint64_t in_use = ~arena->free_pages; in_use; in_use &= in_use - 1) {
      struct weft__page *page = arena_page(arena, (unsigned)__builtin_ctzll(in_use));
      size_t blocks = page->used - (page->state == CURRENT);
      stats->pages++;
      stats->blocks += blocks;
      stats->block_bytes += blocks * page->block_size;
    }
  }
}

void weft_heap_get_stats(weft_heap_stats *stats) {
  weft__check_attached("weft_heap_get_stats");
  weft_stop_the_world();
  weft__heap_collect_all();
  *stats = (weft_heap_stats){.arenas = arena_count,
                             .arena_bytes = arena_count * ARENA_SIZE,
                             .large_blocks = weft__load_relaxed(&large_blocks),
                             .large_bytes = weft__load_relaxed(&large_bytes)};
  count_blocks(open_arenas, stats);
  count_blocks(full_arenas, stats);
  weft_start_the_world();
}

uint64_t weft_heap_fail_nth(uint64_t nth) {
  weft__check_attached("weft_heap_fail_nth");
  struct weft__tstate *ts = weft__self();
  uint64_t requests = ts->requests;
  ts->requests = 0;
  ts->fail_at = nth;
  struct weft__heap *heap = ts->heap;
  for (unsigned bin = 0; nth && bin < BINS; bin++) {
    struct weft__page *page = heap->current[bin];
    if (page == &no_page) continue;
    page_stop_current(heap, page);
    page_make_available(heap, page);
  }
  return requests;
}
