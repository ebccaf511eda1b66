/* SPDX-License-Identifier: MIT */
/*
 * dict: keys, each with a value, in the order in which the keys came. Keys are hashable objects; equal keys are one
 * key, and the first of them stays. Each operation is atomic with respect to other threads, and a safepoint; hooks of
 * the user's (hash, compare) run without any lock, and an operation that they disturb starts again.
 */
#ifndef WEFT_DICT_H
#define WEFT_DICT_H

#include "share.h"
#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_dict_type;

static inline bool weft_dict_check(const weft_object *o) { return o->type == &weft_dict_type; }

/* An empty dict. Returns new. Errors: memory. */
WEFT_API weft_object *weft_dict_new(void);
/* An empty dict with room for `n` keys. Returns new. Errors: memory. */
WEFT_API weft_object *weft_dict_new_sized(size_t n);
/* Keys. Errors (-1): TypeError. */
WEFT_API int64_t weft_dict_length(weft_object *dict);

/* All of these: Errors: TypeError (not a dict; a key that is not hashable), those of hashing and comparing, memory. */

/* The value of `key`. Returns new. Errors: also KeyError. */
WEFT_API weft_object *weft_dict_get(weft_object *dict, weft_object *key);
/* 1: stores the value (new) in *value; 0: no such key, *value is NULL; -1: error. */
WEFT_API int weft_dict_find(weft_object *dict, weft_object *key, weft_object **value);
/* As weft_dict_get. Returns borrowed, valid until the end of the bracket that the caller has open (weft_read_begin);
 * NULL without an error when there is no such key. Misuse: no bracket is open. */
WEFT_API weft_object *weft_dict_peek(weft_object *dict, weft_object *key);
/* 1, 0; -1: error. */
WEFT_API int weft_dict_contains(weft_object *dict, weft_object *key);
/* Sets or replaces the value of `key`. Errors (-1): the dict is unaltered. May: run finalizers. */
WEFT_API int weft_dict_set(weft_object *dict, weft_object *key, weft_object *value);
/* The value of `key`, which is set to `value` if there is none, in one step. Returns new. */
WEFT_API weft_object *weft_dict_set_default(weft_object *dict, weft_object *key, weft_object *value);
/* Removes `key`. Errors (-1): also KeyError. May: run finalizers. */
WEFT_API int weft_dict_delete(weft_object *dict, weft_object *key);
/* Removes `key` and returns its value; when there is none, `otherwise`, or KeyError if that is NULL. Returns new. */
WEFT_API weft_object *weft_dict_pop(weft_object *dict, weft_object *key, weft_object *otherwise);
/* Removes the key that came last and returns the tuple (key, value). Returns new. Errors: also KeyError when empty. */
WEFT_API weft_object *weft_dict_pop_item(weft_object *dict);
/* The same with the key that came first. */
WEFT_API weft_object *weft_dict_pop_first(weft_object *dict);
/* Makes `key` the last in the order, or the first. To the front it may take as long as copying the dict, but not each
 * time. Errors (-1): also KeyError; the dict is unaltered. */
WEFT_API int weft_dict_move_to_end(weft_object *dict, weft_object *key, bool last);
/* Removes all keys. May: run finalizers. */
WEFT_API int weft_dict_clear(weft_object *dict);

/* The same with a key in UTF-8, which is made a str each time. Errors: also ValueError. */
WEFT_API int weft_dict_find_text(weft_object *dict, const char *key, weft_object **value);
WEFT_API weft_object *weft_dict_get_text(weft_object *dict, const char *key);
WEFT_API int weft_dict_contains_text(weft_object *dict, const char *key);
WEFT_API int weft_dict_set_text(weft_object *dict, const char *key, weft_object *value);
WEFT_API int weft_dict_delete_text(weft_object *dict, const char *key);
WEFT_API weft_object *weft_dict_pop_text(weft_object *dict, const char *key, weft_object *otherwise);

/* A copy of the table, at one moment. Returns new. */
WEFT_API weft_object *weft_dict_copy(weft_object *dict);
/* Sets in `dict` all keys of `other`, a dict, or all pairs that iterating over it gives, one after the other. */
WEFT_API int weft_dict_update(weft_object *dict, weft_object *other);
/* Sets in `dict` the keys of `other`, a dict; those that are there already only if `override`.
 * Errors (-1): also AttributeError when `other` is no dict. */
WEFT_API int weft_dict_merge(weft_object *dict, weft_object *other, bool override);
/* A dict of the keys that iterating over `keys` gives, all with `value`. Returns new. */
WEFT_API weft_object *weft_dict_from_keys(weft_object *keys, weft_object *value);

/* Lists of what is there at one moment, in order; items are tuples (key, value). Return new. */
WEFT_API weft_object *weft_dict_keys(weft_object *dict);
WEFT_API weft_object *weft_dict_values(weft_object *dict);
WEFT_API weft_object *weft_dict_items(weft_object *dict);
/* Iterators. They give RuntimeError when the dict has got or lost keys meanwhile. weft_iter gives keys. Return new. */
WEFT_API weft_object *weft_dict_iter_keys(weft_object *dict);
WEFT_API weft_object *weft_dict_iter_values(weft_object *dict);
WEFT_API weft_object *weft_dict_iter_items(weft_object *dict);
/* The same from the last to the first; weft_reversed gives keys. When keys have come and gone, but there are as many as
 * before, they end. Return new. */
WEFT_API weft_object *weft_dict_reverse_keys(weft_object *dict);
WEFT_API weft_object *weft_dict_reverse_values(weft_object *dict);
WEFT_API weft_object *weft_dict_reverse_items(weft_object *dict);

/* Keys that there is room for before the table grows. Errors (-1): TypeError. */
WEFT_API int64_t weft_dict_capacity(weft_object *dict);

/* For the runtime: as weft_dict_set, but 1 when the key is new. */
int weft__dict_put(weft_object *dict, weft_object *key, weft_object *value);
/* For the runtime: removes the key if its value is this very object: 1; 0: it is not; -1: error. */
int weft__dict_remove_if(weft_object *dict, weft_object *key, weft_object *value);
/* For the runtime: adds a key that a fresh dict, which nobody else knows and which has room, has not. */
void weft__dict_add(weft_object *dict, weft_object *key, weft_object *value);
/* For the runtime: the entry *at, or the next one that is there and whose value is `wanted` (NULL: any); *at is then
 * the number of the one after. Returns new, of both. False: there is none. */
bool weft__dict_next(weft_object *dict, size_t *at, bool (*wanted)(const weft_object *o), weft_object **key,
                     weft_object **value);
/* For the runtime: what is in a fresh dict which nobody else knows: some key, some value is `wanted`. */
enum weft__dict_has { WEFT__DICT_HAS_KEY = 1, WEFT__DICT_HAS_VALUE = 2 };
int weft__dict_scan(weft_object *dict, bool (*wanted)(const weft_object *o));
/* For the runtime: sets the keys from entry `start` on in another dict. All of them, in an empty dict, it takes away
 * from the first. Errors (-1): those of setting. */
int weft__dict_move(weft_object *from, size_t start, weft_object *to);
/* For the runtime: lets `visit` look at the value of `key`, where it need not be counted; `visit` reaches no safepoint,
 * and drops nothing. 1; 0: no such key; -1: error. */
int weft__dict_visit(weft_object *dict, weft_object *key, void (*visit)(weft_object *value, void *arg), void *arg);

WEFT_END_DECLS
#endif
