/* SPDX-License-Identifier: MIT */
/* A log of what happened in which order, and objects that write to it when they are made and destroyed. */
#ifndef DEMOS_SUPPORT_LOG_H
#define DEMOS_SUPPORT_LOG_H

#include <weft/weft.h>

/* False: no memory. */
bool log_init(void);
void log_clear(void);
/* Adds a word. */
void log_event(const char *word);
/* True when the log is exactly this. */
bool log_is(const char *words);
const char *log_text(void);
/* Prints the log and checks that it is as expected. Returns whether. */
bool log_check(const char *row, const char *expected, const char *claim);
/* Replaces the log by that of a process which calls `live`, ends the runtime and ends. False: no such process. */
bool log_of_a_life(void (*live)(void));

enum { RESOURCE_NAME, RESOURCE_LINK };

/* An object that logs "C<name>" now and "D<name>" when it is finalized. Its slot RESOURCE_LINK is the caller's. Returns
 * new. */
weft_object *resource_new(const char *name);
/* One that refers to itself. */
weft_object *resource_in_cycle(const char *name);
/* Resources that have not been finalized. */
int resources_alive(void);
/* What a resource's finalizer does besides; NULL: nothing. */
extern void (*resource_on_finalize)(weft_object *self);

#endif
