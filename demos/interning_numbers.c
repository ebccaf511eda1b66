/* SPDX-License-Identifier: MIT */
/* Small ints: -5 to 256 are one object each. */
#include <inttypes.h>
#include <stdio.h>

#include "demos/interning.h"

/* Are two ints of the same value, made one after the other, one object? */
static bool is_one_object(int64_t value) {
  weft_auto weft_object *a = weft_int_new(value);
  weft_auto weft_object *b = weft_int_new(value);
  return weft_is(a, b);
}

/* --- INT-01 to 03 --- */

static void show_small(const char *row, const char *source, int value) {
  char line[64];
  snprintf(line, sizeof line, "a = %d; b = %d; a is b", value, value);
  tap_check(answers(line, is_one_object(value), true), row, "%s: %d is one object", source, value);
}

/* --- INT-04, 05 --- */

static void show_large(const char *row, const char *source, int value) {
  weft_auto weft_object *unit = unit_new();
  weft_auto weft_object *other = unit_new();
  weft_auto weft_object *a = unit_constant(unit, weft_int_new(value));
  weft_auto weft_object *b = unit_constant(unit, weft_int_new(value));
  weft_auto weft_object *c = unit_constant(other, weft_int_new(value));
  char line[64];
  snprintf(line, sizeof line, "a = %d; b = %d, each made by itself; a is b", value, value);
  bool good = answers(line, is_one_object(value), false);
  good = answers("  both in one script (one unit)", weft_is(a, b), true) && good;
  good = answers("  in two lines that are typed in (two units)", weft_is(a, c), false) && good;
  tap_check(good, row, "%s, \"False\": true of ints made at run time; a script's equal constants are one object",
            source);
}

/* --- INT-06, 07 --- */

/* The first value from `start` on of which there are two objects. */
static int64_t first_not_cached(int64_t start) {
  while (is_one_object(start)) start++;
  return start;
}

static void show_bounds(void) {
  enum { LOWEST = -50, HIGHEST = 2000 };
  int64_t low = HIGHEST, high = LOWEST;
  bool whole = true;
  for (int64_t value = LOWEST; value <= HIGHEST; value++) {
    if (!is_one_object(value)) continue;
    whole = whole && (low == HIGHEST || value == high + 1);
    low = value < low ? value : low;
    high = value;
  }
  weft_auto weft_object *limit = weft_int_new(256);
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *sum = weft_subtract(limit, one);
  weft_auto weft_object *cached = weft_int_new(255);
  weft_auto weft_object *beyond = weft_add(limit, one);
  weft_auto weft_object *again = weft_add(limit, one);
  bool computed = weft_is(sum, cached) && !weft_is(beyond, again);
  tap_say("of %d to %d, one object each: %" PRId64 " to %" PRId64 "; results of arithmetic, too", LOWEST, HIGHEST, low,
          high);
  tap_check(whole && low == -5 && high == 256 && computed, "INT-06", "002, 004: exactly -5 to 256 are cached");
}

static void show_loop(void) {
  int64_t from_minus_10 = first_not_cached(-10), from_0 = first_not_cached(0);
  tap_say("004: for i in range(-10, 260): a = i; b = i; if a is not b: print(i)  # 257");
  tap_say("It prints nothing: a and b are names of one object. Made twice, the first that is not cached, from -10 on,");
  tap_say("is %" PRId64 "; from 0 on it is %" PRId64, from_minus_10, from_0);
  bool found = false;
  for (int64_t i = -10; i < 260; i++) {
    weft_auto weft_object *a = weft_int_new(i);
    weft_object *b = a;
    found = found || !weft_is(a, b);
  }
  tap_check(!found && from_minus_10 == -10 && from_0 == 257, "INT-07",
            "004's loop as printed finds nothing; values made twice show 257");
}

void show_numbers(void) {
  tap_title("Ints");
  show_small("INT-01", "002", 42);
  show_small("INT-02", "004", 100);
  show_small("INT-03", "004", 256);
  show_large("INT-04", "004", 257);
  show_large("INT-05", "002, 004", 1000);
  show_bounds();
  show_loop();
}
