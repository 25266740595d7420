/* activation.h: elementwise functions of the results of other ops. */
#ifndef ISO_OPENCL_ACTIVATION_H
#define ISO_OPENCL_ACTIVATION_H
#include "opencl.h"
#include "clkernels/arguments.h"
#include "core/ops/activation.h"

/* Sets y to the function of each element of x, which may be y. Not for functions of rows. */
iso_rc opencl_activate(struct opencl *, const struct iso_activation *, const struct iso_tensor *x,
                       const struct iso_tensor *y);
/* Returns what a kernel takes of the call's x_activation: 1 + its formula, and its number in
 * *alpha; 0: there is none. */
iso_i32 opencl_x_activation(const struct iso_call *, float *alpha);
/* Makes dx[0] the gradient of what the call's x_activation was given, in place, after a kernel that
 * does not do it. */
iso_rc opencl_pass_back(struct opencl *, const struct iso_call *);
#endif
