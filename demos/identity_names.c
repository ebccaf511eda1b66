/* SPDX-License-Identifier: MIT */
/* Names and what they refer to: aliases, parameters, scopes. */
#include <inttypes.h>
#include <stdio.h>

#include "demos/identity.h"

/* --- ID-01 to 03, 34, 37, 39: aliases --- */

static void append_int(weft_object *list, int64_t value) {
  weft_auto weft_object *item = weft_int_new(value);
  weft_list_append(list, item);
}

static bool show_alias(const char *row, const char *source, bool with_ids) {
  weft_auto weft_object *a = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *b = weft_new_ref(a);
  bool good = true;
  if (with_ids) {
    tap_say("id(a) = 0x%" PRIxPTR ", id(b) = 0x%" PRIxPTR, weft_id(a), weft_id(b));
    good = answers("a is b", weft_is(a, b), true) && weft_id(a) == weft_id(b);
  }
  append_int(a, 4);
  good = prints("b = a; a.append(4); print(a)", a, "[1, 2, 3, 4]") && good;
  good = prints("print(b)", b, "[1, 2, 3, 4]") && good;
  return tap_check(good, row, "%s: two names, one list: a change through one is seen through the other", source);
}

static bool show_new_string(void) {
  weft_auto weft_object *x = weft_str_new("hello");
  weft_auto weft_object *y = weft_new_ref(x);
  bool good = answers("x = 'hello'; y = x; id(x) == id(y)", weft_id(x) == weft_id(y), true);
  weft_auto weft_object *world = weft_str_new(" world");
  rebind(&x, weft_add(x, world));
  good = answers("x = x + ' world'; id(x) == id(y)", weft_id(x) == weft_id(y), false) && good;
  return tap_check(good, "ID-02", "000: an alias has the same id, a new str another");
}

static bool show_no_copy(void) {
  weft_auto weft_object *data = dict_of("key", weft_str_new("value"));
  weft_auto weft_object *copy = weft_new_ref(data);
  weft_auto weft_object *key = weft_str_new("key");
  weft_auto weft_object *value = weft_str_new("new value");
  weft_dict_set(copy, key, value);
  bool good = prints("copy['key'] = 'new value'; print(data)", data, "{'key': 'new value'}");
  return tap_check(good, "ID-03", "000: assignment makes no copy");
}

static bool show_ids(void) {
  weft_auto weft_object *x = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *y = weft_new_ref(x);
  weft_auto weft_object *z = list_of_ints(3, 1, 2, 3);
  tap_say("x = [1, 2, 3]: 0x%" PRIxPTR "; y = x: 0x%" PRIxPTR "; z = [1, 2, 3]: 0x%" PRIxPTR, weft_id(x), weft_id(y),
          weft_id(z));
  return tap_check(weft_id(x) == weft_id(y) && weft_id(x) != weft_id(z) && weft_compare(x, z, WEFT_EQ) == 1, "ID-37",
                   "002: an alias has the same id, an equal list another");
}

static bool show_real_copy(void) {
  weft_auto weft_object *original = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *alias = weft_new_ref(original);
  append_int(alias, 4);
  bool good = prints("alias.append(4); print(original)", original, "[1, 2, 3, 4]");
  weft_auto weft_object *copy = weft_list_slice(original, 0, INT64_MAX);
  append_int(copy, 5);
  good = prints("copy = original[:]; copy.append(5)", original, "[1, 2, 3, 4]") && good;
  good = prints("print(copy)", copy, "[1, 2, 3, 4, 5]") && good;
  return tap_check(good, "ID-39", "002, pitfall 1: an alias is no copy; a slice is one");
}

/* --- ID-35: the diagram, drawn from a namespace --- */

static bool show_diagram(void) {
  weft_object *list = list_of_ints(3, 1, 2, 3);
  uintptr_t id = weft_id(list);
  weft_auto weft_object *namespace = dict_of("a", list);
  weft_auto weft_object *b = weft_str_new("b");
  weft_auto weft_object *other = weft_str_new("other");
  weft_auto weft_object *equal = list_of_ints(3, 1, 2, 3);
  weft_dict_set(namespace, b, list);
  weft_dict_set(namespace, other, equal);
  weft_auto weft_object *names = weft_dict_keys(namespace);
  int referrers = 0;
  bool right = true;
  for (int64_t i = 0; i < weft_list_length(names); i++) {
    weft_auto weft_object *name = weft_list_get(names, i);
    weft_auto weft_object *value = weft_dict_get(namespace, name);
    bool same = weft_id(value) == id;
    referrers += same;
    right = right && same == (name != other);
    tap_say("%6s ───▶ 0x%" PRIxPTR "%s", shown(name), weft_id(value), same ? "  ◀── this box" : "");
  }
  int64_t count = weft_refcount(list);
  tap_say("           ┌───────────────────────────────┐");
  tap_say("           │ list at 0x%-19" PRIxPTR " │", id);
  tap_say("           │ %-29s │", shown(list));
  tap_say("           │ count %-23" PRId64 " │", count);
  tap_say("           └───────────────────────────────┘");
  return tap_check(right && referrers == 2 && count == 2, "ID-35",
                   "002, the picture: one list in the heap, and the two names that refer to it");
}

/* --- ID-04, 05, 07, 08, 16, 17: parameters --- */

static weft_object *append_42(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  append_int(args[0], 42);
  return weft_new_ref(WEFT_NONE);
}
static weft_object *append_99(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  append_int(args[0], 99);
  return weft_new_ref(WEFT_NONE);
}
static weft_object *clear_list(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  return weft_list_clear(args[0]) == 0 ? weft_new_ref(WEFT_NONE) : NULL;
}

/* The parameter is a name of the function's: binding it to something else says nothing to the caller. */
static weft_object *add_one(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *x = weft_new_ref(args[0]);
  rebind(&x, weft_add(x, one));
  return weft_new_ref(x);
}
static weft_object *add_one_in_place(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *x = weft_new_ref(args[0]);
  rebind(&x, weft_in_place_add(x, one));
  return weft_new_ref(x);
}
static weft_object *make_zero(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  weft_auto weft_object *x = weft_new_ref(args[0]);
  rebind(&x, weft_int_new(0));
  return weft_new_ref(x);
}

static bool show_parameter(const char *row, const char *code, weft_c_function body, weft_object *argument_steal,
                           const char *document, const char *claim) {
  uintptr_t id = weft_id(argument_steal);
  bool good = call_function(body, argument_steal);
  good = prints(code, argument_steal, document) && good && weft_id(argument_steal) == id;
  weft_decref(argument_steal);
  return tap_check(good, row, "000: %s", claim);
}

static bool show_parameters(void) {
  bool good = show_parameter("ID-04", "change_list(numbers); print(numbers)", append_42, list_of_ints(3, 1, 2, 3),
                             "[1, 2, 3, 42]", "a function that gets a list can change it");
  good = show_parameter("ID-05", "change_value(value); print(value)", add_one, weft_int_new(10), "10",
                        "one that gets an int and computes another has its own") &&
         good;
  good = show_parameter("ID-07", "reset_list(my_list); print(my_list)", clear_list, list_of_ints(3, 9, 8, 7), "[]",
                        "a list that a function clears is empty for its caller") &&
         good;
  good = show_parameter("ID-08", "reset_number(n); print(n)", make_zero, weft_int_new(123), "123",
                        "a parameter that is bound to 0 leaves the caller's int alone") &&
         good;
  good = show_parameter("ID-16", "modify_list(nums); print(nums)", append_99, list_of_ints(3, 1, 2, 3), "[1, 2, 3, 99]",
                        "mutable parameters show the change outside") &&
         good;
  return show_parameter("ID-17", "modify_number(x); print(x)", add_one_in_place, weft_int_new(10), "10",
                        "immutable ones do not, += or not") &&
         good;
}

/* --- ID-09: scopes --- */

/* A scope has a cell for each of its names. Declaring a name `global` or `nonlocal` puts another scope's cell there. */
struct scope {
  const struct scope *enclosing;
  weft_object *cells; /* a dict: name to cell */
};

static void scope_open(struct scope *s, const struct scope *enclosing) {
  *s = (struct scope){enclosing, weft_dict_new()};
}
static void scope_close(struct scope *s) { weft_clear(&s->cells); }

/* The cell that a name means: local, then enclosing, then global. Returns new, NULL: there is no such name. */
static weft_object *scope_find(const struct scope *s, weft_object *name) {
  weft_object *cell = NULL;
  for (; s && !cell; s = s->enclosing) weft_dict_find(s->cells, name, &cell);
  return cell;
}

/* Makes `name` one of the scope's own, with nothing bound to it yet, unless it has it. Returns new. */
static weft_object *scope_own(struct scope *s, weft_object *name) {
  weft_auto weft_object *empty = weft_cell_new(NULL);
  return empty ? weft_dict_set_default(s->cells, name, empty) : NULL;
}

/* `global name` or `nonlocal name`: here it is what it is in another scope. */
static void scope_declare(struct scope *s, weft_object *name, const struct scope *from) {
  weft_auto weft_object *cell = scope_find(from, name);
  if (cell) weft_dict_set(s->cells, name, cell);
}

static void scope_assign(struct scope *s, weft_object *name, const char *text) {
  weft_auto weft_object *cell = scope_own(s, name);
  weft_auto weft_object *value = weft_str_new(text);
  weft_cell_set(cell, value);
}

/* Returns new. Errors: ValueError when nothing is bound to it. */
static weft_object *scope_read(const struct scope *s, weft_object *name) {
  weft_auto weft_object *cell = scope_find(s, name);
  return cell ? weft_cell_get(cell) : weft_raise(&weft_KeyError, "name '%s' is not defined", shown(name));
}

static bool reads(const char *code, const struct scope *s, weft_object *name, const char *document) {
  weft_auto weft_object *value = scope_read(s, name);
  return prints(code, value, document);
}

static bool show_scopes(void) {
  weft_auto weft_object *name = weft_str_new("name");
  weft_auto weft_object *unknown = weft_str_new("unknown");
  struct scope global, outer, inner;
  scope_open(&global, NULL);
  scope_open(&outer, &global);
  scope_open(&inner, &outer);
  scope_assign(&global, name, "outer");
  scope_assign(&outer, name, "inner");
  bool good = reads("def test(): name = 'inner'; print(name)", &outer, name, "inner");
  good = reads("test(); print(name)", &global, name, "outer") && good;
  scope_declare(&inner, name, &outer);
  scope_assign(&inner, name, "changed");
  good = reads("  nonlocal name; name = 'changed'", &outer, name, "changed") && good;
  scope_close(&inner);
  scope_open(&inner, &outer);
  scope_declare(&inner, name, &global);
  scope_assign(&inner, name, "new");
  good = reads("  global name; name = 'new'", &global, name, "new") && good;
  good = reads("  and in test()", &outer, name, "changed") && good;
  scope_close(&inner);
  scope_open(&inner, &outer);
  weft_decref(scope_own(&inner, name));
  tap_say("  print(name); name = 'later'  # a local name, so far without a value");
  good = raises_object(scope_read(&inner, name), &weft_ValueError) && good;
  good = raises_object(scope_read(&inner, unknown), &weft_KeyError) && good;
  scope_close(&inner);
  scope_close(&outer);
  scope_close(&global);
  return tap_check(good, "ID-09",
                   "000: a local name hides the outer one; global and nonlocal reach it; each is a cell");
}

bool show_names(void) {
  tap_title("Names are references");
  bool good = show_alias("ID-01", "000", false);
  good = show_new_string() && good;
  good = show_no_copy() && good;
  good = show_alias("ID-34", "002", true) && good;
  good = show_diagram() && good;
  good = show_ids() && good;
  good = show_real_copy() && good;
  tap_title("References in functions");
  good = show_parameters() && good;
  return show_scopes() && good;
}
