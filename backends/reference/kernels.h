/* kernels.h: the variants' tables of kernels, indexed by op. */
#ifndef ISO_REFERENCE_KERNELS_H
#define ISO_REFERENCE_KERNELS_H
#include "core/iso.h"

/* A variant of its own uses hardware fma, on architectures whose processors may lack it. */
#if defined(__x86_64__)
#define ISO_REFERENCE_FMA
extern const struct iso_kernel *const reference_fma_kernels[ISO_OP_COUNT];
#endif
extern const struct iso_kernel *const reference_kernels[ISO_OP_COUNT];
extern const struct iso_kernel *const reference_double_kernels[ISO_OP_COUNT];

/* The plain loop nests of ops whose kernel in the tables above is a faster one with the same bits.
 */
extern const struct iso_kernel reference_conv2d_plain, reference_dense_plain;
#endif
