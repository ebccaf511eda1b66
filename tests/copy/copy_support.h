/* SPDX-License-Identifier: MIT */
/* What the tests of copies share: types with attributes, and what a copy has in common with its original. */
#ifndef WEFT_TESTS_COPY_SUPPORT_H
#define WEFT_TESTS_COPY_SUPPORT_H

#include "../runtime/dict_support.h"
#include "../runtime/faults_support.h"

/* Instances with any attributes; or with the fixed slots `x` and `y`. */
static inline const weft_type *open_type(const weft_type *base) {
  return weft_type_new(&(weft_type_spec){.name = "C", .base = base, .flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE});
}
static inline const weft_type *slots_type(const weft_type *base) {
  return weft_type_new(&(weft_type_spec){
      .name = "S", .base = base, .flags = WEFT_TYPE_BASE, .slot_names = (const char *const[]){"x", "y", NULL}});
}

static inline weft_object *called(const weft_type *type, weft_object *arg) {
  return weft_call((weft_object *)type, &arg, arg ? 1 : 0);
}

/* An instance with the attribute `x`; takes over the value. */
static inline weft_object *with_x(const weft_type *type, weft_object *x_steal) {
  weft_object *o = called(type, NULL);
  cr_assert(o && x_steal && weft_setattr_text(o, "x", x_steal) == 0);
  weft_decref(x_steal);
  return o;
}

/* The attribute, item or value, borrowed: it stays alive with `o` as long as nobody changes that. */
static inline weft_object *x_of(weft_object *o) {
  weft_object *x = weft_getattr_text(o, "x");
  weft_xdecref(x);
  return x;
}
static inline weft_object *item_of(weft_object *list, int64_t i) {
  weft_object *item = weft_tuple_check(list) ? weft_tuple_get(list, i) : weft_list_get(list, i);
  weft_xdecref(item);
  return item;
}
static inline weft_object *value_of(weft_object *dict, const char *key) {
  weft_object *value = weft_dict_get_text(dict, key);
  weft_xdecref(value);
  return value;
}

static inline bool is_distinct_equal(weft_object *a, weft_object *b) {
  return a && b && a != b && a->type == b->type && equal(a, b);
}

/* Do both kinds of copies return the object itself? Drops it. */
static inline bool copied_as_itself(weft_object *o_steal) {
  weft_auto weft_object *o = o_steal, *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
  return o && shallow == o && deep == o;
}
/* Do both fail with a TypeError? Drops it. */
static inline bool cannot_be_copied(weft_object *o_steal) {
  weft_auto weft_object *o = o_steal;
  return o && !weft_copy(o) && raised_with(&weft_TypeError, "cannot copy") && !weft_deepcopy(o, NULL) &&
         raised_with(&weft_TypeError, "cannot copy");
}

#endif
