# The kernels of the cpu backend are built for each instruction set; the best one is chosen when it is opened.
# No flag here allows a result to change: nobody reads errno or floating-point exceptions.
VARIANTS += cpu_portable $(if $(X86),cpu_avx2 cpu_avx512)
# (Sanitizers and -O3 together would take minutes over the register tiles.)
VECTOR             := $(if $(SAN),-O1,-O3)
cpu_portable_ROOM  := cpu
cpu_portable_FLAGS := -DISO_VARIANT=cpu_portable $(VECTOR)
cpu_avx2_ROOM      := cpu
cpu_avx2_FLAGS     := -DISO_VARIANT=cpu_avx2 $(VECTOR) -mavx2 -mfma
cpu_avx512_ROOM    := cpu
cpu_avx512_FLAGS   := -DISO_VARIANT=cpu_avx512 $(VECTOR) -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma \
                      -mprefer-vector-width=512
ONCE += backends/cpu/device.c
