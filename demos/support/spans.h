/* SPDX-License-Identifier: MIT */
/*
 * A recorded timeline as spans (this thread was attached from here to there), and its drawing in the terminal.
 */
#ifndef DEMOS_SUPPORT_SPANS_H
#define DEMOS_SUPPORT_SPANS_H

#include <weft/weft.h>

struct span {
  uint64_t begin_ns, end_ns;
  uint32_t thread; /* as weft_timeline_thread */
  enum weft_timeline_kind kind;
};

struct spans {
  struct span *span; /* in order of their beginning */
  size_t n;
};

/* What was recorded. A state that a thread never left is open-ended: it ends now when that is ATTACHED, and is left out
 * otherwise. False: out of memory. */
bool spans_read(struct spans *s);
void spans_free(struct spans *s);
/* Time that the two have in common. */
uint64_t span_overlap(const struct span *a, const struct span *b);

/* Draws a row for each of `threads`, ▓ while it was attached and ░ while it was not. `brief`: a column is ▓ when the
 * thread was attached at any time in it, rather than for half of it. */
void spans_draw(const struct spans *s, const uint32_t *threads, size_t rows, bool brief);

#endif
