/* SPDX-License-Identifier: MIT */
/* Arenas and pages: what is asked of the system, and when it goes back. */
#define _GNU_SOURCE /* open_memstream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/heap.h"

/* --- HEAP-05 --- */

static void show_rise_and_fall(void) {
  enum { N = 100000 };
  static weft_object *objects[N];
  size_t before = heap_now().arenas;
  bool made = make_objects(objects, N, 400);
  size_t during = heap_now().arenas;
  drop_objects(objects, N);
  size_t after = heap_now().arenas;
  tap_say("arenas: %zu, with %d objects of 400 bytes %zu, without them %zu (a few empty ones are kept)", before, N,
          during, after);
  tap_check(made && during >= before + (size_t)N * 400 / ARENA_BYTES - 1 && after < during && after <= before + 3,
            "HEAP-05", "arenas are asked for when they are needed, and go back");
}

/* --- HEAP-04, HEAP-08 --- */

static void print_figures(const weft_heap_stats *s) {
  tap_say("document: arenas of 256 KiB and pools of 4 KiB; CPython 3.14: 1 MiB, 16 KiB; Weft: %d KiB, %d KiB",
          ARENA_BYTES >> 10, PAGE_BYTES >> 10);
  tap_say("%zu pages in %zu arenas, %zu more empty; live blocks fill %.0f %% of the pages", s->pages, s->arenas,
          s->pages_empty, 100 * (1 - s->fragmentation));
  tap_check(s->arena_bytes == s->arenas * ARENA_BYTES && s->page_bytes == s->pages * PAGE_BYTES &&
                s->page_bytes <= s->arena_bytes && s->block_bytes <= s->page_bytes,
            "HEAP-04", "blocks fit the pages, and pages the arenas");
}

static void print_kinds(const weft_heap_stats *s) {
  static const char *const names[] = {
      [WEFT_HEAP_PLAIN] = "objects", [WEFT_HEAP_CONTAINER] = "containers", [WEFT_HEAP_BUFFER] = "buffers"};
  for (int kind = 0; kind < WEFT_HEAP_KINDS; kind++)
    tap_say("%-10s %5zu pages %8zu blocks %9zu bytes", names[kind], s->kinds[kind].pages, s->kinds[kind].blocks,
            s->kinds[kind].block_bytes);
  tap_say("arenas     %5zu, at most %zu so far; large blocks: %zu, %zu bytes", s->arenas, s->arenas_peak,
          s->large_blocks, s->large_bytes);
}

static void print_classes(const weft_heap_class *classes, int n, const weft_heap_stats *s) {
  size_t used = 0;
  tap_say("size class   pages   in use   available");
  for (int i = 0; i < n; i++) {
    used += classes[i].blocks;
    if (classes[i].pages)
      tap_say("%10zu %7zu %8zu %11zu", classes[i].block_size, classes[i].pages, classes[i].blocks,
              classes[i].free_blocks);
  }
  print_kinds(s);
  tap_check(used == s->blocks && s->blocks > 30000, "HEAP-08", "in use over all classes: %zu, the live small blocks",
            used);
}

/* The nth object of a mixture. Returns new. */
static weft_object *mixed(int i) {
  if (i % 3 == 0) return weft_float_new(i);
  if (i % 3 == 1) return weft_str_format("number %d", i);
  return weft_tuple_pack(2, WEFT_NONE, WEFT_TRUE);
}

static void draw(const char *directory) {
  char path[512];
  snprintf(path, sizeof path, "%s/heap-%s.svg", directory, weft_mode());
  FILE *f = fopen(path, "w");
  bool drawn = f && weft_heap_map(f, WEFT_HEAP_MAP_SVG) == 0;
  if (f) fclose(f);
  tap_check(drawn, NULL, "a map of it, to point at: %s", path);
}

/* The text map as lines of explanation. */
static void print_map(void) {
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  if (f) weft_heap_map(f, WEFT_HEAP_MAP_TEXT);
  if (f) fclose(f);
  for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n")) tap_say("%s", line);
  free(text);
}

static void show_statistics(const char *map_directory) {
  enum { N = 30000 };
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < N; i++) {
    weft_auto weft_object *o = mixed(i);
    weft_list_append(list, o);
  }
  weft_heap_class classes[64];
  weft_stop_the_world(); /* both at one moment */
  int n = weft_heap_get_classes(classes, 64);
  weft_heap_stats s = heap_now();
  weft_start_the_world();
  print_figures(&s);
  print_classes(classes, n, &s);
  print_map();
  if (map_directory) draw(map_directory);
}

void show_arenas(const char *map_directory) {
  tap_title("Arenas and pages");
  show_rise_and_fall();
  show_statistics(map_directory);
}
