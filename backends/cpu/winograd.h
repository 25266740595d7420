/* winograd.h: convolutions of 3x3 with stride 1 by Winograd's F(4x4, 3x3): a quarter of the
 * products, other sums. Fast mode only: the results are near the exact ones, not equal to them
 * (core/parity has the bound). Source: Lavin and Gray, Fast Algorithms for Convolutional Neural
 * Networks, 2015. */
#ifndef ISO_CPU_WINOGRAD_H
#define ISO_CPU_WINOGRAD_H
#include "conv.h"

/* True if it applies, and pays. */
bool ISO_CPU(winograd_fits)(const struct iso_window *, int64_t filters);
/* Bytes of scratch that are enough for every pass. */
size_t ISO_CPU(winograd_workspace)(const struct iso_window *, int64_t filters);
void ISO_CPU(winograd_forward)(struct iso_team *, const struct iso_window *, int64_t filters,
                               const float *x, const float *kernel, const float *bias, float *y,
                               void *workspace);
void ISO_CPU(winograd_input_gradient)(struct iso_team *, const struct iso_window *, int64_t filters,
                                      const float *dy, const float *kernel, bool add, float *dx,
                                      void *workspace);
void ISO_CPU(winograd_kernel_gradient)(struct iso_team *, const struct iso_window *,
                                       int64_t filters, const float *x, const float *dy, bool add,
                                       float *dkernel, void *workspace);
#endif
