/* table.c: this variant's table of kernels, made from ops.def. */
#include "cpu.h"
#include "variants.h"

#define ENTRY_Y(name) &ISO_CPU(name)
#define ENTRY_N(name) NULL
#define DECLARE_Y(name) extern const struct iso_kernel ISO_CPU(name);
#define DECLARE_N(name)

#define OP(name, kind, reference, cpu, opencl) DECLARE_##cpu(name)
#include "core/ops.def"
#undef OP

const struct iso_kernel *const ISO_CPU(kernels)[ISO_OP_COUNT] = {
#define OP(name, kind, reference, cpu, opencl) ENTRY_##cpu(name),
#include "core/ops.def"
#undef OP
};
