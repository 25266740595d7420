/* kernels.c: this variant's table of kernels, made from ops.def. */
#include "kernels.h"
#include "reference.h"

#define ENTRY_Y(name) &ISO_KERNEL(name)
#define ENTRY_N(name) NULL
#define DECLARE_Y(name) extern const struct iso_kernel ISO_KERNEL(name);
#define DECLARE_N(name)

#define OP(name, kind, reference, cpu, opencl) DECLARE_##reference(name)
#include "core/ops.def"
#undef OP

const struct iso_kernel *const ISO_KERNEL(kernels)[ISO_OP_COUNT] = {
#define OP(name, kind, reference, cpu, opencl) ENTRY_##reference(name),
#include "core/ops.def"
#undef OP
};
