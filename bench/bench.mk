# SPDX-License-Identifier: MIT
# Benchmarks: a fragment of the Makefile.
#
#   make bench                 builds everything with -O2 and runs it; the table, then the targets
#   make bench W=handoff       only the workloads whose names begin so
#   make bench MODE=biased     only that mode of ours
#   make bench ROUNDS=3        all of it three times, for machines with neighbours: see bench/run
#   make bench PEERS=cpython   only those peers (cpython glib glibc mimalloc jemalloc)
#   make bench PYTHON_CONFIG=  another CPython than Debian's
#   make bench-deps            installs the peers' packages
#
# From the Makefile: how to compile (CC, CFLAGS, WARN, MODEDEF_mode), where the libraries are (`out`), what a program
# with a static Weft links beside it (LIBS), and the rule for $(B)/include. A peer whose package is not there is left
# out, with a line that says so.

PEERS ?= cpython glib glibc mimalloc jemalloc
PYTHON_CONFIG ?= /usr/bin/python3-config
BENCH_PACKAGES := python3-dev libmimalloc-dev libjemalloc-dev libglib2.0-dev

BENCH := $(B)/bench$(VARIANT)
BENCH_CFLAGS = -std=c17 -g -Wall -Wextra $(CFLAGS) -O2 -pthread
BENCH_COMMON := $(patsubst bench/%.c,$(BENCH)/obj/%.o,$(wildcard bench/*.c bench/workloads/*.c))
BENCH_WEFT := $(wildcard bench/weft/*.c)
BENCH_PROGRAMS = $(MODES:%=$(BENCH)/weft-%) $(PEERS:%=$(BENCH)/%)

.PHONY: bench bench-programs bench-deps
bench: bench-programs
	@W='$(W)' MODE='$(MODE)' ROUNDS='$(ROUNDS)' bench/run $(BENCH)/results.jsonl $(BENCH_PROGRAMS)

bench-programs: $(BENCH_PROGRAMS)

bench-deps:
	@.ci/packages $(PACKAGES_BUILD) pkg-config $(BENCH_PACKAGES)

# --- the harness, once for all

$(BENCH)/obj/%.o: bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BENCH_CFLAGS) $(WARN) -MMD -MP -c $< -o $@

# --- Weft, once for each mode

define BENCH_MODE_RULES
$(BENCH)/obj/$(1)/%.o: bench/weft/%.c | $(B)/include/weft/weft.h
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BENCH_CFLAGS) $$(WARN) $$(MODEDEF_$(1)) -I. -I$(B)/include -MMD -MP -c $$< -o $$@

$(BENCH)/weft-$(1): $(BENCH_WEFT:bench/weft/%.c=$(BENCH)/obj/$(1)/%.o) $(BENCH_COMMON) $(call out,$(1))/libweft-$(1).a
	$$(Q)$$(CC) $$(BENCH_CFLAGS) $$^ -o $$@ $$(LIBS)
endef
$(foreach mode,gil biased atomic,$(eval $(call BENCH_MODE_RULES,$(mode))))

# --- peers

# $(call bench_peer,HEADER,FLAGS,LIBRARIES): builds the target from its first prerequisite and the harness, if a program
# that includes HEADER can be linked so.
define bench_peer
@mkdir -p $(@D)
@if printf '#include <$(1)>\nint main(void) { return 0; }\n' | \
    $(CC) -O2 -pthread $(2) -x c - -x none -o $@.probe $(3) 2>$@.log; \
then $(CC) $(BENCH_CFLAGS) $(2) $< $(BENCH_COMMON) -o $@ $(3); status=$$?; \
else rm -f $@; echo "bench: without $(@F) (make bench-deps installs what it needs; the reason is in $@.log)"; fi; \
rm -f $@.probe; exit $${status:-0}
endef

# Templates are compiled into each.
$(PEERS:%=$(BENCH)/%): $(wildcard bench/workloads/*.h bench/*.h)

# The columns' names are those of the programs, except that CPython adds its version.
$(BENCH)/glibc: bench/peers/malloc.c $(BENCH_COMMON)
	$(call bench_peer,stdlib.h,-DALLOCATOR='"glibc"' -DPLAIN_C,)

$(BENCH)/mimalloc: bench/peers/malloc.c $(BENCH_COMMON)
	$(call bench_peer,mimalloc.h,-DALLOCATOR='"mimalloc"',-Wl$(comma)--no-as-needed -lmimalloc)

$(BENCH)/jemalloc: bench/peers/malloc.c $(BENCH_COMMON)
	$(call bench_peer,jemalloc/jemalloc.h,-DALLOCATOR='"jemalloc"',-Wl$(comma)--no-as-needed -ljemalloc)

$(BENCH)/glib: bench/peers/glib.c $(BENCH_COMMON)
	$(call bench_peer,glib-object.h,$$(pkg-config --cflags gobject-2.0),$$(pkg-config --libs gobject-2.0))

$(BENCH)/cpython: bench/peers/cpython.c $(BENCH_COMMON) $(BENCH)/python-config
	$(call bench_peer,Python.h,$$($(PYTHON_CONFIG) --includes) \
	  -DPYTHON_HOME="\"$$($(PYTHON_CONFIG) --prefix)\"",$$(bench/peers/cpython-libs $(PYTHON_CONFIG) $(CC)))

# Changes when another CPython is asked for.
$(BENCH)/python-config: bench-python-config
	@mkdir -p $(@D)
	@echo '$(PYTHON_CONFIG)' | cmp -s - $@ || echo '$(PYTHON_CONFIG)' >$@
.PHONY: bench-python-config
bench-python-config:

-include $(wildcard $(BENCH)/obj/*.d $(BENCH)/obj/*/*.d)
