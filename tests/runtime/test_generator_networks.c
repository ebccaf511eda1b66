/* SPDX-License-Identifier: MIT */
/*
 * Networks of generators, after Tim Peters' conjoin: one for each level of a search. It is made when the level above
 * has decided something, yields once for each way to complete that, and dies when there is none left.
 */
#include "generator_support.h"

RuntimeSuite(generator_networks);

static weft_object *level_new(weft_c_generator body, int level) {
  return weft_generator_new("level", body, 1, (weft_object *[]){WEFT_NONE}, sizeof(int[10]), &(int[10]){level});
}

/* What the level below yields next, or NULL. */
static weft_object *from_below(weft_object *generator) {
  weft_object *below = weft_generator_cell_borrow(generator, 0);
  return below == WEFT_NONE ? NULL : weft_next(below);
}
static bool descend(weft_object *generator, weft_c_generator body, int level) {
  weft_auto weft_object *below = level_new(body, level);
  return below && weft_generator_set_cell(generator, 0, below) == 0;
}

/* --- Queens --- */

enum { QUEENS = 8 };
static int queens[QUEENS]; /* the columns of the rows so far */

static bool is_free(int row, int column) {
  for (int i = 0; i < row; i++)
    if (queens[i] == column || queens[i] - column == row - i || column - queens[i] == row - i) return false;
  return true;
}

struct row {
  int number, tried;
};
static weft_object *queen(weft_object *generator, weft_object *sent) {
  struct row *r = weft_generator_state(generator);
  while (sent) {
    weft_object *found = from_below(generator);
    if (found) return found;
    while (r->tried < QUEENS && !is_free(r->number, r->tried)) r->tried++;
    if (r->tried == QUEENS) return NULL;
    queens[r->number] = r->tried++;
    if (r->number == QUEENS - 1) return WEFT_NONE;
    if (!descend(generator, queen, r->number + 1)) return NULL;
  }
  return NULL;
}

/* --- A knight's tour --- */

enum { SIDE = 10, SQUARES = SIDE * SIDE, MOVES = 8 };
static int tour[SQUARES];     /* the squares so far */
static bool visited[SQUARES]; /* those */
static uint32_t levels;       /* that have been made */

/* The square that a knight's move leads to, or -1: it is off the board, or has been visited. */
static int after_move(int square, int move) {
  static const int8_t dx[MOVES] = {1, 2, 2, 1, -1, -2, -2, -1}, dy[MOVES] = {2, 1, -1, -2, -2, -1, 1, 2};
  int x = square % SIDE + dx[move], y = square / SIDE + dy[move];
  int to = y * SIDE + x;
  return x < 0 || y < 0 || x >= SIDE || y >= SIDE || visited[to] ? -1 : to;
}
static int ways_on(int square) {
  int n = 0;
  for (int i = 0; i < MOVES; i++) n += after_move(square, i) >= 0;
  return n;
}

struct hop {
  int number, n, candidates[MOVES];
};
/* Where it can go, those last from which there are the fewest ways on: they are tried first (Warnsdorff). */
static void find_candidates(struct hop *h) {
  for (int i = 0; i < MOVES; i++) {
    int to = after_move(tour[h->number - 1], i), at = h->n;
    if (to < 0) continue;
    for (; at > 0 && ways_on(h->candidates[at - 1]) < ways_on(to); at--) h->candidates[at] = h->candidates[at - 1];
    h->candidates[at] = to;
    h->n++;
  }
}

static weft_object *hop_new(int number);
static weft_object *hop(weft_object *generator, weft_object *sent) {
  struct hop *h = weft_generator_state(generator);
  if (weft_generator_cell_borrow(generator, 0) == WEFT_NONE && sent) {
    levels++;
    find_candidates(h);
  }
  while (sent) {
    weft_object *found = from_below(generator);
    if (found) return found;
    if (visited[tour[h->number]] && weft_generator_cell_borrow(generator, 0) != WEFT_NONE)
      visited[tour[h->number]] = false;
    if (h->n == 0) return NULL;
    tour[h->number] = h->candidates[--h->n];
    visited[tour[h->number]] = true;
    weft_auto weft_object *below = hop_new(h->number + 1);
    if (!below || weft_generator_set_cell(generator, 0, below) < 0) return NULL;
  }
  return NULL;
}
/* Below the last hop: yields once. */
static weft_object *complete(weft_object *generator, weft_object *sent) {
  return sent && turn_of(generator) == 0 ? WEFT_NONE : NULL;
}
static weft_object *hop_new(int number) {
  if (number == SQUARES) return with_cell(complete);
  return level_new(hop, number);
}

static bool is_tour(void) {
  bool seen[SQUARES] = {false};
  for (int i = 0; i < SQUARES; i++) {
    if (seen[tour[i]]) return false;
    seen[tour[i]] = true;
    int dx = i ? abs(tour[i] % SIDE - tour[i - 1] % SIDE) : 1, dy = i ? abs(tour[i] / SIDE - tour[i - 1] / SIDE) : 2;
    if (dx * dy != 2) return false;
  }
  return true;
}

/* 92 is the known number of ways (OEIS A000170). */
RuntimeTest(generator_networks, GEN_056_eight_queens_have_92_solutions_and_a_knight_finds_tours) {
  weft_auto weft_object *first = level_new(queen, 0);
  int solutions = 0;
  for (weft_object *item; (item = weft_next(first)); weft_decref(item)) solutions++;
  cr_assert(!weft_error_borrow() && solutions == 92);
  tour[0] = 0;
  visited[0] = true;
  weft_auto weft_object *knight = hop_new(1);
  int tours = 0;
  for (weft_object *item; levels < 5000 && (item = weft_next(knight)); weft_decref(item), tours++) cr_assert(is_tour());
  cr_assert(!weft_error_borrow() && tours >= 10 && levels >= 5000, "%d tours, %u levels", tours, levels);
}
