/* SPDX-License-Identifier: MIT */
/*
 * Ints beyond 64 bits; what they are: int_big_internal.h. The arithmetic is GMP's, of its lowest layer (mpn), which
 * works on limbs of ours: so it is ours to ask for memory, and to fail.
 *
 * Every operation reads its operands, which may be of either kind, as sign and magnitude; computes in a room of as many
 * limbs as the result can have, on the stack if these are few; and makes an int of it, of the kind that it has to be.
 */
#include "runtime/int_big_internal.h"

#include <gmp.h>
#include <math.h>
#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

typedef struct weft__big_int big;
typedef mp_limb_t limb;

_Static_assert(GMP_NUMB_BITS == 64 && sizeof(limb) == sizeof(uint64_t), "a limb is 64 bits");

enum { BITS = 64 };

static size_t size_of(const big *b) { return (size_t)(b->size < 0 ? -b->size : b->size); }

/* --- Operands, results, and room for what is in between --- */

struct number {
  const limb *limbs; /* of the magnitude; the last is not 0, unless it is the only one */
  size_t size;
  bool negative;
  limb small;
};

/* False: not an int. */
static bool read(const weft_object *o, struct number *n) {
  if (weft__is_big_int(o)) {
    const big *b = (const big *)o;
    n->limbs = b->limbs;
    n->size = size_of(b);
    n->negative = b->size < 0;
    return true;
  }
  if (!weft__is_small_int(o)) return false;
  int64_t value = ((const weft_int *)o)->value;
  n->negative = value < 0;
  n->small = n->negative ? 0 - (limb)value : (limb)value;
  n->limbs = &n->small;
  n->size = 1;
  return true;
}

/* The int with these limbs, of which the last may be 0. */
static weft_object *make(const limb *limbs, size_t size, bool negative, const char *call) {
  while (size > 1 && !limbs[size - 1]) size--;
  if (size == 1 && limbs[0] <= (limb)INT64_MAX + negative)
    return weft_int_new((int64_t)(negative ? 0 - limbs[0] : limbs[0]));
  big *b = weft__object_alloc(&weft_big_int_type, sizeof *b + size * sizeof *limbs, call);
  if (!b) return NULL;
  b->size = negative ? -(int64_t)size : (int64_t)size;
  memcpy(b->limbs, limbs, size * sizeof *limbs);
  return &b->header;
}

enum { HERE = 40 };
#define MOST ((size_t)PTRDIFF_MAX / 64) /* limbs of an operand: no sum of a few sizes overflows */

struct room {
  limb *limbs;
  size_t size;
  limb here[HERE];
};

/* False: MemoryError. */
static bool enter(struct room *r, size_t size, const char *call) {
  r->size = size;
  r->limbs = size <= HERE ? r->here : size > MOST ? NULL : weft__buffer_new(size * sizeof(limb), call);
  return r->limbs || weft_raise_memory();
}

static void leave(struct room *r) {
  if (r->limbs != r->here) weft__buffer_free(r->limbs, r->size * sizeof(limb));
}

/* What is in the room. */
static weft_object *result(struct room *r, bool negative, const char *call) {
  weft_object *o = make(r->limbs, r->size, negative, call);
  leave(r);
  return o;
}

weft_object *weft_int_new_unsigned(uint64_t value) { return make(&value, 1, false, "weft_int_new_unsigned"); }

/* --- Arithmetic --- */

static int order_of_magnitudes(const struct number *x, const struct number *y) {
  return x->size != y->size ? (x->size > y->size) - (x->size < y->size)
                            : mpn_cmp(x->limbs, y->limbs, (mp_size_t)x->size);
}

/* x + y. */
static weft_object *sum(const struct number *x, const struct number *y, const char *call) {
  struct room r;
  bool swap = order_of_magnitudes(x, y) < 0;
  const struct number *more = swap ? y : x, *less = swap ? x : y;
  mp_size_t n = (mp_size_t)more->size, m = (mp_size_t)less->size;
  if (!enter(&r, more->size + 1, call)) return NULL;
  r.limbs[n] = 0;
  if (x->negative == y->negative)
    r.limbs[n] = mpn_add(r.limbs, more->limbs, n, less->limbs, m);
  else
    mpn_sub(r.limbs, more->limbs, n, less->limbs, m);
  return result(&r, more->negative, call);
}

weft_object *weft__big_add(weft_object *a, weft_object *b) {
  struct number x, y;
  return read(a, &x) && read(b, &y) ? sum(&x, &y, "weft_add") : NULL;
}

weft_object *weft__big_subtract(weft_object *a, weft_object *b) {
  struct number x, y;
  if (!read(a, &x) || !read(b, &y)) return NULL;
  y.negative = !y.negative;
  return sum(&x, &y, "weft_subtract");
}

weft_object *weft__big_multiply(weft_object *a, weft_object *b) {
  static const char call[] = "weft_multiply";
  struct number x, y;
  struct room r;
  if (!read(a, &x) || !read(b, &y) || !enter(&r, x.size + y.size, call)) return NULL;
  if (a == b)
    mpn_sqr(r.limbs, x.limbs, (mp_size_t)x.size);
  else if (x.size >= y.size)
    mpn_mul(r.limbs, x.limbs, (mp_size_t)x.size, y.limbs, (mp_size_t)y.size);
  else
    mpn_mul(r.limbs, y.limbs, (mp_size_t)y.size, x.limbs, (mp_size_t)x.size);
  return result(&r, x.negative != y.negative, call);
}

/* --- Logic: as if a number had infinitely many bits, those of a negative one in two's complement --- */

static void complement(limb *to, const struct number *x, size_t size) {
  memcpy(to, x->limbs, x->size * sizeof *to);
  memset(to + x->size, 0, (size - x->size) * sizeof *to);
  if (x->negative) mpn_neg(to, to, (mp_size_t)size);
}

typedef void (*logic)(limb *to, const limb *x, const limb *y, mp_size_t n);

static void all_and(limb *to, const limb *x, const limb *y, mp_size_t n) { mpn_and_n(to, x, y, n); }
static void all_or(limb *to, const limb *x, const limb *y, mp_size_t n) { mpn_ior_n(to, x, y, n); }
static void all_xor(limb *to, const limb *x, const limb *y, mp_size_t n) { mpn_xor_n(to, x, y, n); }

static weft_object *bitwise(weft_object *a, weft_object *b, logic operation, const char *call) {
  struct number x, y;
  struct room left, right;
  if (!read(a, &x) || !read(b, &y)) return NULL;
  size_t size = (x.size > y.size ? x.size : y.size) + 1; /* with room for a sign */
  if (!enter(&left, size, call)) return NULL;
  if (!enter(&right, size, call)) {
    leave(&left);
    return NULL;
  }
  complement(left.limbs, &x, size);
  complement(right.limbs, &y, size);
  operation(left.limbs, left.limbs, right.limbs, (mp_size_t)size);
  leave(&right);
  bool negative = left.limbs[size - 1] >> (BITS - 1);
  if (negative) mpn_neg(left.limbs, left.limbs, (mp_size_t)size);
  return result(&left, negative, call);
}

weft_object *weft__big_and(weft_object *a, weft_object *b) { return bitwise(a, b, all_and, "weft_and"); }
weft_object *weft__big_or(weft_object *a, weft_object *b) { return bitwise(a, b, all_or, "weft_or"); }
weft_object *weft__big_xor(weft_object *a, weft_object *b) { return bitwise(a, b, all_xor, "weft_xor"); }

/* --- Comparison and hash --- */

int weft__big_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  struct number x, y;
  if (!read(a, &x) || !read(b, &y)) return WEFT_NOT_IMPLEMENTED;
  int order = x.negative != y.negative ? 1 : order_of_magnitudes(&x, &y);
  return weft__compare_order(x.negative ? -order : order, op);
}

static int big_hash(weft_object *self, int64_t *hash) {
  const big *b = (const big *)self;
  int64_t rest = (int64_t)mpn_mod_1(b->limbs, (mp_size_t)size_of(b), WEFT__HASH_MODULUS);
  *hash = b->size < 0 ? -rest : rest;
  return 0;
}

static int big_is_true(weft_object *self) {
  (void)self;
  return 1;
}

static int64_t bit_length(const limb *limbs, size_t size) {
  return limbs[size - 1] ? (int64_t)size * BITS - __builtin_clzll(limbs[size - 1]) : 0;
}

int64_t weft_int_bit_length(weft_object *o) {
  struct number x;
  if (!weft__expect("weft_int_bit_length", o, &weft_int_type) || !read(o, &x)) return -1;
  return bit_length(x.limbs, x.size);
}

/* --- Beside doubles --- */

/* The number's first 64 bits, the first of which is 1. `more`: one of those behind them is 1, too. */
static uint64_t first_bits(const big *b, bool *more) {
  size_t n = size_of(b);
  int shift = __builtin_clzll(b->limbs[n - 1]);
  uint64_t below = n > 1 ? b->limbs[n - 2] : 0;
  *more = below << shift;
  for (size_t i = 0; !*more && i + 2 < n; i++) *more = b->limbs[i];
  return shift ? b->limbs[n - 1] << shift | below >> (BITS - shift) : b->limbs[n - 1];
}

bool weft__big_to_double(const weft_object *o, double *value) {
  const big *b = (const big *)o;
  bool more;
  int64_t bits = bit_length(b->limbs, size_of(b));
  /* A double has 53 bits: to round the first 64, it does not matter which of those behind them is 1. */
  uint64_t first = first_bits(b, &more);
  double x = bits > 1024 ? INFINITY : ldexp((double)(first | more), (int)bits - BITS);
  if (isinf(x)) return weft_raise(&weft_OverflowError, "int too large to convert to float");
  *value = b->size < 0 ? -x : x;
  return true;
}

/* Of x > 0 and the magnitude. */
static int compare_magnitude(double x, const big *b) {
  int exponent;
  bool more;
  if (isinf(x)) return 1;
  double fraction = frexp(x, &exponent); /* x has so many bits before the point */
  int64_t bits = bit_length(b->limbs, size_of(b));
  if (exponent != bits) return exponent > bits ? 1 : -1;
  uint64_t first = first_bits(b, &more), mine = (uint64_t)ldexp(fraction, BITS);
  return mine != first ? (mine > first ? 1 : -1) : more ? -1 : 0;
}

int weft__compare_real_big(double x, const weft_object *o) {
  const big *b = (const big *)o;
  bool negative = b->size < 0;
  if (x == 0 || (x < 0) != negative) return negative ? 1 : -1;
  return negative ? -compare_magnitude(-x, b) : compare_magnitude(x, b);
}

/* --- Text --- */

weft_object *weft__big_parse(const char *digits, size_t n, bool negative) {
  static const char call[] = "weft_int_parse";
  struct room number, text;
  while (n && (*digits == '0' || *digits == '_')) digits++, n--;
  if (!n) return weft_int_new(0);
  if (!enter(&text, n / sizeof(limb) + 1, call)) return NULL;
  unsigned char *values = (unsigned char *)text.limbs;
  size_t count = 0;
  for (size_t i = 0; i < n; i++)
    if (digits[i] != '_') values[count++] = (unsigned char)(digits[i] - '0');
  /* 19 digits always fit a limb. */
  weft_object *o = NULL;
  if (enter(&number, count / 19 + 2, call)) {
    size_t used = (size_t)mpn_set_str(number.limbs, values, count, 10);
    memset(number.limbs + used, 0, (number.size - used) * sizeof(limb));
    o = result(&number, negative, call);
  }
  leave(&text);
  return o;
}

static weft_object *big_repr(weft_object *self) {
  static const char call[] = "weft_repr";
  const big *b = (const big *)self;
  struct room number, text;
  size_t n = size_of(b);
  if (!enter(&number, n + 1, call)) return NULL;
  weft_object *o = NULL;
  /* A limb gives less than 20 digits; then there are a sign and a leading zero. */
  if (enter(&text, (20 * n + 2) / sizeof(limb) + 1, call)) {
    unsigned char *digits = (unsigned char *)text.limbs + 1;
    memcpy(number.limbs, b->limbs, n * sizeof(limb)); /* mpn_get_str overwrites it */
    size_t count = mpn_get_str(digits, 10, number.limbs, (mp_size_t)n);
    for (size_t i = 0; i < count; i++) digits[i] += '0';
    while (*digits == '0') digits++, count--;
    if (b->size < 0) *--digits = '-', count++;
    o = weft_str_new_size((const char *)digits, count);
    leave(&text);
  }
  leave(&number);
  return o;
}

/* --- The type --- */

static size_t big_size_of(weft_object *self) { return sizeof(big) + size_of((big *)self) * sizeof(limb); }

static void big_dealloc(weft_object *self) { weft__heap_free(self, big_size_of(self)); }

const weft_type weft_big_int_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "int",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_int_type,
             .basic_size = sizeof(big) + sizeof(limb),
             .item_size = sizeof(limb),
             .repr = big_repr,
             .hash = big_hash,
             .compare = weft__big_compare,
             .is_true = big_is_true,
             .add = weft__big_add,
             .subtract = weft__big_subtract,
             .multiply = weft__big_multiply,
             .bit_and = weft__big_and,
             .bit_or = weft__big_or,
             .bit_xor = weft__big_xor,
             .size_of = big_size_of,
             .dealloc = big_dealloc},
    .quiet = true,
};
