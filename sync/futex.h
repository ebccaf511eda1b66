/* SPDX-License-Identifier: MIT */
/* Waiting on a 32-bit word in the kernel. Spurious returns are possible: callers wait in a loop. */
#ifndef WEFT_SYNC_FUTEX_H
#define WEFT_SYNC_FUTEX_H

#include <stdint.h>

/* Sleeps while *word == expected, at most `timeout_ns` (negative: for ever). Returns at once when they differ. */
void weft__futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns);
/* Wakes at most `count` threads that sleep on `word`. */
void weft__futex_wake(uint32_t *word, int count);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t weft__now_ns(void);

#endif
