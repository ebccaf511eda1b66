/* SPDX-License-Identifier: MIT */
/* tuple. */
#include "support.h"

RuntimeSuite(tuples);

RuntimeTest(tuples, the_empty_tuple_is_one_immortal_object) {
  weft_auto weft_object *a = weft_tuple_new(0, NULL);
  weft_auto weft_object *b = weft_tuple_pack(0);
  weft_auto weft_object *c = weft_add(a, b);
  cr_assert(a == b && a == c && weft_is_immortal(a));
}

RuntimeTest(tuples, new_adds_references_to_its_items) {
  weft_object *items[] = {probe_new(), probe_new()};
  weft_object *t = weft_tuple_new(2, items);
  cr_assert(weft_refcount(items[0]) == 2 && weft_refcount(items[1]) == 2);
  weft_decref(items[0]);
  weft_decref(items[1]);
  cr_assert_eq(freed(), 0);
  weft_decref(t);
  cr_assert_eq(freed(), 2);
}

RuntimeTest(tuples, pack_adds_references_to_its_items) {
  weft_object *item = probe_new();
  weft_object *t = weft_tuple_pack(3, item, INT(1), item);
  cr_assert_eq(weft_refcount(item), 3);
  cr_assert_eq(weft_tuple_get_borrow(t, 1), INT(1));
  weft_decref(t);
  weft_decref(item);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(tuples, a_null_item_is_a_type_error_and_leaks_nothing) {
  weft_object *items[] = {probe_new(), NULL, probe_new()};
  cr_assert(!weft_tuple_new(3, items) && raised(&weft_TypeError));
  cr_assert(!weft_tuple_new(3, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_tuple_pack(3, items[0], NULL, items[2]) && raised_with(&weft_TypeError, "weft_tuple_pack"));
  cr_assert(!weft_tuple_pack(4, items[0], NULL, items[2], NULL) && raised_with(&weft_TypeError, "weft_tuple_pack"));
  cr_assert(weft_refcount(items[0]) == 1 && weft_refcount(items[2]) == 1);
  weft_decref(items[0]);
  weft_decref(items[2]);
  cr_assert_eq(freed(), 2);
}

RuntimeTest(tuples, every_size_around_the_largest_block_works) {
  static weft_object *items[100];
  for (int i = 0; i < 100; i++) items[i] = INT(i);
  for (size_t n = 0; n <= 100; n++) {
    weft_auto weft_object *t = weft_tuple_new(n, items);
    cr_assert_eq(weft_tuple_length(t), (int64_t)n);
    for (size_t i = 0; i < n; i++) cr_assert_eq(weft_tuple_get_borrow(t, (int64_t)i), items[i]);
  }
}

RuntimeTest(tuples, items_are_found_from_both_ends) {
  weft_auto weft_object *t = TUPLE(INT(10), INT(20), INT(30));
  cr_assert(weft_tuple_get_borrow(t, 0) == INT(10) && weft_tuple_get_borrow(t, 2) == INT(30));
  cr_assert(weft_tuple_get_borrow(t, -1) == INT(30) && weft_tuple_get_borrow(t, -3) == INT(10));
}

RuntimeTest(tuples, get_returns_a_new_reference_and_get_borrow_does_not) {
  weft_object *item = probe_new();
  weft_auto weft_object *t = weft_tuple_new(1, &item);
  cr_assert_eq(weft_tuple_get_borrow(t, 0), item);
  cr_assert_eq(weft_refcount(item), 2);
  weft_object *got = weft_tuple_get(t, 0);
  cr_assert_eq(got, item);
  cr_assert_eq(weft_refcount(item), 3);
  weft_decref(got);
  weft_decref(item);
}

RuntimeTest(tuples, an_index_out_of_range_is_an_index_error) {
  weft_auto weft_object *t = TUPLE(INT(1), INT(2), INT(3));
  const int64_t wrong[] = {3, -4, 4, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    cr_assert(!weft_tuple_get(t, wrong[i]) && raised(&weft_IndexError));
    cr_assert(!weft_tuple_get_borrow(t, wrong[i]) && raised(&weft_IndexError));
  }
  weft_auto weft_object *empty = weft_tuple_pack(0);
  cr_assert(!weft_tuple_get(empty, 0) && raised(&weft_IndexError));
  cr_assert(!weft_tuple_get(empty, -1) && raised(&weft_IndexError));
}

RuntimeTest(tuples, another_type_is_a_type_error) {
  weft_auto weft_object *list = weft_list_new();
  weft_object *const others[] = {list, INT(1), WEFT_NONE, NULL};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    cr_assert(weft_tuple_length(others[i]) == -1 && raised(&weft_TypeError));
    cr_assert(!weft_tuple_get(others[i], 0) && raised(&weft_TypeError));
    cr_assert(!weft_tuple_get_borrow(others[i], 0) && raised(&weft_TypeError));
  }
}

RuntimeTest(tuples, SEQ_008_the_length_is_the_number_of_items) {
  weft_auto weft_object *empty = weft_tuple_pack(0);
  weft_auto weft_object *from_nothing = weft_tuple_new(0, (weft_object *[]){NULL});
  weft_auto weft_object *one = TUPLE(INT(0));
  weft_auto weft_object *three = TUPLE(INT(0), INT(1), INT(2));
  cr_assert(weft_length(empty) == 0 && weft_length(from_nothing) == 0 && weft_length(one) == 1 &&
            weft_length(three) == 3);
}

RuntimeTest(tuples, SEQ_010_concatenation_takes_empty_and_filled_operands) {
  weft_auto weft_object *empty = weft_tuple_pack(0);
  weft_auto weft_object *a = TUPLE(INT(1));
  weft_auto weft_object *b = TUPLE(INT(2), INT(3));
  assert_text(weft_repr(a), "(1,)");
  weft_object *const operands[][2] = {{empty, empty}, {empty, b}, {b, empty}, {a, b}, {b, a}};
  const char *const sums[] = {"()", "(2, 3)", "(2, 3)", "(1, 2, 3)", "(2, 3, 1)"};
  for (size_t i = 0; i < 5; i++) {
    weft_auto weft_object *sum = weft_add(operands[i][0], operands[i][1]);
    assert_text(weft_repr(sum), sums[i]);
  }
}

RuntimeTest(tuples, concatenation_with_another_type_is_a_type_error) {
  weft_auto weft_object *t = TUPLE(INT(1));
  weft_auto weft_object *l = LIST(INT(1));
  cr_assert(!weft_add(t, l) && raised(&weft_TypeError));
  cr_assert(!weft_add(l, t) && raised(&weft_TypeError));
  cr_assert(!weft_add(t, INT(1)) && raised(&weft_TypeError));
}

RuntimeTest(tuples, TUP_012_the_repr_is_in_parentheses) {
  weft_auto weft_object *empty = weft_tuple_pack(0);
  weft_auto weft_object *three = TUPLE(INT(0), INT(1), INT(2));
  assert_text(weft_repr(empty), "()");
  assert_text(weft_repr(three), "(0, 1, 2)");
  assert_text(weft_str(three), "(0, 1, 2)");
}

RuntimeTest(tuples, TUP_017_the_repr_of_a_million_zeros_is_exact) {
  enum { N = 1000000 };
  weft_object **items = malloc(N * sizeof *items);
  for (int i = 0; i < N; i++) items[i] = INT(0);
  weft_auto weft_object *t = weft_tuple_new(N, items);
  free(items);
  weft_auto weft_object *text = weft_repr(t);
  size_t size;
  const char *bytes = weft_str_utf8(text, &size);
  cr_assert_eq(size, 3 * (size_t)N);
  cr_assert(bytes[0] == '(' && bytes[size - 1] == ')');
  for (size_t i = 0; i < N; i++) cr_assert_eq(bytes[1 + 3 * i], '0');
  for (size_t i = 0; i < N - 1; i++) cr_assert(bytes[2 + 3 * i] == ',' && bytes[3 + 3 * i] == ' ');
}

RuntimeTest(tuples, a_tuple_inside_itself_by_way_of_a_list_reads_dots) {
  weft_object *list = weft_list_new();
  weft_object *tuple = weft_tuple_new(1, &list);
  cr_assert_eq(weft_list_append(list, tuple), 0);
  assert_text(weft_repr(tuple), "([(...)],)");
  assert_text(weft_repr(list), "[([...],)]");
  cr_assert_eq(weft_list_clear(list), 0);
  weft_decref(tuple);
  weft_decref(list);
}

RuntimeTest(tuples, TUP_021_order_is_lexicographic) {
  weft_auto weft_object *a = TUPLE(INT(1), INT(2));
  weft_auto weft_object *b = TUPLE(INT(1), INT(2), INT(0));
  weft_auto weft_object *c = TUPLE(INT(1), INT(3));
  cr_assert(weft_compare(a, b, WEFT_LT) == 1 && weft_compare(b, c, WEFT_LT) == 1 && weft_compare(a, c, WEFT_LT) == 1);
}

RuntimeTest(tuples, SEQ_018_equal_tuples_are_equal_and_longer_ones_greater) {
  weft_auto weft_object *a = TUPLE(INT(1), INT(1000));
  weft_auto weft_object *b = TUPLE(INT(1), INT(1000));
  weft_auto weft_object *longer = TUPLE(INT(1), INT(1000), INT(0));
  weft_auto weft_object *smaller = TUPLE(INT(0), INT(1001));
  weft_auto weft_object *empty = weft_tuple_pack(0);
  cr_assert(equal(a, b) && weft_compare(a, b, WEFT_LE) == 1 && weft_compare(a, b, WEFT_LT) == 0);
  cr_assert(!equal(a, longer) && weft_compare(longer, a, WEFT_GT) == 1 && weft_compare(smaller, a, WEFT_LT) == 1);
  cr_assert(weft_compare(empty, a, WEFT_LT) == 1 && weft_compare(empty, a, WEFT_NE) == 1 && equal(empty, empty));
}

RuntimeTest(tuples, a_tuple_is_not_a_list) {
  weft_auto weft_object *t = TUPLE(INT(1));
  weft_auto weft_object *l = LIST(INT(1));
  cr_assert_not(equal(t, l));
  cr_assert(weft_compare(t, l, WEFT_LT) == -1 && raised(&weft_TypeError));
}

RuntimeTest(tuples, items_that_have_no_order_make_a_type_error) {
  weft_auto weft_object *a = TUPLE(INT(1), WEFT_NONE);
  weft_auto weft_object *b = TUPLE(INT(1), INT(2));
  weft_auto weft_object *c = TUPLE(INT(2), WEFT_NONE);
  cr_assert(weft_compare(a, b, WEFT_LT) == -1 && raised(&weft_TypeError));
  cr_assert(!equal(a, b) && weft_compare(a, c, WEFT_LT) == 1);
}

RuntimeTest(tuples, equal_tuples_hash_alike) {
  weft_auto weft_object *a = TUPLE(INT(1), INT(2));
  weft_auto weft_object *b = TUPLE(FLOAT(1.0), WEFT_TRUE);
  weft_auto weft_object *c = TUPLE(WEFT_TRUE, INT(2));
  weft_auto weft_object *d = TUPLE(INT(1), FLOAT(2.0));
  cr_assert(equal(a, c) && hash_of(a) == hash_of(c));
  cr_assert(equal(a, d) && hash_of(a) == hash_of(d));
  cr_assert_not(equal(a, b));
}

RuntimeTest(tuples, hashes_depend_on_order_length_and_nesting) {
  weft_object *tuples[] = {weft_tuple_pack(0),           TUPLE(INT(0)),         TUPLE(INT(0), INT(0)),
                           TUPLE(INT(1), INT(2)),        TUPLE(INT(2), INT(1)), TUPLE(TUPLE(INT(1), INT(2))),
                           TUPLE(TUPLE(INT(1)), INT(2)), TUPLE(INT(-1)),        TUPLE(INT(-2), INT(0))};
  enum { N = sizeof tuples / sizeof *tuples };
  for (int i = 0; i < N; i++)
    for (int j = 0; j < i; j++) cr_assert_neq(hash_of(tuples[i]), hash_of(tuples[j]), "%d %d", i, j);
  for (int i = 0; i < N; i++) weft_decref(tuples[i]);
}

/* The weakness that CPython's old hash had: sign patterns and nested pairs collided. */
RuntimeTest(tuples, hashes_of_small_tuples_do_not_collide) {
  static int64_t hashes[41 * 41];
  size_t n = 0;
  for (int64_t i = -20; i <= 20; i++) {
    for (int64_t j = -20; j <= 20; j++) {
      if (i == -1 || j == -1) continue; /* hashes like -2 */
      weft_auto weft_object *t = TUPLE(INT(i), INT(j));
      hashes[n++] = hash_of(t);
    }
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) cr_assert_neq(hashes[i], hashes[j]);
}

RuntimeTest(tuples, a_tuple_with_an_unhashable_item_is_unhashable) {
  weft_auto weft_object *t = TUPLE(INT(1), weft_list_new());
  int64_t hash;
  cr_assert(weft_hash(t, &hash) == -1 && raised_with(&weft_TypeError, "unhashable type: 'list'"));
}

RuntimeTest(tuples, only_the_empty_tuple_is_false) {
  weft_auto weft_object *empty = weft_tuple_pack(0);
  weft_auto weft_object *one = TUPLE(INT(0));
  cr_assert(weft_is_true(empty) == 0 && weft_is_true(one) == 1);
}

static int64_t drops[3];
static uint32_t drop_count;
static void note_drop(weft_object *self) {
  drops[drop_count++] = ((int64_t *)(void *)(self + 1))[0];
  weft_object_free(self, 0);
}

RuntimeTest(tuples, items_are_dropped_last_to_first) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "noted", .basic_size = 24, .dealloc = note_drop});
  weft_object *items[3];
  for (int i = 0; i < 3; i++) {
    items[i] = weft_object_new(type, 0);
    ((int64_t *)(void *)(items[i] + 1))[0] = i;
  }
  weft_decref(TUPLE(items[0], items[1], items[2]));
  cr_assert(drop_count == 3 && drops[0] == 2 && drops[1] == 1 && drops[2] == 0);
}

static int count_visit(weft_object *o, void *arg) {
  (void)o;
  return ++*(int *)arg == 2 ? 77 : 0;
}

RuntimeTest(tuples, traverse_visits_the_items_until_told_to_stop) {
  weft_auto weft_object *t = TUPLE(INT(1), INT(2), INT(3));
  int count = 0;
  cr_assert_eq(weft_tuple_type.spec.traverse(t, count_visit, &count), 77);
  cr_assert_eq(count, 2);
}

RuntimeTest(tuples, a_sum_with_nothing_and_a_single_repetition_are_the_tuple_itself) {
  weft_auto weft_object *empty = weft_tuple_new(0, NULL), *t = weft_tuple_pack(2, INT(1), INT(2));
  weft_auto weft_object *left = weft_add(empty, t), *right = weft_add(t, empty), *once = weft_multiply(t, INT(1));
  cr_assert(left == t && right == t && once == t);
  cr_assert_eq(weft_refcount(t), 4);
}
