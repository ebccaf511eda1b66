/* SPDX-License-Identifier: MIT */
/* Finalizers of single objects: called once, whatever comes first. */
#include "weak_support.h"

#include <sys/wait.h>

WeakSuite(finalizer);

static weft_object *add_up(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  calls++;
  int64_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += weft_int_value(args[i]);
  return INT(sum);
}
static weft_object *adder(void) { return function_of(add_up, 0, NULL); }

static weft_object *finalizer_of(weft_object *o, weft_object *function) {
  weft_object *args[] = {INT(67), INT(43)};
  weft_object *f = weft_finalizer_new(o, function, 2, args);
  if (!f) abort();
  return f;
}
static bool is_gone(weft_object *f) {
  return weft_finalizer_is_alive(f) == 0 && weft_finalizer_peek(f) == WEFT_NONE &&
         weft_finalizer_detach(f) == WEFT_NONE && weft_finalizer_call(f) == WEFT_NONE &&
         weft_call(f, NULL, 0) == WEFT_NONE;
}
/* Is it (o, function, (67, 43))? Drops it. */
static bool are_parts(weft_object *tuple_steal, weft_object *o, weft_object *function) {
  if (tuple_steal == WEFT_NONE || weft_tuple_length(tuple_steal) != 3) return false;
  weft_auto weft_object *args = TUPLE(INT(67), INT(43)), *a = weft_tuple_get(tuple_steal, 0);
  weft_auto weft_object *b = weft_tuple_get(tuple_steal, 1), *c = weft_tuple_get(tuple_steal, 2);
  weft_decref(tuple_steal);
  return a == o && b == function && equal(c, args);
}

WeakTest(finalizer, WR_103_called_by_hand_detached_and_called_by_death) {
  weft_auto weft_object *function = adder();
  weft_object *o = thing(), *f = finalizer_of(o, function);
  cr_assert(weft_finalizer_is_alive(f) == 1 && are_parts(weft_finalizer_peek(f), o, function));
  cr_assert(weft_finalizer_is_alive(f) == 1 && leads_to(f, o));
  cr_assert(weft_call(f, NULL, 0) == INT(110) && calls == 1 && is_gone(f));
  weft_decref(o);
  cr_assert(is_gone(f) && calls == 1);
  weft_decref(f);

  o = thing(), f = finalizer_of(o, function);
  cr_assert(are_parts(weft_finalizer_detach(f), o, function) && is_gone(f));
  weft_decref(o);
  cr_assert(is_gone(f) && calls == 1);
  weft_decref(f);

  o = thing(), f = finalizer_of(o, function);
  weft_decref(o);
  cr_assert(is_gone(f) && calls == 2 && is_dead(f));
  weft_decref(f);
}

static weft_object *append_number(weft_object *self, weft_object *const *args, size_t n) {
  (void)n;
  weft_list_append(weft_function_captured_borrow(self, 0), args[0]);
  return WEFT_NONE;
}
WeakTest(finalizer, WR_105_those_of_one_object_are_called_newest_first) {
  weft_object *o = thing(), *fs[5];
  weft_auto weft_object *order = weft_list_new(), *function = function_of(append_number, 1, &order);
  for (int i = 0; i < 5; i++) {
    weft_object *number = INT(i + 1);
    fs[i] = weft_finalizer_new(o, function, 1, &number);
  }
  weft_decref(fs[0]); /* the runtime keeps it */
  weft_decref(fs[4]);
  weft_auto weft_object *detached = weft_finalizer_detach(fs[2]);
  cr_assert(weft_tuple_length(detached) == 3 && weft_finalizer_call(fs[1]) == WEFT_NONE);
  assert_text(weft_repr(order), "[2]");
  weft_clear(&detached);
  weft_decref(o);
  assert_text(weft_repr(order), "[2, 5, 4, 1]");
  for (int i = 1; i < 4; i++) {
    cr_assert(is_gone(fs[i]));
    weft_decref(fs[i]);
  }
  assert_text(weft_repr(order), "[2, 5, 4, 1]");
}

WeakTest(finalizer, of_a_cycle_is_called_by_the_collection) {
  weft_auto weft_object *function = adder();
  weft_object *o = thing();
  set(o, "me", o);
  weft_auto weft_object *f = finalizer_of(o, function);
  weft_decref(o);
  cr_assert(calls == 0 && weft_finalizer_is_alive(f) == 1);
  cr_assert(weft_gc_collect(2) >= 1 && calls == 1 && is_gone(f));
}

WeakTest(finalizer, one_whose_function_leads_to_the_object_keeps_it) {
  weft_object *o = thing();
  weft_object *f = weft_finalizer_new(o, counter, 1, &o);
  weft_decref(o);
  cr_assert(weft_gc_collect(2) == 0 && leads_to(f, o));
  weft_decref(weft_finalizer_detach(f));
  cr_assert(is_dead(f) && calls == 0);
  weft_decref(f);
}

static weft_object *fail(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  calls++;
  return weft_raise(&weft_ValueError, "from a finalizer");
}
static uint32_t unraisable;
static void note_unraisable(weft_object *error, weft_object *where) {
  unraisable += error->type == &weft_ValueError && where->type == &weft_function_type;
}
WeakTest(finalizer, errors_go_to_who_calls_or_to_the_hook) {
  weft_set_unraisable_hook(note_unraisable);
  weft_auto weft_object *function = function_of(fail, 0, NULL);
  weft_object *o = thing();
  weft_auto weft_object *a = weft_finalizer_new(o, function, 0, NULL), *b = weft_finalizer_new(o, function, 0, NULL);
  cr_assert(!weft_finalizer_call(a) && raised(&weft_ValueError) && unraisable == 0);
  weft_decref(o);
  cr_assert(calls == 2 && unraisable == 1 && is_gone(a) && is_gone(b));
  weft_set_unraisable_hook(NULL);
}

WeakTest(finalizer, bad_arguments) {
  weft_auto weft_object *o = thing(), *tuple = TUPLE(INT(1));
  cr_assert(!weft_finalizer_new(tuple, counter, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_finalizer_new(o, tuple, 0, NULL) && raised_with(&weft_TypeError, "not callable"));
  cr_assert(!weft_finalizer_new(o, NULL, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_finalizer_new(NULL, counter, 0, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_finalizer_new(o, counter, 1, NULL) && raised(&weft_TypeError));
  cr_assert(!weft_finalizer_call(o) && raised(&weft_TypeError) && !weft_finalizer_peek(o) && raised(&weft_TypeError));
  cr_assert(!weft_finalizer_detach(o) && raised(&weft_TypeError));
  cr_assert(weft_finalizer_is_alive(o) == -1 && raised(&weft_TypeError));
  cr_assert(weft_finalizer_runs_at_exit(o) == -1 && raised(&weft_TypeError));
  cr_assert(weft_finalizer_set_at_exit(o, true) == -1 && raised(&weft_TypeError));
  weft_auto weft_object *f = weft_finalizer_new(o, counter, 0, NULL);
  cr_assert(!weft_call(f, &o, 1) && raised(&weft_TypeError));
  cr_assert(weft_finalizer_runs_at_exit(f) == 1 && weft_finalizer_set_at_exit(f, false) == 0);
  cr_assert(weft_finalizer_runs_at_exit(f) == 0);
  weft_decref(weft_finalizer_detach(f));
}

/* --- The end of the runtime --- */

static char written[100];
static weft_object *write_number(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  size_t used = strlen(written);
  snprintf(written + used, sizeof written - used, "%d ", (int)weft_int_value(args[0]));
  return WEFT_NONE;
}
static weft_object *writer, *object;
static weft_object *written_by(int number) {
  weft_object *arg = INT(number);
  return weft_finalizer_new(object, writer, 1, &arg);
}
static weft_object *write_and_register(weft_object *self, weft_object *const *args, size_t n) {
  write_number(self, args, n);
  weft_decref(written_by(8));
  return WEFT_NONE;
}

static void live_and_end(void) {
  object = thing();
  writer = function_of(write_number, 0, NULL);
  weft_set_unraisable_hook(note_unraisable);
  weft_decref(written_by(1));
  weft_object *skipped = written_by(2);
  weft_finalizer_set_at_exit(skipped, false);
  weft_object *failing = weft_function_new("fail", fail, 0, NULL);
  weft_decref(weft_finalizer_new(object, failing, 0, NULL));
  weft_object *registers = weft_function_new("register", write_and_register, 0, NULL), *number = INT(4);
  weft_decref(weft_finalizer_new(object, registers, 1, &number));
  weft_decref(written_by(5));
  weft_finalize();
}
WeakTest(finalizer, WR_107_at_the_end_of_the_runtime_newest_first) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    live_and_end();
    _exit(strcmp(written, "5 4 8 1 ") == 0 && unraisable == 1 ? 0 : 1);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
