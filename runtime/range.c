/* SPDX-License-Identifier: MIT */
#include "runtime/range.h"

#include "runtime/copy_internal.h"
#include "runtime/int_big_internal.h"
#include "runtime/iterator.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"
#include "runtime/slice_internal.h"
#include "runtime/str.h"
#include "runtime/tuple.h"

typedef struct range {
  weft_object header;
  int64_t start, stop, step;
  int64_t size; /* start + (size - 1) * step is an int */
} range;

static weft_object *range_of(int64_t start, int64_t stop, int64_t step, int64_t size) {
  range *r = weft__object_alloc(&weft_range_type, sizeof *r, "weft_range_new");
  if (!r) return NULL;
  r->start = start;
  r->stop = stop;
  r->step = step;
  r->size = size;
  return &r->header;
}

weft_object *weft_range_new(int64_t start, int64_t stop, int64_t step) {
  weft__check_attached("weft_range_new");
  if (!step) return weft_raise(&weft_ValueError, "range() arg 3 must not be zero");
  uint64_t way = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
  uint64_t by = step > 0 ? (uint64_t)step : -(uint64_t)step;
  uint64_t size = (step > 0 ? start < stop : start > stop) ? (way - 1) / by + 1 : 0;
  if (size > INT64_MAX) return weft_raise(&weft_OverflowError, "a range with too many items");
  return range_of(start, stop, step, (int64_t)size);
}

/* Wraps around beyond the last item. */
static int64_t at(const range *r, int64_t i) { return (int64_t)((uint64_t)r->start + (uint64_t)i * (uint64_t)r->step); }

static weft_object *item_of(weft_object *self, size_t i) {
  const range *r = (const range *)self;
  return i < (uint64_t)r->size ? weft_int_new(at(r, (int64_t)i)) : NULL;
}

static int64_t range_length(weft_object *self) { return ((range *)self)->size; }
static weft_object *range_iter(weft_object *self) { return weft__sequence_iter(self, item_of); }
static weft_object *range_reversed(weft_object *self) { return weft__sequence_reversed(self, item_of); }

static weft_object *range_get_item(weft_object *self, weft_object *key) {
  const range *r = (const range *)self;
  struct weft__key k;
  if (!weft__key_of(self, key, &k)) return NULL;
  if (!k.is_slice) {
    int64_t i = weft__index(k.index, (size_t)r->size);
    return i < 0 ? weft_raise(&weft_IndexError, "range object index out of range") : weft_int_new(at(r, i));
  }
  struct weft__slice s = weft__slice_of(k.start, k.stop, k.step, (size_t)r->size);
  int64_t first = at(r, (int64_t)s.start), step = (int64_t)((uint64_t)r->step * (uint64_t)s.step);
  return range_of(first, (int64_t)((uint64_t)first + s.count * (uint64_t)step), step, (int64_t)s.count);
}

static int range_contains(weft_object *self, weft_object *value) {
  const range *r = (const range *)self;
  if (!weft_is_instance(value, &weft_int_type)) {
    int64_t i = weft__sequence_find(self, item_of, value, 0, INT64_MAX);
    return i == -1 ? -1 : i >= 0;
  }
  if (weft__is_big_int(value)) return 0;
  int64_t v = ((const weft_int *)value)->value, last = r->size ? at(r, r->size - 1) : 0;
  bool between = r->size && (r->step > 0 ? r->start <= v && v <= last : last <= v && v <= r->start);
  uint64_t way = r->step > 0 ? (uint64_t)v - (uint64_t)r->start : (uint64_t)r->start - (uint64_t)v;
  return between && way % (r->step > 0 ? (uint64_t)r->step : -(uint64_t)r->step) == 0;
}

/* Ranges are equal when their items are. */
static int range_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if ((op != WEFT_EQ && op != WEFT_NE) || !weft_range_check(a) || !weft_range_check(b)) return WEFT_NOT_IMPLEMENTED;
  const range *x = (const range *)a, *y = (const range *)b;
  bool equal = x->size == y->size && (x->size < 1 || x->start == y->start) && (x->size < 2 || x->step == y->step);
  return equal == (op == WEFT_EQ);
}

static int range_hash(weft_object *self, int64_t *hash) {
  const range *r = (const range *)self;
  weft_auto weft_object *size = weft_int_new(r->size), *start = weft_int_new(r->size ? r->start : 0);
  weft_auto weft_object *step = weft_int_new(r->size > 1 ? r->step : 0);
  weft_auto weft_object *all = size && start && step ? weft_tuple_pack(3, size, start, step) : NULL;
  return all ? weft_hash(all, hash) : -1;
}

static weft_object *range_repr(weft_object *self) {
  const range *r = (const range *)self;
  long long start = r->start, stop = r->stop;
  return r->step == 1 ? weft_str_format("range(%lld, %lld)", start, stop)
                      : weft_str_format("range(%lld, %lld, %lld)", start, stop, (long long)r->step);
}

const weft_type weft_range_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "range",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(range),
             .repr = range_repr,
             .hash = range_hash,
             .compare = range_compare,
             .length = range_length,
             .get_item = range_get_item,
             .contains = range_contains,
             .iter = range_iter,
             .reversed = range_reversed},
    .plain = true,
};
