/* SPDX-License-Identifier: MIT
 *
 * weak.pml: dereferencing a weak reference against the death of its target (runtime/weak_table.c, mode biased).
 *
 * One object, owned by slot 1, with one weak reference that all threads know.  Threads take and drop counted
 * references, of which each has one in the beginning (ALONE: thread 1 only), dereference, peek in brackets that stay
 * open over safepoints, share the object, forget the weak reference; thread 1 goes away and comes back; a collection
 * finds the object if it is left with the reference to itself that it was made with (CYCLE).
 *
 * Abstractions.  The count word is brc_word.pml's, without spilling and finalizers, PUB set from the beginning; what
 * changes by compare-and-swap is one step, the owner's plain changes are a load and a store.  The table is one stripe
 * with one cell.  A safepoint is where a thread is between two actions: `busy` counts those that are not there.  A
 * grace period has passed when the brackets that were open have ended.
 *
 * Claims: nobody looks at a word whose memory is gone; a count is never taken of an object without references; what
 * is peeked at keeps its body until the bracket ends; and in the end, without references, the object is gone.
 *
 * Mutants
 *   WEAK_HINT_STAYS        whoever merges the word leaves `owner` in the reference
 *   WEAK_HINT_LATE         it is taken back when the owner may be running again
 *   WEAK_HINT_OF_ANYBODY   a thread that does not own the target notes its slot
 *   WEAK_TRY_UNLOCKED      dereferencing without the lock, the target not being seen
 *   WEAK_LOCKS_BLINDLY     with it, but without looking again whether the target is still there
 *   WEAK_FREES_FIRST       the object is freed, then the reference emptied
 *   WEAK_SEEN_UNLOCKED     `seen` is set without the lock
 *   WEAK_SEEN_TARGET_FIRST the target is loaded before `seen` and the bracket
 *   WEAK_SEEN_AT_ONCE      the death of a seen object does not wait
 *   WEAK_DROPS_UNLOCKED    the owner's last drop, a plain store, without the lock
 *   WEAK_DROPS_BLINDLY     with it, but without looking again whether somebody has taken a reference
 *   WEAK_DROPS_SEEN        also of a seen object
 *   WEAK_CELL_FORGETS      the cell of a seen object goes with its last reference
 *   WEAK_COLLECTS_SEEN     a collection frees what is seen while brackets are open
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 3
#endif

/* The count word. */
byte w_owner = 1;
short w_local, w_count;
bool w_merged, w_queued, queue;   /* the latter: there is an entry */

/* The reference and its target's cell. */
bool target = true;         /* atomic: not NULL */
bool hint;                  /* `owner` is slot 1 */
bool r_seen, c_seen;
byte lock;                  /* who has it */

bool dead;                  /* nobody has a reference any more */
bool gone;                  /* body and memory */
bool waiting;               /* they wait for the brackets in waits_for */
byte brackets, waits_for;   /* bits of threads */
byte busy;                  /* threads in the middle of an action */
bool away, held_off;        /* thread 1 */

#define BIT(t) (1 << (t))
#ifdef ALONE
#define OF(t)  (t == 1)     /* references that thread t starts with */
#else
#define OF(t)  1
#endif
#define ACQUIRE atomic { lock == 0 -> lock = me }
#define RELEASE lock = 0

inline look_at_word() { assert(!gone) }

inline end_wait() { if :: waiting && waits_for == 0 -> waiting = false; gone = true :: else fi }

inline open()  { d_step { brackets = brackets | BIT(me) } }
inline close() {
	d_step {
		brackets = brackets & ~BIT(me);
		waits_for = waits_for & ~BIT(me);
		end_wait()
	}
}

/* --- Death --- */

inline empty_reference()
{
	ACQUIRE;
	d_step { s = c_seen; hint = false; target = false };
	RELEASE
}

inline die()
{
	d_step { assert(!dead); dead = true };
#ifdef WEAK_FREES_FIRST
	gone = true;
	empty_reference();
#else
	empty_reference();
	d_step {
		if
#ifndef WEAK_SEEN_AT_ONCE
		:: s ->
#ifdef REACH_WAITS
			if :: brackets != 0 -> assert(false) :: else fi;
#endif
			waiting = true; waits_for = brackets; end_wait()
#endif
		:: else -> gone = true
		fi;
		s = false
	}
#endif
}

/* --- Merging --- */

inline forget_owner()
{
#ifndef WEAK_HINT_STAYS
	ACQUIRE;
#ifdef REACH_OWNER_TAKEN_BACK
	if :: hint -> assert(false) :: else fi;
#endif
	hint = false;
	RELEASE
#else
	skip
#endif
}

/* Settles, by the owner or for it; `x` references go. */
inline merge(x)
{
	d_step {
		look_at_word();
		if
		:: w_owner == 1 -> w_count = w_count + w_local - x; w_local = 0; w_owner = 0; w_merged = true
		:: else -> w_count = w_count - x
		fi;
		w_queued = false;
		assert(w_count >= 0);
		last = x > 0 && w_count == 0
	}
}

/* By a thread that is not the owner: true if it may act for it, who is away. */
inline hold_off() { atomic { ok = away && !held_off; if :: ok -> held_off = true :: else fi } }

inline merge_for_owner(x)
{
	merge(x);
#ifdef WEAK_HINT_LATE
	held_off = false;
	forget_owner()
#else
	forget_owner();
	held_off = false
#endif
}

/* --- Counts --- */

/* The owner's last own one. */
inline drop_own()
{
	d_step {
		w_count = w_count + w_local - 1; w_local = 0; w_owner = 0; w_merged = true;
		last = w_count == 0 && !w_queued
	};
	if :: !last -> forget_owner() :: else fi
}

inline decref()
{
	d_step { mine--; last = false; look_at_word() };
	if
	:: me == 1 && w_owner == 1 && w_local > 1 -> l = w_local; d_step { w_local = l - 1; l = 0 }
	:: me == 1 && w_owner == 1 && w_local <= 1 && w_count == 0 && !w_queued ->
		/* the last one, it seems: with the lock it needs no compare-and-swap */
#ifndef WEAK_DROPS_UNLOCKED
		ACQUIRE;
#endif
#ifdef WEAK_DROPS_SEEN
		ok = w_count == 0 && !w_queued;
#elif defined(WEAK_DROPS_BLINDLY)
		ok = !c_seen;
#else
		ok = !c_seen && w_count == 0 && !w_queued;
#endif
		if
		:: ok ->
			d_step {
				w_local = 0; w_count = 0; w_owner = 0; w_merged = true; ok = false;
				assert(!dead && !w_queued && !queue); dead = true
			};
			d_step { hint = false; target = false };
#ifndef WEAK_DROPS_UNLOCKED
			RELEASE;
#endif
			gone = true
		:: else ->
#ifdef REACH_REVIVED_BEFORE_LOCK
			if :: !c_seen -> assert(false) :: else fi;
#endif
#ifndef WEAK_DROPS_UNLOCKED
			RELEASE;
#endif
			drop_own()
		fi
	:: me == 1 && w_owner == 1 && w_local <= 1 && (w_count != 0 || w_queued) -> drop_own()
	:: else ->
		d_step {
			look_at_word();
			q = false;
			if
			:: w_merged -> w_count--; last = w_count == 0
			:: !w_merged && (w_count > 0 || w_queued) -> w_count--
			:: else -> w_queued = true; q = true
			fi
		};
		if
		:: q -> /* the queue owns the reference: the owner settles it, or we do */
			atomic {
				q = false;
				if
				:: away && !held_off -> held_off = true; ok = true
				:: !away && !w_merged -> queue = true; ok = false
				:: w_merged && !(away && !held_off) -> q = true; ok = false
				fi
			};
			if
			:: ok -> merge_for_owner(1)
			:: !ok && q -> merge(1)
			:: else -> last = false
			fi;
			q = false; ok = false
		:: else
		fi
	fi;
	if :: last -> last = false; die() :: else fi
}

inline try_incref()
{
	d_step {
		look_at_word();
		if
		:: w_merged && w_count == 0 -> ok = false
		:: me == 1 && w_owner == 1 -> w_local++; ok = true
		:: else -> w_count++; ok = true
		fi
	}
}

/* --- Dereferencing --- */

/* The owner, without anything: an incref of what must be alive. */
inline deref_owned()
{
	look_at_word();
	if
	:: w_owner == 1 -> l = w_local; d_step { assert(w_owner == 1 && !gone); w_local = l + 1; l = 0 }
	:: else -> d_step { look_at_word(); assert(w_count > 0); w_count++ }
	fi;
	mine++
}

inline deref_locked()
{
	if
	:: target ->
#ifdef WEAK_TRY_UNLOCKED
		try_incref();
#else
		ACQUIRE;
#ifdef WEAK_LOCKS_BLINDLY
		ok = true;
#else
		ok = target;
#endif
		if
		:: ok -> try_incref();
			if
#ifdef WEAK_HINT_OF_ANYBODY
			:: ok -> hint = true
#else
			:: ok && me == 1 && w_owner == 1 -> hint = true
#endif
			:: else
			fi
		:: else
		fi;
		RELEASE;
#endif
		if :: ok -> mine++ :: else fi
	:: else
	fi;
	ok = false
}

inline deref_seen()
{
#ifdef WEAK_SEEN_TARGET_FIRST
	ok = target;
	if :: r_seen -> open() :: else -> ok = false fi;
#else
	if :: r_seen -> open(); ok = target :: else -> ok = false fi;
#endif
	if :: ok -> try_incref(); if :: ok -> mine++ :: else fi :: else fi;
	if :: brackets & BIT(me) && !peeks -> close() :: else fi;
	ok = false
}

/* Opens a bracket of the user's. */
inline peek()
{
	open();
	if
	:: !r_seen && target ->
#ifndef WEAK_SEEN_UNLOCKED
		ACQUIRE;
#endif
		ok = target;
		if :: ok -> c_seen = true; r_seen = true :: else fi;
#ifndef WEAK_SEEN_UNLOCKED
		RELEASE;
#endif
	:: else -> ok = target
	fi;
	if
	:: ok -> d_step { look_at_word(); ok = !(w_merged && w_count == 0) }
	:: else
	fi;
	d_step { peeks = true; looks = ok; ok = false }
}
inline end_peek()
{
	d_step { assert(!looks || !gone); peeks = false; looks = false };
	close()
}

/* The reference dies before its target. */
inline forget_reference()
{
	if
	:: target ->
		ACQUIRE;
		d_step {
			if
			:: target -> hint = false; target = false;
#ifdef WEAK_CELL_FORGETS
				c_seen = false
#endif
			:: else
			fi
		};
		RELEASE
	:: else
	fi
}

/* --- The collector: in a stopped world, which is one step --- */

#ifdef CYCLE
#define IS_GARBAGE (!dead && w_local + w_count == 1 && !w_queued && held == 0)
#ifdef WEAK_COLLECTS_SEEN
#define IS_LOOKED_AT false
#else
#define IS_LOOKED_AT (c_seen && users != 0)
#endif
#endif

byte held;                  /* references of threads, when nobody is busy */
byte users;                 /* brackets of the user's that are open */

proctype worker(byte me, n)
{
	byte mine = OF(me);
	short l;
	bool ok, q, last, s, peeks, looks;

	do
	:: atomic { !(me == 1 && away) && (n > 0 || mine > 0 || peeks || (me == 1 && queue)) -> busy++; held = held - mine };
		if
		:: n > 0 && mine == 1 -> n--;
			if
			:: me == 1 && hint -> deref_owned()
			:: else -> deref_locked()
			fi
		:: n > 0 && mine == 0 -> n--;
			if
			:: me == 1 && hint -> deref_owned()
			:: !(me == 1 && hint) -> deref_locked()
			fi
		:: n > 0 && mine < 2 && r_seen && !(me == 1 && hint) -> n--; deref_seen()
		:: n > 0 && !peeks -> n--; peek();  users++
		:: peeks -> users--; end_peek()
		:: mine > 0 -> decref()
		:: n > 0 && mine > 0 && me != 1 && w_owner == 1 -> n--; /* touches it: shared from now on */
			hold_off();
			if :: ok -> merge_for_owner(0) :: else fi;
			d_step { ok = false; last = false }
		:: n > 0 && me != 1 -> n--; forget_reference()
		:: me == 1 && queue ->
			queue = false;
			merge(1);
			forget_owner();
			if :: last -> last = false; die() :: else fi
		:: else
		fi;
		atomic { busy--; held = held + mine }
	:: atomic { me == 1 && n > 0 && !away && !queue -> n--; away = true };
		atomic { !held_off -> away = false }
#ifdef CYCLE
	:: atomic { busy == 0 && IS_GARBAGE ->
		if
		:: IS_LOOKED_AT ->
#ifdef REACH_LEFT_FOR_NEXT
			assert(false);
#endif
			break
		:: else -> dead = true; target = false; hint = false; gone = true; w_local = 0; w_count = 0; w_owner = 0; w_merged = true
		fi }
#endif
	:: atomic { n == 0 && mine == 0 && !peeks && !(me == 1 && (away || queue)) -> if :: me == 1 -> away = true :: else fi; break }
	od
}

byte i;
init {
	atomic {
		i = 1;
		do
		:: i <= THREADS -> w_local = w_local + OF(i); held = held + OF(i); run worker(i, OPS); i++
		:: else -> break
		od;
#ifdef CYCLE
		w_local++;
#endif
		i = 0
	};
	_nr_pr == 1;
#ifdef CYCLE
	assert(gone || w_local + w_count == 1)
#else
	assert(gone)
#endif
}
