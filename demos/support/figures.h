/* SPDX-License-Identifier: MIT */
/*
 * The figures of a run, kept in <directory>/<mode>.tsv so that runs in different modes can be shown side by side.
 * A line: name, seconds one way, seconds the other way, verdict.
 */
#ifndef DEMOS_SUPPORT_FIGURES_H
#define DEMOS_SUPPORT_FIGURES_H

#include "demos/support/timing.h"

/* Starts the file of the program's own mode anew. Without a directory figures live as long as the program. */
void figures_open(const char *directory);
void figures_close(void);
void figure_put(const char *name, const struct outcome *o);
/* The figure of the program's own run. */
struct outcome figure_own(const char *name);
/* The figure of the latest run in `mode`; NOT_MEASURED when there is none. */
struct outcome figure_of_mode(const char *mode, const char *name);

#endif
