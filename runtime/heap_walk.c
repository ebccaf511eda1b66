/* SPDX-License-Identifier: MIT */
/* Finding objects by walking pages: there is no list of them. A block holds one when its count word is not dead. */
#include "runtime/heap_pages_internal.h"
#include "runtime/runtime_internal.h"

void weft__page_walk(struct weft__page *page, void (*visit)(weft_object *, void *), void *arg) {
  WEFT_ASSERT(weft__page_kind(page) != WEFT_HEAP_BUFFER);
  for (uint8_t *p = weft__page_first(page); p < page->carved; p += page->block_size) {
    weft_object *o = (weft_object *)(void *)p;
    if (!weft__count_is_dead(&o->count)) visit(o, arg);
  }
}

struct object_visitor {
  void (*visit)(weft_object *, void *);
  void *arg;
};

static void visit_containers(struct weft__page *page, void *visitor) {
  struct object_visitor *v = visitor;
  if (weft__page_kind(page) == WEFT_HEAP_CONTAINER) weft__page_walk(page, v->visit, v->arg);
}

void weft__heap_walk(void (*visit)(weft_object *, void *), void *arg) {
  struct object_visitor v = {visit, arg};
  weft__pages_walk(visit_containers, &v);
  weft__large_walk(visit, arg);
  weft__types_walk(visit, arg);
}
