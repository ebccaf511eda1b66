/* SPDX-License-Identifier: MIT */
/* The table of the workloads that are the same code for every runtime: see workloads.h. */
#include "workloads.h"

const bench_workload bench_threading_workloads[] = {
    {.name = "thread_create", .threads = BENCH_T(1), .run = bench_thread_create},
    {.name = "switch_latency", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = bench_switch_latency},
    {.name = "switch_latency_hog", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = bench_switch_latency_hog},
    {.name = "stw_0hogs", .threads = BENCH_T(1), .run = bench_stw},
    {.name = "stw_1hogs", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = bench_stw},
    {.name = "stw_2hogs", .threads = BENCH_T(3), .flags = BENCH_CONTENDED, .run = bench_stw},
    {.name = "scaling", .threads = BENCH_T_UP, .run = bench_scaling},
    {.name = "scaling_2proc", .threads = BENCH_T(2), .flags = BENCH_BARE, .run = bench_scaling_processes},
    {.name = "scaling_dict", .threads = BENCH_T_UP, .run = bench_scaling_dict},
    {.name = "scaling_dict_2proc", .threads = BENCH_T(2), .flags = BENCH_BARE, .run = bench_scaling_dict_processes},
    {.name = "io_overlap", .threads = BENCH_T(5), .run = bench_io_overlap},
    {.name = "convoy_nohog", .threads = BENCH_T(1), .run = bench_convoy},
    {.name = "convoy_hog", .threads = BENCH_T(2), .flags = BENCH_CONTENDED, .run = bench_convoy},
    {.name = NULL},
};
