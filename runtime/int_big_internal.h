/* SPDX-License-Identifier: MIT */
/*
 * Ints beyond 64 bits: sign and magnitude, in limbs of 64 bits.
 *
 * A number that fits 64 bits is never one of these: so an int of the one kind is never equal to one of the other, and
 * whoever has an exact weft_int_type has its value. They are immutable, so threads need no order between them.
 */
#ifndef WEFT_INT_BIG_INTERNAL_H
#define WEFT_INT_BIG_INTERNAL_H

#include "int.h"
#include "none.h"

struct weft__big_int {
  weft_object header;
  int64_t size;     /* of `limbs`, never 0; negative: so is the number */
  uint64_t limbs[]; /* of the magnitude, the lowest first; the last one is not 0 */
};

static inline bool weft__is_big_int(const weft_object *o) { return o->type == &weft_big_int_type; }
/* A weft_int: an int that fits 64 bits, or a bool. */
static inline bool weft__is_small_int(const weft_object *o) {
  return o->type == &weft_int_type || o->type == &weft_bool_type;
}

/* Of a big one. */
static inline bool weft__big_is_negative(const weft_object *o) { return ((const struct weft__big_int *)o)->size < 0; }
/* Does it fit 64 bits without a sign? */
static inline bool weft__big_fits_unsigned(const weft_object *o, uint64_t *value) {
  const struct weft__big_int *b = (const struct weft__big_int *)o;
  *value = b->limbs[0];
  return b->size == 1;
}

/* The int of `n` decimal digits, with underscores between some. Returns new. Errors: memory. */
weft_object *weft__big_parse(const char *digits, size_t n, bool negative);
/* The nearest double to a big one, to an even one of two. False: OverflowError. */
bool weft__big_to_double(const weft_object *o, double *value);
/* Exactly, with a big one; `x` is a number. */
int weft__compare_real_big(double x, const weft_object *o);

/* Slots, for two ints of either kind. NULL without an error: they are not both ints. */
weft_object *weft__big_add(weft_object *a, weft_object *b);
weft_object *weft__big_subtract(weft_object *a, weft_object *b);
weft_object *weft__big_multiply(weft_object *a, weft_object *b);
weft_object *weft__big_and(weft_object *a, weft_object *b);
weft_object *weft__big_or(weft_object *a, weft_object *b);
weft_object *weft__big_xor(weft_object *a, weft_object *b);
int weft__big_compare(weft_object *a, weft_object *b, enum weft_compare_op op);

#endif
