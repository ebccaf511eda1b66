/* SPDX-License-Identifier: MIT */
/* Spans: the bytes of a bytes-like object (bytes, bytearray, array) for a function of the runtime; view.c. */
#ifndef WEFT_SPAN_INTERNAL_H
#define WEFT_SPAN_INTERNAL_H

#include "bytes.h"
#include "raw_internal.h"
#include "text_internal.h"

struct weft__bytes {
  weft_object header;
  int64_t hash; /* atomic: -1 until it is asked for; every thread computes the same */
  size_t size;
  char bytes[]; /* and a NUL */
};

struct weft__span {
  const uint8_t *bytes;
  size_t size;
  weft__raw *raw; /* whose lock is held, if it is shared; NULL: none */
  bool private;
  uint8_t *copy; /* NULL: none */
};

bool weft__is_bytes_like(const weft_object *o);
/* The bytes as they are, without copying: up to weft__span_end no safepoint. False: TypeError. */
bool weft__span_begin(struct weft__span *span, const char *call, weft_object *o);
/* The bytes as they were at one moment; safepoints are allowed. False: TypeError, memory. */
bool weft__span_copy(struct weft__span *span, const char *call, weft_object *o);
void weft__span_end(struct weft__span *span);

/* Puts the bytes of a bytes-like object, or of what iterating gives, into an empty variable; the second one takes an
 * int as a number of zeros. False: an error is set; the variable is the caller's to drop. */
bool weft__bytes_collect(weft__raw *into, const char *call, weft_object *o);
bool weft__bytes_collect_initial(weft__raw *into, const char *call, weft_object *o);
bool weft__bytes_parse_hex(weft__raw *into, const char *call, const char *text);
/* Negative, 0, positive. */
int weft__bytes_order(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);
void weft__bytes_add_repr(struct weft__text *text, const uint8_t *from, size_t size);

#endif
