/* SPDX-License-Identifier: MIT */
/* Cycles by way of iterators, views, sets, derived containers and attribute dicts are found by the collector. */
#include "races_support.h"

RuntimeSuite(collectable);

enum { ALL = WEFT_GC_GENERATIONS - 1 };

static const weft_type *open_type(void) {
  return weft_type_new(&(weft_type_spec){.name = "open", .flags = WEFT_TYPE_DICT});
}

/* `o` is what the list, which has a probe, holds beside it; and refers to the list. Both are dropped. */
static void dies_with(weft_object *list_steal, weft_object *o_steal) {
  uint32_t before = freed();
  weft_auto weft_object *probe = probe_new();
  cr_assert(o_steal && weft_list_append(list_steal, o_steal) == 0 && weft_list_append(list_steal, probe) == 0);
  weft_decref(o_steal);
  weft_decref(list_steal);
  weft_clear(&probe);
  cr_assert_eq(freed(), before);
  cr_assert_gt(weft_gc_collect(ALL), 0);
  cr_assert_eq(freed(), before + 1);
}

RuntimeTest(collectable, iterators_over_a_list_in_it) {
  weft_object *a = weft_list_new(), *b = weft_list_new(), *c = weft_list_new(), *d = weft_list_new();
  dies_with(a, weft_iter(a));
  dies_with(b, weft_reversed(b));
  dies_with(c, weft_enumerate(c, 0));
  dies_with(d, weft_zip(2, (weft_object *[]){d, d}));
}

RuntimeTest(collectable, views_and_iterators_of_a_dict_that_has_the_list) {
  weft_object *(*const makers[])(weft_object *) = {weft_dict_view_keys, weft_dict_view_values, weft_dict_view_items,
                                                   weft_dict_reverse_items, weft_dict_iter_keys};
  for (int i = 0; i < 5; i++) {
    weft_object *list = weft_list_new();
    weft_auto weft_object *dict = weft_dict_new();
    cr_assert_eq(weft_dict_set(dict, INT(1), list), 0);
    weft_object *made = makers[i](dict);
    weft_clear(&dict);
    dies_with(list, made);
  }
}

RuntimeTest(collectable, ARR_054_an_iterator_over_an_array_in_a_list_that_has_itself) {
  weft_auto weft_object *numbers = weft_range_new(0, 3, 1), *array = weft_array_from('i', numbers);
  weft_object *list = weft_list_new();
  weft_auto weft_object *it = weft_iter(array);
  cr_assert_eq(weft_list_append(list, it), 0);
  dies_with(list, weft_new_ref(list));
}

RuntimeTest(collectable, SET_025_an_iterator_over_a_set_of_the_object_that_has_it) {
  const weft_type *type = open_type();
  weft_object *o = weft_instance_new(type), *set = weft_set_new(), *probe = probe_new();
  cr_assert(weft_set_add(set, o) == 0 && weft_setattr_text(o, "probe", probe) == 0);
  weft_object *it = weft_iter(set);
  cr_assert_eq(weft_setattr_text(o, "iterator", it), 0);
  weft_decref(probe);
  weft_decref(it);
  weft_decref(set);
  weft_decref(o);
  cr_assert_eq(freed(), 0);
  cr_assert(weft_gc_collect(ALL) > 0 && freed() == 1);
}

RuntimeTest(collectable, SET_020_a_thousand_elements_in_cycles_with_their_set) {
  const weft_type *type = open_type();
  weft_object *set = weft_set_new();
  for (int i = 0; i < 1000; i++) {
    weft_auto weft_object *o = weft_instance_new(type), *sub = weft_set_new(), *probe = probe_new();
    cr_assert(weft_setattr_text(o, "cycle", o) == 0 && weft_setattr_text(o, "set", set) == 0);
    cr_assert(weft_setattr_text(o, "sub", sub) == 0 && weft_setattr_text(o, "probe", probe) == 0);
    cr_assert(weft_set_add(sub, o) == 0 && weft_set_add(set, o) == 0);
  }
  cr_assert(weft_gc_collect(ALL) == 0 && weft_set_length(set) == 1000 && freed() == 0);
  weft_decref(set);
  cr_assert(weft_gc_collect(ALL) >= 1000 && freed() == 1000);
}

RuntimeTest(collectable, derived_containers_with_themselves_in_an_attribute_or_in_them) {
  const weft_type *const bases[] = {&weft_list_type, &weft_dict_type, &weft_set_type, &weft_bytearray_type};
  for (uint32_t i = 0; i < 4; i++) {
    const weft_type *type =
        weft_type_new(&(weft_type_spec){.name = "derived", .base = bases[i], .flags = WEFT_TYPE_DICT});
    weft_object *o = weft_call((weft_object *)(uintptr_t)type, NULL, 0), *probe = probe_new();
    cr_assert(weft_setattr_text(o, "itself", o) == 0 && weft_setattr_text(o, "probe", probe) == 0);
    if (i == 0) cr_assert_eq(weft_list_append(o, o), 0);
    if (i == 1) cr_assert_eq(weft_dict_set(o, INT(1), o), 0);
    weft_decref(probe);
    weft_decref(o);
    cr_assert_eq(freed(), i);
    cr_assert(weft_gc_collect(ALL) > 0 && freed() == i + 1);
  }
}

RuntimeTest(collectable, DIC_083_an_instance_with_the_dict_of_another_survives_that_and_a_collection) {
  const weft_type *type = open_type();
  weft_auto weft_object *a = weft_instance_new(type);
  weft_object *b = weft_instance_new(type);
  cr_assert_eq(weft_setattr_text(b, "x", INT(1)), 0);
  weft_object *of_b = weft_instance_dict(b);
  cr_assert_eq(weft_instance_set_dict(a, of_b), 0);
  weft_decref(of_b);
  weft_decref(b);
  weft_gc_collect(ALL);
  cr_assert_eq(weft_getattr_text(a, "x"), INT(1));
}

/* --- Attribute dicts that are replaced, some of them cyclic --- */

static weft_object *holder;

static void write_replaces_dict(uint32_t number, void *name) {
  for (int64_t i = 0, n = times(500); i < n; i++) {
    weft_auto weft_object *dict = weft_dict_new(), *value = INT((int64_t)number * 1000 + i), *probe = probe_new();
    weft_dict_set(dict, name, value);
    weft_dict_set(dict, probe, number % 2 ? dict : probe);
    cr_expect_eq(weft_instance_set_dict(holder, dict), 0);
  }
}
static void read_attribute(void *name) {
  weft_auto weft_object *value = weft_getattr(holder, name), *dict = weft_instance_dict(holder);
  cr_expect(value && weft_int_value(value) >= 0 && dict && weft_dict_contains(dict, name) == 1);
}

RuntimeTest(collectable, FTD_007_an_attribute_that_every_dict_has_is_found_and_no_replaced_dict_leaks) {
  weft_auto weft_object *name = STR("value"), *last = weft_dict_new();
  holder = weft_instance_new(open_type());
  cr_assert_eq(weft_setattr(holder, name, INT(0)), 0);
  race(10, write_replaces_dict, 10, read_attribute, name);
  cr_assert_eq(weft_instance_set_dict(holder, last), 0);
  weft_synchronize();
  weft_poll();
  weft_gc_collect(ALL);
  weft_synchronize();
  weft_poll();
  cr_assert_eq(freed(), 10 * times(500));
  weft_decref(holder);
}
