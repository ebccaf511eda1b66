/* SPDX-License-Identifier: MIT */
/*
 * Lists: every operation at the same time as every other one, on two lists, in three threads: two change or read by the
 * pair of operations whose turn it is, the third does anything. Whoever gets an item gets one that was stored; nothing
 * crashes, no operation waits for ever, and at the end every token that was born has died, once.
 *
 * The lists of a pair are new, made by one of the three, so that the first accesses of the others fall into the pair,
 * too; and they are one list at times.
 */
#include "stress.h"

enum { THREADS = 3, LISTS = 2, TURNS = 40, SHORT = 6, LONG = 60 };

static weft_object *lists[LISTS];
static weft_object *iterator; /* over the first list; all use it */
static weft_object *key;      /* a function, for sorting */

static void check_and_drop(weft_object *o) {
  if (!o) return;
  token_check(o);
  REQUIRE(o->type == token_type);
  weft_decref(o);
}

/* A list of tokens, which nobody else has. */
static void check_all_and_drop(weft_object *list) {
  REQUIRE(list);
  for (int64_t n = weft_list_length(list), i = 0; i < n; i++) check_and_drop(weft_list_get(list, i));
  weft_decref(list);
}

/* --- Operations, on list `a` with the other list `b`, which may be the same --- */

typedef void operation(chance *c, weft_object *a, weft_object *b);

static int64_t anywhere(chance *c, weft_object *a) {
  int64_t n = weft_list_length(a);
  return (int64_t)pick(c, (size_t)n + 2) - 1;
}
/* An item of the list at this moment, or another one. */
static weft_object *some_token(chance *c, weft_object *a) {
  weft_object *item = weft_list_get(a, anywhere(c, a));
  weft_error_clear();
  return item ? item : token_new();
}

static void get(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  check_and_drop(weft_list_get(a, anywhere(c, a)));
}
static void peek(chance *c, weft_object *a, weft_object *b) {
  weft_read_begin();
  weft_object *x = weft_list_peek(a, anywhere(c, a)), *y = weft_list_peek(b, anywhere(c, b));
  weft_poll();
  if (x) token_check(x);
  if (y) token_check(y);
  weft_read_end();
}
static void length(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  REQUIRE(weft_list_length(a) >= 0 && weft_length(a) >= 0 && weft_is_true(a) >= 0);
}
static void capacity(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  REQUIRE(weft_list_capacity(a) >= 0);
}
static void iterate(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  weft_auto weft_object *it = weft_iter(a);
  for (weft_object *item; (item = weft_next(it));) check_and_drop(item);
}
static void iterate_back(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  weft_auto weft_object *it = weft_reversed(a);
  for (weft_object *item; (item = weft_next(it));) check_and_drop(item);
  REQUIRE(weft_length_hint(it) == 0);
}
static void next_of_all(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)a, (void)b;
  check_and_drop(weft_next(iterator));
}
static void contains(chance *c, weft_object *a, weft_object *b) {
  weft_auto weft_object *x = some_token(c, b);
  REQUIRE(weft_list_contains(a, x) >= 0 && weft_contains(a, x) >= 0);
}
static void find(chance *c, weft_object *a, weft_object *b) {
  weft_auto weft_object *x = some_token(c, b);
  REQUIRE(weft_list_count(a, x) >= 0);
  weft_list_index(a, x, 0, INT64_MAX);
}
static void compare(chance *c, weft_object *a, weft_object *b) {
  REQUIRE(weft_compare(a, b, pick(c, 2) ? WEFT_EQ : WEFT_NE) >= 0);
}
static void show(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  weft_auto weft_object *text = weft_repr(a);
  REQUIRE(text);
}
static void slice(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  int64_t start = anywhere(c, a);
  check_all_and_drop(weft_list_slice(a, start, start + 5));
  check_all_and_drop(weft_list_slice_step(a, INT64_MAX, INT64_MIN, -2));
}
static void copy(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  check_all_and_drop(pick(c, 2) ? weft_list_from(a) : weft_list_repeat(a, 2));
}
static void add(chance *c, weft_object *a, weft_object *b) {
  (void)c;
  check_all_and_drop(weft_add(a, b));
}

static void append(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  weft_auto weft_object *x = token_new();
  REQUIRE(weft_list_append(a, x) == 0);
}
static void set(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  weft_auto weft_object *x = token_new();
  weft_list_set(a, anywhere(c, a), x);
}
static void insert(chance *c, weft_object *a, weft_object *b) {
  weft_auto weft_object *x = some_token(c, b);
  REQUIRE(weft_list_insert(a, anywhere(c, a), x) == 0);
}
static void pop(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  check_and_drop(weft_list_pop(a, -1));
}
static void pop_anywhere(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  check_and_drop(weft_list_pop(a, anywhere(c, a)));
}
static void delete_one(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  weft_list_delete(a, anywhere(c, a));
}
static void remove_one(chance *c, weft_object *a, weft_object *b) {
  weft_auto weft_object *x = some_token(c, b);
  weft_list_remove(a, x);
}
static void clear(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  if (pick(c, 4) == 0) REQUIRE(weft_list_clear(a) == 0);
}
static void extend(chance *c, weft_object *a, weft_object *b) {
  (void)c;
  REQUIRE(weft_list_extend(a, b) == 0);
}
static void set_slice(chance *c, weft_object *a, weft_object *b) {
  int64_t start = anywhere(c, a);
  REQUIRE(weft_list_set_slice(a, start, start + (int64_t)pick(c, 10), pick(c, 4) ? b : NULL) == 0);
}
/* Deleted, replaced by as many, or by what may be too few. */
static void set_steps(chance *c, weft_object *a, weft_object *b) {
  int64_t by = (int64_t)pick(c, 4) + 2, start = anywhere(c, a);
  if (pick(c, 2)) by = -by;
  switch (pick(c, 4)) {
    case 0: REQUIRE(weft_list_set_slice_step(a, start, by > 0 ? INT64_MAX : INT64_MIN, by, NULL) == 0); break;
    case 1: weft_list_set_slice_step(a, INT64_MAX, INT64_MIN, -1, a); break;
    case 2: weft_list_set_slice_step(a, start, start + by, by, b); break;
    default: {
      weft_auto weft_object *x = token_new();
      REQUIRE(weft_list_set_slice_step(a, 0, 1, 2, NULL) == 0);
      weft_auto weft_object *one = weft_list_of(1, &x);
      weft_list_set_slice_step(a, 1, 1 + by, by > 0 ? by : -by, one);
    }
  }
}
static void multiply_in_place(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  weft_auto weft_object *n = weft_int_new((int64_t)pick(c, 3) + (weft_list_length(a) < LONG)), *same = NULL;
  if (weft_list_length(a) < 4 * LONG) REQUIRE((same = weft_in_place_multiply(a, n)) == a);
}
static void reverse(chance *c, weft_object *a, weft_object *b) {
  (void)c, (void)b;
  REQUIRE(weft_list_reverse(a) == 0);
}
/* Meanwhile the list is empty: what the others store is let go of, and ValueError says so. */
static void sort(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  weft_list_sort(a, key, pick(c, 2));
}
static void store_item(chance *c, weft_object *a, weft_object *b) {
  (void)b;
  weft_auto weft_object *x = token_new();
  weft_auto weft_object *index = weft_int_new(anywhere(c, a));
  weft_set_item(a, index, pick(c, 2) ? x : NULL);
}

static operation *const operations[] = {get,          peek,
                                        length,       capacity,
                                        iterate,      iterate_back,
                                        next_of_all,  contains,
                                        find,         compare,
                                        show,         slice,
                                        copy,         add,
                                        append,       set,
                                        insert,       pop,
                                        pop_anywhere, delete_one,
                                        remove_one,   clear,
                                        extend,       set_slice,
                                        set_steps,    multiply_in_place,
                                        reverse,      sort,
                                        store_item};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* --- Pairs --- */

static void operate(chance *c, operation *o) {
  size_t first = pick(c, LISTS);
  weft_object *a = lists[first], *b = lists[pick(c, 4) ? !first : first];
  o(c, a, b);
  REQUIRE(!weft_error_borrow() || weft_error_is(&weft_IndexError) || weft_error_is(&weft_ValueError));
  weft_error_clear();
  int64_t n = weft_list_length(a);
  if (n < SHORT) append(c, a, b);
  if (n > LONG) REQUIRE(weft_list_set_slice(a, SHORT, INT64_MAX, NULL) == 0);
}

static void make_lists(void) {
  for (int i = 0; i < LISTS; i++) {
    weft_object *list = weft_list_new();
    for (int k = 0; k < 2 * SHORT; k++) {
      weft_auto weft_object *x = token_new();
      REQUIRE(weft_list_append(list, x) == 0);
    }
    lists[i] = list;
  }
  iterator = weft_iter(lists[0]);
}
static void drop_lists(void) {
  for (int i = 0; i < LISTS; i++) weft_clear(&lists[i]);
  weft_clear(&iterator);
}

/* All pairs in turn, from a place that the seed says, at least once around. */
static void *work(void *self_) {
  size_t self = (size_t)(uintptr_t)self_;
  chance c = chance_of(self);
  uint64_t steps = 0;
  uint32_t meetings = 0;
  static bool goes_on; /* for all three; written by one, between the meetings */
  REQUIRE(weft_attach());
  for (size_t n = 0;; n++) {
    if (self == n % THREADS) {
      make_lists();
      goes_on = n < OPERATIONS * OPERATIONS || !is_over();
    }
    meet(&c, &meetings, THREADS);
    bool go = goes_on;
    size_t pair = (n + stress_seed * 97) % (OPERATIONS * OPERATIONS);
    operation *const mine[] = {operations[pair / OPERATIONS], operations[pair % OPERATIONS]};
    for (int turn = 0; go && turn < TURNS; turn++, steps++)
      operate(&c, self < 2 ? mine[self] : operations[pick(&c, OPERATIONS)]);
    meet(&c, &meetings, THREADS);
    if (self == n % THREADS) drop_lists();
    if (!go) break;
    meet(&c, &meetings, THREADS);
  }
  weft_detach();
  add_work(steps);
  return NULL;
}

static weft_object *key_of(weft_object *function, weft_object *const *args, size_t n) {
  (void)function;
  REQUIRE(n == 1);
  token_check(args[0]);
  return weft_int_new((int64_t)((uintptr_t)args[0] >> 4 & 0xFFF));
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  key = weft_function_new("key", key_of, 0, NULL);
  run_to_the_end(THREADS, work);
  weft_decref(key);
  tokens_require_all_dead();
  return stress_end("list", "operations");
}
