# One build; the kernels, as text, travel inside the program.
ifeq ($(OPENCL),1)
VARIANTS    += opencl
opencl_ROOM := opencl
EMBEDDED    := $(BUILD)/clkernels/embedded.o
endif
