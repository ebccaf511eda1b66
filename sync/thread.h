/* SPDX-License-Identifier: MIT */
/*
 * Thread objects: a callable that runs in a thread of its own, and what became of it.
 */
#ifndef WEFT_SYNC_THREAD_H
#define WEFT_SYNC_THREAD_H

#include "../runtime/type.h"
#include "attach.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_thread_type;

/* A thread that will call `callable` with the `n` arguments, to which it adds references. Returns new. Errors: memory,
 * TypeError when `callable` is not. */
WEFT_API weft_object *weft_thread_new(weft_object *callable, size_t n, weft_object *const *args);
/* Starts it. Errors (-1): RuntimeError when started before or when the system refuses a thread, memory. */
WEFT_API int weft_thread_start(weft_object *thread);
/* As weft_thread_new and weft_thread_start in one. Returns new. */
WEFT_API weft_object *weft_thread_spawn(weft_object *callable, size_t n, weft_object *const *args);
/*
 * Waits, detached, until the thread has ended, and returns what its callable returned. When the callable failed, its
 * error is raised here, by every join. Returns new.
 * Errors: RuntimeError for a thread that was not started, or for the calling thread itself.
 */
WEFT_API weft_object *weft_thread_join(weft_object *thread);
/* Waits for at most `timeout_ns`. True: it has ended. Errors (-1): RuntimeError, as join. */
WEFT_API int weft_thread_wait(weft_object *thread, int64_t timeout_ns);
/* True between start and end. Errors (-1): TypeError. */
WEFT_API int weft_thread_is_alive(weft_object *thread);
/* A daemon thread is not waited for by weft_finalize. Errors (-1): RuntimeError when started already. */
WEFT_API int weft_thread_set_daemon(weft_object *thread, bool daemon);
/* The kernel's thread id, 0 before it has started. */
WEFT_API int64_t weft_thread_native_id(weft_object *thread);
/* The calling thread's object; NULL without an error for a thread that Weft did not start. Returns new. */
WEFT_API weft_object *weft_thread_current(void);
/* Threads that Weft started and that have not ended. */
WEFT_API size_t weft_thread_count(void);

WEFT_END_DECLS
#endif
