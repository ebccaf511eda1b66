/* SPDX-License-Identifier: MIT */
/*
 * Dicts between three threads: every operation beside every other, checked for atomicity.
 *
 * In each round the threads have a new dict, which one of them has made and the others see for the first time. Each
 * executes a few operations and notes what they return. Afterwards there must be an order of all operations, each
 * thread's own in their order, in which a plain model of a dict returns the same and ends with the same items in the
 * same order; otherwise some operation did not happen at one moment. The first operations of two threads go through all
 * pairs; the rest is chance. Keys are ints, strs, numbers of several types, or objects that all collide and are
 * compared by a hook which comes by a safepoint; every thread has key objects of its own, equal to those of the others.
 *
 * Every few rounds the threads do whatever there is, without being checked for order: iterate, each by itself and
 * together, represent, update from the dict itself, make dicts from its keys. Then what is seen of a key is only ever
 * one of its values.
 *
 * Values are counted: at the end all that were born have died.
 */
#include "stress.h"

enum { THREADS = 3, KEYS = 7, MOST = 4, STEPS = 2 * MOST, KINDS = 4, CHURNING = 16 };

/* --- Values: a number, which modulo 8 is that of its key --- */

struct value {
  token token;
  uint64_t number;
};
static const weft_type *value_type;

static weft_object *value_new(uint64_t number) {
  struct value *v = (struct value *)weft_object_new(value_type, 0);
  REQUIRE(v);
  v->token.check = TOKEN_ALIVE;
  v->number = number;
  weft__add_relaxed(&tokens_born, 1);
  return &v->token.header;
}
static uint64_t number_of(const weft_object *o) {
  REQUIRE(o->type == value_type);
  token_check(o);
  return ((const struct value *)o)->number;
}

/* --- Keys --- */

struct hooked {
  weft_object header;
  int64_t number;
};
static const weft_type *hooked_type;

static int hooked_hash(weft_object *self, int64_t *hash) {
  (void)self;
  *hash = 7;
  return 0;
}
static int hooked_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  weft_poll();
  if (a->type != b->type || (op != WEFT_EQ && op != WEFT_NE)) return WEFT_NOT_IMPLEMENTED;
  return (((struct hooked *)a)->number == ((struct hooked *)b)->number) == (op == WEFT_EQ);
}

enum kind { INTS, STRS, NUMBERS, HOOKED };

/* A new key object. Two of the same kind and number are equal, also if `other`: numbers of another type. */
static weft_object *key_new(enum kind kind, size_t number, bool other) {
  weft_object *o = NULL;
  if (kind == STRS) {
    o = weft_str_format("the key %zu", number);
  } else if (kind == HOOKED) {
    o = weft_object_new(hooked_type, 0);
    if (o) ((struct hooked *)o)->number = (int64_t)number;
  } else {
    o = kind == NUMBERS && other ? weft_float_new((double)number) : weft_int_new((int64_t)number);
  }
  REQUIRE(o);
  return o;
}

static size_t number_of_key(weft_object *o) {
  if (o->type == hooked_type) return (size_t)((struct hooked *)o)->number;
  if (weft_str_check(o)) return (size_t)(weft_str_utf8(o, NULL)[8] - '0');
  return (size_t)weft_float_value(o);
}

/* --- The model --- */

enum operation {
  GET,
  FIND,
  PEEK,
  CONTAINS,
  SET,
  SET_DEFAULT,
  DELETE,
  POP,
  POP_OTHERWISE,
  POP_ITEM,
  CLEAR,
  LENGTH,
  COPY,
  UPDATE_FROM,
  ITEMS,
  IS_AS_AT_FIRST,
  UPDATE,
  MOVE_TO_END,
  MOVE_TO_FRONT, /* these two without ballast only, before which nothing may come */
  POP_FIRST,
  OPERATIONS
};

/* What a dict contains, or what an operation returns: numbers of values, from 1; the keys follow from them. Before them
 * in the dict stand `ballast` other keys, which nobody looks for: they make tables large, and copying them slow. */
struct items {
  size_t size, ballast;
  uint64_t number[KEYS];
};

enum { NOTHING = 0, OTHERWISE = 1 << 20, YES, BALLAST }; /* results besides numbers of values */
enum { FIRST_BALLAST = 1000 };                           /* its keys are ints from here on */

struct step {
  enum operation operation;
  size_t key;
  uint64_t number; /* of the value that is stored */
  bool continues;  /* the second half of an update */
  struct items result;
};

static size_t place_of(const struct items *d, size_t key) {
  size_t i = 0;
  while (i < d->size && d->number[i] % 8 != key) i++;
  return i;
}

static struct items one(uint64_t result) { return (struct items){.size = 1, .number = {result}}; }

static void remove_at(struct items *d, size_t i) {
  d->size--;
  for (; i < d->size; i++) d->number[i] = d->number[i + 1];
}

static void move(struct items *d, size_t from, size_t to) {
  uint64_t number = d->number[from];
  remove_at(d, from);
  for (size_t i = d->size++; i > to; i--) d->number[i] = d->number[i - 1];
  d->number[to] = number;
}

static bool same_items(const struct items *a, const struct items *b) {
  return a->size == b->size && a->ballast == b->ballast &&
         memcmp(a->number, b->number, a->size * sizeof *a->number) == 0;
}

static bool same_in_any_order(const struct items *a, const struct items *b) {
  for (size_t i = 0; i < a->size; i++) {
    size_t place = place_of(b, a->number[i] % 8);
    if (place == b->size || b->number[place] != a->number[i]) return false;
  }
  return a->size == b->size && a->ballast == b->ballast;
}

/* Does the step; returns what it returns. */
static struct items model_step(struct items *d, const struct step *s, const struct items *at_first) {
  size_t i = place_of(d, s->key);
  bool there = i < d->size;
  uint64_t number = there ? d->number[i] : NOTHING;
  if (s->operation == POP_ITEM || s->operation == POP_FIRST) number = NOTHING;
  switch (s->operation) {
    case GET:
    case FIND:
    case PEEK: return one(number);
    case CONTAINS: return one(there ? YES : NOTHING);
    case SET_DEFAULT:
      if (there) return one(number); /* fall through */
    case SET:
    case UPDATE:
      d->number[i] = s->number;
      d->size += !there;
      return one(s->operation == SET_DEFAULT ? s->number : NOTHING);
    case DELETE:
    case POP:
    case POP_OTHERWISE:
      if (there) remove_at(d, i);
      return one(there && s->operation == DELETE ? YES : !there && s->operation == POP_OTHERWISE ? OTHERWISE : number);
    case POP_ITEM:
      if (d->size) {
        number = d->number[--d->size];
      } else if (d->ballast) {
        d->ballast--;
        number = BALLAST;
      }
      return one(number);
    case POP_FIRST:
      if (d->size) {
        number = d->number[0];
        remove_at(d, 0);
      }
      return one(number);
    case MOVE_TO_END:
    case MOVE_TO_FRONT:
      if (there) move(d, i, s->operation == MOVE_TO_END ? d->size - 1 : 0);
      return one(there ? YES : NOTHING);
    case CLEAR: d->size = d->ballast = 0; return one(NOTHING);
    case LENGTH: return one(d->size + d->ballast);
    case IS_AS_AT_FIRST: return one(same_in_any_order(d, at_first) ? YES : NOTHING);
    default: return *d;
  }
}

/* --- A round --- */

static struct {
  weft_object *dict, *at_first; /* the latter a copy, which nobody changes */
  enum kind kind;
  bool churn;
  struct items first;
  struct step steps[THREADS][STEPS];
  size_t size[THREADS];
  weft_object *iterator; /* that all use */
} play;

/* Is there an order of the steps from `at` on that explains the results, and the items that are left? */
static bool explained(struct items d, size_t at[THREADS], const struct items *left) {
  bool more = false;
  for (size_t t = 0; t < THREADS; t++) {
    if (at[t] == play.size[t]) continue;
    more = true;
    const struct step *s = &play.steps[t][at[t]];
    struct items next = d;
    struct items result = model_step(&next, s, &play.first);
    if (!same_items(&result, &s->result)) continue;
    at[t]++;
    bool found = explained(next, at, left);
    at[t]--;
    if (found) return true;
  }
  return !more && same_items(&d, left);
}

static void print_items(const struct items *d) {
  if (d->ballast) fprintf(stderr, " (%zu)", d->ballast);
  for (size_t i = 0; i < d->size; i++) fprintf(stderr, " %llu", (unsigned long long)d->number[i]);
  fprintf(stderr, "\n");
}

static void require_explained(const struct items *left) {
  size_t at[THREADS] = {0};
  if (explained(play.first, at, left)) return;
  fprintf(stderr, "no order explains this; keys of kind %d, at first:", (int)play.kind);
  print_items(&play.first);
  for (size_t t = 0; t < THREADS; t++) {
    for (size_t i = 0; i < play.size[t]; i++) {
      const struct step *s = &play.steps[t][i];
      fprintf(stderr, "  thread %zu: operation %d, key %zu, value %llu ->", t, (int)s->operation, s->key,
              (unsigned long long)s->number);
      print_items(&s->result);
    }
  }
  fprintf(stderr, "left:");
  print_items(left);
  REQUIRE(!"atomic");
}

/* --- Operations on the dict --- */

/* What a pair stands for. */
static uint64_t number_of_pair(weft_object *pair) {
  weft_object *value = weft_tuple_get_borrow(pair, 1);
  size_t key = number_of_key(weft_tuple_get_borrow(pair, 0));
  if (key >= FIRST_BALLAST) {
    REQUIRE(value == WEFT_NONE);
    return BALLAST;
  }
  REQUIRE(key == number_of(value) % 8);
  return number_of(value);
}

/* The items of a list, which it drops. */
static struct items items_of(weft_object *list_steal) {
  struct items items = {.size = 0};
  REQUIRE(list_steal);
  for (int64_t i = 0; i < weft_list_length(list_steal); i++) {
    weft_object *pair = weft_list_get(list_steal, i);
    uint64_t number = number_of_pair(pair);
    if (number == BALLAST) {
      size_t place = number_of_key(weft_tuple_get_borrow(pair, 0)) - FIRST_BALLAST;
      REQUIRE(play.churn || (place == (size_t)i && place == items.ballast));
      items.ballast++;
    } else {
      REQUIRE(items.size < KEYS);
      items.number[items.size++] = number;
    }
    weft_decref(pair);
  }
  weft_decref(list_steal);
  return items;
}

/* What an operation has returned that may fail with a KeyError. */
static uint64_t result_of(weft_object *o_steal) {
  if (!o_steal) {
    REQUIRE(weft_error_is(&weft_KeyError));
    weft_error_clear();
    return NOTHING;
  }
  uint64_t number = o_steal == WEFT_NONE ? OTHERWISE : number_of(o_steal);
  weft_decref(o_steal);
  return number;
}

static uint64_t result_of_pair(weft_object *pair_steal) {
  if (!pair_steal) return result_of(NULL);
  uint64_t number = number_of_pair(pair_steal);
  weft_decref(pair_steal);
  return number;
}

static uint64_t peek(weft_object *dict, weft_object *key) {
  weft_read_begin();
  weft_object *value = weft_dict_peek(dict, key);
  REQUIRE(value || !weft_error_borrow());
  uint64_t number = value ? number_of(value) : NOTHING;
  weft_read_end();
  return number;
}

static struct items contents(weft_object *dict_steal) {
  REQUIRE(dict_steal);
  struct items items = items_of(weft_dict_items(dict_steal));
  weft_decref(dict_steal);
  return items;
}

static struct items updated_from(weft_object *dict) {
  weft_object *made = weft_dict_new();
  REQUIRE(made && weft_dict_update(made, dict) == 0);
  return contents(made);
}

/* Steps s[0] and s[1] at once. */
static void update(weft_object *dict, const struct step *s, bool other) {
  weft_object *made = weft_dict_new();
  for (int i = 0; i < 2; i++) {
    weft_object *key = key_new(play.kind, s[i].key, other), *value = value_new(s[i].number);
    REQUIRE(weft_dict_set(made, key, value) == 0);
    weft_decref(key);
    weft_decref(value);
  }
  REQUIRE(weft_dict_update(dict, made) == 0);
  weft_decref(made);
}

static struct items execute(weft_object *dict, const struct step *s, bool other) {
  weft_object *key = key_new(play.kind, s->key, other), *value = NULL, *found = NULL;
  if (s->operation == SET || s->operation == SET_DEFAULT) value = value_new(s->number);
  struct items result = one(NOTHING);
  switch (s->operation) {
    case GET: result = one(result_of(weft_dict_get(dict, key))); break;
    case FIND:
      REQUIRE(weft_dict_find(dict, key, &found) == (found != NULL));
      if (found) result = one(result_of(found));
      break;
    case PEEK: result = one(peek(dict, key)); break;
    case CONTAINS: result = one(weft_dict_contains(dict, key) ? YES : NOTHING); break;
    case SET: REQUIRE(weft_dict_set(dict, key, value) == 0); break;
    case SET_DEFAULT: result = one(result_of(weft_dict_set_default(dict, key, value))); break;
    case DELETE: result = one(weft_dict_delete(dict, key) == 0 ? YES : result_of(NULL)); break;
    case POP: result = one(result_of(weft_dict_pop(dict, key, NULL))); break;
    case POP_OTHERWISE: result = one(result_of(weft_dict_pop(dict, key, WEFT_NONE))); break;
    case POP_ITEM: result = one(result_of_pair(weft_dict_pop_item(dict))); break;
    case POP_FIRST: result = one(result_of_pair(weft_dict_pop_first(dict))); break;
    case MOVE_TO_END:
    case MOVE_TO_FRONT: {
      bool last = s->operation == MOVE_TO_END;
      result = one(weft_dict_move_to_end(dict, key, last) == 0 ? YES : result_of(NULL));
      break;
    }
    case CLEAR: REQUIRE(weft_dict_clear(dict) == 0); break;
    case LENGTH: result = one((uint64_t)weft_dict_length(dict)); break;
    case COPY: result = contents(weft_dict_copy(dict)); break;
    case UPDATE_FROM: result = updated_from(dict); break;
    case ITEMS: result = items_of(weft_dict_items(dict)); break;
    case IS_AS_AT_FIRST: {
      int equal = weft_compare(other ? play.at_first : dict, other ? dict : play.at_first, WEFT_EQ);
      REQUIRE(equal >= 0);
      result = one(equal ? YES : NOTHING);
      break;
    }
    default: update(dict, s, other);
  }
  REQUIRE(!weft_error_borrow());
  weft_decref(key);
  weft_xdecref(value);
  return result;
}

/* --- Rounds without order --- */

static void check_seen(weft_object *item_steal) { REQUIRE(result_of_pair(item_steal) != NOTHING); }

static void iterate(weft_object *iterator, size_t most) {
  weft_object *item;
  while (most-- > 0 && (item = weft_next(iterator))) check_seen(item);
  REQUIRE(!weft_error_borrow() || weft_error_is(&weft_RuntimeError));
  weft_error_clear();
}

static void do_whatever(chance *c) {
  weft_object *o = NULL;
  switch (pick(c, 6)) {
    case 0:
      REQUIRE(o = weft_dict_iter_items(play.dict));
      iterate(o, SIZE_MAX);
      break;
    case 1: iterate(play.iterator, 2); break;
    case 2: REQUIRE(o = weft_repr(play.dict)); break;
    case 3: REQUIRE(weft_dict_update(play.dict, pick(c, 2) ? play.dict : play.at_first) == 0); break;
    case 4:
      o = weft_dict_from_keys(play.dict, WEFT_NONE);
      REQUIRE(o || weft_error_is(&weft_RuntimeError));
      weft_error_clear();
      break;
    default:
      REQUIRE(o = weft_dict_copy(play.dict));
      REQUIRE(weft_compare(play.dict, o, WEFT_EQ) >= 0 && weft_compare(o, play.dict, WEFT_NE) >= 0);
  }
  weft_xdecref(o);
}

/* --- The threads --- */

static uint64_t numbers_given; /* of values, by whoever makes a round: one at a time */

static uint64_t new_number(size_t key) {
  numbers_given = numbers_given % (OTHERWISE / 8 - 1) + 1;
  return numbers_given * 8 + key;
}

static void make_steps(chance *c, size_t thread, uint64_t round) {
  size_t n = 1 + pick(c, MOST), size = 0;
  for (size_t i = 0; i < n; i++) {
    enum operation operation = (enum operation)pick(c, OPERATIONS);
    if (i == 0 && thread < 2)
      operation = (enum operation)(thread == 0 ? round % OPERATIONS : round / OPERATIONS % OPERATIONS);
    if (play.first.ballast && (operation == MOVE_TO_FRONT || operation == POP_FIRST)) operation = MOVE_TO_END;
    for (int half = 0; half < 1 + (operation == UPDATE); half++) {
      size_t key = half ? (play.steps[thread][size - 1].key + 1) % KEYS : pick(c, KEYS);
      play.steps[thread][size++] = (struct step){
          .operation = operation, .key = key, .number = new_number(key), .continues = half, .result = one(NOTHING)};
    }
  }
  play.size[thread] = size;
}

static void make_round(chance *c, uint64_t round) {
  play.kind = (enum kind)(pick(c, KINDS));
  play.churn = round % CHURNING == 0;
  static const size_t ballasts[] = {0, 0, 0, 15, 36, 78, 164};
  play.first = (struct items){.ballast = ballasts[pick(c, sizeof ballasts / sizeof *ballasts)]};
  REQUIRE(play.dict = weft_dict_new());
  for (size_t i = 0; i < play.first.ballast; i++) {
    weft_object *o = weft_int_new((int64_t)(FIRST_BALLAST + i));
    REQUIRE(weft_dict_set(play.dict, o, WEFT_NONE) == 0);
    weft_decref(o);
  }
  for (size_t key = 0; key < KEYS; key++) {
    if (pick(c, 2)) continue;
    uint64_t number = new_number(key);
    play.first.number[play.first.size++] = number;
    weft_object *o = key_new(play.kind, key, pick(c, 2)), *value = value_new(number);
    REQUIRE(weft_dict_set(play.dict, o, value) == 0);
    weft_decref(o);
    weft_decref(value);
  }
  REQUIRE(play.at_first = weft_dict_copy(play.dict));
  REQUIRE(play.iterator = weft_dict_iter_items(play.dict));
  for (size_t t = 0; t < THREADS; t++) make_steps(c, t, round);
}

static void end_round(void) {
  struct items left = items_of(weft_dict_items(play.dict));
  REQUIRE(weft_dict_length(play.dict) == (int64_t)(left.size + left.ballast));
  if (!play.churn) require_explained(&left);
  weft_clear(&play.iterator);
  weft_clear(&play.dict);
  weft_clear(&play.at_first);
}

static void take_part(chance *c, size_t self) {
  for (size_t i = 0; i < play.size[self]; i++) {
    struct step *s = &play.steps[self][i];
    if (s->continues) continue;
    s->result = execute(play.dict, s, pick(c, 2));
    if (play.churn) do_whatever(c);
  }
}

static void *work(void *arg) {
  static const struct rounds rounds = {THREADS, make_round, take_part, end_round};
  play_rounds(&rounds, (size_t)arg);
  return NULL;
}

int main(int argc, char **argv) {
  stress_begin(argc, argv);
  tokens_init();
  value_type =
      weft_type_new(&(weft_type_spec){.name = "value", .basic_size = sizeof(struct value), .dealloc = token_dealloc});
  hooked_type = weft_type_new(&(weft_type_spec){
      .name = "hooked", .basic_size = sizeof(struct hooked), .hash = hooked_hash, .compare = hooked_compare});
  REQUIRE(value_type && hooked_type);
  run_to_the_end(THREADS, work);
  tokens_require_all_dead();
  return stress_end("dict", "rounds");
}
