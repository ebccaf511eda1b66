/* SPDX-License-Identifier: MIT
 *
 * brc_handover.pml: the only reference changes threads: the owner disowns, the receiver takes over.
 *
 * A thread puts its reference into the cell, disowned if it can be; whoever takes it from there tries to take the word
 * over, and so does any holder at any time.  With PEEK, readers without a reference try to get one meanwhile.
 *
 * Mutants: see the files that brc_thread.pml includes.
 */

#define HANDOVER
#include "brc_thread.pml"
