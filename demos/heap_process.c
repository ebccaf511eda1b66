/* SPDX-License-Identifier: MIT */
/* The heap as the system sees it: resident memory, what comes back, and limits. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demos/heap.h"

static double mib(size_t bytes) { return (double)bytes / MIB; }
static size_t heap_bytes(void) {
  weft_heap_stats s = heap_now();
  return s.block_bytes + s.large_bytes;
}

/* --- HEAP-06 --- */

static void show_large(void) {
  size_t size = 200u * MIB, arenas = heap_now().arenas, before = resident_bytes();
  weft_object *bytes = large_object(size);
  size_t during = resident_bytes(), arenas_during = heap_now().arenas;
  weft_xdecref(bytes);
  size_t after = resident_bytes();
  tap_say("resident: %.1f MiB, with an object of 200 MiB %.1f, without it %.1f", mib(before), mib(during), mib(after));
  tap_check(bytes && arenas_during == arenas && during >= before + size - MIB && after <= before + MIB, "HEAP-06",
            "a large object bypasses the arenas, and its memory goes back at once");
}

/* --- RSS-01, RSS-03 --- */

enum { OBJECTS = 1000000, KEPT = 1000, STEPS = 4 };
static weft_object *objects[OBJECTS];

struct moment {
  size_t heap, resident, arenas;
};

static struct moment look(const char *when) {
  struct moment m = {heap_bytes(), resident_bytes(), heap_now().arenas};
  tap_say("%-34s heap %6.1f MiB   resident %6.1f MiB   arenas %3zu", when, mib(m.heap), mib(m.resident), m.arenas);
  return m;
}

/* All but every thousandth. */
static void drop_most(void) {
  for (int i = 0; i < OBJECTS; i++)
    if (i % KEPT) weft_clear(&objects[i]);
}

static void drop_rest(void) {
  for (int i = 0; i < OBJECTS; i += KEPT) weft_clear(&objects[i]);
}

static void show_curves(void) {
  bool more = true, made = true;
  struct moment start = look("at first"), full = start;
  for (int i = 1; i <= STEPS; i++) {
    char when[40];
    snprintf(when, sizeof when, "%d objects of 100 bytes", OBJECTS / STEPS * i);
    made = made && make_objects(objects + OBJECTS / STEPS * (i - 1), OBJECTS / STEPS, 100);
    struct moment m = look(when);
    more = more && m.resident > full.resident && m.resident >= m.heap;
    full = m;
  }
  drop_most();
  struct moment few = look("every thousandth of them");
  drop_rest();
  struct moment none = look("none of them");
  bool below = few.heap - start.heap < (full.heap - start.heap) / 100;
  tap_say("004: 10^6 x 100 B: heap 134.9 MB, resident +138.1; 99.9 %% freed: heap 0.13 MB, resident still +138.1");
  tap_check(made && more && below && few.resident >= few.heap, "RSS-01",
            "resident memory rises with the heap, and is still there when almost all of it is free");
  tap_check(none.heap == start.heap && none.arenas < few.arenas && none.resident < few.resident, "RSS-03",
            "a survivor holds its arena: without the survivors arenas and resident memory fall");
}

/* --- RSS-02 --- */

static void show_untouched(void) {
  size_t size = 200u * MIB, virtual = virtual_bytes(), before = resident_bytes();
  char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    tap_skip("RSS-02", "the system has no 200 MiB");
    return;
  }
  size_t mapped = resident_bytes(), virtual_mapped = virtual_bytes();
  for (size_t i = 0; i < size; i += 4096) p[i] = 1;
  size_t touched = resident_bytes();
  munmap(p, size);
  size_t after = resident_bytes();
  tap_say("200 MiB mapped, as arenas are: virtual +%.0f MiB, resident +%.1f", mib(virtual_mapped - virtual),
          mib(mapped) - mib(before));
  tap_say("touched: resident +%.1f; unmapped: +%.1f", mib(touched) - mib(before), mib(after) - mib(before));
  tap_check(virtual_mapped >= virtual + size && mapped < before + 10u * MIB && touched >= before + size - MIB &&
                after < before + 10u * MIB,
            "RSS-02", "memory that is reserved is not resident before it is touched");
}

/* --- RSS-04 --- */

static bool raised_memory_error(void) {
  weft_auto weft_object *error = weft_error_take();
  return error && weft_is_instance(error, &weft_MemoryError);
}

/* In a process of its own, since there is no way back. */
static _Noreturn void request_beyond_limit(void) {
  struct rlimit limit = {.rlim_cur = 1u << 30, .rlim_max = 1u << 30};
  bool good = setrlimit(RLIMIT_AS, &limit) == 0;
  weft_object *huge = large_object((size_t)2 << 30);
  good = good && !huge && raised_memory_error();
  weft_object *small = weft_float_new(1.5);
  good = good && small && weft_float_value(small) == 1.5;
  _exit(good ? 0 : 1);
}

static void show_system_limit(void) {
  int status = -1;
  pid_t child = fork();
  if (child == 0) request_beyond_limit();
  if (child > 0) waitpid(child, &status, 0);
  tap_say("a process that may use 1 GiB asks for 2 GiB, then for a float");
  tap_check(child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "RSS-04",
            "the first is a MemoryError, the second succeeds, the process goes on and exits with 0");
}

/* --- RSS-05 --- */

static void show_own_limit(void) {
  weft_heap_stats s = heap_now();
  size_t limit = s.arena_bytes + s.large_bytes + 20u * MIB, n = 0, most = 0;
  weft_heap_set_limit(limit);
  weft_object *list = weft_list_new();
  const weft_type *type = type_of_size(200);
  for (weft_object *o; (o = weft_object_new(type, 0)); n++) {
    bool added = weft_list_append(list, o) == 0;
    weft_decref(o);
    if (!added) break;
    if (n % 1000 == 0) {
      s = heap_now();
      if (s.arena_bytes + s.large_bytes > most) most = s.arena_bytes + s.large_bytes;
    }
  }
  bool refused = raised_memory_error();
  weft_decref(list);
  weft_auto weft_object *again = weft_float_new(1);
  weft_heap_set_limit(0);
  tap_say("a heap that may take %.0f MiB: %zu objects of 200 bytes, at most %.0f MiB taken", mib(limit), n, mib(most));
  tap_check(refused && n > 10000 && most <= limit && again, "RSS-05",
            "beyond its limit the heap refuses with a MemoryError; never was more taken; what is freed is free");
}

void show_process(void) {
  tap_title("The heap in the process");
  show_large();
  show_curves();
  show_untouched();
  show_system_limit();
  show_own_limit();
}
