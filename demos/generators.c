/* SPDX-License-Identifier: MIT */
/*
 * Generators: items that are made when somebody asks for them, beside a list of all.
 *
 * The documents (numbers 001 and 002 of the seeds) compare `[i**2 for i in range(n)]` with `(i**2 for i in range(n))`.
 * Here a generator is a C function that is called for each item, and what it remembers: two ints.
 */
#include <inttypes.h>

#include "demos/support/demo.h"
#include "demos/support/objects.h"
#include "demos/support/squares.h"

enum { TIME_LIMIT_S = 120, MILLION = 1000000 };

/* --- GEN-01, GEN-02: sizes --- */

static void show_sizes(int64_t n, const char *row, const char *document, const char *list_in_python) {
  weft_auto weft_object *list = squares_list(n), *generator = squares_generator(n), *small = squares_generator(10);
  int64_t of_list = weft_sizeof(list), of_generator = weft_sizeof(generator);
  tap_say("sys.getsizeof([x**2 for x in range(%" PRId64 ")])  Python %s, here %" PRId64, n, list_in_python, of_list);
  tap_say("sys.getsizeof((x**2 for x in range(%" PRId64 ")))  Python 208, here %" PRId64 "; of 10 squares %" PRId64, n,
          of_generator, weft_sizeof(small));
  weft_auto weft_object *first = weft_next(generator);
  bool constant = of_generator == weft_sizeof(small) && of_generator == weft_sizeof(generator) && first;
  tap_check(of_list >= 8 * n && of_generator > 0 && of_generator <= 512 && constant, row,
            "%s: the list grows with its items, the generator is as small for any number", document);
}

/* --- GEN-03: sums --- */

static void show_sums(void) {
  size_t list_peak, list_left, peak, left;
  int64_t by_list = sum_of_squares(squares_list, MILLION, &list_peak, &list_left);
  int64_t by_generator = sum_of_squares(squares_generator, MILLION, &peak, &left);
  tap_say("sum by list %" PRId64 ", by generator %" PRId64, by_list, by_generator);
  tap_say("as the document measures, when all is gone: %.2f MB and %.2f MB; that says nothing",
          (double)list_left / (1 << 20), (double)left / (1 << 20));
  tap_say("at most, while it is summed: %zu and %zu bytes (Python: 40,448,144 and 408)", list_peak, peak);
  tap_check(by_list == INT64_C(333332833333500000) && by_generator == by_list && peak > 0 && peak <= list_peak / 100 &&
                list_left < 4096 && left < 4096,
            "GEN-03", "001: the same sum; at its peak the generator takes %.5f %% of what the list does",
            100 * (double)peak / (double)list_peak);
}

/* --- GEN-04: a list, a generator and a map, not consumed --- */

static weft_object *square(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  return weft_multiply(args[0], args[0]);
}

/* map(f, iterable): cell 0 is the function, cell 1 the iterator. */
static weft_object *mapped(weft_object *generator, weft_object *sent) {
  weft_auto weft_object *item = sent ? weft_next(weft_generator_cell_borrow(generator, 1)) : NULL;
  return item ? weft_call(weft_generator_cell_borrow(generator, 0), &item, 1) : NULL;
}

/* map(lambda x: x**2, range(n)) */
static weft_object *squares_map(int64_t n) {
  weft_auto weft_object *range = weft_range_new(0, n, 1), *iterator = weft_iter(range);
  weft_auto weft_object *function = weft_function_new("<lambda>", square, 0, NULL);
  return weft_generator_new("map", mapped, 2, (weft_object *[]){function, iterator}, 0, NULL);
}

/* Bytes of what `make` makes, with all that is made for it. */
static size_t bytes_of(weft_object *(*make)(int64_t n), int64_t n, int64_t *third) {
  size_t before = bytes_in_use();
  weft_auto weft_object *o = make(n);
  size_t bytes = bytes_in_use() - before;
  weft_auto weft_object *iterator = weft_iter(o);
  for (int i = 0; i < 3; i++) {
    weft_auto weft_object *item = weft_next(iterator);
    *third = item ? weft_int_value(item) : -1;
  }
  return bytes;
}

static void show_scenarios(void) {
  enum { N = 100000 };
  int64_t thirds[3];
  size_t list = bytes_of(squares_list, N, &thirds[0]), generator = bytes_of(squares_generator, N, &thirds[1]);
  size_t map = bytes_of(squares_map, N, &thirds[2]);
  tap_say("List Comprehension:   %7zu bytes (Python 3,997,248)", list);
  tap_say("Generator Expression: %7zu bytes (Python 376)", generator);
  tap_say("Map Function:         %7zu bytes (Python 264)", map);
  bool alike = thirds[0] == 4 && thirds[1] == 4 && thirds[2] == 4;
  bool close = map <= 5 * generator && generator <= 5 * map;
  tap_check(alike && close && list >= 1000 * generator && list >= 1000 * map, "GEN-04",
            "001: the list takes more than a thousand times what a generator or a map does");
  tap_say("GEN-05: the document defines this comparison but never calls it");
}

/* --- GEN-06: lazy --- */

static int steps, cleanups;

static weft_object *lazy(weft_object *generator, weft_object *sent) {
  int *next = weft_generator_state(generator);
  if (!sent) {
    cleanups++; /* finally: */
    return NULL;
  }
  if (*next == 5) return NULL;
  steps++;
  return weft_int_new((*next)++);
}
static weft_object *lazy_new(void) {
  steps = cleanups = 0;
  return weft_generator_new("lazy", lazy, 0, NULL, sizeof(int), NULL);
}

static void show_lazy(void) {
  weft_auto weft_object *generator = lazy_new();
  bool good = prints("steps when it is made", weft_int_new(steps), "0");
  weft_auto weft_object *first = weft_next(generator), *second = weft_next(generator);
  good = prints("next(g)", first, "0") && prints("next(g)", second, "1") && good;
  good = prints("steps", weft_int_new(steps), "2") && good;
  weft_auto weft_object *rest = weft_list_from(generator), *again = weft_list_from(generator);
  good = prints("list(g)", rest, "[2, 3, 4]") && prints("list(g)  # a second pass", again, "[]") && good;
  good = prints("steps", weft_int_new(steps), "5") && cleanups == 0 && good;
  weft_auto weft_object *closed = lazy_new(), *item = weft_next(closed), *none = weft_generator_close(closed);
  good = prints("g = lazy(); next(g); g.close()", none, "None") && item && good;
  good = prints("cleanups", weft_int_new(cleanups), "1") && prints("steps", weft_int_new(steps), "1") && good;
  weft_object *dropped = lazy_new();
  weft_xdecref(weft_next(dropped));
  weft_clear(&dropped);
  good = prints("g = lazy(); next(g); del g  # cleanups", weft_int_new(cleanups), "1") && good;
  tap_check(good, "GEN-06", "001: one item at a time, once; what ends early still cleans up");
}

int main(void) {
  if (!demo_begin("generators", TIME_LIMIT_S)) return 1;
  weft_synchronize();
  tap_title("Sizes");
  show_sizes(100000, "GEN-01", "001", "800,984");
  show_sizes(MILLION, "GEN-02", "002, pitfall 3", "8,448,728");
  tap_title("Peaks");
  show_sums();
  show_scenarios();
  tap_title("One at a time");
  show_lazy();
  return demo_end();
}
