/* SPDX-License-Identifier: MIT */
#include "demos/support/workers.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demos/support/spans.h"
#include "demos/support/tap.h"

void say_error(const char *who) {
  weft_auto weft_object *error = weft_error_take();
  if (error) tap_say("%s failed: %s: %s", who, weft_type_of(error)->spec.name, weft_error_message(error));
}

/* --- Threads --- */

struct job {
  worker_body body;
  void *arg;
};

/* The thread's function, a closure over the job's address and the worker's index. */
static weft_object *run_job(weft_object *function, weft_object *const *args, size_t n) {
  (void)args, (void)n;
  struct job *job = (struct job *)(intptr_t)weft_int_value(weft_function_captured_borrow(function, 0));
  return job->body((size_t)weft_int_value(weft_function_captured_borrow(function, 1)), job->arg);
}

static weft_object *spawn(struct job *job, size_t index) {
  weft_auto weft_object *address = weft_int_new((intptr_t)job);
  weft_auto weft_object *number = weft_int_new((int64_t)index);
  weft_object *const captured[] = {address, number};
  weft_auto weft_object *function = address && number ? weft_function_new("worker", run_job, 2, captured) : NULL;
  return function ? weft_thread_spawn(function, 0, NULL) : NULL;
}

bool run_threads(size_t n, worker_body body, void *arg, weft_object **results) {
  struct job job = {body, arg};
  weft_object *threads[WORKERS_MAX];
  bool good = true;
  for (size_t i = 0; i < n; i++) threads[i] = spawn(&job, i);
  for (size_t i = 0; i < n; i++) {
    weft_object *result = threads[i] ? weft_thread_join(threads[i]) : NULL;
    if (!result) say_error("a thread");
    good = good && result;
    if (results)
      results[i] = result;
    else
      weft_xdecref(result);
    weft_xdecref(threads[i]);
  }
  return good;
}

/* --- Processes --- */

/* What a process sends back, in one write. */
struct message {
  bool failed;
  int64_t value;
  uint64_t hold_begin_ns, hold_end_ns;
  char type[32], text[128]; /* of the error */
};

static const weft_type *error_type(const char *name) {
  static const weft_type *const known[] = {&weft_TypeError,  &weft_ValueError,     &weft_OverflowError,
                                           &weft_IndexError, &weft_RecursionError, &weft_MemoryError};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i]->spec.name, name) == 0) return known[i];
  return &weft_RuntimeError;
}

/* Fills in the longest time for which the recorded timeline has the calling thread attached. */
static void longest_hold(struct message *m) {
  struct spans spans;
  if (!spans_read(&spans)) return;
  for (size_t i = 0; i < spans.n; i++) {
    const struct span *s = &spans.span[i];
    if (s->kind != WEFT_TIMELINE_ATTACHED || s->end_ns - s->begin_ns < m->hold_end_ns - m->hold_begin_ns) continue;
    m->hold_begin_ns = s->begin_ns;
    m->hold_end_ns = s->end_ns;
  }
  spans_free(&spans);
}

static _Noreturn void work_and_report(int pipe_end, worker_body body, size_t index, void *arg) {
  struct message m = {0};
  (void)weft_timeline_start(1024);
  weft_object *result = body(index, arg);
  WEFT_BEGIN_ALLOW_THREADS
  WEFT_END_ALLOW_THREADS
  weft_timeline_stop();
  longest_hold(&m);
  if (result) {
    m.value = weft_int_value(result);
  } else {
    weft_object *error = weft_error_take();
    m.failed = true;
    snprintf(m.type, sizeof m.type, "%s", weft_type_of(error)->spec.name);
    snprintf(m.text, sizeof m.text, "%s", weft_error_message(error));
  }
  _exit(write(pipe_end, &m, sizeof m) == sizeof m ? 0 : 1);
}

bool process_start(struct process *p, worker_body body, size_t index, void *arg) {
  int ends[2];
  *p = (struct process){.pid = -1, .pipe = -1};
  if (pipe(ends) != 0) return false;
  p->pid = fork();
  if (p->pid == 0) work_and_report(ends[1], body, index, arg);
  close(ends[1]);
  p->pipe = ends[0];
  return p->pid > 0;
}

weft_object *process_result(struct process *p) {
  struct message m;
  ssize_t size = -1;
  WEFT_BEGIN_ALLOW_THREADS
  if (p->pid > 0) size = read(p->pipe, &m, sizeof m);
  close(p->pipe);
  if (p->pid > 0) waitpid(p->pid, NULL, 0);
  WEFT_END_ALLOW_THREADS
  if (size != sizeof m) return weft_raise(&weft_RuntimeError, "a worker process ended without a result");
  p->hold_begin_ns = m.hold_begin_ns;
  p->hold_end_ns = m.hold_end_ns;
  return m.failed ? weft_raise(error_type(m.type), "%s", m.text) : weft_int_new(m.value);
}
