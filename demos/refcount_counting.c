/* SPDX-License-Identifier: MIT */
/* What adds to a count and what takes from it, step by step as the documents have it. */
#include <stdio.h>

#include "demos/refcount.h"

int64_t reported(weft_object *o) {
  weft_incref(o);
  int64_t count = weft_refcount(o);
  weft_decref(o);
  return count;
}

/* Prints a step beside the document's line. True: the reported count is the document's. */
static bool step(const char *code, weft_object *o, int64_t document) {
  int64_t held = weft_refcount(o), shown = reported(o);
  tap_say("%-28s document %lld   reported %lld, held %lld", code, (long long)document, (long long)shown,
          (long long)held);
  return shown == document && held == document - 1;
}

/* --- REF-01, REF-05: alias --- */

/* Makes a list, refers to it by a second name, deletes one of the two; `code` says so. Returns what is left. */
static weft_object *make_alias_delete(const char *const code[3], bool *good) {
  weft_object *x = list_of_ints(3, 1, 2, 3);
  *good = step(code[0], x, 2);
  weft_object *y = weft_new_ref(x);
  *good = step(code[1], x, 3) && *good;
  weft_clear(&x);
  *good = step(code[2], y, 2) && *good;
  return y;
}

static void show_alias(const char *row, const char *source, const char *last_step) {
  bool good;
  weft_decref(make_alias_delete((const char *[]){"x = [1, 2, 3]", "y = x", last_step}, &good));
  tap_check(good, row, "%s: create, alias, delete one name: reported 2, 3, 2", source);
}

/* --- REF-02: and the last name --- */

static void show_last_name(void) {
  size_t before = live_blocks();
  bool good;
  weft_object *b = make_alias_delete((const char *[]){"a = [1, 2, 3]", "b = a", "del a"}, &good);
  weft_object *watcher = weft_weakref_new(b, NULL);
  bool was_dead = weft_weakref_is_dead(watcher);
  weft_clear(&b);
  bool dead = weft_weakref_is_dead(watcher) == 1;
  weft_clear(&watcher);
  tap_say("del b                        the weak reference is %s", dead ? "dead" : "alive");
  tap_check(good && !was_dead && dead && live_blocks() == before, "REF-02",
            "002: reported 2, 3, 2; released with the last name, at once: its weak reference is dead, its memory back");
}

/* --- REF-03: eight steps --- */

static void show_eight_steps(void) {
  static const char *const code[] = {"a = Object()",  "b = a", "c = a", "items = [a]",
                                     "items.clear()", "del c", "del b", "del a"};
  int64_t held[8];
  log_clear();
  weft_object *a = resource_new("");
  held[0] = weft_refcount(a);
  weft_object *b = weft_new_ref(a);
  held[1] = weft_refcount(a);
  weft_object *c = weft_new_ref(a);
  held[2] = weft_refcount(a);
  weft_auto weft_object *items = weft_list_of(1, &a);
  held[3] = weft_refcount(a);
  weft_list_clear(items);
  held[4] = weft_refcount(a);
  weft_decref(c);
  held[5] = weft_refcount(a);
  weft_decref(b);
  held[6] = weft_refcount(a);
  bool before = resources_alive() == 1;
  weft_clear(&a);
  held[7] = resources_alive();
  bool good = before && log_is("C D");
  for (int i = 0; i < 8; i++) {
    int document = i < 4 ? i + 1 : 7 - i;
    tap_say("%-28s document %d   held %lld", code[i], document, (long long)held[i]);
    good = good && held[i] == document;
  }
  tap_check(good, "REF-03", "002, the count visualised: 1, 2, 3, 4, 3, 2, 1, 0; destroyed by the last step");
}

/* --- REF-04: memory comes back at zero --- */

static void show_memory(void) {
  size_t before = live_blocks();
  weft_object *x = list_of_ints(3, 1, 2, 3);
  int64_t first = weft_refcount(x);
  weft_object *y = weft_new_ref(x);
  int64_t second = weft_refcount(x);
  size_t between = live_blocks();
  weft_clear(&x);
  int64_t third = weft_refcount(y);
  weft_clear(&y);
  size_t after = live_blocks();
  tap_say("x = [1, 2, 3]; y = x; del x; del y: held %lld, %lld, %lld; live blocks %zu, %zu, %zu", (long long)first,
          (long long)second, (long long)third, before, between, after);
  tap_check(first == 1 && second == 2 && third == 1 && between > before && after == before, "REF-04",
            "004, the diagram: 1, 2, 1, and at 0 the memory is given back at once");
}

/* --- REF-06, REF-07: containers and calls --- */

static void show_containers(void) {
  weft_auto weft_object *x = list_of_ints(3, 1, 2, 3);
  weft_auto weft_object *container = weft_list_of(1, &x);
  bool good = step("container = [x]", x, 3);
  weft_list_append(container, x);
  good = step("container.append(x)", x, 4) && good;
  weft_list_clear(container);
  good = step("container.clear()", x, 2) && good;
  tap_check(good, "REF-06", "004: a container counts once for each slot: 3, twice in it 4, after clear 2");
}

/* The callee. Its argument is borrowed: the caller's reference covers the call. */
static weft_object *process(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  bool good = step("process(obj): inside", args[0], 3);
  weft_auto weft_object *own = weft_new_ref(args[0]);
  good = step("  own = obj", own, 4) && good;
  return weft_bool_new(good);
}

static void show_calls(void) {
  weft_auto weft_object *x = list_of_ints(3, 1, 2, 3);
  weft_object *container = weft_list_of(1, &x);
  weft_auto weft_object *function = weft_function_new("process", process, 0, NULL);
  weft_auto weft_object *inside = weft_call(function, &x, 1);
  bool good = step("after the call", x, 3) && inside == WEFT_TRUE;
  weft_decref(container);
  tap_say("the document says 4 inside: true for Python 3.11 to 3.13, where a parameter is a reference; 3 since 3.14");
  tap_check(good, "REF-07", "a call borrows: 3 inside, 4 once the callee keeps a reference of its own, 3 afterwards");
}

/* --- REF-08: all that holds a reference --- */

static const weft_type *thing_type; /* its instances have attributes, a method, and a hash by identity */
static weft_object *a_name;         /* "name" */

static weft_object *do_nothing(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return WEFT_NONE;
}
static weft_object *yield_nothing(weft_object *generator, weft_object *sent) {
  (void)generator, (void)sent;
  return NULL;
}

/* Each makes something that holds `o`. */
static weft_object *attribute_of(weft_object *o) {
  weft_object *holder = weft_instance_new(thing_type);
  weft_setattr(holder, a_name, o);
  return holder;
}
static weft_object *dict_value(weft_object *o) {
  weft_object *holder = weft_dict_new();
  weft_dict_set(holder, a_name, o);
  return holder;
}
static weft_object *dict_key(weft_object *o) {
  weft_object *holder = weft_dict_new();
  weft_dict_set(holder, o, WEFT_NONE);
  return holder;
}
static weft_object *set_member(weft_object *o) {
  weft_object *holder = weft_set_new();
  weft_set_add(holder, o);
  return holder;
}
static weft_object *tuple_item(weft_object *o) { return weft_tuple_pack(1, o); }
static weft_object *closure_cell(weft_object *o) { return weft_cell_new(o); }
static weft_object *partial(weft_object *o) { return weft_function_new("partial", do_nothing, 1, &o); }
static weft_object *bound_method(weft_object *o) { return weft_getattr_text(o, "method"); }
static weft_object *generator_argument(weft_object *o) {
  return weft_generator_new("generator", yield_nothing, 1, &o, 0, NULL);
}
static weft_object *weak_reference(weft_object *o) { return weft_weakref_new(o, NULL); }

static void show_holders(void) {
  static const struct holder {
    const char *name;
    weft_object *(*make)(weft_object *o);
    int64_t python;
  } holders[] = {{"attribute", attribute_of, 1},
                 {"value in a dict", dict_value, 1},
                 {"key in a dict", dict_key, 1},
                 {"member of a set", set_member, 1},
                 {"item of a tuple", tuple_item, 1},
                 {"cell of a closure", closure_cell, 1},
                 {"captured argument", partial, 1},
                 {"bound method", bound_method, 1},
                 {"argument of a generator", generator_argument, 1},
                 {"weak reference", weak_reference, 0}};
  thing_type = weft_type_new(&(weft_type_spec){.name = "Thing", .flags = WEFT_TYPE_DICT});
  a_name = weft_str_intern("name");
  weft_auto weft_object *method = weft_function_new("method", do_nothing, 0, NULL), *o = weft_instance_new(thing_type);
  bool good = weft_type_set(thing_type, weft_str_intern("method"), method) == 0;
  for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
    int64_t before = weft_refcount(o);
    weft_object *holder = holders[i].make(o);
    int64_t added = weft_refcount(o) - before;
    weft_decref(holder);
    tap_say("%-28s Python +%lld   here +%lld", holders[i].name, (long long)holders[i].python, (long long)added);
    good = added == holders[i].python && weft_refcount(o) == before && good;
  }
  tap_check(good, "REF-08", "004: whatever holds an object adds exactly 1, and takes it back; a weak reference adds 0");
}

/* --- REF-09, FU-04 --- */

static void show_del(void) {
  weft_auto weft_object *x = list_of_ints(3, 1, 2, 3);
  weft_object *name = weft_new_ref(x);
  int64_t before = weft_refcount(x);
  weft_clear(&name);
  int64_t after = weft_refcount(x);
  tap_check(after - before == -1, "REF-09", "deleting a name takes 1: %lld to %lld", (long long)before,
            (long long)after);
}

static void show_difference(void) {
  weft_object *holder[3] = {list_of_ints(3, 1, 2, 3)};
  bool good = true;
  for (int n = 1; n <= 3; n++) {
    if (n > 1) holder[n - 1] = weft_new_ref(holder[0]);
    int64_t held = weft_refcount(holder[0]), shown = reported(holder[0]);
    tap_say("%d holder%s: held %lld, reported %lld", n, n > 1 ? "s" : "", (long long)held, (long long)shown);
    good = good && held == n && shown - held == 1;
  }
  for (int n = 0; n < 3; n++) weft_decref(holder[n]);
  tap_check(good, "FU-04",
            "getrefcount shows one more because its argument is a reference: the difference is always 1");
}

/* --- EX-01 --- */

static void show_exercise(void) {
  static const char *const code[] = {"1. a variable is made", "2. a second one refers to it", "3. that one is deleted"};
  bool good;
  weft_object *x = make_alias_delete(code, &good);
  weft_auto weft_object *list = weft_list_of(1, &x);
  good = step("4. it is stored in a list", x, 3) && good;
  weft_clear(&x);
  tap_check(good && weft_list_length(list) == 1, "EX-01", "002, exercise 1: reported 2, 3, 2, 3; held 1, 2, 1, 2");
}

void show_counting(void) {
  tap_title("What changes a count");
  show_alias("REF-01", "000", "del x");
  show_alias("REF-05", "004", "del y");
  show_last_name();
  show_eight_steps();
  show_memory();
  show_containers();
  show_calls();
  show_holders();
  show_del();
  show_difference();
  show_exercise();
}
