/* SPDX-License-Identifier: MIT */
/* Two kinds of threads that disturb each other: attributes, attribute dicts, types, cells, texts. */
#include "races_support.h"

RuntimeSuite(races);

static const weft_type *open_type(void) {
  return weft_type_new(&(weft_type_spec){.name = "open", .flags = WEFT_TYPE_DICT});
}

static int64_t number_of(weft_object *o, weft_object *name) {
  weft_auto weft_object *value = weft_getattr(o, name);
  return value ? weft_int_value(value) : -1;
}

/* --- Attributes of many instances, by many threads --- */

enum { ATTRIBUTES = 10, INSTANCES = 100 };
static weft_object *names[ATTRIBUTES];
static weft_object *instances[INSTANCES];
static uint32_t next_thread; /* atomic */

static void step_sets_an_attribute_of_all(void *unused) {
  (void)unused;
  uint32_t number = weft__add_acq_rel(&next_thread, 1u);
  for (int i = 0; i < INSTANCES; i++) cr_expect_eq(weft_setattr(instances[i], names[number], INT((int64_t)number)), 0);
}

/* What `make` gives gets ten attributes by ten threads. */
static void create_attributes(weft_object *(*make)(const weft_type *type)) {
  const weft_type *type = open_type();
  for (int i = 0; i < ATTRIBUTES; i++) {
    char name[] = {'a', (char)('0' + i), 0};
    names[i] = STR(name);
  }
  for (int i = 0; i < INSTANCES; i++) instances[i] = make(type);
  in_new_threads(ATTRIBUTES, step_sets_an_attribute_of_all, NULL);
  for (int i = 0; i < INSTANCES; i++) {
    weft_auto weft_object *dict = weft_instance_dict(instances[i]);
    cr_assert_eq(weft_dict_length(dict), ATTRIBUTES);
    for (int a = 0; a < ATTRIBUTES; a++) cr_assert_eq(number_of(instances[i], names[a]), a);
    weft_decref(instances[i]);
  }
  for (int i = 0; i < ATTRIBUTES; i++) weft_decref(names[i]);
}

/* Its shape has no names in common with what is set. */
static weft_object *make_with_dict(const weft_type *type) {
  weft_object *o = weft_instance_new(type);
  weft_decref(weft_instance_dict(o));
  return o;
}
static weft_object *make_with_replaced_dict(const weft_type *type) {
  weft_object *o = weft_instance_new(type);
  weft_auto weft_object *dict = weft_dict_new(), *another = weft_dict_new();
  cr_assert(weft_setattr(o, names[0], INT(7)) == 0 && weft_instance_set_dict(o, dict) == 0);
  cr_assert(!weft_getattr(o, names[0]) && raised(&weft_AttributeError));
  cr_assert_eq(weft_instance_set_dict(o, another), 0);
  return o;
}

RuntimeTest(races, FTD_002_ten_threads_set_attributes_in_ordinary_dicts) { create_attributes(make_with_dict); }
RuntimeTest(races, FTD_003_ten_threads_set_attributes_after_the_dict_was_replaced) {
  create_attributes(make_with_replaced_dict);
}
RuntimeTest(races, ten_threads_set_attributes_of_fresh_instances) { create_attributes(weft_instance_new); }

/* --- Attribute dicts that are replaced --- */

static weft_object *holder, *name_of_probe;

static void step_replaces_dicts(void *unused) {
  (void)unused;
  for (int64_t i = 0, n = times(1000); i < n; i++) {
    weft_auto weft_object *dict = weft_dict_new(), *probe = probe_new();
    cr_expect(weft_dict_set(dict, name_of_probe, probe) == 0 && weft_instance_set_dict(holder, dict) == 0);
  }
}

RuntimeTest(races, FTD_005_every_replaced_attribute_dict_dies) {
  weft_auto weft_object *empty = weft_dict_new();
  name_of_probe = STR("probe");
  holder = weft_instance_new(open_type());
  in_new_threads(10, step_replaces_dicts, NULL);
  cr_assert_eq(weft_instance_set_dict(holder, empty), 0);
  weft_synchronize();
  weft_poll();
  cr_assert_eq(freed(), 10 * times(1000));
  weft_decref(holder);
  weft_decref(name_of_probe);
}

/* --- Cells, truth --- */

static weft_object *cells[2];

static void write_cell(uint32_t number, void *unused) {
  (void)number, (void)unused;
  for (int64_t i = 0, n = times(3000); i < n; i++) {
    weft_auto weft_object *value = i % 5 ? INT(1000 + i) : NULL;
    weft_cell_set(cells[i % 2], value);
  }
}
static void read_cells(void *unused) {
  (void)unused;
  cr_expect_geq(weft_compare(cells[0], cells[1], WEFT_EQ), 0);
  cr_expect_geq(weft_compare(cells[0], cells[1], WEFT_LT), 0);
  weft_auto weft_object *text = weft_repr(cells[0]);
  cr_expect(text && strstr(weft_str_utf8(text, NULL), "<cell at"));
}

RuntimeTest(races, FTR_002_cells_are_compared_while_they_are_set) {
  cells[0] = weft_cell_new(NULL);
  cells[1] = weft_cell_new(INT(1));
  race(1, write_cell, 2, read_cells, NULL);
  weft_decref(cells[0]);
  weft_decref(cells[1]);
}

RuntimeTest(races, cells_compare_by_what_they_hold) {
  weft_auto weft_object *empty = weft_cell_new(NULL), *also = weft_cell_new(NULL), *one = weft_cell_new(INT(1));
  weft_auto weft_object *float_one = FLOAT(1.0), *uno = weft_cell_new(float_one), *two = weft_cell_new(INT(2));
  cr_assert(equal(empty, also) && equal(one, uno) && !equal(one, two) && !equal(empty, one));
  cr_assert(weft_compare(empty, one, WEFT_LT) == 1 && weft_compare(two, one, WEFT_GT) == 1);
  int64_t hash;
  cr_assert(weft_hash(one, &hash) == -1 && raised(&weft_TypeError));
}

static int is_never_true(weft_object *self) {
  (void)self;
  return 0;
}
static const weft_type *false_type;

static void write_variable(uint32_t number, void *cell) {
  (void)number;
  for (int64_t i = 0, n = times(3000); i < n; i++) {
    weft_auto weft_object *value = i % 2 ? weft_list_new() : weft_object_new(false_type, 0);
    weft_cell_set(cell, value);
  }
}
static void read_truth(void *cell) {
  weft_auto weft_object *value = weft_cell_get(cell);
  cr_expect(value && weft_is_true(value) == 0);
}

RuntimeTest(races, FTR_004_the_truth_of_a_variable_that_changes_its_type) {
  false_type = weft_type_new(&(weft_type_spec){.name = "false", .is_true = is_never_true});
  weft_auto weft_object *list = weft_list_new(), *cell = weft_cell_new(list);
  race(1, write_variable, 2, read_truth, cell);
}

/* --- Types that change --- */

struct shadow {
  const weft_type *type;
  weft_object *name, *instance;
};

static void write_shadows(uint32_t number, void *shadow_) {
  struct shadow *s = shadow_;
  for (int64_t i = 0, n = times(300); i < n; i++) {
    weft_auto weft_object *value = INT(-1000 - i);
    cr_expect_eq(weft_type_set(s->type, s->name, value), 0);
    if (number == 0) weft_type_set(s->type, s->name, NULL);
    weft_error_clear();
  }
}
static void read_own(void *shadow_) {
  struct shadow *s = shadow_;
  cr_expect_eq(number_of(s->instance, s->name), 7);
  cr_expect_eq(weft_setattr(s->instance, s->name, INT(7)), 0);
}

static void race_of_shadows(const weft_type *type, int64_t others) {
  weft_auto weft_object *name = STR("name"), *instance = weft_instance_new(type);
  for (int64_t i = 0; i < others; i++) {
    weft_auto weft_object *other = weft_str_format("other%d", (int)i);
    cr_assert_eq(weft_setattr(instance, other, INT(1)), 0);
  }
  cr_assert_eq(weft_setattr(instance, name, INT(7)), 0);
  struct shadow s = {type, name, instance};
  race(1, write_shadows, 2, read_own, &s);
}

RuntimeTest(races, FTR_005_a_slot_is_stored_to_while_the_type_gets_and_loses_its_name) {
  race_of_shadows(
      weft_type_new(&(weft_type_spec){.name = "slotted", .slot_names = (const char *const[]){"name", NULL}}), 0);
}
RuntimeTest(races, FTR_006_an_own_attribute_is_read_while_the_type_gets_and_loses_its_name) {
  race_of_shadows(open_type(), 0);
}
RuntimeTest(races, FTR_007_one_of_thirty_own_attributes_is_read_while_the_type_gets_and_loses_its_name) {
  race_of_shadows(open_type(), 30);
}

static void write_increments(uint32_t number, void *shadow_) {
  (void)number;
  struct shadow *s = shadow_;
  for (int64_t i = 1, n = times(500); i <= n; i++) {
    weft_auto weft_object *value = INT(i);
    cr_expect_eq(weft_type_set(s->type, s->name, value), 0);
  }
}
/* Of the type first, then of the instance: what is read later is not older. */
static void read_both(void *shadow_) {
  struct shadow *s = shadow_;
  weft_auto weft_object *of_type = weft_type_get(s->type, s->name);
  cr_expect_geq(number_of(s->instance, s->name), weft_int_value(of_type));
}

static void race_of_versions(const weft_type *type, const weft_type *derived) {
  weft_auto weft_object *name = STR("version"), *instance = weft_instance_new(derived);
  cr_assert_eq(weft_type_set(type, name, INT(0)), 0);
  struct shadow s = {type, name, instance};
  race(1, write_increments, 2, read_both, &s);
  cr_assert_eq(weft_type_set(type, name, NULL), 0);
}

RuntimeTest(races, FTY_002_an_attribute_of_a_type_is_never_seen_older_than_its_table) {
  const weft_type *type = open_type();
  race_of_versions(type, type);
}
RuntimeTest(races, FTY_003_nor_is_one_of_a_base_type) {
  const weft_type *base = weft_type_new(&(weft_type_spec){.name = "base", .flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE});
  race_of_versions(base, weft_type_new(&(weft_type_spec){.name = "derived", .base = base}));
}

/* --- Texts --- */

static void write_replaces_letters(uint32_t number, void *list) {
  for (int64_t i = 0, n = times(3000); i < n; i++) {
    char letter[] = {(char)('a' + (i + number) % 26), 0};
    weft_auto weft_object *text = STR(letter);
    weft_list_set(list, i % 50, text);
  }
}
static void read_joined(void *list) {
  weft_auto weft_object *none = STR(""), *all = weft_str_join(none, list);
  cr_expect(all && weft_length(all) == 50);
}

RuntimeTest(races, FTU_002_strs_are_joined_while_they_are_replaced) {
  weft_auto weft_object *x = STR("x"), *one = LIST(weft_new_ref(x)), *list = weft_list_repeat(one, 50);
  race(1, write_replaces_letters, 10, read_joined, list);
}

enum { TEXTS = 50, INTERNERS = 5 };
static weft_object *interned[INTERNERS][TEXTS];

static void step_interns(void *unused) {
  (void)unused;
  uint32_t number = weft__add_acq_rel(&next_thread, 1u);
  for (int i = 0; i < TEXTS; i++) {
    char text[20];
    snprintf(text, sizeof text, "interned %d", (i + 7 * (int)number) % TEXTS);
    interned[number][(i + 7 * (int)number) % TEXTS] = weft_str_intern(text);
    snprintf(text, sizeof text, "of %d: %d", (int)(number + 1) % INTERNERS, i);
    cr_expect_not_null(weft_str_intern(text));
    snprintf(text, sizeof text, "of %d: %d", (int)number, i);
    cr_expect_not_null(weft_str_intern(text));
  }
}

RuntimeTest(races, FTU_003_equal_texts_that_threads_intern_are_one_object) {
  in_new_threads(INTERNERS, step_interns, NULL);
  for (int i = 0; i < TEXTS; i++) {
    cr_assert(weft_is_immortal(interned[0][i]));
    for (int t = 1; t < INTERNERS; t++) cr_assert_eq(interned[t][i], interned[0][i]);
  }
}
