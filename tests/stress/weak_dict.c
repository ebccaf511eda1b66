/* SPDX-License-Identifier: MIT */
/*
 * A weak value dict, a weak key dict and a weak set that four threads change, read and iterate over while the objects
 * in them die, in all threads and by collections; and finalizers of these objects, which threads call, detach, or leave
 * to the objects' deaths and to the end of the runtime. What is read is alive; each finalizer is called once; in the
 * end the containers are empty.
 */
#include "stress.h"

enum { THREADS = 4, KEYS = 32, PLACES = 16, LEFT = 50 };

static weft_object *places[PLACES]; /* cells that keep objects alive */
static weft_object *values, *keys, *members, *numbers[KEYS];
static const weft_type *weak_token_type;
static uint64_t made, called; /* atomic: finalizers that were not detached; calls */

static weft_object *count(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  REQUIRE(n == 1 && args[0] == WEFT_TRUE);
  weft__add_relaxed(&called, 1);
  return WEFT_NONE;
}
static weft_object *counting;

static void use_finalizer(chance *c, weft_object *o) {
  weft_object *arg = WEFT_TRUE, *f = weft_finalizer_new(o, counting, 1, &arg);
  REQUIRE(f);
  weft__add_relaxed(&made, 1);
  switch (pick(c, 4)) {
    case 0: REQUIRE(weft_finalizer_call(f) == WEFT_NONE); break;
    case 1: {
      weft_object *parts = weft_finalizer_detach(f);
      REQUIRE(parts && parts != WEFT_NONE);
      weft_decref(parts);
      weft__add_relaxed(&made, (uint64_t)-1);
      break;
    }
    default:;
  }
  weft_decref(f);
}

static void make(chance *c) {
  weft_object *o = token_of(weak_token_type), *number = numbers[pick(c, KEYS)];
  REQUIRE(weft_weak_dict_set(values, number, o) == 0);
  if (pick(c, 2)) REQUIRE(weft_weak_dict_set(keys, o, number) == 0);
  if (pick(c, 2)) REQUIRE(weft_weak_set_add(members, o) == 0);
  if (pick(c, 4) == 0) use_finalizer(c, o);
  if (pick(c, 2)) weft_cell_set(places[pick(c, PLACES)], o);
  weft_decref(o);
}

static void check_and_drop(weft_object *o) {
  token_check(o);
  weft_decref(o);
}

static void iterate(weft_object *iterator) {
  REQUIRE(iterator);
  for (weft_object *o; (o = weft_next(iterator));) check_and_drop(o);
  if (weft_error_borrow()) { /* others have added or removed */
    REQUIRE(weft_error_is(&weft_RuntimeError));
    weft_error_clear();
  }
  weft_decref(iterator);
}

static void step(chance *c) {
  weft_object *number = numbers[pick(c, KEYS)], *o = NULL;
  switch (pick(c, 12)) {
    case 0:
    case 1: make(c); break;
    case 2: weft_cell_set(places[pick(c, PLACES)], NULL); break;
    case 3:
      o = weft_weak_dict_pop(values, number, WEFT_NONE);
      REQUIRE(o);
      if (o != WEFT_NONE) check_and_drop(o);
      break;
    case 4: {
      weft_object *fresh = token_of(weak_token_type);
      o = weft_weak_dict_set_default(values, number, fresh);
      REQUIRE(o);
      check_and_drop(o);
      weft_decref(fresh);
      break;
    }
    case 5: iterate(weft_weak_dict_iter_values(values)); break;
    case 6: iterate(weft_iter(members)); break;
    case 7: iterate(weft_iter(keys)); break;
    case 8: {
      o = weft_cell_get(places[pick(c, PLACES)]);
      weft_error_clear();
      if (!o) break;
      weft_object *found = NULL;
      REQUIRE(weft_weak_dict_find(keys, o, &found) >= 0 && weft_weak_set_contains(members, o) >= 0);
      weft_xdecref(found);
      if (pick(c, 2)) REQUIRE(weft_weak_set_discard(members, o) >= 0);
      check_and_drop(o);
      break;
    }
    default:
      REQUIRE(weft_weak_dict_find(values, number, &o) >= 0);
      if (o) check_and_drop(o);
  }
}

static void *work(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  chance c = chance_of(self);
  REQUIRE(weft_attach());
  uint64_t steps = 0;
  for (; !is_over(); steps++) {
    step(&c);
    if (self == 0 && steps % 1000 == 999) REQUIRE(weft_gc_collect(2) >= 0);
    if (steps % 64 == 0) weft_poll();
  }
  weft_detach();
  add_work(steps);
  return NULL;
}

/* They are attached, and drop objects with finalizers, until the end of the runtime stops them. */
static weft_object *daemon_body(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  for (;;) {
    weft_object *o = token_of(weak_token_type), *arg = WEFT_TRUE, *f = weft_finalizer_new(o, counting, 1, &arg);
    REQUIRE(f);
    weft_decref(f);
    weft_decref(o);
    weft_poll();
  }
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  weak_token_type = weft_type_new(&(weft_type_spec){
      .name = "token", .basic_size = sizeof(token), .dealloc = token_dealloc, .flags = WEFT_TYPE_WEAK});
  counting = weft_function_new("count", count, 0, NULL);
  values = weft_weak_value_dict_new();
  keys = weft_weak_key_dict_new();
  members = weft_weak_set_new();
  REQUIRE(weak_token_type && counting && values && keys && members);
  for (size_t i = 0; i < KEYS; i++) numbers[i] = weft_int_new((int64_t)i);
  for (size_t i = 0; i < PLACES; i++) places[i] = weft_cell_new(NULL);
  team workers = {.size = 0};
  for (size_t i = 0; i < THREADS; i++) team_add(&workers, work);
  wait_for_the_end();
  team_join(&workers);
  for (size_t i = 0; i < PLACES; i++) weft_decref(places[i]);
  for (int i = 0; i < 3; i++) weft_synchronize();
  tokens_require_all_dead();
  REQUIRE(weft_weak_dict_length(values) == 0 && weft_weak_dict_length(keys) == 0 && weft_weak_set_length(members) == 0);
  REQUIRE(weft__load_relaxed(&called) == weft__load_relaxed(&made));
  weft_decref(values);
  weft_decref(keys);
  weft_decref(members);
  /* The end comes while two threads make finalizers and let them be called. */
  weft_object *body = weft_function_new("daemon", daemon_body, 0, NULL), *o = token_of(weak_token_type);
  for (int i = 0; i < 2; i++) {
    weft_object *thread = weft_thread_new(body, 0, NULL);
    REQUIRE(thread && weft_thread_set_daemon(thread, true) == 0 && weft_thread_start(thread) == 0);
    weft_decref(thread);
  }
  for (int i = 0; i < LEFT; i++) use_finalizer(&(chance){(uint64_t)i + 1}, o);
  weft_poll();
  return stress_end("weak_dict", "operations");
}
