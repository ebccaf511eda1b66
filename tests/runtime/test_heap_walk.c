/* SPDX-License-Identifier: MIT */
/* Walking pages: what the collector finds objects by. */
#include "support.h"

#include "gc/gc.h"
#include "runtime/heap_internal.h"

RuntimeSuite(heap_walk);

/* What a walk met: of the objects that it was asked for, which, and how often. */
struct met {
  weft_object *const *wanted;
  size_t n, found, others;
  uint8_t *times;
};

static void meet(weft_object *o, void *met_) {
  struct met *met = met_;
  if (o->type == &weft_type_type) return; /* those that the test's start has made */
  for (size_t i = 0; i < met->n; i++) {
    if (met->wanted[i] != o) continue;
    met->found += !met->times[i]++;
    return;
  }
  met->others++;
}

/* Walks all containers; true when all of the `n` objects were met once, and `others` others. */
static bool walk_meets(size_t n, weft_object *const *wanted, size_t others) {
  uint8_t times[1000] = {0};
  struct met met = {.wanted = wanted, .n = n, .times = times};
  weft_stop_the_world();
  weft__heap_walk(meet, &met);
  weft_start_the_world();
  for (size_t i = 0; i < n; i++)
    if (times[i] != 1) return false;
  return met.found == n && met.others == others;
}

RuntimeTest(heap_walk, meets_every_container_and_nothing_else) {
  enum { N = 300 };
  weft_object *containers[N], *plain[N];
  for (size_t i = 0; i < N; i++) {
    containers[i] = i % 2 ? LIST(FLOAT(1)) : weft_dict_new();
    plain[i] = i % 2 ? FLOAT(3) : TUPLE(STR("a"), FLOAT(2));
  }
  cr_assert(walk_meets(N, containers, 0));
  for (size_t i = 0; i < N; i++) {
    weft_decref(containers[i]);
    weft_decref(plain[i]);
  }
}

RuntimeTest(heap_walk, does_not_meet_what_is_dead) {
  enum { N = 300 };
  weft_object *lists[N], *alive[N / 3];
  for (size_t i = 0; i < N; i++) lists[i] = weft_list_new();
  for (size_t i = 0; i < N; i++) {
    if (i % 3 == 0)
      alive[i / 3] = lists[i];
    else
      weft_decref(lists[i]);
  }
  cr_assert(walk_meets(N / 3, alive, 0));
  for (size_t i = 0; i < N / 3; i++) weft_decref(alive[i]);
  cr_assert(walk_meets(0, NULL, 0));
}

static weft_object *made_by_another;
static void step_make_list(void *unused) {
  (void)unused;
  made_by_another = weft_list_new();
}

RuntimeTest(heap_walk, meets_containers_of_other_threads) {
  struct actor other;
  actor_start(&other);
  actor_do(&other, step_make_list, NULL);
  weft_object *lists[2] = {made_by_another, weft_list_new()};
  cr_assert(walk_meets(2, lists, 0));
  weft_decref(lists[0]);
  cr_assert(walk_meets(1, &lists[1], 0), "a block that is on its way to its thread is free");
  weft_decref(lists[1]);
  actor_quit(&other);
}

RuntimeTest(heap_walk, meets_containers_of_dead_threads) {
  in_new_thread(step_make_list, NULL);
  cr_assert(walk_meets(1, &made_by_another, 0));
  weft_decref(made_by_another);
}

static weft_object *large_tuple(void) {
  weft_object *items[100];
  for (size_t i = 0; i < 100; i++) items[i] = WEFT_NONE;
  return weft_tuple_new(100, items);
}

RuntimeTest(heap_walk, meets_large_containers) {
  weft_object *tuples[5];
  for (size_t i = 0; i < 5; i++) tuples[i] = large_tuple();
  weft_object *text = weft_str_format("%0800d", 1); /* large, and no container */
  cr_assert(walk_meets(5, tuples, 0));
  weft_decref(tuples[2]);
  weft_object *const left[] = {tuples[0], tuples[1], tuples[3], tuples[4]};
  cr_assert(walk_meets(4, left, 0));
  for (size_t i = 0; i < 4; i++) weft_decref(left[i]);
  cr_assert(walk_meets(0, NULL, 0));
  weft_decref(text);
}

RuntimeTest(heap_walk, large_objects_are_aligned_as_malloc_aligns) {
  for (size_t size = 513; size < 700; size += 13) {
    void *plain = weft__heap_alloc(size, WEFT_HEAP_PLAIN, "test");
    weft_object *container = weft__heap_alloc(size, WEFT_HEAP_CONTAINER, "test");
    weft__count_init(&container->count);
    cr_assert_eq((uintptr_t)plain % 16 + (uintptr_t)container % 16, 0);
    weft__heap_free(plain, size);
    weft__heap_free(container, size);
  }
}

static void step_make_and_drop_large_tuples(void *unused) {
  (void)unused;
  for (int i = 0; i < 1000; i++) weft_decref(large_tuple());
}

RuntimeTest(heap_walk, large_containers_may_come_and_go_in_several_threads) {
  weft_object *tuple = large_tuple();
  in_new_threads(4, step_make_and_drop_large_tuples, NULL);
  cr_assert(walk_meets(1, &tuple, 0));
  weft_decref(tuple);
}

static void count_objects(weft_object *o, void *n) {
  cr_assert(weft_float_check(o));
  ++*(size_t *)n;
}

RuntimeTest(heap_walk, a_page_has_as_many_objects_as_are_alive_in_it) {
  enum { N = 100 };
  weft_object *floats[N];
  for (size_t i = 0; i < N; i++) floats[i] = FLOAT(1);
  struct weft__page *page = weft__page_of(floats[N / 2]);
  size_t expected = 0, met = 0;
  for (size_t i = 0; i < N; i++) expected += weft__page_of(floats[i]) == page;
  weft__page_walk(page, count_objects, &met);
  cr_assert_eq(met, expected);
  weft_decref(floats[N / 2]);
  met = 0;
  weft__page_walk(page, count_objects, &met);
  cr_assert_eq(met, expected - 1);
  for (size_t i = 0; i < N; i++)
    if (i != N / 2) weft_decref(floats[i]);
}

/* The collector looks ahead at objects that it has not come to: some are free blocks, whose bodies are nobody's. */
RuntimeTest(heap_walk, regress_a_collection_does_not_look_into_free_blocks) {
  enum { N = 100 };
  weft_object *lists[N];
  for (size_t i = 0; i < N; i++) cr_assert((lists[i] = weft_list_new()));
  for (size_t i = 1; i < N; i += 2) weft_clear(&lists[i]);
  weft_auto weft_object *cycle = weft_list_of(1, lists);
  cr_assert_eq(weft_list_append(lists[0], cycle), 0);
  weft_clear(&cycle);
  weft_clear(&lists[0]);
  cr_assert_eq(weft_gc_collect(2), 2);
  for (size_t i = 2; i < N; i += 2) weft_clear(&lists[i]);
}
