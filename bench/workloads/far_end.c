/* SPDX-License-Identifier: MIT */
/*
 * The other end of a connection: a plain thread that answers bytes. It stands for another machine, so it never attaches
 * to the runtime.
 */
#define _GNU_SOURCE
#include "workloads.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct far_end {
  int socket;
  unsigned delay_us;
};

static void *answer(void *arg) {
  struct far_end end = *(struct far_end *)arg;
  char byte;
  free(arg);
  while (recv(end.socket, &byte, 1, 0) == 1) {
    if (end.delay_us) bench_sleep_us(end.delay_us);
    if (send(end.socket, &byte, 1, MSG_NOSIGNAL) != 1) break;
  }
  close(end.socket);
  return NULL;
}

/* Two connected sockets of the loopback, without the delay that gathers small packets. */
static bool connect_pair(int pair[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int yes = 1;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool connected = listener >= 0 && pair[0] >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
                   listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
                   connect(pair[0], (struct sockaddr *)&address, length) == 0 &&
                   (pair[1] = accept(listener, NULL, NULL)) >= 0;
  if (listener >= 0) close(listener);
  return connected && setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0 &&
         setsockopt(pair[1], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0;
}

int bench_far_end(unsigned delay_us) {
  struct far_end *end = malloc(sizeof *end);
  pthread_t thread;
  int pair[2];
  if (!end || !connect_pair(pair)) bench_fail("no sockets on the loopback");
  *end = (struct far_end){.socket = pair[1], .delay_us = delay_us};
  if (pthread_create(&thread, NULL, answer, end) != 0) bench_fail("cannot start a thread");
  pthread_detach(thread);
  return pair[0];
}

void bench_ping(bench_run *run, int socket) {
  char byte = 'p';
  void *token = bench_release(run);
  ssize_t sent = send(socket, &byte, 1, MSG_NOSIGNAL);
  bench_acquire(run, token);
  token = bench_release(run);
  ssize_t got = recv(socket, &byte, 1, 0);
  bench_acquire(run, token);
  if (sent != 1 || got != 1) bench_fail("the connection broke");
}
