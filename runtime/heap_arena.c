/* SPDX-License-Identifier: MIT */
/*
 * Arenas: where pages come from and go back to.
 *
 *   An arena is in one of four lists: it has a user (claimed), and then always empty pages; or it has none, and all of
 * its pages are in use (full), or some (open), or none (spare). A heap with more than a few pages is the user of an
 * arena, where it looks for empty pages first, so that threads do not pull each other's pages from CPU to CPU. Open
 * arenas are used before spare ones, so that arenas get a chance to become empty.
 *
 *   Of arenas that are entirely empty a few are kept, in proportion to those in use, for the next burst; further ones
 * go back to the system.
 *
 *   A heap that has eight arenas' worth of pages will fill the next one too, as far as one can tell: that one asks for
 * huge pages, which are a fault and an entry of the TLB for every 2 MiB. Small heaps do not: it is 2 MiB in use, too.
 *
 * All of it, and each heap's `arena`, is protected by `lock`; `reserved` and `limit` are atomic, large blocks count
 * too.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/heap_pages_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/trace_internal.h"

enum {
  ARENA_SIZE = WEFT__ARENA_SIZE,
  PAGE_SIZE = WEFT__PAGE_SIZE,
  EMPTY_KEPT = 2, /* arenas for each heap that uses one, and one more for each EMPTY_SHARE in use */
  EMPTY_SHARE = 4,
  FEW_PAGES = 4,                           /* heaps with fewer take them where others do */
  MANY_PAGES = 8 * ARENA_SIZE / PAGE_SIZE, /* heaps with more ask for huge pages */
};

static weft__lock lock;
static struct weft__arena *claimed, *open, *full, *spare;
static size_t arenas, arenas_peak, empty, users; /* claimed arenas may be empty, too */
static size_t reserved, limit;

/* --- The limit --- */

static bool reserve(size_t bytes) {
  /* order: relaxed: the sum is exact at all times; nothing else depends on it. */
  size_t now = weft__add_relaxed(&reserved, bytes) + bytes, most = weft__load_relaxed(&limit);
  if (!most || now <= most) return true;
  weft__sub_relaxed(&reserved, bytes);
  return false;
}

void weft__heap_unreserve(size_t bytes) { weft__sub_relaxed(&reserved, bytes); }

size_t weft_heap_set_limit(size_t bytes) {
  weft__check_attached("weft_heap_set_limit");
  size_t before = weft__load_relaxed(&limit);
  weft__store_relaxed(&limit, bytes);
  return before;
}

/* --- Lists --- */

static void list_push(struct weft__arena **list, struct weft__arena *arena) {
  arena->previous = NULL;
  arena->next = *list;
  if (*list) (*list)->previous = arena;
  *list = arena;
}

static void list_remove(struct weft__arena **list, struct weft__arena *arena) {
  *(arena->previous ? &arena->previous->next : list) = arena->next;
  if (arena->next) arena->next->previous = arena->previous;
}

/* The list in which the arena belongs. */
static struct weft__arena **list_of(const struct weft__arena *arena) {
  if (arena->user) return &claimed;
  return !arena->free_pages ? &full : arena->free_pages == UINT64_MAX ? &spare : &open;
}

/* --- Mapping --- */

/* A bit for every ARENA_SIZE of the address space; 8 MiB that are never touched, except for a few words. Atomic: read
 * without the lock. */
static uint64_t *map_of_arenas;
enum { ADDRESS_BITS = 48, ARENA_BITS = 22 };
_Static_assert(1 << ARENA_BITS == WEFT__ARENA_SIZE, "the map's unit");

bool weft__is_in_arena(const void *p) {
  uintptr_t i = (uintptr_t)p >> ARENA_BITS;
  /* order: relaxed: who has an object has been told of it after its arena was entered, by other means. */
  const uint64_t *map = weft__load_relaxed(&map_of_arenas);
  return map && weft__load_relaxed(&map[i / 64]) >> i % 64 & 1;
}

/* False: out of memory. */
static bool enter_in_map(const void *base, bool in) {
  const size_t size = (size_t)1 << (ADDRESS_BITS - ARENA_BITS - 3);
  uintptr_t i = (uintptr_t)base >> ARENA_BITS;
  if (!map_of_arenas) {
    void *zero = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (zero == MAP_FAILED) return false;
    weft__store_relaxed(&map_of_arenas, zero);
  }
  uint64_t bit = UINT64_C(1) << i % 64, *word = &map_of_arenas[i / 64];
  weft__store_relaxed(word, in ? *word | bit : *word & ~bit);
  return true;
}

/* ARENA_SIZE bytes, aligned so; NULL: the system has none. Huge pages are a wish. */
static uint8_t *map(bool huge_pages) {
  uint8_t *raw = mmap(NULL, 2 * ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return NULL;
  uint8_t *base = (uint8_t *)(((uintptr_t)raw + ARENA_SIZE - 1) & ~(uintptr_t)(ARENA_SIZE - 1));
  if (base > raw) munmap(raw, (size_t)(base - raw));
  munmap(base + ARENA_SIZE, (size_t)(raw + ARENA_SIZE - base));
  if (huge_pages) (void)madvise(base, ARENA_SIZE, MADV_HUGEPAGE);
  return base;
}

static void unmap(uint8_t *base) {
  (void)enter_in_map(base, false);
  weft__root_remove(base, ARENA_SIZE);
  munmap(base, ARENA_SIZE);
}

/* Makes a spare arena. NULL: out of memory. */
static struct weft__arena *arena_make(bool huge_pages) {
  struct weft__arena *arena = malloc(sizeof *arena);
  if (!arena || !reserve(ARENA_SIZE)) {
    free(arena);
    return NULL;
  }
  uint8_t *base = map(huge_pages);
  if (base && !enter_in_map(base, true)) {
    munmap(base, ARENA_SIZE);
    base = NULL;
  }
  if (!base) {
    weft__heap_unreserve(ARENA_SIZE);
    free(arena);
    return NULL;
  }
  weft__root_add(base, ARENA_SIZE);
  *arena = (struct weft__arena){.base = base, .free_pages = UINT64_MAX};
  list_push(&spare, arena);
  empty++;
  if (++arenas > arenas_peak) arenas_peak = arenas;
  return arena;
}

static void arena_drop(struct weft__arena *arena) {
  list_remove(&spare, arena);
  empty--;
  arenas--;
  unmap(arena->base);
  weft__heap_unreserve(ARENA_SIZE);
  free(arena);
}

/* Changes who uses the arena and which of its pages are empty, and files it accordingly. */
static void arena_change(struct weft__arena *arena, struct weft__heap *user, uint64_t free_pages) {
  struct weft__arena **from = list_of(arena);
  empty += (free_pages == UINT64_MAX) - (arena->free_pages == UINT64_MAX);
  if (arena->user) arena->user->arena = NULL, users--;
  arena->user = free_pages ? user : NULL;
  arena->free_pages = free_pages;
  if (arena->user) arena->user->arena = arena, users++;
  struct weft__arena **to = list_of(arena);
  if (from == to) return;
  list_remove(from, arena);
  list_push(to, arena);
}

static void unclaim_if_empty(struct weft__arena *arena) {
  if (arena->free_pages == UINT64_MAX) arena_change(arena, NULL, arena->free_pages);
}

static bool too_many_empty(void) { return empty > EMPTY_KEPT * (users ? users : 1) + (arenas - empty) / EMPTY_SHARE; }

bool weft__heap_reserve(size_t bytes) {
  if (reserve(bytes)) return true;
  weft__lock_acquire(&lock);
  for (struct weft__arena *arena = claimed, *next; arena; arena = next) {
    next = arena->next;
    unclaim_if_empty(arena);
  }
  while (spare) arena_drop(spare);
  weft__lock_release(&lock);
  return reserve(bytes);
}

/* --- Pages --- */

static struct weft__page *page_of(const struct weft__arena *arena, unsigned i) {
  return (struct weft__page *)(arena->base + (size_t)i * PAGE_SIZE);
}

/* An arena with an empty page for the heap; NULL: out of memory. */
static struct weft__arena *choose(const struct weft__heap *heap) {
  if (heap->arena) return heap->arena;
  if (open) return open;
  if (spare) return spare;
  if (claimed && heap->pages < FEW_PAGES) return claimed;
  struct weft__arena *made = arena_make(heap->pages >= MANY_PAGES);
  return made ? made : claimed;
}

static struct weft__page *take_page(struct weft__heap *heap) {
  struct weft__arena *arena = choose(heap);
  if (!arena) return NULL;
  unsigned i = (unsigned)__builtin_ctzll(arena->free_pages);
  bool claim = !arena->user && !heap->arena && heap->pages >= FEW_PAGES;
  arena_change(arena, claim ? heap : arena->user, arena->free_pages & (arena->free_pages - 1));
  struct weft__page *page = page_of(arena, i);
  weft__block_unpoison(page, PAGE_SIZE);
  memset(page, 0, sizeof *page);
  page->arena = arena;
  heap->pages++;
  return page;
}

struct weft__page *weft__arena_take_page(struct weft__heap *heap) {
  weft__lock_acquire(&lock);
  struct weft__page *page = take_page(heap);
  weft__lock_release(&lock);
  return page;
}

void weft__arena_give_page(struct weft__heap *heap, struct weft__page *page) {
  struct weft__arena *arena = page->arena;
  uint64_t mark = UINT64_C(1) << (((uint8_t *)page - arena->base) / PAGE_SIZE);
  heap->pages--;
  weft__trace_drop_page(page);
  weft__lock_acquire(&lock);
  arena_change(arena, arena->user, arena->free_pages | mark);
  if (too_many_empty()) unclaim_if_empty(arena);
  while (spare && too_many_empty()) arena_drop(spare);
  weft__lock_release(&lock);
}

void weft__arena_unclaim(struct weft__heap *heap) {
  weft__lock_acquire(&lock);
  if (heap->arena) arena_change(heap->arena, NULL, heap->arena->free_pages);
  while (spare && too_many_empty()) arena_drop(spare);
  weft__lock_release(&lock);
}

/* --- Walks --- */

size_t weft__arenas_peak(void) { return arenas_peak; }

void weft__arenas_walk(void (*visit)(const struct weft__arena *, void *), void *arg) {
  struct weft__arena *const lists[] = {claimed, open, full, spare};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (struct weft__arena *arena = lists[i]; arena; arena = arena->next) visit(arena, arg);
}

struct page_visitor {
  void (*visit)(struct weft__page *, void *);
  void *arg;
};

static void visit_pages(const struct weft__arena *arena, void *visitor) {
  struct page_visitor *v = visitor;
  for (uint64_t used = ~arena->free_pages; used; used &= used - 1)
    v->visit(page_of(arena, (unsigned)__builtin_ctzll(used)), v->arg);
}

void weft__pages_walk(void (*visit)(struct weft__page *, void *), void *arg) {
  struct page_visitor v = {visit, arg};
  weft__arenas_walk(visit_pages, &v);
}

/* --- Life --- */

static void count_live(struct weft__page *page, void *sum) { *(size_t *)sum += weft__page_live(page); }

/* Arenas in which objects are still referenced stay mapped for good; nobody allocates from them again. */
static void give_up(struct weft__arena **list) {
  while (*list) {
    struct weft__arena *arena = *list;
    size_t live = 0;
    visit_pages(arena, &(struct page_visitor){count_live, &live});
    if (!live) unmap(arena->base);
    list_remove(list, arena);
    weft__heap_unreserve(ARENA_SIZE);
    free(arena);
  }
}

void weft__arenas_fini(void) {
  give_up(&claimed);
  give_up(&open);
  give_up(&full);
  give_up(&spare);
  arenas = arenas_peak = empty = users = 0;
  weft__store_relaxed(&limit, (size_t)0);
}

void weft__arenas_lock_for_fork(void) { weft__lock_acquire(&lock); }
void weft__arenas_unlock_after_fork(void) { weft__lock_release(&lock); }
