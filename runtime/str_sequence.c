/* SPDX-License-Identifier: MIT */
/*
 * str as a sequence: iteration over its characters, parts of it, joining.
 *
 * An iterator is a cursor, a number of bytes. Private, it is plain; shared, it is moved by compare-and-swap, so that
 * each character goes to one thread.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include <string.h>

#include "runtime/iterator.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"
#include "runtime/str_internal.h"
#include "runtime/text_internal.h"

struct str_iterator {
  weft_object header;
  weft_object *str; /* NULL: at the end */
  size_t offset;    /* of the next character */
};

static const weft_type str_iterator_type;

weft_object *weft__str_iter(weft_object *o) {
  struct str_iterator *it = weft__object_alloc(&str_iterator_type, sizeof *it, "weft_iter");
  if (!it) return NULL;
  it->str = weft_new_ref(o);
  it->offset = 0;
  return &it->header;
}

/* Bytes of the character that begins with `first`. */
static size_t width_of(unsigned char first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

static weft_object *str_iterator_next(weft_object *self) {
  struct str_iterator *it = (struct str_iterator *)self;
  weft_auto weft_object *o = weft__slot_load(self, &it->str);
  if (!o) return NULL;
  const struct weft__str *s = (const struct weft__str *)o;
  /* order: relaxed, here and below: only its being one's own counts; the str never changes. */
  size_t at = weft__load_relaxed(&it->offset), width = 0;
  do {
    if (at >= s->size) {
      weft__slot_store(self, &it->str, NULL);
      return NULL;
    }
    width = width_of((unsigned char)s->bytes[at]);
  } while (!weft__cas_weak_acquire(&it->offset, &at, at + width));
  return weft_str_new_size(s->bytes + at, width);
}

/* Characters from there on. */
static int64_t str_iterator_length_hint(weft_object *self) {
  struct str_iterator *it = (struct str_iterator *)self;
  weft_auto weft_object *o = weft__slot_load(self, &it->str);
  const struct weft__str *s = (const struct weft__str *)o;
  int64_t n = 0;
  /* order: relaxed: it is a hint. */
  for (size_t at = s ? weft__load_relaxed(&it->offset) : 0; s && at < s->size; n++)
    at += width_of((unsigned char)s->bytes[at]);
  return n;
}

static int str_iterator_traverse(weft_object *self, weft_visit visit, void *arg) {
  weft_object *o = ((struct str_iterator *)self)->str;
  return o ? visit(o, arg) : 0;
}

static void str_iterator_release(weft_object *self) { weft_clear(&((struct str_iterator *)self)->str); }

static void str_iterator_dealloc(weft_object *self) {
  str_iterator_release(self);
  weft__heap_free(self, sizeof(struct str_iterator));
}

static const weft_type str_iterator_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "str_iterator",
             .base = &weft_object_type,
             .basic_size = sizeof(struct str_iterator),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = str_iterator_traverse,
             .dealloc = str_iterator_dealloc,
             .hash = weft__hash_identity,
             .next = str_iterator_next,
             .length_hint = str_iterator_length_hint},
    .guarded = true,
    .quiet = true,
    .release = str_iterator_release,
};

int weft_str_contains(weft_object *o, weft_object *part) {
  if (!weft__expect("weft_str_contains", o, &weft_str_type)) return -1;
  if (!weft__expect("weft_str_contains", part, &weft_str_type)) return -1;
  const struct weft__str *s = (const struct weft__str *)o, *p = (const struct weft__str *)part;
  return memmem(s->bytes, s->size, p->bytes, p->size) != NULL;
}

weft_object *weft_str_join(weft_object *between, weft_object *iterable) {
  if (!weft__expect("weft_str_join", between, &weft_str_type)) return NULL;
  weft_auto weft_object *list = weft_list_from(iterable); /* nobody else knows it */
  if (!list) return NULL;
  const struct weft__str *b = (const struct weft__str *)between;
  struct weft__text text = {0};
  int64_t n = weft_list_length(list);
  for (int64_t i = 0; i < n && !text.failed; i++) {
    weft_auto weft_object *part = weft_list_get(list, i);
    if (i) weft__text_add(&text, b->bytes, b->size);
    if (weft_str_check(part)) {
      weft__text_add(&text, ((struct weft__str *)part)->bytes, ((struct weft__str *)part)->size);
    } else {
      weft_raise(&weft_TypeError, "sequence item %lld: expected str, got %s", (long long)i, part->type->spec.name);
      text.failed = true;
    }
  }
  return weft__text_finish(&text);
}
