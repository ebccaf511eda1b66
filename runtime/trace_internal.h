/* SPDX-License-Identifier: MIT */
/* What the heap tells tracemalloc, and what snapshots ask of it; trace.c, and traceback.c for the last part. */
#ifndef WEFT_TRACE_INTERNAL_H
#define WEFT_TRACE_INTERNAL_H

#include <stdlib.h>

#include "heap_pages_internal.h"
#include "tracemalloc.h"

extern uint32_t weft__tracing; /* atomic; 1: on. Changes in a stopped world */

/* order: relaxed: for attached threads the world's stop orders it; others ask again under a lock. */
static inline bool weft__is_tracing(void) { return weft__load_relaxed(&weft__tracing); }

/* For tests: traces find no memory. They are no requests of weft_heap_fail_nth, which counts the program's. Atomic. */
extern uint32_t weft__trace_starves;

/* While tracing is on: a block of the page has just been taken. No safepoint. */
void weft__trace_block(struct weft__page *page, const void *block);
/* A block of a page with traces is about to be free. */
void weft__trace_forget(struct weft__page *page, uint32_t *traces, const void *block);
/* A page goes back to its arena. */
static inline void weft__trace_drop_page(struct weft__page *page) {
  if (WEFT_UNLIKELY(page->traces)) free(page->traces);
}

/* Blocks that are in no page, and what users track. Adding, or changing what is known, fails when there is no memory,
 * or tracing is off; removing what is not there is harmless. No safepoint. */
bool weft__trace_add(unsigned domain, uintptr_t address, size_t size);
void weft__trace_remove(unsigned domain, uintptr_t address);

struct weft__trace {
  unsigned domain;
  uint32_t traceback;
  size_t size;
};
/* Calls `visit` for every trace; in a stopped world. */
void weft__traces_walk(void (*visit)(const struct weft__trace *, void *), void *arg);

/* The traceback of an object, or of a block in no page; 0: it has none. */
uint32_t weft__trace_of_object(const weft_object *o);

/* --- Tracebacks, by number: equal ones have the same --- */

enum { WEFT__TRACEBACK_UNIT = 8 }; /* a number is how far into all of them the traceback stands, in such units */
/* False: out of memory. */
bool weft__tracebacks_init(size_t frames);
void weft__tracebacks_fini(void);
/* That of the calling thread; the one of no frames when there is no room for a new one. */
uint32_t weft__traceback_here(void);
/* Of the walks that the thread remembers. */
void weft__traceback_forget_walks(struct weft__tstate *ts);
size_t weft__tracebacks_bytes(void);

/* Return addresses, most recent first. */
struct weft__addresses {
  uint32_t hash;
  uint32_t next; /* in its hash chain */
  size_t count;
  uintptr_t addresses[];
};
const struct weft__addresses *weft__traceback_addresses(uint32_t traceback);
/* All of them, from malloc; NULL: out of memory. */
void *weft__tracebacks_copy(size_t *size);
/* Room for so many frames, and a copy; NULL: out of memory. */
weft_traceback *weft__traceback_alloc(size_t count);
weft_traceback *weft__traceback_copy(const weft_traceback *t);
/* With names. NULL: out of memory. Call it detached. */
weft_traceback *weft__traceback_name(const struct weft__addresses *addresses);

void weft__tracebacks_lock_for_fork(void);
void weft__tracebacks_unlock_after_fork(void);

#endif
