/* SPDX-License-Identifier: MIT */
/* Proxies: weak references that stand for their targets in operations. Each operation holds the target meanwhile. */
#include "runtime/iterator.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/weak_internal.h"

weft_object *weft_proxy_new(weft_object *target, weft_object *callback) {
  if (!weft__weak_allowed("weft_proxy_new", target)) return NULL;
  const weft_type *type = target->type->spec.call ? &weft_callable_proxy_type : &weft_proxy_type;
  if (callback == WEFT_NONE) callback = NULL;
  weft__weakref *r = weft__weakref_alloc(type, sizeof *r, callback);
  return r ? weft__weakref_tie(r, target, callback ? WEFT__WEAK_OF_MANY : WEFT__WEAK_SHARED_PROXY) : NULL;
}

/* What stands for `o`: the target of a proxy, or `o` itself; a new reference. NULL: ReferenceError. */
static weft_object *meant(weft_object *o) {
  if (!weft_proxy_check(o)) return weft_new_ref(o);
  weft_object *target = weft__weak_revive((weft__weakref *)o);
  return target ? target : weft_raise(&weft_ReferenceError, "weakly-referenced object no longer exists");
}

static weft_object *proxy_repr(weft_object *self) {
  weft_auto weft_object *target = weft__weak_revive((weft__weakref *)self);
  if (!target) return weft_str_format("<weakproxy at %p; dead>", (void *)self);
  return weft_str_format("<weakproxy at %p to %s at %p>", (void *)self, target->type->spec.name, (void *)target);
}

static weft_object *proxy_str(weft_object *self) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_str(target) : NULL;
}

static int proxy_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  weft_auto weft_object *x = meant(a), *y = x ? meant(b) : NULL;
  return y ? weft_compare(x, y, op) : -1;
}

static int proxy_is_true(weft_object *self) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_is_true(target) : -1;
}

static weft_object *proxy_call(weft_object *self, weft_object *const *args, size_t n) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_call(target, args, n) : NULL;
}

#define OPERATION(name, operation)                                   \
  static weft_object *proxy_##name(weft_object *a, weft_object *b) { \
    weft_auto weft_object *x = meant(a), *y = x ? meant(b) : NULL;   \
    return y ? operation(x, y) : NULL;                               \
  }
OPERATION(add, weft_add)
OPERATION(subtract, weft_subtract)
OPERATION(multiply, weft_multiply)
OPERATION(and, weft_and)
OPERATION(or, weft_or)
OPERATION(xor, weft_xor)
OPERATION(in_place_add, weft_in_place_add)
OPERATION(in_place_subtract, weft_in_place_subtract)
OPERATION(in_place_multiply, weft_in_place_multiply)
OPERATION(in_place_and, weft_in_place_and)
OPERATION(in_place_or, weft_in_place_or)
OPERATION(in_place_xor, weft_in_place_xor)

static int64_t proxy_length(weft_object *self) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_length(target) : -1;
}

static weft_object *proxy_get_item(weft_object *self, weft_object *key) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_get_item(target, key) : NULL;
}

static int proxy_set_item(weft_object *self, weft_object *key, weft_object *value) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_set_item(target, key, value) : -1;
}

static int proxy_contains(weft_object *self, weft_object *value) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_contains(target, value) : -1;
}

static weft_object *proxy_iter(weft_object *self) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_iter(target) : NULL;
}

static weft_object *proxy_next(weft_object *self) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_next(target) : NULL;
}

static weft_object *proxy_reversed(weft_object *self) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_reversed(target) : NULL;
}

static weft_object *proxy_getattr(weft_object *self, weft_object *name) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_getattr(target, name) : NULL;
}

static int proxy_setattr(weft_object *self, weft_object *name, weft_object *value) {
  weft_auto weft_object *target = meant(self);
  return target ? weft_setattr(target, name, value) : -1;
}

#define PROXY_TYPE(symbol, name_, call_)                     \
  const weft_type symbol = {                                 \
      .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},     \
      .spec = {.name = name_,                                \
               .base = &weft_object_type,                    \
               .basic_size = sizeof(weft__weakref),          \
               .flags = WEFT_TYPE_CONTAINER,                 \
               .traverse = weft__weakref_traverse,           \
               .clear = weft__weakref_clear,                 \
               .dealloc = weft__weakref_dealloc,             \
               .repr = proxy_repr,                           \
               .str = proxy_str,                             \
               .compare = proxy_compare,                     \
               .is_true = proxy_is_true,                     \
               .call = call_,                                \
               .add = proxy_add,                             \
               .subtract = proxy_subtract,                   \
               .multiply = proxy_multiply,                   \
               .bit_and = proxy_and,                         \
               .bit_or = proxy_or,                           \
               .bit_xor = proxy_xor,                         \
               .in_place_add = proxy_in_place_add,           \
               .in_place_subtract = proxy_in_place_subtract, \
               .in_place_multiply = proxy_in_place_multiply, \
               .in_place_and = proxy_in_place_and,           \
               .in_place_or = proxy_in_place_or,             \
               .in_place_xor = proxy_in_place_xor,           \
               .length = proxy_length,                       \
               .get_item = proxy_get_item,                   \
               .set_item = proxy_set_item,                   \
               .contains = proxy_contains,                   \
               .iter = proxy_iter,                           \
               .next = proxy_next,                           \
               .reversed = proxy_reversed,                   \
               .getattr = proxy_getattr,                     \
               .setattr = proxy_setattr},                    \
      .quiet = true,                                         \
      .release = weft__weakref_release,                      \
      .is_weak = true,                                       \
  }

PROXY_TYPE(weft_proxy_type, "weakproxy", NULL);
PROXY_TYPE(weft_callable_proxy_type, "weakcallableproxy", proxy_call);
