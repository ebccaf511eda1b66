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

static inline void trace_start(int frames) {
  if (weft_tracemalloc_start(frames) < 0) bench_fail("cannot trace");
}
static inline void trace_stop(void) { weft_tracemalloc_stop(); }

static inline object *int_new(int64_t value) { return must(weft_int_new(value)); }

static inline object *int_add(object *a, object *b) { return must(weft_add(a, b)); }

static inline object *tuple3_new(object *const items[3]) { return must(weft_tuple_new(3, items)); }

static inline object *tuple2_new(object *a, object *b) { return must(weft_tuple_pack(2, a, b)); }

#define nothing WEFT_NONE
static inline object *tuple2_item(object *o, size_t i) { return weft_tuple_get_borrow(o, (int64_t)i); }

static inline void gc_collect(void) {
  if (weft_gc_collect(2) < 0) must(NULL);
}
static inline void gc_switch(bool on) { (void)(on ? weft_gc_enable() : weft_gc_disable()); }
static void (*gc_watchers[2])(void);
static inline void gc_tell(enum weft_gc_phase phase, const weft_gc_info *info, void *arg) {
  (void)info, (void)arg;
  gc_watchers[phase == WEFT_GC_STOP]();
}
static inline void gc_watch(void (*start)(void), void (*stop)(void)) {
  gc_watchers[0] = start, gc_watchers[1] = stop;
  if ((start ? weft_gc_add_callback(gc_tell, NULL) : weft_gc_remove_callback(gc_tell, NULL)) != 0) must(NULL);
}

static inline list *list_new(void) { return must(weft_list_new()); }

static inline void list_append(list *l, object *o) {
  if (weft_list_append(l, o) != 0) must(NULL);
}

static inline object *list_get(list *l, size_t i) { return must(weft_list_get(l, (int64_t)i)); }

static inline void list_set(list *l, size_t i, object *o) {
  if (weft_list_set(l, (int64_t)i, o) != 0) must(NULL);
}
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

static weft_object *return_none(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return WEFT_NONE;
}

static inline object *class_new(bool slots) {
  static const char *const names[] = {"a", "b", NULL};
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "class", .flags = slots ? 0 : WEFT_TYPE_DICT, .slot_names = slots ? names : NULL});
  weft_object *name = text_new("empty"), *function = must(weft_function_new("empty", return_none, 0, NULL));
  if (!type || weft_type_set(type, name, function) != 0) must(NULL);
  weft_decref(name);
  weft_decref(function);
  return weft_new_ref((object *)(uintptr_t)type);
}

static inline object *name_new(const char *text) { return must(weft_str_intern(text)); }
static inline object *instantiate(object *class) { return must(weft_call(class, NULL, 0)); }
static inline object *attr_get(object *o, object *name) { return must(weft_getattr(o, name)); }
static inline void attr_set(object *o, object *name, object *value) {
  if (weft_setattr(o, name, value) != 0) must(NULL);
}
static inline object *method_call(object *o, object *name) { return must(weft_call_method(o, name, NULL, 0)); }

static inline object *ref_new(object *target, object *callback) { return must(weft_weakref_new(target, callback)); }
static inline object *ref_get(object *ref) { return must(weft_weakref_get(ref)); }
static inline object *callback_new(void) { return must(weft_function_new("callback", return_none, 0, NULL)); }
static inline object *weak_values_new(void) { return must(weft_weak_value_dict_new()); }
static inline void weak_values_set(object *d, object *key, object *value) {
  if (weft_weak_dict_set(d, key, value) != 0) must(NULL);
}
static inline object *weak_values_get(object *d, object *key) { return must(weft_weak_dict_get(d, key)); }

static inline object *copy_deep(object *o) { return must(weft_deepcopy(o, NULL)); }

static weft_object *return_modulo(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  return weft_int_new(weft_int_value(args[0]) % 200);
}

static inline object *cache_new(void) {
  weft_object *function = must(weft_function_new("modulo", return_modulo, 0, NULL));
  weft_object *cache = must(weft_lru_cache_new(function, 1024, false));
  weft_decref(function);
  return cache;
}
static inline object *cache_call(object *cache, object *key) { return must(weft_call(cache, &key, 1)); }

#endif
