/* SPDX-License-Identifier: MIT */
/* Registries that keep nobody alive, and who owns whom: parents and children. */
#include "demos/weak.h"

/* --- WR-17, WR-18 --- */

static void show_registry(void) {
  weft_auto weft_object *registry = weft_weak_set_new(), *leaky = weft_list_new();
  weft_object *o = NULL;
  for (int i = 0; i < 100; i++) {
    rebind(&o, thing_new());
    weft_weak_set_add(registry, o);
    weft_auto weft_object *other = thing_new();
    weft_list_append(leaky, other);
  }
  int64_t one = weft_weak_set_length(registry);
  weft_clear(&o);
  int64_t none = weft_weak_set_length(registry), kept = weft_list_length(leaky);
  tap_say("100 made: %lld left, the loop's variable; after del %lld. The registry that is a list keeps %lld.",
          (long long)one, (long long)none, (long long)kept);
  tap_say("(document 001 stops at a NameError: the module is not imported)");
  tap_check(one == 1 && none == 0 && kept == 100, "WR-17", "001: a registry in a weak set");
}

static void show_many(void) {
  enum { MADE = 1000, HELD = 5 };
  weft_auto weft_object *registry = weft_weak_set_new(), *leaky = weft_list_new();
  weft_object *held[HELD];
  for (int i = 0; i < MADE; i++) {
    weft_object *o = thing_new();
    weft_weak_set_add(registry, o);
    weft_auto weft_object *other = thing_new();
    weft_list_append(leaky, other);
    if (i < HELD)
      held[i] = o;
    else
      weft_decref(o);
  }
  int64_t five = weft_weak_set_length(registry);
  for (int i = 0; i < HELD; i++) weft_decref(held[i]);
  int64_t none = weft_weak_set_length(registry), strong = weft_list_length(leaky);
  tap_say("%d instances: %lld while five are held, then %lld; the list keeps %lld", MADE, (long long)five,
          (long long)none, (long long)strong);
  tap_check(five == HELD && none == 0 && strong == MADE, "WR-18",
            "004: the fix of the leak: who is held is listed, nobody else");
}

/* --- WR-20, WR-21 --- */

static const weft_type *person_type;

static weft_object *family(bool weak, weft_object **to_parent, weft_object **to_child) {
  weft_object *parent = weft_instance_new(person_type), *child = weft_instance_new(person_type);
  weft_auto weft_object *children = weft_list_of(1, &child), *ref = weak_to(parent, NULL);
  set_attribute(parent, "children", children);
  set_attribute(child, "parent", weak ? ref : parent);
  *to_parent = weak_to(parent, NULL);
  *to_child = weak_to(child, NULL);
  weft_decref(child);
  return parent;
}

static void show_parent_and_child(void) {
  weft_object *parent, *to_parent, *to_child;
  person_type = weft_type_new(&(weft_type_spec){.name = "Person", .flags = WEFT_TYPE_DICT});
  for (int first = 1; first >= 0; first--) { /* once before, so that the class knows its attributes */
    parent = family(false, &to_parent, &to_child);
    if (!first) break;
    weft_decref(parent);
    weft_decref(to_parent);
    weft_decref(to_child);
    weft_gc_collect(2);
  }
  weft_clear(&parent);
  bool alive = !leads_to(to_parent, NULL);
  int64_t found = weft_gc_collect(2);
  tap_say("both know each other: alive after del; collect() finds %lld (Python: 3, parent, child and list)",
          (long long)found);
  tap_check(alive && found == 3 && leads_to(to_parent, NULL) && leads_to(to_child, NULL), "WR-20",
            "004: parent and child in a cycle: only a collection frees them");
  weft_decref(to_parent);
  weft_decref(to_child);

  parent = family(true, &to_parent, &to_child);
  weft_auto weft_object *child = weft_weakref_get(to_child), *back = weft_getattr_text(child, "parent");
  bool leads = leads_to(back, parent);
  weft_clear(&parent);
  bool none = leads_to(back, NULL);
  weft_clear(&back);
  weft_clear(&child);
  found = weft_gc_collect(2);
  tap_say("the child's reference is weak: None at once after del; collect() finds %lld", (long long)found);
  tap_check(leads && none && found == 0 && leads_to(to_child, NULL), "WR-21",
            "003, 004: the child holds its parent weakly: both go at once");
  weft_decref(to_parent);
  weft_decref(to_child);
}

/* --- WR-22 --- */

static void show_nodes(void) {
  weft_object *a = thing_new(), *b = thing_new();
  weft_auto weft_object *to_a = weak_to(a, NULL), *to_b = weak_to(b, NULL);
  set_attribute(a, "next", to_b);
  set_attribute(b, "next", to_a);
  int64_t counts = weft_refcount(a) + weft_refcount(b);
  weft_clear(&a);
  weft_clear(&b);
  bool dead = leads_to(to_a, NULL) && leads_to(to_b, NULL);
  int64_t found = weft_gc_collect(2);
  tap_say("two nodes that know each other weakly: count 1 each, dead at once: %s, collect() finds %lld",
          dead ? "yes" : "no", (long long)found);
  tap_check(counts == 2 && dead && found == 0, "WR-22", "002: weak links both ways");
}

void show_owners(void) {
  tap_title("Registries");
  show_registry();
  show_many();
  tap_title("Owners");
  show_parent_and_child();
  show_nodes();
}
