/* SPDX-License-Identifier: MIT */
/* References: what they lead to, when they are called, what they equal, which objects can have them. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "demos/weak.h"

/* --- WR-01, WR-02 --- */

static void show_life(void) {
  weft_object *o = thing_new();
  int64_t before = weft_refcount(o);
  weft_auto weft_object *ref = weak_to(o, NULL);
  int64_t delta = weft_refcount(o) - before;
  bool alive = answers("ref() is obj", leads_to(ref, o), true);
  weft_clear(&o);
  bool dead = answers("del obj; ref() is None", leads_to(ref, NULL), true);
  tap_check(alive && dead, "WR-01", "002, 003, 004: a reference leads to its object while it lives, then to None");
  tap_say("ref = weakref.ref(obj) changes the count by %lld", (long long)delta);
  tap_check(delta == 0, "WR-02", "004: a weak reference adds no count");
}

/* --- WR-03, WR-04, WR-05 --- */

static char order[8];
static bool was_empty;
static weft_object *note(weft_object *self, weft_object *const *args, size_t n) {
  weft_auto weft_object *letter = weft_str(weft_function_captured_borrow(self, 0));
  strcat(order, weft_str_utf8(letter, NULL));
  was_empty = n == 1 && leads_to(args[0], NULL);
  return WEFT_NONE;
}
static weft_object *noting(int which) {
  weft_object *number = weft_int_new(which);
  return weft_function_new("note", note, 1, &number);
}

static void show_callbacks(void) {
  weft_object *o = thing_new();
  weft_auto weft_object *cb1 = noting(1), *cb2 = noting(2), *ref1 = weak_to(o, cb1), *ref2 = weak_to(o, cb2);
  weft_clear(&o);
  tap_say("two callbacks, made in the order 1, 2, are called in the order %c, %c", order[0], order[1]);
  tap_check(strcmp(order, "21") == 0 && was_empty && leads_to(ref1, NULL) && leads_to(ref2, NULL), "WR-03",
            "004: called once, at death, with the empty reference; the newest first");
  weft_auto weft_object *counter = function_of(count_call);
  o = thing_new();
  weft_decref(weak_to(o, counter));
  weft_clear(&o);
  tap_check(calls == 0, "WR-04", "a callback is dropped together with its reference");
}

static weft_object *fail(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return weft_raise(&weft_ValueError, "from a callback");
}
static int unraisable;
static void count_unraisable(weft_object *error, weft_object *where) {
  (void)where;
  unraisable++;
  tap_say("unraisable: %s: %s", error->type->spec.name, weft_error_message(error));
}
static void show_errors(void) {
  weft_object *o = thing_new();
  weft_auto weft_object *f = function_of(fail), *ref = weak_to(o, f);
  weft_set_unraisable_hook(count_unraisable);
  weft_clear(&o);
  weft_set_unraisable_hook(NULL);
  tap_check(unraisable == 1 && !weft_error_borrow() && leads_to(ref, NULL), "WR-05",
            "a callback's error goes to the hook, the program goes on");
}

/* --- WR-06, WR-07 --- */

static void show_sharing(void) {
  weft_auto weft_object *o = thing_new(), *counter = function_of(count_call);
  weft_auto weft_object *a = weak_to(o, NULL), *b = weak_to(o, NULL);
  int64_t one = weft_weakref_count(o);
  weft_auto weft_object *c = weak_to(o, counter), *d = weak_to(o, counter);
  bool same = answers("ref(obj) is ref(obj)", a == b, true),
       other = answers("ref(obj, cb) is ref(obj, cb)", c == d, false);
  int64_t three = weft_weakref_count(o);
  tap_say("getweakrefcount: %lld, then %lld", (long long)one, (long long)three);
  tap_check(same && other && one == 1 && three == 3, "WR-06", "references without a callback are one object");
}

static void show_equality(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Items", .base = &weft_frozenset_type});
  weft_object *five = weft_int_new(5), *items = weft_tuple_new(1, &five);
  weft_object *x = weft_call((weft_object *)type, &items, 1), *y = weft_call((weft_object *)type, &items, 1);
  weft_auto weft_object *a = weak_to(x, NULL), *b = weak_to(y, NULL);
  int64_t hash, of_target;
  bool alive = answers("ref(x) == ref(y), x == y", weft_compare(a, b, WEFT_EQ) == 1, true);
  bool hashed = weft_hash(a, &hash) == 0 && weft_hash(x, &of_target) == 0 && hash == of_target;
  weft_clear(&x);
  weft_clear(&y);
  weft_decref(items);
  bool dead = answers("the same when both are dead", weft_compare(a, b, WEFT_EQ) == 1, false);
  bool kept = weft_hash(a, &hash) == 0 && hash == of_target;
  tap_check(alive && dead && hashed && kept && raises(weft_hash(b, &hash), &weft_TypeError), "WR-07",
            "alive, they compare and hash as their objects; dead, by identity; one never hashed has no hash any more");
}

/* --- WR-08 --- */

static bool accepts(const char *what, weft_object *o_steal, bool python) {
  weft_object *ref = weft_weakref_new(o_steal, NULL);
  bool yes = ref != NULL;
  if (!yes) weft_error_clear();
  weft_xdecref(ref);
  weft_decref(o_steal);
  tap_say("%-38s %-4s Python: %-4s%s", what, yes ? "yes" : "no", python ? "yes" : "no",
          yes == python ? "" : "  (a difference: the documents' examples need it)");
  return yes;
}

static weft_object *of_type(const weft_type_spec *spec) {
  return weft_call((weft_object *)weft_type_new(spec), NULL, 0);
}

static void show_types(void) {
  static const char *const slots[] = {"a", NULL};
  weft_auto weft_object *name = weft_str_new("x");
  bool good = !accepts("int", weft_int_new(1000), false);
  good = !accepts("float", weft_float_new(1), false) && good;
  good = !accepts("str", weft_str_new("text"), false) && good;
  good = !accepts("bytes", weft_bytes_new("b", 1), false) && good;
  good = !accepts("None", WEFT_NONE, false) && good;
  good = !accepts("bool", WEFT_TRUE, false) && good;
  good = !accepts("tuple", weft_tuple_new(1, &name), false) && good;
  good = !accepts("bytearray", weft_bytearray_new("b", 1), false) && good;
  good = !accepts("range", weft_range_new(0, 1, 1), false) && good;
  good = !accepts("object()", weft_object_new(&weft_object_type, 0), false) && good;
  good =
      !accepts("an instance with slots", of_type(&(weft_type_spec){.name = "S", .slot_names = slots}), false) && good;
  good = accepts("list", weft_list_new(), false) && good;
  good = accepts("dict", weft_dict_new(), false) && good;
  good = accepts("an instance", thing_new(), true) && good;
  good = accepts("set", weft_set_new(), true) && good;
  good = accepts("frozenset", weft_frozenset_new(), true) && good;
  good = accepts("a function", function_of(count_call), true) && good;
  good = accepts("a class", weft_new_ref((weft_object *)(uintptr_t)thing_type), true) && good;
  good = accepts("array", weft_array_new('d'), true) && good;
  good = accepts("an instance with slots and WEFT_TYPE_WEAK",
                 of_type(&(weft_type_spec){.name = "W", .slot_names = slots, .flags = WEFT_TYPE_WEAK}), true) &&
         good;
  good = accepts("a subclass of list", of_type(&(weft_type_spec){.name = "L", .base = &weft_list_type}), true) && good;
  good = accepts("a subclass of dict", of_type(&(weft_type_spec){.name = "D", .base = &weft_dict_type}), true) && good;
  good =
      !accepts("a subclass of tuple", of_type(&(weft_type_spec){.name = "T", .base = &weft_tuple_type}), false) && good;
  tap_check(good, "WR-08", "which types accept weak references; lists and dicts do here, and do not in Python");
}

/* --- SLOT-06 --- */

static void show_slots(void) {
  static const char *const slots[] = {"a", NULL};
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "Point", .slot_names = slots, .flags = WEFT_TYPE_BASE});
  const weft_type *open = weft_type_new(&(weft_type_spec){.name = "Open", .base = type, .flags = WEFT_TYPE_DICT});
  const weft_type *weak =
      weft_type_new(&(weft_type_spec){.name = "Weak", .slot_names = slots, .flags = WEFT_TYPE_WEAK});
  weft_auto weft_object *point = weft_instance_new(type), *with_dict = weft_instance_new(open),
                        *w = weft_instance_new(weak);
  tap_say("p.a, which was never set");
  bool good = raises_object(weft_getattr_text(point, "a"), &weft_AttributeError);
  tap_say("p.other = 1");
  good = raises(weft_setattr_text(point, "other", WEFT_TRUE), &weft_AttributeError) && good;
  good = answers("a subclass with a dict: o.other = 1 works", weft_setattr_text(with_dict, "other", WEFT_TRUE) == 0,
                 true) &&
         good;
  tap_say("weakref.ref(p)");
  good = raises_object(weft_weakref_new(point, NULL), &weft_TypeError) && good;
  weft_auto weft_object *ref = weft_weakref_new(w, NULL);
  good = answers("declared weak, it can be weakly referenced", ref != NULL, true) && good;
  tap_check(good, "SLOT-06", "unset slots, a subclass with a dict again, no weak references unless declared");
}

/* --- WR-29 --- */

static weft_object *forty_two(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return weft_int_new(42);
}
static void show_proxies(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Proxied", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *name = weft_str_intern("method"), *function = function_of(forty_two), *value = weft_int_new(7);
  weft_type_set(type, name, function);
  weft_object *o = weft_instance_new(type);
  weft_auto weft_object *proxy = weft_proxy_new(o, NULL);
  set_attribute(proxy, "value", value);
  weft_auto weft_object *through = weft_getattr_text(proxy, "value"), *itself = weft_getattr_text(o, "value");
  bool forwards = answers("proxy.value = 7; obj.value == 7", itself == value && through == value, true);
  weft_object *method = weft_getattr(o, name);
  weft_auto weft_object *plain = weak_to(method, NULL), *form = weft_weak_method_new(method, NULL);
  weft_decref(method);
  bool dead = answers("ref(obj.method)() is None", leads_to(plain, NULL), true);
  weft_object *again = weft_weakref_get(form), *result = weft_call(again, NULL, 0);
  bool lives = answers("WeakMethod(obj.method)()() == 42", result && weft_int_value(result) == 42, true);
  weft_xdecref(result);
  weft_decref(again);
  weft_clear(&o);
  bool gone = answers("del obj; WeakMethod(...)() is None", leads_to(form, NULL), true);
  tap_say("proxy.value");
  bool error = raises_object(weft_getattr_text(proxy, "value"), &weft_ReferenceError);
  tap_check(forwards && dead && lives && gone && error, "WR-29",
            "a proxy stands for its object, then ReferenceError; a method needs the form of its own");
}

/* --- WR-30 --- */

static void show_cycle(void) {
  weft_object *o = thing_new();
  set_attribute(o, "me", o);
  weft_auto weft_object *counter = function_of(count_call), *ref = weak_to(o, counter);
  calls = 0;
  weft_clear(&o);
  bool alive = !leads_to(ref, NULL);
  int64_t found = weft_gc_collect(2);
  tap_say("collect() finds %lld, the callback is called %d times", (long long)found, calls);
  tap_check(alive && found == 1 && calls == 1 && leads_to(ref, NULL), "WR-30",
            "from outside to a cycle that dies: called once, empty");
}

/* --- WR-31 --- */

enum { THREADS = 4, TRIES = 250000 };
static weft_object *place; /* a cell with the reference to the object that is alive just now */
static weft_object *owner; /* a cell with that object */

/* Returns how many dead ones it has seen. */
static void *dereference(void *unused) {
  (void)unused;
  intptr_t wrong = 0;
  if (!weft_attach()) abort();
  for (int i = 0; i < TRIES; i++) {
    weft_auto weft_object *ref = weft_cell_get(place), *o = weft_weakref_get(ref);
    wrong += o != WEFT_NONE && (o->type != thing_type || weft_refcount(o) < 1);
    if (i % 50 == 0) {
      weft_auto weft_object *next = thing_new(), *to_next = weak_to(next, NULL);
      weft_cell_set(owner, next); /* drops the one before, somewhere, sometime */
      weft_cell_set(place, to_next);
    }
  }
  weft_detach();
  return (void *)wrong;
}

static void show_race(void) {
  weft_auto weft_object *o = thing_new(), *ref = weak_to(o, NULL);
  owner = weft_cell_new(o);
  place = weft_cell_new(ref);
  pthread_t threads[THREADS];
  intptr_t wrong = 0;
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, dereference, NULL) != 0) abort();
  WEFT_BEGIN_ALLOW_THREADS
  for (int i = 0; i < THREADS; i++) {
    void *seen;
    pthread_join(threads[i], &seen);
    wrong += (intptr_t)seen;
  }
  WEFT_END_ALLOW_THREADS
  weft_clear(&owner);
  weft_clear(&place);
  tap_say("%d threads, %d dereferences, while others drop the object: %d dead objects seen", THREADS, THREADS * TRIES,
          (int)wrong);
  tap_check(wrong == 0, "WR-31", "dereferencing races with the last drop: a live object or None, never a dead one");
}

void show_references(void) {
  tap_title("References");
  show_life();
  show_callbacks();
  show_errors();
  show_sharing();
  show_equality();
  tap_title("Which types");
  show_types();
  show_slots();
  tap_title("Proxies, methods, cycles, threads");
  show_proxies();
  show_cycle();
  show_race();
}
