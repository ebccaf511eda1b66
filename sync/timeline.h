/* SPDX-License-Identifier: MIT */
/*
 * What threads did when: attached, waiting, detached, stopped, recorded per thread in a ring buffer.
 * Off, it costs one load and a predicted branch on slow paths only.
 */
#ifndef WEFT_SYNC_TIMELINE_H
#define WEFT_SYNC_TIMELINE_H

#include "../runtime/config.h"

WEFT_BEGIN_DECLS

enum weft_timeline_kind {
  WEFT_TIMELINE_ATTACHED, /* from here on the thread runs (mode gil: holds the lock) */
  WEFT_TIMELINE_DETACHED, /* from here on it is outside, in a blocking call */
  WEFT_TIMELINE_WAITING,  /* from here on it waits to be attached: for the GIL, or for the world to start */
  WEFT_TIMELINE_PARKED,   /* from here on it is stopped at a safepoint */
  WEFT_TIMELINE_KINDS
};

typedef struct weft_timeline_event {
  uint64_t time_ns; /* CLOCK_MONOTONIC */
  uint32_t thread;  /* small number, from 1, that the runtime gave the thread */
  uint32_t kind;    /* enum weft_timeline_kind */
} weft_timeline_event;

/* Starts recording, up to `events` per thread; older ones are overwritten. False: out of memory. May: block. */
WEFT_API bool weft_timeline_start(size_t events);
/* Stops recording. May: block. */
WEFT_API void weft_timeline_stop(void);
/* The recorded events, in order of time: fills at most `size` and returns how many there are. Call when stopped. */
WEFT_API size_t weft_timeline_read(weft_timeline_event *events, size_t size);
/* The number under which the calling thread's events appear. Misuse: not attached. */
WEFT_API uint32_t weft_timeline_thread(void);

WEFT_END_DECLS
#endif
