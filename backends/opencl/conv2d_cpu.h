/* conv2d_cpu.h: direct convolutions and dense layers, whose image has one pixel, on CPU-shaped
 * devices. */
#ifndef ISO_OPENCL_CONV2D_CPU_H
#define ISO_OPENCL_CONV2D_CPU_H
#include "core/ops/conv2d.h"
#include "opencl.h"

/* Returns the floats of workspace for this batch or a smaller one. */
size_t opencl_conv2d_cpu_work(const struct opencl *, struct iso_window, int64_t filters,
                              enum iso_pass);
/* Compute y, with the activation of the call if opencl_cpu_fuses; dx[0], or add to it; dw[0] and,
 * where it is wanted, dw[1], or add to them. */
iso_rc opencl_conv2d_cpu_forward(struct opencl *, const struct iso_call *, struct iso_window,
                                 int64_t filters);
iso_rc opencl_conv2d_cpu_input(struct opencl *, const struct iso_call *, struct iso_window,
                               int64_t filters);
iso_rc opencl_conv2d_cpu_kernel(struct opencl *, const struct iso_call *, struct iso_window,
                                int64_t filters);
#endif
