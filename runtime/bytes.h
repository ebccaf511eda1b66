/* SPDX-License-Identifier: MIT */
/*
 * bytes: an immutable sequence of bytes, followed by a NUL; its hash is cached, and keyed as that of str. And what
 * bytes and bytearray can both do.
 */
#ifndef WEFT_BYTES_H
#define WEFT_BYTES_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_bytes_type;

static inline bool weft_bytes_check(const weft_object *o) { return o->type == &weft_bytes_type; }

/* A copy of `size` bytes; from NULL, that many zeros. Returns new. Errors: memory. */
WEFT_API weft_object *weft_bytes_new(const void *bytes, size_t size);
/* From an int, that many zeros; from a bytes, itself; from another bytes-like object (bytearray, array), a copy of its
 * memory; otherwise of what iterating gives. Returns new. Errors: TypeError (a str, say), ValueError, the iterable's,
 * memory. */
WEFT_API weft_object *weft_bytes_from(weft_object *o);
/* From pairs of hexadecimal digits, with blanks between them. Returns new. Errors: TypeError, ValueError, memory. */
WEFT_API weft_object *weft_bytes_from_hex(const char *text);
/* The bytes and a NUL, valid while `o` lives; stores their number if `size` is not NULL. Errors: NULL with TypeError.
 */
WEFT_API const char *weft_bytes_data(const weft_object *o, size_t *size);
/* Bytes. Errors (-1): TypeError. */
WEFT_API int64_t weft_bytes_length(const weft_object *o);
/* Byte `index`, an int. Returns new. Errors: TypeError, IndexError. */
WEFT_API weft_object *weft_bytes_get(const weft_object *o, int64_t index);
/* Every `step`-th byte from `start` up to `stop`, both clamped; INT64_MIN and INT64_MAX are beyond either end.
 * Returns new. Errors: TypeError, ValueError (step 0), memory. */
WEFT_API weft_object *weft_bytes_slice(weft_object *o, int64_t start, int64_t stop, int64_t step);
/* The bytes `n` times, 0 when n is negative. Returns new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_bytes_repeat(weft_object *o, int64_t n);

/*
 * --- Of a bytes or bytearray `o` ---
 *
 * What is searched for (`sub`) is a byte as an int or a bytes-like object. What is made is of the type of `o`. Each
 * happens at one moment, with `sub` as it was shortly before.
 * Errors of all: TypeError, ValueError (an int that is no byte), memory.
 */

/* Where `sub` first occurs in the bytes from `start` up to `stop`, both clamped; -1: nowhere.
 * Errors: -2. */
WEFT_API int64_t weft_bytes_find(weft_object *o, weft_object *sub, int64_t start, int64_t stop);
/* Where it last occurs. */
WEFT_API int64_t weft_bytes_rfind(weft_object *o, weft_object *sub, int64_t start, int64_t stop);
/* The same; -1 with ValueError: nowhere. */
WEFT_API int64_t weft_bytes_index(weft_object *o, weft_object *sub, int64_t start, int64_t stop);
WEFT_API int64_t weft_bytes_rindex(weft_object *o, weft_object *sub, int64_t start, int64_t stop);
/* How often it occurs without overlapping. Errors: -1. */
WEFT_API int64_t weft_bytes_count(weft_object *o, weft_object *sub, int64_t start, int64_t stop);
/* Does it occur? */
WEFT_API int weft_bytes_contains(weft_object *o, weft_object *sub);
/* Is a bytes-like object at the beginning, at the end? */
WEFT_API int weft_bytes_starts_with(weft_object *o, weft_object *prefix);
WEFT_API int weft_bytes_ends_with(weft_object *o, weft_object *suffix);

/* With `old` replaced by `by`, both bytes-like, at most `most` times (negative: always). Returns new. */
WEFT_API weft_object *weft_bytes_replace(weft_object *o, weft_object *old, weft_object *by, int64_t most);
enum weft_side { WEFT_LEFT = 1, WEFT_RIGHT = 2, WEFT_BOTH = 3 };
/* Without the bytes at its ends that are in `set`, bytes-like (NULL: ASCII blanks). Returns new. */
WEFT_API weft_object *weft_bytes_strip(weft_object *o, weft_object *set, enum weft_side sides);
/* A list of the parts between occurrences of `by`, bytes-like and not empty (NULL: between runs of ASCII blanks); at
 * most `most` are cut off (negative: all). Returns new. */
WEFT_API weft_object *weft_bytes_split(weft_object *o, weft_object *by, int64_t most);
/* What iterating gives, bytes-like objects, with `o` between them. Returns new. Errors: also the iterable's. */
WEFT_API weft_object *weft_bytes_join(weft_object *o, weft_object *iterable);
/* Two hexadecimal digits a byte, a str; `o` may be an array. Returns new. */
WEFT_API weft_object *weft_bytes_hex(weft_object *o);
/* The str of which these are the UTF-8. Returns new. Errors: ValueError when they are not. */
WEFT_API weft_object *weft_bytes_decode(weft_object *o);

WEFT_END_DECLS
#endif
