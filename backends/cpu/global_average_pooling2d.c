/* global_average_pooling2d.c: average pooling over a window that is the whole image. */
#include "pooling2d.h"

const struct iso_kernel ISO_CPU(global_average_pooling2d) = {
    .forward = ISO_CPU(average_pool),
    .backward = ISO_CPU(average_pool_gradient),
};
