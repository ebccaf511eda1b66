/* SPDX-License-Identifier: MIT */
/* Weak references as objects: the type, and what can be asked of an object about its references. */
#include "runtime/weakref.h"
#include "runtime/copy_internal.h"

#include <stdlib.h>

#include "runtime/instance_internal.h"
#include "runtime/list.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/weak_internal.h"

/* --- Making --- */

weft_object *weft__weakref_tie(weft__weakref *r, weft_object *target, enum weft__weak_shared shared) {
  weft__weakref *there = weft__weak_link(target, r, shared);
  if (there != r) weft_decref(&r->header);
  return there ? &there->header : weft_raise_memory();
}

weft_object *weft_weakref_new(weft_object *target, weft_object *callback) {
  if (!weft__weak_allowed("weft_weakref_new", target)) return NULL;
  if (WEFT_LIKELY(!callback || callback == WEFT_NONE)) {
    weft__weakref *there = weft__weak_glance(target);
    if (WEFT_LIKELY(there != NULL)) return &there->header;
    callback = NULL;
  }
  weft__weakref *r = weft__weakref_alloc(&weft_weakref_type, sizeof *r, callback);
  return r ? weft__weakref_tie(r, target, callback ? WEFT__WEAK_OF_MANY : WEFT__WEAK_SHARED_REF) : NULL;
}

/* Calling the type, or one that derives from it. */
static weft_object *weakref_make(const weft_type *type, weft_object *const *args, size_t n) {
  if (n < 1 || n > 2) return weft_raise(&weft_TypeError, "%s expected 1 or 2 arguments, got %zu", type->spec.name, n);
  weft_object *callback = n == 2 && args[1] != WEFT_NONE ? args[1] : NULL;
  if (type == &weft_weakref_type) return weft_weakref_new(args[0], callback);
  if (!weft__weak_allowed(type->spec.name, args[0])) return NULL;
  weft_object *o = weft__object_new(type, 0);
  if (!o) return NULL;
  weft_xincref(callback);
  ((weft__weakref *)o)->callback = callback;
  return weft__weakref_tie((weft__weakref *)o, args[0], WEFT__WEAK_OF_MANY);
}

static void weakref_body_init(weft_object *o) { weft__weakref_init((weft__weakref *)o, NULL); }

/* --- Asking --- */

static weft__weakref *expect(const char *call, weft_object *ref) {
  return weft__expect(call, ref, &weft_weakref_type) ? (weft__weakref *)ref : NULL;
}

weft_object *weft__weakref_get_slow(weft_object *ref) {
  weft__weakref *r = expect("weft_weakref_get", ref);
  if (!r) return NULL;
  weft_object *target = weft__weak_revive(r);
  if (!target) return WEFT_NONE;
  return ref->type == &weft_weak_method_type ? weft__weak_method_of(r, target) : target;
}

int weft_weakref_find(weft_object *ref, weft_object **target) {
  weft__weakref *r = expect("weft_weakref_find", ref);
  weft_object *found = r ? weft__weak_revive(r) : NULL;
  bool alive = found;
  if (found && ref->type == &weft_weak_method_type) found = weft__weak_method_of(r, found);
  bool failed = !r || (alive && !found);
  if (target)
    *target = found;
  else
    weft_xdecref(found);
  return failed ? -1 : alive;
}

weft_object *weft_weakref_peek(weft_object *ref) {
  weft__weakref *r = expect("weft_weakref_peek", ref);
  if (!r) return NULL;
  if (ref->type == &weft_weak_method_type)
    return weft_raise(&weft_TypeError, "weft_weakref_peek: methods are made anew");
  if (!weft__self()->brackets) weft__misuse("weft_weakref_peek", "no bracket is open");
  return weft__weak_look(r);
}

int weft_weakref_is_dead(weft_object *ref) {
  weft__check_attached("weft_weakref_is_dead");
  if (!ref || !ref->type->is_weak) return expect("weft_weakref_is_dead", ref) ? 0 : -1;
  weft_object *target = weft__weak_revive((weft__weakref *)ref);
  weft_xdecref(target);
  return !target;
}

weft_object *weft_weakref_callback(weft_object *ref) {
  weft__check_attached("weft_weakref_callback");
  if (!ref || !ref->type->is_weak) return expect("weft_weakref_callback", ref) ? WEFT_NONE : NULL;
  weft_object *callback = weft__weak_callback((weft__weakref *)ref);
  return callback ? callback : WEFT_NONE;
}

/* --- All references of an object --- */

int64_t weft_weakref_count(weft_object *target) {
  return weft__given("weft_weakref_count", target) ? (int64_t)weft__weak_list(target, NULL, 0) : -1;
}

weft_object *weft_weakref_list(weft_object *target) {
  if (!weft__given("weft_weakref_list", target)) return NULL;
  weft__weakref **refs = NULL;
  size_t room = 0, n;
  while ((n = weft__weak_list(target, refs, room)) > room) {
    for (size_t i = 0; i < room; i++) weft_decref(&refs[i]->header);
    free(refs);
    room = n;
    refs = weft__fault() ? NULL : malloc(room * sizeof *refs);
    if (!refs) return weft_raise_memory();
  }
  weft_object *list = weft_list_of(n, (weft_object *const *)refs);
  for (size_t i = 0; i < n; i++) weft_decref(&refs[i]->header);
  free(refs);
  return list;
}

/* --- Slots --- */

weft_object *weft__weakref_call(weft_object *self, weft_object *const *args, size_t n) {
  (void)args;
  if (n) return weft_raise(&weft_TypeError, "%s() takes no arguments (%zu given)", self->type->spec.name, n);
  return weft_weakref_get(self);
}

weft_object *weft__weakref_repr(weft_object *self) {
  weft_auto weft_object *target = weft_weakref_get(self);
  if (!target || target == WEFT_NONE) return weft_str_format("<weakref at %p; dead>", (void *)self);
  return weft_str_format("<weakref at %p; to '%s' at %p>", (void *)self, target->type->spec.name, (void *)target);
}

int weft__weakref_hash(weft_object *self, int64_t *hash) {
  weft__weakref *r = (weft__weakref *)self;
  /* order: relaxed: every thread would store the same. */
  if ((*hash = weft__load_relaxed(&r->hash)) != -1) return 0;
  weft_auto weft_object *target = weft__weak_revive(r);
  if (!target) {
    weft_raise(&weft_TypeError, "weak object has gone away");
    return -1;
  }
  if (weft_hash(target, hash) < 0) return -1;
  weft__store_relaxed(&r->hash, *hash);
  return 0;
}

/* By the targets, as long as both are alive. */
int weft__weakref_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  bool refs = weft_weakref_check(a) && weft_weakref_check(b);
  if ((op != WEFT_EQ && op != WEFT_NE) || !refs) return WEFT_NOT_IMPLEMENTED;
  weft_auto weft_object *x = weft__weak_revive((weft__weakref *)a), *y = weft__weak_revive((weft__weakref *)b);
  return x && y ? weft_compare(x, y, op) : (a == b) == (op == WEFT_EQ);
}

int weft__weakref_traverse(weft_object *self, weft_visit visit, void *arg) {
  weft__weakref *r = (weft__weakref *)self;
  return r->callback ? visit(r->callback, arg) : 0;
}

int weft__weakref_clear(weft_object *self) {
  weft__weakref *r = (weft__weakref *)self;
  weft__weak_unlink(r);
  weft_clear(&r->callback);
  return 0;
}

void weft__weakref_release(weft_object *self) { weft__weakref_clear(self); }

void weft__weakref_dealloc(weft_object *self) {
  weft__weakref_clear(self);
  weft__heap_free(self, self->type->spec.basic_size);
}

const weft_type weft_weakref_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "weakref",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(weft__weakref),
             .flags = WEFT_TYPE_BASE | WEFT_TYPE_CONTAINER,
             .traverse = weft__weakref_traverse,
             .clear = weft__weakref_clear,
             .dealloc = weft__weakref_dealloc,
             .repr = weft__weakref_repr,
             .hash = weft__weakref_hash,
             .compare = weft__weakref_compare,
             .call = weft__weakref_call},
    .body_init = weakref_body_init,
    .make = weakref_make,
    .quiet = true,
    .release = weft__weakref_release,
    .is_weak = true,
};
