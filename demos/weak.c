/* SPDX-License-Identifier: MIT */
/*
 * Weak references: holding without owning. A cache whose entries go with their objects, a registry that keeps nobody
 * alive, a child that knows its parent, clean-up when an object dies.
 */
#include "demos/weak.h"

#include <stdlib.h>

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 100 };

const weft_type *thing_type;
int calls;

weft_object *thing_new(void) { return weft_instance_new(thing_type); }

void set_attribute(weft_object *o, const char *name, weft_object *value) {
  if (weft_setattr_text(o, name, value) < 0) abort();
}

weft_object *named_new(const char *name) {
  weft_object *o = thing_new();
  weft_auto weft_object *text = weft_str_new(name);
  set_attribute(o, "name", text);
  return o;
}

weft_object *weak_to(weft_object *o, weft_object *callback) {
  weft_object *ref = weft_weakref_new(o, callback);
  if (!ref) abort();
  return ref;
}

bool leads_to(weft_object *ref, weft_object *o) {
  weft_auto weft_object *found = weft_weakref_get(ref);
  return found == (o ? o : WEFT_NONE);
}

weft_object *function_of(weft_c_function body) { return weft_function_new("callback", body, 0, NULL); }

weft_object *count_call(weft_object *self, weft_object *const *args, size_t n) {
  (void)self, (void)args, (void)n;
  calls++;
  return WEFT_NONE;
}

int main(void) {
  if (!demo_begin("weak references", TIME_LIMIT_S)) return 1;
  weft_gc_disable(); /* collections only where they are shown */
  thing_type = weft_type_new(&(weft_type_spec){.name = "Thing", .flags = WEFT_TYPE_DICT});
  if (!thing_type) return 1;
  show_references();
  show_caches();
  show_owners();
  show_finalizers();
  return demo_end();
}
