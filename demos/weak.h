/* SPDX-License-Identifier: MIT */
/* The parts of the demo of weak references. */
#ifndef DEMOS_WEAK_H
#define DEMOS_WEAK_H

#include <weft/weft.h>

#include "demos/support/objects.h"

/* An object with any attributes, and one with an attribute `name`, of a class so called. Return new. */
weft_object *thing_new(void);
weft_object *named_new(const char *name);
extern const weft_type *thing_type;
/* A weak reference, or death: the demos' own objects can always have one. */
weft_object *weak_to(weft_object *o, weft_object *callback);
/* Does the reference lead to `o`? NULL: is it empty? */
bool leads_to(weft_object *ref, weft_object *o);
/* A function of that body, and how often it was called. */
weft_object *function_of(weft_c_function body);
extern int calls;
weft_object *count_call(weft_object *self, weft_object *const *args, size_t n);
void set_attribute(weft_object *o, const char *name, weft_object *value);

void show_references(void); /* WR-01 to 08, 29 to 31, SLOT-06 */
void show_caches(void);     /* WR-09 to 16, 19, 28, FU-10, FU-12 */
void show_owners(void);     /* WR-17, 18, 20 to 22 */
void show_finalizers(void); /* WR-23 to 27, FU-11 */

#endif
