/* SPDX-License-Identifier: MIT
 *
 * thread_status.pml: the one atomic status word of each thread slot: start, attach, detach, park, hold-off,
 * exit, and the stopped world.
 *
 * A status is a state (VACANT, DETACHED, ATTACHED, PARKED, WAITING) and bits: STOP and HELD keep a thread
 * away, MERGE asks it to drain its queue, SLEEPS says that it has to be woken.  Only a thread itself leaves
 * ATTACHED.  It enters ATTACHED itself when nothing keeps it away; otherwise it is WAITING (or PARKED, if it
 * stopped at a safepoint), and whoever takes away the last of STOP and HELD makes it ATTACHED.  It is then
 * in, before the next stop can begin, even if it has not yet run.
 *
 *     VACANT <--start, vacate--> DETACHED --attach--> ATTACHED --safepoint, STOP--> PARKED
 *                                 |   ^                 | ^                           |
 *                                 |   '---- detach -----' |                           |
 *                                 '-attach, STOP or HELD-> WAITING                    |
 *                                                          '--restart, HELD cleared --'--> ATTACHED
 *
 * STOP is set on every slot that exists, vacant ones too, so a thread that starts during a stop inherits
 * it; a slot made during a stop gets it from `stopping`.  Both under the registry's lock.
 *
 * Abstractions.  A compare-and-swap loop on a status is one atomic step, and so is taking a lock.  Locks of
 * slots and of the registry are spun on while attached: whoever has one never waits for a safepoint.  A futex
 * wait is one step that goes to sleep if the word has not changed, and one that blocks until somebody wakes
 * it; a wake is a step after the change that it reports.  So a lost wake-up is a deadlock, which is an error.
 *
 * Mutants:
 *   STATUS_STOP_READS_FIRST    the stopper reads the state, then sets STOP
 *   STATUS_COUNTS_DETACHED     the stopper waits for detached threads too
 *   STATUS_DETACH_KEEPS_COUNT  a detach with STOP set does not count itself off
 *   STATUS_PARK_COUNTS_EARLY   a parking thread counts itself off before it leaves ATTACHED
 *   STATUS_ATTACH_IGNORES_STOP attach looks at HELD alone
 *   STATUS_ATTACH_IGNORES_HELD attach looks at STOP alone
 *   STATUS_RESTART_FORGETS_WAITING  the restart lets parked threads in alone
 *   STATUS_RESTART_IGNORES_HELD     the restart lets a thread in that is held off
 *   STATUS_UNHOLD_NO_WAKE      clearing HELD attaches the waiting thread but does not wake it
 *   STATUS_UNHOLD_NO_ATTACH    clearing HELD leaves a waiting thread as it is
 *   STATUS_UNHOLD_IGNORES_STOP clearing HELD attaches a waiting thread although STOP is set
 *   STATUS_SLEEPS_UNMARKED     a thread sleeps without having set SLEEPS
 *   STATUS_STOPPER_UNMARKED    the stopper says that it sleeps after it has looked at `pending`
 *   STATUS_WORLD_LOCK_ATTACHED a second stopper waits for the world lock without detaching
 *   STATUS_START_DROPS_STOP    a thread that starts in a vacant slot clears its bits
 *   STATUS_NEW_SLOT_DROPS_STOP a slot made during a stop does not get STOP
 */

#define VACANT   0
#define DETACHED 1
#define ATTACHED 2
#define PARKED   3
#define WAITING  4
#define STOP     8
#define HELD     16
#define MERGE    32
#define SLEEPS   64

#define STATE(x)        ((x) & 7)
#define AS(x, state)    (((x) & ~7) | (state))
#define HAS(x, bits)    (((x) & (bits)) != 0)

byte status[SLOTS + 1];
bool asleep[SLOTS + 1];     /* in a futex wait on the status                                      */
bool slot_lock[SLOTS + 1];
bool registry_lock;
byte slots_used;            /* slots that exist                                                   */
bool stopping;              /* a slot made now starts with STOP                                   */
bool world_lock;
byte pending;               /* attached threads the stopper waits for, and itself while it counts */
bool stopper_sleeps;        /* the stopper has to be woken                                        */
bool stopper_asleep;        /* in a futex wait on `pending`                                       */
bool world_stopped;

inline lock_slot(x)      { atomic { !slot_lock[x] -> slot_lock[x] = true } }
inline unlock_slot(x)    { slot_lock[x] = false }
inline lock_registry()   { atomic { !registry_lock -> registry_lock = true } }
inline unlock_registry() { registry_lock = false }

/* --- Attach --- */

#ifdef STATUS_ATTACH_IGNORES_STOP
#define KEPT_AWAY(x) HAS(x, HELD)
#elif defined(STATUS_ATTACH_IGNORES_HELD)
#define KEPT_AWAY(x) HAS(x, STOP)
#else
#define KEPT_AWAY(x) HAS(x, STOP | HELD)
#endif

inline attach()
{
	d_step {
		assert(STATE(status[me]) == DETACHED);
		if
		:: KEPT_AWAY(status[me]) ->
#ifdef REACH_WAIT_WHILE_HELD
			if :: HAS(status[me], HELD) -> assert(false) :: else fi;
#endif
			status[me] = AS(status[me], WAITING)
		:: else -> status[me] = AS(status[me], ATTACHED)
		fi
	};
	wait_until_attached()
}

inline wait_until_attached()
{
	do
	:: STATE(status[me]) == ATTACHED -> break
#ifndef STATUS_SLEEPS_UNMARKED
	:: d_step { STATE(status[me]) != ATTACHED && !HAS(status[me], SLEEPS) -> status[me] = status[me] | SLEEPS }
	:: d_step { STATE(status[me]) != ATTACHED && HAS(status[me], SLEEPS) -> asleep[me] = true };
	   !asleep[me]
#else
	:: d_step { STATE(status[me]) != ATTACHED -> asleep[me] = true };
	   !asleep[me]
#endif
	od
}

/* --- Detach and park --- */

/* Leaves ATTACHED; `ok` says whether STOP is set. */
inline leave_attached(state)
{
	d_step {
		assert(STATE(status[me]) == ATTACHED);
		status[me] = AS(status[me], state);
		ok = HAS(status[me], STOP)
	}
}

/* A thread that left ATTACHED with STOP set counts itself off. */
inline count_off()
{
	d_step { assert(pending > 0); pending--; ok = (pending == 0) };
	if
	:: ok && stopper_sleeps -> d_step { stopper_asleep = false; ok = false }
	:: else -> ok = false
	fi
}

/* The caller has seen to MERGE. */
inline detach()
{
	leave_attached(DETACHED);
	if
#ifndef STATUS_DETACH_KEEPS_COUNT
	:: ok -> count_off()
#endif
	:: else -> ok = false
	fi
}

/* The safepoint of a thread that has seen STOP. */
inline park()
{
#ifdef STATUS_PARK_COUNTS_EARLY
	count_off();
	leave_attached(PARKED);
	ok = false;
#else
	leave_attached(PARKED);
	assert(ok);
	count_off();
#endif
	wait_until_attached()
}

/* --- Clearing a mark --- */

#define AWAY(x) (STATE(status[x]) == WAITING || STATE(status[x]) == PARKED)

#ifdef STATUS_RESTART_FORGETS_WAITING
#define ADMITS(x, mark) (STATE(status[x]) == (mark == STOP -> PARKED : WAITING) && !HAS(status[x], STOP | HELD))
#elif defined(STATUS_RESTART_IGNORES_HELD)
#define ADMITS(x, mark) (AWAY(x) && (mark == STOP || !HAS(status[x], STOP)))
#elif defined(STATUS_UNHOLD_NO_ATTACH)
#define ADMITS(x, mark) (mark == STOP && AWAY(x) && !HAS(status[x], STOP | HELD))
#elif defined(STATUS_UNHOLD_IGNORES_STOP)
#define ADMITS(x, mark) (AWAY(x) && !HAS(status[x], HELD))
#else
#define ADMITS(x, mark) (AWAY(x) && !HAS(status[x], STOP | HELD))
#endif

#ifdef STATUS_UNHOLD_NO_WAKE
#define WAKES(x, mark) (mark == STOP && HAS(status[x], SLEEPS))
#else
#define WAKES(x, mark) HAS(status[x], SLEEPS)
#endif

/* Clears STOP or HELD.  Whoever takes away the last obstacle attaches the thread, and wakes it if it sleeps. */
inline clear_mark(x, mark)
{
	d_step {
		status[x] = status[x] & ~mark;
		if
		:: ADMITS(x, mark) ->
			ok = WAKES(x, mark);
			status[x] = AS(status[x], ATTACHED) & ~SLEEPS
		:: else -> ok = false
		fi
	};
	if
	:: ok -> d_step { asleep[x] = false; ok = false }
	:: else
	fi
}

/* --- Hold-off: the caller has the slot's lock --- */

#define HOLD_VACANT    0
#define HOLD_HELD      1
#define HOLD_REQUESTED 2

/* Keeps the thread of slot x away, or asks it for `request`; `found` says which. */
inline hold_off(x, request)
{
	d_step {
		if
		:: STATE(status[x]) == VACANT -> found = HOLD_VACANT
		:: STATE(status[x]) == DETACHED -> status[x] = status[x] | HELD; found = HOLD_HELD
		:: else -> status[x] = status[x] | request; found = HOLD_REQUESTED
		fi
	}
}

inline let_go(x) { clear_mark(x, HELD) }

/* --- Start and exit --- */

/* Takes a vacant slot or makes a new one: `me`, DETACHED. */
inline start_in_slot()
{
	lock_registry();
	d_step {
		me = 1;
		do
		:: me <= slots_used && STATE(status[me]) != VACANT -> me++
		:: else -> break
		od;
		if
		:: me > slots_used ->
			slots_used = me;
#ifndef STATUS_NEW_SLOT_DROPS_STOP
			status[me] = VACANT | (stopping -> STOP : 0)
#endif
		:: else
		fi
	};
#ifdef BRC_TAKE_SLOT_UNLOCKED
	status[me] = AS(status[me], DETACHED);
#else
	lock_slot(me);
#ifdef STATUS_START_DROPS_STOP
	status[me] = DETACHED;
#else
	status[me] = AS(status[me], DETACHED);
#endif
	unlock_slot(me);
#endif
	unlock_registry()
}

/* The end of a thread that has detached. */
inline vacate()
{
	lock_registry();
	lock_slot(me);
	status[me] = AS(status[me], VACANT);
	unlock_slot(me);
	unlock_registry()
}

/* --- The stopped world --- */

/* A thread that finds the world lock taken waits for it detached. */
inline take_world_lock()
{
	if
	:: atomic { !world_lock -> world_lock = true }
	:: world_lock ->
#ifdef REACH_SECOND_STOPPER
		assert(false);
#endif
#ifdef STATUS_WORLD_LOCK_ATTACHED
		atomic { !world_lock -> world_lock = true }
#else
		detach();
		atomic { !world_lock -> world_lock = true };
		attach()
#endif
	fi
}

inline ask_to_stop(x)
{
#ifdef STATUS_STOP_READS_FIRST
	ok = (STATE(status[x]) == ATTACHED);
	status[x] = status[x] | STOP;
#elif defined(STATUS_COUNTS_DETACHED)
	d_step { ok = (STATE(status[x]) != VACANT); status[x] = status[x] | STOP };
#else
	d_step { ok = (STATE(status[x]) == ATTACHED); status[x] = status[x] | STOP };
#endif
	if
	:: ok -> d_step { pending++; ok = false }
	:: else
	fi
}

inline wait_for_arrivals()
{
#ifdef STATUS_STOPPER_UNMARKED
	do
	:: pending == 0 -> break
	:: pending != 0 ->
		stopper_sleeps = true;
		stopper_asleep = true;
		!stopper_asleep
	od;
#else
	stopper_sleeps = true;
	do
	:: pending == 0 -> break
	:: d_step { pending != 0 -> stopper_asleep = true };
	   !stopper_asleep
	od;
#endif
	stopper_sleeps = false
}

inline stop_world()
{
	take_world_lock();
	pending = 1;
	lock_registry();
	d_step { stopping = true; t = 1 };
	do
	:: t <= slots_used && t != me -> ask_to_stop(t); t++
	:: t <= slots_used && t == me -> t++
	:: t > slots_used -> d_step { t = 0; unlock_registry() }; break
	od;
	count_off();
	wait_for_arrivals();
	world_stopped = true;
	check_stopped()
}

inline restart_world()
{
	world_stopped = false;
	lock_registry();
	d_step { stopping = false; t = 1 };
	do
	:: t <= slots_used && t != me -> clear_mark(t, STOP); t++
	:: t <= slots_used && t == me -> t++
	:: t > slots_used -> d_step { t = 0; unlock_registry() }; break
	od;
	world_lock = false
}

/* In a stopped world nobody else is attached; and nobody waits for nothing. */
inline check_stopped()
{
	d_step {
		t = 1;
		do
		:: t <= slots_used ->
			assert(t == me || STATE(status[t]) != ATTACHED);
			assert(STATE(status[t]) != WAITING || HAS(status[t], STOP | HELD));
			t++
		:: else -> break
		od;
		t = 0
	}
}
