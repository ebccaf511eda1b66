/* SPDX-License-Identifier: MIT */
/*
 * Critical sections on one and two objects, nested, with everything in them that suspends them: contended operations,
 * detaching, first touches of other threads' containers; beside stops of the world and threads that end. Each object
 * has a plain counter that only sections on it change, so that ThreadSanitizer looks at them, too; and moving items
 * between two containers in one section never lets anybody in a section see one of them in between.
 */
#include "stress.h"

enum { THREADS = 5, OBJECTS = 6, ITEMS = 4 };

static weft_object *objects[OBJECTS]; /* lists, then others */
enum { LISTS = 4 };
static uint64_t counters[OBJECTS];         /* each under a section on its object */
static uint64_t entered[THREADS][OBJECTS]; /* the same, counted by the threads */
static weft_object *fresh[THREADS];        /* a list that its thread has just made; under `fresh_lock` */
static weft_mutex fresh_lock;

static void begin(weft_object *o) { REQUIRE(weft_critical_begin(o) == 0); }

static void count(size_t self, size_t i) {
  counters[i]++;
  entered[self][i]++;
}

static void may_be_suspended(chance *c) {
  switch (pick(c, 8)) {
    case 0:
      WEFT_BEGIN_ALLOW_THREADS
      WEFT_END_ALLOW_THREADS
      break;
    case 1: REQUIRE(weft_list_length(objects[pick(c, LISTS)]) >= 0); break;
    case 2: {
      weft_mutex_lock(&fresh_lock);
      weft_object *other = fresh[pick(c, THREADS)];
      if (other) weft_incref(other);
      weft_mutex_unlock(&fresh_lock);
      if (other) REQUIRE(weft_list_append(other, WEFT_NONE) == 0);
      weft_xdecref(other);
      break;
    }
    default: weft_poll();
  }
}

/* One object: what is read stays as it is, as long as nothing suspends. */
static void alone(size_t self, chance *c) {
  size_t i = pick(c, OBJECTS);
  begin(objects[i]);
  count(self, i);
  if (i < LISTS) {
    int64_t length = weft_list_length(objects[i]);
    for (int n = 0; n < 3; n++) weft_poll();
    REQUIRE(weft_list_length(objects[i]) == length);
  }
  may_be_suspended(c);
  count(self, i);
  weft_critical_end();
}

/* Two lists: what one loses, the other gets. */
static void move(size_t self, chance *c) {
  size_t i = pick(c, LISTS), k = pick(c, LISTS);
  REQUIRE(weft_critical_begin_two(objects[i], objects[k]) == 0);
  int64_t both = weft_list_length(objects[i]) + weft_list_length(objects[k]);
  count(self, i);
  if (i != k) count(self, k);
  weft_object *item = weft_list_length(objects[i]) ? weft_list_pop(objects[i], -1) : NULL;
  weft_poll();
  if (item) REQUIRE(weft_list_append(objects[k], item) == 0);
  weft_xdecref(item);
  REQUIRE(weft_list_length(objects[i]) + weft_list_length(objects[k]) == both);
  weft_critical_end();
}

static void nest(size_t self, chance *c) {
  size_t i = pick(c, OBJECTS), k = pick(c, OBJECTS);
  begin(objects[i]);
  count(self, i);
  begin(objects[k]);
  count(self, k);
  may_be_suspended(c);
  count(self, k);
  weft_critical_end();
  count(self, i);
  weft_critical_end();
}

/* A list of the thread's own, in a section while others come and touch it. */
static void be_visited(size_t self, chance *c) {
  weft_object *list = weft_list_new();
  REQUIRE(list);
  begin(list);
  weft_mutex_lock(&fresh_lock);
  weft_object *old = fresh[self];
  fresh[self] = weft_new_ref(list);
  weft_mutex_unlock(&fresh_lock);
  weft_xdecref(old);
  int64_t length = weft_list_length(list);
  for (size_t n = pick(c, 20); n > 0; n--) weft_poll();
  REQUIRE(weft_list_length(list) == length);
  weft_critical_end();
  weft_decref(list);
}

static void *worker(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  chance c = chance_of(self);
  while (!is_over()) {
    REQUIRE(weft_attach());
    for (size_t n = pick(&c, 200); n > 0 && !is_over(); n--) {
      switch (pick(&c, 4)) {
        case 0: alone(self, &c); break;
        case 1: move(self, &c); break;
        case 2: nest(self, &c); break;
        default: be_visited(self, &c);
      }
      add_work(1);
    }
    weft_detach();
  }
  return NULL;
}

static void *stopper(void *arg) {
  (void)arg;
  REQUIRE(weft_attach());
  while (!is_over()) {
    weft_stop_the_world();
    int64_t items = 0;
    for (size_t i = 0; i < LISTS; i++) {
      begin(objects[i]);
      items += weft_list_length(objects[i]);
      weft_critical_end();
    }
    /* A mover that is stopped may have one item in its hands. */
    REQUIRE(items <= LISTS * ITEMS && items >= LISTS * ITEMS - THREADS);
    weft_start_the_world();
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    WEFT_END_ALLOW_THREADS
  }
  weft_detach();
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  REQUIRE(weft_set_switch_interval_us(200) == 0);
  weft_object *items[ITEMS] = {WEFT_NONE, WEFT_TRUE, WEFT_FALSE, WEFT_NONE};
  for (size_t i = 0; i < LISTS; i++) objects[i] = weft_list_of(ITEMS, items);
  objects[LISTS] = weft_tuple_new(ITEMS, items);
  objects[LISTS + 1] = weft_dict_new();
  for (size_t i = 0; i < OBJECTS; i++) REQUIRE(objects[i]);
  team all = {.size = 0};
  for (int i = 0; i < THREADS; i++) team_add(&all, worker);
  team_add(&all, stopper);
  wait_for_the_end();
  team_join(&all);
  int64_t left = 0;
  for (size_t i = 0; i < OBJECTS; i++) {
    uint64_t counted = 0;
    for (size_t t = 0; t < THREADS; t++) counted += entered[t][i];
    REQUIRE(counted == counters[i] && counted > 0);
    if (i < LISTS) left += weft_list_length(objects[i]);
    weft_decref(objects[i]);
  }
  REQUIRE(left == LISTS * ITEMS);
  for (size_t t = 0; t < THREADS; t++) weft_xdecref(fresh[t]);
  return stress_end("critical_section", "sections");
}
