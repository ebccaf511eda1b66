/* SPDX-License-Identifier: MIT */
/*
 * The parts of the threading demo. Each function prints its rows of the ledger; the document meant is number 004 of the
 * seeds, question 1: "What is the GIL and why does it exist?"
 */
#ifndef DEMOS_THREADING_H
#define DEMOS_THREADING_H

#include "demos/support/figures.h"
#include "demos/support/spans.h"
#include "demos/support/tap.h"
#include "demos/support/timing.h"
#include "demos/support/workers.h"

enum { COUNT_TO = 10000000, DOWNLOADS = 5 };

/* The document's cpu_bound(): counts to `n` with runtime ints. Returns new. */
weft_object *count_to(int64_t n);
/* As a worker's body. */
weft_object *count_worker(size_t index, void *arg);
/* The work once for each of two, one after the other. */
bool count_twice(void *arg);
/* The document's io_bound(): one GET, the lock released around it. */
weft_object *download_worker(size_t index, void *arg);
bool download_in_turn(void *arg);

void show_cpu_bound(void);       /* GIL-01, GIL-02 */
void show_cpu_timeline(void);    /* GIL-06, GIL-17 */
void show_io_bound(void);        /* GIL-03 */
void show_io_timeline(void);     /* GIL-07 */
void show_blocking_read(void);   /* GIL-12 */
void show_worker_failure(void);  /* GIL-05 */
void show_processes(void);       /* GIL-04, GIL-13 */
void show_native_call(void);     /* GIL-11 */
void show_event_loop(void);      /* GIL-14 */
void show_exclusion(void);       /* GIL-08 */
void show_counts(void);          /* GIL-09, REF-17, FU-03 */
void show_native_callback(void); /* GIL-10 */
void show_lost_updates(void);    /* GIL-15 */
void show_containers(void);      /* GIL-16 */
void show_summary(void);         /* GIL-18, FU-01 */

#endif
