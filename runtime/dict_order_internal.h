/* SPDX-License-Identifier: MIT */
/* Slots of OrderedDict (dict_order.c), whose type stands beside dict's (dict.c), and those of dict that they use. */
#ifndef WEFT_DICT_ORDER_INTERNAL_H
#define WEFT_DICT_ORDER_INTERNAL_H

#include "dict_order.h"

weft_object *weft__ordered_copy(weft_object *self);
weft_object *weft__ordered_repr(weft_object *self);
int weft__ordered_compare(weft_object *a, weft_object *b, enum weft_compare_op op);
weft_object *weft__ordered_or(weft_object *a, weft_object *b);

weft_object *weft__dict_repr(weft_object *self);
int weft__dict_compare(weft_object *a, weft_object *b, enum weft_compare_op op);

#endif
