/* SPDX-License-Identifier: MIT */
/*
 * array: a growable sequence of numbers of one C type, packed. Each operation is atomic with respect to other threads,
 * and a safepoint. Indices may be negative to count from the end.
 *
 *   typecode  b B        h H    i I  l L  q Q    f      d           small letters: signed
 *   C type    char       short  int  long 64-bit float  double
 *
 * A value that does not fit is an OverflowError, one that is no such number a TypeError. What changes the size is a
 * BufferError while a view is open (view.h). After an error the array is unaltered. weft_bytes_from gives the bytes of
 * an array; a view gives its memory.
 */
#ifndef WEFT_ARRAY_H
#define WEFT_ARRAY_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_array_type;

static inline bool weft_array_check(const weft_object *o) { return o->type == &weft_array_type; }

/* --- Making --- */

/* An empty array. Returns new. Errors: ValueError (no such typecode), memory. */
WEFT_API weft_object *weft_array_new(char typecode);
/* From an array, its numbers; from a bytes or bytearray, their memory; otherwise what iterating gives. Returns new.
 * Errors: ValueError (typecode; bytes that are not whole items), TypeError, OverflowError, the iterable's, memory. */
WEFT_API weft_object *weft_array_from(char typecode, weft_object *initial);

/* Errors: TypeError (0; -1). */
WEFT_API char weft_array_typecode(weft_object *array);
WEFT_API int64_t weft_array_item_size(weft_object *array);

/* --- Items --- */

/* Items. Errors (-1): TypeError. */
WEFT_API int64_t weft_array_length(weft_object *array);
/* Items that there is room for. Errors (-1): TypeError. */
WEFT_API int64_t weft_array_capacity(weft_object *array);
/* Item `index`, an int or float. Returns new. Errors: TypeError, IndexError, OverflowError (beyond int's 64 bits),
 * memory. */
WEFT_API weft_object *weft_array_get(weft_object *array, int64_t index);
/* Replaces it. Errors (-1): TypeError, OverflowError, IndexError. */
WEFT_API int weft_array_set(weft_object *array, int64_t index, weft_object *value);
/* Adds an item at the end, amortised O(1). Errors (-1): TypeError, OverflowError, BufferError, memory. */
WEFT_API int weft_array_append(weft_object *array, weft_object *value);
/* Inserts before `index`, clamped. Errors (-1): as append. */
WEFT_API int weft_array_insert(weft_object *array, int64_t index, weft_object *value);
/* Removes and returns item `index`. Returns new. Errors: as get, BufferError. */
WEFT_API weft_object *weft_array_pop(weft_object *array, int64_t index);
/* Removes it. Errors (-1): TypeError, IndexError, BufferError. */
WEFT_API int weft_array_delete(weft_object *array, int64_t index);
/* Removes all. Errors (-1): TypeError, BufferError. */
WEFT_API int weft_array_clear(weft_object *array);
/* Errors (-1): TypeError. */
WEFT_API int weft_array_reverse(weft_object *array);
/* Reverses the bytes of each item. Errors (-1): TypeError. */
WEFT_API int weft_array_byteswap(weft_object *array);

/* --- Parts. INT64_MIN and INT64_MAX are bounds beyond either end. --- */

/* Every `step`-th item from `start` up to `stop`, both clamped. Returns new. Errors: TypeError, ValueError (step 0),
 * memory. */
WEFT_API weft_object *weft_array_slice(weft_object *array, int64_t start, int64_t stop, int64_t step);
/* Replaces them by the items of an array of the same typecode (NULL: by nothing), at one moment; with a step other than
 * 1 by as many. Errors (-1): TypeError, ValueError, BufferError, memory. */
WEFT_API int weft_array_set_slice(weft_object *array, int64_t start, int64_t stop, int64_t step, weft_object *items);
/* Adds the items of an array of the same typecode, or what iterating over `items` gives, at one moment.
 * Errors (-1): TypeError, OverflowError, BufferError, the iterable's, memory. */
WEFT_API int weft_array_extend(weft_object *array, weft_object *items);
/* The same from a list only. */
WEFT_API int weft_array_extend_list(weft_object *array, weft_object *list);
/* Adds items by their memory, a bytes or bytearray. Errors (-1): TypeError, ValueError (not whole items), BufferError,
 * memory. */
WEFT_API int weft_array_extend_bytes(weft_object *array, weft_object *bytes);
/* A list of its items. Returns new. Errors: TypeError, OverflowError, memory. */
WEFT_API weft_object *weft_array_to_list(weft_object *array);
/* The items `n` times, 0 when n is negative. Returns new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_array_repeat(weft_object *array, int64_t n);
/* Becomes that. Errors (-1): TypeError, BufferError, memory. */
WEFT_API int weft_array_repeat_in_place(weft_object *array, int64_t n);

/* --- Searching: numbers are compared as numbers, other values by weft_compare, which may run code of the user's --- */

/* Is an item equal to `value`? Errors (-1): TypeError, those of comparing. */
WEFT_API int weft_array_contains(weft_object *array, weft_object *value);
/* Where the first item equal to `value` is, from `start` up to `stop`, both clamped.
 * Errors (-1): ValueError when there is none, TypeError, those of comparing. */
WEFT_API int64_t weft_array_index(weft_object *array, weft_object *value, int64_t start, int64_t stop);
/* How many items are equal to `value`. Errors (-1): as contains. */
WEFT_API int64_t weft_array_count(weft_object *array, weft_object *value);
/* Removes the first item equal to `value`. Errors (-1): as index, BufferError. */
WEFT_API int weft_array_remove(weft_object *array, weft_object *value);

WEFT_END_DECLS
#endif
