/* SPDX-License-Identifier: MIT */
/* What the tests of weak references share: types that have them, callbacks that count, and quiet starts. */
#ifndef WEFT_TESTS_WEAK_SUPPORT_H
#define WEFT_TESTS_WEAK_SUPPORT_H

#include "../gc/gc_support.h"

static const weft_type *thing_type, *finalized_thing_type;
static void (*on_thing_finalize)(weft_object *thing);
static weft_object *counter;     /* a function that counts its calls */
static uint32_t calls;           /* atomic: of counter */
static weft_object *called_with; /* the argument of its last call, not counted; compare only */

static inline weft_object *count_call(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  weft__add_acq_rel(&calls, 1u);
  called_with = n == 1 ? args[0] : NULL;
  return WEFT_NONE;
}

static inline void thing_finalize(weft_object *thing) {
  if (on_thing_finalize) on_thing_finalize(thing);
}

static inline weft_object *function_of(weft_c_function body, size_t n, weft_object *const *captured) {
  weft_object *function = weft_function_new("callback", body, n, captured);
  cr_assert_not_null(function);
  return function;
}

static inline void weak_start(void) {
  gc_start();
  thing_type = weft_type_new(&(weft_type_spec){.name = "Thing", .flags = WEFT_TYPE_DICT});
  finalized_thing_type =
      weft_type_new(&(weft_type_spec){.name = "Finalized", .flags = WEFT_TYPE_DICT, .finalize = thing_finalize});
  cr_assert(thing_type && finalized_thing_type);
  counter = weft_function_new("counter", count_call, 0, NULL);
  weft_immortalize(counter); /* what the test's body leaves is counted without it */
  weft_heap_get_stats(&heap_at_start);
}

#define WeakSuite(suite)            TestSuite(suite, .init = weak_start, .timeout = SANITIZED ? 240 : 60)
#define WeakTest(suite, claim, ...) RuntimeTest(suite, claim, ##__VA_ARGS__)

/* An object with attributes. */
static inline weft_object *thing(void) {
  weft_object *o = weft_instance_new(thing_type);
  if (!o) abort();
  return o;
}
static inline weft_object *finalized_thing(void) {
  weft_object *o = weft_instance_new(finalized_thing_type);
  if (!o) abort();
  return o;
}
static inline void set(weft_object *o, const char *name, weft_object *value) {
  if (weft_setattr_text(o, name, value) != 0) abort();
}
/* An attribute, borrowed from the object. */
static inline weft_object *get(weft_object *o, const char *name) {
  weft_object *value = weft_getattr_text(o, name);
  if (value) weft_decref(value);
  return value;
}

/* Things with numbers, ordered and hashed by them. */
static inline int64_t number_of(weft_object *o) { return weft_int_value(get(o, "number")); }
static inline int by_number(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != b->type) return WEFT_NOT_IMPLEMENTED;
  int64_t x = number_of(a), y = number_of(b);
  return op == WEFT_EQ ? x == y : op == WEFT_NE ? x != y : op == WEFT_LT ? x < y : op == WEFT_LE ? x <= y : 1;
}
static inline int hash_number(weft_object *o, int64_t *hash) {
  *hash = number_of(o);
  return 0;
}
static inline weft_object *numbered(int64_t number) {
  static const weft_type *type;
  if (!type)
    type = weft_type_new(
        &(weft_type_spec){.name = "numbered", .flags = WEFT_TYPE_DICT, .compare = by_number, .hash = hash_number});
  weft_object *o = weft_instance_new(type);
  set(o, "number", INT(number));
  return o;
}

static inline weft_object *ref_to(weft_object *target, weft_object *callback) {
  weft_object *ref = weft_weakref_new(target, callback);
  if (!ref) abort();
  return ref;
}

/* Does the reference lead to `target`? NULL: is it dead? */
static inline bool leads_to(weft_object *ref, weft_object *target) {
  weft_object *found = weft_weakref_get(ref);
  bool is = found == (target ? target : WEFT_NONE);
  weft_xdecref(found);
  return is;
}
static inline bool is_dead(weft_object *ref) { return leads_to(ref, NULL) && weft_weakref_is_dead(ref) == 1; }

#endif
