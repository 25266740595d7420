/* winograd.h: the convolutions that Winograd's algorithm defines (core/arithmetic/winograd.h). */
#ifndef ISO_REFERENCE_WINOGRAD_H
#define ISO_REFERENCE_WINOGRAD_H
#include "core/ops/window.h"
#include "reference.h"

/* Returns the size of the workspace in reals. */
int64_t ISO_KERNEL(winograd_reals)(const struct iso_window *, int64_t filters, enum iso_pass);
/* Compute y without the bias, dx[0], and dw[0], in this order. */
void ISO_KERNEL(winograd_forward)(const struct iso_call *, const struct iso_window *,
                                  int64_t filters);
void ISO_KERNEL(winograd_input_gradient)(const struct iso_call *, const struct iso_window *,
                                         int64_t filters);
void ISO_KERNEL(winograd_kernel_gradient)(const struct iso_call *, const struct iso_window *,
                                          int64_t filters);
#endif
