/* SPDX-License-Identifier: MIT */
/*
 * What the tests of dict share: dicts in one line, what they contain, and keys whose hash and comparison a test
 * decides.
 */
#ifndef WEFT_TESTS_RUNTIME_DICT_SUPPORT_H
#define WEFT_TESTS_RUNTIME_DICT_SUPPORT_H

#include "support.h"

static inline weft_object *dict_of(size_t n, weft_object *const *keys_and_values) {
  weft_object *dict = weft_dict_new();
  for (size_t i = 0; i + 1 < n; i += 2)
    cr_assert_eq(weft_dict_set(dict, keys_and_values[i], keys_and_values[i + 1]), 0);
  return dict;
}

/* A dict of key, value, key, value…; takes over the references: DICT(STR("a"), INT(1)). */
#define DICT(...) STOLEN(dict_of, __VA_ARGS__)

/* The keys 0 … n-1, each with ten times itself. */
static inline weft_object *tens(int64_t n) {
  weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *key = INT(i);
    weft_auto weft_object *value = INT(10 * i);
    cr_assert_eq(weft_dict_set(dict, key, value), 0);
  }
  return dict;
}

/* Does the repr of `o` read `text`? */
static inline bool reads(weft_object *o, const char *text) {
  char got[4096];
  text_of(weft_repr(o), got, sizeof got);
  if (strcmp(got, text) != 0) fprintf(stderr, "it is %s, not %s\n", got, text);
  return strcmp(got, text) == 0;
}
/* As above; drops the new object. */
static inline bool reads_new(weft_object *o_steal, const char *text) {
  weft_auto weft_object *o = o_steal;
  if (!o) fprintf(stderr, "it is NULL, not %s\n", text);
  return o && reads(o, text);
}

static inline int set_new(weft_object *dict, weft_object *key_steal, weft_object *value_steal) {
  weft_auto weft_object *key = key_steal, *value = value_steal;
  return weft_dict_set(dict, key, value);
}
static inline int delete_new(weft_object *dict, weft_object *key_steal) {
  weft_auto weft_object *key = key_steal;
  return weft_dict_delete(dict, key);
}
static inline int contains_new(weft_object *dict, weft_object *key_steal) {
  weft_auto weft_object *key = key_steal;
  return weft_dict_contains(dict, key);
}
static inline weft_object *get_new(weft_object *dict, weft_object *key_steal) {
  weft_auto weft_object *key = key_steal;
  return weft_dict_get(dict, key);
}
static inline weft_object *pop_new(weft_object *dict, weft_object *key_steal, weft_object *otherwise) {
  weft_auto weft_object *key = key_steal;
  return weft_dict_pop(dict, key, otherwise);
}

/* Every way in agrees on what is there: length, lists, iterators, look-ups, and a copy. */
static inline void check_dict(weft_object *dict) {
  weft_auto weft_object *keys = weft_dict_keys(dict), *values = weft_dict_values(dict), *items = weft_dict_items(dict);
  weft_auto weft_object *key_iterator = weft_dict_iter_keys(dict), *value_iterator = weft_dict_iter_values(dict);
  weft_auto weft_object *item_iterator = weft_dict_iter_items(dict), *copy = weft_dict_copy(dict);
  int64_t n = weft_dict_length(dict);
  cr_assert(weft_list_length(keys) == n && weft_list_length(values) == n && weft_list_length(items) == n);
  cr_assert(weft_dict_length(copy) == n && weft_dict_capacity(dict) >= n && weft_dict_capacity(copy) >= n);
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *key = weft_list_get(keys, i), *value = weft_list_get(values, i);
    weft_auto weft_object *item = weft_list_get(items, i), *looked_up = weft_dict_get(dict, key);
    weft_auto weft_object *next_key = weft_next(key_iterator), *next_value = weft_next(value_iterator);
    weft_auto weft_object *next_item = weft_next(item_iterator), *copied = weft_dict_get(copy, key);
    cr_assert(key == next_key && value == next_value && looked_up == value && copied == value);
    cr_assert(weft_tuple_get_borrow(item, 0) == key && weft_tuple_get_borrow(item, 1) == value &&
              equal(item, next_item));
  }
  cr_assert(!weft_next(key_iterator) && !weft_next(value_iterator) && !weft_next(item_iterator));
  cr_assert_null(weft_error_borrow());
}

/* --- Keys whose hash and comparison a test decides --- */

typedef struct hooked {
  weft_object header;
  int64_t hash, id; /* equal when the ids are */
} hooked;

static int64_t hashes_asked, comparisons_asked;   /* atomic */
static bool hash_fails, comparison_fails;         /* from now on, with a ValueError */
static void (*at_hash)(hooked *);                 /* if not NULL, called by each hash */
static void (*at_comparison)(hooked *, hooked *); /* and each comparison; the second may be NULL: another type */
static void (*at_finalization)(hooked *);
static const weft_type *hooked_type;

static inline int hooked_hash(weft_object *self, int64_t *hash) {
  weft__add_relaxed(&hashes_asked, 1);
  if (at_hash) at_hash((hooked *)self);
  if (hash_fails) weft_raise(&weft_ValueError, "no hash");
  *hash = ((hooked *)self)->hash;
  return weft_error_borrow() ? -1 : 0;
}

static inline int hooked_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  weft__add_relaxed(&comparisons_asked, 1);
  hooked *other = weft_type_of(b) == hooked_type ? (hooked *)b : NULL;
  if (at_comparison) at_comparison((hooked *)a, other);
  if (comparison_fails) weft_raise(&weft_ValueError, "no comparison");
  if (weft_error_borrow()) return -1;
  if (!other || (op != WEFT_EQ && op != WEFT_NE)) return WEFT_NOT_IMPLEMENTED;
  return (((hooked *)a)->id == other->id) == (op == WEFT_EQ);
}

static inline void hooked_finalize(weft_object *self) {
  if (at_finalization) at_finalization((hooked *)self);
}

static inline weft_object *hooked_new(int64_t hash, int64_t id) {
  if (!hooked_type)
    hooked_type = weft_type_new(&(weft_type_spec){.name = "hooked",
                                                  .basic_size = sizeof(hooked),
                                                  .hash = hooked_hash,
                                                  .compare = hooked_compare,
                                                  .finalize = hooked_finalize});
  hooked *o = (hooked *)weft_object_new(hooked_type, 0);
  if (!o) return NULL;
  o->hash = hash;
  o->id = id;
  return &o->header;
}

#endif
