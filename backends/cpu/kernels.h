/* kernels.h: the kernel tables of the instruction sets in this program, indexed by op, and the
 * functions that measure the machine's peaks (peak.c). */
#ifndef ISO_CPU_KERNELS_H
#define ISO_CPU_KERNELS_H
#include "core/iso.h"
#include "core/system/team.h"

typedef iso_rc iso_cpu_peak(struct iso_team *, enum iso_peak, double seconds, double *out);

#if defined(__x86_64__)
#define ISO_CPU_X86
extern const struct iso_kernel *const cpu_avx512_kernels[ISO_OP_COUNT];
extern iso_cpu_peak cpu_avx512_peak;
extern const struct iso_kernel *const cpu_avx2_kernels[ISO_OP_COUNT];
extern iso_cpu_peak cpu_avx2_peak;
#endif
extern const struct iso_kernel *const cpu_portable_kernels[ISO_OP_COUNT];
extern iso_cpu_peak cpu_portable_peak;
#endif
