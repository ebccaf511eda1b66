/* SPDX-License-Identifier: MIT */
/* What the tests of gc/ share: nodes with two links and a finalizer that does what the test wants, and quiet starts. */
#ifndef WEFT_TESTS_GC_SUPPORT_H
#define WEFT_TESTS_GC_SUPPORT_H

#include "../runtime/support.h"

enum { NODE_LEFT, NODE_RIGHT };

static const weft_type *node_type, *finalized_node_type;
static void (*on_finalize)(weft_object *node);
static uint32_t nodes_finalized; /* atomic */

static inline void node_finalize(weft_object *self) {
  weft__add_acq_rel(&nodes_finalized, 1u);
  if (on_finalize) on_finalize(self);
}

/* No collection but those that the test asks for; the usual thresholds otherwise. */
static inline void gc_start(void) {
  static const char *const links[] = {"left", "right", NULL};
  start();
  node_type = weft_type_new(&(weft_type_spec){.name = "node", .flags = WEFT_TYPE_BASE, .slot_names = links});
  finalized_node_type =
      weft_type_new(&(weft_type_spec){.name = "finalized", .slot_names = links, .finalize = node_finalize});
  cr_assert(node_type && finalized_node_type);
  weft_gc_disable();
  weft_gc_set_threshold((uint32_t[]){700, 10, 10});
  cr_assert_eq(weft_gc_collect(2), 0);
}

#define GcSuite(suite)            TestSuite(suite, .init = gc_start, .timeout = SANITIZED ? 240 : 60)
#define GcTest(suite, claim, ...) RuntimeTest(suite, claim, ##__VA_ARGS__)

static inline weft_object *node_new(bool finalized) {
  weft_object *node = weft_instance_new(finalized ? finalized_node_type : node_type);
  if (!node) abort();
  return node;
}
static inline void set_link(weft_object *node, size_t link, weft_object *to) {
  if (weft_slot_set(node, link, to) != 0) abort();
}
/* Borrowed from the node; NULL: none. */
static inline weft_object *link_of(weft_object *node, size_t link) {
  weft_object *to = weft_slot_get(node, link);
  weft_error_clear();
  weft_xdecref(to);
  return to;
}

/* A ring of `n` nodes; returns one of them. */
static inline weft_object *ring_new(size_t n, bool finalized) {
  weft_object *first = node_new(finalized), *last = weft_new_ref(first);
  for (size_t i = 1; i < n; i++) {
    weft_object *next = node_new(finalized);
    set_link(last, NODE_RIGHT, next);
    weft_decref(last);
    last = next;
  }
  set_link(last, NODE_RIGHT, first);
  weft_decref(last);
  return first;
}

/* A list that contains itself. */
static inline weft_object *self_list(void) {
  weft_object *list = weft_list_new();
  if (!list || weft_list_append(list, list) != 0) abort();
  return list;
}
static inline void drop_self_lists(size_t n) {
  for (size_t i = 0; i < n; i++) weft_decref(self_list());
}

static inline int64_t length_and_drop(weft_object *list_steal) {
  int64_t n = weft_list_length(list_steal);
  weft_decref(list_steal);
  return n;
}

#endif
