/* SPDX-License-Identifier: MIT */
/*
 * Real HTTP without a network: a server on the loopback, in a process of its own, which answers every request after 100
 * ms; and a client. The client touches no object, so it is called while detached.
 */
#ifndef DEMOS_SUPPORT_HTTP_H
#define DEMOS_SUPPORT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_DELAY_MS = 100 };

/* Starts the server, and the client library. Call before there are threads. False: it says why on stderr. */
bool http_start(void);
void http_stop(void);
/* GETs /item/<n>. True: status 200 and the body that belongs to `n`. */
bool http_get(size_t n);

#endif
