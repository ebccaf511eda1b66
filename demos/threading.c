/* SPDX-License-Identifier: MIT */
/*
 * Threading: what a global interpreter lock costs, what it does not cost, and what takes its place.
 *
 * The program is the same in every mode. Built for mode gil, one thread runs at a time, as in CPython; built for biased
 * or atomic, all of them do. It works through the document's question and its answer: two threads count, five threads
 * download, then the ways round the lock, what the lock protects, and what it does not.
 *
 *     threading [DIRECTORY]    DIRECTORY keeps the figures for the table across modes
 */
#include "demos/threading.h"

#include <stdio.h>
#include <unistd.h>

#include "demos/support/http.h"

enum { TIME_LIMIT_S = 100 }; /* a demo that hangs fails */

static void introduce(void) {
  tap_title("threading in mode %s, %u cores", weft_mode(), cpu_count());
  tap_say(weft_gil_enabled() ? "One thread runs at a time: whoever holds the global interpreter lock (GIL)."
                             : "There is no lock around the interpreter: attached threads run in parallel.");
  tap_say("A ratio is the time of the second way divided by the time of the first; the best of %d pairs counts.",
          TIMING_PAIRS);
}

int main(int argc, char **argv) {
  tap_begin();
  alarm(TIME_LIMIT_S);
  if (!http_start()) return 1;
  if (weft_init() < 0) {
    fprintf(stderr, "cannot start the runtime: out of memory\n");
    return 1;
  }
  figures_open(argc > 1 ? argv[1] : NULL);
  introduce();
  show_cpu_bound();
  show_cpu_timeline();
  show_io_bound();
  show_io_timeline();
  show_blocking_read();
  show_worker_failure();
  show_processes();
  show_native_call();
  show_event_loop();
  show_exclusion();
  show_counts();
  show_native_callback();
  show_lost_updates();
  show_containers();
  show_summary();
  weft_finalize();
  figures_close();
  http_stop();
  return tap_finish();
}
