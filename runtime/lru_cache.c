/* SPDX-License-Identifier: MIT */
/*
 * lru_cache: a dict from keys to entries, and a heap that knows which entry was used least recently.
 *
 *   A key is the argument itself, an int or str; or an object with all arguments, which knows its hash, so that hashing
 * is asked for once a call.
 *
 *   Each entry has a stamp, the time of its last use; time is a counter. While the cache is private its stamp stands in
 * the entry. Shared, a thread that hits writes to its own *seat* only, which has a clock, a counter of hits and a stamp
 * for each entry's number: the stamp of an entry is the largest of all. The clocks are Lamport's: a hit's time is later
 * than the thread's last and than the last insertion that it has seen; an insertion is later than all. So on one thread
 * the order is exact, and no hit writes where others do.
 *
 *   The heap is ordered by the stamps that were known when entries were placed in it. Who has to evict looks at the
 * top: if it has been used since, it gets a new place; otherwise it is the one. So each hit costs a later eviction a
 * change of place at most once.
 *
 *   Equation: count + reserved <= maxsize. Who inserts reserves first, and evicts if need be; so the dict has no more
 * than maxsize entries of one `life`, which changes when the cache is cleared: who inserts into a life that is over
 * takes it out again.
 *
 * What protects what: the dict itself; entries never change, but for stamp, placed and number. All else of the cache:
 * `lock`, or being private; `seats` are read in brackets, and a seat is written to by the thread in whose slot it is.
 */
#include "runtime/lru_cache.h"

#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/dict.h"
#include "runtime/int.h"
#include "runtime/runtime_internal.h"
#include "runtime/str_internal.h"
#include "sync/grace_internal.h"

/* --- Keys --- */

struct key {
  weft_object header;
  int64_t hash;
  size_t size : 63, typed : 1;
  weft_object *args[];
};

static const weft_type key_type, entry_type;

static size_t key_bytes(size_t n) { return sizeof(struct key) + n * sizeof(weft_object *); }

/* As tuple's, with types if they count. -1: error. */
static int hash_args(weft_object *const *args, size_t n, bool typed, int64_t *hash) {
  uint64_t mixed = UINT64_C(0x9e3779b97f4a7c15) * (n + 1);
  for (size_t i = 0; i < n; i++) {
    int64_t h;
    if (weft_hash(args[i], &h) < 0) return -1;
    if (typed) h ^= (int64_t)((uintptr_t)args[i]->type >> 4);
    mixed = (mixed ^ (uint64_t)h) * UINT64_C(0xff51afd7ed558ccd);
    mixed ^= mixed >> 32;
  }
  *hash = (int64_t)mixed == -1 ? -2 : (int64_t)mixed;
  return 0;
}

/* Can the argument be the key itself? Then it need not be counted: the caller has it. */
static inline bool is_own_key(weft_object *const *args, size_t n, bool typed) {
  return n == 1 && !typed && (args[0]->type == &weft_str_type || args[0]->type == &weft_int_type);
}

/* The key of any other call. Returns new; NULL with the error. */
static weft_object *key_of(weft_object *const *args, size_t n, bool typed) {
  int64_t hash;
  if (hash_args(args, n, typed, &hash) < 0) return NULL;
  struct key *k = weft__object_alloc(&key_type, key_bytes(n), "weft_call");
  if (!k) return NULL;
  k->hash = hash;
  k->size = n;
  k->typed = typed;
  for (size_t i = 0; i < n; i++) k->args[i] = weft_new_ref(args[i]);
  return &k->header;
}

static int key_hash(weft_object *self, int64_t *hash) {
  *hash = ((struct key *)self)->hash;
  return 0;
}

static int key_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (op != WEFT_EQ || b->type != &key_type) return WEFT_NOT_IMPLEMENTED;
  struct key *x = (struct key *)a, *y = (struct key *)b;
  int equal = x->size == y->size && x->hash == y->hash;
  for (size_t i = 0; equal > 0 && i < x->size; i++) {
    if (x->typed && x->args[i]->type != y->args[i]->type) return 0;
    equal = weft_compare(x->args[i], y->args[i], WEFT_EQ);
  }
  return equal;
}

static int key_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct key *k = (struct key *)self;
  int stop = 0;
  for (size_t i = 0; !stop && i < k->size; i++) stop = visit(k->args[i], arg);
  return stop;
}

static void key_release(weft_object *self) {
  struct key *k = (struct key *)self;
  for (size_t i = 0; i < k->size; i++) weft_decref(k->args[i]);
}

static void key_dealloc(weft_object *self) {
  key_release(self);
  weft__heap_free(self, key_bytes(((struct key *)self)->size));
}

static const weft_type key_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "lru_cache_key",
             .base = &weft_object_type,
             .basic_size = sizeof(struct key),
             .item_size = sizeof(weft_object *),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = key_traverse,
             .dealloc = key_dealloc,
             .hash = key_hash,
             .compare = key_compare},
    .quiet = true,
    .release = key_release,
};

/* --- Entries --- */

struct entry {
  weft_object header;
  weft_object *key, *result;
  uint64_t stamp;  /* of the last use while the cache was private */
  uint64_t placed; /* the stamp by which it stands in the heap */
  uint32_t number; /* of its stamp in seats */
};

static struct entry *entry_new(weft_object *key, weft_object *result, uint32_t number) {
  struct entry *e = weft__object_alloc(&entry_type, sizeof *e, "weft_call");
  if (!e) return NULL;
  e->key = weft_new_ref(key);
  e->result = weft_new_ref(result);
  e->stamp = e->placed = 0;
  e->number = number;
  return e;
}

static int entry_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct entry *e = (struct entry *)self;
  int stop = visit(e->key, arg);
  return stop ? stop : visit(e->result, arg);
}

static void entry_release(weft_object *self) {
  weft_decref(((struct entry *)self)->key);
  weft_decref(((struct entry *)self)->result);
}

static void entry_dealloc(weft_object *self) {
  entry_release(self);
  weft__heap_free(self, sizeof(struct entry));
}

static const weft_type entry_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "lru_cache_entry",
             .base = &weft_object_type,
             .basic_size = sizeof(struct entry),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = entry_traverse,
             .dealloc = entry_dealloc,
             .hash = weft__hash_identity},
    .quiet = true,
    .release = entry_release,
};

/* --- The cache --- */

/* order: relaxed, for all of it: one thread writes, and who reads wants figures that are not far off. */
struct seat {
  char apart[WEFT_CACHE_LINE]; /* from what else is in the line; as much follows at the end */
  uint64_t clock;
  uint64_t hits;
  size_t room;
  uint64_t stamp[];
};

struct seats {
  size_t count;
  struct seat *seat[]; /* by slot; NULL: the slot's thread has not hit yet */
};

struct cache {
  weft_object header;
  weft_object *function, *map;
  int64_t maxsize;
  uint64_t hits, misses; /* hits: while private; and less those that seats had when it was cleared */
  uint64_t clock;        /* atomic */
  uint64_t life;
  struct entry **heap; /* heap[0] has the smallest `placed`; counted references */
  uint32_t *spare;     /* numbers that are not in use: spare[0 .. room - count - reserved) */
  size_t count, reserved, room;
  struct seats *seats; /* atomic */
  bool typed;
  weft_mutex lock;
};

static bool is_bounded(const struct cache *c) { return c->maxsize != WEFT_LRU_UNBOUNDED; }

static bool enter(struct cache *c) {
  bool private = weft__touch(&c->header);
  if (!private) weft__object_lock(&c->lock);
  return private;
}
static void leave(struct cache *c, bool private) {
  if (!private) weft__object_unlock(&c->lock);
}

/* --- Seats --- */

static size_t seat_bytes(size_t room) { return sizeof(struct seat) + room * sizeof(uint64_t) + WEFT_CACHE_LINE; }
static size_t seats_bytes(size_t n) { return sizeof(struct seats) + n * sizeof(struct seat *); }

/* The calling thread's; NULL: it has none. Under the lock, or in a bracket. */
static struct seat *own_seat(const struct cache *c) {
  /* order: acquire [lru-seats]: sees the seats as they were made. */
  const struct seats *seats = weft__load_acquire(&c->seats);
  uint32_t slot = weft__tls.slot;
  return seats && slot < seats->count ? weft__load_acquire(&seats->seat[slot]) : NULL;
}

/* A place for the calling thread's seat. False: no memory. Under the lock. */
static bool make_place(struct cache *c, uint32_t slot) {
  struct seats *old = c->seats;
  if (old && slot < old->count) return true;
  struct seats *seats = weft__buffer_new(seats_bytes(slot + 1), "lru_cache");
  if (!seats) return false;
  memset(seats, 0, seats_bytes(slot + 1));
  seats->count = slot + 1;
  if (old) memcpy(seats->seat, old->seat, old->count * sizeof *old->seat);
  /* order: release [lru-seats]: publishes what is in them. */
  weft__store_release(&c->seats, seats);
  if (old) weft__buffer_free_later(old, seats_bytes(old->count));
  return true;
}

/* Gives the calling thread a seat with room for all numbers. Without memory it does without: its hits are then counted
 * as the cache's own, and do not keep entries. */
static void take_seat(struct cache *c) {
  struct seat *old = own_seat(c);
  size_t room = is_bounded(c) ? c->room : 0;
  if (!make_place(c, weft__tls.slot) || (old && old->room >= room)) return;
  struct seat *seat = weft__buffer_new(seat_bytes(room), "lru_cache");
  if (!seat) return;
  memset(seat, 0, seat_bytes(room));
  if (old) memcpy(seat, old, seat_bytes(old->room) - WEFT_CACHE_LINE);
  seat->room = room;
  weft__store_release(&c->seats->seat[weft__tls.slot], seat);
  if (old) weft__buffer_free(old, seat_bytes(old->room)); /* read by this thread, and under the lock */
}

static uint64_t max_of(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Under the lock: hits counted in all seats. */
static uint64_t hits_in_seats(const struct cache *c) {
  uint64_t hits = 0;
  for (size_t i = 0; c->seats && i < c->seats->count; i++)
    if (c->seats->seat[i]) hits += weft__load_relaxed(&c->seats->seat[i]->hits);
  return hits;
}

/* Under the lock: a time that is later than all. */
static uint64_t tick(struct cache *c) {
  uint64_t now = c->clock;
  for (size_t i = 0; c->seats && i < c->seats->count; i++)
    if (c->seats->seat[i]) now = max_of(now, weft__load_relaxed(&c->seats->seat[i]->clock));
  weft__store_relaxed(&c->clock, now + 1);
  return now + 1;
}

/* Under the lock: the time of its last use. */
static uint64_t last_use(const struct cache *c, const struct entry *e) {
  uint64_t last = max_of(e->placed, e->stamp);
  for (size_t i = 0; c->seats && i < c->seats->count; i++) {
    const struct seat *seat = c->seats->seat[i];
    if (seat && e->number < seat->room) last = max_of(last, weft__load_relaxed(&seat->stamp[e->number]));
  }
  return last;
}

/* --- Hits --- */

struct hit {
  struct cache *cache;
  weft_object *result;
  bool unseated; /* the thread wants a seat, with more room */
};

/* Uses an entry at which the calling thread looks in the dict; no safepoint. */
static void use(weft_object *found, void *hit_) {
  struct hit *hit = hit_;
  struct cache *c = hit->cache;
  struct entry *e = is_bounded(c) ? (struct entry *)found : NULL;
  hit->result = weft_new_ref(e ? e->result : found);
  if (WEFT_LIKELY(weft__count_is_private(&c->header.count))) {
    c->hits++;
    if (e) e->stamp = ++c->clock;
    return;
  }
  struct seat *seat = own_seat(c);
  hit->unseated = !seat || (e && e->number >= seat->room);
  if (hit->unseated) return;
  weft__store_relaxed(&seat->hits, seat->hits + 1);
  if (!e) return;
  uint64_t now = max_of(seat->clock, weft__load_relaxed(&c->clock)) + 1;
  weft__store_relaxed(&seat->clock, now);
  weft__store_relaxed(&seat->stamp[e->number], now);
}

/* A thread's first hit: it takes a seat and looks again. */
static WEFT_NOINLINE weft_object *hit_again(struct cache *c, weft_object *key, weft_object *result_steal) {
  bool private = enter(c);
  if (!private) take_seat(c);
  leave(c, private);
  struct hit hit = {.cache = c};
  int found = weft__dict_visit(c->map, key, use, &hit);
  if (found > 0 && !hit.unseated) {
    weft_decref(result_steal);
    return hit.result;
  }
  if (found < 0) weft_error_clear();
  weft_xdecref(hit.result);
  private = enter(c); /* gone meanwhile, or no memory: it is a hit all the same */
  c->hits++;
  leave(c, private);
  return result_steal;
}

/* --- The heap, under the lock --- */

static void place(struct cache *c, size_t i, struct entry *e) { c->heap[i] = e; }

static void sift_up(struct cache *c, size_t i) {
  struct entry *e = c->heap[i];
  for (; i > 0 && c->heap[(i - 1) / 2]->placed > e->placed; i = (i - 1) / 2) place(c, i, c->heap[(i - 1) / 2]);
  place(c, i, e);
}

static void sift_down(struct cache *c) {
  struct entry *e = c->heap[0];
  size_t i = 0;
  for (size_t child; (child = 2 * i + 1) < c->count; i = child) {
    if (child + 1 < c->count && c->heap[child + 1]->placed < c->heap[child]->placed) child++;
    if (c->heap[child]->placed >= e->placed) break;
    place(c, i, c->heap[child]);
  }
  place(c, i, e);
}

static bool resize(void **buffer, size_t width, size_t from, size_t to) {
  void *resized = weft__buffer_resize(*buffer, from * width, to * width);
  if (resized) *buffer = resized;
  return resized;
}

/* Room for all that is there or reserved, and one more. False: no memory. */
static bool make_room(struct cache *c) {
  if (c->count + c->reserved < c->room) return true;
  size_t room = c->room ? 2 * c->room : 8;
  if (room > (uint64_t)c->maxsize) room = (size_t)c->maxsize;
  if (room > UINT32_MAX) return false;
  if (!resize((void **)&c->heap, sizeof *c->heap, c->room, room)) return false;
  if (!resize((void **)&c->spare, sizeof *c->spare, c->room, room)) { /* the heap is just larger than it has to be */
    resize((void **)&c->heap, sizeof *c->heap, room, c->room);
    return false;
  }
  /* The new numbers are spare: below those that were. */
  size_t more = room - c->room;
  memmove(c->spare + more, c->spare, (c->room - c->count - c->reserved) * sizeof *c->spare);
  for (size_t i = 0; i < more; i++) c->spare[i] = (uint32_t)(room - 1 - i);
  c->room = room;
  return true;
}

static void push_steal(struct cache *c, struct entry *e) {
  c->heap[c->count++] = e;
  sift_up(c, c->count - 1);
}

/* Takes out the entry that was used least recently; NULL: there is none. */
static struct entry *pop_oldest(struct cache *c) {
  if (!c->count) return NULL;
  for (uint64_t last; (last = last_use(c, c->heap[0])) > c->heap[0]->placed; sift_down(c)) c->heap[0]->placed = last;
  struct entry *oldest = c->heap[0];
  c->heap[0] = c->heap[--c->count];
  if (c->count) sift_down(c);
  return oldest;
}

/* --- Insertion --- */

/* What an insertion has reserved. */
struct reservation {
  uint64_t life;
  uint32_t number;
};

/* Reserves room for an entry, evicting another if need be. False: not possible, nothing has happened; an error may be
 * set, by a key's comparing. */
static bool reserve(struct cache *c, struct reservation *r) {
  bool private = enter(c), full = (int64_t)(c->count + c->reserved) >= c->maxsize;
  struct entry *victim = full ? pop_oldest(c) : NULL;
  bool good = full ? victim != NULL : make_room(c);
  *r = (struct reservation){.life = c->life};
  if (good) r->number = victim ? victim->number : c->spare[c->room - c->count - c->reserved - 1];
  c->reserved += good;
  leave(c, private);
  if (!victim) return good;
  if (weft__dict_remove_if(c->map, victim->key, &victim->header) >= 0) {
    weft_decref(&victim->header);
    return true;
  }
  private = enter(c);
  bool same = r->life == c->life;
  if (same) {
    c->reserved--;
    push_steal(c, victim);
  }
  leave(c, private);
  if (!same) weft_decref(&victim->header);
  return false;
}

/* The entry, if it has been inserted, is there to stay, unless the cache has been cleared meanwhile. True: it is. */
static bool settle(struct cache *c, struct entry *e, bool inserted, const struct reservation *r) {
  bool private = enter(c), same = r->life == c->life;
  if (same) c->reserved--;
  if (same && !inserted) c->spare[c->room - c->count - c->reserved - 1] = r->number;
  if (same && inserted) {
    e->placed = e->stamp = tick(c);
    push_steal(c, (struct entry *)weft_new_ref(&e->header));
  }
  leave(c, private);
  return same;
}

/* Remembers a result, if there is memory for it. -1: comparing keys has failed. */
static int insert(struct cache *c, weft_object *key, weft_object *result) {
  struct reservation r;
  int there = weft_dict_contains(c->map, key); /* by a call in the call: that one stays */
  if (there || !reserve(c, &r)) return there < 0 || weft_error_borrow() ? -1 : 0;
  struct entry *e = entry_new(key, result, r.number);
  weft_auto weft_object *kept = e ? weft_dict_set_default(c->map, key, &e->header) : NULL;
  bool inserted = kept && kept == &e->header;
  weft_object *error = weft_error_take();
  if (!settle(c, e, inserted, &r) && inserted) weft__dict_remove_if(c->map, key, &e->header);
  if (e) weft_decref(&e->header);
  if (!error) return 0;
  weft_error_clear();
  weft__self()->error = error;
  return -1;
}

/* --- Calls --- */

static weft_object *miss(struct cache *c, weft_object *key, weft_object *const *args, size_t n) {
  bool private = enter(c);
  c->misses++;
  leave(c, private);
  weft_object *result = weft_call(c->function, args, n);
  if (!result || !key) return result;
  int failed = is_bounded(c) ? insert(c, key, result) : weft_dict_set(c->map, key, result);
  if (failed && weft_error_is(&weft_MemoryError))
    weft_error_clear(); /* a result is not lost because it cannot be remembered */
  else if (failed)
    weft_clear(&result);
  return result;
}

static weft_object *cache_call(weft_object *self, weft_object *const *args, size_t n) {
  struct cache *c = (struct cache *)self;
  if (WEFT_UNLIKELY(c->maxsize == 0)) return miss(c, NULL, args, n);
  bool own = is_own_key(args, n, c->typed);
  weft_auto weft_object *made = own ? NULL : key_of(args, n, c->typed);
  weft_object *key = own ? args[0] : made;
  struct hit hit = {.cache = c};
  int found = key ? weft__dict_visit(c->map, key, use, &hit) : -1;
  if (WEFT_LIKELY(found > 0)) return WEFT_LIKELY(!hit.unseated) ? hit.result : hit_again(c, key, hit.result);
  return found < 0 ? NULL : miss(c, key, args, n);
}

/* --- The rest --- */

static struct cache *expect(const char *call, weft_object *o) {
  return weft__expect(call, o, &weft_lru_cache_type) ? (struct cache *)o : NULL;
}

weft_object *weft_lru_cache_new(weft_object *callable, int64_t maxsize, bool typed) {
  if (!weft__given("weft_lru_cache_new", callable)) return NULL;
  if (!callable->type->spec.call)
    return weft_raise(&weft_TypeError, "lru_cache: '%s' object is not callable", callable->type->spec.name);
  weft_object *map = weft_dict_new();
  struct cache *c = map ? weft__object_alloc(&weft_lru_cache_type, sizeof *c, "weft_lru_cache_new") : NULL;
  if (!c) {
    weft_xdecref(map);
    return NULL;
  }
  memset((char *)c + sizeof c->header, 0, sizeof *c - sizeof c->header);
  c->function = weft_new_ref(callable);
  c->map = map;
  c->maxsize = maxsize < 0 ? 0 : maxsize;
  c->typed = typed;
  return &c->header;
}

int weft_lru_cache_get_info(weft_object *o, weft_lru_cache_info *info) {
  struct cache *c = expect("weft_lru_cache_get_info", o);
  if (!c) return -1;
  int64_t length = is_bounded(c) ? 0 : weft_dict_length(c->map);
  bool private = enter(c);
  *info = (weft_lru_cache_info){.hits = c->hits + hits_in_seats(c),
                                .misses = c->misses,
                                .maxsize = c->maxsize,
                                .currsize = is_bounded(c) ? (int64_t)c->count : length};
  leave(c, private);
  return 0;
}

int weft_lru_cache_parameters(weft_object *o, int64_t *maxsize, bool *typed) {
  const struct cache *c = expect("weft_lru_cache_parameters", o);
  if (!c) return -1;
  *maxsize = c->maxsize;
  *typed = c->typed;
  return 0;
}

weft_object *weft_lru_cache_wrapped(weft_object *o) {
  const struct cache *c = expect("weft_lru_cache_wrapped", o);
  return c ? weft_new_ref(c->function) : NULL;
}

static void drop_heap(struct entry **heap, uint32_t *spare, size_t count, size_t room) {
  for (size_t i = 0; i < count; i++) weft_decref(&heap[i]->header);
  if (heap) weft__buffer_free(heap, room * sizeof *heap);
  if (spare) weft__buffer_free(spare, room * sizeof *spare);
}

int weft_lru_cache_clear(weft_object *o) {
  struct cache *c = expect("weft_lru_cache_clear", o);
  if (!c) return -1;
  bool private = enter(c);
  struct entry **heap = c->heap;
  uint32_t *spare = c->spare;
  size_t count = c->count, room = c->room;
  c->life++;
  c->heap = NULL;
  c->spare = NULL;
  c->count = c->room = c->reserved = 0;
  c->hits = 0 - hits_in_seats(c);
  c->misses = 0;
  leave(c, private);
  int failed = weft_dict_clear(c->map);
  drop_heap(heap, spare, count, room);
  return failed;
}

static int cache_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct cache *c = (struct cache *)self;
  int stop = visit(c->function, arg);
  if (!stop) stop = visit(c->map, arg);
  for (size_t i = 0; !stop && i < c->count; i++) stop = visit(&c->heap[i]->header, arg);
  return stop;
}

static void cache_release(weft_object *self) {
  struct cache *c = (struct cache *)self;
  drop_heap(c->heap, c->spare, c->count, c->room);
  weft_decref(c->map);
  weft_decref(c->function);
  for (size_t i = 0; c->seats && i < c->seats->count; i++)
    if (c->seats->seat[i]) weft__buffer_free(c->seats->seat[i], seat_bytes(c->seats->seat[i]->room));
  if (c->seats) weft__buffer_free(c->seats, seats_bytes(c->seats->count));
}

static void cache_dealloc(weft_object *self) {
  cache_release(self);
  weft__heap_free(self, sizeof(struct cache));
}

const weft_type weft_lru_cache_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "lru_cache",
             .base = &weft_object_type,
             .basic_size = sizeof(struct cache),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = cache_traverse,
             .clear = weft_lru_cache_clear,
             .dealloc = cache_dealloc,
             .hash = weft__hash_identity,
             .call = cache_call,
             .copy = weft__copy_itself,
             .deepcopy = weft__deepcopy_itself},
    .lock_offset = offsetof(struct cache, lock),
    .guarded = true,
    .binds = true,
    .quiet = true,
    .release = cache_release,
    .weak = true,
};
