/* SPDX-License-Identifier: MIT */
#include "demos/support/figures.h"

#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

enum { MAX_FIGURES = 32, NAME_SIZE = 32 };

static struct {
  char name[NAME_SIZE];
  struct outcome outcome;
} own[MAX_FIGURES];
static size_t n_own;
static const char *directory;
static FILE *file;

static const char *const verdicts[] = {"not-measured", "holds", "missed", "not-checked", "broken"};

static FILE *open_of_mode(const char *mode, const char *how) {
  char path[512];
  if (!directory) return NULL;
  snprintf(path, sizeof path, "%s/%s.tsv", directory, mode);
  return fopen(path, how);
}

void figures_open(const char *where) {
  directory = where;
  file = open_of_mode(weft_mode(), "w");
  if (where && !file) fprintf(stderr, "cannot write figures to %s\n", where);
  if (file) fprintf(file, "cores\t%u\t0\tholds\n", cpu_count());
}

void figures_close(void) {
  if (file) fclose(file);
  file = NULL;
}

void figure_put(const char *name, const struct outcome *o) {
  if (n_own == MAX_FIGURES) return;
  snprintf(own[n_own].name, NAME_SIZE, "%s", name);
  own[n_own++].outcome = *o;
  if (!file) return;
  fprintf(file, "%s\t%.6f\t%.6f\t%s\n", name, o->base_s, o->other_s, verdicts[o->verdict]);
  fflush(file); /* a process forked later must not write it again */
}

struct outcome figure_own(const char *name) {
  for (size_t i = 0; i < n_own; i++)
    if (strcmp(own[i].name, name) == 0) return own[i].outcome;
  return (struct outcome){0};
}

static bool parse(const char *line, const char *wanted, struct outcome *o) {
  char name[NAME_SIZE], verdict[NAME_SIZE];
  if (sscanf(line, "%31s %lf %lf %31s", name, &o->base_s, &o->other_s, verdict) != 4 || strcmp(name, wanted) != 0)
    return false;
  o->ratio = o->other_s / o->base_s;
  for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
    if (strcmp(verdict, verdicts[i]) == 0) o->verdict = (enum verdict)i;
  return true;
}

struct outcome figure_of_mode(const char *mode, const char *name) {
  struct outcome o = {0};
  if (strcmp(mode, weft_mode()) == 0) return figure_own(name);
  FILE *f = open_of_mode(mode, "r");
  char line[160];
  bool found = false;
  while (f && !found && fgets(line, sizeof line, f)) found = parse(line, name, &o);
  if (f) fclose(f);
  return found ? o : (struct outcome){0};
}
