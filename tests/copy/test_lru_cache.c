/* SPDX-License-Identifier: MIT */
/* lru_cache: what is remembered, for how long, and between threads. */
#include "copy_support.h"

RuntimeSuite(lru_cache);

static uint32_t calls; /* atomic: of the functions below */
static weft_object *cached;

static weft_object *call1(weft_object *f, weft_object *arg_steal) {
  weft_object *result = weft_call(f, &arg_steal, 1);
  weft_xdecref(arg_steal);
  return result;
}
/* What `cached` returns for an int, which is an int. */
static int64_t at(int64_t n) {
  weft_auto weft_object *result = call1(cached, INT(n));
  if (!result) abort();
  return weft_int_value(result);
}

/* Replaces `cached` by a cache around a function. */
static void cache_around(weft_c_function body, int64_t maxsize, bool typed) {
  weft_auto weft_object *f = weft_function_new("f", body, 0, NULL);
  weft_xdecref(cached);
  cached = weft_lru_cache_new(f, maxsize, typed);
  cr_assert_not_null(cached);
  calls = 0;
}

static bool info_is(uint64_t hits, uint64_t misses, int64_t maxsize, int64_t currsize) {
  weft_lru_cache_info i;
  bool same = weft_lru_cache_get_info(cached, &i) == 0 && i.hits == hits && i.misses == misses &&
              i.maxsize == maxsize && i.currsize == currsize;
  if (!same)
    fprintf(stderr, "hits %d, misses %d, maxsize %d, currsize %d\n", (int)i.hits, (int)i.misses, (int)i.maxsize,
            (int)i.currsize);
  return same;
}

static weft_object *ten_times(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  weft__add_relaxed(&calls, 1u);
  return INT(10 * (int64_t)weft_float_value(args[0]));
}
static weft_object *fib(weft_object *self, weft_object *const *args, size_t count) {
  (void)self, (void)count;
  int64_t n = weft_int_value(args[0]);
  if (n < 2) return weft_new_ref(args[0]);
  weft_auto weft_object *a = call1(cached, INT(n - 1)), *b = a ? call1(cached, INT(n - 2)) : NULL;
  return b ? weft_add(a, b) : NULL;
}
static weft_object *how_many(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args;
  return INT((int64_t)n);
}

RuntimeTest(lru_cache, LRU_088_fibonacci_with_an_unbounded_cache) {
  static const int64_t numbers[16] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610};
  cache_around(fib, WEFT_LRU_UNBOUNDED, false);
  for (int i = 0; i < 16; i++) cr_assert_eq(at(i), numbers[i]);
  cr_assert(info_is(28, 16, WEFT_LRU_UNBOUNDED, 16));
  cr_assert(weft_lru_cache_clear(cached) == 0 && info_is(0, 0, WEFT_LRU_UNBOUNDED, 0));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, LRU_089_a_bounded_cache) {
  cache_around(ten_times, 20, false);
  cr_assert(info_is(0, 0, 20, 0));
  uint64_t chance = 1;
  for (int i = 0; i < 1000; i++) {
    chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    int64_t n = (int64_t)(chance >> 33) % 25;
    cr_assert_eq(at(n), 10 * n);
  }
  weft_lru_cache_info i;
  weft_lru_cache_get_info(cached, &i);
  cr_assert(i.hits > i.misses && i.hits + i.misses == 1000 && i.currsize == 20 && i.misses == calls);
  weft_lru_cache_clear(cached);
  cr_assert(info_is(0, 0, 20, 0) && at(3) == 30 && info_is(0, 1, 20, 1));
  weft_auto weft_object *wrapped = weft_lru_cache_wrapped(cached), *direct = call1(wrapped, INT(3));
  cr_assert(weft_int_value(direct) == 30 && info_is(0, 1, 20, 1));

  cache_around(ten_times, 0, false);
  for (int k = 0; k < 5; k++) cr_assert_eq(at(20), 200);
  cr_assert(calls == 5 && info_is(0, 5, 0, 0));

  cache_around(ten_times, 1, false);
  for (int k = 0; k < 5; k++) cr_assert_eq(at(20), 200);
  cr_assert(calls == 1 && info_is(4, 1, 1, 1));

  cache_around(ten_times, 2, false);
  static const int64_t keys[] = {7, 9, 7, 9, 7, 9, 8, 8, 8, 9, 9, 9, 8, 8, 8, 7};
  for (int k = 0; k < 16; k++) cr_assert_eq(at(keys[k]), 10 * keys[k]);
  cr_assert(calls == 4 && info_is(12, 4, 2, 2));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, LRU_090_the_default_size) {
  cache_around(ten_times, WEFT_LRU_DEFAULT, false);
  cr_assert(at(10) == 100 && at(20) == 200 && at(10) == 100 && info_is(1, 2, 128, 2));
  weft_clear(&cached);
}

static weft_object *length_of(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  int64_t length = weft_length(args[0]);
  return length < 0 ? NULL : INT(length);
}

RuntimeTest(lru_cache, LRU_094_caching_the_length) {
  cache_around(length_of, 4, false);
  for (int i = 0; i < 6; i++) {
    weft_auto weft_object *text = weft_str_new(&"abcdef"[i]), *result = weft_call(cached, &text, 1);
    cr_assert(result && weft_int_value(result) == 6 - i);
  }
  cr_assert(info_is(0, 6, 4, 4));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, LRU_095_two_arguments_are_not_one_tuple) {
  cache_around(how_many, WEFT_LRU_DEFAULT, false);
  weft_auto weft_object *one = INT(1), *two = INT(2), *tuple = weft_tuple_pack(2, one, two);
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *both = weft_call(cached, (weft_object *[]){one, two}, 2),
                          *single = weft_call(cached, &tuple, 1);
    weft_auto weft_object *none = weft_call(cached, NULL, 0);
    cr_assert(weft_int_value(both) == 2 && weft_int_value(single) == 1 && weft_int_value(none) == 0);
  }
  cr_assert(info_is(3, 3, 128, 3));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, LRU_098_a_negative_size_is_none) {
  cache_around(ten_times, -10, false);
  for (int i = 0; i < 150; i++) cr_assert(at(i) == 10 * i && at(i) == 10 * i);
  cr_assert(info_is(0, 300, 0, 0));
  weft_clear(&cached);
}

static weft_object *raise_index_error(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  calls++;
  return weft_raise(&weft_IndexError, "no such item");
}

RuntimeTest(lru_cache, LRU_099_errors_are_passed_on_and_not_remembered) {
  for (int bounded = 0; bounded < 2; bounded++) {
    cache_around(raise_index_error, bounded ? 128 : WEFT_LRU_UNBOUNDED, false);
    for (uint32_t i = 1; i <= 2; i++) {
      weft_auto weft_object *result = call1(cached, INT(15)), *error = weft_error_take();
      cr_assert(!result && error && error->type == &weft_IndexError && !weft_error_cause_borrow(error) && calls == i);
    }
  }
  weft_clear(&cached);
}

static weft_object *itself(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  calls++;
  return weft_new_ref(args[0]);
}

RuntimeTest(lru_cache, types_count_in_a_typed_cache) {
  for (int bounded = 0; bounded < 2; bounded++) {
    cache_around(itself, bounded ? 128 : WEFT_LRU_UNBOUNDED, true);
    for (int i = 0; i < 2; i++) {
      weft_auto weft_object *a = call1(cached, INT(3)), *b = call1(cached, FLOAT(3.0)),
                            *c = call1(cached, weft_new_ref(WEFT_TRUE));
      weft_auto weft_object *d = call1(cached, INT(1));
      cr_assert(weft_int_check(a) && weft_float_check(b) && c == WEFT_TRUE && d != c);
    }
    cr_assert(info_is(4, 4, bounded ? 128 : WEFT_LRU_UNBOUNDED, 4));
  }
  cache_around(itself, 128, false); /* floats and bools are the same when they are equal */
  weft_auto weft_object *a = call1(cached, FLOAT(1.0)), *b = call1(cached, weft_new_ref(WEFT_TRUE));
  cr_assert(a == b && info_is(1, 1, 128, 1));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, LRU_101_types_in_arguments_do_not_count) {
  cache_around(itself, WEFT_LRU_DEFAULT, true);
  weft_auto weft_object *a = call1(cached, TUPLE(INT(1))), *b = call1(cached, TUPLE(weft_new_ref(WEFT_TRUE)));
  weft_auto weft_object *c = call1(cached, TUPLE(FLOAT(1.0)));
  cr_assert(a == b && a == c && info_is(2, 1, 128, 1));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, LRU_114_parameters) {
  int64_t maxsize;
  bool typed;
  cache_around(itself, 2, true);
  cr_assert(weft_lru_cache_parameters(cached, &maxsize, &typed) == 0 && maxsize == 2 && typed);
  cache_around(itself, WEFT_LRU_UNBOUNDED, false);
  cr_assert(weft_lru_cache_parameters(cached, &maxsize, &typed) == 0 && maxsize == WEFT_LRU_UNBOUNDED && !typed);
  weft_clear(&cached);
}

RuntimeTest(lru_cache, LRU_119_recursion) {
  cache_around(fib, 128, false);
  cr_assert_eq(at(80), 23416728348467685);
  weft_lru_cache_clear(cached);
  weft_auto weft_object *result = call1(cached, INT(100000));
  cr_assert(!result && raised(&weft_RecursionError));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, unhashable_arguments_are_a_type_error_before_the_call) {
  cache_around(itself, 128, false);
  cr_assert(!call1(cached, weft_list_new()) && raised(&weft_TypeError) && calls == 0 && info_is(0, 0, 128, 0));
  cr_assert(!weft_call(cached, (weft_object *[]){WEFT_NONE, NULL}, 2) && raised(&weft_TypeError));
  weft_clear(&cached);
}

RuntimeTest(lru_cache, a_cache_is_its_own_copy) {
  cache_around(itself, 128, false);
  cr_assert(copied_as_itself(weft_new_ref(cached)));
  weft_clear(&cached);
}

/* --- Keys with hooks --- */

struct number {
  weft_object header;
  int64_t n, calls;
};
static const weft_type *number_type;

static int number_hash(weft_object *self, int64_t *hash) {
  *hash = ((struct number *)self)->n;
  return 0;
}
static int compare_numbers(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != b->type || op != WEFT_EQ) return WEFT_NOT_IMPLEMENTED;
  return ((struct number *)a)->n == ((struct number *)b)->n;
}
static weft_object *number_new(int64_t n) {
  weft_object *o = weft_object_new(number_type, 0);
  ((struct number *)o)->n = n;
  return o;
}

/* Of number 2 it comes by the cache. */
static int compare_by_way_of_the_cache(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != b->type || op != WEFT_EQ) return WEFT_NOT_IMPLEMENTED;
  if (((struct number *)a)->n == 2) {
    weft_auto weft_object *result = call1(cached, number_new(1));
    if (!result) return -1;
  }
  return compare_numbers(a, b, op);
}
static int hash_one(weft_object *self, int64_t *hash) {
  (void)self;
  *hash = 1;
  return 0;
}

RuntimeTest(lru_cache, LRU_109_comparing_keys_may_call_the_cache) {
  for (int all_collide = 0; all_collide < 2; all_collide++) {
    number_type = weft_type_new(&(weft_type_spec){.name = "number",
                                                  .basic_size = sizeof(struct number),
                                                  .hash = all_collide ? hash_one : number_hash,
                                                  .compare = compare_by_way_of_the_cache});
    cache_around(itself, 10, false);
    weft_auto weft_object *one = call1(cached, number_new(1)), *two = call1(cached, number_new(2));
    weft_auto weft_object *again = call1(cached, number_new(2));
    cr_assert(one && two && again && ((struct number *)again)->n == 2);
  }
  weft_clear(&cached);
}

static weft_object *times_ten_and_self(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  struct number *number = (struct number *)args[0];
  number->calls++;
  return INT(10 * weft_int_value(args[1]) + number->n);
}

RuntimeTest(lru_cache, LRU_110_a_cached_method_of_instances_that_are_equal) {
  number_type = weft_type_new(&(weft_type_spec){.name = "number",
                                                .basic_size = sizeof(struct number),
                                                .slot_names = (const char *const[]){NULL},
                                                .hash = number_hash,
                                                .compare = compare_numbers});
  cache_around(times_ten_and_self, 2, false);
  weft_auto weft_object *name = STR("f");
  cr_assert(weft_type_set(number_type, name, cached) == 0 && info_is(0, 0, 2, 0));
  weft_auto weft_object *a = number_new(5), *b = number_new(5), *c = number_new(7);
  static const struct {
    int64_t xs[10], of[3];
    uint64_t hits, misses;
  } expected[] = {{{1, 2, 2, 3, 1, 1, 1, 2, 3, 3}, {6, 0, 0}, 4, 6},
                  {{1, 2, 1, 1, 1, 1, 3, 2, 2, 2}, {6, 4, 0}, 10, 10},
                  {{2, 1, 1, 1, 1, 2, 1, 3, 2, 1}, {6, 4, 5}, 15, 15}};
  weft_object *all[] = {a, b, c};
  for (int i = 0; i < 3; i++) {
    const int64_t *xs = expected[i].xs;
    for (int k = 0; k < 10; k++) {
      weft_auto weft_object *x = INT(xs[k]), *method = k % 2 ? weft_getattr(all[i], name) : NULL;
      weft_auto weft_object *got = method ? weft_call(method, &x, 1) : weft_call_method(all[i], name, &x, 1);
      cr_assert(got && weft_int_value(got) == 10 * xs[k] + ((struct number *)all[i])->n);
    }
    for (int k = 0; k < 3; k++) cr_assert_eq(((struct number *)all[k])->calls, expected[i].of[k], "%d %d", i, k);
    cr_assert(info_is(expected[i].hits, expected[i].misses, 2, 2), "%d", i);
  }
  cr_assert_eq(weft_type_set(number_type, name, NULL), 0);
  weft_clear(&cached);
}

static int failing; /* comparisons until one fails; 0: none does */
static int compare_or_fail(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (failing && --failing == 0) {
    weft_raise(&weft_ValueError, "cannot compare");
    return -1;
  }
  return compare_numbers(a, b, op);
}

/* Whichever comparison fails, the cache goes on. */
RuntimeTest(lru_cache, comparing_keys_may_fail_at_any_time) {
  number_type = weft_type_new(&(weft_type_spec){
      .name = "number", .basic_size = sizeof(struct number), .hash = hash_one, .compare = compare_or_fail});
  for (int n = 1; n < 60; n++) {
    cache_around(itself, 3, false);
    failing = n;
    for (int i = 0; i < 7; i++) {
      weft_auto weft_object *result = call1(cached, number_new(i % 5));
      cr_assert(result ? ((struct number *)result)->n == i % 5 : raised(&weft_ValueError));
    }
    bool all = failing > 0;
    failing = 0;
    for (int i = 0; i < 10; i++) {
      weft_auto weft_object *result = call1(cached, number_new(i % 5));
      weft_lru_cache_info info;
      weft_lru_cache_get_info(cached, &info);
      cr_assert(result && ((struct number *)result)->n == i % 5 && info.currsize <= 3);
    }
    if (all) break;
  }
  weft_clear(&cached);
}

/* The function clears its cache, or calls it for what it is computing. */
static int depth;
static weft_object *clear_or_recurse(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  calls++;
  if (depth-- > 0) {
    if (weft_int_value(args[0]) % 2) weft_lru_cache_clear(cached);
    weft_auto weft_object *inner = weft_call(cached, args, 1);
    if (!inner) return NULL;
  }
  return weft_new_ref(args[0]);
}

RuntimeTest(lru_cache, calls_in_calls_for_the_same_arguments) {
  cache_around(clear_or_recurse, 2, false);
  for (int64_t i = 0; i < 20; i++) {
    depth = 3;
    cr_assert_eq(at(i), i);
    depth = 0;
    uint32_t before = calls;
    cr_assert(at(i) == i && calls == before, "%d", (int)i);
  }
  weft_lru_cache_info info;
  weft_lru_cache_get_info(cached, &info);
  cr_assert(info.currsize >= 1 && info.currsize <= 2);
  weft_clear(&cached);
}

/* The order of use decides, beside a model; also when the cache has been shared, as long as one thread uses it. */
static void beside_a_model(void *maxsize_) {
  enum { STEPS = 4000, MOST = 16 };
  int64_t model[MOST], maxsize = *(int64_t *)maxsize_, n = 0;
  uint64_t chance = 11;
  for (int i = 0; i < STEPS; i++) {
    chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    int64_t key = (int64_t)(chance >> 40) % (2 * maxsize), place = 0;
    while (place < n && model[place] != key) place++;
    bool hit = place < n;
    if (!hit && n == maxsize) place = 0;
    if (!hit && n < maxsize) n++;
    memmove(&model[place], &model[place + 1], (size_t)(n - 1 - place) * sizeof *model);
    model[n - 1] = key;
    uint32_t before = calls;
    weft_auto weft_object *result = call1(cached, INT(key));
    cr_expect(result && weft_int_value(result) == 10 * key && (calls == before) == hit, "step %d", i);
    if (i % 1000 == 999) {
      weft_lru_cache_clear(cached);
      n = 0;
    }
  }
}

RuntimeTest(lru_cache, the_least_recently_used_goes) {
  for (int64_t maxsize = 1; maxsize <= 16; maxsize *= 2) {
    cache_around(ten_times, maxsize, false);
    beside_a_model(&maxsize);
  }
  weft_clear(&cached);
}

RuntimeTest(lru_cache, the_least_recently_used_goes_for_a_thread_that_has_not_made_the_cache) {
  for (int64_t maxsize = 1; maxsize <= 16; maxsize *= 4) {
    cache_around(ten_times, maxsize, false);
    at(0); /* by this thread, whose it is */
    weft_lru_cache_clear(cached);
    in_new_thread(beside_a_model, &maxsize);
    weft_lru_cache_clear(cached);
    beside_a_model(&maxsize);
  }
  weft_clear(&cached);
}

RuntimeTest(lru_cache, what_is_forgotten_dies) {
  cache_around(itself, 2, false);
  for (int i = 0; i < 5; i++) {
    weft_auto weft_object *probe = probe_new(), *result = weft_call(cached, &probe, 1);
    cr_assert_eq(result, probe);
  }
  cr_assert_eq(freed(), 3);
  weft_lru_cache_clear(cached);
  cr_assert_eq(freed(), 5);
  weft_clear(&cached);
}

RuntimeTest(lru_cache, bad_arguments) {
  weft_auto weft_object *list = weft_list_new();
  weft_lru_cache_info info;
  int64_t maxsize;
  bool typed;
  cr_assert(!weft_lru_cache_new(list, 1, false) && raised(&weft_TypeError) && !weft_lru_cache_new(NULL, 1, false));
  cr_assert(raised(&weft_TypeError) && weft_lru_cache_get_info(list, &info) < 0 && raised(&weft_TypeError));
  cr_assert(weft_lru_cache_parameters(list, &maxsize, &typed) < 0 && raised(&weft_TypeError));
  cr_assert(!weft_lru_cache_wrapped(list) && raised(&weft_TypeError) && weft_lru_cache_clear(list) < 0);
  cr_assert(raised(&weft_TypeError));
}

/* --- Threads --- */

static uint32_t turn; /* atomic */

static void hit_own_key(void *unused) {
  (void)unused;
  int64_t key = weft__add_relaxed(&turn, 1u);
  for (int i = 0; i < 11; i++) cr_expect_eq(at(key), 10 * key);
}

RuntimeTest(lru_cache, LRU_106_threads_with_keys_of_their_own) {
  enum { THREADS = 5, CALLS = 11 };
  cache_around(ten_times, THREADS * CALLS, false);
  cr_assert(info_is(0, 0, THREADS * CALLS, 0));
  in_new_threads(THREADS, hit_own_key, NULL);
  cr_assert(info_is(THREADS * (CALLS - 1), THREADS, THREADS * CALLS, THREADS));
  turn = 0;
  for (int i = 0; i < 4; i++) { /* once more, with clears in between */
    struct actor clearer;
    actor_start(&clearer);
    for (int k = 0; k < 22; k++) {
      actor_begin(&clearer, (step)(void (*)(void))weft_lru_cache_clear, cached);
      at(k % 3);
      actor_wait(&clearer);
    }
    in_new_threads(THREADS, hit_own_key, NULL);
    actor_quit(&clearer);
  }
  weft_clear(&cached);
}

/* All threads are in the call at the same time. */
enum { TOGETHER = 5, ROUNDS = 7 };
static pthread_barrier_t start_line, in_the_call;

static weft_object *wait_for_the_others(weft_object *self, weft_object *const *args, size_t n) {
  weft_detach();
  pthread_barrier_wait(&in_the_call);
  weft_reattach();
  return ten_times(self, args, n);
}

static void call_together(void *unused) {
  (void)unused;
  for (int64_t round = 0; round < ROUNDS; round++) {
    weft_detach();
    pthread_barrier_wait(&start_line);
    weft_reattach();
    cr_expect_eq(at(round), 10 * round);
  }
}

RuntimeTest(lru_cache, LRU_107_threads_that_compute_the_same_at_once) {
  pthread_barrier_init(&start_line, NULL, TOGETHER);
  pthread_barrier_init(&in_the_call, NULL, TOGETHER);
  cache_around(wait_for_the_others, ROUNDS * TOGETHER, false);
  in_new_threads(TOGETHER, call_together, NULL);
  cr_assert(info_is(0, ROUNDS * TOGETHER, ROUNDS * TOGETHER, ROUNDS) && calls == ROUNDS * TOGETHER);
  pthread_barrier_destroy(&start_line);
  pthread_barrier_destroy(&in_the_call);
  weft_clear(&cached);
}

static weft_object *slowly(weft_object *self, weft_object *const *args, size_t n) {
  weft_detach();
  sched_yield();
  weft_reattach();
  return ten_times(self, args, n);
}

static void call_one_of_three(void *unused) {
  (void)unused;
  static const int64_t keys[] = {1, 2, 2, 3, 2};
  int64_t key = keys[weft__add_relaxed(&turn, 1u) % 5];
  cr_expect_eq(at(key), 10 * key);
}

RuntimeTest(lru_cache, LRU_108_threads_with_more_keys_than_there_is_room_for) {
  for (int i = 0; i < 10; i++) {
    cache_around(slowly, 2, false);
    turn = 0;
    in_new_threads(5, call_one_of_three, NULL);
    weft_lru_cache_info info;
    cr_assert(weft_lru_cache_get_info(cached, &info) == 0 && info.hits + info.misses == 5);
    cr_assert(info.currsize >= 1 && info.currsize <= 2, "who finds all places taken by others does not remember");
  }
  weft_clear(&cached);
}

enum { MIXED = SANITIZED ? 100 : 400 };
static void do_anything(void *unused) {
  (void)unused;
  uint64_t chance = weft__add_relaxed(&turn, 1u) + 77;
  for (int i = 0; i < MIXED; i++) {
    chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    int64_t key = (int64_t)(chance >> 40) % 300;
    weft_lru_cache_info info;
    cr_expect_eq(at(key), 10 * key);
    cr_expect(weft_lru_cache_get_info(cached, &info) == 0 && info.currsize <= 128);
    if (chance >> 60 == 0) weft_lru_cache_clear(cached);
  }
}

RuntimeTest(lru_cache, FTF_002_ten_threads_do_anything) {
  cache_around(ten_times, 128, false);
  in_new_threads(10, do_anything, NULL);
  weft_clear(&cached);
}

static weft_object *clear_in_between(weft_object *self, weft_object *const *args, size_t n) {
  weft_lru_cache_clear(cached);
  return ten_times(self, args, n);
}
static void call_what_clears(void *unused) {
  (void)unused;
  for (int64_t i = 0; i < MIXED; i++) cr_expect_eq(at(i % 50), 10 * (i % 50));
}

RuntimeTest(lru_cache, FTF_003_an_unbounded_cache_whose_function_clears_it) {
  cache_around(clear_in_between, WEFT_LRU_UNBOUNDED, false);
  in_new_threads(10, call_what_clears, NULL);
  weft_clear(&cached);
}

RuntimeTest(lru_cache, FTF_004_a_bounded_cache_whose_function_clears_it) {
  cache_around(clear_in_between, 128, false);
  in_new_threads(10, call_what_clears, NULL);
  weft_clear(&cached);
}

/* Hits and misses of threads that have ended are not lost. */
RuntimeTest(lru_cache, every_call_counts) {
  enum { THREADS = 4 };
  cache_around(ten_times, 16, false);
  turn = 0;
  for (int i = 0; i < 3; i++) in_new_threads(THREADS, hit_own_key, NULL);
  weft_lru_cache_info info;
  cr_assert_eq(weft_lru_cache_get_info(cached, &info), 0);
  cr_assert_eq(info.hits + info.misses, 3 * THREADS * 11);
  cr_assert(info.misses == 12 && info.currsize == 12);
  weft_clear(&cached);
}

/* --- Out of memory --- */

static bool use_a_cache(void) {
  weft_auto weft_object *f = weft_function_new("f", itself, 0, NULL),
                        *cache = f ? weft_lru_cache_new(f, 9, false) : NULL;
  for (int i = 0; cache && i < 30; i++) {
    weft_auto weft_object *key = i % 2 ? FLOAT(i % 12) : INT(1000 + i % 12),
                          *result = key ? weft_call(cache, &key, 1) : NULL;
    if (!result) return false;
    cr_assert(equal(result, key));
  }
  return cache != NULL;
}

RuntimeTest(lru_cache, out_of_memory) { fail_everywhere(use_a_cache); }

static void use_a_cache_of_another(void *unused) {
  (void)unused;
  for (uint64_t n = 1; n < 60; n++) {
    weft_heap_fail_nth(n);
    for (int i = 0; i < 12; i++) {
      weft_auto weft_object *key = INT(1000 + i % 7), *result = key ? weft_call(cached, &key, 1) : NULL;
      cr_expect(result ? equal(result, key) : raised(&weft_MemoryError));
    }
    weft_heap_fail_nth(0);
    weft_lru_cache_clear(cached);
  }
}

RuntimeTest(lru_cache, out_of_memory_in_a_shared_cache) {
  cache_around(itself, 4, false);
  in_new_thread(use_a_cache_of_another, NULL);
  weft_clear(&cached);
}
