/* SPDX-License-Identifier: MIT */
/* Out of memory in bytes, bytearrays and arrays; see faults_support.h. A container is unaltered by what failed. */
#include "faults_support.h"
#include "raw_support.h"

RuntimeSuite(raw_faults);

/* --- Making --- */

static bool make_bytes(void) {
  weft_auto weft_object *list = LIST(INT(1), INT(2), INT(3));
  weft_auto weft_object *b = list ? weft_bytes_from(list) : NULL;
  weft_auto weft_object *large = b ? weft_bytes_repeat(b, 1000) : NULL;
  weft_auto weft_object *copy = large ? weft_bytearray_from(large) : NULL;
  weft_auto weft_object *sum = copy ? weft_add(b, copy) : NULL;
  weft_auto weft_object *sum_of_bytearray = sum ? weft_add(copy, b) : NULL;
  weft_auto weft_object *zeros = sum_of_bytearray ? weft_bytearray_from(INT(100)) : NULL;
  weft_auto weft_object *hex = zeros ? weft_bytes_from_hex("0102030405060708090a0b") : NULL;
  weft_auto weft_object *text = hex ? weft_repr(hex) : NULL;
  weft_auto weft_object *shown = text ? weft_repr(zeros) : NULL;
  return shown && fallible(weft_bytearray_from_hex("0102"));
}
RuntimeTest(raw_faults, bytes_and_bytearrays_are_made) { cr_assert_geq(fail_everywhere(make_bytes), 18); }

static bool make_arrays(void) {
  weft_auto weft_object *list = LIST(INT(100), INT(200), INT(250));
  weft_auto weft_object *a = list ? weft_array_from('i', list) : NULL;
  weft_auto weft_object *wide = a ? weft_array_from('d', a) : NULL;
  weft_auto weft_object *many = wide ? weft_array_repeat(wide, 100) : NULL;
  weft_auto weft_object *sum = many ? weft_add(many, wide) : NULL;
  weft_auto weft_object *part = sum ? weft_array_slice(sum, 0, 100, 3) : NULL;
  weft_auto weft_object *values = part ? weft_array_to_list(part) : NULL;
  weft_auto weft_object *b = values ? weft_bytes_from(part) : NULL;
  weft_auto weft_object *again = b ? weft_array_from('d', b) : NULL;
  weft_auto weft_object *shown = again ? weft_repr(a) : NULL;
  return shown && weft_compare(again, part, WEFT_EQ) == 1;
}
RuntimeTest(raw_faults, arrays_are_made) { cr_assert_geq(fail_everywhere(make_arrays), 40); }

/* --- Changing: of each operation, the container before and after --- */

static weft_object *changed; /* what the scenario works on, made anew each time */
static weft_object *few;     /* a bytes of three */

static uint8_t before[256];
static size_t size_before;

static void remember(void) {
  weft_view view;
  if (weft_view_open(&view, changed) < 0) abort();
  size_before = view.size;
  memcpy(before, view.data, view.size);
  weft_view_close(&view);
}
static bool is_unaltered(void) {
  weft_view view;
  if (weft_view_open(&view, changed) < 0) abort();
  bool same = view.size == size_before && memcmp(before, view.data, view.size) == 0;
  weft_view_close(&view);
  return same;
}

static void make_one(bool array) {
  weft_auto weft_object *initial = weft_bytes_new("0123456789abcdef", 16);
  changed = array ? weft_array_from('h', initial) : weft_bytearray_from(initial);
  remember();
}

/* A change either succeeds or has not happened. */
static void check_changes(size_t n, bool (*const *changes)(void), bool array) {
  few = BYTES("xyz");
  for (size_t i = 0; i < n; i++) {
    for (uint64_t nth = 1;; nth++) {
      make_one(array);
      weft_heap_fail_nth(nth);
      bool done = changes[i]();
      uint64_t requests = weft_heap_fail_nth(0);
      if (!done) cr_assert(raised(&weft_MemoryError) && is_unaltered(), "change %zu, request %d", i, (int)nth);
      if (done) cr_assert_null(weft_error_borrow());
      weft_clear(&changed);
      if (requests < nth) {
        cr_assert(done, "change %zu", i);
        break;
      }
    }
  }
  weft_clear(&few);
}

static bool append(void) { return weft_bytearray_append(changed, INT(1)) == 0; }
static bool insert(void) { return weft_bytearray_insert(changed, 3, INT(1)) == 0; }
static bool extend(void) { return weft_bytearray_extend(changed, few) == 0; }
static bool extend_by_itself(void) { return weft_bytearray_extend(changed, changed) == 0; }
static bool extend_by_iterator(void) {
  weft_auto weft_object *iterator = weft_iter(few);
  return iterator && weft_bytearray_extend(changed, iterator) == 0;
}
static bool set_slice(void) { return weft_bytearray_set_slice(changed, 2, 3, 1, few) == 0; }
static bool set_steps(void) { return weft_bytearray_set_slice(changed, 0, 6, 2, few) == 0; }
static bool delete_steps(void) { return weft_bytearray_set_slice(changed, 0, 16, 2, NULL) == 0; }
static bool delete_slice(void) { return weft_bytearray_set_slice(changed, 4, 16, 1, NULL) == 0; }
static bool repeat(void) { return weft_bytearray_repeat_in_place(changed, 50) == 0; }
static bool add_in_place(void) { return fallible(weft_in_place_add(changed, few)); }
static bool multiply_in_place(void) { return fallible(weft_in_place_multiply(changed, INT(50))); }
static bool resize(void) { return weft_bytearray_resize(changed, 1000) == 0; }
static bool pop(void) { return weft_bytearray_pop(changed, 5) != NULL; }
static bool clear(void) { return weft_bytearray_clear(changed) == 0; }

RuntimeTest(raw_faults, a_bytearray_is_unaltered_by_a_failure) {
  bool (*const changes[])(void) = {append,    insert,    extend,       extend_by_itself, extend_by_iterator,
                                   set_slice, set_steps, delete_steps, delete_slice,     repeat,
                                   resize,    pop,       clear,        add_in_place,     multiply_in_place};
  check_changes(sizeof changes / sizeof *changes, changes, false);
}

static bool array_append(void) { return weft_array_append(changed, INT(1)) == 0; }
static bool array_pop(void) { return fallible(weft_array_pop(changed, 2)); }
static bool array_extend(void) { return weft_array_extend(changed, few) == 0; }
static bool array_extend_by_itself(void) { return weft_array_extend(changed, changed) == 0; }
static bool array_set_slice(void) { return weft_array_set_slice(changed, 1, 2, 1, changed) == 0; }
static bool array_repeat(void) { return weft_array_repeat_in_place(changed, 50) == 0; }
static bool array_add_in_place(void) { return fallible(weft_in_place_add(changed, changed)); }
static bool array_remove(void) {
  weft_auto weft_object *value = weft_array_get(changed, 3);
  return value && weft_array_remove(changed, value) == 0;
}

RuntimeTest(raw_faults, an_array_is_unaltered_by_a_failure) {
  bool (*const changes[])(void) = {array_append,           array_pop,          array_extend,
                                   array_extend_by_itself, array_set_slice,    array_repeat,
                                   multiply_in_place,      array_add_in_place, array_remove};
  check_changes(sizeof changes / sizeof *changes, changes, true);
}

/* --- Searching and text --- */

static bool search(void) {
  weft_auto weft_object *b = BYTEARRAY("one,two,,three ");
  weft_auto weft_object *comma = b ? BYTEARRAY(",") : NULL;
  if (!comma) return false;
  if (weft_bytes_find(b, comma, 0, INT64_MAX) < -1 || weft_bytes_count(b, comma, 0, INT64_MAX) < 0) return false;
  if (weft_bytes_contains(b, comma) < 0 || weft_bytes_ends_with(b, comma) < 0) return false;
  weft_auto weft_object *parts = weft_bytes_split(b, comma, -1);
  weft_auto weft_object *words = parts ? weft_bytes_split(b, NULL, -1) : NULL;
  weft_auto weft_object *joined = words ? weft_bytes_join(comma, parts) : NULL;
  weft_auto weft_object *replaced = joined ? weft_bytes_replace(b, comma, b, -1) : NULL;
  weft_auto weft_object *stripped = replaced ? weft_bytes_strip(b, comma, WEFT_BOTH) : NULL;
  weft_auto weft_object *hex = stripped ? weft_bytes_hex(b) : NULL;
  weft_auto weft_object *text = hex ? weft_bytes_decode(b) : NULL;
  if (!text) return false;
  int equal_after_all = weft_compare(joined, b, WEFT_EQ);
  if (equal_after_all < 0) return false;
  cr_assert_eq(equal_after_all, 1);
  return true;
}
RuntimeTest(raw_faults, searching_splitting_and_joining) { cr_assert_geq(fail_everywhere(search), 40); }

static bool look_in_array(void) {
  weft_auto weft_object *value = FLOAT(2.5);
  weft_auto weft_object *list = value ? LIST(weft_new_ref(value)) : NULL;
  weft_auto weft_object *a = list ? weft_array_from('d', list) : NULL;
  weft_auto weft_object *iterator = a ? weft_iter(a) : NULL;
  weft_auto weft_object *item = iterator ? weft_next(iterator) : NULL;
  return item && weft_array_contains(a, WEFT_NONE) == 0 && weft_array_index(a, item, 0, 1) == 0;
}
RuntimeTest(raw_faults, looking_into_an_array) { cr_assert_geq(fail_everywhere(look_in_array), 6); }
