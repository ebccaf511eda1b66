/* SPDX-License-Identifier: MIT */
/*
 * Weak references: four threads make objects and references to them, with and without callbacks, put both where the
 * others find them, dereference and peek at what they find, and drop it, each object being dropped last by whoever
 * comes last; one of them collects cycles that have references meanwhile. What a reference gives is alive: its body is
 * whole. Nothing is called twice, and an object whose reference outlives it has it called.
 *
 * Stands for: gh-151223, gh-149816 (references made or read while the target dies), gh-127582 (a dying object revived).
 */
#include "stress.h"

#include "runtime/weakref.h"

enum { THREADS = 4, PLACES = 12 };

static weft_object *objects[PLACES], *refs[PLACES]; /* cells */
static weft_object *counting;                       /* the callback */
static const weft_type *weak_token_type, *pair_type, *called_type;
static uint64_t watched, called; /* atomic: references with a callback that are never dropped before their targets */

static weft_object *count(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  REQUIRE(n == 1 && weft_weakref_get(args[0]) == WEFT_NONE);
  if (args[0]->type == called_type) {
    weft__add_relaxed(&called, 1);
    weft_decref(args[0]); /* the one that `watch` has left */
  }
  return WEFT_NONE;
}

/* Makes a reference that is there until it is called. */
static void watch(weft_object *o) {
  weft_object *args[] = {o, counting};
  REQUIRE(weft_call((weft_object *)called_type, args, 2));
  weft__add_relaxed(&watched, 1);
}

static void publish(chance *c, size_t i) {
  weft_object *o = token_of(weak_token_type);
  weft_object *ref = weft_weakref_new(o, pick(c, 2) ? counting : NULL);
  REQUIRE(ref);
  if (pick(c, 4) == 0) watch(o);
  weft_cell_set(objects[i], o);
  weft_cell_set(refs[i], ref);
  weft_decref(ref);
  weft_decref(o);
}

static weft_object *taken(weft_object *cell) {
  weft_object *o = weft_cell_get(cell);
  if (!o) weft_error_clear();
  return o;
}

static void dereference(size_t i) {
  weft_object *ref = taken(refs[i]);
  if (!ref) return;
  weft_object *o = weft_weakref_get(ref);
  REQUIRE(o);
  if (o != WEFT_NONE) token_check(o);
  weft_decref(o);
  weft_decref(ref);
}

static void look(chance *c, size_t i) {
  weft_object *ref = taken(refs[i]);
  if (!ref) return;
  weft_read_begin();
  weft_object *o = weft_weakref_peek(ref);
  weft_decref(ref);
  for (size_t n = pick(c, 20); o && n > 0; n--) {
    token_check(o);
    if (n == 7) weft_poll();
  }
  weft_read_end();
}

/* References of an object that others may be dropping. */
static void ask(size_t i) {
  weft_object *o = taken(objects[i]);
  if (!o) return;
  weft_object *list = weft_weakref_list(o), *ref = weft_weakref_new(o, NULL), *same = weft_weakref_new(o, NULL);
  REQUIRE(list && ref && ref == same && weft_weakref_count(o) >= 1);
  weft_object *found = weft_weakref_get(ref);
  REQUIRE(found == o);
  weft_decref(o);
  weft_decref(found);
  weft_decref(ref);
  weft_decref(same);
  weft_decref(list);
}

/* A cycle with an object in it that has references. */
static void make_a_cycle(size_t i) {
  weft_object *pair = weft_instance_new(pair_type), *o = taken(objects[i]);
  REQUIRE(pair && weft_slot_set(pair, 0, pair) == 0);
  if (o) weft_slot_set(pair, 1, o);
  watch(pair);
  weft_object *ref = weft_weakref_new(pair, NULL);
  weft_cell_set(refs[i], NULL);
  REQUIRE(ref);
  weft_decref(ref);
  weft_xdecref(o);
  weft_decref(pair);
}

static void *work(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  chance c = chance_of(self);
  REQUIRE(weft_attach());
  uint64_t steps = 0;
  for (; !is_over(); steps++) {
    size_t i = pick(&c, PLACES);
    switch (pick(&c, 12)) {
      case 0: publish(&c, i); break;
      case 1: weft_cell_set(objects[i], NULL); break;
      case 2: weft_cell_set(refs[i], NULL); break;
      case 3: ask(i); break;
      case 4: make_a_cycle(i); break;
      case 5:
      case 6: look(&c, i); break;
      default: dereference(i);
    }
    if (self == 0 && steps % 500 == 499) REQUIRE(weft_gc_collect(2) >= 0);
    if (steps % 64 == 0) weft_poll();
  }
  weft_detach();
  add_work(steps);
  return NULL;
}

int main(int argc, char **argv) {
  static const char *const links[] = {"first", "second", NULL};
  stress_begin(argc, argv);
  weak_token_type = weft_type_new(&(weft_type_spec){
      .name = "token", .basic_size = sizeof(token), .dealloc = token_dealloc, .flags = WEFT_TYPE_WEAK});
  pair_type = weft_type_new(&(weft_type_spec){.name = "pair", .slot_names = links, .flags = WEFT_TYPE_WEAK});
  called_type = weft_type_new(&(weft_type_spec){.name = "called", .base = &weft_weakref_type});
  counting = weft_function_new("count", count, 0, NULL);
  REQUIRE(weak_token_type && pair_type && called_type && counting);
  for (size_t i = 0; i < PLACES; i++) {
    objects[i] = weft_cell_new(NULL);
    refs[i] = weft_cell_new(NULL);
  }
  team workers = {.size = 0};
  for (size_t i = 0; i < THREADS; i++) team_add(&workers, work);
  wait_for_the_end();
  team_join(&workers);
  for (size_t i = 0; i < PLACES; i++) {
    weft_decref(objects[i]);
    weft_decref(refs[i]);
  }
  weft_gc_collect(2);
  for (int i = 0; i < 3; i++) weft_synchronize();
  tokens_require_all_dead();
  REQUIRE(weft__load_relaxed(&called) == weft__load_relaxed(&watched));
  weft_decref(counting);
  return stress_end("weakref", "operations");
}
