/* SPDX-License-Identifier: MIT */
/* Deep copies without hooks: what is new, what is shared, cycles, memos, depth. */
#include "copy_support.h"

RuntimeSuite(deepcopy);

RuntimeTest(deepcopy, CP_023_a_deep_copy_of_42) {
  weft_auto weft_object *o = INT(42), *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && equal(copy, o));
}

RuntimeTest(deepcopy, CP_024_a_part_that_is_there_twice_is_copied_once) {
  weft_auto weft_object *inner = weft_list_new(), *o = weft_list_of(2, (weft_object *[]){inner, inner});
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(is_distinct_equal(copy, o) && item_of(copy, 0) != inner && item_of(copy, 0) == item_of(copy, 1));
}

RuntimeTest(deepcopy, containers_are_copied_with_what_is_in_them) {
  weft_auto weft_object *o =
      LIST(LIST(INT(1)), DICT(STR("a"), LIST(INT(2)), STR("b"), INT(3)), weft_bytearray_new("x", 1));
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(is_distinct_equal(copy, o));
  for (int i = 0; i < 3; i++) cr_assert_neq(item_of(copy, i), item_of(o, i));
  cr_assert(is_distinct_equal(value_of(item_of(copy, 1), "a"), value_of(item_of(o, 1), "a")));
  cr_assert_eq(value_of(item_of(copy, 1), "b"), value_of(item_of(o, 1), "b"), "atoms are shared");
}

RuntimeTest(deepcopy, CP_033_a_list_in_itself) {
  weft_auto weft_object *o = weft_list_new();
  weft_list_append(o, o);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  for (int op = WEFT_LT; op <= WEFT_GE; op++)
    cr_assert(weft_compare(copy, o, (enum weft_compare_op)op) < 0 && raised(&weft_RecursionError), "%d", op);
  cr_assert(copy != o && item_of(copy, 0) == copy && weft_list_length(copy) == 1);
  weft_list_clear(o);
  weft_list_clear(copy);
}

RuntimeTest(deepcopy, CP_034_the_empty_tuple) { cr_assert(copied_as_itself(weft_tuple_pack(0))); }

RuntimeTest(deepcopy, CP_035_a_tuple_with_a_list) {
  weft_auto weft_object *o = TUPLE(LIST(INT(1), INT(2)), INT(3)), *copy = weft_deepcopy(o, NULL);
  cr_assert(is_distinct_equal(copy, o) && item_of(copy, 0) != item_of(o, 0) && item_of(copy, 1) == item_of(o, 1));
}

RuntimeTest(deepcopy, CP_036_a_tuple_of_immutables) {
  cr_assert(copied_as_itself(TUPLE(TUPLE(INT(1), INT(2)), INT(3))));
}

RuntimeTest(deepcopy, a_tuple_in_a_cycle) {
  weft_auto weft_object *list = weft_list_new(), *o = weft_tuple_pack(1, list);
  weft_list_append(list, o);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy != o && item_of(copy, 0) != list && item_of(item_of(copy, 0), 0) == copy);
  weft_list_clear(list);
  weft_list_clear(item_of(copy, 0));
}

RuntimeTest(deepcopy, CP_039_a_dict_in_itself) {
  weft_auto weft_object *o = weft_dict_new();
  weft_dict_set_text(o, "foo", o);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  static const enum weft_compare_op orders[] = {WEFT_LT, WEFT_LE, WEFT_GT, WEFT_GE};
  for (int i = 0; i < 4; i++) cr_assert(weft_compare(copy, o, orders[i]) < 0 && raised(&weft_TypeError));
  cr_assert(weft_compare(copy, o, WEFT_EQ) < 0 && raised(&weft_RecursionError));
  cr_assert(copy != o && value_of(copy, "foo") == copy && weft_dict_length(copy) == 1);
  weft_dict_clear(o);
  weft_dict_clear(copy);
}

RuntimeTest(deepcopy, CP_040_a_dict_as_memo_keeps_the_originals) {
  weft_auto weft_object *memo = weft_dict_new(), *o = weft_dict_new(), *id = INT((int64_t)weft_id(memo));
  weft_auto weft_object *copy = weft_deepcopy(o, memo), *kept = weft_dict_get(memo, id);
  cr_assert(copy && copy != o && kept && weft_list_check(kept) && item_of(kept, 0) == o);
}

RuntimeTest(deepcopy, CP_041_what_never_changes_is_not_remembered) {
  weft_object *samples[] = {LIST(INT(1), INT(2), INT(3), INT(4)), LIST(TUPLE(INT(1), INT(2)))};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *memo = weft_dict_new(), *copy = weft_deepcopy(samples[i], memo);
    cr_assert(is_distinct_equal(copy, samples[i]) && weft_dict_length(memo) == 2, "%d", i);
    weft_decref(samples[i]);
  }
}

RuntimeTest(deepcopy, a_memo_knows_each_copy_and_keeps_both_alive) {
  weft_auto weft_object *memo = weft_memo_new(), *inner = LIST(INT(2)), *other = LIST(STR("other"));
  weft_auto weft_object *o = weft_list_of(1, &inner);
  cr_assert_eq(weft_memo_set(memo, inner, other), 0);
  weft_auto weft_object *copy = weft_deepcopy(o, memo), *found = NULL, *none = NULL;
  cr_assert(item_of(copy, 0) == other && weft_length(memo) == 2);
  cr_assert(weft_memo_find(memo, o, &found) == 1 && found == copy && weft_memo_find(memo, other, &none) == 0 && !none);
  uintptr_t id = weft_id(inner);
  weft_list_clear(o);
  weft_clear(&inner);
  weft_auto weft_object *fresh = LIST(INT(2));
  cr_assert_neq(weft_id(fresh), id, "the original is still there");
}

RuntimeTest(deepcopy, copies_with_one_memo_share_their_parts) {
  weft_auto weft_object *memo = weft_memo_new(), *inner = LIST(INT(1));
  weft_auto weft_object *a = weft_list_of(1, &inner), *b = weft_list_of(1, &inner);
  weft_auto weft_object *x = weft_deepcopy(a, memo), *y = weft_deepcopy(b, memo);
  cr_assert(x && y && item_of(x, 0) == item_of(y, 0) && item_of(x, 0) != inner);
}

RuntimeTest(deepcopy, CP_042_an_instance) {
  weft_auto weft_object *o = with_x(open_type(NULL), LIST(INT(42))), *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy != o && copy->type == o->type && is_distinct_equal(x_of(copy), x_of(o)));
}

RuntimeTest(deepcopy, an_instance_that_has_turned_to_a_dict) {
  weft_auto weft_object *o = with_x(open_type(NULL), LIST(INT(42))), *dict = weft_instance_dict(o);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(dict && copy && copy != o && is_distinct_equal(x_of(copy), x_of(o)));
}

RuntimeTest(deepcopy, CP_050_an_instance_in_itself) {
  weft_auto weft_object *o = weft_instance_new(open_type(NULL));
  weft_setattr_text(o, "x", o);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy != o && x_of(copy) == copy);
  weft_setattr_text(o, "x", NULL);
  weft_setattr_text(copy, "x", NULL);
}

RuntimeTest(deepcopy, CP_061_an_instance_with_slots) {
  weft_auto weft_object *o = with_x(slots_type(NULL), LIST(INT(42))), *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy != o && is_distinct_equal(x_of(copy), x_of(o)));
  cr_assert(!weft_getattr_text(copy, "y") && raised(&weft_AttributeError));
}

RuntimeTest(deepcopy, CP_064_what_derives_from_list) {
  weft_auto weft_object *items = LIST(LIST(INT(1), INT(2)), INT(3)), *o = called(open_type(&weft_list_type), items);
  weft_auto weft_object *x = LIST(INT(42));
  weft_setattr_text(o, "x", x);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(is_distinct_equal(copy, o) && item_of(copy, 0) != item_of(o, 0) && is_distinct_equal(x_of(copy), x));
}

RuntimeTest(deepcopy, CP_066_what_derives_from_tuple) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "T", .base = &weft_tuple_type});
  weft_auto weft_object *items = LIST(LIST(INT(1), INT(2)), INT(3)), *o = called(type, items);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(is_distinct_equal(copy, o) && is_distinct_equal(weft_tuple_get_borrow(copy, 0), item_of(items, 0)));
}

RuntimeTest(deepcopy, what_derives_from_dict_and_sets) {
  weft_auto weft_object *dict = DICT(STR("a"), LIST(INT(1))), *keys = LIST(INT(1), TUPLE(INT(2)));
  weft_auto weft_object *set = weft_set_from(keys), *frozen = weft_frozenset_from(keys);
  weft_object *all[] = {dict, set, frozen};
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *o = called(open_type(all[i]->type), all[i]), *x = LIST(INT(42));
    weft_setattr_text(o, "x", x);
    weft_auto weft_object *copy = weft_deepcopy(o, NULL);
    cr_assert(is_distinct_equal(copy, o) && is_distinct_equal(x_of(copy), x), "%d", i);
    if (i == 0) cr_assert_neq(value_of(copy, "a"), value_of(o, "a"));
  }
}

RuntimeTest(deepcopy, ARR_016_arrays_of_all_kinds) {
  weft_auto weft_object *items = LIST(INT(1), INT(2), INT(3));
  for (const char *code = "bBhHiIlLqQfd"; *code; code++) {
    weft_auto weft_object *o = weft_array_from(*code, items), *copy = weft_deepcopy(o, NULL);
    cr_assert(is_distinct_equal(copy, o) && weft_array_typecode(copy) == *code, "%c", *code);
  }
}

static weft_object *return_self(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  return n ? weft_new_ref(args[0]) : WEFT_NONE;
}

RuntimeTest(deepcopy, CP_076_a_method_in_its_own_object) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *name = STR("me"), *f = weft_function_new("me", return_self, 0, NULL);
  blocks_left_on_purpose = 3; /* the function is immortal, its name, and the type that has it */
  cr_assert_eq(weft_type_set(type, name, f), 0);
  weft_auto weft_object *o = weft_instance_new(type), *method = weft_getattr(o, name);
  cr_assert_eq(weft_setattr_text(o, "x", method), 0);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL), *self = weft_call(x_of(copy), NULL, 0);
  cr_assert(copy && copy != o && self == copy);
  weft_setattr_text(o, "x", NULL);
  weft_setattr_text(copy, "x", NULL);
}

RuntimeTest(deepcopy, keys_that_are_not_atomic_are_copied_too) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *key = with_x(type, LIST(INT(1))), *o = weft_dict_new(), *set = weft_set_new();
  weft_auto weft_object *value = LIST(INT(2));
  cr_assert(weft_dict_set(o, key, value) == 0 && weft_set_add(set, key) == 0);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL), *keys = weft_dict_keys(copy), *values = weft_dict_values(copy);
  cr_assert(weft_dict_length(copy) == 1 && item_of(keys, 0) != key && is_distinct_equal(item_of(values, 0), value));
  weft_auto weft_object *copied = weft_deepcopy(set, NULL), *members = weft_list_from(copied);
  cr_assert(weft_list_length(members) == 1 && item_of(members, 0) != key && item_of(members, 0)->type == type);
  weft_auto weft_object *frozen = weft_frozenset_from(set), *thawed = weft_deepcopy(frozen, NULL);
  cr_assert(thawed && thawed != frozen && weft_set_contains(thawed, key) == 0 && weft_set_length(thawed) == 1);
}

RuntimeTest(deepcopy, a_frozenset_of_immutables_is_itself) {
  weft_auto weft_object *keys = LIST(INT(1), TUPLE(STR("a"), INT(2)));
  cr_assert(copied_as_itself(weft_frozenset_from(keys)));
}

/* A set with an instance that refers to the set: CPython makes two sets of it. */
RuntimeTest(deepcopy, a_set_in_a_cycle_is_one_set) {
  weft_auto weft_object *set = weft_set_new(), *member = with_x(open_type(NULL), weft_new_ref(set));
  weft_set_add(set, member);
  weft_auto weft_object *copy = weft_deepcopy(set, NULL), *members = weft_list_from(copy);
  cr_assert(copy && copy != set && weft_list_length(members) == 1 && x_of(item_of(members, 0)) == copy);
  weft_set_clear(set);
  weft_set_clear(copy);
}

RuntimeTest(deepcopy, depth_is_not_bounded_by_the_stack) {
  enum { DEPTH = 100000 };
  weft_object *made[] = {nested_list(DEPTH), nested_tuple(DEPTH), weft_dict_new()};
  weft_auto weft_object *key = STR("x"), *leaf = weft_list_new();
  made[1] = TUPLE(made[1], weft_new_ref(leaf));
  weft_dict_set(made[2], key, leaf);
  for (int i = 0; i < DEPTH; i++) {
    weft_object *outer = weft_dict_new();
    weft_dict_set(outer, key, made[2]);
    weft_decref(made[2]);
    made[2] = outer;
  }
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *copy = weft_deepcopy(made[i], NULL);
    cr_assert(copy && copy != made[i], "%d", i);
    weft_decref(made[i]);
  }
}

static void copy_on_this_stack(void *unused) {
  (void)unused;
  weft_object *o = weft_tuple_pack(1, WEFT_NONE);
  weft_object *inner = weft_list_new();
  o = TUPLE(o, inner);
  for (int i = 0; i < 20000; i++) o = i % 2 ? LIST(o) : TUPLE(o, INT(i));
  weft_object *copy = weft_deepcopy(o, NULL);
  cr_expect(copy && copy != o);
  weft_xdecref(copy);
  weft_decref(o);
}

RuntimeTest(deepcopy, a_small_stack_is_enough) {
  on_small_stack(SANITIZED ? 1 << 20 : 128 << 10, copy_on_this_stack, NULL);
}

RuntimeTest(deepcopy, an_error_that_is_set_stays_set) {
  weft_auto weft_object *o = LIST(LIST(INT(1)));
  weft_raise(&weft_KeyError, "earlier");
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && raised_with(&weft_KeyError, "earlier"));
}
