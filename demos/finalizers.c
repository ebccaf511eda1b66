/* SPDX-License-Identifier: MIT */
/*
 * Finalizers (Python's __del__): when they run, how often, and what they may do.
 *
 * The documents (number 004 of the seeds) show a class Resource that prints when it is made and destroyed. Here such
 * objects write to a log: Ca when `a` is made, Da when its finalizer runs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "demos/support/demo.h"
#include "demos/support/log.h"
#include "demos/support/objects.h"

enum { TIME_LIMIT_S = 60 };

/* --- FIN-01, FIN-02 --- */

static bool show_at_once(void) {
  log_clear();
  weft_object *r = resource_new("test");
  rebind(&r, WEFT_NONE);
  log_event("next-statement");
  tap_say("document 004: r = Resource(\"test\")  # Created: test     r = None  # Destroyed: test (at once!)");
  return log_check("FIN-01", "Ctest Dtest next-statement", "004: destroyed at once, before the next statement");
}

static int unraisable;
static void note_unraisable(weft_object *error, weft_object *where) {
  unraisable++;
  tap_say("Exception ignored while finalizing a '%s': %s: %s", weft_type_of(where)->spec.name,
          weft_type_of(error)->spec.name, weft_error_message(error));
}

/* What the document's finalizer does: it prints `name` where it means `self.name`. */
static void use_undefined_name(weft_object *self) {
  weft_auto weft_object *globals = weft_dict_new(), *name = weft_str_new("name");
  weft_auto weft_object *found = weft_dict_get(globals, name);
  if (!found) weft_raise(&weft_Exception, "name 'name' is not defined");
  (void)self;
}

static void show_mistake(void) {
  weft_unraisable_hook usual = weft_set_unraisable_hook(note_unraisable);
  unraisable = 0;
  resource_on_finalize = use_undefined_name;
  log_clear();
  weft_object *r = resource_new("test");
  rebind(&r, WEFT_NONE);
  log_event("next-statement");
  resource_on_finalize = NULL;
  weft_set_unraisable_hook(usual);
  tap_say(
      "The document's __del__ says `name`, not `self.name`: a NameError, and \"Destroyed: test\" is never printed.");
  tap_check(unraisable == 1 && !weft_error_borrow() && log_is("Ctest Dtest next-statement"), "FIN-02",
            "004: an error in a finalizer is reported once, and the program goes on");
}

/* --- FIN-03 to 05 --- */

static void drop_pair(const char *a_name, const char *b_name) {
  weft_auto weft_object *a = resource_new(a_name), *b = resource_new(b_name);
  weft_slot_set(a, RESOURCE_LINK, b);
  weft_slot_set(b, RESOURCE_LINK, a);
}

static bool show_cycle(void) {
  log_clear();
  drop_pair("a", "b");
  int64_t found = weft_gc_collect(2);
  weft_auto weft_object *garbage = weft_gc_garbage();
  tap_say("two that refer to each other: collect() %" PRId64 ", gc.garbage has %" PRId64, found,
          weft_list_length(garbage));
  tap_say("events: %s", log_text());
  bool both = log_is("Ca Cb Da Db") || log_is("Ca Cb Db Da");
  return tap_check(found == 2 && both && weft_list_length(garbage) == 0, "FIN-03",
                   "004: since Python 3.4 a cycle with finalizers is collected; all of them run");
}

static bool show_late(void) {
  log_clear();
  weft_decref(resource_in_cycle("a"));
  log_event("del");
  weft_decref(resource_new("b"));
  log_event("collect");
  weft_gc_collect(2);
  return log_check("FIN-04", "Ca del Cb Db collect Da", "004: in a cycle it runs at the collection, who knows when");
}

static weft_object *saved;
static void save(weft_object *self) { saved = weft_new_ref(self); }

/* True: as it must be if the object is saved when `drop` makes it die, and dropped again. */
static bool resurrects(const char *how, weft_object *o_steal, int64_t (*drop)(weft_object *), int64_t last) {
  saved = NULL;
  resource_on_finalize = save;
  weft_object *o = o_steal;
  int64_t first = drop(o_steal);
  bool back = saved == o && weft_gc_is_finalized(saved) == 1 && weft_refcount(saved) >= 1;
  int64_t second = back ? drop(saved) : -1;
  resource_on_finalize = NULL;
  tap_say("%-9s found %" PRId64 ", the object is back: %s; dropped again: found %" PRId64 "; events: %s", how, first,
          back ? "yes" : "no", second, log_text());
  return back && first == 0 && second == last && log_is("Ca Da");
}
static int64_t drop_counted(weft_object *o_steal) {
  weft_decref(o_steal);
  return 0;
}
static int64_t drop_and_collect(weft_object *o_steal) {
  weft_decref(o_steal);
  return weft_gc_collect(2);
}

static bool show_resurrection(void) {
  size_t before = live_blocks();
  log_clear();
  bool good = resurrects("collected", resource_in_cycle("a"), drop_and_collect, 1);
  log_clear();
  good = resurrects("counted", resource_new("a"), drop_counted, 0) && good;
  return tap_check(good && live_blocks() == before, "FIN-05",
                   "004: a finalizer may save its object; it runs only once, and then the object dies");
}

/* --- FIN-06 --- */

/* Python's `with`: what `weft_auto` is to references this is to what must be closed when a block ends. */
static void close_at_end(weft_object **connection) {
  log_event("close");
  weft_slot_set(*connection, RESOURCE_LINK, WEFT_NONE);
}
#define WITH __attribute__((cleanup(close_at_end)))

static int block(weft_object *connection, bool fails) {
  WITH weft_object *open = connection;
  (void)open;
  log_event("body");
  if (fails) {
    weft_raise(&weft_ValueError, "in the block");
    return -1;
  }
  log_event("end-of-body");
  return 0;
}

static void show_context_manager(void) {
  log_clear();
  weft_auto weft_object *c = resource_in_cycle("c");
  weft_object *other = weft_new_ref(c);
  block(c, false);
  log_event("after");
  bool failed = raises(block(c, true), &weft_ValueError);
  log_event("after-error");
  bool referred = weft_refcount(c) == 2;
  weft_decref(other);
  bool order = log_check(NULL, "Cc body end-of-body close after body close after-error",
                         "the block's end closes it, other references or not");
  tap_check(order && failed && referred, "FIN-06", "004: better than a finalizer: a context manager, on error as well");
}

/* --- FIN-08 --- */

static int initialise(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  log_event("init-fails");
  weft_raise(&weft_ValueError, "from the initialiser");
  return -1;
}
static void log_finalized(weft_object *self) {
  (void)self;
  log_event("finalized");
}

/* Half() */
static bool half_fails(void) {
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "Half", .flags = WEFT_TYPE_DICT, .init = initialise, .finalize = log_finalized});
  if (!type) abort();
  return raises_object(weft_call((weft_object *)(uintptr_t)type, NULL, 0), &weft_ValueError);
}

static bool show_failed_initialiser(void) {
  log_clear();
  bool failed = half_fails();
  log_event("next-statement");
  bool order = log_is("init-fails finalized next-statement");
  tap_say("events: %s", log_text());
  return tap_check(failed && order, "FIN-08", "004: it runs even if the initialiser has failed");
}

/* --- FIN-09 --- */

static weft_object *ref_to_dying;
static bool empty_inside;
static void look_at_ref(weft_object *self) {
  (void)self;
  empty_inside = weft_weakref_is_dead(ref_to_dying) == 1;
}
static bool empty_in_finalizer(weft_object *o_steal) {
  ref_to_dying = weft_weakref_new(o_steal, NULL);
  resource_on_finalize = look_at_ref;
  weft_decref(o_steal);
  weft_gc_collect(2);
  resource_on_finalize = NULL;
  bool empty_after = weft_weakref_is_dead(ref_to_dying) == 1;
  weft_clear(&ref_to_dying);
  return empty_inside && empty_after;
}

static void show_weak_references(void) {
  bool in_cycle = answers("in a collected cycle: ref() is None", empty_in_finalizer(resource_in_cycle("a")), true);
  bool plain = empty_in_finalizer(resource_new("a"));
  tap_say("on plain release:     ref() is None            Python False                here %s",
          plain ? "True" : "False");
  tap_say(
      "Here a weak reference never leads to an object whose finalizer runs: with several threads another one could");
  tap_say("take it meanwhile. It leads to it again if the finalizer saves it.");
  tap_check(in_cycle && plain, "FIN-09", "004: seen from a finalizer, weak references to its object are empty");
}

/* --- FIN-07, FU-06 --- */

static weft_object *log_hook(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  log_event("exit-hook");
  return WEFT_NONE;
}

/* Leaves a cycle, a global (an attribute of a class), and an exit hook, in this order. */
static void leave_three(void) {
  weft_decref(resource_in_cycle("cycle"));
  const weft_type *module = weft_type_new(&(weft_type_spec){.name = "module"});
  weft_auto weft_object *name = weft_str_new("name"), *global = resource_new("global");
  weft_object *held = weft_list_new();
  weft_auto weft_object *hook = weft_function_new("hook", log_hook, 0, NULL);
  if (!module || weft_type_set(module, name, global) < 0) abort();
  weft_decref(weft_finalizer_new(held, hook, 0, NULL));
  log_event("end");
}

static bool show_exit(void) {
  bool lived = log_of_a_life(leave_three);
  tap_say("a process that leaves a cycle, a global and an exit hook:");
  bool order = log_check(NULL, "Ccycle Cglobal end exit-hook Dglobal Dcycle", "hooks, globals, and then what is left");
  return tap_check(lived && order, "FIN-07", "004: at exit finalizers run in order: hooks, globals, remaining cycles");
}

/* All of it in one life. */
static void live_through_all(void) {
  weft_decref(resource_new("dropped"));
  weft_object *held = resource_new("held"), *other = weft_new_ref(held);
  weft_clear(&held);
  log_event("still-held");
  weft_clear(&other);
  weft_decref(resource_in_cycle("cycle"));
  log_event("collect");
  weft_gc_collect(2);
  resource_on_finalize = save;
  weft_decref(resource_new("saved"));
  resource_on_finalize = NULL;
  weft_clear(&saved);
  half_fails();
  leave_three();
}

static void show_timeline(bool each) {
  tap_title("One life");
  bool lived = log_of_a_life(live_through_all);
  bool order = log_check(NULL,
                         "Cdropped Ddropped Cheld still-held Dheld Ccycle collect Dcycle Csaved Dsaved "
                         "init-fails finalized Ccycle Cglobal end exit-hook Dglobal Dcycle",
                         "at the last drop, at a collection, at exit, and once each");
  tap_check(each && lived && order, "FU-06",
            "004: at the last drop, at collect, at exit; once; after a failed initialiser; not while it is held");
}

int main(void) {
  if (!demo_begin("finalizers", TIME_LIMIT_S) || !log_init()) return 1;
  weft_gc_disable(); /* collections only where they are shown */
  tap_title("When they run");
  bool at_once = show_at_once();
  bool late = show_late();
  bool at_exit = show_exit();
  bool half = show_failed_initialiser();
  tap_title("What they may do");
  show_mistake();
  bool cycle = show_cycle(), resurrection = show_resurrection();
  tap_check(cycle && resurrection, "FU-09", "004: finalizers run first, then the cycle goes; resurrection saves it");
  show_weak_references();
  show_context_manager();
  show_timeline(at_once && late && at_exit && half && resurrection);
  return demo_end();
}
