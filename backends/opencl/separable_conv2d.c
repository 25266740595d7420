/* separable_conv2d.c: depthwise_conv2d, then conv2d (core/ops/separable_conv2d.h). */
#include "backends/separable_conv2d.h"
#include "opencl.h"

const struct opencl_op opencl_separable_conv2d = {
    .kernel = { .supports = iso_separable_supports,
                .prepare = iso_separable_prepare,
                .workspace = iso_separable_workspace,
                .forward = iso_separable_forward,
                .backward = iso_separable_backward },
};
