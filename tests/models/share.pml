/* SPDX-License-Identifier: MIT
 *
 * share.pml: private until shared (runtime/share.c).
 *
 * Three containers, all in a page of thread 1: the first two are private to thread 1, the third has been handed over to
 * thread 2.  Threads touch any of them.  A thread that finds another one's slot in the count word asks for it to be
 * shared: under the slot's lock it holds a detached owner off, or finds the slot vacant, and takes the slot out of the
 * word itself; else it puts its question into the owner's list, sets REVOKE, and waits, detached in the end.  The owner
 * answers all questions at a safepoint, and before it detaches.  A question may be about the whole page.
 *
 * Threads also work in their own pages (allocate, free), come and go; NEWCOMERS start in a slot that became vacant, and
 * are the owners of what it owns; with STOPS they stop the world and touch containers in it.
 *
 * Claims: whoever found its slot in the word is alone in the body until it is done with it; who found none is never
 * there beside such a thread; nobody walks a page while its thread works in it; every question is answered, no wake-up
 * is lost and nothing deadlocks.
 *
 * Not modelled: counts (see brc.pml: sharing is what merging is there), the lock and the brackets of shared containers
 * (see bracket.pml), and that a question may come to the wrong owner after a second hand-over: the asker looks again.
 * The second look at the owner under the slot's lock only saves work, as in brc_queue.pml.
 *
 * Mutants, and those of thread_status.pml:
 *   SHARE_WITHOUT_HOLD        a detached owner is not held off, only looked at
 *   SHARE_TAKES_SLOT_UNLOCKED a thread starts in a vacant slot without the slot's lock (BRC_TAKE_SLOT_UNLOCKED there)
 *   SHARE_VACANT_WAITS        a question for a vacant slot is put into its list
 *   SHARE_REQUEST_LATE        REVOKE is set when the slot's lock has been released
 *   SHARE_CLEARED_LATE        an answering thread clears REVOKE when it has released the slot's lock
 *   SHARE_DETACH_IGNORES      a thread detaches with REVOKE set
 *   SHARE_ANSWERS_ANYWHERE    an owner answers while it uses a container
 *   SHARE_WAITS_ATTACHED      the asker waits attached, without safepoints
 *   SHARE_WAKES_FIRST         the answer is given when the asker has been woken
 *   SHARE_SLEEPS_BLINDLY      the asker goes to sleep although the answer has come
 *   SHARE_ANSWERED_FIRST      the answer is given before the slot is taken out of the word, and believed
 *   SHARE_WALKS_ANY_PAGE      the page is walked whoever's it is
 *   SHARE_WALKS_ALL           a walk shares containers of other owners, too
 *   SHARE_ASKS_IN_STOP        whoever has stopped the world asks parked owners
 *   SHARE_SHARES_FOR_RUNNING  an attached owner is not asked, its container is just shared
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 2
#endif
#define SLOTS THREADS
#define NOBODY 0

#ifdef SHARE_TAKES_SLOT_UNLOCKED
#define BRC_TAKE_SLOT_UNLOCKED
#endif
#include "thread_status.pml"

#define REVOKE 128
#define CONTAINERS 3
#define PAGES_OWNER 1

byte owner[CONTAINERS];
byte guests[CONTAINERS];         /* threads that use it as a shared one */
byte alone[CONTAINERS];          /* the thread that uses it as its own */
bool at_work[SLOTS + 1];         /* the thread changes its pages */

/* A question: one at a time per asker. */
byte asked_of[SLOTS + 1];        /* in whose list */
byte taken_by[SLOTS + 1];        /* who is about to answer it */
byte asked_for[SLOTS + 1];
bool asked_page[SLOTS + 1];
bool answered[SLOTS + 1];
bool asker_sleeps[SLOTS + 1];

/* --- Sharing: the caller is the owner at a safepoint, or holds it off --- */

inline share_of_page(k)
{
	d_step {
		if
#ifdef SHARE_WALKS_ALL
		:: true -> owner[k] = NOBODY
#else
		:: owner[k] == s -> owner[k] = NOBODY
#endif
		:: else
		fi
	}
}

inline share(x, page)
{
	d_step { s = owner[x]; owner[x] = NOBODY };
	if
#ifdef SHARE_WALKS_ANY_PAGE
	:: page && s != NOBODY ->
#else
	:: page && s != NOBODY && s == PAGES_OWNER ->
#endif
#ifdef REACH_WALK_FOR_ANOTHER
		if :: s != me -> assert(false) :: else fi;
#endif
		assert(!at_work[PAGES_OWNER]);
		share_of_page(0);
		share_of_page(1);
		assert(!at_work[PAGES_OWNER]);
		share_of_page(2);
		assert(!at_work[PAGES_OWNER])
	:: else
	fi;
	s = NOBODY
}

/* --- Answering --- */

inline take_questions(a) { if :: asked_of[a] == me -> asked_of[a] = NOBODY; taken_by[a] = me :: else fi }

inline give_answer(a)
{
#if defined(SHARE_WAKES_FIRST)
	asker_sleeps[a] = false;
	answered[a] = true
#else
	answered[a] = true;
	asker_sleeps[a] = false
#endif
}

inline answer_to(a)
{
	if
	:: taken_by[a] == me ->
		taken_by[a] = NOBODY;
#ifdef SHARE_ANSWERED_FIRST
		give_answer(a);
		share(asked_for[a], asked_page[a])
#else
		share(asked_for[a], asked_page[a]);
		give_answer(a)
#endif
	:: else
	fi
}

inline answer()
{
	lock_slot(me);
	d_step {
		take_questions(1);
		take_questions(2);
#if THREADS > 2
		take_questions(3);
#endif
#ifndef SHARE_CLEARED_LATE
		status[me] = status[me] & ~REVOKE;
#endif
		unlock_slot(me)
	};
#ifdef SHARE_CLEARED_LATE
	status[me] = status[me] & ~REVOKE;
#endif
	answer_to(1);
	answer_to(2);
#if THREADS > 2
	answer_to(3)
#endif
}

/* Leaves ATTACHED when there is nothing to answer. */
#ifdef SHARE_DETACH_IGNORES
#define MAY_DETACH true
#else
#define MAY_DETACH (!HAS(status[me], REVOKE))
#endif
inline detach_answering()
{
	do
	:: HAS(status[me], REVOKE) -> answer()
	:: atomic { MAY_DETACH -> leave_attached(DETACHED) }; break
	od;
	if :: ok -> count_off() :: else fi
}

/* --- Asking --- */

inline wait_for_answer()
{
#ifndef SHARE_WAITS_ATTACHED
	if
	:: answered[me] /* while it spun */
	:: true ->
		detach_answering();
		do
		:: answered[me] -> break
#ifdef SHARE_SLEEPS_BLINDLY
		:: !answered[me] -> asker_sleeps[me] = true;
#else
		:: d_step { !answered[me] -> asker_sleeps[me] = true };
#endif
			!asker_sleeps[me]
		od;
		attach()
	fi
#else
	answered[me]
#endif
}

inline ask(x)
{
	lock_slot(o);
	if
	:: owner[x] != o -> unlock_slot(o)
	:: else ->
#if defined(SHARE_WITHOUT_HOLD)
		d_step {
			if
			:: STATE(status[o]) == VACANT -> found = HOLD_VACANT
			:: STATE(status[o]) == DETACHED -> found = HOLD_HELD
			:: else -> status[o] = status[o] | REVOKE; found = HOLD_REQUESTED
			fi
		};
#elif defined(SHARE_REQUEST_LATE)
		hold_off(o, 0);
#else
		hold_off(o, REVOKE);
#endif
#ifdef REACH_ASKS_PARKED
		if :: found == HOLD_REQUESTED && STATE(status[o]) == PARKED -> assert(false) :: else fi;
#endif
		if
		:: found == HOLD_HELD ->
			share(x, page);
#ifndef SHARE_WITHOUT_HOLD
			let_go(o);
#endif
			unlock_slot(o)
#ifndef SHARE_VACANT_WAITS
		:: found == HOLD_VACANT ->
#ifdef REACH_SHARE_FOR_VACANT
			assert(false);
#endif
			share(x, page);
			unlock_slot(o)
		:: found == HOLD_REQUESTED ->
#else
		:: else ->
#endif
#ifdef SHARE_SHARES_FOR_RUNNING
			share(x, page);
			unlock_slot(o)
#else
			d_step {
				answered[me] = false;
				asked_for[me] = x;
				asked_page[me] = page;
				asked_of[me] = o;
				unlock_slot(o)
			};
#ifdef SHARE_REQUEST_LATE
			status[o] = status[o] | REVOKE;
#endif
			wait_for_answer();
			answered[me] = false;
			d_step { asked_for[me] = 0; asked_page[me] = false };
#ifdef SHARE_ANSWERED_FIRST
			believes = true
#endif
#endif
		fi
	fi;
	found = 0
}

inline revoke(x)
{
	if :: page = false :: page = true fi;
	do
	:: d_step { o = owner[x] };
		if
		:: o == NOBODY || o == me -> break
#ifndef SHARE_ASKS_IN_STOP
		:: world_stopped && o != NOBODY && o != me -> owner[x] = NOBODY
		:: !world_stopped && o != NOBODY && o != me -> ask(x)
#else
		:: else -> ask(x)
#endif
		fi;
#ifdef SHARE_ANSWERED_FIRST
		if :: believes -> o = NOBODY; break :: else fi
#endif
	od;
	page = false
}

/* --- Touching --- */

inline use_alone(x)
{
	d_step { assert(!alone[x] && !guests[x]); alone[x] = me };
#ifdef SHARE_ANSWERS_ANYWHERE
	if :: HAS(status[me], REVOKE) -> answer() :: else fi;
#endif
	d_step { assert(alone[x] == me); alone[x] = NOBODY }
}

inline use_shared(x)
{
	d_step { assert(!alone[x]); guests[x]++ };
	guests[x]--
}

/* What is found out about the owner is believed from then on: it takes a step of its own to use it. */
inline touch(x)
{
	d_step { o = owner[x] };
	if
	:: o == me
	:: o == NOBODY
	:: else ->
#ifdef REACH_ASK_EACH_OTHER
		if
		:: asked_of[me] == NOBODY && asked_of[o] == me && !HAS(status[me], STOP) && !world_stopped -> assert(false)
		:: else
		fi;
#endif
		revoke(x)
	fi;
	if
	:: o == me -> use_alone(x)
	:: else -> use_shared(x)
	fi;
	o = NOBODY
#ifdef SHARE_ANSWERED_FIRST
	;believes = false
#endif
}

inline touch_any()
{
	if
	:: touch(0)
	:: touch(1)
	:: touch(2)
	fi
}

proctype worker(byte me, n)
{
	byte o, s, found, t;
	bool ok, page;
#ifdef SHARE_ANSWERED_FIRST
	bool believes;
#endif

	if
	:: me == 0 ->
end_no_vacancy:
		STATE(status[1]) == VACANT || STATE(status[2]) == VACANT;
		start_in_slot();
		attach()
	:: else
	fi;
	do
	:: HAS(status[me], REVOKE) -> answer()
	:: HAS(status[me], STOP) -> park()
	:: n > 0 && !HAS(status[me], STOP | REVOKE) -> n--; touch_any()
	:: n > 0 && me == PAGES_OWNER && !HAS(status[me], STOP | REVOKE) -> n--; at_work[me] = true; at_work[me] = false
	:: n > 0 -> n--; detach_answering(); attach()
#ifdef STOPS
	:: n > 0 && !HAS(status[me], REVOKE) -> n--; stop_world(); touch_any(); restart_world()
#endif
	:: detach_answering();
		if
		:: true
		:: vacate()
		fi;
		break
	od
}

init {
	atomic {
		do
		:: slots_used < THREADS ->
			slots_used++;
			status[slots_used] = ATTACHED;
			run worker(slots_used, OPS)
		:: else -> break
		od;
#ifdef NEWCOMERS
		run worker(0, OPS);
#endif
		owner[0] = 1;
		owner[1] = 1;
		owner[2] = 2
	}
}
