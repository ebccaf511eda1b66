/* SPDX-License-Identifier: MIT */
/*
 * Weak sets: a set of entries (weak_container_internal.h), which are equal when their targets are.
 *
 * Operations with another collection look at a set of plain weak references to what that holds, and change the data
 * entry by entry: so only entries get into it, which know to take themselves out.
 */
#include "runtime/weak_set.h"

#include "runtime/copy_internal.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/set.h"
#include "runtime/str.h"
#include "runtime/tuple.h"
#include "runtime/weak_container_internal.h"

typedef weft__weak_container container;

static void member_died(weft_object *self) {
  /* It is found by identity, and its hash was asked for when it was put in. */
  if (weft_set_discard(((weft__weakref *)self)->callback, self) < 0) weft_error_unraisable(self);
}

static const weft_type member_type = WEFT__WEAK_ENTRY_TYPE("weak_member", member_died);

static bool is_weak_set(const char *call, weft_object *o) { return weft__expect(call, o, &weft_weak_set_type); }
static weft_object *data_of(weft_object *o) { return ((container *)o)->data; }

/* A list of the entries, as at one moment: iterating over the data itself would be disturbed by deaths. */
static weft_object *entries_of(weft_object *o) {
  weft_auto weft_object *copy = weft_set_copy(data_of(o));
  return copy ? weft_list_from(copy) : NULL;
}

/* --- Single members --- */

weft_object *weft_weak_set_new(void) { return weft__weak_container_make(&weft_weak_set_type, weft_set_new()); }

int64_t weft_weak_set_length(weft_object *o) {
  return is_weak_set("weft_weak_set_length", o) ? weft_set_length(data_of(o)) : -1;
}

int weft_weak_set_contains(weft_object *o, weft_object *member) {
  static const char call[] = "weft_weak_set_contains";
  if (!is_weak_set(call, o) || !weft__given(call, member)) return -1;
  if (!member->type->weak) return 0;
  weft_auto weft_object *ref = weft_weakref_new(member, NULL);
  return ref ? weft_set_contains(data_of(o), ref) : -1;
}

/* Adds an entry. 0, -1. */
static int put(weft_object *o, weft_object *entry) {
  weft_object *data = data_of(o);
  int there = weft_set_contains(data, entry);
  if (there != 0) return there < 0 ? -1 : 0;
  weft__weak_changed((container *)o);
  return weft_set_add(data, entry);
}

int weft_weak_set_add(weft_object *o, weft_object *member) {
  static const char call[] = "weft_weak_set_add";
  if (!is_weak_set(call, o)) return -1;
  weft_auto weft_object *entry = weft__weak_entry_new(call, &member_type, member, data_of(o));
  return entry ? put(o, entry) : -1;
}

/* Removes what is equal to the reference: 1, 0, -1. */
static int discard(weft_object *o, weft_object *ref) {
  int found = weft_set_discard(data_of(o), ref);
  if (found > 0) weft__weak_changed((container *)o);
  return found;
}

int weft_weak_set_discard(weft_object *o, weft_object *member) {
  static const char call[] = "weft_weak_set_discard";
  if (!is_weak_set(call, o) || !weft__weak_allowed(call, member)) return -1;
  weft_auto weft_object *ref = weft_weakref_new(member, NULL);
  return ref ? discard(o, ref) : -1;
}

int weft_weak_set_remove(weft_object *o, weft_object *member) {
  int found = weft_weak_set_discard(o, member);
  if (found == 0) weft__no_such_key(member);
  return found > 0 ? 0 : -1;
}

weft_object *weft_weak_set_pop(weft_object *o) {
  if (!is_weak_set("weft_weak_set_pop", o)) return NULL;
  for (;;) {
    weft_auto weft_object *entry = weft_set_pop(data_of(o));
    if (!entry) return NULL;
    weft_object *member = weft__weak_revive((weft__weakref *)entry);
    if (!member) continue;
    weft__weak_changed((container *)o);
    return member;
  }
}

int weft_weak_set_clear(weft_object *o) {
  if (!is_weak_set("weft_weak_set_clear", o)) return -1;
  weft__weak_changed((container *)o);
  return weft_set_clear(data_of(o));
}

/* --- Iterating --- */

static int member_of(weft_object *o, weft_object *entry, unsigned part, weft_object **member) {
  (void)o, (void)part;
  return (*member = weft__weak_revive((weft__weakref *)entry)) != NULL;
}

static weft_object *weak_set_iter(weft_object *o) {
  uint64_t changes = weft__weak_changes((container *)o);
  return weft__weak_iterate(o, entries_of(o), changes, member_of, 0);
}

weft_object *weft_weak_set_members(weft_object *o) {
  static const char call[] = "weft_weak_set_members";
  if (!is_weak_set(call, o)) return NULL;
  weft_auto weft_object *entries = entries_of(o), *members = entries ? weft_list_new() : NULL;
  for (int64_t i = 0, n = members ? weft_list_length(entries) : 0; i < n; i++) {
    weft_auto weft_object *entry = weft_list_get(entries, i);
    weft_auto weft_object *member = weft__weak_revive((weft__weakref *)entry);
    if (member && weft_list_append(members, member) < 0) return NULL;
  }
  return members ? weft_new_ref(members) : NULL;
}

/* --- Many members --- */

/* What another collection holds, each once, as a list. */
static weft_object *items_of(weft_object *other) {
  return weft_is_instance(other, &weft_weak_set_type) ? weft_weak_set_members(other) : weft_list_from(other);
}

/* Weak references to the items, as a set; or, with `data`, entries of that, as a list. */
static weft_object *refs_to(const char *call, weft_object *items, weft_object *data) {
  weft_auto weft_object *refs = data ? weft_list_new() : weft_set_new();
  for (int64_t i = 0, n = refs ? weft_list_length(items) : 0; i < n; i++) {
    weft_auto weft_object *item = weft_list_get(items, i);
    weft_auto weft_object *ref = data                             ? weft__weak_entry_new(call, &member_type, item, data)
                                 : weft__weak_allowed(call, item) ? weft_weakref_new(item, NULL)
                                                                  : NULL;
    int64_t hash;
    if (!ref || weft_hash(ref, &hash) < 0) return NULL;
    if ((data ? weft_list_append(refs, ref) : weft_set_add(refs, ref)) < 0) return NULL;
  }
  return refs ? weft_new_ref(refs) : NULL;
}

/* Both are checked, and the items of `other`, which they stay alive by, listed. */
static weft_object *listed(const char *call, weft_object *o, weft_object *other) {
  return is_weak_set(call, o) && weft__given(call, other) ? items_of(other) : NULL;
}

int weft_weak_set_update(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_set_update";
  weft_auto weft_object *items = listed(call, o, other), *entries = items ? refs_to(call, items, data_of(o)) : NULL;
  if (!entries) return -1;
  for (int64_t i = 0, n = weft_list_length(entries); i < n; i++) {
    weft_auto weft_object *entry = weft_list_get(entries, i);
    if (put(o, entry) < 0) return -1;
  }
  return 0;
}

/* Removes the entries that are, or are not, among the references. */
static int sift(weft_object *o, weft_object *refs, bool among) {
  weft_auto weft_object *entries = entries_of(o);
  for (int64_t i = 0, n = entries ? weft_list_length(entries) : 0; i < n; i++) {
    weft_auto weft_object *entry = weft_list_get(entries, i);
    int is = weft_set_contains(refs, entry);
    if (is < 0 || (is == among && discard(o, entry) < 0)) return -1;
  }
  return entries ? 0 : -1;
}

int weft_weak_set_intersection_update(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_set_intersection_update";
  weft_auto weft_object *items = listed(call, o, other), *refs = items ? refs_to(call, items, NULL) : NULL;
  return refs ? sift(o, refs, false) : -1;
}

int weft_weak_set_difference_update(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_set_difference_update";
  weft_auto weft_object *items = listed(call, o, other), *refs = items ? refs_to(call, items, NULL) : NULL;
  return refs ? sift(o, refs, true) : -1;
}

int weft_weak_set_symmetric_difference_update(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_set_symmetric_difference_update";
  weft_auto weft_object *items = listed(call, o, other), *refs = items ? refs_to(call, items, NULL) : NULL;
  /* Each once. */
  weft_auto weft_object *entries = refs ? refs_to(call, items, data_of(o)) : NULL;
  for (int64_t i = 0, n = entries ? weft_list_length(entries) : 0; i < n; i++) {
    weft_auto weft_object *entry = weft_list_get(entries, i);
    int first = weft_set_discard(refs, entry), removed = first > 0 ? discard(o, entry) : first;
    if (removed < 0 || (first > 0 && removed == 0 && put(o, entry) < 0)) return -1;
  }
  return entries ? 0 : -1;
}

weft_object *weft_weak_set_from(weft_object *other) {
  weft_object *o = weft_weak_set_new();
  if (o && weft_weak_set_update(o, other) < 0) weft_clear(&o);
  return o;
}

weft_object *weft_weak_set_copy(weft_object *o) {
  return is_weak_set("weft_weak_set_copy", o) ? weft_weak_set_from(o) : NULL;
}

static weft_object *combine(weft_object *o, weft_object *other, int (*change)(weft_object *, weft_object *)) {
  weft_object *copy = weft_weak_set_copy(o);
  if (copy && change(copy, other) < 0) weft_clear(&copy);
  return copy;
}

weft_object *weft_weak_set_union(weft_object *o, weft_object *other) { return combine(o, other, weft_weak_set_update); }
/* Of an object that cannot have weak references neither has a member: that is no error, as in CPython. */
weft_object *weft_weak_set_intersection(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_set_intersection";
  weft_auto weft_object *items = listed(call, o, other), *both = items ? weft_list_new() : NULL;
  for (int64_t i = 0, n = both ? weft_list_length(items) : 0; i < n; i++) {
    weft_auto weft_object *item = weft_list_get(items, i);
    int is = weft_weak_set_contains(o, item);
    if (is < 0 || (is && weft_list_append(both, item) < 0)) return NULL;
  }
  return both ? weft_weak_set_from(both) : NULL;
}
weft_object *weft_weak_set_difference(weft_object *o, weft_object *other) {
  return combine(o, other, weft_weak_set_difference_update);
}
weft_object *weft_weak_set_symmetric_difference(weft_object *o, weft_object *other) {
  return combine(o, other, weft_weak_set_symmetric_difference_update);
}

int weft_weak_set_is_subset(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_set_is_subset";
  weft_auto weft_object *items = listed(call, o, other), *refs = items ? refs_to(call, items, NULL) : NULL;
  return refs ? weft_set_is_subset(data_of(o), refs) : -1;
}
int weft_weak_set_is_superset(weft_object *o, weft_object *other) {
  static const char call[] = "weft_weak_set_is_superset";
  weft_auto weft_object *items = listed(call, o, other), *refs = items ? refs_to(call, items, NULL) : NULL;
  return refs ? weft_set_is_superset(data_of(o), refs) : -1;
}
int weft_weak_set_is_disjoint(weft_object *o, weft_object *other) {
  weft_auto weft_object *both = weft_weak_set_intersection(o, other);
  return both ? weft_weak_set_length(both) == 0 : -1;
}

/* --- Slots --- */

static weft_object *weak_set_repr(weft_object *self) {
  weft_auto weft_object *members = weft_weak_set_members(self), *set = members ? weft_set_from(members) : NULL;
  return set ? weft_repr(set) : NULL;
}

/* By inclusion; weak sets only. */
static int weak_set_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!weft_is_instance(a, &weft_weak_set_type) || !weft_is_instance(b, &weft_weak_set_type))
    return WEFT_NOT_IMPLEMENTED;
  return weft_compare(data_of(a), data_of(b), op);
}

#define OPERATION(name, function)                                            \
  static weft_object *weak_set_##name(weft_object *a, weft_object *b) {      \
    return weft_is_instance(a, &weft_weak_set_type) ? function(a, b) : NULL; \
  }
OPERATION(or, weft_weak_set_union)
OPERATION(and, weft_weak_set_intersection)
OPERATION(subtract, weft_weak_set_difference)
OPERATION(xor, weft_weak_set_symmetric_difference)

#define CHANGE(name, function)                                                   \
  static weft_object *weak_set_in_place_##name(weft_object *a, weft_object *b) { \
    return function(a, b) < 0 ? NULL : weft_new_ref(a);                          \
  }
CHANGE(or, weft_weak_set_update)
CHANGE(and, weft_weak_set_intersection_update)
CHANGE(subtract, weft_weak_set_difference_update)
CHANGE(xor, weft_weak_set_symmetric_difference_update)

static weft_object *weak_set_make(const weft_type *type, weft_object *const *args, size_t n) {
  (void)args;
  return weft__at_most_one(type, n) ? weft__weak_container_make(type, weft_set_new()) : NULL;
}

/* Calling the type, or initialising once more: the members become those of an iterable. */
static int weak_set_init(weft_object *self, weft_object *const *args, size_t n) {
  if (!weft__at_most_one(self->type, n)) return -1;
  weft_auto weft_object *items = n ? items_of(args[0]) : NULL;
  if ((n && !items) || weft_weak_set_clear(self) < 0) return -1;
  return items ? weft_weak_set_update(self, items) : 0;
}

/* A deep copy holds copies of the members, which live as long as something else in the whole copy holds them. */
static weft_object *weak_set_reduce(weft_object *self) {
  weft_auto weft_object *members = weft_weak_set_members(self), *state = members ? weft__state_of(self) : NULL;
  weft_auto weft_object *args = state ? weft_tuple_new(1, &members) : NULL;
  return args ? weft_tuple_pack(3, (weft_object *)(uintptr_t)self->type, args, state) : NULL;
}

const weft_type weft_weak_set_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "WeakSet",
             .reduce = weak_set_reduce,
             .base = &weft_object_type,
             .basic_size = sizeof(container),
             .flags = WEFT_TYPE_CONTAINER | WEFT_TYPE_BASE,
             .traverse = weft__weak_container_traverse,
             .clear = weft__weak_container_clear,
             .dealloc = weft__weak_container_dealloc,
             .repr = weak_set_repr,
             .compare = weak_set_compare,
             .subtract = weak_set_subtract,
             .bit_and = weak_set_and,
             .bit_or = weak_set_or,
             .bit_xor = weak_set_xor,
             .in_place_subtract = weak_set_in_place_subtract,
             .in_place_and = weak_set_in_place_and,
             .in_place_or = weak_set_in_place_or,
             .in_place_xor = weak_set_in_place_xor,
             .length = weft_weak_set_length,
             .contains = weft_weak_set_contains,
             .iter = weak_set_iter,
             .init = weak_set_init},
    .make = weak_set_make,
    .weak = true,
};
