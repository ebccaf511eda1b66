/* SPDX-License-Identifier: MIT */
/*
 * Timelines: recording is started, stopped and read again and again, by two threads, while others poll, detach, stop
 * the world, begin and end. What is read is in order of time; in mode gil no two threads hold the lock at once.
 *
 * Stands for: a recorder that frees or reads a ring into which a thread is still writing.
 */
#include "stress.h"

enum { RECORDERS = 2, OTHERS = 3, MAX = 4096 };

static weft_mutex recording; /* one recording at a time: held from start to read */
static uint64_t events_read;

static void *recorder(void *arg) {
  static weft_timeline_event buffers[RECORDERS][MAX];
  size_t self = (size_t)(uintptr_t)arg;
  chance c = chance_of(self);
  weft_timeline_event *events = buffers[self];
  REQUIRE(weft_attach());
  while (!is_over()) {
    weft_mutex_lock(&recording);
    REQUIRE(weft_timeline_start(1 + pick(&c, 100)));
    if (pick(&c, 2)) {
      WEFT_BEGIN_ALLOW_THREADS
      breathe();
      WEFT_END_ALLOW_THREADS
    }
    weft_timeline_stop();
    size_t n = weft_timeline_read(events, MAX);
    weft_mutex_unlock(&recording);
    for (size_t i = 0; i < n && i < MAX; i++) {
      REQUIRE(events[i].kind < WEFT_TIMELINE_KINDS && events[i].thread >= 1);
      if (i) REQUIRE(events[i].time_ns >= events[i - 1].time_ns);
    }
    weft__add_relaxed(&events_read, n);
    add_work(1);
    weft_poll();
  }
  weft_detach();
  return NULL;
}

static void *other(void *arg) {
  size_t self = (size_t)(uintptr_t)arg;
  REQUIRE(weft_attach());
  while (!is_over()) {
    if (self % OTHERS == 0) {
      weft_poll();
    } else if (self % OTHERS == 1) {
      weft_detach();
      weft_reattach();
    } else {
      weft_stop_the_world();
      weft_start_the_world();
      weft_poll();
    }
  }
  weft_detach();
  return NULL;
}

static void *brief(void *arg) {
  (void)arg;
  REQUIRE(weft_attach());
  weft_poll();
  weft_detach();
  return NULL;
}

static void *churn(void *arg) {
  (void)arg;
  one_after_another(brief, 0, 0);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  REQUIRE(weft_set_switch_interval_us(200) == 0);
  team everybody = {.size = 0};
  for (int i = 0; i < RECORDERS; i++) team_add(&everybody, recorder);
  for (int i = 0; i < OTHERS; i++) team_add(&everybody, other);
  team_add(&everybody, churn);
  wait_for_the_end();
  team_join(&everybody);
  REQUIRE(events_read > 0);
  return stress_end("timeline", "recordings");
}
