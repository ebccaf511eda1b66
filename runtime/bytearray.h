/* SPDX-License-Identifier: MIT */
/*
 * bytearray: a growable sequence of bytes. Each operation is atomic with respect to other threads, and a safepoint.
 * Items are ints from 0 to 255; anything else is a TypeError or a ValueError. Indices may be negative to count from
 * the end. What bytes can do beside (searching, splitting, hex) is in bytes.h, for both. What changes the size is a
 * BufferError while a view is open (view.h); the bytearray is then unaltered.
 */
#ifndef WEFT_BYTEARRAY_H
#define WEFT_BYTEARRAY_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_bytearray_type;

static inline bool weft_bytearray_check(const weft_object *o) { return o->type == &weft_bytearray_type; }

/* --- Making --- */

/* A copy of `size` bytes; from NULL, that many zeros. Returns new. Errors: memory. */
WEFT_API weft_object *weft_bytearray_new(const void *bytes, size_t size);
/* From an int, that many zeros; from a bytes-like object, a copy; otherwise of what iterating gives.
 * Returns new. Errors: TypeError (a str, say), ValueError, the iterable's, memory. */
WEFT_API weft_object *weft_bytearray_from(weft_object *o);
/* From pairs of hexadecimal digits, with blanks between them. Returns new. Errors: TypeError, ValueError, memory. */
WEFT_API weft_object *weft_bytearray_from_hex(const char *text);

/* --- Items --- */

/* Bytes. Errors (-1): TypeError. */
WEFT_API int64_t weft_bytearray_length(weft_object *bytearray);
/* Bytes that are allocated: more than the length as soon as there are any. Errors (-1): TypeError. */
WEFT_API int64_t weft_bytearray_capacity(weft_object *bytearray);
/* Byte `index`, an int. Returns new. Errors: TypeError, IndexError. */
WEFT_API weft_object *weft_bytearray_get(weft_object *bytearray, int64_t index);
/* Replaces it. Errors (-1): TypeError, ValueError, IndexError. */
WEFT_API int weft_bytearray_set(weft_object *bytearray, int64_t index, weft_object *value);
/* Adds a byte at the end, amortised O(1). Errors (-1): TypeError, ValueError, BufferError, memory. */
WEFT_API int weft_bytearray_append(weft_object *bytearray, weft_object *value);
/* Inserts before `index`, clamped. Errors (-1): as append. */
WEFT_API int weft_bytearray_insert(weft_object *bytearray, int64_t index, weft_object *value);
/* Removes and returns byte `index`; the first one in amortised O(1). Returns new. Errors: TypeError, IndexError,
 * BufferError. */
WEFT_API weft_object *weft_bytearray_pop(weft_object *bytearray, int64_t index);
/* Removes it. Errors (-1): as pop. */
WEFT_API int weft_bytearray_delete(weft_object *bytearray, int64_t index);
/* Removes the first byte of that value. Errors (-1): ValueError when there is none, as pop. */
WEFT_API int weft_bytearray_remove(weft_object *bytearray, weft_object *value);
/* Removes all. Errors (-1): TypeError, BufferError. */
WEFT_API int weft_bytearray_clear(weft_object *bytearray);
/* Cuts bytes off at the end, or adds zeros. Errors (-1): TypeError, BufferError, memory. */
WEFT_API int weft_bytearray_resize(weft_object *bytearray, size_t size);
/* Errors (-1): TypeError. */
WEFT_API int weft_bytearray_reverse(weft_object *bytearray);

/* --- Parts. INT64_MIN and INT64_MAX are bounds beyond either end. --- */

/* Every `step`-th byte from `start` up to `stop`, both clamped. Returns new. Errors: TypeError, ValueError (step 0),
 * memory. */
WEFT_API weft_object *weft_bytearray_slice(weft_object *bytearray, int64_t start, int64_t stop, int64_t step);
/* Replaces them by the bytes of a bytes-like object or an iterable (NULL: by nothing), at one moment; with a step other
 * than 1 by as many. Errors (-1): TypeError, ValueError, BufferError, the iterable's, memory; it is unaltered. */
WEFT_API int weft_bytearray_set_slice(weft_object *bytearray, int64_t start, int64_t stop, int64_t step,
                                      weft_object *bytes);
/* Adds them at the end, at one moment. Errors (-1): as weft_bytearray_set_slice. */
WEFT_API int weft_bytearray_extend(weft_object *bytearray, weft_object *bytes);
/* The bytes `n` times, 0 when n is negative. Returns new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_bytearray_repeat(weft_object *bytearray, int64_t n);
/* Becomes that. Errors (-1): TypeError, BufferError, memory; it is unaltered. */
WEFT_API int weft_bytearray_repeat_in_place(weft_object *bytearray, int64_t n);

WEFT_END_DECLS
#endif
