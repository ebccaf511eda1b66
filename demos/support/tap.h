/* SPDX-License-Identifier: MIT */
/*
 * What a demo prints: the Test Anything Protocol (TAP 13), so that a person and a program can both read it.
 *
 * A line `ok 3 - GIL-02 …` is a check that held; GIL-02 is the row of the ledger of documents that it demonstrates. A
 * check without a row is true and useful but is not all that a row asks for. `not ok` makes the demo fail. `# SKIP`
 * says why something could not be checked here, which is neither a pass nor a failure. All other lines begin with `#`.
 */
#ifndef DEMOS_SUPPORT_TAP_H
#define DEMOS_SUPPORT_TAP_H

#include <stdbool.h>

#define TAP_PRINTF(text, first) __attribute__((format(printf, text, first)))

void tap_begin(void);
/* A heading. */
void tap_title(const char *format, ...) TAP_PRINTF(1, 2);
/* A line of explanation. */
void tap_say(const char *format, ...) TAP_PRINTF(1, 2);
/* A check; `row` is the ledger's ID, or NULL. Returns `passed`. */
bool tap_check(bool passed, const char *row, const char *format, ...) TAP_PRINTF(3, 4);
/* A row that could not be checked, and why. */
void tap_skip(const char *row, const char *format, ...) TAP_PRINTF(2, 3);
/* Prints the plan. Returns the exit status: 1 when a check failed. */
int tap_finish(void);

#endif
