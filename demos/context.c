/* SPDX-License-Identifier: MIT */
/*
 * Context managers: what a block must give back it gives back at its end, whatever happens in it.
 *
 * The documents (numbers 002 and 004 of the seeds) show this with Python's `with`. In C the compiler calls a function
 * when a variable's block is left, however it is left: weft_auto drops references so, and WITH calls `__exit__`.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "demos/support/demo.h"
#include "demos/support/objects.h"

enum { TIME_LIMIT_S = 60, SIZE = 1000000 };

static weft_object *attribute(weft_object *o, const char *name) {
  weft_object *value = weft_getattr_text(o, name);
  if (!value) abort();
  return value;
}

static weft_object *instance_with_list(const weft_type *type, const char *name) {
  weft_object *o = weft_instance_new(type);
  weft_auto weft_object *list = weft_list_new();
  if (!o || weft_setattr_text(o, name, list) < 0) abort();
  return o;
}

/* The exit of both classes: empties the list that the object has. */
static void empty(weft_object *o, const char *name) {
  weft_auto weft_object *list = attribute(o, name);
  weft_list_clear(list);
}

/* --- CTX-01 to 03, 06: the document's MemoryContext --- */

static const weft_type *context_type;

static void memory_context_exit(weft_object **context) {
  empty(*context, "objekte");
  weft_gc_collect(2);
  weft_clear(context);
}
#define WITH_MEMORY_CONTEXT __attribute__((cleanup(memory_context_exit)))

/* [0] * size, which the context keeps. Returns new. */
static weft_object *make_object(weft_object *context, int64_t size) {
  weft_auto weft_object *zeros = list_of_ints(1, 0), *objects = attribute(context, "objekte");
  weft_object *made = weft_list_repeat(zeros, size);
  if (!made || weft_list_append(objects, made) < 0) abort();
  return made;
}

/* The block. *inside: the bytes that are in use at its end. Returns what it made if that is wanted, else None, new;
 * NULL and an error when it is to fail. */
static weft_object *block(size_t *inside, bool wanted, bool fails) {
  WITH_MEMORY_CONTEXT weft_object *context = instance_with_list(context_type, "objekte");
  weft_auto weft_object *made = make_object(context, SIZE);
  *inside = bytes_in_use();
  if (fails) return weft_raise(&weft_ValueError, "in the block");
  return weft_new_ref(wanted ? made : WEFT_NONE);
}

static size_t kib(size_t bytes) { return bytes / 1024; }

static void show_memory(void) {
  size_t inside, before = bytes_in_use();
  weft_decref(block(&inside, false, false));
  size_t after = bytes_in_use();
  tap_say("with MemoryContext() as ctx: ctx.erstelle_objekt(%d)", SIZE);
  tap_say("inside %zu KB more, after it %zu KB (CPython: 7812 KB, 0 KB)", kib(inside - before), kib(after - before));
  bool released = tap_check(inside - before >= SIZE * sizeof(void *) && after == before, "CTX-01",
                            "002: what the block has made is released at its end");

  weft_object *outer = block(&inside, true, false);
  size_t held = bytes_in_use();
  int64_t count = weft_refcount(outer);
  weft_clear(&outer);
  size_t dropped = bytes_in_use();
  tap_say("große_liste = ctx.erstelle_objekt(%d), as printed: after the block %zu KB, count %" PRId64 "; del: %zu KB",
          SIZE, kib(held - before), count, kib(dropped - before));
  tap_say("the document: \"everything is cleaned up\". Not what a name outside still refers to.");
  tap_check(held - before >= SIZE * sizeof(void *) && count == 1 && dropped == before, "CTX-02",
            "002: the name outside keeps the list alive, until del");

  bool failed = raises_object(block(&inside, false, true), &weft_ValueError);
  bool cleared = tap_check(failed && inside - before >= SIZE * sizeof(void *) && bytes_in_use() == before, "CTX-03",
                           "002: an error in the block: released all the same");
  tap_check(released && cleared, "CTX-06", "002, 003: a context manager for cleaning up");
}

/* --- CTX-04, CTX-05: the document's Connection --- */

static const weft_type *connection_type;

static void connection_exit(weft_object **connection) {
  empty(*connection, "callbacks");
  weft_clear(connection);
}
#define WITH_CONNECTION __attribute__((cleanup(connection_exit)))

static weft_object *callback(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

/* conn.add_callback(lambda: print(conn)). A local name that a function uses is in a cell, which the function captures;
 * a global one it looks up when it is called. */
static void add_callback(weft_object *connection, bool captures) {
  weft_auto weft_object *cell = weft_cell_new(connection), *callbacks = attribute(connection, "callbacks");
  weft_auto weft_object *lambda = weft_function_new("lambda", callback, captures, captures ? &cell : NULL);
  if (!lambda || weft_list_append(callbacks, lambda) < 0) abort();
}

static void use_and_close(weft_object **ref) {
  WITH_CONNECTION weft_object *connection = instance_with_list(connection_type, "callbacks");
  *ref = weft_weakref_new(connection, NULL);
  add_callback(connection, true);
}

static void use(weft_object **ref, bool captures) {
  weft_auto weft_object *connection = instance_with_list(connection_type, "callbacks");
  *ref = weft_weakref_new(connection, NULL);
  add_callback(connection, captures);
}

static bool is_dead(weft_object *ref) { return weft_weakref_is_dead(ref) == 1; }

static void show_connection(void) {
  weft_object *closed, *left, *global;
  use(&left, false); /* once before, so that the class knows its attributes */
  weft_decref(left);
  use_and_close(&closed);
  bool at_once = is_dead(closed);
  int64_t none = weft_gc_collect(2);
  use(&left, true);
  bool alive = !is_dead(left);
  int64_t found = weft_gc_collect(2);
  bool later = is_dead(left);
  tap_say("with close() at the end: freed at once, collect() %" PRId64, none);
  tap_say("without: alive, collect() %" PRId64 ", then dead (CPython: 5: connection, list, function, cell, and a tuple",
          found);
  tap_say("that the function keeps its cells in; here they are in the function itself)");
  tap_check(at_once && none == 0 && alive && found == 4 && later, "CTX-04",
            "004: a connection that clears its callbacks is no cycle any more");
  use(&global, false);
  bool no_cycle = is_dead(global);
  none = weft_gc_collect(2);
  tap_say("the callback uses a global name, as printed: freed at once without close(), collect() %" PRId64, none);
  tap_check(no_cycle && none == 0, "CTX-05", "004: as printed there is no cycle: a global name is not captured");
  weft_decref(closed);
  weft_decref(left);
  weft_decref(global);
}

int main(void) {
  if (!demo_begin("context managers", TIME_LIMIT_S)) return 1;
  context_type = weft_type_new(&(weft_type_spec){.name = "MemoryContext", .flags = WEFT_TYPE_DICT});
  connection_type = weft_type_new(&(weft_type_spec){.name = "Connection", .flags = WEFT_TYPE_DICT});
  if (!context_type || !connection_type) return 1;
  weft_gc_disable(); /* collections only where they are shown */
  tap_title("Memory");
  show_memory();
  tap_title("Connections");
  show_connection();
  return demo_end();
}
