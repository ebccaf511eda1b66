/* SPDX-License-Identifier: MIT */
/* What a slice means for a sequence of a given size; what keys of sequences are. */
#ifndef WEFT_SLICE_INTERNAL_H
#define WEFT_SLICE_INTERNAL_H

#include "slice.h"

/* An index that may be negative, as a place between items. */
static inline size_t weft__clamp(int64_t index, size_t size) {
  if (index < 0) index += (int64_t)size;
  return index < 0 ? 0 : (uint64_t)index > size ? size : (size_t)index;
}

/* The items at start, start + step, … start + (count - 1) * step. */
struct weft__slice {
  size_t start, count;
  int64_t step;
};

/* As Python clamps: negative bounds count from the end; INT64_MIN and INT64_MAX are beyond either. */
struct weft__slice weft__slice_of(int64_t start, int64_t stop, int64_t step, size_t size);
/* The place of the slice's item `i`. */
static inline size_t weft__slice_place(struct weft__slice s, size_t i) {
  return (size_t)((int64_t)s.start + (int64_t)i * s.step);
}
/* ValueError when it is 0. */
bool weft__step_given(int64_t step);

/* What a sequence is asked for. */
struct weft__key {
  bool is_slice;
  int64_t index; /* or: */
  int64_t start, stop, step;
};
/* False: TypeError, it is neither an int nor a slice; IndexError, it is an int beyond 64 bits. */
bool weft__key_of(weft_object *sequence, weft_object *key, struct weft__key *found);

#endif
