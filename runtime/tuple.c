/* SPDX-License-Identifier: MIT */
#include "runtime/tuple.h"

#include <stdarg.h>
#include <string.h>

#include "runtime/int.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"

static struct weft__tuple empty = {.header = {WEFT__COUNT_IMMORTAL, &weft_tuple_type}};

static size_t block_size(size_t n) { return sizeof(struct weft__tuple) + n * sizeof(weft_object *); }

/* The items are not initialised. NULL with MemoryError. */
WEFT_ALWAYS_INLINE struct weft__tuple *make(size_t n) {
  if (n > PTRDIFF_MAX / sizeof(weft_object *) - 8) return weft_raise_memory();
  struct weft__tuple *t = weft__object_alloc(&weft_tuple_type, block_size(n), "weft_tuple_new");
  if (t) t->size = n;
  return t;
}

/* Gives up a tuple of which only the first `n` items are there. Returns NULL with an error. */
static WEFT_NOINLINE weft_object *with_null(struct weft__tuple *t, size_t n, const char *call) {
  for (size_t i = n; i < t->size; i++) t->items[i] = WEFT_NONE;
  weft_decref(&t->header);
  return weft_raise(&weft_TypeError, "%s: expected an object, got NULL", call);
}

weft_object *weft_tuple_new(size_t n, weft_object *const *items) {
  if (WEFT_UNLIKELY(n == 0 || !items)) return weft__all_given("weft_tuple_new", n, items) ? &empty.header : NULL;
  struct weft__tuple *t = make(n); /* which finds out if the thread is detached */
  if (WEFT_UNLIKELY(!t)) return NULL;
  for (size_t i = 0; i < n; i++) {
    if (WEFT_UNLIKELY(!items[i])) return with_null(t, i, "weft_tuple_new");
    t->items[i] = weft_new_ref(items[i]);
  }
  return &t->header;
}

weft_object *weft_tuple_pack(size_t n, ...) {
  weft__check_attached("weft_tuple_pack");
  if (n == 0) return &empty.header;
  struct weft__tuple *t = make(n);
  if (!t) return NULL;
  va_list items;
  va_start(items, n);
  size_t given = 0;
  for (weft_object *item; given < n && (item = va_arg(items, weft_object *)); given++)
    t->items[given] = weft_new_ref(item);
  va_end(items);
  return given == n ? &t->header : with_null(t, given, "weft_tuple_pack");
}

int64_t weft_tuple_length(const weft_object *o) {
  return weft__expect("weft_tuple_length", o, &weft_tuple_type) ? (int64_t)((const struct weft__tuple *)o)->size : -1;
}

static weft_object *get(const char *call, const weft_object *o, int64_t index) {
  if (!weft__expect(call, o, &weft_tuple_type)) return NULL;
  const struct weft__tuple *t = (const struct weft__tuple *)o;
  int64_t i = weft__index(index, t->size);
  return i >= 0 ? t->items[i] : weft_raise(&weft_IndexError, "tuple index out of range");
}

weft_object *weft_tuple_get_borrow(const weft_object *o, int64_t index) {
  return get("weft_tuple_get_borrow", o, index);
}

weft_object *weft_tuple_get(const weft_object *o, int64_t index) {
  weft_object *item = get("weft_tuple_get", o, index);
  return item ? weft_new_ref(item) : NULL;
}

static int tuple_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct weft__tuple *t = (struct weft__tuple *)self;
  for (size_t i = 0; i < t->size; i++) {
    int stop = visit(t->items[i], arg);
    if (stop) return stop;
  }
  return 0;
}

/* Drops the items last to first. */
static void tuple_release(weft_object *self) {
  struct weft__tuple *t = (struct weft__tuple *)self;
  for (size_t i = t->size; i-- > 0;) weft_decref(t->items[i]);
}

static void tuple_dealloc(weft_object *self) {
  tuple_release(self);
  weft__heap_free(self, block_size(((struct weft__tuple *)self)->size));
}

static size_t tuple_size_of(weft_object *self) { return block_size(((struct weft__tuple *)self)->size); }

static weft_object *item_of(weft_object *self, size_t i) {
  struct weft__tuple *t = (struct weft__tuple *)self;
  return i < t->size ? weft_new_ref(t->items[i]) : NULL;
}

static weft_object *tuple_repr(weft_object *self) { return weft__sequence_repr(self, item_of, "(", ")"); }

static int tuple_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!weft_tuple_check(a) || !weft_tuple_check(b)) return WEFT_NOT_IMPLEMENTED;
  return weft__sequence_compare(a, b, item_of, op);
}

/* Mixes the items' hashes in order; the finaliser is that of MurmurHash3 (Appleby). */
static int tuple_hash(weft_object *self, int64_t *hash) {
  struct weft__tuple *t = (struct weft__tuple *)self;
  uint64_t mixed = UINT64_C(0x9e3779b97f4a7c15) * (t->size + 1);
  for (size_t i = 0; i < t->size; i++) {
    int64_t h;
    if (weft_hash(t->items[i], &h) < 0) return -1;
    mixed = (mixed ^ (uint64_t)h) * UINT64_C(0xff51afd7ed558ccd);
    mixed ^= mixed >> 32;
  }
  *hash = (int64_t)mixed;
  return 0;
}

static weft_object *tuple_add(weft_object *a, weft_object *b) {
  if (!weft_tuple_check(a) || !weft_tuple_check(b)) return NULL;
  struct weft__tuple *x = (struct weft__tuple *)a, *y = (struct weft__tuple *)b;
  if (x->size == 0 || y->size == 0) return weft_new_ref(x->size ? a : b);
  struct weft__tuple *sum = make(x->size + y->size);
  if (!sum) return NULL;
  for (size_t i = 0; i < sum->size; i++)
    sum->items[i] = weft_new_ref(i < x->size ? x->items[i] : y->items[i - x->size]);
  return &sum->header;
}

static weft_object *tuple_iter(weft_object *self) { return weft__sequence_iter(self, item_of); }

static weft_object *tuple_get_item(weft_object *self, weft_object *key) {
  if (!weft_is_instance(key, &weft_int_type))
    return weft_raise(&weft_TypeError, "tuple indices must be integers, not %s", key->type->spec.name);
  return weft_tuple_get(self, weft_int_value(key));
}

static weft_object *tuple_multiply(weft_object *a, weft_object *b) {
  bool first = weft_tuple_check(a);
  struct weft__tuple *once = (struct weft__tuple *)(first ? a : b);
  weft_object *n_object = first ? b : a;
  if (!weft_is_instance(n_object, &weft_int_type)) return NULL;
  int64_t n = weft_int_value(n_object);
  size_t total;
  if (n <= 0 || once->size == 0) return &empty.header;
  if (n == 1) return weft_new_ref(&once->header);
  if (__builtin_mul_overflow(once->size, (size_t)n, &total)) return weft_raise_memory();
  struct weft__tuple *t = make(total);
  if (!t) return NULL;
  for (size_t i = 0; i < total; i++) t->items[i] = weft_new_ref(once->items[i % once->size]);
  return &t->header;
}

static int64_t tuple_length(weft_object *self) { return (int64_t)((struct weft__tuple *)self)->size; }

const weft_type weft_tuple_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "tuple",
             .base = &weft_object_type,
             .basic_size = sizeof(struct weft__tuple),
             .item_size = sizeof(weft_object *),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = tuple_traverse,
             .dealloc = tuple_dealloc,
             .repr = tuple_repr,
             .hash = tuple_hash,
             .compare = tuple_compare,
             .add = tuple_add,
             .multiply = tuple_multiply,
             .get_item = tuple_get_item,
             .iter = tuple_iter,
             .length = tuple_length,
             .size_of = tuple_size_of},
    .quiet = true,
    .release = tuple_release,
};
