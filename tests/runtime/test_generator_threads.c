/* SPDX-License-Identifier: MIT */
/* Generators between threads: one executes at a time, whoever it is; the others are told. */
#include "generator_support.h"
#include "races_support.h"

RuntimeSuite(generator_threads);

/* --- One thread is inside --- */

static uint32_t inside, refused; /* atomic */

/* Numbers; says so if somebody else is inside, too. What is counted so orders nothing, so that ThreadSanitizer sees
 * whether the generator does. */
static weft_object *exclusive(weft_object *generator, weft_object *sent) {
  struct count *c = weft_generator_state(generator);
  if (!sent) return NULL;
  uint32_t others = weft__add_relaxed(&inside, 1u);
  int64_t number = c->next;
  if (number % 8 == 0) poll_and_yield();
  if (number < c->end) c->next = number + 1;
  others += weft__sub_relaxed(&inside, 1u) - 1;
  if (others) cr_expect(false, "%u others are inside", others);
  return number < c->end ? INT(number) : NULL;
}

/* Asks for items until the end, and appends what it gets; whoever is refused asks again. */
struct shared {
  weft_object *generator, *got;
};
static void step_takes_all(void *shared_) {
  struct shared *s = shared_;
  for (;;) {
    weft_auto weft_object *item = weft_next(s->generator);
    if (item) {
      weft_list_append(s->got, item);
    } else if (!weft_error_borrow()) {
      return;
    } else {
      cr_expect(raised_with(&weft_ValueError, "generator already executing"));
      weft__add_acq_rel(&refused, 1u);
      poll_and_yield();
    }
  }
}

/* Each number is in the list once. */
static bool is_complete(weft_object *got, int64_t n) {
  weft_auto weft_object *set = weft_set_from(got);
  bool complete = weft_list_length(got) == n && weft_set_length(set) == n;
  for (int64_t i = 0; i < n && complete; i++) {
    weft_auto weft_object *number = INT(i);
    complete = weft_contains(set, number) == 1;
  }
  return complete;
}

RuntimeTest(generator_threads, four_threads_get_each_item_once_and_are_never_inside_together) {
  int64_t n = times(2000);
  struct shared s = {weft_generator_new("exclusive", exclusive, 0, NULL, sizeof(struct count), &(struct count){0, n}),
                     weft_list_new()};
  in_new_threads(4, step_takes_all, &s);
  cr_assert(is_complete(s.got, n));
  weft_decref(s.generator);
  weft_decref(s.got);
}

/* Stays inside until it is let out. */
static uint32_t let_out; /* atomic */
static weft_object *waits(weft_object *generator, weft_object *sent) {
  (void)generator;
  if (!sent) return NULL;
  weft__store_release(&inside, 1u);
  while (!weft__load_acquire(&let_out)) poll_and_yield();
  weft__store_release(&inside, 0u);
  return WEFT_NONE;
}
static void step_next(void *generator) { weft_xdecref(weft_next(generator)); }

RuntimeTest(generator_threads, while_one_thread_executes_it_everything_another_one_wants_is_refused) {
  weft_auto weft_object *generator = plain_generator(waits);
  struct actor a;
  actor_start(&a);
  actor_begin(&a, step_next, generator);
  while (!weft__load_acquire(&inside)) poll_and_yield();
  cr_assert(!weft_next(generator) && raised_with(&weft_ValueError, "generator already executing"));
  cr_assert(!weft_generator_send(generator, INT(1)) && raised_with(&weft_ValueError, "already executing"));
  cr_assert(!weft_generator_close(generator) && raised_with(&weft_ValueError, "already executing"));
  cr_assert(!weft_generator_throw(generator, (weft_object *)&weft_KeyError) && raised(&weft_ValueError));
  cr_assert(!weft_generator_result(generator) && raised_with(&weft_ValueError, "not finished"));
  cr_assert(!weft_generator_state(generator) && raised_with(&weft_RuntimeError, "not executing in this thread"));
  cr_assert_eq(weft__load_acquire(&inside), 1);
  weft__store_release(&let_out, 1u);
  actor_wait(&a);
  actor_quit(&a);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
}

/* --- From thread to thread --- */

/* A list of what has been sent, in its cell; the bytes count. */
static weft_object *collects_sent(weft_object *generator, weft_object *sent) {
  if (!sent) {
    weft__add_acq_rel(&cleanups, 1u);
    return NULL;
  }
  ++*(int64_t *)weft_generator_state(generator);
  weft_auto weft_object *old = weft_new_ref(weft_generator_cell_borrow(generator, 0));
  weft_auto weft_object *both = TUPLE(weft_new_ref(sent), weft_new_ref(old));
  return weft_generator_set_cell(generator, 0, both) < 0 ? NULL : INT(*(int64_t *)weft_generator_state(generator));
}
static void step_sends(void *generator) {
  weft_auto weft_object *probe = probe_new();
  weft_xdecref(weft_generator_send(generator, probe));
}

RuntimeTest(generator_threads, each_resumption_may_be_in_another_thread) {
  weft_object *generator = weft_generator_new("sent", collects_sent, 1, (weft_object *[]){WEFT_NONE}, 8, NULL);
  cr_assert_eq(value_of(weft_next(generator)), 1);
  struct actor actors[3];
  for (int i = 0; i < 3; i++) actor_start(&actors[i]);
  for (int i = 0; i < 30; i++) actor_do(&actors[i % 3], step_sends, generator);
  cr_assert_eq(value_of(weft_next(generator)), 32);
  cr_assert_eq(freed(), 0);
  actor_do(&actors[0], step_decref, generator);
  weft_poll(); /* its maker settles the count */
  cr_assert_eq(cleanups, 1);
  for (int i = 0; i < 3; i++) actor_do(&actors[i], step_poll, NULL);
  cr_assert_eq(freed(), 30);
  for (int i = 0; i < 3; i++) actor_quit(&actors[i]);
}

static void step_closes(void *generator) { weft_xdecref(weft_generator_close(generator)); }

RuntimeTest(generator_threads, one_thread_finishes_what_another_one_has_begun) {
  weft_auto weft_object *generator = begun_with(probe_new());
  in_new_thread(step_closes, generator);
  weft_poll();
  cr_assert(cleanups == 1 && freed() == 1 && is_at_end(generator));
}

RuntimeTest(generator_threads, the_last_reference_is_dropped_while_the_maker_meets_no_safepoint) {
  weft_object *generator = begun_with(probe_new());
  beside_running_thread(step_decref, generator);
  weft_poll(); /* in modes with owners it dies here */
  cr_assert(cleanups == 1 && freed() == 1);
}

/* --- Cleanups and collections while others run --- */

static weft_object *keeps_sent(weft_object *generator, weft_object *sent) {
  if (sent) return weft_generator_set_cell(generator, 0, sent) < 0 ? NULL : WEFT_NONE;
  weft__add_acq_rel(&cleanups, 1u);
  return NULL;
}
static uint32_t made; /* atomic */
static void write_garbage(uint32_t number, void *unused) {
  (void)number, (void)unused;
  for (int64_t i = 0, n = times(2000); i < n; i++) {
    weft_auto weft_object *generator = with_cell(keeps_sent);
    weft_xdecref(weft_next(generator));
    if (i % 2) weft_xdecref(weft_generator_send(generator, generator));
    weft__add_acq_rel(&made, 1u);
  }
}
static void read_collects(void *unused) {
  (void)unused;
  cr_expect_geq(weft_gc_collect(2), 0);
}

RuntimeTest(generator_threads, each_one_cleans_up_once_while_others_collect) {
  race(2, write_garbage, 1, read_collects, NULL);
  weft_gc_collect(2);
  cr_assert_eq(made, 2 * (uint32_t)times(2000));
  cr_assert_eq(cleanups, made);
}

static void write_takes(uint32_t number, void *shared) {
  (void)number;
  step_takes_all(shared);
}

RuntimeTest(generator_threads, collections_while_threads_share_one) {
  int64_t n = times(1000);
  struct shared s = {weft_generator_new("exclusive", exclusive, 0, NULL, sizeof(struct count), &(struct count){0, n}),
                     weft_list_new()};
  race(2, write_takes, 1, read_collects, &s);
  cr_assert(is_complete(s.got, n));
  weft_decref(s.generator);
  weft_decref(s.got);
}
