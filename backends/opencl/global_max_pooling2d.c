/* global_max_pooling2d.c: max pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct opencl_op opencl_global_max_pooling2d = {
    .kernel = { .supports = opencl_supports,
                .fuses_x_activation = true,
                .forward = opencl_max_pool,
                .backward = opencl_max_pool_gradient },
    .programs = { "max_pooling2d.cl", "activation.cl" },
};
