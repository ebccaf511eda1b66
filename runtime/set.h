/* SPDX-License-Identifier: MIT */
/*
 * set and frozenset: keys, each once, in no order. Keys are hashable objects; of equal ones the first stays. A
 * frozenset never changes and is hashable itself.
 *
 * Each operation is a safepoint, and atomic with respect to other threads: one on a single key always; one on many keys
 * at each set that it reads or changes, as long as no hook of the user's (compare) has to be asked whether two keys are
 * equal, which strs, ints and identical objects never need. Hooks run without any lock.
 *
 * A parameter `set` is a set where the function changes it, else a set or a frozenset; `other` is any iterable, and may
 * be the set itself.
 */
#ifndef WEFT_SET_H
#define WEFT_SET_H

#include "share.h"
#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_set_type, weft_frozenset_type;

static inline bool weft_set_check(const weft_object *o) { return o->type == &weft_set_type; }
static inline bool weft_frozenset_check(const weft_object *o) { return o->type == &weft_frozenset_type; }
static inline bool weft_any_set_check(const weft_object *o) { return weft_set_check(o) || weft_frozenset_check(o); }

/* --- Making --- */

/* An empty set, or frozenset. Return new. Errors: memory. */
WEFT_API weft_object *weft_set_new(void);
WEFT_API weft_object *weft_frozenset_new(void);
/* A set of what iterating over `iterable` gives. Returns new. Errors: TypeError (not iterable; an item that is not
 * hashable), those of iterating, hashing and comparing, memory. */
WEFT_API weft_object *weft_set_from(weft_object *iterable);
/* The same as a frozenset; a frozenset is returned itself. */
WEFT_API weft_object *weft_frozenset_from(weft_object *iterable);
/* A set with the same keys, as at one moment; a frozenset is its own copy. Returns new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_set_copy(weft_object *set);

/* --- One key. Errors: TypeError (no set; a key that is not hashable), those of hashing and comparing. --- */

/* Keys. Errors (-1): TypeError. */
WEFT_API int64_t weft_set_length(weft_object *set);
/* 1, 0; -1: error. */
WEFT_API int weft_set_contains(weft_object *set, weft_object *key);
/* Adds `key` unless it is there. Errors (-1): also memory; the set is unaltered. */
WEFT_API int weft_set_add(weft_object *set, weft_object *key);
/* Removes `key`: 1; 0: no such key; -1: error. A set as key stands for the frozenset of its keys, here and in the two
 * functions weft_set_remove and weft_contains. May: run finalizers. */
WEFT_API int weft_set_discard(weft_object *set, weft_object *key);
/* Removes `key`. Errors (-1): also KeyError. May: run finalizers. */
WEFT_API int weft_set_remove(weft_object *set, weft_object *key);
/* Removes some key and returns it. Returns new. Errors: TypeError, KeyError when empty. */
WEFT_API weft_object *weft_set_pop(weft_object *set);
/* Removes all keys. Errors (-1): TypeError. May: run finalizers. */
WEFT_API int weft_set_clear(weft_object *set);
/* Keys that there is room for before the table is made anew. Errors (-1): TypeError. */
WEFT_API int64_t weft_set_capacity(weft_object *set);

/*
 * --- Changing. Return 0, or -1. Errors: as weft_set_from. After one that `other` gave, or memory, the set is
 * unaltered; after one of comparing, or of memory when hooks have changed the set meanwhile, part of it may be done.
 * May: run finalizers. ---
 */

/* Adds the keys of `other`. */
WEFT_API int weft_set_update(weft_object *set, weft_object *other);
/* Removes the keys that are not in `other`. */
WEFT_API int weft_set_intersection_update(weft_object *set, weft_object *other);
/* Removes the keys that are in `other`. */
WEFT_API int weft_set_difference_update(weft_object *set, weft_object *other);
/* Removes the keys that are in `other`, and adds those that are only there. */
WEFT_API int weft_set_symmetric_difference_update(weft_object *set, weft_object *other);

/* --- Combining: a new set, or a new frozenset if `set` is one. Return new. Errors: as weft_set_from. --- */

/* The keys that are in either. */
WEFT_API weft_object *weft_set_union(weft_object *set, weft_object *other);
/* The keys that are in both. */
WEFT_API weft_object *weft_set_intersection(weft_object *set, weft_object *other);
/* The keys that are in `set` only. Of two sets also weft_subtract. */
WEFT_API weft_object *weft_set_difference(weft_object *set, weft_object *other);
/* The keys that are in one of them only. */
WEFT_API weft_object *weft_set_symmetric_difference(weft_object *set, weft_object *other);

/* --- Relations: 1, 0; -1: error, as weft_set_from. weft_compare orders sets and frozensets by inclusion. --- */

WEFT_API int weft_set_is_subset(weft_object *set, weft_object *other);
WEFT_API int weft_set_is_superset(weft_object *set, weft_object *other);
/* Have they no key in common? */
WEFT_API int weft_set_is_disjoint(weft_object *set, weft_object *other);

WEFT_END_DECLS
#endif
