/* SPDX-License-Identifier: MIT */
/* int: a signed 64-bit number; results beyond it are an OverflowError. -5 to 256 are preallocated and immortal, every
 * other int is a fresh object. */
#ifndef WEFT_INT_H
#define WEFT_INT_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_int_type;

typedef struct weft_int {
  weft_object header;
  int64_t value;
} weft_int;

static inline bool weft_int_check(const weft_object *o) { return o->type == &weft_int_type; }

/* Returns new. Errors: memory. */
WEFT_API weft_object *weft_int_new(int64_t value);
/* From decimal digits with an optional sign and surrounding blanks. Returns new. Errors: ValueError, OverflowError. */
WEFT_API weft_object *weft_int_parse(const char *text);
/* The value of an int or bool. Errors: -1 with TypeError set; check weft_error_borrow() when it returns -1. */
WEFT_API int64_t weft_int_value(weft_object *o);

WEFT_END_DECLS
#endif
