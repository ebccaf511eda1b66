/* SPDX-License-Identifier: MIT
 *
 * brc_death.pml: what the thread does that took the last reference: finalizer, resurrection, release of memory.
 *
 * The word is {no owner, MERGED, count 0} or, at a free-at-once, {me, 1 | untouched}: nobody else changes it,
 * for try_incref refuses both.  So DYING is set by a plain store, which keeps PUB.  The finalizer runs
 * once in an object's life; here it does one of: nothing; takes a reference and drops it; takes one and stores
 * it in the cell for others; makes a weak reference; immortalises the object.  Then one compare-and-swap
 * decides: a count of zero, unless immortal, is dead (and stays DYING); otherwise DYING is cleared.
 *
 * Memory: with PUB it outlives every reader that has got hold of the weak pointer (`readers`); without PUB it is gone
 * at once, so there must be no reader.  PUB is looked for at the end: the finalizer, or somebody to whom it gave a
 * reference, may have made the first weak one.  STABLE_MEMORY gives every object a grace period.  Until the memory
 * is gone the word stays one that try_incref refuses.
 *
 * Claims: no reference is left at death, nor a queue entry; an object dies once; an immortal one never.
 *
 * Mutants:
 *   BRC_END_DYING_PLAIN       after the finalizer the word is loaded, then stored without DYING
 *   BRC_END_DYING_MORTAL      after the finalizer only the count decides, although the object is immortal now
 *   BRC_BEGIN_DYING_DROPS_PUB DYING is set by a store that does not keep PUB
 *   BRC_END_DYING_DROPS_PUB   the word of the dead loses PUB before the release of memory looks for it
 *   BRC_PUB_SAMPLED_EARLY     whether memory needs a grace period is read when the finalizer begins
 *   BRC_WORD_REUSED           an object that waits to be torn down is linked through its count word
 */

bool finalized;
byte readers;               /* threads in a read bracket that know the object's address */
bool cell;                  /* a shared variable, holding a reference                  */

#ifdef STABLE_MEMORY
#define PROTECTED true
#elif defined(BRC_PUB_SAMPLED_EARLY)
bool pub_at_begin;
#define PROTECTED (pub_at_begin || (w_pub && !finalized))
#else
#define PROTECTED w_pub
#endif

inline die()
{
	verdict = NOTHING;
#ifdef BRC_WORD_REUSED
	d_step { w_owner = 7; w_count = 1; w_merged = false; w_queued = false; w_pub = false; w_dying = false };
#endif
#ifdef FINALIZER
	if
	:: !finalized ->
		begin_dying();
		finalize();
		end_dying()
	:: else ->
#ifdef REACH_SECOND_DEATH
		assert(false);
#endif
		ok = true
	fi;
	if
	:: ok -> release()
	:: else
	fi
#else
	release()
#endif
}

/* A plain store of the whole word. */
inline begin_dying()
{
	d_step {
		touch();
		assert(held == 0 && !w_queued && w_owner != IMMORTAL);
		finalized = true;
#ifdef BRC_PUB_SAMPLED_EARLY
		pub_at_begin = w_pub;
#endif
		w_owner = NOBODY; w_local = 0; w_count = 0; w_merged = true; w_dying = true;
#ifdef BRC_BEGIN_DYING_DROPS_PUB
		w_pub = false
#endif
	}
}

inline finalize()
{
	if
	:: true
	:: incref(); decref();
		/* a decref that would die again is a second death */
		assert(verdict == NOTHING)
	:: incref();
		if
		:: atomic { !cell -> cell = true; mine-- }
		:: cell -> decref()
		fi
#ifdef WEAK
	:: !weak -> set_pub(); weak = true
#endif
#ifdef IMMORTALISE
	:: immortalise()
#endif
	fi
}

inline end_dying()
{
#ifdef BRC_END_DYING_PLAIN
	d_step { touch(); s = w_count; ok = (w_count == 0) };
	if
	:: !ok -> d_step { w_count = s; w_dying = false }
	:: else
	fi;
	s = 0
#else
	d_step {
		touch();
#ifdef BRC_END_DYING_MORTAL
		ok = (w_count == 0);
#else
		ok = (w_count == 0 && w_owner != IMMORTAL);
#endif
		if
#ifdef BRC_END_DYING_DROPS_PUB
		:: ok -> w_pub = false
#endif
		:: !ok ->
#ifdef REACH_RESURRECTION
			assert(false);
#endif
			w_dying = false
		:: else
		fi
	}
#endif
}

inline release()
{
	d_step {
		assert(!dead);
		assert(held == 0);
		assert(w_owner != IMMORTAL);
		assert(!w_queued);
		assert(readers == 0 || PROTECTED);
		dead = true;
		weak = false;
		w_owner = NOBODY; w_local = 0; w_count = 0; w_merged = true;
		ok = false
	}
}
