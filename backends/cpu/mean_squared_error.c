/* mean_squared_error.c: mean of (p - t)^2. */
#include "loss.h"

ISO_CPU_POINTWISE_LOSS(mean_squared_error, iso_squared_add, iso_squared_slope)
