/* SPDX-License-Identifier: MIT */
/* What the tests of bytes, bytearray and array share. */
#ifndef WEFT_TESTS_RUNTIME_RAW_SUPPORT_H
#define WEFT_TESTS_RUNTIME_RAW_SUPPORT_H

#include "support.h"

/* From a literal, which may contain NULs. */
#define BYTES(literal)     weft_bytes_new(literal, sizeof literal - 1)
#define BYTEARRAY(literal) weft_bytearray_new(literal, sizeof literal - 1)

static inline weft_object *array_of(char typecode, size_t n, const int64_t *values) {
  weft_object *array = weft_array_new(typecode);
  cr_assert_not_null(array);
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *value = INT(values[i]);
    cr_assert_eq(weft_array_append(array, value), 0);
  }
  return array;
}
/* ARRAY('i', 1, 2, 3) */
#define ARRAY(typecode, ...) \
  array_of(typecode, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

/* Its repr is `text`. */
static inline bool is_shown(weft_object *o, const char *text) {
  char got[8192];
  text_of(weft_repr(o), got, sizeof got);
  if (strcmp(got, text) != 0) fprintf(stderr, "it is %s, not %s\n", got, text);
  return strcmp(got, text) == 0;
}
/* The same of a new reference, which it drops. */
static inline bool makes(weft_object *o_steal, const char *text) {
  bool is = o_steal ? is_shown(o_steal, text) : false;
  if (!o_steal) fprintf(stderr, "nothing was made, not %s\n", text);
  weft_xdecref(o_steal);
  return is;
}
/* A predicate or number of new arguments, which are dropped. */
static inline int64_t of(int64_t (*call)(weft_object *, weft_object *, int64_t, int64_t), weft_object *o,
                         weft_object *sub_steal, int64_t start, int64_t stop) {
  int64_t result = call(o, sub_steal, start, stop);
  weft_xdecref(sub_steal);
  return result;
}
static inline int with(int (*call)(weft_object *, weft_object *), weft_object *o, weft_object *arg_steal) {
  int result = call(o, arg_steal);
  weft_xdecref(arg_steal);
  return result;
}

/* What slices are measured by: the indices of a slice, in order. */
static inline size_t slice_indices(int64_t start, int64_t stop, int64_t by, int64_t size, int64_t *indices) {
  size_t n = 0;
  int64_t low = by > 0 ? 0 : -1, high = by > 0 ? size : size - 1;
  if (start < 0) start += size;
  if (stop < 0) stop += size;
  start = start < low ? low : start > high ? high : start;
  stop = stop < low ? low : stop > high ? high : stop;
  for (int64_t i = start; by > 0 ? i < stop : i > stop; i += by) {
    indices[n++] = i;
    if (by > size || by < -size) break;
  }
  return n;
}

static const int64_t slice_bounds[] = {INT64_MIN, -100, -6, -5, -4, -2, -1, 0, 1, 2, 3, 4, 5, 6, 100, INT64_MAX};
static const int64_t slice_steps[] = {INT64_MIN, -100, -5, -3, -2, -1, 1, 2, 3, 5, 100, INT64_MAX};
#define EACH(x, of_) for (size_t x = 0; x < sizeof of_ / sizeof *of_; x++)

/* An iterator that gives 1, 2 and then fails with ValueError. */
static int failing_steps;
static inline weft_object *failing_next(weft_object *self) {
  (void)self;
  return failing_steps++ < 2 ? INT(failing_steps) : weft_raise(&weft_ValueError, "no more");
}
static inline weft_object *failing_iterator(void) {
  failing_steps = 0;
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "failing", .next = failing_next});
  return weft_object_new(type, 0);
}

#endif
