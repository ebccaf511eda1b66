/* SPDX-License-Identifier: MIT */
/*
 * Interning: one object for all equal values of a kind, so that they take memory once and identity decides equality.
 *
 * The documents (numbers 002 and 004 of the seeds) ask whether two equal literals are one object. In Python that is
 * decided by the compiler, unit by unit (a file, a line that is typed in). Weft has no compiler: a C program that makes
 * two objects has two, except for the ints from -5 to 256 and what it interns itself (weft_str_intern). To show what
 * the documents show, the demo has a small object that treats constants as Python's compiler does: a unit.
 */
#include "demos/interning.h"

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 60 };

int main(void) {
  if (!demo_begin("interning", TIME_LIMIT_S)) return 1;
  show_numbers();
  show_units();
  show_strings();
  show_savings();
  return demo_end();
}
