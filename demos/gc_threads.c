/* SPDX-License-Identifier: MIT */
/* Collections while other threads work. */
#include <inttypes.h>

#include "demos/gc.h"
#include "demos/support/workers.h"

enum { MAKERS = 4, CYCLES = 20000, ROUNDS = 50 };

/* Threads 0 to 3 make cycles, the last one collects. */
static weft_object *work(size_t index, void *unused) {
  (void)unused;
  if (index < MAKERS) {
    for (int i = 0; i < CYCLES; i++) {
      drop_cycles(1);
      weft_poll();
    }
    return weft_new_ref(WEFT_NONE);
  }
  for (int i = 0; i < ROUNDS; i++)
    if (weft_gc_collect(i % 3) < 0) return NULL;
  return weft_new_ref(WEFT_NONE);
}

void show_threads(void) {
  tap_title("Threads");
  collect();
  uint64_t before = collected_so_far();
  weft_gc_enable();
  bool ran = run_threads(MAKERS + 1, work, NULL, NULL);
  weft_gc_disable();
  int64_t left = nodes_alive();
  collect();
  uint64_t collected = collected_so_far() - before;
  tap_say("%d threads make %d cycles of two each, one collects %d times: %" PRId64 " objects are left at their end",
          MAKERS, CYCLES, ROUNDS, left);
  tap_check(ran && nodes_alive() == 0 && collected == (uint64_t)MAKERS * CYCLES * 2, "GC-37",
            "002: after a last collection all %" PRIu64 " have been found, each once", collected);
}
