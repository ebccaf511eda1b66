/* SPDX-License-Identifier: MIT */
/*
 * Shallow copies, the parts of which deep ones are made, and the registry of copiers.
 *
 * The registry is a dict from types to callables, made when the first copier is registered.
 */
#include "runtime/array.h"
#include "runtime/bytearray.h"
#include "runtime/copy_internal.h"
#include "runtime/dict_order.h"
#include "runtime/instance_internal.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/none.h"
#include "runtime/raw_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/set.h"
#include "runtime/str.h"
#include "runtime/tuple.h"

weft_object *weft__copy_itself(weft_object *self) { return weft_new_ref(self); }
weft_object *weft__deepcopy_itself(weft_object *self, weft_object *memo) {
  (void)memo;
  return weft_new_ref(self);
}

void *weft__cannot_copy(weft_object *o) {
  bool refuses = o->type->spec.flags & WEFT_TYPE_NO_COPY;
  return weft_raise(refuses ? &weft_CopyError : &weft_TypeError, "cannot copy '%s' object", o->type->spec.name);
}

/* --- Registered copiers --- */

static weft_object *copiers; /* atomic: NULL until there is one */

/* The dict; NULL with MemoryError. */
static weft_object *copiers_made(void) {
  /* order: acquire [copiers]: sees the dict as it was made. */
  weft_object *dict = weft__load_acquire(&copiers), *none = NULL;
  if (dict || !(dict = weft_dict_new())) return dict;
  /* order: acq_rel [copiers]: publishes the dict. */
  if (weft__cas_acq_rel(&copiers, &none, dict)) return dict;
  weft_decref(dict);
  return none;
}

int weft_copy_register(const weft_type *type, weft_object *reducer) {
  static const char call[] = "weft_copy_register";
  weft_object *key = (weft_object *)(uintptr_t)type;
  if (!weft__given(call, key)) return -1;
  if (!weft_is_instance(key, &weft_type_type)) {
    weft_raise(&weft_TypeError, "%s: expected a type, got %s", call, key->type->spec.name);
    return -1;
  }
  if (reducer && !reducer->type->spec.call) {
    weft_raise(&weft_TypeError, "%s: a copier must be callable, not '%s'", call, reducer->type->spec.name);
    return -1;
  }
  weft_object *dict = copiers_made();
  if (!dict || reducer) return dict ? weft_dict_set(dict, key, reducer) : -1;
  weft_object *gone = weft_dict_pop(dict, key, WEFT_NONE);
  weft_xdecref(gone);
  return gone ? 0 : -1;
}

bool weft__has_reducer(const weft_object *o) { return o->type->spec.reduce || weft__load_acquire(&copiers); }

void weft__copiers_forget(void) { weft_clear(&copiers); }

/* What the type's copier returns. 1, 0: it has none, -1. */
static int ask_copier(weft_object *o, weft_object **answer) {
  weft_object *dict = weft__load_acquire(&copiers), *reducer = NULL;
  int found = dict ? weft_dict_find(dict, (weft_object *)(uintptr_t)o->type, &reducer) : 0;
  if (found <= 0) return found;
  *answer = weft_call(reducer, &o, 1);
  weft_decref(reducer);
  return *answer ? 1 : -1;
}

/* --- What a reduce slot or a copier returns --- */

/* A hook that returns NULL has set an error. */
static weft_object *checked(weft_object *result, const char *hook) {
  if (!result && !weft_error_borrow()) weft_raise(&weft_RuntimeError, "%s returned NULL without an error", hook);
  return result;
}

static int ask_reduce_slot(weft_object *o, weft_object **answer) {
  if (!o->type->spec.reduce) return 0;
  if (!weft__recursion_enter("reduce")) return -1;
  *answer = checked(o->type->spec.reduce(o), "reduce");
  weft__recursion_leave();
  return *answer ? 1 : -1;
}

/* What is wrong with an answer; NULL: nothing. */
static const char *wrong_with(weft_object *answer) {
  if (!weft_is_instance(answer, &weft_tuple_type)) return "a copier must return a str or a tuple";
  int64_t n = weft_tuple_length(answer);
  if (n < 2 || n > 5) return "a tuple returned by a copier must have two to five items";
  if (!weft_tuple_get_borrow(answer, 0)->type->spec.call) return "the first item of a reduced object must be callable";
  return weft_is_instance(weft_tuple_get_borrow(answer, 1), &weft_tuple_type)
             ? NULL
             : "the second item of a reduced object must be a tuple";
}

int weft__reduced(weft_object *o, weft_object **reduced) {
  *reduced = NULL;
  int asked = ask_copier(o, reduced);
  if (!asked) asked = ask_reduce_slot(o, reduced);
  if (asked <= 0) return asked;
  if (weft_str_check(*reduced)) {
    weft_clear(reduced);
    return 1;
  }
  const char *wrong = wrong_with(*reduced);
  if (!wrong) return 1;
  weft_raise(&weft_TypeError, "cannot copy '%s' object: %s", o->type->spec.name, wrong);
  weft_clear(reduced);
  return -1;
}

weft_object *weft__reduced_item(weft_object *reduced, int64_t i) {
  weft_object *item = i < weft_tuple_length(reduced) ? weft_tuple_get_borrow(reduced, i) : NULL;
  return item && item != WEFT_NONE ? item : NULL;
}

weft_object *weft__reduced_call(weft_object *callable, weft_object *args) {
  weft_auto weft_object *tuple = weft_tuple_from(args);
  return tuple ? weft_call(callable, weft__tuple_items(tuple), (size_t)weft_tuple_length(tuple)) : NULL;
}

int weft__reduced_append(weft_object *copy, weft_object *items) {
  if (weft_is_instance(copy, &weft_list_type)) return weft_list_extend(copy, items);
  weft_auto weft_object *append = weft_str_new("append");
  int failed = append ? 0 : -1;
  weft_object *item;
  for (int64_t i = 0; !failed && i < weft_list_length(items) && (item = weft_list_get(items, i)); i++) {
    weft_auto weft_object *result = weft_call_method(copy, append, &item, 1);
    failed = result ? 0 : -1;
    weft_decref(item);
  }
  return failed;
}

int weft__reduced_set(weft_object *copy, weft_object *flat_pairs) {
  int failed = 0;
  for (int64_t i = 0; !failed && i + 1 < weft_list_length(flat_pairs); i += 2) {
    weft_auto weft_object *key = weft_list_get(flat_pairs, i);
    weft_auto weft_object *value = weft_list_get(flat_pairs, i + 1);
    failed = key && value ? weft_set_item(copy, key, value) : -1;
  }
  return failed;
}

weft_object *weft__flat_pairs(weft_object *pairs) {
  weft_auto weft_object *iterator = weft_iter(pairs);
  weft_object *flat = iterator ? weft_list_new() : NULL, *pair;
  while (flat && (pair = weft_next(iterator))) {
    weft_auto weft_object *both = weft_list_from(pair);
    weft_decref(pair);
    bool two = both && weft_list_length(both) == 2;
    if (both && !two) weft_raise(&weft_TypeError, "a reduced object's pairs must have two items each");
    if (!two || weft_list_extend(flat, both) < 0) weft_clear(&flat);
  }
  if (flat && weft_error_borrow()) weft_clear(&flat);
  return flat;
}

/* --- State --- */

/* Of a type without a get_state slot, as CPython's. */
static weft_object *default_state(weft_object *o) {
  const weft_type *type = o->type;
  if (type->own_body) return weft__cannot_copy(o);
  weft_object *own = type->attrs_offset ? weft__instance_own_attributes(o) : WEFT_NONE;
  if (!own || !type->fixed_slots) return own;
  weft_auto weft_object *fixed = weft__instance_fixed_attributes(o);
  weft_object *both = fixed ? weft_tuple_pack(2, own, fixed) : NULL;
  weft_decref(own);
  return both;
}

weft_object *weft__state_of(weft_object *o) {
  if (!o->type->spec.get_state) return default_state(o);
  if (!weft__recursion_enter("get_state")) return NULL;
  weft_object *state = checked(o->type->spec.get_state(o), "get_state");
  weft__recursion_leave();
  return state;
}

static int apply_attributes(weft_object *copy, weft_object *attributes) {
  if (attributes == WEFT_NONE) return 0;
  if (!weft_is_instance(attributes, &weft_dict_type)) {
    weft_raise(&weft_TypeError, "the state of a '%s' without set_state must be a dict, not '%s'", copy->type->spec.name,
               attributes->type->spec.name);
    return -1;
  }
  if (!copy->type->slots_offset && !copy->type->attrs_offset) {
    weft_raise(&weft_AttributeError, "'%s' object has no attributes to be set", copy->type->spec.name);
    return -1;
  }
  return weft__instance_update(copy, attributes);
}

int weft__state_apply(weft_object *copy, weft_object *state) {
  if (copy->type->spec.set_state) {
    if (!weft__recursion_enter("set_state")) return -1;
    int failed = copy->type->spec.set_state(copy, state);
    weft__recursion_leave();
    return failed;
  }
  bool both = weft_tuple_check(state) && weft_tuple_length(state) == 2;
  if (!both) return apply_attributes(copy, state);
  int failed = apply_attributes(copy, weft_tuple_get_borrow(state, 0));
  return failed ? failed : apply_attributes(copy, weft_tuple_get_borrow(state, 1));
}

/* --- Instances --- */

/* What `make` of o's type gives for the argument, or none. */
static weft_object *made_by(weft_object *(*make)(const weft_type *, weft_object *const *, size_t), weft_object *o,
                            weft_object *argument) {
  weft_object *made = checked(make(o->type, &argument, argument ? 1 : 0), "make");
  if (!made || weft_is_instance(made, o->type)) return made;
  weft_raise(&weft_TypeError, "make returned '%s' instead of an instance of '%s'", made->type->spec.name,
             o->type->spec.name);
  weft_decref(made);
  return NULL;
}

weft_object *weft__made_like(weft_object *o, weft_object *parts) {
  return made_by(o->type->spec.make ? o->type->spec.make : o->type->make, o, parts);
}

static weft_object *empty_like(weft_object *o) {
  return o->type->spec.make ? made_by(o->type->spec.make, o, NULL) : weft__object_new(o->type, 0);
}

static weft_object *made_like_steal(weft_object *o, weft_object *parts) {
  weft_object *made = parts ? weft__made_like(o, parts) : NULL;
  weft_xdecref(parts);
  return made;
}

/* Puts into a fresh instance what `parts` holds, and drops that. */
static weft_object *filled_steal(weft_object *fresh, weft_object *parts,
                                 int (*fill)(weft_object *fresh, weft_object *parts)) {
  if (fresh && (!parts || fill(fresh, parts) < 0)) weft_clear(&fresh);
  weft_xdecref(parts);
  return fresh;
}

bool weft__is_copyable(const weft_object *o) {
  const weft_type *body = weft__body_type(o->type);
  static const weft_type *const bodies[] = {&weft_object_type,    &weft_tuple_type,        &weft_list_type,
                                            &weft_set_type,       &weft_frozenset_type,    &weft_dict_type,
                                            &weft_bytearray_type, &weft_ordered_dict_type, &weft_array_type};
  bool known = weft_type_derives(body, &weft_Exception);
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) known = known || body == bodies[i];
  bool own = o->type->made || o->type == &weft_object_type;
  bool lost = o->type->own_body && !o->type->spec.get_state;
  return known && own && !lost && !(o->type->spec.flags & WEFT_TYPE_NO_COPY);
}

weft_object *weft__copy_body(weft_object *o, bool deep) {
  const weft_type *body = weft__body_type(o->type);
  if (body == &weft_tuple_type) return made_like_steal(o, weft_tuple_slice(o, 0, INT64_MAX, 1));
  if (body == &weft_frozenset_type) return made_like_steal(o, weft_set_copy(o));
  if (body == &weft_bytearray_type || body == &weft_array_type) return weft__raw_duplicate(o);
  if (weft_type_derives(body, &weft_Exception)) return weft__error_copy(o);
  weft_object *fresh = empty_like(o);
  if (deep || !fresh) return fresh;
  if (body == &weft_list_type) return filled_steal(fresh, weft_list_slice(o, 0, INT64_MAX), weft_list_extend);
  if (weft_type_derives(body, &weft_dict_type)) return filled_steal(fresh, weft_dict_copy(o), weft_dict_update);
  if (body == &weft_set_type) return filled_steal(fresh, weft_set_copy(o), weft_set_update);
  return fresh;
}

/* By what the type's base and attributes tell. */
static weft_object *copy_instance(weft_object *o) {
  bool hooks = weft__has_state_hooks(o);
  if (!weft__is_copyable(o)) return weft__cannot_copy(o);
  weft_object *copy = weft__copy_body(o, false);
  if (!copy) return NULL;
  weft_auto weft_object *state = hooks ? weft__state_of(o) : NULL;
  int failed;
  if (hooks)
    failed = !state ? -1 : state == WEFT_NONE ? 0 : weft__state_apply(copy, state);
  else
    failed = weft__instance_copy_attributes(o, copy);
  if (failed) weft_clear(&copy);
  return copy;
}

/* --- Shallow copies --- */

/* What a reduced object says. */
static weft_object *rebuild(weft_object *reduced) {
  weft_object *copy = weft__reduced_call(weft_tuple_get_borrow(reduced, 0), weft_tuple_get_borrow(reduced, 1));
  weft_object *state = weft__reduced_item(reduced, 2), *items = weft__reduced_item(reduced, 3),
              *pairs = weft__reduced_item(reduced, 4);
  if (copy && state && weft__state_apply(copy, state) < 0) weft_clear(&copy);
  if (copy && items) copy = filled_steal(copy, weft_list_from(items), weft__reduced_append);
  if (copy && pairs) copy = filled_steal(copy, weft__flat_pairs(pairs), weft__reduced_set);
  return copy;
}

weft_object *weft_copy(weft_object *o) {
  if (!weft__given("weft_copy", o)) return NULL;
  if (o->type->spec.copy) {
    if (!weft__recursion_enter("copy")) return NULL;
    weft_object *copy = checked(o->type->spec.copy(o), "copy");
    weft__recursion_leave();
    return copy;
  }
  weft_auto weft_object *reduced = NULL;
  int found = weft__reduced(o, &reduced);
  if (found < 0) return NULL;
  return !found ? copy_instance(o) : reduced ? rebuild(reduced) : weft_new_ref(o);
}

/* --- With changes --- */

static bool are_changes(const char *call, weft_object *o, weft_object *changes) {
  return weft__given(call, o) && weft__expect(call, changes, &weft_dict_type);
}

weft_object *weft_replace(weft_object *o, weft_object *changes) {
  if (!are_changes("weft_replace", o, changes)) return NULL;
  if (!o->type->spec.replace)
    return weft_raise(&weft_TypeError, "replace() does not support '%s' objects", o->type->spec.name);
  if (!weft__recursion_enter("replace")) return NULL;
  weft_object *copy = checked(o->type->spec.replace(o, changes), "replace");
  weft__recursion_leave();
  return copy;
}

weft_object *weft_replace_attributes(weft_object *self, weft_object *changes) {
  if (!are_changes("weft_replace_attributes", self, changes)) return NULL;
  weft_auto weft_object *own = self->type->attrs_offset ? weft__instance_own_attributes(self) : weft_dict_new();
  weft_auto weft_object *known = own ? weft__instance_fixed_attributes(self) : NULL;
  if (!known || weft_dict_update(known, own) < 0) return NULL;
  weft_auto weft_object *names = weft_dict_keys(changes);
  for (int64_t i = 0; names && i < weft_list_length(names); i++) {
    weft_auto weft_object *name = weft_list_get(names, i);
    int has = weft_dict_contains(known, name);
    if (has < 0) return NULL;
    weft_auto weft_object *text = has ? NULL : weft_repr(name);
    if (!has)
      return text ? weft_raise(&weft_TypeError, "'%s' object has no field %s", self->type->spec.name,
                               weft_str_utf8(text, NULL))
                  : NULL;
  }
  weft_object *copy = names ? weft_copy(self) : NULL;
  if (copy && weft__instance_update(copy, changes) < 0) weft_clear(&copy);
  return copy;
}
