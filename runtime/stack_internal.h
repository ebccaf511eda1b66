/* SPDX-License-Identifier: MIT */
/* The native stack: who called, and where that is in the source. How: stack.c. */
#ifndef WEFT_STACK_INTERNAL_H
#define WEFT_STACK_INTERNAL_H

#include "tracemalloc.h"

/* Learns where the program's code is. False: the system does not tell, errno says why. Harmless when done already. */
bool weft__stack_init(void);
/* Forgets it, and all names that weft__frame_name gave. Nobody walks any more. */
void weft__stack_fini(void);

/* A word of the stack, and what was in it. */
struct weft__stack_word {
  const uintptr_t *at;
  uintptr_t value;
};

/*
 * The addresses to which the calling functions return, most recent first, at most `limit`; those of the runtime itself
 * are left out. Returns how many. Needs no frame pointers, only the unwind tables that compilers emit unless told
 * otherwise; where these are missing the walk ends. Any thread may call it; it takes a lock when it has not met an
 * address before.
 *   Stores up to *n_words words that led it, and in *n_words how many there are. Whoever called this finds the same
 * frames again when it has the same frame itself (__builtin_frame_address(0)) and these words are unchanged.
 */
size_t weft__stack_walk(uintptr_t *frames, size_t limit, struct weft__stack_word *words, size_t *n_words);

/*
 * Where in the source the call before that return address stands; without debug information the module's name as the
 * file, and line 0. Never fails: what is not known is "<unknown>". The strings last until weft__stack_fini. May take
 * long, the first time in a module: call it detached.
 */
weft_frame weft__frame_name(uintptr_t return_address);

/* A copy of the text that lasts as long; equal ones are identical. NULL: out of memory. */
const char *weft__frame_text(const char *text);

void weft__stack_lock_for_fork(void);
void weft__stack_unlock_after_fork(void);

#endif
