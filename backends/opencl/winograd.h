/* winograd.h: the convolutions that Winograd's algorithm defines (core/arithmetic/winograd.h). */
#ifndef ISO_OPENCL_WINOGRAD_H
#define ISO_OPENCL_WINOGRAD_H
#include "core/ops/conv2d.h"
#include "opencl.h"

/* Returns true if Winograd's algorithm defines the layer. */
bool opencl_is_winograd(const struct iso_call *);
/* Returns false, with a reason in why, if the kernels' programs cannot be built or their indices
 * are too short for this layer. */
bool opencl_winograd_supports(struct opencl *, const struct iso_call *, char *why, size_t n);
/* Returns the floats of workspace. */
size_t opencl_winograd_work(const struct opencl *, const struct iso_call *, enum iso_pass);
/* Compute y, with the call's activation; dx[0], or add to it; dw[0], or add to it, and dw[1], too,
 * if it is wanted: then *bias becomes false, but where it must be done apart. */
iso_rc opencl_winograd_forward(struct opencl *, const struct iso_call *,
                               const struct iso_activation **left);
iso_rc opencl_winograd_input(struct opencl *, const struct iso_call *);
iso_rc opencl_winograd_kernel(struct opencl *, const struct iso_call *, bool *bias);
#endif
