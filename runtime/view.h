/* SPDX-License-Identifier: MIT */
/*
 * Views: the memory of a bytes, bytearray or array, for C code to read and write without copying.
 *
 * While a view is open, the object lives, its memory stays where it is, and whatever would change its size is a
 * BufferError. Its content may change: what threads do through views, and beside them, is theirs to keep apart.
 */
#ifndef WEFT_VIEW_H
#define WEFT_VIEW_H

#include "object.h"

WEFT_BEGIN_DECLS

typedef struct weft_view {
  void *data;         /* the first byte; of a bytes or bytearray a NUL follows the last one */
  size_t size;        /* bytes */
  size_t item_size;   /* bytes of an item */
  char typecode;      /* of the items, as array has it; 'B' for bytes and bytearray */
  bool read_only;     /* of a bytes: nobody may write */
  weft_object *owner; /* a reference; NULL: the view is not open */
} weft_view;

/* Opens a view of `o`. Errors (-1): TypeError when it has no such memory, OverflowError beyond 2^32 - 1 views; the view
 * is then not open. */
WEFT_API int weft_view_open(weft_view *view, weft_object *o);
/* Closes it; nothing when it is not open. May: run finalizers. */
WEFT_API void weft_view_close(weft_view *view);

WEFT_END_DECLS
#endif
