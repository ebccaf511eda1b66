/* SPDX-License-Identifier: MIT */
/* The entry of libFuzzer, whose bytes are the choices. */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FILE *out;
  if (!out) {
    out = oracle_start();
    if (weft_init() < 0) abort();
    values_init();
  }
  struct choices choices = {.data = data, .size = size};
  fprintf(out, "episode of libFuzzer in mode %s\n", weft_mode());
  run_episode(&choices, out);
  if (!oracle_agrees(out)) abort();
  return 0;
}
