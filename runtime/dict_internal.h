/* SPDX-License-Identifier: MIT */
/* What the files of dicts share; see dict.c. */
#ifndef WEFT_DICT_INTERNAL_H
#define WEFT_DICT_INTERNAL_H

#include "dict.h"
#include "dict_table_internal.h"
#include "runtime_internal.h"
#include "sync/grace_internal.h"
#include "tuple.h"

struct weft__dict {
  weft_object header;
  struct weft__table *table;
  size_t size;      /* keys */
  uint32_t version; /* changes when a key comes or goes */
  weft_mutex lock;  /* of a shared dict */
};

static inline bool weft__is_dict(const char *call, const weft_object *o) {
  return weft__expect(call, o, &weft_dict_type);
}

/* Reading and writing: a way in, a way out. `enter` is a safepoint; true: the dict is private. */
enum weft__dict_way { WEFT__READING, WEFT__WRITING };

static inline bool weft__dict_enter(struct weft__dict *d, enum weft__dict_way how) {
  if (weft__touch(&d->header)) return true;
  if (how == WEFT__WRITING)
    weft__object_lock(&d->lock);
  else
    weft__bracket_begin();
  return false;
}

static inline void weft__dict_leave(struct weft__dict *d, bool private, enum weft__dict_way how) {
  if (private) return;
  if (how == WEFT__WRITING)
    weft__object_unlock(&d->lock);
  else
    weft__bracket_end();
}

/* One of: the key, the value, both. Returns new. */
enum weft__dict_part { WEFT__KEYS, WEFT__VALUES, WEFT__ITEMS };
static inline weft_object *weft__dict_part_of(weft_object *key, weft_object *value, enum weft__dict_part part) {
  return part == WEFT__ITEMS ? weft_tuple_pack(2, key, value) : weft_new_ref(part == WEFT__KEYS ? key : value);
}

/* The dict's table at one moment, with references of its own, to be dropped; NULL with the error. */
struct weft__table *weft__dict_snapshot(struct weft__dict *d, size_t *size);
void weft__dict_drop_snapshot(struct weft__table *t);

#endif
