/* squared_hinge.c: queues the mean of max(1 - t p, 0)^2. */
#include "loss.h"

OPENCL_POINTWISE_LOSS(squared_hinge)
