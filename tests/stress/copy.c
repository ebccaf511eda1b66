/* SPDX-License-Identifier: MIT */
/*
 * Copies of what other threads are changing: every container in a copy is as it was at one moment.
 *
 * A few containers, all in one list, are changed by all threads so that each of them always has some property. The list
 * of numbers is replaced as a whole: its numbers are all the same. The keys of the dicts and the members of the set
 * come and go like in a queue, one thread at a time per container in a critical section: they follow each other. Each
 * value of a dict is a list of its key and an object with a hook. All threads copy the whole, or parts, shallow and
 * deep, by a memo or without one, and look at the copies.
 *
 * Objects with the hook are counted: at the end all that were born have died.
 */
#include "stress.h"

enum { THREADS = 3, NUMBERS = 40, MOST_KEYS = 12, STEPS = 60 };

struct numbered {
  token token;
  int64_t number;
};
static const weft_type *numbered_type, *instance_type;

static weft_object *numbered_new(int64_t number) {
  struct numbered *n = (struct numbered *)weft_object_new(numbered_type, 0);
  REQUIRE(n);
  n->token.check = TOKEN_ALIVE;
  n->number = number;
  weft__add_relaxed(&tokens_born, 1);
  return &n->token.header;
}
static int64_t number_of(weft_object *o) {
  REQUIRE(o->type == numbered_type);
  token_check(o);
  return ((struct numbered *)o)->number;
}
static weft_object *numbered_deepcopy(weft_object *self, weft_object *memo) {
  (void)memo;
  weft_poll();
  return numbered_new(number_of(self));
}

static struct { weft_object *all, *numbers, *queue, *ordered, *set, *instance, *name; } play;

static weft_object *new_int(int64_t n) {
  weft_object *o = weft_int_new(n);
  REQUIRE(o);
  return o;
}

/* --- Changes --- */

static void renumber(chance *c) {
  weft_object *one = new_int((int64_t)pick(c, 100000)), *list = weft_list_of(1, &one);
  weft_object *many = weft_list_repeat(list, (int64_t)pick(c, NUMBERS));
  REQUIRE(many && weft_list_set_slice(play.numbers, 0, INT64_MAX, many) == 0);
  weft_object *const made[] = {one, list, many};
  for (int i = 0; i < 3; i++) weft_decref(made[i]);
}

static weft_object *value_of_key(weft_object *key) {
  weft_object *object = numbered_new(weft_int_value(key)), *value = weft_list_of(2, (weft_object *[]){key, object});
  REQUIRE(value);
  weft_decref(object);
  return value;
}

static int64_t ends[3]; /* of the queues: what comes next; in their sections */

static void change_queue(chance *c, weft_object *queue, int64_t *end) {
  REQUIRE(weft_critical_begin(queue) == 0);
  if (weft_dict_length(queue) > (int64_t)pick(c, MOST_KEYS)) {
    weft_object *pair = weft_dict_pop_first(queue);
    REQUIRE(pair);
    weft_decref(pair);
  } else {
    weft_object *key = new_int((*end)++), *value = value_of_key(key);
    REQUIRE(weft_dict_set(queue, key, value) == 0);
    weft_decref(key);
    weft_decref(value);
  }
  weft_critical_end();
}

static void change_set(chance *c) {
  REQUIRE(weft_critical_begin(play.set) == 0);
  int64_t size = weft_set_length(play.set);
  bool add = size <= (int64_t)pick(c, MOST_KEYS);
  weft_object *key = new_int(add ? ends[2]++ : ends[2] - size);
  REQUIRE(add ? weft_set_add(play.set, key) == 0 : weft_set_discard(play.set, key) == 1);
  weft_decref(key);
  weft_critical_end();
}

static void change_instance(chance *c) {
  char name[4] = {'a', (char)('a' + pick(c, 6)), 0};
  weft_object *value = numbered_new(name[1]);
  REQUIRE(weft_setattr_text(play.instance, name, value) == 0);
  weft_decref(value);
}

static void change(chance *c) {
  switch (pick(c, 5)) {
    case 0: renumber(c); break;
    case 1: change_queue(c, play.queue, &ends[0]); break;
    case 2: change_queue(c, play.ordered, &ends[1]); break;
    case 3: change_set(c); break;
    default: change_instance(c);
  }
}

/* --- Copies --- */

static void check_numbers(weft_object *list) {
  for (int64_t i = 1; i < weft_list_length(list); i++) {
    weft_object *a = weft_list_get(list, 0), *b = weft_list_get(list, i);
    REQUIRE(a == b); /* ints are their own copies */
    weft_decref(a);
    weft_decref(b);
  }
}

static void check_queue(weft_object *dict, bool deep) {
  weft_object *pairs = weft_dict_items(dict);
  int64_t before = -1;
  for (int64_t i = 0; i < weft_list_length(pairs); i++) {
    weft_object *pair = weft_list_get(pairs, i), *value = weft_tuple_get_borrow(pair, 1);
    int64_t key = weft_int_value(weft_tuple_get_borrow(pair, 0));
    REQUIRE(i == 0 || key == before + 1);
    before = key;
    weft_object *first = weft_list_get(value, 0), *second = weft_list_get(value, 1);
    REQUIRE(weft_int_value(first) == key && number_of(second) == key);
    REQUIRE(!deep || (weft_refcount(second) == 2 && weft_list_length(value) == 2)); /* of the list, and ours */
    weft_decref(first);
    weft_decref(second);
    weft_decref(pair);
  }
  weft_decref(pairs);
}

static void check_set(weft_object *set) {
  if (weft_set_length(set) == 0) return;
  weft_object *low = weft_min(set), *high = weft_max(set);
  REQUIRE(low && high && weft_int_value(high) - weft_int_value(low) + 1 == weft_set_length(set));
  weft_decref(low);
  weft_decref(high);
}

static void check_instance(weft_object *o) {
  REQUIRE(o->type == instance_type);
  for (char second = 'a'; second < 'a' + 6; second++) {
    weft_object *value = weft_getattr_text(o, (char[]){'a', second, 0});
    if (!value) weft_error_clear();
    REQUIRE(!value || number_of(value) == second);
    weft_xdecref(value);
  }
}

static void check_all(weft_object *all) {
  weft_object *part[5];
  for (int i = 0; i < 5; i++) REQUIRE(part[i] = weft_list_get(all, i));
  check_numbers(part[0]);
  check_queue(part[1], true);
  check_queue(part[2], true);
  check_set(part[3]);
  check_instance(part[4]);
  for (int i = 0; i < 5; i++) weft_decref(part[i]);
}

static void copy_something(chance *c) {
  weft_object *copy = NULL, *memo = NULL;
  switch (pick(c, 8)) {
    case 0: check_numbers(copy = weft_copy(play.numbers)); break;
    case 1: check_queue(copy = weft_copy(play.queue), false); break;
    case 2: check_queue(copy = weft_copy(play.ordered), false); break;
    case 3: check_set(copy = weft_copy(play.set)); break;
    case 4: check_instance(copy = weft_copy(play.instance)); break;
    case 5: check_queue(copy = weft_deepcopy(play.ordered, NULL), true); break;
    case 6:
      REQUIRE(memo = pick(c, 2) ? weft_memo_new() : weft_dict_new());
      copy = weft_deepcopy(play.all, memo);
      REQUIRE(copy && weft_length(memo) > 5);
      weft_decref(memo);
      check_all(copy);
      break;
    default: check_all(copy = weft_deepcopy(play.all, NULL));
  }
  weft_decref(copy);
}

/* --- Rounds: new containers, which one thread has made and the others see for the first time --- */

static void make_round(chance *c, uint64_t round) {
  (void)c;
  (void)round;
  play.numbers = weft_list_new();
  play.queue = weft_dict_new();
  play.ordered = weft_ordered_dict_new();
  play.set = weft_set_new();
  play.instance = weft_instance_new(instance_type);
  play.all = weft_list_of(5, (weft_object *[]){play.numbers, play.queue, play.ordered, play.set, play.instance});
  REQUIRE(play.all);
  for (int i = 0; i < 3; i++) ends[i] = 0;
}

static void end_round(void) {
  weft_object **const all[] = {&play.all, &play.numbers, &play.queue, &play.ordered, &play.set, &play.instance};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weft_clear(all[i]);
}

static void take_part(chance *c, size_t self) {
  (void)self;
  for (size_t i = 0; i < STEPS; i++) {
    if (pick(c, 3))
      change(c);
    else
      copy_something(c);
    REQUIRE(!weft_error_borrow());
  }
}

static void *work(void *arg) {
  play_rounds(&(struct rounds){THREADS, make_round, take_part, end_round}, (size_t)(uintptr_t)arg);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  numbered_type = weft_type_new(&(weft_type_spec){.name = "numbered",
                                                  .basic_size = sizeof(struct numbered),
                                                  .dealloc = token_dealloc,
                                                  .deepcopy = numbered_deepcopy});
  instance_type = weft_type_new(&(weft_type_spec){.name = "instance", .flags = WEFT_TYPE_DICT});
  REQUIRE(numbered_type && instance_type);
  team workers = {.size = 0};
  for (size_t i = 0; i < THREADS; i++) team_add(&workers, work);
  wait_for_the_end();
  team_join(&workers);
  tokens_require_all_dead();
  return stress_end("copy", "rounds");
}
