/* activation.h: elementwise functions of the results of other ops. */
#ifndef ISO_OPENCL_ACTIVATION_H
#define ISO_OPENCL_ACTIVATION_H
#include "opencl.h"
#include "clkernels/arguments.h"
#include "core/ops/activation.h"

/* Sets y to the function of each element of x, which may be y. Not for functions of rows. */
iso_rc opencl_activate(struct opencl *, const struct iso_activation *, const struct iso_tensor *x,
                       const struct iso_tensor *y);
/* Returns 1 + the formula's index of an activation that a kernel may apply to its results, because
 * it is short, and writes its parameter to *alpha. For another one, or NULL, returns 0 and leaves
 * *alpha as it is. */
iso_i32 opencl_short_activation(const struct iso_activation *, float *alpha);
/* Returns 1 + the formula's index of the call's x_activation, and writes its parameter to *alpha;
 * if there is none, returns 0 and leaves *alpha as it is. */
iso_i32 opencl_x_activation(const struct iso_call *, float *alpha);
/* Returns true if the call's x_activation is relu, whose gradient the CPU-shaped kernels pass. */
bool opencl_x_relu(const struct iso_call *);
/* Turns dx[0] in place from the gradient of x_activation's result into that of its input, for
 * kernels that do not do it themselves. Does nothing if there is no x_activation or no dx[0]. */
iso_rc opencl_pass_back(struct opencl *, const struct iso_call *);
#endif
