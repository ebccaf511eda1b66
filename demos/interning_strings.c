/* SPDX-License-Identifier: MIT */
/* Interning strs: names of attributes, statuses, the keys of records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/interning.h"

static bool is_interned(weft_object *str) { return weft_is(str, weft_str_intern_object(str)); }

/* --- INT-13 --- */

static void show_attributes(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Thing", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *o = weft_instance_new(type);
  weft_auto weft_object *name = weft_str_format("built_%d", 1);
  weft_auto weft_object *key = weft_str_format("built_%d", 2);
  weft_setattr(o, name, WEFT_NONE);
  weft_auto weft_object *attributes = weft_instance_dict(o);
  weft_auto weft_object *names = weft_dict_keys(attributes);
  weft_auto weft_object *kept = weft_list_get(names, 0);
  weft_auto weft_object *dict = weft_dict_new();
  weft_dict_set(dict, key, WEFT_NONE);
  weft_auto weft_object *keys = weft_dict_keys(dict);
  weft_auto weft_object *kept_key = weft_list_get(keys, 0);
  bool good = answers("setattr(o, name, ...): the name is interned", is_interned(kept), true);
  good = answers("d[key] = ...: the key is interned", is_interned(kept_key), false) && good;
  tap_check(good && kept_key == key && weft_compare(kept, name, WEFT_EQ) == 1, "INT-13",
            "004: names of attributes are interned, keys of dicts are not");
}

/* --- INT-14, 22 --- */

static void show_explicit(void) {
  weft_auto weft_object *first = weft_str_new("hello world!");
  weft_auto weft_object *second = weft_str_new("hello world!");
  weft_object *a = weft_str_intern_object(first), *b = weft_str_intern_object(second);
  weft_auto weft_object *number = weft_int_new(5);
  bool good = answers("s1 = intern('hello world!'); s2 = ...; s1 is s2", weft_is(a, b), true);
  tap_say("what is kept is %s", a == first ? "the first caller's object"
                                           : "an immortal copy, as in free-threaded Python; the first caller's object "
                                             "may go");
  good = raises(weft_str_intern_object(number) ? 0 : -1, &weft_TypeError) && good;
  tap_say("class Subclass(str)");
  good =
      raises(weft_type_new(&(weft_type_spec){.name = "Subclass", .base = &weft_str_type}) ? 0 : -1, &weft_TypeError) &&
      good;
  tap_say("(Python refuses to intern an instance of a subclass of str; here there are no such classes)");
  tap_check(good, "INT-14", "002, 004: explicitly interned, equal texts are one object; only strs can be");
}

static void show_rely(void) {
  weft_auto weft_object *built = weft_str_format("hel%s", "lo");
  weft_object *literal = weft_str_intern("hello");
  bool good = answers("'hel' + rest is 'hello'", weft_is(built, literal), false);
  good = answers("'hel' + rest == 'hello'", weft_compare(built, literal, WEFT_EQ) == 1, true) && good;
  tap_check(good, "INT-22", "004, errors: do not rely on identity where equality is meant");
}

/* --- INT-15 --- */

/* What a program gets from outside is a str of its own: interned, it is the constant. */
static bool check_status(const char *input) {
  weft_auto weft_object *status = weft_str_format("%s", input);
  return weft_is(weft_str_intern_object(status), weft_str_intern("active"));
}

static void show_statuses(void) {
  bool good = answers("check_status('active')", check_status("active"), true);
  good = answers("check_status('inactive')", check_status("inactive"), false) && good;
  good = answers("check_status('unknown')", check_status("unknown"), false) && good;
  tap_check(good, "INT-15", "004: statuses compared by identity, once the input is interned");
}

/* --- INT-16: records from JSON --- */

enum { RECORDS = 1000 };

static void skip_blanks(const char **p) { *p += strspn(*p, " \t\r\n"); }

/* A string without escapes. Returns new; NULL: there is none, or out of memory. */
static weft_object *parse_string(const char **p) {
  if (**p != '"') return NULL;
  const char *begin = ++*p;
  *p += strcspn(begin, "\"");
  if (**p != '"') return NULL;
  return weft_str_new_size(begin, (size_t)((*p)++ - begin));
}

static weft_object *parse_value(const char **p) {
  skip_blanks(p);
  if (**p == '"') return parse_string(p);
  char *end;
  long value = strtol(*p, &end, 10);
  if (end == *p) return NULL;
  *p = end;
  return weft_int_new(value);
}

/* `"key": value`, stored in the record; the key's object also in `keys`. */
static bool parse_pair(const char **p, weft_object *record, bool interned, weft_object *keys) {
  skip_blanks(p);
  weft_auto weft_object *parsed = parse_string(p);
  skip_blanks(p);
  if (!parsed || *(*p)++ != ':') return false;
  weft_auto weft_object *value = parse_value(p);
  weft_object *key = interned ? weft_str_intern_object(parsed) : parsed;
  return value && weft_dict_set(record, key, value) == 0 && weft_list_append(keys, key) == 0;
}

/* One object of a JSON text, without objects in it. Returns new. */
static weft_object *parse_record(const char *p, bool interned, weft_object *keys) {
  weft_object *record = weft_dict_new();
  skip_blanks(&p);
  bool good = *p++ == '{';
  do good = good && parse_pair(&p, record, interned, keys), skip_blanks(&p);
  while (good && *p++ == ',');
  if (!good || p[-1] != '}') weft_clear(&record);
  return record;
}

/* How many key objects a thousand records have. -1: failed. */
static int64_t key_objects(bool interned) {
  weft_auto weft_object *records = weft_list_new();
  weft_auto weft_object *keys = weft_list_new();
  weft_auto weft_object *name = weft_str_new("name");
  for (int i = 0; i < RECORDS; i++) {
    char text[80], expected[32];
    snprintf(text, sizeof text, "{\"name\": \"Person %d\", \"age\": %d}", i, 20 + i % 50);
    snprintf(expected, sizeof expected, "Person %d", i);
    weft_auto weft_object *record = parse_record(text, interned, keys);
    if (!record || weft_dict_length(record) != 2 || weft_list_append(records, record) < 0) return -1;
    weft_auto weft_object *value = weft_dict_get(record, name);
    if (!value || strcmp(shown(value), expected) != 0) return -1;
  }
  return distinct(keys);
}

static void show_records(void) {
  int64_t without = key_objects(false), with = key_objects(true);
  tap_say("%d records {\"name\": ..., \"age\": ...} parsed: %d key objects; with interning %d", RECORDS, (int)without,
          (int)with);
  tap_check(without == 2 * RECORDS && with == 2, "INT-16", "004: interned keys of parsed records are two objects");
}

void show_strings(void) {
  tap_title("Strs");
  show_attributes();
  show_explicit();
  show_rely();
  show_statuses();
  show_records();
}
