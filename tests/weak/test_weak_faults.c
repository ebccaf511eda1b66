/* SPDX-License-Identifier: MIT */
/* Out of memory wherever weak references ask for some. */
#include "../runtime/faults_support.h"
#include "weak_support.h"

WeakSuite(weak_faults);

static bool make_references(void) {
  weft_auto weft_object *o = weft_instance_new(thing_type);
  weft_auto weft_object *plain = o ? weft_weakref_new(o, NULL) : NULL;
  weft_auto weft_object *called = plain ? weft_weakref_new(o, counter) : NULL;
  weft_auto weft_object *proxy = called ? weft_proxy_new(o, NULL) : NULL;
  weft_auto weft_object *called_proxy = proxy ? weft_proxy_new(o, counter) : NULL;
  weft_auto weft_object *list = called_proxy ? weft_weakref_list(o) : NULL;
  weft_auto weft_object *text = list ? weft_repr(plain) : NULL;
  return text;
}
WeakTest(weak_faults, references_and_proxies) { cr_assert_geq(fail_everywhere(make_references), 7); }

static bool make_many(void) {
  weft_object *objects[200], *refs[200];
  int n = 0;
  for (; n < 200; n++) {
    if (!(objects[n] = weft_list_new())) break;
    if ((refs[n] = weft_weakref_new(objects[n], n % 2 ? counter : NULL))) continue;
    weft_decref(objects[n]);
    break;
  }
  for (int i = 0; i < n; i++) {
    weft_decref(objects[i]);
    if (!is_dead(refs[i])) abort();
    weft_decref(refs[i]);
  }
  return n == 200;
}
/* The tables have room after the first time: so each request is refused in a process whose tables are small. */
WeakTest(weak_faults, the_tables_grow) {
  for (int nth = 1; nth < 500; nth += 17) {
    weft_heap_fail_nth((uint64_t)nth);
    bool good = make_many();
    uint64_t requests = weft_heap_fail_nth(0);
    cr_assert(good ? requests < (uint64_t)nth : raised(&weft_MemoryError), "%d", nth);
  }
}

static bool make_derived(void) {
  static const weft_type *type;
  if (!type)
    type = weft_type_new(&(weft_type_spec){.name = "derived", .base = &weft_weakref_type, .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *o = weft_set_new();
  weft_auto weft_object *ref = o ? weft_call((weft_object *)type, (weft_object *[]){o, counter}, 2) : NULL;
  return ref && weft_setattr_text(ref, "name", WEFT_TRUE) == 0;
}
WeakTest(weak_faults, derived_references) { cr_assert_geq(fail_everywhere(make_derived), 2); }

static weft_object *nothing(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}
static bool make_method_reference(void) {
  weft_auto weft_object *o = weft_instance_new(thing_type);
  weft_auto weft_object *method = o ? weft_getattr_text(o, "method") : NULL;
  weft_auto weft_object *ref = method ? weft_weak_method_new(method, NULL) : NULL;
  weft_auto weft_object *again = ref ? weft_weakref_get(ref) : NULL;
  weft_object *found = NULL;
  bool good = again && weft_weakref_find(ref, &found) == 1;
  weft_xdecref(found);
  return good;
}
WeakTest(weak_faults, references_to_methods) {
  weft_auto weft_object *name = weft_str_intern("method"), *function = function_of(nothing, 0, NULL);
  cr_assert_eq(weft_type_set(thing_type, name, function), 0);
  weft_heap_get_stats(&heap_at_start);
  cr_assert_geq(fail_everywhere(make_method_reference), 4);
  weft_incref(function);
}

WeakTest(weak_faults, a_collection_without_memory_leaves_references_alone) {
  weft_object *o = thing();
  set(o, "me", o);
  weft_auto weft_object *ref = ref_to(o, counter);
  weft_decref(o);
  weft_heap_fail_nth(1);
  int64_t found = weft_gc_collect(2);
  weft_heap_fail_nth(0);
  if (found == -1) {
    cr_assert(raised(&weft_MemoryError) && calls == 0 && leads_to(ref, o));
    cr_assert_eq(weft_gc_collect(2), 1);
  }
  cr_assert(calls == 1 && is_dead(ref));
}

/* --- Containers and finalizers --- */

static bool use_weak_dict(bool of_keys) {
  weft_auto weft_object *dict = of_keys ? weft_weak_key_dict_new() : weft_weak_value_dict_new();
  weft_auto weft_object *a = dict ? weft_list_new() : NULL, *o = a ? weft_instance_new(thing_type) : NULL;
  if (!o) return false;
  weft_object *k = of_keys ? o : INT(1), *v = of_keys ? INT(1) : a;
  if (weft_weak_dict_set(dict, k, v) < 0) {
    if (weft_weak_dict_length(dict) != 0) abort();
    return false;
  }
  weft_auto weft_object *got = weft_weak_dict_set_default(dict, of_keys ? (weft_object *)thing_type : INT(2), v);
  weft_auto weft_object *items = got ? weft_weak_dict_items(dict) : NULL, *iterator = items ? weft_iter(dict) : NULL;
  weft_auto weft_object *first = iterator ? weft_next(iterator) : NULL,
                        *copy = first ? weft_weak_dict_copy(dict) : NULL;
  weft_auto weft_object *both = copy ? weft_or(copy, dict) : NULL;
  bool same = both && weft_compare(both, dict, WEFT_EQ) == 1;
  weft_auto weft_object *pair = same ? weft_weak_dict_pop_item(copy) : NULL;
  if (!pair || weft_weak_dict_delete(dict, k) < 0) return false;
  return weft_weak_dict_update(dict, both) == 0 && weft_weak_dict_clear(dict) == 0;
}
static bool use_value_dict(void) { return use_weak_dict(false); }
static bool use_key_dict(void) { return use_weak_dict(true); }
WeakTest(weak_faults, weak_value_dicts) { cr_assert_geq(fail_everywhere(use_value_dict), 15); }
WeakTest(weak_faults, weak_key_dicts) {
  weft_auto weft_object *ref = ref_to((weft_object *)thing_type, NULL); /* it stays */
  blocks_left_on_purpose += 1;
  cr_assert(ref && fail_everywhere(use_key_dict) >= 15);
}

static bool use_weak_set(void) {
  weft_auto weft_object *a = weft_instance_new(thing_type), *b = a ? weft_instance_new(thing_type) : NULL;
  weft_auto weft_object *list = b ? weft_list_of(2, (weft_object *[]){a, b}) : NULL;
  weft_auto weft_object *s = list ? weft_weak_set_from(list) : NULL, *one = s ? weft_weak_set_new() : NULL;
  if (!one || weft_weak_set_add(one, a) < 0) return false;
  weft_auto weft_object *with = weft_weak_set_union(s, one), *both = with ? weft_weak_set_intersection(s, one) : NULL;
  weft_auto weft_object *rest = both ? weft_weak_set_difference(s, one) : NULL;
  weft_auto weft_object *other = rest ? weft_weak_set_symmetric_difference(s, one) : NULL;
  weft_auto weft_object *iterator = other ? weft_iter(s) : NULL, *first = iterator ? weft_next(iterator) : NULL;
  weft_auto weft_object *text = first ? weft_repr(s) : NULL;
  if (!text || weft_weak_set_is_subset(one, s) != 1 || weft_weak_set_intersection_update(s, one) < 0) return false;
  weft_auto weft_object *last = weft_weak_set_pop(s);
  return last;
}
WeakTest(weak_faults, weak_sets) { cr_assert_geq(fail_everywhere(use_weak_set), 20); }

static bool use_finalizers(void) {
  weft_auto weft_object *o = weft_instance_new(thing_type);
  weft_object *arg = WEFT_NONE;
  weft_auto weft_object *f = o ? weft_finalizer_new(o, counter, 1, &arg) : NULL,
                        *peeked = f ? weft_finalizer_peek(f) : NULL;
  weft_auto weft_object *detached = peeked ? weft_finalizer_detach(f) : NULL;
  if (f && !detached) weft_finalizer_call(f); /* the runtime keeps it otherwise, with its function */
  return detached;
}
WeakTest(weak_faults, finalizers) { cr_assert_geq(fail_everywhere(use_finalizers), 4); }

WeakTest(weak_faults, an_entry_dies_without_memory) {
  weft_auto weft_object *values = weft_weak_value_dict_new(), *keys = weft_weak_key_dict_new(),
                        *s = weft_weak_set_new();
  weft_object *o = thing();
  weft_weak_dict_set(values, INT(1), o);
  weft_weak_dict_set(keys, o, INT(1));
  weft_weak_set_add(s, o);
  weft_heap_fail_nth(1);
  weft_decref(o);
  weft_heap_fail_nth(0);
  cr_assert(weft_weak_dict_length(values) == 0 && weft_weak_dict_length(keys) == 0 && weft_weak_set_length(s) == 0);
}
