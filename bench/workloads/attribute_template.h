/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the attribute family, for a program that has defined what counts_template.h wants, and
 *
 *     object *name_new(const char *text)        a str, interned where that is what programs do
 *     object *class_new(bool slots)             a class: slots a and b, or instances with dicts; a method `empty`
 *     object *instantiate(object *class)        by calling it without arguments
 *     object *attr_get(object *o, object *name)
 *     void attr_set(object *o, object *name, object *value)
 *     object *method_call(object *o, object *name)   without arguments
 *
 * all of which end the program when they fail. Gives attribute_workloads[].
 */
#include <stdlib.h>

#include "../harness.h"

struct attribute_bench {
  object *class, *instance, *a, *b, *empty, *value;
};

static void attribute_setup(bench_worker *w, bool slots) {
  struct attribute_bench *t = w->local = calloc(1, sizeof *t);
  if (!t) bench_fail("no memory");
  *t = (struct attribute_bench){.class = class_new(slots), .a = name_new("a"), .b = name_new("b")};
  t->empty = name_new("empty");
  t->value = object_new();
  t->instance = instantiate(t->class);
  attr_set(t->instance, t->a, t->value);
  attr_set(t->instance, t->b, t->value);
}
static void attribute_setup_dict(bench_worker *w) { attribute_setup(w, false); }
static void attribute_setup_slots(bench_worker *w) { attribute_setup(w, true); }

static void attribute_teardown(bench_worker *w) {
  struct attribute_bench *t = w->local;
  object *const all[] = {t->instance, t->class, t->a, t->b, t->empty, t->value};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) object_decref(all[i]);
  free(t);
}

static uint64_t attr_get_body(bench_worker *w, uint64_t iterations) {
  struct attribute_bench *t = w->local;
  for (uint64_t i = 0; i < iterations; i++) {
    object *o = attr_get(t->instance, t->b);
    bench_opaque(o);
    object_decref(o);
  }
  return iterations;
}

static uint64_t attr_set_body(bench_worker *w, uint64_t iterations) {
  struct attribute_bench *t = w->local;
  for (uint64_t i = 0; i < iterations; i++) attr_set(t->instance, t->b, t->value);
  return iterations;
}

static uint64_t call_method_body(bench_worker *w, uint64_t iterations) {
  struct attribute_bench *t = w->local;
  for (uint64_t i = 0; i < iterations; i++) object_decref(method_call(t->instance, t->empty));
  return iterations;
}

static uint64_t instantiate_body(bench_worker *w, uint64_t iterations) {
  struct attribute_bench *t = w->local;
  for (uint64_t i = 0; i < iterations; i++) object_decref(instantiate(t->class));
  return iterations;
}

#define ATTRIBUTE(NAME, KIND, BODY)                \
  {                                                \
    .name = NAME, .threads = BENCH_T(1), .work = { \
      .setup = attribute_setup_##KIND,             \
      .body = BODY,                                \
      .teardown = attribute_teardown               \
    }                                              \
  }

static const bench_workload attribute_workloads[] = {
    ATTRIBUTE("attr_get_dict", dict, attr_get_body),         ATTRIBUTE("attr_set_dict", dict, attr_set_body),
    ATTRIBUTE("attr_get_slots", slots, attr_get_body),       ATTRIBUTE("attr_set_slots", slots, attr_set_body),
    ATTRIBUTE("call_method_empty", dict, call_method_body),  ATTRIBUTE("instantiate_dict", dict, instantiate_body),
    ATTRIBUTE("instantiate_slots", slots, instantiate_body), {.name = NULL},
};
