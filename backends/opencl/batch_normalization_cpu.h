/* batch_normalization_cpu.h: batch normalization on CPU-shaped devices. */
#ifndef ISO_OPENCL_BATCH_NORMALIZATION_CPU_H
#define ISO_OPENCL_BATCH_NORMALIZATION_CPU_H
#include "opencl.h"

/* Bytes of workspace. */
size_t opencl_bn_cpu_workspace(const struct iso_call *, enum iso_pass);
iso_rc opencl_bn_cpu_forward(struct opencl *, const struct iso_call *);
iso_rc opencl_bn_cpu_backward(struct opencl *, const struct iso_call *);
#endif
