/* SPDX-License-Identifier: MIT
 *
 * brc_queue.pml: how a foreign decref reaches the owner: push, the merge queue of a slot, drain.
 *
 * QUEUED is set by one foreign decref, which leaves its reference to the queue.  From then on exactly one
 * thread is responsible for that reference: the pusher until the entry is in a queue, then whoever drains the
 * queue.  Settling gives it back: QUEUED is cleared and the count goes down by one, in one atomic step.
 *
 * The slot's lock protects its queue, and keeps the slot from changing hands: a vacant slot stays vacant while
 * the lock is held.  Under the lock the pusher holds a detached owner off, or sets MERGE in the status of one
 * that is not; MERGE keeps that thread from detaching before it has drained.  So a detached thread's queue is
 * empty, and an owner whose word somebody else merges is not attached.
 *
 * Deaths (finalizers!) come after the lock and the hold-off are released.
 *
 * With one object a queue has at most one entry of it; OTHER_ENTRIES adds entries of other objects, which are only
 * counted as there or not.  NO_MEMORY lets every append fail: the pusher then stops the world and settles the entry
 * itself.  Without STATUS (see brc_thread.pml) all owners are attached for good.
 *
 * The second look at the owner, under the lock, decides what to do, not whether it is right: since settling swaps the
 * whole word, a stale owner would only mean a detour (an entry for a merged word, a hold-off for nothing).  So its
 * absence is no mutant here.
 *
 * Mutants:
 *   BRC_QUEUE_ON_VACANT      an entry for a vacant slot is queued
 *   BRC_MERGE_WITHOUT_HOLD   a detached owner is merged for, but not held off
 *   BRC_TAKE_SLOT_UNLOCKED   a thread starts in a vacant slot without the slot's lock
 *   BRC_DETACH_IGNORES_MERGE a thread detaches with MERGE set
 *   BRC_REQUEST_AFTER_UNLOCK MERGE is set after the slot's lock is released
 *   BRC_MERGE_CLEARED_LATE   a drain clears MERGE after it has released the slot's lock
 *   BRC_NO_MEMORY_NO_STOP    the pusher that cannot append settles without stopping the world
 */

bool queue[SLOTS + 1];
bool others[SLOTS + 1];     /* OTHER_ENTRIES: the queue has entries of other objects */

#ifndef STATUS
bool slot_lock[SLOTS + 1];
inline lock_slot(x)   { atomic { !slot_lock[x] -> slot_lock[x] = true } }
inline unlock_slot(x) { slot_lock[x] = false }
#endif

#define UNOWNED(x) ((x) == NOBODY || (x) == IMMORTAL)

/* The object is QUEUED by us: see that its entry is settled. */
inline push()
{
	do
	:: d_step { touch(); o = w_owner };
		if
		:: UNOWNED(o) ->
#ifdef REACH_MERGED_BEFORE_PUSH
			assert(false);
#endif
			d_step { assert(UNOWNED(w_owner)); settle() };
			break
		:: else ->
			lock_slot(o);
			if
			:: w_owner != o ->
#ifdef REACH_OWNER_LEFT_BEFORE_LOCK
				assert(false);
#endif
				unlock_slot(o)
			:: else -> deliver(); break
			fi
		fi
	od;
	forget()
}

inline append_and_unlock()
{
	d_step {
		assert(!queue[o]);
#if defined(STATUS) && !defined(BRC_QUEUE_ON_VACANT) && !defined(BRC_REQUEST_AFTER_UNLOCK)
		assert(STATE(status[o]) != VACANT && STATE(status[o]) != DETACHED);
#endif
		queue[o] = true;
		unlock_slot(o)
	}
}

#ifndef STATUS
inline deliver() { append_and_unlock() }
#else

inline deliver()
{
	if
	:: true -> hold_off_and_deliver()
#ifdef NO_MEMORY
	:: unlock_slot(o); settle_in_stopped_world()
#endif
	fi
}

/* A detached owner is held off and merged for, a vacant slot is merged for; else the entry is queued. */
inline hold_off_and_deliver()
{
#ifdef BRC_REQUEST_AFTER_UNLOCK
	hold_off(o, 0);
#else
	hold_off(o, MERGE);
#endif
#ifdef BRC_MERGE_WITHOUT_HOLD
	if :: found == HOLD_HELD -> status[o] = status[o] & ~HELD :: else fi;
#endif
	if
#ifdef BRC_QUEUE_ON_VACANT
	:: found == HOLD_VACANT -> append_and_unlock()
#else
	:: found == HOLD_VACANT ->
		d_step {
#ifdef REACH_MERGE_FOR_VACANT
			if :: !UNOWNED(w_owner) -> assert(false) :: else fi;
#endif
			settle()
		};
		unlock_slot(o)
#endif
	:: found == HOLD_HELD ->
		d_step {
#ifdef REACH_MERGE_FOR_DETACHED
			if :: !UNOWNED(w_owner) -> assert(false) :: else fi;
#endif
			settle()
		};
		let_go(o);
		unlock_slot(o)
	:: found == HOLD_REQUESTED -> append_and_unlock();
#ifdef BRC_REQUEST_AFTER_UNLOCK
		status[o] = status[o] | MERGE
#endif
	fi;
	found = 0
}

inline settle_in_stopped_world()
{
#ifdef BRC_NO_MEMORY_NO_STOP
	d_step { settle() }
#else
	forget();
	stop_world();
	d_step {
#ifdef REACH_MERGE_IN_STOPPED_WORLD
		if :: !UNOWNED(w_owner) -> assert(false) :: else fi;
#endif
		settle()
	};
	restart_world()
#endif
}

/* Another object goes the same way to slot x. */
inline push_other(x)
{
	lock_slot(x);
	hold_off(x, MERGE);
	if
	:: found == HOLD_REQUESTED -> others[x] = true
	:: found == HOLD_HELD -> let_go(x)
	:: else
	fi;
	found = 0;
	unlock_slot(x)
}
#endif

/* The owner takes its queue, and settles the entry. */
inline drain()
{
	lock_slot(me);
	d_step {
		ok = queue[me];
		queue[me] = false;
#ifdef OTHER_ENTRIES
		others[me] = false;
#endif
#if defined(STATUS) && !defined(BRC_MERGE_CLEARED_LATE)
		status[me] = status[me] & ~MERGE;
#endif
		unlock_slot(me)
	};
#if defined(STATUS) && defined(BRC_MERGE_CLEARED_LATE)
	status[me] = status[me] & ~MERGE;
#endif
	if
	:: ok -> d_step {
#ifdef REACH_DRAIN_MERGED_MEANWHILE
		if :: w_owner != me -> assert(false) :: else fi;
#endif
		assert(UNOWNED(w_owner) || w_owner == me);
		settle();
		ok = false }
	:: else
	fi
}
