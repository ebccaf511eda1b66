/* SPDX-License-Identifier: MIT */
/*
 * Compiler facts and build configuration, shared by every Weft header.
 *
 * A build has exactly one mode, chosen by one of the defines
 *
 *     WEFT_MODE_GIL   WEFT_MODE_BIASED   WEFT_MODE_ATOMIC
 *
 * which the pkg-config file of each library carries. WEFT_DEBUG adds checks of API misuse on paths that are too hot
 * for a release build. See runtime/mode/mode.h for what a mode has to provide.
 */
#ifndef WEFT_CONFIG_H
#define WEFT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef WEFT_MODE_GIL
#define WEFT_MODE_GIL 0
#endif
#ifndef WEFT_MODE_BIASED
#define WEFT_MODE_BIASED 0
#endif
#ifndef WEFT_MODE_ATOMIC
#define WEFT_MODE_ATOMIC 0
#endif
#if WEFT_MODE_GIL + WEFT_MODE_BIASED + WEFT_MODE_ATOMIC != 1
#error "define one of WEFT_MODE_GIL, WEFT_MODE_BIASED, WEFT_MODE_ATOMIC (pkg-config --cflags weft-<mode> does)"
#endif

#ifndef WEFT_DEBUG
#define WEFT_DEBUG 0
#endif

#ifdef __cplusplus
#define WEFT_BEGIN_DECLS extern "C" {
#define WEFT_END_DECLS   }
#else
#define WEFT_BEGIN_DECLS
#define WEFT_END_DECLS
#endif

#define WEFT_API                __attribute__((visibility("default")))
#define WEFT_LIKELY(x)          __builtin_expect(!!(x), 1)
#define WEFT_UNLIKELY(x)        __builtin_expect(!!(x), 0)
#define WEFT_NOINLINE           __attribute__((noinline))
#define WEFT_ALWAYS_INLINE      __attribute__((always_inline)) static inline
#define WEFT_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define WEFT_MUST_USE           __attribute__((warn_unused_result))

/* One slot in the executable's initial TLS block: %fs-relative access, from the shared library too. */
#define WEFT_TLS __thread __attribute__((tls_model("initial-exec")))

/* Bytes that two CPUs should not share when they write; also what sync/ aligns contended structures to. */
#define WEFT_CACHE_LINE 64

#endif
