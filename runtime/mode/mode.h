/* SPDX-License-Identifier: MIT */
/*
 * The contract that a mode fulfils, and the only place that chooses one.
 *
 * Weft's modes differ in what makes a reference count safe between threads, and in nothing else that a caller can see.
 * gil.h, biased.h and atomic.h each define, for struct weft_object's first eight bytes:
 *
 *   weft_count                        the count word; all-zero-references is recognisable ("dead"), see is_dead
 *   WEFT__COUNT_IMMORTAL              static initialiser of an immortal object's word
 *   weft__count_init(c)               one reference, held by the calling (attached) thread
 *   weft__count_incref_as(c, slot)    the caller, an attached thread in that slot, holds a reference already
 *   weft__count_incref_inline_as(c, slot)  the same where it takes no call; false: it would, nothing has changed
 *   weft__count_incref_inline_beside(c)  the same for an object that is probably another thread's, or nobody's
 *   weft__count_decref_as(c, slot)    true: that was the last one, the caller must now let the object die
 *   weft__count_decref_inline_as(c, slot)  the same where it takes no call and is not the last one; false: as above
 *   weft__count_try_incref(c)         the caller holds none, but knows that the memory is not freed; false when dying
 *   weft__count_refs(c)               references held now, exact when nobody else changes it
 *   weft__count_for_collector(c)      the same in a stopped world; 0: dead, or dying and not to be looked at
 *   weft__count_of_own(c)             the same when the calling thread is the owner and has counted all of them, so
 *                                     that nobody else can let the object die; otherwise 0
 *   weft__count_is_unique(c)          exactly one reference, and it is safe to change the object in place
 *   weft__count_is_immortal(c)
 *   weft__count_is_dead(c)            free block or object whose memory is about to be freed
 *   weft__count_immortalize(c)        never moves again; the caller holds a reference; false: not possible now
 *   weft__count_publish_weak(c)       from now on other threads may try_incref (set before the first weak reference);
 *                                     nothing for an immortal object. The caller has a reference
 *   weft__count_publish_fresh(c)      so that others may try_incref an object that nobody else knows yet
 *   weft__count_has_weak(c)           that has been done, and the object is not immortal; also when it is dead
 *   weft__count_drop_locked(c)        for a caller that has locked out whoever may try_incref: true: the owner's
 *                                     reference was the last one, it is dropped, without an atomic, and the object is
 *                                     dead; false, always where there is no owner: nothing has happened
 *   weft__count_is_alive(c)           a try_incref by the thread that has published would not refuse
 *   weft__count_begin_dying(c)        enters the state in which a finalizer runs: references may come and go
 *   weft__count_end_dying(c)          true: still without references; false: resurrected
 *   weft__count_set_link(c, next)     a dying object waits for its turn: the word holds a pointer (8-byte aligned,
 *   weft__count_take_link(c)          below 2^48) and refuses try_incref; taking it makes the word dead
 *   weft__count_disown(c) / _own(c)   hand-over of the only reference to another thread (see object.h)
 *   weft__count_is_private(c)         the calling thread alone may touch the object's body, up to its next safepoint
 *   weft__count_is_free_to(c, status) the same, and `status`, the thread's status word, says that it is attached and
 *                                     not asked for anything
 *   weft__count_owner(c)              the slot of the thread to which the body is private; NONE or IMMORTAL: shared
 *   weft__count_share(c)              from now on private to nobody; the caller is the owner, at a safepoint, or holds
 *                                     the owner off
 *
 *   weft__count_condemn(c)            garbage that nobody can get at: counts no more, like an immortal object; 0 to the
 *                                     collector
 *   weft__count_bury(c)               of a condemned object, to which nothing refers any more: dead
 *
 * and the constants
 *
 *   WEFT_MODE_NAME                    "gil", "biased", "atomic"
 *   WEFT__HAS_GIL                     1: attaching takes the global lock, so at most one thread is attached
 *   WEFT__HAS_OWNERS                  1: the word names an owner, so a thread has a queue of counts to settle
 *
 * Everywhere else the mode is a plain `if` on one of the two constants, so that all code compiles in every mode.
 */
#ifndef WEFT_MODE_MODE_H
#define WEFT_MODE_MODE_H

#include "../../sync/tls.h"
#include "../config.h"

/* What a thread's `fresh` is for its slot: WEFT__COUNT_FRESH(slot), the word of an object that it has just made. */

/* What weft__count_refs says of an immortal object. */
#define WEFT__IMMORTAL_REFS (INT64_C(1) << 62)

#if WEFT_MODE_GIL
#include "gil.h"
#elif WEFT_MODE_BIASED
#include "biased.h"
#else
#include "atomic.h"
#endif

WEFT_BEGIN_DECLS

/* Whoever counts once reads the thread's slot each time; operations that count several objects read it once. */
static inline void weft__count_incref(weft_count *c) { weft__count_incref_as(c, weft__tls.slot); }
static inline bool weft__count_decref(weft_count *c) { return weft__count_decref_as(c, weft__tls.slot); }
static inline bool weft__count_incref_inline(weft_count *c) { return weft__count_incref_inline_as(c, weft__tls.slot); }
static inline bool weft__count_decref_inline(weft_count *c) { return weft__count_decref_inline_as(c, weft__tls.slot); }

/* Each library defines the stamp of its own mode only, and every translation unit that includes Weft refers to the one
 * it was compiled for: mixing them is an undefined symbol at link time, not a corrupted count at run time. */
#define WEFT__PASTE2(a, b) a##b
#define WEFT__PASTE(a, b)  WEFT__PASTE2(a, b)
#define weft__mode_stamp   WEFT__PASTE(weft_program_and_library_must_both_be_built_for_mode_, WEFT__MODE_TOKEN)
extern WEFT_API const char weft__mode_stamp[];
__attribute__((used)) static const char *const weft__mode_stamp_reference = weft__mode_stamp;

WEFT_END_DECLS
#endif
