/* SPDX-License-Identifier: MIT */
/* tuple: a fixed sequence of references. The empty tuple is one immortal object. */
#ifndef WEFT_TUPLE_H
#define WEFT_TUPLE_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_tuple_type;

static inline bool weft_tuple_check(const weft_object *o) { return o->type == &weft_tuple_type; }

/* A tuple of `n` items, to which it adds references. Returns new. Errors: memory. */
WEFT_API weft_object *weft_tuple_new(size_t n, weft_object *const *items);
/* As weft_tuple_new for the given items: weft_tuple_pack(2, a, b). */
WEFT_API weft_object *weft_tuple_pack(size_t n, ...);
/* Items. Errors (-1): TypeError. */
WEFT_API int64_t weft_tuple_length(const weft_object *o);
/* Item `index`, which may be negative to count from the end. Returns new. Errors: TypeError, IndexError. */
WEFT_API weft_object *weft_tuple_get(const weft_object *o, int64_t index);
/* As weft_tuple_get. Returns borrowed: a tuple never changes, so the item lives as long as the tuple. */
WEFT_API weft_object *weft_tuple_get_borrow(const weft_object *o, int64_t index);

WEFT_END_DECLS
#endif
