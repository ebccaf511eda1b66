/* SPDX-License-Identifier: MIT */
/*
 * When types that the program has released may be found garbage, and by what they are kept besides references.
 *
 *   Instances do not count their type. Those that a collection looks at (members) keep it as if they referred to it:
 * graph.c follows that. Any other block of an instance keeps it outright: an atom, a frozen container, one that is dead
 * but waits for its end. They are found by a walk over everything, which only collections of the oldest generation
 * make, and only while a type is released.
 *   What frees an instance reads its type, after its count word has become dead: where the walk does not see it. Such
 * an object is in the hands of a thread that is in the middle of a deallocation (`dealloc_depth`), or of several; then
 * no type dies this time. Nor while a thread has a bracket open: it may look at what types hold.
 */
#include "gc/graph_internal.h"
#include "runtime/runtime_internal.h"
#include "sync/grace_internal.h"
#include "sync/tstate.h"

static void is_busy(struct weft__tstate *ts, void *busy) {
  if (ts->dealloc_depth || ts->brackets) *(bool *)busy = true;
}

bool weft__gc_types_may_die(void) {
  bool busy = false;
  if (weft__types_released()) weft__tstate_for_each(is_busy, &busy);
  return weft__types_released() && !busy;
}

struct object_visitor {
  void (*visit)(weft_object *, void *);
  void *arg;
};

static void visit_page(struct weft__page *page, void *visitor) {
  struct object_visitor *v = visitor;
  if (weft__page_kind(page) != WEFT_HEAP_BUFFER) weft__page_walk(page, v->visit, v->arg);
}

void weft__gc_walk_all(const struct weft__merge_chunk *dead, void (*visit)(weft_object *, void *), void *arg) {
  struct object_visitor v = {visit, arg};
  weft__pages_walk(visit_page, &v);
  weft__large_walk(visit, arg);
  weft__large_walk_others(visit, arg);
  weft__merge_queue_walk(dead, visit, arg);
  weft__grace_walk_dead(visit, arg);
}
