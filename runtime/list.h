/* SPDX-License-Identifier: MIT */
/*
 * list: a growable sequence of references. Each operation is atomic with respect to other threads, and a safepoint.
 * Indices may be negative to count from the end.
 */
#ifndef WEFT_LIST_H
#define WEFT_LIST_H

#include "../sync/mutex.h"
#include "share.h"
#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_list_type;

static inline bool weft_list_check(const weft_object *o) { return o->type == &weft_list_type; }

/* --- Making --- */

/* An empty list. Returns new. Errors: memory. */
WEFT_API weft_object *weft_list_new(void);
/* A list of `n` items, to which it adds references, with no room to spare. Returns new. Errors: memory. */
WEFT_API weft_object *weft_list_of(size_t n, weft_object *const *items);
/* A list of what iterating over `iterable` gives. Returns new. Errors: TypeError, the iterable's, memory. */
WEFT_API weft_object *weft_list_from(weft_object *iterable);

/* --- Items --- */

/* Items. Errors (-1): TypeError. */
WEFT_API int64_t weft_list_length(weft_object *list);
/* Item `index`. Returns new. Errors: TypeError, IndexError. */
static inline weft_object *weft_list_get(weft_object *list, int64_t index);
/* As weft_list_get. Returns borrowed, valid until the end of the bracket that the caller has open (weft_read_begin).
 * Misuse: no bracket is open. */
WEFT_API weft_object *weft_list_peek(weft_object *list, int64_t index);
/* Replaces item `index`. Errors (-1): TypeError, IndexError; the list is unaltered. May: run finalizers. */
static inline int weft_list_set(weft_object *list, int64_t index, weft_object *item);
/* Adds `item` at the end, amortised O(1). Errors (-1): TypeError, memory; the list is unaltered. */
static inline int weft_list_append(weft_object *list, weft_object *item);
/* Inserts before `index`, clamped to the list. Errors (-1): as append. */
WEFT_API int weft_list_insert(weft_object *list, int64_t index, weft_object *item);
/* Removes and returns item `index`. Returns new. Errors: TypeError, IndexError, memory. */
WEFT_API weft_object *weft_list_pop(weft_object *list, int64_t index);
/* Removes item `index`. Errors (-1): as pop. May: run finalizers. */
WEFT_API int weft_list_delete(weft_object *list, int64_t index);
/* Removes all items, last to first. Errors (-1): TypeError. May: run finalizers. */
WEFT_API int weft_list_clear(weft_object *list);
/* Items that there is room for. Errors (-1): TypeError. */
WEFT_API int64_t weft_list_capacity(weft_object *list);

/* --- Parts --- */

/* The items from `start` up to `stop`, both clamped to the list. Returns new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_list_slice(weft_object *list, int64_t start, int64_t stop);
/* Every `step`-th of them; INT64_MIN and INT64_MAX are bounds beyond either end. Returns new. Errors: also ValueError
 * (step 0). */
WEFT_API weft_object *weft_list_slice_step(weft_object *list, int64_t start, int64_t stop, int64_t step);
/* Replaces that slice by what iterating over `iterable` gives (NULL: by nothing), at one moment. The list may be the
 * iterable. Errors (-1): TypeError, the iterable's, memory; the list is unaltered. May: run finalizers. */
WEFT_API int weft_list_set_slice(weft_object *list, int64_t start, int64_t stop, weft_object *iterable);
/* The same for every `step`-th item; with a step other than 1 by as many (NULL: by nothing).
 * Errors (-1): also ValueError. */
WEFT_API int weft_list_set_slice_step(weft_object *list, int64_t start, int64_t stop, int64_t step,
                                      weft_object *iterable);
/* Adds what iterating over `iterable` gives at the end, at one moment. Errors (-1): as weft_list_set_slice. */
WEFT_API int weft_list_extend(weft_object *list, weft_object *iterable);
/* The items `n` times, 0 when n is negative. Returns new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_list_repeat(weft_object *list, int64_t n);

/* --- Searching and order. These compare by weft_compare, which may run code of the user's. --- */

/* Is an item equal to `value`? Errors (-1): TypeError, those of comparing. */
WEFT_API int weft_list_contains(weft_object *list, weft_object *value);
/* Where the first item equal to `value` is, from `start` up to `stop`, both clamped.
 * Errors (-1): ValueError when there is none, TypeError, those of comparing. */
WEFT_API int64_t weft_list_index(weft_object *list, weft_object *value, int64_t start, int64_t stop);
/* How many items are equal to `value`. Errors (-1): as contains. */
WEFT_API int64_t weft_list_count(weft_object *list, weft_object *value);
/* Removes the first item equal to `value`. Errors (-1): as index. */
WEFT_API int weft_list_remove(weft_object *list, weft_object *value);
/* Reverses the order. Errors (-1): TypeError, memory. */
WEFT_API int weft_list_reverse(weft_object *list);
/*
 * Sorts by `<` on what `key` (NULL: the item itself) returns for each item; stable, also when `reverse`d. Meanwhile the
 * list is empty; if it is not at the end, ValueError. After an error the items are all there, in some order.
 * Errors (-1): TypeError, ValueError, those of key and comparing, memory. Source: merge sort.
 */
WEFT_API int weft_list_sort(weft_object *list, weft_object *key, bool reverse);

/* For the runtime: an empty list with room for `n` items and no more. NULL with MemoryError. */
weft_object *weft__list_new_sized(size_t n);
/* For the runtime: an exact list with the same items; they may be those of a type that derives from list. */
weft_object *weft__list_copy(weft_object *list);
/* For the runtime: appends the items from `start` on to another list. All of them, to an empty list, it takes away from
 * the first. Errors (-1): memory. */
int weft__list_move(weft_object *from, size_t start, weft_object *to);

/* --- Fast paths --- */

struct weft__list_items {
  size_t capacity, size;
  weft_object *item[];
};
struct weft__list {
  weft_object header;
  struct weft__list_items *items; /* never NULL */
  weft_mutex lock;                /* of a shared list */
};

WEFT_API weft_object *weft__list_get(weft_object *list, int64_t index);
WEFT_API int weft__list_set(weft_object *list, int64_t index, weft_object *item);
WEFT_API int weft__list_append(weft_object *list, weft_object *item);

/* index < size, read as unsigned numbers. A constant that is negative is told apart so that compilers do not warn. */
#define WEFT__IS_INDEX(index, size) \
  (!(__builtin_constant_p((index) < 0) && (index) < 0) && WEFT_LIKELY((uint64_t)(index) < (size)))

/* Is it a list that the calling thread, whose status word that is, may touch? */
static inline bool weft__may_touch_list(const weft_object *list, uint32_t status) {
  return WEFT_LIKELY(list != NULL) && WEFT_LIKELY(list->type == &weft_list_type) && weft__may_touch_as(list, status);
}
static inline struct weft__list_items *weft__list_items(weft_object *list) {
  return ((struct weft__list *)list)->items;
}

static inline weft_object *weft_list_get(weft_object *list, int64_t index) {
  uint32_t me = weft__my_status();
  if (!weft__may_touch_list(list, me) || !WEFT__IS_INDEX(index, weft__list_items(list)->size))
    return weft__list_get(list, index);
  weft_object *item = weft__list_items(list)->item[index];
  if (!item) __builtin_unreachable(); /* so that callers' checks for NULL cost nothing here */
  return weft__new_ref_as(item, me);
}

static inline int weft_list_set(weft_object *list, int64_t index, weft_object *item) {
  uint32_t me = weft__my_status();
  if (!weft__may_touch_list(list, me) || WEFT_UNLIKELY(!item) || !WEFT__IS_INDEX(index, weft__list_items(list)->size))
    return weft__list_set(list, index, item);
  struct weft__list_items *items = weft__list_items(list);
  weft_object *old = items->item[index];
  items->item[index] = weft__new_ref_as(item, me);
  weft__decref_as(old, me);
  return 0;
}

static inline int weft_list_append(weft_object *list, weft_object *item) {
  uint32_t me = weft__my_status();
  if (!weft__may_touch_list(list, me) || WEFT_UNLIKELY(!item)) return weft__list_append(list, item);
  struct weft__list_items *items = weft__list_items(list);
  if (WEFT_UNLIKELY(items->size == items->capacity)) return weft__list_append(list, item);
  items->item[items->size++] = weft__new_ref_as(item, me);
  return 0;
}

WEFT_END_DECLS
#endif
