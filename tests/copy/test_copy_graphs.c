/* SPDX-License-Identifier: MIT */
/*
 * Deep copies of random graphs: of lists, dicts, sets, tuples, frozensets and instances that refer to each other in any
 * way, cycles included. A copy must have the same shape: walking both side by side, each original always meets the same
 * copy and each copy the same original; what can change is another object, what cannot is the same one if nothing in it
 * can; and the original is afterwards what it was.
 */
#include "copy_support.h"

RuntimeSuite(copy_graphs);

enum { NODES = 60, MOST_CHILDREN = 8, ROUNDS = SANITIZED ? 40 : 200 };

static uint64_t chance;
static size_t pick(size_t n) {
  chance ^= chance << 13;
  chance ^= chance >> 7;
  chance ^= chance << 17;
  return (size_t)((chance >> 11) % n);
}

/* --- Building --- */

static const weft_type *open_node, *slots_node; /* their attribute `x` is a list of what they refer to */
static weft_object *nodes[NODES];
static size_t node_count;

static weft_object *any_child(void) {
  switch (pick(8)) {
    case 0: return INT((int64_t)pick(1000));
    case 1: return STR("text");
    case 2: return weft_new_ref(WEFT_NONE);
    default: return node_count ? weft_new_ref(nodes[pick(node_count)]) : FLOAT(0.5);
  }
}

static weft_object *some_children(void) {
  weft_object *list = weft_list_new();
  for (size_t n = pick(MOST_CHILDREN); n > 0; n--) {
    weft_auto weft_object *child = any_child();
    weft_list_append(list, child);
  }
  return list;
}

/* Instances only: they are hashable, whatever they refer to. */
static weft_object *some_instances(void) {
  weft_object *list = weft_list_new();
  for (size_t n = pick(MOST_CHILDREN); n > 0; n--) {
    weft_object *o = node_count ? nodes[pick(node_count)] : WEFT_NONE;
    if (o->type == open_node || o->type == slots_node) weft_list_append(list, o);
  }
  return list;
}

static weft_object *new_node(void) {
  weft_auto weft_object *list = some_children(), *instances = some_instances();
  switch (pick(7)) {
    case 0: return weft_new_ref(list);
    case 1: return weft_dict_from_keys(instances, list);
    case 2: return weft_set_from(instances);
    case 3: return weft_tuple_from(list);
    case 4: return weft_frozenset_from(instances);
    case 5: return with_x(slots_node, weft_new_ref(list));
    default: return with_x(open_node, weft_new_ref(list));
  }
}

/* Later nodes refer to earlier ones; this makes earlier ones refer to later ones. */
static void add_back_edge(void) {
  weft_object *from = nodes[pick(node_count)];
  weft_auto weft_object *child = any_child(), *key = INT((int64_t)pick(5));
  if (weft_list_check(from)) weft_list_append(from, child);
  if (weft_dict_check(from)) weft_dict_set(from, key, child);
  if (weft_set_check(from) && (child->type == open_node || child->type == slots_node)) weft_set_add(from, child);
  if (from->type == open_node || from->type == slots_node) {
    weft_auto weft_object *x = weft_getattr_text(from, "x");
    weft_list_append(x, child);
    weft_setattr_text(from, pick(2) || from->type == slots_node ? "y" : "z", child);
  }
}

static weft_object *graph_new(void) {
  node_count = 0;
  for (size_t n = 1 + pick(NODES); node_count < n;) {
    nodes[node_count] = new_node();
    cr_assert_not_null(nodes[node_count]);
    node_count++;
  }
  for (size_t i = 0; i < node_count; i++) add_back_edge();
  return weft_list_of(node_count, nodes);
}

/* Empties what can be emptied, so that nothing needs to be collected. */
static void tear_apart(weft_object *o) {
  if (weft_list_check(o)) weft_list_clear(o);
  if (weft_dict_check(o)) weft_dict_clear(o);
  if (weft_set_check(o)) weft_set_clear(o);
  for (const char *name = "xyz"; (o->type == open_node || o->type == slots_node) && *name; name++) {
    if (weft_setattr_text(o, (char[]){*name, 0}, NULL) < 0) weft_error_clear();
  }
}

/* --- Comparing --- */

struct walk {
  weft_object *original[8 * NODES], *copy[8 * NODES];
  size_t count;
};

static bool is_immutable(const weft_object *o) {
  return !(weft_list_check(o) || weft_dict_check(o) || weft_set_check(o) || o->type == open_node ||
           o->type == slots_node);
}
static bool has_children(const weft_object *o) {
  return !is_immutable(o) || weft_tuple_check(o) || weft_frozenset_check(o);
}

/* What `o` refers to, in an order that the copy has too: of sets, that in which their members have been met. */
static weft_object *children_of(weft_object *o) {
  if (weft_list_check(o) || weft_tuple_check(o)) return weft_list_from(o);
  weft_object *children = weft_list_new();
  for (const char *name = "xyz"; (o->type == open_node || o->type == slots_node) && *name; name++) {
    weft_auto weft_object *value = weft_getattr_text(o, (char[]){*name, 0});
    weft_list_append(children, value ? value : WEFT_NONE);
    weft_error_clear();
  }
  if (weft_dict_check(o)) {
    weft_auto weft_object *keys = weft_dict_keys(o), *values = weft_dict_values(o);
    weft_list_extend(children, keys);
    weft_list_extend(children, values);
  }
  return children;
}

static int64_t position(weft_object *const *all, size_t n, const weft_object *o) {
  for (size_t i = 0; i < n; i++)
    if (all[i] == o) return (int64_t)i;
  return -1;
}

/* Meets a pair: true if it fits what has been met before. */
static bool meet(struct walk *w, weft_object *original, weft_object *copy) {
  if (original->type != copy->type) return false;
  if (!has_children(original)) return original == copy;
  if (!is_immutable(original) && original == copy) return false;
  int64_t i = position(w->original, w->count, original), j = position(w->copy, w->count, copy);
  if (i >= 0 || j >= 0) return i == j;
  cr_assert_lt(w->count, 8 * NODES);
  w->original[w->count] = original;
  w->copy[w->count++] = copy;
  return true;
}

/* Members of sets have been met as nodes of the graph, each of which is in its list. */
static bool same_members(struct walk *w, weft_object *original, weft_object *copy) {
  weft_auto weft_object *members = weft_list_from(original);
  bool same = weft_set_length(original) == weft_set_length(copy);
  for (int64_t i = 0; same && i < weft_list_length(members); i++) {
    int64_t at = position(w->original, w->count, item_of(members, i));
    same = at >= 0 && weft_set_contains(copy, w->copy[at]) == 1;
  }
  return same;
}

static bool is_isomorphic(weft_object *original, weft_object *copy) {
  static struct walk w;
  w.count = 0;
  bool same = meet(&w, original, copy);
  for (size_t i = 0; same && i < w.count; i++) {
    weft_auto weft_object *a = children_of(w.original[i]), *b = children_of(w.copy[i]);
    same = weft_list_length(a) == weft_list_length(b);
    for (int64_t k = 0; same && k < weft_list_length(a); k++) same = meet(&w, item_of(a, k), item_of(b, k));
  }
  for (size_t i = 0; same && i < w.count; i++)
    if (weft_any_set_check(w.original[i])) same = same_members(&w, w.original[i], w.copy[i]);
  return same;
}

/* All references in the graph, one after the other. */
static weft_object *fingerprint(weft_object *graph) {
  weft_object *print = weft_list_new();
  for (int64_t i = 0; i < weft_list_length(graph); i++) {
    weft_auto weft_object *children =
        has_children(item_of(graph, i)) ? children_of(item_of(graph, i)) : weft_list_new();
    weft_list_append(print, item_of(graph, i));
    for (int64_t k = 0; k < weft_list_length(children); k++) {
      weft_auto weft_object *id = INT((int64_t)weft_id(item_of(children, k)));
      weft_list_append(print, id);
    }
  }
  return print;
}

static bool is_same_print(weft_object *a, weft_object *b) {
  bool same = weft_list_length(a) == weft_list_length(b);
  for (int64_t i = 0; same && i < weft_list_length(a); i++)
    same = item_of(a, i) == item_of(b, i) ||
           (weft_int_check(item_of(a, i)) && weft_int_check(item_of(b, i)) && equal(item_of(a, i), item_of(b, i)));
  return same;
}

RuntimeTest(copy_graphs, deep_copies_of_random_graphs_are_isomorphic_and_disjoint) {
  open_node = open_type(NULL);
  slots_node = slots_type(NULL);
  for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
    chance = seed * UINT64_C(0x9e3779b97f4a7c15);
    weft_object *graph = graph_new();
    weft_auto weft_object *before = fingerprint(graph), *memo = seed % 3 == 0 ? weft_dict_new() : NULL;
    weft_object *copy = weft_deepcopy(graph, memo);
    cr_assert_not_null(copy);
    weft_auto weft_object *after = fingerprint(graph);
    cr_assert(is_same_print(before, after), "seed %d: the original has changed", (int)seed);
    cr_assert(is_isomorphic(graph, copy), "seed %d", (int)seed);
    if (memo) weft_dict_clear(memo);
    weft_list_clear(before);
    weft_list_clear(after);
    for (size_t i = 0; i < node_count; i++) {
      tear_apart(item_of(copy, (int64_t)i));
      tear_apart(nodes[i]);
      weft_decref(nodes[i]);
    }
    weft_decref(graph);
    weft_decref(copy);
  }
}
