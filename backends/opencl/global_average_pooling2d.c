/* global_average_pooling2d.c: average pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct iso_kernel opencl_global_average_pooling2d = {
    .supports = opencl_average_pool_supports,
    .forward = opencl_average_pool,
    .backward = opencl_average_pool_gradient,
};
