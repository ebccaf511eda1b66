/* SPDX-License-Identifier: MIT */
/* array: a raw container of numbers of one C type. Storage and most operations: raw.c. */
#include "runtime/array.h"

#include <string.h>

#include "runtime/bytearray.h"
#include "runtime/bytes.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/number_internal.h"
#include "runtime/raw_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"
#include "runtime/span_internal.h"
#include "runtime/str.h"
#include "runtime/text_internal.h"
#include "runtime/tuple.h"

typedef weft__raw raw;
typedef struct weft__items items;

#define TYPE &weft_array_type

static const items *items_of(const weft_object *array) { return weft__raw_items((const raw *)array); }

/* Also of a type that derives from array. */
static bool is_array(const weft_object *o) { return weft_array_check(o) || weft_is_instance(o, TYPE); }

/* --- Making --- */

static const items *expect_typecode(const char *call, char typecode) {
  weft__check_attached(call);
  const items *kind = weft__items_of(typecode);
  return kind ? kind : weft_raise(&weft_ValueError, "bad typecode (must be b, B, h, H, i, I, l, L, q, Q, f or d)");
}

weft_object *weft_array_new(char typecode) {
  const items *kind = expect_typecode("weft_array_new", typecode);
  if (!kind) return NULL;
  raw made = WEFT__RAW_OF(kind);
  return weft__raw_object_steal(TYPE, &made, "weft_array_new");
}

/* Puts items by their memory into an empty variable. */
static bool collect_bytes(raw *into, const char *call, weft_object *o) {
  struct weft__span from;
  size_t width = weft__raw_items(into)->width;
  if (!weft__span_begin(&from, call, o)) return false;
  size_t n = from.size / width, rest = from.size % width;
  bool done = !rest && weft__raw_reserve(into, n) && weft__raw_splice(into, 0, 0, from.bytes, n) == WEFT__RAW_DONE;
  weft__span_end(&from);
  if (rest) return weft_raise(&weft_ValueError, "bytes length not a multiple of item size");
  return done || weft_raise_memory();
}

/* Puts the items of an array of the same kind, or what iterating gives, into an empty variable. */
static bool collect(raw *into, const char *call, weft_object *o) {
  if (!weft__given(call, o)) return false;
  if (weft_str_check(o))
    return weft_raise(&weft_TypeError, "cannot use a str to initialize an array with typecode '%c'",
                      weft__raw_items(into)->code);
  bool same = is_array(o) && items_of(o) == weft__raw_items(into);
  return same ? collect_bytes(into, call, o) : weft__raw_collect(into, call, o);
}

/* `type` is array or derives from it. */
static weft_object *made_of_type_steal(const weft_type *type, raw *made, bool good, const char *call) {
  if (good) return weft__raw_object_steal(type, made, call);
  weft__raw_drop(made);
  return NULL;
}
static weft_object *made_steal(raw *made, bool good, const char *call) {
  return made_of_type_steal(TYPE, made, good, call);
}

/* An array of `type` or one that derives from it. */
static weft_object *from(const weft_type *type, const char *call, char typecode, weft_object *initial) {
  const items *kind = expect_typecode(call, typecode);
  if (!kind || !weft__given(call, initial)) return NULL;
  raw made = WEFT__RAW_OF(kind);
  bool memory = weft_bytes_check(initial) || weft_is_instance(initial, &weft_bytearray_type);
  bool good = memory ? collect_bytes(&made, call, initial) : collect(&made, call, initial);
  return made_of_type_steal(type, &made, good, call);
}

weft_object *weft_array_from(char typecode, weft_object *initial) {
  return from(TYPE, "weft_array_from", typecode, initial);
}

/* Calling the type: with a typecode and what to make it of. */
static weft_object *array_make(const weft_type *type, weft_object *const *args, size_t n) {
  size_t size = 0;
  const char *typecode = n && weft_str_check(args[0]) ? weft_str_utf8(args[0], &size) : NULL;
  if (n < 1 || n > 2 || size != 1)
    return weft_raise(&weft_TypeError, "array() takes a typecode of one character and an initial value");
  weft_auto weft_object *nothing = weft_tuple_pack(0);
  return from(type, "array", *typecode, n == 2 ? args[1] : nothing);
}

char weft_array_typecode(weft_object *o) {
  return weft__expect("weft_array_typecode", o, TYPE) ? items_of(o)->code : 0;
}
int64_t weft_array_item_size(weft_object *o) {
  return weft__expect("weft_array_item_size", o, TYPE) ? items_of(o)->width : -1;
}

/* --- Items --- */

int64_t weft_array_length(weft_object *o) { return weft__raw_length("weft_array_length", o, TYPE); }
int64_t weft_array_capacity(weft_object *o) { return weft__raw_capacity("weft_array_capacity", o, TYPE); }

weft_object *weft_array_get(weft_object *o, int64_t index) { return weft__raw_get("weft_array_get", o, TYPE, index); }
int weft_array_set(weft_object *o, int64_t index, weft_object *value) {
  return weft__raw_set("weft_array_set", o, TYPE, index, value);
}
int weft_array_append(weft_object *o, weft_object *value) {
  return weft__raw_insert("weft_array_append", o, TYPE, INT64_MAX, value);
}
int weft_array_insert(weft_object *o, int64_t index, weft_object *value) {
  return weft__raw_insert("weft_array_insert", o, TYPE, index, value);
}
weft_object *weft_array_pop(weft_object *o, int64_t index) { return weft__raw_pop("weft_array_pop", o, TYPE, index); }
int weft_array_delete(weft_object *o, int64_t index) { return weft__raw_delete("weft_array_delete", o, TYPE, index); }
int weft_array_clear(weft_object *o) { return weft__raw_resize("weft_array_clear", o, TYPE, 0); }
int weft_array_reverse(weft_object *o) { return weft__raw_reverse("weft_array_reverse", o, TYPE); }

int weft_array_byteswap(weft_object *o) {
  bool private;
  raw *r = weft__raw_begin("weft_array_byteswap", o, TYPE, &private);
  if (!r) return -1;
  size_t width = items_of(o)->width;
  for (size_t i = 0; i < r->size; i++) {
    uint8_t *item = weft__raw_at(r, i);
    for (size_t low = 0, high = width - 1; low < high; low++, high--) {
      uint8_t byte = item[low];
      item[low] = item[high];
      item[high] = byte;
    }
  }
  weft__raw_end(r, private);
  return 0;
}

/* --- Parts --- */

weft_object *weft_array_slice(weft_object *o, int64_t start, int64_t stop, int64_t step) {
  return weft__raw_slice("weft_array_slice", o, TYPE, start, stop, step);
}

static bool is_of_same_kind(weft_object *array, weft_object *other, const char *what) {
  if (is_array(other) && items_of(other) == items_of(array)) return true;
  weft_raise(&weft_TypeError, "can only %s array of typecode '%c', not %s", what, items_of(array)->code,
             is_array(other) ? "of another one" : other->type->spec.name);
  return false;
}

int weft_array_set_slice(weft_object *o, int64_t start, int64_t stop, int64_t step, weft_object *from) {
  static const char call[] = "weft_array_set_slice";
  if (!weft__expect(call, o, TYPE) || (from && !is_of_same_kind(o, from, "assign"))) return -1;
  raw added = WEFT__RAW_OF(items_of(o));
  if (from && !collect_bytes(&added, call, from)) return -1;
  return weft__raw_set_slice_steal(call, o, TYPE, start, stop, step, &added);
}

typedef bool (*collector)(raw *into, const char *call, weft_object *o);

static int extend(const char *call, weft_object *o, weft_object *from, collector how) {
  raw added = WEFT__RAW_OF(items_of(o));
  if (how(&added, call, from)) return weft__raw_set_slice_steal(call, o, TYPE, INT64_MAX, INT64_MAX, 1, &added);
  weft__raw_drop(&added);
  return -1;
}

int weft_array_extend(weft_object *o, weft_object *from) {
  static const char call[] = "weft_array_extend";
  if (!weft__expect(call, o, TYPE) || !weft__given(call, from)) return -1;
  if (is_array(from) && !is_of_same_kind(o, from, "extend with")) return -1;
  return extend(call, o, from, collect);
}

int weft_array_extend_list(weft_object *o, weft_object *from) {
  static const char call[] = "weft_array_extend_list";
  if (!weft__expect(call, o, TYPE) || !weft__expect(call, from, &weft_list_type)) return -1;
  return extend(call, o, from, collect);
}

int weft_array_extend_bytes(weft_object *o, weft_object *from) {
  static const char call[] = "weft_array_extend_bytes";
  return weft__expect(call, o, TYPE) ? extend(call, o, from, collect_bytes) : -1;
}

weft_object *weft_array_to_list(weft_object *o) {
  raw copy;
  if (!weft__raw_copy(&copy, "weft_array_to_list", o, TYPE, 0, INT64_MAX, 1)) return NULL;
  weft_object *list = weft_list_new();
  for (size_t i = 0; list && i < copy.size; i++) {
    weft_auto weft_object *item = weft__item_decode(items_of(o), weft__raw_at(&copy, i));
    if (!item || weft_list_append(list, item) < 0) weft_clear(&list);
  }
  weft__raw_drop(&copy);
  return list;
}

weft_object *weft_array_repeat(weft_object *o, int64_t n) { return weft__raw_repeat("weft_array_repeat", o, TYPE, n); }
int weft_array_repeat_in_place(weft_object *o, int64_t n) {
  return weft__raw_repeat_in_place("weft_array_repeat_in_place", o, TYPE, n);
}

/* --- Searching --- */

/* Of the numbers in a slice those equal to one, at one moment: how many, or (`first`) where the first is, -2: nowhere.
 */
static int64_t search_number(weft_object *o, const items *kind, const void *number, int64_t start, int64_t stop,
                             bool first) {
  bool private;
  raw *r = weft__raw_begin("weft_array_index", o, TYPE, &private);
  struct weft__slice s = weft__slice_of(start, stop, 1, r->size);
  size_t i = s.start, end = s.start + s.count;
  int64_t count = 0;
  for (; i < end && !(first && count); i++)
    count += weft__item_compare(items_of(o), weft__raw_at(r, i), kind, number) == 0;
  weft__raw_end(r, private);
  return !first ? count : count ? (int64_t)i - 1 : -2;
}

/* The same of any value that is no number, one after the other. -1: error. */
static int64_t search_object(weft_object *o, weft_object *value, int64_t start, int64_t stop, bool first) {
  int64_t count = 0;
  for (int64_t i = start; i < stop; i++) {
    weft_auto weft_object *item = weft__raw_item_of(o, (size_t)i);
    if (!item && weft_error_borrow()) return -1;
    if (!item) break;
    int equal = weft_compare(item, value, WEFT_EQ);
    if (equal < 0) return -1;
    if (equal && first) return i;
    count += equal;
  }
  return first ? -2 : count;
}

static int64_t from_start(int64_t index, weft_object *o) {
  if (index >= 0) return index;
  index += weft_array_length(o);
  return index < 0 ? 0 : index;
}

static int64_t search(const char *call, weft_object *o, weft_object *value, int64_t start, int64_t stop, bool first) {
  const items *kind;
  uint64_t number;
  if (!weft__expect(call, o, TYPE) || !weft__given(call, value)) return -1;
  if (weft__item_number(value, &kind, &number)) return search_number(o, kind, &number, start, stop, first);
  return search_object(o, value, from_start(start, o), from_start(stop, o), first);
}

int weft_array_contains(weft_object *o, weft_object *value) {
  int64_t i = search("weft_array_contains", o, value, 0, INT64_MAX, true);
  return i == -1 ? -1 : i >= 0;
}

int64_t weft_array_index(weft_object *o, weft_object *value, int64_t start, int64_t stop) {
  int64_t i = search("weft_array_index", o, value, start, stop, true);
  if (i == -2) weft_raise(&weft_ValueError, "array.index(x): x not in array");
  return i < 0 ? -1 : i;
}

int64_t weft_array_count(weft_object *o, weft_object *value) {
  return search("weft_array_count", o, value, 0, INT64_MAX, false);
}

/* Of a value that is no number: comparing may have changed the array; then what stands at that place now goes. */
static int remove_object(weft_object *o, weft_object *value) {
  int64_t i = search_object(o, value, 0, INT64_MAX, true);
  if (i < 0) return i == -1 ? -1 : 0;
  if (i >= weft_array_length(o)) return 0;
  return weft_array_delete(o, i) < 0 ? -1 : 1;
}

int weft_array_remove(weft_object *o, weft_object *value) {
  static const char call[] = "weft_array_remove";
  if (!weft__expect(call, o, TYPE) || !weft__given(call, value)) return -1;
  const items *kind;
  uint64_t number;
  bool is_number = weft__item_number(value, &kind, &number);
  int found = is_number ? weft__raw_remove(call, o, TYPE, value) : remove_object(o, value);
  if (found == 0) weft_raise(&weft_ValueError, "array.remove(x): x not in array");
  return found == 1 ? 0 : -1;
}

/* --- Slots --- */

static int compare_items(const raw *a, const raw *b, enum weft_compare_op op) {
  size_t both = a->size < b->size ? a->size : b->size;
  if ((op == WEFT_EQ || op == WEFT_NE) && a->size != b->size) return op == WEFT_NE;
  for (size_t i = 0; i < both; i++) {
    int order = weft__item_compare(weft__raw_items(a), weft__raw_at(a, i), weft__raw_items(b), weft__raw_at(b, i));
    if (order == 2) return op == WEFT_NE;
    if (order) return weft__compare_order(order, op);
  }
  return weft__compare_order((a->size > b->size) - (a->size < b->size), op);
}

static int array_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  bool private;
  raw right;
  if (!is_array(a) || !is_array(b)) return WEFT_NOT_IMPLEMENTED;
  if (!weft__raw_copy(&right, "weft_compare", b, TYPE, 0, INT64_MAX, 1)) return -1;
  raw *left = weft__raw_begin("weft_compare", a, TYPE, &private);
  int result = compare_items(left, &right, op);
  weft__raw_end(left, private);
  weft__raw_drop(&right);
  return result;
}

static weft_object *array_add(weft_object *a, weft_object *b) {
  if (!is_array(a) || !is_of_same_kind(a, b, "append")) return NULL;
  raw sum;
  struct weft__span right;
  if (!weft__raw_copy(&sum, "weft_add", a, TYPE, 0, INT64_MAX, 1)) return NULL;
  weft__span_begin(&right, "weft_add", b);
  size_t n = right.size / items_of(b)->width;
  bool done = weft__raw_reserve(&sum, sum.size + n) &&
              weft__raw_splice(&sum, sum.size, sum.size, right.bytes, n) == WEFT__RAW_DONE;
  weft__span_end(&right);
  if (!done) weft_raise_memory();
  return made_steal(&sum, done, "weft_add");
}

static weft_object *array_in_place_add(weft_object *a, weft_object *b) {
  return weft_array_check(b) && weft_array_extend(a, b) == 0 ? weft_new_ref(a) : NULL;
}

static weft_object *array_repr(weft_object *self) {
  raw copy;
  if (!weft__raw_copy(&copy, "weft_repr", self, TYPE, 0, INT64_MAX, 1)) return NULL;
  struct weft__text text = {0};
  const char open[] = {'a', 'r', 'r', 'a', 'y', '(', '\'', items_of(self)->code, '\''};
  weft__text_add(&text, open, sizeof open);
  if (copy.size) weft__text_add(&text, ", [", 3);
  for (size_t i = 0; i < copy.size && !text.failed; i++) {
    if (i) weft__text_add(&text, ", ", 2);
    weft_auto weft_object *item = weft__item_decode(items_of(self), weft__raw_at(&copy, i));
    if (item)
      weft__text_add_repr(&text, item);
    else
      text.failed = true;
  }
  if (copy.size) weft__text_add(&text, "]", 1);
  weft__text_add(&text, ")", 1);
  weft__raw_drop(&copy);
  return weft__text_finish(&text);
}

static int array_set_item(weft_object *self, weft_object *key, weft_object *value) {
  return weft__raw_set_item(self, key, value, weft_array_set_slice);
}

const weft_type weft_array_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "array",
             .copy = weft__raw_duplicate,
             .base = &weft_object_type,
             .basic_size = sizeof(weft__raw),
             .flags = WEFT_TYPE_BASE,
             .dealloc = weft__raw_dealloc,
             .repr = array_repr,
             .compare = array_compare,
             .add = array_add,
             .multiply = weft__raw_multiply,
             .in_place_add = array_in_place_add,
             .in_place_multiply = weft__raw_in_place_multiply,
             .size_of = weft__raw_size_of,
             .length = weft__raw_slot_length,
             .get_item = weft__raw_get_item,
             .set_item = array_set_item,
             .contains = weft_array_contains,
             .iter = weft__raw_iter,
             .reversed = weft__raw_reversed},
    .make = array_make,
    .lock_offset = offsetof(weft__raw, lock),
    .guarded = true,
    .weak = true,
};
