/* SPDX-License-Identifier: MIT */
/*
 * Revocation: a thread that touches another one's private object asks for it to be shared.
 *
 *   The owner touches its private objects only while it is attached, and not across a safepoint. So whoever keeps it
 * from attaching (it is detached, or its slot is vacant), or the owner itself at a safepoint, may take the owner's slot
 * out of the object's count word (weft__count_share); after that nobody treats the object as private. A running owner
 * is asked: the request stands in its state's list, under the slot's lock, and REVOKE in its status word, both set in
 * one critical section; the owner answers all of them at its next safepoint, and before it detaches or leaves. The
 * asker waits detached, so that two threads may ask each other. The requests live on their askers' stacks: an answer is
 * the last access to one.
 *
 * Storms: who asks the same owner for several objects of one page in a row asks for the whole page, once: a million
 * small lists that one thread made and another takes over cost two thousand to a question.
 */
#include "runtime/share.h"

#include "runtime/heap_internal.h"
#include "runtime/runtime_internal.h"
#include "sync/critical_section_internal.h"

enum {
  SPINS = 200,             /* an owner on another CPU answers within a microsecond or so */
  SPINS_FOR_A_PAGE = 2000, /* and shares a page within some ten */
  IN_A_ROW = 4,            /* questions about one page after which the rest of it is shared too */
};

struct weft__revocation {
  struct weft__revocation *next;
  weft_object *o;
  bool page;     /* and all other containers of its page */
  uint32_t done; /* futex */
};

static void share_if_owned(weft_object *o, void *slot) {
  if (weft__count_owner(&o->count) != *(uint32_t *)slot) return;
  /* With an owner's count, it lives. Without owners' counts any thread may drop the last reference now, and the type
   * may be gone; but sharing what is not guarded, or dead, changes nothing. */
  if (!WEFT__HAS_OWNERS || o->type->guarded) weft__count_share(&o->count);
}

/* By the owner at a safepoint, or by whoever holds it off. */
static void share(weft_object *o, bool page) {
  uint32_t slot = weft__count_owner(&o->count);
  weft__count_share(&o->count);
  if (!page || slot == WEFT__SLOT_NONE || slot == WEFT__SLOT_IMMORTAL) return;
  /* Only the owner's own pages keep still; an object that was handed over may lie in another one's. */
  struct weft__page *of = weft__page_of(o);
  if (weft__load_relaxed(&of->heap) == weft__tstate_of_slot(slot)->heap) weft__page_walk(of, share_if_owned, &slot);
}

/* Is this one of many questions about one page? */
static bool is_storm(struct weft__tstate *self, const weft_object *o) {
  if (o->type->spec.basic_size > WEFT__SMALL_MAX || o->type->spec.item_size) return false;
  struct weft__page *page = weft__page_of(o);
  self->asked_in_a_row = page == self->asked_page ? self->asked_in_a_row + 1 : 1;
  self->asked_page = page;
  return self->asked_in_a_row > IN_A_ROW;
}

/* Asks the owner, or shares on its behalf. True: done; false: `r` stands in the owner's list. */
static bool ask(uint32_t slot, struct weft__revocation *r) {
  struct weft__tstate *owner = weft__tstate_of_slot(slot);
  weft__lock_acquire(&owner->lock);
  bool done = weft__count_owner(&r->o->count) != slot;
  if (!done) {
    enum weft__holding holding = weft__hold_off(owner, WEFT__STATUS_REVOKE);
    done = holding != WEFT__HOLD_REQUESTED;
    if (done) {
      share(r->o, r->page);
    } else {
      r->next = owner->revocations;
      owner->revocations = r;
    }
    if (holding == WEFT__HOLD_HELD) weft__let_go(owner);
  }
  weft__lock_release(&owner->lock);
  return done;
}

static void wait_for_answer(struct weft__revocation *r) {
  for (int i = r->page ? SPINS_FOR_A_PAGE : SPINS; i > 0; i--) {
    /* order: acquire [revocation]: sees the owner's use of the object. */
    if (weft__load_acquire(&r->done)) return;
    weft__cpu_relax();
  }
  weft__detach_for_wait();
  while (!weft__load_acquire(&r->done)) weft__futex_wait(&r->done, 0, -1);
  weft__reattach_after_wait();
}

static WEFT_NOINLINE void revoke(weft_object *o) {
  struct weft__revocation r = {.o = o, .page = is_storm(weft__self(), o)};
  for (;;) {
    uint32_t slot = weft__count_owner(&o->count);
    if (slot == WEFT__SLOT_NONE || slot == WEFT__SLOT_IMMORTAL || slot == weft__tls.slot) return;
    if (weft__world_is_stopped()) {
      weft__count_share(&o->count);
    } else if (!ask(slot, &r)) {
      wait_for_answer(&r);
      r.done = 0;
    }
  }
}

void weft__revocations_answer(struct weft__tstate *ts) {
  weft__sections_lock(ts);
  weft__lock_acquire(&ts->lock);
  struct weft__revocation *r = ts->revocations;
  ts->revocations = NULL;
  /* order: relaxed: REVOKE is set and cleared under the slot's lock. */
  weft__and_relaxed(&ts->status, ~(uint32_t)WEFT__STATUS_REVOKE);
  weft__lock_release(&ts->lock);
  while (r) {
    struct weft__revocation *next = r->next;
    share(r->o, r->page);
    /* order: release [revocation]: publishes our use of the object. `r` may be gone as soon as it is answered. */
    weft__store_release(&r->done, 1u);
    weft__futex_wake(&r->done, 1);
    r = next;
  }
}

bool weft__touch(weft_object *o) {
  weft_poll();
  if (weft__count_is_private(&o->count)) return true;
  if (weft__count_owner(&o->count) != WEFT__SLOT_NONE) revoke(o);
  return weft__count_is_private(&o->count);
}
