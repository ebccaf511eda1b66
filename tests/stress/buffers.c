/* SPDX-License-Identifier: MIT */
/*
 * Bytearrays and arrays between three threads: every operation beside every other, checked for atomicity.
 *
 * In each round the threads have a new container, which one of them has made and the others see for the first time.
 * Each executes a few operations and notes what they return. Afterwards there must be an order of all operations, each
 * thread's own in their order, in which plain memory does the same and is left with the same content; otherwise some
 * operation did not happen at one moment. The first operations of two threads go through all pairs; the rest is chance.
 * Views are two steps, one that opens and one that closes; in between, what would change the size has to fail.
 */
#include "stress.h"

enum { THREADS = 3, MOST = 4, STEPS = 2 * MOST, ROOM = 100, VALUES = 6 };

enum operation {
  GET,
  SET,
  APPEND,
  INSERT,
  POP,
  DELETE,
  REMOVE,
  CLEAR,
  REVERSE,
  EXTEND,
  SET_SLICE,
  SET_STEPS,
  DELETE_STEPS,
  SLICE,
  LENGTH,
  FIND,
  COUNT,
  REPEAT,
  COMPARE,
  COPY,
  VIEW,
  OPERATIONS,
  CLOSE = OPERATIONS /* the second half of a view */
};

/* --- The model --- */

struct content {
  size_t size, views;
  uint8_t bytes[ROOM];
};

/* What a step returns. */
enum outcome { FINE, INDEX_ERROR, VALUE_ERROR, BUFFER_ERROR };
struct result {
  enum outcome outcome;
  int64_t number;
  size_t size;
  uint8_t bytes[ROOM];
};

struct step {
  enum operation operation;
  int64_t index, stop;
  uint8_t value;
  size_t n; /* how many of `added` */
  struct result result;
};

static const uint8_t added[] = {3, 1, 4, 1, 5};

static struct result of_number(int64_t number) { return (struct result){.number = number}; }
static struct result failure(enum outcome outcome) { return (struct result){.outcome = outcome}; }

static struct result splice(struct content *m, size_t start, size_t stop, const uint8_t *bytes, size_t n) {
  if (n != stop - start && m->views) return failure(BUFFER_ERROR);
  REQUIRE(m->size + n <= ROOM);
  memmove(m->bytes + start + n, m->bytes + stop, m->size - stop);
  if (n) memcpy(m->bytes + start, bytes, n);
  m->size = m->size - (stop - start) + n;
  return of_number(0);
}

static size_t clamped(int64_t index, size_t size) { return index > (int64_t)size ? size : (size_t)index; }

static struct result part(const struct content *m, size_t start, size_t stop, size_t by) {
  struct result r = {.size = 0};
  for (size_t i = start; i < stop; i += by) r.bytes[r.size++] = m->bytes[i];
  return r;
}

static int64_t model_find(const struct content *m, uint8_t value) {
  const uint8_t *found = memchr(m->bytes, value, m->size);
  return found ? found - m->bytes : -1;
}

static struct result model_repeat(struct content *m, size_t n) {
  if (n != 1 && m->size && m->views) return failure(BUFFER_ERROR);
  if (n == 0) m->size = 0;
  if (n == 2) {
    memcpy(m->bytes + m->size, m->bytes, m->size);
    m->size *= 2;
  }
  return of_number(0);
}

static struct result delete_steps(struct content *m, size_t start, size_t stop) {
  if (start >= stop) return of_number(0);
  if (m->views) return failure(BUFFER_ERROR);
  size_t to = start;
  for (size_t i = start; i < m->size; i++)
    if (i >= stop || (i - start) % 2) m->bytes[to++] = m->bytes[i];
  m->size = to;
  return of_number(0);
}

/* By nothing: as CPython, it deletes them. */
static struct result set_steps(struct content *m, size_t start, size_t stop, const struct step *s) {
  if (s->n == 0) return delete_steps(m, start, stop);
  size_t count = stop > start ? (stop - start + 1) / 2 : 0;
  if (count != s->n) return failure(VALUE_ERROR);
  for (size_t i = 0; i < count; i++) m->bytes[start + 2 * i] = added[i];
  return of_number(0);
}

static int64_t compare_with_added(const struct content *m) {
  size_t both = m->size < sizeof added ? m->size : sizeof added;
  int order = memcmp(m->bytes, added, both);
  return order ? order < 0 : m->size < sizeof added;
}

static int64_t count_of(const struct content *m, uint8_t value) {
  int64_t n = 0;
  for (size_t i = 0; i < m->size; i++) n += m->bytes[i] == value;
  return n;
}

static struct result model_step(struct content *m, const struct step *s) {
  size_t start = clamped(s->index, m->size), stop = clamped(s->stop, m->size);
  if (stop < start) stop = start;
  bool there = s->index < (int64_t)m->size;
  int64_t found = model_find(m, s->value);
  struct result r;
  switch (s->operation) {
    case GET: return there ? of_number(m->bytes[s->index]) : failure(INDEX_ERROR);
    case SET:
      if (there) m->bytes[s->index] = s->value;
      return there ? of_number(0) : failure(INDEX_ERROR);
    case APPEND: return splice(m, m->size, m->size, &s->value, 1);
    case INSERT: return splice(m, start, start, &s->value, 1);
    case POP:
    case DELETE: {
      if (!there) return failure(INDEX_ERROR);
      int64_t number = s->operation == POP ? m->bytes[s->index] : 0;
      r = splice(m, start, start + 1, NULL, 0);
      if (r.outcome == FINE) r.number = number;
      return r;
    }
    case REMOVE: return found < 0 ? failure(VALUE_ERROR) : splice(m, (size_t)found, (size_t)found + 1, NULL, 0);
    case CLEAR: return splice(m, 0, m->size, NULL, 0);
    case REVERSE:
      for (size_t i = 0, j = m->size; i + 1 < j; i++) {
        uint8_t byte = m->bytes[i];
        m->bytes[i] = m->bytes[--j];
        m->bytes[j] = byte;
      }
      return of_number(0);
    case EXTEND: return splice(m, m->size, m->size, added, s->n);
    case SET_SLICE: return splice(m, start, stop, added, s->n);
    case SET_STEPS: return set_steps(m, start, stop, s);
    case DELETE_STEPS: return delete_steps(m, start, stop);
    case SLICE: return part(m, start, stop, 2);
    case LENGTH: return of_number((int64_t)m->size);
    case FIND: return of_number(found);
    case COUNT: return of_number(count_of(m, s->value));
    case REPEAT: return model_repeat(m, s->n);
    case COMPARE: return of_number(compare_with_added(m));
    case VIEW: m->views++; return of_number((int64_t)m->size);
    case CLOSE: m->views--; return of_number(0);
    default: return part(m, 0, m->size, 1);
  }
}

/* --- A round --- */

static struct {
  weft_object *container;
  char typecode; /* 0: a bytearray */
  struct content first;
  struct step steps[THREADS][STEPS];
  size_t size[THREADS];
  weft_object *some[sizeof added + 1]; /* as many of `added`, of the same kind */
} play;

static bool same_results(const struct result *a, const struct result *b) {
  return a->outcome == b->outcome && a->number == b->number && a->size == b->size &&
         memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Is there an order of the steps from `at` on that explains the results, and the content that is left? */
static bool explained(const struct content *m, size_t at[THREADS], const struct result *left) {
  bool more = false;
  for (size_t t = 0; t < THREADS; t++) {
    if (at[t] == play.size[t]) continue;
    more = true;
    const struct step *s = &play.steps[t][at[t]];
    struct content next = *m;
    struct result result = model_step(&next, s);
    if (!same_results(&result, &s->result)) continue;
    at[t]++;
    bool found = explained(&next, at, left);
    at[t]--;
    if (found) return true;
  }
  return !more && m->size == left->size && memcmp(m->bytes, left->bytes, m->size) == 0;
}

static void print_bytes(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) fprintf(stderr, " %d", bytes[i]);
  fprintf(stderr, "\n");
}

static void require_explained(const struct result *left) {
  size_t at[THREADS] = {0};
  if (explained(&play.first, at, left)) return;
  fprintf(stderr, "no order explains this; typecode %c, at first:", play.typecode ? play.typecode : '-');
  print_bytes(play.first.bytes, play.first.size);
  for (size_t t = 0; t < THREADS; t++) {
    for (size_t i = 0; i < play.size[t]; i++) {
      const struct step *s = &play.steps[t][i];
      fprintf(stderr, "  thread %zu: operation %d (%d, %d, %d, %zu) -> %d, %d,", t, (int)s->operation, (int)s->index,
              (int)s->stop, s->value, s->n, (int)s->result.outcome, (int)s->result.number);
      print_bytes(s->result.bytes, s->result.size);
    }
  }
  fprintf(stderr, "left:");
  print_bytes(left->bytes, left->size);
  REQUIRE(!"atomic");
}

/* --- Operations on the container --- */

static struct result outcome_of(bool done, int64_t number) {
  if (done) return of_number(number);
  REQUIRE(weft_error_borrow());
  enum outcome outcome = weft_error_is(&weft_IndexError)    ? INDEX_ERROR
                         : weft_error_is(&weft_BufferError) ? BUFFER_ERROR
                                                            : VALUE_ERROR;
  REQUIRE(outcome != VALUE_ERROR || weft_error_is(&weft_ValueError));
  weft_error_clear();
  return failure(outcome);
}

static struct result of_item(weft_object *item_steal) {
  struct result r = outcome_of(item_steal, item_steal ? weft_int_value(item_steal) : 0);
  weft_xdecref(item_steal);
  return r;
}

/* The items of a container that nobody else has. */
static struct result contents(weft_object *o_steal) {
  struct result r = {.size = (size_t)weft_length(o_steal)};
  REQUIRE(o_steal && r.size <= ROOM);
  weft_auto weft_object *iterator = weft_iter(o_steal);
  for (size_t i = 0; i < r.size; i++) {
    weft_auto weft_object *item = weft_next(iterator);
    REQUIRE(item && weft_int_value(item) >= 0 && weft_int_value(item) < VALUES);
    r.bytes[i] = (uint8_t)weft_int_value(item);
  }
  weft_decref(o_steal);
  return r;
}

static weft_view views[THREADS];

static struct result on_bytearray(weft_object *b, const struct step *s, weft_object *value) {
  weft_object *some = play.some[s->n];
  switch (s->operation) {
    case GET: return of_item(weft_bytearray_get(b, s->index));
    case SET: return outcome_of(weft_bytearray_set(b, s->index, value) == 0, 0);
    case APPEND: return outcome_of(weft_bytearray_append(b, value) == 0, 0);
    case INSERT: return outcome_of(weft_bytearray_insert(b, s->index, value) == 0, 0);
    case POP: return of_item(weft_bytearray_pop(b, s->index));
    case DELETE: return outcome_of(weft_bytearray_delete(b, s->index) == 0, 0);
    case REMOVE: return outcome_of(weft_bytearray_remove(b, value) == 0, 0);
    case CLEAR: return outcome_of(weft_bytearray_clear(b) == 0, 0);
    case REVERSE: return outcome_of(weft_bytearray_reverse(b) == 0, 0);
    case EXTEND: return outcome_of(weft_bytearray_extend(b, some) == 0, 0);
    case SET_SLICE: return outcome_of(weft_bytearray_set_slice(b, s->index, s->stop, 1, some) == 0, 0);
    case SET_STEPS: return outcome_of(weft_bytearray_set_slice(b, s->index, s->stop, 2, some) == 0, 0);
    case DELETE_STEPS: return outcome_of(weft_bytearray_set_slice(b, s->index, s->stop, 2, NULL) == 0, 0);
    case SLICE: return contents(weft_bytearray_slice(b, s->index, s->stop, 2));
    case FIND: return of_number(weft_bytes_find(b, value, 0, INT64_MAX));
    case COUNT: return of_number(weft_bytes_count(b, value, 0, INT64_MAX));
    case REPEAT: return outcome_of(weft_bytearray_repeat_in_place(b, (int64_t)s->n) == 0, 0);
    default: return contents(weft_bytes_from(b));
  }
}

static struct result on_array(weft_object *a, const struct step *s, weft_object *value) {
  weft_object *some = play.some[s->n];
  switch (s->operation) {
    case GET: return of_item(weft_array_get(a, s->index));
    case SET: return outcome_of(weft_array_set(a, s->index, value) == 0, 0);
    case APPEND: return outcome_of(weft_array_append(a, value) == 0, 0);
    case INSERT: return outcome_of(weft_array_insert(a, s->index, value) == 0, 0);
    case POP: return of_item(weft_array_pop(a, s->index));
    case DELETE: return outcome_of(weft_array_delete(a, s->index) == 0, 0);
    case REMOVE: return outcome_of(weft_array_remove(a, value) == 0, 0);
    case CLEAR: return outcome_of(weft_array_clear(a) == 0, 0);
    case REVERSE: return outcome_of(weft_array_reverse(a) == 0, 0);
    case EXTEND: return outcome_of(weft_array_extend(a, some) == 0, 0);
    case SET_SLICE: return outcome_of(weft_array_set_slice(a, s->index, s->stop, 1, some) == 0, 0);
    case SET_STEPS: return outcome_of(weft_array_set_slice(a, s->index, s->stop, 2, some) == 0, 0);
    case DELETE_STEPS: return outcome_of(weft_array_set_slice(a, s->index, s->stop, 2, NULL) == 0, 0);
    case SLICE: return contents(weft_array_slice(a, s->index, s->stop, 2));
    case FIND: {
      int64_t i = weft_array_index(a, value, 0, INT64_MAX);
      weft_error_clear();
      return of_number(i);
    }
    case COUNT: return of_number(weft_array_count(a, value));
    case REPEAT: return outcome_of(weft_array_repeat_in_place(a, (int64_t)s->n) == 0, 0);
    default: return contents(weft_array_from(s->n % 2 ? play.typecode : 'Q', a));
  }
}

static struct result execute(size_t self, const struct step *s) {
  weft_object *o = play.container;
  weft_view *view = &views[self];
  weft_auto weft_object *value = weft_int_new(s->value);
  int less;
  switch (s->operation) {
    case LENGTH: return of_number(weft_length(o));
    case COMPARE:
      less = weft_compare(o, play.some[sizeof added], WEFT_LT);
      REQUIRE(less >= 0);
      return of_number(less);
    case VIEW: REQUIRE(weft_view_open(view, o) == 0); return of_number((int64_t)(view->size / view->item_size));
    case CLOSE: weft_view_close(view); return of_number(0);
    default: return play.typecode ? on_array(o, s, value) : on_bytearray(o, s, value);
  }
}

/* --- Rounds --- */

static void make_steps(chance *c, size_t self, uint64_t round) {
  size_t n = 1 + pick(c, MOST), used = 0;
  uint64_t pair = round % (OPERATIONS * OPERATIONS);
  for (size_t i = 0; i < n; i++) {
    struct step *s = &play.steps[self][used++];
    *s = (struct step){.operation = (enum operation)pick(c, OPERATIONS)};
    if (i == 0 && self < 2) s->operation = (enum operation)(self ? pair / OPERATIONS : pair % OPERATIONS);
    s->index = (int64_t)pick(c, play.first.size + 3);
    s->stop = s->index + (int64_t)pick(c, 5);
    s->value = (uint8_t)pick(c, VALUES);
    s->n = pick(c, s->operation == REPEAT ? (play.first.size < 8 ? 3 : 2) : sizeof added + 1);
    if (s->operation == VIEW) play.steps[self][used++] = (struct step){.operation = CLOSE};
  }
  play.size[self] = used;
}

static weft_object *make_container(const uint8_t *bytes, size_t n) {
  weft_object *made = play.typecode ? weft_array_new(play.typecode) : weft_bytearray_new(bytes, n);
  REQUIRE(made);
  for (size_t i = 0; play.typecode && i < n; i++) {
    weft_auto weft_object *item = weft_int_new(bytes[i]);
    REQUIRE(weft_array_append(made, item) == 0);
  }
  return made;
}

static void make_round(chance *c, uint64_t round) {
  static const char kinds[] = {0, 'b', 'H', 'i', 'q'};
  play.typecode = kinds[round % sizeof kinds];
  play.first = (struct content){.size = pick(c, 3) ? pick(c, 6) : pick(c, 24)};
  for (size_t i = 0; i < play.first.size; i++) play.first.bytes[i] = (uint8_t)pick(c, VALUES);
  play.container = make_container(play.first.bytes, play.first.size);
  for (size_t n = 0; n <= sizeof added; n++) play.some[n] = make_container(added, n);
  for (size_t t = 0; t < THREADS; t++) make_steps(c, t, round / sizeof kinds);
}

static void end_round(void) {
  struct result left = contents(weft_new_ref(play.container));
  require_explained(&left);
  weft_clear(&play.container);
  for (size_t n = 0; n <= sizeof added; n++) weft_clear(&play.some[n]);
}

static void take_part(chance *c, size_t self) {
  (void)c;
  for (size_t i = 0; i < play.size[self]; i++) play.steps[self][i].result = execute(self, &play.steps[self][i]);
}

static void *work(void *arg) {
  static const struct rounds rounds = {THREADS, make_round, take_part, end_round};
  play_rounds(&rounds, (size_t)arg);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  run_to_the_end(THREADS, work);
  return stress_end("buffers", "rounds");
}
