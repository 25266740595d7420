/* separable_conv2d.c: depthwise_conv2d, then conv2d (core/ops/separable_conv2d.h). */
#include "backends/separable_conv2d.h"
#include "reference.h"

const struct iso_kernel ISO_KERNEL(separable_conv2d) = {
    .supports = iso_separable_supports,
    .workspace = iso_separable_workspace,
    .forward = iso_separable_forward,
    .backward = iso_separable_backward,
};
