/* SPDX-License-Identifier: MIT */
/*
 * Containers: how they grow, what packed numbers save, and what it means that a bytearray can change.
 *
 * The documents (numbers 000, 001 and 002 of the seeds) describe CPython's. Figures of Weft's own are printed beside
 * the document's; what is checked is that the document's statement holds.
 */
#include <stdio.h>

#include "demos/containers.h"
#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 60, NUMBERS = 100000 };

/* --- GROW-01 to 03, and the same of arrays and bytearrays --- */

/* A container that is appended to. */
struct growing {
  const char *name;
  weft_object *container;
  int (*append)(weft_object *container, weft_object *item);
  int64_t (*capacity)(weft_object *container);
  int steps;       /* changes of capacity so far */
  double smallest; /* of the steps after the 1000th item: the new capacity by the old one */
  double largest;
  bool fits; /* capacity never below length */
};

static void grow(struct growing *g, char *text, size_t size) {
  size_t used = 0;
  int64_t room = g->capacity(g->container);
  g->smallest = 100;
  g->fits = true;
  for (int64_t i = 1; i <= NUMBERS; i++) {
    g->append(g->container, WEFT_TRUE);
    int64_t now = g->capacity(g->container);
    g->fits = g->fits && now >= i;
    if (now == room) continue;
    double ratio = room ? (double)now / (double)room : 1;
    if (i > 1000 && ratio < g->smallest) g->smallest = ratio;
    if (i > 1000 && ratio > g->largest) g->largest = ratio;
    if (g->steps++ < 12) used += (size_t)snprintf(text + used, size - used, " %d", (int)now);
    room = now;
  }
}

static void show_growth(void) {
  tap_title("Growth");
  struct growing all[] = {
      {.name = "list", .container = weft_list_new(), .append = weft_list_append, .capacity = weft_list_capacity},
      {.name = "array", .container = weft_array_new('i'), .append = weft_array_append, .capacity = weft_array_capacity},
      {.name = "bytearray",
       .container = weft_bytearray_new(NULL, 0),
       .append = weft_bytearray_append,
       .capacity = weft_bytearray_capacity}};
  char text[256];
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    grow(&all[i], text, sizeof text);
    tap_say("%-9s grows to%s, ...; later by %.1f to %.1f %%; %d times for %d items", all[i].name, text,
            100 * (all[i].smallest - 1), 100 * (all[i].largest - 1), all[i].steps, NUMBERS);
  }
  tap_say("document: spare slots behind the items; CPython's list grows to 4 8 16 24 32 40 52 64 76 92 108 128");
  tap_check(all[0].fits && all[0].smallest > 1.11 && all[0].largest < 1.14, "GROW-01",
            "a list grows in steps, by an eighth");
  tap_check(all[0].steps <= 100, "GROW-02", "%d appends moved the items %d times", NUMBERS, all[0].steps);
  tap_check(all[1].fits && all[1].smallest > 1.05 && all[1].largest < 1.08 && all[2].fits && all[2].smallest > 1.11 &&
                all[2].largest < 1.14,
            NULL, "an array grows by a sixteenth, a bytearray by an eighth, as CPython's");
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weft_decref(all[i].container);
}

static void show_shrinking(void) {
  weft_auto weft_object *list = weft_list_new();
  for (int i = 0; i < 64; i++) weft_list_append(list, WEFT_TRUE);
  int64_t room = weft_list_capacity(list), full = room;
  char text[256];
  size_t used = 0;
  bool never_half_empty = true;
  for (int i = 63; i >= 0; i--) {
    weft_decref(weft_list_pop(list, -1));
    int64_t now = weft_list_capacity(list);
    if (now != room) used += (size_t)snprintf(text + used, sizeof text - used, " %d", (int)now);
    room = now;
    never_half_empty = never_half_empty && now <= 2 * i + 8;
  }
  weft_auto weft_object *cleared = weft_list_new();
  int64_t empty = weft_list_capacity(cleared);
  for (int i = 0; i < 64; i++) weft_list_append(cleared, WEFT_TRUE);
  weft_list_clear(cleared);
  tap_say("64 items popped: room for %d,%s", (int)full, text);
  tap_check(never_half_empty && room < full / 2 && weft_list_capacity(cleared) == empty, "GROW-03",
            "a list shrinks when less than half is used; cleared it has room for %d", (int)weft_list_capacity(cleared));
}

/* --- ARR-01 to 03 --- */

static weft_object *numbers[NUMBERS];

/* A list or array of all numbers, appended one by one. */
static weft_object *filled(weft_object *container, int (*append)(weft_object *, weft_object *)) {
  for (int i = 0; container && i < NUMBERS; i++)
    if (append(container, numbers[i]) < 0) weft_clear(&container);
  return container;
}

static bool same_values(weft_object *list, weft_object *array) {
  weft_auto weft_object *values = weft_array_to_list(array);
  return values && weft_compare(list, values, WEFT_EQ) == 1;
}

static void show_packed(void) {
  tap_title("Packed numbers");
  size_t before = bytes_in_use();
  for (int i = 0; i < NUMBERS; i++) numbers[i] = weft_int_new(i);
  size_t of_ints = bytes_in_use() - before;
  before = bytes_in_use();
  weft_auto weft_object *list = filled(weft_list_new(), weft_list_append);
  size_t of_list = bytes_in_use() - before;
  before = bytes_in_use();
  weft_auto weft_object *array = filled(weft_array_new('i'), weft_array_append);
  size_t of_array = bytes_in_use() - before;
  if (!list || !array) {
    tap_check(false, "ARR-01", "out of memory");
    return;
  }
  tap_say("100,000 ints       document       3.14     here");
  tap_say("list                ~800 KB    800,984  %7zu bytes", of_list);
  tap_say("  and its ints                3,989,504  %7zu", of_list + of_ints);
  tap_say("array('i')          ~400 KB    408,360  %7zu", of_array);
  tap_check(of_array * 100 <= of_list * 55 && same_values(list, array), "ARR-01",
            "the same values take %.1f %% of the list", 100.0 * (double)of_array / (double)of_list);
  tap_check(of_array * 100 <= (of_list + of_ints) * 15, "ARR-02", "and %.1f %% of the list with its ints",
            100.0 * (double)of_array / (double)(of_list + of_ints));
  for (int i = 0; i < NUMBERS; i++) weft_clear(&numbers[i]);
}

static void show_discipline(void) {
  weft_auto weft_object *array = weft_array_new('i');
  weft_auto weft_object *large = weft_int_new(INT64_C(1) << 31);
  weft_auto weft_object *text = weft_str_new("text");
  bool overflow = raises(weft_array_append(array, large), &weft_OverflowError);
  bool type = raises(weft_array_append(array, text), &weft_TypeError);
  tap_check(overflow && type && weft_array_item_size(array) == 4 && weft_array_length(array) == 0, "ARR-03",
            "an array of ints of %d bytes takes neither 2^31 nor text, and is unaltered",
            (int)weft_array_item_size(array));
}

/* --- ID-27 --- */

static void show_bytearray(void) {
  tap_title("A bytearray can change");
  weft_auto weft_object *a = weft_bytearray_new("abc", 3);
  weft_object *alias = a;
  uintptr_t id = weft_id(a);
  weft_auto weft_object *x = weft_int_new('x');
  bool set = weft_bytearray_set(alias, 0, x) == 0;
  weft_auto weft_object *expected = weft_bytes_new("xbc", 3);
  bool seen = weft_compare(a, expected, WEFT_EQ) == 1;
  weft_auto weft_object *more = weft_bytes_new("de", 2);
  weft_auto weft_object *sum = weft_in_place_add(a, more);
  bool extended = sum && weft_id(sum) == id && weft_bytearray_length(alias) == 5;
  bool unhashable = is_unhashable(a);
  tap_check(set && seen && extended && unhashable, "ID-27",
            "changed through an alias and by +=, it is the same object: %s; it has no hash", shown(alias));
}

int main(void) {
  if (!demo_begin("containers", TIME_LIMIT_S)) return 1;
  show_growth();
  show_shrinking();
  show_tables();
  show_packed();
  show_discipline();
  show_bytearray();
  return demo_end();
}
