/* SPDX-License-Identifier: MIT */
/* Start and end of the runtime. */
#ifndef WEFT_RUNTIME_H
#define WEFT_RUNTIME_H

#include "config.h"

WEFT_BEGIN_DECLS

/* "gil", "biased" or "atomic": the mode of the library that the program runs with. */
WEFT_API const char *weft_mode(void);
/* "0.1.0" */
WEFT_API const char *weft_version(void);

/* Initialises the runtime and attaches the caller, which becomes the main thread. May be called again after
 * weft_finalize. Errors (-1, nothing is left behind): out of memory. Misuse: initialised already. */
WEFT_API int weft_init(void);

/*
 * Ends the runtime: waits for the threads it started, except daemons; then no other thread gets attached any more:
 * those that are attached stop at their next safepoint, those that come back from a blocking call stay in
 * weft_reattach, for good. Frees what the runtime itself holds. Objects that are still referenced stay valid memory but
 * may not be used. Misuse: the caller is not attached.
 */
WEFT_API void weft_finalize(void);
WEFT_API bool weft_is_initialized(void);

WEFT_END_DECLS
#endif
