/* SPDX-License-Identifier: MIT */
/* When objects are destroyed: at once, by the last drop, in an order that can be relied on. */
#include <string.h>

#include "demos/refcount.h"

/* --- REF-10, REF-11, REF-12, REF-18 --- */

static void function_with_local(void) {
  weft_auto weft_object *local = resource_new("1");
  (void)local;
  log_event("end-of-body");
}

static void show_scope(void) {
  log_clear();
  function_with_local();
  log_event("after-call");
  log_check("REF-10", "C1 end-of-body D1 after-call", "004: leaving a function drops its locals");
}

static void show_rebinding(void) {
  log_clear();
  weft_object *name = resource_new("1");
  weft_object *old = name;
  name = resource_new("2");
  weft_decref(old);
  weft_clear(&name);
  log_check("REF-11", "C1 C2 D1 D2", "004: rebinding destroys the old value once the new one exists; del the new one");
}

static weft_object *list_of_resources(const char *const *names, size_t n) {
  weft_object *list = weft_list_new();
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *r = resource_new(names[i]);
    weft_list_append(list, r);
  }
  return list;
}

static const char *const three[] = {"1", "2", "3"};

static void show_removal(void) {
  weft_auto weft_object *list = list_of_resources(three, 3);
  log_clear();
  weft_object *popped = weft_list_pop(list, 0);
  log_event("popped");
  weft_clear(&popped);
  log_event("dropped");
  weft_list_clear(list);
  log_event("cleared");
  log_check("REF-12", "popped D1 dropped D3 D2 cleared",
            "004: what pop returned dies when dropped, clear drops the rest");
}

static void show_del_is_no_release(void) {
  log_clear();
  weft_object *a = resource_new("1"), *b = weft_new_ref(a);
  weft_clear(&a);
  log_event("del-1");
  weft_clear(&b);
  log_event("del-2");
  log_check("REF-18", "C1 del-1 D1 del-2", "004, errors: del does not guarantee release; the last del does");
}

/* --- REF-22, REF-13 --- */

static void show_cause(void) {
  log_clear();
  weft_gc_disable();
  weft_object *o = resource_new("1");
  int before = resources_alive();
  weft_decref(o);
  const char *cause = resources_alive() == before - 1 ? "refcount" : "unknown";
  tap_say("document 002: \"refcount = 0 -> deleted by the garbage collector\", and elsewhere \"deleted at once\"");
  tap_say("here:         destroyed inside the drop of the last reference: cause = %s", cause);
  tap_check(log_is("C1 D1") && strcmp(cause, "refcount") == 0, "REF-22",
            "at count 0 it is the counting that frees, not the cyclic collector, which is switched off here");
  weft_gc_enable();
}

static size_t blocks_inside;

static void list_local_to_a_function(void) {
  weft_auto weft_object *x = list_of_ints(3, 1, 2, 3);
  (void)x;
  blocks_inside = live_blocks();
}

static void show_determinism(void) {
  weft_gc_disable();
  size_t before = live_blocks();
  uint64_t collections_before = collections();
  list_local_to_a_function();
  tap_check(live_blocks() == before && blocks_inside > before && collections() == collections_before, "REF-13",
            "002, 004: a list local to a function is gone on return; the collector is off, and has not run");
  weft_gc_enable();
}

/* --- REF-24 --- */

/* Drops `container_steal`, or only clears it. True: its items went in that order. */
static bool drops_in_order(const char *what, weft_object *container_steal, const char *order, bool clear) {
  log_clear();
  if (clear) weft_list_clear(container_steal);
  if (!clear) weft_clear(&container_steal);
  bool good = log_is(order);
  tap_say("%-18s %s", what, log_text());
  weft_xdecref(container_steal);
  return good;
}

static weft_object *tuple_of_resources(void) {
  weft_auto weft_object *list = list_of_resources(three, 3);
  return weft_tuple_from(list);
}

static weft_object *dict_of_resources(void) {
  weft_object *dict = weft_dict_new();
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *key = weft_str_new(three[i]), *value = resource_new(three[i]);
    weft_dict_set(dict, key, value);
  }
  return dict;
}

static weft_object *object_with_resources(bool in_slots) {
  static const char *const names[] = {"first", "second", "third", NULL};
  const weft_type *type = weft_type_new(&(weft_type_spec){
      .name = "record", .slot_names = in_slots ? names : NULL, .flags = in_slots ? 0 : WEFT_TYPE_DICT});
  weft_object *record = weft_instance_new(type);
  for (size_t i = 0; i < 3; i++) {
    weft_auto weft_object *r = resource_new(three[i]);
    weft_setattr_text(record, names[i], r);
  }
  return record;
}

static void show_order(void) {
  bool good = drops_in_order("a list dies:", list_of_resources(three, 3), "D3 D2 D1", false);
  good = drops_in_order("a list is cleared:", list_of_resources(three, 3), "D3 D2 D1", true) && good;
  good = drops_in_order("a tuple dies:", tuple_of_resources(), "D3 D2 D1", false) && good;
  good = drops_in_order("a dict dies:", dict_of_resources(), "D1 D2 D3", false) && good;
  good = drops_in_order("attributes:", object_with_resources(false), "D1 D2 D3", false) && good;
  good = drops_in_order("slots:", object_with_resources(true), "D1 D2 D3", false) && good;
  tap_check(good, "REF-24", "lists and tuples let go of the last item first, dicts and objects of the first");
}

void show_destruction(void) {
  tap_title("When objects are destroyed (C: created, D: destroyed)");
  show_scope();
  show_rebinding();
  show_removal();
  show_del_is_no_release();
  show_cause();
  show_determinism();
  tap_title("The order in which a dying container drops its items");
  show_order();
}
