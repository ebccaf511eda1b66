/* SPDX-License-Identifier: MIT */
/* bytes. The empty one is a single immortal object. */
#include "runtime/bytes.h"

#include <stdio.h>
#include <string.h>

#include "runtime/bytearray.h"
#include "runtime/copy_internal.h"
#include "runtime/int.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"
#include "runtime/span_internal.h"
#include "runtime/str.h"
#include "runtime/text_internal.h"

typedef struct weft__bytes bytes;

static bytes empty = {.header = {WEFT__COUNT_IMMORTAL, &weft_bytes_type}, .bytes = {'\0'}};

/* --- Making --- */

/* The content is not initialised, the NUL is there. NULL with MemoryError. */
static bytes *make(size_t size, const char *call) {
  weft__check_attached(call);
  if (size == 0) return &empty;
  if (size > PTRDIFF_MAX / 2) return weft_raise_memory();
  bytes *b = weft__object_alloc(&weft_bytes_type, sizeof *b + size + 1, call);
  if (!b) return NULL;
  b->hash = -1;
  b->size = size;
  b->bytes[size] = '\0';
  return b;
}

static void fill(bytes *b, const void *from, size_t at, size_t size) {
  if (size && from)
    memcpy(b->bytes + at, from, size);
  else if (size)
    memset(b->bytes + at, 0, size);
}

weft_object *weft_bytes_new(const void *from, size_t size) {
  bytes *b = make(size, "weft_bytes_new");
  if (b) fill(b, from, 0, size);
  return (weft_object *)b;
}

bool weft__bytes_collect(weft__raw *into, const char *call, weft_object *o) {
  if (!weft__given(call, o)) return false;
  if (weft_str_check(o)) return weft_raise(&weft_TypeError, "%s: a str is no sequence of bytes", call);
  if (!weft__is_bytes_like(o)) return weft__raw_collect(into, call, o);
  struct weft__span from;
  if (!weft__span_begin(&from, call, o)) return false;
  bool done =
      weft__raw_reserve(into, from.size) && weft__raw_splice(into, 0, 0, from.bytes, from.size) == WEFT__RAW_DONE;
  weft__span_end(&from);
  return done || weft_raise_memory();
}

bool weft__bytes_collect_initial(weft__raw *into, const char *call, weft_object *o) {
  if (!weft__given(call, o)) return false;
  if (!weft_is_instance(o, &weft_int_type)) return weft__bytes_collect(into, call, o);
  int64_t n;
  if (!weft__int_as_index(o, &weft_OverflowError, &n)) return false;
  if (n < 0) return weft_raise(&weft_ValueError, "negative count");
  if (!weft__raw_reserve(into, (size_t)n)) return weft_raise_memory();
  return weft__raw_raise(weft__raw_splice(into, 0, 0, NULL, (size_t)n)) == 0;
}

weft_object *weft_bytes_from(weft_object *o) {
  weft__raw into = WEFT__RAW_OF(WEFT__BYTES);
  if (weft__given("weft_bytes_from", o) && weft_bytes_check(o)) return weft_new_ref(o);
  bool good = weft__bytes_collect_initial(&into, "weft_bytes_from", o);
  weft_object *made = good ? weft_bytes_new(weft__raw_at(&into, 0), into.size) : NULL;
  weft__raw_drop(&into);
  return made;
}

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool weft__bytes_parse_hex(weft__raw *into, const char *call, const char *text) {
  static const char blanks[] = " \t\n\v\f\r";
  weft__check_attached(call);
  if (!text) return weft_raise(&weft_TypeError, "%s: NULL is not a string", call);
  if (!weft__raw_reserve(into, strlen(text) / 2)) return weft_raise_memory();
  for (const char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
    int high = digit(p[0]), low = high < 0 ? -1 : digit(p[1]);
    if (low < 0)
      return weft_raise(&weft_ValueError, "non-hexadecimal number found at position %zu",
                        (size_t)(p - text) + (high >= 0));
    uint8_t byte = (uint8_t)(high << 4 | low);
    if (weft__raw_raise(weft__raw_splice(into, into->size, into->size, &byte, 1)) < 0) return false;
    p += 2;
  }
  return true;
}

weft_object *weft_bytes_from_hex(const char *text) {
  weft__raw into = WEFT__RAW_OF(WEFT__BYTES);
  bool good = weft__bytes_parse_hex(&into, "weft_bytes_from_hex", text);
  weft_object *made = good ? weft_bytes_new(weft__raw_at(&into, 0), into.size) : NULL;
  weft__raw_drop(&into);
  return made;
}

/* --- Reading --- */

static const bytes *expect(const char *call, const weft_object *o) {
  return weft__expect(call, o, &weft_bytes_type) ? (const bytes *)o : NULL;
}

const char *weft_bytes_data(const weft_object *o, size_t *size) {
  const bytes *b = expect("weft_bytes_data", o);
  if (!b) return NULL;
  if (size) *size = b->size;
  return b->bytes;
}

int64_t weft_bytes_length(const weft_object *o) {
  const bytes *b = expect("weft_bytes_length", o);
  return b ? (int64_t)b->size : -1;
}

weft_object *weft_bytes_get(const weft_object *o, int64_t index) {
  const bytes *b = expect("weft_bytes_get", o);
  if (!b) return NULL;
  int64_t i = weft__index(index, b->size);
  return i < 0 ? weft_raise(&weft_IndexError, "bytes index out of range") : weft_int_new((unsigned char)b->bytes[i]);
}

weft_object *weft_bytes_slice(weft_object *o, int64_t start, int64_t stop, int64_t step) {
  const bytes *b = expect("weft_bytes_slice", o);
  if (!b || !weft__step_given(step)) return NULL;
  struct weft__slice s = weft__slice_of(start, stop, step, b->size);
  if (step == 1 && s.count == b->size) return weft_new_ref(o);
  bytes *part = make(s.count, "weft_bytes_slice");
  for (size_t i = 0; part && i < s.count; i++) part->bytes[i] = b->bytes[(int64_t)s.start + (int64_t)i * s.step];
  return (weft_object *)part;
}

weft_object *weft_bytes_repeat(weft_object *o, int64_t n) {
  const bytes *b = expect("weft_bytes_repeat", o);
  size_t total = 0;
  if (!b) return NULL;
  if (n == 1) return weft_new_ref(o);
  if (n > 0 && __builtin_mul_overflow(b->size, (size_t)n, &total)) return weft_raise_memory();
  bytes *made = make(total, "weft_bytes_repeat");
  for (size_t at = 0; made && at < total; at += b->size) fill(made, b->bytes, at, b->size);
  return (weft_object *)made;
}

/* --- Slots --- */

static int bytes_hash(weft_object *self, int64_t *hash) {
  bytes *b = (bytes *)self;
  /* order: relaxed: threads may compute it at the same time, to the same result. */
  *hash = weft__load_relaxed(&b->hash);
  if (*hash != -1) return 0;
  *hash = b->size ? weft__hash_bytes(b->bytes, b->size) : 0;
  weft__store_relaxed(&b->hash, *hash);
  return 0;
}

int weft__bytes_order(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size) {
  size_t both = a_size < b_size ? a_size : b_size;
  int order = both ? memcmp(a, b, both) : 0;
  return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int bytes_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!weft_bytes_check(a) || !weft_bytes_check(b)) return WEFT_NOT_IMPLEMENTED;
  const bytes *x = (bytes *)a, *y = (bytes *)b;
  if ((op == WEFT_EQ || op == WEFT_NE) && x->size != y->size) return op == WEFT_NE;
  int order = weft__bytes_order((const uint8_t *)x->bytes, x->size, (const uint8_t *)y->bytes, y->size);
  return weft__compare_order(order, op);
}

static weft_object *bytes_add(weft_object *a, weft_object *b) {
  struct weft__span right;
  if (!weft_bytes_check(a) || !weft__is_bytes_like(b) || !weft__span_copy(&right, "weft_add", b)) return NULL;
  const bytes *left = (bytes *)a;
  bytes *sum = right.size > PTRDIFF_MAX / 2 ? weft_raise_memory() : make(left->size + right.size, "weft_add");
  if (sum) {
    fill(sum, left->bytes, 0, left->size);
    fill(sum, right.bytes, left->size, right.size);
  }
  weft__span_end(&right);
  return (weft_object *)sum;
}

static weft_object *bytes_multiply(weft_object *a, weft_object *b) {
  bool first = weft_bytes_check(a);
  weft_object *self = first ? a : b, *n = first ? b : a;
  int64_t times;
  return weft__times_of(n, &times) ? weft_bytes_repeat(self, times) : NULL;
}

void weft__bytes_add_repr(struct weft__text *text, const uint8_t *from, size_t size) {
  char quote = size && memchr(from, '\'', size) && !memchr(from, '"', size) ? '"' : '\'';
  const char open[2] = {'b', quote};
  weft__text_add(text, open, 2);
  for (size_t i = 0; i < size; i++) {
    char escape[8] = {'\\', (char)from[i], '\0'};
    if (from[i] == '\n' || from[i] == '\r' || from[i] == '\t')
      escape[1] = from[i] == '\n' ? 'n' : from[i] == '\r' ? 'r' : 't';
    else if (from[i] < 0x20 || from[i] >= 0x7f)
      snprintf(escape, sizeof escape, "\\x%02x", from[i]);
    else if (from[i] != '\\' && from[i] != (unsigned char)quote)
      escape[0] = (char)from[i], escape[1] = '\0';
    weft__text_add(text, escape, strlen(escape));
  }
  weft__text_add(text, &quote, 1);
}

static weft_object *bytes_repr(weft_object *self) {
  struct weft__text text = {0};
  weft__bytes_add_repr(&text, (const uint8_t *)((bytes *)self)->bytes, ((bytes *)self)->size);
  return weft__text_finish(&text);
}

static weft_object *item_of(weft_object *self, size_t i) {
  bytes *b = (bytes *)self;
  return i < b->size ? weft_int_new((unsigned char)b->bytes[i]) : NULL;
}

static weft_object *bytes_iter(weft_object *self) { return weft__sequence_iter(self, item_of); }
static weft_object *bytes_reversed(weft_object *self) { return weft__sequence_reversed(self, item_of); }

static weft_object *bytes_get_item(weft_object *self, weft_object *key) {
  struct weft__key k;
  if (!weft__key_of(self, key, &k)) return NULL;
  return k.is_slice ? weft_bytes_slice(self, k.start, k.stop, k.step) : weft_bytes_get(self, k.index);
}

static int64_t bytes_length(weft_object *self) { return (int64_t)((bytes *)self)->size; }

static size_t bytes_size_of(weft_object *self) { return sizeof(bytes) + ((bytes *)self)->size + 1; }

static void bytes_dealloc(weft_object *self) { weft__heap_free(self, bytes_size_of(self)); }

const weft_type weft_bytes_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "bytes",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(bytes) + 1,
             .item_size = 1,
             .repr = bytes_repr,
             .hash = bytes_hash,
             .compare = bytes_compare,
             .add = bytes_add,
             .multiply = bytes_multiply,
             .length = bytes_length,
             .get_item = bytes_get_item,
             .contains = weft_bytes_contains,
             .iter = bytes_iter,
             .reversed = bytes_reversed,
             .size_of = bytes_size_of,
             .dealloc = bytes_dealloc},
};
