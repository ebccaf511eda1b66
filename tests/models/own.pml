/* SPDX-License-Identifier: MIT
 *
 * own.pml: a thread collects what is its own while another one runs (weft__gc_find_own in gc/graph.c).
 *
 * The owner made two tuples, OUTER and the INNER one in it.  Another thread has a reference to OUTER that the owner has
 * counted (it popped it from a container that they share), so that the shared halves of both counts are untouched.  It
 * copies and drops references, and takes INNER from OUTER, which it may without asking the owner: tuples never change.
 * The owner looks at its own objects in the steps of the collector: it counts the references that members hold, decides
 * who has no others, keeps what the kept ones refer to, and frees the rest.
 *
 * Claim: what the other thread can reach is not freed.
 *
 * Abstractions.  Each access to a count word is one step.  The queue that the other thread's last drops go to is not
 * looked at before the collection is over: that would be a safepoint.
 *
 * Mutants:
 *   OWN_ZERO_IS_ALL       an object that others have begun to count has no references, and as many have been found
 *   OWN_LOOKS_AGAIN       what a kept object refers to is kept only if it is still the owner's own
 *   OWN_FORGETS_MEMBERS   who is a member is asked again when it is decided
 */

#ifndef OPS
#define OPS 4
#endif

#define OUTER 0
#define INNER 1

short shared[2];   /* the shared halves of the counts; the local ones are 1 */
bool queued[2];
byte has[2];       /* references of the other thread */
bool freed[2];

bool member[2], candidate[2];
byte found[2];

#define OWN(o) (shared[o] == 0 && !queued[o])

inline drop(o) {
  atomic {
    has[o]--;
    if
    :: shared[o] > 0 -> shared[o]--
    :: else -> queued[o] = true
    fi
  }
}

proctype other() {
  byte ops = 0;
  do
  :: ops < OPS ->
     ops++;
     if
     :: atomic { has[OUTER] > 0 -> assert(!freed[OUTER] && !freed[INNER]); shared[INNER]++; has[INNER]++ }
     :: atomic { has[OUTER] > 0 && has[OUTER] < 3 -> assert(!freed[OUTER]); shared[OUTER]++; has[OUTER]++ }
     :: has[OUTER] > 0 && !queued[OUTER] -> drop(OUTER)
     :: has[INNER] > 0 && !queued[INNER] -> drop(INNER)
     :: skip
     fi
  :: else -> break
  od
}

inline decide(o) {
  atomic {
#ifdef REACH_TOUCHED_MEANWHILE
    if
    :: member[o] && !OWN(o) -> assert(false)
    :: else
    fi;
#endif
#ifdef OWN_FORGETS_MEMBERS
    member[o] = OWN(o);
#endif
#ifdef OWN_ZERO_IS_ALL
    candidate[o] = member[o] && (OWN(o) -> 1 : 0) == found[o]
#else
    candidate[o] = member[o] && OWN(o) && found[o] == 1
#endif
  }
}

proctype owner() {
  /* Members, and the references that they hold. */
  atomic {
    member[OUTER] = OWN(OUTER);
    if
    :: member[OUTER] -> found[INNER]++
    :: else
    fi
  }
  member[INNER] = OWN(INNER);
  decide(OUTER);
  decide(INNER);
  /* What the kept ones refer to. */
  atomic {
    if
#ifdef OWN_LOOKS_AGAIN
    :: member[OUTER] && !candidate[OUTER] && OWN(INNER) -> candidate[INNER] = false
#else
    :: member[OUTER] && !candidate[OUTER] -> candidate[INNER] = false
#endif
    :: else
    fi
  }
  atomic {
    freed[OUTER] = candidate[OUTER];
    freed[INNER] = candidate[INNER];
    assert(!freed[OUTER] || !has[OUTER]);
    assert(!freed[INNER] || (!has[INNER] && !has[OUTER]));
  }
}

init {
  has[OUTER] = 1;
  run other();
  run owner();
}
