/* SPDX-License-Identifier: MIT */
/*
 * Generators.
 *
 *   `phase` says who may touch the rest: the slot of the thread that executes the body, alone; or one of those below,
 * nobody. Who resumes takes it from FRESH or SUSPENDED to its own slot, by a store while the generator is private to it
 * and by one compare-and-swap when it is shared (share.h), and gives it back by a store. So the cells need neither
 * locks nor grace periods; the collector looks at them in a stopped world, and between any two safepoints they are
 * whole. FINISHED is for good: after that only `result` is there, which does not change.
 *
 *                  weft_next              yields
 *      FRESH ------------------> a slot ----------> SUSPENDED ----> a slot ...
 *        |  close, throw, clear    | ends, fails        |  clear
 *        +-----------> FINISHED <--+--------------------+
 *
 *   Dying: the type has a finalizer, which closes; so what runs when, and how often, is the rule for all finalizers.
 */
#include "runtime/generator.h"

#include <stddef.h>
#include <string.h>

#include "runtime/iterator.h"
#include "runtime/none.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"

enum { FRESH = 1 << 16, SUSPENDED, FINISHED }; /* no slots */

struct generator {
  weft_object header;
  weft_c_generator body;
  weft_object *name;   /* a str */
  weft_object *result; /* NULL: none */
  uint64_t finalized;
  uint32_t phase; /* atomic */
  uint32_t cells, size;
  weft_object *cell[]; /* NULL when finished; behind them the state's bytes */
};

enum { MOST_CELLS = 1 << 20, MOST_BYTES = 1 << 20 };

static size_t block_size(size_t cells, size_t size) {
  return offsetof(struct generator, cell) + cells * sizeof(weft_object *) + ((size + 7) & ~(size_t)7);
}

_Static_assert(offsetof(struct generator, cell) % 8 == 0, "the state is aligned to 8");

static void *bytes_of(struct generator *g) { return g->cell + g->cells; }

weft_object *weft_generator_new(const char *name, weft_c_generator body, size_t n, weft_object *const *cells,
                                size_t size, const void *state) {
  if (!weft__all_given("weft_generator_new", n, cells)) return NULL;
  if (!body || !name) return weft_raise(&weft_TypeError, "a generator needs a name and a body");
  if (n > MOST_CELLS || size > MOST_BYTES)
    return weft_raise(&weft_ValueError, "a generator cannot have %zu cells and %zu bytes", n, size);
  weft_object *name_object = weft_str_new(name);
  if (!name_object) return NULL;
  struct generator *g = weft__object_alloc(&weft_generator_type, block_size(n, size), "weft_generator_new");
  if (!g) {
    weft_decref(name_object);
    return NULL;
  }
  g->body = body;
  g->name = name_object;
  g->result = NULL;
  g->finalized = 0;
  g->phase = FRESH;
  g->cells = (uint32_t)n;
  g->size = (uint32_t)size;
  for (size_t i = 0; i < n; i++) g->cell[i] = weft_new_ref(cells[i]);
  if (state)
    memcpy(bytes_of(g), state, size);
  else
    memset(bytes_of(g), 0, size);
  return &g->header;
}

static struct generator *expect(const char *call, weft_object *o) {
  return weft__expect(call, o, &weft_generator_type) ? (struct generator *)o : NULL;
}

/* --- Whose it is --- */

/* Takes the generator if nobody executes it and it is not finished. Returns the phase that it was in. A safepoint. */
static uint32_t claim(struct generator *g) {
  bool private = weft__may_touch(&g->header) || weft__touch(&g->header);
  uint32_t slot = weft__tls.slot, was = weft__load_relaxed(&g->phase);
  while (was == FRESH || was == SUSPENDED) {
    if (WEFT_LIKELY(private)) {
      /* order: relaxed: who else comes has it shared first, after the next safepoint. */
      weft__store_relaxed(&g->phase, slot);
      break;
    }
    /* order: acquire [phase]: sees the state as the thread that executed it last has left it. */
    if (weft__cas_weak_acquire(&g->phase, &was, slot)) break;
  }
  return was;
}

/* order: release [phase]: publishes the state. */
static void give_back(struct generator *g, uint32_t phase) { weft__store_release(&g->phase, phase); }

static void *already_executing(void) { return weft_raise(&weft_ValueError, "generator already executing"); }

/* Lets go of the state, when nobody can ask for it any more. */
static void finish(struct generator *g) {
  give_back(g, FINISHED);
  for (size_t i = 0; i < g->cells; i++) weft_clear(&g->cell[i]);
}

/* --- Resuming --- */

/* Runs the body; the generator is the calling thread's, and then is not any more. */
static weft_object *run(struct generator *g, weft_object *sent) {
  struct weft__tstate *ts = weft__self();
  weft_object *value = g->body(&g->header, sent);
  if (WEFT_UNLIKELY(g->result && (value || ts->error))) weft_clear(&g->result); /* it has not returned */
  if (WEFT_LIKELY(value && !ts->error)) {
    give_back(g, SUSPENDED);
    return value;
  }
  weft_xdecref(value);
  finish(g);
  return NULL;
}

/* An error that was set before stays set, unless there is a new one. */
static void restore(weft_object *pending) {
  struct weft__tstate *ts = weft__self();
  if (WEFT_LIKELY(!pending)) return;
  if (ts->error)
    weft_decref(pending);
  else
    ts->error = pending;
}

static weft_object *resume(struct generator *g, weft_object *sent) {
  if (!weft__recursion_enter("a generator")) return NULL;
  weft_object *pending = weft__self()->error, *value = NULL;
  weft__self()->error = NULL;
  uint32_t was = claim(g);
  if (was == FRESH && sent != WEFT_NONE) {
    give_back(g, FRESH);
    weft_raise(&weft_TypeError, "can't send non-None value to a just-started generator");
  } else if (was == FRESH || was == SUSPENDED) {
    value = run(g, sent);
  } else if (was != FINISHED) {
    already_executing();
  }
  restore(pending);
  weft__recursion_leave();
  return value;
}

static weft_object *generator_next(weft_object *self) { return resume((struct generator *)self, WEFT_NONE); }

weft_object *weft_generator_send(weft_object *o, weft_object *value) {
  struct generator *g = expect("weft_generator_send", o);
  return g && weft__given("weft_generator_send", value) ? resume(g, value) : NULL;
}

/* The error object that `error` means. Returns new; NULL with TypeError. */
static weft_object *error_object(weft_object *error) {
  if (!weft_is_instance(error, &weft_type_type))
    return weft__is_error_type(error->type)
               ? weft_new_ref(error)
               : weft_raise(&weft_TypeError, "errors must derive from Exception, not %s", error->type->spec.name);
  const weft_type *type = (const weft_type *)error;
  return weft__is_error_type(type)
             ? weft__object_new(type, 0)
             : weft_raise(&weft_TypeError, "errors must derive from Exception, not %s", type->spec.name);
}

/* With the error set. */
static weft_object *throw_in(struct generator *g) {
  uint32_t was = claim(g);
  if (was == SUSPENDED) return run(g, NULL);
  if (was == FRESH)
    finish(g);
  else if (was != FINISHED)
    already_executing();
  return NULL;
}

weft_object *weft_generator_throw(weft_object *o, weft_object *error) {
  struct generator *g = expect("weft_generator_throw", o);
  if (!g || !weft__given("weft_generator_throw", error)) return NULL;
  weft_auto weft_object *thrown = error_object(error);
  if (!thrown || !weft__recursion_enter("a generator")) return NULL;
  weft_raise_object(thrown);
  weft_object *value = throw_in(g);
  weft__recursion_leave();
  return value;
}

/* --- Ending --- */

/* What it returned, or None. Returns new. */
static weft_object *returned(struct generator *g) { return g->result ? weft_new_ref(g->result) : WEFT_NONE; }

/* Of a suspended one. */
static weft_object *exit_body(struct generator *g) {
  weft__raise_generator_exit();
  weft_auto weft_object *value = run(g, NULL);
  if (value) return weft_raise(&weft_RuntimeError, "generator ignored GeneratorExit");
  if (!weft__self()->error) return returned(g);
  if (!weft_error_is(&weft_GeneratorExit)) return NULL;
  weft_error_clear();
  return WEFT_NONE;
}

static weft_object *close_it(struct generator *g) {
  weft_object *pending = weft__self()->error, *value = WEFT_NONE;
  weft__self()->error = NULL;
  uint32_t was = claim(g);
  if (was == SUSPENDED)
    value = exit_body(g);
  else if (was == FRESH)
    finish(g);
  else if (was != FINISHED)
    value = already_executing();
  restore(pending);
  return value;
}

weft_object *weft_generator_close(weft_object *o) {
  struct generator *g = expect("weft_generator_close", o);
  if (!g) return NULL;
  if (!weft__recursion_enter("a generator")) return NULL;
  weft_object *value = close_it(g);
  weft__recursion_leave();
  return value;
}

weft_object *weft_generator_result(weft_object *o) {
  struct generator *g = expect("weft_generator_result", o);
  if (!g) return NULL;
  /* order: acquire [phase]: sees the result. */
  if (weft__load_acquire(&g->phase) == FINISHED) return returned(g);
  return weft_raise(&weft_ValueError, "the generator is not finished");
}

/* --- For bodies --- */

static struct generator *mine(const char *call, weft_object *o) {
  struct generator *g = expect(call, o);
  /* order: relaxed: the calling thread's own slot is there only if it has put it there. */
  if (!g || WEFT_LIKELY(weft__load_relaxed(&g->phase) == weft__tls.slot)) return g;
  return weft_raise(&weft_RuntimeError, "%s: the generator is not executing in this thread", call);
}

void *weft_generator_state(weft_object *o) {
  struct generator *g = mine("weft_generator_state", o);
  return g ? bytes_of(g) : NULL;
}

static weft_object **cell_of(const char *call, weft_object *o, size_t index) {
  struct generator *g = mine(call, o);
  if (!g || WEFT_LIKELY(index < g->cells)) return g ? &g->cell[index] : NULL;
  return weft_raise(&weft_IndexError, "%s: the generator has only %u cells", call, g->cells);
}

weft_object *weft_generator_cell_borrow(weft_object *o, size_t index) {
  weft_object **cell = cell_of("weft_generator_cell_borrow", o, index);
  return cell ? *cell : NULL;
}

int weft_generator_set_cell(weft_object *o, size_t index, weft_object *value) {
  weft_object **cell = cell_of("weft_generator_set_cell", o, index);
  if (!cell || !weft__given("weft_generator_set_cell", value)) return -1;
  weft_object *old = *cell;
  *cell = weft_new_ref(value);
  weft_decref(old);
  return 0;
}

weft_object *weft_generator_return(weft_object *o, weft_object *value) {
  struct generator *g = mine("weft_generator_return", o);
  if (!g || !weft__given("weft_generator_return", value)) return NULL;
  weft_object *old = g->result;
  g->result = weft_new_ref(value);
  weft_xdecref(old);
  return NULL;
}

/* Passes on the error that is set. */
static weft_object *delegate_error(weft_object *generator) {
  bool exits = weft_error_is(&weft_GeneratorExit);
  weft_auto weft_object *error = weft_error_take();
  if (!exits) return weft_generator_throw(generator, error);
  weft_auto weft_object *closed = weft_generator_close(generator);
  return closed ? weft_raise_object(error) : NULL;
}

weft_object *weft_generator_delegate(weft_object *iterator, weft_object *sent) {
  if (!weft__given("weft_generator_delegate", iterator)) return NULL;
  bool is_generator = weft_generator_check(iterator);
  if (sent && is_generator) return weft_generator_send(iterator, sent);
  if (sent == WEFT_NONE) return weft_next(iterator);
  if (sent) return weft_raise(&weft_TypeError, "cannot send a value to a '%s' object", iterator->type->spec.name);
  if (!weft_error_borrow())
    return weft_raise(&weft_TypeError, "weft_generator_delegate: nothing was sent, and no error is set");
  return is_generator ? delegate_error(iterator) : NULL;
}

/* --- The type --- */

static int generator_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct generator *g = (struct generator *)self;
  int stop = g->result ? visit(g->result, arg) : 0;
  for (size_t i = 0; i < g->cells && !stop; i++)
    if (g->cell[i]) stop = visit(g->cell[i], arg);
  return stop ? stop : visit(g->name, arg);
}

/* Its cleanup has run, or is not to run; what is executing cannot be garbage. */
static int generator_clear(weft_object *self) {
  struct generator *g = (struct generator *)self;
  /* order: acquire [phase]: sees the result. */
  uint32_t was = weft__load_acquire(&g->phase);
  if (was != FINISHED) was = claim(g);
  if (was == FRESH || was == SUSPENDED)
    finish(g);
  else if (was == FINISHED)
    weft_clear(&g->result);
  return 0;
}

/* One that dies by its last reference has no owner any more who would have to be asked (weft__count_begin_dying). Not
 * limited in depth: deaths are, and what is to be given back must be. */
static void generator_finalize(weft_object *self) {
  struct generator *g = (struct generator *)self;
  /* order: relaxed: close_it looks again. */
  if (weft__load_relaxed(&g->phase) != SUSPENDED) return;
  weft__self()->recursion_depth++;
  weft_xdecref(close_it(g));
  weft__recursion_leave();
}

static void generator_dealloc(weft_object *self) {
  struct generator *g = (struct generator *)self;
  weft_clear(&g->result);
  for (size_t i = 0; i < g->cells; i++) weft_clear(&g->cell[i]);
  weft_decref(g->name);
  weft__heap_free(self, block_size(g->cells, g->size));
}

static weft_object *generator_repr(weft_object *self) {
  const char *name = weft_str_utf8(((struct generator *)self)->name, NULL);
  return weft_str_format("<generator object %s at %p>", name, (void *)self);
}

static size_t generator_size_of(weft_object *self) {
  struct generator *g = (struct generator *)self;
  return block_size(g->cells, g->size);
}

const weft_type weft_generator_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "generator",
             .base = &weft_object_type,
             .basic_size = sizeof(struct generator),
             .item_size = sizeof(weft_object *),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = generator_traverse,
             .clear = generator_clear,
             .finalize = generator_finalize,
             .dealloc = generator_dealloc,
             .repr = generator_repr,
             .hash = weft__hash_identity,
             .next = generator_next,
             .size_of = generator_size_of},
    .marks_offset = offsetof(struct generator, finalized),
    .guarded = true,
    .weak = true,
};
