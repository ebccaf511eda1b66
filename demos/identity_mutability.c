/* SPDX-License-Identifier: MIT */
/* Which objects can change. An operation in place changes a mutable object; of others it makes a new one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demos/identity.h"

/* --- Probing --- */

typedef weft_object *(*in_place)(weft_object *a, weft_object *b);

/* What `x op= y` did while `alias` referred to the same object. */
struct change {
  bool same_id;    /* x is the object that it was */
  bool alias_sees; /* what alias refers to has changed */
};

/* `x op= y`, printed beside the document's values of x and of its alias afterwards. */
static bool shows_change(const char *code, weft_object **x, in_place op, weft_object *y_steal, const char *document,
                         const char *document_alias, struct change *change) {
  weft_auto weft_object *alias = weft_new_ref(*x);
  weft_auto weft_object *y = y_steal;
  weft_auto weft_object *before = weft_repr(alias);
  rebind(x, op(*x, y));
  if (!*x) return tap_check(false, NULL, "%s failed", code);
  weft_auto weft_object *after = weft_repr(alias);
  *change = (struct change){weft_is(*x, alias), weft_compare(before, after, WEFT_EQ) == 0};
  char line[96];
  snprintf(line, sizeof line, "%s; print(x)", code);
  bool good = prints(line, *x, document);
  good = prints("  print(alias)", alias, document_alias) && good;
  tap_say("  id %s", change->same_id ? "as before" : "is another");
  return good;
}

/* The same of a value that is made for it. True: x and alias are as the document says, and x is another object, or the
 * same if `mutable`. */
static bool changes(const char *code, weft_object *x_steal, in_place op, weft_object *y_steal, const char *document,
                    const char *document_alias, bool mutable) {
  struct change change = {0};
  weft_object *x = x_steal;
  bool good = shows_change(code, &x, op, y_steal, document, document_alias, &change);
  weft_xdecref(x);
  return good && change.same_id == mutable && change.alias_sees == mutable;
}

static weft_object *tuple_of_two(weft_object *a_steal, weft_object *b_steal) {
  weft_object *tuple = weft_tuple_pack(2, a_steal, b_steal);
  weft_decref(a_steal);
  weft_decref(b_steal);
  return tuple;
}

static weft_object *set_of(weft_object *list_steal, bool frozen) {
  weft_object *set = frozen ? weft_frozenset_from(list_steal) : weft_set_from(list_steal);
  weft_decref(list_steal);
  return set;
}

/* --- ID-10 to 12, 18 to 20, 32, 33: immutable --- */

static bool show_shared_int(void) {
  weft_auto weft_object *x = weft_int_new(10);
  weft_auto weft_object *y = weft_new_ref(x);
  weft_auto weft_object *one = weft_int_new(1);
  bool good = weft_is(x, y);
  tap_say("x = 10: 0x%" PRIxPTR "; y = x: 0x%" PRIxPTR, weft_id(x), weft_id(y));
  rebind(&x, weft_add(x, one));
  intptr_t apart = (intptr_t)(weft_id(x) - weft_id(y));
  tap_say("x = x + 1: 0x%" PRIxPTR ", %d bytes on: 10 and 11 are neighbours in the table of small ints", weft_id(x),
          (int)apart);
  tap_say("(in the document they are 32 bytes apart: an int of CPython's takes that with rounding; here %d)",
          (int)weft_sizeof(x));
  good = prints("print(x)", x, "11") && good;
  good = prints("print(y)", y, "10") && good;
  return tap_check(good && !weft_is(x, y) && apart == weft_sizeof(x), "ID-11",
                   "000: an int is shared; x + 1 is another object");
}

static bool show_strings(void) {
  bool good =
      changes("x = 'abc'; x += 'd'", weft_str_new("abc"), weft_in_place_add, weft_str_new("d"), "abcd", "abc", false);
  bool all = tap_check(good, "ID-10", "000, tip: += of a str gives a new id, and the old str is intact");
  good = changes("x = 'hello'; x += ' world'", weft_str_new("hello"), weft_in_place_add, weft_str_new(" world"),
                 "hello world", "hello", false);
  return tap_check(good, "ID-12", "000: the alias still says hello") && all;
}

static bool show_numbers(void) {
  bool good = changes("x = 10; x += 5", weft_int_new(10), weft_in_place_add, weft_int_new(5), "15", "10", false);
  bool all = tap_check(good, "ID-32", "000, warning: += of an int makes a new object");
  weft_auto weft_object *ten = weft_int_new(10);
  good = changes("x = 10; x += 1", weft_int_new(10), weft_in_place_add, weft_int_new(1), "11", "10", false);
  good = raises(weft_setattr_text(ten, "name", WEFT_NONE), &weft_AttributeError) && good;
  all = tap_check(good, "ID-18", "an int cannot change, and takes no attributes") && all;
  good = changes("x = 1.5; x += 1", weft_float_new(1.5), weft_in_place_add, weft_int_new(1), "2.5", "1.5", false);
  return tap_check(good, "ID-19", "a float cannot change") && all;
}

static bool show_str_and_tuple(void) {
  bool good =
      changes("x = 'abc'; x += 'd'", weft_str_new("abc"), weft_in_place_add, weft_str_new("d"), "abcd", "abc", false);
  weft_auto weft_object *text = weft_str_new("abc");
  weft_auto weft_object *zero = weft_int_new(0);
  good = raises(weft_set_item(text, zero, text), &weft_TypeError) && good;
  bool all = tap_check(good && strcmp(shown(text), "abc") == 0, "ID-20", "a str cannot change, nor can its characters");
  good = changes("x = (1, 2); x += (3, 4)", tuple_of_two(weft_int_new(1), weft_int_new(2)), weft_in_place_add,
                 tuple_of_two(weft_int_new(3), weft_int_new(4)), "(1, 2, 3, 4)", "(1, 2)", false) &&
         good;
  return tap_check(good, "ID-33", "000, warning: so it is with tuples and strs") && all;
}

/* --- ID-21 --- */

/* `tuple[1] += [4]` as Python does it: the list is changed, and then cannot be stored. */
static bool add_to_inner(weft_object *tuple) {
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *inner = weft_get_item(tuple, one);
  weft_auto weft_object *four = list_of_ints(1, 4);
  weft_auto weft_object *sum = weft_in_place_add(inner, four);
  return sum && raises(weft_set_item(tuple, one, sum), &weft_TypeError);
}

static bool show_tuple(void) {
  weft_object *inner = list_of_ints(1, 2);
  weft_auto weft_object *tuple = tuple_of_two(weft_int_new(1), inner);
  weft_auto weft_object *zero = weft_int_new(0);
  weft_auto weft_object *three = weft_int_new(3);
  tap_say("t = (1, [2]); t[0] = 3");
  bool good = raises(weft_set_item(tuple, zero, three), &weft_TypeError);
  weft_list_append(inner, three);
  good = prints("t[1].append(3); print(t)", tuple, "(1, [2, 3])") && good;
  tap_say("hash(t)");
  good = is_unhashable(tuple) && good;
  tap_say("t[1] += [4]");
  good = add_to_inner(tuple) && good;
  good = prints("  print(t)", tuple, "(1, [2, 3, 4])") && good;
  return tap_check(good, "ID-21", "a tuple cannot change, what is in it can; t[1] += fails, and has changed the list");
}

/* --- ID-22, 23 --- */

static bool show_frozenset(void) {
  bool good = changes("x = frozenset({1}); x |= {2}", set_of(list_of_ints(1, 1), true), weft_in_place_or,
                      set_of(list_of_ints(1, 2), false), "frozenset({1, 2})", "frozenset({1})", false);
  weft_auto weft_object *a = set_of(list_of_ints(3, 1, 2, 3), true);
  weft_auto weft_object *b = set_of(list_of_ints(3, 3, 2, 1), true);
  int64_t hash_a = 0, hash_b = 1;
  tap_say("x.add(1)");
  good = raises(weft_set_add(a, WEFT_TRUE), &weft_TypeError) && good;
  good = weft_hash(a, &hash_a) == 0 && weft_hash(b, &hash_b) == 0 && good;
  tap_say("hash(frozenset({1, 2, 3})) = %" PRId64 ", of {3, 2, 1} %" PRId64, hash_a, hash_b);
  good = !weft_is(a, b) && weft_compare(a, b, WEFT_EQ) == 1 && hash_a == hash_b && good;
  return tap_check(good, "ID-22", "a frozenset cannot change; so it has a hash, and equal ones the same");
}

static bool show_bool(void) {
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *two = weft_int_new(2);
  weft_auto weft_object *text = weft_str_new("a");
  weft_object *a = weft_bool_new(weft_compare(one, two, WEFT_LT) == 1);
  weft_object *b = weft_bool_new(weft_compare(text, text, WEFT_EQ) == 1);
  bool good = answers("(1 < 2) is ('a' == 'a')", weft_is(a, b) && weft_is(a, WEFT_TRUE), true);
  weft_auto weft_object *x = weft_new_ref(WEFT_TRUE);
  rebind(&x, weft_in_place_add(x, one));
  good = prints("x = True; x += 1; print(x)", x, "2") && good;
  tap_say("  which is of type %s", weft_type_of(x)->spec.name);
  return tap_check(good && weft_int_check(x) && strcmp(shown(WEFT_TRUE), "True") == 0, "ID-23",
                   "True and False are one object each; adding to True gives an int");
}

/* --- ID-13, 14, 24 to 26, 30, 31: mutable --- */

static bool show_list_append(const char *row, const char *claim) {
  weft_auto weft_object *items = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *copy = weft_new_ref(items);
  weft_auto weft_object *four = weft_int_new(4);
  uintptr_t id = weft_id(items);
  weft_list_append(items, four);
  bool good = prints("items.append(4); print(items)", items, "[1, 2, 3, 4]");
  good = prints("print(copy)", copy, "[1, 2, 3, 4]") && good;
  return tap_check(good && weft_id(items) == id && weft_id(copy) == id, row, "000: %s", claim);
}

static bool show_dict_alias(void) {
  weft_auto weft_object *settings = dict_of("theme", weft_str_new("dark"));
  weft_auto weft_object *ref = weft_new_ref(settings);
  weft_auto weft_object *theme = weft_str_new("theme");
  weft_auto weft_object *light = weft_str_new("light");
  weft_dict_set(settings, theme, light);
  return tap_check(prints("settings['theme'] = 'light'; print(ref)", ref, "{'theme': 'light'}"), "ID-14",
                   "000: so it is with a dict");
}

static bool show_list_plus(void) {
  bool good = changes("x = [1, 2]; x += [3, 4]", list_of_ints(2, 1, 2), weft_in_place_add, list_of_ints(2, 3, 4),
                      "[1, 2, 3, 4]", "[1, 2, 3, 4]", true);
  good = changes("x = [1, 2]; x = x + [3, 4]", list_of_ints(2, 1, 2), weft_add, list_of_ints(2, 3, 4), "[1, 2, 3, 4]",
                 "[1, 2]", false) &&
         good;
  return tap_check(good, "ID-31", "000: += changes a list in place; + makes a new one");
}

static bool show_list(void) {
  weft_auto weft_object *list = list_of_ints(1, 1);
  bool good =
      changes("x = [1]; x += [2]", list_of_ints(1, 1), weft_in_place_add, list_of_ints(1, 2), "[1, 2]", "[1, 2]", true);
  return tap_check(is_unhashable(list) && good, "ID-24", "a list can change, so it has no hash");
}

static bool show_dict(void) {
  weft_auto weft_object *dict = dict_of("a", weft_int_new(1));
  weft_auto weft_object *alias = weft_new_ref(dict);
  weft_auto weft_object *key = weft_str_new("a");
  weft_auto weft_object *two = weft_int_new(2);
  weft_dict_set(dict, key, two);
  bool good = prints("x = {'a': 1}; x['a'] = 2; print(alias)", alias, "{'a': 2}") && weft_is(dict, alias);
  good = changes("x = {'a': 1}; x |= {'b': 2}", dict_of("a", weft_int_new(1)), weft_in_place_or,
                 dict_of("b", weft_int_new(2)), "{'a': 1, 'b': 2}", "{'a': 1, 'b': 2}", true) &&
         good;
  return tap_check(is_unhashable(dict) && good, "ID-25", "a dict can change, so it has no hash");
}

static bool show_set(void) {
  weft_auto weft_object *set = set_of(list_of_ints(1, 1), false);
  weft_auto weft_object *alias = weft_new_ref(set);
  weft_auto weft_object *two = weft_int_new(2);
  bool good = weft_set_add(set, two) == 0 && weft_is(set, alias);
  good = prints("x = {1}; x.add(2); print(alias)", alias, "{1, 2}") && good;
  good = changes("x = {1}; x |= {2}", set_of(list_of_ints(1, 1), false), weft_in_place_or,
                 set_of(list_of_ints(1, 2), false), "{1, 2}", "{1, 2}", true) &&
         good;
  return tap_check(is_unhashable(set) && good, "ID-26", "a set can change, so it has no hash");
}

/* --- ID-15, 28: instances --- */

/* A frozen class refuses attributes. */
static int refuse_attribute(weft_object *self, weft_object *name, weft_object *value) {
  (void)value;
  weft_raise(&weft_AttributeError, "cannot assign to '%s' of frozen '%s'", shown(name), weft_type_of(self)->spec.name);
  return -1;
}

static const weft_type *user_type(void) {
  static const weft_type *type;
  if (!type) type = weft_type_new(&(weft_type_spec){.name = "User", .flags = WEFT_TYPE_DICT});
  return type;
}

static void set_attribute(weft_object *o, const char *name, weft_object *value_steal) {
  weft_setattr_text(o, name, value_steal);
  weft_decref(value_steal);
}

static bool attribute_prints(const char *code, weft_object *o, const char *name, const char *document) {
  weft_auto weft_object *value = weft_getattr_text(o, name);
  return prints(code, value, document);
}

static bool show_instance(void) {
  weft_auto weft_object *u1 = weft_instance_new(user_type());
  set_attribute(u1, "name", weft_str_new("Alice"));
  set_attribute(u1, "tags", weft_list_new());
  weft_auto weft_object *u2 = weft_new_ref(u1);
  weft_auto weft_object *tags = weft_getattr_text(u1, "tags");
  weft_auto weft_object *admin = weft_str_new("admin");
  weft_list_append(tags, admin);
  bool good = attribute_prints("u1.tags.append('admin'); print(u2.tags)", u2, "tags", "['admin']");
  set_attribute(u1, "name", weft_str_new("Bob"));
  good = attribute_prints("u1.name = 'Bob'; print(u2.name)", u2, "name", "Bob") && good;
  return tap_check(good, "ID-15", "000: two names of one instance see the same attributes, mutable or not");
}

static bool show_classes(void) {
  static const weft_type *frozen;
  frozen = weft_type_new(&(weft_type_spec){.name = "Frozen", .flags = WEFT_TYPE_DICT, .setattr = refuse_attribute});
  weft_auto weft_object *ordinary = weft_instance_new(user_type());
  weft_auto weft_object *fixed = weft_instance_new(frozen);
  set_attribute(ordinary, "name", weft_str_new("immutable"));
  set_attribute(ordinary, "name", weft_str_new("str"));
  set_attribute(ordinary, "tags", weft_list_new());
  set_attribute(ordinary, "tags", list_of_ints(1, 1));
  bool good = attribute_prints("u.name = 'immutable'; u.name = 'str'", ordinary, "name", "str");
  good = attribute_prints("u.tags = []; u.tags = [1]", ordinary, "tags", "[1]") && good;
  tap_say("Frozen().name = 'x'");
  good = raises(weft_setattr_text(fixed, "name", WEFT_NONE), &weft_AttributeError) && good;
  tap_say("000 says in 3.2: mutable by default; in 3.5: it depends on the types of the data. The first is true:");
  tap_say("what can be rebound is the instance's, whatever it is bound to; unless its class refuses.");
  return tap_check(good, "ID-28", "instances can change by default, whatever their data; a class can forbid it");
}

/* --- ID-29: the table --- */

/* A type, a value of it and an operation that changes the value if anything does. */
struct probe {
  const char *name;
  const char *document;
  weft_object *x, *y;
  in_place op; /* NULL: sets an attribute */
};

static bool is_mutable(struct probe *p) {
  weft_auto weft_object *alias = weft_new_ref(p->x);
  if (!p->op) {
    weft_auto weft_object *was = weft_getattr_text(alias, "name");
    bool set = weft_setattr_text(p->x, "name", p->y) == 0;
    weft_auto weft_object *is = weft_getattr_text(alias, "name");
    return set && is && weft_compare(was, is, WEFT_EQ) == 0;
  }
  weft_auto weft_object *was = weft_repr(alias);
  rebind(&p->x, p->op(p->x, p->y));
  weft_auto weft_object *is = weft_repr(alias);
  return weft_is(p->x, alias) && weft_compare(was, is, WEFT_EQ) == 0;
}

static bool show_table(void) {
  weft_object *user = weft_instance_new(user_type());
  set_attribute(user, "name", weft_str_new("Alice"));
  struct probe probes[] = {
      {"int", "No", weft_int_new(1), weft_int_new(1), weft_in_place_add},
      {"str", "No", weft_str_new("a"), weft_str_new("b"), weft_in_place_add},
      {"bool", "No", weft_new_ref(WEFT_TRUE), weft_int_new(1), weft_in_place_add},
      {"tuple", "No", tuple_of_two(weft_int_new(1), weft_int_new(2)), tuple_of_two(weft_int_new(3), weft_int_new(4)),
       weft_in_place_add},
      {"list", "Yes", list_of_ints(1, 1), list_of_ints(1, 2), weft_in_place_add},
      {"dict", "Yes", dict_of("a", weft_int_new(1)), dict_of("b", weft_int_new(2)), weft_in_place_or},
      {"set", "Yes", set_of(list_of_ints(1, 1), false), set_of(list_of_ints(1, 2), false), weft_in_place_or},
      {"user class", "Yes", user, weft_str_new("Bob"), NULL},
  };
  tap_say("type         document   changed through an alias");
  bool good = true;
  for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
    struct probe *p = &probes[i];
    const char *here = is_mutable(p) ? "Yes" : "No";
    bool user_class = !p->op;
    tap_say("%-12s %-10s %s%s", p->name, user_class ? "(depends)" : p->document, here, user_class ? " (ID-28)" : "");
    good = good && strcmp(here, p->document) == 0;
    weft_xdecref(p->x);
    weft_decref(p->y);
  }
  return tap_check(good, "ID-29", "000, table 3.5: each line by changing a value and looking through an alias");
}

bool show_mutability(void) {
  tap_title("Immutable: another object");
  bool good = show_strings();
  good = show_shared_int() && good;
  good = show_numbers() && good;
  good = show_str_and_tuple() && good;
  good = show_tuple() && good;
  good = show_frozenset() && good;
  good = show_bool() && good;
  tap_title("Mutable: the same object, changed");
  good = show_list_append("ID-13", "what is appended is seen through the alias") && good;
  good = show_dict_alias() && good;
  good = show_list() && good;
  good = show_dict() && good;
  good = show_set() && good;
  good = show_list_append("ID-30", "append changes the list itself, it keeps its id") && good;
  good = show_list_plus() && good;
  tap_say("(a bytearray can change, too: ID-27, in the demo of containers)");
  tap_title("Instances");
  good = show_instance() && good;
  good = show_classes() && good;
  return show_table() && good;
}
