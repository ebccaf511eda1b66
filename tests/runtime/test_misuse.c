/* SPDX-License-Identifier: MIT */
/*
 * Misuse that has no caller to tell: the fatal hook gets a message that names the call. The hook of these tests jumps
 * back into the test, which is safe because misuse is found before anything is touched or locked.
 */
#include "support.h"

#include <setjmp.h>

RuntimeSuite(misuse);

static __thread jmp_buf back;
static __thread char message[512];

static void jump_back(const char *text) {
  snprintf(message, sizeof message, "%s", text);
  longjmp(back, 1);
}

/* True when `call` ends in the fatal hook. */
static bool aborts(void (*call)(void)) {
  weft_fatal_hook previous = weft_set_fatal_hook(jump_back);
  message[0] = '\0';
  bool aborted = true;
  if (setjmp(back) == 0) {
    call();
    aborted = false;
  }
  weft_set_fatal_hook(previous);
  return aborted;
}

static bool aborts_with(void (*call)(void), const char *name, const char *what) {
  if (!aborts(call)) {
    fprintf(stderr, "%s does not abort\n", name);
    return false;
  }
  bool right = strstr(message, name) && strstr(message, what);
  if (!right) fprintf(stderr, "%s: the message is \"%s\"\n", name, message);
  return right;
}

/* --- Calls from threads that are not attached --- */

static weft_object *object, *list, *dict, *tuple, *str, *function, *cell, *generator, *instance, *thread, *error;
static const weft_type *point;
static int64_t number;
static weft_object *found;
static weft_heap_stats figures;

static weft_object *returns_none(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

static weft_object *yields_none(weft_object *self, weft_object *sent) {
  (void)self, (void)sent;
  return WEFT_NONE;
}

static void make_samples(void) {
  static const char *const names[] = {"x", NULL};
  point = weft_type_new(&(weft_type_spec){.name = "point", .slot_names = names});
  object = INT(1000);
  str = STR("text");
  list = weft_list_of(1, &object);
  dict = weft_dict_new();
  weft_dict_set(dict, object, object);
  tuple = weft_tuple_new(1, &object);
  function = weft_function_new("f", returns_none, 1, &object);
  cell = weft_cell_new(object);
  generator = weft_generator_new("g", yields_none, 1, &object, 0, NULL);
  instance = weft_instance_new(point);
  weft_slot_set(instance, 0, object);
  thread = weft_thread_new(function, 0, NULL);
  weft_raise(&weft_ValueError, "sample");
  error = weft_error_take();
}

static void drop_samples(void) {
  weft_object *const samples[] = {object, list, dict, tuple, str, function, cell, generator, instance, thread, error};
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) weft_decref(samples[i]);
}

#define CALLS(X)                                                                \
  X(weft_repr, weft_repr(list))                                                 \
  X(weft_str, weft_str(str))                                                    \
  X(weft_hash, weft_hash(object, &number))                                      \
  X(weft_compare, weft_compare(object, list, WEFT_EQ))                          \
  X(weft_is_true, weft_is_true(object))                                         \
  X(weft_call, weft_call(function, NULL, 0))                                    \
  X(weft_subtract, weft_subtract(object, object))                               \
  X(weft_multiply, weft_multiply(object, object))                               \
  X(weft_length, weft_length(list))                                             \
  X(weft_getattr, weft_getattr(instance, object))                               \
  X(weft_setattr, weft_setattr(instance, object, object))                       \
  X(weft_str_intern, weft_str_intern("x"))                                      \
  X(weft_str_intern_object, weft_str_intern_object(str))                        \
  X(weft_getattr_text, weft_getattr_text(instance, "x"))                        \
  X(weft_setattr_text, weft_setattr_text(instance, "x", object))                \
  X(weft_immortalize, weft_immortalize(object))                                 \
  X(weft_type_new, weft_type_new(&(weft_type_spec){.name = "t"}))               \
  X(weft_type_release, weft_type_release(point))                                \
  X(weft_instance_new, weft_instance_new(point))                                \
  X(weft_slot_get, weft_slot_get(instance, 0))                                  \
  X(weft_slot_set, weft_slot_set(instance, 0, object))                          \
  X(weft_raise, weft_raise(&weft_ValueError, "x"))                              \
  X(weft_raise_object, weft_raise_object(error))                                \
  X(weft_raise_memory, weft_raise_memory())                                     \
  X(weft_raise_from_current, weft_raise_from_current(&weft_ValueError, "x"))    \
  X(weft_error_take, weft_error_take())                                         \
  X(weft_error_clear, weft_error_clear())                                       \
  X(weft_error_unraisable, weft_error_unraisable(NULL))                         \
  X(weft_int_parse, weft_int_parse("7"))                                        \
  X(weft_int_value, weft_int_value(object))                                     \
  X(weft_float_value, weft_float_value(object))                                 \
  X(weft_str_new, weft_str_new("x"))                                            \
  X(weft_str_new_size, weft_str_new_size("x", 1))                               \
  X(weft_str_utf8, weft_str_utf8(str, NULL))                                    \
  X(weft_str_length, weft_str_length(str))                                      \
  X(weft_tuple_new, weft_tuple_new(1, &object))                                 \
  X(weft_tuple_pack, weft_tuple_pack(1, object))                                \
  X(weft_tuple_length, weft_tuple_length(tuple))                                \
  X(weft_tuple_get, weft_tuple_get(tuple, 0))                                   \
  X(weft_tuple_get_borrow, weft_tuple_get_borrow(tuple, 0))                     \
  X(weft_list_of, weft_list_of(1, &object))                                     \
  X(weft_list_length, weft_list_length(list))                                   \
  X(weft_list_get, weft_list_get(list, 0))                                      \
  X(weft_list_set, weft_list_set(list, 0, object))                              \
  X(weft_list_append, weft_list_append(list, object))                           \
  X(weft_list_insert, weft_list_insert(list, 0, object))                        \
  X(weft_list_pop, weft_list_pop(list, 0))                                      \
  X(weft_list_clear, weft_list_clear(list))                                     \
  X(weft_dict_new_sized, weft_dict_new_sized(7))                                \
  X(weft_dict_length, weft_dict_length(dict))                                   \
  X(weft_dict_capacity, weft_dict_capacity(dict))                               \
  X(weft_dict_get, weft_dict_get(dict, object))                                 \
  X(weft_dict_find, weft_dict_find(dict, object, &found))                       \
  X(weft_dict_peek, weft_dict_peek(dict, object))                               \
  X(weft_dict_contains, weft_dict_contains(dict, object))                       \
  X(weft_dict_set, weft_dict_set(dict, object, object))                         \
  X(weft_dict_set_default, weft_dict_set_default(dict, object, object))         \
  X(weft_dict_delete, weft_dict_delete(dict, object))                           \
  X(weft_dict_pop, weft_dict_pop(dict, object, NULL))                           \
  X(weft_dict_pop_item, weft_dict_pop_item(dict))                               \
  X(weft_dict_clear, weft_dict_clear(dict))                                     \
  X(weft_dict_copy, weft_dict_copy(dict))                                       \
  X(weft_dict_update, weft_dict_update(dict, dict))                             \
  X(weft_dict_from_keys, weft_dict_from_keys(dict, object))                     \
  X(weft_dict_keys, weft_dict_keys(dict))                                       \
  X(weft_dict_values, weft_dict_values(dict))                                   \
  X(weft_dict_items, weft_dict_items(dict))                                     \
  X(weft_dict_iter_keys, weft_dict_iter_keys(dict))                             \
  X(weft_dict_iter_values, weft_dict_iter_values(dict))                         \
  X(weft_dict_iter_items, weft_dict_iter_items(dict))                           \
  X(weft_function_new, weft_function_new("f", returns_none, 0, NULL))           \
  X(weft_function_captured_borrow, weft_function_captured_borrow(function, 0))  \
  X(weft_function_name, weft_function_name(function))                           \
  X(weft_cell_get, weft_cell_get(cell))                                         \
  X(weft_cell_set, weft_cell_set(cell, object))                                 \
  X(weft_generator_new, weft_generator_new("g", yields_none, 0, NULL, 0, NULL)) \
  X(weft_generator_send, weft_generator_send(generator, object))                \
  X(weft_generator_throw, weft_generator_throw(generator, error))               \
  X(weft_generator_close, weft_generator_close(generator))                      \
  X(weft_generator_result, weft_generator_result(generator))                    \
  X(weft_generator_state, weft_generator_state(generator))                      \
  X(weft_generator_cell_borrow, weft_generator_cell_borrow(generator, 0))       \
  X(weft_generator_set_cell, weft_generator_set_cell(generator, 0, object))     \
  X(weft_generator_return, weft_generator_return(generator, object))            \
  X(weft_generator_delegate, weft_generator_delegate(generator, object))        \
  X(weft_thread_new, weft_thread_new(function, 0, NULL))                        \
  X(weft_thread_start, weft_thread_start(thread))                               \
  X(weft_thread_spawn, weft_thread_spawn(function, 0, NULL))                    \
  X(weft_thread_join, weft_thread_join(thread))                                 \
  X(weft_thread_wait, weft_thread_wait(thread, 0))                              \
  X(weft_thread_is_alive, weft_thread_is_alive(thread))                         \
  X(weft_thread_set_daemon, weft_thread_set_daemon(thread, true))               \
  X(weft_thread_native_id, weft_thread_native_id(thread))                       \
  X(weft_thread_current, weft_thread_current())                                 \
  X(weft_heap_get_stats, weft_heap_get_stats(&figures))                         \
  X(weft_heap_fail_nth, weft_heap_fail_nth(0))                                  \
  X(weft_poll, weft_poll())                                                     \
  X(weft_stop_the_world, weft_stop_the_world())                                 \
  X(weft_start_the_world, weft_start_the_world())                               \
  X(weft_detach, weft_detach())                                                 \
  X(weft_finalize, weft_finalize())

/* Constructors, whose fast path does not look: it finds no free block. */
#define ALLOCATIONS(X)                         \
  X(weft_add, weft_add(object, object))        \
  X(weft_int_new, weft_int_new(1000))          \
  X(weft_float_new, weft_float_new(1.5))       \
  X(weft_str_format, weft_str_format("%d", 7)) \
  X(weft_list_new, weft_list_new())            \
  X(weft_dict_new, weft_dict_new())            \
  X(weft_cell_new, weft_cell_new(NULL))        \
  X(weft_object_new, weft_object_new(&weft_object_type, 0))

#define DEFINE_CALL(name, expression) \
  static void call_##name(void) { (void)(expression); }
CALLS(DEFINE_CALL)
ALLOCATIONS(DEFINE_CALL)

struct call {
  const char *name;
  void (*call)(void);
};
#define ENTRY(name, expression) {#name, call_##name},
static const struct call calls[] = {CALLS(ENTRY)};
static const struct call allocations[] = {ALLOCATIONS(ENTRY)};

static size_t wrong_calls(const struct call *some, size_t n, const char *what) {
  size_t wrong = 0;
  for (size_t i = 0; i < n; i++) wrong += !aborts_with(some[i].call, some[i].name, what);
  return wrong;
}
#define WRONG(some, what) wrong_calls(some, sizeof some / sizeof *some, what)

RuntimeTest(misuse, a_call_from_a_detached_thread_names_the_call) {
  make_samples();
  weft_detach();
  size_t wrong = WRONG(calls, "detached");
  weft_reattach();
  drop_samples();
  cr_assert_eq(wrong, 0);
}

static void call_pack_two(void) { (void)weft_tuple_pack(2, object, object); }

RuntimeTest(misuse, a_pair_that_a_detached_thread_packs_names_the_call) {
  make_samples();
  weft_detach();
  bool named = aborts_with(call_pack_two, "weft_tuple_pack", "detached");
  weft_reattach();
  drop_samples();
  cr_assert(named);
}

static size_t wrong_in_thread;
static void *call_unattached(void *unused) {
  wrong_in_thread = WRONG(calls, "not attached") + WRONG(allocations, "not attached");
  return unused;
}

RuntimeTest(misuse, a_call_from_a_thread_that_was_never_attached_names_the_call) {
  make_samples();
  pthread_t other;
  pthread_create(&other, NULL, call_unattached, NULL);
  weft_detach();
  pthread_join(other, NULL);
  weft_reattach();
  drop_samples();
  cr_assert_eq(wrong_in_thread, 0);
}

RuntimeTest(misuse, CME_004_allocating_while_detached_is_a_named_fatal_error) {
  make_samples();
  weft_detach();
  size_t wrong = WRONG(allocations, "detached");
  weft_reattach();
  drop_samples();
  cr_assert_eq(wrong, 0);
}

static void error_borrow(void) { (void)weft_error_borrow(); }
static void error_is(void) { (void)weft_error_is(&weft_ValueError); }

RuntimeTest(misuse, asking_for_the_error_while_detached_names_the_call) {
  weft_detach();
  bool right =
      aborts_with(error_borrow, "weft_error_borrow", "detached") && aborts_with(error_is, "weft_error_is", "detached");
  weft_reattach();
  cr_assert(right);
}

static void decref_object(void) { weft_decref(object); }
static void incref_object(void) { weft_incref(object); }
static void decref_list(void) { weft_decref(list); }

RuntimeTest(misuse, counting_while_detached_names_the_call_in_debug_builds) {
  if (!WEFT_DEBUG) return;
  make_samples();
  weft_detach();
  bool right =
      aborts_with(incref_object, "weft_incref", "detached") && aborts_with(decref_object, "weft_decref", "detached");
  weft_reattach();
  drop_samples();
  cr_assert(right);
}

/* The last reference: whatever the mode, the object must not be freed by a thread that is not attached. */
RuntimeTest(misuse, dropping_the_last_reference_while_detached_names_the_call) {
  if (!WEFT__HAS_GIL && !WEFT_DEBUG && !WEFT__HAS_OWNERS) return; /* atomic: the count is gone by then */
  list = LIST(INT(1000));
  weft_incref(list);
  weft_decref(list);
  weft_detach();
  bool right = aborts_with(decref_list, "weft_decref", "detached");
  weft_reattach();
  cr_assert(right);
  if (weft_refcount(list) == 0) weft_incref(list);
  if (WEFT__HAS_GIL && !WEFT_DEBUG) {
    weft__count_init(&list->count);
  }
  weft_decref(list);
}

/* --- Attach and detach --- */

static void attach(void) {
  if (weft_attach()) return;
}
static void reattach(void) { weft_reattach(); }
static void detach(void) { weft_detach(); }

RuntimeTest(misuse, attaching_twice) { cr_assert(aborts_with(attach, "weft_attach", "attached already")); }
RuntimeTest(misuse, reattaching_while_attached) {
  cr_assert(aborts_with(reattach, "weft_reattach", "attached already"));
}

RuntimeTest(misuse, detaching_twice) {
  weft_detach();
  bool right = aborts_with(detach, "weft_detach", "detached");
  weft_reattach();
  cr_assert(right);
}

static void *reattach_unattached(void *right) {
  *(bool *)right =
      aborts_with(reattach, "weft_reattach", "never attached") && aborts_with(detach, "weft_detach", "not attached");
  return NULL;
}
RuntimeTest(misuse, reattaching_or_detaching_without_having_attached) {
  bool right = false;
  pthread_t other;
  pthread_create(&other, NULL, reattach_unattached, &right);
  pthread_join(other, NULL);
  cr_assert(right);
}

/* --- Life of the runtime --- */

static void init(void) { (void)!weft_init(); }

RuntimeTest(misuse, initialising_twice) { cr_assert(aborts_with(init, "weft_init", "already")); }

RuntimeTest(misuse, finalising_twice) {
  weft_finalize();
  cr_assert(aborts_with(call_weft_finalize, "weft_finalize", "not attached"));
  cr_assert_eq(weft_init(), 0);
}

RuntimeTest(misuse, nothing_can_be_done_after_finalize) {
  weft_finalize();
  cr_assert_not(weft_attach());
  cr_assert(aborts_with(call_weft_int_new, "", "not attached"));
  cr_assert(aborts_with(call_weft_raise, "weft_raise", "not attached"));
  cr_assert_eq(weft_init(), 0);
}

/* --- World and locks --- */

RuntimeTest(misuse, stopping_the_world_twice) {
  weft_stop_the_world();
  bool right = aborts_with(call_weft_stop_the_world, "weft_stop_the_world", "already");
  weft_start_the_world();
  cr_assert(right);
}

RuntimeTest(misuse, starting_a_world_that_runs) {
  cr_assert(aborts_with(call_weft_start_the_world, "weft_start_the_world", "not stopped"));
}

static weft_mutex mutex;
static void unlock(void) { weft_mutex_unlock(&mutex); }

RuntimeTest(misuse, unlocking_a_mutex_that_is_not_locked) {
  cr_assert(aborts_with(unlock, "weft_mutex_unlock", "not locked"));
}

/* --- Too many decrefs, in debug builds --- */

static bool dealloc_aborted;
static void dealloc_decrefs(weft_object *self) {
  object = self;
  dealloc_aborted = aborts_with(decref_object, "weft_decref", "no reference left");
  weft_object_free(self, 0);
}

RuntimeTest(misuse, COJ_011_a_count_that_would_go_below_zero_aborts) {
  if (!WEFT_DEBUG) return;
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "t", .basic_size = 24, .dealloc = dealloc_decrefs});
  weft_decref(weft_object_new(type, 0));
  cr_assert(dealloc_aborted);
}

RuntimeTest(misuse, COJ_012_dropping_a_freed_object_aborts) {
  if (!WEFT_DEBUG) return;
  object = INT(1000);
  weft_decref(object);
  cr_assert(aborts_with(decref_object, "weft_decref", "no reference left"));
  object = weft_list_new();
  weft_decref(object);
  cr_assert(aborts_with(decref_object, "weft_decref", "no reference left"));
}

RuntimeTest(misuse, adding_a_reference_to_a_freed_object_aborts) {
  if (!WEFT_DEBUG) return;
  object = INT(1000);
  weft_decref(object);
  cr_assert(aborts_with(incref_object, "weft_incref", "no reference left"));
}

RuntimeTest(misuse, counting_null_aborts_in_debug_builds) {
  if (!WEFT_DEBUG) return;
  object = NULL;
  cr_assert(aborts_with(incref_object, "weft_incref", "NULL"));
  cr_assert(aborts_with(decref_object, "weft_decref", "NULL"));
}

static bool thread_aborted;
static void step_decref_once_too_often(void *o) {
  object = o;
  weft_decref(object);
  thread_aborted = aborts_with(decref_object, "weft_decref", "no reference left");
}

RuntimeTest(misuse, a_thread_that_drops_a_disowned_object_twice_aborts) {
  if (!WEFT_DEBUG) return;
  weft_object *o = INT(1000);
  weft_disown(o);
  in_new_thread(step_decref_once_too_often, o);
  cr_assert(thread_aborted);
}

static void step_decref_thrice(void *o) {
  for (int i = 0; i < 3; i++) weft_decref(o);
}
static void poll(void) { weft_poll(); }

/* The dropping thread cannot know: the owner finds out when it adds up. Nothing may be freed or used after that. */
RuntimeTest(misuse, references_that_another_thread_drops_too_often_abort_when_they_are_settled,
            .disabled = !WEFT_DEBUG) {
  if (!WEFT__HAS_OWNERS) return;
  weft_object *o = probe_new();
  weft_incref(o);
  beside_running_thread(step_decref_thrice, o);
  cr_assert(aborts_with(poll, "weft_decref", "reference"));
  blocks_left_on_purpose = 1;
}

/* --- The hook --- */

static uint32_t fatal_calls;
static void count_and_return(const char *text) {
  if (++fatal_calls > 1 || !strstr(text, "weft_raise")) _exit(3);
}

/* With a hook that returns the process aborts, once. */
Test(misuse, CMI_002_calling_without_a_thread_state_is_one_fatal_error, .signal = SIGABRT) {
  weft_set_fatal_hook(count_and_return);
  weft_detach();
  weft_raise(&weft_ValueError, "x");
}

Test(misuse, the_default_hook_prints_and_aborts, .signal = SIGABRT) {
  weft_detach();
  weft_raise(&weft_ValueError, "x");
}

static void exit_77(const char *text) { _exit(strstr(text, "weft: ") == text || strstr(text, "weft_raise") ? 77 : 78); }

Test(misuse, a_hook_may_end_the_process_its_own_way, .exit_code = 77) {
  weft_set_fatal_hook(exit_77);
  weft_detach();
  weft_raise(&weft_ValueError, "x");
}

/* --- Brackets --- */

static void peek_list(void) { weft_list_peek(list, 0); }
static void peek_dict(void) { weft_dict_peek(dict, object); }

RuntimeTest(misuse, peeking_outside_a_bracket_names_the_call) {
  make_samples();
  bool right =
      aborts_with(peek_list, "weft_list_peek", "no bracket") && aborts_with(peek_dict, "weft_dict_peek", "no bracket");
  drop_samples();
  cr_assert(right);
}
