/* SPDX-License-Identifier: MIT */
/* What tests of sequences and iterators share: iterables without a length, hooks of comparing, slices, calls. */
#ifndef WEFT_TESTS_RUNTIME_SEQUENCE_SUPPORT_H
#define WEFT_TESTS_RUNTIME_SEQUENCE_SUPPORT_H

#include "support.h"

/* --- An iterator over 0, 1, … that nobody knows the length of --- */

struct counter {
  weft_object header;
  int64_t next, end;
  bool fails; /* with RuntimeError, instead of ending */
};

static inline weft_object *counter_next(weft_object *self) {
  struct counter *c = (struct counter *)self;
  if (c->next < c->end) return weft_int_new(c->next++);
  return c->fails ? weft_raise(&weft_RuntimeError, "no more") : NULL;
}

/* NULL with MemoryError, for the tests of that. */
static inline weft_object *counter_new(int64_t end, bool fails) {
  static const weft_type *type;
  if (!type)
    type =
        weft_type_new(&(weft_type_spec){.name = "counter", .basic_size = sizeof(struct counter), .next = counter_next});
  weft_object *o = weft_object_new(type, 0);
  if (!o) return NULL;
  ((struct counter *)o)->end = end;
  ((struct counter *)o)->fails = fails;
  return o;
}
static inline weft_object *count_to(int64_t end) { return counter_new(end, false); }
static inline weft_object *count_to_error(int64_t end) { return counter_new(end, true); }

/* --- Hooks of comparing --- */

static inline int compare_never(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  return op == WEFT_NE;
}
static inline int compare_always(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  return op == WEFT_EQ;
}
static inline int compare_raises(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b, (void)op;
  weft_raise(&weft_RuntimeError, "not to be compared");
  return -1;
}

/* --- In one line --- */

#define CALL(type, arg) weft_call((weft_object *)&(type), (weft_object *[]){arg}, 1)

static inline weft_object *sliced(weft_object *o, int64_t start, int64_t stop, int64_t by) {
  weft_auto weft_object *slice = weft_slice_new(start, stop, by);
  return weft_get_item(o, slice);
}
/* weft_set_item with a slice; NULL deletes. */
static inline int set_sliced(weft_object *o, int64_t start, int64_t stop, int64_t by, weft_object *value) {
  weft_auto weft_object *slice = weft_slice_new(start, stop, by);
  return weft_set_item(o, slice, value);
}

static inline bool reads(weft_object *o, const char *text) {
  char got[4096];
  text_of(weft_repr(o), got, sizeof got);
  if (strcmp(got, text) != 0) fprintf(stderr, "it is %s, not %s\n", got, text);
  return strcmp(got, text) == 0;
}

#endif
