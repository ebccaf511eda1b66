/* SPDX-License-Identifier: MIT */
/*
 * Where an object's weak references are: in a list that a hash table by its address leads to. An object itself has one
 * bit in its count word, WEAK (biased: PUB), that says whether to look.
 *
 *   stripe   a lock, and a table of cells (object, first reference) with open addressing; the address says which one
 *   list     the shared reference, the shared proxy, then the others, newest first. It holds a reference to the shared
 *            ones: they live as long as the object, so that making one again costs no allocation. The others unlink
 *            themselves when they die.
 *
 * Invariants
 *   A reference leads to its target if and only if it is in the target's list. Both change under the stripe's lock,
 *   and a target, once gone, never comes back. (With a GIL there are no locks: nothing here is a safepoint.)
 *   An object that dies leaves the table, and empties its references, before its body is touched or its memory freed.
 *
 * Dereferencing, against the death of the target in another thread
 *   With the lock: the target cannot leave meanwhile, so its count word may be looked at, and refuses when it is zero
 *   or DYING. So no memory has to wait for a grace period.
 *   By the owner of the target's counts (biased) with nothing: `owner` of a reference says that the target's word is
 *   not merged and its owner is that slot; then the target dies only where that thread drops it. Whoever merges the
 *   word (the owner itself at a safepoint, or somebody who holds it off, or where it lets the target die) takes that
 *   back before the owner can look again.
 *   In a bracket, for targets that other threads look at often, or peek at: these are *seen*, once and for all, which
 * is decided under the lock and noted in the cell. The death of a seen object empties the references at once, but its
 * body and memory wait for a grace period. A reader that finds `seen` set needs no lock: what it finds as the target
 * stays readable until the end of its bracket, and its count word says whether it is alive. A cell that says so stays
 * until the object dies, even if its list is empty. The collector, which does not wait, leaves garbage that is seen
 * alone while a thread has a bracket open.
 *   So an owner that drops a target's last reference with the lock (`weft__weak_drop_last`) needs no compare-and-swap
 * for it: nobody can take one meanwhile, unless the target is seen.
 *
 * Looking for the shared reference without the lock (`glance`): who asks holds the target, so its list, and the shared
 * reference in it, stay. What moves is the cell, when others are removed: the stripe's version is odd meanwhile, and
 * another one afterwards. Outgrown tables are freed in a stopped world, in which nobody is looking.
 */
#include <sched.h>
#include <stdlib.h>

#include "runtime/runtime_internal.h"
#include "runtime/weak_internal.h"
#include "sync/grace_internal.h"

enum { STRIPE_BITS = 6, STRIPES = 1 << STRIPE_BITS, MIN_CELLS = 8, OFTEN = 64, SPINS = 100 };

/* In a cell's `first`, beside the pointer. */
enum { SHARED = 1, SEEN = 2, FLAGS = 3 };

struct cell {
  uintptr_t object; /* 0: empty */
  uintptr_t first;
};

struct table {
  struct table *outgrown; /* the one before */
  size_t mask;
  struct cell cells[];
};

struct stripe {
  /* Sections are of a few dozen instructions, and nobody sleeps: so to unlock costs no atomic, as a weft__lock would.
   */
  __attribute__((aligned(WEFT_CACHE_LINE))) uint32_t locked; /* atomic */
  uint32_t version;                                          /* atomic: odd while cells move */
  struct table *table;                                       /* atomic; NULL: none yet */
  size_t used;
};

static struct stripe stripes[STRIPES];

/* --- Stripes and cells --- */

static uint64_t mix(uintptr_t object) { return (object >> 3) * UINT64_C(0x9E3779B97F4A7C15); }
static struct stripe *stripe_of(const weft_object *o) { return &stripes[mix((uintptr_t)o) >> (64 - STRIPE_BITS)]; }
static size_t home_of(uintptr_t object, size_t mask) { return (size_t)(mix(object) >> 32) & mask; }

static WEFT_NOINLINE void spin(struct stripe *s) {
  for (unsigned i = 1; weft__load_relaxed(&s->locked); i++) {
    weft__cpu_relax();
    if (i % SPINS == 0) sched_yield(); /* its holder may want the CPU */
  }
}
static struct stripe *lock_stripe(const weft_object *o) {
  struct stripe *s = stripe_of(o);
  uint32_t unlocked = 0;
  /* order: acquire [weak-lock]: sees what the previous holder did. */
  while (!WEFT__HAS_GIL && !weft__cas_acquire(&s->locked, &unlocked, 1u)) {
    spin(s);
    unlocked = 0;
  }
  return s;
}
static void unlock(struct stripe *s) {
  /* order: release [weak-lock]: publishes what was done under it. */
  if (!WEFT__HAS_GIL) weft__store_release(&s->locked, 0u);
}

static weft__weakref *first_of(const struct cell *c) { return (weft__weakref *)(c->first & ~(uintptr_t)FLAGS); }

/* Keeps SEEN. */
static void set_first(struct cell *c, weft__weakref *r) {
  uintptr_t flags = (c->first & SEEN) | (r && r->shared == WEFT__WEAK_SHARED_REF ? SHARED : 0);
  /* order: release [weak-cell]: who glances at it sees the reference as it was made. */
  weft__store_release(&c->first, (uintptr_t)r | flags);
}

/* The functions below are called with the lock. */

/* The object's cell, or NULL. */
static struct cell *find(const struct stripe *s, const weft_object *o) {
  struct table *t = s->table;
  if (!t) return NULL;
  for (size_t i = home_of((uintptr_t)o, t->mask); t->cells[i].object; i = (i + 1) & t->mask)
    if (t->cells[i].object == (uintptr_t)o) return &t->cells[i];
  return NULL;
}

/* An empty cell for the object, which has none. There is room. */
static struct cell *add(struct table *t, uintptr_t object, uintptr_t first) {
  size_t i = home_of(object, t->mask);
  while (t->cells[i].object) i = (i + 1) & t->mask;
  /* order: release [weak-cell]: who glances at the object sees what is first. */
  weft__store_release(&t->cells[i].first, first);
  weft__store_release(&t->cells[i].object, object);
  return &t->cells[i];
}

/* Makes room for one more cell. False: out of memory. */
static bool make_room(struct stripe *s) {
  struct table *t = s->table;
  if (t && 2 * (s->used + 1) <= t->mask + 1) return true;
  size_t cells = t ? 2 * (t->mask + 1) : MIN_CELLS;
  struct table *more = weft__fault() ? NULL : calloc(1, sizeof *more + cells * sizeof(struct cell));
  if (!more) return false;
  more->mask = cells - 1;
  more->outgrown = t;
  for (size_t i = 0; t && i <= t->mask; i++)
    if (t->cells[i].object) add(more, t->cells[i].object, t->cells[i].first);
  /* order: release [weak-cell]: publishes the cells. */
  weft__store_release(&s->table, more);
  return true;
}

/* Removes the cell; those behind it that were displaced move up. */
static void remove_cell(struct stripe *s, struct cell *c) {
  struct table *t = s->table;
  size_t i = (size_t)(c - t->cells);
  /* order: relaxed, because the stores to the cells that follow are releases: who sees one of them sees this. */
  weft__store_relaxed(&s->version, s->version + 1);
  for (size_t j = (i + 1) & t->mask; t->cells[j].object; j = (j + 1) & t->mask) {
    size_t home = home_of(t->cells[j].object, t->mask);
    if (((j - home) & t->mask) < ((j - i) & t->mask)) continue;
    weft__store_release(&t->cells[i].first, t->cells[j].first);
    weft__store_release(&t->cells[i].object, t->cells[j].object);
    i = j;
  }
  weft__store_release(&t->cells[i].object, (uintptr_t)0);
  weft__store_release(&t->cells[i].first, (uintptr_t)0);
  s->used--;
  weft__store_release(&s->version, s->version + 1);
}

/* --- Making references --- */

bool weft__weak_allowed(const char *call, weft_object *target) {
  if (!weft__given(call, target)) return false;
  if (WEFT_UNLIKELY(!target->type->weak)) {
    weft_raise(&weft_TypeError, "cannot create weak reference to '%s' object", target->type->spec.name);
    return false;
  }
  if (WEFT_LIKELY(!weft__count_is_dead(&target->count))) return true;
  weft_raise(&weft_ReferenceError, "%s: the '%s' object is just dying", call, target->type->spec.name);
  return false;
}

weft__weakref *weft__weak_glance(weft_object *target) {
  if (!weft__count_has_weak(&target->count)) return NULL;
  const struct stripe *s = stripe_of(target);
  /* order: acquire [weak-cell]: see remove_cell; each load is before those that follow. */
  uint32_t version = weft__load_acquire(&s->version);
  const struct table *t = weft__load_acquire(&s->table);
  if (!t || version & 1) return NULL;
  size_t i = home_of((uintptr_t)target, t->mask), tries = t->mask;
  uintptr_t object;
  while ((object = weft__load_acquire(&t->cells[i].object)) != (uintptr_t)target) {
    if (!object || !tries--) return NULL;
    i = (i + 1) & t->mask;
  }
  uintptr_t first = weft__load_acquire(&t->cells[i].first);
  if (weft__load_relaxed(&s->version) != version || !(first & SHARED)) return NULL;
  weft__weakref *r = (weft__weakref *)(first & ~(uintptr_t)FLAGS);
  weft_incref(&r->header);
  return r;
}

static weft__weakref *shared_in(const struct cell *c, unsigned shared) {
  weft__weakref *r = c ? first_of(c) : NULL;
  if (r && r->shared != shared) r = r->next;
  return r && r->shared == shared ? r : NULL;
}

/* Puts `r` where it belongs. */
static void insert(struct cell *c, weft__weakref *r) {
  weft__weakref *before = NULL, *after = first_of(c);
  while (after && after->shared && (!r->shared || after->shared < r->shared)) {
    before = after;
    after = after->next;
  }
  r->previous = before;
  r->next = after;
  if (after) after->previous = r;
  if (before)
    before->next = r;
  else
    set_first(c, r);
}

weft__weakref *weft__weak_link(weft_object *target, weft__weakref *r, enum weft__weak_shared shared) {
  if (!weft__count_has_weak(&target->count)) weft__count_publish_weak(&target->count);
  if (!shared) weft__count_publish_fresh(&r->header.count); /* others may try_incref it */
  struct stripe *s = lock_stripe(target);
  struct cell *c = find(s, target);
  weft__weakref *there = shared ? shared_in(c, shared) : NULL;
  if (there) {
    weft_incref(&there->header);
  } else if (c || make_room(s)) {
    if (!c) {
      c = add(s->table, (uintptr_t)target, 0);
      s->used++;
    }
    r->shared = (uint8_t)shared;
    if (shared) weft_incref(&r->header);
    /* order: relaxed: only the target's owner finds its slot there, and that is the calling thread. */
    if (WEFT__HAS_OWNERS && weft__count_is_private(&target->count)) weft__store_relaxed(&r->owner, weft__tls.slot);
    /* order: release [weak-target]: who finds a target finds it as it was made. Before the cell leads to the reference:
     * a glance returns it at once. */
    weft__store_release(&r->target, target);
    insert(c, r);
    there = r;
  }
  unlock(s);
  return there;
}

/* --- Unlinking --- */

static void take_out(struct stripe *s, weft__weakref *r) {
  struct cell *c = find(s, r->target);
  if (r->next) r->next->previous = r->previous;
  if (r->previous)
    r->previous->next = r->next;
  else
    set_first(c, r->next);
  if (!c->first) remove_cell(s, c);
  weft__store_relaxed(&r->owner, 0u);
  weft__store_release(&r->target, (weft_object *)NULL);
}

void weft__weak_unlink(weft__weakref *r) {
  /* order: acquire [weak-target]: an empty one has been left alone by whoever emptied it. */
  weft_object *target = weft__load_acquire(&r->target);
  if (!target) return;
  struct stripe *s = lock_stripe(target);
  if (r->target) take_out(s, r);
  unlock(s);
}

/* --- Dereferencing --- */

/* From now on the target's death waits for brackets. */
static void see(struct stripe *s, weft__weakref *r) {
  struct cell *c = find(s, r->target);
  weft__store_release(&c->first, c->first | SEEN);
  /* order: release [weak-seen]: who sees it, looks in a bracket; the cell says so to whoever lets the target die. */
  weft__store_release(&r->seen, (uint8_t) true);
}

static weft_object *revive_locked(weft__weakref *r) {
  weft_object *target = weft__load_acquire(&r->target);
  if (!target) return NULL;
  struct stripe *s = lock_stripe(target);
  if (!r->target || !weft__try_incref(target)) {
    target = NULL;
  } else if (WEFT__HAS_OWNERS && weft__count_is_private(&target->count)) {
    weft__store_relaxed(&r->owner, weft__tls.slot);
  } else if (++r->visits == OFTEN) {
    see(s, r);
  }
  unlock(s);
  return target;
}

weft_object *weft__weak_revive(weft__weakref *r) {
  if (WEFT__HAS_GIL) return r->target && weft__try_incref(r->target) ? r->target : NULL;
  /* order: acquire [weak-seen]: see `see`. */
  if (!weft__load_acquire(&r->seen)) return revive_locked(r);
  weft__bracket_begin();
  /* order: acquire [weak-target]: as it was made. */
  weft_object *target = weft__load_acquire(&r->target);
  if (target && !weft__try_incref(target)) target = NULL;
  weft__bracket_end();
  return target;
}

weft_object *weft__weak_look(weft__weakref *r) {
  weft_object *target = weft__load_acquire(&r->target);
  if (WEFT_UNLIKELY(!weft__load_acquire(&r->seen)) && target) {
    struct stripe *s = lock_stripe(target);
    if (r->target)
      see(s, r);
    else
      target = NULL;
    unlock(s);
  } else {
    target = weft__load_acquire(&r->target); /* not one from before `seen` was seen */
  }
  return target && weft__count_is_alive(&target->count) ? target : NULL;
}

weft_object *weft__weak_callback(weft__weakref *r) {
  weft_object *target = weft__load_acquire(&r->target), *callback = NULL;
  if (!target || r->shared) return NULL;
  struct stripe *s = lock_stripe(target);
  if (r->target && !r->header.type->weak_died) weft_xincref(callback = r->callback);
  unlock(s);
  return callback;
}

/* Has anybody but its target's list a reference to it? */
static bool is_wanted(const weft__weakref *r) {
  return r->shared ? weft_refcount(&r->header) > 1 : weft__count_is_alive(&r->header.count);
}

size_t weft__weak_list(weft_object *target, weft__weakref **refs, size_t room) {
  if (!target->type->weak) return 0;
  size_t n = 0;
  struct stripe *s = lock_stripe(target);
  const struct cell *c = find(s, target);
  for (weft__weakref *r = c ? first_of(c) : NULL; r; r = r->next) {
    if (!is_wanted(r)) continue;
    if (n >= room) {
      n++;
    } else if (r->shared || weft__try_incref(&r->header)) {
      if (r->shared) weft_incref(&r->header);
      refs[n++] = r;
    }
  }
  unlock(s);
  return n;
}

void weft__weak_disowned(weft_object *o) {
  struct stripe *s = lock_stripe(o);
  const struct cell *c = find(s, o);
  for (weft__weakref *r = c ? first_of(c) : NULL; r; r = r->next) weft__store_relaxed(&r->owner, 0u);
  unlock(s);
}

/* --- Death --- */

static bool is_to_be_called(const weft__weakref *r) { return r->callback || r->header.type->weak_died; }

/* Empties the references of the cell, which goes. Those that there is something to do for come to `end`, counted;
 * returns the new end. */
static weft__weakref **empty(struct stripe *s, struct cell *c, weft__weakref **end) {
  weft__weakref *r = first_of(c), *next;
  remove_cell(s, c);
  for (; r; r = next) {
    next = r->next;
    weft__store_relaxed(&r->owner, 0u);
    /* The list's own reference, or one of ours. */
    bool ours = r->shared || (!r->is_garbage && is_to_be_called(r) && weft__try_incref(&r->header));
    if (ours) {
      r->next = NULL;
      *end = r;
      end = &r->next;
    }
    /* order: release [weak-target]: what is not ours may be freed from here on; see weft__weak_unlink. */
    weft__store_release(&r->target, (weft_object *)NULL);
  }
  return end;
}

static void call_back(weft__weakref *r) {
  if (r->header.type->weak_died) {
    r->header.type->weak_died(&r->header);
    return;
  }
  weft_object *callback = r->callback, *self = &r->header;
  r->callback = NULL;
  weft_object *result = weft_call(callback, &self, 1);
  if (!result) weft_error_unraisable(callback);
  weft_xdecref(result);
  weft_decref(callback);
}

void weft__weak_call(weft__weakref *calls, bool call) {
  struct weft__tstate *ts = weft__self();
  while (calls) {
    weft__weakref *r = calls;
    calls = r->next;
    if (!r->shared && call) {
      weft_object *pending = ts->error; /* a callback's errors are its own */
      ts->error = NULL;
      call_back(r);
      if (WEFT_UNLIKELY(ts->error)) weft_error_unraisable(NULL);
      ts->error = pending;
    }
    weft_decref(&r->header);
  }
}

bool weft__weak_clear(weft_object *o) {
  weft__weakref *calls = NULL;
  bool seen = false;
  struct stripe *s = lock_stripe(o);
  struct cell *c = find(s, o);
  if (c) {
    seen = c->first & SEEN;
    empty(s, c, &calls);
  }
  unlock(s);
  weft__weak_call(calls, true);
  return seen && (!WEFT__HAS_GIL || weft__in_bracket());
}

bool weft__weak_drop_last(weft_object *o) {
  weft__weakref *calls = NULL;
  struct stripe *s = lock_stripe(o);
  struct cell *c = find(s, o);
  bool last = !(c && c->first & SEEN) && weft__count_drop_locked(&o->count);
  if (last && c) empty(s, c, &calls);
  unlock(s);
  weft__weak_call(calls, true);
  return last;
}

/* --- Garbage --- */

static void add_brackets(struct weft__tstate *ts, void *sum) { *(size_t *)sum += ts->brackets; }

/* In a stopped world. Frees the tables that have been outgrown. False: there are no weak references at all. */
static bool tidy(void) {
  size_t used = 0;
  for (struct stripe *s = stripes; s < stripes + STRIPES; s++) {
    used += s->used;
    while (s->table && s->table->outgrown) {
      struct table *before = s->table->outgrown;
      s->table->outgrown = before->outgrown;
      free(before);
    }
  }
  return used;
}

static bool is_looked_at(weft_object *const *garbage, size_t n) {
  size_t brackets = 0;
  weft__tstate_for_each(add_brackets, &brackets);
  for (size_t i = 0; brackets && i < n; i++) {
    const struct cell *c = weft__count_has_weak(&garbage[i]->count) ? find(stripe_of(garbage[i]), garbage[i]) : NULL;
    if (c && c->first & SEEN) return true;
  }
  return false;
}

bool weft__weak_clear_garbage(weft_object *const *garbage, size_t n, weft__weakref **calls) {
  *calls = NULL;
  if (!tidy()) return true;
  if (is_looked_at(garbage, n)) return false;
  for (size_t i = 0; i < n; i++) {
    if (WEFT_LIKELY(!garbage[i]->type->is_weak)) continue;
    weft__weakref *r = (weft__weakref *)garbage[i];
    r->is_garbage = true;
    if (r->target) take_out(stripe_of(r->target), r);
  }
  for (size_t i = 0; i < n; i++) {
    if (WEFT_LIKELY(!weft__count_has_weak(&garbage[i]->count))) continue;
    struct stripe *s = stripe_of(garbage[i]);
    struct cell *c = find(s, garbage[i]);
    if (c) calls = empty(s, c, calls);
  }
  return true;
}

/* --- The end of the runtime --- */

void weft__weak_fini(void) {
  tidy();
  for (struct stripe *s = stripes; s < stripes + STRIPES; s++) {
    free(s->table);
    s->table = NULL;
    s->used = 0;
  }
}
