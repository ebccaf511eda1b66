/* SPDX-License-Identifier: MIT
 *
 * bracket.pml: what a bracket sees stays (sync/grace.c).
 *
 * A shared container has one slot, which holds a reference to an item or nothing.  Threads replace what is in it, pop
 * it, and read it: in a bracket, counting what they return without asking, or only looking, for as long as the bracket
 * is open.  What the slot lets go of collects in the thread's batch.  A batch is sent to the reclaimer, which calls back
 * when all brackets have ended that were open: it marks the batch READY, and sets RELEASE in the status of the
 * thread that sent it, if that is there.  The thread drops the references at a safepoint.  A thread that ends hands its
 * batches over to all.  Who has too much waiting, or no memory for a batch, waits for a grace period, detached, and
 * drops what it sent before the callbacks have come; then only the batch's memory waits for those.
 *
 * Thread 1 ends the runtime, at any time (ANYTIME), or when nothing else happens any more: in a stopped world without an
 * open bracket it takes over all batches and drops what is in them; then it stops the world for good, gives up the
 * batches whose callbacks have not come, and frees the threads' states.
 *
 * With PRIVATE the container is the one thread's own, which lets go at once, except in a bracket.
 *
 * Claims: an item is freed once, when its last reference is dropped, and never while a bracket has it in view; a batch's
 * memory is freed once, after its callback's last access; no callback looks at a state that is freed; when nothing
 * happens any more, nothing is waiting that could be released; after the end no reference is left in a batch, unless
 * somebody was in a bracket, or ran on and deferred more.
 *
 * Abstractions.  A grace period is a set of open brackets that has to become empty.  The stopped world is a step that
 * waits until all others are at a safepoint or not attached (see world_stop.pml).  An attach that the callback's look at
 * the status word misses comes after it, so that there are no stale values: the code makes it a modification even when
 * it changes nothing.
 *
 * Mutants:
 *   BRACKET_RELEASES_AT_ONCE   the container drops what it lets go of at once
 *   BRACKET_OWN_AT_ONCE        (PRIVATE) a thread lets go at once in its own bracket, too
 *   BRACKET_LOADS_FIRST        a reader loads the slot, then opens the bracket
 *   BRACKET_COUNTS_LATE        a reader counts the item when it has closed the bracket
 *   BRACKET_POP_MOVES          pop gives the container's own reference to the caller
 *   BRACKET_DEATH_AT_ONCE      a container whose last reference is dropped in a bracket lets go at once
 *   BRACKET_DROPS_CONTAINER    a reader drops its reference to the container, not the last one, while it looks
 *   GRACE_TELLS_FIRST          the callback tells the thread, then marks the batch
 *   GRACE_LOOKS_FIRST          an attaching thread looks at its batches before it is attached
 *   GRACE_ATTACHES_BLINDLY     an attaching thread does not look at its batches
 *   GRACE_CLEARED_LATE         RELEASE is cleared after the batches have been looked at
 *   GRACE_DETACH_KEEPS         a thread does not send what it has collected before it detaches
 *   GRACE_EXIT_KEEPS           a thread that ends keeps its batches
 *   GRACE_EXIT_TELLS_NOBODY    a batch that became READY before it was handed over is announced to nobody
 *   GRACE_EXIT_TO_ITSELF       handed over, a batch is still the dead thread's to be told of
 *   GRACE_FREES_EARLY          a batch that was released before its callback is freed at once
 *   GRACE_WAITS_IN_BRACKET     a thread waits for a grace period in its own bracket
 *   GRACE_SETTLES_IN_BRACKET   the end of the runtime does not mind open brackets
 *   GRACE_SETTLES_RELEASING    the end of the runtime takes a batch that another thread is in the middle of
 *   GRACE_ABANDONS_FREE        the end of the runtime frees batches whose callbacks have not come
 *   GRACE_STATES_FIRST         the states are freed before the batches are given up
 *   GRACE_CALLBACK_UNLOCKED    the callback does not hold the lock between marking and telling
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 2
#endif
#ifndef BATCHES
#define BATCHES 2
#endif
#define ITEMS 2
#define RCU 0                  /* among those who wait for grace periods */

/* --- Items --- */

byte slot;                     /* an item from 1 on; 0: empty */
byte refs[ITEMS + 1];
byte in_view[ITEMS + 1];       /* brackets that have it in view */
bool freed[ITEMS + 1];
byte container_refs;

inline drop(i)
{
	d_step {
		assert(!freed[i] && refs[i] > 0);
		refs[i]--;
		if
		:: refs[i] == 0 -> assert(!in_view[i]); freed[i] = true
		:: else
		fi
	}
}

/* --- Brackets and grace periods --- */

bool open[THREADS + 1];
byte waits_for[THREADS + 1];   /* sets of threads: whose brackets have yet to end */

#define BIT(x) (1 << (x))

#if THREADS == 1
#define OPEN (open[1] << 1)
#elif THREADS == 2
#define OPEN (open[1] << 1 | open[2] << 2)
#else
#define OPEN (open[1] << 1 | open[2] << 2 | open[3] << 3)
#endif

inline begin_bracket() { open[me] = true }
inline end_bracket()
{
	d_step {
		open[me] = false;
		waits_for[RCU] = waits_for[RCU] & ~BIT(me);
		waits_for[1] = waits_for[1] & ~BIT(me);
#if THREADS > 1
		waits_for[2] = waits_for[2] & ~BIT(me);
#endif
#if THREADS > 2
		waits_for[3] = waits_for[3] & ~BIT(me)
#endif
	}
}

/* --- Batches --- */

mtype = { NONE, FILLING, PENDING, READY, ABANDONED };
#define ORPHANS 7
#define TAKEN   8              /* + the thread: in no list any more */

mtype state[BATCHES] = NONE;   /* NONE: no such memory */
byte holder[BATCHES];
byte to[BATCHES];
bool sent[BATCHES];            /* the reclaimer has it, and has not begun a grace period for it */
bool in_grace[BATCHES];
byte ones[BATCHES], twos[BATCHES]; /* references to items 1 and 2 */

bool grace_lock;               /* weft__reclaimer_lock */
inline lock_grace()   { atomic { !grace_lock -> grace_lock = true } }
inline unlock_grace() { grace_lock = false }

/* --- Threads --- */

#define VACANT   0
#define DETACHED 1
#define ATTACHED 2
byte status[THREADS + 1];
bool release_bit[THREADS + 1];
bool safe[THREADS + 1];        /* attached, at a safepoint */
bool releasing[THREADS + 1];
bool over;                     /* thread 1 may end the runtime */
bool ended;                    /* it has: whoever is not running stays so */
bool states_freed;
bool settled;                  /* it has taken over all batches; others may run on, and defer */
bool cut_short;                /* somebody was in a bracket then, or in the middle of a batch, or deferred later */

#define STOPPABLE(x) (status[x] != ATTACHED || safe[x])
#if THREADS == 1
#define WORLD_STOPS true
#define IN_BRACKET  open[1]
#elif THREADS == 2
#define WORLD_STOPS STOPPABLE(2)
#define IN_BRACKET  (open[1] || open[2])
#else
#define WORLD_STOPS (STOPPABLE(2) && STOPPABLE(3))
#define IN_BRACKET  (open[1] || open[2] || open[3])
#endif

inline tell(x)
{
	d_step {
		assert(!states_freed);
		if
		:: status[x] == ATTACHED -> release_bit[x] = true
		:: else
		fi
	}
}

/* --- The reclaimer --- */

inline start_grace(x) { if :: sent[x] -> sent[x] = false; in_grace[x] = true :: else fi }

inline call_back(x)
{
	if
	:: in_grace[x] ->
#ifndef GRACE_CALLBACK_UNLOCKED
		lock_grace();
#endif
#ifdef GRACE_TELLS_FIRST
		if :: state[x] == PENDING -> tell(to[x]) :: else fi;
#endif
		d_step {
			assert(state[x] == PENDING || state[x] == ABANDONED);
			in_grace[x] = false;
			t = 0;
			if
			:: state[x] == PENDING -> state[x] = READY; t = to[x]
			:: else
			fi
		};
#ifndef GRACE_TELLS_FIRST
		if :: t != 0 -> tell(t) :: else fi;
#endif
#ifndef GRACE_CALLBACK_UNLOCKED
		unlock_grace();
#endif
#ifdef REACH_CALLBACK_OF_ABANDONED
		if :: t == 0 -> assert(false) :: else fi;
#endif
		if
		:: t == 0 -> d_step { assert(state[x] == ABANDONED); state[x] = NONE }
		:: else -> t = 0
		fi
	:: else
	fi
}

#if BATCHES == 1
#define EACH_BATCH(f) f(0)
#define ANY_SENT sent[0]
#define FREE_BATCH (state[0] == NONE)
#elif BATCHES == 2
#define EACH_BATCH(f) f(0); f(1)
#define ANY_SENT (sent[0] || sent[1])
#define FREE_BATCH (state[0] == NONE || state[1] == NONE)
#else
#define EACH_BATCH(f) f(0); f(1); f(2)
#define ANY_SENT (sent[0] || sent[1] || sent[2])
#define FREE_BATCH (state[0] == NONE || state[1] == NONE || state[2] == NONE)
#endif

proctype reclaimer()
{
	byte t;

end:
	do
	:: atomic { ANY_SENT -> d_step { EACH_BATCH(start_grace); waits_for[RCU] = OPEN } };
		waits_for[RCU] == 0;
		EACH_BATCH(call_back)
	od
}

/* --- Deferring --- */

/* The thread's batch that is being filled, or a new one; 9: no memory. */
inline look_for_filling(x) { if :: state[x] == FILLING && holder[x] == me -> b = x :: else fi }
inline look_for_memory(x)  { if :: b == 9 && state[x] == NONE -> b = x :: else fi }

inline batch_with_room()
{
	d_step {
		b = 9;
		EACH_BATCH(look_for_filling);
		if
		:: b == 9 ->
			EACH_BATCH(look_for_memory);
			if :: b != 9 -> state[b] = FILLING; holder[b] = me :: else fi
		:: else
		fi
	}
}

inline send_it(x)
{
	if
	:: state[x] == FILLING && holder[x] == me -> state[x] = PENDING; to[x] = me; sent[x] = true
	:: else
	fi
}
inline send() { d_step { EACH_BATCH(send_it) } }

inline defer(i)
{
	batch_with_room();
	if
	:: b != 9 ->
		d_step {
			assert(state[b] == FILLING);
			if :: i == 1 -> ones[b]++ :: else -> twos[b]++ fi;
			if :: settled && me != 1 -> cut_short = true :: else fi;
			b = 0
		}
	:: b == 9 && open[me] ->
#ifdef REACH_NO_MEMORY_IN_BRACKET
		assert(false);
#endif
		b = 0 /* a reference that is never dropped */
	:: b == 9 && !open[me] ->
		b = 0;
		wait_for_grace_period();
		drop(i)
	fi
}

inline let_go(i)
{
#if defined(BRACKET_RELEASES_AT_ONCE) || defined(BRACKET_OWN_AT_ONCE)
	drop(i)
#elif defined(PRIVATE)
	if
	:: open[me] -> defer(i)
	:: else -> drop(i)
	fi
#else
	defer(i)
#endif
}

/* --- Releasing --- */

/* Drops what is in the batch.  A finalizer may meet a safepoint.  The batch's memory is looked at to the end. */
inline drop_all(x)
{
	d_step { n1 = ones[x]; n2 = twos[x]; ones[x] = 0; twos[x] = 0 };
	do
	:: n1 > 0 -> n1--; drop(1)
	:: n2 > 0 -> n2--; drop(2)
	:: n1 + n2 > 0 -> safe[me] = true; atomic { if :: !ended -> safe[me] = false :: ended -> goto lost fi }
	:: n1 + n2 == 0 -> break
	od;
	assert(state[x] != NONE)
}

inline free_batch(x)
{
	d_step {
		assert(state[x] != NONE && !sent[x] && !in_grace[x] && ones[x] + twos[x] == 0);
		state[x] = NONE;
		holder[x] = 0;
		to[x] = 0
	}
}

inline release_mine(x)
{
	if
	:: holder[x] == me && state[x] == READY ->
		holder[x] = TAKEN + me;
		drop_all(x);
		free_batch(x)
	:: else
	fi
}
inline take_orphan(x) { if :: holder[x] == ORPHANS && state[x] == READY -> holder[x] = TAKEN + me :: else fi }
inline release_taken(x)
{
	if
	:: holder[x] == TAKEN + me ->
#ifdef REACH_RELEASES_FOR_THE_DEAD
		assert(false);
#endif
		drop_all(x);
		free_batch(x)
	:: else
	fi
}

inline release()
{
#ifndef GRACE_CLEARED_LATE
	release_bit[me] = false;
#endif
	releasing[me] = true;
	EACH_BATCH(release_mine);
	releasing[me] = false;
	lock_grace();
	d_step { EACH_BATCH(take_orphan); unlock_grace() };
	EACH_BATCH(release_taken);
#ifdef GRACE_CLEARED_LATE
	release_bit[me] = false
#endif
}

/* --- Attach and detach --- */

inline look(x)
{
	if
	:: holder[x] == me && state[x] == READY -> release_bit[me] = true
	:: holder[x] == ORPHANS -> release_bit[me] = true
	:: else
	fi
}
inline look_at_batches() { EACH_BATCH(look) }

/* A thread that is lost does not come back. */
inline attach()
{
#ifdef GRACE_LOOKS_FIRST
	look_at_batches();
#endif
	atomic { if :: !ended -> status[me] = ATTACHED :: ended -> goto lost fi };
#if !defined(GRACE_ATTACHES_BLINDLY) && !defined(GRACE_LOOKS_FIRST)
	look_at_batches()
#endif
}

inline detach()
{
	do
	:: release_bit[me] -> release()
	:: atomic { !release_bit[me] ->
#ifndef GRACE_DETACH_KEEPS
			send();
#endif
			status[me] = DETACHED };
		break
	od
}

/* --- Waiting --- */

inline note_passed(x)    { if :: holder[x] == me -> passed = passed | BIT(x) :: else fi }
inline release_passed(x)
{
	if
	:: (passed & BIT(x)) && holder[x] == me ->
#ifdef REACH_RELEASED_BEFORE_CALLBACK
		if :: state[x] == PENDING && ones[x] + twos[x] > 0 -> assert(false) :: else fi;
#endif
#ifndef GRACE_FREES_EARLY
		drop_all(x)
#else
		drop_all(x);
		d_step { state[x] = NONE; holder[x] = 0 }
#endif
	:: else
	fi
}

inline wait_for_grace_period()
{
#ifndef GRACE_WAITS_IN_BRACKET
	assert(!open[me]);
#endif
	send();
	d_step { passed = 0; EACH_BATCH(note_passed) };
	detach();
	waits_for[me] = OPEN;
	waits_for[me] == 0;
	attach();
	releasing[me] = true;
	EACH_BATCH(release_passed);
	passed = 0;
	EACH_BATCH(release_mine);
	releasing[me] = false
}

/* --- The container --- */

inline replace()
{
	d_step { x = slot; slot = mine; mine = 0 };
	if
	:: x != 0 -> let_go(x)
	:: else
	fi;
	x = 0
}

inline pop()
{
	d_step {
		x = slot;
		slot = 0;
#ifndef BRACKET_POP_MOVES
		if :: x != 0 -> refs[x]++ :: else fi
#endif
	};
	if
	:: x != 0 ->
#ifndef BRACKET_POP_MOVES
		let_go(x);
#endif
		keep_or_drop()
	:: else
	fi;
	x = 0
}

/* The caller's reference to x. */
inline keep_or_drop()
{
	if
	:: mine == 0 -> mine = x
	:: drop(x)
	fi
}

inline load() { d_step { x = slot; if :: x != 0 -> assert(!freed[x]); in_view[x]++ :: else fi } }
inline lose_view() { if :: seen != 0 -> d_step { in_view[seen]--; seen = 0 } :: else fi }

/* A counted read. */
inline get()
{
#ifdef BRACKET_LOADS_FIRST
	d_step { x = slot };
	begin_bracket();
	d_step { if :: x != 0 -> assert(!freed[x]); in_view[x]++ :: else fi };
#else
	begin_bracket();
	load();
#endif
#ifdef BRACKET_COUNTS_LATE
	if :: x != 0 -> in_view[x]-- :: else fi;
	end_bracket();
	if :: x != 0 -> d_step { assert(!freed[x]); refs[x]++ } :: else fi;
#else
	if :: x != 0 -> d_step { assert(!freed[x]); refs[x]++; in_view[x]-- } :: else fi;
	end_bracket();
#endif
	if
	:: x != 0 -> keep_or_drop()
	:: else
	fi;
	x = 0
}

/* The caller's reference to the container; the last one lets go of what is in it. */
inline drop_container()
{
	has_container = false;
	d_step { container_refs--; last = (container_refs == 0) };
	if
	:: last ->
		d_step { x = slot; slot = 0 };
		if
#ifndef BRACKET_DEATH_AT_ONCE
		:: x != 0 && open[me] -> defer(x)
		:: x != 0 && !open[me] -> drop(x)
#else
		:: x != 0 -> drop(x)
#endif
		:: else
		fi;
		x = 0
	:: else
	fi;
	last = false
}

#ifdef BRACKET_DROPS_CONTAINER
#define MAY_DROP_CONTAINER (has_container)
#else
#define MAY_DROP_CONTAINER (has_container && (!open[me] || container_refs == 1))
#endif

/* --- Ends --- */

inline hand_over(x)
{
	if
	:: holder[x] == me ->
		holder[x] = ORPHANS;
#ifndef GRACE_EXIT_TO_ITSELF
		to[x] = 1;
#endif
	:: else
	fi
}

/* Of a thread that has detached, under the registry's lock, which the end of the runtime takes, too: then the thread is
 * lost, and leaves everything as it is. */
inline vacate()
{
	lock_grace();
	d_step {
		if
		:: !ended ->
			status[me] = VACANT;
#ifndef GRACE_EXIT_KEEPS
			EACH_BATCH(hand_over);
#endif
#ifndef GRACE_EXIT_TELLS_NOBODY
			if :: status[1] == ATTACHED -> release_bit[1] = true :: else fi
#endif
		:: else
		fi;
		unlock_grace()
	}
}

inline take_over(x)
{
	if
#ifndef GRACE_SETTLES_RELEASING
	:: state[x] != NONE && holder[x] < TAKEN && (holder[x] == ORPHANS || !releasing[holder[x]]) ->
#else
	:: state[x] != NONE && holder[x] < TAKEN ->
#endif
		if :: state[x] == FILLING -> state[x] = READY :: else fi;
		holder[x] = 1;
		passed = passed | BIT(x)
	:: else
	fi
}
inline note_cut(x) { if :: holder[x] > TAKEN || (holder[x] != ORPHANS && releasing[holder[x]]) -> cut_short = true :: else fi }

inline settle()
{
	atomic {
		WORLD_STOPS ->
		d_step {
			if
#ifndef GRACE_SETTLES_IN_BRACKET
			:: IN_BRACKET -> cut_short = true
#endif
			:: else -> EACH_BATCH(note_cut); EACH_BATCH(take_over)
			fi;
			settled = true
		}
	};
	releasing[1] = true;
	EACH_BATCH(release_passed);
	passed = 0;
	EACH_BATCH(release_mine);
	releasing[1] = false
}

inline abandon(x)
{
	lock_grace();
	d_step {
		if
#ifndef GRACE_ABANDONS_FREE
		:: state[x] == PENDING -> state[x] = ABANDONED; holder[x] = 0
		:: state[x] == READY || state[x] == FILLING -> state[x] = NONE; holder[x] = 0
#else
		:: state[x] != NONE -> state[x] = NONE; holder[x] = 0
#endif
		:: else
		fi;
		unlock_grace()
	}
}

inline finalize()
{
	settle();
	atomic { WORLD_STOPS -> ended = true };
#ifdef GRACE_STATES_FIRST
	states_freed = true;
#endif
	EACH_BATCH(abandon);
	states_freed = true
}

/* --- What threads do --- */

proctype worker(byte me, n, mine)
{
	byte x, b, n1, n2, passed, seen;
	bool last, idle, has_container = true;

	do
	:: ended && me != 1 -> break
	:: atomic { release_bit[me] && !ended -> safe[me] = false }; release(); safe[me] = true
	:: atomic { n > 0 && !ended -> n--; safe[me] = false };
		if
		:: has_container -> replace()
		:: has_container -> pop()
		:: has_container && !open[me] -> get()
		:: has_container && !open[me] -> begin_bracket(); load(); seen = x; x = 0
		:: MAY_DROP_CONTAINER -> drop_container()
		:: open[me] -> lose_view(); end_bracket()
		:: mine != 0 -> drop(mine); mine = 0
#ifdef GRACE_WAITS_IN_BRACKET
		:: wait_for_grace_period()
#else
		:: !open[me] -> wait_for_grace_period()
#endif
		:: send()
		:: detach(); attach()
		fi;
		safe[me] = true
	:: atomic { n == 0 && open[me] && !ended -> safe[me] = false }; lose_view(); end_bracket(); safe[me] = true
	:: atomic { me == 1 && over && n == 0 && !open[me] -> safe[me] = false }; finalize(); break
	:: me != 1 && n == 0 && !open[me] && !idle && !ended -> idle = true
	:: atomic { me != 1 && n == 0 && !open[me] && !idle && !ended -> safe[me] = false };
		if
		:: mine != 0 -> drop(mine); mine = 0
		:: else
		fi;
		detach();
		if
		:: true
		:: vacate()
		fi;
		break
	od;
lost:
	lose_view();
	end_bracket()
}

/* Nothing happens any more, and nobody is in a bracket. */
inline check_quiet(x)
{
	assert(state[x] != PENDING && state[x] != ABANDONED);
	assert(state[x] != READY || holder[x] == ORPHANS || status[holder[x]] == DETACHED);
	assert(state[x] != READY || holder[x] != ORPHANS || status[1] != ATTACHED);
	assert(state[x] != FILLING || status[holder[x]] == ATTACHED)
}
inline check_end(x) { assert(state[x] == NONE && (cut_short || ones[x] + twos[x] == 0)) }

init {
	atomic {
		slot = 1;
		refs[1] = 1;
		refs[2] = 1;
		container_refs = THREADS;
		status[1] = ATTACHED;
		safe[1] = true;
#if THREADS > 1
		status[2] = ATTACHED;
		safe[2] = true;
		run worker(2, OPS, 2);
#endif
#if THREADS > 2
		status[3] = ATTACHED;
		safe[3] = true;
		run worker(3, OPS, 0);
#endif
		run worker(1, OPS, (THREADS == 1 -> 2 : 0));
		run reclaimer();
#ifdef ANYTIME
		over = true
#endif
	};
#ifndef ANYTIME
	timeout;
	d_step { EACH_BATCH(check_quiet) };
	over = true;
#endif
	timeout;
	assert(states_freed);
	d_step { EACH_BATCH(check_end) }
}
