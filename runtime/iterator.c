/* SPDX-License-Identifier: MIT */
/*
 * Iteration, and the iterator over sequences.
 *
 * A sequence's iterator is a cursor. Private, it is plain; shared, `index` is added to atomically, so that each index
 * goes to one thread, and the sequence is let go of, at the end, by whoever takes it out of the iterator. A reverse
 * iterator counts down; the end is a negative index, or an item that is not there any more.
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

weft_object *weft_reversed(weft_object *o) {
  if (!weft__given("weft_reversed", o)) return NULL;
  if (o->type->spec.reversed) return o->type->spec.reversed(o);
  return weft_raise(&weft_TypeError, "'%s' object is not reversible", o->type->spec.name);
}

int64_t weft_length_hint(weft_object *o) {
  if (!weft__given("weft_length_hint", o)) return -1;
  if (o->type->spec.length) {
    int64_t n = weft_length(o);
    if (n >= 0 || !weft_error_is(&weft_TypeError)) return n;
    weft_error_clear(); /* a proxy of something without a length */
  }
  return o->type->spec.length_hint ? o->type->spec.length_hint(o) : 0;
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
  int64_t index;         /* of the next item */
  weft__item_of item;
};

static weft_object *iterate(const weft_type *type, weft_object *sequence, weft__item_of item, int64_t start) {
  struct sequence_iterator *it = weft__object_alloc(type, sizeof *it, "weft_iter");
  if (!it) return NULL;
  it->sequence = weft_new_ref(sequence);
  it->index = start;
  it->item = item;
  return &it->header;
}

weft_object *weft__sequence_iter(weft_object *sequence, weft__item_of item) {
  return iterate(&weft__sequence_iterator_type, sequence, item, 0);
}

weft_object *weft__sequence_reversed(weft_object *sequence, weft__item_of item) {
  /* The length that the type gives itself, not one of a type that derives from it. */
  const weft_type *type = sequence->type;
  while (type->made) type = type->spec.base;
  int64_t length = type->spec.length(sequence);
  return length < 0 ? NULL : iterate(&weft__reverse_iterator_type, sequence, item, length - 1);
}

/* The sequence, a new reference, or NULL; and the index that is next, which is then `by` further. */
static weft_object *advance(struct sequence_iterator *it, int64_t by, int64_t *index) {
  bool private = weft__touch(&it->header);
  if (!private) weft__bracket_begin();
  /* order: acquire [slot]: whoever made the iterator, and the sequence, has made them. */
  weft_object *sequence = weft__load_acquire(&it->sequence);
  if (sequence) {
    weft_incref(sequence);
    if (private) {
      *index = it->index;
      it->index += by;
    } else {
      /* order: relaxed: only its being one's own counts. */
      *index = weft__add_relaxed(&it->index, by);
    }
  }
  if (!private) weft__bracket_end();
  return sequence;
}

static weft_object *next_by(weft_object *self, int64_t by) {
  struct sequence_iterator *it = (struct sequence_iterator *)self;
  int64_t index;
  weft_object *sequence = advance(it, by, &index);
  if (!sequence) return NULL;
  weft_object *item = index < 0 ? NULL : it->item(sequence, (size_t)index); /* a safepoint: it may become shared */
  weft_decref(sequence);
  /* Only one thread gets the sequence out. After an error it stays: the item is there. */
  if (WEFT_UNLIKELY(!item) && !weft_error_borrow()) weft__slot_store(self, &it->sequence, NULL);
  return item;
}

static weft_object *sequence_next(weft_object *self) { return next_by(self, 1); }
static weft_object *reverse_next(weft_object *self) { return next_by(self, -1); }

/* What is left of the sequence as it is now. */
static int64_t sequence_length_hint(weft_object *self) {
  struct sequence_iterator *it = (struct sequence_iterator *)self;
  int64_t index;
  weft_auto weft_object *sequence = advance(it, 0, &index);
  int64_t length = sequence ? weft_length(sequence) : 0;
  return length <= 0 ? length : index < length ? length - index : 0;
}

static int64_t reverse_length_hint(weft_object *self) {
  struct sequence_iterator *it = (struct sequence_iterator *)self;
  int64_t index;
  weft_auto weft_object *sequence = advance(it, 0, &index);
  int64_t length = sequence ? weft_length(sequence) : 0;
  return length <= 0 ? length : index >= 0 && index < length ? index + 1 : 0;
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
             .next = sequence_next,
             .length_hint = sequence_length_hint},
    .guarded = true,
    .quiet = true,
    .release = sequence_iterator_release,
};

const weft_type weft__reverse_iterator_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "reverse_iterator",
             .base = &weft_object_type,
             .basic_size = sizeof(struct sequence_iterator),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = sequence_iterator_traverse,
             .dealloc = sequence_iterator_dealloc,
             .hash = weft__hash_identity,
             .next = reverse_next,
             .length_hint = reverse_length_hint},
    .guarded = true,
    .quiet = true,
    .release = sequence_iterator_release,
};
