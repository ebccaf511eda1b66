/* SPDX-License-Identifier: MIT */
/*
 * GLib: atomic counts on every object. Objects are GObjects where the count is what is measured; where an object of 24
 * bytes is made and dropped, they are the lighter atomically counted boxes (g_atomic_rc_box), whose count is in front.
 */
#include <glib-object.h>

#include "../harness.h"

typedef GObject object;
typedef GPtrArray list;

static inline object *object_new(void) { return g_object_new(G_TYPE_OBJECT, NULL); }

#define object_incref(o) g_object_ref(o)
#define object_decref(o) g_object_unref(o)

#define block_new()       g_atomic_rc_box_alloc(16)
#define block_drop(block) g_atomic_rc_box_release(block)
#define block_give(block) ((void)0)
#define block_take(block) ((void)0)
#define pass_safepoint()  ((void)0)

#define list_new()        g_ptr_array_new_with_free_func(g_object_unref)
#define list_append(l, o) g_ptr_array_add((l), g_object_ref(o))
#define list_get(l, i)    g_object_ref(g_ptr_array_index((l), (i)))
#define list_drop(l)      g_ptr_array_unref(l)

static inline void list_set(GPtrArray *l, size_t i, gpointer o) {
  gpointer old = l->pdata[i];
  l->pdata[i] = g_object_ref(o);
  g_object_unref(old);
}

#include "../workloads/counts_template.h"
#include "../workloads/heap_template.h"
#include "../workloads/list_template.h"

static uint64_t alloc_free_lifo_gobject(bench_worker *w, uint64_t iterations) {
  (void)w;
  for (uint64_t i = 0; i < iterations; i++) object_decref(object_new());
  return iterations;
}

static const bench_workload own_workloads[] = {
    {.name = "alloc_free_lifo_gobject", .threads = BENCH_T(1), .work = {.body = alloc_free_lifo_gobject}},
    {.name = NULL},
};

int main(int argc, char **argv) {
  const bench_runtime runtime = {.mode = "glib"};
  const bench_workload *const tables[] = {count_workloads, heap_workloads, list_workloads, own_workloads, NULL};
  return bench_main(argc, argv, &runtime, tables);
}
