/* SPDX-License-Identifier: MIT */
/*
 * Out of memory anywhere: every scenario runs with its first, second, third… memory request failing, until a run makes
 * fewer requests than that. Each run either succeeds, because it can do without, or sets MemoryError; and afterwards as
 * many blocks and buffers are alive as before.
 */
#ifndef WEFT_TESTS_RUNTIME_FAULTS_SUPPORT_H
#define WEFT_TESTS_RUNTIME_FAULTS_SUPPORT_H

#include "support.h"

/* True: it succeeded. False: it failed, an error is set. Leaves nothing behind in either case. */
typedef bool (*scenario)(void);

static inline bool fallible(weft_object *o_steal) {
  if (!o_steal) return false;
  weft_decref(o_steal);
  return true;
}

/* Runs `run` with every single request failing; returns the number of requests of a run without failure. */
static inline uint64_t fail_everywhere(scenario run) {
  cr_assert(run(), "it succeeds when there is memory");
  weft_heap_stats before, after;
  weft_heap_get_stats(&before);
  for (uint64_t n = 1;; n++) {
    cr_assert_lt(n, 100000);
    weft_heap_fail_nth(n);
    bool succeeded = run();
    uint64_t requests = weft_heap_fail_nth(0);
    if (!succeeded)
      cr_assert(raised(&weft_MemoryError), "request %d", (int)n);
    else
      cr_assert_null(weft_error_borrow(), "request %d", (int)n);
    weft_poll();
    weft_heap_get_stats(&after);
    cr_assert_eq(after.blocks, before.blocks, "request %d: %zu blocks, not %zu", (int)n, after.blocks, before.blocks);
    cr_assert_eq(after.large_blocks, before.large_blocks, "request %d", (int)n);
    if (requests < n) {
      cr_assert(succeeded);
      return requests;
    }
  }
}

#endif
