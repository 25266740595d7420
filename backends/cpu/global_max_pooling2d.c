/* global_max_pooling2d.c: max pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct iso_kernel ISO_CPU(global_max_pooling2d) = {
    .forward = ISO_CPU(max_pool),
    .backward = ISO_CPU(max_pool_gradient),
    .fuses_x_activation = true,
};
