/* SPDX-License-Identifier: MIT */
/*
 * Tracebacks: what the stack looked like, each one kept once.
 *
 *   Traces are many and tracebacks few, so a trace holds a number of 32 bits: how far into one mapping the traceback
 * stands, in units of 8 bytes. The mapping takes memory only as it fills, never moves, and goes as a whole.
 *
 *     | heads of the hash chains | no frames | traceback | traceback | ...          | not used yet
 *
 *   Looking for one takes no lock: chains only grow, at the head. Adding one does.
 *
 * Tracing is off while the mapping comes and goes, and nobody looks at it who did not make sure that it is on. What
 * is in it changes under the lock.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/runtime_internal.h"
#include "runtime/stack_internal.h"
#include "runtime/trace_internal.h"
#include "sync/tstate.h"

enum { CHAINS = 1 << 16, UNIT = WEFT__TRACEBACK_UNIT, FRAMES_MAX = WEFT_TRACEMALLOC_FRAMES_MAX };
#define MAPPING_SIZE ((size_t)1 << 30)

static struct mapping {
  uint32_t chains[CHAINS];          /* atomic: the first traceback of each; 0: none */
  struct weft__addresses no_frames; /* what is left of the mapping begins here */
} * mapping;
static size_t used, limit; /* bytes of the mapping; frames. `used` is atomic, changed under the lock */
static weft__lock lock;

_Static_assert(offsetof(struct mapping, no_frames) % UNIT == 0, "it has a number");
enum { NO_FRAMES = offsetof(struct mapping, no_frames) / UNIT };

bool weft__tracebacks_init(size_t frames) {
  void *mapped = mmap(NULL, MAPPING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  mapping = mapped;
  limit = frames;
  weft__store_relaxed(&used, sizeof *mapping);
  return true;
}

void weft__tracebacks_fini(void) {
  if (mapping) munmap(mapping, MAPPING_SIZE);
  mapping = NULL;
  weft__store_relaxed(&used, (size_t)0);
}

size_t weft__tracebacks_bytes(void) { return weft__load_relaxed(&used); }

static struct weft__addresses *at(uint32_t number) {
  return (struct weft__addresses *)(void *)((char *)mapping + (size_t)number * UNIT);
}

const struct weft__addresses *weft__traceback_addresses(uint32_t traceback) { return at(traceback); }

void *weft__tracebacks_copy(size_t *size) {
  weft__lock_acquire(&lock); /* a thread that is detached may be adding one */
  void *copy = malloc(*size = used);
  if (copy) memcpy(copy, mapping, *size);
  weft__lock_release(&lock);
  return copy;
}

/* 0: it is not in the chain. */
static uint32_t find(uint32_t number, uint32_t hash, const uintptr_t *addresses, size_t n) {
  while (number) {
    const struct weft__addresses *t = at(number);
    if (t->hash == hash && t->count == n && !memcmp(t->addresses, addresses, n * sizeof *addresses)) break;
    number = t->next;
  }
  return number;
}

/* The lock is held, and it is not there. */
static uint32_t add(uint32_t *chain, uint32_t hash, const uintptr_t *addresses, size_t n) {
  size_t size = sizeof(struct weft__addresses) + n * sizeof *addresses;
  if (MAPPING_SIZE - used < size) return NO_FRAMES;
  uint32_t number = (uint32_t)(used / UNIT);
  struct weft__addresses *t = at(number);
  t->hash = hash;
  t->next = *chain;
  t->count = n;
  memcpy(t->addresses, addresses, n * sizeof *addresses);
  weft__store_relaxed(&used, used + size);
  /* order: release [traceback]: publishes it; pairs with weft__traceback_here. */
  weft__store_release(chain, number);
  return number;
}

static uint32_t hash_of(const uintptr_t *addresses, size_t n) {
  uint64_t h = n;
  for (size_t i = 0; i < n; i++) h = (h ^ addresses[i]) * UINT64_C(0x9E3779B97F4A7C15);
  return (uint32_t)(h >> 32);
}

static uint32_t number_of(const uintptr_t *addresses, size_t n) {
  if (!n) return NO_FRAMES;
  uint32_t hash = hash_of(addresses, n), *chain = &mapping->chains[hash % CHAINS];
  /* order: acquire [traceback]: sees it, and those behind it in the chain. */
  uint32_t number = find(weft__load_acquire(chain), hash, addresses, n);
  if (number) return number;
  weft__lock_acquire(&lock);
  number = find(*chain, hash, addresses, n);
  if (!number) number = add(chain, hash, addresses, n);
  weft__lock_release(&lock);
  return number;
}

/* --- The same stack again --- */

/* Loops allocate with the same stack again and again. So each thread remembers some of its last walks, by where on the
 * stack they began, and with what they read there. */
enum { SETS = 8, WAYS = 4, WORDS = 40 };
struct weft__walks {
  struct walk {
    const void *from;
    uint32_t traceback, n_words;
    struct weft__stack_word words[WORDS];
  } walks[SETS][WAYS];
  unsigned next; /* which way is replaced next */
};

/* As weft__stack_walk. */
__attribute__((no_sanitize("address"))) static inline bool is_same(const struct walk *walk, const void *from) {
  if (walk->from != from) return false;
  for (size_t i = 0; i < walk->n_words; i++)
    if (*walk->words[i].at != walk->words[i].value) return false;
  return true;
}

static struct walk *walks_from(struct weft__walks *walks, const void *from) {
  return walks->walks[((uintptr_t)from * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (SETS - 1)];
}

/* The thread's memory of walks; NULL: it has none. */
static struct weft__walks *walks_of(struct weft__tstate *ts) {
  if (!ts->walks && ts != &weft__nobody) ts->walks = calloc(1, sizeof *ts->walks);
  return ts->walks;
}

void weft__traceback_forget_walks(struct weft__tstate *ts) {
  free(ts->walks);
  ts->walks = NULL;
}

/* Part of the function whose frame `from` is. */
WEFT_ALWAYS_INLINE uint32_t walk(struct walk *remember, const void *from) {
  uintptr_t addresses[FRAMES_MAX];
  size_t n_words = remember ? WORDS : 0;
  size_t n = weft__stack_walk(addresses, limit, remember ? remember->words : NULL, &n_words);
  uint32_t traceback = number_of(addresses, n);
  if (remember) {
    remember->from = n_words <= WORDS ? from : NULL;
    remember->n_words = (uint32_t)n_words;
    remember->traceback = traceback;
  }
  return traceback;
}

WEFT_NOINLINE uint32_t weft__traceback_here(void) {
  const void *from = __builtin_frame_address(0);
  struct weft__walks *walks = walks_of(weft__self());
  struct walk *set = walks ? walks_from(walks, from) : NULL;
  for (size_t i = 0; set && i < WAYS; i++)
    if (is_same(&set[i], from)) return set[i].traceback;
  return walk(set ? &set[walks->next++ % WAYS] : NULL, from);
}

/* --- With names --- */

weft_traceback *weft__traceback_alloc(size_t count) {
  weft_traceback *t = malloc(sizeof *t + count * sizeof *t->frames);
  if (t) t->count = count;
  return t;
}

weft_traceback *weft__traceback_copy(const weft_traceback *t) {
  weft_traceback *copy = weft__traceback_alloc(t->count);
  if (copy) memcpy(copy->frames, t->frames, t->count * sizeof *t->frames);
  return copy;
}

weft_traceback *weft__traceback_name(const struct weft__addresses *from) {
  size_t count = from->count ? from->count : 1;
  weft_traceback *traceback = weft__traceback_alloc(count);
  if (!traceback) return NULL;
  traceback->frames[0] = (weft_frame){"<unknown>", "", 0};
  for (size_t i = 0; i < from->count; i++) traceback->frames[count - 1 - i] = weft__frame_name(from->addresses[i]);
  return traceback;
}

void weft_traceback_free(weft_traceback *traceback) { free(traceback); }

void weft__tracebacks_lock_for_fork(void) { weft__lock_acquire(&lock); }
void weft__tracebacks_unlock_after_fork(void) { weft__lock_release(&lock); }
