/* SPDX-License-Identifier: MIT */
/*
 * Types made from specs, and instances with fixed slots.
 *
 * An instance of a type made here: the base's body, then the type's slots (one pointer each), then, if the type has a
 * finalizer that its base has not, a word for the "finalized" mark. An instance is private until shared (share.h); a
 * slot of a shared one is replaced by one atomic exchange, and read in a bracket.
 */
#include "runtime/type.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "sync/grace_internal.h"

static weft_object *type_repr(weft_object *self) {
  return weft_str_format("<type '%s'>", ((const weft_type *)self)->spec.name);
}

static weft_object *type_call(weft_object *self, weft_object *const *args, size_t n) {
  (void)args;
  const weft_type *type = (const weft_type *)self;
  if (n) return weft_raise(&weft_TypeError, "%s() takes no arguments", type->spec.name);
  if (!type->slots_offset) return weft_raise(&weft_TypeError, "cannot create '%s' instances", type->spec.name);
  return weft_instance_new(type);
}

const weft_type weft_object_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "object", .basic_size = sizeof(weft_object), .flags = WEFT_TYPE_BASE, .hash = weft__hash_identity},
    .plain = true,
};

const weft_type weft_type_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "type",
             .base = &weft_object_type,
             .basic_size = sizeof(weft_type),
             .hash = weft__hash_identity,
             .repr = type_repr,
             .call = type_call},
};

bool weft_type_derives(const weft_type *type, const weft_type *base) {
  while (type && type != base) type = type->spec.base;
  return type;
}

/* --- Slots that types made here share --- */

static weft_object **slots_of(const weft_object *o) {
  return (weft_object **)(void *)((char *)o + o->type->slots_offset);
}

static int instance_traverse(weft_object *self, weft_visit visit, void *arg) {
  weft_object **slots = slots_of(self);
  for (uint32_t i = 0; i < self->type->fixed_slots; i++) {
    int stop = slots[i] ? visit(slots[i], arg) : 0;
    if (stop) return stop;
  }
  return self->type->body_traverse ? self->type->body_traverse(self, visit, arg) : 0;
}

static int instance_clear(weft_object *self) {
  for (uint32_t i = 0; i < self->type->fixed_slots; i++) weft_slot_set(self, i, NULL);
  return self->type->body_clear ? self->type->body_clear(self) : 0;
}

/* Nobody else has a reference any more. */
static void drop_slots(weft_object *self) {
  weft_object **slots = slots_of(self);
  for (uint32_t i = 0; i < self->type->fixed_slots; i++) weft_clear(&slots[i]);
}

/* Of a type with slots whose spec, or base, has a dealloc: that one knows nothing of the slots. */
static void instance_dealloc(weft_object *self) {
  drop_slots(self);
  self->type->body_dealloc(self);
}

void weft__generic_dealloc(weft_object *self) {
  const weft_type *type = self->type;
  if (type->slots_offset) drop_slots(self);
  int (*clear)(weft_object *) = type->slots_offset ? type->body_clear : type->spec.clear;
  if (clear) clear(self);
  weft_object_free(self, 0);
}

/* Which slot has the name: -1 none. Slots of bases come first. */
static int64_t find_slot(const weft_type *type, const char *name) {
  for (; type && type->slots_offset; type = type->spec.base) {
    const char *const *names = type->spec.slot_names;
    if (!names) continue;
    uint32_t count = 0;
    while (names[count]) count++;
    for (uint32_t i = 0; i < count; i++)
      if (strcmp(names[i], name) == 0) return (int64_t)type->fixed_slots - count + i;
  }
  return -1;
}

weft_object *weft__slot_load(weft_object *self, weft_object **slot) {
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

static weft_object *instance_getattr(weft_object *self, const char *name) {
  int64_t i = find_slot(self->type, name);
  return i >= 0 ? weft_slot_get(self, (size_t)i) : weft__no_attribute(self, name);
}

static int instance_setattr(weft_object *self, const char *name, weft_object *value) {
  int64_t i = find_slot(self->type, name);
  if (i >= 0 && value) return weft_slot_set(self, (size_t)i, value);
  if (i >= 0 && weft__slot_store(self, &slots_of(self)[i], NULL)) return 0;
  weft__no_attribute(self, name);
  return -1;
}

/* --- Making a type --- */

struct made_type {
  weft_type type;
  struct made_type *next;
};
static weft__lock made_lock;
static struct made_type *made;

#define INHERIT(slot) \
  if (!spec->slot) spec->slot = base->slot

static void inherit(weft_type_spec *spec, const weft_type_spec *base) {
  INHERIT(traverse);
  INHERIT(clear);
  INHERIT(finalize);
  INHERIT(dealloc);
  INHERIT(repr);
  INHERIT(str);
  if (!spec->hash && !spec->compare) {
    spec->hash = base->hash;
    spec->compare = base->compare;
  }
  INHERIT(is_true);
  INHERIT(call);
  INHERIT(add);
  INHERIT(subtract);
  INHERIT(multiply);
  INHERIT(length);
  INHERIT(get_item);
  INHERIT(set_item);
  INHERIT(contains);
  INHERIT(iter);
  INHERIT(next);
  INHERIT(getattr);
  INHERIT(setattr);
  INHERIT(item_size);
  spec->flags |= base->flags & WEFT_TYPE_CONTAINER;
}

enum { SIZE_MAX_OF_BODY = 1 << 30 };

static bool check_spec(const weft_type_spec *spec, const weft_type *base) {
  const char *wrong = NULL;
  if (!spec->name)
    wrong = "a type needs a name";
  else if (!weft_type_derives(base->header.type, &weft_type_type))
    wrong = "the base is not a type";
  else if (spec->basic_size > SIZE_MAX_OF_BODY || spec->item_size > SIZE_MAX_OF_BODY)
    wrong = "instances would be too large";
  else if ((spec->item_size || base->spec.item_size) && !spec->dealloc && !base->spec.dealloc)
    wrong = "a variable-sized type needs a dealloc, which knows the number of items";
  else if ((spec->item_size || base->spec.item_size) && (spec->finalize || base->spec.finalize))
    wrong = "variable-sized types have no finalizer";
  else if (!(base->spec.flags & WEFT_TYPE_BASE))
    wrong = "the base type does not allow it";
  else if (spec->basic_size && spec->basic_size < base->spec.basic_size)
    wrong = "instances would be smaller than the base's";
  else if (base->marks_offset && spec->basic_size)
    wrong = "the base has a finalizer, so its size cannot be changed";
  else if (spec->slot_names && (base->spec.item_size || spec->item_size))
    wrong = "variable-sized types have no fixed slots";
  if (!wrong) return true;
  weft_raise(&weft_TypeError, "cannot make type '%s': %s", spec->name ? spec->name : "?", wrong);
  return false;
}

/* Fills in sizes, offsets and the slots that are generated. */
static bool lay_out(weft_type *type, const weft_type *base) {
  weft_type_spec *spec = &type->spec;
  size_t size = spec->basic_size ? spec->basic_size : base->spec.basic_size;
  size = (size + 7) & ~(size_t)7;
  size_t own = 0;
  while (spec->slot_names && spec->slot_names[own]) own++;
  bool instances = spec->slot_names || base->slots_offset;
  if (instances) {
    /* Slots continue the base's, so nothing may come between them: a base's mark moves behind. */
    if (base->marks_offset) size = base->marks_offset;
    type->slots_offset = base->slots_offset ? base->slots_offset : (uint32_t)size;
    if (own > 4096) {
      weft_raise(&weft_TypeError, "cannot make type '%s': too many slots", spec->name);
      return false;
    }
    type->fixed_slots = base->fixed_slots + (uint32_t)own;
    size += own * sizeof(weft_object *);
    spec->flags |= WEFT_TYPE_CONTAINER;
    type->body_traverse = spec->traverse == instance_traverse ? base->body_traverse : spec->traverse;
    type->body_clear = spec->clear == instance_clear ? base->body_clear : spec->clear;
    spec->traverse = instance_traverse;
    spec->clear = instance_clear;
    if (!spec->getattr) spec->getattr = instance_getattr;
    if (!spec->setattr) spec->setattr = instance_setattr;
  }
  if (spec->finalize && !spec->item_size) {
    type->marks_offset = (uint32_t)size;
    size += sizeof(uint64_t);
  }
  spec->basic_size = size;
  return true;
}

const weft_type *weft_type_new(const weft_type_spec *spec) {
  weft__check_attached("weft_type_new");
  if (!spec) return weft_raise(&weft_TypeError, "weft_type_new: no spec");
  const weft_type *base = spec->base ? spec->base : &weft_object_type;
  if (!check_spec(spec, base)) return NULL;
  struct made_type *m = weft__fault() ? NULL : calloc(1, sizeof *m);
  if (!m) return weft_raise_memory();
  static const weft_count immortal = WEFT__COUNT_IMMORTAL;
  m->type.header.count = immortal;
  m->type.header.type = &weft_type_type;
  m->type.made = true;
  m->type.spec = *spec;
  m->type.spec.base = base;
  inherit(&m->type.spec, &base->spec);
  if (!lay_out(&m->type, base)) {
    free(m);
    return NULL;
  }
  m->type.guarded = m->type.slots_offset || base->guarded;
  bool simple = !m->type.spec.dealloc && !(m->type.spec.flags & WEFT_TYPE_CONTAINER) && !m->type.marks_offset;
  m->type.plain = simple && !m->type.spec.item_size && m->type.spec.basic_size <= WEFT__SMALL_MAX;
  if (m->type.spec.dealloc == instance_dealloc)
    m->type.body_dealloc = base->body_dealloc;
  else if (m->type.slots_offset && m->type.spec.dealloc && m->type.spec.dealloc != weft__generic_dealloc)
    m->type.body_dealloc = m->type.spec.dealloc, m->type.spec.dealloc = instance_dealloc;
  if (!m->type.spec.dealloc) m->type.spec.dealloc = weft__generic_dealloc;
  weft__lock_acquire(&made_lock);
  m->next = made;
  made = m;
  weft__lock_release(&made_lock);
  return &m->type;
}

void weft__types_fini(void) {
  while (made) {
    struct made_type *next = made->next;
    free(made);
    made = next;
  }
}

/* --- Instances --- */

/* Bytes of an instance with `items` items; 0: absurd. */
static size_t size_with(const weft_type *type, size_t items) {
  size_t more, size;
  if (__builtin_mul_overflow(items, type->spec.item_size, &more) ||
      __builtin_add_overflow(more, type->spec.basic_size, &size) || size > PTRDIFF_MAX)
    return 0;
  return size;
}

weft_object *weft_object_new(const weft_type *type, size_t items) {
  weft__check_attached("weft_object_new");
  if (WEFT_UNLIKELY(!type)) return weft_raise(&weft_TypeError, "weft_object_new: NULL is not a type");
  if (WEFT_UNLIKELY(!type->made && type != &weft_object_type))
    return weft_raise(&weft_TypeError, "weft_object_new: '%s' has constructors of its own", type->spec.name);
  return weft__object_new(type, items);
}

weft_object *weft__object_new(const weft_type *type, size_t items) {
  size_t size = size_with(type, items);
  weft_object *o = size ? weft__object_alloc(type, size, "weft_object_new") : weft_raise_memory();
  if (o) memset(o + 1, 0, size - sizeof *o);
  return o;
}

void weft_object_free(weft_object *o, size_t items) { weft__heap_free(o, size_with(o->type, items)); }

weft_object *weft_instance_new(const weft_type *type) {
  weft__check_attached("weft_instance_new");
  if (!type || !type->slots_offset || type->spec.item_size)
    return weft_raise(&weft_TypeError, "'%s' is not a type with fixed slots", type ? type->spec.name : "NULL");
  return weft_object_new(type, 0);
}

static weft_object **slot_of(const char *call, weft_object *instance, size_t index) {
  weft__check_attached(call);
  if (WEFT_LIKELY(instance && index < instance->type->fixed_slots)) return &slots_of(instance)[index];
  if (instance && instance->type->slots_offset)
    return weft_raise(&weft_IndexError, "%s: '%s' has no slot %zu", call, instance->type->spec.name, index);
  return weft_raise(&weft_TypeError, "%s: expected an instance with fixed slots", call);
}

weft_object *weft_slot_get(weft_object *instance, size_t index) {
  weft_object **slot = slot_of("weft_slot_get", instance, index);
  if (!slot) return NULL;
  weft_object *value = weft__slot_load(instance, slot);
  return value ? value
               : weft_raise(&weft_AttributeError, "slot %zu of '%s' is empty", index, instance->type->spec.name);
}

int weft_slot_set(weft_object *instance, size_t index, weft_object *value) {
  weft_object **slot = slot_of("weft_slot_set", instance, index);
  if (!slot) return -1;
  weft_xincref(value);
  weft__slot_store(instance, slot, value);
  return 0;
}
