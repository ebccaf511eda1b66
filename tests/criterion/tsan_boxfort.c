/* SPDX-License-Identifier: MIT */
/*
 * Linked into Criterion programs built for ThreadSanitizer, and into no others.
 *
 * Criterion runs each test in a process of its own and passes it its parameters through an arena, which is mapped at an
 * address drawn with rand_r: 0x2000'0000'0000 plus 24 zero bits' worth of a 22-bit number. Almost all of that range is
 * ThreadSanitizer's shadow memory, where a mapping is refused ("could not initialize inheritable arena"). A rand_r of
 * our own, which the executable exports, draws only numbers that land in the part that ThreadSanitizer leaves to
 * programs: 0x5660'0000'0000 and the 127 GiB after it.
 */
int rand_r(unsigned *seed);

__attribute__((visibility("default"), no_sanitize("thread"))) int rand_r(unsigned *seed) {
  enum { FIRST = 0x366000, RANGE = 0x1f00 };
  *seed = *seed * 1664525u + 1013904223u;
  return (int)(FIRST + (*seed >> 10) % RANGE);
}
