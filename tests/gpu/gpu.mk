# Tests of the GPU kernels without a GPU: tests/gpu/README.md.
COUNTING := $(BUILD)/gpu/libOpenCL.so.1
PROGRAMS := $(BUILD)/gpu/programs
GPU_WITH  = --builder $(PROGRAMS) --library $(COUNTING)
$(COUNTING): $(wildcard tests/gpu/counting*)
	@mkdir -p $(@D); echo '  LD  $@'; $(CC) -std=c11 -O1 $(FPFLAGS) $(WARNINGS) -D_POSIX_C_SOURCE=200809L -I. -fPIC \
	    -fvisibility=hidden -shared -Wl,-soname,libOpenCL.so.1 -o $@ $(filter %.c,$^) -lm
$(PROGRAMS): $(BUILD)/tests/gpu/programs.o $(BUILD)/libisocl.a
	@mkdir -p $(@D); echo '  LD  $@'; $(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# Each takes arguments in ARGS: of audit.py, launches.py and steps.py.
.PHONY: gpu-audit gpu-launches gpu-steps gpu-tables gpu-check gpu-goals
# ARGS is kernels or steps.
gpu-goals:
	@python3 tests/gpu/goals.py $(ARGS)
gpu-audit: $(PROGRAMS) $(COUNTING)
	@python3 tests/gpu/audit.py $(GPU_WITH) $(ARGS)
gpu-launches: all $(PROGRAMS) $(COUNTING)
	@python3 tests/gpu/launches.py --isocl $(BUILD)/isocl $(GPU_WITH) $(ARGS)
gpu-steps: all $(PROGRAMS) $(COUNTING)
	@python3 tests/gpu/steps.py --isocl $(BUILD)/isocl $(GPU_WITH) $(ARGS)
gpu-check: all $(PROGRAMS) $(COUNTING)
	@BUILD=$(BUILD) tests/gpu/audit.sh $(ARGS)
gpu-tables: all $(PROGRAMS) $(COUNTING)
	@python3 tests/gpu/launches.py --isocl $(BUILD)/isocl $(GPU_WITH) --write
	@python3 tests/gpu/audit.py $(GPU_WITH) --write
	@python3 tests/gpu/steps.py --isocl $(BUILD)/isocl $(GPU_WITH) --write
