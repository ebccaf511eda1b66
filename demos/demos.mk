# SPDX-License-Identifier: MIT
# Demos: a fragment of the Makefile.
#
#   make demo                             builds and runs every demo in every mode, then prints one table
#   make demo DEMO=threading MODE=biased  runs one of them in one mode
#
# A demo is demos/NAME.c, with demos/NAME_*.c if it has several parts (in another directory, if that is what it shows), and
# demos/support/. It checks itself and prints TAP lines that are named by the rows of the ledger it demonstrates.
#
# From the Makefile: B, VARIANT, MODES, CC, Q, ALLFLAGS, MODEDEF_<mode>, LIBS, INCLUDE, `out` (a mode's directory) and the
# target demo-packages, which installs what is missing.

DEMOS := $(sort $(foreach f,$(notdir $(basename $(wildcard demos/*.c))),$(firstword $(subst _, ,$(f)))))
DEMO ?= $(DEMOS)
DEMO_SUPPORT := $(wildcard demos/support/*.c)
DEMO_LIBS = $$(pkg-config --libs libmicrohttpd libcurl)
DEMO_CFLAGS = $$(pkg-config --cflags libmicrohttpd libcurl)

# $(call demo_rules,mode,demo)
define demo_rules
$(call out,$(1))/demos/$(2): $(patsubst %.c,$(call out,$(1))/%.o,$(wildcard demos/$(2).c demos/$(2)_*.c demos/*/$(2)_*.c) $(DEMO_SUPPORT)) \
    $(call out,$(1))/libweft-$(1).a
	$$(Q)$$(CC) $$(ALLFLAGS) $$^ -o $$@ -Wl,--as-needed $$(DEMO_LIBS) $$(LIBS)
endef

define demo_mode_rules
$(call out,$(1))/demos/%.o: demos/%.c $(INCLUDE) | demo-packages
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALLFLAGS) $$(MODEDEF_$(1)) $$(DEMO_CFLAGS) -MMD -MP -c $$< -o $$@
$(foreach d,$(DEMOS),$(eval $(call demo_rules,$(1),$(d))))
endef
$(foreach m,gil biased atomic,$(eval $(call demo_mode_rules,$(m))))

.PHONY: demo demo-programs
demo-programs: $(foreach m,$(MODES),$(foreach d,$(DEMO),$(call out,$(m))/demos/$(d)))
demo: demo-programs
	@sh demos/run.sh '$(DEMO)' '$(foreach m,$(MODES),$(m)=$(call out,$(m)))' $(B)/demos$(VARIANT)

-include $(wildcard $(B)/*/demos/*.d $(B)/*/demos/*/*.d)
