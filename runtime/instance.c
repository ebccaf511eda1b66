/* SPDX-License-Identifier: MIT */
/*
 * Attributes: fixed slots, attribute dicts, and what a type has for all its instances.
 *
 * Names are found by identity where they can be (names that types know are interned, so one object for each text), and
 * by equality otherwise. In order: the type's slots, the instance's own attributes, the type's.
 *
 *   Slots lie in the instance at offsets that never change.
 *
 *   Own attributes of an instance with WEFT_TYPE_DICT: key-sharing (Shannon, PEP 412). The type's *shape* numbers names
 *   in the order in which instances first got them; the instance has, behind its body, room for the values of those
 *   that had numbers when it was made, and of two that may come later. `attrs`, one word in the body, is the mutex of a
 *   shared instance (low byte) and says
 *       inline    how many values there is room for, and `filled`: the last one set has number filled - 1
 *       DICT      a dict has it all, and the inline values are empty
 *   Inline, the order in which an instance got its attributes is the order of their numbers. An attribute that would
 *   break that, has no number or no room, turns the instance over to a dict, for good; so does asking for the dict, or
 *   giving it another one.
 *
 *   Attributes of types: each type has a table of those that it does not inherit, which changes in a stopped world
 * only: who looks something up and comes to no safepoint meanwhile needs no bracket and no lock. Functions in it are
 * immortal, so that calling one does not write to its count; the other values die with the type.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/dict.h"
#include "runtime/function.h"
#include "runtime/instance_internal.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"
#include "runtime/str_internal.h"
#include "sync/attach.h"
#include "sync/grace_internal.h"

/* --- Names --- */

/* Open addressing, half empty at least, never changed once published. */
struct weft__names {
  size_t mask, used;
  struct {
    weft_object *name;
    uintptr_t value;
  } cell[];
};

static size_t names_bytes(size_t mask) { return sizeof(struct weft__names) + (mask + 1) * 2 * sizeof(uintptr_t); }

static WEFT_NOINLINE bool is_equal_name(const weft_object *a, const weft_object *b) { return weft__str_equal(a, b); }
static inline bool is_name(const weft_object *a, const weft_object *b) {
  return WEFT_LIKELY(a == b) || is_equal_name(a, b);
}

static inline const uintptr_t *names_find(const struct weft__names *t, const weft_object *name, uint64_t hash) {
  for (size_t i = hash & t->mask; t->cell[i].name; i = (i + 1) & t->mask)
    if (is_name(t->cell[i].name, name)) return &t->cell[i].value;
  return NULL;
}

/* Adds or replaces. There is room. */
static void names_set(struct weft__names *t, weft_object *name, uintptr_t value) {
  size_t i = (uint64_t)weft__str_cached_hash(name) & t->mask;
  while (t->cell[i].name && !is_name(t->cell[i].name, name)) i = (i + 1) & t->mask;
  t->used += !t->cell[i].name;
  t->cell[i].name = name;
  t->cell[i].value = value;
}

static size_t mask_for(size_t n) {
  size_t size = 4;
  while (size < 2 * n + 1) size *= 2;
  return size - 1;
}

/* Interned strs: of the process until weft_finalize. */
static weft__lock intern_lock;
static struct weft__names *interned;

static struct weft__names *names_new(size_t n) {
  size_t mask = mask_for(n);
  struct weft__names *t = weft__fault() ? NULL : calloc(1, names_bytes(mask));
  if (t) t->mask = mask;
  return t;
}

static bool interned_has_room(void) {
  if (interned && 2 * (interned->used + 1) <= interned->mask) return true;
  struct weft__names *more = names_new(interned ? 2 * interned->used : 32);
  if (!more) return false;
  for (size_t i = 0; interned && i <= interned->mask; i++)
    if (interned->cell[i].name) names_set(more, interned->cell[i].name, 0);
  free(interned);
  interned = more;
  return true;
}

static weft_object *intern(weft_object *name) {
  int64_t hash;
  if (weft_hash(name, &hash) < 0) return NULL;
  weft_object *found = NULL;
  weft__lock_acquire(&intern_lock);
  if (interned_has_room()) {
    size_t i = (uint64_t)hash & interned->mask;
    while (interned->cell[i].name && !is_name(interned->cell[i].name, name)) i = (i + 1) & interned->mask;
    found = interned->cell[i].name;
    if (!found && (found = weft__str_immortal_copy(name))) names_set(interned, found, 0);
  }
  weft__lock_release(&intern_lock);
  return found ? found : weft_raise_memory();
}

weft_object *weft_str_intern(const char *text) {
  weft__check_attached("weft_str_intern");
  weft_auto weft_object *name = weft_str_new(text);
  return name ? intern(name) : NULL;
}

weft_object *weft_str_intern_object(weft_object *str) {
  static const char call[] = "weft_str_intern_object";
  if (!weft__given(call, str)) return NULL;
  if (weft_str_check(str)) return intern(str);
  return weft_raise(&weft_TypeError, "%s: expected str, got '%s'", call, str->type->spec.name);
}

void weft__interned_fini(void) {
  for (size_t i = 0; interned && i <= interned->mask; i++) free(interned->cell[i].name);
  free(interned);
  interned = NULL;
}

/* False: TypeError. Afterwards the name's hash is known. */
static inline bool name_given(weft_object *name, uint64_t *hash) {
  if (WEFT_LIKELY(name->type == &weft_str_type)) {
    int64_t cached = weft__str_cached_hash(name);
    *hash = (uint64_t)cached;
    return WEFT_LIKELY(cached != -1) || weft_hash(name, (int64_t *)hash) == 0;
  }
  weft_raise(&weft_TypeError, "attribute name must be str, not '%s'", name->type->spec.name);
  return false;
}

/* --- Single references in a guarded body --- */

weft_object *weft__slot_load(weft_object *self, weft_object **slot) {
  if (WEFT_LIKELY(weft__may_touch(self))) {
    weft_xincref(*slot);
    return *slot;
  }
  bool private = weft__touch(self);
  if (!private) weft__bracket_begin();
  /* order: acquire [slot]: sees the object as whoever stored it made it. */
  weft_object *value = weft__load_acquire(slot);
  weft_xincref(value);
  if (!private) weft__bracket_end();
  return value;
}

bool weft__slot_store(weft_object *self, weft_object **slot, weft_object *value_steal) {
  weft_object *old;
  if (WEFT_LIKELY(weft__may_touch(self))) {
    old = *slot;
    *slot = value_steal;
    weft_xdecref(old);
    return old;
  }
  bool private = weft__touch(self);
  if (private) {
    old = *slot;
    *slot = value_steal;
  } else {
    /* order: acq_rel [slot]: publishes the value; sees the old one, which is ours now, as it was made. */
    old = weft__exchange_acq_rel(slot, value_steal);
  }
  if (old) weft__drop_item(old, private);
  return old;
}

/* --- Fixed slots --- */

static weft_object **slots_of(const weft_object *o) {
  return (weft_object **)(void *)((char *)o + o->type->slots_offset);
}

static weft_object **slot_of(const char *call, weft_object *instance, size_t index) {
  weft__check_attached(call);
  if (WEFT_LIKELY(instance && index < instance->type->fixed_slots)) return &slots_of(instance)[index];
  if (instance && instance->type->slots_offset)
    return weft_raise(&weft_IndexError, "%s: '%s' has no slot %zu", call, instance->type->spec.name, index);
  return weft_raise(&weft_TypeError, "%s: expected an instance with fixed slots", call);
}

static WEFT_NOINLINE weft_object *slot_get_slow(weft_object *instance, size_t index) {
  weft_object **slot = slot_of("weft_slot_get", instance, index);
  if (!slot) return NULL;
  weft_object *value = weft__slot_load(instance, slot);
  return value ? value
               : weft_raise(&weft_AttributeError, "slot %zu of '%s' is empty", index, instance->type->spec.name);
}

weft_object *weft_slot_get(weft_object *instance, size_t index) {
  if (WEFT_LIKELY(instance && index < instance->type->fixed_slots && weft__may_touch(instance))) {
    weft_object *value = slots_of(instance)[index];
    if (WEFT_LIKELY(value != NULL)) return weft_new_ref(value);
  }
  return slot_get_slow(instance, index);
}

int weft_slot_set(weft_object *instance, size_t index, weft_object *value) {
  weft_object **slot = slot_of("weft_slot_set", instance, index);
  if (!slot) return -1;
  weft_xincref(value);
  weft__slot_store(instance, slot, value);
  return 0;
}

/* --- Own attributes: the shape --- */

enum { SHAPE_MAX = 30, SHAPE_CELLS = 64, INLINE_AT_FIRST = 4, INLINE_LATE = 2 };

struct weft__shape {
  weft__lock lock;
  uint32_t count;               /* atomic */
  weft_object *name[SHAPE_MAX]; /* interned */
  uint8_t cell[SHAPE_CELLS];    /* atomic: 1 + a number */
};

/* The name's number, or -1. */
static inline int shape_find(const struct weft__shape *s, const weft_object *name, uint64_t hash) {
  for (size_t i = hash % SHAPE_CELLS;; i = (i + 1) % SHAPE_CELLS) {
    /* order: acquire [shape]: the cell is written after the name. */
    unsigned n = weft__load_acquire(&s->cell[i]);
    if (n == 0) return -1;
    if (is_name(s->name[n - 1], name)) return (int)n - 1;
  }
}

/* As shape_find, but gives a new name a number if there is one left. */
static int shape_number(struct weft__shape *s, weft_object *name, uint64_t hash) {
  int found = shape_find(s, name, hash);
  if (found >= 0 || weft__load_relaxed(&s->count) == SHAPE_MAX) return found;
  weft_object *own = intern(name);
  if (!own) {
    weft_error_clear(); /* without memory for it, it goes into a dict, which will say so */
    return -1;
  }
  weft__lock_acquire(&s->lock);
  found = shape_find(s, own, hash);
  if (found < 0 && s->count < SHAPE_MAX) {
    found = (int)s->count;
    s->name[found] = own;
    size_t i = hash % SHAPE_CELLS;
    while (s->cell[i]) i = (i + 1) % SHAPE_CELLS;
    /* order: release [shape]: see shape_find. */
    weft__store_release(&s->cell[i], (uint8_t)(found + 1));
    weft__store_release(&s->count, s->count + 1);
  }
  weft__lock_release(&s->lock);
  return found;
}

/* --- Own attributes: the instance --- */

#define ATTRS_MUTEX     UINT64_C(0xFF)
#define ATTRS_DICT      (UINT64_C(1) << 63)
#define ATTRS_ROOM(a)   ((int)((a) >> 8 & 0xFF))
#define ATTRS_FILLED(a) ((int)((a) >> 16 & 0xFF))

static uint64_t attrs_inline(int room, int filled) { return (uint64_t)room << 8 | (uint64_t)filled << 16; }
static uint64_t attrs_dict(weft_object *dict) { return ATTRS_DICT | (uint64_t)(uintptr_t)dict << 8; }
static weft_object *dict_in(uint64_t attrs) { return (weft_object *)(uintptr_t)((attrs & ~ATTRS_DICT) >> 8); }

static uint64_t *attrs_of(const weft_object *o) { return (uint64_t *)(void *)((char *)o + o->type->attrs_offset); }
static weft_object **values_of(const weft_object *o) {
  return (weft_object **)(void *)((char *)o + o->type->spec.basic_size);
}

/* order: acquire [attrs]: sees the dict, or the values, that it tells of. */
static uint64_t attrs_load(const weft_object *o) { return weft__load_acquire(attrs_of(o)); }

/* Changes all but the mutex, which others may be waiting for. */
static void attrs_store(weft_object *o, uint64_t attrs) {
  uint64_t was = weft__load_relaxed(attrs_of(o));
  /* order: release [attrs]: publishes the dict. */
  while (!weft__cas_weak_release(attrs_of(o), &was, attrs | (was & ATTRS_MUTEX))) {
  }
}

/* Access to change: with the instance private, or under its mutex. */
static bool attrs_begin(weft_object *o) {
  bool private = weft__touch(o);
  if (!private) weft__object_lock((weft_mutex *)attrs_of(o));
  return private;
}
static void attrs_end(weft_object *o, bool private) {
  if (!private) weft__object_unlock((weft_mutex *)attrs_of(o));
}

/* How many values a new instance has room for behind its body: more than its type's instances have had so far, because
 * the first attribute without room costs a dict, six times the instance. */
static int room_of(const weft_type *type) {
  int count = (int)weft__load_acquire(&type->shape->count);
  int room = count == 0 ? INLINE_AT_FIRST : count + INLINE_LATE < SHAPE_MAX ? count + INLINE_LATE : SHAPE_MAX;
  size_t fits = type->spec.basic_size < WEFT__SMALL_MAX ? (WEFT__SMALL_MAX - type->spec.basic_size) / 8 : 0;
  return (size_t)room < fits ? room : (int)fits;
}

weft_object *weft__instance_alloc(const weft_type *type) {
  int room = type->attrs_offset ? room_of(type) : 0;
  weft_object *o = weft__object_alloc(type, type->spec.basic_size + (size_t)room * sizeof(weft_object *), "weft_call");
  if (WEFT_UNLIKELY(!o)) return NULL;
  uint64_t *end = (uint64_t *)(void *)(values_of(o) + room);
  for (uint64_t *word = (uint64_t *)(void *)(o + 1); word < end; word++) weft__store_relaxed(word, 0); /* no memset */
  if (type->attrs_offset) *attrs_of(o) = attrs_inline(room, 0);
  return o;
}

/* The value: a new reference or, not counted, borrowed from the bracket that is open. NULL: there is none; an error may
 * be set (by a dict). */
static weft_object *own_get(weft_object *o, weft_object *name, uint64_t hash, bool counted) {
  int number = shape_find(o->type->shape, name, hash);
  if (WEFT_LIKELY(number >= 0 && weft__may_touch(o))) {
    uint64_t attrs = *attrs_of(o);
    bool is_inline = !(attrs & ATTRS_DICT) && number < ATTRS_FILLED(attrs);
    weft_object *value = is_inline ? values_of(o)[number] : NULL;
    if (WEFT_LIKELY(value != NULL)) return weft_new_ref(value); /* no bracket is open: counted */
  }
  bool private = weft__touch(o);
  if (!private) weft__bracket_begin();
  uint64_t attrs = attrs_load(o);
  weft_object *value = NULL, *dict = NULL;
  if (!(attrs & ATTRS_DICT) && number >= 0 && number < ATTRS_ROOM(attrs)) {
    value = weft__load_acquire(&values_of(o)[number]);
    if (!value) attrs = attrs_load(o); /* has it all just gone into a dict? */
  }
  if (!value && attrs & ATTRS_DICT) dict = dict_in(attrs);
  if (counted) weft_xincref(value ? value : dict);
  if (!private) weft__bracket_end();
  if (dict && counted) {
    weft_dict_find(dict, name, &value);
    weft_decref(dict);
  } else if (dict) {
    value = weft_dict_peek(dict, name);
  }
  return value;
}

/* What a change leaves to be dropped. */
struct let_go {
  weft_object *value[SHAPE_MAX];
  int n;
};

/* Empties the inline values. */
static void take_inline(weft_object *o, uint64_t attrs, struct let_go *left) {
  for (int i = 0; !(attrs & ATTRS_DICT) && i < ATTRS_FILLED(attrs); i++) {
    weft_object **value = &values_of(o)[i];
    if (*value) left->value[left->n++] = *value;
    weft__store_release(value, (weft_object *)NULL);
  }
}

/* Turns the instance over to a dict, a fresh one with room enough, unless it has one. Between attrs_begin and
 * attrs_end. Returns its dict, borrowed. */
static weft_object *turn_over(weft_object *o, weft_object *dict, struct let_go *left) {
  uint64_t attrs = attrs_load(o);
  if (attrs & ATTRS_DICT) return dict_in(attrs);
  for (int i = 0; i < ATTRS_FILLED(attrs); i++) {
    weft_object *value = values_of(o)[i];
    if (value) weft__dict_add(dict, o->type->shape->name[i], value);
  }
  attrs_store(o, attrs_dict(weft_new_ref(dict)));
  take_inline(o, attrs, left);
  return dict;
}

static void drop_all(struct let_go *left, bool private) {
  for (int i = 0; i < left->n; i++) weft__drop_item(left->value[i], private);
}

/* The instance's dict, turned over to it if need be. Returns new; NULL with MemoryError. */
static weft_object *own_dict(weft_object *o) {
  struct let_go left = {.n = 0};
  uint32_t count = weft__load_acquire(&o->type->shape->count);
  weft_auto weft_object *fresh = weft_dict_new_sized(count < INLINE_AT_FIRST ? INLINE_AT_FIRST : count);
  if (!fresh) return NULL;
  bool private = attrs_begin(o);
  weft_object *dict = weft_new_ref(turn_over(o, fresh, &left));
  attrs_end(o, private);
  drop_all(&left, private);
  return dict;
}

/* Stores inline, NULL deletes. 1: done; 0: there was nothing to delete; -1: not inline. */
static int set_inline(weft_object *o, int number, weft_object *value) {
  if (WEFT_LIKELY(value && weft__may_touch(o))) {
    uint64_t attrs = *attrs_of(o);
    weft_object *was = !(attrs & ATTRS_DICT) && number < ATTRS_FILLED(attrs) ? values_of(o)[number] : NULL;
    if (WEFT_LIKELY(was != NULL)) {
      values_of(o)[number] = weft_new_ref(value);
      weft_decref(was);
      return 1;
    }
    if (!(attrs & ATTRS_DICT) && number >= ATTRS_FILLED(attrs) && number < ATTRS_ROOM(attrs)) {
      values_of(o)[number] = weft_new_ref(value);
      *attrs_of(o) = attrs_inline(ATTRS_ROOM(attrs), number + 1);
      return 1;
    }
  }
  weft_object *old = NULL;
  bool private = attrs_begin(o);
  uint64_t attrs = attrs_load(o);
  int filled = ATTRS_FILLED(attrs), done = -1;
  if (!(attrs & ATTRS_DICT) && number < ATTRS_ROOM(attrs)) {
    old = number < filled ? values_of(o)[number] : NULL;
    if (old || number >= filled) done = old || value;
  }
  if (done > 0) {
    if (value) weft_incref(value);
    /* order: release [attrs]: publishes the value. */
    weft__store_release(&values_of(o)[number], value);
    if (number >= filled) attrs_store(o, attrs_inline(ATTRS_ROOM(attrs), number + 1));
  }
  attrs_end(o, private);
  if (done > 0 && old) weft__drop_item(old, private);
  return !value && done < 0 && !(attrs & ATTRS_DICT) ? 0 : done;
}

static int own_set(weft_object *o, weft_object *name, uint64_t hash, weft_object *value) {
  struct weft__shape *shape = o->type->shape;
  int number = value ? shape_number(shape, name, hash) : shape_find(shape, name, hash);
  int done = number >= 0 ? set_inline(o, number, value) : value || attrs_load(o) & ATTRS_DICT ? -1 : 0;
  if (done >= 0) return done;
  weft_auto weft_object *dict = own_dict(o);
  if (!dict) return -1;
  if (value) return weft_dict_set(dict, name, value) < 0 ? -1 : 1;
  weft_object *old = weft_dict_pop(dict, name, NULL);
  if (!old) weft_error_clear();
  weft_xdecref(old);
  return old != NULL;
}

weft_object *weft_instance_dict(weft_object *o) {
  if (!weft__given("weft_instance_dict", o)) return NULL;
  if (!o->type->attrs_offset) return weft_raise(&weft_AttributeError, "'%s' object has no dict", o->type->spec.name);
  return own_dict(o);
}

int weft_instance_set_dict(weft_object *o, weft_object *dict) {
  static const char call[] = "weft_instance_set_dict";
  if (!weft__given(call, o) || !weft__expect(call, dict, &weft_dict_type)) return -1;
  if (!o->type->attrs_offset) {
    weft_raise(&weft_AttributeError, "'%s' object has no dict", o->type->spec.name);
    return -1;
  }
  struct let_go left = {.n = 0};
  bool private = attrs_begin(o);
  uint64_t attrs = attrs_load(o);
  attrs_store(o, attrs_dict(weft_new_ref(dict)));
  take_inline(o, attrs, &left);
  attrs_end(o, private);
  if (attrs & ATTRS_DICT) weft__drop_item(dict_in(attrs), private);
  drop_all(&left, private);
  return 0;
}

/* --- Attributes of types --- */

/* The attribute that the type has or inherits: as own_get. */
static weft_object *type_attribute(const weft_type *type, const weft_object *name, uint64_t hash, bool counted) {
  weft_object *value = NULL;
  for (; type && !value; type = type->spec.base) {
    const struct weft__names *t = type->attributes;
    const uintptr_t *found = t ? names_find(t, name, hash) : NULL;
    value = found ? (weft_object *)*found : NULL;
  }
  if (counted) weft_xincref(value);
  return value;
}

weft_object *weft_type_get(const weft_type *type, weft_object *name) {
  uint64_t hash;
  if (!weft__given("weft_type_get", (const weft_object *)type) || !weft__given("weft_type_get", name) ||
      !name_given(name, &hash))
    return NULL;
  weft_object *value = type_attribute(type, name, hash, true);
  return value ? value
               : weft_raise(&weft_AttributeError, "type '%s' has no attribute '%s'", type->spec.name,
                            weft_str_utf8(name, NULL));
}

/* A copy of the table in which `name` has `value`, or, NULL, is not; *old is the value it had. NULL: no memory. */
static struct weft__names *changed(const struct weft__names *from, weft_object *name, weft_object *value,
                                   weft_object **old) {
  size_t mask = mask_for((from ? from->used : 0) + 1);
  struct weft__names *t = weft__buffer_new(names_bytes(mask), "weft_type_set");
  if (!t) return NULL;
  memset(t, 0, names_bytes(mask));
  t->mask = mask;
  for (size_t i = 0; from && i <= from->mask; i++) {
    if (!from->cell[i].name) continue;
    if (from->cell[i].name == name)
      *old = (weft_object *)from->cell[i].value;
    else
      names_set(t, from->cell[i].name, from->cell[i].value);
  }
  if (value) names_set(t, name, (uintptr_t)value);
  return t;
}

int weft_type_set(const weft_type *type, weft_object *name, weft_object *value) {
  uint64_t hash;
  if (!weft__given("weft_type_set", (const weft_object *)type) || !weft__given("weft_type_set", name) ||
      !name_given(name, &hash))
    return -1;
  if (!type->made) {
    weft_raise(&weft_TypeError, "cannot set attributes of the built-in type '%s'", type->spec.name);
    return -1;
  }
  weft_object *own = intern(name);
  if (!own) return -1;
  if (value && weft_function_check(value)) weft_immortalize(value);
  struct weft__names **at = &((weft_type *)(uintptr_t)type)->attributes;
  weft_object *old = NULL;
  weft_stop_the_world();
  struct weft__names *was = *at, *t = changed(was, own, value, &old);
  bool missing = t && !value && !old, empty = t && t->used == 0;
  if (t && !missing) {
    if (value) weft_incref(value);
    *at = empty ? NULL : t;
  }
  weft_start_the_world();
  if (!t) weft_raise_memory();
  if (missing || empty) weft__buffer_free(t, names_bytes(t->mask));
  if (missing) {
    weft_raise(&weft_AttributeError, "type '%s' has no attribute '%s'", type->spec.name, weft_str_utf8(name, NULL));
  }
  if (!t || missing) return -1;
  if (was) weft__buffer_free(was, names_bytes(was->mask));
  if (old) weft__drop_item(old, WEFT__HAS_GIL);
  return 0;
}

/* --- Methods: a function of the type and the object that it was asked of --- */

struct method {
  weft_object header;
  weft_object *function, *self;
};

weft_object *weft__method_new(weft_object *function_steal, weft_object *self) {
  struct method *m = weft__object_alloc(&weft_method_type, sizeof *m, "weft_getattr");
  if (!m) {
    weft_decref(function_steal);
    return NULL;
  }
  m->function = function_steal;
  m->self = weft_new_ref(self);
  return &m->header;
}

void weft__method_parts(weft_object *method, weft_object **function, weft_object **self) {
  *function = ((struct method *)method)->function;
  *self = ((struct method *)method)->self;
}

weft_object *weft__call_with_self(weft_object *callable, weft_object *self, weft_object *const *args, size_t n) {
  enum { FEW = 7 };
  weft_object *few[FEW + 1], **all = few;
  size_t bytes = (n + 1) * sizeof *all;
  if (n > FEW && !(all = weft__buffer_new(bytes, "weft_call"))) return weft_raise_memory();
  all[0] = self;
  if (n) memcpy(all + 1, args, n * sizeof *all);
  weft_object *result = weft_call(callable, all, n + 1);
  if (all != few) weft__buffer_free(all, bytes);
  return result;
}

static weft_object *method_call(weft_object *o, weft_object *const *args, size_t n) {
  struct method *m = (struct method *)o;
  return weft__call_with_self(m->function, m->self, args, n);
}

static int method_traverse(weft_object *o, weft_visit visit, void *arg) {
  struct method *m = (struct method *)o;
  int stop = visit(m->function, arg);
  return stop ? stop : visit(m->self, arg);
}

static void method_dealloc(weft_object *o) {
  struct method *m = (struct method *)o;
  weft_decref(m->function);
  weft_decref(m->self);
  weft__heap_free(m, sizeof *m);
}

static int method_hash(weft_object *o, int64_t *hash) {
  int64_t of_function, of_self;
  struct method *m = (struct method *)o;
  weft__hash_identity(m->function, &of_function);
  weft__hash_identity(m->self, &of_self);
  *hash = of_function ^ of_self;
  return 0;
}

static int method_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if ((op != WEFT_EQ && op != WEFT_NE) || a->type != b->type) return WEFT_NOT_IMPLEMENTED;
  struct method *x = (struct method *)a, *y = (struct method *)b;
  return (x->function == y->function && x->self == y->self) == (op == WEFT_EQ);
}

const weft_type weft_method_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "method",
             .copy = weft__copy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(struct method),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = method_traverse,
             .dealloc = method_dealloc,
             .hash = method_hash,
             .compare = method_compare,
             .call = method_call},
    .weak = true,
};

/* --- getattr, setattr --- */

/* The slot with the name; NULL: none. */
static inline weft_object **named_slot(weft_object *self, const weft_object *name, uint64_t hash) {
  const struct weft__names *slots = self->type->slots;
  const uintptr_t *found = slots ? names_find(slots, name, hash) : NULL;
  return found ? (weft_object **)(void *)((char *)self + *found) : NULL;
}

static WEFT_NOINLINE weft_object *getattr_slow(weft_object *self, weft_object *name) {
  uint64_t hash;
  weft__check_attached("weft_getattr");
  if (!name_given(name, &hash)) return NULL;
  weft_object **slot = named_slot(self, name, hash);
  bool own = !slot && self->type->attrs_offset;
  weft_object *value = slot ? weft__slot_load(self, slot) : own ? own_get(self, name, hash, true) : NULL;
  if (value) return value;
  if (!slot && (value = type_attribute(self->type, name, hash, true)))
    return value->type->binds ? weft__method_new(value, self) : value;
  return weft__no_attribute(self, name);
}

/* For a name that is the very one that the type knows, what may be asked without calling anything: so callers save no
 * registers, and leave all else to a slow path. */
WEFT_ALWAYS_INLINE const uintptr_t *names_find_same(const struct weft__names *t, const weft_object *name) {
  size_t i = (uint64_t)weft__str_cached_hash(name) & t->mask;
  while (t->cell[i].name && t->cell[i].name != name) i = (i + 1) & t->mask;
  return t->cell[i].name ? &t->cell[i].value : NULL;
}
/* The name's number, or -1. */
WEFT_ALWAYS_INLINE int shape_find_same(const struct weft__shape *s, const weft_object *name) {
  for (size_t i = (uint64_t)weft__str_cached_hash(name) % SHAPE_CELLS;; i = (i + 1) % SHAPE_CELLS) {
    /* order: acquire [shape]: as shape_find. */
    unsigned n = weft__load_acquire(&s->cell[i]);
    if (n == 0 || s->name[n - 1] == name) return (int)n - 1;
  }
}

/* Where the value of a slot or an inline attribute stands in an instance that the calling thread may touch; NULL: all
 * else. */
WEFT_ALWAYS_INLINE weft_object **touch_attribute(weft_object *self, const weft_object *name) {
  if (WEFT_UNLIKELY(name->type != &weft_str_type || !weft__may_touch(self))) return NULL;
  const weft_type *type = self->type;
  if (type->slots) {
    const uintptr_t *found = names_find_same(type->slots, name);
    return found ? (weft_object **)(void *)((char *)self + *found) : NULL;
  }
  if (!type->attrs_offset) return NULL;
  int number = shape_find_same(type->shape, name);
  uint64_t attrs = *attrs_of(self);
  return !(attrs & ATTRS_DICT) && number >= 0 && number < ATTRS_FILLED(attrs) ? &values_of(self)[number] : NULL;
}

/* The function that is the method of an instance that the calling thread may touch, and lives as long as the type;
 * NULL: all else. That a name which the type knows as a method is no attribute of the instance is a matter of identity
 * too. */
WEFT_ALWAYS_INLINE weft_object *touch_method(const weft_object *self, const weft_object *name) {
  if (WEFT_UNLIKELY(name->type != &weft_str_type || !weft__may_touch(self))) return NULL;
  const weft_type *type = self->type;
  if (type->attrs_offset && (*attrs_of(self) & ATTRS_DICT || shape_find_same(type->shape, name) >= 0)) return NULL;
  if (type->slots && names_find_same(type->slots, name)) return NULL;
  for (; type; type = type->spec.base) {
    const uintptr_t *found = type->attributes ? names_find_same(type->attributes, name) : NULL;
    if (found) return weft_function_check((weft_object *)*found) ? (weft_object *)*found : NULL;
  }
  return NULL;
}

weft_object *weft__instance_getattr(weft_object *self, weft_object *name) {
  weft_object **value = touch_attribute(self, name);
  if (WEFT_LIKELY(value && *value) && WEFT_LIKELY(weft__count_incref_inline(&(*value)->count))) return *value;
  return getattr_slow(self, name);
}

weft_object *weft_getattr_peek(weft_object *o, weft_object *name) {
  uint64_t hash;
  if (!weft__given("weft_getattr_peek", o) || !weft__given("weft_getattr_peek", name) || !name_given(name, &hash))
    return NULL;
  if (!weft__self()->brackets) weft__misuse("weft_getattr_peek", "no bracket is open");
  weft_object *value = NULL, **slot = named_slot(o, name, hash);
  if (slot) {
    (void)weft__touch(o);
    value = weft__load_acquire(slot);
  } else if (o->type->attrs_offset) {
    value = own_get(o, name, hash, false);
  }
  if (!value && !slot && !weft_error_borrow()) value = type_attribute(o->type, name, hash, false);
  return value || weft_error_borrow() ? value : weft__no_attribute(o, name);
}

static WEFT_NOINLINE int setattr_slow(weft_object *self, weft_object *name, weft_object *value) {
  uint64_t hash;
  weft__check_attached("weft_setattr");
  if (!name_given(name, &hash)) return -1;
  weft_object **slot = named_slot(self, name, hash);
  int done = 0;
  if (slot) {
    weft_xincref(value);
    done = weft__slot_store(self, slot, value) || value;
  } else if (self->type->attrs_offset) {
    done = own_set(self, name, hash, value);
  }
  if (done == 0) weft__no_attribute(self, name);
  return done > 0 ? 0 : -1;
}

/* Out of line: what goes on when an old value dies, or is not ours, needs registers that the rest does not. */
static WEFT_NOINLINE int drop_replaced_slow(weft_object *old) {
  weft_decref(old);
  return 0;
}
static inline int drop_replaced(weft_object *old) {
  return WEFT_LIKELY(weft__count_decref_inline(&old->count)) ? 0 : drop_replaced_slow(old);
}

int weft__instance_setattr(weft_object *self, weft_object *name, weft_object *value) {
  weft_object **at = touch_attribute(self, name);
  if (WEFT_UNLIKELY(!at || !*at || !value) || WEFT_UNLIKELY(!weft__count_incref_inline(&value->count)))
    return setattr_slow(self, name, value);
  weft_object *old = *at;
  *at = value;
  return drop_replaced(old);
}

static WEFT_NOINLINE weft_object *call_method_slow(weft_object *o, weft_object *name, weft_object *const *args,
                                                   size_t n) {
  uint64_t hash;
  if (!weft__given("weft_call_method", o) || !weft__given("weft_call_method", name)) return NULL;
  if (o->type->spec.getattr == weft__instance_getattr && name->type == &weft_str_type && name_given(name, &hash) &&
      !named_slot(o, name, hash)) {
    weft_auto weft_object *own = o->type->attrs_offset ? own_get(o, name, hash, true) : NULL;
    weft_auto weft_object *shared = own ? NULL : type_attribute(o->type, name, hash, true);
    if (shared && shared->type->binds) return weft__call_with_self(shared, o, args, n);
    if (own) return weft_call(own, args, n);
  }
  weft_auto weft_object *callable = weft_getattr(o, name);
  return callable ? weft_call(callable, args, n) : NULL;
}

weft_object *weft_call_method(weft_object *o, weft_object *name, weft_object *const *args, size_t n) {
  bool ordinary = WEFT_LIKELY(o && name && o->type->spec.getattr == weft__instance_getattr);
  weft_object *method = ordinary ? touch_method(o, name) : NULL;
  if (WEFT_LIKELY(method != NULL)) return weft__call_with_self(method, o, args, n);
  return call_method_slow(o, name, args, n);
}

/* --- Copies --- */

/* The own attributes at one moment: their values in *values, the number of the first few being their place; or, in a
 * dict, that, a new reference. */
static weft_object *own_values(weft_object *o, struct let_go *values) {
  bool private = attrs_begin(o);
  uint64_t attrs = attrs_load(o);
  weft_object *dict = attrs & ATTRS_DICT ? weft_new_ref(dict_in(attrs)) : NULL;
  values->n = dict ? 0 : ATTRS_FILLED(attrs);
  for (int i = 0; i < values->n; i++) {
    values->value[i] = values_of(o)[i];
    weft_xincref(values->value[i]);
  }
  attrs_end(o, private);
  return dict;
}

static void drop_values(struct let_go *values) {
  for (int i = 0; i < values->n; i++) weft_xdecref(values->value[i]);
}

/* Moves the values into a fresh instance that has room for them. */
static void fill_inline(weft_object *to, struct let_go *values) {
  memcpy(values_of(to), values->value, (size_t)values->n * sizeof *values->value);
  *attrs_of(to) = attrs_inline(ATTRS_ROOM(*attrs_of(to)), values->n);
  values->n = 0;
}

static weft_object *dict_of_values(const struct weft__shape *shape, const struct let_go *values) {
  weft_object *dict = weft_dict_new();
  for (int i = 0; dict && i < values->n; i++)
    if (values->value[i] && weft_dict_set(dict, shape->name[i], values->value[i]) < 0) weft_clear(&dict);
  return dict;
}

weft_object *weft__instance_own_attributes(weft_object *o) {
  struct let_go values;
  weft_auto weft_object *dict = own_values(o, &values);
  weft_object *copy = dict ? weft_dict_copy(dict) : dict_of_values(o->type->shape, &values);
  drop_values(&values);
  return copy;
}

int weft__instance_update(weft_object *o, weft_object *attributes) {
  weft_object *key, *value;
  int failed = 0;
  for (size_t at = 0; !failed && weft__dict_next(attributes, &at, NULL, &key, &value);) {
    failed = weft__instance_setattr(o, key, value);
    weft_decref(key);
    weft_decref(value);
  }
  return failed;
}

int weft__instance_copy_attributes(weft_object *from, weft_object *to) {
  for (uint32_t i = 0; i < from->type->fixed_slots; i++) {
    weft_object *value = weft__slot_load(from, &slots_of(from)[i]);
    if (value) weft__slot_store(to, &slots_of(to)[i], value);
  }
  if (!from->type->attrs_offset) return 0;
  struct let_go values;
  weft_auto weft_object *dict = own_values(from, &values);
  uint64_t attrs = attrs_load(to);
  bool empty = !(attrs & ATTRS_DICT) && ATTRS_FILLED(attrs) == 0;
  if (!dict && empty && values.n <= ATTRS_ROOM(attrs)) {
    fill_inline(to, &values);
    return 0;
  }
  weft_auto weft_object *own = dict ? weft_dict_copy(dict) : dict_of_values(from->type->shape, &values);
  drop_values(&values);
  return !own ? -1 : empty ? weft_instance_set_dict(to, own) : weft__instance_update(to, own);
}

weft_object *weft__instance_fixed_attributes(weft_object *o) {
  const struct weft__names *slots = o->type->slots;
  weft_object *dict = weft_dict_new();
  for (size_t i = 0; dict && slots && i <= slots->mask; i++) {
    weft_object *name = slots->cell[i].name;
    weft_auto weft_object *value =
        name ? weft__slot_load(o, (weft_object **)(void *)((char *)o + slots->cell[i].value)) : NULL;
    if (value && weft_dict_set(dict, name, value) < 0) weft_clear(&dict);
  }
  return dict;
}

/* Adds a name and a value, which is dropped. False: an error is set. */
static bool add_pair_steal(weft_object *list, weft_object *name, weft_object *value) {
  bool good = weft_list_append(list, name) == 0 && weft_list_append(list, value) == 0;
  weft_decref(value);
  return good;
}

weft_object *weft__instance_attribute_list(weft_object *o) {
  const struct weft__names *slots = o->type->slots;
  struct let_go values = {.n = 0};
  if (o->type->attrs_offset) weft_xdecref(own_values(o, &values)); /* a dict is not meant here */
  weft_object *list = weft__list_new_sized(2 * (o->type->fixed_slots + (size_t)values.n));
  bool good = list;
  for (size_t i = 0; good && slots && i <= slots->mask; i++) {
    weft_object *name = slots->cell[i].name;
    weft_object **slot = (weft_object **)(void *)((char *)o + slots->cell[i].value);
    weft_object *value = name ? weft__slot_load(o, slot) : NULL;
    if (value) good = add_pair_steal(list, name, value);
  }
  for (int i = 0; i < values.n; i++) {
    weft_object *value = values.value[i];
    if (value && good)
      good = add_pair_steal(list, o->type->shape->name[i], value);
    else
      weft_xdecref(value);
  }
  if (!good) weft_clear(&list);
  return list;
}

weft_object *weft__instance_dict_if_any(weft_object *o) {
  if (!o->type->attrs_offset) return NULL;
  bool private = attrs_begin(o);
  uint64_t attrs = attrs_load(o);
  weft_object *dict = attrs & ATTRS_DICT ? weft_new_ref(dict_in(attrs)) : NULL;
  attrs_end(o, private);
  return dict;
}

/* --- Memory --- */

int weft__instance_traverse(weft_object *self, weft_visit visit, void *arg) {
  const weft_type *type = self->type;
  int stop = 0;
  for (uint32_t i = 0; !stop && i < type->fixed_slots; i++)
    if (slots_of(self)[i]) stop = visit(slots_of(self)[i], arg);
  if (!stop && type->attrs_offset) {
    uint64_t attrs = attrs_load(self);
    if (attrs & ATTRS_DICT) {
      stop = visit(dict_in(attrs), arg);
    } else {
      for (int i = 0; !stop && i < ATTRS_FILLED(attrs); i++)
        if (values_of(self)[i]) stop = visit(values_of(self)[i], arg);
    }
  }
  return stop || !type->body_traverse ? stop : type->body_traverse(self, visit, arg);
}

int weft__instance_clear(weft_object *self) {
  const weft_type *type = self->type;
  for (uint32_t i = 0; i < type->fixed_slots; i++) weft__slot_store(self, &slots_of(self)[i], NULL);
  if (type->attrs_offset) {
    struct let_go left = {.n = 0};
    bool private = attrs_begin(self);
    uint64_t attrs = attrs_load(self);
    weft_object *dict = attrs & ATTRS_DICT ? weft_new_ref(dict_in(attrs)) : NULL;
    take_inline(self, attrs, &left);
    attrs_end(self, private);
    drop_all(&left, private);
    if (dict) weft_dict_clear(dict);
    weft_xdecref(dict);
  }
  return type->body_clear ? type->body_clear(self) : 0;
}

void weft__instance_drop(weft_object *self) {
  const weft_type *type = self->type;
  weft_object **slots = slots_of(self);
  for (uint32_t i = 0; i < type->fixed_slots; i++) weft_clear(&slots[i]);
  if (!type->attrs_offset) return;
  uint64_t attrs = attrs_load(self);
  if (attrs & ATTRS_DICT) weft_decref(dict_in(attrs));
  for (int i = 0; !(attrs & ATTRS_DICT) && i < ATTRS_FILLED(attrs); i++) weft_clear(&values_of(self)[i]);
}

size_t weft__instance_size_of(weft_object *self) {
  size_t body = self->type->spec.basic_size;
  /* Room for values that have gone into a dict is still there. */
  return body < WEFT__SMALL_MAX ? weft__page_of(self)->block_size : body;
}

void weft__instance_dealloc(weft_object *self) {
  weft__instance_drop(self);
  weft__heap_free(self, self->type->spec.basic_size); /* with room behind it, it is a small one, too */
}

/* --- Types --- */

bool weft__attributes_init(weft_type *type, const weft_type *base) {
  const char *const *names = type->spec.slot_names;
  uint32_t own = type->fixed_slots - base->fixed_slots;
  if (type->fixed_slots) {
    if (!(type->slots = names_new(type->fixed_slots))) goto no_memory;
    for (size_t i = 0; base->slots && i <= base->slots->mask; i++)
      if (base->slots->cell[i].name) names_set(type->slots, base->slots->cell[i].name, base->slots->cell[i].value);
    for (uint32_t i = 0; i < own; i++) {
      weft_object *name = weft_str_intern(names[i]);
      if (!name) return false;
      names_set(type->slots, name, type->slots_offset + (base->fixed_slots + i) * sizeof(weft_object *));
    }
  }
  if (type->attrs_offset && !(type->shape = weft__fault() ? NULL : calloc(1, sizeof *type->shape))) goto no_memory;
  return true;
no_memory:
  weft_raise_memory();
  return false;
}

void weft__attributes_forget(weft_type *type) {
  struct weft__names *t = type->attributes;
  type->attributes = NULL;
  for (size_t i = 0; t && i <= t->mask; i++)
    if (t->cell[i].name) weft_decref((weft_object *)t->cell[i].value);
  if (t) weft__buffer_free(t, names_bytes(t->mask));
}

int weft__attributes_traverse(const weft_type *type, weft_visit visit, void *arg) {
  const struct weft__names *t = type->attributes;
  int stop = 0;
  for (size_t i = 0; t && !stop && i <= t->mask; i++)
    if (t->cell[i].name) stop = visit((weft_object *)t->cell[i].value, arg);
  return stop;
}

void weft__attributes_fini(weft_type *type) {
  free(type->slots);
  free(type->shape);
}
