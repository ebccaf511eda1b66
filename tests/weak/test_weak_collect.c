/* SPDX-License-Identifier: MIT */
/* Weak references and the collector: which are empty when, and which are called. */
#include "weak_support.h"

WeakSuite(weak_collect);

static void tie(weft_object *a, weft_object *b) { set(a, "next", b); }

/* A ring of `n` objects, with references to all in `refs`; returns one. */
static weft_object *ring(size_t n, bool finalized, weft_object *callback, weft_object **refs) {
  weft_object *first = NULL, *last = NULL;
  for (size_t i = 0; i < n; i++) {
    weft_object *o = finalized ? finalized_thing() : thing();
    refs[i] = ref_to(o, callback);
    if (last) tie(last, o);
    if (!first)
      first = o;
    else
      weft_decref(o);
    last = o;
  }
  tie(last, first);
  return first;
}
static bool all_dead(size_t n, weft_object *const *refs) {
  for (size_t i = 0; i < n; i++)
    if (!is_dead(refs[i])) return false;
  return true;
}
static void drop_all(size_t n, weft_object *const *refs) {
  for (size_t i = 0; i < n; i++) weft_decref(refs[i]);
}

WeakTest(weak_collect, references_from_outside_to_a_cycle_are_emptied_and_called_once) {
  weft_object *refs[3];
  weft_decref(ring(3, false, counter, refs));
  cr_assert(!is_dead(refs[0]) && calls == 0);
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert(all_dead(3, refs) && calls == 3);
  cr_assert(weft_gc_collect(2) == 0 && calls == 3);
  drop_all(3, refs);
}

WeakTest(weak_collect, garbage_without_any_users_code_has_references_too) {
  weft_object *list = weft_list_new();
  weft_list_append(list, list);
  weft_auto weft_object *a = ref_to(list, counter), *b = ref_to(list, NULL);
  weft_decref(list);
  cr_assert(weft_gc_collect(2) == 1 && is_dead(a) && is_dead(b) && calls == 1);
}

static weft_object *both_refs[2];
static weft_object *see_both_dead(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  calls++;
  cr_assert(all_dead(2, both_refs));
  return WEFT_NONE;
}
WeakTest(weak_collect, GC_026_all_are_empty_before_the_first_callback) {
  weft_auto weft_object *f = function_of(see_both_dead, 0, NULL);
  for (int i = 0; i < 2; i++) {
    weft_object *o = thing();
    tie(o, o);
    both_refs[i] = ref_to(o, f);
    weft_decref(o);
  }
  cr_assert_eq(calls, 0);
  weft_gc_collect(2);
  cr_assert_eq(calls, 2);
  drop_all(2, both_refs);
}

WeakTest(weak_collect, WR_034_a_reference_that_is_garbage_is_not_called) {
  weft_object *c1 = thing(), *c2 = thing();
  weft_auto weft_object *f = function_of(count_call, 1, &c2);
  set(c2, "me", c2);
  set(c2, "c1", c1);
  weft_object *ref = ref_to(c1, f);
  set(c2, "ref", ref);
  weft_decref(ref);
  weft_clear(&f);
  weft_decref(c1);
  weft_decref(c2);
  cr_assert_geq(weft_gc_collect(2), 3);
  cr_assert_eq(calls, 0);
}

static weft_object *revived;
static weft_object *revive_captured(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  calls++;
  revived = weft_new_ref(weft_function_captured_borrow(self, 0));
  return WEFT_NONE;
}
WeakTest(weak_collect, WR_036_callbacks_in_a_cycle_resurrect_nothing) {
  weft_object *a = thing(), *b = thing();
  tie(a, b);
  tie(b, a);
  weft_object *f = function_of(revive_captured, 1, &a), *g = function_of(revive_captured, 1, &b);
  weft_object *to_b = ref_to(b, f), *to_a = ref_to(a, g);
  set(a, "ref", to_b);
  set(b, "ref", to_a);
  weft_auto weft_object *outside = ref_to(a, counter);
  weft_object *all[] = {f, g, to_a, to_b, a, b};
  drop_all(6, all);
  cr_assert_eq(calls, 0);
  weft_gc_collect(2);
  cr_assert(calls == 1 && called_with == outside && is_dead(outside) && !revived);
  weft_gc_collect(2);
  cr_assert_eq(calls, 1);
}

WeakTest(weak_collect, WR_037_references_to_a_callback_that_is_garbage) {
  weft_object *c = thing(), *d = thing(), *f = function_of(revive_captured, 1, &c);
  tie(c, d);
  tie(d, c);
  weft_object *to_d = ref_to(d, f), *to_f = ref_to(f, f);
  set(c, "to_d", to_d);
  set(c, "to_callback", to_f);
  weft_auto weft_object *outside = ref_to(f, counter);
  weft_object *all[] = {to_d, to_f, f, c, d};
  drop_all(5, all);
  cr_assert_eq(calls, 0);
  weft_gc_collect(2);
  cr_assert(calls == 1 && is_dead(outside) && !revived);
  weft_gc_collect(2);
  cr_assert_eq(calls, 1);
}

/* It holds an object that the collector does not know it holds. */
static void opaque_dealloc(weft_object *self) {
  weft_clear((weft_object **)(void *)(self + 1));
  weft_object_free(self, 0);
}
WeakTest(weak_collect, GC_041_a_reference_that_is_garbage_while_its_target_cannot_be_seen_to_be) {
  const weft_type *opaque = weft_type_new(&(weft_type_spec){
      .name = "opaque", .basic_size = sizeof(weft_object) + sizeof(weft_object *), .dealloc = opaque_dealloc});
  weft_object *a = thing(), *hidden = thing(), *box = weft_object_new(opaque, 0);
  *(weft_object **)(void *)(box + 1) = hidden;
  set(a, "me", a);
  set(a, "box", box);
  weft_decref(box);
  weft_object *ref = ref_to(hidden, counter);
  set(a, "ref", ref);
  weft_decref(ref);
  weft_decref(a);
  cr_assert_geq(weft_gc_collect(2), 1);
  cr_assert_eq(calls, 0);
}

static weft_object *holder, *made;
static bool made_was_alive;
static void make_a_reference(weft_object *o) {
  weft_object *f = get(o, "function");
  if (!f) {
    weft_error_clear();
    return;
  }
  made = ref_to(f, counter);
  set(holder, "ref", made);
}
static void look_at_made(weft_object *o) {
  (void)o;
  made_was_alive = !is_dead(made);
}
WeakTest(weak_collect, GC_012_references_that_finalizers_make_to_garbage_are_emptied_again) {
  const weft_type *looks =
      weft_type_new(&(weft_type_spec){.name = "looks", .flags = WEFT_TYPE_DICT, .finalize = look_at_made});
  on_thing_finalize = make_a_reference;
  weft_object *o = finalized_thing(), *f = function_of(count_call, 1, &o);
  holder = weft_instance_new(looks);
  set(o, "function", f);
  set(o, "holder", holder); /* the garbage holds it, and lets go of it when it is cleared */
  weft_object *kept = holder;
  weft_incref(kept);
  weft_decref(f);
  weft_decref(o);
  weft_decref(holder);
  cr_assert_geq(weft_gc_collect(2), 2);
  cr_assert(made && is_dead(made) && calls == 0);
  weft_decref(kept);
  cr_assert_not(made_was_alive);
  weft_decref(made);
}

static uint32_t finalizer_runs;
static weft_object *ref_to_young;
static bool young_seen;
static void look_at_young(weft_object *o) {
  (void)o;
  finalizer_runs++;
  young_seen = young_seen || !leads_to(ref_to_young, NULL);
}
WeakTest(weak_collect, GC_053_a_finalizer_of_an_old_object_sees_no_young_garbage) {
  on_thing_finalize = look_at_young;
  weft_object *d = finalized_thing();
  weft_gc_collect(2);
  cr_assert_eq(weft_gc_generation(d), 2);
  weft_object *c1 = thing(), *c0 = thing();
  set(c1, "me", c1);
  set(c1, "d", d);
  set(c1, "c0", c0);
  ref_to_young = ref_to(c0, NULL);
  weft_decref(c0);
  weft_decref(d);
  weft_decref(c1);
  weft_gc_set_threshold((uint32_t[]){1000, 0, 0});
  weft_gc_enable();
  weft_object *lists[2000];
  size_t n = 0;
  while (n < 2000 && !finalizer_runs) lists[n++] = weft_list_new();
  weft_gc_disable();
  cr_assert(finalizer_runs == 1 && !young_seen && is_dead(ref_to_young));
  drop_all(n, lists);
  weft_decref(ref_to_young);
}

/* --- Finalizers --- */

static weft_object *saved;
static void save(weft_object *o) { cr_assert_eq(weft_list_append(saved, o), 0); }
static uint32_t finalizers;
static void act(weft_object *o) {
  finalizers++;
  weft_object *action = get(o, "action");
  if (!action) {
    weft_error_clear();
    return;
  }
  if (action == WEFT_TRUE) save(o);
  if (action == WEFT_FALSE) weft_setattr_text(o, "next", NULL);
}

/* The catalogue's FIN_005 and FIN_006. */
WeakTest(weak_collect, FIN_005_FIN_006_a_cycle_that_is_finalized_and_one_that_is_resurrected) {
  saved = weft_list_new();
  on_thing_finalize = act;
  weft_object *ref;
  weft_decref(ring(1, true, counter, &ref));
  cr_assert(weft_gc_collect(2) == 1 && finalizers == 1 && is_dead(ref) && calls == 1);
  weft_decref(ref);
  weft_object *o = ring(1, true, NULL, &ref);
  set(o, "action", WEFT_TRUE);
  weft_decref(o);
  cr_assert(weft_gc_collect(2) == 0 && finalizers == 2 && weft_list_length(saved) == 1 && is_dead(ref));
  weft_decref(ref);
  ref = ref_to(o, NULL);
  weft_list_clear(saved);
  cr_assert_eq(weft_gc_collect(2), 1, "its attributes are in it: there is no dict");
  cr_assert_eq(finalizers, 2);
  cr_assert(is_dead(ref));
  weft_decref(ref);
  weft_decref(saved);
}

/* s: saves itself, c: cuts its link, a dot: has a finalizer that does nothing. */
static void check_ring(const char *actions, int64_t saves) {
  size_t n = strlen(actions);
  weft_object *refs[8];
  finalizers = 0;
  saved = weft_list_new();
  on_thing_finalize = act;
  weft_object *first = ring(n, true, NULL, refs), *o = first;
  for (size_t i = 0; i < n; i++, o = get(o, "next"))
    set(o, "action", actions[i] == 's' ? WEFT_TRUE : actions[i] == 'c' ? WEFT_FALSE : WEFT_NONE);
  weft_decref(first);
  weft_gc_collect(2);
  cr_assert(finalizers == n && weft_list_length(saved) == saves && all_dead(n, refs), "%s", actions);
  weft_list_clear(saved);
  weft_gc_collect(2);
  cr_assert_eq(finalizers, n, "%s", actions);
  drop_all(n, refs);
  weft_decref(saved);
}
/* The catalogue's FIN_008, FIN_009, FIN_013, FIN_014 and FIN_015. */
WeakTest(weak_collect, FIN_008_FIN_009_FIN_013_FIN_014_FIN_015_rings_with_finalizers_empty_all_references) {
  check_ring("...", 0);
  check_ring("sss", 3);
  check_ring("s.s.", 2);
  check_ring("s.cs.c", 2);
  check_ring("ss..cc", 2);
}

WeakTest(weak_collect, a_reference_among_what_is_resurrected_is_dead) {
  saved = weft_list_new();
  on_thing_finalize = act;
  weft_auto weft_object *alive = thing();
  weft_object *o = finalized_thing(), *ref = ref_to(alive, counter);
  tie(o, o);
  set(o, "ref", ref);
  set(o, "action", WEFT_TRUE);
  weft_decref(ref);
  weft_decref(o);
  weft_gc_collect(2);
  cr_assert(weft_list_length(saved) == 1 && is_dead(get(o, "ref")), "as CPython");
  weft_clear(&alive);
  cr_assert_eq(calls, 0);
  weft_list_clear(saved);
  weft_gc_collect(2);
  weft_decref(saved);
}

/* --- Callbacks --- */

static weft_object *collect_and_allocate(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  calls++;
  cr_assert_eq(weft_gc_collect(2), 0, "one is under way");
  drop_self_lists(10);
  return WEFT_NONE;
}
WeakTest(weak_collect, callbacks_of_a_collection_may_do_anything) {
  weft_auto weft_object *f = function_of(collect_and_allocate, 0, NULL);
  weft_object *refs[3];
  weft_decref(ring(3, true, f, refs));
  weft_gc_enable();
  cr_assert_eq(weft_gc_collect(2), 3);
  weft_gc_disable();
  cr_assert_eq(calls, 3);
  drop_all(3, refs);
  weft_gc_collect(2);
}

WeakTest(weak_collect, the_callers_error_survives_callbacks_of_a_collection) {
  weft_object *refs[2];
  weft_decref(ring(2, false, counter, refs));
  weft_raise(&weft_KeyError, "mine");
  weft_gc_collect(2);
  cr_assert(raised_with(&weft_KeyError, "mine") && calls == 2);
  drop_all(2, refs);
}

WeakTest(weak_collect, a_reference_in_a_cycle_with_its_callback_is_collected) {
  weft_auto weft_object *o = thing();
  weft_object *list = weft_list_new(), *f = function_of(count_call, 1, &list), *ref = ref_to(o, f);
  weft_list_append(list, ref);
  weft_object *all[] = {list, f, ref};
  drop_all(3, all);
  cr_assert_eq(weft_weakref_count(o), 1);
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert(weft_weakref_count(o) == 0 && calls == 0);
}

WeakTest(weak_collect, ODI_061_a_cyclic_dict_with_a_reference_in_another_cycle) {
  weft_object *dict = weft_dict_new(), *o = thing();
  weft_dict_set(dict, WEFT_NONE, dict);
  weft_object *ref = ref_to(dict, NULL);
  set(o, "ref", ref);
  set(o, "me", o);
  weft_decref(ref);
  weft_decref(o);
  cr_assert(weft_gc_collect(2) >= 1 && weft_weakref_count(dict) == 0 && weft_dict_length(dict) == 1);
  weft_decref(dict);
  cr_assert_eq(weft_gc_collect(2), 1);
}

WeakTest(weak_collect, a_shared_reference_is_never_garbage_before_its_target) {
  weft_auto weft_object *o = thing();
  weft_object *list = self_list(), *ref = ref_to(o, NULL);
  weft_list_append(list, ref);
  weft_decref(ref);
  weft_decref(list);
  cr_assert_eq(weft_gc_collect(2), 1);
  weft_auto weft_object *again = ref_to(o, NULL);
  cr_assert(leads_to(again, o));
}

WeakTest(weak_collect, automatic_collections_call_callbacks) {
  weft_object *o = thing();
  tie(o, o);
  weft_auto weft_object *ref = ref_to(o, counter);
  weft_decref(o);
  weft_gc_set_threshold((uint32_t[]){50, 0, 0});
  weft_gc_enable();
  weft_object *lists[100];
  for (int i = 0; i < 100; i++) lists[i] = weft_list_new();
  weft_gc_disable();
  cr_assert(calls == 1 && is_dead(ref));
  drop_all(100, lists);
}

/* --- Brackets --- */

WeakTest(weak_collect, what_is_peeked_at_stays_until_the_end_of_the_bracket) {
  weft_object *o = thing(), *part = probe_new();
  set(o, "part", part);
  weft_decref(part);
  weft_auto weft_object *ref = ref_to(o, NULL);
  weft_read_begin();
  cr_assert(weft_weakref_peek(ref) == o && weft_weakref_peek(ref) == o);
  weft_decref(o);
  cr_assert(!weft_weakref_peek(ref) && !weft_error_borrow() && is_dead(ref));
  cr_assert(freed() == 0 && get(o, "part") == part);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(freed(), 1);
}

WeakTest(weak_collect, garbage_that_is_peeked_at_is_left_for_the_next_collection) {
  weft_object *o = thing(), *part = probe_new();
  set(o, "part", part);
  weft_decref(part);
  tie(o, o);
  weft_auto weft_object *ref = ref_to(o, counter);
  weft_read_begin();
  cr_assert_eq(weft_weakref_peek(ref), o);
  weft_decref(o);
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert(weft_weakref_peek(ref) == o && freed() == 0 && calls == 0);
  weft_read_end();
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert(freed() == 1 && is_dead(ref) && calls == 1);
}

WeakTest(weak_collect, peeking_outside_a_bracket_is_misuse, .signal = SIGABRT) {
  weft_auto weft_object *o = thing(), *ref = ref_to(o, NULL);
  weft_weakref_peek(ref);
}
