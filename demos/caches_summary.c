/* SPDX-License-Identifier: MIT */
/* LK-29: the rules that document 002 ends with, each with the check that shows why. */
#include "demos/caches.h"
#include "demos/support/squares.h"

enum { MILLION = 1000000 };

static weft_object *zeros(void) {
  weft_auto weft_object *one = list_of_ints(1, 0);
  return weft_list_repeat(one, MILLION);
}

/* As LK-20: what a function names locally is gone when it returns. */
static bool local_is_flat(void) {
  size_t before = bytes_in_use(), inside = 0;
  bool flat = true;
  for (int i = 0; i < 5; i++) {
    weft_object *data = zeros();
    inside = bytes_in_use() - before;
    weft_decref(data);
    flat = flat && bytes_in_use() == before;
  }
  return flat && inside >= MILLION * sizeof(weft_object *);
}

/* As ID-39: a copy is another list, an alias is not. */
static bool copy_is_another(void) {
  weft_auto weft_object *original = list_of_ints(3, 1, 2, 3), *alias = weft_new_ref(original);
  weft_auto weft_object *copy = weft_copy(original), *four = weft_int_new(4), *five = weft_int_new(5);
  bool good = copy && weft_list_append(alias, four) == 0 && weft_list_append(copy, five) == 0;
  return good && weft_list_length(original) == 4 && weft_list_length(copy) == 4 && weft_contains(original, five) == 0 &&
         weft_contains(copy, four) == 0;
}

/* As WR-10: an entry of a weak cache goes with its object. */
static bool weak_entry_follows(void) {
  weft_auto weft_object *cache = weft_weak_value_dict_new(), *key = weft_str_new("key");
  weft_object *value = process_function(1);
  bool there = weft_weak_dict_set(cache, key, value) == 0 && weft_weak_dict_contains(cache, key) == 1;
  weft_decref(value);
  return there && weft_weak_dict_contains(cache, key) == 0;
}

/* As GEN-03: the same sum with a hundredth of the memory, or much less. */
static bool generator_is_small(size_t *list, size_t *generator) {
  size_t left;
  int64_t by_list = sum_of_squares(squares_list, MILLION, list, &left);
  int64_t by_generator = sum_of_squares(squares_generator, MILLION, generator, &left);
  return by_list == INT64_C(333332833333500000) && by_generator == by_list && *generator <= *list / 100;
}

static void leave(weft_object **context) {
  weft_list_clear(*context);
  weft_clear(context);
}

/* As CTX-01: what a block has made is released at its end. Returns the bytes inside. */
static size_t block(size_t before) {
  __attribute__((cleanup(leave))) weft_object *context = weft_list_new();
  weft_auto weft_object *large = zeros();
  weft_list_append(context, large);
  return bytes_in_use() - before;
}
static bool context_releases(void) {
  size_t before = bytes_in_use(), inside = block(before);
  return inside >= MILLION * sizeof(weft_object *) && bytes_in_use() == before;
}

void show_summary(void) {
  tap_title("The rules of document 002");
  weft_synchronize();
  size_t list, generator;
  bool good = tap_check(local_is_flat(), NULL, "use local variables: five calls leave nothing (LK-20)");
  good = tap_check(copy_is_another(), NULL, "copy explicitly: an alias is the same list (ID-39)") && good;
  good = tap_check(weak_entry_follows(), NULL, "hold caches weakly: an entry goes with its object (WR-10)") && good;
  bool small = generator_is_small(&list, &generator);
  good =
      tap_check(small, NULL, "generators for large data: %zu bytes at most, not %zu (GEN-03)", generator, list) && good;
  good = tap_check(context_releases(), NULL, "contexts clean up: a block's objects go at its end (CTX-01)") && good;
  tap_check(good, "LK-29", "002: all five");
}
