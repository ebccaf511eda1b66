/* SPDX-License-Identifier: MIT */
/* Access to the memory of bytes, bytearrays and arrays: views for users, spans for the runtime. */
#include "runtime/view.h"

#include <string.h>

#include "runtime/array.h"
#include "runtime/bytearray.h"
#include "runtime/runtime_internal.h"
#include "runtime/span_internal.h"

static bool is_raw(const weft_object *o) {
  return weft_is_instance(o, &weft_bytearray_type) || weft_is_instance(o, &weft_array_type);
}

bool weft__is_bytes_like(const weft_object *o) { return weft_bytes_check(o) || is_raw(o); }

static void *not_bytes_like(const char *call, const weft_object *o) {
  return weft_raise(&weft_TypeError, "%s: a bytes-like object is required, not '%s'", call,
                    o ? o->type->spec.name : "NULL");
}

/* --- Views --- */

int weft_view_open(weft_view *view, weft_object *o) {
  weft__check_attached("weft_view_open");
  if (!view) {
    weft_raise(&weft_TypeError, "weft_view_open: nowhere to store the view");
    return -1;
  }
  *view = (weft_view){.owner = NULL};
  if (!o || !weft__is_bytes_like(o)) {
    not_bytes_like("weft_view_open", o);
    return -1;
  }
  if (weft_bytes_check(o)) {
    struct weft__bytes *b = (struct weft__bytes *)o;
    *view = (weft_view){b->bytes, b->size, 1, 'B', true, weft_new_ref(o)};
    return 0;
  }
  bool private;
  weft__raw *r = weft__raw_begin("weft_view_open", o, o->type, &private);
  const struct weft__items *kind = weft__raw_items(r);
  bool many = r->exports == UINT32_MAX;
  if (!many) {
    r->exports++;
    *view = (weft_view){weft__raw_at(r, 0), r->size * kind->width, kind->width, kind->code, false, weft_new_ref(o)};
  }
  weft__raw_end(r, private);
  if (many) weft_raise(&weft_OverflowError, "too many views of one object");
  return many ? -1 : 0;
}

void weft_view_close(weft_view *view) {
  weft__check_attached("weft_view_close");
  if (!view || !view->owner) return;
  weft_object *o = view->owner;
  *view = (weft_view){.owner = NULL};
  if (is_raw(o)) {
    bool private;
    weft__raw *r = weft__raw_begin("weft_view_close", o, o->type, &private);
    r->exports--;
    weft__raw_end(r, private);
  }
  weft_decref(o);
}

/* --- Spans --- */

bool weft__span_begin(struct weft__span *span, const char *call, weft_object *o) {
  *span = (struct weft__span){.bytes = NULL};
  if (!weft__given(call, o)) return false;
  if (!weft__is_bytes_like(o)) return not_bytes_like(call, o);
  if (weft_bytes_check(o)) {
    struct weft__bytes *b = (struct weft__bytes *)o;
    span->bytes = (const uint8_t *)b->bytes;
    span->size = b->size;
    return true;
  }
  span->raw = weft__raw_begin(call, o, o->type, &span->private);
  span->bytes = weft__raw_at(span->raw, 0);
  span->size = span->raw->size * weft__raw_items(span->raw)->width;
  return true;
}

bool weft__span_copy(struct weft__span *span, const char *call, weft_object *o) {
  if (!weft__span_begin(span, call, o)) return false;
  if (!span->raw) return true;
  uint8_t *copy = weft__buffer_new(span->size, call);
  if (copy) memcpy(copy, span->bytes, span->size);
  weft__raw_end(span->raw, span->private);
  span->raw = NULL;
  span->bytes = span->copy = copy;
  return copy || weft_raise_memory();
}

void weft__span_end(struct weft__span *span) {
  if (span->raw) weft__raw_end(span->raw, span->private);
  weft__buffer_free(span->copy, span->size);
}
