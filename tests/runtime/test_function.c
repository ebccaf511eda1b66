/* SPDX-License-Identifier: MIT */
/* function and cell: calls, what a function captures, cells that closures share. */
#include "support.h"

RuntimeSuite(functions);

static weft_object *sum_of_args(weft_object *function, weft_object *const *args, size_t n) {
  (void)function;
  weft_object *sum = INT(0);
  for (size_t i = 0; sum && i < n; i++) {
    weft_object *more = weft_add(sum, args[i]);
    weft_decref(sum);
    sum = more;
  }
  return sum;
}

static weft_object *first_captured(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  weft_object *captured = weft_function_captured_borrow(function, 0);
  return captured ? weft_new_ref(captured) : NULL;
}

static weft_object *plain(const char *name, weft_c_function body) { return weft_function_new(name, body, 0, NULL); }

RuntimeTest(functions, a_function_is_called_with_its_arguments) {
  weft_auto weft_object *f = plain("sum", sum_of_args);
  weft_object *const args[] = {INT(1), INT(2), INT(39)};
  cr_assert_eq(weft_call(f, args, 0), INT(0));
  cr_assert_eq(weft_call(f, args, 1), INT(1));
  cr_assert_eq(weft_call(f, args, 3), INT(42));
}

RuntimeTest(functions, the_arguments_are_borrowed) {
  weft_auto weft_object *f = plain("sum", sum_of_args);
  weft_object *arg = INT(1000);
  weft_decref(weft_call(f, &arg, 1));
  cr_assert_eq(weft_refcount(arg), 1);
  weft_decref(arg);
}

RuntimeTest(functions, a_function_is_known_by_its_type) {
  weft_auto weft_object *f = plain("f", sum_of_args);
  cr_assert(weft_function_check(f) && !weft_function_check(INT(1)));
  cr_assert(weft_is_instance(f, &weft_function_type));
}

RuntimeTest(functions, a_function_has_a_copy_of_its_name) {
  char name[] = "original";
  weft_auto weft_object *f = plain(name, sum_of_args);
  name[0] = 'X';
  cr_assert_str_eq(weft_function_name(f), "original");
}

RuntimeTest(functions, the_repr_shows_the_name) {
  weft_auto weft_object *f = plain("adder", sum_of_args);
  weft_auto weft_object *text = weft_repr(f);
  cr_assert_eq(strncmp(weft_str_utf8(text, NULL), "<function adder at 0x", 21), 0);
}

RuntimeTest(functions, what_a_function_captured_lives_as_long_as_it) {
  weft_object *captured = probe_new();
  weft_object *f = weft_function_new("f", first_captured, 1, &captured);
  cr_assert_eq(weft_refcount(captured), 2);
  weft_decref(captured);
  cr_assert_eq(weft_function_captured_borrow(f, 0), captured);
  cr_assert_eq(weft_refcount(captured), 1);
  weft_decref(f);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(functions, what_a_function_captured_is_found_by_its_index) {
  weft_auto weft_object *f = weft_function_new("f", first_captured, 3, (weft_object *[]){INT(7), INT(8), INT(9)});
  for (size_t i = 0; i < 3; i++) cr_assert_eq(weft_function_captured_borrow(f, i), INT((int64_t)i + 7));
  cr_assert(!weft_function_captured_borrow(f, 3) && raised(&weft_IndexError));
  cr_assert(!weft_function_captured_borrow(f, SIZE_MAX) && raised(&weft_IndexError));
  cr_assert_eq(weft_call(f, NULL, 0), INT(7));
}

RuntimeTest(functions, a_function_may_capture_a_thousand_objects) {
  static weft_object *captured[1000];
  for (int i = 0; i < 1000; i++) captured[i] = probe_new();
  weft_object *f = weft_function_new("f", first_captured, 1000, captured);
  for (int i = 0; i < 1000; i++) weft_decref(captured[i]);
  cr_assert_eq(freed(), 0);
  weft_decref(f);
  cr_assert_eq(freed(), 1000);
}

RuntimeTest(functions, bad_arguments_are_errors) {
  weft_object *probe = probe_new();
  weft_object *const with_null[] = {probe, NULL};
  cr_assert(!weft_function_new("f", NULL, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_function_new(NULL, sum_of_args, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_function_new("f", sum_of_args, 2, with_null) && raised(&weft_TypeError));
  cr_assert(!weft_function_new("f", sum_of_args, 2, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_function_new("\xff", sum_of_args, 0, NULL) && raised(&weft_ValueError));
  cr_assert(!weft_function_captured_borrow(INT(1), 0) && raised(&weft_TypeError));
  cr_assert(!weft_function_captured_borrow(NULL, 0) && raised(&weft_TypeError));
  cr_assert(!weft_function_name(INT(1)) && raised(&weft_TypeError));
  cr_assert(!weft_function_name(NULL) && raised(&weft_TypeError));
  cr_assert_eq(weft_refcount(probe), 1);
  weft_decref(probe);
}

static weft_object *raises(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_raise(&weft_ValueError, "from inside");
}
static weft_object *returns_null(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return NULL;
}

RuntimeTest(functions, an_error_of_the_body_is_passed_on) {
  weft_auto weft_object *f = plain("f", raises);
  cr_assert(!weft_call(f, NULL, 0) && raised_with(&weft_ValueError, "from inside"));
}

RuntimeTest(functions, a_body_that_fails_without_an_error_is_a_runtime_error) {
  weft_auto weft_object *f = plain("f", returns_null);
  cr_assert(!weft_call(f, NULL, 0) && raised(&weft_RuntimeError));
}

static weft_object *calls_itself(weft_object *function, weft_object *const *args, size_t n) {
  return weft_call(function, args, n);
}

RuntimeTest(functions, unbounded_recursion_is_a_recursion_error_every_time) {
  weft_auto weft_object *f = plain("f", calls_itself);
  for (int i = 0; i < 3; i++) cr_assert(!weft_call(f, NULL, 0) && raised(&weft_RecursionError));
}

static void step_recurse(void *f) { cr_expect(!weft_call(f, NULL, 0) && raised(&weft_RecursionError)); }

RuntimeTest(functions, unbounded_recursion_fits_a_small_stack) {
  weft_auto weft_object *f = plain("f", calls_itself);
  on_small_stack(SANITIZED ? 8 << 20 : 256 << 10, step_recurse, f);
}

RuntimeTest(functions, what_is_not_callable_is_a_type_error) {
  weft_auto weft_object *list = weft_list_new();
  cr_assert(!weft_call(list, NULL, 0) && raised_with(&weft_TypeError, "'list' object is not callable"));
  cr_assert(!weft_call(NULL, NULL, 0) && raised(&weft_TypeError));
}

RuntimeTest(functions, a_function_hashes_and_compares_by_identity) {
  weft_auto weft_object *f = plain("f", sum_of_args);
  weft_auto weft_object *g = plain("f", sum_of_args);
  cr_assert(equal(f, f) && !equal(f, g) && hash_of(f) == hash_of(f));
  cr_assert(weft_compare(f, g, WEFT_LT) == -1 && raised(&weft_TypeError));
}

static int count_visit(weft_object *o, void *arg) {
  (void)o;
  ++*(int *)arg;
  return 0;
}

RuntimeTest(functions, traverse_visits_all_that_was_captured) {
  weft_auto weft_object *f = weft_function_new("f", first_captured, 2, (weft_object *[]){INT(7), INT(8)});
  int count = 0;
  cr_assert_eq(weft_function_type.spec.traverse(f, count_visit, &count), 0);
  cr_assert_geq(count, 2);
}

/* --- Cells --- */

RuntimeTest(functions, a_cell_holds_a_reference) {
  weft_object *value = probe_new();
  weft_object *cell = weft_cell_new(value);
  cr_assert_eq(weft_refcount(value), 2);
  weft_object *got = weft_cell_get(cell);
  cr_assert(got == value && weft_refcount(value) == 3);
  weft_decref(got);
  weft_decref(value);
  weft_decref(cell);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(functions, an_empty_cell_is_a_value_error) {
  weft_auto weft_object *cell = weft_cell_new(NULL);
  cr_assert(!weft_cell_get(cell) && raised(&weft_ValueError));
}

RuntimeTest(functions, a_cell_can_be_set_and_emptied) {
  weft_auto weft_object *cell = weft_cell_new(NULL);
  weft_object *value = probe_new();
  cr_assert_eq(weft_cell_set(cell, value), 0);
  weft_decref(value);
  cr_assert_eq(freed(), 0);
  cr_assert_eq(weft_cell_set(cell, INT(1)), 0);
  cr_assert_eq(freed(), 1);
  cr_assert_eq(weft_cell_get(cell), INT(1));
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  cr_assert(!weft_cell_get(cell) && raised(&weft_ValueError));
}

RuntimeTest(functions, a_cell_of_another_type_is_a_type_error) {
  weft_object *const others[] = {INT(1), WEFT_NONE, NULL};
  for (size_t i = 0; i < 3; i++) {
    cr_assert(!weft_cell_get(others[i]) && raised(&weft_TypeError));
    cr_assert(weft_cell_set(others[i], INT(1)) == -1 && raised(&weft_TypeError));
  }
}

RuntimeTest(functions, the_repr_of_a_cell_shows_the_type_it_holds) {
  weft_auto weft_object *full = weft_cell_new(INT(1));
  weft_auto weft_object *empty = weft_cell_new(NULL);
  weft_auto weft_object *full_text = weft_repr(full);
  weft_auto weft_object *empty_text = weft_repr(empty);
  cr_assert(strstr(weft_str_utf8(full_text, NULL), "int object"));
  cr_assert(strstr(weft_str_utf8(empty_text, NULL), "empty"));
}

RuntimeTest(functions, the_repr_of_a_cell_inside_itself_ends) {
  weft_object *cell = weft_cell_new(NULL);
  weft_cell_set(cell, cell);
  weft_auto weft_object *text = weft_repr(cell);
  cr_assert_not_null(text);
  weft_cell_set(cell, NULL);
  weft_decref(cell);
}

static weft_object *increments_cell(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  weft_object *cell = weft_function_captured_borrow(function, 0);
  weft_auto weft_object *old = weft_cell_get(cell);
  weft_object *new = weft_add(old, INT(1));
  weft_cell_set(cell, new);
  return new;
}

RuntimeTest(functions, closures_share_a_cell) {
  weft_object *cell = weft_cell_new(INT(0));
  weft_auto weft_object *f = weft_function_new("f", increments_cell, 1, &cell);
  weft_auto weft_object *g = weft_function_new("g", increments_cell, 1, &cell);
  weft_decref(cell);
  cr_assert_eq(weft_call(f, NULL, 0), INT(1));
  cr_assert_eq(weft_call(g, NULL, 0), INT(2));
  cr_assert_eq(weft_call(f, NULL, 0), INT(3));
}

static void step_swap_cell(void *cell) {
  for (int i = 0; i < 2000; i++) {
    weft_object *mine = probe_new();
    weft_cell_set(cell, mine);
    weft_decref(mine);
    weft_object *theirs = weft_cell_get(cell);
    weft_decref(theirs);
  }
}

RuntimeTest(functions, threads_that_share_a_cell_lose_nothing) {
  weft_object *cell = weft_cell_new(NULL);
  in_new_threads(4, step_swap_cell, cell);
  weft_decref(cell);
  weft_synchronize();
  cr_assert_eq(freed(), 8000);
}
