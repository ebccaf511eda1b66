/* SPDX-License-Identifier: MIT */
/*
 * Atomic operations whose name says their memory order: the only file that names an order to the compiler.
 *
 * They work on plain integer and pointer objects, because a count word is accessed both as one 64-bit and as two 32-bit
 * halves, and because these headers are usable from C++. An object that is accessed through them is never accessed
 * otherwise while a second thread can see it.
 *
 * Every use carries a tag on both sides, "order: release", the tag in brackets, what it publishes and what it pairs
 * with, or says why relaxed is enough. Weft uses no fences: ThreadSanitizer does not see them, and on the target
 * machine an order on the variable itself costs the same.
 */
#ifndef WEFT_SYNC_ATOMIC_H
#define WEFT_SYNC_ATOMIC_H

#define weft__load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define weft__load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define weft__load_seq_cst(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)

#define weft__store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define weft__store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define weft__store_seq_cst(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)

/* Each returns the value before the operation. */
#define weft__add_relaxed(p, v)      __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define weft__add_acq_rel(p, v)      __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define weft__sub_relaxed(p, v)      __atomic_fetch_sub((p), (v), __ATOMIC_RELAXED)
#define weft__sub_release(p, v)      __atomic_fetch_sub((p), (v), __ATOMIC_RELEASE)
#define weft__sub_acq_rel(p, v)      __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define weft__sub_seq_cst(p, v)      __atomic_fetch_sub((p), (v), __ATOMIC_SEQ_CST)
#define weft__or_relaxed(p, v)       __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define weft__or_acquire(p, v)       __atomic_fetch_or((p), (v), __ATOMIC_ACQUIRE)
#define weft__or_acq_rel(p, v)       __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define weft__and_relaxed(p, v)      __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define weft__and_acq_rel(p, v)      __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)
#define weft__exchange_acquire(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define weft__exchange_release(p, v) __atomic_exchange_n((p), (v), __ATOMIC_RELEASE)
#define weft__exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/* Compare-and-swap: true when *p held *expected and now holds v; otherwise *expected is what *p held. The order is that
 * of the success; a failure is relaxed (acquire for acq_rel). The weak forms may fail spuriously: for loops. */
#define weft__cas_relaxed(p, expected, v) \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define weft__cas_acquire(p, expected, v) \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define weft__cas_release(p, expected, v) \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED)
#define weft__cas_acq_rel(p, expected, v) \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
#define weft__cas_weak_acquire(p, expected, v) \
  __atomic_compare_exchange_n((p), (expected), (v), 1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define weft__cas_weak_release(p, expected, v) \
  __atomic_compare_exchange_n((p), (expected), (v), 1, __ATOMIC_RELEASE, __ATOMIC_RELAXED)
#define weft__cas_weak_acq_rel(p, expected, v) \
  __atomic_compare_exchange_n((p), (expected), (v), 1, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

/* Tells the CPU that this is a spinning loop. */
#if defined(__x86_64__) || defined(__i386__)
#define weft__cpu_relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define weft__cpu_relax() __asm__ volatile("yield")
#else
#define weft__cpu_relax() ((void)0)
#endif

#endif
