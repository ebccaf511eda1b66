/* SPDX-License-Identifier: MIT */
/* `is` asks whether it is the same object, == asks the objects. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <weft/sync/atomic.h>

#include "demos/identity.h"
#include "demos/support/workers.h"

/* --- ID-06, 36, 41 --- */

static bool show_alias_and_equal(const char *row, const char *source) {
  weft_auto weft_object *a = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *b = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *c = weft_new_ref(a);
  tap_say("a = [1, 2, 3]: 0x%" PRIxPTR "; b = [1, 2, 3]: 0x%" PRIxPTR "; c = a: 0x%" PRIxPTR, weft_id(a), weft_id(b),
          weft_id(c));
  bool good = answers("a == b", weft_compare(a, b, WEFT_EQ) == 1, true);
  good = answers("a is b", weft_is(a, b), false) && good;
  good = answers("a is c", weft_is(a, c), true) && good;
  return tap_check(good && weft_id(a) == weft_id(c) && weft_id(a) != weft_id(b), row,
                   "%s: equal lists are two objects, an alias is the same one", source);
}

/* --- ID-38 --- */

static bool show_reuse(void) {
  enum { N = 1000 };
  uintptr_t ids[2];
  for (int i = 0; i < 2; i++) {
    weft_object *list = weft_list_new();
    ids[i] = weft_id(list);
    weft_decref(list);
  }
  weft_auto weft_object *alive = weft_list_new();
  for (int i = 0; i < N; i++) {
    weft_auto weft_object *list = weft_list_new();
    weft_list_append(alive, list);
  }
  int64_t different = distinct(alive);
  tap_say("id([]) = 0x%" PRIxPTR ", and once more 0x%" PRIxPTR ": %s", ids[0], ids[1],
          ids[0] == ids[1] ? "the first list was gone, its memory was used again" : "another");
  return tap_check(different == N, "ID-38", "000, 002: an id is unique among live objects: %d lists, %d ids", N,
                   (int)different);
}

bool show_is(void) {
  tap_title("Identity and equality");
  bool good = show_alias_and_equal("ID-06", "000");
  good = show_alias_and_equal("ID-36", "002") && good;
  good = show_alias_and_equal("ID-41", "004") && good;
  return show_reuse() && good;
}

/* --- ID-40 --- */

static int asked;

static int compare_counted(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  asked++;
  return op == WEFT_EQ;
}

static bool show_hook(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "counted", .compare = compare_counted});
  weft_auto weft_object *a = weft_object_new(type, 0);
  weft_auto weft_object *b = weft_object_new(type, 0);
  asked = 0;
  bool equal = true, same = false;
  for (int i = 0; i < 4; i++) same = weft_is(a, b) || same;
  int by_is = asked;
  for (int i = 0; i < 4; i++) equal = weft_compare(a, b, WEFT_EQ) == 1 && equal;
  int by_equal = asked - by_is;
  tap_say("a is b, four times: the hook is called %d times; a == b, four times: %d times", by_is, by_equal);
  return tap_check(by_is == 0 && by_equal == 4 && equal && !same, "ID-40",
                   "004: `is` compares ids; == calls the hook of the type");
}

/* --- ID-42 --- */

static int always_equal(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b;
  return op == WEFT_EQ;
}

static bool show_none(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "agreeable", .compare = always_equal});
  weft_auto weft_object *x = weft_new_ref(WEFT_NONE);
  weft_auto weft_object *agreeable = weft_object_new(type, 0);
  bool good = answers("x = None; x is None", weft_is(x, WEFT_NONE), true);
  good = answers("x == None", weft_compare(x, WEFT_NONE, WEFT_EQ) == 1, true) && good;
  good = answers("agreeable == None", weft_compare(agreeable, WEFT_NONE, WEFT_EQ) == 1, true) && good;
  good = answers("agreeable is None", weft_is(agreeable, WEFT_NONE), false) && good;
  return tap_check(good, "ID-42", "004: ask for None by `is`; == asks the other object, which may say anything");
}

/* --- ID-43 --- */

static const char *const coordinates[] = {"x", "y", NULL};

static int point_init(weft_object *self, weft_object *const *args, size_t n) {
  if (n == 2) return weft_slot_set(self, 0, args[0]) < 0 ? -1 : weft_slot_set(self, 1, args[1]);
  weft_raise(&weft_TypeError, "Point() takes x and y");
  return -1;
}

static bool same_slot(weft_object *a, weft_object *b, size_t slot) {
  weft_auto weft_object *x = weft_slot_get(a, slot);
  weft_auto weft_object *y = weft_slot_get(b, slot);
  return weft_compare(x, y, WEFT_EQ) == 1;
}

/* The one hook answers == and !=; of other types it says that it does not know. */
static int point_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (weft_type_of(a) != weft_type_of(b) || (op != WEFT_EQ && op != WEFT_NE)) return WEFT_NOT_IMPLEMENTED;
  return (same_slot(a, b, 0) && same_slot(a, b, 1)) == (op == WEFT_EQ);
}

static weft_object *call_type(const weft_type *type, size_t n, weft_object *const *args) {
  return weft_call((weft_object *)(uintptr_t)type, args, n);
}

static bool show_point(void) {
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "Point", .slot_names = coordinates, .init = point_init, .compare = point_compare});
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *two = weft_int_new(2);
  weft_auto weft_object *five = weft_int_new(5);
  weft_auto weft_object *p1 = call_type(type, 2, (weft_object *[]){one, two});
  weft_auto weft_object *p2 = call_type(type, 2, (weft_object *[]){one, two});
  weft_auto weft_object *p3 = call_type(type, 2, (weft_object *[]){one, five});
  bool good = answers("p1 = Point(1, 2); p2 = Point(1, 2); p1 == p2", weft_compare(p1, p2, WEFT_EQ) == 1, true);
  good = answers("p1 is p2", weft_is(p1, p2), false) && good;
  good = answers("p1 == 5", weft_compare(p1, five, WEFT_EQ) == 1, false) && good;
  good = answers("p1 != p2", weft_compare(p1, p2, WEFT_NE) == 1, false) && good;
  good = answers("p1 != Point(1, 5)", weft_compare(p1, p3, WEFT_NE) == 1, true) && good;
  tap_say("hash(p1)");
  good = is_unhashable(p1) && good;
  return tap_check(good, "ID-43",
                   "004: equality of one's own; not knowing about others is unequal; and no hash is left");
}

/* --- ID-45 --- */

static bool show_nan(void) {
  weft_auto weft_object *nan = weft_float_new(NAN);
  weft_auto weft_object *other = weft_float_new(NAN);
  weft_auto weft_object *a = weft_list_of(1, &nan);
  weft_auto weft_object *b = weft_list_of(1, &nan);
  weft_auto weft_object *c = weft_list_of(1, &other);
  bool asked_itself = weft_type_of(nan)->spec.compare(nan, nan, WEFT_EQ) == 1;
  bool good = answers("[nan] == [another nan]", weft_compare(a, c, WEFT_EQ) == 1, false);
  good = answers("[nan] == [nan]", weft_compare(a, b, WEFT_EQ) == 1, true) && good;
  good = answers("nan == nan", asked_itself, false) && good;
  good = answers("nan in [nan]", weft_list_contains(a, nan) == 1, true) && good;
  tap_say("(nan == nan asks the float; weft_compare, like everything that looks into containers, takes an object for");
  tap_say("equal to itself without asking)");
  return tap_check(good, "ID-45", "004, errors: containers look at identity first, then ask for equality");
}

bool show_equality(void) {
  bool good = show_hook();
  good = show_none() && good;
  good = show_point() && good;
  return show_nan() && good;
}

/* --- ID-44 --- */

enum { RACERS = 8, RACES = 20 };

static weft_object *registry;    /* a cell: the one instance */
static int made, initialised;    /* both in a section on the registry */
static uint32_t waiting_to_race; /* atomic */

/* The allocation hook: the instance there is, or the first one. No two threads are in the section at once: the registry
 * is looked at again after the wait that a thread's first look at it may be. */
static weft_object *singleton_make(const weft_type *type, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  if (weft_critical_begin(registry) != 0) return NULL;
  weft_object *one = weft_cell_get(registry);
  if (!one) {
    weft_error_clear();
    one = weft_instance_new(type);
    if (one) weft_cell_set(registry, one);
    made++;
  }
  weft_critical_end();
  return one;
}

static int singleton_init(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  if (weft_critical_begin(registry) != 0) return -1;
  initialised++;
  weft_critical_end();
  return 0;
}

/* All of them call at about the same time. */
static weft_object *race(size_t index, void *type) {
  (void)index;
  weft__sub_acq_rel(&waiting_to_race, 1u); /* order: acq_rel: nothing depends on it */
  while (weft__load_acquire(&waiting_to_race)) weft_poll();
  return call_type(type, 0, NULL);
}

static bool race_once(const weft_type *type) {
  weft_object *results[RACERS] = {NULL};
  weft_auto weft_object *cell = weft_cell_new(NULL);
  registry = cell;
  made = 0;
  weft__store_release(&waiting_to_race, (uint32_t)RACERS);
  bool good = run_threads(RACERS, race, (void *)(uintptr_t)type, results);
  for (int i = 0; i < RACERS; i++) {
    good = good && results[i] && results[i] == results[0];
    weft_xdecref(results[i]);
  }
  return good && made == 1;
}

bool show_singleton(void) {
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "Singleton", .flags = WEFT_TYPE_DICT, .make = singleton_make, .init = singleton_init});
  weft_auto weft_object *cell = weft_cell_new(NULL);
  registry = cell;
  weft_auto weft_object *s1 = call_type(type, 0, NULL);
  weft_auto weft_object *s2 = call_type(type, 0, NULL);
  bool good = answers("s1 = Singleton(); s2 = Singleton(); s1 is s2", s1 && weft_is(s1, s2), true);
  tap_say("made %d, initialised %d times: once by each call", made, initialised);
  good = made == 1 && initialised == 2 && good;
  for (int i = 0; i < RACES && good; i++) good = race_once(type);
  return tap_check(good, "ID-44",
                   "004: a singleton by the allocation hook; %d threads at once get one, made once, %d times", RACERS,
                   RACES);
}
