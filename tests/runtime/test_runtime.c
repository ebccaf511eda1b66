/* SPDX-License-Identifier: MIT */
/* Start and end of the runtime, as one thread sees them; with other threads: tests/sync/test_finalize.c. */
#include "support.h"

RuntimeSuite(runtime);

RuntimeTest(runtime, the_mode_is_the_one_compiled_for) {
  cr_assert_str_eq(weft_mode(), WEFT_MODE_NAME);
  cr_assert_eq(weft_gil_enabled(), WEFT__HAS_GIL);
}

RuntimeTest(runtime, the_version_is_known_before_and_after) {
  cr_assert_str_eq(weft_version(), "0.1.0");
  weft_finalize();
  cr_assert_str_eq(weft_version(), "0.1.0");
  cr_assert_str_eq(weft_mode(), WEFT_MODE_NAME);
  cr_assert_eq(weft_init(), 0);
}

RuntimeTest(runtime, it_is_initialised_between_init_and_finalize) {
  cr_assert(weft_is_initialized() && weft_is_attached());
  weft_finalize();
  cr_assert(!weft_is_initialized() && !weft_is_attached());
  cr_assert_eq(weft_init(), 0);
}

RuntimeTest(runtime, it_can_be_started_again_and_again) {
  for (int i = 0; i < 50; i++) {
    weft_decref(nested_list(100));
    const weft_type *type = weft_type_new(&(weft_type_spec){.name = "t", .basic_size = 24});
    weft_decref(weft_object_new(type, 0));
    weft_finalize();
    cr_assert_eq(weft_init(), 0);
  }
}

RuntimeTest(runtime, small_ints_survive_a_restart) {
  weft_object *seven = weft_int_new(7);
  weft_finalize();
  cr_assert_eq(weft_init(), 0);
  cr_assert_eq(weft_int_new(7), seven);
  cr_assert_eq(weft_int_value(seven), 7);
}

RuntimeTest(runtime, objects_that_are_alive_at_the_end_do_not_disturb_the_next_start) {
  for (int i = 0; i < 1000; i++) (void)weft_float_new(i);
  weft_finalize();
  cr_assert_eq(weft_init(), 0);
  weft_heap_stats stats;
  weft_heap_get_stats(&stats);
  cr_assert_eq(stats.blocks, 0);
}

RuntimeTest(runtime, before_init_no_thread_can_attach) {
  weft_finalize();
  cr_assert_not(weft_attach());
  cr_assert_eq(weft_init(), 0);
}

static void *start_and_end(void *unused) {
  if (weft_init() != 0) abort();
  weft_decref(nested_list(100));
  weft_finalize();
  return unused;
}

RuntimeTest(runtime, another_thread_may_be_the_one_that_starts_and_ends_it) {
  weft_finalize();
  for (int i = 0; i < 3; i++) {
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, start_and_end, NULL), 0);
    pthread_join(thread, NULL);
    cr_assert_not(weft_is_initialized());
  }
  cr_assert_eq(weft_init(), 0);
}
