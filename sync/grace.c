/* SPDX-License-Identifier: MIT */
/*
 * Grace periods: brackets, and what waits for their ends.
 *
 * Without a GIL a bracket is one of liburcu's bp flavour. What is let go of meanwhile collects in the thread's batch; a
 * full batch, and any batch of a thread that detaches, is sent to the reclaimer (reclaimer.c). The callback, on that
 * thread, touches no object: it marks the batch READY and sets RELEASE in the status word of the thread that sent it,
 * which releases the batch at its next safepoint. A thread that ends hands its batches over to all (`orphans`).
 *
 *   Equation: every reference given to weft__release_later stands in exactly one batch until it is dropped.
 *   A batch's memory belongs to whoever changes its state last: PENDING -> READY by the callback, after which its
 * thread frees it; PENDING -> ABANDONED by a runtime that ends, after which the callback frees it. Nothing is lost
 * between a callback and an attaching thread: the callback marks the batch before it touches the status word, in one
 * modification even if the thread is detached; the thread looks at its batches after its own.
 *
 * Backlog: a thread with more than BACKLOG_MAX bytes waiting, that is in no bracket or critical section, waits itself.
 * It then releases its batches before their callbacks have run (they are empty by then, and only the memory waits).
 *
 * With a GIL a bracket is a count of open ones, of all threads; what is let go of while it is not zero waits for the
 * end of the last.
 *
 * While a bracket is open, weft__tls.status leads to a word that is never only a slot: fast paths, which release at
 * once, are not taken.
 */
#include "sync/grace_internal.h"

#include <stdlib.h>

#include "runtime/runtime_internal.h"
#include "sync/attach.h"
#include "sync/reclaimer_internal.h"

enum { ITEMS = 506, BACKLOG_MAX = 2 << 20, BATCH_BYTES_MAX = 256 << 10, BYTES_OF_OBJECT = 64 };
enum { PENDING, READY, ABANDONED };

/* An item is a pointer with a tag: to an object, to a dead object, to a buffer, whose size follows. */
enum { RELEASE, TEAR_DOWN, FREE, TAGS = 3 };

struct weft__batch {
  struct weft__after_grace waiting; /* first */
  struct weft__batch *next;         /* in its thread's list of sent ones, or the orphans' */
  struct weft__tstate *to;          /* the thread that sent it; the orphans' may be gone */
  uint32_t state;                   /* atomic */
  uint32_t used;
  size_t bytes;
  uintptr_t items[ITEMS];
};
_Static_assert(offsetof(struct weft__batch, waiting) == 0, "batch_is_ready casts");

char weft__grace_tag;

/* weft__reclaimer_lock protects the orphans; and under it no callback tells a thread whose state is being freed. */
static struct weft__deferred orphans, of_all; /* the latter: under a GIL, of all threads */
static bool some_orphans;                     /* atomic: there are */
static size_t open_brackets;                  /* under a GIL */

static uint32_t in_bracket = WEFT__STATUS_RELEASE; /* what weft__tls.status leads to */

static struct weft__deferred *deferred_of(struct weft__tstate *ts) { return WEFT__HAS_GIL ? &of_all : &ts->deferred; }

/* --- Batches --- */

static void append(struct weft__deferred *d, struct weft__batch *b) {
  b->next = NULL;
  *(d->first ? &d->last->next : &d->first) = b;
  d->last = b;
  d->bytes += b->bytes;
}

static struct weft__batch *take_first(struct weft__deferred *d) {
  struct weft__batch *b = d->first;
  d->first = b->next;
  return b;
}

/* Sets RELEASE, if the thread is there; if not, it will look by itself when it attaches. */
static void tell(struct weft__tstate *ts) {
  uint32_t status = weft__load_relaxed(&ts->status), next;
  do {
    uint32_t state = status & WEFT__STATUS_STATE;
    bool away = state == WEFT__STATUS_VACANT || state == WEFT__STATUS_DETACHED;
    next = away ? status : status | WEFT__STATUS_RELEASE;
    /* order: release [grace]: a thread whose attaching comes after this sees that the batch is ready. */
  } while (!weft__cas_weak_release(&ts->status, &status, next));
}

/* Under the lock. */
static void batch_is_ready(struct weft__after_grace *waiting) {
  struct weft__batch *b = (struct weft__batch *)waiting;
  struct weft__tstate *to = b->to;
  uint32_t pending = PENDING;
  /* order: release [grace]: the ends of all brackets happen before the thread that sees READY releases the items, and
   * frees the batch. */
  if (weft__cas_acq_rel(&b->state, &pending, (uint32_t)READY))
    tell(to);
  else
    free(b);
}

static void send(struct weft__tstate *ts, struct weft__deferred *d) {
  struct weft__batch *b = d->filling;
  d->filling = NULL;
  b->to = ts;
  append(d, b);
  if (!WEFT__HAS_GIL) weft__after_grace(&b->waiting, batch_is_ready);
}

static void do_item(uintptr_t item, uintptr_t size) {
  void *p = (void *)(item & ~(uintptr_t)TAGS);
  switch (item & TAGS) {
    case RELEASE: weft_decref(p); break;
    case TEAR_DOWN: weft__tear_down(p); break;
    default: weft__buffer_free(p, size);
  }
}

static void do_items(struct weft__batch *b) {
  struct weft__tstate *ts = weft__self();
  uint32_t used = b->used;
  b->used = 0;
  ts->dealloc_depth++; /* those that are still to be done are in no list: see gc/types.c */
  for (uint32_t i = 0; i < used; i++) {
    uintptr_t item = b->items[i];
    if (WEFT_LIKELY((item & TAGS) == RELEASE)) { /* what most are, without a call */
      weft_decref((weft_object *)item);
      continue;
    }
    bool sized = (item & TAGS) == FREE;
    do_item(item, sized ? b->items[i + 1] : 0);
    i += sized;
  }
  ts->dealloc_depth--;
  weft__empty_trash();
}

/* Releases the batches that are ready, and those up to `passed`, whose grace period has passed. */
static void release(struct weft__deferred *d, struct weft__batch *passed) {
  if (d->releasing) return; /* a finalizer's safepoint: whoever runs the finalizer goes on */
  d->releasing = true;
  for (struct weft__batch *b = passed ? d->first : NULL; b; b = b == passed ? NULL : b->next) {
    d->bytes -= b->bytes;
    b->bytes = 0;
    do_items(b);
  }
  /* order: acquire [grace]: see batch_is_ready. */
  while (d->first && (WEFT__HAS_GIL || weft__load_acquire(&d->first->state) == READY)) {
    struct weft__batch *b = take_first(d);
    d->bytes -= b->bytes;
    do_items(b);
    free(b);
  }
  d->releasing = false;
}

static void release_orphans(void) {
  struct weft__batch *ready = NULL, **end = &ready;
  weft__lock_acquire(&weft__reclaimer_lock);
  while (orphans.first && weft__load_acquire(&orphans.first->state) == READY) {
    *end = take_first(&orphans);
    end = &(*end)->next;
  }
  *end = NULL;
  weft__store_relaxed(&some_orphans, orphans.first != NULL);
  weft__lock_release(&weft__reclaimer_lock);
  while (ready) {
    struct weft__batch *b = ready;
    ready = b->next;
    do_items(b);
    free(b);
  }
}

/* --- Deferring --- */

static void wait_for_grace_period(struct weft__tstate *ts) {
  struct weft__deferred *d = &ts->deferred;
  if (d->filling) send(ts, d);
  struct weft__batch *passed = d->first ? d->last : NULL;
  weft__detach_for_wait();
  urcu_bp_synchronize_rcu();
  weft__tsan_acquire(&weft__grace_tag);
  weft__reattach_after_wait();
  release(d, passed);
}

static bool has_room(const struct weft__batch *b) {
  return WEFT_LIKELY(b && b->used + 2 <= ITEMS && b->bytes < BATCH_BYTES_MAX);
}

static struct weft__batch *batch_with_room(struct weft__tstate *ts, struct weft__deferred *d) {
  if (WEFT_LIKELY(has_room(d->filling))) return d->filling;
  if (d->filling) send(ts, d);
  bool may_wait = !d->releasing && !weft__in_bracket() && !ts->sections_open; /* waiting would suspend these */
  if (!WEFT__HAS_GIL && d->bytes > BACKLOG_MAX && may_wait) {
    wait_for_grace_period(ts); /* and what was released may have let go of something */
    if (has_room(d->filling)) return d->filling;
    if (d->filling) send(ts, d);
  }
  struct weft__batch *b = weft__fault() ? NULL : malloc(sizeof *b);
  if (!b) return NULL;
  b->state = PENDING;
  b->used = 0;
  b->bytes = sizeof *b;
  return d->filling = b;
}

static WEFT_NOINLINE void defer(uintptr_t item, uintptr_t size, size_t bytes) {
  struct weft__tstate *ts = weft__self();
  struct weft__deferred *d = deferred_of(ts);
  struct weft__batch *b = batch_with_room(ts, d);
  if (WEFT_LIKELY(b)) {
    b->items[b->used++] = item;
    if (size) b->items[b->used++] = size;
    b->bytes += bytes;
  } else if (!weft__in_bracket()) {
    wait_for_grace_period(ts);
    do_item(item, size);
  } else {
    weft__warn("out of memory in a read bracket: an object or buffer is never freed");
  }
}

void weft__release_later(weft_object *o) {
  if (weft_is_immortal(o)) return;
  struct weft__batch *b = deferred_of(weft__self())->filling;
  if (WEFT_UNLIKELY(!has_room(b))) {
    defer((uintptr_t)o | RELEASE, 0, BYTES_OF_OBJECT);
    return;
  }
  b->items[b->used++] = (uintptr_t)o | RELEASE;
  b->bytes += BYTES_OF_OBJECT;
}
void weft__tear_down_later(weft_object *o) { defer((uintptr_t)o | TEAR_DOWN, 0, BYTES_OF_OBJECT); }
void weft__buffer_free_later(void *buffer, size_t size) {
  if (buffer) defer((uintptr_t)buffer | FREE, size, size);
}

/* --- Looking at what waits --- */

struct dead_visitor {
  void (*visit)(weft_object *, void *);
  void *arg;
};

static void visit_dead(const struct weft__batch *b, const struct dead_visitor *v) {
  for (uint32_t i = 0; b && i < b->used; i++) {
    uintptr_t tag = b->items[i] & TAGS;
    if (tag == TEAR_DOWN) v->visit((weft_object *)(b->items[i] & ~(uintptr_t)TAGS), v->arg);
    i += tag == FREE;
  }
}
static void visit_deferred(const struct weft__deferred *d, const struct dead_visitor *v) {
  visit_dead(d->filling, v);
  for (const struct weft__batch *b = d->first; b; b = b->next) visit_dead(b, v);
}
static void visit_of_thread(struct weft__tstate *ts, void *v) { visit_deferred(&ts->deferred, v); }

void weft__grace_walk_dead(void (*visit)(weft_object *, void *), void *arg) {
  struct dead_visitor v = {visit, arg};
  weft__tstate_for_each(visit_of_thread, &v);
  weft__lock_acquire(&weft__reclaimer_lock);
  visit_deferred(&orphans, &v);
  visit_deferred(&of_all, &v);
  weft__lock_release(&weft__reclaimer_lock);
}

/* --- Brackets --- */

void weft_read_begin(void) {
  weft__check_attached("weft_read_begin");
  struct weft__tstate *ts = weft__self();
  open_brackets += WEFT__HAS_GIL;
  if (ts->brackets++ == 0) {
    weft__bracket_begin();
    weft__tls.status = &in_bracket;
  }
}

/* Under a GIL: no bracket is open. Releases what has waited for that. */
static void release_of_all(struct weft__tstate *ts) {
  if (of_all.filling) send(ts, &of_all);
  release(&of_all, NULL);
}

/* The calling thread has no bracket open any more. */
static void out_of_brackets(struct weft__tstate *ts) {
  if (WEFT__HAS_GIL && open_brackets > 0) return;
  weft__tls.status = &ts->status;
  if (WEFT__HAS_GIL) release_of_all(ts);
}

void weft_read_end(void) {
  weft__check_attached("weft_read_end");
  struct weft__tstate *ts = weft__self();
  if (ts->brackets == 0) weft__misuse("weft_read_end", "no bracket is open");
  open_brackets -= WEFT__HAS_GIL;
  if (--ts->brackets > 0) return;
  weft__bracket_end();
  out_of_brackets(ts);
}

void weft__grace_drop_brackets(struct weft__tstate *ts) {
  open_brackets -= WEFT__HAS_GIL ? ts->brackets : 0;
  ts->brackets = 0;
}

void weft__grace_close_bracket(void) {
  /* Not if liburcu has seen the end of the thread before us. */
  if (!WEFT__HAS_GIL && urcu_bp_read_ongoing()) weft__bracket_end();
}

void weft__grace_close_brackets(struct weft__tstate *ts) {
  if (!ts->brackets) return;
  weft__grace_drop_brackets(ts);
  weft__grace_close_bracket();
  out_of_brackets(ts);
}

void weft_synchronize(void) {
  weft__check_attached("weft_synchronize");
  struct weft__tstate *ts = weft__self();
  if (ts->brackets) weft__misuse("weft_synchronize", "the calling thread has a bracket open");
  if (weft__world_is_stopped()) weft__misuse("weft_synchronize", "the world is stopped");
  weft_poll();
  if (WEFT__HAS_GIL) { /* what waits, waits for brackets that are still open */
    if (open_brackets == 0) release_of_all(ts);
    return;
  }
  weft__detach_for_wait();
  bool done = weft__after_grace_wait();
  weft__reattach_after_wait();
  if (!done) wait_for_grace_period(ts); /* then at least its own */
  weft__grace_release(ts);
}

/* --- Threads --- */

void weft__grace_enter(void) {
  if (!WEFT__HAS_GIL) urcu_bp_register_thread();
}

uint32_t *weft__grace_status(struct weft__tstate *ts) {
  return (WEFT__HAS_GIL ? open_brackets : ts->brackets) > 0 ? &in_bracket : &ts->status;
}

void weft__grace_attached(struct weft__tstate *ts) {
  /* order: acquire [grace]: see batch_is_ready. relaxed: a thread that misses new orphans finds them next time. */
  bool some = ts->deferred.first && weft__load_acquire(&ts->deferred.first->state) == READY;
  if (WEFT_UNLIKELY(some || weft__load_relaxed(&some_orphans))) weft__or_relaxed(&ts->status, WEFT__STATUS_RELEASE);
}

void weft__grace_detaches(struct weft__tstate *ts) {
  if (WEFT_UNLIKELY(ts->deferred.filling)) send(ts, &ts->deferred);
}

void weft__grace_release(struct weft__tstate *ts) {
  /* order: relaxed: only asks for what is done now. */
  weft__and_relaxed(&ts->status, ~(uint32_t)WEFT__STATUS_RELEASE);
  release(&ts->deferred, NULL);
  release_orphans();
}

void weft__grace_leave(struct weft__tstate *ts) {
  if (!ts->deferred.filling && !ts->deferred.first) return;
  if (ts->deferred.filling) send(ts, &ts->deferred);
  weft__lock_acquire(&weft__reclaimer_lock);
  while (ts->deferred.first) {
    struct weft__batch *b = take_first(&ts->deferred);
    b->to = weft__tstate_of_slot(1);
    append(&orphans, b);
  }
  weft__store_relaxed(&some_orphans, true);
  weft__lock_release(&weft__reclaimer_lock);
  ts->deferred.bytes = 0;
}

/* --- The end of the runtime --- */

static void take_over(struct weft__deferred *to, struct weft__deferred *from) {
  if (from->filling) {
    from->filling->state = READY; /* it has no callback */
    append(from, from->filling);
    from->filling = NULL;
  }
  if (to == from) return;
  while (from->first) append(to, take_first(from));
  from->bytes = 0;
}

struct settling {
  struct weft__deferred *to;
  size_t brackets;
};

static void count_brackets(struct weft__tstate *ts, void *arg) {
  struct settling *s = arg;
  s->brackets += ts->brackets;
}

/* Not from a thread that has been stopped in the middle of a batch. */
static void take_over_from(struct weft__tstate *ts, void *arg) {
  struct settling *s = arg;
  if (!ts->deferred.releasing) take_over(s->to, &ts->deferred);
}

void weft__grace_settle(struct weft__tstate *self) {
  enum { ROUNDS = 100 }; /* finalizers may let go of more; not for ever */
  bool more = !WEFT__HAS_GIL;
  if (WEFT__HAS_GIL && open_brackets == 0) release_of_all(self);
  for (int i = 0; more && i < ROUNDS; i++) {
    struct settling s = {&self->deferred, 0};
    struct weft__batch *passed = NULL;
    weft__world_stop(self);
    weft__tstate_for_each(count_brackets, &s);
    if (s.brackets == 0) {
      weft__tstate_for_each(take_over_from, &s);
      weft__lock_acquire(&weft__reclaimer_lock);
      take_over(s.to, &orphans);
      weft__lock_release(&weft__reclaimer_lock);
      passed = s.to->first ? s.to->last : NULL;
    }
    weft__world_start(self);
    more = false;
    for (struct weft__batch *b = passed ? s.to->first : NULL; b; b = b->next) more = more || b->used;
    if (more) release(s.to, passed);
  }
}

static void abandon(struct weft__deferred *d) {
  free(d->filling);
  while (d->first) {
    struct weft__batch *b = take_first(d);
    uint32_t pending = PENDING;
    if (WEFT__HAS_GIL || !weft__cas_acq_rel(&b->state, &pending, (uint32_t)ABANDONED)) free(b);
  }
  *d = (struct weft__deferred){0};
}

static void lock_and_abandon(struct weft__tstate *ts, void *unused) {
  (void)unused;
  weft__lock_acquire(&weft__reclaimer_lock); /* against callbacks that tell a thread of it */
  abandon(&ts->deferred);
  weft__lock_release(&weft__reclaimer_lock);
}

void weft__grace_fini(void) {
  weft__tstate_for_each(lock_and_abandon, NULL);
  weft__lock_acquire(&weft__reclaimer_lock);
  abandon(&orphans);
  weft__store_relaxed(&some_orphans, false);
  abandon(&of_all);
  open_brackets = 0;
  weft__lock_release(&weft__reclaimer_lock);
}

/* --- Fork --- */

void weft__grace_hold_off(void) {
  if (!WEFT__HAS_GIL) weft__reclaimer_hold_off();
}

/* Waits for a grace period that is under way, and so for brackets of threads that may wait for ours: so we must not be
 * attached. */
void weft__grace_before_fork(void) {
  if (!WEFT__HAS_GIL) urcu_bp_before_fork();
}

void weft__grace_lock_for_fork(void) {
  if (!WEFT__HAS_GIL) weft__reclaimer_lock_for_fork();
}

void weft__grace_after_fork(bool in_child) {
  if (WEFT__HAS_GIL) return;
  if (in_child)
    urcu_bp_after_fork_child();
  else
    urcu_bp_after_fork_parent();
  weft__reclaimer_unlock_after_fork(in_child);
}

void weft__grace_begin_in_child(void) {
  if (!WEFT__HAS_GIL) weft__reclaimer_begin_in_child();
}
