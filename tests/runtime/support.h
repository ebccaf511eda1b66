/* SPDX-License-Identifier: MIT */
/*
 * What the tests of runtime/ share: a runtime that is up during each test and found without leaks after it, values in
 * one line, errors that are expected, objects whose death is counted, and threads that do one step at a time.
 *
 * RuntimeTest(suite, claim) is Criterion's Test with a check behind it: Criterion ignores what fails in `.fini`, so the
 * body runs inside a wrapper that afterwards asserts that no error is pending and no block is left.
 */
#ifndef WEFT_TESTS_RUNTIME_SUPPORT_H
#define WEFT_TESTS_RUNTIME_SUPPORT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_tryjoin_np */
#endif

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft/weft.h>

#include "runtime/runtime_internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define SUPPORT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SUPPORT_ASAN 1
#endif
#endif
#ifndef SUPPORT_ASAN
#define SUPPORT_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__)
#define SUPPORT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SUPPORT_TSAN 1
#endif
#endif
#ifndef SUPPORT_TSAN
#define SUPPORT_TSAN 0
#endif
enum { SANITIZED = SUPPORT_ASAN || SUPPORT_TSAN };

#if SUPPORT_ASAN
int __lsan_do_recoverable_leak_check(void);
#else
static inline int __lsan_do_recoverable_leak_check(void) { return 0; }
#endif

/* --- Objects whose death is counted --- */

static uint32_t probes_freed, probes_finalized; /* atomic */
static pthread_t last_probe_freed_by;           /* atomic */

static inline uint32_t freed(void) { return weft__load_acquire(&probes_freed); }
static inline uint32_t finalized(void) { return weft__load_acquire(&probes_finalized); }

static inline void probe_dealloc(weft_object *self) {
  weft__store_relaxed(&last_probe_freed_by, pthread_self());
  weft__add_acq_rel(&probes_freed, 1u);
  weft_object_free(self, 0);
}
static inline void probe_finalize(weft_object *self) {
  (void)self;
  weft__add_acq_rel(&probes_finalized, 1u);
}

static const weft_type *probe_type;

static inline void probes_start(void) {
  probe_type = weft_type_new(&(weft_type_spec){
      .name = "probe", .basic_size = sizeof(weft_object) + 8, .finalize = probe_finalize, .dealloc = probe_dealloc});
  cr_assert_not_null(probe_type);
}

static inline weft_object *probe_new(void) {
  weft_object *probe = weft_object_new(probe_type, 0);
  if (!probe) abort();
  return probe;
}

/* --- A runtime around each test --- */

static inline weft_heap_stats heap_now(void) {
  weft_heap_stats now;
  weft_heap_get_stats(&now);
  return now;
}

static weft_heap_stats heap_at_start;
static size_t blocks_left_on_purpose; /* immortal objects, say */

static inline void start(void) {
  cr_assert_eq(weft_init(), 0);
  probes_start();
  heap_at_start = heap_now();
}

/* The figures once no more than `blocks` blocks are alive, or after a while: a thread that has been joined may still
 * have to drop a reference to its thread object, and what shared containers let go of waits for a grace period. */
static inline weft_heap_stats settled_heap(size_t blocks, size_t large_blocks) {
  for (int tries = 0;; tries++) {
    weft_poll();
    weft_heap_stats now = heap_now();
    if ((now.blocks <= blocks && now.large_blocks <= large_blocks) || tries == 100) return now;
    weft_detach();
    usleep(1000);
    weft_reattach();
    weft_synchronize();
  }
}

static inline void finish(void) {
  weft_object *error = weft_error_borrow();
  cr_assert_null(error, "an error is left: %s: %s", error->type->spec.name, weft_error_message(error));
  weft_heap_stats now = settled_heap(heap_at_start.blocks + blocks_left_on_purpose, heap_at_start.large_blocks);
  cr_assert_eq(now.blocks, heap_at_start.blocks + blocks_left_on_purpose, "%zu blocks are left, not %zu", now.blocks,
               heap_at_start.blocks + blocks_left_on_purpose);
  cr_assert_eq(now.large_blocks, heap_at_start.large_blocks, "%zu large blocks are left", now.large_blocks);
  weft_finalize();
  cr_assert_not(__lsan_do_recoverable_leak_check(), "memory outside the heap is left");
}

#define RuntimeSuite(suite) TestSuite(suite, .init = start, .timeout = SANITIZED ? 240 : 60)

#define RuntimeTest(suite, claim, ...) \
  static void suite##_##claim(void);   \
  Test(suite, claim, ##__VA_ARGS__) {  \
    suite##_##claim();                 \
    finish();                          \
  }                                    \
  static void suite##_##claim(void)

/* --- Expectations --- */

/* True when the pending error is exactly of `type`; clears it. */
static inline bool raised(const weft_type *type) {
  weft_object *error = weft_error_borrow();
  bool is = error && error->type == type;
  if (error && !is) fprintf(stderr, "raised %s: %s\n", error->type->spec.name, weft_error_message(error));
  if (!error) fprintf(stderr, "no error is set\n");
  weft_error_clear();
  return is;
}

/* As raised, and the message contains `part`. */
static inline bool raised_with(const weft_type *type, const char *part) {
  weft_object *error = weft_error_borrow();
  bool has = error && strstr(weft_error_message(error), part);
  if (error && !has) fprintf(stderr, "the message is: %s\n", weft_error_message(error));
  return raised(type) && has;
}

/* The bytes of a str that is dropped later than the caller needs them: with the process. */
static inline const char *text_of(weft_object *str_steal, char *copy, size_t size) {
  const char *bytes = str_steal ? weft_str_utf8(str_steal, NULL) : NULL;
  snprintf(copy, size, "%s", bytes ? bytes : weft_error_borrow() ? weft_error_message(weft_error_borrow()) : "(NULL)");
  weft_xdecref(str_steal);
  return copy;
}

/* The new str `str_` reads `expected`; drops it. */
#define assert_text(str_, expected)                                           \
  do {                                                                        \
    char text_copy_[4096];                                                    \
    cr_assert_str_eq(text_of(str_, text_copy_, sizeof text_copy_), expected); \
  } while (0)

static inline int64_t hash_of(weft_object *o) {
  int64_t hash = 0;
  cr_assert_eq(weft_hash(o, &hash), 0);
  return hash;
}

static inline bool equal(weft_object *a, weft_object *b) { return weft_compare(a, b, WEFT_EQ) == 1; }

/* --- Values --- */

#define INT(n)   weft_int_new(n)
#define FLOAT(x) weft_float_new(x)
#define STR(s)   weft_str_new(s)

static inline weft_object *dropped_into(weft_object *(*make)(size_t, weft_object *const *), size_t n,
                                        weft_object *const *items) {
  weft_object *made = make(n, items);
  for (size_t i = 0; i < n; i++) weft_decref(items[i]);
  return made;
}

/* A list or tuple that takes over the references to its items: LIST(INT(1), STR("a")). */
#define STOLEN(make, ...) \
  dropped_into(make, sizeof((weft_object *[]){__VA_ARGS__}) / sizeof(weft_object *), (weft_object *[]){__VA_ARGS__})
#define LIST(...)  STOLEN(weft_list_of, __VA_ARGS__)
#define TUPLE(...) STOLEN(weft_tuple_new, __VA_ARGS__)

/* A list (or tuple) in a list in a list…, `depth` deep. */
static inline weft_object *nested_list(size_t depth) {
  weft_object *o = weft_list_new();
  for (size_t i = 1; i < depth; i++) o = LIST(o);
  return o;
}
static inline weft_object *nested_tuple(size_t depth) {
  weft_object *o = weft_tuple_pack(1, WEFT_NONE);
  for (size_t i = 1; i < depth; i++) o = TUPLE(o);
  return o;
}

/* --- The count word of mode biased, restated from the drawing in runtime/mode/biased.h --- */

enum { WORD_MERGED = 1, WORD_QUEUED = 2, WORD_PUB = 4, WORD_DYING = 8 };

static inline uint64_t word_of(const weft_object *o) {
  uint64_t word;
  memcpy(&word, &o->count, sizeof word);
  return word;
}
static inline void set_word(weft_object *o, uint64_t word) { memcpy(&o->count, &word, sizeof word); }
static inline uint32_t owner_in(uint64_t word) { return (uint32_t)(word >> 32) & 0xFFFF; }
static inline uint32_t local_in(uint64_t word) { return (uint32_t)(word >> 48); }
static inline int32_t shared_in(uint64_t word) { return (int32_t)(uint32_t)word >> 4; }
static inline uint32_t flags_in(uint64_t word) { return (uint32_t)word & 15; }

/* --- Threads --- */

typedef void (*step)(void *arg);

struct thread_start {
  step body;
  void *arg;
};

static inline void *attached_main(void *start_) {
  struct thread_start *s = start_;
  if (!weft_attach()) abort();
  s->body(s->arg);
  weft_detach();
  return NULL;
}

/* Runs `body` attached in a new thread, to its end; the caller is detached meanwhile. */
static inline void in_new_thread(step body, void *arg) {
  struct thread_start s = {body, arg};
  pthread_t thread;
  cr_assert_eq(pthread_create(&thread, NULL, attached_main, &s), 0);
  weft_detach();
  pthread_join(thread, NULL);
  weft_reattach();
}

/* Runs `body` attached in `n` threads at the same time. */
static inline void in_new_threads(size_t n, step body, void *arg) {
  struct thread_start s = {body, arg};
  pthread_t threads[64];
  cr_assert_leq(n, 64);
  for (size_t i = 0; i < n; i++) cr_assert_eq(pthread_create(&threads[i], NULL, attached_main, &s), 0);
  weft_detach();
  for (size_t i = 0; i < n; i++) pthread_join(threads[i], NULL);
  weft_reattach();
}

/* As in_new_thread, on a stack of `size` bytes. */
static inline void on_small_stack(size_t size, step body, void *arg) {
  struct thread_start s = {body, arg};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  cr_assert_eq(pthread_attr_setstacksize(&attributes, size), 0);
  pthread_t thread;
  cr_assert_eq(pthread_create(&thread, &attributes, attached_main, &s), 0);
  pthread_attr_destroy(&attributes);
  weft_detach();
  pthread_join(thread, NULL);
  weft_reattach();
}

/* For loops that wait: a safepoint, and others run. */
static inline void poll_and_yield(void) {
  weft_poll();
  sched_yield();
}

/* Lets other threads run while the caller stays attached. In modes with owners, without settling its merge queue. */
static inline void stay_attached_a_while(void) {
  if (WEFT__HAS_GIL) weft_poll();
  sched_yield();
}

/* Runs `body` in a new thread while the caller stays attached and, in modes without a GIL, meets no safepoint. */
static inline void beside_running_thread(step body, void *arg);

/* A thread that does what it is told, one step at a time, and is detached in between. */
struct actor {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  step body; /* NULL: idle */
  void *arg;
  bool quit;
};

static inline void *actor_main(void *actor_) {
  struct actor *a = actor_;
  if (!weft_attach()) abort();
  weft_detach();
  pthread_mutex_lock(&a->lock);
  for (;;) {
    while (!a->body && !a->quit) pthread_cond_wait(&a->changed, &a->lock);
    if (!a->body) break;
    pthread_mutex_unlock(&a->lock);
    weft_reattach();
    a->body(a->arg);
    weft_detach();
    pthread_mutex_lock(&a->lock);
    a->body = NULL;
    pthread_cond_broadcast(&a->changed);
  }
  pthread_mutex_unlock(&a->lock);
  return NULL;
}

static inline void actor_start(struct actor *a) {
  *a = (struct actor){.quit = false};
  pthread_mutex_init(&a->lock, NULL);
  pthread_cond_init(&a->changed, NULL);
  cr_assert_eq(pthread_create(&a->thread, NULL, actor_main, a), 0);
}

static inline void actor_begin(struct actor *a, step body, void *arg) {
  pthread_mutex_lock(&a->lock);
  a->body = body;
  a->arg = arg;
  pthread_cond_broadcast(&a->changed);
  pthread_mutex_unlock(&a->lock);
}

static inline bool actor_is_idle(struct actor *a) {
  pthread_mutex_lock(&a->lock);
  bool idle = !a->body;
  pthread_mutex_unlock(&a->lock);
  return idle;
}

/* Waits, detached, until the actor has done the step that it is at. */
static inline void actor_wait(struct actor *a) {
  weft_detach();
  pthread_mutex_lock(&a->lock);
  while (a->body) pthread_cond_wait(&a->changed, &a->lock);
  pthread_mutex_unlock(&a->lock);
  weft_reattach();
}

/* The actor does the step; the caller is detached meanwhile. */
static inline void actor_do(struct actor *a, step body, void *arg) {
  actor_begin(a, body, arg);
  actor_wait(a);
}

static inline void actor_quit(struct actor *a) {
  pthread_mutex_lock(&a->lock);
  a->quit = true;
  pthread_cond_broadcast(&a->changed);
  pthread_mutex_unlock(&a->lock);
  weft_detach();
  pthread_join(a->thread, NULL);
  weft_reattach();
  pthread_cond_destroy(&a->changed);
  pthread_mutex_destroy(&a->lock);
}

static inline void beside_running_thread(step body, void *arg) {
  struct actor a;
  actor_start(&a);
  actor_begin(&a, body, arg);
  while (!actor_is_idle(&a)) stay_attached_a_while();
  /* Not actor_quit: joining would detach the caller, which is a safepoint. */
  pthread_mutex_lock(&a.lock);
  a.quit = true;
  pthread_cond_broadcast(&a.changed);
  pthread_mutex_unlock(&a.lock);
  while (pthread_tryjoin_np(a.thread, NULL) != 0) stay_attached_a_while();
  pthread_cond_destroy(&a.changed);
  pthread_mutex_destroy(&a.lock);
}

/* Steps that many tests use. */
static inline void step_incref(void *o) { weft_incref(o); }
static inline void step_decref(void *o) { weft_decref(o); }
static inline void step_new_probe(void *slot) { *(weft_object **)slot = probe_new(); }
static inline void step_nothing(void *unused) { (void)unused; }
static inline void step_poll(void *unused) {
  (void)unused;
  weft_poll();
}

#endif
