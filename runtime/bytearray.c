/* SPDX-License-Identifier: MIT */
/* bytearray: a raw container of bytes, with a NUL behind them. Storage and most operations: raw.c. */
#include "runtime/bytearray.h"

#include <string.h>

#include "runtime/bytes.h"
#include "runtime/number_internal.h"
#include "runtime/raw_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/span_internal.h"
#include "runtime/text_internal.h"

#define TYPE &weft_bytearray_type

/* --- Making --- */

weft_object *weft_bytearray_new(const void *from, size_t size) {
  weft__raw made = WEFT__RAW_OF(WEFT__BYTES);
  weft__check_attached("weft_bytearray_new");
  if (!weft__raw_reserve(&made, size)) return weft_raise_memory();
  weft__raw_splice(&made, 0, 0, from, size); /* there is room */
  return weft__raw_object_steal(TYPE, &made, "weft_bytearray_new");
}

static weft_object *made_steal(weft__raw *made, bool good, const char *call) {
  if (good) return weft__raw_object_steal(TYPE, made, call);
  weft__raw_drop(made);
  return NULL;
}

weft_object *weft_bytearray_from(weft_object *o) {
  weft__raw made = WEFT__RAW_OF(WEFT__BYTES);
  bool good = weft__bytes_collect_initial(&made, "weft_bytearray_from", o);
  return made_steal(&made, good, "weft_bytearray_from");
}

weft_object *weft_bytearray_from_hex(const char *text) {
  weft__raw made = WEFT__RAW_OF(WEFT__BYTES);
  bool good = weft__bytes_parse_hex(&made, "weft_bytearray_from_hex", text);
  return made_steal(&made, good, "weft_bytearray_from_hex");
}

/* --- Items --- */

int64_t weft_bytearray_length(weft_object *o) { return weft__raw_length("weft_bytearray_length", o, TYPE); }
int64_t weft_bytearray_capacity(weft_object *o) { return weft__raw_capacity("weft_bytearray_capacity", o, TYPE); }

weft_object *weft_bytearray_get(weft_object *o, int64_t index) {
  return weft__raw_get("weft_bytearray_get", o, TYPE, index);
}
int weft_bytearray_set(weft_object *o, int64_t index, weft_object *value) {
  return weft__raw_set("weft_bytearray_set", o, TYPE, index, value);
}
int weft_bytearray_append(weft_object *o, weft_object *value) {
  return weft__raw_insert("weft_bytearray_append", o, TYPE, INT64_MAX, value);
}
int weft_bytearray_insert(weft_object *o, int64_t index, weft_object *value) {
  return weft__raw_insert("weft_bytearray_insert", o, TYPE, index, value);
}
weft_object *weft_bytearray_pop(weft_object *o, int64_t index) {
  return weft__raw_pop("weft_bytearray_pop", o, TYPE, index);
}
int weft_bytearray_delete(weft_object *o, int64_t index) {
  return weft__raw_delete("weft_bytearray_delete", o, TYPE, index);
}

int weft_bytearray_remove(weft_object *o, weft_object *value) {
  uint8_t byte;
  if (!weft__expect("weft_bytearray_remove", o, TYPE) || !weft__given("weft_bytearray_remove", value)) return -1;
  if (!weft__item_encode(WEFT__BYTES, value, &byte)) return -1;
  int found = weft__raw_remove("weft_bytearray_remove", o, TYPE, value);
  if (found == 0) weft_raise(&weft_ValueError, "value not found in bytearray");
  return found == 1 ? 0 : -1;
}

int weft_bytearray_clear(weft_object *o) { return weft__raw_resize("weft_bytearray_clear", o, TYPE, 0); }
int weft_bytearray_resize(weft_object *o, size_t size) {
  return weft__raw_resize("weft_bytearray_resize", o, TYPE, size);
}
int weft_bytearray_reverse(weft_object *o) { return weft__raw_reverse("weft_bytearray_reverse", o, TYPE); }

/* --- Parts --- */

weft_object *weft_bytearray_slice(weft_object *o, int64_t start, int64_t stop, int64_t step) {
  return weft__raw_slice("weft_bytearray_slice", o, TYPE, start, stop, step);
}

static int set_slice(const char *call, weft_object *o, int64_t start, int64_t stop, int64_t step, weft_object *from) {
  weft__raw added = WEFT__RAW_OF(WEFT__BYTES);
  if (!weft__expect(call, o, TYPE)) return -1;
  if (!from || weft__bytes_collect(&added, call, from))
    return weft__raw_set_slice_steal(call, o, TYPE, start, stop, step, &added);
  weft__raw_drop(&added);
  return -1;
}

int weft_bytearray_set_slice(weft_object *o, int64_t start, int64_t stop, int64_t step, weft_object *from) {
  return set_slice("weft_bytearray_set_slice", o, start, stop, step, from);
}

int weft_bytearray_extend(weft_object *o, weft_object *from) {
  if (!weft__given("weft_bytearray_extend", from)) return -1;
  return set_slice("weft_bytearray_extend", o, INT64_MAX, INT64_MAX, 1, from);
}

weft_object *weft_bytearray_repeat(weft_object *o, int64_t n) {
  return weft__raw_repeat("weft_bytearray_repeat", o, TYPE, n);
}
int weft_bytearray_repeat_in_place(weft_object *o, int64_t n) {
  return weft__raw_repeat_in_place("weft_bytearray_repeat_in_place", o, TYPE, n);
}

/* --- Slots --- */

static int bytearray_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  struct weft__span left, right;
  if (!weft_is_instance(a, TYPE) || !weft__is_bytes_like(b)) return WEFT_NOT_IMPLEMENTED;
  if (!weft__span_copy(&right, "weft_compare", b)) return -1;
  weft__span_begin(&left, "weft_compare", a);
  int order = weft__bytes_order(left.bytes, left.size, right.bytes, right.size);
  weft__span_end(&left);
  weft__span_end(&right);
  return weft__compare_order(order, op);
}

static weft_object *bytearray_add(weft_object *a, weft_object *b) {
  weft__raw sum;
  struct weft__span right;
  if (!weft_is_instance(a, TYPE) || !weft__is_bytes_like(b)) return NULL;
  if (!weft__raw_copy(&sum, "weft_add", a, TYPE, 0, INT64_MAX, 1)) return NULL;
  weft__span_begin(&right, "weft_add", b);
  bool done = weft__raw_reserve(&sum, sum.size + right.size) &&
              weft__raw_splice(&sum, sum.size, sum.size, right.bytes, right.size) == WEFT__RAW_DONE;
  weft__span_end(&right);
  if (!done) weft_raise_memory();
  return made_steal(&sum, done, "weft_add");
}

static weft_object *bytearray_in_place_add(weft_object *a, weft_object *b) {
  return weft__is_bytes_like(b) && weft_bytearray_extend(a, b) == 0 ? weft_new_ref(a) : NULL;
}

static weft_object *bytearray_repr(weft_object *self) {
  struct weft__text text = {0};
  struct weft__span span;
  if (!weft__span_copy(&span, "weft_repr", self)) return NULL;
  weft__text_add(&text, "bytearray(", 10);
  weft__bytes_add_repr(&text, span.bytes, span.size);
  weft__text_add(&text, ")", 1);
  weft__span_end(&span);
  return weft__text_finish(&text);
}

static int bytearray_set_item(weft_object *self, weft_object *key, weft_object *value) {
  return weft__raw_set_item(self, key, value, weft_bytearray_set_slice);
}

/* Calling the type, or initialising once more: becomes what weft_bytearray_from makes. */
static int bytearray_init(weft_object *self, weft_object *const *args, size_t n) {
  static const char call[] = "bytearray";
  weft__raw made = WEFT__RAW_OF(WEFT__BYTES);
  if (n > 1) {
    weft_raise(&weft_TypeError, "bytearray expected at most 1 argument, got %zu", n);
    return -1;
  }
  if (!n || weft__bytes_collect_initial(&made, call, args[0]))
    return weft__raw_set_slice_steal(call, self, TYPE, 0, INT64_MAX, 1, &made);
  weft__raw_drop(&made);
  return -1;
}

const weft_type weft_bytearray_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "bytearray",
             .copy = weft__raw_duplicate,
             .base = &weft_object_type,
             .basic_size = sizeof(weft__raw),
             .flags = WEFT_TYPE_BASE,
             .dealloc = weft__raw_dealloc,
             .repr = bytearray_repr,
             .compare = bytearray_compare,
             .add = bytearray_add,
             .multiply = weft__raw_multiply,
             .in_place_add = bytearray_in_place_add,
             .in_place_multiply = weft__raw_in_place_multiply,
             .size_of = weft__raw_size_of,
             .length = weft__raw_slot_length,
             .get_item = weft__raw_get_item,
             .set_item = bytearray_set_item,
             .contains = weft_bytes_contains,
             .iter = weft__raw_iter,
             .reversed = weft__raw_reversed,
             .init = bytearray_init},
    .lock_offset = offsetof(weft__raw, lock),
    .guarded = true,
};
