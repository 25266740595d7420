# Memory that runs out once: tests/famine/famine.c, for the C library of GNU.
FAMINE := $(BUILD)/tests/libfamine.so
$(FAMINE): tests/famine/famine.c
	@mkdir -p $(@D); echo '  LD  $@'; $(CC) -std=c11 -O1 $(WARNINGS) -Wno-pedantic -fPIC -fvisibility=hidden -shared -o $@ $< -ldl
ifeq ($(SAN)$(shell uname -s),Linux)
$(BUILD)/tests/test_famine: | $(FAMINE)
endif

# Every allocation of every command in turn, which takes an hour or two; EVERY=10: every tenth.
famine: $(BUILD)/tests/test_famine all
	FAMINE_EVERY=$(or $(EVERY),1) $(BUILD)/tests/test_famine
.PHONY: famine
