/* SPDX-License-Identifier: MIT */
/* How much is traced: from the start on, until the end, and at most. */
#include "demos/support/squares.h"
#include "demos/tracemalloc.h"

/* --- TM-01 to 03: lists --- */

static void show_lists(void) {
  trace(1);
  weft_object *data = multiples(MILLION, 1);
  size_t now = traced(), most = traced_peak(), list = (size_t)weft_sizeof(data);
  weft_tracemalloc_stop();
  weft_decref(data);
  tap_say("[i for i in range(1000000)]: current %.2f MB, peak %.2f MB (Python: 38.57, 38.57)", megabytes(now),
          megabytes(most));
  tap_check(about((double)now, (double)(list + (MILLION - SMALL_INTS) * bytes_of_int())) && most >= now, "TM-01",
            "000 §5.1: the list, and its ints but the small ones");

  enum { SMALL_SQUARES = 17 };
  trace(1);
  data = squares_list(100000);
  now = traced(), most = traced_peak(), list = (size_t)weft_sizeof(data);
  weft_tracemalloc_stop();
  weft_decref(data);
  tap_say("100,000 squares: current %.2f MB, peak %.2f MB (Python: 3.81, 3.81)", megabytes(now), megabytes(most));
  tap_check(about((double)now, (double)(list + (100000 - SMALL_SQUARES) * bytes_of_int())) && most >= now, "TM-02",
            "001: the same of squares, in a list that has grown");

  weft_auto weft_object *zero = list_of_ints(1, 0);
  trace(1);
  data = weft_list_repeat(zero, MILLION);
  now = traced(), most = traced_peak();
  weft_tracemalloc_stop();
  weft_decref(data);
  tap_say("[0] * 1000000: current %.2f MB, peak %.2f MB (Python: 7.63, 7.63)", megabytes(now), megabytes(most));
  tap_check(about((double)now, 8.0 * MILLION), "TM-03", "002: 8 bytes for each item, and nothing else");
}

/* --- TM-04, 05, 37: start and stop --- */

static void show_state(void) {
  bool good = answers("tracemalloc.is_tracing()", weft_tracemalloc_is_tracing(), false);
  good = traced() == 0 && traced_peak() == 0 && good;
  weft_snapshot *none = weft_snapshot_take();
  good = !none && raises(-1, &weft_RuntimeError) && good;
  trace(1);
  trace(1);
  good = answers("after two starts", weft_tracemalloc_is_tracing(), true) && good;
  good = weft_tracemalloc_frame_limit() == 1 && good;
  weft_tracemalloc_stop();
  weft_tracemalloc_stop();
  good = answers("after two stops", weft_tracemalloc_is_tracing(), false) && good;
  tap_check(good && traced() == 0 && traced_peak() == 0, "TM-04",
            "before the start and after the stop nothing is traced, and there is no snapshot; twice is harmless");
}

static void show_beginning(void) {
  weft_auto weft_object *zero = list_of_ints(1, 0);
  weft_object *older = weft_list_repeat(zero, 5 * MILLION / 8);
  trace(1);
  size_t before = traced();
  weft_decref(older);
  size_t after = traced();
  weft_tracemalloc_stop();
  tap_check(before == 0 && after == 0, "TM-05", "5 MB made before the start do not count, nor does their release");
}

static void show_bookkeeping(void) {
  trace(1);
  weft_object *data = multiples(MILLION / 2, 1);
  size_t bytes = traced(), own = weft_tracemalloc_get_memory();
  weft_tracemalloc_stop();
  size_t left = weft_tracemalloc_get_memory();
  weft_decref(data);
  tap_say("traces of %.1f MB take %.1f MB (Python: 36 MB for 21 MB); after the stop %zu bytes", megabytes(bytes),
          megabytes(own), left);
  tap_check(own > 0 && left == 0, "TM-37", "000 §5.11: who does not stop keeps the tables");
}

/* --- TM-06, 07: peaks and clearing --- */

static void show_peak(void) {
  weft_auto weft_object *zero = list_of_ints(1, 0);
  trace(1);
  weft_decref(weft_list_repeat(zero, 10 * MILLION / 8));
  size_t now = traced(), most = traced_peak();
  weft_tracemalloc_reset_peak();
  size_t reset = traced_peak();
  tap_say("10 MB for a moment: current %zu, peak %zu; reset_peak: %zu", now, most, reset);
  tap_check(now < 4096 && most >= 10 * MILLION && reset == traced(), "TM-06", "000 §5.11: mind the peak");
  weft_object *data = multiples(1000, 1000);
  size_t before = traced();
  weft_tracemalloc_clear_traces();
  bool cleared = before > 0 && traced() == 0 && traced_peak() == 0 && weft_list_length(data) == 1000;
  weft_decref(data);
  tap_check(cleared && traced() == 0, "TM-07", "cleared traces: (0, 0) while the objects live on");
  weft_tracemalloc_stop();
}

void show_memory(void) {
  tap_title("How much");
  show_state();
  show_lists();
  show_beginning();
  show_peak();
  show_bookkeeping();
}
