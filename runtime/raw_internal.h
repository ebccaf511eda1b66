/* SPDX-License-Identifier: MIT */
/*
 * Raw containers: what bytearray and array share, a growable buffer of numbers of one kind; raw.c.
 *
 *     block: | first items, given up | size items | room - first - size, for growth; a bytearray's NUL |
 *
 *   first + size + terminator <= room when there is a block, which is NULL while the container is empty and new.
 *   exports counts the views that are open (view.h): while it is not zero neither the block nor the size changes.
 *
 * Between threads: private until shared, as list (share.h). Of a shared one every operation takes the lock, readers
 * too: a buffer is small numbers, changed in place, so that a reader without the lock would see half of a change. So
 * each operation happens at one moment, and a buffer that is given up is freed at once. Who reads much opens a view,
 * and then needs no lock at all. Nothing here calls code of a user's while the lock is held: values are converted, and
 * other containers copied, before.
 */
#ifndef WEFT_RAW_INTERNAL_H
#define WEFT_RAW_INTERNAL_H

#include "../sync/mutex.h"
#include "slice_internal.h"
#include "type.h"

enum weft__number { WEFT__SIGNED, WEFT__UNSIGNED, WEFT__REAL };

/* A kind of items. */
struct weft__items {
  char code;      /* array's typecode */
  uint8_t width;  /* bytes */
  uint8_t number; /* enum weft__number */
  const char *c_type;
};
extern const struct weft__items weft__kinds[];
#define WEFT__BYTES (&weft__kinds[0]) /* of a bytearray, which ends in a NUL */
/* The kind of an array's typecode; NULL: there is none. */
const struct weft__items *weft__items_of(char typecode);

struct weft__raw {
  weft_object header;
  uint8_t *block;
  size_t first, size, room; /* in items */
  uint32_t exports;
  weft_mutex lock;
  uint8_t kind; /* index in weft__kinds; never changes */
};

_Static_assert(sizeof(struct weft__raw) == 56, "as large as CPython's bytearray, smaller than its array");

typedef struct weft__raw weft__raw;

static inline const struct weft__items *weft__raw_items(const weft__raw *r) { return &weft__kinds[r->kind]; }

/* Item `i`; valid while nothing changes the container. */
uint8_t *weft__raw_at(const weft__raw *r, size_t i);

/* --- Access --- */

/* Where an operation begins; a safepoint. The body may then be used up to weft__raw_end, without a safepoint in
 * between. NULL: an error is set. */
weft__raw *weft__raw_begin(const char *call, weft_object *o, const weft_type *type, bool *private);
void weft__raw_end(weft__raw *r, bool private);

/* --- Storage: of a container between begin and end, or of one that is only a variable (WEFT__RAW_OF) --- */

#define WEFT__RAW_OF(items) ((weft__raw){.kind = (uint8_t)((items)-weft__kinds)})

enum weft__raw_result { WEFT__RAW_DONE, WEFT__RAW_NO_MEMORY, WEFT__RAW_EXPORTED };

/* Puts `n` items in the place of those from `start` up to `stop`; `items` NULL: zeros. Unless it is done, nothing has
 * happened. */
enum weft__raw_result weft__raw_splice(weft__raw *r, size_t start, size_t stop, const void *items, size_t n);
/* Makes room for `n` items and no more, in a variable. */
bool weft__raw_reserve(weft__raw *r, size_t n);
/* Gives back a variable's block. */
void weft__raw_drop(weft__raw *r);
/* Sets the error for a result. Returns 0 when it is done, or -1. */
int weft__raw_raise(enum weft__raw_result result);

/* --- Items --- */

/* `value` as an item of the kind. False: TypeError, OverflowError (a byte: ValueError). */
bool weft__item_encode(const struct weft__items *items, weft_object *value, void *item);
/* Returns new. Errors: memory. */
weft_object *weft__item_decode(const struct weft__items *items, const void *item);
/* Compares as numbers: -1, 0, 1; 2: unordered. */
int weft__item_compare(const struct weft__items *a, const void *x, const struct weft__items *b, const void *y);
/* The number that an int, bool or float is, for weft__item_compare; false: it is none of them, or an int that is none
 * of 64 bits. */
bool weft__item_number(weft_object *value, const struct weft__items **items, uint64_t *item);

/* Adds what iterating over `iterable` gives to a variable; a list or array as it is at one moment. False: an error is
 * set; the variable is the caller's to drop. */
bool weft__raw_collect(weft__raw *into, const char *call, weft_object *iterable);
/* A copy of the slice, into a variable. Errors: TypeError, ValueError (no step), memory. */
bool weft__raw_copy(weft__raw *into, const char *call, weft_object *o, const weft_type *type, int64_t start,
                    int64_t stop, int64_t step);
/* A container that takes over the variable, also when it fails. Returns new. */
weft_object *weft__raw_object_steal(const weft_type *type, weft__raw *from, const char *call);

/* --- Operations that are the same for both; `o` is checked to be of `type` --- */

int64_t weft__raw_length(const char *call, weft_object *o, const weft_type *type);
int64_t weft__raw_capacity(const char *call, weft_object *o, const weft_type *type);
weft_object *weft__raw_get(const char *call, weft_object *o, const weft_type *type, int64_t index);
int weft__raw_set(const char *call, weft_object *o, const weft_type *type, int64_t index, weft_object *value);
int weft__raw_insert(const char *call, weft_object *o, const weft_type *type, int64_t index, weft_object *value);
weft_object *weft__raw_pop(const char *call, weft_object *o, const weft_type *type, int64_t index);
int weft__raw_delete(const char *call, weft_object *o, const weft_type *type, int64_t index);
int weft__raw_resize(const char *call, weft_object *o, const weft_type *type, size_t size);
weft_object *weft__raw_slice(const char *call, weft_object *o, const weft_type *type, int64_t start, int64_t stop,
                             int64_t step);
/* Replaces the slice by the items of a variable, and drops that. */
int weft__raw_set_slice_steal(const char *call, weft_object *o, const weft_type *type, int64_t start, int64_t stop,
                              int64_t step, weft__raw *added);
int weft__raw_reverse(const char *call, weft_object *o, const weft_type *type);
weft_object *weft__raw_repeat(const char *call, weft_object *o, const weft_type *type, int64_t n);
int weft__raw_repeat_in_place(const char *call, weft_object *o, const weft_type *type, int64_t n);
/* Removes the first item that is the number `value`. 1: there was one; 0: none; -1: an error is set. */
int weft__raw_remove(const char *call, weft_object *o, const weft_type *type, weft_object *value);

/* Slots. */
weft_object *weft__raw_item_of(weft_object *self, size_t index);
weft_object *weft__raw_iter(weft_object *self);
weft_object *weft__raw_reversed(weft_object *self);
weft_object *weft__raw_get_item(weft_object *self, weft_object *key);
/* `key` may be a slice: then the type's own function for that is called. */
typedef int (*weft__set_slice)(weft_object *self, int64_t start, int64_t stop, int64_t step, weft_object *value);
int weft__raw_set_item(weft_object *self, weft_object *key, weft_object *value, weft__set_slice set_slice);
int64_t weft__raw_slot_length(weft_object *self);
weft_object *weft__raw_multiply(weft_object *a, weft_object *b);
weft_object *weft__raw_in_place_multiply(weft_object *a, weft_object *b);
size_t weft__raw_size_of(weft_object *self);
/* A copy without attributes, of its own type. */
weft_object *weft__raw_duplicate(weft_object *self);
void weft__raw_dealloc(weft_object *self);

#endif
