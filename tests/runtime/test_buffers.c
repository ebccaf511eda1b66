/* SPDX-License-Identifier: MIT */
/* Buffers: the memory that containers keep outside their objects, small and large. */
#include "support.h"

#include "runtime/heap_internal.h"

RuntimeSuite(buffers);

static uint8_t pattern(size_t i) { return (uint8_t)(i * 7 + 1); }
static void fill(uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) bytes[i] = pattern(i);
}
static bool holds(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != pattern(i)) return false;
  return true;
}

RuntimeTest(buffers, of_every_size_are_aligned_and_hold_what_is_written) {
  enum { MOST = WEFT__SMALL_MAX + 90 };
  static uint8_t *all[MOST];
  for (size_t size = 0; size < MOST; size++) {
    all[size] = weft__buffer_new(size, "test");
    cr_assert_eq((uintptr_t)all[size] % sizeof(void *), 0);
    fill(all[size], size);
  }
  for (size_t size = 0; size < MOST; size++) {
    cr_assert(holds(all[size], size), "%zu", size);
    weft__buffer_free(all[size], size);
  }
}

RuntimeTest(buffers, up_to_512_bytes_are_blocks_and_beyond_are_large) {
  weft_heap_stats before = heap_now();
  void *small = weft__buffer_new(512, "test"), *large = weft__buffer_new(513, "test");
  weft_heap_stats after = heap_now();
  cr_assert_eq(after.blocks, before.blocks + 1);
  cr_assert_eq(after.block_bytes, before.block_bytes + 512);
  cr_assert_eq(after.large_blocks, before.large_blocks + 1);
  cr_assert_eq(after.large_bytes, before.large_bytes + weft__buffer_size(513));
  weft__buffer_free(small, 512);
  weft__buffer_free(large, 513);
  after = heap_now();
  cr_assert_eq(after.blocks, before.blocks);
  cr_assert_eq(after.large_blocks, before.large_blocks);
  cr_assert_eq(after.large_bytes, before.large_bytes);
}

RuntimeTest(buffers, all_of_what_a_request_really_gets_may_be_used) {
  cr_assert_eq(weft__buffer_size(0), 16);
  cr_assert_eq(weft__buffer_size(17), 24);
  cr_assert_eq(weft__buffer_size(512), 512);
  for (size_t size = 0; size < 2000; size++) {
    size_t really = weft__buffer_size(size);
    cr_assert_geq(really, size);
    cr_assert_eq(weft__buffer_size(really), really);
    uint8_t *buffer = weft__buffer_new(size, "test");
    fill(buffer, really);
    buffer = weft__buffer_resize(buffer, really, size);
    weft__buffer_free(buffer, really);
  }
}

RuntimeTest(buffers, keep_their_contents_when_they_grow_and_shrink) {
  static const size_t sizes[] = {0, 1, 16, 17, 24, 100, 500, 512, 513, 600, 5000, 100000};
  enum { N = sizeof sizes / sizeof *sizes };
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < N; j++) {
      uint8_t *buffer = weft__buffer_resize(NULL, 0, sizes[i]);
      fill(buffer, sizes[i]);
      buffer = weft__buffer_resize(buffer, sizes[i], sizes[j]);
      cr_assert(holds(buffer, sizes[i] < sizes[j] ? sizes[i] : sizes[j]), "%zu to %zu", sizes[i], sizes[j]);
      fill(buffer, sizes[j]);
      weft__buffer_free(buffer, sizes[j]);
    }
  }
}

RuntimeTest(buffers, within_one_size_class_stay_where_they_are) {
  void *buffer = weft__buffer_new(65, "test");
  cr_assert_eq(weft__buffer_resize(buffer, 65, 80), buffer);
  cr_assert_eq(weft__buffer_resize(buffer, 80, 65), buffer);
  weft__buffer_free(buffer, 65);
}

RuntimeTest(buffers, nothing_is_freed_for_NULL) {
  weft__buffer_free(NULL, 0);
  weft__buffer_free(NULL, 10000);
}

RuntimeTest(buffers, absurd_sizes_are_refused_and_leave_the_buffer) {
  uint8_t *small = weft__buffer_new(100, "test"), *large = weft__buffer_new(1000, "test");
  fill(small, 100);
  fill(large, 1000);
  cr_assert_null(weft__buffer_resize(small, 100, SIZE_MAX));
  cr_assert_null(weft__buffer_resize(large, 1000, SIZE_MAX));
  cr_assert_null(weft__buffer_resize(large, 1000, (size_t)PTRDIFF_MAX + 1));
  cr_assert(holds(small, 100) && holds(large, 1000));
  weft__buffer_free(small, 100);
  weft__buffer_free(large, 1000);
}

RuntimeTest(buffers, every_request_is_counted_and_can_fail) {
  static const size_t sizes[] = {10, 16, 100, 120, 600, 700, 300, 0};
  enum { N = sizeof sizes / sizeof *sizes };
  for (size_t nth = 1; nth <= N; nth++) {
    uint8_t *buffer = NULL;
    size_t size = 0;
    weft_heap_fail_nth(nth);
    for (size_t i = 0; i < N; i++) {
      uint8_t *resized = weft__buffer_resize(buffer, size, sizes[i]);
      cr_assert_eq(!resized, i + 1 == nth, "request %zu of %zu", i, nth);
      if (!resized) {
        cr_assert(holds(buffer, size));
        continue;
      }
      buffer = resized;
      fill(buffer, size = sizes[i]);
    }
    cr_assert_eq(weft_heap_fail_nth(0), N);
    weft__buffer_free(buffer, size);
  }
}

/* A walk over containers must meet nothing else. */
RuntimeTest(buffers, share_no_page_with_objects) {
  enum { EACH = 200 };
  static void *blocks[WEFT_HEAP_KINDS][EACH];
  for (int i = 0; i < EACH; i++) {
    blocks[WEFT_HEAP_PLAIN][i] = weft__heap_alloc(48, WEFT_HEAP_PLAIN, "test");
    blocks[WEFT_HEAP_CONTAINER][i] = weft__heap_alloc(48, WEFT_HEAP_CONTAINER, "test");
    blocks[WEFT_HEAP_BUFFER][i] = weft__buffer_new(48, "test");
  }
  for (int kind = 0; kind < WEFT_HEAP_KINDS; kind++)
    for (int other = 0; other < kind; other++)
      for (int i = 0; i < EACH; i++)
        for (int j = 0; j < EACH; j++)
          cr_assert_neq((uintptr_t)blocks[kind][i] / WEFT__PAGE_SIZE, (uintptr_t)blocks[other][j] / WEFT__PAGE_SIZE);
  for (int i = 0; i < EACH; i++) {
    weft__heap_free(memset(blocks[WEFT_HEAP_PLAIN][i], 0, 8), 48);
    weft__heap_free(memset(blocks[WEFT_HEAP_CONTAINER][i], 0, 8), 48);
    weft__buffer_free(blocks[WEFT_HEAP_BUFFER][i], 48);
  }
}

enum { MANY = 20000 };
static void *many[MANY];

static size_t size_of(size_t i) { return i % 600; }
static void step_make(void *unused) {
  (void)unused;
  for (size_t i = 0; i < MANY; i++) fill(many[i] = weft__buffer_new(size_of(i), "test"), size_of(i));
}
static void step_drop(void *unused) {
  (void)unused;
  for (size_t i = 0; i < MANY; i++) {
    cr_assert(holds(many[i], size_of(i)));
    weft__buffer_free(many[i], size_of(i));
  }
}

RuntimeTest(buffers, of_one_thread_may_be_freed_by_another) {
  size_t blocks = heap_now().blocks, large = heap_now().large_blocks;
  step_make(NULL);
  in_new_thread(step_drop, NULL);
  cr_assert_eq(heap_now().blocks, blocks);
  in_new_thread(step_make, NULL);
  step_drop(NULL);
  cr_assert_eq(heap_now().blocks, blocks);
  cr_assert_eq(heap_now().large_blocks, large);
}

RuntimeTest(buffers, the_items_of_short_lists_are_blocks) {
  weft_heap_stats before = heap_now();
  weft_object *list = weft_list_new();
  for (int i = 0; i < 3; i++) cr_assert_eq(weft_list_append(list, WEFT_NONE), 0);
  weft_heap_stats after = heap_now();
  cr_assert_eq(after.blocks, before.blocks + 2);
  cr_assert_eq(after.large_blocks, before.large_blocks);
  weft_decref(list);
}
