/* SPDX-License-Identifier: MIT */
/*
 * What bytes and bytearray can both do: searching, splitting, joining.
 *
 * Of what is searched for there is a copy first (weft__span_copy); then the object itself is looked at in one go,
 * without a safepoint (weft__span_begin), or, where objects are made meanwhile, as a copy, too.
 */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "runtime/bytearray.h"
#include "runtime/bytes.h"
#include "runtime/int.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"
#include "runtime/span_internal.h"
#include "runtime/str.h"

typedef struct weft__span span;

static const uint8_t blanks[] = {' ', '\t', '\n', '\r', '\v', '\f'};

static bool is_byte_string(const char *call, weft_object *o) {
  if (!weft__given(call, o)) return false;
  if (weft_bytes_check(o) || weft_is_instance(o, &weft_bytearray_type)) return true;
  return weft_raise(&weft_TypeError, "%s: expected bytes or bytearray, got %s", call, o->type->spec.name);
}

/* A bytes or bytearray, as `like` is one. Returns new. */
static weft_object *made_like(const weft_object *like, const uint8_t *bytes, size_t size) {
  return weft_bytes_check(like) ? weft_bytes_new(bytes, size) : weft_bytearray_new(bytes, size);
}

/* The same of a variable, which it drops. */
static weft_object *made_like_steal(const weft_object *like, weft__raw *from, bool good) {
  weft_object *made = NULL;
  if (good && weft_is_instance(like, &weft_bytearray_type))
    return weft__raw_object_steal(&weft_bytearray_type, from, "weft_bytes");
  if (good) made = weft_bytes_new(weft__raw_at(from, 0), from->size);
  weft__raw_drop(from);
  return made;
}

static bool add_bytes(weft__raw *into, const uint8_t *bytes, size_t size) {
  return weft__raw_raise(weft__raw_splice(into, into->size, into->size, bytes, size)) == 0;
}

/* --- Searching --- */

/* What is searched for; `byte` has room for one. */
static bool sub_of(span *sub, const char *call, weft_object *o, uint8_t *byte) {
  if (!weft__given(call, o)) return false;
  if (!weft_is_instance(o, &weft_int_type)) return weft__span_copy(sub, call, o);
  *sub = (span){.bytes = byte, .size = 1};
  return weft__item_encode(WEFT__BYTES, o, byte);
}

/* NULL: nowhere. An empty one is at the beginning. */
static const uint8_t *first_in(const uint8_t *bytes, size_t size, const span *sub) {
  return sub->size ? memmem(bytes, size, sub->bytes, sub->size) : bytes;
}

static const uint8_t *last_in(const uint8_t *bytes, size_t size, const span *sub) {
  for (size_t at = size - sub->size + 1; sub->size <= size && at-- > 0;)
    if (!sub->size || memcmp(bytes + at, sub->bytes, sub->size) == 0) return bytes + at;
  return NULL;
}

static size_t count_in(const uint8_t *bytes, size_t size, const span *sub) {
  if (!sub->size) return size + 1;
  size_t count = 0;
  const uint8_t *end = bytes + size;
  for (const uint8_t *p = bytes; (p = first_in(p, (size_t)(end - p), sub)); p += sub->size) count++;
  return count;
}

enum search { FIRST, LAST, COUNT };

/* -1: nowhere, -2: an error is set. */
static int64_t search(const char *call, weft_object *o, weft_object *what, int64_t start, int64_t stop,
                      enum search how) {
  uint8_t byte;
  span in, sub;
  if (!is_byte_string(call, o) || !sub_of(&sub, call, what, &byte)) return -2;
  weft__span_begin(&in, call, o);
  int64_t size = (int64_t)in.size;
  int64_t from = start < 0 ? start + size : start, to = stop < 0 ? stop + size : stop > size ? size : stop;
  if (from < 0) from = 0;
  int64_t result = how == COUNT ? 0 : -1;
  if (to >= from) {
    const uint8_t *bytes = in.bytes + from;
    size_t n = (size_t)(to - from);
    const uint8_t *found = how == FIRST ? first_in(bytes, n, &sub) : how == LAST ? last_in(bytes, n, &sub) : NULL;
    result = how == COUNT ? (int64_t)count_in(bytes, n, &sub) : found ? found - in.bytes : -1;
  }
  weft__span_end(&in);
  weft__span_end(&sub);
  return result;
}

int64_t weft_bytes_find(weft_object *o, weft_object *sub, int64_t start, int64_t stop) {
  return search("weft_bytes_find", o, sub, start, stop, FIRST);
}
int64_t weft_bytes_rfind(weft_object *o, weft_object *sub, int64_t start, int64_t stop) {
  return search("weft_bytes_rfind", o, sub, start, stop, LAST);
}

static int64_t or_not_found(int64_t i) {
  if (i == -1) weft_raise(&weft_ValueError, "subsection not found");
  return i < 0 ? -1 : i;
}

int64_t weft_bytes_index(weft_object *o, weft_object *sub, int64_t start, int64_t stop) {
  return or_not_found(search("weft_bytes_index", o, sub, start, stop, FIRST));
}
int64_t weft_bytes_rindex(weft_object *o, weft_object *sub, int64_t start, int64_t stop) {
  return or_not_found(search("weft_bytes_rindex", o, sub, start, stop, LAST));
}
int64_t weft_bytes_count(weft_object *o, weft_object *sub, int64_t start, int64_t stop) {
  int64_t n = search("weft_bytes_count", o, sub, start, stop, COUNT);
  return n < 0 ? -1 : n;
}
int weft_bytes_contains(weft_object *o, weft_object *sub) {
  int64_t i = search("weft_bytes_contains", o, sub, 0, INT64_MAX, FIRST);
  return i == -2 ? -1 : i >= 0;
}

static int has_at_end(const char *call, weft_object *o, weft_object *what, bool end) {
  span in, sub;
  if (!is_byte_string(call, o) || !weft__span_copy(&sub, call, what)) return -1;
  weft__span_begin(&in, call, o);
  bool has =
      in.size >= sub.size && (!sub.size || memcmp(in.bytes + (end ? in.size - sub.size : 0), sub.bytes, sub.size) == 0);
  weft__span_end(&in);
  weft__span_end(&sub);
  return has;
}

int weft_bytes_starts_with(weft_object *o, weft_object *prefix) {
  return has_at_end("weft_bytes_starts_with", o, prefix, false);
}
int weft_bytes_ends_with(weft_object *o, weft_object *suffix) {
  return has_at_end("weft_bytes_ends_with", o, suffix, true);
}

/* --- Replacing, stripping --- */

/* Puts `in` into a variable, with replacements. An empty `old` is before each byte and at the end. */
static bool replace_into(weft__raw *into, const span *in, const span *old, const span *by, uint64_t most) {
  const uint8_t *p = in->bytes, *end = p + in->size;
  for (; most > 0; most--) {
    const uint8_t *found = first_in(p, (size_t)(end - p), old);
    if (!found) break;
    if (!add_bytes(into, p, (size_t)(found - p)) || !add_bytes(into, by->bytes, by->size)) return false;
    p = found + old->size;
    if (old->size) continue;
    if (p == end) return true;
    if (!add_bytes(into, p++, 1)) return false;
  }
  return add_bytes(into, p, (size_t)(end - p));
}

weft_object *weft_bytes_replace(weft_object *o, weft_object *old_object, weft_object *by_object, int64_t most) {
  static const char call[] = "weft_bytes_replace";
  span in, old, by;
  if (!is_byte_string(call, o) || !weft__span_copy(&old, call, old_object)) return NULL;
  weft__raw into = WEFT__RAW_OF(WEFT__BYTES);
  bool good = weft__span_copy(&by, call, by_object);
  if (good) {
    good = weft__span_copy(&in, call, o);
    if (good) good = replace_into(&into, &in, &old, &by, most < 0 ? UINT64_MAX : (uint64_t)most);
    weft__span_end(&in);
  }
  weft__span_end(&by);
  weft__span_end(&old);
  return made_like_steal(o, &into, good);
}

static bool is_in(uint8_t byte, const span *set) { return set->size && memchr(set->bytes, byte, set->size); }

weft_object *weft_bytes_strip(weft_object *o, weft_object *set_object, enum weft_side sides) {
  static const char call[] = "weft_bytes_strip";
  span in, set = {.bytes = blanks, .size = sizeof blanks};
  if (!is_byte_string(call, o) || (set_object && !weft__span_copy(&set, call, set_object))) return NULL;
  weft_object *made = NULL;
  if (weft__span_copy(&in, call, o)) {
    size_t start = 0, stop = in.size;
    while (sides & WEFT_LEFT && start < stop && is_in(in.bytes[start], &set)) start++;
    while (sides & WEFT_RIGHT && start < stop && is_in(in.bytes[stop - 1], &set)) stop--;
    made = made_like(o, in.bytes + start, stop - start);
  }
  weft__span_end(&in);
  weft__span_end(&set);
  return made;
}

/* --- Splitting, joining --- */

static bool add_part(weft_object *list, const weft_object *like, const uint8_t *bytes, size_t size) {
  weft_auto weft_object *part = made_like(like, bytes, size);
  return part && weft_list_append(list, part) == 0;
}

static bool split_at(weft_object *list, const weft_object *like, const span *in, const span *by, uint64_t most) {
  const uint8_t *p = in->bytes, *end = p + in->size, *found;
  for (; most > 0 && (found = first_in(p, (size_t)(end - p), by)); most--, p = found + by->size)
    if (!add_part(list, like, p, (size_t)(found - p))) return false;
  return add_part(list, like, p, (size_t)(end - p));
}

static bool split_at_blanks(weft_object *list, const weft_object *like, const span *in, uint64_t most) {
  const span set = {.bytes = blanks, .size = sizeof blanks};
  const uint8_t *p = in->bytes, *end = p + in->size;
  for (;; most--) {
    while (p < end && is_in(*p, &set)) p++;
    if (p == end) return true;
    const uint8_t *start = p;
    while (p < end && (most == 0 || !is_in(*p, &set))) p++;
    if (!add_part(list, like, start, (size_t)(p - start))) return false;
  }
}

weft_object *weft_bytes_split(weft_object *o, weft_object *by_object, int64_t most_) {
  static const char call[] = "weft_bytes_split";
  uint64_t most = most_ < 0 ? UINT64_MAX : (uint64_t)most_;
  span in, by = {.bytes = NULL};
  if (!is_byte_string(call, o) || (by_object && !weft__span_copy(&by, call, by_object))) return NULL;
  if (by_object && !by.size) {
    weft__span_end(&by);
    return weft_raise(&weft_ValueError, "empty separator");
  }
  weft_object *list = NULL;
  if (weft__span_copy(&in, call, o) && (list = weft_list_new())) {
    bool good = by_object ? split_at(list, o, &in, &by, most) : split_at_blanks(list, o, &in, most);
    if (!good) weft_clear(&list);
  }
  weft__span_end(&in);
  weft__span_end(&by);
  return list;
}

static bool join_one(weft__raw *into, const span *between, bool first, weft_object *item) {
  span part;
  if (!first && !add_bytes(into, between->bytes, between->size)) return false;
  if (!weft__span_begin(&part, "weft_bytes_join", item)) return false;
  enum weft__raw_result done = weft__raw_splice(into, into->size, into->size, part.bytes, part.size);
  weft__span_end(&part);
  return weft__raw_raise(done) == 0;
}

weft_object *weft_bytes_join(weft_object *o, weft_object *iterable) {
  static const char call[] = "weft_bytes_join";
  span between;
  if (!is_byte_string(call, o) || !weft__given(call, iterable) || !weft__span_copy(&between, call, o)) return NULL;
  weft__raw into = WEFT__RAW_OF(WEFT__BYTES);
  weft_auto weft_object *iterator = weft_iter(iterable);
  bool good = iterator, first = true;
  for (weft_object *item; good && (item = weft_next(iterator)); first = false) {
    good = join_one(&into, &between, first, item);
    weft_decref(item);
  }
  weft__span_end(&between);
  return made_like_steal(o, &into, good && !weft_error_borrow());
}

/* --- Text --- */

weft_object *weft_bytes_hex(weft_object *o) {
  static const char call[] = "weft_bytes_hex", digits[] = "0123456789abcdef";
  span in;
  if (!weft__span_copy(&in, call, o)) return NULL;
  char *text = weft__buffer_new(2 * in.size, call);
  weft_object *made = NULL;
  for (size_t i = 0; text && i < in.size; i++) {
    text[2 * i] = digits[in.bytes[i] >> 4];
    text[2 * i + 1] = digits[in.bytes[i] & 15];
  }
  if (text)
    made = weft_str_new_size(text, 2 * in.size);
  else
    weft_raise_memory();
  weft__buffer_free(text, 2 * in.size);
  weft__span_end(&in);
  return made;
}

weft_object *weft_bytes_decode(weft_object *o) {
  span in;
  if (!is_byte_string("weft_bytes_decode", o) || !weft__span_copy(&in, "weft_bytes_decode", o)) return NULL;
  weft_object *text = weft_str_new_size((const char *)in.bytes, in.size);
  weft__span_end(&in);
  return text;
}
