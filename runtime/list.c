/* SPDX-License-Identifier: MIT */
/*
 * list: a buffer of references that grows by an eighth.
 *
 * In modes without a GIL every operation holds the list's lock. What it removes, it drops after it has let go of the
 * lock, because a finalizer may use the same list. Between operations: size <= capacity, items[0..size) are references.
 */
#include "runtime/list.h"

#include <string.h>

#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"

struct list {
  weft_object header;
  weft_object **items;
  size_t size, capacity;
  weft_mutex lock; /* protects the three above */
};

/* Where every operation begins; a safepoint. NULL: an error is set. */
static struct list *lock(const char *call, weft_object *o) {
  if (WEFT_UNLIKELY(!weft__expect(call, o, &weft_list_type))) return NULL;
  weft__object_lock(&((struct list *)o)->lock);
  return (struct list *)o;
}

static void unlock(struct list *l) { weft__object_unlock(&l->lock); }

/* Makes room for `size` items. False: out of memory, the list is unaltered; no error is set. */
static bool reserve(struct list *l, size_t size) {
  if (size <= l->capacity) return true;
  if (size > PTRDIFF_MAX / sizeof *l->items / 2) return false;
  size_t capacity = (size + (size >> 3) + 6) & ~(size_t)3;
  weft_object **items = weft__buffer_resize(l->items, l->capacity * sizeof *items, capacity * sizeof *items);
  if (!items) return false;
  l->items = items;
  l->capacity = capacity;
  return true;
}

weft_object *weft_list_new(void) {
  struct list *l = weft__object_alloc(&weft_list_type, sizeof *l, "weft_list_new");
  if (WEFT_UNLIKELY(!l)) return NULL;
  memset(&l->items, 0, sizeof *l - offsetof(struct list, items));
  return &l->header;
}

weft_object *weft_list_of(size_t n, weft_object *const *items) {
  if (!weft__all_given("weft_list_of", n, items)) return NULL;
  weft_object *o = weft_list_new();
  struct list *l = (struct list *)o;
  if (!o || n == 0) return o;
  if (!reserve(l, n)) {
    weft_decref(o);
    return weft_raise_memory();
  }
  for (size_t i = 0; i < n; i++) l->items[i] = weft_new_ref(items[i]);
  l->size = n;
  return o;
}

int64_t weft_list_length(weft_object *o) {
  struct list *l = lock("weft_list_length", o);
  if (!l) return -1;
  int64_t n = (int64_t)l->size;
  unlock(l);
  return n;
}

weft_object *weft_list_get(weft_object *o, int64_t index) {
  struct list *l = lock("weft_list_get", o);
  if (!l) return NULL;
  int64_t i = weft__index(index, l->size);
  weft_object *item = i < 0 ? NULL : weft_new_ref(l->items[i]);
  unlock(l);
  return item ? item : weft_raise(&weft_IndexError, "list index out of range");
}

int weft_list_set(weft_object *o, int64_t index, weft_object *item) {
  struct list *l = weft__given("weft_list_set", item) ? lock("weft_list_set", o) : NULL;
  if (!l) return -1;
  int64_t i = weft__index(index, l->size);
  weft_object *old = i < 0 ? NULL : l->items[i];
  if (old) l->items[i] = weft_new_ref(item);
  unlock(l);
  if (old)
    weft_decref(old);
  else
    weft_raise(&weft_IndexError, "list assignment index out of range");
  return old ? 0 : -1;
}

int weft_list_append(weft_object *o, weft_object *item) {
  struct list *l = weft__given("weft_list_append", item) ? lock("weft_list_append", o) : NULL;
  if (!l) return -1;
  bool room = l->size < l->capacity || reserve(l, l->size + 1);
  if (WEFT_LIKELY(room)) l->items[l->size++] = weft_new_ref(item);
  unlock(l);
  if (WEFT_UNLIKELY(!room)) weft_raise_memory();
  return room ? 0 : -1;
}

int weft_list_insert(weft_object *o, int64_t index, weft_object *item) {
  struct list *l = weft__given("weft_list_insert", item) ? lock("weft_list_insert", o) : NULL;
  if (!l) return -1;
  bool room = reserve(l, l->size + 1);
  if (room) {
    if (index < 0) index += (int64_t)l->size;
    size_t i = index < 0 ? 0 : (uint64_t)index > l->size ? l->size : (size_t)index;
    memmove(&l->items[i + 1], &l->items[i], (l->size - i) * sizeof *l->items);
    l->items[i] = weft_new_ref(item);
    l->size++;
  }
  unlock(l);
  if (!room) weft_raise_memory();
  return room ? 0 : -1;
}

weft_object *weft_list_pop(weft_object *o, int64_t index) {
  struct list *l = lock("weft_list_pop", o);
  if (!l) return NULL;
  int64_t i = weft__index(index, l->size);
  weft_object *item = i < 0 ? NULL : l->items[i];
  if (item) {
    memmove(&l->items[i], &l->items[i + 1], (l->size - (size_t)i - 1) * sizeof *l->items);
    l->size--;
  }
  unlock(l);
  return item ? item : weft_raise(&weft_IndexError, "pop index out of range");
}

/* Drops the items last to first. */
static void drop(weft_object **items, size_t size, size_t capacity) {
  while (size-- > 0) weft_decref(items[size]);
  weft__buffer_free(items, capacity * sizeof *items);
}

int weft_list_clear(weft_object *o) {
  struct list *l = lock("weft_list_clear", o);
  if (!l) return -1;
  weft_object **items = l->items;
  size_t size = l->size, capacity = l->capacity;
  l->items = NULL;
  l->size = l->capacity = 0;
  unlock(l);
  drop(items, size, capacity);
  return 0;
}

static int list_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct list *l = (struct list *)self;
  for (size_t i = 0; i < l->size; i++) {
    int stop = visit(l->items[i], arg);
    if (stop) return stop;
  }
  return 0;
}

static void list_dealloc(weft_object *self) {
  struct list *l = (struct list *)self;
  drop(l->items, l->size, l->capacity);
  weft__heap_free(l, sizeof *l);
}

static weft_object *item_of(weft_object *self, size_t i) {
  struct list *l = (struct list *)self;
  weft__object_lock(&l->lock);
  weft_object *item = i < l->size ? weft_new_ref(l->items[i]) : NULL;
  unlock(l);
  return item;
}

static weft_object *list_repr(weft_object *self) { return weft__sequence_repr(self, item_of, "[", "]"); }

static int list_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!weft_list_check(a) || !weft_list_check(b)) return WEFT_NOT_IMPLEMENTED;
  if ((op == WEFT_EQ || op == WEFT_NE) && weft_list_length(a) != weft_list_length(b)) return op == WEFT_NE;
  return weft__sequence_compare(a, b, item_of, op);
}

static weft_object *list_add(weft_object *a, weft_object *b) {
  if (!weft_list_check(a) || !weft_list_check(b)) return NULL;
  weft_object *sum = weft_list_new();
  weft_object *const parts[] = {a, b};
  for (int part = 0; sum && part < 2; part++) {
    size_t i = 0;
    for (weft_object *item; sum && (item = item_of(parts[part], i)); i++) {
      if (weft_list_append(sum, item) < 0) weft_clear(&sum);
      weft_decref(item);
    }
  }
  return sum;
}

const weft_type weft_list_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "list",
             .base = &weft_object_type,
             .basic_size = sizeof(struct list),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = list_traverse,
             .clear = weft_list_clear,
             .dealloc = list_dealloc,
             .repr = list_repr,
             .compare = list_compare,
             .add = list_add,
             .length = weft_list_length},
};
