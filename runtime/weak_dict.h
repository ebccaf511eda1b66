/* SPDX-License-Identifier: MIT */
/*
 * Dicts that do not keep their values, or their keys, alive: an entry goes when its value, or its key, dies.
 *
 * Beside that they work like dict: in order, each operation atomic and a safepoint. Operations on the two have the same
 * names; `dict` below is either. Of a weak value dict, values are objects that can have weak references; of a weak key
 * dict, keys are, and are hashable.
 *
 * Iterators go through the entries that were there when they were made and skip those that have gone since. When
 * entries have been added or removed other than by death, they give RuntimeError, as those of a dict.
 */
#ifndef WEFT_WEAK_DICT_H
#define WEFT_WEAK_DICT_H

#include "weakref.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_weak_value_dict_type, weft_weak_key_dict_type;

/* Empty ones; calling the type also takes what weft_weak_dict_update takes. Return new. Errors: memory. */
WEFT_API weft_object *weft_weak_value_dict_new(void);
WEFT_API weft_object *weft_weak_key_dict_new(void);

/* All of these: Errors: TypeError (no weak dict; a key that is not hashable; a key or value that cannot have weak
 * references), those of hashing and comparing, memory. */

/* Entries. */
WEFT_API int64_t weft_weak_dict_length(weft_object *dict);
/* The value of `key`. Returns new. Errors: also KeyError. */
WEFT_API weft_object *weft_weak_dict_get(weft_object *dict, weft_object *key);
/* 1: stores the value (new) in *value; 0: no such key, *value is NULL; -1: error. */
WEFT_API int weft_weak_dict_find(weft_object *dict, weft_object *key, weft_object **value);
/* 1, 0; -1: error. */
WEFT_API int weft_weak_dict_contains(weft_object *dict, weft_object *key);
/* Sets or replaces the value of `key`. Errors (-1): the dict is unaltered. May: run finalizers. */
WEFT_API int weft_weak_dict_set(weft_object *dict, weft_object *key, weft_object *value);
/* The value of `key`, which is set to `value` if there is none, in one step. Returns new. */
WEFT_API weft_object *weft_weak_dict_set_default(weft_object *dict, weft_object *key, weft_object *value);
/* Removes `key`. Errors (-1): also KeyError. May: run finalizers. */
WEFT_API int weft_weak_dict_delete(weft_object *dict, weft_object *key);
/* Removes `key` and returns its value; when there is none, `otherwise`, or KeyError if that is NULL. Returns new. */
WEFT_API weft_object *weft_weak_dict_pop(weft_object *dict, weft_object *key, weft_object *otherwise);
/* Removes the entry that came last and returns the tuple (key, value). Returns new. Errors: also KeyError when empty.
 */
WEFT_API weft_object *weft_weak_dict_pop_item(weft_object *dict);
/* Removes all entries. May: run finalizers. */
WEFT_API int weft_weak_dict_clear(weft_object *dict);
/* One of the same kind with the same entries. Returns new. */
WEFT_API weft_object *weft_weak_dict_copy(weft_object *dict);
/* Sets in `dict` all keys of `other`: a dict, a weak one of either kind, or an iterable of pairs. */
WEFT_API int weft_weak_dict_update(weft_object *dict, weft_object *other);

/* Lists of what is alive, in order; items are tuples (key, value). Return new. */
WEFT_API weft_object *weft_weak_dict_keys(weft_object *dict);
WEFT_API weft_object *weft_weak_dict_values(weft_object *dict);
WEFT_API weft_object *weft_weak_dict_items(weft_object *dict);
/* The weak references to the values, or to the keys, of which some may be dead. Returns a new list. */
WEFT_API weft_object *weft_weak_dict_refs(weft_object *dict);
/* Iterators; weft_iter gives keys. Return new. */
WEFT_API weft_object *weft_weak_dict_iter_keys(weft_object *dict);
WEFT_API weft_object *weft_weak_dict_iter_values(weft_object *dict);
WEFT_API weft_object *weft_weak_dict_iter_items(weft_object *dict);

WEFT_END_DECLS
#endif
