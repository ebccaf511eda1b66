/* SPDX-License-Identifier: MIT */
/* Attributes of instances and of types. */
#include "support.h"

RuntimeSuite(instances);

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const weft_type *with_dict(void) {
  return weft_type_new(&(weft_type_spec){.name = "thing", .flags = WEFT_TYPE_BASE | WEFT_TYPE_DICT});
}

static bool has(weft_object *o, const char *name, int64_t value) {
  weft_auto weft_object *found = weft_getattr_text(o, name);
  return found && weft_int_value(found) == value;
}

static bool repr_is(weft_object *o, const char *expected) {
  weft_auto weft_object *text = weft_repr(o);
  if (!text || strcmp(weft_str_utf8(text, NULL), expected) != 0)
    fprintf(stderr, "the repr is %s\n", text ? weft_str_utf8(text, NULL) : "NULL");
  return text && strcmp(weft_str_utf8(text, NULL), expected) == 0;
}

RuntimeTest(instances, attributes_come_change_and_go) {
  weft_auto weft_object *o = weft_instance_new(with_dict());
  cr_assert(!weft_getattr_text(o, "x") && raised_with(&weft_AttributeError, "'thing' object has no attribute 'x'"));
  cr_assert_eq(weft_setattr_text(o, "x", INT(1)), 0);
  cr_assert(has(o, "x", 1));
  cr_assert_eq(weft_setattr_text(o, "x", INT(2)), 0);
  cr_assert(has(o, "x", 2));
  cr_assert_eq(weft_setattr_text(o, "x", NULL), 0);
  cr_assert(!weft_getattr_text(o, "x") && raised(&weft_AttributeError));
  cr_assert(weft_setattr_text(o, "x", NULL) < 0 && raised(&weft_AttributeError));
  cr_assert(weft_setattr_text(o, "never", NULL) < 0 && raised(&weft_AttributeError));
}

RuntimeTest(instances, a_name_that_is_no_str_is_a_type_error) {
  weft_auto weft_object *o = weft_instance_new(with_dict());
  cr_assert(!weft_getattr(o, INT(1)) && raised(&weft_TypeError));
  cr_assert(weft_setattr(o, INT(1), INT(2)) < 0 && raised(&weft_TypeError));
  cr_assert(!weft_getattr(o, NULL) && raised(&weft_TypeError));
}

RuntimeTest(instances, more_attributes_than_a_shape_has_numbers) {
  enum { MANY = 100 };
  const weft_type *type = with_dict();
  weft_auto weft_object *first = weft_instance_new(type);
  weft_auto weft_object *second = NULL;
  for (int round = 0; round < 2; round++) {
    weft_object *o = round ? (second = weft_instance_new(type)) : first;
    char name[16];
    for (int i = 0; i < MANY; i++) {
      snprintf(name, sizeof name, "a%d", i);
      cr_assert_eq(weft_setattr_text(o, name, INT(i)), 0);
    }
    for (int i = 0; i < MANY; i++) {
      snprintf(name, sizeof name, "a%d", i);
      cr_assert(has(o, name, i), "%d", i);
    }
    weft_auto weft_object *dict = weft_instance_dict(o);
    cr_assert_eq(weft_dict_length(dict), MANY);
  }
}

RuntimeTest(instances, the_dict_has_the_order_in_which_attributes_came) {
  const weft_type *type = with_dict();
  weft_auto weft_object *a = weft_instance_new(type);
  weft_setattr_text(a, "x", INT(1));
  weft_setattr_text(a, "y", INT(2));
  weft_auto weft_object *b = weft_instance_new(type);
  weft_setattr_text(b, "y", INT(3));
  weft_setattr_text(b, "x", INT(4));
  cr_assert(has(b, "x", 4) && has(b, "y", 3));
  weft_auto weft_object *of_a = weft_instance_dict(a);
  weft_auto weft_object *of_b = weft_instance_dict(b);
  cr_assert(repr_is(of_a, "{'x': 1, 'y': 2}"));
  cr_assert(repr_is(of_b, "{'y': 3, 'x': 4}"));
}

RuntimeTest(instances, an_attribute_that_comes_back_comes_last) {
  weft_auto weft_object *o = weft_instance_new(with_dict());
  weft_setattr_text(o, "x", INT(1));
  weft_setattr_text(o, "y", INT(2));
  weft_setattr_text(o, "x", NULL);
  weft_setattr_text(o, "x", INT(3));
  weft_auto weft_object *dict = weft_instance_dict(o);
  cr_assert(repr_is(dict, "{'y': 2, 'x': 3}"));
}

RuntimeTest(instances, the_dict_is_the_instance) {
  weft_auto weft_object *o = weft_instance_new(with_dict());
  weft_setattr_text(o, "x", INT(1));
  weft_auto weft_object *dict = weft_instance_dict(o);
  weft_auto weft_object *again = weft_instance_dict(o);
  weft_auto weft_object *y = STR("y");
  cr_assert_eq(dict, again);
  cr_assert_eq(weft_dict_set(dict, y, INT(2)), 0);
  cr_assert(has(o, "y", 2));
  cr_assert_eq(weft_setattr_text(o, "z", INT(3)), 0);
  cr_assert_eq(weft_setattr_text(o, "x", NULL), 0);
  cr_assert(repr_is(dict, "{'y': 2, 'z': 3}"));
}

RuntimeTest(instances, one_without_a_dict_has_none) {
  weft_auto weft_object *o = weft_instance_new(weft_type_new(&(weft_type_spec){.name = "p", .slot_names = NAMES("x")}));
  cr_assert(!weft_instance_dict(o) && raised(&weft_AttributeError));
  cr_assert(!weft_instance_dict(NULL) && raised(&weft_TypeError));
  cr_assert(weft_setattr_text(o, "y", INT(1)) < 0 && raised(&weft_AttributeError));
}

RuntimeTest(instances, slots_and_attributes_of_several_levels) {
  const weft_type *base = weft_type_new(
      &(weft_type_spec){.name = "base", .flags = WEFT_TYPE_BASE | WEFT_TYPE_DICT, .slot_names = NAMES("a")});
  const weft_type *derived =
      weft_type_new(&(weft_type_spec){.name = "derived", .base = base, .slot_names = NAMES("b")});
  weft_auto weft_object *o = weft_instance_new(derived);
  weft_setattr_text(o, "own", INT(3));
  weft_setattr_text(o, "a", INT(1));
  weft_setattr_text(o, "b", INT(2));
  cr_assert(has(o, "a", 1) && has(o, "b", 2) && has(o, "own", 3));
  weft_auto weft_object *dict = weft_instance_dict(o);
  cr_assert(repr_is(dict, "{'own': 3}"), "slots are not in the dict");
}

RuntimeTest(instances, what_they_hold_dies_with_them) {
  const weft_type *type = with_dict();
  for (int turned_over = 0; turned_over < 2; turned_over++) {
    weft_object *o = weft_instance_new(type);
    char name[16];
    for (int i = 0; i < 10; i++) {
      weft_auto weft_object *value = probe_new();
      snprintf(name, sizeof name, "a%d", i);
      weft_setattr_text(o, name, value);
    }
    if (turned_over) weft_decref(weft_instance_dict(o));
    weft_decref(o);
    cr_assert_eq(freed(), turned_over ? 20u : 10u);
  }
}

RuntimeTest(instances, traverse_visits_every_attribute) {
  weft_auto weft_object *o = weft_instance_new(with_dict());
  weft_setattr_text(o, "x", INT(1));
  weft_setattr_text(o, "y", INT(2));
  weft_setattr_text(o, "x", NULL);
  cr_assert_eq(o->type->spec.clear(o), 0);
  cr_assert(!weft_getattr_text(o, "y") && raised(&weft_AttributeError));
  cr_assert_eq(weft_setattr_text(o, "y", INT(3)), 0, "it is still usable");
}

/* --- Attributes of types --- */

static weft_object *sum_of_arguments(weft_object *function, weft_object *const *args, size_t n) {
  (void)function;
  int64_t sum = 0;
  for (size_t i = 1; i < n; i++) sum += weft_int_value(args[i]);
  weft_auto weft_object *x = weft_getattr_text(args[0], "x");
  return x ? weft_int_new(sum + weft_int_value(x)) : NULL;
}

static int init(weft_object *self, weft_object *const *args, size_t n) {
  if (n == 1) return weft_setattr_text(self, "x", args[0]);
  weft_raise(&weft_TypeError, "one argument, please");
  return -1;
}

RuntimeTest(instances, a_function_of_the_type_is_a_method) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "t", .flags = WEFT_TYPE_DICT, .init = init});
  weft_auto weft_object *name = STR("add");
  weft_auto weft_object *function = weft_function_new("add", sum_of_arguments, 0, NULL);
  blocks_left_on_purpose = 3; /* the function has become immortal, and has a name; the type has a table */
  cr_assert_eq(weft_type_set(type, name, function), 0);
  weft_object *const hundred = INT(100);
  weft_auto weft_object *o = weft_call((weft_object *)(uintptr_t)type, &hundred, 1);
  weft_object *const args[] = {INT(1), INT(2), INT(3), INT(4), INT(5), INT(6), INT(7), INT(8), INT(9), INT(10)};
  cr_assert_eq(weft_call_method(o, name, args, 2), INT(103));
  cr_assert_eq(weft_call_method(o, name, args, 10), INT(155));
  weft_auto weft_object *method = weft_getattr(o, name);
  weft_auto weft_object *again = weft_getattr(o, name);
  cr_assert_eq(weft_call(method, args, 1), INT(101));
  cr_assert_eq(weft_compare(method, again, WEFT_EQ), 1);
  weft_setattr(o, name, INT(5));
  cr_assert(has(o, "add", 5), "the instance's own goes first");
  cr_assert(!weft_call_method(o, name, NULL, 0) && raised_with(&weft_TypeError, "not callable"));
}

RuntimeTest(instances, calling_a_type_initialises) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "t", .flags = WEFT_TYPE_DICT, .init = init});
  cr_assert(!weft_call((weft_object *)(uintptr_t)type, NULL, 0) && raised_with(&weft_TypeError, "please"));
}

static weft_object *the_one; /* borrowed: the test holds it */
static int inits;
static int count_inits(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  inits++;
  return 0;
}
static weft_object *make_the_one(const weft_type *type, weft_object *const *args, size_t n) {
  (void)args;
  if (n == 2) return weft_raise(&weft_ValueError, "at most one argument");
  if (n == 1) return weft_new_ref(WEFT_NONE);
  return the_one ? weft_new_ref(the_one) : (the_one = weft_instance_new(type));
}

RuntimeTest(instances, calling_a_type_asks_it_to_make_the_object) {
  const weft_type *base = weft_type_new(&(weft_type_spec){
      .name = "one", .flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE, .make = make_the_one, .init = count_inits});
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "derived", .base = base});
  weft_object *const callable = (weft_object *)(uintptr_t)base, *const args[] = {WEFT_TRUE, WEFT_TRUE};
  the_one = NULL, inits = 0;
  weft_auto weft_object *a = weft_call(callable, NULL, 0), *b = weft_call(callable, NULL, 0);
  cr_assert(a && a == b && weft_type_of(a) == base);
  cr_assert_eq(inits, 2, "it is initialised by each call");
  weft_auto weft_object *none = weft_call(callable, args, 1);
  cr_assert(none == WEFT_NONE && inits == 2, "what is no instance is not initialised");
  cr_assert(!weft_call(callable, args, 2) && raised(&weft_ValueError) && inits == 2);
  weft_auto weft_object *again = weft_call((weft_object *)(uintptr_t)derived, NULL, 0);
  cr_assert(again == a && inits == 2, "inherited; the base's instance is none of the derived type");
}

RuntimeTest(instances, a_type_that_makes_its_objects_needs_neither_slots_nor_init) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "t", .make = make_the_one});
  weft_object *const arg = WEFT_TRUE;
  weft_auto weft_object *none = weft_call((weft_object *)(uintptr_t)type, &arg, 1);
  cr_assert_eq(none, WEFT_NONE);
}

RuntimeTest(instances, attributes_of_types_are_inherited_and_replaced) {
  const weft_type *base = with_dict();
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "derived", .base = base});
  weft_auto weft_object *o = weft_instance_new(derived);
  weft_auto weft_object *name = STR("x");
  cr_assert(!weft_type_get(derived, name) && raised(&weft_AttributeError));
  cr_assert_eq(weft_type_set(base, name, INT(1)), 0);
  cr_assert(has(o, "x", 1));
  cr_assert_eq(weft_type_set(derived, name, INT(2)), 0);
  cr_assert(has(o, "x", 2));
  cr_assert_eq(weft_type_set(derived, name, NULL), 0);
  cr_assert(has(o, "x", 1));
  cr_assert(weft_type_set(derived, name, NULL) < 0 && raised(&weft_AttributeError));
  cr_assert_eq(weft_type_set(base, name, NULL), 0);
  cr_assert(!weft_getattr_text(o, "x") && raised(&weft_AttributeError));
  cr_assert(weft_type_set(&weft_list_type, name, INT(1)) < 0 && raised(&weft_TypeError));
}

RuntimeTest(instances, a_replaced_attribute_of_a_type_dies) {
  const weft_type *type = with_dict();
  weft_auto weft_object *name = STR("x");
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *value = probe_new();
    weft_type_set(type, name, value);
  }
  weft_synchronize();
  cr_assert_eq(freed(), 2);
  weft_type_set(type, name, NULL);
  weft_synchronize();
  cr_assert_eq(freed(), 3);
}

/* --- Between threads --- */

static weft_object *shared_thing;
static weft_object *thing_names[8];

static void step_change_attributes(void *unused) {
  (void)unused;
  for (int i = 0; i < 2000; i++) {
    weft_object *name = thing_names[i * 7 % 8];
    if (i % 3 == 0) {
      weft_auto weft_object *value = probe_new();
      cr_assert_eq(weft_setattr(shared_thing, name, value), 0);
    } else if (i % 3 == 1) {
      weft_auto weft_object *value = weft_getattr(shared_thing, name);
      if (!value) weft_error_clear();
    } else if (weft_setattr(shared_thing, name, NULL) < 0) {
      weft_error_clear();
    }
    if (i == 1000) weft_decref(weft_instance_dict(shared_thing));
  }
}

RuntimeTest(instances, threads_that_share_one_lose_nothing) {
  const weft_type *type = with_dict();
  for (int i = 0; i < 8; i++) thing_names[i] = weft_str_format("name%d", i);
  for (int round = 0; round < 10; round++) {
    shared_thing = weft_instance_new(type);
    in_new_threads(3, step_change_attributes, NULL);
    weft_decref(shared_thing);
  }
  for (int i = 0; i < 8; i++) weft_decref(thing_names[i]);
  weft_synchronize();
  cr_assert_eq(freed(), 10 * 3 * 667);
}

static const weft_type *changing_type;

static void step_change_the_type(void *unused) {
  (void)unused;
  weft_auto weft_object *name = STR("x");
  weft_auto weft_object *o = weft_instance_new(changing_type);
  for (int i = 0; i < 1000; i++) {
    weft_auto weft_object *value = weft_int_new(1000000 + i);
    cr_assert_eq(weft_type_set(changing_type, name, value), 0);
    weft_auto weft_object *found = weft_getattr(o, name);
    cr_assert(found && weft_int_value(found) >= 1000000);
  }
}

RuntimeTest(instances, threads_that_change_and_read_attributes_of_a_type) {
  changing_type = with_dict();
  in_new_threads(3, step_change_the_type, NULL);
  weft_auto weft_object *name = STR("x");
  cr_assert_eq(weft_type_set(changing_type, name, NULL), 0);
}
