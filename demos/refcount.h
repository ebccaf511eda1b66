/* SPDX-License-Identifier: MIT */
/* The parts of the reference counting demo. */
#ifndef DEMOS_REFCOUNT_H
#define DEMOS_REFCOUNT_H

#include <weft/weft.h>

#include "demos/support/objects.h"

/* What Python's getrefcount reports: its argument is a reference of its own while it counts. */
int64_t reported(weft_object *o);

/* --- A log of events, and objects that write to it --- */

bool log_init(void);
void log_clear(void);
/* Adds a word. */
void log_event(const char *word);
/* True when the log is exactly this. */
bool log_is(const char *words);
const char *log_text(void);
/* An object that logs "C<name>" now and "D<name>" when it is destroyed. Returns new. */
weft_object *resource_new(const char *name);
/* Resources that are alive. */
int resources_alive(void);

void show_counting(void);    /* REF-01, 03 to 07, 09, FU-04, EX-01 */
void show_destruction(void); /* REF-10 to 12, 18, 22, 24, FIN-01 */
void show_immortals(void);   /* REF-19, 20, 23 */
void show_costs(void);       /* REF-14, 15 */

#endif
