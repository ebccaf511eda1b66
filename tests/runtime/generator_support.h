/* SPDX-License-Identifier: MIT */
/* Generators that the tests of generators share. */
#ifndef WEFT_TESTS_RUNTIME_GENERATOR_SUPPORT_H
#define WEFT_TESTS_RUNTIME_GENERATOR_SUPPORT_H

#include "support.h"

/* The value of a new int; drops it. */
static inline int64_t value_of(weft_object *number_steal) {
  cr_assert_not_null(number_steal);
  int64_t value = weft_int_value(number_steal);
  weft_decref(number_steal);
  return value;
}

/* The generator is at its end: no item and no error. */
static inline bool is_at_end(weft_object *generator) {
  weft_object *item = weft_next(generator);
  bool end = !item && !weft_error_borrow();
  weft_xdecref(item);
  return end;
}

static uint32_t bodies; /* atomic: calls of the bodies below */

struct count {
  int64_t next, end;
};

/* next, next + 1, … end - 1 */
static inline weft_object *count_body(weft_object *generator, weft_object *sent) {
  weft__add_acq_rel(&bodies, 1u);
  struct count *c = weft_generator_state(generator);
  return sent && c->next < c->end ? INT(c->next++) : NULL;
}
static inline weft_object *count_from(int64_t start, int64_t end) {
  return weft_generator_new("counting", count_body, 0, NULL, sizeof(struct count), &(struct count){start, end});
}

static uint32_t cleanups; /* atomic: errors that were thrown into the bodies below */

/* None for ever; its cell keeps something alive. What is thrown in passes. */
static inline weft_object *cleaning(weft_object *generator, weft_object *sent) {
  (void)generator;
  weft__add_acq_rel(&bodies, 1u);
  if (sent) return WEFT_NONE;
  weft__add_acq_rel(&cleanups, 1u);
  return NULL;
}
/* With what it keeps taken over. */
static inline weft_object *cleaning_with(weft_object *kept_steal) {
  weft_object *generator = weft_generator_new("cleaning", cleaning, 1, &kept_steal, 0, NULL);
  weft_decref(kept_steal);
  return generator;
}
/* The same, begun. */
static inline weft_object *begun_with(weft_object *kept_steal) {
  weft_object *generator = cleaning_with(kept_steal), *first = weft_next(generator);
  cr_assert_eq(first, WEFT_NONE);
  return generator;
}

static inline weft_object *plain_generator(weft_c_generator body) {
  weft_object *generator = weft_generator_new("plain", body, 0, NULL, 0, NULL);
  cr_assert_not_null(generator);
  return generator;
}
/* With one cell, in which None is, and a number, which is 0. */
static inline weft_object *with_cell(weft_c_generator body) {
  weft_object *generator = weft_generator_new("with_cell", body, 1, (weft_object *[]){WEFT_NONE}, sizeof(int), NULL);
  cr_assert_not_null(generator);
  return generator;
}
/* Which resumption it is, from 0 on, of a body made so. */
static inline int turn_of(weft_object *generator) { return (*(int *)weft_generator_state(generator))++; }

/* What nobody could receive. */
static uint32_t unraisable_count; /* atomic */
static const weft_type *unraisable_type;
static weft_object *unraisable_where; /* compare only */
static inline void note_unraisable(weft_object *error, weft_object *where) {
  weft__add_acq_rel(&unraisable_count, 1u);
  unraisable_type = error->type;
  unraisable_where = where;
}

#endif
