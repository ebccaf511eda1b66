/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <string.h>

#include "fuzz.h"

enum { LARGEST = 150, BAD_INPUT_IN = 25, REFUSED_IN = 40, BRACKET_IN = 8, SHARED_IN = 40 };

struct machine {
  struct choices *c;
  FILE *out;
  weft_object *registers[REGISTERS];
};

/* --- Choices --- */

size_t choose(struct choices *c, size_t n) {
  if (!c->random) {
    size_t drawn = 0;
    for (size_t range = 1; range < n && c->size; range <<= 8, c->size--) drawn = drawn << 8 | *c->data++;
    return drawn % n;
  }
  c->random ^= c->random << 13;
  c->random ^= c->random >> 7;
  c->random ^= c->random << 17;
  return (size_t)((c->random >> 11) % n);
}

bool one_in(struct choices *c, size_t n) { return choose(c, n) == n - 1; }

/* --- Registers --- */

static void set_register(struct machine *m, size_t i, weft_object *o_steal) {
  weft_object *old = m->registers[i];
  m->registers[i] = o_steal;
  weft_decref(old);
}

static void load_literal(struct machine *m, size_t i) {
  fprintf(m->out, "r%zu := ", i);
  set_register(m, i, write_literal(m->c, m->out));
  fputc('\n', m->out);
}

/* Containers in containers in containers become too large to write. */
static void forget(struct machine *m, const weft_object *o) {
  for (size_t i = 0; i < REGISTERS; i++) {
    if (m->registers[i] != o) continue;
    set_register(m, i, WEFT_NONE);
    fprintf(m->out, "r%zu := None\n", i);
  }
}

/* --- Sharing: another thread sees a container, which from then on is shared. That must make no difference. --- */

static void *look(void *o) {
  if (!weft_attach()) return NULL;
  weft_length(o);
  weft_error_clear();
  weft_detach();
  return NULL;
}

static void share(weft_object *o) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, look, o) != 0) return;
  WEFT_BEGIN_ALLOW_THREADS
  pthread_join(thread, NULL);
  WEFT_END_ALLOW_THREADS
}

/* --- Operands --- */

static bool fits(char letter, const weft_object *o) {
  switch (letter) {
    case 'l': return weft_list_check(o);
    case 'd': return weft_dict_check(o);
    case 'm': return weft_set_check(o);
    case 'b': return weft_bytearray_check(o);
    case 's': return weft_any_set_check(o);
    case 'q': return weft_list_check(o) || weft_tuple_check(o);
    case 'i': return o->type == iterator_type;
    case 'x': return !weft_str_check(o);
    case 'c': return !weft_str_check(o) && !weft_any_set_check(o);
    default: return true;
  }
}

/* The number of a register that fits; -1: none does. */
static int choose_register(struct machine *m, char letter) {
  bool strict = strchr("xcqi", letter) || !one_in(m->c, BAD_INPUT_IN);
  int fitting[REGISTERS];
  size_t n = 0;
  for (int i = 0; i < REGISTERS; i++)
    if (!strict || fits(letter, m->registers[i])) fitting[n++] = i;
  return n ? fitting[choose(m->c, n)] : -1;
}

/* An index into the first operand: mostly in range, sometimes beyond either end. */
static int64_t choose_index(struct machine *m, weft_object *o) {
  if (one_in(m->c, 30)) return one_in(m->c, 2) ? INT64_MAX : INT64_MIN;
  int64_t n = o && weft_list_check(o) ? weft_list_length(o) : o && weft_bytearray_check(o) ? weft_length(o) : 2;
  return (int64_t)choose(m->c, (size_t)(2 * n + 5)) - n - 2;
}

/* False: there are no such operands. */
static bool choose_operands(struct machine *m, const char *signature, struct operands *a, int registers[OPERANDS]) {
  size_t objects = 0, numbers = 0;
  for (const char *s = signature; *s; s++) {
    if (*s == 'n') {
      a->n[numbers++] = choose_index(m, a->o[0]);
    } else if (*s == 'k' || *s == '=') {
      a->n[numbers++] = (int64_t)choose(m->c, *s == 'k' ? 4 : 6);
    } else if (*s != '~') {
      int r = registers[objects] = choose_register(m, *s);
      if (r < 0) return false;
      a->o[objects++] = m->registers[r];
    }
  }
  return true;
}

static void write_operands(struct machine *m, const char *signature, const struct operands *a, const int *registers) {
  size_t objects = 0, numbers = 0;
  for (const char *s = signature; *s; s++) {
    if (strchr("nk=", *s))
      fprintf(m->out, " %lld", (long long)a->n[numbers++]);
    else if (*s != '~')
      fprintf(m->out, " r%d", registers[objects++]);
  }
}

/* --- Running --- */

/* Takes the error, if there is one, and writes it. */
static bool write_error(struct machine *m, bool armed) {
  weft_auto weft_object *error = weft_error_take();
  if (!error) return false;
  bool refused = armed && weft_type_of(error) == &weft_MemoryError;
  fprintf(m->out, "!%s", refused ? "memory" : weft_type_of(error)->spec.name);
  return true;
}

/* Returns the size of what was written, at least 1. */
static size_t write_result(struct machine *m, const struct operation *op, const struct result *r, bool armed) {
  bool failed = write_error(m, armed), told = op->kind == OBJECT ? !r->object : op->kind != NEXT && r->number < 0;
  if (op->kind != NEXT && failed != told) fputs("(yet the call does not say so)", m->out);
  if (failed) return 1;
  if (r->object) return write_object(r->object, m->out);
  if (op->kind == NUMBER)
    fprintf(m->out, "%lld", (long long)r->number);
  else
    fputs(op->kind == NEXT ? "end" : "None", m->out);
  return 1;
}

static struct result call(struct machine *m, const struct operation *op, struct operands *a, bool armed) {
  bool in_bracket = !armed && one_in(m->c, BRACKET_IN); /* where what cannot be deferred is never freed */
  if (in_bracket) weft_read_begin();
  if (armed) weft_heap_fail_nth(1 + choose(m->c, 4));
  struct result r = op->run(a);
  if (armed) weft_heap_fail_nth(0);
  if (in_bracket) weft_read_end();
  return r;
}

static void execute(struct machine *m, const struct operation *op) {
  struct operands a = {0};
  int registers[OPERANDS];
  size_t destination = choose(m->c, REGISTERS), first = 0;
  if (!choose_operands(m, op->signature, &a, registers) || (op->is_due && !op->is_due(&a))) return;
  for (size_t i = 0; i < OPERANDS; i++) weft_xincref(a.o[i]);
  if (op->kind == OBJECT || op->kind == NEXT)
    fprintf(m->out, "r%zu = %s", destination, op->name);
  else
    fprintf(m->out, "- = %s", op->name);
  write_operands(m, op->signature, &a, registers);
  bool armed = op->signature[0] != '~' && one_in(m->c, REFUSED_IN);
  for (size_t i = 0; i < OPERANDS; i++) armed = armed && !(a.o[i] && fits('i', a.o[i])); /* it would have moved on */
  struct result r = call(m, op, &a, armed);
  fputs(" -> ", m->out);
  size_t size = write_result(m, op, &r, armed);
  if (r.object) set_register(m, destination, r.object);
  if (a.o[0]) {
    fputs(" ; ", m->out);
    first = write_object(a.o[0], m->out);
  }
  fputc('\n', m->out);
  if (size > LARGEST) forget(m, r.object);
  if (first > LARGEST) forget(m, a.o[0]);
  for (size_t i = 0; i < OPERANDS; i++) weft_xdecref(a.o[i]);
}

static void clear(weft_object *o) {
  if (weft_list_check(o)) weft_list_clear(o);
  if (weft_dict_check(o)) weft_dict_clear(o);
}

void run_episode(struct choices *c, FILE *out) {
  struct machine m = {.c = c, .out = out};
  for (size_t i = 0; i < REGISTERS; i++) m.registers[i] = WEFT_NONE;
  for (size_t i = 0; i < REGISTERS; i++) load_literal(&m, i);
  for (int n = 0; n < EPISODE && (c->random || c->size); n++) {
    if (one_in(c, SHARED_IN)) share(m.registers[choose(c, REGISTERS)]);
    if (one_in(c, 5))
      load_literal(&m, choose(c, REGISTERS));
    else
      execute(&m, &operations[choose(c, operations_size)]);
  }
  for (size_t i = 0; i < REGISTERS; i++) clear(m.registers[i]); /* or cycles would stay */
  for (size_t i = 0; i < REGISTERS; i++) set_register(&m, i, WEFT_NONE);
}
