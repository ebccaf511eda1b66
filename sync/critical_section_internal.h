/* SPDX-License-Identifier: MIT */
/* What the runtime does with critical sections; see critical_section.c. */
#ifndef WEFT_SYNC_CRITICAL_SECTION_INTERNAL_H
#define WEFT_SYNC_CRITICAL_SECTION_INTERNAL_H

#include "critical_section.h"
#include "mutex.h"
#include "tstate.h"

/* Is `m` locked by a section of the calling thread, or may the thread act as if (in a stopped world)? */
bool weft__section_covers(const weft_mutex *m);

void weft__sections_suspend(struct weft__tstate *ts); /* about to detach. No safepoint */
void weft__sections_resume(struct weft__tstate *ts);  /* attached again. May: block */
void weft__sections_lock(struct weft__tstate *ts);  /* at a safepoint: what is private to `ts` may become shared now */
void weft__sections_leave(struct weft__tstate *ts); /* its thread ends, or is not copied by a fork: opens its locks */
void weft__sections_fini(void);

#endif
