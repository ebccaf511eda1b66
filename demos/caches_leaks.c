/* SPDX-License-Identifier: MIT */
/* What keeps memory: globals, cycles, closures, contexts; and what only seems to. */
#include <stdio.h>
#include <string.h>

#include "demos/caches.h"

enum { MILLION = 1000000 };

static weft_object *zeros(int64_t n) {
  weft_auto weft_object *one = list_of_ints(1, 0);
  return weft_list_repeat(one, n);
}

/* --- LK-16: a registry of the class, found by tracemalloc --- */

enum { PROCESSORS = 100, NUMBERS = 10000, SMALL_INTS = 257 };

static weft_object *processors; /* DataProcessor._registry */
static int line_of_data;

/* DataProcessor([j for j in range(10000)]), and process(). */
static void make_processor(const weft_type *type) {
  weft_auto weft_object *range = weft_range_new(0, NUMBERS, 1);
  line_of_data = __LINE__ + 1;
  weft_auto weft_object *data = weft_list_from(range);
  weft_auto weft_object *processor = weft_instance_new(type);
  weft_setattr_text(processor, "data", data);
  weft_list_append(processors, processor);
}

static void show_class_registry(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "DataProcessor", .flags = WEFT_TYPE_DICT});
  processors = weft_list_new();
  if (weft_tracemalloc_start(1) < 0) return;
  weft_snapshot *before = weft_snapshot_take();
  for (int i = 0; i < PROCESSORS; i++) make_processor(type);
  int64_t found = weft_gc_collect(2);
  weft_snapshot *after = weft_snapshot_take();
  weft_statistics *grown = weft_snapshot_compare(after, before, WEFT_SNAPSHOT_BY_LINE, false);
  int64_t registered = weft_list_length(processors);
  tap_say("document 001: 100 processors, each with 10,000 ints, dropped; the registry has %d. What has grown:",
          (int)registered);
  bool named = false;
  for (size_t i = 0; grown && i < grown->count && i < 3; i++) {
    char text[200];
    weft_statistic_format(text, sizeof text, &grown->entries[i], true);
    tap_say("  %s", text);
  }
  if (grown && grown->count) {
    const weft_statistic *first = &grown->entries[0];
    const weft_frame *line = &first->traceback->frames[0];
    named = strstr(line->file, "caches_leaks.c") && line->line == line_of_data &&
            first->count_diff >= PROCESSORS * (NUMBERS - SMALL_INTS) &&
            first->size_diff >= (ptrdiff_t)(PROCESSORS * NUMBERS * sizeof(weft_object *));
  }
  tap_check(registered == PROCESSORS && named && found == 0, "LK-16",
            "001, the leak: the line of the lists is named first; the collector finds nothing (Python: +38,775 KB)");
  weft_statistics_free(grown);
  weft_snapshot_free(before);
  weft_snapshot_free(after);
  weft_tracemalloc_stop();
  weft_clear(&processors);
}

/* --- LK-18: a registry by class --- */

static weft_object *registry; /* Cache.instances */

static weft_object *make_cache(const weft_type *type) {
  weft_object *o = weft_instance_new(type);
  weft_list_append(registry, o);
  return o;
}

/* Tracked objects of a type. */
static int tracked(const weft_type *type) {
  weft_auto weft_object *all = weft_gc_get_objects(-1);
  int n = 0;
  for (int64_t i = 0; i < weft_list_length(all); i++) {
    weft_object *o = weft_list_get(all, i);
    n += o->type == type;
    weft_decref(o);
  }
  return n;
}

static void show_registry(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Cache", .flags = WEFT_TYPE_DICT});
  registry = weft_list_new();
  for (int i = 0; i < 1000; i++) weft_decref(make_cache(type));
  int64_t listed = weft_list_length(registry);
  int seen = tracked(type);
  weft_list_clear(registry);
  int after = tracked(type);
  tap_say("1000 caches made and dropped: %d in the class's list, %d tracked; the list cleared: %d", (int)listed, seen,
          after);
  weft_clear(&registry);
  tap_check(listed == 1000 && seen == 1000 && after == 0, "LK-18", "004: a class list keeps all of its instances");
}

/* --- LK-19, 20: a global and a local list --- */

static weft_object *global_list;

static void bad_function(void) {
  weft_auto weft_object *data = zeros(MILLION);
  weft_list_append(global_list, data);
}
static void good_function(void) {
  weft_auto weft_object *data = zeros(MILLION);
  (void)data;
}

static void show_global(void) {
  global_list = weft_list_new();
  size_t before = bytes_in_use(), step = 0, last = before;
  bool even = true;
  for (int i = 1; i <= 5; i++) {
    bad_function();
    size_t now = bytes_in_use(), grown = now - last;
    if (i == 1) step = grown;
    even = even && (double)grown >= 0.99 * (double)step && (double)grown <= 1.01 * (double)step;
    tap_say("global list, call %d: %6.2f MB", i, megabytes(now - before));
    last = now;
  }
  weft_list_clear(global_list);
  double left = megabytes(bytes_in_use() - before);
  tap_say("cleared: %.1f MB", left);
  tap_check(even && step >= MILLION * sizeof(weft_object *) && left < 0.05, "LK-19",
            "002, problem 1: each call adds as much (Python: 7.63 MB), until the list is cleared");
  weft_clear(&global_list);
  before = bytes_in_use();
  bool flat = true;
  for (int i = 1; i <= 5; i++) {
    good_function();
    flat = flat && bytes_in_use() <= before;
  }
  tap_check(flat, "LK-20", "002: a local list is gone after each of five calls");
}

/* --- LK-21: a cycle --- */

static void show_cycle(void) {
  weft_gc_collect(2);
  size_t before = bytes_in_use();
  weft_object *a = zeros(MILLION), *b = zeros(MILLION);
  weft_list_append(a, b);
  weft_list_append(b, a);
  weft_decref(a);
  weft_decref(b);
  size_t kept = bytes_in_use() - before;
  int64_t found = weft_gc_collect(2);
  size_t left = bytes_in_use() - before;
  tap_say("two lists that refer to each other, dropped: %.1f MB; %d found by the collector: %.1f MB", megabytes(kept),
          (int)found, megabytes(left));
  tap_check(kept >= 2 * MILLION * sizeof(weft_object *) && found == 2 && left < 4096, "LK-21",
            "002, problem 2: a cycle keeps its memory until it is collected");
}

/* --- LK-23, 24: closures --- */

static weft_object *unmentioning(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return weft_str_new("inner function");
}
static weft_object *mentioning(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  return weft_int_new(weft_list_length(weft_function_captured_borrow(self, 0)));
}
static weft_object *summarising(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  weft_auto weft_object *size = weft_str(weft_function_captured_borrow(self, 0));
  return weft_str_format("inner function, data size was: %s", weft_str_utf8(size, NULL));
}

enum closure { UNMENTIONED, MENTIONED, SUMMARY };

/* def outer(): data = [0] * 1000000; size = len(data); def inner(): … */
static weft_object *outer(enum closure kind) {
  weft_auto weft_object *data = zeros(MILLION);
  weft_auto weft_object *size = weft_int_new(weft_list_length(data));
  switch (kind) {
    case UNMENTIONED: return weft_function_new("inner", unmentioning, 0, NULL);
    case MENTIONED: return weft_function_new("inner", mentioning, 1, &data);
    default: return weft_function_new("inner", summarising, 1, &size);
  }
}

static size_t bytes_of_closure(enum closure kind, weft_object **result) {
  size_t before = bytes_in_use();
  weft_auto weft_object *inner = outer(kind);
  size_t bytes = bytes_in_use() - before;
  *result = weft_call(inner, NULL, 0);
  return bytes;
}

static void show_closures(void) {
  weft_object *results[3];
  size_t bytes[3];
  for (int kind = UNMENTIONED; kind <= SUMMARY; kind++)
    bytes[kind] = bytes_of_closure((enum closure)kind, &results[kind]);
  tap_say("data not mentioned in the inner function: %zu bytes are kept (Python: 168)", bytes[UNMENTIONED]);
  tap_say("mentioned:                                %zu (8,000,264)", bytes[MENTIONED]);
  tap_say("only its length mentioned:                %zu (264)", bytes[SUMMARY]);
  tap_check(
      bytes[UNMENTIONED] < 512 && bytes[MENTIONED] >= MILLION * sizeof(weft_object *), "LK-23",
      "002, problem 3: a closure keeps what it captures, and only that; as printed in the document it keeps nothing");
  const char *message = shown(results[SUMMARY]);
  tap_check(bytes[SUMMARY] < 512 && strstr(message, "data size was: 1000000"), "LK-24",
            "002: the summary alone: \"%s\"", message);
  for (int kind = UNMENTIONED; kind <= SUMMARY; kind++) weft_xdecref(results[kind]);
}

/* --- LK-25, 26: a dict in a loop --- */

enum { PASSES = 1000, FILL = 100 };

static void fill(weft_object *dict) {
  for (int i = 0; i < FILL; i++) {
    weft_auto weft_object *key = weft_int_new(i);
    weft_dict_set(dict, key, key);
  }
}

/* The most bytes that were in use at the end of a pass. */
static size_t peak_of_loop(bool reuse, size_t *left) {
  size_t before = bytes_in_use(), peak = 0;
  weft_object *dict = NULL;
  for (int i = 0; i < PASSES; i++) {
    if (!dict || !reuse) {
      weft_object *fresh = weft_dict_new(); /* the old one is there until the name is bound to this one */
      fill(fresh);
      size_t now = bytes_in_use() - before;
      peak = now > peak ? now : peak;
      weft_xdecref(dict);
      dict = fresh;
    } else {
      weft_dict_clear(dict);
      fill(dict);
      size_t now = bytes_in_use() - before;
      peak = now > peak ? now : peak;
    }
  }
  weft_xdecref(dict);
  *left = bytes_in_use() - before;
  return peak;
}

static void show_loop(void) {
  weft_auto weft_object *sample = weft_dict_new();
  fill(sample);
  int64_t one = weft_sizeof(sample);
  size_t left, left_reused, fresh = peak_of_loop(false, &left), reused = peak_of_loop(true, &left_reused);
  tap_say("a dict of %d keys takes %d bytes; %d passes: at most %zu, %zu left; reused: at most %zu", FILL, (int)one,
          PASSES, fresh, left, reused);
  tap_check((double)fresh <= 2.5 * (double)one && left == 0, "LK-25",
            "002, pitfall 2: each dict dies when the name is bound to the next; at most two are alive");
  tap_check(reused <= fresh && left_reused == 0, "LK-26", "002: one that is used again takes no more");
}

void show_leaks(void) {
  tap_title("What keeps memory");
  weft_synchronize(); /* what other threads have let go of is not counted below */
  show_class_registry();
  show_registry();
  show_global();
  show_cycle();
  show_closures();
  show_loop();
}

/* --- CTX-01 to 03, 05: contexts --- */

/* class MemoryContext: create_object keeps what it returns; __exit__ clears the list and collects. */
static weft_object *create(weft_object *context) {
  weft_object *o = zeros(MILLION);
  weft_list_append(context, o);
  return o;
}
static void leave(weft_object *context) {
  weft_list_clear(context);
  weft_gc_collect(2);
}

/* What `with MemoryContext() as ctx:` leaves; `keeps`: a name outside the block holds the object. */
static size_t left_by_block(bool keeps, bool fails, size_t *inside, weft_object **name) {
  size_t before = bytes_in_use();
  weft_auto weft_object *context = weft_list_new();
  weft_object *large = create(context);
  *inside = bytes_in_use() - before;
  if (fails) weft_raise(&weft_ValueError, "in the block");
  if (keeps)
    *name = large;
  else
    weft_decref(large);
  weft_auto weft_object *error = weft_error_take();
  leave(context); /* in any case, as __exit__ is called */
  if (error) tap_say("after __exit__ the error goes on: %s", weft_error_message(error));
  return bytes_in_use() - before;
}

struct connection {
  weft_object header;
  weft_object *callbacks;
};
static int connections_dead;
static int connection_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct connection *c = (struct connection *)self;
  return c->callbacks ? visit(c->callbacks, arg) : 0;
}
static int connection_clear(weft_object *self) {
  weft_clear(&((struct connection *)self)->callbacks);
  return 0;
}
static void connection_finalize(weft_object *self) {
  (void)self;
  connections_dead++;
}

static weft_object *global_connection;
static weft_object *uses_global(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return global_connection ? weft_new_ref(global_connection) : WEFT_NONE;
}
static weft_object *uses_cell(weft_object *self, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  return weft_cell_get(weft_function_captured_borrow(self, 0));
}

/* A connection with a callback that comes by it; how many have died when its name goes, and when it is collected. */
static void connect(const weft_type *type, bool by_cell, int *at_once, int *collected) {
  int before = connections_dead;
  weft_object *connection = weft_object_new(type, 0);
  ((struct connection *)connection)->callbacks = weft_list_new();
  weft_object *cell = weft_cell_new(connection);
  weft_object *callback = weft_function_new("callback", by_cell ? uses_cell : uses_global, by_cell ? 1 : 0, &cell);
  weft_list_append(((struct connection *)connection)->callbacks, callback);
  weft_decref(cell);
  weft_decref(callback);
  weft_decref(connection);
  *at_once = connections_dead - before;
  weft_gc_collect(2);
  *collected = connections_dead - before;
}

void show_contexts(void) {
  tap_title("Contexts");
  size_t inside, left;
  weft_object *name = NULL;
  left = left_by_block(false, false, &inside, &name);
  tap_say("in the block %.0f KB, after it %.0f KB", (double)inside / 1024, (double)left / 1024);
  tap_check(inside >= MILLION * sizeof(weft_object *) && left < 4096, "CTX-01",
            "002: what the block has made is released at its end (Python: 7812 KB, 0)");
  left = left_by_block(true, false, &inside, &name);
  int64_t references = weft_refcount(name);
  size_t before = bytes_in_use();
  weft_clear(&name);
  size_t released = before - bytes_in_use();
  tap_say("with a name outside: after it %.0f KB, %d reference; del releases %.0f KB", (double)left / 1024,
          (int)references, (double)released / 1024);
  tap_check(left >= MILLION * sizeof(weft_object *) && references == 1 && released >= left - 4096, "CTX-02",
            "002, as printed: the name keeps the list, whatever the context does");
  left = left_by_block(false, true, &inside, &name);
  tap_check(left < 4096, "CTX-03", "after an error in the block it is released as well");
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "Connection",
                                                          .basic_size = sizeof(struct connection),
                                                          .flags = WEFT_TYPE_CONTAINER,
                                                          .traverse = connection_traverse,
                                                          .clear = connection_clear,
                                                          .finalize = connection_finalize});
  int global_once, global_later, cell_once, cell_later;
  connect(type, false, &global_once, &global_later);
  connect(type, true, &cell_once, &cell_later);
  tap_say("callback with a global name: %d dead at once; with a captured cell: %d, collected %d", global_once,
          cell_once, cell_later);
  tap_check(global_once == 1 && cell_once == 0 && cell_later == 1, "CTX-05",
            "004, as printed: a global name makes no cycle; a captured cell does");
}
