/* SPDX-License-Identifier: MIT */
/*
 * A template: the workloads of the footprint family, how much memory a million objects take, for a program that has
 * defined what attribute_template.h and dict_template.h want, and
 *
 *     object *tuple2_new(object *a, object *b)     adds references
 *
 * Gives footprint_workloads[]. A figure is what the process's resident set grows by, per object; a workload runs once,
 * in a process of its own, and the array that holds the objects is there before.
 */
#include <stdio.h>
#include <string.h>

#include "../harness.h"

enum { FOOTPRINT_OBJECTS = 1000000 };

/* Without the program's own pages, which come as they are used. From smaps_rollup: statm lags behind by some pages. */
static size_t resident_bytes(void) {
  unsigned long kib = 0;
  char line[256];
  FILE *smaps = fopen("/proc/self/smaps_rollup", "r");
  while (smaps && fgets(line, sizeof line, smaps) && sscanf(line, "Anonymous: %lu", &kib) != 1) {
  }
  if (!kib) bench_fail("no /proc/self/smaps_rollup");
  fclose(smaps);
  return kib * 1024;
}

typedef object *(*footprint_maker)(void *context);

static void footprint(bench_run *run, footprint_maker make, void *context) {
  object **all = bench_alloc(FOOTPRINT_OBJECTS * sizeof *all);
  memset(all, 1, FOOTPRINT_OBJECTS * sizeof *all);
  size_t before = resident_bytes();
  uint64_t start = bench_now();
  for (size_t i = 0; i < FOOTPRINT_OBJECTS; i++) all[i] = make(context);
  uint64_t made = bench_now();
  bench_sample(run, "bytes", (double)(resident_bytes() - before) / FOOTPRINT_OBJECTS);
  bench_sample(run, "ns_per_op", (double)(made - start) / FOOTPRINT_OBJECTS);
  for (size_t i = 0; i < FOOTPRINT_OBJECTS; i++) object_decref(all[i]);
  free(all);
}

static object *make_float(void *context) { return (void)context, object_new(); }
static object *make_tuple2(void *value) { return tuple2_new(value, value); }
static object *make_list(void *context) { return (void)context, list_new(); }

struct footprint_class {
  object *class, *a, *b, *value;
};
static object *make_instance(void *class_) {
  struct footprint_class *c = class_;
  object *o = instantiate(c->class);
  attr_set(o, c->a, c->value);
  attr_set(o, c->b, c->value);
  return o;
}

static void footprint_float(bench_run *run) { footprint(run, make_float, NULL); }
static void footprint_empty_list(bench_run *run) { footprint(run, make_list, NULL); }
static void footprint_tuple2(bench_run *run) {
  object *value = object_new();
  footprint(run, make_tuple2, value);
  object_decref(value);
}

static void footprint_instances(bench_run *run, bool slots) {
  struct footprint_class c = {class_new(slots), name_new("a"), name_new("b"), object_new()};
  footprint(run, make_instance, &c);
  object *const own[] = {c.class, c.a, c.b, c.value};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) object_decref(own[i]);
}
static void footprint_slots2(bench_run *run) { footprint_instances(run, true); }
static void footprint_dictinst2(bench_run *run) { footprint_instances(run, false); }

/* One dict with a million entries, both ints of each counted. */
static void footprint_dict_int_int(bench_run *run) {
  size_t before = resident_bytes();
  uint64_t start = bench_now();
  dict *d = dict_new();
  for (int64_t i = 0; i < FOOTPRINT_OBJECTS; i++) {
    object *key = int_new(1000 + i), *value = int_new(1000000000 + i);
    dict_set(d, key, value);
    object_decref(key);
    object_decref(value);
  }
  uint64_t made = bench_now();
  bench_sample(run, "bytes", (double)(resident_bytes() - before) / FOOTPRINT_OBJECTS);
  bench_sample(run, "ns_per_op", (double)(made - start) / FOOTPRINT_OBJECTS);
  dict_drop(d);
}

#define FOOTPRINT(KIND) \
  { .name = "footprint_" #KIND, .threads = BENCH_T(1), .run = footprint_##KIND }

static const bench_workload footprint_workloads[] = {
    FOOTPRINT(float),     FOOTPRINT(tuple2),       FOOTPRINT(empty_list), FOOTPRINT(slots2),
    FOOTPRINT(dictinst2), FOOTPRINT(dict_int_int), {.name = NULL},
};
