/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the weakref family. Wants what attribute_template.h wants, comes after it, and
 *
 *     object *ref_new(object *target, object *callback)   callback NULL: none
 *     object *ref_get(object *ref)                        the target
 *     object *callback_new(void)                          a function in C that does nothing
 *     object *weak_values_new(void)                       a weak value dict
 *     void weak_values_set(object *d, object *key, object *value)
 *     object *weak_values_get(object *d, object *key)
 *
 * all of which end the program when they fail. Gives weak_workloads[]. References are strong ones where they are
 * returned. A callback's operation is the death of an object with one reference; making the two is not counted.
 */
#include <stdlib.h>

#include "../harness.h"

enum { WEAK_OBJECTS = 1000 };

struct weak_bench {
  object *class, *instance, *ref, *values, *callback;
  object *objects[WEAK_OBJECTS], *keys[WEAK_OBJECTS], *refs[WEAK_OBJECTS];
};

static void weak_setup(bench_worker *w) {
  struct weak_bench *b = w->local = bench_alloc(sizeof *b);
  *b = (struct weak_bench){.class = class_new(false), .values = weak_values_new(), .callback = callback_new()};
  b->instance = instantiate(b->class);
  b->ref = ref_new(b->instance, NULL);
  for (int i = 0; i < WEAK_OBJECTS; i++) {
    b->objects[i] = instantiate(b->class);
    b->keys[i] = int_new(i);
    weak_values_set(b->values, b->keys[i], b->objects[i]);
  }
}

static void weak_teardown(bench_worker *w) {
  struct weak_bench *b = w->local;
  object *const all[] = {b->values, b->ref, b->instance, b->class, b->callback};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) object_decref(all[i]);
  for (int i = 0; i < WEAK_OBJECTS; i++) {
    object_decref(b->objects[i]);
    object_decref(b->keys[i]);
  }
  free(b);
}

/* The reference that weak_setup made is another one's: here none is left at the end of an operation. */
static uint64_t weak_create_body(bench_worker *w, uint64_t iterations) {
  struct weak_bench *b = w->local;
  object *target = instantiate(b->class);
  for (uint64_t i = 0; i < iterations; i++) {
    object *ref = ref_new(target, NULL), *o = ref_get(ref);
    bench_opaque(o);
    object_decref(o);
    object_decref(ref);
  }
  object_decref(target);
  return iterations;
}

static uint64_t weak_deref_body(bench_worker *w, uint64_t iterations) {
  struct weak_bench *b = w->local;
  for (uint64_t i = 0; i < iterations; i++) {
    object *o = ref_get(b->ref);
    bench_opaque(o);
    object_decref(o);
  }
  return iterations;
}

static uint64_t weak_set_body(bench_worker *w, uint64_t iterations) {
  struct weak_bench *b = w->local;
  for (uint64_t n = 0; n < iterations; n++)
    for (int i = 0; i < WEAK_OBJECTS; i++) weak_values_set(b->values, b->keys[i], b->objects[(i + n) % WEAK_OBJECTS]);
  return iterations * WEAK_OBJECTS;
}

static uint64_t weak_get_body(bench_worker *w, uint64_t iterations) {
  struct weak_bench *b = w->local;
  for (uint64_t n = 0; n < iterations; n++)
    for (int i = 0; i < WEAK_OBJECTS; i++) {
      object *o = weak_values_get(b->values, b->keys[i]);
      bench_opaque(o);
      object_decref(o);
    }
  return iterations * WEAK_OBJECTS;
}

static void weak_callback_once(bench_run *run, void *bench) {
  enum { ROUNDS = 100 };
  struct weak_bench *b = bench;
  uint64_t ns = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < WEAK_OBJECTS; i++) {
      b->objects[i] = instantiate(b->class);
      b->refs[i] = ref_new(b->objects[i], b->callback);
    }
    uint64_t start = bench_now();
    for (int i = 0; i < WEAK_OBJECTS; i++) object_decref(b->objects[i]);
    ns += bench_now() - start;
    for (int i = 0; i < WEAK_OBJECTS; i++) object_decref(b->refs[i]);
  }
  bench_sample(run, "ns_per_op", (double)ns / ROUNDS / WEAK_OBJECTS);
}
static void weak_callback(bench_run *run) {
  struct weak_bench *b = bench_alloc(sizeof *b);
  *b = (struct weak_bench){.class = class_new(false), .callback = callback_new()};
  bench_repeat(run, 0, weak_callback_once, b);
  object_decref(b->class);
  object_decref(b->callback);
  free(b);
}

/* All threads dereference one reference to an object of the main thread. */
static uint64_t weak_shared_body(bench_worker *w, uint64_t iterations) {
  for (uint64_t i = 0; i < iterations; i++) {
    object *o = ref_get(w->shared);
    bench_opaque(o);
    object_decref(o);
    if (i % 256 == 0) pass_safepoint();
  }
  return iterations;
}
static void weak_measure_shared(bench_run *run, uint64_t (*body)(bench_worker *, uint64_t)) {
  object *class = class_new(false), *o = instantiate(class), *ref = ref_new(o, NULL);
  bench_measure(run, (bench_work){.body = body, .shared = ref});
  object_decref(ref);
  object_decref(o);
  object_decref(class);
}
static void weak_shared(bench_run *run) { weak_measure_shared(run, weak_shared_body); }

#define WEAK(NAME, BODY)                                                                                         \
  {                                                                                                              \
    .name = NAME, .threads = BENCH_T(1), .work = {.setup = weak_setup, .body = BODY, .teardown = weak_teardown } \
  }

static const bench_workload weak_workloads[] = {
    WEAK("weakref_create_deref_drop", weak_create_body),
    WEAK("weakref_deref", weak_deref_body),
    {.name = "weakref_callback", .threads = BENCH_T(1), .run = weak_callback},
    WEAK("weakvaluedict_set", weak_set_body),
    WEAK("weakvaluedict_get", weak_get_body),
    {.name = "weakref_deref_shared", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = weak_shared},
    {.name = NULL},
};
