/* SPDX-License-Identifier: MIT */
/*
 * The heap between threads: objects of every size class, and larger ones, are made in one thread and freed in another,
 * while threads come and go and their pages are adopted. No block is ever in use twice: each is filled with a pattern
 * of its own, which is looked at when the object dies. Walks meet only objects that are alive. In the end no block is
 * left, and memory has not grown without bound.
 *
 * Stands for: gh-145615 (memory grows when another thread frees), gh-156159 (memory stranded), gh-130794.
 */
#include "stress.h"

#include "runtime/heap_internal.h"

enum { MAKERS = 3, SHELF = 512, LARGEST = 700, ROUNDS_PER_THREAD = 3000, MOST_ARENAS = 64 };

typedef struct filled {
  weft_object header;
  uint32_t size, seed; /* of the bytes that follow */
  uint8_t bytes[];
} filled;

static const weft_type *filled_type, *container_type; /* the collector follows the second; it holds nothing */
static weft_object *shelf[SHELF];                     /* atomic */
static uint64_t made, freed;                          /* atomic */

static uint8_t byte_of(const filled *f, uint32_t i) { return (uint8_t)(f->seed * 31 + i * 7); }

static void check_bytes(const filled *f) {
  for (uint32_t i = 0; i < f->size; i++) REQUIRE(f->bytes[i] == byte_of(f, i));
}

static void filled_dealloc(weft_object *self) {
  check_bytes((filled *)self);
  weft__add_relaxed(&freed, 1);
  weft_object_free(self, ((filled *)self)->size);
}

static int traverse_nothing(weft_object *self, weft_visit visit, void *arg) {
  (void)self, (void)visit, (void)arg;
  return 0;
}
static int clear_nothing(weft_object *self) {
  (void)self;
  return 0;
}

static weft_object *filled_new(chance *c) {
  uint32_t size = (uint32_t)pick(c, pick(c, 8) ? 100 : LARGEST);
  weft_object *o = weft_object_new(pick(c, 2) ? filled_type : container_type, size);
  REQUIRE(o);
  filled *f = (filled *)o;
  f->size = size;
  f->seed = (uint32_t)draw(c);
  for (uint32_t i = 0; i < size; i++) f->bytes[i] = byte_of(f, i);
  weft__add_relaxed(&made, 1);
  return o;
}

static void *work(void *arg) {
  chance c = {(uint64_t)(uintptr_t)arg | 1};
  REQUIRE(weft_attach());
  for (int i = 0; i < ROUNDS_PER_THREAD && !is_over(); i++) {
    weft_object *o = pick(&c, 8) ? filled_new(&c) : NULL;
    if (o && pick(&c, 4) == 0) weft_disown(o);
    /* order: acq_rel: publishes the object to whoever takes it; sees the one that we get. */
    o = weft__exchange_acq_rel(&shelf[pick(&c, SHELF)], o);
    if (o && pick(&c, 4) == 0) weft_own(o);
    weft_xdecref(o);
    if (i % 32 == 0) weft_poll();
    if (i % 500 == 499) {
      weft_detach();
      if (pick(&c, 4) == 0) breathe(); /* others free in its pages and have to do all of it */
      weft_reattach();
    }
  }
  weft_detach();
  return NULL;
}

static void *churn(void *arg) {
  chance c = chance_of((size_t)(uintptr_t)arg);
  while (!is_over()) REQUIRE(pthread_join(start_thread(work, (void *)(uintptr_t)draw(&c)), NULL) == 0);
  return NULL;
}

static void check_container(weft_object *o, void *n) {
  if (o->type == &weft_type_type) return;
  REQUIRE(o->type == container_type);
  check_bytes((filled *)o);
  ++*(size_t *)n;
}

static void walk_over_containers(void) {
  weft_heap_stats stats;
  size_t n = 0;
  weft_stop_the_world();
  weft__heap_walk(check_container, &n);
  weft_heap_get_stats(&stats);
  size_t containers = stats.kinds[WEFT_HEAP_CONTAINER].blocks;
  REQUIRE(n >= containers && n <= containers + stats.large_blocks);
  weft_start_the_world();
}

static void look_at_the_heap(void) {
  weft_heap_stats stats;
  while (!is_over()) {
    walk_over_containers();
    weft_heap_get_stats(&stats);
    REQUIRE(stats.arenas <= MOST_ARENAS);
    REQUIRE(stats.blocks >= stats.pages / 64);
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    if (weft__now_ns() >= stress_end_ns) weft__store_release(&time_is_up, 1u);
    WEFT_END_ALLOW_THREADS
  }
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  filled_type = weft_type_new(
      &(weft_type_spec){.name = "filled", .basic_size = sizeof(filled), .item_size = 1, .dealloc = filled_dealloc});
  container_type = weft_type_new(&(weft_type_spec){.name = "container",
                                                   .basic_size = sizeof(filled),
                                                   .item_size = 1,
                                                   .flags = WEFT_TYPE_CONTAINER,
                                                   .traverse = traverse_nothing,
                                                   .clear = clear_nothing,
                                                   .dealloc = filled_dealloc});
  REQUIRE(filled_type && container_type);
  weft_heap_stats before, after;
  weft_heap_get_stats(&before);
  team makers = {.size = 0};
  for (int i = 0; i < MAKERS; i++) team_add(&makers, churn);
  look_at_the_heap();
  team_join(&makers);
  for (size_t i = 0; i < SHELF; i++) weft_xdecref(shelf[i]);
  REQUIRE(weft__load_relaxed(&freed) == weft__load_relaxed(&made));
  weft_heap_get_stats(&after);
  REQUIRE(after.blocks == before.blocks);
  REQUIRE(after.large_blocks == before.large_blocks && after.large_bytes == before.large_bytes);
  add_work(made);
  return stress_end("heap", "objects");
}
