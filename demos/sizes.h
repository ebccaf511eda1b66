/* SPDX-License-Identifier: MIT */
/* The parts of the sizes demo. */
#ifndef DEMOS_SIZES_H
#define DEMOS_SIZES_H

#include "demos/support/objects.h"

void show_table(void);     /* SZ-04, 07 to 17, 24 */
void show_dicts(void);     /* SZ-19, 20 */
void show_shallow(void);   /* SZ-21, EX-02 */
void show_deep(void);      /* DEEP-01 to 05 */
void show_instances(void); /* SZ-22, SLOT-01, 03 to 05 */

/* Types of persons with a name and an age: with an attribute dict, and with fixed slots. Return borrowed. */
const weft_type *person_type(void);
const weft_type *slots_person_type(void);
/* Returns new. Errors: NULL: out of memory. */
weft_object *person_new(const weft_type *type, weft_object *name, weft_object *age);

#endif
