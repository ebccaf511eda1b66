/* SPDX-License-Identifier: MIT */
/* What demos do with objects to show them: code beside what it prints in Python, as the documents say, and here. */
#ifndef DEMOS_SUPPORT_OBJECTS_H
#define DEMOS_SUPPORT_OBJECTS_H

#include <weft/weft.h>

#include "demos/support/tap.h"

/* --- The heap --- */

/* Live blocks of all sizes, and their bytes. */
size_t live_blocks(void);
size_t bytes_in_use(void);
double megabytes(size_t bytes);

/* Collections of all generations so far. */
uint64_t collections(void);

/* --- Making --- */

/* A list of `n` ints, given as ints, with no room to spare: list_of_ints(3, 1, 2, 3). Returns new. */
weft_object *list_of_ints(size_t n, ...);
/* A dict with one key. Returns new. */
weft_object *dict_of(const char *key, weft_object *value_steal);
/* Calls a function with that body and one argument, and drops what it returns. False: it failed. */
bool call_function(weft_c_function body, weft_object *argument);

/* --- Names: a C variable that is rebound drops what it held --- */

void rebind(weft_object **name, weft_object *value_steal);

/* --- Showing --- */

/* What Python's print() would show, kept until the eighth call from now. */
const char *shown(weft_object *o);
/* Prints the code, what Python prints for it, and what is printed here. True: the same. */
bool prints(const char *code, weft_object *o, const char *python);
/* The same for a question. */
bool answers(const char *question, bool here, bool python);
/* True if `result` is negative and the error is of `type`; prints the error, and clears it. */
bool raises(int64_t result, const weft_type *type);
/* As raises, for a call that returns an object. */
bool raises_object(weft_object *result_steal, const weft_type *type);
/* True: it has no hash, as the TypeError says. */
bool is_unhashable(weft_object *o);
/* How many different objects are in a list. */
int64_t distinct(weft_object *list);

#endif
