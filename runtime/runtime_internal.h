/* SPDX-License-Identifier: MIT */
/* What neighbour files need of each other: assertions, misuse, memory, and the life of the runtime. */
#ifndef WEFT_RUNTIME_INTERNAL_H
#define WEFT_RUNTIME_INTERNAL_H

#include <stdarg.h>

#include "../sync/mutex.h"
#include "../sync/tstate.h"
#include "error.h"
#include "heap_internal.h"
#include "object.h"
#include "share.h"
#include "tuple.h"
#include "type.h"

/* Always checked; a failure is a defect of Weft or of the program, with no caller to tell. */
#define WEFT_CHECK(condition) \
  (WEFT_LIKELY(condition) ? (void)0 : weft__fatal("%s:%d: check failed: %s", __FILE__, __LINE__, #condition))
/* Checked in debug builds. */
#define WEFT_ASSERT(condition) (WEFT_DEBUG ? WEFT_CHECK(condition) : (void)0)

/* --- Reports --- */

void weft__fatal(const char *format, ...) WEFT_PRINTF(1, 2) __attribute__((noreturn, cold));
/* Misuse of `call`: aborts through the fatal hook with "weft: <call>: <what>". */
void weft__misuse(const char *call, const char *what) __attribute__((noreturn, cold));
void weft__warn(const char *format, ...) WEFT_PRINTF(1, 2) __attribute__((cold));

/* --- Memory --- */

/* True when fault injection says that this request of the calling thread fails. */
bool weft__fault(void);

extern struct weft__heap weft__heap_of_nobody;
struct weft__heap *weft__heap_create(struct weft__tstate *owner);
/* The calling thread ends: its pages are for others to adopt. */
void weft__heap_abandon(struct weft__tstate *ts);
void weft__heap_destroy(struct weft__heap *heap);
/* Hands over the remote frees that the thread has collected, and takes back what others freed in its pages: before it
 * detaches or stops. */
void weft__heap_flush(struct weft__tstate *ts);
/* Does so for all threads, in a stopped world; pages that are empty then go back. */
void weft__heap_collect_all(void);
/* Tracing has begun, or ended; in a stopped world. */
void weft__heap_heed_tracing(void);
void weft__heap_fini(void);
void weft__heap_lock_for_fork(void);
void weft__heap_unlock_after_fork(void);

/* --- Counts --- */

/* Settles what other threads queued for the calling thread. May: run finalizers. */
void weft__merge_queue_drain(struct weft__tstate *ts);
/* In a stopped world: settles what is in all threads' queues. Returns the objects that have lost their last reference
 * by that; they are let die, by weft__merge_queue_bury, when the world goes on. */
struct weft__merge_chunk *weft__merge_queues_settle(void);
void weft__merge_queue_bury(struct weft__merge_chunk *dead);
void weft__merge_queue_walk(const struct weft__merge_chunk *dead, void (*visit)(weft_object *, void *), void *arg);
void weft__merge_queue_free(struct weft__tstate *ts);
void weft__merge_queue_move(struct weft__tstate *from, struct weft__tstate *to);
/* Shares what other threads asked the calling thread to share. */
void weft__revocations_answer(struct weft__tstate *ts);

/* --- Objects --- */

/* For the types of Weft's own, whose initialisers the constructors' files contain, a compile-time constant. */
WEFT_ALWAYS_INLINE enum weft_heap_kind weft__kind_of(const weft_type *type) {
  return type->spec.flags & WEFT_TYPE_CONTAINER ? WEFT_HEAP_CONTAINER : WEFT_HEAP_PLAIN;
}

/* An object's memory with its header written; the body is not initialised. NULL with MemoryError. `call` is what the
 * user called, should the thread turn out not to be attached. */
void *weft__object_alloc_slow(const weft_type *type, size_t size, enum weft_heap_kind kind, const char *call);
WEFT_ALWAYS_INLINE void *weft__object_alloc_as(const weft_type *type, size_t size, enum weft_heap_kind kind,
                                               const char *call) {
  weft_object *o = size <= WEFT__SMALL_MAX ? weft__heap_pop(size, kind) : NULL;
  if (WEFT_UNLIKELY(!o)) return weft__object_alloc_slow(type, size, kind, call);
  weft__count_init(&o->count);
  o->type = type;
  return o;
}
WEFT_ALWAYS_INLINE void *weft__object_alloc(const weft_type *type, size_t size, const char *call) {
  return weft__object_alloc_as(type, size, weft__kind_of(type), call);
}

/* weft_object_new for types of Weft's own. */
weft_object *weft__object_new(const weft_type *type, size_t items);
/* AttributeError, or ValueError when `name` is not UTF-8. Returns NULL. */
void *weft__no_attribute(weft_object *o, weft_object *name);
/* KeyError with the key as what it is about. Returns NULL. */
void *weft__no_such_key(weft_object *key);
/* Of a call of a type that takes an optional argument. False: TypeError. */
bool weft__at_most_one(const weft_type *type, size_t n);
int weft__hash_identity(weft_object *self, int64_t *hash);
weft_object *weft__str_vformat(const char *format, va_list args);
/* As weft__str_vformat; what is not UTF-8 becomes U+FFFD. */
weft_object *weft__str_vformat_lossy(const char *format, va_list args);
/* Drops slots, calls clear, frees: the dealloc of types that say nothing about it. */
void weft__generic_dealloc(weft_object *self);
/* The death of an object that has been put off for a grace period (sync/grace.c). */
void weft__tear_down(weft_object *o);
enum { WEFT__DEALLOC_DEPTH = 40 }; /* deaths that may nest; deeper ones are put off */
/* Those that the calling thread has put off. */
void weft__empty_trash(void);
/* Where the object remembers that its finalizer has run; NULL: it has none. */
uint64_t *weft__finalized_mark(weft_object *o);

/* The lock of a container's contents: none is needed under a GIL. Taking it is a safepoint; while an operation holds it
 * there is none: so in a stopped world, and in the child of a fork, such a lock is held by a critical section at most,
 * and the container is whole. */
void weft__object_lock_slow(weft_mutex *m);
void weft__object_lock_wait(weft_mutex *m); /* detached, until it has been opened, or for no reason */
static inline void weft__object_lock(weft_mutex *m) {
  uint8_t unlocked = 0;
  weft_poll();
  /* order: acquire [mutex]: as weft_mutex_lock. */
  if (!WEFT__HAS_GIL && WEFT_UNLIKELY(!weft__cas_acquire(&m->word, &unlocked, (uint8_t)1))) weft__object_lock_slow(m);
}
static inline void weft__object_unlock(weft_mutex *m) {
  if (!WEFT__HAS_GIL) weft_mutex_unlock(m);
}
/* A reference in the body of a guarded object: reads it (a new reference, or NULL), replaces it and lets go of what was
 * there (true: something was). Safepoints. May: block, run finalizers. */
weft_object *weft__slot_load(weft_object *self, weft_object **slot);
bool weft__slot_store(weft_object *self, weft_object **slot, weft_object *value_steal);

/* Around a slot that may nest without bound (repr, compare, hash). False: RecursionError is set. Frames are of some 200
 * bytes: the limit fits the smallest thread stacks people use. */
enum { WEFT__RECURSION_LIMIT = 1000 };
bool weft__recursion_refused(const char *where);
static inline bool weft__recursion_enter(const char *where) {
  return WEFT_LIKELY(++weft__self()->recursion_depth <= WEFT__RECURSION_LIMIT) || weft__recursion_refused(where);
}
static inline void weft__recursion_leave(void) { weft__self()->recursion_depth--; }

/* TypeError "<call>: expected <type>, got <other>" unless `o` is of `type`. */
bool weft__expect_slow(const char *call, const weft_object *o, const weft_type *type);
static inline bool weft__expect(const char *call, const weft_object *o, const weft_type *type) {
  weft__check_attached(call);
  return WEFT_LIKELY(o && o->type == type) || weft__expect_slow(call, o, type);
}

/* Can the tuple be part of a cycle? One that cannot is a plain object to the heap and the collector; see tuple.c. */
static inline bool weft__tuple_is_tracked(const weft_object *tuple) {
  size_t n = ((const struct weft__tuple *)tuple)->size, size = sizeof(struct weft__tuple) + n * sizeof(weft_object *);
  return n && (size > WEFT__SMALL_MAX || WEFT__IS_CONTAINER_BIN(weft__page_of(tuple)->bin));
}
/* Does the collector look at the object? */
static inline bool weft__is_tracked(const weft_object *o) {
  return o->type->spec.flags & WEFT_TYPE_CONTAINER && (o->type != &weft_tuple_type || weft__tuple_is_tracked(o));
}
/* It dies: no longer one of those made since the last collection. */
static inline void weft__not_young(const weft_object *o) {
  struct weft__heap *heap = weft__tls.heap;
  heap->young -= heap->young != 0 && weft__is_tracked(o);
}
static inline weft_object **weft__tuple_items(weft_object *tuple) { return ((struct weft__tuple *)tuple)->items; }
/* A tuple of `n` None, for its maker to replace before anybody else knows it. Returns new. Errors: memory. */
weft_object *weft__tuple_of_none(size_t n);

/* A NULL object is bad input like any other: TypeError, not a crash. */
bool weft__given_slow(const char *call);
static inline bool weft__given(const char *call, const weft_object *o) {
  weft__check_attached(call);
  return WEFT_LIKELY(o != NULL) || weft__given_slow(call);
}
bool weft__all_given_slow(const char *call, size_t n, weft_object *const *objects);
static inline bool weft__all_given(const char *call, size_t n, weft_object *const *objects) {
  weft__check_attached(call);
  for (size_t i = 0; i < n; i++)
    if (WEFT_UNLIKELY(!objects || !objects[i])) return weft__all_given_slow(call, n, objects);
  return true;
}

/* --- The collector: gc/ --- */

/* A container is about to be made, and more than enough young ones are there. True: a collection has been run. May: run
 * finalizers, stop the world. */
bool weft__gc_due(void);
/* Something that is of the oldest generation is about to be made. */
void weft__gc_count_old(void);
/* Debug builds, at the end: says which objects are still alive. */
void weft__gc_report_alive(void);
/* A heap goes: its nursery. */
void weft__gc_free_nursery(struct weft__nursery *nursery);
/* How many young containers are enough. */
uint32_t weft__gc_young_limit(void);
void weft__gc_init(void);   /* reads the environment */
void weft__gc_forget(void); /* lets go of what it has saved. May: run finalizers */
void weft__gc_at_end(void); /* the runtime ends: the same, and a last collection */
void weft__gc_fini(void);

/* --- tracemalloc: trace.c --- */

void weft__trace_init(void); /* reads the environment */
void weft__trace_fini(void);
void weft__trace_lock_for_fork(void);
void weft__trace_unlock_after_fork(void);

/* --- Life of the runtime --- */

bool weft__runtime_running(void);
extern uint32_t weft__life; /* atomic: counts the times that the runtime was initialised */
void weft__threads_reset(void);
void weft__types_forget(void); /* lets go of their attributes */
void weft__types_fini(void);   /* types made by weft_type_new */
bool weft__types_released(void);
void weft__type_free(weft_object *o); /* a released one, which has let go of what it held; nothing leads to it */
void weft__threads_wait(void);        /* for the threads that weft_finalize waits for */
/* Makes a thread that nobody joins. False: the system refuses. */
bool weft__native_thread(void *(*body)(void *), void *arg);
void weft__threads_after_fork(struct weft__tstate *survivor); /* in the child: all other threads are gone */
void weft__thread_lost_in_fork(weft_object *thread);

#endif
