/* SPDX-License-Identifier: MIT */
/*
 * Threads that end: short-lived threads, foreign ones and Weft's own, make objects, put some into shared places, take
 * others out, and end with what they own still in use elsewhere. Their slots are used again, and with them the
 * ownership of what is left. Finalizers use objects that other threads own. Every object is finalized once and freed
 * once.
 *
 * Stands for: gh-117271 (queued for the wrong thread), gh-130794 (memory of short-lived threads is never freed),
 * gh-127582 and gh-130202 (finalizers whose references others see).
 */
#include "stress.h"

#include "sync/tstate.h"

enum { SPAWNERS = 3, PLACES = 32, OBJECTS = 60 };

static weft_object *places[PLACES]; /* cells */
static const weft_type *mortal_type;
static uint64_t mortals_born, mortals_finalized; /* atomic */
static uint64_t threads_ended;                   /* atomic */

/* Puts a reference to another object, whoever owns it, somewhere else; and a new one, into a third place. */
static void mortal_finalize(weft_object *self) {
  size_t where = (uintptr_t)self >> 5;
  weft__add_relaxed(&mortals_finalized, 1);
  weft_object *other = weft_cell_get(places[where % PLACES]);
  weft_error_clear();
  if (other && weft_is_instance(other, token_type)) token_check(other);
  if (!is_over()) {
    weft_object *fresh = token_new();
    weft_cell_set(places[(where + 1) % PLACES], fresh);
    weft_decref(fresh);
  }
  weft_xdecref(other);
}

static void live(chance *c) {
  weft_object *pocket[8] = {0};
  for (int i = 0; i < OBJECTS; i++) {
    weft_object **p = &pocket[pick(c, 8)];
    weft_clear(p);
    if (pick(c, 3) == 0) {
      *p = weft_cell_get(places[pick(c, PLACES)]);
      weft_error_clear();
    } else if (pick(c, 2)) {
      *p = weft_object_new(mortal_type, 0);
      REQUIRE(*p);
      weft__add_relaxed(&mortals_born, 1);
    } else {
      *p = token_new();
    }
    if (pick(c, 3) == 0) weft_cell_set(places[pick(c, PLACES)], *p);
    weft_poll();
  }
  for (int i = 0; i < 8; i++) weft_xdecref(pocket[i]);
}

static void *foreign(void *arg) {
  chance *c = arg;
  REQUIRE(weft_attach());
  live(c);
  weft__add_relaxed(&threads_ended, 1);
  if (pick(c, 4)) weft_detach(); /* else it ends attached */
  return NULL;
}

static weft_object *own(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  chance c = {(uint64_t)weft_int_value(args[0]) | 1};
  live(&c);
  weft__add_relaxed(&threads_ended, 1);
  return token_new(); /* the result, which dies with the thread object */
}

static void spawn_one(chance *c, weft_object *function) {
  weft_object *seed = weft_int_new((int64_t)(draw(c) >> 2));
  weft_object *thread = weft_thread_spawn(function, 1, &seed);
  REQUIRE(thread);
  weft_decref(seed);
  if (pick(c, 2)) {
    weft_object *result = weft_thread_join(thread);
    REQUIRE(result);
    token_check(result);
    weft_decref(result);
  }
  weft_decref(thread);
}

static void *spawner(void *arg) {
  chance c = chance_of((size_t)(uintptr_t)arg);
  REQUIRE(weft_attach());
  weft_object *function = weft_function_new("own", own, 0, NULL);
  while (!is_over()) {
    if (pick(&c, 2)) {
      chance of_child = {draw(&c) | 1};
      pthread_t thread = start_thread(foreign, &of_child);
      WEFT_BEGIN_ALLOW_THREADS
      REQUIRE(pthread_join(thread, NULL) == 0);
      WEFT_END_ALLOW_THREADS
    } else {
      while (weft_thread_count() > 20) {
        WEFT_BEGIN_ALLOW_THREADS
        breathe();
        WEFT_END_ALLOW_THREADS
      }
      spawn_one(&c, function);
    }
  }
  weft_decref(function);
  weft_detach();
  return NULL;
}

static void ignore_warning(const char *message) { (void)message; }

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  weft_set_warning_hook(ignore_warning); /* of threads that end attached */
  tokens_init();
  mortal_type = weft_type_new(&(weft_type_spec){.name = "mortal", .finalize = mortal_finalize});
  REQUIRE(mortal_type);
  for (size_t i = 0; i < PLACES; i++) places[i] = weft_cell_new(NULL);
  run_to_the_end(SPAWNERS, spawner);
  /* Joined or not, they end: their thread objects are theirs, and die when they leave. */
  while (weft__load_acquire(&tokens_dead) + PLACES < weft__load_acquire(&tokens_born) || weft_thread_count()) {
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    WEFT_END_ALLOW_THREADS
    weft_poll();
  }
  for (size_t i = 0; i < PLACES; i++) weft_cell_set(places[i], NULL);
  while (weft__load_acquire(&tokens_dead) != weft__load_acquire(&tokens_born) ||
         weft__load_acquire(&mortals_finalized) != weft__load_acquire(&mortals_born)) {
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    WEFT_END_ALLOW_THREADS
  }
  for (size_t i = 0; i < PLACES; i++) weft_decref(places[i]);
  REQUIRE(weft__slots_used < 100);
  add_work(weft__load_relaxed(&threads_ended));
  return stress_end("thread_exit", "threads");
}
