/* winograd.h: convolutions that Winograd's algorithm defines (core/winograd.h), on the register
 * tile.
 *
 * Channels go in vectors, the last of which may be cut. */
#ifndef ISO_CPU_WINOGRAD_H
#define ISO_CPU_WINOGRAD_H
#include "core/winograd.h"
#include "conv.h"

/* Bytes of scratch. */
size_t ISO_CPU(winograd_forward_workspace)(const struct iso_window *, int64_t filters, int threads);
size_t ISO_CPU(winograd_input_gradient_workspace)(const struct iso_window *, int64_t filters,
                                                  int threads);
size_t ISO_CPU(winograd_kernel_gradient_workspace)(const struct iso_window *, int64_t filters,
                                                   int threads);
void ISO_CPU(winograd_forward)(struct iso_team *, const struct iso_window *, int64_t filters,
                               const float *x, const float *kernel, const float *bias,
                               const struct iso_activation *, float *y, void *workspace);
void ISO_CPU(winograd_input_gradient)(struct iso_team *, const struct iso_window *, int64_t filters,
                                      const float *dy, const float *kernel, bool add, float *dx,
                                      void *workspace);
void ISO_CPU(winograd_kernel_gradient)(struct iso_team *, const struct iso_window *,
                                       int64_t filters, const float *x, const float *dy, bool add,
                                       float *dkernel, void *workspace);
#endif
