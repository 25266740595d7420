/* conv2d_weights_cpu.h: the gradients of the kernel and of the bias of direct convolutions and
 * dense layers on CPU-shaped devices. */
#ifndef ISO_OPENCL_CONV2D_WEIGHTS_CPU_H
#define ISO_OPENCL_CONV2D_WEIGHTS_CPU_H
#include "core/ops/conv2d.h"
#include "opencl.h"

/* Returns the floats of workspace for this batch or a smaller one. */
size_t opencl_weights_cpu_work(const struct opencl *, struct iso_window, int64_t filters);
/* Computes dw[0] and, where it is wanted, dw[1], or adds to them. */
iso_rc opencl_weights_cpu(struct opencl *, const struct iso_call *, struct iso_window,
                          int64_t filters);
#endif
