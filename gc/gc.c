/* SPDX-License-Identifier: MIT */
/* The collector's controls, and what it lets one see: settings, callbacks, generations, who refers to whom. */
#include "gc/gc.h"

#include <stdlib.h>
#include <string.h>

#include "gc/gc_internal.h"
#include "runtime/heap_marks_internal.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"
#include "runtime/tuple.h"
#include "sync/attach.h"
#include "sync/tstate.h"

#define gc weft__gc

/* --- Settings --- */

void weft__gc_init(void) {
  const char *text = getenv("WEFT_GC_THRESHOLD");
  for (int i = 0; text && i < WEFT_GC_GENERATIONS; i++) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || value > UINT32_MAX || (*end && *end != ',')) {
      weft__warn("WEFT_GC_THRESHOLD is not one to three numbers with commas between them; the rest of it is ignored");
      return;
    }
    weft__store_relaxed(&gc.threshold[i], (uint32_t)value);
    text = *end ? end + 1 : NULL;
  }
}

static void set_limit(struct weft__tstate *ts, void *unused) {
  (void)unused;
  /* order: relaxed: a thread that has not seen it yet asks weft__gc_due, which has. */
  weft__store_relaxed(&ts->heap->young_limit, weft__gc_young_limit());
}

static bool set_disabled(uint32_t disabled) {
  weft__check_attached("weft_gc_enable");
  bool was = weft__exchange_acq_rel(&gc.disabled, disabled);
  weft__tstate_for_each(set_limit, NULL);
  return !was;
}

bool weft_gc_enable(void) { return set_disabled(0); }
bool weft_gc_disable(void) { return set_disabled(1); }
bool weft_gc_is_enabled(void) { return !weft__load_relaxed(&gc.disabled); }

void weft_gc_set_threshold(const uint32_t thresholds[WEFT_GC_GENERATIONS]) {
  weft__check_attached("weft_gc_set_threshold");
  for (int i = 0; i < WEFT_GC_GENERATIONS; i++) weft__store_relaxed(&gc.threshold[i], thresholds[i]);
  weft__tstate_for_each(set_limit, NULL);
}

void weft_gc_get_threshold(uint32_t thresholds[WEFT_GC_GENERATIONS]) {
  for (int i = 0; i < WEFT_GC_GENERATIONS; i++) thresholds[i] = weft__load_relaxed(&gc.threshold[i]);
}

static void add_young(struct weft__tstate *ts, void *sum) {
  if (!WEFT__HAS_GIL) *(uint64_t *)sum += ts->heap->young;
}

void weft_gc_get_count(uint64_t counts[WEFT_GC_GENERATIONS]) {
  weft__check_attached("weft_gc_get_count");
  bool paused = weft__heap_pause();
  counts[0] = WEFT__HAS_GIL ? weft__tls.heap->young : 0;
  weft__tstate_for_each(add_young, &counts[0]);
  for (int i = 1; i < WEFT_GC_GENERATIONS; i++) counts[i] = gc.collections_since[i];
  counts[1] += WEFT__HAS_OWNERS ? weft__tls.heap->own_collections : 0;
  weft__heap_resume(paused);
}

void weft_gc_get_stats(weft_gc_generation_stats stats[WEFT_GC_GENERATIONS]) {
  weft__check_attached("weft_gc_get_stats");
  bool paused = weft__heap_pause();
  memcpy(stats, gc.stats, sizeof gc.stats);
  weft__tstate_for_each(weft__gc_add_own_stats, stats);
  weft__heap_resume(paused);
}

void weft_gc_get_times(weft_gc_times *times) {
  weft__check_attached("weft_gc_get_times");
  bool paused = weft__heap_pause();
  *times = gc.times;
  weft__heap_resume(paused);
}

void weft_gc_set_debug(unsigned flags) { weft__store_relaxed(&gc.debug, flags); }
unsigned weft_gc_get_debug(void) { return weft__load_relaxed(&gc.debug); }

/* --- Callbacks; the garbage list --- */

static struct callback {
  weft_gc_callback call;
  void *arg;
} * callbacks; /* with the next two, under callbacks_lock */
static size_t callbacks_used /* atomic */, callbacks_room;
static weft__lock callbacks_lock;
static weft_object *garbage_list; /* under callbacks_lock; never replaced once it is there */

int weft_gc_add_callback(weft_gc_callback call, void *arg) {
  weft__check_attached("weft_gc_add_callback");
  if (!call) {
    weft_raise(&weft_TypeError, "weft_gc_add_callback: NULL is no callback");
    return -1;
  }
  bool good = true;
  weft__lock_acquire(&callbacks_lock);
  if (callbacks_used == callbacks_room) {
    size_t room = callbacks_room ? 2 * callbacks_room : 4;
    struct callback *more = weft__fault() ? NULL : realloc(callbacks, room * sizeof *more);
    if (more) callbacks = more, callbacks_room = room;
    good = more;
  }
  if (good) {
    callbacks[callbacks_used] = (struct callback){call, arg};
    weft__store_relaxed(&callbacks_used, callbacks_used + 1);
  }
  weft__lock_release(&callbacks_lock);
  if (!good) weft_raise_memory();
  return good ? 0 : -1;
}

int weft_gc_remove_callback(weft_gc_callback call, void *arg) {
  weft__check_attached("weft_gc_remove_callback");
  weft__lock_acquire(&callbacks_lock);
  size_t i = 0;
  while (i < callbacks_used && (callbacks[i].call != call || callbacks[i].arg != arg)) i++;
  bool found = i < callbacks_used;
  if (found) {
    weft__store_relaxed(&callbacks_used, callbacks_used - 1);
    memmove(&callbacks[i], &callbacks[i + 1], (callbacks_used - i) * sizeof *callbacks);
  }
  weft__lock_release(&callbacks_lock);
  if (!found) weft_raise(&weft_ValueError, "weft_gc_remove_callback: there is no such callback");
  return found ? 0 : -1;
}

/* order: relaxed: one that has just been added may miss a collection that has begun. */
bool weft__gc_has_callbacks(void) { return weft__load_relaxed(&callbacks_used) > 0; }

void weft__gc_tell(enum weft_gc_phase phase, const weft_gc_info *info) {
  for (size_t i = 0;; i++) {
    weft__lock_acquire(&callbacks_lock);
    struct callback c = i < callbacks_used ? callbacks[i] : (struct callback){0};
    weft__lock_release(&callbacks_lock);
    if (!c.call) return;
    c.call(phase, info, c.arg);
    if (weft_error_borrow()) weft_error_unraisable(NULL);
  }
}

weft_object *weft_gc_garbage(void) {
  /* order: acquire [garbage-list]: as below. */
  weft_object *fresh = weft__load_acquire(&garbage_list) ? NULL : weft_list_new();
  if (!fresh && !garbage_list) return NULL;
  weft__lock_acquire(&callbacks_lock);
  /* order: release [garbage-list]: who sees the list sees it as it was made. */
  if (!garbage_list) weft__store_release(&garbage_list, fresh), fresh = NULL;
  weft__lock_release(&callbacks_lock);
  weft_xdecref(fresh);
  return weft_new_ref(garbage_list);
}

bool weft__gc_save(weft_object *o) {
  weft_auto weft_object *list = weft_gc_garbage();
  bool saved = list && weft_list_append(list, o) == 0;
  if (!saved) weft_error_unraisable(o);
  return saved;
}

/* --- Walking: in a stopped world an array of containers is made, which then becomes a list --- */

static int by_address(const void *a, const void *b) {
  const weft_object *x = *(weft_object *const *)a, *y = *(weft_object *const *)b;
  return (x > y) - (x < y);
}
static bool is_in(const struct weft__objects *sorted, const weft_object *o) {
  return sorted->size && bsearch(&o, sorted->item, sorted->size, sizeof o, by_address);
}

/* What a collection that is under way is about to dispose of, or has already. False: out of memory. */
static bool copy_garbage(struct weft__objects *sorted) {
  for (size_t i = 0; i < gc.garbage.size; i++)
    if (!weft__objects_add(sorted, gc.garbage.item[i])) return false;
  if (sorted->size) qsort(sorted->item, sorted->size, sizeof *sorted->item, by_address);
  return true;
}

static unsigned generation_of(weft_object *o) {
  if (!weft__is_in_arena(o)) return weft__large_of(o)->generation;
  struct weft__page *page = weft__page_of(o);
  return weft__page_generation(page, weft__page_number(page, o));
}

typedef bool (*choice)(weft_object *o, void *arg);
struct walk {
  choice choose;
  void *arg;
  struct weft__objects found, hidden;
  bool failed;
};

static void walk_object(weft_object *o, void *walk_) {
  struct walk *w = walk_;
  if (w->failed || !weft__count_for_collector(&o->count) || is_in(&w->hidden, o) || !w->choose(o, w->arg)) return;
  w->failed = !weft__objects_add(&w->found, o);
}

/* A new list of the containers that are chosen; NULL with MemoryError. Garbage that others are just disposing of is
 * left out. */
static weft_object *list_of(choice choose, void *arg) {
  weft_object *list = weft_list_new();
  if (!list) return NULL;
  struct walk w = {.choose = choose, .arg = arg};
  bool paused = weft__heap_pause();
  w.failed = !copy_garbage(&w.hidden);
  weft__heap_walk(walk_object, &w);
  for (size_t i = 0; i < w.found.size; i++) weft_incref(w.found.item[i]);
  weft__heap_resume(paused);
  for (size_t i = 0; i < w.found.size && !w.failed; i++)
    w.failed = w.found.item[i] != list && weft_list_append(list, w.found.item[i]) != 0;
  for (size_t i = 0; i < w.found.size; i++) weft_decref(w.found.item[i]);
  weft__objects_free(&w.found);
  weft__objects_free(&w.hidden);
  if (!w.failed) return list;
  weft_decref(list);
  return weft_raise_memory();
}

static bool is_tracked(weft_object *o, int depth) {
  enum { DEEPEST = 20 }; /* what is nested deeper counts as tracked */
  if (!weft__is_tracked(o) || (weft__gc_is_type(o) && weft_is_immortal(o))) return false;
  if (o->type != &weft_tuple_type || depth == DEEPEST) return true;
  const struct weft__tuple *t = (const struct weft__tuple *)o;
  for (size_t i = 0; i < t->size; i++)
    if (is_tracked(t->items[i], depth + 1)) return true;
  return false;
}

static bool is_of_generation(weft_object *o, void *generation) {
  return (*(int *)generation < 0 || generation_of(o) == (unsigned)*(int *)generation) && is_tracked(o, 0);
}

weft_object *weft_gc_get_objects(int generation) {
  weft__check_attached("weft_gc_get_objects");
  if (generation < -1 || generation >= WEFT_GC_GENERATIONS)
    return weft_raise(&weft_ValueError, generation < 0 ? "generation parameter cannot be negative"
                                                       : "generation parameter must be less than the number of "
                                                         "available generations (3)");
  return list_of(is_of_generation, &generation);
}

struct visitor {
  int (*visit)(weft_object *, void *);
  void *arg;
  struct weft__objects hidden;
  bool over;
};
static void visit_until_over(weft_object *o, void *visitor_) {
  struct visitor *v = visitor_;
  if (v->over || !weft__count_for_collector(&o->count) || is_in(&v->hidden, o)) return;
  v->over = v->visit(o, v->arg) == 0;
}

int weft_gc_visit_objects(int (*visit)(weft_object *o, void *arg), void *arg) {
  weft__check_attached("weft_gc_visit_objects");
  struct visitor v = {.visit = visit, .arg = arg};
  bool paused = weft__heap_pause(), good = copy_garbage(&v.hidden);
  if (good) weft__heap_walk(visit_until_over, &v);
  weft__heap_resume(paused);
  weft__objects_free(&v.hidden);
  if (!good) weft_raise_memory();
  return good ? 0 : -1;
}

int weft_gc_generation(weft_object *o) {
  if (!weft__given("weft_gc_generation", o)) return -1;
  if (weft_is_immortal(o) || !weft__is_tracked(o)) {
    weft_raise(&weft_TypeError, "weft_gc_generation: '%s' object is not looked at by the collector",
               o->type->spec.name);
    return -1;
  }
  bool paused = weft__heap_pause();
  int generation = (int)generation_of(o);
  weft__heap_resume(paused);
  return generation;
}

/* --- Referents and referrers --- */

static int add_referent(weft_object *referent, void *found_) {
  struct weft__objects *found = found_;
  if (!weft__objects_add(found, referent)) return -1;
  weft_incref(referent);
  return 0;
}

weft_object *weft_gc_get_referents(size_t n, weft_object *const *objects) {
  if (!weft__all_given("weft_gc_get_referents", n, objects)) return NULL;
  struct weft__objects found = {0};
  bool good = true;
  bool paused = weft__heap_pause(); /* so that nobody changes them meanwhile */
  for (size_t i = 0; i < n && good; i++) {
    const weft_type *type = objects[i]->type;
    if (type->spec.flags & WEFT_TYPE_CONTAINER && type->spec.traverse)
      good = type->spec.traverse(objects[i], add_referent, &found) == 0;
  }
  weft__heap_resume(paused);
  weft_object *list = good ? weft_list_of(found.size, found.item) : weft_raise_memory();
  for (size_t i = 0; i < found.size; i++) weft_decref(found.item[i]);
  weft__objects_free(&found);
  return list;
}

struct wanted {
  weft_object *const *objects;
  size_t n;
};
static int is_wanted(weft_object *referent, void *wanted_) {
  const struct wanted *w = wanted_;
  for (size_t i = 0; i < w->n; i++)
    if (w->objects[i] == referent) return 1;
  return 0;
}
static bool refers(weft_object *o, void *wanted) {
  return o->type->spec.traverse && o->type->spec.traverse(o, is_wanted, wanted) != 0;
}

weft_object *weft_gc_get_referrers(size_t n, weft_object *const *objects) {
  if (!weft__all_given("weft_gc_get_referrers", n, objects)) return NULL;
  struct wanted w = {objects, n};
  return list_of(refers, &w);
}

int weft_gc_is_tracked(weft_object *o) {
  return weft__given("weft_gc_is_tracked", o) ? !weft_is_immortal(o) && is_tracked(o, 0) : -1;
}

int weft_gc_is_finalized(weft_object *o) {
  if (!weft__given("weft_gc_is_finalized", o)) return -1;
  const uint64_t *mark = weft__finalized_mark(o);
  return mark && *mark;
}

/* --- Freezing --- */

static void freeze(weft_object *o, void *unused) {
  (void)unused;
  weft__set_generation(o, WEFT__FROZEN_GENERATION);
}
static void unfreeze(weft_object *o, void *unused) {
  (void)unused;
  if (generation_of(o) == WEFT__FROZEN_GENERATION) weft__set_generation(o, WEFT_GC_GENERATIONS - 1);
}
static void count_frozen(weft_object *o, void *count) {
  *(uint64_t *)count += generation_of(o) == WEFT__FROZEN_GENERATION;
}

static void count_generation(weft_object *o, void *counts) { ((size_t *)counts)[generation_of(o)]++; }

static void walk_paused(void (*visit)(weft_object *, void *), void *arg) {
  bool paused = weft__heap_pause();
  weft__heap_walk(visit, arg);
  weft__heap_resume(paused);
}

void weft_gc_freeze(void) {
  weft__check_attached("weft_gc_freeze");
  walk_paused(freeze, NULL);
}

void weft_gc_unfreeze(void) {
  weft__check_attached("weft_gc_unfreeze");
  walk_paused(unfreeze, NULL);
}

uint64_t weft_gc_freeze_count(void) {
  weft__check_attached("weft_gc_freeze_count");
  uint64_t count = 0;
  walk_paused(count_frozen, &count);
  return count;
}

void weft__gc_print_generations(int generation) {
  size_t counts[WEFT__FROZEN_GENERATION + 1] = {0};
  walk_paused(count_generation, counts);
  fprintf(stderr, "gc: generation %d: objects in each generation: %zu %zu %zu, frozen: %zu\n", generation, counts[0],
          counts[1], counts[2], counts[WEFT__FROZEN_GENERATION]);
}

/* --- The end of the runtime --- */

void weft__gc_forget(void) { weft_clear(&garbage_list); }

void weft__gc_fini(void) {
  free(callbacks);
  callbacks = NULL;
  callbacks_used = callbacks_room = 0;
  garbage_list = NULL;
  gc = (struct weft__gc){.threshold = {700, 10, 10}};
  weft__gc_graph_fini();
}
