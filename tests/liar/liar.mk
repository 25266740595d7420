# An OpenCL driver that fails on purpose: tests/liar/liar.c.
LIAR := $(BUILD)/tests/libliar.so
$(LIAR): tests/liar/liar.c
	@mkdir -p $(@D); echo '  LD  $@'; $(CC) -std=c11 -O1 $(WARNINGS) -Wno-pedantic -fPIC -fvisibility=hidden -shared -o $@ $< -ldl -lpthread
ifeq ($(OPENCL),1)
$(BUILD)/tests/test_liar $(BUILD)/tests/test_certify $(BUILD)/tests/test_verifier $(BUILD)/tests/test_drivers $(BUILD)/tests/test_printable: | $(LIAR)
endif
