/* SPDX-License-Identifier: MIT */
/* What the tests of sets share: sets in one line, and keys whose hooks a test chooses. */
#ifndef WEFT_TESTS_RUNTIME_SET_SUPPORT_H
#define WEFT_TESTS_RUNTIME_SET_SUPPORT_H

#include "support.h"

static inline weft_object *set_of(size_t n, weft_object *const *items) {
  weft_object *set = weft_set_new();
  for (size_t i = 0; i < n; i++) cr_assert_eq(weft_set_add(set, items[i]), 0);
  return set;
}
static inline int add_int(weft_object *set, int64_t number) {
  weft_auto weft_object *o = INT(number);
  return weft_set_add(set, o);
}
static inline weft_object *ints_of(size_t n, const int64_t *numbers) {
  weft_object *set = weft_set_new();
  for (size_t i = 0; i < n; i++) {
    cr_assert_eq(add_int(set, numbers[i]), 0);
  }
  return set;
}

/* A set that takes over the references to its keys; one of ints; one of the letters of a word. */
#define SET(...)  STOLEN(set_of, __VA_ARGS__)
#define INTS(...) ints_of(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static inline weft_object *letters(const char *word) {
  weft_object *list = weft_list_new();
  for (; *word; word++) {
    weft_auto weft_object *letter = weft_str_new_size(word, 1);
    cr_assert_eq(weft_list_append(list, letter), 0);
  }
  return list;
}
static inline weft_object *word(const char *text) {
  weft_auto weft_object *list = letters(text);
  return weft_set_from(list);
}

/* Is the set, which is dropped, equal to the other, which is dropped, too? */
static inline bool same(weft_object *a_steal, weft_object *b_steal) {
  bool is = a_steal && b_steal && equal(a_steal, b_steal);
  weft_xdecref(a_steal);
  weft_xdecref(b_steal);
  return is;
}
static inline bool has(weft_object *set, weft_object *key_steal) {
  int found = weft_set_contains(set, key_steal);
  weft_decref(key_steal);
  cr_assert_geq(found, 0);
  return found;
}
/* The set becomes an equal frozenset. */
static inline weft_object *frozen(weft_object *set_steal) {
  weft_object *made = weft_frozenset_from(set_steal);
  weft_decref(set_steal);
  return made;
}

/* --- Keys with hooks: a number, whose hash is the number divided by ten --- */

typedef struct hooked {
  weft_object header;
  int64_t number;
} hooked;

static const weft_type *key_type;
/* What happens before two keys are compared, or one is hashed; NULL: nothing. False: an error is set. */
static bool (*before_compare)(void), (*before_hash)(void);

static inline int key_hash(weft_object *self, int64_t *hash) {
  *hash = ((hooked *)self)->number / 10;
  return !before_hash || before_hash() ? 0 : -1;
}
static inline int key_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != key_type || b->type != key_type) return WEFT_NOT_IMPLEMENTED;
  if (before_compare && !before_compare()) return -1;
  bool is_equal = ((hooked *)a)->number == ((hooked *)b)->number;
  return op == WEFT_EQ ? is_equal : op == WEFT_NE ? !is_equal : WEFT_NOT_IMPLEMENTED;
}
static inline void keys_start(void) {
  key_type = weft_type_new(
      &(weft_type_spec){.name = "key", .basic_size = sizeof(hooked), .hash = key_hash, .compare = key_compare});
}
static inline weft_object *KEY(int64_t number) {
  weft_object *o = weft_object_new(key_type, 0);
  ((hooked *)o)->number = number;
  return o;
}
/* A set of n keys from `first` on. */
static inline weft_object *keys_from(int64_t first, int n) {
  weft_object *set = weft_set_new();
  for (int i = 0; i < n; i++) {
    weft_auto weft_object *k = KEY(first + i);
    cr_assert_eq(weft_set_add(set, k), 0);
  }
  return set;
}

#endif
