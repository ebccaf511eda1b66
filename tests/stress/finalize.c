/* SPDX-License-Identifier: MIT */
/*
 * Ends of the runtime: it is started and finalized over and over, with threads in every state: waited-for threads,
 * daemons that poll, come and go or have only just been started, foreign threads that end meanwhile and are joined by
 * the program afterwards. Nobody touches an object after the end; the next runtime works.
 *
 * Stands for: gh-137433 and its kind (a thread that comes back finds the runtime gone).
 */
#include "stress.h"

enum { STUCK_AT_MOST = 400, FOREIGN = 3 };

static uint32_t era;       /* atomic: odd while the runtime is up */
static size_t maybe_stuck; /* threads that may stay for good, so there is an end to them */

static weft_object *poll_for_ever(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  uint32_t mine = weft__load_acquire(&era);
  for (;;) {
    REQUIRE(weft__load_acquire(&era) == mine);
    weft_object *o = weft_list_new();
    weft_decref(o);
    weft_poll();
  }
  return NULL;
}

static weft_object *come_and_go_for_ever(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  uint32_t mine = weft__load_acquire(&era);
  for (;;) {
    WEFT_BEGIN_ALLOW_THREADS
    breathe();
    WEFT_END_ALLOW_THREADS
    REQUIRE(weft__load_acquire(&era) == mine);
  }
  return NULL;
}

static weft_object *be_waited_for(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  uint32_t mine = weft__load_acquire(&era);
  WEFT_BEGIN_ALLOW_THREADS
  breathe();
  WEFT_END_ALLOW_THREADS
  REQUIRE(weft__load_acquire(&era) == mine);
  return WEFT_NONE;
}

static void start(weft_c_function body, bool daemon) {
  weft_object *function = weft_function_new("body", body, 0, NULL);
  weft_object *thread = weft_thread_new(function, 0, NULL);
  REQUIRE(thread && weft_thread_set_daemon(thread, daemon) == 0);
  REQUIRE(weft_thread_start(thread) == 0);
  weft_decref(function);
  weft_decref(thread);
}

static uint32_t visited; /* atomic: foreign threads that have been in this runtime */

/* Ends before, during or after weft_finalize. */
static void *foreign(void *arg) {
  chance c = {(uint64_t)(uintptr_t)arg | 1};
  REQUIRE(weft_attach());
  weft_object *o = weft_list_new();
  weft_decref(o);
  weft_detach();
  weft__add_acq_rel(&visited, 1u);
  for (size_t spin = pick(&c, 20000); spin > 0; spin--) weft__cpu_relax();
  return NULL;
}

/* Attaches before, during (and then stays there for good) or after weft_finalize (and is refused). */
static void *late(void *arg) {
  chance c = {(uint64_t)(uintptr_t)arg | 1};
  for (size_t spin = pick(&c, 20000); spin > 0; spin--) weft__cpu_relax();
  if (!weft_attach()) return NULL;
  uint32_t mine = weft__load_acquire(&era);
  REQUIRE(mine % 2 == 1 && weft_is_initialized());
  weft_object *o = weft_list_new();
  weft_decref(o);
  REQUIRE(weft__load_acquire(&era) == mine);
  weft_detach();
  return NULL;
}

static void start_late(chance *c) {
  pthread_t thread = start_thread(late, (void *)(uintptr_t)draw(c));
  pthread_detach(thread);
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  weft_finalize();
  chance c = chance_of(0);
  for (uint64_t rounds = 0; weft__now_ns() < stress_end_ns; rounds++) {
    weft__add_acq_rel(&era, 1u);
    REQUIRE(weft_init() == 0);
    weft__store_relaxed(&visited, 0u);
    pthread_t threads[FOREIGN];
    uint64_t in_a_moment = weft__now_ns() + pick(&c, 300000);
    for (size_t i = pick(&c, 3); i > 0; i--) start(be_waited_for, false);
    for (size_t i = pick(&c, 4); i > 0 && maybe_stuck < STUCK_AT_MOST; i--, maybe_stuck++) {
      if (pick(&c, 3) == 0)
        start_late(&c);
      else
        start(pick(&c, 2) ? poll_for_ever : come_and_go_for_ever, true);
    }
    if (pick(&c, 3) == 0) REQUIRE(weft_timeline_start(1 + pick(&c, 20)));
    for (size_t i = 0; i < FOREIGN; i++) threads[i] = start_thread(foreign, (void *)(uintptr_t)draw(&c));
    WEFT_BEGIN_ALLOW_THREADS
    while (weft__now_ns() < in_a_moment || weft__load_acquire(&visited) < FOREIGN) weft__cpu_relax();
    WEFT_END_ALLOW_THREADS
    weft_finalize();
    weft__add_acq_rel(&era, 1u);
    for (size_t i = 0; i < FOREIGN; i++) REQUIRE(pthread_join(threads[i], NULL) == 0);
    add_work(1);
  }
  weft__add_acq_rel(&era, 1u);
  REQUIRE(weft_init() == 0);
  return stress_end("finalize", "lives");
}
