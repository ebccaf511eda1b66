/* SPDX-License-Identifier: MIT */
#include "runtime/sequence_internal.h"

#include <string.h>

#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/text_internal.h"

int weft__sequence_compare(weft_object *a, weft_object *b, weft__item_of item, enum weft_compare_op op) {
  for (size_t i = 0;; i++) {
    weft_auto weft_object *x = item(a, i);
    weft_auto weft_object *y = item(b, i);
    if (!x || !y) return weft__compare_order((x != NULL) - (y != NULL), op);
    int equal = weft_compare(x, y, WEFT_EQ);
    if (equal < 0) return -1;
    if (!equal) return op == WEFT_EQ ? 0 : op == WEFT_NE ? 1 : weft_compare(x, y, op);
  }
}

int64_t weft__sequence_find(weft_object *sequence, weft__item_of item, weft_object *value, int64_t start,
                            int64_t stop) {
  for (int64_t i = start; i < stop; i++) {
    weft_auto weft_object *o = item(sequence, (size_t)i);
    if (!o) break;
    int equal = weft_compare(o, value, WEFT_EQ);
    if (equal) return equal < 0 ? -1 : i;
  }
  return -2;
}

int64_t weft__sequence_count(weft_object *sequence, weft__item_of item, weft_object *value) {
  int64_t count = 0, i = 0;
  for (; (i = weft__sequence_find(sequence, item, value, i, INT64_MAX)) >= 0; i++) count++;
  return i == -1 ? -1 : count;
}

weft_object *weft__sequence_repr(weft_object *self, weft__item_of item, const char *open, const char *close) {
  struct weft__text text = {0};
  struct weft__repr_frame frame;
  weft__text_add(&text, open, strlen(open));
  if (weft__repr_enter(&frame, self)) {
    size_t i = 0;
    for (weft_object *o; !text.failed && (o = item(self, i)); i++) {
      if (i) weft__text_add(&text, ", ", 2);
      weft__text_add_repr(&text, o);
      weft_decref(o);
    }
    if (i == 1 && *open == '(') weft__text_add(&text, ",", 1);
    weft__repr_leave(&frame);
  } else {
    weft__text_add(&text, "...", 3);
  }
  weft__text_add(&text, close, strlen(close));
  return weft__text_finish(&text);
}
