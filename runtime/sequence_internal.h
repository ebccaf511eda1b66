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
/* Iterators over it, from either end; and when nothing is left of one. */
weft_object *weft__sequence_iter(weft_object *sequence, weft__item_of item);
weft_object *weft__sequence_reversed(weft_object *sequence, weft__item_of item);
extern const weft_type weft__sequence_iterator_type, weft__reverse_iterator_type;
/* The first place from `start` up to `stop` of an item that is equal to `value`; -2: none, -1: error. */
int64_t weft__sequence_find(weft_object *sequence, weft__item_of item, weft_object *value, int64_t start, int64_t stop);
/* How many items are; -1: error. */
int64_t weft__sequence_count(weft_object *sequence, weft__item_of item, weft_object *value);
/* "[a, b]", or "[...]" for a sequence inside itself. */
weft_object *weft__sequence_repr(weft_object *self, weft__item_of item, const char *open, const char *close);

#endif
