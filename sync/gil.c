/* SPDX-License-Identifier: MIT */
/*
 * The global interpreter lock (mode gil).
 *
 * Taking a free lock and giving back one that nobody wants is one compare-and-swap each. Otherwise there is a queue,
 * and the lock is handed to its first thread directly: it never becomes free, so nobody barges in.
 *
 * The convoy effect (Beazley 2010; bpo-7946): a thread that returns from a short blocking call waits a whole switch
 * interval behind a CPU-bound one, every time. Here, as in a multilevel feedback queue, there are two classes:
 *
 *   io    gave the lock up of its own will (a blocking call). Goes first, and asks the holder for the lock as soon as
 *         IO_SLICE_US have passed since the last forced switch: a burst of short requests costs a CPU-bound holder one
 *         switch per slice, a single one is served at once.
 *   cpu   was forced to give it up. Asks after the switch interval; having waited that long it also goes before io.
 *
 * A holder that is forced off for an io thread keeps its place at the head of its class; otherwise it goes to the end.
 *
 * Only the first waiter of each class keeps the time (it `leads`), the others sleep until they lead. Whoever asks for
 * the lock is awake, spinning, when it gets it, so a forced switch costs the holder no wake-up latency.
 *
 * What protects what: `word` is atomic. The queues, `holder` and the statistics: `lock`. A waiter's `granted` and
 * `leads` are written under `lock` and read by itself.
 */
#include <sched.h>
#include <string.h>

#include "runtime/runtime_internal.h"
#include "sync/attach.h"
#include "sync/timeline_internal.h"
#include "sync/tstate.h"

enum {
  IO_SLICE_US = 10,
  SPIN_NS = 20000, /* waits up to this long are spun: a sleep and a wake-up cost more */
  SPINS_PER_LOOK = 20,
};
enum { HELD = 1, WANTED = 2 };
enum { GRANT_NONE, GRANT_SLEEPS, GRANT_POKED, GRANT_YOURS };
enum { IO, CPU, CLASSES };

struct queue {
  struct weft__tstate *first, *last;
};

static struct {
  __attribute__((aligned(WEFT_CACHE_LINE))) uint32_t word; /* HELD, and WANTED while a queue is not empty */
  struct weft__tstate *holder;                             /* whom to ask; NULL while unknown */
  __attribute__((aligned(WEFT_CACHE_LINE))) weft__lock lock;
  struct queue queue[CLASSES];
  uint64_t last_forced_ns, switches, forced;
  struct weft__tstate *last_holder;
} gil;

static uint64_t switch_interval_ns = 5000000;

/* --- Queues, under gil.lock --- */

static void push_back(struct queue *q, struct weft__tstate *ts) {
  ts->gil.next = NULL;
  if (q->first)
    q->last->gil.next = ts;
  else
    q->first = ts;
  q->last = ts;
}

static void push_front(struct queue *q, struct weft__tstate *ts) {
  ts->gil.next = q->first;
  if (!q->first) q->last = ts;
  q->first = ts;
}

static bool empty(void) { return !gil.queue[IO].first && !gil.queue[CPU].first; }

/* Makes the first of a class keep the time; it may be asleep. */
static void appoint_leader(struct queue *q) {
  struct weft__tstate *ts = q->first;
  if (!ts || ts->gil.leads) return;
  weft__store_relaxed(&ts->gil.leads, 1u);
  /* order: acq_rel [gil-grant]: publishes `leads`. POKED also keeps a thread that is about to sleep from doing so. The
   * thread is queued, so it has no grant that this could overwrite. */
  if (weft__exchange_acq_rel(&ts->gil.granted, (uint32_t)GRANT_POKED) == GRANT_SLEEPS)
    weft__futex_wake(&ts->gil.granted, 1);
}

/* Removes and returns the thread whose turn it is. */
static struct weft__tstate *pop_next(uint64_t now) {
  struct weft__tstate *cpu = gil.queue[CPU].first;
  bool cpu_overdue = cpu && now - cpu->gil.since_ns >= 2 * weft__load_relaxed(&switch_interval_ns);
  struct queue *q = &gil.queue[gil.queue[IO].first && !cpu_overdue ? IO : CPU];
  struct weft__tstate *ts = q->first;
  q->first = ts->gil.next;
  appoint_leader(q);
  return ts;
}

static void note_holder(struct weft__tstate *ts) {
  if (gil.last_holder != ts) gil.switches++;
  gil.last_holder = ts;
  /* order: release [gil-holder]: a request that finds the holder comes after its status word was set to ATTACHED. */
  weft__store_release(&gil.holder, ts);
}

/* Gives the lock that the caller holds to the next waiter, of which there is at least one. */
static void hand_over(void) {
  struct weft__tstate *next = pop_next(weft__now_ns());
  /* order: relaxed: the word stays HELD, the grant below is what synchronises. */
  weft__store_relaxed(&gil.word, (uint32_t)(empty() ? HELD : HELD | WANTED));
  note_holder(next);
  weft__timeline_record(next, WEFT_TIMELINE_ATTACHED);
  /* order: acq_rel [gil]: publishes all that was done under the GIL to its next holder. */
  if (weft__exchange_acq_rel(&next->gil.granted, (uint32_t)GRANT_YOURS) == GRANT_SLEEPS)
    weft__futex_wake(&next->gil.granted, 1);
}

/* --- Waiting --- */

/* False: the lock is changing hands just now, there is nobody to ask. */
static bool ask_holder(bool for_io) {
  weft__lock_acquire(&gil.lock);
  /* order: acquire [gil-holder]: its status word says ATTACHED. */
  struct weft__tstate *holder = weft__load_acquire(&gil.holder);
  if (holder) {
    /* order: relaxed: a request; the holder's slow path takes gil.lock. */
    weft__or_relaxed(&holder->status, WEFT__STATUS_DROP);
    if (for_io) weft__store_relaxed(&gil.last_forced_ns, weft__now_ns());
  }
  weft__lock_release(&gil.lock);
  return holder;
}

/* When a waiter that leads its class may ask for the lock. */
static uint64_t time_to_ask(const struct weft__tstate *ts, uint64_t since) {
  if (!ts->gil.from_io) return since + weft__load_relaxed(&switch_interval_ns);
  return weft__load_relaxed(&gil.last_forced_ns) + IO_SLICE_US * 1000;
}

/* order: acquire [gil]: sees all that was done under the GIL before. */
static bool granted(struct weft__tstate *ts) { return weft__load_acquire(&ts->gil.granted) == GRANT_YOURS; }

/* Spins until granted, at most until `deadline`. True: granted. Yields the CPU all the while: the thread that we wait
 * for may be the one that we keep from running. */
static bool spin_for_grant(struct weft__tstate *ts, uint64_t deadline) {
  do {
    for (int i = 0; i < SPINS_PER_LOOK; i++) {
      if (granted(ts)) return true;
      weft__cpu_relax();
    }
    sched_yield();
  } while (weft__now_ns() < deadline);
  return false;
}

/* Sleeps until granted, poked, or `timeout_ns` have passed (negative: no limit). */
static void sleep_for_grant(struct weft__tstate *ts, int64_t timeout_ns) {
  uint32_t none = GRANT_NONE;
  /* order: acq_rel [gil-grant]: a grant or poke between our last look and here makes this fail. */
  if (weft__cas_acq_rel(&ts->gil.granted, &none, (uint32_t)GRANT_SLEEPS))
    weft__futex_wait(&ts->gil.granted, GRANT_SLEEPS, timeout_ns);
  uint32_t now = GRANT_SLEEPS;
  if (!weft__cas_acq_rel(&ts->gil.granted, &now, (uint32_t)GRANT_NONE) && now == GRANT_POKED)
    (void)weft__cas_acq_rel(&ts->gil.granted, &now, (uint32_t)GRANT_NONE);
}

/* One step of waiting for a thread that leads its class; returns from when on it counts its interval. */
static uint64_t wait_as_leader(struct weft__tstate *ts, uint64_t since) {
  uint64_t now = weft__now_ns(), ask = time_to_ask(ts, since);
  if (now >= ask) {
    if (!ask_holder(ts->gil.from_io) || spin_for_grant(ts, now + SPIN_NS)) return since;
    sleep_for_grant(ts, (int64_t)weft__load_relaxed(&switch_interval_ns));
    return weft__now_ns();
  }
  if (ask - now <= SPIN_NS)
    (void)spin_for_grant(ts, ask);
  else
    sleep_for_grant(ts, (int64_t)(ask - now));
  return since;
}

/* False: the runtime has ended. */
static bool wait_for_grant(struct weft__tstate *ts) {
  uint64_t since = weft__now_ns();
  /* A holder that was let in for a moment gives the lock back before a sleep and a wake-up would be over. */
  if (weft__load_relaxed(&ts->gil.leads) && !ts->gil.from_io) (void)spin_for_grant(ts, since + SPIN_NS);
  while (!granted(ts)) {
    if (WEFT_UNLIKELY(weft__load_acquire(&ts->lost))) return false; /* order: acquire [lost] */
    if (weft__load_relaxed(&ts->gil.leads)) {
      since = wait_as_leader(ts, since);
    } else {
      sleep_for_grant(ts, -1);
      since = weft__now_ns();
    }
  }
  return true;
}

/* --- The lock --- */

static bool try_acquire(void) {
  uint32_t word = 0;
  /* order: acquire [gil]: sees all that was done under the GIL before. */
  return weft__cas_acquire(&gil.word, &word, (uint32_t)HELD);
}

/* Enqueues under gil.lock, or takes the lock if it is free. True: taken. */
static bool take_or_enqueue(struct weft__tstate *ts, bool at_front) {
  /* order: acq_rel [gil]: either the holder's release sees WANTED and comes for gil.lock, or we see it free. */
  if (!(weft__or_acq_rel(&gil.word, (uint32_t)WANTED) & HELD)) {
    weft__store_relaxed(&gil.word, (uint32_t)(empty() ? HELD : HELD | WANTED));
    note_holder(ts);
    return true;
  }
  struct queue *q = &gil.queue[ts->gil.from_io ? IO : CPU];
  weft__store_relaxed(&ts->gil.granted, (uint32_t)GRANT_NONE);
  weft__store_relaxed(&ts->gil.leads, 0u);
  ts->gil.since_ns = weft__now_ns();
  (at_front ? push_front : push_back)(q, ts);
  appoint_leader(q);
  return false;
}

bool weft__gil_acquire(struct weft__tstate *self) {
  if (WEFT_LIKELY(try_acquire())) {
    /* order: relaxed: it was marked by a thread that held the GIL before. */
    if (WEFT_UNLIKELY(weft__load_relaxed(&self->lost))) {
      weft__gil_release(self);
      return false;
    }
    weft__store_release(&gil.holder, self); /* order: release [gil-holder]: as in note_holder. */
    return true;
  }
  weft__timeline_record(self, WEFT_TIMELINE_WAITING);
  weft__lock_acquire(&gil.lock);
  /* Under the lock: a lost thread must not get into the queue of the next runtime. */
  bool lost = weft__load_relaxed(&self->lost);
  bool taken = !lost && take_or_enqueue(self, false);
  weft__lock_release(&gil.lock);
  return taken || (!lost && wait_for_grant(self));
}

void weft__gil_release(struct weft__tstate *self) {
  self->gil.from_io = true;
  weft__store_relaxed(&gil.holder, NULL);
  uint32_t word = HELD;
  /* order: release [gil]: publishes what this thread did under the GIL. */
  if (WEFT_LIKELY(weft__cas_release(&gil.word, &word, 0u))) return;
  weft__lock_acquire(&gil.lock);
  if (empty()) /* order: release [gil]: as above. */
    weft__store_release(&gil.word, 0u);
  else
    hand_over();
  weft__lock_release(&gil.lock);
}

void weft__gil_yield(struct weft__tstate *self) {
  weft__and_relaxed(&self->status, ~(uint32_t)WEFT__STATUS_DROP);
  if (weft__world_is_stopped()) return;
  weft__lock_acquire(&gil.lock);
  bool wanted = !empty();
  bool taken = false;
  if (wanted) {
    bool for_io = gil.queue[IO].first;
    self->gil.from_io = false;
    gil.forced++;
    weft__timeline_record(self, WEFT_TIMELINE_WAITING);
    hand_over();
    /* The next holder may have let go of the lock again already, without waiting for gil.lock. */
    taken = take_or_enqueue(self, for_io);
  }
  weft__lock_release(&gil.lock);
  if (taken) weft__timeline_record(self, WEFT_TIMELINE_ATTACHED);
  if (wanted && !taken && !wait_for_grant(self)) weft__stay_for_good();
}

/* --- Fork, and settings --- */

/* Nobody holds the lock any more, and nobody waits for it. */
void weft__gil_reset(void) {
  weft__lock_acquire(&gil.lock);
  memset(gil.queue, 0, sizeof gil.queue);
  gil.last_holder = NULL;
  gil.switches = gil.forced = 0;
  weft__store_relaxed(&gil.last_forced_ns, (uint64_t)0);
  weft__store_relaxed(&gil.holder, NULL);
  weft__store_release(&gil.word, 0u); /* order: release [gil] */
  weft__lock_release(&gil.lock);
}

void weft__gil_rouse(struct weft__tstate *ts) {
  /* order: acq_rel [gil-grant]: as a poke. */
  if (weft__exchange_acq_rel(&ts->gil.granted, (uint32_t)GRANT_POKED) == GRANT_SLEEPS)
    weft__futex_wake(&ts->gil.granted, 1);
}

void weft__gil_after_fork(struct weft__tstate *self) {
  if (!WEFT__HAS_GIL) return;
  weft__gil_reset();
  weft__store_relaxed(&gil.word, (uint32_t)HELD);
  note_holder(self);
}

void weft__gil_lock_for_fork(void) { weft__lock_acquire(&gil.lock); }
void weft__gil_unlock_after_fork(void) { weft__lock_release(&gil.lock); }

int weft_set_switch_interval_us(uint64_t us) {
  weft__check_attached("weft_set_switch_interval_us");
  if (us == 0 || us > 60000000) {
    weft_raise(&weft_ValueError, "switch interval must be between 1 and 60000000 microseconds");
    return -1;
  }
  weft__store_relaxed(&switch_interval_ns, us * 1000);
  return 0;
}

uint64_t weft_switch_interval_us(void) { return weft__load_relaxed(&switch_interval_ns) / 1000; }
bool weft_gil_enabled(void) { return WEFT__HAS_GIL; }

static uint64_t read_locked(const uint64_t *figure) {
  weft__lock_acquire(&gil.lock);
  uint64_t value = *figure;
  weft__lock_release(&gil.lock);
  return value;
}

uint64_t weft_gil_switches(void) { return read_locked(&gil.switches); }
uint64_t weft_gil_forced_switches(void) { return read_locked(&gil.forced); }
