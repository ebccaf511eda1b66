/* SPDX-License-Identifier: MIT */
/* What int and float share. */
#ifndef WEFT_NUMBER_INTERNAL_H
#define WEFT_NUMBER_INTERNAL_H

#include "object.h"

/* Numbers that are equal hash alike, whatever their type: the hash is the value modulo this prime. */
#define WEFT__HASH_MODULUS ((UINT64_C(1) << 61) - 1)

int64_t weft__hash_int(int64_t value);
void weft__ints_init(void);
/* Exactly; `x` is a number. */
int weft__compare_real_int(double x, int64_t y);
/* False: neither a float nor an int, without an error; or OverflowError. */
bool weft__to_double(const weft_object *o, double *value);
/* An int as a number of items or the place of one. False: `error`, it does not fit. */
bool weft__int_as_index(const weft_object *o, const weft_type *error, int64_t *index);
/* How often a sequence is to be repeated. False: not an int, without an error; or OverflowError. */
bool weft__times_of(const weft_object *o, int64_t *n);
weft_object *weft__add_slow(weft_object *a, weft_object *b);

/* The answer to `op` when the operands are ordered as `order` (negative, zero, positive) says. */
static inline int weft__compare_order(int order, enum weft_compare_op op) {
  switch (op) {
    case WEFT_LT: return order < 0;
    case WEFT_LE: return order <= 0;
    case WEFT_EQ: return order == 0;
    case WEFT_NE: return order != 0;
    case WEFT_GT: return order > 0;
    default: return order >= 0;
  }
}

#endif
