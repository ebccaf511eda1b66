/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/text_internal.h"

void weft__text_add(struct weft__text *text, const char *bytes, size_t size) {
  if (text->failed || !size) return;
  if (text->capacity - text->size < size) {
    size_t capacity = text->capacity * 2 + size + 32;
    char *more = weft__buffer_resize(text->bytes, text->capacity, capacity);
    if (!more) {
      text->failed = true;
      weft_raise_memory();
      return;
    }
    text->bytes = more;
    text->capacity = capacity;
  }
  memcpy(text->bytes + text->size, bytes, size);
  text->size += size;
}

void weft__text_add_repr(struct weft__text *text, weft_object *o) {
  if (text->failed) return;
  weft_auto weft_object *repr = weft_repr(o);
  size_t size;
  const char *bytes = repr ? weft_str_utf8(repr, &size) : NULL;
  if (bytes)
    weft__text_add(text, bytes, size);
  else
    text->failed = true;
}

weft_object *weft__text_finish(struct weft__text *text) {
  weft_object *o = text->failed ? NULL : weft_str_new_size(text->bytes ? text->bytes : "", text->size);
  weft__buffer_free(text->bytes, text->capacity);
  return o;
}

bool weft__repr_enter(struct weft__repr_frame *frame, weft_object *o) {
  struct weft__tstate *ts = weft__self();
  for (struct weft__repr_frame *f = ts->repr; f; f = f->outer)
    if (f->object == o) return false;
  *frame = (struct weft__repr_frame){.object = o, .outer = ts->repr};
  ts->repr = frame;
  return true;
}

void weft__repr_leave(struct weft__repr_frame *frame) { weft__self()->repr = frame->outer; }
