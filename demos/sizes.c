/* SPDX-License-Identifier: MIT */
/*
 * Sizes: what objects take, what getsizeof says of it and what it leaves out, and how instances can be made small.
 *
 * The documents (numbers 001, 002 and 004 of the seeds) print the figures of some CPython. Beside them stand those of
 * CPython 3.14, which sys.getsizeof() gives with the 16 bytes that the collector has before each container, and Weft's
 * own, by weft_sizeof(): the object and the tables and buffers that are its alone. Weft has nothing before an object.
 */
#include "demos/sizes.h"

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 60 };

int main(void) {
  if (!demo_begin("sizes", TIME_LIMIT_S)) return 1;
  show_table();
  show_dicts();
  show_shallow();
  show_deep();
  show_instances();
  return demo_end();
}
