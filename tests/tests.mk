# SPDX-License-Identifier: MIT
# Tests: one Criterion program per mode from every tests/*/test_*.c, and one program per tests/stress/*.c.
# F='mutex/*' runs only some unit tests, S='heap fork' only some stress programs. Included by the top Makefile;
# everything here is for the variant that CC, SAN and DEBUG choose, except `verify` and `check`.

UNIT_SRC   := $(sort $(wildcard tests/*/test_*.c))
STRESS_SRC := $(sort $(wildcard tests/stress/*.c))
STRESS     := $(STRESS_SRC:tests/stress/%.c=%)
# The fuzzer: what its two programs share, and their mains.
FUZZ_SRC   := $(filter-out %/seeded.c %/libfuzzer.c,$(sort $(wildcard tests/fuzz/*.c)))

# Where Criterion maps its own memory is of no concern to anybody but ThreadSanitizer: see the file.
ifeq ($(SAN),thread)
UNIT_SRC   += tests/criterion/tsan_boxfort.c
UNIT_FLAGS := -rdynamic
endif

# Each test is a process: what the dynamic linker does takes as long as the test itself. See tests/criterion/libgit2.c.
UNIT_FLAGS += -no-pie
GIT2       := $(B)/criterion
$(GIT2)/made: tests/criterion/libgit2.c
	@mkdir -p $(@D)
	$(Q)name=$$(ldd "$$($(CC) -print-file-name=libcriterion.so)" | sed -n 's/[[:space:]]*\(libgit2[^ ]*\) .*/\1/p'); \
	  [ -z "$$name" ] || gcc -shared -fPIC -Wl,-soname,"$$name" $< -o $(@D)/"$$name"
	@touch $@

# Unit tests are compiled more often than they are run. What they inline of the runtime is optimised in all else.
UNIT_OPT   := -O0 -g1

STRESS_SECONDS ?= 60
STRESS_SEED    ?= 1
FUZZ_SECONDS   ?= 60
FUZZ_QUICK_SECONDS ?= 2
UNIT_LIMIT     ?= 300

# Without halt_on_error a race is printed and the test passes. Children of fork start threads of their own.
# Tests of misuse and of crashes want their signals. Tests look for leaks themselves: Criterion has some of its own at exit.
# ThreadSanitizer does not see what orders liburcu's own accesses.
TSAN_UNIT   := suppressions=$(CURDIR)/tests/tsan.supp:halt_on_error=1:atexit_sleep_ms=0:handle_segv=0:handle_abort=0:die_after_fork=0:allocator_may_return_null=1
TSAN_STRESS := suppressions=$(CURDIR)/tests/tsan.supp:halt_on_error=1:second_deadlock_stack=1:die_after_fork=0:report_thread_leaks=0
ASAN_UNIT   := handle_segv=0:handle_abort=0:detect_leaks=1:leak_check_at_exit=0:allocator_may_return_null=1
ASAN_STRESS := detect_leaks=1
UBSAN_ALL   := print_stacktrace=1

define TEST_RULES
UNIT_OBJ_$(1)   := $(UNIT_SRC:%.c=$(call out,$(1))/%.o)
STRESS_OBJ_$(1) := $(STRESS_SRC:%.c=$(call out,$(1))/%.o)
STRESS_BIN_$(1) := $(STRESS:%=$(call out,$(1))/tests/stress/%)
FUZZ_OBJ_$(1)   := $(FUZZ_SRC:%.c=$(call out,$(1))/%.o)
FUZZ_BIN_$(1)   := $(call out,$(1))/tests/fuzz/seeded

$$(UNIT_OBJ_$(1)): TEST_OPT := $(UNIT_OPT)
$(call out,$(1))/tests/%.o: tests/%.c $(INCLUDE)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALLFLAGS) $$(TEST_OPT) $$(MODEDEF_$(1)) -MMD -MP -c $$< -o $$@
$(call out,$(1))/tests/unit: $$(UNIT_OBJ_$(1)) $(call out,$(1))/libweft-$(1).a
	$$(Q)$$(CC) $$(ALLFLAGS) $(UNIT_FLAGS) $$^ -lcriterion $(LIBS) -o $$@
$$(STRESS_BIN_$(1)): %: %.o $(call out,$(1))/libweft-$(1).a
	$$(Q)$$(CC) $$(ALLFLAGS) $$^ $(LIBS) -o $$@
$(call out,$(1))/tests/fuzz/%: $(call out,$(1))/tests/fuzz/%.o $$(FUZZ_OBJ_$(1)) $(call out,$(1))/libweft-$(1).a
	$$(Q)$$(CC) $$(ALLFLAGS) $$(if $$(filter %/libfuzzer,$$@),-fsanitize=fuzzer) $$^ $(LIBS) -o $$@
.SECONDARY: $$(STRESS_OBJ_$(1)) $$(FUZZ_OBJ_$(1)) $(call out,$(1))/tests/fuzz/seeded.o $(call out,$(1))/tests/fuzz/libfuzzer.o
-include $$(UNIT_OBJ_$(1):.o=.d) $$(STRESS_OBJ_$(1):.o=.d) $$(FUZZ_OBJ_$(1):.o=.d)
endef
$(foreach m,gil biased atomic,$(eval $(call TEST_RULES,$(m))))

.PHONY: unit-programs stress-programs fuzz-programs unit stress stress-quick fuzz fuzz-quick verify check

unit-programs: $(GIT2)/made $(foreach m,$(MODES),$(call out,$(m))/tests/unit)
stress-programs: $(foreach m,$(MODES),$(STRESS_BIN_$(m)))
fuzz-programs: $(foreach m,$(MODES),$(FUZZ_BIN_$(m)))

# All modes run even if one fails. The line "unit <mode>: ..." repeats Criterion's own count for whoever adds them up.
unit: unit-programs
	@status=0; for m in $(MODES); do \
	  TSAN_OPTIONS='$(TSAN_UNIT)' ASAN_OPTIONS='$(ASAN_UNIT)' UBSAN_OPTIONS='$(UBSAN_ALL)' \
	    LD_LIBRARY_PATH='$(CURDIR)/$(GIT2)' bash tests/run-unit.sh $$m $(B)/$$m$(VARIANT)/tests/unit $(UNIT_LIMIT) $(if $(F),--filter '$(F)') || status=1; \
	done; exit $$status

# Programs below tests/ by name, for so many seconds each.
run_stress = status=0; for m in $(MODES); do for s in $(1); do \
	  TSAN_OPTIONS='$(TSAN_STRESS)' ASAN_OPTIONS='$(ASAN_STRESS)' UBSAN_OPTIONS='$(UBSAN_ALL)' \
	    bash tests/run-stress.sh $$m $${s\#\#*/} $(B)/$$m$(VARIANT)/tests/$$s $(2) $(STRESS_SEED) || status=1; \
	done; done; exit $$status

stress-quick: stress-programs
	@$(call run_stress,$(addprefix stress/,$(or $(S),$(STRESS))),1)

stress: stress-programs fuzz-programs
	@$(call run_stress,$(if $(S),$(addprefix stress/,$(S)),$(addprefix stress/,$(STRESS)) fuzz/seeded),$(STRESS_SECONDS))

# Random operations beside CPython's: from a seed; or from libFuzzer, in the mode that MODE names, which keeps what it
# finds in build/fuzz.
fuzz-quick: fuzz-programs
	@$(call run_stress,fuzz/seeded,$(FUZZ_QUICK_SECONDS))

fuzz:
	@$(foreach m,$(MODES),$(MAKE) --no-print-directory CC=clang SAN=fuzzer MODE=$(m) $(B)/$(m)-clang-fuzzer/tests/fuzz/libfuzzer && \
	  mkdir -p $(B)/fuzz/corpus && ASAN_OPTIONS='$(ASAN_STRESS)' UBSAN_OPTIONS='$(UBSAN_ALL)' \
	  $(B)/$(m)-clang-fuzzer/tests/fuzz/libfuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=2000 -timeout=60 \
	    -print_final_stats=1 -artifact_prefix=$(B)/fuzz/$(m)- $(B)/fuzz/corpus && ) :

verify:
	@bash tests/models/verify.sh

# Everything: all variants, all modes, and the models. What `make test` runs.
check:
	@MAKE='$(MAKE)' bash tests/run-all.sh
