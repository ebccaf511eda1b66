/* SPDX-License-Identifier: MIT */
/* A dict as it is in memory. */
#include <inttypes.h>
#include <stdio.h>

#include "demos/sizes.h"
#include "runtime/dict_table_internal.h"

/* --- SZ-19 --- */

static void draw_table(const struct weft__table *t) {
  tap_say("       %zu places, room for %zu keys, %zu used; then where each place leads:", t->mask + 1, t->capacity,
          t->used);
  for (size_t i = 0; i <= t->mask; i++) {
    uint64_t cell = weft__cell_load(t, i, t->width), number = cell & ((UINT64_C(1) << weft__cell_shift(t->width)) - 1);
    if (cell)
      tap_say("       place %zu  -> entry %" PRIu64, i, number - 1);
    else
      tap_say("       place %zu", i);
  }
  for (size_t i = 0; i < t->used; i++)
    tap_say("       entry %zu  key 0x%" PRIxPTR " %s, value 0x%" PRIxPTR " %s", i, weft_id(weft__table_key_at(t, i)),
            shown(weft__table_key_at(t, i)), weft_id(weft__table_value_at(t, i)), shown(weft__table_value_at(t, i)));
}

/* True: the search for the key, begun by its hash, comes to its entry. */
static bool search_finds(const struct weft__table *t, weft_object *dict, weft_object *key) {
  int64_t hash;
  if (weft_hash(key, &hash) < 0) return false;
  struct weft__probe p = weft__probe_start(t, (uint64_t)hash);
  size_t first = p.i;
  int64_t entry = weft__table_probe(t, &p, key, (uint64_t)hash);
  weft_auto weft_object *value = weft_dict_get(dict, key);
  tap_say("  looking for '%s': begins at place %zu, ends at place %zu, entry %d", shown(key), first, p.i, (int)entry);
  return entry >= 0 && weft__table_key_at(t, (size_t)entry) == key && weft__table_value_at(t, (size_t)entry) == value;
}

static void show_layout(void) {
  weft_auto weft_object *a = weft_str_new("a");
  weft_auto weft_object *b = weft_str_new("b");
  weft_auto weft_object *one = weft_int_new(1);
  weft_auto weft_object *two = weft_int_new(2);
  weft_auto weft_object *dict = weft_dict_new();
  weft_dict_set(dict, a, one);
  weft_dict_set(dict, b, two);
  const uint64_t *words = (const uint64_t *)(const void *)dict;
  const struct weft__table *t = (const struct weft__table *)(uintptr_t)words[2];
  tap_say("%s at 0x%" PRIxPTR, shown(dict), weft_id(dict));
  tap_say("  +0   count word  0x%016" PRIx64 "   references: %" PRId64, words[0], weft_refcount(dict));
  tap_say("  +8   type        0x%016" PRIx64 "   '%s'", words[1], weft_type_of(dict)->spec.name);
  tap_say("  +16  table       0x%016" PRIx64, words[2]);
  draw_table(t);
  tap_say("  +24  size        %" PRIu64, words[3]);
  bool good = (int64_t)t->capacity == weft_dict_capacity(dict) && t->used == 2 && words[3] == 2;
  good = search_finds(t, dict, a) && good;
  good = search_finds(t, dict, b) && good;
  tap_check(good, "SZ-19", "a header and a table apart from it; a key's hash leads to its entry");
}

/* --- SZ-20 --- */

static weft_object *getsizeof(weft_object *function, weft_object *const *args, size_t n) {
  (void)function;
  return n == 1 ? weft_int_new(weft_sizeof(args[0])) : weft_raise(&weft_TypeError, "getsizeof() takes one argument");
}

/* `sys.getsizeof(o)` in a module with these names. Returns new. */
static weft_object *evaluate(weft_object *names, weft_object *o) {
  weft_auto weft_object *sys = weft_str_new("sys");
  weft_auto weft_object *module = weft_dict_get(names, sys);
  weft_auto weft_object *attribute = weft_str_new("getsizeof");
  weft_auto weft_object *function = module ? weft_dict_get(module, attribute) : NULL;
  return function ? weft_call(function, &o, 1) : NULL;
}

static void show_missing_import(void) {
  weft_auto weft_object *names = weft_dict_new();
  weft_auto weft_object *dict = weft_dict_new();
  tap_say("002, dicts in detail: print(sys.getsizeof({})), without `import sys` (in Python a NameError)");
  bool good = raises_object(evaluate(names, dict), &weft_KeyError);
  weft_object *module = dict_of("getsizeof", weft_function_new("getsizeof", getsizeof, 0, NULL));
  weft_auto weft_object *sys = weft_str_new("sys");
  weft_dict_set(names, sys, module);
  weft_decref(module);
  weft_auto weft_object *size = evaluate(names, dict);
  tap_say("with it: %s", shown(size));
  tap_check(good && size && weft_int_value(size) == weft_sizeof(dict), "SZ-20",
            "the two snippets as printed lack an import: no such name; with it they work");
}

void show_dicts(void) {
  tap_title("Dicts in detail");
  show_layout();
  show_missing_import();
}
