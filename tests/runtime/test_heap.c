/* SPDX-License-Identifier: MIT */
/* The private heap: size classes, reuse, memory that goes back, faults. Between threads: test_heap_threads.c. */
#include "support.h"

#include "runtime/heap_internal.h"

RuntimeSuite(heap);

/* A block as an object would leave it behind. */
static void give_back(void *block, size_t size) {
  memset(block, 0, sizeof(uint64_t));
  weft__heap_free(block, size);
}

/* --- Size classes --- */

RuntimeTest(heap, blocks_of_every_size_are_aligned_and_do_not_overlap) {
  enum { EACH = 8 };
  static uint8_t *blocks[WEFT__SMALL_MAX + 90][EACH];
  for (size_t size = 16; size < WEFT__SMALL_MAX + 90; size++) {
    for (int i = 0; i < EACH; i++) {
      uint8_t *block = blocks[size][i] = weft__heap_alloc(size, WEFT_HEAP_PLAIN, "test");
      cr_assert_eq((uintptr_t)block % 8, 0);
      memset(block, (int)(size + (size_t)i) & 0xFF, size);
    }
  }
  for (size_t size = 16; size < WEFT__SMALL_MAX + 90; size++) {
    for (int i = 0; i < EACH; i++) {
      for (size_t j = 0; j < size; j++) cr_assert_eq(blocks[size][i][j], (size + (size_t)i) & 0xFF, "%zu", size);
      give_back(blocks[size][i], size);
    }
  }
}

RuntimeTest(heap, classes_are_8_bytes_apart_up_to_64_and_16_beyond) {
  static const struct {
    size_t size, block;
  } cases[] = {{1, 16},  {16, 16}, {17, 24}, {24, 24}, {25, 32},   {40, 40},   {57, 64},
               {64, 64}, {65, 80}, {80, 80}, {81, 96}, {496, 496}, {497, 512}, {512, 512}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    weft_heap_stats before = heap_now();
    void *block = weft__heap_alloc(cases[i].size, WEFT_HEAP_PLAIN, "test");
    weft_heap_stats after = heap_now();
    cr_assert_eq(after.blocks, before.blocks + 1);
    cr_assert_eq(after.block_bytes, before.block_bytes + cases[i].block, "%zu", cases[i].size);
    give_back(block, cases[i].size);
    cr_assert_eq(heap_now().block_bytes, before.block_bytes);
  }
}

RuntimeTest(heap, a_float_takes_a_block_of_24_bytes) {
  weft_heap_stats before = heap_now();
  weft_object *x = FLOAT(1.5);
  cr_assert_eq(heap_now().block_bytes, before.block_bytes + 24);
  weft_decref(x);
}

RuntimeTest(heap, blocks_beyond_512_bytes_are_large) {
  weft_heap_stats before = heap_now();
  void *small = weft__heap_alloc(512, WEFT_HEAP_PLAIN, "test"), *large = weft__heap_alloc(513, WEFT_HEAP_PLAIN, "test");
  weft_heap_stats after = heap_now();
  cr_assert_eq(after.blocks, before.blocks + 1);
  cr_assert_eq(after.large_blocks, before.large_blocks + 1);
  cr_assert_eq(after.large_bytes, before.large_bytes + 513);
  give_back(small, 512);
  give_back(large, 513);
  after = heap_now();
  cr_assert_eq(after.large_blocks, before.large_blocks);
  cr_assert_eq(after.large_bytes, before.large_bytes);
}

RuntimeTest(heap, CMM_001_a_request_of_no_bytes_gives_a_block) {
  void *block = weft__heap_alloc(0, WEFT_HEAP_PLAIN, "test");
  cr_assert_not_null(block);
  give_back(block, 0);
  void *buffer = weft__buffer_new(0, "test");
  cr_assert_not_null(buffer);
  weft__buffer_free(buffer, 0);
}

RuntimeTest(heap, an_absurd_request_is_refused) {
  cr_assert_null(weft__heap_alloc(SIZE_MAX, WEFT_HEAP_PLAIN, "test"));
  cr_assert_null(weft__heap_alloc((size_t)PTRDIFF_MAX + 1, WEFT_HEAP_PLAIN, "test"));
  cr_assert_null(weft__buffer_new(SIZE_MAX, "test"));
}

/* --- Reuse --- */

RuntimeTest(heap, the_block_freed_last_is_used_first) {
  weft_object *x = FLOAT(1.5);
  uintptr_t first = weft_id(x);
  weft_decref(x);
  weft_auto weft_object *y = FLOAT(2.5);
  cr_assert_eq(weft_id(y), first);
}

enum { MANY = SANITIZED ? 100000 : 1000000 };
static weft_object *objects[MANY];

static void make(size_t n) {
  for (size_t i = 0; i < n; i++) objects[i] = FLOAT((double)i);
}
static void drop(size_t n) {
  for (size_t i = 0; i < n; i++) weft_decref(objects[i]);
}

RuntimeTest(heap, pages_go_back_when_their_blocks_are_free) {
  weft_heap_stats before = heap_now();
  make(50000);
  cr_assert_geq(heap_now().pages, before.pages + 50000 * 24 / WEFT__PAGE_SIZE);
  drop(50000);
  weft_heap_stats after = heap_now();
  cr_assert_eq(after.blocks, before.blocks);
  cr_assert_leq(after.pages, before.pages + 2);
}

RuntimeTest(heap, pages_go_back_in_whatever_order_blocks_are_freed) {
  weft_heap_stats before = heap_now();
  make(50000);
  uint32_t random = 12345;
  for (size_t i = 50000; i-- > 1;) {
    random = random * 1103515245u + 12345u;
    size_t j = (random >> 4) % (i + 1);
    weft_object *other = objects[i];
    objects[i] = objects[j], objects[j] = other;
  }
  drop(50000);
  cr_assert_leq(heap_now().pages, before.pages + 2);
}

RuntimeTest(heap, empty_arenas_go_back_to_the_system) {
  size_t before = heap_now().arenas;
  make(MANY);
  size_t full = heap_now().arenas;
  cr_assert_geq(full, before + (size_t)MANY * 24 / (4 << 20));
  cr_assert_eq(heap_now().arena_bytes, full * (4 << 20));
  drop(MANY);
  cr_assert_leq(heap_now().arenas, before + 3, "a few are kept, and one has the current page: %zu", heap_now().arenas);
}

/* Bytes of mappings that have asked for huge pages. */
static size_t bytes_that_may_be_huge(void) {
  FILE *maps = fopen("/proc/self/smaps", "r");
  cr_assert_not_null(maps);
  char line[1024];
  size_t from, to, mapped = 0, sum = 0;
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%zx-%zx ", &from, &to) == 2) mapped = to - from;
    if (!strncmp(line, "VmFlags:", 8) && strstr(line, " hg")) sum += mapped;
  }
  fclose(maps);
  return sum;
}

RuntimeTest(heap, only_what_a_large_heap_adds_asks_for_huge_pages) {
  if (access("/sys/kernel/mm/transparent_hugepage", F_OK)) cr_skip_test("this kernel has no huge pages");
  enum { BLOCK = 512, FEW = (28 << 20) / BLOCK, ALL = (64 << 20) / BLOCK };
  static void *blocks[ALL];
  size_t before = bytes_that_may_be_huge(), n = 0;
  for (; n < FEW; n++) blocks[n] = weft__heap_alloc(BLOCK, WEFT_HEAP_PLAIN, "test");
  cr_assert_eq(bytes_that_may_be_huge(), before);
  for (; n < ALL; n++) blocks[n] = weft__heap_alloc(BLOCK, WEFT_HEAP_PLAIN, "test");
  size_t huge = bytes_that_may_be_huge() - before;
  cr_assert(huge >= 24 << 20 && huge <= 40 << 20, "%zu", huge);
  while (n > 0) give_back(blocks[--n], BLOCK);
  cr_assert_leq(bytes_that_may_be_huge(), before + (16 << 20), "those that are kept");
}

RuntimeTest(heap, only_a_buffer_of_megabytes_asks_for_huge_pages) {
  if (access("/sys/kernel/mm/transparent_hugepage", F_OK)) cr_skip_test("this kernel has no huge pages");
  size_t before = bytes_that_may_be_huge();
  enum { SMALL = 1 << 20, LARGE = 16 << 20 };
  void *buffer = weft__buffer_new(SMALL, "test");
  cr_assert_eq(bytes_that_may_be_huge(), before);
  buffer = weft__buffer_resize(buffer, SMALL, LARGE);
  size_t huge = bytes_that_may_be_huge() - before;
  cr_assert(huge > LARGE - (1 << 20) && huge <= LARGE, "%zu", huge);
  weft__buffer_free(buffer, LARGE);
}

RuntimeTest(heap, blocks_freed_in_full_pages_are_used_again) {
  make(50000);
  size_t pages = heap_now().pages;
  for (size_t i = 0; i < 50000; i += 2) weft_decref(objects[i]);
  for (size_t i = 0; i < 50000; i += 2) objects[i] = FLOAT(0);
  cr_assert_leq(heap_now().pages, pages + 1);
  drop(50000);
}

RuntimeTest(heap, memory_does_not_grow_over_many_rounds) {
  make(20000);
  drop(20000);
  size_t pages = heap_now().pages;
  for (int round = 0; round < 50; round++) {
    make(20000);
    drop(20000);
  }
  cr_assert_leq(heap_now().pages, pages + 1);
}

RuntimeTest(heap, an_empty_page_serves_any_class) {
  weft_heap_stats before = heap_now();
  for (size_t size = 16; size <= 512; size += 16) {
    static void *blocks[2000];
    for (int i = 0; i < 2000; i++) blocks[i] = weft__heap_alloc(size, WEFT_HEAP_PLAIN, "test");
    for (int i = 0; i < 2000; i++) give_back(blocks[i], size);
  }
  cr_assert_leq(heap_now().arenas, before.arenas + 1);
}

/* Whoever walks a page, the collector say, tells free blocks from objects by their count word. */
RuntimeTest(heap, a_free_block_has_a_dead_count_word) {
  weft_object *list = nested_list(100), *tuple = nested_tuple(100), *x = FLOAT(1.5);
  weft_object *dead[201];
  size_t n = 0;
  for (weft_object *o = list; o;) {
    dead[n++] = o;
    o = weft_list_length(o) ? weft_list_get(o, 0) : NULL;
    if (o) weft_decref(o);
  }
  for (weft_object *o = tuple; weft_tuple_check(o); o = weft_tuple_get_borrow(o, 0)) dead[n++] = o;
  dead[n++] = x;
  weft_decref(list);
  weft_decref(tuple);
  weft_decref(x);
  for (size_t i = 0; i < n; i++) cr_assert(weft__count_is_dead(&dead[i]->count), "%zu", i);
}

RuntimeTest(heap, statistics_count_what_is_alive) {
  weft_heap_stats before = heap_now();
  make(1000);
  weft_heap_stats during = heap_now();
  cr_assert_eq(during.blocks, before.blocks + 1000);
  cr_assert_eq(during.block_bytes, before.block_bytes + 24000);
  drop(1000);
  cr_assert_eq(heap_now().blocks, before.blocks);
}

RuntimeTest(heap, what_was_in_a_free_block_is_overwritten_in_debug_builds) {
  if (!WEFT_DEBUG || SUPPORT_ASAN) return;
  weft_object *list = weft_list_new();
  unsigned char *bytes = (unsigned char *)list;
  weft_decref(list);
  for (size_t i = 16; i < sizeof(struct weft__list); i++) cr_assert_eq(bytes[i], 0xDD);
}

/* --- Life of the heap --- */

RuntimeTest(heap, finalize_gives_all_arenas_back) {
  make(10000);
  drop(10000);
  weft_finalize();
  cr_assert_eq(weft_init(), 0);
  cr_assert_eq(heap_now().pages, 0);
  cr_assert_eq(heap_now().arenas, 0);
}

/* --- Fault injection --- */

RuntimeTest(heap, the_nth_request_fails_once) {
  weft_heap_fail_nth(3);
  weft_object *a = FLOAT(1), *b = FLOAT(2), *c = FLOAT(3), *d = FLOAT(4);
  cr_assert(a && b && !c && d);
  cr_assert(raised(&weft_MemoryError));
  cr_assert_eq(weft_heap_fail_nth(0), 4);
  weft_decref(a);
  weft_decref(b);
  weft_decref(d);
}

RuntimeTest(heap, requests_of_all_kinds_are_counted) {
  weft_heap_fail_nth(UINT64_MAX);
  void *small = weft__heap_alloc(100, WEFT_HEAP_PLAIN, "test"),
       *large = weft__heap_alloc(1000, WEFT_HEAP_PLAIN, "test");
  void *buffer = weft__buffer_new(10, "test");
  buffer = weft__buffer_resize(buffer, 10, 20);
  cr_assert_eq(weft_heap_fail_nth(0), 4);
  give_back(small, 100);
  give_back(large, 1000);
  weft__buffer_free(buffer, 20);
}

static void step_make(void *n) { make(*(size_t *)n); }

RuntimeTest(heap, requests_fail_in_the_calling_thread_only) {
  weft_heap_fail_nth(1);
  size_t n = 1000;
  in_new_thread(step_make, &n);
  for (size_t i = 0; i < n; i++) cr_assert_not_null(objects[i]);
  cr_assert_eq(weft_heap_fail_nth(0), 0);
  drop(n);
}

RuntimeTest(heap, small_ints_need_no_memory) {
  weft_heap_fail_nth(1);
  cr_assert_eq(weft_int_value(INT(256)), 256);
  cr_assert_eq(weft_heap_fail_nth(0), 0);
}
