/* SPDX-License-Identifier: MIT */
/*
 * Arenas: where pages come from and go back to.
 *
 *   An arena is in one of three lists: some of its pages are in use (open), all are (full), none is (spare). Pages are
 * taken from open arenas before spare ones, so that arenas get a chance to become empty; SPARE_MAX spare ones are kept
 * for the next burst, further ones go back to the system.
 *
 * All of it is protected by `lock`; `reserved` and `limit` are atomic, large blocks count too.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/heap_pages_internal.h"
#include "runtime/runtime_internal.h"

enum { ARENA_SIZE = WEFT__ARENA_SIZE, PAGE_SIZE = WEFT__PAGE_SIZE, SPARE_MAX = 2 };

static weft__lock lock;
static struct weft__arena *open, *full, *spare;
static size_t arenas, arenas_peak, spares;
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

static void list_move(struct weft__arena **from, struct weft__arena **to, struct weft__arena *arena) {
  list_remove(from, arena);
  list_push(to, arena);
}

/* --- Mapping --- */

/* ARENA_SIZE bytes, aligned so; NULL: the system has none. */
static uint8_t *map(void) {
  uint8_t *raw = mmap(NULL, 2 * ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return NULL;
  uint8_t *base = (uint8_t *)(((uintptr_t)raw + ARENA_SIZE - 1) & ~(uintptr_t)(ARENA_SIZE - 1));
  if (base > raw) munmap(raw, (size_t)(base - raw));
  munmap(base + ARENA_SIZE, (size_t)(raw + ARENA_SIZE - base));
  return base;
}

static void unmap(uint8_t *base) {
  weft__root_remove(base, ARENA_SIZE);
  munmap(base, ARENA_SIZE);
}

/* Makes a spare arena. False: out of memory. */
static bool arena_make(void) {
  struct weft__arena *arena = malloc(sizeof *arena);
  uint8_t *base = arena && reserve(ARENA_SIZE) ? map() : NULL;
  if (!base) {
    if (arena) weft__heap_unreserve(ARENA_SIZE);
    free(arena);
    return false;
  }
  weft__root_add(base, ARENA_SIZE);
  arena->base = base;
  arena->free_pages = UINT64_MAX;
  list_push(&spare, arena);
  spares++;
  if (++arenas > arenas_peak) arenas_peak = arenas;
  return true;
}

static void arena_drop(struct weft__arena *arena) {
  list_remove(&spare, arena);
  spares--;
  arenas--;
  unmap(arena->base);
  weft__heap_unreserve(ARENA_SIZE);
  free(arena);
}

bool weft__heap_reserve(size_t bytes) {
  if (reserve(bytes)) return true;
  weft__lock_acquire(&lock);
  while (spare) arena_drop(spare);
  weft__lock_release(&lock);
  return reserve(bytes);
}

/* --- Pages --- */

static struct weft__page *page_of(const struct weft__arena *arena, unsigned i) {
  return (struct weft__page *)(arena->base + (size_t)i * PAGE_SIZE);
}

static struct weft__page *take_page(void) {
  if (!open) {
    if (!spare && !arena_make()) return NULL;
    spares--;
    list_move(&spare, &open, spare);
  }
  struct weft__arena *arena = open;
  unsigned i = (unsigned)__builtin_ctzll(arena->free_pages);
  arena->free_pages &= arena->free_pages - 1;
  if (!arena->free_pages) list_move(&open, &full, arena);
  struct weft__page *page = page_of(arena, i);
  weft__block_unpoison(page, PAGE_SIZE);
  memset(page, 0, sizeof *page);
  page->arena = arena;
  return page;
}

struct weft__page *weft__arena_take_page(void) {
  weft__lock_acquire(&lock);
  struct weft__page *page = take_page();
  weft__lock_release(&lock);
  return page;
}

void weft__arena_give_page(struct weft__page *page) {
  struct weft__arena *arena = page->arena;
  weft__lock_acquire(&lock);
  if (!arena->free_pages) list_move(&full, &open, arena);
  arena->free_pages |= UINT64_C(1) << (((uint8_t *)page - arena->base) / PAGE_SIZE);
  if (arena->free_pages == UINT64_MAX) {
    list_move(&open, &spare, arena);
    if (++spares > SPARE_MAX) arena_drop(arena);
  }
  weft__lock_release(&lock);
}

/* --- Walks --- */

size_t weft__arenas_peak(void) { return arenas_peak; }

void weft__arenas_walk(void (*visit)(const struct weft__arena *, void *), void *arg) {
  struct weft__arena *const lists[] = {open, full, spare};
  for (int i = 0; i < 3; i++)
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
  give_up(&open);
  give_up(&full);
  give_up(&spare);
  arenas = arenas_peak = spares = 0;
  weft__store_relaxed(&limit, (size_t)0);
}

void weft__arenas_lock_for_fork(void) { weft__lock_acquire(&lock); }
void weft__arenas_unlock_after_fork(void) { weft__lock_release(&lock); }
