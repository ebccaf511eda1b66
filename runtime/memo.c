/* SPDX-License-Identifier: MIT */
/*
 * Memos: which object is the copy of which.
 *
 * Pairs, in the order in which they came, and an index by the address of the original: cells with 1 + a pair's number,
 * open addressing, half empty at least. Nothing is ever taken out. The memo has a reference to both: to the original so
 * that, while the memo lives, nothing else can have its address. Private until shared; shared, every operation takes
 * the lock.
 *
 * A dict can stand in for a memo, with ints for addresses; there a list in the dict keeps the originals.
 */
#include <string.h>

#include "runtime/copy.h"
#include "runtime/dict.h"
#include "runtime/int.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"

struct pair {
  weft_object *original, *copy;
};

struct memo {
  weft_object header;
  struct pair *pairs; /* room for 2^bits / 2; NULL: none yet */
  uint32_t *index;    /* 2^bits cells */
  uint32_t used;
  weft_mutex lock;
  uint8_t bits;
};

enum { FIRST_BITS = 5, MOST_BITS = 32 };

static size_t index_bytes(unsigned bits) { return sizeof(uint32_t) << bits; }
static size_t pairs_bytes(unsigned bits) { return sizeof(struct pair) << bits >> 1; }

static inline bool enter(struct memo *m) {
  bool private = WEFT_LIKELY(weft__may_touch(&m->header)) || weft__touch(&m->header);
  if (WEFT_UNLIKELY(!private)) weft__object_lock(&m->lock);
  return private;
}
static inline void leave(struct memo *m, bool private) {
  if (WEFT_UNLIKELY(!private)) weft__object_unlock(&m->lock);
}

/* Objects that were made one after the other are often copied so: those of 512 bytes have one line of the index. */
static size_t first_cell(const weft_object *original, unsigned bits) {
  enum { LINE = WEFT_CACHE_LINE / sizeof(uint32_t) };
  size_t line = ((uintptr_t)original >> 9) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits) & ~(size_t)(LINE - 1);
  return line | ((uintptr_t)original >> 5 & (LINE - 1));
}

/* The cell of `original`, or the empty one where it belongs. There is one. */
static inline uint32_t *cell_of(const struct memo *m, const weft_object *original) {
  size_t mask = ((size_t)1 << m->bits) - 1, i = first_cell(original, m->bits);
  while (m->index[i] && m->pairs[m->index[i] - 1].original != original) i = (i + 1) & mask;
  return &m->index[i];
}

/* Makes room for one more. False: out of memory, nothing has happened. */
static WEFT_NOINLINE bool grow(struct memo *m) {
  unsigned bits = m->pairs ? m->bits + 1u : FIRST_BITS;
  uint32_t *index = bits > MOST_BITS ? NULL : weft__buffer_new(index_bytes(bits), "weft_memo_set");
  struct pair *pairs =
      index ? weft__buffer_resize(m->pairs, m->pairs ? pairs_bytes(m->bits) : 0, pairs_bytes(bits)) : NULL;
  if (!pairs) {
    if (index) weft__buffer_free(index, index_bytes(bits));
    return false;
  }
  if (m->index) weft__buffer_free(m->index, index_bytes(m->bits));
  memset(index, 0, index_bytes(bits));
  m->pairs = pairs;
  m->index = index;
  m->bits = (uint8_t)bits;
  size_t mask = ((size_t)1 << bits) - 1;
  for (uint32_t k = 0; k < m->used; k++) {
    size_t i = first_cell(pairs[k].original, bits);
    while (index[i]) i = (i + 1) & mask;
    index[i] = k + 1;
  }
  return true;
}

static inline bool make_room(struct memo *m) {
  return WEFT_LIKELY(m->pairs && m->used < (UINT64_C(1) << m->bits >> 1)) || grow(m);
}

weft_object *weft_memo_new(void) {
  struct memo *m = weft__object_alloc(&weft_memo_type, sizeof *m, "weft_memo_new");
  if (!m) return NULL;
  memset((char *)m + sizeof m->header, 0, sizeof *m - sizeof m->header);
  return &m->header;
}

/* --- A dict instead --- */

static int find_in_dict(weft_object *dict, weft_object *original, weft_object **copy) {
  weft_auto weft_object *id = weft_int_new((int64_t)weft_id(original));
  return id ? weft_dict_find(dict, id, copy) : -1;
}

static int keep_in_dict(weft_object *dict, weft_object *original) {
  weft_auto weft_object *id = weft_int_new((int64_t)weft_id(dict));
  weft_auto weft_object *fresh = id ? weft_list_new() : NULL;
  weft_auto weft_object *kept = fresh ? weft_dict_set_default(dict, id, fresh) : NULL;
  return kept ? weft_list_append(kept, original) : -1;
}

static int set_in_dict(weft_object *dict, weft_object *original, weft_object *copy) {
  if (keep_in_dict(dict, original) < 0) return -1;
  weft_auto weft_object *id = weft_int_new((int64_t)weft_id(original));
  return id ? weft_dict_set(dict, id, copy) : -1;
}

/* --- Either --- */

static inline bool is_memo(weft_object *memo, const weft_object *original) {
  return WEFT_LIKELY(memo && original && memo->type == &weft_memo_type);
}

/* What is no memo may be a dict. */
static WEFT_NOINLINE bool is_dict(const char *call, weft_object *memo, weft_object *original) {
  if (!weft__given(call, memo) || !weft__given(call, original)) return false;
  if (weft_is_instance(memo, &weft_dict_type)) return true;
  weft_raise(&weft_TypeError, "%s: expected a memo or a dict, got %s", call, memo->type->spec.name);
  return false;
}

int weft_memo_find(weft_object *memo, weft_object *original, weft_object **copy) {
  *copy = NULL;
  if (!is_memo(memo, original))
    return is_dict("weft_memo_find", memo, original) ? find_in_dict(memo, original, copy) : -1;
  struct memo *m = (struct memo *)memo;
  bool private = enter(m);
  uint32_t number = m->pairs ? *cell_of(m, original) : 0;
  if (number) *copy = weft_new_ref(m->pairs[number - 1].copy);
  leave(m, private);
  return *copy != NULL;
}

int weft_memo_set(weft_object *memo, weft_object *original, weft_object *copy) {
  static const char call[] = "weft_memo_set";
  if (WEFT_UNLIKELY(!copy)) return weft__given(call, copy) ? 0 : -1;
  if (!is_memo(memo, original)) return is_dict(call, memo, original) ? set_in_dict(memo, original, copy) : -1;
  struct memo *m = (struct memo *)memo;
  bool private = enter(m), good = make_room(m);
  weft_object *old = NULL;
  if (good) {
    uint32_t *cell = cell_of(m, original);
    if (*cell) {
      old = m->pairs[*cell - 1].copy;
      m->pairs[*cell - 1].copy = weft_new_ref(copy);
    } else {
      m->pairs[m->used++] = (struct pair){weft_new_ref(original), weft_new_ref(copy)};
      *cell = m->used;
    }
  }
  leave(m, private);
  weft_xdecref(old);
  if (!good) weft_raise_memory();
  return good ? 0 : -1;
}

/* --- The type --- */

static int memo_traverse(weft_object *self, weft_visit visit, void *arg) {
  struct memo *m = (struct memo *)self;
  int stop = 0;
  for (uint32_t i = 0; !stop && i < m->used; i++) {
    stop = visit(m->pairs[i].original, arg);
    if (!stop) stop = visit(m->pairs[i].copy, arg);
  }
  return stop;
}

static void drop_pairs(struct pair *pairs, uint32_t *index, uint32_t used, unsigned bits) {
  for (uint32_t i = 0; i < used; i++) {
    weft_decref(pairs[i].original);
    weft_decref(pairs[i].copy);
  }
  if (!pairs) return;
  weft__buffer_free(pairs, pairs_bytes(bits));
  weft__buffer_free(index, index_bytes(bits));
}

static int memo_clear(weft_object *self) {
  struct memo *m = (struct memo *)self;
  bool private = enter(m);
  struct pair *pairs = m->pairs;
  uint32_t *index = m->index, used = m->used;
  unsigned bits = m->bits;
  m->pairs = NULL;
  m->index = NULL;
  m->used = 0;
  leave(m, private);
  drop_pairs(pairs, index, used, bits);
  return 0;
}

static void memo_release(weft_object *self) {
  struct memo *m = (struct memo *)self;
  drop_pairs(m->pairs, m->index, m->used, m->bits);
}

static void memo_dealloc(weft_object *self) {
  memo_release(self);
  weft__heap_free(self, sizeof(struct memo));
}

static int64_t memo_length(weft_object *self) {
  struct memo *m = (struct memo *)self;
  bool private = enter(m);
  int64_t n = (int64_t)m->used;
  leave(m, private);
  return n;
}

static size_t memo_size_of(weft_object *self) {
  struct memo *m = (struct memo *)self;
  bool private = enter(m);
  size_t bytes = sizeof *m + (m->pairs ? pairs_bytes(m->bits) + index_bytes(m->bits) : 0);
  leave(m, private);
  return bytes;
}

const weft_type weft_memo_type = {
    .header = {WEFT__COUNT_IMMORTAL, &weft_type_type},
    .spec = {.name = "memo",
             .base = &weft_object_type,
             .basic_size = sizeof(struct memo),
             .flags = WEFT_TYPE_CONTAINER,
             .traverse = memo_traverse,
             .clear = memo_clear,
             .dealloc = memo_dealloc,
             .hash = weft__hash_identity,
             .length = memo_length,
             .size_of = memo_size_of},
    .lock_offset = offsetof(struct memo, lock),
    .guarded = true,
    .quiet = true,
    .release = memo_release,
};
