/* SPDX-License-Identifier: MIT */
/* The operations of every object, by way of its type's slots; and how objects die. */
#include "runtime/object.h"

#include <string.h>

#include "runtime/instance_internal.h"
#include "runtime/number_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/weak_internal.h"
#include "sync/attach.h"
#include "sync/grace_internal.h"

/* --- Death --- */

/*
 * A dying container drops its items, which may be containers that die in turn, and so on without bound. Beyond
 * WEFT__DEALLOC_DEPTH nested deallocations the object is put on the thread's trash list instead, linked through its
 * count word, which nothing uses any more, and dies when the outermost deallocation is done.
 */

/* Nobody's depth is as deep as can be. */
_Static_assert((unsigned)WEFT__DEALLOC_DEPTH <= (unsigned)WEFT__DEPTH_OF_NOBODY,
               "a detached thread's decref ends here");
static WEFT_NOINLINE void put_off(struct weft__tstate *ts, weft_object *o) {
  weft__check_attached("weft_decref");
  if (WEFT__HAS_OWNERS && weft__count_has_weak(&o->count)) weft__weak_disowned(o);
  weft__count_set_link(&o->count, ts->trash);
  ts->trash = o;
}

static weft_object *trash_pop(struct weft__tstate *ts) {
  weft_object *o = ts->trash;
  ts->trash = weft__count_take_link(&o->count);
  return o;
}

uint64_t *weft__finalized_mark(weft_object *o) {
  return o->type->marks_offset ? (uint64_t *)(void *)((char *)o + o->type->marks_offset) : NULL;
}

/* True: resurrected. */
static bool run_finalizer(weft_object *o) {
  const weft_type *type = o->type;
  uint64_t *finalized = weft__finalized_mark(o);
  if (*finalized) return false;
  *finalized = 1;
  if (WEFT__HAS_OWNERS && weft__count_has_weak(&o->count)) weft__weak_disowned(o);
  weft__count_begin_dying(&o->count);
  weft_object *error = weft_error_take(); /* the finalizer's errors are its own */
  type->spec.finalize(o);
  if (weft_error_borrow()) weft_error_unraisable(o);
  if (error) weft__self()->error = error;
  return !weft__count_end_dying(&o->count);
}

static void dealloc(weft_object *o) {
  const weft_type *type = o->type;
  if (type->quiet || !type->made) {
    type->spec.dealloc(o);
    return;
  }
  weft_object *pending = weft_error_take(); /* user code may run: its errors are its own */
  type->spec.dealloc(o);
  weft_error_unraisable((weft_object *)type); /* the object is gone */
  weft__self()->error = pending;
}

/* A thread may look at an item and drop the container in one bracket: then the container stays whole for a while. */
static bool is_looked_at(const weft_object *o) { return o->type->guarded && weft__in_bracket(); }

static void die(weft_object *o) {
  if (o->type->marks_offset && run_finalizer(o)) return;
  bool seen = o->type->weak && weft__count_has_weak(&o->count) && weft__weak_clear(o);
  if (WEFT_UNLIKELY(seen || is_looked_at(o)))
    weft__tear_down_later(o);
  else
    dealloc(o);
}

static WEFT_NOINLINE void empty_trash(struct weft__tstate *ts) {
  while (ts->trash && ts->dealloc_depth == 1) die(trash_pop(ts));
}

void weft__empty_trash(void) {
  struct weft__tstate *ts = weft__self();
  ts->dealloc_depth++;
  if (ts->trash) empty_trash(ts);
  ts->dealloc_depth--;
}

void weft__tear_down(weft_object *o) {
  struct weft__tstate *ts = weft__self();
  ts->dealloc_depth++;
  dealloc(o);
  empty_trash(ts);
  ts->dealloc_depth--;
}

void weft__dealloc(weft_object *o) {
  const weft_type *type = o->type;
  if (WEFT_LIKELY(type->plain)) {
    weft__heap_free_small(o);
    return;
  }
  struct weft__tstate *ts = weft__self();
  if (WEFT_UNLIKELY(ts->dealloc_depth >= WEFT__DEALLOC_DEPTH)) {
    put_off(ts, o);
    return;
  }
  weft__not_young(o);
  ts->dealloc_depth++;
  if (WEFT_LIKELY(type->quiet && !weft__in_bracket() && !weft__count_has_weak(&o->count)))
    type->spec.dealloc(o);
  else
    die(o);
  if (WEFT_UNLIKELY(ts->trash != NULL)) empty_trash(ts);
  ts->dealloc_depth--;
}

void weft__debug_check(const char *call, const weft_object *o) {
  weft__check_attached(call);
  if (!o) weft__misuse(call, "NULL is not an object");
  if (weft__count_is_dead(&o->count)) weft__fatal("%s: the object at %p has no reference left", call, (const void *)o);
}

void weft_immortalize(weft_object *o) {
  weft__check_attached("weft_immortalize");
  if (weft__count_immortalize(&o->count)) return;
  weft_stop_the_world();
  WEFT_CHECK(weft__count_immortalize(&o->count));
  weft_start_the_world();
}

/* --- Recursion --- */

bool weft__recursion_refused(const char *where) {
  weft__self()->recursion_depth--;
  weft_raise(&weft_RecursionError, "maximum recursion depth exceeded in %s", where);
  return false;
}

/* --- Types --- */

bool weft_is_instance(const weft_object *o, const weft_type *type) {
  return o && type && weft_type_derives(o->type, type);
}

bool weft__expect_slow(const char *call, const weft_object *o, const weft_type *type) {
  if (o && weft_type_derives(o->type, type)) return true;
  weft_raise(&weft_TypeError, "%s: expected %s, got %s", call, type->spec.name, o ? o->type->spec.name : "NULL");
  return false;
}

bool weft__all_given_slow(const char *call, size_t n, weft_object *const *objects) {
  weft__check_attached(call);
  for (size_t i = 0; i < n; i++)
    if (!weft__given(call, objects ? objects[i] : NULL)) return false;
  return true;
}

bool weft__given_slow(const char *call) {
  weft__check_attached(call);
  weft_raise(&weft_TypeError, "%s: expected an object, got NULL", call);
  return false;
}

/* --- Operations --- */

/* What a slot returned as text; takes it over. */
static weft_object *checked_text(weft_object *text, const char *slot) {
  if (WEFT_LIKELY(!text || weft_str_check(text))) return text;
  weft_raise(&weft_TypeError, "%s returned %s instead of str", slot, text->type->spec.name);
  weft_decref(text);
  return NULL;
}

weft_object *weft_repr(weft_object *o) {
  if (!weft__given("weft_repr", o)) return NULL;
  if (!o->type->spec.repr) return weft_str_format("<%s object at %p>", o->type->spec.name, (void *)o);
  if (!weft__recursion_enter("repr")) return NULL;
  weft_object *text = o->type->spec.repr(o);
  weft__recursion_leave();
  return checked_text(text, "repr");
}

weft_object *weft_str(weft_object *o) {
  if (!weft__given("weft_str", o)) return NULL;
  if (weft_str_check(o)) return weft_new_ref(o);
  if (!o->type->spec.str) return weft_repr(o);
  if (!weft__recursion_enter("str")) return NULL;
  weft_object *text = o->type->spec.str(o);
  weft__recursion_leave();
  return checked_text(text, "str");
}

int weft__hash_identity(weft_object *self, int64_t *hash) {
  uintptr_t id = (uintptr_t)self;
  *hash = (int64_t)(id >> 4 | id << (sizeof id * 8 - 4)); /* the low bits of an address are always zero */
  return 0;
}

int weft_hash(weft_object *o, int64_t *hash) {
  if (!weft__given("weft_hash", o)) return -1;
  if (!hash) {
    weft_raise(&weft_TypeError, "weft_hash: nowhere to store the hash");
    return -1;
  }
  if (!o->type->spec.hash) {
    weft_raise(&weft_TypeError, "unhashable type: '%s'", o->type->spec.name);
    return -1;
  }
  if (!weft__recursion_enter("hash")) return -1;
  int failed = o->type->spec.hash(o, hash);
  weft__recursion_leave();
  if (!failed && *hash == -1) *hash = -2;
  return failed;
}

static const char *const op_names[] = {"<", "<=", "==", "!=", ">", ">="};
static const enum weft_compare_op swapped[] = {WEFT_GT, WEFT_GE, WEFT_EQ, WEFT_NE, WEFT_LT, WEFT_LE};

static int compare_slots(weft_object *a, weft_object *b, enum weft_compare_op op) {
  int result = a->type->spec.compare ? a->type->spec.compare(a, b, op) : WEFT_NOT_IMPLEMENTED;
  if (result == WEFT_NOT_IMPLEMENTED && b->type->spec.compare) result = b->type->spec.compare(b, a, swapped[op]);
  return result;
}

int weft_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!weft__given("weft_compare", a) || !weft__given("weft_compare", b)) return -1;
  if ((unsigned)op > WEFT_GE) {
    weft_raise(&weft_ValueError, "weft_compare: no such operation: %d", (int)op);
    return -1;
  }
  if (a == b && (op == WEFT_EQ || op == WEFT_NE)) return op == WEFT_EQ;
  if (!weft__recursion_enter("comparison")) return -1;
  int result = compare_slots(a, b, op);
  weft__recursion_leave();
  if (result != WEFT_NOT_IMPLEMENTED) return result;
  if (op == WEFT_EQ || op == WEFT_NE) return op == WEFT_NE; /* by identity, which was tried */
  weft_raise(&weft_TypeError, "'%s' not supported between instances of '%s' and '%s'", op_names[op], a->type->spec.name,
             b->type->spec.name);
  return -1;
}

int weft_is_true(weft_object *o) {
  if (!weft__given("weft_is_true", o)) return -1;
  if (!o->type->spec.is_true && !o->type->spec.length) return 1;
  if (!weft__recursion_enter("truth")) return -1;
  int truth;
  if (o->type->spec.is_true) {
    truth = o->type->spec.is_true(o);
  } else {
    int64_t n = o->type->spec.length(o);
    truth = n < 0 ? -1 : n > 0;
  }
  weft__recursion_leave();
  return truth;
}

/* Out of line, what weft_call has to say against a call: see getattr_by_slot. */
static WEFT_NOINLINE weft_object *call_refused(weft_object *callable, weft_object *const *args, size_t n) {
  if (!weft__given("weft_call", callable)) return NULL;
  if (!callable->type->spec.call)
    return weft_raise(&weft_TypeError, "'%s' object is not callable", callable->type->spec.name);
  WEFT_CHECK(!weft__all_given("weft_call", n, args));
  return NULL;
}
static WEFT_NOINLINE weft_object *call_gave_nothing(void) {
  if (!weft_error_borrow()) weft_raise(&weft_RuntimeError, "a callable returned NULL without an error");
  return NULL;
}

weft_object *weft_call(weft_object *callable, weft_object *const *args, size_t n) {
  bool good = weft__self() != &weft__nobody && callable && callable->type->spec.call && (args || !n);
  for (size_t i = 0; good && i < n; i++) good = args[i];
  if (WEFT_UNLIKELY(!good)) return call_refused(callable, args, n);
  if (!weft__recursion_enter("a call")) return NULL;
  weft_object *result = callable->type->spec.call(callable, args, n);
  weft__recursion_leave();
  return WEFT_LIKELY(result != NULL) ? result : call_gave_nothing();
}

int64_t weft_sizeof(weft_object *o) {
  if (!weft__given("weft_sizeof", o)) return -1;
  return (int64_t)(o->type->spec.size_of ? o->type->spec.size_of(o) : o->type->spec.basic_size);
}

int64_t weft_length(weft_object *o) {
  if (!weft__given("weft_length", o)) return -1;
  if (o->type->spec.length) {
    if (!weft__recursion_enter("length")) return -1;
    int64_t n = o->type->spec.length(o);
    weft__recursion_leave();
    return n;
  }
  weft_raise(&weft_TypeError, "object of type '%s' has no length", o->type->spec.name);
  return -1;
}

void *weft__no_attribute(weft_object *o, weft_object *name) {
  return weft_raise(&weft_AttributeError, "'%s' object has no attribute '%s'", o->type->spec.name,
                    weft_str_check(name) ? weft_str_utf8(name, NULL) : name->type->spec.name);
}

/* Out of line: what every instance's attribute goes through saves no registers for it. */
static WEFT_NOINLINE weft_object *getattr_by_slot(weft_object *o, weft_object *name) {
  if (!weft__given("weft_getattr", o) || !weft__given("weft_getattr", name)) return NULL;
  if (!o->type->spec.getattr) return weft__no_attribute(o, name);
  if (!weft__recursion_enter("an attribute")) return NULL;
  weft_object *value = o->type->spec.getattr(o, name);
  weft__recursion_leave();
  return value;
}

weft_object *weft_getattr(weft_object *o, weft_object *name) {
  if (WEFT_LIKELY(o && name && o->type->spec.getattr == weft__instance_getattr)) return weft__instance_getattr(o, name);
  return getattr_by_slot(o, name);
}

static WEFT_NOINLINE int setattr_by_slot(weft_object *o, weft_object *name, weft_object *value) {
  if (!weft__given("weft_setattr", o) || !weft__given("weft_setattr", name)) return -1;
  if (!o->type->spec.setattr) {
    weft__no_attribute(o, name);
    return -1;
  }
  if (!weft__recursion_enter("an attribute")) return -1;
  int failed = o->type->spec.setattr(o, name, value);
  weft__recursion_leave();
  return failed;
}

int weft_setattr(weft_object *o, weft_object *name, weft_object *value) {
  if (WEFT_LIKELY(o && name && o->type->spec.setattr == weft__instance_setattr))
    return weft__instance_setattr(o, name, value);
  return setattr_by_slot(o, name, value);
}

weft_object *weft_getattr_text(weft_object *o, const char *name) {
  weft__check_attached("weft_getattr_text");
  weft_auto weft_object *text = weft_str_new(name);
  return text ? weft_getattr(o, text) : NULL;
}

int weft_setattr_text(weft_object *o, const char *name, weft_object *value) {
  weft__check_attached("weft_setattr_text");
  weft_auto weft_object *text = weft_str_new(name);
  return text ? weft_setattr(o, text, value) : -1;
}

typedef weft_object *(*binary_slot)(weft_object *, weft_object *);

static binary_slot slot_of(const weft_object *o, size_t offset) {
  binary_slot slot;
  memcpy(&slot, (const char *)&o->type->spec + offset, sizeof slot);
  return slot;
}

/* The left operand's in-place slot, if there is to be one (not 0); then its slot; then the right one's if it is
 * another.
 */
static weft_object *operate(const char *call, weft_object *a, weft_object *b, size_t slot, size_t in_place,
                            const char *symbol) {
  if (!weft__given(call, a) || !weft__given(call, b) || !weft__recursion_enter("an operation")) return NULL;
  struct weft__tstate *ts = weft__self();
  weft_object *pending = ts->error; /* NULL without an error means "not implemented": ours, not an earlier one */
  ts->error = NULL;
  binary_slot of_a = slot_of(a, slot), of_b = slot_of(b, slot), change = in_place ? slot_of(a, in_place) : NULL;
  weft_object *result = change ? change(a, b) : NULL;
  if (!result && of_a && !ts->error) result = of_a(a, b);
  if (!result && of_b && of_b != of_a && !ts->error) result = of_b(a, b);
  weft__recursion_leave();
  if (result) {
    if (WEFT_UNLIKELY(pending)) weft_error_clear(), ts->error = pending;
    return result;
  }
  weft_xdecref(pending);
  if (!ts->error)
    weft_raise(&weft_TypeError, "unsupported operand types for %s: '%s' and '%s'", symbol, a->type->spec.name,
               b->type->spec.name);
  return result;
}

#define SLOT(name) offsetof(weft_type_spec, name)
#define OPERATION(function, call, slot, in_place, symbol) \
  weft_object *function(weft_object *a, weft_object *b) { return operate(call, a, b, slot, in_place, symbol); }

OPERATION(weft__add_slow, "weft_add", SLOT(add), 0, "+")
OPERATION(weft_subtract, "weft_subtract", SLOT(subtract), 0, "-")
OPERATION(weft_multiply, "weft_multiply", SLOT(multiply), 0, "*")
OPERATION(weft_and, "weft_and", SLOT(bit_and), 0, "&")
OPERATION(weft_or, "weft_or", SLOT(bit_or), 0, "|")
OPERATION(weft_xor, "weft_xor", SLOT(bit_xor), 0, "^")
OPERATION(weft_in_place_add, "weft_in_place_add", SLOT(add), SLOT(in_place_add), "+=")
OPERATION(weft_in_place_subtract, "weft_in_place_subtract", SLOT(subtract), SLOT(in_place_subtract), "-=")
OPERATION(weft_in_place_multiply, "weft_in_place_multiply", SLOT(multiply), SLOT(in_place_multiply), "*=")
OPERATION(weft_in_place_and, "weft_in_place_and", SLOT(bit_and), SLOT(in_place_and), "&=")
OPERATION(weft_in_place_or, "weft_in_place_or", SLOT(bit_or), SLOT(in_place_or), "|=")
OPERATION(weft_in_place_xor, "weft_in_place_xor", SLOT(bit_xor), SLOT(in_place_xor), "^=")

void weft_incref_extern(weft_object *o) { weft_incref(o); }
void weft_decref_extern(weft_object *o) { weft_decref(o); }
