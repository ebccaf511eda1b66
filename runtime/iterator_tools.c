/* SPDX-License-Identifier: MIT */
/*
 * What is made of iterators: enumerations, zips, the smallest and the largest.
 *
 * An enumeration or zip of threads that share it gives each item of what it iterates over to one of them, because that
 * does. It lets go of it at the end, and then stays at the end.
 */
#include "runtime/int.h"
#include "runtime/iterator.h"
#include "runtime/runtime_internal.h"
#include "runtime/tuple.h"

/* --- Enumerations --- */

struct enumeration {
  weft_object header;
  weft_object *iterator; /* NULL: at the end */
  int64_t start;
  uint64_t count; /* items so far; shared, each number goes to one thread */
};

static const weft_type enumeration_type, zip_type;

weft_object *weft_enumerate(weft_object *iterable, int64_t start) {
  weft_object *iterator = weft__given("weft_enumerate", iterable) ? weft_iter(iterable) : NULL;
  if (!iterator) return NULL;
  struct enumeration *e = weft__object_alloc(&enumeration_type, sizeof *e, "weft_enumerate");
  if (!e) {
    weft_decref(iterator);
    return NULL;
  }
  e->iterator = iterator;
  e->start = start;
  e->count = 0;
  return &e->header;
}

/* The next number. */
static weft_object *next_number(struct enumeration *e) {
  int64_t number;
  /* order: relaxed: only its being one's own counts. */
  uint64_t count = weft__touch(&e->header) ? e->count++ : weft__add_relaxed(&e->count, UINT64_C(1));
  if (count <= INT64_MAX && !__builtin_add_overflow(e->start, (int64_t)count, &number)) return weft_int_new(number);
  weft_auto weft_object *start = weft_int_new(e->start), *passed = weft_int_new_unsigned(count);
  return start && passed ? weft_add(start, passed) : NULL;
}

static weft_object *enumeration_next(weft_object *self) {
  struct enumeration *e = (struct enumeration *)self;
  weft_auto weft_object *iterator = weft__slot_load(self, &e->iterator);
  weft_auto weft_object *item = iterator ? weft_next(iterator) : NULL;
  if (item) {
    weft_auto weft_object *number = next_number(e);
    return number ? weft_tuple_pack(2, number, item) : NULL;
  }
  if (iterator && !weft_error_borrow()) weft__slot_store(self, &e->iterator, NULL);
  return NULL;
}

static int64_t enumeration_length_hint(weft_object *self) {
  weft_auto weft_object *iterator = weft__slot_load(self, &((struct enumeration *)self)->iterator);
  return iterator ? weft_length_hint(iterator) : 0;
}

static int enumeration_traverse(weft_object *self, weft_visit visit, void *arg) {
  weft_object *iterator = ((struct enumeration *)self)->iterator;
  return iterator ? visit(iterator, arg) : 0;
}

static void enumeration_release(weft_object *self) { weft_clear(&((struct enumeration *)self)->iterator); }

static void enumeration_dealloc(weft_object *self) {
  enumeration_release(self);
  weft__heap_free(self, sizeof(struct enumeration));
}

static const weft_type enumeration_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "enumerate",
             .base = &weft_object_type,
             .basic_size = sizeof(struct enumeration),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = enumeration_traverse,
             .dealloc = enumeration_dealloc,
             .hash = weft__hash_identity,
             .next = enumeration_next,
             .length_hint = enumeration_length_hint},
    .guarded = true,
    .quiet = true,
    .release = enumeration_release,
};

/* --- Zips --- */

struct zip {
  weft_object header;
  weft_object *iterators; /* a tuple; NULL: at the end */
};

weft_object *weft_zip(size_t n, weft_object *const *iterables) {
  if (!weft__all_given("weft_zip", n, iterables)) return NULL;
  weft_object *iterators = weft__tuple_of_none(n);
  for (size_t i = 0; iterators && i < n; i++) {
    weft_object *iterator = weft_iter(iterables[i]);
    if (iterator)
      weft__tuple_items(iterators)[i] = iterator;
    else
      weft_clear(&iterators);
  }
  if (!iterators) return NULL;
  struct zip *z = weft__object_alloc(&zip_type, sizeof *z, "weft_zip");
  if (z)
    z->iterators = iterators;
  else
    weft_decref(iterators);
  return (weft_object *)z;
}

static weft_object *zip_next(weft_object *self) {
  struct zip *z = (struct zip *)self;
  weft_auto weft_object *iterators = weft__slot_load(self, &z->iterators);
  if (!iterators) return NULL;
  size_t n = (size_t)weft_tuple_length(iterators);
  weft_object *items = n ? weft__tuple_of_none(n) : NULL;
  for (size_t i = 0; items && i < n; i++) {
    weft_object *item = weft_next(weft__tuple_items(iterators)[i]);
    if (item)
      weft__tuple_items(items)[i] = item;
    else
      weft_clear(&items);
  }
  if (!items && !weft_error_borrow()) weft__slot_store(self, &z->iterators, NULL);
  return items;
}

static int64_t zip_length_hint(weft_object *self) {
  weft_auto weft_object *iterators = weft__slot_load(self, &((struct zip *)self)->iterators);
  int64_t least = 0, n = iterators ? weft_tuple_length(iterators) : 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t hint = weft_length_hint(weft__tuple_items(iterators)[i]);
    if (hint < 0) return -1;
    if (i == 0 || hint < least) least = hint;
  }
  return least;
}

static int zip_traverse(weft_object *self, weft_visit visit, void *arg) {
  weft_object *iterators = ((struct zip *)self)->iterators;
  return iterators ? visit(iterators, arg) : 0;
}

static void zip_release(weft_object *self) { weft_clear(&((struct zip *)self)->iterators); }

static void zip_dealloc(weft_object *self) {
  zip_release(self);
  weft__heap_free(self, sizeof(struct zip));
}

static const weft_type zip_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "zip",
             .base = &weft_object_type,
             .basic_size = sizeof(struct zip),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = zip_traverse,
             .dealloc = zip_dealloc,
             .hash = weft__hash_identity,
             .next = zip_next,
             .length_hint = zip_length_hint},
    .guarded = true,
    .quiet = true,
    .release = zip_release,
};

/* --- The smallest and the largest --- */

/* The first item for which no other one compares as `op`. */
static weft_object *extreme(const char *call, weft_object *iterable, enum weft_compare_op op) {
  weft_auto weft_object *iterator = weft__given(call, iterable) ? weft_iter(iterable) : NULL;
  if (!iterator) return NULL;
  weft_object *best = weft_next(iterator);
  if (!best) return weft_error_borrow() ? NULL : weft_raise(&weft_ValueError, "%s: nothing to choose from", call);
  for (weft_object *item; best && (item = weft_next(iterator)); weft_decref(item)) {
    int better = weft_compare(item, best, op);
    if (better) weft_clear(&best);
    if (better > 0) best = weft_new_ref(item);
  }
  if (best && weft_error_borrow()) weft_clear(&best);
  return best;
}

weft_object *weft_min(weft_object *iterable) { return extreme("weft_min", iterable, WEFT_LT); }
weft_object *weft_max(weft_object *iterable) { return extreme("weft_max", iterable, WEFT_GT); }
