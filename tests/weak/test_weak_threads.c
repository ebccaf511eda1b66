/* SPDX-License-Identifier: MIT */
/* Weak references between threads: made by one, dereferenced by another, dying in a third. */
#include "weak_support.h"

WeakSuite(weak_threads);

static weft_object *shared_ref, *shared_object;
static bool led;

static void step_get(void *expected) {
  weft_object *found = weft_weakref_get(shared_ref);
  led = found == (expected ? expected : WEFT_NONE);
  weft_decref(found);
}
static void step_make(void *callback) { shared_ref = ref_to(shared_object, callback); }

WeakTest(weak_threads, another_thread_dereferences_what_lives_and_what_is_dead) {
  weft_object *o = thing();
  weft_auto weft_object *ref = ref_to(o, NULL);
  shared_ref = ref;
  for (int i = 0; i < 100; i++) {
    in_new_thread(step_get, o);
    cr_assert(led && leads_to(ref, o));
  }
  weft_decref(o);
  cr_assert(is_dead(ref));
  in_new_thread(step_get, NULL);
  cr_assert(led);
  weft_synchronize(); /* after so many looks of others the body waits for brackets */
}

WeakTest(weak_threads, a_reference_that_another_thread_made_leads_back) {
  shared_object = thing();
  in_new_thread(step_make, NULL);
  weft_auto weft_object *ref = shared_ref, *same = ref_to(shared_object, NULL);
  cr_assert(ref == same && leads_to(ref, shared_object));
  weft_clear(&shared_object);
  cr_assert(is_dead(ref));
}

WeakTest(weak_threads, a_callback_runs_where_the_object_dies) {
  shared_object = thing();
  in_new_thread(step_make, counter);
  weft_decref(shared_object);
  cr_assert(calls == 1 && called_with == shared_ref);
  weft_decref(shared_ref);
}

static void step_drop(void *o) { weft_decref(o); }

WeakTest(weak_threads, the_last_reference_is_dropped_by_another_thread_while_the_owner_is_away) {
  weft_object *o = thing();
  weft_auto weft_object *ref = ref_to(o, counter);
  cr_assert(leads_to(ref, o));
  in_new_thread(step_drop, o);
  cr_assert(is_dead(ref) && calls == 1);
}

WeakTest(weak_threads, the_owner_dereferences_after_others_have_shared_its_object) {
  weft_object *o = weft_list_new();
  weft_auto weft_object *ref = ref_to(o, counter);
  cr_assert(leads_to(ref, o));
  weft_incref(o);
  in_new_thread(step_drop, o);
  cr_assert(leads_to(ref, o) && calls == 0);
  struct actor other;
  actor_start(&other);
  weft_incref(o);
  actor_do(&other, step_incref, o);
  weft_decref(o);
  actor_do(&other, step_decref, o);
  cr_assert(leads_to(ref, o) && weft_refcount(o) == 1);
  actor_do(&other, step_decref, o);
  cr_assert(is_dead(ref) && calls == 1);
  actor_quit(&other);
}

WeakTest(weak_threads, handed_over_references_are_called) {
  weft_object *o = thing(), *ref = ref_to(o, counter);
  weft_disown(ref);
  struct actor taker;
  actor_start(&taker);
  actor_do(&taker, step_nothing, NULL);
  weft_own(ref);
  weft_disown(o);
  actor_do(&taker, step_decref, o);
  cr_assert(calls == 1 && is_dead(ref));
  weft_decref(ref);
  actor_quit(&taker);
}

static void step_make_both(void *unused) {
  (void)unused;
  shared_object = thing();
  shared_ref = ref_to(shared_object, counter);
}
WeakTest(weak_threads, both_outlive_the_thread_that_made_them) {
  in_new_thread(step_make_both, NULL);
  cr_assert(leads_to(shared_ref, shared_object));
  weft_decref(shared_object);
  cr_assert(is_dead(shared_ref) && calls == 1);
  weft_decref(shared_ref);
}

/* --- Brackets --- */

static weft_object *peeked;
static void step_begin_and_peek(void *ref) {
  weft_read_begin();
  peeked = weft_weakref_peek(ref);
}
static void step_use_and_end(void *part) {
  led = peeked && weft_getattr_peek(peeked, get(peeked, "name")) == part;
  weft_read_end();
}

WeakTest(weak_threads, what_another_thread_peeks_at_outlives_its_last_reference) {
  weft_object *o = thing();
  weft_auto weft_object *name = STR("value"), *value = INT(77777);
  set(o, "name", name);
  set(o, "value", value);
  weft_auto weft_object *ref = ref_to(o, counter);
  struct actor reader;
  actor_start(&reader);
  actor_do(&reader, step_begin_and_peek, ref);
  cr_assert_eq(peeked, o);
  weft_decref(o);
  cr_assert(is_dead(ref) && calls == 1, "references are empty at once");
  actor_do(&reader, step_use_and_end, value);
  cr_assert(led, "but the object is whole");
  actor_quit(&reader);
  weft_synchronize();
}

WeakTest(weak_threads, peeking_finds_nothing_when_it_comes_too_late) {
  weft_object *o = thing();
  weft_auto weft_object *ref = ref_to(o, NULL);
  weft_decref(o);
  in_new_thread(step_begin_and_peek, ref);
  cr_assert_null(peeked);
}

WeakTest(weak_threads, garbage_that_another_thread_peeks_at_is_left_alone) {
  weft_object *o = thing();
  set(o, "me", o);
  weft_auto weft_object *ref = ref_to(o, counter);
  struct actor reader;
  actor_start(&reader);
  actor_do(&reader, step_begin_and_peek, ref);
  weft_decref(o);
  cr_assert(weft_gc_collect(2) == 0 && leads_to(ref, o) && calls == 0);
  actor_quit(&reader); /* its end closes the bracket */
  cr_assert(weft_gc_collect(2) == 1 && is_dead(ref) && calls == 1);
}

/* --- A dying object is not revived --- */

static bool revived;
static void step_revive(void *ref) {
  weft_object *found = weft_weakref_get(ref);
  revived = found != WEFT_NONE;
  weft_decref(found);
}
static weft_object *watching;
static void let_another_try(weft_object *o) {
  (void)o;
  in_new_thread(step_revive, watching);
}
/* cf. gh-127582 */
WeakTest(weak_threads, regress_an_object_whose_finalizer_runs_is_not_revived_by_another_thread) {
  on_thing_finalize = let_another_try;
  weft_object *o = finalized_thing();
  weft_auto weft_object *ref = ref_to(o, counter);
  watching = ref;
  weft_decref(o);
  cr_assert(!revived && is_dead(ref) && calls == 1);
}

/* --- Listing --- */

static int64_t listed;
static void step_list(void *o) {
  weft_auto weft_object *list = weft_weakref_list(o);
  listed = weft_list_length(list);
}
WeakTest(weak_threads, another_thread_lists_references) {
  weft_auto weft_object *o = thing(), *a = ref_to(o, counter), *b = ref_to(o, NULL), *c = ref_to(o, counter);
  in_new_thread(step_list, o);
  cr_assert(listed == 3 && a && b && c);
}
