/* SPDX-License-Identifier: MIT */
/* What an object is made of. */
#include <inttypes.h>

#include "demos/heap.h"

/* [100, 200, 300], grown by appending or made at once. Returns new. */
static weft_object *three(bool grown) {
  weft_auto weft_object *a = weft_int_new(1000);
  weft_auto weft_object *b = weft_int_new(2000);
  weft_auto weft_object *c = weft_int_new(3000);
  weft_object *const items[] = {a, b, c};
  if (!grown) return weft_list_of(3, items);
  weft_object *list = weft_list_new();
  for (int i = 0; i < 3; i++) weft_list_append(list, items[i]);
  return list;
}

/* --- SZ-01, SZ-18 --- */

static void show_layout(void) {
  weft_auto weft_object *list = three(true);
  const uint64_t *words = (const uint64_t *)(const void *)list;
  const struct weft__list *l = (const struct weft__list *)list;
  const weft_type *type = (const weft_type *)(uintptr_t)words[1];
  tap_say("a list of three at 0x%" PRIxPTR, weft_id(list));
  tap_say("  +0   count word  0x%016" PRIx64 "   references: %" PRId64, words[0], weft_refcount(list));
  tap_say("  +8   type        0x%016" PRIx64 "   '%s'", words[1], type->spec.name);
  tap_say("  +16  items       0x%016" PRIx64, words[2]);
  tap_say("       +0   capacity  %zu", l->items->capacity);
  tap_say("       +8   size      %zu", l->items->size);
  bool slots = true;
  for (size_t i = 0; i < l->items->capacity; i++) {
    if (i >= l->items->size) {
      tap_say("       +%-3zu slot %zu    room for one more", 16 + 8 * i, i);
      continue;
    }
    weft_auto weft_object *item = weft_list_get(list, (int64_t)i);
    tap_say("       +%-3zu slot %zu    0x%" PRIxPTR " -> %" PRId64, 16 + 8 * i, i, (uintptr_t)l->items->item[i],
            weft_int_value(item));
    slots = slots && (uintptr_t)l->items->item[i] == weft_id(item);
  }
  tap_check(type == weft_type_of(list) && words[2] == (uintptr_t)l->items && weft_refcount(list) == 1 &&
                weft_list_length(list) == (int64_t)l->items->size &&
                weft_list_capacity(list) == (int64_t)l->items->capacity,
            "SZ-01", "count, type, length and capacity read from memory are what the functions say");
  tap_check(slots, "SZ-18", "the header refers to an array apart from it, whose slots hold the items' addresses");
}

/* --- SZ-02 --- */

static weft_object *no_function(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_new_ref(WEFT_NONE);
}

static void show_types(void) {
  weft_object *const values[] = {weft_int_new(42),
                                 weft_new_ref(WEFT_NONE),
                                 weft_float_new(1.5),
                                 weft_str_new("text"),
                                 weft_tuple_pack(1, WEFT_NONE),
                                 weft_list_new(),
                                 weft_function_new("f", no_function, 0, NULL),
                                 weft_new_ref((weft_object *)(uintptr_t)&weft_int_type)};
  enum { N = sizeof values / sizeof *values };
  bool good = true;
  for (size_t i = 0; i < N; i++) {
    const weft_type *type = weft_type_of(values[i]);
    tap_say("%-9s is of type %-9s which is of type %s", i == N - 1 ? "int" : type->spec.name, type->spec.name,
            weft_type_of(&type->header)->spec.name);
    good = good && weft_is_instance(values[i], &weft_object_type) && weft_is_instance(&type->header, &weft_object_type);
    weft_decref(values[i]);
  }
  good = good && weft_type_of(&weft_type_type.header) == &weft_type_type;
  tap_check(good, "SZ-02", "values of eight kinds, and their types, are objects; type is its own type");
}

/* --- SZ-05, SZ-06, SZ-23 --- */

static size_t bytes_of(weft_object *(*make)(void)) {
  size_t before = heap_now().block_bytes;
  weft_object *o = make();
  size_t bytes = heap_now().block_bytes - before;
  weft_xdecref(o);
  return bytes;
}

/* Their items are small ints, which take nothing. */
static weft_object *tuple_of_three(void) {
  weft_object *const items[] = {WEFT_NONE, WEFT_NONE, WEFT_NONE};
  return weft_tuple_new(3, items);
}
static weft_object *list_of_three(void) {
  weft_object *const items[] = {WEFT_NONE, WEFT_NONE, WEFT_NONE};
  return weft_list_of(3, items);
}

static void show_sizes(void) {
  size_t tuple = bytes_of(tuple_of_three), list = bytes_of(list_of_three);
  size_t none = weft_none_type.spec.basic_size, integer = weft_int_type.spec.basic_size;
  tap_say("bytes         document  3.14  here");
  tap_say("None                16    16  %4zu", none);
  tap_say("int 42              28    28  %4zu", integer);
  tap_say("True                28    28  %4zu", weft_bool_type.spec.basic_size);
  tap_say("tuple of 3          64    72  %4zu", tuple);
  tap_say("list of 3           80    80  %4zu", list);
  tap_check(weft_bool_type.spec.basic_size == integer, "SZ-05", "a bool is as large as an int");
  tap_check(none == sizeof(weft_object) && none < integer, "SZ-06", "None is a bare header, the smallest object");
  tap_check(tuple < list, "SZ-23", "a tuple is smaller than a list with the same content");
}

void show_objects(void) {
  tap_title("What an object is");
  show_types();
  show_layout();
  show_sizes();
}
