/* SPDX-License-Identifier: MIT */
/*
 * Mutexes: neighbouring one-byte locks, and locks that meet in one queue of the parking lot, taken by attached and
 * unattached threads, tried, held across blocking calls, while the world is stopped again and again. Counters under the
 * locks are exact, and no thread starves.
 *
 * Stands for: gh-133130, gh-144513 (a stop beside locks that are handed over), and for a thousand threads at one
 * counter.
 */
#include "stress.h"

enum { THREADS = 6, UNATTACHED = 2, LOCKS = 8, STRIDE = 251 };

static weft_mutex locks[LOCKS / 2 * STRIDE + LOCKS]; /* half of those in use are neighbours, half are a stride apart */
static uint64_t counts[LOCKS];                       /* each under its lock */
static uint64_t taken[THREADS + UNATTACHED];

static weft_mutex *lock_of(size_t i) { return i < LOCKS / 2 ? &locks[i] : &locks[(i - LOCKS / 2 + 1) * STRIDE]; }

static void hold(size_t i, chance *c, bool attached) {
  uint64_t read = counts[i];
  size_t how = pick(c, 100);
  if (how < 2 && attached) {
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    WEFT_END_ALLOW_THREADS
  } else if (how < 20) {
    for (int spin = 0; spin < 100; spin++) weft__cpu_relax();
  }
  counts[i] = read + 1;
}

static bool take(size_t i, chance *c) {
  if (pick(c, 4)) {
    weft_mutex_lock(lock_of(i));
    return true;
  }
  return weft_mutex_try_lock(lock_of(i));
}

static void use_locks(size_t self, bool attached) {
  chance c = chance_of(self);
  while (!is_over()) {
    size_t i = pick(&c, 2) ? 0 : pick(&c, LOCKS); /* the first is contended most */
    if (take(i, &c)) {
      hold(i, &c, attached);
      weft_mutex_unlock(lock_of(i));
      taken[self]++;
    }
    if (attached) weft_poll();
  }
}

static void *attached_user(void *arg) {
  REQUIRE(weft_attach());
  use_locks((size_t)(uintptr_t)arg, true);
  weft_detach();
  return NULL;
}

static void *unattached_user(void *arg) {
  use_locks((size_t)(uintptr_t)arg, false);
  return NULL;
}

static void *stopper(void *arg) {
  (void)arg;
  REQUIRE(weft_attach());
  while (!is_over()) {
    weft_stop_the_world();
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
  team users = {.size = 0};
  for (int i = 0; i < THREADS; i++) team_add(&users, attached_user);
  for (int i = 0; i < UNATTACHED; i++) team_add(&users, unattached_user);
  team_add(&users, stopper);
  wait_for_the_end();
  team_join(&users);
  uint64_t all_taken = 0, all_counted = 0;
  for (int i = 0; i < THREADS + UNATTACHED; i++) {
    REQUIRE(taken[i] > 0);
    all_taken += taken[i];
  }
  for (size_t i = 0; i < LOCKS; i++) {
    REQUIRE(weft__load_relaxed(&lock_of(i)->word) == 0);
    all_counted += counts[i];
  }
  REQUIRE(all_taken == all_counted);
  add_work(all_taken);
  return stress_end("mutex", "sections");
}
