/* SPDX-License-Identifier: MIT */
/*
 * What the sanitizers have to be told; nothing in other builds. A free block of the private heap is poisoned but for
 * its first 16 bytes, which hold the dead count word and the link; arenas are searched for pointers by the leak check.
 * ThreadSanitizer does not see into liburcu: what a grace period orders is annotated.
 */
#ifndef WEFT_SANITIZE_INTERNAL_H
#define WEFT_SANITIZE_INTERNAL_H

#include <stddef.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WEFT__ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define WEFT__ASAN 1
#endif

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define WEFT__TSAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define WEFT__TSAN 1
#endif

#ifdef WEFT__TSAN
#include <sanitizer/tsan_interface.h>
static inline void weft__tsan_release(void *tag) { __tsan_release(tag); }
static inline void weft__tsan_acquire(void *tag) { __tsan_acquire(tag); }
#else
static inline void weft__tsan_release(void *tag) { (void)tag; }
static inline void weft__tsan_acquire(void *tag) { (void)tag; }
#endif

#ifdef WEFT__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
static inline void weft__block_poison(void *block, size_t size) {
  if (size > 16) __asan_poison_memory_region((char *)block + 16, size - 16);
}
static inline void weft__block_unpoison(void *block, size_t size) { __asan_unpoison_memory_region(block, size); }
static inline void weft__root_add(const void *p, size_t size) { __lsan_register_root_region(p, size); }
static inline void weft__root_remove(void *p, size_t size) {
  __asan_unpoison_memory_region(p, size);
  __lsan_unregister_root_region(p, size);
}
#else
static inline void weft__block_poison(void *block, size_t size) { (void)block, (void)size; }
static inline void weft__block_unpoison(void *block, size_t size) { (void)block, (void)size; }
static inline void weft__root_add(const void *p, size_t size) { (void)p, (void)size; }
static inline void weft__root_remove(void *p, size_t size) { (void)p, (void)size; }
#endif

#endif
