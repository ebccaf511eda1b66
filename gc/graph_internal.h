/* SPDX-License-Identifier: MIT */
/* Finding unreachable containers in a stopped world; see graph.c. */
#ifndef WEFT_GC_GRAPH_INTERNAL_H
#define WEFT_GC_GRAPH_INTERNAL_H

#include "runtime/heap_pages_internal.h"
#include "runtime/object.h"

/* An array of objects. */
struct weft__objects {
  weft_object **item;
  size_t size, room;
};
/* False: out of memory, nothing has happened. */
bool weft__objects_add(struct weft__objects *a, weft_object *o);
void weft__objects_free(struct weft__objects *a);

/*
 * Appends the containers of generations up to `generation` that can only be reached from each other to `garbage`. The
 * survivors are one generation older, the oldest stay so; `*survived` is their number. In a stopped world. False: out
 * of memory; nothing has happened.
 */
bool weft__gc_find(unsigned generation, struct weft__objects *garbage, size_t *survived);

/* Of the objects in `garbage`, on each of which the caller has one reference, moves those that can be reached from
 * elsewhere to `survivors`. False: out of memory; nothing has happened. */
bool weft__gc_find_again(struct weft__objects *garbage, struct weft__objects *survivors);

void weft__gc_graph_fini(void);

#endif
