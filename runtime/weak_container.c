/* SPDX-License-Identifier: MIT */
/* What weak dicts and weak sets share; see weak_container_internal.h. */
#include "runtime/weak_container_internal.h"

#include "runtime/dict.h"
#include "runtime/iterator.h"
#include "runtime/runtime_internal.h"
#include "runtime/set.h"

weft_object *weft__weak_entry_new(const char *call, const weft_type *type, weft_object *target, weft_object *data) {
  if (!weft__weak_allowed(call, target)) return NULL;
  weft__weakref *r = weft__weakref_alloc(type, sizeof *r, data);
  return r ? weft__weakref_tie(r, target, WEFT__WEAK_OF_MANY) : NULL;
}

weft_object *weft__weak_container_make(const weft_type *type, weft_object *data_steal) {
  weft_object *o = data_steal ? weft__object_new(type, 0) : NULL;
  if (o)
    ((weft__weak_container *)o)->data = data_steal;
  else
    weft_xdecref(data_steal);
  return o;
}

int weft__weak_container_traverse(weft_object *self, weft_visit visit, void *arg) {
  return visit(((weft__weak_container *)self)->data, arg);
}

int weft__weak_container_clear(weft_object *self) {
  weft_object *data = ((weft__weak_container *)self)->data;
  return weft_dict_check(data) ? weft_dict_clear(data) : weft_set_clear(data);
}

void weft__weak_container_dealloc(weft_object *self) {
  weft_object *data = ((weft__weak_container *)self)->data;
  weft__weak_container_clear(self); /* entries hold the data */
  weft_decref(data);
  weft__heap_free(self, self->type->spec.basic_size);
}

/* --- Iterators --- */

struct weak_iterator {
  weft_object header;               /* the rest never changes */
  weft_object *container, *entries; /* the latter: an iterator */
  uint64_t changes;
  weft__weak_item item;
  unsigned part;
};

static const weft_type weak_iterator_type;

weft_object *weft__weak_iterate(weft_object *container, weft_object *entries_steal, uint64_t changes,
                                weft__weak_item item, unsigned part) {
  weft_object *each = entries_steal ? weft_iter(entries_steal) : NULL;
  weft_xdecref(entries_steal);
  struct weak_iterator *it = each ? weft__object_alloc(&weak_iterator_type, sizeof *it, "weft_iter") : NULL;
  if (!it) {
    weft_xdecref(each);
    return NULL;
  }
  it->container = weft_new_ref(container);
  it->entries = each;
  it->changes = changes;
  it->item = item;
  it->part = part;
  return &it->header;
}

static weft_object *weak_iterator_next(weft_object *self) {
  struct weak_iterator *it = (struct weak_iterator *)self;
  for (;;) {
    weft_auto weft_object *entry = weft_next(it->entries);
    if (!entry) return NULL;
    if (weft__weak_changes((weft__weak_container *)it->container) != it->changes)
      return weft_raise(&weft_RuntimeError, "%s changed size during iteration", it->container->type->spec.name);
    weft_object *item = NULL;
    if (it->item(it->container, entry, it->part, &item)) return item;
  }
}

static int weak_iterator_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct weak_iterator *it = (struct weak_iterator *)self;
  int stop = visit(it->container, arg);
  return stop ? stop : visit(it->entries, arg);
}

static void weak_iterator_release(weft_object *self) {
  struct weak_iterator *it = (struct weak_iterator *)self;
  weft_decref(it->entries);
  weft_decref(it->container);
}

static void weak_iterator_dealloc(weft_object *self) {
  weak_iterator_release(self);
  weft__heap_free(self, sizeof(struct weak_iterator));
}

static const weft_type weak_iterator_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "weak_iterator",
             .base = &weft_object_type,
             .basic_size = sizeof(struct weak_iterator),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = weak_iterator_traverse,
             .dealloc = weak_iterator_dealloc,
             .hash = weft__hash_identity,
             .next = weak_iterator_next},
    .quiet = true,
    .release = weak_iterator_release,
};
