/* SPDX-License-Identifier: MIT */
/*
 * tracemalloc: a trace for each block.
 *
 *   Off is free: the heap's fast paths do not ask. When tracing starts, the heap hides its current pages from the fast
 * path of allocation, and unsets every page's `local`, which the fast path of freeing compares; so each request and
 * each free takes a slow path, and these do ask (weft__heap_heed_tracing). When it stops, both come back.
 *
 *   The trace of a block in a page is the number of its traceback, in an array of the page's with an entry per block,
 * 0: none. Its size is the page's. The array is made when the first block of a page is traced, and goes with the page.
 * There is nothing to search, and no lock: an entry is written by who allocates the block and cleared by who frees it,
 * and the free hands the block over to the next one (heap.c, [remote-free]).
 *
 *   Blocks that are in no page, and what users track, are in a hash table by domain and address, with locks for parts
 * of it.
 *
 *   Sizes are added up by each thread for itself and published when they are more than UNSEEN bytes.
 *
 * Tracing starts, stops and forgets in a stopped world: no attached thread is in any of this then. A detached one may
 * be in weft_tracemalloc_track, which asks whether tracing is on under a lock of the table's; so that changes under all
 * of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/heap_marks_internal.h"
#include "runtime/runtime_internal.h"
#include "runtime/stack_internal.h"
#include "runtime/trace_internal.h"
#include "sync/attach.h"

uint32_t weft__tracing;
uint32_t weft__trace_starves;
static int frame_limit = 1; /* atomic */

/* --- How much is traced --- */

enum { UNSEEN = 1024 };
static int64_t traced, peak; /* atomic: what threads have published */

static void raise_peak(int64_t now) {
  int64_t most = weft__load_relaxed(&peak);
  /* order: relaxed, here and below: figures. */
  while (now > most && !weft__cas_relaxed(&peak, &most, now)) continue;
}

static void publish(int64_t bytes) { raise_peak(weft__add_relaxed(&traced, bytes) + bytes); }

static void account(int64_t bytes) {
  struct weft__tstate *ts = weft__self();
  if (ts == &weft__nobody) {
    publish(bytes);
    return;
  }
  int64_t sum = ts->traced + bytes;
  bool unseen = -UNSEEN < sum && sum < UNSEEN;
  weft__store_relaxed(&ts->traced, unseen ? sum : 0);
  if (!unseen) publish(sum);
}

static void add_unseen(struct weft__tstate *ts, void *sum) { *(int64_t *)sum += weft__load_relaxed(&ts->traced); }
static void forget_unseen(struct weft__tstate *ts, void *unused) {
  (void)unused;
  weft__store_relaxed(&ts->traced, (int64_t)0);
  weft__traceback_forget_walks(ts);
}

static int64_t traced_now(void) {
  int64_t sum = weft__load_relaxed(&traced);
  weft__tstate_for_each(add_unseen, &sum);
  return sum;
}

void weft_tracemalloc_get_traced_memory(size_t *current, size_t *peak_) {
  int64_t now = traced_now();
  raise_peak(now);
  if (current) *current = (size_t)now;
  if (peak_) *peak_ = (size_t)weft__load_relaxed(&peak);
}

void weft_tracemalloc_reset_peak(void) { weft__store_relaxed(&peak, traced_now()); }

/* --- Blocks in pages --- */

/* Zeroed memory for traces; NULL: there is none. */
static void *trace_alloc(size_t size) { return weft__load_relaxed(&weft__trace_starves) ? NULL : calloc(1, size); }

static size_t array_size(const struct weft__page *page) {
  return (WEFT__PAGE_SIZE >> page->shift) * sizeof *page->traces;
}

void weft__trace_block(struct weft__page *page, const void *block) {
  uint32_t *traces = page->traces;
  if (!traces) {
    traces = trace_alloc(array_size(page));
    if (!traces) return;
    /* order: release [traces]: publishes the zeros; pairs with weft__heap_free_other. */
    weft__store_release(&page->traces, traces);
  }
  traces[weft__page_number(page, block)] = weft__traceback_here();
  account(page->block_size);
}

void weft__trace_forget(struct weft__page *page, uint32_t *traces, const void *block) {
  uint32_t *trace = &traces[weft__page_number(page, block)];
  if (!*trace) return;
  *trace = 0;
  account(-(int64_t)page->block_size);
}

/* --- Other blocks --- */

struct other {
  struct other *next;
  uintptr_t address;
  size_t size;
  unsigned domain;
  uint32_t traceback;
};

enum { CHAINS = 1 << 16, LOCKS = 64 }; /* lock i protects the chains i, i + LOCKS, and so on, and what is in them */
static struct {
  weft__lock locks[LOCKS];
  struct other **chains; /* NULL while tracing is off */
  size_t count;          /* atomic */
} others;

static size_t chain_of(unsigned domain, uintptr_t address) {
  return ((address + domain) * UINT64_C(0x9E3779B97F4A7C15)) >> 48;
}
_Static_assert(CHAINS == 1 << (64 - 48), "the hash is a chain's number");
static weft__lock *lock_of(size_t chain) { return &others.locks[chain % LOCKS]; }

static void lock_others(void) {
  for (int i = 0; i < LOCKS; i++) weft__lock_acquire(&others.locks[i]);
}
static void unlock_others(void) {
  for (int i = LOCKS; i-- > 0;) weft__lock_release(&others.locks[i]);
}

/* Where the pointer to it is, or would be. The chain's lock is held. */
static struct other **find_other(size_t chain, unsigned domain, uintptr_t address) {
  struct other **at = &others.chains[chain];
  while (*at && ((*at)->address != address || (*at)->domain != domain)) at = &(*at)->next;
  return at;
}

static struct other *make_other(unsigned domain, uintptr_t address) {
  struct other *other = trace_alloc(sizeof *other);
  if (!other) return NULL;
  other->address = address;
  other->domain = domain;
  weft__add_relaxed(&others.count, 1);
  return other;
}

bool weft__trace_add(unsigned domain, uintptr_t address, size_t size) {
  size_t chain = chain_of(domain, address);
  weft__lock_acquire(lock_of(chain));
  struct other **at = weft__is_tracing() ? find_other(chain, domain, address) : NULL;
  if (at && !*at) *at = make_other(domain, address);
  bool done = at && *at;
  if (done) {
    account((int64_t)size - (int64_t)(*at)->size);
    (*at)->size = size;
    (*at)->traceback = weft__traceback_here();
  }
  weft__lock_release(lock_of(chain));
  return done;
}

static void drop_other(struct other **at) {
  struct other *other = *at;
  *at = other->next;
  free(other);
  weft__sub_relaxed(&others.count, 1);
}

void weft__trace_remove(unsigned domain, uintptr_t address) {
  size_t chain = chain_of(domain, address);
  weft__lock_acquire(lock_of(chain));
  struct other **at = weft__is_tracing() ? find_other(chain, domain, address) : NULL;
  if (at && *at) {
    account(-(int64_t)(*at)->size);
    drop_other(at);
  }
  weft__lock_release(lock_of(chain));
}

static void forget_others(void) {
  for (size_t i = 0; others.chains && i < CHAINS; i++)
    while (others.chains[i]) drop_other(&others.chains[i]);
}

/* --- Start and stop --- */

static void forget_page(struct weft__page *page, void *unused) {
  (void)unused;
  free(page->traces);
  page->traces = NULL;
}

/* All traces, in a stopped world; with `off` tracing ends. */
static void forget(bool off) {
  weft__pages_walk(forget_page, NULL);
  weft__tstate_for_each(forget_unseen, NULL);
  lock_others();
  if (off) weft__store_relaxed(&weft__tracing, 0u);
  forget_others();
  weft__store_relaxed(&traced, (int64_t)0);
  weft__store_relaxed(&peak, (int64_t)0);
  unlock_others();
}

/* In a stopped world; it is off. False: out of memory. */
static bool start(size_t frames) {
  struct other **chains = calloc(CHAINS, sizeof *chains);
  if (!chains || !weft__tracebacks_init(frames)) {
    free(chains);
    return false;
  }
  lock_others();
  others.chains = chains;
  weft__store_relaxed(&frame_limit, (int)frames);
  weft__store_relaxed(&weft__tracing, 1u);
  unlock_others();
  weft__heap_heed_tracing();
  return true;
}

/* In a stopped world. Afterwards nobody is in the others' tables, nor walks the stack. */
static void stop(void) {
  if (!weft__is_tracing()) return;
  forget(true);
  weft__heap_heed_tracing();
  weft__tracebacks_fini();
  free(others.chains);
  others.chains = NULL;
}

int weft_tracemalloc_start(int frames) {
  weft__check_attached("weft_tracemalloc_start");
  if (frames < 1 || frames > WEFT_TRACEMALLOC_FRAMES_MAX) {
    weft_raise(&weft_ValueError, "weft_tracemalloc_start: %d frames, must be 1 to %d", frames,
               WEFT_TRACEMALLOC_FRAMES_MAX);
    return -1;
  }
  if (!weft__stack_init()) {
    if (errno == ENOMEM)
      weft_raise_memory();
    else
      weft_raise(&weft_OSError, "weft_tracemalloc_start: where the program's code is: %s", strerror(errno));
    return -1;
  }
  bool paused = weft__heap_pause();
  bool done = weft__is_tracing() || start((size_t)frames);
  weft__heap_resume(paused);
  if (!done) weft_raise_memory();
  return done ? 0 : -1;
}

void weft_tracemalloc_stop(void) {
  weft__check_attached("weft_tracemalloc_stop");
  bool paused = weft__heap_pause();
  stop();
  weft__heap_resume(paused);
}

void weft_tracemalloc_clear_traces(void) {
  weft__check_attached("weft_tracemalloc_clear_traces");
  bool paused = weft__heap_pause();
  forget(false);
  weft__heap_resume(paused);
}

bool weft_tracemalloc_is_tracing(void) { return weft__is_tracing(); }
int weft_tracemalloc_frame_limit(void) { return weft__load_relaxed(&frame_limit); }

/* --- What users track --- */

/* False: the error is set, if the thread can have one. */
static bool may_track(const char *call, unsigned domain) {
  if (domain != WEFT_TRACEMALLOC_HEAP && weft__is_tracing()) return true;
  if (!weft_is_attached()) return false;
  if (domain == WEFT_TRACEMALLOC_HEAP)
    weft_raise(&weft_ValueError, "%s: the domain is the heap's own", call);
  else
    weft_raise(&weft_RuntimeError, "%s: tracing is off", call);
  return false;
}

int weft_tracemalloc_track(unsigned domain, uintptr_t address, size_t size) {
  if (!may_track("weft_tracemalloc_track", domain)) return -1;
  if (weft__trace_add(domain, address, size)) return 0;
  if (may_track("weft_tracemalloc_track", domain) && weft_is_attached()) weft_raise_memory();
  return -1;
}

int weft_tracemalloc_untrack(unsigned domain, uintptr_t address) {
  if (!may_track("weft_tracemalloc_untrack", domain)) return -1;
  weft__trace_remove(domain, address);
  return 0;
}

/* --- Questions --- */

static uint32_t traceback_of_other(unsigned domain, uintptr_t address) {
  size_t chain = chain_of(domain, address);
  weft__lock_acquire(lock_of(chain));
  struct other **at = weft__is_tracing() ? find_other(chain, domain, address) : NULL;
  uint32_t traceback = at && *at ? (*at)->traceback : 0;
  weft__lock_release(lock_of(chain));
  return traceback;
}

uint32_t weft__trace_of_object(const weft_object *o) {
  if (!weft__is_in_arena(o)) return traceback_of_other(WEFT_TRACEMALLOC_HEAP, (uintptr_t)o);
  const struct weft__page *page = weft__page_of(o);
  /* order: acquire [traces]: as weft__heap_free_other. */
  const uint32_t *traces = weft__load_acquire(&page->traces);
  return traces ? traces[weft__page_number(page, o)] : 0;
}

/* By a thread that is attached, so that tracing goes on until the addresses are copied. */
static weft_traceback *name(uint32_t traceback) {
  if (!traceback) return NULL;
  const struct weft__addresses *addresses = weft__traceback_addresses(traceback);
  size_t size = sizeof *addresses + addresses->count * sizeof *addresses->addresses;
  struct weft__addresses *copy = malloc(size);
  if (!copy) return weft_raise_memory();
  memcpy(copy, addresses, size);
  weft_traceback *named;
  WEFT_BEGIN_ALLOW_THREADS
  named = weft__traceback_name(copy);
  WEFT_END_ALLOW_THREADS
  free(copy);
  return named ? named : weft_raise_memory();
}

weft_traceback *weft_tracemalloc_get_object_traceback(weft_object *o) {
  return weft__given("weft_tracemalloc_get_object_traceback", o) ? name(weft__trace_of_object(o)) : NULL;
}

weft_traceback *weft_tracemalloc_get_traceback(unsigned domain, uintptr_t address) {
  weft__check_attached("weft_tracemalloc_get_traceback");
  return name(traceback_of_other(domain, address));
}

struct walk {
  void (*visit)(const struct weft__trace *, void *);
  void *arg;
};

static void walk_page(struct weft__page *page, void *walk_) {
  struct walk *walk = walk_;
  for (size_t i = 0; page->traces && i < array_size(page) / sizeof *page->traces; i++)
    if (page->traces[i])
      walk->visit(&(struct weft__trace){WEFT_TRACEMALLOC_HEAP, page->traces[i], page->block_size}, walk->arg);
}

void weft__traces_walk(void (*visit)(const struct weft__trace *, void *), void *arg) {
  weft__pages_walk(walk_page, &(struct walk){visit, arg});
  lock_others();
  for (size_t i = 0; others.chains && i < CHAINS; i++)
    for (const struct other *o = others.chains[i]; o; o = o->next)
      visit(&(struct weft__trace){o->domain, o->traceback, o->size}, arg);
  unlock_others();
}

static void add_array(struct weft__page *page, void *sum) {
  if (page->traces) *(size_t *)sum += array_size(page);
}

size_t weft_tracemalloc_get_memory(void) {
  weft__check_attached("weft_tracemalloc_get_memory");
  size_t sum = weft__load_relaxed(&others.count) * sizeof(struct other) + weft__tracebacks_bytes();
  bool paused = weft__heap_pause();
  weft__pages_walk(add_array, &sum);
  if (others.chains) sum += CHAINS * sizeof *others.chains;
  weft__heap_resume(paused);
  return sum;
}

/* --- Life --- */

void weft__trace_init(void) {
  const char *frames = getenv("WEFT_TRACEMALLOC");
  if (!frames || !*frames) return;
  char *end;
  long n = strtol(frames, &end, 10);
  if (*end || n < 0 || n > WEFT_TRACEMALLOC_FRAMES_MAX)
    weft__warn("WEFT_TRACEMALLOC is '%s', no number of frames", frames);
  else if (n && weft_tracemalloc_start((int)n) < 0)
    weft__warn("WEFT_TRACEMALLOC: %s", weft_error_message(weft_error_borrow()));
  weft_error_clear();
}

void weft__trace_fini(void) {
  stop();
  weft__store_relaxed(&frame_limit, 1);
  weft__stack_fini();
}

void weft__trace_lock_for_fork(void) {
  lock_others();
  weft__tracebacks_lock_for_fork();
  weft__stack_lock_for_fork();
}

void weft__trace_unlock_after_fork(void) {
  weft__stack_unlock_after_fork();
  weft__tracebacks_unlock_after_fork();
  unlock_others();
}
