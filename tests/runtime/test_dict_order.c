/* SPDX-License-Identifier: MIT */
/* The order of a dict's keys: moving them, popping from either end; and OrderedDict. */
#include "dict_support.h"
#include "faults_support.h"

RuntimeSuite(dict_order);

/* An OrderedDict of the letters in a text, each with its place. */
static weft_object *letters(const char *text) {
  weft_object *o = weft_ordered_dict_new();
  for (int i = 0; text[i]; i++) {
    weft_auto weft_object *place = INT(i);
    cr_assert_eq(weft_dict_set_text(o, (char[]){text[i], 0}, place), 0);
  }
  return o;
}

static bool in_order(weft_object *dict, const char *text) {
  weft_auto weft_object *keys = weft_dict_keys(dict), *backwards = weft_list_new(), *iterator = weft_reversed(dict);
  size_t n = strlen(text);
  bool same = weft_list_length(keys) == (int64_t)n && weft_dict_length(dict) == (int64_t)n;
  for (weft_object *key; (key = weft_next(iterator)); weft_decref(key)) weft_list_insert(backwards, 0, key);
  same = same && equal(keys, backwards);
  for (size_t i = 0; same && i < n; i++) {
    weft_auto weft_object *key = weft_list_get(keys, (int64_t)i), *value = weft_dict_get(dict, key);
    same = value && weft_str_utf8(key, NULL)[0] == text[i];
  }
  return same;
}

static int move(weft_object *dict, const char *key, bool last) {
  weft_auto weft_object *o = STR(key);
  return weft_dict_move_to_end(dict, o, last);
}

RuntimeTest(dict_order, ODI_028_a_key_moves_to_either_end) {
  weft_auto weft_object *o = letters("abcde");
  cr_assert(move(o, "c", true) == 0 && in_order(o, "abdec"));
  cr_assert(move(o, "c", false) == 0 && in_order(o, "cabde"));
  cr_assert(move(o, "c", false) == 0 && in_order(o, "cabde"));
  cr_assert(move(o, "e", true) == 0 && in_order(o, "cabde"));
  cr_assert(move(o, "x", true) < 0 && raised(&weft_KeyError) && move(o, "0", false) < 0 && raised(&weft_KeyError));
}

RuntimeTest(dict_order, ODI_029_moves_of_the_first_and_the_last) {
  weft_auto weft_object *o = letters("abc");
  cr_assert(move(o, "b", true) == 0 && in_order(o, "acb") && move(o, "a", false) == 0 && in_order(o, "acb"));
  cr_assert(move(o, "b", false) == 0 && in_order(o, "bac") && move(o, "c", true) == 0 && in_order(o, "bac"));
  cr_assert(move(o, "b", true) == 0 && in_order(o, "acb"));
}

RuntimeTest(dict_order, ODI_015_pop_item_takes_the_last) {
  weft_auto weft_object *o = letters("cba");
  for (const char *left = "abc"; *left; left++) {
    weft_auto weft_object *pair = weft_dict_pop_item(o);
    cr_assert(pair && weft_str_utf8(weft_tuple_get_borrow(pair, 0), NULL)[0] == *left);
  }
  cr_assert(!weft_dict_pop_item(o) && raised(&weft_KeyError));
}

RuntimeTest(dict_order, ODI_016_pop_first_takes_the_first) {
  weft_auto weft_object *o = letters("cba");
  for (const char *left = "cba"; *left; left++) {
    weft_auto weft_object *pair = weft_dict_pop_first(o);
    cr_assert(pair && weft_str_utf8(weft_tuple_get_borrow(pair, 0), NULL)[0] == *left);
  }
  cr_assert(!weft_dict_pop_first(o) && raised(&weft_KeyError) && weft_dict_length(o) == 0);
}

/* The collector has to know a pair whose value may lead back to it. */
RuntimeTest(dict_order, popped_pairs_are_collected_with_their_cycles) {
  for (int last = 0; last < 2; last++) {
    weft_object *list = weft_list_new();
    weft_auto weft_object *dict = DICT(STR("a"), weft_new_ref(list));
    weft_object *pair = last ? weft_dict_pop_item(dict) : weft_dict_pop_first(dict);
    cr_assert(pair && weft_list_append(list, pair) == 0);
    weft_decref(pair);
    weft_decref(list);
    cr_assert_eq(weft_gc_collect(2), 2);
  }
}

RuntimeTest(dict_order, ODI_063_nothing_to_pop) {
  weft_auto weft_object *o = weft_ordered_dict_new();
  cr_assert(!weft_dict_pop_item(o) && raised(&weft_KeyError) && !weft_dict_pop_first(o) && raised(&weft_KeyError));
}

RuntimeTest(dict_order, ODI_008_clear) {
  weft_auto weft_object *o = letters("gadfbc");
  cr_assert(weft_dict_length(o) == 6 && weft_dict_clear(o) == 0 && in_order(o, ""));
}

RuntimeTest(dict_order, ODI_014_nothing_to_iterate_over) {
  weft_auto weft_object *o = weft_ordered_dict_new();
  weft_object *(*const makers[])(weft_object *) = {weft_dict_iter_keys,     weft_dict_iter_values,
                                                   weft_dict_iter_items,    weft_dict_reverse_keys,
                                                   weft_dict_reverse_items, weft_dict_reverse_values};
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    weft_auto weft_object *iterator = makers[i](o);
    cr_assert(iterator && !weft_next(iterator) && !weft_error_borrow());
  }
}

static weft_object *listed(weft_object *iterator_steal) {
  weft_object *list = weft_list_from(iterator_steal);
  weft_decref(iterator_steal);
  return list;
}

RuntimeTest(dict_order, ODI_011_iteration_from_either_end) {
  weft_auto weft_object *o = letters("cab");
  move(o, "a", true);
  cr_assert(reads_new(listed(weft_dict_iter_keys(o)), "['c', 'b', 'a']") &&
            reads_new(listed(weft_dict_iter_values(o)), "[0, 2, 1]") &&
            reads_new(listed(weft_dict_iter_items(o)), "[('c', 0), ('b', 2), ('a', 1)]"));
  cr_assert(reads_new(listed(weft_dict_reverse_keys(o)), "['a', 'b', 'c']") &&
            reads_new(listed(weft_dict_reverse_values(o)), "[1, 2, 0]") &&
            reads_new(listed(weft_dict_reverse_items(o)), "[('a', 1), ('b', 2), ('c', 0)]"));
}

RuntimeTest(dict_order, ODI_012_a_key_that_goes_while_it_is_iterated_over) {
  weft_auto weft_object *o = letters("abc"), *iterator = weft_iter(o), *key = weft_next(iterator);
  cr_assert(weft_dict_delete(o, key) == 0 && !weft_next(iterator) && raised(&weft_RuntimeError));
}

RuntimeTest(dict_order, ODI_059_the_order_changes_while_it_is_iterated_over) {
  for (int how = 0; how < 4; how++) {
    weft_auto weft_object *o = letters("abcde"), *iterator = weft_iter(o), *key = weft_next(iterator);
    if (how < 2) cr_assert_eq(move(o, how ? "d" : "b", how), 0);
    if (how == 2) cr_assert_eq(weft_dict_set_text(o, "x", WEFT_NONE), 0);
    if (how == 3) cr_assert_eq(weft_dict_delete_text(o, "d"), 0);
    cr_assert(key && !weft_next(iterator) && raised(&weft_RuntimeError), "%d", how);
    cr_assert_eq(weft_dict_contains_text(o, "d"), how != 3);
  }
}

RuntimeTest(dict_order, ODI_017_pop) {
  weft_auto weft_object *o = letters("abc"), *key = STR("b"), *otherwise = INT(12),
                        *place = weft_dict_pop(o, key, NULL);
  cr_assert(place && weft_int_value(place) == 1 && in_order(o, "ac"));
  cr_assert(!weft_dict_pop(o, key, NULL) && raised(&weft_KeyError));
  weft_auto weft_object *got = weft_dict_pop(o, key, otherwise);
  cr_assert(got == otherwise && in_order(o, "ac"));
}

RuntimeTest(dict_order, ODI_018_order_counts_between_ordered_dicts_only) {
  weft_auto weft_object *a = letters("abcde"), *b = letters("abcde"), *plain = weft_dict_copy(a),
                        *less = letters("abcd");
  cr_assert(equal(a, b) && weft_compare(a, b, WEFT_NE) == 0);
  move(b, "c", true);
  cr_assert(!equal(a, b) && weft_compare(a, b, WEFT_NE) == 1 && !equal(b, a));
  cr_assert(equal(a, plain) && equal(plain, a) && equal(b, plain) && equal(plain, b));
  cr_assert(!equal(a, less) && !equal(plain, less) && weft_compare(a, b, WEFT_LT) < 0 && raised(&weft_TypeError));
}

RuntimeTest(dict_order, ODI_019_copies_keep_order_type_and_attributes) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "derived", .base = &weft_ordered_dict_type, .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *plain = letters("abc"), *list = weft_list_new(), *x = LIST(INT(1));
  weft_dict_set_text(plain, "d", list);
  move(plain, "a", true);
  weft_auto weft_object *derived = weft_call((weft_object *)(uintptr_t)type, &plain, 1);
  cr_assert_eq(weft_setattr_text(derived, "x", x), 0);
  weft_object *both[] = {plain, derived};
  for (int i = 0; i < 4; i++) {
    weft_object *o = both[i / 2];
    bool deep = i % 2;
    weft_auto weft_object *copy = deep ? weft_deepcopy(o, NULL) : weft_copy(o), *value = weft_dict_get_text(copy, "d");
    cr_assert(copy && copy != o && copy->type == o->type && equal(copy, o) && in_order(copy, "bcda"), "%d", i);
    cr_assert((value == list) == !deep && equal(value, list), "%d", i);
    weft_auto weft_object *attribute = i / 2 ? weft_getattr_text(copy, "x") : NULL;
    if (attribute) cr_assert((attribute == x) == !deep && equal(attribute, x), "%d", i);
  }
}

static int init_without_base(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args;
  return n == 2 ? 0 : -1;
}

RuntimeTest(dict_order, ODI_005_a_derived_init_that_never_calls_the_bases) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "derived", .base = &weft_ordered_dict_type, .init = init_without_base});
  weft_auto weft_object *o = weft_call((weft_object *)(uintptr_t)type, (weft_object *[]){WEFT_NONE, WEFT_TRUE}, 2);
  cr_assert(o && in_order(o, "") && weft_dict_set_text(o, "a", WEFT_TRUE) == 0 && in_order(o, "a"));
}

RuntimeTest(dict_order, ODI_024_one_in_itself_is_shown_as_dots) {
  weft_auto weft_object *o = weft_ordered_dict_new();
  weft_dict_set_text(o, "x", o);
  cr_assert(reads(o, "OrderedDict({'x': ...})"));
  weft_dict_clear(o);
  cr_assert(reads(o, "OrderedDict()"));
}

RuntimeTest(dict_order, ODI_026_set_default) {
  weft_auto weft_object *o = letters("abc"), *b = STR("b"), *x = STR("x"), *ten = INT(10);
  weft_auto weft_object *there = weft_dict_set_default(o, b, ten), *fresh = weft_dict_set_default(o, x, ten);
  cr_assert(weft_int_value(there) == 1 && fresh == ten && in_order(o, "abcx"));
}

RuntimeTest(dict_order, ODI_027_what_comes_back_is_last) {
  weft_auto weft_object *o = letters("ab"), *two = INT(2);
  cr_assert(weft_dict_set_text(o, "a", two) == 0 && in_order(o, "ab"), "a new value keeps the place");
  cr_assert(weft_dict_delete_text(o, "a") == 0 && weft_dict_set_text(o, "a", two) == 0 && in_order(o, "ba"));
}

RuntimeTest(dict_order, ODI_031_views) {
  weft_auto weft_object *o = letters("ab"), *plain = weft_dict_copy(o);
  weft_auto weft_object *a = weft_dict_view_keys(o), *b = weft_dict_view_keys(plain), *c = weft_dict_view_items(o),
                        *d = weft_dict_view_items(plain);
  cr_assert(equal(a, b) && equal(c, d));
}

static int constant_hash(weft_object *self, int64_t *hash) {
  (void)self;
  *hash = 1;
  return 0;
}

RuntimeTest(dict_order, ODI_037_keys_that_all_collide) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "key", .flags = WEFT_TYPE_DICT, .hash = constant_hash});
  weft_auto weft_object *o = weft_ordered_dict_new(), *a = weft_instance_new(type), *b = weft_instance_new(type);
  for (int i = 0; i < 20; i++) {
    weft_object *key = i % 3 ? a : b;
    cr_assert(weft_dict_set(o, key, WEFT_NONE) == 0 && weft_dict_move_to_end(o, key, i % 2) == 0);
  }
  weft_auto weft_object *x = weft_dict_pop_first(o), *y = weft_dict_pop_item(o);
  cr_assert(x && y && !weft_dict_pop_item(o) && raised(&weft_KeyError));
}

RuntimeTest(dict_order, ODI_047_an_iterator_at_its_end_lets_go) {
  weft_object *o = letters("a");
  weft_auto weft_object *iterator = weft_iter(o), *key = weft_next(iterator);
  cr_assert(key && !weft_next(iterator) && weft_refcount(o) == 1);
  weft_decref(o);
}

RuntimeTest(dict_order, ODI_048_unions) {
  weft_auto weft_object *a = letters("ab"), *b = DICT(STR("b"), INT(7), STR("c"), INT(8)), *list = weft_list_new();
  weft_auto weft_object *x = weft_or(a, b), *y = weft_or(b, a);
  cr_assert(x && x->type == &weft_ordered_dict_type && in_order(x, "abc") && y && y->type == x->type &&
            in_order(y, "bca"));
  weft_auto weft_object *seven = weft_dict_get_text(x, "b");
  cr_assert(weft_int_value(seven) == 7 && !weft_or(a, list) && raised(&weft_TypeError));
  weft_auto weft_object *same = weft_in_place_or(a, b);
  cr_assert(same == a && in_order(a, "abc"));
}

/* --- An LRU of three, built on it --- */

static weft_object *lru_get_item(weft_object *self, weft_object *key) {
  weft_object *value = weft_dict_get(self, key);
  if (value && weft_dict_move_to_end(self, key, true) < 0) weft_clear(&value);
  return value;
}
static int lru_set_item(weft_object *self, weft_object *key, weft_object *value) {
  if (!value) return weft_dict_delete(self, key);
  if (weft_dict_set(self, key, value) < 0 || weft_dict_move_to_end(self, key, true) < 0) return -1;
  weft_object *oldest = weft_dict_length(self) > 3 ? weft_dict_pop_first(self) : WEFT_NONE;
  weft_xdecref(oldest);
  return oldest ? 0 : -1;
}
static weft_object *lru_of(int64_t n) {
  weft_object *o = weft_call(
      (weft_object *)(uintptr_t)weft_type_new(&(weft_type_spec){
          .name = "lru", .base = &weft_ordered_dict_type, .get_item = lru_get_item, .set_item = lru_set_item}),
      NULL, 0);
  for (int64_t i = 1; i <= n; i++) {
    weft_auto weft_object *key = INT(i);
    cr_assert_eq(weft_set_item(o, key, key), 0);
  }
  return o;
}

RuntimeTest(dict_order, ODI_066_beyond_its_size_an_lru_drops_the_oldest) {
  weft_auto weft_object *o = lru_of(4);
  cr_assert(reads_new(weft_dict_keys(o), "[2, 3, 4]"));
}

RuntimeTest(dict_order, ODI_069_what_is_read_is_the_newest) {
  weft_auto weft_object *o = lru_of(3), *two = INT(2), *got = weft_get_item(o, two);
  cr_assert(got && reads_new(weft_dict_keys(o), "[1, 3, 2]"));
}

/* --- Beside a model --- */

static void look_at(void *o) { (void)weft_dict_length(o); }

/* Any operations in any order, on a private dict and on a shared one, beside an array of keys. */
static void beside_a_model(weft_object *dict, uint64_t chance, bool simple) {
  enum { KEYS = 40, STEPS = 3000 };
  int model[KEYS], n = 0;
  for (int round = 0; round < STEPS; round++) {
    chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    int key = (int)(chance >> 40) % KEYS, at = 0;
    while (at < n && model[at] != key) at++;
    weft_auto weft_object *k = simple || key % 2 ? INT(key) : FLOAT(key + 0.5);
    int operation = (int)(chance >> 33) % 7;
    if (operation <= 1) {
      cr_assert_eq(weft_dict_set(dict, k, WEFT_NONE), 0);
      if (at == n) model[n++] = key;
    } else if (operation <= 4) {
      bool last = operation == 2, moved = weft_dict_move_to_end(dict, k, last) == 0;
      cr_assert(moved ? at < n : raised(&weft_KeyError));
      if (moved) {
        memmove(&model[at], &model[at + 1], (size_t)(n - at - 1) * sizeof *model);
        if (!last) memmove(&model[1], &model[0], (size_t)(n - 1) * sizeof *model);
        model[last ? n - 1 : 0] = key;
      }
    } else {
      weft_auto weft_object *pair = operation == 5 ? weft_dict_pop_first(dict) : weft_dict_pop_item(dict);
      cr_assert(pair ? n > 0 : n == 0 && raised(&weft_KeyError));
      if (pair) {
        int popped = (int)weft_float_value(weft_tuple_get_borrow(pair, 0));
        cr_assert_eq(popped, operation == 5 ? model[0] : model[n - 1]);
        if (operation == 5) memmove(&model[0], &model[1], (size_t)(n - 1) * sizeof *model);
        n--;
      }
    }
    weft_auto weft_object *keys = weft_dict_keys(dict);
    cr_assert_eq(weft_list_length(keys), n);
    for (int i = 0; i < n; i++) {
      weft_auto weft_object *found = weft_list_get(keys, i);
      cr_assert_eq((int)weft_float_value(found), model[i], "round %d, place %d", round, i);
      cr_assert_eq(weft_dict_contains(dict, found), 1);
    }
  }
}

RuntimeTest(dict_order, any_operations_keep_the_order_of_a_private_dict) {
  for (int simple = 0; simple < 2; simple++) {
    weft_auto weft_object *dict = weft_dict_new();
    beside_a_model(dict, 7, simple);
  }
}

RuntimeTest(dict_order, any_operations_keep_the_order_of_a_shared_dict) {
  for (int simple = 0; simple < 2; simple++) {
    weft_auto weft_object *dict = weft_dict_new();
    in_new_thread(look_at, dict);
    beside_a_model(dict, 7, simple);
  }
}

/* Taking from one end and adding at the other costs the same however long it goes on. */
RuntimeTest(dict_order, a_queue_stays_as_small_as_what_is_in_it) {
  weft_auto weft_object *dict = tens(8);
  for (int64_t i = 8; i < 20000; i++) {
    weft_auto weft_object *key = INT(i), *first = weft_dict_pop_first(dict);
    cr_assert(first && weft_int_value(weft_tuple_get_borrow(first, 0)) == i - 8 && weft_dict_set(dict, key, key) == 0);
  }
  cr_assert_leq(weft_dict_capacity(dict), 64);
}

RuntimeTest(dict_order, bad_arguments) {
  weft_auto weft_object *list = weft_list_new(), *dict = tens(2);
  cr_assert(weft_dict_move_to_end(list, list, true) < 0 && raised(&weft_TypeError));
  cr_assert(weft_dict_move_to_end(dict, list, true) < 0 && raised(&weft_TypeError));
  cr_assert(weft_dict_move_to_end(dict, NULL, true) < 0 && raised(&weft_TypeError));
  cr_assert(!weft_dict_pop_first(list) && raised(&weft_TypeError) && !weft_dict_pop_first(NULL) &&
            raised(&weft_TypeError));
}

/* --- Out of memory --- */

static bool ordered(void) {
  weft_auto weft_object *o = weft_ordered_dict_new();
  if (!o || weft_dict_set_text(o, "a", o) < 0) return false;
  weft_auto weft_object *copy = weft_copy(o), *text = copy ? weft_repr(o) : NULL,
                        *both = text ? weft_or(o, copy) : NULL;
  bool good = both && weft_compare(both, copy, WEFT_EQ) == 1;
  weft_dict_clear(o);
  return good;
}

RuntimeTest(dict_order, out_of_memory) {
  for (uint64_t n = 1; n < 60; n++) { /* `tens` needs its memory: only the moves are to fail */
    weft_auto weft_object *dict = tens(5), *key = INT(2), *before = weft_dict_keys(dict);
    weft_heap_fail_nth(n);
    int moved = weft_dict_move_to_end(dict, key, n % 2);
    uint64_t requests = weft_heap_fail_nth(0);
    weft_auto weft_object *after = weft_dict_keys(dict);
    cr_assert(moved == 0 ? !equal(before, after) : raised(&weft_MemoryError) && equal(before, after), "%d", (int)n);
    if (requests < n && n > 2) break;
  }
  fail_everywhere(ordered);
}
