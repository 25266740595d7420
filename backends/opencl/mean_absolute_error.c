/* mean_absolute_error.c: queues the mean of |p - t|. */
#include "loss.h"

OPENCL_POINTWISE_LOSS(mean_absolute_error)
