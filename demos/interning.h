/* SPDX-License-Identifier: MIT */
/* The parts of the interning demo. */
#ifndef DEMOS_INTERNING_H
#define DEMOS_INTERNING_H

#include "demos/support/objects.h"

/* --- A compilation unit: what a compiler does with the constants of a source file; interning_unit.c --- */

/* Returns new. NULL: out of memory. */
weft_object *unit_new(void);
/* The unit's constant that is written like this object, which becomes it if it is the first. Returns new. */
weft_object *unit_constant(weft_object *unit, weft_object *constant_steal);
/* The same for the constant expression `text * n`. Returns new. */
weft_object *unit_repeat(weft_object *unit, const char *text, size_t n);
/* Does a str look like a name: ASCII letters, digits and underscores only? */
bool looks_like_a_name(weft_object *str);
/* `text` n times, made at run time. Returns new. */
weft_object *repeated(const char *text, size_t n);

void show_numbers(void); /* INT-01 to 07 */
void show_units(void);   /* INT-08 to 12, 19 */
void show_strings(void); /* INT-13 to 16, 22 */
void show_savings(void); /* INT-17, 18, 20, 21 */

#endif
