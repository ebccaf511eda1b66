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
