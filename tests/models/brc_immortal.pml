/* SPDX-License-Identifier: MIT
 *
 * brc_immortal.pml: a holder, or the finalizer, makes the object immortal, perhaps while it is queued.
 *
 * Mutants: see brc_word.pml and brc_death.pml.
 */

#define FINALIZER
#define IMMORTALISE
#include "brc_thread.pml"
