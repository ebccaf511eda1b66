# SPDX-License-Identifier: MIT
# Weft: builds the runtime in its three modes. `make help` lists the targets.

MODES   ?= gil biased atomic
ifdef MODE
MODES   := $(MODE)
endif
SAN     ?=
DEBUG   ?=
PREFIX  ?= /usr/local
CC      ?= gcc
AR      ?= ar

# One build directory for each combination of mode and variant: build/gil, build/biased-thread-debug, ...
VARIANT := $(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))$(if $(SAN),-$(SAN))$(if $(DEBUG),-debug)
B       := build
out      = $(B)/$(1)$(VARIANT)

WARN    := -Wall -Wextra -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Werror
OPT     := $(if $(DEBUG),-O1 -DWEFT_DEBUG=1,-O2) -g
SANFLAGS_thread  := -fsanitize=thread
SANFLAGS_address := -fsanitize=address,undefined -fno-sanitize-recover=all
SANFLAGS := $(SANFLAGS_$(SAN))
PIC     := -fPIC -fvisibility=hidden -fno-semantic-interposition -ftls-model=initial-exec
CFLAGS  ?=
CSTD    := -std=c17
ALLFLAGS = $(CSTD) $(OPT) $(WARN) $(SANFLAGS) $(CFLAGS) -I. -I$(B)/include
MODEDEF_gil    := -DWEFT_MODE_GIL=1
MODEDEF_biased := -DWEFT_MODE_BIASED=1
MODEDEF_atomic := -DWEFT_MODE_ATOMIC=1
LIBS    := -lm -pthread

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
$(call out,$(1))/libweft-$(1).a: $$(OBJ_$(1))
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
$(call out,$(1))/libweft-$(1).so.0: $$(OBJ_$(1))
	$$(Q)$$(CC) $$(ALLFLAGS) -shared -Wl,-soname,$$(@F) -Wl,-z,defs -Wl,-z,now $$^ $(LIBS) -o $$@
	@ln -sf $$(@F) $$(@:.0=)
LIB_$(1) := $(call out,$(1))/libweft-$(1).a $(if $(SAN),,$(call out,$(1))/libweft-$(1).so.0)
-include $$(OBJ_$(1):.o=.d)
endef
$(foreach m,gil biased atomic,$(eval $(call MODE_RULES,$(m))))

.PHONY: libs
libs: $(foreach m,$(MODES),$(LIB_$(m)))

.PHONY: clean
clean:
	rm -rf $(B)
