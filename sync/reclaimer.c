/* SPDX-License-Identifier: MIT */
/*
 * The reclaimer: a thread that waits for grace periods, so that nobody else has to.
 *
 * It works in rounds: takes all that has been given to it, waits for one grace period, makes the calls, and rests for a
 * while, so that the next round is worth it; whoever waits for a round cuts the rest short. With nothing to do it
 * sleeps until it is given something. It is made when there is something to do for the first time, and stays.
 *
 *   Equation: every weft__after_grace that was given and not yet called is in `given` or in `current`.
 *   All that the reclaimer knows is in static variables under the lock, and a call is made in the section in which it
 * is taken off its list. So fork does not ask the thread to pause: it keeps it from beginning a round, waits for the
 * grace period that is under way (grace.c), and takes the lock. The child, in which there is no reclaimer, finds all
 * calls that remain to be made in the lists, and makes them.
 *
 * liburcu's call_rcu has such a thread too, but that has to be paused before a fork, and looks up every 10 ms.
 */
#define _GNU_SOURCE
#include "sync/reclaimer_internal.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include "runtime/runtime_internal.h"
#include "sync/grace_internal.h"

enum { REST_NS = 10000000 };
enum { AWAKE, RESTING, IDLE };

struct list {
  struct weft__after_grace *first, *last; /* `last` is meaningless when there is no first */
};

weft__lock weft__reclaimer_lock;

/* All under the lock. */
static bool exists;                /* the thread; or somebody is making it */
static unsigned making;            /* its maker and itself, while they have not got on with it */
static struct list given, current; /* of the next round; of this one */
static bool wanted;                /* somebody waits for the next round */
static unsigned held_off;          /* forks are under way: no round begins */
static uint32_t begun, ended;      /* rounds */
static uint32_t sleeps;            /* AWAKE, RESTING or IDLE; a futex word */
static uint32_t news;              /* a futex word: a round has ended, a thread has begun or could not be made */

static void lock(void) { weft__lock_acquire(&weft__reclaimer_lock); }
static void unlock(void) { weft__lock_release(&weft__reclaimer_lock); }

static void move_all(struct list *to, struct list *from) {
  if (!from->first) return;
  *(to->first ? &to->last->next : &to->first) = from->first;
  to->last = from->last;
  from->first = NULL;
}

/* --- The thread. It holds the lock, but for when it waits. --- */

static void go_to_sleep(uint32_t how, int64_t timeout_ns) {
  sleeps = how;
  unlock();
  weft__futex_wait(&sleeps, how, timeout_ns);
  lock();
  sleeps = AWAKE;
}

static void make_calls(void) {
  while (current.first) {
    struct weft__after_grace *w = current.first;
    current.first = w->next;
    w->call(w);
    unlock(); /* whoever waits for it gets it now */
    lock();
  }
}

static void tell_news(void) {
  news++;
  unlock();
  weft__futex_wake(&news, INT_MAX);
  lock();
}
static void wait_for_news(void) {
  uint32_t seen = news;
  unlock();
  weft__futex_wait(&news, seen, -1);
  lock();
}

static void do_round(void) {
  begun++;
  wanted = false;
  move_all(&current, &given);
  unlock();
  urcu_bp_synchronize_rcu();
  weft__tsan_acquire(&weft__grace_tag);
  lock();
  make_calls();
  ended++;
  tell_news();
}

static void *reclaim(void *unused) {
  (void)unused;
  lock();
  making--;
  tell_news();
  for (;;) {
    while (held_off || (!given.first && !wanted)) go_to_sleep(IDLE, -1);
    do_round();
    if (!wanted) go_to_sleep(RESTING, REST_NS);
  }
  return NULL;
}

/* Without signals: those are for threads of the program. */
static bool make_thread(void) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool made = weft__native_thread(reclaim, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return made;
}

/* --- For others --- */

static void note_made(bool made) {
  lock();
  exists = made;
  making = made ? making - 1 : 0;
  tell_news();
  unlock();
}

/* Under the lock, which it releases: sees to it that somebody looks at what there is to do. */
static void see_to_it(uint32_t wake_if) {
  bool make = !exists, wake = sleeps >= wake_if;
  exists = true;
  if (make) making = 2;
  if (wake) sleeps = AWAKE;
  unlock();
  if (wake) weft__futex_wake(&sleeps, 1);
  if (make) note_made(make_thread());
}

void weft__after_grace(struct weft__after_grace *w, void (*call)(struct weft__after_grace *)) {
  *w = (struct weft__after_grace){.call = call};
  lock();
  move_all(&given, &(struct list){w, w});
  see_to_it(IDLE);
}

bool weft__after_grace_wait(void) {
  lock();
  uint32_t round = begun + 1; /* the current one may have begun before what was given */
  wanted = true;
  see_to_it(RESTING);
  lock();
  while ((int32_t)(ended - round) < 0 && exists) wait_for_news();
  bool done = (int32_t)(ended - round) >= 0;
  unlock();
  return done;
}

/* --- Fork --- */

void weft__reclaimer_hold_off(void) {
  lock();
  held_off++;
  unlock();
}

/* Whoever makes a thread, and that thread, may hold locks of the C library's or of a sanitizer's. */
void weft__reclaimer_lock_for_fork(void) {
  lock();
  while (making) wait_for_news();
}

void weft__reclaimer_unlock_after_fork(bool in_child) {
  held_off = in_child ? 0 : held_off - 1;
  if (in_child) exists = true; /* not yet, but from here to the end of the fork no thread is made */
  if (given.first || wanted)
    see_to_it(IDLE);
  else
    unlock();
}

/* There is one thread, and no bracket is open: a grace period has passed. */
void weft__reclaimer_begin_in_child(void) {
  lock();
  move_all(&current, &given);
  make_calls();
  begun = ended;
  exists = wanted = false;
  sleeps = AWAKE;
  unlock();
}
