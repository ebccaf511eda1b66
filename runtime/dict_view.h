/* SPDX-License-Identifier: MIT */
/*
 * Views of a dict: its keys, values or items (tuples of both) as they are whenever one looks. Views of keys and of
 * items are compared with each other and with sets as sets are; -, &, | and ^ with any iterable make a set.
 */
#ifndef WEFT_DICT_VIEW_H
#define WEFT_DICT_VIEW_H

#include "type.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_dict_keys_type, weft_dict_values_type, weft_dict_items_type;

/* Return new. Errors: TypeError, memory. */
WEFT_API weft_object *weft_dict_view_keys(weft_object *dict);
WEFT_API weft_object *weft_dict_view_values(weft_object *dict);
WEFT_API weft_object *weft_dict_view_items(weft_object *dict);

WEFT_END_DECLS
#endif
