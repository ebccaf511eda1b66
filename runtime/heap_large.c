/* SPDX-License-Identifier: MIT */
/*
 * What does not fit a page: large objects and large buffers, from malloc; and buffers of any size.
 *
 *   Before a large object stand the two links by which containers are in a ring, so that the collector finds them
 * without pages, and what it knows of them. Other objects are in another ring if their type is a made one, so that it
 * is known whether such a type has instances; else their links are NULL. Buffers have none of this. Protected by
 * `lock`, except that an object's owner looks without it whether it is in a ring.
 *   Types that are made look like large objects and have a ring, too: they are of the oldest generation from the
 * beginning, so young collections need not walk it. Neither statistics nor the limit count them.
 *   The last few large buffers that were given back are kept: a container that grows, or the next one like it, wants
 * such a block soon, and malloc would have given its pages back to the system, to be cleared and mapped again.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/heap_pages_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/trace_internal.h"

_Static_assert(sizeof(struct weft__large) % 16 == 0, "the object behind is as aligned as malloc's block");

static weft__lock lock;
static struct weft__large ring = {.next = &ring, .previous = &ring};
static struct weft__large others = {.next = &others, .previous = &others}; /* no containers */
static struct weft__large types = {.next = &types, .previous = &types};    /* made ones */
static size_t large_blocks, large_bytes;                                   /* atomic */

/* --- Kept blocks --- */

enum { KEPT = 16, KEEP_FROM = 64 << 10, KEEP_BYTES = 16 << 20, KEEP_OUTGROWN = 2 << 20 };
static struct {
  void *block; /* NULL: empty */
  size_t size;
} kept[KEPT]; /* protected by `lock`, as are the next two */
static size_t kept_bytes;
static unsigned next_kept; /* which is replaced next: the oldest */

/* A kept block of `size` bytes, or up to a quarter more; NULL: none. */
static void *take_kept(size_t size) {
  void *block = NULL;
  if (size < KEEP_FROM || size > KEEP_BYTES) return NULL;
  weft__lock_acquire(&lock);
  for (int i = 0; !block && i < KEPT; i++) {
    if (!kept[i].block || kept[i].size < size || kept[i].size > size + size / 4) continue;
    block = kept[i].block;
    kept[i].block = NULL;
    kept_bytes -= kept[i].size;
  }
  weft__lock_release(&lock);
  return block;
}

/* Keeps the block, in the place of as many of the oldest as it takes. */
static void keep(void *block, size_t size) {
  void *out[KEPT];
  int n = 0;
  weft__lock_acquire(&lock);
  for (int i = 0; i < KEPT && (kept[next_kept].block || kept_bytes + size > KEEP_BYTES); i++) {
    if (kept[next_kept].block) {
      out[n++] = kept[next_kept].block;
      kept[next_kept].block = NULL;
      kept_bytes -= kept[next_kept].size;
    }
    if (kept_bytes + size > KEEP_BYTES) next_kept = (next_kept + 1) % KEPT;
  }
  kept[next_kept].block = block;
  kept[next_kept].size = size;
  kept_bytes += size;
  next_kept = (next_kept + 1) % KEPT;
  weft__lock_release(&lock);
  while (n > 0) free(out[--n]);
}

static void free_kept(void) {
  weft__lock_acquire(&lock);
  for (int i = 0; i < KEPT; i++) {
    free(kept[i].block);
    kept[i].block = NULL;
  }
  kept_bytes = 0;
  weft__lock_release(&lock);
}

/* --- Blocks --- */

static void trace(const void *block, size_t size) {
  if (WEFT_UNLIKELY(weft__is_tracing())) weft__trace_add(WEFT_TRACEMALLOC_HEAP, (uintptr_t)block, size);
}
static void trace_end(const void *block) {
  if (WEFT_UNLIKELY(weft__is_tracing())) weft__trace_remove(WEFT_TRACEMALLOC_HEAP, (uintptr_t)block);
}

/* A block of megabytes is filled in large steps, if the system likes. */
static void ask_for_huge_pages(void *block, size_t size) {
  enum { HUGE_FROM = 4 << 20, SMALL_PAGE = 4096 };
  if (size < HUGE_FROM) return;
  uintptr_t start = ((uintptr_t)block + SMALL_PAGE - 1) & ~(uintptr_t)(SMALL_PAGE - 1);
  uintptr_t end = ((uintptr_t)block + size) & ~(uintptr_t)(SMALL_PAGE - 1);
  (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
}

/* Makes a block larger or smaller; from NULL and 0, a new one. `links`: bytes at its beginning that are not counted.
 * NULL: out of memory; the block is unaltered. */
static void *resize(void *block, size_t old_size, size_t size, size_t links) {
  size_t more = size > old_size ? size - old_size : 0, fewer = old_size > size ? old_size - size : 0;
  size_t blocks = block ? 0 : 1;
  if (size > PTRDIFF_MAX - links || weft__fault() || !weft__heap_reserve(more)) return NULL;
  if (block) trace_end(block); /* when it has moved, another one may be where it was */
  void *resized = block || links ? NULL : take_kept(size);
  if (!resized) resized = realloc(block, size + links);
  if (WEFT_UNLIKELY(!resized)) {
    free_kept();
    resized = realloc(block, size + links);
  }
  weft__heap_unreserve(resized ? fewer : more);
  if (resized || block) trace(resized ? (char *)resized + links : block, resized ? size : old_size);
  if (!resized) return NULL;
  if (more) ask_for_huge_pages(resized, size + links);
  /* order: relaxed: statistics. */
  weft__add_relaxed(&large_blocks, blocks);
  weft__add_relaxed(&large_bytes, more - fewer);
  return resized;
}

static void release(const void *block, size_t size) {
  trace_end(block);
  weft__sub_relaxed(&large_blocks, 1);
  weft__sub_relaxed(&large_bytes, size);
  weft__heap_unreserve(size);
}

void weft__large_stats(size_t *blocks, size_t *bytes) {
  *blocks = weft__load_relaxed(&large_blocks);
  *bytes = weft__load_relaxed(&large_bytes);
}

/* --- Objects --- */

/* order: relaxed: the links are under the lock; without it one only asks whether there are any, and that stays as it is
 * from the object's beginning to its end. */
static void ring_link(struct weft__large *l, struct weft__large *next) {
  weft__store_relaxed(&l->next, next);
  next->previous = l;
}
static bool is_linked(const struct weft__large *l) { return weft__load_relaxed(&l->next); }

static void ring_insert(struct weft__large *in, struct weft__large *l) {
  weft__lock_acquire(&lock);
  ring_link(l, in->next);
  ring_link(in, l);
  weft__lock_release(&lock);
}

static void ring_remove(struct weft__large *l) {
  weft__lock_acquire(&lock);
  ring_link(l->previous, l->next);
  weft__lock_release(&lock);
}

void *weft__heap_alloc_large(size_t size, enum weft_heap_kind kind, const char *call) {
  weft__check_attached(call);
  weft_poll();
  struct weft__heap *heap = weft__tls.heap;
  bool count = kind == WEFT_HEAP_CONTAINER && !(weft__heap_is_due(heap) && weft__gc_due());
  struct weft__large *l = resize(NULL, 0, size, sizeof *l);
  if (!l) return NULL;
  heap->young += count;
  heap->unseen += kind == WEFT_HEAP_CONTAINER;
  l->scratch = 0;
  l->generation = 0;
  if (kind == WEFT_HEAP_CONTAINER)
    ring_insert(&ring, l);
  else
    weft__store_relaxed(&l->next, NULL);
  return l + 1;
}

void weft__large_list(weft_object *o) { ring_insert(&others, weft__large_of(o)); }

void weft__heap_free_large(void *block, size_t size) {
  struct weft__large *l = (struct weft__large *)block - 1;
  if (is_linked(l)) ring_remove(l);
  release(block, size);
  free(l);
}

void *weft__type_alloc(size_t size) {
  struct weft__large *l = weft__fault() ? NULL : calloc(1, sizeof *l + size);
  return l ? l + 1 : NULL;
}

void weft__type_list(weft_object *type) {
  weft__large_of(type)->generation = WEFT__TYPE_GENERATION;
  ring_insert(&types, weft__large_of(type));
}

void weft__type_dealloc(void *block) {
  struct weft__large *l = (struct weft__large *)block - 1;
  if (is_linked(l)) ring_remove(l);
  free(l);
}

static void walk(const struct weft__large *in, void (*visit)(weft_object *, void *), void *arg) {
  for (struct weft__large *l = in->next; l != in; l = l->next) {
    weft_object *o = (weft_object *)(void *)(l + 1);
    if (!weft__count_is_dead(&o->count)) visit(o, arg);
  }
}
void weft__large_walk(void (*visit)(weft_object *, void *), void *arg) { walk(&ring, visit, arg); }
void weft__large_walk_others(void (*visit)(weft_object *, void *), void *arg) { walk(&others, visit, arg); }
void weft__types_walk(void (*visit)(weft_object *, void *), void *arg) { walk(&types, visit, arg); }

/* Large objects that are still referenced are forgotten. */
void weft__large_fini(void) {
  ring = (struct weft__large){.next = &ring, .previous = &ring};
  others = (struct weft__large){.next = &others, .previous = &others};
  types = (struct weft__large){.next = &types, .previous = &types};
  free_kept();
}

void weft__large_lock_for_fork(void) { weft__lock_acquire(&lock); }
void weft__large_unlock_after_fork(void) { weft__lock_release(&lock); }

/* --- Buffers --- */

void *weft__buffer_new(size_t size, const char *call) {
  if (size <= WEFT__SMALL_MAX) return weft__heap_alloc_small(size, WEFT_HEAP_BUFFER, call);
  weft__check_attached(call);
  return size > PTRDIFF_MAX ? NULL : resize(NULL, 0, weft__buffer_size(size), 0);
}

void *weft__buffer_resize(void *buffer, size_t old_size, size_t new_size) {
  size_t old_block = weft__buffer_size(old_size), new_block = weft__buffer_size(new_size);
  if (new_size > PTRDIFF_MAX) return NULL;
  if (buffer && old_block == new_block) return weft__fault() ? NULL : buffer;
  if (buffer && old_block > WEFT__SMALL_MAX && new_block > WEFT__SMALL_MAX)
    return resize(buffer, old_block, new_block, 0);
  void *resized = weft__buffer_new(new_size, "weft__buffer_resize");
  if (!resized || !buffer) return resized;
  memcpy(resized, buffer, old_size < new_size ? old_size : new_size);
  weft__buffer_free(buffer, old_size);
  return resized;
}

static void release_buffer(void *buffer, size_t size, size_t most) {
  release(buffer, size);
  if (size >= KEEP_FROM && size <= most)
    keep(buffer, size);
  else
    free(buffer);
}

void weft__buffer_free(void *buffer, size_t size) {
  if (!buffer) return;
  if (size <= WEFT__SMALL_MAX)
    weft__heap_free_small(buffer);
  else
    release_buffer(buffer, weft__buffer_size(size), KEEP_BYTES / 2);
}

void weft__buffer_free_outgrown(void *buffer, size_t size) {
  if (size <= WEFT__SMALL_MAX)
    weft__buffer_free(buffer, size);
  else
    release_buffer(buffer, weft__buffer_size(size), KEEP_OUTGROWN);
}
