/* SPDX-License-Identifier: MIT */
/* Threads with roles: `writers` threads of one kind and the others of another, which read until all writers are done.
 */
#ifndef WEFT_TESTS_RUNTIME_RACES_SUPPORT_H
#define WEFT_TESTS_RUNTIME_RACES_SUPPORT_H

#include "sequence_support.h"

struct race {
  void (*write)(uint32_t number, void *arg), (*read)(void *arg);
  void *arg;
  uint32_t writers;
  uint32_t next, done; /* atomic */
};

static inline void race_step(void *race_) {
  struct race *r = race_;
  uint32_t number = weft__add_acq_rel(&r->next, 1u);
  if (number < r->writers) {
    r->write(number, r->arg);
    weft__add_acq_rel(&r->done, 1u);
    return;
  }
  do {
    r->read(r->arg);
    weft_poll();
  } while (weft__load_acquire(&r->done) < r->writers);
}

/* Every reader reads once at least. */
static inline void race(uint32_t writers, void (*write)(uint32_t number, void *arg), uint32_t readers,
                        void (*read)(void *arg), void *arg) {
  struct race r = {.write = write, .read = read, .arg = arg, .writers = writers};
  in_new_threads(writers + readers, race_step, &r);
}

/* `n` in a run without sanitizers, a fifth with. */
static inline int64_t times(int64_t n) { return SANITIZED ? n / 5 : n; }

#endif
