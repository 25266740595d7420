/* adamw.c: queues Adam on a weight that first loses a share of itself (core/ops/adam.h). */
#include "adam.h"

const struct iso_kernel opencl_adamw = { .supports = opencl_adam_supports,
                                         .update = opencl_adam_update };
