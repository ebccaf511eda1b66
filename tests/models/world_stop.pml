/* SPDX-License-Identifier: MIT
 *
 * world_stop.pml: threads that attach, detach, park, stop the world, hold each other off, start and exit.
 *
 * Each of THREADS threads does up to OPS of: leave and come back, stop and restart the world, hold another
 * slot off for a while; in between it polls, and at any time it may exit or stay detached for good.
 * NEWCOMERS more threads start at any time, in a vacant slot or in a new one.
 *
 * Claims: in a stopped world no other thread is attached; a thread works only while its status says
 * ATTACHED, never while the world is stopped or it is held off; nobody waits without a reason, so whoever
 * waits gets in before the next stop; no wake-up is lost and nothing deadlocks (every process ends).
 *
 * Not modelled: what is done while the world is stopped; a stop by a thread that has no slot; the GIL;
 * fork; fairness.
 *
 * Mutants: see thread_status.pml.
 */

#ifndef THREADS
#define THREADS 3
#endif
#ifndef NEWCOMERS
#define NEWCOMERS 0
#endif
#ifndef OPS
#define OPS 1
#endif
#define SLOTS (THREADS + NEWCOMERS)

#include "thread_status.pml"

/* What an attached thread does all the time. */
inline work()
{
	d_step { assert(STATE(status[me]) == ATTACHED); assert(!world_stopped) }
}

inline hold_off_for_a_while(x)
{
	lock_slot(x);
	hold_off(x, MERGE);
	if
	:: found == HOLD_HELD ->
		assert(STATE(status[x]) != ATTACHED);
#ifdef REACH_STOP_WHILE_HELD
		if :: HAS(status[x], STOP) -> assert(false) :: else fi;
#endif
		let_go(x)
	:: else
	fi;
	found = 0;
	unlock_slot(x)
}

proctype worker(byte me, n)
{
	byte t, found;
	bool ok;

	if
	:: me == 0 -> start_in_slot(); attach(); work()
	:: else
	fi;
	do
	:: HAS(status[me], STOP) -> park(); work()
	:: HAS(status[me], MERGE) -> status[me] = status[me] & ~MERGE
	:: n > 0 -> n--; detach(); attach(); work()
	:: n > 0 -> n--; stop_world(); restart_world(); work()
	:: n > 0 -> n--;
		t = 1;
		do
		:: t <= slots_used && t != me -> hold_off_for_a_while(t); break
		:: t < slots_used -> t++
		:: t == slots_used -> break
		od;
		t = 0;
		work()
	:: detach(); vacate(); break
	:: detach(); break
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
#if NEWCOMERS > 0
		run worker(0, OPS);
#endif
#if NEWCOMERS > 1
		run worker(0, OPS);
#endif
	}
}
