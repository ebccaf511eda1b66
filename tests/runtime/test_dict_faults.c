/* SPDX-License-Identifier: MIT */
/* dict without memory: each operation with each of its requests failing leaves the dict as it was; see
 * faults_support.h. */
#include "dict_support.h"
#include "faults_support.h"

RuntimeSuite(dict_faults);

/* A private dict, or one that other threads have seen, which is another way through every operation. */
static bool shared;

static void step_look(void *dict) { weft_dict_length(dict); }

/* The keys 0 to 4, each with 10 more than itself; it has no room for another. Small ints need no memory. */
static weft_object *full_dict(void) {
  weft_object *dict = weft_dict_new();
  for (int64_t i = 0; dict && i < 5; i++)
    if (weft_dict_set(dict, INT(i), INT(10 + i)) < 0) weft_clear(&dict);
  if (dict && shared) in_new_thread(step_look, dict);
  return dict;
}

static void check_full(weft_object *dict) {
  weft_object *error = weft_error_take(), *value;
  cr_assert(weft_dict_length(dict) == 5 && weft_dict_capacity(dict) == 5);
  for (int64_t i = 0; i < 5; i++) cr_assert(weft_dict_find(dict, INT(i), &value) == 1 && value == INT(10 + i));
  cr_assert_eq(weft_dict_contains(dict, INT(5)), 0);
  weft_raise_object(error);
  weft_xdecref(error);
}

/* True: it succeeded. */
static bool (*operation)(weft_object *dict);

static bool operate(void) {
  weft_object *dict = full_dict();
  if (!dict) return false;
  bool succeeded = operation(dict);
  if (!succeeded) check_full(dict);
  weft_decref(dict);
  if (shared) weft_synchronize();
  return succeeded;
}

/* A private dict, then a shared one. The first makes at least `requests` requests besides those for the dict. */
static void check_operation(bool (*tried)(weft_object *), uint64_t requests) {
  enum { OF_THE_DICT = 2 };
  operation = tried;
  shared = false;
  cr_assert_geq(fail_everywhere(operate), OF_THE_DICT + requests);
  shared = true;
  fail_everywhere(operate);
}

static bool set_another(weft_object *dict) { return weft_dict_set(dict, INT(5), INT(15)) == 0; }
static bool set_another_kind(weft_object *dict) { return weft_dict_set(dict, WEFT_NONE, INT(15)) == 0; }
static bool set_default(weft_object *dict) { return fallible(weft_dict_set_default(dict, INT(5), INT(15))); }
static bool replace(weft_object *dict) { return weft_dict_set(dict, INT(3), INT(15)) == 0; }
static bool delete (weft_object *dict) { return weft_dict_delete(dict, INT(3)) == 0; }
static bool pop(weft_object *dict) { return fallible(weft_dict_pop(dict, INT(3), NULL)); }
static bool pop_item(weft_object *dict) { return fallible(weft_dict_pop_item(dict)); }
static bool clear(weft_object *dict) { return weft_dict_clear(dict) == 0; }
static bool copy(weft_object *dict) { return fallible(weft_dict_copy(dict)); }
static bool keys(weft_object *dict) { return fallible(weft_dict_keys(dict)); }
static bool values(weft_object *dict) { return fallible(weft_dict_values(dict)); }
static bool items(weft_object *dict) { return fallible(weft_dict_items(dict)); }
static bool text(weft_object *dict) { return fallible(weft_repr(dict)); }
static bool from_keys(weft_object *dict) { return fallible(weft_dict_from_keys(dict, WEFT_NONE)); }
static bool compare_with_copy(weft_object *dict) {
  weft_auto weft_object *other = weft_dict_copy(dict);
  return other && weft_compare(dict, other, WEFT_EQ) == 1;
}
static bool iterate(weft_object *dict) {
  weft_auto weft_object *iterator = weft_dict_iter_items(dict);
  int n = 0;
  for (weft_object *item; iterator && (item = weft_next(iterator)); weft_decref(item)) n++;
  if (iterator && !weft_error_borrow()) cr_assert_eq(n, 5);
  return iterator && !weft_error_borrow();
}
static bool is_key_error(weft_object *got) {
  cr_assert_null(got);
  if (!weft_error_is(&weft_KeyError)) return false;
  weft_error_clear();
  return true;
}
static bool miss(weft_object *dict) { return is_key_error(weft_dict_get(dict, INT(5))); }
static bool miss_popping(weft_object *dict) { return is_key_error(weft_dict_pop(dict, INT(5), NULL)); }
static bool update_with_one(weft_object *dict) {
  weft_auto weft_object *other = weft_dict_new();
  return other && weft_dict_set(other, INT(5), INT(15)) == 0 && weft_dict_update(dict, other) == 0;
}
static bool update_with_pair(weft_object *dict) {
  weft_auto weft_object *pair = weft_tuple_pack(2, INT(5), INT(15));
  weft_auto weft_object *pairs = pair ? weft_list_of(1, &pair) : NULL;
  return pairs && weft_dict_update(dict, pairs) == 0;
}

RuntimeTest(dict_faults, a_key_that_needs_another_table) { check_operation(set_another, 1); }
RuntimeTest(dict_faults, a_key_that_needs_another_kind_of_table) { check_operation(set_another_kind, 1); }
RuntimeTest(dict_faults, a_default_that_needs_another_table) { check_operation(set_default, 1); }
RuntimeTest(dict_faults, replacing_and_removing_need_no_memory_in_a_private_dict) {
  check_operation(replace, 0);
  check_operation(delete, 0);
  check_operation(pop, 0);
  check_operation(clear, 0);
}
RuntimeTest(dict_faults, popping_an_item_needs_a_pair_first) { check_operation(pop_item, 1); }
RuntimeTest(dict_faults, copies) { check_operation(copy, 2); }
RuntimeTest(dict_faults, lists_of_what_is_there) {
  check_operation(keys, 2);
  check_operation(values, 2);
  check_operation(items, 7);
}
RuntimeTest(dict_faults, texts) { check_operation(text, 3); }
RuntimeTest(dict_faults, dicts_from_keys) { check_operation(from_keys, 3); }
RuntimeTest(dict_faults, comparison) { check_operation(compare_with_copy, 3); }
RuntimeTest(dict_faults, iteration) { check_operation(iterate, 6); }
RuntimeTest(dict_faults, a_key_error) {
  check_operation(miss, 2);
  check_operation(miss_popping, 2);
}
RuntimeTest(dict_faults, updates) {
  check_operation(update_with_one, 4);
  check_operation(update_with_pair, 4);
}

RuntimeTest(dict_faults, an_update_that_fails_halfway_keeps_what_came_before) {
  weft_auto weft_object *other = tens(100);
  for (uint64_t n = 1;; n++) {
    weft_auto weft_object *dict = weft_dict_new();
    weft_heap_fail_nth(n);
    int failed = weft_dict_update(dict, other);
    uint64_t requests = weft_heap_fail_nth(0);
    if (!failed) {
      cr_assert(requests < n && weft_dict_length(dict) == 100);
      break;
    }
    cr_assert(raised(&weft_MemoryError));
    for (int64_t i = 0; i < 100; i++) cr_assert_eq(contains_new(dict, INT(i)), i < weft_dict_length(dict));
    check_dict(dict);
  }
}

static bool grow(void) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int64_t i = 0; dict && i < 200; i++) {
    weft_auto weft_object *key = i % 3 == 0   ? INT(1000 + i)
                                 : i % 3 == 1 ? weft_str_format("%d", (int)i)
                                              : FLOAT((double)i + 0.5);
    if (!key) return false;
    if (weft_dict_set(dict, key, key) == 0) continue;
    cr_assert(weft_dict_length(dict) == i && weft_refcount(key) == 1, "the dict is unaltered");
    return false;
  }
  return dict;
}
RuntimeTest(dict_faults, a_dict_that_grows_is_unaltered_by_a_failure) { cr_assert_geq(fail_everywhere(grow), 207); }

/* A dict that is presized and abandoned leaves nothing behind that the next one could find. */
static bool presize(void) {
  weft_auto weft_object *dict = weft_dict_new_sized(100);
  weft_auto weft_object *key = dict ? STR("key") : NULL;
  return key && weft_dict_set(dict, key, key) == 0;
}
RuntimeTest(dict_faults, DIC_047_a_dict_with_room_that_is_abandoned_is_harmless) {
  cr_assert_eq(fail_everywhere(presize), 3);
  weft_auto weft_object *dict = weft_dict_new_sized(100);
  cr_assert(reads(dict, "{}") && contains_new(dict, STR("key")) == 0);
}

/* What the limit of the heap, not the injector, refuses. */
RuntimeTest(dict_faults, a_dict_that_outgrows_the_limit_is_a_memory_error_and_stays_whole) {
  weft_auto weft_object *dict = weft_dict_new();
  weft_heap_stats stats;
  weft_heap_get_stats(&stats);
  weft_heap_set_limit(stats.arena_bytes + stats.large_bytes + (1 << 20));
  int64_t n = 0;
  while (weft_dict_set(dict, INT(n % 256), INT(1)) == 0 && n < 256) n++;
  cr_assert_eq(n, 256);
  int failed = 0;
  for (; !failed && n < 10000000; n++) {
    weft_auto weft_object *key = INT(n);
    failed = key ? weft_dict_set(dict, key, WEFT_NONE) : -1;
  }
  cr_assert(failed && raised(&weft_MemoryError));
  weft_heap_set_limit(0);
  cr_assert(weft_dict_length(dict) == n - 1 && contains_new(dict, INT(n - 1)) == 0 &&
            contains_new(dict, INT(n - 2)) == 1);
}
