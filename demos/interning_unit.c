/* SPDX-License-Identifier: MIT */
/*
 * What Python's compiler does with constants, as an object: a dict from how a constant is written to the constant.
 *
 * Constants of one unit that are written alike are one object. Strs that look like names are interned, so they are one
 * object in all units. `'x' * 20` is computed by the compiler, up to 4096 characters.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "demos/interning.h"

enum { FOLDED_MOST = 4096 };

weft_object *unit_new(void) { return weft_dict_new(); }

bool looks_like_a_name(weft_object *str) {
  size_t size;
  const char *text = weft_str_utf8(str, &size);
  for (size_t i = 0; i < size; i++)
    if (!isalnum((unsigned char)text[i]) && text[i] != '_') return false; /* in the C locale: ASCII only */
  return true;
}

weft_object *unit_constant(weft_object *unit, weft_object *constant_steal) {
  weft_auto weft_object *constant = constant_steal;
  if (!constant) return NULL;
  if (weft_str_check(constant) && looks_like_a_name(constant)) return weft_str_intern_object(constant);
  weft_auto weft_object *written = weft_repr(constant);
  return written ? weft_dict_set_default(unit, written, constant) : NULL;
}

weft_object *repeated(const char *text, size_t n) {
  weft_auto weft_object *empty = weft_str_new("");
  weft_auto weft_object *piece = weft_str_new(text);
  weft_auto weft_object *sum = weft_new_ref(empty);
  for (size_t i = 0; i < n && sum; i++) rebind(&sum, weft_add(sum, piece));
  return sum ? weft_new_ref(sum) : NULL;
}

weft_object *unit_repeat(weft_object *unit, const char *text, size_t n) {
  weft_object *computed = repeated(text, n);
  return strlen(text) * n <= FOLDED_MOST ? unit_constant(unit, computed) : computed;
}

/* --- INT-08 to 10 --- */

static weft_object *text_constant(weft_object *unit, const char *text) {
  return unit_constant(unit, weft_str_new(text));
}

/* Are the texts one object, from one unit and from two? */
static void one_object(const char *text, bool *in_unit, bool *across) {
  weft_auto weft_object *unit = unit_new();
  weft_auto weft_object *other = unit_new();
  weft_auto weft_object *a = text_constant(unit, text);
  weft_auto weft_object *b = text_constant(unit, text);
  weft_auto weft_object *c = text_constant(other, text);
  *in_unit = weft_is(a, b);
  *across = weft_is(a, c);
}

static void show_name_like(void) {
  bool in_unit, across;
  one_object("hello", &in_unit, &across);
  weft_object *a = weft_str_intern("hello"), *b = weft_str_intern("hello");
  bool good = answers("s1 = 'hello'; s2 = 'hello'; s1 is s2", in_unit, true);
  good = answers("  in two units", across, true) && good;
  good = answers("  in C: weft_str_intern(\"hello\") twice", weft_is(a, b), true) && good;
  tap_check(good, "INT-08", "002, 004: a literal that looks like a name is one object everywhere");
}

static void show_sentence(const char *row, const char *text, const char *document) {
  bool in_unit, across;
  char line[96];
  one_object(text, &in_unit, &across);
  weft_auto weft_object *a = weft_str_new(text);
  weft_auto weft_object *b = weft_str_new(text);
  snprintf(line, sizeof line, "s1 = s2 = '%s' in one unit; s1 is s2", text);
  bool good = answers(line, in_unit, true);
  good = answers("  in two units", across, false) && good;
  good = answers("  made at run time", weft_is(a, b), false) && good;
  good = answers("  s1 == s2", weft_compare(a, b, WEFT_EQ) == 1, true) && good;
  tap_check(good, row, "%s; the rule: one unit, one object; fresh strs are equal, not identical", document);
}

/* --- INT-11 --- */

static void show_rule(void) {
  struct {
    const char *text;
    size_t times;
    bool interned;
  } const samples[] = {{"hello", 1, true},        {"hello_1", 1, true},  {"1abc", 1, true},  {"a", 4097, true},
                       {"hello world", 1, false}, {"hello-x", 1, false}, {"größe", 1, false}};
  bool good = true;
  tap_say("literal         Python    here");
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    weft_auto weft_object *unit = unit_new();
    weft_auto weft_object *other = unit_new();
    weft_auto weft_object *a = unit_constant(unit, repeated(samples[i].text, samples[i].times));
    weft_auto weft_object *b = unit_constant(other, repeated(samples[i].text, samples[i].times));
    bool interned = weft_is(a, b) && weft_is(a, weft_str_intern_object(b));
    weft_auto weft_object *text = weft_str_new(samples[i].text);
    int pad = 11 - (int)weft_str_length(text);
    tap_say("%s%s%*s %-9s %s", samples[i].text, samples[i].times > 1 ? "..." : "   ", pad, "",
            samples[i].interned ? "interned" : "not", interned ? "interned" : "not");
    good = good && interned == samples[i].interned;
  }
  tap_check(good, "INT-11", "004: ASCII letters, digits and underscores qualify, in any order and number");
}

/* --- INT-12 --- */

static weft_object *sample_tuple(void) {
  weft_auto weft_object *list = list_of_ints(3, 1, 2, 3);
  weft_object *items[3];
  for (int i = 0; i < 3; i++) items[i] = weft_list_get(list, i);
  weft_object *tuple = weft_tuple_new(3, items);
  for (int i = 0; i < 3; i++) weft_decref(items[i]);
  return tuple;
}
static weft_object *sample_float(void) { return weft_float_new(1.5); }
static weft_object *sample_bytes(void) { return weft_bytes_new("ab", 2); }

static bool shared_in_unit(const char *code, weft_object *(*make)(void)) {
  weft_auto weft_object *unit = unit_new();
  weft_auto weft_object *other = unit_new();
  weft_auto weft_object *a = unit_constant(unit, make());
  weft_auto weft_object *b = unit_constant(unit, make());
  weft_auto weft_object *c = unit_constant(other, make());
  char line[64];
  snprintf(line, sizeof line, "%s twice in one unit, is", code);
  bool good = answers(line, weft_is(a, b), true);
  return answers("  in two units, is", weft_is(a, c), false) && good;
}

static bool same_folded(size_t n) {
  weft_auto weft_object *unit = unit_new();
  weft_auto weft_object *other = unit_new();
  weft_auto weft_object *a = unit_repeat(unit, "x", n);
  weft_auto weft_object *b = unit_repeat(other, "x", n);
  return weft_is(a, b);
}

static void show_folding(void) {
  bool good = answers("'x' * 20 in two units, is", same_folded(20), true);
  good = answers("'x' * 5000, is", same_folded(5000), false) && good;
  good = shared_in_unit("(1, 2, 3)", sample_tuple) && good;
  good = shared_in_unit("1.5", sample_float) && good;
  good = shared_in_unit("b'ab'", sample_bytes) && good;
  tap_check(good, "INT-12", "004: the compiler computes short constants, and has each once in a unit");
}

/* --- INT-19 --- */

static void show_tuples(void) {
  weft_auto weft_object *a = sample_tuple();
  weft_auto weft_object *b = sample_tuple();
  weft_object *none = weft_tuple_new(0, NULL), *again = weft_tuple_pack(0);
  bool good = answers("t1 = (1, 2, 3); t2 = (1, 2, 3), at run time, is", weft_is(a, b), false);
  good = answers("t1 == t2", weft_compare(a, b, WEFT_EQ) == 1, true) && good;
  good = answers("() is ()", weft_is(none, again), true) && good;
  tap_say("004 says that short tuples are interned since Python 3.10. No tuple is: constants of one unit are shared.");
  tap_check(good && shared_in_unit("(1, 2, 3)", sample_tuple), "INT-19",
            "equal tuples are two objects; only () is one; a unit shares its constants");
}

void show_units(void) {
  tap_title("Constants of a unit");
  show_name_like();
  show_sentence("INT-09", "hello world!", "002 \"maybe False\", 004 \"False\"");
  show_sentence("INT-10", "hello world", "004 \"True or False\"");
  show_rule();
  show_folding();
  show_tuples();
}
