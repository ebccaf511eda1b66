/* SPDX-License-Identifier: MIT */
/*
 * Weak value dicts and weak key dicts. The data of the former leads from keys to entries, which know their keys; that
 * of the latter from entries to values. What the two do differently is in their `kind`.
 *
 * An entry that is found dead counts as not there: its death is just about to remove it. It removes itself only if it
 * is still what the key leads to, so that a value that has taken its place stays.
 */
#include "runtime/weak_dict.h"

#include "runtime/copy.h"
#include "runtime/dict.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/tuple.h"
#include "runtime/weak_container_internal.h"

typedef weft__weak_container container;

struct kind {
  const weft_type *type;
  /* 1: the value of the key, a new reference; 0: there is none; -1. */
  int (*find)(weft_object *data, weft_object *key, weft_object **value);
  /* 1: the key is new, 0: its value has been replaced; -1. */
  int (*set)(weft_object *data, weft_object *key, weft_object *value);
  /* The same, but keeps the value that there is; *kept is a new reference to what the key has then. */
  int (*set_default)(weft_object *data, weft_object *key, weft_object *value, weft_object **kept);
  /* Takes the key out: as find. */
  int (*take)(weft_object *data, weft_object *key, weft_object **value);
  /* The key and the value of an entry, new references, given what data has for it. False: it is dead. */
  bool (*parts)(weft_object *key_in, weft_object *value_in, weft_object **key, weft_object **value);
  /* A list of the entries. */
  weft_object *(*entries)(weft_object *data);
  /* As `parts`, of an entry that has been in data. -1: an error. */
  int (*look_up)(weft_object *data, weft_object *entry, weft_object **key, weft_object **value);
};

/* --- Weak values --- */

struct value_entry {
  weft__weakref ref;
  weft_object *key;
};

static const weft_type value_entry_type;

static weft_object *value_entry(const char *call, weft_object *data, weft_object *key, weft_object *value) {
  if (!weft__weak_allowed(call, value)) return NULL;
  struct value_entry *e = (struct value_entry *)weft__weakref_alloc(&value_entry_type, sizeof *e, data);
  if (!e) return NULL;
  e->key = weft_new_ref(key);
  return weft__weakref_tie(&e->ref, value, WEFT__WEAK_OF_MANY);
}

/* What an entry, given up, leads to; a new reference or NULL. */
static weft_object *revive(weft_object *entry_steal) {
  weft_object *value = weft__weak_revive((weft__weakref *)entry_steal);
  weft_decref(entry_steal);
  return value;
}

static int value_find(weft_object *data, weft_object *key, weft_object **value) {
  weft_object *entry;
  int found = weft_dict_find(data, key, &entry);
  *value = found > 0 ? revive(entry) : NULL;
  return found < 0 ? found : *value != NULL;
}

static int value_set(weft_object *data, weft_object *key, weft_object *value) {
  weft_object *entry = value_entry("weft_weak_dict_set", data, key, value);
  if (!entry) return -1;
  int added = weft__dict_put(data, key, entry);
  weft_decref(entry);
  return added;
}

static int value_set_default(weft_object *data, weft_object *key, weft_object *value, weft_object **kept) {
  weft_auto weft_object *entry = value_entry("weft_weak_dict_set_default", data, key, value);
  while (entry) {
    weft_object *there = weft_dict_set_default(data, key, entry);
    if (!there) break;
    if (there == entry) {
      weft_decref(there);
      *kept = weft_new_ref(value);
      return 1;
    }
    if ((*kept = weft__weak_revive((weft__weakref *)there))) {
      weft_decref(there);
      return 0;
    }
    int removed = weft__dict_remove_if(data, key, there); /* it has just died */
    weft_decref(there);
    if (removed < 0) break;
  }
  return -1;
}

static int value_take(weft_object *data, weft_object *key, weft_object **value) {
  weft_object *entry = weft_dict_pop(data, key, WEFT_NONE);
  bool found = entry && entry != WEFT_NONE;
  *value = found ? revive(entry) : NULL;
  return !entry ? -1 : *value != NULL;
}

static bool value_parts(weft_object *key_in, weft_object *value_in, weft_object **key, weft_object **value) {
  *value = weft__weak_revive((weft__weakref *)value_in);
  *key = *value ? weft_new_ref(key_in) : NULL;
  return *value;
}

static int value_look_up(weft_object *data, weft_object *entry, weft_object **key, weft_object **value) {
  (void)data;
  return value_parts(((struct value_entry *)entry)->key, entry, key, value);
}

static void value_entry_died(weft_object *self) {
  struct value_entry *e = (struct value_entry *)self;
  weft__dict_remove_if(e->ref.callback, e->key, self);
}

static int value_entry_traverse(weft_object *self, weft_visit visit, void *arg) {
  int stop = visit(((struct value_entry *)self)->key, arg);
  return stop ? stop : weft__weakref_traverse(self, visit, arg);
}

static void value_entry_release(weft_object *self) {
  weft_decref(((struct value_entry *)self)->key);
  weft__weakref_clear(self);
}

static void value_entry_dealloc(weft_object *self) {
  value_entry_release(self);
  weft__heap_free(self, sizeof(struct value_entry));
}

static const weft_type value_entry_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "weak_value",
             .base = &weft_weakref_type,
             .basic_size = sizeof(struct value_entry),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = value_entry_traverse,
             .clear = weft__weakref_clear,
             .dealloc = value_entry_dealloc,
             .repr = weft__weakref_repr,
             .hash = weft__weakref_hash,
             .compare = weft__weakref_compare,
             .call = weft__weakref_call},
    .quiet = true,
    .release = value_entry_release,
    .is_weak = true,
    .weak_died = value_entry_died,
};

/* --- Weak keys --- */

static void key_entry_died(weft_object *self) {
  /* It is found by identity, and its hash was asked for when it was put in. */
  weft_object *value = weft_dict_pop(((weft__weakref *)self)->callback, self, WEFT_NONE);
  weft_xdecref(value);
}

static const weft_type key_entry_type = WEFT__WEAK_ENTRY_TYPE("weak_key", key_entry_died);

/* Something that is equal to the entry for a key. */
static weft_object *probe(const char *call, weft_object *key) {
  return weft__weak_allowed(call, key) ? weft_weakref_new(key, NULL) : NULL;
}

static int key_find(weft_object *data, weft_object *key, weft_object **value) {
  weft_auto weft_object *ref = probe("weft_weak_dict_find", key);
  *value = NULL;
  return ref ? weft_dict_find(data, ref, value) : -1;
}

static int key_set(weft_object *data, weft_object *key, weft_object *value) {
  weft_auto weft_object *entry = weft__weak_entry_new("weft_weak_dict_set", &key_entry_type, key, data);
  return entry ? weft__dict_put(data, entry, value) : -1;
}

static int key_set_default(weft_object *data, weft_object *key, weft_object *value, weft_object **kept) {
  weft_auto weft_object *entry = weft__weak_entry_new("weft_weak_dict_set_default", &key_entry_type, key, data);
  *kept = entry ? weft_dict_set_default(data, entry, value) : NULL;
  return *kept ? *kept == value : -1;
}

static int key_take(weft_object *data, weft_object *key, weft_object **value) {
  weft_auto weft_object *ref = probe("weft_weak_dict_pop", key);
  *value = NULL;
  int found = ref ? weft_dict_find(data, ref, value) : -1;
  if (found <= 0) return found;
  weft_clear(value);
  *value = weft_dict_pop(data, ref, NULL);
  if (*value) return 1;
  if (!weft_error_is(&weft_KeyError)) return -1;
  weft_error_clear(); /* another thread was faster */
  return 0;
}

static bool key_parts(weft_object *key_in, weft_object *value_in, weft_object **key, weft_object **value) {
  *key = weft__weak_revive((weft__weakref *)key_in);
  *value = *key ? weft_new_ref(value_in) : NULL;
  return *key;
}

static int key_look_up(weft_object *data, weft_object *entry, weft_object **key, weft_object **value) {
  weft_auto weft_object *value_in = NULL;
  int found = weft_dict_find(data, entry, &value_in);
  return found > 0 ? key_parts(entry, value_in, key, value) : found;
}

/* --- Kinds --- */

static const struct kind value_kind = {&weft_weak_value_dict_type, value_find,   value_set,
                                       value_set_default,          value_take,   value_parts,
                                       weft_dict_values,           value_look_up};
static const struct kind key_kind = {
    &weft_weak_key_dict_type, key_find, key_set, key_set_default, key_take, key_parts, weft_dict_keys, key_look_up};

static const struct kind *kind_of(const weft_object *o) {
  if (weft_is_instance(o, &weft_weak_value_dict_type)) return &value_kind;
  return weft_is_instance(o, &weft_weak_key_dict_type) ? &key_kind : NULL;
}

/* NULL: TypeError. */
static const struct kind *expect(const char *call, weft_object *o) {
  if (!weft__given(call, o)) return NULL;
  const struct kind *kind = kind_of(o);
  return kind ? kind : weft_raise(&weft_TypeError, "%s: expected a weak dict, got %s", call, o->type->spec.name);
}

static weft_object *data_of(weft_object *o) { return ((container *)o)->data; }

/* --- Single keys --- */

weft_object *weft_weak_value_dict_new(void) {
  return weft__weak_container_make(&weft_weak_value_dict_type, weft_dict_new());
}
weft_object *weft_weak_key_dict_new(void) {
  return weft__weak_container_make(&weft_weak_key_dict_type, weft_dict_new());
}

int64_t weft_weak_dict_length(weft_object *o) {
  return expect("weft_weak_dict_length", o) ? weft_dict_length(data_of(o)) : -1;
}

int weft_weak_dict_find(weft_object *o, weft_object *key, weft_object **value) {
  const struct kind *kind = expect("weft_weak_dict_find", o);
  weft_object *found = NULL;
  int is = kind && weft__given("weft_weak_dict_find", key) ? kind->find(data_of(o), key, &found) : -1;
  if (value)
    *value = found;
  else
    weft_xdecref(found);
  return is;
}

weft_object *weft_weak_dict_get(weft_object *o, weft_object *key) {
  weft_object *value;
  int found = weft_weak_dict_find(o, key, &value);
  return found ? value : weft__no_such_key(key);
}

int weft_weak_dict_contains(weft_object *o, weft_object *key) { return weft_weak_dict_find(o, key, NULL); }

int weft_weak_dict_set(weft_object *o, weft_object *key, weft_object *value) {
  static const char call[] = "weft_weak_dict_set";
  const struct kind *kind = expect(call, o);
  if (!kind || !weft__given(call, key) || !weft__given(call, value)) return -1;
  int added = kind->set(data_of(o), key, value);
  if (added > 0) weft__weak_changed((container *)o);
  return added < 0 ? -1 : 0;
}

weft_object *weft_weak_dict_set_default(weft_object *o, weft_object *key, weft_object *value) {
  static const char call[] = "weft_weak_dict_set_default";
  const struct kind *kind = expect(call, o);
  if (!kind || !weft__given(call, key) || !weft__given(call, value)) return NULL;
  weft_object *kept = NULL;
  int added = kind->set_default(data_of(o), key, value, &kept);
  if (added > 0) weft__weak_changed((container *)o);
  return added < 0 ? NULL : kept;
}

static int take(const char *call, weft_object *o, weft_object *key, weft_object **value) {
  const struct kind *kind = expect(call, o);
  int found = kind && weft__given(call, key) ? kind->take(data_of(o), key, value) : -1;
  if (found > 0) weft__weak_changed((container *)o);
  return found;
}

int weft_weak_dict_delete(weft_object *o, weft_object *key) {
  weft_object *value = NULL;
  int found = take("weft_weak_dict_delete", o, key, &value);
  weft_xdecref(value);
  if (found == 0) weft__no_such_key(key);
  return found > 0 ? 0 : -1;
}

weft_object *weft_weak_dict_pop(weft_object *o, weft_object *key, weft_object *otherwise) {
  weft_object *value = NULL;
  int found = take("weft_weak_dict_pop", o, key, &value);
  if (found) return found > 0 ? value : NULL;
  return otherwise ? weft_new_ref(otherwise) : weft__no_such_key(key);
}

/* A new tuple; takes over both. */
static weft_object *pair_of(weft_object *key_steal, weft_object *value_steal) {
  weft_object *pair = weft_tuple_pack(2, key_steal, value_steal);
  weft_decref(key_steal);
  weft_decref(value_steal);
  return pair;
}

weft_object *weft_weak_dict_pop_item(weft_object *o) {
  const struct kind *kind = expect("weft_weak_dict_pop_item", o);
  if (!kind) return NULL;
  for (;;) {
    weft_auto weft_object *pair = weft_dict_pop_item(data_of(o));
    if (!pair) return NULL;
    weft_object *key, *value, **items = weft__tuple_items(pair);
    if (!kind->parts(items[0], items[1], &key, &value)) continue;
    weft__weak_changed((container *)o);
    return pair_of(key, value);
  }
}

int weft_weak_dict_clear(weft_object *o) {
  if (!expect("weft_weak_dict_clear", o)) return -1;
  weft__weak_changed((container *)o);
  return weft_dict_clear(data_of(o));
}

/* --- All entries --- */

enum part { KEYS, VALUES, ITEMS };

static weft_object *part_of(weft_object *key_steal, weft_object *value_steal, enum part part) {
  if (part == ITEMS) return pair_of(key_steal, value_steal);
  weft_decref(part == KEYS ? value_steal : key_steal);
  return part == KEYS ? key_steal : value_steal;
}

static int item_of(weft_object *o, weft_object *entry, unsigned part, weft_object **item) {
  weft_object *key, *value;
  int alive = kind_of(o)->look_up(data_of(o), entry, &key, &value);
  if (alive > 0 && !(*item = part_of(key, value, (enum part)part))) return -1;
  return alive;
}

static weft_object *iterate(const char *call, weft_object *o, enum part part) {
  const struct kind *kind = expect(call, o);
  if (!kind) return NULL;
  uint64_t changes = weft__weak_changes((container *)o);
  return weft__weak_iterate(o, kind->entries(data_of(o)), changes, item_of, part);
}

weft_object *weft_weak_dict_iter_keys(weft_object *o) { return iterate("weft_weak_dict_iter_keys", o, KEYS); }
weft_object *weft_weak_dict_iter_values(weft_object *o) { return iterate("weft_weak_dict_iter_values", o, VALUES); }
weft_object *weft_weak_dict_iter_items(weft_object *o) { return iterate("weft_weak_dict_iter_items", o, ITEMS); }

/* A list of what is alive; as at one moment, other than an iterator's. */
static weft_object *list_of(const char *call, weft_object *o, enum part part) {
  const struct kind *kind = expect(call, o);
  weft_auto weft_object *pairs = kind ? weft_dict_items(data_of(o)) : NULL;
  weft_auto weft_object *list = pairs ? weft_list_new() : NULL;
  for (int64_t i = 0, n = list ? weft_list_length(pairs) : 0; i < n; i++) {
    weft_auto weft_object *pair = weft_list_get(pairs, i);
    weft_object *key, *value, **items = weft__tuple_items(pair);
    if (!kind->parts(items[0], items[1], &key, &value)) continue;
    weft_auto weft_object *item = part_of(key, value, part);
    if (!item || weft_list_append(list, item) < 0) return NULL;
  }
  return list ? weft_new_ref(list) : NULL;
}

weft_object *weft_weak_dict_keys(weft_object *o) { return list_of("weft_weak_dict_keys", o, KEYS); }
weft_object *weft_weak_dict_values(weft_object *o) { return list_of("weft_weak_dict_values", o, VALUES); }
weft_object *weft_weak_dict_items(weft_object *o) { return list_of("weft_weak_dict_items", o, ITEMS); }

weft_object *weft_weak_dict_refs(weft_object *o) {
  const struct kind *kind = expect("weft_weak_dict_refs", o);
  return kind ? kind->entries(data_of(o)) : NULL;
}

/* --- Several at once --- */

/* The pairs of a dict, a weak dict, or an iterable of pairs. Returns a new list of tuples. */
static weft_object *pairs_of(weft_object *other) {
  if (kind_of(other)) return weft_weak_dict_items(other);
  if (weft_is_instance(other, &weft_dict_type)) return weft_dict_items(other);
  weft_auto weft_object *dict = weft_dict_new();
  return dict && weft_dict_update(dict, other) == 0 ? weft_dict_items(dict) : NULL;
}

int weft_weak_dict_update(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_dict_update";
  if (!expect(call, o) || !weft__given(call, other)) return -1;
  weft_auto weft_object *pairs = pairs_of(other);
  if (!pairs) return -1;
  for (int64_t i = 0, n = weft_list_length(pairs); i < n; i++) {
    weft_auto weft_object *pair = weft_list_get(pairs, i);
    weft_object **items = weft__tuple_items(pair);
    if (weft_weak_dict_set(o, items[0], items[1]) < 0) return -1;
  }
  return 0;
}

/* An empty one of the built-in type. */
static weft_object *like(const struct kind *kind) { return weft__weak_container_make(kind->type, weft_dict_new()); }

static weft_object *copy_of(const struct kind *kind, weft_object *o) {
  weft_object *copy = like(kind);
  if (copy && weft_weak_dict_update(copy, o) < 0) weft_clear(&copy);
  return copy;
}

weft_object *weft_weak_dict_copy(weft_object *o) {
  const struct kind *kind = expect("weft_weak_dict_copy", o);
  return kind ? copy_of(kind, o) : NULL;
}

/* --- Slots --- */

/* What is held weakly stays the same; the other part of each entry is copied. */
static weft_object *weak_dict_deepcopy(weft_object *o, weft_object *memo) {
  bool by_key = kind_of(o)->type == &weft_weak_key_dict_type;
  weft_object *copy = like(kind_of(o));
  if (copy && weft_memo_set(memo, o, copy) < 0) weft_clear(&copy);
  weft_auto weft_object *pairs = copy ? weft_weak_dict_items(o) : NULL;
  if (!pairs) weft_clear(&copy);
  for (int64_t i = 0; copy && i < weft_list_length(pairs); i++) {
    weft_auto weft_object *pair = weft_list_get(pairs, i);
    weft_object **items = weft__tuple_items(pair);
    weft_auto weft_object *part = weft_deepcopy(items[by_key], memo);
    if (!part || weft_weak_dict_set(copy, by_key ? items[0] : part, by_key ? part : items[1]) < 0) weft_clear(&copy);
  }
  return copy;
}

static weft_object *weak_dict_repr(weft_object *self) {
  return weft_str_format("<%s at %p>", self->type->spec.name, (void *)self);
}

static bool is_mapping(const weft_object *o) { return kind_of(o) || weft_is_instance(o, &weft_dict_type); }

static weft_object *strong(weft_object *o) {
  weft_object *dict = weft_dict_new();
  weft_auto weft_object *pairs = dict ? pairs_of(o) : NULL;
  if (dict && (!pairs || weft_dict_update(dict, pairs) < 0)) weft_clear(&dict);
  return dict;
}

/* By what is alive in them; also with dicts. */
static int weak_dict_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if ((op != WEFT_EQ && op != WEFT_NE) || !is_mapping(a) || !is_mapping(b)) return WEFT_NOT_IMPLEMENTED;
  weft_auto weft_object *x = strong(a), *y = x ? strong(b) : NULL;
  return y ? weft_compare(x, y, op) : -1;
}

static weft_object *weak_dict_or(weft_object *a, weft_object *b) {
  if (!is_mapping(a) || !is_mapping(b)) return NULL;
  const struct kind *kind = kind_of(a) ? kind_of(a) : kind_of(b);
  weft_object *both = copy_of(kind, a);
  if (both && weft_weak_dict_update(both, b) < 0) weft_clear(&both);
  return both;
}

static weft_object *weak_dict_in_place_or(weft_object *a, weft_object *b) {
  return weft_weak_dict_update(a, b) < 0 ? NULL : weft_new_ref(a);
}

static weft_object *weak_dict_get_item(weft_object *o, weft_object *key) { return weft_weak_dict_get(o, key); }

static int weak_dict_set_item(weft_object *o, weft_object *key, weft_object *value) {
  return value ? weft_weak_dict_set(o, key, value) : weft_weak_dict_delete(o, key);
}

static weft_object *weak_dict_make(const weft_type *type, weft_object *const *args, size_t n) {
  if (!weft__at_most_one(type, n)) return NULL;
  weft_object *o = weft__weak_container_make(type, weft_dict_new());
  if (o && n && weft_weak_dict_update(o, args[0]) < 0) weft_clear(&o);
  return o;
}

#define WEAK_DICT_TYPE(symbol, name_)                         \
  const weft_type symbol = {                                  \
      .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},      \
      .spec = {.name = name_,                                 \
               .base = &weft_object_type,                     \
               .copy = weft_weak_dict_copy,                   \
               .deepcopy = weak_dict_deepcopy,                \
               .basic_size = sizeof(container),               \
               .flags = WEFT_TYPE_CONTAINER | WEFT_TYPE_BASE, \
               .traverse = weft__weak_container_traverse,     \
               .clear = weft__weak_container_clear,           \
               .dealloc = weft__weak_container_dealloc,       \
               .repr = weak_dict_repr,                        \
               .compare = weak_dict_compare,                  \
               .bit_or = weak_dict_or,                        \
               .in_place_or = weak_dict_in_place_or,          \
               .length = weft_weak_dict_length,               \
               .get_item = weak_dict_get_item,                \
               .set_item = weak_dict_set_item,                \
               .contains = weft_weak_dict_contains,           \
               .iter = weft_weak_dict_iter_keys},             \
      .make = weak_dict_make,                                 \
      .weak = true,                                           \
  }

WEAK_DICT_TYPE(weft_weak_value_dict_type, "WeakValueDictionary");
WEAK_DICT_TYPE(weft_weak_key_dict_type, "WeakKeyDictionary");
