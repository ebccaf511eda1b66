/* SPDX-License-Identifier: MIT */
/* bytearrays and arrays between threads: each operation happens at one moment, private or shared. */
#include "raw_support.h"

RuntimeSuite(raw_threads);

enum { THREADS = 4 };

/* --- Shared by the first access of another thread --- */

static void step_length(void *o) { cr_expect_geq(weft_length(o), 0); }

RuntimeTest(raw_threads, a_private_one_becomes_shared_by_being_read) {
  weft_auto weft_object *b = BYTEARRAY("abc");
  weft_auto weft_object *a = ARRAY('i', 1, 2, 3);
  cr_assert(weft__may_touch(b) && weft__may_touch(a));
  in_new_thread(step_length, b);
  in_new_thread(step_length, a);
  cr_assert(weft__may_touch(b) == WEFT__HAS_GIL && weft__may_touch(a) == WEFT__HAS_GIL);
  cr_assert(weft_bytearray_append(b, INT('d')) == 0 && is_shown(b, "bytearray(b'abcd')"));
  cr_assert(weft_array_set(a, 0, INT(9)) == 0 && is_shown(a, "array('i', [9, 2, 3])"));
}

static void step_changes(void *o) {
  cr_expect_eq(weft_array_append(o, WEFT_TRUE), 0);
  weft_view view;
  cr_expect_eq(weft_view_open(&view, o), 0);
  cr_expect(weft_array_append(o, WEFT_TRUE) == -1 && weft_error_is(&weft_BufferError));
  weft_error_clear();
  weft_view_close(&view);
  cr_expect_eq(weft_array_repeat_in_place(o, 2), 0);
  cr_expect_eq(weft_array_reverse(o), 0);
  cr_expect_eq(weft_array_clear(o), 0);
}
RuntimeTest(raw_threads, another_thread_changes_it_and_frees_its_buffers) {
  weft_auto weft_object *a = ARRAY('q', 5, 6);
  in_new_thread(step_changes, a);
  cr_assert(weft_array_append(a, INT(7)) == 0 && is_shown(a, "array('q', [7])"));
}

static void step_drop_last(void *o) { weft_decref(o); }
RuntimeTest(raw_threads, another_thread_drops_the_last_reference) {
  weft_object *b = weft_bytearray_new(NULL, 10000);
  in_new_thread(step_drop_last, b);
  weft_object *small = BYTEARRAY("abc");
  in_new_thread(step_drop_last, small);
  weft_poll();
}

/* --- One moment --- */

enum { TURNS = 3000 };

static void append_pairs(void *array) {
  weft_auto weft_object *pair = ARRAY('i', 1, -1);
  for (int i = 0; i < TURNS; i++) {
    cr_expect_eq(weft_array_extend(array, pair), 0);
    if (i % 50 == 49) cr_expect_eq(weft_array_set_slice(array, 0, INT64_MAX, 1, NULL), 0);
  }
}
/* Sees pairs only, never half of one. */
static void read_pairs(void *array) {
  for (int i = 0; i < TURNS / 10; i++) {
    weft_auto weft_object *part = weft_array_slice(array, 0, INT64_MAX, 1);
    int64_t n = weft_array_length(part);
    cr_expect_eq(n % 2, 0);
    cr_expect_eq(weft_array_count(part, WEFT_TRUE), n / 2);
  }
}
static void append_or_read(void *array) {
  static uint32_t number;
  if (weft__add_acq_rel(&number, 1u) % 2)
    append_pairs(array);
  else
    read_pairs(array);
}
RuntimeTest(raw_threads, what_is_added_together_is_seen_together) {
  weft_auto weft_object *a = weft_array_new('i');
  in_new_threads(THREADS, append_or_read, a);
}

static void append_own(void *b) {
  for (int i = 0; i < TURNS; i++) cr_expect_eq(weft_bytearray_append(b, INT(i & 127)), 0);
}
RuntimeTest(raw_threads, no_append_is_lost) {
  weft_auto weft_object *b = BYTEARRAY("");
  in_new_threads(THREADS, append_own, b);
  cr_assert_eq(weft_bytearray_length(b), THREADS * TURNS);
  for (int i = 0; i < 128; i++) {
    int64_t each = TURNS / 128 + (i < TURNS % 128);
    cr_assert_eq(weft_bytes_count(b, INT(i), 0, INT64_MAX), THREADS * each);
  }
}

static int64_t popped; /* atomic: the sum */
static void pop_all(void *array) {
  for (;;) {
    weft_auto weft_object *item = weft_array_pop(array, -1);
    if (!item) break;
    weft__add_relaxed(&popped, weft_int_value(item));
  }
  cr_expect(weft_error_is(&weft_IndexError));
  weft_error_clear();
}
RuntimeTest(raw_threads, each_item_is_popped_once) {
  weft_auto weft_object *a = weft_array_new('l');
  int64_t sum = 0;
  for (int64_t i = 1; i <= 4000; i++, sum += i - 1) {
    weft_auto weft_object *item = INT(i);
    weft_array_append(a, item);
  }
  in_new_threads(THREADS, pop_all, a);
  cr_assert_eq(popped, sum);
}

static void add_two_in_section(void *b) {
  for (int i = 0; i < TURNS / 10; i++) {
    if (weft_critical_begin(b) != 0) abort();
    cr_expect_eq(weft_bytearray_append(b, INT(1)), 0);
    weft_poll();
    cr_expect_eq(weft_bytearray_append(b, INT(2)), 0);
    cr_expect_eq(weft_bytearray_length(b) % 2, 0);
    weft_critical_end();
  }
}
RuntimeTest(raw_threads, what_is_added_in_a_critical_section_stands_together) {
  weft_auto weft_object *b = BYTEARRAY("");
  weft_auto weft_object *pair = BYTES("\1\2");
  in_new_threads(THREADS, add_two_in_section, b);
  add_two_in_section(b);
  cr_assert_eq(weft_bytes_count(b, pair, 0, INT64_MAX), (THREADS + 1) * (TURNS / 10));
}

/* --- Pairs of operations --- */

static bool is_allowed(void) {
  bool allowed = !weft_error_borrow() || weft_error_is(&weft_IndexError) || weft_error_is(&weft_ValueError) ||
                 weft_error_is(&weft_BufferError);
  weft_error_clear();
  return allowed;
}

static weft_object *constant;
static void use(weft_object *b, int what) {
  weft_auto weft_object *made = NULL;
  weft_view view;
  switch (what) {
    case 0: weft_bytearray_clear(b); break;
    case 1: made = weft_bytearray_pop(b, 0); break;
    case 2: weft_bytearray_append(b, INT(1)); break;
    case 3: weft_bytearray_insert(b, 1, INT(2)); break;
    case 4: weft_bytearray_extend(b, constant); break;
    case 5: weft_bytearray_remove(b, INT(1)); break;
    case 6: weft_bytearray_reverse(b); break;
    case 7: weft_bytes_find(b, constant, 0, INT64_MAX); break;
    case 8: weft_bytes_count(b, INT(1), 0, INT64_MAX); break;
    case 9: made = weft_bytearray_from(b); break;
    case 10: made = weft_repr(b); break;
    case 11: weft_compare(b, constant, WEFT_LT); break;
    case 12: weft_bytearray_set_slice(b, 0, 3, 1, constant); break;
    case 13: weft_bytearray_resize(b, 20); break;
    case 14: made = weft_bytes_split(b, NULL, -1); break;
    case 15: made = weft_bytearray_slice(b, INT64_MAX, INT64_MIN, -1); break;
    case 16: weft_bytearray_set(b, 0, INT(7)); break;
    case 17: weft_bytearray_extend(b, b); break;
    case 18: made = weft_bytes_replace(b, constant, b, 1); break;
    default:
      if (weft_view_open(&view, b) == 0) weft_view_close(&view);
  }
  if (weft_bytearray_length(b) > 1000) weft_bytearray_resize(b, 10);
  cr_expect(is_allowed());
}
enum { USES = 20 };

static int one, other;
static void use_pair(void *b) {
  static uint32_t number;
  int mine = weft__add_acq_rel(&number, 1u) % 2 ? one : other;
  for (int i = 0; i < 20; i++) use(b, mine);
}
RuntimeTest(raw_threads, BYT_142_any_two_operations_at_the_same_time_are_safe) {
  constant = BYTES("\1\2\3");
  for (one = 0; one < USES; one++)
    for (other = one; other < USES; other += SANITIZED ? 3 : 1) {
      weft_auto weft_object *b = BYTEARRAY("\1 \2\3 \4");
      in_new_threads(2, use_pair, b);
    }
  weft_clear(&constant);
}

static void resize_often(void *b) {
  for (size_t i = 0; i < 1000; i++) cr_expect_eq(weft_bytearray_resize(b, i % 64), 0);
}
RuntimeTest(raw_threads, BYT_144_four_threads_resize_one_bytearray) {
  weft_auto weft_object *b = weft_bytearray_new(NULL, 100);
  in_new_threads(4, resize_often, b);
  cr_assert_eq(weft_bytearray_length(b), 999 % 64);
}

/* --- Views of threads --- */

static void view_and_try(void *b) {
  for (int i = 0; i < 500; i++) {
    weft_view view;
    cr_expect_eq(weft_view_open(&view, b), 0);
    size_t size = view.size;
    weft_bytearray_append(b, INT(1));
    weft_error_clear();
    cr_expect(size == (size_t)weft_bytearray_length(b), "the view is open");
    weft_view_close(&view);
    weft_bytearray_append(b, INT(1));
    weft_error_clear();
  }
}
RuntimeTest(raw_threads, a_view_of_one_thread_keeps_the_others_from_resizing) {
  weft_auto weft_object *b = weft_bytearray_new(NULL, 100);
  in_new_threads(THREADS, view_and_try, b);
  cr_assert(weft_bytearray_append(b, INT(1)) == 0, "all views are closed");
}

/* A dict with bytes as keys, which several threads hash for the first time. */
static weft_object *keys[64];
static void look_up(void *dict) {
  for (int i = 0; i < 64; i++) {
    weft_auto weft_object *value = weft_dict_get(dict, keys[i]);
    cr_expect_eq(value, INT(i));
  }
}
RuntimeTest(raw_threads, bytes_as_keys_are_hashed_alike_by_all) {
  weft_auto weft_object *dict = weft_dict_new();
  for (int i = 0; i < 64; i++) {
    char text[16];
    snprintf(text, sizeof text, "key %d", i);
    weft_auto weft_object *key = weft_bytes_new(text, strlen(text));
    keys[i] = weft_bytes_new(text, strlen(text));
    weft_dict_set(dict, key, INT(i));
  }
  in_new_threads(THREADS, look_up, dict);
  for (int i = 0; i < 64; i++) weft_clear(&keys[i]);
}
