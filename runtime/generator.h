/* SPDX-License-Identifier: MIT */
/*
 * generator: an iterator that is a C function and what it remembers between its calls.
 *
 * Each resumption calls the function, the *body*, which goes on where the state says, and returns: a new reference,
 * which is what the generator *yields*; or NULL without an error, then it has ended; or NULL with one, then it has
 * failed. One that has ended or failed is *finished*: it lets go of its state at once, and from then on is at its end.
 *
 *     struct squares { int64_t next, end; };
 *
 *     static weft_object *squares(weft_object *generator, weft_object *sent) {
 *       struct squares *s = weft_generator_state(generator);
 *       if (!sent || s->next == s->end) return NULL; // thrown into, or at the end
 *       int64_t n = s->next++;
 *       return weft_int_new(n * n);
 *     }
 *
 *     weft_generator_new("squares", squares, 0, NULL, sizeof(struct squares), &(struct squares){0, 10})
 *
 * The body gets what was sent in (borrowed; None from weft_next), or NULL when an error is thrown in: that is then the
 * thread's error. A body that returns NULL lets it pass; one that handles it clears or takes it, and goes on. A body
 * that returns an object while an error is set has failed, and the object is dropped.
 *
 * Cleaning up: a generator that has begun and not finished is *closed* by weft_generator_close, and when it dies, by
 * its last reference or as garbage: weft_GeneratorExit is thrown in, which is no Exception. So a body that has
 * something to give back does so whenever `sent` is NULL. It must not yield then. What it raises when its generator
 * dies is unraisable; there it runs as a finalizer does, once, in whichever thread lets go of the last reference.
 *
 * Between threads: a generator may be resumed by any thread, but one at a time. Who comes while it is executing, in
 * another thread or in its own body, gets a ValueError, and nothing has happened. So the state is the body's alone.
 */
#ifndef WEFT_GENERATOR_H
#define WEFT_GENERATOR_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_generator_type;

/* The body of a generator. `sent` is borrowed; NULL: an error is set, which has been thrown in. Returns new: yields; or
 * NULL: has ended or failed. May: whatever a function may. */
typedef weft_object *(*weft_c_generator)(weft_object *generator, weft_object *sent);

static inline bool weft_generator_check(const weft_object *o) { return o->type == &weft_generator_type; }

/* A generator with a state of `n` cells, which hold `cells` (references are added), and of `size` bytes, a copy of
 * `state` (NULL: zeros), which must not contain counted references. `name` is copied. The body is not called yet.
 * Returns new. Errors: TypeError, ValueError (too large; the name is not UTF-8), memory. */
WEFT_API weft_object *weft_generator_new(const char *name, weft_c_generator body, size_t n, weft_object *const *cells,
                                         size_t size, const void *state);

/* --- Resuming: by weft_next, or by these --- */

/* Resumes with `value`. weft_next sends None, and so must who begins. Returns new; NULL without an error: the end.
 * Errors: TypeError (no generator; something else than None to begin with), ValueError (it is executing),
 * RecursionError, with which nothing has happened; what the body raises. May: whatever the body may. */
WEFT_API weft_object *weft_generator_send(weft_object *generator, weft_object *value);
/* Resumes with an error thrown in, an error object or a type of errors. One that has not begun is finished by that, and
 * one that is finished stays so; then the error is the result. Returns, errors, may: as weft_generator_send. */
WEFT_API weft_object *weft_generator_throw(weft_object *generator, weft_object *error);
/* Finishes: throws GeneratorExit into one that has begun. Returns new: what the body then returned by
 * weft_generator_return, or None. Errors: RuntimeError (the body yielded, and can be resumed again), ValueError (it is
 * executing), RecursionError; what else the body raises. May: whatever the body may. */
WEFT_API weft_object *weft_generator_close(weft_object *generator);
/* What a finished generator returned; None when that was nothing, or it failed. Returns new. Errors: TypeError,
 * ValueError (it is not finished). */
WEFT_API weft_object *weft_generator_result(weft_object *generator);

/* --- For bodies: while the calling thread executes the generator. All else: RuntimeError --- */

/* The state's bytes, aligned to 8; valid until the body returns. Errors: NULL with TypeError, RuntimeError. */
WEFT_API void *weft_generator_state(weft_object *generator);
/* What cell `index` holds. Returns borrowed, valid until the cell is set or the body returns. Errors: TypeError,
 * IndexError, RuntimeError. */
WEFT_API weft_object *weft_generator_cell_borrow(weft_object *generator, size_t index);
/* Replaces what it holds. Errors (-1): as above. May: run finalizers. */
WEFT_API int weft_generator_set_cell(weft_object *generator, size_t index, weft_object *value);
/* For a body to end with a value: `return weft_generator_return(generator, value);`. Returns NULL. Errors: TypeError,
 * RuntimeError. */
WEFT_API weft_object *weft_generator_return(weft_object *generator, weft_object *value);
/* Resumes another generator, or any iterator, with what the body got: Python's `yield from`. What it returns is to be
 * yielded; NULL without an error: the other one has ended (weft_generator_result). An error that was thrown in goes on
 * into a generator, and GeneratorExit closes it; past other iterators it comes back. To begin with one, send None.
 * Returns new. Errors: TypeError (no iterator; a value for one that is no generator); what the other one raises. */
WEFT_API weft_object *weft_generator_delegate(weft_object *iterator, weft_object *sent);

WEFT_END_DECLS
#endif
