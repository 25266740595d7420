/* winograd.h: the convolutions that Winograd's algorithm defines (core/winograd.h). */
#ifndef ISO_OPENCL_WINOGRAD_H
#define ISO_OPENCL_WINOGRAD_H
#include "core/ops/conv2d.h"
#include "opencl.h"

/* True if it defines the layer. */
bool opencl_is_winograd(const struct iso_call *);
/* False with a reason in why: the kernels' programs cannot be built, or their indices are too short
 * for this layer. */
bool opencl_winograd_supports(struct opencl *, const struct iso_call *, char *why, size_t n);
/* Floats of workspace. */
size_t opencl_winograd_work(const struct opencl *, const struct iso_call *, enum iso_pass);
/* y, with the call's activation; dx[0], or added to it; dw[0], or added to it. */
iso_rc opencl_winograd_forward(struct opencl *, const struct iso_call *,
                               const struct iso_activation **left);
iso_rc opencl_winograd_input(struct opencl *, const struct iso_call *);
iso_rc opencl_winograd_kernel(struct opencl *, const struct iso_call *);
#endif
