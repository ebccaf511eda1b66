/* SPDX-License-Identifier: MIT */
/*
 * Which threads may touch objects: attached ones.
 *
 * A thread is *attached* (may touch objects; in mode gil it holds the lock), *detached* (may not: it is in a system
 * call, say) or *parked* (stopped at a safepoint). Any thread may attach, whoever started it. A thread that ends while
 * it is attached is detached and reported through the warning hook.
 */
#ifndef WEFT_SYNC_ATTACH_H
#define WEFT_SYNC_ATTACH_H

#include "tls.h"

WEFT_BEGIN_DECLS

/*
 * Attaches the calling thread; the first time makes its thread state, which lives until the thread ends.
 * Waits for the GIL, or for the end of a stopped world. After weft_finalize has begun, it does not return.
 * False: out of memory, more than 65 533 threads, or the runtime is not initialised. Misuse: attached already.
 */
WEFT_API WEFT_MUST_USE bool weft_attach(void);

/* Detaches the calling thread. May: run finalizers before it does. Misuse: not attached. */
WEFT_API void weft_detach(void);

/* Attaches again after weft_detach; cannot fail. Misuse: attached, or never attached. */
WEFT_API void weft_reattach(void);

WEFT_API bool weft_is_attached(void);

/* Around a call that blocks and touches no object:
 *     WEFT_BEGIN_ALLOW_THREADS
 *     n = read(fd, buffer, size);
 *     WEFT_END_ALLOW_THREADS
 */
#define WEFT_BEGIN_ALLOW_THREADS \
  {                              \
    weft_detach();
#define WEFT_END_ALLOW_THREADS \
  weft_reattach();             \
  }

/* --- The GIL --- */

/* How long a CPU-bound thread keeps the GIL while another one waits, in microseconds (default 5000). Settable in every
 * mode, effective in gil. Errors (-1): 0 µs or more than a minute is refused with ValueError. */
WEFT_API int weft_set_switch_interval_us(uint64_t us);
WEFT_API uint64_t weft_switch_interval_us(void);
/* True in mode gil. */
WEFT_API bool weft_gil_enabled(void);
/* Times that the GIL went from one thread to another, and those among them that were forced. 0 without a GIL. */
WEFT_API uint64_t weft_gil_switches(void);
WEFT_API uint64_t weft_gil_forced_switches(void);

/* --- World stop --- */

/*
 * Stops all other attached threads at a safepoint and keeps detached ones from attaching, until weft_start_the_world.
 * In between, the caller may look at objects but runs no code of others. In mode gil holding the lock is enough.
 * May: block, and let another thread's stop go first. Misuse: not attached; nesting.
 */
WEFT_API void weft_stop_the_world(void);
WEFT_API void weft_start_the_world(void);

WEFT_END_DECLS
#endif
