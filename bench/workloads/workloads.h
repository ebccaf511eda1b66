/* SPDX-License-Identifier: MIT */
/*
 * Workloads that need nothing of a runtime but the harness's hooks (bench_runtime): the same code for every runtime.
 *
 * A program lists bench_threading_workloads among its tables, or names some of the functions in a table of its own.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "../harness.h"

/* thread_create, switch_latency, stw, scaling, io_overlap and convoy with their variants. */
extern const bench_workload bench_threading_workloads[];

/* One operation is pthread_create, attach, detach, join, against pthread_create and join alone ("bare_ns", and their
 * ratio "vs_bare"). A runtime with threads of its own (the spawn hook) is measured by those. */
void bench_thread_create(bench_run *run);
/* The same, by pthread_create whether or not the runtime has threads of its own. */
void bench_thread_create_foreign(bench_run *run);

/* One operation: a released thread that another one wakes is attached again. Two threads in turn. */
void bench_switch_latency(bench_run *run);
/* One operation: a released thread gets attached again while all other threads count. */
void bench_switch_latency_hog(bench_run *run);

/* One operation stops and restarts the world; all threads but the first count meanwhile. */
void bench_stw(bench_run *run);

/* Every thread counts to 10^7. "speedup" is against one thread doing all of that, measured in turn. */
void bench_scaling(bench_run *run);
void bench_scaling_dict(bench_run *run);
/* The same with processes instead of threads; flag BENCH_BARE. */
void bench_scaling_processes(bench_run *run);
void bench_scaling_dict_processes(bench_run *run);

/* Every thread makes a request that is answered after 100 ms. "speedup" is against one thread making them all. */
void bench_io_overlap(bench_run *run);

/* The first thread sends a byte and waits for its echo, released around each; all others count. "rate" is in pings per
 * second, "hog_share" the speed of the counting threads in proportion to their speed without pings. */
void bench_convoy(bench_run *run);

/* --- parts ---------------------------------------------------------------------------------------------------- */

/* Counts in small portions until *stop; how far it got. */
uint64_t bench_hog(bench_worker *w, bool *stop);

/* A socket connected over the loopback to a thread that is foreign to the runtime and answers each byte with one byte,
 * delay_us later. Closing the socket ends the thread. */
int bench_far_end(unsigned delay_us);

/* Sends a byte and waits for the answer, released around each of the two. */
void bench_ping(bench_run *run, int socket);

#endif
