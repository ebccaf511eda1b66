/* SPDX-License-Identifier: MIT */
/* Finding unreachable containers; see graph.c. */
#ifndef WEFT_GC_GRAPH_INTERNAL_H
#define WEFT_GC_GRAPH_INTERNAL_H

#include "gc/gc.h"
#include "runtime/heap_pages_internal.h"
#include "runtime/object.h"

struct weft__merge_chunk;

/* An array of objects. */
struct weft__objects {
  weft_object **item;
  size_t size, room;
};
/* False: out of memory, nothing has happened. */
bool weft__objects_add(struct weft__objects *a, weft_object *o);
void weft__objects_free(struct weft__objects *a);

/* What a search needs and is worth keeping between two; zero at first. */
struct weft__graph_memory {
  uint32_t *scratch;
  struct weft__page **pages;
  size_t pages_room;
  struct weft__objects stack;
};
void weft__graph_memory_free(struct weft__graph_memory *memory);

/*
 * Appends the containers of generations up to `generation` that can only be reached from each other to `garbage`, types
 * last. The survivors are one generation older, the oldest stay so; `*survived` is their number, and the times of the
 * three steps are noted. `dead`: objects whose end comes when the world goes on. `yielding`: the young ones of heaps
 * that weft__gc_yields_to are left alone, and keep what they refer to. In a stopped world. False: out of memory;
 * nothing has happened.
 */
bool weft__gc_find(unsigned generation, bool yielding, const struct weft__merge_chunk *dead,
                   struct weft__objects *garbage, size_t *survived, weft_gc_times *times);

/* In a stopped world: is it the heap of another thread, which was running, and so will soon look at what is young there
 * by itself? */
bool weft__gc_yields_to(const struct weft__heap *heap);

/*
 * The same, while others run, of what belongs to the calling thread alone: of the containers in its heap's pages those
 * that it owns and nobody else has counted, and of which it is certain that nobody else changes them. They are looked
 * at as if all else were alive, and no code of the user's runs when they die. The others grow older unseen; `*unseen`
 * is their number. Without a safepoint. False also when there are weak references to one of those: it may be
 * garbage in truth, and a finalizer of something that dies with members must not find it by them.
 */
bool weft__gc_find_own(unsigned generation, struct weft__graph_memory *memory, struct weft__objects *garbage,
                       size_t *survived, size_t *unseen);

/* Of the objects in `garbage`, on each of which the caller has one reference, moves those that can be reached from
 * elsewhere to `survivors`; the order stays. False: out of memory; nothing has happened. */
bool weft__gc_find_again(struct weft__objects *garbage, struct weft__objects *survivors);

/* In a stopped world: ends the program when more references to a container are found than it counts. */
void weft__gc_check_counts(void);

void weft__gc_graph_fini(void);

/* --- Types: types.c --- */

static inline bool weft__gc_is_type(const weft_object *o) { return o->type == &weft_type_type; }

/* Is a type released, and nobody in the middle of what needs types that nothing leads to? In a stopped world. */
bool weft__gc_types_may_die(void);
/* Calls `visit` for every object, also for `dead` ones and those whose end waits for a grace period; in a stopped
 * world. */
void weft__gc_walk_all(const struct weft__merge_chunk *dead, void (*visit)(weft_object *, void *), void *arg);

#endif
