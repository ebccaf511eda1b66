/* SPDX-License-Identifier: MIT */
/* Shallow copies, and copies with changes. */
#include "copy_support.h"

RuntimeSuite(copy);

static weft_object *return_none(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

RuntimeTest(copy, CP_001_the_error_of_refused_copies_is_an_error_of_its_own) {
  cr_assert(weft_type_derives(&weft_CopyError, &weft_Exception) && &weft_CopyError != &weft_Exception);
  weft_raise(&weft_CopyError, "no");
  cr_assert(weft_error_is(&weft_Exception) && !weft_error_is(&weft_TypeError) && raised(&weft_CopyError));
}

RuntimeTest(copy, CP_002_a_copy_of_42) {
  weft_auto weft_object *o = INT(42), *copy = weft_copy(o);
  cr_assert(copy && equal(copy, o));
}

/* A type with an int in its C body, which only hooks can copy. */
struct boxed {
  weft_object header;
  int64_t number;
  int *asked; /* how often */
};
static weft_object *boxed_copy(weft_object *self) {
  struct boxed *b = (struct boxed *)self, *copy = (struct boxed *)weft_object_new(self->type, 0);
  if (copy) copy->number = b->number;
  ++*b->asked;
  return (weft_object *)copy;
}

RuntimeTest(copy, CP_003_a_hook_makes_the_copy) {
  int asked = 0;
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "boxed", .basic_size = sizeof(struct boxed), .copy = boxed_copy});
  weft_auto weft_object *o = weft_object_new(type, 0);
  ((struct boxed *)o)->number = 7;
  ((struct boxed *)o)->asked = &asked;
  weft_auto weft_object *copy = weft_copy(o);
  cr_assert(copy && copy != o && copy->type == type && asked == 1 && ((struct boxed *)copy)->number == 7);
}

RuntimeTest(copy, CP_008_what_never_changes_is_its_own_copy) {
  weft_auto weft_object *f = weft_function_new("f", return_none, 0, NULL), *o = weft_object_new(&weft_object_type, 0);
  cr_assert(copied_as_itself(WEFT_NONE) && copied_as_itself(WEFT_TRUE) && copied_as_itself(WEFT_FALSE));
  cr_assert(copied_as_itself(INT(42)) && copied_as_itself(INT(INT64_MAX)) && copied_as_itself(INT(INT64_MIN)));
  cr_assert(copied_as_itself(weft_int_parse("1606938044258990275541962092341162602522202993782792835301376")));
  cr_assert(copied_as_itself(FLOAT(0.5)) && copied_as_itself(STR("hello")) && copied_as_itself(STR("hällo €")));
  cr_assert(copied_as_itself(weft_bytes_new("world", 5)) && copied_as_itself(weft_range_new(0, 10, 1)));
  cr_assert(copied_as_itself(weft_slice_new(1, 10, 2)) && copied_as_itself(weft_new_ref(f)));
  cr_assert(copied_as_itself((weft_object *)(uintptr_t)&weft_list_type));
  cr_assert(copied_as_itself(weft_new_ref((weft_object *)(uintptr_t)probe_type)));
  cr_assert(o != NULL);
}

RuntimeTest(copy, CP_010_a_tuple_is_its_own_shallow_copy) {
  weft_auto weft_object *empty = weft_tuple_pack(0), *flat = TUPLE(INT(1), INT(2)),
                        *deep = TUPLE(LIST(INT(1)), weft_list_new());
  weft_object *all[] = {empty, flat, deep};
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *copy = weft_copy(all[i]);
    cr_assert_eq(copy, all[i]);
  }
}

/* A non-empty and an empty object, dropped: their copies are equal and distinct. */
static bool copies_are_distinct(weft_object *full_steal, weft_object *empty_steal) {
  weft_auto weft_object *full = full_steal, *empty = empty_steal, *a = weft_copy(full), *b = weft_copy(empty);
  return is_distinct_equal(full, a) && is_distinct_equal(empty, b);
}

RuntimeTest(copy, CP_011_a_dict) { cr_assert(copies_are_distinct(DICT(STR("foo"), INT(1)), weft_dict_new())); }

RuntimeTest(copy, CP_012_a_set) {
  weft_auto weft_object *items = LIST(INT(1), INT(2), INT(3));
  cr_assert(copies_are_distinct(weft_set_from(items), weft_set_new()));
}

RuntimeTest(copy, CP_013_a_frozenset) {
  weft_auto weft_object *items = LIST(INT(1), weft_tuple_pack(0)), *o = weft_frozenset_from(items),
                        *empty = weft_frozenset_new();
  weft_auto weft_object *copy = weft_copy(o), *nothing = weft_copy(empty);
  cr_assert(copy == o && nothing == empty);
}

RuntimeTest(copy, CP_014_a_bytearray) {
  cr_assert(copies_are_distinct(weft_bytearray_new("abc", 3), weft_bytearray_new(NULL, 0)));
}

RuntimeTest(copy, a_list_and_an_array) {
  cr_assert(copies_are_distinct(LIST(INT(1), LIST(INT(2))), weft_list_new()));
  weft_auto weft_object *items = LIST(INT(1), INT(2)), *none = weft_list_new();
  cr_assert(copies_are_distinct(weft_array_from('i', items), weft_array_from('d', none)));
  weft_auto weft_object *nested = LIST(weft_list_new()), *copy = weft_copy(nested);
  cr_assert_eq(item_of(copy, 0), item_of(nested, 0));
}

RuntimeTest(copy, CP_015_an_instance) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *o = with_x(type, LIST(INT(42))), *copy = weft_copy(o);
  cr_assert(copy && copy != o && copy->type == type && x_of(copy) == x_of(o));
  cr_assert(weft_setattr_text(copy, "x", WEFT_NONE) == 0 && x_of(o) != WEFT_NONE);
}

static int refuse_init(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  weft_raise(&weft_RuntimeError, "init is not for copies");
  return -1;
}

RuntimeTest(copy, an_instance_is_copied_without_init) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .init = refuse_init});
  weft_auto weft_object *o = weft_instance_new(type), *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
  cr_assert(shallow && deep && shallow->type == type && deep->type == type);
}

RuntimeTest(copy, an_instance_that_has_turned_to_a_dict) {
  weft_auto weft_object *o = with_x(open_type(NULL), LIST(INT(1))), *dict = weft_instance_dict(o),
                        *list = weft_list_new();
  weft_auto weft_object *copy = weft_copy(o), *own = weft_instance_dict(copy);
  cr_assert(own && own != dict && equal(own, dict) && x_of(copy) == x_of(o));
  cr_assert(weft_dict_set_text(own, "y", list) == 0 && weft_dict_contains_text(dict, "y") == 0);
}

/* More attributes than the instance that was made first left room for. */
RuntimeTest(copy, an_instance_with_many_attributes) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *o = weft_instance_new(type);
  for (int i = 0; i < 40; i++) {
    char name[8];
    snprintf(name, sizeof name, "a%d", i);
    weft_auto weft_object *value = LIST(INT(i));
    cr_assert_eq(weft_setattr_text(o, name, value), 0);
  }
  weft_auto weft_object *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
  weft_auto weft_object *a = weft_instance_dict(o), *b = weft_instance_dict(shallow), *c = weft_instance_dict(deep);
  cr_assert(is_distinct_equal(a, b) && is_distinct_equal(a, c) && value_of(a, "a39") == value_of(b, "a39"));
  cr_assert(is_distinct_equal(value_of(a, "a39"), value_of(c, "a39")));
}

static weft_object *copy_of_x(weft_object *self) { return with_x(self->type, weft_getattr_text(self, "x")); }

RuntimeTest(copy, CP_016_an_instance_with_a_hook) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .copy = copy_of_x});
  weft_auto weft_object *o = with_x(type, INT(42)), *one = INT(1);
  cr_assert_eq(weft_setattr_text(o, "other", one), 0);
  weft_auto weft_object *copy = weft_copy(o);
  cr_assert(copy && copy != o && x_of(copy) == x_of(o) && !weft_getattr_text(copy, "other"));
  cr_assert(raised(&weft_AttributeError));
}

RuntimeTest(copy, CP_060_an_instance_with_slots) {
  weft_auto weft_object *o = with_x(slots_type(NULL), LIST(INT(42))), *copy = weft_copy(o);
  cr_assert(copy && copy != o && x_of(copy) == x_of(o));
  cr_assert(!weft_getattr_text(copy, "y") && raised(&weft_AttributeError), "an empty slot stays empty");
}

RuntimeTest(copy, CP_065_what_derives_from_tuple) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "T", .base = &weft_tuple_type});
  weft_auto weft_object *items = LIST(INT(1), LIST(INT(2))), *o = called(type, items), *copy = weft_copy(o);
  cr_assert(copy && copy->type == type && equal(copy, o) && weft_tuple_get_borrow(copy, 1) == item_of(items, 1));
}

RuntimeTest(copy, what_derives_from_containers_keeps_its_type_items_and_attributes) {
  weft_auto weft_object *list = LIST(INT(1), TUPLE(INT(2))), *dict = DICT(STR("a"), LIST(INT(1)));
  weft_auto weft_object *set = weft_set_from(list), *frozen = weft_frozenset_from(list),
                        *bytes = weft_bytearray_new("ab", 2);
  weft_object *all[] = {list, dict, set, frozen, bytes};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const weft_type *type = open_type(all[i]->type);
    weft_auto weft_object *o = called(type, all[i]), *x = LIST(INT(1));
    cr_assert(o && weft_setattr_text(o, "x", x) == 0);
    weft_auto weft_object *copy = weft_copy(o);
    cr_assert(is_distinct_equal(copy, o) && x_of(copy) == x, "%zu", i);
  }
}

RuntimeTest(copy, BYT_139_a_derived_bytearray_keeps_its_type_and_attributes) {
  const weft_type *type = open_type(&weft_bytearray_type);
  weft_auto weft_object *bytes = weft_bytearray_new("abc", 3), *o = called(type, bytes), *x = INT(10),
                        *y = LIST(INT(1));
  cr_assert(weft_setattr_text(o, "x", x) == 0 && weft_setattr_text(o, "y", y) == 0);
  for (int deep = 0; deep < 2; deep++) {
    weft_auto weft_object *copy = deep ? weft_deepcopy(o, NULL) : weft_copy(o), *z = weft_getattr_text(copy, "y");
    cr_assert(is_distinct_equal(copy, o) && equal(x_of(copy), x) && equal(z, y) && (z == y) == !deep);
  }
}

RuntimeTest(copy, BYT_002_bytes_and_bytearrays) {
  weft_auto weft_object *bytes = weft_bytes_new("ab", 2), *array = weft_bytearray_new("ab", 2);
  for (int deep = 0; deep < 2; deep++) {
    weft_auto weft_object *b = deep ? weft_deepcopy(bytes, NULL) : weft_copy(bytes);
    weft_auto weft_object *a = deep ? weft_deepcopy(array, NULL) : weft_copy(array);
    cr_assert(b && weft_bytes_check(b) && equal(b, bytes) && is_distinct_equal(a, array));
  }
}

RuntimeTest(copy, CP_068_a_function) {
  weft_auto weft_object *captured = weft_list_new();
  cr_assert(copied_as_itself(weft_function_new("f", return_none, 1, &captured)));
}

RuntimeTest(copy, an_error_keeps_its_type_and_message) {
  weft_raise(&weft_KeyError, "a message");
  weft_auto weft_object *error = weft_error_take(), *shallow = weft_copy(error), *deep = weft_deepcopy(error, NULL);
  weft_object *both[] = {shallow, deep};
  for (int i = 0; i < 2; i++) {
    cr_assert(both[i] && both[i] != error && both[i]->type == &weft_KeyError);
    cr_assert_str_eq(weft_error_message(both[i]), "a message");
  }
}

static void set_and_copy(void *error_) {
  weft_object *error = error_;
  for (int i = 0; i < 100; i++) {
    weft_auto weft_object *value = INT(1000 + i);
    cr_expect_eq(weft_setattr_text(error, "x", value), 0);
    weft_auto weft_object *copy = i % 2 ? weft_copy(error) : weft_deepcopy(error, NULL);
    cr_expect(copy && copy != error && copy->type == error->type);
    cr_expect_str_eq(weft_error_message(copy), "shared");
    weft_auto weft_object *x = weft_getattr_text(copy, "x");
    cr_expect(x && weft_int_value(x) >= 1000);
  }
}

RuntimeTest(copy, FTX_001_an_error_that_threads_change_and_copy) {
  weft_raise(open_type(&weft_ValueError), "shared");
  weft_auto weft_object *error = weft_error_take();
  cr_assert(error && error->type != &weft_ValueError);
  in_new_threads(4, set_and_copy, error);
}

RuntimeTest(copy, DVW_013_views_cannot_be_copied) {
  weft_auto weft_object *dict = DICT(STR("a"), INT(1));
  cr_assert(cannot_be_copied(weft_dict_view_keys(dict)) && cannot_be_copied(weft_dict_view_values(dict)));
  cr_assert(cannot_be_copied(weft_dict_view_items(dict)));
}

RuntimeTest(copy, threads_iterators_cells_and_memos_cannot_be_copied) {
  weft_auto weft_object *list = weft_list_new(), *f = weft_function_new("f", return_none, 0, NULL);
  weft_auto weft_object *thread = weft_thread_spawn(f, 0, NULL);
  weft_decref(weft_thread_join(thread));
  cr_assert(cannot_be_copied(weft_new_ref(thread)) && cannot_be_copied(weft_iter(list)));
  cr_assert(cannot_be_copied(weft_cell_new(list)) && cannot_be_copied(weft_memo_new()) &&
            cannot_be_copied(probe_new()));
  weft_auto weft_object *holder = LIST(weft_cell_new(NULL)), *shallow = weft_copy(holder);
  cr_assert(shallow && !weft_deepcopy(holder, NULL) && raised(&weft_TypeError));
}

RuntimeTest(copy, a_plain_object_is_copied) {
  weft_auto weft_object *o = weft_object_new(&weft_object_type, 0), *shallow = weft_copy(o),
                        *deep = weft_deepcopy(o, NULL);
  cr_assert(shallow && deep && shallow != o && deep != o && shallow->type == &weft_object_type);
}

RuntimeTest(copy, CP_007_what_refuses_is_a_copy_error) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT | WEFT_TYPE_NO_COPY | WEFT_TYPE_BASE});
  weft_auto weft_object *o = weft_instance_new(type), *derived = weft_instance_new(open_type(type));
  cr_assert(!weft_copy(o) && raised(&weft_CopyError) && !weft_copy(derived) && raised(&weft_CopyError));
}

RuntimeTest(copy, CP_030_what_refuses_is_a_copy_error_of_deepcopy) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT | WEFT_TYPE_NO_COPY});
  weft_auto weft_object *holder = LIST(weft_instance_new(type));
  cr_assert(!weft_deepcopy(holder, NULL) && raised(&weft_CopyError));
  cr_assert(!weft_deepcopy(item_of(holder, 0), NULL) && raised(&weft_CopyError));
}

/* --- With changes --- */

RuntimeTest(copy, CP_077_what_has_no_replace_slot) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *f = weft_function_new("f", return_none, 0, NULL), *changes = DICT(STR("x"), INT(1));
  weft_object *all[] = {INT(42),
                        LIST(INT(1)),
                        weft_dict_new(),
                        weft_new_ref(f),
                        (weft_object *)(uintptr_t)&weft_list_type,
                        weft_instance_new(type)};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    cr_assert(!weft_replace(all[i], changes) && raised_with(&weft_TypeError, "replace() does not support"), "%zu", i);
    weft_decref(all[i]);
  }
}

RuntimeTest(copy, CP_079_a_record_with_other_fields) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "Point", .slot_names = (const char *const[]){"x", "y", NULL}, .replace = weft_replace_attributes});
  weft_auto weft_object *p = with_x(type, INT(11)), *y = INT(22), *x1 = INT(1);
  cr_assert_eq(weft_setattr_text(p, "y", y), 0);
  weft_auto weft_object *none = weft_dict_new(), *x = DICT(STR("x"), INT(1)),
                        *both = DICT(STR("x"), INT(1), STR("y"), INT(2));
  weft_auto weft_object *same = weft_replace(p, none), *one = weft_replace(p, x), *two = weft_replace(p, both);
  cr_assert(same && same->type == type && same != p && equal(x_of(same), x_of(p)));
  weft_auto weft_object *y_of_one = weft_getattr_text(one, "y"), *y_of_two = weft_getattr_text(two, "y");
  cr_assert(equal(x_of(one), x1) && equal(y_of_one, y) && equal(x_of(two), x1) && !equal(y_of_two, y));
  weft_auto weft_object *unknown = DICT(STR("x"), INT(1), STR("error"), INT(2));
  cr_assert(!weft_replace(p, unknown) && raised_with(&weft_TypeError, "error"));
}

RuntimeTest(copy, bad_arguments) {
  weft_auto weft_object *list = weft_list_new();
  cr_assert(!weft_copy(NULL) && raised(&weft_TypeError) && !weft_deepcopy(NULL, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_deepcopy(list, list) && raised(&weft_TypeError));
  cr_assert(!weft_replace(list, NULL) && raised(&weft_TypeError) && !weft_replace(NULL, NULL) &&
            raised(&weft_TypeError));
  cr_assert(!weft_replace(list, list) && raised(&weft_TypeError));
  cr_assert(weft_copy_register(NULL, list) < 0 && raised(&weft_TypeError));
  cr_assert(weft_copy_register((const weft_type *)list, list) < 0 && raised(&weft_TypeError));
  cr_assert(weft_copy_register(&weft_cell_type, list) < 0 && raised_with(&weft_TypeError, "callable"));
  weft_object *copy;
  cr_assert(weft_memo_find(list, list, &copy) < 0 && raised(&weft_TypeError) && !copy);
  cr_assert(weft_memo_set(list, list, list) < 0 && raised(&weft_TypeError));
}
