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
