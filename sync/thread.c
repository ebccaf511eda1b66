/* SPDX-License-Identifier: MIT */
/*
 * Thread objects.
 *
 * The new thread and the object keep each other going: the thread's state holds a reference to the object until the
 * thread leaves, the object holds what the callable returned, or its error, until the object dies. `stage` says how
 * far it is, and is the futex that joiners sleep on. An error that no join has received is reported when the object
 * dies.
 *
 * What protects what: callable, args: immutable until the thread runs, then the thread's. result, error: written by the
 * thread before ENDED, read after. stage, claimed, collected: atomic.
 */
#define _GNU_SOURCE
#include "sync/thread.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/error.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/tuple.h"

enum stage { NEW, STARTED, ENDED };

struct thread {
  weft_object header;
  weft_object *callable, *args; /* args is a tuple */
  weft_object *result, *error;
  uint32_t stage;   /* atomic, futex: enum stage; SLEEPERS is added while someone may sleep on it */
  uint32_t claimed; /* atomic: 1 once somebody starts it */
  uint32_t reported;
  bool daemon;
  int64_t native_id; /* atomic */
};
enum { SLEEPERS = 4, STAGE = 3 };

static uint32_t alive;  /* atomic: started and not ended */
static uint32_t waited; /* atomic, futex: those among them that weft_finalize waits for */

static uint32_t stage_of(struct thread *t) {
  /* order: acquire [thread-end]: whoever sees ENDED sees result and error. */
  return weft__load_acquire(&t->stage) & STAGE;
}

static struct thread *checked(const char *call, weft_object *o) {
  return weft__expect(call, o, &weft_thread_type) ? (struct thread *)o : NULL;
}

/* --- Running --- */

/* False: the callable has ended the runtime, and `t` with it. */
static bool run(struct thread *t) {
  uint32_t life = weft__load_relaxed(&weft__life);
  weft_object *result = weft_call(t->callable, weft__tuple_items(t->args), (size_t)weft_tuple_length(t->args));
  if (!weft__runtime_running() || weft__load_relaxed(&weft__life) != life) return false;
  t->result = result;
  if (!result) t->error = weft_error_take();
  weft_clear(&t->callable);
  weft_clear(&t->args);
  return true;
}

/* Publishes the end of `t`. True: somebody sleeps on it. */
static bool end(struct thread *t) {
  /* order: relaxed: a figure; whoever has seen ENDED sees it lowered. */
  weft__sub_relaxed(&alive, 1u);
  /* order: acq_rel [thread-end]: publishes result and error. */
  return weft__exchange_acq_rel(&t->stage, (uint32_t)ENDED) & SLEEPERS;
}

static void *thread_main(void *arg) {
  struct weft__tstate *ts = arg;
  weft__tstate_enter(ts);
  struct thread *t = (struct thread *)ts->thread_object;
  bool daemon = t->daemon;
  /* order: relaxed: only shown. */
  weft__store_relaxed(&t->native_id, (int64_t)syscall(SYS_gettid));
  if (!run(t)) return NULL;
  bool wake = end(t);
  weft__tstate_leave(); /* drops the state's reference to `t` */
  /* Not before: a joiner that wakes up would wait for the GIL, perhaps on the CPU that we need in order to give it up.
   * `t` may be gone by now; then nobody sleeps at that address, or somebody who looks again. */
  if (wake) weft__futex_wake(&t->stage, INT32_MAX);
  /* order: release [thread-count]: pairs with the acquire in weft__threads_wait. */
  if (!daemon && weft__sub_release(&waited, 1u) <= 2) weft__futex_wake(&waited, 1);
  return NULL;
}

weft_object *weft_thread_new(weft_object *callable, size_t n, weft_object *const *args) {
  if (!weft__given("weft_thread_new", callable)) return NULL;
  if (!callable->type->spec.call)
    return weft_raise(&weft_TypeError, "weft_thread_new: '%s' object is not callable", callable->type->spec.name);
  weft_object *packed = weft_tuple_new(n, args);
  struct thread *t = packed ? (struct thread *)weft__object_new(&weft_thread_type, 0) : NULL;
  if (!t) {
    weft_xdecref(packed);
    return NULL;
  }
  t->callable = weft_new_ref(callable);
  t->args = packed;
  return &t->header;
}

bool weft__native_thread(void *(*body)(void *), void *arg) {
  pthread_attr_t attributes;
  pthread_t native;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  bool made = pthread_create(&native, &attributes, body, arg) == 0;
  pthread_attr_destroy(&attributes);
  return made;
}

static int refuse(struct thread *t, const char *why) {
  weft__store_relaxed(&t->claimed, 0u);
  weft_raise(&weft_RuntimeError, "can't start new thread: %s", why);
  return -1;
}

int weft_thread_start(weft_object *thread) {
  struct thread *t = checked("weft_thread_start", thread);
  if (!t) return -1;
  uint32_t unclaimed = 0;
  /* order: relaxed: decides between starters only. */
  if (!weft__cas_relaxed(&t->claimed, &unclaimed, 1u)) {
    weft_raise(&weft_RuntimeError, "threads can only be started once");
    return -1;
  }
  struct weft__tstate *ts = weft__fault() ? NULL : weft__tstate_reserve();
  if (!ts) return refuse(t, "out of memory");
  ts->thread_object = weft_new_ref(thread);
  weft__store_relaxed(&t->stage, (uint32_t)STARTED);
  weft__add_relaxed(&alive, 1u);
  if (!t->daemon) weft__add_relaxed(&waited, 1u);
  if (weft__native_thread(thread_main, ts)) return 0;
  if (!t->daemon) weft__sub_relaxed(&waited, 1u);
  weft__sub_relaxed(&alive, 1u);
  weft__store_relaxed(&t->stage, (uint32_t)NEW);
  weft_clear(&ts->thread_object);
  weft__tstate_unreserve(ts);
  return refuse(t, "the system is out of threads");
}

weft_object *weft_thread_spawn(weft_object *callable, size_t n, weft_object *const *args) {
  weft__check_attached("weft_thread_spawn");
  weft_object *thread = weft_thread_new(callable, n, args);
  if (thread && weft_thread_start(thread) < 0) weft_clear(&thread);
  return thread;
}

/* --- Waiting --- */

/* False: an error is set. */
static bool may_join(struct thread *t) {
  if (stage_of(t) == NEW)
    weft_raise(&weft_RuntimeError, "cannot join a thread that was not started");
  else if (weft__self()->thread_object == &t->header)
    weft_raise(&weft_RuntimeError, "cannot join the current thread");
  else
    return true;
  return false;
}

/* True: ended. The caller is detached and holds a reference. */
static bool wait_for_end(struct thread *t, int64_t timeout_ns) {
  uint64_t deadline = timeout_ns < 0 ? 0 : weft__now_ns() + (uint64_t)timeout_ns;
  uint32_t stage;
  while ((stage = weft__load_acquire(&t->stage)) != ENDED) {
    int64_t left = timeout_ns < 0 ? -1 : (int64_t)(deadline - weft__now_ns());
    if (timeout_ns >= 0 && left <= 0) return false;
    /* order: relaxed: SLEEPERS only asks for a wake-up; the end is read with acquire. */
    if ((stage & SLEEPERS) || weft__cas_relaxed(&t->stage, &stage, stage | SLEEPERS))
      weft__futex_wait(&t->stage, stage | SLEEPERS, left);
  }
  return true;
}

int weft_thread_wait(weft_object *thread, int64_t timeout_ns) {
  struct thread *t = checked("weft_thread_wait", thread);
  if (!t || !may_join(t)) return -1;
  if (stage_of(t) == ENDED) return 1;
  if (timeout_ns == 0) return 0;
  weft_incref(thread);
  weft_detach();
  bool ended = wait_for_end(t, timeout_ns);
  weft_reattach();
  weft_decref(thread);
  return ended;
}

weft_object *weft_thread_join(weft_object *thread) {
  weft__check_attached("weft_thread_join");
  if (weft_thread_wait(thread, -1) < 0) return NULL;
  struct thread *t = (struct thread *)thread;
  if (t->result) return weft_new_ref(t->result);
  weft__store_relaxed(&t->reported, 1u);
  return weft_raise_object(t->error);
}

void weft__threads_wait(void) {
  struct thread *own = (struct thread *)weft__self()->thread_object;
  uint32_t left, ours = own && !own->daemon; /* in the child of a fork, the caller may be such a thread */
  weft_detach();
  /* order: acquire [thread-count]: sees what the threads did before they ended. */
  while ((left = weft__load_acquire(&waited)) != ours) weft__futex_wait(&waited, left, -1);
  weft_reattach();
}

/* --- Questions --- */

int weft_thread_is_alive(weft_object *thread) {
  struct thread *t = checked("weft_thread_is_alive", thread);
  return t ? stage_of(t) == STARTED : -1;
}

int weft_thread_set_daemon(weft_object *thread, bool daemon) {
  struct thread *t = checked("weft_thread_set_daemon", thread);
  if (!t) return -1;
  if (weft__load_relaxed(&t->claimed)) {
    weft_raise(&weft_RuntimeError, "cannot set daemon status of a started thread");
    return -1;
  }
  t->daemon = daemon;
  return 0;
}

int64_t weft_thread_native_id(weft_object *thread) {
  struct thread *t = checked("weft_thread_native_id", thread);
  return t ? weft__load_relaxed(&t->native_id) : -1;
}

weft_object *weft_thread_current(void) {
  weft__check_attached("weft_thread_current");
  weft_object *thread = weft__self()->thread_object;
  weft_xincref(thread);
  return thread;
}

size_t weft_thread_count(void) { return weft__load_relaxed(&alive); }

/* The runtime has ended: daemons that are stuck are not counted in the next one. */
void weft__threads_reset(void) {
  weft__store_relaxed(&alive, 0u);
  weft__store_relaxed(&waited, 0u);
}

/* --- Fork: the others are gone --- */

void weft__threads_after_fork(struct weft__tstate *survivor) {
  struct thread *own = (struct thread *)survivor->thread_object;
  weft__store_relaxed(&alive, own ? 1u : 0u);
  weft__store_relaxed(&waited, own && !own->daemon ? 1u : 0u);
  if (own) weft__store_relaxed(&own->native_id, (int64_t)syscall(SYS_gettid));
}

void weft__thread_lost_in_fork(weft_object *thread) {
  struct thread *t = (struct thread *)thread;
  if (stage_of(t) == ENDED) return;
  if (!t->result && !t->error) t->result = WEFT_NONE;
  weft__store_release(&t->stage, (uint32_t)ENDED);
}

/* --- The type --- */

static int thread_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct thread *t = (struct thread *)self;
  weft_object *const held[] = {t->callable, t->args, t->result, t->error};
  for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
    int stop = held[i] ? visit(held[i], arg) : 0;
    if (stop) return stop;
  }
  return 0;
}

static int thread_clear(weft_object *self) {
  struct thread *t = (struct thread *)self;
  weft_clear(&t->callable);
  weft_clear(&t->args);
  weft_clear(&t->result);
  weft_clear(&t->error);
  return 0;
}

static void thread_dealloc(weft_object *self) {
  struct thread *t = (struct thread *)self;
  if (t->error && !t->reported && !weft_is_instance(t->error, &weft_SystemExit)) {
    weft_object *current = weft_error_take();
    weft_raise_object(t->error);
    weft_error_unraisable(self);
    weft__self()->error = current;
  }
  thread_clear(self);
  weft_object_free(self, 0);
}

static weft_object *thread_repr(weft_object *self) {
  static const char *const stages[] = {"initial", "started", "stopped"};
  struct thread *t = (struct thread *)self;
  return weft_str_format("<thread at %p, %s%s>", (void *)self, stages[stage_of(t)], t->daemon ? ", daemon" : "");
}

const weft_type weft_thread_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "thread",
             .base = &weft_object_type,
             .basic_size = sizeof(struct thread),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = thread_traverse,
             .clear = thread_clear,
             .dealloc = thread_dealloc,
             .repr = thread_repr,
             .hash = weft__hash_identity},
    .weak = true,
};
