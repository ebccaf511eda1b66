/* SPDX-License-Identifier: MIT */
/* Objects that are never freed, whose count means nothing; and what can be asked about any object. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demos/refcount.h"

enum { MANY = 1000 };

/* By how much the reported count moves when a thousand references are added. */
static int64_t delta_of_many(weft_object *o) {
  int64_t before = weft_refcount(o);
  for (int i = 0; i < MANY; i++) weft_incref(o);
  int64_t after = weft_refcount(o);
  for (int i = 0; i < MANY; i++) weft_decref(o);
  return after - before;
}

/* --- REF-19 --- */

static bool show_one(const char *name, weft_object *o, int64_t fixed) {
  int64_t delta = delta_of_many(o);
  tap_say("%-6s count %" PRId64 ", %d more references change it by %" PRId64, name, weft_refcount(o), MANY, delta);
  return weft_is_immortal(o) && delta == 0 && weft_refcount(o) == fixed;
}

static bool all_small_ints_fixed(int64_t fixed) {
  bool good = true;
  for (int64_t value = -5; value <= 256; value++) {
    weft_object *o = weft_int_new(value);
    good = good && weft_is_immortal(o) && weft_refcount(o) == fixed && delta_of_many(o) == 0;
  }
  return good;
}

/* Where Python differs from us, which is no fault: it has one empty string and one of each character. */
static void show_strings(void) {
  weft_auto weft_object *empty = weft_str_new("");
  weft_auto weft_object *a = weft_str_new("a");
  tap_say("'' %s, 'a' %s; in Python both are immortal (a difference, REF-19)",
          weft_is_immortal(empty) ? "is immortal" : "is counted", weft_is_immortal(a) ? "is immortal" : "is counted");
}

static bool is_mortal(int64_t value) {
  weft_auto weft_object *o = weft_int_new(value);
  int64_t delta = delta_of_many(o);
  tap_say("%-6" PRId64 " count %" PRId64 ", %d more references change it by %" PRId64, value, weft_refcount(o), MANY,
          delta);
  return !weft_is_immortal(o) && weft_refcount(o) == 1 && delta == MANY;
}

static void show_fixed_counts(void) {
  weft_object *empty = weft_tuple_new(0, NULL), *first = weft_int_new(-5), *last = weft_int_new(256);
  int64_t fixed = weft_refcount(WEFT_NONE);
  bool good = fixed > INT32_MAX;
  good = show_one("None", WEFT_NONE, fixed) && good;
  good = show_one("True", WEFT_TRUE, fixed) && good;
  good = show_one("False", WEFT_FALSE, fixed) && good;
  good = show_one("()", empty, fixed) && good;
  good = show_one("list", (weft_object *)(uintptr_t)&weft_list_type, fixed) && good;
  good = show_one("-5", first, fixed) && good;
  good = show_one("256", last, fixed) && all_small_ints_fixed(fixed) && good;
  tap_say("(a large fixed number; negative is Weft's way to say immortal; Python 3.14 shows 3221225472)");
  show_strings();
  good = is_mortal(257) && good;
  good = is_mortal(-6) && good;
  tap_check(good, "REF-19", "None, True, False, (), types and -5 to 256 have a fixed count; 257 and -6 are counted");
}

/* --- REF-23 --- */

static void show_what_really_happens(void) {
  size_t none = live_blocks();
  weft_object *thousand = weft_int_new(1000);
  size_t one = live_blocks();
  int64_t count = weft_refcount(thousand);
  weft_clear(&thousand);
  size_t gone = live_blocks();
  weft_object *x = weft_int_new(42), *y = weft_int_new(42);
  size_t cached = live_blocks();
  tap_say("document 002: x = 42: an int object is made in the heap, x refers to it, its count is raised");
  tap_say("x = 1000: %zu block more, count 0 to %" PRId64 "; del x: %zu block less", one - none, count, one - gone);
  tap_say("x = 42:   %zu blocks more, the object was there before; %d more references change its count by %" PRId64,
          cached - gone, MANY, delta_of_many(x));
  tap_check(one == none + 1 && count == 1 && gone == none && cached == gone && x == y && weft_is_immortal(x), "REF-23",
            "true for 1000; 42 is preallocated and immortal: nothing is made, nothing counted");
}

/* --- REF-20 --- */

static void show_tools(void) {
  char hex[32];
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "thing"});
  weft_auto weft_object *o = weft_object_new(type, 0);
  weft_auto weft_object *repr = weft_repr(o);
  snprintf(hex, sizeof hex, "0x%" PRIxPTR, weft_id(o));
  tap_say("count %" PRId64 ", id %" PRIuPTR ", hex(id) %s, repr %s", weft_refcount(o), weft_id(o), hex,
          weft_str_utf8(repr, NULL));
  bool was_on = weft_gc_is_enabled();
  weft_gc_disable();
  bool off = !weft_gc_is_enabled();
  weft_gc_enable();
  tap_say("the collector: %s; switched off and on again: %s", was_on ? "on" : "off", off ? "obeyed" : "ignored");
  tap_check(strstr(weft_str_utf8(repr, NULL), hex) && weft_refcount(o) == 1 && was_on && off && weft_gc_is_enabled(),
            "REF-20", "000: the collector's controls, the count, the address, and as hex, as in the default repr");
}

void show_immortals(void) {
  tap_title("Immortal objects");
  show_fixed_counts();
  show_what_really_happens();
  tap_title("What can be asked about an object");
  show_tools();
}
