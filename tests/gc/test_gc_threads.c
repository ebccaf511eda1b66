/* SPDX-License-Identifier: MIT */
/* Collections beside other threads, and random graphs against a plain mark and sweep. */
#include "gc_support.h"

GcSuite(gc_threads);

static uint32_t over; /* atomic */
static bool is_over(void) { return weft__load_acquire(&over); }

/* Runs `lead` in so many threads, which end what `follow` does in the others. */
static struct {
  uint32_t taken, leads; /* taken: atomic */
  step lead, follow;
} parts;
static void take_part(void *unused) {
  bool leads = weft__add_acq_rel(&parts.taken, 1u) < parts.leads;
  (leads ? parts.lead : parts.follow)(unused);
}
static void in_two_parts(uint32_t leads, step lead, uint32_t follows, step follow) {
  parts.taken = 0;
  parts.leads = leads;
  parts.lead = lead;
  parts.follow = follow;
  in_new_threads(leads + follows, take_part, NULL);
}

/* --- Other threads work on --- */

enum { RINGS = SANITIZED ? 300 : 3000 };

static void step_make_rings(void *unused) {
  (void)unused;
  for (int i = 0; i < RINGS; i++) weft_decref(ring_new(1 + i % 5, i % 7 == 0));
}
GcTest(gc_threads, all_garbage_of_four_threads_is_found) {
  weft_gc_enable();
  in_new_threads(4, step_make_rings, NULL);
  weft_gc_disable();
  while (weft_gc_collect(2) > 0) {
  }
  uint32_t expected = 0;
  for (int i = 0; i < RINGS; i += 7) expected += 4 * (1 + (uint32_t)i % 5);
  cr_assert_eq(weft__load_acquire(&nodes_finalized), expected);
}

/* A list that only this thread refers to, looked at again and again: it never changes. */
static uint32_t wrong; /* atomic */
static void step_watch(void *unused) {
  (void)unused;
  weft_object *ring = ring_new(3, false), *mark = weft_list_new();
  set_link(ring, NODE_LEFT, mark);
  while (!is_over()) {
    weft_object *at = ring;
    for (int i = 0; i < 3; i++) at = at ? link_of(at, NODE_RIGHT) : NULL;
    if (at != ring || link_of(ring, NODE_LEFT) != mark) weft__add_acq_rel(&wrong, 1u);
    weft_poll();
  }
  weft_decref(mark);
  weft_decref(ring);
}
static void step_collect(void *unused) {
  (void)unused;
  for (int i = 0; i < (SANITIZED ? 30 : 200); i++) {
    drop_self_lists(10);
    weft_gc_collect(i % 3);
  }
  weft__store_release(&over, 1u);
}
GcTest(gc_threads, what_is_alive_is_never_touched) {
  in_two_parts(1, step_collect, 2, step_watch);
  cr_assert_eq(weft__load_acquire(&wrong), 0);
  weft_gc_collect(2);
}

static void step_drop(void *o) { weft_decref(o); }
GcTest(gc_threads, FTG_003_an_object_whose_last_reference_is_dropped_elsewhere_while_it_is_frozen) {
  weft_object *node = node_new(true);
  weft_gc_freeze();
  in_new_thread(step_drop, node);
  weft_gc_collect(2);
  weft_gc_unfreeze();
  weft_poll();
  weft_gc_collect(2);
  cr_assert_eq(weft__load_acquire(&nodes_finalized), 1);
}

static void step_count_objects(void *unused) {
  (void)unused;
  for (int i = 0; i < (SANITIZED ? 10 : 100); i++) weft_decref(weft_gc_get_objects(-1));
  weft__store_release(&over, 1u);
}
static void step_instances(void *unused) {
  (void)unused;
  while (!is_over()) weft_decref(ring_new(1, false));
}
GcTest(gc_threads, FTG_001_objects_are_listed_while_others_come_and_go) {
  weft_gc_enable();
  in_two_parts(1, step_count_objects, 4, step_instances);
  weft_gc_disable();
  weft_gc_collect(2);
}

static weft_object *referred;
static void step_referrers(void *unused) {
  (void)unused;
  for (int i = 0; i < (SANITIZED ? 10 : 100); i++) weft_decref(weft_gc_get_referrers(1, &referred));
  weft__store_release(&over, 1u);
}
static void step_refer(void *unused) {
  (void)unused;
  weft_auto weft_object *key = INT(1);
  while (!is_over()) {
    weft_auto weft_object *dict = weft_dict_new();
    weft_dict_set(dict, key, referred);
  }
}
GcTest(gc_threads, FTG_002_referrers_while_others_come_and_go) {
  referred = node_new(false);
  in_two_parts(2, step_referrers, 4, step_refer);
  weft_decref(referred);
}

static void step_thresholds(void *unused) {
  (void)unused;
  for (uint32_t i = 0; i < (SANITIZED ? 2000 : 100000); i++) weft_gc_set_threshold((uint32_t[]){1 + i % 700, 5, 5});
  weft__store_release(&over, 1u);
}
static void step_garbage(void *unused) {
  (void)unused;
  while (!is_over()) drop_self_lists(10);
}
GcTest(gc_threads, FTG_004_thresholds_change_while_others_make_garbage) {
  weft_gc_enable();
  in_two_parts(1, step_thresholds, 7, step_garbage);
  weft_gc_disable();
  weft_gc_collect(2);
}

/* --- What a full collection that has become due leaves to the threads that run --- */

enum { LEFT_ALONE = 50 };
static weft_object *young_list; /* the other thread's; it refers to old_ring */
static weft_object *old_ring; /* the collecting thread's, which drops its reference: young_list has the only one left */
static uint32_t is_made;      /* atomic */
static bool other_goes_away;
static int64_t generation_found, garbage_found;
static bool old_ring_found;

static void step_make_young(void *unused) {
  (void)unused;
  young_list = weft_list_of(1, &old_ring);
  drop_self_lists(LEFT_ALONE);
  weft__store_release(&is_made, 1u);
  if (other_goes_away) weft_detach();
  while (!is_over()) {
    if (!other_goes_away) weft_poll();
    sched_yield();
  }
  if (other_goes_away) weft_reattach();
  weft_decref(young_list);
}

static uint64_t full_collections(void) {
  weft_gc_generation_stats stats[WEFT_GC_GENERATIONS];
  weft_gc_get_stats(stats);
  return stats[2].collections;
}

/* Makes objects, live and dead, until a full collection has become due and has been. */
static void make_full_collection_due(void) {
  weft_auto weft_object *alive = weft_list_new();
  weft_gc_set_threshold((uint32_t[]){10, 1, 1});
  weft_gc_enable();
  for (uint64_t before = full_collections(); full_collections() == before;) {
    weft_auto weft_object *list = weft_list_new();
    if (!list || weft_list_append(alive, list) != 0) abort();
    drop_self_lists(1);
  }
  weft_gc_disable();
}

static void step_full_collection(void *unused) {
  (void)unused;
  while (!weft__load_acquire(&is_made)) poll_and_yield();
  weft_clear(&old_ring);
  make_full_collection_due();
  generation_found = weft_gc_generation(young_list);
  old_ring_found = weft__load_acquire(&nodes_finalized) == 0;
  make_full_collection_due(); /* so that nothing of this thread's is left */
  garbage_found = weft_gc_collect(2);
  weft__store_release(&over, 1u);
}

static void collect_beside(bool away) {
  other_goes_away = away;
  old_ring = ring_new(3, true);
  weft_gc_collect(2);
  in_two_parts(1, step_full_collection, 1, step_make_young);
}

GcTest(gc_threads, a_full_collection_that_is_due_leaves_what_is_young_to_the_thread_that_runs) {
  collect_beside(false);
  cr_assert(old_ring_found, "what refers to it was alive, although it was no member");
  if (WEFT__HAS_OWNERS) {
    cr_assert_eq(generation_found, 0);
    cr_assert_geq(garbage_found, LEFT_ALONE, "only %lld were left", (long long)garbage_found);
  } else {
    cr_assert_eq(generation_found, 2);
    cr_assert_lt(garbage_found, LEFT_ALONE, "%lld were left", (long long)garbage_found);
  }
  cr_assert_eq(weft_gc_collect(2), 3, "the ring");
}
GcTest(gc_threads, a_full_collection_that_is_due_leaves_nothing_of_a_thread_that_is_away) {
  collect_beside(true);
  cr_assert(old_ring_found);
  cr_assert_eq(generation_found, 2);
  cr_assert_lt(garbage_found, LEFT_ALONE, "%lld were left", (long long)garbage_found);
  cr_assert_eq(weft_gc_collect(2), 3, "the ring");
}

/* Young garbage between old objects, in pages that are not the current ones any more. */
enum { OLD_LISTS = 6000 };
static void step_make_young_among_old(void *unused) {
  (void)unused;
  static weft_object *old[OLD_LISTS];
  for (int i = 0; i < OLD_LISTS; i++) old[i] = weft_list_new();
  weft_gc_collect(2);
  for (int i = 0; i < OLD_LISTS; i += 2) weft_clear(&old[i]);
  drop_self_lists(OLD_LISTS / 2);
  weft_auto weft_object *more = weft_list_new();
  for (int i = 0; i < OLD_LISTS; i++) {
    weft_auto weft_object *list = weft_list_new();
    weft_list_append(more, list);
  }
  weft__store_release(&is_made, 1u);
  while (!is_over()) poll_and_yield();
  garbage_found = weft_gc_collect(0);
  for (int i = 1; i < OLD_LISTS; i += 2) weft_clear(&old[i]);
}
static void step_only_full_collection(void *unused) {
  (void)unused;
  while (!weft__load_acquire(&is_made)) poll_and_yield();
  make_full_collection_due();
  weft__store_release(&over, 1u);
}
GcTest(gc_threads, a_young_collection_finds_what_a_full_one_has_left_alone) {
  in_two_parts(1, step_only_full_collection, 1, step_make_young_among_old);
  if (WEFT__HAS_OWNERS)
    cr_assert_geq(garbage_found, OLD_LISTS / 2, "only %lld", (long long)garbage_found);
  else
    cr_assert_lt(garbage_found, OLD_LISTS / 2, "%lld", (long long)garbage_found);
}

/* --- Random graphs --- */

enum { NODES = 400 };

struct model {
  int left[NODES], right[NODES]; /* -1: none */
  bool root[NODES], reached[NODES];
};

static uint64_t state;
static unsigned pick(unsigned n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (unsigned)(state >> 20) % n;
}

static void reach(struct model *m, int i) {
  if (i < 0 || m->reached[i]) return;
  m->reached[i] = true;
  reach(m, m->left[i]);
  reach(m, m->right[i]);
}

static uint32_t nodes_freed;
static void counted_dealloc(weft_object *self) {
  nodes_freed++;
  weft_object_free(self, 0);
}

/* A node of one of several kinds that refers to two others. */
static void check_graph(const weft_type *counted) {
  struct model m = {0};
  weft_object *node[NODES];
  for (int i = 0; i < NODES; i++)
    node[i] = pick(4) ? weft_instance_new(pick(2) ? node_type : counted) : weft_list_new();
  for (int i = 0; i < NODES; i++) {
    m.left[i] = pick(3) ? (int)pick(NODES) : -1;
    m.right[i] = pick(2) ? (int)pick(NODES) : -1;
    const int to[2] = {m.left[i], m.right[i]};
    for (size_t k = 0; k < 2; k++) {
      if (to[k] < 0) continue;
      if (weft_list_check(node[i]))
        weft_list_append(node[i], node[to[k]]);
      else
        set_link(node[i], k, node[to[k]]);
    }
  }
  int64_t expected = 0;
  for (int i = 0; i < NODES; i++) m.root[i] = pick(8) == 0;
  for (int i = 0; i < NODES; i++)
    if (m.root[i]) reach(&m, i);
  for (int i = 0; i < NODES; i++) expected += !m.reached[i];
  weft_heap_stats before, after;
  weft_heap_get_stats(&before);
  for (int i = 0; i < NODES; i++)
    if (!m.root[i]) weft_decref(node[i]);
  weft_gc_collect(2);
  weft_poll();
  weft_heap_get_stats(&after);
  size_t objects = before.kinds[WEFT_HEAP_CONTAINER].blocks - after.kinds[WEFT_HEAP_CONTAINER].blocks;
  cr_assert_eq((int64_t)objects, expected);
  for (int i = 0; i < NODES; i++) {
    if (!m.reached[i]) continue;
    cr_assert(weft_list_check(node[i]) || node[i]->type == node_type || node[i]->type == counted);
    if (weft_list_check(node[i])) continue;
    cr_assert(link_of(node[i], NODE_LEFT) == (m.left[i] < 0 ? NULL : node[m.left[i]]));
    cr_assert(link_of(node[i], NODE_RIGHT) == (m.right[i] < 0 ? NULL : node[m.right[i]]));
  }
  for (int i = 0; i < NODES; i++)
    if (m.root[i]) weft_decref(node[i]);
  weft_gc_collect(2);
}

GcTest(gc_threads, random_graphs_lose_just_what_cannot_be_reached) {
  static const char *const links[] = {"left", "right", NULL};
  const weft_type *counted =
      weft_type_new(&(weft_type_spec){.name = "counted", .slot_names = links, .dealloc = counted_dealloc});
  for (uint64_t seed = 1; seed <= (SANITIZED ? 20 : 150); seed++) {
    state = seed * UINT64_C(0x9E3779B97F4A7C15);
    check_graph(seed % 2 ? node_type : counted);
  }
  cr_assert_gt(nodes_freed, 0);
}
