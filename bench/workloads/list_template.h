/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the list family, for a program that has defined what counts_template.h wants, and
 *
 *     list                                    a type
 *     list *list_new(void)                    empty
 *     void list_append(list *l, object *o)    adds a reference to o
 *     object *list_get(list *l, size_t i)     a reference of the caller's own
 *     void list_set(list *l, size_t i, object *o)   adds a reference
 *     void list_drop(list *l)                 the list with all its items
 *
 * all of which end the program when they fail. Gives list_workloads[].
 */
#include "../harness.h"

enum { LIST_ITEMS = 1000000, LISTS = 20, LIST_ITEMS_TO_GET = 1000 };

/* A new list each time, so that its growing is in the figure; its dropping is one of its own. */
static void list_append_once(bench_run *run, void *context) {
  uint64_t appending = 0, clearing = 0;
  for (int i = 0; i < LISTS; i++) {
    list *l = list_new();
    uint64_t start = bench_now();
    for (int j = 0; j < LIST_ITEMS; j++) list_append(l, context);
    uint64_t full = bench_now();
    list_drop(l);
    appending += full - start;
    clearing += bench_now() - full;
  }
  bench_sample(run, "ns_per_op", (double)appending / (LISTS * (double)LIST_ITEMS));
  bench_sample(run, "clear_ns", (double)clearing / (LISTS * (double)LIST_ITEMS));
}

static void list_append_1M(bench_run *run) {
  object *item = object_new();
  bench_repeat(run, 0, list_append_once, item);
  object_decref(item);
}

static void list_get_setup(bench_worker *w) {
  list *l = w->local = list_new();
  for (int i = 0; i < LIST_ITEMS_TO_GET; i++) {
    object *item = object_new();
    list_append(l, item);
    object_decref(item);
  }
}

static void list_get_teardown(bench_worker *w) { list_drop(w->local); }

static uint64_t list_get_body(bench_worker *w, uint64_t iterations) {
  list *l = w->local;
  for (uint64_t i = 0; i < iterations; i++)
    for (size_t j = 0; j < LIST_ITEMS_TO_GET; j++) {
      object *o = list_get(l, j);
      bench_opaque(o);
      object_decref(o);
    }
  return iterations * LIST_ITEMS_TO_GET;
}

static uint64_t list_set_body(bench_worker *w, uint64_t iterations) {
  list *l = w->local;
  object *o = list_get(l, 0);
  for (uint64_t i = 0; i < iterations; i++)
    for (size_t j = 0; j < LIST_ITEMS_TO_GET; j++) list_set(l, j, o);
  object_decref(o);
  return iterations * LIST_ITEMS_TO_GET;
}

static const bench_workload list_workloads[] = {
    {.name = "list_append_1M", .threads = BENCH_T(1), .run = list_append_1M},
    {.name = "list_get",
     .threads = BENCH_T(1),
     .work = {.setup = list_get_setup, .body = list_get_body, .teardown = list_get_teardown}},
    {.name = "list_set",
     .threads = BENCH_T(1),
     .work = {.setup = list_get_setup, .body = list_set_body, .teardown = list_get_teardown}},
    {.name = NULL},
};
