/* SPDX-License-Identifier: MIT */
/*
 * Which containers are garbage: trial deletion, in a stopped world, or of what belongs to one thread.
 *
 *   The *members* are the live containers of the generations that are collected. For each member, a word beside its
 * page (`scratch`) says how many of the references to it members hold. If these are all there are, the member is a
 * candidate; otherwise something else refers to it: it and what it refers to, directly or not, is kept. Candidates that
 * are left are garbage. After CPython's collector (N. Schemenauer, 2000); the side arrays instead of a header are ours.
 *
 *   Words: CANDIDATE, less the references that the object counts, plus those that have been found. So all that has to
 * be known of an object is read when its own references are followed; after that the words are enough:
 *
 *     CANDIDATE           all have been found
 *     above SCANNED       some have not: it is kept
 *     SCANNED             the same, and its referents have been looked at
 *     below               no member: a number of references to it, which means nothing
 *
 * Of more than MOST references only as many are subtracted; such objects, the immortal ones among them, are no
 * candidates even if that many are found. Dead and dying objects are no members; what they refer to is kept, because
 * their references are not counted.
 *
 *   When no candidate is left nothing has to be followed a second time: a heap in which everything is referred to from
 * outside, by C code say, is read once.
 *
 *   Types that have been made (type.c) are members when the oldest generation is collected, and those that have been
 * released may then be garbage. For that the reference of the list of all types counts as found; what is kept keeps its
 * type, although it does not count it; and an object that is no member makes its type a kept one (types.c says which
 * these are).
 *
 *   While others run (weft__gc_find_own) a thread looks only at what is its own: owned by it, and no reference counted
 * by others. Nobody else touches the body of such an object (runtime/share.h; or it never changes), and only its owner
 * lets it die. Somebody else may come by a reference to it, but only by way of one that is counted here already and
 * that no member holds; so that object is kept, and with it what it refers to. Which objects are members is decided
 * once, and remembered as MEMBER: one that others begin to count meanwhile (they read a tuple's items without asking)
 * has been traversed already, and is kept; and what it refers to is looked up by its page, not by who counts it.
 *
 *   A full collection that has become due, not one that is asked for, leaves what is young to its thread, if that was
 * running when the world was stopped and looks at it by itself (weft__gc_yields_to). Such objects are no members, so
 * all that they refer to is kept; garbage among them stays young, and is freed by its own thread, into its own pages.
 *
 *   Memory is asked for before anything is changed, except for the stack and the garbage, of which the number of
 * candidates is the most. So a failure leaves everything as it was.
 */
#define _GNU_SOURCE
#include "gc/graph_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/heap_marks_internal.h"
#include "runtime/list.h"
#include "runtime/runtime_internal.h"
#include "runtime/str.h"
#include "runtime/tuple.h"
#include "sync/attach.h"
#include "sync/tstate.h"

#define CANDIDATE (UINT32_C(1) << 31)
#define SCANNED   (UINT32_C(1) << 30)
#define UNSCANNED (CANDIDATE - 1)
#define MOST      (CANDIDATE - SCANNED - 1) /* references */
#define MEMBER    (UINT32_C(1) << 28)       /* of weft__gc_find_own */

enum {
  SCRATCH_KEPT = 512 << 10, /* bytes that stay mapped between collections: enough for young ones */
  AHEAD = 8,                /* objects whose memory is asked for before they are looked at */
  GROUP = 64,               /* words, of which a page has a multiple, and as many marks */
};

typedef struct graph {
  unsigned generation;
  const struct weft__heap *heap; /* whose thread looks at what is its own; NULL: in a stopped world, all */
  struct weft__graph_memory *memory;
  struct weft__page **pages;
  size_t pages_used, pages_room;
  uint32_t *scratch;
  size_t scratch_bytes;
  struct weft__objects stack; /* kept, their referents not yet looked at */
  size_t candidates, survivors;
  int64_t held;         /* references that the caller has on each */
  weft_object *suspect; /* debug builds */
  weft_gc_times *times; /* to be noted; or NULL */
  bool heavy;           /* a member counts more than MOST */
  bool types;           /* types may be garbage */
  bool yielding;        /* what is young is no member if its thread will look at it by itself */
  bool failed;
  bool weak; /* of weft__gc_find_own: there are weak references to what is not looked at */
} graph;

static struct weft__graph_memory memory_of_all;
static bool types_are_members; /* of the search in a stopped world: it is of the oldest generation */

/* --- Arrays --- */

static bool make_room(struct weft__objects *a, size_t room) {
  if (room <= a->room) return true;
  weft_object **item = weft__fault() ? NULL : realloc(a->item, room * sizeof *item);
  if (!item) return false;
  a->item = item;
  a->room = room;
  return true;
}

bool weft__objects_add(struct weft__objects *a, weft_object *o) {
  if (a->size == a->room && !make_room(a, a->room ? 2 * a->room : 64)) return false;
  a->item[a->size++] = o;
  return true;
}

void weft__objects_free(struct weft__objects *a) {
  free(a->item);
  *a = (struct weft__objects){0};
}

/* --- Referents --- */

typedef void (*edge)(graph *g, weft_object *referent);

/* Calls `look` for every reference that `o` holds: inlined for lists and tuples, by way of `visit` for others. */
WEFT_ALWAYS_INLINE void each_referent(graph *g, weft_object *o, edge look, weft_visit visit) {
  const weft_type *type = o->type;
  if (type == &weft_list_type) {
    const struct weft__list_items *items = ((struct weft__list *)o)->items;
    for (size_t i = 0; i < items->size; i++) look(g, items->item[i]);
  } else if (type == &weft_tuple_type) {
    const struct weft__tuple *t = (struct weft__tuple *)o;
    for (size_t i = 0; i < t->size; i++) look(g, t->items[i]);
  } else if (type->spec.traverse) {
    type->spec.traverse(o, visit, g);
  }
}

/* The word of an object outside the arenas, if it is a large container; or NULL. */
static WEFT_NOINLINE uint32_t *scratch_outside(weft_object *o) {
  if (weft__count_is_immortal(&o->count) || !(o->type->spec.flags & WEFT_TYPE_CONTAINER)) return NULL;
  if (!types_are_members && weft__gc_is_type(o)) return NULL;
  return &weft__large_of(o)->scratch;
}

/* The object's word; NULL: it cannot be a member. */
WEFT_ALWAYS_INLINE uint32_t *scratch_of(weft_object *o) {
  if (WEFT_UNLIKELY(!weft__is_in_arena(o))) return scratch_outside(o);
  struct weft__page *page = weft__page_of(o);
  return page->scratch ? &page->scratch[weft__page_number(page, o)] : NULL;
}

/* The word of a member. */
static uint32_t *scratch_of_member(weft_object *o) {
  if (!weft__is_in_arena(o)) return &weft__large_of(o)->scratch;
  struct weft__page *page = weft__page_of(o);
  return &page->scratch[weft__page_number(page, o)];
}

/* Of an object in a page of the calling thread; who counts it is not asked: that may just be changing. */
WEFT_ALWAYS_INLINE uint32_t *own_scratch_of(const graph *g, weft_object *o) {
  if (!weft__is_in_arena(o)) return NULL;
  struct weft__page *page = weft__page_of(o);
  /* order: relaxed: other threads do not give the calling thread's pages away, nor make others its own. */
  bool own = weft__load_relaxed(&page->heap) == g->heap && page->scratch;
  return own ? &page->scratch[weft__page_number(page, o)] : NULL;
}

/* --- Members --- */

typedef void (*member)(graph *g, weft_object *o, uint32_t *scratch);

bool weft__gc_yields_to(const struct weft__heap *heap) {
  if (!WEFT__HAS_OWNERS || heap == weft__tls.heap || !heap->owner) return false;
  /* order: relaxed: the world is stopped. */
  return (weft__load_relaxed(&heap->owner->status) & WEFT__STATUS_STATE) == WEFT__STATUS_PARKED;
}
static bool yields_young(const graph *g, const struct weft__page *page) {
  /* order: relaxed: as above. */
  return g->yielding && weft__gc_yields_to(weft__load_relaxed(&page->heap));
}

WEFT_ALWAYS_INLINE void page_members(graph *g, struct weft__page *page, member visit) {
  uint8_t *p = weft__page_first(page);
  const size_t size = page->block_size;
  const bool marked = page->has_aged, yields = yields_young(g, page);
  for (; p < page->carved; p += size) {
    size_t number = weft__page_number(page, p);
    if (marked && weft__page_older(page, number / 64, g->generation) >> number % 64 & 1) continue;
    if (yields && weft__page_generation(page, number) == 0) continue;
    weft_object *o = (weft_object *)(void *)p;
    if (weft__count_is_dead(&o->count)) continue;
    /* What stands first in a body is most often where its table is. */
    weft_object *later = (weft_object *)(void *)(p + AHEAD * size);
    if ((uint8_t *)later < page->carved && !g->heap && !weft__count_is_dead(&later->count))
      __builtin_prefetch(*(void **)(void *)(later + 1));
    visit(g, o, &page->scratch[number]);
  }
}

/* Of those that a search in a stopped world looks at; types last, and so they stand in the garbage. */
static void each_large(void (*visit)(weft_object *, void *), void *arg) {
  weft__large_walk(visit, arg);
  if (types_are_members) weft__types_walk(visit, arg);
}

struct large_visitor {
  graph *g;
  member visit;
};
static void visit_large(weft_object *o, void *visitor) {
  struct large_visitor *v = visitor;
  struct weft__large *large = weft__large_of(o);
  if (large->generation <= v->g->generation) v->visit(v->g, o, &large->scratch);
}

WEFT_ALWAYS_INLINE void each_member(graph *g, member visit) {
  for (size_t i = 0; i < g->pages_used; i++) page_members(g, g->pages[i], visit);
  if (!g->heap) each_large(visit_large, &(struct large_visitor){g, visit});
}

/* --- First: references that members hold --- */

static inline void count_edge(graph *g, weft_object *referent) {
  (void)g;
  uint32_t *scratch = scratch_of(referent);
  if (scratch) ++*scratch;
}
static int count_visit(weft_object *referent, void *g) {
  count_edge(g, referent);
  return 0;
}
static inline void count_references(graph *g, weft_object *o, uint32_t *scratch) {
  int64_t refs = weft__count_for_collector(&o->count);
  if (!refs) return;
  refs -= g->held;
  if (WEFT_UNLIKELY(refs > MOST)) {
    g->heavy = true;
    refs = MOST;
  }
  *scratch += CANDIDATE - (uint32_t)refs;
  each_referent(g, o, count_edge, count_visit);
}

static inline void count_own_edge(graph *g, weft_object *referent) {
  uint32_t *scratch = own_scratch_of(g, referent);
  if (scratch && ~*scratch & (MEMBER - 1)) ++*scratch; /* more than an owner can count, if it is as many */
}
static int count_own_visit(weft_object *referent, void *g) {
  count_own_edge(g, referent);
  return 0;
}
/* Does no code of the user's run when such an object dies, and does nobody but its owner touch its body? */
static inline bool dies_alone(const weft_type *type) { return type->release && (type->guarded || type->steady); }

static inline void count_own_references(graph *g, weft_object *o, uint32_t *scratch) {
  if (!weft__count_of_own(&o->count) || !dies_alone(o->type)) {
    g->weak = g->weak || weft__count_has_weak(&o->count);
    return;
  }
  *scratch |= MEMBER;
  each_referent(g, o, count_own_edge, count_own_visit);
}

/* The reference that the list of all types holds. */
static void count_list_edge(weft_object *o, void *unused) {
  (void)unused;
  if (((const weft_type *)o)->released) ++weft__large_of(o)->scratch;
}

/* After members have been counted: of an object that is none, the type is kept. */
static void keep_type_of_other(weft_object *o, void *unused) {
  (void)unused;
  if (WEFT_LIKELY(!o->type->released)) return;
  const uint32_t *scratch = scratch_of(o);
  if (scratch && *scratch >= SCANNED) return;
  uint32_t *of_type = &weft__large_of(&o->type->header)->scratch;
  if (*of_type >= SCANNED) *of_type = UNSCANNED;
}

/* --- Second: who has others --- */

static int is_it(weft_object *referent, void *o) { return referent == o; }
static inline void accuse(graph *g, weft_object *o, uint32_t *scratch) {
  (void)scratch;
  if (weft__count_for_collector(&o->count) && o->type->spec.traverse && o->type->spec.traverse(o, is_it, g->suspect))
    weft__warn("collector: the '%s' object at %p visits it", o->type->spec.name, (void *)o);
}
static void too_few(graph *g, weft_object *o, int64_t refs, uint32_t found) {
  /* Who says so: the type whose traverse slot is wrong is among them. */
  g->suspect = o;
  each_member(g, accuse);
  struct weft__tstate *ts = weft__self();
  if (weft__world_is_stopped()) weft__world_start(ts); /* a repr slot may wait for others */
  weft_object *text = weft_repr(o);
  weft__fatal(
      "collector: %u references to the '%s' object at %p have been found, but it counts only %lld: a traverse slot "
      "visits what its object does not count, or somebody dropped one too many. It is %s",
      found, o->type->spec.name, (void *)o, (long long)refs,
      text ? weft_str_utf8(text, NULL) : "an object without a repr");
}

/* More references have been found than there are. Release builds keep the object. */
static void mend(graph *g, weft_object *o, uint32_t *scratch) {
  if (*scratch <= CANDIDATE) return;
  int64_t refs = weft__count_for_collector(&o->count) - g->held;
  if (WEFT_DEBUG && refs <= MOST) too_few(g, o, refs, *scratch - CANDIDATE + (uint32_t)refs);
  *scratch = UNSCANNED;
}

static void keep_heavy(graph *g, weft_object *o, uint32_t *scratch) {
  if (*scratch != CANDIDATE || weft__count_for_collector(&o->count) - g->held <= MOST) return;
  *scratch = UNSCANNED;
  g->candidates--;
}

static void weigh_large(weft_object *o, void *graph_) {
  ((graph *)graph_)->candidates += weft__large_of(o)->scratch == CANDIDATE;
}

static void weigh(graph *g) {
  size_t above = 0;
  for (const uint32_t *word = g->scratch, *stop = word + g->scratch_bytes / sizeof *word; word < stop; word += GROUP) {
    uint32_t candidates = 0, high = 0;
    for (unsigned i = 0; i < GROUP; i++) {
      candidates += word[i] == CANDIDATE;
      high += word[i] >> 31;
    }
    g->candidates += candidates;
    above += high - candidates;
  }
  each_large(weigh_large, g);
  if (WEFT_UNLIKELY(above)) each_member(g, mend);
  if (WEFT_UNLIKELY(g->heavy && g->candidates)) each_member(g, keep_heavy);
}

static inline void weigh_own_one(graph *g, weft_object *o, uint32_t *scratch) {
  if (!(*scratch & MEMBER)) return;
  int64_t refs = weft__count_of_own(&o->count); /* 0: others have just begun to count it */
  bool candidate = refs && refs == (*scratch & (MEMBER - 1));
  *scratch = candidate ? CANDIDATE : UNSCANNED;
  if (candidate) g->candidates++;
}
static void weigh_own(graph *g) { each_member(g, weigh_own_one); }

/* --- Third: what the kept ones refer to --- */

static inline void keep_edge(graph *g, weft_object *referent) {
  uint32_t *scratch = g->heap ? own_scratch_of(g, referent) : scratch_of(referent);
  if (WEFT_LIKELY(!scratch || *scratch != CANDIDATE)) return;
  *scratch = SCANNED;
  g->candidates--;
  g->stack.item[g->stack.size++] = referent; /* there is room for every candidate */
}
static int keep_visit(weft_object *referent, void *g) {
  keep_edge(g, referent);
  return 0;
}

/* A kept object's type is kept, too. */
WEFT_ALWAYS_INLINE void keep_referents(graph *g, weft_object *o) {
  each_referent(g, o, keep_edge, keep_visit);
  if (WEFT_UNLIKELY(g->types) && o->type->released) keep_edge(g, (weft_object *)(uintptr_t)o->type);
}

/* Looks at all that has been pushed, a few at a time, so that their memory has been asked for before. */
static void scan_stack(graph *g) {
  weft_object *ahead[AHEAD];
  size_t n = 0;
  while (g->stack.size || n) {
    while (n < AHEAD && g->stack.size) {
      weft_object *o = g->stack.item[--g->stack.size];
      __builtin_prefetch(o);
      ahead[n++] = o;
    }
    for (size_t i = 0; i < n; i++) __builtin_prefetch(*(void **)(ahead[i] + 1));
    for (size_t i = 0; i < n; i++) keep_referents(g, ahead[i]);
    n = 0;
  }
}

static inline bool is_kept(uint32_t word) { return word >> 30 == SCANNED >> 30; }

static inline void scan(graph *g, weft_object *o, uint32_t *scratch) {
  if (!is_kept(*scratch) || *scratch == SCANNED) return;
  *scratch = SCANNED;
  keep_referents(g, o);
  if (g->stack.size) scan_stack(g);
}

static void scan_large(weft_object *o, void *graph_) { scan(graph_, o, &weft__large_of(o)->scratch); }

static void scan_all(graph *g) {
  for (size_t i = 0; i < g->pages_used && g->candidates; i++) {
    struct weft__page *page = g->pages[i];
    for (uint8_t *p = weft__page_first(page); p < page->carved; p += page->block_size)
      scan(g, (weft_object *)(void *)p, &page->scratch[weft__page_number(page, p)]);
  }
  if (!g->heap && g->candidates) each_large(scan_large, g);
}

/* --- Pages and their words --- */

static void choose_page(struct weft__page *page, void *graph_) {
  graph *g = graph_;
  if (weft__page_kind(page) != WEFT_HEAP_CONTAINER || g->failed) return;
  if (!page->has_aged && yields_young(g, page)) return;
  if (g->pages_used == g->pages_room) {
    size_t room = g->pages_room ? 2 * g->pages_room : 64;
    struct weft__page **pages = weft__fault() ? NULL : realloc(g->pages, room * sizeof(struct weft__page *));
    if (!pages) {
      g->failed = true;
      return;
    }
    g->pages = pages;
    g->pages_room = room;
  }
  g->pages[g->pages_used++] = page;
  g->scratch_bytes += sizeof(uint32_t) * (WEFT__PAGE_SIZE >> page->shift);
}

/* Zeros. NULL: out of memory. */
static uint32_t *map_scratch(size_t bytes) {
  if (weft__fault()) return NULL;
  void *zero = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return zero == MAP_FAILED ? NULL : zero;
}

/* Gives the chosen pages their words, all zero. False: out of memory. */
static bool give_scratch(graph *g) {
  if (g->failed) return false;
  if (g->scratch_bytes > SCRATCH_KEPT) {
    g->scratch = map_scratch(g->scratch_bytes);
    if (g->scratch) { /* nearly all of it will be used: in large steps, if the system likes */
      (void)madvise(g->scratch, g->scratch_bytes, MADV_HUGEPAGE);
      (void)madvise(g->scratch, g->scratch_bytes, MADV_POPULATE_WRITE);
    }
  } else {
    if (!g->memory->scratch) g->memory->scratch = map_scratch(SCRATCH_KEPT);
    g->scratch = g->memory->scratch;
    if (g->scratch) memset(g->scratch, 0, g->scratch_bytes);
  }
  if (!g->scratch) return false;
  uint32_t *next = g->scratch;
  for (size_t i = 0; i < g->pages_used; i++) {
    g->pages[i]->scratch = next;
    next += WEFT__PAGE_SIZE >> g->pages[i]->shift;
  }
  return true;
}

static void clear_large(weft_object *o, void *unused) {
  (void)unused;
  weft__large_of(o)->scratch = 0;
}

static graph begin(unsigned generation, const struct weft__heap *heap, struct weft__graph_memory *memory) {
  graph g = {.generation = generation,
             .heap = heap,
             .memory = memory,
             .pages = memory->pages,
             .pages_room = memory->pages_room,
             .stack = memory->stack};
  if (!heap) {
    types_are_members = generation >= WEFT__TYPE_GENERATION;
    each_large(clear_large, NULL);
  }
  return g;
}

static void end(graph *g) {
  for (size_t i = 0; i < g->pages_used; i++) g->pages[i]->scratch = NULL;
  if (g->scratch && g->scratch != g->memory->scratch) munmap(g->scratch, g->scratch_bytes);
  g->memory->pages = g->pages;
  g->memory->pages_room = g->pages_room;
  g->memory->stack = g->stack;
  g->memory->stack.size = 0;
}

void weft__graph_memory_free(struct weft__graph_memory *memory) {
  if (memory->scratch) munmap(memory->scratch, SCRATCH_KEPT);
  free(memory->pages);
  weft__objects_free(&memory->stack);
  *memory = (struct weft__graph_memory){0};
}

/* --- Finding --- */

/* Fourth: the garbage, and older survivors; and why a page is recent from now on. */

/* A page without garbage: only marks change. */
static uint8_t sort_kept(graph *g, struct weft__page *page, uint8_t recent) {
  uint64_t *aged = weft__page_aged(page), *old = weft__page_old(page), any = 0;
  for (size_t i = 0; i < WEFT__MARK_WORDS(page->shift); i++) {
    uint64_t kept = 0;
    for (unsigned bit = 0; bit < GROUP; bit++) kept |= (uint64_t)is_kept(page->scratch[GROUP * i + bit]) << bit;
    if (!kept) continue;
    any |= kept;
    g->survivors += (size_t)__builtin_popcountll(kept);
    aged[i] |= kept;
    if (g->generation > 0) old[i] |= kept;
  }
  if (!any) return recent;
  weft__page_has_older(page);
  return g->generation == 0 ? recent | WEFT__RECENT_AGED : recent;
}

static uint8_t sort_blocks(graph *g, struct weft__page *page, uint8_t recent, struct weft__objects *garbage,
                           size_t *unseen) {
  const unsigned next = g->generation == 0 ? 1 : 2;
  for (uint8_t *p = weft__page_first(page); p < page->carved; p += page->block_size) {
    size_t number = weft__page_number(page, p);
    uint32_t word = page->scratch[number];
    weft_object *o = (weft_object *)(void *)p;
    if (word == CANDIDATE) {
      garbage->item[garbage->size++] = o;
      recent |= page->recent; /* it may be resurrected, or not die at once */
      continue;
    }
    if (is_kept(word)) {
      g->survivors++;
    } else {
      if (!g->heap || !weft__count_for_collector(&o->count)) continue;
      if (page->has_aged && weft__page_older(page, number / 64, g->generation) >> number % 64 & 1) continue;
      ++*unseen;
    }
    if (weft__page_generation(page, number) != next) weft__page_set_generation(page, number, next);
    if (next == 1) recent |= WEFT__RECENT_AGED;
  }
  return recent;
}

static bool has_garbage(const graph *g, const struct weft__page *page) {
  uint32_t high = 0;
  for (size_t i = 0; g->candidates && !(high >> 31) && i < WEFT__MARK_WORDS(page->shift); i++)
    for (unsigned bit = 0; bit < GROUP; bit++) high |= page->scratch[GROUP * i + bit];
  return high >> 31;
}

/* What was no member is as old as it was: an object whose finalizer is running may yet live on. */
static bool has_aged(struct weft__page *page) {
  uint64_t any = 0;
  for (size_t i = 0; page->has_aged && i < WEFT__MARK_WORDS(page->shift); i++)
    any |= weft__page_aged(page)[i] & ~weft__page_old(page)[i];
  return any;
}

static uint8_t sort_page(graph *g, struct weft__page *page, struct weft__objects *garbage, size_t *unseen) {
  uint8_t recent = page->state == WEFT__PAGE_CURRENT ? WEFT__RECENT_YOUNG : 0;
  if (g->generation == 0) recent |= page->recent & WEFT__RECENT_AGED;
  if (yields_young(g, page)) recent |= page->recent & WEFT__RECENT_YOUNG;
  bool by_words = !g->heap && !has_garbage(g, page);
  recent = by_words ? sort_kept(g, page, recent) : sort_blocks(g, page, recent, garbage, unseen);
  return g->generation > 0 && has_aged(page) ? recent | WEFT__RECENT_AGED : recent;
}

struct sorter {
  graph *g;
  struct weft__objects *garbage;
};
static void sort_large(weft_object *o, void *sorter_) {
  struct sorter *s = sorter_;
  struct weft__large *large = weft__large_of(o);
  if (large->scratch == CANDIDATE) {
    s->garbage->item[s->garbage->size++] = o;
  } else if (is_kept(large->scratch)) {
    large->generation = s->g->generation == 0 ? 1 : 2;
    s->g->survivors++;
  }
}

static void sort(graph *g, struct weft__objects *garbage, size_t *unseen) {
  for (size_t i = 0; i < g->pages_used; i++) {
    struct weft__page *page = g->pages[i];
    weft__page_set_recent(weft__load_relaxed(&page->heap), page, sort_page(g, page, garbage, unseen));
  }
  if (!g->heap) each_large(sort_large, &(struct sorter){g, garbage});
}

/* A step that began at `start` has ended: notes how long it took. Returns the time. */
static uint64_t note(uint64_t *step, uint64_t start) {
  uint64_t now = weft__now_ns();
  *step = now - start;
  return now;
}

/* The steps, with the pages chosen. */
WEFT_ALWAYS_INLINE bool find(graph *g, member count, void (*weigh_all)(graph *), const struct weft__merge_chunk *dead,
                             struct weft__objects *garbage, size_t *survived, size_t *unseen) {
  uint64_t time = g->times ? weft__now_ns() : 0;
  bool good = give_scratch(g);
  if (good) {
    if (g->types) weft__types_walk(count_list_edge, NULL);
    each_member(g, count);
    if (g->types) weft__gc_walk_all(dead, keep_type_of_other, NULL);
    good = !g->weak;
  }
  if (good) {
    weigh_all(g);
    if (g->times) time = note(&g->times->count_ns, time);
    good = make_room(&g->stack, g->candidates) && make_room(garbage, garbage->size + g->candidates);
  }
  if (good) {
    scan_all(g);
    if (g->times) time = note(&g->times->keep_ns, time);
    sort(g, garbage, unseen);
    if (g->times) note(&g->times->sort_ns, time);
    *survived = g->survivors;
  }
  end(g);
  return good;
}

static uint8_t reasons_of(unsigned generation) {
  return generation == 0 ? WEFT__RECENT_YOUNG : WEFT__RECENT_YOUNG | WEFT__RECENT_AGED;
}

bool weft__gc_find(unsigned generation, bool yielding, const struct weft__merge_chunk *dead,
                   struct weft__objects *garbage, size_t *survived, weft_gc_times *times) {
  size_t none = 0;
  graph g = begin(generation, NULL, &memory_of_all);
  g.times = times;
  g.yielding = yielding;
  g.types = generation == WEFT__TYPE_GENERATION && weft__gc_types_may_die();
  if (generation < 2)
    weft__recent_pages_walk(NULL, reasons_of(generation), choose_page, &g);
  else
    weft__pages_walk(choose_page, &g);
  return find(&g, count_references, weigh, dead, garbage, survived, &none);
}

bool weft__gc_find_own(unsigned generation, struct weft__graph_memory *memory, struct weft__objects *garbage,
                       size_t *survived, size_t *unseen) {
  graph g = begin(generation, weft__tls.heap, memory);
  *unseen = 0;
  weft__recent_pages_walk(g.heap, reasons_of(generation), choose_page, &g);
  return find(&g, count_own_references, weigh_own, NULL, garbage, survived, unseen);
}

static bool has_types(const struct weft__objects *garbage) {
  bool any = false;
  for (size_t i = 0; i < garbage->size; i++) any = any || weft__gc_is_type(garbage->item[i]);
  return any;
}

bool weft__gc_find_again(struct weft__objects *garbage, struct weft__objects *survivors) {
  graph g = begin(2, NULL, &memory_of_all);
  g.held = 1;
  g.types = weft__gc_types_may_die();
  struct weft__page *last = NULL;
  for (size_t i = 0; i < garbage->size; i++) {
    if (!weft__is_in_arena(garbage->item[i])) continue;
    struct weft__page *page = weft__page_of(garbage->item[i]);
    if (page != last) choose_page(page, &g);
    last = page;
  }
  bool good = give_scratch(&g) && make_room(&g.stack, garbage->size) && make_room(survivors, garbage->size);
  if (good) {
    if (g.types) weft__types_walk(count_list_edge, NULL);
    for (size_t i = 0; i < garbage->size; i++)
      count_references(&g, garbage->item[i], scratch_of_member(garbage->item[i]));
    if (g.types && has_types(garbage)) weft__gc_walk_all(NULL, keep_type_of_other, NULL);
    weigh(&g);
    for (size_t i = 0; i < garbage->size; i++) scan(&g, garbage->item[i], scratch_of_member(garbage->item[i]));
    size_t left = 0;
    for (size_t i = 0; i < garbage->size; i++) {
      weft_object *o = garbage->item[i];
      if (*scratch_of_member(o) == CANDIDATE)
        garbage->item[left++] = o;
      else
        survivors->item[survivors->size++] = o;
    }
    garbage->size = left;
  }
  end(&g);
  return good;
}

void weft__gc_check_counts(void) {
  graph g = begin(WEFT__FROZEN_GENERATION, NULL, &memory_of_all);
  weft__pages_walk(choose_page, &g);
  if (give_scratch(&g)) {
    each_member(&g, count_references);
    each_member(&g, mend);
  }
  end(&g);
}

void weft__gc_graph_fini(void) { weft__graph_memory_free(&memory_of_all); }
