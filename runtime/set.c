/* SPDX-License-Identifier: MIT */
/*
 * set and frozenset: a table (set_table_internal.h) and the number of keys. Small tables stand in the object.
 *
 * A private set is changed in place, by its thread, which touches no table while a hook runs. A shared one is changed
 * under its lock and searched in brackets. No hook runs under the lock or in a bracket of ours: where only comparing
 * can tell whether two keys are equal, the search remembers where it is, leaves, compares, and comes back; if the table
 * is another one by then, it begins again. What goes is dropped when the set is open again.
 *
 * A frozenset is changed by nobody but the constructor, before anybody else knows it: it needs neither lock nor
 * sharing.
 *
 * The table in the object, `own`: its memory lives as long as the object, so it can be left but not given back. A
 * shared set that outgrows or clears it publishes another table, and `own` stays as it is, because readers may still be
 * in it: there is no grace period after which anybody would empty it. Only who finds the set private puts it to use
 * again. That is sound: a set is private while one thread alone touches it, and a shared one becomes private again only
 * by a hand-over of its only reference; but whoever is in a bracket with its table has a reference, or got one in that
 * bracket that is released after it. An empty shared set has the table `none`, which is full.
 *
 * Order of stores to a shared set: the size; then what it is about, the key or the table, with release; then, for a
 * table, `generation`. So whoever has seen a key come or go sees the size that counts it; whoever has seen a generation
 * sees its table or a later one. The size by itself may be ahead of the keys: the length is asked for under the lock.
 */
#include "runtime/set.h"

#include <string.h>

#include "runtime/copy_internal.h"
#include "runtime/iterator.h"
#include "runtime/runtime_internal.h"
#include "runtime/set_table_internal.h"
#include "runtime/text_internal.h"
#include "sync/grace_internal.h"

typedef struct weft__set_table table;
typedef struct weft__set_entry entry;

struct small_table {
  table head;
  entry entries[1 << WEFT__SET_MIN_BITS];
};

typedef struct set {
  weft_object header;
  table *table;
  size_t size;         /* keys */
  weft_mutex lock;     /* of a shared set */
  uint32_t generation; /* changes with the table */
  union {
    size_t finger; /* of a set: where the last key was popped */
    int64_t hash;  /* of a frozenset, atomic: -1 until it is asked for; every thread computes the same */
  };
  struct small_table own;
} set;

_Static_assert(sizeof(set) <= 216 + 16, "no larger than CPython's, with the collector's words before it");

weft_object weft__set_deleted;

static struct small_table full_and_empty = {.head = {.filled = SIZE_MAX / 8, .bits = WEFT__SET_MIN_BITS}};
#define none (&full_and_empty.head)

extern const weft_type weft__set_iterator_type;

/* --- Tables --- */

static size_t table_bytes(unsigned bits) { return sizeof(table) + (sizeof(entry) << bits); }

/* Has it room for `n` more keys? */
static bool has_room(const table *t, size_t n) { return (t->filled + n) * 5 < weft__set_mask(t) * 3; }

/* Bits of a table with more than `n` entries. */
static unsigned bits_beyond(size_t n) {
  unsigned bits = WEFT__SET_MIN_BITS;
  while (bits < WEFT__SET_MAX_BITS && ((size_t)1 << bits) <= n) bits++;
  return bits;
}

static table *table_init(table *t, unsigned bits) {
  t->filled = 0;
  t->bits = bits;
  memset(weft__set_entries(t), 0, sizeof(entry) << bits);
  return t;
}

/* An empty table; NULL: out of memory. No safepoint. */
static table *table_new(unsigned bits) {
  if (bits >= WEFT__SET_MAX_BITS) return NULL;
  table *t = weft__buffer_new(table_bytes(bits), "set");
  return t ? table_init(t, bits) : NULL;
}

static bool is_small(const set *o, const table *t) { return t == &o->own.head || t == none; }

static void table_drop(const set *o, table *t, bool private) {
  if (!is_small(o, t)) weft__drop_buffer(t, table_bytes(t->bits), private);
}

/* Fills the EMPTY entry at which the key's search ends. */
static inline void entry_fill(table *t, entry *e, weft_object *key_steal, uint64_t hash) {
  t->filled++;
  weft__store_relaxed(&e->hash, hash);
  /* order: release [set]: publishes the hash, and the size. */
  weft__store_release(&e->key, key_steal);
}

static void table_add(table *t, weft_object *key_steal, uint64_t hash) {
  struct weft__set_probe p = weft__set_probe_start(t, hash);
  while (weft__set_entries(t)[p.i].key) weft__set_probe_next(&p, t);
  entry_fill(t, &weft__set_entries(t)[p.i], key_steal, hash);
}

/* The keys of a table that nobody changes: the next entry from number *i on, NULL at the end. */
static const entry *next_entry(const table *t, size_t *i) {
  while (*i <= weft__set_mask(t)) {
    const entry *e = &weft__set_entries(t)[(*i)++];
    if (weft__set_key(e)) return e;
  }
  return NULL;
}

/* order: relaxed: see the top. */
static inline void set_size(set *o, size_t size) { weft__store_relaxed(&o->size, size); }

static void publish(set *o, table *t) {
  /* order: release [set]: a reader that sees the table sees its keys; one that sees the generation, the table. */
  weft__store_release(&o->table, t);
  weft__store_release(&o->generation, o->generation + 1);
}

/*
 * Makes the table anew, with room for `n` keys more, without the DELETED entries. The old one, if it has to be dropped,
 * is *old. False: out of memory, nothing has happened.
 */
static bool grow(set *o, size_t n, bool private, table **old) {
  WEFT_ASSERT(!*old);
  size_t size = o->size + n;
  bool small = private && size < (n == 1 ? 4 : 5);
  unsigned bits = small ? WEFT__SET_MIN_BITS : bits_beyond(n == 1 && size <= 50000 ? size * 4 : size * 2);
  struct small_table copy;
  table *from = o->table;
  if (small && from == &o->own.head) {
    copy = o->own;
    from = &copy.head;
  }
  table *to = small ? table_init(&o->own.head, bits) : table_new(bits);
  if (!to) return false;
  size_t i = 0;
  for (const entry *e; (e = next_entry(from, &i));) table_add(to, e->key, e->hash);
  if (from != &copy.head) *old = from;
  publish(o, to);
  return true;
}

/* --- Access --- */

/* Reading and writing: a way in, a way out. */
enum entrance { READING, WRITING };

/* Where a search has come to, and what is to be done when the set is open again. */
struct search {
  set *set;
  enum entrance how;
  size_t most_gone; /* keys that may be taken out before it is left */
  weft_object *key;
  uint64_t hash;
  bool private;
  const table *table;
  uint32_t generation;
  enum weft__set_outcome outcome; /* MISSING or FOUND, and where */
  size_t at;
  /* What is to be dropped. */
  table *old;
  weft_object **gone, *only_one;
  size_t gone_count, gone_room;
};

static void leave(struct search *s) {
  if (!s->private) {
    if (s->how == WRITING)
      weft__object_unlock(&s->set->lock);
    else
      weft__bracket_end();
  }
  if (s->old) table_drop(s->set, s->old, s->private);
  s->old = NULL;
  for (size_t i = 0; i < s->gone_count; i++) weft__drop_item(s->gone[i], s->private);
  s->gone_count = 0;
  if (s->gone_room > 1) weft__buffer_free(s->gone, s->gone_room * sizeof *s->gone);
  s->gone_room = 0;
}

/* Also types that derive from them. */
static bool is_mutable(const weft_object *o) {
  return weft_set_check(o) || (!weft_frozenset_check(o) && weft_is_instance(o, &weft_set_type));
}
static bool is_either(const weft_object *o) { return is_mutable(o) || weft_is_instance(o, &weft_frozenset_type); }
/* What combining a set with something gives. */
static const weft_type *plain_type(const weft_object *o) {
  return is_mutable(o) ? &weft_set_type : &weft_frozenset_type;
}

/* A safepoint; from here to `leave` there is none. False: out of memory, the error is set and nothing is entered. */
static bool enter(struct search *s) {
  if (is_mutable(&s->set->header)) {
    s->private = weft__touch(&s->set->header);
  } else {
    weft_poll();
    s->private = true;
  }
  if (!s->private) {
    if (s->how == WRITING)
      weft__object_lock(&s->set->lock);
    else
      weft__bracket_begin();
  }
  if (!s->most_gone) return true;
  s->gone_room = s->most_gone < s->set->size ? s->most_gone : s->set->size;
  s->gone = s->gone_room > 1 ? weft__buffer_new(s->gone_room * sizeof *s->gone, "set") : &s->only_one;
  if (s->gone) return true;
  s->gone_room = 0;
  leave(s);
  weft_raise_memory();
  return false;
}

static bool is_set(const char *call, const weft_object *o) { return weft__expect(call, o, &weft_set_type); }

static bool is_any_set(const char *call, const weft_object *o) {
  if (!weft__given(call, o)) return false;
  if (WEFT_LIKELY(is_either(o))) return true;
  weft_raise(&weft_TypeError, "%s: expected set or frozenset, got %s", call, o->type->spec.name);
  return false;
}

/* Asks, outside, whether the key is equal to `other`: 1, 0; -1: an error is set, the set has been left. */
static int ask(struct search *s, weft_object *other) {
  weft_incref(other);
  leave(s);
  int equal = weft_compare(other, s->key, WEFT_EQ);
  weft_decref(other);
  return equal < 0 || !enter(s) ? -1 : equal;
}

/* order: acquire [set], for both: the table, then its keys; the generation is this table's or a later one's. */
static void look_at_table(struct search *s) {
  s->table = weft__load_acquire(&s->set->table);
  s->generation = weft__load_acquire(&s->set->generation);
}
static bool is_same_table(const struct search *s) {
  return weft__load_acquire(&s->set->table) == s->table && weft__load_acquire(&s->set->generation) == s->generation;
}

/*
 * Finds the key in a set that has been entered. False: an error is set, the set has been left.
 * What weft_compare says stays good as long as the table does: after a no the search goes on behind that entry; after a
 * yes the entry is looked at again. With another table the search begins again.
 */
static bool find(struct search *s) {
  look_at_table(s);
  struct weft__set_probe p = weft__set_probe_start(s->table, s->hash);
  while ((s->outcome = weft__set_probe(s->table, &p, s->key, s->hash)) == WEFT__SET_ASK) {
    weft_object *other = p.other;
    int equal = ask(s, other);
    if (equal < 0) return false;
    if (!is_same_table(s)) {
      look_at_table(s);
      p = weft__set_probe_start(s->table, s->hash);
    } else if (equal && weft__set_key(&weft__set_entries(s->table)[p.i]) == other) {
      s->outcome = WEFT__SET_FOUND;
      break;
    } else {
      weft__set_probe_next(&p, s->table);
    }
  }
  s->at = p.i;
  return true;
}

/* Adds the key, which has not been found. False: out of memory; the set is left, the error is set. */
static bool add(struct search *s, size_t room) {
  set *o = s->set;
  if (!has_room(o->table, 1) && !grow(o, room, s->private, &s->old)) {
    leave(s);
    weft_raise_memory();
    return false;
  }
  set_size(o, o->size + 1);
  table_add(o->table, weft_new_ref(s->key), s->hash);
  return true;
}

/* Takes out what stands in an entry. */
static void take_out(struct search *s, entry *e) {
  s->gone[s->gone_count++] = e->key;
  set_size(s->set, s->set->size - 1);
  /* order: release [set]: publishes the size. */
  weft__store_release(&e->key, &weft__set_deleted);
}

static void take_out_found(struct search *s) { take_out(s, &weft__set_entries(s->table)[s->at]); }

/* --- The fast path --- */

/* The table of a set that the calling thread may use right now, for a key whose hash needs no hook; NULL: everything
 * else, including misuse. */
WEFT_ALWAYS_INLINE table *touch(const weft_object *o, const weft_object *key, uint64_t *hash) {
  if (WEFT_UNLIKELY(!o || !key || !weft__is_simple(key))) return NULL;
  *hash = weft__simple_hash(key);
  bool may = *hash != (uint64_t)-1;
  if (o->type == &weft_set_type)
    may = may && weft__may_touch(o);
  else /* order: relaxed: as weft__may_touch. */
    may = may && o->type == &weft_frozenset_type && !(weft__load_relaxed(weft__tls.status) & WEFT__STATUS_BUSY);
  return WEFT_LIKELY(may) ? ((const set *)o)->table : NULL;
}

/* Adds the key; false: not this way. */
WEFT_ALWAYS_INLINE bool add_touched(weft_object *o, weft_object *key) {
  uint64_t hash;
  table *t = touch(o, key, &hash);
  if (WEFT_UNLIKELY(!t)) return false;
  struct weft__set_probe p = weft__set_probe_start(t, hash);
  enum weft__set_outcome outcome = weft__set_probe(t, &p, key, hash);
  if (outcome == WEFT__SET_MISSING && has_room(t, 1)) {
    ((set *)o)->size++;
    entry_fill(t, &weft__set_entries(t)[p.i], weft_new_ref(key), hash);
    return true;
  }
  return outcome == WEFT__SET_FOUND;
}

/* --- Making and copying --- */

WEFT_ALWAYS_INLINE void set_init_body(set *o, bool is_frozen) {
  o->table = table_init(&o->own.head, WEFT__SET_MIN_BITS);
  o->size = 0;
  o->lock = (weft_mutex){0};
  o->generation = 0;
  if (is_frozen)
    o->hash = -1;
  else
    o->finger = 0;
}

static set *set_alloc(const weft_type *type, const char *call) {
  set *o = weft__object_alloc(type, sizeof *o, call);
  if (WEFT_LIKELY(o != NULL)) set_init_body(o, type == &weft_frozenset_type);
  return o;
}

weft_object *weft_set_new(void) { return (weft_object *)set_alloc(&weft_set_type, "weft_set_new"); }
weft_object *weft_frozenset_new(void) { return (weft_object *)set_alloc(&weft_frozenset_type, "weft_frozenset_new"); }

/* Adds to a set that nobody else knows, and that has not the key. False: out of memory. No safepoint. */
static bool add_fresh(set *o, size_t room, weft_object *key, uint64_t hash) {
  table *old = NULL;
  if (!has_room(o->table, room) && !grow(o, room, true, &old)) return false;
  if (old) table_drop(o, old, true);
  o->size++;
  table_add(o->table, weft_new_ref(key), hash);
  return true;
}

/* A fresh set of `type` with the keys that `o` has at one moment. */
static weft_object *duplicate(weft_object *o, const weft_type *type, const char *call) {
  set *made = set_alloc(type, call);
  if (!made) return NULL;
  struct search s = {.set = (set *)o, .how = WRITING};
  enter(&s);
  bool good = true;
  size_t i = 0;
  for (const entry *e; good && (e = next_entry(s.set->table, &i));)
    good = add_fresh(made, s.set->size - made->size, e->key, e->hash);
  leave(&s);
  if (good) return &made->header;
  weft_decref(&made->header);
  return weft_raise_memory();
}

/* Adds the key. 0, or -1. */
static int insert(set *o, weft_object *key) {
  struct search s = {.set = o, .how = WRITING, .key = key};
  if (!weft__key_hash(key, &s.hash) || !enter(&s) || !find(&s)) return -1;
  if (s.outcome == WEFT__SET_MISSING && !add(&s, 1)) return -1;
  leave(&s);
  return 0;
}

static weft_object *set_iter(weft_object *o);

/* A fresh set of `type` with the keys that iterating gives. */
static weft_object *collect(weft_object *iterable, const weft_type *type, const char *call) {
  if (!weft__given(call, iterable)) return NULL;
  if (iterable->type->spec.iter == set_iter) return duplicate(iterable, type, call);
  weft_auto weft_object *iterator = weft_iter(iterable);
  weft_object *made = iterator ? (weft_object *)set_alloc(type, call) : NULL;
  for (weft_object *key; made && (key = weft_next(iterator)); weft_decref(key))
    if (!add_touched(made, key) && insert((set *)made, key) < 0) weft_clear(&made);
  if (made && weft_error_borrow()) weft_clear(&made);
  return made;
}

/* What iterating gives, as something that stays: a frozenset. */
static weft_object *freeze(weft_object *iterable, const char *call) {
  if (!weft__given(call, iterable)) return NULL;
  return weft_frozenset_check(iterable) ? weft_new_ref(iterable) : collect(iterable, &weft_frozenset_type, call);
}

weft_object *weft_set_from(weft_object *iterable) { return collect(iterable, &weft_set_type, "weft_set_from"); }
weft_object *weft_frozenset_from(weft_object *iterable) { return freeze(iterable, "weft_frozenset_from"); }

weft_object *weft_set_copy(weft_object *o) {
  if (!is_any_set("weft_set_copy", o)) return NULL;
  return weft_frozenset_check(o) ? weft_new_ref(o) : duplicate(o, plain_type(o), "weft_set_copy");
}

/* --- One key --- */

/* The finaliser of MurmurHash3 (Appleby). */
static uint64_t mix(uint64_t h) {
  h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
  h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
  return h ^ h >> 33;
}

/* The hash of the frozenset with these keys, in any order. */
static int64_t hash_keys(const set *o) {
  uint64_t sum = o->size;
  size_t i = 0;
  for (const entry *e; (e = next_entry(o->table, &i));) sum += mix(e->hash ^ UINT64_C(0x9e3779b97f4a7c15));
  int64_t hash = (int64_t)mix(sum);
  return hash == -1 ? -2 : hash;
}

/* Hashes the key of a search. False: an error is set. */
static bool given_key(struct search *s, const char *call, weft_object *key, bool set_as_key) {
  if (!weft__given(call, key)) return false;
  s->key = key;
  if (!set_as_key || !is_mutable(key) || key->type->spec.hash) return weft__key_hash(key, &s->hash);
  struct search other = {.set = (set *)key, .how = WRITING};
  enter(&other);
  s->hash = (uint64_t)hash_keys(other.set);
  leave(&other);
  return true;
}

static int contains(const char *call, weft_object *o, weft_object *key, bool set_as_key) {
  struct search s = {.set = (set *)o, .how = READING};
  if (!is_any_set(call, o) || !given_key(&s, call, key, set_as_key) || !enter(&s) || !find(&s)) return -1;
  leave(&s);
  return s.outcome == WEFT__SET_FOUND;
}

int weft_set_contains(weft_object *o, weft_object *key) {
  uint64_t hash;
  const table *t = touch(o, key, &hash);
  if (WEFT_LIKELY(t != NULL)) {
    struct weft__set_probe p = weft__set_probe_start(t, hash);
    enum weft__set_outcome outcome = weft__set_probe(t, &p, key, hash);
    if (WEFT_LIKELY(outcome != WEFT__SET_ASK)) return outcome == WEFT__SET_FOUND;
  }
  return contains("weft_set_contains", o, key, false);
}

int weft_set_add(weft_object *o, weft_object *key) {
  if (WEFT_LIKELY(o && weft_set_check(o)) && add_touched(o, key)) return 0;
  return is_set("weft_set_add", o) && weft__given("weft_set_add", key) ? insert((set *)o, key) : -1;
}

static int discard(const char *call, weft_object *o, weft_object *key) {
  struct search s = {.set = (set *)o, .how = WRITING, .most_gone = 1};
  if (!is_set(call, o) || !given_key(&s, call, key, true) || !enter(&s) || !find(&s)) return -1;
  if (s.outcome == WEFT__SET_FOUND) take_out_found(&s);
  leave(&s);
  return s.outcome == WEFT__SET_FOUND;
}

int weft_set_discard(weft_object *o, weft_object *key) { return discard("weft_set_discard", o, key); }

int weft_set_remove(weft_object *o, weft_object *key) {
  int found = discard("weft_set_remove", o, key);
  if (found) return found < 0 ? -1 : 0;
  weft_auto weft_object *text = weft_repr(key);
  if (text) weft_raise(&weft_KeyError, "%s", weft_str_utf8(text, NULL));
  return -1;
}

weft_object *weft_set_pop(weft_object *o) {
  struct search s = {.set = (set *)o, .how = WRITING, .most_gone = 1};
  if (!is_set("weft_set_pop", o) || !enter(&s)) return NULL;
  weft_object *key = NULL;
  const table *t = s.set->table;
  for (size_t i = s.set->finger; s.set->size && !key; i++) {
    entry *e = &weft__set_entries(t)[i & weft__set_mask(t)];
    if (!weft__set_key(e)) continue;
    key = weft_new_ref(e->key);
    s.set->finger = i & weft__set_mask(t);
    take_out(&s, e);
  }
  leave(&s);
  return key ? key : weft_raise(&weft_KeyError, "pop from an empty set");
}

/* Drops all keys of a table that nobody changes any more. */
static void drop_keys(const table *t, bool private) {
  size_t i = 0;
  for (const entry *e; (e = next_entry(t, &i));) weft__drop_item(e->key, private);
}

int weft_set_clear(weft_object *o) {
  struct search s = {.set = (set *)o, .how = WRITING};
  if (!is_set("weft_set_clear", o) || !enter(&s)) return -1;
  table *t = s.set->table;
  struct small_table copy; /* finalizers may add again */
  if (t == &s.set->own.head) {
    copy = s.set->own;
    t = &copy.head;
  }
  set_size(s.set, 0);
  publish(s.set, s.private ? table_init(&s.set->own.head, WEFT__SET_MIN_BITS) : none);
  leave(&s);
  drop_keys(t, s.private);
  if (t != &copy.head) table_drop(s.set, t, s.private);
  return 0;
}

int64_t weft_set_length(weft_object *o) {
  struct search s = {.set = (set *)o, .how = WRITING};
  if (!is_any_set("weft_set_length", o) || !enter(&s)) return -1;
  int64_t size = (int64_t)s.set->size;
  leave(&s);
  return size;
}

int64_t weft_set_capacity(weft_object *o) {
  struct search s = {.set = (set *)o, .how = WRITING};
  if (!is_any_set("weft_set_capacity", o) || !enter(&s)) return -1;
  size_t most = weft__set_mask(s.set->table) * 3;
  leave(&s);
  return (int64_t)((most - 1) / 5);
}

/* --- Many keys: what comes from `other` has been frozen before the set is entered --- */

static int add_all(struct search *s, const set *from) {
  if (!enter(s)) return -1;
  if (from->size && !has_room(s->set->table, from->size) && !grow(s->set, from->size, s->private, &s->old)) {
    leave(s);
    weft_raise_memory();
    return -1;
  }
  size_t i = 0, left = from->size;
  for (const entry *e; (e = next_entry(from->table, &i)); left--) {
    s->key = e->key;
    s->hash = e->hash;
    if (!find(s)) return -1;
    if (s->outcome == WEFT__SET_MISSING) {
      if (!add(s, left)) return -1;
    } else if (s->most_gone) {
      take_out_found(s);
    }
  }
  leave(s);
  return 0;
}

static int remove_all(struct search *s, const set *from) {
  if (!enter(s)) return -1;
  size_t i = 0;
  for (const entry *e; (e = next_entry(from->table, &i));) {
    s->key = e->key;
    s->hash = e->hash;
    if (!find(s)) return -1;
    if (s->outcome == WEFT__SET_FOUND) take_out_found(s);
  }
  leave(s);
  return 0;
}

/*
 * Is the key of `s`, which is at entry `at` of its table, in `with`? When this has to be asked about, the set is left
 * meanwhile; so afterwards the table may be another one, or the key not there any more: then it needs no removing.
 * -1: an error is set, the set has been left.
 */
static int is_kept(struct search *s, const entry *at, set *with) {
  struct weft__set_probe p = weft__set_probe_start(with->table, s->hash);
  enum weft__set_outcome outcome = weft__set_probe(with->table, &p, s->key, s->hash);
  if (WEFT_LIKELY(outcome != WEFT__SET_ASK)) return outcome == WEFT__SET_FOUND;
  weft_auto weft_object *key = weft_new_ref(s->key);
  leave(s);
  struct search in = {.set = with, .how = READING, .key = key, .hash = s->hash};
  enter(&in);
  if (!find(&in)) return -1;
  leave(&in);
  if (!enter(s)) return -1;
  return in.outcome == WEFT__SET_FOUND || !is_same_table(s) || at->key != key;
}

static int keep_all(struct search *s, set *with) {
  if (!enter(s)) return -1;
  look_at_table(s);
  for (size_t i = 0; i <= weft__set_mask(s->table); i++) {
    entry *e = &weft__set_entries(s->table)[i];
    s->key = weft__set_key(e);
    if (!s->key) continue;
    s->hash = e->hash;
    int kept = is_kept(s, e, with);
    if (kept < 0) return -1;
    if (!kept) take_out(s, e);
    if (is_same_table(s)) continue;
    look_at_table(s);
    i = (size_t)-1; /* from the beginning */
  }
  leave(s);
  return 0;
}

enum change { UPDATE, INTERSECT, SUBTRACT, TOGGLE };

/* A set with itself is a case of its own here and below: it is looked at once, not at two moments. */
static int change(const char *call, weft_object *o, weft_object *other, enum change what) {
  if (!is_set(call, o)) return -1;
  if (o == other) return what == UPDATE || what == INTERSECT ? 0 : weft_set_clear(o);
  weft_auto weft_object *frozen = freeze(other, call);
  if (!frozen) return -1;
  set *from = (set *)frozen;
  struct search s = {.set = (set *)o, .how = WRITING};
  s.most_gone = what == UPDATE ? 0 : what == INTERSECT ? SIZE_MAX : from->size;
  return what == INTERSECT ? keep_all(&s, from) : what == SUBTRACT ? remove_all(&s, from) : add_all(&s, from);
}

int weft_set_update(weft_object *o, weft_object *other) { return change("weft_set_update", o, other, UPDATE); }
int weft_set_intersection_update(weft_object *o, weft_object *other) {
  return change("weft_set_intersection_update", o, other, INTERSECT);
}
int weft_set_difference_update(weft_object *o, weft_object *other) {
  return change("weft_set_difference_update", o, other, SUBTRACT);
}
int weft_set_symmetric_difference_update(weft_object *o, weft_object *other) {
  return change("weft_set_symmetric_difference_update", o, other, TOGGLE);
}

/* --- Combining --- */

/*
 * Looks for the keys of a frozenset in `in`, which has *size keys at that moment. Those that are there (`present`;
 * otherwise: those that are not) go to `made`, which nobody else knows. Without `made`: the search ends at the first
 * that is not such a key.
 * 1: all were; 0; -1: error.
 */
static int sift(const set *from, set *in, bool present, set *made, size_t *size) {
  struct search s = {.set = in, .how = WRITING};
  enter(&s);
  *size = in->size;
  int all = 1;
  size_t i = 0;
  for (const entry *e; (all || made) && (e = next_entry(from->table, &i));) {
    s.key = e->key;
    s.hash = e->hash;
    if (!find(&s)) return -1;
    if ((s.outcome == WEFT__SET_FOUND) != present) {
      all = 0;
    } else if (made && !add_fresh(made, 1, s.key, s.hash)) {
      leave(&s);
      weft_raise_memory();
      return -1;
    }
  }
  leave(&s);
  return all;
}

/* `other` as something to look for keys in: itself, or frozen. */
static weft_object *searchable(weft_object *other, const char *call) {
  return other && is_either(other) ? weft_new_ref(other) : freeze(other, call);
}

static weft_object *sifted(weft_object *o, weft_object *in, bool present, const weft_type *type, const char *call) {
  weft_auto weft_object *from = freeze(o, call);
  weft_object *made = from ? (weft_object *)set_alloc(type, call) : NULL;
  size_t size;
  if (made && sift((set *)from, (set *)in, present, (set *)made, &size) < 0) weft_clear(&made);
  return made;
}

static weft_object *combine(const char *call, weft_object *o, weft_object *other, enum change what) {
  if (!is_any_set(call, o)) return NULL;
  const weft_type *type = plain_type(o);
  if (o == other)
    return what == UPDATE || what == INTERSECT ? duplicate(o, type, call) : (weft_object *)set_alloc(type, call);
  if (what == INTERSECT || what == SUBTRACT) {
    weft_auto weft_object *in = searchable(other, call);
    if (!in) return NULL;
    bool swap = what == INTERSECT && weft_set_length(in) < weft_set_length(o);
    return sifted(swap ? in : o, swap ? o : in, what == INTERSECT, type, call);
  }
  weft_auto weft_object *from = freeze(other, call);
  weft_object *made = from ? duplicate(o, type, call) : NULL;
  struct search s = {.set = (set *)made, .how = WRITING, .most_gone = from && what == TOGGLE ? ((set *)from)->size : 0};
  if (made && add_all(&s, (set *)from) < 0) weft_clear(&made);
  return made;
}

weft_object *weft_set_union(weft_object *o, weft_object *other) { return combine("weft_set_union", o, other, UPDATE); }
weft_object *weft_set_intersection(weft_object *o, weft_object *other) {
  return combine("weft_set_intersection", o, other, INTERSECT);
}
weft_object *weft_set_difference(weft_object *o, weft_object *other) {
  return combine("weft_set_difference", o, other, SUBTRACT);
}
weft_object *weft_set_symmetric_difference(weft_object *o, weft_object *other) {
  return combine("weft_set_symmetric_difference", o, other, TOGGLE);
}

/* --- Relations --- */

/* Is every key of `o` in `in`, and, LT, `in` larger or, EQ, as large? */
static int is_within(weft_object *o, weft_object *in, enum weft_compare_op op, const char *call) {
  if (o == in) return op != WEFT_LT;
  weft_auto weft_object *from = freeze(o, call);
  if (!from) return -1;
  size_t size, own = ((set *)from)->size;
  int all = sift((set *)from, (set *)in, true, NULL, &size);
  return all <= 0 ? all : op == WEFT_LT ? own < size : op == WEFT_EQ ? own == size : 1;
}

int weft_set_is_subset(weft_object *o, weft_object *other) {
  if (!is_any_set("weft_set_is_subset", o)) return -1;
  weft_auto weft_object *in = searchable(other, "weft_set_is_subset");
  return in ? is_within(o, in, WEFT_LE, "weft_set_is_subset") : -1;
}

int weft_set_is_superset(weft_object *o, weft_object *other) {
  if (!is_any_set("weft_set_is_superset", o)) return -1;
  return is_within(other, o, WEFT_LE, "weft_set_is_superset");
}

int weft_set_is_disjoint(weft_object *o, weft_object *other) {
  if (!is_any_set("weft_set_is_disjoint", o)) return -1;
  if (o == other) return weft_set_length(o) == 0;
  weft_auto weft_object *in = searchable(other, "weft_set_is_disjoint");
  if (!in) return -1;
  bool swap = weft_set_length(in) < weft_set_length(o);
  weft_auto weft_object *from = freeze(swap ? in : o, "weft_set_is_disjoint");
  size_t size;
  return from ? sift((set *)from, (set *)(swap ? o : in), false, NULL, &size) : -1;
}

static int set_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if (!is_either(a) || !is_either(b)) return WEFT_NOT_IMPLEMENTED;
  if (op == WEFT_GT || op == WEFT_GE) return is_within(b, a, op == WEFT_GT ? WEFT_LT : WEFT_LE, "weft_compare");
  if (op == WEFT_LT || op == WEFT_LE) return is_within(a, b, op, "weft_compare");
  int equal = weft_set_length(a) == weft_set_length(b) ? is_within(a, b, WEFT_EQ, "weft_compare") : 0;
  return equal < 0 ? -1 : equal == (op == WEFT_EQ);
}

/* --- Iterators --- */

struct set_iterator {
  weft_object header;
  weft_object *set; /* NULL: at the end */
  uint64_t index;   /* of the next entry; shared, each goes to one thread */
  size_t size;      /* of the set when it began */
  const table *table;
  uint32_t generation;
};

static weft_object *set_iter(weft_object *o) {
  struct set_iterator *it = weft__object_alloc(&weft__set_iterator_type, sizeof *it, "weft_iter");
  if (!it) return NULL;
  struct search s = {.set = (set *)o, .how = WRITING};
  it->set = weft_new_ref(o);
  it->index = 0;
  enter(&s);
  it->size = s.set->size;
  it->table = s.set->table;
  it->generation = s.set->generation;
  leave(&s);
  return &it->header;
}

/* The key that comes next, a new reference. 1, 0 at the end, -1: RuntimeError. */
static int next_key(struct set_iterator *it, set *o, weft_object **key) {
  struct search s = {.set = o, .how = READING};
  enter(&s);
  /* The iterator has been touched; there is no safepoint from here to leave. */
  bool mine = weft__count_is_private(&it->header.count);
  look_at_table(&s);
  /* order: relaxed: whoever has seen a key come or go sees the size, see the top. */
  bool same = s.table == it->table && s.generation == it->generation && weft__load_relaxed(&o->size) == it->size;
  *key = NULL;
  while (same && !*key) {
    /* order: relaxed: only its being one's own counts. */
    uint64_t i = mine ? it->index++ : weft__add_relaxed(&it->index, 1);
    if (i > weft__set_mask(s.table)) break;
    *key = weft__set_key(&weft__set_entries(s.table)[i]);
  }
  if (*key) weft_incref(*key);
  leave(&s);
  if (!same) weft_raise(&weft_RuntimeError, "Set changed size during iteration");
  return same ? *key != NULL : -1;
}

/* Keys that are still to come, as far as they are there now. */
static int64_t set_iterator_length_hint(weft_object *self) {
  struct set_iterator *it = (struct set_iterator *)self;
  weft_auto weft_object *o = weft__slot_load(self, &it->set);
  struct search s = {.set = (set *)o, .how = READING};
  if (!o || !enter(&s)) return 0;
  look_at_table(&s);
  bool same = s.table == it->table && s.generation == it->generation;
  int64_t n = 0;
  /* order: relaxed: it is a hint. */
  for (uint64_t i = weft__load_relaxed(&it->index); same && i <= weft__set_mask(s.table); i++)
    n += weft__set_key(&weft__set_entries(s.table)[i]) != NULL;
  leave(&s);
  return n;
}

static weft_object *set_iterator_next(weft_object *self) {
  struct set_iterator *it = (struct set_iterator *)self;
  weft_auto weft_object *o = weft__slot_load(self, &it->set);
  if (!o) return NULL;
  weft_object *key;
  if (next_key(it, (set *)o, &key) == 0) weft__slot_store(self, &it->set, NULL);
  return key;
}

static int set_iterator_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct set_iterator *it = (struct set_iterator *)self;
  return it->set ? visit(it->set, arg) : 0;
}

static void set_iterator_release(weft_object *self) { weft_clear(&((struct set_iterator *)self)->set); }

static void set_iterator_dealloc(weft_object *self) {
  set_iterator_release(self);
  weft__heap_free(self, sizeof(struct set_iterator));
}

const weft_type weft__set_iterator_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "set_iterator",
             .base = &weft_object_type,
             .basic_size = sizeof(struct set_iterator),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = set_iterator_traverse,
             .dealloc = set_iterator_dealloc,
             .hash = weft__hash_identity,
             .next = set_iterator_next,
             .length_hint = set_iterator_length_hint},
    .guarded = true,
    .quiet = true,
    .release = set_iterator_release,
};

/* --- The types --- */

static int set_traverse(weft_object *self, weft_visit visit, void *arg) {
  size_t i = 0;
  int stop = 0;
  for (const entry *e; !stop && (e = next_entry(((set *)self)->table, &i));) stop = visit(e->key, arg);
  return stop;
}

static void set_release(weft_object *self) {
  set *o = (set *)self;
  drop_keys(o->table, true);
  table_drop(o, o->table, true);
}

static void set_dealloc(weft_object *self) {
  set_release(self);
  weft__heap_free(self, self->type->spec.basic_size);
}

static void add_text(struct weft__text *text, const char *s) { weft__text_add(text, s, strlen(s)); }

static void add_reprs(struct weft__text *text, const set *frozen) {
  size_t i = 0;
  const char *separator = "{";
  for (const entry *e; !text->failed && (e = next_entry(frozen->table, &i)); separator = ", ") {
    add_text(text, separator);
    weft__text_add_repr(text, e->key);
  }
  add_text(text, "}");
}

static weft_object *set_repr(weft_object *self) {
  struct weft__text text = {0};
  struct weft__repr_frame frame;
  bool again = !weft__repr_enter(&frame, self);
  weft_auto weft_object *frozen = again ? NULL : freeze(self, "weft_repr");
  text.failed = !again && !frozen;
  bool empty = frozen && ((set *)frozen)->size == 0, bare = weft_set_check(self) && !again && !empty;
  if (!bare) {
    add_text(&text, self->type->spec.name);
    add_text(&text, "(");
  }
  if (again)
    add_text(&text, "...");
  else if (frozen && !empty)
    add_reprs(&text, (set *)frozen);
  if (!bare) add_text(&text, ")");
  if (!again) weft__repr_leave(&frame);
  return weft__text_finish(&text);
}

static int frozenset_hash(weft_object *self, int64_t *hash) {
  set *o = (set *)self;
  /* order: relaxed: every thread computes the same. */
  *hash = weft__load_relaxed(&o->hash);
  if (*hash != -1) return 0;
  *hash = hash_keys(o);
  weft__store_relaxed(&o->hash, *hash);
  return 0;
}

/* The operators, other than the functions, take sets only. */
static weft_object *operator(const char *call, weft_object *a, weft_object *b, enum change what) {
  return is_either(a) && is_either(b) ? combine(call, a, b, what) : NULL;
}
static weft_object *set_subtract(weft_object *a, weft_object *b) { return operator("weft_subtract", a, b, SUBTRACT); }
static weft_object *set_and(weft_object *a, weft_object *b) { return operator("weft_and", a, b, INTERSECT); }
static weft_object *set_or(weft_object *a, weft_object *b) { return operator("weft_or", a, b, UPDATE); }
static weft_object *set_xor(weft_object *a, weft_object *b) { return operator("weft_xor", a, b, TOGGLE); }

static weft_object *change_in_place(const char *call, weft_object *a, weft_object *b, enum change what) {
  return is_either(b) && change(call, a, b, what) == 0 ? weft_new_ref(a) : NULL;
}
static weft_object *set_in_place_subtract(weft_object *a, weft_object *b) {
  return change_in_place("weft_in_place_subtract", a, b, SUBTRACT);
}
static weft_object *set_in_place_and(weft_object *a, weft_object *b) {
  return change_in_place("weft_in_place_and", a, b, INTERSECT);
}
static weft_object *set_in_place_or(weft_object *a, weft_object *b) {
  return change_in_place("weft_in_place_or", a, b, UPDATE);
}
static weft_object *set_in_place_xor(weft_object *a, weft_object *b) {
  return change_in_place("weft_in_place_xor", a, b, TOGGLE);
}

static size_t set_size_of(weft_object *self) {
  struct search s = {.set = (set *)self, .how = WRITING};
  if (!enter(&s)) return 0;
  size_t bytes = self->type->spec.basic_size + (is_small(s.set, s.set->table) ? 0 : table_bytes(s.set->table->bits));
  leave(&s);
  return bytes;
}

static int set_contains(weft_object *self, weft_object *key) { return contains("weft_contains", self, key, true); }

/* Calling the type, or initialising once more: the keys become those of an iterable. */
static int set_init(weft_object *self, weft_object *const *args, size_t n) {
  if (!weft__at_most_one(self->type, n)) return -1;
  weft_auto weft_object *keys = n ? freeze(args[0], "set") : weft_frozenset_new();
  if (!keys || weft_set_clear(self) < 0) return -1;
  return weft_set_update(self, keys);
}

static void set_body_init(weft_object *self) { set_init_body((set *)self, false); }

/* Calling a type of frozensets. */
static weft_object *frozenset_make(const weft_type *type, weft_object *const *args, size_t n) {
  if (!weft__at_most_one(type, n)) return NULL;
  if (type == &weft_frozenset_type) return n ? weft_frozenset_from(args[0]) : weft_frozenset_new();
  weft_auto weft_object *keys = n ? freeze(args[0], "frozenset") : weft_frozenset_new();
  weft_object *made = keys ? weft__object_new(type, 0) : NULL;
  struct search s = {.set = (set *)made, .how = WRITING};
  if (made && add_all(&s, (set *)keys) < 0) weft_clear(&made);
  return made;
}

static void frozenset_body_init(weft_object *self) { set_init_body((set *)self, true); }

const weft_type weft_set_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "set",
             .copy = weft_set_copy,
             .base = &weft_object_type,
             .basic_size = sizeof(set),
             .flags = WEFT_TYPE_CONTAINER | WEFT_TYPE_BASE,
             .traverse = set_traverse,
             .clear = weft_set_clear,
             .dealloc = set_dealloc,
             .repr = set_repr,
             .compare = set_compare,
             .subtract = set_subtract,
             .bit_and = set_and,
             .bit_or = set_or,
             .bit_xor = set_xor,
             .in_place_subtract = set_in_place_subtract,
             .in_place_and = set_in_place_and,
             .in_place_or = set_in_place_or,
             .in_place_xor = set_in_place_xor,
             .length = weft_set_length,
             .contains = set_contains,
             .iter = set_iter,
             .init = set_init,
             .size_of = set_size_of},
    .body_init = set_body_init,
    .lock_offset = offsetof(set, lock),
    .guarded = true,
    .quiet = true,
    .release = set_release,
    .weak = true,
};

const weft_type weft_frozenset_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "frozenset",
             .copy = weft__copy_itself,
             .base = &weft_object_type,
             .basic_size = sizeof(set),
             .flags = WEFT_TYPE_CONTAINER | WEFT_TYPE_BASE,
             .traverse = set_traverse,
             .dealloc = set_dealloc,
             .repr = set_repr,
             .hash = frozenset_hash,
             .compare = set_compare,
             .subtract = set_subtract,
             .bit_and = set_and,
             .bit_or = set_or,
             .bit_xor = set_xor,
             .length = weft_set_length,
             .contains = set_contains,
             .iter = set_iter,
             .size_of = set_size_of},
    .body_init = frozenset_body_init,
    .make = frozenset_make,
    .quiet = true,
    .release = set_release,
    .steady = true,
    .weak = true,
};
