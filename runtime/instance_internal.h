/* SPDX-License-Identifier: MIT */
/* Attributes of instances and types; see instance.c. */
#ifndef WEFT_INSTANCE_INTERNAL_H
#define WEFT_INSTANCE_INTERNAL_H

#include "type.h"

/* What a type with fixed slots or attribute dicts has beside its spec. False: an error is set; weft__attributes_fini.
 */
bool weft__attributes_init(weft_type *type, const weft_type *base);
/* Lets go of the type's own attributes. May: run finalizers. */
void weft__attributes_forget(weft_type *type);
void weft__attributes_fini(weft_type *type);
int weft__attributes_traverse(const weft_type *type, weft_visit visit, void *arg);

/* An instance with nothing in it. NULL with MemoryError. */
weft_object *weft__instance_alloc(const weft_type *type);
/* The size_of slot of types with attribute dicts: the dict, which is an object of its own, not counted. */
size_t weft__instance_size_of(weft_object *self);
/* The dealloc slot of instances without a body of the user's. */
void weft__instance_dealloc(weft_object *self);

/* The slots of specs for types with fixed slots or attribute dicts. */
int weft__instance_traverse(weft_object *self, weft_visit visit, void *arg);
int weft__instance_clear(weft_object *self);
weft_object *weft__instance_getattr(weft_object *self, weft_object *name);
int weft__instance_setattr(weft_object *self, weft_object *name, weft_object *value);
/* Lets go of the attributes of a dying instance. */
void weft__instance_drop(weft_object *self);

/* A method; and its parts, borrowed from it. */
weft_object *weft__method_new(weft_object *function_steal, weft_object *self);
void weft__method_parts(weft_object *method, weft_object **function, weft_object **self);

/* --- For copies --- */

/* Gives `to`, an instance of the same type which nobody else knows, the attributes of `from`: its own as they are at
 * one moment, fixed slots one after the other. -1: memory; `to` has some of them. */
int weft__instance_copy_attributes(weft_object *from, weft_object *to);
/* Sets attributes by a dict of them, without asking a setattr slot. -1: error; some may be set. */
int weft__instance_update(weft_object *o, weft_object *attributes);
/* The own attributes as they are at one moment, in a fresh dict; NULL with the error. */
weft_object *weft__instance_own_attributes(weft_object *o);
/* The fixed slots that are not empty, in a fresh dict; NULL with the error. */
weft_object *weft__instance_fixed_attributes(weft_object *o);
/* Those of the fixed slots that are not empty and of the own attributes, as they are at one moment, unless these have
 * gone into a dict: a list of names, and a value after each. NULL with the error. */
weft_object *weft__instance_attribute_list(weft_object *o);
/* The dict that has the own attributes, if they have gone into one. Returns new, or NULL. */
weft_object *weft__instance_dict_if_any(weft_object *o);

void weft__interned_fini(void);

/* Calls with `self` before the arguments. */
weft_object *weft__call_with_self(weft_object *callable, weft_object *self, weft_object *const *args, size_t n);

#endif
