/* SPDX-License-Identifier: MIT */
/* oracle.py as a child, with a pipe to it and one back. Run from the root of the tree. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

static int answers;
static pid_t oracle;

FILE *oracle_start(void) {
  int to[2], from[2];
  signal(SIGPIPE, SIG_IGN); /* an oracle that disagrees ends */
  if (pipe(to) != 0 || pipe(from) != 0) exit(2);
  oracle = fork();
  if (oracle == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    close(to[1]); /* otherwise it would not see the end */
    execlp("python3", "python3", "tests/fuzz/oracle.py", (char *)NULL);
    perror("python3");
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  answers = from[0];
  FILE *out = oracle < 0 ? NULL : fdopen(to[1], "w");
  if (!out) exit(2);
  return out;
}

bool oracle_agrees(FILE *to) {
  char answer;
  ssize_t n;
  if (fputs("?\n", to) < 0 || fflush(to) != 0) return false;
  do n = read(answers, &answer, 1);
  while (n < 0 && errno == EINTR); /* libFuzzer has a timer */
  return n == 1;
}

bool oracle_end(FILE *to) {
  int status;
  fputs("end\n", to);
  bool sent = fclose(to) == 0;
  return waitpid(oracle, &status, 0) == oracle && WIFEXITED(status) && WEXITSTATUS(status) == 0 && sent;
}
