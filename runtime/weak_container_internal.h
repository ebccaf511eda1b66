/* SPDX-License-Identifier: MIT */
/*
 * What weak dicts and weak sets share.
 *
 * The container has a dict or set of its own, `data`, which nobody else knows, with weak references as values or keys:
 * *entries*. An entry takes itself out of `data` when its target dies; for that it holds `data` (as its `callback`).
 * The cycle is no harm: when the container dies it clears `data`; and the collector sees all of it.
 */
#ifndef WEFT_WEAK_CONTAINER_INTERNAL_H
#define WEFT_WEAK_CONTAINER_INTERNAL_H

#include "weak_internal.h"

typedef struct weft__weak_container {
  weft_object header;
  weft_object *data; /* never changes */
  uint64_t changes;  /* atomic: entries that have come or gone other than by death */
} weft__weak_container;

/* order: relaxed: iterators only compare it. */
static inline void weft__weak_changed(weft__weak_container *c) { weft__add_relaxed(&c->changes, UINT64_C(1)); }
static inline uint64_t weft__weak_changes(const weft__weak_container *c) { return weft__load_relaxed(&c->changes); }

/* An entry without fields of its own for `target`, in `data`. Returns new. Errors: TypeError (by `call`), memory. */
weft_object *weft__weak_entry_new(const char *call, const weft_type *type, weft_object *target, weft_object *data);

/* An instance with new, empty data; for `make` slots. `data_steal` may be NULL, with an error set. */
weft_object *weft__weak_container_make(const weft_type *type, weft_object *data_steal);
int weft__weak_container_traverse(weft_object *self, weft_visit visit, void *arg);
int weft__weak_container_clear(weft_object *self); /* the data */
void weft__weak_container_dealloc(weft_object *self);

/* 1: *item is what an iterator gives for the entry, a new reference; 0: the entry is dead; -1: error. */
typedef int (*weft__weak_item)(weft_object *container, weft_object *entry, unsigned part, weft_object **item);
/* An iterator over a list of the container's entries, which may be NULL, with an error set. `changes` are those that
 * had been made before the list. Returns new. */
weft_object *weft__weak_iterate(weft_object *container, weft_object *entries_steal, uint64_t changes,
                                weft__weak_item item, unsigned part);

/* A type of entries without fields of their own. */
#define WEFT__WEAK_ENTRY_TYPE(name_, died)                                               \
  {                                                                                      \
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},                                   \
    .spec = {.name = name_,                                                              \
             .base = &weft_weakref_type,                                                 \
             .basic_size = sizeof(weft__weakref),                                        \
             .flags = WEFT_TYPE_CONTAINER,                                               \
             .traverse = weft__weakref_traverse,                                         \
             .clear = weft__weakref_clear,                                               \
             .dealloc = weft__weakref_dealloc,                                           \
             .repr = weft__weakref_repr,                                                 \
             .hash = weft__weakref_hash,                                                 \
             .compare = weft__weakref_compare,                                           \
             .call = weft__weakref_call},                                                \
    .quiet = true, .release = weft__weakref_release, .is_weak = true, .weak_died = died, \
  }

#endif
