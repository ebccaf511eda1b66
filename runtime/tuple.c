/* SPDX-License-Identifier: MIT */
/*
 * tuple. It never changes, and refers to objects that were there before it. So one whose items cannot be part of a
 * cycle cannot be either, ever: it is made where objects without references are, and the collector does not know it.
 * Those of more than 512 bytes are tracked, always, and so are derived types' instances.
 */
#include "runtime/tuple.h"

#include <stdarg.h>
#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/int.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"
#include "runtime/slice_internal.h"
#include "sync/grace_internal.h"

static struct weft__tuple empty = {.header = {WEFT__COUNT_IMMORTAL, &weft_tuple_type}};

static size_t block_size(size_t n) { return sizeof(struct weft__tuple) + n * sizeof(weft_object *); }

/* The items are not initialised. NULL with MemoryError. */
WEFT_ALWAYS_INLINE struct weft__tuple *make_as(const weft_type *type, size_t n, enum weft_heap_kind kind,
                                               const char *call) {
  if (n > PTRDIFF_MAX / sizeof(weft_object *) - 8) return weft_raise_memory();
  struct weft__tuple *t = weft__object_alloc_as(type, block_size(n), kind, call);
  if (t) t->size = n;
  return t;
}
/* An exact one; `tracked`: an item is. */
WEFT_ALWAYS_INLINE struct weft__tuple *make(size_t n, bool tracked, const char *call) {
  if (tracked || WEFT_UNLIKELY(block_size(n) > WEFT__SMALL_MAX))
    return make_as(&weft_tuple_type, n, WEFT_HEAP_CONTAINER, call);
  return make_as(&weft_tuple_type, n, WEFT_HEAP_PLAIN, call);
}

/* NULL: it will be found out later. */
static inline bool may_be_tracked(weft_object *item) { return item && weft__is_tracked(item); }
static inline bool any_tracked(size_t n, weft_object *const *items) {
  bool tracked = false;
  for (size_t i = 0; i < n; i++) tracked |= may_be_tracked(items[i]);
  return tracked;
}

static bool is_tuple(const weft_object *o) { return weft_tuple_check(o) || weft_is_instance(o, &weft_tuple_type); }

/* Gives up a tuple of which only the first `n` items are there. Returns NULL with an error. */
static WEFT_NOINLINE weft_object *with_null(struct weft__tuple *t, size_t n, const char *call) {
  for (size_t i = n; i < t->size; i++) t->items[i] = WEFT_NONE;
  weft_decref(&t->header);
  return weft_raise(&weft_TypeError, "%s: expected an object, got NULL", call);
}

/* Of two or three items, as most tuples are: a size that the compiler knows, and items that stay in registers. */
WEFT_ALWAYS_INLINE weft_object *few_of(const char *call, size_t n, weft_object *a, weft_object *b, weft_object *c) {
  struct weft__tuple *t = make(n, may_be_tracked(a) || may_be_tracked(b) || (n == 3 && may_be_tracked(c)), call);
  if (WEFT_UNLIKELY(!t)) return NULL;
  if (WEFT_UNLIKELY(!a || !b || (n == 3 && !c))) return with_null(t, 0, call);
  t->items[0] = weft_new_ref(a);
  t->items[1] = weft_new_ref(b);
  if (n == 3) t->items[2] = weft_new_ref(c);
  return &t->header;
}

static weft_object *tuple_of(const char *call, size_t n, weft_object *const *items) {
  struct weft__tuple *t = make(n, any_tracked(n, items), call); /* which finds out if the thread is detached */
  if (WEFT_UNLIKELY(!t)) return NULL;
  for (size_t i = 0; i < n; i++) {
    if (WEFT_UNLIKELY(!items[i])) return with_null(t, i, call);
    t->items[i] = weft_new_ref(items[i]);
  }
  return &t->header;
}

weft_object *weft_tuple_new(size_t n, weft_object *const *items) {
  static const char call[] = "weft_tuple_new";
  if (WEFT_UNLIKELY(n == 0 || !items)) return weft__all_given(call, n, items) ? &empty.header : NULL;
  if (n == 2) return few_of(call, 2, items[0], items[1], NULL);
  return n == 3 ? few_of(call, 3, items[0], items[1], items[2]) : tuple_of(call, n, items);
}

weft_object *weft_tuple_pack(size_t n, ...) {
  static const char call[] = "weft_tuple_pack";
  enum { FEW = 8 };
  weft_object *few[FEW];
  va_list items;
  va_start(items, n);
  if (WEFT_LIKELY(n == 2 || n == 3)) {
    weft_object *a = va_arg(items, weft_object *), *b = va_arg(items, weft_object *);
    weft_object *c = n == 3 ? va_arg(items, weft_object *) : NULL;
    va_end(items);
    return n == 2 ? few_of(call, 2, a, b, NULL) : few_of(call, 3, a, b, c);
  }
  weft__check_attached(call);
  size_t given = 0;
  for (; n <= FEW && given < n; given++) few[given] = va_arg(items, weft_object *); /* NULLs are found out */
  struct weft__tuple *t = n > FEW ? make(n, true, call) : NULL;
  for (weft_object *item; t && given < n && (item = va_arg(items, weft_object *)); given++)
    t->items[given] = weft_new_ref(item);
  va_end(items);
  if (n <= FEW) return n ? tuple_of(call, n, few) : &empty.header;
  return !t || given == n ? (weft_object *)t : with_null(t, given, call);
}

weft_object *weft__tuple_of_none(size_t n) {
  if (n == 0) return &empty.header;
  struct weft__tuple *t = make(n, true, "weft_tuple_new");
  for (size_t i = 0; t && i < n; i++) t->items[i] = WEFT_NONE;
  return (weft_object *)t;
}

/* A tuple of `type` with the items of a list that nobody else knows. No safepoint sees a tuple without items. */
static weft_object *from_list(const weft_type *type, weft_object *list) {
  const struct weft__list_items *items = ((struct weft__list *)list)->items;
  if (type == &weft_tuple_type) return weft_tuple_new(items->size, items->item);
  struct weft__tuple *t = make_as(type, items->size, WEFT_HEAP_CONTAINER, "weft_tuple_new");
  for (size_t i = 0; t && i < t->size; i++) t->items[i] = weft_new_ref(items->item[i]);
  return (weft_object *)t;
}

static weft_object *from(const weft_type *type, weft_object *iterable) {
  weft_auto weft_object *list = weft_list_from(iterable);
  return list ? from_list(type, list) : NULL;
}

weft_object *weft_tuple_from(weft_object *iterable) {
  if (!weft__given("weft_tuple_from", iterable)) return NULL;
  return weft_tuple_check(iterable) ? weft_new_ref(iterable) : from(&weft_tuple_type, iterable);
}

/* Calling the type. */
static weft_object *tuple_make(const weft_type *type, weft_object *const *args, size_t n) {
  if (n > 1) return weft_raise(&weft_TypeError, "tuple expected at most 1 argument, got %zu", n);
  if (type == &weft_tuple_type) return n ? weft_tuple_from(args[0]) : &empty.header;
  return from(type, n ? args[0] : &empty.header);
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

weft_object *weft__tuple_get_borrow_slow(const weft_object *o, int64_t index) {
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

static void tuple_dealloc(weft_object *self);

/* Drops an item of a tuple that dies. True: it was the last reference to a tuple whose items are to be dropped now. */
static inline bool last_of_tuple(weft_object *o) {
  if (WEFT_DEBUG) weft__debug_check("weft_decref", o);
  if (!weft__count_decref(&o->count)) return false;
  if (WEFT_UNLIKELY(o->type != &weft_tuple_type || weft__in_bracket())) {
    weft__dealloc(o);
    return false;
  }
  return true;
}

/* Trees of tuples are common: what weft__dealloc does for a tuple in one that dies. */
static void drop_item(weft_object *o) {
  if (!last_of_tuple(o)) return;
  struct weft__tstate *ts = weft__self();
  bool nested = ts->dealloc_depth > 0 && ts->dealloc_depth < WEFT__DEALLOC_DEPTH;
  if (WEFT_UNLIKELY(!nested)) {
    weft__dealloc(o);
    return;
  }
  weft__not_young(o);
  ts->dealloc_depth++;
  tuple_dealloc(o);
  ts->dealloc_depth--;
}

/* Last to first, down to number `first`. Most items are others' too: a call only for those that may die. */
WEFT_ALWAYS_INLINE void drop_items(struct weft__tuple *t, size_t first) {
  for (size_t i = t->size; i-- > first;)
    if (WEFT_UNLIKELY(!weft__count_decref_inline(&t->items[i]->count))) drop_item(t->items[i]);
}

static void tuple_release(weft_object *self) { drop_items((struct weft__tuple *)self, 0); }

/* A first item that dies with it is next, and no deeper. */
static void tuple_dealloc(weft_object *self) {
  for (;;) {
    struct weft__tuple *t = (struct weft__tuple *)self;
    const size_t n = t->size;
    drop_items(t, 1);
    weft_object *first = n ? t->items[0] : NULL;
    weft__heap_free(self, block_size(n));
    if (!first || weft__count_decref_inline(&first->count) || !last_of_tuple(first)) return;
    weft__not_young(first);
    self = first;
  }
}

static size_t tuple_size_of(weft_object *self) { return block_size(((struct weft__tuple *)self)->size); }

static weft_object *item_of(weft_object *self, size_t i) {
  struct weft__tuple *t = (struct weft__tuple *)self;
  return i < t->size ? weft_new_ref(t->items[i]) : NULL;
}

static weft_object *tuple_repr(weft_object *self) { return weft__sequence_repr(self, item_of, "(", ")"); }

static int tuple_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!is_tuple(a) || !is_tuple(b)) return WEFT_NOT_IMPLEMENTED;
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
  if (!is_tuple(a) || !is_tuple(b)) return NULL;
  struct weft__tuple *x = (struct weft__tuple *)a, *y = (struct weft__tuple *)b;
  if (y->size == 0 && weft_tuple_check(a)) return weft_new_ref(a);
  if (x->size == 0 && weft_tuple_check(b)) return weft_new_ref(b);
  if (x->size + y->size == 0) return &empty.header;
  struct weft__tuple *sum = make(x->size + y->size, weft__is_tracked(a) || weft__is_tracked(b), "weft_add");
  if (!sum) return NULL;
  for (size_t i = 0; i < sum->size; i++)
    sum->items[i] = weft_new_ref(i < x->size ? x->items[i] : y->items[i - x->size]);
  return &sum->header;
}

static weft_object *tuple_iter(weft_object *self) { return weft__sequence_iter(self, item_of); }
static weft_object *tuple_reversed(weft_object *self) { return weft__sequence_reversed(self, item_of); }

weft_object *weft_tuple_slice(weft_object *o, int64_t start, int64_t stop, int64_t step) {
  if (!weft__expect("weft_tuple_slice", o, &weft_tuple_type) || !weft__step_given(step)) return NULL;
  const struct weft__tuple *t = (const struct weft__tuple *)o;
  struct weft__slice s = weft__slice_of(start, stop, step, t->size);
  if (step == 1 && s.count == t->size && weft_tuple_check(o)) return weft_new_ref(o);
  if (s.count == 0) return &empty.header;
  struct weft__tuple *part = make(s.count, weft__is_tracked(o), "weft_tuple_slice");
  for (size_t i = 0; part && i < s.count; i++) part->items[i] = weft_new_ref(t->items[weft__slice_place(s, i)]);
  return (weft_object *)part;
}

static weft_object *tuple_get_item(weft_object *self, weft_object *key) {
  struct weft__key k;
  if (!weft__key_of(self, key, &k)) return NULL;
  return k.is_slice ? weft_tuple_slice(self, k.start, k.stop, k.step) : weft_tuple_get(self, k.index);
}

weft_object *weft_tuple_repeat(weft_object *o, int64_t n) {
  if (!weft__expect("weft_tuple_repeat", o, &weft_tuple_type)) return NULL;
  const struct weft__tuple *once = (const struct weft__tuple *)o;
  size_t total;
  if (n == 1 && weft_tuple_check(o)) return weft_new_ref(o);
  if (n <= 0 || once->size == 0) return &empty.header;
  if (__builtin_mul_overflow(once->size, (size_t)n, &total)) return weft_raise_memory();
  struct weft__tuple *t = make(total, weft__is_tracked(o), "weft_tuple_repeat");
  for (size_t i = 0; t && i < total; i++) t->items[i] = weft_new_ref(once->items[i % once->size]);
  return (weft_object *)t;
}

static weft_object *tuple_multiply(weft_object *a, weft_object *b) {
  bool first = is_tuple(a);
  weft_object *n = first ? b : a;
  int64_t times;
  return weft__times_of(n, &times) ? weft_tuple_repeat(first ? a : b, times) : NULL;
}

/* --- Searching --- */

static bool searched(const char *call, weft_object *o, weft_object *value) {
  return weft__expect(call, o, &weft_tuple_type) && weft__given(call, value);
}

int weft_tuple_contains(weft_object *o, weft_object *value) {
  if (!searched("weft_tuple_contains", o, value)) return -1;
  int64_t i = weft__sequence_find(o, item_of, value, 0, INT64_MAX);
  return i == -1 ? -1 : i >= 0;
}

int64_t weft_tuple_index(weft_object *o, weft_object *value, int64_t start, int64_t stop) {
  if (!searched("weft_tuple_index", o, value)) return -1;
  size_t size = ((struct weft__tuple *)o)->size;
  int64_t first = (int64_t)weft__clamp(start, size), last = (int64_t)weft__clamp(stop, size);
  int64_t i = weft__sequence_find(o, item_of, value, first, last);
  if (i == -2) weft_raise(&weft_ValueError, "tuple.index(x): x not in tuple");
  return i < 0 ? -1 : i;
}

int64_t weft_tuple_count(weft_object *o, weft_object *value) {
  return searched("weft_tuple_count", o, value) ? weft__sequence_count(o, item_of, value) : -1;
}

static int64_t tuple_length(weft_object *self) { return (int64_t)((struct weft__tuple *)self)->size; }

const weft_type weft_tuple_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "tuple",
             .copy = weft__copy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(struct weft__tuple),
             .item_size = sizeof(weft_object *),
             .flags = WEFT_TYPE_CONTAINER | WEFT_TYPE_BASE,
             .traverse = tuple_traverse,
             .dealloc = tuple_dealloc,
             .repr = tuple_repr,
             .hash = tuple_hash,
             .compare = tuple_compare,
             .add = tuple_add,
             .multiply = tuple_multiply,
             .get_item = tuple_get_item,
             .contains = weft_tuple_contains,
             .iter = tuple_iter,
             .reversed = tuple_reversed,
             .length = tuple_length,
             .size_of = tuple_size_of},
    .make = tuple_make,
    .quiet = true,
    .release = tuple_release,
    .steady = true,
};
