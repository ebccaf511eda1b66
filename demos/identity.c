/* SPDX-License-Identifier: MIT */
/*
 * Identity: names are references to objects; some objects can change, and then every name shows it.
 *
 * The documents (numbers 000, 002 and 004 of the seeds) show this with Python's variables, `is`, `==` and `id()`. Here
 * a name is a C variable that holds a reference, or a key of a namespace; `is` is weft_is, `==` weft_compare, `id()`
 * weft_id, and `x += y` is weft_in_place_add, whose result the name is bound to.
 */
#include "demos/identity.h"

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 60 };

/* --- ID-46 --- */

static bool bullet(const char *text, const char *rows, bool shown_above) {
  tap_say("%s %s (%s)", shown_above ? "✓" : "✗", text, rows);
  return shown_above;
}

static void summarise(bool names, bool mutability, bool is, bool equality) {
  tap_title("Summary of documents 000 and 002");
  bool good = bullet("Variables are names, no containers", "ID-01 to 09, 34, 35", names);
  good = bullet("Assignment makes references, no copies", "ID-03, 37, 39", names) && good;
  good = bullet("Mutable objects can be changed through any reference", "ID-13 to 15, 24 to 26", mutability) && good;
  good = bullet("Immutable objects are safe from that", "ID-10 to 12, 18 to 23, 32, 33", mutability) && good;
  good = bullet("`is` tests identity, == equality", "ID-06, 36, 40 to 45", is && equality) && good;
  tap_check(good, "ID-46", "each line of the summary is what the checks above have shown");
}

int main(void) {
  if (!demo_begin("identity", TIME_LIMIT_S)) return 1;
  bool names = show_names();
  bool mutability = show_mutability();
  bool is = show_is();
  bool equality = show_equality();
  equality = show_singleton() && equality;
  summarise(names, mutability, is, equality);
  return demo_end();
}
