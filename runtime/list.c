/* SPDX-License-Identifier: MIT */
/*
 * list: a table of references that grows by an eighth.
 *
 *   items->item[0 .. items->size) are references, never NULL; size <= capacity. `items` is never NULL: an empty list
 *   that has never grown has the table `none`, without capacity.
 *
 * A private list is changed in place. Of a shared one, under its lock: a change of one slot, or at the end, is made in
 * place by one release store, so that a reader in a bracket sees it or not; anything else makes a new table and
 * publishes that. Readers load the table, then its size, then slots below it. What is taken out is dropped when the
 * lock is open again, because a finalizer may use the same list; and, shared, a grace period later.
 */
#include "runtime/list.h"

#include <string.h>

#include "runtime/int.h"
#include "runtime/iterator.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/sequence_internal.h"
#include "runtime/slice_internal.h"
#include "runtime/tuple.h"
#include "sync/grace_internal.h"

typedef struct weft__list_items table;
typedef struct weft__list list;

static table none;

/* --- Tables --- */

static size_t table_bytes(size_t capacity) { return sizeof(table) + capacity * sizeof(weft_object *); }

/* Room for growth: an eighth, and a little. 0: absurd. */
static size_t roomy(size_t size) {
  if (size > PTRDIFF_MAX / sizeof(weft_object *) / 2) return 0;
  return (size + (size >> 3) + 6) & ~(size_t)3;
}

/* An empty table; NULL: out of memory. No safepoint. */
static table *table_new(size_t capacity) {
  if (capacity > PTRDIFF_MAX / sizeof(weft_object *) - 8) return NULL;
  table *t = weft__buffer_new(table_bytes(capacity), "list");
  if (!t) return NULL;
  t->capacity = capacity;
  t->size = 0;
  return t;
}

static void table_drop(table *t, bool private) {
  if (t != &none) weft__drop_buffer(t, table_bytes(t->capacity), private);
}

/* Drops the items from `start` up to `stop`, last to first, and the table. */
static void table_drop_items(table *t, size_t start, size_t stop, bool private) {
  if (private && !weft__in_bracket()) {
    while (stop > start) weft_decref(t->item[--stop]);
  } else {
    while (stop > start) weft__release_later(t->item[--stop]);
  }
  table_drop(t, private);
}

static void add(table *t, weft_object *item_steal) { t->item[t->size++] = item_steal; }

/* --- Access --- */

/* Where an operation that changes the list begins; a safepoint. NULL: an error is set. */
static list *begin(const char *call, weft_object *o, bool *private) {
  if (WEFT_UNLIKELY(!weft__expect(call, o, &weft_list_type))) return NULL;
  list *l = (list *)o;
  *private = weft__touch(o);
  if (!*private) weft__object_lock(&l->lock);
  return l;
}

static void end(list *l, bool private) {
  if (!private) weft__object_unlock(&l->lock);
}

/* order: release [list]: here and below, a reader that sees the table, the size or the slot sees what it leads to. */
static void publish(list *l, table *t) { weft__store_release(&l->items, t); }
static void set_size(table *t, size_t size) { weft__store_release(&t->size, size); }
static void set_slot(table *t, size_t i, weft_object *item) { weft__store_release(&t->item[i], item); }

/* The same references in another table; NULL: out of memory. */
static table *copy_table(const table *from, size_t capacity) {
  table *t = table_new(capacity);
  if (!t) return NULL;
  memcpy(t->item, from->item, from->size * sizeof *t->item);
  t->size = from->size;
  return t;
}

/* Replaces the table by one of the capacity, with the same items. The old one, for table_drop; NULL: out of memory. */
static table *recapacitate(list *l, size_t capacity, bool private) {
  table *old = l->items;
  if (private && old != &none) {
    table *t = weft__buffer_resize(old, table_bytes(old->capacity), table_bytes(capacity));
    if (!t) return NULL;
    t->capacity = capacity;
    publish(l, t);
    return &none;
  }
  table *t = copy_table(old, capacity);
  if (t) publish(l, t);
  return t ? old : NULL;
}

/* Publishes a table in which `added` stand in the place of the items from `start` up to `stop`. It takes over their
 * references; the old table's in between are the caller's to drop. NULL: out of memory, nothing has happened. */
static table *rebuild(list *l, size_t start, size_t stop, const table *added) {
  table *old = l->items;
  size_t size = old->size - (stop - start) + added->size, capacity = roomy(size);
  table *t = size == 0 ? &none : capacity ? table_new(capacity) : NULL;
  if (!t) return NULL;
  if (size) {
    memcpy(t->item, old->item, start * sizeof *t->item);
    memcpy(t->item + start, added->item, added->size * sizeof *t->item);
    memcpy(t->item + start + added->size, old->item + stop, (old->size - stop) * sizeof *t->item);
    t->size = size;
  }
  publish(l, t);
  return old;
}

/* --- Making --- */

static list *list_with(table *t, const char *call) {
  list *l = weft__object_alloc(&weft_list_type, sizeof *l, call);
  if (WEFT_UNLIKELY(!l)) return NULL;
  l->items = t;
  l->lock = (weft_mutex){0};
  return l;
}

/* A list that takes over the table, which may be NULL for want of memory. */
static weft_object *list_of_table_steal(table *t, const char *call) {
  if (!t) return weft_raise_memory();
  list *l = list_with(t, call);
  if (!l) table_drop_items(t, 0, t->size, true);
  return (weft_object *)l;
}

weft_object *weft_list_new(void) { return (weft_object *)list_with(&none, "weft_list_new"); }

weft_object *weft__list_new_sized(size_t n) { return list_of_table_steal(n ? table_new(n) : &none, "weft_list_new"); }

weft_object *weft_list_of(size_t n, weft_object *const *items) {
  if (!weft__all_given("weft_list_of", n, items)) return NULL;
  table *t = n ? table_new(n) : &none;
  for (size_t i = 0; t && i < n; i++) add(t, weft_new_ref(items[i]));
  return list_of_table_steal(t, "weft_list_of");
}

/* The items of a slice at one moment, in a table of their own with no room to spare; NULL with the error. */
static table *copy_of_slice(const char *call, weft_object *o, int64_t start, int64_t stop, int64_t step) {
  bool private;
  list *l = weft__step_given(step) ? begin(call, o, &private) : NULL;
  if (!l) return NULL;
  const table *from = l->items;
  struct weft__slice s = weft__slice_of(start, stop, step, from->size);
  table *t = s.count ? table_new(s.count) : &none;
  for (size_t i = 0; t && i < s.count; i++) add(t, weft_new_ref(from->item[weft__slice_place(s, i)]));
  end(l, private);
  return t ? t : weft_raise_memory();
}

/* All of them. */
static table *copy_of(const char *call, weft_object *o) {
  bool private;
  list *l = begin(call, o, &private);
  if (!l) return NULL;
  size_t n = l->items->size;
  table *t = n ? copy_table(l->items, n) : &none;
  for (size_t i = 0; t && i < n; i++) weft_incref(t->item[i]);
  end(l, private);
  return t ? t : weft_raise_memory();
}

weft_object *weft__list_copy(weft_object *o) {
  table *t = copy_of("weft_copy", o);
  return t ? list_of_table_steal(t, "weft_copy") : NULL;
}

int weft__list_move(weft_object *from, size_t start, weft_object *to) {
  list *l = (list *)from, *into = (list *)to;
  if (start == 0 && weft__may_touch(from) && weft__may_touch(to) && into->items->size == 0) {
    table *empty = into->items;
    into->items = l->items;
    l->items = empty;
    return 0;
  }
  weft_auto weft_object *rest = weft_list_slice(from, (int64_t)start, INT64_MAX);
  return rest ? weft_list_extend(to, rest) : -1;
}

static weft_object *list_iter(weft_object *self);

/* What iterating gives; NULL with the error. */
static table *collect(const char *call, weft_object *iterable) {
  if (!weft__given(call, iterable)) return NULL;
  if (iterable->type->spec.iter == list_iter) return copy_of(call, iterable);
  weft_auto weft_object *iterator = weft_iter(iterable);
  int64_t hint = iterator ? weft_length_hint(iterable) : -1;
  if (hint < 0) return NULL;
  table *t = hint > 0 ? table_new((size_t)hint) : NULL;
  if (!t) t = table_new(8); /* it may be wrong */
  if (!t) return weft_raise_memory();
  for (weft_object *item; (item = weft_next(iterator));) {
    if (t->size == t->capacity) {
      size_t capacity = roomy(t->size + 1);
      table *more = capacity ? weft__buffer_resize(t, table_bytes(t->capacity), table_bytes(capacity)) : NULL;
      if (!more) {
        weft_decref(item);
        table_drop_items(t, 0, t->size, true);
        return weft_raise_memory();
      }
      t = more;
      t->capacity = capacity;
    }
    add(t, item);
  }
  if (!weft_error_borrow()) return t;
  table_drop_items(t, 0, t->size, true);
  return NULL;
}

weft_object *weft_list_from(weft_object *iterable) {
  table *t = collect("weft_list_from", iterable);
  return t ? list_of_table_steal(t, "weft_list_from") : NULL;
}

/* --- Reading --- */

/* The item; NULL: there is none. The list is private to the caller, or a bracket is open. */
static inline weft_object *find_item(const list *l, int64_t index) {
  /* order: acquire [list]: see publish, set_size, set_slot. */
  const table *t = weft__load_acquire(&l->items);
  int64_t i = weft__index(index, weft__load_acquire(&t->size));
  return i < 0 ? NULL : weft__load_acquire(&t->item[i]);
}

/* Item `i` of any list; NULL: there is none. With `counted` a new reference, otherwise borrowed from the bracket that
 * is open. A safepoint. */
static weft_object *item_at(list *l, int64_t index, bool counted) {
  bool private = weft__touch_to_read(&l->header);
  if (!private) weft__bracket_begin();
  weft_object *item = find_item(l, index);
  /* The list's own reference is released after this bracket at the earliest: the object is alive. */
  if (item && counted) weft_incref(item);
  if (!private) weft__bracket_end();
  return item;
}

static weft_object *get(const char *call, weft_object *o, int64_t index, bool counted) {
  if (!weft__expect(call, o, &weft_list_type)) return NULL;
  weft_object *item = item_at((list *)o, index, counted);
  return item ? item : weft_raise(&weft_IndexError, "list index out of range");
}

static WEFT_NOINLINE weft_object *get_slow(weft_object *o, int64_t index) {
  return get("weft_list_get", o, index, true);
}

/* The short way to an item of a shared list whose count is beside its owner's. NULL: it is not to be had so. */
static inline weft_object *get_quickly(weft_object *o, int64_t index) {
  if (!o || o->type != &weft_list_type || weft__my_status() & WEFT__STATUS_BUSY) return NULL;
  if (weft__count_owner(&o->count) != WEFT__SLOT_NONE) return NULL;
  weft__bracket_begin();
  weft_object *item = find_item((const list *)o, index);
  bool counted = item && weft__count_incref_inline_beside(&item->count);
  weft__bracket_end();
  return counted ? item : NULL;
}

weft_object *weft__list_get(weft_object *o, int64_t index) {
  weft_object *item = get_quickly(o, index);
  return WEFT_LIKELY(item != NULL) ? item : get_slow(o, index);
}

weft_object *weft_list_peek(weft_object *o, int64_t index) {
  weft__check_attached("weft_list_peek");
  if (!weft__self()->brackets) weft__misuse("weft_list_peek", "no bracket is open");
  return get("weft_list_peek", o, index, false);
}

int64_t weft_list_length(weft_object *o) {
  if (!weft__expect("weft_list_length", o, &weft_list_type)) return -1;
  if (weft__touch(o)) return (int64_t)((list *)o)->items->size;
  weft__bracket_begin();
  int64_t n = (int64_t)weft__load_acquire(&weft__load_acquire(&((list *)o)->items)->size);
  weft__bracket_end();
  return n;
}

int64_t weft_list_capacity(weft_object *o) {
  bool private;
  list *l = begin("weft_list_capacity", o, &private);
  if (!l) return -1;
  int64_t capacity = (int64_t)l->items->capacity;
  end(l, private);
  return capacity;
}

/* --- Changing an item --- */

int weft__list_set(weft_object *o, int64_t index, weft_object *item) {
  bool private;
  list *l = weft__given("weft_list_set", item) ? begin("weft_list_set", o, &private) : NULL;
  if (!l) return -1;
  int64_t i = weft__index(index, l->items->size);
  weft_object *old = i < 0 ? NULL : l->items->item[i];
  if (old) set_slot(l->items, (size_t)i, weft_new_ref(item));
  end(l, private);
  if (old)
    weft__drop_item(old, private);
  else
    weft_raise(&weft_IndexError, "list assignment index out of range");
  return old ? 0 : -1;
}

/* Makes room at the end for `n` items more. The old table, for table_drop; NULL: out of memory. */
static table *reserve(list *l, size_t n, bool private) {
  if (n <= l->items->capacity - l->items->size) return &none;
  size_t capacity = roomy(l->items->size + n);
  return capacity ? recapacitate(l, capacity, private) : NULL;
}

int weft__list_append(weft_object *o, weft_object *item) {
  bool private;
  list *l = weft__given("weft_list_append", item) ? begin("weft_list_append", o, &private) : NULL;
  if (!l) return -1;
  table *old = reserve(l, 1, private);
  if (old) {
    set_slot(l->items, l->items->size, weft_new_ref(item));
    set_size(l->items, l->items->size + 1);
  }
  end(l, private);
  if (!old) {
    weft_raise_memory();
    return -1;
  }
  table_drop(old, private);
  return 0;
}

/* What a splice leaves behind: the table that it replaced, and which of its items are to be dropped. */
struct leftover {
  table *table;
  size_t start, stop;
  weft_object *item; /* or one item */
};

static void drop_leftover(struct leftover left, bool private) {
  if (left.item) weft__drop_item(left.item, private);
  table_drop_items(left.table, left.start, left.stop, private);
}

/* Puts `added` in the place of the items from `start` up to `stop`. False: out of memory, nothing has happened. */
static bool splice(list *l, size_t start, size_t stop, const table *added, bool private, struct leftover *left) {
  table *t = l->items;
  size_t n = added->size;
  *left = (struct leftover){.table = &none};
  if (start == stop && start == t->size) {
    table *old = reserve(l, n, private);
    if (!old) return false;
    left->table = old;
    /* One by one, and in order: a reader that has seen the size before something was popped sees these slots. */
    for (size_t i = 0; i < n; i++) set_slot(l->items, start + i, added->item[i]);
    if (n) set_size(l->items, start + n);
    return true;
  }
  if (private && start == stop && n == 1) {
    table *old = reserve(l, 1, private);
    if (!old) return false;
    left->table = old;
    t = l->items;
    memmove(&t->item[start + 1], &t->item[start], (t->size - start) * sizeof *t->item);
    t->item[start] = added->item[0];
    t->size++;
    return true;
  }
  if (n == 0 && stop == start + 1 && (private || stop == t->size)) {
    left->item = t->item[start];
    if (private) memmove(&t->item[start], &t->item[stop], (t->size - stop) * sizeof *t->item);
    set_size(t, t->size - 1);
    size_t capacity = t->size ? roomy(t->size) : 0;
    if (t->size < t->capacity / 2 && capacity < t->capacity) { /* without memory it just stays as large as it is */
      table *old = recapacitate(l, capacity, private);
      if (old) left->table = old;
    }
    return true;
  }
  left->table = rebuild(l, start, stop, added);
  left->start = start;
  left->stop = stop;
  return left->table;
}

int weft_list_insert(weft_object *o, int64_t index, weft_object *item) {
  bool private;
  list *l = weft__given("weft_list_insert", item) ? begin("weft_list_insert", o, &private) : NULL;
  if (!l) return -1;
  _Alignas(table) char bytes[sizeof(table) + sizeof item];
  table *one = (table *)(void *)bytes;
  *one = (table){.capacity = 1};
  add(one, weft_new_ref(item));
  size_t i = weft__clamp(index, l->items->size);
  struct leftover left;
  bool done = splice(l, i, i, one, private, &left);
  end(l, private);
  if (!done) {
    weft_decref(item);
    weft_raise_memory();
    return -1;
  }
  drop_leftover(left, private);
  return 0;
}

/* Takes item `index` out. Returns new. */
static weft_object *take(const char *call, weft_object *o, int64_t index, const char *out_of_range) {
  bool private;
  list *l = begin(call, o, &private);
  if (!l) return NULL;
  int64_t i = weft__index(index, l->items->size);
  bool moves = private && !weft__in_bracket(); /* the list's own reference becomes the caller's */
  weft_object *item = i < 0 ? NULL : l->items->item[i];
  if (item && !moves) weft_incref(item);
  struct leftover left;
  bool done = item && splice(l, (size_t)i, (size_t)i + 1, &none, private, &left);
  end(l, private);
  if (!item) return weft_raise(&weft_IndexError, "%s", out_of_range);
  if (!done) { /* a shared list; a private one needs no memory for this */
    weft_decref(item);
    return weft_raise_memory();
  }
  if (moves) left.item = NULL;
  drop_leftover(left, private);
  return item;
}

weft_object *weft_list_pop(weft_object *o, int64_t index) {
  return take("weft_list_pop", o, index, "pop index out of range");
}

int weft_list_delete(weft_object *o, int64_t index) {
  weft_object *item = take("weft_list_delete", o, index, "list assignment index out of range");
  weft_xdecref(item);
  return item ? 0 : -1;
}

int weft_list_clear(weft_object *o) {
  bool private;
  list *l = begin("weft_list_clear", o, &private);
  if (!l) return -1;
  table *old = l->items;
  publish(l, &none);
  end(l, private);
  table_drop_items(old, 0, old->size, private);
  return 0;
}

/* --- Parts --- */

weft_object *weft_list_slice(weft_object *o, int64_t start, int64_t stop) {
  return weft_list_slice_step(o, start, stop, 1);
}

weft_object *weft_list_slice_step(weft_object *o, int64_t start, int64_t stop, int64_t step) {
  table *t = copy_of_slice("weft_list_slice", o, start, stop, step);
  return t ? list_of_table_steal(t, "weft_list_slice") : NULL;
}

static int replace(const char *call, weft_object *o, int64_t start, int64_t stop, weft_object *iterable) {
  if (!weft__expect(call, o, &weft_list_type)) return -1;
  table *added = iterable ? collect(call, iterable) : &none;
  if (!added) return -1;
  bool private;
  list *l = begin(call, o, &private);
  size_t first = weft__clamp(start, l->items->size), last = weft__clamp(stop, l->items->size);
  struct leftover left;
  bool done = splice(l, first, last < first ? first : last, added, private, &left);
  end(l, private);
  if (!done) {
    table_drop_items(added, 0, added->size, true);
    weft_raise_memory();
    return -1;
  }
  table_drop(added, true);
  drop_leftover(left, private);
  return 0;
}

int weft_list_set_slice(weft_object *o, int64_t start, int64_t stop, weft_object *iterable) {
  return replace("weft_list_set_slice", o, start, stop, iterable);
}

/* Exchanges the items of a slice and those of `added`. A shared list gets a new table: it happens at one moment. False:
 * out of memory, nothing has happened. */
static bool exchange_steps(list *l, struct weft__slice s, table *added, bool private, struct leftover *left) {
  table *old = l->items, *t = private || s.count == 0 ? old : copy_table(old, old->capacity);
  if (!t) return false;
  for (size_t i = 0; i < s.count; i++) {
    weft_object **slot = &t->item[weft__slice_place(s, i)], *item = *slot;
    *slot = added->item[i];
    added->item[i] = item;
  }
  publish(l, t);
  *left = (struct leftover){.table = t == old ? &none : old};
  return true;
}

/* Moves the items of a slice to *gone, a new table. False: out of memory, nothing has happened. */
static bool take_steps(list *l, struct weft__slice s, table **gone, struct leftover *left) {
  table *old = l->items, *t = &none;
  *left = (struct leftover){.table = &none};
  if (s.count == 0) return true;
  table *taken = table_new(s.count);
  if (taken && s.count < old->size) t = table_new(roomy(old->size - s.count));
  if (!taken || !t) {
    if (taken) table_drop(taken, true);
    return false;
  }
  if (s.step < 0) s = (struct weft__slice){weft__slice_place(s, s.count - 1), s.count, -s.step};
  for (size_t i = 0; i < old->size; i++) {
    bool goes = taken->size < s.count && i == weft__slice_place(s, taken->size);
    add(goes ? taken : t, old->item[i]);
  }
  publish(l, t);
  left->table = old;
  *gone = taken;
  return true;
}

int weft_list_set_slice_step(weft_object *o, int64_t start, int64_t stop, int64_t step, weft_object *iterable) {
  static const char call[] = "weft_list_set_slice";
  if (step == 1) return replace(call, o, start, stop, iterable);
  if (!weft__expect(call, o, &weft_list_type) || !weft__step_given(step)) return -1;
  table *added = iterable ? collect(call, iterable) : &none;
  if (!added) return -1;
  bool private;
  list *l = begin(call, o, &private);
  struct weft__slice s = weft__slice_of(start, stop, step, l->items->size);
  struct leftover left = {.table = &none};
  bool fits = !iterable || added->size == s.count;
  bool done = fits && (iterable ? exchange_steps(l, s, added, private, &left) : take_steps(l, s, &added, &left));
  end(l, private);
  size_t size = added->size;
  table_drop_items(added, 0, size, private);
  if (done) {
    drop_leftover(left, private);
    return 0;
  }
  if (fits)
    weft_raise_memory();
  else
    weft_raise(&weft_ValueError, "attempt to assign sequence of size %zu to extended slice of size %zu", size, s.count);
  return -1;
}

int weft_list_extend(weft_object *o, weft_object *iterable) {
  if (!weft__given("weft_list_extend", iterable)) return -1;
  return replace("weft_list_extend", o, INT64_MAX, INT64_MAX, iterable);
}

weft_object *weft_list_repeat(weft_object *o, int64_t n) {
  table *once = copy_of("weft_list_repeat", o);
  if (!once) return NULL;
  size_t total;
  bool absurd = n > 0 && __builtin_mul_overflow(once->size, (size_t)n, &total);
  if (n <= 0) total = 0;
  table *t = absurd ? NULL : total ? table_new(total) : &none;
  while (t && t->size < total)
    for (size_t i = 0; i < once->size; i++) add(t, weft_new_ref(once->item[i]));
  table_drop_items(once, 0, once->size, true);
  return list_of_table_steal(t, "weft_list_repeat");
}

/* --- Searching --- */

static weft_object *item_of(weft_object *self, size_t i) { return item_at((list *)self, (int64_t)i, true); }

static int64_t find(list *l, weft_object *value, int64_t start, int64_t stop) {
  return weft__sequence_find(&l->header, item_of, value, start, stop);
}

static list *searched(const char *call, weft_object *o, weft_object *value) {
  return weft__expect(call, o, &weft_list_type) && weft__given(call, value) ? (list *)o : NULL;
}

int weft_list_contains(weft_object *o, weft_object *value) {
  list *l = searched("weft_list_contains", o, value);
  int64_t i = l ? find(l, value, 0, INT64_MAX) : -1;
  return i == -1 ? -1 : i >= 0;
}

int64_t weft_list_index(weft_object *o, weft_object *value, int64_t start, int64_t stop) {
  list *l = searched("weft_list_index", o, value);
  if (!l) return -1;
  size_t size = (size_t)weft_list_length(o);
  if (start < 0) start = (int64_t)weft__clamp(start, size);
  if (stop < 0) stop = (int64_t)weft__clamp(stop, size);
  int64_t i = find(l, value, start, stop);
  if (i == -2) weft_raise(&weft_ValueError, "list.index(x): x not in list");
  return i < 0 ? -1 : i;
}

int64_t weft_list_count(weft_object *o, weft_object *value) {
  if (!searched("weft_list_count", o, value)) return -1;
  return weft__sequence_count(o, item_of, value);
}

int weft_list_remove(weft_object *o, weft_object *value) {
  list *l = searched("weft_list_remove", o, value);
  if (!l) return -1;
  int64_t i = find(l, value, 0, INT64_MAX);
  if (i == -1) return -1;
  /* Comparing may have changed the list; then, as in CPython, what stands at that place now goes. */
  if (i >= 0 && i < weft_list_length(o)) return weft_list_delete(o, i);
  weft_raise(&weft_ValueError, "list.remove(x): x not in list");
  return -1;
}

/* --- Order --- */

static void reverse_items(weft_object **items, size_t n) {
  for (size_t i = 0, j = n; i + 1 < j; i++) {
    weft_object *item = items[i];
    items[i] = items[--j];
    items[j] = item;
  }
}

int weft_list_reverse(weft_object *o) {
  bool private;
  list *l = begin("weft_list_reverse", o, &private);
  if (!l) return -1;
  table *old = &none;
  table *t = l->items;
  if (!private && t->size) {
    old = t;
    t = copy_table(old, old->capacity);
  }
  if (t) {
    reverse_items(t->item, t->size);
    publish(l, t);
  }
  end(l, private);
  if (!t) {
    weft_raise_memory();
    return -1;
  }
  table_drop(old, private);
  return 0;
}

/* An item and what it is sorted by. */
struct sorted {
  weft_object *key, *item;
};

/* Sorts n elements of `a` by way of `b`: runs of two, four, eight … are merged. Once comparing has failed, elements are
 * only moved. */
static bool merge_sort(struct sorted *a, struct sorted *b, size_t n) {
  bool good = true;
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t low = 0; low < n; low += 2 * width) {
      size_t middle = low + width < n ? low + width : n, high = low + 2 * width < n ? low + 2 * width : n;
      size_t i = low, j = middle;
      for (size_t k = low; k < high; k++) {
        bool second = i == middle;
        if (!second && j < high && good) {
          int less = weft_compare(a[j].key, a[i].key, WEFT_LT);
          good = less >= 0;
          second = less > 0;
        }
        b[k] = second ? a[j++] : a[i++];
      }
    }
    memcpy(a, b, n * sizeof *a);
  }
  return good;
}

/* Computes the keys and sorts the table's items. False: an error is set. */
static bool sort_table(table *t, weft_object *key, bool reverse) {
  size_t n = t->size, bytes = 2 * n * sizeof(struct sorted);
  struct sorted *a = weft__buffer_new(bytes, "weft_list_sort");
  if (!a) {
    weft_raise_memory();
    return false;
  }
  /* Stable means that equal items keep their order, also from large to small: so reverse, sort, and reverse again. */
  if (reverse) reverse_items(t->item, n);
  size_t keys = 0;
  for (; keys < n; keys++) {
    weft_object *k = key ? weft_call(key, &t->item[keys], 1) : weft_new_ref(t->item[keys]);
    if (!k) break;
    a[keys] = (struct sorted){.key = k, .item = t->item[keys]};
  }
  bool good = keys == n && merge_sort(a, a + n, n);
  for (size_t i = 0; i < keys; i++) {
    if (keys == n) t->item[i] = a[i].item;
    weft_decref(a[i].key);
  }
  if (reverse) reverse_items(t->item, n);
  weft__buffer_free(a, bytes);
  return good;
}

int weft_list_sort(weft_object *o, weft_object *key, bool reverse) {
  bool private;
  list *l = begin("weft_list_sort", o, &private);
  if (!l) return -1;
  table *old = l->items, *sorted = old;
  if (!private && old != &none) sorted = copy_table(old, old->capacity); /* readers may still be in the old one */
  if (sorted) publish(l, &none);
  end(l, private);
  if (!sorted) {
    weft_raise_memory();
    return -1;
  }
  if (sorted != old) table_drop(old, private);
  bool good = sorted == &none || sort_table(sorted, key, reverse);
  weft_object *error = weft_error_take();
  l = begin("weft_list_sort", o, &private);
  table *meanwhile = l->items;
  publish(l, sorted);
  end(l, private);
  bool changed = meanwhile != &none;
  table_drop_items(meanwhile, 0, meanwhile->size, private);
  if (error)
    weft__self()->error = error;
  else if (changed)
    weft_raise(&weft_ValueError, "list modified during sort");
  return good && !changed ? 0 : -1;
}

/* --- The type --- */

static int list_traverse(weft_object *self, weft_visit visit, void *arg) {
  table *t = ((list *)self)->items;
  for (size_t i = 0; i < t->size; i++) {
    int stop = visit(t->item[i], arg);
    if (stop) return stop;
  }
  return 0;
}

static void list_release(weft_object *self) {
  table *t = ((list *)self)->items;
  table_drop_items(t, 0, t->size, true);
}

static void list_dealloc(weft_object *self) {
  list_release(self);
  weft__heap_free(self, self->type->spec.basic_size);
}

static weft_object *list_repr(weft_object *self) { return weft__sequence_repr(self, item_of, "[", "]"); }
static weft_object *list_iter(weft_object *self) { return weft__sequence_iter(self, item_of); }
static weft_object *list_reversed(weft_object *self) { return weft__sequence_reversed(self, item_of); }

/* Also of a type that derives from list. */
static bool is_list(const weft_object *o) { return weft_list_check(o) || weft_is_instance(o, &weft_list_type); }

static int list_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!is_list(a) || !is_list(b)) return WEFT_NOT_IMPLEMENTED;
  if ((op == WEFT_EQ || op == WEFT_NE) && weft_list_length(a) != weft_list_length(b)) return op == WEFT_NE;
  return weft__sequence_compare(a, b, item_of, op);
}

static weft_object *list_add(weft_object *a, weft_object *b) {
  if (!is_list(a) || !is_list(b)) return NULL;
  table *left = copy_of("weft_add", a);
  if (!left) return NULL;
  table *right = copy_of("weft_add", b);
  if (!right) {
    table_drop_items(left, 0, left->size, true);
    return NULL;
  }
  size_t total = left->size + right->size;
  table *t = total ? table_new(total) : &none;
  if (t && total) {
    memcpy(t->item, left->item, left->size * sizeof *t->item);
    memcpy(t->item + left->size, right->item, right->size * sizeof *t->item);
    t->size = total;
  }
  table_drop_items(left, 0, t ? 0 : left->size, true);
  table_drop_items(right, 0, t ? 0 : right->size, true);
  return list_of_table_steal(t, "weft_add");
}

static weft_object *list_multiply(weft_object *a, weft_object *b) {
  bool first = is_list(a);
  weft_object *self = first ? a : b, *n = first ? b : a;
  int64_t times;
  return weft__times_of(n, &times) ? weft_list_repeat(self, times) : NULL;
}

static weft_object *list_in_place_add(weft_object *a, weft_object *b) {
  return weft_list_extend(a, b) == 0 ? weft_new_ref(a) : NULL;
}

/* The items once more, and again; at one moment. */
static int repeat_in_place(weft_object *o, int64_t n) {
  bool private;
  list *l = begin("weft_in_place_multiply", o, &private);
  size_t size = l->items->size, total;
  bool absurd = __builtin_mul_overflow(size, (size_t)n, &total) || !roomy(total);
  table *old = absurd ? NULL : reserve(l, total - size, private);
  if (old) {
    table *t = l->items;
    for (size_t i = size; i < total; i++) set_slot(t, i, weft_new_ref(t->item[i - size]));
    if (total > size) set_size(t, total); /* `none` is nobody's to write to */
  }
  end(l, private);
  if (!old) {
    weft_raise_memory();
    return -1;
  }
  table_drop(old, private);
  return 0;
}

static weft_object *list_in_place_multiply(weft_object *a, weft_object *b) {
  int64_t n;
  if (!weft__times_of(b, &n)) return NULL;
  return (n > 0 ? repeat_in_place(a, n) : weft_list_clear(a)) == 0 ? weft_new_ref(a) : NULL;
}

static size_t list_size_of(weft_object *self) {
  bool private;
  list *l = begin("weft_sizeof", self, &private);
  size_t bytes = self->type->spec.basic_size + (l->items == &none ? 0 : table_bytes(l->items->capacity));
  end(l, private);
  return bytes;
}

static weft_object *list_get_item(weft_object *self, weft_object *key) {
  struct weft__key k;
  if (!weft__key_of(self, key, &k)) return NULL;
  return k.is_slice ? weft_list_slice_step(self, k.start, k.stop, k.step) : weft_list_get(self, k.index);
}

static int list_set_item(weft_object *self, weft_object *key, weft_object *value) {
  struct weft__key k;
  if (!weft__key_of(self, key, &k)) return -1;
  if (k.is_slice) return weft_list_set_slice_step(self, k.start, k.stop, k.step, value);
  return value ? weft_list_set(self, k.index, value) : weft_list_delete(self, k.index);
}

/* Calling the type, or initialising once more: the items become those of an iterable. */
static int list_init(weft_object *self, weft_object *const *args, size_t n) {
  if (n <= 1) return replace("list", self, 0, INT64_MAX, n ? args[0] : NULL);
  weft_raise(&weft_TypeError, "list expected at most 1 argument, got %zu", n);
  return -1;
}

static void list_body_init(weft_object *self) { ((list *)self)->items = &none; }

const weft_type weft_list_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "list",
             .copy = weft__list_copy,
             .base = &weft_object_type,
             .basic_size = sizeof(list),
             .flags = WEFT_TYPE_CONTAINER | WEFT_TYPE_BASE,
             .traverse = list_traverse,
             .clear = weft_list_clear,
             .dealloc = list_dealloc,
             .repr = list_repr,
             .compare = list_compare,
             .add = list_add,
             .multiply = list_multiply,
             .in_place_add = list_in_place_add,
             .in_place_multiply = list_in_place_multiply,
             .size_of = list_size_of,
             .length = weft_list_length,
             .get_item = list_get_item,
             .set_item = list_set_item,
             .contains = weft_list_contains,
             .iter = list_iter,
             .reversed = list_reversed,
             .init = list_init},
    .body_init = list_body_init,
    .lock_offset = offsetof(struct weft__list, lock),
    .guarded = true,
    .quiet = true,
    .release = list_release,
    .weak = true,
};
