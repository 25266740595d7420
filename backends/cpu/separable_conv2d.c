/* separable_conv2d.c: depthwise_conv2d, then conv2d (core/ops/separable_conv2d.h). */
#include "backends/separable_conv2d.h"
#include "cpu.h"

const struct iso_kernel ISO_CPU(separable_conv2d) = {
    .supports = iso_separable_supports,
    .workspace = iso_separable_workspace,
    .fuses_activation = true,
    .forward = iso_separable_forward,
    .backward = iso_separable_backward,
};
