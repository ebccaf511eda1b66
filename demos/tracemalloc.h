/* SPDX-License-Identifier: MIT */
/* The parts of the demo of tracemalloc, and what they share. */
#ifndef DEMOS_TRACEMALLOC_H
#define DEMOS_TRACEMALLOC_H

#include "demos/support/objects.h"

void show_memory(void);    /* TM-01 to 07, 37 */
void show_snapshots(void); /* TM-08 to 17, 42, 43, 47 */
void show_origins(void);   /* TM-18 to 22, 26, 27, 35, 44 */
void show_leak_hunt(void); /* TM-39, 40 */
void show_profiles(void);  /* TM-23 to 25, 28 to 33, 36, 38, 41, 45, 46 */

enum { SMALL_INTS = 257 /* 0 to 256, which are never allocated */, MILLION = 1000000 };

/* The line on which `made` stands. */
#define AT_LINE(line, made) (*(line) = __LINE__, (made))

/* tracemalloc.get_traced_memory() */
size_t traced(void);
size_t traced_peak(void);
void trace(int frames);

/* [i * factor for i in range(n)], without room to spare. Returns new. */
weft_object *multiples(int64_t n, int64_t factor);
/* Bytes of an int that is not small. */
size_t bytes_of_int(void);
/* Within one per cent. */
bool about(double value, double expected);
bool ends_with(const char *text, const char *end);

/* The entry for a line of a file, whose name ends so; NULL: there is none. */
const weft_statistic *entry_at(const weft_statistics *s, const char *file, int line);
/* Is the first entry that line? */
bool is_first(const weft_statistics *s, const char *file, int line);
/* What has grown since, by line; frees the older snapshot. Returns new. */
weft_statistics *grown_since(weft_snapshot *before_steal);
/* Of now, by line. Returns new. */
weft_statistics *top_lines(void);
/* Prints the first few entries. */
void say_top(const weft_statistics *s, size_t limit);

/* 1001 blocks, made in another file; on one line, which is stored. Returns new. */
weft_object *made_elsewhere(int *line);

#endif
