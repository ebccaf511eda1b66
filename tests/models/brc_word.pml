/* SPDX-License-Identifier: MIT
 *
 * brc_word.pml: the biased count word of one object, and every step that a thread may take on it.
 *
 * The 64-bit word is kept as its fields.  The low half is shared: w_count (signed) and the states MERGED, QUEUED,
 * PUB and DYING.  The high half, w_owner and w_local, is written by the owner alone with plain 32-bit stores, so
 * an owner's step is a load and then a store, and others may run between the two.
 *
 * What holds between steps, and is asserted by check_word():
 *   - w_local + w_count is the number of references, the queue's own included while QUEUED is set;
 *   - not merged: w_local >= 1, and w_count is negative only while QUEUED is set;
 *   - merged: no owner, w_local is 0, w_count >= 0, and w_count >= 1 while QUEUED is set.
 * An immortal word means nothing but that.
 *
 * Abstractions.  Atomic accesses are sequentially consistent.  A compare-and-swap loop whose new value depends
 * on the compared value alone is one atomic step: a failed round has no effect, and the round that succeeds is that
 * step.  A decision taken on a half that the compare-and-swap does not cover, or on a load before a plain store or
 * an add, stays a load of its own before it.  What the C orderings carry is not checked here: release on every decref
 * and acquire by the thread that takes the count to zero; release where PUB, a hand-over or a queue entry is
 * published.  Counts do not overflow; the saturating path is not modelled.
 *
 * Steps leave a verdict: NOTHING, PUSH (QUEUED was set: the caller hands the object to its owner) or DIES (the
 * caller took the last reference).  They use the thread's registers o, l (what was loaded of the high half), ok.
 *
 * Three things that look essential are not, and are no mutants.  A spill may take from the local count first: nobody
 * acts on a sum that is too small while the owner is in the middle of a step.  A spill may be taken back while QUEUED
 * is set.  And the free-at-once test need not look at QUEUED: the owner's reference and the queue's make two.
 *
 * Mutants: each breaks one step, and must fail in some configuration of verify.sh.
 *   BRC_QUEUE_HOLDS_NO_REF       a foreign decref that queues subtracts as well
 *   BRC_MERGE_CLEARS_QUEUED      the owner's own merge clears QUEUED
 *   BRC_MERGE_PLAIN_STORE        the owner's own merge loads the shared half, then stores the word
 *   BRC_FREE_AT_ONCE_PUB         the owner's free-at-once test ignores PUB
 *   BRC_TRY_UNTOUCHED            try_incref accepts an untouched shared half
 *   BRC_TRY_DYING                try_incref accepts DYING
 *   BRC_TRY_MERGED_ZERO          try_incref accepts merged with count zero
 *   BRC_TAKE_LIVE_WORD           a receiver takes over a live owner's word
 *   BRC_TAKE_PLAIN_STORE         a receiver takes a disowned word with a load and a store
 *   BRC_TAKE_OVER_PUB            a receiver makes a fresh word of a merged one with count 1, whether it has PUB or not
 *   BRC_DISOWN_TOUCHED           the owner disowns a word whose shared half is touched
 *   BRC_SPILL_PLAIN              spill adds to the shared count with a load and a store
 *   BRC_TAKE_BACK_MERGED         a thread takes SPILL references out of a merged word, and un-merges it
 *   BRC_DYING_DECREF_FREES       a decref to zero under DYING counts as a death
 *   BRC_SETTLE_IGNORES_IMMORTAL  settling a queue entry does not look for an immortal word
 *
 * Read next: brc_queue.pml, brc_death.pml, brc_thread.pml.
 */

#define NOBODY   0          /* owner slot: merged or dead        */
#define IMMORTAL 15         /* owner slot: the count never moves */

#ifndef LOCAL_MAX
#define LOCAL_MAX 3
#endif
#define SPILL 2             /* local references that move between the halves at a time */

#define NOTHING 0
#define PUSH    1
#define DIES    2

byte  w_owner;
short w_local;
short w_count;
bool  w_merged, w_queued, w_pub, w_dying;

bool  dead;                 /* the object is freed; with PUB, its memory a grace period later */
bool  weak;                 /* a weak reference to it is published                            */
byte  held;                 /* references that threads and the cell really hold               */

#define UNTOUCHED (w_count == 0 && !w_merged && !w_queued && !w_pub && !w_dying)
#define DISOWNED  (w_owner == NOBODY && w_count == 1 && w_merged && !w_queued && !w_pub && !w_dying)

inline check_word()
{
	assert(!w_merged || w_owner == NOBODY || w_owner == IMMORTAL);
	assert(!w_merged || w_owner == IMMORTAL || (w_local == 0 && w_count >= w_queued));
	assert(w_merged || w_owner == IMMORTAL || w_local >= 1);
	assert(w_merged || w_owner == IMMORTAL || w_queued || w_count >= 0)
}

/* Every step that relies on a reference passes here. */
inline touch() { assert(!dead) }

inline gain() { mine++; held++ }
inline drop() { mine--; held-- }

/* Registers are cleared when they no longer matter, so that equal states meet. */
inline forget() { o = 0; l = 0; ok = false }

/* The two halves of an owner's plain step. */
inline load_owner_half()     { touch(); o = w_owner; l = w_local }
inline store_owner_half(loc) { touch(); w_owner = me; w_local = loc; check_word() }

/* --- Taking a reference --- */

/* By a holder. */
inline incref()
{
	d_step { load_owner_half() };
	if
	:: o == me ->
		if
		:: l == LOCAL_MAX -> spill()
		:: else
		fi;
		d_step { store_owner_half(l + 1); gain(); forget() }
	:: o == IMMORTAL -> d_step { gain(); forget() }
	:: else -> d_step { touch(); w_count++; check_word(); gain(); forget() }
	fi
}

/* A full local count moves SPILL into the shared one. */
inline spill()
{
#ifdef REACH_SPILL
	assert(false);
#endif
#ifdef BRC_SPILL_PLAIN
	d_step { touch(); s = w_count };
	d_step { touch(); w_count = s + SPILL; l = l - SPILL; s = 0 }
#else
	d_step { touch(); w_count = w_count + SPILL; l = l - SPILL }
#endif
}

#ifdef BRC_TRY_UNTOUCHED
#define TRY_REFUSES (w_dying || (w_merged && w_count == 0))
#elif defined(BRC_TRY_DYING)
#define TRY_REFUSES (UNTOUCHED || (w_merged && w_count == 0 && !w_dying))
#elif defined(BRC_TRY_MERGED_ZERO)
#define TRY_REFUSES (UNTOUCHED || w_dying)
#else
#define TRY_REFUSES (UNTOUCHED || w_dying || (w_merged && w_count == 0))
#endif

/* By a reader that holds none; `ok` says whether it got one.  While a weak reference is published, it is refused
 * only when no reference is left, or under DYING. */
inline try_incref()
{
	d_step { o = w_owner; l = w_local; ok = false };
	if
	:: o == me && l > 0 && l < LOCAL_MAX -> d_step { store_owner_half(l + 1); gain(); ok = true }
	:: else ->
		d_step {
			if
			:: w_owner == IMMORTAL -> gain(); ok = true
			:: w_owner != IMMORTAL && (TRY_REFUSES || (w_owner == me && w_local == 0)) ->
#ifdef REACH_REFUSED_UNTOUCHED
				if :: UNTOUCHED -> assert(false) :: else fi;
#endif
#ifdef REACH_REFUSED_DYING
				if :: w_dying -> assert(false) :: else fi;
#endif
				assert(!weak || held == 0 || w_dying)
			:: else -> touch(); w_count++; check_word(); gain(); ok = true
			fi
		}
	fi;
	d_step { o = 0; l = 0 }
}

/* --- Dropping a reference --- */

/* The caller's reference is gone from the first step on. */
inline decref()
{
	d_step { drop(); load_owner_half() };
	if
	:: o == me && l > 1  -> d_step { store_owner_half(l - 1); forget() }
	:: o == me && l <= 1 -> owner_to_zero()
	:: o == IMMORTAL     -> forget()
	:: else -> foreign_decref()
	fi
}

#ifdef BRC_FREE_AT_ONCE_PUB
#define MAY_FREE_AT_ONCE (w_count == 0 && !w_queued)
#else
#define MAY_FREE_AT_ONCE UNTOUCHED
#endif

/* The owner's last local reference: a plain store frees an untouched word; else take a spill back, or merge. */
inline owner_to_zero()
{
	d_step { touch(); ok = MAY_FREE_AT_ONCE };
	if
	:: ok -> d_step { store_word_without_references(); verdict = DIES; forget() }
	:: else -> merge_own()
	fi
}

inline store_word_without_references()
{
	touch();
	w_owner = NOBODY; w_local = 0;
	w_count = 0; w_merged = true; w_queued = false; w_pub = false; w_dying = false
}

inline merge_own()
{
#ifdef REACH_SUCCESSOR_MERGES
	if :: _pid > THREADS -> assert(false) :: else fi;
#endif
#ifdef BRC_MERGE_PLAIN_STORE
	d_step { touch(); s = w_count };
	d_step {
		touch();
		w_owner = NOBODY; w_local = 0; w_count = s; w_merged = true;
		check_word();
		if :: w_count == 0 -> verdict = DIES :: else fi;
		s = 0;
		forget()
	}
#else
	d_step {
		touch();
		if
		:: w_count >= SPILL && !w_queued ->
#ifdef REACH_TAKE_BACK
			assert(false);
#endif
			w_count = w_count - SPILL;
			w_local = SPILL
		:: else ->
#ifdef REACH_MERGE_WHILE_QUEUED
			if :: w_queued -> assert(false) :: else fi;
#endif
			w_owner = NOBODY;
			w_count = w_count + w_local - 1;
			w_local = 0;
			w_merged = true;
#ifdef BRC_MERGE_CLEARS_QUEUED
			w_queued = false;
#endif
			if :: w_count == 0 -> verdict = DIES :: else fi
		fi;
		check_word();
		forget()
	}
#endif
}

/* On the shared half.  QUEUED is set without subtracting: the queue owns that reference.  Once merged, a word with
 * a reference that is not the receiver's stays so, and an atomic subtraction will do. */
inline foreign_decref()
{
	d_step {
		touch();
		ok = w_merged;
		if
		:: w_merged
		:: !w_merged && w_count == 0 && !w_queued ->
			w_queued = true;
			verdict = PUSH
#ifdef BRC_QUEUE_HOLDS_NO_REF
			; w_count--
#endif
		:: else ->
#ifdef REACH_NEGATIVE
			if :: w_count == 0 -> assert(false) :: else fi;
#endif
			w_count--
		fi;
		check_word()
	};
	if
	:: ok -> d_step {
		touch();
		assert(w_merged);
		w_count--;
		check_word();
		if
#ifdef BRC_DYING_DECREF_FREES
		:: w_count == 0 -> verdict = DIES
#else
		:: w_count == 0 && !w_dying -> verdict = DIES
#endif
		:: else
#ifdef REACH_DROP_UNDER_DYING
			if :: w_count == 0 && w_owner == NOBODY -> assert(false) :: else fi
#endif
		fi }
	:: else
	fi;
	forget()
}

/* Settles the queue's reference: merges the word unless it is merged already, clears QUEUED and drops the reference,
 * in one compare-and-swap of the whole word.  An immortal word stays as it is. */
inline settle()
{
	touch();
	if
#ifndef BRC_SETTLE_IGNORES_IMMORTAL
	:: w_owner == IMMORTAL ->
#ifdef REACH_SETTLE_IMMORTAL
		assert(false)
#endif
#endif
	:: else ->
#ifndef BRC_NO_CHECK_QUEUED
		assert(w_queued);
#endif
		w_count = w_count + w_local - 1;
		w_owner = NOBODY;
		w_local = 0;
		w_merged = true;
		w_queued = false;
		check_word();
		if :: w_count == 0 -> verdict = DIES :: else fi
	fi
}

/* --- Hand-over --- */

/* First half: the owner gives up a word whose one reference it holds, by one plain store. */
inline disown()
{
	d_step {
		load_owner_half();
#ifdef BRC_DISOWN_TOUCHED
		ok = (o == me && l == 1)
#else
		ok = (o == me && l == 1 && UNTOUCHED)
#endif
	};
	if
	:: ok -> d_step { store_word_without_references(); w_count = 1 }
	:: else
	fi;
	forget()
}

#ifdef BRC_TAKE_OVER_PUB
#define MAY_TAKE (w_owner == NOBODY && w_count == 1 && w_merged && !w_queued && !w_dying)
#else
#define MAY_TAKE DISOWNED
#endif

inline store_fresh_word() { w_owner = me; w_local = 1; w_count = 0; w_merged = false; w_pub = false }

/* Second half: the receiver's compare-and-swap.  If it fails the object stays merged.  Nothing else un-merges. */
inline take_over()
{
#ifdef BRC_TAKE_PLAIN_STORE
	d_step { touch(); ok = MAY_TAKE };
	if
	:: ok -> d_step { touch(); store_fresh_word() }
	:: else
	fi;
	ok = false
#else
	d_step {
		touch();
		if
		:: MAY_TAKE ->
#ifdef REACH_TAKE_OVER
			assert(false);
#endif
			store_fresh_word()
#ifdef BRC_TAKE_LIVE_WORD
		:: w_owner != NOBODY && w_owner != me && w_local == 1 && UNTOUCHED -> w_owner = me
#endif
		:: else
		fi
	}
#endif
}

#ifdef BRC_TAKE_BACK_MERGED
inline take_back_merged()
{
	d_step {
		touch();
		if
		:: w_merged && w_owner == NOBODY && !w_dying && w_count >= SPILL ->
			w_owner = me; w_local = SPILL; w_count = w_count - SPILL; w_merged = false
		:: else
		fi
	}
}
#endif

/* --- Once in an object's life, by a holder --- */

/* Before the first weak reference is published. */
inline set_pub() { d_step { touch(); w_pub = true } }

/* The owner, or anybody if the word is merged, by a compare-and-swap.  The shared half stays as it is. */
inline immortalise()
{
	d_step {
		touch();
		if
		:: w_owner == me || w_owner == NOBODY -> w_owner = IMMORTAL; w_local = 1
		:: else
		fi
	}
}
