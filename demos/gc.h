/* SPDX-License-Identifier: MIT */
/* The parts of the collector's demo. */
#ifndef DEMOS_GC_H
#define DEMOS_GC_H

#include "demos/support/objects.h"

/* --- Nodes: the documents' class Node, with attributes `name` and `ref` --- */

extern const weft_type *node_type;
/* Returns new. */
weft_object *node_new(const char *name);
/* from.ref = to */
void refer(weft_object *from, weft_object *to);
/* Two nodes that refer to each other, and to nothing else; nobody refers to them. */
void drop_cycles(size_t n);
/* Nodes whose memory has not been freed. */
int64_t nodes_alive(void);

/* --- Collections --- */

/* A full collection: the number of objects found. */
int64_t collect(void);
/* Objects found by all collections so far. */
uint64_t collected_so_far(void);
/* From now on, how many there have been of each generation, by callbacks, and in which order: "0001", say, cut off
 * after the first hundreds. */
void runs_watch(void);
void runs_stop(void);
extern uint64_t runs[WEFT_GC_GENERATIONS];
extern char runs_order[512];
uint64_t runs_in_all(void);

void show_cycles(void);                    /* GC-01 to 05, 31 to 33, 36, LK-21, REF-16, 21 */
void show_algorithm(const char *pictures); /* GC-27, 28, FU-05, and a picture */
void show_generations(void);               /* GC-06 to 14, 16, 17, 29, 30 */
void show_controls(void);                  /* GC-15, 18 to 26, 34, 35, FU-07, 08, TOOL-13 */
void show_threads(void);                   /* GC-37 */

#endif
