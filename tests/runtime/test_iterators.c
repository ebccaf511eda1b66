/* SPDX-License-Identifier: MIT */
/* Iterators: their end, both directions, hints of the length; enumerate and zip. */
#include "faults_support.h"
#include "sequence_support.h"

RuntimeSuite(iterators);

static weft_object *list_to(int64_t n) {
  weft_auto weft_object *numbers = count_to(n);
  return numbers ? weft_list_from(numbers) : NULL;
}

static int64_t drain(weft_object *iterator) {
  int64_t n = 0;
  for (weft_object *item; (item = weft_next(iterator)); n++) weft_decref(item);
  return n;
}

static bool ends(weft_object *iterator) { return !weft_next(iterator) && !weft_error_borrow(); }

/* Each kind of container that has an order, with three items, or five that have become three. */
static size_t containers(weft_object **all) {
  weft_auto weft_object *list = list_to(3);
  all[0] = weft_new_ref(list);
  all[1] = weft_tuple_from(list);
  all[2] = weft_bytes_from(list);
  all[3] = weft_bytearray_from(list);
  all[4] = weft_array_from('i', list);
  all[5] = weft_dict_from_keys(list, WEFT_NONE);
  all[6] = weft_dict_new();
  for (int i = -1; i < 4; i++) weft_dict_set(all[6], INT(i), WEFT_NONE);
  weft_dict_delete(all[6], INT(-1));
  weft_dict_delete(all[6], INT(3));
  return 7;
}

static void drop(weft_object **all, size_t n) {
  for (size_t i = 0; i < n; i++) weft_decref(all[i]);
}

RuntimeTest(iterators, containers_are_iterated_over_forwards_and_backwards) {
  weft_object *all[8];
  size_t n = containers(all);
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *forwards = weft_iter(all[i]), *backwards = weft_reversed(all[i]);
    weft_auto weft_object *to = weft_list_from(forwards), *from = weft_list_from(backwards);
    cr_assert(reads(to, "[0, 1, 2]") && reads(from, "[2, 1, 0]"), "%zu", i);
    cr_assert(ends(forwards) && ends(backwards));
  }
  drop(all, n);
  weft_auto weft_object *set = weft_set_new();
  cr_assert(!weft_reversed(set) && raised_with(&weft_TypeError, "'set' object is not reversible"));
  cr_assert(!weft_reversed(INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_reversed(NULL) && raised(&weft_TypeError));
}

RuntimeTest(iterators, LST_007_a_reverse_iterator_gives_the_items_once_and_has_no_length) {
  weft_auto weft_object *list = LIST(INT(-2), INT(-1), INT(0), INT(1), INT(2)), *backwards = weft_reversed(list);
  cr_assert(weft_length(backwards) == -1 && raised(&weft_TypeError));
  weft_auto weft_object *items = weft_list_from(backwards), *again = weft_list_from(backwards);
  cr_assert(reads(items, "[2, 1, 0, -1, -2]") && reads(again, "[]"));
}

RuntimeTest(iterators, hints_say_how_much_is_left) {
  weft_object *all[8];
  size_t n = containers(all);
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *forwards = weft_iter(all[i]), *backwards = weft_reversed(all[i]);
    weft_object *const both[] = {forwards, backwards};
    cr_assert_eq(weft_length_hint(all[i]), 3);
    for (int b = 0; b < 2; b++) {
      for (int left = 3; left > 0; left--) {
        cr_assert_eq(weft_length_hint(both[b]), left, "%zu", i);
        weft_decref(weft_next(both[b]));
      }
      cr_assert(weft_length_hint(both[b]) == 0 && ends(both[b]) && weft_length_hint(both[b]) == 0);
    }
  }
  drop(all, n);
  weft_auto weft_object *list = list_to(5), *set = weft_set_from(list), *of_set = weft_iter(set),
                        *text = STR("\xc3\xa4!");
  weft_auto weft_object *of_text = weft_iter(text), *counter = count_to(7);
  cr_assert(weft_length_hint(of_set) == 5 && weft_length_hint(of_text) == 2 && weft_length_hint(counter) == 0);
  weft_decref(weft_next(of_set));
  weft_decref(weft_next(of_text));
  cr_assert(weft_length_hint(of_set) == 4 && weft_length_hint(of_text) == 1 && weft_length_hint(INT(3)) == 0);
  cr_assert(weft_length_hint(NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(iterators, a_hint_follows_a_list_that_changes) {
  weft_auto weft_object *list = list_to(5), *forwards = weft_iter(list), *backwards = weft_reversed(list);
  weft_decref(weft_next(forwards));
  weft_decref(weft_next(backwards));
  cr_assert(weft_list_append(list, INT(5)) == 0 && weft_length_hint(forwards) == 5 && weft_length_hint(backwards) == 4);
  cr_assert(weft_list_set_slice(list, 2, 6, NULL) == 0 && weft_length_hint(forwards) == 1);
  cr_assert(weft_length_hint(backwards) == 0 && ends(backwards));
  cr_assert(weft_list_clear(list) == 0 && weft_length_hint(forwards) == 0 && ends(forwards));
}

/* --- The end is the end --- */

RuntimeTest(iterators, LST_028_an_appended_item_does_not_revive_an_iterator_that_has_ended) {
  weft_auto weft_object *list = list_to(3), *ended = weft_iter(list), *live = weft_iter(list);
  cr_assert_eq(drain(ended), 3);
  weft_decref(weft_next(live));
  cr_assert_eq(weft_list_append(list, INT(9)), 0);
  cr_assert(ends(ended) && ends(ended));
  weft_auto weft_object *rest = weft_list_from(live);
  cr_assert(reads(rest, "[1, 2, 9]") && reads(list, "[0, 1, 2, 9]"));
}

RuntimeTest(iterators, TLI_021_an_iterator_that_has_ended_stays_so_after_each_append) {
  weft_auto weft_object *list = list_to(1), *it = weft_iter(list);
  cr_assert_eq(drain(it), 1);
  for (int i = 0; i < 100; i++) {
    cr_assert_eq(weft_list_append(list, INT(i)), 0);
    cr_assert(ends(it));
  }
}

RuntimeTest(iterators, ARR_024_reverse_iterators_that_have_ended_stay_so) {
  weft_auto weft_object *list = list_to(3), *array = weft_array_from('i', list), *backwards = weft_reversed(array);
  cr_assert_eq(drain(backwards), 3);
  cr_assert_eq(weft_array_append(array, INT(9)), 0);
  cr_assert(ends(backwards));
  weft_auto weft_object *live = weft_reversed(array);
  weft_decref(weft_next(live));
  cr_assert_eq(weft_array_append(array, INT(10)), 0);
  cr_assert(drain(live) == 3 && ends(live));
}

RuntimeTest(iterators, SEQ_022_an_iterator_that_has_ended_lets_go_of_its_sequence) {
  weft_object *item = probe_new();
  weft_object *made[] = {weft_list_of(1, &item), weft_tuple_new(1, &item)};
  weft_decref(item);
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *forwards = weft_iter(made[i]), *backwards = weft_reversed(made[i]);
    cr_assert_eq(weft_refcount(made[i]), 3);
    cr_assert(drain(forwards) == 1 && weft_refcount(made[i]) == 2);
    cr_assert(drain(backwards) == 1 && weft_refcount(made[i]) == 1);
    cr_assert_eq(freed(), 0);
    if (i == 0) weft_clear(&made[0]);
  }
  weft_decref(made[1]);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(iterators, an_iterator_that_outlives_its_container_keeps_it) {
  weft_object *item = probe_new();
  weft_object *list = weft_list_of(1, &item), *it = weft_reversed(list);
  weft_decref(item);
  weft_decref(list);
  cr_assert_eq(freed(), 0);
  weft_decref(it);
  cr_assert_eq(freed(), 1);
}

/* --- Dicts backwards --- */

RuntimeTest(iterators, a_dict_gives_keys_values_and_items_from_the_last) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int i = 0; i < 5; i++) weft_dict_set(dict, INT(i), INT(10 * i));
  weft_dict_delete(dict, INT(2));
  weft_auto weft_object *keys = weft_dict_reverse_keys(dict), *values = weft_dict_reverse_values(dict);
  weft_auto weft_object *items = weft_dict_reverse_items(dict), *a = weft_list_from(keys), *b = weft_list_from(values);
  weft_auto weft_object *c = weft_list_from(items);
  cr_assert(reads(a, "[4, 3, 1, 0]") && reads(b, "[40, 30, 10, 0]") && reads(c, "[(4, 40), (3, 30), (1, 10), (0, 0)]"));
  weft_auto weft_object *empty = weft_dict_new(), *none = weft_reversed(empty);
  cr_assert(ends(none) && ends(none));
  cr_assert(!weft_dict_reverse_values(INT(1)) && raised(&weft_TypeError));
}

RuntimeTest(iterators, a_dict_that_changes_ends_a_reverse_iteration_with_an_error) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int i = 0; i < 5; i++) weft_dict_set(dict, INT(i), INT(i));
  weft_auto weft_object *backwards = weft_reversed(dict);
  weft_decref(weft_next(backwards));
  weft_dict_set(dict, INT(3), INT(33)); /* a value may change */
  weft_decref(weft_next(backwards));
  weft_dict_set(dict, INT(9), INT(9));
  cr_assert(weft_length_hint(backwards) == 0);
  cr_assert(!weft_next(backwards) && raised(&weft_RuntimeError));
}

/* --- Texts --- */

RuntimeTest(iterators, a_str_gives_its_characters) {
  weft_auto weft_object *text = STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"), *it = weft_iter(text);
  const char *const characters[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "z"};
  for (int i = 0; i < 5; i++) assert_text(weft_next(it), characters[i]);
  cr_assert(ends(it) && ends(it));
  weft_auto weft_object *empty = STR(""), *none = weft_iter(empty), *part = STR("\xe2\x82\xac\xf0\x9f\x98\x80");
  cr_assert(ends(none) && weft_contains(text, part) == 1 && weft_contains(text, empty) == 1);
  cr_assert(weft_contains(part, text) == 0 && weft_contains(text, INT(1)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(iterators, strs_are_joined) {
  weft_auto weft_object *text = STR("abc"), *comma = STR(", "), *joined = weft_str_join(comma, text);
  assert_text(weft_str(joined), "a, b, c");
  weft_auto weft_object *empty = weft_list_new(), *nothing = weft_str_join(comma, empty),
                        *mixed = LIST(STR("a"), INT(1));
  assert_text(weft_str(nothing), "");
  cr_assert(!weft_str_join(comma, mixed) && raised_with(&weft_TypeError, "item 1: expected str, got int"));
  cr_assert(!weft_str_join(comma, INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_str_join(INT(1), text) && raised(&weft_TypeError));
}

/* --- enumerate and zip --- */

RuntimeTest(iterators, an_enumeration_numbers_items) {
  weft_auto weft_object *text = STR("abc"), *from_zero = weft_enumerate(text, 0),
                        *from_minus = weft_enumerate(text, -1);
  cr_assert_eq(weft_length_hint(from_zero), 3);
  weft_auto weft_object *a = weft_list_from(from_zero), *b = weft_list_from(from_minus);
  cr_assert(reads(a, "[(0, 'a'), (1, 'b'), (2, 'c')]") && reads(b, "[(-1, 'a'), (0, 'b'), (1, 'c')]"));
  cr_assert(ends(from_zero) && weft_length_hint(from_zero) == 0);
  cr_assert(!weft_enumerate(INT(1), 0) && raised(&weft_TypeError));
  weft_auto weft_object *failing = count_to_error(1), *of_failing = weft_enumerate(failing, 0);
  weft_decref(weft_next(of_failing));
  cr_assert(!weft_next(of_failing) && raised(&weft_RuntimeError));
}

RuntimeTest(iterators, a_zip_ends_with_the_shortest) {
  weft_auto weft_object *text = STR("abc"), *list = list_to(5), *two = weft_zip(2, (weft_object *[]){text, list});
  cr_assert_eq(weft_length_hint(two), 3);
  weft_auto weft_object *pairs = weft_list_from(two);
  cr_assert(reads(pairs, "[('a', 0), ('b', 1), ('c', 2)]") && ends(two) && weft_length_hint(two) == 0);
  weft_auto weft_object *none = weft_zip(0, NULL);
  cr_assert(ends(none));
  cr_assert(!weft_zip(2, (weft_object *[]){text, INT(1)}) && raised(&weft_TypeError));
  cr_assert(!weft_zip(2, (weft_object *[]){text, NULL}) && raised(&weft_TypeError));
  weft_auto weft_object *failing = count_to_error(1), *fails = weft_zip(2, (weft_object *[]){list, failing});
  weft_decref(weft_next(fails));
  cr_assert(!weft_next(fails) && raised(&weft_RuntimeError));
}

static bool scenario_of_iterators(void) {
  weft_auto weft_object *list = list_to(3), *backwards = list ? weft_reversed(list) : NULL;
  weft_auto weft_object *e = backwards ? weft_enumerate(backwards, 300) : NULL;
  weft_auto weft_object *both = e ? weft_zip(2, (weft_object *[]){e, list}) : NULL;
  weft_auto weft_object *all = both ? weft_tuple_from(both) : NULL;
  return all != NULL;
}

RuntimeTest(iterators, without_memory_nothing_is_lost) { fail_everywhere(scenario_of_iterators); }
