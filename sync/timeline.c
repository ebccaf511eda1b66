/* SPDX-License-Identifier: MIT */
/*
 * Timelines: a ring of events per thread state.
 *
 * A ring is written by its thread, or, while that waits for the GIL, by the thread that hands it over; each ring has a
 * lock of its own for that, uncontended in practice. Rings are made at the first event and kept until the next start.
 */
#include "sync/timeline.h"

#include <stdlib.h>

#include "runtime/runtime_internal.h"
#include "sync/attach.h"
#include "sync/timeline_internal.h"
#include "sync/tstate.h"

uint32_t weft__timeline_on;
static size_t ring_size;
static weft__lock rings_lock; /* protects all rings' contents */

struct weft__timeline_ring {
  size_t written; /* ever; the last min(written, size) are there */
  size_t size;
  weft_timeline_event events[];
};

void weft__timeline_record_slow(struct weft__tstate *ts, enum weft_timeline_kind kind) {
  weft__lock_acquire(&rings_lock);
  bool on = weft__load_relaxed(&weft__timeline_on);
  if (!ts->timeline && on) {
    ts->timeline = calloc(1, sizeof *ts->timeline + ring_size * sizeof(weft_timeline_event));
    if (ts->timeline) ts->timeline->size = ring_size;
  }
  struct weft__timeline_ring *ring = ts->timeline; /* without memory the event is lost, nothing else */
  if (ring && on)
    ring->events[ring->written++ % ring->size] =
        (weft_timeline_event){.time_ns = weft__now_ns(), .thread = ts->number, .kind = kind};
  weft__lock_release(&rings_lock);
}

void weft__timeline_free(struct weft__tstate *ts) {
  free(ts->timeline);
  ts->timeline = NULL;
}

static void free_ring(struct weft__tstate *ts, void *arg) {
  (void)arg;
  weft__lock_acquire(&rings_lock);
  weft__timeline_free(ts);
  weft__lock_release(&rings_lock);
}

bool weft_timeline_start(size_t events) {
  weft__check_attached("weft_timeline_start");
  if (events == 0 || events > SIZE_MAX / 2 / sizeof(weft_timeline_event)) return false;
  weft_timeline_stop();
  weft__lock_acquire(&rings_lock);
  ring_size = events;
  weft__lock_release(&rings_lock);
  weft__tstate_for_each(free_ring, NULL);
  weft__lock_acquire(&rings_lock);
  weft__store_relaxed(&weft__timeline_on, 1u);
  weft__lock_release(&rings_lock);
  weft__timeline_record(weft__self(), WEFT_TIMELINE_ATTACHED);
  return weft__self()->timeline != NULL;
}

void weft_timeline_stop(void) {
  weft__check_attached("weft_timeline_stop");
  weft__timeline_off();
}

void weft__timeline_off(void) {
  weft__store_relaxed(&weft__timeline_on, 0u);
  /* Whoever is recording still has finished when we have had the lock. */
  weft__lock_acquire(&rings_lock);
  weft__lock_release(&rings_lock);
}

struct reader {
  weft_timeline_event *events;
  size_t size, found;
};

static void read_ring(struct weft__tstate *ts, void *arg) {
  struct reader *r = arg;
  weft__lock_acquire(&rings_lock);
  struct weft__timeline_ring *ring = ts->timeline;
  size_t written = ring ? ring->written : 0;
  for (size_t i = ring && written > ring->size ? written - ring->size : 0; i < written; i++, r->found++)
    if (r->found < r->size) r->events[r->found] = ring->events[i % ring->size];
  weft__lock_release(&rings_lock);
}

static int by_time(const void *a, const void *b) {
  const weft_timeline_event *x = a, *y = b;
  return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

size_t weft_timeline_read(weft_timeline_event *events, size_t size) {
  struct reader r = {.events = events, .size = size};
  weft__tstate_for_each(read_ring, &r);
  if (!r.found || !size) return r.found;
  qsort(events, r.found < size ? r.found : size, sizeof *events, by_time);
  return r.found;
}

uint32_t weft_timeline_thread(void) {
  weft__check_attached("weft_timeline_thread");
  return weft__self()->number;
}

void weft__timeline_lock_for_fork(void) { weft__lock_acquire(&rings_lock); }
void weft__timeline_unlock_after_fork(void) { weft__lock_release(&rings_lock); }
