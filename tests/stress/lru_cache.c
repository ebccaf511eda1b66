/* SPDX-License-Identifier: MIT */
/*
 * One lru_cache between three threads that hit, miss, clear it and ask for its figures.
 *
 * Each result carries the arguments that it was computed from. In each round the cache is a new one, of another size,
 * bounded or not, made by one of the threads; keys are ints, two ints, or objects that collide and are compared by a
 * hook which comes by a safepoint. The function now and then clears the cache, or calls it. At any time the cache has
 * no more than maxsize results; at the end of a round without clears hits and misses are as many as there were calls.
 *
 * Results are counted: at the end all that were born have died.
 */
#include "stress.h"

enum { THREADS = 3, STEPS = 300, KEYS = 12 };

struct result {
  token token;
  int64_t number;
};
static const weft_type *result_type, *hooked_type;

static weft_object *result_new(int64_t number) {
  struct result *r = (struct result *)weft_object_new(result_type, 0);
  REQUIRE(r);
  r->token.check = TOKEN_ALIVE;
  r->number = number;
  weft__add_relaxed(&tokens_born, 1);
  return &r->token.header;
}

struct hooked {
  weft_object header;
  int64_t number;
};
static int hooked_hash(weft_object *self, int64_t *hash) {
  *hash = ((struct hooked *)self)->number % 2;
  return 0;
}
static int hooked_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  weft_poll();
  if (a->type != b->type || op != WEFT_EQ) return WEFT_NOT_IMPLEMENTED;
  return ((struct hooked *)a)->number == ((struct hooked *)b)->number;
}

enum kind { INTS, PAIRS, HOOKED, KINDS };
enum { CLEARS = 1, RECURSES = 2 };

static struct {
  weft_object *cache;
  enum kind kind;
  int64_t maxsize;
  unsigned function; /* CLEARS, RECURSES */
  bool clears;
  uint64_t calls; /* atomic */
} play;

static int64_t number_of_args(weft_object *const *args, size_t n) {
  if (play.kind == HOOKED) return ((struct hooked *)args[0])->number;
  return weft_int_value(args[0]) + (n > 1 ? 100 * weft_int_value(args[1]) : 0);
}

static void call(int64_t number);

static weft_object *compute(weft_object *self, weft_object *const *args, size_t n) {
  (void)self;
  int64_t number = number_of_args(args, n);
  if (play.function & CLEARS && number == 3) REQUIRE(weft_lru_cache_clear(play.cache) == 0);
  if (play.function & RECURSES && number > 0) call(number - 1);
  return result_new(number);
}

static void call(int64_t number) {
  weft_object *args[2] = {NULL, NULL}, *result;
  size_t n = play.kind == PAIRS ? 2 : 1;
  if (play.kind == HOOKED) {
    REQUIRE(args[0] = weft_object_new(hooked_type, 0));
    ((struct hooked *)args[0])->number = number;
  } else {
    REQUIRE(args[0] = weft_int_new(number));
    REQUIRE(n < 2 || (args[1] = weft_int_new(0)));
  }
  weft__add_relaxed(&play.calls, 1);
  REQUIRE(result = weft_call(play.cache, args, n));
  token_check(result);
  REQUIRE(((struct result *)result)->number == number);
  weft_decref(result);
  for (size_t i = 0; i < n; i++) weft_decref(args[i]);
}

static void check_info(void) {
  weft_lru_cache_info info;
  REQUIRE(weft_lru_cache_get_info(play.cache, &info) == 0);
  REQUIRE(info.currsize >= 0 && info.currsize <= play.maxsize);
}

static void make_round(chance *c, uint64_t round) {
  (void)round;
  static const int64_t sizes[] = {0, 1, 2, 5, 11, 100, WEFT_LRU_UNBOUNDED};
  play.kind = (enum kind)pick(c, KINDS);
  play.maxsize = sizes[pick(c, sizeof sizes / sizeof *sizes)];
  play.function = (unsigned)pick(c, 4);
  play.clears = pick(c, 2);
  play.calls = 0;
  weft_object *function = weft_function_new("compute", compute, 0, NULL);
  REQUIRE(play.cache = weft_lru_cache_new(function, play.maxsize, pick(c, 2)));
  weft_decref(function);
}

static void end_round(void) {
  weft_lru_cache_info info;
  REQUIRE(weft_lru_cache_get_info(play.cache, &info) == 0);
  bool cleared = play.clears || play.function & CLEARS;
  REQUIRE(cleared || info.hits + info.misses == weft__load_relaxed(&play.calls));
  check_info();
  weft_clear(&play.cache);
}

static void take_part(chance *c, size_t self) {
  (void)self;
  for (size_t i = 0; i < STEPS; i++) {
    call((int64_t)pick(c, KEYS));
    if (pick(c, 20) == 0) check_info();
    if (play.clears && pick(c, 50) == 0) REQUIRE(weft_lru_cache_clear(play.cache) == 0);
    REQUIRE(!weft_error_borrow());
  }
}

static void *work(void *arg) {
  play_rounds(&(struct rounds){THREADS, make_round, take_part, end_round}, (size_t)(uintptr_t)arg);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  result_type =
      weft_type_new(&(weft_type_spec){.name = "result", .basic_size = sizeof(struct result), .dealloc = token_dealloc});
  hooked_type = weft_type_new(&(weft_type_spec){
      .name = "hooked", .basic_size = sizeof(struct hooked), .hash = hooked_hash, .compare = hooked_compare});
  REQUIRE(result_type && hooked_type);
  team workers = {.size = 0};
  for (size_t i = 0; i < THREADS; i++) team_add(&workers, work);
  wait_for_the_end();
  team_join(&workers);
  tokens_require_all_dead();
  return stress_end("lru_cache", "rounds");
}
