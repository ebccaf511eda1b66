/* SPDX-License-Identifier: MIT */
#include "demos/support/demo.h"

#include <stdio.h>
#include <unistd.h>
#include <weft/weft.h>

#include "demos/support/tap.h"

bool demo_begin(const char *what, unsigned limit_s) {
  tap_begin();
  alarm(limit_s);
  if (weft_init() < 0) {
    fprintf(stderr, "cannot start the runtime: out of memory\n");
    return false;
  }
  tap_title("%s in mode %s", what, weft_mode());
  return true;
}

int demo_end(void) {
  weft_finalize();
  return tap_finish();
}
