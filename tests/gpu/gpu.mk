# What holds the GPU kernels without a GPU: tests/gpu/README.md.
COUNTING := $(BUILD)/gpu/libOpenCL.so.1
$(COUNTING): $(wildcard tests/gpu/counting*)
	@mkdir -p $(@D); echo '  LD  $@'; $(CC) -std=c11 -O1 $(FPFLAGS) $(WARNINGS) -D_POSIX_C_SOURCE=200809L -I. -fPIC \
	    -fvisibility=hidden -shared -Wl,-soname,libOpenCL.so.1 -o $@ $(filter %.c,$^) -lm

.PHONY: gpu-launches
# MODELS="model10 my.yaml" for some only
gpu-launches: all $(COUNTING)
	@python3 tests/gpu/launches.py --isocl $(BUILD)/isocl --library $(COUNTING) $(MODELS)

$(BUILD)/gpu/programs: $(BUILD)/tests/gpu/programs.o $(BUILD)/libisocl.a
	@mkdir -p $(@D); echo '  LD  $@'; $(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
