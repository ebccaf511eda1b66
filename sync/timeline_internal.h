/* SPDX-License-Identifier: MIT */
#ifndef WEFT_SYNC_TIMELINE_INTERNAL_H
#define WEFT_SYNC_TIMELINE_INTERNAL_H

#include "atomic.h"
#include "timeline.h"

struct weft__tstate;
extern uint32_t weft__timeline_on;

void weft__timeline_record_slow(struct weft__tstate *ts, enum weft_timeline_kind kind);
void weft__timeline_free(struct weft__tstate *ts);
void weft__timeline_off(void);
void weft__timeline_lock_for_fork(void);
void weft__timeline_unlock_after_fork(void);

/* Records what `ts`'s thread does from now on. Called by that thread, or by the one that hands it the GIL. */
static inline void weft__timeline_record(struct weft__tstate *ts, enum weft_timeline_kind kind) {
  /* order: relaxed: a switch; weft_timeline_start and _stop stop the world around it. */
  if (WEFT_UNLIKELY(weft__load_relaxed(&weft__timeline_on))) weft__timeline_record_slow(ts, kind);
}

#endif
