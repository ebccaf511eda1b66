/* SPDX-License-Identifier: MIT */
/*
 * Read brackets: what a thread sees in one stays until its end, and is released after it.
 *
 * In modes without a GIL the thread that let go of something releases it at a safepoint after a grace period;
 * weft_synchronize waits for that. Under a GIL it is released when no bracket is open any more.
 */
#include "../runtime/support.h"

#include <setjmp.h>
#include <sys/wait.h>

#include "sync/futex.h"

RuntimeSuite(grace);

enum { QUIET_NS = 20000000 }; /* for what should not happen */

static uint32_t wrong; /* atomic: what went wrong in other threads */
static void wrong_if(bool is) {
  if (is) weft__add_acq_rel(&wrong, 1u);
}

/* Gives the callbacks of grace periods, and other threads, time for what they should not do; with safepoints. */
static void some_time_passes(void) {
  uint64_t end = weft__now_ns() + QUIET_NS;
  while (weft__now_ns() < end) {
    weft_poll();
    weft_detach();
    sched_yield();
    weft_reattach();
  }
}

static weft_object *cell_with_steal(weft_object *o_steal) {
  weft_object *cell = weft_cell_new(o_steal);
  weft_xdecref(o_steal);
  return cell;
}

/* Makes a list with one probe. */
static weft_object *list_of_probe(void) { return LIST(probe_new()); }

/* A container that another thread has touched. */
static void step_touch(void *container) {
  if (weft_list_check(container)) {
    wrong_if(weft_list_length(container) < 0);
  } else {
    weft_xdecref(weft_cell_get(container));
    weft_error_clear();
  }
}
static weft_object *shared(weft_object *container) {
  in_new_thread(step_touch, container);
  cr_assert(WEFT__HAS_GIL || !weft__count_is_private(&container->count));
  return container;
}

static void put_probe(weft_object *cell) {
  weft_auto weft_object *probe = probe_new();
  cr_assert_eq(weft_cell_set(cell, probe), 0);
}

/* --- Misuse --- */

static jmp_buf back;
static char message[512];

static void jump_back(const char *text) {
  snprintf(message, sizeof message, "%s", text);
  longjmp(back, 1);
}

/* True when `call` ends in the fatal hook with a message that has both parts. */
static bool misuse(void (*call)(void), const char *name, const char *what) {
  message[0] = '\0';
  weft_set_fatal_hook(jump_back);
  bool found = true;
  if (setjmp(back) == 0) {
    call();
    found = false;
  }
  weft_set_fatal_hook(NULL);
  if (found && strstr(message, name) && strstr(message, what)) return true;
  fprintf(stderr, "%s: says \"%s\"\n", name, message);
  return false;
}

static weft_object *list;
static void call_end(void) { weft_read_end(); }
static void call_begin(void) { weft_read_begin(); }
static void call_synchronize(void) { weft_synchronize(); }
static void call_peek(void) { weft_list_peek(list, 0); }
static void call_finalize(void) { weft_finalize(); }
static void call_fork(void) {
  if (fork() == 0) _exit(0);
}

RuntimeTest(grace, misuse_of_brackets_is_found) {
  list = list_of_probe();
  cr_assert(misuse(call_end, "weft_read_end", "no bracket is open"));
  cr_assert(misuse(call_peek, "weft_list_peek", "no bracket is open"));
  weft_read_begin();
  weft_read_end();
  cr_assert(misuse(call_end, "weft_read_end", "no bracket is open"));
  cr_assert(misuse(call_peek, "weft_list_peek", "no bracket is open"));
  weft_decref(list);
}

RuntimeTest(grace, what_must_not_be_done_in_a_bracket_is_found) {
  list = list_of_probe();
  weft_read_begin();
  weft_read_begin();
  weft_read_end();
  cr_assert(misuse(call_synchronize, "weft_synchronize", "bracket open"));
  cr_assert(misuse(call_fork, "fork", "bracket is open"));
  cr_assert(misuse(call_finalize, "weft_finalize", "bracket is open"));
  cr_assert_not_null(weft_list_peek(list, 0), "and it is still open");
  weft_read_end();
  weft_decref(list);
}

RuntimeTest(grace, a_detached_thread_does_not_fork_in_its_bracket) {
  weft_read_begin();
  weft_detach();
  bool found = misuse(call_fork, "fork", "bracket is open");
  if (!weft_is_attached()) weft_reattach();
  weft_read_end();
  cr_assert(found);
}

RuntimeTest(grace, a_stopped_world_is_not_synchronized) {
  weft_stop_the_world();
  cr_assert(misuse(call_synchronize, "weft_synchronize", "the world is stopped"));
  weft_start_the_world();
}

RuntimeTest(grace, a_detached_thread_is_told_which_call_was_wrong) {
  list = list_of_probe();
  weft_read_begin();
  weft_detach();
  bool found = misuse(call_begin, "weft_read_begin", "detached") && misuse(call_end, "weft_read_end", "detached") &&
               misuse(call_synchronize, "weft_synchronize", "detached") &&
               misuse(call_peek, "weft_list_peek", "detached");
  weft_reattach();
  weft_read_end();
  cr_assert(found);
  weft_decref(list);
}

static void *call_unattached(void *found) {
  *(bool *)found = misuse(call_begin, "weft_read_begin", "not attached") &&
                   misuse(call_end, "weft_read_end", "not attached") &&
                   misuse(call_synchronize, "weft_synchronize", "not attached");
  return NULL;
}

RuntimeTest(grace, a_thread_that_was_never_attached_is_told_too) {
  pthread_t thread;
  bool found = false;
  cr_assert_eq(pthread_create(&thread, NULL, call_unattached, &found), 0);
  pthread_join(thread, NULL);
  cr_assert(found);
}

/* --- Nesting --- */

RuntimeTest(grace, brackets_nest) {
  list = list_of_probe();
  for (int i = 0; i < 100; i++) weft_read_begin();
  weft_object *probe = weft_list_peek(list, 0);
  cr_assert_eq(weft_list_clear(list), 0);
  for (int i = 0; i < 99; i++) {
    weft_read_end();
    cr_assert_eq(freed(), 0);
  }
  some_time_passes();
  cr_assert_eq(freed(), 0);
  cr_assert_eq(probe->type, probe_type);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_decref(list);
}

RuntimeTest(grace, a_bracket_stays_open_while_its_thread_is_detached) {
  list = shared(list_of_probe());
  weft_read_begin();
  cr_assert_not_null(weft_list_peek(list, 0));
  weft_detach();
  weft_reattach();
  cr_assert_not_null(weft_list_peek(list, 0));
  weft_list_clear(list);
  some_time_passes();
  cr_assert_eq(freed(), 0);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_decref(list);
}

RuntimeTest(grace, a_bracket_does_not_keep_the_world_from_stopping) {
  weft_read_begin();
  in_new_thread(step_poll, NULL);
  weft_stop_the_world();
  weft_start_the_world();
  weft_heap_stats stats;
  cr_assert_eq(weft_heap_get_stats(&stats), 0);
  weft_read_end();
}

/* --- What is peeked is borrowed --- */

RuntimeTest(grace, a_peek_counts_nothing) {
  list = shared(LIST(INT(1000), probe_new()));
  weft_read_begin();
  for (int i = 0; i < 3; i++) cr_assert_eq(weft_refcount(weft_list_peek(list, -1)), 1);
  cr_assert(!weft_list_peek(list, 2) && raised(&weft_IndexError));
  cr_assert(!weft_list_peek(list, -3) && raised(&weft_IndexError));
  cr_assert(!weft_list_peek(WEFT_NONE, 0) && raised(&weft_TypeError));
  weft_read_end();
  weft_decref(list);
  weft_synchronize();
  cr_assert_eq(freed(), 1);
}

/* --- What a thread lets go of in its own bracket --- */

/* Each lets the list let go of its first item, which the caller has peeked at. */
static void replaces(weft_object *l) { cr_assert_eq(weft_list_set(l, 0, WEFT_NONE), 0); }
static void pops(weft_object *l) { weft_decref(weft_list_pop(l, 0)); }
static void deletes(weft_object *l) { cr_assert_eq(weft_list_delete(l, 0), 0); }
static void clears(weft_object *l) { cr_assert_eq(weft_list_clear(l), 0); }
static void empties_slice(weft_object *l) { cr_assert_eq(weft_list_set_slice(l, 0, 1, NULL), 0); }
static void replaces_slice(weft_object *l) {
  weft_auto weft_object *others = LIST(INT(1000), INT(1001), INT(1002));
  cr_assert_eq(weft_list_set_slice(l, 0, 1, others), 0);
}
static void removes(weft_object *l) {
  weft_auto weft_object *item = weft_list_get(l, 0);
  cr_assert_eq(weft_list_remove(l, item), 0);
}
static void drops(weft_object *l) { weft_decref(l); } /* the caller's reference, which is the last one */

static void (*const losses[])(weft_object *) = {replaces,      pops,           deletes, clears,
                                                empties_slice, replaces_slice, removes, drops};
enum { LOSSES = sizeof losses / sizeof *losses };

static weft_object *as_it_is(weft_object *l) { return l; }

static void lose_in_own_bracket(weft_object *(*made)(weft_object *), size_t items) {
  for (size_t i = 0; i < LOSSES; i++) {
    uint32_t before = freed();
    weft_object *l = list_of_probe();
    for (size_t k = 1; k < items; k++) weft_list_append(l, WEFT_NONE);
    l = made(l);
    weft_read_begin();
    weft_object *probe = weft_list_peek(l, 0);
    losses[i](l);
    some_time_passes();
    cr_assert_eq(freed(), before, "loss %zu", i);
    cr_assert(weft__load_relaxed(&probe->type) == probe_type && weft_refcount(probe) <= 1);
    weft_read_end();
    weft_synchronize();
    cr_assert_eq(freed(), before + 1, "loss %zu", i);
    if (losses[i] != drops) weft_decref(l);
  }
}

RuntimeTest(grace, what_a_private_list_lets_go_of_in_a_bracket_stays) { lose_in_own_bracket(as_it_is, 1); }
RuntimeTest(grace, what_a_shared_list_lets_go_of_in_a_bracket_stays) { lose_in_own_bracket(shared, 1); }
RuntimeTest(grace, what_longer_lists_let_go_of_in_a_bracket_stays) {
  lose_in_own_bracket(as_it_is, 20);
  lose_in_own_bracket(shared, 20);
}

static const char *const one_name[] = {"x", NULL};

RuntimeTest(grace, what_cells_and_slots_let_go_of_in_a_bracket_stays) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "instance", .slot_names = one_name});
  weft_object *instance = weft_instance_new(type), *cell = weft_cell_new(NULL), *probe = probe_new();
  weft_slot_set(instance, 0, probe);
  weft_decref(probe);
  put_probe(cell);
  weft_read_begin();
  put_probe(cell);
  weft_slot_set(instance, 0, NULL);
  weft_decref(cell);
  weft_decref(instance);
  some_time_passes();
  cr_assert_eq(freed(), 0);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(freed(), 3);
}

/* The death of containers inside containers, and of those beyond the nesting at which death is put off. */
RuntimeTest(grace, nested_containers_that_are_dropped_in_a_bracket_stay_whole) {
  weft_object *outer = list_of_probe();
  for (int i = 0; i < 100; i++) outer = LIST(outer);
  weft_read_begin();
  weft_object *inner = outer;
  while (weft_list_check(weft_list_peek(inner, 0))) inner = weft_list_peek(inner, 0);
  weft_object *probe = weft_list_peek(inner, 0);
  weft_decref(outer);
  some_time_passes();
  cr_assert_eq(freed(), 0);
  cr_assert(weft_list_peek(inner, 0) == probe && probe->type == probe_type);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(freed(), 1);
}

static void finalize_into_list(weft_object *self) { weft_list_append(list, self); }

RuntimeTest(grace, finalizers_run_at_once_in_a_bracket_too) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "instance", .slot_names = one_name, .finalize = finalize_into_list});
  list = weft_list_new();
  weft_object *instance = weft_instance_new(type);
  weft_auto weft_object *probe = probe_new();
  weft_slot_set(instance, 0, probe);
  weft_read_begin();
  weft_decref(instance);
  cr_assert_eq(weft_list_length(list), 1, "resurrected");
  weft_list_clear(list);
  cr_assert_eq(weft_refcount(probe), 2);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(weft_refcount(probe), 1);
  weft_decref(list);
}

/* --- What other threads let go of meanwhile --- */

static struct actor reader;
static weft_object *seen;
static uint32_t close_bracket;

static void step_begin(void *unused) {
  (void)unused;
  weft_read_begin();
}
static void step_end(void *unused) {
  (void)unused;
  weft_read_end();
}
static void step_begin_and_peek(void *l) {
  weft_read_begin();
  seen = weft_list_peek(l, 0);
}
static void step_look_and_end(void *unused) {
  (void)unused;
  wrong_if(seen->type != probe_type || weft_refcount(seen) != 1);
  weft_read_end();
}

RuntimeTest(grace, what_another_thread_takes_away_stays_until_the_readers_bracket_ends) {
  actor_start(&reader);
  for (size_t i = 0; i < LOSSES; i++) {
    if (losses[i] == drops) continue; /* the reader needs a container to look into */
    uint32_t before = freed();
    list = list_of_probe();
    actor_do(&reader, step_begin_and_peek, list);
    losses[i](list);
    some_time_passes();
    cr_assert_eq(freed(), before, "loss %zu", i);
    actor_do(&reader, step_look_and_end, NULL);
    weft_synchronize();
    cr_assert_eq(freed(), before + 1, "loss %zu", i);
    weft_decref(list);
  }
  actor_quit(&reader);
  cr_assert_eq(wrong, 0);
}

/* The reader's way leads through a list that is taken away whole. */
RuntimeTest(grace, a_container_that_is_taken_away_stays_with_its_items) {
  actor_start(&reader);
  list = LIST(list_of_probe());
  actor_do(&reader, step_begin, NULL);
  weft_object *inner = weft_list_get(list, 0);
  actor_do(&reader, step_touch, list);
  actor_do(&reader, step_touch, inner);
  weft_list_clear(list);
  weft_decref(inner);
  some_time_passes();
  cr_assert_eq(freed(), 0);
  actor_do(&reader, step_end, NULL);
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_decref(list);
  actor_quit(&reader);
  cr_assert_eq(wrong, 0);
}

static void step_read_until_told(void *l) {
  weft_read_begin();
  seen = weft_list_peek(l, 0);
  weft__store_release(&close_bracket, 1u);
  while (weft__load_acquire(&close_bracket) == 1) poll_and_yield();
  step_look_and_end(NULL);
}

/* The writer never detaches: under a GIL, it gets the lock back in the middle of a safepoint, inside the bracket of the
 * other thread. */
RuntimeTest(grace, what_a_thread_takes_away_that_never_detaches_stays) {
  actor_start(&reader);
  weft_set_switch_interval_us(500);
  for (int round = 0; round < 20; round++) {
    uint32_t before = freed();
    list = list_of_probe();
    weft__store_release(&close_bracket, 0u);
    actor_begin(&reader, step_read_until_told, list);
    while (!weft__load_acquire(&close_bracket)) poll_and_yield();
    cr_assert_eq(weft_list_set(list, 0, WEFT_NONE), 0);
    for (int i = 0; i < 1000; i++) weft_poll();
    cr_assert_eq(freed(), before);
    weft__store_release(&close_bracket, 2u);
    while (!actor_is_idle(&reader)) poll_and_yield();
    weft_synchronize();
    cr_assert_eq(freed(), before + 1);
    weft_decref(list);
  }
  weft_set_switch_interval_us(5000);
  actor_quit(&reader);
  cr_assert_eq(wrong, 0);
}

RuntimeTest(grace, brackets_of_several_threads_overlap) {
  struct actor others[3];
  for (int i = 0; i < 3; i++) actor_start(&others[i]);
  list = shared(list_of_probe());
  for (int i = 0; i < 3; i++) actor_do(&others[i], step_begin, NULL);
  weft_read_begin();
  weft_list_clear(list);
  weft_read_end();
  cr_assert_eq(freed(), 0);
  for (int i = 0; i < 3; i++) {
    some_time_passes();
    cr_assert_eq(freed(), 0);
    actor_do(&others[i], step_end, NULL);
  }
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_list_append(list, WEFT_NONE);
  weft_decref(list);
  for (int i = 0; i < 3; i++) actor_quit(&others[i]);
}

/* Once no bracket is open, threads that saw one release at once again (under a GIL and in private containers). */
RuntimeTest(grace, after_the_last_bracket_things_die_at_once) {
  actor_start(&reader);
  actor_do(&reader, step_begin, NULL);
  weft_read_begin();
  weft_read_end();
  actor_do(&reader, step_end, NULL);
  weft_synchronize();
  weft_object *cell = cell_with_steal(probe_new());
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  cr_assert_eq(freed(), 1);
  weft_decref(cell);
  actor_quit(&reader);
}

/* --- When what waits is released --- */

RuntimeTest(grace, it_is_released_at_safepoints_without_being_asked_for) {
  weft_object *cell = shared(cell_with_steal(probe_new()));
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  while (!freed()) { /* for as long as the test may take */
    weft_detach();
    sched_yield();
    weft_reattach();
  }
  put_probe(cell);
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  weft_detach(); /* sends it on its way */
  weft_reattach();
  while (freed() < 2) poll_and_yield();
  weft_decref(cell);
}

RuntimeTest(grace, a_thread_releases_what_it_let_go_of_itself) {
  weft_object *cell = shared(cell_with_steal(probe_new()));
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  cr_assert(pthread_equal(last_probe_freed_by, pthread_self()));
  weft_decref(cell);
}

static void step_synchronize(void *unused) {
  (void)unused;
  weft_synchronize();
}

/* A batch that is not full is sent when its thread detaches; another thread waits for all grace periods then. */
RuntimeTest(grace, a_thread_that_sleeps_leaves_nothing_unsent) {
  actor_start(&reader);
  weft_object *cell = shared(cell_with_steal(probe_new()));
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  weft_detach();
  actor_begin(&reader, step_synchronize, NULL);
  while (!actor_is_idle(&reader)) sched_yield();
  weft_reattach();
  weft_poll();
  cr_assert_eq(freed(), 1);
  weft_decref(cell);
  actor_quit(&reader);
}

static void step_empty_cell(void *cell) { wrong_if(weft_cell_set(cell, NULL) != 0); }

RuntimeTest(grace, a_thread_that_ends_hands_over_what_waits) {
  weft_object *cell = weft_cell_new(NULL);
  for (uint32_t i = 0; i < 20; i++) {
    put_probe(cell);
    in_new_thread(step_empty_cell, cell);
    weft_synchronize();
    cr_assert_eq(freed(), i + 1);
  }
  cr_assert_eq(wrong, 0);
  weft_decref(cell);
}

RuntimeTest(grace, what_was_handed_over_is_released_without_being_asked_for) {
  weft_object *cell = cell_with_steal(probe_new());
  in_new_thread(step_empty_cell, cell);
  while (!freed()) {
    weft_detach();
    sched_yield();
    weft_reattach();
    weft_poll();
  }
  weft_decref(cell);
}

enum { FEW = 5000 };
static void step_replace_often(void *cell) {
  for (int i = 0; i < FEW; i++) {
    weft_auto weft_object *probe = probe_new();
    wrong_if(weft_cell_set(cell, probe) != 0);
  }
}

RuntimeTest(grace, threads_that_end_lose_nothing) {
  weft_object *cell = weft_cell_new(NULL);
  for (int i = 0; i < 5; i++) in_new_threads(4, step_replace_often, cell);
  weft_cell_set(cell, NULL);
  weft_synchronize();
  cr_assert_eq(freed(), 5 * 4 * FEW);
  cr_assert_eq(wrong, 0);
  weft_decref(cell);
}

/* Nobody waits for a thread that ends: what it had sent is orphaned with the bracket of another thread still open. */
RuntimeTest(grace, what_a_dead_thread_let_go_of_waits_for_brackets_too) {
  weft_object *cell = shared(cell_with_steal(probe_new()));
  weft_read_begin();
  in_new_thread(step_empty_cell, cell);
  some_time_passes();
  cr_assert_eq(freed(), 0);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_decref(cell);
}

/* --- Threads that end in a bracket --- */

static void ignore_warning(const char *text) { (void)text; }

static void *end_attached(void *cell) {
  if (!weft_attach()) abort();
  weft_read_begin();
  weft_read_begin();
  step_empty_cell(cell);
  return NULL;
}
static void *end_detached(void *cell) {
  if (!weft_attach()) abort();
  weft_read_begin();
  step_empty_cell(cell);
  weft_detach();
  return NULL;
}
static void *end_detached_having_done_nothing(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  weft_read_begin();
  weft_detach();
  return NULL;
}
static weft_object *end_as_thread_of_weft(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  weft_read_begin();
  step_empty_cell(args[0]);
  return WEFT_NONE;
}

static void run_to_its_end(void *(*body)(void *), void *arg) {
  pthread_t thread;
  cr_assert_eq(pthread_create(&thread, NULL, body, arg), 0);
  weft_detach();
  pthread_join(thread, NULL);
  weft_reattach();
}

RuntimeTest(grace, the_end_of_a_thread_ends_its_brackets) {
  weft_set_warning_hook(ignore_warning);
  weft_object *cell = cell_with_steal(probe_new());
  run_to_its_end(end_attached, cell);
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  put_probe(cell);
  run_to_its_end(end_detached, cell);
  weft_synchronize();
  cr_assert_eq(freed(), 2);
  put_probe(cell);
  run_to_its_end(end_detached_having_done_nothing, NULL);
  step_empty_cell(cell);
  weft_synchronize();
  cr_assert_eq(freed(), 3);
  put_probe(cell);
  weft_object *function = weft_function_new("body", end_as_thread_of_weft, 0, NULL);
  weft_object *thread = weft_thread_spawn(function, 1, &cell);
  weft_decref(weft_thread_join(thread));
  weft_decref(thread);
  weft_decref(function);
  while (freed() < 4) { /* joined is not yet gone */
    weft_poll();
    weft_synchronize();
  }
  cr_assert_eq(wrong, 0);
  weft_decref(cell);
}

/* --- The backlog --- */

enum { MILLION = SANITIZED ? 200000 : 1000000 };

static size_t memory(void) {
  weft_heap_stats s;
  weft_heap_get_stats(&s);
  return s.block_bytes + s.large_bytes;
}

RuntimeTest(grace, the_backlog_of_a_busy_writer_is_bounded) {
  weft_object *cell = shared(weft_cell_new(NULL));
  size_t before = memory(), most = 0;
  for (int i = 0; i < MILLION; i++) {
    weft_auto weft_object *x = FLOAT(i);
    cr_assert_eq(weft_cell_set(cell, x), 0);
    if (i % 1000 == 0 && memory() > most) most = memory();
  }
  cr_assert_lt(most, before + (4 << 20));
  weft_cell_set(cell, NULL);
  weft_synchronize();
  weft_poll();
  cr_assert_eq(memory(), before);
  weft_decref(cell);
}

RuntimeTest(grace, the_backlog_of_buffers_is_bounded) {
  list = shared(weft_list_new());
  for (int i = 0; i < 10000; i++) cr_assert_eq(weft_list_append(list, WEFT_NONE), 0);
  size_t before = memory(), most = 0;
  /* Each insertion into a shared list makes a table of 90 kB. */
  for (int i = 0; i < 1000; i++) {
    cr_assert_eq(weft_list_insert(list, 0, WEFT_NONE), 0);
    size_t now = memory();
    if (now > most) most = now;
  }
  cr_assert_lt(most, before + (4 << 20));
  weft_decref(list);
}

/* The thread that lets go of much may be in a bracket: then it cannot wait, and the backlog grows until its end. */
RuntimeTest(grace, the_backlog_of_a_bracket_is_released_after_its_end) {
  weft_object *cell = shared(weft_cell_new(NULL));
  weft_read_begin();
  for (int i = 0; i < 100000; i++) put_probe(cell);
  cr_assert_eq(freed(), 0);
  weft_read_end();
  weft_cell_set(cell, NULL);
  weft_synchronize();
  cr_assert_eq(freed(), 100000);
  weft_decref(cell);
}

/* --- What is released lets go of more --- */

static weft_object *chain;
static uint32_t links;

static void let_go_of_next(weft_object *self) {
  const weft_type *type = weft_type_of(self);
  weft_object_free(self, 0);
  weft__add_acq_rel(&probes_freed, 1u);
  if (links > 0) {
    links--;
    weft_auto weft_object *next = weft_object_new(type, 0);
    wrong_if(weft_cell_set(chain, next) != 0);
  }
}
static const weft_type *chain_type(void) {
  return weft_type_new(&(weft_type_spec){.name = "link", .dealloc = let_go_of_next});
}
static weft_object *chain_link(const weft_type *type) {
  weft_object *o = weft_object_new(type, 0);
  cr_assert_not_null(o);
  return o;
}

RuntimeTest(grace, what_is_released_lets_go_of_more_and_so_on) {
  const weft_type *type = chain_type();
  chain = shared(cell_with_steal(chain_link(type)));
  links = 10;
  weft_object *second = chain_link(type);
  weft_cell_set(chain, second);
  weft_decref(second);
  for (int i = 0; freed() < 11 && i < 100; i++) weft_synchronize();
  cr_assert_eq(freed(), 11);
  cr_assert_eq(wrong, 0);
  links = 0;
  weft_cell_set(chain, NULL);
  weft_decref(chain);
}

/* Keeps a bracket open until the thread of the state waits, from when on it may. */
static uint32_t may_wait;

static void step_read_until_it_waits(void *state) {
  struct weft__tstate *ts = state;
  weft_read_begin();
  weft__store_release(&close_bracket, 1u);
  while (!weft__load_acquire(&may_wait) ||
         (weft__load_relaxed(&ts->status) & WEFT__STATUS_STATE) != WEFT__STATUS_DETACHED)
    weft_poll();
  weft_read_end();
}
/* From here on no grace period passes, until the caller, when it may, waits for one. */
static void block_grace_periods(void) {
  weft__store_release(&close_bracket, 0u);
  weft__store_release(&may_wait, 0u);
  actor_begin(&reader, step_read_until_it_waits, weft__self());
  while (!weft__load_acquire(&close_bracket)) poll_and_yield();
}
static void let_grace_periods_pass_when_i_wait(void) { weft__store_release(&may_wait, 1u); }

static size_t burst;
static void let_go_of_burst(weft_object *self) {
  weft_object_free(self, 0);
  weft__add_acq_rel(&probes_freed, 1u);
  for (size_t n = burst; n > 0; n--) {
    weft_auto weft_object *x = FLOAT((double)n);
    wrong_if(weft_cell_set(chain, x) != 0);
  }
}

/* A writer has to wait, releases what it waited for, and that lets go of as much as fits into a batch, or nearly; then
 * the writer's own buffer needs two places. */
RuntimeTest(grace, regress_a_batch_that_fills_up_while_its_thread_waits) {
  if (WEFT__HAS_GIL) return;
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "burst", .dealloc = let_go_of_burst});
  actor_start(&reader);
  chain = shared(weft_cell_new(NULL));
  list = shared(weft_list_new());
  for (burst = 500; burst < 512; burst++) {
    uint32_t before = freed();
    weft_object *first = weft_object_new(type, 0);
    weft_cell_set(chain, first);
    weft_decref(first);
    block_grace_periods();
    let_grace_periods_pass_when_i_wait();
    weft_cell_set(chain, NULL);
    for (int i = 0; freed() == before; i++) {
      cr_assert_eq(weft_list_insert(list, 0, WEFT_NONE), 0);
      cr_assert_lt(i, 100000);
    }
    actor_wait(&reader);
    weft_synchronize();
  }
  weft_decref(list);
  weft_decref(chain);
  actor_quit(&reader);
  cr_assert_eq(wrong, 0);
}

/* --- Out of memory --- */

static uint32_t warnings;
static void count_warning(const char *text) {
  if (strstr(text, "out of memory in a read bracket")) weft__add_acq_rel(&warnings, 1u);
}

RuntimeTest(grace, without_memory_for_a_batch_nothing_is_lost) {
  weft_object *cell = shared(cell_with_steal(probe_new()));
  weft_heap_fail_nth(1);
  int result = weft_cell_set(cell, NULL);
  weft_heap_fail_nth(0);
  cr_assert_eq(result, 0);
  cr_assert_eq(freed(), 1, "its thread has waited for the grace period");
  cr_assert_null(weft_error_borrow());
  weft_decref(cell);
}

RuntimeTest(grace, losses_with_every_request_failing) {
  for (size_t i = 0; i < LOSSES; i++) {
    if (losses[i] == replaces_slice || losses[i] == removes) continue; /* make objects of their own */
    for (uint64_t n = 1;; n++) {
      uint32_t before = freed();
      weft_object *l = list_of_probe();
      for (size_t k = 1; k < 10; k++) weft_list_append(l, WEFT_NONE);
      shared(l);
      weft_synchronize();
      weft_object *error;
      weft_heap_fail_nth(n);
      switch (i) {
        case 0: weft_list_set(l, 0, WEFT_NONE); break;
        case 1: weft_xdecref(weft_list_pop(l, 0)); break;
        case 2: weft_list_delete(l, 0); break;
        case 3: weft_list_clear(l); break;
        default: weft_list_set_slice(l, 0, 1, NULL);
      }
      uint64_t requests = weft_heap_fail_nth(0);
      error = weft_error_borrow();
      bool failed = error;
      cr_assert(!failed || raised(&weft_MemoryError));
      cr_assert(!failed || weft_list_length(l) == 10, "the list is unaltered");
      weft_synchronize();
      cr_assert_eq(freed(), before + !failed, "loss %zu, request %d", i, (int)n);
      weft_decref(l);
      weft_synchronize();
      cr_assert_eq(freed(), before + 1);
      if (requests < n) break;
    }
  }
}

/* There is no way to put it off, and it must not be freed: it is given up, with a warning. */
RuntimeTest(grace, without_memory_for_a_batch_in_a_bracket_an_object_is_given_up) {
  weft_set_warning_hook(count_warning);
  weft_object *cell = shared(cell_with_steal(probe_new()));
  weft_read_begin();
  weft_heap_fail_nth(1);
  weft_cell_set(cell, NULL);
  weft_heap_fail_nth(0);
  weft_read_end();
  weft_synchronize();
  cr_assert_eq(warnings, 1);
  cr_assert_eq(freed(), 0);
  blocks_left_on_purpose = 1;
  weft_set_warning_hook(NULL);
  weft_decref(cell);
}

/* --- The end of the runtime --- */

/* Ends it and starts the next. */
static void restart(void) {
  weft_finalize();
  start();
}

RuntimeTest(grace, what_waits_is_released_before_the_runtime_ends) {
  weft_object *cell = shared(cell_with_steal(probe_new()));
  in_new_thread(step_empty_cell, cell);
  put_probe(cell);
  put_probe(cell);
  list = shared(list_of_probe());
  weft_list_clear(list);
  weft_decref(list);
  weft_decref(cell);
  restart();
  cr_assert_eq(freed(), 4);
}

RuntimeTest(grace, what_is_released_at_the_end_may_let_go_of_more) {
  const weft_type *type = chain_type();
  chain = shared(cell_with_steal(chain_link(type)));
  weft_object *second = chain_link(type);
  links = 5;
  weft_cell_set(chain, second);
  weft_decref(second);
  restart();
  cr_assert_eq(freed(), 6);
}

/* A thread that is in a bracket, detached, when the runtime ends: nothing of what it may see is released then, and
 * afterwards it is in nobody's way. */
static uint32_t in_bracket, may_return;

static void *return_into_the_next_runtime(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  weft_read_begin();
  weft_detach();
  weft__store_release(&in_bracket, 1u);
  while (!weft__load_acquire(&may_return)) sched_yield();
  weft__store_release(&in_bracket, 2u);
  weft_reattach();
  wrong_if(true);
  return NULL;
}

RuntimeTest(grace, a_thread_that_outlives_its_runtime_leaves_its_bracket) {
  pthread_t thread;
  cr_assert_eq(pthread_create(&thread, NULL, return_into_the_next_runtime, NULL), 0);
  weft_object *cell = shared(cell_with_steal(probe_new()));
  while (!weft__load_acquire(&in_bracket)) poll_and_yield();
  weft_cell_set(cell, NULL);
  restart();
  cr_assert_eq(freed(), 0);
  weft__store_release(&may_return, 1u);
  while (weft__load_acquire(&in_bracket) != 2) poll_and_yield();
  some_time_passes();
  cell = cell_with_steal(probe_new());
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  cr_assert_eq(freed(), 1, "no bracket is open: it is private, and dies at once");
  put_probe(shared(cell));
  cr_assert_eq(weft_cell_set(cell, NULL), 0);
  weft_synchronize();
  cr_assert_eq(freed(), 2);
  weft_decref(cell);
  cr_assert_eq(wrong, 0);
}

/* A thread is in the middle of a batch while others end the runtime, which looks through everybody's batches. */
static uint32_t at_work, may_go_on, went_on;

static void wait_at_work(weft_object *self) {
  weft_object_free(self, 0);
  weft__store_release(&at_work, 1u);
  while (!weft__load_acquire(&may_go_on)) poll_and_yield();
}
static void see_that_it_went_on(weft_object *self) {
  weft_object_free(self, 0);
  weft__store_release(&went_on, 1u);
}
/* Replaces what is in `chain`, in such a way that there is time for the callbacks of what has been sent. */
static void take_time_and_let_go(weft_object *self) {
  weft_object_free(self, 0);
  uint64_t end = weft__now_ns() + QUIET_NS;
  while (weft__now_ns() < end) weft__cpu_relax();
  wrong_if(weft_cell_set(chain, NULL) != 0);
}
static void let_it_go_on(weft_object *self) {
  weft_object_free(self, 0);
  weft__store_release(&may_go_on, 1u);
  while (!weft__load_acquire(&went_on)) sched_yield();
}
static weft_object *of_new_type(void (*dealloc)(weft_object *)) {
  weft_object *o = weft_object_new(weft_type_new(&(weft_type_spec){.name = "x", .dealloc = dealloc}), 0);
  cr_assert_not_null(o);
  return o;
}

static weft_object *cells[3];

static void *release_for_want_of_memory(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  weft_object *const contents[] = {of_new_type(wait_at_work), of_new_type(see_that_it_went_on), FLOAT(1)};
  for (int i = 0; i < 3; i++) weft__store_release(&cells[i], cell_with_steal(contents[i]));
  while (!weft__load_acquire(&in_bracket)) poll_and_yield();
  block_grace_periods();
  step_empty_cell(cells[0]);
  step_empty_cell(cells[1]);
  weft_detach(); /* sends the batch: for the next loss there is none */
  weft_reattach();
  let_grace_periods_pass_when_i_wait();
  weft_heap_fail_nth(1);
  step_empty_cell(cells[2]);
  weft_heap_fail_nth(0);
  for (;;) weft_poll();
  return NULL;
}

RuntimeTest(grace, regress_the_end_leaves_alone_what_another_thread_is_releasing) {
  if (WEFT__HAS_GIL) return;
  actor_start(&reader);
  pthread_t thread;
  cr_assert_eq(pthread_create(&thread, NULL, release_for_want_of_memory, NULL), 0);
  for (int i = 0; i < 3; i++) {
    while (!weft__load_acquire(&cells[i])) poll_and_yield();
    step_touch(cells[i]);
  }
  weft__store_release(&in_bracket, 1u);
  while (!weft__load_acquire(&at_work)) poll_and_yield();
  actor_wait(&reader);
  actor_quit(&reader);
  /* Main lets go of something that lets go of something: in the second round the thread's batch is freed, or not. */
  chain = shared(cell_with_steal(of_new_type(take_time_and_let_go)));
  weft_object *last = of_new_type(let_it_go_on);
  weft_cell_set(chain, last);
  weft_decref(last);
  restart();
  cr_assert_eq(went_on, 1);
  cr_assert_eq(wrong, 0);
}

/* --- Fork --- */

static int child_releases(uint32_t expected) {
  weft_synchronize();
  bool right = freed() == expected;
  if (!right) fprintf(stderr, "in a child: %u were released, not %u\n", freed(), expected);
  weft_object *cell = weft_cell_new(NULL);
  weft_decref(cell);
  weft_finalize();
  return right ? 0 : 1;
}

static void fork_and_expect(uint32_t released_in_child) {
  pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    _exit(child_releases(released_in_child));
  }
  int status;
  weft_detach();
  while (waitpid(pid, &status, 0) != pid) continue;
  weft_reattach();
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

RuntimeTest(grace, a_child_releases_what_waits_and_so_does_the_parent) {
  weft_object *cell = shared(cell_with_steal(probe_new()));
  actor_start(&reader);
  put_probe(cell);
  actor_do(&reader, step_empty_cell, cell); /* waits for a thread that the child does not have */
  put_probe(cell);
  in_new_thread(step_empty_cell, cell);
  fork_and_expect(3);
  weft_synchronize();
  actor_do(&reader, step_poll, NULL);
  actor_quit(&reader);
  weft_synchronize();
  cr_assert_eq(freed(), 3);
  weft_decref(cell);
  cr_assert_eq(wrong, 0);
}

RuntimeTest(grace, brackets_of_other_threads_do_not_exist_in_a_child) {
  actor_start(&reader);
  weft_object *cell = shared(cell_with_steal(probe_new()));
  actor_do(&reader, step_begin, NULL);
  weft_cell_set(cell, NULL);
  fork_and_expect(1);
  cr_assert_eq(freed(), 0);
  actor_do(&reader, step_end, NULL);
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_decref(cell);
  actor_quit(&reader);
}

/* The first batch of a process starts the reclaimer, which a fork must not hold up: see that nobody who has to reach a
 * safepoint waits for that. */
static uint32_t sends_first;

static void step_send_first_batch(void *cell) {
  step_empty_cell(cell);
  weft__store_release(&sends_first, 1u);
  while (!(weft__load_relaxed(&weft__self()->status) & WEFT__STATUS_STOP)) sched_yield();
  weft_detach(); /* sends */
  weft_reattach();
}

RuntimeTest(grace, regress_fork_while_the_first_batch_is_sent) {
  if (WEFT__HAS_GIL) return;
  actor_start(&reader);
  weft_object *cell = shared(cell_with_steal(probe_new()));
  actor_begin(&reader, step_send_first_batch, cell);
  while (!weft__load_acquire(&sends_first)) poll_and_yield();
  fork_and_expect(1);
  actor_wait(&reader);
  actor_quit(&reader);
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_decref(cell);
}

/* --- Attributes --- */

static weft_object *attribute_holder(bool slots) {
  static const char *const names[] = {"a", NULL};
  const weft_type *type = weft_type_new(
      &(weft_type_spec){.name = "holder", .flags = slots ? 0 : WEFT_TYPE_DICT, .slot_names = slots ? names : NULL});
  weft_auto weft_object *shade = STR("shade"), *of_type = STR("of the type");
  cr_assert_eq(weft_type_set(type, shade, of_type), 0);
  return weft_instance_new(type);
}

RuntimeTest(grace, an_attribute_that_is_peeked_at_stays_until_the_end_of_the_bracket) {
  weft_auto weft_object *a = weft_str_intern("a"), *b = weft_str_intern("b"), *shade = STR("shade");
  for (int kind = 0; kind < 3; kind++) {
    weft_auto weft_object *o = attribute_holder(kind == 0), *value = probe_new();
    if (kind == 2) weft_decref(weft_instance_dict(o));
    cr_assert_eq(weft_setattr(o, a, value), 0);
    uint32_t before = freed();
    weft_read_begin();
    weft_object *found = weft_getattr_peek(o, a), *of_type = weft_getattr_peek(o, shade);
    cr_assert(found == value && weft_str_check(of_type));
    weft_clear(&value);
    cr_assert_eq(weft_setattr(o, a, WEFT_NONE), 0);
    some_time_passes();
    cr_assert_eq(freed(), before);
    cr_assert_eq(found->type, probe_type);
    cr_assert(!weft_getattr_peek(o, b) && raised(&weft_AttributeError));
    weft_read_end();
    weft_synchronize();
    cr_assert_eq(freed(), before + 1);
    cr_assert_eq(weft_type_set(o->type, shade, NULL), 0);
  }
  weft_synchronize();
}
