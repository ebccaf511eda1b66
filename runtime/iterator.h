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

/* An iterator over `o` from its last item to its first. Returns new. Errors: TypeError (sets have no order). */
WEFT_API weft_object *weft_reversed(weft_object *o);
/* About how many items iterating over `o` will give; 0 if nobody knows. Errors (-1): those of the length,
 * other than TypeError. */
WEFT_API int64_t weft_length_hint(weft_object *o);
/* Iterators over tuples: of a number, from `start` on, and an item each; of one item of each iterable, as long as all
 * have one. Return new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_enumerate(weft_object *iterable, int64_t start);
WEFT_API weft_object *weft_zip(size_t n, weft_object *const *iterables);
/* The smallest and the largest of what iterating gives, the first one of equals. Return new.
 * Errors: ValueError when there is nothing, TypeError, those of comparing and iterating. */
WEFT_API weft_object *weft_min(weft_object *iterable);
WEFT_API weft_object *weft_max(weft_object *iterable);

/* The item of `o` at `key`: an index, a slice, or a dict's key. Returns new. Errors: TypeError, IndexError, KeyError.
 */
WEFT_API weft_object *weft_get_item(weft_object *o, weft_object *key);
/* Stores it; NULL deletes. Errors (-1): as above, memory. May: run finalizers. */
WEFT_API int weft_set_item(weft_object *o, weft_object *key, weft_object *value);
/* Is `value` in `o`? Iterates where the type knows no better way. Errors (-1): TypeError, those of comparing. */
WEFT_API int weft_contains(weft_object *o, weft_object *value);

WEFT_END_DECLS
#endif
