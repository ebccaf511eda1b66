/* SPDX-License-Identifier: MIT */
/* References to methods: a weak one to the object, and the function, which is the type's and immortal. */
#include "runtime/copy_internal.h"
#include "runtime/instance_internal.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/weak_internal.h"

struct weak_method {
  weft__weakref ref;
  weft_object *function;
};

weft_object *weft_weak_method_new(weft_object *method, weft_object *callback) {
  static const char call[] = "weft_weak_method_new";
  if (!weft__expect(call, method, &weft_method_type)) return NULL;
  weft_object *function, *self;
  weft__method_parts(method, &function, &self);
  if (!weft__weak_allowed(call, self)) return NULL;
  struct weak_method *m = (struct weak_method *)weft__weakref_alloc(&weft_weak_method_type, sizeof *m,
                                                                    callback == WEFT_NONE ? NULL : callback);
  if (!m) return NULL;
  m->function = weft_new_ref(function);
  return weft__weakref_tie(&m->ref, self, WEFT__WEAK_OF_MANY);
}

weft_object *weft__weak_method_of(weft__weakref *r, weft_object *target_steal) {
  weft_object *function = weft_new_ref(((struct weak_method *)r)->function);
  weft_object *method = weft__method_new(function, target_steal);
  weft_decref(target_steal);
  return method;
}

static int weak_method_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  bool both = a->type == &weft_weak_method_type && b->type == &weft_weak_method_type;
  if ((op != WEFT_EQ && op != WEFT_NE) || !both) return WEFT_NOT_IMPLEMENTED;
  int equal = weft_weakref_type.spec.compare(a, b, WEFT_EQ);
  if (equal < 0) return equal;
  equal = equal && ((struct weak_method *)a)->function == ((struct weak_method *)b)->function;
  return equal == (op == WEFT_EQ);
}

static int weak_method_traverse(weft_object *self, weft_visit visit, void *arg) {
  int stop = visit(((struct weak_method *)self)->function, arg);
  return stop ? stop : weft__weakref_traverse(self, visit, arg);
}

static void weak_method_release(weft_object *self) {
  weft_decref(((struct weak_method *)self)->function);
  weft__weakref_clear(self);
}

static void weak_method_dealloc(weft_object *self) {
  weak_method_release(self);
  weft__heap_free(self, sizeof(struct weak_method));
}

const weft_type weft_weak_method_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "weakmethod",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_weakref_type,
             .basic_size = sizeof(struct weak_method),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = weak_method_traverse,
             .clear = weft__weakref_clear,
             .dealloc = weak_method_dealloc,
             .repr = weft__weakref_repr,
             .hash = weft__weakref_hash,
             .compare = weak_method_compare,
             .call = weft__weakref_call},
    .quiet = true,
    .release = weak_method_release,
    .is_weak = true,
};
