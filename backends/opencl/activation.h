/* activation.h: elementwise functions of results that other ops leave. */
#ifndef ISO_OPENCL_ACTIVATION_H
#define ISO_OPENCL_ACTIVATION_H
#include "opencl.h"
#include "core/ops/activation.h"

/* y = the function of each element of x, which may be y itself; no function of rows. */
iso_rc opencl_activate(struct opencl *, const struct iso_activation *, const struct iso_tensor *x,
                       const struct iso_tensor *y);
#endif
