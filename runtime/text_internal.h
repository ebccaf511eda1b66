/* SPDX-License-Identifier: MIT */
/* A growing piece of text, for reprs. A failed allocation is remembered and reported at the end. */
#ifndef WEFT_TEXT_INTERNAL_H
#define WEFT_TEXT_INTERNAL_H

#include "object.h"

struct weft__text {
  char *bytes;
  size_t size, capacity;
  bool failed; /* an error is set, or memory ran out */
};

void weft__text_add(struct weft__text *text, const char *bytes, size_t size);
/* Adds the repr of `o`. */
void weft__text_add_repr(struct weft__text *text, weft_object *o);
/* Returns the text as a new str, or NULL with the error; frees the buffer. */
weft_object *weft__text_finish(struct weft__text *text);

/* Brackets the repr of a container. False: it is being represented already, further out in the same thread. */
struct weft__repr_frame {
  weft_object *object;
  struct weft__repr_frame *outer;
};
bool weft__repr_enter(struct weft__repr_frame *frame, weft_object *o);
void weft__repr_leave(struct weft__repr_frame *frame);

bool weft__hash_seed_init(void);
int64_t weft__hash_bytes(const void *bytes, size_t size);

#endif
