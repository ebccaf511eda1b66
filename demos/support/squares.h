/* SPDX-License-Identifier: MIT */
/* The documents' squares: all at once in a list, or one after the other from a generator. */
#ifndef DEMOS_SUPPORT_SQUARES_H
#define DEMOS_SUPPORT_SQUARES_H

#include <weft/weft.h>

/* (i**2 for i in range(n)), and [i**2 for i in range(n)]. Return new. */
weft_object *squares_generator(int64_t n);
weft_object *squares_list(int64_t n);

/* sum(squares) of one or the other, made and dropped inside. *peak: the most bytes that were in use meanwhile, *left:
 * those that are in use afterwards, both more than before. */
int64_t sum_of_squares(weft_object *(*make)(int64_t n), int64_t n, size_t *peak, size_t *left);

#endif
