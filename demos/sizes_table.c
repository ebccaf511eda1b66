/* SPDX-License-Identifier: MIT */
/* One table of sizes, and what follows from it. */
#include "demos/sizes.h"

enum kind {
  NONE,
  BOOL,
  INT,
  FLOAT,
  EMPTY_STR,
  A,
  HELLO,
  X100,
  UMLAUT,
  EURO,
  SMILEY,
  EMPTY_LIST,
  LIST_1,
  LIST_2,
  LIST_3,
  GROWN_3,
  TUPLE_3,
  EMPTY_DICT,
  DICT_INT,
  DICT_A,
  DICT_AB,
  DICT_FLOAT,
  EMPTY_SET,
  INSTANCE,
  SLOTS,
  KINDS
};

static int64_t here[KINDS];

struct row {
  const char *what, *document;
  int cpython; /* 3.14; 0: not known */
  weft_object *o;
};

/* --- Making the objects --- */

static weft_object *grown_list(int n) {
  weft_object *list = weft_list_new();
  for (int i = 1; i <= n; i++) {
    weft_auto weft_object *item = weft_int_new(i);
    weft_list_append(list, item);
  }
  return list;
}

static weft_object *tuple_of_three(void) {
  weft_auto weft_object *two = weft_int_new(2);
  return weft_tuple_pack(3, WEFT_TRUE, two, two);
}

/* A dict with one key that is no str. */
static weft_object *dict_with(weft_object *key_steal) {
  weft_object *dict = weft_dict_new();
  weft_dict_set(dict, key_steal, WEFT_TRUE);
  weft_decref(key_steal);
  return dict;
}

static weft_object *dict_ab(void) {
  weft_object *dict = dict_of("a", weft_int_new(1));
  weft_auto weft_object *b = weft_str_new("b");
  weft_dict_set(dict, b, WEFT_TRUE);
  return dict;
}

static weft_object *person(const weft_type *type) {
  weft_auto weft_object *name = weft_str_new("Max");
  weft_auto weft_object *age = weft_int_new(30);
  weft_decref(person_new(type, name, age)); /* the first of a type has room for more attributes than it needs */
  return person_new(type, name, age);
}

static weft_object *long_text(void) {
  weft_auto weft_object *format = weft_str_format("%0100d", 0);
  return weft_new_ref(format);
}

/* --- SZ-24 --- */

static void print_table(const struct row rows[KINDS]) {
  tap_say("bytes                  document  CPython 3.14   here");
  for (int i = 0; i < KINDS; i++) {
    if (rows[i].cpython)
      tap_say("%-22s %8s  %12d  %5d", rows[i].what, rows[i].document, rows[i].cpython, (int)here[i]);
    else
      tap_say("%-22s %8s  %12s  %5d", rows[i].what, rows[i].document, "", (int)here[i]);
  }
}

static void measure(void) {
  const struct row rows[KINDS] = {
      [NONE] = {"None", "16", 16, weft_new_ref(WEFT_NONE)},
      [BOOL] = {"True", "28", 28, weft_new_ref(WEFT_TRUE)},
      [INT] = {"42", "28", 28, weft_int_new(42)},
      [FLOAT] = {"3.14", "24", 24, weft_float_new(3.14)},
      [EMPTY_STR] = {"''", "49", 41, weft_str_new("")},
      [A] = {"'a'", "50", 42, weft_str_new("a")},
      [HELLO] = {"'Hello'", "54", 46, weft_str_new("Hello")},
      [X100] = {"'x' * 100", "149", 141, long_text()},
      [UMLAUT] = {"a letter of Latin-1", "", 61, weft_str_new("\u00e4")},
      [EURO] = {"a euro sign", "", 60, weft_str_new("\u20ac")},
      [SMILEY] = {"an emoji", "", 64, weft_str_new("\U0001f600")},
      [EMPTY_LIST] = {"[]", "56", 56, weft_list_new()},
      [LIST_1] = {"[1], made at once", "64", 64, list_of_ints(1, 1)},
      [LIST_2] = {"[1, 2]", "72", 72, list_of_ints(2, 1, 2)},
      [LIST_3] = {"[1, 2, 3]", "80", 80, list_of_ints(3, 1, 2, 3)},
      [GROWN_3] = {"[1, 2, 3], appended", "88", 88, grown_list(3)},
      [TUPLE_3] = {"(1, 2, 3)", "64", 72, tuple_of_three()},
      [EMPTY_DICT] = {"{}", "64", 64, weft_dict_new()},
      [DICT_INT] = {"{1: 1}", "232", 224, dict_with(weft_int_new(1))},
      [DICT_A] = {"{'a': 1}", "232", 184, dict_of("a", weft_int_new(1))},
      [DICT_AB] = {"{'a': 1, 'b': 2}", "232", 184, dict_ab()},
      [DICT_FLOAT] = {"{1.5: 1}", "", 224, dict_with(weft_float_new(1.5))},
      [EMPTY_SET] = {"set()", "216", 216, weft_set_new()},
      [INSTANCE] = {"two attributes", "", 88, person(person_type())},
      [SLOTS] = {"two slots", "48", 48, person(slots_person_type())},
  };
  for (int i = 0; i < KINDS; i++) here[i] = weft_sizeof(rows[i].o);
  print_table(rows);
  bool good = true;
  for (int i = 0; i < KINDS; i++) {
    good = good && here[i] > 0 && here[i] <= rows[i].cpython;
    weft_decref(rows[i].o);
  }
  tap_check(good, "SZ-24", "one table; in none of its %d rows an object is larger than CPython's", KINDS);
}

/* --- Numbers and strs --- */

/* 2 to the power of `n`. */
static weft_object *power_of_two(int n) {
  weft_object *power = weft_int_new(1);
  for (int i = 0; i < n; i++) {
    weft_auto weft_object *half = power;
    power = weft_add(half, half);
  }
  return power;
}

static void show_ints(void) {
  static const struct {
    int power, cpython;
  } rows[] = {{30, 32}, {60, 36}, {64, 36}, {90, 40}, {150, 48}, {210, 56}, {270, 64}};
  enum { ROWS = sizeof rows / sizeof *rows };
  const int64_t header = sizeof(weft_object);
  int64_t sizes[ROWS];
  tap_say("Larger ints        CPython   here");
  for (int i = 0; i < ROWS; i++) {
    weft_auto weft_object *number = power_of_two(rows[i].power);
    sizes[i] = weft_sizeof(number);
    tap_say("2 ** %-12d  %7d  %5d", rows[i].power, rows[i].cpython, (int)sizes[i]);
  }
  tap_say(
      "CPython's grow by 4 bytes for every 30 bits. Here 64 bits have room in the smallest; beyond, there are their");
  tap_say("number and 8 bytes for every 64 bits.");
  bool small = here[INT] == header + 8 && sizes[0] == here[INT] && sizes[1] == here[INT], grow = true;
  for (int i = 2; i < ROWS; i++) grow = grow && sizes[i] == header + 8 + 8 * (rows[i].power / 64 + 1);
  tap_check(small && grow, "SZ-03",
            "42 is a header and 8 bytes, as all ints of 64 bits; larger ones grow with their bits");
}

static void show_numbers(void) {
  const int64_t header = sizeof(weft_object);
  tap_say("A float is a header and 8 bytes, in CPython smaller than an int, which has its length there as well.");
  tap_say("Here an int has 8 bytes, too, so the two are of one size.");
  tap_check(here[FLOAT] == header + 8 && here[FLOAT] == here[INT], "SZ-04", "float: %d bytes of header, 8 of value",
            (int)header);
}

static void show_strs(void) {
  int64_t fixed = here[EMPTY_STR];
  tap_say("A str has %d bytes and one for each ASCII character (document: 49, CPython since 3.12: 41).", (int)fixed);
  tap_check(fixed > (int64_t)sizeof(weft_object), "SZ-07", "'' takes %d bytes: header, hash, length, end", (int)fixed);
  tap_check(here[A] == fixed + 1, "SZ-08", "'a' takes one more");
  tap_check(here[HELLO] == fixed + 5, "SZ-09", "'Hello' takes five more");
  tap_say(
      "Other texts are UTF-8, with 8 more bytes for the number of characters, to a multiple of 8; in CPython 1, 2 or");
  tap_say("4 bytes for every character, and a larger header.");
  tap_check(here[X100] == fixed + 100 && here[UMLAUT] > here[A] && here[EURO] > here[A] && here[SMILEY] > here[A],
            "SZ-10", "'x' * 100 takes 100 more; a character that is not ASCII costs more than 'a'");
}

/* --- Containers --- */

static void show_lists(void) {
  tap_check(here[EMPTY_LIST] < here[EMPTY_DICT] && here[EMPTY_LIST] < here[EMPTY_SET], "SZ-11",
            "an empty list is smaller than an empty dict or set");
  int64_t block = here[LIST_1] - here[EMPTY_LIST] - 8;
  tap_say(
      "An empty list has no array. In CPython the list has the lengths, here its array has: 8 + %d bytes for the first",
      (int)block);
  tap_say(
      "item, 8 for each further one. The documents disagree about [1, 2, 3], 80 or 88; both are right: made at once,");
  tap_say("or grown with room to spare.");
  tap_check(here[LIST_2] == here[LIST_1] + 8 && here[LIST_3] == here[LIST_2] + 8 && block == 16, "SZ-17",
            "8 bytes more for each item of a list that is made at once");
  tap_check(here[LIST_3] == here[EMPTY_LIST] + block + 24 && here[GROWN_3] >= here[LIST_3], "SZ-12",
            "[1, 2, 3]: %d bytes made at once, %d grown", (int)here[LIST_3], (int)here[GROWN_3]);
}

static void show_dict_sizes(void) {
  size_t blocks = live_blocks();
  weft_auto weft_object *dict = weft_dict_new();
  size_t of_empty = live_blocks() - blocks;
  weft_auto weft_object *key = weft_int_new(1);
  weft_dict_set(dict, key, key);
  size_t of_one = live_blocks() - blocks;
  tap_say("{} is %zu block of memory, {1: 1} %zu: the object and its table", of_empty, of_one);
  tap_check(of_empty == 1 && of_one == 2 && here[EMPTY_DICT] < here[DICT_INT], "SZ-13", "an empty dict has no table");
  tap_check(here[DICT_INT] >= 2 * here[EMPTY_DICT], "SZ-14", "the first key brings the table");
  tap_check(here[DICT_A] == here[DICT_AB] && here[DICT_A] <= here[DICT_INT] && here[DICT_A] <= here[DICT_FLOAT],
            "SZ-15", "the second key finds room; strs as keys never take more than other keys");
  tap_say("(keys that are strs or ints know their hashes: their table has none)");
  tap_check(here[EMPTY_SET] > here[EMPTY_DICT], "SZ-16",
            "an empty set is larger than an empty dict: its table is in it");
}

void show_table(void) {
  tap_title("What objects take");
  measure();
  show_numbers();
  show_ints();
  show_strs();
  show_lists();
  show_dict_sizes();
}
