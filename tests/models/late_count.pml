/* SPDX-License-Identifier: MIT
 *
 * late_count.pml: counting an object that another thread makes immortal meanwhile (runtime/mode/atomic.h).
 *
 * A count operation looks whether the object is immortal, and adds or subtracts in a second step.  Between the two the
 * object may become immortal: the operation then changes an immortal object's word.  Each thread starts with a
 * reference; the one that makes the object immortal has another.
 *
 * Claims: an object dies once, by its last reference, and never when it is immortal; the collector, which looks when
 * all threads have stopped, does not take an immortal object for one that it has condemned.
 *
 * The word is the count, and above it DYING, WEAK and the sign.
 *
 * Mutants:
 *   LATE_COUNT_FROM_ZERO   an immortal object's count is 0, so that two late operations may make and drop a last reference
 *   LATE_COUNT_CONDEMNED   the word of a condemned object is the next after that of an immortal one
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 3
#endif

#define COUNT 31
#define DYING 32
#define WEAK  64
#define SIGN  128
#ifdef LATE_COUNT_FROM_ZERO
#define IMMORTAL (SIGN | WEAK)
#else
#define IMMORTAL (SIGN | 16)
#endif

short word = THREADS + 1;
byte references = THREADS + 1; /* that threads hold */
byte working = THREADS + 1;
bool immortal, dead;

inline incref() {
  if
  :: word & SIGN
  :: else -> word = word + 1
  fi;
  references++
}

inline decref() {
  references--;
  if
  :: word & SIGN
  :: else ->
     atomic {
       word = word - 1;
       if
       :: ((word + 1) & (COUNT | DYING)) == 1 ->
          assert(!dead && !immortal && references == 0);
          dead = true
       :: else
       fi
     }
  fi
}

proctype holder() {
  byte held = 1, ops;
  do
  :: ops < OPS && held > 0 -> ops++;
     if
     :: incref(); held++
     :: decref(); held--
     fi
  :: held == 0 || ops == OPS -> break
  od;
  do
  :: held > 0 -> decref(); held--
  :: else -> break
  od;
  working--
}

proctype immortalizer() {
  if
  :: atomic { word = IMMORTAL; immortal = true }
  :: skip
  fi;
  decref();
  working--
}

proctype collector() {
  working == 0;
  if
  :: immortal ->
#ifdef REACH_MOVED
     if
     :: word != IMMORTAL -> assert(false)
     :: else
     fi;
#endif
     assert(word & SIGN);
#ifdef LATE_COUNT_CONDEMNED
     assert(word != IMMORTAL + 1)
#elif !defined(LATE_COUNT_FROM_ZERO)
     assert(!(word & DYING))
#endif
  :: else -> assert(dead)
  fi
}

init {
  byte i;
  atomic {
    do
    :: i < THREADS -> run holder(); i++
    :: else -> break
    od;
    run immortalizer();
    run collector()
  }
}
