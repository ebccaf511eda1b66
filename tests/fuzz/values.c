/* SPDX-License-Identifier: MIT */
/* The objects that the machine works with, and how they read. */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* --- Objects with hooks: equal when their numbers are, and they collide; or without a hash; or not to be compared ---
 */

const weft_type *hooked_type, *unhashable_type, *unequal_type, *iterator_type;

static int64_t *number_in(weft_object *o) { return (int64_t *)(void *)(o + 1); }

static int hooked_hash(weft_object *self, int64_t *hash) {
  *hash = *number_in(self) % 3;
  return 0;
}
static int hooked_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (a->type != b->type || (op != WEFT_EQ && op != WEFT_NE)) return WEFT_NOT_IMPLEMENTED;
  return (*number_in(a) == *number_in(b)) == (op == WEFT_EQ);
}
static int hash_fails(weft_object *self, int64_t *hash) {
  (void)self, (void)hash;
  weft_raise(&weft_ValueError, "no hash");
  return -1;
}
static int unhashable_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b, (void)op;
  return WEFT_NOT_IMPLEMENTED;
}
static int hash_is_seven(weft_object *self, int64_t *hash) {
  (void)self;
  *hash = 7;
  return 0;
}
static int compare_fails(weft_object *a, weft_object *b, enum weft_compare_op op) {
  (void)a, (void)b, (void)op;
  weft_raise(&weft_ValueError, "no comparison");
  return -1;
}
static weft_object *repr_of(weft_object *self) {
  return weft_str_format("<%s %lld>", self->type->spec.name, (long long)*number_in(self));
}

static const weft_type *make_type(const char *name, int (*hash)(weft_object *, int64_t *),
                                  int (*compare)(weft_object *, weft_object *, enum weft_compare_op)) {
  return weft_type_new(
      &(weft_type_spec){.name = name, .basic_size = 24, .hash = hash, .compare = compare, .repr = repr_of});
}

void values_init(void) {
  hooked_type = make_type("hooked", hooked_hash, hooked_compare);
  unhashable_type = make_type("unhashable", hash_fails, unhashable_compare);
  unequal_type = make_type("unequal", hash_is_seven, compare_fails);
  weft_auto weft_object *list = weft_list_new(), *iterator = weft_iter(list);
  iterator_type = weft_type_of(iterator);
}

/* --- Literals --- */

#define ONE_OF(c, array) array[choose(c, sizeof array / sizeof *array)]

static const int64_t ints[] = {-1,
                               -2,
                               7,
                               256,
                               257,
                               -6,
                               1000,
                               INT64_MAX,
                               INT64_MIN,
                               1LL << 53,
                               1LL << 32,
                               (1LL << 53) + 1,
                               1LL << 61,
                               -(1LL << 61),
                               1LL << 63 >> 2,
                               (1LL << 61) - 1};
/* Beyond 64 bits: limits, some that are equal to floats, one whose hash is 0. */
static const char *const large_ints[] = {"9223372036854775808",
                                         "-9223372036854775809",
                                         "18446744073709551615",
                                         "18446744073709551616",
                                         "-18446744073709551616",
                                         "10000000000000000000000",
                                         "-340282366920938463463374607431768211457",
                                         "42535295865117307914475081855261474816",
                                         "1361129467683753853853498429727072845824",
                                         "-1361129467683753853853498429727072845823"};
static const double floats[] = {0.0,    -0.0,    1.0,     1.5,   -1.0,     7.0,      2.0,    1e16,
                                1e22,   0.1,     1e-5,    1e-4,  1e308,    5e-324,   0x1p53, 0x1p61,
                                0x1p63, 0x1p130, -0x1p63, 1e100, INFINITY, -INFINITY};
static const char *const strs[] = {"",
                                   "a",
                                   "b",
                                   "ab",
                                   "7",
                                   "it's",
                                   "\"",
                                   "'\"",
                                   "\\",
                                   "\n\t\x01\x7f",
                                   "\xc3\xa9",
                                   "\xe2\x82\xac",
                                   "\xf0\x9f\x98\x80",
                                   "a b",
                                   "\xc2\xad"};

static weft_object *write_hooked(struct choices *c, FILE *out, const weft_type *type) {
  weft_object *o = weft_object_new(type, 0);
  *number_in(o) = (int64_t)choose(c, 8);
  fprintf(out, "%s(%lld)", type->spec.name, (long long)*number_in(o));
  return o;
}
static weft_object *write_int(FILE *out, int64_t value) {
  fprintf(out, "%lld", (long long)value);
  return weft_int_new(value);
}
static weft_object *write_large_int(struct choices *c, FILE *out) {
  const char *digits = ONE_OF(c, large_ints);
  fputs(digits, out);
  return weft_int_parse(digits);
}
static weft_object *write_float(struct choices *c, FILE *out) {
  double value = one_in(c, 12) ? NAN : ONE_OF(c, floats);
  fprintf(out, isnan(value) ? "float('nan')" : "float.fromhex('%a')", value);
  return weft_float_new(value);
}
static weft_object *write_str(struct choices *c, FILE *out) {
  const char *text = ONE_OF(c, strs);
  fputs("b'", out);
  for (const char *s = text; *s; s++) fprintf(out, "\\x%02x", (unsigned char)*s);
  fputs("'.decode()", out);
  return weft_str_new(text);
}
static weft_object *write_name(FILE *out, const char *name, weft_object *o) {
  fputs(name, out);
  return o;
}

weft_object *write_literal(struct choices *c, FILE *out) {
  switch (choose(c, 20)) {
    case 0: return write_name(out, "None", WEFT_NONE);
    case 1: return write_name(out, "True", WEFT_TRUE);
    case 2: return write_name(out, "False", WEFT_FALSE);
    case 3: return write_name(out, "[]", weft_list_new());
    case 4: return write_name(out, "{}", weft_dict_new());
    case 5: return write_name(out, "set()", weft_set_new());
    case 6: return write_name(out, "frozenset()", weft_frozenset_new());
    case 7:
      if (one_in(c, 2)) return write_name(out, "()", weft_tuple_new(0, NULL));
      return write_name(out, "bytearray(b'a\\x00\\xff')", weft_bytearray_new("a\0\377", 3));
    case 8:
    case 9: return write_float(c, out);
    case 10:
    case 11:
    case 12: return write_str(c, out);
    case 13:
    case 14: return write_hooked(c, out, hooked_type);
    case 15: return write_hooked(c, out, one_in(c, 2) ? unhashable_type : unequal_type);
    case 16: return one_in(c, 3) ? write_large_int(c, out) : write_int(out, ONE_OF(c, ints));
    default: return write_int(out, (int64_t)choose(c, 12));
  }
}

/* --- Text --- */

/* What is being written, outermost first. Cycles are cut where they close, and everything at some depth. */
enum { DEEPEST = 40, MOST = 3000 };
struct writing {
  weft_object *outer[DEEPEST];
  size_t depth, objects;
  FILE *out;
};

static void write_in(struct writing *w, weft_object *o);

/* The items of a container in its order, by way of a list or tuple; a dict's are pairs. */
static weft_object *items_of(weft_object *o) {
  if (weft_dict_check(o)) return weft_dict_items(o);
  if (weft_any_set_check(o)) return weft_list_from(o);
  return weft_list_check(o) || weft_tuple_check(o) ? weft_new_ref(o) : NULL;
}
static int64_t items_size(weft_object *items) { return weft_length(items); }
static weft_object *items_get(weft_object *items, int64_t i) {
  return weft_tuple_check(items) ? weft_tuple_get(items, i) : weft_list_get(items, i);
}

static int compare_texts(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The keys of a set have no order: they are sorted by their texts. Each is written by itself, and counts as one. */
static void write_keys(struct writing *w, weft_object *items, size_t n) {
  char **texts = calloc(n + 1, sizeof *texts);
  for (size_t i = 0; i < n; i++) {
    size_t size;
    struct writing of_key = {.out = open_memstream(&texts[i], &size)};
    weft_auto weft_object *key = weft_list_get(items, (int64_t)i);
    write_in(&of_key, key);
    fclose(of_key.out);
  }
  qsort(texts, n, sizeof *texts, compare_texts);
  for (size_t i = 0; i < n; i++) {
    fprintf(w->out, i ? ", %s" : "%s", texts[i]);
    free(texts[i]);
  }
  free(texts);
  w->objects += n;
}

static void write_items(struct writing *w, weft_object *items, bool are_pairs) {
  for (int64_t i = 0; i < items_size(items); i++) {
    if (i) fputs(", ", w->out);
    weft_auto weft_object *item = items_get(items, i);
    if (are_pairs) {
      write_in(w, weft_tuple_get_borrow(item, 0));
      fputs(": ", w->out);
      write_in(w, weft_tuple_get_borrow(item, 1));
    } else {
      write_in(w, item);
    }
  }
}

static void write_container(struct writing *w, weft_object *o) {
  bool within = w->depth == DEEPEST, set = weft_any_set_check(o), dict = weft_dict_check(o);
  const char *brackets = weft_list_check(o) ? "[]" : weft_tuple_check(o) ? "()" : weft_frozenset_check(o) ? "<>" : "{}";
  for (size_t i = 0; i < w->depth; i++) within = within || w->outer[i] == o;
  weft_auto weft_object *items = items_of(o);
  fprintf(w->out, "%c%s", brackets[0], set ? "|" : "");
  if (within) {
    fputs("...", w->out);
  } else if (set) {
    write_keys(w, items, (size_t)items_size(items));
  } else {
    w->outer[w->depth++] = o;
    write_items(w, items, dict);
    w->depth--;
  }
  fputc(brackets[1], w->out);
}

static void write_text(const char *bytes, size_t size, FILE *out) {
  fputc('\'', out);
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)bytes[i];
    bool plain = c > 0x20 && c < 0x7f && c != '\'' && c != '\\';
    fprintf(out, plain ? "%c" : "\\x%02x", c);
  }
  fputc('\'', out);
}

static void write_number(double value, FILE *out) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  fprintf(out, isnan(value) ? "nan" : "f%016llx", (unsigned long long)bits);
}

static void write_in(struct writing *w, weft_object *o) {
  const weft_type *type = weft_type_of(o);
  if (++w->objects > MOST) {
    fputc('~', w->out);
  } else if (o == WEFT_NONE) {
    fputs("None", w->out);
  } else if (type == &weft_bool_type) {
    fputs(o == WEFT_TRUE ? "True" : "False", w->out);
  } else if (weft_int_check(o)) {
    weft_auto weft_object *digits = weft_repr(o);
    fputs(weft_str_utf8(digits, NULL), w->out);
  } else if (weft_float_check(o)) {
    write_number(weft_float_value(o), w->out);
  } else if (weft_str_check(o)) {
    size_t size;
    const char *bytes = weft_str_utf8(o, &size);
    write_text(bytes, size, w->out);
  } else if (type == hooked_type || type == unhashable_type || type == unequal_type) {
    fprintf(w->out, "<%s %lld>", type->spec.name, (long long)*number_in(o));
  } else if (weft_bytearray_check(o)) {
    weft_auto weft_object *hex = weft_bytes_hex(o);
    fprintf(w->out, "b%s", weft_str_utf8(hex, NULL));
  } else if (type == iterator_type) {
    fputs("<iterator>", w->out);
  } else {
    write_container(w, o);
  }
}

size_t write_object(weft_object *o, FILE *out) {
  struct writing w = {.out = out};
  write_in(&w, o);
  return w.objects;
}

/* --- Trees --- */

static bool holds_in(struct writing *w, weft_object *o, bool (*predicate)(weft_object *o)) {
  for (size_t i = 0; i < w->depth; i++)
    if (w->outer[i] == o) return true;
  if (!predicate(o) || ++w->objects > MOST || w->depth == DEEPEST) return false;
  weft_auto weft_object *items = items_of(o);
  w->outer[w->depth++] = o;
  bool holds = true;
  for (int64_t i = 0; holds && items && i < items_size(items); i++) {
    weft_auto weft_object *item = items_get(items, i);
    holds = holds_in(w, item, predicate);
  }
  w->depth--;
  return holds;
}

bool is_throughout(weft_object *o, bool (*predicate)(weft_object *o)) {
  struct writing w = {.out = NULL};
  return holds_in(&w, o, predicate);
}
