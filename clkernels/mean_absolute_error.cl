/* mean_absolute_error.cl: mean of |p - t|. */
#include "common.h"
#include "loss.h"

POINTWISE_LOSS(mean_absolute_error, iso_absolute_add, iso_absolute_slope)
