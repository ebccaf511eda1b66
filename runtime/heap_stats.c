/* SPDX-License-Identifier: MIT */
/* Statistics of the heap. They read pages and change nothing, so that they show what is. */
#include <string.h>

#include "runtime/heap_pages_internal.h"
#include "runtime/runtime_internal.h"
#include "sync/attach.h"

bool weft__heap_pause(void) {
  weft__heap_flush(weft__self());
  if (weft__world_is_stopped()) return false;
  weft_stop_the_world();
  return true;
}

void weft__heap_resume(bool paused) {
  if (paused) weft_start_the_world();
}

static void add_arena(const struct weft__arena *arena, void *stats_) {
  weft_heap_stats *stats = stats_;
  stats->arenas++;
  stats->pages_empty += (size_t)__builtin_popcountll(arena->free_pages);
}

static void add_page(struct weft__page *page, void *stats_) {
  weft_heap_stats *stats = stats_;
  size_t live = weft__page_live(page), kind = weft__page_kind(page);
  stats->pages++;
  stats->pages_current += page->state == WEFT__PAGE_CURRENT;
  stats->pages_available += page->state == WEFT__PAGE_AVAILABLE;
  stats->pages_full += page->state == WEFT__PAGE_FULL;
  stats->pages_orphaned += weft__load_relaxed(&page->heap) == &weft__heap_of_orphans;
  stats->blocks += live;
  stats->block_bytes += live * page->block_size;
  stats->kinds[kind].pages++;
  stats->kinds[kind].blocks += live;
  stats->kinds[kind].block_bytes += live * page->block_size;
}

int weft_heap_get_stats(weft_heap_stats *stats) {
  weft__check_attached("weft_heap_get_stats");
  if (!stats) {
    weft_raise(&weft_TypeError, "weft_heap_get_stats: nowhere to store the figures");
    return -1;
  }
  bool paused = weft__heap_pause();
  *stats = (weft_heap_stats){.arenas_peak = weft__arenas_peak()};
  weft__arenas_walk(add_arena, stats);
  weft__pages_walk(add_page, stats);
  weft__large_stats(&stats->large_blocks, &stats->large_bytes);
  weft__heap_resume(paused);
  stats->arena_bytes = stats->arenas * WEFT__ARENA_SIZE;
  stats->page_bytes = stats->pages * WEFT__PAGE_SIZE;
  if (stats->pages) stats->fragmentation = 1 - (double)stats->block_bytes / (double)stats->page_bytes;
  return 0;
}

static void add_to_class(struct weft__page *page, void *classes) {
  weft_heap_class *c = (weft_heap_class *)classes + page->bin % WEFT__CLASSES;
  size_t live = weft__page_live(page);
  c->pages++;
  c->blocks += live;
  c->free_blocks += weft__page_capacity(page) - live;
}

int weft_heap_get_classes(weft_heap_class *classes, size_t n) {
  weft__check_attached("weft_heap_get_classes");
  if (n && !classes) {
    weft_raise(&weft_TypeError, "weft_heap_get_classes: nowhere to store the figures");
    return -1;
  }
  weft_heap_class all[WEFT__CLASSES] = {0};
  for (unsigned i = 0; i < WEFT__CLASSES; i++) all[i].block_size = weft__class_size(i);
  bool paused = weft__heap_pause();
  weft__pages_walk(add_to_class, all);
  weft__heap_resume(paused);
  if (n > WEFT__CLASSES) n = WEFT__CLASSES;
  if (n) memcpy(classes, all, n * sizeof *all);
  return WEFT__CLASSES;
}
