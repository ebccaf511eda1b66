/* SPDX-License-Identifier: MIT */
/*
 * The cycle collector: finds containers that only refer to each other, and lets them die.
 *
 * It runs by itself when more containers have been made since the last time than have died (threshold 0), at the
 * making of the next one. Objects that survive a collection of their generation get into the next older one, which is
 * collected less often: after so many collections of the younger one (thresholds 1 and 2); and the oldest only when
 * what has got there since is more than a quarter of what was there, so that a program that only grows is not searched
 * over and over. The world is stopped while garbage is looked for, but not while it is freed. In mode biased each
 * thread looks at its own youngest containers without stopping anybody, and a collection of the oldest generation that
 * has become due in another thread leaves them to it, if it is running.
 *
 * Types that the program has made are containers of the oldest generation from the beginning; see weft_type_release.
 *
 * What is found is finalized first (each object once in its life), all objects being whole; what a finalizer makes
 * reachable again lives on, and all that it refers to; the rest is cleared.
 */
#ifndef WEFT_GC_H
#define WEFT_GC_H

#include <stdio.h>

#include "../runtime/type.h"

WEFT_BEGIN_DECLS

enum { WEFT_GC_GENERATIONS = 3 };

/*
 * Collects generation 0, 1 (and 0) or 2 (all). Returns the number of objects found unreachable; 0 when a collection is
 * under way. Errors (-1): ValueError "invalid generation", memory (nothing has happened).
 * May: run finalizers and callbacks, stop the world. Misuse: the world is stopped.
 */
WEFT_API int64_t weft_gc_collect(int generation);

/* Whether it runs by itself. Return whether it did before. */
WEFT_API bool weft_gc_enable(void);
WEFT_API bool weft_gc_disable(void);
WEFT_API bool weft_gc_is_enabled(void);

/* 700, 10 and 10 at first, or what the environment says: WEFT_GC_THRESHOLD=700,10,10. Threshold 0 is a number of
 * containers, 0: it does not run by itself; the others are numbers of collections that may be exceeded by one. */
WEFT_API void weft_gc_set_threshold(const uint32_t thresholds[WEFT_GC_GENERATIONS]);
WEFT_API void weft_gc_get_threshold(uint32_t thresholds[WEFT_GC_GENERATIONS]);
/* What is compared with the thresholds: containers made less those that died since the last collection, in all threads;
 * collections of generation 0 since the last one of 1; of 1 since the last one of 2. May: block. */
WEFT_API void weft_gc_get_count(uint64_t counts[WEFT_GC_GENERATIONS]);

typedef struct weft_gc_generation_stats {
  uint64_t collections;
  uint64_t collected;     /* objects found unreachable, and freed or, by WEFT_GC_SAVE_ALL, kept */
  uint64_t uncollectable; /* found unreachable, but their types refused to clear them: kept in weft_gc_garbage */
} weft_gc_generation_stats;
/* Since the runtime was initialised, by the generation that was asked for. */
WEFT_API void weft_gc_get_stats(weft_gc_generation_stats stats[WEFT_GC_GENERATIONS]);

/* The last collection in a stopped world, in nanoseconds. */
typedef struct weft_gc_times {
  uint64_t to_stop_ns;  /* until all other threads had stopped */
  uint64_t stopped_ns;  /* that they were stopped; of that: */
  uint64_t count_ns;    /*   counting references, and deciding who has others */
  uint64_t keep_ns;     /*   following those that are kept */
  uint64_t sort_ns;     /*   gathering garbage, making survivors older */
  uint64_t finalize_ns; /* then: callbacks and finalizers, and seeing what they have made reachable */
  uint64_t clear_ns;    /* clearing and freeing garbage */
  uint64_t total_ns;    /* all of it */
} weft_gc_times;
WEFT_API void weft_gc_get_times(weft_gc_times *times);

/* --- Callbacks, debugging --- */

enum weft_gc_phase { WEFT_GC_START, WEFT_GC_STOP };
typedef struct weft_gc_info {
  int generation;
  uint64_t collected, uncollectable; /* 0 at the start */
} weft_gc_info;
/* An error that it leaves is reported as unraisable. It may allocate, but not collect. */
typedef void (*weft_gc_callback)(enum weft_gc_phase phase, const weft_gc_info *info, void *arg);

/* Before and after each collection, in the thread that collects. Errors (-1): TypeError, memory. */
WEFT_API int weft_gc_add_callback(weft_gc_callback callback, void *arg);
/* Removes one that was added with the same arguments. Errors (-1): ValueError when there is none. */
WEFT_API int weft_gc_remove_callback(weft_gc_callback callback, void *arg);

enum weft_gc_debug {
  WEFT_GC_STATS = 1,         /* prints figures of every collection to stderr */
  WEFT_GC_COLLECTABLE = 2,   /* prints what is found */
  WEFT_GC_UNCOLLECTABLE = 4, /* prints what cannot be cleared */
  WEFT_GC_SAVE_ALL = 32,     /* keeps what is found in weft_gc_garbage instead of freeing it */
  WEFT_GC_LEAK = 38,         /* the last three */
};
WEFT_API void weft_gc_set_debug(unsigned flags);
WEFT_API unsigned weft_gc_get_debug(void);
/* The list of what was kept, always the same. Returns new. Errors: memory. */
WEFT_API weft_object *weft_gc_garbage(void);

/* --- Looking at objects --- */

/* All containers, or those of one generation; of all: -1. Without garbage that is just being collected. Returns a new
 * list. Errors: ValueError, memory. May: stop the world. */
WEFT_API weft_object *weft_gc_get_objects(int generation);
/* Calls `visit` for containers, until it returns 0. The world is stopped: it neither allocates nor changes counts.
 * Errors (-1): memory. May: block. */
WEFT_API int weft_gc_visit_objects(int (*visit)(weft_object *o, void *arg), void *arg);
/* The generation of a container, 3: frozen. Errors (-1): TypeError when it is none. May: stop the world. */
WEFT_API int weft_gc_generation(weft_object *o);
/* The containers that refer to at least one of `n` objects. Returns a new list. Errors: TypeError, memory. */
WEFT_API weft_object *weft_gc_get_referrers(size_t n, weft_object *const *objects);
/* What `n` objects refer to, one after the other. Returns a new list. Errors: TypeError, memory. */
WEFT_API weft_object *weft_gc_get_referents(size_t n, weft_object *const *objects);
/* Can `o` be part of a cycle? Not: what is no container, and tuples of such things. Errors (-1): TypeError. */
WEFT_API int weft_gc_is_tracked(weft_object *o);
/* Has its finalizer run? Errors (-1): TypeError. */
WEFT_API int weft_gc_is_finalized(weft_object *o);

/* From now on no collection looks at the containers that are alive now; and again all do, as oldest ones. Before a fork
 * this keeps shared pages shared. May: stop the world. */
WEFT_API void weft_gc_freeze(void);
WEFT_API void weft_gc_unfreeze(void);
WEFT_API uint64_t weft_gc_freeze_count(void);

WEFT_END_DECLS
#endif
