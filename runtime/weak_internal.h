/* SPDX-License-Identifier: MIT */
/* How objects know their weak references; see weak_table.c. */
#ifndef WEFT_WEAK_INTERNAL_H
#define WEFT_WEAK_INTERNAL_H

#include "runtime_internal.h"
#include "weakref.h"

typedef struct weft__weakref weft__weakref;

/* References without a callback of which an object has one each; its list holds a reference to them. */
enum weft__weak_shared { WEFT__WEAK_OF_MANY, WEFT__WEAK_SHARED_REF, WEFT__WEAK_SHARED_PROXY };

/* Whether `call` may make a weak reference to `target`. False: TypeError. */
bool weft__weak_allowed(const char *call, weft_object *target);
/* The object's shared reference, counted, if that is found quickly; or NULL. */
weft__weakref *weft__weak_glance(weft_object *target);
/* Makes `r`, which nobody else knows, a reference to `target`, which the caller holds. If it is a shared one and there
 * is one already, that is returned, counted, and `r` stays empty; else `r` itself. NULL: memory; `r` stays empty. */
weft__weakref *weft__weak_link(weft_object *target, weft__weakref *r, enum weft__weak_shared shared);
/* `r` dies, or is to forget its target: it is empty, and is not called. */
void weft__weak_unlink(weft__weakref *r);

/* A new reference to the target, or NULL when it is dead. */
weft_object *weft__weak_revive(weft__weakref *r);
/* The target, borrowed from the bracket that is open, or NULL when it is dead. */
weft_object *weft__weak_look(weft__weakref *r);
/* The callback, a new reference, as long as the target lives; or NULL. */
weft_object *weft__weak_callback(weft__weakref *r);

/* Appends, counted, up to `room` references to the object to `refs`; returns how many there are. */
size_t weft__weak_list(weft_object *target, weft__weakref **refs, size_t room);

/* --- Death --- */

/* The object dies, after its finalizer: its references are empty from now on, and are called. True: its body and memory
 * have to wait for brackets. May: run callbacks. */
bool weft__weak_clear(weft_object *o);
/* The owner of an object that no finalizer waits for drops a reference to it. True: that was the last one, its
 * references are empty and have been called; its body and memory are the caller's. False: nothing has happened. May:
 * run callbacks. */
bool weft__weak_drop_last(weft_object *o);
/* The object, of which the word says that there may be references, has no owner any more, or may be about to die. */
void weft__weak_disowned(weft_object *o);

/* In a stopped world: empties the references to `n` objects that are garbage, and those among them. False: a thread has
 * a bracket open in which it may look at one of them; then nothing has happened. What has to be done when the world
 * runs again comes to *calls. */
bool weft__weak_clear_garbage(weft_object *const *garbage, size_t n, weft__weakref **calls);
/* Does it: calls references that are not garbage, if `call`, and drops the shared ones. May: run callbacks. */
void weft__weak_call(weft__weakref *calls, bool call);

/* The runtime ends: calls the finalizers (finalizer.c) that are to be called then, and drops the others. May: run them.
 */
void weft__finalizers_at_exit(void);
void weft__finalizers_fini(void);
void weft__weak_fini(void);

/* --- For kinds of references --- */

static inline void weft__weakref_init(weft__weakref *r, weft_object *callback) {
  weft_xincref(callback);
  r->target = NULL;
  r->owner = 0;
  r->seen = r->shared = r->visits = 0;
  r->is_garbage = false;
  r->callback = callback;
  r->hash = -1;
  r->next = r->previous = NULL;
}

/* An empty one; a longer body is not initialised. NULL with MemoryError. */
WEFT_ALWAYS_INLINE weft__weakref *weft__weakref_alloc(const weft_type *type, size_t size, weft_object *callback) {
  weft__weakref *r = weft__object_alloc(type, size, "weft_weakref_new");
  if (r) weft__weakref_init(r, callback);
  return r;
}

/* Takes over an empty one, and links it. Returns new: it, or the shared one that there is; NULL with MemoryError. */
weft_object *weft__weakref_tie(weft__weakref *r_steal, weft_object *target, enum weft__weak_shared shared);

/* The slots that they share. */
int weft__weakref_traverse(weft_object *self, weft_visit visit, void *arg);
int weft__weakref_clear(weft_object *self);
void weft__weakref_release(weft_object *self);
void weft__weakref_dealloc(weft_object *self);
weft_object *weft__weakref_repr(weft_object *self);
int weft__weakref_hash(weft_object *self, int64_t *hash);
int weft__weakref_compare(weft_object *a, weft_object *b, enum weft_compare_op op);
weft_object *weft__weakref_call(weft_object *self, weft_object *const *args, size_t n);

/* The method that a reference to one means. Returns new. Errors: memory. */
weft_object *weft__weak_method_of(weft__weakref *r, weft_object *target_steal);

#endif
