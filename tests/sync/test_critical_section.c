/* SPDX-License-Identifier: MIT */
/* Critical sections: what they keep out, when they are left, and that they never stand in anybody's way. */
#include "../runtime/support.h"

#include <setjmp.h>
#include <sys/wait.h>

RuntimeSuite(critical_section);

static uint32_t wrong; /* atomic: what went wrong in other threads */
static void wrong_if(bool is) {
  if (is) weft__add_acq_rel(&wrong, 1u);
}

static void begin(weft_object *o) {
  if (weft_critical_begin(o) != 0) abort();
}
static void begin_two(weft_object *a, weft_object *b) {
  if (weft_critical_begin_two(a, b) != 0) abort();
}

static jmp_buf caught;
static void catch_misuse(const char *message) {
  (void)message;
  longjmp(caught, 1);
}
#define IS_MISUSE(statement)                                      \
  ({                                                              \
    weft_set_fatal_hook(catch_misuse);                            \
    bool is_misuse = setjmp(caught) != 0 || ((statement), false); \
    weft_set_fatal_hook(NULL);                                    \
    is_misuse;                                                    \
  })

/* Safepoints at which another thread, which wants to, could do what it should not. */
static void others_get_their_chance(void) {
  uint64_t end = weft__now_ns() + 20000000;
  while (weft__now_ns() < end) {
    weft_poll();
    sched_yield();
  }
}
static void others_do_it(uint32_t *flag) {
  while (!weft__load_acquire(flag)) {
    weft_detach();
    sched_yield();
    weft_reattach();
  }
}

/* A list that both the calling thread and another one have used, or that only the calling one has. */
static void step_touch(void *list) { wrong_if(weft_list_length(list) < 0); }
static weft_object *list_used_by(int threads) {
  weft_object *list = LIST(INT(0));
  if (threads > 1) in_new_thread(step_touch, list);
  return list;
}

/* --- Exclusion --- */

static uint32_t about_to, done; /* atomic */

static void step_append(void *list) {
  weft__store_release(&about_to, 1u);
  wrong_if(weft_list_append(list, WEFT_NONE) != 0);
  weft__store_release(&done, 1u);
}
static void step_enter(void *o) {
  weft__store_release(&about_to, 1u);
  begin(o);
  weft__store_release(&done, 1u);
  weft_critical_end();
}

/* While the calling thread is in a section on `mine`, the step on `o` waits; it is done afterwards. */
static void keeps_out(weft_object *mine, step other, weft_object *o) {
  struct actor a;
  actor_start(&a);
  weft__store_relaxed(&about_to, 0u);
  weft__store_relaxed(&done, 0u);
  begin(mine);
  actor_begin(&a, other, o);
  while (!WEFT__HAS_GIL && !weft__load_acquire(&about_to)) weft_poll();
  others_get_their_chance();
  cr_assert_not(weft__load_acquire(&done));
  weft_critical_end();
  others_do_it(&done);
  actor_quit(&a);
  cr_assert_eq(weft__load_acquire(&wrong), 0);
}

RuntimeTest(critical_section, keeps_changes_of_a_shared_list_out) {
  weft_auto weft_object *list = list_used_by(2);
  keeps_out(list, step_append, list);
  cr_assert_eq(weft_list_length(list), 2);
}
RuntimeTest(critical_section, keeps_changes_out_of_a_list_that_was_private_when_it_began) {
  weft_auto weft_object *list = list_used_by(1);
  keeps_out(list, step_append, list);
  cr_assert_eq(weft_list_length(list), 2);
}
RuntimeTest(critical_section, keeps_other_sections_on_the_same_object_out) {
  weft_auto weft_object *shared = list_used_by(2), *private = list_used_by(1), *dict = weft_dict_new();
  weft_auto weft_object *set = weft_set_new(), *tuple = TUPLE(INT(1)), *text = STR("text");
  weft_object *all[] = {shared, private, dict, set, tuple, text, WEFT_NONE};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) keeps_out(all[i], step_enter, all[i]);
}

static void step_set_attribute(void *o) {
  weft__store_release(&about_to, 1u);
  wrong_if(weft_setattr_text(o, "a", WEFT_NONE) != 0);
  weft__store_release(&done, 1u);
}
RuntimeTest(critical_section, keeps_changes_of_an_instances_attributes_out) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "open", .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *o = weft_instance_new(type);
  keeps_out(o, step_set_attribute, o);
  keeps_out(o, step_set_attribute, o);
}

struct sums {
  weft_object *dict, *key;
};
enum { ADDITIONS = 500 };

/* Not atomic without the section: a get, then a set. */
static void step_add_many(void *sums_) {
  struct sums *s = sums_;
  for (int i = 0; i < ADDITIONS; i++) {
    begin(s->dict);
    weft_auto weft_object *old = weft_dict_get(s->dict, s->key), *one = weft_int_new(1);
    if (i % 16 == 0) weft_poll();
    weft_auto weft_object *sum = weft_add(old, one);
    wrong_if(weft_dict_set(s->dict, s->key, sum) != 0);
    weft_critical_end();
  }
}
RuntimeTest(critical_section, no_addition_of_four_threads_is_lost) {
  weft_auto weft_object *dict = weft_dict_new(), *key = STR("sum"), *zero = INT(0);
  cr_assert_eq(weft_dict_set(dict, key, zero), 0);
  cr_assert_eq(weft_set_switch_interval_us(50), 0);
  in_new_threads(4, step_add_many, &(struct sums){dict, key});
  weft_auto weft_object *sum = weft_dict_get(dict, key);
  cr_assert_eq(weft_int_value(sum), 4 * ADDITIONS);
  cr_assert_eq(weft__load_acquire(&wrong), 0);
}

/* --- Two objects --- */

static uint32_t turn; /* atomic */
static void step_swap_many(void *lists_) {
  weft_object **lists = lists_;
  bool first = weft__add_acq_rel(&turn, 1u) % 2;
  weft_object *a = lists[first], *b = lists[!first];
  for (int i = 0; i < ADDITIONS; i++) {
    begin_two(a, b);
    weft_auto weft_object *x = weft_list_pop(a, -1), *y = weft_list_pop(b, -1);
    wrong_if(!x || !y || weft_list_append(a, y) != 0 || weft_list_append(b, x) != 0);
    wrong_if(weft_list_length(a) != 1 || weft_list_length(b) != 1);
    weft_critical_end();
  }
}
RuntimeTest(critical_section, two_objects_in_either_order_are_taken_at_once) {
  weft_object *lists[] = {LIST(INT(1)), LIST(INT(2))};
  cr_assert_eq(weft_set_switch_interval_us(50), 0);
  in_new_threads(4, step_swap_many, lists);
  cr_assert_eq(weft__load_acquire(&wrong), 0);
  weft_decref(lists[0]);
  weft_decref(lists[1]);
}

RuntimeTest(critical_section, two_objects_may_be_one) {
  for (int threads = 1; threads <= 2; threads++) {
    weft_auto weft_object *list = list_used_by(threads);
    begin_two(list, list);
    cr_assert_eq(weft_list_append(list, WEFT_NONE), 0);
    weft_critical_end();
    keeps_out(list, step_append, list);
  }
}

/* --- Nesting --- */

RuntimeTest(critical_section, nests_on_the_same_object_and_ends_with_the_outermost) {
  for (int threads = 1; threads <= 2; threads++) {
    weft_auto weft_object *list = list_used_by(threads);
    struct actor a;
    actor_start(&a);
    weft__store_relaxed(&done, 0u);
    begin(list);
    begin(list);
    begin_two(WEFT_NONE, list);
    weft_critical_end();
    weft_critical_end();
    actor_begin(&a, step_append, list);
    others_get_their_chance();
    cr_assert_not(weft__load_acquire(&done));
    weft_critical_end();
    others_do_it(&done);
    actor_quit(&a);
  }
}

RuntimeTest(critical_section, nests_as_deep_as_there_is_memory) {
  weft_auto weft_object *list = list_used_by(2), *dict = weft_dict_new();
  for (int i = 0; i < 1000; i++) begin(i % 2 ? list : dict);
  for (int i = 0; i < 1000; i++) weft_critical_end();
  cr_assert_eq(weft_list_append(list, WEFT_NONE), 0);
}

static weft_object *nested[2];
static void step_nest_many(void *unused) {
  (void)unused;
  bool first = weft__add_acq_rel(&turn, 1u) % 2;
  for (int i = 0; i < ADDITIONS; i++) {
    begin(nested[first]);
    begin(nested[!first]); /* in the other order in other threads: the outer one is left for that */
    wrong_if(weft_list_append(nested[!first], WEFT_NONE) != 0);
    weft_critical_end();
    wrong_if(weft_list_append(nested[first], WEFT_NONE) != 0);
    weft_critical_end();
  }
}
RuntimeTest(critical_section, sections_nested_in_opposite_orders_do_not_wait_for_each_other_for_ever) {
  nested[0] = LIST(INT(1)), nested[1] = LIST(INT(2));
  in_new_threads(4, step_nest_many, NULL);
  cr_assert_eq(weft_list_length(nested[0]) + weft_list_length(nested[1]), 2 + 4 * 2 * ADDITIONS);
  cr_assert_eq(weft__load_acquire(&wrong), 0);
  weft_decref(nested[0]);
  weft_decref(nested[1]);
}

/* --- Suspension --- */

RuntimeTest(critical_section, a_detached_thread_keeps_nobody_out_and_comes_back) {
  for (int threads = 1; threads <= 2; threads++) {
    weft_auto weft_object *list = list_used_by(threads);
    struct actor a;
    actor_start(&a);
    begin(list);
    actor_do(&a, step_append, list); /* waits detached */
    cr_assert_eq(weft_list_length(list), 2);
    weft__store_relaxed(&done, 0u);
    actor_begin(&a, step_append, list);
    others_get_their_chance();
    cr_assert_not(weft__load_acquire(&done), "the section is open again");
    weft_critical_end();
    others_do_it(&done);
    actor_quit(&a);
    cr_assert_eq(weft_list_length(list), 3);
  }
}

RuntimeTest(critical_section, an_outer_section_is_gone_back_to_when_the_inner_one_ends) {
  weft_auto weft_object *outer = list_used_by(2), *inner = list_used_by(2);
  struct actor a;
  actor_start(&a);
  begin(outer);
  begin(inner);
  weft_detach();
  weft_reattach();
  actor_do(&a, step_append, outer); /* not back there yet */
  weft_critical_end();
  weft__store_relaxed(&done, 0u);
  actor_begin(&a, step_append, outer);
  others_get_their_chance();
  cr_assert_not(weft__load_acquire(&done));
  weft_critical_end();
  others_do_it(&done);
  actor_quit(&a);
}

/* --- The stopped world, ends of threads, forks --- */

static uint32_t inside, leave; /* atomic */
static void step_stay_inside(void *o) {
  begin(o);
  weft__store_release(&inside, 1u);
  while (!weft__load_acquire(&leave)) {
    weft_poll();
    if (WEFT__HAS_GIL) { /* in this mode nobody else runs otherwise */
      weft_detach();
      sched_yield();
      weft_reattach();
    }
  }
  weft_critical_end();
}

RuntimeTest(critical_section, whoever_has_stopped_the_world_is_not_kept_out) {
  weft_auto weft_object *list = list_used_by(2);
  struct actor a;
  actor_start(&a);
  actor_begin(&a, step_stay_inside, list);
  others_do_it(&inside);
  weft_stop_the_world();
  begin(list);
  cr_assert_eq(weft_list_append(list, WEFT_NONE), 0);
  weft_critical_end();
  weft_start_the_world();
  weft__store_release(&leave, 1u);
  actor_quit(&a);
  cr_assert_eq(weft_list_length(list), 2);
}

static void step_new_list(void *slot) { *(weft_object **)slot = weft_list_new(); }
RuntimeTest(critical_section, what_is_looked_at_in_a_stopped_world_is_kept_from_changes_afterwards) {
  weft_auto weft_object *list = NULL;
  struct actor a;
  actor_start(&a);
  actor_do(&a, step_new_list, &list);
  actor_begin(&a, step_stay_inside, list);
  others_do_it(&inside);
  weft_stop_the_world();
  cr_assert_eq(weft_list_length(list), 0);
  weft_start_the_world();
  struct actor b;
  actor_start(&b);
  weft__store_relaxed(&done, 0u);
  if (!WEFT__HAS_GIL) {
    actor_begin(&b, step_append, list);
    others_get_their_chance();
    cr_assert_not(weft__load_acquire(&done));
  }
  weft__store_release(&leave, 1u);
  actor_quit(&b);
  actor_quit(&a);
}

static uint32_t warnings; /* atomic */
static void count_warning(const char *message) {
  if (strstr(message, "critical section")) weft__add_acq_rel(&warnings, 1u);
}
static void step_begin_only(void *o) { begin(o); }
RuntimeTest(critical_section, a_thread_that_ends_in_one_leaves_it_with_a_warning) {
  weft_auto weft_object *list = list_used_by(2), *tuple = TUPLE(INT(1));
  weft_set_warning_hook(count_warning);
  in_new_thread(step_begin_only, list);
  in_new_thread(step_begin_only, tuple);
  weft_set_warning_hook(NULL);
  cr_assert_eq(weft__load_acquire(&warnings), 2);
  cr_assert_eq(weft_list_append(list, WEFT_NONE), 0);
  begin_two(list, tuple);
  weft_critical_end();
}

RuntimeTest(critical_section, in_the_child_of_a_fork_nobody_else_is_in_one) {
  weft_auto weft_object *list = list_used_by(2), *tuple = TUPLE(INT(1));
  struct actor a;
  actor_start(&a);
  actor_begin(&a, step_stay_inside, list);
  others_do_it(&inside);
  begin(tuple);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    bool good = weft_list_append(list, WEFT_NONE) == 0 && weft_critical_begin_two(list, tuple) == 0;
    weft_critical_end();
    weft_critical_end();
    _exit(good ? 0 : 1);
  }
  int status = -1;
  cr_assert_eq(waitpid(pid, &status, 0), pid);
  cr_assert_eq(status, 0);
  weft_critical_end();
  weft__store_release(&leave, 1u);
  actor_quit(&a);
}

/* --- Errors and misuse --- */

RuntimeTest(critical_section, null_is_a_type_error) {
  weft_auto weft_object *list = list_used_by(1);
  cr_assert(weft_critical_begin(NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_critical_begin_two(list, NULL) == -1 && raised(&weft_TypeError));
  cr_assert(weft_critical_begin_two(NULL, list) == -1 && raised(&weft_TypeError));
}

RuntimeTest(critical_section, without_memory_it_does_not_begin) {
  weft_auto weft_object *list = list_used_by(2);
  int entered = 0;
  weft_heap_fail_nth(1);
  cr_assert(weft_critical_begin(list) == -1 && raised(&weft_MemoryError));
  for (weft_heap_fail_nth(2); weft_critical_begin(list) == 0; entered++) {
  }
  cr_assert(raised(&weft_MemoryError) && entered > 0);
  weft_heap_fail_nth(0);
  keeps_out(list, step_append, list);
  while (entered-- > 0) weft_critical_end();
}

static void use_while_detached(void) {
  weft_detach();
  if (weft_critical_begin(WEFT_NONE) != 0) abort();
}
RuntimeTest(critical_section, misuse_is_named) {
  cr_assert(IS_MISUSE(weft_critical_end()));
  cr_assert(IS_MISUSE(use_while_detached()));
  weft_reattach();
  begin(WEFT_NONE);
  cr_assert(IS_MISUSE(weft_finalize()));
  weft_critical_end();
}
