/* SPDX-License-Identifier: MIT */
/*
 * function: a C function with captured objects, which makes it a closure; and cell: a box for one reference that
 * several closures share.
 */
#ifndef WEFT_FUNCTION_H
#define WEFT_FUNCTION_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_function_type, weft_cell_type;

/* The body of a function. `function` gives access to what it captured. Returns new, or NULL with an error set. */
typedef weft_object *(*weft_c_function)(weft_object *function, weft_object *const *args, size_t n);

static inline bool weft_function_check(const weft_object *o) { return o->type == &weft_function_type; }

/* A function that captures `n` objects, to which it adds references. `name` is copied. Returns new. Errors: memory. */
WEFT_API weft_object *weft_function_new(const char *name, weft_c_function body, size_t n, weft_object *const *captured);
/* Captured object `index`. Returns borrowed: what a function captured never changes. Errors: NULL with IndexError. */
WEFT_API weft_object *weft_function_captured_borrow(const weft_object *function, size_t index);
WEFT_API const char *weft_function_name(const weft_object *function);

/* A cell that holds `value` (NULL: empty). Returns new. Errors: memory. */
WEFT_API weft_object *weft_cell_new(weft_object *value);
/* What the cell holds. Returns new. Errors: NULL with ValueError when empty, TypeError. */
WEFT_API weft_object *weft_cell_get(weft_object *cell);
/* Replaces what the cell holds, NULL empties it. Errors (-1): TypeError. May: run finalizers. */
WEFT_API int weft_cell_set(weft_object *cell, weft_object *value);

WEFT_END_DECLS
#endif
