/* SPDX-License-Identifier: MIT */
/* The parts of the demo of caches and leaks, and the documents' DataProcessor. */
#ifndef DEMOS_CACHES_H
#define DEMOS_CACHES_H

#include "demos/support/objects.h"

void show_processors(void); /* LK-01 to 04, 07 to 09, 12, 13, 27 */
void show_lru(void);        /* LK-11, 14, 15, 30 */
void show_leaks(void);      /* LK-16, 18 to 21, 23 to 26 */
void show_weak(void);       /* LK-05, 06, 10, 17, 22, 28, EX-05 */
void show_contexts(void);   /* CTX-01 to 03, 05 */
void show_summary(void);    /* LK-29 */

/* --- The documents' process_function: a list with its argument. Returns new. --- */

extern int processed; /* how often it was called */
weft_object *process_function(int id);

#endif
