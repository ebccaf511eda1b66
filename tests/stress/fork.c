/* SPDX-License-Identifier: MIT */
/*
 * Forks: attached, detached and unattached threads fork, all at once, while others make and drop objects, begin and
 * end. Every child can make objects and threads and end in an orderly way; every forking thread is afterwards what it
 * was before, attached or not.
 *
 * The sanitizers' allocators do not survive a fork while another thread is in them: the child hangs. With them, no
 * thread begins or ends between the first fork and the last, so that all who allocate are attached, and stopped at a
 * safepoint when it happens.
 *
 * Stands for: locks and queues that a child inherits in the middle of an operation of a thread that it does not have.
 */
#include "stress.h"

#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CHURN = 0 };
#elif defined(__has_feature)
enum { CHURN = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) };
#else
enum { CHURN = 1 };
#endif
enum { BUSY = 2, FORKERS = 3, CHILD_SECONDS = 30 };

static weft_object *places[8]; /* cells */
static pthread_barrier_t all_have_begun, all_have_done;

static void use_objects(chance *c) {
  for (int i = 0; i < 50; i++) {
    weft_object *place = places[pick(c, 8)], *o = pick(c, 2) ? token_new() : weft_cell_get(place);
    weft_error_clear();
    if (pick(c, 2)) weft_cell_set(place, o);
    weft_xdecref(o);
    weft_poll();
  }
}

static weft_object *body(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  chance c = {12345};
  use_objects(&c);
  return WEFT_NONE;
}

static void child(chance *c) {
  alarm(CHILD_SECONDS);
  if (!weft_is_attached()) REQUIRE(weft_attach());
  use_objects(c);
  weft_object *function = weft_function_new("body", body, 0, NULL);
  weft_object *thread = weft_thread_spawn(function, 0, NULL);
  REQUIRE(thread);
  weft_object *result = weft_thread_join(thread);
  REQUIRE(result == WEFT_NONE);
  weft_stop_the_world();
  weft_start_the_world();
  weft_decref(thread);
  weft_decref(function);
  if (pick(c, 2)) weft_finalize();
  _exit(0);
}

static void fork_once(chance *c) {
  bool attached = weft_is_attached();
  pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) child(c);
  REQUIRE(weft_is_attached() == attached);
  if (attached) weft_detach();
  int status = -1;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  if (attached) weft_reattach();
  REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  add_work(1);
}

static void *forker(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  chance c = chance_of(self);
  bool attach = self % 3 != 0;
  if (attach) REQUIRE(weft_attach());
  if (self % 3 == 1) weft_detach();
  bool attached = weft_is_attached();
  if (attached) weft_detach();
  pthread_barrier_wait(&all_have_begun);
  if (attached) weft_reattach();
  while (!is_over()) fork_once(&c);
  if (attached) weft_detach();
  pthread_barrier_wait(&all_have_done);
  return NULL;
}

static void *busy(void *arg) {
  chance c = chance_of((size_t)(uintptr_t)arg);
  REQUIRE(weft_attach());
  weft_detach();
  pthread_barrier_wait(&all_have_begun);
  weft_reattach();
  while (!is_over()) use_objects(&c);
  weft_detach();
  pthread_barrier_wait(&all_have_done);
  return NULL;
}

static void *brief(void *arg) {
  chance c = {(uint64_t)(uintptr_t)arg | 1};
  REQUIRE(weft_attach());
  use_objects(&c);
  weft_detach();
  return NULL;
}

static void *churn(void *arg) {
  chance c = chance_of((size_t)(uintptr_t)arg);
  while (!is_over()) REQUIRE(pthread_join(start_thread(brief, (void *)(uintptr_t)draw(&c)), NULL) == 0);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  for (int i = 0; i < 8; i++) places[i] = weft_cell_new(NULL);
  REQUIRE(pthread_barrier_init(&all_have_begun, NULL, FORKERS + BUSY) == 0);
  REQUIRE(pthread_barrier_init(&all_have_done, NULL, FORKERS + BUSY) == 0);
  team everybody = {.size = 0};
  for (int i = 0; i < FORKERS; i++) team_add(&everybody, forker);
  for (int i = 0; i < BUSY; i++) team_add(&everybody, busy);
  if (CHURN) team_add(&everybody, churn);
  wait_for_the_end();
  team_join(&everybody);
  for (int i = 0; i < 8; i++) weft_decref(places[i]);
  tokens_require_all_dead();
  return stress_end("fork", "forks");
}
