/* SPDX-License-Identifier: MIT */
/*
 * Copying: what a shallow copy shares and a deep one does not, the memo, hooks, what cannot be copied, and the costs.
 *
 * The documents (000 §4, 002 and 004 Q7) show this with Python's copy module; here copy.copy is weft_copy,
 * copy.deepcopy weft_deepcopy, `__copy__` and `__deepcopy__` are slots of a type's spec.
 */
#include "demos/copying.h"

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 120 };

weft_object *part(weft_object *o, int64_t i) {
  weft_object *item = weft_tuple_check(o) ? weft_tuple_get(o, i) : weft_list_get(o, i);
  weft_xdecref(item);
  return item;
}

weft_object *attribute(weft_object *o, const char *name) {
  weft_object *value = weft_getattr_text(o, name);
  weft_xdecref(value);
  return value;
}

void set_attribute(weft_object *o, const char *name, weft_object *value_steal) {
  weft_setattr_text(o, name, value_steal);
  weft_decref(value_steal);
}

weft_object *pair_of_pairs(int a, int b, int c, int d) {
  weft_auto weft_object *first = list_of_ints(2, a, b);
  weft_auto weft_object *second = list_of_ints(2, c, d);
  return weft_list_of(2, (weft_object *[]){first, second});
}

void set_inner(weft_object *list, int64_t i, int64_t j, int value) {
  weft_auto weft_object *number = weft_int_new(value);
  weft_list_set(part(list, i), j, number);
}

/* --- CP-31, FU-19 to 21 --- */

static bool line(const char *text, const char *rows, bool shown_above) {
  tap_say("%s %s (%s)", shown_above ? "✓" : "✗", text, rows);
  return shown_above;
}

static void summarise(bool tables, bool memo, bool hooks) {
  tap_title("Summary of document 000, §4.5, and the follow-up questions of 004");
  bool good = line("A shallow copy makes a new outer object, and shares what is in it", "CP-02, CP-06", tables);
  good = line("A deep copy makes all of it new", "CP-03, CP-04", tables) && good;
  good = line("Slices and constructors are shallow", "CP-05, CP-11, CP-12", tables) && good;
  tap_check(good, "CP-31", "each line of the summary is what the checks above have shown");
  tap_check(memo, "FU-19", "cycles are copied by deepcopy, which remembers what it has copied (CP-24, CP-35)");
  tap_check(memo && hooks, "FU-20",
            "the memo ends recursion, keeps sharing and keeps the sources alive (CP-21 to 23, CP-25)");
  tap_check(
      memo && hooks, "FU-21",
      "deepcopy fails for threads, iterators, views and the like, and when hooks drop the memo (CP-22, 27); depth "
      "is not among the reasons here (CP-28)");
}

int main(void) {
  if (!demo_begin("copying", TIME_LIMIT_S)) return 1;
  bool tables = show_tables();
  bool memo = show_memo();
  bool hooks = show_hooks();
  memo = show_instances() && memo;
  show_exercise();
  show_costs();
  summarise(tables, memo, hooks);
  return demo_end();
}
