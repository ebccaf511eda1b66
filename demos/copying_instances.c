/* SPDX-License-Identifier: MIT */
/* Copies of instances; exercise 3; what copies cost. */
#include <inttypes.h>
#include <stdio.h>

#include "demos/copying.h"
#include "demos/support/timing.h"

static bool same(weft_object *a, weft_object *b) { return a && weft_is(a, b); }
static bool equal(weft_object *a, weft_object *b) { return a && b && weft_compare(a, b, WEFT_EQ) == 1; }

/* --- CP-34, 35 --- */

static int initialised;
static int count_init(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  initialised++;
  return 0;
}

static bool show_shallow_instance(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .init = count_init});
  weft_auto weft_object *o = weft_call((weft_object *)(uintptr_t)type, NULL, 0);
  set_attribute(o, "data", list_of_ints(2, 1, 2));
  weft_auto weft_object *copy = weft_copy(o);
  set_attribute(copy, "other", weft_int_new(1));
  bool shares = same(attribute(copy, "data"), attribute(o, "data")) && !same(copy, o) && copy->type == type;
  bool own = !attribute(o, "other");
  weft_error_clear();
  tap_say("init was called %d time, for the original", initialised);
  const weft_type *slots =
      weft_type_new(&(weft_type_spec){.name = "S", .slot_names = (const char *const[]){"x", "y", NULL}});
  weft_auto weft_object *s = weft_instance_new(slots);
  set_attribute(s, "x", list_of_ints(1, 1));
  weft_auto weft_object *t = weft_copy(s);
  bool filled = same(attribute(t, "x"), attribute(s, "x"));
  bool unset = !attribute(t, "y") && weft_error_is(&weft_AttributeError);
  weft_error_clear();
  return tap_check(
      shares && own && initialised == 1 && filled && unset, "CP-34",
      "004: a new instance with attributes of its own, which are the same objects; init is not called; slots "
      "that are not set stay so");
}

static bool show_instance_cycle(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Node", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *a = weft_instance_new(type);
  weft_auto weft_object *b = weft_instance_new(type);
  set_attribute(a, "value", weft_int_new(1));
  set_attribute(b, "value", weft_int_new(2));
  set_attribute(a, "other", weft_new_ref(b));
  set_attribute(b, "other", weft_new_ref(a));
  weft_auto weft_object *copy = weft_deepcopy(a, NULL);
  weft_object *other = attribute(copy, "other");
  bool types = copy->type == type && other->type == type;
  bool values =
      equal(attribute(copy, "value"), attribute(a, "value")) && equal(attribute(other, "value"), attribute(b, "value"));
  bool cycle = same(attribute(other, "other"), copy) && !same(other, b);
  weft_object *all[] = {a, copy};
  for (int i = 0; i < 2; i++) weft_setattr_text(all[i], "other", NULL);
  return tap_check(types && values && cycle, "CP-35", "002: a cycle of two instances keeps its types and values");
}

bool show_instances(void) {
  tap_title("Instances");
  bool good = show_shallow_instance();
  return show_instance_cycle() && good;
}

/* --- EX-03 --- */

static bool line(const char *what, weft_object *original, weft_object *shallow, weft_object *deep) {
  tap_say("  %-22s 0x%012" PRIxPTR "  shallow %-5s  deep %s", what, weft_id(original),
          same(shallow, original) ? "same" : "new", same(deep, original) ? "same" : "new");
  return !same(deep, original);
}

/* {'numbers': [1, 2], 'nested': {'letters': ['a']}} */
bool show_exercise(void) {
  tap_title("Exercise 3 of document 002: shallow and deep copies of a nested structure");
  weft_auto weft_object *letter = weft_str_new("a");
  weft_auto weft_object *letters = weft_list_of(1, &letter);
  weft_auto weft_object *numbers = list_of_ints(2, 1000, 2000);
  weft_auto weft_object *nested = dict_of("letters", weft_new_ref(letters));
  weft_auto weft_object *original = dict_of("numbers", weft_new_ref(numbers));
  weft_dict_set_text(original, "nested", nested);
  weft_auto weft_object *shallow = weft_copy(original);
  weft_auto weft_object *deep = weft_deepcopy(original, NULL);
  weft_auto weft_object *numbers_s = weft_dict_get_text(shallow, "numbers");
  weft_auto weft_object *numbers_d = weft_dict_get_text(deep, "numbers");
  weft_auto weft_object *nested_s = weft_dict_get_text(shallow, "nested");
  weft_auto weft_object *nested_d = weft_dict_get_text(deep, "nested");
  weft_auto weft_object *letters_s = weft_dict_get_text(nested_s, "letters");
  weft_auto weft_object *letters_d = weft_dict_get_text(nested_d, "letters");
  bool new = line("the dict", original, shallow, deep) && !same(shallow, original);
  new = line("['numbers']", numbers, numbers_s, numbers_d) && new;
  new = line("['nested']", nested, nested_s, nested_d) && new;
  new = line("['nested']['letters']", letters, letters_s, letters_d) && new;
  bool inner = same(numbers_s, numbers) && same(nested_s, nested) && same(letters_s, letters);
  line("['numbers'][0], an int", part(numbers, 0), part(numbers_s, 0), part(numbers_d, 0));
  bool atoms = same(part(numbers_d, 0), part(numbers, 0)) && same(part(letters_d, 0), letter);
  return tap_check(
      new &&inner &&atoms &&equal(deep, original), "EX-03",
      "shallow: the outer ids differ, the inner ones are equal; deep: all of mutable objects differ, atoms "
      "are shared");
}

/* --- CP-29, 30, 36 --- */

enum { INNER = 1000, MANY = 200000, ROUNDS = 200 };

static weft_object *lists(int n) {
  weft_object *all = weft_list_new();
  for (int i = 0; i < n; i++) {
    weft_auto weft_object *inner = list_of_ints(1, i);
    weft_list_append(all, inner);
  }
  return all;
}

static weft_object *deep_copy(weft_object *o) { return weft_deepcopy(o, NULL); }
static weft_object *whole_slice(weft_object *o) { return weft_list_slice(o, 0, INT64_MAX); }

struct way {
  weft_object *(*copy)(weft_object *);
  double best_ns;
};

static double ns_of(weft_object *(*copy)(weft_object *), weft_object *o) {
  uint64_t start = now_ns();
  weft_object *made = copy(o);
  double ns = (double)(now_ns() - start);
  weft_xdecref(made);
  return ns;
}

/* The best time of many for each way, taken in turn: what disturbs the machine for a while disturbs all. */
static void time_ways(struct way *ways, size_t n, weft_object *o) {
  for (int round = 0; round < ROUNDS; round++)
    for (size_t i = 0; i < n; i++) {
      double ns = ns_of(ways[i].copy, o);
      if (round == 0 || ns < ways[i].best_ns) ways[i].best_ns = ns;
    }
}

static bool show_nested(void) {
  weft_auto weft_object *o = lists(INNER);
  struct way ways[] = {{weft_copy, 0}, {deep_copy, 0}};
  time_ways(ways, 2, o);
  double shallow = ways[0].best_ns, deep = ways[1].best_ns;
  tap_say("%d inner lists: shallow %.2f us, deep %.1f us (Python: 1.24 and 427)", INNER, shallow / 1e3, deep / 1e3);
  return tap_check(deep >= 10 * shallow, "CP-29", "002: a deep copy takes %.0f times as long", deep / shallow);
}

static bool show_flat(void) {
  weft_auto weft_object *one = list_of_ints(1, 0);
  weft_auto weft_object *flat = weft_list_repeat(one, INNER);
  enum { SLICE, LIST, COPY, DEEP, WAYS };
  struct way ways[WAYS] = {{whole_slice, 0}, {weft_list_from, 0}, {weft_copy, 0}, {deep_copy, 0}};
  time_ways(ways, WAYS, flat);
  tap_say("what is wanted         what to use      %d ints", INNER);
  tap_say("  a new outer list     [:]              %6.2f us", ways[SLICE].best_ns / 1e3);
  tap_say("                       list()           %6.2f us", ways[LIST].best_ns / 1e3);
  tap_say("                       copy.copy        %6.2f us", ways[COPY].best_ns / 1e3);
  tap_say("  independent parts    copy.deepcopy    %6.2f us", ways[DEEP].best_ns / 1e3);
  double most = 2 * ways[COPY].best_ns;
  return tap_check(ways[SLICE].best_ns <= most && ways[LIST].best_ns <= most, "CP-30",
                   "000, table: flat forms take no longer than twice copy.copy");
}

static bool show_memory(void) {
  weft_auto weft_object *o = lists(MANY);
  size_t before = bytes_in_use();
  weft_object *shallow = weft_copy(o);
  size_t of_shallow = bytes_in_use() - before;
  weft_decref(shallow);
  before = bytes_in_use();
  weft_object *deep = weft_deepcopy(o, NULL);
  size_t of_deep = bytes_in_use() - before;
  weft_decref(deep);
  tap_say("%d one-item lists: a shallow copy takes %zu bytes, a deep one %zu", MANY, of_shallow, of_deep);
  size_t pointers = MANY * sizeof(weft_object *);
  return tap_check(of_shallow >= pointers && of_shallow <= pointers + 256 && of_deep >= 5 * of_shallow, "CP-36",
                   "a shallow copy takes 8 bytes an item and a header, a deep one %.1f times as much",
                   (double)of_deep / (double)of_shallow);
}

bool show_costs(void) {
  tap_title("Costs");
  bool good = show_nested();
  good = show_flat() && good;
  return show_memory() && good;
}
