/* SPDX-License-Identifier: MIT
 *
 * brc_weak.pml: readers that hold no reference: try_incref against the death of the object.
 *
 * A holder makes a weak reference; any thread reads it inside a bracket and tries to get a count.  With PEEK, threads
 * also try the object that they see in the cell, which has no PUB, in memory that stays readable (STABLE_MEMORY).
 *
 * Claims beyond those of brc_thread.pml: memory is not released under a reader's eyes; a try through a weak
 * reference fails only when no reference is left.
 * Mutants: see the files that brc_thread.pml includes.
 */

#define WEAK
#include "brc_thread.pml"
