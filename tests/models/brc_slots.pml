/* SPDX-License-Identifier: MIT
 *
 * brc_slots.pml: owners detach, exit and are succeeded by other threads in their slot, while others drop references.
 *
 * A thread may detach and come back, exit, or stay detached for good.  A pusher finds the owner attached (it queues),
 * detached (it holds the owner off and merges for it) or gone (it merges under the slot's lock).  With
 * NEWCOMERS a thread starts in a slot that became vacant, and is the owner of what the slot owns.  With NO_MEMORY a
 * queue may not grow; the pusher stops the world, which is the one of thread_status.pml.
 *
 * Mutants: see brc_queue.pml.
 */

#define STATUS
#include "brc_thread.pml"
