/* SPDX-License-Identifier: MIT */
#include "demos/support/squares.h"

#include "demos/support/objects.h"

struct squares {
  int64_t next, end;
};

static weft_object *next_square(weft_object *generator, weft_object *sent) {
  struct squares *s = weft_generator_state(generator);
  if (!sent || s->next == s->end) return NULL;
  int64_t i = s->next++;
  return weft_int_new(i * i);
}

weft_object *squares_generator(int64_t n) {
  return weft_generator_new("genexpr", next_square, 0, NULL, sizeof(struct squares), &(struct squares){0, n});
}

weft_object *squares_list(int64_t n) {
  weft_auto weft_object *generator = squares_generator(n);
  return generator ? weft_list_from(generator) : NULL;
}

/* Looks at the heap, for which the world stops: at each of the first items, and now and then. */
static bool is_time_to_look(int64_t i) { return i < 1000 || i % 10000 == 0; }

static weft_object *sum_of(weft_object *iterable, size_t *peak) {
  weft_auto weft_object *iterator = iterable ? weft_iter(iterable) : NULL;
  weft_object *sum = iterator ? weft_int_new(0) : NULL, *item;
  for (int64_t i = 0; sum && (item = weft_next(iterator)); i++) {
    weft_auto weft_object *old = sum;
    sum = weft_add(old, item);
    size_t now = is_time_to_look(i) ? bytes_in_use() : 0;
    *peak = now > *peak ? now : *peak;
    weft_decref(item);
  }
  return sum;
}

int64_t sum_of_squares(weft_object *(*make)(int64_t n), int64_t n, size_t *peak, size_t *left) {
  size_t before = bytes_in_use();
  weft_object *squares = make(n);
  *peak = bytes_in_use();
  weft_object *sum = sum_of(squares, peak);
  int64_t value = sum ? weft_int_value(sum) : -1;
  weft_xdecref(sum);
  weft_xdecref(squares);
  *peak -= before;
  *left = bytes_in_use() - before;
  return value;
}
