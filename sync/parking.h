/* SPDX-License-Identifier: MIT */
/*
 * The parking lot: queues of sleeping threads keyed by an address, so that a lock needs bits and no queue of its own.
 * After WebKit's WTF::ParkingLot. Internal; callers are detached, or not attached at all, while they sleep.
 */
#ifndef WEFT_SYNC_PARKING_H
#define WEFT_SYNC_PARKING_H

#include <stdbool.h>
#include <stdint.h>

enum weft__parked { WEFT__PARKED_NOT, WEFT__PARKED_WOKEN, WEFT__PARKED_HANDED };

/* `may_hand`: whatever is handed over, this sleeper can take.
 * Sleeps on `address` if *address still equals `expected`, compared under the queue's lock. Returns NOT when it did
 * not, WOKEN when an unpark came, HANDED when that unpark passed something on (`hand` below). */
enum weft__parked weft__park(const uint8_t *address, uint8_t expected, bool may_hand);

/* Takes the longest sleeper off the queue of `address` and wakes it. Before, under the queue's lock, calls
 * `decide(address, waited_ns, more)`: waited_ns is negative when there is no sleeper and 0
 * when it takes nothing, `more` says whether others stay.
 * What it returns is whether the sleeper returns HANDED. */
void weft__unpark_one(uint8_t *address, bool (*decide)(uint8_t *address, int64_t waited_ns, bool more));

void weft__parking_after_fork(void);

#endif
