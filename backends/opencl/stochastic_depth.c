/* stochastic_depth.c: spatial_dropout2d of rows (backends/stochastic_depth.h). */
#include "backends/stochastic_depth.h"
#include "opencl.h"

const struct opencl_op opencl_stochastic_depth = {
    .kernel = { .supports = iso_stochastic_supports,
                .forward = iso_stochastic_forward,
                .backward = iso_stochastic_backward },
};
