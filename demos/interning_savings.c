/* SPDX-License-Identifier: MIT */
/* What interning saves: memory, and the comparison of texts. */
#include <stdio.h>

#include "demos/interning.h"
#include "demos/support/timing.h"

enum { MILLION = 1000000, FEWER = 100000 };
static const char common[] = "common_key";

/* A list of `n` strs with the same text: each a new one, or the interned one. Returns new. */
static weft_object *many(int n, bool interned) {
  weft_object *list = weft_list_new();
  for (int i = 0; list && i < n; i++) {
    weft_auto weft_object *own = weft_str_new(common);
    weft_object *kept = interned ? weft_str_intern_object(own) : own;
    if (!kept || weft_list_append(list, kept) < 0) weft_clear(&list);
  }
  return list;
}

/* --- INT-17 --- */

static void show_without(void) {
  weft_auto weft_object *one = weft_str_new(common);
  int64_t size = weft_sizeof(one);
  weft_auto weft_object *repeated_list = weft_list_new();
  for (int i = 0; i < MILLION; i++) weft_list_append(repeated_list, one);
  int64_t of_document = distinct(repeated_list);
  size_t blocks = live_blocks(), bytes = bytes_in_use();
  weft_auto weft_object *list = many(MILLION, false);
  if (!list) {
    tap_check(false, "INT-17", "out of memory");
    return;
  }
  blocks = live_blocks() - blocks;
  bytes = bytes_in_use() - bytes - (size_t)weft_sizeof(list);
  tap_say("004: strings = [\"common_key\"] * 1000000; the sum of their sizes: 51,000,000 bytes \"without interning\"");
  tap_say("That is %d object, counted a million times. A million objects, made one by one: %zu blocks,",
          (int)of_document, blocks);
  tap_say("%d x %d = %d bytes; taken from the heap: %zu", MILLION, (int)size, (int)size * MILLION, bytes);
  /* The list and its items are two blocks. */
  tap_check(of_document == 1 && blocks == MILLION + 2 && bytes >= (size_t)size * MILLION, "INT-17",
            "without interning a million equal strs are a million objects");
}

/* --- INT-18 --- */

static size_t bytes_of_many(bool interned) {
  size_t before = bytes_in_use();
  weft_auto weft_object *list = many(FEWER, interned);
  return list ? bytes_in_use() - before : 0;
}

static void show_with(void) {
  weft_auto weft_object *list = many(MILLION, true);
  int64_t objects = distinct(list);
  weft_auto weft_object *shorter = many(FEWER, true);
  size_t array = (size_t)weft_sizeof(shorter);
  weft_clear(&shorter);
  size_t with = bytes_of_many(true), without = bytes_of_many(false);
  tap_say("100,000 in a list       CPython 3.14       here");
  tap_say("interned                     800,984  %9zu bytes, of which the list %zu", with, array);
  tap_say("not                        5,904,400  %9zu", without);
  tap_check(objects == 1 && with >= array && with <= array + 64 && without > 5 * with, "INT-18",
            "with interning a million are %d object, and the list is all there is to pay", (int)objects);
}

/* --- INT-20, 21 --- */

enum { LENGTH = 1000, ROUNDS = 200000 };

/* Two long equal texts, and a dict with the first as key. */
struct texts {
  weft_object *text, *same, *copy, *dict;
};

/* The pointer is opaque to the compiler, or nothing would be left to measure. */
#define OPAQUE(pointer) __asm__ volatile("" : "+r"(pointer) : : "memory")

static bool compare_is(void *arg) {
  const struct texts *t = arg;
  bool good = true;
  for (int i = 0; i < ROUNDS; i++) {
    weft_object *other = t->same;
    OPAQUE(other);
    good = weft_is(t->text, other) && good;
  }
  return good;
}
static bool compare_equal(void *arg) {
  const struct texts *t = arg;
  bool good = true;
  for (int i = 0; i < ROUNDS; i++) {
    weft_object *other = t->copy;
    OPAQUE(other);
    good = weft_compare(t->text, other, WEFT_EQ) == 1 && good;
  }
  return good;
}

static bool look_up(weft_object *dict, weft_object *key) {
  bool good = true;
  for (int i = 0; i < ROUNDS; i++) {
    OPAQUE(key);
    good = weft_dict_contains(dict, key) == 1 && good;
  }
  return good;
}
static bool look_up_same(void *arg) { return look_up(((struct texts *)arg)->dict, ((struct texts *)arg)->text); }
static bool look_up_copy(void *arg) { return look_up(((struct texts *)arg)->dict, ((struct texts *)arg)->copy); }

static double ns(double seconds) { return seconds * 1e9 / ROUNDS; }

static void show_speed(void) {
  weft_auto weft_object *text = repeated("x", LENGTH);
  weft_auto weft_object *copy = repeated("x", LENGTH);
  weft_auto weft_object *dict = weft_dict_new();
  int64_t hash, hash_of_copy;
  bool good = weft_hash(text, &hash) == 0 && weft_hash(copy, &hash_of_copy) == 0 && hash == hash_of_copy &&
              !weft_is(text, copy) && weft_dict_set(dict, text, WEFT_NONE) == 0;
  struct texts t = {text, text, copy, dict};
  struct comparison identity = {.base = compare_equal, .other = compare_is, .arg = &t, .high = 0.9};
  struct comparison lookup = {.base = look_up_copy, .other = look_up_same, .arg = &t, .high = 0.95};
  struct outcome of_identity = timing_compare(&identity), of_lookup = timing_compare(&lookup);
  tap_say("two equal texts of %d characters: is %.1f ns, == %.1f ns (CPython 3.14: 7.2 and 18.6)", LENGTH,
          ns(of_identity.other_s), ns(of_identity.base_s));
  tap_say("look-up by the key's own object %.1f ns, by an equal one %.1f ns (12.7 and 28.6)", ns(of_lookup.other_s),
          ns(of_lookup.base_s));
  timing_report("INT-20", "004: equality of equal texts, then identity", &identity, &of_identity);
  timing_report("INT-21", "004: looking up an equal key, then the key itself", &lookup, &of_lookup);
  tap_check(good, NULL, "both texts are equal, have the same hash, and are two objects");
}

void show_savings(void) {
  tap_title("What interning saves");
  show_without();
  show_with();
  show_speed();
}
