/* global_average_pooling2d.c: average pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct iso_kernel ISO_KERNEL(global_average_pooling2d) = {
    .workspace = ISO_KERNEL(pool_workspace),
    .forward = ISO_KERNEL(average_pool),
    .backward = ISO_KERNEL(average_pool_gradient),
};
