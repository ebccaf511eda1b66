/* SPDX-License-Identifier: MIT */
/* Cycles: what they are, that only a collection frees them, and how to do without. */
#include <inttypes.h>
#include <stdlib.h>

#include "demos/gc.h"

static bool found(const char *what, int64_t here, int64_t python) {
  tap_say("%-58s Python %" PRId64 ", here %" PRId64, what, python, here);
  return here == python;
}

/* --- GC-01, 05, 31, LK-21 --- */

/* a.ref = b, b.ref = a, and nobody else refers to them. */
static void direct_cycle(bool ask_for_dicts) {
  weft_auto weft_object *a = node_new("a"), *b = node_new("b");
  refer(a, b);
  refer(b, a);
  if (!ask_for_dicts) return;
  weft_decref(weft_instance_dict(a));
  weft_decref(weft_instance_dict(b));
}

static void show_direct(void) {
  direct_cycle(false);
  int64_t alive = nodes_alive(), first = collect(), second = collect(), left = nodes_alive();
  bool good = found("a.ref = b; b.ref = a; del a, b; gc.collect()", first, 2);
  good = found("gc.collect() once more", second, 0) && good;
  direct_cycle(true);
  good = found("with both a.__dict__ and b.__dict__ asked for, objects of", collect(), 4) && good;
  tap_check(good && alive == 2 && left == 0, "GC-01",
            "000, 002, 004: two objects that refer to each other stay after del, until a collection");
  drop_cycles(21);
  first = collect();
  tap_say("21 cycles of two: print(gc.collect()) shows %" PRId64, first);
  tap_check(first == 42 && collect() == 0, "GC-05", "000, 002: a manual collection says how many objects it found");
}

/* --- REF-16 --- */

/* References to what `ref` leads to, less the one that it is asked with; 0: it is dead. */
static int64_t count_behind(weft_object *ref) {
  weft_auto weft_object *target = weft_weakref_get(ref);
  return target && target != WEFT_NONE ? weft_refcount(target) - 1 : 0;
}

static void show_counts(void) {
  weft_object *a = node_new("a"), *b = node_new("b");
  refer(a, b);
  refer(b, a);
  weft_auto weft_object *to_a = weft_weakref_new(a, NULL), *to_b = weft_weakref_new(b, NULL);
  weft_clear(&a);
  weft_clear(&b);
  int64_t count_a = count_behind(to_a), count_b = count_behind(to_b), freed = collect();
  tap_say("del a, b: each keeps the other at %" PRId64 " and %" PRId64 "; gc.collect() finds %" PRId64, count_a,
          count_b, freed);
  bool dead = weft_weakref_is_dead(to_a) == 1 && weft_weakref_is_dead(to_b) == 1;
  tap_check(
      count_a == 1 && count_b == 1 && freed == 2 && dead, "REF-16",
      "000, 004: counting alone leaves both objects of a cycle at 1, their weak references alive until a collection");
}

/* --- REF-21 --- */

static bool feature(const char *name, const char *shown, bool good) {
  tap_say("%-20s %-66s %s", name, shown, good ? "seen" : "NOT SEEN");
  return good;
}

static void show_mechanisms(void) {
  enum { CYCLES = 1000 }; /* more objects than the threshold */
  collect();
  bool was_on = weft_gc_disable();
  size_t before = bytes_in_use();
  weft_object *node = node_new("a");
  bool good = feature("heap", "an object takes memory there", bytes_in_use() > before);
  weft_clear(&node);
  bool gone = nodes_alive() == 0 && bytes_in_use() == before;
  good =
      feature("reference counting", "and gives it back with its last reference, the collector being off", gone) && good;
  drop_cycles(CYCLES);
  bool off = nodes_alive() == 2 * CYCLES;
  good = feature("cyclic collection", "cycles go only by it", off && collect() == 2 * CYCLES && !nodes_alive()) && good;
  weft_gc_enable();
  uint64_t collected = collected_so_far();
  drop_cycles(CYCLES);
  bool on = collected_so_far() > collected;
  good = feature("control", "switched off it did not run by itself, switched on it did", off && on) && good;
  collect();
  if (!was_on) weft_gc_disable();
  tap_check(good, "REF-21", "000, 002: two mechanisms, counting first and the collection of cycles second");
}

static void show_later(void) {
  enum { CYCLES = 1000 };
  collect();
  size_t before = bytes_in_use();
  drop_cycles(CYCLES);
  size_t blocked = bytes_in_use();
  int64_t alive = nodes_alive(), freed = collect(), left = nodes_alive();
  size_t after = bytes_in_use();
  tap_check(alive == 2 * CYCLES && freed == 2 * CYCLES && left == 0, "GC-31",
            "002: the collector cleans up \"later\": %" PRId64 " alive after del, %" PRId64 " after collect()", alive,
            left);
  tap_check(blocked >= before + 2 * CYCLES * 32 && after == before, "LK-21",
            "002: %d cycles block %zu bytes, and none after the collection", CYCLES, blocked - before);
}

/* --- GC-02, GC-03 --- */

static void show_self(void) {
  weft_object *node = node_new("a"), *list = weft_list_new(), *dict = weft_dict_new();
  weft_auto weft_object *key = weft_str_new("self");
  refer(node, node);
  weft_clear(&node);
  bool good = found("a.ref = a", collect(), 1);
  weft_list_append(list, list);
  weft_clear(&list);
  good = found("l.append(l)", collect(), 1) && good;
  weft_dict_set(dict, key, dict);
  weft_clear(&dict);
  good = found("d['self'] = d", collect(), 1) && good;
  tap_check(good, "GC-02", "004: an object that refers to itself: an instance, a list, a dict");
}

static void show_transitive(void) {
  weft_object *a = node_new("a"), *b = node_new("b"), *c = node_new("c");
  refer(a, b);
  refer(b, c);
  refer(c, a);
  weft_clear(&a);
  weft_clear(&b);
  weft_clear(&c);
  tap_check(found("a.ref = b; b.ref = c; c.ref = a", collect(), 3), "GC-03", "004: a transitive cycle");
}

/* --- GC-32, GC-33 --- */

static void show_broken(void) {
  weft_object *a = node_new("a"), *b = node_new("b");
  refer(a, b);
  refer(b, a);
  refer(a, WEFT_NONE);
  weft_clear(&a);
  weft_clear(&b);
  int64_t alive = nodes_alive();
  tap_say("obj.ref = None before del: %" PRId64 " alive at once", alive);
  tap_check(found("gc.collect()", collect(), 0) && alive == 0, "GC-32", "004: a cycle that is broken before is none");
}

static void show_slots(void) {
  static const char *const slots[] = {"ref", NULL};
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Slotted", .slot_names = slots});
  weft_object *o = weft_instance_new(type);
  tap_say("o.back = o, an attribute that __slots__ does not name:");
  bool good = raises(weft_setattr_text(o, "back", o), &weft_AttributeError);
  good = raises_object(weft_instance_dict(o), &weft_AttributeError) && good;
  good = weft_setattr_text(o, "ref", o) == 0 && good;
  weft_clear(&o);
  good = found("o.ref = o, one that it names; del o", collect(), 1) && good;
  tap_check(good, "GC-33", "004: slots prevent cycles by undeclared attributes, not those by declared ones");
}

/* --- GC-36 --- */

/* A parent with a list of its only child, which knows its parent. Only the collector can free it, or nothing is left.
 */
static void drop_family(bool weak) {
  weft_auto weft_object *parent = node_new("parent"), *child = node_new("child"), *children = weft_list_of(1, &child);
  refer(parent, children);
  weft_auto weft_object *ref = weft_weakref_new(parent, NULL);
  refer(child, weak ? ref : parent);
}

static void show_family(void) {
  drop_family(false);
  int64_t strong_alive = nodes_alive(), strong = collect();
  drop_family(true);
  int64_t weak_alive = nodes_alive(), weak = collect();
  tap_say("parent.children = [child]; del      alive   collect()   Python");
  tap_say("child.parent = parent               %5" PRId64 "   %9" PRId64 "        3", strong_alive, strong);
  tap_say("child.parent = weakref.ref(parent)  %5" PRId64 "   %9" PRId64 "        0", weak_alive, weak);
  tap_check(strong_alive == 2 && strong == 3 && weak_alive == 0 && weak == 0, "GC-36",
            "004: a cycle by a strong reference, and none by a weak one");
}

/* --- GC-04 --- */

static int count_object(weft_object *o, void *n) {
  (void)o;
  ++*(int64_t *)n;
  return 1;
}
static int64_t containers_alive(void) {
  int64_t n = 0;
  return weft_gc_visit_objects(count_object, &n) == 0 ? n : -1;
}

/* class Local: pass; o = Local(); o.ref = [o]; del o. Returns the class, borrowed from the list of all. */
static const weft_type *local_class(void) {
  const weft_type *local = weft_type_new(&(weft_type_spec){.name = "Local", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *o = local ? weft_instance_new(local) : NULL, *list = o ? weft_list_of(1, &o) : NULL;
  if (!list) abort();
  refer(o, list);
  return local;
}

static void show_class(void) {
  int64_t before = containers_alive();
  const weft_type *local = local_class();
  tap_say("class Local: pass; o = Local(); o.ref = [o]; del o, and weft_type_release instead of del Local");
  bool good = found("while the program still has the class", collect(), 2) && containers_alive() == before + 1;
  good = weft_type_release(local) == 0 && good;
  int64_t alone = collect();
  tap_say("then del Local: Python also counts what the class is made of; here %" PRId64, alone);
  good = weft_type_release(local_class()) == 0 && good;
  int64_t alive = containers_alive(), all = collect(), left = containers_alive();
  tap_say("both at once: Python 8; here %" PRId64, all);
  tap_check(good && alone == 1 && alive == before + 3 && all == 3 && left == before, "GC-04",
            "004: a class that nobody refers to is garbage, with its instances: %" PRId64
            " containers alive, then %" PRId64,
            alive, left);
}

void show_cycles(void) {
  tap_title("Cycles");
  show_direct();
  show_counts();
  show_mechanisms();
  show_later();
  show_self();
  show_transitive();
  show_class();
  tap_title("Without a collection");
  show_broken();
  show_slots();
  show_family();
}
