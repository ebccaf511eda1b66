/* SPDX-License-Identifier: MIT */
/*
 * The operations, and what of them is not asked because Weft and CPython differ by design:
 *
 *   CPython's dict.pop does not hash its key when the dict is empty;
 *   strs are not iterated, indexed, searched, or repeated;
 *   identical objects are equal, in Weft also when they are compared by themselves (a float that is not a number, an
 *     object whose hook fails);
 *   which of several failures comes first, and what is done before it, where many keys of sets meet many others;
 *     CPython leaves a set, and a list that is extended, half updated by an iterable that fails, Weft as it was;
 *   an index beyond 64 bits of what has no items to be set, which CPython looks at first;
 *   the order of sets, so nothing that keeps it, and which key set_pop takes (the oracle follows);
 *   a list that is extended by an iterator over itself is never done in CPython;
 *   which of two equal keys is in an intersection (1, 1.0, True);
 *   weft_set_contains does not look for a set as if it were a frozenset (weft_contains does);
 *   CPython's iterators over dicts miss that one key has gone and another come. So such iterators are not kept in
 *     registers, but used up by one operation (`iterate`), and so are those over sets;
 *   the order in which a sort that fails leaves the items, so items that cannot be ordered are sorted in a copy.
 */
#include <math.h>

#include "fuzz.h"

/* --- What is asked --- */

static bool is_set(weft_object *o) { return weft_any_set_check(o); }
static bool is_whole(weft_object *o) { return weft_int_check(o) || weft_type_of(o) == &weft_bool_type; }

static bool is_ordered(weft_object *o) { return !weft_str_check(o) && !is_set(o); }

/* Sets whose keys all have hashes and can all be compared; and what is no iterable at all. */
static bool is_tame(weft_object *o) { return o->type != unhashable_type && o->type != unequal_type; }
static bool is_hashable(weft_object *o) {
  int64_t hash;
  bool is = weft_hash(o, &hash) == 0;
  if (!is) weft_error_clear();
  return is;
}
static bool has_tame_keys(weft_object *o) {
  if (o->type == iterator_type || weft_str_check(o) || !is_throughout(o, is_tame)) return false;
  if (!weft_list_check(o) && !weft_tuple_check(o)) return true;
  weft_auto weft_object *keys = weft_list_from(o);
  for (int64_t i = 0; i < weft_list_length(keys); i++) {
    weft_auto weft_object *key = weft_list_get(keys, i);
    if (!is_hashable(key)) return false;
  }
  return true;
}

/* A key that can be hashed, or a dict where the hash is needed. */
static bool is_hashed(weft_object *dict, weft_object *key) {
  return !weft_dict_check(dict) || weft_dict_length(dict) > 0 || is_hashable(key);
}

/* Does equal mean the same? */
static bool is_exact_itself(weft_object *o) { return !weft_float_check(o) && weft_type_of(o) != &weft_bool_type; }
static bool is_exact(weft_object *o) { return is_throughout(o, is_exact_itself); }

static bool is_sequence(weft_object *o) { return weft_list_check(o) || weft_tuple_check(o); }
/* A number of times that takes little memory, or one that is refused. */
static bool is_small(weft_object *o) {
  return !is_whole(o) || weft_int_clamp(o) < 5 || weft_type_of(o) == &weft_big_int_type;
}
static bool is_settable(weft_object *o, weft_object *index) {
  if (weft_type_of(index) != &weft_big_int_type) return true;
  return weft_list_check(o) || weft_dict_check(o) || weft_bytearray_check(o);
}
static bool is_product(weft_object *a, weft_object *b) {
  if (weft_str_check(a) || weft_str_check(b)) return false;
  if (weft_bytearray_check(a) || weft_bytearray_check(b)) return is_small(a) && is_small(b);
  if (is_sequence(a) || is_sequence(b)) return is_small(a) && is_small(b);
  return !is_whole(a) || !is_whole(b) || weft_int_bit_length(a) + weft_int_bit_length(b) < 1000;
}

/* Has it one text? */
static bool has_text_itself(weft_object *o) {
  return weft_type_of(o) != iterator_type && !(is_set(o) && weft_set_length(o) > 1);
}
static bool has_text(weft_object *o) { return is_throughout(o, has_text_itself); }

/* Is it the only object with its text? */
static bool is_told_apart_itself(weft_object *o) {
  return weft_type_of(o) != iterator_type && !(weft_float_check(o) && isnan(weft_float_value(o)));
}
static bool is_told_apart(weft_object *o) { return is_throughout(o, is_told_apart_itself); }

/* Numbers, or strs: any two of them can be ordered. */
static bool are_comparable(weft_object *o, bool and_ordered) {
  bool numbers = false, strs = false;
  for (int64_t i = 0; weft_list_check(o) && i < weft_list_length(o); i++) {
    weft_auto weft_object *item = weft_list_get(o, i);
    bool number = is_whole(item) || (weft_float_check(item) && !isnan(weft_float_value(item)));
    if (!number && !weft_str_check(item)) return false;
    numbers = numbers || number;
    strs = strs || !number;
  }
  return !(and_ordered && numbers && strs);
}

/* Pairs, or not, but no strs or sets in their place. */
static bool are_pairs(weft_object *o) {
  for (int64_t i = 0; is_sequence(o) && i < weft_length(o); i++) {
    weft_auto weft_object *item = weft_list_check(o) ? weft_list_get(o, i) : weft_tuple_get(o, i);
    if (!is_ordered(item)) return false;
  }
  return weft_type_of(o) != iterator_type;
}

/* --- Operations that are more than a call --- */

static int64_t hashes_agree(weft_object *a, weft_object *b) {
  int64_t x, y;
  if (weft_hash(a, &x) < 0 || weft_hash(b, &y) < 0) return -1;
  int equal = weft_compare(a, b, WEFT_EQ);
  return equal < 0 ? -1 : !equal || x == y;
}

static weft_object *find(weft_object *dict, weft_object *key) {
  weft_object *value;
  int found = weft_dict_find(dict, key, &value);
  return found < 0 ? NULL : found ? value : WEFT_NONE;
}

/* A borrowed read is in a bracket; None: no such key. */
static weft_object *peek(weft_object *dict, weft_object *key) {
  weft_read_begin();
  weft_object *value = weft_dict_peek(dict, key);
  if (value) weft_incref(value);
  weft_read_end();
  return value || weft_error_borrow() ? value : WEFT_NONE;
}
static weft_object *peek_item(weft_object *list, int64_t index) {
  weft_read_begin();
  weft_object *item = weft_list_peek(list, index);
  if (item) weft_incref(item);
  weft_read_end();
  return item;
}

/* Takes one item, then adds `key` to the container, then takes the others: a list, or a set, of them. */
static weft_object *iterate(weft_object *o, weft_object *key, int64_t part) {
  weft_auto weft_object *iterator = !weft_dict_check(o) || part == 0 ? weft_iter(o)
                                    : part == 1                      ? weft_dict_iter_values(o)
                                                                     : weft_dict_iter_items(o);
  weft_auto weft_object *items = weft_list_new();
  if (!iterator) return NULL;
  for (int i = 0; i < 400; i++) {
    weft_auto weft_object *item = weft_next(iterator);
    if (!item) break;
    weft_list_append(items, item);
    if (i > 0) continue;
    if (weft_list_check(o)) weft_list_append(o, key);
    if (weft_dict_check(o)) weft_dict_set(o, key, WEFT_NONE);
    if (weft_set_check(o)) weft_set_add(o, key);
    weft_error_clear();
  }
  if (weft_error_borrow()) return NULL;
  return is_set(o) ? weft_set_from(items) : weft_new_ref(items);
}

/* -1 is no failure, unless an error is set. */
static weft_object *place(int64_t found) { return weft_error_borrow() ? NULL : weft_int_new(found); }

static weft_object *key_negative(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)n;
  weft_auto weft_object *zero = weft_float_new(0);
  return weft_subtract(zero, args[0]);
}
static weft_object *key_nothing(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return weft_int_new(0);
}
static weft_object *key_changing(weft_object *function, weft_object *const *args, size_t n) {
  (void)n;
  weft_list_append(weft_function_captured_borrow(function, 0), args[0]);
  return weft_new_ref(args[0]);
}

static int sort(weft_object *list, int64_t key, int64_t reverse) {
  static const weft_c_function bodies[] = {NULL, key_negative, key_nothing, key_changing};
  if (!bodies[key]) return weft_list_sort(list, NULL, reverse % 2);
  weft_auto weft_object *function = weft_function_new("key", bodies[key], 1, &list);
  return weft_list_sort(list, function, reverse % 2);
}
static int sort_copy(weft_object *o) {
  weft_auto weft_object *list = weft_list_slice(o, 0, INT64_MAX);
  return list ? weft_list_sort(list, NULL, false) : -1;
}

/* --- The table: name, signature, call, what must hold. Some stand twice, to be done more often. --- */

#define A          (a->o[0])
#define B          (a->o[1])
#define C          (a->o[2])
#define N          (a->n[0])
#define M          (a->n[1])
#define SETS       (has_tame_keys(A) && has_tame_keys(B))
#define EXACT_SETS (SETS && is_exact(A) && is_exact(B))
#define ANY        true
#define NO_STR     (!weft_str_check(A))

/* clang-format off */
#define OPERATIONS(STATUS, NUMBER, OBJECT, NEXT)                                                   \
  OBJECT(tuple_pair, "oo", weft_tuple_pack(2, A, B), ANY)                                          \
  OBJECT(tuple_single, "o", weft_tuple_pack(1, A), ANY)                                            \
  OBJECT(add, "oo", weft_add(A, B), ANY)                                                           \
  OBJECT(subtract, "oo", weft_subtract(A, B), !is_set(A) || SETS)                                  \
  OBJECT(multiply, "oo", weft_multiply(A, B), is_product(A, B))                                    \
  OBJECT(bits_and, "oo", weft_and(A, B), is_whole(A) && is_whole(B))                               \
  OBJECT(bits_or, "oo", weft_or(A, B), is_whole(A) && is_whole(B))                                 \
  OBJECT(bits_xor, "oo", weft_xor(A, B), is_whole(A) && is_whole(B))                               \
  NUMBER(compare, "oo=", weft_compare(A, B, (enum weft_compare_op)N), A != B)                      \
  NUMBER(compare_lists, "ll=", weft_compare(A, B, (enum weft_compare_op)N), A != B)                \
  NUMBER(compare_dicts, "dd=", weft_compare(A, B, (enum weft_compare_op)N), A != B)                \
  NUMBER(compare_sets, "ss=", weft_compare(A, B, (enum weft_compare_op)N), A != B && SETS)         \
  NUMBER(hashes_agree, "oo", hashes_agree(A, B), A != B)                                           \
  NUMBER(is_true, "o", weft_is_true(A), ANY)                                                       \
  NUMBER(length, "o", weft_length(A), ANY)                                                         \
  OBJECT(repr, "o", weft_repr(A), has_text(A))                                                     \
  OBJECT(str, "o", weft_str(A), has_text(A))                                                       \
  OBJECT(get_item, "xo", weft_get_item(A, B), ANY)                                                 \
  STATUS(set_item, "xoo", weft_set_item(A, B, C), is_settable(A, B))                              \
  STATUS(delete_item, "xo", weft_set_item(A, B, NULL), is_settable(A, B))                         \
  NUMBER(contains, "xo", weft_contains(A, B), ANY)                                                 \
  OBJECT(iter, "q", weft_iter(A), ANY)                                                             \
  NEXT(next, "i", weft_next(A), ANY)                                                               \
  NEXT(next_again, "i", weft_next(A), ANY)                                                         \
  OBJECT(iterate, "~xok", iterate(A, B, N), ANY)                                                   \
  OBJECT(iterate_dict, "~dok", iterate(A, B, N), NO_STR)                                           \
                                                                                                   \
  OBJECT(list_from, "c", weft_list_from(A), ANY)                                                   \
  OBJECT(list_get, "ln", weft_list_get(A, N), ANY)                                                 \
  OBJECT(list_peek, "ln", peek_item(A, N), ANY)                                                    \
  STATUS(list_set, "lno", weft_list_set(A, N, B), ANY)                                             \
  STATUS(list_append, "lo", weft_list_append(A, B), ANY)                                           \
  STATUS(list_append_more, "lo", weft_list_append(A, B), ANY)                                      \
  STATUS(list_insert, "lno", weft_list_insert(A, N, B), ANY)                                       \
  OBJECT(list_pop, "ln", weft_list_pop(A, N), ANY)                                                 \
  STATUS(list_delete, "ln", weft_list_delete(A, N), ANY)                                           \
  STATUS(list_clear, "l", weft_list_clear(A), ANY)                                                 \
  NUMBER(list_length, "l", weft_list_length(A), ANY)                                               \
  OBJECT(list_slice, "lnn", weft_list_slice(A, N, M), ANY)                                         \
  STATUS(list_set_slice, "lnnc", weft_list_set_slice(A, N, M, B), ANY)                             \
  STATUS(list_delete_slice, "lnn", weft_list_set_slice(A, N, M, NULL), ANY)                        \
  STATUS(list_extend, "lc", weft_list_extend(A, B), weft_type_of(B) != iterator_type)              \
  OBJECT(list_repeat, "lk", weft_list_repeat(A, N), ANY)                                           \
  NUMBER(list_contains, "lo", weft_list_contains(A, B), ANY)                                       \
  NUMBER(list_index, "lonn", weft_list_index(A, B, N, M), ANY)                                     \
  NUMBER(list_count, "lo", weft_list_count(A, B), ANY)                                             \
  STATUS(list_remove, "lo", weft_list_remove(A, B), ANY)                                           \
  STATUS(list_reverse, "l", weft_list_reverse(A), ANY)                                             \
  STATUS(list_sort, "~lkk", sort(A, N, M), are_comparable(A, true))                                \
  STATUS(list_sort_copy, "l", sort_copy(A), are_comparable(A, false))                              \
                                                                                                   \
  OBJECT(dict_get, "do", weft_dict_get(A, B), ANY)                                                 \
  OBJECT(dict_find, "do", find(A, B), ANY)                                                         \
  OBJECT(dict_peek, "do", peek(A, B), ANY)                                                         \
  NUMBER(dict_contains, "do", weft_dict_contains(A, B), ANY)                                       \
  STATUS(dict_set, "doo", weft_dict_set(A, B, C), ANY)                                             \
  STATUS(dict_set_more, "doo", weft_dict_set(A, B, C), ANY)                                        \
  OBJECT(dict_set_default, "doo", weft_dict_set_default(A, B, C), ANY)                             \
  STATUS(dict_delete, "do", weft_dict_delete(A, B), ANY)                                           \
  OBJECT(dict_pop, "do", weft_dict_pop(A, B, NULL), is_hashed(A, B))                               \
  OBJECT(dict_pop_or, "doo", weft_dict_pop(A, B, C), is_hashed(A, B))                              \
  OBJECT(dict_pop_item, "d", weft_dict_pop_item(A), ANY)                                           \
  STATUS(dict_clear, "d", weft_dict_clear(A), ANY)                                                 \
  NUMBER(dict_length, "d", weft_dict_length(A), ANY)                                               \
  OBJECT(dict_copy, "d", weft_dict_copy(A), ANY)                                                   \
  STATUS(dict_update, "~dc", weft_dict_update(A, B), are_pairs(B))                                 \
  STATUS(dict_update_by_dict, "~dd", weft_dict_update(A, B), weft_dict_check(B))                   \
  OBJECT(dict_from_keys, "co", weft_dict_from_keys(A, B), ANY)                                     \
  OBJECT(dict_keys, "d", weft_dict_keys(A), ANY)                                                   \
  OBJECT(dict_values, "d", weft_dict_values(A), ANY)                                               \
  OBJECT(dict_items, "d", weft_dict_items(A), ANY)                                                 \
                                                                                                   \
  OBJECT(set_from, "x", weft_set_from(A), ANY)                                                     \
  OBJECT(frozenset_from, "x", weft_frozenset_from(A), ANY)                                         \
  OBJECT(set_copy, "s", weft_set_copy(A), ANY)                                                     \
  NUMBER(set_length, "s", weft_set_length(A), ANY)                                                 \
  NUMBER(set_contains, "so", weft_set_contains(A, B), !weft_set_check(B))                          \
  STATUS(set_add, "mo", weft_set_add(A, B), ANY)                                                   \
  STATUS(set_add_more, "mo", weft_set_add(A, B), ANY)                                              \
  NUMBER(set_discard, "mo", weft_set_discard(A, B), ANY)                                           \
  STATUS(set_remove, "mo", weft_set_remove(A, B), ANY)                                             \
  OBJECT(set_pop, "m", weft_set_pop(A), is_told_apart(A))                                          \
  STATUS(set_clear, "m", weft_set_clear(A), ANY)                                                   \
  STATUS(set_update, "~mx", weft_set_update(A, B), SETS)                                           \
  STATUS(set_intersection_update, "~mx", weft_set_intersection_update(A, B), EXACT_SETS)           \
  STATUS(set_difference_update, "~mx", weft_set_difference_update(A, B), SETS)                     \
  STATUS(set_symmetric_difference_update, "~mx", weft_set_symmetric_difference_update(A, B), SETS) \
  OBJECT(set_union, "sx", weft_set_union(A, B), SETS)                                              \
  OBJECT(set_intersection, "sx", weft_set_intersection(A, B), EXACT_SETS)                          \
  OBJECT(set_difference, "sx", weft_set_difference(A, B), SETS)                                    \
  OBJECT(set_symmetric_difference, "sx", weft_set_symmetric_difference(A, B), SETS)                \
  NUMBER(set_is_subset, "sx", weft_set_is_subset(A, B), SETS)                                      \
  NUMBER(set_is_superset, "sx", weft_set_is_superset(A, B), SETS)                                  \
  NUMBER(set_is_disjoint, "sx", weft_set_is_disjoint(A, B), SETS)                                  \
                                                                                                   \
  OBJECT(bytearray_get, "bn", weft_bytearray_get(A, N), ANY)                                       \
  STATUS(bytearray_set, "bno", weft_bytearray_set(A, N, B), ANY)                                   \
  STATUS(bytearray_append, "bo", weft_bytearray_append(A, B), ANY)                                 \
  STATUS(bytearray_append_more, "bo", weft_bytearray_append(A, B), ANY)                            \
  STATUS(bytearray_insert, "bno", weft_bytearray_insert(A, N, B), ANY)                             \
  OBJECT(bytearray_pop, "bn", weft_bytearray_pop(A, N), ANY)                                       \
  STATUS(bytearray_delete, "bn", weft_bytearray_delete(A, N), ANY)                                 \
  STATUS(bytearray_remove, "bo", weft_bytearray_remove(A, B), ANY)                                 \
  STATUS(bytearray_clear, "b", weft_bytearray_clear(A), ANY)                                       \
  STATUS(bytearray_reverse, "b", weft_bytearray_reverse(A), ANY)                                   \
  NUMBER(bytearray_length, "b", weft_bytearray_length(A), ANY)                                     \
  OBJECT(bytearray_slice, "bnn", weft_bytearray_slice(A, N, M, 1), ANY)                            \
  STATUS(bytearray_set_slice, "bnnb", weft_bytearray_set_slice(A, N, M, 1, B), weft_bytearray_check(B)) \
  STATUS(bytearray_extend, "bb", weft_bytearray_extend(A, B), weft_bytearray_check(B))             \
  OBJECT(bytearray_repeat, "bk", weft_bytearray_repeat(A, N), ANY)                                 \
  NUMBER(bytearray_contains, "bo", weft_contains(A, B), weft_bytearray_check(A))                   \
  OBJECT(bytearray_find, "bb", place(weft_bytes_find(A, B, 0, INT64_MAX)), weft_bytearray_check(A)) \
  NUMBER(bytearray_count, "bb", weft_bytes_count(A, B, 0, INT64_MAX), weft_bytearray_check(A))     \
  OBJECT(bytearray_replace, "bbb", weft_bytes_replace(A, B, C, -1), weft_bytearray_check(A))
/* clang-format on */

#define RUN(name, member, call, condition)                                                          \
  static struct result run_##name(struct operands *a) { return (struct result){.member = (call)}; } \
  static bool is_due_##name(struct operands *a) { return (void)a, (condition); }
#define RUN_NUMBER(name, signature, call, condition) RUN(name, number, call, condition)
#define RUN_OBJECT(name, signature, call, condition) RUN(name, object, call, condition)
OPERATIONS(RUN_NUMBER, RUN_NUMBER, RUN_OBJECT, RUN_OBJECT)

#define ROW_STATUS(name, signature, call, condition) {#name, signature, STATUS, run_##name, is_due_##name},
#define ROW_NUMBER(name, signature, call, condition) {#name, signature, NUMBER, run_##name, is_due_##name},
#define ROW_OBJECT(name, signature, call, condition) {#name, signature, OBJECT, run_##name, is_due_##name},
#define ROW_NEXT(name, signature, call, condition)   {#name, signature, NEXT, run_##name, is_due_##name},
const struct operation operations[] = {OPERATIONS(ROW_STATUS, ROW_NUMBER, ROW_OBJECT, ROW_NEXT)};
const size_t operations_size = sizeof operations / sizeof *operations;
