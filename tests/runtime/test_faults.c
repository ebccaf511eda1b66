/* SPDX-License-Identifier: MIT */
/* Out of memory anywhere; see faults_support.h. */
#include "faults_support.h"

#include <sys/resource.h>

RuntimeSuite(faults);

/* --- Values --- */

static bool make_numbers(void) {
  weft_auto weft_object *i = INT(123456789);
  weft_auto weft_object *x = i ? FLOAT(1.5) : NULL;
  weft_auto weft_object *sum = x ? weft_add(i, x) : NULL;
  weft_auto weft_object *parsed = sum ? weft_int_parse("987654321") : NULL;
  return parsed;
}
RuntimeTest(faults, numbers) { cr_assert_geq(fail_everywhere(make_numbers), 4); }

static bool make_texts(void) {
  weft_auto weft_object *a = STR("left");
  weft_auto weft_object *b = a ? STR("\xe2\x82\xac right") : NULL;
  weft_auto weft_object *sum = b ? weft_add(a, b) : NULL;
  weft_auto weft_object *large = sum ? weft_str_format("%0700d", 7) : NULL;
  weft_auto weft_object *both = large ? weft_add(sum, large) : NULL;
  weft_auto weft_object *text = both ? weft_repr(both) : NULL;
  return text;
}
RuntimeTest(faults, texts_and_their_concatenation) { cr_assert_geq(fail_everywhere(make_texts), 6); }

RuntimeTest(faults, a_str_that_cannot_be_interned) {
  uint64_t requests = 1;
  for (uint64_t n = 1; n <= requests; n++) { /* of another text each time: one that has been interned stays */
    weft_auto weft_object *text = weft_str_format("interned without memory %d", (int)n);
    weft_heap_fail_nth(n);
    weft_object *interned = weft_str_intern_object(text);
    uint64_t made = weft_heap_fail_nth(0);
    cr_assert(interned ? made < n : raised(&weft_MemoryError), "request %d", (int)n);
    requests = interned ? requests : n + 1;
    weft_object *again = weft_str_intern_object(text);
    cr_assert(again && again != text && weft_compare(again, text, WEFT_EQ) == 1);
  }
  cr_assert_geq(requests, 2);
}

static bool make_nested(void) {
  weft_object *items[4] = {NULL};
  weft_object *o = NULL;
  for (int depth = 0; depth < 4; depth++) {
    items[0] = o ? o : STR("innermost");
    items[1] = items[0] ? INT(100000 + depth) : NULL;
    items[2] = items[1] ? weft_list_of(2, items) : NULL;
    o = items[2] ? weft_tuple_new(3, items) : NULL;
    for (int i = 0; i < 3; i++) weft_xdecref(items[i]);
    if (!o) return false;
  }
  weft_auto weft_object *text = weft_repr(o);
  weft_decref(o);
  return text;
}
RuntimeTest(faults, nested_values_and_their_repr) { cr_assert_geq(fail_everywhere(make_nested), 15); }

static bool make_tuples(void) {
  static weft_object *items[200];
  for (int i = 0; i < 200; i++) items[i] = INT(i);
  weft_auto weft_object *large = weft_tuple_new(200, items);
  weft_auto weft_object *packed = large ? weft_tuple_pack(2, large, large) : NULL;
  weft_auto weft_object *sum = packed ? weft_add(packed, large) : NULL;
  return sum;
}
RuntimeTest(faults, tuples_large_and_small) { cr_assert_eq(fail_everywhere(make_tuples), 3); }

static bool grow_list(void) {
  weft_auto weft_object *list = weft_list_new();
  if (!list) return false;
  for (int64_t i = 0; i < 300; i++) {
    int64_t before = weft_list_length(list);
    weft_auto weft_object *item = INT(1000 + i);
    if (!item) return false;
    if (weft_list_append(list, item) < 0) {
      cr_assert_eq(weft_list_length(list), before, "the list is unaltered");
      cr_assert_eq(weft_refcount(item), 1);
      return false;
    }
    if (weft_list_insert(list, i / 2, item) < 0) {
      cr_assert_eq(weft_list_length(list), before + 1, "the list is unaltered");
      return false;
    }
  }
  return true;
}
RuntimeTest(faults, a_list_that_grows_is_unaltered_by_a_failure) { cr_assert_geq(fail_everywhere(grow_list), 300); }

static bool add_lists(void) {
  weft_auto weft_object *a = LIST(INT(1), INT(2), INT(3));
  if (!a) return false;
  return fallible(weft_add(a, a));
}
RuntimeTest(faults, lists_that_are_concatenated) { cr_assert_geq(fail_everywhere(add_lists), 4); }

RuntimeTest(faults, TLI_022_a_list_made_right_after_one_was_freed_may_fail) {
  weft_decref(weft_list_new());
  weft_heap_fail_nth(1);
  cr_assert(!weft_list_new() && raised(&weft_MemoryError));
  weft_heap_fail_nth(0);
  weft_decref(weft_list_new());
}

RuntimeTest(faults, CME_009_instances_fail_at_the_request_that_was_asked_for) {
  static const char *const names[] = {"x", NULL};
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "point", .slot_names = names});
  for (int n = 1; n <= 20; n++) {
    weft_heap_fail_nth((uint64_t)n);
    weft_object *made[20];
    for (int i = 0; i < 20; i++) {
      made[i] = weft_instance_new(type);
      cr_assert_eq(made[i] == NULL, i == n - 1);
      if (!made[i]) cr_assert(raised(&weft_MemoryError));
    }
    weft_heap_fail_nth(0);
    for (int i = 0; i < 20; i++) weft_xdecref(made[i]);
  }
}

static weft_object *sum_captured(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  return weft_add(weft_function_captured_borrow(function, 0), weft_function_captured_borrow(function, 1));
}
static bool make_functions(void) {
  weft_auto weft_object *a = INT(100000);
  weft_auto weft_object *cell = a ? weft_cell_new(a) : NULL;
  if (!cell) return false;
  weft_auto weft_object *f = weft_function_new("sum of two", sum_captured, 2, (weft_object *[]){a, a});
  weft_auto weft_object *wide = f ? weft_function_new("wide", sum_captured, 3, (weft_object *[]){f, cell, a}) : NULL;
  weft_auto weft_object *text = wide ? weft_repr(wide) : NULL;
  return text && fallible(weft_call(f, NULL, 0));
}
RuntimeTest(faults, functions_and_cells) { cr_assert_geq(fail_everywhere(make_functions), 7); }

static bool make_type(void) {
  static const char *const names[] = {"x", "y", NULL};
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "point", .slot_names = names});
  weft_auto weft_object *o = type ? weft_instance_new(type) : NULL;
  weft_auto weft_object *value = o ? INT(100000) : NULL;
  return value && weft_setattr_text(o, "y", value) == 0;
}
RuntimeTest(faults, types_and_instances) { cr_assert_geq(fail_everywhere(make_type), 3); }

/* An error that finds no memory is a MemoryError instead. */
static bool raise_errors(void) {
  weft_raise(&weft_ValueError, "first %d", 1);
  bool first = weft_error_is(&weft_ValueError);
  weft_raise_from_current(&weft_KeyError, "second %0600d", 2);
  if (!weft_error_is(&weft_KeyError)) return false;
  weft_auto weft_object *error = weft_error_take();
  if (first) cr_assert(weft_is_instance(weft_error_cause_borrow(error), &weft_ValueError));
  weft_auto weft_object *text = weft_repr(error);
  return text;
}
RuntimeTest(faults, errors_with_messages_and_causes) { cr_assert_geq(fail_everywhere(raise_errors), 6); }

static bool misuse_values(void) {
  weft_auto weft_object *list = weft_list_new();
  if (!list) return false;
  if (!weft_list_get(list, 7) && weft_error_is(&weft_MemoryError)) return false;
  weft_error_clear();
  if (!weft_add(list, INT(1)) && weft_error_is(&weft_MemoryError)) return false;
  weft_error_clear();
  if (!weft_int_parse("no number") && weft_error_is(&weft_MemoryError)) return false;
  weft_error_clear();
  return true;
}
RuntimeTest(faults, errors_of_the_runtime_itself) { cr_assert_geq(fail_everywhere(misuse_values), 7); }

static bool compare_values(void) {
  weft_auto weft_object *a = weft_tuple_pack(2, INT(1), INT(2));
  weft_auto weft_object *b = a ? weft_tuple_pack(2, INT(1), INT(3)) : NULL;
  int64_t hash;
  return b && weft_compare(a, b, WEFT_LT) == 1 && weft_hash(a, &hash) == 0;
}
RuntimeTest(faults, comparison_and_hash_need_no_memory_of_their_own) {
  cr_assert_eq(fail_everywhere(compare_values), 2);
}

/* --- Finalizers --- */

static uint32_t unraisable;
static void count_unraisable(weft_object *error, weft_object *where) {
  (void)where;
  if (weft_type_of(error) == &weft_MemoryError) unraisable++;
}
static void finalize_allocates(weft_object *self) {
  (void)self;
  weft_xdecref(weft_str_format("%s", "in a finalizer"));
}
static const weft_type *allocating_type;
static bool drop_object(void) {
  weft_object *o = weft_object_new(allocating_type, 0);
  if (!o) return false;
  weft_decref(o);
  return true;
}

RuntimeTest(faults, a_finalizer_without_memory_is_reported_and_its_object_dies) {
  weft_set_unraisable_hook(count_unraisable);
  allocating_type =
      weft_type_new(&(weft_type_spec){.name = "allocates", .basic_size = 24, .finalize = finalize_allocates});
  fail_everywhere(drop_object);
  cr_assert_gt(unraisable, 0);
}

/* --- Threads --- */

static weft_object *thread_body(weft_object *function, weft_object *const *args, size_t n) {
  (void)function;
  return n ? weft_add(args[0], args[0]) : WEFT_NONE;
}

static bool run_thread(void) {
  weft_auto weft_object *f = weft_function_new("body", thread_body, 0, NULL);
  weft_auto weft_object *arg = f ? INT(100000) : NULL;
  weft_auto weft_object *thread = arg ? weft_thread_spawn(f, 1, &arg) : NULL;
  return thread && fallible(weft_thread_join(thread));
}

RuntimeTest(faults, a_thread_that_cannot_be_started_is_an_error) {
  size_t blocks = heap_at_start.blocks;
  bool refused = false;
  for (uint64_t n = 1;; n++) {
    weft_heap_fail_nth(n);
    bool succeeded = run_thread();
    uint64_t requests = weft_heap_fail_nth(0);
    if (!succeeded) {
      /* Not to get a thread is a RuntimeError, as in Python. */
      refused = refused || weft_error_is(&weft_RuntimeError);
      cr_assert(weft_error_is(&weft_MemoryError) || weft_error_is(&weft_RuntimeError), "request %d", (int)n);
      weft_error_clear();
    }
    cr_assert_eq(settled_heap(blocks, SIZE_MAX).blocks, blocks, "request %d", (int)n);
    if (requests < n) break;
  }
  cr_assert(refused);
  cr_assert_eq(weft_thread_count(), 0);
}

enum { QUEUED = 300 };
static weft_object *queued[QUEUED];
static uint64_t failing_request;
static void step_drop_without_memory(void *unused) {
  (void)unused;
  weft_heap_fail_nth(failing_request);
  for (int i = 0; i < QUEUED; i++) weft_decref(queued[i]);
  weft_heap_fail_nth(0);
}

/* A decref cannot fail: without memory for the queue the reference is settled in a stopped world. */
RuntimeTest(faults, a_reference_that_cannot_be_queued_is_settled_otherwise) {
  for (failing_request = 1; failing_request <= 4; failing_request++) {
    for (int i = 0; i < QUEUED; i++) queued[i] = probe_new();
    struct actor other;
    actor_start(&other);
    actor_begin(&other, step_drop_without_memory, NULL);
    /* It needs the world stopped, so this thread has to come by a safepoint sooner or later. */
    for (int i = 0; !actor_is_idle(&other); i++) {
      stay_attached_a_while();
      if (i % 1000 == 999) weft_poll();
    }
    weft_poll();
    cr_assert_eq(freed(), (uint32_t)failing_request * QUEUED);
    actor_quit(&other);
  }
}

static weft_object *drop_args(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  weft_heap_fail_nth(1);
  weft_object *o = FLOAT(1.5);
  weft_heap_fail_nth(0);
  return o;
}

RuntimeTest(faults, a_memory_error_of_a_thread_reaches_its_joiner) {
  weft_auto weft_object *f = weft_function_new("body", drop_args, 0, NULL);
  weft_auto weft_object *thread = weft_thread_spawn(f, 0, NULL);
  cr_assert(!weft_thread_join(thread) && raised(&weft_MemoryError));
}

/* --- The real thing: an address space that ends soon --- */

/* Lets the process map `more` bytes beyond what it has mapped; 0: as much as before. */
static void limit_memory(size_t more) {
  static struct rlimit unlimited;
  struct rlimit limit;
  if (!more) {
    setrlimit(RLIMIT_AS, &unlimited);
    return;
  }
  getrlimit(RLIMIT_AS, &unlimited);
  size_t pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  cr_assert(statm && fscanf(statm, "%zu", &pages) == 1);
  fclose(statm);
  limit = unlimited;
  limit.rlim_cur = pages * (size_t)sysconf(_SC_PAGESIZE) + more;
  cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

RuntimeTest(faults, memory_that_really_ends_is_a_memory_error_and_nothing_is_lost) {
  if (SANITIZED) return;
  weft_object *list = weft_list_new();
  limit_memory(48 << 20);
  int64_t n = 0;
  for (;; n++) {
    weft_object *x = FLOAT((double)n);
    if (!x) break;
    int failed = weft_list_append(list, x);
    weft_decref(x);
    if (failed) break;
    cr_assert_lt(n, 100 << 20);
  }
  cr_assert(weft_error_is(&weft_MemoryError));
  weft_error_clear();
  cr_assert_gt(n, 100000);
  cr_assert(n - weft_list_length(list) <= 1);
  weft_decref(list);
  weft_object *again = nested_list(10000);
  cr_assert_not_null(again);
  weft_decref(again);
  limit_memory(0);
}

RuntimeTest(faults, a_thread_that_the_system_refuses_is_a_runtime_error) {
  if (SANITIZED) return;
  weft_auto weft_object *f = weft_function_new("body", thread_body, 0, NULL);
  limit_memory(1 << 20); /* less than a stack */
  weft_auto weft_object *thread = weft_thread_new(f, 0, NULL);
  int failed = weft_thread_start(thread);
  limit_memory(0);
  cr_assert(failed == -1 && raised(&weft_RuntimeError));
  cr_assert_eq(weft_thread_count(), 0);
  cr_assert_eq(weft_thread_is_alive(thread), 0);
  cr_assert_eq(weft_thread_start(thread), 0, "it may be tried again");
  cr_assert_eq(weft_thread_join(thread), WEFT_NONE);
}

/* --- The counter --- */

RuntimeTest(faults, every_request_is_counted_while_armed) {
  weft_heap_fail_nth(UINT64_MAX);
  for (int i = 0; i < 100000; i++) weft_decref(FLOAT(i));
  cr_assert_eq(weft_heap_fail_nth(0), 100000);
}
