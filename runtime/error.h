/* SPDX-License-Identifier: MIT */
/*
 * Errors: one per thread, an error object with a type, a message and a cause.
 *
 * A function that fails sets the error where it is first known and returns NULL or -1; callers pass that on or take the
 * error and deal with it. An error that is set stays set until taken or cleared.
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_Exception, weft_TypeError, weft_ValueError, weft_OverflowError, weft_IndexError,
    weft_KeyError, weft_LookupError, weft_ArithmeticError, weft_AttributeError, weft_RuntimeError, weft_RecursionError,
    weft_MemoryError, weft_OSError, weft_TimeoutError, weft_BufferError, weft_ReferenceError, weft_SystemExit,
    weft_GeneratorExit; /* the last two are no Exceptions: who handles all of those lets them pass */

/* Sets the thread's error to a new one of `type`; replaces one that is set. Returns NULL, for `return weft_raise(…)`.
 * When there is no memory for it, the error is the immortal MemoryError. */
WEFT_API void *weft_raise(const weft_type *type, const char *format, ...) WEFT_PRINTF(2, 3);
/* Sets an error object made earlier. Returns NULL. */
WEFT_API void *weft_raise_object(weft_object *error);
/* Sets MemoryError. Returns NULL. */
WEFT_API void *weft_raise_memory(void);
/* As weft_raise; the error that is set becomes the new one's cause. */
WEFT_API void *weft_raise_from_current(const weft_type *type, const char *format, ...) WEFT_PRINTF(2, 3);

/* The thread's error, or NULL. Returns borrowed. */
WEFT_API weft_object *weft_error_borrow(void);
/* Takes the thread's error, which is then clear; NULL when none. Returns new. */
WEFT_API weft_object *weft_error_take(void);
WEFT_API void weft_error_clear(void);
/* True when an error is set and its type is or derives from `type`. */
WEFT_API bool weft_error_is(const weft_type *type);
/* The message of an error object, valid while it lives; "" when there is none. */
WEFT_API const char *weft_error_message(const weft_object *error);
/* The cause of an error object, or NULL. Returns borrowed: an error is never changed once raised. */
WEFT_API weft_object *weft_error_cause_borrow(const weft_object *error);

/* For the runtime: a fresh instance of its type with the same message, without a cause. NULL with MemoryError. */
weft_object *weft__error_copy(weft_object *error);
/* For the runtime: can its instances be raised? */
bool weft__is_error_type(const weft_type *type);
/* For the runtime: sets the immortal GeneratorExit, for which no memory is needed. */
void weft__raise_generator_exit(void);

/* Reports an error that nobody can receive (from a finalizer, say) and clears it. `where` may be NULL. */
WEFT_API void weft_error_unraisable(weft_object *where);
typedef void (*weft_unraisable_hook)(weft_object *error, weft_object *where);
/* Replaces what that does (default: prints to stderr); NULL restores. Returns the previous hook. */
WEFT_API weft_unraisable_hook weft_set_unraisable_hook(weft_unraisable_hook hook);

/* Misuse that has no caller to tell: the hook gets the message; if it returns, the process aborts. NULL restores the
 * default, which prints to stderr. Returns the previous hook. */
typedef void (*weft_fatal_hook)(const char *message);
WEFT_API weft_fatal_hook weft_set_fatal_hook(weft_fatal_hook hook);
/* Something went wrong that the runtime could mend: reported, not fatal. Default: prints to stderr. */
typedef void (*weft_warning_hook)(const char *message);
WEFT_API weft_warning_hook weft_set_warning_hook(weft_warning_hook hook);

WEFT_END_DECLS
#endif
