# Memory that runs out once: tests/famine/famine.c, for the C library of GNU.
FAMINE := $(BUILD)/tests/libfamine.so
$(FAMINE): tests/famine/famine.c
	@mkdir -p $(@D); echo '  LD  $@'; $(CC) -std=c11 -O1 $(WARNINGS) -Wno-pedantic -fPIC -fvisibility=hidden -shared -o $@ $< -ldl
ifeq ($(SAN)$(shell uname -s),Linux)
$(BUILD)/tests/test_famine: | $(FAMINE)
endif

# STACKS=1: the first and the last allocation of every different stack of calls, some minutes a command. Without it,
# every allocation of every command in turn, which takes some hours. EVERY=10: every tenth; OFFSET=3: from the fourth
# on, so that EVERY=10 with OFFSET=0 to 9 is all of it in ten pieces. ONLY=report: the commands that contain this text.
famine: $(BUILD)/tests/test_famine all
	$(if $(STACKS),FAMINE_STACKS=1) FAMINE_EVERY=$(or $(EVERY),1) FAMINE_OFFSET=$(or $(OFFSET),0) $(if $(ONLY),FAMINE_ONLY='$(ONLY)') $(BUILD)/tests/test_famine
.PHONY: famine
