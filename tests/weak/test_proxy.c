/* SPDX-License-Identifier: MIT */
/* Proxies: operations on them are operations on their targets. */
#include "weak_support.h"

WeakSuite(proxy);

static weft_object *proxy_of(weft_object *o, weft_object *callback) {
  weft_object *proxy = weft_proxy_new(o, callback);
  if (!proxy) abort();
  return proxy;
}

WeakTest(proxy, WR_009_of_a_dead_target_every_operation_is_a_reference_error) {
  weft_object *o = thing();
  weft_auto weft_object *a = proxy_of(o, counter), *b = proxy_of(o, counter);
  set(a, "value", INT(24));
  cr_assert(get(b, "value") == INT(24) && get(o, "value") == INT(24));
  weft_decref(o);
  cr_assert_eq(calls, 2);
  cr_assert(!weft_getattr_text(a, "value") && raised(&weft_ReferenceError));
  cr_assert(!weft_getattr_text(b, "value") && raised(&weft_ReferenceError));
  cr_assert(weft_setattr_text(a, "value", WEFT_NONE) == -1 && raised(&weft_ReferenceError));
  cr_assert(weft_is_true(a) == -1 && raised_with(&weft_ReferenceError, "no longer exists"));
  cr_assert(weft_length(a) == -1 && raised(&weft_ReferenceError));
  cr_assert(!weft_get_item(a, WEFT_NONE) && raised(&weft_ReferenceError));
  cr_assert(weft_set_item(a, WEFT_NONE, WEFT_NONE) == -1 && raised(&weft_ReferenceError));
  cr_assert(weft_contains(a, WEFT_NONE) == -1 && raised(&weft_ReferenceError));
  cr_assert(!weft_iter(a) && raised(&weft_ReferenceError));
  cr_assert(!weft_next(a) && raised(&weft_ReferenceError));
  cr_assert(!weft_reversed(a) && raised(&weft_ReferenceError));
  cr_assert(!weft_str(a) && raised(&weft_ReferenceError));
  cr_assert(!weft_add(a, WEFT_TRUE) && raised(&weft_ReferenceError));
  cr_assert(!weft_in_place_add(a, WEFT_TRUE) && raised(&weft_ReferenceError));
  cr_assert(weft_compare(a, WEFT_NONE, WEFT_EQ) == -1 && raised(&weft_ReferenceError));
  char expected[100];
  snprintf(expected, sizeof expected, "<weakproxy at %p; dead>", (void *)a);
  assert_text(weft_repr(a), expected);
  cr_assert_eq(weft_weakref_is_dead(a), 1);
}

/* The catalogue's WR_012 and WR_019. */
WeakTest(proxy, WR_012_WR_019_those_without_callback_are_one_object) {
  weft_auto weft_object *o = thing();
  weft_auto weft_object *a = proxy_of(o, NULL), *ref = ref_to(o, NULL), *b = proxy_of(o, WEFT_NONE);
  weft_auto weft_object *other = proxy_of(o, counter);
  cr_assert(a == b && a != other && a != ref && weft_weakref_count(o) == 3);
}

WeakTest(proxy, WR_013_acts_on_its_target) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "listlike", .base = &weft_list_type, .flags = WEFT_TYPE_DICT});
  weft_object *o = weft_call((weft_object *)type, NULL, 0);
  weft_auto weft_object *proxy = proxy_of(o, NULL), *value = STR("value");
  cr_assert(weft_is_true(proxy) == 0 && weft_length(proxy) == 0);
  weft_list_append(o, INT(12));
  cr_assert(weft_length(proxy) == 1 && weft_is_true(proxy) == 1 && weft_contains(proxy, INT(12)) == 1);
  cr_assert_eq(weft_set_item(proxy, INT(0), INT(42)), 0);
  cr_assert(weft_get_item(proxy, INT(0)) == INT(42) && weft_get_item(o, INT(0)) == INT(42));
  weft_auto weft_object *more = LIST(INT(1), INT(2), INT(3)), *slice = weft_slice_new(1, INT64_MAX, 1);
  cr_assert_eq(weft_set_item(proxy, slice, more), 0);
  weft_auto weft_object *part = weft_get_item(proxy, slice), *plain = weft_list_from(o);
  cr_assert(equal(part, more) && equal(proxy, plain) && equal(plain, proxy));
  assert_text(weft_str(proxy), "[42, 1, 2, 3]");
  cr_assert(weft_set_item(proxy, slice, NULL) == 0 && weft_length(o) == 1);
  set(proxy, "name", value);
  cr_assert(get(o, "name") == value && get(proxy, "name") == value);
  cr_assert(weft_setattr_text(proxy, "name", NULL) == 0 && !weft_getattr_text(o, "name") &&
            raised(&weft_AttributeError));
  weft_auto weft_object *two = weft_add(proxy, more), *also = weft_multiply(proxy, INT(2));
  cr_assert(weft_length(two) == 4 && weft_length(also) == 2);
  char expected[100];
  snprintf(expected, sizeof expected, "<weakproxy at %p to listlike at %p>", (void *)proxy, (void *)o);
  assert_text(weft_repr(proxy), expected);
  weft_decref(o);
}

static weft_object *a_str(weft_object *self) {
  (void)self;
  return STR("as a str");
}
WeakTest(proxy, its_text_is_its_targets) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "text", .flags = WEFT_TYPE_WEAK, .str = a_str});
  weft_auto weft_object *o = weft_object_new(type, 0), *proxy = proxy_of(o, NULL);
  assert_text(weft_str(proxy), "as a str");
}

static weft_object *forty_two(weft_object *a, weft_object *b) {
  (void)a, (void)b;
  return INT(42);
}
static weft_object *twenty_one(weft_object *a, weft_object *b) {
  (void)a, (void)b;
  return INT(21);
}
WeakTest(proxy, operators_call_the_targets_and_in_place_ones_too) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "number",
                                                          .flags = WEFT_TYPE_WEAK,
                                                          .subtract = forty_two,
                                                          .bit_and = forty_two,
                                                          .bit_or = forty_two,
                                                          .bit_xor = forty_two,
                                                          .in_place_subtract = twenty_one,
                                                          .in_place_and = twenty_one,
                                                          .in_place_or = twenty_one,
                                                          .in_place_xor = twenty_one,
                                                          .in_place_multiply = twenty_one});
  weft_auto weft_object *o = weft_object_new(type, 0), *proxy = proxy_of(o, NULL);
  cr_assert(weft_subtract(proxy, INT(5)) == INT(42) && weft_subtract(INT(5), proxy) == INT(42));
  cr_assert(weft_and(proxy, o) == INT(42) && weft_or(proxy, proxy) == INT(42) && weft_xor(o, proxy) == INT(42));
  cr_assert(weft_in_place_subtract(proxy, INT(5)) == INT(21) && weft_in_place_and(proxy, INT(5)) == INT(21));
  cr_assert(weft_in_place_or(proxy, INT(5)) == INT(21) && weft_in_place_xor(proxy, INT(5)) == INT(21));
  cr_assert_eq(weft_in_place_multiply(proxy, INT(5)), INT(21));
  cr_assert(!weft_add(proxy, INT(5)) && raised(&weft_TypeError));
}

static weft_object *first_argument(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  if (n != 1) return weft_raise(&weft_TypeError, "expected 1 argument");
  return weft_new_ref(args[0]);
}
WeakTest(proxy, WR_020_of_something_callable_it_is_callable) {
  weft_object *f = weft_function_new("first", first_argument, 0, NULL);
  weft_auto weft_object *a = proxy_of(f, NULL), *b = proxy_of(f, counter), *o = thing(), *plain = proxy_of(o, NULL);
  weft_object *args[] = {INT(7), INT(8)};
  cr_assert(a->type == &weft_callable_proxy_type && b->type == &weft_callable_proxy_type &&
            plain->type == &weft_proxy_type);
  cr_assert(weft_call(a, args, 1) == INT(7) && weft_call(b, args, 1) == INT(7));
  cr_assert(!weft_call(a, NULL, 0) && raised(&weft_TypeError));
  cr_assert(!weft_call(a, args, 2) && raised(&weft_TypeError));
  cr_assert(!weft_call(plain, NULL, 0) && raised(&weft_TypeError));
  weft_decref(f);
  cr_assert(!weft_call(a, args, 1) && raised(&weft_ReferenceError));
}

static weft_object *deleted_key;
static int note_deletion(weft_object *self, weft_object *key, weft_object *value) {
  (void)self;
  deleted_key = value ? NULL : key;
  return 0;
}
WeakTest(proxy, WR_021_deleting_an_item_deletes_the_targets) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "items", .flags = WEFT_TYPE_WEAK, .set_item = note_deletion});
  weft_auto weft_object *o = weft_object_new(type, 0), *proxy = proxy_of(o, NULL), *key = STR("f");
  cr_assert(weft_set_item(proxy, key, NULL) == 0 && deleted_key == key);
}

WeakTest(proxy, WR_022_is_as_true_as_its_target) {
  weft_auto weft_object *empty = weft_list_new(), *one = LIST(INT(1)), *o = thing();
  weft_auto weft_object *a = proxy_of(empty, NULL), *b = proxy_of(one, NULL), *c = proxy_of(o, NULL);
  cr_assert(weft_is_true(a) == 0 && weft_is_true(b) == 1 && weft_is_true(c) == 1);
}

static weft_object *victim;
static weft_object *drop_the_victim(weft_object *self) {
  (void)self;
  weft_clear(&victim);
  return weft_raise(&weft_TypeError, "no iterator");
}
WeakTest(proxy, WR_023_a_target_that_drops_itself_while_it_is_asked) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "iterable", .flags = WEFT_TYPE_WEAK, .iter = drop_the_victim});
  victim = weft_object_new(type, 0);
  weft_auto weft_object *proxy = proxy_of(victim, NULL);
  cr_assert(weft_contains(proxy, WEFT_NONE) == -1 && raised(&weft_TypeError));
  cr_assert(!victim && weft_weakref_is_dead(proxy) == 1);
}

WeakTest(proxy, WR_026_reversed) {
  weft_auto weft_object *list = LIST(INT(1), INT(2), INT(3)), *proxy = proxy_of(list, NULL);
  weft_auto weft_object *iterator = weft_reversed(proxy), *items = weft_list_from(iterator);
  assert_text(weft_repr(items), "[3, 2, 1]");
}

WeakTest(proxy, an_iterator_behind_one_goes_on) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "listlike", .base = &weft_list_type});
  weft_auto weft_object *items = LIST(INT(1), INT(2)), *o = weft_call((weft_object *)type, &items, 1);
  weft_auto weft_object *proxy = proxy_of(o, NULL), *list = weft_list_from(proxy);
  cr_assert(equal(list, items));
  cr_assert(!weft_next(proxy) && raised(&weft_TypeError));
}

WeakTest(proxy, WR_027_is_not_hashable) {
  weft_auto weft_object *o = thing(), *list = weft_list_new(), *a = proxy_of(o, NULL), *b = proxy_of(list, NULL);
  int64_t hash;
  cr_assert(weft_hash(o, &hash) == 0 && weft_hash(a, &hash) == -1 && raised(&weft_TypeError));
  cr_assert(weft_hash(b, &hash) == -1 && raised(&weft_TypeError));
}

static weft_object *add_ten(weft_object *a, weft_object *b) {
  return INT(10 + weft_int_value(weft_is_instance(a, &weft_int_type) ? a : b));
}
WeakTest(proxy, adding_works_on_either_side) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "ten", .flags = WEFT_TYPE_WEAK, .add = add_ten});
  weft_auto weft_object *o = weft_object_new(type, 0), *proxy = proxy_of(o, NULL);
  cr_assert(weft_add(proxy, INT(1)) == INT(11) && weft_add(INT(1), proxy) == INT(11));
}

WeakTest(proxy, WR_039_collections_while_one_is_made) {
  weft_auto weft_object *o = thing();
  weft_gc_set_threshold((uint32_t[]){1, 1, 1});
  weft_gc_enable();
  for (int i = 0; i < 100; i++) {
    weft_object *cycle = thing();
    set(cycle, "self", cycle);
    weft_object *other = proxy_of(o, counter);
    set(cycle, "proxy", other);
    weft_decref(other);
    weft_decref(cycle);
    weft_auto weft_object *proxy = proxy_of(o, i % 2 ? counter : NULL), *list = weft_weakref_list(o);
    cr_assert(proxy && weft_list_length(list) >= 1);
  }
  weft_gc_disable();
  weft_gc_collect(2);
  cr_assert(weft_weakref_count(o) == 0 && calls == 0);
}

WeakTest(proxy, SET_050_of_a_set_dies_with_it) {
  weft_object *set_ = weft_set_new();
  weft_auto weft_object *proxy = proxy_of(set_, NULL);
  weft_set_add(set_, INT(5));
  cr_assert(weft_length(proxy) == 1 && weft_contains(proxy, INT(5)) == 1);
  weft_decref(set_);
  cr_assert(weft_length(proxy) == -1 && raised(&weft_ReferenceError));
}

WeakTest(proxy, ARR_056_of_an_array_dies_with_it) {
  weft_object *array = weft_array_new('d');
  weft_auto weft_object *proxy = proxy_of(array, NULL);
  cr_assert(weft_length(proxy) == 0 && equal(proxy, array));
  weft_decref(array);
  cr_assert(weft_length(proxy) == -1 && raised(&weft_ReferenceError));
}
