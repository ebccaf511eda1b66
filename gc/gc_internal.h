/* SPDX-License-Identifier: MIT */
/* What the collector's files share. */
#ifndef WEFT_GC_GC_INTERNAL_H
#define WEFT_GC_GC_INTERNAL_H

#include "gc/gc.h"
#include "gc/graph_internal.h"

struct weft__gc {
  uint32_t threshold[WEFT_GC_GENERATIONS]; /* atomic */
  uint32_t disabled;                       /* atomic */
  uint32_t collecting;                     /* atomic, futex: the slot of the thread that collects; 0: none */
  uint32_t waiting;                        /* atomic: threads that wait for its end */
  unsigned debug;                          /* atomic */
  /* The rest is changed in a stopped world, or by the thread that collects. What threads do alone is counted in their
   * heaps: they would pull the line from each other at every young collection. */
  /* Atomic: of the next younger generation; [0] is unused. On a line of its own: the settings are read more often. */
  __attribute__((aligned(WEFT_CACHE_LINE))) uint64_t collections_since[WEFT_GC_GENERATIONS];
  weft_gc_generation_stats stats[WEFT_GC_GENERATIONS];
  weft_gc_times times;
  uint64_t old_members, old_pending; /* atomic: that survived the last full collection; that have become old since */
  uint64_t frozen;
  struct weft__objects garbage; /* of the collection that is under way; others hide it */
};
extern struct weft__gc weft__gc;

/* Debug builds: ends the program if the heap is not as it must be. In a stopped world; see check.c. */
void weft__gc_check(int generation, bool after);
/* In a stopped world: adds what a thread has collected by itself to weft_gc_generation_stats[]. */
void weft__gc_add_own_stats(struct weft__tstate *ts, void *stats);
/* Are there callbacks? */
bool weft__gc_has_callbacks(void);

/* Runs callbacks; the thread collects. */
void weft__gc_tell(enum weft_gc_phase phase, const weft_gc_info *info);
/* For WEFT_GC_STATS: how many objects there are in each generation. */
void weft__gc_print_generations(int generation);
/* Adds to the list of weft_gc_garbage. False: memory. */
bool weft__gc_save(weft_object *o);

#endif
