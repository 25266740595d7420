/* winograd_cpu.h: Winograd's convolutions on CPU-shaped devices. */
#ifndef ISO_OPENCL_WINOGRAD_CPU_H
#define ISO_OPENCL_WINOGRAD_CPU_H
#include "opencl.h"

/* Returns false, with a reason in why, if the programs cannot be built. */
bool opencl_winograd_cpu_ready(struct opencl *, char *why, size_t n);
/* Returns the floats of workspace. */
size_t opencl_winograd_cpu_work(const struct opencl *, const struct iso_call *, enum iso_pass);
/* Compute y, with the activation of the call if opencl_cpu_fuses; dx[0], or add to it; dw[0] and,
 * where it is wanted, dw[1], or add to them. */
iso_rc opencl_winograd_cpu_forward(struct opencl *, const struct iso_call *);
iso_rc opencl_winograd_cpu_input(struct opencl *, const struct iso_call *);
iso_rc opencl_winograd_cpu_kernel(struct opencl *, const struct iso_call *);
#endif
