/* SPDX-License-Identifier: MIT */
/* int and bool. */
#include "runtime/int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/copy_internal.h"
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

static bool is_int(const weft_object *o) {
  return o->type == &weft_int_type || weft_type_derives(o->type, &weft_int_type);
}
static int64_t value_of(const weft_object *o) { return ((const weft_int *)o)->value; }

int64_t weft_int_value(weft_object *o) { return weft__expect("weft_int_value", o, &weft_int_type) ? value_of(o) : -1; }

weft_object *weft_int_parse(const char *text) {
  weft__check_attached("weft_int_parse");
  static const char space[] = " \t\n\v\f\r";
  const char *p = text ? text : "";
  p += strspn(p, space);
  char *end;
  errno = 0;
  long long value = strtoll(p, &end, 10);
  bool digits = end > p;
  end += strspn(end, space);
  if (!digits || *end) return weft_raise(&weft_ValueError, "invalid literal for int: '%s'", text ? text : "NULL");
  if (errno == ERANGE) return weft_raise(&weft_OverflowError, "int does not fit 64 bits: %s", text);
  return make(value, "weft_int_parse");
}

static weft_object *overflow(void) { return weft_raise(&weft_OverflowError, "int result does not fit 64 bits"); }

static weft_object *int_add(weft_object *a, weft_object *b) {
  int64_t sum;
  if (!is_int(a) || !is_int(b)) return NULL;
  return __builtin_add_overflow(value_of(a), value_of(b), &sum) ? overflow() : make(sum, "weft_add");
}

static weft_object *int_subtract(weft_object *a, weft_object *b) {
  int64_t difference;
  if (!is_int(a) || !is_int(b)) return NULL;
  return __builtin_sub_overflow(value_of(a), value_of(b), &difference) ? overflow() : make(difference, "weft_subtract");
}

static weft_object *int_multiply(weft_object *a, weft_object *b) {
  int64_t product;
  if (!is_int(a) || !is_int(b)) return NULL;
  return __builtin_mul_overflow(value_of(a), value_of(b), &product) ? overflow() : make(product, "weft_multiply");
}

/* Of bools a bool, like CPython's. */
static weft_object *bits(weft_object *a, weft_object *b, int64_t value, const char *call) {
  if (a->type == &weft_bool_type && b->type == &weft_bool_type) return value ? WEFT_TRUE : WEFT_FALSE;
  return make(value, call);
}
static weft_object *int_and(weft_object *a, weft_object *b) {
  return is_int(a) && is_int(b) ? bits(a, b, value_of(a) & value_of(b), "weft_and") : NULL;
}
static weft_object *int_or(weft_object *a, weft_object *b) {
  return is_int(a) && is_int(b) ? bits(a, b, value_of(a) | value_of(b), "weft_or") : NULL;
}
static weft_object *int_xor(weft_object *a, weft_object *b) {
  return is_int(a) && is_int(b) ? bits(a, b, value_of(a) ^ value_of(b), "weft_xor") : NULL;
}

/* Here rather than in object.c: the sum of two ints is worth a path without an indirect call. */
weft_object *weft_add(weft_object *a, weft_object *b) {
  if (WEFT_LIKELY(a && b && a->type == &weft_int_type && b->type == &weft_int_type)) {
    int64_t sum;
    if (WEFT_LIKELY(!__builtin_add_overflow(value_of(a), value_of(b), &sum))) return make(sum, "weft_add");
  }
  return weft__add_slow(a, b);
}

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
  if (!is_int(a) || !is_int(b)) return WEFT_NOT_IMPLEMENTED;
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
