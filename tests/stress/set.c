/* SPDX-License-Identifier: MIT */
/*
 * Sets that three threads change and read at the same time, every operation beside every other: single keys, changes by
 * many keys, combinations, comparison, iteration, on sets whose keys are ints, tokens and keys that have to be compared
 * by a hook. Threads hand tokens in and take them out; at the end every token that was born has died.
 *
 * And answers that follow from one another: each thread has ints of its own, which nobody else adds or removes, and
 * knows which of them are there. To another set one thread adds 0, 1, 2…: who has seen a key there sees all that came
 * before, and a length that counts them.
 */
#include "stress.h"

enum { THREADS = 3, SETS = 3, OWN = 40, COMMON = 64, MOST = 300000 };

static weft_object *sets[SETS];
static weft_object *keys[COMMON];    /* that all threads use: ints and tokens */
static weft_object *growing;         /* a set of the ints from 0 on */
static weft_object *shared_iterator; /* of sets[0], under iterator_lock */
static weft_mutex iterator_lock;

/* --- Keys that are compared by a hook: equal when their numbers are --- */

static const weft_type *hooked_type;

static uint64_t *number_of(weft_object *o) { return (uint64_t *)(void *)(o + 1); }
static int hooked_hash(weft_object *self, int64_t *hash) {
  *hash = (int64_t)(*number_of(self) / 4);
  return 0;
}
static int hooked_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != hooked_type || b->type != hooked_type || (op != WEFT_EQ && op != WEFT_NE)) return WEFT_NOT_IMPLEMENTED;
  weft_poll();
  return (*number_of(a) == *number_of(b)) == (op == WEFT_EQ);
}
static weft_object *hooked_new(uint64_t number) {
  weft_object *o = weft_object_new(hooked_type, 0);
  REQUIRE(o);
  *number_of(o) = number;
  return o;
}

static weft_object *some_key(chance *c) {
  size_t i = pick(c, COMMON);
  return i % 8 == 7 ? hooked_new(i) : weft_new_ref(keys[i]);
}

/* --- Operations on the common keys --- */

static void drop(weft_object *o) {
  REQUIRE(o);
  weft_decref(o);
}

static void iterate(weft_object *iterator_steal, size_t most) {
  weft_object *iterator = iterator_steal;
  while (most-- > 0) {
    weft_object *key = weft_next(iterator);
    if (!key) break;
    if (key->type == token_type) token_check(key);
    weft_decref(key);
  }
  REQUIRE(!weft_error_borrow() || weft_error_is(&weft_RuntimeError));
  weft_error_clear();
  weft_decref(iterator);
}

static weft_object *iterator_of_all(bool anew) {
  weft_mutex_lock(&iterator_lock);
  weft_object *old = NULL, *made = anew || !shared_iterator ? weft_iter(sets[0]) : NULL;
  if (made) {
    old = shared_iterator;
    shared_iterator = made;
  }
  weft_object *o = weft_new_ref(shared_iterator);
  weft_mutex_unlock(&iterator_lock);
  weft_xdecref(old);
  return o;
}

static void one_key(chance *c, weft_object *set) {
  weft_object *key = some_key(c);
  switch (pick(c, 4)) {
    case 0:
    case 1: REQUIRE(weft_set_add(set, key) == 0); break;
    case 2: REQUIRE(weft_set_discard(set, key) >= 0); break;
    default: REQUIRE(weft_set_contains(set, key) >= 0); break;
  }
  weft_decref(key);
}

static void many_keys(chance *c, weft_object *a, weft_object *b) {
  switch (pick(c, 12)) {
    case 0: REQUIRE(weft_set_update(a, b) == 0); break;
    case 1: drop(weft_set_intersection(a, b)); break;
    case 2: drop(weft_set_union(a, b)); break;
    case 3: drop(weft_set_difference(a, b)); break;
    case 4: drop(weft_set_symmetric_difference(a, b)); break;
    case 5: REQUIRE(weft_compare(a, b, (enum weft_compare_op)pick(c, 6)) >= 0); break;
    case 6: REQUIRE(weft_set_is_disjoint(a, b) >= 0 && weft_set_is_superset(a, b) >= 0); break;
    case 7: drop(weft_repr(a)); break;
    case 8: drop(weft_frozenset_from(a)); break;
    case 9: iterate(weft_iter(a), 1000); break;
    default: iterate(iterator_of_all(pick(c, 8) == 0), 4); break;
  }
}

/* What takes keys out that may be another thread's own: on the last set only, where nobody has any. */
static void change_last(chance *c, weft_object *other) {
  weft_object *set = sets[SETS - 1];
  switch (pick(c, 6)) {
    case 0: REQUIRE(weft_set_clear(set) == 0); break;
    case 1: REQUIRE(weft_set_intersection_update(set, other) == 0); break;
    case 2: REQUIRE(weft_set_difference_update(set, other) == 0); break;
    case 3: REQUIRE(weft_set_symmetric_difference_update(set, other) == 0); break;
    default: {
      weft_object *key = weft_set_pop(set);
      if (!key) REQUIRE(weft_error_is(&weft_KeyError));
      weft_error_clear();
      weft_xdecref(key);
    }
  }
}

/* --- A thread's own keys: it knows what is there --- */

struct own {
  weft_object *key[OWN];
  bool there[SETS][OWN];
};

static void own_key(chance *c, struct own *own, size_t s) {
  size_t i = pick(c, OWN);
  bool *there = &own->there[s][i];
  switch (pick(c, 3)) {
    case 0:
      REQUIRE(weft_set_add(sets[s], own->key[i]) == 0);
      *there = true;
      break;
    case 1:
      REQUIRE(weft_set_discard(sets[s], own->key[i]) == *there);
      *there = false;
      break;
    default: REQUIRE(weft_set_contains(sets[s], own->key[i]) == *there); break;
  }
}

/* A copy, and iteration that is not disturbed, show them exactly. */
static void check_own(const struct own *own, size_t s) {
  weft_object *copy = weft_set_copy(sets[s]);
  REQUIRE(copy);
  int64_t count = 0;
  for (size_t i = 0; i < OWN; i++) {
    REQUIRE(weft_set_contains(copy, own->key[i]) == own->there[s][i]);
    count += own->there[s][i];
  }
  weft_decref(copy);
  REQUIRE(weft_set_length(sets[s]) >= count);
}

/* A token that only this thread has: in, and out. */
static void token_in_and_out(weft_object *set) {
  weft_object *own_token = token_new();
  REQUIRE(weft_set_add(set, own_token) == 0 && weft_set_contains(set, own_token) == 1);
  REQUIRE(weft_set_discard(set, own_token) == 1);
  weft_decref(own_token);
}

/* --- One thread adds 0, 1, 2…, the others look --- */

static void grow_one(void) {
  int64_t n = weft_set_length(growing);
  if (n == MOST) return;
  weft_object *key = weft_int_new(n);
  REQUIRE(weft_set_add(growing, key) == 0);
  weft_decref(key);
}

static bool is_in_growing(int64_t number) {
  weft_object *key = weft_int_new(number);
  int found = weft_set_contains(growing, key);
  weft_decref(key);
  REQUIRE(found >= 0);
  return found;
}

static void look_at_growing(chance *c) {
  int64_t n = weft_set_length(growing);
  if (n) REQUIRE(is_in_growing(n - 1) && is_in_growing((int64_t)pick(c, (size_t)n)));
  int64_t next = n;
  while (next < n + 10 && is_in_growing(next)) next++;
  REQUIRE(weft_set_length(growing) >= next);
}

static void *work(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  chance c = chance_of(self);
  uint64_t steps = 0;
  struct own own = {0};
  REQUIRE(weft_attach());
  for (size_t i = 0; i < OWN; i++) REQUIRE(own.key[i] = weft_int_new((int64_t)(1000000 * (self + 1) + i)));
  for (; !is_over(); steps++) {
    size_t s = pick(&c, SETS - 1), what = pick(&c, 64);
    if (self == 0)
      grow_one();
    else if (what < 8)
      look_at_growing(&c);
    if (what < 24)
      own_key(&c, &own, s);
    else if (what < 50)
      one_key(&c, sets[pick(&c, SETS)]);
    else if (what < 56)
      change_last(&c, sets[s]);
    else if (what < 57)
      check_own(&own, s);
    else if (what < 60)
      many_keys(&c, sets[pick(&c, 2) ? s : SETS - 1], sets[s]);
    else
      token_in_and_out(sets[s]);
  }
  for (size_t i = 0; i < OWN; i++) weft_decref(own.key[i]);
  weft_detach();
  add_work(steps);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  hooked_type = weft_type_new(
      &(weft_type_spec){.name = "hooked", .basic_size = 24, .hash = hooked_hash, .compare = hooked_compare});
  for (size_t i = 0; i < COMMON; i++) REQUIRE(keys[i] = i % 2 ? token_new() : weft_int_new((int64_t)(i * 1000)));
  for (size_t i = 0; i < SETS; i++) REQUIRE(sets[i] = weft_set_new());
  REQUIRE(growing = weft_set_new());
  run_to_the_end(THREADS, work);
  for (size_t i = 0; i < COMMON; i++) weft_decref(keys[i]);
  for (size_t i = 0; i < SETS; i++) weft_decref(sets[i]);
  weft_decref(growing);
  weft_xdecref(shared_iterator);
  tokens_require_all_dead();
  return stress_end("set", "operations");
}
