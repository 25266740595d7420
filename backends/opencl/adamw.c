/* adamw.c: queues Adam on a weight that first loses a share of itself (core/ops/adam.h). */
#include "adam.h"

const struct opencl_op opencl_adamw = {
    .kernel = { .supports = opencl_supports, .update = opencl_adam_update },
    .programs = { "adam.cl" },
};
