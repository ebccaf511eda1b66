/* SPDX-License-Identifier: MIT */
/*
 * The private heap: where objects live, how their memory is shared out, when it goes back to the system.
 *
 * The documents (numbers 000, 001, 002 and 004 of the seeds) describe CPython's heap: arenas, pools, size classes of 16
 * bytes up to 512. Weft's has arenas, pages, and classes of 8 bytes up to 64 and 16 beyond. Figures of Weft's own are
 * printed beside the document's; what is checked is that the document's statement holds.
 */
#include "demos/heap.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demos/support/demo.h"

enum { TIME_LIMIT_S = 100 };

/* --- Figures --- */

weft_heap_stats heap_now(void) {
  weft_heap_stats stats = {0};
  weft_heap_get_stats(&stats);
  return stats;
}

weft_heap_class class_for(size_t size) {
  weft_heap_class classes[64];
  int n = weft_heap_get_classes(classes, 64);
  int i = 0;
  while (i < n - 1 && classes[i].block_size < size) i++;
  return classes[i];
}

/* Pages, the second field: resident. */
static size_t statm(int field) {
  unsigned long pages[2] = {0};
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f) return 0;
  int n = fscanf(f, "%lu %lu", &pages[0], &pages[1]);
  fclose(f);
  return n == 2 ? pages[field] * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

size_t virtual_bytes(void) { return statm(0); }
size_t resident_bytes(void) { return statm(1); }

/* --- Objects --- */

const weft_type *type_of_size(size_t size) {
  return weft_type_new(&(weft_type_spec){.name = "block", .basic_size = size});
}

bool make_objects(weft_object **objects, size_t n, size_t size) {
  const weft_type *type = type_of_size(size);
  for (size_t i = 0; i < n; i++)
    if (!type || !(objects[i] = weft_object_new(type, 0))) return false;
  return true;
}

void drop_objects(weft_object **objects, size_t n) {
  for (size_t i = 0; i < n; i++) weft_clear(&objects[i]);
}

struct bytes {
  weft_object header;
  size_t size;
};

static void bytes_dealloc(weft_object *self) { weft_object_free(self, ((struct bytes *)self)->size); }

weft_object *large_object(size_t size) {
  static const weft_type *type;
  if (!type)
    type = weft_type_new(&(weft_type_spec){
        .name = "bytes", .basic_size = sizeof(struct bytes), .item_size = 1, .dealloc = bytes_dealloc});
  weft_object *o = type && size > sizeof(struct bytes) ? weft_object_new(type, size - sizeof(struct bytes)) : NULL;
  if (o) ((struct bytes *)o)->size = size - sizeof(struct bytes);
  return o;
}

int main(int argc, char **argv) {
  if (!demo_begin("the private heap", TIME_LIMIT_S)) return 1;
  show_objects();
  show_blocks();
  show_arenas(argc > 1 ? argv[1] : NULL);
  show_process();
  show_pools();
  return demo_end();
}
