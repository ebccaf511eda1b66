/* SPDX-License-Identifier: MIT */
/*
 * How garbage is found: which objects are looked at; counts less the references among them; and a second pass, which
 * the document leaves out. The same by hand, through what the collector lets one see, then by the collector, with a
 * picture of before and after.
 */
#include <inttypes.h>
#include <stdio.h>

#include "demos/gc.h"

/* --- GC-27 --- */

struct kind {
  const char *name;
  weft_object *object;
  bool python;
};

static weft_object *return_none(weft_object *function, weft_object *const *args, size_t n) {
  (void)function, (void)args, (void)n;
  return WEFT_NONE;
}

static weft_object *yield_nothing(weft_object *generator, weft_object *sent) {
  (void)generator, (void)sent;
  return NULL;
}

static weft_object *pair_of(weft_object *a_steal, weft_object *b_steal) {
  weft_object *pair = weft_tuple_pack(2, a_steal, b_steal);
  weft_decref(a_steal);
  weft_decref(b_steal);
  return pair;
}

static void show_kinds(void) {
  weft_auto weft_object *empty = weft_list_new();
  const struct kind kinds[] = {{"list", weft_list_new(), true},
                               {"dict", weft_dict_new(), true},
                               {"set", weft_set_new(), true},
                               {"frozenset", weft_frozenset_from(empty), true},
                               {"instance", node_new("n"), true},
                               {"function", weft_function_new("f", return_none, 0, NULL), true},
                               {"class", weft_new_ref((weft_object *)(uintptr_t)node_type), true},
                               {"generator", weft_generator_new("g", yield_nothing, 0, NULL, 0, NULL), true},
                               {"iterator", weft_iter(empty), true},
                               {"tuple of lists", pair_of(weft_list_new(), weft_list_new()), true},
                               {"tuple of atoms", pair_of(weft_int_new(1000), weft_str_new("a")), false},
                               {"()", weft_tuple_new(0, NULL), false},
                               {"int", weft_int_new(1000), false},
                               {"str", weft_str_new("a"), false},
                               {"float", weft_float_new(1), false},
                               {"None", WEFT_NONE, false},
                               {"bytes", weft_bytes_new("a", 1), false},
                               {"bytearray", weft_bytearray_new("a", 1), false},
                               {"range", weft_range_new(0, 3, 1), false}};
  bool good = true;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    good = answers(kinds[i].name, weft_gc_is_tracked(kinds[i].object) == 1, kinds[i].python) && good;
    weft_decref(kinds[i].object);
  }
  tap_check(good, "GC-27", "004: only containers are examined, %zu kinds", sizeof kinds / sizeof *kinds);
}

/* --- GC-28, FU-05 --- */

enum { A, B, C, D, E, OBJECTS };
static const char *const names[OBJECTS] = {"a", "b", "c", "d", "e"};

/* Borrowed: the graph's objects hold each other, and `held` holds a. NULL: dead. */
struct shape {
  weft_object *object[OBJECTS];
  int64_t internal[OBJECTS]; /* references that the objects hold */
  bool refers[OBJECTS][OBJECTS], kept[OBJECTS];
};

static int index_of(const struct shape *s, const weft_object *o) {
  for (int i = 0; i < OBJECTS; i++)
    if (s->object[i] == o) return i;
  return -1;
}

static void look(struct shape *s) {
  for (int i = 0; i < OBJECTS; i++) s->internal[i] = 0, s->kept[i] = false;
  for (int i = 0; i < OBJECTS; i++) {
    weft_auto weft_object *referents = s->object[i] ? weft_gc_get_referents(1, &s->object[i]) : weft_list_new();
    for (int64_t j = 0; j < weft_list_length(referents); j++) {
      weft_auto weft_object *referent = weft_list_get(referents, j);
      int to = index_of(s, referent);
      if (to >= 0) s->refers[i][to] = true, s->internal[to]++;
    }
  }
}

static int64_t difference(const struct shape *s, int i) { return weft_refcount(s->object[i]) - s->internal[i]; }

static void keep(struct shape *s, int i) {
  if (s->kept[i]) return;
  s->kept[i] = true;
  for (int to = 0; to < OBJECTS; to++)
    if (s->refers[i][to]) keep(s, to);
}

/* --- The picture --- */

static void draw_objects(FILE *f, const struct shape *s, const char *when, const char *label) {
  fprintf(f, "  subgraph cluster_%s {\n    label=\"%s\"; style=rounded; color=gray;\n", when, label);
  for (int i = 0; i < OBJECTS; i++) {
    if (s->object[i])
      fprintf(f, "    %s_%s [label=\"%s\\ncount %" PRId64 " - %" PRId64 " = %" PRId64 "\", fillcolor=\"%s\"];\n", when,
              names[i], names[i], weft_refcount(s->object[i]), s->internal[i], difference(s, i),
              s->kept[i] ? "palegreen" : "lightsalmon");
    else
      fprintf(f, "    %s_%s [label=\"%s\\nfreed\", style=dashed, color=gray, fontcolor=gray];\n", when, names[i],
              names[i]);
  }
  for (int i = 0; i < OBJECTS; i++) {
    if (s->object[i] && difference(s, i) > 0)
      fprintf(f, "    %s_name_%s [label=\"the name %s\", shape=plaintext, style=\"\"];\n    %s_name_%s -> %s_%s;\n",
              when, names[i], names[i], when, names[i], when, names[i]);
    for (int to = 0; to < OBJECTS; to++)
      if (s->refers[i][to]) fprintf(f, "    %s_%s -> %s_%s;\n", when, names[i], when, names[to]);
  }
  fprintf(f, "  }\n");
}

static FILE *picture_open(const char *directory, char *path, size_t size) {
  snprintf(path, size, "%s/gc-%s.dot", directory, weft_mode());
  FILE *f = fopen(path, "w");
  if (f)
    fprintf(f,
            "digraph collection {\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n"
            "  fontname=\"sans-serif\";\n");
  return f;
}

static bool picture_close(FILE *f) {
  fprintf(f, "}\n");
  bool written = !ferror(f);
  return fclose(f) == 0 && written;
}

/* --- The two passes --- */

/* a, which is held, refers to b; b and c to each other; d and e to each other. Returns a, new. */
static weft_object *build(struct shape *s) {
  for (int i = 0; i < OBJECTS; i++) s->object[i] = node_new(names[i]);
  refer(s->object[A], s->object[B]);
  refer(s->object[B], s->object[C]);
  refer(s->object[C], s->object[B]);
  refer(s->object[D], s->object[E]);
  refer(s->object[E], s->object[D]);
  for (int i = B; i < OBJECTS; i++) weft_decref(s->object[i]);
  return s->object[A];
}

/* True if the differences are those that CPython has. */
static bool first_pass(struct shape *s) {
  static const int64_t python[OBJECTS] = {1, 0, 0, 0, 0};
  bool good = true;
  look(s);
  tap_say("a is held, a -> b, b <-> c, d <-> e; first pass:  count  internal  difference");
  for (int i = 0; i < OBJECTS; i++) {
    tap_say("%50s %5" PRId64 " %9" PRId64 " %11" PRId64, names[i], weft_refcount(s->object[i]), s->internal[i],
            difference(s, i));
    good = good && difference(s, i) == python[i];
  }
  return good;
}

/* True if the second pass keeps a, b and c. */
static bool second_pass(struct shape *s) {
  for (int i = 0; i < OBJECTS; i++)
    if (difference(s, i) > 0) keep(s, i);
  for (int i = 0; i < OBJECTS; i++)
    tap_say("second pass, what can be reached from a difference above 0: %s %s", names[i],
            s->kept[i] ? "survives" : "is unreachable");
  return s->kept[A] && s->kept[B] && s->kept[C] && !s->kept[D] && !s->kept[E];
}

static bool is_named(weft_object *node, const char *name) {
  weft_auto weft_object *its_name = weft_getattr_text(node, "name"), *wanted = weft_str_new(name);
  return its_name && weft_compare(its_name, wanted, WEFT_EQ) == 1;
}

void show_algorithm(const char *pictures) {
  tap_title("How it finds them");
  show_kinds();
  struct shape s = {0};
  char path[512];
  weft_auto weft_object *held = build(&s);
  bool first = first_pass(&s), second = second_pass(&s);
  FILE *picture = pictures ? picture_open(pictures, path, sizeof path) : NULL;
  if (picture) draw_objects(picture, &s, "before", "before gc.collect(): red is unreachable");
  int64_t collected = collect(), alive = nodes_alive();
  s = (struct shape){.object = {s.object[A], s.object[B], s.object[C]}};
  look(&s);
  for (int i = A; i <= C; i++) keep(&s, i);
  if (picture) draw_objects(picture, &s, "after", "after");
  bool right = collected == 2 && alive == 3 && s.refers[A][B] && s.refers[B][C] && s.refers[C][B];
  for (int i = A; i <= C; i++) right = is_named(s.object[i], names[i]) && right;
  tap_say("gc.collect() finds %" PRId64 ", d and e; a, b and c are as they were", collected);
  tap_say("The document stops after the first pass: \"difference 0: unreachable\". b and c would be lost.");
  tap_check(first && second && right, "GC-28", "004: counts less internal references, then what the others reach");
  weft_clear(&held);
  drop_cycles(1);
  tap_check(first && second && right && collect() == 4, "FU-05",
            "004: cycles are handled by the collector: b, c and another one");
  if (pictures) tap_check(picture && picture_close(picture), NULL, "a picture of it, for Graphviz: %s", path);
}
