/* SPDX-License-Identifier: MIT */
/*
 * A set that does not keep its members alive: a member that dies is none any more. Members are hashable objects that
 * can have weak references.
 *
 * It works like set: each operation on one member is atomic and a safepoint; one on many members is atomic for each. An
 * iterator goes through the members that were there when it was made and skips those that have gone since; when some
 * have been added or removed other than by death, it gives RuntimeError. `other` is any iterable, and may be the set.
 */
#ifndef WEFT_WEAK_SET_H
#define WEFT_WEAK_SET_H

#include "weakref.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_weak_set_type;

/* All of these: Errors: TypeError (no weak set; an object that is not hashable, or cannot have weak references; `other`
 * is no iterable), those of hashing, comparing and iterating, memory. */

/* An empty one; one with the members of `other`; one with the same members. Calling the type takes an optional
 * iterable. Return new. */
WEFT_API weft_object *weft_weak_set_new(void);
WEFT_API weft_object *weft_weak_set_from(weft_object *other);
WEFT_API weft_object *weft_weak_set_copy(weft_object *set);

/* Members. */
WEFT_API int64_t weft_weak_set_length(weft_object *set);
/* 1, 0; -1: error. What cannot have weak references is no member. */
WEFT_API int weft_weak_set_contains(weft_object *set, weft_object *o);
/* Adds `o` unless it is there. Errors (-1): the set is unaltered. */
WEFT_API int weft_weak_set_add(weft_object *set, weft_object *o);
/* Removes `o`: 1; 0: it was none; -1. May: run finalizers. */
WEFT_API int weft_weak_set_discard(weft_object *set, weft_object *o);
/* Removes `o`. Errors (-1): also KeyError. */
WEFT_API int weft_weak_set_remove(weft_object *set, weft_object *o);
/* Removes some member and returns it. Returns new. Errors: also KeyError when empty. */
WEFT_API weft_object *weft_weak_set_pop(weft_object *set);
WEFT_API int weft_weak_set_clear(weft_object *set);
/* A list of the members. Returns new. */
WEFT_API weft_object *weft_weak_set_members(weft_object *set);

/* Change the set: add, keep, remove, toggle the members of `other`. Return 0, or -1: then it is unaltered, unless
 * memory ran out or comparing failed half-way. */
WEFT_API int weft_weak_set_update(weft_object *set, weft_object *other);
WEFT_API int weft_weak_set_intersection_update(weft_object *set, weft_object *other);
WEFT_API int weft_weak_set_difference_update(weft_object *set, weft_object *other);
WEFT_API int weft_weak_set_symmetric_difference_update(weft_object *set, weft_object *other);
/* The same to a copy. Return new. */
WEFT_API weft_object *weft_weak_set_union(weft_object *set, weft_object *other);
WEFT_API weft_object *weft_weak_set_intersection(weft_object *set, weft_object *other);
WEFT_API weft_object *weft_weak_set_difference(weft_object *set, weft_object *other);
WEFT_API weft_object *weft_weak_set_symmetric_difference(weft_object *set, weft_object *other);

/* 1, 0; -1: error. */
WEFT_API int weft_weak_set_is_subset(weft_object *set, weft_object *other);
WEFT_API int weft_weak_set_is_superset(weft_object *set, weft_object *other);
WEFT_API int weft_weak_set_is_disjoint(weft_object *set, weft_object *other);

WEFT_END_DECLS
#endif
