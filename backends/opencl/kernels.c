/* kernels.c: the table of kernels. */
#include "opencl.h"

#define KERNEL_Y(name) extern const struct iso_kernel opencl_##name;
#define KERNEL_N(name)
#define OP(name, kind, reference, cpu, opencl) KERNEL_##opencl(name)
#include "core/ops.def"
#undef OP
#undef KERNEL_Y
#undef KERNEL_N
#define KERNEL_Y(name) &opencl_##name
#define KERNEL_N(name) NULL
#define OP(name, kind, reference, cpu, opencl) KERNEL_##opencl(name),
const struct iso_kernel *const opencl_kernels[ISO_OP_COUNT] = {
#include "core/ops.def"
};
#undef OP
