/* mean_squared_logarithmic_error.c: queues the mean of (log(p + 1) - log(t + 1))^2. */
#include "loss.h"

OPENCL_POINTWISE_LOSS(mean_squared_logarithmic_error)
