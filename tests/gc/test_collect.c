/* SPDX-License-Identifier: MIT */
/* What is collected and what is not, generations, and when collections happen by themselves. */
#include "gc_support.h"

GcSuite(collect);

/* --- Cycles of every kind --- */

GcTest(collect, two_lists_that_contain_each_other) {
  weft_object *a = weft_list_new(), *b = weft_list_new(), *probe = probe_new();
  weft_list_append(a, b);
  weft_list_append(b, a);
  weft_list_append(b, probe);
  weft_decref(probe);
  weft_decref(a);
  cr_assert_eq(weft_gc_collect(2), 0, "one is still referred to");
  cr_assert_eq(freed(), 0);
  weft_decref(b);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(freed(), 1);
  cr_assert_eq(weft_gc_collect(2), 0);
}

GcTest(collect, a_list_in_itself) {
  drop_self_lists(1);
  cr_assert_eq(weft_gc_collect(2), 1);
}

GcTest(collect, GC_002_a_dict_that_maps_a_key_to_itself) {
  weft_object *dict = weft_dict_new();
  weft_auto weft_object *one = INT(1);
  cr_assert_eq(weft_dict_set(dict, one, dict), 0);
  weft_decref(dict);
  cr_assert_eq(weft_gc_collect(2), 1);
}

GcTest(collect, GC_003_a_ring_of_a_list_and_a_tuple) {
  weft_object *list = weft_list_new(), *tuple = weft_tuple_pack(1, list);
  weft_list_append(list, tuple);
  weft_decref(list);
  weft_decref(tuple);
  cr_assert_eq(weft_gc_collect(2), 2);
}

GcTest(collect, GC_006_an_instance_whose_dict_refers_to_it) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "open", .flags = WEFT_TYPE_DICT});
  for (int with_dict = 0; with_dict < 2; with_dict++) {
    weft_object *o = weft_instance_new(type);
    if (with_dict) weft_decref(weft_instance_dict(o));
    cr_assert_eq(weft_setattr_text(o, "self", o), 0);
    weft_decref(o);
    cr_assert_eq(weft_gc_collect(2), 1 + with_dict);
  }
}

static weft_object *return_none(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return WEFT_NONE;
}

GcTest(collect, GC_008_an_instance_that_stores_its_own_method) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "open", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *name = STR("method"), *function = weft_function_new("method", return_none, 0, NULL);
  cr_assert_eq(weft_type_set(type, name, function), 0);
  blocks_left_on_purpose += 2; /* the function is immortal, and its name */
  weft_object *o = weft_instance_new(type), *method = weft_getattr(o, name);
  cr_assert_eq(weft_setattr_text(o, "own", method), 0);
  weft_decref(method);
  weft_decref(o);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(weft_type_set(type, name, NULL), 0);
}

GcTest(collect, sets_frozensets_cells_functions_and_iterators_in_a_ring) {
  weft_object *cell = weft_cell_new(WEFT_NONE), *function = weft_function_new("f", return_none, 1, &cell);
  weft_object *set = weft_set_new(), *list, *iterator;
  cr_assert_eq(weft_set_add(set, function), 0);
  weft_object *frozen = weft_frozenset_from(set);
  list = LIST(weft_new_ref(frozen));
  iterator = weft_iter(list);
  weft_auto weft_object *holder = LIST(weft_new_ref(iterator), weft_new_ref(set));
  cr_assert_eq(weft_cell_set(cell, holder), 0);
  weft_object *all[] = {cell, function, set, frozen, list, iterator};
  for (size_t i = 0; i < 6; i++) weft_decref(all[i]);
  cr_assert_eq(weft_gc_collect(2), 0);
  weft_clear(&holder);
  cr_assert_eq(weft_gc_collect(2), 7);
}

GcTest(collect, large_objects_take_part) {
  weft_object *items[200];
  for (int i = 0; i < 200; i++) items[i] = weft_list_new();
  weft_object *tuple = weft_tuple_new(200, items);
  cr_assert_gt(weft_sizeof(tuple), 512);
  weft_list_append(items[7], tuple);
  for (int i = 0; i < 200; i++) weft_decref(items[i]);
  weft_decref(weft_new_ref(tuple));
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert_eq(weft_gc_generation(tuple), 2);
  weft_decref(tuple);
  cr_assert_eq(weft_gc_collect(2), 201);
}

/* --- What is not garbage --- */

GcTest(collect, what_a_reachable_cycle_refers_to_stays) {
  weft_auto weft_object *held = node_new(false);
  weft_object *b = ring_new(2, false), *lost = ring_new(3, false), *probe = probe_new();
  set_link(held, NODE_LEFT, b);
  set_link(link_of(b, NODE_RIGHT), NODE_LEFT, probe);
  weft_decref(b);
  weft_decref(lost);
  weft_decref(probe);
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert_eq(freed(), 0);
  cr_assert_eq(link_of(link_of(link_of(held, NODE_LEFT), NODE_RIGHT), NODE_LEFT), probe);
  set_link(held, NODE_LEFT, NULL);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(freed(), 1);
}

GcTest(collect, what_garbage_refers_to_but_is_referred_to_elsewhere_stays) {
  weft_auto weft_object *list = LIST(INT(1000));
  weft_object *ring = ring_new(2, false);
  set_link(ring, NODE_LEFT, list);
  weft_decref(ring);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert(weft_refcount(list) == 1 && weft_list_length(list) == 1);
}

GcTest(collect, immortal_objects_and_what_they_refer_to_stay) {
  weft_object *list = weft_list_new(), *ring = ring_new(2, false);
  weft_list_append(list, ring);
  weft_decref(ring);
  weft_immortalize(list);
  weft_decref(list);
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert_eq(weft_list_length(list), 1);
  weft_list_clear(list);
  weft_synchronize(); /* it is private to nobody */
  cr_assert_eq(weft_gc_collect(2), 2);
  blocks_left_on_purpose += 1;
}

GcTest(collect, a_long_chain_and_a_wide_tree_of_garbage) {
  enum { N = SANITIZED ? 20000 : 200000 };
  weft_object *first = weft_list_new(), *last = weft_new_ref(first);
  for (int i = 1; i < N; i++) {
    weft_object *next = weft_list_new();
    weft_list_append(last, next);
    weft_decref(last);
    last = next;
  }
  weft_list_append(last, first);
  weft_decref(last);
  cr_assert_eq(weft_gc_collect(2), 0);
  weft_decref(first);
  cr_assert_eq(weft_gc_collect(2), N);
}

/* --- Generations --- */

GcTest(collect, a_survivor_gets_older_and_garbage_waits_for_its_generation) {
  weft_object *list = self_list();
  cr_assert_eq(weft_gc_generation(list), 0);
  cr_assert_eq(weft_gc_collect(0), 0);
  cr_assert_eq(weft_gc_generation(list), 1);
  cr_assert_eq(weft_gc_collect(0), 0);
  cr_assert_eq(weft_gc_generation(list), 1);
  cr_assert_eq(weft_gc_collect(1), 0);
  cr_assert_eq(weft_gc_generation(list), 2);
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert_eq(weft_gc_generation(list), 2);
  weft_decref(list);
  cr_assert(weft_gc_collect(0) == 0 && weft_gc_collect(1) == 0 && weft_gc_collect(2) == 1);
}

GcTest(collect, a_survivor_of_one_collection_is_found_by_the_next_generations) {
  weft_object *list = self_list();
  cr_assert_eq(weft_gc_collect(0), 0);
  weft_decref(list);
  cr_assert(weft_gc_collect(0) == 0 && weft_gc_collect(1) == 1);
}

GcTest(collect, a_new_object_in_an_old_ones_place_is_young) {
  for (int round = 0; round < 3; round++) {
    weft_auto weft_object *list = weft_list_new();
    cr_assert_eq(weft_gc_generation(list), 0, "round %d", round);
    weft_gc_collect(2);
    cr_assert_eq(weft_gc_generation(list), 2);
  }
  drop_self_lists(1);
  cr_assert_eq(weft_gc_collect(0), 1);
}

GcTest(collect, old_objects_keep_young_ones_alive) {
  weft_auto weft_object *old = weft_list_new();
  weft_gc_collect(2);
  weft_object *young = ring_new(2, false);
  weft_list_append(old, young);
  weft_decref(young);
  cr_assert_eq(weft_gc_collect(0), 0);
  weft_list_clear(old);
  cr_assert(weft_gc_collect(0) == 0 && weft_gc_collect(1) == 2);
}

GcTest(collect, GC_018_counts_follow_the_generations) {
  uint64_t counts[3];
  weft_gc_collect(2);
  weft_auto weft_object *list = weft_list_new(); /* one container */
  cr_assert(list);
  weft_gc_collect(0);
  weft_gc_get_count(counts);
  cr_assert(counts[1] == 1 && counts[2] == 0);
  weft_gc_collect(1);
  weft_gc_get_count(counts);
  cr_assert(counts[1] == 0 && counts[2] == 1);
  weft_gc_collect(2);
  weft_gc_get_count(counts);
  cr_assert(counts[1] == 0 && counts[2] == 0);
}

GcTest(collect, GC_017_counts_after_a_full_collection) {
  uint64_t counts[3];
  weft_gc_collect(2);
  weft_gc_get_count(counts);
  cr_assert(counts[0] < 5 && counts[1] == 0 && counts[2] == 0);
  uint64_t before = counts[0];
  weft_auto weft_object *list = weft_list_new();
  weft_gc_get_count(counts);
  cr_assert(counts[0] == before + 1 && counts[1] == 0 && counts[2] == 0);
  weft_clear(&list);
  weft_gc_get_count(counts);
  cr_assert_eq(counts[0], before);
}

/* --- By itself --- */

static uint32_t runs[3];
static char order[4096];
static void note_run(enum weft_gc_phase phase, const weft_gc_info *info, void *arg) {
  (void)arg;
  if (phase != WEFT_GC_STOP) return;
  size_t n = runs[0] + runs[1] + runs[2];
  if (n + 1 < sizeof order) order[n] = (char)('0' + info->generation);
  runs[info->generation]++;
}
static void watch_runs(void) {
  memset(runs, 0, sizeof runs);
  cr_assert_eq(weft_gc_add_callback(note_run, NULL), 0);
  weft_gc_enable();
}
static void stop_watching(void) {
  weft_gc_disable();
  cr_assert_eq(weft_gc_remove_callback(note_run, NULL), 0);
}

GcTest(collect, it_runs_at_the_701st_container) {
  weft_object *all[701];
  weft_gc_collect(2);
  watch_runs();
  for (int i = 0; i < 700; i++) all[i] = weft_list_new();
  cr_assert_eq(runs[0], 0);
  all[700] = weft_list_new();
  cr_assert_eq(runs[0], 1);
  stop_watching();
  for (int i = 0; i < 701; i++) weft_decref(all[i]);
}

GcTest(collect, twenty_thousand_live_lists_make_28_runs_with_one_of_1_after_11_of_0) {
  enum { N = 20000 };
  weft_object **all = malloc(N * sizeof *all);
  weft_gc_collect(2);
  watch_runs();
  for (int i = 0; i < N; i++) all[i] = weft_list_new();
  stop_watching();
  cr_assert_eq(runs[0] + runs[1] + runs[2], 28);
  cr_assert_eq(strncmp(order, "000000000001000000000001", 24), 0, "%s", order);
  for (int i = 0; i < N; i++) weft_decref(all[i]);
  free(all);
}

GcTest(collect, the_oldest_are_collected_when_a_quarter_has_been_added) {
  enum { N = 100000 };
  weft_object **all = malloc(N * sizeof *all);
  weft_gc_collect(2);
  watch_runs();
  for (int i = 0; i < N; i++) all[i] = weft_list_new();
  stop_watching();
  size_t first = strchr(order, '2') - order;
  cr_assert_eq(first, 132, "the 133rd run");
  cr_assert_leq(runs[2], 2);
  for (int i = 0; i < N; i++) weft_decref(all[i]);
  free(all);
}

GcTest(collect, only_net_growth_counts) {
  watch_runs();
  for (int i = 0; i < 100000; i++) weft_decref(weft_list_new());
  stop_watching();
  cr_assert_eq(runs[0] + runs[1] + runs[2], 0);
}

GcTest(collect, garbage_cycles_bring_it_on) {
  enum { CYCLES = 10000 };
  weft_gc_generation_stats before[3], after[3];
  weft_gc_get_stats(before);
  watch_runs();
  for (int i = 0; i < CYCLES; i++) weft_decref(ring_new(2, false));
  stop_watching();
  weft_gc_get_stats(after);
  uint64_t collected = 0;
  for (int i = 0; i < 3; i++) collected += after[i].collected - before[i].collected;
  cr_assert_geq(runs[0] + runs[1], 28);
  cr_assert_eq(collected + (uint64_t)weft_gc_collect(2), 2 * CYCLES);
}

GcTest(collect, GC_054_and_not_when_it_is_disabled) {
  weft_gc_set_threshold((uint32_t[]){1000, 0, 0});
  watch_runs();
  drop_self_lists(2000);
  cr_assert_gt(runs[0] + runs[1] + runs[2], 0);
  weft_gc_disable();
  memset(runs, 0, sizeof runs);
  drop_self_lists(10000);
  cr_assert_eq(runs[0] + runs[1] + runs[2], 0);
  stop_watching();
  cr_assert_geq(weft_gc_collect(2), 10000);
}

GcTest(collect, GC_055_threshold_0_of_0_switches_it_off) {
  weft_gc_set_threshold((uint32_t[]){0, 0, 0});
  watch_runs();
  for (int i = 0; i < 50000; i++) weft_decref(self_list());
  stop_watching();
  cr_assert_eq(runs[0] + runs[1] + runs[2], 0);
  cr_assert_eq(weft_gc_collect(2), 50000);
}

GcTest(collect, garbage_that_waits_is_bounded) {
  weft_heap_stats stats;
  weft_gc_enable();
  drop_self_lists(10000);
  weft_heap_get_stats(&stats);
  size_t before = stats.blocks;
  for (int i = 0; i < 200; i++) {
    drop_self_lists(SANITIZED ? 100 : 1000);
    weft_heap_get_stats(&stats);
    cr_assert_leq(stats.blocks, before + 3000);
  }
  weft_gc_disable();
  weft_gc_collect(2);
}

/* --- Memory --- */

GcTest(collect, without_memory_nothing_happens_and_nothing_is_lost) {
  for (uint64_t n = 1;; n++) {
    weft_object *held = ring_new(3, true);
    drop_self_lists(100);
    weft_heap_fail_nth(n);
    int64_t found = weft_gc_collect(2);
    uint64_t requests = weft_heap_fail_nth(0);
    if (found < 0)
      cr_assert(raised(&weft_MemoryError));
    else
      cr_assert_eq(found, 100);
    cr_assert(link_of(held, NODE_RIGHT) && !weft_error_borrow());
    cr_assert_eq(weft_gc_collect(2), found < 0 ? 100 : 0);
    weft_decref(held);
    cr_assert_eq(weft_gc_collect(2), 3);
    if (requests < n) break;
  }
}

/* --- Debug builds --- */

static void exit_77_if_it_names_the_list(const char *message) {
  const char *named = strstr(message, "2 references to the 'list' object at 0x");
  _exit(named && strstr(named, "it counts only 1") && strstr(named, "It is [7]") ? 77 : 78);
}
Test(collect, GC_051_a_list_that_counts_too_little_ends_the_program, .exit_code = WEFT_DEBUG ? 77 : 0) {
  if (!WEFT_DEBUG) return;
  weft_set_fatal_hook(exit_77_if_it_names_the_list);
  weft_object *list = weft_list_new(), *a = LIST(weft_new_ref(list)), *b = LIST(list);
  weft_list_append(list, INT(7));
  weft_decref(list); /* one too many */
  weft_gc_collect(2);
  cr_assert(a && b);
}
