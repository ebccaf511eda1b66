/* SPDX-License-Identifier: MIT */
/*
 * Read brackets: what a thread sees in a shared container between weft_read_begin and weft_read_end stays until the
 * end.
 *
 * A container that other threads may read lets go of an item only after a grace period: when every bracket that was
 * open has ended. So inside a bracket a thread may use borrowed references (the functions that end in _peek), and need
 * not count what it only looks at, as long as it has a reference to the container, or got that in the same bracket,
 * when it looks; what it drops itself in a bracket, it may go on using there. Brackets nest; they may contain anything,
 * blocking included, but what they keep alive is memory: long ones let garbage pile up.
 */
#ifndef WEFT_SYNC_GRACE_H
#define WEFT_SYNC_GRACE_H

#include "../runtime/config.h"

WEFT_BEGIN_DECLS

/* Opens a bracket. Misuse: not attached. */
WEFT_API void weft_read_begin(void);
/* Closes the calling thread's innermost bracket. Misuse: none is open. May: run finalizers. */
WEFT_API void weft_read_end(void);

/*
 * Waits for a grace period, then releases what shared containers have let go of in the calling thread, and in threads
 * that have ended. For tests and orderly ends. Misuse: a bracket is open. May: block, run finalizers.
 */
WEFT_API void weft_synchronize(void);

WEFT_END_DECLS
#endif
