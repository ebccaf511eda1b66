/* SPDX-License-Identifier: MIT */
/*
 * The private heap: blocks of up to 512 bytes for objects and their buffers.
 *
 *     arena (4 MiB, aligned mmap)
 *       +- page (64 KiB, aligned; of one size class and one kind: its bin; belongs to one heap)
 *            +- header | block | block | ...
 *
 *   A heap belongs to an owner slot, so to the thread that occupies it. Each page has a list of free blocks that only
 * its heap's thread touches, without atomics, and one atomic word, `remote`, with a list of the blocks that other
 * threads freed, and their number. In mode gil all threads share one heap, and nothing is remote.
 *
 *   Page states: CURRENT  its heap allocates its bin from it        AVAILABLE  has free blocks, in the heap's list
 *                FULL     no free block; in no list of available ones, found again through its next free
 *   A page in none of them is empty and its arena's.
 *
 *   Equation: used + |free| == blocks before `carved`, where `used` counts blocks in `remote` too; and a CURRENT page
 * counts one more as used, so that it never looks empty and the last free of a loop stays on the fast path. A block of
 * an object that is free has a dead count word (its first 8 bytes), so whoever walks a page can tell; its link is in
 * the second 8 bytes. Blocks from `carved` on have not been used since the page was taken from its arena.
 *
 *   Remote frees are collected in the freeing thread's outbox while they go to the same page, and handed over by one
 * compare-and-swap: at another page, at OUTBOX_MAX blocks, at a safepoint that stops, and at detach.
 *
 *   A page that is not CURRENT is marked WANTED. The remote free that finds the mark replaces it by LISTED and puts the
 *   page on its heap's `returned` stack, so an owner never searches: it takes that stack when it needs a page, and when
 *   it detaches or stops. Only taking it clears LISTED, and a LISTED page does not go back to its arena: whoever listed
 *   it may still be linking it.
 *
 *   A thread that is away is not waited for: a remote free that leaves no block in use takes the stack on its behalf,
 *   while it holds it off. It compares the count in `remote` with `at_rest`. That is too high when the page's own
 * thread has freed blocks since it was written, which STALE says; then the one that lists the page does the same, and
 *   `at_rest` is right from then on, because a thread that is away frees nothing. So what a thread that blocks has left
 *   to others goes back to the system without it.
 *
 *   A thread that ends gives its pages to the heap of orphans, from which any thread that needs a page adopts them.
 *
 *   While tracemalloc is on, fast paths find no page ready, and none where they may just free: every request and every
 * free comes here and is traced (trace.c).
 *
 * What protects what: a page's fields its heap's thread, except `remote`, `at_rest`, `heap` and `traces` (atomic) and
 * `next_returned` (whoever listed the page). The orphans: orphan_lock.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/heap_marks_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/trace_internal.h"
#include "sync/attach.h"

enum {
  PAGE_SIZE = WEFT__PAGE_SIZE,
  CARVE_BYTES = 4096, /* how much of a fresh page is made into free blocks at a time */
  OUTBOX_MAX = 32,
  BINS = WEFT__BINS,
};

enum { CURRENT = WEFT__PAGE_CURRENT, AVAILABLE = WEFT__PAGE_AVAILABLE, FULL = WEFT__PAGE_FULL };
#define WANTED WEFT__REMOTE_WANTED
#define LISTED WEFT__REMOTE_LISTED
#define STALE  WEFT__REMOTE_STALE
#define FLAGS  WEFT__REMOTE_FLAGS

/* A page without free blocks, so that allocation need not test for NULL. */
static struct weft__page no_page = {.state = FULL};

#define NO_PAGES .ready = {[0 ... BINS - 1] = &no_page}, .current = {[0 ... BINS - 1] = &no_page}
struct weft__heap weft__heap_of_nobody = {NO_PAGES};
struct weft__heap weft__heap_of_orphans = {NO_PAGES};
static struct weft__heap heap_of_all = {NO_PAGES}; /* mode gil */
static struct weft__heap *const orphans = &weft__heap_of_orphans;
static weft__lock orphan_lock;

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

/* --- A page's blocks --- */

/* Just freeing is all its thread has to do, unless it has more. */
static void page_set_local(struct weft__page *page, struct weft__heap *heap) {
  weft__store_relaxed(&page->local, page->has_aged || weft__is_tracing() ? NULL : heap);
}

static void page_start(struct weft__page *page, struct weft__heap *heap, unsigned bin) {
  page->bin = (uint8_t)bin;
  page->block_size = weft__class_size(bin % WEFT__CLASSES);
  page->shift = (uint8_t)weft__page_shift(page->block_size);
  page->carved = weft__page_first(page);
  page->end = page->carved + (size_t)weft__page_capacity(page) * page->block_size;
  memset((uint8_t *)page + WEFT__PAGE_HEADER, 0, (size_t)(page->carved - (uint8_t *)page) - WEFT__PAGE_HEADER);
  /* order: relaxed: other threads learn of the page from an object in it, which is published to them later. */
  weft__store_relaxed(&page->heap, heap);
  page_set_local(page, heap);
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

static struct weft__block *remote_first(struct weft__page *page, uint32_t remote) {
  uint32_t offset = remote & WEFT__REMOTE_FIRST;
  return offset ? (struct weft__block *)((uint8_t *)page + offset) : NULL;
}

/* What was in `remote` when its blocks were taken out of it becomes free blocks of the page. */
static void page_take_in(struct weft__page *page, uint32_t remote) {
  struct weft__block *first = remote_first(page, remote);
  if (!first) return;
  for (struct weft__block *block = page->has_aged ? first : NULL; block; block = block->next)
    weft__page_rejuvenate(page, block);
  if (page->free) {
    struct weft__block *last = first;
    while (last->next) last = last->next;
    last->next = page->free;
  }
  page->free = first;
  page->used -= weft__remote_count(remote);
}

/* Takes the blocks that other threads freed. */
static void page_collect(struct weft__page *page) {
  /* order: acq_rel [remote-free]: sees the links, and the other threads' last use of the blocks. */
  page_take_in(page, weft__and_acq_rel(&page->remote, FLAGS));
}

static bool page_refill(struct weft__page *page) {
  /* order: relaxed: a look. */
  if (!page->free && weft__remote_count(weft__load_relaxed(&page->remote))) page_collect(page);
  return page->free || page_carve(page);
}

/* Tells others how many blocks are in use, and has them list the page, unless it is listed and is to stay so. False:
 * they are just freeing blocks in it. */
static bool page_rest(struct weft__page *page, uint32_t stale, uint32_t stay) {
  weft__store_relaxed(&page->at_rest, page->used);
  uint32_t remote = weft__load_relaxed(&page->remote);
  while (!weft__remote_count(remote)) {
    /* order: release [at-rest]: publishes at_rest; pairs with page_return. */
    if (weft__cas_release(&page->remote, &remote, stale | (remote & stay ? LISTED : WANTED))) return true;
  }
  return false;
}

/* --- A heap's pages --- */

static void set_current(struct weft__heap *heap, unsigned bin, struct weft__page *page) {
  heap->current[bin] = page;
  heap->ready[bin] = weft__is_tracing() ? &no_page : page;
}

static void page_make_current(struct weft__heap *heap, struct weft__page *page) {
  page->state = CURRENT;
  page->used++;
  set_current(heap, page->bin, page);
  if (WEFT__IS_CONTAINER_BIN(page->bin)) weft__page_set_recent(heap, page, page->recent | WEFT__RECENT_YOUNG);
}

static void page_make_available(struct weft__heap *heap, struct weft__page *page) {
  page->state = AVAILABLE;
  list_push(&heap->available[page->bin], page);
}

/* A FULL page has a free block again. */
static void page_from_full(struct weft__heap *heap, struct weft__page *page) {
  list_remove(&heap->full, page);
  page_make_available(heap, page);
}

/* An AVAILABLE page has no block in use any more. */
static void page_give_back(struct weft__heap *heap, struct weft__page *page) {
  list_remove(&heap->available[page->bin], page);
  weft__page_set_recent(heap, page, 0);
  weft__arena_give_page(heap, page);
}

/* The same if it is so, and nobody is linking the page. */
static void page_give_back_if_empty(struct weft__heap *heap, struct weft__page *page) {
  /* order: relaxed: whoever marked it freed a block in the same step, which has been seen, or the block were in use. */
  if (!page->used && !(weft__load_relaxed(&page->remote) & LISTED)) page_give_back(heap, page);
}

/* Puts the current page of the bin, if any, aside; it may have free blocks. */
static void put_current_aside(struct weft__heap *heap, unsigned bin) {
  struct weft__page *page = heap->current[bin];
  if (page == &no_page) return;
  set_current(heap, bin, &no_page);
  page->used--;
  while (!page_rest(page, STALE, LISTED)) page_collect(page);
  page_make_available(heap, page);
  page_give_back_if_empty(heap, page);
}

/* The page has no free block left and is in no list. False: it has one after all, other threads are freeing into it. */
static bool page_make_full(struct weft__heap *heap, struct weft__page *page) {
  if (!page_rest(page, 0, LISTED)) return false;
  page->state = FULL;
  list_push(&heap->full, page);
  return true;
}

/* --- Returned pages --- */

static void list_returned(struct weft__heap *heap, struct weft__page *page) {
  struct weft__page *head = weft__load_relaxed(&heap->returned);
  do {
    page->next_returned = head;
    /* order: release [returned]: publishes the link; pairs with take_returned. */
  } while (!weft__cas_weak_release(&heap->returned, &head, page));
}

/* One page from the stack: nobody else clears its LISTED. */
static void page_unlist(struct weft__heap *heap, struct weft__page *page, uint32_t stale) {
  if (page->state == CURRENT) {
    /* order: relaxed: its thread looks for freed blocks by itself. */
    weft__and_relaxed(&page->remote, ~LISTED);
    return;
  }
  do page_collect(page);
  while (page->used && !page_rest(page, stale, 0));
  if (page->state == FULL && page->free) page_from_full(heap, page);
  if (!page->used) page_give_back(heap, page);
}

/* By the heap's thread, or with `stale` 0 by whoever holds it off; for the orphans, under their lock. */
static void take_returned(struct weft__heap *heap, uint32_t stale) {
  /* order: relaxed: a look. */
  if (!weft__load_relaxed(&heap->returned)) return;
  /* order: acquire [returned]: sees the links; pairs with list_returned. */
  struct weft__page *page = weft__exchange_acquire(&heap->returned, NULL);
  while (page) {
    struct weft__page *next = page->next_returned;
    /* order: acquire [page-heap]: sees the heap initialised. */
    struct weft__heap *owner = weft__load_acquire(&page->heap);
    if (owner == heap)
      page_unlist(heap, page, stale);
    else
      list_returned(owner, page); /* it changed hands while it was on its way here */
    page = next;
  }
}

static void take_returned_orphans(void) {
  weft__lock_acquire(&orphan_lock);
  take_returned(orphans, 0);
  weft__lock_release(&orphan_lock);
}

/* On behalf of the heap's thread, if that is away. */
static void take_returned_for(struct weft__heap *heap) {
  if (heap == orphans) {
    take_returned_orphans();
    return;
  }
  struct weft__tstate *owner = heap->owner;
  /* order: relaxed: a look; a thread that is away and comes back does it itself. */
  if ((weft__load_relaxed(&owner->status) & WEFT__STATUS_STATE) == WEFT__STATUS_ATTACHED) return;
  weft__lock_acquire(&owner->lock);
  enum weft__holding holding = weft__hold_off(owner, 0);
  if (holding != WEFT__HOLD_REQUESTED) take_returned(heap, 0);
  if (holding == WEFT__HOLD_HELD) weft__let_go(owner);
  weft__lock_release(&owner->lock);
}

/* --- Pages for allocation --- */

/* Its containers are as young as before. */
static void change_hands(struct weft__page *page, struct weft__heap *from, struct weft__heap *to) {
  uint8_t recent = page->recent;
  weft__page_set_recent(from, page, 0);
  weft__page_set_recent(to, page, recent);
}

/* A page of the bin that a dead thread left behind; NULL: none. */
static struct weft__page *adopt(struct weft__heap *heap, unsigned bin) {
  /* order: relaxed: a look, to stay off the lock while there are no orphans. */
  if (!weft__load_relaxed(&orphans->available[bin]) && !weft__load_relaxed(&orphans->returned)) return NULL;
  weft__lock_acquire(&orphan_lock);
  take_returned(orphans, 0);
  struct weft__page *page = orphans->available[bin];
  if (page) {
    list_remove(&orphans->available[bin], page);
    orphans->pages--;
    heap->pages++;
    change_hands(page, orphans, heap);
    /* order: release [page-heap]: publishes the heap to remote frees; pairs with page_return. */
    weft__store_release(&page->heap, heap);
    page_set_local(page, heap);
  }
  weft__lock_release(&orphan_lock);
  return page;
}

/* A page that may have a free block, in no list; NULL: out of memory. */
static struct weft__page *candidate(struct weft__heap *heap, unsigned bin) {
  struct weft__page *page = heap->available[bin];
  if (page) {
    list_remove(&heap->available[bin], page);
    return page;
  }
  if ((page = adopt(heap, bin))) return page;
  if ((page = weft__arena_take_page(heap))) page_start(page, heap, bin);
  return page;
}

/* Makes a page with a free block the current one of its bin. NULL: out of memory; there is no current one then. */
static struct weft__page *next_page(struct weft__heap *heap, unsigned bin) {
  struct weft__page *page = heap->current[bin];
  if (page != &no_page) {
    if (page_refill(page)) return page;
    set_current(heap, bin, &no_page);
    page->used--;
  } else {
    page = NULL;
  }
  take_returned(heap, STALE);
  while (!page || !page_refill(page)) {
    /* When it does not become full after all, the next refill finds what was freed. */
    if ((!page || page_make_full(heap, page)) && !(page = candidate(heap, bin))) return NULL;
  }
  page_make_current(heap, page);
  return page;
}

/* --- Allocation --- */

void *weft__heap_alloc_slow(unsigned bin, const char *call) {
  weft__check_attached(call);
  /* Buffers are asked for while a container is locked. */
  if (bin / WEFT__CLASSES != WEFT_HEAP_BUFFER) weft_poll();
  if (weft__fault()) return NULL;
  struct weft__heap *heap = weft__tls.heap;
  /* The container that brings on a collection is not counted itself. */
  bool count = WEFT__IS_CONTAINER_BIN(bin) && !(weft__heap_is_due(heap) && weft__gc_due());
  struct weft__page *page = next_page(heap, bin);
  if (!page) return NULL;
  heap->young += count;
  struct weft__block *block = page->free;
  page->free = block->next;
  page->used++;
  weft__block_unpoison(block, page->block_size);
  if (WEFT_UNLIKELY(weft__is_tracing())) weft__trace_block(page, block);
  /* Armed: no page stays current, so that every request comes here and is counted. */
  if (WEFT_UNLIKELY(weft__self()->fail_at)) put_current_aside(heap, bin);
  return block;
}

void *weft__object_alloc_slow(const weft_type *type, size_t size, enum weft_heap_kind kind, const char *call) {
  weft_object *o = weft__heap_alloc(size, kind, call);
  if (!o) return weft_raise_memory();
  weft__count_init(&o->count);
  o->type = type;
  if (WEFT_UNLIKELY(size > WEFT__SMALL_MAX && kind != WEFT_HEAP_CONTAINER && type->made)) weft__large_list(o);
  return o;
}

uint64_t weft_heap_fail_nth(uint64_t nth) {
  weft__check_attached("weft_heap_fail_nth");
  struct weft__tstate *ts = weft__self();
  uint64_t requests = ts->requests;
  ts->requests = 0;
  ts->fail_at = nth;
  for (unsigned bin = 0; nth && bin < BINS; bin++) put_current_aside(ts->heap, bin);
  return requests;
}

/* --- Free --- */

/* `count` blocks, linked from `first` to `last`, go to another thread's page. */
static void page_return(struct weft__page *page, struct weft__block *first, struct weft__block *last, uint32_t count) {
  /* Read before the blocks are handed over: afterwards the page may be gone.
   * order: acquire [page-heap]: sees the heap initialised. */
  struct weft__heap *heap = weft__load_acquire(&page->heap);
  /* order: acquire [at-rest]: sees at_rest; and that the page is no longer in the stack that it was in before. */
  uint32_t remote = weft__load_acquire(&page->remote), next, at_rest;
  do {
    at_rest = weft__load_relaxed(&page->at_rest);
    last->next = remote_first(page, remote);
    uint32_t marks = (remote & STALE) | (remote & (WANTED | LISTED) ? LISTED : 0);
    next =
        marks | ((remote & WEFT__REMOTE_COUNT) + count * WEFT__REMOTE_ONE) | (uint32_t)((uintptr_t)first % PAGE_SIZE);
    /* order: acq_rel [remote-free]: publishes the links and our last use of the blocks; pairs with page_collect. And as
     * the load above. */
  } while (!weft__cas_weak_acq_rel(&page->remote, &remote, next));
  if (remote & WANTED) list_returned(heap, page);
  bool empty = (next & LISTED) && weft__remote_count(next) >= at_rest;
  bool unknown = (remote & WANTED) && (remote & STALE);
  if (empty || unknown) take_returned_for(heap);
}

static void flush_outbox(struct weft__tstate *ts) {
  if (!ts->outbox.page) return;
  page_return(ts->outbox.page, ts->outbox.first, ts->outbox.last, ts->outbox.count);
  ts->outbox.page = NULL;
  ts->outbox.count = 0;
}

void weft__heap_flush(struct weft__tstate *ts) {
  flush_outbox(ts);
  take_returned(ts->heap, STALE);
}

static void free_remote(struct weft__page *page, struct weft__block *block) {
  struct weft__tstate *ts = weft__self();
  weft__check_attached("weft_decref");
  if (ts->outbox.page != page || ts->outbox.count == OUTBOX_MAX) {
    flush_outbox(ts);
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

void weft__heap_free_other(struct weft__page *page, struct weft__block *block) {
  /* order: acquire [traces]: sees them as they were when the block was traced; pairs with weft__trace_block. */
  uint32_t *traces = weft__load_acquire(&page->traces);
  if (WEFT_UNLIKELY(traces)) weft__trace_forget(page, traces, block);
  /* order: relaxed: as `local`. */
  if (WEFT_LIKELY(weft__load_relaxed(&page->heap) == weft__tls.heap)) {
    if (page->has_aged) weft__page_rejuvenate(page, block);
    weft__heap_free_local(page, block);
  } else {
    free_remote(page, block);
  }
}

/* The page's last block is free, or its first after it was full. The block is in its list already. */
void weft__heap_free_slow(struct weft__page *page) {
  struct weft__heap *heap = weft__tls.heap;
  if (page->state == FULL) {
    /* order: relaxed: when others do not see it yet, they find out later. */
    if (!WEFT__HAS_GIL) weft__or_relaxed(&page->remote, STALE);
    page_from_full(heap, page);
  }
  if (page->state == AVAILABLE) page_give_back_if_empty(heap, page);
}

/* --- Life of a heap --- */

struct weft__heap *weft__heap_create(struct weft__tstate *owner) {
  struct weft__heap *heap = WEFT__HAS_GIL ? &heap_of_all : aligned_alloc(WEFT_CACHE_LINE, sizeof *heap);
  if (!heap) return NULL;
  if (!WEFT__HAS_GIL) {
    *heap = weft__heap_of_nobody;
    heap->owner = owner;
  }
  weft__store_relaxed(&heap->young_limit, weft__gc_young_limit()); /* mode gil: others look at it */
  return heap;
}

void weft__heap_destroy(struct weft__heap *heap) {
  weft__gc_free_nursery(heap->nursery);
  heap->nursery = NULL;
  if (heap != &heap_of_all) free(heap);
}

static void orphan(struct weft__heap *heap, struct weft__page *page, struct weft__page **from, struct weft__page **to) {
  list_remove(from, page);
  orphans->pages++;
  change_hands(page, heap, orphans);
  weft__store_relaxed(&page->heap, orphans);
  weft__store_relaxed(&page->local, NULL);
  list_push(to, page);
}

void weft__heap_abandon(struct weft__tstate *ts) {
  struct weft__heap *heap = ts->heap;
  weft__heap_flush(ts);
  if (heap == &heap_of_all) return;
  weft__lock_acquire(&orphan_lock);
  for (unsigned bin = 0; bin < BINS; bin++) {
    put_current_aside(heap, bin);
    while (heap->available[bin]) {
      struct weft__page *page = heap->available[bin];
      page_give_back_if_empty(heap, page);
      if (page == heap->available[bin]) orphan(heap, page, &heap->available[bin], &orphans->available[bin]);
    }
  }
  while (heap->full) orphan(heap, heap->full, &heap->full, &orphans->full);
  heap->pages = 0;
  weft__lock_release(&orphan_lock);
  weft__arena_unclaim(heap);
  take_returned(heap, STALE); /* what was listed meanwhile goes to the orphans */
}

static void collect_heap(struct weft__heap *heap) {
  take_returned(heap, STALE);
  for (unsigned bin = 0; bin < BINS; bin++) {
    struct weft__page *page = heap->current[bin];
    if (page != &no_page) page_take_in(page, weft__and_acq_rel(&page->remote, FLAGS));
  }
}

struct recent_visitor {
  uint8_t reasons;
  void (*visit)(struct weft__page *, void *);
  void *arg;
};

static void recent_walk(const struct weft__heap *heap, const struct recent_visitor *v) {
  for (struct weft__page *page = heap->recent; page; page = page->next_recent)
    if (page->recent & v->reasons) v->visit(page, v->arg);
}
static void recent_walk_of(struct weft__tstate *ts, void *visitor) { recent_walk(ts->heap, visitor); }

void weft__recent_pages_walk(const struct weft__heap *heap, uint8_t reasons, void (*visit)(struct weft__page *, void *),
                             void *arg) {
  struct recent_visitor v = {reasons, visit, arg};
  if (heap) {
    recent_walk(heap, &v);
  } else if (WEFT__HAS_GIL) {
    recent_walk(&heap_of_all, &v);
  } else {
    weft__tstate_for_each(recent_walk_of, &v);
    recent_walk(orphans, &v);
  }
}

static void flush_of(struct weft__tstate *ts, void *unused) {
  (void)unused;
  flush_outbox(ts);
}
static void collect_of(struct weft__tstate *ts, void *unused) {
  (void)unused;
  collect_heap(ts->heap);
}

void weft__heap_collect_all(void) {
  weft__tstate_for_each(flush_of, NULL);
  weft__tstate_for_each(collect_of, NULL);
  take_returned_orphans();
}

static void watch_page(struct weft__page *page, void *unused) {
  (void)unused;
  struct weft__heap *heap = weft__load_relaxed(&page->heap);
  if (heap != orphans) page_set_local(page, heap);
}

static void watch_heap(struct weft__heap *heap) {
  for (unsigned bin = 0; bin < BINS; bin++) set_current(heap, bin, heap->current[bin]);
}
static void watch_heap_of(struct weft__tstate *ts, void *unused) {
  (void)unused;
  watch_heap(ts->heap);
}

void weft__heap_heed_tracing(void) {
  weft__pages_walk(watch_page, NULL);
  weft__tstate_for_each(watch_heap_of, NULL);
}

void weft__heap_fini(void) {
  weft__arenas_fini();
  weft__large_fini();
  weft__heap_of_orphans = weft__heap_of_nobody;
  heap_of_all = weft__heap_of_nobody;
}

void weft__heap_lock_for_fork(void) {
  weft__lock_acquire(&orphan_lock);
  weft__arenas_lock_for_fork();
  weft__large_lock_for_fork();
}

void weft__heap_unlock_after_fork(void) {
  weft__large_unlock_after_fork();
  weft__arenas_unlock_after_fork();
  weft__lock_release(&orphan_lock);
}
