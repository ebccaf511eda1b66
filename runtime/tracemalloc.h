/* SPDX-License-Identifier: MIT */
/*
 * tracemalloc: which lines of the program the memory in use was allocated by.
 *
 * While tracing is on, every block of the private heap is recorded with its size and the *traceback* of its allocation:
 * the native stack, from the call of the runtime outwards, as deep as weft_tracemalloc_start was told. What was
 * allocated before is not known, and its release changes nothing. Recorded is what blocks really take (runtime/heap.h),
 * of objects and of the buffers that belong to them; a block for whose trace there is no memory is not traced. While it
 * is off, tracing costs nothing at all.
 *
 * WEFT_TRACEMALLOC=n in the environment starts it with weft_init, with n frames.
 *
 * Lines come from debug information: compile with -g. Without it frames are named by function and module.
 * What can be asked of all traces together is in snapshot.h; how it works, trace.c.
 */
#ifndef WEFT_TRACEMALLOC_H
#define WEFT_TRACEMALLOC_H

#include "object.h"

WEFT_BEGIN_DECLS

typedef struct weft_frame {
  const char *file;     /* as the compiler was told; the module without debug information; or "<unknown>" */
  const char *function; /* "" when it has no known name */
  int line;             /* 0: not known */
} weft_frame;

/* Frames oldest first, so that the last one is where the allocation was asked for. Ends with weft_traceback_free, and
 * its strings with weft_finalize. */
typedef struct weft_traceback {
  size_t count;
  weft_frame frames[];
} weft_traceback;

WEFT_API void weft_traceback_free(weft_traceback *traceback); /* or NULL */

enum { WEFT_TRACEMALLOC_FRAMES_MAX = 256 };

/*
 * Starts tracing, with tracebacks of at most `frames` frames; harmless when it is on already, and changes nothing then.
 * Returns 0. Errors (-1): ValueError unless 1 <= frames <= WEFT_TRACEMALLOC_FRAMES_MAX; OSError when the system does
 * not tell where the program's code is; memory. May: block.
 */
WEFT_API int weft_tracemalloc_start(int frames);
/* Stops tracing and forgets all traces; harmless when it is off. May: block. */
WEFT_API void weft_tracemalloc_stop(void);
WEFT_API bool weft_tracemalloc_is_tracing(void);
/* What it was started with; 1 before the first time. */
WEFT_API int weft_tracemalloc_frame_limit(void);

/*
 * The bytes in traced blocks now, and the most there have been since the start (or weft_tracemalloc_reset_peak); 0 and
 * 0 while it is off. Either pointer may be NULL. Each thread adds up to 1024 bytes before others see them, so that the
 * peak of several threads may be so much too low for each; what is there now is exact.
 */
WEFT_API void weft_tracemalloc_get_traced_memory(size_t *current, size_t *peak);
WEFT_API void weft_tracemalloc_reset_peak(void);
/* Forgets all traces, as if the blocks had been allocated before the start; goes on tracing. May: block. */
WEFT_API void weft_tracemalloc_clear_traces(void);
/* The bytes that traces and tracebacks themselves take. May: block. */
WEFT_API size_t weft_tracemalloc_get_memory(void);

/* Where the object was allocated. Returns new. NULL without an error: it is not traced. Errors (NULL): TypeError,
 * memory. May: block. */
WEFT_API weft_traceback *weft_tracemalloc_get_object_traceback(weft_object *o);

/*
 * Memory that does not come from the private heap can be traced too: `track` says that there are `size` bytes at an
 * address (any number that says which they are), in a domain other than the heap's, WEFT_TRACEMALLOC_HEAP. A block that
 * is tracked already gets the new size and traceback. `untrack` says that it is gone, and is harmless when it never was
 * there. Any thread may call them, attached or not. Return 0. Errors (-1): RuntimeError while tracing is off,
 * ValueError (the heap's domain), memory; a thread that is not attached gets no exception.
 */
enum { WEFT_TRACEMALLOC_HEAP = 0 };
WEFT_API int weft_tracemalloc_track(unsigned domain, uintptr_t address, size_t size);
WEFT_API int weft_tracemalloc_untrack(unsigned domain, uintptr_t address);
/* Where a tracked block was allocated, as weft_tracemalloc_get_object_traceback. */
WEFT_API weft_traceback *weft_tracemalloc_get_traceback(unsigned domain, uintptr_t address);

WEFT_END_DECLS
#endif
