/* global_max_pooling2d.c: max pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct iso_kernel opencl_global_max_pooling2d = {
    .supports = opencl_max_pool_supports,
    .forward = opencl_max_pool,
    .backward = opencl_max_pool_gradient,
};
