/* SPDX-License-Identifier: MIT */
/*
 * The cycle collector: what counting references cannot free, how it is found, when, and how to control that.
 *
 * The documents (numbers 000, 002 and 004 of the seeds) show this with Python's module gc. Thresholds are theirs: 700,
 * 10 and 10. Collections are switched off wherever they are not what is shown, so that figures are exact.
 */
#include "demos/gc.h"

#include <stdlib.h>

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 200 };

/* --- Nodes --- */

const weft_type *node_type;

static void set_attribute(weft_object *o, const char *name, weft_object *value) {
  if (weft_setattr_text(o, name, value) < 0) abort();
}

void refer(weft_object *from, weft_object *to) { set_attribute(from, "ref", to); }

weft_object *node_new(const char *name) {
  weft_object *node = weft_instance_new(node_type);
  weft_auto weft_object *its_name = weft_str_new(name);
  if (!node || !its_name) abort();
  set_attribute(node, "name", its_name);
  set_attribute(node, "ref", WEFT_NONE);
  return node;
}

void drop_cycles(size_t n) {
  while (n--) {
    weft_auto weft_object *a = weft_instance_new(node_type), *b = weft_instance_new(node_type);
    refer(a, b);
    refer(b, a);
  }
}

static int count_node(weft_object *o, void *n) {
  *(int64_t *)n += weft_type_of(o) == node_type;
  return 1;
}
int64_t nodes_alive(void) {
  int64_t n = 0;
  return weft_gc_visit_objects(count_node, &n) == 0 ? n : -1;
}

/* The first instance teaches the class which attributes there are; later ones have room for them. */
static bool make_class(void) {
  node_type = weft_type_new(&(weft_type_spec){.name = "Node", .flags = WEFT_TYPE_DICT});
  if (!node_type) return false;
  weft_decref(node_new("first"));
  return true;
}

/* --- Collections --- */

uint64_t runs[WEFT_GC_GENERATIONS];
char runs_order[512];

int64_t collect(void) { return weft_gc_collect(2); }
uint64_t runs_in_all(void) { return runs[0] + runs[1] + runs[2]; }

uint64_t collected_so_far(void) {
  weft_gc_generation_stats stats[WEFT_GC_GENERATIONS];
  weft_gc_get_stats(stats);
  return stats[0].collected + stats[1].collected + stats[2].collected;
}

static void count_run(enum weft_gc_phase phase, const weft_gc_info *info, void *unused) {
  (void)unused;
  if (phase != WEFT_GC_STOP) return;
  uint64_t n = runs_in_all();
  if (n + 1 < sizeof runs_order) runs_order[n] = (char)('0' + info->generation), runs_order[n + 1] = 0;
  runs[info->generation]++;
}
void runs_watch(void) {
  runs[0] = runs[1] = runs[2] = 0;
  runs_order[0] = 0;
  weft_gc_add_callback(count_run, NULL);
}
void runs_stop(void) { weft_gc_remove_callback(count_run, NULL); }

int main(int argc, char **argv) {
  if (!demo_begin("the cycle collector", TIME_LIMIT_S) || !make_class()) return 1;
  weft_gc_disable();
  collect();
  show_cycles();
  show_algorithm(argc > 1 ? argv[1] : NULL);
  show_generations();
  show_controls();
  show_threads();
  return demo_end();
}
