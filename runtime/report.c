/* SPDX-License-Identifier: MIT */
/* What is said when there is no caller to tell: fatal misuse, warnings, unraisable errors. Each through a hook. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/runtime_internal.h"
#include "runtime/str.h"

enum { MESSAGE_MAX = 512 };

static void print_message(const char *message) { fprintf(stderr, "weft: %s\n", message); }

static void print_unraisable(weft_object *error, weft_object *where) {
  fprintf(stderr, "weft: error ignored in %s: %s: %s\n", where ? where->type->spec.name : "the runtime",
          error->type->spec.name, weft_error_message(error));
}

/* order: acq_rel, for the three: a hook may rely on what was set up before it was installed. */
static weft_fatal_hook fatal_hook = print_message;
static weft_warning_hook warning_hook = print_message;
static weft_unraisable_hook unraisable_hook = print_unraisable;

weft_fatal_hook weft_set_fatal_hook(weft_fatal_hook hook) {
  return weft__exchange_acq_rel(&fatal_hook, hook ? hook : print_message);
}

weft_warning_hook weft_set_warning_hook(weft_warning_hook hook) {
  return weft__exchange_acq_rel(&warning_hook, hook ? hook : print_message);
}

weft_unraisable_hook weft_set_unraisable_hook(weft_unraisable_hook hook) {
  return weft__exchange_acq_rel(&unraisable_hook, hook ? hook : print_unraisable);
}

void weft__fatal(const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  weft__load_acquire (&fatal_hook)(message);
  abort();
}

void weft__misuse(const char *call, const char *what) { weft__fatal("%s: %s", call, what); }

void weft__warn(const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  weft__load_acquire (&warning_hook)(message);
}

void weft_error_unraisable(weft_object *where) {
  weft__check_attached("weft_error_unraisable");
  weft_object *error = weft_error_take();
  if (!error) return;
  weft__load_acquire (&unraisable_hook)(error, where);
  weft_object *failure = weft_error_take();
  if (failure) {
    print_unraisable(failure, NULL);
    print_unraisable(error, where);
    weft_decref(failure);
  }
  weft_decref(error);
}
