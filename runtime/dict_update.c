/* SPDX-License-Identifier: MIT */
/* What dicts are filled from: other dicts, mappings, pairs, keys; and keys in UTF-8. */
#include "runtime/dict_internal.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/str.h"

/* --- From others --- */

/* Sets what stands in a dict at this moment. */
static int update_from_dict(weft_object *o, weft_object *other, bool override) {
  size_t size;
  struct weft__table *t = weft__dict_snapshot((struct weft__dict *)other, &size);
  if (!t) return -1;
  int failed = 0;
  for (size_t i = 0; i < t->used && !failed; i++) {
    weft_object *key = (weft_object *)weft__table_entry(t, i)[0], *value = weft__table_value_at(t, i);
    weft_auto weft_object *kept = override ? NULL : weft_dict_set_default(o, key, value);
    failed = override ? weft_dict_set(o, key, value) : kept ? 0 : -1;
  }
  weft__dict_drop_snapshot(t);
  return failed;
}

/* Sets one pair that an iterable has given. */
static int update_from_pair(weft_object *o, weft_object *pair, int64_t number) {
  weft_auto weft_object *items = weft_list_from(pair);
  if (!items) return -1;
  if (weft_list_length(items) != 2) {
    weft_raise(&weft_ValueError, "dictionary update sequence element #%lld has length %lld; 2 is required",
               (long long)number, (long long)weft_list_length(items));
    return -1;
  }
  weft_auto weft_object *key = weft_list_get(items, 0);
  weft_auto weft_object *value = weft_list_get(items, 1);
  return weft_dict_set(o, key, value);
}

/* Sets the keys that iterating gives, with what getting those items gives. */
static int update_from_mapping(weft_object *o, weft_object *other) {
  weft_auto weft_object *iterator = weft_iter(other);
  int failed = iterator ? 0 : -1;
  for (weft_object *key; !failed && (key = weft_next(iterator)); weft_decref(key)) {
    weft_auto weft_object *value = weft_get_item(other, key);
    failed = value ? weft_dict_set(o, key, value) : -1;
  }
  return failed || weft_error_borrow() ? -1 : 0;
}

static int update_from_pairs(weft_object *o, weft_object *pairs) {
  weft_auto weft_object *iterator = weft_iter(pairs);
  int failed = iterator ? 0 : -1;
  weft_object *pair;
  for (int64_t n = 0; !failed && (pair = weft_next(iterator)); n++) {
    failed = update_from_pair(o, pair, n);
    weft_decref(pair);
  }
  return failed || weft_error_borrow() ? -1 : 0;
}

int weft_dict_update(weft_object *o, weft_object *other) {
  if (!weft__is_dict("weft_dict_update", o) || !weft__given("weft_dict_update", other)) return -1;
  if (o == other) return 0;
  if (!weft_is_instance(other, &weft_dict_type)) return update_from_pairs(o, other);
  if (other->type->spec.iter != weft_dict_iter_keys)
    return update_from_mapping(o, other); /* it has an order of its own */
  return update_from_dict(o, other, true);
}

int weft_dict_merge(weft_object *o, weft_object *other, bool override) {
  if (!weft__is_dict("weft_dict_merge", o) || !weft__given("weft_dict_merge", other)) return -1;
  if (weft_is_instance(other, &weft_dict_type)) return o == other ? 0 : update_from_dict(o, other, override);
  weft_raise(&weft_AttributeError, "'%s' object has no keys", other->type->spec.name);
  return -1;
}

weft_object *weft_dict_from_keys(weft_object *keys, weft_object *value) {
  if (!weft__given("weft_dict_from_keys", keys) || !weft__given("weft_dict_from_keys", value)) return NULL;
  weft_auto weft_object *iterator = weft_iter(keys);
  weft_object *d = iterator ? weft_dict_new() : NULL;
  for (weft_object *key; d && (key = weft_next(iterator)); weft_decref(key))
    if (weft_dict_set(d, key, value) < 0) weft_clear(&d);
  if (d && weft_error_borrow()) weft_clear(&d);
  return d;
}

/* --- Keys in UTF-8 --- */

int weft_dict_find_text(weft_object *o, const char *key, weft_object **value) {
  if (value) *value = NULL;
  weft_auto weft_object *text = weft__is_dict("weft_dict_find_text", o) ? weft_str_new(key) : NULL;
  return text ? weft_dict_find(o, text, value) : -1;
}
weft_object *weft_dict_get_text(weft_object *o, const char *key) {
  weft_auto weft_object *text = weft__is_dict("weft_dict_get_text", o) ? weft_str_new(key) : NULL;
  return text ? weft_dict_get(o, text) : NULL;
}
int weft_dict_contains_text(weft_object *o, const char *key) {
  weft_auto weft_object *text = weft__is_dict("weft_dict_contains_text", o) ? weft_str_new(key) : NULL;
  return text ? weft_dict_contains(o, text) : -1;
}
int weft_dict_set_text(weft_object *o, const char *key, weft_object *value) {
  weft_auto weft_object *text = weft__is_dict("weft_dict_set_text", o) ? weft_str_new(key) : NULL;
  return text ? weft_dict_set(o, text, value) : -1;
}
int weft_dict_delete_text(weft_object *o, const char *key) {
  weft_auto weft_object *text = weft__is_dict("weft_dict_delete_text", o) ? weft_str_new(key) : NULL;
  return text ? weft_dict_delete(o, text) : -1;
}
weft_object *weft_dict_pop_text(weft_object *o, const char *key, weft_object *otherwise) {
  weft_auto weft_object *text = weft__is_dict("weft_dict_pop_text", o) ? weft_str_new(key) : NULL;
  return text ? weft_dict_pop(o, text, otherwise) : NULL;
}
