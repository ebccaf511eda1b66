/* SPDX-License-Identifier: MIT */
/*
 * Maps of the heap: a line per arena, a character or a rectangle per page.
 *
 * What is shown is copied in a stopped world and written afterwards, by a thread that is detached: a terminal or a pipe
 * may take its time.
 */
#include <stdlib.h>

#include "runtime/heap_pages_internal.h"
#include "runtime/runtime_internal.h"
#include "sync/attach.h"

struct page_view {
  bool empty; /* in no heap; the rest means nothing */
  uint8_t kind, state;
  uint32_t slot; /* whose; WEFT__SLOT_NONE: all threads', under a GIL, or an orphan */
  bool orphan;
  uint32_t block_size, live, capacity;
};

struct arena_view {
  const uint8_t *base;
  struct page_view pages[WEFT__ARENA_PAGES];
};

struct view {
  struct arena_view *arenas;
  size_t n, room;
};

/* --- Taking the view --- */

static void count_arena(const struct weft__arena *arena, void *n) {
  (void)arena;
  ++*(size_t *)n;
}

static uint32_t slot_of(const struct weft__page *page) {
  const struct weft__tstate *owner = weft__load_relaxed(&page->heap)->owner;
  return owner ? owner->slot : WEFT__SLOT_NONE;
}

static void view_page(struct page_view *v, const struct weft__page *page) {
  *v = (struct page_view){.kind = (uint8_t)weft__page_kind(page),
                          .state = page->state,
                          .slot = slot_of(page),
                          .orphan = weft__load_relaxed(&page->heap) == &weft__heap_of_orphans,
                          .block_size = page->block_size,
                          .live = weft__page_live(page),
                          .capacity = weft__page_capacity(page)};
}

static void view_arena(const struct weft__arena *arena, void *view) {
  struct view *v = view;
  struct arena_view *a = &v->arenas[v->n++];
  a->base = arena->base;
  for (size_t i = 0; i < WEFT__ARENA_PAGES; i++) {
    if (arena->free_pages >> i & 1)
      a->pages[i] = (struct page_view){.empty = true};
    else
      view_page(&a->pages[i], (const struct weft__page *)(arena->base + i * WEFT__PAGE_SIZE));
  }
}

static int by_address(const void *a, const void *b) {
  const uint8_t *x = ((const struct arena_view *)a)->base, *y = ((const struct arena_view *)b)->base;
  return (x > y) - (x < y);
}

/* False: out of memory. */
static bool take_view(struct view *v) {
  bool paused = weft__heap_pause();
  *v = (struct view){0};
  weft__arenas_walk(count_arena, &v->room);
  v->arenas = weft__fault() ? NULL : malloc((v->room + 1) * sizeof *v->arenas);
  if (v->arenas) weft__arenas_walk(view_arena, v);
  weft__heap_resume(paused);
  if (v->n) qsort(v->arenas, v->n, sizeof *v->arenas, by_address);
  return v->arenas;
}

/* --- Text --- */

static char page_character(const struct page_view *p) {
  if (p->empty) return '.';
  if (!p->live) return '-';
  static const char few[] = "ocb", many[] = "OCB";
  return (p->live * 2 >= p->capacity ? many : few)[p->kind];
}

static void write_text(FILE *to, const struct view *v) {
  for (size_t i = 0; i < v->n; i++) {
    char line[WEFT__ARENA_PAGES + 1] = {0};
    for (size_t j = 0; j < WEFT__ARENA_PAGES; j++) line[j] = page_character(&v->arenas[i].pages[j]);
    fprintf(to, "%4zu %s\n", i, line);
  }
  fputs("pages of objects o, containers c, buffers b; capitals: at least half full; - without blocks, . empty\n", to);
}

/* --- SVG --- */

enum { CELL = 14, LEFT = 40, TOP = 30 };

static const char *const colours[] = {
    [WEFT_HEAP_PLAIN] = "#3b7dd8", [WEFT_HEAP_CONTAINER] = "#d8743b", [WEFT_HEAP_BUFFER] = "#4a9c5d"};
static const char *const names[] = {
    [WEFT_HEAP_PLAIN] = "objects", [WEFT_HEAP_CONTAINER] = "containers", [WEFT_HEAP_BUFFER] = "buffers"};
static const char *const states[] = {
    [WEFT__PAGE_CURRENT] = "current", [WEFT__PAGE_AVAILABLE] = "available", [WEFT__PAGE_FULL] = "full"};

static void write_rectangle(FILE *to, size_t x, size_t y, const char *colour, double opacity) {
  fprintf(to, "<rect x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" fill=\"%s\" fill-opacity=\"%.2f\"/>", x, y,
          CELL - 2, CELL - 2, colour, opacity);
}

static void write_title(FILE *to, const struct page_view *p) {
  if (p->empty) {
    fputs("<title>empty</title>", to);
    return;
  }
  fprintf(to, "<title>%s of %u bytes: %u of %u in use; %s", names[p->kind], p->block_size, p->live, p->capacity,
          states[p->state]);
  if (p->orphan)
    fputs("; of a thread that has ended", to);
  else if (p->slot)
    fprintf(to, "; of the thread in slot %u", p->slot);
  fputs("</title>", to);
}

/* Occupied pages are never so pale that their colour is lost. */
static void write_page(FILE *to, size_t row, size_t column, const struct page_view *p) {
  double share = p->empty ? 1 : 0.2 + 0.8 * p->live / p->capacity;
  fputs("<g>", to);
  write_title(to, p);
  write_rectangle(to, LEFT + column * CELL, TOP + row * CELL, p->empty ? "#e8e8e8" : colours[p->kind], share);
  fputs("</g>\n", to);
}

static void write_legend(FILE *to) {
  for (int kind = 0; kind < WEFT_HEAP_KINDS; kind++) {
    size_t x = LEFT + (size_t)kind * 10 * CELL;
    write_rectangle(to, x, CELL / 2, colours[kind], 1);
    fprintf(to, "<text x=\"%zu\" y=\"%d\">%s</text>\n", x + CELL, CELL / 2 + CELL - 4, names[kind]);
  }
  fprintf(to, "<text x=\"%d\" y=\"%d\">a row per arena of 4 MiB, a square per page; the paler, the emptier</text>\n",
          LEFT + 30 * CELL, CELL / 2 + CELL - 4);
}

static void write_svg(FILE *to, const struct view *v) {
  size_t width = LEFT + WEFT__ARENA_PAGES * CELL + CELL, height = TOP + v->n * CELL + CELL;
  fprintf(to,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" font-family=\"sans-serif\" "
          "font-size=\"11\">\n",
          width, height);
  write_legend(to);
  for (size_t i = 0; i < v->n; i++) {
    fprintf(to, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">%zu</text>\n", LEFT - 6, TOP + i * CELL + CELL - 4, i);
    for (size_t j = 0; j < WEFT__ARENA_PAGES; j++) write_page(to, i, j, &v->arenas[i].pages[j]);
  }
  fputs("</svg>\n", to);
}

/* --- */

static bool good_arguments(FILE *to, enum weft_heap_map_format format) {
  if (!to) {
    weft_raise(&weft_TypeError, "weft_heap_map: NULL is not a file");
    return false;
  }
  if (format == WEFT_HEAP_MAP_TEXT || format == WEFT_HEAP_MAP_SVG) return true;
  weft_raise(&weft_ValueError, "weft_heap_map: no such format: %d", (int)format);
  return false;
}

int weft_heap_map(FILE *to, enum weft_heap_map_format format) {
  weft__check_attached("weft_heap_map");
  if (!good_arguments(to, format)) return -1;
  struct view view;
  if (!take_view(&view)) {
    weft_raise_memory();
    return -1;
  }
  bool stopped = weft__world_is_stopped(); /* then the caller holds it, and must stay attached */
  if (!stopped) weft_detach();
  (format == WEFT_HEAP_MAP_TEXT ? write_text : write_svg)(to, &view);
  bool failed = fflush(to) != 0 || ferror(to);
  free(view.arenas);
  if (!stopped) weft_reattach();
  if (failed) weft_raise(&weft_OSError, "weft_heap_map: the file could not be written");
  return failed ? -1 : 0;
}
