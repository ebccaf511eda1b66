/* SPDX-License-Identifier: MIT */
/* Hooks: deepcopy, reduce, state, registered copiers; what they are given, and what they may not return. */
#include "copy_support.h"

RuntimeSuite(copy_hooks);

/* --- deepcopy slots --- */

static weft_object *deep_x(weft_object *self, weft_object *memo) {
  weft_auto weft_object *x = weft_getattr_text(self, "x");
  weft_object *copied = x ? weft_deepcopy(x, memo) : NULL;
  return copied ? with_x(self->type, copied) : NULL;
}

static const weft_type *deep_x_type(void) {
  return weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .deepcopy = deep_x});
}

RuntimeTest(copy_hooks, CP_043_a_hook_passes_the_memo_on) {
  weft_auto weft_object *o = with_x(deep_x_type(), LIST(INT(42))), *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy != o && is_distinct_equal(x_of(copy), x_of(o)));
  weft_auto weft_object *both = LIST(weft_getattr_text(o, "x"), weft_new_ref(o)), *copies = weft_deepcopy(both, NULL);
  cr_assert(copies && x_of(item_of(copies, 1)) == item_of(copies, 0) && item_of(copies, 0) != x_of(o));
}

/* Passes on a memo of its own: a cycle has no end. */
static weft_object *deep_without_memo(weft_object *self, weft_object *memo) {
  (void)memo;
  weft_auto weft_object *x = weft_getattr_text(self, "x");
  weft_object *copied = x ? weft_deepcopy(x, NULL) : NULL;
  return copied ? with_x(self->type, copied) : NULL;
}

RuntimeTest(copy_hooks, a_hook_that_drops_the_memo_ends_in_a_recursion_error) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .deepcopy = deep_without_memo});
  weft_auto weft_object *o = with_x(type, WEFT_NONE);
  weft_setattr_text(o, "x", o);
  cr_assert(!weft_deepcopy(o, NULL) && raised(&weft_RecursionError));
  weft_setattr_text(o, "x", NULL);
}

/* Makes itself known before it copies its parts. */
static weft_object *deep_in_a_cycle(weft_object *self, weft_object *memo) {
  weft_object *copy = weft_instance_new(self->type);
  if (weft_memo_set(memo, self, copy) < 0) weft_clear(&copy);
  weft_auto weft_object *x = copy ? weft_getattr_text(self, "x") : NULL;
  weft_auto weft_object *copied = x ? weft_deepcopy(x, memo) : NULL;
  if (copy && (!copied || weft_setattr_text(copy, "x", copied) < 0)) weft_clear(&copy);
  return copy;
}

RuntimeTest(copy_hooks, a_hook_that_makes_itself_known_may_be_in_a_cycle) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .deepcopy = deep_in_a_cycle});
  for (int in_dict = 0; in_dict < 2; in_dict++) {
    weft_auto weft_object *o = with_x(type, WEFT_NONE), *list = weft_list_of(1, &o);
    weft_auto weft_object *memo = in_dict ? weft_dict_new() : weft_memo_new();
    weft_setattr_text(o, "x", list);
    weft_auto weft_object *copy = weft_deepcopy(list, memo);
    cr_assert(copy && copy != list && item_of(copy, 0) != o && x_of(item_of(copy, 0)) == copy);
    weft_list_clear(list);
    weft_list_clear(copy);
    if (in_dict) weft_dict_clear(memo);
  }
}

static weft_object *silent_null(weft_object *self) {
  (void)self;
  return NULL;
}
static weft_object *silent_null_deep(weft_object *self, weft_object *memo) {
  (void)self, (void)memo;
  return NULL;
}

RuntimeTest(copy_hooks, a_hook_that_says_nothing_is_a_runtime_error) {
  weft_auto weft_object *o = weft_instance_new(weft_type_new(
      &(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .copy = silent_null, .deepcopy = silent_null_deep}));
  weft_auto weft_object *p = weft_instance_new(
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .get_state = silent_null}));
  cr_assert(!weft_copy(o) && raised(&weft_RuntimeError) && !weft_deepcopy(o, NULL) && raised(&weft_RuntimeError));
  cr_assert(!weft_copy(p) && raised(&weft_RuntimeError) && !weft_deepcopy(p, NULL) && raised(&weft_RuntimeError));
}

static int hook_fails_at; /* the call of deep_or_fail that fails, from 1 on */
static weft_object *deep_or_fail(weft_object *self, weft_object *memo) {
  if (--hook_fails_at == 0) return weft_raise(&weft_ValueError, "half-way");
  return deep_x(self, memo);
}

RuntimeTest(copy_hooks, a_hook_that_fails_half_way_leaves_nothing_behind) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .deepcopy = deep_or_fail});
  enum { N = 5 };
  weft_auto weft_object *o = weft_list_new();
  for (int i = 0; i < N; i++) {
    weft_auto weft_object *probe = with_x(type, LIST(LIST(INT(i)))), *outer = TUPLE(LIST(weft_new_ref(probe)), INT(i));
    weft_list_append(o, outer);
  }
  weft_heap_stats before, after;
  weft_heap_get_stats(&before);
  for (int i = 1; i <= N; i++) {
    hook_fails_at = i;
    cr_assert(!weft_deepcopy(o, NULL) && raised(&weft_ValueError));
    weft_heap_get_stats(&after);
    cr_assert_eq(after.blocks, before.blocks, "call %d", i);
  }
}

/* The first object empties the list that is being copied, the copy of that, and goes on. */
static weft_object *to_be_emptied;
static weft_object *deep_and_empty(weft_object *self, weft_object *memo) {
  weft_auto weft_object *copy = NULL;
  weft_memo_find(memo, to_be_emptied, &copy);
  if (copy && weft_list_check(copy)) weft_list_clear(copy);
  if (copy && weft_dict_check(copy)) weft_dict_clear(copy);
  if (weft_list_check(to_be_emptied)) weft_list_clear(to_be_emptied);
  if (weft_dict_check(to_be_emptied)) weft_dict_clear(to_be_emptied);
  return weft_instance_new(self->type);
}

RuntimeTest(copy_hooks, a_hook_may_change_what_is_being_copied_and_its_copy) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .deepcopy = deep_and_empty});
  weft_auto weft_object *list = LIST(weft_instance_new(type), LIST(INT(1)), LIST(INT(2)));
  weft_auto weft_object *dict = DICT(STR("a"), weft_instance_new(type), STR("b"), LIST(INT(2)));
  to_be_emptied = list;
  weft_auto weft_object *copy = weft_deepcopy(list, NULL);
  cr_assert(copy && weft_list_length(list) == 0 && weft_list_length(copy) == 3, "as it was when it was begun");
  to_be_emptied = dict;
  weft_auto weft_object *other = weft_deepcopy(dict, NULL);
  cr_assert(other && weft_dict_length(dict) == 0 && weft_dict_length(other) == 2);
}

/* A hook sees of a copy what is complete: as many items as have been copied before. */
static int64_t seen_items[4];
static size_t times_seen;
static weft_object *deep_and_look(weft_object *self, weft_object *memo) {
  weft_auto weft_object *copy = NULL;
  weft_memo_find(memo, to_be_emptied, &copy);
  seen_items[times_seen++ % 4] = copy ? weft_length(copy) : -1;
  return weft_instance_new(self->type);
}

RuntimeTest(copy_hooks, a_hook_sees_what_is_complete) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .deepcopy = deep_and_look});
  weft_auto weft_object *list = LIST(INT(1), weft_instance_new(type), INT(2), weft_instance_new(type), INT(3));
  weft_auto weft_object *dict = DICT(INT(0), INT(1), INT(1), weft_instance_new(type), INT(2), weft_instance_new(type));
  weft_object *both[] = {list, dict};
  for (int i = 0; i < 2; i++) {
    to_be_emptied = both[i];
    times_seen = 0;
    weft_auto weft_object *copy = weft_deepcopy(both[i], NULL);
    cr_assert(copy && weft_length(copy) == weft_length(both[i]) && times_seen == 2);
    cr_assert(seen_items[0] == 1 && seen_items[1] == (i ? 2 : 3), "%d", i);
  }
}

/* --- reduce slots --- */

static int reduced; /* times that the slot was asked */
static weft_object *reduce_to_str(weft_object *self) {
  (void)self;
  reduced++;
  return STR("C");
}

static weft_object *reduced_to_str(void) {
  reduced = 0;
  return weft_instance_new(
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .reduce = reduce_to_str}));
}

RuntimeTest(copy_hooks, CP_006_a_reduce_slot_that_returns_a_str_means_the_object_itself) {
  weft_auto weft_object *o = reduced_to_str(), *copy = weft_copy(o);
  cr_assert(copy == o && reduced == 1);
}

RuntimeTest(copy_hooks, CP_029_the_same_for_deep_copies) {
  weft_auto weft_object *o = reduced_to_str(), *copy = weft_deepcopy(o, NULL);
  cr_assert(copy == o && reduced == 1);
}

/* (type, (), state?, items?, pairs?): what the object under test wants to be reduced to, beyond the first two. */
static weft_object *further[4];
static size_t further_count;
static weft_object *reduce_to_type(weft_object *self) {
  weft_object *items[6] = {(weft_object *)(uintptr_t)self->type, weft_tuple_pack(0)};
  for (size_t i = 0; i < further_count; i++) items[2 + i] = further[i];
  return weft_tuple_new(2 + further_count, items);
}
static weft_object *reducing(const weft_type *base, int (*set_state)(weft_object *, weft_object *)) {
  further_count = 0;
  return weft_instance_new(weft_type_new(&(weft_type_spec){
      .name = "R", .base = base, .flags = WEFT_TYPE_DICT, .reduce = reduce_to_type, .set_state = set_state}));
}

RuntimeTest(copy_hooks, CP_052_a_constructor_and_arguments) {
  weft_auto weft_object *o = reducing(NULL, NULL), *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
  cr_assert(shallow && deep && shallow != o && deep != o && shallow->type == o->type && deep->type == o->type);
}

RuntimeTest(copy_hooks, CP_053_state_becomes_attributes) {
  weft_auto weft_object *o = reducing(NULL, NULL), *state = DICT(STR("x"), LIST(INT(42)));
  further[0] = state, further_count = 1;
  weft_auto weft_object *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
  cr_assert(shallow && x_of(shallow) == value_of(state, "x") && is_distinct_equal(x_of(deep), value_of(state, "x")));
}

/* The state is a dict with `x`. */
static int set_x(weft_object *self, weft_object *state) {
  weft_auto weft_object *x = weft_dict_get_text(state, "x");
  return x ? weft_setattr_text(self, "x", x) : -1;
}

RuntimeTest(copy_hooks, CP_054_state_is_given_to_set_state) {
  weft_auto weft_object *o = reducing(NULL, set_x), *state = DICT(STR("x"), LIST(INT(42)), STR("other"), INT(1));
  further[0] = state, further_count = 1;
  weft_auto weft_object *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
  cr_assert(shallow && x_of(shallow) == value_of(state, "x") && is_distinct_equal(x_of(deep), value_of(state, "x")));
  cr_assert(!weft_getattr_text(shallow, "other") && raised(&weft_AttributeError));
}

RuntimeTest(copy_hooks, a_state_of_attributes_and_slots) {
  const weft_type *type = slots_type(NULL);
  weft_auto weft_object *list = LIST(INT(1)), *fixed = weft_dict_new();
  weft_dict_set_text(fixed, "x", list);
  const weft_type *both =
      weft_type_new(&(weft_type_spec){.name = "R", .base = type, .flags = WEFT_TYPE_DICT, .reduce = reduce_to_type});
  weft_auto weft_object *o = weft_instance_new(both), *state = TUPLE(DICT(STR("z"), INT(1)), weft_new_ref(fixed));
  further[0] = state, further_count = 1;
  weft_auto weft_object *deep = weft_deepcopy(o, NULL), *z = weft_getattr_text(deep, "z");
  cr_assert(z && is_distinct_equal(x_of(deep), list));
}

RuntimeTest(copy_hooks, CP_055_an_instance_that_is_in_its_own_state) {
  weft_auto weft_object *o = reducing(NULL, NULL), *state = weft_dict_new();
  weft_dict_set_text(state, "x", o);
  further[0] = state, further_count = 1;
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy != o && x_of(copy) == copy);
  weft_setattr_text(copy, "x", NULL);
}

RuntimeTest(copy_hooks, CP_056_items_are_appended) {
  weft_auto weft_object *o = reducing(&weft_list_type, NULL), *items = LIST(LIST(INT(1), INT(2)), INT(3));
  weft_auto weft_object *state = DICT(STR("x"), LIST(INT(42)));
  further[0] = state, further_count = 2;
  for (int deep = 0; deep < 2; deep++) {
    weft_auto weft_object *iterator = further[1] = weft_iter(items);
    weft_auto weft_object *copy = deep ? weft_deepcopy(o, NULL) : weft_copy(o);
    cr_assert(copy && copy->type == o->type && equal(copy, items) && (item_of(copy, 0) == item_of(items, 0)) == !deep);
    cr_assert(iterator && equal(x_of(copy), value_of(state, "x")) && (x_of(copy) == value_of(state, "x")) == !deep);
  }
}

RuntimeTest(copy_hooks, CP_057_pairs_are_set) {
  weft_auto weft_object *o = reducing(&weft_dict_type, NULL),
                        *source = DICT(STR("foo"), LIST(INT(1), INT(2)), STR("bar"), INT(3));
  further[0] = further[1] = WEFT_NONE, further_count = 3;
  for (int deep = 0; deep < 2; deep++) {
    weft_auto weft_object *pairs = further[2] = weft_dict_iter_items(source);
    weft_auto weft_object *copy = deep ? weft_deepcopy(o, NULL) : weft_copy(o);
    cr_assert(pairs && copy && copy->type == o->type && equal(copy, source));
    cr_assert_eq(value_of(copy, "foo") == value_of(source, "foo"), !deep);
  }
}

static void assert_bad_answer(weft_object *o) {
  cr_assert(!weft_copy(o) && raised(&weft_TypeError));
  cr_assert(!weft_deepcopy(o, NULL) && raised(&weft_TypeError));
}

RuntimeTest(copy_hooks, CP_058_six_items) {
  weft_auto weft_object *o = reducing(NULL, NULL), *state = weft_dict_new(), *list = weft_list_new(),
                        *f = weft_list_new();
  further[0] = state, further[1] = list, further[2] = state, further[3] = f, further_count = 4;
  assert_bad_answer(o);
}

RuntimeTest(copy_hooks, CP_059_six_items_of_which_the_last_is_none) {
  weft_auto weft_object *o = reducing(NULL, NULL);
  for (int i = 0; i < 4; i++) further[i] = WEFT_NONE;
  further_count = 4;
  assert_bad_answer(o);
}

static weft_object *answer;
static weft_object *reduce_to_answer(weft_object *self) {
  (void)self;
  return weft_new_ref(answer);
}

RuntimeTest(copy_hooks, what_a_reduce_slot_may_not_return) {
  weft_object *type = (weft_object *)(uintptr_t)&weft_list_type;
  weft_auto weft_object *o = weft_instance_new(
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .reduce = reduce_to_answer}));
  weft_object *bad[] = {INT(1),
                        weft_tuple_pack(0),
                        weft_tuple_pack(1, type),
                        TUPLE(INT(1), weft_tuple_pack(0)),
                        TUPLE(type, weft_list_new()),
                        TUPLE(type, weft_tuple_pack(0), WEFT_NONE, INT(1)),
                        TUPLE(type, weft_tuple_pack(0), WEFT_NONE, WEFT_NONE, LIST(INT(1))),
                        TUPLE(type, TUPLE(INT(1)))};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    answer = bad[i];
    assert_bad_answer(o);
    weft_decref(bad[i]);
  }
  weft_auto weft_object *no_attributes = answer = TUPLE(type, weft_tuple_pack(0), DICT(STR("x"), INT(1)));
  cr_assert(no_attributes && !weft_copy(o) && raised(&weft_AttributeError));
  weft_auto weft_object *no_append = answer =
      TUPLE((weft_object *)(uintptr_t)&weft_dict_type, weft_tuple_pack(0), WEFT_NONE, LIST(INT(1)));
  cr_assert(no_append && !weft_copy(o) && raised(&weft_AttributeError));
}

/* --- State --- */

static weft_object *state_given; /* what the last set_state got, borrowed from the copy's `x` */
static int keep_state(weft_object *self, weft_object *state) {
  state_given = state;
  return weft_setattr_text(self, "x", state);
}

RuntimeTest(copy_hooks, CP_021_set_state_gets_the_attributes) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .set_state = set_x});
  weft_auto weft_object *o = with_x(type, INT(42)), *copy = weft_copy(o);
  cr_assert(copy && copy != o && x_of(copy) == x_of(o));
}

RuntimeTest(copy_hooks, set_state_gets_slots_beside_attributes) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "S",
                                                          .flags = WEFT_TYPE_DICT,
                                                          .slot_names = (const char *const[]){"a", "b", NULL},
                                                          .set_state = keep_state});
  weft_auto weft_object *o = with_x(type, INT(1)), *a = INT(2);
  weft_setattr_text(o, "a", a);
  weft_auto weft_object *copy = weft_copy(o);
  cr_assert(copy && reads(x_of(copy), "({'x': 1}, {'a': 2})"));
}

static weft_object *state_is_x(weft_object *self) { return weft_getattr_text(self, "x"); }

static weft_object *with_state(weft_object *x_steal) {
  return with_x(weft_type_new(&(weft_type_spec){
                    .name = "C", .flags = WEFT_TYPE_DICT, .get_state = state_is_x, .set_state = keep_state}),
                x_steal);
}

RuntimeTest(copy_hooks, CP_022_any_state_is_handed_over) {
  weft_object *states[] = {INT(42), FLOAT(0.0)};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *o = with_state(states[i]);
    state_given = NULL;
    weft_auto weft_object *copy = weft_copy(o);
    cr_assert(copy && copy != o && state_given == states[i] && x_of(copy) == states[i]);
  }
}

RuntimeTest(copy_hooks, CP_049_deep_copies_hand_over_a_copy_of_the_state) {
  weft_object *states[] = {LIST(INT(42)), weft_list_new()};
  for (int i = 0; i < 2; i++) {
    weft_auto weft_object *o = with_state(states[i]), *copy = weft_deepcopy(o, NULL);
    cr_assert(copy && copy != o && is_distinct_equal(x_of(copy), x_of(o)));
  }
}

RuntimeTest(copy_hooks, no_state_is_not_handed_over) {
  weft_auto weft_object *o = with_state(WEFT_NONE);
  state_given = NULL;
  weft_auto weft_object *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
  cr_assert(shallow && deep && !state_given);
}

static int refuse_state(weft_object *self, weft_object *state) {
  (void)self, (void)state;
  weft_raise(&weft_ValueError, "not this state");
  return -1;
}

RuntimeTest(copy_hooks, a_state_that_is_refused) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .set_state = refuse_state});
  weft_auto weft_object *o = with_x(type, LIST(INT(1)));
  cr_assert(!weft_copy(o) && raised(&weft_ValueError) && !weft_deepcopy(o, NULL) && raised(&weft_ValueError));
}

RuntimeTest(copy_hooks, a_state_that_is_no_dict_needs_set_state) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .get_state = state_is_x});
  weft_auto weft_object *o = with_x(type, INT(1));
  cr_assert(!weft_copy(o) && raised(&weft_TypeError) && !weft_deepcopy(o, NULL) && raised(&weft_TypeError));
}

/* A derived container with state hooks keeps its items as well. */
RuntimeTest(copy_hooks, containers_with_state_keep_their_items) {
  weft_auto weft_object *list = LIST(LIST(INT(1))), *dict = DICT(STR("a"), LIST(INT(1)));
  weft_object *all[] = {list, dict};
  for (int i = 0; i < 2; i++) {
    const weft_type *type = weft_type_new(
        &(weft_type_spec){.name = "C", .base = all[i]->type, .flags = WEFT_TYPE_DICT, .set_state = set_x});
    weft_auto weft_object *o = called(type, all[i]), *x = LIST(INT(2));
    weft_setattr_text(o, "x", x);
    weft_auto weft_object *shallow = weft_copy(o), *deep = weft_deepcopy(o, NULL);
    cr_assert(is_distinct_equal(shallow, o) && x_of(shallow) == x, "%d", i);
    cr_assert(is_distinct_equal(deep, o) && is_distinct_equal(x_of(deep), x), "%d", i);
  }
}

/* --- Registered copiers --- */

/* An instance cannot be made without an argument, which becomes `x`. */
static weft_object *make_of_one(const weft_type *type, weft_object *const *args, size_t n) {
  if (n != 1) return weft_raise(&weft_TypeError, "it takes an argument");
  weft_object *o = weft_instance_new(type);
  if (o && weft_setattr_text(o, "x", args[0]) < 0) weft_clear(&o);
  return o;
}
static weft_object *reduce_to_x(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)n;
  weft_auto weft_object *x = weft_getattr_text(args[0], "x"), *arguments = weft_tuple_pack(1, x);
  return weft_tuple_pack(2, args[0]->type, arguments);
}

static weft_object *needs_an_argument(void) {
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT, .make = make_of_one});
  weft_auto weft_object *x = LIST(INT(42));
  return called(type, x);
}

RuntimeTest(copy_hooks, CP_004_a_registered_copier) {
  weft_auto weft_object *o = needs_an_argument(), *reducer = weft_function_new("reduce", reduce_to_x, 0, NULL);
  cr_assert(!weft_copy(o) && raised(&weft_TypeError));
  cr_assert_eq(weft_copy_register(o->type, reducer), 0);
  blocks_left_on_purpose = 2; /* the registry, until the end */
  weft_auto weft_object *copy = weft_copy(o);
  cr_assert(copy && copy != o && copy->type == o->type && x_of(copy) == x_of(o));
  cr_assert(weft_copy_register(o->type, NULL) == 0 && !weft_copy(o) && raised(&weft_TypeError));
  cr_assert(weft_copy_register(o->type, NULL) == 0, "not there is fine");
}

RuntimeTest(copy_hooks, CP_027_a_registered_copier_of_deep_copies) {
  weft_auto weft_object *o = needs_an_argument(), *reducer = weft_function_new("reduce", reduce_to_x, 0, NULL);
  cr_assert(!weft_deepcopy(o, NULL) && raised(&weft_TypeError));
  cr_assert_eq(weft_copy_register(o->type, reducer), 0);
  blocks_left_on_purpose = 2;
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy != o && copy->type == o->type && is_distinct_equal(x_of(copy), x_of(o)));
  cr_assert_eq(weft_copy_register(o->type, NULL), 0);
}

/* A type that is not the user's, of which nobody has said how to copy it. */
RuntimeTest(copy_hooks, a_copier_for_a_foreign_type) {
  weft_auto weft_object *list = weft_list_new(), *iterator = weft_iter(list);
  weft_auto weft_object *reducer = weft_function_new("reduce", reduce_to_x, 0, NULL);
  cr_assert(!weft_copy(iterator) && raised(&weft_TypeError));
  blocks_left_on_purpose = 2;
  cr_assert_eq(weft_copy_register(iterator->type, reducer), 0);
  cr_assert(!weft_copy(iterator) && raised(&weft_TypeError), "it has no attribute");
  weft_copy_register(iterator->type, NULL);
}

static weft_object *make_a_list(const weft_type *type, weft_object *const *args, size_t n) {
  (void)type, (void)args, (void)n;
  return weft_list_new();
}

RuntimeTest(copy_hooks, a_make_slot_that_makes_something_else) {
  const weft_type *base = open_type(NULL);
  const weft_type *type = weft_type_new(&(weft_type_spec){.name = "C", .base = base, .make = make_a_list});
  weft_auto weft_object *o = weft_instance_new(type);
  cr_assert(!weft_copy(o) && raised_with(&weft_TypeError, "make returned") && !weft_deepcopy(o, NULL));
  cr_assert(raised_with(&weft_TypeError, "make returned"));
}

/* A set's and a list's elements are copied by their own hooks. */
RuntimeTest(copy_hooks, SET_019_elements_of_sets_are_copied_by_their_hooks) {
  const weft_type *type = deep_x_type();
  for (int frozen = 0; frozen < 2; frozen++) {
    weft_auto weft_object *element = with_x(type, LIST(INT(1))), *list = weft_list_of(1, &element);
    weft_auto weft_object *set = frozen ? weft_frozenset_from(list) : weft_set_from(list),
                          *copy = weft_deepcopy(set, NULL);
    weft_auto weft_object *elements = copy ? weft_list_from(copy) : NULL;
    cr_assert(elements && weft_list_length(elements) == 1 && copy->type == set->type);
    weft_object *copied = item_of(elements, 0);
    cr_assert(copied != element && copied->type == type && is_distinct_equal(x_of(copied), x_of(element)));
  }
}

RuntimeTest(copy_hooks, hooks_are_inherited) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "C", .flags = WEFT_TYPE_DICT | WEFT_TYPE_BASE, .deepcopy = deep_x});
  weft_auto weft_object *o = with_x(open_type(type), LIST(INT(1))), *other = INT(1);
  weft_setattr_text(o, "other", other);
  weft_auto weft_object *copy = weft_deepcopy(o, NULL);
  cr_assert(copy && copy->type == o->type && !weft_getattr_text(copy, "other") && raised(&weft_AttributeError));
}
