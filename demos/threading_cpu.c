/* SPDX-License-Identifier: MIT */
/*
 * CPU-bound work: two workers count to 10^7. With a lock, two threads need as long as one after the other; without,
 * half as long. The timeline shows why: under the lock, the blocks of the two threads alternate and never overlap.
 */
#include "demos/threading.h"

/* --- The work --- */

weft_object *count_to(int64_t n) {
  weft_auto weft_object *one = weft_int_new(1);
  weft_object *count = weft_int_new(0);
  for (int64_t i = 0; i < n && count; i++) {
    weft_object *next = weft_add(count, one);
    weft_decref(count);
    count = next;
    weft_poll(); /* where an interpreter would look whether it has to give up the lock */
  }
  return count;
}

weft_object *count_worker(size_t index, void *arg) {
  (void)index, (void)arg;
  return count_to(COUNT_TO);
}

/* True when `count` is exactly what it should be; drops it. */
static bool exact(weft_object *count) {
  bool good = count && weft_int_value(count) == COUNT_TO;
  weft_xdecref(count);
  return good;
}

bool count_twice(void *arg) {
  (void)arg;
  bool first = exact(count_to(COUNT_TO)), second = exact(count_to(COUNT_TO));
  return first && second;
}

static bool count_in_threads(void *arg) {
  weft_object *counts[2];
  if (!run_threads(2, count_worker, arg, counts)) return false;
  bool first = exact(counts[0]), second = exact(counts[1]);
  return first && second;
}

/* --- GIL-01, GIL-02 --- */

void show_cpu_bound(void) {
  bool gil = weft_gil_enabled();
  struct comparison c = {count_twice, count_in_threads, .low = gil ? 0.9 : 0, .high = gil ? 1.2 : 0.6,
                         .needs_two_cores = !gil};
  tap_title("CPU-bound: two workers count to %d", COUNT_TO);
  tap_say("document: Sequential: ~1.5 s   Threaded: ~1.5 s (the GIL is in the way)");
  struct outcome o = timing_compare(&c);
  tap_say("here:     Sequential: %.3f s   Threaded: %.3f s (%s)", o.base_s, o.other_s,
          gil ? "the GIL is in the way" : "both cores work");
  timing_report(gil ? "GIL-01" : "GIL-02",
                gil ? "sequential against two threads, both counters exactly 10000000"
                    : "without the lock, both counters exactly 10000000",
                &c, &o);
  figure_put("cpu-threads", &o);
}

/* --- GIL-06, GIL-17 --- */

static weft_object *count_on_record(size_t index, void *arg) {
  ((uint32_t *)arg)[index] = weft_timeline_thread();
  return count_to(COUNT_TO);
}

/* What the spans of a timeline say about two threads. */
struct sharing {
  size_t blocks[2], alternations;
  uint64_t busy_ns, overlap_ns, longest_wait_ns;
};

static struct sharing examine(const struct spans *s, const uint32_t threads[2]) {
  struct sharing r = {0};
  const struct span *last[2] = {NULL, NULL};
  int latest = -1;
  for (size_t i = 0; i < s->n; i++) {
    const struct span *span = &s->span[i];
    int who = span->thread == threads[0] ? 0 : span->thread == threads[1] ? 1 : -1;
    uint64_t length = span->end_ns - span->begin_ns;
    if (who >= 0 && span->kind == WEFT_TIMELINE_WAITING && length > r.longest_wait_ns) r.longest_wait_ns = length;
    if (who < 0 || span->kind != WEFT_TIMELINE_ATTACHED) continue;
    r.blocks[who]++;
    r.busy_ns += length;
    if (last[!who]) r.overlap_ns += span_overlap(last[!who], span);
    if (latest >= 0 && latest != who) r.alternations++;
    latest = who;
    last[who] = span;
  }
  return r;
}

static void report_gil(const struct sharing *r) {
  double slice_ms = (double)r->busy_ns / 1e6 / (double)(r->blocks[0] + r->blocks[1]);
  tap_check(r->overlap_ns == 0 && r->alternations >= 2 && r->blocks[0] && r->blocks[1], "GIL-06",
            "blocks alternate %zu times and overlap for %llu ns; mean block %.1f ms", r->alternations,
            (unsigned long long)r->overlap_ns, slice_ms);
  uint64_t interval = weft_switch_interval_us();
  tap_say("switch interval %llu us: so long a thread keeps the lock while another one waits",
          (unsigned long long)interval);
  tap_check(r->longest_wait_ns <= 20 * interval * 1000, "GIL-17",
            "longest wait of a thread that could have run: %.1f ms (at most %.0f ms)", (double)r->longest_wait_ns / 1e6,
            20 * (double)interval / 1e3);
}

static void report_free(const struct sharing *r) {
  tap_check(r->overlap_ns > 0 && r->blocks[0] && r->blocks[1], "GIL-06",
            "without a lock the two blocks overlap, for %.1f ms", (double)r->overlap_ns / 1e6);
  tap_say("switch interval %llu us, which has no effect here", (unsigned long long)weft_switch_interval_us());
  tap_check(r->longest_wait_ns <= 20 * weft_switch_interval_us() * 1000, "GIL-17",
            "there is no lock to wait for; longest wait %.3f ms", (double)r->longest_wait_ns / 1e6);
}

void show_cpu_timeline(void) {
  uint32_t threads[2] = {0, 0};
  struct spans spans;
  tap_title("CPU-bound timeline: who %s when", weft_gil_enabled() ? "held the lock" : "ran");
  bool done = weft_timeline_start(1 << 16) && run_threads(2, count_on_record, threads, NULL);
  weft_timeline_stop();
  if (!tap_check(done && spans_read(&spans), NULL, "both threads counted to the end and were recorded")) return;
  tap_say("document:  Thread 1 ▓▓▓▓░░░░░");
  tap_say("           Thread 2 ░░░░▓▓▓▓░     no parallelism");
  tap_say("measured, ▓ %s, ░ waited:", weft_gil_enabled() ? "held the lock" : "was attached");
  spans_draw(&spans, threads, 2, false);
  struct sharing sharing = examine(&spans, threads);
  (weft_gil_enabled() ? report_gil : report_free)(&sharing);
  spans_free(&spans);
}
