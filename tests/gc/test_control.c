/* SPDX-License-Identifier: MIT */
/* The collector's controls, statistics, callbacks and debug flags, and what it shows of objects. */
#include "gc_support.h"

GcSuite(gc_control);

GcTest(gc_control, CGC_001_enable_and_disable_say_what_was) {
  cr_assert(!weft_gc_is_enabled());
  cr_assert(!weft_gc_enable() && weft_gc_is_enabled());
  cr_assert(weft_gc_enable() && weft_gc_is_enabled());
  cr_assert(weft_gc_disable() && !weft_gc_is_enabled());
  cr_assert(!weft_gc_disable() && !weft_gc_is_enabled());
}

GcTest(gc_control, the_thresholds_are_those_of_the_documents) {
  uint32_t t[3];
  weft_gc_get_threshold(t);
  cr_assert(t[0] == 700 && t[1] == 10 && t[2] == 10);
  weft_gc_set_threshold((uint32_t[]){1, 2, 3});
  weft_gc_get_threshold(t);
  cr_assert(t[0] == 1 && t[1] == 2 && t[2] == 3);
}

GcTest(gc_control, other_generations_are_errors) {
  cr_assert(weft_gc_collect(3) == -1 && raised_with(&weft_ValueError, "invalid generation"));
  cr_assert(weft_gc_collect(-1) == -1 && raised_with(&weft_ValueError, "invalid generation"));
}

GcTest(gc_control, GC_033_each_collection_counts_for_its_generation) {
  weft_gc_generation_stats a[3], b[3];
  weft_gc_get_stats(a);
  weft_gc_collect(0);
  weft_gc_get_stats(b);
  cr_assert(b[0].collections == a[0].collections + 1 && b[1].collections == a[1].collections);
  cr_assert_eq(b[2].collections, a[2].collections);
  drop_self_lists(2);
  weft_gc_collect(2);
  weft_gc_get_stats(a);
  cr_assert(a[2].collections == b[2].collections + 1 && a[0].collections == b[0].collections);
  cr_assert(a[2].collected == b[2].collected + 2 && a[2].uncollectable == 0);
}

/* An object that refers to itself, and takes its time whenever it is asked for something. */
struct slow {
  weft_object header;
  weft_object *itself;
};
static uint64_t in_traverse, in_finalize, in_clear;
static void take_time(uint64_t *sum) {
  uint64_t start = weft__now_ns(), now = start;
  while (now - start < 100000) now = weft__now_ns();
  *sum += now - start;
}
static int slow_traverse(weft_object *self, weft_visit visit, void *arg) {
  take_time(&in_traverse);
  weft_object *itself = ((struct slow *)self)->itself;
  return itself ? visit(itself, arg) : 0;
}
static void slow_finalize(weft_object *self) {
  (void)self;
  take_time(&in_finalize);
}
static int slow_clear(weft_object *self) {
  take_time(&in_clear);
  weft_clear(&((struct slow *)self)->itself);
  return 0;
}

GcTest(gc_control, each_step_of_a_collection_is_timed) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "slow",
                                                          .basic_size = sizeof(struct slow),
                                                          .flags = WEFT_TYPE_CONTAINER,
                                                          .traverse = slow_traverse,
                                                          .finalize = slow_finalize,
                                                          .clear = slow_clear});
  weft_object *o = weft_object_new(type, 0);
  ((struct slow *)o)->itself = o;
  in_traverse = in_finalize = in_clear = 0;
  cr_assert_eq(weft_gc_collect(2), 1);
  weft_gc_times t;
  weft_gc_get_times(&t);
  cr_assert(in_traverse && in_finalize && in_clear);
  cr_assert_geq(t.count_ns, 100000);
  cr_assert_geq(t.stopped_ns, t.count_ns + t.keep_ns + t.sort_ns);
  cr_assert_geq(t.finalize_ns, in_finalize);
  cr_assert_geq(t.clear_ns, in_clear);
  cr_assert_geq(t.total_ns, t.to_stop_ns + t.stopped_ns + t.finalize_ns + t.clear_ns);
  weft_gc_collect(2);
  weft_gc_get_times(&t);
  cr_assert_leq(t.finalize_ns + t.clear_ns, t.total_ns);
}

GcTest(gc_control, GC_047_the_heap_of_containers_counts_each_list) {
  weft_heap_stats before, with, after;
  weft_heap_get_stats(&before);
  weft_object *list = weft_list_new();
  weft_heap_get_stats(&with);
  weft_decref(list);
  weft_heap_get_stats(&after);
  cr_assert_eq(with.kinds[WEFT_HEAP_CONTAINER].blocks, before.kinds[WEFT_HEAP_CONTAINER].blocks + 1);
  cr_assert_eq(after.kinds[WEFT_HEAP_CONTAINER].blocks, before.kinds[WEFT_HEAP_CONTAINER].blocks);
}

/* --- Callbacks --- */

struct calls {
  int starts, stops;
  weft_gc_info last;
};
static void note(enum weft_gc_phase phase, const weft_gc_info *info, void *arg) {
  struct calls *c = arg;
  *(phase == WEFT_GC_START ? &c->starts : &c->stops) += 1;
  if (phase == WEFT_GC_START) cr_assert(info->collected == 0 && info->uncollectable == 0);
  c->last = *info;
}

GcTest(gc_control, GC_048_callbacks_are_called_before_and_after) {
  struct calls a = {0}, b = {0};
  cr_assert(weft_gc_add_callback(note, &a) == 0 && weft_gc_add_callback(note, &b) == 0);
  drop_self_lists(2);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert(a.starts == 1 && a.stops == 1 && b.starts == 1 && b.stops == 1);
  cr_assert(a.last.generation == 2 && a.last.collected == 2 && a.last.uncollectable == 0);
  cr_assert_eq(weft_gc_remove_callback(note, &a), 0);
  weft_gc_collect(1);
  cr_assert(a.starts == 1 && b.starts == 2 && b.last.generation == 1);
  cr_assert_eq(weft_gc_remove_callback(note, &b), 0);
  cr_assert(weft_gc_remove_callback(note, &b) == -1 && raised(&weft_ValueError));
  cr_assert(weft_gc_add_callback(NULL, NULL) == -1 && raised(&weft_TypeError));
}

static void collect_inside(enum weft_gc_phase phase, const weft_gc_info *info, void *arg) {
  (void)phase, (void)info;
  ++*(int *)arg;
  cr_assert_eq(weft_gc_collect(2), 0);
  drop_self_lists(1);
  weft_raise(&weft_ValueError, "from a callback");
}
static uint32_t unraisable;
static void count_unraisable(weft_object *error, weft_object *where) {
  (void)where;
  unraisable += error->type == &weft_ValueError;
}
GcTest(gc_control, a_callback_may_allocate_and_fail_but_not_collect) {
  int calls = 0;
  weft_set_unraisable_hook(count_unraisable);
  cr_assert_eq(weft_gc_add_callback(collect_inside, &calls), 0);
  weft_gc_collect(2);
  cr_assert(calls == 2 && unraisable == 2);
  cr_assert_eq(weft_gc_remove_callback(collect_inside, &calls), 0);
  weft_set_unraisable_hook(NULL);
  weft_gc_collect(2);
}

/* --- Debug flags --- */

GcTest(gc_control, GC_014_save_all_keeps_garbage) {
  weft_auto weft_object *garbage = weft_gc_garbage();
  cr_assert_eq(weft_list_length(garbage), 0);
  unsigned before = weft_gc_get_debug();
  weft_object *list = self_list();
  weft_gc_set_debug(before | WEFT_GC_SAVE_ALL);
  weft_decref(list);
  weft_gc_collect(2);
  weft_gc_set_debug(before);
  cr_assert_eq(weft_list_length(garbage), 1);
  weft_auto weft_object *kept = weft_list_get(garbage, 0), *in_it = weft_list_get(kept, 0);
  cr_assert(kept == list && in_it == list && weft_list_append(kept, WEFT_NONE) == 0);
  weft_list_clear(garbage);
  weft_clear(&kept);
  weft_clear(&in_it);
  cr_assert_eq(weft_gc_collect(2), 1);
  blocks_left_on_purpose += 1; /* the list */
}

/* An object that refers to itself, and whose type refuses to clear it for so many times. */
static int refusals;
struct stubborn {
  weft_object header;
  weft_object *itself;
};
static int stubborn_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct stubborn *s = (struct stubborn *)self;
  return s->itself ? visit(s->itself, arg) : 0;
}
static int stubborn_clear(weft_object *self) {
  if (refusals-- > 0) return -1;
  weft_clear(&((struct stubborn *)self)->itself);
  return 0;
}
static weft_object *drop_stubborn(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "stubborn",
                                                          .basic_size = sizeof(struct stubborn),
                                                          .flags = WEFT_TYPE_CONTAINER,
                                                          .traverse = stubborn_traverse,
                                                          .clear = stubborn_clear});
  weft_object *o = weft_object_new(type, 0);
  cr_assert(o);
  return ((struct stubborn *)o)->itself = o;
}

GcTest(gc_control, what_refuses_to_be_cleared_is_uncollectable_and_kept) {
  struct calls calls = {0};
  weft_gc_generation_stats before[3], after[3];
  weft_auto weft_object *garbage = weft_gc_garbage();
  weft_object *o = drop_stubborn();
  refusals = 1;
  drop_self_lists(3);
  weft_gc_get_stats(before);
  cr_assert_eq(weft_gc_add_callback(note, &calls), 0);
  cr_assert_eq(weft_gc_collect(2), 4);
  cr_assert_eq(weft_gc_remove_callback(note, &calls), 0);
  cr_assert(calls.last.collected == 3 && calls.last.uncollectable == 1);
  weft_gc_get_stats(after);
  cr_assert(after[2].collected == before[2].collected + 3 && after[2].uncollectable == before[2].uncollectable + 1);
  weft_auto weft_object *kept = weft_list_get(garbage, 0);
  cr_assert(weft_list_length(garbage) == 1 && kept == o && weft_refcount(o) == 3);
  weft_clear(&kept);
  cr_assert_eq(weft_gc_collect(2), 0, "it is referred to");
  weft_list_clear(garbage);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(weft_list_length(garbage), 0);
  blocks_left_on_purpose += 1; /* the list */
}

/* What a collection prints to stderr. */
static const char *printed(unsigned flags) {
  static char text[2000];
  FILE *f = tmpfile();
  fflush(stderr);
  int usual = dup(STDERR_FILENO);
  cr_assert(f && usual >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
  weft_gc_set_debug(flags);
  weft_gc_collect(2);
  weft_gc_set_debug(0);
  fflush(stderr);
  cr_assert(dup2(usual, STDERR_FILENO) >= 0);
  close(usual);
  rewind(f);
  text[fread(text, 1, sizeof text - 1, f)] = 0;
  fclose(f);
  return text;
}

GcTest(gc_control, the_debug_flags_print_what_they_say) {
  weft_auto weft_object *young = weft_list_new(), *old = weft_list_new();
  weft_gc_collect(2);
  weft_auto weft_object *another = weft_list_new();
  drop_self_lists(1);
  const char *text = printed(WEFT_GC_STATS);
  cr_assert(young && old && another);
  cr_assert(strstr(text, "gc: generation 2: objects in each generation: 2 0 5, frozen: 0\n"), "%s", text);
  cr_assert(strstr(text, "gc: generation 2: done, 1 unreachable, 0 uncollectable, "), "%s", text);
  drop_self_lists(1);
  cr_assert(strstr(printed(WEFT_GC_COLLECTABLE), "gc: collectable <list 0x"));
  cr_assert_str_eq(printed(WEFT_GC_COLLECTABLE | WEFT_GC_UNCOLLECTABLE), "");
  drop_stubborn();
  refusals = 1;
  cr_assert(strstr(printed(WEFT_GC_UNCOLLECTABLE), "gc: uncollectable <stubborn 0x"));
  weft_auto weft_object *garbage = weft_gc_garbage();
  weft_list_clear(garbage);
  cr_assert_eq(weft_gc_collect(2), 1);
  blocks_left_on_purpose += 1; /* the list */
}

GcTest(gc_control, the_flags_have_the_documents_values) {
  cr_assert(WEFT_GC_STATS == 1 && WEFT_GC_COLLECTABLE == 2 && WEFT_GC_UNCOLLECTABLE == 4 && WEFT_GC_SAVE_ALL == 32);
  cr_assert_eq(WEFT_GC_LEAK, WEFT_GC_COLLECTABLE | WEFT_GC_UNCOLLECTABLE | WEFT_GC_SAVE_ALL);
}

/* --- Objects --- */

static bool is_in(weft_object *list_steal, weft_object *o) {
  bool found = false;
  for (int64_t i = 0; i < weft_list_length(list_steal); i++) {
    weft_auto weft_object *item = weft_list_get(list_steal, i);
    found |= item == o;
  }
  weft_decref(list_steal);
  return found;
}
static int generations_with(weft_object *o) {
  int mask = 0;
  for (int g = 0; g < 3; g++) mask |= is_in(weft_gc_get_objects(g), o) << g;
  return mask;
}

GcTest(gc_control, GC_036_objects_are_listed_in_their_generation) {
  weft_object *list = self_list();
  cr_assert_eq(generations_with(list), 1);
  weft_gc_collect(0);
  cr_assert_eq(generations_with(list), 2);
  weft_gc_collect(1);
  cr_assert_eq(generations_with(list), 4);
  weft_gc_collect(2);
  cr_assert_eq(generations_with(list), 4);
  cr_assert(is_in(weft_gc_get_objects(-1), list));
  weft_decref(list);
  weft_gc_collect(2);
}

GcTest(gc_control, GC_037_generations_that_do_not_exist) {
  cr_assert(!weft_gc_get_objects(1000) && raised(&weft_ValueError));
  cr_assert(!weft_gc_get_objects(-1000) && raised(&weft_ValueError));
}

static int find_it(weft_object *o, void *wanted) {
  if (o == *(weft_object **)wanted) *(weft_object **)wanted = NULL;
  return 1;
}
GcTest(gc_control, CGC_002_visiting_finds_a_fresh_list) {
  weft_auto weft_object *list = weft_list_new();
  weft_object *wanted = list;
  cr_assert_eq(weft_gc_visit_objects(find_it, &wanted), 0);
  cr_assert_null(wanted);
}
static int stop_at_two(weft_object *o, void *seen) {
  (void)o;
  return ++*(int *)seen < 2;
}
GcTest(gc_control, CGC_003_visiting_stops_when_it_is_told) {
  weft_auto weft_object *three = LIST(weft_list_new(), weft_list_new());
  cr_assert(three);
  int seen = 0;
  cr_assert_eq(weft_gc_visit_objects(stop_at_two, &seen), 0);
  cr_assert_eq(seen, 2);
}

GcTest(gc_control, GC_023_referents) {
  weft_auto weft_object *list = LIST(INT(1), INT(3), INT(5)), *tuple = TUPLE(INT(1), INT(3), INT(5));
  weft_auto weft_object *dict = weft_dict_new(), *text = STR("text"), *number = INT(1000);
  for (int i = 1; i < 8; i += 4) {
    weft_auto weft_object *key = INT(i), *value = INT(i + 2);
    weft_dict_set(dict, key, value);
  }
  weft_auto weft_object *of_list = weft_gc_get_referents(1, &list), *of_tuple = weft_gc_get_referents(1, &tuple);
  weft_auto weft_object *of_dict = weft_gc_get_referents(1, &dict);
  assert_text(weft_repr(of_list), "[1, 3, 5]");
  assert_text(weft_repr(of_tuple), "[1, 3, 5]");
  cr_assert_eq(weft_list_sort(of_dict, NULL, false), 0);
  assert_text(weft_repr(of_dict), "[1, 3, 5, 7]");
  weft_auto weft_object *of_both = weft_gc_get_referents(2, (weft_object *[]){list, tuple});
  cr_assert_eq(weft_list_length(of_both), 6);
  weft_auto weft_object *of_atoms = weft_gc_get_referents(2, (weft_object *[]){text, number});
  cr_assert_eq(weft_list_length(of_atoms), 0);
  cr_assert(!weft_gc_get_referents(1, (weft_object *[]){NULL}) && raised(&weft_TypeError));
}

GcTest(gc_control, referrers) {
  weft_auto weft_object *o = node_new(false), *list = LIST(weft_new_ref(o)), *dict = weft_dict_new();
  weft_auto weft_object *key = INT(1), *other = weft_list_new();
  cr_assert_eq(weft_dict_set(dict, key, o), 0);
  weft_auto weft_object *found = weft_gc_get_referrers(1, &o);
  cr_assert_eq(weft_list_length(found), 2);
  cr_assert(is_in(weft_new_ref(found), list) && is_in(weft_new_ref(found), dict));
  weft_auto weft_object *none = weft_gc_get_referrers(1, &other);
  cr_assert_eq(weft_list_length(none), 0);
}

GcTest(gc_control, GC_024_what_is_tracked) {
  const weft_type *plain = weft_type_new(&(weft_type_spec){.name = "plain"});
  weft_object *not_tracked[] = {weft_new_ref(WEFT_NONE),
                                INT(1000),
                                FLOAT(5.0),
                                weft_new_ref(WEFT_TRUE),
                                STR("a"),
                                weft_bytes_new("a", 1),
                                weft_bytearray_new("a", 1),
                                weft_object_new(plain, 0),
                                TUPLE(INT(1), STR("2")),
                                weft_tuple_new(0, NULL)};
  for (size_t i = 0; i < sizeof not_tracked / sizeof *not_tracked; i++) {
    cr_assert_eq(weft_gc_is_tracked(not_tracked[i]), 0, "%d: %s", (int)i, not_tracked[i]->type->spec.name);
    weft_decref(not_tracked[i]);
  }
  weft_object *tracked[] = {node_new(false), weft_list_new(), weft_set_new(), weft_dict_new(), TUPLE(weft_list_new())};
  for (size_t i = 0; i < sizeof tracked / sizeof *tracked; i++) {
    cr_assert_eq(weft_gc_is_tracked(tracked[i]), 1, "%d: %s", (int)i, tracked[i]->type->spec.name);
    weft_decref(tracked[i]);
  }
}

/* --- Freezing --- */

GcTest(gc_control, frozen_objects_are_not_looked_at) {
  weft_object *list = self_list();
  weft_gc_freeze();
  uint64_t frozen = weft_gc_freeze_count();
  cr_assert_gt(frozen, 0);
  cr_assert_eq(weft_gc_generation(list), 3);
  weft_decref(list);
  cr_assert_eq(weft_gc_collect(2), 0);
  drop_self_lists(1);
  cr_assert_eq(weft_gc_collect(2), 1, "what came later is");
  cr_assert_eq(weft_gc_freeze_count(), frozen);
  weft_gc_unfreeze();
  cr_assert_eq(weft_gc_freeze_count(), 0);
  cr_assert_eq(weft_gc_collect(2), 1);
}

GcTest(gc_control, GC_044_garbage_that_refers_to_frozen_objects) {
  weft_auto weft_object *frozen = weft_list_new();
  weft_gc_freeze();
  weft_object *list = self_list();
  weft_list_append(list, frozen);
  weft_decref(list);
  cr_assert_eq(weft_gc_collect(2), 1);
  weft_gc_unfreeze();
  weft_gc_collect(2);
  cr_assert(weft_list_length(frozen) == 0 && weft_refcount(frozen) == 1);
}

GcTest(gc_control, frozen_places_are_young_again_when_they_are_freed) {
  weft_object *list = weft_list_new();
  weft_gc_freeze();
  weft_decref(list);
  drop_self_lists(1);
  cr_assert_eq(weft_gc_collect(0), 1);
  weft_gc_unfreeze();
}
