/* SPDX-License-Identifier: MIT */
/*
 * list: a growable sequence of references. Each operation is atomic with respect to other threads.
 * Indices may be negative to count from the end.
 */
#ifndef WEFT_LIST_H
#define WEFT_LIST_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_list_type;

static inline bool weft_list_check(const weft_object *o) { return o->type == &weft_list_type; }

/* An empty list. Returns new. Errors: memory. */
WEFT_API weft_object *weft_list_new(void);
/* A list of `n` items, to which it adds references. Returns new. Errors: memory. */
WEFT_API weft_object *weft_list_of(size_t n, weft_object *const *items);
/* Items. Errors (-1): TypeError. */
WEFT_API int64_t weft_list_length(weft_object *list);
/* Item `index`. Returns new. Errors: TypeError, IndexError. */
WEFT_API weft_object *weft_list_get(weft_object *list, int64_t index);
/* Replaces item `index`. Errors (-1): TypeError, IndexError; the list is unaltered. May: run finalizers. */
WEFT_API int weft_list_set(weft_object *list, int64_t index, weft_object *item);
/* Adds `item` at the end, amortised O(1). Errors (-1): TypeError, memory; the list is unaltered. */
WEFT_API int weft_list_append(weft_object *list, weft_object *item);
/* Inserts before `index`, clamped to the list. Errors (-1): as append. */
WEFT_API int weft_list_insert(weft_object *list, int64_t index, weft_object *item);
/* Removes and returns item `index`. Returns new. Errors: TypeError, IndexError. */
WEFT_API weft_object *weft_list_pop(weft_object *list, int64_t index);
/* Removes all items, last to first. Errors (-1): TypeError. May: run finalizers. */
WEFT_API int weft_list_clear(weft_object *list);

WEFT_END_DECLS
#endif
