/* SPDX-License-Identifier: MIT */
/*
 * A collection: stop the world; settle the merge queues; find garbage; empty the weak references to it; start it; call
 * those that have a callback and are no garbage themselves; finalize what has a finalizer; if there was any, stop again
 * and see what has become reachable, and empty the weak references that have been made; start; clear the rest.
 *
 *   From the moment when the world goes on nobody but the collecting thread can get at the garbage, except by way of
 * finalizers. While any of these runs, the collection holds a reference to each object, so that all are whole.
 *
 *   The short way: when no code of the user's can run on the way to their ends, each object is *condemned* while the
 * world is stopped: its word becomes immortal, so that the others' references to it need no more counting; then all let
 * go of what they hold, in any order; and only then their memory is freed, to which nothing leads any more.
 *
 *   Types stand last in the garbage, and die last: what ends an instance reads its type. The short way frees them after
 * all else. Otherwise their attributes are cleared with the rest; when all else has been let go of, the world is
 * stopped once more, and those whose instances have all gone are condemned. The others wait for the next full
 * collection.
 *
 *   A thread's own: in mode biased, where a thread knows what nobody else refers to, it collects its own young objects
 * (generations 0 and 1) without stopping anybody, by the short way. What others have touched, or what has a finalizer,
 * it passes over; if there was any, generation 1 is collected of all threads, in a stopped world. If there is any with
 * a weak reference, this collection is.
 *
 * Which generation: the oldest whose count exceeds its threshold. The oldest of all only if, besides, what has become
 * old since its last collection is more than a quarter of what was left then (CPython's guard, bpo-4074).
 */
#include <limits.h>
#include <stdlib.h>

#include "gc/gc_internal.h"
#include "runtime/heap_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/weak_internal.h"
#include "sync/attach.h"
#include "sync/futex.h"
#include "sync/grace_internal.h"
#include "sync/tstate.h"

enum {
  FULL = WEFT_GC_GENERATIONS - 1,
  PATIENCE = 8, /* times the threshold: so much a thread may make while another one collects, before it waits for it */
  WAIT_NS = 5000000,
};

struct weft__gc weft__gc = {.threshold = {700, 10, 10}};
#define gc weft__gc

/* --- Counts --- */

uint32_t weft__gc_young_limit(void) {
  /* order: relaxed: settings. */
  uint32_t threshold = weft__load_relaxed(&gc.threshold[0]);
  return weft__load_relaxed(&gc.disabled) || !threshold ? UINT32_MAX : threshold;
}

/* `young`: what has not been looked at. */
static void begin_to_count(struct weft__heap *heap, int generation, uint32_t young) {
  heap->young = young;
  weft__store_relaxed(&heap->young_limit, weft__gc_young_limit());
  if (generation > 0) heap->own_collections = heap->unseen = 0;
}
/* What a collection is of. */
struct scope {
  int generation;
  bool yielding; /* without what is young in heaps that weft__gc_yields_to */
};
static void begin_to_count_of(struct weft__tstate *ts, void *scope_) {
  const struct scope *scope = scope_;
  bool yields = scope->yielding && weft__gc_yields_to(ts->heap);
  begin_to_count(ts->heap, scope->generation, yields ? ts->heap->young : 0);
}

/* After so many, a young collection has become due: of which generation is to be collected? */
static int generation_due(const struct weft__heap *heap) {
  for (int i = FULL; i > 0; i--) {
    /* order: relaxed: other threads count, too; sooner or later. */
    uint64_t since = weft__load_relaxed(&gc.collections_since[i]) + (i == 1 ? heap->own_collections : 0);
    if (since <= weft__load_relaxed(&gc.threshold[i])) continue;
    if (i < FULL || weft__load_relaxed(&gc.old_pending) > weft__load_relaxed(&gc.old_members) / 4) return i;
  }
  return 0;
}

/* order: relaxed: as above. */
void weft__gc_count_old(void) { weft__add_relaxed(&gc.old_pending, UINT64_C(1)); }

/* In a stopped world. */
static void count_collection(struct scope scope, size_t survived) {
  const int generation = scope.generation;
  weft__tstate_for_each(begin_to_count_of, &scope);
  for (int i = 1; i <= generation; i++) gc.collections_since[i] = 0;
  if (generation < FULL) gc.collections_since[generation + 1]++;
  if (generation == FULL) {
    gc.old_members = survived;
    gc.old_pending = 0;
  } else if (generation == FULL - 1) {
    gc.old_pending += survived;
  }
}

/* --- The ends of garbage --- */

static bool all_quiet(const struct weft__objects *garbage) {
  for (size_t i = 0; i < garbage->size; i++)
    if (!garbage->item[i]->type->release) return false;
  return true;
}

static void condemn(const struct weft__objects *garbage) {
  for (size_t i = 0; i < garbage->size; i++) weft__count_condemn(&garbage->item[i]->count);
}

/* How many of the garbage are no types. */
static size_t others_in(const struct weft__objects *garbage) {
  size_t n = garbage->size;
  while (n > 0 && weft__gc_is_type(garbage->item[n - 1])) n--;
  return n;
}

static void free_condemned(const struct weft__objects *garbage) {
  enum { AHEAD = 8 };
  struct weft__tstate *ts = weft__self();
  ts->dealloc_depth++; /* what dies with them goes on the trash list before it is too deep */
  for (size_t i = 0; i < garbage->size; i++) {
    if (i + AHEAD < garbage->size) __builtin_prefetch(*(void **)(garbage->item[i + AHEAD] + 1));
    garbage->item[i]->type->release(garbage->item[i]);
  }
  ts->dealloc_depth--;
  weft__empty_trash();
  size_t others = others_in(garbage);
  for (size_t i = 0; i < others; i++) {
    weft_object *o = garbage->item[i];
    const weft_type_spec *spec = &o->type->spec;
    size_t size = spec->item_size ? spec->size_of(o) : spec->basic_size;
    weft__count_bury(&o->count);
    weft__heap_free(o, size);
  }
  for (size_t i = others; i < garbage->size; i++) weft__type_free(garbage->item[i]);
}

static void hold(const struct weft__objects *garbage) {
  for (size_t i = 0; i < garbage->size; i++) weft_incref(garbage->item[i]);
}
static void let_go(const struct weft__objects *garbage) {
  for (size_t i = 0; i < garbage->size; i++) weft_decref(garbage->item[i]);
}

/* Runs the finalizers that have not run. True: there was one. */
static bool finalize(const struct weft__objects *garbage) {
  bool any = false;
  for (size_t i = 0; i < garbage->size; i++) {
    weft_object *o = garbage->item[i];
    uint64_t *finalized = weft__finalized_mark(o);
    if (!finalized || *finalized) continue;
    *finalized = 1;
    any = true;
    o->type->spec.finalize(o);
    if (weft_error_borrow()) weft_error_unraisable(o);
  }
  return any;
}

static void print_object(const char *what, const weft_object *o) {
  fprintf(stderr, "gc: %s <%s %p>\n", what, o->type->spec.name, (const void *)o);
}

/* What a type refuses to clear, by -1 without an error, is kept in weft_gc_garbage. Returns how many objects that are.
 */
static uint64_t clear(const struct weft__objects *garbage) {
  uint64_t refused = 0;
  for (size_t i = 0; i < garbage->size; i++) {
    weft_object *o = garbage->item[i];
    bool cleared = !o->type->spec.clear || o->type->spec.clear(o) == 0;
    if (weft_error_borrow()) {
      weft_error_unraisable(o);
    } else if (!cleared) {
      refused += weft__gc_save(o);
      if (weft__load_relaxed(&gc.debug) & WEFT_GC_UNCOLLECTABLE) print_object("uncollectable", o);
    }
  }
  return refused;
}

/* What the debug flags want. True: all are kept. */
static bool report(const struct weft__objects *garbage) {
  unsigned debug = weft__load_relaxed(&gc.debug);
  bool saved = false;
  for (size_t i = 0; debug & (WEFT_GC_COLLECTABLE | WEFT_GC_SAVE_ALL) && i < garbage->size; i++) {
    weft_object *o = garbage->item[i];
    if (debug & WEFT_GC_COLLECTABLE) print_object("collectable", o);
    if (debug & WEFT_GC_SAVE_ALL) saved |= weft__gc_save(o);
  }
  return saved;
}

/* --- A collection --- */

/* Finds garbage of the generation, with a reference to each object; or, *condemned, none. Weak references to it are
 * empty; *calls are to be called. False: memory. */
static bool find(struct scope scope, bool *condemned, struct weft__weakref **calls) {
  struct weft__tstate *ts = weft__self();
  uint64_t asked = weft__now_ns();
  weft__world_stop(ts);
  uint64_t stopped = weft__now_ns();
  struct weft__merge_chunk *dead = weft__merge_queues_settle();
  size_t survived;
  if (WEFT_DEBUG) weft__gc_check(scope.generation, false);
  bool good = weft__gc_find((unsigned)scope.generation, scope.yielding, dead, &gc.garbage, &survived, &gc.times);
  if (good) {
    count_collection(scope, survived);
    /* What somebody is just looking at is left for the next time. */
    if (!weft__weak_clear_garbage(gc.garbage.item, gc.garbage.size, calls)) gc.garbage.size = 0;
    bool keep = weft__load_relaxed(&gc.debug) & (WEFT_GC_COLLECTABLE | WEFT_GC_SAVE_ALL);
    *condemned = !keep && all_quiet(&gc.garbage);
    if (*condemned)
      condemn(&gc.garbage);
    else
      hold(&gc.garbage);
  }
  if (WEFT_DEBUG) weft__gc_check(scope.generation, true);
  weft__world_start(ts);
  gc.times.to_stop_ns = stopped - asked;
  gc.times.stopped_ns = weft__now_ns() - stopped;
  weft__merge_queue_bury(dead);
  return good;
}

/* Finalizers have run: what they made reachable lives on. Weak references that they made to the rest are empty. False:
 * memory; then all do. */
static bool find_again(void) {
  struct weft__objects survivors = {0};
  struct weft__weakref *calls = NULL;
  struct weft__tstate *ts = weft__self();
  weft__world_stop(ts);
  bool good = weft__gc_find_again(&gc.garbage, &survivors) &&
              weft__weak_clear_garbage(gc.garbage.item, gc.garbage.size, &calls);
  weft__world_start(ts);
  weft__weak_call(calls, false);
  let_go(&survivors);
  weft__objects_free(&survivors);
  return good;
}

/* Of types that have been cleared, on each of which the collection has a reference: frees those that nothing keeps. */
static void bury_types(struct weft__objects types) {
  struct weft__objects survivors = {0};
  struct weft__weakref *calls = NULL;
  struct weft__tstate *ts = weft__self();
  weft__world_stop(ts);
  bool good = weft__gc_find_again(&types, &survivors) && weft__weak_clear_garbage(types.item, types.size, &calls);
  if (good) condemn(&types);
  weft__world_start(ts);
  weft__weak_call(calls, false);
  let_go(&survivors);
  weft__objects_free(&survivors);
  if (good)
    free_condemned(&types);
  else
    let_go(&types);
}

/* Drops the collection's references to cleared garbage. */
static void let_die(const struct weft__objects *garbage) {
  struct weft__objects others = *garbage, types = *garbage;
  others.size = others_in(garbage);
  types.item += others.size;
  types.size -= others.size;
  let_go(&others);
  if (types.size) bury_types(types);
}

/* `start`: when it began, with the callbacks. */
static void dispose(bool condemned, weft_gc_info *info, uint64_t start) {
  bool good = condemned || !finalize(&gc.garbage) || find_again();
  gc.times.finalize_ns = weft__now_ns() - start;
  if (condemned) {
    info->collected = gc.garbage.size;
    free_condemned(&gc.garbage);
    return;
  }
  if (!good) {
    let_go(&gc.garbage);
    return;
  }
  if (!report(&gc.garbage)) info->uncollectable = clear(&gc.garbage);
  info->collected = gc.garbage.size - info->uncollectable;
  let_die(&gc.garbage);
}

/* The objects found; -1: memory. The thread has set `collecting`. */
static int64_t collect(struct scope scope) {
  const int generation = scope.generation;
  uint64_t start = weft__now_ns();
  weft_object *pending = weft_error_take();
  weft_gc_info info = {.generation = generation};
  gc.times = (weft_gc_times){0};
  weft__gc_tell(WEFT_GC_START, &info);
  if (weft__load_relaxed(&gc.debug) & WEFT_GC_STATS) weft__gc_print_generations(generation);
  struct weft__weakref *calls = NULL;
  bool condemned = false, good = find(scope, &condemned, &calls);
  uint64_t found = weft__now_ns();
  weft__weak_call(calls, true);
  if (good) {
    dispose(condemned, &info, found);
    gc.times.clear_ns = weft__now_ns() - found - gc.times.finalize_ns;
    gc.stats[generation].collections++;
    gc.stats[generation].collected += info.collected;
    gc.stats[generation].uncollectable += info.uncollectable;
  }
  weft__objects_free(&gc.garbage);
  gc.times.total_ns = weft__now_ns() - start;
  if (weft__load_relaxed(&gc.debug) & WEFT_GC_STATS)
    fprintf(stderr, "gc: generation %d: done, %llu unreachable, %llu uncollectable, %.4f s elapsed\n", generation,
            (unsigned long long)info.collected, (unsigned long long)info.uncollectable,
            (double)gc.times.total_ns * 1e-9);
  weft__gc_tell(WEFT_GC_STOP, &info);
  weft__self()->error = pending;
  return good ? (int64_t)(info.collected + info.uncollectable) : -1;
}

/* --- A thread's own --- */

struct weft__nursery {
  __attribute__((aligned(WEFT_CACHE_LINE))) struct weft__graph_memory memory;
  struct weft__objects garbage;
  weft_gc_generation_stats stats[FULL]; /* of what it has collected by itself */
  bool in_use;
};

void weft__gc_free_nursery(struct weft__nursery *nursery) {
  if (!nursery) return;
  weft__graph_memory_free(&nursery->memory);
  weft__objects_free(&nursery->garbage);
  free(nursery);
}

/* NULL: out of memory, or a collection of its own is under way. */
static struct weft__nursery *nursery_of(struct weft__heap *heap) {
  if (!heap->nursery && !weft__fault()) {
    heap->nursery = aligned_alloc(WEFT_CACHE_LINE, sizeof *heap->nursery);
    if (heap->nursery) *heap->nursery = (struct weft__nursery){0};
  }
  return heap->nursery && !heap->nursery->in_use ? heap->nursery : NULL;
}

void weft__gc_add_own_stats(struct weft__tstate *ts, void *stats_) {
  const struct weft__nursery *n = ts->heap->nursery;
  weft_gc_generation_stats *stats = stats_;
  for (int i = 0; n && i < FULL; i++) {
    stats[i].collections += n->stats[i].collections;
    stats[i].collected += n->stats[i].collected;
  }
}

/* The calling thread collects its own young objects. False: that is not enough, or somebody wants to see it. */
static bool collect_own(struct weft__heap *heap) {
  int generation = generation_due(heap);
  bool seen = weft__gc_has_callbacks() || weft__load_relaxed(&gc.debug);
  if (generation == FULL || (generation > 0 && heap->unseen) || seen || weft__in_bracket()) return false;
  struct weft__nursery *n = nursery_of(heap);
  size_t survived, unseen;
  if (!n || !weft__gc_find_own((unsigned)generation, &n->memory, &n->garbage, &survived, &unseen)) return false;
  begin_to_count(heap, generation, 0);
  heap->unseen += (uint32_t)unseen;
  if (generation == 0) {
    heap->own_collections++;
  } else {
    /* order: relaxed: as in generation_due. */
    weft__add_relaxed(&gc.collections_since[FULL], UINT64_C(1));
    weft__add_relaxed(&gc.old_pending, (uint64_t)(survived + unseen));
  }
  n->stats[generation].collections++;
  n->stats[generation].collected += n->garbage.size;
  n->in_use = true;
  condemn(&n->garbage);
  free_condemned(&n->garbage);
  n->garbage.size = 0;
  n->in_use = false;
  return true;
}

/* --- When --- */

/* True: the calling thread may collect, and has to say when it is done. */
static bool begin(void) {
  uint32_t nobody = 0;
  /* order: acquire [collecting]: sees what the thread that collected last has written. */
  return !weft__world_is_stopped() && weft__cas_acquire(&gc.collecting, &nobody, weft__self()->slot);
}
static void end(void) {
  /* order: release [collecting]: see begin. */
  weft__store_release(&gc.collecting, 0u);
  /* order: relaxed: one that is missed looks up by itself. */
  if (weft__load_relaxed(&gc.waiting)) weft__futex_wake(&gc.collecting, INT_MAX);
}

/* Others make garbage while a thread disposes of some: they are to let it go first. Not for ever: it may run
 * finalizers, and these may wait for something that the calling thread has. */
static void wait_for_end(void) {
  uint32_t collector = weft__load_relaxed(&gc.collecting);
  if (!collector || collector == weft__self()->slot || weft__self()->sections_open || weft__in_bracket()) return;
  weft__add_relaxed(&gc.waiting, 1u);
  weft__detach_for_wait();
  weft__futex_wait(&gc.collecting, collector, WAIT_NS);
  weft__reattach_after_wait();
  weft__sub_relaxed(&gc.waiting, 1u);
}

/* Asks again when as many have been made once more. Even if collecting is switched off: it may just be switched on, and
 * what has then been stored here must not be lost for good. */
static void ask_again(struct weft__heap *heap, uint32_t limit) {
  enum { WHEN_OFF = 100000 };
  weft__store_relaxed(&heap->young_limit, heap->young + (limit == UINT32_MAX ? WHEN_OFF : limit));
}

bool weft__gc_due(void) {
  struct weft__heap *heap = weft__tls.heap;
  if (weft__gc_young_limit() == UINT32_MAX) {
    ask_again(heap, UINT32_MAX);
    return false;
  }
  if (WEFT__HAS_OWNERS && collect_own(heap)) return true;
  if (!begin()) {
    uint32_t limit = weft__gc_young_limit();
    if (limit != UINT32_MAX && heap->young / PATIENCE > limit) wait_for_end();
    ask_again(heap, weft__gc_young_limit());
    return false;
  }
  int generation = generation_due(heap);
  bool done = collect((struct scope){generation, .yielding = generation == FULL}) >= 0;
  end();
  return done;
}

void weft__gc_at_end(void) {
  weft__gc_forget();
  if (!begin()) return;
  (void)collect((struct scope){FULL, .yielding = false});
  end();
}

int64_t weft_gc_collect(int generation) {
  weft__check_attached("weft_gc_collect");
  if (weft__world_is_stopped()) weft__misuse("weft_gc_collect", "the world is stopped");
  if (generation < 0 || generation > FULL) {
    weft_raise(&weft_ValueError, "invalid generation");
    return -1;
  }
  weft_poll();
  if (!begin()) return 0;
  int64_t found = collect((struct scope){generation, .yielding = false});
  end();
  if (found < 0) weft_raise_memory();
  return found;
}
