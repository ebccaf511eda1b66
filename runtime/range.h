/* SPDX-License-Identifier: MIT */
/* range: the ints from a start up to, not including, a stop, at steps. It never changes and holds no items. */
#ifndef WEFT_RANGE_H
#define WEFT_RANGE_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_range_type;

static inline bool weft_range_check(const weft_object *o) { return o->type == &weft_range_type; }

/* start, start + step, … as long as it is before `stop`. Returns new. Errors: ValueError (step 0), OverflowError (more
 * items than an int can count), memory. */
WEFT_API weft_object *weft_range_new(int64_t start, int64_t stop, int64_t step);

WEFT_END_DECLS
#endif
