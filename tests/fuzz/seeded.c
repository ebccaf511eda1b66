/* SPDX-License-Identifier: MIT */
/*
 * seeded SECONDS SEED [EPISODE]: random episodes for a while, or only the one with that number, line by line, so that
 * the oracle has seen the last one before a crash. A main like those of the stress programs.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

int main(int argc, char **argv) {
  unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, episode = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
  FILE *out = oracle_start();
  if (argc > 3) setvbuf(out, NULL, _IOLBF, BUFSIZ);
  alarm(seconds + 90);
  if (weft_init() < 0) return 1;
  values_init();
  time_t end = time(NULL) + seconds;
  bool agrees = true;
  do {
    /* The seeds of different episodes share no bits that matter. */
    struct choices choices = {
        .random = ((seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + episode) * UINT64_C(0xd1342543de82ef95) | 1};
    fprintf(out, "episode %llu of seed %llu in mode %s\n", (unsigned long long)episode, (unsigned long long)seed,
            weft_mode());
    fflush(out);
    run_episode(&choices, out);
    if (++episode % 64 == 0) agrees = oracle_agrees(out);
  } while (agrees && argc <= 3 && time(NULL) < end);
  agrees = oracle_end(out) && agrees;
  weft_finalize();
  if (agrees)
    printf("%llu episodes of %d operations, as CPython executes them\n", (unsigned long long)episode, EPISODE);
  return !agrees;
}
