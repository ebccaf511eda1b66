/* SPDX-License-Identifier: MIT */
/*
 * slice: which items of a sequence are meant, as a key for weft_get_item and weft_set_item:
 *
 *     weft_auto weft_object *every_other = weft_slice_new(0, INT64_MAX, 2);
 *     weft_auto weft_object *part = weft_get_item(list, every_other);
 */
#ifndef WEFT_SLICE_H
#define WEFT_SLICE_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_slice_type;

static inline bool weft_slice_check(const weft_object *o) { return o->type == &weft_slice_type; }

/* Every `step`-th item from `start` up to, not including, `stop`. Negative bounds count from the end; INT64_MIN and
 * INT64_MAX are beyond either end, and so weft_int_clamp makes bounds of ints. Returns new. Errors: ValueError (step
 * 0), memory. */
WEFT_API weft_object *weft_slice_new(int64_t start, int64_t stop, int64_t step);

WEFT_END_DECLS
#endif
