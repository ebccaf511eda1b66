/* SPDX-License-Identifier: MIT */
/*
 * Start and end of the runtime, and fork.
 *
 * weft_finalize leaves the world stopped (mode gil: keeps the lock) and marks the remaining thread states as lost, so
 * no other thread ever touches an object again; only then is memory given back.
 *
 * fork: the forking thread stops the world and takes every lock, so that the child inherits a consistent state in which
 * it is the only thread. The other threads' slots become vacant; what they owned goes on living.
 */
#include "runtime/runtime.h"

#include <pthread.h>

#include "runtime/copy_internal.h"
#include "runtime/heap.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/text_internal.h"
#include "runtime/weak_internal.h"
#include "sync/attach.h"
#include "sync/grace_internal.h"
#include "sync/parking.h"
#include "sync/timeline_internal.h"

enum { STOPPED, RUNNING, ENDING };
static uint32_t state; /* atomic */
uint32_t weft__life;   /* atomic */

/* order: acquire [runtime]: whoever sees RUNNING sees what weft_init set up. */
bool weft__runtime_running(void) { return weft__load_acquire(&state) == RUNNING; }
bool weft_is_initialized(void) { return weft__load_acquire(&state) != STOPPED; }

const char *weft_mode(void) { return WEFT_MODE_NAME; }
const char *weft_version(void) { return "0.1.0"; }

/* --- Fork --- */

/* Several threads may fork at the same time. */
static WEFT_TLS bool attached_for_fork;

static void before_fork(void) {
  if (!weft__runtime_running()) return;
  attached_for_fork = !weft_is_attached();
  if (!attached_for_fork && weft__world_is_stopped()) weft__misuse("fork", "the world is stopped");
  if (attached_for_fork && !weft_attach()) weft__fatal("fork: no memory to attach the forking thread");
  if (weft__self()->brackets) weft__misuse("fork", "a read bracket is open");
  weft__grace_hold_off();
  weft_detach();
  weft__grace_before_fork();
  weft_reattach();
  weft__heap_flush(weft__self());
  weft__world_stop(weft__self());
  weft__lock_acquire(&weft__registry_lock);
  weft__gil_lock_for_fork();
  weft__heap_lock_for_fork();
  weft__timeline_lock_for_fork();
  weft__grace_lock_for_fork();
  weft__trace_lock_for_fork();
}

static void unlock_all(void) {
  weft__trace_unlock_after_fork();
  weft__timeline_unlock_after_fork();
  weft__heap_unlock_after_fork();
  weft__gil_unlock_after_fork();
  weft__lock_release(&weft__registry_lock);
}

static void after_fork_in_parent(void) {
  if (!weft__runtime_running()) return;
  weft__grace_after_fork(false);
  unlock_all();
  weft__world_start(weft__self());
  if (attached_for_fork) weft_detach();
}

static void after_fork_in_child(void) {
  if (!weft__runtime_running()) return;
  weft__grace_after_fork(true);
  unlock_all();
  weft__parking_after_fork();
  weft__gil_after_fork(weft__self());
  weft__threads_after_fork(weft__self());
  weft__tstates_after_fork(weft__self());
  weft__world_start(weft__self());
  if (attached_for_fork) weft_detach();
  weft__grace_begin_in_child();
}

static bool fork_init(void) {
  static bool done;
  if (!done) done = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
  return done;
}

/* --- Start and end --- */

int weft_init(void) {
  uint32_t stopped = STOPPED;
  /* order: acq_rel [runtime]: a second runtime starts after the first one's end. */
  if (!weft__cas_acq_rel(&state, &stopped, (uint32_t)ENDING))
    weft__misuse("weft_init", "the runtime is initialised already");
  weft__ints_init();
  weft__gc_init();
  if (!weft__hash_seed_init() || !fork_init() || !weft__tstate_init()) {
    weft__store_release(&state, (uint32_t)STOPPED);
    return -1;
  }
  /* order: relaxed: compared by threads of this life only. */
  weft__store_relaxed(&weft__life, weft__load_relaxed(&weft__life) + 1);
  /* order: release [runtime]: publishes the above to threads that attach. */
  weft__store_release(&state, (uint32_t)RUNNING);
  weft__trace_init();
  return 0;
}

void weft_finalize(void) {
  weft__check_attached("weft_finalize");
  if (weft__world_is_stopped()) weft__misuse("weft_finalize", "the world is stopped");
  if (weft__self()->brackets) weft__misuse("weft_finalize", "a read bracket is open");
  if (weft__self()->sections_open) weft__misuse("weft_finalize", "a critical section is open");
  weft__threads_wait();
  weft__finalizers_at_exit();
  weft__types_forget();
  weft__copiers_forget();
  weft__gc_at_end();
  weft__grace_settle(weft__self());
  weft__world_stop(weft__self());
  weft__store_release(&state, (uint32_t)ENDING);
  weft_error_clear();
  weft_clear(&weft__self()->thread_object);
  weft__timeline_off();
  weft__heap_collect_all();
  weft__grace_fini();
  if (WEFT_DEBUG) weft__gc_report_alive();
  weft__trace_fini();
  weft__tstates_fini();
  weft__threads_reset();
  weft__types_fini();
  weft__gc_fini();
  weft__finalizers_fini();
  weft__weak_fini();
  weft__heap_fini();
  weft__store_release(&state, (uint32_t)STOPPED);
}
