# SPDX-License-Identifier: MIT
# Weft: builds the runtime in its three modes. `make help` lists the targets.

MODES   ?= gil biased atomic
ifdef MODE
MODES   := $(MODE)
endif
SAN     ?=
DEBUG   ?=
PREFIX  ?= /usr/local
VERSION := 0.1.0
CC      ?= gcc
AR      ?= ar
OBJCOPY ?= objcopy

# One build directory for each combination of mode and variant: build/gil, build/biased-thread-debug, ...
VARIANT := $(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))$(if $(SAN),-$(SAN))$(if $(DEBUG),-debug)
comma   := ,
B       := build
out      = $(B)/$(1)$(VARIANT)

WARN    := -Wall -Wextra -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Werror
OPT     := $(if $(DEBUG),-O1 -DWEFT_DEBUG=1,$(if $(filter address thread,$(SAN)),-O1,-O2)) -g
SANFLAGS_thread  := -fsanitize=thread
SANFLAGS_address := -fsanitize=address,undefined -fno-sanitize-recover=all
SANFLAGS_fuzzer  := -fsanitize=fuzzer-no-link $(SANFLAGS_address)
SANFLAGS := $(SANFLAGS_$(SAN))
# The runtime's functions in a section by which its own frames are told from the program's (runtime/stack.c).
OWN_TEXT := --rename-section .text=weft_text --rename-section .text.unlikely=weft_text --rename-section .text.hot=weft_text
PIC     := -fPIC -fvisibility=hidden -fno-semantic-interposition -ftls-model=initial-exec
CFLAGS  ?=
CSTD    := -std=c17
ALLFLAGS = $(CSTD) $(OPT) $(WARN) $(SANFLAGS) $(CFLAGS) -I. -I$(B)/include
MODEDEF_gil    := -DWEFT_MODE_GIL=1
MODEDEF_biased := -DWEFT_MODE_BIASED=1
MODEDEF_atomic := -DWEFT_MODE_ATOMIC=1
LIBS    := -lurcu-bp -lurcu-common -ldw -lgmp -lm -pthread

SRC     := $(sort $(wildcard runtime/*.c runtime/mode/*.c sync/*.c gc/*.c))
HEADERS := $(sort $(wildcard runtime/*.h runtime/mode/*.h sync/*.h gc/*.h))
PUBLIC  := $(filter-out %_internal.h sync/tstate.h sync/lock.h sync/futex.h sync/parking.h,$(HEADERS))

Q := $(if $(V),,@)

.PHONY: all
all: libs

# --- The libraries ---

INCLUDE := $(B)/include/weft/weft.h
$(INCLUDE): $(PUBLIC) Makefile
	@mkdir -p $(@D)
	@for d in runtime sync gc; do rm -f $(@D)/$$d; ln -s ../../../$$d $(@D)/$$d; done
	@printf '#include "runtime/weft.h"\n' >$@

define MODE_RULES
OBJ_$(1) := $(SRC:%.c=$(call out,$(1))/%.o)
$(call out,$(1))/%.o: %.c $(INCLUDE)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALLFLAGS) $(PIC) $$(MODEDEF_$(1)) -MMD -MP -c $$< -o $$@
	$$(Q)$$(OBJCOPY) $(OWN_TEXT) $$@
$(call out,$(1))/libweft-$(1).a: $$(OBJ_$(1))
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
$(call out,$(1))/libweft-$(1).so.0: $$(OBJ_$(1))
	$$(Q)$$(CC) $$(ALLFLAGS) -shared -Wl,-z,start-stop-visibility=hidden -Wl,-soname,$$(@F) -Wl,-z,defs -Wl,-z,now $$^ $(LIBS) -o $$@
	@ln -sf $$(@F) $$(@:.0=)
LIB_$(1) := $(call out,$(1))/libweft-$(1).a $(if $(SAN),,$(call out,$(1))/libweft-$(1).so.0)
-include $$(OBJ_$(1):.o=.d)
endef
$(foreach m,gil biased atomic,$(eval $(call MODE_RULES,$(m))))

.PHONY: libs
libs: $(foreach m,$(MODES),$(LIB_$(m)))

# --- Demos, tests, benchmarks: their own rules stand beside them ---

-include demos/demos.mk
-include tests/tests.mk
-include bench/bench.mk

# --- The two commands ---

# Debian packages by purpose; `.ci/packages` installs what is missing, as root or through sudo.
PACKAGES_BUILD := gcc libc6-dev liburcu-dev libgmp-dev libdw-dev
PACKAGES_DEMO  := $(PACKAGES_BUILD) pkg-config libmicrohttpd-dev libcurl4-openssl-dev graphviz
PACKAGES_TEST  := $(PACKAGES_BUILD) clang libclang-rt-14-dev libcriterion-dev spin python3

.PHONY: demo-packages test-packages test
demo-packages:
	@.ci/packages $(PACKAGES_DEMO)
test-packages:
	@.ci/packages $(PACKAGES_TEST)
test: test-packages
	@$(MAKE) --no-print-directory check

# --- Installation ---

.PHONY: install
install: libs
	install -d $(DESTDIR)$(PREFIX)/include/weft $(DESTDIR)$(PREFIX)/lib/pkgconfig
	for h in $(PUBLIC); do install -Dm644 $$h $(DESTDIR)$(PREFIX)/include/weft/$$h; done
	install -m644 $(INCLUDE) $(DESTDIR)$(PREFIX)/include/weft/weft.h
	for m in $(MODES); do \
	  install -m644 $(B)/$$m/libweft-$$m.a $(DESTDIR)$(PREFIX)/lib/; \
	  install -m755 $(B)/$$m/libweft-$$m.so.0 $(DESTDIR)$(PREFIX)/lib/; \
	  ln -sf libweft-$$m.so.0 $(DESTDIR)$(PREFIX)/lib/libweft-$$m.so; \
	  printf 'prefix=%s\nName: weft-%s\nDescription: Weft object runtime, mode %s\nVersion: %s\nCflags: -I$${prefix}/include -DWEFT_MODE_%s=1\nLibs: -L$${prefix}/lib -lweft-%s\nLibs.private: $(LIBS)\n' \
	    $(PREFIX) $$m $$m $(VERSION) $$(echo $$m | tr a-z A-Z) $$m >$(DESTDIR)$(PREFIX)/lib/pkgconfig/weft-$$m.pc; \
	done

# --- Upkeep ---

.PHONY: lint format clean help
lint:
	@.ci/lint
format:
	clang-format -i $(SRC) $(HEADERS) $(wildcard demos/*.[ch] demos/*/*.[ch] tests/*/*.[ch] bench/*.[ch] bench/*/*.[ch])
clean:
	rm -rf $(B)

help:
	@echo 'make               build the library in all modes into build/<mode>/ (static and shared)'
	@echo 'make demo          install what is missing, build, run the demos, print the comparison; DEMO=name for one'
	@echo 'make test          install what is missing, run the whole quick test matrix'
	@echo 'make unit          the unit tests of the current variant      make stress-quick   its stress programs, briefly'
	@echo 'make stress        all stress programs, long (STRESS_SECONDS=60)'
	@echo 'make fuzz-quick    random operations on containers, replayed and compared by CPython, 2 s; `make stress` does it long'
	@echo 'make fuzz          the same, thought up by libFuzzer (FUZZ_SECONDS=60)'
	@echo 'make verify        model-check the protocols of counts, threads, sharing and grace periods with Spin'
	@echo 'make bench         benchmarks, with the peers that are installed; W=family, ROUNDS=n    make bench-deps  install peers'
	@echo 'make install       into PREFIX ($(PREFIX)), with pkg-config files; DESTDIR respected'
	@echo 'make lint          what a grep can check of the house style    make format         clang-format'
	@echo 'make clean         remove build/'
	@echo
	@echo 'MODE=gil|biased|atomic   only that mode        CC=clang        another compiler'
	@echo 'SAN=thread|address       sanitizer build       DEBUG=1         checks, -O1        V=1   show commands'
