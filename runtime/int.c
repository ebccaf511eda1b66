/* SPDX-License-Identifier: MIT */
/* int and bool. What is or comes to lie beyond 64 bits is left to int_big.c. */
#include "runtime/int.h"

#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/int_big_internal.h"
#include "runtime/none.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

enum { SMALL_MIN = -5, SMALL_MAX = 256, SMALL_COUNT = SMALL_MAX - SMALL_MIN + 1 };

static weft_int small_ints[SMALL_COUNT]; /* filled in by weft__objects_init */

void weft__ints_init(void) {
  static const weft_count immortal = WEFT__COUNT_IMMORTAL;
  for (int i = 0; i < SMALL_COUNT; i++)
    small_ints[i] = (weft_int){.header = {immortal, &weft_int_type}, .value = i + SMALL_MIN};
}

WEFT_ALWAYS_INLINE weft_object *make(int64_t value, const char *call) {
  if (WEFT_DEBUG) weft__check_attached(call);
  if ((uint64_t)value - (uint64_t)SMALL_MIN < SMALL_COUNT) return &small_ints[value - SMALL_MIN].header;
  weft_int *o = weft__object_alloc(&weft_int_type, sizeof *o, call);
  if (WEFT_UNLIKELY(!o)) return NULL;
  o->value = value;
  return &o->header;
}

weft_object *weft_int_new(int64_t value) { return make(value, "weft_int_new"); }

static int64_t value_of(const weft_object *o) { return ((const weft_int *)o)->value; }
static bool are_small(const weft_object *a, const weft_object *b) {
  return weft__is_small_int(a) && weft__is_small_int(b);
}

/* --- As numbers of C --- */

int64_t weft_int_value(weft_object *o) {
  if (!weft__expect("weft_int_value", o, &weft_int_type)) return -1;
  if (WEFT_LIKELY(!weft__is_big_int(o))) return value_of(o);
  weft_raise(&weft_OverflowError, "int does not fit 64 bits");
  return -1;
}

uint64_t weft_int_value_unsigned(weft_object *o) {
  uint64_t value;
  if (!weft__expect("weft_int_value_unsigned", o, &weft_int_type)) return UINT64_MAX;
  bool big = weft__is_big_int(o), negative = big ? weft__big_is_negative(o) : value_of(o) < 0;
  if (!big && !negative) return (uint64_t)value_of(o);
  if (big && weft__big_fits_unsigned(o, &value)) return value;
  weft_raise(&weft_OverflowError, negative ? "a negative int has no unsigned value" : "int does not fit 64 bits");
  return UINT64_MAX;
}

int64_t weft_int_clamp(weft_object *o) {
  if (!weft__expect("weft_int_clamp", o, &weft_int_type)) return -1;
  if (WEFT_LIKELY(!weft__is_big_int(o))) return value_of(o);
  return weft__big_is_negative(o) ? INT64_MIN : INT64_MAX;
}

bool weft__int_as_index(const weft_object *o, const weft_type *error, int64_t *index) {
  if (weft__is_big_int(o)) return weft_raise(error, "cannot fit 'int' into an index-sized integer");
  *index = value_of(o);
  return true;
}

bool weft__times_of(const weft_object *o, int64_t *n) {
  return weft_is_instance(o, &weft_int_type) && weft__int_as_index(o, &weft_OverflowError, n);
}

/* --- Parsing --- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits, with single underscores between them. */
static size_t digits_at(const char *p) {
  size_t n = 0;
  while (is_digit(p[n]) || (p[n] == '_' && n && is_digit(p[n - 1]) && is_digit(p[n + 1]))) n++;
  return n;
}

weft_object *weft_int_parse(const char *text) {
  weft__check_attached("weft_int_parse");
  static const char space[] = " \t\n\v\f\r";
  const char *p = text ? text : "";
  p += strspn(p, space);
  bool negative = *p == '-';
  p += *p == '-' || *p == '+';
  size_t n = digits_at(p);
  if (!n || p[n + strspn(p + n, space)])
    return weft_raise(&weft_ValueError, "invalid literal for int: '%s'", text ? text : "NULL");
  if (n > 18) return weft__big_parse(p, n, negative);
  int64_t value = 0;
  for (size_t i = 0; i < n; i++)
    if (p[i] != '_') value = value * 10 + (p[i] - '0');
  return make(negative ? -value : value, "weft_int_parse");
}

/* --- Arithmetic --- */

static weft_object *int_add(weft_object *a, weft_object *b) {
  int64_t sum;
  bool fits = are_small(a, b) && !__builtin_add_overflow(value_of(a), value_of(b), &sum);
  return fits ? make(sum, "weft_add") : weft__big_add(a, b);
}

static weft_object *int_subtract(weft_object *a, weft_object *b) {
  int64_t difference;
  bool fits = are_small(a, b) && !__builtin_sub_overflow(value_of(a), value_of(b), &difference);
  return fits ? make(difference, "weft_subtract") : weft__big_subtract(a, b);
}

static weft_object *int_multiply(weft_object *a, weft_object *b) {
  int64_t product;
  bool fits = are_small(a, b) && !__builtin_mul_overflow(value_of(a), value_of(b), &product);
  return fits ? make(product, "weft_multiply") : weft__big_multiply(a, b);
}

/* Of bools a bool, like CPython's. */
static weft_object *bits(weft_object *a, weft_object *b, int64_t value, const char *call) {
  if (a->type == &weft_bool_type && b->type == &weft_bool_type) return value ? WEFT_TRUE : WEFT_FALSE;
  return make(value, call);
}
static weft_object *int_and(weft_object *a, weft_object *b) {
  return are_small(a, b) ? bits(a, b, value_of(a) & value_of(b), "weft_and") : weft__big_and(a, b);
}
static weft_object *int_or(weft_object *a, weft_object *b) {
  return are_small(a, b) ? bits(a, b, value_of(a) | value_of(b), "weft_or") : weft__big_or(a, b);
}
static weft_object *int_xor(weft_object *a, weft_object *b) {
  return are_small(a, b) ? bits(a, b, value_of(a) ^ value_of(b), "weft_xor") : weft__big_xor(a, b);
}

/* Here rather than in object.c: the sum of two ints is worth a path without an indirect call. */
weft_object *weft_add(weft_object *a, weft_object *b) {
  if (WEFT_LIKELY(a && b && a->type == &weft_int_type && b->type == &weft_int_type)) {
    int64_t sum;
    if (WEFT_LIKELY(!__builtin_add_overflow(value_of(a), value_of(b), &sum))) return make(sum, "weft_add");
  }
  return weft__add_slow(a, b);
}

/* --- The types --- */

static weft_object *int_repr(weft_object *self) { return weft_str_format("%lld", (long long)value_of(self)); }

int64_t weft__hash_int(int64_t value) {
  /* Modulo the Mersenne prime 2^61-1, with the sign of the value, so that equal numbers of any type hash alike. */
  uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  int64_t hash = (int64_t)(magnitude % WEFT__HASH_MODULUS);
  return value < 0 ? -hash : hash;
}

static int int_hash(weft_object *self, int64_t *hash) {
  *hash = weft__hash_int(value_of(self));
  return 0;
}

static int int_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!are_small(a, b)) return weft__big_compare(a, b, op);
  return weft__compare_order((value_of(a) > value_of(b)) - (value_of(a) < value_of(b)), op);
}

static int int_is_true(weft_object *self) { return value_of(self) != 0; }

const weft_type weft_int_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "int",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(weft_int),
             .repr = int_repr,
             .hash = int_hash,
             .compare = int_compare,
             .is_true = int_is_true,
             .add = int_add,
             .subtract = int_subtract,
             .multiply = int_multiply,
             .bit_and = int_and,
             .bit_or = int_or,
             .bit_xor = int_xor},
    .plain = true,
};

static weft_object *bool_repr(weft_object *self) { return weft_str_new(value_of(self) ? "True" : "False"); }

const weft_type weft_bool_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "bool",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_int_type,
             .basic_size = sizeof(weft_int),
             .repr = bool_repr,
             .hash = int_hash,
             .compare = int_compare,
             .is_true = int_is_true,
             .add = int_add,
             .subtract = int_subtract,
             .multiply = int_multiply,
             .bit_and = int_and,
             .bit_or = int_or,
             .bit_xor = int_xor},
    .plain = true,
};

weft_int weft__false = {.header = {WEFT__COUNT_IMMORTAL, &weft_bool_type}, .value = 0};
weft_int weft__true = {.header = {WEFT__COUNT_IMMORTAL, &weft_bool_type}, .value = 1};
