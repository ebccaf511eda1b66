/* SPDX-License-Identifier: MIT */
/* Several runtime threads, or several processes, that do the same thing at once. */
#ifndef DEMOS_SUPPORT_WORKERS_H
#define DEMOS_SUPPORT_WORKERS_H

#include <sys/types.h>
#include <weft/weft.h>

/* What a worker does; `index` says which one it is. Returns new, or NULL with an error set. */
typedef weft_object *(*worker_body)(size_t index, void *arg);

enum { WORKERS_MAX = 16 };

/* Runs `n` threads to their end. Stores what they returned in `results` (new references) unless that is NULL.
 * False: one failed; its error is printed. */
bool run_threads(size_t n, worker_body body, void *arg, weft_object **results);

/* --- Processes --- */

struct process {
  pid_t pid;
  int pipe;
  uint64_t hold_begin_ns, hold_end_ns; /* the longest time it was attached without a break; after process_result */
};

/* Forks a process that calls `body` with the runtime that it inherits, and sends back the int that this returns.
 * False: the system refuses. */
bool process_start(struct process *p, worker_body body, size_t index, void *arg);
/* Waits for the process and returns its int. When the body failed, its error is raised here. Returns new. */
weft_object *process_result(struct process *p);

/* Prints the calling thread's error and clears it. */
void say_error(const char *who);

#endif
