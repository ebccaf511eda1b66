/* SPDX-License-Identifier: MIT */
/*
 * Types: what an object of a kind can do, as a table of slots.
 *
 * A type is made from a const spec by designated initialisers; a NULL slot is inherited from the base. Weft's own types
 * are immortal. One that is made is a container like others, counted by whoever holds it; but its instances do not
 * count it, so threads that make instances do not contend on it. It lives until weft_finalize, or, if the program gives
 * it up by weft_type_release, as long as anybody holds it or it has an instance or a derived type.
 *
 * Deriving from list, dict, set, frozenset, tuple, bytearray or array: the base's functions work on the instances, and
 * do not call the slots that the type replaces; those are for the general operations (weft_get_item and so on).
 * Instances are made by calling the type. A traverse, clear or dealloc slot calls the base's
 * (weft_list_type.spec.dealloc) at its end.
 */
#ifndef WEFT_TYPE_H
#define WEFT_TYPE_H

#include "object.h"

WEFT_BEGIN_DECLS

/* Called by a traverse slot for each object that it holds a counted reference to; a non-zero result stops and is
 * returned. */
typedef int (*weft_visit)(weft_object *referent, void *arg);

enum weft_type_flags {
  WEFT_TYPE_BASE = 1,      /* user types may derive from it */
  WEFT_TYPE_CONTAINER = 2, /* holds references: has traverse and clear, the collector follows it */
  WEFT_TYPE_DICT = 4,      /* instances can have any attributes, beside fixed slots, and weak references */
  WEFT_TYPE_WEAK = 8,      /* instances can have weak references */
  WEFT_TYPE_NO_COPY = 16,  /* without hooks for it, copying an instance is a CopyError; also of derived types */
};

typedef struct weft_type_spec {
  const char *name;
  const weft_type *base; /* NULL: object */
  size_t basic_size;     /* bytes of an instance, header included; 0: the base's, plus fixed slots */
  size_t item_size;      /* bytes of each item of a variable-sized instance */
  unsigned flags;        /* enum weft_type_flags */
  const char *const
      *slot_names; /* fixed attribute slots of instances, ends in NULL; traverse and clear are generated */

  /* Memory. A slot that is called with a dying object must not fail; an error that is set is reported as unraisable. */
  int (*traverse)(weft_object *self, weft_visit visit, void *arg);
  /* Drops references so that cycles break, and returns 0; may be called on a live object. -1 without an error: it
   * refuses; the collector then keeps the object in weft_gc_garbage. */
  int (*clear)(weft_object *self);
  void (*finalize)(weft_object *self); /* once, before the object dies; may resurrect it */
  void (*dealloc)(weft_object *self);  /* drops all references, then weft_object_free; NULL: generated */

  /* Operations. NULL: not supported. */
  weft_object *(*repr)(weft_object *self);
  weft_object *(*str)(weft_object *self);
  int (*hash)(weft_object *self, int64_t *hash);
  int (*compare)(weft_object *a, weft_object *b, enum weft_compare_op op); /* -1, 0, 1 or WEFT_NOT_IMPLEMENTED */
  int (*is_true)(weft_object *self);
  weft_object *(*call)(weft_object *self, weft_object *const *args, size_t n);
  weft_object *(*add)(weft_object *a, weft_object *b); /* NULL without an error set: not implemented for these */
  weft_object *(*subtract)(weft_object *a, weft_object *b);
  weft_object *(*multiply)(weft_object *a, weft_object *b);
  weft_object *(*bit_and)(weft_object *a, weft_object *b);
  weft_object *(*bit_or)(weft_object *a, weft_object *b);
  weft_object *(*bit_xor)(weft_object *a, weft_object *b);
  /* Change `a` and return a reference to it, if it can be changed. NULL as above. */
  weft_object *(*in_place_add)(weft_object *a, weft_object *b);
  weft_object *(*in_place_subtract)(weft_object *a, weft_object *b);
  weft_object *(*in_place_multiply)(weft_object *a, weft_object *b);
  weft_object *(*in_place_and)(weft_object *a, weft_object *b);
  weft_object *(*in_place_or)(weft_object *a, weft_object *b);
  weft_object *(*in_place_xor)(weft_object *a, weft_object *b);
  int64_t (*length)(weft_object *self);
  weft_object *(*get_item)(weft_object *self, weft_object *key);
  int (*set_item)(weft_object *self, weft_object *key, weft_object *value); /* value NULL: deletes */
  int (*contains)(weft_object *self, weft_object *value);                   /* -1, 0, 1 */
  weft_object *(*iter)(weft_object *self);
  weft_object *(*next)(weft_object *self);     /* NULL without an error set: the end */
  weft_object *(*reversed)(weft_object *self); /* an iterator from the last to the first */
  int64_t (*length_hint)(weft_object *self);   /* about how many items an iterator will give */
  /* What weft_get_item of a dict that derives from dict gives for a key that is not there; NULL: KeyError. */
  weft_object *(*missing)(weft_object *self, weft_object *key);
  weft_object *(*getattr)(weft_object *self, weft_object *name);
  int (*setattr)(weft_object *self, weft_object *name, weft_object *value); /* value NULL: deletes */
  /* Calling the type asks `make` for an object (new; NULL and an error), or makes an instance if that is NULL; and
   * then, if it is an instance of the type, calls `init` with the arguments: -1 and an error, or 0. */
  weft_object *(*make)(const weft_type *type, weft_object *const *args, size_t n);
  int (*init)(weft_object *self, weft_object *const *args, size_t n);
  size_t (*size_of)(weft_object *self); /* see weft_sizeof; NULL: the size of an instance */

  /* Copying; copy.h says which of them is asked when. Those of Weft's own types are not inherited. */
  weft_object *(*copy)(weft_object *self);
  weft_object *(*deepcopy)(weft_object *self, weft_object *memo); /* passes `memo` on to weft_deepcopy */
  weft_object *(*reduce)(weft_object *self);                      /* how to make another one, see weft_copy_register */
  weft_object *(*get_state)(weft_object *self);                   /* what a copy needs to become like `self` */
  int (*set_state)(weft_object *self, weft_object *state);        /* makes a fresh instance so */
  weft_object *(*replace)(weft_object *self, weft_object *changes); /* see weft_replace */
} weft_type_spec;

/* What a compare slot returns for operands that it knows nothing about. */
#define WEFT_NOT_IMPLEMENTED 2

struct weft_type {
  weft_object header;
  weft_type_spec spec;       /* with what it inherits filled in */
  uint32_t fixed_slots;      /* attribute slots of an instance, inherited ones included */
  uint32_t slots_offset;     /* where in the instance they start */
  uint32_t attrs_offset;     /* where in the instance the word is that leads to its own attributes; 0: it has none */
  struct weft__names *slots; /* their names and offsets */
  struct weft__shape *shape; /* the names that instances have given to own attributes */
  struct weft__names *attributes; /* of the type itself; changed in a stopped world */
  uint32_t marks_offset;          /* where in the instance the "finalized" mark is; 0: the type has no finalizer */
  uint32_t lock_offset;           /* where in the instance its lock is; 0: it has none of its own */
  bool plain;                     /* dies without side effects: the block is simply freed */
  bool made;                      /* by weft_type_new: behind it stands what type.c knows of it */
  uint8_t released;               /* atomic, read in stopped worlds: the program has given it up */
  bool quiet;                     /* no code of the user's runs when it dies, except what its references bring along */
  void (*release)(weft_object *self);   /* of a quiet one: lets go of all that it holds, and leaves only its memory */
  bool weak;                            /* its instances can have weak references */
  bool is_weak;                         /* its instances are weak references, or proxies */
  void (*weak_died)(weft_object *ref);  /* of weak references of Weft's own kinds: instead of a callback */
  bool guarded;                         /* its instances' bodies are used by the rules of share.h */
  bool steady;                          /* its instances' bodies never change */
  bool own_body;                        /* the user's C structure is in the instance: only hooks can copy it */
  bool binds;                           /* as an attribute of a type it becomes a method of instances */
  void (*body_init)(weft_object *self); /* makes zeroed memory an empty instance; NULL: it is one */
  /* Where spec.make is NULL: makes an instance of arguments that cannot come later; NULL: there are none such. */
  weft_object *(*make)(const weft_type *type, weft_object *const *args, size_t n);
  int (*body_traverse)(weft_object *self, weft_visit visit, void *arg); /* what the generated slots call for the rest */
  int (*body_clear)(weft_object *self);                                 /* of the body, where there are fixed slots */
  void (*body_dealloc)(weft_object *self); /* frees the instance but knows nothing of fixed slots; NULL: none such */
};

extern WEFT_API const weft_type weft_object_type;
extern WEFT_API const weft_type weft_type_type;

/*
 * Makes a type from `spec`, which is copied (the strings and slot names are not). It lives until weft_finalize, if not
 * released before. Returns borrowed. Errors: TypeError (no name, a base that is not one, sizes below the base's, too
 * many slots), memory. May: run finalizers, stop the world.
 */
WEFT_API const weft_type *weft_type_new(const weft_type_spec *spec);
/*
 * The program gives up a type of weft_type_new: from now on it uses the pointer only while it has an instance, a
 * derived type or a counted reference. When nobody has any of these the type is garbage, and dies at the next
 * collection of the oldest generation (weft_gc_collect(2)); instances that it holds itself, in its attributes, do not
 * keep it. Attributes that are functions are immortal, and keep what they have captured. Errors (-1): TypeError (not a
 * type, one of Weft's own), ValueError (it has been released before).
 */
WEFT_API int weft_type_release(const weft_type *type);

/*
 * An instance of `type` with its fixed slots empty and further bytes zero. For variable-sized types `items` is the
 * number of items. Returns new. Errors: memory, MemoryError for absurd sizes.
 */
WEFT_API weft_object *weft_object_new(const weft_type *type, size_t items);
/* Gives back the memory of a dying object; for dealloc slots. `items` as at its creation. */
WEFT_API void weft_object_free(weft_object *o, size_t items);

/* True when `type` is `base` or derives from it. */
WEFT_API bool weft_type_derives(const weft_type *type, const weft_type *base);

/* --- Attributes of types: what all instances have; functions become methods --- */

/* The attribute that `type` has or inherits. Returns new. Errors: TypeError, AttributeError. */
WEFT_API weft_object *weft_type_get(const weft_type *type, weft_object *name);
/* Sets an attribute of a type made by weft_type_new, NULL deletes. A function becomes immortal. Errors (-1): TypeError,
 * AttributeError, memory. May: stop the world, run finalizers. */
WEFT_API int weft_type_set(const weft_type *type, weft_object *name, weft_object *value);
/* As weft_call of the attribute `name` of `o`, without making a method object. Returns new. */
WEFT_API weft_object *weft_call_method(weft_object *o, weft_object *name, weft_object *const *args, size_t n);

extern WEFT_API const weft_type weft_method_type;

/* --- Instances --- */

/* An instance of a type made with slot names or WEFT_TYPE_DICT, without calling init. Returns new. */
WEFT_API weft_object *weft_instance_new(const weft_type *type);
/* The value of slot `index` (in the order of slot_names, the base's first). Returns new.
 * Errors: IndexError, AttributeError when empty. */
WEFT_API weft_object *weft_slot_get(weft_object *instance, size_t index);
/* Stores `value`, NULL to empty it; drops what was there. Errors (-1): IndexError. May: run finalizers. */
WEFT_API int weft_slot_set(weft_object *instance, size_t index, weft_object *value);

/* As weft_getattr of what slots, own attributes and types hold: a type's function comes as it is, not as a method, and
 * getattr slots are not asked. Returns borrowed, valid until the end of the bracket that the caller has open
 * (weft_read_begin). Errors: AttributeError, TypeError. Misuse: no bracket is open. */
WEFT_API weft_object *weft_getattr_peek(weft_object *o, weft_object *name);

/* The dict with the own attributes of an instance of a type with WEFT_TYPE_DICT, from now on the same dict; changes in
 * one are changes in the other. Returns new. Errors: AttributeError, memory. */
WEFT_API weft_object *weft_instance_dict(weft_object *instance);
/* Makes `dict` that dict: the instance has its attributes, and no longer those that it had. Two instances may have one
 * dict. Errors (-1): AttributeError, TypeError. May: run finalizers. */
WEFT_API int weft_instance_set_dict(weft_object *instance, weft_object *dict);

WEFT_END_DECLS
#endif
