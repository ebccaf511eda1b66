/* SPDX-License-Identifier: MIT */
/*
 * Types that the program has released: what keeps them, and what dies with them.
 *
 * `weft_gc_collect(2)` says how many objects were found; whether a type has really died the collector's walk is asked
 * (`types_alive`), where a type is met as long as it has memory.
 */
#include "gc_support.h"

#include <sys/wait.h>

GcSuite(types_die);

static weft_object *object_of(const weft_type *type) { return (weft_object *)(uintptr_t)type; }

static int count_type(weft_object *o, void *n) {
  *(size_t *)n += o->type == &weft_type_type;
  return 1;
}
static size_t types_alive(void) {
  size_t n = 0;
  return weft_gc_visit_objects(count_type, &n) == 0 ? n : 0;
}

static const weft_type *made(const weft_type_spec *spec) {
  const weft_type *type = weft_type_new(spec);
  if (!type) abort();
  return type;
}
#define MADE(...) made(&(weft_type_spec){.name = "mortal", __VA_ARGS__})

static const weft_type *released(const weft_type *type) {
  if (weft_type_release(type) != 0) abort();
  return type;
}

static void set_attribute(const weft_type *type, const char *text, weft_object *value) {
  weft_auto weft_object *name = STR(text);
  if (weft_type_set(type, name, value) != 0) abort();
}

static const char *const one_slot[] = {"link", NULL};

/* --- The catalogue --- */

GcTest(types_die, GC_004_a_type_that_refers_to_itself) {
  size_t before = types_alive();
  const weft_type *type = MADE(.flags = WEFT_TYPE_DICT);
  set_attribute(type, "itself", object_of(type));
  cr_assert_eq(weft_gc_collect(2), 0, "it has not been released");
  released(type);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(types_alive(), before);
  cr_assert_eq(weft_gc_collect(2), 0);
}

GcTest(types_die, GC_005_a_type_without_instances) {
  size_t before = types_alive();
  released(MADE(.flags = WEFT_TYPE_DICT));
  cr_assert_eq(types_alive(), before + 1);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(types_alive(), before);
}

static void drop_self_instance(const weft_type *type) {
  weft_auto weft_object *o = weft_call(object_of(type), NULL, 0);
  if (weft_setattr_text(o, "itself", o) != 0) abort();
}

/* CPython's derives from list and from the plain type; here types have one base. */
GcTest(types_die, GC_007_instances_then_their_types_then_a_type_that_holds_an_instance) {
  size_t before = types_alive();
  const weft_type *plain = MADE(.flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE);
  const weft_type *list = MADE(.base = &weft_list_type, .flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE);
  const weft_type *derived = MADE(.base = list), *other = MADE(.base = plain);
  const weft_type *all[] = {plain, list, derived, other};
  for (size_t i = 0; i < 4; i++) {
    drop_self_instance(all[i]);
    cr_assert_eq(weft_gc_collect(2), 1);
  }
  released(derived), released(list), released(other);
  cr_assert_eq(weft_gc_collect(2), 3);
  cr_assert_eq(types_alive(), before + 1);
  weft_object *o = weft_instance_new(plain);
  set_attribute(plain, "instance", o);
  weft_decref(o);
  released(plain);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(types_alive(), before);
  cr_assert_eq(weft_gc_collect(2), 0);
}

/* --- Releasing --- */

GcTest(types_die, one_that_is_not_released_stays) {
  const weft_type *type = MADE(.slot_names = one_slot);
  for (int i = 0; i < 3; i++) cr_assert_eq(weft_gc_collect(2), 0);
  weft_decref(weft_instance_new(type));
}

GcTest(types_die, releasing_needs_a_made_type_and_works_once) {
  weft_auto weft_object *list = weft_list_new();
  cr_assert(weft_type_release(NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_type_release(&weft_list_type) == -1 && raised_with(&weft_TypeError, "weft_type_new, got list"));
  cr_assert(weft_type_release((const weft_type *)list) == -1 && raised_with(&weft_TypeError, "no type"));
  const weft_type *type = released(MADE(.slot_names = one_slot));
  cr_assert(weft_type_release(type) == -1 && raised_with(&weft_ValueError, "'mortal' has been released before"));
  cr_assert_eq(weft_gc_collect(2), 1);
}

GcTest(types_die, a_reference_too_few_is_fatal_and_not_a_dead_type, .signal = SIGABRT) {
  weft_decref(object_of(MADE(.slot_names = one_slot)));
}

GcTest(types_die, only_full_collections_let_types_die) {
  size_t before = types_alive();
  released(MADE(.slot_names = one_slot));
  cr_assert_eq(weft_gc_collect(0), 0);
  cr_assert_eq(weft_gc_collect(1), 0);
  drop_self_lists(1);
  cr_assert_eq(weft_gc_collect(0), 1);
  cr_assert_eq(types_alive(), before + 1);
  cr_assert_eq(weft_gc_collect(2), 1);
}

GcTest(types_die, frozen_ones_wait) {
  released(MADE(.slot_names = one_slot));
  weft_gc_freeze();
  cr_assert_eq(weft_gc_collect(2), 0);
  weft_gc_unfreeze();
  cr_assert_eq(weft_gc_collect(2), 1);
}

/* --- What keeps a type --- */

/* `holder_steal` keeps a type, and its end lets that go. */
static void keeps_one(weft_object *holder_steal) {
  size_t before = types_alive();
  cr_assert(holder_steal);
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert_eq(types_alive(), before);
  weft_decref(holder_steal);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(types_alive(), before - 1);
}

static weft_object *return_none(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return WEFT_NONE;
}

GcTest(types_die, containers_and_functions_keep_one) {
  for (int i = 0; i < 6; i++) {
    const weft_type *type = released(MADE(.slot_names = one_slot));
    weft_object *o = object_of(type), *holder;
    switch (i) {
      case 0: holder = weft_list_of(1, &o); break;
      case 1: holder = weft_tuple_pack(1, o); break;
      case 2: holder = weft_function_new("f", return_none, 1, &o); break;
      case 3: holder = weft_cell_new(o); break;
      case 4: holder = weft_new_ref(o); break;
      default: holder = weft_dict_new(); weft_dict_set(holder, o, WEFT_NONE);
    }
    keeps_one(holder);
  }
}

GcTest(types_die, instances_of_every_kind_and_size_keep_one) {
  static const weft_type_spec specs[] = {
      {.name = "atom", .basic_size = 24},        {.name = "large atom", .basic_size = 5000},
      {.name = "slots", .slot_names = one_slot}, {.name = "large slots", .slot_names = one_slot, .basic_size = 5000},
      {.name = "dict", .flags = WEFT_TYPE_DICT}, {.name = "list", .base = &weft_list_type},
      {.name = "set", .base = &weft_set_type},   {.name = "bytearray", .base = &weft_bytearray_type},
  };
  for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
    const weft_type *type = released(made(&specs[i]));
    bool builtin = specs[i].base != NULL;
    keeps_one(builtin ? weft_call(object_of(type), NULL, 0) : weft_object_new(type, 0));
  }
}

GcTest(types_die, large_tuples_keep_one) {
  weft_auto weft_object *items = weft_list_new();
  for (int i = 0; i < 200; i++) weft_list_append(items, WEFT_NONE);
  const weft_type *type = released(MADE(.base = &weft_tuple_type));
  keeps_one(weft_call(object_of(type), &items, 1));
}

GcTest(types_die, an_immortal_instance_keeps_one) {
  const weft_type *type = released(MADE(.slot_names = one_slot)), *atom = released(MADE(.basic_size = 24));
  size_t before = types_alive();
  weft_immortalize(weft_object_new(type, 0));
  weft_immortalize(weft_object_new(atom, 0));
  blocks_left_on_purpose += 2;
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert_eq(types_alive(), before);
}

GcTest(types_die, a_derived_type_keeps_its_base) {
  size_t before = types_alive();
  const weft_type *base = released(MADE(.slot_names = one_slot, .flags = WEFT_TYPE_BASE));
  const weft_type *derived = MADE(.base = base);
  cr_assert_eq(weft_gc_collect(2), 0);
  weft_object *o = weft_instance_new(released(derived));
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert(weft_is_instance(o, base));
  weft_decref(o);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(types_alive(), before);
}

static void step_make(void *slot) {
  weft_object **at = slot;
  *at = weft_instance_new((const weft_type *)*at);
}
GcTest(types_die, an_instance_in_another_thread_keeps_one) {
  size_t before = types_alive();
  weft_object *slot = object_of(MADE(.slot_names = one_slot));
  const weft_type *type = (const weft_type *)slot;
  struct actor a;
  actor_start(&a);
  actor_do(&a, step_make, &slot);
  released(type);
  cr_assert_eq(weft_gc_collect(2), 0);
  actor_do(&a, step_decref, slot);
  actor_quit(&a);
  weft_poll();
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(types_alive(), before);
}

GcTest(types_die, what_a_pending_error_is_keeps_its_type) {
  const weft_type *type = released(MADE(.base = &weft_ValueError));
  size_t before = types_alive();
  weft_raise(type, "of a type that nobody else knows");
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert_eq(types_alive(), before);
  cr_assert(raised_with(type, "nobody else"));
  cr_assert_eq(weft_gc_collect(2), 1);
}

GcTest(types_die, a_copier_keeps_its_type) {
  const weft_type *type = released(MADE(.slot_names = one_slot));
  weft_auto weft_object *f = weft_function_new("f", return_none, 0, NULL);
  cr_assert_eq(weft_copy_register(type, f), 0);
  cr_assert_eq(weft_gc_collect(2), 0);
  cr_assert_eq(weft_copy_register(type, NULL), 0);
  cr_assert_eq(weft_gc_collect(2), 1);
  blocks_left_on_purpose += 2; /* the dict of copiers, and its table */
}

GcTest(types_die, an_open_bracket_keeps_all) {
  released(MADE(.slot_names = one_slot));
  weft_read_begin();
  cr_assert_eq(weft_gc_collect(2), 0);
  weft_read_end();
  cr_assert_eq(weft_gc_collect(2), 1);
}

/* What waits for a grace period is dead, but its end needs its type. */
GcTest(types_die, an_instance_whose_end_is_put_off_keeps_one) {
  size_t before = types_alive();
  const weft_type *type = released(MADE(.flags = WEFT_TYPE_DICT));
  weft_auto weft_object *name = STR("probe"), *probe = probe_new();
  weft_object *o = weft_instance_new(type);
  cr_assert_eq(weft_setattr(o, name, probe), 0);
  weft_clear(&probe);
  weft_read_begin();
  weft_decref(o);
  cr_assert_eq(freed(), 0);
  weft_read_end();
  for (int i = 0; freed() == 0 && i < 1000; i++) {
    weft_gc_collect(2);
    weft_synchronize();
  }
  cr_assert_eq(freed(), 1);
  weft_gc_collect(2);
  cr_assert_eq(types_alive(), before);
}

/* Its count is zero already; and what frees it reads its type. */
static int64_t found_in_dealloc;
static void collecting_dealloc(weft_object *self) {
  found_in_dealloc += weft_gc_collect(2);
  weft_object_free(self, 0);
}
GcTest(types_die, an_instance_that_is_just_dying_keeps_one) {
  size_t before = types_alive();
  weft_object *atom = weft_object_new(released(MADE(.basic_size = 24, .dealloc = collecting_dealloc)), 0);
  weft_object *slots = weft_object_new(released(MADE(.slot_names = one_slot, .dealloc = collecting_dealloc)), 0);
  weft_decref(atom);
  weft_decref(slots);
  cr_assert_eq(found_in_dealloc, 0);
  cr_assert_eq(types_alive(), before + 2);
  cr_assert_eq(weft_gc_collect(2), 2);
}

/* --- Cycles through instances --- */

GcTest(types_die, one_that_holds_its_instances_in_a_list_is_found_whole) {
  size_t before = types_alive();
  const weft_type *type = MADE(.flags = WEFT_TYPE_DICT);
  weft_object *list = weft_list_new(), *probe = probe_new();
  for (int i = 0; i < 5; i++) {
    weft_auto weft_object *o = weft_instance_new(type);
    cr_assert(weft_setattr_text(o, "probe", probe) == 0 && weft_list_append(list, o) == 0);
  }
  set_attribute(type, "instances", list);
  weft_decref(list);
  weft_decref(probe);
  cr_assert_eq(weft_gc_collect(2), 0);
  released(type);
  cr_assert_eq(weft_gc_collect(2), 7);
  cr_assert_eq(freed(), 1);
  cr_assert_eq(types_alive(), before);
}

GcTest(types_die, an_atom_in_the_garbage_puts_its_type_off) {
  size_t before = types_alive();
  weft_object *list = self_list(), *atom = weft_object_new(released(MADE(.basic_size = 24)), 0);
  weft_list_append(list, atom);
  weft_decref(atom);
  weft_decref(list);
  cr_assert_eq(weft_gc_collect(2), 1, "the list");
  cr_assert_eq(weft_gc_collect(2), 1, "the type");
  cr_assert_eq(types_alive(), before);
}

GcTest(types_die, instances_with_finalizers_die_with_their_type) {
  size_t before = types_alive();
  const weft_type *type = MADE(.slot_names = one_slot, .flags = WEFT_TYPE_BASE, .finalize = node_finalize);
  const weft_type *derived = released(MADE(.base = released(type)));
  weft_object *a = weft_instance_new(type), *b = weft_instance_new(derived);
  set_link(a, 0, b);
  set_link(b, 0, object_of(type));
  set_attribute(type, "a", a);
  weft_decref(a);
  weft_decref(b);
  cr_assert_eq(weft_gc_collect(2), 4);
  cr_assert_eq(weft__load_acquire(&nodes_finalized), 2);
  cr_assert_eq(types_alive(), before);
}

static weft_object *saved;
static void save(weft_object *o) { saved = weft_new_ref(o); }
GcTest(types_die, an_instance_that_comes_back_to_life_keeps_its_type_whole) {
  size_t before = types_alive();
  const weft_type *type = MADE(.slot_names = one_slot, .finalize = node_finalize);
  weft_auto weft_object *name = STR("answer"), *answer = INT(42);
  cr_assert_eq(weft_type_set(type, name, answer), 0);
  weft_object *o = weft_instance_new(released(type));
  set_link(o, 0, o);
  weft_decref(o);
  on_finalize = save;
  cr_assert_eq(weft_gc_collect(2), 0);
  on_finalize = NULL;
  cr_assert(saved == o && types_alive() == before + 1);
  weft_auto weft_object *still = weft_getattr(saved, name);
  cr_assert(still && equal(still, answer));
  weft_clear(&saved);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(types_alive(), before);
}

/* Mode biased: its owner stops for the collection before it has settled what the other thread has queued; so the
 * collection does, and the object comes back to life when it is let die. */
static void step_drop_and_collect(void *o) {
  weft_decref(o);
  weft_gc_collect(2);
}
GcTest(types_die, an_instance_in_a_merge_queue_keeps_one) {
  size_t before = types_alive();
  weft_object *o = weft_instance_new(released(MADE(.slot_names = one_slot, .finalize = node_finalize)));
  on_finalize = save;
  struct actor a;
  actor_start(&a);
  actor_begin(&a, step_drop_and_collect, o);
  while (!actor_is_idle(&a)) {
    /* order: relaxed: only asks whether somebody waits for a safepoint. */
    if (WEFT__HAS_GIL || weft__load_relaxed(&weft__self()->status) & WEFT__STATUS_STOP) weft_poll();
    sched_yield();
  }
  actor_quit(&a);
  on_finalize = NULL;
  cr_assert(saved == o && types_alive() == before + 1);
  assert_text(weft_repr(object_of(o->type)), "<type 'mortal'>");
  weft_clear(&saved);
  weft_gc_collect(2);
  cr_assert_eq(types_alive(), before);
}

/* A new instance that a finalizer leaves somewhere is none of the garbage. */
static void replace_by_atom(weft_object *self) { saved = weft_object_new((const weft_type *)link_of(self, 1), 0); }
GcTest(types_die, an_instance_that_a_finalizer_makes_keeps_its_type) {
  size_t before = types_alive();
  static const char *const two[] = {"itself", "type", NULL};
  const weft_type *atom = MADE(.basic_size = 24);
  weft_object *o = weft_instance_new(released(MADE(.slot_names = two, .finalize = node_finalize)));
  set_link(o, 0, o);
  set_link(o, 1, object_of(released(atom)));
  weft_decref(o);
  on_finalize = replace_by_atom;
  cr_assert_eq(weft_gc_collect(2), 2, "the instance, and its type");
  cr_assert(saved->type == atom && types_alive() == before + 1);
  assert_text(weft_repr(object_of(atom)), "<type 'mortal'>");
  weft_clear(&saved);
  cr_assert_eq(weft_gc_collect(2), 1);
}

static void keeping_dealloc(weft_object *self) {
  saved = weft_new_ref(object_of(self->type));
  weft_object_free(self, 0);
}
GcTest(types_die, one_that_the_end_of_an_instance_saves_lives_on) {
  size_t before = types_alive();
  weft_object *o = weft_object_new(released(MADE(.slot_names = one_slot, .dealloc = keeping_dealloc)), 0);
  set_link(o, 0, o);
  weft_decref(o);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(types_alive(), before + 1);
  assert_text(weft_repr(saved), "<type 'mortal'>");
  weft_clear(&saved);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(types_alive(), before);
}

GcTest(types_die, garbage_that_is_kept_keeps_its_type) {
  size_t before = types_alive();
  weft_object *o = weft_instance_new(released(MADE(.slot_names = one_slot)));
  set_link(o, 0, o);
  weft_decref(o);
  weft_gc_set_debug(WEFT_GC_SAVE_ALL);
  cr_assert_eq(weft_gc_collect(2), 2);
  weft_gc_set_debug(0);
  weft_auto weft_object *garbage = weft_gc_garbage();
  cr_assert(weft_list_length(garbage) == 2 && types_alive() == before + 1);
  weft_list_clear(garbage);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert_eq(types_alive(), before);
  blocks_left_on_purpose += 1; /* the list */
}

/* --- What dies with a type --- */

static int calls;
static weft_object *called_with; /* compare only */
static weft_object *count_call(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  calls += weft_weakref_get(args[0]) == WEFT_NONE;
  called_with = args[0];
  return WEFT_NONE;
}
GcTest(types_die, WR_042_weak_references_to_one_are_emptied_and_called) {
  const weft_type *type = MADE(.slot_names = one_slot);
  weft_auto weft_object *callback = weft_function_new("callback", count_call, 0, NULL);
  weft_auto weft_object *ref = weft_weakref_new(object_of(type), callback), *map = weft_weak_key_dict_new();
  cr_assert_eq(weft_weak_dict_set(map, object_of(type), WEFT_NONE), 0);
  cr_assert_eq(weft_gc_collect(2), 0);
  weft_auto weft_object *target = weft_weakref_get(ref);
  cr_assert(target == object_of(type) && calls == 0);
  weft_clear(&target);
  released(type);
  cr_assert_eq(weft_gc_collect(2), 1);
  weft_auto weft_object *nothing = weft_weakref_get(ref);
  cr_assert(nothing == WEFT_NONE && calls == 1 && called_with == ref && weft_length(map) == 0);
}

static weft_object *count_as_method(weft_object *function, weft_object *const *args, size_t n) {
  return count_call(function, args + 1, n - 1);
}
GcTest(types_die, WR_035_a_callback_that_is_a_method_of_a_type_in_the_same_garbage_is_not_called) {
  size_t before = types_alive();
  const weft_type *c = MADE(.flags = WEFT_TYPE_DICT), *d = MADE(.flags = WEFT_TYPE_DICT);
  weft_auto weft_object *method = weft_function_new("count", count_as_method, 0, NULL);
  set_attribute(c, "count", method);
  weft_object *c1 = weft_instance_new(d), *c2 = weft_instance_new(c);
  weft_object *bound = weft_getattr_text(c2, "count"), *ref = weft_weakref_new(c1, bound);
  cr_assert(bound && ref);
  weft_setattr_text(c2, "me", c2);
  weft_setattr_text(c2, "c1", c1);
  weft_setattr_text(c2, "ref", ref);
  weft_object *const all[] = {bound, ref, c1, c2};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weft_decref(all[i]);
  released(c), released(d);
  cr_assert_eq(types_alive(), before + 2);
  cr_assert_geq(weft_gc_collect(2), 6);
  cr_assert_eq(types_alive(), before);
  cr_assert_eq(calls, 0);
  blocks_left_on_purpose += 2; /* the function, which is immortal, and its name */
}

GcTest(types_die, its_attributes_die_with_it) {
  const weft_type *type = MADE(.slot_names = one_slot);
  weft_object *probe = probe_new();
  set_attribute(type, "probe", probe);
  weft_decref(probe);
  released(type);
  cr_assert_eq(freed(), 0);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(freed(), 1);
}

/* --- Looking at types --- */

GcTest(types_die, the_collector_shows_made_types) {
  const weft_type *base = MADE(.flags = WEFT_TYPE_BASE), *type = MADE(.base = base);
  weft_auto weft_object *value = weft_list_new();
  set_attribute(type, "value", value);
  weft_object *o = object_of(type), *static_one = object_of(&weft_list_type);
  cr_assert(weft_gc_is_tracked(o) == 1 && weft_gc_is_tracked(static_one) == 0);
  weft_auto weft_object *with = weft_tuple_pack(1, o), *without = weft_tuple_pack(1, static_one);
  cr_assert(weft_gc_is_tracked(with) == 1 && weft_gc_is_tracked(without) == 0);
  cr_assert_eq(weft_gc_generation(o), 2, "from the beginning");
  weft_auto weft_object *objects = weft_gc_get_objects(2), *referrers = weft_gc_get_referrers(1, &value);
  weft_auto weft_object *referents = weft_gc_get_referents(1, &o), *none = weft_gc_get_referents(1, &static_one);
  cr_assert_eq(weft_contains(objects, o), 1);
  cr_assert(weft_contains(referrers, o) == 1 && weft_list_length(none) == 0);
  cr_assert(weft_list_length(referents) == 2 && weft_contains(referents, value) == 1);
  cr_assert_eq(weft_contains(referents, object_of(base)), 1);
  set_attribute(type, "value", NULL);
}

/* --- A new type where an old one was --- */

GcTest(types_die, a_new_type_knows_nothing_of_the_one_before) {
  static const char *const old_slots[] = {"a", "b", "link", NULL}, *const new_slots[] = {"link", "a", NULL};
  weft_auto weft_object *a = STR("a"), *b = STR("b"), *shared = STR("shared"), *value = INT(7), *zero = INT(0);
  for (int i = 0; i < 50; i++) {
    const weft_type *old = MADE(.slot_names = old_slots);
    set_attribute(old, "shared", value);
    weft_object *o = weft_instance_new(old);
    cr_assert(weft_setattr(o, a, value) == 0 && weft_setattr(o, b, value) == 0);
    weft_auto weft_object *got = weft_getattr(o, shared);
    cr_assert_eq(got, value);
    weft_decref(o);
    released(old);
    cr_assert_eq(weft_gc_collect(2), 1);
    const weft_type *new = MADE(.slot_names = new_slots);
    o = weft_instance_new(new);
    cr_assert(!weft_getattr(o, a) && raised(&weft_AttributeError));
    cr_assert(weft_setattr(o, a, zero) == 0 && weft_slot_get(o, 1) == zero);
    weft_decref(zero);
    cr_assert(!weft_getattr(o, b) && raised(&weft_AttributeError));
    cr_assert(!weft_getattr(o, shared) && raised(&weft_AttributeError));
    cr_assert(!weft_call_method(o, shared, NULL, 0) && raised(&weft_AttributeError));
    weft_decref(o);
    released(new);
    cr_assert_eq(weft_gc_collect(2), 1);
  }
}

/* --- Out of memory, ends --- */

GcTest(types_die, without_memory_for_a_collection_they_wait) {
  size_t before = types_alive();
  for (uint64_t nth = 1, requests = nth; requests >= nth; nth++) {
    for (int finalized = 0; finalized < 2; finalized++) {
      weft_heap_fail_nth(nth);
      weft_type_spec spec = {.name = "mortal", .slot_names = one_slot, .finalize = finalized ? node_finalize : NULL};
      const weft_type *type = weft_type_new(&spec);
      weft_object *o = type ? weft_instance_new(type) : NULL, *name = o ? STR("o") : NULL;
      if (name) weft_type_set(type, name, o);
      weft_xdecref(o);
      weft_xdecref(name);
      if (type) released(type);
      weft_gc_collect(2);
      requests = weft_heap_fail_nth(0);
      weft_error_clear();
      weft_gc_collect(2);
      cr_assert_eq(types_alive(), before, "request %d", (int)nth);
      cr_assert_lt(nth, 1000);
    }
  }
}

GcTest(types_die, a_child_of_fork_collects_them) {
  size_t before = types_alive();
  const weft_type *type = MADE(.slot_names = one_slot);
  weft_object *o = weft_instance_new(type);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(SANITIZED ? 240 : 60);
    released(type);
    bool kept = weft_gc_collect(2) == 0;
    weft_decref(o);
    bool died = weft_gc_collect(2) == 1 && types_alive() == before;
    weft_finalize();
    _exit(kept && died ? 0 : 1);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  weft_decref(o);
}

GcTest(types_die, the_end_of_the_runtime_takes_all_that_are_left) {
  const weft_type *type = released(MADE(.slot_names = one_slot, .flags = WEFT_TYPE_BASE));
  weft_immortalize(weft_instance_new(type));
  released(MADE(.base = type));
  set_attribute(MADE(.base = type), "base", object_of(type));
  blocks_left_on_purpose += 2; /* the instance, and a table of attributes */
}

GcTest(types_die, making_types_brings_on_collections) {
  enum { TYPES = 1000 };
  size_t before = types_alive();
  weft_gc_set_threshold((uint32_t[]){10, 2, 2});
  weft_gc_enable();
  for (int i = 0; i < TYPES; i++) released(MADE(.slot_names = one_slot));
  weft_gc_disable();
  cr_assert_lt(types_alive(), before + TYPES / 2);
  weft_gc_collect(2);
  cr_assert_eq(types_alive(), before);
}

/* --- Beside other threads --- */

enum { ROUNDS = SANITIZED ? 40 : 300, INSTANCES = 50 };
static weft_object *shared_types; /* a list: of the type whose turn it is */
static uint32_t makers;           /* atomic: that are still at it */

/* Instances of a type that others may replace and release, with a few that outlive it in a ring. */
static void step_make_instances(void *unused) {
  (void)unused;
  for (int i = 0; i < ROUNDS; i++) {
    weft_object *type = weft_list_get(shared_types, 0);
    if (i % 8 == 0) {
      weft_decref(type);
      type = weft_new_ref(object_of(MADE(.slot_names = one_slot, .finalize = i % 16 ? NULL : node_finalize)));
      released((const weft_type *)type);
      if (weft_list_set(shared_types, 0, type) != 0) abort();
    }
    for (int j = 0; j < INSTANCES; j++) {
      weft_auto weft_object *o = weft_instance_new((const weft_type *)type);
      if (!o) abort();
      if (j % 3) set_link(o, 0, j % 3 == 1 ? o : type);
    }
    weft_decref(type);
  }
  weft__sub_acq_rel(&makers, 1u);
}
static void step_collect_all(void *unused) {
  (void)unused;
  while (weft__load_acquire(&makers)) {
    weft_gc_collect(2);
    poll_and_yield();
  }
}
static void take_part(void *taken) {
  (weft__add_acq_rel((uint32_t *)taken, 1u) < 3 ? step_make_instances : step_collect_all)(NULL);
}
GcTest(types_die, threads_make_release_and_collect_them) {
  size_t before = types_alive();
  uint32_t taken = 0;
  weft_object *first = object_of(released(MADE(.slot_names = one_slot)));
  shared_types = weft_list_of(1, &first);
  makers = 3;
  in_new_threads(4, take_part, &taken);
  weft_clear(&shared_types);
  for (int i = 0; types_alive() > before && i < 100; i++) {
    weft_synchronize();
    weft_poll();
    weft_gc_collect(2);
  }
  cr_assert_eq(types_alive(), before);
}

/* --- In the middle of other ends --- */

/* Two objects end in one batch: the first one's finalizer collects while the second is dead, in no list, and the last
 * instance of its type. */
static size_t types_in_between;
static void collect_in_finalizer(weft_object *self) {
  (void)self;
  weft_gc_collect(2);
  types_in_between = types_alive();
}
static weft_object *batch[2];
static void drop_batch(void *unused) {
  (void)unused;
  for (int i = 0; i < 2; i++) weft_decref(batch[i]);
}
GcTest(types_die, not_while_an_instance_waits_in_the_batch_that_is_ending) {
  size_t before = types_alive();
  const weft_type *collecting = MADE(.slot_names = one_slot, .finalize = collect_in_finalizer);
  const weft_type *type = MADE(.slot_names = one_slot);
  batch[0] = weft_instance_new(collecting);
  batch[1] = weft_instance_new(type);
  released(type);
  for (int i = 0; i < 2; i++) weft_incref(batch[i]);
  beside_running_thread(drop_batch, NULL);
  for (int i = 0; i < 2; i++) weft_decref(batch[i]);
  weft_poll();
  cr_assert_geq(types_in_between, before + 2, "both types");
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert_eq(types_alive(), before + 1);
}
