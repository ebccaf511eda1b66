/* SPDX-License-Identifier: MIT */
/* When objects are destroyed: at once, by the last drop, in an order that can be relied on. */
#include <stdio.h>
#include <string.h>

#include "demos/refcount.h"

/* --- The log --- */

struct resource {
  weft_object header;
  char name[8];
};

static char text[256];
static const weft_type *resource_type;
static int alive;

void log_clear(void) { text[0] = 0; }
const char *log_text(void) { return text; }
bool log_is(const char *words) { return strcmp(text, words) == 0; }

void log_event(const char *word) {
  size_t used = strlen(text);
  snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", word);
}

static void log_resource(char what, const struct resource *r) {
  char word[16];
  snprintf(word, sizeof word, "%c%s", what, r->name);
  log_event(word);
}

static void resource_finalize(weft_object *self) {
  alive--;
  log_resource('D', (struct resource *)self);
}

bool log_init(void) {
  resource_type = weft_type_new(
      &(weft_type_spec){.name = "resource", .basic_size = sizeof(struct resource), .finalize = resource_finalize});
  return resource_type;
}

weft_object *resource_new(const char *name) {
  weft_object *o = weft_object_new(resource_type, 0);
  if (!o) return NULL;
  struct resource *r = (struct resource *)o;
  snprintf(r->name, sizeof r->name, "%s", name);
  alive++;
  log_resource('C', r);
  return o;
}

int resources_alive(void) { return alive; }

/* Prints what happened and checks it. */
static void check_log(const char *row, const char *expected, const char *claim) {
  tap_say("events: %s", text);
  tap_check(log_is(expected), row, "%s", claim);
}

/* --- FIN-01, REF-10, REF-11, REF-12, REF-18 --- */

static void show_rebinding_to_none(void) {
  log_clear();
  weft_object *r = resource_new("test");
  weft_object *old = r;
  r = WEFT_NONE;
  weft_decref(old);
  log_event("next-statement");
  tap_say("document 004: r = Resource(\"test\")  # Created: test     r = None  # Destroyed: test (at once!)");
  check_log("FIN-01", "Ctest Dtest next-statement", "004: destroyed at once, before the next statement");
}

static void function_with_local(void) {
  weft_auto weft_object *local = resource_new("1");
  (void)local;
  log_event("end-of-body");
}

static void show_scope(void) {
  log_clear();
  function_with_local();
  log_event("after-call");
  check_log("REF-10", "C1 end-of-body D1 after-call", "004: leaving a function drops its locals");
}

static void show_rebinding(void) {
  log_clear();
  weft_object *name = resource_new("1");
  weft_object *old = name;
  name = resource_new("2");
  weft_decref(old);
  weft_clear(&name);
  check_log("REF-11", "C1 C2 D1 D2", "004: rebinding destroys the old value once the new one exists; del the new one");
}

static weft_object *list_of_resources(const char *const *names, size_t n) {
  weft_object *list = weft_list_new();
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *r = resource_new(names[i]);
    weft_list_append(list, r);
  }
  return list;
}

static const char *const three[] = {"1", "2", "3"};

static void show_removal(void) {
  weft_auto weft_object *list = list_of_resources(three, 3);
  log_clear();
  weft_object *popped = weft_list_pop(list, 0);
  log_event("popped");
  weft_clear(&popped);
  log_event("dropped");
  weft_list_clear(list);
  log_event("cleared");
  check_log("REF-12", "popped D1 dropped D3 D2 cleared",
            "004: what pop returned dies when dropped, clear drops the rest");
}

static void show_del_is_no_release(void) {
  log_clear();
  weft_object *a = resource_new("1"), *b = weft_new_ref(a);
  weft_clear(&a);
  log_event("del-1");
  weft_clear(&b);
  log_event("del-2");
  check_log("REF-18", "C1 del-1 D1 del-2", "004, errors: del does not guarantee release; the last del does");
}

/* --- REF-22, REF-13 --- */

static void show_cause(void) {
  log_clear();
  weft_object *o = resource_new("1");
  int before = alive;
  weft_decref(o);
  const char *cause = alive == before - 1 ? "refcount" : "unknown";
  tap_say("document 002: \"refcount = 0 -> deleted by the garbage collector\", and elsewhere \"deleted at once\"");
  tap_say("here:         destroyed inside the drop of the last reference: cause = %s", cause);
  tap_check(log_is("C1 D1") && strcmp(cause, "refcount") == 0, "REF-22",
            "at count 0 it is the counting that frees, not the cyclic collector: this build has none yet");
}

static size_t blocks_inside;

static void list_local_to_a_function(void) {
  weft_auto weft_object *x = list_of_ints(3, 1, 2, 3);
  (void)x;
  blocks_inside = live_blocks();
}

static void show_determinism(void) {
  size_t before = live_blocks();
  list_local_to_a_function();
  tap_check(live_blocks() == before && blocks_inside > before, NULL,
            "002: a list local to a function is gone on return, without a collector");
  tap_say("That is REF-13 as far as it goes without a collector whose counters could be shown unchanged.");
}

/* --- REF-24 --- */

static void show_list_order(void) {
  weft_object *list = list_of_resources(three, 3);
  log_clear();
  weft_decref(list);
  tap_say("list dies:   %s", text);
  tap_check(log_is("D3 D2 D1"), NULL, "a dying list drops its items last to first");
  list = list_of_resources(three, 3);
  log_clear();
  weft_list_clear(list);
  tap_say("list clears: %s", text);
  tap_check(log_is("D3 D2 D1"), NULL, "a list that is cleared drops its items last to first");
  weft_decref(list);
}

static void show_tuple_order(void) {
  weft_object *r[3];
  for (int i = 0; i < 3; i++) r[i] = resource_new(three[i]);
  weft_object *tuple = weft_tuple_new(3, r);
  for (int i = 0; i < 3; i++) weft_decref(r[i]);
  log_clear();
  weft_decref(tuple);
  tap_say("tuple dies:  %s", text);
  tap_check(log_is("D3 D2 D1"), NULL, "a dying tuple drops its items last to first");
}

static void show_attribute_order(void) {
  static const char *const slots[] = {"first", "second", "third", NULL};
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "record", .slot_names = slots});
  weft_object *record = weft_instance_new(type);
  for (size_t i = 0; i < 3; i++) {
    weft_auto weft_object *r = resource_new(three[i]);
    weft_slot_set(record, i, r);
  }
  log_clear();
  weft_decref(record);
  tap_say("object dies: %s", text);
  tap_check(log_is("D1 D2 D3"), NULL, "a dying instance drops its attributes in the order of its slots");
}

void show_destruction(void) {
  tap_title("When objects are destroyed (C: created, D: destroyed)");
  show_rebinding_to_none();
  show_scope();
  show_rebinding();
  show_removal();
  show_del_is_no_release();
  show_cause();
  show_determinism();
  tap_title("The order in which a dying container drops its items");
  show_list_order();
  show_tuple_order();
  show_attribute_order();
  tap_say("That is REF-24 without dict, which this runtime does not have yet.");
}
