/* SPDX-License-Identifier: MIT */
/* The constants None, False and True: immortal objects, so they may be used as borrowed and as new references alike. */
#ifndef WEFT_NONE_H
#define WEFT_NONE_H

#include "int.h"

WEFT_BEGIN_DECLS

extern WEFT_API const weft_type weft_none_type, weft_bool_type;
extern WEFT_API weft_object weft__none;
extern WEFT_API weft_int weft__false, weft__true; /* a bool is an int with a name */

#define WEFT_NONE  (&weft__none)
#define WEFT_FALSE (&weft__false.header)
#define WEFT_TRUE  (&weft__true.header)

static inline weft_object *weft_bool_new(bool value) { return value ? WEFT_TRUE : WEFT_FALSE; }

WEFT_END_DECLS
#endif
