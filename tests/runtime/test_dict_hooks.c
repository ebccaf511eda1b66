/* SPDX-License-Identifier: MIT */
/*
 * dict and code of the user's: hashes, comparisons, reprs and finalizers that fail, that answer nonsense, that change
 * the very dict which called them. Whatever they do, the dict stays whole and nothing is lost.
 */
#include "dict_support.h"

RuntimeSuite(dict_hooks);

static weft_object *d; /* the dict that hooks change */

/* --- Hashes and comparisons are asked for --- */

RuntimeTest(dict_hooks, DIC_012_other_keys_comparisons_do_not_disturb_and_a_failing_hash_is_passed_on) {
  weft_auto weft_object *touchy = hooked_new(24, 1), *dict = DICT(weft_new_ref(touchy), INT(42));
  comparison_fails = true;
  cr_assert(!get_new(dict, INT(23)) && raised(&weft_KeyError), "the hash differs: it is not asked");
  comparison_fails = false;
  cr_assert(!get_new(dict, INT(24)) && raised(&weft_KeyError), "same hash, not equal");
  cr_assert_gt(comparisons_asked, 0);
  hash_fails = true;
  cr_assert(!weft_dict_get(dict, touchy) && raised(&weft_ValueError));
}

RuntimeTest(dict_hooks, DIC_024_set_default_hashes_once_and_compares_at_most_once) {
  weft_auto weft_object *a = hooked_new(42, 1), *b = hooked_new(42, 2), *dict = DICT(weft_new_ref(a), INT(5));
  hashes_asked = comparisons_asked = 0;
  weft_decref(weft_dict_set_default(dict, b, INT(6)));
  cr_assert(hashes_asked == 1 && comparisons_asked == 1);
  weft_decref(weft_dict_set_default(dict, b, INT(7)));
  cr_assert_eq(hashes_asked, 2);
  cr_assert_eq(weft_dict_length(dict), 2);
}

RuntimeTest(dict_hooks, DIC_025_an_insertion_that_grows_the_table_hashes_once_and_compares_once) {
  weft_auto weft_object *a = hooked_new(42, 1), *b = hooked_new(42, 2), *dict = tens(4);
  weft_dict_set(dict, a, INT(5));
  int64_t room = weft_dict_capacity(dict);
  hashes_asked = comparisons_asked = 0;
  cr_assert_eq(weft_dict_set(dict, b, INT(6)), 0);
  cr_assert_gt(weft_dict_capacity(dict), room);
  cr_assert(hashes_asked == 1 && comparisons_asked == 1);
}

RuntimeTest(dict_hooks, growing_asks_keys_nothing) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < 1000; i++) set_new(dict, hooked_new(i * 1000003, i), WEFT_NONE);
  cr_assert(hashes_asked == 1000 && comparisons_asked == 0);
  weft_decref(weft_dict_copy(dict));
  weft_decref(weft_dict_keys(dict));
  cr_assert(hashes_asked == 1000 && comparisons_asked == 0);
}

RuntimeTest(dict_hooks, DIC_044_an_error_of_comparing_is_passed_on_by_every_operation) {
  weft_auto weft_object *a = hooked_new(7, 1), *b = hooked_new(7, 2), *dict = DICT(weft_new_ref(a), INT(1));
  weft_auto weft_object *other = DICT(weft_new_ref(b), INT(2)), *keys = LIST(weft_new_ref(a), weft_new_ref(b));
  weft_object *value;
  comparison_fails = true;
  cr_assert(weft_dict_set(dict, b, INT(2)) == -1 && raised(&weft_ValueError));
  cr_assert(!weft_dict_get(dict, b) && raised(&weft_ValueError));
  cr_assert(weft_dict_find(dict, b, &value) == -1 && !value && raised(&weft_ValueError));
  cr_assert(weft_dict_contains(dict, b) == -1 && raised(&weft_ValueError));
  cr_assert(!weft_dict_set_default(dict, b, INT(42)) && raised(&weft_ValueError));
  cr_assert(weft_dict_delete(dict, b) == -1 && raised(&weft_ValueError));
  cr_assert(!weft_dict_pop(dict, b, INT(42)) && raised(&weft_ValueError));
  cr_assert(weft_dict_update(dict, other) == -1 && raised(&weft_ValueError));
  cr_assert(!weft_dict_from_keys(keys, INT(1)) && raised(&weft_ValueError));
  cr_assert(weft_compare(dict, other, WEFT_EQ) == -1 && raised(&weft_ValueError));
  weft_read_begin();
  cr_assert(!weft_dict_peek(dict, b) && raised(&weft_ValueError));
  weft_read_end();
  comparison_fails = false;
  cr_assert(weft_dict_length(dict) == 1 && weft_dict_contains(dict, a) == 1 && weft_dict_contains(dict, b) == 0);
}

RuntimeTest(dict_hooks, MAP_033_a_hash_that_begins_to_fail_makes_pop_fail) {
  weft_auto weft_object *key = hooked_new(7, 1), *dict = DICT(weft_new_ref(key), INT(1));
  hash_fails = true;
  cr_assert(!weft_dict_pop(dict, key, INT(2)) && raised(&weft_ValueError) && weft_dict_length(dict) == 1);
}

RuntimeTest(dict_hooks, MAP_038_a_hash_that_begins_to_fail_makes_set_default_fail) {
  weft_auto weft_object *key = hooked_new(7, 1), *dict = DICT(weft_new_ref(key), INT(1));
  hash_fails = true;
  cr_assert(!weft_dict_set_default(dict, key, INT(2)) && raised(&weft_ValueError) && weft_dict_length(dict) == 1);
}

RuntimeTest(dict_hooks, a_failing_hash_makes_every_look_up_fail_and_changes_nothing) {
  weft_auto weft_object *key = hooked_new(7, 1), *dict = DICT(weft_new_ref(key), INT(1));
  weft_object *value;
  hash_fails = true;
  cr_assert(weft_dict_set(dict, key, INT(2)) == -1 && raised(&weft_ValueError));
  cr_assert(weft_dict_find(dict, key, &value) == -1 && !value && raised(&weft_ValueError));
  cr_assert(weft_dict_contains(dict, key) == -1 && raised(&weft_ValueError));
  cr_assert(weft_dict_delete(dict, key) == -1 && raised(&weft_ValueError));
  hash_fails = false;
  cr_assert(weft_dict_length(dict) == 1 && weft_dict_get(dict, key) == INT(1));
}

RuntimeTest(dict_hooks, what_goes_from_the_end_or_is_copied_need_not_be_hashed) {
  weft_auto weft_object *key = hooked_new(7, 1), *dict = DICT(weft_new_ref(key), INT(1));
  hash_fails = comparison_fails = true;
  weft_auto weft_object *copy = weft_dict_copy(dict), *keys = weft_dict_keys(dict);
  cr_assert(weft_dict_length(copy) == 1 && weft_list_length(keys) == 1);
  weft_auto weft_object *pair = weft_dict_pop_item(dict);
  cr_assert(pair && weft_tuple_get_borrow(pair, 0) == key && weft_dict_length(dict) == 0);
}

RuntimeTest(dict_hooks, an_error_of_a_values_comparison_is_passed_on_by_comparing_dicts) {
  weft_auto weft_object *a = DICT(INT(1), hooked_new(7, 1)), *b = DICT(INT(1), hooked_new(7, 1));
  cr_assert_eq(weft_compare(a, b, WEFT_EQ), 1);
  comparison_fails = true;
  cr_assert(weft_compare(a, b, WEFT_EQ) == -1 && raised(&weft_ValueError));
  cr_assert(weft_compare(a, b, WEFT_NE) == -1 && raised(&weft_ValueError));
}

static weft_object *repr_fails(weft_object *self) {
  (void)self;
  return weft_raise(&weft_ValueError, "no text");
}

static weft_object *mute_new(void) {
  static const weft_type *type;
  if (!type) type = weft_type_new(&(weft_type_spec){.name = "mute", .basic_size = 24, .repr = repr_fails});
  return weft_object_new(type, 0);
}

RuntimeTest(dict_hooks, a_key_or_value_without_text_leaves_the_dict_without_text) {
  weft_auto weft_object *by_value = DICT(INT(1), mute_new()), *by_key = DICT(mute_new(), INT(1));
  cr_assert(!weft_repr(by_value) && raised(&weft_ValueError));
  cr_assert(!weft_repr(by_key) && raised(&weft_ValueError));
  weft_dict_clear(by_value);
  cr_assert(reads(by_value, "{}"), "it is not marked as under way");
}

RuntimeTest(dict_hooks, a_missing_key_without_text_is_a_key_error) {
  weft_auto weft_object *dict = tens(3), *key = mute_new();
  cr_assert(!weft_dict_get(dict, key) && raised_with(&weft_KeyError, "mute"));
  cr_assert(weft_dict_delete(dict, key) == -1 && raised(&weft_KeyError));
  cr_assert(!weft_dict_pop(dict, key, NULL) && raised(&weft_KeyError));
}

/* --- Collisions --- */

RuntimeTest(dict_hooks, DIC_088_of_keys_with_equal_hashes_each_goes_and_comes_by_itself) {
  weft_auto weft_object *dict = tens(64), *a = hooked_new(0, 1), *b = hooked_new(0, 2);
  weft_dict_set(dict, a, STR("a"));
  weft_auto weft_object *a_text = weft_dict_get(dict, a), *b_text = STR("b");
  weft_decref(a_text);
  weft_dict_set(dict, b, b_text);
  cr_assert_eq(weft_dict_length(dict), 66);
  cr_assert(weft_dict_delete(dict, a) == 0 && weft_dict_contains(dict, a) == 0 && weft_dict_contains(dict, b) == 1);
  cr_assert(weft_dict_set(dict, a, INT(1)) == 0 && weft_dict_length(dict) == 66);
  cr_assert(weft_dict_delete(dict, b) == 0 && weft_dict_contains(dict, a) == 1 && weft_dict_length(dict) == 65);
  for (int i = 0; i < 64; i++) cr_assert_eq(contains_new(dict, INT(i)), 1);
}

RuntimeTest(dict_hooks, keys_that_all_collide_are_told_apart_by_comparing) {
  enum { N = 200 };
  weft_object *keys[N];
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < N; i++) {
    keys[i] = hooked_new(-1, i);
    cr_assert_eq(weft_dict_set(dict, keys[i], INT(i)), 0);
  }
  for (int64_t i = 1; i < N; i += 2) cr_assert_eq(weft_dict_delete(dict, keys[i]), 0);
  for (int64_t i = 0; i < N; i++) {
    weft_auto weft_object *like = hooked_new(-1, i);
    cr_assert_eq(weft_dict_contains(dict, like), i % 2 == 0);
    weft_decref(keys[i]);
  }
  check_dict(dict);
}

/* --- Hooks that change the dict which called them --- */

static void clear_d(hooked *a, hooked *b) {
  (void)a, (void)b;
  weft_dict_clear(d);
}

RuntimeTest(dict_hooks, DIC_071_a_key_that_clears_the_dict_when_it_is_compared_is_not_found) {
  weft_auto weft_object *dict = d = DICT(hooked_new(24, 1), STR("value"));
  at_comparison = clear_d;
  cr_assert_eq(contains_new(dict, INT(24)), 0);
  cr_assert_eq(weft_dict_length(dict), 0);
}

RuntimeTest(dict_hooks, DIC_085_a_comparison_that_clears_the_dict_leaves_what_is_set_then) {
  weft_auto weft_object *dict = d = DICT(hooked_new(24, 1), INT(1)), *key = hooked_new(24, 2);
  at_comparison = clear_d;
  cr_assert(weft_dict_set(dict, key, INT(2)) == 0 && weft_dict_length(dict) == 1);
  cr_assert_eq(weft_dict_get(dict, key), INT(2));
  weft_auto weft_object *second = DICT(hooked_new(24, 1), INT(1));
  d = second;
  weft_auto weft_object *got = weft_dict_set_default(second, key, INT(3));
  cr_assert(got == INT(3) && weft_dict_length(second) == 1);
}

RuntimeTest(dict_hooks, DIC_068_from_keys_survives_a_comparison_that_clears_the_source) {
  weft_auto weft_object *source = d = weft_dict_new();
  for (int64_t i = 0; i < 3; i++) set_new(source, hooked_new(13, i), INT(i));
  at_comparison = clear_d;
  weft_auto weft_object *made = weft_dict_from_keys(source, WEFT_NONE);
  cr_assert(!made && raised(&weft_RuntimeError));
  cr_assert_eq(weft_dict_length(source), 0);
}

RuntimeTest(dict_hooks, a_comparison_that_clears_the_dict_is_harmless_in_every_operation) {
  weft_auto weft_object *key = hooked_new(24, 2), *same = hooked_new(24, 1);
  weft_object *const asked[] = {key, same};
  for (int operation = 0; operation < 8; operation++) {
    for (int i = 0; i < 2; i++) {
      weft_object *o = asked[i], *value = NULL;
      weft_auto weft_object *dict = d = DICT(INT(24), INT(0), hooked_new(24, 3), INT(3), hooked_new(24, 1), INT(1));
      int64_t left = 0;
      at_comparison = clear_d;
      switch (operation) {
        case 0: cr_assert(weft_dict_set(dict, o, INT(5)) == 0 && (left = 1)); break;
        case 1: cr_assert((value = weft_dict_set_default(dict, o, INT(5))) == INT(5) && (left = 1)); break;
        case 2: cr_assert(!weft_dict_get(dict, o) && raised(&weft_KeyError)); break;
        case 3: cr_assert(weft_dict_find(dict, o, &value) == 0 && !value); break;
        case 4: cr_assert_eq(weft_dict_contains(dict, o), 0); break;
        case 5: cr_assert(weft_dict_delete(dict, o) == -1 && raised(&weft_KeyError)); break;
        case 6: cr_assert((value = weft_dict_pop(dict, o, INT(6))) == INT(6)); break;
        default: {
          weft_auto weft_object *other = DICT(weft_new_ref(o), INT(7));
          cr_assert(weft_dict_update(dict, other) == 0 && (left = 1));
        }
      }
      at_comparison = NULL;
      cr_assert_eq(weft_dict_length(dict), left, "operation %d", operation);
      check_dict(dict);
    }
  }
}

static void grow_d(hooked *a, hooked *b) {
  (void)a, (void)b;
  static int64_t n;
  for (int i = 0; i < 100; i++) set_new(d, INT(1000 + n++), WEFT_NONE);
}
static void add_until_enough(hooked *a, hooked *b) {
  if (weft_dict_length(d) < 1000) grow_d(a, b);
}

RuntimeTest(dict_hooks, a_comparison_that_makes_the_dict_grow_is_asked_again_and_nothing_is_lost) {
  weft_auto weft_object *dict = d = DICT(hooked_new(24, 1), INT(1)), *key = hooked_new(24, 2),
                        *like = hooked_new(24, 1);
  at_comparison = add_until_enough;
  cr_assert_eq(weft_dict_set(dict, key, INT(2)), 0);
  cr_assert_gt(comparisons_asked, 1);
  cr_assert(weft_dict_length(dict) >= 1000 && weft_dict_get(dict, key) == INT(2) &&
            weft_dict_get(dict, like) == INT(1));
  check_dict(dict);
}

static weft_object *key_to_replace;
static void replace_key(hooked *a, hooked *b) {
  (void)a, (void)b;
  static int times;
  if (times++ >= 5) return;
  if (weft_dict_delete(d, key_to_replace) < 0) weft_error_clear();
  weft_dict_set(d, key_to_replace, INT(times));
}

RuntimeTest(dict_hooks, a_comparison_that_takes_its_key_out_and_puts_it_back_is_harmless) {
  weft_auto weft_object *key = hooked_new(24, 1), *dict = d = DICT(weft_new_ref(key), INT(100)),
                        *like = hooked_new(24, 1);
  key_to_replace = key;
  at_comparison = replace_key;
  weft_auto weft_object *got = weft_dict_get(dict, like);
  cr_assert(got && weft_int_value(got) > 0 && weft_int_value(got) <= 5,
            "a value that was stored while it was looked up");
  cr_assert_eq(weft_dict_length(dict), 1);
}

static void set_same_key(hooked *a, hooked *b) {
  if (!b) return;
  at_comparison = NULL;
  weft_dict_set(d, (weft_object *)b, INT(50));
  at_comparison = set_same_key;
  (void)a;
}

RuntimeTest(dict_hooks, a_comparison_that_sets_the_key_which_is_being_set_makes_no_second_one) {
  weft_auto weft_object *dict = d = DICT(hooked_new(24, 1), INT(1)), *key = hooked_new(24, 2);
  at_comparison = set_same_key;
  cr_assert_eq(weft_dict_set(dict, key, INT(60)), 0);
  at_comparison = NULL;
  cr_assert(weft_dict_length(dict) == 2 && weft_dict_get(dict, key) == INT(60));
  check_dict(dict);
}

static void hash_clears(hooked *self) {
  (void)self;
  weft_dict_clear(d);
}
static void hash_grows(hooked *self) { grow_d(self, NULL); }

RuntimeTest(dict_hooks, a_hash_that_changes_the_dict_is_harmless) {
  weft_auto weft_object *key = hooked_new(24, 1), *dict = d = tens(3);
  at_hash = hash_clears;
  cr_assert(weft_dict_set(dict, key, INT(2)) == 0 && weft_dict_length(dict) == 1);
  at_hash = hash_grows;
  cr_assert(weft_dict_delete(dict, key) == 0 && weft_dict_length(dict) == 100);
  weft_auto weft_object *popped = weft_dict_pop(dict, key, INT(9));
  cr_assert(popped == INT(9) && weft_dict_length(dict) == 200);
  check_dict(dict);
}

static weft_object *repr_pops(weft_object *self) {
  (void)self;
  weft_xdecref(weft_dict_pop_item(d));
  weft_error_clear();
  return STR("obj");
}

RuntimeTest(dict_hooks, a_repr_that_takes_items_out_sees_the_dict_as_it_was_when_it_began) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "popper", .basic_size = 24, .repr = repr_pops});
  weft_auto weft_object *dict = d = weft_dict_new();
  for (int i = 0; i < 4; i++) set_new(dict, INT(i), weft_object_new(type, 0));
  assert_text(weft_repr(dict), "{0: obj, 1: obj, 2: obj, 3: obj}");
  cr_assert_eq(weft_dict_length(dict), 0);
}

static void clear_at_values(hooked *a, hooked *b) {
  (void)a, (void)b;
  weft_dict_clear(d);
}

RuntimeTest(dict_hooks, a_value_that_clears_a_dict_while_dicts_are_compared_is_harmless) {
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *a = DICT(INT(1), hooked_new(1, 1), INT(2), INT(2));
    weft_auto weft_object *b = DICT(INT(1), hooked_new(1, 1), INT(2), INT(2));
    d = i ? a : b;
    at_comparison = clear_at_values;
    cr_assert_neq(weft_compare(a, b, WEFT_EQ), -1);
    cr_assert_eq(weft_dict_length(d), 0);
  }
}

/* --- Finalizers that change the dict which drops them --- */

static void put_b(hooked *self) {
  (void)self;
  set_new(d, STR("b"), INT(5));
}
static void clear_it(hooked *self) {
  (void)self;
  weft_dict_clear(d);
}
static void pop_all(hooked *self) {
  (void)self;
  for (weft_object *pair; (pair = weft_dict_pop_item(d));) weft_decref(pair);
  weft_error_clear();
}
static void put_number(hooked *self) { set_new(d, FLOAT((double)self->id + 0.5), INT(self->id)); }
static void delete_first(hooked *self) {
  (void)self;
  if (weft_dict_delete(d, INT(0)) < 0) weft_error_clear();
}

RuntimeTest(dict_hooks, DIC_064_values_that_change_the_dict_while_they_are_overwritten_are_harmless) {
  void (*const changes[])(hooked *) = {put_b, clear_it, pop_all, put_number, delete_first};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    weft_object *dict = d = weft_dict_new();
    at_finalization = changes[i];
    for (char c[] = "a"; *c <= 'r'; ++*c) set_new(dict, STR(c), hooked_new(0, *c));
    for (char c[] = "a"; *c <= 'r'; ++*c) {
      cr_assert_eq(set_new(dict, STR(c), INT(*c)), 0);
      check_dict(dict);
    }
    at_finalization = NULL;
    weft_decref(dict);
  }
}

RuntimeTest(dict_hooks, DIC_092_a_value_that_deletes_another_key_while_the_dict_is_cleared_is_harmless) {
  weft_auto weft_object *dict = d = DICT(INT(0), INT(0), INT(1), hooked_new(0, 1), INT(2), INT(2));
  at_finalization = delete_first;
  cr_assert(weft_dict_clear(dict) == 0 && weft_dict_length(dict) == 0);
}

RuntimeTest(dict_hooks, DIC_091_a_value_that_adds_a_key_of_another_kind_while_the_dict_is_cleared_leaves_it) {
  weft_auto weft_object *dict = d = DICT(INT(1), hooked_new(0, 1), INT(2), hooked_new(0, 2));
  at_finalization = put_number;
  cr_assert_eq(weft_dict_clear(dict), 0);
  cr_assert(contains_new(dict, FLOAT(1.5)) == 1 && contains_new(dict, FLOAT(2.5)) == 1 && weft_dict_length(dict) == 2);
}

RuntimeTest(dict_hooks, keys_that_change_the_dict_while_they_are_deleted_are_harmless) {
  void (*const changes[])(hooked *) = {put_b, clear_it, pop_all, put_number, delete_first};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    weft_object *dict = d = weft_dict_new();
    at_finalization = changes[i];
    for (int64_t n = 0; n < 10; n++) set_new(dict, hooked_new(n % 3, n), hooked_new(n, 100 + n));
    for (int64_t n = 0; n < 10; n++) {
      weft_auto weft_object *like = hooked_new(n % 3, n);
      if (weft_dict_delete(dict, like) < 0) cr_assert(raised(&weft_KeyError));
      check_dict(dict);
      at_finalization = n % 2 ? changes[i] : NULL; /* not for `like` itself */
    }
    at_finalization = NULL;
    weft_decref(dict);
  }
}

RuntimeTest(dict_hooks, a_dying_dict_drops_keys_and_values_each_once) {
  weft_object *dict = weft_dict_new();
  for (int64_t i = 0; i < 100; i++) set_new(dict, probe_new(), probe_new());
  weft_auto weft_object *keys = weft_dict_keys(dict);
  for (int64_t i = 0; i < 100; i += 2) {
    weft_auto weft_object *key = weft_list_get(keys, i);
    weft_dict_delete(dict, key);
  }
  weft_list_clear(keys);
  cr_assert_eq(freed(), 100);
  weft_decref(dict);
  cr_assert(freed() == 200 && finalized() == 200);
}
