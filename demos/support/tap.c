/* SPDX-License-Identifier: MIT */
#include "demos/support/tap.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned checks, failed;

/* Line by line, so that a process forked later has nothing of ours left to print. */
void tap_begin(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("TAP version 13\n");
}

void tap_title(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("#\n# === ", stdout);
  vprintf(format, args);
  fputs(" ===\n", stdout);
  va_end(args);
}

void tap_say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("#   ", stdout);
  vprintf(format, args);
  putchar('\n');
  va_end(args);
}

bool tap_check(bool passed, const char *row, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (!passed) failed++;
  printf("%s %u - %s%s", passed ? "ok" : "not ok", ++checks, row ? row : "", row ? " " : "");
  vprintf(format, args);
  putchar('\n');
  va_end(args);
  return passed;
}

void tap_skip(const char *row, const char *format, ...) {
  va_list args;
  va_start(args, format);
  printf("ok %u - %s # SKIP not checked: ", ++checks, row);
  vprintf(format, args);
  putchar('\n');
  va_end(args);
}

int tap_finish(void) {
  printf("1..%u\n", checks);
  if (failed) printf("# %u of %u checks failed\n", failed, checks);
  return failed ? 1 : 0;
}
