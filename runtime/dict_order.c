/* SPDX-License-Identifier: MIT */
/* OrderedDict: what it does otherwise than dict. */
#include <string.h>

#include "runtime/dict_order_internal.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

static bool is_ordered(const weft_object *o) { return weft_is_instance(o, &weft_ordered_dict_type); }

weft_object *weft_ordered_dict_new(void) {
  weft__check_attached("weft_ordered_dict_new");
  return weft__object_new(&weft_ordered_dict_type, 0);
}

/* An OrderedDict with the items of a dict. */
static weft_object *ordered_of_steal(weft_object *dict) {
  weft_object *ordered = dict ? weft_ordered_dict_new() : NULL;
  if (ordered && weft_dict_update(ordered, dict) < 0) weft_clear(&ordered);
  weft_xdecref(dict);
  return ordered;
}

weft_object *weft__ordered_copy(weft_object *self) { return ordered_of_steal(weft_dict_copy(self)); }

weft_object *weft__ordered_repr(weft_object *self) {
  const char *name = self->type->spec.name;
  int64_t length = weft_dict_length(self);
  if (length <= 0) return length < 0 ? NULL : weft_str_format("%s()", name);
  weft_auto weft_object *items = weft__dict_repr(self);
  if (!items) return NULL;
  const char *text = weft_str_utf8(items, NULL);
  return strcmp(text, "{...}") == 0 ? weft_str_new("...") : weft_str_format("%s(%s)", name, text);
}

/* Have they the same keys in the same order? -1: error. */
static int is_same_order(weft_object *a, weft_object *b) {
  weft_auto weft_object *keys = weft_dict_keys(a), *others = keys ? weft_dict_keys(b) : NULL;
  return others ? weft_compare(keys, others, WEFT_EQ) : -1;
}

int weft__ordered_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  int result = weft__dict_compare(a, b, op);
  bool equal = result == (op == WEFT_EQ);
  if (result < 0 || result == WEFT_NOT_IMPLEMENTED || !equal || !is_ordered(a) || !is_ordered(b)) return result;
  int same = is_same_order(a, b);
  return same < 0 ? -1 : same == (op == WEFT_EQ);
}

weft_object *weft__ordered_or(weft_object *a, weft_object *b) {
  if (!weft_is_instance(a, &weft_dict_type) || !weft_is_instance(b, &weft_dict_type)) return NULL;
  weft_object *both = ordered_of_steal(weft_dict_copy(a));
  if (both && weft_dict_update(both, b) < 0) weft_clear(&both);
  return both;
}
