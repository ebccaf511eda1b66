/* SPDX-License-Identifier: MIT */
/*
 * I/O-bound work: five downloads, over real sockets, from a server that takes 100 ms for each. A thread that waits for
 * the network has released the lock, so the waits overlap with a lock just as without.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "demos/support/http.h"
#include "demos/threading.h"

/* --- The work --- */

weft_object *download_worker(size_t index, void *arg) {
  (void)arg;
  bool good;
  WEFT_BEGIN_ALLOW_THREADS
  good = http_get(index);
  WEFT_END_ALLOW_THREADS
  return good ? weft_int_new(200) : weft_raise(&weft_OSError, "GET /item/%zu failed", index);
}

bool download_in_turn(void *arg) {
  bool good = true;
  for (size_t i = 0; i < DOWNLOADS; i++) {
    weft_auto weft_object *status = download_worker(i, arg);
    if (!status) say_error("a download");
    good = good && status;
  }
  return good;
}

static bool download_in_threads(void *arg) { return run_threads(DOWNLOADS, download_worker, arg, NULL); }

/* --- GIL-03 --- */

void show_io_bound(void) {
  struct comparison c = {download_in_turn, download_in_threads, .high = 0.35};
  tap_title("I/O-bound: five HTTP GETs, each answered after %d ms", HTTP_DELAY_MS);
  tap_say("document: five threads download http://example.com; threaded I/O is faster, GIL or not");
  struct outcome o = timing_compare(&c);
  tap_say("here:     Sequential: %.3f s   Threaded I/O: %.3f s   (%.1f times as fast)", o.base_s, o.other_s,
          o.base_s / o.other_s);
  timing_report("GIL-03", "five times status 200 and the right body, one after the other against five threads", &c, &o);
  figure_put("io-threads", &o);
}

/* --- GIL-07 --- */

enum { SMALL_COUNT = 300000 };

/* Some counting before and after, so that the row has blocks to show. */
static weft_object *work_download_work(size_t index, void *arg) {
  ((uint32_t *)arg)[index] = weft_timeline_thread();
  weft_auto weft_object *before = count_to(SMALL_COUNT);
  weft_auto weft_object *status = download_worker(index, NULL);
  weft_auto weft_object *after = count_to(SMALL_COUNT);
  return before && after && status ? weft_new_ref(status) : NULL;
}

struct waits {
  uint64_t sum_ns, begin_ns, end_ns;
  size_t most_at_once;
};

static bool is_wait(const struct span *s, const uint32_t *threads) {
  if (s->kind != WEFT_TIMELINE_DETACHED) return false;
  for (size_t i = 0; i < DOWNLOADS; i++)
    if (s->thread == threads[i]) return true;
  return false;
}

static size_t waiting_at(const struct spans *s, const uint32_t *threads, uint64_t time_ns) {
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++)
    n += is_wait(&s->span[i], threads) && s->span[i].begin_ns <= time_ns && time_ns < s->span[i].end_ns;
  return n;
}

static struct waits examine(const struct spans *s, const uint32_t *threads) {
  struct waits w = {.begin_ns = UINT64_MAX};
  for (size_t i = 0; i < s->n; i++) {
    const struct span *span = &s->span[i];
    if (!is_wait(span, threads)) continue;
    w.sum_ns += span->end_ns - span->begin_ns;
    if (span->begin_ns < w.begin_ns) w.begin_ns = span->begin_ns;
    if (span->end_ns > w.end_ns) w.end_ns = span->end_ns;
    size_t now = waiting_at(s, threads, span->begin_ns);
    if (now > w.most_at_once) w.most_at_once = now;
  }
  return w;
}

void show_io_timeline(void) {
  uint32_t threads[DOWNLOADS] = {0};
  struct spans spans;
  tap_title("I/O-bound timeline: a little counting, a download, a little counting");
  bool done = weft_timeline_start(1 << 16) && run_threads(DOWNLOADS, work_download_work, threads, NULL);
  weft_timeline_stop();
  if (!tap_check(done && spans_read(&spans), NULL, "five threads downloaded and were recorded")) return;
  tap_say("document:  Thread 1 ▓▓░░░▓▓░░");
  tap_say("           Thread 2 ░░▓▓░░░▓▓     the GIL is released during I/O");
  tap_say("measured, ▓ %s, ░ waited for the network%s:", weft_gil_enabled() ? "held the lock" : "was attached",
          weft_gil_enabled() ? " or the lock" : "");
  spans_draw(&spans, threads, DOWNLOADS, true);
  struct waits w = examine(&spans, threads);
  double span_ms = (double)(w.end_ns - w.begin_ns) / 1e6, sum_ms = (double)w.sum_ns / 1e6;
  tap_check(sum_ms >= 3 * span_ms && w.most_at_once >= 2, "GIL-07",
            "%.0f ms of waiting in %.0f ms: %.1f times as much (must be 3); up to %zu threads waited at once", sum_ms,
            span_ms, sum_ms / span_ms, w.most_at_once);
  spans_free(&spans);
}

/* --- GIL-12 --- */

struct blocked_read {
  int ends[2];
  atomic_llong counter;
  atomic_bool reading, over;
  long long before, after;
};

static weft_object *reader(struct blocked_read *b) {
  char byte;
  ssize_t n;
  WEFT_BEGIN_ALLOW_THREADS
  while (b->counter == 0) sleep_ms(1);
  b->before = b->counter;
  b->reading = true;
  n = read(b->ends[0], &byte, 1);
  WEFT_END_ALLOW_THREADS
  b->after = b->counter;
  b->over = true;
  return n == 1 ? WEFT_NONE : weft_raise(&weft_OSError, "read failed");
}

static weft_object *counter(struct blocked_read *b) {
  weft_auto weft_object *one = weft_int_new(1);
  weft_object *count = weft_int_new(0);
  while (count && !b->over) {
    weft_object *next = weft_add(count, one);
    weft_decref(count);
    count = next;
    b->counter++;
    weft_poll();
  }
  return count;
}

/* Lets the reader wait for 100 ms, then gives it its byte. */
static weft_object *writer(struct blocked_read *b) {
  ssize_t n;
  WEFT_BEGIN_ALLOW_THREADS
  while (!b->reading) sleep_ms(1);
  sleep_ms(100);
  n = write(b->ends[1], "x", 1);
  WEFT_END_ALLOW_THREADS
  return n == 1 ? WEFT_NONE : weft_raise(&weft_OSError, "write failed");
}

static weft_object *read_beside_counting(size_t index, void *arg) {
  static weft_object *(*const parts[])(struct blocked_read *) = {counter, reader, writer};
  return parts[index](arg);
}

void show_blocking_read(void) {
  struct blocked_read b = {.ends = {-1, -1}};
  tap_title("A blocking read stops nobody else");
  bool done = pipe(b.ends) == 0 && run_threads(3, read_beside_counting, &b, NULL);
  close(b.ends[0]);
  close(b.ends[1]);
  tap_check(done && b.after > b.before, "GIL-12",
            "while one thread waited 100 ms for an empty pipe, another counted on from %lld to %lld", b.before,
            b.after);
}
