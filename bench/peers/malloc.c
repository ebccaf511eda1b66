/* SPDX-License-Identifier: MIT */
/*
 * malloc and free alone: what an object of 24 bytes costs before anything counts its references. One source, linked
 * with each allocator; ALLOCATOR is the column's name. A plain C program also shows what sockets and wake-ups cost
 * without a runtime, so the C library's column has the convoy (its "hog" adds to a variable in memory).
 */
#include <stdlib.h>

#include "../workloads/workloads.h"

static inline void *block_new(void) {
  double *block = bench_alloc(24);
  *block = 0.5;
  return block;
}

#define block_drop(block) free(block)
#define block_give(block) ((void)0)
#define block_take(block) ((void)0)
#define pass_safepoint()  ((void)0)

#include "../workloads/heap_template.h"

static void count_in_memory(uint64_t n) {
  volatile uint64_t count = 0;
  for (uint64_t i = 0; i < n; i++) count = count + 1;
}

static const bench_workload plain_c[] = {
#ifdef PLAIN_C
    {.name = "switch_latency", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = bench_switch_latency},
    {.name = "convoy_nohog", .threads = BENCH_T(1), .run = bench_convoy},
    {.name = "convoy_hog", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = bench_convoy},
#endif
    {.name = NULL},
};

int main(int argc, char **argv) {
  const bench_runtime runtime = {.mode = ALLOCATOR, .count = count_in_memory};
  const bench_workload *const tables[] = {heap_workloads, plain_c, NULL};
  return bench_main(argc, argv, &runtime, tables);
}
