/* SPDX-License-Identifier: MIT */
/* Error objects and the thread's current error. An error object is immutable once raised. */
#include "runtime/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/copy_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

struct error {
  weft_object header;
  weft_object *message; /* a str; NULL: none */
  weft_object *cause;   /* NULL: none */
};

static int error_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct error *e = (struct error *)self;
  int stop = e->message ? visit(e->message, arg) : 0;
  return stop || !e->cause ? stop : visit(e->cause, arg);
}

static int error_clear(weft_object *self) {
  struct error *e = (struct error *)self;
  weft_clear(&e->message);
  weft_clear(&e->cause);
  return 0;
}

static weft_object *error_str(weft_object *self) {
  struct error *e = (struct error *)self;
  return e->message ? weft_new_ref(e->message) : weft_str_new("");
}

static weft_object *error_repr(weft_object *self) {
  struct error *e = (struct error *)self;
  if (!e->message) return weft_str_format("%s()", self->type->spec.name);
  weft_auto weft_object *message = weft_repr(e->message);
  return message ? weft_str_format("%s(%s)", self->type->spec.name, weft_str_utf8(message, NULL)) : NULL;
}

#define ERROR_TYPE(symbol, name_, base_)                      \
  const weft_type symbol = {                                  \
      .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},      \
      .spec = {.name = name_,                                 \
               .base = base_,                                 \
               .basic_size = sizeof(struct error),            \
               .flags = WEFT_TYPE_BASE | WEFT_TYPE_CONTAINER, \
               .traverse = error_traverse,                    \
               .clear = error_clear,                          \
               .dealloc = weft__generic_dealloc,              \
               .str = error_str,                              \
               .repr = error_repr,                            \
               .hash = weft__hash_identity,                   \
               .copy = weft__error_copy},                     \
  }

ERROR_TYPE(weft_Exception, "Exception", &weft_object_type);
ERROR_TYPE(weft_TypeError, "TypeError", &weft_Exception);
ERROR_TYPE(weft_ValueError, "ValueError", &weft_Exception);
ERROR_TYPE(weft_ArithmeticError, "ArithmeticError", &weft_Exception);
ERROR_TYPE(weft_OverflowError, "OverflowError", &weft_ArithmeticError);
ERROR_TYPE(weft_LookupError, "LookupError", &weft_Exception);
ERROR_TYPE(weft_IndexError, "IndexError", &weft_LookupError);
ERROR_TYPE(weft_KeyError, "KeyError", &weft_LookupError);
ERROR_TYPE(weft_AttributeError, "AttributeError", &weft_Exception);
ERROR_TYPE(weft_RuntimeError, "RuntimeError", &weft_Exception);
ERROR_TYPE(weft_RecursionError, "RecursionError", &weft_RuntimeError);
ERROR_TYPE(weft_MemoryError, "MemoryError", &weft_Exception);
ERROR_TYPE(weft_OSError, "OSError", &weft_Exception);
ERROR_TYPE(weft_TimeoutError, "TimeoutError", &weft_OSError);
ERROR_TYPE(weft_BufferError, "BufferError", &weft_Exception);
ERROR_TYPE(weft_ReferenceError, "ReferenceError", &weft_Exception);
ERROR_TYPE(weft_SystemExit, "SystemExit", &weft_object_type);
ERROR_TYPE(weft_GeneratorExit, "GeneratorExit", &weft_object_type);

ERROR_TYPE(weft_CopyError, "CopyError", &weft_Exception);

/* These need no memory, so they can always be raised. */
static struct error memory_error = {.header = {WEFT__COUNT_IMMORTAL, &weft_MemoryError}};
static struct error generator_exit = {.header = {WEFT__COUNT_IMMORTAL, &weft_GeneratorExit}};

bool weft__is_error_type(const weft_type *type) {
  return weft_type_derives(type, &weft_Exception) || weft_type_derives(type, &weft_SystemExit) ||
         weft_type_derives(type, &weft_GeneratorExit);
}

static void set(weft_object *error) {
  weft_object *old = weft__self()->error;
  weft__self()->error = error;
  weft_xdecref(old);
}

void *weft_raise_object(weft_object *error) {
  weft__check_attached("weft_raise_object");
  if (!error) return weft_raise(&weft_TypeError, "weft_raise_object: NULL is not an error");
  if (!weft__is_error_type(error->type))
    return weft_raise(&weft_TypeError, "errors must derive from Exception, not %s", error->type->spec.name);
  set(weft_new_ref(error));
  return NULL;
}

void *weft_raise_memory(void) {
  weft__check_attached("weft_raise_memory");
  set(&memory_error.header);
  return NULL;
}

void weft__raise_generator_exit(void) { set(&generator_exit.header); }

/* Takes over `cause`. */
static void *raise(const weft_type *type, weft_object *cause, const char *format, va_list args) {
  if (!weft__is_error_type(type)) type = &weft_TypeError;
  weft_error_clear();
  weft_object *message = weft__str_vformat_lossy(format, args);
  struct error *e = message ? (struct error *)weft__object_new(type, 0) : NULL;
  if (!e) {
    weft_xdecref(message);
    weft_xdecref(cause);
    return weft_raise_memory();
  }
  e->message = message;
  e->cause = cause;
  set(&e->header);
  return NULL;
}

void *weft_raise(const weft_type *type, const char *format, ...) {
  weft__check_attached("weft_raise");
  va_list args;
  va_start(args, format);
  raise(type, NULL, format, args);
  va_end(args);
  return NULL;
}

void *weft_raise_from_current(const weft_type *type, const char *format, ...) {
  weft__check_attached("weft_raise_from_current");
  weft_object *cause = weft_error_take();
  va_list args;
  va_start(args, format);
  raise(type, cause, format, args);
  va_end(args);
  return NULL;
}

weft_object *weft_error_borrow(void) {
  weft__check_attached("weft_error_borrow");
  return weft__self()->error;
}

weft_object *weft_error_take(void) {
  weft__check_attached("weft_error_take");
  weft_object *error = weft__self()->error;
  weft__self()->error = NULL;
  return error;
}

void weft_error_clear(void) {
  weft__check_attached("weft_error_clear");
  weft_clear(&weft__self()->error);
}

bool weft_error_is(const weft_type *type) {
  weft__check_attached("weft_error_is");
  weft_object *error = weft__self()->error;
  return error && weft_is_instance(error, type);
}

static const struct error *as_error(const weft_object *o) {
  return o && weft__is_error_type(o->type) ? (const struct error *)o : NULL;
}

weft_object *weft__error_copy(weft_object *o) {
  struct error *copy = (struct error *)weft__object_new(o->type, 0), *e = (struct error *)o;
  if (!copy) return NULL;
  weft_xincref(e->message);
  copy->message = e->message;
  return &copy->header;
}

const char *weft_error_message(const weft_object *error) {
  const struct error *e = as_error(error);
  return e && e->message ? weft_str_utf8(e->message, NULL) : "";
}

weft_object *weft_error_cause_borrow(const weft_object *error) {
  const struct error *e = as_error(error);
  return e ? e->cause : NULL;
}
