/* SPDX-License-Identifier: MIT */
/*
 * Random operations on containers, executed by Weft and by CPython, which must agree on every result.
 *
 * A machine has registers that hold objects. An episode starts with empty registers and executes some hundred
 * operations; each takes its operands from registers and may put its result into one. Every operation is a line of text
 * that goes to oracle.py, which does the same in Python and compares:
 *
 *     r3 = list_pop r2 -1 -> 7 ; [1, 'a']
 *
 * says that register 3 got what was popped from the list in register 2 at index -1, which was 7, after which the list
 * read so. "-" stands for no register. "-> !KeyError" is an error; "-> !memory" one that the machine has brought about
 * by refusing memory, after which the first operand must be as it was.
 *
 * Where the choices come from is another's business: a seeded generator (seeded.c), or bytes that libFuzzer has thought
 * up (libfuzzer.c).
 *
 * Another kind of container is another group in operations.c, a way to write it in values.c, and its operations and its
 * text in oracle.py.
 */
#ifndef WEFT_TESTS_FUZZ_H
#define WEFT_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <weft/weft.h>

enum { REGISTERS = 12, OPERANDS = 3, NUMBERS = 2, EPISODE = 300 };

/* --- Choices: the next of `data`, or, without, of a generator --- */

struct choices {
  const uint8_t *data;
  size_t size;
  uint64_t random; /* not 0 */
};

/* Below n. 0 when there are no choices left. */
size_t choose(struct choices *c, size_t n);
bool one_in(struct choices *c, size_t n);

/* --- The machine (machine.c) --- */

/* The runtime is up; the calling thread is attached. */
void run_episode(struct choices *c, FILE *out);

/* --- Operations (operations.c) --- */

enum result_kind { STATUS, NUMBER, OBJECT, NEXT };

struct operands {
  weft_object *o[OPERANDS];
  int64_t n[NUMBERS];
};

struct result {
  int64_t number;      /* also the status, and what tells failure for both: negative, with an error set */
  weft_object *object; /* new */
};

struct operation {
  const char *name;
  /* What operands are drawn. Objects: l list, d dict, m set, s set or frozenset, q list or tuple, b bytearray, i
   * iterator; now and then something else; o anything; x anything but strs, c of these what has an order. Numbers: n an
   * index into the first operand, or beyond; k below 4; = a comparison. A ~ in front: not to be refused memory. */
  const char *signature;
  enum result_kind kind;
  struct result (*run)(struct operands *a);
  bool (*is_due)(struct operands *a); /* False: CPython does something else, by design */
};

extern const struct operation operations[];
extern const size_t operations_size;

/* --- Values (values.c) --- */

void values_init(void);
extern const weft_type *hooked_type, *unhashable_type, *unequal_type, *iterator_type;

/* A new object, and the Python expression for it. */
weft_object *write_literal(struct choices *c, FILE *out);
/* The object as text, as oracle.py writes it, too. Returns how many objects it is made of. */
size_t write_object(weft_object *o, FILE *out);

/* Does the predicate hold for the object and all that are in it? */
bool is_throughout(weft_object *o, bool (*predicate)(weft_object *o));

/* --- The oracle (oracle.c) --- */

/* Starts it. What is written to the stream goes to it. Exits with a message if it cannot. */
FILE *oracle_start(void);
/* Does it agree so far? */
bool oracle_agrees(FILE *to);
/* The end. Has it agreed with everything? */
bool oracle_end(FILE *to);

#endif
