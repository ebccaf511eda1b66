/* SPDX-License-Identifier: MIT */
/* The memo; hooks that use it, or do not; partial copies; what cannot be copied. */
#include <stdio.h>
#include <string.h>

#include "demos/copying.h"

static bool same(weft_object *a, weft_object *b) { return a && weft_is(a, b); }
static bool equal(weft_object *a, weft_object *b) { return a && b && weft_compare(a, b, WEFT_EQ) == 1; }

/* --- CP-23 to 25, 28: the memo --- */

static bool show_sharing(void) {
  weft_auto weft_object *inner = list_of_ints(2, 1, 2);
  weft_auto weft_object *original = weft_list_of(2, (weft_object *[]){inner, inner});
  weft_auto weft_object *copy = weft_deepcopy(original, NULL);
  bool good = answers("copy[0] is copy[1]", same(part(copy, 0), part(copy, 1)), true);
  good = answers("copy[0] is original[0]", same(part(copy, 0), inner), false) && good;
  return tap_check(good, "CP-23", "004: an object that is there twice is copied once");
}

static bool show_cycles(void) {
  weft_auto weft_object *list = list_of_ints(1, 1);
  weft_auto weft_object *dict = dict_of("n", weft_int_new(1));
  weft_auto weft_object *a = weft_list_new();
  weft_auto weft_object *b = weft_list_of(1, &a);
  weft_list_append(list, list);
  weft_dict_set_text(dict, "self", dict);
  weft_list_append(a, b);
  weft_auto weft_object *list2 = weft_deepcopy(list, NULL);
  weft_auto weft_object *dict2 = weft_deepcopy(dict, NULL);
  weft_auto weft_object *a2 = weft_deepcopy(a, NULL);
  weft_auto weft_object *self = weft_dict_get_text(dict2, "self");
  bool good = answers("a list in itself: copy[1] is copy", same(part(list2, 1), list2) && !same(list2, list), true);
  good = answers("a dict in itself: copy['self'] is copy", same(self, dict2) && !same(dict2, dict), true) && good;
  good =
      answers("two lists: copy[0][0] is copy", same(part(part(a2, 0), 0), a2) && !same(part(a2, 0), b), true) && good;
  weft_object *all[] = {list, list2, a, a2};
  for (int i = 0; i < 4; i++) weft_list_clear(all[i]);
  weft_dict_clear(dict);
  weft_dict_clear(dict2);
  return tap_check(good, "CP-24", "004: in copies of cycles, the copy refers to the copy");
}

static bool show_memo_content(void) {
  weft_auto weft_object *original = pair_of_pairs(1, 2, 3, 4);
  weft_auto weft_object *memo = weft_dict_new();
  weft_auto weft_object *copy = weft_deepcopy(original, memo);
  weft_auto weft_object *id = weft_int_new((int64_t)weft_id(original));
  weft_auto weft_object *found = weft_dict_get(memo, id);
  weft_auto weft_object *own = weft_int_new((int64_t)weft_id(memo));
  weft_auto weft_object *kept = weft_dict_get(memo, own);
  bool entries = weft_dict_length(memo) == 4 && same(found, copy);
  bool alive = kept && weft_list_length(kept) == 3 && weft_refcount(original) == 2;
  tap_say("a list of two lists: %d entries; memo[id(memo)] has %d originals", (int)weft_dict_length(memo),
          (int)weft_list_length(kept));
  weft_auto weft_object *preset = weft_memo_new();
  weft_auto weft_object *first = list_of_ints(1, 1);
  weft_auto weft_object *second = list_of_ints(1, 2);
  weft_auto weft_object *both = weft_list_of(2, (weft_object *[]){first, second});
  weft_auto weft_object *replacement = weft_str_new("REPL");
  weft_memo_set(preset, first, replacement);
  weft_auto weft_object *replaced = weft_deepcopy(both, preset);
  bool used = prints("memo[id(x[0])] = 'REPL'; print(copy)", replaced, "['REPL', [2]]");
  return tap_check(entries && alive && used, "CP-25",
                   "004: the memo leads from an id to the copy, keeps the originals alive, and what is in it is used");
}

static bool show_depth(void) {
  enum { LEVELS = 100000 };
  weft_object *deep = weft_list_new();
  for (int i = 1; i < LEVELS; i++) {
    weft_object *outer = weft_list_of(1, &deep);
    weft_decref(deep);
    deep = outer;
  }
  weft_auto weft_object *copy = weft_deepcopy(deep, NULL);
  int levels = copy ? 1 : 0;
  weft_object *inner = copy;
  while (inner && weft_list_length(inner) > 0) {
    inner = part(inner, 0);
    levels++;
  }
  weft_decref(deep);
  return tap_check(levels == LEVELS, "CP-28",
                   "%d nested lists are copied without recursion (in Python 480 are, and 500 a RecursionError)",
                   levels);
}

bool show_memo(void) {
  tap_title("The memo");
  bool good = show_sharing();
  good = show_cycles() && good;
  good = show_memo_content() && good;
  return show_depth() && good;
}

/* --- CP-18 to 22: the documents' Node, with `value` and `children` --- */

static const weft_type *node_type, *trap_type, *early_type, *forgetful_type;

static weft_object *node_new(const weft_type *type, int value, weft_object *children_steal) {
  weft_object *node = weft_instance_new(type);
  set_attribute(node, "value", weft_int_new(value));
  set_attribute(node, "children", children_steal);
  return node;
}

/* Node(value, children), where the constructor has `self.children = children or []`, if `trap`. */
static weft_object *node_like(weft_object *self, weft_object *children_steal, bool trap) {
  weft_object *children = children_steal;
  if (trap && weft_length(children) == 0) {
    weft_decref(children);
    children = weft_list_new();
  }
  weft_object *node = node_new(self->type, 0, children);
  set_attribute(node, "value", weft_getattr_text(self, "value"));
  return node;
}

/* def __copy__(self): return Node(self.value, self.children) */
static weft_object *node_copy(weft_object *self) { return node_like(self, weft_getattr_text(self, "children"), false); }
static weft_object *trap_copy(weft_object *self) { return node_like(self, weft_getattr_text(self, "children"), true); }

/* def __deepcopy__(self, memo): return Node(deepcopy(self.value, memo), deepcopy(self.children, memo)) */
static weft_object *node_deepcopy(weft_object *self, weft_object *memo) {
  weft_object *children = weft_deepcopy(attribute(self, "children"), memo);
  return children ? node_like(self, children, true) : NULL;
}

/* The right way: known to the memo before the children are copied, and the very object that is filled. */
static weft_object *early_deepcopy(weft_object *self, weft_object *memo) {
  weft_object *copy = node_new(self->type, 0, weft_list_new());
  set_attribute(copy, "value", weft_getattr_text(self, "value"));
  weft_object *children = weft_memo_set(memo, self, copy) < 0 ? NULL : weft_deepcopy(attribute(self, "children"), memo);
  if (children)
    set_attribute(copy, "children", children);
  else
    weft_clear(&copy);
  return copy;
}

/* def __deepcopy__(self, memo): return Node(value, deepcopy(children)) */
static weft_object *forgetful_deepcopy(weft_object *self, weft_object *memo) {
  (void)memo;
  weft_object *own = attribute(self, "children"), *children = own ? weft_deepcopy(own, NULL) : NULL;
  return children ? node_new(self->type, 1, children) : NULL;
}

static bool show_copy_hook(void) {
  weft_auto weft_object *child = node_new(node_type, 2, weft_list_new());
  weft_auto weft_object *node = node_new(node_type, 1, weft_list_of(1, &child));
  weft_auto weft_object *copy = weft_copy(node);
  weft_auto weft_object *one = weft_int_new(1);
  bool good = answers("copy is node", same(copy, node), false);
  good =
      answers("copy.children is node.children", same(attribute(copy, "children"), attribute(node, "children")), true) &&
      good;
  good = tap_check(good && equal(attribute(copy, "value"), one), "CP-18", "004: a copy hook that shares the children");
  weft_auto weft_object *leaf = node_new(trap_type, 1, weft_list_new());
  weft_auto weft_object *trapped = weft_copy(leaf);
  weft_auto weft_object *right = node_new(node_type, 1, weft_list_new());
  weft_auto weft_object *fixed = weft_copy(right);
  tap_say("`self.children = children or []` in the constructor replaces an empty list:");
  bool trap = answers("  copy.children is node.children",
                      same(attribute(trapped, "children"), attribute(leaf, "children")), false);
  bool shares = same(attribute(fixed, "children"), attribute(right, "children"));
  tap_say("with `if children is None` it is shared: %s", shares ? "True" : "False");
  return tap_check(trap && shares, "CP-19",
                   "004: with no children the document's hook does not share; the fixed one does") &&
         good;
}

static bool show_deep_hook(void) {
  weft_auto weft_object *child = node_new(node_type, 2, weft_list_new());
  weft_auto weft_object *node = node_new(node_type, 1, weft_list_of(1, &child));
  weft_auto weft_object *copy = weft_deepcopy(node, NULL);
  weft_object *children = attribute(copy, "children"), *copied = part(children, 0);
  bool good = !same(children, attribute(node, "children")) && !same(copied, child) && copied->type == node_type;
  return tap_check(good && equal(attribute(copied, "value"), attribute(child, "value")), "CP-20",
                   "004: a deepcopy hook with the memo: new children, equal values");
}

/* A node that is its own child. */
static weft_object *cyclic(const weft_type *type) {
  weft_object *node = node_new(type, 1, weft_list_new());
  weft_list_append(attribute(node, "children"), node);
  return node;
}

static void untie(weft_object *node) {
  if (node && attribute(node, "children")) weft_list_clear(attribute(node, "children"));
  weft_error_clear();
}

static bool show_cyclic_hook(void) {
  weft_auto weft_object *node = cyclic(trap_type);
  weft_auto weft_object *wrong = weft_deepcopy(node, NULL);
  weft_object *child = part(attribute(wrong, "children"), 0);
  bool lost = answers("document's hook: copy.children[0] is copy", same(child, wrong), false);
  tap_say("  and that child has %d children", (int)weft_length(attribute(child, "children")));
  lost = lost && weft_length(attribute(child, "children")) == 0;
  weft_auto weft_object *other = cyclic(early_type);
  weft_auto weft_object *right = weft_deepcopy(other, NULL);
  bool kept =
      answers("hook that enters itself first: is copy", same(part(attribute(right, "children"), 0), right), true);
  weft_object *all[] = {node, wrong, other, right};
  for (int i = 0; i < 4; i++) untie(all[i]);
  return tap_check(lost && kept, "CP-21",
                   "004: what the memo gets to know too late loses the cycle; entered first, it is kept");
}

static bool show_forgetful_hook(void) {
  weft_auto weft_object *node = cyclic(forgetful_type);
  bool good = raises_object(weft_deepcopy(node, NULL), &weft_RecursionError);
  untie(node);
  return tap_check(good, "CP-22", "004, error 3: a hook that drops the memo ends in an error, not in a crash");
}

/* --- CP-26: a partial copy --- */

/* def __deepcopy__(self, memo): settings are copied, the cache is shared */
static weft_object *config_deepcopy(weft_object *self, weft_object *memo) {
  weft_object *settings = weft_deepcopy(attribute(self, "settings"), memo),
              *copy = settings ? weft_instance_new(self->type) : NULL;
  if (!copy) return NULL;
  set_attribute(copy, "settings", settings);
  set_attribute(copy, "cache", weft_getattr_text(self, "cache"));
  return copy;
}

static bool show_partial(void) {
  const weft_type *type =
      weft_type_new(&(weft_type_spec){.name = "Config", .flags = WEFT_TYPE_DICT, .deepcopy = config_deepcopy});
  weft_auto weft_object *config = weft_instance_new(type);
  set_attribute(config, "settings", dict_of("paths", list_of_ints(2, 1, 2)));
  set_attribute(config, "cache", dict_of("hits", weft_int_new(0)));
  weft_auto weft_object *copy = weft_deepcopy(config, NULL);
  weft_object *mine = attribute(config, "settings"), *its = attribute(copy, "settings");
  weft_auto weft_object *paths = weft_dict_get_text(mine, "paths");
  weft_auto weft_object *its_paths = weft_dict_get_text(its, "paths");
  bool good = equal(its, mine) && !same(its, mine) && !same(its_paths, paths);
  weft_auto weft_object *one = weft_int_new(1);
  weft_dict_set_text(attribute(copy, "cache"), "hits", one);
  good = prints("copy.cache['hits'] = 1; print(config.cache)", attribute(config, "cache"), "{'hits': 1}") && good;
  return tap_check(good && same(attribute(copy, "cache"), attribute(config, "cache")), "CP-26",
                   "004: settings are copied, down to the inner list; the cache is shared");
}

/* --- CP-27: what cannot be copied --- */

static weft_object *return_none(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  return WEFT_NONE;
}

/* Stands for an open file, a lock, a module: C structures that only their maker knows how to copy. */
struct file {
  weft_object header;
  FILE *stream;
};

static bool show_what_cannot(void) {
  const weft_type *file_type = weft_type_new(&(weft_type_spec){.name = "file", .basic_size = sizeof(struct file)});
  weft_auto weft_object *list = list_of_ints(1, 1);
  weft_auto weft_object *dict = dict_of("a", weft_int_new(1));
  weft_auto weft_object *f = weft_function_new("f", return_none, 0, NULL);
  weft_auto weft_object *thread = weft_thread_spawn(f, 0, NULL);
  weft_xdecref(weft_thread_join(thread));
  weft_object *all[] = {
      weft_new_ref(thread),       weft_iter(list),     weft_dict_iter_keys(dict),    weft_dict_view_keys(dict),
      weft_dict_view_items(dict), weft_cell_new(list), weft_object_new(file_type, 0)};
  bool good = true;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    good = raises_object(weft_copy(all[i]), &weft_TypeError) &&
           raises_object(weft_deepcopy(all[i], NULL), &weft_TypeError) && good;
    weft_decref(all[i]);
  }
  weft_auto weft_object *g = weft_deepcopy(f, NULL);
  weft_auto weft_object *class = weft_deepcopy((weft_object *)(uintptr_t)file_type, NULL);
  return tap_check(good && same(g, f) && same(class, (weft_object *)(uintptr_t)file_type), "CP-27",
                   "threads, iterators, views, cells and C structures cannot be copied, of either kind; functions and "
                   "classes come back unchanged");
}

bool show_hooks(void) {
  tap_title("Hooks");
  weft_type_spec node = {.name = "Node", .flags = WEFT_TYPE_DICT, .copy = node_copy, .deepcopy = node_deepcopy};
  node_type = weft_type_new(&node);
  node.copy = trap_copy;
  trap_type = weft_type_new(&node);
  node.deepcopy = early_deepcopy;
  early_type = weft_type_new(&node);
  node.deepcopy = forgetful_deepcopy;
  forgetful_type = weft_type_new(&node);
  if (!node_type || !trap_type || !early_type || !forgetful_type) return tap_check(false, "CP-18", "out of memory");
  bool good = show_copy_hook();
  good = show_deep_hook() && good;
  good = show_cyclic_hook() && good;
  good = show_forgetful_hook() && good;
  good = show_partial() && good;
  return show_what_cannot() && good;
}
