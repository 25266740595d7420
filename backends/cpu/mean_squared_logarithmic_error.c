/* mean_squared_logarithmic_error.c: mean of (log(p + 1) - log(t + 1))^2. */
#include "loss.h"

ISO_CPU_POINTWISE_LOSS(mean_squared_logarithmic_error, iso_squared_log_add, iso_squared_log_slope)
