/* SPDX-License-Identifier: MIT */
/* Weak value dicts and weak key dicts. */
#include "weak_support.h"

WeakSuite(weak_dict);

enum { COUNT = 10 };
static weft_object *held[COUNT];

/* COUNT objects are held, and in the dict: by number, or with their number as value. */
static weft_object *by_value(void) {
  weft_object *dict = weft_weak_value_dict_new();
  for (int i = 0; i < COUNT; i++) cr_assert_eq(weft_weak_dict_set(dict, INT(i), held[i] = numbered(i)), 0);
  return dict;
}
static weft_object *by_key(void) {
  weft_object *dict = weft_weak_key_dict_new();
  for (int i = 0; i < COUNT; i++) cr_assert_eq(weft_weak_dict_set(dict, held[i] = numbered(i), INT(i)), 0);
  return dict;
}
static weft_object *(*const kinds[])(void) = {by_value, by_key};
static bool is_by_value(weft_object *dict) { return dict->type == &weft_weak_value_dict_type; }
static weft_object *key(weft_object *dict, int i) { return is_by_value(dict) ? INT(i) : held[i]; }
static weft_object *value(weft_object *dict, int i) { return is_by_value(dict) ? held[i] : INT(i); }

static void let_go(int i) { weft_clear(&held[i]); }
static void let_all_go(void) {
  for (int i = 0; i < COUNT; i++)
    if (held[i]) let_go(i);
}
static int64_t length(weft_object *dict) { return weft_weak_dict_length(dict); }
static bool has(weft_object *dict, weft_object *k, weft_object *v) {
  weft_object *found = NULL;
  bool is = weft_weak_dict_find(dict, k, &found) == 1 && found == v;
  weft_xdecref(found);
  return is;
}
/* How many items are left in the iterator; drops it. */
static int64_t left_in(weft_object *iterator_steal) {
  int64_t n = 0;
  for (weft_object *item; (item = weft_next(iterator_steal)); n++) weft_decref(item);
  cr_assert_null(weft_error_borrow());
  weft_decref(iterator_steal);
  return n;
}
static int64_t items_in(weft_object *list_steal) { return length_and_drop(list_steal); }

/* --- Life and death --- */

WeakTest(weak_dict, WR_069_entries_follow_their_values) {
  weft_auto weft_object *dict = by_value();
  for (int i = 0; i < COUNT; i++) {
    cr_assert(weft_weakref_count(held[i]) == 1 && has(dict, INT(i), held[i]));
    weft_auto weft_object *got = weft_weak_dict_get(dict, INT(i));
    cr_assert_eq(got, held[i]);
  }
  weft_auto weft_object *copy = weft_weak_dict_copy(dict), *items = weft_weak_dict_items(dict),
                        *copied = weft_weak_dict_items(copy);
  cr_assert(copy != dict && equal(items, copied) && equal(copy, dict) && weft_list_length(items) == COUNT);
  weft_clear(&items);
  weft_clear(&copied);
  let_go(0);
  cr_assert(length(dict) == COUNT - 1 && length(copy) == COUNT - 1);
  let_all_go();
  cr_assert(length(dict) == 0 && length(copy) == 0);
  cr_assert(!weft_weak_dict_get(dict, INT(1)) && raised_with(&weft_KeyError, "1"));
  weft_object *temporary = numbered(7);
  weft_weak_dict_set(dict, INT(2), temporary);
  weft_decref(temporary);
  cr_assert(length(dict) == 0 && !weft_weak_dict_get(dict, INT(2)) && raised(&weft_KeyError));
}

WeakTest(weak_dict, entries_follow_their_keys) {
  weft_auto weft_object *dict = by_key();
  for (int i = 0; i < COUNT; i++) {
    cr_assert(has(dict, held[i], INT(i)));
    weft_auto weft_object *same = numbered(i);
    cr_assert(has(dict, same, INT(i)), "by equality, as any dict");
  }
  weft_auto weft_object *copy = weft_weak_dict_copy(dict);
  cr_assert(equal(copy, dict) && length(copy) == COUNT);
  let_go(3);
  cr_assert(length(dict) == COUNT - 1 && length(copy) == COUNT - 1);
  let_all_go();
  cr_assert(length(dict) == 0 && length(copy) == 0);
}

WeakTest(weak_dict, a_value_that_leads_to_its_key_keeps_both) {
  weft_auto weft_object *dict = weft_weak_key_dict_new();
  weft_object *k = thing(), *v = thing();
  set(v, "key", k);
  weft_weak_dict_set(dict, k, v);
  weft_decref(k);
  weft_decref(v);
  weft_gc_collect(2);
  cr_assert_eq(length(dict), 1);
  weft_auto weft_object *pair = weft_weak_dict_pop_item(dict);
  cr_assert(length(dict) == 0 && pair);
}

WeakTest(weak_dict, a_dict_that_dies_first_leaves_its_objects_alone) {
  for (int kind = 0; kind < 2; kind++) {
    weft_object *dict = kinds[kind](), *kept = weft_weak_dict_refs(dict);
    weft_decref(dict);
    cr_assert_eq(weft_list_length(kept), COUNT);
    let_all_go();
    weft_decref(kept);
  }
}

WeakTest(weak_dict, one_in_a_cycle_is_collected) {
  for (int kind = 0; kind < 2; kind++) {
    weft_object *dict = kinds[kind](), *o = thing();
    set(o, "dict", dict);
    weft_weak_dict_set(dict, is_by_value(dict) ? INT(77) : held[0], o); /* of keys: a strong cycle */
    set(o, "me", o);
    weft_decref(o);
    weft_decref(dict);
    cr_assert_geq(weft_gc_collect(2), 2);
    for (int i = 0; i < COUNT; i++) cr_assert_eq(weft_weakref_count(held[i]), 0);
    let_all_go();
  }
}

WeakTest(weak_dict, WR_097_a_value_that_has_been_replaced_takes_nothing_along) {
  weft_auto weft_object *dict = weft_weak_value_dict_new();
  weft_object *old = thing();
  set(old, "me", old);
  weft_weak_dict_set(dict, INT(1), old);
  weft_auto weft_object *refs = weft_weak_dict_refs(dict); /* the entry lives on, and will be called */
  weft_auto weft_object *now = thing();
  weft_weak_dict_set(dict, INT(1), now);
  weft_decref(old);
  weft_gc_collect(2);
  weft_auto weft_object *entry = weft_list_get(refs, 0);
  cr_assert(is_dead(entry) && length(dict) == 1 && has(dict, INT(1), now));
}

/* --- Iterating --- */

static weft_object *iterator_of(weft_object *dict, int part) {
  return part == 0   ? weft_weak_dict_iter_keys(dict)
         : part == 1 ? weft_weak_dict_iter_values(dict)
         : part == 2 ? weft_weak_dict_iter_items(dict)
                     : weft_iter(dict);
}

WeakTest(weak_dict, iterating_over_keys_values_and_items) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *dict = kinds[kind]();
    for (int part = 0; part < 4; part++) {
      weft_auto weft_object *iterator = iterator_of(dict, part);
      for (int i = 0; i < COUNT; i++) {
        weft_auto weft_object *item = weft_next(iterator), *k = key(dict, i), *v = value(dict, i);
        weft_incref(k);
        weft_incref(v);
        weft_auto weft_object *pair = weft_tuple_pack(2, k, v);
        cr_assert(part == 1 ? item == v : part == 2 ? equal(item, pair) : item == k, "%d %d %d", kind, part, i);
      }
      cr_assert(!weft_next(iterator) && !weft_error_borrow());
    }
    cr_assert(items_in(weft_weak_dict_keys(dict)) == COUNT && items_in(weft_weak_dict_values(dict)) == COUNT);
    cr_assert(items_in(weft_weak_dict_items(dict)) == COUNT);
    let_all_go();
  }
}

WeakTest(weak_dict, WR_072_references_to_all_values) {
  weft_auto weft_object *dict = by_value(), *refs = weft_weak_dict_refs(dict);
  cr_assert_eq(weft_list_length(refs), COUNT);
  for (int i = 0; i < COUNT; i++) {
    weft_auto weft_object *ref = weft_list_get(refs, i);
    cr_assert(weft_weakref_check(ref) && leads_to(ref, held[i]));
  }
  cr_assert(left_in(weft_weak_dict_iter_items(dict)) == COUNT && left_in(weft_weak_dict_iter_keys(dict)) == COUNT);
  cr_assert(left_in(weft_weak_dict_iter_values(dict)) == COUNT);
  let_all_go();
}

/* The catalogue's WR_073 and WR_074. */
WeakTest(weak_dict, WR_073_WR_074_deaths_while_iterating) {
  for (int kind = 0; kind < 2; kind++) {
    for (int part = 0; part < 3; part++) {
      weft_auto weft_object *dict = kinds[kind]();
      weft_object *iterator = iterator_of(dict, part);
      weft_decref(weft_next(iterator));
      let_go(COUNT - 1);
      int64_t left = left_in(iterator);
      cr_assert(left == COUNT - 2 && length(dict) == COUNT - 1);
      let_all_go();
      cr_assert_eq(length(dict), 0);
    }
    weft_auto weft_object *dict = kinds[kind](), *open = iterator_of(dict, 2);
    weft_decref(weft_next(open));
    weft_object *dead = held[4];
    held[4] = NULL;
    weft_auto weft_object *again = numbered(4), *k = is_by_value(dict) ? INT(4) : weft_new_ref(again);
    weft_decref(dead);
    cr_assert(weft_weak_dict_contains(dict, k) == 0 && length(dict) == COUNT - 1);
    cr_assert(weft_weak_dict_delete(dict, k) == -1 && raised(&weft_KeyError));
    cr_assert(!weft_weak_dict_pop(dict, k, NULL) && raised(&weft_KeyError));
    cr_assert(weft_weak_dict_set(dict, k, is_by_value(dict) ? again : INT(4)) == 0 && length(dict) == COUNT);
    cr_assert(!weft_next(open) && raised_with(&weft_RuntimeError, "changed size"), "as of a dict");
    weft_auto weft_object *other = weft_weak_dict_copy(dict);
    cr_assert(weft_weak_dict_update(dict, other) == 0 && weft_weak_dict_clear(dict) == 0 && length(dict) == 0);
    let_all_go();
  }
}

/* The catalogue's WR_073 and WR_074. */
WeakTest(weak_dict, WR_073_WR_074_lengths_while_entries_die_and_are_removed) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *dict = kinds[kind](), *open = iterator_of(dict, 2);
    weft_decref(weft_next(open));
    let_go(9);
    cr_assert_eq(length(dict), 9);
    weft_decref(weft_weak_dict_pop(dict, key(dict, 1), NULL));
    cr_assert(weft_weak_dict_delete(dict, key(dict, 2)) == 0 && length(dict) == 7);
    weft_decref(weft_weak_dict_pop_item(dict));
    cr_assert_eq(length(dict), 6);
    let_go(3);
    cr_assert_eq(length(dict), 5);
    weft_weak_dict_clear(dict);
    cr_assert_eq(length(dict), 0);
    let_all_go();
  }
}

static weft_object *cyclic(void) {
  weft_object *o = thing();
  set(o, "me", o);
  return o;
}
/* The catalogue's WR_065 and WR_066. */
WeakTest(weak_dict, WR_065_WR_066_cycles_die_while_an_iterator_is_open) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *dict = kind ? weft_weak_key_dict_new() : weft_weak_value_dict_new();
    weft_object *all[20];
    for (int i = 0; i < 20; i++) {
      all[i] = cyclic();
      weft_weak_dict_set(dict, kind ? all[i] : INT(i), kind ? INT(i) : all[i]);
    }
    weft_object *open = weft_weak_dict_iter_items(dict);
    weft_object *first = weft_next(open);
    weft_decref(first);
    for (int i = 0; i < 20; i++) weft_decref(all[i]);
    weft_gc_collect(2);
    cr_assert_leq(length(dict), 1);
    weft_decref(open);
    weft_gc_collect(2);
    cr_assert_eq(length(dict), 0);
  }
}

WeakTest(weak_dict, WR_068_lengths_while_collections_run) {
  weft_gc_enable();
  for (uint32_t threshold = 1; threshold < 100; threshold++) {
    weft_gc_set_threshold((uint32_t[]){threshold, threshold, threshold});
    weft_auto weft_object *dict = weft_weak_value_dict_new();
    for (int i = 0; i < 20; i++) {
      weft_auto weft_object *o = cyclic();
      weft_weak_dict_set(dict, INT(i), o);
    }
    weft_auto weft_object *iterator = weft_weak_dict_iter_items(dict), *item = weft_next(iterator);
    cr_assert(item || !weft_error_borrow());
    int64_t n1 = length(dict);
    weft_clear(&iterator);
    weft_object *lists[5];
    for (int i = 0; i < 5; i++) lists[i] = weft_list_new();
    for (int i = 0; i < 5; i++) weft_decref(lists[i]);
    int64_t n2 = length(dict);
    cr_assert(0 <= n2 && n2 <= n1 && n1 <= 20, "%d", (int)threshold);
  }
  weft_gc_disable();
  weft_gc_collect(2);
}

/* --- The rest of what a dict can do --- */

/* The catalogue's WR_076, WR_077, WR_078 and WR_079. */
WeakTest(weak_dict, WR_076_WR_077_WR_078_WR_079_made_from_others) {
  weft_auto weft_object *values = by_value(), *copy = weft_call((weft_object *)&weft_weak_value_dict_type, &values, 1);
  cr_assert(equal(copy, values) && copy != values);
  let_all_go();
  weft_auto weft_object *keys = by_key(), *copied = weft_call((weft_object *)&weft_weak_key_dict_type, &keys, 1);
  cr_assert(equal(copied, keys) && length(copied) == COUNT);
  let_all_go();
  weft_auto weft_object *o = thing(), *dict = weft_dict_new();
  weft_auto weft_object *number = INT(364);
  weft_dict_set(dict, number, o);
  weft_auto weft_object *from = weft_call((weft_object *)&weft_weak_value_dict_type, &dict, 1);
  cr_assert(has(from, number, o) && length(from) == 1);
  weft_object *two[] = {dict, dict},
              *types[] = {(weft_object *)&weft_weak_value_dict_type, (weft_object *)&weft_weak_key_dict_type};
  for (int i = 0; i < 2; i++) {
    cr_assert(!weft_call(types[i], two, 2) && raised_with(&weft_TypeError, "at most 1"));
    cr_assert(!weft_call(types[i], &types[i], 1) && raised(&weft_TypeError));
  }
  const char *const names[] = {"self", "dict", "other", "iterable"};
  for (int i = 0; i < 4; i++) {
    weft_auto weft_object *name = STR(names[i]);
    cr_assert(weft_weak_dict_set(from, name, o) == 0 && has(from, name, o));
  }
}

/* The catalogue's WR_080 and WR_081. */
WeakTest(weak_dict, WR_080_WR_081_popping_items) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *a = thing(), *b = thing(),
                          *dict = kind ? weft_weak_key_dict_new() : weft_weak_value_dict_new();
    weft_auto weft_object *k1 = kind ? weft_new_ref(a) : STR("key1"), *k2 = kind ? weft_new_ref(b) : STR("key2");
    weft_auto weft_object *v1 = kind ? STR("value1") : weft_new_ref(a), *v2 = kind ? STR("value2") : weft_new_ref(b);
    weft_weak_dict_set(dict, k1, v1);
    weft_weak_dict_set(dict, k2, v2);
    cr_assert_eq(length(dict), 2);
    weft_auto weft_object *second = weft_weak_dict_pop_item(dict), *pair2 = weft_tuple_pack(2, k2, v2);
    cr_assert(equal(second, pair2) && length(dict) == 1);
    weft_auto weft_object *first = weft_weak_dict_pop_item(dict), *pair1 = weft_tuple_pack(2, k1, v1);
    cr_assert(equal(first, pair1) && length(dict) == 0);
    cr_assert(!weft_weak_dict_pop_item(dict) && raised(&weft_KeyError));
  }
}

WeakTest(weak_dict, WR_083_set_default_keeps_the_first) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *a = thing(), *b = thing(),
                          *dict = kind ? weft_weak_key_dict_new() : weft_weak_value_dict_new();
    weft_auto weft_object *k = kind ? thing() : STR("key"), *first = weft_weak_dict_set_default(dict, k, a);
    cr_assert(first == a && has(dict, k, a));
    weft_auto weft_object *second = weft_weak_dict_set_default(dict, k, b);
    cr_assert(second == a && has(dict, k, a) && length(dict) == 1);
  }
}

/* The catalogue's WR_084 and WR_086. */
WeakTest(weak_dict, WR_084_WR_086_updating) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *from = weft_dict_new(), *dict = kind ? weft_weak_key_dict_new() : weft_weak_value_dict_new();
    for (int i = 0; i < COUNT; i++) {
      held[i] = numbered(i);
      weft_dict_set(from, kind ? held[i] : INT(i), kind ? INT(i) : held[i]);
    }
    cr_assert(weft_weak_dict_update(dict, from) == 0 && length(dict) == COUNT);
    for (int i = 0; i < COUNT; i++) cr_assert(has(dict, key(dict, i), value(dict, i)));
    weft_auto weft_object *pair = weft_tuple_pack(2, key(dict, 0), value(dict, 1)), *pairs = weft_list_of(1, &pair);
    cr_assert(weft_weak_dict_update(dict, pairs) == 0 && has(dict, key(dict, 0), value(dict, 1)) &&
              length(dict) == COUNT);
    cr_assert(weft_weak_dict_update(dict, INT(1)) == -1 && raised(&weft_TypeError));
    weft_auto weft_object *bad = kind ? weft_dict_new() : weft_dict_new();
    weft_dict_set(bad, INT(1), INT(1));
    cr_assert(weft_weak_dict_update(dict, bad) == -1 && raised_with(&weft_TypeError, "'int'") && length(dict) == COUNT);
    let_all_go();
  }
}

/* The catalogue's WR_085 and WR_088. */
WeakTest(weak_dict, WR_085_WR_088_unions) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *a = kinds[kind]();
    const weft_type *type = a->type;
    weft_auto weft_object *more = numbered(100), *k = kind ? weft_new_ref(more) : INT(100),
                          *v = kind ? INT(100) : weft_new_ref(more);
    weft_auto weft_object *b = weft_call((weft_object *)type, NULL, 0), *strong = weft_dict_new();
    weft_weak_dict_set(b, k, v);
    weft_dict_set(strong, k, v);
    weft_auto weft_object *ab = weft_or(a, b), *as = weft_or(a, strong), *sa = weft_or(strong, a);
    weft_object *all[] = {ab, as, sa};
    for (int i = 0; i < 3; i++)
      cr_assert(all[i] && all[i]->type == type && length(all[i]) == COUNT + 1 && has(all[i], k, v), "%d", i);
    cr_assert(equal(ab, as) && equal(ab, sa) && length(a) == COUNT);
    cr_assert(!weft_or(a, k) && raised(&weft_TypeError));
    weft_object *same = weft_in_place_or(a, strong);
    cr_assert(same == a && equal(a, ab));
    weft_decref(same);
    weft_auto weft_object *pair = weft_tuple_pack(2, k, v), *pairs = weft_list_of(1, &pair);
    same = weft_in_place_or(b, pairs);
    cr_assert(same == b && length(b) == 1);
    weft_decref(same);
    let_all_go();
    for (int i = 0; i < 3; i++) cr_assert_eq(length(all[i]), 1);
  }
}

/* The catalogue's WR_087 and WR_089. */
WeakTest(weak_dict, WR_087_WR_089_deleting_one_of_two) {
  for (int kind = 0; kind < 2; kind++) {
    weft_auto weft_object *a = thing(), *b = thing(),
                          *dict = kind ? weft_weak_key_dict_new() : weft_weak_value_dict_new();
    weft_auto weft_object *k1 = kind ? weft_new_ref(a) : STR("1"), *k2 = kind ? weft_new_ref(b) : STR("2");
    weft_set_item(dict, k1, a);
    weft_set_item(dict, k2, b);
    cr_assert(weft_set_item(dict, k1, NULL) == 0 && weft_length(dict) == 1 && has(dict, k2, b));
    weft_auto weft_object *got = weft_get_item(dict, k2);
    cr_assert(got == b && weft_contains(dict, k2) == 1 && weft_contains(dict, k1) == 0);
    cr_assert(weft_is_true(dict) == 1);
  }
}

WeakTest(weak_dict, WR_090_bad_keys_and_values) {
  weft_auto weft_object *o = thing(), *keys = weft_weak_key_dict_new(), *values = weft_weak_value_dict_new();
  cr_assert(weft_weak_dict_delete(keys, o) == -1 && raised(&weft_KeyError));
  cr_assert(!weft_weak_dict_get(keys, o) && raised(&weft_KeyError));
  cr_assert(weft_weak_dict_delete(keys, INT(13)) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_weak_dict_get(keys, INT(13)) && raised(&weft_TypeError));
  cr_assert(weft_weak_dict_set(keys, INT(13), INT(13)) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_weak_dict_set_default(keys, INT(13), INT(13)) && raised(&weft_TypeError));
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_weak_dict_set(keys, list, INT(1)) == -1 && raised_with(&weft_TypeError, "unhashable"));
  cr_assert(weft_weak_dict_set(values, list, o) == -1 && raised_with(&weft_TypeError, "unhashable"));
  cr_assert(weft_weak_dict_set(values, INT(1), INT(13)) == -1 && raised_with(&weft_TypeError, "'int'"));
  cr_assert(!weft_weak_dict_set_default(values, INT(1), INT(13)) && raised(&weft_TypeError));
  cr_assert(length(keys) == 0 && length(values) == 0);
  weft_auto weft_object *plain = weft_dict_new();
  cr_assert(weft_weak_dict_length(plain) == -1 && raised_with(&weft_TypeError, "weak dict"));
  cr_assert(weft_weak_dict_set(NULL, o, o) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weak_dict_set(keys, o, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weak_dict_pop(keys, o, WEFT_TRUE) == WEFT_TRUE && !weft_weak_dict_pop(keys, o, NULL));
  cr_assert(raised(&weft_KeyError));
  int64_t hash;
  cr_assert(weft_hash(keys, &hash) == -1 && raised(&weft_TypeError));
}

/* Comparing lets go of another key. */
static weft_object *keys_held[4];
static bool mischief;
static int dropped;
static int compare_and_drop(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != b->type || (op != WEFT_EQ && op != WEFT_NE)) return WEFT_NOT_IMPLEMENTED;
  if (mischief) {
    for (int i = 0; i < 4; i++)
      if (keys_held[i] && keys_held[i] != a && keys_held[i] != b) {
        weft_clear(&keys_held[i]);
        dropped++;
        break;
      }
  }
  return (number_of(a) == number_of(b)) == (op == WEFT_EQ);
}
static int hash_forty_two(weft_object *o, int64_t *hash) {
  (void)o;
  *hash = 42;
  return 0;
}
WeakTest(weak_dict, keys_that_die_while_others_are_deleted) {
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "drops", .flags = WEFT_TYPE_DICT, .compare = compare_and_drop, .hash = hash_forty_two});
  weft_auto weft_object *dict = weft_weak_key_dict_new();
  for (int i = 0; i < 4; i++) {
    keys_held[i] = weft_instance_new(type);
    set(keys_held[i], "number", INT(i));
    weft_weak_dict_set(dict, keys_held[i], INT(i));
  }
  mischief = true;
  int deletions = 0;
  for (int i = 3; i >= 0; i--) {
    if (!keys_held[i]) continue;
    weft_auto weft_object *k = weft_new_ref(keys_held[i]);
    cr_assert_eq(weft_weak_dict_delete(dict, k), 0);
    deletions++;
    weft_clear(&keys_held[i]);
  }
  mischief = false;
  cr_assert(length(dict) == 0 && dropped >= 1 && deletions + dropped == 4);
}

WeakTest(weak_dict, WR_046_a_chain_through_weak_keys_shows_no_dead_object) {
  weft_auto weft_object *dict = weft_weak_key_dict_new();
  weft_object *refs[100];
  weft_object *last = NULL;
  for (int i = 0; i < 100; i++) {
    weft_object *o = thing();
    refs[i] = ref_to(o, counter);
    if (last) {
      weft_weak_dict_set(dict, o, last); /* it keeps the one before alive */
      weft_decref(last);
    }
    last = o;
  }
  weft_decref(last);
  cr_assert(length(dict) == 0 && calls == 100);
  for (int i = 0; i < 100; i++) {
    cr_assert(is_dead(refs[i]));
    weft_decref(refs[i]);
  }
}

WeakTest(weak_dict, texts_and_equality) {
  weft_auto weft_object *dict = by_value(), *strong = weft_dict_new(), *empty = weft_weak_value_dict_new();
  char expected[100];
  snprintf(expected, sizeof expected, "<WeakValueDictionary at %p>", (void *)dict);
  assert_text(weft_repr(dict), expected);
  for (int i = 0; i < COUNT; i++) weft_dict_set(strong, INT(i), held[i]);
  cr_assert(equal(dict, strong) && !equal(dict, empty) && weft_compare(dict, empty, WEFT_NE) == 1);
  cr_assert(!equal(dict, INT(1)) && weft_is_true(empty) == 0);
  weft_clear(&strong);
  let_all_go();
}

WeakTest(weak_dict, a_derived_type) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "derived", .base = &weft_weak_value_dict_type, .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *dict = weft_call((weft_object *)type, NULL, 0);
  set(dict, "name", WEFT_TRUE);
  weft_object *o = thing();
  cr_assert(weft_weak_dict_set(dict, INT(1), o) == 0 && has(dict, INT(1), o) && get(dict, "name") == WEFT_TRUE);
  weft_decref(o);
  cr_assert_eq(length(dict), 0);
  cr_assert(!weft_object_new(type, 0) && raised(&weft_TypeError));
}

/* --- Threads --- */

static weft_object *shared_dict;
static uint32_t stop_collecting;
static void collect_meanwhile(void *unused) {
  (void)unused;
  while (!weft__load_acquire(&stop_collecting)) {
    weft_gc_collect(2);
    weft_poll();
  }
}
static void beside_collections(void (*body)(void)) {
  weft_auto weft_object *dict = weft_weak_value_dict_new();
  shared_dict = dict;
  struct actor collector;
  actor_start(&collector);
  actor_begin(&collector, collect_meanwhile, NULL);
  body();
  weft__store_release(&stop_collecting, 1u);
  actor_wait(&collector);
  actor_quit(&collector);
  weft_gc_collect(2);
}
enum { TIMES = SANITIZED ? 300 : 3000 };
static void set_defaults(void) {
  for (int i = 0; i < TIMES; i++) {
    weft_auto weft_object *o = cyclic(), *got = weft_weak_dict_set_default(shared_dict, INT(10), o);
    cr_assert(got && got != WEFT_NONE && get(got, "me") == got);
  }
}
WeakTest(weak_dict, WR_094_set_default_while_another_thread_collects) { beside_collections(set_defaults); }

static void set_and_pop(void) {
  for (int i = 0; i < TIMES; i++) {
    weft_auto weft_object *o = cyclic(), *got = NULL;
    cr_assert_eq(weft_weak_dict_set(shared_dict, INT(10), o), 0);
    got = weft_weak_dict_pop(shared_dict, INT(10), WEFT_NONE);
    cr_assert_eq(got, o);
  }
}
WeakTest(weak_dict, WR_095_popping_while_another_thread_collects) { beside_collections(set_and_pop); }

static void copy_it(void *unused) {
  (void)unused;
  for (int i = 0; i < 20; i++) {
    weft_auto weft_object *copy = weft_weak_dict_copy(shared_dict);
    cr_assert_not_null(copy);
  }
}
WeakTest(weak_dict, WR_100_copying_while_values_die) {
  enum { MANY = SANITIZED ? 500 : 5000 };
  static weft_object *objects[MANY];
  weft_auto weft_object *dict = weft_weak_value_dict_new();
  shared_dict = dict;
  for (int i = 0; i < MANY; i++) {
    weft_auto weft_object *number = INT(i);
    weft_weak_dict_set(dict, number, objects[i] = weft_list_new());
  }
  struct actor copier;
  actor_start(&copier);
  actor_begin(&copier, copy_it, NULL);
  for (int i = 0; i < MANY; i++) {
    weft_decref(objects[i]);
    weft_poll();
  }
  actor_wait(&copier);
  actor_quit(&copier);
  weft_synchronize();
  cr_assert_eq(length(dict), 0);
}
