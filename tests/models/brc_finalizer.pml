/* SPDX-License-Identifier: MIT
 *
 * brc_finalizer.pml: death with a finalizer, which may bring the object back, seen by others through weak references.
 *
 * Mutants: see brc_death.pml.
 */

#define FINALIZER
#define WEAK
#include "brc_thread.pml"
