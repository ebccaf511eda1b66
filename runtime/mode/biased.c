/* SPDX-License-Identifier: MIT */
/*
 * Mode biased: the slow paths of the count word (biased.h), and the settling of merge queues.
 *
 * How an object without an owner's help comes to its end: a thread that is not the owner drops a reference, finds the
 * shared count zero and so cannot tell whether others are left. It marks the word QUEUED, gives its reference to the
 * owner's merge queue, and the owner, at its next safepoint, adds the two counts up and drops the queue's reference:
 * *settling*. If the owner is detached or gone, whoever queues does that on its behalf while it is held off.
 *
 * Proof obligations, each with its counterexample in tests/models/:
 *   The queue owns a reference, so a queued object cannot die before it is settled.
 *   QUEUED is cleared only by settling: the owner's own merge keeps it, or the queue's reference would be lost.
 *   The merge request and the queue's entry are made in one critical section of the slot's lock, which draining takes.
 */
#include "runtime/mode/mode.h"

#include <stdlib.h>

#include "runtime/runtime_internal.h"
#include "runtime/weak_internal.h"
#include "sync/attach.h"

#if WEFT_MODE_BIASED

enum {
  MERGED = WEFT__BRC_MERGED,
  QUEUED = WEFT__BRC_QUEUED,
  DYING = WEFT__BRC_DYING,
  ONE = WEFT__BRC_SHARED_ONE,
  LOCAL_ONE = WEFT__BRC_LOCAL_ONE,
  SPILL = 0x8000,            /* local references that move between the halves at a time */
  SATURATED = 1 << 26,       /* shared counts from here on have lost track: the object is never freed */
  SATURATED_CENTRE = 3 << 25 /* where they are put back to, far from both ends */
};

uint64_t weft__brc_saturated; /* atomic: how often that happened */

static uint32_t owner_of(uint64_t word) { return (uint16_t)(word >> 32); }
static uint32_t local_of(uint64_t word) { return (uint32_t)(word >> 48); }
static int32_t shared_of(uint64_t word) { return weft__brc_shared_count((uint32_t)word); }
static uint32_t flags_of(uint64_t word) { return (uint32_t)word & (ONE - 1); }
static uint64_t merged_word(uint32_t flags, int32_t refs) { return (uint32_t)refs * (uint32_t)ONE | flags | MERGED; }

static weft_object *object_of(weft_count *c) { return (weft_object *)((char *)c - offsetof(weft_object, count)); }

/* The word has been merged, and the object lives on: weak references no longer rely on its owner. */
static void has_merged(weft_count *c, uint64_t word) {
  if (WEFT_UNLIKELY(word & WEFT__BRC_PUB)) weft__weak_disowned(object_of(c));
}

static bool is_owner(uint64_t word) { return owner_of(word) == weft__tls.slot; }

/* Puts a shared count that has left the range of exact counts where no further operation can bring it back into it. */
static void saturate(weft_count *c, uint32_t shared) {
  while (weft__brc_shared_count(shared) >= SATURATED &&
         /* order: relaxed: the object is never freed, nothing depends on it. */
         !weft__cas_relaxed(&c->half.shared, &shared, (uint32_t)SATURATED_CENTRE * ONE | (shared & (ONE - 1)))) {
  }
  if (weft__add_relaxed(&weft__brc_saturated, 1) == 0)
    weft__warn("an object has more than %d references from other threads; it will never be freed", SATURATED);
}

/* --- Adding references --- */

/* By the owner: the local count is full. */
static void spill(weft_count *c) {
  /* order: relaxed: as above. In between the sum is too large; nobody acts on it while the owner is in here. */
  uint32_t shared = weft__add_relaxed(&c->half.shared, (uint32_t)(SPILL * ONE));
  uint32_t local = weft__load_relaxed(&c->half.local);
  weft__store_relaxed(&c->half.local, local - (SPILL - 1) * LOCAL_ONE);
  if (WEFT_UNLIKELY(weft__brc_shared_count(shared) >= SATURATED - SPILL)) saturate(c, shared + SPILL * ONE);
}

void weft__brc_incref(weft_count *c) {
  if (WEFT_UNLIKELY(weft__count_is_private(c))) {
    spill(c);
    return;
  }
  weft__check_attached("weft_incref");
  /* order: relaxed: the caller holds a reference, so the object cannot die meanwhile. */
  uint32_t shared = weft__add_relaxed(&c->half.shared, (uint32_t)ONE);
  if (WEFT_UNLIKELY(weft__brc_shared_count(shared) >= SATURATED - 1)) saturate(c, shared + ONE);
}

bool weft__brc_try_incref_shared(weft_count *c) {
  weft__check_attached("try_incref");
  uint64_t word = weft__load_relaxed(&c->word);
  do {
    if (owner_of(word) == WEFT__SLOT_IMMORTAL) return true;
    if (is_owner(word)) {
      if (local_of(word) == 0) return false;
      weft__count_incref(c); /* the local count is full */
      return true;
    }
    uint32_t shared = (uint32_t)word;
    bool untouched = shared == 0; /* its owner may be freeing it by a plain store */
    if (untouched || (shared & DYING) || ((shared & MERGED) && shared_of(word) == 0)) return false;
    if (WEFT_UNLIKELY(shared_of(word) >= SATURATED)) {
      saturate(c, shared);
      return true;
    }
    /* order: acquire [brc-shared]: sees the object as whoever last published it left it. */
  } while (!weft__cas_weak_acquire(&c->word, &word, word + ONE));
  return true;
}

/* --- Dropping references --- */

/* The count of a merged word has reached zero: is the object to die, and have we seen what others did to it? */
static bool last_drop(weft_count *c, uint32_t shared) {
  if (shared & DYING) return false;
  /* order: acquire [brc-shared]: pairs with the releases of all who dropped references before. */
  (void)weft__load_acquire(&c->half.shared);
  return true;
}

/* Drops a reference of a merged word. True: it was the last. */
static bool drop_merged(weft_count *c) {
  /* order: release [brc-shared]: publishes our use of the object to whoever tears it down. */
  uint32_t shared = weft__sub_release(&c->half.shared, (uint32_t)ONE);
  WEFT_ASSERT(weft__brc_shared_count(shared) > 0);
  return weft__brc_shared_count(shared) == 1 && last_drop(c, shared);
}

/* Settles: merges the word if `as_owner`, and drops the queue's reference. True: it was the last. */
static bool settle(weft_count *c, bool as_owner) {
  uint64_t word = weft__load_relaxed(&c->word), next;
  do {
    if (owner_of(word) == WEFT__SLOT_IMMORTAL) return false;
    int32_t refs = shared_of(word) - 1;
    if (owner_of(word) != WEFT__SLOT_NONE) {
      WEFT_ASSERT(as_owner);
      refs += (int32_t)local_of(word);
    }
    if (WEFT_DEBUG && refs < 0)
      weft__fatal("weft_decref: the object at %p has lost more references than it had", (void *)c);
    next = merged_word(flags_of(word) & ~(uint32_t)QUEUED, refs);
    /* order: acq_rel [brc-shared]: release as a drop; acquire because it may be the last one. */
  } while (!weft__cas_weak_acq_rel(&c->word, &word, next));
  (void)as_owner;
  if (owner_of(word) != WEFT__SLOT_NONE) has_merged(c, next);
  return shared_of(next) == 0 && !(next & DYING);
}

/* Drops the last reference of an object that has weak ones. True: done, and they have been emptied and called. */
static bool drop_last_weakly_referenced(weft_object *o) {
  const weft_type *type = o->type;
  struct weft__tstate *ts = weft__self();
  if (!type->weak || type->is_weak || type->marks_offset || ts->dealloc_depth >= WEFT__DEALLOC_DEPTH) return false;
  ts->dealloc_depth++;
  bool last = weft__weak_drop_last(o);
  ts->dealloc_depth--;
  return last;
}

bool weft__brc_decref_last(weft_count *c) {
  uint64_t word = weft__load_relaxed(&c->word), next;
  if ((uint32_t)word == WEFT__BRC_PUB && drop_last_weakly_referenced(object_of(c))) return true;
  do {
    WEFT_ASSERT(local_of(word) == 1 && is_owner(word));
    bool take_back = shared_of(word) >= SPILL && shared_of(word) < SATURATED && !(flags_of(word) & QUEUED);
    next = take_back ? WEFT__BRC_WORD(owner_of(word), SPILL, (uint32_t)word - SPILL * ONE)
                     : merged_word(flags_of(word), shared_of(word));
    /* order: acq_rel [brc-shared]: release as a drop; acquire because it may be the last one. */
  } while (!weft__cas_weak_acq_rel(&c->word, &word, next));
  if (!(next & MERGED)) return false;
  if (shared_of(next) == 0) return true;
  has_merged(c, next);
  return false;
}

static bool queue_push(weft_count *c);

static WEFT_NOINLINE bool decref_shared_slow(weft_count *c) {
  weft__check_attached("weft_decref");
  uint32_t shared = weft__load_relaxed(&c->half.shared), next;
  do {
    if (shared & MERGED) {
      if (WEFT_UNLIKELY(weft__brc_shared_count(shared) >= SATURATED)) {
        saturate(c, shared);
        return false;
      }
      return drop_merged(c);
    }
    if (WEFT_UNLIKELY(weft__brc_shared_count(shared) >= SATURATED)) {
      saturate(c, shared);
      return false;
    }
    bool queue = !(shared & QUEUED) && weft__brc_shared_count(shared) == 0;
    next = queue ? shared | QUEUED : shared - ONE;
    /* order: release [brc-shared]: publishes our use of the object to whoever tears it down. */
  } while (!weft__cas_weak_release(&c->half.shared, &shared, next));
  return (next & QUEUED) && !(shared & QUEUED) && queue_push(c);
}

_Static_assert(MERGED == 1, "a number to shift by");
/* Nearly always others go on referring to it, too: then nobody has to be told. Of a merged word the count is all, so
 * there have to be two. */
bool weft__brc_decref_shared(weft_count *c) {
  uint32_t shared = weft__load_relaxed(&c->half.shared), least = (uint32_t)ONE << (shared & MERGED);
  bool others = shared - least < (uint32_t)(SATURATED - 2) * ONE && weft__self() != &weft__nobody;
  /* order: release [brc-shared]: as above. */
  if (WEFT_LIKELY(others) && WEFT_LIKELY(weft__cas_release(&c->half.shared, &shared, shared - ONE))) return false;
  return decref_shared_slow(c);
}

/* --- The merge queue --- */

/* Chunks, newest first; each filled from the front. The slot's lock protects all of it. */
enum { CHUNK_COUNTS = 126 };
struct weft__merge_chunk {
  struct weft__merge_chunk *next;
  size_t used;
  weft_count *counts[CHUNK_COUNTS];
};

static bool append(struct weft__tstate *ts, weft_count *c) {
  struct weft__merge_chunk *chunk = ts->queue;
  if (!chunk || chunk->used == CHUNK_COUNTS) {
    struct weft__merge_chunk *more = weft__fault() ? NULL : malloc(sizeof *more);
    if (!more) return false;
    more->next = chunk;
    more->used = 0;
    ts->queue = chunk = more;
  }
  chunk->counts[chunk->used++] = c;
  return true;
}

/* There is no memory to queue a reference in: settles it at once, in a stopped world. */
static bool settle_in_stopped_world(weft_count *c) {
  bool nested = weft__world_is_stopped();
  if (!nested) weft_stop_the_world();
  bool last = settle(c, true);
  if (!nested) weft_start_the_world();
  return last;
}

/* Gives the reference that QUEUED stands for to the owner's queue, or settles it on the owner's behalf. True: that was
 * the last reference and the caller lets the object die. */
static bool queue_push(weft_count *c) {
  for (;;) {
    uint32_t slot = owner_of(weft__load_relaxed(&c->word));
    if (slot == WEFT__SLOT_NONE || slot == WEFT__SLOT_IMMORTAL) return settle(c, false);
    struct weft__tstate *owner = weft__tstate_of_slot(slot);
    weft__lock_acquire(&owner->lock);
    if (owner_of(weft__load_relaxed(&c->word)) != slot) {
      weft__lock_release(&owner->lock);
      continue;
    }
    enum weft__holding holding = weft__hold_off(owner, WEFT__STATUS_MERGE);
    bool queued = holding == WEFT__HOLD_REQUESTED && append(owner, c);
    bool last = holding != WEFT__HOLD_REQUESTED && settle(c, true);
    if (holding == WEFT__HOLD_HELD) weft__let_go(owner);
    weft__lock_release(&owner->lock);
    if (holding == WEFT__HOLD_REQUESTED && !queued) return settle_in_stopped_world(c);
    return last;
  }
}

void weft__merge_queue_free(struct weft__tstate *ts) {
  while (ts->queue) {
    struct weft__merge_chunk *next = ts->queue->next;
    free(ts->queue);
    ts->queue = next;
  }
}

/* After fork, in the child: nobody is left to settle what was queued for `from`. */
void weft__merge_queue_move(struct weft__tstate *from, struct weft__tstate *to) {
  struct weft__merge_chunk **end = &to->queue;
  while (*end) end = &(*end)->next;
  *end = from->queue;
  from->queue = NULL;
  weft__or_relaxed(&to->status, WEFT__STATUS_MERGE);
}

void weft__merge_queue_drain(struct weft__tstate *ts) {
  weft__lock_acquire(&ts->lock);
  struct weft__merge_chunk *chunk = ts->queue;
  ts->queue = NULL;
  /* order: relaxed: MERGE is set and cleared under the slot's lock. */
  weft__and_relaxed(&ts->status, ~(uint32_t)WEFT__STATUS_MERGE);
  weft__lock_release(&ts->lock);
  while (chunk) {
    struct weft__merge_chunk *next = chunk->next;
    for (size_t i = 0; i < chunk->used; i++)
      if (settle(chunk->counts[i], true)) weft__dealloc(object_of(chunk->counts[i]));
    free(chunk);
    chunk = next;
  }
}

static void settle_queue(struct weft__tstate *ts, void *dead_) {
  struct weft__merge_chunk **all_dead = dead_;
  weft__and_relaxed(&ts->status, ~(uint32_t)WEFT__STATUS_MERGE);
  while (ts->queue) {
    struct weft__merge_chunk *chunk = ts->queue;
    ts->queue = chunk->next;
    size_t dead = 0;
    for (size_t i = 0; i < chunk->used; i++)
      if (settle(chunk->counts[i], true)) chunk->counts[dead++] = chunk->counts[i];
    chunk->used = dead;
    chunk->next = *all_dead;
    *all_dead = chunk;
  }
}

struct weft__merge_chunk *weft__merge_queues_settle(void) {
  struct weft__merge_chunk *dead = NULL;
  weft__tstate_for_each(settle_queue, &dead);
  return dead;
}

void weft__merge_queue_bury(struct weft__merge_chunk *dead) {
  while (dead) {
    struct weft__merge_chunk *next = dead->next;
    for (size_t i = 0; i < dead->used; i++) weft__dealloc(object_of(dead->counts[i]));
    free(dead);
    dead = next;
  }
}

void weft__merge_queue_walk(const struct weft__merge_chunk *dead, void (*visit)(weft_object *, void *), void *arg) {
  for (; dead; dead = dead->next)
    for (size_t i = 0; i < dead->used; i++) visit(object_of(dead->counts[i]), arg);
}

/* --- Sharing, immortality and death --- */

void weft__brc_share(weft_count *c) {
  uint64_t word = weft__load_relaxed(&c->word), next;
  do {
    if (owner_of(word) == WEFT__SLOT_IMMORTAL || owner_of(word) == WEFT__SLOT_NONE) return;
    next = merged_word(flags_of(word), shared_of(word) + (int32_t)local_of(word));
    /* order: acq_rel [share]: publishes the owner's use of the body to those who find that there is no owner. */
  } while (!weft__cas_weak_acq_rel(&c->word, &word, next));
  has_merged(c, next);
}

bool weft__brc_immortalize(weft_count *c) {
  uint64_t word = weft__load_relaxed(&c->word);
  for (;;) {
    if (owner_of(word) == WEFT__SLOT_IMMORTAL) return true;
    bool ours = is_owner(word) || owner_of(word) == WEFT__SLOT_NONE || weft__world_is_stopped();
    if (!ours) return false;
    /* The shared half stays as it is: an entry in a merge queue finds the word immortal when it is settled. */
    uint64_t immortal = WEFT__BRC_WORD(WEFT__SLOT_IMMORTAL, 1, (uint32_t)word);
    /* order: relaxed: the object is never freed from here on. */
    if (weft__cas_relaxed(&c->word, &word, immortal)) return true;
  }
}

bool weft__brc_end_dying(weft_count *c) {
  uint64_t word = weft__load_relaxed(&c->word);
  for (;;) {
    if (owner_of(word) == WEFT__SLOT_IMMORTAL) return false;
    if (shared_of(word) == 0) {
      /* order: acquire [brc-shared]: references that the finalizer made may have been dropped by other threads. Nobody
       * is left who could change the word: a plain store makes it dead. PUB stays: it decides, as it is now and not as
       * it was before the finalizer, whether the memory has to wait for readers. */
      (void)weft__load_acquire(&c->word);
      weft__store_relaxed(&c->word, (uint64_t)(MERGED | (word & WEFT__BRC_PUB)));
      return true;
    }
    /* order: release [brc-shared]: publishes what the finalizer did, as a drop would. */
    if (weft__cas_release(&c->word, &word, word & ~(uint64_t)DYING)) return false;
  }
}

#else /* modes without owners: nothing is ever queued */

void weft__merge_queue_drain(struct weft__tstate *ts) { (void)ts; }
void weft__merge_queue_free(struct weft__tstate *ts) { (void)ts; }
void weft__merge_queue_move(struct weft__tstate *from, struct weft__tstate *to) {
  (void)from;
  (void)to;
}
struct weft__merge_chunk *weft__merge_queues_settle(void) {
  return NULL;
}
void weft__merge_queue_bury(struct weft__merge_chunk *dead) { (void)dead; }
void weft__merge_queue_walk(const struct weft__merge_chunk *dead, void (*visit)(weft_object *, void *), void *arg) {
  (void)dead, (void)visit, (void)arg;
}

#endif
