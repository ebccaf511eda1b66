/* SPDX-License-Identifier: MIT */
/* The operations of every object: text, hash, comparison, truth, calls, arithmetic, attributes; NULL; depth. */
#include "support.h"

RuntimeSuite(objects);

/* A type for one test: LIKE(.repr = f, .hash = g). */
#define LIKE(...) weft_type_new(&(weft_type_spec){.name = "sample", .basic_size = 24, __VA_ARGS__})

static weft_object *fails(void) { return weft_raise(&weft_KeyError, "from a slot"); }

/* --- Text --- */

RuntimeTest(objects, the_default_repr_shows_type_and_address) {
  weft_auto weft_object *o = weft_object_new(LIKE(.hash = NULL), 0);
  char expected[64];
  snprintf(expected, sizeof expected, "<sample object at %p>", (void *)o);
  assert_text(weft_repr(o), expected);
}

static weft_object *repr_xyz(weft_object *self) {
  (void)self;
  return STR("xyz");
}
static weft_object *str_abc(weft_object *self) {
  (void)self;
  return STR("abc");
}
static weft_object *repr_int(weft_object *self) {
  (void)self;
  return INT(7);
}
static weft_object *repr_fails(weft_object *self) {
  (void)self;
  return fails();
}

RuntimeTest(objects, str_falls_back_to_repr) {
  weft_auto weft_object *o = weft_object_new(LIKE(.repr = repr_xyz), 0);
  assert_text(weft_repr(o), "xyz");
  assert_text(weft_str(o), "xyz");
}

RuntimeTest(objects, str_and_repr_may_differ) {
  weft_auto weft_object *o = weft_object_new(LIKE(.repr = repr_xyz, .str = str_abc), 0);
  assert_text(weft_repr(o), "xyz");
  assert_text(weft_str(o), "abc");
}

RuntimeTest(objects, an_error_of_the_repr_slot_is_passed_on) {
  weft_auto weft_object *o = weft_object_new(LIKE(.repr = repr_fails), 0);
  cr_assert(!weft_repr(o) && raised(&weft_KeyError));
  cr_assert(!weft_str(o) && raised(&weft_KeyError));
}

RuntimeTest(objects, a_repr_slot_that_returns_no_str_is_a_type_error) {
  weft_auto weft_object *o = weft_object_new(LIKE(.repr = repr_int), 0);
  cr_assert(!weft_repr(o) && raised(&weft_TypeError));
}

RuntimeTest(objects, a_str_slot_that_returns_no_str_is_a_type_error) {
  weft_auto weft_object *o = weft_object_new(LIKE(.str = repr_int), 0);
  cr_assert(!weft_str(o) && raised(&weft_TypeError));
}

/* --- Hash --- */

static int64_t hash_to_return;
static int hash_returns(weft_object *self, int64_t *hash) {
  (void)self;
  *hash = hash_to_return;
  return 0;
}
static int hash_fails(weft_object *self, int64_t *hash) {
  (void)self, (void)hash;
  fails();
  return -1;
}

RuntimeTest(objects, CPH_002_the_hash_of_an_address_is_rotated_by_4_bits_and_minus_1_becomes_minus_2) {
  weft_auto weft_object *o = weft_object_new(&weft_object_type, 0);
  uintptr_t address = (uintptr_t)o;
  cr_assert_eq(hash_of(o), (int64_t)(address >> 4 | address << 60));
  hash_to_return = -1;
  weft_auto weft_object *sample = weft_object_new(LIKE(.hash = hash_returns), 0);
  cr_assert_eq(hash_of(sample), -2);
}

RuntimeTest(objects, CPO_050_the_generic_hash_is_that_of_the_identity) {
  weft_auto weft_object *bare = weft_object_new(&weft_object_type, 0);
  weft_auto weft_object *list = weft_list_new(), *iterator = weft_iter(list);
  weft_object *const all[] = {bare, iterator, WEFT_NONE, (weft_object *)&weft_int_type};
  for (size_t i = 0; i < 4; i++) {
    int64_t generic;
    cr_assert_eq(weft__hash_identity(all[i], &generic), 0);
    cr_assert_eq(hash_of(all[i]), generic);
  }
}

RuntimeTest(objects, CTS_003_a_type_without_hash_or_comparison_inherits_the_identity_hash) {
  weft_auto weft_object *o = weft_object_new(LIKE(.repr = repr_xyz), 0);
  int64_t identity;
  weft__hash_identity(o, &identity);
  cr_assert_eq(hash_of(o), identity);
}

RuntimeTest(objects, an_error_of_the_hash_slot_is_passed_on) {
  weft_auto weft_object *o = weft_object_new(LIKE(.hash = hash_fails), 0);
  int64_t hash;
  cr_assert(weft_hash(o, &hash) == -1 && raised(&weft_KeyError));
}

/* --- Comparison --- */

static int compare_result;
static enum weft_compare_op compare_op;
static weft_object *compare_left;
static int compare_notes(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)b;
  compare_left = a;
  compare_op = op;
  return compare_result;
}

RuntimeTest(objects, a_comparison_asks_the_left_operand) {
  weft_auto weft_object *o = weft_object_new(LIKE(.compare = compare_notes), 0);
  for (int result = 0; result <= 1; result++) {
    compare_result = result;
    for (int op = WEFT_LT; op <= WEFT_GE; op++) {
      cr_assert_eq(weft_compare(o, INT(1), (enum weft_compare_op)op), result);
      cr_assert(compare_left == o && (int)compare_op == op);
    }
  }
}

RuntimeTest(objects, a_comparison_that_the_left_operand_does_not_know_asks_the_right_one_mirrored) {
  static const enum weft_compare_op mirrored[] = {WEFT_GT, WEFT_GE, WEFT_EQ, WEFT_NE, WEFT_LT, WEFT_LE};
  weft_auto weft_object *o = weft_object_new(LIKE(.compare = compare_notes), 0);
  compare_result = 1;
  for (int op = WEFT_LT; op <= WEFT_GE; op++) {
    cr_assert_eq(weft_compare(INT(1), o, (enum weft_compare_op)op), 1);
    cr_assert(compare_left == o && compare_op == mirrored[op]);
  }
}

RuntimeTest(objects, a_comparison_that_nobody_knows_falls_back_to_identity) {
  const weft_type *type = LIKE(.compare = compare_notes);
  weft_auto weft_object *a = weft_object_new(type, 0);
  weft_auto weft_object *b = weft_object_new(type, 0);
  compare_result = WEFT_NOT_IMPLEMENTED;
  cr_assert(weft_compare(a, b, WEFT_EQ) == 0 && weft_compare(a, b, WEFT_NE) == 1);
  cr_assert(weft_compare(a, a, WEFT_EQ) == 1 && weft_compare(a, a, WEFT_NE) == 0);
  cr_assert(weft_compare(a, b, WEFT_LT) == -1);
  cr_assert(raised_with(&weft_TypeError, "'<' not supported between instances of 'sample' and 'sample'"));
}

RuntimeTest(objects, identical_objects_are_equal_without_asking) {
  weft_auto weft_object *o = weft_object_new(LIKE(.compare = compare_notes), 0);
  compare_result = -1;
  compare_left = NULL;
  cr_assert(weft_compare(o, o, WEFT_EQ) == 1 && weft_compare(o, o, WEFT_NE) == 0);
  cr_assert_null(compare_left);
}

RuntimeTest(objects, an_unknown_comparison_is_a_value_error) {
  cr_assert(weft_compare(INT(1), INT(2), (enum weft_compare_op)6) == -1 && raised(&weft_ValueError));
  cr_assert(weft_compare(INT(1), INT(1), (enum weft_compare_op) - 1) == -1 && raised(&weft_ValueError));
}

RuntimeTest(objects, ids_of_living_objects_differ) {
  weft_auto weft_object *a = INT(1000);
  weft_auto weft_object *b = INT(1000);
  cr_assert_eq(weft_id(a), weft_id(a));
  cr_assert_neq(weft_id(a), weft_id(b));
  cr_assert(weft_is(a, a) && !weft_is(a, b));
}

RuntimeTest(objects, an_instance_is_one_of_its_type_and_all_bases) {
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_is_instance(list, &weft_list_type) && weft_is_instance(list, &weft_object_type));
  cr_assert(!weft_is_instance(list, &weft_tuple_type) && !weft_is_instance(list, &weft_type_type));
  cr_assert(weft_is_instance((weft_object *)&weft_list_type, &weft_type_type));
  cr_assert(weft_type_derives(&weft_bool_type, &weft_int_type) && !weft_type_derives(&weft_int_type, &weft_bool_type));
  cr_assert(weft_type_derives(&weft_int_type, &weft_int_type));
}

/* --- Truth and length --- */

static int truth_of_slot;
static int is_true_returns(weft_object *self) {
  (void)self;
  if (truth_of_slot < 0) fails();
  return truth_of_slot;
}
static int64_t length_of_slot;
static int64_t length_returns(weft_object *self) {
  (void)self;
  if (length_of_slot < 0) fails();
  return length_of_slot;
}

RuntimeTest(objects, an_object_without_truth_or_length_is_true) {
  weft_auto weft_object *o = weft_object_new(LIKE(.hash = NULL), 0);
  cr_assert_eq(weft_is_true(o), 1);
}

RuntimeTest(objects, truth_comes_from_its_slot_or_the_length) {
  weft_auto weft_object *both = weft_object_new(LIKE(.is_true = is_true_returns, .length = length_returns), 0);
  weft_auto weft_object *sized = weft_object_new(LIKE(.length = length_returns), 0);
  truth_of_slot = 0, length_of_slot = 7;
  cr_assert(weft_is_true(both) == 0 && weft_is_true(sized) == 1 && weft_length(both) == 7);
  truth_of_slot = 1, length_of_slot = 0;
  cr_assert(weft_is_true(both) == 1 && weft_is_true(sized) == 0 && weft_length(sized) == 0);
}

RuntimeTest(objects, an_error_of_the_truth_slot_is_passed_on) {
  weft_auto weft_object *o = weft_object_new(LIKE(.is_true = is_true_returns), 0);
  truth_of_slot = -1;
  cr_assert(weft_is_true(o) == -1 && raised(&weft_KeyError));
}

RuntimeTest(objects, BOO_027_a_bad_length_gives_the_same_error_for_truth_and_length) {
  weft_auto weft_object *o = weft_object_new(LIKE(.length = length_returns), 0);
  length_of_slot = -1;
  cr_assert(weft_is_true(o) == -1 && raised_with(&weft_KeyError, "from a slot"));
  cr_assert(weft_length(o) == -1 && raised_with(&weft_KeyError, "from a slot"));
}

static const weft_type *const builtin_types[] = {
    &weft_object_type, &weft_type_type,  &weft_none_type,  &weft_bool_type,      &weft_int_type,     &weft_float_type,
    &weft_str_type,    &weft_tuple_type, &weft_list_type,  &weft_function_type,  &weft_cell_type,    &weft_thread_type,
    &weft_Exception,   &weft_ValueError, &weft_SystemExit, &weft_generator_type, &weft_GeneratorExit};
enum { BUILTIN_TYPES = sizeof builtin_types / sizeof *builtin_types };

RuntimeTest(objects, BOO_019_every_built_in_type_is_true) {
  for (size_t i = 0; i < BUILTIN_TYPES; i++) cr_assert_eq(weft_is_true((weft_object *)builtin_types[i]), 1, "%zu", i);
}

RuntimeTest(objects, a_length_that_is_not_there_is_a_type_error) {
  cr_assert(weft_length(INT(1)) == -1 && raised_with(&weft_TypeError, "'int' has no length"));
}

RuntimeTest(objects, CPO_018_the_length_of_what_has_one_and_of_what_has_none) {
  weft_auto weft_object *list = LIST(INT(1), INT(2));
  weft_auto weft_object *tuple = TUPLE(INT(1), INT(2), INT(3));
  weft_auto weft_object *str = STR("abcd");
  cr_assert(weft_length(list) == 2 && weft_length(tuple) == 3 && weft_length(str) == 4);
  weft_auto weft_object *bare = weft_cell_new(NULL);
  weft_object *const others[] = {INT(1), bare, WEFT_NONE, NULL};
  for (size_t i = 0; i < 4; i++) cr_assert(weft_length(others[i]) == -1 && raised(&weft_TypeError));
}

/* --- Calls --- */

static weft_object *call_counts(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  return n ? weft_new_ref(args[n - 1]) : INT((int64_t)n);
}

RuntimeTest(objects, an_object_with_a_call_slot_is_callable) {
  weft_auto weft_object *o = weft_object_new(LIKE(.call = call_counts), 0);
  cr_assert_eq(weft_call(o, NULL, 0), INT(0));
  cr_assert_eq(weft_call(o, (weft_object *[]){INT(5), INT(6)}, 2), INT(6));
}

RuntimeTest(objects, a_type_with_slots_makes_instances_when_called) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "point", .slot_names = (const char *const[]){"x", NULL}});
  weft_auto weft_object *o = weft_call((weft_object *)type, NULL, 0);
  cr_assert(o && weft_type_of(o) == type);
  cr_assert(!weft_call((weft_object *)type, (weft_object *[]){INT(1)}, 1) && raised(&weft_TypeError));
}

RuntimeTest(objects, types_of_containers_make_empty_ones_when_called_and_other_built_in_types_nothing) {
  for (size_t i = 0; i < BUILTIN_TYPES; i++) {
    const weft_type *type = builtin_types[i];
    weft_auto weft_object *made = weft_call((weft_object *)type, NULL, 0);
    if (type == &weft_list_type || type == &weft_tuple_type)
      cr_assert(made && made->type == type && weft_length(made) == 0);
    else
      cr_assert(!made && raised(&weft_TypeError), "%zu", i);
  }
}

/* --- Arithmetic --- */

static int adds;
static weft_object *add_ten(weft_object *a, weft_object *b) {
  (void)a, (void)b;
  adds++;
  return INT(10);
}
static weft_object *add_unknown(weft_object *a, weft_object *b) {
  (void)a, (void)b;
  adds++;
  return NULL;
}
static weft_object *add_fails(weft_object *a, weft_object *b) {
  (void)a, (void)b;
  adds++;
  return fails();
}

RuntimeTest(objects, an_operation_asks_the_left_operand_then_the_right_one) {
  weft_auto weft_object *ten = weft_object_new(LIKE(.add = add_ten, .subtract = add_ten, .multiply = add_ten), 0);
  weft_auto weft_object *unknown = weft_object_new(LIKE(.add = add_unknown), 0);
  cr_assert_eq(weft_add(ten, WEFT_NONE), INT(10));
  cr_assert_eq(weft_add(WEFT_NONE, ten), INT(10));
  cr_assert_eq(weft_subtract(INT(1), ten), INT(10));
  cr_assert_eq(weft_multiply(ten, INT(1)), INT(10));
  adds = 0;
  cr_assert_eq(weft_add(unknown, ten), INT(10));
  cr_assert_eq(adds, 2);
}

RuntimeTest(objects, an_operation_that_nobody_knows_is_a_type_error) {
  weft_auto weft_object *unknown = weft_object_new(LIKE(.add = add_unknown), 0);
  cr_assert(!weft_add(unknown, INT(1)) && raised_with(&weft_TypeError, "+: 'sample' and 'int'"));
  cr_assert(!weft_subtract(unknown, unknown) && raised_with(&weft_TypeError, "-: 'sample' and 'sample'"));
  cr_assert(!weft_multiply(INT(1), unknown) && raised(&weft_TypeError));
}

RuntimeTest(objects, an_error_of_the_left_operand_ends_the_operation) {
  weft_auto weft_object *broken = weft_object_new(LIKE(.add = add_fails), 0);
  weft_auto weft_object *ten = weft_object_new(LIKE(.add = add_ten), 0);
  adds = 0;
  cr_assert(!weft_add(broken, ten) && raised(&weft_KeyError));
  cr_assert_eq(adds, 1);
}

RuntimeTest(objects, the_slot_that_both_operands_share_is_asked_once) {
  const weft_type *type = LIKE(.add = add_unknown);
  weft_auto weft_object *a = weft_object_new(type, 0);
  weft_auto weft_object *b = weft_object_new(type, 0);
  adds = 0;
  cr_assert(!weft_add(a, b) && raised(&weft_TypeError));
  cr_assert_eq(adds, 1);
}

RuntimeTest(objects, an_operation_that_fails_beside_a_pending_error_replaces_it) {
  weft_raise(&weft_KeyError, "pending");
  cr_assert(!weft_add(WEFT_NONE, WEFT_NONE) && raised(&weft_TypeError));
}

/* --- Attributes --- */

RuntimeTest(objects, an_attribute_that_is_not_there_is_an_attribute_error) {
  cr_assert(!weft_getattr_text(INT(1), "x") && raised_with(&weft_AttributeError, "'int' object has no attribute 'x'"));
  cr_assert(weft_setattr_text(INT(1), "x", INT(1)) == -1 && raised(&weft_AttributeError));
}

static weft_object *getattr_fails(weft_object *self, weft_object *name) {
  (void)self, (void)name;
  return fails();
}

static weft_object *point(void) {
  static const char *const names[] = {"x", "y", NULL}; /* a type keeps the pointer */
  static const weft_type *type;
  if (!type) type = weft_type_new(&(weft_type_spec){.name = "point", .slot_names = names});
  return weft_instance_new(type);
}

RuntimeTest(objects, CPO_006_an_attribute_is_found_by_its_c_name) {
  weft_auto weft_object *o = point();
  cr_assert_eq(weft_setattr_text(o, "x", INT(7)), 0);
  cr_assert_eq(weft_getattr_text(o, "x"), INT(7));
  cr_assert(!weft_getattr_text(o, "z") && raised(&weft_AttributeError));
  weft_auto weft_object *broken = weft_object_new(LIKE(.getattr = getattr_fails), 0);
  cr_assert(!weft_getattr_text(broken, "x") && raised(&weft_KeyError));
  cr_assert(!weft_getattr_text(o, "\xff") && raised(&weft_ValueError), "a decode error");
}

RuntimeTest(objects, CPO_016_an_attribute_is_deleted_by_its_c_name) {
  weft_auto weft_object *o = point();
  weft_setattr_text(o, "x", INT(7));
  cr_assert_eq(weft_setattr_text(o, "x", NULL), 0);
  cr_assert(!weft_getattr_text(o, "x") && raised(&weft_AttributeError));
  cr_assert(weft_setattr_text(o, "x", NULL) == -1 && raised(&weft_AttributeError), "it is missing now");
  cr_assert(weft_setattr_text(o, "z", NULL) == -1 && raised(&weft_AttributeError));
  cr_assert(weft_setattr_text(o, "\xff", NULL) == -1 && raised(&weft_ValueError), "a decode error");
}

RuntimeTest(objects, a_null_name_is_a_type_error) {
  weft_auto weft_object *o = point();
  cr_assert(!weft_getattr_text(o, NULL) && raised(&weft_TypeError));
  cr_assert(weft_setattr_text(o, NULL, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_getattr_text(INT(1), NULL) && raised(&weft_TypeError));
  cr_assert(weft_setattr_text(INT(1), NULL, INT(1)) == -1 && raised(&weft_TypeError));
}

/* --- NULL --- */

RuntimeTest(objects, null_is_a_type_error_in_every_operation) {
  weft_object *const one = INT(1);
  int64_t hash;
  cr_assert(!weft_repr(NULL) && raised(&weft_TypeError));
  cr_assert(!weft_str(NULL) && raised(&weft_TypeError));
  cr_assert(weft_hash(NULL, &hash) == -1 && raised(&weft_TypeError));
  cr_assert(weft_compare(NULL, one, WEFT_EQ) == -1 && raised(&weft_TypeError));
  cr_assert(weft_compare(one, NULL, WEFT_EQ) == -1 && raised(&weft_TypeError));
  cr_assert(weft_compare(NULL, NULL, WEFT_EQ) == -1 && raised(&weft_TypeError));
  cr_assert(weft_is_true(NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_call(NULL, NULL, 0) && raised(&weft_TypeError));
  cr_assert(!weft_add(NULL, one) && raised(&weft_TypeError));
  cr_assert(!weft_add(one, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_subtract(NULL, one) && raised(&weft_TypeError));
  cr_assert(!weft_subtract(one, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_multiply(NULL, one) && raised(&weft_TypeError));
  cr_assert(!weft_multiply(one, NULL) && raised(&weft_TypeError));
  cr_assert(weft_length(NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_getattr_text(NULL, "x") && raised(&weft_TypeError));
  cr_assert(weft_setattr_text(NULL, "x", one) == -1 && raised(&weft_TypeError));
}

RuntimeTest(objects, null_is_an_instance_of_nothing) { cr_assert_not(weft_is_instance(NULL, &weft_object_type)); }

RuntimeTest(objects, a_null_argument_of_a_call_is_a_type_error) {
  weft_auto weft_object *o = weft_object_new(LIKE(.call = call_counts), 0);
  cr_assert(!weft_call(o, NULL, 2) && raised(&weft_TypeError));
}

/* --- Depth --- */

enum { DEEP = SANITIZED ? 200000 : 1000000, SMALL_STACK = SANITIZED ? 8 << 20 : 256 << 10 };

static weft_object *body_returns_none(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return WEFT_NONE;
}

static weft_object *in_list(weft_object *o) { return LIST(o); }
static weft_object *in_tuple(weft_object *o) { return TUPLE(o); }
static weft_object *in_pair(weft_object *o) { return TUPLE(INT(1), o); }
static weft_object *in_function(weft_object *o) {
  weft_object *f = weft_function_new("f", body_returns_none, 1, &o);
  weft_decref(o);
  return f;
}
static weft_object *in_cell(weft_object *o) {
  weft_object *cell = weft_cell_new(o);
  weft_decref(o);
  return cell;
}
static weft_object *in_instance(weft_object *o) {
  weft_object *instance = point();
  weft_slot_set(instance, 1, o);
  weft_decref(o);
  return instance;
}
static weft_object *in_error(weft_object *o) {
  static const char *const names[] = {"held", NULL};
  static const weft_type *type;
  if (!type) type = weft_type_new(&(weft_type_spec){.name = "Deep", .base = &weft_Exception, .slot_names = names});
  weft_raise(type, "x");
  weft_object *error = weft_error_take();
  weft_setattr_text(error, "held", o);
  weft_decref(o);
  return error;
}

typedef weft_object *(*wrapper)(weft_object *);
static weft_object *deep(const wrapper *wrappers, size_t n, size_t depth) {
  weft_object *o = probe_new();
  for (size_t i = 0; i < depth; i++) o = wrappers[i % n](o);
  return o;
}

#define DEEP_TEST(kind, ...)                                                   \
  RuntimeTest(objects, a_million_nested_##kind##_are_freed_on_a_small_stack) { \
    const wrapper wrappers[] = {__VA_ARGS__};                                  \
    weft_object *o = deep(wrappers, sizeof wrappers / sizeof *wrappers, DEEP); \
    weft_disown(o);                                                            \
    on_small_stack(SMALL_STACK, step_decref, o);                               \
    weft_poll();                                                               \
    cr_assert_eq(freed(), 1);                                                  \
  }

DEEP_TEST(lists, in_list)
DEEP_TEST(tuples, in_tuple)
DEEP_TEST(pairs, in_pair)
DEEP_TEST(tuples_and_pairs, in_tuple, in_pair)
DEEP_TEST(functions, in_function)
DEEP_TEST(cells, in_cell)
DEEP_TEST(instances, in_instance)
DEEP_TEST(errors, in_error)
DEEP_TEST(objects_of_all_kinds, in_list, in_tuple, in_function, in_cell, in_instance, in_error)

static void step_build_and_drop(void *unused) {
  (void)unused;
  const wrapper wrappers[] = {in_instance, in_list, in_cell};
  weft_decref(deep(wrappers, 3, DEEP));
}

RuntimeTest(objects, a_deep_nest_is_freed_by_its_maker_on_a_small_stack) {
  on_small_stack(SMALL_STACK, step_build_and_drop, NULL);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(objects, deep_nests_are_freed_by_several_threads_at_once) {
  weft_decref(point()); /* makes its type before there are threads */
  in_new_threads(4, step_build_and_drop, NULL);
  cr_assert_eq(freed(), 4);
}

RuntimeTest(objects, a_deep_nest_with_finalizers_runs_each_once) {
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "link", .slot_names = (const char *const[]){"next", NULL}, .finalize = probe_finalize});
  weft_object *o = WEFT_NONE;
  for (int i = 0; i < DEEP / 4; i++) {
    weft_object *outer = weft_instance_new(type);
    weft_slot_set(outer, 0, o);
    weft_decref(o);
    o = outer;
  }
  weft_disown(o);
  on_small_stack(SMALL_STACK, step_decref, o);
  weft_poll();
  cr_assert_eq(finalized(), DEEP / 4);
}

static weft_object *resurrected[8];
static uint32_t resurrections;
static void finalize_resurrects(weft_object *self) { resurrected[resurrections++] = weft_new_ref(self); }

RuntimeTest(objects, a_deep_object_can_be_resurrected_by_its_finalizer) {
  const weft_type *type = LIKE(.finalize = finalize_resurrects, .dealloc = probe_dealloc);
  weft_object *o = weft_object_new(type, 0);
  weft_object *kept = o;
  for (int i = 0; i < 1000; i++) o = LIST(o);
  weft_decref(o);
  cr_assert_eq(resurrections, 1);
  cr_assert_eq(weft_refcount(kept), 1);
  cr_assert_eq(freed(), 0);
  weft_decref(kept);
  cr_assert_eq(freed(), 1);
}

static void step_deep_errors(void *unused) {
  (void)unused;
  int64_t hash;
  weft_object *a = nested_list(50000), *b = nested_list(50000);
  weft_object *t = nested_tuple(50000), *u = nested_tuple(50000);
  for (int again = 0; again < 2; again++) {
    cr_expect(!weft_repr(a) && raised(&weft_RecursionError));
    cr_expect(!weft_str(t) && raised(&weft_RecursionError));
    cr_expect(weft_compare(a, b, WEFT_EQ) == -1 && raised(&weft_RecursionError));
    cr_expect(weft_compare(a, b, WEFT_LT) == -1 && raised(&weft_RecursionError));
    cr_expect(weft_compare(t, u, WEFT_NE) == -1 && raised(&weft_RecursionError));
    cr_expect(weft_hash(t, &hash) == -1 && raised(&weft_RecursionError));
  }
  weft_decref(a);
  weft_decref(b);
  weft_decref(t);
  weft_decref(u);
}

RuntimeTest(objects, text_comparison_and_hash_of_deep_nests_are_recursion_errors_on_a_small_stack) {
  on_small_stack(SMALL_STACK, step_deep_errors, NULL);
}

RuntimeTest(objects, after_a_recursion_error_shallow_objects_work) {
  weft_auto weft_object *deep_list = nested_list(5000);
  weft_auto weft_object *shallow = nested_list(3);
  cr_assert(!weft_repr(deep_list) && raised(&weft_RecursionError));
  assert_text(weft_repr(shallow), "[[[]]]");
}

RuntimeTest(objects, a_nest_of_five_hundred_has_a_text) {
  weft_auto weft_object *list = nested_list(500);
  weft_auto weft_object *text = weft_repr(list);
  cr_assert_eq(weft_str_length(text), 1000);
}

RuntimeTest(objects, a_list_inside_itself_compares_with_another_as_a_recursion_error) {
  weft_object *a = weft_list_new(), *b = weft_list_new();
  weft_list_append(a, a);
  weft_list_append(b, b);
  cr_assert(weft_compare(a, b, WEFT_EQ) == -1 && raised(&weft_RecursionError));
  cr_assert(weft_compare(a, b, WEFT_LT) == -1 && raised(&weft_RecursionError));
  weft_list_clear(a);
  weft_list_clear(b);
  weft_decref(a);
  weft_decref(b);
}

static weft_object *str_recurses(weft_object *self) { return weft_str(self); }
static weft_object *repr_recurses(weft_object *self) { return weft_repr(self); }
static int is_true_recurses(weft_object *self) { return weft_is_true(self); }
static int64_t length_recurses(weft_object *self) { return weft_length(self); }
static weft_object *add_recurses(weft_object *a, weft_object *b) { return weft_add(a, b); }
static weft_object *getattr_recurses(weft_object *self, weft_object *name) { return weft_getattr(self, name); }

RuntimeTest(objects, a_repr_slot_that_never_ends_is_a_recursion_error, .timeout = SANITIZED ? 60 : 10) {
  weft_auto weft_object *o = weft_object_new(LIKE(.repr = repr_recurses), 0);
  cr_assert(!weft_repr(o) && raised(&weft_RecursionError));
}

RuntimeTest(objects, a_str_slot_that_never_ends_is_a_recursion_error, .timeout = SANITIZED ? 60 : 10) {
  weft_auto weft_object *o = weft_object_new(LIKE(.str = str_recurses), 0);
  cr_assert(!weft_str(o) && raised(&weft_RecursionError));
}

RuntimeTest(objects, a_truth_slot_that_never_ends_is_a_recursion_error, .timeout = SANITIZED ? 60 : 10) {
  weft_auto weft_object *o = weft_object_new(LIKE(.is_true = is_true_recurses), 0);
  cr_assert(weft_is_true(o) == -1 && raised(&weft_RecursionError));
}

RuntimeTest(objects, a_length_slot_that_never_ends_is_a_recursion_error, .timeout = SANITIZED ? 60 : 10) {
  weft_auto weft_object *o = weft_object_new(LIKE(.length = length_recurses), 0);
  cr_assert(weft_length(o) == -1 && raised(&weft_RecursionError));
}

RuntimeTest(objects, an_add_slot_that_never_ends_is_a_recursion_error, .timeout = SANITIZED ? 60 : 10) {
  weft_auto weft_object *o = weft_object_new(LIKE(.add = add_recurses), 0);
  cr_assert(!weft_add(o, o) && raised(&weft_RecursionError));
}

RuntimeTest(objects, a_getattr_slot_that_never_ends_is_a_recursion_error, .timeout = SANITIZED ? 60 : 10) {
  weft_auto weft_object *o = weft_object_new(LIKE(.getattr = getattr_recurses), 0);
  cr_assert(!weft_getattr_text(o, "x") && raised(&weft_RecursionError));
}

/* --- Sizes --- */

RuntimeTest(objects, sizeof_is_what_an_object_takes_itself) {
  weft_auto weft_object *number = INT(1000), *pair = TUPLE(INT(1), INT(2)), *text = STR("hello");
  cr_assert_eq(weft_sizeof(number), 16 + 8);
  cr_assert_eq(weft_sizeof(pair), 16 + 8 + 2 * 8);
  cr_assert_eq(weft_sizeof(WEFT_NONE), 16);
  weft_auto weft_object *longer = STR("hello, hello");
  cr_assert_eq(weft_sizeof(longer) - weft_sizeof(text), 7);
  cr_assert(weft_sizeof(NULL) == -1 && raised(&weft_TypeError));
}

RuntimeTest(objects, sizeof_a_container_counts_its_table_but_not_its_items) {
  weft_auto weft_object *list = weft_list_new(), *dict = weft_dict_new(), *set = weft_set_new();
  int64_t list_empty = weft_sizeof(list), dict_empty = weft_sizeof(dict), set_empty = weft_sizeof(set);
  for (int i = 0; i < 100; i++) {
    weft_auto weft_object *item = weft_str_format("a rather long text, number %d", i);
    cr_assert(weft_list_append(list, item) == 0 && weft_dict_set(dict, item, item) == 0 &&
              weft_set_add(set, item) == 0);
  }
  int64_t of_list = weft_sizeof(list) - list_empty;
  cr_assert(of_list >= 8 * weft_list_capacity(list) && of_list <= 8 * weft_list_capacity(list) + 16);
  cr_assert(weft_sizeof(dict) - dict_empty >= 16 * weft_dict_capacity(dict));
  cr_assert(weft_sizeof(set) - set_empty >= 100 * 16);
  cr_assert(weft_list_clear(list) == 0 && weft_dict_clear(dict) == 0);
  cr_assert_eq(weft_sizeof(list), list_empty);
  cr_assert_eq(weft_sizeof(dict), dict_empty);
}

RuntimeTest(objects, sizeof_counts_raw_memory) {
  weft_auto weft_object *bytes = weft_bytes_new(NULL, 100), *shorter = weft_bytes_new(NULL, 60);
  weft_auto weft_object *array = weft_array_new('i'), *byte = weft_bytearray_new(NULL, 1000);
  cr_assert_eq(weft_sizeof(bytes) - weft_sizeof(shorter), 40);
  int64_t empty = weft_sizeof(array);
  for (int i = 0; i < 100; i++) cr_assert_eq(weft_array_append(array, INT(i)), 0);
  cr_assert_eq(weft_sizeof(array), empty + 4 * weft_array_capacity(array));
  cr_assert_geq(weft_sizeof(byte), empty + 1000);
  cr_assert_eq(weft_bytearray_clear(byte), 0);
  cr_assert_eq(weft_sizeof(byte), empty);
}

static size_t size_of_hidden(weft_object *self) {
  (void)self;
  return 12345;
}
RuntimeTest(objects, sizeof_asks_the_types_own_slot) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "big", .flags = WEFT_TYPE_BASE, .size_of = size_of_hidden});
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "bigger", .base = type});
  weft_auto weft_object *o = weft_object_new(type, 0), *of_derived = weft_object_new(derived, 0);
  cr_assert(weft_sizeof(o) == 12345 && weft_sizeof(of_derived) == 12345);
}

/* --- Operators in place --- */

RuntimeTest(objects, in_place_operations_change_what_can_be_changed) {
  weft_auto weft_object *list = LIST(INT(1)), *more = LIST(INT(2)), *two = INT(2);
  weft_auto weft_object *same = weft_in_place_add(list, more);
  cr_assert(same == list && weft_list_length(list) == 2);
  weft_auto weft_object *again = weft_in_place_multiply(list, two);
  cr_assert(again == list && weft_list_length(list) == 4);
  weft_auto weft_object *tuple = TUPLE(INT(1)), *other = weft_in_place_add(tuple, tuple);
  cr_assert(other != tuple && weft_tuple_length(other) == 2 && weft_tuple_length(tuple) == 1);
  weft_auto weft_object *three = weft_in_place_add(two, WEFT_TRUE);
  cr_assert(weft_int_value(three) == 3 && weft_int_value(two) == 2);
  cr_assert(!weft_in_place_add(list, two) && raised(&weft_TypeError));
  cr_assert(!weft_in_place_or(list, list) && raised(&weft_TypeError));
  cr_assert(!weft_in_place_add(NULL, list) && raised(&weft_TypeError));
}

RuntimeTest(objects, bits_of_ints_and_of_bools) {
  weft_auto weft_object *twelve = INT(12), *ten = INT(10);
  weft_auto weft_object *and = weft_and(twelve, ten), * or = weft_or(twelve, ten), *xor = weft_xor(twelve, ten);
  cr_assert(weft_int_value(and) == 8 && weft_int_value(or) == 14 && weft_int_value(xor) == 6);
  cr_assert(weft_and(WEFT_TRUE, WEFT_FALSE) == WEFT_FALSE && weft_or(WEFT_TRUE, WEFT_FALSE) == WEFT_TRUE);
  weft_auto weft_object *mixed = weft_or(WEFT_TRUE, ten);
  cr_assert(weft_int_check(mixed) && weft_int_value(mixed) == 11);
  weft_auto weft_object *half = FLOAT(0.5);
  cr_assert(!weft_and(half, ten) && raised_with(&weft_TypeError, "&"));
}

RuntimeTest(objects, iterators_are_keys_by_their_identity) {
  weft_auto weft_object *list = weft_list_new(), *dict = weft_dict_new(), *set = weft_set_new();
  weft_object *iterators[] = {weft_iter(list), weft_iter(dict), weft_dict_iter_items(dict), weft_iter(set)};
  enum { ITERATORS = sizeof iterators / sizeof *iterators };
  weft_auto weft_object *keys = weft_set_new();
  for (int i = 0; i < ITERATORS; i++) {
    int64_t first, second;
    cr_assert(weft_hash(iterators[i], &first) == 0 && weft_hash(iterators[i], &second) == 0 && first == second);
    cr_assert_eq(weft_set_add(keys, iterators[i]), 0);
  }
  cr_assert_eq(weft_set_length(keys), ITERATORS);
  for (int i = 0; i < ITERATORS; i++) {
    cr_assert_eq(weft_set_contains(keys, iterators[i]), 1);
    weft_decref(iterators[i]);
  }
}
