/* SPDX-License-Identifier: MIT */
/*
 * Iterators over dicts, over keys, values or both, either way. They go through the entries by number: a reader in a
 * bracket may be overtaken by writers, and sees by the version that keys have come or gone. Threads that share an
 * iterator get each entry once.
 */
#include "runtime/dict_internal.h"

extern const weft_type weft__dict_iterator_type;

struct dict_iterator {
  weft_object header;
  weft_object *dict; /* NULL: at the end */
  uint64_t index;    /* of the next entry, or one that there is not; shared, each goes to one thread */
  size_t size;       /* of the dict when it began */
  const struct weft__table *table;
  uint32_t version;
  uint8_t part; /* enum weft__dict_part */
  int8_t step;  /* -1: from the last to the first */
};

static weft_object *iter_part(const char *call, weft_object *o, enum weft__dict_part part, int8_t step) {
  if (!weft__is_dict(call, o)) return NULL;
  struct dict_iterator *it = weft__object_alloc(&weft__dict_iterator_type, sizeof *it, call);
  if (!it) return NULL;
  it->dict = weft_new_ref(o);
  it->part = (uint8_t)part;
  it->step = step;
  struct weft__dict *d = (struct weft__dict *)o;
  bool private = weft__dict_enter(d, WEFT__WRITING);
  it->size = d->size;
  it->table = d->table;
  it->version = d->version;
  it->index = step > 0 ? 0 : (uint64_t)d->table->used - 1;
  weft__dict_leave(d, private, WEFT__WRITING);
  return &it->header;
}

weft_object *weft_dict_iter_keys(weft_object *o) { return iter_part("weft_dict_iter_keys", o, WEFT__KEYS, 1); }
weft_object *weft_dict_iter_values(weft_object *o) { return iter_part("weft_dict_iter_values", o, WEFT__VALUES, 1); }
weft_object *weft_dict_iter_items(weft_object *o) { return iter_part("weft_dict_iter_items", o, WEFT__ITEMS, 1); }
weft_object *weft_dict_reverse_keys(weft_object *o) { return iter_part("weft_dict_reverse_keys", o, WEFT__KEYS, -1); }
weft_object *weft_dict_reverse_values(weft_object *o) {
  return iter_part("weft_dict_reverse_values", o, WEFT__VALUES, -1);
}
weft_object *weft_dict_reverse_items(weft_object *o) {
  return iter_part("weft_dict_reverse_items", o, WEFT__ITEMS, -1);
}

/* Has the dict got or lost keys since the iterator was made? A table that is about to be another version's is not the
 * iterator's either. Between enter and leave. */
static bool is_changed(const struct dict_iterator *it, const struct weft__dict *d, const struct weft__table *t) {
  return weft__load_acquire(&d->version) != it->version || (t != it->table && it->size);
}

/* Entries that are still to come, as far as they are there now. */
static int64_t dict_iterator_length_hint(weft_object *self) {
  struct dict_iterator *it = (struct dict_iterator *)self;
  weft_auto weft_object *o = weft__slot_load(self, &it->dict);
  if (!o) return 0;
  struct weft__dict *d = (struct weft__dict *)o;
  int64_t n = 0;
  bool private = weft__dict_enter(d, WEFT__READING);
  const struct weft__table *t = weft__load_acquire(&d->table);
  uint64_t used = weft__table_used(t), step = (uint64_t)(int64_t)it->step;
  if (is_changed(it, d, t)) used = 0;
  /* order: relaxed: it is a hint. */
  for (uint64_t i = weft__load_relaxed(&it->index); i < used; i += step) n += weft__table_value_at(t, i) != NULL;
  weft__dict_leave(d, private, WEFT__READING);
  return n;
}

/* The next entry that is there; new references. 1, 0 at the end, -1: RuntimeError. From the last to the first, as many
 * keys as before are the end, even if they are others. */
static int next_entry(struct dict_iterator *it, struct weft__dict *d, weft_object **key, weft_object **value) {
  bool private = weft__dict_enter(d, WEFT__READING);
  /* The iterator has been touched; there is no safepoint from here to leave. */
  bool mine = weft__count_is_private(&it->header.count);
  struct weft__table *t = weft__load_acquire(&d->table);
  bool changed = is_changed(it, d, t);
  bool resized = changed && weft__load_acquire(&d->size) != it->size;
  int found = 0;
  const uint64_t step = (uint64_t)(int64_t)it->step;
  while (!changed && !found) {
    /* order: relaxed: only its being one's own counts. */
    uint64_t i = mine ? it->index : weft__add_relaxed(&it->index, step);
    if (mine) it->index += step;
    if (i >= weft__table_used(t)) break;
    *value = weft__table_value_at(t, i);
    *key = weft__table_key_at(t, i);
    found = *value != NULL;
  }
  if (found) {
    weft_incref(*key);
    weft_incref(*value);
  }
  weft__dict_leave(d, private, WEFT__READING);
  if (!changed || (it->step < 0 && !resized)) return found;
  weft_raise(&weft_RuntimeError, "dictionary %s during iteration", resized ? "changed size" : "keys changed");
  return -1;
}

static weft_object *dict_iterator_next(weft_object *self) {
  struct dict_iterator *it = (struct dict_iterator *)self;
  weft_auto weft_object *o = weft__slot_load(self, &it->dict);
  if (!o) return NULL;
  weft_object *key = NULL, *value = NULL;
  int found = next_entry(it, (struct weft__dict *)o, &key, &value);
  if (found < 0) return NULL;
  if (!found) {
    weft__slot_store(self, &it->dict, NULL);
    return NULL;
  }
  weft_object *item = weft__dict_part_of(key, value, (enum weft__dict_part)it->part);
  weft_decref(key);
  weft_decref(value);
  return item;
}

static int dict_iterator_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct dict_iterator *it = (struct dict_iterator *)self;
  return it->dict ? visit(it->dict, arg) : 0;
}

static void dict_iterator_release(weft_object *self) { weft_clear(&((struct dict_iterator *)self)->dict); }

static void dict_iterator_dealloc(weft_object *self) {
  dict_iterator_release(self);
  weft__heap_free(self, sizeof(struct dict_iterator));
}

const weft_type weft__dict_iterator_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "dict_iterator",
             .base = &weft_object_type,
             .basic_size = sizeof(struct dict_iterator),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = dict_iterator_traverse,
             .dealloc = dict_iterator_dealloc,
             .hash = weft__hash_identity,
             .next = dict_iterator_next,
             .length_hint = dict_iterator_length_hint},
    .guarded = true,
    .quiet = true,
    .release = dict_iterator_release,
};
