/* mean_absolute_error.c: mean of |p - t|. */
#include "loss.h"

ISO_CPU_POINTWISE_LOSS(mean_absolute_error, iso_absolute_add, iso_absolute_slope)
