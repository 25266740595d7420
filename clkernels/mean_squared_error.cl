/* mean_squared_error.cl: mean of (p - t)^2. */
#include "common.h"
#include "loss.h"

POINTWISE_LOSS(mean_squared_error, iso_squared_add, iso_squared_slope)
