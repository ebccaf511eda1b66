/* SPDX-License-Identifier: MIT */
/*
 * Walking the native stack, and naming what is found.
 *
 *   A walk needs for each function on the stack where its frame ends and where it has saved the frame pointer. Both are
 * in the unwind tables of the module, as a program for each address; but for one address the answer is always the same
 * small *rule*: this register plus that offset. So an address is looked up once (elfutils does that) and its rule kept
 * in a hash table; a step is then a probe and two loads, without frame pointers in anybody's code.
 *
 *     rules: open addressing by return address, never full; entries are only added. A table that has grown is replaced,
 *     and the old one kept, because others may be reading it.
 *
 *   The runtime's own functions stand in a section of their own (the Makefile renames it), or have its prefix, so that
 * a rule can say that its address is to be left out: what is recorded begins with the user's call of the runtime.
 *
 *   Names come from the debug information, through a second handle: that may read a lot, and whoever walks meanwhile
 * does not wait for it.
 *
 * Protected: the table is changed and the first handle used under `walk_lock`; the second handle and the names,
 * `name_lock`. Readers of the table take no lock.
 */
#define _GNU_SOURCE
#include "runtime/stack_internal.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/lock.h"

static weft__lock walk_lock, name_lock;

/* --- Modules --- */

static char *debuginfo_path;
static const Dwfl_Callbacks with_debuginfo = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .debuginfo_path = &debuginfo_path,
};

/* Walking needs none, and does not look for it. */
static int find_no_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base, const char *file,
                             const char *link, GElf_Word crc, char **found) {
  (void)module, (void)userdata, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)found;
  return -1;
}
static const Dwfl_Callbacks without_debuginfo = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = find_no_debuginfo,
};

/* Enters the modules that are mapped now, beside those known. False: errno says why. */
static bool report_modules(Dwfl *dwfl) {
  dwfl_report_begin_add(dwfl);
  int error = dwfl_linux_proc_report(dwfl, getpid());
  dwfl_report_end(dwfl, NULL, NULL);
  if (error) errno = error > 0 ? error : EIO;
  return error == 0;
}

/* NULL: errno says why. */
static Dwfl *open_modules(const Dwfl_Callbacks *callbacks) {
  errno = ENOMEM;
  Dwfl *dwfl = dwfl_begin(callbacks);
  if (!dwfl || report_modules(dwfl)) return dwfl;
  int why = errno;
  dwfl_end(dwfl);
  errno = why;
  return NULL;
}

/* NULL: there is none at this address. */
static Dwfl_Module *module_at(Dwfl *dwfl, uintptr_t address) {
  Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
  if (!module && report_modules(dwfl)) module = dwfl_addrmodule(dwfl, address); /* it has been loaded since */
  return module;
}

/* --- Rules --- */

/*
 * A rule:  bit 0  the frame ends at an offset from rbp, not from rsp     bit 2  no rule: the walk ends here
 *          bit 1  rbp has been saved                                     bit 3  the address is in the runtime
 *          bits 16 to 31  where, in 8 bytes from the frame's end         bits 32 to 63  the offset
 */
enum { FROM_RBP = 1, SAVES_RBP = 2, LAST = 4, OURS = 8 };
static int64_t rule_offset(uint64_t rule) { return (int32_t)(rule >> 32); }
static int64_t rule_saved(uint64_t rule) { return (int16_t)(rule >> 16) * 8; }

struct rule {
  uintptr_t address; /* atomic; 0: the slot is empty */
  uint64_t rule;
};
struct rules {
  struct rules *older;
  size_t size, used; /* a power of two; less than that */
  struct rule slots[];
};

static struct rules *rules; /* atomic */
static Dwfl *walked;

/* What the linker says of the section; NULL when the runtime was built by other means than its Makefile. */
extern const char __start_weft_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_weft_text[] __attribute__((weak, visibility("hidden")));

static bool is_in_runtime(uintptr_t address) {
  return address - (uintptr_t)__start_weft_text < (uintptr_t)__stop_weft_text - (uintptr_t)__start_weft_text;
}

enum { RBP = 6, RSP = 7, RETURN_ADDRESS = 16 }; /* DWARF's numbers on x86-64 */

/* Is the register saved at a place in the frame, and where? */
static bool saved_at(Dwarf_Frame *frame, int reg, int64_t *offset) {
  Dwarf_Op room[3], *ops;
  size_t n;
  if (dwarf_frame_register(frame, reg, room, &ops, &n) != 0 || n == 0 || n > 2) return false;
  if (ops[0].atom != DW_OP_call_frame_cfa || (n == 2 && ops[1].atom != DW_OP_plus_uconst)) return false;
  *offset = n == 2 ? (int64_t)ops[1].number : 0;
  return true;
}

static uint64_t rule_from(Dwarf_Frame *frame) {
  Dwarf_Op *end;
  size_t n;
  int64_t saved;
  if (dwarf_frame_cfa(frame, &end, &n) != 0 || n != 1 || end->atom != DW_OP_bregx) return LAST;
  if (end->number != RSP && end->number != RBP) return LAST;
  int64_t offset = (int64_t)end->number2;
  if (!saved_at(frame, RETURN_ADDRESS, &saved) || saved != -8 || offset != (int32_t)offset) return LAST;
  uint64_t rule = (uint64_t)offset << 32 | (end->number == RBP ? FROM_RBP : 0);
  if (!saved_at(frame, RBP, &saved)) return rule;
  if (saved % 8 || saved / 8 != (int16_t)(saved / 8)) return LAST;
  return rule | SAVES_RBP | (uint64_t)(uint16_t)(saved / 8) << 16;
}

/* Is it the name of a function of the runtime? A header's may be compiled into the program. */
static bool is_our_name(const char *name) { return name && strncmp(name, "weft_", 5) == 0; }

static uint64_t look_up(uintptr_t address) {
  Dwfl_Module *module = module_at(walked, address - 1);
  bool is_ours = is_in_runtime(address - 1) || (module && is_our_name(dwfl_module_addrname(module, address - 1)));
  uint64_t ours = is_ours ? OURS : 0;
  Dwarf_Addr bias;
  Dwarf_CFI *table = module ? dwfl_module_eh_cfi(module, &bias) : NULL;
  Dwarf_Frame *frame;
  if (!table || dwarf_cfi_addrframe(table, address - 1 - bias, &frame) != 0) return ours | LAST;
  uint64_t rule = rule_from(frame);
  free(frame);
  return ours | rule;
}

static size_t hash_of(uintptr_t address) { return (address * UINT64_C(0x9E3779B97F4A7C15)) >> 32; }

/* False: it is not in the table. */
static inline bool find(const struct rules *table, uintptr_t address, uint64_t *rule) {
  for (size_t i = hash_of(address);; i++) {
    const struct rule *slot = &table->slots[i & (table->size - 1)];
    /* order: acquire [rule]: sees the rule; pairs with `enter`. */
    uintptr_t there = weft__load_acquire(&slot->address);
    if (!there) return false;
    if (there != address) continue;
    *rule = slot->rule;
    return true;
  }
}

static void enter(struct rules *table, uintptr_t address, uint64_t rule) {
  size_t i = hash_of(address);
  while (table->slots[i & (table->size - 1)].address) i++;
  struct rule *slot = &table->slots[i & (table->size - 1)];
  slot->rule = rule;
  table->used++;
  /* order: release [rule]: publishes the rule. */
  weft__store_release(&slot->address, address);
}

static struct rules *make_rules(size_t size, struct rules *older) {
  struct rules *table = calloc(1, sizeof *table + size * sizeof *table->slots);
  if (!table) return NULL;
  table->size = size;
  table->older = older;
  for (size_t i = 0; older && i < older->size; i++)
    if (older->slots[i].address) enter(table, older->slots[i].address, older->slots[i].rule);
  return table;
}

/* Without memory for it the rule is not kept. */
static void add_rule(uintptr_t address, uint64_t rule) {
  struct rules *table = rules;
  if (table->used >= table->size / 2) {
    struct rules *larger = make_rules(table->size * 2, table);
    /* order: release [rules]: publishes what is in it; pairs with rule_of. */
    if (larger) weft__store_release(&rules, table = larger);
  }
  if (table->used < table->size - 1) enter(table, address, rule);
}

static WEFT_NOINLINE uint64_t rule_slow(uintptr_t address) {
  uint64_t rule;
  weft__lock_acquire(&walk_lock);
  if (!find(rules, address, &rule)) add_rule(address, rule = look_up(address));
  weft__lock_release(&walk_lock);
  return rule;
}

static inline uint64_t rule_of(uintptr_t address) {
  uint64_t rule;
  /* order: acquire [rules]: sees what is in the table. */
  return WEFT_LIKELY(find(weft__load_acquire(&rules), address, &rule)) ? rule : rule_slow(address);
}

/* --- The walk --- */

#if defined(__x86_64__)
/* What the walk has read and depends on, for the caller to find it unchanged another time. */
struct log {
  struct weft__stack_word *words;
  size_t n, room; /* n may become greater than room: there were more */
};

static void note(struct log *log, const uintptr_t *at, uintptr_t value) {
  if (log->n < log->room) log->words[log->n] = (struct weft__stack_word){at, value};
  log->n++;
}

/* It reads words of other functions' frames, which a sanitizer may think of as not to be touched. */
__attribute__((no_sanitize("address"))) WEFT_NOINLINE size_t weft__stack_walk(uintptr_t *frames, size_t limit,
                                                                              struct weft__stack_word *words,
                                                                              size_t *n_words) {
  struct log log = {words, 0, *n_words};
  uintptr_t address, rsp, rbp;
  const uintptr_t *rbp_at = NULL; /* where it was read, if that is not noted yet */
  size_t n = 0;
  __asm__ volatile("lea 0(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2" : "=r"(address), "=r"(rsp), "=r"(rbp));
  for (bool is_first = true;; is_first = false) {
    uint64_t rule = rule_of(address);
    if (!(rule & OURS)) frames[n++] = address;
    if ((rule & LAST) || n == limit) break;
    if ((rule & FROM_RBP) && rbp_at) {
      note(&log, rbp_at, rbp);
      rbp_at = NULL;
    }
    const uintptr_t *end = (const uintptr_t *)((rule & FROM_RBP ? rbp : rsp) + (uintptr_t)rule_offset(rule));
    if (rule & SAVES_RBP) {
      rbp_at = (const uintptr_t *)((uintptr_t)end + (uintptr_t)rule_saved(rule));
      rbp = *rbp_at;
      if (is_first) rbp_at = NULL; /* the caller's own */
    }
    if ((uintptr_t)end <= rsp) break; /* no caller's frame: the tables are wrong */
    address = end[-1];
    if (!is_first) note(&log, &end[-1], address);
    rsp = (uintptr_t)end;
  }
  *n_words = log.n;
  return n;
}
#else
size_t weft__stack_walk(uintptr_t *frames, size_t limit, struct weft__stack_word *words, size_t *n_words) {
  (void)frames, (void)limit, (void)words, *n_words = 0;
  return 0;
}
#endif

/* --- Names --- */

struct name {
  uintptr_t address; /* the return address */
  weft_frame frame;
};
static Dwfl *named;
static void *names; /* a search tree of struct name */
static void *texts; /* one of strings */

static int compare_names(const void *a, const void *b) {
  uintptr_t p = ((const struct name *)a)->address, q = ((const struct name *)b)->address;
  return (p > q) - (p < q);
}

static Dwarf_Die *unit_at(Dwfl_Module *module, uintptr_t address, Dwarf_Addr *bias) {
  Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);
  if (unit) return unit;
  /* clang writes no table of the units' addresses. */
  while ((unit = dwfl_module_nextcu(module, unit, bias)) && dwarf_haspc(unit, address - *bias) != 1) continue;
  return unit;
}

/* Where an inlined function is called. False: the compiler did not say. */
static bool call_site(Dwarf_Die *unit, Dwarf_Die *inlined, weft_frame *frame) {
  Dwarf_Attribute attribute;
  Dwarf_Word file, line;
  Dwarf_Files *files;
  if (dwarf_formudata(dwarf_attr_integrate(inlined, DW_AT_call_file, &attribute), &file) != 0) return false;
  if (dwarf_formudata(dwarf_attr_integrate(inlined, DW_AT_call_line, &attribute), &line) != 0) return false;
  if (dwarf_getsrcfiles(unit, &files, NULL) != 0) return false;
  const char *name = dwarf_filesrc(files, file, NULL, NULL);
  if (!name) return false;
  frame->file = name;
  frame->line = (int)line;
  return true;
}

/* The function that stands at the address in the source; if that is one of the runtime's own that the compiler has put
 * into the program's, the one that calls it, and where. */
static void leave_inlined(Dwarf_Die *unit, Dwarf_Addr address, weft_frame *frame) {
  Dwarf_Die *scopes; /* innermost first */
  int n = dwarf_getscopes(unit, address, &scopes);
  for (int i = 0; i < n; i++) {
    int tag = dwarf_tag(&scopes[i]);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
    const char *name = dwarf_diename(&scopes[i]);
    if (name) frame->function = name;
    if (!is_our_name(name) || tag == DW_TAG_subprogram) break;
    if (!call_site(unit, &scopes[i], frame)) break;
  }
  if (n > 0) free(scopes);
}

static weft_frame find_name(uintptr_t address) {
  weft_frame frame = {"<unknown>", "", 0};
  Dwfl_Module *module = named ? module_at(named, address) : NULL;
  if (!module) return frame;
  const char *function = dwfl_module_addrname(module, address);
  frame.file = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  if (function) frame.function = function;
  Dwarf_Addr bias;
  Dwarf_Die *unit = unit_at(module, address, &bias);
  Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address - bias) : NULL;
  const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
  if (!file || dwarf_lineno(line, &frame.line) != 0) return frame;
  frame.file = file;
  leave_inlined(unit, address - bias, &frame);
  return frame;
}

weft_frame weft__frame_name(uintptr_t return_address) {
  weft__lock_acquire(&name_lock);
  if (!named) named = open_modules(&with_debuginfo);
  struct name wanted = {.address = return_address}, **found = tfind(&wanted, &names, compare_names);
  weft_frame frame = found ? (*found)->frame : find_name(return_address - 1);
  struct name *name = found ? NULL : malloc(sizeof *name);
  if (name) {
    *name = (struct name){return_address, frame};
    if (!tsearch(name, &names, compare_names)) free(name);
  }
  weft__lock_release(&name_lock);
  return frame;
}

static int compare_texts(const void *a, const void *b) { return strcmp(a, b); }

const char *weft__frame_text(const char *text) {
  weft__lock_acquire(&name_lock);
  char **found = tfind(text, &texts, compare_texts), *copy = found ? *found : strdup(text);
  if (!found && copy && !tsearch(copy, &texts, compare_texts)) {
    free(copy);
    copy = NULL;
  }
  weft__lock_release(&name_lock);
  return copy;
}

/* --- Life --- */

enum { FIRST_SIZE = 4096 };

bool weft__stack_init(void) {
  weft__lock_acquire(&walk_lock);
  if (!walked) walked = open_modules(&without_debuginfo);
  /* order: release [rules]: as above. */
  if (walked && !rules) weft__store_release(&rules, make_rules(FIRST_SIZE, NULL));
  bool done = walked && rules;
  weft__lock_release(&walk_lock);
  return done;
}

void weft__stack_fini(void) {
  weft__lock_acquire(&name_lock); /* a thread that is detached may be asking */
  if (walked) dwfl_end(walked);
  if (named) dwfl_end(named);
  walked = named = NULL;
  tdestroy(names, free);
  tdestroy(texts, free);
  names = texts = NULL;
  weft__lock_release(&name_lock);
  for (struct rules *older; rules; rules = older) {
    older = rules->older;
    free(rules);
  }
}

void weft__stack_lock_for_fork(void) {
  weft__lock_acquire(&name_lock);
  weft__lock_acquire(&walk_lock);
}
void weft__stack_unlock_after_fork(void) {
  weft__lock_release(&walk_lock);
  weft__lock_release(&name_lock);
}
