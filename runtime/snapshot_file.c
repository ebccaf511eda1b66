/* SPDX-License-Identifier: MIT */
/*
 * Snapshots as text: to be kept and read again, and for tools that draw flame graphs.
 *
 *     weft-snapshot 1
 *     frames 25                          the limit of frames
 *     tracebacks 2
 *     1                                  how many frames
 *     12 <tab> main <tab> program.c      line, function, file; oldest first
 *     ...
 *     traces 17
 *     0 1 48                             domain, which traceback from 0, size
 *     ...
 *
 * A newline in a name becomes a space.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime_internal.h"
#include "runtime/snapshot_internal.h"
#include "runtime/stack_internal.h"
#include "sync/attach.h"

static const char *const VERSION = "weft-snapshot 1";

/* --- Writing --- */

static void put_name(FILE *to, const char *name) {
  for (; *name; name++) putc_unlocked(*name == '\n' || *name == '\t' ? ' ' : *name, to);
}

static void dump_traceback(const weft_traceback *t, FILE *to) {
  fprintf(to, "%zu\n", t->count);
  for (size_t i = 0; i < t->count; i++) {
    fprintf(to, "%d\t", t->frames[i].line);
    put_name(to, t->frames[i].function);
    putc_unlocked('\t', to);
    put_name(to, t->frames[i].file);
    putc_unlocked('\n', to);
  }
}

/* What the stream says at the end: 0, or -1 with OSError. */
static int finished(const char *call, FILE *to) {
  errno = 0;
  if (fflush(to) == 0 && !ferror(to)) return 0;
  if (weft_is_attached()) weft_raise(&weft_OSError, "%s: %s", call, strerror(errno ? errno : EIO));
  return -1;
}

int weft_snapshot_dump(const weft_snapshot *s, FILE *to) {
  if (!s || !to) {
    weft__snapshot_refuse("weft_snapshot_dump", "no snapshot, or no stream");
    return -1;
  }
  fprintf(to, "%s\nframes %d\ntracebacks %zu\n", VERSION, s->frame_limit, s->tracebacks_count);
  for (size_t i = 0; i < s->tracebacks_count; i++) dump_traceback(s->tracebacks[i], to);
  fprintf(to, "traces %zu\n", s->count);
  for (size_t i = 0; i < s->count; i++)
    fprintf(to, "%u %" PRIu32 " %zu\n", s->traces[i].domain, s->traces[i].traceback, s->traces[i].size);
  return finished("weft_snapshot_dump", to);
}

static void print_stack(const weft_traceback *t, FILE *to) {
  for (size_t i = 0; i < t->count; i++) {
    const weft_frame *frame = &t->frames[i];
    if (i) putc_unlocked(';', to);
    for (const char *c = *frame->function ? frame->function : frame->file; *c; c++)
      putc_unlocked(*c == ';' || *c == '\n' ? ' ' : *c, to);
  }
}

int weft_snapshot_print_collapsed(const weft_snapshot *s, FILE *to) {
  if (!s || !to) {
    weft__snapshot_refuse("weft_snapshot_print_collapsed", "no snapshot, or no stream");
    return -1;
  }
  size_t *bytes = calloc(s->tracebacks_count + 1, sizeof *bytes);
  if (!bytes) {
    weft__snapshot_no_memory();
    return -1;
  }
  for (size_t i = 0; i < s->count; i++) bytes[s->traces[i].traceback] += s->traces[i].size;
  for (size_t i = 0; i < s->tracebacks_count; i++) {
    if (!bytes[i]) continue;
    print_stack(s->tracebacks[i], to);
    fprintf(to, " %zu\n", bytes[i]);
  }
  free(bytes);
  return finished("weft_snapshot_print_collapsed", to);
}

/* --- Reading --- */

struct reader {
  FILE *from;
  char *line; /* without its newline */
  size_t room;
  const char *wrong; /* what, once something is; "": out of memory */
};

static bool wrong(struct reader *r, const char *what) {
  if (!r->wrong) r->wrong = what;
  return false;
}

static bool next_line(struct reader *r) {
  ssize_t n = getline(&r->line, &r->room, r->from);
  if (n < 0) return wrong(r, ferror(r->from) ? strerror(errno) : feof(r->from) ? "it ends too soon" : "");
  if (n && r->line[n - 1] == '\n') r->line[n - 1] = 0;
  return true;
}

/* A number of at most `most` at *at, which is moved behind it and the character `end`. */
static bool number(struct reader *r, char **at, char end, uintmax_t most, uintmax_t *n) {
  char *behind;
  errno = 0;
  *n = strtoumax(*at, &behind, 10);
  if (**at < '0' || **at > '9' || errno || *n > most || *behind != end) return wrong(r, "a number is wrong");
  *at = behind + (end != 0);
  return true;
}

/* A line with a word and a number. */
static bool count_line(struct reader *r, const char *word, uintmax_t most, uintmax_t *n) {
  size_t length = strlen(word);
  if (!next_line(r)) return false;
  if (strncmp(r->line, word, length) != 0) return wrong(r, "a word is missing");
  char *at = r->line + length;
  return number(r, &at, 0, most, n);
}

static bool read_frame(struct reader *r, weft_frame *frame) {
  uintmax_t line;
  if (!next_line(r)) return false;
  char *at = r->line;
  if (!number(r, &at, '\t', INT_MAX, &line)) return false;
  char *tab = strchr(at, '\t');
  if (!tab) return wrong(r, "a frame is wrong");
  *tab = 0;
  *frame = (weft_frame){weft__frame_text(tab + 1), weft__frame_text(at), (int)line};
  return (frame->file && frame->function) || wrong(r, "");
}

static bool read_traceback(struct reader *r, weft_traceback **traceback) {
  uintmax_t count;
  if (!count_line(r, "", WEFT_TRACEMALLOC_FRAMES_MAX, &count)) return false;
  if (count == 0) return wrong(r, "a traceback is empty");
  if (!(*traceback = weft__traceback_alloc((size_t)count))) return wrong(r, "");
  for (size_t i = 0; i < count; i++)
    if (!read_frame(r, &(*traceback)->frames[i])) return false;
  return true;
}

static bool read_trace(struct reader *r, weft_snapshot *s) {
  uintmax_t domain, traceback, size;
  if (!next_line(r)) return false;
  char *at = r->line;
  if (!number(r, &at, ' ', UINT_MAX, &domain) || !number(r, &at, ' ', UINT32_MAX, &traceback) ||
      !number(r, &at, 0, SIZE_MAX, &size))
    return false;
  if (traceback >= s->tracebacks_count) return wrong(r, "there is no such traceback");
  struct weft__trace trace = {(unsigned)domain, (uint32_t)traceback, (size_t)size};
  return weft__snapshot_add(s, &trace) || wrong(r, "");
}

static bool read_snapshot(struct reader *r, weft_snapshot *s) {
  uintmax_t limit, tracebacks, traces;
  if (!next_line(r)) return false;
  if (strcmp(r->line, VERSION) != 0) return wrong(r, "that is no snapshot");
  if (!count_line(r, "frames ", INT_MAX, &limit) || !count_line(r, "tracebacks ", UINT32_MAX, &tracebacks))
    return false;
  s->frame_limit = (int)limit;
  /* By and by: what the file says is not to be believed. */
  for (size_t room = 0; s->tracebacks_count < tracebacks; s->tracebacks_count++) {
    if (s->tracebacks_count == room) {
      room = room ? 2 * room : 64;
      weft_traceback **more = realloc(s->tracebacks, room * sizeof *more);
      if (!more) return wrong(r, "");
      s->tracebacks = more;
    }
    s->tracebacks[s->tracebacks_count] = NULL;
    if (!read_traceback(r, &s->tracebacks[s->tracebacks_count])) {
      s->tracebacks_count++; /* what there is of it is freed */
      return false;
    }
  }
  if (!count_line(r, "traces ", SIZE_MAX, &traces)) return false;
  while (s->count < traces)
    if (!read_trace(r, s)) return false;
  return true;
}

weft_snapshot *weft_snapshot_load(FILE *from) {
  if (!from) return weft__snapshot_refuse("weft_snapshot_load", "no stream");
  struct reader r = {.from = from};
  weft_snapshot *s = calloc(1, sizeof *s);
  bool done = s ? read_snapshot(&r, s) : wrong(&r, "");
  free(r.line);
  if (done) return s;
  weft_snapshot_free(s);
  if (!*r.wrong) return weft__snapshot_no_memory();
  if (!ferror(from)) return weft__snapshot_refuse("weft_snapshot_load", r.wrong);
  return weft_is_attached() ? weft_raise(&weft_OSError, "weft_snapshot_load: %s", r.wrong) : NULL;
}

/* --- Tracebacks --- */

/* The line of the source, without the space around it, below its frame; nothing when it cannot be read. */
static void print_source(FILE *to, const weft_frame *frame) {
  FILE *source = frame->line > 0 ? fopen(frame->file, "re") : NULL;
  if (!source) return;
  char *line = NULL;
  size_t room = 0;
  ssize_t length = 0;
  for (int i = 0; i < frame->line && length >= 0; i++) length = getline(&line, &room, source);
  const char *text = length > 0 ? line + strspn(line, " \t") : "";
  int n = (int)strcspn(text, "\r\n");
  if (n > 0) fprintf(to, "    %.*s\n", n, text);
  free(line);
  fclose(source);
}

int weft_traceback_print(FILE *to, const weft_traceback *t, int limit, bool most_recent_first) {
  if (!to || !t) {
    errno = EINVAL;
    return -1;
  }
  size_t wanted = limit < 0 ? (size_t) - (long)limit : (size_t)limit,
         n = limit && wanted < t->count ? wanted : t->count;
  size_t first = limit > 0 ? t->count - n : 0;
  for (size_t i = 0; i < n; i++) {
    const weft_frame *frame = &t->frames[first + (most_recent_first ? n - 1 - i : i)];
    const char *in = *frame->function ? ", in " : "";
    fprintf(to, "  File \"%s\", line %d%s%s\n", frame->file, frame->line, in, frame->function);
    print_source(to, frame);
  }
  return ferror(to) ? -1 : 0;
}
