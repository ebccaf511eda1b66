/* SPDX-License-Identifier: MIT */
/* Copies of weak references and weak containers; weak references to caches. */
#include "copy_support.h"

RuntimeSuite(copy_weak);

static bool ref_is_its_own_copy(bool deep) {
  weft_object *target = weft_instance_new(open_type(NULL));
  weft_auto weft_object *ref = weft_weakref_new(target, NULL);
  weft_auto weft_object *alive = deep ? weft_deepcopy(ref, NULL) : weft_copy(ref);
  weft_decref(target);
  weft_auto weft_object *dead = deep ? weft_deepcopy(ref, NULL) : weft_copy(ref), *got = weft_weakref_get(ref);
  return ref && alive == ref && dead == ref && got == WEFT_NONE;
}

RuntimeTest(copy_weak, CP_070_a_weak_reference_alive_or_dead) { cr_assert(ref_is_its_own_copy(false)); }
RuntimeTest(copy_weak, CP_071_a_weak_reference_in_deep_copies) { cr_assert(ref_is_its_own_copy(true)); }

RuntimeTest(copy_weak, CP_073_a_weak_value_dict) {
  const weft_type *type = open_type(NULL);
  weft_object *o[4];
  for (int i = 0; i < 4; i++) o[i] = weft_instance_new(type);
  weft_auto weft_object *u = weft_weak_value_dict_new();
  cr_assert(weft_weak_dict_set(u, o[0], o[1]) == 0 && weft_weak_dict_set(u, o[2], o[3]) == 0);
  weft_auto weft_object *v = weft_copy(u);
  cr_assert(v && v != u && v->type == u->type && equal(v, u) && weft_weak_dict_length(v) == 2);
  weft_auto weft_object *found = weft_weak_dict_get(v, o[2]);
  cr_assert_eq(found, o[3]);
  weft_clear(&o[1]);
  cr_assert_eq(weft_weak_dict_length(v), 1);
  cr_assert(weft_weak_dict_contains(v, o[0]) == 0 && weft_weak_dict_set(v, o[0], o[2]) == 0);
  cr_assert_eq(weft_weak_dict_contains(u, o[0]), 0);
  for (int i = 0; i < 4; i++) weft_xdecref(o[i]);
}

RuntimeTest(copy_weak, CP_074_a_deep_copy_of_a_weak_key_dict) {
  const weft_type *type = open_type(NULL);
  weft_object *a = weft_instance_new(type);
  weft_auto weft_object *b = with_x(type, LIST(INT(1))), *c = weft_instance_new(type), *d = with_x(type, LIST(INT(2)));
  weft_auto weft_object *u = weft_weak_key_dict_new();
  cr_assert(weft_weak_dict_set(u, a, b) == 0 && weft_weak_dict_set(u, c, d) == 0);
  weft_auto weft_object *v = weft_deepcopy(u, NULL);
  cr_assert(v && v != u && !equal(v, u) && weft_weak_dict_length(v) == 2);
  weft_auto weft_object *of_a = weft_weak_dict_get(v, a), *of_c = weft_weak_dict_get(v, c);
  cr_assert(of_a != b && of_c != d && is_distinct_equal(x_of(of_a), x_of(b)) && is_distinct_equal(x_of(of_c), x_of(d)));
  weft_clear(&a);
  cr_assert_eq(weft_weak_dict_length(v), 1);
}

RuntimeTest(copy_weak, a_deep_copy_of_a_weak_value_dict_keeps_the_values) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *key = with_x(type, LIST(INT(1))), *value = weft_instance_new(type),
                        *u = weft_weak_value_dict_new();
  weft_weak_dict_set(u, key, value);
  weft_auto weft_object *v = weft_deepcopy(u, NULL), *keys = weft_weak_dict_keys(v), *values = weft_weak_dict_values(v);
  cr_assert(weft_list_length(keys) == 1 && item_of(values, 0) == value);
  cr_assert(item_of(keys, 0) != key && is_distinct_equal(x_of(item_of(keys, 0)), x_of(key)));
}

/* A graph whose nodes a weak set lists: the copy's set lists the copy's nodes. */
RuntimeTest(copy_weak, weak_sets_and_dicts_in_a_graph) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *node = weft_instance_new(type), *set = weft_weak_set_new(), *by_key = weft_weak_key_dict_new();
  weft_weak_set_add(set, node);
  weft_weak_dict_set(by_key, node, by_key); /* itself as a value */
  weft_auto weft_object *shallow = weft_copy(set);
  cr_assert(shallow && shallow != set && weft_weak_set_contains(shallow, node) == 1);
  weft_auto weft_object *graph = weft_list_of(3, (weft_object *[]){node, set, by_key}),
                        *copy = weft_deepcopy(graph, NULL);
  cr_assert_not_null(copy);
  weft_object *copied = item_of(copy, 0);
  cr_assert(copied != node && weft_weak_set_contains(item_of(copy, 1), copied) == 1 &&
            weft_weak_set_contains(item_of(copy, 1), node) == 0);
  weft_auto weft_object *itself = weft_weak_dict_get(item_of(copy, 2), node);
  cr_assert_eq(itself, item_of(copy, 2));
  weft_weak_dict_clear(item_of(copy, 2));
  weft_weak_dict_clear(by_key);
}

RuntimeTest(copy_weak, what_derives_from_a_weak_reference_cannot_be_copied) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "ref", .base = &weft_weakref_type});
  weft_auto weft_object *target = weft_instance_new(open_type(NULL));
  cr_assert(cannot_be_copied(called(type, target)));
}

/* --- Between threads --- */

enum { MANY = SANITIZED ? 2000 : 70000 };
static weft_object *weak, *held[MANY];
static uint32_t copies_made; /* atomic */

static void copy_while_others_die(void *unused) {
  (void)unused;
  for (int i = 0; i < 3; i++) {
    weft_object *copy = weft_deepcopy(weak, NULL);
    cr_expect_not_null(copy);
    weft_xdecref(copy);
  }
  weft__add_acq_rel(&copies_made, 1u);
}

static void deepcopy_of(weft_object *dict_steal) {
  weak = dict_steal;
  const weft_type *type = open_type(NULL);
  for (int i = 0; i < MANY; i++) {
    weft_auto weft_object *number = INT(i);
    held[i] = weft_instance_new(type);
    bool by_key = weak->type == &weft_weak_key_dict_type;
    cr_assert_eq(weft_weak_dict_set(weak, by_key ? held[i] : number, by_key ? number : held[i]), 0);
  }
  struct actor a;
  actor_start(&a);
  weft__store_relaxed(&copies_made, 0u);
  actor_begin(&a, copy_while_others_die, NULL);
  uint64_t chance = 3;
  int left = MANY;
  while (!weft__load_acquire(&copies_made)) {
    weft_poll();
    chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    size_t i = (size_t)(chance >> 33) % MANY;
    left -= held[i] != NULL;
    weft_clear(&held[i]);
  }
  actor_wait(&a);
  actor_quit(&a);
  cr_assert_leq(weft_weak_dict_length(weak), left);
  for (int i = 0; i < MANY; i++) weft_clear(&held[i]);
  weft_clear(&weak);
}

RuntimeTest(copy_weak, WR_099_a_weak_key_dict_whose_keys_die_meanwhile) { deepcopy_of(weft_weak_key_dict_new()); }
RuntimeTest(copy_weak, WR_101_a_weak_value_dict_whose_values_die_meanwhile) { deepcopy_of(weft_weak_value_dict_new()); }

/* --- Caches --- */

static weft_object *return_none(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

RuntimeTest(copy_weak, LRU_115_weak_references_to_caches) {
  const weft_type *type = open_type(NULL);
  weft_auto weft_object *name = STR("f"), *f = weft_function_new("f", return_none, 0, NULL),
                        *o = weft_instance_new(type);
  for (int bounded = 0; bounded < 2; bounded++) {
    weft_object *cache = weft_lru_cache_new(f, bounded ? 1 : WEFT_LRU_UNBOUNDED, false);
    weft_auto weft_object *ref = weft_weakref_new(cache, NULL), *called_once = weft_call(cache, NULL, 0);
    cr_assert(ref && called_once && weft_type_set(type, name, cache) == 0);
    weft_object *method = weft_getattr(o, name);
    weft_auto weft_object *of_method = weft_weakref_new(method, NULL), *there = weft_weakref_get(ref);
    cr_assert(of_method && there == cache);
    weft_clear(&there);
    weft_decref(method);
    weft_auto weft_object *no_method = weft_weakref_get(of_method);
    cr_assert_eq(no_method, WEFT_NONE);
    cr_assert_eq(weft_type_set(type, name, NULL), 0);
    weft_decref(cache);
    weft_synchronize(); /* what a type has had goes a grace period later */
    weft_auto weft_object *gone = weft_weakref_get(ref);
    cr_assert_eq(gone, WEFT_NONE);
  }
}
