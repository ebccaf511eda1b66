/* SPDX-License-Identifier: MIT */
/* Copies without memory: see faults_support.h. */
#include "copy_support.h"

RuntimeSuite(copy_faults);

static weft_object *original; /* made once, copied in each run */
static const weft_type *type;

static bool copy_shallow(void) { return fallible(weft_copy(original)); }
static bool copy_deep(void) { return fallible(weft_deepcopy(original, NULL)); }
static bool copy_deep_with_a_dict(void) {
  weft_auto weft_object *memo = weft_dict_new();
  return memo && fallible(weft_deepcopy(original, memo));
}

static void copy_everywhere(weft_object *o_steal) {
  original = o_steal;
  weft_auto weft_object *before = weft_repr(original);
  uint64_t shallow = fail_everywhere(copy_shallow), deep = fail_everywhere(copy_deep);
  uint64_t in_dict = fail_everywhere(copy_deep_with_a_dict);
  cr_assert(deep >= 1 && in_dict > deep && shallow <= deep + 1, "%d, %d, %d", (int)shallow, (int)deep, (int)in_dict);
  weft_auto weft_object *after = weft_repr(original);
  cr_assert(equal(before, after));
  weft_clear(&original);
}

RuntimeTest(copy_faults, lists_and_tuples) {
  copy_everywhere(LIST(INT(1), LIST(INT(2), LIST(INT(3))), TUPLE(LIST(INT(4)), INT(5)), TUPLE(INT(6))));
  weft_object *deep = weft_list_new();
  for (int i = 0; i < 20; i++) deep = i % 2 ? LIST(deep) : TUPLE(deep, INT(i));
  copy_everywhere(LIST(deep));
}

RuntimeTest(copy_faults, dicts_and_sets) {
  weft_auto weft_object *keys = LIST(INT(1), STR("a"), TUPLE(INT(2)));
  copy_everywhere(DICT(STR("a"), LIST(INT(1)), STR("b"), DICT(INT(1), INT(2))));
  copy_everywhere(LIST(weft_set_from(keys), weft_frozenset_from(keys), DICT(TUPLE(INT(1)), LIST(INT(2)))));
}

RuntimeTest(copy_faults, bytearrays_arrays_and_errors) {
  weft_auto weft_object *items = LIST(INT(1), INT(2));
  weft_raise(&weft_ValueError, "a message");
  copy_everywhere(LIST(weft_bytearray_new("abc", 3), weft_array_from('q', items), weft_error_take()));
}

RuntimeTest(copy_faults, instances) {
  type = open_type(NULL);
  weft_object *turned = with_x(type, LIST(INT(2)));
  weft_auto weft_object *dict = weft_instance_dict(turned);
  cr_assert_not_null(dict);
  copy_everywhere(with_x(type, LIST(INT(1))));
  copy_everywhere(LIST(with_x(slots_type(NULL), LIST(INT(1))), turned));
}

RuntimeTest(copy_faults, derived_containers) {
  weft_auto weft_object *list = LIST(LIST(INT(1)), INT(2)), *dict = DICT(STR("a"), LIST(INT(1)));
  weft_auto weft_object *keys = LIST(INT(1), INT(2)), *set = weft_set_from(keys), *frozen = weft_frozenset_from(keys);
  weft_auto weft_object *bytes = weft_bytearray_new("ab", 2);
  weft_object *all[] = {list, dict, set, frozen, bytes};
  for (int i = 0; i < 5; i++) {
    weft_auto weft_object *o = called(open_type(all[i]->type), all[i]), *x = LIST(INT(1));
    weft_setattr_text(o, "x", x);
    copy_everywhere(LIST(weft_new_ref(o)));
  }
  const weft_type *tuple = weft_type_new(&(weft_type_spec){.name = "T", .base = &weft_tuple_type});
  copy_everywhere(LIST(called(tuple, list)));
}

/* (type, (), a dict, a list, None) */
static weft_object *reduce_to_everything(weft_object *self) {
  weft_auto weft_object *state = weft_dict_new(), *items = weft_list_new(), *one = INT(1000),
                        *empty = weft_tuple_pack(0);
  if (!state || !items || !one || weft_dict_set_text(state, "x", items) < 0 || weft_list_append(items, one) < 0)
    return NULL;
  return weft_tuple_pack(5, self->type, empty, state, items, WEFT_NONE);
}
static weft_object *state_is_list(weft_object *self) {
  (void)self;
  weft_auto weft_object *one = INT(1000);
  return one ? weft_list_of(1, &one) : NULL;
}
static int set_state_to_x(weft_object *self, weft_object *state) { return weft_setattr_text(self, "x", state); }

RuntimeTest(copy_faults, hooks) {
  type = weft_type_new(
      &(weft_type_spec){.name = "C", .base = &weft_list_type, .flags = WEFT_TYPE_DICT, .reduce = reduce_to_everything});
  copy_everywhere(LIST(weft_instance_new(type)));
  type = weft_type_new(
      &(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .get_state = state_is_list, .set_state = set_state_to_x});
  copy_everywhere(LIST(weft_instance_new(type)));
  type = weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .set_state = set_state_to_x});
  copy_everywhere(LIST(weft_instance_new(type)));
}

static bool replace_x(void) {
  weft_auto weft_object *changes = weft_dict_new();
  if (!changes || weft_dict_set_text(changes, "x", WEFT_TRUE) < 0) return false;
  return fallible(weft_replace(original, changes));
}

RuntimeTest(copy_faults, replacing) {
  original =
      with_x(weft_type_new(&(weft_type_spec){
                 .name = "C", .slot_names = (const char *const[]){"x", "y", NULL}, .replace = weft_replace_attributes}),
             INT(1));
  fail_everywhere(replace_x);
  weft_clear(&original);
}

static weft_object *reducer;
static bool register_copier(void) { return weft_copy_register(type, reducer) == 0; }

static weft_object *return_str(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return STR("itself");
}

RuntimeTest(copy_faults, registering) {
  reducer = weft_function_new("reduce", return_str, 0, NULL);
  type = open_type(NULL);
  for (uint64_t n = 1; n < 100; n++) {
    weft_heap_fail_nth(n);
    bool done = register_copier();
    uint64_t requests = weft_heap_fail_nth(0);
    cr_assert(done ? !weft_error_borrow() : raised(&weft_MemoryError), "request %d", (int)n);
    if (requests < n) break;
  }
  original = weft_instance_new(type);
  weft_auto weft_object *copy = weft_copy(original);
  cr_assert_eq(copy, original);
  cr_assert_eq(weft_copy_register(type, NULL), 0);
  blocks_left_on_purpose = 2; /* the registry */
  weft_clear(&original);
  weft_clear(&reducer);
}

static bool use_a_memo(void) {
  weft_auto weft_object *memo = weft_memo_new(), *o = memo ? weft_list_new() : NULL;
  for (int i = 0; o && i < 40; i++) {
    weft_auto weft_object *key = weft_list_new();
    if (!key || weft_memo_set(memo, key, o) < 0) return false;
  }
  return o != NULL;
}

RuntimeTest(copy_faults, memos) { fail_everywhere(use_a_memo); }
