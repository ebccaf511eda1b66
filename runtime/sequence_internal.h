/* SPDX-License-Identifier: MIT */
/* What tuple and list share. */
#ifndef WEFT_SEQUENCE_INTERNAL_H
#define WEFT_SEQUENCE_INTERNAL_H

#include "number_internal.h"
#include "object.h"

/* Turns an index that may be negative into one below `size`; -1: out of range. */
static inline int64_t weft__index(int64_t index, size_t size) {
  if (index < 0) index += (int64_t)size;
  return index >= 0 && (uint64_t)index < size ? index : -1;
}

/* Item `index` of a sequence, with a new reference; NULL, without an error, beyond its end. */
typedef weft_object *(*weft__item_of)(weft_object *sequence, size_t index);

/* Compares item by item; at the first difference the items decide, else the lengths. The items are counted while they
 * are compared: a user's slot may change the sequence. */
int weft__sequence_compare(weft_object *a, weft_object *b, weft__item_of item, enum weft_compare_op op);
/* An iterator over it. */
weft_object *weft__sequence_iter(weft_object *sequence, weft__item_of item);
extern const weft_type weft__sequence_iterator_type;
/* "[a, b]", or "[...]" for a sequence inside itself. */
weft_object *weft__sequence_repr(weft_object *self, weft__item_of item, const char *open, const char *close);

#endif
