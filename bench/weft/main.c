/* SPDX-License-Identifier: MIT */
/* Weft's benchmark program, built once for each mode: the runtime as the harness sees it, and its workloads. */
#define _GNU_SOURCE /* pthread_tryjoin_np */
#include "objects.h"

#include "../workloads/attribute_template.h"
#include "../workloads/counts_template.h"
#include "../workloads/dict_template.h"
#include "../workloads/footprint_template.h"
#include "../workloads/gc_template.h"
#include "../workloads/heap_template.h"
#include "../workloads/list_template.h"
#include "../workloads/trace_template.h"
#include "../workloads/value_template.h"
#include "../workloads/weak_template.h"
#include "../workloads/workloads.h"
#include "sharing.h"

/* After those whose operations it uses. */
#include "../workloads/copy_template.h"

static weft_object *idle_function;

static weft_object *do_nothing(weft_object *function, weft_object *const *args, size_t n) {
  (void)args;
  (void)n;
  return weft_new_ref(function);
}

static bool start(void) {
  if (weft_init() != 0) return false;
  weft_gc_disable(); /* as in CPython's program: workloads that make cycles switch it on */
  idle_function = weft_function_new("do_nothing", do_nothing, 0, NULL);
  return idle_function != NULL;
}

static void stop(void) {
  weft_clear(&idle_function);
  weft_finalize();
}

static void attach(void) {
  if (!weft_attach()) bench_fail("cannot attach");
}

static void *release(void) {
  weft_detach();
  return NULL;
}

static void acquire(void *token) {
  (void)token;
  weft_reattach();
}

/* Under the GIL, to hold it is to have stopped the others: what takes time is to get it. */
static uint64_t stop_world(void *token) {
  uint64_t asked = bench_now();
  acquire(token);
  if (!weft_gil_enabled()) asked = bench_now();
  weft_stop_the_world();
  weft_start_the_world();
  return bench_now() - asked;
}

static void spawn(void) {
  weft_object *thread = must(weft_thread_spawn(idle_function, 0, NULL));
  weft_decref(must(weft_thread_join(thread)));
  weft_decref(thread);
}

static uint64_t detach_attach_pair(bench_worker *w, uint64_t iterations) {
  (void)w;
  for (uint64_t i = 0; i < iterations; i++) {
    weft_detach();
    weft_reattach();
  }
  return iterations;
}

static const bench_workload own_workloads[] = {
    {.name = "detach_attach_pair", .threads = BENCH_T(1), .work = {.body = detach_attach_pair}},
    {.name = "thread_create_foreign", .threads = BENCH_T(1), .run = bench_thread_create_foreign},
    {.name = NULL},
};

int main(int argc, char **argv) {
  const bench_runtime runtime = {
      .mode = WEFT_MODE_NAME,
      .start = start,
      .stop = stop,
      .attach = attach,
      .detach = weft_detach,
      .release = release,
      .acquire = acquire,
      .count = count_with_ints,
      .build = build_dicts,
      .stop_world = stop_world,
      .spawn = spawn,
  };
  const bench_workload *const tables[] = {count_workloads,
                                          heap_workloads,
                                          value_workloads,
                                          list_workloads,
                                          dict_workloads,
                                          footprint_workloads,
                                          dict_workloads,
                                          gc_workloads,
                                          attribute_workloads,
                                          shared_workloads,
                                          sharing_workloads,
                                          own_workloads,
                                          weak_workloads,
                                          copy_workloads,
                                          trace_workloads,
                                          bench_threading_workloads,
                                          NULL};
  return bench_main(argc, argv, &runtime, tables);
}
