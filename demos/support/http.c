/* SPDX-License-Identifier: MIT */
/*
 * The server is libmicrohttpd with a thread per connection. It chooses a port that is free and tells it through one
 * pipe; it ends when the other pipe closes, which the kernel does when the demo ends in whatever way.
 */
#include "demos/support/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demos/support/timing.h"

static struct {
  pid_t pid;
  uint16_t port;
  int leash; /* closing it ends the server */
} server;

/* --- The server's process --- */

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state) {
  (void)context, (void)method, (void)version, (void)upload, (void)upload_size, (void)state;
  char body[128];
  int size = snprintf(body, sizeof body, "you asked for %.64s\n", url);
  sleep_ms(HTTP_DELAY_MS);
  struct MHD_Response *response = MHD_create_response_from_buffer((size_t)size, body, MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return result;
}

/* The port it listens on; 0: it does not. */
static uint16_t listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct MHD_Daemon *daemon =
      MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, NULL,
                       MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
  const union MHD_DaemonInfo *info = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
  return info ? info->port : 0;
}

static _Noreturn void serve(int port_pipe, int leash) {
  uint16_t port = listen_on_loopback();
  char nothing;
  if (port == 0 || write(port_pipe, &port, sizeof port) != sizeof port) _exit(1);
  while (read(leash, &nothing, 1) > 0) continue;
  _exit(0);
}

static bool start_server(void) {
  int port_pipe[2], leash[2];
  if (pipe(port_pipe) != 0 || pipe(leash) != 0) return false;
  server.pid = fork();
  if (server.pid < 0) return false;
  if (server.pid == 0) {
    close(leash[1]);
    serve(port_pipe[1], leash[0]);
  }
  close(port_pipe[1]);
  close(leash[0]);
  server.leash = leash[1];
  bool told = read(port_pipe[0], &server.port, sizeof server.port) == sizeof server.port;
  close(port_pipe[0]);
  return told;
}

bool http_start(void) {
  if (start_server() && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) return true;
  fprintf(stderr, "cannot start an HTTP server on the loopback\n");
  return false;
}

void http_stop(void) {
  close(server.leash);
  waitpid(server.pid, NULL, 0);
  curl_global_cleanup();
}

/* --- The client --- */

struct reply {
  size_t size;
  char body[256];
};

static size_t collect(char *data, size_t size, size_t n, void *arg) {
  struct reply *reply = arg;
  if (size * n > sizeof reply->body - 1 - reply->size) return 0;
  memcpy(reply->body + reply->size, data, size * n);
  reply->size += size * n;
  return size * n;
}

static long transfer(const char *url, struct reply *reply) {
  CURL *curl = curl_easy_init();
  long status = 0;
  if (!curl) return 0;
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
  if (curl_easy_perform(curl) == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_cleanup(curl);
  return status;
}

bool http_get(size_t n) {
  char url[64], expected[64];
  struct reply reply = {0};
  snprintf(url, sizeof url, "http://127.0.0.1:%u/item/%zu", (unsigned)server.port, n);
  snprintf(expected, sizeof expected, "you asked for /item/%zu\n", n);
  return transfer(url, &reply) == 200 && strcmp(reply.body, expected) == 0;
}
