/* SPDX-License-Identifier: MIT */
/* What a snapshot is made of, for the files that make, read and write them. */
#ifndef WEFT_SNAPSHOT_INTERNAL_H
#define WEFT_SNAPSHOT_INTERNAL_H

#include "snapshot.h"
#include "trace_internal.h"

struct weft_snapshot {
  int frame_limit;
  size_t count, room;
  struct weft__trace *traces; /* `traceback`: which of those below */
  size_t tracebacks_count;
  weft_traceback **tracebacks;
};

/* False: out of memory. */
bool weft__snapshot_add(weft_snapshot *s, const struct weft__trace *trace);

/* Sets the error if the thread can have one. Return NULL. */
void *weft__snapshot_no_memory(void);
void *weft__snapshot_refuse(const char *call, const char *why);

#endif
