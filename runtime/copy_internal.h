/* SPDX-License-Identifier: MIT */
/* What copy.c and deepcopy.c share, and what types say of themselves about copying. */
#ifndef WEFT_COPY_INTERNAL_H
#define WEFT_COPY_INTERNAL_H

#include "copy.h"

/* The copy and deepcopy slots of what never changes. */
weft_object *weft__copy_itself(weft_object *self);
weft_object *weft__deepcopy_itself(weft_object *self, weft_object *memo);

static inline bool weft__is_atomic(const weft_object *o) { return o->type->spec.deepcopy == weft__deepcopy_itself; }

/* Weft's own type that `type` is or derives from. */
static inline const weft_type *weft__body_type(const weft_type *type) {
  while (type->made) type = type->spec.base;
  return type;
}

/* Can an instance of `o`'s type be made, and filled, without a copy or reduce slot? */
bool weft__is_copyable(const weft_object *o);
/* A fresh instance of o's type with what its body holds, but without attributes; `deep`: also without a list's, dict's
 * or set's items. NULL: it cannot be made; the error is set. */
weft_object *weft__copy_body(weft_object *o, bool deep);

/* An instance of o's type, which derives from tuple or frozenset and so cannot be empty at first, of what it is to
 * hold. NULL with the error. */
weft_object *weft__made_like(weft_object *o, weft_object *parts);

/* What `set_state` or attributes are to be made of. NULL with the error. */
weft_object *weft__state_of(weft_object *o);
/* Gives the state to a copy. -1: error. */
int weft__state_apply(weft_object *copy, weft_object *state);
static inline bool weft__has_state_hooks(const weft_object *o) {
  return o->type->spec.get_state || o->type->spec.set_state;
}

/* What a registered copier or the reduce slot says of `o`. 1: a checked tuple, new; 0: neither is there; -1: error.
 * A str leaves NULL in *reduced: `o` is its own copy. */
int weft__reduced(weft_object *o, weft_object **reduced);
bool weft__has_reducer(const weft_object *o); /* perhaps: has anybody registered one, or has the type a slot? */
/* Item `i` of a checked tuple, borrowed; NULL: it is missing, or None. */
weft_object *weft__reduced_item(weft_object *reduced, int64_t i);
/* Calls with the arguments in a list. */
weft_object *weft__reduced_call(weft_object *callable, weft_object *args);
/* Appends the items of a list; sets pairs that lie in a list one after the other. -1: error. */
int weft__reduced_append(weft_object *copy, weft_object *items);
int weft__reduced_set(weft_object *copy, weft_object *flat_pairs);
/* A list of what iterating over pairs gives, both of each after each other. NULL with the error. */
weft_object *weft__flat_pairs(weft_object *pairs);

/* TypeError, or CopyError where copying is refused. Returns NULL. */
void *weft__cannot_copy(weft_object *o);

void weft__copiers_forget(void); /* the runtime ends. May: run finalizers */

#endif
