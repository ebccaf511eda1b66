/* SPDX-License-Identifier: MIT */
#include "demos/support/objects.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- The heap --- */

size_t live_blocks(void) {
  weft_heap_stats stats = {0};
  weft_heap_get_stats(&stats);
  return stats.blocks + stats.large_blocks;
}

size_t bytes_in_use(void) {
  weft_heap_stats stats = {0};
  weft_heap_get_stats(&stats);
  return stats.block_bytes + stats.large_bytes;
}

double megabytes(size_t bytes) { return (double)bytes / (1 << 20); }

uint64_t collections(void) {
  weft_gc_generation_stats stats[WEFT_GC_GENERATIONS];
  weft_gc_get_stats(stats);
  return stats[0].collections + stats[1].collections + stats[2].collections;
}

/* --- Making --- */

weft_object *list_of_ints(size_t n, ...) {
  enum { MOST = 16 };
  weft_object *items[MOST];
  va_list args;
  va_start(args, n);
  for (size_t i = 0; i < n && i < MOST; i++) items[i] = weft_int_new(va_arg(args, int));
  va_end(args);
  weft_object *list = weft_list_of(n, items);
  for (size_t i = 0; i < n; i++) weft_decref(items[i]);
  return list;
}

weft_object *dict_of(const char *key, weft_object *value_steal) {
  weft_auto weft_object *name = weft_str_new(key);
  weft_object *dict = weft_dict_new();
  if (!dict || !name || !value_steal || weft_dict_set(dict, name, value_steal) < 0) weft_clear(&dict);
  weft_xdecref(value_steal);
  return dict;
}

bool call_function(weft_c_function body, weft_object *argument) {
  weft_auto weft_object *function = weft_function_new("function", body, 0, NULL);
  weft_auto weft_object *result = function ? weft_call(function, &argument, 1) : NULL;
  return result;
}

void rebind(weft_object **name, weft_object *value_steal) {
  weft_object *old = *name;
  *name = value_steal;
  weft_xdecref(old);
}

/* --- Showing --- */

enum { TEXTS = 8, TEXT_SIZE = 256 };

const char *shown(weft_object *o) {
  static char texts[TEXTS][TEXT_SIZE];
  static unsigned next;
  char *text = texts[next++ % TEXTS];
  weft_auto weft_object *s = o ? weft_str(o) : NULL;
  snprintf(text, TEXT_SIZE, "%s", s ? weft_str_utf8(s, NULL) : "<error>");
  return text;
}

static bool compare_lines(const char *code, const char *python, const char *here) {
  tap_say("%-46s Python %-20s here %s", code, python, here);
  return strcmp(python, here) == 0;
}

bool prints(const char *code, weft_object *o, const char *python) { return compare_lines(code, python, shown(o)); }

bool answers(const char *question, bool here, bool python) {
  return compare_lines(question, python ? "True" : "False", here ? "True" : "False");
}

bool raises(int64_t result, const weft_type *type) {
  bool is = result < 0 && weft_error_is(type);
  weft_auto weft_object *error = weft_error_take();
  if (error) tap_say("%s: %s", weft_type_of(error)->spec.name, weft_error_message(error));
  return is;
}

bool raises_object(weft_object *result_steal, const weft_type *type) {
  bool failed = !result_steal;
  weft_xdecref(result_steal);
  return raises(failed ? -1 : 0, type);
}

bool is_unhashable(weft_object *o) {
  int64_t hash;
  return raises(weft_hash(o, &hash), &weft_TypeError);
}

int64_t distinct(weft_object *list) {
  weft_auto weft_object *ids = weft_set_new();
  int64_t n = weft_list_length(list);
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *item = weft_list_get(list, i);
    weft_auto weft_object *id = weft_int_new((int64_t)weft_id(item));
    if (!id || weft_set_add(ids, id) < 0) return -1;
  }
  return weft_set_length(ids);
}
