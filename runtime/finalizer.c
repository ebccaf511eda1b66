/* SPDX-License-Identifier: MIT */
/*
 * Finalizers: weak references of a kind that calls a function.
 *
 * Those that are alive are in one list, newest first, which holds a reference to each. To take one out of it, under the
 * lock, is to win the right to call its function: so nobody else does, whether it is called, detached, dies with its
 * object, or the runtime ends at the same time.
 */
#include "runtime/finalizer.h"

#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/tuple.h"
#include "runtime/weak_internal.h"
#include "sync/lock.h"

typedef struct finalizer {
  weft__weakref ref;
  weft_object *function,
      *args; /* a tuple; both NULL once it is not alive. Protected by the lock, as all that follows */
  struct finalizer *newer, *older;
  bool at_exit;
} finalizer;

static weft__lock lock;
static finalizer *newest;
static bool ended; /* the runtime is ending and has called what it calls */

static void unlink_locked(finalizer *f) {
  if (f->older) f->older->newer = f->newer;
  if (f->newer)
    f->newer->older = f->older;
  else
    newest = f->older;
}

/* What a finalizer had. `f` is its reference in the list, or NULL: it was not alive. */
struct taken {
  finalizer *f;
  weft_object *function, *args;
};

static struct taken take_locked(finalizer *f) {
  if (!f || !f->function) return (struct taken){NULL, NULL, NULL};
  struct taken t = {f, f->function, f->args};
  unlink_locked(f);
  f->function = f->args = NULL;
  return t;
}
static struct taken take(finalizer *f) {
  weft__lock_acquire(&lock);
  struct taken t = take_locked(f);
  weft__lock_release(&lock);
  return t;
}

static void drop(struct taken t) {
  weft_decref(t.function);
  weft_decref(t.args);
  weft_decref(&t.f->ref.header);
}

/* The result; NULL: an error is set. */
static weft_object *run(struct taken t) {
  weft_object *result = weft_call(t.function, weft__tuple_items(t.args), (size_t)weft_tuple_length(t.args));
  drop(t);
  return result;
}

static void run_for_nobody(struct taken t) {
  weft_object *function = weft_new_ref(t.function), *result = run(t);
  if (!result) weft_error_unraisable(function);
  weft_xdecref(result);
  weft_decref(function);
}

static void finalizer_died(weft_object *self) {
  struct taken t = take((finalizer *)self);
  if (!t.f) return;
  weft__lock_acquire(&lock);
  bool too_late = ended;
  weft__lock_release(&lock);
  if (too_late)
    drop(t);
  else
    run_for_nobody(t);
}

weft_object *weft_finalizer_new(weft_object *o, weft_object *function, size_t n, weft_object *const *args) {
  static const char call[] = "weft_finalizer_new";
  if (!weft__weak_allowed(call, o) || !weft__given(call, function) || !weft__all_given(call, n, args)) return NULL;
  if (!function->type->spec.call)
    return weft_raise(&weft_TypeError, "%s: '%s' object is not callable", call, function->type->spec.name);
  weft_auto weft_object *tuple = weft_tuple_new(n, args);
  finalizer *f = tuple ? (finalizer *)weft__weakref_alloc(&weft_finalizer_type, sizeof *f, NULL) : NULL;
  if (!f) return NULL;
  f->function = weft_new_ref(function);
  f->args = weft_new_ref(tuple);
  f->at_exit = true;
  weft_incref(&f->ref.header); /* the list's */
  weft__lock_acquire(&lock);
  f->newer = NULL;
  f->older = newest;
  if (newest) newest->newer = f;
  newest = f;
  weft__lock_release(&lock);
  if (weft__weak_link(o, &f->ref, WEFT__WEAK_OF_MANY)) return &f->ref.header;
  drop(take(f));
  weft_decref(&f->ref.header);
  return weft_raise_memory();
}

static finalizer *expect(const char *call, weft_object *o) {
  return weft__expect(call, o, &weft_finalizer_type) ? (finalizer *)o : NULL;
}

weft_object *weft_finalizer_call(weft_object *o) {
  finalizer *f = expect("weft_finalizer_call", o);
  if (!f) return NULL;
  struct taken t = take(f);
  return t.f ? run(t) : WEFT_NONE;
}

/* (object, function, arguments), with what is found under the lock. */
static weft_object *parts(finalizer *f, bool detach) {
  weft_object *o = weft__weak_revive(&f->ref);
  if (!o) return WEFT_NONE;
  weft_object *tuple = weft_tuple_pack(3, o, WEFT_NONE, WEFT_NONE);
  weft_decref(o);
  if (!tuple) return NULL;
  weft__lock_acquire(&lock);
  bool alive = f->function;
  if (alive) {
    weft__tuple_items(tuple)[1] = weft_new_ref(f->function);
    weft__tuple_items(tuple)[2] = weft_new_ref(f->args);
  }
  struct taken t = take_locked(detach ? f : NULL);
  weft__lock_release(&lock);
  if (t.f) drop(t);
  if (alive) return tuple;
  weft_decref(tuple);
  return WEFT_NONE;
}

weft_object *weft_finalizer_peek(weft_object *o) {
  finalizer *f = expect("weft_finalizer_peek", o);
  return f ? parts(f, false) : NULL;
}

weft_object *weft_finalizer_detach(weft_object *o) {
  finalizer *f = expect("weft_finalizer_detach", o);
  return f ? parts(f, true) : NULL;
}

int weft_finalizer_is_alive(weft_object *o) {
  finalizer *f = expect("weft_finalizer_is_alive", o);
  if (!f) return -1;
  weft__lock_acquire(&lock);
  bool alive = f->function;
  weft__lock_release(&lock);
  return alive;
}

int weft_finalizer_runs_at_exit(weft_object *o) {
  finalizer *f = expect("weft_finalizer_runs_at_exit", o);
  if (!f) return -1;
  weft__lock_acquire(&lock);
  bool runs = f->function && f->at_exit;
  weft__lock_release(&lock);
  return runs;
}

int weft_finalizer_set_at_exit(weft_object *o, bool at_exit) {
  finalizer *f = expect("weft_finalizer_set_at_exit", o);
  if (!f) return -1;
  weft__lock_acquire(&lock);
  f->at_exit = at_exit;
  weft__lock_release(&lock);
  return 0;
}

/* --- The end of the runtime --- */

/* The newest that is alive and, or not, runs at exit; taken. With none, `last` says that the rest is too late. */
static struct taken take_newest(bool at_exit, bool last) {
  weft__lock_acquire(&lock);
  finalizer *f = newest;
  while (f && at_exit && !f->at_exit) f = f->older;
  struct taken t = take_locked(f);
  if (!t.f && last) ended = true;
  weft__lock_release(&lock);
  return t;
}

void weft__finalizers_at_exit(void) {
  struct taken t;
  while ((t = take_newest(true, true)).f) run_for_nobody(t);
  while ((t = take_newest(false, false)).f) drop(t);
}

void weft__finalizers_fini(void) {
  newest = NULL;
  ended = false;
}

/* --- The type --- */

static weft_object *finalizer_call(weft_object *self, weft_object *const *args, size_t n) {
  (void)args;
  if (n) return weft_raise(&weft_TypeError, "a finalizer takes no arguments (%zu given)", n);
  return weft_finalizer_call(self);
}

static int finalizer_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (op != WEFT_EQ && op != WEFT_NE) return WEFT_NOT_IMPLEMENTED;
  return (a == b) == (op == WEFT_EQ);
}

static int finalizer_traverse(weft_object *self, weft_visit visit, void *arg) {
  finalizer *f = (finalizer *)self;
  int stop = f->function ? visit(f->function, arg) : 0;
  return stop || !f->args ? stop : visit(f->args, arg);
}

const weft_type weft_finalizer_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "finalizer",
             .base = &weft_weakref_type,
             .basic_size = sizeof(finalizer),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = finalizer_traverse,
             .clear = weft__weakref_clear,
             .dealloc = weft__weakref_dealloc,
             .repr = weft__weakref_repr,
             .hash = weft__hash_identity,
             .compare = finalizer_compare,
             .call = finalizer_call},
    .quiet = true,
    .release = weft__weakref_release,
    .is_weak = true,
    .weak_died = finalizer_died,
};
