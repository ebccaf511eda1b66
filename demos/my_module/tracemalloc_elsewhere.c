/* SPDX-License-Identifier: MIT */
/* In a file and a directory of its own, so that filters have something to tell apart. */
#include "demos/tracemalloc.h"

enum { BLOCKS = 1000 };

weft_object *made_elsewhere(int *line) {
  static weft_object *blocks[BLOCKS + 1];
  for (int i = 0; i <= BLOCKS; i++) blocks[i] = AT_LINE(line, weft_float_new(i));
  weft_object *all = weft_tuple_new(BLOCKS + 1, blocks);
  for (int i = 0; i <= BLOCKS; i++) weft_decref(blocks[i]);
  return all;
}
