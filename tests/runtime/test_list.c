/* SPDX-License-Identifier: MIT */
/* list. */
#include "support.h"

RuntimeSuite(lists);

static weft_object *zero_one_two(void) { return LIST(INT(0), INT(1), INT(2)); }

static bool reads(weft_object *list, const char *text) {
  char got[4096];
  text_of(weft_repr(list), got, sizeof got);
  if (strcmp(got, text) != 0) fprintf(stderr, "the list is %s, not %s\n", got, text);
  return strcmp(got, text) == 0;
}

/* --- Making --- */

RuntimeTest(lists, TLI_005_two_empty_lists_are_distinct) {
  weft_auto weft_object *a = weft_list_new();
  weft_auto weft_object *b = weft_list_new();
  weft_auto weft_object *c = weft_list_of(0, NULL);
  cr_assert(a != b && a != c && b != c && equal(a, b));
}

RuntimeTest(lists, a_list_of_items_adds_references) {
  weft_object *items[] = {probe_new(), probe_new()};
  weft_object *list = weft_list_of(2, items);
  cr_assert(weft_refcount(items[0]) == 2 && weft_refcount(items[1]) == 2);
  weft_decref(items[0]);
  weft_decref(items[1]);
  weft_decref(list);
  cr_assert_eq(freed(), 2);
}

RuntimeTest(lists, a_null_item_is_a_type_error_and_leaks_nothing) {
  weft_object *items[] = {probe_new(), NULL};
  cr_assert(!weft_list_of(2, items) && raised(&weft_TypeError));
  cr_assert(!weft_list_of(2, NULL) && raised(&weft_TypeError));
  cr_assert_eq(weft_refcount(items[0]), 1);
  weft_decref(items[0]);
}

/* --- Reading --- */

RuntimeTest(lists, SEQ_008_the_length_is_the_number_of_items) {
  weft_auto weft_object *empty = weft_list_new();
  weft_auto weft_object *of_nothing = weft_list_of(0, NULL);
  weft_auto weft_object *one = LIST(INT(0));
  weft_auto weft_object *three = zero_one_two();
  cr_assert(weft_length(empty) == 0 && weft_length(of_nothing) == 0 && weft_length(one) == 1 &&
            weft_length(three) == 3);
  cr_assert_eq(weft_list_length(three), 3);
}

RuntimeTest(lists, items_are_found_from_both_ends) {
  weft_auto weft_object *list = zero_one_two();
  const int64_t indices[] = {0, 1, 2, -1, -2, -3}, values[] = {0, 1, 2, 2, 1, 0};
  for (size_t i = 0; i < 6; i++) {
    weft_auto weft_object *item = weft_list_get(list, indices[i]);
    cr_assert_eq(weft_int_value(item), values[i]);
  }
}

RuntimeTest(lists, get_returns_a_new_reference) {
  weft_object *item = probe_new();
  weft_object *list = weft_list_of(1, &item);
  weft_object *got = weft_list_get(list, 0);
  cr_assert_eq(weft_refcount(item), 3);
  weft_decref(list);
  weft_decref(item);
  cr_assert_eq(freed(), 0);
  weft_decref(got);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(lists, an_index_out_of_range_is_an_index_error) {
  weft_auto weft_object *list = zero_one_two();
  weft_auto weft_object *empty = weft_list_new();
  const int64_t wrong[] = {3, -4, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_assert(!weft_list_get(list, wrong[i]) && raised(&weft_IndexError));
  cr_assert(!weft_list_get(empty, 0) && raised(&weft_IndexError));
  cr_assert(!weft_list_get(empty, -1) && raised(&weft_IndexError));
}

RuntimeTest(lists, another_type_is_a_type_error) {
  weft_auto weft_object *tuple = TUPLE(INT(1));
  weft_object *const others[] = {tuple, INT(1), WEFT_NONE, NULL};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    cr_assert(weft_list_length(others[i]) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_list_get(others[i], 0) && raised(&weft_TypeError));
    cr_assert(weft_list_set(others[i], 0, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_list_append(others[i], INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(weft_list_insert(others[i], 0, INT(1)) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_list_pop(others[i], 0) && raised(&weft_TypeError));
    cr_assert(weft_list_clear(others[i]) == -1 && raised(&weft_TypeError));
  }
}

/* --- Changing --- */

RuntimeTest(lists, LST_008_items_are_replaced_from_both_ends) {
  weft_auto weft_object *list = LIST(INT(0), INT(1));
  cr_assert_eq(weft_list_set(list, 0, INT(0)), 0);
  cr_assert_eq(weft_list_set(list, 1, INT(100)), 0);
  cr_assert(reads(list, "[0, 100]"));
  cr_assert_eq(weft_list_set(list, -1, INT(200)), 0);
  cr_assert(reads(list, "[0, 200]"));
  cr_assert_eq(weft_list_set(list, -2, INT(55)), 0);
  cr_assert(reads(list, "[55, 200]"));
  const int64_t wrong[] = {2, -3, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_assert(weft_list_set(list, wrong[i], INT(9)) == -1 && raised(&weft_IndexError));
  weft_auto weft_object *empty = weft_list_new();
  cr_assert(weft_list_set(empty, 0, INT(9)) == -1 && raised(&weft_IndexError));
  cr_assert(weft_list_set(empty, -1, INT(9)) == -1 && raised(&weft_IndexError));
  cr_assert(reads(list, "[55, 200]") && reads(empty, "[]"));
}

RuntimeTest(lists, a_replaced_item_is_dropped_and_a_refused_one_is_not_kept) {
  weft_object *a = probe_new(), *b = probe_new();
  weft_auto weft_object *list = weft_list_of(1, &a);
  weft_decref(a);
  cr_assert_eq(weft_list_set(list, 0, b), 0);
  cr_assert_eq(freed(), 1);
  cr_assert(weft_list_set(list, 5, b) == -1 && raised(&weft_IndexError));
  cr_assert_eq(weft_refcount(b), 2);
  weft_decref(b);
}

RuntimeTest(lists, LST_013_append_adds_at_the_end) {
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 3; i++) cr_assert_eq(weft_list_append(list, INT(i)), 0);
  cr_assert(reads(list, "[0, 1, 2]"));
  cr_assert(weft_list_append(list, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(reads(list, "[0, 1, 2]"));
}

/* Where CPython has SystemError for misuse from C, Weft has TypeError. */
RuntimeTest(lists, CPL_012_append_refuses_null_and_what_is_no_list) {
  weft_auto weft_object *list = weft_list_new();
  cr_assert_eq(weft_list_append(list, INT(10)), 0);
  cr_assert(reads(list, "[10]"));
  cr_assert_eq(weft_list_append(list, list), 0);
  cr_assert(reads(list, "[10, [...]]"));
  cr_assert(weft_list_append(list, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_append(INT(1), INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_append(NULL, INT(1)) == -1 && raised(&weft_TypeError));
  weft_decref(weft_list_pop(list, -1));
}

RuntimeTest(lists, a_hundred_thousand_appends_read_back) {
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 100000; i++) {
    weft_auto weft_object *item = INT(i);
    cr_assert_eq(weft_list_append(list, item), 0);
  }
  cr_assert_eq(weft_list_length(list), 100000);
  for (int i = 0; i < 100000; i++) {
    weft_auto weft_object *item = weft_list_get(list, i);
    cr_assert_eq(weft_int_value(item), i);
  }
}

RuntimeTest(lists, LST_015_insert_clamps_its_index) {
  weft_auto weft_object *a = LIST(INT(0), INT(1), INT(2));
  cr_assert_eq(weft_list_insert(a, 0, INT(-2)), 0);
  cr_assert_eq(weft_list_insert(a, 1, INT(-1)), 0);
  cr_assert_eq(weft_list_insert(a, 2, INT(0)), 0);
  cr_assert(reads(a, "[-2, -1, 0, 0, 1, 2]"));
  weft_auto weft_object *b = zero_one_two();
  cr_assert_eq(weft_list_insert(b, -100, INT(7)), 0);
  cr_assert_eq(weft_list_insert(b, 100, INT(8)), 0);
  cr_assert_eq(weft_list_insert(b, -1, INT(9)), 0);
  cr_assert(reads(b, "[7, 0, 1, 2, 9, 8]"));
}

RuntimeTest(lists, CPL_011_insert_at_the_extremes) {
  weft_auto weft_object *list = zero_one_two();
  cr_assert_eq(weft_list_insert(list, 0, INT(23)), 0);
  cr_assert(reads(list, "[23, 0, 1, 2]"));
  cr_assert_eq(weft_list_insert(list, -1, INT(22)), 0);
  cr_assert(reads(list, "[23, 0, 1, 22, 2]"));
  cr_assert_eq(weft_list_insert(list, INT64_MIN, INT(1)), 0);
  cr_assert_eq(weft_list_insert(list, weft_list_length(list), INT(123)), 0);
  cr_assert_eq(weft_list_insert(list, weft_list_length(list) - 1, INT(124)), 0);
  cr_assert_eq(weft_list_insert(list, INT64_MAX, INT(223)), 0);
  cr_assert(reads(list, "[1, 23, 0, 1, 22, 2, 124, 123, 223]"));
  cr_assert(weft_list_insert(INT(1), 0, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_insert(NULL, 0, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_insert(list, 0, NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(lists, LST_016_pop_removes_and_returns) {
  weft_auto weft_object *list = LIST(INT(-1), INT(0), INT(1));
  cr_assert_eq(weft_list_pop(list, -1), INT(1));
  cr_assert(reads(list, "[-1, 0]"));
  cr_assert_eq(weft_list_pop(list, 0), INT(-1));
  cr_assert(reads(list, "[0]"));
  cr_assert(!weft_list_pop(list, 5) && raised(&weft_IndexError));
  cr_assert(!weft_list_pop(list, -2) && raised(&weft_IndexError));
  cr_assert_eq(weft_list_pop(list, 0), INT(0));
  cr_assert(reads(list, "[]"));
  cr_assert(!weft_list_pop(list, -1) && raised(&weft_IndexError));
  cr_assert(!weft_list_pop(list, 0) && raised(&weft_IndexError));
}

RuntimeTest(lists, pop_gives_the_lists_reference_to_the_caller) {
  weft_object *item = probe_new();
  weft_auto weft_object *list = LIST(item);
  weft_object *popped = weft_list_pop(list, 0);
  cr_assert_eq(popped, item);
  cr_assert_eq(weft_refcount(item), 1);
  weft_decref(popped);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(lists, clear_empties_a_list_which_can_be_filled_again) {
  weft_auto weft_object *list = LIST(probe_new(), probe_new(), probe_new());
  cr_assert_eq(weft_list_clear(list), 0);
  cr_assert_eq(freed(), 3);
  cr_assert_eq(weft_list_length(list), 0);
  cr_assert_eq(weft_list_clear(list), 0);
  cr_assert_eq(weft_list_append(list, INT(1)), 0);
  cr_assert(reads(list, "[1]"));
}

static weft_object *list_of_finalizer;
static void finalize_appends(weft_object *self) {
  (void)self;
  cr_assert_eq(weft_list_append(list_of_finalizer, INT(7)), 0);
}
static weft_object *new_appender(void) {
  static const weft_type *type;
  if (!type)
    type = weft_type_new(&(weft_type_spec){.name = "appender", .basic_size = 24, .finalize = finalize_appends});
  return weft_object_new(type, 0);
}

RuntimeTest(lists, CPL_018_an_item_that_appends_while_it_is_cleared_leaves_its_item) {
  weft_auto weft_object *list = zero_one_two();
  cr_assert_eq(weft_list_clear(list), 0);
  cr_assert(reads(list, "[]"));
  cr_assert(weft_list_clear(INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_clear(NULL) == -1 && raised(&weft_TypeError));
  list_of_finalizer = list;
  weft_object *appender = new_appender();
  cr_assert_eq(weft_list_append(list, appender), 0);
  weft_decref(appender);
  cr_assert_eq(weft_list_clear(list), 0);
  cr_assert(reads(list, "[7]"));
}

RuntimeTest(lists, a_replaced_item_may_change_the_list) {
  weft_auto weft_object *list = LIST(new_appender(), INT(1));
  list_of_finalizer = list;
  cr_assert_eq(weft_list_set(list, 0, INT(0)), 0);
  cr_assert(reads(list, "[0, 1, 7]"));
}

static int64_t *number_in(weft_object *o) { return (int64_t *)(void *)(o + 1); }
static void finalize_notes_its_number(weft_object *self) {
  cr_assert_eq(weft_list_append(list_of_finalizer, INT(*number_in(self))), 0);
}

static weft_object *three_noted(void) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "noted", .basic_size = 24, .finalize = finalize_notes_its_number});
  weft_object *list = weft_list_new();
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *item = weft_object_new(type, 0);
    *number_in(item) = i;
    weft_list_append(list, item);
  }
  return list;
}

RuntimeTest(lists, a_dying_list_drops_its_items_last_to_first) {
  weft_auto weft_object *seen = list_of_finalizer = weft_list_new();
  weft_decref(three_noted());
  cr_assert(reads(seen, "[2, 1, 0]"));
}

RuntimeTest(lists, clear_drops_the_items_last_to_first) {
  weft_auto weft_object *seen = list_of_finalizer = weft_list_new();
  weft_auto weft_object *list = three_noted();
  weft_list_clear(list);
  cr_assert(reads(seen, "[2, 1, 0]"));
}

/* --- Concatenation --- */

RuntimeTest(lists, SEQ_010_concatenation_takes_empty_and_filled_operands) {
  weft_auto weft_object *empty = weft_list_new();
  weft_auto weft_object *a = LIST(INT(1));
  weft_auto weft_object *b = LIST(INT(2), INT(3));
  weft_object *const operands[][2] = {{empty, empty}, {empty, b}, {b, empty}, {a, b}, {b, b}};
  const char *const sums[] = {"[]", "[2, 3]", "[2, 3]", "[1, 2, 3]", "[2, 3, 2, 3]"};
  for (size_t i = 0; i < 5; i++) {
    weft_auto weft_object *sum = weft_add(operands[i][0], operands[i][1]);
    cr_assert(reads(sum, sums[i]));
    cr_assert(sum != operands[i][0] && sum != operands[i][1]);
  }
}

RuntimeTest(lists, CPO_036_only_sequences_of_one_kind_concatenate) {
  weft_auto weft_object *list = LIST(INT(1));
  weft_auto weft_object *tuple = TUPLE(INT(1));
  weft_auto weft_object *str = STR("a");
  weft_object *const all[] = {list, tuple, str, INT(1), WEFT_NONE};
  for (size_t i = 0; i < 5; i++) {
    for (size_t j = 0; j < 5; j++) {
      if (i == j && i < 4) {
        weft_auto weft_object *sum = weft_add(all[i], all[j]);
        cr_assert_not_null(sum);
      } else {
        cr_assert(!weft_add(all[i], all[j]) && raised(&weft_TypeError), "%zu %zu", i, j);
      }
    }
  }
}

/* --- Comparison, hash, truth --- */

RuntimeTest(lists, SEQ_018_equal_lists_are_equal_and_longer_ones_greater) {
  weft_auto weft_object *a = LIST(INT(1), INT(1000));
  weft_auto weft_object *b = LIST(INT(1), INT(1000));
  weft_auto weft_object *longer = LIST(INT(1), INT(1000), INT(0));
  weft_auto weft_object *smaller = LIST(INT(0), INT(1001), INT(5), INT(5));
  cr_assert(equal(a, b) && weft_compare(a, b, WEFT_LE) == 1 && weft_compare(a, b, WEFT_GT) == 0);
  cr_assert(weft_compare(longer, a, WEFT_GT) == 1 && weft_compare(smaller, a, WEFT_LT) == 1);
  cr_assert(weft_compare(a, longer, WEFT_NE) == 1 && weft_compare(a, longer, WEFT_GE) == 0);
}

RuntimeTest(lists, a_list_is_unhashable) {
  weft_auto weft_object *list = weft_list_new();
  int64_t hash;
  cr_assert(weft_hash(list, &hash) == -1 && raised_with(&weft_TypeError, "unhashable type: 'list'"));
}

RuntimeTest(lists, only_the_empty_list_is_false) {
  weft_auto weft_object *empty = weft_list_new();
  weft_auto weft_object *one = LIST(INT(0));
  cr_assert(weft_is_true(empty) == 0 && weft_is_true(one) == 1);
}

static weft_object *list_to_clear;
static int compare_clears(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  if (op == WEFT_LT) weft_list_clear(list_to_clear);
  return WEFT_NOT_IMPLEMENTED;
}

RuntimeTest(lists, TLI_017_an_order_that_clears_the_other_list_is_a_type_error) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "evil", .basic_size = 24, .compare = compare_clears});
  weft_object *evil = weft_object_new(type, 0);
  weft_auto weft_object *inner = LIST(evil);
  weft_auto weft_object *outer = weft_list_of(1, &inner);
  list_to_clear = inner;
  cr_assert(weft_compare(inner, outer, WEFT_LT) == -1 && raised(&weft_TypeError));
  cr_assert_eq(weft_list_length(inner), 0);
}

static int compare_clears_always(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b, (void)op;
  weft_list_clear(list_to_clear);
  return 1;
}

RuntimeTest(lists, an_equality_that_clears_the_list_is_harmless) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "evil", .basic_size = 24, .compare = compare_clears_always});
  weft_auto weft_object *a = LIST(weft_object_new(type, 0), INT(1), INT(2));
  weft_auto weft_object *b = LIST(weft_object_new(type, 0), INT(1), INT(2));
  list_to_clear = a;
  cr_assert_neq(weft_compare(a, b, WEFT_EQ), -1);
  cr_assert_eq(weft_list_length(a), 0);
}

static int compare_fails(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b, (void)op;
  weft_raise(&weft_ValueError, "no comparison");
  return -1;
}

RuntimeTest(lists, an_error_of_an_items_comparison_is_passed_on) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "touchy", .basic_size = 24, .compare = compare_fails});
  weft_auto weft_object *a = LIST(INT(1), weft_object_new(type, 0));
  weft_auto weft_object *b = LIST(INT(1), INT(2));
  cr_assert(weft_compare(a, b, WEFT_EQ) == -1 && raised(&weft_ValueError));
  cr_assert(weft_compare(b, a, WEFT_LT) == -1 && raised(&weft_ValueError));
}

/* --- Text --- */

RuntimeTest(lists, LST_004_the_repr_is_in_brackets_and_marks_a_list_inside_itself) {
  weft_auto weft_object *empty = weft_list_new();
  weft_auto weft_object *list = zero_one_two();
  weft_auto weft_object *mixed = LIST(STR("a"), FLOAT(1.5), WEFT_NONE, TUPLE(WEFT_TRUE), weft_list_new());
  cr_assert(reads(empty, "[]") && reads(list, "[0, 1, 2]") && reads(mixed, "['a', 1.5, None, (True,), []]"));
  assert_text(weft_str(list), "[0, 1, 2]");
  cr_assert_eq(weft_list_append(list, list), 0);
  cr_assert_eq(weft_list_append(list, INT(3)), 0);
  cr_assert(reads(list, "[0, 1, 2, [...], 3]"));
  cr_assert_eq(weft_list_clear(list), 0);
}

RuntimeTest(lists, the_same_list_twice_in_a_list_is_no_recursion) {
  weft_auto weft_object *inner = LIST(INT(1));
  weft_auto weft_object *outer = weft_list_of(2, (weft_object *[]){inner, inner});
  cr_assert(reads(outer, "[[1], [1]]"));
}

RuntimeTest(lists, LST_005_the_repr_of_a_deep_nest_is_a_recursion_error) {
  weft_auto weft_object *deep = nested_list(200000);
  cr_assert(!weft_repr(deep) && raised(&weft_RecursionError));
}

static weft_object *repr_pops(weft_object *self) {
  (void)self;
  weft_xdecref(weft_list_pop(list_to_clear, 0));
  if (weft_error_borrow()) weft_error_clear();
  return STR("obj");
}

RuntimeTest(lists, TLI_010_items_whose_repr_pops_from_the_list_are_harmless) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "popper", .basic_size = 24, .repr = repr_pops});
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 5; i++) {
    weft_auto weft_object *item = weft_object_new(type, 0);
    weft_list_append(list, item);
  }
  list_to_clear = list;
  assert_text(weft_repr(list), "[obj, obj, obj]");
}

static weft_object *repr_fails(weft_object *self) {
  (void)self;
  return weft_raise(&weft_ValueError, "no text");
}

RuntimeTest(lists, an_error_of_an_items_repr_is_passed_on_and_the_next_repr_works) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "mute", .basic_size = 24, .repr = repr_fails});
  weft_auto weft_object *list = LIST(INT(1), weft_object_new(type, 0));
  cr_assert(!weft_repr(list) && raised(&weft_ValueError));
  cr_assert(!weft_repr(list) && raised(&weft_ValueError), "the list is not marked as under way");
}

/* --- Threads --- */

static void step_append_thousand(void *list) {
  for (int i = 0; i < 1000; i++) {
    weft_auto weft_object *item = INT(100000 + i);
    weft_list_append(list, item);
  }
}

RuntimeTest(lists, appends_of_many_threads_all_arrive) {
  weft_auto weft_object *list = weft_list_new();
  in_new_threads(4, step_append_thousand, list);
  cr_assert_eq(weft_list_length(list), 4000);
  int64_t sum = 0;
  for (int i = 0; i < 4000; i++) {
    weft_auto weft_object *item = weft_list_get(list, i);
    sum += weft_int_value(item);
  }
  cr_assert_eq(sum, 4 * (100000 * INT64_C(1000) + 999 * 1000 / 2));
}

static void step_pop_and_push(void *list) {
  for (int i = 0; i < 2000; i++) {
    weft_object *item = weft_list_pop(list, i % 2 ? 0 : -1);
    if (!item) {
      weft_error_clear();
      continue;
    }
    weft_list_insert(list, i % 3, item);
    weft_decref(item);
    weft_xdecref(weft_list_get(list, i % 8));
    weft_error_clear();
  }
}

RuntimeTest(lists, changes_of_many_threads_lose_nothing) {
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 20; i++) {
    weft_auto weft_object *item = probe_new();
    weft_list_append(list, item);
  }
  in_new_threads(4, step_pop_and_push, list);
  weft_poll();
  cr_assert_eq(freed(), 0);
  cr_assert_eq(weft_list_length(list), 20);
  weft_list_clear(list);
  weft_synchronize();
  cr_assert_eq(freed(), 20);
}

static weft_object *shared_list;
static uint32_t role;
static void step_change_or_read(void *unused) {
  (void)unused;
  bool changes = weft__add_acq_rel(&role, 1u) % 2;
  for (int i = 0; i < 1500; i++) {
    if (changes) {
      weft_object *item = i % 3 ? probe_new() : weft_list_of(1, (weft_object *[]){INT(i % 200)});
      weft_list_append(shared_list, item);
      weft_list_set(shared_list, i % 5, item);
      weft_decref(item);
      if (i % 40 == 0) weft_list_clear(shared_list);
    } else {
      weft_auto weft_object *sum = weft_add(shared_list, shared_list);
      weft_auto weft_object *text = weft_repr(shared_list);
      cr_expect(weft_compare(shared_list, sum, WEFT_EQ) >= 0 && sum && text);
      weft_xdecref(weft_list_get(shared_list, i % 7));
    }
    weft_error_clear();
  }
}

RuntimeTest(lists, a_list_may_be_read_while_others_change_it) {
  shared_list = weft_list_new();
  in_new_threads(4, step_change_or_read, NULL);
  weft_decref(shared_list);
}
