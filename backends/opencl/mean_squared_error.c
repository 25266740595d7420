/* mean_squared_error.c: queues the mean of (p - t)^2. */
#include "loss.h"

OPENCL_POINTWISE_LOSS(mean_squared_error)
