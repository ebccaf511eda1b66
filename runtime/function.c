/* SPDX-License-Identifier: MIT */
#include "runtime/function.h"

#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

struct function {
  weft_object header;
  weft_c_function body;
  weft_object *name; /* a str */
  size_t size;
  weft_object *captured[]; /* never change */
};

static size_t block_size(size_t n) { return sizeof(struct function) + n * sizeof(weft_object *); }

weft_object *weft_function_new(const char *name, weft_c_function body, size_t n, weft_object *const *captured) {
  if (!weft__all_given("weft_function_new", n, captured)) return NULL;
  if (!body || !name) return weft_raise(&weft_TypeError, "a function needs a name and a body");
  if (n > 1 << 20) return weft_raise(&weft_ValueError, "a function cannot capture %zu objects", n);
  weft_object *name_object = weft_str_new(name);
  if (!name_object) return NULL;
  struct function *f = weft__object_alloc(&weft_function_type, block_size(n), "weft_function_new");
  if (!f) {
    weft_decref(name_object);
    return NULL;
  }
  f->body = body;
  f->name = name_object;
  f->size = n;
  for (size_t i = 0; i < n; i++) f->captured[i] = weft_new_ref(captured[i]);
  return &f->header;
}

weft_object *weft_function_captured_borrow(const weft_object *o, size_t index) {
  if (!weft__expect("weft_function_captured_borrow", o, &weft_function_type)) return NULL;
  const struct function *f = (const struct function *)o;
  return index < f->size ? f->captured[index]
                         : weft_raise(&weft_IndexError, "function captured only %zu objects", f->size);
}

const char *weft_function_name(const weft_object *o) {
  if (!weft__expect("weft_function_name", o, &weft_function_type)) return NULL;
  return weft_str_utf8(((const struct function *)o)->name, NULL);
}

static size_t function_size_of(weft_object *self) { return block_size(((struct function *)self)->size); }

static int function_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct function *f = (struct function *)self;
  for (size_t i = 0; i < f->size; i++) {
    int stop = visit(f->captured[i], arg);
    if (stop) return stop;
  }
  return visit(f->name, arg);
}

static void function_release(weft_object *self) {
  struct function *f = (struct function *)self;
  for (size_t i = 0; i < f->size; i++) weft_decref(f->captured[i]);
  weft_decref(f->name);
}

static void function_dealloc(weft_object *self) {
  function_release(self);
  weft__heap_free(self, block_size(((struct function *)self)->size));
}

static weft_object *function_repr(weft_object *self) {
  return weft_str_format("<function %s at %p>", weft_function_name(self), (void *)self);
}

static weft_object *function_call(weft_object *self, weft_object *const *args, size_t n) {
  return ((struct function *)self)->body(self, args, n);
}

const weft_type weft_function_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "function",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(struct function),
             .item_size = sizeof(weft_object *),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = function_traverse,
             .dealloc = function_dealloc,
             .repr = function_repr,
             .hash = weft__hash_identity,
             .call = function_call,
             .size_of = function_size_of},
    .binds = true,
    .quiet = true,
    .release = function_release,
    .steady = true,
    .weak = true,
};

/* --- cell --- */

struct cell {
  weft_object header;
  weft_object *value; /* NULL: empty */
};

weft_object *weft_cell_new(weft_object *value) {
  struct cell *c = weft__object_alloc(&weft_cell_type, sizeof *c, "weft_cell_new");
  if (!c) return NULL;
  weft_xincref(value);
  c->value = value;
  return &c->header;
}

weft_object *weft_cell_get(weft_object *o) {
  if (!weft__expect("weft_cell_get", o, &weft_cell_type)) return NULL;
  weft_object *value = weft__slot_load(o, &((struct cell *)o)->value);
  return value ? value : weft_raise(&weft_ValueError, "the cell is empty");
}

int weft_cell_set(weft_object *o, weft_object *value) {
  if (!weft__expect("weft_cell_set", o, &weft_cell_type)) return -1;
  weft_xincref(value);
  weft__slot_store(o, &((struct cell *)o)->value, value);
  return 0;
}

static int cell_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct cell *c = (struct cell *)self;
  return c->value ? visit(c->value, arg) : 0;
}

static int cell_clear(weft_object *self) { return weft_cell_set(self, NULL); }

static void cell_release(weft_object *self) { weft_clear(&((struct cell *)self)->value); }

static void cell_dealloc(weft_object *self) {
  cell_release(self);
  weft__heap_free(self, sizeof(struct cell));
}

static weft_object *cell_repr(weft_object *self) {
  weft_auto weft_object *value = weft_cell_get(self);
  if (value)
    return weft_str_format("<cell at %p: %s object at %p>", (void *)self, value->type->spec.name, (void *)value);
  weft_error_clear();
  return weft_str_format("<cell at %p: empty>", (void *)self);
}

/* By what they hold; an empty one is the smallest. */
static int cell_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!weft_is_instance(a, &weft_cell_type) || !weft_is_instance(b, &weft_cell_type)) return WEFT_NOT_IMPLEMENTED;
  weft_auto weft_object *x = weft__slot_load(a, &((struct cell *)a)->value);
  weft_auto weft_object *y = weft__slot_load(b, &((struct cell *)b)->value);
  return x && y ? weft_compare(x, y, op) : weft__compare_order((x != NULL) - (y != NULL), op);
}

const weft_type weft_cell_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "cell",
             .base = &weft_object_type,
             .basic_size = sizeof(struct cell),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = cell_traverse,
             .clear = cell_clear,
             .dealloc = cell_dealloc,
             .repr = cell_repr,
             .compare = cell_compare},
    .guarded = true,
    .quiet = true,
    .release = cell_release,
};
