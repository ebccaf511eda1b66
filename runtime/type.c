/* SPDX-License-Identifier: MIT */
/*
 * Types made from specs, and instances with fixed slots.
 *
 * An instance of a type made here: the base's body, then the type's slots (one pointer each), then the word that leads
 * to its own attributes, if it can have any, then, if the type has a finalizer that its base has not, a word for the
 * "finalized" mark; then the values of its first own attributes (instance.c).
 *
 * The life of a made type. A list, `made`, has all that are alive, and a reference to each: so nobody's last reference
 * lets one die, only the collector does, or the end of the runtime. A type counts its base and what is in its table of
 * attributes; its instances do not count it. So the collector lets a type die when it is released, when all that counts
 * it is garbage, and when there is no block of an instance that is not garbage, nor one that is just dying: what frees
 * an instance reads its type. Which instances there are it finds out by looking at all blocks (gc/types.c), and only
 * while a type is released.
 */
#include "runtime/type.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/heap_pages_internal.h"
#include "runtime/instance_internal.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "sync/grace_internal.h"

static bool has_instances(const weft_type *type);

static weft_object *type_repr(weft_object *self) {
  return weft_str_format("<type '%s'>", ((const weft_type *)self)->spec.name);
}

static weft_object *type_call(weft_object *self, weft_object *const *args, size_t n) {
  const weft_type *type = (const weft_type *)self;
  const weft_type_spec *spec = &type->spec;
  weft_object *(*make)(const weft_type *, weft_object *const *, size_t) = spec->make ? spec->make : type->make;
  if (n && !spec->init && !make) return weft_raise(&weft_TypeError, "%s() takes no arguments", spec->name);
  if (!has_instances(type) && !make && !spec->init)
    return weft_raise(&weft_TypeError, "cannot create '%s' instances", spec->name);
  weft_object *o = make ? make(type, args, n) : weft__object_new(type, 0);
  bool ours = o && (!spec->make || weft_is_instance(o, type));
  if (ours && spec->init && spec->init(o, args, n) < 0) weft_clear(&o);
  return o;
}

bool weft__at_most_one(const weft_type *type, size_t n) {
  if (n <= 1) return true;
  return weft_raise(&weft_TypeError, "%s expected at most 1 argument, got %zu", type->spec.name, n);
}

const weft_type weft_object_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "object", .basic_size = sizeof(weft_object), .flags = WEFT_TYPE_BASE, .hash = weft__hash_identity},
    .plain = true,
};

static int type_traverse(weft_object *self, weft_visit visit, void *arg) {
  const weft_type *type = (const weft_type *)self;
  if (!type->made) return 0;
  int stop = weft__attributes_traverse(type, visit, arg);
  return stop ? stop : visit((weft_object *)(uintptr_t)type->spec.base, arg);
}

/* The base stays: instances may be alive. */
static int type_clear(weft_object *self) {
  weft__attributes_forget((weft_type *)self);
  return 0;
}

static void type_release(weft_object *self) {
  type_clear(self);
  weft_decref((weft_object *)(uintptr_t)((weft_type *)self)->spec.base);
}

/* The list of all types has a reference to each. */
static void type_dealloc(weft_object *self) {
  weft__fatal("weft_decref: the type '%s' has lost more references than it had", ((weft_type *)self)->spec.name);
}

const weft_type weft_type_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "type",
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(weft_type),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = type_traverse,
             .clear = type_clear,
             .dealloc = type_dealloc,
             .hash = weft__hash_identity,
             .repr = type_repr,
             .call = type_call},
    .weak = true,
    .quiet = true,
    .release = type_release,
};

bool weft_type_derives(const weft_type *type, const weft_type *base) {
  while (type && type != base) type = type->spec.base;
  return type;
}

/* With fixed slots or attribute dicts. */
static bool has_instances(const weft_type *type) { return type->slots_offset || type->attrs_offset; }

/* --- Slots that types made here share --- */

/* Of an instance whose spec, or base, has a dealloc: that one knows nothing of attributes. */
static void instance_dealloc(weft_object *self) {
  weft__instance_drop(self);
  self->type->body_dealloc(self);
}

void weft__generic_dealloc(weft_object *self) {
  const weft_type *type = self->type;
  bool instance = has_instances(type);
  if (instance) weft__instance_drop(self);
  int (*clear)(weft_object *) = instance ? type->body_clear : type->spec.clear;
  if (clear) clear(self);
  weft_object_free(self, 0);
}

/* --- Making a type --- */

struct made_type {
  weft_type type;
  struct made_type *next, *previous;
};
_Static_assert(sizeof(weft_type) > WEFT__SMALL_MAX, "a type is large by its own type, and is looked for in no page");
static weft__lock made_lock;
static struct made_type *made; /* newest first; under the lock, as are the links */
static size_t released_types;  /* atomic: of those, how many the program has given up */

static struct made_type *made_of(const weft_type *type) { return (struct made_type *)(uintptr_t)type; }

static void list_insert(struct made_type *m) {
  weft__lock_acquire(&made_lock);
  m->next = made;
  if (made) made->previous = m;
  made = m;
  weft__lock_release(&made_lock);
}

static void list_remove(struct made_type *m) {
  weft__lock_acquire(&made_lock);
  *(m->previous ? &m->previous->next : &made) = m->next;
  if (m->next) m->next->previous = m->previous;
  weft__lock_release(&made_lock);
}

#define INHERIT(slot) \
  if (!spec->slot) spec->slot = base->slot

static void inherit(weft_type_spec *spec, const weft_type *base_type) {
  const weft_type_spec *base = &base_type->spec;
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
  INHERIT(bit_and);
  INHERIT(bit_or);
  INHERIT(bit_xor);
  INHERIT(in_place_add);
  INHERIT(in_place_subtract);
  INHERIT(in_place_multiply);
  INHERIT(in_place_and);
  INHERIT(in_place_or);
  INHERIT(in_place_xor);
  INHERIT(length);
  INHERIT(get_item);
  INHERIT(set_item);
  INHERIT(contains);
  INHERIT(iter);
  INHERIT(next);
  INHERIT(reversed);
  INHERIT(length_hint);
  INHERIT(missing);
  INHERIT(getattr);
  INHERIT(setattr);
  INHERIT(make);
  INHERIT(init);
  INHERIT(size_of);
  INHERIT(item_size);
  INHERIT(reduce);
  spec->flags |= base->flags & (WEFT_TYPE_CONTAINER | WEFT_TYPE_DICT | WEFT_TYPE_NO_COPY);
  if (!base_type->made) return; /* a copy by one of Weft's types would be of that type */
  INHERIT(copy);
  INHERIT(deepcopy);
  INHERIT(get_state);
  INHERIT(set_state);
  INHERIT(replace);
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
  else if (base->make && base->spec.item_size && (spec->basic_size > base->spec.basic_size || spec->item_size))
    wrong = "the items of the base stand behind its body";
  else if (base->marks_offset && spec->basic_size)
    wrong = "the base has a finalizer, so its size cannot be changed";
  else if (base->attrs_offset && spec->basic_size)
    wrong = "the base has attribute dicts, so its size cannot be changed";
  else if ((spec->slot_names || spec->flags & WEFT_TYPE_DICT) && (base->spec.item_size || spec->item_size))
    wrong = "variable-sized types have no fixed slots or attribute dicts";
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
  bool with_dict = spec->flags & WEFT_TYPE_DICT;
  bool instances = spec->slot_names || base->slots_offset || with_dict;
  if (instances) {
    /* Slots continue the base's, so nothing may come between them: a base's attributes and mark move behind. */
    if (base->marks_offset) size = base->marks_offset;
    if (base->attrs_offset) size = base->attrs_offset;
    if (spec->slot_names || base->slots_offset)
      type->slots_offset = base->slots_offset ? base->slots_offset : (uint32_t)size;
    if (own > 4096) {
      weft_raise(&weft_TypeError, "cannot make type '%s': too many slots", spec->name);
      return false;
    }
    type->fixed_slots = base->fixed_slots + (uint32_t)own;
    size += own * sizeof(weft_object *);
    if (with_dict) {
      type->attrs_offset = (uint32_t)size;
      size += sizeof(uint64_t);
    }
    spec->flags |= WEFT_TYPE_CONTAINER;
    type->body_traverse = spec->traverse == weft__instance_traverse ? base->body_traverse : spec->traverse;
    type->body_clear = spec->clear == weft__instance_clear ? base->body_clear : spec->clear;
    spec->traverse = weft__instance_traverse;
    spec->clear = weft__instance_clear;
    if (with_dict && !spec->size_of) spec->size_of = weft__instance_size_of;
    if (!spec->getattr) spec->getattr = weft__instance_getattr;
    if (!spec->setattr) spec->setattr = weft__instance_setattr;
  }
  if (spec->finalize && !spec->item_size) {
    type->marks_offset = (uint32_t)size;
    size += sizeof(uint64_t);
  }
  spec->basic_size = size;
  return true;
}

/* A container is about to be made, and an old one: for when collections are due. */
static void count_made(void) {
  struct weft__heap *heap = weft__tls.heap;
  heap->young += !(weft__heap_is_due(heap) && weft__gc_due());
  weft__gc_count_old();
}

const weft_type *weft_type_new(const weft_type_spec *spec) {
  weft__check_attached("weft_type_new");
  if (!spec) return weft_raise(&weft_TypeError, "weft_type_new: no spec");
  const weft_type *base = spec->base ? spec->base : &weft_object_type;
  if (!check_spec(spec, base)) return NULL;
  count_made();
  struct made_type *m = weft__type_alloc(sizeof *m);
  if (!m) return weft_raise_memory();
  m->type.made = true;
  m->type.spec = *spec;
  m->type.spec.base = base;
  inherit(&m->type.spec, base);
  if (!lay_out(&m->type, base) || !weft__attributes_init(&m->type, base)) {
    weft__attributes_fini(&m->type);
    weft__type_dealloc(m);
    return NULL;
  }
  m->type.body_init = base->body_init;
  m->type.make = base->make;
  m->type.weak = base->weak || m->type.attrs_offset || spec->flags & WEFT_TYPE_WEAK;
  m->type.is_weak = base->is_weak;
  m->type.weak_died = base->weak_died;
  bool hooked = spec->dealloc || spec->clear || (base->made && !base->quiet);
  m->type.quiet = !hooked && !m->type.marks_offset;
  m->type.lock_offset = base->lock_offset ? base->lock_offset : m->type.attrs_offset;
  m->type.guarded = has_instances(&m->type) || base->guarded;
  m->type.own_body = base->own_body || spec->basic_size > base->spec.basic_size || spec->item_size;
  bool simple = !m->type.spec.dealloc && !(m->type.spec.flags & WEFT_TYPE_CONTAINER) && !m->type.marks_offset;
  simple = simple && !m->type.weak;
  m->type.plain = simple && !m->type.spec.item_size && m->type.spec.basic_size <= WEFT__SMALL_MAX;
  /* Generated ones are made anew; the user's know nothing of attributes. */
  void (**dealloc)(weft_object *) = &m->type.spec.dealloc;
  bool generated = !*dealloc || *dealloc == weft__generic_dealloc || *dealloc == weft__instance_dealloc;
  if (generated) {
    bool only_attributes = has_instances(&m->type) && !m->type.body_clear;
    *dealloc = only_attributes ? weft__instance_dealloc : weft__generic_dealloc;
    if (only_attributes && m->type.quiet) m->type.release = weft__instance_drop;
  } else if (has_instances(&m->type)) {
    m->type.body_dealloc = *dealloc == instance_dealloc ? base->body_dealloc : *dealloc;
    *dealloc = instance_dealloc;
  }
  weft_incref((weft_object *)(uintptr_t)base);
  m->type.header.type = &weft_type_type;
  weft__count_init(&m->type.header.count);
  list_insert(m);
  weft__type_list(&m->type.header);
  return &m->type;
}

/* --- The ends of types --- */

int weft_type_release(const weft_type *type) {
  static const char call[] = "weft_type_release";
  const weft_object *o = (const weft_object *)type;
  if (!weft__given(call, o)) return -1;
  const char *wrong = o->type != &weft_type_type ? "an object that is no type" : !type->made ? type->spec.name : NULL;
  if (wrong) {
    weft_raise(&weft_TypeError, "%s: expected a type of weft_type_new, got %s", call, wrong);
    return -1;
  }
  /* order: acq_rel, though nothing hangs on it: of two who release it one is told, and collections read it in a stopped
   * world. */
  if (weft__exchange_acq_rel(&made_of(type)->type.released, (uint8_t) true)) {
    weft_raise(&weft_ValueError, "%s: '%s' has been released before", call, type->spec.name);
    return -1;
  }
  weft__add_relaxed(&released_types, 1);
  return 0;
}

/* order: relaxed: asked in a stopped world. */
bool weft__types_released(void) { return weft__load_relaxed(&released_types); }

void weft__type_free(weft_object *o) {
  struct made_type *m = (struct made_type *)o;
  list_remove(m);
  weft__sub_relaxed(&released_types, 1);
  weft__attributes_fini(&m->type);
  weft__type_dealloc(m);
}

/* The type behind `m`, or the first; a new reference, and the one to `m` is dropped. NULL: there is none. */
static struct made_type *next_made(struct made_type *m) {
  weft__lock_acquire(&made_lock);
  struct made_type *next = m ? m->next : made;
  if (next) weft_incref(&next->type.header);
  weft__lock_release(&made_lock);
  if (m) weft_decref(&m->type.header);
  return next;
}

/* What dies may make collections, which may free other types. */
void weft__types_forget(void) {
  for (struct made_type *m = next_made(NULL); m; m = next_made(m)) weft__attributes_forget(&m->type);
}

void weft__types_fini(void) {
  while (made) {
    struct made_type *next = made->next;
    weft__attributes_fini(&made->type);
    weft__type_dealloc(made);
    made = next;
  }
  weft__store_relaxed(&released_types, 0);
  weft__interned_fini();
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
  if (WEFT_UNLIKELY(type->make && !type->body_init))
    return weft_raise(&weft_TypeError, "weft_object_new: '%s' instances are made by calling it", type->spec.name);
  return weft__object_new(type, items);
}

weft_object *weft__object_new(const weft_type *type, size_t items) {
  weft_object *o;
  if (has_instances(type)) {
    o = weft__instance_alloc(type);
  } else {
    size_t size = size_with(type, items);
    o = size ? weft__object_alloc(type, size, "weft_object_new") : weft_raise_memory();
    if (WEFT_LIKELY(o != NULL)) memset(o + 1, 0, size - sizeof *o);
  }
  if (WEFT_UNLIKELY(type->body_init != NULL) && o) type->body_init(o);
  return o;
}

void weft_object_free(weft_object *o, size_t items) { weft__heap_free(o, size_with(o->type, items)); }

weft_object *weft_instance_new(const weft_type *type) {
  weft__check_attached("weft_instance_new");
  if (WEFT_LIKELY(type && has_instances(type) && !type->spec.item_size)) return weft__object_new(type, 0);
  return weft_raise(&weft_TypeError, "'%s' is not a type with fixed slots or attribute dicts",
                    type ? type->spec.name : "NULL");
}
