/* SPDX-License-Identifier: MIT */
/* The heap's figures, its map and its limit. */
#include "support.h"

#include "runtime/heap_internal.h"

RuntimeSuite(heap_stats);

static weft_heap_stats stats(void) {
  weft_heap_stats s;
  cr_assert_eq(weft_heap_get_stats(&s), 0);
  return s;
}

static void check_sums(const weft_heap_stats *s) {
  size_t pages = 0, blocks = 0, bytes = 0;
  for (int kind = 0; kind < WEFT_HEAP_KINDS; kind++) {
    pages += s->kinds[kind].pages;
    blocks += s->kinds[kind].blocks;
    bytes += s->kinds[kind].block_bytes;
  }
  cr_assert_eq(pages, s->pages);
  cr_assert_eq(blocks, s->blocks);
  cr_assert_eq(bytes, s->block_bytes);
  cr_assert_eq(s->pages_current + s->pages_available + s->pages_full, s->pages);
  cr_assert_leq(s->pages_orphaned, s->pages);
  cr_assert_eq(s->page_bytes, s->pages * WEFT__PAGE_SIZE);
  cr_assert_eq(s->arena_bytes, (s->pages + s->pages_empty) * WEFT__PAGE_SIZE);
  cr_assert_geq(s->arenas_peak, s->arenas);
  cr_assert(s->fragmentation >= 0 && s->fragmentation <= 1);
}

enum { N = 20000 };
static weft_object *objects[N];

static weft_object *object_of(size_t i) {
  return i % 4 == 0 ? FLOAT(1) : i % 4 == 1 ? LIST(FLOAT(2), INT(1000)) : i % 4 == 2 ? STR("text") : TUPLE(INT(7777));
}
static void step_make(void *unused) {
  (void)unused;
  for (size_t i = 0; i < N; i++) objects[i] = object_of(i);
}
static void step_drop(void *unused) {
  (void)unused;
  for (size_t i = 0; i < N; i++) weft_decref(objects[i]);
}
static void step_drop_half(void *unused) {
  (void)unused;
  for (size_t i = 0; i < N; i++) {
    if (i / 4 % 2) continue;
    weft_decref(objects[i]);
    objects[i] = weft_new_ref(WEFT_NONE);
  }
}

/* --- Figures --- */

RuntimeTest(heap_stats, sums_are_right_whatever_happens) {
  struct actor other;
  actor_start(&other);
  static const step steps[] = {step_make, step_drop_half, step_drop};
  for (size_t i = 0; i < 8 * 3; i++) {
    if (i / 3 >> i % 3 & 1)
      actor_do(&other, steps[i % 3], NULL);
    else
      steps[i % 3](NULL);
    weft_heap_stats s = stats();
    check_sums(&s);
  }
  actor_quit(&other);
}

RuntimeTest(heap_stats, blocks_are_counted_by_kind) {
  weft_heap_stats before = stats();
  weft_object *list = LIST(FLOAT(1), FLOAT(2));
  weft_heap_stats after = stats();
  cr_assert_eq(after.kinds[WEFT_HEAP_PLAIN].blocks, before.kinds[WEFT_HEAP_PLAIN].blocks + 2);
  cr_assert_eq(after.kinds[WEFT_HEAP_CONTAINER].blocks, before.kinds[WEFT_HEAP_CONTAINER].blocks + 1);
  cr_assert_eq(after.kinds[WEFT_HEAP_BUFFER].blocks, before.kinds[WEFT_HEAP_BUFFER].blocks + 1);
  weft_decref(list);
}

RuntimeTest(heap_stats, figures_may_be_asked_for_in_a_stopped_world) {
  weft_stop_the_world();
  weft_heap_stats s = stats();
  check_sums(&s);
  cr_assert_gt(weft_heap_get_classes(NULL, 0), 0);
  weft_start_the_world();
}

RuntimeTest(heap_stats, looking_changes_nothing) {
  step_make(NULL);
  in_new_thread(step_drop_half, NULL);
  weft_heap_stats first = stats(), second = stats();
  cr_assert_eq(memcmp(&first, &second, sizeof first), 0);
  step_drop(NULL);
}

RuntimeTest(heap_stats, blocks_that_others_have_freed_are_not_live) {
  weft_heap_stats before = stats();
  struct actor other;
  actor_start(&other);
  step_make(NULL);
  actor_do(&other, step_drop, NULL);
  weft_poll();
  cr_assert_eq(settled_heap(before.blocks, SIZE_MAX).blocks, before.blocks);
  actor_quit(&other);
}

RuntimeTest(heap_stats, fragmentation_is_what_pages_have_and_blocks_do_not) {
  step_make(NULL);
  double full = stats().fragmentation;
  step_drop_half(NULL);
  double half = stats().fragmentation;
  cr_assert_lt(full, 0.5);
  cr_assert_gt(half, full + 0.15);
  step_drop(NULL);
}

RuntimeTest(heap_stats, the_peak_of_arenas_stays) {
  static void *blocks[3 * (4 << 20) / 512];
  enum { BLOCKS = sizeof blocks / sizeof *blocks };
  size_t peak = stats().arenas_peak;
  for (size_t i = 0; i < BLOCKS; i++) blocks[i] = weft__buffer_new(512, "test");
  cr_assert_geq(stats().arenas_peak, peak + 2);
  peak = stats().arenas_peak;
  for (size_t i = 0; i < BLOCKS; i++) weft__buffer_free(blocks[i], 512);
  cr_assert_lt(stats().arenas, peak);
  cr_assert_eq(stats().arenas_peak, peak);
}

RuntimeTest(heap_stats, classes_add_up_to_the_whole) {
  step_make(NULL);
  weft_heap_class classes[100];
  int n = weft_heap_get_classes(classes, 100);
  cr_assert_eq(n, WEFT__CLASSES);
  size_t pages = 0, blocks = 0, bytes = 0;
  for (int i = 0; i < n; i++) {
    cr_assert(i == 0 || classes[i].block_size > classes[i - 1].block_size);
    pages += classes[i].pages;
    blocks += classes[i].blocks;
    bytes += classes[i].blocks * classes[i].block_size;
    cr_assert_leq((classes[i].blocks + classes[i].free_blocks) * classes[i].block_size,
                  classes[i].pages * WEFT__PAGE_SIZE);
  }
  weft_heap_stats s = stats();
  cr_assert_eq(pages, s.pages);
  cr_assert_eq(blocks, s.blocks);
  cr_assert_eq(bytes, s.block_bytes);
  cr_assert_eq(classes[0].block_size, 16);
  cr_assert_eq(classes[n - 1].block_size, 512);
  step_drop(NULL);
}

RuntimeTest(heap_stats, a_block_is_counted_in_its_class) {
  weft_heap_class before[2], after[2];
  weft_heap_get_classes(before, 2);
  weft_object *x = FLOAT(1);
  cr_assert_eq(weft_heap_get_classes(after, 2), WEFT__CLASSES);
  cr_assert_eq(after[1].block_size, 24);
  cr_assert_eq(after[1].blocks, before[1].blocks + 1);
  cr_assert_eq(after[0].blocks, before[0].blocks);
  weft_decref(x);
}

RuntimeTest(heap_stats, nowhere_to_store_figures_is_an_error) {
  cr_assert_eq(weft_heap_get_stats(NULL), -1);
  cr_assert(raised(&weft_TypeError));
  cr_assert_eq(weft_heap_get_classes(NULL, 3), -1);
  cr_assert(raised(&weft_TypeError));
}

/* --- Maps --- */

static char *map_of(enum weft_heap_map_format format) {
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  cr_assert_not_null(f);
  cr_assert_eq(weft_heap_map(f, format), 0);
  fclose(f);
  return text;
}

static size_t count(const char *text, const char *part) {
  size_t n = 0;
  while ((text = strstr(text, part))) {
    n++;
    text += strlen(part);
  }
  return n;
}

RuntimeTest(heap_stats, a_text_map_has_a_character_per_page) {
  step_make(NULL);
  char *map = map_of(WEFT_HEAP_MAP_TEXT);
  weft_heap_stats s = stats();
  char *legend = strstr(map, "pages of");
  cr_assert_not_null(legend);
  *legend = '\0';
  size_t seen[4] = {0};
  static const char *const characters[] = {"oO", "cC", "bB", "."};
  for (int i = 0; i < 4; i++)
    for (const char *c = characters[i]; *c; c++) seen[i] += count(map, (char[]){*c, '\0'});
  size_t unused = count(map, "-");
  cr_assert_eq(count(map, "\n"), s.arenas);
  cr_assert_eq(seen[3], s.pages_empty);
  cr_assert_eq(seen[0] + seen[1] + seen[2] + unused, s.pages);
  cr_assert_geq(seen[WEFT_HEAP_CONTAINER], s.kinds[WEFT_HEAP_CONTAINER].pages - unused);
  free(map);
  step_drop(NULL);
}

RuntimeTest(heap_stats, an_svg_map_has_a_titled_rectangle_per_page) {
  step_make(NULL);
  char *map = map_of(WEFT_HEAP_MAP_SVG);
  weft_heap_stats s = stats();
  size_t pages = s.pages + s.pages_empty;
  cr_assert_eq(count(map, "<title>"), pages);
  cr_assert_eq(count(map, "<rect "), pages + 3);
  cr_assert_eq(count(map, "<title>empty"), s.pages_empty);
  cr_assert_eq(count(map, "<g>"), count(map, "</g>"));
  cr_assert_eq(count(map, "<text "), count(map, "</text>"));
  cr_assert_eq(strncmp(map, "<svg ", 5), 0);
  cr_assert_str_eq(map + strlen(map) - 7, "</svg>\n");
  free(map);
  step_drop(NULL);
}

RuntimeTest(heap_stats, a_map_may_be_drawn_in_a_stopped_world) {
  weft_stop_the_world();
  free(map_of(WEFT_HEAP_MAP_TEXT));
  weft_start_the_world();
}

RuntimeTest(heap_stats, bad_maps_are_errors) {
  cr_assert_eq(weft_heap_map(NULL, WEFT_HEAP_MAP_TEXT), -1);
  cr_assert(raised(&weft_TypeError));
  cr_assert_eq(weft_heap_map(stderr, (enum weft_heap_map_format)7), -1);
  cr_assert(raised(&weft_ValueError));
  FILE *full = fopen("/dev/full", "w");
  if (full) {
    cr_assert_eq(weft_heap_map(full, WEFT_HEAP_MAP_TEXT), -1);
    cr_assert(raised(&weft_OSError));
    fclose(full);
  }
  weft_heap_fail_nth(1);
  cr_assert_eq(weft_heap_map(stderr, WEFT_HEAP_MAP_TEXT), -1);
  cr_assert(raised(&weft_MemoryError));
  weft_heap_fail_nth(0);
}

/* --- The limit --- */

static size_t taken(void) {
  weft_heap_stats s = stats();
  return s.arena_bytes + s.large_bytes;
}

RuntimeTest(heap_stats, a_limit_holds_for_small_blocks) {
  enum { LIMIT = 12 << 20 };
  weft_object *list = weft_list_new();
  cr_assert_eq(weft_heap_set_limit(LIMIT), 0);
  size_t n = 0;
  for (weft_object *x; (x = FLOAT(0.5)); n++) {
    bool appended = weft_list_append(list, x) == 0;
    weft_decref(x);
    if (!appended) break;
  }
  cr_assert(raised(&weft_MemoryError));
  cr_assert_gt(n, 100000);
  cr_assert_leq(taken(), LIMIT);
  weft_decref(list);
  weft_auto weft_object *x = FLOAT(1);
  cr_assert_not_null(x, "there is room again");
  cr_assert_eq(weft_heap_set_limit(0), LIMIT);
}

RuntimeTest(heap_stats, a_limit_holds_for_large_blocks) {
  size_t before = taken();
  weft_heap_set_limit(before + 100000);
  void *most = weft__buffer_new(90000, "test");
  cr_assert_not_null(most);
  cr_assert_null(weft__buffer_new(20000, "test"));
  cr_assert_null(weft__buffer_resize(most, 90000, 200000));
  cr_assert_null(weft__heap_alloc(20000, WEFT_HEAP_CONTAINER, "test"));
  most = weft__buffer_resize(most, 90000, 1000);
  void *other = weft__buffer_new(90000, "test");
  cr_assert_not_null(other);
  weft__buffer_free(most, 1000);
  weft__buffer_free(other, 90000);
  cr_assert_eq(taken(), before);
  weft_heap_set_limit(0);
}

/* Spare arenas are no reason to refuse. */
RuntimeTest(heap_stats, a_limit_gives_spare_arenas_away_first) {
  step_make(NULL);
  step_drop(NULL);
  static void *blocks[(8 << 20) / 512];
  enum { BLOCKS = sizeof blocks / sizeof *blocks };
  for (size_t i = 0; i < BLOCKS; i++) blocks[i] = weft__buffer_new(512, "test");
  for (size_t i = 0; i < BLOCKS; i++) weft__buffer_free(blocks[i], 512);
  weft_heap_set_limit(taken());
  void *large = weft__buffer_new(3 << 20, "test");
  cr_assert_not_null(large);
  weft__buffer_free(large, 3 << 20);
  weft_heap_set_limit(0);
}

RuntimeTest(heap_stats, a_limit_below_what_is_taken_refuses_only_more) {
  weft_object *x = FLOAT(1);
  weft_heap_set_limit(1);
  weft_object *y = FLOAT(2); /* there is room in the page */
  cr_assert_not_null(y);
  cr_assert_null(weft__buffer_new(1000, "test"));
  weft_heap_set_limit(0);
  weft_decref(x);
  weft_decref(y);
}

static void step_take_and_give(void *limit) {
  for (int i = 0; i < 2000; i++) {
    void *block = weft__buffer_new(50000, "test");
    weft_heap_stats s;
    if (i % 100 == 0) {
      weft_heap_get_stats(&s);
      cr_assert_leq(s.arena_bytes + s.large_bytes, *(size_t *)limit);
    }
    weft__buffer_free(block, 50000);
    if (i % 10 == 0) weft_poll();
  }
}

RuntimeTest(heap_stats, a_limit_holds_for_all_threads_together) {
  size_t limit = taken() + 120000;
  weft_heap_set_limit(limit);
  in_new_threads(4, step_take_and_give, &limit);
  weft_heap_set_limit(0);
}
