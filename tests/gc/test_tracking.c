/* SPDX-License-Identifier: MIT */
/* Which tuples the collector knows: those that can be part of a cycle. */
#include "../runtime/sequence_support.h"
#include "gc_support.h"

GcSuite(gc_tracking);

static bool tracked(weft_object *o_steal) {
  int is = weft_gc_is_tracked(o_steal);
  if (is < 0) abort();
  weft_decref(o_steal);
  return is;
}

GcTest(gc_tracking, CPT_004_a_tuple_is_tracked_if_an_item_is) {
  weft_auto weft_object *a = INT(1000), *b = STR("b"), *list = weft_list_new();
  weft_object *plain = weft_tuple_pack(2, a, b), *held = weft_tuple_pack(3, a, list, b);
  cr_assert_eq(weft_tuple_length(plain), 2);
  cr_assert(weft_tuple_get_borrow(plain, 0) == a && weft_tuple_get_borrow(plain, 1) == b);
  cr_assert(weft_tuple_get_borrow(held, 0) == a && weft_tuple_get_borrow(held, 1) == list);
  cr_assert(!tracked(plain) && tracked(held));
  cr_assert(!tracked(weft_tuple_pack(0)));
  cr_assert(!weft_tuple_pack(SIZE_MAX) && raised(&weft_MemoryError));
  cr_assert(!weft_tuple_pack(PTRDIFF_MAX) && raised(&weft_MemoryError));
}

GcTest(gc_tracking, nested_tuples_are_tracked_if_what_is_in_them_is) {
  cr_assert(!tracked(TUPLE(TUPLE(INT(1)), TUPLE(TUPLE(STR("a")), FLOAT(2)))));
  cr_assert(tracked(TUPLE(INT(1), TUPLE(INT(2), TUPLE(weft_list_new())))));
  cr_assert(tracked(TUPLE(node_new(false))));
  weft_object *deep = TUPLE(INT(1));
  for (int i = 0; i < 1000; i++) deep = TUPLE(deep);
  cr_assert(!tracked(deep));
}

GcTest(gc_tracking, every_way_of_making_a_tuple) {
  weft_auto weft_object *plain = TUPLE(INT(1), INT(2)), *held = TUPLE(INT(1), weft_list_new());
  weft_auto weft_object *numbers = LIST(INT(1), INT(2)), *lists = LIST(weft_list_new());
  cr_assert(!tracked(weft_add(plain, plain)) && tracked(weft_add(plain, held)) && tracked(weft_add(held, plain)));
  cr_assert(!tracked(weft_tuple_repeat(plain, 3)) && tracked(weft_tuple_repeat(held, 3)));
  cr_assert(!tracked(weft_tuple_slice(plain, 1, 2, 1)) && tracked(weft_tuple_slice(held, 1, 2, 1)));
  cr_assert(!tracked(weft_tuple_slice(held, 0, 1, 1)), "only the number is left");
  cr_assert(!tracked(weft_tuple_from(numbers)) && tracked(weft_tuple_from(lists)));
}

GcTest(gc_tracking, TUP_015_instances_of_derived_types_are_always_tracked) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "derived", .base = &weft_tuple_type});
  weft_auto weft_object *numbers = TUPLE(INT(1), INT(2)), *none = weft_tuple_new(0, NULL), *list = LIST(LIST(INT(1)));
  weft_object *from[] = {numbers, none, list};
  for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
    weft_object *o = CALL(*type, from[i]);
    cr_assert(o && weft_gc_is_tracked(o) == 1);
    weft_gc_collect(2);
    cr_assert(tracked(o));
  }
}

/* Of an iterator that collects: how many tuples it found that hold its first item. */
static int64_t half_built;
static weft_object *first_item;
static weft_object *next_collects(weft_object *self) {
  struct counter *c = (struct counter *)self;
  if (c->next == c->end) return NULL;
  cr_assert(weft_gc_collect(2) >= 0);
  if (c->next == 0) {
    first_item = weft_list_new();
  } else {
    weft_auto weft_object *referrers = weft_gc_get_referrers(1, &first_item);
    for (int64_t i = 0; i < weft_list_length(referrers); i++) {
      weft_auto weft_object *o = weft_list_get(referrers, i);
      half_built += weft_tuple_check(o);
    }
  }
  return c->next++ == 0 ? weft_new_ref(first_item) : INT(c->next);
}
static weft_object *collecting_counter(int64_t from, int64_t end) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "collects", .basic_size = sizeof(struct counter), .next = next_collects});
  weft_object *o = weft_object_new(type, 0);
  ((struct counter *)o)->next = from;
  ((struct counter *)o)->end = end;
  return o;
}

GcTest(gc_tracking, CPT_013_no_tuple_is_seen_half_built) {
  weft_auto weft_object *counter = collecting_counter(0, 10), *tuple = weft_tuple_from(counter);
  cr_assert_eq(weft_tuple_length(tuple), 10);
  cr_assert_eq(half_built, 0);
  weft_auto weft_object *referrers = weft_gc_get_referrers(1, &first_item);
  cr_assert_eq(weft_list_length(referrers), 1);
  weft_clear(&first_item);
}

GcTest(gc_tracking, TUP_016_a_tuple_built_while_collections_run_is_complete_and_untracked) {
  first_item = weft_list_new();
  weft_auto weft_object *counter = collecting_counter(1, 10), *tuple = weft_tuple_from(counter);
  cr_assert_eq(weft_tuple_length(tuple), 9);
  for (int64_t i = 0; i < 9; i++) cr_assert_eq(weft_int_value(weft_tuple_get_borrow(tuple, i)), i + 2);
  cr_assert_eq(weft_gc_is_tracked(tuple), 0);
  weft_clear(&first_item);
}

GcTest(gc_tracking, DIC_020_a_copy_is_tracked_if_the_dict_is) {
  weft_auto weft_object *empty = weft_dict_new(), *numbers = weft_dict_new(), *lists = weft_dict_new();
  weft_auto weft_object *key = STR("a"), *number = INT(1), *list = weft_list_new();
  cr_assert(weft_dict_set(numbers, key, number) == 0 && weft_dict_set(lists, key, list) == 0);
  weft_object *dicts[] = {empty, numbers, lists};
  for (size_t i = 0; i < sizeof dicts / sizeof *dicts; i++)
    cr_assert_eq(tracked(weft_dict_copy(dicts[i])), weft_gc_is_tracked(dicts[i]));
}

GcTest(gc_tracking, cycles_through_tuples_are_found) {
  for (int i = 0; i < 100; i++) {
    weft_auto weft_object *list = weft_list_new(), *tuple = TUPLE(INT(1), TUPLE(weft_new_ref(list)));
    cr_assert_eq(weft_list_append(list, tuple), 0);
  }
  cr_assert_eq(weft_gc_collect(2), 300);
}

GcTest(gc_tracking, untracked_tuples_neither_bring_on_collections_nor_put_them_off) {
  uint64_t counts[WEFT_GC_GENERATIONS], before;
  weft_gc_get_count(counts);
  before = counts[0];
  weft_object *kept[10];
  for (int i = 0; i < 10; i++) kept[i] = TUPLE(INT(i), TUPLE(INT(i)));
  weft_gc_get_count(counts);
  cr_assert_eq(counts[0], before);
  weft_object *list = weft_list_new();
  for (int i = 0; i < 10; i++) weft_decref(kept[i]);
  weft_gc_get_count(counts);
  cr_assert_eq(counts[0], before + 1);
  weft_decref(list);
}
