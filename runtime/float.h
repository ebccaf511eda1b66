/* SPDX-License-Identifier: MIT */
/* float: an IEEE double. 24 bytes. */
#ifndef WEFT_FLOAT_H
#define WEFT_FLOAT_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_float_type;

typedef struct weft_float {
  weft_object header;
  double value;
} weft_float;

static inline bool weft_float_check(const weft_object *o) { return o->type == &weft_float_type; }

/* Returns new. Errors: memory. */
WEFT_API weft_object *weft_float_new(double value);
/* The value of a float, int or bool; of an int that has none, the nearest. Errors: -1.0 with TypeError or OverflowError
 * set. */
WEFT_API double weft_float_value(weft_object *o);

WEFT_END_DECLS
#endif
