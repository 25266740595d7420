/* global_max_pooling2d.c: max pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct iso_kernel ISO_KERNEL(global_max_pooling2d) = {
    .workspace = ISO_KERNEL(pool_workspace),
    .forward = ISO_KERNEL(max_pool),
    .backward = ISO_KERNEL(max_pool_gradient),
};
