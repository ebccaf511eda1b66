/* SPDX-License-Identifier: MIT
 *
 * brc.pml: counts and merge queues: threads pass one object around while its owner is attached all the time.
 *
 * With MINE_MAX=4 the owner's local count fills up: references spill into the shared half and are taken back.
 *
 * Not here: weak references (brc_weak.pml), hand-over (brc_handover.pml), finalizers (brc_finalizer.pml), immortal
 * objects (brc_immortal.pml), threads that detach, exit and start (brc_slots.pml).
 * Mutants: see the files that brc_thread.pml includes.
 */

#include "brc_thread.pml"
