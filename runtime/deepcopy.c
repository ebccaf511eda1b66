/* SPDX-License-Identifier: MIT */
/*
 * Deep copies, without recursion: containers that are being copied stand on a stack of frames.
 *
 *     frame   original   what is copied             copy    what the memo knows; NULL: it cannot be made yet
 *             holder     whose parts are copied, one after the other
 *             then       what happens when all of them are
 *
 * The holder is what the original holds at one moment: a list of its items, or of what a constructor needs, or a copy
 * of a dict. A part that can be copied at once is; another gets a frame, and when that is done, its copy goes where the
 * part belongs. A list and a dict grow as their parts are done; others get all of them at the end. So parts are copied
 * depth first, hooks are called in the order in which CPython calls them, and what they see of a copy that is not
 * complete is what they see there. Containers without a part that is to be copied are copied at once and need no frame.
 *
 * A hook may come by a copy that is not complete, by way of the memo: whatever it does to it, each step looks at the
 * holder as it then is.
 */
#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/dict_order.h"
#include "runtime/instance_internal.h"
#include "runtime/list.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/set.h"
#include "runtime/tuple.h"

/* What the holder is, and where its parts go. */
enum where { NOWHERE, ITEMS, ITEMS_TO_LIST, ENTRIES_TO_DICT };

enum then {
  COMPLETE,
  MAKE_TUPLE, /* or take the original, if no part has changed */
  MAKE_FROZENSET,
  MAKE_METHOD,
  MAKE_INSTANCE, /* of a type that derives from tuple or frozenset */
  FILL_SET,
  FILL_DICT,
  TAKE_ATTRIBUTES,
  SET_ATTRIBUTES,
  SET_DICT, /* of an instance's own attributes */
  SET_STATE,
  TAKE_CONTENTS, /* of what derives from list, dict or set */
  CALL,          /* of a reduced object: then state, items and pairs */
  APPLY_STATE,
  APPEND_ITEMS,
  SET_PAIRS,
};

struct frame {
  weft_object *original, *copy, *holder, *reduced;
  weft_object *key; /* of the entry that is being copied */
  size_t next;      /* part */
  size_t shown;     /* parts that the copy, a list or dict, has got already */
  uint8_t where;    /* enum where */
  uint8_t then;     /* enum then */
  bool changed;     /* some part has */
};

enum { FEW = 6 };

struct copier {
  weft_object *memo; /* NULL: nothing is known yet */
  struct frame *frames;
  size_t depth, room;
  size_t shown; /* frames that have shown what is done */
  struct frame few[FEW];
};

enum outcome { FAILED = -1, DONE, ENTERED };

/* --- The memo --- */

static bool remember(struct copier *c, weft_object *original, weft_object *copy) {
  if (!c->memo && !(c->memo = weft_memo_new())) return false;
  return weft_memo_set(c->memo, original, copy) == 0;
}

/* Of a copy that is complete. Alone, it need not be known. */
static bool remember_leaf(struct copier *c, weft_object *original, weft_object *copy) {
  return (!c->memo && c->depth == 0) || remember(c, original, copy);
}

/* --- Frames --- */

static void frame_drop(struct frame *f) {
  weft_object *all[] = {f->original, f->copy, f->holder, f->reduced, f->key};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weft_xdecref(all[i]);
}

static bool make_room(struct copier *c) {
  if (c->depth < c->room) return true;
  size_t bytes = c->room * sizeof *c->frames;
  struct frame *frames = c->frames == c->few ? weft__buffer_new(2 * bytes, "weft_deepcopy")
                                             : weft__buffer_resize(c->frames, bytes, 2 * bytes);
  if (!frames) {
    weft_raise_memory();
    return false;
  }
  if (c->frames == c->few) memcpy(frames, c->few, bytes);
  c->frames = frames;
  c->room *= 2;
  return true;
}

/* Takes over copy and holder, which may be NULL; a holder that is to be there and is not is an error. */
static enum outcome push_steal(struct copier *c, weft_object *original, weft_object *copy, weft_object *holder,
                               enum where where, enum then then) {
  if ((where == NOWHERE || holder) && make_room(c)) {
    c->frames[c->depth++] = (struct frame){.original = weft_new_ref(original),
                                           .copy = copy,
                                           .holder = holder,
                                           .where = (uint8_t)where,
                                           .then = (uint8_t)then};
    return ENTERED;
  }
  weft_xdecref(copy);
  weft_xdecref(holder);
  return FAILED;
}

/* --- Parts --- */

static bool is_deep(const weft_object *o) { return !weft__is_atomic(o); }

static bool all_atomic(weft_object *const *items, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!weft__is_atomic(items[i])) return false;
  return true;
}

/* Of a list that nobody else knows yet. */
static bool is_flat(weft_object *list) {
  const struct weft__list_items *items = ((struct weft__list *)list)->items;
  return all_atomic(items->item, items->size);
}

/* The next part that is not atomic; its place is then f->next - 1. Returns new; NULL: there is none, or an error is
 * set. */
static weft_object *next_item(struct frame *f) {
  if (weft__may_touch_list(f->holder, weft__my_status())) {
    const struct weft__list_items *items = weft__list_items(f->holder);
    while (f->next < items->size && weft__is_atomic(items->item[f->next])) f->next++;
  }
  while ((int64_t)f->next < weft_list_length(f->holder)) {
    weft_object *item = weft_list_get(f->holder, (int64_t)f->next++);
    if (!item || !weft__is_atomic(item)) return item;
    weft_decref(item);
  }
  return NULL;
}

static weft_object *next_entry(struct frame *f) {
  weft_object *value;
  weft_clear(&f->key);
  if (!weft__dict_next(f->holder, &f->next, is_deep, &f->key, &value)) f->key = NULL;
  return value;
}

static weft_object *next_part(struct frame *f) {
  return f->where == NOWHERE ? NULL : f->where == ENTRIES_TO_DICT ? next_entry(f) : next_item(f);
}

/* Puts the copy of the part that was next in its place. */
static int put_part(struct frame *f, weft_object *part, weft_object *copy) {
  if (part == copy) return 0;
  f->changed = true;
  if (f->where == ENTRIES_TO_DICT) return weft_dict_set(f->holder, f->key, copy);
  return weft_list_set(f->holder, (int64_t)f->next - 1, copy);
}

/* Gives a list or dict the parts that are done. */
static int show(struct frame *f) {
  int failed = 0;
  weft_object *key, *value;
  if (f->where == ITEMS_TO_LIST) {
    for (; !failed && f->shown + 1 < f->next; f->shown++) {
      weft_auto weft_object *item = weft_list_get(f->holder, (int64_t)f->shown);
      failed = item ? weft_list_append(f->copy, item) : -1;
    }
  } else if (f->where == ENTRIES_TO_DICT) {
    size_t at = f->shown;
    while (!failed && weft__dict_next(f->holder, &at, NULL, &key, &value)) {
      if (at < f->next) failed = weft_dict_set(f->copy, key, value);
      weft_decref(key);
      weft_decref(value);
      if (at >= f->next) break;
      f->shown = at;
    }
  }
  return failed;
}

/* A hook may now see any copy that is under way. Frames do not change while they have others above them, so each is
 * looked at once for each of its parts. */
static int show_all(struct copier *c) {
  int failed = 0;
  for (; !failed && c->shown < c->depth; c->shown++) failed = show(&c->frames[c->shown]);
  return failed;
}

/* A list or dict is complete: it gets what it has not. */
static enum outcome fill(struct frame *f) {
  int failed = f->where == ITEMS_TO_LIST     ? weft__list_move(f->holder, f->shown, f->copy)
               : f->where == ENTRIES_TO_DICT ? weft__dict_move(f->holder, f->shown, f->copy)
                                             : 0;
  return failed ? FAILED : DONE;
}

/* The items of a dict that nobody else knows yet, one after the other; the dict is then empty. */
static weft_object *take_pairs(weft_object *dict) {
  weft_object *flat = weft_list_new(), *both[2];
  for (size_t at = 0; flat && weft__dict_next(dict, &at, NULL, &both[0], &both[1]);) {
    bool good = weft_list_append(flat, both[0]) == 0 && weft_list_append(flat, both[1]) == 0;
    weft_decref(both[0]);
    weft_decref(both[1]);
    if (!good) weft_clear(&flat);
  }
  return flat && weft_dict_clear(dict) == 0 ? flat : NULL;
}

/* --- Beginning --- */

/* A copy that is complete. */
static enum outcome done_steal(struct copier *c, weft_object *o, weft_object *copy, weft_object **result) {
  if (copy && copy != o && !remember_leaf(c, o, copy)) weft_clear(&copy);
  *result = copy;
  return copy ? DONE : FAILED;
}

/* A container that is known before its parts are copied. Takes over both; either missing is an error. */
static enum outcome fill_steal(struct copier *c, weft_object *o, weft_object *copy, weft_object *holder,
                               enum where where, enum then then) {
  if (copy && holder && remember(c, o, copy)) return push_steal(c, o, copy, holder, where, then);
  weft_xdecref(copy);
  weft_xdecref(holder);
  return FAILED;
}

static enum outcome begin_list(struct copier *c, weft_object *o, weft_object **result) {
  weft_object *items = weft__list_copy(o);
  if (!items || is_flat(items)) return done_steal(c, o, items, result);
  return fill_steal(c, o, weft_list_new(), items, ITEMS_TO_LIST, COMPLETE);
}

static enum outcome begin_dict(struct copier *c, weft_object *o, weft_object **result) {
  weft_object *entries = o->type->spec.copy(o), *copy;
  int has = entries ? weft__dict_scan(entries, is_deep) : 0;
  if (!has) return done_steal(c, o, entries, result);
  copy = o->type == &weft_dict_type ? weft_dict_new() : weft_ordered_dict_new();
  if (!(has & WEFT__DICT_HAS_KEY)) return fill_steal(c, o, copy, entries, ENTRIES_TO_DICT, COMPLETE);
  weft_object *pairs = take_pairs(entries);
  weft_decref(entries);
  return fill_steal(c, o, copy, pairs, ITEMS, FILL_DICT);
}

static enum outcome begin_tuple(struct copier *c, weft_object *o, weft_object **result) {
  if (!all_atomic(weft__tuple_items(o), (size_t)weft_tuple_length(o)))
    return push_steal(c, o, NULL, weft_list_from(o), ITEMS, MAKE_TUPLE);
  *result = weft_new_ref(o);
  return DONE;
}

/* The keys of a set or frozenset at one moment, as a list. */
static weft_object *keys_of(weft_object *o) {
  weft_auto weft_object *copy = weft_set_copy(o);
  return copy ? weft_list_from(copy) : NULL;
}

static enum outcome begin_set(struct copier *c, weft_object *o, weft_object **result) {
  weft_object *keys = keys_of(o);
  if (!keys || !is_flat(keys)) return fill_steal(c, o, weft_set_new(), keys, ITEMS, FILL_SET);
  weft_object *copy = weft_set_from(keys);
  weft_decref(keys);
  return done_steal(c, o, copy, result);
}

static enum outcome begin_frozenset(struct copier *c, weft_object *o, weft_object **result) {
  weft_object *keys = keys_of(o);
  if (!keys || !is_flat(keys)) return push_steal(c, o, NULL, keys, ITEMS, MAKE_FROZENSET);
  weft_decref(keys);
  *result = weft_new_ref(o);
  return DONE;
}

static enum outcome begin_method(struct copier *c, weft_object *o) {
  weft_object *function, *self;
  weft__method_parts(o, &function, &self);
  return push_steal(c, o, NULL, weft_list_of(1, &self), ITEMS, MAKE_METHOD);
}

static enum outcome begin_hook(struct copier *c, weft_object *o, weft_object **result) {
  if (!c->memo && !(c->memo = weft_memo_new())) return FAILED;
  if (show_all(c) < 0 || !weft__recursion_enter("deepcopy")) return FAILED;
  weft_object *copy = o->type->spec.deepcopy(o, c->memo);
  weft__recursion_leave();
  if (!copy && !weft_error_borrow()) weft_raise(&weft_RuntimeError, "deepcopy returned NULL without an error");
  return done_steal(c, o, copy, result);
}

static enum outcome begin_reduced(struct copier *c, weft_object *o, weft_object *reduced_steal) {
  enum outcome outcome = push_steal(c, o, NULL, weft_list_from(weft_tuple_get_borrow(reduced_steal, 1)), ITEMS, CALL);
  if (outcome == ENTERED)
    c->frames[c->depth - 1].reduced = reduced_steal;
  else
    weft_decref(reduced_steal);
  return outcome;
}

static enum outcome begin_instance(struct copier *c, weft_object *o) {
  const weft_type *body = weft__body_type(o->type);
  if (!weft__is_copyable(o)) {
    weft__cannot_copy(o);
    return FAILED;
  }
  if (body == &weft_tuple_type) {
    weft_auto weft_object *items = weft_tuple_slice(o, 0, INT64_MAX, 1);
    return push_steal(c, o, NULL, items ? weft_list_from(items) : NULL, ITEMS, MAKE_INSTANCE);
  }
  if (body == &weft_frozenset_type) return push_steal(c, o, NULL, keys_of(o), ITEMS, MAKE_INSTANCE);
  weft_object *copy = weft__copy_body(o, true);
  if (copy && remember(c, o, copy)) return push_steal(c, o, copy, NULL, NOWHERE, TAKE_ATTRIBUTES);
  weft_xdecref(copy);
  return FAILED;
}

static enum outcome begin_other(struct copier *c, weft_object *o, weft_object **result) {
  const weft_type *type = o->type;
  if (type->spec.deepcopy) return begin_hook(c, o, result);
  weft_object *reduced = NULL;
  int found = weft__has_reducer(o) ? show_all(c) : 0;
  if (!found) found = weft__reduced(o, &reduced);
  if (found < 0) return FAILED;
  if (reduced) return begin_reduced(c, o, reduced);
  if (found) return done_steal(c, o, weft_new_ref(o), result);
  if (type == &weft_method_type) return begin_method(c, o);
  if (!type->made && type->spec.copy) return done_steal(c, o, type->spec.copy(o), result);
  return begin_instance(c, o);
}

/* Copies `o`, if that can be done at once: DONE, *result is the copy, a new reference. */
static enum outcome begin(struct copier *c, weft_object *o, weft_object **result) {
  if (weft__is_atomic(o)) {
    *result = weft_new_ref(o);
    return DONE;
  }
  int known = c->memo ? weft_memo_find(c->memo, o, result) : 0;
  if (known) return known > 0 ? DONE : FAILED;
  const weft_type *type = o->type;
  if (type == &weft_list_type) return begin_list(c, o, result);
  if (type == &weft_dict_type || type == &weft_ordered_dict_type) return begin_dict(c, o, result);
  if (type == &weft_tuple_type) return begin_tuple(c, o, result);
  if (type == &weft_set_type) return begin_set(c, o, result);
  if (type == &weft_frozenset_type) return begin_frozenset(c, o, result);
  return begin_other(c, o, result);
}

/* --- Going on, when all parts of a frame have been copied --- */

static enum outcome hold_steal(struct frame *f, weft_object *holder, enum where where, enum then then) {
  weft_xdecref(f->holder);
  f->holder = holder;
  f->where = (uint8_t)(holder ? where : NOWHERE);
  f->next = f->shown = 0;
  f->then = (uint8_t)then;
  return ENTERED;
}
/* The same of a list, which had to be made. */
static enum outcome hold_list_steal(struct frame *f, weft_object *list, enum then then) {
  return list ? hold_steal(f, list, ITEMS, then) : FAILED;
}

/* What only now can be made is known from now on, unless a part has led to the same object and it has been made there.
 */
static enum outcome make_steal(struct copier *c, struct frame *f, weft_object *made) {
  f->copy = made;
  return made && remember(c, f->original, made) ? DONE : FAILED;
}
static bool made_meanwhile(struct copier *c, struct frame *f) {
  return c->memo && weft_memo_find(c->memo, f->original, &f->copy) != 0;
}

static enum outcome make_unless_same(struct copier *c, struct frame *f, weft_object *(*make)(weft_object *)) {
  if (made_meanwhile(c, f)) return f->copy ? DONE : FAILED;
  if (f->changed) return make_steal(c, f, make(f->holder));
  f->copy = weft_new_ref(f->original);
  return DONE;
}

/* Of a type that derives from tuple or frozenset. */
static enum outcome make_instance(struct copier *c, struct frame *f) {
  if (made_meanwhile(c, f)) return f->copy ? DONE : FAILED;
  const weft_type *type = f->original->type;
  weft_auto weft_object *parts =
      weft__body_type(type) == &weft_tuple_type ? weft_tuple_from(f->holder) : weft_frozenset_from(f->holder);
  weft_object *made = parts ? weft__made_like(f->original, parts) : NULL;
  if (make_steal(c, f, made) == FAILED) return FAILED;
  return hold_steal(f, NULL, NOWHERE, TAKE_ATTRIBUTES);
}

static enum outcome make_method(struct copier *c, struct frame *f) {
  if (made_meanwhile(c, f)) return f->copy ? DONE : FAILED;
  weft_object *function, *old;
  weft__method_parts(f->original, &function, &old);
  weft_auto weft_object *self = weft_list_get(f->holder, 0);
  return make_steal(c, f, self ? weft__method_new(weft_new_ref(function), self) : NULL);
}

static enum outcome take_attributes(struct copier *c, struct frame *f) {
  if (!weft__has_state_hooks(f->original))
    return hold_list_steal(f, weft__instance_attribute_list(f->original), SET_ATTRIBUTES);
  if (show_all(c) < 0) return FAILED;
  weft_auto weft_object *state = weft__state_of(f->original);
  if (!state) return FAILED;
  if (state == WEFT_NONE) return hold_steal(f, NULL, NOWHERE, TAKE_CONTENTS);
  return hold_list_steal(f, weft_list_of(1, &state), SET_STATE);
}

static enum outcome set_attributes(struct frame *f) {
  for (int64_t i = 0; i + 1 < weft_list_length(f->holder); i += 2) {
    weft_auto weft_object *name = weft_list_get(f->holder, i);
    weft_auto weft_object *value = weft_list_get(f->holder, i + 1);
    if (!name || !value || weft__instance_setattr(f->copy, name, value) < 0) return FAILED;
  }
  weft_auto weft_object *dict = weft__instance_dict_if_any(f->original);
  if (!dict) return hold_steal(f, NULL, NOWHERE, TAKE_CONTENTS);
  weft_auto weft_object *own = weft_dict_copy(dict);
  return own ? hold_list_steal(f, weft_list_of(1, &own), SET_DICT) : FAILED;
}

static enum outcome set_dict(struct frame *f) {
  weft_auto weft_object *dict = weft_list_get(f->holder, 0);
  if (!dict || weft_instance_set_dict(f->copy, dict) < 0) return FAILED;
  return hold_steal(f, NULL, NOWHERE, TAKE_CONTENTS);
}

static enum outcome set_state(struct copier *c, struct frame *f, enum then then) {
  if (show_all(c) < 0) return FAILED;
  weft_auto weft_object *state = weft_list_get(f->holder, 0);
  if (!state || weft__state_apply(f->copy, state) < 0) return FAILED;
  return hold_steal(f, NULL, NOWHERE, then);
}

static enum outcome take_contents(struct frame *f) {
  const weft_type *body = weft__body_type(f->original->type);
  if (body == &weft_list_type) {
    weft_object *items = weft_list_slice(f->original, 0, INT64_MAX);
    return items ? hold_steal(f, items, ITEMS_TO_LIST, COMPLETE) : FAILED;
  }
  if (body == &weft_set_type) return hold_list_steal(f, keys_of(f->original), FILL_SET);
  if (!weft_type_derives(body, &weft_dict_type)) return DONE;
  weft_auto weft_object *dict = weft_dict_copy(f->original);
  return dict ? hold_list_steal(f, take_pairs(dict), FILL_DICT) : FAILED;
}

static enum outcome fill_set(struct frame *f) {
  weft_auto weft_object *keys = weft_set_from(f->holder);
  return keys && weft_set_update(f->copy, keys) == 0 ? DONE : FAILED;
}

static enum outcome fill_dict(struct frame *f) {
  int failed = 0;
  for (int64_t i = 0; !failed && i + 1 < weft_list_length(f->holder); i += 2) {
    weft_auto weft_object *key = weft_list_get(f->holder, i);
    weft_auto weft_object *value = weft_list_get(f->holder, i + 1);
    failed = key && value ? weft_dict_set(f->copy, key, value) : -1;
  }
  return failed ? FAILED : DONE;
}

/* A reduced object, step by step; a step that is missing is left out. */
static enum outcome call(struct copier *c, struct frame *f) {
  if (made_meanwhile(c, f)) return f->copy ? DONE : FAILED;
  if (show_all(c) < 0) return FAILED;
  weft_object *made = weft__reduced_call(weft_tuple_get_borrow(f->reduced, 0), f->holder);
  if (make_steal(c, f, made) == FAILED) return FAILED;
  weft_object *state = weft__reduced_item(f->reduced, 2);
  return state ? hold_list_steal(f, weft_list_of(1, &state), APPLY_STATE) : hold_steal(f, NULL, NOWHERE, APPEND_ITEMS);
}

static enum outcome append_items(struct frame *f) {
  if (f->holder) {
    if (weft__reduced_append(f->copy, f->holder) < 0) return FAILED;
    return hold_steal(f, NULL, NOWHERE, SET_PAIRS);
  }
  weft_object *items = weft__reduced_item(f->reduced, 3);
  return items ? hold_list_steal(f, weft_list_from(items), APPEND_ITEMS) : hold_steal(f, NULL, NOWHERE, SET_PAIRS);
}

static enum outcome set_pairs(struct frame *f) {
  if (f->holder) return weft__reduced_set(f->copy, f->holder) < 0 ? FAILED : DONE;
  weft_object *pairs = weft__reduced_item(f->reduced, 4);
  return pairs ? hold_list_steal(f, weft__flat_pairs(pairs), SET_PAIRS) : DONE;
}

/* DONE: the frame's copy is complete. ENTERED: it has more parts, or more to do. */
static enum outcome go_on(struct copier *c, struct frame *f) {
  switch ((enum then)f->then) {
    case COMPLETE: return fill(f);
    case MAKE_TUPLE: return make_unless_same(c, f, weft_tuple_from);
    case MAKE_FROZENSET: return make_unless_same(c, f, weft_frozenset_from);
    case MAKE_METHOD: return make_method(c, f);
    case MAKE_INSTANCE: return make_instance(c, f);
    case FILL_SET: return fill_set(f);
    case FILL_DICT: return fill_dict(f);
    case TAKE_ATTRIBUTES: return take_attributes(c, f);
    case SET_ATTRIBUTES: return set_attributes(f);
    case SET_DICT: return set_dict(f);
    case SET_STATE: return set_state(c, f, TAKE_CONTENTS);
    case TAKE_CONTENTS: return take_contents(f);
    case CALL: return call(c, f);
    case APPLY_STATE: return set_state(c, f, APPEND_ITEMS);
    case APPEND_ITEMS: return append_items(f);
    case SET_PAIRS: return set_pairs(f);
  }
  return FAILED;
}

/* --- The copier --- */

/* Copies the parts of the innermost frame until one gets a frame of its own (ENTERED) or all are done. */
static enum outcome copy_parts(struct copier *c) {
  size_t depth = c->depth;
  if (c->shown > depth - 1) c->shown = depth - 1; /* it goes on */
  for (weft_object *part; (part = next_part(&c->frames[depth - 1]));) {
    if (c->shown > depth - 1) c->shown = depth - 1;
    weft_object *copy = NULL;
    enum outcome outcome = begin(c, part, &copy);
    if (outcome == DONE && put_part(&c->frames[depth - 1], part, copy) < 0) outcome = FAILED;
    weft_decref(part);
    weft_xdecref(copy);
    if (outcome != DONE) return outcome;
  }
  return weft_error_borrow() ? FAILED : DONE;
}

/* The innermost frame is complete: its copy goes to where the frame above has the original, or is the result. */
static enum outcome pop(struct copier *c, weft_object **result) {
  struct frame f = c->frames[--c->depth];
  enum outcome outcome = DONE;
  if (c->depth == 0)
    *result = weft_new_ref(f.copy);
  else if (put_part(&c->frames[c->depth - 1], f.original, f.copy) < 0)
    outcome = FAILED;
  frame_drop(&f);
  return outcome;
}

static weft_object *run(struct copier *c, weft_object *o) {
  weft_object *result = NULL;
  enum outcome outcome = begin(c, o, &result);
  while (outcome != FAILED && c->depth) {
    outcome = copy_parts(c);
    if (outcome == DONE) outcome = go_on(c, &c->frames[c->depth - 1]);
    if (outcome == DONE) outcome = pop(c, &result);
  }
  while (c->depth) frame_drop(&c->frames[--c->depth]);
  return result;
}

weft_object *weft_deepcopy(weft_object *o, weft_object *memo) {
  static const char name[] = "weft_deepcopy";
  if (!weft__given(name, o)) return NULL;
  if (memo && memo->type != &weft_memo_type && !weft__expect(name, memo, &weft_dict_type)) return NULL;
  weft_object *pending = weft_error_take(); /* that of the caller is not that of a step */
  struct copier c = {.memo = memo, .frames = c.few, .room = FEW};
  weft_xincref(memo);
  weft_object *copy = run(&c, o);
  if (c.frames != c.few) weft__buffer_free(c.frames, c.room * sizeof *c.frames);
  weft_xdecref(c.memo);
  if (!pending) return copy;
  if (weft_error_borrow())
    weft_decref(pending);
  else
    weft__self()->error = pending;
  return copy;
}
