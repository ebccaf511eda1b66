/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "runtime/float.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/int_big_internal.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

WEFT_ALWAYS_INLINE weft_object *make(double value, const char *call) {
  weft_float *o = weft__object_alloc(&weft_float_type, sizeof *o, call);
  if (WEFT_UNLIKELY(!o)) return NULL;
  o->value = value;
  return &o->header;
}

weft_object *weft_float_new(double value) { return make(value, "weft_float_new"); }

static double value_of(const weft_object *o) { return ((const weft_float *)o)->value; }

bool weft__to_double(const weft_object *o, double *value) {
  if (weft_type_derives(o->type, &weft_float_type))
    *value = value_of(o);
  else if (weft__is_small_int(o))
    *value = (double)((const weft_int *)o)->value;
  else
    return weft__is_big_int(o) && weft__big_to_double(o, value);
  return true;
}

double weft_float_value(weft_object *o) {
  double value;
  weft__check_attached("weft_float_value");
  if (o && weft__to_double(o, &value)) return value;
  if (!o || !weft__is_big_int(o))
    weft_raise(&weft_TypeError, "must be a real number, not %s", o ? o->type->spec.name : "NULL");
  return -1.0;
}

static weft_object *float_add(weft_object *a, weft_object *b) {
  double x, y;
  return weft__to_double(a, &x) && weft__to_double(b, &y) ? make(x + y, "weft_add") : NULL;
}

static weft_object *float_subtract(weft_object *a, weft_object *b) {
  double x, y;
  return weft__to_double(a, &x) && weft__to_double(b, &y) ? make(x - y, "weft_subtract") : NULL;
}

static weft_object *float_multiply(weft_object *a, weft_object *b) {
  double x, y;
  return weft__to_double(a, &x) && weft__to_double(b, &y) ? make(x * y, "weft_multiply") : NULL;
}

/* At a power of two the doubles below are half as far away as those above: the decimal nearest to it may read back as
 * the one below while the next decimal of as many digits, away from zero, reads back as itself. Then that one it is. */
static bool next_up_reads(char *digits, double value) {
  char up[40];
  strcpy(up, digits);
  char *last = strchr(up, 'e') - 1;
  for (; *last == '9' || *last == '.'; last--)
    if (*last == '9') return false; /* a carry makes fewer digits, which were tried */
  ++*last;
  if (strtod(up, NULL) != value) return false;
  strcpy(digits, up);
  return true;
}

/* The fewest digits that read back as the same number; written plainly when the exponent is between -4 and 15. */
static weft_object *repr_of_finite(double value) {
  char digits[40];
  int precision = 0;
  do snprintf(digits, sizeof digits, "%.*e", precision, value);
  while (strtod(digits, NULL) != value && !next_up_reads(digits, value) && precision++ < 17);
  int exponent = atoi(strchr(digits, 'e') + 1);
  if (exponent >= -4 && exponent < 16)
    return weft_str_format("%.*f", precision > exponent ? precision - exponent : 1, value);
  return weft_str_new(digits);
}

static weft_object *float_repr(weft_object *self) {
  double value = value_of(self);
  if (isnan(value)) return weft_str_new("nan");
  if (isinf(value)) return weft_str_new(value < 0 ? "-inf" : "inf");
  /* The decimal point is a point, whatever locale the program has chosen. */
  locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c_locale) return weft_raise_memory();
  locale_t callers = uselocale(c_locale);
  weft_object *text = repr_of_finite(value);
  uselocale(callers);
  freelocale(c_locale);
  return text;
}

static int float_hash(weft_object *self, int64_t *hash) {
  double value = value_of(self);
  if (isnan(value)) return weft__hash_identity(self, hash);
  if (isinf(value)) {
    *hash = value > 0 ? 314159 : -314159;
    return 0;
  }
  /* value = m * 2^e with an integer m of 53 bits; 2^61 = 1 modulo the prime, so multiplying by 2^e rotates 61 bits. */
  int e;
  double fraction = frexp(fabs(value), &e);
  uint64_t m = (uint64_t)ldexp(fraction, 53);
  unsigned turn = (unsigned)(((e - 53) % 61 + 61) % 61);
  m = ((m << turn) & WEFT__HASH_MODULUS) | (turn ? m >> (61 - turn) : 0);
  int64_t h = m == WEFT__HASH_MODULUS ? 0 : (int64_t)m;
  *hash = value < 0 ? -h : h;
  return 0;
}

/* Compares exactly: a 64-bit int may not fit a double. */
int weft__compare_real_int(double x, int64_t y) {
  if (x >= 0x1p63) return 1;
  if (x < -0x1p63) return -1;
  int64_t whole = (int64_t)x;
  if (whole != y) return whole > y ? 1 : -1;
  double rest = x - (double)whole;
  return (rest > 0) - (rest < 0);
}

/* The same with an int of either kind. */
static int compare_with_int(double x, const weft_object *o) {
  return weft__is_big_int(o) ? weft__compare_real_big(x, o) : weft__compare_real_int(x, ((const weft_int *)o)->value);
}

static int float_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  double x = value_of(a), y = 0;
  bool with_int = weft_type_derives(b->type, &weft_int_type);
  if (!with_int && !weft_type_derives(b->type, &weft_float_type)) return WEFT_NOT_IMPLEMENTED;
  if (!with_int) y = value_of(b);
  if (isnan(x) || isnan(y)) return op == WEFT_NE;
  return weft__compare_order(with_int ? compare_with_int(x, b) : (x > y) - (x < y), op);
}

static int float_is_true(weft_object *self) { return value_of(self) != 0; }

const weft_type weft_float_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "float",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(weft_float),
             .repr = float_repr,
             .hash = float_hash,
             .compare = float_compare,
             .is_true = float_is_true,
             .add = float_add,
             .subtract = float_subtract,
             .multiply = float_multiply},
    .plain = true,
};
