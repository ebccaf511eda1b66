/* SPDX-License-Identifier: MIT */
/*
 * What the harness asks the machine: the time, the CPUs, how far apart two of them are, and who else is using them.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds; comparable between processes. */
uint64_t bench_now(void);

/* Sleeps that long; a signal may cut it short. */
void bench_sleep_us(unsigned us);

/* CPUs this process may run on. */
unsigned bench_cpus(void);

/* Binds the calling thread to one of them, counted from 0 and round again. */
void bench_pin(unsigned index);

/* The cache-line round trip between the first two of those CPUs, in nanoseconds: one thread on each, one line passed to
 * and fro, the best of several batches, so that a preemption does not count. Negative where there is one CPU only.
 * Takes a few milliseconds. A virtual machine's host can move a CPU at any time: measure beside what is to be
 * compared. */
double bench_round_trip_ns(void);

/* CPU time by all processes of the machine and by this one (with what bench_add_own_cpu_time adds), so far, in seconds.
 * The machine's own clock for this ticks every 10 ms. */
struct bench_cpu_time {
  double machine;
  double own;
};
struct bench_cpu_time bench_cpu_time(void);

/* Has that much of the machine's memory used once, before a workload that is one long first use: a virtual machine's
 * host takes back what has been free for a while, and to get it again costs several times what it costs otherwise. */
void bench_fetch_memory(size_t bytes);

/* The most memory that the process has had resident so far. */
double bench_peak_bytes(void);

/* Counts a child's CPU time as this process's own from now on, before it has ended. */
void bench_add_own_cpu_time(double seconds);

#endif
