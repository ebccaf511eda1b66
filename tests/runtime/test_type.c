/* SPDX-License-Identifier: MIT */
/* Types made from specs: what they inherit, fixed slots, finalizers, and specs that are refused. */
#include "support.h"

RuntimeSuite(types);

/* Lives as long as the block around it, so as long as the test: a type keeps the pointer. */
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TYPE(...)  weft_type_new(&(weft_type_spec){.name = "sample", __VA_ARGS__})

/* --- Making --- */

RuntimeTest(types, a_type_is_an_object_with_a_name_and_a_count) {
  const weft_type *type = TYPE(.basic_size = 24);
  cr_assert_eq(weft_refcount((weft_object *)type), 1, "that of the list of all types");
  cr_assert(weft_is_immortal((weft_object *)&weft_object_type));
  cr_assert_eq(weft_type_of((weft_object *)type), &weft_type_type);
  assert_text(weft_repr((weft_object *)type), "<type 'sample'>");
}

RuntimeTest(types, the_base_defaults_to_object) {
  const weft_type *type = TYPE(.basic_size = 24);
  cr_assert_eq(type->spec.base, &weft_object_type);
  cr_assert(weft_type_derives(type, &weft_object_type) && !weft_type_derives(&weft_object_type, type));
}

RuntimeTest(types, instances_do_not_count_their_type) {
  const weft_type *type = TYPE(.basic_size = 24);
  uint64_t before = word_of((weft_object *)type);
  weft_object *o = weft_object_new(type, 0);
  cr_assert_eq(word_of((weft_object *)type), before);
  weft_decref(o);
}

RuntimeTest(types, the_spec_is_copied) {
  weft_type_spec spec = {.name = "sample", .basic_size = 32};
  const weft_type *type = weft_type_new(&spec);
  memset(&spec, 0xFF, sizeof spec);
  cr_assert_eq(type->spec.basic_size, 32);
  assert_text(weft_repr((weft_object *)type), "<type 'sample'>");
  weft_decref(weft_object_new(type, 0));
}

RuntimeTest(types, CMM_004_a_new_object_has_its_type_one_reference_and_zeroed_memory) {
  const weft_type *type = TYPE(.basic_size = 96);
  for (int i = 0; i < 3; i++) {
    weft_object *o = weft_object_new(type, 0);
    cr_assert_eq(weft_type_of(o), type);
    cr_assert_eq(weft_refcount(o), 1);
    unsigned char *body = (unsigned char *)(o + 1);
    for (size_t j = 0; j < 80; j++) cr_assert_eq(body[j], 0);
    memset(body, 0xAB, 80);
    weft_decref(o);
  }
}

RuntimeTest(types, instances_of_every_size_work) {
  for (size_t size = 16; size <= 1200; size += 8) {
    const weft_type *type = TYPE(.basic_size = size);
    weft_object *o = weft_object_new(type, 0);
    cr_assert_eq((uintptr_t)o % 8, 0);
    memset(o + 1, 0xAB, size - 16);
    weft_decref(o);
  }
}

RuntimeTest(types, an_odd_size_is_rounded_up) {
  const weft_type *type = TYPE(.basic_size = 17, .slot_names = NAMES("x"));
  cr_assert_eq(type->slots_offset % 8, 0);
  weft_auto weft_object *o = weft_instance_new(type);
  cr_assert_eq(weft_slot_set(o, 0, INT(1)), 0);
  cr_assert_eq(weft_slot_get(o, 0), INT(1));
}

/* --- Specs that are refused --- */

static void assert_refused(const weft_type_spec *spec) {
  cr_assert_null(weft_type_new(spec));
  cr_assert(raised(&weft_TypeError));
}

RuntimeTest(types, no_spec_is_a_type_error) { assert_refused(NULL); }
RuntimeTest(types, no_name_is_a_type_error) { assert_refused(&(weft_type_spec){.basic_size = 24}); }

RuntimeTest(types, a_base_that_does_not_allow_it_is_a_type_error) {
  const weft_type *const final[] = {&weft_int_type,  &weft_bool_type, &weft_str_type,    &weft_float_type,
                                    &weft_none_type, &weft_type_type, &weft_thread_type, TYPE(.basic_size = 24)};
  for (size_t i = 0; i < sizeof final / sizeof *final; i++)
    assert_refused(&(weft_type_spec){.name = "derived", .base = final[i]});
}

RuntimeTest(types, a_base_that_is_no_type_is_a_type_error) {
  weft_type fake = *TYPE(.basic_size = 24, .flags = WEFT_TYPE_BASE);
  fake.header.type = &weft_int_type;
  assert_refused(&(weft_type_spec){.name = "derived", .base = &fake});
}

RuntimeTest(types, a_size_below_the_header_or_the_base_is_a_type_error) {
  assert_refused(&(weft_type_spec){.name = "tiny", .basic_size = 8});
  assert_refused(&(weft_type_spec){.name = "tiny", .basic_size = 15});
  const weft_type *base = TYPE(.basic_size = 64, .flags = WEFT_TYPE_BASE);
  assert_refused(&(weft_type_spec){.name = "smaller", .base = base, .basic_size = 56});
  cr_assert_not_null(weft_type_new(&(weft_type_spec){.name = "same", .base = base, .basic_size = 64}));
}

RuntimeTest(types, an_absurd_size_is_an_error) {
  static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 3, SIZE_MAX - 7, (size_t)PTRDIFF_MAX + 1};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    cr_assert_null(weft_type_new(&(weft_type_spec){.name = "huge", .basic_size = sizes[i]}), "%zu", i);
    cr_assert_not_null(weft_error_borrow());
    weft_error_clear();
  }
}

RuntimeTest(types, slots_behind_a_body_of_gigabytes_are_refused_or_at_their_place) {
  const weft_type *type = TYPE(.basic_size = (size_t)1 << 32, .slot_names = NAMES("x"));
  size_t offset = type ? type->slots_offset : 0;
  if (type)
    cr_assert_eq(offset, (size_t)1 << 32);
  else
    cr_assert_not_null(weft_error_borrow());
  weft_error_clear();
}

static const char **many_names(size_t n) {
  const char **names = calloc(n + 1, sizeof *names);
  for (size_t i = 0; i < n; i++) names[i] = "x";
  return names;
}

RuntimeTest(types, too_many_slots_are_a_type_error) {
  const char **names = many_names(100000);
  assert_refused(&(weft_type_spec){.name = "wide", .slot_names = names});
  free(names);
}

RuntimeTest(types, four_thousand_slots_are_not_too_many) {
  const char **names = many_names(4000);
  const weft_type *type = TYPE(.slot_names = names);
  weft_auto weft_object *o = weft_instance_new(type);
  cr_assert_eq(weft_slot_set(o, 3999, INT(1)), 0);
  cr_assert_eq(weft_slot_get(o, 3999), INT(1));
  free(names);
}

RuntimeTest(types, fixed_slots_of_a_variable_sized_type_are_a_type_error) {
  assert_refused(&(weft_type_spec){
      .name = "both", .basic_size = 24, .item_size = 8, .slot_names = NAMES("x"), .dealloc = probe_dealloc});
}

/* --- What a type inherits --- */

static weft_object *repr_base(weft_object *self) {
  (void)self;
  return STR("base");
}
static weft_object *repr_derived(weft_object *self) {
  (void)self;
  return STR("derived");
}
static int hash_7(weft_object *self, int64_t *hash) {
  (void)self;
  *hash = 7;
  return 0;
}
static int compare_equal(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  return op == WEFT_EQ || op == WEFT_LE || op == WEFT_GE;
}
static int false_(weft_object *self) {
  (void)self;
  return 0;
}
static weft_object *call_1(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return INT(1);
}
static weft_object *binary_2(weft_object *a, weft_object *b) {
  (void)a, (void)b;
  return INT(2);
}
static int64_t length_3(weft_object *self) {
  (void)self;
  return 3;
}
static weft_object *getattr_4(weft_object *self, weft_object *name) {
  (void)self, (void)name;
  return INT(4);
}
static int setattr_ok(weft_object *self, weft_object *name, weft_object *value) {
  (void)self, (void)name, (void)value;
  return 0;
}

static const weft_type *full_base(void) {
  return weft_type_new(&(weft_type_spec){.name = "base",
                                         .basic_size = 24,
                                         .flags = WEFT_TYPE_BASE,
                                         .finalize = probe_finalize,
                                         .repr = repr_base,
                                         .str = repr_base,
                                         .hash = hash_7,
                                         .compare = compare_equal,
                                         .is_true = false_,
                                         .call = call_1,
                                         .add = binary_2,
                                         .subtract = binary_2,
                                         .multiply = binary_2,
                                         .length = length_3,
                                         .getattr = getattr_4,
                                         .setattr = setattr_ok});
}

static void assert_full(weft_object *o) {
  assert_text(weft_repr(o), "base");
  assert_text(weft_str(o), "base");
  cr_assert_eq(hash_of(o), 7);
  cr_assert_eq(weft_compare(o, INT(1), WEFT_EQ), 1);
  cr_assert_eq(weft_is_true(o), 0);
  cr_assert_eq(weft_call(o, NULL, 0), INT(1));
  cr_assert_eq(weft_add(o, o), INT(2));
  cr_assert_eq(weft_subtract(o, o), INT(2));
  cr_assert_eq(weft_multiply(o, o), INT(2));
  cr_assert_eq(weft_length(o), 3);
  cr_assert_eq(weft_getattr_text(o, "any"), INT(4));
  cr_assert_eq(weft_setattr_text(o, "any", INT(1)), 0);
}

RuntimeTest(types, a_derived_type_inherits_every_slot_that_it_does_not_set) {
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "derived", .base = full_base()});
  weft_object *o = weft_object_new(derived, 0);
  assert_full(o);
  weft_decref(o);
  cr_assert_eq(finalized(), 1);
}

RuntimeTest(types, slots_are_inherited_across_several_levels) {
  const weft_type *type = full_base();
  for (int i = 0; i < 10; i++)
    type = weft_type_new(&(weft_type_spec){.name = "next", .base = type, .flags = WEFT_TYPE_BASE});
  weft_object *o = weft_object_new(type, 0);
  assert_full(o);
  weft_decref(o);
  cr_assert_eq(finalized(), 1);
}

RuntimeTest(types, a_derived_type_overrides_single_slots) {
  const weft_type *derived =
      weft_type_new(&(weft_type_spec){.name = "derived", .base = full_base(), .repr = repr_derived});
  weft_auto weft_object *o = weft_object_new(derived, 0);
  assert_text(weft_repr(o), "derived");
  assert_text(weft_str(o), "base");
  cr_assert_eq(weft_length(o), 3);
}

RuntimeTest(types, the_permission_to_derive_is_not_inherited) {
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "derived", .base = full_base()});
  assert_refused(&(weft_type_spec){.name = "third", .base = derived});
}

RuntimeTest(types, a_type_that_sets_only_a_comparison_is_unhashable) {
  const weft_type *type = TYPE(.basic_size = 24, .compare = compare_equal);
  weft_auto weft_object *o = weft_object_new(type, 0);
  int64_t hash;
  cr_assert(weft_hash(o, &hash) == -1 && raised_with(&weft_TypeError, "unhashable type: 'sample'"));
}

RuntimeTest(types, a_type_that_sets_only_a_hash_does_not_inherit_the_comparison) {
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "derived", .base = full_base(), .hash = hash_7});
  weft_auto weft_object *a = weft_object_new(derived, 0);
  weft_auto weft_object *b = weft_object_new(derived, 0);
  cr_assert(!equal(a, b) && hash_of(a) == 7);
}

RuntimeTest(types, hash_and_comparison_are_inherited_together) {
  const weft_type *derived =
      weft_type_new(&(weft_type_spec){.name = "derived", .base = full_base(), .compare = compare_equal});
  weft_auto weft_object *o = weft_object_new(derived, 0);
  int64_t hash;
  cr_assert(weft_hash(o, &hash) == -1 && raised(&weft_TypeError), "its own comparison, so not the base's hash");
}

/* --- Fixed slots --- */

RuntimeTest(types, an_instance_has_its_slots_empty_at_first) {
  weft_auto weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("x", "y")));
  cr_assert(!weft_slot_get(o, 0) && raised(&weft_AttributeError));
  cr_assert(!weft_slot_get(o, 1) && raised(&weft_AttributeError));
  cr_assert(!weft_getattr_text(o, "x") && raised(&weft_AttributeError));
}

RuntimeTest(types, a_slot_holds_a_reference) {
  weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("x")));
  weft_object *value = probe_new();
  cr_assert_eq(weft_slot_set(o, 0, value), 0);
  cr_assert_eq(weft_refcount(value), 2);
  weft_object *got = weft_slot_get(o, 0);
  cr_assert(got == value && weft_refcount(value) == 3);
  weft_decref(got);
  weft_decref(value);
  cr_assert_eq(freed(), 0);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(types, setting_a_slot_drops_what_was_there) {
  weft_auto weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("x")));
  weft_object *value = probe_new();
  weft_slot_set(o, 0, value);
  weft_decref(value);
  cr_assert_eq(weft_slot_set(o, 0, INT(1)), 0);
  cr_assert_eq(freed(), 1);
  cr_assert_eq(weft_slot_set(o, 0, NULL), 0);
  cr_assert(!weft_slot_get(o, 0) && raised(&weft_AttributeError));
}

static weft_object *watched;
static weft_object *seen_by_finalizer;
static void finalize_looks(weft_object *self) {
  (void)self;
  seen_by_finalizer = weft_slot_get(watched, 0);
}

RuntimeTest(types, a_finalizer_of_a_replaced_value_sees_the_new_one) {
  weft_auto weft_object *o = watched = weft_instance_new(TYPE(.slot_names = NAMES("x")));
  weft_object *value = weft_object_new(TYPE(.basic_size = 24, .finalize = finalize_looks), 0);
  weft_slot_set(o, 0, value);
  weft_decref(value);
  weft_slot_set(o, 0, INT(5));
  cr_assert_eq(seen_by_finalizer, INT(5));
}

RuntimeTest(types, a_slot_beyond_the_last_is_an_index_error) {
  weft_auto weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("x", "y")));
  cr_assert(!weft_slot_get(o, 2) && raised(&weft_IndexError));
  cr_assert(!weft_slot_get(o, SIZE_MAX) && raised(&weft_IndexError));
  cr_assert(weft_slot_set(o, 2, INT(1)) == -1 && raised(&weft_IndexError));
}

RuntimeTest(types, a_slot_of_what_has_none_is_a_type_error) {
  weft_auto weft_object *list = weft_list_new();
  weft_object *const others[] = {list, INT(1), NULL};
  for (size_t i = 0; i < 3; i++) {
    cr_assert(!weft_slot_get(others[i], 0) && raised(&weft_TypeError));
    cr_assert(weft_slot_set(others[i], 0, INT(1)) == -1 && raised(&weft_TypeError));
  }
}

RuntimeTest(types, only_types_with_fixed_slots_make_instances) {
  cr_assert(!weft_instance_new(&weft_int_type) && raised(&weft_TypeError));
  cr_assert(!weft_instance_new(&weft_object_type) && raised(&weft_TypeError));
  cr_assert(!weft_instance_new(TYPE(.basic_size = 24)) && raised(&weft_TypeError));
  cr_assert(!weft_instance_new(NULL) && raised(&weft_TypeError));
}

RuntimeTest(types, an_object_of_no_type_is_a_type_error) {
  cr_assert(!weft_object_new(NULL, 0) && raised(&weft_TypeError));
}

RuntimeTest(types, a_type_without_slot_names_of_its_own_may_have_none) {
  const weft_type *type = TYPE(.slot_names = (const char *const[]){NULL});
  weft_auto weft_object *o = weft_instance_new(type);
  cr_assert_not_null(o);
  cr_assert(!weft_slot_get(o, 0) && raised(&weft_IndexError));
}

RuntimeTest(types, the_slots_of_the_base_come_first) {
  const weft_type *base = TYPE(.slot_names = NAMES("a", "b"), .flags = WEFT_TYPE_BASE);
  const weft_type *derived = TYPE(.base = base, .slot_names = NAMES("c"), .flags = WEFT_TYPE_BASE);
  const weft_type *third = TYPE(.base = derived, .slot_names = NAMES("d", "e"));
  weft_auto weft_object *o = weft_instance_new(third);
  const char *const names[] = {"a", "b", "c", "d", "e"};
  for (size_t i = 0; i < 5; i++) cr_assert_eq(weft_slot_set(o, i, INT((int64_t)i + 10)), 0);
  for (size_t i = 0; i < 5; i++) cr_assert_eq(weft_getattr_text(o, names[i]), INT((int64_t)i + 10), "%s", names[i]);
  for (size_t i = 0; i < 5; i++) cr_assert_eq(weft_setattr_text(o, names[i], INT((int64_t)i + 20)), 0);
  for (size_t i = 0; i < 5; i++) cr_assert_eq(weft_slot_get(o, i), INT((int64_t)i + 20));
  cr_assert(!weft_slot_get(o, 5) && raised(&weft_IndexError));
  cr_assert(weft_is_instance(o, base));
}

RuntimeTest(types, a_slot_of_the_same_name_hides_the_bases) {
  const weft_type *base = TYPE(.slot_names = NAMES("x"), .flags = WEFT_TYPE_BASE);
  weft_auto weft_object *o = weft_instance_new(TYPE(.base = base, .slot_names = NAMES("x")));
  weft_setattr_text(o, "x", INT(1));
  cr_assert(!weft_slot_get(o, 0) && raised(&weft_AttributeError));
  cr_assert_eq(weft_slot_get(o, 1), INT(1));
}

RuntimeTest(types, slots_lie_behind_the_body) {
  const weft_type *type = TYPE(.basic_size = 40, .slot_names = NAMES("x"));
  weft_object *o = weft_instance_new(type);
  memset(o + 1, 0xAB, 24);
  cr_assert(!weft_slot_get(o, 0) && raised(&weft_AttributeError));
  weft_slot_set(o, 0, INT(1));
  for (size_t i = 0; i < 24; i++) cr_assert_eq(((unsigned char *)(o + 1))[i], 0xAB);
  weft_decref(o);
}

static int collect_visit(weft_object *o, void *arg) {
  weft_object ***next = arg;
  *(*next)++ = o;
  return 0;
}
static int stop_visit(weft_object *o, void *arg) {
  (void)o;
  return ++*(int *)arg == 2 ? 99 : 0;
}

struct body {
  weft_object header;
  weft_object *held;
};
static int body_traverse(weft_object *self, weft_visit visit, void *arg) {
  weft_object *held = ((struct body *)self)->held;
  return held ? visit(held, arg) : 0;
}
static int body_clear(weft_object *self) {
  weft_clear(&((struct body *)self)->held);
  return 0;
}

RuntimeTest(types, traverse_visits_the_slots_that_are_filled) {
  weft_auto weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("a", "b", "c")));
  weft_slot_set(o, 0, INT(1));
  weft_slot_set(o, 2, INT(3));
  weft_object *seen[8], **next = seen;
  cr_assert_eq(o->type->spec.traverse(o, collect_visit, &next), 0);
  cr_assert(next == seen + 2 && seen[0] == INT(1) && seen[1] == INT(3));
}

RuntimeTest(types, traverse_stops_when_told_to) {
  weft_auto weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("a", "b", "c")));
  for (size_t i = 0; i < 3; i++) weft_slot_set(o, i, INT(1));
  int count = 0;
  cr_assert_eq(o->type->spec.traverse(o, stop_visit, &count), 99);
  cr_assert_eq(count, 2);
}

RuntimeTest(types, traverse_visits_body_and_slots_of_all_levels) {
  const weft_type *base = TYPE(.basic_size = sizeof(struct body), .flags = WEFT_TYPE_BASE | WEFT_TYPE_CONTAINER,
                               .traverse = body_traverse, .clear = body_clear);
  const weft_type *derived = TYPE(.base = base, .slot_names = NAMES("a"), .flags = WEFT_TYPE_BASE);
  const weft_type *third = TYPE(.base = derived, .slot_names = NAMES("b"));
  weft_object *o = weft_instance_new(third);
  weft_object *values[] = {probe_new(), probe_new(), probe_new()};
  ((struct body *)o)->held = values[0];
  weft_slot_set(o, 0, values[1]);
  weft_slot_set(o, 1, values[2]);
  weft_decref(values[1]);
  weft_decref(values[2]);
  weft_object *seen[8], **next = seen;
  cr_assert_eq(third->spec.traverse(o, collect_visit, &next), 0);
  cr_assert_eq(next, seen + 3);
  for (int i = 0; i < 3; i++) {
    int times = 0;
    for (int j = 0; j < 3; j++) times += seen[j] == values[i];
    cr_assert_eq(times, 1, "%d", i);
  }
  weft_decref(o);
  cr_assert_eq(freed(), 3);
}

RuntimeTest(types, clear_empties_body_and_slots_and_leaves_the_object_usable) {
  const weft_type *base = TYPE(.basic_size = sizeof(struct body), .flags = WEFT_TYPE_BASE | WEFT_TYPE_CONTAINER,
                               .traverse = body_traverse, .clear = body_clear);
  weft_object *o = weft_instance_new(TYPE(.base = base, .slot_names = NAMES("a")));
  ((struct body *)o)->held = probe_new();
  weft_object *value = probe_new();
  weft_slot_set(o, 0, value);
  weft_decref(value);
  cr_assert_eq(o->type->spec.clear(o), 0);
  cr_assert_eq(freed(), 2);
  cr_assert_eq(o->type->spec.clear(o), 0);
  cr_assert_eq(weft_slot_set(o, 0, INT(1)), 0);
  weft_decref(o);
}

RuntimeTest(types, a_type_with_slots_is_a_container) {
  cr_assert(TYPE(.slot_names = NAMES("x"))->spec.flags & WEFT_TYPE_CONTAINER);
  cr_assert_not(TYPE(.basic_size = 24)->spec.flags & WEFT_TYPE_CONTAINER);
}

RuntimeTest(types, an_instance_that_refers_to_itself_can_be_cleared) {
  weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("self")));
  weft_slot_set(o, 0, o);
  cr_assert_eq(weft_refcount(o), 2);
  o->type->spec.clear(o);
  cr_assert_eq(weft_refcount(o), 1);
  weft_decref(o);
}

static void dealloc_base(weft_object *self) {
  weft__add_acq_rel(&probes_freed, 1u);
  weft_object_free(self, 0);
}

RuntimeTest(types, slots_behind_a_base_with_a_dealloc_of_its_own_are_dropped_too) {
  const weft_type *base = TYPE(.basic_size = 24, .flags = WEFT_TYPE_BASE, .dealloc = dealloc_base);
  weft_object *o = weft_instance_new(TYPE(.base = base, .slot_names = NAMES("x")));
  weft_object *value = INT(123456);
  weft_slot_set(o, 0, value);
  weft_decref(value);
  weft_decref(o);
  cr_assert_eq(freed(), 1, "the base's dealloc has run");
}

/* --- Derived errors --- */

RuntimeTest(types, an_error_type_may_have_slots) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "HttpError", .base = &weft_OSError, .slot_names = NAMES("status", "body"), .flags = WEFT_TYPE_BASE});
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "NotFound", .base = type});
  weft_raise(derived, "no %s", "page");
  weft_object *error = weft_error_borrow();
  cr_assert_eq(weft_type_of(error), derived);
  cr_assert_eq(weft_setattr_text(error, "status", INT(44)), 0);
  cr_assert_eq(weft_getattr_text(error, "status"), INT(44));
  cr_assert(weft_error_is(type) && weft_error_is(&weft_OSError) && weft_error_is(&weft_Exception));
  assert_text(weft_repr(error), "NotFound('no page')");
  weft_object *seen[8], **next = seen;
  cr_assert_eq(derived->spec.traverse(error, collect_visit, &next), 0);
  cr_assert_eq(next, seen + 2, "message and status");
  weft_error_clear();
}

RuntimeTest(types, an_error_type_may_have_a_finalizer) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "Loud", .base = &weft_ValueError, .finalize = probe_finalize});
  weft_raise(type, "x");
  weft_error_clear();
  cr_assert_eq(finalized(), 1);
}

/* --- Variable sizes --- */

static void dealloc_of_5(weft_object *self) { weft_object_free(self, 5); }
static void dealloc_of_500(weft_object *self) { weft_object_free(self, 500); }

RuntimeTest(types, a_variable_sized_object_has_room_for_its_items) {
  weft_object *o = weft_object_new(TYPE(.basic_size = 24, .item_size = 8, .dealloc = dealloc_of_5), 5);
  memset(o + 1, 0xAB, 8 + 40);
  weft_decref(o);
  o = weft_object_new(TYPE(.basic_size = 24, .item_size = 8, .dealloc = dealloc_of_500), 500);
  memset(o + 1, 0xAB, 8 + 4000);
  weft_decref(o);
}

RuntimeTest(types, an_absurd_number_of_items_is_a_memory_error) {
  const weft_type *type = TYPE(.basic_size = 24, .item_size = 8, .dealloc = dealloc_of_5);
  const size_t items[] = {SIZE_MAX, SIZE_MAX / 8, SIZE_MAX / 8 - 2, PTRDIFF_MAX / 8};
  for (size_t i = 0; i < sizeof items / sizeof *items; i++)
    cr_assert(!weft_object_new(type, items[i]) && raised(&weft_MemoryError), "%zu", i);
}

RuntimeTest(types, a_variable_sized_type_without_a_dealloc_is_refused_or_freed_right) {
  const weft_type *type = TYPE(.basic_size = 24, .item_size = 8);
  if (!type) {
    cr_assert(raised(&weft_TypeError));
    return;
  }
  weft_decref(weft_object_new(type, 5));
  weft_decref(weft_object_new(type, 500));
}

RuntimeTest(types, the_finalizer_of_a_variable_sized_type_is_refused_or_runs) {
  const weft_type *type = TYPE(.basic_size = 24, .item_size = 8, .finalize = probe_finalize, .dealloc = dealloc_of_5);
  if (!type) {
    cr_assert(raised(&weft_TypeError));
    return;
  }
  weft_decref(weft_object_new(type, 5));
  cr_assert_eq(finalized(), 1);
}

/* --- Finalizers --- */

RuntimeTest(types, FIN_003_the_finalizer_of_a_plain_type_runs_once_on_drop) {
  const weft_type *type = TYPE(.basic_size = 24, .finalize = probe_finalize);
  cr_assert_not(type->spec.flags & WEFT_TYPE_CONTAINER);
  weft_decref(weft_object_new(type, 0));
  cr_assert_eq(finalized(), 1);
}

RuntimeTest(types, the_finalizer_runs_before_slots_are_dropped) {
  weft_object *o = watched = weft_instance_new(TYPE(.slot_names = NAMES("x"), .finalize = finalize_looks));
  weft_slot_set(o, 0, INT(5));
  weft_decref(o);
  cr_assert_eq(seen_by_finalizer, INT(5));
}

static weft_object *survivor;
static void finalize_resurrects(weft_object *self) {
  survivor = weft_new_ref(self);
  weft__add_acq_rel(&probes_finalized, 1u);
}

RuntimeTest(types, a_resurrected_object_lives_and_is_not_finalized_again) {
  weft_object *o =
      weft_object_new(TYPE(.basic_size = 24, .finalize = finalize_resurrects, .dealloc = probe_dealloc), 0);
  weft_decref(o);
  cr_assert(survivor == o && freed() == 0 && finalized() == 1);
  cr_assert_eq(weft_refcount(o), 1);
  weft_incref(o);
  weft_decref(o);
  weft_decref(o);
  cr_assert(freed() == 1 && finalized() == 1);
}

static void step_drop_survivor(void *unused) {
  (void)unused;
  weft_decref(survivor);
}

RuntimeTest(types, a_resurrected_object_may_die_in_another_thread) {
  weft_decref(weft_object_new(TYPE(.basic_size = 24, .finalize = finalize_resurrects, .dealloc = probe_dealloc), 0));
  in_new_thread(step_drop_survivor, NULL);
  weft_poll();
  cr_assert(freed() == 1 && finalized() == 1);
}

static void finalize_borrows(weft_object *self) {
  for (int i = 0; i < 3; i++) {
    weft_incref(self);
    weft_decref(self);
  }
  weft_object *list = weft_list_of(1, &self);
  cr_assert_eq(weft_refcount(self), 1);
  weft_decref(list);
  weft__add_acq_rel(&probes_finalized, 1u);
}

RuntimeTest(types, a_finalizer_may_take_and_drop_references_to_its_object) {
  weft_decref(weft_object_new(TYPE(.basic_size = 24, .finalize = finalize_borrows, .dealloc = probe_dealloc), 0));
  cr_assert(freed() == 1 && finalized() == 1);
}

static void step_take_and_drop(void *o) {
  weft_incref(o);
  weft_decref(o);
}
static void finalize_lends(weft_object *self) {
  in_new_thread(step_take_and_drop, self);
  weft__add_acq_rel(&probes_finalized, 1u);
}

RuntimeTest(types, a_finalizer_may_lend_its_object_to_another_thread) {
  weft_decref(weft_object_new(TYPE(.basic_size = 24, .finalize = finalize_lends, .dealloc = probe_dealloc), 0));
  cr_assert(freed() == 1 && finalized() == 1);
}

static uint32_t reports;
static char report[256];
static void note_unraisable(weft_object *error, weft_object *where) {
  reports++;
  snprintf(report, sizeof report, "%s in %s", weft_error_message(error), where ? where->type->spec.name : "?");
}
static void finalize_raises(weft_object *self) {
  (void)self;
  weft_raise(&weft_ValueError, "lost");
}

RuntimeTest(types, an_error_of_a_finalizer_is_reported_and_the_object_dies) {
  weft_set_unraisable_hook(note_unraisable);
  weft_decref(weft_object_new(TYPE(.basic_size = 24, .finalize = finalize_raises, .dealloc = probe_dealloc), 0));
  cr_assert_eq(reports, 1);
  cr_assert_str_eq(report, "lost in sample");
  cr_assert_eq(freed(), 1);
  cr_assert_null(weft_error_borrow());
}

RuntimeTest(types, a_pending_error_survives_finalizers) {
  weft_set_unraisable_hook(note_unraisable);
  const weft_type *type = TYPE(.basic_size = 24, .finalize = finalize_raises);
  weft_raise(&weft_KeyError, "pending");
  weft_object *pending = weft_error_borrow();
  weft_decref(weft_object_new(type, 0));
  cr_assert_eq(weft_error_borrow(), pending);
  cr_assert_eq(reports, 1);
  weft_error_clear();
}

static void dealloc_raises(weft_object *self) {
  weft_object_free(self, 0);
  weft_raise(&weft_ValueError, "lost");
}

RuntimeTest(types, an_error_of_a_dealloc_is_reported_and_not_left_behind) {
  weft_set_unraisable_hook(note_unraisable);
  weft_decref(weft_object_new(TYPE(.basic_size = 24, .dealloc = dealloc_raises), 0));
  cr_assert_eq(reports, 1);
  cr_assert_null(weft_error_borrow());
}

RuntimeTest(types, a_pending_error_survives_a_dealloc_that_raises) {
  weft_set_unraisable_hook(note_unraisable);
  const weft_type *type = TYPE(.basic_size = 24, .dealloc = dealloc_raises);
  weft_raise(&weft_KeyError, "pending");
  weft_decref(weft_object_new(type, 0));
  cr_assert(weft_error_is(&weft_KeyError));
  weft_error_clear();
}

static void finalize_detaches(weft_object *self) {
  (void)self;
  weft_detach();
  weft_reattach();
  weft_poll();
  weft__add_acq_rel(&probes_finalized, 1u);
}

RuntimeTest(types, a_finalizer_may_detach_and_poll) {
  weft_decref(weft_object_new(TYPE(.basic_size = 24, .finalize = finalize_detaches, .dealloc = probe_dealloc), 0));
  cr_assert(freed() == 1 && finalized() == 1);
}

RuntimeTest(types, slots_added_below_a_finalizer_do_not_disturb_it) {
  const weft_type *base = TYPE(.slot_names = NAMES("a"), .flags = WEFT_TYPE_BASE, .finalize = probe_finalize);
  const weft_type *derived = TYPE(.base = base, .slot_names = NAMES("b"), .flags = WEFT_TYPE_BASE);
  const weft_type *third = TYPE(.base = derived, .slot_names = NAMES("c"));
  weft_object *o = weft_instance_new(third);
  for (size_t i = 0; i < 3; i++) {
    weft_auto weft_object *value = INT((int64_t)i + 1000);
    cr_assert_eq(weft_slot_set(o, i, value), 0);
  }
  for (size_t i = 0; i < 3; i++) {
    weft_auto weft_object *value = weft_slot_get(o, i);
    cr_assert_eq(weft_int_value(value), (int64_t)i + 1000);
  }
  weft_decref(o);
  cr_assert_eq(finalized(), 1);
}

RuntimeTest(types, a_derived_type_may_add_a_finalizer) {
  const weft_type *base = TYPE(.slot_names = NAMES("a"), .flags = WEFT_TYPE_BASE);
  weft_object *o = weft_instance_new(TYPE(.base = base, .finalize = probe_finalize));
  weft_slot_set(o, 0, INT(1));
  weft_decref(o);
  cr_assert_eq(finalized(), 1);
}

RuntimeTest(types, a_derived_types_finalizer_replaces_the_bases) {
  const weft_type *base = TYPE(.basic_size = 24, .flags = WEFT_TYPE_BASE, .finalize = finalize_raises);
  weft_decref(weft_object_new(TYPE(.base = base, .finalize = probe_finalize), 0));
  cr_assert_eq(finalized(), 1);
}

RuntimeTest(types, a_type_below_a_finalizer_cannot_change_the_size) {
  const weft_type *base = TYPE(.basic_size = 24, .flags = WEFT_TYPE_BASE, .finalize = probe_finalize);
  assert_refused(&(weft_type_spec){.name = "larger", .base = base, .basic_size = 64});
}

/* --- Threads --- */

static weft_object *contended;
static uint32_t deleted, missing;
static void step_delete(void *unused) {
  (void)unused;
  if (weft_setattr_text(contended, "x", NULL) == 0)
    weft__add_acq_rel(&deleted, 1u);
  else if (weft_error_is(&weft_AttributeError))
    weft__add_acq_rel(&missing, 1u);
  weft_error_clear();
}

RuntimeTest(types, FTO_002_of_four_threads_that_delete_a_slot_one_succeeds) {
  weft_auto weft_object *o = contended = weft_instance_new(TYPE(.slot_names = NAMES("x")));
  for (int round = 0; round < 20; round++) {
    weft_setattr_text(o, "x", INT(1));
    deleted = missing = 0;
    in_new_threads(4, step_delete, NULL);
    cr_assert_eq(deleted, 1);
    cr_assert_eq(missing, 3);
  }
}

static void step_swap_slot(void *o) {
  for (int i = 0; i < 2000; i++) {
    weft_object *mine = probe_new();
    weft_slot_set(o, 0, mine);
    weft_decref(mine);
    weft_xdecref(weft_slot_get(o, 0));
    weft_error_clear();
  }
}

RuntimeTest(types, threads_that_share_a_slot_lose_nothing) {
  weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("x")));
  in_new_threads(4, step_swap_slot, o);
  weft_decref(o);
  weft_synchronize();
  cr_assert_eq(freed(), 8000);
}

static void step_make_types(void *unused) {
  (void)unused;
  for (int i = 0; i < 100; i++) {
    weft_object *o = weft_instance_new(TYPE(.slot_names = NAMES("x")));
    weft_decref(o);
  }
}

RuntimeTest(types, threads_may_make_types_at_the_same_time) { in_new_threads(4, step_make_types, NULL); }
