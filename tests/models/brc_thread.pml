/* SPDX-License-Identifier: MIT
 *
 * brc_thread.pml: threads that share one object, doing at each step anything that the configuration allows.
 *
 * A thread with references (`mine`) takes and drops them, puts one into a shared variable (`cell`) or takes the one
 * there, and settles what is in its queue.  Up to OPS actions that make work are done per thread; dropping, taking
 * from the cell, settling and leaving are free.  So every run ends, when nothing is left to do, and then the
 * object must be freed (or be immortal, or lie in the cell), and its count must be what is held.
 *
 * The including file says who starts (THREADS, each with one reference, slot 1 the owner of all) and what else happens:
 *   PEEK         threads try_incref the object that they see in the cell, in memory that stays readable
 *   WEAK         a weak reference is made and read
 *   HANDOVER     references are put disowned, and taken over
 *   FINALIZER    the object has one
 *   IMMORTALISE  a holder makes the object immortal
 *   STATUS       threads detach, attach and exit; else they are attached until all is over
 *   NEWCOMERS    with STATUS: threads that start later, in a slot that became vacant
 *   NO_MEMORY    with STATUS: queues cannot grow at times
 *   OTHER_ENTRIES  with STATUS: other objects are queued too
 *
 * Mutants: see the files included here; and
 *   BRC_PUB_LATE  PUB is set after the weak pointer is published
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 3
#endif
#ifndef MINE_MAX
#define MINE_MAX 2
#endif
#ifndef SLOTS
#define SLOTS THREADS
#endif

#include "brc_word.pml"
#ifdef STATUS
#include "thread_status.pml"
#endif
#include "brc_queue.pml"
#include "brc_death.pml"

bool over;                  /* nothing happens any more: attached threads may end */
byte i;

/* What follows from an action's verdict. */
inline conclude()
{
	if
	:: verdict == PUSH -> verdict = NOTHING; push()
	:: else
	fi;
	if
	:: verdict == DIES -> die()
	:: else
	fi
}

inline leave_bracket() { d_step { readers--; ok = false } }

inline put() { atomic { if :: !cell -> cell = true; mine-- :: else fi } }

#ifdef STATUS
#ifdef BRC_DETACH_IGNORES_MERGE
#define MAY_DETACH true
#else
#define MAY_DETACH (!HAS(status[me], MERGE))
#endif

#define VACANCY (STATE(status[1]) == VACANT || (SLOTS >= 2 && STATE(status[2]) == VACANT))
#endif

proctype worker(byte me, n, mine)
{
	byte o, verdict;
	short l, s;
	bool ok;
#ifdef STATUS
	byte t, found;

	if
	:: me == 0 ->
end_no_vacancy:
		VACANCY;
		start_in_slot();
		attach()
	:: else
	fi;
#endif
	do
	:: if
		:: n > 0 && mine > 0 && mine < MINE_MAX -> n--; incref()
		:: mine > 0 -> decref()
		:: atomic { n > 0 && mine > 0 && !cell -> n--; cell = true; mine-- }
		:: atomic { cell && mine < MINE_MAX -> cell = false; mine++ }
#ifdef PEEK
		:: atomic { n > 0 && cell && mine < MINE_MAX -> n--; readers++ };
			try_incref();
			leave_bracket()
#endif
#ifdef WEAK
		:: n > 0 && mine > 0 && !weak -> n--;
#ifdef BRC_PUB_LATE
			weak = true; set_pub()
#else
			set_pub(); weak = true
#endif
		:: atomic { n > 0 && weak && mine < MINE_MAX -> n--; readers++ };
			try_incref();
			leave_bracket()
#endif
#ifdef HANDOVER
		:: n > 0 && mine == 1 && !cell -> n--; disown(); put()
		:: atomic { n > 0 && cell && mine < MINE_MAX -> n--; cell = false; mine++ };
			take_over()
		:: n > 0 && mine > 0 -> n--; take_over()
#endif
#ifdef IMMORTALISE
		:: n > 0 && mine > 0 -> n--; immortalise()
#endif
#ifdef BRC_TAKE_BACK_MERGED
		:: n > 0 && mine > 0 -> n--; take_back_merged()
#endif
#ifdef OTHER_ENTRIES
		:: n > 0 && me != 1 -> n--; push_other(1)
#endif
#ifdef STATUS
		:: HAS(status[me], MERGE) -> drain()
		:: HAS(status[me], STOP) -> park()
		:: atomic { n > 0 && MAY_DETACH -> n--; leave_attached(DETACHED) };
			if :: ok -> count_off() :: else fi;
			attach()
		:: atomic { mine == 0 && MAY_DETACH -> leave_attached(DETACHED) };
			if :: ok -> count_off() :: else fi;
			if
			:: true
			:: vacate()
			fi;
			break
#else
		:: queue[me] -> drain()
		:: over -> break
#endif
		fi;
		conclude()
	od
}

init {
	atomic {
		w_owner = 1;
		i = 1;
		do
		:: i <= THREADS ->
#ifdef STATUS
			slots_used = i;
			status[i] = ATTACHED;
#endif
			w_local++;
			held++;
			run worker(i, OPS, 1);
			i++
		:: else -> break
		od;
#ifdef NEWCOMERS
		run worker(0, OPS, 0);
#endif
		i = 0
	};
	timeout;
	d_step {
		assert(dead || w_owner == IMMORTAL || cell);
		assert(dead || w_owner == IMMORTAL || w_local + w_count == held);
#ifdef OTHER_ENTRIES
		assert(!others[1]);
#endif
		over = true
	}
}
