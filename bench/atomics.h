/* SPDX-License-Identifier: MIT */
/*
 * The few atomic operations that the harness and the peers use, with the order in the name.
 *
 * The harness must not depend on the runtime it measures, so it does not include the runtime's own header. Objects are
 * C11 atomics; nothing else under bench/ names a memory order.
 */
#ifndef BENCH_ATOMICS_H
#define BENCH_ATOMICS_H

#include <stdatomic.h>

#define bench_load_relaxed(p)     atomic_load_explicit((p), memory_order_relaxed)
#define bench_load_acquire(p)     atomic_load_explicit((p), memory_order_acquire)
#define bench_store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define bench_store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define bench_add_acq_rel(p, v)   atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)

/* Tells the CPU that this is a spinning loop. */
#if defined(__x86_64__) || defined(__i386__)
#define bench_cpu_relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define bench_cpu_relax() __asm__ volatile("yield")
#else
#define bench_cpu_relax() ((void)0)
#endif

#endif
