/* SPDX-License-Identifier: MIT */
/* Finalizers of garbage: once each, all objects whole, and what they may do. */
#include "gc_support.h"

GcSuite(finalizers);

static uint32_t count(void) { return weft__load_acquire(&nodes_finalized); }

GcTest(finalizers, FIN_005_a_cycle_with_a_finalizer_is_finalized_once_and_freed) {
  weft_object *node = node_new(true), *probe = probe_new();
  set_link(node, NODE_RIGHT, node);
  set_link(node, NODE_LEFT, probe);
  weft_decref(probe);
  weft_decref(node);
  cr_assert_eq(count(), 0);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert(count() == 1 && freed() == 1);
  cr_assert_eq(length_and_drop(weft_gc_garbage()), 0);
  blocks_left_on_purpose += 1; /* the list of what is kept */
}

static uint32_t whole;
static void look_at_neighbours(weft_object *node) {
  weft_object *next = link_of(node, NODE_RIGHT);
  whole += next && next->type == finalized_node_type && link_of(next, NODE_RIGHT) != NULL;
}
GcTest(finalizers, FIN_008_each_of_a_ring_sees_its_neighbours_whole) {
  on_finalize = look_at_neighbours;
  weft_decref(ring_new(3, true));
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert(count() == 3 && whole == 3);
}

static weft_object *saved;
static void save(weft_object *node) { cr_assert_eq(weft_list_append(saved, node), 0); }

GcTest(finalizers, GC_038_what_is_resurrected_is_not_finalized_again) {
  saved = weft_list_new();
  on_finalize = save;
  weft_object *node = node_new(true);
  set_link(node, NODE_RIGHT, node);
  weft_decref(node);
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert(count() == 1 && weft_list_length(saved) == 1);
  cr_assert_eq(weft_gc_is_finalized(node), 1);
  weft_list_clear(saved);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(count(), 1);
  weft_decref(saved);
}

GcTest(finalizers, GC_040_resurrection_does_not_keep_others) {
  weft_gc_generation_stats stats[3], now[3];
  saved = weft_list_new();
  on_finalize = save;
  drop_self_lists(100);
  weft_gc_get_stats(stats);
  cr_assert_eq(weft_gc_collect(2), 100);
  weft_gc_get_stats(now);
  cr_assert_eq(now[2].collected, stats[2].collected + 100);
  weft_decref(ring_new(1, true));
  cr_assert_eq(weft_gc_collect(2), 0);
  drop_self_lists(100);
  weft_decref(ring_new(1, true));
  cr_assert_eq(weft_gc_collect(2), 100);
  weft_list_clear(saved);
  cr_assert_eq(weft_gc_collect(2), 2);
  weft_gc_get_stats(now);
  cr_assert(now[2].uncollectable == stats[2].uncollectable && now[2].collected == stats[2].collected + 202);
  weft_decref(saved);
}

GcTest(finalizers, FIN_009_a_ring_that_is_resurrected_survives_once) {
  saved = weft_list_new();
  on_finalize = save;
  weft_decref(ring_new(3, true));
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert(count() == 3 && weft_list_length(saved) == 3);
  weft_list_clear(saved);
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert_eq(count(), 3);
  weft_decref(saved);
}

static void cut(weft_object *node) { set_link(node, NODE_RIGHT, NULL); }
GcTest(finalizers, FIN_010_finalizers_that_cut_their_own_links) {
  on_finalize = cut;
  weft_decref(ring_new(3, true));
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert_eq(count(), 3);
}

/* left: what the node is to do, an int. */
enum { DO_NOTHING, DO_SAVE, DO_CUT };
static void act(weft_object *node) {
  weft_object *what = link_of(node, NODE_LEFT);
  int64_t action = what ? weft_int_value(what) : DO_NOTHING;
  if (action == DO_SAVE) save(node);
  if (action == DO_CUT) cut(node);
}
static weft_object *ring_of_actions(const char *actions) {
  size_t n = strlen(actions);
  weft_object *ring = ring_new(n, true), *node = ring;
  for (size_t i = 0; i < n; i++, node = link_of(node, NODE_RIGHT)) {
    weft_auto weft_object *action = INT(actions[i] == 's' ? DO_SAVE : actions[i] == 'c' ? DO_CUT : DO_NOTHING);
    set_link(node, NODE_LEFT, action);
  }
  return ring;
}
static void check_ring(const char *actions, int64_t saved_nodes) {
  uint32_t before = count();
  saved = weft_list_new();
  on_finalize = act;
  weft_decref(ring_of_actions(actions));
  weft_gc_collect(2);
  cr_assert_eq(count() - before, strlen(actions), "%s", actions);
  cr_assert_eq(weft_list_length(saved), saved_nodes, "%s", actions);
  for (int64_t i = 0; i < saved_nodes; i++) {
    weft_auto weft_object *node = weft_list_get(saved, i);
    cr_assert_eq(node->type, finalized_node_type);
  }
  weft_decref(saved);
  weft_gc_collect(2);
  cr_assert_eq(count() - before, strlen(actions), "no second time: %s", actions);
}

GcTest(finalizers, FIN_011_a_ring_of_cutting_and_plain_ones_alternating) { check_ring("c.c.", 0); }
GcTest(finalizers, FIN_012_a_ring_of_two_cutting_and_two_plain_ones) { check_ring("cc..", 0); }
GcTest(finalizers, rings_of_saving_plain_and_cutting_ones) {
  check_ring("s.s.", 2);
  check_ring("s.cs.c", 2);
  check_ring("ss..cc", 2);
  check_ring("cs", 1);
}

GcTest(finalizers, what_a_survivor_refers_to_survives_whole) {
  weft_object *probe = probe_new();
  saved = weft_list_new();
  on_finalize = act;
  weft_object *ring = ring_of_actions("s.."), *second = link_of(ring, NODE_RIGHT);
  set_link(link_of(second, NODE_RIGHT), NODE_LEFT, probe);
  weft_decref(probe);
  weft_decref(ring);
  on_finalize = NULL;
  cr_assert_eq(weft_gc_collect(2), 3);
  weft_decref(saved);
}

static void allocate(weft_object *node) {
  (void)node;
  for (int i = 0; i < 100; i++) drop_self_lists(1);
}
GcTest(finalizers, GC_015_one_that_allocates_does_not_start_another_collection) {
  on_finalize = allocate;
  weft_gc_set_threshold((uint32_t[]){1, 1, 1});
  weft_gc_enable();
  for (int i = 0; i < 20; i++) weft_decref(node_new(true));
  for (int i = 0; i < 20; i++) weft_decref(ring_new(2, true));
  weft_gc_disable();
  weft_gc_collect(2);
  weft_gc_collect(2); /* what the finalizers have left */
  cr_assert_eq(count(), 20 + 40);
}

GcTest(finalizers, GC_016_nor_does_one_of_a_type_with_a_base) {
  const weft_type *derived = weft_type_new(
      &(weft_type_spec){.name = "derived", .base = node_type, .flags = WEFT_TYPE_DICT, .finalize = node_finalize});
  on_finalize = allocate;
  weft_gc_set_threshold((uint32_t[]){1, 10, 10});
  weft_gc_enable();
  for (int i = 0; i < 20; i++) weft_decref(weft_instance_new(derived));
  for (int i = 0; i < 20; i++) {
    weft_auto weft_object *node = weft_instance_new(derived);
    set_link(node, NODE_RIGHT, node);
  }
  weft_gc_disable();
  weft_gc_collect(2);
  weft_gc_collect(2);
  cr_assert_eq(count(), 40);
}

static void collect_again(weft_object *node) {
  (void)node;
  cr_assert_eq(weft_gc_collect(2), 0, "one is under way");
}
GcTest(finalizers, one_that_collects_gets_nothing) {
  on_finalize = collect_again;
  weft_decref(ring_new(2, true));
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(count(), 2);
}

/* Getters of attributes are not asked for finalizers, nor for anything else. */
static int gets, spared_gets;
static weft_object *get_and_cut(weft_object *self, weft_object *name) {
  (void)name;
  if (++gets > spared_gets) set_link(self, NODE_RIGHT, NULL);
  return weft_raise(&weft_AttributeError, "none");
}
static void check_boom(void) {
  const weft_type *boom = weft_type_new(&(weft_type_spec){.name = "boom", .base = node_type, .getattr = get_and_cut});
  weft_object *a = weft_instance_new(boom), *b = weft_instance_new(boom), *garbage = weft_gc_garbage();
  set_link(a, NODE_RIGHT, b);
  set_link(b, NODE_RIGHT, a);
  weft_decref(a);
  weft_decref(b);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert(gets == 0 && weft_list_length(garbage) == 0);
  weft_decref(garbage);
  blocks_left_on_purpose += 1; /* the list of what is kept */
}
GcTest(finalizers, GC_021_attribute_hooks_that_would_cut_the_ring_are_not_called) { check_boom(); }
GcTest(finalizers, GC_022_nor_ones_that_would_cut_it_the_second_time) {
  spared_gets = 1;
  check_boom();
}

static void set_attribute(weft_object *node) { set_link(node, NODE_LEFT, WEFT_TRUE); }
GcTest(finalizers, GC_027_ones_that_set_attributes_of_their_own) {
  on_finalize = set_attribute;
  weft_object *ring = ring_new(2, true), *third = node_new(false);
  set_link(third, NODE_RIGHT, ring);
  set_link(ring, NODE_LEFT, third);
  weft_decref(third);
  weft_decref(ring);
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert_eq(count(), 2);
}

static void raise_error(weft_object *node) {
  (void)node;
  weft_raise(&weft_ValueError, "from a finalizer");
}
static uint32_t unraisable;
static void count_unraisable(weft_object *error, weft_object *where) {
  (void)where;
  unraisable += error->type == &weft_ValueError;
}
GcTest(finalizers, one_that_fails_is_reported_and_harms_nothing) {
  on_finalize = raise_error;
  weft_set_unraisable_hook(count_unraisable);
  weft_decref(ring_new(3, true));
  weft_raise(&weft_TypeError, "mine");
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert(raised(&weft_TypeError), "the caller's error is kept");
  cr_assert_eq(unraisable, 3);
  weft_set_unraisable_hook(NULL);
}

static void make_a_cycle(weft_object *node) {
  weft_object *ring = ring_new(2, false);
  set_link(ring, NODE_LEFT, node);
  set_link(node, NODE_LEFT, ring);
  weft_decref(ring);
}
GcTest(finalizers, one_that_adds_to_the_garbage) {
  on_finalize = make_a_cycle;
  weft_decref(ring_new(2, true));
  weft_gc_collect(2);
  weft_gc_collect(2);
  cr_assert_eq(count(), 2);
}

static int64_t seen_objects, seen_referrers;
static void look_for_itself(weft_object *node) {
  weft_auto weft_object *all = weft_gc_get_objects(-1);
  weft_auto weft_object *referrers = weft_gc_get_referrers(1, &node);
  for (int64_t i = 0; i < weft_list_length(all); i++) {
    weft_auto weft_object *o = weft_list_get(all, i);
    seen_objects += o == node;
  }
  seen_referrers += weft_list_length(referrers);
}
GcTest(finalizers, GC_043_garbage_is_hidden_while_it_is_finalized) {
  on_finalize = look_for_itself;
  weft_decref(ring_new(2, true));
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert(count() == 2 && seen_objects == 0 && seen_referrers == 0);
}

GcTest(finalizers, GC_025_is_finalized) {
  weft_auto weft_object *number = INT(3);
  saved = weft_list_new();
  on_finalize = save;
  weft_object *node = node_new(true);
  cr_assert(weft_gc_is_finalized(number) == 0 && weft_gc_is_finalized(node) == 0);
  weft_decref(node);
  weft_auto weft_object *back = weft_list_get(saved, 0);
  cr_assert(back == node && weft_gc_is_finalized(back) == 1);
  weft_decref(saved);
}

/* It is no member of a collection in its finalizer, and so gets no older; its page is full. */
static weft_object *kept_alive[2];
static void fill_page_and_collect(weft_object *self) {
  kept_alive[1] = weft_list_new();
  for (int i = 0; i < 3000; i++) {
    weft_auto weft_object *node = node_new(true);
    if (weft_list_append(kept_alive[1], node) != 0) abort();
  }
  weft_gc_collect(1);
  kept_alive[0] = weft_new_ref(self);
}
GcTest(finalizers, regress_what_lives_on_after_a_collection_in_its_finalizer_is_still_looked_at) {
  weft_object *node = node_new(true);
  weft_gc_collect(0);
  on_finalize = fill_page_and_collect;
  weft_decref(node);
  on_finalize = NULL;
  cr_assert(kept_alive[0] == node && weft_gc_generation(node) == 1);
  set_link(node, NODE_LEFT, node);
  weft_clear(&kept_alive[0]);
  cr_assert_eq(weft_gc_collect(1), 1);
  weft_clear(&kept_alive[1]);
}
