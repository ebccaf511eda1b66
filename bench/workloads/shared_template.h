/* SPDX-License-Identifier: MIT */
/*
 * A template: containers that belong to the main thread and are used by all. Wants what attribute_template.h,
 * dict_template.h and list_template.h want, and comes after them. Gives shared_workloads[]. Values are mortal. Several
 * threads write values of their own to keys of their own.
 */
#include "../harness.h"

enum { SHARED_ENTRIES = 1000 };

struct shared_bench {
  dict *d;
  list *l;
  object *class, *instance, *name;
  object *keys[SHARED_ENTRIES];
};

static struct shared_bench *shared_new(void) {
  struct shared_bench *s = bench_alloc(sizeof *s);
  *s = (struct shared_bench){.d = dict_new(), .l = list_new(), .class = class_new(false), .name = name_new("a")};
  s->instance = instantiate(s->class);
  object *attribute = object_new();
  attr_set(s->instance, s->name, attribute);
  object_decref(attribute);
  for (int i = 0; i < SHARED_ENTRIES; i++) {
    char name[24];
    snprintf(name, sizeof name, "key%d", i);
    s->keys[i] = text_new(name);
    object *value = object_new();
    dict_set(s->d, s->keys[i], value);
    list_append(s->l, value);
    object_decref(value);
  }
  return s;
}

static void shared_drop(struct shared_bench *s) {
  dict_drop(s->d);
  list_drop(s->l);
  object *const others[] = {s->instance, s->class, s->name};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) object_decref(others[i]);
  for (int i = 0; i < SHARED_ENTRIES; i++) object_decref(s->keys[i]);
  free(s);
}

static uint64_t shared_read_dict_body(bench_worker *w, uint64_t iterations) {
  struct shared_bench *s = w->shared;
  for (uint64_t n = 0; n < iterations; n++)
    for (int i = 0; i < SHARED_ENTRIES; i++) {
      object *o = dict_get(s->d, s->keys[i]);
      bench_opaque(o);
      object_decref(o);
    }
  return iterations * SHARED_ENTRIES;
}

static uint64_t shared_read_list_body(bench_worker *w, uint64_t iterations) {
  struct shared_bench *s = w->shared;
  for (uint64_t n = 0; n < iterations; n++)
    for (size_t i = 0; i < SHARED_ENTRIES; i++) {
      object *o = list_get(s->l, i);
      bench_opaque(o);
      object_decref(o);
    }
  return iterations * SHARED_ENTRIES;
}

static uint64_t shared_read_attr_body(bench_worker *w, uint64_t iterations) {
  struct shared_bench *s = w->shared;
  for (uint64_t n = 0; n < iterations; n++)
    for (size_t i = 0; i < SHARED_ENTRIES; i++) {
      object *o = attr_get(s->instance, s->name);
      bench_opaque(o);
      object_decref(o);
    }
  return iterations * SHARED_ENTRIES;
}

static void shared_write_setup(bench_worker *w) {
  object **values = w->local = bench_alloc(2 * sizeof *values);
  values[0] = object_new();
  values[1] = object_new();
}
static void shared_write_teardown(bench_worker *w) {
  object **values = w->local;
  object_decref(values[0]);
  object_decref(values[1]);
  free(values);
}

/* Every second key, beginning with the thread's number. */
static uint64_t shared_write_body(bench_worker *w, uint64_t iterations) {
  struct shared_bench *s = w->shared;
  object *const *values = w->local;
  for (uint64_t n = 0; n < iterations; n++)
    for (int i = (int)(w->index % 2); i < SHARED_ENTRIES; i += 2) dict_set(s->d, s->keys[i], values[n % 2]);
  return iterations * (SHARED_ENTRIES / 2);
}

static void shared_measure(bench_run *run, bench_work work) {
  struct shared_bench *s = work.shared = shared_new();
  bench_measure(run, work);
  shared_drop(s);
}
static void shared_read_dict(bench_run *run) { shared_measure(run, (bench_work){.body = shared_read_dict_body}); }
static void shared_read_list(bench_run *run) { shared_measure(run, (bench_work){.body = shared_read_list_body}); }
static void shared_read_attr(bench_run *run) { shared_measure(run, (bench_work){.body = shared_read_attr_body}); }
static void shared_write(bench_run *run) {
  shared_measure(
      run, (bench_work){.setup = shared_write_setup, .body = shared_write_body, .teardown = shared_write_teardown});
}

static const bench_workload shared_workloads[] = {
    {.name = "shared_read_dict", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = shared_read_dict},
    {.name = "shared_read_list", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = shared_read_list},
    {.name = "shared_read_attr", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = shared_read_attr},
    {.name = "shared_write", .threads = BENCH_T_UP, .flags = BENCH_CONTENDED, .run = shared_write},
    {.name = NULL},
};
