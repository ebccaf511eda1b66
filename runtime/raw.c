/* SPDX-License-Identifier: MIT */
/* Raw containers: storage and the operations that bytearray and array share. What holds when: raw_internal.h. */
#include "runtime/raw_internal.h"

#include <math.h>
#include <string.h>

#include "runtime/array.h"
#include "runtime/float.h"
#include "runtime/int_big_internal.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"
#include "runtime/tuple.h"

typedef weft__raw raw;
typedef struct weft__items items;
typedef enum weft__raw_result result;

/* --- Kinds of items --- */

const items weft__kinds[] = {
    {'B', 1, WEFT__UNSIGNED, "byte"},
    {'b', 1, WEFT__SIGNED, "signed char"},
    {'B', 1, WEFT__UNSIGNED, "unsigned char"},
    {'h', 2, WEFT__SIGNED, "short"},
    {'H', 2, WEFT__UNSIGNED, "unsigned short"},
    {'i', 4, WEFT__SIGNED, "int"},
    {'I', 4, WEFT__UNSIGNED, "unsigned int"},
    {'l', 8, WEFT__SIGNED, "long"},
    {'L', 8, WEFT__UNSIGNED, "unsigned long"},
    {'q', 8, WEFT__SIGNED, "long long"},
    {'Q', 8, WEFT__UNSIGNED, "unsigned long long"},
    {'f', sizeof(float), WEFT__REAL, "float"},
    {'d', sizeof(double), WEFT__REAL, "double"},
};
_Static_assert(sizeof(short) == 2 && sizeof(int) == 4 && sizeof(long) == 8, "the widths above are the C types'");

const items *weft__items_of(char typecode) {
  for (size_t i = 1; i < sizeof weft__kinds / sizeof *weft__kinds; i++)
    if (weft__kinds[i].code == typecode) return &weft__kinds[i];
  return NULL;
}

static size_t width_of(const raw *r) { return weft__raw_items(r)->width; }
static size_t terminator(const raw *r) { return r->kind == 0; }

/* --- Storage --- */

static uint8_t nothing[8]; /* where the items of a container without a block are; never written */

uint8_t *weft__raw_at(const raw *r, size_t i) { return r->block ? r->block + (r->first + i) * width_of(r) : nothing; }

static void terminate(raw *r) {
  if (terminator(r) && r->block) *weft__raw_at(r, r->size) = 0;
}

/* Items of room for `size`, as CPython grows them. */
static size_t roomy(const raw *r, size_t size) {
  if (!terminator(r)) return size + (size >> 4) + (r->size < 8 ? 3 : 7);
  bool little = size <= r->room + (r->room >> 3);
  return little ? size + (size >> 3) + (size < 9 ? 3 : 6) : size + 1;
}

/* The items in a block of `room` items. False: out of memory, nothing has happened. */
static bool move_to(raw *r, size_t room) {
  size_t width = width_of(r);
  if (room > PTRDIFF_MAX / width) return false;
  if (r->block && !r->first) {
    uint8_t *block = weft__buffer_resize(r->block, r->room * width, room * width);
    if (!block) return false;
    r->block = block;
  } else {
    uint8_t *block = weft__buffer_new(room * width, "bytearray");
    if (!block) return false;
    if (r->block) memcpy(block, weft__raw_at(r, 0), r->size * width);
    weft__raw_drop(r);
    r->block = block;
    r->first = 0;
  }
  r->room = room;
  return true;
}

void weft__raw_drop(raw *r) {
  weft__buffer_free(r->block, r->room * width_of(r));
  r->block = NULL;
}

bool weft__raw_reserve(raw *r, size_t n) {
  size_t most = PTRDIFF_MAX / width_of(r) - 1;
  if (n > most) return false;
  if (n == 0 || n + terminator(r) <= r->room) return true;
  if (!move_to(r, n + terminator(r))) return false;
  terminate(r);
  return true;
}

/* Room for `size` items from `first` on. False: out of memory, nothing has happened. */
static bool grow(raw *r, size_t size) {
  if (size > PTRDIFF_MAX / width_of(r) / 2) return false;
  if (r->block && r->first + size + terminator(r) <= r->room) return true;
  return move_to(r, roomy(r, size));
}

/* Less than half is used: a smaller block. Without memory it just stays as large as it is. */
static void shrink(raw *r) {
  if (r->size >= r->room / 2) return;
  if (r->size) {
    if (move_to(r, r->size + terminator(r))) terminate(r);
    return;
  }
  weft__raw_drop(r);
  r->first = r->room = 0;
}

static void copy_items(raw *r, size_t at, const void *from, size_t n) {
  if (n == 0) return;
  size_t bytes = n * width_of(r);
  if (from)
    memcpy(weft__raw_at(r, at), from, bytes);
  else
    memset(weft__raw_at(r, at), 0, bytes);
}

static void move_items(raw *r, size_t to, size_t from, size_t n) {
  if (n) memmove(weft__raw_at(r, to), weft__raw_at(r, from), n * width_of(r));
}

result weft__raw_splice(raw *r, size_t start, size_t stop, const void *added, size_t n) {
  size_t removed = stop - start, behind = r->size - stop, size;
  if (n != removed && r->exports) return WEFT__RAW_EXPORTED;
  if (__builtin_add_overflow(r->size - removed, n, &size)) return WEFT__RAW_NO_MEMORY;
  if (n > removed) {
    if (!grow(r, size)) return WEFT__RAW_NO_MEMORY;
    move_items(r, start + n, stop, behind);
  } else if (n < removed && start == 0) {
    r->first += removed - n; /* the front is given up: a queue of bytes does not move its rest each time */
  } else if (n < removed) {
    move_items(r, start + n, stop, behind);
  }
  r->size = size;
  copy_items(r, start, added, n);
  terminate(r);
  if (n < removed) shrink(r);
  return WEFT__RAW_DONE;
}

int weft__raw_raise(result of) {
  if (of == WEFT__RAW_NO_MEMORY) weft_raise_memory();
  if (of == WEFT__RAW_EXPORTED) weft_raise(&weft_BufferError, "a view is open: the object cannot be resized");
  return of == WEFT__RAW_DONE ? 0 : -1;
}

/* --- Access --- */

raw *weft__raw_begin(const char *call, weft_object *o, const weft_type *type, bool *private) {
  if (WEFT_UNLIKELY(!weft__expect(call, o, type))) return NULL;
  raw *r = (raw *)o;
  *private = weft__may_touch(o) || weft__touch(o);
  if (!*private) weft__object_lock(&r->lock);
  return r;
}

void weft__raw_end(raw *r, bool private) {
  if (!private) weft__object_unlock(&r->lock);
}

weft_object *weft__raw_object_steal(const weft_type *type, raw *from, const char *call) {
  raw *r = type->made ? (raw *)weft__object_new(type, 0) : weft__object_alloc(type, sizeof *r, call);
  if (!r) {
    weft__raw_drop(from);
    return NULL;
  }
  memcpy((char *)r + sizeof r->header, (char *)from + sizeof r->header, sizeof *r - sizeof r->header);
  return &r->header;
}

void weft__raw_dealloc(weft_object *self) {
  weft__raw_drop((raw *)self);
  weft__heap_free(self, self->type->spec.basic_size);
}

/* --- Items --- */

/* An item as a number: the bits of an integer, or a double. */
struct number {
  uint8_t type; /* enum weft__number */
  uint64_t bits;
  double real;
};

#define LOAD(type)                          \
  (__extension__({                          \
    type loaded_;                           \
    memcpy(&loaded_, item, sizeof loaded_); \
    loaded_;                                \
  }))

static struct number number_at(const items *kind, const void *item) {
  struct number n = {.type = kind->number};
  bool is_signed = n.type == WEFT__SIGNED;
  if (n.type == WEFT__REAL)
    n.real = kind->width == sizeof(float) ? (double)LOAD(float) : LOAD(double);
  else if (kind->width == 1)
    n.bits = is_signed ? (uint64_t)LOAD(int8_t) : LOAD(uint8_t);
  else if (kind->width == 2)
    n.bits = is_signed ? (uint64_t)LOAD(int16_t) : LOAD(uint16_t);
  else if (kind->width == 4)
    n.bits = is_signed ? (uint64_t)LOAD(int32_t) : LOAD(uint32_t);
  else
    n.bits = LOAD(uint64_t);
  return n;
}

static void store_bits(unsigned width, uint64_t bits, void *item) {
  uint8_t b = (uint8_t)bits;
  uint16_t h = (uint16_t)bits;
  uint32_t i = (uint32_t)bits;
  memcpy(item, width == 1 ? (void *)&b : width == 2 ? (void *)&h : width == 4 ? (void *)&i : (void *)&bits, width);
}

static bool encode_real(const items *kind, weft_object *value, void *item) {
  double x;
  if (!weft__to_double(value, &x)) {
    if (!weft__is_big_int(value)) weft_raise(&weft_TypeError, "must be real number, not %s", value->type->spec.name);
    return false;
  }
  float narrow = (float)x;
  memcpy(item, kind->width == sizeof(float) ? (void *)&narrow : (void *)&x, kind->width);
  return true;
}

static bool refuse(const items *kind, bool too_small) {
  if (kind == WEFT__BYTES) return weft_raise(&weft_ValueError, "byte must be in range(0, 256)");
  return weft_raise(&weft_OverflowError, "%s is %s", kind->c_type,
                    too_small ? "less than minimum" : "greater than maximum");
}

static bool is_unsigned_word(const items *kind) { return kind->number == WEFT__UNSIGNED && kind->width == 8; }

bool weft__item_encode(const items *kind, weft_object *value, void *item) {
  if (kind->number == WEFT__REAL) return encode_real(kind, value, item);
  if (!weft_is_instance(value, &weft_int_type)) {
    weft_raise(&weft_TypeError, "'%s' object cannot be interpreted as an integer", value->type->spec.name);
    return false;
  }
  if (weft__is_big_int(value)) {
    uint64_t word;
    if (!weft__big_fits_unsigned(value, &word) || !is_unsigned_word(kind))
      return refuse(kind, weft__big_is_negative(value));
    store_bits(kind->width, word, item);
    return true;
  }
  int64_t v = ((const weft_int *)value)->value;
  unsigned bits = 8u * kind->width;
  int64_t least = kind->number == WEFT__SIGNED ? INT64_MIN >> (64 - bits) : 0;
  int64_t most = kind->number == WEFT__SIGNED ? INT64_MAX >> (64 - bits)
                 : bits == 64                 ? INT64_MAX
                                              : (int64_t)((UINT64_C(1) << bits) - 1);
  if (v < least || v > most) return refuse(kind, v < least);
  store_bits(kind->width, (uint64_t)v, item);
  return true;
}

weft_object *weft__item_decode(const items *kind, const void *item) {
  struct number n = number_at(kind, item);
  if (n.type == WEFT__REAL) return weft_float_new(n.real);
  if (n.type == WEFT__SIGNED || n.bits <= INT64_MAX) return weft_int_new((int64_t)n.bits);
  return weft_int_new_unsigned(n.bits);
}

static int compare_integers(struct number a, struct number b) {
  bool a_below = a.type == WEFT__SIGNED && (int64_t)a.bits < 0, b_below = b.type == WEFT__SIGNED && (int64_t)b.bits < 0;
  if (a_below != b_below) return a_below ? -1 : 1;
  return (a.bits > b.bits) - (a.bits < b.bits); /* also when both are below zero */
}

static int compare_real(double x, struct number b) {
  if (isnan(x)) return 2;
  if (b.type == WEFT__SIGNED || b.bits <= INT64_MAX) return weft__compare_real_int(x, (int64_t)b.bits);
  if (x < 0x1p63) return -1;
  if (x >= 0x1p64) return 1;
  return ((uint64_t)x > b.bits) - ((uint64_t)x < b.bits);
}

static int compare_numbers(struct number a, struct number b) {
  bool a_real = a.type == WEFT__REAL, b_real = b.type == WEFT__REAL;
  if (!a_real && !b_real) return compare_integers(a, b);
  if (a_real && b_real) return isnan(a.real) || isnan(b.real) ? 2 : (a.real > b.real) - (a.real < b.real);
  int order = a_real ? compare_real(a.real, b) : compare_real(b.real, a);
  return a_real || order == 2 ? order : -order;
}

int weft__item_compare(const items *a, const void *x, const items *b, const void *y) {
  return compare_numbers(number_at(a, x), number_at(b, y));
}

bool weft__item_number(weft_object *value, const items **kind, uint64_t *item) {
  if (weft__is_big_int(value)) {
    *kind = weft__items_of('Q');
    return weft__big_fits_unsigned(value, item);
  }
  bool integer = weft_is_instance(value, &weft_int_type);
  if (!integer && !weft_is_instance(value, &weft_float_type)) return false;
  *kind = weft__items_of(integer ? 'q' : 'd');
  return weft__item_encode(*kind, value, item);
}

/* --- Slices --- */

bool weft__raw_copy(raw *into, const char *call, weft_object *o, const weft_type *type, int64_t start, int64_t stop,
                    int64_t step) {
  bool private;
  *into = WEFT__RAW_OF(WEFT__BYTES);
  raw *r = weft__expect(call, o, type) && weft__step_given(step) ? weft__raw_begin(call, o, type, &private) : NULL;
  if (!r) return false;
  into->kind = r->kind;
  struct weft__slice s = weft__slice_of(start, stop, step, r->size);
  bool done = s.count == 0 || weft__raw_reserve(into, s.count);
  if (done && s.count) {
    into->size = s.count;
    if (step == 1) copy_items(into, 0, weft__raw_at(r, s.start), s.count);
    for (size_t i = 0; step != 1 && i < s.count; i++) copy_items(into, i, weft__raw_at(r, weft__slice_place(s, i)), 1);
    terminate(into);
  }
  weft__raw_end(r, private);
  return done || weft_raise_memory();
}

weft_object *weft__raw_slice(const char *call, weft_object *o, const weft_type *type, int64_t start, int64_t stop,
                             int64_t step) {
  raw part;
  return weft__raw_copy(&part, call, o, type, start, stop, step) ? weft__raw_object_steal(type, &part, call) : NULL;
}

weft_object *weft__raw_duplicate(weft_object *self) {
  return weft__raw_slice("weft_copy", self, self->type, 0, INT64_MAX, 1);
}

/* Takes every step-th item out, and moves the others together. */
static result delete_steps(raw *r, struct weft__slice s) {
  if (s.count == 0) return WEFT__RAW_DONE;
  if (r->exports) return WEFT__RAW_EXPORTED;
  if (s.step < 0) s = (struct weft__slice){weft__slice_place(s, s.count - 1), s.count, -s.step};
  size_t to = s.start;
  for (size_t i = 0; i < s.count; i++) {
    size_t from = weft__slice_place(s, i) + 1, until = i + 1 < s.count ? weft__slice_place(s, i + 1) : r->size;
    move_items(r, to, from, until - from);
    to += until - from;
  }
  return weft__raw_splice(r, to, r->size, NULL, 0);
}

int weft__raw_set_slice_steal(const char *call, weft_object *o, const weft_type *type, int64_t start, int64_t stop,
                              int64_t step, raw *added) {
  bool private;
  raw *r = weft__expect(call, o, type) && weft__step_given(step) ? weft__raw_begin(call, o, type, &private) : NULL;
  if (!r) {
    weft__raw_drop(added);
    return -1;
  }
  struct weft__slice s = weft__slice_of(start, stop, step, r->size);
  bool fits = step == 1 || added->size == 0 || added->size == s.count;
  result done = WEFT__RAW_DONE;
  if (step == 1)
    done = weft__raw_splice(r, s.start, s.start + s.count, weft__raw_at(added, 0), added->size);
  else if (added->size == 0)
    done = delete_steps(r, s);
  else
    for (size_t i = 0; fits && i < s.count; i++) copy_items(r, weft__slice_place(s, i), weft__raw_at(added, i), 1);
  weft__raw_end(r, private);
  size_t size = added->size;
  weft__raw_drop(added);
  if (fits) return weft__raw_raise(done);
  weft_raise(&weft_ValueError, "attempt to assign sequence of size %zu to extended slice of size %zu", size, s.count);
  return -1;
}

/* --- Collecting --- */

static bool collect_one(raw *into, weft_object *value) {
  uint64_t item = 0;
  return weft__item_encode(weft__raw_items(into), value, &item) &&
         weft__raw_raise(weft__raw_splice(into, into->size, into->size, &item, 1)) == 0;
}

/* What is iterated over instead of a list or array that others may change: a copy of one moment. Returns new. */
static weft_object *still(weft_object *iterable) {
  if (weft_list_check(iterable)) return weft_list_slice(iterable, 0, INT64_MAX);
  if (weft_array_check(iterable)) return weft_array_slice(iterable, 0, INT64_MAX, 1);
  return weft_new_ref(iterable);
}

bool weft__raw_collect(raw *into, const char *call, weft_object *iterable) {
  if (!weft__given(call, iterable)) return false;
  weft_auto weft_object *source = still(iterable);
  if (!source) return false;
  bool sized = weft_list_check(source) || weft_tuple_check(source) || weft_array_check(source);
  int64_t n = sized ? weft_length(source) : 0;
  if (n > 0 && !weft__raw_reserve(into, into->size + (size_t)n)) return weft_raise_memory();
  weft_auto weft_object *iterator = weft_iter(source);
  if (!iterator) return false;
  weft_object *earlier = weft_error_take(); /* the end is told from an error by whether there is one */
  bool good = true;
  for (weft_object *value; good && (value = weft_next(iterator)); weft_decref(value)) good = collect_one(into, value);
  if (!good || weft_error_borrow()) {
    weft_xdecref(earlier);
    return false;
  }
  weft__self()->error = earlier;
  return true;
}

/* --- Operations --- */

int64_t weft__raw_length(const char *call, weft_object *o, const weft_type *type) {
  bool private;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return -1;
  int64_t n = (int64_t)r->size;
  weft__raw_end(r, private);
  return n;
}

int64_t weft__raw_capacity(const char *call, weft_object *o, const weft_type *type) {
  bool private;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return -1;
  int64_t n = (int64_t)r->room;
  weft__raw_end(r, private);
  return n;
}

/* Item `index`, converted after weft__raw_end. Returns new; NULL without an error: there is none. */
static weft_object *item_at(raw *r, bool private, int64_t index) {
  const items *kind = weft__raw_items(r);
  uint64_t item = 0;
  int64_t i = weft__index(index, r->size);
  if (i >= 0) memcpy(&item, weft__raw_at(r, (size_t)i), kind->width);
  weft__raw_end(r, private);
  return i < 0 ? NULL : weft__item_decode(kind, &item);
}

static void *out_of_range(const weft_type *type, const char *what) {
  return weft_raise(&weft_IndexError, "%s %s out of range", type->spec.name, what);
}

weft_object *weft__raw_get(const char *call, weft_object *o, const weft_type *type, int64_t index) {
  bool private;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return NULL;
  bool there = weft__index(index, r->size) >= 0;
  weft_object *value = item_at(r, private, index);
  return there ? value : out_of_range(type, "index");
}

int weft__raw_set(const char *call, weft_object *o, const weft_type *type, int64_t index, weft_object *value) {
  bool private;
  uint64_t item = 0;
  if (!weft__expect(call, o, type) || !weft__given(call, value)) return -1;
  if (!weft__item_encode(weft__raw_items((raw *)o), value, &item)) return -1; /* its kind never changes */
  raw *r = weft__raw_begin(call, o, type, &private);
  int64_t i = weft__index(index, r->size);
  if (i >= 0) copy_items(r, (size_t)i, &item, 1);
  weft__raw_end(r, private);
  if (i < 0) out_of_range(type, "assignment index");
  return i < 0 ? -1 : 0;
}

int weft__raw_insert(const char *call, weft_object *o, const weft_type *type, int64_t index, weft_object *value) {
  bool private;
  uint64_t item = 0;
  if (!weft__expect(call, o, type) || !weft__given(call, value)) return -1;
  if (!weft__item_encode(weft__raw_items((raw *)o), value, &item)) return -1;
  raw *r = weft__raw_begin(call, o, type, &private);
  size_t i = weft__clamp(index, r->size);
  result done = weft__raw_splice(r, i, i, &item, 1);
  weft__raw_end(r, private);
  return weft__raw_raise(done);
}

/* Takes item `index` out if it is still `item`. */
static bool take_if(raw *r, int64_t index, const void *item, result *done) {
  int64_t i = weft__index(index, r->size);
  if (i < 0 || memcmp(weft__raw_at(r, (size_t)i), item, width_of(r)) != 0) return false;
  *done = weft__raw_splice(r, (size_t)i, (size_t)i + 1, NULL, 0);
  return true;
}

/* The object is made first, without the lock: so nothing is taken out when that fails. */
weft_object *weft__raw_pop(const char *call, weft_object *o, const weft_type *type, int64_t index) {
  for (;;) {
    bool private;
    uint64_t item = 0;
    result done;
    raw *r = weft__raw_begin(call, o, type, &private);
    if (!r) return NULL;
    int64_t i = weft__index(index, r->size);
    if (i >= 0) memcpy(&item, weft__raw_at(r, (size_t)i), width_of(r));
    weft__raw_end(r, private);
    if (i < 0) return out_of_range(type, "pop index");
    weft_object *value = weft__item_decode(weft__raw_items(r), &item);
    if (!value) return NULL;
    weft__raw_begin(call, o, type, &private);
    bool taken = take_if(r, index, &item, &done);
    weft__raw_end(r, private);
    if (taken && weft__raw_raise(done) == 0) return value;
    weft_decref(value);
    if (taken) return NULL;
  }
}

int weft__raw_delete(const char *call, weft_object *o, const weft_type *type, int64_t index) {
  bool private;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return -1;
  int64_t i = weft__index(index, r->size);
  result done = i < 0 ? WEFT__RAW_DONE : weft__raw_splice(r, (size_t)i, (size_t)i + 1, NULL, 0);
  weft__raw_end(r, private);
  if (i < 0) out_of_range(type, "assignment index");
  return i < 0 ? -1 : weft__raw_raise(done);
}

int weft__raw_resize(const char *call, weft_object *o, const weft_type *type, size_t size) {
  bool private;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return -1;
  size_t keep = size < r->size ? size : r->size;
  result done = weft__raw_splice(r, keep, r->size, NULL, size - keep);
  weft__raw_end(r, private);
  return weft__raw_raise(done);
}

int weft__raw_reverse(const char *call, weft_object *o, const weft_type *type) {
  bool private;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return -1;
  for (size_t i = 0, j = r->size; i + 1 < j; i++) {
    uint64_t item;
    memcpy(&item, weft__raw_at(r, i), width_of(r));
    copy_items(r, i, weft__raw_at(r, --j), 1);
    copy_items(r, j, &item, 1);
  }
  weft__raw_end(r, private);
  return 0;
}

/* `n` times its items, by copying what is there already, twice as much each time. */
static result repeat(raw *r, int64_t n) {
  size_t once = r->size, total;
  if (n <= 0) return weft__raw_splice(r, 0, once, NULL, 0);
  if (__builtin_mul_overflow(once, (size_t)n, &total)) return WEFT__RAW_NO_MEMORY;
  result done = weft__raw_splice(r, once, once, NULL, total - once);
  for (size_t filled = once, more; done == WEFT__RAW_DONE && filled < total; filled += more) {
    more = filled < total - filled ? filled : total - filled;
    copy_items(r, filled, weft__raw_at(r, 0), more);
  }
  return done;
}

weft_object *weft__raw_repeat(const char *call, weft_object *o, const weft_type *type, int64_t n) {
  raw copy;
  size_t total = 0;
  if (!weft__raw_copy(&copy, call, o, type, 0, n > 0 ? INT64_MAX : 0, 1)) return NULL;
  bool sane = n <= 0 || (!__builtin_mul_overflow(copy.size, (size_t)n, &total) && weft__raw_reserve(&copy, total));
  if (weft__raw_raise(sane ? repeat(&copy, n) : WEFT__RAW_NO_MEMORY) == 0)
    return weft__raw_object_steal(type, &copy, call);
  weft__raw_drop(&copy);
  return NULL;
}

int weft__raw_repeat_in_place(const char *call, weft_object *o, const weft_type *type, int64_t n) {
  bool private;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return -1;
  result done = repeat(r, n);
  weft__raw_end(r, private);
  return weft__raw_raise(done);
}

int weft__raw_remove(const char *call, weft_object *o, const weft_type *type, weft_object *value) {
  bool private;
  const items *kind;
  uint64_t number;
  if (!weft__item_number(value, &kind, &number)) return 0;
  raw *r = weft__raw_begin(call, o, type, &private);
  if (!r) return -1;
  const items *own = weft__raw_items(r);
  size_t i = 0;
  while (i < r->size && weft__item_compare(own, weft__raw_at(r, i), kind, &number) != 0) i++;
  bool found = i < r->size;
  result done = found ? weft__raw_splice(r, i, i + 1, NULL, 0) : WEFT__RAW_DONE;
  weft__raw_end(r, private);
  return weft__raw_raise(done) < 0 ? -1 : found;
}

/* --- Slots --- */

/* Of what is made of a container: not a type that derives from it. */
static const weft_type *plain_type(const weft_object *o) {
  const weft_type *type = o->type;
  while (type->made) type = type->spec.base;
  return type;
}

weft_object *weft__raw_item_of(weft_object *self, size_t index) {
  bool private;
  raw *r = weft__raw_begin("weft_next", self, self->type, &private);
  return item_at(r, private, (int64_t)index);
}

weft_object *weft__raw_iter(weft_object *self) { return weft__sequence_iter(self, weft__raw_item_of); }
weft_object *weft__raw_reversed(weft_object *self) { return weft__sequence_reversed(self, weft__raw_item_of); }

weft_object *weft__raw_get_item(weft_object *self, weft_object *key) {
  static const char call[] = "weft_get_item";
  struct weft__key k;
  if (!weft__key_of(self, key, &k)) return NULL;
  return k.is_slice ? weft__raw_slice(call, self, plain_type(self), k.start, k.stop, k.step)
                    : weft__raw_get(call, self, self->type, k.index);
}

int weft__raw_set_item(weft_object *self, weft_object *key, weft_object *value, weft__set_slice set_slice) {
  static const char call[] = "weft_set_item";
  struct weft__key k;
  if (!weft__key_of(self, key, &k)) return -1;
  if (k.is_slice) return set_slice(self, k.start, k.stop, k.step, value);
  return value ? weft__raw_set(call, self, self->type, k.index, value)
               : weft__raw_delete(call, self, self->type, k.index);
}

int64_t weft__raw_slot_length(weft_object *self) { return weft__raw_length("weft_length", self, self->type); }

weft_object *weft__raw_multiply(weft_object *a, weft_object *b) {
  bool first = a->type->spec.multiply == weft__raw_multiply;
  weft_object *self = first ? a : b, *n = first ? b : a;
  int64_t times;
  return weft__times_of(n, &times) ? weft__raw_repeat("weft_multiply", self, plain_type(self), times) : NULL;
}

weft_object *weft__raw_in_place_multiply(weft_object *a, weft_object *b) {
  int64_t times;
  bool done = weft__times_of(b, &times) && weft__raw_repeat_in_place("weft_in_place_multiply", a, a->type, times) == 0;
  return done ? weft_new_ref(a) : NULL;
}

size_t weft__raw_size_of(weft_object *self) {
  bool private;
  raw *r = weft__raw_begin("weft_sizeof", self, self->type, &private);
  size_t bytes = self->type->spec.basic_size + (r->block ? r->room * width_of(r) : 0);
  weft__raw_end(r, private);
  return bytes;
}
