/* SPDX-License-Identifier: MIT */
/* The parts of the demo of copying. Each says whether all its checks held. */
#ifndef DEMOS_COPYING_H
#define DEMOS_COPYING_H

#include "demos/support/objects.h"

bool show_tables(void);    /* CP-01 to 08, 09 to 17, 32, 33: what the two kinds share */
bool show_memo(void);      /* CP-23 to 25, 28: shared parts, cycles, depth */
bool show_hooks(void);     /* CP-18 to 22, 26, 27: hooks, partial copies, what cannot be copied */
bool show_instances(void); /* CP-34, 35 */
bool show_costs(void);     /* CP-29, 30, 36 */
bool show_exercise(void);  /* EX-03 */

/* [[a, b], [c, d]]. Returns new. */
weft_object *pair_of_pairs(int a, int b, int c, int d);
/* list[i][j] = value */
void set_inner(weft_object *list, int64_t i, int64_t j, int value);
/* Item i of a list or tuple, borrowed: whoever has that keeps it. */
weft_object *part(weft_object *o, int64_t i);
/* The attribute, borrowed. */
weft_object *attribute(weft_object *o, const char *name);
void set_attribute(weft_object *o, const char *name, weft_object *value_steal);

#endif
