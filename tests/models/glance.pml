/* SPDX-License-Identifier: MIT
 *
 * glance.pml: looking for an object's shared weak reference without the lock (weft__weak_glance in runtime/weak_table.c).
 *
 * Three objects have the same home in a table of two cells.  One is in the first cell; TARGET, which is alive all the
 * time, is in the second one.  A thread links the shared reference to TARGET; another one removes the first object, by
 * which TARGET moves up, and adds a third object behind it; both under the lock.  A third one glances, without the lock.
 *
 * Claim: the reference that a glance returns is TARGET's, and leads to it.
 *
 * Mutants:
 *   GLANCE_TARGET_LATE   a reference is put into its cell before it leads to its target
 *   GLANCE_MOVED         the version is not compared when the cell has been read
 *   GLANCE_MOVES_HIDDEN  cells move without a new version
 */

#define TARGET 2 /* an object's number is that of its reference, too */

byte object[3], first[3]; /* the third cell is always empty */
byte leads_to;            /* TARGET's reference */
byte version;
bool locked;

#define LOCK   atomic { !locked -> locked = true }
#define UNLOCK locked = false

proctype linker() {
  byte i;
  LOCK;
  if
  :: object[0] == TARGET -> i = 0
  :: else -> i = 1
  fi;
#ifdef GLANCE_TARGET_LATE
  first[i] = TARGET;
  leads_to = TARGET;
#else
  leads_to = TARGET;
  first[i] = TARGET;
#endif
  UNLOCK
}

proctype remover() {
  LOCK;
#ifndef GLANCE_MOVES_HIDDEN
  version++;
#endif
  first[0] = first[1];
  object[0] = object[1];
  object[1] = 0;
  first[1] = 0;
#ifndef GLANCE_MOVES_HIDDEN
  version++;
#endif
  UNLOCK;
  LOCK;
  first[1] = 3;
  object[1] = 3;
  UNLOCK
}

proctype glancer() {
  byte seen = version, i = 0, found;
  if
  :: seen % 2 == 0 ->
     do
     :: atomic { object[i] == TARGET -> break }
     :: atomic { object[i] == 0 -> goto missing }
     :: atomic { object[i] != TARGET && object[i] != 0 -> i++ }
     od;
     found = first[i];
#ifndef GLANCE_MOVED
     if
     :: version != seen -> goto missing
     :: else
     fi;
#endif
     if
     :: found ->
#ifdef REACH_FOUND
        assert(false);
#endif
        assert(found == TARGET && leads_to == TARGET)
     :: else
     fi
  :: else
  fi;
missing:
  skip
}

init {
  atomic {
    object[0] = 1; first[0] = 1;
    object[1] = TARGET;
    run linker();
    run remover();
    run glancer()
  }
}
