/* SPDX-License-Identifier: MIT */
/*
 * OrderedDict: a dict that is equal to another OrderedDict only if their keys are in the same order. All functions for
 * dicts take it, weft_dict_move_to_end and weft_dict_pop_first among them; copies by weft_copy and results of | are
 * OrderedDicts, too.
 */
#ifndef WEFT_DICT_ORDER_H
#define WEFT_DICT_ORDER_H

#include "dict.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_ordered_dict_type;

/* An empty one. Returns new. Errors: memory. */
WEFT_API weft_object *weft_ordered_dict_new(void);

WEFT_END_DECLS
#endif
