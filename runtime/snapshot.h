/* SPDX-License-Identifier: MIT */
/*
 * Snapshots of tracemalloc's traces, what they add up to, and how two of them differ.
 *
 *     weft_snapshot *before = weft_snapshot_take();
 *     ...
 *     weft_snapshot *after = weft_snapshot_take();
 *     weft_statistics *grown = weft_snapshot_compare(after, before, WEFT_SNAPSHOT_BY_LINE, false);
 *     weft_statistics_print(stdout, grown, 10);
 *
 * A snapshot is not an object: it belongs to who took it and is read by any thread, attached or not, but is not changed
 * by two. It is independent of the traces it was taken from, which may be forgotten meanwhile. Functions that return a
 * pointer return new; NULL is MemoryError, which a thread that is not attached does not get.
 */
#ifndef WEFT_SNAPSHOT_H
#define WEFT_SNAPSHOT_H

#include <stdio.h>

#include "tracemalloc.h"

WEFT_BEGIN_DECLS

typedef struct weft_snapshot weft_snapshot;

/* Of what is traced now. The world is stopped while the traces are copied; names are looked up afterwards, detached.
 * Errors (NULL): RuntimeError when tracing is off; memory. May: block. */
WEFT_API weft_snapshot *weft_snapshot_take(void);
WEFT_API void weft_snapshot_free(weft_snapshot *snapshot); /* or NULL */

typedef struct weft_trace {
  unsigned domain; /* WEFT_TRACEMALLOC_HEAP, or a user's */
  size_t size;
  const weft_traceback *traceback; /* the snapshot's; equal ones are identical */
} weft_trace;

WEFT_API int weft_snapshot_frame_limit(const weft_snapshot *snapshot);
WEFT_API size_t weft_snapshot_count(const weft_snapshot *snapshot);
/* The ith trace, in no particular order; i < weft_snapshot_count, or all zeros. */
WEFT_API weft_trace weft_snapshot_trace(const weft_snapshot *snapshot, size_t i);

/* --- Filters --- */

enum { WEFT_ANY_LINE = -1, WEFT_ANY_DOMAIN = -1 };

typedef struct weft_snapshot_filter {
  bool inclusive;      /* keeps what matches; else drops it */
  const char *pattern; /* of the file's name, as fnmatch(3), whose * matches / as well; NULL: any */
  int line;            /* that line only, or WEFT_ANY_LINE */
  bool all_frames;     /* a trace matches by any frame; else only by the most recent one */
  int domain;          /* in that domain only, or WEFT_ANY_DOMAIN */
} weft_snapshot_filter;

/* Keeps, or drops, what was allocated in files of such names, on whatever line, in whatever domain. */
static inline weft_snapshot_filter weft_snapshot_keep(const char *pattern) {
  weft_snapshot_filter filter = {true, pattern, WEFT_ANY_LINE, false, WEFT_ANY_DOMAIN};
  return filter;
}
static inline weft_snapshot_filter weft_snapshot_drop(const char *pattern) {
  weft_snapshot_filter filter = {false, pattern, WEFT_ANY_LINE, false, WEFT_ANY_DOMAIN};
  return filter;
}

/* Returns a new snapshot of the traces that match at least one inclusive filter, if there are any, and no other one.
 * Errors (NULL): ValueError (no snapshot), memory. */
WEFT_API weft_snapshot *weft_snapshot_filter_traces(const weft_snapshot *snapshot, size_t n,
                                                    const weft_snapshot_filter *filters);

/* --- Files --- */

/* Writes the snapshot as text, of lines that say what they are. Returns 0. Errors (-1): ValueError (no snapshot),
 * OSError. */
WEFT_API int weft_snapshot_dump(const weft_snapshot *snapshot, FILE *to);
/* What weft_snapshot_dump has written. Errors (NULL): ValueError (it has not, or only in part), OSError, memory. */
WEFT_API weft_snapshot *weft_snapshot_load(FILE *from);
/* A line for each traceback, "oldest;...;most recent 4096": its functions, and its bytes, as flame graph tools read
 * them. Errors (-1): as dump. */
WEFT_API int weft_snapshot_print_collapsed(const weft_snapshot *snapshot, FILE *to);

/* --- Statistics --- */

/* What traces are counted together. */
enum weft_snapshot_grouping {
  WEFT_SNAPSHOT_BY_TRACEBACK,
  WEFT_SNAPSHOT_BY_LINE, /* of the most recent frame; the traceback is that frame, without its function */
  WEFT_SNAPSHOT_BY_FILE, /* the same, and its line is 0 */
};

typedef struct weft_statistic {
  const weft_traceback *traceback; /* the statistics' */
  size_t size, count;              /* of all traces counted together: bytes, blocks */
  ptrdiff_t size_diff, count_diff; /* these less those of the older snapshot; 0 without one */
} weft_statistic;

typedef struct weft_statistics {
  size_t count;
  bool is_difference;
  weft_statistic entries[];
} weft_statistics;

/*
 * Sums by group, largest first. `cumulative`: a trace counts for every frame of its traceback and not only for the most
 * recent one. Errors (NULL): ValueError (cumulative by traceback, or no such grouping), memory.
 */
WEFT_API weft_statistics *weft_snapshot_statistics(const weft_snapshot *snapshot, enum weft_snapshot_grouping grouping,
                                                   bool cumulative);
/* The same of two snapshots: what has changed, the greatest change in bytes first. Groups that are gone have size 0. */
WEFT_API weft_statistics *weft_snapshot_compare(const weft_snapshot *snapshot, const weft_snapshot *older,
                                                enum weft_snapshot_grouping grouping, bool cumulative);
WEFT_API void weft_statistics_free(weft_statistics *statistics); /* or NULL */

/*
 * "file:line: size=98.1 KiB, count=7, average=14.0 KiB", of a difference also "(+1024 B)" and "(+1)". Of a traceback
 * with several frames the most recent is named. As snprintf: returns the length it has, or would have; -1 with EINVAL
 * without a statistic.
 */
WEFT_API int weft_statistic_format(char *to, size_t room, const weft_statistic *statistic, bool is_difference);
/* The first `limit` entries, numbered from 1. Returns 0, or -1 when the stream has failed, errno says why. */
WEFT_API int weft_statistics_print(FILE *to, const weft_statistics *statistics, size_t limit);

/*
 * A line for each frame and, where the file can be read, the source line below it:
 *
 *       File "program.c", line 12, in main
 *         list = weft_list_new();
 *
 * oldest first, or the other way round. Of `limit` frames: the most recent ones; -limit: the oldest ones; 0: all.
 * Returns 0, or -1 when the stream has failed, errno says why. May: read files.
 */
WEFT_API int weft_traceback_print(FILE *to, const weft_traceback *traceback, int limit, bool most_recent_first);

WEFT_END_DECLS
#endif
