/* SPDX-License-Identifier: MIT */
/* Views are handles: each operation is one, or several, of the dict, which does all the work. */
#include "runtime/dict_view.h"

#include "runtime/dict.h"
#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"
#include "runtime/set.h"
#include "runtime/str.h"
#include "runtime/tuple.h"

struct view {
  weft_object header;
  weft_object *dict; /* never changes */
};

static weft_object *dict_of(weft_object *view) { return ((struct view *)view)->dict; }

static weft_object *view_of(const char *call, weft_object *dict, const weft_type *type) {
  if (!weft__expect(call, dict, &weft_dict_type)) return NULL;
  struct view *v = weft__object_alloc(type, sizeof *v, call);
  if (v) v->dict = weft_new_ref(dict);
  return (weft_object *)v;
}

weft_object *weft_dict_view_keys(weft_object *o) { return view_of("weft_dict_view_keys", o, &weft_dict_keys_type); }
weft_object *weft_dict_view_values(weft_object *o) {
  return view_of("weft_dict_view_values", o, &weft_dict_values_type);
}
weft_object *weft_dict_view_items(weft_object *o) { return view_of("weft_dict_view_items", o, &weft_dict_items_type); }

/* --- Slots of all three --- */

static int64_t view_length(weft_object *self) { return weft_dict_length(dict_of(self)); }

static int view_traverse(weft_object *self, weft_visit visit, void *arg) { return visit(dict_of(self), arg); }

static void view_release(weft_object *self) { weft_decref(dict_of(self)); }

static void view_dealloc(weft_object *self) {
  view_release(self);
  weft__heap_free(self, sizeof(struct view));
}

static weft_object *view_repr(weft_object *self) {
  weft_auto weft_object *items = weft_list_from(self), *text = items ? weft_repr(items) : NULL;
  return text ? weft_str_format("%s(%s)", self->type->spec.name, weft_str_utf8(text, NULL)) : NULL;
}

static weft_object *keys_iter(weft_object *self) { return weft_dict_iter_keys(dict_of(self)); }
static weft_object *values_iter(weft_object *self) { return weft_dict_iter_values(dict_of(self)); }
static weft_object *items_iter(weft_object *self) { return weft_dict_iter_items(dict_of(self)); }
static weft_object *keys_reversed(weft_object *self) { return weft_dict_reverse_keys(dict_of(self)); }
static weft_object *values_reversed(weft_object *self) { return weft_dict_reverse_values(dict_of(self)); }
static weft_object *items_reversed(weft_object *self) { return weft_dict_reverse_items(dict_of(self)); }

static int keys_contains(weft_object *self, weft_object *key) { return weft_dict_contains(dict_of(self), key); }

static int items_contains(weft_object *self, weft_object *item) {
  if (!weft_tuple_check(item) || weft_tuple_length(item) != 2) return 0;
  weft_object *value;
  int found = weft_dict_find(dict_of(self), weft_tuple_get_borrow(item, 0), &value);
  if (found <= 0) return found;
  int equal = weft_compare(value, weft_tuple_get_borrow(item, 1), WEFT_EQ);
  weft_decref(value);
  return equal;
}

/* --- As sets --- */

static bool is_like_a_set(const weft_object *o) {
  return o->type == &weft_dict_keys_type || o->type == &weft_dict_items_type || weft_is_instance(o, &weft_set_type) ||
         weft_is_instance(o, &weft_frozenset_type);
}

static int all_in(weft_object *a, weft_object *b) {
  weft_auto weft_object *it = weft_iter(a);
  int all = it ? 1 : -1;
  for (weft_object *item; all > 0 && (item = weft_next(it)); weft_decref(item)) all = weft_contains(b, item);
  return weft_error_borrow() ? -1 : all;
}

static int view_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!is_like_a_set(a) || !is_like_a_set(b)) return WEFT_NOT_IMPLEMENTED;
  int64_t m = weft_length(a), n = weft_length(b);
  if (m < 0 || n < 0) return -1;
  switch (op) {
    case WEFT_LT: return m < n ? all_in(a, b) : 0;
    case WEFT_LE: return m <= n ? all_in(a, b) : 0;
    case WEFT_GT: return m > n ? all_in(b, a) : 0;
    case WEFT_GE: return m >= n ? all_in(b, a) : 0;
    default: break;
  }
  int equal = m == n ? all_in(a, b) : 0;
  return equal < 0 ? -1 : equal == (op == WEFT_EQ);
}

/* The left operand becomes a set that nobody else knows; the right one may be any iterable. */
static weft_object *combine(weft_object *a, weft_object *b, int (*change)(weft_object *, weft_object *)) {
  weft_object *made = weft_set_from(a);
  if (made && change(made, b) < 0) weft_clear(&made);
  return made;
}
static weft_object *view_subtract(weft_object *a, weft_object *b) { return combine(a, b, weft_set_difference_update); }
static weft_object *view_and(weft_object *a, weft_object *b) { return combine(a, b, weft_set_intersection_update); }
static weft_object *view_or(weft_object *a, weft_object *b) { return combine(a, b, weft_set_update); }
static weft_object *view_xor(weft_object *a, weft_object *b) {
  return combine(a, b, weft_set_symmetric_difference_update);
}

/* --- The types --- */

#define OF_VIEWS                                                                              \
  .base = &weft_object_type, .basic_size = sizeof(struct view), .flags = WEFT_TYPE_CONTAINER, \
  .traverse = view_traverse, .dealloc = view_dealloc, .repr = view_repr, .length = view_length
/* Those that are like sets. */
#define OF_SET_VIEWS                                                                                    \
  OF_VIEWS, .compare = view_compare, .subtract = view_subtract, .bit_and = view_and, .bit_or = view_or, \
            .bit_xor = view_xor

const weft_type weft_dict_keys_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec =
        {.name = "dict_keys", OF_SET_VIEWS, .contains = keys_contains, .iter = keys_iter, .reversed = keys_reversed},
    .quiet = true,
    .release = view_release,
    .steady = true,
};

const weft_type weft_dict_items_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "dict_items",
             OF_SET_VIEWS,
             .contains = items_contains,
             .iter = items_iter,
             .reversed = items_reversed},
    .quiet = true,
    .release = view_release,
    .steady = true,
};

const weft_type weft_dict_values_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "dict_values",
             OF_VIEWS,
             .hash = weft__hash_identity,
             .iter = values_iter,
             .reversed = values_reversed},
    .quiet = true,
    .release = view_release,
    .steady = true,
};
