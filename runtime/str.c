/* SPDX-License-Identifier: MIT */
/*
 * str. Body: the cached hash, the size in bytes, the bytes, a NUL; then, only when the text is not all ASCII, its
 * length in code points in the last 8 bytes of the block. So ASCII text, for which both numbers agree, pays for one of
 * them.
 */
#include "runtime/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/copy_internal.h"
#include "runtime/dict_table_internal.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str_internal.h"
#include "runtime/text_internal.h"

static size_t block_size(size_t size, bool wide) {
  size_t end = sizeof(struct weft__str) + size + 1;
  return wide ? (end + 7) / 8 * 8 + 8 : end;
}

static uint64_t *code_points(const struct weft__str *s) {
  return (uint64_t *)(void *)((char *)s + block_size(s->size, true) - 8);
}

/* --- UTF-8 --- */

/* Bytes of the well-formed sequence at `p` (Unicode 15, table 3-7); 0: ill-formed. */
static size_t sequence_length(const unsigned char *p, const unsigned char *end) {
  if (p[0] < 0x80) return 1;
  size_t n = p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
  if (!n || (size_t)(end - p) < n) return 0;
  unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
  unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
  if (p[1] < low || p[1] > high) return 0;
  for (size_t i = 2; i < n; i++)
    if ((p[i] & 0xC0) != 0x80) return 0;
  return n;
}

/* Code points in the text; -1: not UTF-8. */
static int64_t count_code_points(const char *bytes, size_t size) {
  const unsigned char *p = (const unsigned char *)bytes, *end = p + size;
  int64_t count = 0;
  while (p < end) {
    size_t n = sequence_length(p, end);
    if (!n) return -1;
    p += n;
    count++;
  }
  return count;
}

/* --- Making --- */

weft_object *weft_str_new_size(const char *bytes, size_t size) {
  weft__check_attached("weft_str_new_size");
  if (size > PTRDIFF_MAX / 2) return weft_raise_memory();
  if (!bytes) {
    if (size) return weft_raise(&weft_TypeError, "weft_str_new_size: NULL is not a string");
    bytes = "";
  }
  int64_t length = count_code_points(bytes, size);
  if (length < 0) return weft_raise(&weft_ValueError, "str: the bytes are not UTF-8");
  bool wide = (uint64_t)length != size;
  struct weft__str *s = weft__object_alloc(&weft_str_type, block_size(size, wide), "weft_str_new_size");
  if (!s) return NULL;
  s->hash = -1;
  s->size = size;
  s->wide = wide;
  memcpy(s->bytes, bytes, size);
  s->bytes[size] = '\0';
  if (wide) *code_points(s) = (uint64_t)length;
  return &s->header;
}

weft_object *weft_str_new(const char *text) {
  weft__check_attached("weft_str_new");
  return text ? weft_str_new_size(text, strlen(text))
              : weft_raise(&weft_TypeError, "weft_str_new: NULL is not a string");
}

/* What is not UTF-8 becomes U+FFFD. */
static weft_object *new_lossy(const char *bytes, size_t size) {
  if (count_code_points(bytes, size) >= 0) return weft_str_new_size(bytes, size);
  struct weft__text text = {0};
  const unsigned char *p = (const unsigned char *)bytes, *end = p + size;
  while (p < end) {
    size_t n = sequence_length(p, end);
    if (n)
      weft__text_add(&text, (const char *)p, n);
    else
      weft__text_add(&text, "\xef\xbf\xbd", 3);
    p += n ? n : 1;
  }
  return weft__text_finish(&text);
}

static weft_object *vformat(const char *format, va_list args, weft_object *(*make)(const char *, size_t)) {
  char small[256];
  va_list again;
  va_copy(again, args);
  int size = vsnprintf(small, sizeof small, format, args);
  weft_object *o = NULL;
  if (size >= 0 && (size_t)size < sizeof small) {
    o = make(small, (size_t)size);
  } else if (size >= 0) {
    char *large = weft__buffer_new((size_t)size + 1, "weft_str_format");
    if (large) vsnprintf(large, (size_t)size + 1, format, again);
    o = large ? make(large, (size_t)size) : weft_raise_memory();
    weft__buffer_free(large, (size_t)size + 1);
  } else {
    o = weft_raise(&weft_ValueError, "printf cannot format this");
  }
  va_end(again);
  return o;
}

weft_object *weft__str_vformat(const char *format, va_list args) { return vformat(format, args, weft_str_new_size); }
weft_object *weft__str_vformat_lossy(const char *format, va_list args) { return vformat(format, args, new_lossy); }

weft_object *weft_str_format(const char *format, ...) {
  weft__check_attached("weft_str_format");
  va_list args;
  va_start(args, format);
  weft_object *o = weft__str_vformat(format, args);
  va_end(args);
  return o;
}

weft_object *weft__str_immortal_copy(const weft_object *o) {
  const struct weft__str *s = (const struct weft__str *)o;
  struct weft__str *copy = weft__fault() ? NULL : malloc((block_size(s->size, s->wide) + 7) & ~(size_t)7);
  if (!copy) return NULL;
  memcpy(copy, s, block_size(s->size, s->wide));
  static const weft_count immortal = WEFT__COUNT_IMMORTAL;
  copy->header.count = immortal;
  return &copy->header;
}

/* --- Reading --- */

const char *weft_str_utf8(const weft_object *o, size_t *size) {
  if (!weft__expect("weft_str_utf8", o, &weft_str_type)) return NULL;
  const struct weft__str *s = (const struct weft__str *)o;
  if (size) *size = s->size;
  return s->bytes;
}

static int64_t length_of(const struct weft__str *s) { return (int64_t)(s->wide ? *code_points(s) : s->size); }

int64_t weft_str_length(const weft_object *o) {
  return weft__expect("weft_str_length", o, &weft_str_type) ? length_of((const struct weft__str *)o) : -1;
}

/* --- Hash: SipHash-1-3 (Aumasson, Bernstein 2012), keyed per process against flooding --- */

static uint64_t hash_key[2];

bool weft__hash_seed_init(void) {
  const char *seed = getenv("WEFT_HASH_SEED");
  if (seed) {
    hash_key[0] = strtoull(seed, NULL, 10);
    hash_key[1] = ~hash_key[0];
  } else if (getrandom(hash_key, sizeof hash_key, 0) != sizeof hash_key) {
    return false;
  }
  weft__table_key = (hash_key[0] ^ hash_key[1] * UINT64_C(0x9e3779b97f4a7c15)) | 1;
  return true;
}

static uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

static void sip_round(uint64_t v[4]) {
  v[0] += v[1], v[2] += v[3];
  v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
  v[0] = rotate(v[0], 32);
  v[2] += v[1], v[0] += v[3];
  v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
  v[2] = rotate(v[2], 32);
}

int64_t weft__hash_bytes(const void *bytes, size_t size) {
  uint64_t v[4] = {hash_key[0] ^ UINT64_C(0x736f6d6570736575), hash_key[1] ^ UINT64_C(0x646f72616e646f6d),
                   hash_key[0] ^ UINT64_C(0x6c7967656e657261), hash_key[1] ^ UINT64_C(0x7465646279746573)};
  const char *p = bytes;
  uint64_t word;
  for (size_t left = size; left >= 8; left -= 8, p += 8) {
    memcpy(&word, p, 8);
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
  }
  word = 0;
  memcpy(&word, p, size % 8);
  word |= (uint64_t)size << 56;
  v[3] ^= word;
  sip_round(v);
  v[0] ^= word;
  v[2] ^= 0xff;
  for (int i = 0; i < 3; i++) sip_round(v);
  int64_t hash = (int64_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
  return hash == -1 ? -2 : hash;
}

static int str_hash(weft_object *self, int64_t *hash) {
  struct weft__str *s = (struct weft__str *)self;
  /* order: relaxed: threads may compute it at the same time, to the same result. */
  *hash = weft__load_relaxed(&s->hash);
  if (*hash != -1) return 0;
  *hash = s->size ? weft__hash_bytes(s->bytes, s->size) : 0;
  weft__store_relaxed(&s->hash, *hash);
  return 0;
}

/* --- Slots --- */

static int str_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!weft_str_check(a) || !weft_str_check(b)) return WEFT_NOT_IMPLEMENTED;
  const struct weft__str *x = (struct weft__str *)a, *y = (struct weft__str *)b;
  if ((op == WEFT_EQ || op == WEFT_NE) && x->size != y->size) return op == WEFT_NE;
  /* UTF-8 sorts as its code points do. */
  int order = memcmp(x->bytes, y->bytes, x->size < y->size ? x->size : y->size);
  if (!order) order = (x->size > y->size) - (x->size < y->size);
  return weft__compare_order(order, op);
}

static weft_object *str_add(weft_object *a, weft_object *b) {
  if (!weft_str_check(a) || !weft_str_check(b)) return NULL;
  struct weft__text text = {0};
  const struct weft__str *x = (struct weft__str *)a, *y = (struct weft__str *)b;
  weft__text_add(&text, x->bytes, x->size);
  weft__text_add(&text, y->bytes, y->size);
  return weft__text_finish(&text);
}

/* Beyond ASCII, what a terminal should not get: controls, formats, separators, private use, noncharacters. */
static bool is_printable(uint32_t c) {
  static const uint32_t not [][2] = {{0x7F, 0xA0},     {0xAD, 0xAD},     {0x200B, 0x200F},   {0x2028, 0x202F},
                                     {0x205F, 0x206F}, {0x3000, 0x3000}, {0xE000, 0xF8FF},   {0xFDD0, 0xFDEF},
                                     {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xF0000, 0x10FFFF}};
  for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
    if (c >= not [i][0] && c <= not [i][1]) return false;
  return (c & 0xFFFE) != 0xFFFE;
}

/* A sequence of `n` > 1 bytes. */
static void repr_wide(struct weft__text *text, const char *bytes, size_t n) {
  uint32_t c = (unsigned char)bytes[0] & (0x7Fu >> n);
  for (size_t i = 1; i < n; i++) c = c << 6 | ((unsigned char)bytes[i] & 0x3Fu);
  if (is_printable(c)) {
    weft__text_add(text, bytes, n);
    return;
  }
  char escape[16];
  int size = snprintf(escape, sizeof escape, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
  weft__text_add(text, escape, (size_t)size);
}

static void repr_character(struct weft__text *text, unsigned char c, char quote) {
  char escape[8] = {'\\', (char)c, '\0'};
  if (c == '\n' || c == '\r' || c == '\t')
    escape[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
  else if (c < 0x20 || c == 0x7f)
    snprintf(escape, sizeof escape, "\\x%02x", c);
  else if (c != '\\' && c != (unsigned char)quote)
    snprintf(escape, sizeof escape, "%c", c);
  weft__text_add(text, escape, strlen(escape));
}

static weft_object *str_repr(weft_object *self) {
  const struct weft__str *s = (struct weft__str *)self;
  char quote = memchr(s->bytes, '\'', s->size) && !memchr(s->bytes, '"', s->size) ? '"' : '\'';
  struct weft__text text = {0};
  weft__text_add(&text, &quote, 1);
  const char *end = s->bytes + s->size;
  for (const char *p = s->bytes; p < end;) {
    size_t n = sequence_length((const unsigned char *)p, (const unsigned char *)end);
    if (n > 1)
      repr_wide(&text, p, n);
    else
      repr_character(&text, (unsigned char)*p, quote);
    p += n;
  }
  weft__text_add(&text, &quote, 1);
  return weft__text_finish(&text);
}

static int64_t str_slot_length(weft_object *self) { return length_of((struct weft__str *)self); }

static size_t str_size_of(weft_object *self) {
  struct weft__str *s = (struct weft__str *)self;
  return block_size(s->size, s->wide);
}

static void str_dealloc(weft_object *self) {
  struct weft__str *s = (struct weft__str *)self;
  weft__heap_free(s, block_size(s->size, s->wide));
}

const weft_type weft_str_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "str",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(struct weft__str) + 1,
             .item_size = 1,
             .repr = str_repr,
             .hash = str_hash,
             .compare = str_compare,
             .add = str_add,
             .length = str_slot_length,
             .contains = weft_str_contains,
             .iter = weft__str_iter,
             .size_of = str_size_of,
             .dealloc = str_dealloc},
    .quiet = true,
};
