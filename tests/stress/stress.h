/* SPDX-License-Identifier: MIT */
/*
 * What the stress programs share. Each is a main with two arguments, seconds and seed; it prints one line that says
 * what it did and exits with 0, or says which invariant is broken and exits with 1, or, when it makes no progress,
 * with 3. They use no test framework, so that sanitizers see nothing but the program.
 */
#ifndef WEFT_TESTS_STRESS_H
#define WEFT_TESTS_STRESS_H

#define _GNU_SOURCE /* include this first */

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <weft/weft.h>

#include "sync/atomic.h"
#include "sync/futex.h"
#include "sync/mutex.h"

#define UNUSED __attribute__((unused))

#define REQUIRE(condition)                                                    \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
      _exit(1);                                                               \
    }                                                                         \
  } while (0)

/* --- Time --- */

static uint32_t time_is_up; /* atomic */
static uint64_t stress_end_ns, stress_seed;
static unsigned stress_seconds;

/* order: acquire: what was done before the end is seen after it. */
UNUSED static bool is_over(void) { return weft__load_acquire(&time_is_up) != 0; }

static void no_progress(int signal) {
  (void)signal;
  static const char text[] = "no progress: deadlock or starvation\n";
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  _exit(3);
}

/* Reads the arguments, initialises the runtime, starts the watchdog. */
UNUSED static void stress_begin(int argc, char **argv) {
  enum { GRACE_SECONDS = 90 };
  stress_seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
  stress_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  signal(SIGALRM, no_progress);
  alarm(stress_seconds + GRACE_SECONDS);
  stress_end_ns = weft__now_ns() + stress_seconds * UINT64_C(1000000000);
  REQUIRE(weft_init() == 0);
}

UNUSED static void breathe(void) {
  struct timespec little = {.tv_nsec = 200000};
  nanosleep(&little, NULL);
}

/* Detached, lets the other threads work until the time is up. */
UNUSED static void wait_for_the_end(void) {
  WEFT_BEGIN_ALLOW_THREADS
  while (weft__now_ns() < stress_end_ns) breathe();
  weft__store_release(&time_is_up, 1u);
  WEFT_END_ALLOW_THREADS
}

/* --- Chance: xorshift, one state per thread --- */

typedef struct chance {
  uint64_t state;
} chance;

UNUSED static chance chance_of(size_t thread) {
  return (chance){(stress_seed * 0x9E3779B97F4A7C15u) ^ ((thread + 1) * 0xBF58476D1CE4E5B9u) ^ 0x94D049BB133111EBu};
}
UNUSED static uint64_t draw(chance *c) {
  c->state ^= c->state << 13;
  c->state ^= c->state >> 7;
  c->state ^= c->state << 17;
  return c->state;
}
UNUSED static size_t pick(chance *c, size_t n) { return (size_t)((draw(c) >> 11) % n); }

/* --- Threads --- */

typedef struct team {
  pthread_t threads[64];
  size_t size;
} team;

/* Adds a thread; it gets its number in the program, from 0, as argument. */
static size_t threads_made;
UNUSED static void team_add(team *t, void *(*body)(void *)) {
  REQUIRE(t->size < sizeof t->threads / sizeof *t->threads);
  REQUIRE(pthread_create(&t->threads[t->size++], NULL, body, (void *)threads_made++) == 0);
}
UNUSED static void team_join(team *t) {
  bool attached = weft_is_attached();
  if (attached) weft_detach();
  for (size_t i = 0; i < t->size; i++) REQUIRE(pthread_join(t->threads[i], NULL) == 0);
  t->size = 0;
  if (attached) weft_reattach();
}
/* Runs `body` in `n` threads until the time is up. */
UNUSED static void run_to_the_end(size_t n, void *(*body)(void *)) {
  team workers = {.size = 0};
  for (size_t i = 0; i < n; i++) team_add(&workers, body);
  wait_for_the_end();
  team_join(&workers);
}
UNUSED static pthread_t start_thread(void *(*body)(void *), void *arg) {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, body, arg) == 0);
  return thread;
}

/* Until the end, one thread after the other; they get `n`, `n` + `step` and so on as arguments. */
UNUSED static void one_after_another(void *(*body)(void *), uintptr_t n, uintptr_t step) {
  for (; !is_over(); n += step) REQUIRE(pthread_join(start_thread(body, (void *)n), NULL) == 0);
}

/* Waits until all `threads` have come; either staying attached, or away. `meetings` counts the calling thread's. */
static uint32_t arrived; /* atomic, counts for ever */
UNUSED static void meet(chance *c, uint32_t *meetings, uint32_t threads) {
  uint32_t all = ++*meetings * threads;
  /* order: acq_rel: what was done before a meeting is seen by all after it. */
  weft__add_acq_rel(&arrived, 1u);
  bool stay = !WEFT__HAS_GIL && pick(c, 2);
  if (!stay) weft_detach();
  for (uint32_t spins = 1; weft__load_acquire(&arrived) < all; spins++) {
    if (stay) weft_poll();
    weft__cpu_relax();
    if (spins % 64 == 0) sched_yield();
  }
  if (!stay) weft_reattach();
}

/* --- Work, counted; relaxed: figures --- */

static uint64_t work_done;
UNUSED static void add_work(uint64_t n) { weft__add_relaxed(&work_done, n); }

/* --- Rounds: one thread, another each time, makes the round and ends it; between that, all take part --- */

struct rounds {
  uint32_t threads;
  void (*make)(chance *c, uint64_t round);
  void (*take_part)(chance *c, size_t self);
  void (*end)(void);
};

UNUSED static void play_rounds(const struct rounds *r, size_t self) {
  static uint32_t last_round; /* atomic */
  chance c = chance_of(self);
  uint32_t meetings = 0;
  uint64_t round = stress_seed * 37;
  REQUIRE(weft_attach());
  for (;; round++) {
    bool makes = round % r->threads == self;
    if (makes) {
      r->make(&c, round);
      if (is_over() || meetings > UINT32_MAX / r->threads - 10) weft__store_relaxed(&last_round, 1u);
    }
    meet(&c, &meetings, r->threads);
    r->take_part(&c, self);
    meet(&c, &meetings, r->threads);
    bool over = weft__load_relaxed(&last_round);
    if (makes) {
      r->end();
      add_work(1);
    }
    /* Nobody makes the next round before this one has ended. */
    meet(&c, &meetings, r->threads);
    if (over) break;
  }
  weft_detach();
}

/* --- Objects whose death is counted --- */

typedef struct token {
  weft_object header;
  uint64_t check;
} token;

enum { TOKEN_ALIVE = 0x616c697665 };
static const weft_type *token_type;
static uint64_t tokens_born, tokens_dead; /* atomic */

UNUSED static void token_dealloc(weft_object *self) {
  token *t = (token *)self;
  REQUIRE(t->check == TOKEN_ALIVE);
  t->check = 0;
  weft__add_relaxed(&tokens_dead, 1);
  weft_object_free(self, 0);
}
UNUSED static void tokens_init(void) {
  token_type = weft_type_new(&(weft_type_spec){.name = "token", .basic_size = sizeof(token), .dealloc = token_dealloc});
  REQUIRE(token_type);
}
UNUSED static weft_object *token_of(const weft_type *type) { /* one whose dealloc is token_dealloc */
  weft_object *o = weft_object_new(type, 0);
  REQUIRE(o);
  ((token *)o)->check = TOKEN_ALIVE;
  weft__add_relaxed(&tokens_born, 1);
  return o;
}
UNUSED static weft_object *token_new(void) { return token_of(token_type); }
UNUSED static void token_check(const weft_object *o) { REQUIRE(((const token *)o)->check == TOKEN_ALIVE); }

/* All references have been dropped and all threads have ended: everything that was born is dead, at once. */
UNUSED static void tokens_require_all_dead(void) {
  weft_synchronize(); /* what shared containers let go of */
  weft_poll();
  REQUIRE(weft__load_relaxed(&tokens_dead) == weft__load_relaxed(&tokens_born));
}

/* Ends the runtime and says what was done. */
UNUSED static int stress_end(const char *name, const char *unit) {
  weft_finalize();
  printf("%s, %s: %llu %s in %u s\n", name, weft_mode(), (unsigned long long)weft__load_relaxed(&work_done), unit,
         stress_seconds);
  return 0;
}

#endif
