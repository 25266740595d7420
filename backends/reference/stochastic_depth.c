/* stochastic_depth.c: spatial_dropout2d of rows (backends/stochastic_depth.h). */
#include "backends/stochastic_depth.h"
#include "reference.h"

const struct iso_kernel ISO_KERNEL(stochastic_depth) = {
    .supports = iso_stochastic_supports,
    .forward = iso_stochastic_forward,
    .backward = iso_stochastic_backward,
};
