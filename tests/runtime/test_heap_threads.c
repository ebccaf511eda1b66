/* SPDX-License-Identifier: MIT */
/* The private heap between threads: frees by others, pages of threads that are away or dead, memory that goes back. */
#include "support.h"

#include <sys/wait.h>

#include "runtime/heap_internal.h"

RuntimeSuite(heap_threads);

enum { ARENAS_KEPT = 3 }; /* spare ones, and one with pages that are current */

enum { MANY = SANITIZED ? 100000 : 1000000 };
static weft_object *objects[MANY];

static void make(size_t n) {
  for (size_t i = 0; i < n; i++) objects[i] = FLOAT((double)i);
}
static void drop(size_t n) {
  for (size_t i = 0; i < n; i++) weft_decref(objects[i]);
}

/* --- Frees by other threads --- */

static void step_make(void *n) { make(*(size_t *)n); }
static void step_make_and_disown(void *n) {
  make(*(size_t *)n);
  for (size_t i = 0; i < *(size_t *)n; i++) weft_disown(objects[i]);
}
static void step_drop(void *n) { drop(*(size_t *)n); }
static void step_make_and_drop(void *n) {
  step_make(n);
  step_drop(n);
}

RuntimeTest(heap_threads, frees_by_another_thread_come_back_to_the_owner) {
  weft_heap_stats before = heap_now();
  size_t n = 50000;
  step_make_and_disown(&n);
  in_new_thread(step_drop, &n);
  weft_heap_stats after = heap_now();
  cr_assert_eq(after.blocks, before.blocks);
  make(n);
  cr_assert_leq(heap_now().pages, before.pages + n * 24 / (WEFT__PAGE_SIZE - 1024) + 3, "the same pages");
  drop(n);
}

RuntimeTest(heap_threads, pages_that_another_thread_emptied_go_back) {
  weft_heap_stats before = heap_now();
  size_t n = 50000;
  step_make_and_disown(&n);
  in_new_thread(step_drop, &n);
  /* The owner finds them when it needs pages. */
  for (int round = 0; round < 3; round++) {
    make(5000);
    drop(5000);
  }
  cr_assert_leq(heap_now().pages, before.pages + 4);
}

/* cf. gh-145615: memory grew at a constant number of live blocks. */
RuntimeTest(heap_threads, regress_memory_is_bounded_when_one_thread_allocates_and_another_frees) {
  struct actor consumer;
  actor_start(&consumer);
  size_t n = 1000;
  step_make_and_disown(&n);
  actor_do(&consumer, step_drop, &n);
  size_t pages = heap_now().pages;
  for (int round = 0; round < MANY / 1000; round++) {
    step_make_and_disown(&n);
    actor_do(&consumer, step_drop, &n);
  }
  cr_assert_leq(heap_now().pages, pages + 3);
  actor_quit(&consumer);
}

RuntimeTest(heap_threads, regress_memory_is_bounded_when_queued_objects_die_with_their_owner) {
  struct actor consumer;
  actor_start(&consumer);
  size_t n = 1000;
  step_make(&n);
  actor_do(&consumer, step_drop, &n);
  size_t pages = heap_now().pages;
  for (int round = 0; round < MANY / 1000; round++) {
    step_make(&n);
    actor_do(&consumer, step_drop, &n);
  }
  cr_assert_leq(heap_now().pages, pages + 3);
  actor_quit(&consumer);
}

/* A few blocks stay alive in every page, so that pages are full again and again when others free into them. */
RuntimeTest(heap_threads, full_pages_that_others_free_into_are_found) {
  struct actor consumer;
  actor_start(&consumer);
  static weft_object *kept[200];
  size_t n = 20000;
  for (size_t i = 0; i < 200; i++) {
    kept[i] = FLOAT(-1);
    make(100);
    drop(100);
  }
  step_make_and_disown(&n);
  actor_do(&consumer, step_drop, &n);
  size_t pages = heap_now().pages;
  for (int round = 0; round < 20; round++) {
    step_make_and_disown(&n);
    actor_do(&consumer, step_drop, &n);
  }
  cr_assert_leq(heap_now().pages, pages + 3);
  for (size_t i = 0; i < 200; i++) weft_decref(kept[i]);
  actor_quit(&consumer);
}

RuntimeTest(heap_threads, threads_do_not_allocate_from_each_others_pages) {
  if (WEFT__HAS_GIL) return; /* one heap for all */
  struct actor other;
  actor_start(&other);
  size_t n = 100;
  actor_do(&other, step_make, &n);
  weft_auto weft_object *mine = FLOAT(1);
  for (size_t i = 0; i < n; i++) cr_assert_neq(weft_id(mine) / WEFT__PAGE_SIZE, weft_id(objects[i]) / WEFT__PAGE_SIZE);
  actor_do(&other, step_drop, &n);
  actor_quit(&other);
}

static void step_churn(void *unused) {
  (void)unused;
  weft_object *mine[64] = {0};
  uint32_t random = (uint32_t)(uintptr_t)&random;
  for (int i = 0; i < 20000; i++) {
    random = random * 1103515245u + 12345u;
    weft_object **o = &mine[(random >> 8) % 64];
    weft_xdecref(*o);
    *o = random & 1 << 20   ? FLOAT(i)
         : random & 1 << 21 ? INT(i + 1000)
                            : weft_str_format("%0*d", (int)(random >> 24) + 1, i);
  }
  for (int i = 0; i < 64; i++) weft_xdecref(mine[i]);
}

RuntimeTest(heap_threads, threads_that_allocate_at_the_same_time_do_not_disturb_each_other) {
  weft_heap_stats before = heap_now();
  in_new_threads(4, step_churn, NULL);
  cr_assert_eq(heap_now().blocks, before.blocks);
}

/* --- Threads that are away --- */

static void shuffle(size_t n) {
  uint32_t random = 12345;
  for (size_t i = n; i-- > 1;) {
    random = random * 1103515245u + 12345u;
    size_t j = (random >> 4) % (i + 1);
    weft_object *other = objects[i];
    objects[i] = objects[j], objects[j] = other;
  }
}

/* Whoever made the objects does nothing any more; the caller drops them all. */
static void assert_that_memory_goes_back(size_t n, weft_heap_stats before) {
  weft_heap_stats full = heap_now();
  cr_assert_geq(full.arenas, before.arenas + n * 24 / (4 << 20));
  drop(n);
  weft_heap_stats after = heap_now();
  cr_assert_eq(after.blocks, before.blocks);
  cr_assert_leq(after.pages, before.pages + 2, "%zu pages are left, not %zu", after.pages, before.pages);
  cr_assert_leq(after.arenas, before.arenas + ARENAS_KEPT);
}

static void drop_objects_of_a_thread_that_is_away(step make_them, bool in_order) {
  struct actor owner;
  actor_start(&owner);
  weft_heap_stats before = heap_now();
  size_t n = MANY;
  actor_do(&owner, make_them, &n);
  if (!in_order) shuffle(n);
  assert_that_memory_goes_back(n, before);
  actor_quit(&owner);
}

RuntimeTest(heap_threads, what_a_thread_that_is_away_has_left_to_others_goes_back) {
  drop_objects_of_a_thread_that_is_away(step_make_and_disown, true);
}

RuntimeTest(heap_threads, what_a_thread_that_is_away_still_owns_goes_back) {
  drop_objects_of_a_thread_that_is_away(step_make, true);
}

RuntimeTest(heap_threads, it_does_so_in_whatever_order_blocks_are_freed) {
  drop_objects_of_a_thread_that_is_away(step_make_and_disown, false);
}

/* Its pages then have free blocks, and nobody else knows how many. */
static void step_make_and_drop_every_other(void *n) {
  step_make_and_disown(n);
  for (size_t i = 0; i < *(size_t *)n; i += 2) {
    weft_own(objects[i]);
    weft_decref(objects[i]);
    objects[i] = weft_new_ref(WEFT_NONE);
  }
}

RuntimeTest(heap_threads, it_does_so_when_the_thread_has_freed_some_itself) {
  drop_objects_of_a_thread_that_is_away(step_make_and_drop_every_other, true);
}

static void step_drop_third(void *number) {
  for (size_t i = (size_t)(uintptr_t)number; i < MANY; i += 3) weft_decref(objects[i]);
}

RuntimeTest(heap_threads, it_does_so_when_several_threads_free) {
  struct actor owner, others[3];
  actor_start(&owner);
  for (int i = 0; i < 3; i++) actor_start(&others[i]);
  weft_heap_stats before = heap_now();
  size_t n = MANY;
  actor_do(&owner, step_make_and_disown, &n);
  for (uintptr_t i = 0; i < 3; i++) actor_begin(&others[i], step_drop_third, (void *)i);
  for (int i = 0; i < 3; i++) actor_wait(&others[i]);
  weft_heap_stats after = heap_now();
  cr_assert_eq(after.blocks, before.blocks);
  cr_assert_leq(after.pages, before.pages + 5);
  cr_assert_leq(after.arenas, before.arenas + ARENAS_KEPT);
  for (int i = 0; i < 3; i++) actor_quit(&others[i]);
  actor_quit(&owner);
}

RuntimeTest(heap_threads, what_a_running_thread_has_left_to_others_goes_back_when_it_detaches) {
  weft_heap_stats before = heap_now();
  size_t n = MANY;
  step_make_and_disown(&n);
  beside_running_thread(step_drop, &n);
  weft_detach();
  weft_reattach();
  weft_heap_stats after = heap_now();
  cr_assert_leq(after.pages, before.pages + 3);
  cr_assert_leq(after.arenas, before.arenas + ARENAS_KEPT);
}

RuntimeTest(heap_threads, arenas_are_bounded_when_one_thread_allocates_and_another_frees) {
  struct actor consumer;
  actor_start(&consumer);
  size_t n = 50000, arenas = heap_now().arenas;
  for (int round = 0; round < 20; round++) {
    step_make_and_disown(&n);
    actor_do(&consumer, step_drop, &n);
    cr_assert_leq(heap_now().arenas, arenas + ARENAS_KEPT);
  }
  actor_quit(&consumer);
}

/* --- Pages of dead threads --- */

RuntimeTest(heap_threads, pages_of_a_dead_thread_are_adopted) {
  size_t n = 50000;
  in_new_thread(step_make, &n);
  for (size_t i = 0; i < n; i += 2) weft_decref(objects[i]);
  size_t pages = heap_now().pages;
  for (size_t i = 0; i < n; i += 2) objects[i] = FLOAT(0);
  cr_assert_leq(heap_now().pages, pages + 2);
  drop(n);
}

RuntimeTest(heap_threads, full_pages_of_a_dead_thread_are_adopted_once_something_in_them_is_freed) {
  size_t n = 50000;
  in_new_thread(step_make, &n);
  size_t pages = heap_now().pages;
  drop(n);
  make(n);
  cr_assert_leq(heap_now().pages, pages + 2);
  drop(n);
}

RuntimeTest(heap_threads, empty_pages_of_a_dead_thread_go_back) {
  weft_heap_stats before = heap_now();
  size_t n = 50000;
  in_new_thread(step_make, &n);
  drop(n);
  cr_assert_leq(heap_now().pages, before.pages + 2);
}

RuntimeTest(heap_threads, pages_that_are_empty_when_their_thread_ends_go_back) {
  weft_heap_stats before = heap_now();
  static size_t n = 50000;
  in_new_thread(step_make_and_drop, &n);
  cr_assert_leq(heap_now().pages, before.pages + 2);
}

RuntimeTest(heap_threads, memory_is_bounded_when_many_threads_come_and_go) {
  size_t n = 2000;
  for (int round = 0; round < 5; round++) {
    in_new_thread(step_make, &n);
    drop(n);
  }
  size_t pages = heap_now().pages;
  for (int round = 0; round < 200; round++) {
    in_new_thread(step_make, &n);
    drop(n);
  }
  cr_assert_leq(heap_now().pages, pages + 2);
}

/* In the child nobody is left but the caller, and what the others had is as if they had ended. */
RuntimeTest(heap_threads, what_other_threads_had_before_a_fork_goes_back_in_the_child) {
  if (SANITIZED) return;
  struct actor owner;
  actor_start(&owner);
  weft_heap_stats before = heap_now();
  size_t n = MANY;
  actor_do(&owner, step_make_and_drop_every_other, &n);
  pid_t child = fork();
  if (child == 0) {
    drop(n);
    weft_heap_stats after = heap_now();
    _exit(after.blocks <= before.blocks && after.pages <= before.pages + 2 ? 0 : 1);
  }
  int status;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  drop(n);
  actor_quit(&owner);
}

RuntimeTest(heap_threads, what_a_dead_thread_has_left_behind_goes_back) {
  weft_heap_stats before = heap_now();
  size_t n = MANY;
  in_new_thread(step_make, &n);
  assert_that_memory_goes_back(n, before);
}

RuntimeTest(heap_threads, it_does_so_when_the_dead_thread_had_freed_some_itself) {
  weft_heap_stats before = heap_now();
  size_t n = MANY;
  in_new_thread(step_make_and_drop_every_other, &n);
  shuffle(n);
  assert_that_memory_goes_back(n, before);
}

RuntimeTest(heap_threads, orphaned_pages_are_counted_until_they_are_adopted) {
  if (WEFT__HAS_GIL) return; /* one heap for all */
  size_t n = 50000;
  in_new_thread(step_make, &n);
  size_t orphaned = heap_now().pages_orphaned;
  cr_assert_geq(orphaned, n * 24 / WEFT__PAGE_SIZE);
  for (size_t i = 0; i < n; i += 2) weft_decref(objects[i]);
  for (size_t i = 0; i < n; i += 2) objects[i] = FLOAT(0);
  cr_assert_leq(heap_now().pages_orphaned, 2);
  drop(n);
}
