/* squared_hinge.cl: mean of max(1 - t p, 0)^2. */
#include "common.h"
#include "loss.h"

POINTWISE_LOSS(squared_hinge, iso_squared_hinge_add, iso_squared_hinge_slope)
