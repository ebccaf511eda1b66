/* SPDX-License-Identifier: MIT */
/* Finalizers of single objects: clean-up that does not keep what it cleans up after. */
#include <stdlib.h>

#include "demos/support/log.h"
#include "demos/weak.h"

static weft_object *say(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  for (size_t i = 0; i < n; i++) log_event(weft_str_utf8(args[i], NULL));
  return weft_int_new(42);
}

static weft_object *saying(weft_object *o, const char *text) {
  weft_auto weft_object *f = function_of(say), *arg = weft_str_new(text);
  weft_object *finalizer = weft_finalizer_new(o, f, 1, &arg);
  if (!finalizer) abort();
  return finalizer;
}

/* --- WR-23 --- */

static void show_cleanup(void) {
  weft_object *o = named_new("test");
  weft_auto weft_object *f = saying(o, "Cleaning up test");
  log_clear();
  log_event("before");
  weft_clear(&o);
  log_event("after");
  tap_say("f.alive: %s", weft_finalizer_is_alive(f) == 1 ? "True" : "False");
  log_check("WR-23", "before Cleaning up test after", "004: called at once when the object dies");
}

/* --- WR-24, FU-11 --- */

static bool is_42(weft_object *result_steal) {
  bool is = result_steal && result_steal != WEFT_NONE && weft_int_value(result_steal) == 42;
  weft_xdecref(result_steal);
  return is;
}

static void show_life(void) {
  log_clear();
  weft_object *o = thing_new();
  weft_auto weft_object *f = saying(o, "once");
  bool good = answers("f.alive", weft_finalizer_is_alive(f) == 1, true);
  weft_clear(&o);
  good = answers("del obj; f.alive", weft_finalizer_is_alive(f) == 1, false) && good;
  good = answers("f() is None", weft_finalizer_call(f) == WEFT_NONE && log_is("once"), true) && good;
  o = thing_new();
  weft_auto weft_object *called = saying(o, "called"), *detached = saying(o, "detached");
  good = answers("f() == 42, by hand", is_42(weft_finalizer_call(called)), true) && good;
  weft_auto weft_object *parts = weft_finalizer_detach(detached);
  good = answers("f.detach() gives what it had", weft_tuple_length(parts) == 3, true) && good;
  weft_clear(&parts);
  weft_auto weft_object *first = saying(o, "first"), *second = saying(o, "second");
  weft_clear(&o);
  tap_say("events: %s", log_text());
  good = weft_finalizer_is_alive(first) == 0 && weft_finalizer_is_alive(second) == 0 && good;
  good = log_is("once called second first") && good;
  tap_check(good, "WR-24", "004: once only, by hand or by death; detached never; the last registered first");
  tap_check(good, "FU-11", "004: a registry keeps a weak reference with a function, called once, at death or exit");
}

/* --- WR-25 --- */

static void live_with_three(void) {
  weft_object *o = thing_new();
  weft_decref(saying(o, "A"));
  weft_decref(saying(o, "B"));
  weft_auto weft_object *off = saying(o, "switched off");
  weft_finalizer_set_at_exit(off, false);
}

static void show_exit(void) {
  bool lived = log_of_a_life(live_with_three);
  tap_say("a process ends with three alive: %s", log_text());
  tap_check(lived && log_is("B A"), "WR-25", "004: at exit, last first, but not the one that is switched off");
}

/* --- WR-26, WR-27 --- */

static void show_cycle(void) {
  log_clear();
  weft_object *o = thing_new();
  set_attribute(o, "me", o);
  weft_auto weft_object *f = saying(o, "collected");
  weft_clear(&o);
  bool before = log_is("") && weft_finalizer_is_alive(f) == 1;
  weft_gc_collect(2);
  tap_say("in a cycle: before collect() nothing, then: %s", log_text());
  tap_check(before && log_is("collected"), "WR-26", "004: in a cycle it is called by the collection");
}

static void show_mistake(void) {
  weft_object *o = thing_new(), *counter = function_of(count_call);
  weft_auto weft_object *ref = weak_to(o, NULL), *f = weft_finalizer_new(o, counter, 1, &o);
  weft_clear(&o);
  weft_clear(&counter);
  weft_gc_collect(2);
  bool alive = !leads_to(ref, NULL);
  tap_say("the function's argument is the object (in Python, often a bound method): alive after collect(): %s",
          alive ? "yes" : "no");
  weft_auto weft_object *parts = weft_finalizer_detach(f);
  weft_clear(&parts);
  tap_check(alive && leads_to(ref, NULL), "WR-27",
            "004: a callback that holds its object keeps it for ever, until detached");
}

void show_finalizers(void) {
  tap_title("Finalizers");
  show_cleanup();
  show_life();
  show_exit();
  show_cycle();
  show_mistake();
}
