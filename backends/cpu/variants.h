/* variants.h: the kernel tables of the instruction sets this program holds, indexed by op. */
#ifndef ISO_CPU_VARIANTS_H
#define ISO_CPU_VARIANTS_H
#include "../../core/iso.h"

#if defined(__x86_64__)
#define ISO_CPU_X86
extern const struct iso_kernel *const cpu_avx512_kernels[ISO_OP_COUNT];
extern const struct iso_kernel *const cpu_avx2_kernels[ISO_OP_COUNT];
#endif
extern const struct iso_kernel *const cpu_portable_kernels[ISO_OP_COUNT];
#endif
