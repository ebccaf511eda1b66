/* SPDX-License-Identifier: MIT */
/* The parts of the heap demo. */
#ifndef DEMOS_HEAP_H
#define DEMOS_HEAP_H

#include <weft/weft.h>

#include "demos/support/objects.h"

enum { MIB = 1 << 20, ARENA_BYTES = 4 << 20, PAGE_BYTES = 64 << 10 };

weft_heap_stats heap_now(void);
/* What the size class for blocks of `size` bytes holds. */
weft_heap_class class_for(size_t size);

/* A type whose instances are blocks of exactly `size` bytes. NULL: out of memory. */
const weft_type *type_of_size(size_t size);
/* Fills `objects` with instances of such a type. False: out of memory. */
bool make_objects(weft_object **objects, size_t n, size_t size);
void drop_objects(weft_object **objects, size_t n);
/* One object of `size` bytes, header included, all of them touched. NULL with an error. */
weft_object *large_object(size_t size);

/* What the system says of this process, in bytes. */
size_t resident_bytes(void);
size_t virtual_bytes(void);

void show_objects(void);                     /* SZ-01, 02, 05, 06, 18, 23 */
void show_blocks(void);                      /* HEAP-01, 02, 03, 07 */
void show_arenas(const char *map_directory); /* HEAP-04, 05, 08, and a map */
void show_process(void);                     /* HEAP-06, RSS-01 to 05 */
void show_pools(void);                       /* POOL-01 to 05 */

#endif
