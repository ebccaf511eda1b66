/* SPDX-License-Identifier: MIT */
/* Blocks: every object is one, small ones by size class; a freed one is used again. */
#include <inttypes.h>
#include <stdio.h>

#include "demos/heap.h"

enum { EACH = 1000, SMALL_MAX = 512 };

/* --- HEAP-01 --- */

static void show_counting(void) {
  enum { N = 10000 };
  static weft_object *objects[N];
  size_t before = live_blocks();
  bool made = make_objects(objects, N, 48);
  size_t during = live_blocks();
  drop_objects(objects, N);
  size_t after = live_blocks();
  tap_say("live blocks: %zu, with %d objects more %zu, without them again %zu", before, N, during, after);
  tap_check(made && during == before + N && after == before, "HEAP-01",
            "every object is a block of the heap, and is none when it is gone");
}

/* --- HEAP-02 --- */

static void show_limit(void) {
  static weft_object *objects[EACH];
  size_t before = class_for(SMALL_MAX).blocks, large = heap_now().large_blocks;
  bool good = make_objects(objects, EACH, SMALL_MAX);
  size_t of_512 = class_for(SMALL_MAX).blocks - before;
  drop_objects(objects, EACH);
  weft_object *bytes[EACH];
  for (int i = 0; i < EACH; i++) bytes[i] = large_object(SMALL_MAX + 1);
  size_t of_513 = class_for(SMALL_MAX).blocks - before, more_large = heap_now().large_blocks - large;
  for (int i = 0; i < EACH; i++) weft_decref(bytes[i]);
  tap_say("document: \"smaller than 512 bytes\"; CPython and Weft: up to and including 512");
  tap_say("%d objects of 512 bytes: %zu blocks of class 512; of 513 bytes: %zu, and %zu large blocks", EACH, of_512,
          of_513, more_large);
  tap_check(good && of_512 == EACH && of_513 == 0 && more_large == EACH, "HEAP-02",
            "512 bytes come from the size classes, 513 do not");
}

/* --- HEAP-03 --- */

/* How the addresses of many objects of the size are aligned: what divides all of them. */
static uintptr_t alignment_of(size_t size) {
  static weft_object *objects[EACH];
  uintptr_t bits = 0;
  if (!make_objects(objects, EACH, size)) return 0;
  for (int i = 0; i < EACH; i++) bits |= weft_id(objects[i]);
  drop_objects(objects, EACH);
  return bits & -bits;
}

static void show_classes(void) {
  weft_heap_class classes[64];
  int n = weft_heap_get_classes(classes, 64);
  char line[96];
  int used = 0;
  bool good = n > 0;
  tap_say("document: 32 classes, 16 bytes apart. Weft: %d, 8 bytes apart up to 64:", n);
  for (int i = 0; i < n; i++) {
    used += snprintf(line + used, sizeof line - (size_t)used, " %4zu", classes[i].block_size);
    if (i % 14 == 13 || i == n - 1) {
      tap_say("%s", line);
      used = 0;
    }
    uintptr_t alignment = alignment_of(classes[i].block_size);
    good = good && alignment >= (classes[i].block_size % 16 ? 8 : 16);
  }
  tap_check(good, "HEAP-03", "%d addresses of each class: divisible by 16 where the size is, by 8 otherwise", EACH);
}

/* --- HEAP-07 --- */

static void show_reuse(void) {
  uintptr_t ids[3];
  for (int i = 0; i < 3; i++) {
    weft_object *temporary = weft_float_new(i);
    ids[i] = weft_id(temporary);
    weft_decref(temporary);
  }
  enum { ROUNDS = 1000000 };
  size_t before = live_blocks(), pages = heap_now().pages;
  for (int i = 0; i < ROUNDS; i++) weft_decref(weft_float_new(i));
  size_t after = live_blocks(), pages_after = heap_now().pages;
  tap_say("three temporaries, one after the other: 0x%" PRIxPTR " 0x%" PRIxPTR " 0x%" PRIxPTR, ids[0], ids[1], ids[2]);
  tap_check(ids[0] == ids[1] && ids[1] == ids[2] && after == before && pages_after == pages, "HEAP-07",
            "a freed block is the next one; after %d objects made and dropped: %zu blocks as before, no page more",
            ROUNDS, after);
}

void show_blocks(void) {
  tap_title("Blocks");
  show_counting();
  show_limit();
  show_classes();
  show_reuse();
}
