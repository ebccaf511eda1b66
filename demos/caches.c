/* SPDX-License-Identifier: MIT */
/*
 * Caches that grow for ever, and how not to: bounded ones, in order of use or of insertion; lru_cache; what else keeps
 * memory, and what only seems to.
 *
 * Where the documents (000 §5.13, 002, 003) only want to know how much memory is in use, the heap says so; which line
 * took it, tracemalloc does (document 001's example).
 */
#include "demos/caches.h"

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 120 };

int processed;

weft_object *process_function(int id) {
  processed++;
  weft_auto weft_object *number = weft_int_new(1000 + id);
  return weft_list_of(1, &number);
}

int main(void) {
  if (!demo_begin("caches", TIME_LIMIT_S)) return 1;
  show_processors();
  show_lru();
  show_leaks();
  show_weak();
  show_contexts();
  show_summary();
  return demo_end();
}
