/* SPDX-License-Identifier: MIT */
/* Instances with an attribute dict and with fixed slots. */
#include <stdio.h>

#include "demos/sizes.h"

enum { MANY = 1000000, FEWER = 100000 };

static const char *const person_slots[] = {"name", "age", NULL};

const weft_type *person_type(void) {
  static const weft_type *type;
  if (!type) type = weft_type_new(&(weft_type_spec){.name = "PersonNoSlots", .flags = WEFT_TYPE_DICT});
  return type;
}

const weft_type *slots_person_type(void) {
  static const weft_type *type;
  if (!type)
    type = weft_type_new(
        &(weft_type_spec){.name = "PersonWithSlots", .slot_names = person_slots, .flags = WEFT_TYPE_BASE});
  return type;
}

weft_object *person_new(const weft_type *type, weft_object *name, weft_object *age) {
  weft_object *o = weft_instance_new(type);
  bool slots = type == slots_person_type();
  int failed = !o      ? -1
               : slots ? weft_slot_set(o, 0, name) | weft_slot_set(o, 1, age)
                       : weft_setattr(o, weft_str_intern("name"), name) | weft_setattr(o, weft_str_intern("age"), age);
  if (failed && o) weft_clear(&o);
  return o;
}

/* --- SZ-22, SLOT-01 --- */

static void show_one(void) {
  weft_auto weft_object *name = weft_str_new("Max");
  weft_auto weft_object *age = weft_int_new(30);
  weft_auto weft_object *p1 = person_new(person_type(), name, age);
  weft_auto weft_object *p2 = person_new(slots_person_type(), name, age);
  int64_t instance = weft_sizeof(p1), slots = weft_sizeof(p2);
  size_t blocks = live_blocks();
  weft_auto weft_object *dict = weft_instance_dict(p1);
  size_t more = live_blocks() - blocks;
  int64_t of_dict = weft_sizeof(dict);
  tap_say("bytes                    CPython 3.14   here");
  tap_say("an instance                        48  %5d   here with its values; there they are 40 more, uncounted",
          (int)instance);
  tap_say("its __dict__                296 or 88  %5d   made only when it is asked for: %zu blocks more", (int)of_dict,
          more);
  tap_say("an instance with slots             48  %5d", (int)slots);
  weft_auto weft_object *again = weft_instance_dict(p1);
  tap_check(more == 2 && again == dict && weft_sizeof(p1) == instance && of_dict > instance, "SZ-22",
            "an instance's size is without its dict, which is an object of its own");
  tap_check(100 * slots <= 40 * (instance + of_dict), "SLOT-01", "slots take %.0f %% of an instance and its dict",
            100.0 * (double)slots / (double)(instance + of_dict));
}

/* --- SLOT-02 to 04: many --- */

static weft_object *group[MANY];

/* Bytes that `n` persons take; names are shared, or each its own. They stay in the group. 0: out of memory. */
static size_t bytes_of_group(const weft_type *type, int n, bool own_dict, bool own_names) {
  weft_auto weft_object *shared = weft_str_new("Max");
  size_t before = bytes_in_use();
  for (int i = 0; i < n; i++) {
    weft_auto weft_object *name = own_names ? weft_str_format("Person%d", i) : weft_new_ref(shared);
    weft_auto weft_object *age = weft_int_new(own_names ? i : 30);
    group[i] = person_new(type, name, age);
    if (!group[i]) return 0;
    if (own_dict) weft_decref(weft_instance_dict(group[i]));
  }
  return bytes_in_use() - before;
}

static void drop_group(int n) {
  for (int i = 0; i < n; i++) weft_clear(&group[i]);
}

static double bytes_each(const weft_type *type, bool own_dict) {
  size_t bytes = bytes_of_group(type, MANY, own_dict, false);
  drop_group(MANY);
  return (double)bytes / MANY;
}

/* Bytes that each of many persons takes more once it is given an attribute that no person had when it was made. */
static double bytes_of_late_attribute(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "PersonChanging", .flags = WEFT_TYPE_DICT});
  bytes_of_group(type, FEWER, false, false);
  weft_auto weft_object *value = weft_int_new(1);
  size_t before = bytes_in_use();
  for (int i = 0; i < FEWER; i++) weft_setattr(group[i], weft_str_intern("later"), value);
  size_t after = bytes_in_use();
  drop_group(FEWER);
  return ((double)after - (double)before) / FEWER;
}

static void show_million(void) {
  double slots = bytes_each(slots_person_type(), false), plain = bytes_each(person_type(), false),
         own = bytes_each(person_type(), true);
  tap_say("a million objects, bytes each      document  CPython 3.14   here");
  tap_say("instance with a dict of its own         280           272  %5.0f", own);
  tap_say("instance, its values in it                             88  %5.0f", plain);
  tap_say("instance with slots                      48            48  %5.0f", slots);
  tap_say("document: slots save 80 %%. Here %.0f %% against a dict, %.0f %% against an ordinary instance.",
          100 * (1 - slots / own), 100 * (1 - slots / plain));
  tap_check(slots > 0 && slots <= 0.4 * own && slots <= 0.6 * plain, "SLOT-02",
            "slots take at least 60 %% less than an instance with a dict of its own, 40 %% less than an ordinary one");
  tap_say("What slots save beside ordinary instances: the word that says where the attributes are, and the room for");
  tap_say("two attributes that may come later (without it, the first of those would cost a dict).");
  tap_check(bytes_of_late_attribute() == 0, NULL, "an attribute set later takes no more memory: there is room for it");
}

/* The document measures one group after the other, and the first stays alive. */
static void show_mass(void) {
  size_t alone = bytes_of_group(slots_person_type(), FEWER, false, true);
  drop_group(FEWER);
  size_t without = bytes_of_group(person_type(), FEWER, false, true);
  static weft_object *first[FEWER];
  for (int i = 0; i < FEWER; i++) first[i] = group[i], group[i] = NULL;
  size_t total = bytes_in_use();
  size_t with = bytes_of_group(slots_person_type(), FEWER, false, true);
  bool still_there = bytes_in_use() == total + with && total >= without;
  tap_say("100,000 with names of their own    document     CPython 3.14        here");
  tap_say("without slots                       (saved         17.15 MiB  %6.2f MiB", (double)without / (1 << 20));
  tap_say("with slots                           80 %%)         13.33 MiB  %6.2f MiB", (double)with / (1 << 20));
  tap_check(without > with && with > 0, "SLOT-03",
            "with slots %.1f %% less: the names are most of it (CPython: 22.3 %%)",
            100 * (1 - (double)with / (double)without));
  tap_check(still_there && with == alone, "SLOT-04",
            "the second count starts at 0 while the first group is alive: with and without it, slots take %zu bytes",
            with);
  drop_group(FEWER);
  for (int i = 0; i < FEWER; i++) weft_decref(first[i]);
}

/* --- SLOT-05, 06 --- */

static void show_rules(void) {
  weft_auto weft_object *plain = weft_instance_new(person_type());
  weft_auto weft_object *slots = weft_instance_new(slots_person_type());
  tap_say("with slots: no dict, no other attributes");
  bool good = raises_object(weft_instance_dict(slots), &weft_AttributeError);
  good = raises(weft_setattr_text(slots, "email", WEFT_NONE), &weft_AttributeError) && good;
  good = weft_setattr_text(plain, "email", WEFT_NONE) == 0 && good;
  tap_check(good, "SLOT-05",
            "an instance with slots has no dict and refuses new attributes; one with a dict takes them");
  tap_say("a slot that nothing has been stored in, and a derived type that has a dict again");
  good = raises_object(weft_getattr_text(slots, "name"), &weft_AttributeError);
  const weft_type *derived =
      weft_type_new(&(weft_type_spec){.name = "Derived", .base = slots_person_type(), .flags = WEFT_TYPE_DICT});
  weft_auto weft_object *o = weft_instance_new(derived);
  good = weft_setattr_text(o, "email", WEFT_NONE) == 0 && weft_setattr_text(o, "name", WEFT_NONE) == 0 && good;
  weft_auto weft_object *dict = weft_instance_dict(o);
  good = good && weft_dict_length(dict) == 1;
  tap_check(good, NULL, "an empty slot is an AttributeError; a derived type with a dict keeps the slots apart from it");
  tap_say("That is SLOT-06 as far as it goes without weak references.");
}

void show_instances(void) {
  tap_title("Instances");
  show_one();
  show_million();
  show_mass();
  show_rules();
}
