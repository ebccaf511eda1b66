/* SPDX-License-Identifier: MIT */
/* Cycles that are alive when the runtime ends: they are collected then, and their finalizers run. */
#include "gc_support.h"

#include <sys/wait.h>

GcSuite(gc_shutdown);

/* The finalizers that ran in a whole life of the runtime, in a process of its own; -1: it ended badly. */
static int finalized_in_a_life(void (*live)(void), void (*end)(void)) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(SANITIZED ? 240 : 60);
    live();
    end();
    _exit((int)weft__load_acquire(&nodes_finalized));
  }
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void set_global(const weft_type *module, const char *text, weft_object *value_steal) {
  weft_auto weft_object *name = weft_str_new(text);
  if (weft_type_set(module, name, value_steal) < 0) abort();
  weft_decref(value_steal);
}
static weft_object *cycle(void) {
  weft_object *node = node_new(true);
  set_link(node, NODE_RIGHT, node);
  return node;
}

static void leave_a_cycle(void) { weft_decref(cycle()); }
GcTest(gc_shutdown, a_cycle_that_nobody_refers_to_is_finalized_at_the_end) {
  cr_assert_eq(finalized_in_a_life(leave_a_cycle, weft_finalize), 1);
}

static void leave_a_global(void) { set_global(node_type, "global", cycle()); }
GcTest(gc_shutdown, GC_029_a_cycle_in_a_root_namespace_is_finalized_once) {
  cr_assert_eq(finalized_in_a_life(leave_a_global, weft_finalize), 1);
}

/* The namespace of a module is a dict, which a root namespace has. */
static void leave_a_module(void) {
  weft_object *module = weft_dict_new(), *node = cycle();
  weft_auto weft_object *name = weft_str_new("node");
  if (weft_dict_set(module, name, node) < 0) abort();
  set_link(node, NODE_LEFT, module);
  weft_decref(node);
  set_global(node_type, "module", module);
}
GcTest(gc_shutdown, GC_030_a_cycle_in_another_namespace_is_finalized) {
  cr_assert_eq(finalized_in_a_life(leave_a_module, weft_finalize), 1);
}

/* A program that ends the runtime at its exit. */
static void say_how_many(void) { _exit(100 + (int)weft__load_acquire(&nodes_finalized)); }
static void exit_with_0(void) {
  atexit(say_how_many);
  atexit(weft_finalize);
  exit(0);
}
GcTest(gc_shutdown, GC_032_a_cycle_is_finalized_if_the_program_exits) {
  cr_assert_eq(finalized_in_a_life(leave_a_global, exit_with_0), 101);
}

/* --- The report of debug builds --- */

static char reported[2000];
static void keep_report(const char *message) {
  size_t length = strlen(reported);
  snprintf(reported + length, sizeof reported - length, "%s\n", message);
}

static weft_object *kept_alive[3];
static void keep_some(void) {
  weft_tracemalloc_stop(); /* the environment may have started it */
  kept_alive[0] = FLOAT(1.5);
  if (weft_tracemalloc_start(1) < 0) abort();
  for (int i = 1; i < 3; i++) kept_alive[i] = node_new(false);
}
static bool is_reported(bool expected, const char *format, ...) {
  char line[200];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  bool is = strstr(reported, line);
  if (is != expected) fprintf(stderr, "'%s' in: %s", line, reported);
  return is == expected;
}
static void end_with_report(void) {
  weft_set_warning_hook(keep_report);
  weft_finalize();
  bool right = is_reported(WEFT_DEBUG, "still alive at the end: 1 of type 'float'\n") &&
               is_reported(WEFT_DEBUG, "still alive at the end: 2 of type 'node', made at ") &&
               is_reported(WEFT_DEBUG, "gc_support.h:") && is_reported(false, "of type 'list'");
  _exit(right ? 0 : 1);
}
GcTest(gc_shutdown, debug_builds_report_what_is_alive_by_type_count_and_place) {
  cr_assert_eq(finalized_in_a_life(keep_some, end_with_report), 0);
}
