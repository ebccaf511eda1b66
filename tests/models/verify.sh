#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Checks the models in this directory: every configuration must pass an exhaustive search, every mutant must fail, and
# every interesting state must be reached.  One line per check; the exit status says whether all went as they must.
#
#   verify.sh [word...]     only the checks whose line contains one of the words
#   BUILD=dir               where to work (default: build/verify under the root of the tree)
#   JOBS=n                  checks at once (default: as many as there are cores)
#   DEPTH=n                 longest path of a search (default: 1000000); a search that reaches it fails
#
# Three kinds of checks, each a name, a model and the defines of its configuration:
#   proves   no assertion fails, no deadlock, and the search was complete
#   breaks   with the mutant's define added, some assertion fails or there is a deadlock
#   reaches  with REACH_<state> defined, the assert(false) placed in that state fails
#
# Each check works in a directory of its own. Its line, and what there is to say about a failure, go to `report` there,
# and are printed when those of all checks before it have been.

set -u
here=$(cd "$(dirname "$0")" && pwd)
work=${BUILD:-$here/../../build/verify}
jobs=${JOBS:-$(nproc)}
mkdir -p "$work" && cd "$work" || exit 1
rm -rf ./[0-9]*

: "${CC:=cc}"
# For searches that end soon: without optimisation, clang takes half of gcc's time.
quick=$CC
if command -v clang >/dev/null; then quick=clang; fi
started=0 running=0 printed=0 passed=0 failed=0
only="$*"

wanted() {
  [ -z "$only" ] && return 0
  for word in $only; do
    case $1 in *"$word"*) return 0 ;; esac
  done
  return 1
}

# check proves|breaks|reaches line model define...: starts a check as soon as fewer than $jobs are running.
check() {
  local kind=$1 line=$2
  shift
  wanted "$line" || return 0
  while [ "$running" -ge "$jobs" ]; do wait_for_one; done
  started=$((started + 1)) running=$((running + 1))
  mkdir "$started"
  (cd "$started" && "check_$kind" "$@" >unfinished && mv unfinished report && rm -f pan pan.* ./*.trail) &
}

wait_for_one() {
  wait -n
  running=$((running - 1))
  while [ "$printed" -lt "$started" ] && [ -f "$((printed + 1))/report" ]; do
    printed=$((printed + 1))
    cat "$printed/report"
    if grep -q '^ok ' "$printed/report"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
}

# search model define...: the verifier's output is left in `output`. For speed only: COMPILE, for searches that take
# longer than an optimising compiler; TABLE, log2 of the hash table.
search() {
  local model=$1
  shift
  spin -a "$@" "$here/$model.pml" >output 2>&1 &&
    [ -f pan.c ] &&
    ${COMPILE:-$quick -O0} -w -DSAFETY -DCOLLAPSE -DMEMLIM=5000 -o pan pan.c >>output 2>&1 &&
    ./pan -m"${DEPTH:-1000000}" -w"${TABLE:-22}" >output 2>&1
}

# The first error that the verifier found, empty if none.
error() { sed -n 's/^pan:[0-9]*: \(.*\) (at depth.*/\1/p' output | head -n 1; }
# What there is to say about a check that did not go as it must.
why() {
  grep -Ei "error|warning|out of memory|reached -D" output | head -n 5 | sed "s|$here/||g; s|^|     |"
}
states() { awk '/states, stored/ { print $1; exit }' output; }
complete() {
  grep -q 'errors: 0' output && grep -q '^Full statespace search' output &&
    ! grep -Eqi 'max search depth too small|out of memory|reached -DMEMLIM|search not completed|aborting|truncat' output
}

proves() { check proves "$@"; }
check_proves() {
  local name=$1
  shift
  COMPILE="$CC -O1" TABLE=24 search "$@"
  if complete; then
    echo "ok   $name  ($(states) states)"
  else
    echo "FAIL $name: $(error)"
    why
  fi
}

breaks() {
  local mutant=$1
  shift
  check breaks "mutant $mutant" "$@" "-D$mutant"
}
check_breaks() {
  local name=$1
  shift
  search "$@"
  if [ -n "$(error)" ]; then
    echo "ok   $name fails as it must: $(error)"
  else
    echo "FAIL $name passes in $*"
    why
  fi
}

reaches() {
  local state=$1
  shift
  check reaches "reaches $state" "$@" "-DREACH_$state"
}
check_reaches() {
  local name=$1
  shift
  search "$@"
  if [ "$(error)" = 'assertion violated 0' ]; then
    echo "ok   $name"
  else
    echo "FAIL $name: not in $* $(error)"
    why
  fi
}

# --- Counts and queues ---

proves 'brc: 2 threads'                 brc -DOPS=5
proves 'brc: 2 threads, spill'          brc -DOPS=5 -DMINE_MAX=4
proves 'brc: 3 threads'                 brc -DTHREADS=3 -DOPS=2
proves 'brc: 3 threads, spill'          brc -DTHREADS=3 -DOPS=2 -DMINE_MAX=4
breaks BRC_QUEUE_HOLDS_NO_REF           brc
breaks BRC_MERGE_CLEARS_QUEUED          brc
breaks BRC_MERGE_PLAIN_STORE            brc
breaks BRC_SPILL_PLAIN                  brc -DMINE_MAX=4
breaks BRC_TAKE_BACK_MERGED             brc -DMINE_MAX=3
reaches MERGE_WHILE_QUEUED              brc
reaches MERGED_BEFORE_PUSH              brc
reaches OWNER_LEFT_BEFORE_LOCK          brc
reaches DRAIN_MERGED_MEANWHILE          brc
reaches NEGATIVE                        brc -DTHREADS=3 -DOPS=1
reaches SPILL                           brc -DMINE_MAX=4
reaches TAKE_BACK                       brc -DMINE_MAX=4

# --- Readers without a reference ---

proves 'brc_weak: 2 threads'            brc_weak -DOPS=4
proves 'brc_weak: 2 threads, spill'     brc_weak -DOPS=4 -DMINE_MAX=4
proves 'brc_weak: 3 threads'            brc_weak -DTHREADS=3 -DOPS=2
proves 'brc_weak: 2 threads, peek'      brc_weak -DPEEK -DSTABLE_MEMORY -DOPS=4
proves 'brc_weak: 3 threads, peek'      brc_weak -DPEEK -DSTABLE_MEMORY -DTHREADS=3 -DOPS=1
breaks BRC_FREE_AT_ONCE_PUB             brc_weak
breaks BRC_PUB_LATE                     brc_weak
breaks BRC_TRY_MERGED_ZERO              brc_weak
breaks BRC_TRY_UNTOUCHED                brc_weak -DPEEK -DSTABLE_MEMORY
reaches REFUSED_UNTOUCHED               brc_weak -DPEEK -DSTABLE_MEMORY

# --- Hand-over ---

proves 'brc_handover: 2 threads'        brc_handover -DOPS=4
proves 'brc_handover: 2 threads, peek'  brc_handover -DPEEK -DSTABLE_MEMORY -DOPS=4
proves 'brc_handover: 3 threads'        brc_handover -DTHREADS=3 -DOPS=2
proves 'brc_handover: 3 threads, peek'  brc_handover -DPEEK -DSTABLE_MEMORY -DTHREADS=3 -DOPS=2
proves 'brc_handover: 2 threads, weak'  brc_handover -DWEAK -DOPS=4
breaks BRC_TAKE_LIVE_WORD               brc_handover -DPEEK -DSTABLE_MEMORY
breaks BRC_TAKE_OVER_PUB                brc_handover -DWEAK
breaks BRC_TAKE_PLAIN_STORE             brc_handover -DPEEK -DSTABLE_MEMORY
breaks BRC_DISOWN_TOUCHED               brc_handover
reaches TAKE_OVER                       brc_handover

# --- Finalizers ---

proves 'brc_finalizer: 2 threads'       brc_finalizer -DOPS=4
proves 'brc_finalizer: 3 threads'       brc_finalizer -DTHREADS=3 -DOPS=2
breaks BRC_TRY_DYING                    brc_finalizer
breaks BRC_DYING_DECREF_FREES           brc_finalizer
breaks BRC_END_DYING_PLAIN              brc_finalizer
breaks BRC_BEGIN_DYING_DROPS_PUB        brc_finalizer
breaks BRC_END_DYING_DROPS_PUB          brc_finalizer
breaks BRC_PUB_SAMPLED_EARLY            brc_finalizer
breaks BRC_WORD_REUSED                  brc_finalizer
reaches RESURRECTION                    brc_finalizer
reaches SECOND_DEATH                    brc_finalizer
reaches REFUSED_DYING                   brc_finalizer
reaches DROP_UNDER_DYING                brc_finalizer

# --- Immortal objects ---

proves 'brc_immortal: 2 threads'        brc_immortal -DOPS=4
proves 'brc_immortal: 3 threads'        brc_immortal -DTHREADS=3 -DOPS=2
breaks BRC_SETTLE_IGNORES_IMMORTAL      brc_immortal
breaks BRC_END_DYING_MORTAL             brc_immortal
reaches SETTLE_IMMORTAL                 brc_immortal

proves 'late_count: 2 threads'          late_count -DOPS=4
proves 'late_count: 3 threads'          late_count -DTHREADS=3 -DOPS=2
breaks LATE_COUNT_FROM_ZERO             late_count
breaks LATE_COUNT_CONDEMNED             late_count
reaches MOVED                           late_count

# --- Owners that come and go ---

proves 'brc_slots: 2 threads'           brc_slots -DOPS=3
proves 'brc_slots: 2 threads, newcomer' brc_slots -DOPS=3 -DNEWCOMERS
proves 'brc_slots: 3 threads'           brc_slots -DTHREADS=3 -DOPS=2
proves 'brc_slots: 2 threads, newcomer, no memory' brc_slots -DOPS=3 -DNEWCOMERS -DNO_MEMORY
proves 'brc_slots: 3 threads, no memory' brc_slots -DTHREADS=3 -DOPS=1 -DNO_MEMORY
proves 'brc_slots: 2 threads, newcomer, finalizer, weak' brc_slots -DOPS=2 -DNEWCOMERS -DFINALIZER -DWEAK
proves 'brc_slots: 2 threads, newcomer, hand-over' brc_slots -DOPS=2 -DNEWCOMERS -DHANDOVER
proves 'brc_slots: 2 threads, other entries' brc_slots -DOPS=3 -DOTHER_ENTRIES
breaks BRC_QUEUE_ON_VACANT              brc_slots
breaks BRC_MERGE_WITHOUT_HOLD           brc_slots
breaks BRC_TAKE_SLOT_UNLOCKED           brc_slots -DNEWCOMERS
breaks BRC_DETACH_IGNORES_MERGE         brc_slots
breaks BRC_REQUEST_AFTER_UNLOCK         brc_slots
breaks BRC_MERGE_CLEARED_LATE           brc_slots -DOTHER_ENTRIES
breaks BRC_NO_MEMORY_NO_STOP            brc_slots -DNO_MEMORY
reaches MERGE_FOR_DETACHED              brc_slots
reaches MERGE_FOR_VACANT                brc_slots
reaches MERGE_IN_STOPPED_WORLD          brc_slots -DNO_MEMORY
reaches SUCCESSOR_MERGES                brc_slots -DNEWCOMERS

# --- The stopped world ---

proves 'world_stop: 2 threads'          world_stop -DTHREADS=2 -DOPS=3
proves 'world_stop: 3 threads'          world_stop -DTHREADS=3 -DOPS=1
proves 'world_stop: 2 threads, newcomer' world_stop -DTHREADS=2 -DNEWCOMERS=1 -DOPS=1
breaks STATUS_STOP_READS_FIRST          world_stop -DTHREADS=2
breaks STATUS_COUNTS_DETACHED           world_stop -DTHREADS=2
breaks STATUS_DETACH_KEEPS_COUNT        world_stop -DTHREADS=2
breaks STATUS_PARK_COUNTS_EARLY         world_stop -DTHREADS=2
breaks STATUS_ATTACH_IGNORES_STOP       world_stop -DTHREADS=2
breaks STATUS_ATTACH_IGNORES_HELD       world_stop -DTHREADS=2
breaks STATUS_RESTART_FORGETS_WAITING   world_stop -DTHREADS=2
breaks STATUS_RESTART_IGNORES_HELD      world_stop -DTHREADS=3
breaks STATUS_UNHOLD_NO_WAKE            world_stop -DTHREADS=2
breaks STATUS_UNHOLD_NO_ATTACH          world_stop -DTHREADS=2
breaks STATUS_UNHOLD_IGNORES_STOP       world_stop -DTHREADS=3
breaks STATUS_SLEEPS_UNMARKED           world_stop -DTHREADS=2
breaks STATUS_STOPPER_UNMARKED          world_stop -DTHREADS=2
breaks STATUS_WORLD_LOCK_ATTACHED       world_stop -DTHREADS=2
breaks STATUS_START_DROPS_STOP          world_stop -DTHREADS=2 -DNEWCOMERS=1
breaks STATUS_NEW_SLOT_DROPS_STOP       world_stop -DTHREADS=2 -DNEWCOMERS=1
reaches WAIT_WHILE_HELD                 world_stop -DTHREADS=2
reaches STOP_WHILE_HELD                 world_stop -DTHREADS=3
reaches SECOND_STOPPER                  world_stop -DTHREADS=2

# --- Private until shared ---

proves 'share: 2 threads'               share -DOPS=2
proves 'share: 2 threads, stops'        share -DOPS=2 -DSTOPS
proves 'share: 2 threads, newcomer'     share -DOPS=1 -DNEWCOMERS
proves 'share: 3 threads'               share -DTHREADS=3 -DOPS=1
breaks SHARE_WITHOUT_HOLD               share
breaks SHARE_TAKES_SLOT_UNLOCKED        share -DOPS=1 -DNEWCOMERS
breaks SHARE_VACANT_WAITS               share
breaks SHARE_REQUEST_LATE               share
breaks SHARE_CLEARED_LATE               share -DTHREADS=3 -DOPS=1
breaks SHARE_DETACH_IGNORES             share
breaks SHARE_ANSWERS_ANYWHERE           share
breaks SHARE_WAITS_ATTACHED             share
breaks SHARE_WAKES_FIRST                share
breaks SHARE_SLEEPS_BLINDLY             share
breaks SHARE_ANSWERED_FIRST             share
breaks SHARE_WALKS_ANY_PAGE             share -DTHREADS=3 -DOPS=1
breaks SHARE_WALKS_ALL                  share -DTHREADS=3 -DOPS=1
breaks SHARE_ASKS_IN_STOP               share -DOPS=1 -DSTOPS
breaks SHARE_SHARES_FOR_RUNNING         share
reaches WALK_FOR_ANOTHER                share
reaches ASKS_PARKED                     share -DTHREADS=3 -DOPS=1 -DSTOPS
reaches SHARE_FOR_VACANT                share
reaches ASK_EACH_OTHER                  share

# --- Weak references: dereferencing against death ---

proves 'weak: 2 threads'                weak -DOPS=3
proves 'weak: 2 threads, a cycle'       weak -DOPS=3 -DCYCLE
proves 'weak: 3 threads'                weak -DTHREADS=3 -DOPS=1
proves 'weak: 2 threads, the owner alone' weak -DOPS=3 -DALONE
proves 'weak: 3 threads, the owner alone' weak -DTHREADS=3 -DOPS=1 -DALONE
breaks WEAK_HINT_STAYS                  weak -DOPS=2
breaks WEAK_HINT_LATE                   weak -DOPS=3
breaks WEAK_HINT_OF_ANYBODY             weak -DOPS=2
breaks WEAK_TRY_UNLOCKED                weak -DOPS=2
breaks WEAK_LOCKS_BLINDLY               weak -DOPS=2
breaks WEAK_FREES_FIRST                 weak -DOPS=2
breaks WEAK_SEEN_UNLOCKED               weak -DOPS=2
breaks WEAK_SEEN_TARGET_FIRST           weak -DOPS=2
breaks WEAK_SEEN_AT_ONCE                weak -DOPS=2
breaks WEAK_DROPS_UNLOCKED              weak -DOPS=2 -DALONE
breaks WEAK_DROPS_BLINDLY               weak -DOPS=2 -DALONE
breaks WEAK_DROPS_SEEN                  weak -DOPS=2 -DALONE
breaks WEAK_CELL_FORGETS                weak -DOPS=2
breaks WEAK_COLLECTS_SEEN               weak -DOPS=2 -DCYCLE
reaches WAITS                           weak -DOPS=2
reaches OWNER_TAKEN_BACK                weak -DOPS=2
reaches REVIVED_BEFORE_LOCK             weak -DOPS=2 -DALONE
reaches LEFT_FOR_NEXT                   weak -DOPS=2 -DCYCLE

# --- Brackets and grace periods ---

proves 'bracket: 2 threads'             bracket -DOPS=2
proves 'bracket: 2 threads, no memory'  bracket -DOPS=2 -DBATCHES=1
proves 'bracket: 3 threads'             bracket -DTHREADS=3 -DOPS=1
proves 'bracket: 2 threads, end at any time' bracket -DOPS=2 -DBATCHES=1 -DANYTIME
proves 'bracket: a private container'   bracket -DTHREADS=1 -DOPS=4 -DPRIVATE
breaks BRACKET_RELEASES_AT_ONCE         bracket
breaks BRACKET_OWN_AT_ONCE              bracket -DTHREADS=1 -DOPS=3 -DPRIVATE
breaks BRACKET_LOADS_FIRST              bracket -DBATCHES=1
breaks BRACKET_COUNTS_LATE              bracket -DBATCHES=1
breaks BRACKET_POP_MOVES                bracket
breaks BRACKET_DEATH_AT_ONCE            bracket -DBATCHES=1
breaks BRACKET_DROPS_CONTAINER          bracket -DBATCHES=1
breaks GRACE_TELLS_FIRST                bracket -DBATCHES=1
breaks GRACE_LOOKS_FIRST                bracket
breaks GRACE_ATTACHES_BLINDLY           bracket
breaks GRACE_CLEARED_LATE               bracket
breaks GRACE_DETACH_KEEPS               bracket
breaks GRACE_EXIT_KEEPS                 bracket
breaks GRACE_EXIT_TELLS_NOBODY          bracket
breaks GRACE_EXIT_TO_ITSELF             bracket
breaks GRACE_FREES_EARLY                bracket
breaks GRACE_WAITS_IN_BRACKET           bracket
breaks GRACE_SETTLES_IN_BRACKET         bracket -DOPS=1 -DANYTIME
breaks GRACE_SETTLES_RELEASING          bracket -DANYTIME
breaks GRACE_ABANDONS_FREE              bracket -DOPS=1 -DANYTIME
breaks GRACE_STATES_FIRST               bracket -DOPS=1 -DANYTIME
breaks GRACE_CALLBACK_UNLOCKED          bracket -DOPS=1 -DANYTIME
reaches NO_MEMORY_IN_BRACKET            bracket -DBATCHES=1
reaches RELEASED_BEFORE_CALLBACK        bracket
reaches RELEASES_FOR_THE_DEAD           bracket
reaches CALLBACK_OF_ABANDONED           bracket -DOPS=1 -DANYTIME

# --- Looking for a weak reference without the lock ---

proves 'glance: 3 threads'              glance
breaks GLANCE_TARGET_LATE               glance
breaks GLANCE_MOVED                     glance
breaks GLANCE_MOVES_HIDDEN              glance
reaches FOUND                           glance

# --- Collections of one thread's own ---

proves 'own: 2 threads'                 own -DOPS=6
breaks OWN_ZERO_IS_ALL                  own
breaks OWN_LOOKS_AGAIN                  own
breaks OWN_FORGETS_MEMBERS              own
reaches TOUCHED_MEANWHILE               own

while [ "$running" -gt 0 ]; do wait_for_one; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$printed" -eq "$started" ]
