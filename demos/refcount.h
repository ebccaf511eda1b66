/* SPDX-License-Identifier: MIT */
/* The parts of the reference counting demo. */
#ifndef DEMOS_REFCOUNT_H
#define DEMOS_REFCOUNT_H

#include <weft/weft.h>

#include "demos/support/log.h"
#include "demos/support/objects.h"

/* What Python's getrefcount reports: its argument is a reference of its own while it counts. */
int64_t reported(weft_object *o);

void show_counting(void);    /* REF-01 to 09, FU-04, EX-01 */
void show_destruction(void); /* REF-10 to 13, 18, 22, 24 */
void show_immortals(void);   /* REF-19, 20, 23 */
void show_costs(void);       /* REF-14, 15 */

#endif
