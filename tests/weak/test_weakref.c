/* SPDX-License-Identifier: MIT */
/* References: what they lead to, when they are called, what they equal. */
#include "weak_support.h"

WeakSuite(weakref);

static weft_object *nothing(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

/* --- Leading to objects --- */

WeakTest(weakref, leads_to_its_target_and_adds_no_count) {
  weft_object *o = thing();
  int64_t refs = weft_refcount(o);
  weft_auto weft_object *ref = ref_to(o, NULL);
  cr_assert(weft_refcount(o) == refs && leads_to(ref, o) && weft_weakref_is_dead(ref) == 0);
  weft_object *found = NULL;
  cr_assert(weft_weakref_find(ref, &found) == 1 && found == o);
  weft_decref(found);
  weft_decref(o);
  cr_assert(is_dead(ref) && weft_weakref_find(ref, &found) == 0 && !found);
}

static weft_object *bound(weft_object *o) {
  weft_auto weft_object *name = weft_str_intern("method");
  weft_auto weft_object *function = function_of(nothing, 0, NULL);
  cr_assert_eq(weft_type_set(o->type, name, function), 0);
  blocks_left_on_purpose += 3; /* the function is immortal now; its name; its table */
  return weft_getattr(o, name);
}

WeakTest(weakref, WR_001_to_an_instance_a_function_and_a_method) {
  weft_auto weft_object *o = thing();
  weft_object *targets[] = {thing(), function_of(nothing, 0, NULL), bound(o)};
  for (size_t i = 0; i < 3; i++) {
    weft_auto weft_object *ref = ref_to(targets[i], NULL);
    cr_assert(leads_to(ref, targets[i]));
    weft_object *called = weft_call(ref, NULL, 0);
    cr_assert_eq(called, targets[i]);
    weft_decref(called);
    weft_decref(weft_repr(ref));
    weft_decref(targets[i]);
    cr_assert(is_dead(ref), "%zu", i);
    weft_decref(weft_repr(ref));
    cr_assert_eq(weft_call(ref, NULL, 0), WEFT_NONE);
  }
}

WeakTest(weakref, WR_002_its_text_tells_what_it_leads_to) {
  weft_object *o = thing();
  weft_auto weft_object *ref = ref_to(o, NULL);
  char expected[200];
  snprintf(expected, sizeof expected, "<weakref at %p; to 'Thing' at %p>", (void *)ref, (void *)o);
  assert_text(weft_repr(ref), expected);
  weft_decref(o);
  snprintf(expected, sizeof expected, "<weakref at %p; dead>", (void *)ref);
  assert_text(weft_repr(ref), expected);
}

WeakTest(weakref, WR_005_to_a_function_calls_its_callback_once) {
  weft_object *f = function_of(nothing, 0, NULL);
  weft_auto weft_object *ref = ref_to(f, counter);
  cr_assert(leads_to(ref, f) && calls == 0);
  weft_decref(f);
  cr_assert(is_dead(ref) && calls == 1 && called_with == ref);
}

/* The catalogue's CMI_026, CMI_027 and CMI_028. */
WeakTest(weakref, CMI_026_CMI_027_CMI_028_which_objects_can_have_them) {
  static const char *const names[] = {"a", NULL};
  const weft_type *slots = weft_type_new(&(weft_type_spec){.name = "slots", .slot_names = names});
  const weft_type *weak_slots =
      weft_type_new(&(weft_type_spec){.name = "weak", .slot_names = names, .flags = WEFT_TYPE_WEAK | WEFT_TYPE_BASE});
  const weft_type *bare = weft_type_new(&(weft_type_spec){.name = "bare", .flags = WEFT_TYPE_WEAK});
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "derived", .base = weak_slots});
  weft_object *items[] = {WEFT_TRUE};
  weft_object *yes[] = {weft_list_new(),
                        weft_dict_new(),
                        weft_set_new(),
                        weft_frozenset_new(),
                        function_of(nothing, 0, NULL),
                        thing(),
                        weft_instance_new(weak_slots),
                        weft_instance_new(derived),
                        weft_object_new(bare, 0),
                        weft_call((weft_object *)&weft_list_type, NULL, 0),
                        weft_array_new('d')};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    cr_assert_not_null(yes[i], "%zu", i);
    weft_auto weft_object *ref = ref_to(yes[i], NULL);
    cr_assert(leads_to(ref, yes[i]), "%zu", i);
    weft_decref(yes[i]);
    cr_assert(is_dead(ref), "%zu", i);
  }
  weft_object *no[] = {INT(1000),
                       FLOAT(1),
                       STR("s"),
                       weft_bytes_new("b", 1),
                       weft_tuple_new(1, items),
                       WEFT_NONE,
                       WEFT_TRUE,
                       weft_object_new(&weft_object_type, 0),
                       weft_instance_new(slots),
                       weft_range_new(0, 3, 1),
                       weft_bytearray_new("b", 1),
                       probe_new()};
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
    cr_assert_not_null(no[i], "%zu", i);
    cr_assert(!weft_weakref_new(no[i], NULL) && raised_with(&weft_TypeError, "cannot create weak reference to '"),
              "%zu", i);
    cr_assert(!weft_weakref_new(no[i], counter) && raised(&weft_TypeError));
    cr_assert(weft_weakref_count(no[i]) == 0);
    weft_decref(no[i]);
  }
}

WeakTest(weakref, CMI_029_types_with_attributes_and_references_in_either_order) {
  const weft_type *first = weft_type_new(&(weft_type_spec){.name = "weak", .flags = WEFT_TYPE_WEAK | WEFT_TYPE_BASE});
  const weft_type *second = weft_type_new(&(weft_type_spec){.name = "dict", .flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE});
  const weft_type *both[] = {
      weft_type_new(&(weft_type_spec){.name = "both", .base = first, .flags = WEFT_TYPE_DICT}),
      weft_type_new(&(weft_type_spec){.name = "both", .base = second, .flags = WEFT_TYPE_WEAK}),
  };
  for (int i = 0; i < 2; i++) {
    weft_object *o = weft_instance_new(both[i]);
    weft_auto weft_object *ref = ref_to(o, NULL);
    cr_assert(leads_to(ref, o));
    set(o, "me", o);
    weft_decref(o);
    cr_assert(!is_dead(ref) && weft_gc_collect(2) == 1 && is_dead(ref), "%d", i);
  }
}

WeakTest(weakref, a_thread_can_have_them) {
  weft_object *thread = weft_thread_new(counter, 0, NULL);
  weft_auto weft_object *ref = ref_to(thread, NULL);
  cr_assert(leads_to(ref, thread));
  weft_decref(thread);
  cr_assert(is_dead(ref));
}

/* The catalogue's CWR_002, CWR_003 and CWR_004. */
WeakTest(weakref, CWR_002_CWR_003_CWR_004_checks_tell_references_and_proxies_apart) {
  const weft_type *derived = weft_type_new(&(weft_type_spec){.name = "derived", .base = &weft_weakref_type});
  weft_auto weft_object *o = thing();
  weft_auto weft_object *ref = ref_to(o, NULL), *proxy = weft_proxy_new(o, NULL);
  weft_auto weft_object *other = weft_call((weft_object *)derived, &o, 1);
  cr_assert(weft_weakref_check(ref) && weft_weakref_check(other) && !weft_weakref_check(proxy) &&
            !weft_weakref_check(o));
  cr_assert(ref->type == &weft_weakref_type && other->type == derived);
  cr_assert(weft_proxy_check(proxy) && !weft_proxy_check(ref) && !weft_proxy_check(other) && !weft_proxy_check(o));
}

/* The catalogue's CWR_005, CWR_006 and CTS_017. */
WeakTest(weakref, CWR_005_CWR_006_CTS_017_asking_what_is_a_reference_and_what_is_none) {
  weft_object *found = WEFT_TRUE;
  cr_assert(weft_weakref_find(WEFT_NONE, &found) == -1 && !found && raised(&weft_TypeError));
  cr_assert(weft_weakref_find(NULL, &found) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weakref_is_dead(WEFT_NONE) == -1 && raised(&weft_TypeError));
  cr_assert(weft_weakref_is_dead(NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_weakref_get(counter) && raised(&weft_TypeError));
  cr_assert(!weft_weakref_get(NULL) && raised(&weft_TypeError));
  cr_assert(!weft_weakref_callback(WEFT_NONE) && raised(&weft_TypeError));
  cr_assert(!weft_weakref_new(NULL, NULL) && raised(&weft_TypeError));
  cr_assert(weft_weakref_count(NULL) == -1 && raised(&weft_TypeError));
  cr_assert(!weft_weakref_list(NULL) && raised(&weft_TypeError));
  weft_object *o = thing();
  int64_t refs = weft_refcount(o);
  weft_auto weft_object *ref = ref_to(o, NULL);
  cr_assert(weft_weakref_check(ref) && weft_refcount(o) == refs);
  cr_assert(weft_weakref_find(ref, &found) == 1 && found == o && weft_refcount(o) == refs + 1);
  cr_assert_eq(weft_weakref_is_dead(ref), 0);
  weft_decref(found);
  weft_decref(o);
  cr_assert(weft_weakref_find(ref, &found) == 0 && !found && weft_weakref_is_dead(ref) == 1);
  cr_assert_null(weft_error_borrow());
}

/* --- Shared ones --- */

/* The catalogue's WR_018 and CWR_007. */
WeakTest(weakref, WR_018_CWR_007_those_without_callback_are_one_object) {
  weft_auto weft_object *o = thing();
  weft_auto weft_object *a = ref_to(o, NULL), *b = ref_to(o, WEFT_NONE), *c = ref_to(o, counter);
  cr_assert(a == b && a != c);
  weft_object *args[] = {o, WEFT_NONE};
  weft_auto weft_object *d = weft_call((weft_object *)&weft_weakref_type, args, 2);
  cr_assert_eq(d, a);
  cr_assert(!weft_call((weft_object *)&weft_weakref_type, NULL, 0) && raised(&weft_TypeError));
}

WeakTest(weakref, WR_028_counting) {
  weft_auto weft_object *o = thing(), *number = INT(1000);
  cr_assert(weft_weakref_count(o) == 0 && weft_weakref_count(number) == 0);
  weft_object *a = ref_to(o, NULL), *b = ref_to(o, counter);
  cr_assert_eq(weft_weakref_count(o), 2);
  weft_object *c = weft_proxy_new(o, NULL), *d = weft_proxy_new(o, counter);
  cr_assert_eq(weft_weakref_count(o), 4);
  weft_object *all[] = {a, b, c, d};
  for (int i = 0; i < 4; i++) {
    weft_decref(all[i]);
    cr_assert_eq(weft_weakref_count(o), 3 - i);
  }
}

/* The list's items, in order. */
static bool lists(weft_object *o, size_t n, weft_object *const *refs) {
  weft_auto weft_object *list = weft_weakref_list(o);
  bool same = weft_list_length(list) == (int64_t)n;
  for (size_t i = 0; same && i < n; i++) {
    weft_auto weft_object *item = weft_list_get(list, (int64_t)i);
    same = item == refs[i];
  }
  return same;
}

WeakTest(weakref, WR_029_listing) {
  weft_auto weft_object *o = thing(), *number = INT(1000);
  weft_object *a = ref_to(o, counter), *b = ref_to(o, NULL), *c = ref_to(o, counter);
  cr_assert(lists(o, 3, (weft_object *[]){b, c, a}), "the shared one, then the newest");
  weft_decref(b);
  cr_assert(lists(o, 2, (weft_object *[]){c, a}));
  weft_decref(a);
  cr_assert(lists(o, 1, (weft_object *[]){c}));
  weft_decref(c);
  cr_assert(lists(o, 0, NULL) && lists(number, 0, NULL));
}

/* --- Callbacks --- */

/* The catalogue's CWR_007 and WR_006. */
WeakTest(weakref, CWR_007_WR_006_each_callback_is_called_once_with_its_reference) {
  weft_object *o = thing();
  weft_auto weft_object *a = ref_to(o, counter), *b = ref_to(o, counter);
  weft_decref(o);
  cr_assert(calls == 2 && called_with == a, "the older one comes last");
  cr_assert(is_dead(a) && is_dead(b));
}

static weft_object *note_order(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  weft_list_append(weft_function_captured_borrow(self, 0), weft_function_captured_borrow(self, 1));
  return WEFT_NONE;
}
WeakTest(weakref, callbacks_are_called_newest_first) {
  weft_object *o = thing();
  weft_auto weft_object *order = weft_list_new();
  weft_object *refs[5];
  for (int i = 0; i < 5; i++) {
    weft_auto weft_object *f = function_of(note_order, 2, (weft_object *[]){order, INT(i)});
    refs[i] = ref_to(o, f);
  }
  weft_decref(refs[2]);
  weft_decref(o);
  assert_text(weft_repr(order), "[4, 3, 1, 0]");
  for (int i = 0; i < 5; i++)
    if (i != 2) weft_decref(refs[i]);
}

static weft_object *ask_the_others(weft_object *self, weft_object *const *args, size_t n) {
  (void)n;
  weft_object *refs = weft_function_captured_borrow(self, 0);
  calls++;
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *ref = weft_list_get(refs, i);
    cr_assert(is_dead(ref), "%d", i);
  }
  cr_assert(is_dead(args[0]));
  return WEFT_NONE;
}
WeakTest(weakref, WR_007_all_are_dead_before_the_first_callback_runs) {
  weft_object *o = thing();
  weft_auto weft_object *refs = weft_list_new(), *f = function_of(ask_the_others, 1, &refs);
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *ref = ref_to(o, i ? f : NULL);
    weft_list_append(refs, ref);
  }
  weft_decref(o);
  cr_assert_eq(calls, 2);
  weft_list_clear(refs);
}

WeakTest(weakref, a_reference_that_is_dropped_first_is_not_called) {
  weft_object *o = thing(), *ref = ref_to(o, counter);
  weft_decref(ref);
  weft_decref(o);
  cr_assert_eq(calls, 0);
}

static weft_object *drop_another(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  calls++;
  weft_cell_set(weft_function_captured_borrow(self, 0), NULL);
  return WEFT_NONE;
}
WeakTest(weakref, one_that_another_callback_drops_is_called_all_the_same) {
  weft_object *o = thing();
  weft_auto weft_object *cell = weft_cell_new(NULL), *f = function_of(drop_another, 1, &cell);
  weft_auto weft_object *older = ref_to(o, counter);
  weft_cell_set(cell, older);
  weft_clear(&older);
  weft_auto weft_object *newer = ref_to(o, f);
  weft_decref(o);
  cr_assert(calls == 2 && is_dead(newer), "as CPython, which holds them meanwhile");
}

static weft_object *fail(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  calls++;
  return weft_raise(&weft_ValueError, "from a callback");
}
static uint32_t unraisable;
static weft_object *unraisable_where;
static void note_unraisable(weft_object *error, weft_object *where) {
  unraisable += error->type == &weft_ValueError;
  unraisable_where = where;
}
WeakTest(weakref, what_a_callback_raises_goes_to_the_hook) {
  weft_set_unraisable_hook(note_unraisable);
  weft_object *o = thing();
  weft_auto weft_object *f = function_of(fail, 0, NULL), *a = ref_to(o, f), *b = ref_to(o, f);
  weft_decref(o);
  cr_assert(calls == 2 && unraisable == 2 && unraisable_where == f && is_dead(a) && is_dead(b));
  cr_assert_null(weft_error_borrow());
  weft_set_unraisable_hook(NULL);
}

static void note_type_error(weft_object *error, weft_object *where) {
  unraisable += error->type == &weft_TypeError;
  unraisable_where = where;
}
WeakTest(weakref, a_callback_that_cannot_be_called_is_reported) {
  weft_set_unraisable_hook(note_type_error);
  weft_object *o = thing();
  weft_auto weft_object *ref = ref_to(o, WEFT_TRUE);
  weft_decref(o);
  cr_assert(is_dead(ref) && unraisable == 1 && unraisable_where == WEFT_TRUE);
  weft_set_unraisable_hook(NULL);
}

WeakTest(weakref, WR_031_callbacks_leave_a_pending_error_alone) {
  weft_auto weft_object *f = function_of(fail, 0, NULL);
  weft_set_unraisable_hook(note_unraisable);
  for (int i = 0; i < 2; i++) {
    weft_object *o = thing();
    weft_auto weft_object *a = ref_to(o, counter), *b = ref_to(o, f);
    weft_raise(&weft_KeyError, "mine");
    weft_decref(o);
    cr_assert(raised_with(&weft_KeyError, "mine") && is_dead(a) && is_dead(b));
  }
  cr_assert_eq(calls, 4);
  weft_set_unraisable_hook(NULL);
}

/* The catalogue's WR_047 and WR_048. */
WeakTest(weakref, WR_047_WR_048_the_callback_can_be_asked_for_while_the_target_lives) {
  weft_object *o = thing();
  weft_auto weft_object *a = ref_to(o, counter), *b = ref_to(o, NULL);
  cr_assert(weft_weakref_callback(a) == counter && weft_weakref_callback(b) == WEFT_NONE);
  weft_decref(o);
  cr_assert(weft_weakref_callback(a) == WEFT_NONE && weft_weakref_callback(b) == WEFT_NONE);
}

static weft_object *make_ref_to_captured(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  weft_object *o = weft_function_captured_borrow(self, 0);
  weft_object *ref = ref_to(o, counter);
  weft_decref(ref);
  return WEFT_NONE;
}
WeakTest(weakref, a_callback_may_make_references) {
  weft_object *o = thing();
  weft_auto weft_object *other = thing(), *f = function_of(make_ref_to_captured, 1, &other), *ref = ref_to(o, f);
  weft_decref(o);
  cr_assert(is_dead(ref) && weft_weakref_count(other) == 0);
}

/* --- Equality, order, hashes --- */

static int always_equal(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  return op == WEFT_EQ;
}
WeakTest(weakref, WR_043_equal_when_their_living_targets_are) {
  const weft_type *equal_type = weft_type_new(&(weft_type_spec){.name = "equal", .compare = always_equal});
  weft_auto weft_object *same = weft_object_new(equal_type, 0);
  weft_object *a = numbered(4), *b = numbered(4), *c = numbered(5);
  weft_auto weft_object *x = ref_to(a, NULL), *y = ref_to(b, NULL), *z = ref_to(c, NULL), *again = ref_to(a, counter);
  cr_assert(equal(x, y) && equal(x, again) && weft_compare(x, y, WEFT_NE) == 0);
  cr_assert(!equal(x, z) && weft_compare(x, z, WEFT_NE) == 1);
  cr_assert(!equal(x, a) && !equal(a, x) && weft_compare(x, a, WEFT_NE) == 1);
  cr_assert(equal(x, same) && equal(same, x));
  weft_decref(a);
  weft_decref(b);
  weft_decref(c);
  cr_assert(equal(x, x) && !equal(x, y) && !equal(x, again) && weft_compare(x, y, WEFT_NE) == 1);
  cr_assert(equal(x, same) && equal(same, x));
}

WeakTest(weakref, WR_044_they_have_no_order) {
  weft_object *a = numbered(1), *b = numbered(2);
  weft_auto weft_object *x = ref_to(a, NULL), *y = ref_to(b, NULL);
  static const enum weft_compare_op ops[] = {WEFT_LT, WEFT_LE, WEFT_GT, WEFT_GE};
  cr_assert_eq(weft_compare(a, b, WEFT_LT), 1);
  for (int dead = 0; dead < 2; dead++) {
    for (int i = 0; i < 4; i++) cr_assert(weft_compare(x, y, ops[i]) == -1 && raised(&weft_TypeError));
    if (dead) break;
    weft_decref(a);
    weft_decref(b);
  }
}

WeakTest(weakref, WR_045_its_hash_is_its_targets_if_it_was_asked_for_in_time) {
  weft_object *a = numbered(42), *b = numbered(42);
  weft_auto weft_object *x = ref_to(a, NULL), *y = ref_to(b, NULL);
  cr_assert_eq(hash_of(x), hash_of(a));
  weft_decref(a);
  weft_decref(b);
  cr_assert_eq(hash_of(x), 42);
  int64_t hash;
  cr_assert(weft_hash(y, &hash) == -1 && raised_with(&weft_TypeError, "gone away"));
  weft_auto weft_object *list = weft_list_new(), *to_list = ref_to(list, NULL);
  cr_assert(weft_hash(to_list, &hash) == -1 && raised_with(&weft_TypeError, "unhashable"));
}

/* --- Derived types --- */

static weft_object *call_and_mark(weft_object *self, weft_object *const *args, size_t n) {
  set(self, "called", WEFT_TRUE);
  return weft_weakref_type.spec.call(self, args, n);
}

WeakTest(weakref, WR_052_a_derived_type_has_fields_and_a_call_of_its_own) {
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "derived", .base = &weft_weakref_type, .flags = WEFT_TYPE_DICT, .call = call_and_mark});
  weft_object *o = thing();
  weft_auto weft_object *ref = weft_call((weft_object *)type, (weft_object *[]){o, counter}, 2);
  set(ref, "value", INT(24));
  weft_object *found = weft_call(ref, NULL, 0);
  cr_assert(found == o && get(ref, "called") == WEFT_TRUE && get(ref, "value") == INT(24));
  weft_decref(found);
  weft_decref(o);
  cr_assert(weft_call(ref, NULL, 0) == WEFT_NONE && calls == 1 && called_with == ref);
  weft_object *three[] = {WEFT_NONE, WEFT_NONE, WEFT_NONE};
  cr_assert(!weft_call((weft_object *)type, three, 3) && raised(&weft_TypeError));
  cr_assert(!weft_call((weft_object *)type, three, 1) && raised(&weft_TypeError));
}

/* The catalogue's WR_053 and WR_054. */
WeakTest(weakref, WR_053_WR_054_derived_ones_are_never_shared) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "derived", .base = &weft_weakref_type});
  weft_auto weft_object *o = thing();
  weft_auto weft_object *first = weft_call((weft_object *)type, &o, 1), *plain = ref_to(o, NULL);
  cr_assert(first != plain && weft_weakref_count(o) == 2 && lists(o, 2, (weft_object *[]){plain, first}));
  weft_auto weft_object *second = weft_call((weft_object *)type, &o, 1);
  cr_assert(second != first && weft_weakref_count(o) == 3);
  cr_assert(lists(o, 3, (weft_object *[]){plain, second, first}));
  weft_auto weft_object *f = function_of(nothing, 0, NULL);
  weft_auto weft_object *with_one = weft_call((weft_object *)type, (weft_object *[]){o, f}, 2);
  weft_auto weft_object *with_other = weft_call((weft_object *)type, (weft_object *[]){o, counter}, 2);
  cr_assert(with_one != with_other && weft_weakref_count(o) == 5);
  weft_auto weft_object *callback = weft_weakref_callback(with_one);
  cr_assert(callback == f && weft_weakref_callback(with_other) == counter);
}

WeakTest(weakref, WR_055_a_derived_type_with_slots) {
  static const char *const names[] = {"slot1", "slot2", NULL};
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "slots", .base = &weft_weakref_type, .slot_names = names});
  weft_object *o = thing();
  weft_auto weft_object *ref = weft_call((weft_object *)type, &o, 1), *value = STR("abc");
  set(ref, "slot1", value);
  cr_assert(get(ref, "slot1") == value && leads_to(ref, o));
  cr_assert(!weft_getattr_text(ref, "slot2") && raised(&weft_AttributeError));
  cr_assert(weft_setattr_text(ref, "other", value) == -1 && raised(&weft_AttributeError));
  cr_assert(!weft_instance_dict(ref) && raised(&weft_AttributeError));
  weft_decref(o);
  cr_assert(is_dead(ref) && get(ref, "slot1") == value);
}

/* --- References to methods --- */

static weft_object *method_of(weft_object *o, const char *name) {
  weft_auto weft_object *key = weft_str_intern(name);
  return weft_getattr(o, key);
}
static void give_methods(void) {
  static const char *const names[] = {"some", "other"};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *name = weft_str_intern(names[i]), *function = function_of(nothing, 0, NULL);
    cr_assert_eq(weft_type_set(thing_type, name, function), 0);
  }
  weft_heap_get_stats(&heap_at_start);
}
static weft_object *to_method(weft_object *o, const char *name, weft_object *callback) {
  weft_auto weft_object *method = method_of(o, name);
  weft_object *ref = weft_weak_method_new(method, callback);
  cr_assert_not_null(ref);
  return ref;
}

/* The catalogue's WR_057 and WR_058. */
WeakTest(weakref, WR_057_WR_058_a_reference_to_a_method_lives_as_long_as_its_object) {
  give_methods();
  weft_object *o = thing(), *plain, *method = method_of(o, "some");
  plain = ref_to(method, NULL);
  weft_auto weft_object *ref = weft_weak_method_new(method, NULL);
  weft_decref(method);
  cr_assert(is_dead(plain) && weft_weakref_is_dead(ref) == 0);
  weft_decref(plain);
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *again = i ? weft_call(ref, NULL, 0) : weft_weakref_get(ref), *same = method_of(o, "some");
    cr_assert(again->type == &weft_method_type && equal(again, same));
    cr_assert_eq(weft_call(again, NULL, 0), WEFT_NONE);
  }
  weft_object *found;
  cr_assert(weft_weakref_find(ref, &found) == 1 && found->type == &weft_method_type);
  weft_decref(found);
  weft_decref(o);
  cr_assert(is_dead(ref) && weft_weakref_find(ref, &found) == 0);
  cr_assert(!weft_weak_method_new(counter, NULL) && raised(&weft_TypeError));
}

/* The catalogue's WR_060 and WR_062. */
WeakTest(weakref, WR_060_WR_062_its_callback_gets_it_and_it_is_in_no_cycle) {
  give_methods();
  weft_object *o = thing();
  weft_object *first = to_method(o, "some", counter);
  weft_decref(first); /* gone at once: the block count at the end of the test says so, too */
  cr_assert_eq(weft_weakref_count(o), 0);
  weft_auto weft_object *ref = to_method(o, "some", counter);
  weft_decref(o);
  cr_assert(calls == 1 && called_with == ref && is_dead(ref));
}

WeakTest(weakref, WR_063_equal_when_object_and_function_are) {
  give_methods();
  weft_object *x = thing(), *y = thing();
  weft_auto weft_object *a = to_method(x, "some", NULL), *b = to_method(x, "some", NULL),
                        *c = to_method(y, "some", NULL), *d = to_method(x, "other", NULL);
  weft_object *method = method_of(x, "some");
  cr_assert(equal(a, b) && weft_compare(a, b, WEFT_NE) == 0 && hash_of(a) == hash_of(b));
  cr_assert(!equal(a, c) && !equal(a, d) && !equal(c, d) && weft_compare(a, d, WEFT_NE) == 1);
  cr_assert(!equal(a, method) && !equal(method, a));
  weft_decref(method);
  weft_decref(x);
  weft_decref(y);
  cr_assert(equal(a, a) && !equal(a, b) && !equal(a, c));
}

/* --- The end of the target --- */

static weft_object *kept;
static void make_ref_to_itself(weft_object *o) { kept = ref_to(o, counter); }
WeakTest(weakref, WR_040_one_that_a_finalizer_makes_of_its_object_is_dead_afterwards) {
  on_thing_finalize = make_ref_to_itself;
  weft_decref(finalized_thing());
  cr_assert(is_dead(kept) && calls == 1);
  weft_decref(kept);
}

static weft_object *watched;
static bool empty_in_finalizer;
static void keep_itself(weft_object *o) {
  empty_in_finalizer = leads_to(watched, NULL);
  kept = weft_new_ref(o);
}
WeakTest(weakref, FIN_002_resurrection_by_a_finalizer_keeps_them) {
  on_thing_finalize = keep_itself;
  weft_object *o = finalized_thing();
  weft_auto weft_object *ref = ref_to(o, counter);
  watched = ref;
  weft_decref(o);
  cr_assert(kept == o && leads_to(ref, o) && calls == 0 && empty_in_finalizer);
  weft_clear(&kept);
  cr_assert(!kept && is_dead(ref) && calls == 1);
}

static void count_finalizer(weft_object *o) {
  (void)o;
  calls += 100;
}
static weft_object *count_after_finalizer(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  cr_assert_eq(calls, 100);
  calls++;
  return WEFT_NONE;
}
WeakTest(weakref, callbacks_come_after_the_finalizer) {
  on_thing_finalize = count_finalizer;
  weft_object *o = finalized_thing();
  weft_auto weft_object *f = function_of(count_after_finalizer, 0, NULL), *ref = ref_to(o, f);
  weft_decref(o);
  cr_assert(calls == 101 && is_dead(ref));
}

static weft_object *attribute_is_there(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  calls++;
  cr_assert(leads_to(weft_function_captured_borrow(self, 0), weft_function_captured_borrow(self, 1)));
  return WEFT_NONE;
}
WeakTest(weakref, callbacks_come_before_the_object_lets_go_of_what_it_has) {
  weft_object *o = thing(), *part = thing();
  set(o, "part", part);
  weft_auto weft_object *to_part = ref_to(part, NULL);
  weft_auto weft_object *f = function_of(attribute_is_there, 2, (weft_object *[]){to_part, part}), *ref = ref_to(o, f);
  weft_decref(part);
  weft_decref(o);
  cr_assert(calls == 1 && is_dead(ref));
}

static weft_object *collect_all(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  calls++;
  cr_assert_geq(weft_gc_collect(2), 0);
  return WEFT_NONE;
}
/* The catalogue's WR_032 and WR_050. */
WeakTest(weakref, WR_032_WR_050_a_callback_that_collects) {
  weft_auto weft_object *f = function_of(collect_all, 0, NULL);
  weft_object *o = thing(), *outer = thing(), *inner = thing(), *last = finalized_thing();
  weft_auto weft_object *a = ref_to(o, f), *b = ref_to(inner, f), *c = ref_to(last, f);
  set(outer, "inner", inner);
  weft_decref(inner);
  weft_decref(o);
  cr_assert(calls == 1 && is_dead(a));
  weft_decref(outer);
  cr_assert(calls == 2 && is_dead(b));
  weft_decref(last);
  cr_assert(calls == 3 && is_dead(c));
}

enum { FALLING = 10000 };
static weft_object *falling[FALLING];
static weft_object *drop_the_next(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  cr_assert(is_dead(args[0]));
  if (++calls < FALLING) weft_decref(falling[calls]);
  return WEFT_NONE;
}
WeakTest(weakref, callbacks_that_each_end_another_object_do_not_nest_without_bound) {
  static weft_object *refs[FALLING];
  weft_auto weft_object *f = function_of(drop_the_next, 0, NULL);
  for (int i = 0; i < FALLING; i++) refs[i] = ref_to(falling[i] = thing(), f);
  weft_decref(falling[0]);
  cr_assert(calls == FALLING && !weft_error_borrow());
  for (int i = 0; i < FALLING; i++) weft_decref(refs[i]);
}

WeakTest(weakref, a_long_chain_that_dies_empties_all_in_time) {
  enum { LENGTH = 1000 };
  weft_object *first = thing(), *refs[LENGTH];
  weft_object *o = first;
  for (int i = 0; i < LENGTH; i++) {
    refs[i] = ref_to(o, counter);
    weft_object *next = i + 1 < LENGTH ? thing() : NULL;
    if (!next) break;
    set(o, "next", next);
    weft_decref(next);
    o = next;
  }
  weft_decref(first);
  cr_assert_eq(calls, LENGTH);
  for (int i = 0; i < LENGTH; i++) {
    cr_assert(is_dead(refs[i]));
    weft_decref(refs[i]);
  }
}

WeakTest(weakref, many_objects_with_references) {
  enum { MANY = 5000 };
  static weft_object *objects[MANY], *refs[MANY];
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < MANY; i++) refs[i] = ref_to(objects[i] = weft_list_new(), i % 2 ? counter : NULL);
    for (int i = 0; i < MANY; i += 3) weft_clear(&objects[i]);
    for (int i = 0; i < MANY; i++) {
      cr_assert(leads_to(refs[i], objects[i]));
      weft_object *again = objects[i] ? ref_to(objects[i], NULL) : NULL;
      cr_assert(!again || (again == refs[i]) == (i % 2 == 0));
      weft_xdecref(again);
    }
    for (int i = 0; i < MANY; i++) {
      weft_xdecref(objects[i]);
      cr_assert(is_dead(refs[i]));
      weft_decref(refs[i]);
    }
    weft_gc_collect(2);
  }
  cr_assert_eq(calls, MANY);
}

WeakTest(weakref, to_an_immortal_object_and_to_a_type) {
  weft_auto weft_object *ref = ref_to(counter, NULL), *again = ref_to(counter, NULL);
  cr_assert(ref == again && leads_to(ref, counter));
  weft_auto weft_object *to_type = ref_to((weft_object *)thing_type, NULL),
                        *to_list = ref_to((weft_object *)&weft_list_type, NULL);
  cr_assert(leads_to(to_type, (weft_object *)thing_type) && leads_to(to_list, (weft_object *)&weft_list_type));
  blocks_left_on_purpose += 3; /* they live as long as what they lead to */
}
