/* SPDX-License-Identifier: MIT */
/* dicts between threads: each operation happens at one moment, and nothing is lost, given twice or made up. */
#include "dict_support.h"

RuntimeSuite(dict_threads);

static uint32_t turn, rounds;   /* atomic */
static uint64_t failures, wins; /* atomic */

static uint32_t next_turn(void) { return weft__add_acq_rel(&turn, 1u); }
static void count(uint64_t *counter) { weft__add_relaxed(counter, 1); }

/* In threads an expectation is counted, not asserted: a failed assertion would end only the thread. */
#define EXPECT(condition)                                                                        \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      fprintf(stderr, "%s:%d: not as expected: %s\n", __FILE__, __LINE__, #condition);           \
      if (weft_error_borrow()) fprintf(stderr, "%s\n", weft_error_message(weft_error_borrow())); \
      weft_error_clear();                                                                        \
      count(&failures);                                                                          \
    }                                                                                            \
  } while (0)

/* --- The first access by another thread --- */

enum { ACCESSES = 16 };

/* One access of each kind to a dict of tens(8), which then is one of 8, 7, 9 or no keys. */
static void use(weft_object *dict, size_t kind) {
  weft_object *value = NULL;
  weft_auto weft_object *o = NULL;
  switch (kind) {
    case 0: EXPECT(weft_dict_length(dict) == 8); break;
    case 1: EXPECT((o = weft_dict_get(dict, INT(3))) == INT(30)); break;
    case 2: EXPECT(weft_dict_find(dict, INT(4), &value) == 1 && value == INT(40)); break;
    case 3: EXPECT(weft_dict_contains(dict, INT(8)) == 0); break;
    case 4: EXPECT(weft_dict_set(dict, INT(8), INT(80)) == 0); break;
    case 5: EXPECT(weft_dict_set(dict, INT(3), INT(80)) == 0); break;
    case 6: EXPECT((o = weft_dict_set_default(dict, INT(5), WEFT_NONE)) == INT(50)); break;
    case 7: EXPECT(weft_dict_delete(dict, INT(0)) == 0); break;
    case 8: EXPECT((o = weft_dict_pop(dict, INT(7), NULL)) == INT(70)); break;
    case 9: EXPECT(reads_new(weft_dict_pop_item(dict), "(7, 70)")); break;
    case 10: EXPECT(weft_dict_clear(dict) == 0); break;
    case 11: EXPECT((o = weft_dict_copy(dict)) && weft_dict_length(o) == 8); break;
    case 12: EXPECT(reads_new(weft_dict_keys(dict), "[0, 1, 2, 3, 4, 5, 6, 7]")); break;
    case 13: EXPECT((o = weft_iter(dict)) && weft_next(o) == INT(0)); break;
    case 14: EXPECT(weft_dict_capacity(dict) == 10); break;
    default:
      weft_read_begin();
      EXPECT(weft_dict_peek(dict, INT(6)) == INT(60));
      weft_read_end();
  }
}

static void step_access_all(void *dicts) {
  for (size_t i = 0; i < ACCESSES; i++) use(((weft_object **)dicts)[i], i);
}

/* What the accesses leave, seen by the owner. */
static void check_accessed(weft_object **dicts) {
  static const int64_t lengths[ACCESSES] = {8, 8, 8, 8, 9, 8, 8, 7, 7, 7, 0, 8, 8, 8, 8, 8};
  for (size_t i = 0; i < ACCESSES; i++) {
    cr_assert_eq(weft_dict_length(dicts[i]), lengths[i], "access %d", (int)i);
    cr_assert_eq(set_new(dicts[i], INT(100), INT(1)), 0);
    check_dict(dicts[i]);
    weft_decref(dicts[i]);
  }
  cr_assert_eq(failures, 0);
}

static void make_dicts(void *dicts) {
  for (size_t i = 0; i < ACCESSES; i++) ((weft_object **)dicts)[i] = tens(8);
}

RuntimeTest(dict_threads, another_thread_may_be_the_first_to_use_a_dict_of_one_that_is_away) {
  weft_object *dicts[ACCESSES];
  make_dicts(dicts);
  in_new_thread(step_access_all, dicts);
  check_accessed(dicts);
}

RuntimeTest(dict_threads, another_thread_may_be_the_first_to_use_a_dict_of_one_that_runs) {
  weft_object *dicts[ACCESSES];
  make_dicts(dicts);
  struct actor other;
  actor_start(&other);
  actor_begin(&other, step_access_all, dicts);
  while (!actor_is_idle(&other)) poll_and_yield();
  actor_quit(&other);
  check_accessed(dicts);
}

RuntimeTest(dict_threads, dicts_of_a_thread_that_has_ended_are_everybodys) {
  weft_object *dicts[ACCESSES];
  in_new_thread(make_dicts, dicts);
  step_access_all(dicts);
  check_accessed(dicts);
}

/* The owner uses the dict all the time, by its fast paths, while another thread takes part in it. */
static void step_add_odd(void *dict) {
  for (int64_t i = 1; i < 20000; i += 2) EXPECT(set_new(dict, INT(i), INT(-i)) == 0);
}

RuntimeTest(dict_threads, a_dict_that_becomes_shared_while_its_owner_fills_it_loses_nothing) {
  weft_auto weft_object *dict = weft_dict_new();
  struct actor other;
  actor_start(&other);
  actor_begin(&other, step_add_odd, dict);
  for (int64_t i = 0; i < 20000; i += 2) cr_assert_eq(set_new(dict, INT(i), INT(-i)), 0);
  actor_quit(&other);
  cr_assert(failures == 0 && weft_dict_length(dict) == 20000);
  for (int64_t i = 0; i < 20000; i++) {
    weft_auto weft_object *value = get_new(dict, INT(i));
    cr_assert(value && weft_int_value(value) == -i);
  }
}

/* --- Writers --- */

enum { THREADS = 4, EACH = 3000 };

static void step_set_own_keys(void *dict) {
  int64_t first = (int64_t)next_turn() * EACH;
  for (int64_t i = first; i < first + EACH; i++) {
    EXPECT(set_new(dict, INT(i), INT(i)) == 0);
    if (i % 3 == 0) EXPECT(delete_new(dict, INT(i)) == 0);
    if (i % 3 == 1) EXPECT(set_new(dict, weft_str_format("%d", (int)i), INT(i)) == 0);
  }
}

RuntimeTest(dict_threads, keys_of_several_threads_all_arrive) {
  weft_auto weft_object *dict = weft_dict_new();
  in_new_threads(THREADS, step_set_own_keys, dict);
  cr_assert_eq(failures, 0);
  for (int64_t i = 0; i < THREADS * EACH; i++) {
    weft_auto weft_object *value = NULL;
    if (i % 3)
      cr_assert(weft_int_value(value = get_new(dict, INT(i))) == i);
    else
      cr_assert_eq(contains_new(dict, INT(i)), 0);
    cr_assert_eq(contains_new(dict, weft_str_format("%d", (int)i)), i % 3 == 1);
  }
  check_dict(dict);
}

static void step_take_what_is_there(void *dict) {
  for (int64_t i = 0; i < EACH; i++) {
    weft_auto weft_object *key = INT(i), *value = weft_dict_pop(dict, key, WEFT_NONE);
    if (value != WEFT_NONE) count(&wins);
  }
}

RuntimeTest(dict_threads, each_value_is_popped_by_one_thread_only) {
  weft_auto weft_object *dict = tens(EACH);
  in_new_threads(THREADS, step_take_what_is_there, dict);
  cr_assert(wins == EACH && weft_dict_length(dict) == 0);
}

static uint32_t seen[EACH]; /* atomic */

static void step_pop_items(void *dict) {
  for (weft_object *pair; (pair = weft_dict_pop_item(dict)); weft_decref(pair)) {
    int64_t key = weft_int_value(weft_tuple_get_borrow(pair, 0));
    EXPECT(weft_int_value(weft_tuple_get_borrow(pair, 1)) == 10 * key);
    weft__add_relaxed(&seen[key], 1u);
  }
  EXPECT(raised(&weft_KeyError));
}

RuntimeTest(dict_threads, each_item_is_popped_by_one_thread_only) {
  weft_auto weft_object *dict = tens(EACH);
  in_new_threads(THREADS, step_pop_items, dict);
  for (int i = 0; i < EACH; i++) cr_assert_eq(seen[i], 1);
  cr_assert(failures == 0 && weft_dict_length(dict) == 0);
}

static weft_object *agreed[EACH]; /* atomic: what the first thread got */

static void step_set_defaults(void *dict) {
  for (int64_t i = 0; i < EACH; i++) {
    weft_auto weft_object *key = INT(i), *mine = probe_new(), *got = weft_dict_set_default(dict, key, mine);
    weft_object *expected = NULL;
    bool first = weft__cas_acq_rel(&agreed[i], &expected, got);
    EXPECT(first || got == expected);
    if (got == mine) count(&wins);
  }
}

RuntimeTest(dict_threads, of_several_defaults_one_wins_and_all_see_it) {
  weft_object *dict = weft_dict_new();
  in_new_threads(THREADS, step_set_defaults, dict);
  cr_assert(failures == 0 && wins == EACH && weft_dict_length(dict) == EACH);
  weft_decref(dict);
  weft_synchronize();
  cr_assert_eq(freed(), THREADS * EACH);
}

static void step_toggle(void *dict) {
  for (int i = 0; i < 5000; i++) {
    weft_auto weft_object *key = INT(i % 7);
    EXPECT(set_new(dict, weft_new_ref(key), probe_new()) == 0);
    weft_auto weft_object *other = INT((i + 3) % 7);
    if (weft_dict_delete(dict, other) < 0) EXPECT(raised(&weft_KeyError));
    if (i % 100 == 0) weft_dict_clear(dict);
  }
}

RuntimeTest(dict_threads, values_that_come_and_go_all_die_once) {
  weft_object *dict = weft_dict_new();
  in_new_threads(THREADS, step_toggle, dict);
  cr_assert_eq(failures, 0);
  check_dict(dict);
  weft_decref(dict);
  cr_assert_eq(settled_heap(heap_at_start.blocks, SIZE_MAX).blocks, heap_at_start.blocks);
  cr_assert_eq(freed(), THREADS * 5000);
}

/* --- Readers beside writers --- */

static void step_get_and_set(void *dict) {
  weft_auto weft_object *key = STR("key");
  for (int64_t i = 0; i < 1000; i++) {
    weft_object *found = NULL;
    EXPECT(set_new(dict, weft_new_ref(key), INT(i)) == 0);
    EXPECT(weft_dict_find(dict, key, &found) == 1 && found && weft_int_value(found) < 1000);
    weft_auto weft_object *got = weft_dict_get(dict, key);
    EXPECT(got && weft_int_value(got) >= 0);
    EXPECT(contains_new(dict, STR("key")) == 1);
    weft_xdecref(found);
  }
}

RuntimeTest(dict_threads, FTD_006_a_key_that_is_set_by_all_is_always_found) {
  weft_auto weft_object *dict = DICT(STR("key"), INT(1));
  in_new_threads(10, step_get_and_set, dict);
  cr_assert(failures == 0 && weft_dict_length(dict) == 1);
}

/* One thread fills the dict in order and clears it, again and again; the others see a beginning of that order. */
static void step_fill_or_copy(void *dict) {
  enum { FULL = 300, TIMES = 40 };
  if (next_turn() == 0) {
    for (int time = 0; time < TIMES; time++) {
      for (int64_t i = 0; i < FULL; i++) EXPECT(set_new(dict, INT(i), INT(i + time)) == 0);
      EXPECT(weft_dict_clear(dict) == 0);
    }
    weft__store_release(&rounds, 1u);
    return;
  }
  for (size_t kind = 0; !weft__load_acquire(&rounds); kind++) {
    weft_auto weft_object *copy = kind % 2 ? weft_dict_copy(dict) : NULL;
    weft_auto weft_object *keys = kind % 2 ? weft_dict_keys(copy) : weft_dict_keys(dict);
    EXPECT(keys && weft_list_length(keys) <= FULL);
    for (int64_t i = 0, n = weft_list_length(keys); i < n; i++) {
      weft_auto weft_object *key = weft_list_get(keys, i);
      EXPECT(weft_int_value(key) == i);
    }
  }
}

RuntimeTest(dict_threads, a_copy_shows_the_dict_at_one_moment) {
  weft_auto weft_object *dict = weft_dict_new();
  in_new_threads(THREADS, step_fill_or_copy, dict);
  cr_assert(failures == 0 && weft_dict_length(dict) == 0);
}

/* Two keys are set one after the other: whoever sees the second one's value sees the first one's too. */
static void step_pair_of_keys(void *dict) {
  if (next_turn() == 0) {
    for (int64_t i = 1; i <= 20000; i++) {
      EXPECT(set_new(dict, INT(1), INT(i)) == 0);
      EXPECT(set_new(dict, INT(2), INT(i)) == 0);
      if (i % 50 == 0) EXPECT(set_new(dict, INT(1000 + i), WEFT_NONE) == 0); /* and the table changes */
    }
    weft__store_release(&rounds, 1u);
    return;
  }
  while (!weft__load_acquire(&rounds)) {
    weft_auto weft_object *second = weft_dict_get(dict, INT(2)), *first = weft_dict_get(dict, INT(1));
    EXPECT(first && second && weft_int_value(first) >= weft_int_value(second));
  }
}

RuntimeTest(dict_threads, values_are_seen_in_the_order_in_which_they_were_stored) {
  weft_auto weft_object *dict = DICT(INT(1), INT(0), INT(2), INT(0));
  in_new_threads(THREADS, step_pair_of_keys, dict);
  cr_assert_eq(failures, 0);
}

static void step_change_or_read(void *dict) {
  uint32_t self = next_turn();
  for (int i = 0; i < 1500; i++) {
    weft_auto weft_object *key = self % 2 ? INT(i % 40) : FLOAT(i % 40 + (i % 80 > 40 ? 0.5 : 0)), *value = probe_new();
    if (self < 2) {
      EXPECT(weft_dict_set(dict, key, value) == 0);
      if (i % 5 == 0 && weft_dict_delete(dict, key) < 0) EXPECT(raised(&weft_KeyError));
      if (i % 400 == 399) EXPECT(weft_dict_clear(dict) == 0);
      continue;
    }
    weft_auto weft_object *text = weft_repr(dict), *items = weft_dict_items(dict), *made = weft_dict_new();
    EXPECT(text && items && weft_dict_update(made, dict) == 0 && weft_compare(dict, made, WEFT_EQ) >= 0);
    weft_object *found;
    EXPECT(weft_dict_find(dict, key, &found) >= 0);
    EXPECT(!found || weft_type_of(found) == probe_type);
    weft_xdecref(found);
  }
}

RuntimeTest(dict_threads, a_dict_may_be_read_while_others_change_it) {
  weft_object *dict = weft_dict_new();
  in_new_threads(THREADS, step_change_or_read, dict);
  cr_assert_eq(failures, 0);
  weft_decref(dict);
}

/* --- Brackets --- */

static void step_peek_or_replace(void *dict) {
  if (next_turn() % 2) {
    for (int i = 0; i < 4000; i++) {
      if (i % 3)
        EXPECT(set_new(dict, INT(i % 10), probe_new()) == 0);
      else if (delete_new(dict, INT(i % 10)) < 0)
        EXPECT(raised(&weft_KeyError));
    }
    return;
  }
  for (int i = 0; i < 400; i++) {
    weft_object *looked_at[10];
    weft_read_begin();
    for (int k = 0; k < 10; k++) looked_at[k] = weft_dict_peek(dict, INT(k));
    for (int again = 0; again < 5; again++) {
      for (int k = 0; k < 10; k++) EXPECT(!looked_at[k] || weft_type_of(looked_at[k]) == probe_type);
      weft_poll();
    }
    weft_read_end();
  }
}

RuntimeTest(dict_threads, what_was_peeked_stays_while_others_replace_it) {
  weft_object *dict = weft_dict_new();
  in_new_threads(THREADS, step_peek_or_replace, dict);
  cr_assert_eq(failures, 0);
  weft_decref(dict);
}

/* --- Iterators --- */

static void step_take_from_iterator(void *iterator) {
  for (weft_object *key; (key = weft_next(iterator)); weft_decref(key))
    weft__add_relaxed(&seen[weft_int_value(key)], 1u);
  EXPECT(!weft_error_borrow());
}

RuntimeTest(dict_threads, each_key_of_a_shared_iterator_goes_to_one_thread) {
  weft_auto weft_object *dict = tens(EACH), *iterator = weft_iter(dict);
  in_new_threads(THREADS, step_take_from_iterator, iterator);
  for (int i = 0; i < EACH; i++) cr_assert_eq(seen[i], 1, "key %d: %u times", i, seen[i]);
  cr_assert_eq(failures, 0);
}

static void step_iterate_or_change(void *dict) {
  uint32_t self = next_turn();
  for (int64_t i = 0; i < 800; i++) {
    if (self % 2) {
      EXPECT(set_new(dict, INT(i % 50), INT(10 * (i % 50))) == 0);
      if (i % 3 == 0 && delete_new(dict, INT(i % 50)) < 0) EXPECT(raised(&weft_KeyError));
      continue;
    }
    weft_auto weft_object *iterator = weft_dict_iter_items(dict);
    for (weft_object *item; (item = weft_next(iterator)); weft_decref(item)) {
      int64_t key = weft_int_value(weft_tuple_get_borrow(item, 0));
      EXPECT(weft_int_value(weft_tuple_get_borrow(item, 1)) == 10 * key);
    }
    if (weft_error_borrow()) EXPECT(raised(&weft_RuntimeError));
  }
}

RuntimeTest(dict_threads, an_iterator_beside_writers_gives_what_was_there_or_a_runtime_error) {
  weft_auto weft_object *dict = tens(50);
  in_new_threads(THREADS, step_iterate_or_change, dict);
  cr_assert_eq(failures, 0);
}

/* --- Hooks --- */

/* Comparing takes its time, and others change the dict meanwhile. */
static void poll_a_while(hooked *a, hooked *b) {
  (void)a, (void)b;
  weft_poll();
}

static void step_collide(void *dict) {
  int64_t self = (int64_t)next_turn();
  for (int64_t i = 0; i < 300; i++) {
    weft_auto weft_object *key = hooked_new(7, self * 10 + i % 10);
    EXPECT(set_new(dict, weft_new_ref(key), INT(self)) == 0);
    weft_auto weft_object *got = weft_dict_get(dict, key);
    EXPECT(got == INT(self));
    if (i % 2) EXPECT(weft_dict_delete(dict, key) == 0);
  }
}

RuntimeTest(dict_threads, keys_that_collide_and_are_compared_by_hooks_keep_apart) {
  weft_decref(hooked_new(0, 0)); /* the type is made by one thread */
  weft_auto weft_object *dict = weft_dict_new();
  at_comparison = poll_a_while;
  in_new_threads(THREADS, step_collide, dict);
  cr_assert(failures == 0 && weft_dict_length(dict) == THREADS * 5);
  at_comparison = NULL;
  check_dict(dict);
}
