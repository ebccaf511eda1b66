/* SPDX-License-Identifier: MIT */
/*
 * A thread's critical sections stand in its state, outermost first. One is HELD, SUSPENDED, or being ENTERED.
 *
 *   A section that is held holds, for each of its objects, the lock that those who change the object take: a
 * container's own, or one of a few that all other objects share. An object that is private to the thread, whose changes
 * take no lock, needs none either, as long as it is private. The thread itself makes it shared only at a safepoint,
 * where it first takes the locks of all its private objects; others do so only while it is detached, and then it holds
 * nothing.
 *
 *   Such a lock has the bit SECTION, by which an operation of the same thread that finds its container locked knows
 * that it may go on, and leaves it locked afterwards. In a stopped world everybody else is at a safepoint, so its one
 * thread need not mind locks with that bit.
 *
 *   Nobody waits while he holds a lock: two are taken in the order of their addresses, both or none; to wait is to
 * detach, and to detach suspends. When a thread attaches again it goes back to its innermost section only, and to an
 * outer one when it leaves the inner.
 *
 *   With a GIL: while a section is open, the thread keeps the lock at safepoints.
 */
#include "sync/critical_section_internal.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/runtime_internal.h"

enum { STRIPES = 64, FIRST_ROOM = 8 };

enum { SUSPENDED, ENTERED, HELD };

struct weft__section {
  weft_object *object[2]; /* the second: NULL for one object */
  weft_mutex *lock[2];    /* while HELD: what it holds; NULL: nothing to hold, or another section of the thread does */
  int state;
};

/* For objects without a lock of their own. */
static struct { __attribute__((aligned(WEFT_CACHE_LINE))) weft_mutex lock; } stripes[STRIPES];

static weft_mutex *stripe_of(const weft_object *o) {
  return &stripes[((uintptr_t)o >> 4 ^ (uintptr_t)o >> 12) % STRIPES].lock;
}

/* The lock that a section on `o` holds now; NULL: none is needed. */
static weft_mutex *lock_of(weft_object *o) {
  if (!o || WEFT__HAS_GIL || weft__world_is_stopped()) return NULL;
  if (!o->type->lock_offset) return stripe_of(o);
  if (weft__count_is_private(&o->count)) return NULL;
  return (weft_mutex *)((char *)o + o->type->lock_offset);
}

static bool try_lock(weft_mutex *m) {
  uint8_t word = weft__load_relaxed(&m->word);
  /* order: acquire [mutex]: as weft_mutex_lock. */
  while (!(word & WEFT__MUTEX_LOCKED))
    if (weft__cas_weak_acquire(&m->word, &word, (uint8_t)(word | WEFT__MUTEX_LOCKED | WEFT__MUTEX_SECTION)))
      return true;
  return false;
}

static void unlock(weft_mutex *m) {
  /* order: relaxed: the bit means something only to ourselves, and in a stopped world. */
  weft__and_relaxed(&m->word, (uint8_t)~WEFT__MUTEX_SECTION);
  weft_mutex_unlock(m);
}

static bool holds(const struct weft__section *s, const weft_mutex *m) {
  return s->state == HELD && (s->lock[0] == m || s->lock[1] == m);
}

static bool self_holds(const struct weft__tstate *ts, const weft_mutex *m) {
  for (size_t i = ts->sections_open; i-- > 0;)
    if (holds(&ts->sections[i], m)) return true;
  return false;
}

bool weft__section_covers(const weft_mutex *m) {
  /* order: relaxed: who has set the bit is ourselves, or parked. */
  if (!(weft__load_relaxed(&m->word) & WEFT__MUTEX_SECTION)) return false;
  return weft__world_is_stopped() || self_holds(weft__self(), m);
}

/* Takes what `s` needs, all or nothing. NULL: it is held; otherwise the lock to wait for. No safepoint. */
static weft_mutex *try_enter(struct weft__tstate *ts, struct weft__section *s) {
  weft_mutex *first = lock_of(s->object[0]), *second = lock_of(s->object[1]);
  if (first == second || (second && second < first)) {
    weft_mutex *lower = first == second ? NULL : second;
    second = first;
    first = lower;
  }
  if (first && self_holds(ts, first)) first = NULL;
  if (second && self_holds(ts, second)) second = NULL;
  if (first && !try_lock(first)) return first;
  if (second && !try_lock(second)) {
    if (first) unlock(first);
    return second;
  }
  s->lock[0] = first;
  s->lock[1] = second;
  s->state = HELD;
  return NULL;
}

/* The innermost section is to be held. */
static void enter(struct weft__tstate *ts) {
  size_t i = ts->sections_open - 1;
  ts->sections[i].state = ENTERED;
  for (weft_mutex *wait_for; (wait_for = try_enter(ts, &ts->sections[i]));) weft__object_lock_wait(wait_for);
}

static void let_go(struct weft__section *s) {
  for (int i = 0; s->state == HELD && i < 2; i++)
    if (s->lock[i]) unlock(s->lock[i]);
  s->state = SUSPENDED;
}

/* A place for one more. False: no memory. */
static bool make_room(struct weft__tstate *ts) {
  if (ts->sections_open < ts->sections_room) return true;
  size_t room = ts->sections_room ? 2 * ts->sections_room : FIRST_ROOM;
  struct weft__section *sections = weft__fault() ? NULL : realloc(ts->sections, room * sizeof *sections);
  if (!sections) return false;
  ts->sections = sections;
  ts->sections_room = room;
  return true;
}

static int begin(weft_object *a, weft_object *b) {
  struct weft__tstate *ts = weft__self();
  /* What is private to others becomes shared here, before anything is locked. */
  if (a->type->lock_offset) (void)weft__touch(a);
  if (b && b->type->lock_offset) (void)weft__touch(b);
  if (!make_room(ts)) {
    weft_raise_memory();
    return -1;
  }
  ts->sections[ts->sections_open++] = (struct weft__section){.object = {a, b}};
  enter(ts);
  return 0;
}

int weft_critical_begin(weft_object *o) { return weft__given("weft_critical_begin", o) ? begin(o, NULL) : -1; }

int weft_critical_begin_two(weft_object *a, weft_object *b) {
  if (!weft__given("weft_critical_begin_two", a) || !weft__given("weft_critical_begin_two", b)) return -1;
  return begin(a, b);
}

void weft_critical_end(void) {
  weft__check_attached("weft_critical_end");
  struct weft__tstate *ts = weft__self();
  if (!ts->sections_open) weft__misuse("weft_critical_end", "no critical section is open");
  let_go(&ts->sections[--ts->sections_open]);
  weft__sections_resume(ts);
}

/* --- What happens to the thread meanwhile --- */

void weft__sections_suspend(struct weft__tstate *ts) {
  for (size_t i = ts->sections_open; i-- > 0;)
    if (ts->sections[i].state == HELD) let_go(&ts->sections[i]);
}

void weft__sections_resume(struct weft__tstate *ts) {
  if (ts->sections_open && ts->sections[ts->sections_open - 1].state == SUSPENDED) enter(ts);
}

void weft__sections_lock(struct weft__tstate *ts) {
  for (size_t i = 0; i < ts->sections_open; i++) {
    struct weft__section *s = &ts->sections[i];
    for (int k = 0; s->state == HELD && k < 2; k++) {
      weft_object *o = s->object[k];
      if (!o || !o->type->lock_offset || !weft__count_is_private(&o->count)) continue;
      weft_mutex *m = (weft_mutex *)((char *)o + o->type->lock_offset);
      /* Nobody else has a use for it yet; another section of ours on the same object may have taken it just now. */
      if (!self_holds(ts, m) && try_lock(m)) s->lock[s->lock[0] ? 1 : 0] = m;
    }
  }
}

void weft__sections_leave(struct weft__tstate *ts) {
  weft__sections_suspend(ts);
  ts->sections_open = 0;
}

void weft__sections_fini(void) { memset(stripes, 0, sizeof stripes); }
