/* SPDX-License-Identifier: MIT */
/*
 * Iteration, and the iterator over sequences.
 *
 * A sequence's iterator is a cursor. Private, it is plain; shared, `index` is added to atomically, so that each index
 * goes to one thread, and the sequence is let go of, at the end, by whoever takes it out of the iterator.
 */
#include "runtime/iterator.h"

#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"
#include "runtime/str.h"
#include "sync/grace_internal.h"

/* --- Any object --- */

weft_object *weft_iter(weft_object *o) {
  if (!weft__given("weft_iter", o)) return NULL;
  if (!o->type->spec.iter)
    return o->type->spec.next ? weft_new_ref(o)
                              : weft_raise(&weft_TypeError, "'%s' object is not iterable", o->type->spec.name);
  if (!weft__recursion_enter("an iterator")) return NULL;
  weft_object *iterator = o->type->spec.iter(o);
  weft__recursion_leave();
  if (WEFT_LIKELY(!iterator || iterator->type->spec.next)) return iterator;
  weft_raise(&weft_TypeError, "iter() returned non-iterator of type '%s'", iterator->type->spec.name);
  weft_decref(iterator);
  return NULL;
}

weft_object *weft_next(weft_object *iterator) {
  if (!weft__given("weft_next", iterator)) return NULL;
  if (!iterator->type->spec.next)
    return weft_raise(&weft_TypeError, "'%s' object is not an iterator", iterator->type->spec.name);
  return iterator->type->spec.next(iterator);
}

weft_object *weft_get_item(weft_object *o, weft_object *key) {
  if (!weft__given("weft_get_item", o) || !weft__given("weft_get_item", key)) return NULL;
  if (!o->type->spec.get_item)
    return weft_raise(&weft_TypeError, "'%s' object is not subscriptable", o->type->spec.name);
  return o->type->spec.get_item(o, key);
}

int weft_set_item(weft_object *o, weft_object *key, weft_object *value) {
  if (!weft__given("weft_set_item", o) || !weft__given("weft_set_item", key)) return -1;
  if (o->type->spec.set_item) return o->type->spec.set_item(o, key, value);
  weft_raise(&weft_TypeError, "'%s' object does not support item %s", o->type->spec.name,
             value ? "assignment" : "deletion");
  return -1;
}

int weft_contains(weft_object *o, weft_object *value) {
  if (!weft__given("weft_contains", o) || !weft__given("weft_contains", value)) return -1;
  if (o->type->spec.contains) return o->type->spec.contains(o, value);
  weft_auto weft_object *iterator = weft_iter(o);
  if (!iterator) return -1;
  for (weft_object *item; (item = weft_next(iterator));) {
    int equal = weft_compare(item, value, WEFT_EQ);
    weft_decref(item);
    if (equal) return equal;
  }
  return weft_error_borrow() ? -1 : 0;
}

/* --- Sequences --- */

struct sequence_iterator {
  weft_object header;
  weft_object *sequence; /* NULL: at the end */
  uint64_t index;        /* of the next item */
  weft__item_of item;
};

weft_object *weft__sequence_iter(weft_object *sequence, weft__item_of item) {
  struct sequence_iterator *it = weft__object_alloc(&weft__sequence_iterator_type, sizeof *it, "weft_iter");
  if (!it) return NULL;
  it->sequence = weft_new_ref(sequence);
  it->index = 0;
  it->item = item;
  return &it->header;
}

static weft_object *sequence_next(weft_object *self) {
  struct sequence_iterator *it = (struct sequence_iterator *)self;
  bool private = weft__touch(self);
  if (!private) weft__bracket_begin();
  /* order: acquire [iterator]: whoever made the iterator, and the sequence, has made them. */
  weft_object *sequence = weft__load_acquire(&it->sequence);
  uint64_t index = 0;
  if (sequence) {
    weft_incref(sequence);
    /* order: relaxed: only its being one's own counts. */
    index = private ? it->index++ : weft__add_relaxed(&it->index, 1);
  }
  if (!private) weft__bracket_end();
  if (!sequence) return NULL;
  weft_object *item = it->item(sequence, index); /* a safepoint: from here on it may be shared */
  weft_decref(sequence);
  if (WEFT_LIKELY(item)) return item;
  private = weft__touch(self);
  /* order: acq_rel [iterator]: only one thread gets it out. */
  weft_object *out = weft__exchange_acq_rel(&it->sequence, (weft_object *)NULL);
  if (out) weft__drop_item(out, private);
  return NULL;
}

static int sequence_iterator_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct sequence_iterator *it = (struct sequence_iterator *)self;
  return it->sequence ? visit(it->sequence, arg) : 0;
}

static void sequence_iterator_release(weft_object *self) { weft_clear(&((struct sequence_iterator *)self)->sequence); }

static void sequence_iterator_dealloc(weft_object *self) {
  sequence_iterator_release(self);
  weft__heap_free(self, sizeof(struct sequence_iterator));
}

const weft_type weft__sequence_iterator_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "sequence_iterator",
             .base = &weft_object_type,
             .basic_size = sizeof(struct sequence_iterator),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = sequence_iterator_traverse,
             .dealloc = sequence_iterator_dealloc,
             .hash = weft__hash_identity,
             .next = sequence_next},
    .guarded = true,
    .quiet = true,
    .release = sequence_iterator_release,
};
