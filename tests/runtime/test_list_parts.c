/* SPDX-License-Identifier: MIT */
/* list: slices, what is made of other sequences, searching while the list changes. */
#include "faults_support.h"
#include "sequence_support.h"

RuntimeSuite(list_parts);

static weft_object *list_to(int64_t n) {
  weft_auto weft_object *numbers = count_to(n);
  return numbers ? weft_list_from(numbers) : NULL;
}

/* --- Making --- */

RuntimeTest(list_parts, TLI_001_a_list_of_any_iterable_is_another_list) {
  weft_auto weft_object *empty = weft_list_new(), *numbers = list_to(4), *copy = weft_list_from(numbers);
  cr_assert(copy != numbers && equal(copy, numbers));
  weft_auto weft_object *tuple = weft_tuple_from(numbers), *of_tuple = weft_list_from(tuple);
  weft_auto weft_object *no_tuple = weft_tuple_pack(0), *of_no_tuple = weft_list_from(no_tuple);
  weft_auto weft_object *text = STR("sp\xc3\xa4m"), *letters = weft_list_from(text), *none = STR("");
  weft_auto weft_object *no_letters = CALL(weft_list_type, none);
  cr_assert(equal(of_tuple, numbers) && equal(of_no_tuple, empty) && equal(no_letters, empty));
  cr_assert(reads(letters, "['s', 'p', '\xc3\xa4', 'm']"));
  cr_assert(!weft_list_from(INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_call((weft_object *)&weft_list_type, (weft_object *[]){tuple, tuple}, 2) && raised(&weft_TypeError));
  /* From an iterator over itself. */
  weft_auto weft_object *itself = weft_list_new(), *over = weft_iter(itself);
  cr_assert(weft_list_extend(itself, over) == 0 && weft_list_length(itself) == 0);
}

RuntimeTest(list_parts, TLI_019_from_what_knows_its_length_there_is_room_for_that_and_no_more) {
  weft_auto weft_object *numbers = list_to(10), *tuple = weft_tuple_from(numbers), *set = weft_set_from(numbers);
  weft_auto weft_object *dict = weft_dict_from_keys(numbers, WEFT_NONE), *text = STR("0123456789");
  weft_object *const sized[] = {numbers, tuple, set, dict, text};
  for (size_t i = 0; i < sizeof sized / sizeof *sized; i++) {
    weft_auto weft_object *list = weft_list_from(sized[i]);
    cr_assert(weft_list_length(list) == 10 && weft_list_capacity(list) == 10, "%zu", i);
  }
}

RuntimeTest(list_parts, LST_021_a_copy_shares_its_items_and_nothing_else) {
  weft_auto weft_object *list = list_to(3), *copy = weft_list_slice(list, 0, INT64_MAX);
  cr_assert(equal(copy, list) && copy != list && weft_list_append(copy, INT(9)) == 0 && weft_list_length(list) == 3);
  weft_auto weft_object *inner = LIST(INT(0)), *outer = LIST(weft_new_ref(inner), INT(3));
  weft_auto weft_object *shallow = weft_list_slice(outer, 0, INT64_MAX);
  cr_assert_eq(weft_list_append(inner, INT(1)), 0);
  cr_assert(reads(shallow, "[[0, 1], 3]"));
  weft_decref(weft_list_pop(shallow, 0));
  cr_assert(reads(outer, "[[0, 1], 3]") && reads(shallow, "[3]"));
}

/* --- Assigning to slices --- */

RuntimeTest(list_parts, LST_006_every_third_item_is_replaced_by_as_many) {
  weft_auto weft_object *list = list_to(20), *digits = list_to(5), *seven = list_to(7), *text = STR("0123");
  cr_assert(!weft_slice_new(0, 10, 0) && raised(&weft_ValueError));
  cr_assert(weft_list_set_slice_step(list, 0, 10, 0, digits) == -1 && raised(&weft_ValueError));
  cr_assert(set_sliced(list, 0, 10, 1, INT(0)) == -1 && raised(&weft_TypeError));
  cr_assert(set_sliced(list, 0, 10, 2, INT(0)) == -1 && raised(&weft_TypeError));
  cr_assert(set_sliced(list, 0, 10, 2, digits) == 0 && set_sliced(list, 0, INT64_MAX, 3, digits) == -1);
  cr_assert(raised_with(&weft_ValueError, "attempt to assign sequence of size 5 to extended slice of size 7"));
  cr_assert_eq(set_sliced(list, 0, INT64_MAX, 3, seven), 0);
  cr_assert(reads(list, "[0, 1, 1, 1, 2, 5, 2, 7, 4, 3, 10, 11, 4, 13, 14, 5, 16, 17, 6, 19]"));
  cr_assert(set_sliced(list, 0, 8, 2, text) == 0 && set_sliced(list, 4, INT64_MAX, 1, NULL) == 0);
  cr_assert(reads(list, "['0', 1, '1', 1]"));
}

RuntimeTest(list_parts, LST_010_a_slice_is_replaced_by_more_by_less_and_by_the_list_itself) {
  weft_auto weft_object *list = list_to(2), *more = LIST(INT(5), INT(6), INT(7)), *one = LIST(INT(8));
  const int64_t all[][2] = {{0, INT64_MAX}, {INT64_MIN, INT64_MAX}, {-2, 2}, {0, 2}};
  for (size_t i = 0; i < 4; i++) {
    cr_assert(set_sliced(list, all[i][0], all[i][1], 1, list) == 0 && reads(list, "[0, 1]"));
  }
  cr_assert(set_sliced(list, 1, INT64_MAX, 1, more) == 0 && reads(list, "[0, 5, 6, 7]"));
  cr_assert(set_sliced(list, -3, -1, 1, one) == 0 && reads(list, "[0, 8, 7]"));
  cr_assert(set_sliced(list, INT64_MAX, 0, 1, one) == 0 && reads(list, "[0, 8, 7, 8]"));
  cr_assert(set_sliced(list, 1, -1, 1, list) == 0 && reads(list, "[0, 0, 8, 7, 8, 8]"));
  cr_assert(set_sliced(list, 3, 1, 1, one) == 0 && reads(list, "[0, 0, 8, 8, 7, 8, 8]"));
  cr_assert(weft_list_set_slice(list, 0, 1, INT(5)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_set_slice(INT(5), 0, 1, list) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_set_slice(NULL, 0, 1, list) == -1 && raised(&weft_TypeError));
  cr_assert(reads(list, "[0, 0, 8, 8, 7, 8, 8]"));
}

RuntimeTest(list_parts, LST_011_a_slice_is_replaced_by_what_an_iterator_gives) {
  weft_auto weft_object *list = list_to(5), *four = count_to(4), *none = count_to(0), *two = count_to(2);
  cr_assert(set_sliced(list, 0, 3, 1, four) == 0 && reads(list, "[0, 1, 2, 3, 3, 4]"));
  cr_assert(set_sliced(list, 2, 2, 1, two) == 0 && reads(list, "[0, 1, 0, 1, 2, 3, 3, 4]"));
  cr_assert(set_sliced(list, 1, 7, 1, none) == 0 && reads(list, "[0, 4]"));
  weft_auto weft_object *backwards = weft_reversed(list), *failing = count_to_error(3);
  cr_assert(set_sliced(list, 0, INT64_MAX, 1, backwards) == 0 && reads(list, "[4, 0]"));
  cr_assert(set_sliced(list, 0, INT64_MAX, 1, failing) == -1 && raised(&weft_RuntimeError) && reads(list, "[4, 0]"));
}

RuntimeTest(list_parts, LST_023_a_slice_is_replaced_by_the_letters_of_a_str) {
  weft_auto weft_object *text = STR("spam"), *list = weft_list_from(text), *ham = STR("h");
  cr_assert_eq(weft_list_set_slice(list, 0, 2, ham), 0);
  cr_assert(reads(list, "['h', 'a', 'm']"));
}

RuntimeTest(list_parts, TLI_008_an_empty_list_takes_itself) {
  weft_auto weft_object *list = weft_list_new();
  cr_assert(set_sliced(list, 0, INT64_MAX, 1, list) == 0 && reads(list, "[]"));
}

RuntimeTest(list_parts, LST_026_items_at_steps_are_deleted_and_replaced) {
  weft_auto weft_object *a = list_to(5);
  cr_assert(set_sliced(a, 1, 4, 2, NULL) == 0 && reads(a, "[0, 2, 4]"));
  weft_auto weft_object *b = list_to(5);
  cr_assert(set_sliced(b, 0, INT64_MIN, -2, NULL) == 0 && reads(b, "[1, 2, 3, 4]"));
  weft_auto weft_object *c = list_to(5);
  cr_assert(set_sliced(c, INT64_MAX, INT64_MIN, -2, NULL) == 0 && reads(c, "[1, 3]"));
  weft_auto weft_object *d = list_to(10);
  cr_assert(set_sliced(d, 9, 0, -4, NULL) == 0 && reads(d, "[0, 2, 3, 4, 6, 7, 8]"));
  weft_auto weft_object *e = list_to(10);
  cr_assert(set_sliced(e, 0, INT64_MAX, 1000, NULL) == 0 && reads(e, "[1, 2, 3, 4, 5, 6, 7, 8, 9]"));
  cr_assert(set_sliced(e, 1, 1, INT64_MAX, NULL) == 0 && set_sliced(e, 5, 2, 2, NULL) == 0 && weft_length(e) == 9);
  weft_auto weft_object *f = list_to(10), *minus = LIST(INT(-1), INT(-2), INT(-3), INT(-4), INT(-5));
  cr_assert(set_sliced(f, 0, INT64_MAX, 2, minus) == 0 && reads(f, "[-1, 1, -2, 3, -3, 5, -4, 7, -5, 9]"));
  weft_auto weft_object *g = list_to(10), *two = LIST(INT(100), INT(200));
  cr_assert(set_sliced(g, 1, INT64_MAX, 7, two) == 0 && reads(g, "[0, 100, 2, 3, 4, 5, 6, 7, 200, 9]"));
  weft_auto weft_object *h = list_to(5), *one = LIST(INT(42));
  cr_assert(set_sliced(h, INT64_MAX, INT64_MIN, -1, h) == 0 && reads(h, "[4, 3, 2, 1, 0]"));
  cr_assert(set_sliced(h, 3, INT64_MAX, INT64_MAX, one) == 0 && reads(h, "[4, 3, 2, 42, 0]"));
  weft_auto weft_object *none = weft_list_new();
  cr_assert(set_sliced(h, 1, INT64_MAX, 2, none) == -1 && raised(&weft_ValueError) && reads(h, "[4, 3, 2, 42, 0]"));
}

RuntimeTest(list_parts, TLI_014_a_step_as_large_as_can_be_touches_one_item) {
  weft_auto weft_object *list = LIST(INT(0), INT(1), INT(2)), *zero = LIST(INT(0));
  cr_assert_eq(set_sliced(list, 1, INT64_MAX, INT64_MAX, zero), 0);
  weft_auto weft_object *part = sliced(list, 1, INT64_MAX, INT64_MAX);
  cr_assert(reads(part, "[0]") && reads(list, "[0, 0, 2]"));
}

static weft_object *list_of_finalizer;
static void finalize_appends(weft_object *self) {
  (void)self;
  cr_assert_eq(weft_list_append(list_of_finalizer, INT(7)), 0);
}
static weft_object *appender(void) {
  static const weft_type *type;
  if (!type) type = weft_type_new(&(weft_type_spec){.name = "appender", .finalize = finalize_appends});
  return weft_object_new(type, 0);
}

RuntimeTest(list_parts, CPL_014_a_slice_inserts_replaces_deletes_while_finalizers_append) {
  weft_auto weft_object *list = list_to(4), *one = LIST(INT(8)), *none = weft_list_new();
  cr_assert(weft_list_set_slice(list, 1, 1, one) == 0 && reads(list, "[0, 8, 1, 2, 3]"));
  cr_assert(weft_list_set_slice(list, 1, 3, one) == 0 && reads(list, "[0, 8, 2, 3]"));
  cr_assert(weft_list_set_slice(list, 1, 2, none) == 0 && reads(list, "[0, 2, 3]"));
  cr_assert(weft_list_set_slice(list, 0, 2, NULL) == 0 && reads(list, "[3]"));
  weft_auto weft_object *last = list_of_finalizer = LIST(INT(1), appender(), appender(), INT(2), appender());
  cr_assert(weft_list_set_slice(last, 1, INT64_MAX, none) == 0 && reads(last, "[1, 7, 7, 7]"));
  weft_auto weft_object *steps = list_of_finalizer = LIST(appender(), INT(1), appender(), INT(2));
  cr_assert(set_sliced(steps, 0, INT64_MAX, 2, NULL) == 0 && reads(steps, "[1, 2, 7, 7]"));
  cr_assert(weft_list_set_slice(INT(0), 0, 1, none) == -1 && raised(&weft_TypeError));
}

RuntimeTest(list_parts, LST_009_items_are_deleted_from_both_ends) {
  weft_auto weft_object *list = LIST(INT(0), INT(1));
  cr_assert(weft_set_item(list, INT(1), NULL) == 0 && reads(list, "[0]"));
  cr_assert(weft_set_item(list, INT(0), NULL) == 0 && reads(list, "[]"));
  weft_auto weft_object *again = LIST(INT(0), INT(1));
  cr_assert(weft_list_delete(again, -2) == 0 && reads(again, "[1]"));
  cr_assert(weft_list_delete(again, -1) == 0 && reads(again, "[]"));
  weft_auto weft_object *two = LIST(INT(0), INT(1));
  const int64_t wrong[] = {-3, 2, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < 4; i++) cr_assert(weft_list_delete(two, wrong[i]) == -1 && raised(&weft_IndexError));
  cr_assert(reads(two, "[0, 1]"));
}

/* --- In place --- */

RuntimeTest(list_parts, LST_024_adding_in_place_takes_any_iterable) {
  weft_auto weft_object *list = weft_list_new(), *two = list_to(2), *text = STR("spam");
  weft_auto weft_object *a = weft_in_place_add(list, two), *b = weft_in_place_add(list, text);
  cr_assert(a == list && b == list && reads(list, "[0, 1, 's', 'p', 'a', 'm']"));
  cr_assert(!weft_in_place_add(list, WEFT_NONE) && raised(&weft_TypeError));
  cr_assert_eq(weft_length(list), 6);
}

RuntimeTest(list_parts, LST_025_multiplying_in_place_keeps_the_identity) {
  weft_auto weft_object *list = weft_list_new(), *a = weft_in_place_multiply(list, INT(10));
  cr_assert(a == list && reads(list, "[]"));
  weft_auto weft_object *b = list_to(2), *c = weft_in_place_multiply(b, INT(3));
  cr_assert(c == b && reads(b, "[0, 1, 0, 1, 0, 1]"));
  cr_assert(!weft_in_place_multiply(b, WEFT_NONE) && raised(&weft_TypeError));
}

RuntimeTest(list_parts, TLI_009_to_repeat_a_list_beyond_all_memory_is_an_error) {
  weft_auto weft_object *list = list_to(3);
  weft_decref(weft_list_pop(list, -1));
  weft_decref(weft_list_pop(list, -1));
  weft_auto weft_object *most = INT(INT64_MAX);
  cr_assert(!weft_multiply(list, most) && raised(&weft_MemoryError));
  cr_assert(!weft_in_place_multiply(list, most) && raised(&weft_MemoryError));
  cr_assert(reads(list, "[0]"));
}

RuntimeTest(list_parts, LST_019_reversing_twice_gives_the_same_list) {
  weft_auto weft_object *list = LIST(INT(-2), INT(-1), INT(0), INT(1), INT(2));
  cr_assert(weft_list_reverse(list) == 0 && reads(list, "[2, 1, 0, -1, -2]"));
  cr_assert(weft_list_reverse(list) == 0 && reads(list, "[-2, -1, 0, 1, 2]"));
  cr_assert(weft_list_reverse(INT(42)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(list_parts, CPL_016_reverse_refuses_what_is_no_list) {
  weft_auto weft_object *list = LIST(INT(1), INT(2)), *empty = weft_list_new(), *tuple = weft_tuple_pack(0);
  cr_assert(weft_list_reverse(list) == 0 && reads(list, "[2, 1]"));
  cr_assert(weft_list_reverse(empty) == 0 && reads(empty, "[]"));
  cr_assert(weft_list_reverse(tuple) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_reverse(NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(list_parts, CPL_017_a_tuple_of_a_list) {
  weft_auto weft_object *empty = weft_list_new(), *list = list_to(3);
  weft_auto weft_object *a = weft_tuple_from(empty), *b = weft_tuple_from(list);
  cr_assert(reads(a, "()") && reads(b, "(0, 1, 2)"));
  cr_assert(!weft_tuple_from(NULL) && raised(&weft_TypeError));
}

/* --- Searching, with comparisons that change the list --- */

static weft_object *list_of_compare;
static int compare_clears(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  weft_list_clear(list_of_compare);
  return op == WEFT_NE;
}
static int compare_clears_and_is_equal(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  weft_list_clear(list_of_compare);
  return op == WEFT_EQ;
}
static weft_object *hooked(int (*compare)(weft_object *, weft_object *, enum weft_compare_op)) {
  return weft_object_new(weft_type_new(&(weft_type_spec){.name = "hooked", .compare = compare}), 0);
}

static weft_object *three_of(weft_object *item) {
  return LIST(weft_new_ref(item), weft_new_ref(item), weft_new_ref(item));
}

RuntimeTest(list_parts, TLI_020_comparisons_that_clear_the_list_find_what_was_there) {
  weft_auto weft_object *clears = hooked(compare_clears), *equals = hooked(compare_clears_and_is_equal);
  weft_object *const items[] = {clears, equals};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *a = list_of_compare = three_of(items[i]);
    cr_assert_eq(weft_list_contains(a, INT(1)), i);
    weft_auto weft_object *b = list_of_compare = three_of(items[i]);
    cr_assert_eq(weft_list_count(b, INT(1)), i);
    weft_auto weft_object *c = list_of_compare = three_of(items[i]);
    cr_assert_eq(weft_list_index(c, INT(1), 0, INT64_MAX), i - 1);
    if (i == 0) cr_assert(raised(&weft_ValueError));
    weft_auto weft_object *d = list_of_compare = three_of(items[i]);
    cr_assert(weft_list_remove(d, INT(1)) == -1 && raised(&weft_ValueError));
    cr_assert(weft_length(a) + weft_length(b) + weft_length(c) + weft_length(d) == 0);
  }
}

static int compare_pops(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  weft_xdecref(weft_list_pop(list_of_compare, -1));
  weft_error_clear();
  return op == WEFT_NE;
}

RuntimeTest(list_parts, LST_018_index_of_a_list_that_shrinks_meanwhile) {
  weft_auto weft_object *list = LIST(INT(-2), INT(-1), INT(0), INT(0), INT(1), INT(2));
  cr_assert(weft_list_remove(list, INT(0)) == 0 && weft_list_index(list, INT(0), 0, INT64_MAX) == 2);
  cr_assert(reads(list, "[-2, -1, 0, 1, 2]"));
  weft_auto weft_object *pops = hooked(compare_pops), *shrinking = list_of_compare = three_of(pops);
  cr_assert(weft_list_index(shrinking, INT(5), 0, INT64_MAX) == -1 && raised(&weft_ValueError));
  cr_assert_eq(weft_length(shrinking), 1);
  weft_auto weft_object *clears = hooked(compare_clears), *cleared = list_of_compare = three_of(clears);
  cr_assert(weft_list_index(cleared, INT(5), 0, INT64_MAX) == -1 && raised(&weft_ValueError));
  cr_assert_eq(weft_length(cleared), 0);
}

RuntimeTest(list_parts, LST_017_remove_takes_the_first_that_is_equal) {
  weft_auto weft_object *list = LIST(INT(0), INT(0), INT(1));
  cr_assert(weft_list_remove(list, INT(1)) == 0 && weft_list_remove(list, INT(0)) == 0 && reads(list, "[0]"));
  cr_assert(weft_list_remove(list, INT(5)) == -1 && raised(&weft_ValueError));
  weft_auto weft_object *always = hooked(compare_always), *numbers = LIST(INT(1), INT(2));
  cr_assert(weft_list_remove(numbers, always) == 0 && reads(numbers, "[2]"));
  weft_auto weft_object *raises = hooked(compare_raises), *failing = LIST(INT(1), INT(2));
  cr_assert(weft_list_remove(failing, raises) == -1 && raised(&weft_RuntimeError) && reads(failing, "[1, 2]"));
  weft_auto weft_object *late = LIST(INT(1), weft_new_ref(raises), INT(3));
  cr_assert(weft_list_remove(late, INT(3)) == -1 && raised(&weft_RuntimeError) && weft_length(late) == 3);
}

/* --- Items --- */

RuntimeTest(list_parts, CPL_003_new_lists_are_empty_and_distinct) {
  weft_auto weft_object *a = weft_list_of(0, NULL), *b = weft_list_of(0, NULL);
  cr_assert(a != b && weft_list_length(a) == 0 && equal(a, b));
  cr_assert(!weft_list_of((size_t)-1, NULL) && raised(&weft_TypeError));
}
RuntimeTest(list_parts, CPL_008_items_of_a_list) {
  weft_auto weft_object *inner = LIST(INT(1), INT(2), INT(3)), *list = LIST(INT(1), INT(2), weft_new_ref(inner));
  weft_auto weft_object *first = weft_list_get(list, 0), *last = weft_list_get(list, 2);
  cr_assert(first == INT(1) && last == inner);
}
RuntimeTest(list_parts, CPL_010_items_of_a_list_are_set) {
  weft_auto weft_object *inner = LIST(INT(1), INT(2), INT(3)), *list = LIST(INT(1), INT(2), INT(3));
  cr_assert(weft_list_set(list, 1, INT(10)) == 0 && weft_list_set(list, 2, inner) == 0);
  cr_assert(reads(list, "[1, 10, [1, 2, 3]]"));
}

/* --- Memory --- */

static bool scenario_steps(void) {
  weft_auto weft_object *list = list_to(12), *part = list ? weft_list_slice_step(list, 1, 9, 3) : NULL;
  if (!part || weft_list_set_slice_step(list, 0, 6, 2, part) < 0) return false;
  if (weft_list_set_slice_step(list, 1, 12, 2, NULL) < 0) return false;
  weft_auto weft_object *tripled = weft_in_place_multiply(list, INT(3));
  weft_auto weft_object *tuple = tripled ? weft_tuple_from(list) : NULL;
  weft_auto weft_object *tail = tuple ? weft_tuple_slice(tuple, 2, 9, 2) : NULL;
  return tail != NULL;
}

RuntimeTest(list_parts, without_memory_for_a_slice_nothing_is_lost) { fail_everywhere(scenario_steps); }

/* The list stays as it is when memory runs out within a single operation. */
RuntimeTest(list_parts, a_list_is_unaltered_when_there_is_no_memory_for_a_change) {
  weft_auto weft_object *list = list_to(12), *three = list_to(3);
  for (uint64_t n = 1; n < 10; n++) {
    weft_heap_fail_nth(n);
    int deleted = weft_list_set_slice_step(list, 1, 12, 4, NULL);
    weft_heap_fail_nth(0);
    cr_assert(deleted == 0 || (raised(&weft_MemoryError) && weft_list_length(list) == 12));
    if (deleted == 0) break;
  }
  cr_assert(reads(list, "[0, 2, 3, 4, 6, 7, 8, 10, 11]"));
  for (uint64_t n = 1; n < 10; n++) {
    weft_heap_fail_nth(n);
    int set = weft_list_set_slice_step(list, 0, 9, 3, three);
    weft_heap_fail_nth(0);
    cr_assert(set == 0 || raised(&weft_MemoryError));
    if (set == 0) break;
    cr_assert(reads(list, "[0, 2, 3, 4, 6, 7, 8, 10, 11]"));
  }
  cr_assert(reads(list, "[0, 2, 3, 1, 6, 7, 2, 10, 11]"));
}
