/* SPDX-License-Identifier: MIT */
/*
 * str: immutable text. Stored as UTF-8, followed by a NUL; its length counts code points; its hash is cached.
 * Hashes are keyed with a random seed per process; WEFT_HASH_SEED=<number> in the environment makes runs repeatable.
 */
#ifndef WEFT_STR_H
#define WEFT_STR_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_str_type;

static inline bool weft_str_check(const weft_object *o) { return o->type == &weft_str_type; }

/* From a NUL-terminated UTF-8 string. Returns new. Errors: ValueError when not UTF-8, memory. */
WEFT_API weft_object *weft_str_new(const char *text);
/* From `size` bytes of UTF-8, which may contain NULs. Returns new. Errors: as above. */
WEFT_API weft_object *weft_str_new_size(const char *bytes, size_t size);
/* The one immortal str with that text: a name that is used often, which types and their instances then find by
 * identity. It stays until weft_finalize. Returns borrowed. Errors: as weft_str_new. */
WEFT_API weft_object *weft_str_intern(const char *text);
/* The one that has the text of `str`, to be used instead of it: an immortal copy. Returns borrowed.
 * Errors: TypeError when it is no str, memory. */
WEFT_API weft_object *weft_str_intern_object(weft_object *str);
/* printf-style. Returns new. Errors: as above. */
WEFT_API weft_object *weft_str_format(const char *format, ...) WEFT_PRINTF(1, 2);
/* The UTF-8 bytes, NUL-terminated, valid while `o` lives; stores their number if `size` is not NULL.
 * Errors: NULL with TypeError. */
WEFT_API const char *weft_str_utf8(const weft_object *o, size_t *size);
/* Code points. Errors (-1): TypeError. */
WEFT_API int64_t weft_str_length(const weft_object *o);

/* Is `part`, a str, in it? The empty one always is. Errors (-1): TypeError. */
WEFT_API int weft_str_contains(weft_object *o, weft_object *part);
/* The strs that iterating gives, with `between` between them. Returns new. Errors: TypeError, the iterable's, memory.
 */
WEFT_API weft_object *weft_str_join(weft_object *between, weft_object *iterable);

WEFT_END_DECLS
#endif
