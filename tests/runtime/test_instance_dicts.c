/* SPDX-License-Identifier: MIT */
/* Instances of one type that share the names of their attributes, seen through their attribute dicts. */
#include "dict_support.h"

RuntimeSuite(instance_dicts);

static const weft_type *open_type(void) {
  return weft_type_new(&(weft_type_spec){.name = "open", .flags = WEFT_TYPE_DICT});
}

static void set(weft_object *o, const char *name, int64_t value) {
  cr_assert_eq(weft_setattr_text(o, name, INT(value)), 0);
}

/* Two instances with x, y, z = 1, 2, 3; and their dicts. */
struct pair {
  weft_object *a, *b, *of_a, *of_b;
};
static struct pair two(void) {
  const weft_type *type = open_type();
  struct pair p = {.a = weft_instance_new(type), .b = weft_instance_new(type)};
  weft_object *const both[] = {p.a, p.b};
  for (int i = 0; i < 2; i++) {
    set(both[i], "x", 1);
    set(both[i], "y", 2);
    set(both[i], "z", 3);
  }
  p.of_a = weft_instance_dict(p.a);
  p.of_b = weft_instance_dict(p.b);
  return p;
}
static void drop(struct pair p) {
  weft_decref(p.of_a);
  weft_decref(p.of_b);
  weft_decref(p.a);
  weft_decref(p.b);
}

RuntimeTest(instance_dicts, DIC_049_each_instance_keeps_the_order_in_which_it_got_its_attributes) {
  const weft_type *type = open_type();
  weft_auto weft_object *a = weft_instance_new(type), *b = weft_instance_new(type), *x = STR("x"), *y = STR("y");
  set(a, "x", 1);
  set(a, "y", 2);
  weft_auto weft_object *of_b = weft_instance_dict(b);
  cr_assert_eq(weft_dict_set_default(of_b, y, INT(3)), INT(3));
  cr_assert_eq(weft_dict_set_default(of_b, x, INT(4)), INT(4));
  cr_assert_eq(weft_dict_set_default(of_b, y, INT(5)), INT(3));
  weft_auto weft_object *of_a = weft_instance_dict(a), *c = weft_instance_new(type);
  set(c, "y", 6);
  set(c, "x", 7);
  weft_auto weft_object *of_c = weft_instance_dict(c);
  cr_assert(reads(of_a, "{'x': 1, 'y': 2}") && reads(of_b, "{'y': 3, 'x': 4}") && reads(of_c, "{'y': 6, 'x': 7}"));
}

RuntimeTest(instance_dicts, two_attributes_that_no_instance_had_yet_need_no_dict) {
  const weft_type *type = open_type();
  weft_auto weft_object *first = weft_instance_new(type);
  for (int i = 0; i < 3; i++) set(first, (const char *[]){"x", "y", "z"}[i], i);
  weft_auto weft_object *o = weft_instance_new(type);
  for (int i = 0; i < 3; i++) set(o, (const char *[]){"x", "y", "z"}[i], i);
  weft_auto weft_object *late = STR("late"), *later = STR("later"), *last = STR("last");
  size_t before = heap_now().blocks;
  cr_assert(weft_setattr(o, late, INT(4)) == 0 && weft_setattr(o, later, INT(5)) == 0);
  cr_assert_eq(heap_now().blocks, before);
  cr_assert_eq(weft_setattr(o, last, INT(6)), 0);
  cr_assert_gt(heap_now().blocks, before, "there is no room for a third");
  weft_auto weft_object *dict = weft_instance_dict(o);
  cr_assert(reads(dict, "{'x': 0, 'y': 1, 'z': 2, 'late': 4, 'later': 5, 'last': 6}"));
}

RuntimeTest(instance_dicts, DIC_050_an_attribute_that_one_loses_stays_with_the_other) {
  struct pair p = two();
  cr_assert(delete_new(p.of_a, STR("y")) == 0 && reads(p.of_a, "{'x': 1, 'z': 3}"));
  cr_assert(reads(p.of_b, "{'x': 1, 'y': 2, 'z': 3}"));
  cr_assert(delete_new(p.of_a, STR("y")) == -1 && raised(&weft_KeyError));
  set(p.a, "y", 9);
  cr_assert(reads(p.of_a, "{'x': 1, 'z': 3, 'y': 9}"));
  drop(p);
  /* The same with attributes that are not in a dict yet. */
  const weft_type *type = open_type();
  weft_auto weft_object *a = weft_instance_new(type), *b = weft_instance_new(type);
  set(a, "x", 1), set(a, "y", 2), set(b, "x", 3), set(b, "y", 4);
  cr_assert_eq(weft_setattr_text(a, "x", NULL), 0);
  set(a, "x", 5);
  weft_auto weft_object *of_a = weft_instance_dict(a), *of_b = weft_instance_dict(b);
  cr_assert(reads(of_a, "{'y': 2, 'x': 5}") && reads(of_b, "{'x': 3, 'y': 4}"));
}

RuntimeTest(instance_dicts, DIC_051_an_attribute_popped_from_one_stays_with_the_other) {
  struct pair p = two();
  cr_assert(pop_new(p.of_a, STR("y"), NULL) == INT(2) && reads(p.of_a, "{'x': 1, 'z': 3}"));
  cr_assert(reads(p.of_b, "{'x': 1, 'y': 2, 'z': 3}"));
  cr_assert(!pop_new(p.of_a, STR("y"), NULL) && raised(&weft_KeyError));
  cr_assert_eq(set_new(p.of_a, STR("y"), INT(7)), 0);
  cr_assert(reads(p.of_a, "{'x': 1, 'z': 3, 'y': 7}"));
  drop(p);
}

RuntimeTest(instance_dicts, DIC_052_what_only_another_instance_has_is_not_popped) {
  const weft_type *type = open_type();
  weft_auto weft_object *a = weft_instance_new(type), *b = weft_instance_new(type);
  set(a, "x", 1), set(a, "y", 2), set(b, "x", 3);
  weft_auto weft_object *of_b = weft_instance_dict(b);
  cr_assert(!pop_new(of_b, STR("y"), NULL) && raised(&weft_KeyError) && reads(of_b, "{'x': 3}"));
}

RuntimeTest(instance_dicts, DIC_053_the_last_attribute_of_one_goes) {
  struct pair p = two();
  weft_auto weft_object *item = weft_dict_pop_item(p.of_a);
  cr_assert(reads(item, "('z', 3)") && reads(p.of_a, "{'x': 1, 'y': 2}"));
  cr_assert(!weft_getattr_text(p.a, "z") && raised(&weft_AttributeError));
  cr_assert(reads(p.of_b, "{'x': 1, 'y': 2, 'z': 3}"));
  drop(p);
}

RuntimeTest(instance_dicts, DIC_054_an_update_from_one_filled_in_another_order_keeps_that_order) {
  const weft_type *type = open_type();
  weft_auto weft_object *a = weft_instance_new(type), *b = weft_instance_new(type), *dict = weft_dict_new();
  set(a, "x", 1), set(a, "y", 2), set(b, "y", 3), set(b, "x", 4);
  weft_auto weft_object *of_a = weft_instance_dict(a), *of_b = weft_instance_dict(b);
  cr_assert(weft_dict_update(dict, of_b) == 0 && reads(dict, "{'y': 3, 'x': 4}"));
  weft_auto weft_object *other = weft_dict_new();
  cr_assert(weft_dict_update(other, of_a) == 0 && reads(other, "{'x': 1, 'y': 2}"));
}

RuntimeTest(instance_dicts, DIC_055_a_key_that_is_no_str_keeps_the_order) {
  struct pair p = two();
  cr_assert(set_new(p.of_a, INT(5), INT(4)) == 0 && reads(p.of_a, "{'x': 1, 'y': 2, 'z': 3, 5: 4}"));
  cr_assert(reads(p.of_b, "{'x': 1, 'y': 2, 'z': 3}"));
  drop(p);
}

RuntimeTest(instance_dicts, DIC_063_a_key_that_is_no_str_and_an_attribute) {
  weft_auto weft_object *o = weft_instance_new(open_type()), *dict = weft_instance_dict(o);
  cr_assert_eq(set_new(dict, INT(1), INT(10)), 0);
  set(o, "x", 20);
  cr_assert(reads(dict, "{1: 10, 'x': 20}") && weft_getattr_text(o, "x") == INT(20));
}

static const weft_type *type_of_compare;
static void make_instances(hooked *a, hooked *b) {
  (void)a, (void)b;
  for (int i = 0; i < 20; i++) {
    char name[8];
    snprintf(name, sizeof name, "n%d", i);
    weft_auto weft_object *o = weft_instance_new(type_of_compare);
    set(o, "x", i);
    set(o, name, i);
  }
}

RuntimeTest(instance_dicts, DIC_016_an_update_while_a_comparison_makes_more_instances) {
  weft_auto weft_object *a = weft_instance_new(type_of_compare = open_type()), *of_a = weft_instance_dict(a);
  weft_auto weft_object *key = hooked_new(3, 3), *equal_key = hooked_new(3, 3);
  set(a, "x", 1);
  cr_assert_eq(weft_dict_set(of_a, equal_key, INT(2)), 0);
  set(a, "y", 3);
  weft_auto weft_object *dict = weft_dict_new();
  cr_assert_eq(weft_dict_set(dict, key, INT(0)), 0);
  at_comparison = make_instances;
  cr_assert_eq(weft_dict_update(dict, of_a), 0);
  cr_assert(weft_dict_length(dict) == 3 && weft_dict_get(dict, key) == INT(2));
  at_comparison = NULL;
  cr_assert(get_new(dict, STR("x")) == INT(1) && get_new(dict, STR("y")) == INT(3));
}

/* --- Other dicts --- */

RuntimeTest(instance_dicts, an_instance_takes_over_a_dict) {
  weft_auto weft_object *o = weft_instance_new(open_type()), *value = probe_new(), *dict = DICT(STR("y"), INT(2));
  cr_assert(weft_setattr_text(o, "x", value) == 0 && weft_instance_set_dict(o, dict) == 0);
  weft_clear(&value);
  cr_assert(freed() == 1 && !weft_getattr_text(o, "x") && raised(&weft_AttributeError));
  cr_assert_eq(weft_getattr_text(o, "y"), INT(2));
  set(o, "z", 3);
  weft_auto weft_object *same = weft_instance_dict(o);
  cr_assert(same == dict && reads(dict, "{'y': 2, 'z': 3}"));
  cr_assert(weft_instance_set_dict(o, INT(1)) == -1 && raised(&weft_TypeError));
  cr_assert(weft_instance_set_dict(o, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_instance_set_dict(dict, dict) == -1 && raised(&weft_AttributeError));
  cr_assert(weft_instance_set_dict(o, dict) == 0 && weft_getattr_text(o, "z") == INT(3));
}

static weft_object *dropped_by_finalizer;
static void drop_instance(hooked *o) {
  (void)o;
  weft_clear(&dropped_by_finalizer);
}

RuntimeTest(instance_dicts, DIC_089_a_value_that_drops_the_instance_whose_dict_is_cleared) {
  for (int hold_dict = 0; hold_dict < 2; hold_dict++) {
    weft_object *o = dropped_by_finalizer = weft_instance_new(open_type()), *dict = NULL;
    weft_object *value = hooked_new(1, 1);
    cr_assert_eq(weft_setattr_text(o, "x", value), 0);
    set(o, "y", 2);
    weft_decref(value);
    if (hold_dict) dict = weft_instance_dict(o);
    at_finalization = drop_instance;
    if (hold_dict) {
      cr_assert(weft_dict_clear(dict) == 0 && weft_dict_length(dict) == 0);
    } else { /* somebody else holds a reference for the call */
      weft_auto weft_object *held = weft_new_ref(o), *its_dict = weft_instance_dict(o);
      cr_assert_eq(weft_dict_clear(its_dict), 0);
      cr_assert(!dropped_by_finalizer && weft_refcount(held) == 1);
    }
    at_finalization = NULL;
    weft_xdecref(dict);
    cr_assert_null(dropped_by_finalizer);
  }
}
