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
/* A tuple of what iterating over `iterable` gives; a tuple is returned itself. Returns new. Errors: TypeError, the
 * iterable's, memory. */
WEFT_API weft_object *weft_tuple_from(weft_object *iterable);
/* Items. Errors (-1): TypeError. */
WEFT_API int64_t weft_tuple_length(const weft_object *o);
/* Item `index`, which may be negative to count from the end. Returns new. Errors: TypeError, IndexError. */
WEFT_API weft_object *weft_tuple_get(const weft_object *o, int64_t index);
/* As weft_tuple_get. Returns borrowed: a tuple never changes, so the item lives as long as the tuple. */
static inline weft_object *weft_tuple_get_borrow(const weft_object *o, int64_t index);

/* Every `step`-th item from `start` up to `stop`, both clamped; INT64_MIN and INT64_MAX are beyond either end. Returns
 * new, maybe the tuple itself. Errors: TypeError, ValueError (step 0), memory. */
WEFT_API weft_object *weft_tuple_slice(weft_object *o, int64_t start, int64_t stop, int64_t step);
/* The items `n` times, 0 when n is negative. Returns new, maybe the tuple itself. Errors: TypeError, memory. */
WEFT_API weft_object *weft_tuple_repeat(weft_object *o, int64_t n);

/* Is an item equal to `value`? Errors (-1): TypeError, those of comparing. */
WEFT_API int weft_tuple_contains(weft_object *o, weft_object *value);
/* Where the first item equal to `value` is, from `start` up to `stop`, both clamped.
 * Errors (-1): ValueError when there is none, TypeError, those of comparing. */
WEFT_API int64_t weft_tuple_index(weft_object *o, weft_object *value, int64_t start, int64_t stop);
/* How many items are equal to `value`. Errors (-1): as contains. */
WEFT_API int64_t weft_tuple_count(weft_object *o, weft_object *value);

/* --- Fast paths --- */

struct weft__tuple {
  weft_object header;
  size_t size;
  weft_object *items[];
};

WEFT_API weft_object *weft__tuple_get_borrow_slow(const weft_object *o, int64_t index);

static inline weft_object *weft_tuple_get_borrow(const weft_object *o, int64_t index) {
  const struct weft__tuple *t = (const struct weft__tuple *)(const void *)o;
  bool plain = o && o->type == &weft_tuple_type && (uint64_t)index < t->size && weft__tls.slot != WEFT__SLOT_NOBODY;
  return WEFT_LIKELY(plain) ? t->items[index] : weft__tuple_get_borrow_slow(o, index);
}

WEFT_END_DECLS
#endif
