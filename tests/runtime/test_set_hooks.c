/* SPDX-License-Identifier: MIT */
/* set and frozenset: hooks that fail or change the very set, iterators, memory that ends, and threads. */
#include "set_support.h"

RuntimeSuite(set_hooks);

/* --- Hooks that fail --- */

static bool fail(void) { return weft_raise(&weft_ValueError, "no") != NULL; }

RuntimeTest(set_hooks, SET_022_errors_of_comparing_are_passed_on) {
  keys_start();
  weft_auto weft_object *set = keys_from(10, 1);
  weft_auto weft_object *k = KEY(11);
  weft_auto weft_object *list = LIST(KEY(10), KEY(11));
  before_compare = fail;
  cr_assert(weft_set_contains(set, k) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_add(set, k) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_discard(set, k) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_remove(set, k) == -1 && raised(&weft_ValueError));
  cr_assert(!weft_set_from(list) && raised(&weft_ValueError));
  cr_assert(!weft_frozenset_from(list) && raised(&weft_ValueError));
  before_compare = NULL;
  cr_assert_eq(weft_set_length(set), 1);
}

RuntimeTest(set_hooks, SET_053_errors_of_hashing_are_passed_on) {
  keys_start();
  weft_auto weft_object *set = weft_set_new();
  weft_auto weft_object *k = KEY(11);
  before_hash = fail;
  cr_assert(weft_set_contains(set, k) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_add(set, k) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_discard(set, k) == -1 && raised(&weft_ValueError));
  before_hash = NULL;
}

RuntimeTest(set_hooks, SET_173_errors_of_comparing_in_combinations_are_passed_on) {
  keys_start();
  weft_auto weft_object *a = keys_from(10, 1);
  weft_auto weft_object *b = keys_from(11, 1);
  before_compare = fail;
  cr_assert(!weft_set_union(a, b) && raised(&weft_ValueError));
  cr_assert(!weft_set_intersection(a, b) && raised(&weft_ValueError));
  cr_assert(!weft_set_difference(a, b) && raised(&weft_ValueError));
  cr_assert(!weft_set_symmetric_difference(a, b) && raised(&weft_ValueError));
  cr_assert(weft_set_update(a, b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_intersection_update(a, b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_difference_update(a, b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_symmetric_difference_update(a, b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_is_subset(a, b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_is_superset(a, b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_set_is_disjoint(a, b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_compare(a, b, WEFT_EQ) == -1 && raised(&weft_ValueError));
  before_compare = NULL;
  cr_assert(weft_set_length(a) == 1 && weft_set_length(b) == 1);
}

/* --- Finalizers that change the set --- */

/* What a key's finalizer does to the set that it leaves. */
static weft_object *set_of_finalizer;
static void finalize_adds(weft_object *self) {
  (void)self;
  for (int64_t i = 0; i < 10; i++) cr_assert_eq(add_int(set_of_finalizer, i), 0);
}
static weft_object *adder(void) {
  static const weft_type *type;
  if (!type) type = weft_type_new(&(weft_type_spec){.name = "adder", .basic_size = 24, .finalize = finalize_adds});
  return weft_object_new(type, 0);
}

RuntimeTest(set_hooks, keys_that_go_may_change_the_set) {
  weft_auto weft_object *set = set_of_finalizer = SET(adder(), adder());
  weft_auto weft_object *other = INTS(0, 1);
  cr_assert(weft_set_clear(set) == 0 && weft_set_length(set) == 10);
  weft_auto weft_object *third = adder();
  cr_assert(weft_set_clear(set) == 0 && weft_set_add(set, third) == 0);
  weft_clear(&third);
  cr_assert(weft_set_intersection_update(set, other) == 0 && weft_set_length(set) == 10);
  weft_auto weft_object *list = LIST(adder());
  cr_assert(weft_set_update(set, list) == 0 && weft_set_difference_update(set, list) == 0);
  cr_assert_eq(weft_set_length(set), 10);
}

/* --- Iterators --- */

RuntimeTest(set_hooks, SET_087_iteration_gives_every_key_once) {
  for (int64_t n = 0; n < 300; n = n * 2 + 1) {
    weft_auto weft_object *set = weft_set_new();
    for (int64_t i = 0; i < n; i++) cr_assert_eq(add_int(set, i), 0);
    weft_auto weft_object *frozenset = weft_frozenset_from(set);
    for (int k = 0; k < 2; k++) {
      weft_auto weft_object *iterator = weft_iter(k ? frozenset : set);
      weft_auto weft_object *seen = weft_set_new();
      int64_t count = 0;
      for (weft_object *o; (o = weft_next(iterator)); weft_decref(o), count++) weft_set_add(seen, o);
      cr_assert(count == n && equal(seen, set));
      cr_assert(!weft_next(iterator) && !weft_error_borrow(), "it stays at the end");
    }
  }
}

RuntimeTest(set_hooks, an_iterator_whose_set_has_grown_is_a_runtime_error) {
  weft_auto weft_object *set = INTS(1, 2, 3);
  weft_auto weft_object *iterator = weft_iter(set);
  weft_decref(weft_next(iterator));
  add_int(set, 4);
  cr_assert(!weft_next(iterator) && raised_with(&weft_RuntimeError, "Set changed size during iteration"));
  cr_assert(!weft_next(iterator) && raised(&weft_RuntimeError));
}
RuntimeTest(set_hooks, SET_176_an_iterator_of_a_set_that_was_cleared_and_refilled_is_harmless) {
  weft_auto weft_object *set = INTS(1, 2, 3);
  weft_auto weft_object *iterator = weft_iter(set);
  weft_decref(weft_next(iterator));
  weft_set_clear(set);
  for (int64_t i = 10; i < 13; i++) add_int(set, i);
  cr_assert(!weft_next(iterator) && raised(&weft_RuntimeError));
}
RuntimeTest(set_hooks, an_iterator_keeps_its_set_and_lets_go_of_it_at_the_end) {
  weft_object *probe = probe_new();
  weft_object *set = set_of(1, &probe);
  weft_decref(probe);
  weft_auto weft_object *iterator = weft_iter(set);
  weft_decref(set);
  weft_decref(weft_next(iterator));
  cr_assert_eq(freed(), 0);
  cr_assert(!weft_next(iterator) && freed() == 1);
  weft_auto weft_object *again = weft_iter(iterator);
  cr_assert_eq(again, iterator);
}

/* --- Memory that ends --- */

/* Runs with the first, second… request failing, until that many are not made. True: succeeded. */
static uint64_t fail_everywhere(bool (*run)(void)) {
  cr_assert(run());
  size_t blocks = settled_heap(0, 0).blocks;
  for (uint64_t n = 1;; n++) {
    weft_heap_fail_nth(n);
    bool succeeded = run();
    uint64_t requests = weft_heap_fail_nth(0);
    cr_assert(succeeded ? !weft_error_borrow() : raised(&weft_MemoryError), "request %d", (int)n);
    cr_assert_eq(settled_heap(blocks, SIZE_MAX).blocks, blocks, "request %d", (int)n);
    if (requests < n) return requests;
  }
}

static bool grow(void) {
  weft_auto weft_object *set = weft_set_new();
  for (int64_t i = 0; set && i < 100; i++) {
    weft_auto weft_object *o = INT(1000 + i);
    if (!o) return false;
    if (weft_set_add(set, o) == 0) continue;
    cr_assert(weft_set_length(set) == i && weft_refcount(o) == 1, "the set is unaltered");
    return false;
  }
  return set;
}
RuntimeTest(set_hooks, a_set_that_grows_is_unaltered_by_a_failure) { cr_assert_eq(fail_everywhere(grow), 104); }

static weft_object *numbers(int64_t first, int64_t n) {
  weft_object *set = weft_set_new();
  for (int64_t i = first; i < first + n; i++) add_int(set, i);
  return set;
}

typedef int (*relation)(weft_object *, weft_object *);

/* Changes a copy of the left set by the right one: all, or nothing. */
static weft_object *left, *right;
static relation change_of_many;
static bool change_copy(void) {
  weft_auto weft_object *copy = weft_set_copy(left);
  if (!copy) return false;
  if (change_of_many(copy, right) == 0) return true;
  weft_object *error = weft_error_take();
  cr_assert_eq(weft_set_length(copy), 30, "the set is unaltered");
  for (int64_t i = 0; i < 30; i++) cr_assert(has(copy, INT(i)), "the set is unaltered");
  weft_raise_object(error);
  weft_decref(error);
  return false;
}
RuntimeTest(set_hooks, changes_of_many_keys_without_memory_alter_nothing) {
  static const relation all[] = {weft_set_update, weft_set_intersection_update, weft_set_difference_update,
                                 weft_set_symmetric_difference_update};
  left = numbers(0, 30);
  for (int i = 0; i < 8; i++) {
    weft_auto weft_object *set = numbers(15, 60);
    weft_auto weft_object *iterable = letters("abcdefghijklmnopqrstuvwxyz");
    right = i < 4 ? set : iterable;
    change_of_many = all[i % 4];
    cr_assert_geq(fail_everywhere(change_copy), 3);
  }
  weft_decref(left);
}

static bool combine_all(void) {
  weft_auto weft_object *a = weft_set_union(left, right);
  weft_auto weft_object *b = a ? weft_set_intersection(left, right) : NULL;
  weft_auto weft_object *c = b ? weft_set_difference(left, right) : NULL;
  weft_auto weft_object *d = c ? weft_set_symmetric_difference(left, right) : NULL;
  weft_auto weft_object *e = d ? weft_frozenset_from(d) : NULL;
  weft_auto weft_object *text = e ? weft_repr(e) : NULL;
  if (!text || weft_set_is_subset(b, left) < 0 || weft_set_is_superset(left, c) < 0) return false;
  return weft_compare(a, d, WEFT_LE) >= 0 && weft_set_is_disjoint(b, c) >= 0;
}
RuntimeTest(set_hooks, combinations_without_memory_leave_nothing_behind) {
  left = numbers(0, 30);
  right = numbers(15, 60);
  cr_assert_geq(fail_everywhere(combine_all), 15);
  weft_decref(left);
  weft_decref(right);
}

static bool iterate(void) {
  weft_auto weft_object *iterator = weft_iter(left);
  if (!iterator) return false;
  for (weft_object *o; (o = weft_next(iterator));) weft_decref(o);
  return !weft_error_borrow();
}
RuntimeTest(set_hooks, an_iterator_needs_one_block) {
  left = numbers(0, 30);
  cr_assert_eq(fail_everywhere(iterate), 1);
  weft_decref(left);
}

/* --- Threads --- */

static void step_add_300(void *set) {
  for (int64_t i = 0; i < 300; i++) cr_assert_eq(add_int(set, i), 0);
}
static void step_look(void *set) { has(set, INT(1)); }
static void step_clear(void *set) { weft_set_clear(set); }

RuntimeTest(set_hooks, a_set_becomes_shared_and_works_on) {
  weft_auto weft_object *set = INTS(1, 2);
  in_new_thread(step_look, set);
  for (int round = 0; round < 3; round++) {
    for (int64_t i = 0; i < 100; i++) cr_assert(add_int(set, i) == 0 && has(set, INT(i)));
    cr_assert(weft_set_length(set) == 100 && has(set, INT(99)) && !has(set, INT(100)));
    for (int64_t i = 0; i < 50; i++) {
      weft_auto weft_object *o = INT(i);
      cr_assert(weft_set_discard(set, o) == 1 && !has(set, INT(i)));
    }
    weft_auto weft_object *popped = weft_set_pop(set);
    cr_assert(popped && weft_set_length(set) == 49);
    in_new_thread(round == 1 ? step_clear : step_add_300, set);
    cr_assert_eq(weft_set_length(set), round == 1 ? 0 : 300);
    cr_assert(weft_set_clear(set) == 0 && weft_set_length(set) == 0 && !has(set, INT(1)));
  }
}

RuntimeTest(set_hooks, a_set_that_was_handed_over_uses_its_own_table_again) {
  weft_object *set = INTS(1, 2);
  in_new_thread(step_add_300, set);
  weft_set_clear(set);
  weft_disown(set);
  weft_own(set); /* private again, where there are owners */
  for (int64_t i = 0; i < 4; i++) cr_assert(add_int(set, i) == 0 && weft_set_length(set) == i + 1);
  cr_assert(has(set, INT(3)) && !has(set, INT(4)));
  weft_decref(set);
}

RuntimeTest(set_hooks, a_shared_set_lets_go_of_its_keys_after_a_grace_period) {
  weft_auto weft_object *set = weft_set_new();
  in_new_thread(step_look, set);
  for (int i = 0; i < 10; i++) {
    weft_auto weft_object *probe = probe_new();
    cr_assert_eq(weft_set_add(set, probe), 0);
    if (i % 2) cr_assert_eq(weft_set_discard(set, probe), 1);
  }
  weft_decref(weft_set_pop(set));
  weft_set_clear(set);
  weft_synchronize();
  weft_poll();
  cr_assert_eq(freed(), 10);
}

RuntimeTest(set_hooks, a_removed_key_stays_until_the_bracket_ends) {
  weft_object *probe = probe_new();
  weft_auto weft_object *set = set_of(1, &probe);
  weft_read_begin();
  cr_assert_eq(weft_set_discard(set, probe), 1);
  weft_decref(probe);
  cr_assert(probe->type == probe_type && freed() == 0);
  weft_read_end();
  weft_synchronize();
  weft_poll();
  cr_assert_eq(freed(), 1);
}

enum { THREADS = 4, PER_THREAD = 500 };
static uint32_t next_thread; /* atomic */
static void step_add_own(void *set) {
  int64_t first = (int64_t)weft__add_relaxed(&next_thread, 1u) * PER_THREAD;
  for (int64_t i = first; i < first + PER_THREAD; i++) cr_assert(add_int(set, i) == 0 && has(set, INT(i)));
  for (int64_t i = first; i < first + PER_THREAD; i += 2) {
    weft_auto weft_object *o = INT(i);
    cr_assert_eq(weft_set_discard(set, o), 1);
  }
}
RuntimeTest(set_hooks, threads_add_and_remove_keys_of_their_own) {
  weft_auto weft_object *set = weft_set_new();
  in_new_threads(THREADS, step_add_own, set);
  cr_assert_eq(weft_set_length(set), THREADS * PER_THREAD / 2);
  for (int64_t i = 0; i < THREADS * PER_THREAD; i++) cr_assert_eq(has(set, INT(i)), i % 2);
}

static weft_object *given[THREADS];
static void step_pop(void *set) {
  weft_object *mine = given[weft__add_relaxed(&next_thread, 1u)];
  while (weft_set_length(set) > 0) {
    weft_auto weft_object *o = weft_set_pop(set);
    if (o) cr_assert_eq(weft_list_append(mine, o), 0);
  }
  weft_error_clear(); /* another thread was faster */
}
static void step_iterate(void *iterator) {
  weft_object *mine = given[weft__add_relaxed(&next_thread, 1u)];
  for (weft_object *o; (o = weft_next(iterator)); weft_decref(o)) cr_assert_eq(weft_list_append(mine, o), 0);
}
/* Each of 1000 keys was given to one thread. */
static void each_once(step body, void *arg) {
  next_thread = 0;
  for (int i = 0; i < THREADS; i++) given[i] = weft_list_new();
  in_new_threads(THREADS, body, arg);
  weft_auto weft_object *all = weft_set_new();
  int64_t count = 0;
  for (int i = 0; i < THREADS; i++) {
    count += weft_list_length(given[i]);
    cr_assert_eq(weft_set_update(all, given[i]), 0);
    weft_decref(given[i]);
  }
  cr_assert(count == 1000 && weft_set_length(all) == 1000);
}
RuntimeTest(set_hooks, threads_that_pop_get_different_keys) {
  weft_auto weft_object *set = numbers(0, 1000);
  each_once(step_pop, set);
}
RuntimeTest(set_hooks, threads_that_share_an_iterator_get_different_keys) {
  weft_auto weft_object *set = numbers(0, 1000);
  weft_auto weft_object *frozenset = weft_frozenset_from(set);
  weft_auto weft_object *iterator = weft_iter(set);
  weft_auto weft_object *other = weft_iter(frozenset);
  each_once(step_iterate, iterator);
  each_once(step_iterate, other);
}

/* Two sets of equal keys that have hooks, changed by several threads. */
static void step_mixed(void *unused) {
  (void)unused;
  for (int i = 0; i < 300; i++) {
    weft_auto weft_object *k = KEY(i % 40);
    cr_assert_eq(weft_set_add(left, k), 0);
    cr_assert_geq(weft_set_contains(right, k), 0);
    cr_assert_geq(weft_set_discard(right, k), 0);
    if (i % 10 == 0) cr_assert_eq(weft_set_update(right, left), 0);
    if (i % 30 == 0) cr_assert_eq(weft_set_intersection_update(left, right), 0);
    if (i % 40 == 0) cr_assert_geq(weft_compare(left, right, WEFT_LE), 0);
  }
}
RuntimeTest(set_hooks, threads_use_keys_with_hooks) {
  keys_start();
  left = keys_from(0, 20);
  right = keys_from(10, 20);
  in_new_threads(THREADS, step_mixed, NULL);
  weft_decref(left);
  weft_decref(right);
}
