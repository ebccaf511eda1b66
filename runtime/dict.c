/* SPDX-License-Identifier: MIT */
/*
 * dict: a table (dict_table_internal.h), the number of keys, and a version that changes whenever a key comes or goes.
 *
 * A private dict is changed in place. A shared one is changed under its lock, and read in brackets; it grows by a new
 * table. No hook runs under the lock or in a bracket of ours: where only comparing can tell whether two keys are equal,
 * the search remembers where it is, leaves, compares, and comes back; if the version has changed, it begins again.
 *
 * `table` is never NULL: an empty dict has the table `none`, without capacity.
 */
#include "runtime/dict_internal.h"
#include "runtime/dict_order_internal.h"
#include "runtime/list.h"
#include "runtime/none.h"
#include "runtime/text_internal.h"

typedef struct weft__table table;
typedef struct weft__dict dict;

uint64_t weft__table_key = 1; /* set with the hash seed, see str.c */

/* It has no entries; where they would be is a place all the same, for code that forms an entry's address. */
static struct {
  table head;
  uint16_t cells[1 << WEFT__TABLE_MIN_BITS];
  uintptr_t entries[1];
} none_with_cells = {.head = {.entries = none_with_cells.entries,
                              .mask = (1 << WEFT__TABLE_MIN_BITS) - 1,
                              .bits = WEFT__TABLE_MIN_BITS,
                              .width = 1}};
#define none (&none_with_cells.head)

/* --- Tables --- */

static size_t capacity_of(unsigned bits) { return ((size_t)2 << bits) / 3; }

static size_t table_bytes(unsigned bits, unsigned width, bool hashed) {
  return sizeof(table) + ((size_t)1 << bits << width) + capacity_of(bits) * (hashed ? 3 : 2) * sizeof(uintptr_t);
}

/* Bits for a table in which `n` keys leave room for as many. */
static unsigned bits_for(size_t n) {
  unsigned bits = WEFT__TABLE_MIN_BITS;
  while (bits < WEFT__TABLE_MAX_BITS && ((size_t)1 << bits) < n * 3) bits++;
  return bits;
}

/* An empty table; NULL: out of memory. No safepoint. */
static table *table_new(unsigned bits, bool hashed) {
  unsigned width = bits <= 8 ? 1 : bits <= 24 ? 2 : 3;
  if (bits >= WEFT__TABLE_MAX_BITS) return NULL;
  table *t = weft__buffer_new(table_bytes(bits, width, hashed), "dict");
  if (!t) return NULL;
  *t = (table){.entries = (uintptr_t *)(void *)((char *)(t + 1) + ((size_t)1 << bits << width)),
               .mask = ((size_t)1 << bits) - 1,
               .capacity = capacity_of(bits),
               .bits = (uint8_t)bits,
               .width = (uint8_t)width,
               .hashed = hashed};
  memset(weft__table_cells(t), 0, (size_t)1 << bits << width);
  return t;
}

static void table_drop(table *t, bool private) {
  if (t != none) weft__drop_buffer(t, table_bytes(t->bits, t->width, t->hashed), private);
}

/* The first cell that a key's search passes and that leads nowhere. Deleted ones are used again: otherwise the search
 * for a key that comes and goes would become longer each time. */
WEFT_ALWAYS_INLINE size_t free_cell(const table *t, struct weft__probe p) {
  while (weft__cell_load(t, p.i, t->width) - 1 < weft__deleted_cell(t->width) - 1) weft__probe_next(&p);
  return p.i;
}

/* Adds an entry, and, at the first free cell of its key's search, the way to it. Takes over the references. */
WEFT_ALWAYS_INLINE void table_add_at(table *t, size_t cell, uint64_t tag, weft_object *key_steal,
                                     weft_object *value_steal, uint64_t hash) {
  uintptr_t *entry = weft__table_entry(t, t->used);
  entry[0] = (uintptr_t)key_steal;
  entry[1] = (uintptr_t)value_steal;
  if (t->hashed) entry[2] = hash;
  uint64_t number = t->used + 1;
  /* order: release [table]: an iterator that sees the number sees the entry. */
  weft__store_release(&t->used, t->used + 1);
  weft__cell_store(t, cell, tag << weft__cell_shift(t->width) | number, t->width);
}

/* Makes the index of a new table from its entries. */
WEFT_ALWAYS_INLINE void index_width(table *t, unsigned width, bool hashed) {
  const uintptr_t *entry = weft__table_entry(t, 0);
  for (size_t i = 0; i < t->used; i++, entry += hashed ? 3 : 2) {
    struct weft__probe p = weft__probe_start(t, hashed ? entry[2] : weft__simple_hash((weft_object *)entry[0]));
    while (weft__cell_load(t, p.i, width) != 0) weft__probe_next(&p);
    weft__cell_store(t, p.i, p.tag << weft__cell_shift(width) | (i + 1), width);
  }
}

static void make_index(table *t) {
  if (t->hashed)
    index_width(t, t->width, true);
  else if (t->width == 2)
    index_width(t, 2, false);
  else
    index_width(t, t->width, false);
}

/* Freezes all values of a shared dict's table; and lets them be replaced again. Under the lock. */
static void freeze(table *t) {
  /* order: acquire [dict-value]: sees the values as they were made. */
  for (size_t i = 0; i < t->used; i++) (void)weft__or_acquire(&weft__table_entry(t, i)[1], (uintptr_t)WEFT__FROZEN);
}
static void thaw(table *t) {
  for (size_t i = 0; i < t->used; i++) {
    uintptr_t *at = &weft__table_entry(t, i)[1];
    /* order: release [dict-value]: who sees the value sees it as it was made. relaxed: nobody else writes to a frozen
     * one. */
    weft__store_release(at, weft__load_relaxed(at) & ~(uintptr_t)WEFT__FROZEN);
  }
}

/* A table with the same entries, without the deleted ones; NULL: out of memory. The values keep still. */
static table *table_rebuilt(const table *t, unsigned bits, bool hashed) {
  table *made = table_new(bits, hashed);
  if (!made) return NULL;
  uintptr_t *to = weft__table_entry(made, 0);
  const uintptr_t *from = weft__table_entry(t, 0);
  size_t stride = weft__table_stride(t);
  for (size_t i = 0; i < t->used; i++, from += stride) {
    uintptr_t value = weft__load_relaxed(&from[1]) & ~(uintptr_t)WEFT__FROZEN;
    if (!value) continue;
    *to++ = from[0];
    *to++ = value;
    if (hashed) *to++ = t->hashed ? from[2] : weft__simple_hash((weft_object *)from[0]);
    made->used++;
  }
  make_index(made);
  return made;
}

/* --- Searching --- */

/* Where a search has come to, and what it has found there. */
struct search {
  dict *d;
  weft_object *key;
  uint64_t hash;
  bool private;
  table *table;
  uint32_t version;
  int64_t entry;      /* or MISSING */
  weft_object *value; /* of the entry when it was found; NULL: it has gone. Who only reads looks at it only once. */
  size_t cell;
};

/* False: an error is set. */
static bool search_for(struct search *s, const char *call, weft_object *o, weft_object *key) {
  if (!weft__is_dict(call, o) || !weft__given(call, key)) return false;
  s->d = (dict *)o;
  s->key = key;
  return weft__key_hash(key, &s->hash);
}

/* Does the cell at which a search has found an entry lead to another one by now? */
static bool has_moved(const table *t, size_t cell, size_t entry) {
  return (weft__cell_load(t, cell, t->width) & (weft__deleted_cell(t->width) >> 8)) != entry + 1;
}

/*
 * Enters and finds the key; the caller leaves. False: an error is set and nothing is entered.
 * Each question to weft_compare is asked outside; the answers hold for the version that they were given for.
 */
static bool find(struct search *s, enum weft__dict_way how) {
  for (;;) {
    s->private = weft__dict_enter(s->d, how);
    /* order: acquire [dict]: the table, then its version's keys. */
    s->table = weft__load_acquire(&s->d->table);
    s->version = weft__load_acquire(&s->d->version);
    struct weft__probe p = weft__probe_start(s->table, s->hash);
    bool again = false;
    while ((s->entry = weft__table_probe(s->table, &p, s->key, s->hash)) == WEFT__ASK) {
      size_t asked = p.asked;
      weft_object *other = weft__table_key_at(s->table, asked);
      if (!weft__table_value_at(s->table, asked)) { /* has just gone */
        again = has_moved(s->table, p.i, asked);
        if (again) break;
        weft__probe_next(&p);
        continue;
      }
      weft_incref(other);
      weft__dict_leave(s->d, s->private, how);
      int equal = weft_compare(other, s->key, WEFT_EQ);
      weft_decref(other);
      if (equal < 0) return false;
      s->private = weft__dict_enter(s->d, how);
      again = weft__load_acquire(&s->d->table) != s->table || weft__load_acquire(&s->d->version) != s->version;
      if (again) break;
      if (equal) {
        s->entry = (int64_t)asked;
        break;
      }
      weft__probe_next(&p);
    }
    s->cell = p.i;
    s->value = again || s->entry < 0 ? NULL : weft__table_value_at(s->table, (size_t)s->entry);
    if (!again && s->entry >= 0 && !s->value) again = has_moved(s->table, p.i, (size_t)s->entry);
    if (!again) return true;
    weft__dict_leave(s->d, s->private, how);
  }
}

/* --- Reading --- */

/* A key whose hash is at hand and whose equality needs no hook. */
WEFT_ALWAYS_INLINE bool is_quick_key(const weft_object *key, uint64_t *hash) {
  if (key->type == &weft_str_type)
    *hash = (uint64_t)weft__str_cached_hash(key);
  else if (key->type == &weft_int_type && weft__is_own_hash(((const weft_int *)key)->value))
    *hash = (uint64_t)((const weft_int *)key)->value;
  else
    return false;
  return WEFT_LIKELY(*hash != (uint64_t)-1);
}

/* A shared dict, or any under a GIL, and a quick key. A safepoint. */
static inline bool is_quick_to_read(weft_object *o, const weft_object *key, uint64_t *hash) {
  if (!o || !key || o->type != &weft_dict_type || !is_quick_key(key, hash)) return false;
  weft_poll();
  return weft__count_owner(&o->count) == WEFT__SLOT_NONE;
}

/* The value of such a key, borrowed from the bracket that is open. NULL: it has not been found this way. */
static inline weft_object *find_quickly(const weft_object *o, const weft_object *key, uint64_t hash) {
  /* order: acquire [dict]: the table as it was made. */
  const table *t = weft__load_acquire(&((const dict *)o)->table);
  if (t->hashed) return NULL;
  struct weft__probe p = weft__probe_start(t, hash);
  int64_t i = weft__table_probe(t, &p, key, hash);
  return i >= 0 ? weft__table_value_at(t, (size_t)i) : NULL;
}

/* 1: *value is what the key has, a new reference or, not counted, borrowed from the bracket that is open; 0; -1. */
static int look_up(const char *call, weft_object *o, weft_object *key, weft_object **value, bool counted) {
  struct search s;
  uint64_t hash;
  *value = NULL;
  weft__check_attached(call);
  if (is_quick_to_read(o, key, &hash)) {
    weft__bracket_begin();
    *value = find_quickly(o, key, hash);
    if (*value && counted) weft_incref(*value);
    weft__bracket_end();
    if (*value) return 1;
  }
  if (!search_for(&s, call, o, key) || !find(&s, WEFT__READING)) return -1;
  *value = s.value;
  if (*value && counted) weft_incref(*value);
  weft__dict_leave(s.d, s.private, WEFT__READING);
  return *value != NULL;
}

/* KeyError with the key as what it is about, or, if it has no text, its type. Returns NULL. */
void *weft__no_such_key(weft_object *key) {
  weft_auto weft_object *text = weft_repr(key);
  if (text) return weft_raise(&weft_KeyError, "%s", weft_str_utf8(text, NULL));
  return weft_error_is(&weft_MemoryError) ? NULL : weft_raise(&weft_KeyError, "<%s object>", key->type->spec.name);
}

static WEFT_NOINLINE weft_object *get_slow(weft_object *o, weft_object *key) {
  weft_object *value;
  int found = look_up("weft_dict_get", o, key, &value, true);
  return found ? value : weft__no_such_key(key);
}

/* The short way to a value of a shared dict, whose count is beside its owner's. */
static WEFT_NOINLINE weft_object *get_shared(weft_object *o, weft_object *key) {
  uint64_t hash;
  if (weft__my_status() & WEFT__STATUS_BUSY || !is_quick_to_read(o, key, &hash)) return get_slow(o, key);
  weft__bracket_begin();
  weft_object *value = find_quickly(o, key, hash);
  bool counted = value && weft__count_incref_inline_beside(&value->count);
  weft__bracket_end();
  return WEFT_LIKELY(counted) ? value : get_slow(o, key);
}

/*
 * The fast path: a key whose equality needs no hook, in a dict of such keys that the calling thread may touch. The
 * table if so; NULL: everything else, including misuse.
 */
WEFT_ALWAYS_INLINE table *touch(const weft_object *o, const weft_object *key, uint64_t *hash) {
  if (WEFT_UNLIKELY(!o || !key || o->type != &weft_dict_type || !weft__may_touch(o))) return NULL;
  if (!is_quick_key(key, hash)) return NULL;
  table *t = ((const dict *)o)->table;
  return WEFT_LIKELY(!t->hashed) ? t : NULL;
}

/* The same when the first cell leads to another key, or nowhere. */
static WEFT_NOINLINE weft_object *get_touched(weft_object *o, weft_object *key, const table *t, uint64_t hash) {
  struct weft__probe p = weft__probe_start(t, hash);
  int64_t i = weft__table_probe(t, &p, key, hash);
  return i >= 0 ? weft_new_ref((weft_object *)t->entries[2 * i + 1]) : get_slow(o, key);
}

weft_object *weft_dict_get(weft_object *o, weft_object *key) {
  uint64_t hash;
  const table *t = touch(o, key, &hash);
  if (WEFT_UNLIKELY(!t)) return get_shared(o, key);
  const uintptr_t *entry = weft__table_guess(t, hash);
  if (WEFT_LIKELY(entry != NULL)) {
    const weft_object *other = (const weft_object *)entry[0];
    weft_object *value = (weft_object *)entry[1];
    if ((WEFT_LIKELY(other == key) || weft__keys_equal_short(other, key)) && weft__count_incref_inline(&value->count))
      return value;
  }
  return get_touched(o, key, t, hash);
}

/* False: the key has not been found this way. */
static bool visit_quickly(weft_object *o, const weft_object *key, void (*visit)(weft_object *, void *), void *arg) {
  uint64_t hash;
  if (!is_quick_to_read(o, key, &hash)) return false;
  weft__bracket_begin();
  weft_object *value = find_quickly(o, key, hash);
  if (value) visit(value, arg);
  weft__bracket_end();
  return value;
}

int weft__dict_visit(weft_object *o, weft_object *key, void (*visit)(weft_object *, void *), void *arg) {
  uint64_t hash;
  const table *t = touch(o, key, &hash);
  if (!t && visit_quickly(o, key, visit, arg)) return 1;
  if (WEFT_LIKELY(t != NULL)) {
    struct weft__probe p = weft__probe_start(t, hash);
    int64_t i = weft__table_probe(t, &p, key, hash);
    if (i >= 0) visit((weft_object *)t->entries[2 * i + 1], arg);
    if (WEFT_LIKELY(i != WEFT__ASK)) return i >= 0;
  }
  struct search s;
  if (!search_for(&s, "weft_dict_find", o, key) || !find(&s, WEFT__READING)) return -1;
  if (s.value) visit(s.value, arg);
  weft__dict_leave(s.d, s.private, WEFT__READING);
  return s.value != NULL;
}

int weft_dict_find(weft_object *o, weft_object *key, weft_object **value) {
  uint64_t hash;
  const table *t = value ? touch(o, key, &hash) : NULL;
  if (WEFT_LIKELY(t != NULL)) {
    struct weft__probe p = weft__probe_start(t, hash);
    int64_t i = weft__table_probe(t, &p, key, hash);
    if (WEFT_LIKELY(i != WEFT__ASK)) {
      *value = i >= 0 ? weft_new_ref((weft_object *)weft__table_entry(t, (size_t)i)[1]) : NULL;
      return i >= 0;
    }
  }
  weft_object *ignored = NULL;
  int found = look_up("weft_dict_find", o, key, value ? value : &ignored, true);
  weft_xdecref(ignored);
  return found;
}

weft_object *weft_dict_peek(weft_object *o, weft_object *key) {
  weft__check_attached("weft_dict_peek");
  if (!weft__self()->brackets) weft__misuse("weft_dict_peek", "no bracket is open");
  weft_object *value;
  look_up("weft_dict_peek", o, key, &value, false);
  return value;
}

int weft_dict_contains(weft_object *o, weft_object *key) {
  weft_object *value;
  return look_up("weft_dict_contains", o, key, &value, false);
}

int64_t weft_dict_length(weft_object *o) {
  if (!weft__is_dict("weft_dict_length", o)) return -1;
  struct search s = {.d = (dict *)o};
  /* Without the lock it might contradict what the same thread has seen of the keys. */
  s.private = weft__dict_enter(s.d, WEFT__WRITING);
  int64_t size = (int64_t)s.d->size;
  weft__dict_leave(s.d, s.private, WEFT__WRITING);
  return size;
}

int64_t weft_dict_capacity(weft_object *o) {
  if (!weft__is_dict("weft_dict_capacity", o)) return -1;
  struct search s = {.d = (dict *)o};
  s.private = weft__dict_enter(s.d, WEFT__READING);
  int64_t capacity = (int64_t)weft__load_acquire(&s.d->table)->capacity;
  weft__dict_leave(s.d, s.private, WEFT__READING);
  return capacity;
}

/* --- Writing. Between find(&s, WEFT__WRITING) and leave: the dict is ours, there is no safepoint. --- */

/* What is to be dropped when the dict is open again. */
struct leftover {
  weft_object *key, *value;
  table *table;
};

static void drop(struct leftover left, bool private) {
  if (left.key) weft__drop_item(left.key, private);
  if (left.value) weft__drop_item(left.value, private);
  table *t = left.table;
  if (t && t != none) weft__drop_outgrown(t, table_bytes(t->bits, t->width, t->hashed), private);
}

static void key_has_changed(dict *d, size_t size) {
  /* order: release [dict]: who sees the size, or the version, sees the table that it is about. */
  weft__store_release(&d->version, d->version + 1);
  weft__store_release(&d->size, size);
}

static void publish(dict *d, table *t) { weft__store_release(&d->table, t); }

/* Makes room for `n` more keys, of the kind of `key`. False: out of memory. */
static bool make_room(dict *d, bool private, size_t n, const weft_object *key, struct leftover *left) {
  table *t = d->table;
  bool hashed = t->hashed || !weft__is_simple(key);
  if (WEFT_LIKELY(t->capacity - t->used >= n && hashed == t->hashed)) return true;
  unsigned bits = t->capacity - t->used >= n ? t->bits : bits_for(n > d->size ? n : d->size ? d->size : 1);
  while (capacity_of(bits) < d->size + n) bits++;
  if (!private) freeze(t);
  table *made = table_rebuilt(t, bits, hashed);
  if (!made) {
    if (!private) thaw(t);
    return false;
  }
  publish(d, made);
  left->table = t;
  return true;
}

/* Replaces the value of an entry; returns the old one. */
static weft_object *swap_value(table *t, size_t i, weft_object *value_steal, bool private) {
  uintptr_t *at = &weft__table_entry(t, i)[1], old = weft__load_relaxed(at);
  if (private)
    weft__store_relaxed(at, (uintptr_t)value_steal);
  else
    /* order: acq_rel [dict-value]: publishes the value; sees the old one as it was made. */
    old = weft__exchange_acq_rel(at, (uintptr_t)value_steal);
  return (weft_object *)(old & ~(uintptr_t)WEFT__FROZEN);
}

/* Adds the key, which `s` has not found. False: out of memory. */
static bool add(struct search *s, weft_object *value, struct leftover *left) {
  if (!make_room(s->d, s->private, 1, s->key, left)) return false;
  struct weft__probe p = weft__probe_start(s->d->table, s->hash);
  table_add_at(s->d->table, free_cell(s->d->table, p), p.tag, weft_new_ref(s->key), weft_new_ref(value), s->hash);
  key_has_changed(s->d, s->d->size + 1);
  return true;
}

/* Takes the entry out that `s` has found. */
static void take_out(struct search *s, struct leftover *left) {
  uintptr_t *entry = weft__table_entry(s->table, (size_t)s->entry);
  left->key = (weft_object *)entry[0];
  left->value = swap_value(s->table, (size_t)s->entry, NULL, s->private);
  weft__cell_store(s->table, s->cell, weft__deleted_cell(s->table->width), s->table->width);
  key_has_changed(s->d, s->d->size - 1);
}

/* Replaces the value of a key of a shared dict without the lock. False: not possible now, nothing has happened. */
static bool replace_shared(weft_object *o, const weft_object *key, uint64_t hash, weft_object *value) {
  bool done = false;
  weft__bracket_begin();
  const table *t = weft__load_acquire(&((dict *)o)->table);
  struct weft__probe p = weft__probe_start(t, hash);
  int64_t i = weft__table_probe(t, &p, key, hash);
  uintptr_t *at = i >= 0 ? &weft__table_entry(t, (size_t)i)[1] : NULL;
  uintptr_t old = at ? weft__load_relaxed(at) : 0;
  if (old && !(old & WEFT__FROZEN)) {
    weft_incref(value);
    /* order: acq_rel [dict-value]: as swap_value. On failure another thread was faster, or the value has been frozen.
     */
    done = weft__cas_acq_rel(at, &old, (uintptr_t)value);
    if (!done) weft_decref(value);
  }
  weft__bracket_end();
  if (done) weft__drop_item((weft_object *)old, false);
  return done;
}

/* The value of the key that `s` has found, a new reference: a replacement does not wait for the lock. */
static weft_object *value_of(const struct search *s) {
  weft__bracket_begin();
  weft_object *value = weft_new_ref(weft__table_value_at(s->table, (size_t)s->entry));
  weft__bracket_end();
  return value;
}

/* Sets the key's value, or, `keep`, only if there is none: then *kept is a new reference to the one there is. 1: the
 * key is new; 0; -1. */
static int set(const char *call, weft_object *o, weft_object *key, weft_object *value, bool keep, weft_object **kept) {
  struct search s;
  struct leftover left = {0};
  if (!weft__given(call, value) || !search_for(&s, call, o, key)) return -1;
  if (!keep && !weft__touch(o) && replace_shared(o, key, s.hash, value)) return 0;
  if (!find(&s, WEFT__WRITING)) return -1;
  bool good = true;
  if (s.entry < 0)
    good = add(&s, value, &left);
  else if (keep)
    *kept = value_of(&s);
  else
    left.value = swap_value(s.table, (size_t)s.entry, weft_new_ref(value), s.private);
  weft__dict_leave(s.d, s.private, WEFT__WRITING);
  drop(left, s.private);
  if (!good) weft_raise_memory();
  return good ? s.entry < 0 : -1;
}

static WEFT_NOINLINE int set_slow(weft_object *o, weft_object *key, weft_object *value) {
  weft__check_attached("weft_dict_set");
  uint64_t hash;
  if (!WEFT__HAS_GIL && value && is_quick_to_read(o, key, &hash) && replace_shared(o, key, hash, value)) return 0;
  return set("weft_dict_set", o, key, value, false, NULL) < 0 ? -1 : 0;
}

int weft__dict_put(weft_object *o, weft_object *key, weft_object *value) {
  return set("weft_dict_set", o, key, value, false, NULL);
}

/* Without luck at the first cell. */
static WEFT_NOINLINE int set_touched(weft_object *o, weft_object *key, weft_object *value, table *t, uint64_t hash) {
  struct weft__probe start = weft__probe_start(t, hash), p = start;
  int64_t i = weft__table_probe(t, &p, key, hash);
  if (i >= 0) {
    weft_object *old = (weft_object *)t->entries[2 * i + 1];
    t->entries[2 * i + 1] = (uintptr_t)weft_new_ref(value);
    weft_decref(old);
    return 0;
  }
  if (WEFT_UNLIKELY(i != WEFT__MISSING || t->used == t->capacity)) return set_slow(o, key, value);
  size_t cell = WEFT_LIKELY(t->used == ((dict *)o)->size) ? p.i : free_cell(t, start);
  table_add_at(t, cell, p.tag, weft_new_ref(key), weft_new_ref(value), hash);
  key_has_changed((dict *)o, ((dict *)o)->size + 1);
  return 0;
}

int weft_dict_set(weft_object *o, weft_object *key, weft_object *value) {
  uint64_t hash;
  table *t = value ? touch(o, key, &hash) : NULL;
  if (WEFT_UNLIKELY(!t)) return set_slow(o, key, value);
  uintptr_t *entry = weft__table_guess(t, hash);
  if (WEFT_UNLIKELY(!entry || entry[0] != (uintptr_t)key)) return set_touched(o, key, value, t, hash);
  weft_object *old = (weft_object *)entry[1];
  entry[1] = (uintptr_t)weft_new_ref(value);
  weft_decref(old);
  return 0;
}

weft_object *weft_dict_set_default(weft_object *o, weft_object *key, weft_object *value) {
  weft_object *kept = NULL;
  if (set("weft_dict_set_default", o, key, value, true, &kept) < 0) return NULL;
  return kept ? kept : weft_new_ref(value);
}

/* Takes the key out, if it has this value or `only` is NULL. 1: *value is its value, a new reference; 0: no such key;
 * -1: error. */
static int take(const char *call, weft_object *o, weft_object *key, weft_object *only, weft_object **value) {
  struct search s;
  struct leftover left = {0};
  if (!search_for(&s, call, o, key) || !find(&s, WEFT__WRITING)) return -1;
  bool found = s.entry >= 0;
  if (found && only && !s.private) {
    /* From here on the value is not replaced without the lock. */
    uintptr_t *at = &weft__table_entry(s.table, (size_t)s.entry)[1];
    found = (weft__or_acquire(at, (uintptr_t)WEFT__FROZEN) & ~(uintptr_t)WEFT__FROZEN) == (uintptr_t)only;
    if (!found) weft__store_release(at, weft__load_relaxed(at) & ~(uintptr_t)WEFT__FROZEN);
  } else if (found && only) {
    found = weft__table_value_at(s.table, (size_t)s.entry) == only;
  }
  if (found) {
    take_out(&s, &left);
    *value = weft_new_ref(left.value);
  }
  weft__dict_leave(s.d, s.private, WEFT__WRITING);
  drop(left, s.private);
  return found;
}

int weft_dict_delete(weft_object *o, weft_object *key) {
  weft_object *value;
  int found = take("weft_dict_delete", o, key, NULL, &value);
  if (found > 0) weft_decref(value);
  if (found == 0) weft__no_such_key(key);
  return found > 0 ? 0 : -1;
}

int weft__dict_remove_if(weft_object *o, weft_object *key, weft_object *only) {
  weft_object *value;
  int found = take("weft_dict_pop", o, key, only, &value);
  if (found > 0) weft_decref(value);
  return found;
}

weft_object *weft_dict_pop(weft_object *o, weft_object *key, weft_object *otherwise) {
  weft_object *value;
  int found = take("weft_dict_pop", o, key, NULL, &value);
  if (found) return found > 0 ? value : NULL;
  return otherwise ? weft_new_ref(otherwise) : weft__no_such_key(key);
}

/* The last entry that is there, or MISSING. The longest run of deleted entries met at the end is remembered. */
static int64_t last_entry(table *t) {
  size_t i = t->used;
  while (i > 0 && !weft__table_value_at(t, i - 1)) i = i == t->hole_end ? t->hole : i - 1;
  if (t->used - i > (size_t)(t->hole_end - t->hole) && t->used <= UINT32_MAX) {
    t->hole = (uint32_t)i;
    t->hole_end = (uint32_t)t->used;
  }
  return (int64_t)i - 1;
}

/* The first entry that is there, or MISSING. */
static int64_t first_entry(table *t) {
  size_t i = t->first;
  while (i < t->used && !weft__table_value_at(t, i)) i++;
  if (i <= UINT32_MAX) t->first = (uint32_t)i;
  return i < t->used ? (int64_t)i : WEFT__MISSING;
}

/* The cell that leads to entry `i`, which is there. */
static size_t cell_of(const table *t, size_t i) {
  const uintptr_t *entry = weft__table_entry(t, i);
  struct weft__probe p = weft__probe_start(t, t->hashed ? entry[2] : weft__simple_hash((weft_object *)entry[0]));
  while (weft__cell_load(t, p.i, t->width) != (p.tag << weft__cell_shift(t->width) | (i + 1))) weft__probe_next(&p);
  return p.i;
}

static weft_object *pop_item(const char *call, weft_object *o, bool last) {
  if (!weft__is_dict(call, o)) return NULL;
  weft_object *pair = weft__tuple_of_none(2);
  if (!pair) return NULL;
  weft_object **items = weft__tuple_items(pair);
  struct search s = {.d = (dict *)o};
  struct leftover left = {0};
  s.private = weft__dict_enter(s.d, WEFT__WRITING);
  s.table = s.d->table;
  s.entry = last ? last_entry(s.table) : first_entry(s.table);
  if (s.entry >= 0) {
    s.cell = cell_of(s.table, (size_t)s.entry);
    take_out(&s, &left);
    items[0] = weft_new_ref(left.key);
    items[1] = weft_new_ref(left.value);
  }
  weft__dict_leave(s.d, s.private, WEFT__WRITING);
  drop(left, s.private);
  if (left.key) return pair;
  weft_decref(pair);
  return weft_raise(&weft_KeyError, "popitem(): dictionary is empty");
}

weft_object *weft_dict_pop_item(weft_object *o) { return pop_item("weft_dict_pop_item", o, true); }
weft_object *weft_dict_pop_first(weft_object *o) { return pop_item("weft_dict_pop_first", o, false); }

/* --- Order. Between find(&s, WEFT__WRITING), which has found an entry, and leave. --- */

/* Writes what stands in entry `from` to entry `to`, which nobody reads, and leads its cell there. */
static void move_entry(struct search *s, size_t to) {
  table *t = s->table;
  uintptr_t *old = weft__table_entry(t, (size_t)s->entry), *new = weft__table_entry(t, to);
  /* order: acquire [dict-value]: as freeze. From here on nobody replaces the value in its old place. */
  uintptr_t value = s->private ? old[1] : weft__or_acquire(&old[1], (uintptr_t)WEFT__FROZEN);
  value &= ~(uintptr_t)WEFT__FROZEN;
  /* order: release [dict-value], [table]: as thaw; and an iterator that sees the value sees the key. */
  weft__store_release(&new[0], old[0]);
  if (t->hashed) weft__store_relaxed(&new[2], old[2]);
  weft__store_release(&new[1], value);
  uint64_t tag = weft__cell_load(t, s->cell, t->width) >> weft__cell_shift(t->width);
  weft__cell_store(t, s->cell, tag << weft__cell_shift(t->width) | (to + 1), t->width);
  weft__store_release(&old[1], (uintptr_t)0);
}

/* Live entries before entry `i`. */
static size_t rank_of(const table *t, size_t i) {
  size_t rank = 0;
  for (size_t k = 0; k < i; k++) rank += weft__table_value_at(t, k) != NULL;
  return rank;
}

/* False: out of memory, nothing has happened. */
static bool move_to_end(struct search *s, struct leftover *left) {
  if (s->entry == last_entry(s->table)) return true;
  if (s->table->used == s->table->capacity) {
    size_t rank = rank_of(s->table, (size_t)s->entry);
    if (!make_room(s->d, s->private, 1, s->key, left)) return false;
    s->table = s->d->table;
    s->entry = (int64_t)rank;
    s->cell = cell_of(s->table, rank);
  }
  table *t = s->table;
  move_entry(s, t->used);
  /* order: release [table]: as table_add_at. */
  weft__store_release(&t->used, t->used + 1);
  key_has_changed(s->d, s->d->size);
  return true;
}

/* A table that begins with `gap` entries that nobody has ever seen, then the one that `s` has found, then the others;
 * NULL: out of memory. The values keep still. */
static table *table_with_gap(const struct search *s, size_t gap) {
  unsigned bits = WEFT__TABLE_MIN_BITS;
  while (bits < WEFT__TABLE_MAX_BITS && capacity_of(bits) < 2 * gap + s->d->size) bits++;
  const table *t = s->table;
  table *made = table_new(bits, t->hashed);
  if (!made) return NULL;
  size_t words = weft__table_stride(t), first = (size_t)s->entry;
  memset(weft__table_entry(made, 0), 0, gap * words * sizeof(uintptr_t));
  made->used = gap;
  made->first = (uint32_t)gap;
  for (size_t k = 0; k <= t->used; k++) { /* the first, then all but it */
    size_t i = k == 0 ? first : k - 1;
    const uintptr_t *entry = weft__table_entry(t, i);
    weft_object *value = weft__table_value_at(t, i);
    if (!value || (k > 0 && i == first)) continue;
    uint64_t hash = t->hashed ? entry[2] : weft__simple_hash((weft_object *)entry[0]);
    struct weft__probe p = weft__probe_start(made, hash);
    table_add_at(made, free_cell(made, p), p.tag, (weft_object *)entry[0], value, hash);
  }
  return made;
}

/* An entry in front of all others that can be written to: of a private dict any, of a shared one, where readers may
 * still look at what was deleted, one that was never used. */
static bool has_room_in_front(const table *t, bool private) {
  return t->first > 0 && (private || !weft__table_entry(t, t->first - 1)[0]);
}

static bool move_to_front(struct search *s, struct leftover *left) {
  if (s->entry == first_entry(s->table)) return true;
  table *t = s->table;
  if (has_room_in_front(t, s->private)) {
    move_entry(s, --t->first);
    if (t->first < t->hole_end) t->hole = t->hole_end = 0;
  } else {
    if (!s->private) freeze(t);
    table *made = s->d->size > UINT32_MAX / 4 ? NULL : table_with_gap(s, s->d->size);
    if (!made) {
      if (!s->private) thaw(t);
      return false;
    }
    publish(s->d, made);
    left->table = t;
  }
  key_has_changed(s->d, s->d->size);
  return true;
}

int weft_dict_move_to_end(weft_object *o, weft_object *key, bool last) {
  struct search s;
  struct leftover left = {0};
  if (!search_for(&s, "weft_dict_move_to_end", o, key) || !find(&s, WEFT__WRITING)) return -1;
  bool found = s.entry >= 0, good = !found || (last ? move_to_end(&s, &left) : move_to_front(&s, &left));
  weft__dict_leave(s.d, s.private, WEFT__WRITING);
  drop(left, s.private);
  if (!good) weft_raise_memory();
  if (!found) weft__no_such_key(key);
  return found && good ? 0 : -1;
}

/* Drops all entries of a table that nobody changes any more, and the table. */
static void drop_table(table *t, bool private) {
  for (size_t i = 0; i < t->used; i++) {
    uintptr_t *entry = weft__table_entry(t, i);
    weft_object *value = weft__table_value_at(t, i);
    if (!value) continue;
    weft__drop_item((weft_object *)entry[0], private);
    weft__drop_item(value, private);
  }
  table_drop(t, private);
}

int weft_dict_clear(weft_object *o) {
  if (!weft__is_dict("weft_dict_clear", o)) return -1;
  struct search s = {.d = (dict *)o};
  s.private = weft__dict_enter(s.d, WEFT__WRITING);
  table *t = s.d->table;
  if (!s.private) freeze(t);
  publish(s.d, none);
  if (s.d->size) key_has_changed(s.d, 0);
  weft__dict_leave(s.d, s.private, WEFT__WRITING);
  drop_table(t, s.private);
  return 0;
}

void weft__dict_add(weft_object *o, weft_object *key, weft_object *value) {
  struct search s = {.d = (dict *)o, .key = key, .hash = weft__simple_hash(key)};
  struct leftover left = {0};
  WEFT_CHECK(add(&s, value, &left) && !left.table);
}

bool weft__dict_next(weft_object *o, size_t *at, bool (*wanted)(const weft_object *), weft_object **key,
                     weft_object **value) {
  struct search s = {.d = (dict *)o, .private = weft__may_touch(o)};
  bool quick = s.private;
  if (!quick) s.private = weft__dict_enter(s.d, WEFT__READING);
  table *t = weft__load_acquire(&s.d->table);
  size_t used = weft__table_used(t);
  *value = NULL;
  while (!*value && *at < used) {
    *key = weft__table_key_at(t, *at);
    *value = weft__table_value_at(t, (*at)++);
    if (wanted && *value && !wanted(*value)) *value = NULL;
  }
  if (*value) {
    weft_incref(*key);
    weft_incref(*value);
  }
  if (!quick) weft__dict_leave(s.d, s.private, WEFT__READING);
  return *value;
}

int weft__dict_scan(weft_object *o, bool (*wanted)(const weft_object *)) {
  const table *t = ((dict *)o)->table;
  int has = 0;
  for (size_t i = 0; i < t->used; i++) {
    const uintptr_t *entry = weft__table_entry(t, i);
    if (!entry[1]) continue;
    if (t->hashed && wanted((const weft_object *)entry[0])) has |= WEFT__DICT_HAS_KEY;
    if (wanted((const weft_object *)entry[1])) has |= WEFT__DICT_HAS_VALUE;
  }
  return has;
}

int weft__dict_move(weft_object *from, size_t start, weft_object *to) {
  dict *d = (dict *)from, *into = (dict *)to;
  if (start == 0 && weft__may_touch(from) && weft__may_touch(to) && into->size == 0) {
    table *old = into->table;
    into->table = d->table;
    key_has_changed(into, d->size);
    d->table = none;
    key_has_changed(d, 0);
    drop_table(old, true);
    return 0;
  }
  weft_object *key, *value;
  int failed = 0;
  while (!failed && weft__dict_next(from, &start, NULL, &key, &value)) {
    failed = weft_dict_set(to, key, value);
    weft_decref(key);
    weft_decref(value);
  }
  return failed;
}

/* --- Making and copying --- */

static dict *dict_with(table *t, size_t size, const char *call) {
  dict *d = weft__object_alloc(&weft_dict_type, sizeof *d, call);
  if (WEFT_UNLIKELY(!d)) return NULL;
  d->table = t;
  d->size = size;
  d->version = 0;
  d->lock = (weft_mutex){0};
  return d;
}

weft_object *weft_dict_new(void) { return (weft_object *)dict_with(none, 0, "weft_dict_new"); }

weft_object *weft_dict_new_sized(size_t n) {
  weft__check_attached("weft_dict_new_sized");
  unsigned bits = WEFT__TABLE_MIN_BITS;
  while (bits < WEFT__TABLE_MAX_BITS && capacity_of(bits) < n) bits++;
  table *t = n ? table_new(bits, false) : none;
  if (!t) return weft_raise_memory();
  dict *d = dict_with(t, 0, "weft_dict_new_sized");
  if (!d) table_drop(t, true);
  return (weft_object *)d;
}

/* The very same table once more; NULL: out of memory. No value is frozen. */
static table *table_clone(const table *t) {
  size_t bytes = table_bytes(t->bits, t->width, t->hashed);
  table *made = weft__buffer_new(bytes, "dict");
  if (!made) return NULL;
  memcpy(made, t, (size_t)((const char *)(t->entries + weft__table_stride(t) * t->used) - (const char *)t));
  made->entries = (uintptr_t *)(void *)((char *)made + ((const char *)t->entries - (const char *)t));
  return made;
}

table *weft__dict_snapshot(dict *d, size_t *size) {
  struct search s = {.d = d};
  s.private = weft__dict_enter(s.d, WEFT__WRITING);
  *size = d->size;
  unsigned bits = bits_for(*size);
  bool dense = d->table->used == *size && bits >= d->table->bits;
  if (!s.private) freeze(d->table);
  table *t = !*size ? none
             : s.private && dense
                 ? table_clone(d->table)
                 : table_rebuilt(d->table, bits < d->table->bits ? bits : d->table->bits, d->table->hashed);
  for (size_t i = 0; t && i < t->used; i++) {
    weft_incref((weft_object *)weft__table_entry(t, i)[0]);
    weft_incref((weft_object *)weft__table_entry(t, i)[1]);
  }
  if (!s.private) thaw(d->table);
  weft__dict_leave(s.d, s.private, WEFT__WRITING);
  return t ? t : weft_raise_memory();
}

void weft__dict_drop_snapshot(table *t) { drop_table(t, true); }

weft_object *weft_dict_copy(weft_object *o) {
  if (!weft__is_dict("weft_dict_copy", o)) return NULL;
  size_t size;
  table *t = weft__dict_snapshot((dict *)o, &size);
  if (!t) return NULL;
  dict *d = dict_with(t, size, "weft_dict_copy");
  if (!d) drop_table(t, true);
  return (weft_object *)d;
}

static weft_object *list_of_part(const char *call, weft_object *o, enum weft__dict_part part) {
  if (!weft__is_dict(call, o)) return NULL;
  size_t size;
  table *t = weft__dict_snapshot((dict *)o, &size);
  if (!t) return NULL;
  weft_object *list = weft_list_new();
  for (size_t i = 0; list && i < t->used; i++) {
    uintptr_t *entry = weft__table_entry(t, i);
    weft_auto weft_object *item = weft__dict_part_of((weft_object *)entry[0], (weft_object *)entry[1], part);
    if (!item || weft_list_append(list, item) < 0) weft_clear(&list);
  }
  drop_table(t, true);
  return list;
}

weft_object *weft_dict_keys(weft_object *o) { return list_of_part("weft_dict_keys", o, WEFT__KEYS); }
weft_object *weft_dict_values(weft_object *o) { return list_of_part("weft_dict_values", o, WEFT__VALUES); }
weft_object *weft_dict_items(weft_object *o) { return list_of_part("weft_dict_items", o, WEFT__ITEMS); }

/* --- The type --- */

static int dict_traverse(weft_object *self, weft_visit visit, void *arg) {
  table *t = ((dict *)self)->table;
  for (size_t i = 0; i < t->used; i++) {
    uintptr_t *entry = weft__table_entry(t, i);
    int stop = entry[1] ? visit((weft_object *)entry[0], arg) : 0;
    if (!stop && entry[1]) stop = visit((weft_object *)entry[1], arg);
    if (stop) return stop;
  }
  return 0;
}

static void dict_release(weft_object *self) { drop_table(((dict *)self)->table, true); }

static void dict_dealloc(weft_object *self) {
  dict_release(self);
  weft__heap_free(self, self->type->spec.basic_size);
}

weft_object *weft__dict_repr(weft_object *self) {
  struct weft__text text = {0};
  struct weft__repr_frame frame;
  weft__text_add(&text, "{", 1);
  if (weft__repr_enter(&frame, self)) {
    size_t size;
    table *t = weft__dict_snapshot((dict *)self, &size);
    if (!t) text.failed = true;
    for (size_t i = 0; t && !text.failed && i < t->used; i++) {
      uintptr_t *entry = weft__table_entry(t, i);
      if (i) weft__text_add(&text, ", ", 2);
      weft__text_add_repr(&text, (weft_object *)entry[0]);
      weft__text_add(&text, ": ", 2);
      weft__text_add_repr(&text, (weft_object *)entry[1]);
    }
    if (t) drop_table(t, true);
    weft__repr_leave(&frame);
  } else {
    weft__text_add(&text, "...", 3);
  }
  weft__text_add(&text, "}", 1);
  return weft__text_finish(&text);
}

/* Has `b` all keys of `t`, with equal values? */
static int has_all(const table *t, weft_object *b) {
  for (size_t i = 0; i < t->used; i++) {
    uintptr_t *entry = weft__table_entry(t, i);
    weft_object *value;
    int found = weft_dict_find(b, (weft_object *)entry[0], &value);
    if (found <= 0) return found;
    int equal = weft_compare((weft_object *)entry[1], value, WEFT_EQ);
    weft_decref(value);
    if (equal <= 0) return equal;
  }
  return 1;
}

static size_t dict_size_of(weft_object *self) {
  struct search s = {.d = (dict *)self};
  s.private = weft__dict_enter(s.d, WEFT__READING);
  const table *t = weft__load_acquire(&s.d->table);
  size_t bytes = self->type->spec.basic_size + (t == none ? 0 : table_bytes(t->bits, t->width, t->hashed));
  weft__dict_leave(s.d, s.private, WEFT__READING);
  return bytes;
}

static weft_object *dict_or(weft_object *a, weft_object *b) {
  if (!weft_is_instance(a, &weft_dict_type) || !weft_is_instance(b, &weft_dict_type)) return NULL;
  if (weft_is_instance(b, &weft_ordered_dict_type)) return weft__ordered_or(a, b);
  weft_object *both = weft_dict_copy(a);
  if (both && weft_dict_update(both, b) < 0) weft_clear(&both);
  return both;
}
static weft_object *dict_in_place_or(weft_object *a, weft_object *b) {
  return weft_dict_update(a, b) == 0 ? weft_new_ref(a) : NULL;
}

int weft__dict_compare(weft_object *a, weft_object *b, enum weft_compare_op op) {
  if ((op != WEFT_EQ && op != WEFT_NE) || !weft_is_instance(a, &weft_dict_type) ||
      !weft_is_instance(b, &weft_dict_type))
    return WEFT_NOT_IMPLEMENTED;
  if (weft_dict_length(a) != weft_dict_length(b)) return op == WEFT_NE;
  /* Each as it is at one moment: the lengths of another one would not do. */
  size_t size;
  table *t = weft__dict_snapshot((dict *)a, &size);
  weft_auto weft_object *other = !t ? NULL : weft__touch(b) ? weft_new_ref(b) : weft_dict_copy(b);
  int equal = !other ? -1 : (int64_t)size != weft_dict_length(other) ? 0 : has_all(t, other);
  if (t) drop_table(t, true);
  return equal < 0 ? -1 : equal == (op == WEFT_EQ);
}

static weft_object *dict_get_item(weft_object *self, weft_object *key) {
  weft_object *(*missing)(weft_object *, weft_object *) = self->type->spec.missing;
  if (WEFT_LIKELY(!missing)) return weft_dict_get(self, key);
  weft_object *value;
  int found = look_up("weft_get_item", self, key, &value, true);
  return found ? value : missing(self, key);
}

/* Calling the type, or initialising once more: adds the items of a dict, or pairs. */
static int dict_init(weft_object *self, weft_object *const *args, size_t n) {
  if (n <= 1) return n ? weft_dict_update(self, args[0]) : 0;
  weft_raise(&weft_TypeError, "dict expected at most 1 argument, got %zu", n);
  return -1;
}

static void dict_body_init(weft_object *self) { ((dict *)self)->table = none; }

static int dict_set_item(weft_object *self, weft_object *key, weft_object *value) {
  return value ? weft_dict_set(self, key, value) : weft_dict_delete(self, key);
}

/* What dicts and OrderedDicts, which have more of an order (dict_order.c), share. */
#define DICT_TYPE(type_name, base_type, copied, shown, compared, joined)                              \
  {                                                                                                   \
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},                                                \
    .spec = {.name = type_name,                                                                       \
             .base = base_type,                                                                       \
             .copy = copied,                                                                          \
             .repr = shown,                                                                           \
             .compare = compared,                                                                     \
             .bit_or = joined,                                                                        \
             .in_place_or = dict_in_place_or,                                                         \
             .basic_size = sizeof(dict),                                                              \
             .flags = WEFT_TYPE_CONTAINER | WEFT_TYPE_BASE,                                           \
             .traverse = dict_traverse,                                                               \
             .clear = weft_dict_clear,                                                                \
             .dealloc = dict_dealloc,                                                                 \
             .size_of = dict_size_of,                                                                 \
             .length = weft_dict_length,                                                              \
             .get_item = dict_get_item,                                                               \
             .set_item = dict_set_item,                                                               \
             .contains = weft_dict_contains,                                                          \
             .iter = weft_dict_iter_keys,                                                             \
             .reversed = weft_dict_reverse_keys,                                                      \
             .init = dict_init},                                                                      \
    .body_init = dict_body_init, .lock_offset = offsetof(dict, lock), .guarded = true, .quiet = true, \
    .release = dict_release, .weak = true,                                                            \
  }

const weft_type weft_dict_type =
    DICT_TYPE("dict", &weft_object_type, weft_dict_copy, weft__dict_repr, weft__dict_compare, dict_or);
const weft_type weft_ordered_dict_type = DICT_TYPE("OrderedDict", &weft_dict_type, weft__ordered_copy,
                                                   weft__ordered_repr, weft__ordered_compare, weft__ordered_or);
