/* SPDX-License-Identifier: MIT */
/*
 * Weft's operations under the names that the templates in bench/workloads/ want. Objects are floats where the kind does
 * not matter.
 */
#ifndef BENCH_WEFT_OBJECTS_H
#define BENCH_WEFT_OBJECTS_H

#include <weft/weft.h>

#include "../harness.h"

typedef weft_object object, list, dict;

static inline void *must(void *p) {
  if (!p) bench_fail("Weft reports an error");
  return p;
}

static inline object *object_new(void) { return must(weft_float_new(0.5)); }

#define object_incref(o) weft_incref(o)
#define object_decref(o) weft_decref(o)
#define pass_safepoint() weft_poll()

#define block_new()       object_new()
#define block_drop(block) weft_decref(block)
#define block_give(block) weft_disown(block)
#define block_take(block) weft_own(block)

static inline object *int_new(int64_t value) { return must(weft_int_new(value)); }

static inline object *int_add(object *a, object *b) { return must(weft_add(a, b)); }

static inline object *tuple3_new(object *const items[3]) { return must(weft_tuple_new(3, items)); }

static inline list *list_new(void) { return must(weft_list_new()); }

static inline void list_append(list *l, object *o) {
  if (weft_list_append(l, o) != 0) must(NULL);
}

static inline object *list_get(list *l, size_t i) { return must(weft_list_get(l, (int64_t)i)); }

#define list_drop(l) weft_decref(l)

static inline object *text_new(const char *text) {
  object *o = must(weft_str_new(text));
  int64_t hash;
  weft_hash(o, &hash);
  return o;
}

static inline dict *dict_new(void) { return must(weft_dict_new()); }

static inline void dict_set(dict *d, object *key, object *value) {
  if (weft_dict_set(d, key, value) != 0) must(NULL);
}

static inline object *dict_get(dict *d, object *key) { return must(weft_dict_get(d, key)); }

#define dict_drop(d) weft_decref(d)

#endif
