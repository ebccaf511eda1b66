/* SPDX-License-Identifier: MIT */
/*
 * Weak references: they lead to an object and do not keep it alive.
 *
 * When the object dies, its weak references are empty from then on, and those with a callback are called, newest first,
 * each with itself as the argument. That is after the object's finalizer, and not at all if that resurrects the object;
 * but a collection empties the references to all that it has found before it runs any callback or finalizer. A
 * reference that is dropped before its object, or found to be garbage together with it, is not called. What a callback
 * raises is unraisable.
 *
 * References without a callback, and of no derived type, are one for each object. While an object's finalizer runs, its
 * references are empty; they lead to it again if it is resurrected (other than by a collection).
 *
 * Which objects: lists, dicts, sets, frozensets, arrays, functions, methods, types, threads; instances of types made
 * with WEFT_TYPE_DICT or WEFT_TYPE_WEAK, or that derive from such a type.
 */
#ifndef WEFT_WEAKREF_H
#define WEFT_WEAKREF_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_weakref_type, weft_proxy_type, weft_callable_proxy_type, weft_weak_method_type;

struct weft__weakref {
  weft_object header;
  weft_object *target; /* atomic, borrowed; NULL: dead, for good */
  uint32_t owner;      /* atomic: the slot of the thread that owns the target, as far as is known; see weak_table.c */
  uint8_t seen;        /* atomic: the target's death waits for brackets */
  uint8_t shared;      /* which of its target's shared references it is, if any */
  uint8_t visits;      /* by threads that do not own the target */
  bool is_garbage;
  weft_object *callback; /* NULL: none. Of references of Weft's own kinds: what `died` of the type needs */
  int64_t hash;          /* atomic: -1 until it is asked for */
  struct weft__weakref *next, *previous; /* of the same target */
};

/* --- References --- */

/* A reference to `target`; `callback`, any callable, may be NULL or None. A derived type's are made by calling it, with
 * the same arguments. Returns new. Errors: TypeError (the target's type does not allow it), memory. */
WEFT_API weft_object *weft_weakref_new(weft_object *target, weft_object *callback);
/* The target, or None when it is dead. Returns new. Errors: TypeError. */
static inline weft_object *weft_weakref_get(weft_object *ref);
/* 1: stores the target (new) in *target; 0: it is dead, *target is NULL; -1: TypeError. */
WEFT_API int weft_weakref_find(weft_object *ref, weft_object **target);
/* The target, NULL without an error when it is dead. Returns borrowed, valid until the end of the bracket that the
 * caller has open (weft_read_begin), whatever other threads do. Errors: TypeError. Misuse: no bracket is open. */
WEFT_API weft_object *weft_weakref_peek(weft_object *ref);
/* 1: the target is dead, 0, -1: TypeError. Also of proxies. */
WEFT_API int weft_weakref_is_dead(weft_object *ref);
/* The callback; None when there is none, or the target is dead. Returns new. Errors: TypeError. */
WEFT_API weft_object *weft_weakref_callback(weft_object *ref);

static inline bool weft_weakref_check(const weft_object *o) { return weft_is_instance(o, &weft_weakref_type); }
static inline bool weft_proxy_check(const weft_object *o) {
  return o->type == &weft_proxy_type || o->type == &weft_callable_proxy_type;
}

/* How many references and proxies lead to `target`; and a new list of them, the shared ones first, then from the newest
 * to the oldest. Errors (-1, NULL): TypeError (no object), memory. */
WEFT_API int64_t weft_weakref_count(weft_object *target);
WEFT_API weft_object *weft_weakref_list(weft_object *target);

/* --- Proxies: operations on them are operations on the target, or ReferenceError when that is dead --- */

/* One without a callback is shared like a reference. It is not hashable, and callable if its target is. Returns new.
 * Errors: as weft_weakref_new. */
WEFT_API weft_object *weft_proxy_new(weft_object *target, weft_object *callback);

/* --- References to methods --- */

/* A method is made anew each time that it is looked up: a reference to one dies at once. This one lives as long as the
 * object; weft_weakref_get makes the method again. Returns new. Errors: TypeError (no method), as weft_weakref_new. */
WEFT_API weft_object *weft_weak_method_new(weft_object *method, weft_object *callback);

/* --- The fast path --- */

WEFT_API weft_object *weft__weakref_get_slow(weft_object *ref);

static inline weft_object *weft_weakref_get(weft_object *ref) {
  if (WEFT_LIKELY(ref && ref->type == &weft_weakref_type)) {
    struct weft__weakref *r = (struct weft__weakref *)ref;
    if (WEFT__HAS_GIL) {
      weft_object *target = r->target;
      if (WEFT_LIKELY(target && weft__tls.slot != WEFT__SLOT_NOBODY) && weft__try_incref(target)) return target;
      /* order: relaxed: the calling thread's own slot stands there only as long as nobody else can let the target die.
       */
    } else if (WEFT__HAS_OWNERS && WEFT_LIKELY(weft__load_relaxed(&r->owner) == weft__tls.slot)) {
      weft_object *target = weft__load_relaxed(&r->target);
      weft__count_incref(&target->count);
      return target;
    }
  }
  return weft__weakref_get_slow(ref);
}

WEFT_END_DECLS
#endif
