/* SPDX-License-Identifier: MIT */
/* Private until shared: what another thread's first access does, whatever the owner is doing at the time. */
#include "support.h"

#include <sys/wait.h>

#include "runtime/heap_internal.h"
#include "sync/grace_internal.h"

RuntimeSuite(share);

/* Under a GIL everything is private to whoever holds it: there is nothing to see, but all of it has to work. */
static bool is_private(const weft_object *o) { return weft__count_is_private(&o->count); }
static bool is_shared(const weft_object *o) { return WEFT__HAS_GIL || weft__count_owner(&o->count) == WEFT__SLOT_NONE; }
static bool is_private_to(uint32_t slot, const weft_object *o) {
  return WEFT__HAS_GIL || weft__count_owner(&o->count) == slot;
}
static uint32_t own_slot(void) { return weft__tls.slot; }

enum { FIRST = 1000 }; /* above the ints that are immortal */

static weft_object *three(void) { return LIST(INT(FIRST), INT(FIRST + 1), INT(FIRST + 2)); }

/* --- The first access, of every kind --- */

static bool is_int(weft_object *o_steal, int64_t expected) {
  bool is = o_steal && weft_int_check(o_steal) && weft_int_value(o_steal) == expected;
  weft_xdecref(o_steal);
  return is;
}
static bool has(weft_object *list_steal, int64_t length) {
  bool is = list_steal && weft_list_length(list_steal) == length;
  weft_xdecref(list_steal);
  return is;
}

static bool gets(weft_object *l) { return is_int(weft_list_get(l, 0), FIRST); }
static bool asks_length(weft_object *l) { return weft_list_length(l) == 3; }
static bool asks_capacity(weft_object *l) { return weft_list_capacity(l) >= 3; }
static bool peeks(weft_object *l) {
  weft_read_begin();
  bool right = weft_int_value(weft_list_peek(l, -1)) == FIRST + 2;
  weft_read_end();
  return right;
}
static bool iterates(weft_object *l) {
  weft_auto weft_object *iterator = weft_iter(l);
  for (int i = 0; i < 3; i++)
    if (!is_int(weft_next(iterator), FIRST + i)) return false;
  return !weft_next(iterator);
}
static bool finds(weft_object *l) {
  weft_auto weft_object *value = INT(FIRST + 1);
  return weft_list_contains(l, value) == 1 && weft_list_index(l, value, 0, 3) == 1 && weft_list_count(l, value) == 1;
}
static bool slices(weft_object *l) { return has(weft_list_slice(l, 1, 3), 2); }
static bool repeats(weft_object *l) { return has(weft_list_repeat(l, 2), 6); }
static bool adds(weft_object *l) { return has(weft_add(l, l), 6); }
static bool compares(weft_object *l) {
  weft_auto weft_object *same = three();
  return equal(l, same);
}
static bool shows(weft_object *l) {
  weft_auto weft_object *text = weft_repr(l);
  return text && strcmp(weft_str_utf8(text, NULL), "[1000, 1001, 1002]") == 0;
}

static bool appends(weft_object *l) {
  weft_auto weft_object *value = INT(FIRST + 3);
  return weft_list_append(l, value) == 0;
}
static bool sets(weft_object *l) {
  weft_auto weft_object *value = INT(FIRST + 3);
  return weft_list_set(l, 1, value) == 0;
}
static bool inserts(weft_object *l) {
  weft_auto weft_object *value = INT(FIRST + 3);
  return weft_list_insert(l, 0, value) == 0;
}
static bool pops(weft_object *l) { return is_int(weft_list_pop(l, -1), FIRST + 2); }
static bool pops_first(weft_object *l) { return is_int(weft_list_pop(l, 0), FIRST); }
static bool deletes(weft_object *l) { return weft_list_delete(l, 1) == 0; }
static bool removes(weft_object *l) {
  weft_auto weft_object *value = INT(FIRST + 1);
  return weft_list_remove(l, value) == 0;
}
static bool clears(weft_object *l) { return weft_list_clear(l) == 0; }
static bool extends(weft_object *l) { return weft_list_extend(l, l) == 0; }
static bool sets_slice(weft_object *l) { return weft_list_set_slice(l, 0, 2, NULL) == 0; }
static bool reverses(weft_object *l) { return weft_list_reverse(l) == 0 && is_int(weft_list_get(l, 0), FIRST + 2); }
static bool sorts(weft_object *l) {
  return weft_list_sort(l, NULL, true) == 0 && is_int(weft_list_get(l, 0), FIRST + 2);
}

static const struct access {
  const char *name;
  bool (*does)(weft_object *list); /* true: what came out was right */
  int64_t length;                  /* of the list afterwards */
} accesses[] = {{"get", gets, 3},
                {"length", asks_length, 3},
                {"capacity", asks_capacity, 3},
                {"peek", peeks, 3},
                {"iteration", iterates, 3},
                {"search", finds, 3},
                {"slice", slices, 3},
                {"repeat", repeats, 3},
                {"add", adds, 3},
                {"comparison", compares, 3},
                {"repr", shows, 3},
                {"append", appends, 4},
                {"set", sets, 3},
                {"insert", inserts, 4},
                {"pop", pops, 2},
                {"pop of the first", pops_first, 2},
                {"delete", deletes, 2},
                {"remove", removes, 2},
                {"clear", clears, 0},
                {"extend", extends, 6},
                {"assignment to a slice", sets_slice, 1},
                {"reverse", reverses, 3},
                {"sort", sorts, 3}};
enum { ACCESSES = sizeof accesses / sizeof *accesses };

struct question {
  weft_object *list;
  const struct access *access;
  bool right;
};
static void step_ask(void *question_) {
  struct question *q = question_;
  q->right = q->access->does(q->list);
}

/* `ask` has the question's access made by a thread that does not own the list. */
static void for_each_access(void (*make)(struct question *), void (*ask)(struct question *)) {
  for (size_t i = 0; i < ACCESSES; i++) {
    struct question q = {.access = &accesses[i]};
    make(&q);
    cr_assert_not(is_shared(q.list) && !WEFT__HAS_GIL);
    ask(&q);
    cr_assert(q.right, "%s", q.access->name);
    cr_assert(is_shared(q.list), "%s", q.access->name);
    cr_assert_eq(weft_list_length(q.list), q.access->length, "%s", q.access->name);
    cr_assert(is_shared(q.list), "it stays shared");
    weft_decref(q.list);
  }
}

static void make_here(struct question *q) { q->list = three(); }

static struct actor other;

static void ask_while_polling(struct question *q) {
  actor_begin(&other, step_ask, q);
  while (!actor_is_idle(&other)) poll_and_yield();
}

RuntimeTest(share, a_new_container_is_private_to_its_maker) {
  weft_auto weft_object *list = three();
  weft_auto weft_object *iterator = weft_iter(list);
  weft_auto weft_object *cell = weft_cell_new(list);
  weft_object *const all[] = {list, iterator, cell};
  for (int i = 0; i < 3; i++) {
    cr_assert(is_private(all[i]));
    weft_incref(all[i]);
    cr_assert(is_private(all[i]), "however many references its maker has");
    weft_decref(all[i]);
  }
}

RuntimeTest(share, an_owner_that_polls_answers) {
  actor_start(&other);
  for_each_access(make_here, ask_while_polling);
  actor_quit(&other);
}

/* The operations of the owner are its safepoints. */
RuntimeTest(share, an_owner_that_uses_containers_answers) {
  actor_start(&other);
  weft_auto weft_object *mine = three(), *asked = three();
  struct question q = {.list = asked, .access = &accesses[0]};
  actor_begin(&other, step_ask, &q);
  while (!actor_is_idle(&other)) cr_assert_eq(weft_list_length(mine), 3);
  cr_assert(q.right && is_shared(asked) && is_private_to(own_slot(), mine));
  actor_quit(&other);
}

static void ask_while_detached(struct question *q) { actor_do(&other, step_ask, q); }

RuntimeTest(share, a_detached_owner_is_not_waited_for) {
  actor_start(&other);
  for_each_access(make_here, ask_while_detached);
  actor_quit(&other);
}

static void step_make(void *question_) { make_here(question_); }
static void make_and_exit(struct question *q) { in_new_thread(step_make, q); }
static void ask_here(struct question *q) { step_ask(q); }

RuntimeTest(share, the_containers_of_a_dead_thread_are_shared_on_its_behalf) {
  for_each_access(make_and_exit, ask_here);
}

static void ask_while_polling_in_a_bracket(struct question *q) {
  weft_read_begin();
  ask_while_polling(q);
  weft_read_end();
}
static void ask_while_detached_in_a_bracket(struct question *q) {
  weft_read_begin();
  ask_while_detached(q);
  weft_read_end();
}

RuntimeTest(share, an_owner_in_a_bracket_answers_at_its_safepoints) {
  actor_start(&other);
  for_each_access(make_here, ask_while_polling_in_a_bracket);
  for_each_access(make_here, ask_while_detached_in_a_bracket);
  actor_quit(&other);
}

static void step_ask_in_a_bracket(void *question_) {
  weft_read_begin();
  step_ask(question_);
  weft_read_end();
}
static void ask_from_a_bracket_while_polling(struct question *q) {
  actor_begin(&other, step_ask_in_a_bracket, q);
  while (!actor_is_idle(&other)) poll_and_yield();
}
static void ask_from_a_bracket_while_detached(struct question *q) { actor_do(&other, step_ask_in_a_bracket, q); }

RuntimeTest(share, a_thread_in_a_bracket_asks) {
  actor_start(&other);
  for_each_access(make_here, ask_from_a_bracket_while_polling);
  for_each_access(make_here, ask_from_a_bracket_while_detached);
  actor_quit(&other);
}

/* --- The stopped world --- */

static void ask_in_a_stopped_world(struct question *q) {
  weft_stop_the_world();
  step_ask(q);
  weft_start_the_world();
}
static void make_elsewhere(struct question *q) { actor_do(&other, step_make, q); }

static uint32_t stop_polling;
static void step_poll_until_told(void *unused) {
  (void)unused;
  while (!weft__load_acquire(&stop_polling)) poll_and_yield();
}
static void ask_a_parked_owner(struct question *q) {
  weft__store_release(&stop_polling, 0u);
  actor_begin(&other, step_poll_until_told, NULL);
  ask_in_a_stopped_world(q);
  weft__store_release(&stop_polling, 1u);
  actor_wait(&other);
}

RuntimeTest(share, whoever_stops_the_world_shares_for_detached_and_parked_owners) {
  actor_start(&other);
  for_each_access(make_elsewhere, ask_in_a_stopped_world);
  for_each_access(make_elsewhere, ask_a_parked_owner);
  actor_quit(&other);
}

static uint32_t ready, asked; /* atomic: the owner is attached, so has to be asked; it has seen the question */

/* The owner, without a safepoint. */
static void wait_for(uint32_t request) {
  while (!(weft__load_relaxed(&weft__self()->status) & request)) sched_yield();
}
static void wait_for_a_question(void) {
  weft__store_release(&ready, 1u);
  wait_for(WEFT__STATUS_REVOKE);
  weft__store_release(&asked, 1u);
}

static void step_park_with_a_question(void *unused) {
  (void)unused;
  wait_for_a_question();
  wait_for(WEFT__STATUS_STOP);
  weft_poll();
}

static void begin_and_await(struct actor *a, step body, void *arg, uint32_t *flag) {
  weft__store_release(flag, 0u);
  actor_begin(a, body, arg);
  while (!weft__load_acquire(flag)) poll_and_yield();
}

RuntimeTest(share, an_owner_that_parks_with_a_question_answers_when_the_world_starts) {
  if (WEFT__HAS_GIL) return;
  struct actor owner;
  actor_start(&owner);
  actor_start(&other);
  struct question q = {.access = &accesses[0]};
  actor_do(&owner, step_make, &q);
  begin_and_await(&owner, step_park_with_a_question, NULL, &ready);
  begin_and_await(&other, step_ask, &q, &asked);
  weft_stop_the_world();
  cr_assert_not(is_shared(q.list), "nobody answers in a stopped world");
  cr_assert_not(actor_is_idle(&other));
  weft_start_the_world();
  actor_wait(&other);
  cr_assert(q.right && is_shared(q.list));
  actor_quit(&other);
  actor_quit(&owner);
  weft_decref(q.list);
}

/* --- Owners that end --- */

static void step_detach_with_a_question(void *unused) {
  (void)unused;
  wait_for_a_question();
  weft_detach();
  weft_reattach();
}

RuntimeTest(share, an_owner_that_detaches_with_a_question_answers_first) {
  if (WEFT__HAS_GIL) return;
  struct actor owner;
  actor_start(&owner);
  actor_start(&other);
  for (int i = 0; i < 100; i++) {
    struct question q = {.access = &accesses[0]};
    actor_do(&owner, step_make, &q);
    begin_and_await(&owner, step_detach_with_a_question, NULL, &ready);
    actor_do(&other, step_ask, &q);
    cr_assert(q.right && is_shared(q.list));
    weft_decref(q.list);
    actor_wait(&owner);
  }
  actor_quit(&other);
  actor_quit(&owner);
}

static void *make_then_end_with_a_question(void *question_) {
  struct question *q = question_;
  if (!weft_attach()) abort();
  make_here(q);
  wait_for_a_question();
  return NULL; /* attached: the runtime detaches it, with a warning */
}
static void ignore_warning(const char *message) { (void)message; }

RuntimeTest(share, an_owner_that_ends_with_a_question_answers_first) {
  if (WEFT__HAS_GIL) return;
  weft_set_warning_hook(ignore_warning);
  for (int i = 0; i < 100; i++) {
    struct question q = {.access = &accesses[0]};
    pthread_t owner;
    weft__store_release(&ready, 0u);
    cr_assert_eq(pthread_create(&owner, NULL, make_then_end_with_a_question, &q), 0);
    while (!weft__load_acquire(&ready)) poll_and_yield();
    step_ask(&q);
    cr_assert(q.right && is_shared(q.list));
    weft_detach();
    pthread_join(owner, NULL);
    weft_reattach();
    weft_decref(q.list);
  }
}

static void step_is_private(void *question_) {
  struct question *q = question_;
  q->right = is_private(q->list) && weft_list_length(q->list) == 3;
}

RuntimeTest(share, the_next_thread_in_a_slot_owns_what_the_last_one_left) {
  struct question q = {.access = &accesses[0]};
  in_new_thread(step_make, &q);
  uint32_t slot = weft__count_owner(&q.list->count);
  in_new_thread(step_is_private, &q);
  cr_assert(q.right && is_private_to(slot, q.list));
  weft_decref(q.list);
}

/* --- Several at once --- */

enum { ROUNDS = SANITIZED ? 100 : 1000 };

static weft_object *pair[2];
static uint32_t arrived, next_number, wrong;

/* Until `n` threads have arrived; without a safepoint where there is no GIL. */
static void meet(uint32_t n) {
  weft__add_acq_rel(&arrived, 1u);
  while (weft__load_acquire(&arrived) < n) stay_attached_a_while();
}
/* The same, with safepoints. */
static void meet_polling(uint32_t n) {
  weft__add_acq_rel(&arrived, 1u);
  while (weft__load_acquire(&arrived) < n) poll_and_yield();
}

static void step_ask_each_other(void *unused) {
  (void)unused;
  uint32_t self = weft__add_acq_rel(&next_number, 1u);
  for (uint32_t round = 0; round < ROUNDS; round++) {
    weft_object *mine = three();
    weft__store_release(&pair[self], mine);
    meet(4 * round + 2);
    weft_object *theirs = weft__load_acquire(&pair[!self]);
    if (!appends(theirs) || !is_shared(theirs)) weft__add_acq_rel(&wrong, 1u);
    meet_polling(4 * round + 4);
    if (weft_list_length(mine) != 4) weft__add_acq_rel(&wrong, 1u);
    weft_decref(mine);
  }
}

RuntimeTest(share, two_threads_that_ask_each_other_both_get_an_answer) {
  in_new_threads(2, step_ask_each_other, NULL);
  cr_assert_eq(wrong, 0);
}

enum { ASKERS = 8, APPENDS = 100 };

static void step_append_many(void *list) {
  for (int i = 0; i < APPENDS; i++)
    if (!appends(list)) weft__add_acq_rel(&wrong, 1u);
}

RuntimeTest(share, many_threads_ask_for_one_container) {
  static struct actor askers[ASKERS];
  for (int i = 0; i < ASKERS; i++) actor_start(&askers[i]);
  for (int round = 0; round < 20; round++) {
    weft_auto weft_object *list = three();
    for (int i = 0; i < ASKERS; i++) actor_begin(&askers[i], step_append_many, list);
    for (int i = 0; i < ASKERS; i++)
      while (!actor_is_idle(&askers[i])) poll_and_yield();
    cr_assert_eq(weft_list_length(list), 3 + ASKERS * APPENDS);
    cr_assert(is_shared(list));
  }
  for (int i = 0; i < ASKERS; i++) actor_quit(&askers[i]);
  cr_assert_eq(wrong, 0);
}

RuntimeTest(share, many_threads_ask_for_one_container_of_a_detached_owner) {
  for (int round = 0; round < 20; round++) {
    weft_auto weft_object *list = three();
    in_new_threads(ASKERS, step_append_many, list);
    cr_assert_eq(weft_list_length(list), 3 + ASKERS * APPENDS);
  }
  cr_assert_eq(wrong, 0);
}

static weft_object *ring[ASKERS];

static void step_ask_around(void *unused) {
  (void)unused;
  uint32_t self = weft__add_acq_rel(&next_number, 1u);
  for (uint32_t round = 0; round < ROUNDS / 10; round++) {
    weft__store_release(&ring[self], three());
    meet(2 * ASKERS * round + ASKERS);
    for (uint32_t i = 1; i < ASKERS; i++)
      if (!appends(weft__load_acquire(&ring[(self + i) % ASKERS]))) weft__add_acq_rel(&wrong, 1u);
    meet_polling(2 * ASKERS * (round + 1));
    if (weft_list_length(ring[self]) != 3 + ASKERS - 1) weft__add_acq_rel(&wrong, 1u);
    weft_decref(ring[self]);
  }
}

RuntimeTest(share, everybody_asks_everybody) {
  in_new_threads(ASKERS, step_ask_around, NULL);
  cr_assert_eq(wrong, 0);
}

/* --- Storms --- */

enum { MANY = 6000, AT_ONCE = 16 };
static weft_object *lists[MANY];

struct range {
  size_t start, stop;
};
static void step_touch_range(void *range_) {
  struct range *r = range_;
  for (size_t i = r->start; i < r->stop; i++)
    if (weft_list_length(lists[i]) != 0) weft__add_acq_rel(&wrong, 1u);
}

static void make_lists(void) {
  for (size_t i = 0; i < MANY; i++) cr_assert_not_null(lists[i] = weft_list_new());
}
static void drop_lists(void) {
  for (size_t i = 0; i < MANY; i++) weft_xdecref(lists[i]);
}

/* The first list in the middle of a page: its page has those that follow, too. */
static size_t inside_a_page(void) {
  size_t i = MANY / 2;
  while (weft__page_of(lists[i]) != weft__page_of(lists[i + AT_ONCE])) i++;
  return i;
}

static size_t count_shared(struct weft__page *page, bool on_page) {
  size_t n = 0;
  for (size_t i = 0; i < MANY; i++)
    n += lists[i] && (weft__page_of(lists[i]) == page) == on_page && is_shared(lists[i]);
  return n;
}
static size_t count_of_page(struct weft__page *page) {
  size_t n = 0;
  for (size_t i = 0; i < MANY; i++) n += lists[i] && weft__page_of(lists[i]) == page;
  return n;
}

static void while_polling(step body, void *arg) {
  actor_begin(&other, body, arg);
  while (!actor_is_idle(&other)) poll_and_yield();
}
static void while_detached(step body, void *arg) { actor_do(&other, body, arg); }

/* After a few questions about one page all of it is shared, and nothing else. */
static void storm(void (*ask)(step, void *)) {
  if (WEFT__HAS_GIL) return;
  actor_start(&other);
  make_lists();
  for (size_t i = 0; i < MANY; i += 7) weft_clear(&lists[i]); /* a page with holes */
  size_t from = inside_a_page();
  while (!lists[from] || !lists[from + 1]) from++;
  struct weft__page *page = weft__page_of(lists[from]);
  cr_assert_gt(count_of_page(page), 500);
  ask(step_touch_range, &(struct range){from, from + 1});
  cr_assert_eq(count_shared(page, true), 1, "one question shares one container");
  size_t upto = from + 1;
  for (; count_shared(page, true) < count_of_page(page); upto++) {
    cr_assert_lt(upto, from + AT_ONCE);
    if (lists[upto]) ask(step_touch_range, &(struct range){upto, upto + 1});
  }
  cr_assert_eq(count_shared(page, false), 0, "other pages are left alone");
  weft_object *young = weft_list_new();
  cr_assert(is_private(young), "what is made afterwards is private");
  weft_decref(young);
  drop_lists();
  actor_quit(&other);
  cr_assert_eq(wrong, 0);
}

RuntimeTest(share, a_few_questions_about_a_page_share_all_of_it) { storm(while_polling); }
RuntimeTest(share, a_few_questions_about_a_page_of_a_detached_owner_share_all_of_it) { storm(while_detached); }

static void step_touch_all(void *unused) {
  (void)unused;
  for (size_t i = 0; i < MANY; i++)
    if (weft_list_length(lists[i]) != 0) weft__add_acq_rel(&wrong, 1u);
}

RuntimeTest(share, another_thread_takes_over_thousands_of_lists) {
  actor_start(&other);
  make_lists();
  while_polling(step_touch_all, NULL);
  for (size_t i = 0; i < MANY; i++) cr_assert(is_shared(lists[i]));
  drop_lists();
  actor_quit(&other);
  cr_assert_eq(wrong, 0);
}

static void step_own_range(void *range_) {
  struct range *r = range_;
  for (size_t i = r->start; i < r->stop; i++) weft_own(lists[i]);
}
static void step_slot(void *slot) { *(uint32_t *)slot = own_slot(); }

/* Main's page holds lists of the other thread; asking for them does not share main's. */
RuntimeTest(share, the_page_of_objects_that_were_handed_over_is_not_walked) {
  if (WEFT__HAS_GIL) return;
  struct actor asker;
  actor_start(&other);
  actor_start(&asker);
  uint32_t others_slot;
  actor_do(&other, step_slot, &others_slot);
  make_lists();
  size_t from = inside_a_page();
  struct weft__page *page = weft__page_of(lists[from]);
  struct range given = {from, from + AT_ONCE};
  for (size_t i = given.start; i < given.stop; i++) weft_disown(lists[i]);
  actor_do(&other, step_own_range, &given);
  for (size_t i = given.start; i < given.stop; i++) cr_assert(is_private_to(others_slot, lists[i]));
  /* All but two are asked for, of an owner that is detached. */
  actor_do(&asker, step_touch_range, &(struct range){given.start, given.stop - 2});
  cr_assert_eq(count_shared(page, true), AT_ONCE - 2);
  cr_assert(is_private_to(others_slot, lists[given.stop - 1]) && is_private_to(own_slot(), lists[given.stop]));
  /* The other way round: main's page is walked, and what the other thread owns in it stays private to that. */
  size_t before = given.start - AT_ONCE;
  cr_assert_eq(weft__page_of(lists[before]), page);
  actor_do(&asker, step_touch_range, &(struct range){before, given.start});
  cr_assert_eq(count_shared(page, true), count_of_page(page) - 2);
  cr_assert(is_private_to(others_slot, lists[given.stop - 1]) && is_private_to(others_slot, lists[given.stop - 2]));
  drop_lists();
  actor_quit(&asker);
  actor_quit(&other);
  cr_assert_eq(wrong, 0);
}

/* --- Hand-over --- */

static void step_own_and_use(void *question_) {
  struct question *q = question_;
  weft_own(q->list);
  q->right = (WEFT__HAS_GIL || is_private(q->list)) && appends(q->list) && is_private(q->list);
}

RuntimeTest(share, hand_over_makes_a_list_private_to_the_receiver) {
  uint32_t slot;
  struct question q = {.list = three(), .access = &accesses[0]};
  actor_start(&other);
  actor_do(&other, step_slot, &slot);
  weft_disown(q.list);
  actor_do(&other, step_own_and_use, &q);
  cr_assert(q.right && is_private_to(slot, q.list));
  step_ask(&q);
  cr_assert(q.right && is_shared(q.list), "now it is shared");
  cr_assert_eq(weft_list_length(q.list), 4);
  weft_decref(q.list);
  actor_quit(&other);
}

static void step_own(void *list) { weft_own(list); }

RuntimeTest(share, hand_over_of_a_list_with_another_reference_does_nothing) {
  weft_object *list = three();
  actor_start(&other);
  weft_incref(list);
  weft_disown(list);
  cr_assert(is_private_to(own_slot(), list));
  actor_do(&other, step_own, list);
  cr_assert(is_private_to(own_slot(), list) && is_private(list));
  while_polling(step_append_many, list);
  cr_assert(is_shared(list));
  actor_do(&other, step_own, list);
  cr_assert(is_shared(list));
  cr_assert_eq(weft_list_length(list), 3 + APPENDS);
  weft_decref(list);
  weft_decref(list);
  actor_quit(&other);
}

RuntimeTest(share, a_list_that_is_handed_over_and_not_owned_is_shared) {
  weft_object *list = three();
  weft_disown(list);
  actor_start(&other);
  actor_do(&other, step_append_many, list);
  cr_assert(is_shared(list) && (WEFT__HAS_GIL || !is_private(list)));
  cr_assert_eq(weft_list_length(list), 3 + APPENDS);
  weft_decref(list);
  actor_quit(&other);
}

/* --- Immortal containers: private to nobody --- */

RuntimeTest(share, an_immortal_list_is_shared_from_the_beginning) {
  weft_object *list = three();
  blocks_left_on_purpose = 1;
  weft_immortalize(list);
  cr_assert(WEFT__HAS_GIL || !is_private(list));
  in_new_threads(4, step_append_many, list);
  cr_assert(appends(list));
  cr_assert_eq(weft_list_length(list), 3 + 4 * APPENDS + 1);
  for (size_t i = 0; i < ACCESSES; i++) {
    cr_assert_eq(weft_list_clear(list), 0);
    for (int k = 0; k < 3; k++) {
      weft_auto weft_object *value = INT(FIRST + k);
      cr_assert_eq(weft_list_append(list, value), 0);
    }
    cr_assert(accesses[i].does(list), "%s", accesses[i].name);
    cr_assert_eq(weft_list_length(list), accesses[i].length, "%s", accesses[i].name);
  }
  cr_assert_eq(weft_list_clear(list), 0);
}

RuntimeTest(share, a_list_may_become_immortal_while_others_ask_for_it) {
  actor_start(&other);
  blocks_left_on_purpose = 20;
  for (int i = 0; i < 20; i++) {
    weft_object *list = three();
    actor_begin(&other, step_append_many, list);
    weft_immortalize(list);
    while (!actor_is_idle(&other)) poll_and_yield();
    cr_assert_eq(weft_list_length(list), 3 + APPENDS);
    weft_list_clear(list);
  }
  actor_quit(&other);
  cr_assert_eq(wrong, 0);
}

/* --- Other containers --- */

static weft_object *held_by(weft_object *cell_or_instance) {
  return weft_type_of(cell_or_instance) == &weft_cell_type ? weft_cell_get(cell_or_instance)
                                                           : weft_slot_get(cell_or_instance, 0);
}
static int put_into(weft_object *cell_or_instance, weft_object *value) {
  return weft_type_of(cell_or_instance) == &weft_cell_type ? weft_cell_set(cell_or_instance, value)
                                                           : weft_slot_set(cell_or_instance, 0, value);
}

struct holder {
  weft_object *o;
  bool right;
};
static void step_look_into_cell(void *cell) {
  weft_object *value = weft_cell_get(cell);
  if (!value) weft__add_acq_rel(&wrong, 1u);
  weft_xdecref(value);
}
static void step_empty_cell(void *cell) {
  if (weft_cell_set(cell, NULL) != 0) weft__add_acq_rel(&wrong, 1u);
}
static void step_read_holder(void *holder_) {
  struct holder *h = holder_;
  h->right = is_int(held_by(h->o), FIRST);
}
static void step_write_holder(void *holder_) {
  struct holder *h = holder_;
  weft_auto weft_object *value = INT(FIRST + 1);
  h->right = put_into(h->o, value) == 0;
}
static void step_empty_holder(void *holder_) {
  struct holder *h = holder_;
  h->right = put_into(h->o, NULL) == 0;
}

static weft_object *cell_of_first(const weft_type *unused) {
  (void)unused;
  weft_auto weft_object *value = INT(FIRST);
  return weft_cell_new(value);
}
static weft_object *instance_of_first(const weft_type *type) {
  weft_auto weft_object *value = INT(FIRST);
  weft_object *o = weft_instance_new(type);
  cr_assert_eq(weft_slot_set(o, 0, value), 0);
  return o;
}

static const char *const one_name[] = {"x", NULL};

/* Reading, writing and emptying as first access, of an owner that polls and of one that is detached. */
static void share_holders(weft_object *(*make)(const weft_type *), const weft_type *type) {
  static const step steps[] = {step_read_holder, step_write_holder, step_empty_holder};
  actor_start(&other);
  for (int i = 0; i < 3; i++) {
    for (int detached = 0; detached < 2; detached++) {
      struct holder h = {.o = make(type)};
      cr_assert(is_private(h.o) && is_int(held_by(h.o), FIRST));
      (detached ? while_detached : while_polling)(steps[i], &h);
      cr_assert(h.right && is_shared(h.o));
      if (i == 2) {
        cr_assert_null(held_by(h.o));
        weft_error_clear();
      } else {
        cr_assert(is_int(held_by(h.o), i == 1 ? FIRST + 1 : FIRST));
      }
      weft_decref(h.o);
    }
  }
  actor_quit(&other);
}

RuntimeTest(share, cells) { share_holders(cell_of_first, NULL); }

RuntimeTest(share, instances) {
  share_holders(instance_of_first, weft_type_new(&(weft_type_spec){.name = "small", .slot_names = one_name}));
}

/* They are in no page: each is asked for by itself. */
RuntimeTest(share, instances_beyond_the_size_classes) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "large", .basic_size = WEFT__SMALL_MAX + 100, .slot_names = one_name});
  share_holders(instance_of_first, type);
  actor_start(&other);
  struct holder h[AT_ONCE];
  for (int i = 0; i < AT_ONCE; i++) h[i].o = instance_of_first(type);
  for (int i = 0; i < AT_ONCE; i++) {
    cr_assert(WEFT__HAS_GIL || is_private_to(own_slot(), h[i].o));
    actor_do(&other, step_read_holder, &h[i]);
    cr_assert(h[i].right && is_shared(h[i].o));
  }
  for (int i = 0; i < AT_ONCE; i++) weft_decref(h[i].o);
  actor_quit(&other);
}

/* An instance whose class says nothing of slots has a body that Weft knows nothing of: nobody asks for it, and pages
 * with such instances in them are shared without them. */
RuntimeTest(share, objects_that_are_not_guarded_keep_their_owner) {
  if (!WEFT__HAS_OWNERS) return;
  actor_start(&other);
  weft_object *tuple = TUPLE(INT(FIRST), INT(FIRST + 1));
  actor_do(&other, step_incref, tuple);
  cr_assert(is_private(tuple));
  actor_do(&other, step_decref, tuple);
  weft_decref(tuple);
  actor_quit(&other);
}

enum { ITEMS = 2000, TAKERS = 4 };

struct taking {
  weft_object *iterator;
  uint32_t taken[ITEMS]; /* atomic: how often each item came out */
};

static void step_take_all(void *taking_) {
  struct taking *t = taking_;
  for (weft_object *item; (item = weft_next(t->iterator)); weft_decref(item))
    weft__add_acq_rel(&t->taken[weft_int_value(item) - FIRST], 1u);
  if (weft_error_borrow()) weft__add_acq_rel(&wrong, 1u);
}

static weft_object *numbers(int64_t n) {
  weft_object *list = weft_list_new();
  for (int64_t i = 0; i < n; i++) {
    weft_auto weft_object *value = INT(FIRST + i);
    cr_assert_eq(weft_list_append(list, value), 0);
  }
  return list;
}

RuntimeTest(share, each_item_of_a_shared_iterator_goes_to_one_thread) {
  for (int round = 0; round < 5; round++) {
    static struct taking t;
    memset(&t, 0, sizeof t);
    weft_object *list = numbers(ITEMS);
    t.iterator = weft_iter(list);
    weft_decref(list);
    cr_assert(is_private(t.iterator) && is_int(weft_next(t.iterator), FIRST));
    in_new_threads(TAKERS, step_take_all, &t);
    cr_assert(is_shared(t.iterator));
    cr_assert_eq(t.taken[0], 0);
    for (int i = 1; i < ITEMS; i++) cr_assert_eq(t.taken[i], 1, "item %d: %u times", i, t.taken[i]);
    cr_assert_null(weft_next(t.iterator));
    cr_assert_null(weft_error_borrow());
    weft_decref(t.iterator);
  }
  cr_assert_eq(wrong, 0);
}

RuntimeTest(share, an_iterator_becomes_shared_while_its_owner_uses_it) {
  actor_start(&other);
  for (int round = 0; round < 5; round++) {
    static struct taking t;
    memset(&t, 0, sizeof t);
    weft_auto weft_object *list = numbers(ITEMS);
    t.iterator = weft_iter(list);
    actor_begin(&other, step_take_all, &t);
    step_take_all(&t);
    actor_wait(&other);
    for (int i = 0; i < ITEMS; i++) cr_assert_eq(t.taken[i], 1, "item %d: %u times", i, t.taken[i]);
    weft_decref(t.iterator);
  }
  actor_quit(&other);
  cr_assert_eq(wrong, 0);
}

/* --- Fork and the end of the runtime, with questions that nobody has answered --- */

static uint32_t let_go; /* atomic */

/* Meets no safepoint until the question is there; then polls, so that others may stop the world, but answers only
 * afterwards. */
static void step_poll_with_a_question(void *unused) {
  (void)unused;
  wait_for_a_question();
  wait_for(WEFT__STATUS_STOP);
  weft_poll(); /* here its thread may be gone */
  while (!weft__load_acquire(&let_go)) poll_and_yield();
}

static int child_uses(weft_object *list) {
  bool right = appends(list);
  weft_synchronize();
  weft_object *again = three();
  right = right && is_shared(list) && weft_list_length(list) == 4 && is_private(again);
  weft_decref(again);
  weft_decref(list);
  weft_finalize();
  return right ? 0 : 1;
}

RuntimeTest(share, fork_while_a_question_waits_for_an_answer) {
  if (WEFT__HAS_GIL) return;
  struct actor owner;
  actor_start(&owner);
  actor_start(&other);
  struct question q = {.access = &accesses[0]};
  actor_do(&owner, step_make, &q);
  begin_and_await(&owner, step_poll_with_a_question, NULL, &ready);
  begin_and_await(&other, step_ask, &q, &asked);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    _exit(child_uses(q.list));
  }
  int status;
  weft_detach();
  while (waitpid(pid, &status, 0) != pid) continue;
  weft_reattach();
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
  weft__store_release(&let_go, 1u);
  actor_wait(&other);
  actor_wait(&owner);
  cr_assert(q.right && is_shared(q.list));
  weft_decref(q.list);
  actor_quit(&other);
  actor_quit(&owner);
}

/* The last thing that weft_finalize does with the world running is to release what waits for grace periods, a hundred
 * times if that lets go of more. */
enum { ROUNDS_OF_FINALIZE = 100 };
static weft_object *never_empty; /* a shared cell: what dies lets go of its next content */
static uint32_t rounds, may_ask;

static void let_go_of_more(weft_object *self) {
  const weft_type *type = weft_type_of(self);
  weft_object_free(self, 0);
  if (++rounds < ROUNDS_OF_FINALIZE) {
    weft_auto weft_object *more = weft_object_new(type, 0);
    if (weft_cell_set(never_empty, more) != 0) abort();
    return;
  }
  weft__store_release(&may_ask, 1u);
  while (!weft__load_acquire(&asked)) sched_yield();
}

static struct question last_question = {.access = &accesses[0]};
static bool asks_from_bracket;

static void *own_and_park_for_good(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  make_here(&last_question);
  weft__store_release(&ready, 1u);
  while (!weft__load_acquire(&may_ask)) poll_and_yield();
  wait_for_a_question();
  wait_for(WEFT__STATUS_STOP);
  weft_poll();
  weft__add_acq_rel(&wrong, 1u); /* the runtime has ended */
  return NULL;
}
static void *ask_and_wait_for_good(void *unused) {
  (void)unused;
  if (!weft_attach()) abort();
  while (!weft__load_acquire(&may_ask)) poll_and_yield();
  while (!weft__load_acquire(&ready)) sched_yield();
  if (asks_from_bracket) weft_read_begin();
  step_ask(&last_question);
  weft__add_acq_rel(&wrong, 1u);
  return NULL;
}

/* Whoever waits in vain is in no bracket any more: in the next runtime grace periods end. */
static void finalize_with_a_question(bool from_bracket) {
  if (WEFT__HAS_GIL) return;
  asks_from_bracket = from_bracket;
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "hydra", .dealloc = let_go_of_more});
  weft_object *first = weft_object_new(type, 0), *second = weft_object_new(type, 0);
  never_empty = weft_cell_new(first);
  in_new_thread(step_look_into_cell, never_empty);
  pthread_t threads[2];
  cr_assert_eq(pthread_create(&threads[0], NULL, own_and_park_for_good, NULL), 0);
  while (!weft__load_acquire(&ready)) poll_and_yield();
  weft__store_release(&ready, 0u);
  cr_assert_eq(pthread_create(&threads[1], NULL, ask_and_wait_for_good, NULL), 0);
  weft__bracket_begin(); /* no grace period passes before the end */
  cr_assert_eq(weft_cell_set(never_empty, second), 0);
  weft_decref(first);
  weft_decref(second);
  weft_finalize();
  weft__bracket_end();
  cr_assert(weft__load_acquire(&asked) && !last_question.right, "it was answered before the end");

  start();
  weft_object *cell = weft_cell_new(NULL), *probe = probe_new();
  weft_cell_set(cell, probe);
  weft_decref(probe);
  in_new_thread(step_empty_cell, cell);
  weft_synchronize();
  cr_assert_eq(freed(), 1);
  weft_decref(cell);
  cr_assert_eq(wrong, 0);
}

RuntimeTest(share, the_runtime_ends_while_a_question_waits_for_an_answer) { finalize_with_a_question(false); }
RuntimeTest(share, the_runtime_ends_while_a_question_from_a_bracket_waits_for_an_answer) {
  finalize_with_a_question(true);
}
