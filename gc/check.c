/* SPDX-License-Identifier: MIT */
/*
 * What debug builds check and report. With WEFT_EXPENSIVE in the environment, before and after every collection of all
 * threads, in a stopped world; of a young generation only pages, and only recent ones:
 *
 *   every page    used + |free| is the number of blocks before `carved`; what is in the free list is dead, young,
 *                 and in the page; live blocks are as many as `used` says
 *   containers'   marks only in pages that know of them, and only frees that look for them (`local`); generation 1
 *                 only in recent pages, which are in their own heaps' lists
 *   containers    no more references to any of them than it counts
 *
 * The first thing that is not so ends the program. At the end of the runtime: what is still alive, by type and, as far
 * as it was traced, by where it was made.
 */
#include <stdlib.h>
#include <string.h>

#include "gc/gc_internal.h"
#include "runtime/heap_marks_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/trace_internal.h"

#define REQUIRE(page, condition)                                                                                   \
  ((condition) ? (void)0                                                                                           \
               : weft__fatal("collector: the page at %p is not as it must be %s a collection: %s", (void *)(page), \
                             is_after ? "after" : "before", #condition))

static bool is_after;

/* --- Pages --- */

static bool is_block_of(const struct weft__page *page, const void *p) {
  const uint8_t *first = weft__page_first(page), *block = p;
  return block >= first && block < page->carved && (size_t)(block - first) % page->block_size == 0;
}

static void check_free_list(struct weft__page *page) {
  const bool container = weft__page_kind(page) == WEFT_HEAP_CONTAINER;
  const size_t blocks = (size_t)(page->carved - weft__page_first(page)) / page->block_size;
  size_t free = 0;
  for (struct weft__block *block = page->free; block; block = block->next) {
    REQUIRE(page, is_block_of(page, block));
    if (weft__page_kind(page) != WEFT_HEAP_BUFFER) REQUIRE(page, weft__count_is_dead(&((weft_object *)block)->count));
    if (container) REQUIRE(page, weft__page_generation(page, weft__page_number(page, block)) == 0);
    REQUIRE(page, ++free <= blocks);
  }
  REQUIRE(page, page->used - (page->state == WEFT__PAGE_CURRENT) + free == blocks);
}

static void check_marks(struct weft__page *page) {
  const struct weft__heap *heap = weft__load_relaxed(&page->heap), *local = weft__load_relaxed(&page->local);
  REQUIRE(page, !page->scratch);
  REQUIRE(page, page->has_aged ? !local : !local || local == heap);
  size_t live = 0;
  for (uint8_t *p = weft__page_first(page); p < page->carved; p += page->block_size) {
    if (weft__count_is_dead(&((weft_object *)(void *)p)->count)) continue;
    unsigned generation = weft__page_generation(page, weft__page_number(page, p));
    REQUIRE(page, page->has_aged || generation == 0);
    REQUIRE(page, generation != 1 || page->recent & WEFT__RECENT_AGED);
    live++;
  }
  REQUIRE(page, live <= weft__page_live(page)); /* fewer: freed by others who have not handed the blocks over */
  if (page->recent) REQUIRE(page, (page->previous_recent ? page->previous_recent->next_recent : heap->recent) == page);
}

static void check_page(struct weft__page *page, void *unused) {
  (void)unused;
  check_free_list(page);
  if (weft__page_kind(page) == WEFT_HEAP_CONTAINER) check_marks(page);
}

void weft__gc_check(int generation, bool after) {
  static int expensive = -1;
  if (expensive < 0) expensive = getenv("WEFT_EXPENSIVE") != NULL;
  if (!expensive) return;
  is_after = after;
  if (generation < WEFT_GC_GENERATIONS - 1) {
    weft__recent_pages_walk(NULL, WEFT__RECENT_YOUNG | WEFT__RECENT_AGED, check_page, NULL);
    return;
  }
  weft__pages_walk(check_page, NULL);
  weft__gc_check_counts();
}

/* --- What is left at the end --- */

enum { LINES_MAX = 32 };
struct census {
  struct line {
    const weft_type *type;
    uint32_t traceback; /* 0: not traced */
    size_t count;
  } lines[LINES_MAX];
  size_t used, others;
};

static void count_object(weft_object *o, void *census_) {
  struct census *c = census_;
  if (weft__count_is_immortal(&o->count)) return;
  if (weft__gc_is_type(o) && !((const weft_type *)o)->released) return; /* the program may use it until now */
  uint32_t traceback = weft__trace_of_object(o);
  size_t i = 0;
  while (i < c->used && (c->lines[i].type != o->type || c->lines[i].traceback != traceback)) i++;
  if (i == LINES_MAX) {
    c->others++;
    return;
  }
  if (i == c->used) c->lines[c->used++] = (struct line){.type = o->type, .traceback = traceback};
  c->lines[i].count++;
}
static void count_page(struct weft__page *page, void *census) {
  if (weft__page_kind(page) != WEFT_HEAP_BUFFER) weft__page_walk(page, count_object, census);
}

static void report(const struct line *line) {
  const char *type = line->type->spec.name;
  weft_traceback *t = line->traceback ? weft__traceback_name(weft__traceback_addresses(line->traceback)) : NULL;
  const weft_frame *made = t ? &t->frames[t->count - 1] : NULL;
  if (made)
    weft__warn("still alive at the end: %zu of type '%s', made at %s:%d", line->count, type, made->file, made->line);
  else
    weft__warn("still alive at the end: %zu of type '%s'", line->count, type);
  weft_traceback_free(t);
}

void weft__gc_report_alive(void) {
  struct census c = {.used = 0};
  weft__pages_walk(count_page, &c);
  weft__large_walk(count_object, &c);
  weft__types_walk(count_object, &c);
  for (size_t i = 0; i < c.used; i++) report(&c.lines[i]);
  if (c.others) weft__warn("still alive at the end: %zu others", c.others);
}
