/* SPDX-License-Identifier: MIT */
/*
 * Containers between threads that come and go. Each life of a thread makes lists, cells, instances and iterators that
 * hold tokens, leaves them where others find them, with hand-over or without, uses what it finds, looks into it in
 * brackets, and drops it; it detaches, stops the world, waits for grace periods; and ends, at times attached or in a
 * bracket, with containers of its own still in others' hands. What a bracket sees is alive; at the end every token that
 * was born has died, once.
 */
#include "stress.h"

enum { LIVES = 4, PLACES = 12, POCKETS = 12, MANY = 300, LONGEST = 40 };

static weft_object *places[PLACES]; /* atomic; each holds a reference, or NULL */
static weft_object *common;         /* a list of containers, in everybody's hands */
static const weft_type *pair_type;  /* with two slots */

static weft_object *exchange(size_t place, weft_object *o_steal) {
  return weft__exchange_acq_rel(&places[place], o_steal);
}

static void check(weft_object *o) {
  if (o && o->type == token_type) token_check(o);
}
static void check_and_drop(weft_object *o) {
  check(o);
  weft_xdecref(o);
}
/* What is not there, or not there any more, is an error of these kinds. */
static void forget_absence(void) {
  REQUIRE(!weft_error_borrow() || weft_error_is(&weft_IndexError) || weft_error_is(&weft_AttributeError) ||
          weft_error_is(&weft_ValueError));
  weft_error_clear();
}

/* --- Making --- */

static weft_object *list_of_tokens(chance *c) {
  weft_object *list = weft_list_new();
  for (size_t n = pick(c, 4) + 1; n > 0; n--) {
    weft_auto weft_object *fresh = token_new();
    REQUIRE(weft_list_append(list, fresh) == 0);
  }
  return list;
}

/* Many small lists, so that whoever takes them over asks for pages of them. */
static weft_object *list_of_lists(void) {
  weft_object *list = weft_list_new();
  for (int i = 0; i < MANY; i++) {
    weft_auto weft_object *fresh = token_new();
    weft_auto weft_object *small = weft_list_of(1, &fresh);
    REQUIRE(small && weft_list_append(list, small) == 0);
  }
  return list;
}

static weft_object *container(chance *c) {
  weft_auto weft_object *fresh = token_new();
  weft_object *o;
  switch (pick(c, 8)) {
    case 0: o = weft_cell_new(fresh); break;
    case 1:
      o = weft_instance_new(pair_type);
      REQUIRE(weft_slot_set(o, pick(c, 2), fresh) == 0);
      break;
    case 2: {
      weft_auto weft_object *list = list_of_tokens(c);
      o = weft_iter(list);
      break;
    }
    default: o = list_of_tokens(c);
  }
  REQUIRE(o);
  return o;
}

/* --- Using --- */

static void use_list(chance *c, weft_object *list) {
  weft_auto weft_object *fresh = token_new();
  int64_t length = weft_list_length(list), at = length > 0 ? (int64_t)pick(c, (size_t)length) : 0;
  switch (length > LONGEST ? 8 : pick(c, 9)) {
    case 0: check_and_drop(weft_list_get(list, at)); break;
    case 1: REQUIRE(weft_list_append(list, fresh) == 0); break;
    case 2: check_and_drop(weft_list_pop(list, -1)); break;
    case 3: check_and_drop(weft_list_pop(list, at)); break;
    case 4: weft_list_set(list, at, fresh); break;
    case 5: REQUIRE(weft_list_insert(list, at, fresh) == 0); break;
    case 6: {
      weft_auto weft_object *iterator = weft_iter(list);
      for (weft_object *item; (item = weft_next(iterator));) check_and_drop(item);
      break;
    }
    case 7: check_and_drop(weft_list_slice(list, at, length)); break;
    default: REQUIRE(weft_list_set_slice(list, at, INT64_MAX, NULL) == 0); break;
  }
  forget_absence();
}

static void use(chance *c, weft_object *o) {
  weft_auto weft_object *fresh = token_new();
  bool changes = pick(c, 2);
  if (weft_list_check(o)) {
    use_list(c, o);
  } else if (o->type == &weft_cell_type) {
    if (changes)
      REQUIRE(weft_cell_set(o, fresh) == 0);
    else
      check_and_drop(weft_cell_get(o));
  } else if (o->type == pair_type) {
    if (changes)
      REQUIRE(weft_slot_set(o, pick(c, 2), pick(c, 4) ? fresh : NULL) == 0);
    else
      check_and_drop(weft_slot_get(o, pick(c, 2)));
  } else {
    check_and_drop(weft_next(o));
  }
  forget_absence();
}

/* What was seen at the beginning of a bracket is there at the end, whatever happens meanwhile: also to the list, to
 * which the caller has a reference, or which it has got in the bracket. */
static void look_into(chance *c, weft_object *list) {
  enum { LOOKS = 8 };
  weft_object *seen[LOOKS];
  size_t n = 0;
  weft_read_begin();
  for (; n < LOOKS && (seen[n] = weft_list_peek(list, (int64_t)n)); n++) {
    if (!weft_list_check(seen[n])) continue;
    weft_object *inner = weft_list_peek(seen[n], 0);
    if (inner) seen[n] = inner;
  }
  forget_absence();
  switch (pick(c, 6)) {
    case 0:
      weft_detach();
      if (pick(c, 4) == 0) breathe();
      weft_reattach();
      break;
    case 1: weft_poll(); break;
    case 2: use_list(c, list); break;
    case 3:
      weft_read_begin();
      use_list(c, list);
      weft_read_end();
      break;
    default: break;
  }
  for (size_t i = 0; i < n; i++) check(seen[i]);
  weft_read_end();
}

static void use_all(chance *c, weft_object *list) {
  int64_t n = weft_list_length(list);
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *item = weft_list_get(list, i);
    forget_absence();
    if (item && item->type != token_type) use(c, item);
  }
}

static void change_common(chance *c, weft_object *o) {
  size_t at = pick(c, PLACES);
  if (o && pick(c, 2)) {
    weft_list_set(common, (int64_t)at, o);
    forget_absence();
    return;
  }
  weft_auto weft_object *found = weft_list_get(common, (int64_t)at);
  if (found && found->type != token_type) use(c, found);
  forget_absence();
}

/* --- A life --- */

static void give(chance *c, weft_object **pocket) {
  if (*pocket && pick(c, 2)) weft_disown(*pocket);
  weft_object *found = exchange(pick(c, PLACES), *pocket);
  if (found && pick(c, 2)) weft_own(found);
  *pocket = found;
}

static void interrupt(chance *c) {
  switch (pick(c, 16)) {
    case 0:
      weft_stop_the_world();
      change_common(c, NULL);
      weft_start_the_world();
      break;
    case 1: weft_synchronize(); break;
    case 2:
      WEFT_BEGIN_ALLOW_THREADS
      breathe();
      WEFT_END_ALLOW_THREADS
      break;
    default: weft_detach(); weft_reattach();
  }
}

static void step(chance *c, weft_object **pockets) {
  weft_object **pocket = &pockets[pick(c, POCKETS)];
  switch (pick(c, 16)) {
    case 0:
    case 1:
    case 2:
      weft_clear(pocket);
      *pocket = container(c);
      break;
    case 3:
    case 4: give(c, pocket); break;
    case 5: weft_clear(pocket); break;
    case 6:
    case 7: change_common(c, *pocket); break;
    case 8: look_into(c, common); break;
    case 9:
      if (pick(c, 8) == 0) {
        weft_clear(pocket);
        *pocket = list_of_lists();
      }
      break;
    case 10:
      if (pick(c, 4) == 0) interrupt(c);
      break;
    default:
      if (!*pocket)
        weft_poll();
      else if (weft_list_check(*pocket) && pick(c, 3) == 0)
        look_into(c, *pocket);
      else if (weft_list_check(*pocket) && pick(c, 8) == 0)
        use_all(c, *pocket);
      else
        use(c, *pocket);
  }
}

static void *live(void *seed) {
  chance c = chance_of((size_t)(uintptr_t)seed);
  weft_object *pockets[POCKETS] = {0};
  REQUIRE(weft_attach());
  uint64_t steps = 0, most = 200 + pick(&c, 3000);
  for (; steps < most && !is_over(); steps++) step(&c, pockets);
  size_t end = pick(&c, 8);
  if (end == 0) weft_read_begin();
  for (size_t i = 0; i < POCKETS; i++) {
    if (end < 4) give(&c, &pockets[i]);
    weft_xdecref(pockets[i]);
  }
  if (end % 2) weft_detach(); /* else its end is found out by the runtime */
  add_work(steps);
  return NULL;
}

static void *live_again_and_again(void *self) {
  one_after_another(live, (uintptr_t)self, LIVES);
  return NULL;
}

static void ignore_warning(const char *message) { REQUIRE(strstr(message, "ended while it was attached")); }

int main(int argc, char **argv) {
  static const char *const names[] = {"x", "y", NULL};
  stress_begin(argc, argv);
  tokens_init();
  weft_set_warning_hook(ignore_warning);
  pair_type = weft_type_new(&(weft_type_spec){.name = "pair", .slot_names = names});
  common = weft_list_new();
  for (int i = 0; i < PLACES; i++) {
    weft_auto weft_object *fresh = token_new();
    REQUIRE(weft_list_append(common, fresh) == 0);
  }
  run_to_the_end(LIVES, live_again_and_again);
  for (size_t i = 0; i < PLACES; i++) weft_xdecref(exchange(i, NULL));
  weft_decref(common);
  tokens_require_all_dead();
  return stress_end("share", "operations");
}
