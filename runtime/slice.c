/* SPDX-License-Identifier: MIT */
#include "runtime/slice.h"

#include "runtime/copy_internal.h"
#include "runtime/int.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/slice_internal.h"
#include "runtime/str.h"

struct slice {
  weft_object header;
  int64_t start, stop, step;
};

weft_object *weft_slice_new(int64_t start, int64_t stop, int64_t step) {
  weft__check_attached("weft_slice_new");
  if (!weft__step_given(step)) return NULL;
  struct slice *s = weft__object_alloc(&weft_slice_type, sizeof *s, "weft_slice_new");
  if (!s) return NULL;
  s->start = start;
  s->stop = stop;
  s->step = step;
  return &s->header;
}

/* --- Meaning --- */

struct weft__slice weft__slice_of(int64_t start, int64_t stop, int64_t step, size_t size) {
  struct weft__slice s = {.step = step == INT64_MIN ? -INT64_MAX : step};
  if (step > 0) {
    size_t from = weft__clamp(start, size), to = weft__clamp(stop, size);
    s.start = from;
    s.count = to > from ? (to - from - 1) / (size_t)step + 1 : 0;
    return s;
  }
  /* One less than the places between items, from which a clamp counts. */
  int64_t last = (int64_t)size - 1;
  int64_t from = start < 0 ? start + (int64_t)size : start > last ? last : start;
  int64_t to = stop < 0 ? stop + (int64_t)size : stop > last ? last : stop;
  if (from < -1) from = -1;
  if (to < -1) to = -1;
  s.start = from < 0 ? 0 : (size_t)from;
  s.count = from > to ? (size_t)((from - to - 1) / -s.step + 1) : 0;
  return s;
}

bool weft__step_given(int64_t step) {
  if (step) return true;
  weft_raise(&weft_ValueError, "slice step cannot be zero");
  return false;
}

bool weft__key_of(weft_object *sequence, weft_object *key, struct weft__key *found) {
  found->is_slice = weft_slice_check(key);
  if (found->is_slice) {
    const struct slice *s = (const struct slice *)key;
    found->start = s->start;
    found->stop = s->stop;
    found->step = s->step;
    return true;
  }
  if (weft_is_instance(key, &weft_int_type)) return weft__int_as_index(key, &weft_IndexError, &found->index);
  weft_raise(&weft_TypeError, "%s indices must be integers or slices, not %s", sequence->type->spec.name,
             key->type->spec.name);
  return false;
}

/* --- The type --- */

static weft_object *slice_repr(weft_object *self) {
  const struct slice *s = (const struct slice *)self;
  return weft_str_format("slice(%lld, %lld, %lld)", (long long)s->start, (long long)s->stop, (long long)s->step);
}

static int slice_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if ((op != WEFT_EQ && op != WEFT_NE) || !weft_slice_check(a) || !weft_slice_check(b)) return WEFT_NOT_IMPLEMENTED;
  const struct slice *x = (const struct slice *)a, *y = (const struct slice *)b;
  bool equal = x->start == y->start && x->stop == y->stop && x->step == y->step;
  return equal == (op == WEFT_EQ);
}

const weft_type weft_slice_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "slice",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(struct slice),
             .repr = slice_repr,
             .compare = slice_compare},
    .plain = true,
};
