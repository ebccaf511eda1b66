/* SPDX-License-Identifier: MIT */
/*
 * Finalizers of single objects: a function that is called once, when the object dies, when somebody calls the
 * finalizer, or at the end of the runtime, whichever comes first. Those of one object are called newest first.
 *
 * Until then the runtime keeps the finalizer, and it keeps the function and the arguments. So these must not lead to
 * the object: it would never die. A finalizer is a weak reference to its object (weft_weakref_get). What a function
 * that nobody has called raises is unraisable.
 */
#ifndef WEFT_FINALIZER_H
#define WEFT_FINALIZER_H

#include "weakref.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_finalizer_type;

/* A finalizer that will call `function` with `n` arguments. Returns new; it may be dropped. Errors: TypeError (the
 * object cannot have weak references; the function cannot be called), memory. */
WEFT_API weft_object *weft_finalizer_new(weft_object *o, weft_object *function, size_t n, weft_object *const *args);

/* All of these: Errors: TypeError. */

/* Calls the function now, and returns its result; None when that has been done, or it was detached. weft_call does the
 * same. Returns new. Errors: also the function's. */
WEFT_API weft_object *weft_finalizer_call(weft_object *finalizer);
/* A tuple (object, function, tuple of arguments), or None when it has been called or detached. Returns new. */
WEFT_API weft_object *weft_finalizer_peek(weft_object *finalizer);
/* The same; and it will not be called any more. Returns new. */
WEFT_API weft_object *weft_finalizer_detach(weft_object *finalizer);
/* 1: it will be called; 0: it has been, or was detached; -1. */
WEFT_API int weft_finalizer_is_alive(weft_object *finalizer);
/* Whether weft_finalize calls it, newest first; at first it does. It then calls those made meanwhile, too. What is left
 * is never called. Errors: -1. */
WEFT_API int weft_finalizer_runs_at_exit(weft_object *finalizer);
WEFT_API int weft_finalizer_set_at_exit(weft_object *finalizer, bool at_exit);

WEFT_END_DECLS
#endif
