/* SPDX-License-Identifier: MIT */
/*
 * Reference counting: every reference counts one, and the object is gone the moment the last one is dropped.
 *
 * The documents (numbers 000, 002 and 004 of the seeds) show this with Python's getrefcount(), which reports one more
 * than is held, because its own argument is a reference too. Weft's weft_refcount() says how many are held; the demo
 * prints both. Destruction is shown by objects of a user type whose finalizer writes to a log.
 */
#include "demos/refcount.h"

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 100 };

int main(void) {
  if (!demo_begin("reference counting", TIME_LIMIT_S) || !log_init()) return 1;
  tap_say("held: the references there are. reported: what Python's getrefcount says, which holds one itself.");
  show_counting();
  show_destruction();
  show_immortals();
  show_costs();
  return demo_end();
}
