/* SPDX-License-Identifier: MIT */
/* What is to be done after a grace period; see reclaimer.c. Not in mode gil. */
#ifndef WEFT_SYNC_RECLAIMER_INTERNAL_H
#define WEFT_SYNC_RECLAIMER_INTERNAL_H

#include "lock.h"

struct weft__after_grace {
  struct weft__after_grace *next;
  void (*call)(struct weft__after_grace *);
};

/* Held while calls are made. */
extern weft__lock weft__reclaimer_lock;

/* When all brackets that are open now have ended: call(w), on a thread that is never attached, under the lock, which
 * the caller must not hold. If there is no such thread and none can be made, whoever gives something next tries again.
 */
void weft__after_grace(struct weft__after_grace *w, void (*call)(struct weft__after_grace *));
/* Waits until all calls have been made that were given before, by any thread. False: nobody can make them, see above.
 * May: block; the caller is not attached, and in no bracket. */
bool weft__after_grace_wait(void);

/* The steps of a fork: no grace period begins from here on; nothing is half done; all goes on, but in the child, where
 * no bracket is open, only with the last, which makes all calls that remain to be made. */
void weft__reclaimer_hold_off(void);
void weft__reclaimer_lock_for_fork(void);
void weft__reclaimer_unlock_after_fork(bool in_child);
void weft__reclaimer_begin_in_child(void);

#endif
