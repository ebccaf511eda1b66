/* SPDX-License-Identifier: MIT */
/*
 * Garbage of threads that come and go. Each life of a thread makes rings of all kinds of containers that hold tokens,
 * ties some of them to what it finds in common places, so that rings go through several threads, leaves some there, and
 * drops them; objects with finalizers come back to life at times, or make cycles and start collections themselves. It
 * collects, looks at what it has in brackets, waits in critical sections, detached or for the world to stop, and ends,
 * at times attached. Some containers are of types of their own, which are released at once and hold a token, too. What
 * somebody can reach is whole; and at the end, when nothing is referred to any more, every token that was born has
 * died, once.
 */
#include "stress.h"

enum { LIVES = 4, PLACES = 8, POCKETS = 6, LONGEST = 7 };
enum { NEXT, HELD, SLOTS }; /* of nodes */

static weft_object *places[PLACES]; /* atomic; each holds a reference, or NULL */
static weft_object *common;         /* a dict: int -> container */
static weft_object *numbers[PLACES];
static const weft_type *node_type, *finalized_type, *instance_type;
static weft_object *name_next, *name_held, *name_of_type;
static void finalize(weft_object *self);

static weft_object *exchange(size_t place, weft_object *o_steal) {
  return weft__exchange_acq_rel(&places[place], o_steal);
}

/* --- Containers: each has a next one and holds a token --- */

/* Of a type that nothing keeps but its instances. */
static weft_object *mortal(chance *c) {
  weft_type_spec spec = {.name = "mortal", .flags = WEFT_TYPE_DICT, .finalize = pick(c, 4) ? NULL : finalize};
  const weft_type *type = weft_type_new(&spec);
  weft_auto weft_object *held = token_new();
  REQUIRE(type && weft_type_set(type, name_of_type, held) == 0);
  weft_object *o = weft_instance_new(type);
  REQUIRE(weft_type_release(type) == 0);
  return o;
}
static bool is_mortal(const weft_object *o) { return o->type->released; }
static bool has_attributes(const weft_object *o) { return o->type == instance_type || is_mortal(o); }

static weft_object *container(chance *c, const weft_object *another) {
  if (another && is_mortal(another) && pick(c, 2)) return weft_instance_new(another->type);
  if (pick(c, 100) == 0) return mortal(c);
  switch (pick(c, 8)) {
    case 0: return weft_instance_new(node_type);
    case 1: return weft_instance_new(instance_type);
    case 2: return pick(c, 4) ? weft_dict_new() : weft_instance_new(finalized_type);
    case 3: return weft_cell_new(NULL);
    default: return weft_list_new();
  }
}

static void set_pair(weft_object *o, weft_object *next, weft_object *held) {
  if (weft_list_check(o)) {
    REQUIRE(weft_list_append(o, next) == 0 && weft_list_append(o, held) == 0);
  } else if (o->type == &weft_dict_type) {
    REQUIRE(weft_dict_set(o, name_next, next) == 0 && weft_dict_set(o, name_held, held) == 0);
  } else if (o->type == &weft_cell_type) {
    weft_auto weft_object *both = weft_tuple_pack(2, next, held);
    REQUIRE(weft_cell_set(o, both) == 0);
  } else if (has_attributes(o)) {
    REQUIRE(weft_setattr(o, name_next, next) == 0 && weft_setattr(o, name_held, held) == 0);
  } else {
    REQUIRE(weft_slot_set(o, NEXT, next) == 0 && weft_slot_set(o, HELD, held) == 0);
  }
}

/* New references, or NULL where somebody is just tying it. */
static void get_pair(weft_object *o, weft_object **next, weft_object **held) {
  if (weft_list_check(o)) {
    *next = weft_list_get(o, 0);
    *held = weft_list_get(o, 1);
  } else if (o->type == &weft_dict_type) {
    *next = weft_dict_get(o, name_next);
    *held = weft_dict_get(o, name_held);
  } else if (o->type == &weft_cell_type) {
    weft_auto weft_object *both = weft_cell_get(o);
    *next = both ? weft_tuple_get(both, 0) : NULL;
    *held = both ? weft_tuple_get(both, 1) : NULL;
  } else if (has_attributes(o)) {
    *next = weft_getattr(o, name_next);
    *held = weft_getattr(o, name_held);
  } else {
    *next = weft_slot_get(o, NEXT);
    *held = weft_slot_get(o, HELD);
  }
  weft_error_clear();
}

/* Goes along some way: what is reached from a live object is alive. */
static void walk(chance *c, weft_object *start) {
  weft_object *at = weft_new_ref(start);
  for (size_t n = pick(c, 2 * LONGEST); at && n > 0; n--) {
    weft_object *next, *held;
    get_pair(at, &next, &held);
    if (held && held->type == token_type) token_check(held);
    weft_auto weft_object *of_type = is_mortal(at) ? weft_getattr(at, name_of_type) : NULL;
    REQUIRE(!is_mortal(at) || (of_type && of_type->type == token_type));
    if (of_type) token_check(of_type);
    weft_xdecref(held);
    weft_decref(at);
    at = next;
  }
  weft_xdecref(at);
}

/* A ring, one of whose containers is returned; `into`, maybe NULL, is in it. */
static weft_object *ring(chance *c, weft_object *into) {
  weft_object *all[LONGEST];
  size_t n = 1 + pick(c, LONGEST);
  for (size_t i = 0; i < n; i++) REQUIRE((all[i] = container(c, i ? all[i - 1] : into)));
  for (size_t i = 0; i < n; i++) {
    weft_auto weft_object *held = token_new();
    set_pair(all[i], i + 1 < n ? all[i + 1] : into ? into : all[0], held);
  }
  if (into && weft_list_check(into) && weft_list_length(into) < LONGEST) REQUIRE(weft_list_append(into, all[0]) == 0);
  for (size_t i = 1; i < n; i++) weft_decref(all[i]);
  add_work(n);
  return all[0];
}

/* --- Finalizers --- */

static void finalize(weft_object *self) {
  static uint64_t calls;
  chance c = {weft__add_relaxed(&calls, UINT64_C(1)) * 0x9E3779B97F4A7C15u + 1};
  weft_object *next, *held;
  get_pair(self, &next, &held);
  if (held && held->type == token_type) token_check(held);
  switch (pick(&c, 8)) {
    case 0:
      if (!is_over()) weft_xdecref(exchange(pick(&c, PLACES), weft_new_ref(self)));
      break;
    case 1: weft_decref(ring(&c, NULL)); break;
    case 2: weft_gc_collect((int)pick(&c, 3)); break;
    case 3: weft_raise(&weft_RuntimeError, "a finalizer fails"); break;
    case 4:
      WEFT_BEGIN_ALLOW_THREADS
      sched_yield();
      WEFT_END_ALLOW_THREADS
      break;
    default: break;
  }
  weft_xdecref(next);
  weft_xdecref(held);
}
static void ignore_unraisable(weft_object *error, weft_object *where) { (void)error, (void)where; }

/* --- A life --- */

static void look_at_common(chance *c) {
  weft_read_begin();
  weft_object *o = weft_dict_peek(common, numbers[pick(c, PLACES)]);
  weft_error_clear();
  weft_object *item = o && weft_list_check(o) ? weft_list_peek(o, 1) : NULL;
  weft_error_clear();
  if (pick(c, 4) == 0) weft_poll();
  if (item && item->type == token_type) token_check(item);
  weft_read_end();
}

static void in_a_section(chance *c, weft_object *o) {
  if (weft_critical_begin_two(common, o) != 0) abort();
  REQUIRE(weft_dict_set(common, numbers[pick(c, PLACES)], o) == 0);
  if (pick(c, 4) == 0) weft_gc_collect((int)pick(c, 2));
  weft_critical_end();
}

static void step(chance *c, weft_object **pockets) {
  weft_object **pocket = &pockets[pick(c, POCKETS)], *found;
  switch (pick(c, 16)) {
    case 0:
      found = exchange(pick(c, PLACES), *pocket);
      *pocket = found;
      break;
    case 1:
      if (*pocket) REQUIRE(weft_dict_set(common, numbers[pick(c, PLACES)], *pocket) == 0);
      break;
    case 2:
      weft_clear(pocket);
      *pocket = weft_dict_get(common, numbers[pick(c, PLACES)]);
      weft_error_clear();
      break;
    case 3: look_at_common(c); break;
    case 4:
      if (*pocket && pick(c, 4) == 0) in_a_section(c, *pocket);
      break;
    case 5:
      if (pick(c, 8) == 0) weft_gc_collect((int)pick(c, 3));
      break;
    case 6:
      if (pick(c, 16) == 0) {
        weft_stop_the_world();
        weft_start_the_world();
      }
      break;
    case 7:
      weft_detach();
      if (pick(c, 32) == 0) breathe();
      weft_reattach();
      break;
    case 8:
    case 9:
      if (*pocket) walk(c, *pocket);
      break;
    case 10: {
      weft_object *tied = ring(c, *pocket);
      weft_xdecref(*pocket);
      *pocket = tied;
      break;
    }
    default: weft_decref(ring(c, NULL)); break;
  }
}

static void *live(void *seed) {
  chance c = chance_of((size_t)(uintptr_t)seed);
  weft_object *pockets[POCKETS] = {0};
  REQUIRE(weft_attach());
  for (size_t steps = 200 + pick(&c, 3000); steps > 0 && !is_over(); steps--) step(&c, pockets);
  for (size_t i = 0; i < POCKETS; i++) weft_xdecref(pockets[i]);
  weft_detach();
  return NULL;
}

static void *live_again_and_again(void *self) {
  one_after_another(live, (uintptr_t)self, LIVES);
  return NULL;
}

int main(int argc, char **argv) {
  static const char *const slots[] = {"next", "held", NULL};
  stress_begin(argc, argv);
  tokens_init();
  node_type = weft_type_new(&(weft_type_spec){.name = "node", .slot_names = slots});
  finalized_type = weft_type_new(&(weft_type_spec){.name = "finalized", .slot_names = slots, .finalize = finalize});
  instance_type = weft_type_new(&(weft_type_spec){.name = "instance", .flags = WEFT_TYPE_DICT});
  name_next = weft_str_intern("next");
  name_held = weft_str_intern("held");
  name_of_type = weft_str_intern("of_type");
  common = weft_dict_new();
  REQUIRE(node_type && finalized_type && instance_type && name_next && name_held && name_of_type && common);
  for (size_t i = 0; i < PLACES; i++) REQUIRE((numbers[i] = weft_int_new((int64_t)i)));
  weft_set_unraisable_hook(ignore_unraisable);
  weft_gc_set_threshold((uint32_t[]){30, 3, 3});
  team all = {0};
  for (size_t i = 0; i < LIVES; i++) team_add(&all, live_again_and_again);
  wait_for_the_end();
  team_join(&all);
  weft_decref(common);
  for (size_t i = 0; i < PLACES; i++) weft_xdecref(exchange(i, NULL));
  weft_synchronize();
  weft_poll();
  while (weft_gc_collect(2) > 0) weft_synchronize(), weft_poll();
  tokens_require_all_dead();
  return stress_end("gc", "containers made");
}
