/* SPDX-License-Identifier: MIT */
/*
 * World stops: threads that stop the world compete with threads that poll, that allocate, that detach and attach
 * without pause, that begin and end, and that wait for a lock. While the world is stopped no counter moves; what is
 * only written in a stopped world needs no lock; and everybody gets on.
 *
 * Stands for: gh-118332, gh-133130, gh-144513, gh-151518, gh-137433 (deadlock or starvation of stoppers, of threads
 * that were handed a lock, and of threads that come back).
 */
#include "stress.h"

enum { STOPPERS = 2, MOVERS = 4, KINDS = 4 };

static uint64_t moves[MOVERS]; /* atomic, each written by one thread while attached */
static uint64_t stops, plain;  /* plain: in a stopped world only */
static weft_mutex mutex;
static uint64_t under_mutex;

static void moved(size_t self) { weft__store_relaxed(&moves[self], weft__load_relaxed(&moves[self]) + 1); }

static uint64_t all_moves(void) {
  uint64_t sum = 0;
  for (int i = 0; i < MOVERS; i++) sum += weft__load_relaxed(&moves[i]);
  return sum;
}

static void allocate(void) {
  weft_object *list = weft_list_new();
  for (int i = 0; i < 20; i++) {
    weft_object *o = token_new();
    weft_list_append(list, o);
    weft_decref(o);
  }
  weft_decref(list);
}

static void *mover(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  REQUIRE(weft_attach());
  while (!is_over()) {
    moved(self);
    switch (self % KINDS) {
      case 0: weft_poll(); break;
      case 1:
        allocate();
        weft_poll();
        break;
      case 2:
        weft_detach();
        weft_reattach();
        break;
      default:
        weft_mutex_lock(&mutex);
        under_mutex++;
        weft_mutex_unlock(&mutex);
        weft_poll();
    }
  }
  weft_detach();
  return NULL;
}

static void *stopper(void *arg) {
  chance c = chance_of((size_t)(uintptr_t)arg);
  REQUIRE(weft_attach());
  while (!is_over()) {
    weft_stop_the_world();
    uint64_t before = all_moves();
    plain++;
    for (size_t spin = pick(&c, 200); spin > 0; spin--) weft__cpu_relax();
    REQUIRE(all_moves() == before);
    stops++;
    weft_start_the_world();
    if (pick(&c, 4) == 0) {
      weft_mutex_lock(&mutex);
      under_mutex++;
      weft_mutex_unlock(&mutex);
    }
    if (pick(&c, 8) == 0) {
      WEFT_BEGIN_ALLOW_THREADS
      breathe();
      WEFT_END_ALLOW_THREADS
    }
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static void *brief(void *arg) {
  (void)arg;
  REQUIRE(weft_attach());
  allocate();
  weft_detach();
  return NULL;
}

static void *churn(void *arg) {
  (void)arg;
  one_after_another(brief, 0, 0);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  REQUIRE(weft_set_switch_interval_us(200) == 0);
  team everybody = {.size = 0};
  for (int i = 0; i < MOVERS; i++) team_add(&everybody, mover);
  for (int i = 0; i < STOPPERS; i++) team_add(&everybody, stopper);
  team_add(&everybody, churn);
  wait_for_the_end();
  team_join(&everybody);
  for (int i = 0; i < MOVERS; i++) REQUIRE(moves[i] > 0);
  REQUIRE(plain == stops && stops > 0);
  tokens_require_all_dead();
  add_work(stops);
  return stress_end("world_stop", "stops");
}
