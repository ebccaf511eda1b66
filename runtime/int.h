/* SPDX-License-Identifier: MIT */
/*
 * int: a signed number of any size. -5 to 256 are preallocated and immortal, every other int is a fresh object.
 *
 * There are two kinds. A number that fits 64 bits is always a weft_int: `o->type == &weft_int_type` says that `o` is
 * one. Any other is of the type weft_big_int_type, which derives from weft_int_type: weft_is_instance(o,
 * &weft_int_type) is true of both, and of bools. Operations take and return either, and memory is the only limit.
 */
#ifndef WEFT_INT_H
#define WEFT_INT_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_int_type, weft_big_int_type;

typedef struct weft_int {
  weft_object header;
  int64_t value;
} weft_int;

/* An int, of either kind; not a bool. */
static inline bool weft_int_check(const weft_object *o) {
  return o->type == &weft_int_type || o->type == &weft_big_int_type;
}

/* Returns new. Errors: memory. */
WEFT_API weft_object *weft_int_new(int64_t value);
/* Returns new. Errors: memory. */
WEFT_API weft_object *weft_int_new_unsigned(uint64_t value);
/* From any number of decimal digits, single underscores between them allowed, with an optional sign and surrounding
 * blanks. Returns new. Errors: ValueError, memory. */
WEFT_API weft_object *weft_int_parse(const char *text);

/* The value of an int or bool. Errors: -1 with TypeError or OverflowError set; check weft_error_borrow() when it
 * returns -1. */
WEFT_API int64_t weft_int_value(weft_object *o);
/* The same without a sign. Errors: UINT64_MAX with TypeError or OverflowError set, as above. */
WEFT_API uint64_t weft_int_value_unsigned(weft_object *o);
/* The value of an int or bool; INT64_MAX or INT64_MIN if it is beyond those: a bound for weft_slice_new and the like.
 * Errors: -1 with TypeError set. */
WEFT_API int64_t weft_int_clamp(weft_object *o);
/* Bits that the number has without its sign; 0: it is 0. Errors: -1 with TypeError set. */
WEFT_API int64_t weft_int_bit_length(weft_object *o);

WEFT_END_DECLS
#endif
