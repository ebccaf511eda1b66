/* SPDX-License-Identifier: MIT */
/* How demos begin and end. */
#ifndef DEMOS_SUPPORT_DEMO_H
#define DEMOS_SUPPORT_DEMO_H

#include <stdbool.h>

/* Begins to print, starts the runtime and prints the title, which is about `what`. The demo is killed after `limit_s`
 * seconds: one that hangs fails. False, having said so: no memory. */
bool demo_begin(const char *what, unsigned limit_s);
/* Ends the runtime. Returns the exit status. */
int demo_end(void);

#endif
