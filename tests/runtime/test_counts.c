/* SPDX-License-Identifier: MIT */
/* Reference counts: the header, references from the owner and from others, immortality, hand-over, the merge queue. */
#include "support.h"

RuntimeSuite(counts);

/* --- The header --- */

RuntimeTest(counts, the_header_is_sixteen_bytes_with_the_count_first) {
  cr_assert_eq(sizeof(weft_object), 16);
  cr_assert_eq(sizeof(weft_count), 8);
  cr_assert_eq(offsetof(weft_object, count), 0);
  cr_assert_eq(offsetof(weft_object, type), 8);
}

RuntimeTest(counts, a_new_object_has_one_reference) {
  weft_object *o = probe_new();
  cr_assert_eq(weft_refcount(o), 1);
  cr_assert(weft_is_unique(o));
  cr_assert_not(weft_is_immortal(o));
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

/* --- References --- */

RuntimeTest(counts, COB_002_xincref_balances_and_tolerates_null) {
  weft_object *o = probe_new();
  weft_xincref(o);
  cr_assert_eq(weft_refcount(o), 2);
  weft_xdecref(o);
  cr_assert_eq(weft_refcount(o), 1);
  weft_xincref(NULL);
  weft_xdecref(NULL);
  weft_xdecref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, COB_003_increments_balance_with_decrements) {
  weft_object *o = probe_new();
  for (int i = 0; i < 1000; i++) weft_incref(o);
  cr_assert_eq(weft_refcount(o), 1001);
  for (int i = 0; i < 1000; i++) weft_decref(o);
  cr_assert_eq(weft_refcount(o), 1);
  cr_assert_eq(freed(), 0);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, COB_005_dropping_a_fresh_int_releases_it) {
  weft_heap_stats before, after;
  weft_heap_get_stats(&before);
  weft_decref(weft_int_new(123456789));
  weft_heap_get_stats(&after);
  cr_assert_eq(after.blocks, before.blocks);
}

RuntimeTest(counts, COB_006_the_function_forms_balance) {
  weft_object *o = probe_new();
  weft_incref_extern(o);
  cr_assert_eq(weft_refcount(o), 2);
  weft_decref_extern(o);
  cr_assert_eq(weft_refcount(o), 1);
  weft_decref_extern(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, COB_007_clear_empties_the_variable_and_evaluates_its_argument_once) {
  weft_object *held[2] = {probe_new(), NULL}, **next = held;
  weft_clear(next++);
  cr_assert_null(held[0]);
  cr_assert_eq(next, held + 1);
  cr_assert_eq(freed(), 1);
  weft_clear(next);
  cr_assert_null(held[1]);
}

RuntimeTest(counts, new_ref_adds_a_reference_and_returns_its_argument) {
  weft_object *o = probe_new();
  cr_assert_eq(weft_new_ref(o), o);
  cr_assert_eq(weft_refcount(o), 2);
  weft_decref(o);
  weft_decref(o);
}

RuntimeTest(counts, an_automatic_variable_drops_its_reference_at_the_end_of_its_scope) {
  weft_object *o = probe_new();
  {
    weft_auto weft_object *x = weft_new_ref(o);
    cr_assert_eq(weft_refcount(x), 2);
  }
  cr_assert_eq(weft_refcount(o), 1);
  {
    weft_auto weft_object *x = o;
    (void)x;
  }
  cr_assert_eq(freed(), 1);
  {
    weft_auto weft_object *x = NULL;
    (void)x;
  }
}

RuntimeTest(counts, COB_011_the_constants_are_identical_to_themselves_only) {
  cr_assert(weft_is(WEFT_NONE, WEFT_NONE) && !weft_is(WEFT_NONE, WEFT_TRUE) && !weft_is(WEFT_NONE, WEFT_FALSE));
  cr_assert(weft_is(WEFT_TRUE, weft_bool_new(true)) && !weft_is(WEFT_TRUE, WEFT_FALSE));
  cr_assert(weft_is(WEFT_FALSE, weft_bool_new(false)) && !weft_is(WEFT_FALSE, WEFT_NONE));
}

RuntimeTest(counts, COJ_010_only_a_mortal_object_with_one_reference_is_unique) {
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_is_unique(list));
  weft_incref(list);
  cr_assert_not(weft_is_unique(list));
  weft_decref(list);
  cr_assert(weft_is_unique(list));
  cr_assert_not(weft_is_unique(weft_int_new(1)));
  weft_object *str = weft_str_new("immortal");
  cr_assert(weft_is_unique(str));
  weft_immortalize(str);
  cr_assert_not(weft_is_unique(str));
  blocks_left_on_purpose = 1;
}

/* --- Many references: the local half holds 65535 --- */

enum { MANY = 200000 };

static void step_incref_many(void *o) {
  for (int i = 0; i < MANY; i++) weft_incref(o);
}
static void step_decref_many(void *o) {
  for (int i = 0; i < MANY; i++) weft_decref(o);
}

RuntimeTest(counts, many_references_from_the_owner_are_counted_exactly) {
  weft_object *o = probe_new();
  for (int64_t i = 1; i <= MANY; i++) {
    weft_incref(o);
    if (i % 4096 == 0 || (i > 65530 && i < 65545)) cr_assert_eq(weft_refcount(o), i + 1);
  }
  for (int64_t i = MANY; i >= 1; i--) {
    weft_decref(o);
    if (i % 4096 == 0 || i < 10) cr_assert_eq(weft_refcount(o), i);
  }
  cr_assert_eq(freed(), 0);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, a_full_local_count_spills_half_of_itself) {
  weft_object *o = probe_new();
  for (int i = 0; i < 65534; i++) weft_incref(o);
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(local_in(word_of(o)), 0xFFFF);
    cr_assert_eq(shared_in(word_of(o)), 0);
    weft_incref(o);
    cr_assert_eq(local_in(word_of(o)), 0x8000);
    cr_assert_eq(shared_in(word_of(o)), 0x8000);
    weft_decref(o);
  }
  cr_assert_eq(weft_refcount(o), 65535);
  for (int i = 0; i < 65535; i++) weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, an_owner_that_runs_empty_takes_spilled_references_back) {
  weft_object *o = probe_new();
  for (int i = 0; i < 65535; i++) weft_incref(o);
  for (int i = 0; i < 0x8000; i++) weft_decref(o);
  cr_assert_eq(weft_refcount(o), 0x8000);
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(flags_in(word_of(o)), 0, "still owned, not merged");
    cr_assert_eq(local_in(word_of(o)), 0x8000);
    cr_assert_eq(shared_in(word_of(o)), 0);
  }
  for (int i = 0; i < 0x8000; i++) weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, many_references_from_another_thread_are_counted_exactly) {
  weft_object *o = probe_new();
  in_new_thread(step_incref_many, o);
  cr_assert_eq(weft_refcount(o), MANY + 1);
  in_new_thread(step_decref_many, o);
  cr_assert_eq(weft_refcount(o), 1);
  cr_assert_eq(freed(), 0);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, many_references_from_the_owner_may_be_dropped_by_another_thread) {
  weft_object *o = probe_new();
  step_incref_many(o);
  in_new_thread(step_decref_many, o);
  weft_poll();
  cr_assert_eq(weft_refcount(o), 1);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, many_references_from_others_may_be_dropped_by_the_owner) {
  weft_object *o = probe_new();
  in_new_thread(step_incref_many, o);
  step_decref_many(o);
  cr_assert_eq(weft_refcount(o), 1);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

static void step_count_up_and_down(void *o) {
  for (int i = 0; i < 20000; i++) {
    weft_incref(o);
    weft_incref(o);
    weft_decref(o);
    weft_decref(o);
  }
  weft_incref(o);
}

RuntimeTest(counts, threads_that_count_at_the_same_time_lose_nothing) {
  weft_object *o = probe_new();
  in_new_threads(4, step_count_up_and_down, o);
  weft_poll();
  cr_assert_eq(weft_refcount(o), 5);
  for (int i = 0; i < 5; i++) {
    cr_assert_eq(freed(), 0);
    weft_decref(o);
  }
  cr_assert_eq(freed(), 1);
}

/* --- Conditional increments --- */

static bool tried;

static void step_try(void *o) { tried = weft__try_incref(o); }

RuntimeTest(counts, try_incref_of_a_live_own_object_succeeds) {
  weft_object *o = probe_new();
  cr_assert(weft__try_incref(o));
  cr_assert_eq(weft_refcount(o), 2);
  weft_decref(o);
  weft_decref(o);
}

static void try_in_dealloc(weft_object *self) {
  tried = weft__try_incref(self);
  cr_assert_eq(weft_refcount(self), 0);
  probe_dealloc(self);
}

RuntimeTest(counts, COB_001_try_incref_succeeds_on_the_living_and_fails_in_the_deallocator) {
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "tries", .basic_size = sizeof(weft_object) + 8, .dealloc = try_in_dealloc});
  weft_object *o = weft_object_new(type, 0);
  cr_assert(weft__try_incref(o));
  weft_decref(o);
  tried = true;
  weft_decref(o);
  cr_assert_not(tried);
  cr_assert_eq(freed(), 1);
}

static void try_in_finalizer(weft_object *self) {
  tried = weft__try_incref(self);
  weft__add_acq_rel(&probes_finalized, 1u);
}

static weft_object *new_trier(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "tries", .basic_size = sizeof(weft_object) + 8, .finalize = try_in_finalizer, .dealloc = probe_dealloc});
  return weft_object_new(type, 0);
}

RuntimeTest(counts, try_incref_of_a_dying_object_fails) {
  weft_object *o = new_trier();
  tried = true;
  weft_decref(o);
  cr_assert_eq(finalized(), 1);
  cr_assert_not(tried);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, try_incref_of_a_dying_object_fails_in_another_thread) {
  weft_object *o = new_trier();
  /* Settled by the thread that drops last, which is not the maker. */
  weft_disown(o);
  tried = true;
  in_new_thread(step_decref, o);
  cr_assert_not(tried);
  cr_assert_eq(freed(), 1);
}

static void finalize_lends_to_a_reviver(weft_object *self) {
  weft_incref(self);
  tried = true;
  in_new_thread(step_try, self);
  weft_decref(self);
}

/* cf. gh-127582, gh-130202 */
RuntimeTest(counts, regress_a_temporary_reference_of_a_finalizer_does_not_let_others_revive_the_object) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "lends",
                                                          .basic_size = sizeof(weft_object) + 8,
                                                          .finalize = finalize_lends_to_a_reviver,
                                                          .dealloc = probe_dealloc});
  weft_decref(weft_object_new(type, 0));
  cr_assert_not(tried);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, try_incref_by_another_thread_refuses_an_untouched_object_that_its_owner_may_be_freeing) {
  weft_object *o = probe_new();
  in_new_thread(step_try, o);
  cr_assert_eq(tried, !WEFT__HAS_OWNERS);
  cr_assert_eq(weft_refcount(o), 1 + tried);
  if (tried) weft_decref(o);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, try_incref_by_another_thread_succeeds_on_a_weakly_published_object) {
  weft_object *o = probe_new();
  weft__count_publish_weak(&o->count);
  in_new_thread(step_try, o);
  cr_assert(tried);
  cr_assert_eq(weft_refcount(o), 2);
  weft_decref(o);
  cr_assert_eq(freed(), 0);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, try_incref_by_another_thread_succeeds_on_a_shared_object) {
  weft_object *o = probe_new();
  in_new_thread(step_incref, o);
  in_new_thread(step_try, o);
  cr_assert(tried);
  cr_assert_eq(weft_refcount(o), 3);
  for (int i = 0; i < 3; i++) weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, try_incref_by_another_thread_succeeds_on_a_disowned_object) {
  weft_object *o = probe_new();
  weft_disown(o);
  in_new_thread(step_try, o);
  cr_assert(tried);
  cr_assert_eq(weft_refcount(o), 2);
  weft_decref(o);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, try_incref_of_an_immortal_object_succeeds_and_changes_nothing) {
  uint64_t before = word_of(WEFT_NONE);
  cr_assert(weft__try_incref(WEFT_NONE));
  in_new_thread(step_try, WEFT_NONE);
  cr_assert(tried);
  cr_assert_eq(word_of(WEFT_NONE), before);
}

RuntimeTest(counts, try_incref_by_the_owner_works_across_a_spill) {
  weft_object *o = probe_new();
  for (int i = 0; i < 70000; i++) cr_assert(weft__try_incref(o));
  cr_assert_eq(weft_refcount(o), 70001);
  for (int i = 0; i < 70001; i++) weft_decref(o);
  cr_assert_eq(freed(), 1);
}

/* --- Immortal objects --- */

RuntimeTest(counts, CIM_002_small_ints_are_immortal_and_their_neighbours_are_not) {
  for (int64_t n = -5; n <= 256; n++) {
    weft_object *o = weft_int_new(n);
    cr_assert(weft_is_immortal(o));
    uint64_t before = word_of(o);
    for (int i = 0; i < 10000; i++) weft_decref(o);
    cr_assert_eq(word_of(o), before);
    cr_assert_eq(weft_int_value(o), n);
  }
  for (int64_t n = 257; n <= 260; n++) {
    weft_auto weft_object *o = weft_int_new(n);
    cr_assert_not(weft_is_immortal(o));
    cr_assert_eq(weft_refcount(o), 1);
  }
}

RuntimeTest(counts, CIP_001_constants_are_immortal_bare_objects_and_lists_are_not) {
  weft_auto weft_object *empty = weft_tuple_new(0, NULL);
  weft_object *const immortals[] = {WEFT_TRUE, WEFT_FALSE, WEFT_NONE, weft_int_new(0), empty};
  for (size_t i = 0; i < sizeof immortals / sizeof *immortals; i++) cr_assert(weft_is_immortal(immortals[i]), "%zu", i);
  weft_auto weft_object *bare = weft_object_new(&weft_object_type, 0);
  weft_auto weft_object *none = weft_list_new();
  weft_auto weft_object *some = LIST(INT(1));
  cr_assert(!weft_is_immortal(bare) && !weft_is_immortal(none) && !weft_is_immortal(some));
}

static void step_thousand_references(void *o) {
  for (int i = 0; i < 1000; i++) weft_incref(o);
  for (int i = 0; i < 3000; i++) weft_decref(o);
}

RuntimeTest(counts, a_thousand_references_to_an_immortal_object_change_nothing) {
  weft_object *const immortals[] = {WEFT_NONE, WEFT_TRUE, weft_int_new(256), (weft_object *)&weft_int_type};
  for (size_t i = 0; i < sizeof immortals / sizeof *immortals; i++) {
    uint64_t before = word_of(immortals[i]);
    step_thousand_references(immortals[i]);
    in_new_thread(step_thousand_references, immortals[i]);
    cr_assert_eq(word_of(immortals[i]), before);
    cr_assert_eq(weft_refcount(immortals[i]), INT64_C(1) << 62);
  }
}

static void assert_immortal(weft_object *o) {
  cr_assert(weft_is_immortal(o));
  int64_t refs = weft_refcount(o);
  step_thousand_references(o);
  in_new_thread(step_thousand_references, o);
  weft_poll();
  cr_assert_eq(weft_refcount(o), refs);
  cr_assert(weft_is_immortal(o));
  cr_assert_eq(freed(), 0);
  blocks_left_on_purpose++;
}

RuntimeTest(counts, an_own_object_can_be_made_immortal) {
  weft_object *o = probe_new();
  weft_immortalize(o);
  assert_immortal(o);
}

RuntimeTest(counts, making_an_object_immortal_twice_is_harmless) {
  weft_object *o = probe_new();
  weft_immortalize(o);
  weft_immortalize(o);
  assert_immortal(o);
}

RuntimeTest(counts, an_object_of_a_detached_thread_can_be_made_immortal) {
  struct actor owner;
  actor_start(&owner);
  weft_object *o;
  actor_do(&owner, step_new_probe, &o);
  weft_immortalize(o);
  assert_immortal(o);
  actor_do(&owner, step_thousand_references, o);
  cr_assert(weft_is_immortal(o));
  actor_quit(&owner);
}

static uint32_t owner_may_stop;
static void step_poll_until_told(void *unused) {
  (void)unused;
  while (!weft__load_acquire(&owner_may_stop)) poll_and_yield();
}

RuntimeTest(counts, an_object_of_a_running_thread_can_be_made_immortal) {
  struct actor owner;
  actor_start(&owner);
  weft_object *o;
  actor_do(&owner, step_new_probe, &o);
  actor_begin(&owner, step_poll_until_told, NULL);
  weft_immortalize(o);
  cr_assert(weft_is_immortal(o));
  weft__store_release(&owner_may_stop, 1u);
  actor_quit(&owner);
  assert_immortal(o);
}

RuntimeTest(counts, an_object_of_an_ended_thread_can_be_made_immortal) {
  weft_object *o;
  in_new_thread(step_new_probe, &o);
  weft_immortalize(o);
  assert_immortal(o);
}

RuntimeTest(counts, a_merged_object_can_be_made_immortal) {
  weft_object *o = probe_new();
  in_new_thread(step_incref, o);
  weft_decref(o);
  weft_immortalize(o);
  assert_immortal(o);
}

/* cf. gh-152276 */
RuntimeTest(counts, regress_a_queued_object_can_be_made_immortal) {
  weft_object *o = probe_new();
  weft_incref(o);
  beside_running_thread(step_decref, o);
  if (WEFT__HAS_OWNERS) cr_assert(flags_in(word_of(o)) & WORD_QUEUED);
  weft_immortalize(o);
  weft_poll();
  assert_immortal(o);
}

static void step_queue_then_immortalize(void *o) {
  weft_decref(o);
  weft_immortalize(o);
}

RuntimeTest(counts, regress_a_queued_object_can_be_made_immortal_by_the_thread_that_queued_it) {
  weft_object *o = probe_new();
  weft_incref(o);
  weft_incref(o);
  in_new_thread(step_queue_then_immortalize, o);
  weft_poll();
  assert_immortal(o);
}

static void finalize_immortalizes(weft_object *self) { weft_immortalize(self); }

RuntimeTest(counts, an_object_made_immortal_by_its_finalizer_lives_on) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "highlander",
                                                          .basic_size = sizeof(weft_object) + 8,
                                                          .finalize = finalize_immortalizes,
                                                          .dealloc = probe_dealloc});
  weft_object *o = weft_object_new(type, 0);
  weft_decref(o);
  cr_assert_eq(freed(), 0);
  assert_immortal(o);
}

RuntimeTest(counts, an_object_can_be_made_immortal_while_others_count_it) {
  for (int round = 0; round < 20; round++) {
    weft_object *o = probe_new();
    struct actor others[2];
    for (int i = 0; i < 2; i++) {
      weft_incref(o);
      actor_start(&others[i]);
      actor_begin(&others[i], step_count_up_and_down, o);
    }
    for (int i = 0; i < round * 5; i++) stay_attached_a_while();
    weft_immortalize(o);
    for (int i = 0; i < 2; i++) actor_quit(&others[i]);
    cr_assert(weft_is_immortal(o));
    for (int i = 0; i < 100; i++) weft_decref(o);
    cr_assert(weft_is_immortal(o) && freed() == 0);
    blocks_left_on_purpose++;
  }
}

#if !WEFT__HAS_GIL && !WEFT__HAS_OWNERS
/* A thread that found the object mortal counts it once more; the word's low bits are the count. */
RuntimeTest(counts, regress_late_counts_do_not_hide_an_immortal_container_from_the_collector) {
  for (int64_t late = -3; late <= 3; late++) {
    weft_object *list = weft_list_new();
    cr_assert_eq(weft_list_append(list, weft_int_new(late)), 0); /* unequal to the others */
    weft_immortalize(list);
    weft__add_relaxed(&list->count.word, late);
    weft_auto weft_object *containers = weft_gc_get_objects(-1);
    cr_assert_eq(weft_list_contains(containers, list), 1);
    cr_assert(weft_is_immortal(list) && !weft_is_unique(list));
    blocks_left_on_purpose += 2; /* the list and its items */
  }
}
#endif

static void step_count_until_told(void *o) {
  while (!weft__load_acquire(&owner_may_stop)) {
    for (int i = 0; i < 1000; i++) {
      weft_incref(o);
      weft_decref(o);
    }
    weft_poll();
  }
}

RuntimeTest(counts, an_object_can_be_made_immortal_while_its_owner_counts_it) {
  struct actor owner;
  actor_start(&owner);
  for (int round = 0; round < 20; round++) {
    weft_object *o;
    actor_do(&owner, step_new_probe, &o);
    weft__store_release(&owner_may_stop, 0u);
    actor_begin(&owner, step_count_until_told, o);
    for (int i = 0; i < round % 6; i++) stay_attached_a_while();
    weft_immortalize(o);
    cr_assert(weft_is_immortal(o));
    for (int i = 0; i < 100; i++) weft_decref(o);
    cr_assert(weft_is_immortal(o));
    weft__store_release(&owner_may_stop, 1u);
    actor_wait(&owner);
    cr_assert(weft_is_immortal(o) && freed() == 0);
    blocks_left_on_purpose++;
  }
  actor_quit(&owner);
}

/* --- Hand-over --- */

RuntimeTest(counts, disowning_leaves_one_reference_and_no_owner) {
  weft_object *o = probe_new();
  weft_disown(o);
  cr_assert_eq(weft_refcount(o), 1);
  cr_assert(weft_is_unique(o));
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(owner_in(word_of(o)), 0);
    cr_assert_eq(flags_in(word_of(o)), WORD_MERGED);
    cr_assert_eq(shared_in(word_of(o)), 1);
  }
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, disowning_an_object_with_more_references_does_nothing) {
  weft_object *o = probe_new();
  weft_incref(o);
  uint64_t before = word_of(o);
  weft_disown(o);
  cr_assert_eq(word_of(o), before);
  weft_decref(o);
  weft_decref(o);
}

RuntimeTest(counts, disowning_an_object_that_others_have_touched_does_nothing) {
  weft_object *o = probe_new();
  in_new_thread(step_incref, o);
  uint64_t before = word_of(o);
  weft_disown(o);
  cr_assert_eq(word_of(o), before);
  weft_decref(o);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, disowning_an_immortal_object_does_nothing) {
  uint64_t before = word_of(WEFT_NONE);
  weft_disown(WEFT_NONE);
  weft_own(WEFT_NONE);
  cr_assert_eq(word_of(WEFT_NONE), before);
}

static void step_own_and_check(void *o_) {
  weft_object *o = o_;
  weft_own(o);
  cr_assert_eq(weft_refcount(o), 1);
  cr_assert(weft_is_unique(o));
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(owner_in(word_of(o)), weft__tls.slot);
    cr_assert_eq(local_in(word_of(o)), 1);
    cr_assert_eq((uint32_t)word_of(o), 0);
  }
  weft_incref(o);
  cr_assert_eq(weft_refcount(o), 2);
  weft_decref(o);
  cr_assert_eq(freed(), 0);
  weft_decref(o);
  cr_assert_eq(freed(), 1, "freed at once, by its new owner");
}

RuntimeTest(counts, the_receiver_of_a_disowned_object_becomes_its_owner_and_frees_it_at_once) {
  weft_object *o = probe_new();
  weft_disown(o);
  beside_running_thread(step_own_and_check, o);
  cr_assert_eq(freed(), 1);
  cr_assert_not(pthread_equal(last_probe_freed_by, pthread_self()));
}

static void step_drop_and_see(void *o) {
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, a_disowned_object_that_nobody_takes_is_freed_by_its_last_reference) {
  weft_object *o = probe_new();
  weft_disown(o);
  beside_running_thread(step_drop_and_see, o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, the_maker_may_take_a_disowned_object_back) {
  weft_object *o = probe_new();
  uint64_t before = word_of(o);
  weft_disown(o);
  weft_own(o);
  cr_assert_eq(word_of(o), before);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, taking_an_object_that_was_not_disowned_does_nothing) {
  weft_object *o = probe_new();
  uint64_t before = word_of(o);
  weft_own(o);
  cr_assert_eq(word_of(o), before);
  weft_decref(o);
}

static void step_own(void *o) { weft_own(o); }

RuntimeTest(counts, taking_an_object_that_another_thread_owns_does_nothing) {
  weft_object *o = probe_new();
  uint64_t before = word_of(o);
  in_new_thread(step_own, o);
  cr_assert_eq(word_of(o), before);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, taking_a_disowned_object_that_is_shared_by_now_does_nothing) {
  weft_object *o = probe_new();
  weft_disown(o);
  weft_incref(o);
  uint64_t before = word_of(o);
  weft_own(o);
  cr_assert_eq(word_of(o), before);
  weft_decref(o);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

static void step_disown(void *o) { weft_disown(o); }

RuntimeTest(counts, an_object_can_be_handed_from_thread_to_thread) {
  weft_object *o = probe_new();
  struct actor hands[2];
  actor_start(&hands[0]);
  actor_start(&hands[1]);
  weft_disown(o);
  for (int i = 0; i < 10; i++) {
    actor_do(&hands[i % 2], step_own, o);
    if (WEFT__HAS_OWNERS) cr_assert_neq(owner_in(word_of(o)), 0);
    cr_assert_eq(weft_refcount(o), 1);
    actor_do(&hands[i % 2], step_disown, o);
  }
  actor_quit(&hands[0]);
  actor_quit(&hands[1]);
  weft_own(o);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

/* --- The owner drops its last reference while others hold some --- */

RuntimeTest(counts, an_owner_that_drops_its_last_reference_leaves_the_others_counted) {
  weft_object *o = probe_new();
  in_new_thread(step_incref, o);
  in_new_thread(step_incref, o);
  weft_decref(o);
  cr_assert_eq(freed(), 0);
  cr_assert_eq(weft_refcount(o), 2);
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(owner_in(word_of(o)), 0);
    cr_assert_eq(flags_in(word_of(o)), WORD_MERGED);
  }
  in_new_thread(step_decref, o);
  cr_assert_eq(freed(), 0);
  beside_running_thread(step_drop_and_see, o);
  cr_assert_eq(freed(), 1);
  cr_assert_not(pthread_equal(last_probe_freed_by, pthread_self()));
}

/* --- The merge queue --- */

RuntimeTest(counts, a_reference_dropped_beside_a_running_owner_is_settled_at_its_next_poll) {
  weft_object *o = probe_new();
  beside_running_thread(step_decref, o);
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(freed(), 0);
    cr_assert_eq(weft_refcount(o), 1, "the queue owns that reference");
    cr_assert(flags_in(word_of(o)) & WORD_QUEUED);
  }
  weft_poll();
  cr_assert_eq(freed(), 1);
  if (WEFT__HAS_OWNERS) cr_assert(pthread_equal(last_probe_freed_by, pthread_self()));
}

RuntimeTest(counts, a_detach_settles_the_queue) {
  weft_object *o = probe_new();
  beside_running_thread(step_decref, o);
  weft_detach();
  cr_assert_eq(freed(), 1);
  weft_reattach();
}

RuntimeTest(counts, a_container_operation_settles_the_queue_sooner_or_later) {
  weft_object *o = probe_new();
  beside_running_thread(step_decref, o);
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 100000 && !freed(); i++) {
    weft_auto weft_object *item = weft_int_new(1000 + i);
    weft_list_append(list, item);
  }
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, a_queued_object_that_its_owner_drops_lives_until_the_queue_is_settled) {
  weft_object *o = probe_new();
  weft_incref(o);
  beside_running_thread(step_decref, o);
  weft_decref(o);
  cr_assert_eq(freed(), !WEFT__HAS_OWNERS);
  weft_poll();
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, a_queued_object_that_its_owner_keeps_is_merged) {
  weft_object *o = probe_new();
  weft_incref(o);
  weft_incref(o);
  beside_running_thread(step_decref, o);
  weft_poll();
  cr_assert_eq(freed(), 0);
  cr_assert_eq(weft_refcount(o), 2);
  if (WEFT__HAS_OWNERS) cr_assert_eq(flags_in(word_of(o)), WORD_MERGED);
  weft_decref(o);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

static void step_drop_two(void *o) {
  weft_decref(o);
  weft_decref(o);
}

RuntimeTest(counts, an_object_is_queued_once_however_often_it_is_dropped) {
  weft_object *o = probe_new();
  weft_incref(o);
  beside_running_thread(step_drop_two, o);
  if (WEFT__HAS_OWNERS) cr_assert_eq(weft_refcount(o), 1, "one is the queue's");
  weft_poll();
  cr_assert_eq(freed(), 1);
}

enum { QUEUED = 1000 };
static void step_decref_all(void *objects_) {
  weft_object **objects = objects_;
  for (int i = 0; i < QUEUED; i++) weft_decref(objects[i]);
}

RuntimeTest(counts, a_queue_of_many_chunks_is_settled_in_one_poll) {
  static weft_object *objects[QUEUED];
  for (int i = 0; i < QUEUED; i++) objects[i] = probe_new();
  beside_running_thread(step_decref_all, objects);
  cr_assert_eq(freed(), WEFT__HAS_OWNERS ? 0 : QUEUED);
  weft_poll();
  cr_assert_eq(freed(), QUEUED);
}

static void finalize_polls(weft_object *self) {
  (void)self;
  weft_poll();
  weft__add_acq_rel(&probes_finalized, 1u);
}
static void step_decref_pair(void *pair_) {
  weft_object **pair = pair_;
  weft_decref(pair[0]);
  weft_decref(pair[1]);
}

RuntimeTest(counts, a_finalizer_that_polls_while_the_queue_is_settled_is_harmless) {
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "polls", .basic_size = sizeof(weft_object) + 8, .finalize = finalize_polls, .dealloc = probe_dealloc});
  weft_object *pair[2] = {weft_object_new(type, 0), weft_object_new(type, 0)};
  beside_running_thread(step_decref_pair, pair);
  weft_poll();
  cr_assert_eq(finalized(), 2);
  cr_assert_eq(freed(), 2);
}

RuntimeTest(counts, a_reference_to_a_detached_owners_object_is_settled_at_once) {
  struct actor owner;
  actor_start(&owner);
  weft_object *o;
  actor_do(&owner, step_new_probe, &o);
  cr_assert_eq(freed(), 0);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
  cr_assert(pthread_equal(last_probe_freed_by, pthread_self()));
  actor_do(&owner, step_nothing, NULL);
  actor_quit(&owner);
}

RuntimeTest(counts, a_detached_owner_keeps_its_other_references) {
  struct actor owner;
  actor_start(&owner);
  weft_object *o;
  actor_do(&owner, step_new_probe, &o);
  actor_do(&owner, step_incref, o);
  weft_decref(o);
  cr_assert_eq(freed(), 0);
  cr_assert_eq(weft_refcount(o), 1);
  actor_do(&owner, step_decref, o);
  cr_assert_eq(freed(), 1);
  actor_quit(&owner);
}

RuntimeTest(counts, a_reference_to_an_ended_owners_object_is_settled_at_once) {
  weft_object *o;
  in_new_thread(step_new_probe, &o);
  cr_assert_eq(weft_refcount(o), 1);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, an_ended_owners_object_can_be_shared_and_dropped_by_others) {
  weft_object *o;
  in_new_thread(step_new_probe, &o);
  in_new_thread(step_incref_many, o);
  cr_assert_eq(weft_refcount(o), MANY + 1);
  in_new_thread(step_decref_many, o);
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

static void step_new_probe_and_reference(void *slot) {
  weft_object *o = probe_new();
  weft_incref(o);
  *(weft_object **)slot = o;
}

RuntimeTest(counts, a_new_thread_in_a_dead_ones_slot_owns_what_that_one_owned) {
  weft_object *o, *mine;
  in_new_thread(step_new_probe_and_reference, &o);
  uint32_t slot = owner_in(word_of(o));
  struct actor heir;
  actor_start(&heir);
  actor_do(&heir, step_new_probe, &mine);
  if (WEFT__HAS_OWNERS) cr_assert_eq(owner_in(word_of(mine)), slot, "the slot is taken again");
  actor_do(&heir, step_incref, o);
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(local_in(word_of(o)), 3, "counted as its owner");
    cr_assert_eq(shared_in(word_of(o)), 0);
  }
  actor_do(&heir, step_decref, o);
  actor_do(&heir, step_decref, o);
  cr_assert_eq(freed(), 0);
  actor_do(&heir, step_decref, o);
  cr_assert_eq(freed(), 1);
  actor_do(&heir, step_decref, mine);
  cr_assert_eq(freed(), 2);
  actor_quit(&heir);
}

static weft_object *handed;
static uint32_t made, dropped;
/* Makes an object, waits attached but without a safepoint until another thread has dropped it, and ends. */
static void *owner_ends_with_queue(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  handed = probe_new();
  weft__store_release(&made, 1u);
  while (!weft__load_acquire(&dropped)) stay_attached_a_while();
  weft_detach();
  return NULL;
}

RuntimeTest(counts, a_thread_that_ends_settles_its_queue) {
  pthread_t owner;
  cr_assert_eq(pthread_create(&owner, NULL, owner_ends_with_queue, NULL), 0);
  while (!weft__load_acquire(&made)) {
    weft_detach();
    sched_yield();
    weft_reattach();
  }
  weft_decref(handed);
  weft__store_release(&dropped, 1u);
  weft_detach();
  pthread_join(owner, NULL);
  weft_reattach();
  cr_assert_eq(freed(), 1);
}

static void finalize_allocates(weft_object *self) {
  (void)self;
  weft_object *deep = nested_list(200);
  weft_decref(deep);
  weft_decref(weft_str_format("%0900d", 7));
  weft__add_acq_rel(&probes_finalized, 1u);
}
static const weft_type *allocating_type;
static void *allocating_owner_ends(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  handed = weft_object_new(allocating_type, 0);
  weft__store_release(&made, 1u);
  while (!weft__load_acquire(&dropped)) stay_attached_a_while();
  return NULL; /* still attached: that is reported, and mended */
}
static void ignore(const char *message) { (void)message; }

RuntimeTest(counts, a_finalizer_that_allocates_while_its_thread_ends_is_harmless) {
  weft_set_warning_hook(ignore);
  allocating_type = weft_type_new(&(weft_type_spec){
      .name = "allocates", .basic_size = 24, .finalize = finalize_allocates, .dealloc = probe_dealloc});
  for (uint32_t round = 1; round <= 20; round++) {
    made = dropped = 0;
    pthread_t owner;
    cr_assert_eq(pthread_create(&owner, NULL, allocating_owner_ends, NULL), 0);
    while (!weft__load_acquire(&made)) {
      weft_detach();
      sched_yield();
      weft_reattach();
    }
    weft_decref(handed);
    weft__store_release(&dropped, 1u);
    weft_detach();
    pthread_join(owner, NULL);
    weft_reattach();
    cr_assert(finalized() == round && freed() == round);
  }
}

/* A reference that its owner hands over while another thread's queue entry for it is still pending. */
RuntimeTest(counts, a_queued_object_is_not_disowned) {
  weft_object *o = probe_new();
  weft_incref(o);
  beside_running_thread(step_decref, o);
  uint64_t before = word_of(o);
  weft_disown(o);
  weft_own(o);
  cr_assert_eq(word_of(o), before);
  weft_poll();
  weft_decref(o);
  cr_assert_eq(freed(), 1);
}

RuntimeTest(counts, a_merged_object_that_is_down_to_one_reference_can_be_taken) {
  weft_object *o = probe_new();
  in_new_thread(step_incref, o);
  weft_decref(o);
  struct actor taker;
  actor_start(&taker);
  actor_do(&taker, step_own, o);
  if (WEFT__HAS_OWNERS) cr_assert(owner_in(word_of(o)) != 0 && local_in(word_of(o)) == 1 && flags_in(word_of(o)) == 0);
  actor_do(&taker, step_decref, o);
  cr_assert_eq(freed(), 1);
  actor_quit(&taker);
}

/* Rounds of the whole protocol with several threads: owner, sharers, hand-over, queue, exit. */
static void step_random_life(void *shared_) {
  weft_object *shared = shared_;
  uint32_t random = (uint32_t)(uintptr_t)&random ^ (uint32_t)weft__tls.slot * 2654435761u;
  weft_object *mine[16] = {0};
  for (int i = 0; i < 4000; i++) {
    random = random * 1103515245u + 12345u;
    weft_object **o = &mine[random >> 8 & 15];
    switch (random >> 16 & 7) {
      case 0: weft_xdecref(*o), *o = probe_new(); break;
      case 1: weft_xdecref(*o), *o = weft_list_pop(shared, 0), weft_error_clear(); break;
      case 2: weft_xdecref(*o), *o = weft_list_get(shared, random >> 20 & 7), weft_error_clear(); break;
      case 3:
        if (*o) weft_list_append(shared, *o);
        break;
      case 4:
        if (*o) weft_disown(*o), weft_own(*o);
        break;
      case 5:
        if (*o) {
          weft_disown(*o);
          weft_list_append(shared, *o);
          weft_clear(o);
        }
        break;
      case 6: weft_clear(o); break;
      default: weft_poll(); break;
    }
  }
  for (int i = 0; i < 16; i++) weft_clear(&mine[i]);
}

RuntimeTest(counts, random_lives_of_objects_between_threads_lose_nothing) {
  weft_object *shared = weft_list_new();
  for (int round = 0; round < 4; round++) in_new_threads(4, step_random_life, shared);
  weft_decref(shared);
}

/* --- Saturation --- */

static uint32_t warnings;
static char warning[512];
static void count_warning(const char *message) {
  warnings++;
  snprintf(warning, sizeof warning, "%s", message);
}

enum { SATURATED = 1 << 26 };

RuntimeTest(counts, a_saturated_count_is_reported_once_and_its_object_never_freed) {
  if (!WEFT__HAS_OWNERS) return;
  weft_set_warning_hook(count_warning);
  weft_object *o = probe_new();
  set_word(o, word_of(o) + (uint64_t)(SATURATED - 2) * 16);
  cr_assert_eq(weft_refcount(o), SATURATED - 1);
  in_new_thread(step_incref, o);
  cr_assert_eq(warnings, 0);
  in_new_thread(step_incref, o);
  cr_assert_eq(warnings, 1);
  cr_assert(strstr(warning, "never be freed"), "%s", warning);
  in_new_thread(step_thousand_references, o);
  cr_assert_eq(warnings, 1);
  weft_decref(o);
  in_new_thread(step_decref_many, o);
  in_new_thread(step_incref_many, o);
  weft_poll();
  cr_assert_eq(freed(), 0);
  cr_assert_gt(weft_refcount(o), SATURATED / 2);
  blocks_left_on_purpose = 1;
}

RuntimeTest(counts, a_merged_count_saturates_too) {
  if (!WEFT__HAS_OWNERS) return;
  weft_set_warning_hook(count_warning);
  weft_object *o = probe_new();
  weft_disown(o);
  set_word(o, word_of(o) + (uint64_t)(SATURATED - 2) * 16);
  weft_incref(o);
  cr_assert_eq(warnings, 1);
  for (int i = 0; i < 1000; i++) weft_decref(o);
  cr_assert_gt(weft_refcount(o), SATURATED / 2);
  cr_assert_eq(freed(), 0);
  blocks_left_on_purpose = 1;
}

RuntimeTest(counts, a_spill_may_saturate) {
  if (!WEFT__HAS_OWNERS) return;
  weft_set_warning_hook(count_warning);
  weft_object *o = probe_new();
  set_word(o, word_of(o) + (uint64_t)(SATURATED - 100) * 16);
  for (int i = 0; i < 65536; i++) weft_incref(o);
  cr_assert_eq(warnings, 1);
  for (int i = 0; i < 65537; i++) weft_decref(o);
  in_new_thread(step_decref_many, o);
  weft_poll();
  cr_assert_eq(freed(), 0);
  blocks_left_on_purpose = 1;
}

RuntimeTest(counts, an_owner_takes_nothing_back_from_a_saturated_count) {
  if (!WEFT__HAS_OWNERS) return;
  weft_object *o = probe_new();
  set_word(o, word_of(o) + (uint64_t)(SATURATED + 10) * 16);
  weft_decref(o);
  cr_assert_geq(shared_in(word_of(o)), SATURATED);
  cr_assert_eq(freed(), 0);
  blocks_left_on_purpose = 1;
}
