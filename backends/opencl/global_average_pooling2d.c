/* global_average_pooling2d.c: average pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct opencl_op opencl_global_average_pooling2d = {
    .kernel = { .supports = opencl_supports,
                .forward = opencl_average_pool,
                .backward = opencl_average_pool_gradient },
    .programs = { "average_pooling2d.cl" },
};
