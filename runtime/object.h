/* SPDX-License-Identifier: MIT */
/*
 * Objects: the 16-byte header, references, and the operations that every object has.
 *
 * Ownership, everywhere in this API: parameters are borrowed, results are new references that the caller must drop with
 * weft_decref. Names that end in _steal take over their argument's reference, also when they fail; names that end in
 * _borrow return a reference that the caller does not own.
 *
 * Errors: functions that return objects return NULL, functions that return int return -1 (predicates: -1, 0, 1), and
 * set the calling thread's error (error.h).
 *
 * The calling thread must be attached (weft_attach); anything else aborts with a message that names the call.
 */
#ifndef WEFT_OBJECT_H
#define WEFT_OBJECT_H

#include "config.h"
#include "mode/mode.h"

WEFT_BEGIN_DECLS

typedef struct weft_type weft_type;

typedef struct weft_object {
  weft_count count;
  const weft_type *type;
} weft_object;

#ifdef __cplusplus
static_assert(sizeof(weft_object) == 16, "the header is 16 bytes in every mode");
#else
_Static_assert(sizeof(weft_object) == 16, "the header is 16 bytes in every mode");
_Static_assert(sizeof(weft_count) == 8, "the count is one word");
#endif

/* --- References --- */

WEFT_API void weft__dealloc(weft_object *o);
/* Aborts, naming `call`, if the thread is not attached or `o` is not a live object. Debug builds only. */
WEFT_API void weft__debug_check(const char *call, const weft_object *o);

/* Adds a reference to `o`, to which the caller holds one. Cannot fail; does nothing to an immortal object. */
static inline void weft_incref(weft_object *o) {
  if (WEFT_DEBUG) weft__debug_check("weft_incref", o);
  weft__count_incref(&o->count);
}

/* Drops the caller's reference to `o`; the last one destroys it. May: run finalizers, block. */
static inline void weft_decref(weft_object *o) {
  if (WEFT_DEBUG) weft__debug_check("weft_decref", o);
  if (weft__count_decref(&o->count)) weft__dealloc(o);
}

/* As above; `o` may be NULL. */
/* The same for a thread that has just read its slot; see mode/mode.h. */
static inline weft_object *weft__new_ref_as(weft_object *o, uint32_t slot) {
  if (WEFT_DEBUG) weft__debug_check("weft_incref", o);
  weft__count_incref_as(&o->count, slot);
  return o;
}
static inline void weft__decref_as(weft_object *o, uint32_t slot) {
  if (WEFT_DEBUG) weft__debug_check("weft_decref", o);
  if (weft__count_decref_as(&o->count, slot)) weft__dealloc(o);
}
static inline void weft_xincref(weft_object *o) {
  if (o) weft_incref(o);
}
static inline void weft_xdecref(weft_object *o) {
  if (o) weft_decref(o);
}

/* Adds a reference and returns `o`. */
static inline weft_object *weft_new_ref(weft_object *o) {
  weft_incref(o);
  return o;
}

/* Sets *p to NULL, then drops the reference that it held: a finalizer never sees the half-dropped pointer. */
static inline void weft_clear(weft_object **p) {
  weft_object *o = *p;
  *p = NULL;
  weft_xdecref(o);
}

static inline void weft__auto_drop(weft_object **p) { weft_xdecref(*p); }
/* A local variable that drops its reference when it leaves scope: `weft_auto weft_object *x = weft_int_new(7);` */
#define weft_auto __attribute__((cleanup(weft__auto_drop)))

/* Adds a reference if `o` is not dying, for a caller that holds none but knows the memory to be valid. */
static inline bool weft__try_incref(weft_object *o) { return weft__count_try_incref(&o->count); }

/* References held to `o`, exact while no other thread changes it; the fixed 2^62 for an immortal object. */
static inline int64_t weft_refcount(const weft_object *o) { return weft__count_refs(&o->count); }
static inline bool weft_is_immortal(const weft_object *o) { return weft__count_is_immortal(&o->count); }
/* True when the caller's is the only reference. */
static inline bool weft_is_unique(const weft_object *o) { return weft__count_is_unique(&o->count); }

/* From now on `o` is never freed and its count never moves. Stops the world when another thread owns `o`. */
WEFT_API void weft_immortalize(weft_object *o);

/*
 * Hand-over: a thread that gives away its only reference to another thread (through a queue, a ring, a future) calls
 * weft_disown before it publishes it; the receiver calls weft_own. The receiver then counts as the object's owner,
 * without atomics, and its last decref frees at once instead of asking the maker to. Both are hints: they never change
 * the number of references and do nothing in modes without owners or when there are other references.
 */
static inline void weft_disown(weft_object *o) { weft__count_disown(&o->count); }
static inline void weft_own(weft_object *o) { weft__count_own(&o->count); }

/* --- Operations of every object --- */

enum weft_compare_op { WEFT_LT, WEFT_LE, WEFT_EQ, WEFT_NE, WEFT_GT, WEFT_GE };

static inline const weft_type *weft_type_of(const weft_object *o) { return o->type; }
/* An identity: unique among objects that are alive at the same time. */
static inline uintptr_t weft_id(const weft_object *o) { return (uintptr_t)o; }
static inline bool weft_is(const weft_object *a, const weft_object *b) { return a == b; }

/* True when `o`'s type is `type` or derives from it. */
WEFT_API bool weft_is_instance(const weft_object *o, const weft_type *type);

/* A str for developers. Returns new. Errors: memory, recursion, what a user's slot raises. */
WEFT_API weft_object *weft_repr(weft_object *o);
/* A str for users: as repr, but a str is itself. Returns new. */
WEFT_API weft_object *weft_str(weft_object *o);
/* Stores the hash of `o`, never -1. Errors (-1): TypeError when unhashable, recursion. */
WEFT_API int weft_hash(weft_object *o, int64_t *hash);
/* Compares; identical objects are equal without asking. Errors (-1): TypeError when there is no such order. */
WEFT_API int weft_compare(weft_object *a, weft_object *b, enum weft_compare_op op);
/* Truth: None, False, zero and empty containers are false. */
WEFT_API int weft_is_true(weft_object *o);
/* Calls a callable with `n` borrowed arguments. Returns new. Errors: TypeError, what the callee raises. */
WEFT_API weft_object *weft_call(weft_object *callable, weft_object *const *args, size_t n);
/* Arithmetic on ints and floats; +, * on sequences, -, &, |, ^ on sets, | on dicts, &, |, ^ on ints and bools. Return
 * new. Errors: TypeError, OverflowError, memory. */
WEFT_API weft_object *weft_add(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_subtract(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_multiply(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_and(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_or(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_xor(weft_object *a, weft_object *b);
/* The same for `a += b` and so on: a mutable `a` is changed and returned, as a new reference; otherwise the result is
 * another object. Errors: as above, and those of what is iterated over; then `a` may have changed in part. */
WEFT_API weft_object *weft_in_place_add(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_in_place_subtract(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_in_place_multiply(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_in_place_and(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_in_place_or(weft_object *a, weft_object *b);
WEFT_API weft_object *weft_in_place_xor(weft_object *a, weft_object *b);
/* Bytes that `o` takes itself: the object, and tables and buffers that are its alone, without what it refers to and
 * without what the heap adds by rounding up. Errors (-1): TypeError. */
WEFT_API int64_t weft_sizeof(weft_object *o);
/* Number of items. Errors (-1): TypeError. */
WEFT_API int64_t weft_length(weft_object *o);
/* Attribute by name, a str. Returns new. Errors: AttributeError, TypeError. */
WEFT_API weft_object *weft_getattr(weft_object *o, weft_object *name);
/* Sets an attribute; NULL deletes. Errors (-1): AttributeError, TypeError, memory. May: run finalizers. */
WEFT_API int weft_setattr(weft_object *o, weft_object *name, weft_object *value);
/* The same with UTF-8 text; it is made a str each time. Errors: also ValueError. */
WEFT_API weft_object *weft_getattr_text(weft_object *o, const char *name);
WEFT_API int weft_setattr_text(weft_object *o, const char *name, weft_object *value);

/* Out-of-line twins, for callers that cannot inline C. */
WEFT_API void weft_incref_extern(weft_object *o);
WEFT_API void weft_decref_extern(weft_object *o);

WEFT_END_DECLS
#endif
