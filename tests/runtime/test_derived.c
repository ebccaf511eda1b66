/* SPDX-License-Identifier: MIT */
/* Types that derive from list, tuple, dict, set and frozenset. */
#include "faults_support.h"
#include "sequence_support.h"

RuntimeSuite(derived);

static const weft_type *derive(const weft_type *base) {
  return weft_type_new(&(weft_type_spec){.name = "derived", .base = base});
}
/* With a fixed slot and any attributes beside what the base has. */
static const weft_type *derive_with_attributes(const weft_type *base) {
  return weft_type_new(&(weft_type_spec){.name = "derived",
                                         .base = base,
                                         .flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE,
                                         .slot_names = (const char *const[]){"slot", NULL}});
}

static weft_object *called(const weft_type *type, weft_object *arg) {
  return weft_call((weft_object *)type, &arg, arg ? 1 : 0);
}
static weft_object *list_to(int64_t n) {
  weft_auto weft_object *numbers = count_to(n);
  return numbers ? weft_list_from(numbers) : NULL;
}

static const weft_type *const bases[] = {&weft_list_type, &weft_tuple_type, &weft_dict_type, &weft_set_type,
                                         &weft_frozenset_type};
enum { BASES = sizeof bases / sizeof *bases };

/* What a base can be made of, and reads like then; as the derived type, in a container of its own kind. */
static weft_object *sample(const weft_type *type) {
  weft_auto weft_object *numbers = list_to(3);
  if (!numbers || !weft_type_derives(type, &weft_dict_type)) return numbers ? called(type, numbers) : NULL;
  weft_auto weft_object *dict = weft_dict_from_keys(numbers, WEFT_NONE);
  return dict ? called(type, dict) : NULL;
}

RuntimeTest(derived, instances_are_what_their_base_is) {
  for (int i = 0; i < BASES; i++) {
    const weft_type *type = derive(bases[i]);
    weft_auto weft_object *o = sample(type), *plain = sample(bases[i]), *empty = called(type, NULL);
    cr_assert(o && o->type == type && weft_is_instance(o, bases[i]) && plain->type == bases[i], "%d", i);
    cr_assert(weft_length(o) == 3 && weft_length(empty) == 0 && weft_is_true(empty) == 0);
    cr_assert(equal(o, plain) && equal(plain, o) && !equal(o, empty), "%d", i);
    cr_assert(weft_contains(o, INT(2)) == 1 && weft_contains(o, INT(3)) == 0);
    weft_auto weft_object *text = weft_repr(o), *items = weft_list_from(o);
    cr_assert(text && reads(items, "[0, 1, 2]"));
    weft_object *two[] = {items, items};
    cr_assert(!weft_call((weft_object *)type, two, 2) && raised(&weft_TypeError));
    cr_assert(!weft_call((weft_object *)bases[i], two, 2) && raised(&weft_TypeError));
  }
}

RuntimeTest(derived, instances_have_attributes_beside_their_items) {
  weft_auto weft_object *name = STR("name"), *slot = STR("slot");
  for (int i = 0; i < BASES; i++) {
    if (bases[i] == &weft_tuple_type) continue; /* its items stand behind its body */
    const weft_type *type = derive_with_attributes(bases[i]), *more = derive_with_attributes(type);
    weft_auto weft_object *o = sample(more);
    weft_auto weft_object *a = probe_new(), *b = probe_new();
    cr_assert(o && weft_setattr(o, name, a) == 0 && weft_setattr(o, slot, b) == 0, "%d", i);
    weft_auto weft_object *x = weft_getattr(o, name), *y = weft_getattr(o, slot);
    cr_assert(x == a && y == b && weft_length(o) == 3 && weft_contains(o, INT(1)) == 1);
  }
  cr_assert(!weft_type_new(&(weft_type_spec){.name = "t", .base = &weft_tuple_type, .flags = WEFT_TYPE_DICT}));
  cr_assert(raised(&weft_TypeError));
  cr_assert(!weft_type_new(&(weft_type_spec){.name = "t", .base = &weft_tuple_type, .basic_size = 64}));
  cr_assert(raised_with(&weft_TypeError, "behind its body"));
}

static int count_visit(weft_object *o, void *arg) {
  (void)o;
  ++*(int *)arg;
  return 0;
}

RuntimeTest(derived, items_and_attributes_are_traversed_cleared_and_die_with_the_instance) {
  weft_auto weft_object *name = STR("name"), *slot = STR("slot");
  const weft_type *type = derive_with_attributes(&weft_list_type);
  weft_object *o = called(type, NULL);
  weft_auto weft_object *a = probe_new(), *b = probe_new(), *c = probe_new();
  cr_assert(weft_list_append(o, a) == 0 && weft_setattr(o, name, b) == 0 && weft_setattr(o, slot, c) == 0);
  int visits = 0;
  cr_assert(type->spec.traverse(o, count_visit, &visits) == 0 && visits == 3);
  weft_clear(&a);
  weft_clear(&b);
  cr_assert(type->spec.clear(o) == 0 && freed() == 2 && weft_list_length(o) == 0);
  cr_assert_eq(weft_list_append(o, c), 0);
  weft_clear(&c);
  weft_decref(o);
  cr_assert_eq(freed(), 3);
}

static uint32_t deaths;
static void dealloc_counts(weft_object *self) {
  deaths++;
  weft_dict_type.spec.dealloc(self);
}
static void finalize_counts(weft_object *self) { deaths += (uint32_t)weft_length(self); }

RuntimeTest(derived, a_type_may_have_a_dealloc_and_a_finalizer_of_its_own) {
  const weft_type *dict = weft_type_new(
      &(weft_type_spec){.name = "d", .base = &weft_dict_type, .dealloc = dealloc_counts, .basic_size = 1000});
  weft_decref(sample(dict));
  cr_assert_eq(deaths, 1);
  const weft_type *set =
      weft_type_new(&(weft_type_spec){.name = "s", .base = &weft_set_type, .finalize = finalize_counts});
  weft_decref(sample(set));
  cr_assert_eq(deaths, 4);
}

/* --- Operators --- */

RuntimeTest(derived, SEQ_011_a_derived_sequence_once_is_a_plain_one) {
  for (int i = 0; i < 2; i++) {
    const weft_type *type = derive(bases[i]);
    weft_auto weft_object *numbers = list_to(3), *plain = called(bases[i], numbers), *o = called(type, numbers);
    for (int64_t n = 0; n < 4; n++) {
      weft_auto weft_object *right = weft_multiply(plain, INT(n)), *left = weft_multiply(INT(n), plain);
      cr_assert(equal(right, left) && weft_length(right) == 3 * n);
    }
    weft_auto weft_object *once = weft_multiply(o, INT(1)), *all = sliced(o, 0, INT64_MAX, 1);
    cr_assert(once != o && once->type == bases[i] && equal(once, o));
    cr_assert(all != o && all->type == bases[i] && equal(all, o));
  }
}

static weft_object *get_item_lies(weft_object *self, weft_object *key) {
  (void)self, (void)key;
  return STR("no");
}

RuntimeTest(derived, SEQ_014_access_to_items_that_a_type_replaces_does_not_affect_iteration) {
  for (int i = 0; i < 2; i++) {
    const weft_type *type =
        weft_type_new(&(weft_type_spec){.name = "lying", .base = bases[i], .get_item = get_item_lies});
    weft_auto weft_object *o = sample(type), *it = weft_iter(o), *first = weft_next(it),
                          *lie = weft_get_item(o, INT(0));
    cr_assert(first == INT(0) && weft_str_check(lie));
  }
}

RuntimeTest(derived, TLI_015_a_tuple_and_a_derived_list_are_not_added) {
  weft_auto weft_object *list = sample(derive(&weft_list_type)), *tuple = weft_tuple_pack(0);
  cr_assert(!weft_add(tuple, list) && raised(&weft_TypeError));
}
RuntimeTest(derived, TUP_020_a_list_and_a_derived_tuple_are_not_added) {
  weft_auto weft_object *tuple = sample(derive(&weft_tuple_type)), *list = weft_list_new();
  cr_assert(!weft_add(list, tuple) && raised(&weft_TypeError));
}

RuntimeTest(derived, lists_and_tuples_add_and_compare_with_derived_ones) {
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *o = sample(derive(bases[i])), *plain = sample(bases[i]);
    weft_auto weft_object *a = weft_add(o, plain), *b = weft_add(plain, o), *none = called(bases[i], NULL);
    weft_auto weft_object *c = weft_add(o, none);
    cr_assert(a->type == bases[i] && b->type == bases[i] && equal(a, b) && weft_length(a) == 6 && c->type == bases[i]);
    cr_assert(weft_compare(o, a, WEFT_LT) == 1 && weft_compare(a, o, WEFT_GT) == 1);
  }
}

RuntimeTest(derived, sets_combine_with_derived_ones) {
  for (int i = 3; i < 5; i++) {
    weft_auto weft_object *o = sample(derive(bases[i])), *plain = sample(bases[i]);
    weft_auto weft_object *both = weft_and(o, plain), *rest = weft_subtract(plain, o), *either = weft_or(o, o);
    cr_assert(both->type == bases[i] && equal(both, o) && weft_length(rest) == 0 && either->type == bases[i]);
    cr_assert(weft_set_is_subset(o, plain) == 1 && weft_set_is_superset(plain, o) == 1);
    cr_assert(weft_set_is_disjoint(o, plain) == 0 && weft_compare(o, plain, WEFT_LE) == 1);
    cr_assert(reads(o, "derived({0, 1, 2})"));
  }
  weft_auto weft_object *list = list_to(4), *set = sample(derive(&weft_set_type));
  cr_assert(weft_set_update(set, list) == 0 && weft_set_length(set) == 4 && weft_set_discard(set, INT(0)) == 1);
  weft_auto weft_object *frozen = sample(derive(&weft_frozenset_type)), *plain = sample(&weft_frozenset_type);
  cr_assert(hash_of(frozen) == hash_of(plain) && weft_set_add(frozen, INT(9)) == -1 && raised(&weft_TypeError));
}

RuntimeTest(derived, SET_066_a_derived_frozenset_of_an_empty_derived_one_is_equal_to_it) {
  const weft_type *type = derive(&weft_frozenset_type);
  weft_auto weft_object *empty = called(type, NULL), *again = called(type, empty);
  cr_assert(equal(empty, again));
}

RuntimeTest(derived, SET_067_empty_derived_frozensets_are_distinct) {
  const weft_type *type = derive(&weft_frozenset_type);
  weft_auto weft_object *list = weft_list_new(), *tuple = weft_tuple_pack(0), *text = STR("");
  weft_auto weft_object *range = weft_range_new(0, 0, 1), *plain = weft_frozenset_new(), *first = called(type, NULL);
  weft_object *const sources[] = {NULL, list, tuple, text, range, plain, first};
  enum { N = sizeof sources / sizeof *sources };
  weft_object *made[N];
  for (int i = 0; i < N; i++) {
    made[i] = called(type, sources[i]);
    cr_assert(made[i] && made[i] != first && made[i]->type == type);
    for (int j = 0; j < i; j++) cr_assert(made[i] != made[j] && equal(made[i], made[j]));
  }
  for (int i = 0; i < N; i++) weft_decref(made[i]);
}

/* --- dict --- */

static weft_object *missing_is_negative(weft_object *self, weft_object *key) {
  (void)self;
  if (weft_int_value(key) > 100) return weft_raise(&weft_RuntimeError, "no number");
  return INT(-weft_int_value(key));
}

RuntimeTest(derived, DIC_042_a_hook_supplies_what_is_missing_for_get_item_only) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "filled", .base = &weft_dict_type, .flags = WEFT_TYPE_DICT, .missing = missing_is_negative});
  weft_auto weft_object *o = called(type, NULL), *number = INT(7), *large = INT(101);
  cr_assert_eq(weft_set_item(o, INT(1), INT(10)), 0);
  weft_auto weft_object *there = weft_get_item(o, INT(1)), *missing = weft_get_item(o, number);
  cr_assert(there == INT(10) && weft_int_value(missing) == -7);
  cr_assert(weft_contains(o, number) == 0 && weft_length(o) == 1);
  weft_object *value;
  cr_assert(weft_dict_find(o, number, &value) == 0 && !weft_dict_get(o, number) && raised(&weft_KeyError));
  cr_assert(!weft_get_item(o, large) && raised(&weft_RuntimeError));
  /* A hook of an instance is none. */
  weft_auto weft_object *plain = called(derive_with_attributes(&weft_dict_type), NULL), *hook = STR("missing");
  cr_assert(weft_setattr(plain, hook, number) == 0 && !weft_get_item(plain, number) && raised(&weft_KeyError));
}

static weft_object *iter_backwards(weft_object *self) { return weft_dict_reverse_keys(self); }
static weft_object *iter_of_list_backwards(weft_object *self) { return weft_reversed(self); }

RuntimeTest(derived, DIC_078_an_order_of_its_own_is_kept_by_what_is_made_of_it) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "backwards", .base = &weft_dict_type, .iter = iter_backwards});
  weft_auto weft_object *o = sample(type), *dict = called(&weft_dict_type, o), *keys = weft_dict_keys(dict);
  cr_assert(reads(keys, "[2, 1, 0]"));
  weft_auto weft_object *updated = weft_dict_new();
  cr_assert(weft_dict_update(updated, o) == 0 && reads(updated, "{2: None, 1: None, 0: None}"));
  weft_auto weft_object *same_order = sample(derive(&weft_dict_type)), *copy = called(&weft_dict_type, same_order);
  cr_assert(reads(copy, "{0: None, 1: None, 2: None}"));
  const weft_type *list_type =
      weft_type_new(&(weft_type_spec){.name = "backwards", .base = &weft_list_type, .iter = iter_of_list_backwards});
  weft_auto weft_object *list = sample(list_type), *of_list = weft_list_from(list), *tuple = weft_tuple_from(list);
  cr_assert(reads(of_list, "[2, 1, 0]") && reads(tuple, "(2, 1, 0)"));
}

static int init_with_list(weft_object *self, weft_object *const *args, size_t n) {
  weft_auto weft_object *list = list_to(2);
  (void)args, (void)n;
  return list ? weft_list_extend(self, list) : -1;
}

RuntimeTest(derived, a_type_may_initialise_its_instances_itself) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "own", .base = &weft_list_type, .init = init_with_list});
  weft_auto weft_object *o = called(type, WEFT_NONE), *made = weft_object_new(type, 0);
  cr_assert(reads(o, "[0, 1]") && reads(made, "[]"));
  weft_object *tuple = weft_object_new(derive(&weft_tuple_type), 2);
  cr_assert(!tuple && raised_with(&weft_TypeError, "made by calling it"));
}

/* --- Initialising again --- */

RuntimeTest(derived, SET_027_initialising_a_set_again_replaces_what_is_in_it) {
  weft_auto weft_object *text = STR("abc"), *more = STR("xyz"), *set = called(&weft_set_type, text);
  weft_object *const args[] = {more, more};
  cr_assert_eq(weft_set_type.spec.init(set, args, 1), 0);
  weft_auto weft_object *expected = weft_set_from(more);
  cr_assert(equal(set, expected));
  cr_assert(weft_set_type.spec.init(set, args, 2) == -1 && raised(&weft_TypeError));
  weft_object *const number[] = {INT(1)};
  cr_assert(weft_set_type.spec.init(set, number, 1) == -1 && raised(&weft_TypeError) && equal(set, expected));
  weft_object *const itself[] = {set};
  cr_assert(weft_set_type.spec.init(set, itself, 1) == 0 && equal(set, expected));
  cr_assert(weft_set_type.spec.init(set, NULL, 0) == 0 && weft_set_length(set) == 0);
}

RuntimeTest(derived, SET_001_a_set_is_made_of_one_argument_at_most) {
  weft_auto weft_object *text = STR("abc");
  weft_object *const two[] = {text, text};
  cr_assert(!weft_call((weft_object *)&weft_set_type, two, 2) && raised(&weft_TypeError));
  cr_assert(!weft_call((weft_object *)&weft_frozenset_type, two, 2) && raised(&weft_TypeError));
  cr_assert(!called(&weft_set_type, INT(1)) && raised(&weft_TypeError));
  weft_auto weft_object *set = called(&weft_set_type, text), *none = called(&weft_set_type, NULL);
  cr_assert(weft_length(set) == 3 && weft_length(none) == 0);
}

RuntimeTest(derived, a_list_that_is_initialised_again_has_the_new_items_only) {
  weft_auto weft_object *list = list_to(3), *two = list_to(2);
  cr_assert(weft_list_type.spec.init(list, &two, 1) == 0 && reads(list, "[0, 1]"));
  cr_assert(weft_list_type.spec.init(list, &list, 1) == 0 && reads(list, "[0, 1]"));
  cr_assert(weft_list_type.spec.init(list, NULL, 0) == 0 && reads(list, "[]"));
}

/* --- Is it one? --- */

RuntimeTest(derived, CPL_001_a_derived_list_is_a_list) {
  weft_auto weft_object *list = sample(derive(&weft_list_type)), *plain = weft_list_new(), *dict = weft_dict_new();
  weft_auto weft_object *tuple = weft_tuple_pack(0), *object = weft_object_new(&weft_object_type, 0);
  cr_assert(weft_is_instance(list, &weft_list_type) && weft_is_instance(plain, &weft_list_type));
  cr_assert(weft_list_check(plain) && !weft_list_check(list));
  weft_object *const others[] = {dict, tuple, INT(42), object};
  for (int i = 0; i < 4; i++) cr_assert(!weft_is_instance(others[i], &weft_list_type) && !weft_list_check(others[i]));
}

RuntimeTest(derived, CPT_001_a_derived_tuple_is_a_tuple) {
  weft_auto weft_object *tuple = sample(derive(&weft_tuple_type)), *plain = weft_tuple_pack(0), *list = weft_list_new();
  cr_assert(weft_is_instance(tuple, &weft_tuple_type) && weft_is_instance(plain, &weft_tuple_type));
  cr_assert(!weft_is_instance(list, &weft_tuple_type) && !weft_is_instance(INT(1), &weft_tuple_type));
}

RuntimeTest(derived, CPS_005_a_derived_set_or_frozenset_is_one) {
  weft_auto weft_object *set = sample(derive(&weft_set_type)), *frozen = sample(derive(&weft_frozenset_type));
  weft_auto weft_object *object = weft_object_new(&weft_object_type, 0);
  cr_assert(weft_is_instance(set, &weft_set_type) && !weft_is_instance(set, &weft_frozenset_type));
  cr_assert(weft_is_instance(frozen, &weft_frozenset_type) && !weft_is_instance(frozen, &weft_set_type));
  cr_assert(!weft_is_instance(object, &weft_set_type) && !weft_is_instance(object, &weft_frozenset_type));
}

/* Where CPython has SystemError for misuse from C, Weft has TypeError. */
RuntimeTest(derived, CPL_005_the_length_of_a_list) {
  weft_auto weft_object *empty = weft_list_new(), *two = list_to(2), *o = called(derive(&weft_list_type), two);
  cr_assert(weft_list_length(empty) == 0 && weft_list_length(two) == 2 && weft_list_length(o) == 2);
}

RuntimeTest(derived, CPT_005_the_length_of_a_tuple) {
  weft_auto weft_object *empty = weft_tuple_pack(0), *two = weft_tuple_pack(2, INT(1), INT(2)), *list = list_to(2);
  weft_auto weft_object *o = called(derive(&weft_tuple_type), two), *object = weft_object_new(&weft_object_type, 0);
  cr_assert(weft_tuple_length(empty) == 0 && weft_tuple_length(two) == 2 && weft_tuple_length(o) == 2);
  weft_object *const others[] = {list, INT(1), object};
  for (int i = 0; i < 3; i++) cr_assert(weft_tuple_length(others[i]) == -1 && raised(&weft_TypeError));
}

RuntimeTest(derived, CPT_006_the_length_slot_of_a_tuple) {
  weft_auto weft_object *empty = weft_tuple_pack(0), *two = weft_tuple_pack(2, INT(1), INT(2));
  weft_auto weft_object *o = called(derive(&weft_tuple_type), two);
  cr_assert(weft_length(empty) == 0 && weft_length(two) == 2 && weft_length(o) == 2);
}

RuntimeTest(derived, items_of_a_derived_tuple) {
  weft_auto weft_object *three = weft_tuple_pack(3, INT(1), INT(2), INT(3)),
                        *o = called(derive(&weft_tuple_type), three);
  weft_auto weft_object *list = list_to(3);
  weft_object *const both[] = {three, o};
  for (int i = 0; i < 2; i++) {
    cr_assert(weft_tuple_get(both[i], 0) == INT(1) && weft_tuple_get(both[i], 2) == INT(3));
    const int64_t wrong[] = {3, -4, INT64_MAX, INT64_MIN};
    for (int k = 0; k < 4; k++) cr_assert(!weft_tuple_get(both[i], wrong[k]) && raised(&weft_IndexError));
  }
  cr_assert(!weft_tuple_get(list, 0) && raised(&weft_TypeError));
  cr_assert(!weft_tuple_get(INT(1), 0) && raised(&weft_TypeError));
}

RuntimeTest(derived, CPT_008_borrowed_items_of_a_tuple) {
  weft_auto weft_object *three = TUPLE(LIST(INT(1)), LIST(INT(2)), LIST(INT(3)));
  weft_auto weft_object *o = called(derive(&weft_tuple_type), three);
  weft_object *const both[] = {three, o};
  for (int i = 0; i < 2; i++) {
    cr_assert(reads(weft_tuple_get_borrow(both[i], 0), "[1]"));
    cr_assert(reads(weft_tuple_get_borrow(both[i], 2), "[3]"));
  }
}

RuntimeTest(derived, CPL_015_a_derived_list_is_sorted) {
  weft_auto weft_object *numbers = LIST(INT(4), INT(6), INT(7), INT(3), INT(9));
  weft_auto weft_object *o = called(derive(&weft_list_type), numbers), *tuple = weft_tuple_pack(0);
  weft_object *const both[] = {numbers, o};
  for (int i = 0; i < 2; i++) cr_assert(weft_list_sort(both[i], NULL, false) == 0 && reads(both[i], "[3, 4, 6, 7, 9]"));
  cr_assert(weft_list_sort(tuple, NULL, false) == -1 && raised(&weft_TypeError));
  cr_assert(weft_list_sort(NULL, NULL, false) == -1 && raised(&weft_TypeError));
}

/* --- Memory, threads --- */

static const weft_type *types[BASES];
static bool scenario_of_instances(void) {
  for (int i = 0; i < BASES; i++) {
    weft_auto weft_object *o = sample(types[i]);
    if (!o) return false;
  }
  return true;
}

RuntimeTest(derived, without_memory_nothing_is_lost) {
  for (int i = 0; i < BASES; i++)
    types[i] = bases[i] == &weft_tuple_type ? derive(bases[i]) : derive_with_attributes(bases[i]);
  fail_everywhere(scenario_of_instances);
}

static void step_uses(void *o) {
  weft_auto weft_object *name = STR("name");
  for (int64_t i = 0; i < 300; i++) {
    weft_auto weft_object *number = INT(i);
    if (weft_is_instance(o, &weft_list_type))
      cr_expect(weft_list_append(o, number) == 0);
    else if (weft_is_instance(o, &weft_dict_type))
      cr_expect(weft_dict_set(o, number, number) == 0);
    else
      cr_expect(weft_set_add(o, number) == 0);
    cr_expect(weft_setattr(o, name, number) == 0 && weft_contains(o, INT(0)) == 1);
  }
}

RuntimeTest(derived, threads_share_instances) {
  for (int i = 0; i < BASES; i++) {
    if (bases[i] == &weft_tuple_type || bases[i] == &weft_frozenset_type) continue;
    weft_auto weft_object *o = called(derive_with_attributes(bases[i]), NULL);
    in_new_threads(4, step_uses, o);
    cr_assert_eq(weft_length(o), bases[i] == &weft_list_type ? 1200 : 300);
  }
}

/* --- bytearray and array --- */

RuntimeTest(derived, CPA_001_a_derived_bytearray_is_a_bytearray) {
  weft_auto weft_object *abc = weft_bytes_new("abc", 3), *o = called(derive(&weft_bytearray_type), abc);
  weft_auto weft_object *plain = weft_bytearray_new("abc", 3), *list = weft_list_new();
  cr_assert(weft_is_instance(plain, &weft_bytearray_type) && weft_is_instance(o, &weft_bytearray_type));
  cr_assert(!weft_is_instance(abc, &weft_bytearray_type) && !weft_is_instance(list, &weft_bytearray_type));
}

RuntimeTest(derived, CPA_002_only_a_bytearray_itself_is_exactly_one) {
  weft_auto weft_object *abc = weft_bytes_new("abc", 3), *o = called(derive(&weft_bytearray_type), abc);
  weft_auto weft_object *plain = weft_bytearray_new("abc", 3);
  cr_assert(weft_bytearray_check(plain) && !weft_bytearray_check(abc) && !weft_bytearray_check(o));
}

RuntimeTest(derived, CPA_005_the_length_of_a_bytearray) {
  weft_auto weft_object *abc = weft_bytes_new("abc", 3), *o = called(derive(&weft_bytearray_type), abc);
  weft_auto weft_object *plain = weft_bytearray_new("abc", 3), *empty = called(&weft_bytearray_type, NULL);
  cr_assert(weft_bytearray_length(empty) == 0 && weft_bytearray_length(plain) == 3 && weft_bytearray_length(o) == 3);
}

RuntimeTest(derived, a_derived_bytearray_does_what_bytearrays_do) {
  weft_auto weft_object *abc = weft_bytes_new("abc", 3), *o = called(derive_with_attributes(&weft_bytearray_type), abc);
  weft_auto weft_object *plain = weft_bytearray_new("abc", 3), *name = STR("name");
  cr_assert(equal(o, plain) && equal(plain, o) && equal(o, abc) && weft_setattr(o, name, abc) == 0);
  weft_auto weft_object *twice = weft_multiply(o, INT(2)), *part = sliced(o, 1, 3, 1), *sum = weft_add(o, abc);
  cr_assert(twice->type == &weft_bytearray_type && part->type == &weft_bytearray_type && sum->type == part->type);
  cr_assert(reads(twice, "bytearray(b'abcabc')") && reads(part, "bytearray(b'bc')") && equal(twice, sum));
  cr_assert(weft_bytearray_append(o, INT('d')) == 0 && weft_bytes_find(o, part, 0, INT64_MAX) == 1);
  weft_view view;
  cr_assert_eq(weft_view_open(&view, o), 0);
  cr_assert(weft_bytearray_append(o, INT(1)) == -1 && raised(&weft_BufferError));
  weft_view_close(&view);
  weft_auto weft_object *copy = weft_bytes_from(o);
  cr_assert(reads(copy, "b'abcd'"));
}

RuntimeTest(derived, ARR_074_access_to_items_that_a_type_derived_from_array_replaces) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "lying", .base = &weft_array_type, .get_item = get_item_lies});
  weft_auto weft_object *code = STR("i"), *numbers = list_to(3);
  weft_object *const args[] = {code, numbers};
  weft_auto weft_object *o = weft_call((weft_object *)(uintptr_t)type, args, 2);
  weft_auto weft_object *plain = weft_call((weft_object *)&weft_array_type, args, 2);
  cr_assert(o->type == type && equal(o, plain) && weft_array_typecode(o) == 'i');
  weft_auto weft_object *lie = weft_get_item(o, INT(0)), *first = weft_array_get(o, 0), *it = weft_iter(o);
  weft_auto weft_object *next = weft_next(it);
  cr_assert(weft_str_check(lie) && first == INT(0) && next == INT(0));
  weft_auto weft_object *empty = weft_call((weft_object *)&weft_array_type, args, 1);
  cr_assert(reads(empty, "array('i')"));
  cr_assert(!weft_call((weft_object *)&weft_array_type, NULL, 0) && raised(&weft_TypeError));
  cr_assert(!weft_object_new(type, 0) && raised(&weft_TypeError));
}
