# The reference is built three times: float, float with hardware fma (chosen when it is opened), double.
VARIANTS += reference reference_double $(if $(X86),reference_fma)
reference_ROOM         := reference
reference_FLAGS        := -DISO_VARIANT=reference
reference_fma_ROOM     := reference
reference_fma_FLAGS    := -DISO_VARIANT=reference_fma -mfma -mavx2 -O3
reference_double_ROOM  := reference
reference_double_FLAGS := -DISO_VARIANT=reference_double -DISO_DOUBLE
