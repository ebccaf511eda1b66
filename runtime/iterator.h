/* SPDX-License-Identifier: MIT */
/*
 * Iteration. An iterator is an object that gives one item after the other; threads may share one: then each item goes
 * to one of them, and none that was never in the container to anybody.
 *
 *     weft_auto weft_object *iterator = weft_iter(list);
 *     for (weft_object *item; (item = weft_next(iterator)); weft_decref(item)) ...
 *     if (weft_error_borrow()) ... // it failed
 */
#ifndef WEFT_ITERATOR_H
#define WEFT_ITERATOR_H

#include "type.h"

WEFT_BEGIN_DECLS

/* An iterator over `o`; `o` itself if it is one. Returns new. Errors: TypeError when `o` is not iterable. */
WEFT_API weft_object *weft_iter(weft_object *o);
/* The next item. Returns new; NULL at the end, without an error, from then on always.
 * Errors: NULL with TypeError when it is not an iterator, RuntimeError when a dict or set has changed its size. */
WEFT_API weft_object *weft_next(weft_object *iterator);

/* The item of `o` at `key`: an index, or a dict's key. Returns new. Errors: TypeError, IndexError, KeyError. */
WEFT_API weft_object *weft_get_item(weft_object *o, weft_object *key);
/* Stores it; NULL deletes. Errors (-1): as above, memory. May: run finalizers. */
WEFT_API int weft_set_item(weft_object *o, weft_object *key, weft_object *value);
/* Is `value` in `o`? Iterates where the type knows no better way. Errors (-1): TypeError, those of comparing. */
WEFT_API int weft_contains(weft_object *o, weft_object *value);

WEFT_END_DECLS
#endif
